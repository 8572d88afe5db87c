/**
 * The text of an editor as data: lines, a cursor, what was changed. Every change is one replacement of
 * lines, so that it can be undone. It knows no keys and no screen.
 */

export interface Change { readonly at: number; readonly removed: readonly string[]; readonly inserted: readonly string[]; readonly x: number; readonly y: number; readonly kind: string; /** Changes of one group are undone together. */ readonly group: number }

export interface Buffer {
  lines: string[];
  y: number; x: number;
  modified: boolean;
  undo: Change[]; redo: Change[];
  /** The command under way. */
  group: number;
}

const UNDO_MAX = 200;

export const bufferOf = (text: string): Buffer => {
  const lines = text.split('\n');
  if (lines.length > 1 && lines.at(-1) === '') lines.pop();
  return { lines, y: 0, x: 0, modified: false, undo: [], redo: [], group: 0 };
};

export const lineAt = (buffer: Buffer): string => buffer.lines[buffer.y] ?? '';

/** Replaces `count` lines from `at`. Typing goes on in the change before, where that is the same line. */
export function replaceLines(buffer: Buffer, at: number, count: number, inserted: readonly string[], kind: string): void {
  const removed = buffer.lines.slice(at, at + count);
  const last = buffer.undo.at(-1);
  if (last && kind === 'type' && last.kind === 'type' && last.at === at && count === 1 && inserted.length === 1 && last.inserted.length === 1) {
    buffer.undo[buffer.undo.length - 1] = { ...last, inserted };
  } else {
    buffer.undo.push({ at, removed, inserted, x: buffer.x, y: buffer.y, kind, group: buffer.group });
    if (buffer.undo.length > UNDO_MAX) buffer.undo.shift();
  }
  buffer.redo = [];
  buffer.lines.splice(at, count, ...inserted);
  if (buffer.lines.length === 0) buffer.lines.push('');
  buffer.modified = true;
}

/** Ends a run of typing: the next change is undone by itself. */
export function breakUndo(buffer: Buffer): void {
  const last = buffer.undo.at(-1);
  if (last?.kind === 'type') buffer.undo[buffer.undo.length - 1] = { ...last, kind: 'typed' };
}

/** Takes the last group of changes back; the number of lines that came by it, or null if there was none. */
export function undo(buffer: Buffer): number | null {
  const last = buffer.undo.at(-1);
  if (!last) return null;
  let more = 0;
  while (buffer.undo.at(-1)?.group === last.group) more += undoOne(buffer);
  return more;
}

export function redo(buffer: Buffer): number | null {
  const next = buffer.redo.at(-1);
  if (!next) return null;
  let more = 0;
  while (buffer.redo.at(-1)?.group === next.group) more += redoOne(buffer);
  return more;
}

function undoOne(buffer: Buffer): number {
  const change = buffer.undo.pop()!;
  const emptied = buffer.lines.length === 1 && buffer.lines[0] === '' && change.inserted.length === 0;
  buffer.lines.splice(change.at, emptied ? 1 : change.inserted.length, ...change.removed);
  if (buffer.lines.length === 0) buffer.lines.push('');
  buffer.redo.push(change);
  [buffer.y, buffer.x] = [Math.min(change.y, buffer.lines.length - 1), change.x];
  buffer.modified = true;
  return change.removed.length - change.inserted.length;
}

function redoOne(buffer: Buffer): number {
  const change = buffer.redo.pop()!;
  buffer.lines.splice(change.at, change.removed.length, ...change.inserted);
  if (buffer.lines.length === 0) buffer.lines.push('');
  buffer.undo.push(change);
  buffer.y = Math.min(change.at, buffer.lines.length - 1);
  buffer.x = Math.min(change.x, lineAt(buffer).length);
  buffer.modified = true;
  return change.inserted.length - change.removed.length;
}

export function insertText(buffer: Buffer, text: string, kind = 'type'): void {
  const line = lineAt(buffer);
  const parts = (line.slice(0, buffer.x) + text).split('\n');
  const after = line.slice(buffer.x);
  const endX = parts.at(-1)!.length;
  replaceLines(buffer, buffer.y, 1, [...parts.slice(0, -1), parts.at(-1)! + after], parts.length > 1 ? 'lines' : kind);
  buffer.y += parts.length - 1;
  buffer.x = endX;
}

/** Removes the character before the cursor, or joins with the line above. */
export function backspace(buffer: Buffer): boolean {
  const line = lineAt(buffer);
  if (buffer.x > 0) {
    const size = charBefore(line, buffer.x).length;
    replaceLines(buffer, buffer.y, 1, [line.slice(0, buffer.x - size) + line.slice(buffer.x)], 'type');
    buffer.x -= size;
    return true;
  }
  if (buffer.y === 0) return false;
  const above = buffer.lines[buffer.y - 1]!;
  replaceLines(buffer, buffer.y - 1, 2, [above + line], 'join');
  buffer.y--;
  buffer.x = above.length;
  return true;
}

/** Removes the character under the cursor, or joins with the line below. */
export function deleteForward(buffer: Buffer): boolean {
  const line = lineAt(buffer);
  if (buffer.x < line.length) {
    const size = charAfter(line, buffer.x).length;
    replaceLines(buffer, buffer.y, 1, [line.slice(0, buffer.x) + line.slice(buffer.x + size)], 'type');
    return true;
  }
  if (buffer.y + 1 >= buffer.lines.length) return false;
  replaceLines(buffer, buffer.y, 2, [line + buffer.lines[buffer.y + 1]!], 'join');
  return true;
}

export const charAfter = (line: string, x: number): string => (x < line.length ? String.fromCodePoint(line.codePointAt(x)!) : '');
export const charBefore = (line: string, x: number): string => (x >= 2 && /[\udc00-\udfff]/.test(line[x - 1]!) && /[\ud800-\udbff]/.test(line[x - 2]!) ? line.slice(x - 2, x) : line.slice(Math.max(0, x - 1), x));

/** The file's text. */
export const textOf = (buffer: Buffer): string => (buffer.lines.length === 1 && buffer.lines[0] === '' ? '' : `${buffer.lines.join('\n')}\n`);
