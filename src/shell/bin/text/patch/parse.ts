/** Reads unified, context and normal diffs into hunks of old and new lines. Pure. */

export interface Hunk {
  /** First line in the old and in the new file, counted from 1. */
  readonly at: number; readonly newAt: number; readonly old: readonly string[]; readonly new: readonly string[];
  /** How many lines at its ends are context only. */
  readonly before: number; readonly after: number;
  /** The file ends with the hunk and has no newline there. */
  readonly oldBare: boolean; readonly newBare: boolean;
  readonly text: string;
}
export interface FilePatch { readonly from: string | null; readonly to: string | null; readonly hunks: Hunk[]; readonly line: number; readonly leading: readonly string[] }

const nameIn = (line: string): string => line.slice(4).replace(/\t.*$/, '').trimEnd();

/** The patches for each file, or what is malformed. */
export function parsePatch(text: string): FilePatch[] | string {
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  const parts: FilePatch[] = [];
  let leading: string[] = [];
  let i = 0;
  const start = (from: string | null, to: string | null): FilePatch => {
    const part = { from, to, hunks: [], line: i + 1, leading };
    parts.push(part);
    leading = [];
    return part;
  };
  while (i < lines.length) {
    const line = lines[i]!;
    if (line.startsWith('--- ') && lines[i + 1]?.startsWith('+++ ') && /^@@ /.test(lines[i + 2] ?? '')) {
      leading.push(line, lines[i + 1]!);
      const [from, to] = [nameIn(line), nameIn(lines[i + 1]!)];
      i += 2;
      const part = start(from, to);
      while (/^@@ -\d/.test(lines[i] ?? '')) {
        const read = unifiedHunk(lines, i);
        if (typeof read === 'string') return read;
        part.hunks.push(read.hunk);
        i = read.next;
      }
    } else if (line.startsWith('*** ') && lines[i + 1]?.startsWith('--- ') && lines[i + 2]?.startsWith('***************')) {
      leading.push(line, lines[i + 1]!);
      const [from, to] = [nameIn(line), nameIn(lines[i + 1]!)];
      i += 2;
      const part = start(from, to);
      while (lines[i]?.startsWith('***************')) {
        const read = contextHunk(lines, i);
        if (typeof read === 'string') return read;
        part.hunks.push(read.hunk);
        i = read.next;
      }
    } else if (/^\d+(,\d+)?[acd]\d+(,\d+)?$/.test(line)) {
      const part = start(null, null);
      while (/^\d+(,\d+)?[acd]\d+(,\d+)?$/.test(lines[i] ?? '')) {
        const read = normalHunk(lines, i);
        part.hunks.push(read.hunk);
        i = read.next;
      }
    } else { leading.push(line); i++; }
  }
  return parts;
}

type Read = { hunk: Hunk; next: number };
const BARE = '\\ No newline at end of file';

function make(at: number, newAt: number, marks: readonly (readonly [string, string])[], bare: { old: boolean; new: boolean }, text: string): Hunk {
  const isContext = ([mark]: readonly [string, string]): boolean => mark === ' ';
  const before = marks.findIndex((one) => !isContext(one));
  const after = marks.toReversed().findIndex((one) => !isContext(one));
  return {
    at, newAt, old: marks.filter(([mark]) => mark !== '+').map(([, line]) => line), new: marks.filter(([mark]) => mark !== '-').map(([, line]) => line),
    before: Math.max(0, before), after: Math.max(0, after), oldBare: bare.old, newBare: bare.new, text,
  };
}

function unifiedHunk(lines: readonly string[], start: number): Read | string {
  const m = /^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@/.exec(lines[start]!);
  if (!m) return `malformed patch at line ${start + 1}: ${lines[start]!}\n`;
  let [old, fresh] = [Number(m[2] ?? 1), Number(m[4] ?? 1)];
  const marks: [string, string][] = [];
  const bare = { old: false, new: false };
  let i = start + 1;
  while (old > 0 || fresh > 0) {
    const line = lines[i];
    if (line === undefined) return 'unexpected end of file in patch';
    const mark = line === '' ? ' ' : line[0]!;
    if (mark === '\\') { noteBare(marks, bare); i++; continue; }
    if (!' +-'.includes(mark)) return `malformed patch at line ${i + 1}: ${line}\n`;
    if (mark !== '+') old--;
    if (mark !== '-') fresh--;
    if (old < 0 || fresh < 0) return `malformed patch at line ${i + 1}: ${line}\n`;
    marks.push([mark, line.slice(1)]);
    i++;
  }
  if (lines[i] === BARE) { noteBare(marks, bare); i++; }
  return { hunk: make(Number(m[1]), Number(m[3]), marks, bare, `${lines.slice(start, i).join('\n')}\n`), next: i };
}

function noteBare(marks: readonly [string, string][], bare: { old: boolean; new: boolean }): void {
  const mark = marks.at(-1)?.[0];
  if (mark !== '+') bare.old = true;
  if (mark !== '-') bare.new = true;
}

function contextHunk(lines: readonly string[], start: number): Read | string {
  const head = /^\*\*\* (\d+)(?:,(\d+))? \*\*\*\*/.exec(lines[start + 1] ?? '');
  if (!head) return `malformed patch at line ${start + 2}: ${lines[start + 1] ?? ''}\n`;
  let i = start + 2;
  const bare = { old: false, new: false };
  const half = (side: 'old' | 'new', end: RegExp): [string, string][] => {
    const found: [string, string][] = [];
    for (; i < lines.length && !end.test(lines[i]!); i++) {
      if (lines[i] === BARE) bare[side] = true;
      else found.push([lines[i]!.slice(0, 1) || ' ', lines[i]!.slice(2)]);
    }
    return found;
  };
  const old = half('old', /^--- \d+(,\d+)? ----/);
  const middle = /^--- (\d+)(?:,(\d+))? ----/.exec(lines[i++] ?? '');
  if (!middle) return 'unexpected end of file in patch';
  const fresh = half('new', /^(\*\*\*\*|\*\*\* |diff |[^ +!\\])/);
  const marks = weave(old, fresh);
  return { hunk: make(Number(head[1]), Number(middle[1]), marks, bare, `${lines.slice(start, i).join('\n')}\n`), next: i };
}

/** A half that has no changes is left out: its lines are the context of the other. */
function weave(old: readonly [string, string][], fresh: readonly [string, string][]): [string, string][] {
  const marks: [string, string][] = [];
  const a = old.length ? old : fresh.filter(([mark]) => mark === ' ');
  const b = fresh.length ? fresh : old.filter(([mark]) => mark === ' ');
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    if (i < a.length && a[i]![0] !== ' ') marks.push(['-', a[i++]![1]]);
    else if (j < b.length && b[j]![0] !== ' ') marks.push(['+', b[j++]![1]]);
    else { marks.push([' ', (a[i] ?? b[j]!)[1]]); i++; j++; }
  }
  return marks;
}

function normalHunk(lines: readonly string[], start: number): Read {
  const m = /^(\d+)(?:,\d+)?([acd])(\d+)/.exec(lines[start]!)!;
  const marks: [string, string][] = [];
  const bare = { old: false, new: false };
  let i = start + 1;
  for (; i < lines.length && /^[<>\\]|^---$/.test(lines[i]!); i++) {
    if (lines[i] === BARE) { const mark = marks.at(-1)?.[0]; if (mark === '-') bare.old = true; else bare.new = true; continue; }
    if (lines[i] !== '---') marks.push([lines[i]!.startsWith('<') ? '-' : '+', lines[i]!.slice(2)]);
  }
  return { hunk: make(Number(m[1]), Number(m[3]), marks, bare, `${lines.slice(start, i).join('\n')}\n`), next: i };
}
