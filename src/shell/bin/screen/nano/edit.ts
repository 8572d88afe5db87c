/** What nano's keys do to its state. What needs a file is only asked for: a `Wish` for the program. */
import { backspace, breakUndo, type Buffer, charAfter, charBefore, deleteForward, insertText, lineAt, redo, replaceLines, undo } from '../buffer.ts';
import { columnOf, indexAt, type Size } from '../canvas.ts';
import { isText, type Key } from '../keys.ts';
import { textRows } from './picture.ts';
import type { NanoState, Question } from './state.ts';

export type Wish = { readonly write: string; readonly overwrite: boolean } | { readonly read: string };

const ask = (state: NanoState, about: Question, label: string, text = ''): void => { state.prompt = { about, label, text, x: text.length }; };

/** After any move: the cursor inside the text, the window around it. */
export function settle(state: NanoState, size: Size): void {
  const { buffer } = state;
  buffer.y = Math.max(0, Math.min(buffer.y, buffer.lines.length - 1));
  buffer.x = Math.max(0, Math.min(buffer.x, lineAt(buffer).length));
  const count = textRows(state, size);
  // Moving off the screen puts the cursor's line in the middle.
  if (buffer.y < state.top || buffer.y >= state.top + count) state.top = Math.max(0, buffer.y - Math.floor(count / 2));
}

export function press(state: NanoState, key: Key, size: Size): Wish | null {
  state.message = '';
  if (state.help !== null) return helpKey(state, key, size);
  if (state.prompt) return promptKey(state, key, size);
  const { cutting } = state;
  state.buffer.group++;
  state.cutting = false;
  if (isText(key)) {
    if (editable(state)) insertText(state.buffer, key);
    remember(state);
  } else if (!move(state, key, size)) {
    const wish = command(state, key, size, cutting);
    settle(state, size);
    return wish;
  }
  settle(state, size);
  if (state.constantPosition && state.message === '') state.message = position(state);
  return null;
}

function editable(state: NanoState): boolean {
  if (state.viewOnly) state.message = 'Key is invalid in view mode';
  return !state.viewOnly;
}

const remember = (state: NanoState): void => { state.column = columnOf(lineAt(state.buffer), state.buffer.x, state.tabSize); };

function vertical(state: NanoState, by: number): void {
  const { buffer } = state;
  buffer.y = Math.max(0, Math.min(buffer.lines.length - 1, buffer.y + by));
  buffer.x = indexAt(lineAt(buffer), state.column, state.tabSize);
}

function move(state: NanoState, key: Key, size: Size): boolean {
  const { buffer } = state;
  const line = lineAt(buffer);
  const page = Math.max(1, textRows(state, size) - 2);
  switch (key) {
    case 'up': case '^P': scrollTo(state, -1, size); break;
    case 'down': case '^N': scrollTo(state, 1, size); break;
    case 'pageup': case '^Y': case 'f7':
      vertical(state, -page);
      state.top = Math.max(0, state.top - page);
      break;
    case 'pagedown': case '^V': case 'f8':
      vertical(state, page);
      state.top = Math.min(Math.max(0, buffer.lines.length - 1), state.top + page);
      if (buffer.y < state.top) state.top = Math.max(0, buffer.y - page + 1);
      break;
    case 'left': case '^B':
      if (buffer.x > 0) buffer.x -= charBefore(line, buffer.x).length;
      else if (buffer.y > 0) { buffer.y--; buffer.x = lineAt(buffer).length; }
      break;
    case 'right': case '^F':
      if (buffer.x < line.length) buffer.x += charAfter(line, buffer.x).length;
      else if (buffer.y + 1 < buffer.lines.length) { buffer.y++; buffer.x = 0; }
      break;
    case 'home': case '^A': buffer.x = 0; break;
    case 'end': case '^E': buffer.x = line.length; break;
    case 'ctrl-right': case 'M- ': wordRight(buffer); break;
    case 'ctrl-left': wordLeft(buffer); break;
    case 'M-\\': case 'M-|': case 'ctrl-home': [buffer.y, buffer.x] = [0, 0]; break;
    case 'M-/': case 'M-?': case 'ctrl-end':
      buffer.y = buffer.lines.length - 1;
      buffer.x = lineAt(buffer).length;
      break;
    default: return false;
  }
  breakUndo(buffer);
  if (!['up', 'down', '^P', '^N', 'pageup', 'pagedown', '^Y', '^V', 'f7', 'f8'].includes(key)) remember(state);
  return true;
}

/** One line up or down: at the edge of the screen the window moves by half of it, or as smoothly. */
function scrollTo(state: NanoState, by: number, size: Size): void {
  vertical(state, by);
  const count = textRows(state, size);
  if (state.smooth) state.top = Math.min(Math.max(state.top, state.buffer.y - count + 1), state.buffer.y);
  else if (state.buffer.y >= state.top + count || state.buffer.y < state.top) state.top = Math.max(0, state.buffer.y - Math.floor(count / 2));
}

function wordRight(buffer: Buffer): void {
  const rest = lineAt(buffer).slice(buffer.x);
  const m = /^[\p{L}\p{N}_]*[^\p{L}\p{N}_]+(?=[\p{L}\p{N}_])/u.exec(rest);
  if (m) buffer.x += m[0].length;
  else if (buffer.y + 1 < buffer.lines.length) { buffer.y++; buffer.x = 0; } else buffer.x = lineAt(buffer).length;
}

function wordLeft(buffer: Buffer): void {
  const before = lineAt(buffer).slice(0, buffer.x);
  const m = /[\p{L}\p{N}_]+[^\p{L}\p{N}_]*$/u.exec(before);
  if (m) buffer.x = m.index;
  else if (buffer.y > 0) { buffer.y--; buffer.x = lineAt(buffer).length; } else buffer.x = 0;
}

function command(state: NanoState, key: Key, size: Size, cutting: boolean): Wish | null {
  const { buffer } = state;
  switch (key) {
    case '^X': case 'f2': return leave(state);
    case '^O': case 'f3': ask(state, 'write', 'File Name to Write: ', state.file); return null;
    case '^R': case 'f5': if (editable(state)) ask(state, 'insert', 'File to insert [from ./]: '); return null;
    case '^W': case 'f6': ask(state, 'search', state.search === '' ? 'Search: ' : `Search [${state.search}]: `); return null;
    case '^\\': case 'M-r': case 'M-R': if (editable(state)) ask(state, 'replace', state.search === '' ? 'Search (to replace): ' : `Search (to replace) [${state.search}]: `); return null;
    case 'M-w': case 'M-W': case '^]': searchNext(state); return null;
    case '^_': case 'M-g': case 'M-G': ask(state, 'goto', 'Enter line number, column number: '); return null;
    case '^C': case 'f11': state.message = position(state); return null;
    case '^G': case 'f1': state.help = 0; return null;
    case '^L': return null;
    case '^T': state.message = 'Spell checking failed: Error invoking "spell"'; return null;
    case '^^': case 'M-a': case 'M-A':
      state.mark = state.mark ? null : { y: buffer.y, x: buffer.x };
      state.message = state.mark ? 'Mark Set' : 'Mark Unset';
      return null;
    case 'M-6': case 'M-^': copy(state); return null;
    case 'M-x': case 'M-X': state.noHelp = !state.noHelp; return null;
    case 'M-c': case 'M-C':
      state.constantPosition = !state.constantPosition;
      state.message = `Constant cursor position display ${state.constantPosition ? 'enabled' : 'disabled'}`;
      return null;
    case 'M-#': state.numbers = !state.numbers; return null;
    case '^Z': state.message = 'Suspension disabled'; return null;
    default: return change(state, key, size, cutting);
  }
}

function change(state: NanoState, key: Key, size: Size, cutting: boolean): Wish | null {
  const { buffer } = state;
  const known = ['^K', 'f9', '^U', 'f10', 'enter', 'tab', '^H', 'backspace', '^D', 'delete', '^J', 'f4', 'M-u', 'M-U', 'M-e', 'M-E', 'M-t', 'M-T', 'paste-start', 'paste-end', 'esc'];
  if (!known.includes(key)) {
    if (key.startsWith('^') || key.startsWith('M-')) state.message = 'Unknown Command';
    return null;
  }
  if (key === 'esc' || key.startsWith('paste-') || !editable(state)) return null;
  switch (key) {
    case '^K': case 'f9': cut(state, cutting); break;
    case '^U': case 'f10': if (state.cut.length) uncut(state); break;
    case 'enter': insertText(buffer, `\n${state.indent ? /^[ \t]*/.exec(lineAt(buffer).slice(0, buffer.x))![0] : ''}`, 'lines'); break;
    case 'tab': insertText(buffer, state.spaces ? ' '.repeat(state.tabSize - columnOf(lineAt(buffer), buffer.x, state.tabSize) % state.tabSize) : '\t'); break;
    case '^H': case 'backspace': backspace(buffer); break;
    case '^D': case 'delete': deleteForward(buffer); break;
    case '^J': case 'f4': justify(state, size); break;
    case 'M-u': case 'M-U': state.message = undo(buffer) !== null ? 'Undid change' : 'Nothing in undo buffer!'; break;
    case 'M-e': case 'M-E': state.message = redo(buffer) !== null ? 'Redid change' : 'Nothing to re-do!'; break;
    default: cutToEnd(state); break;
  }
  remember(state);
  return null;
}

function leave(state: NanoState): Wish | null {
  if (!state.buffer.modified) state.done = true;
  else if (state.saveUnasked && state.file !== '') {
    state.leaving = true;
    return { write: state.file, overwrite: true };
  } else ask(state, 'exit', 'Save modified buffer?  (Answering "No" will DISCARD changes.) ');
  return null;
}

/** What lies between the mark and the cursor. */
function marked(state: NanoState): { from: { y: number; x: number }; to: { y: number; x: number } } {
  const here = { y: state.buffer.y, x: state.buffer.x };
  const there = state.mark!;
  const swap = there.y > here.y || (there.y === here.y && there.x > here.x);
  return swap ? { from: here, to: there } : { from: there, to: here };
}

/** A whole line ends in the cut text with an empty last part; a piece of a line does not. */
function cut(state: NanoState, more: boolean): void {
  const { buffer } = state;
  if (state.mark) {
    const { from, to } = marked(state);
    const lines = buffer.lines.slice(from.y, to.y + 1);
    const parts = lines.map((line, i) => line.slice(i === 0 ? from.x : 0, i === lines.length - 1 ? to.x : undefined));
    replaceLines(buffer, from.y, lines.length, [lines[0]!.slice(0, from.x) + lines.at(-1)!.slice(to.x)], 'cut');
    [buffer.y, buffer.x] = [from.y, from.x];
    state.cut = parts;
    state.mark = null;
    return;
  }
  const line = lineAt(buffer);
  if (buffer.lines.length === 1 && line === '') return;
  const kept = more ? state.cut.slice(0, -1) : [];
  state.cut = [...kept, line, ''];
  replaceLines(buffer, buffer.y, 1, [], 'cut');
  if (buffer.y >= buffer.lines.length) {
    // The last line leaves an empty one behind.
    buffer.lines.push('');
    buffer.undo[buffer.undo.length - 1] = { ...buffer.undo.at(-1)!, inserted: [''] };
    buffer.y = buffer.lines.length - 1;
  }
  buffer.x = 0;
  state.cutting = true;
}

function cutToEnd(state: NanoState): void {
  const { buffer } = state;
  state.cut = [lineAt(buffer).slice(buffer.x), ...buffer.lines.slice(buffer.y + 1)];
  replaceLines(buffer, buffer.y, buffer.lines.length - buffer.y, [lineAt(buffer).slice(0, buffer.x)], 'cut');
}

function copy(state: NanoState): void {
  const { buffer } = state;
  if (!state.mark) {
    state.cut = [lineAt(buffer), ''];
    return;
  }
  const { from, to } = marked(state);
  const lines = buffer.lines.slice(from.y, to.y + 1);
  state.cut = lines.map((line, i) => line.slice(i === 0 ? from.x : 0, i === lines.length - 1 ? to.x : undefined));
  state.mark = null;
}

function uncut(state: NanoState): void {
  const { buffer } = state;
  const line = lineAt(buffer);
  const parts = [...state.cut];
  parts[0] = line.slice(0, buffer.x) + parts[0]!;
  const endX = parts.at(-1)!.length;
  parts[parts.length - 1] = parts.at(-1)! + line.slice(buffer.x);
  replaceLines(buffer, buffer.y, 1, parts, 'uncut');
  buffer.y += parts.length - 1;
  buffer.x = endX;
}

/** nano fills to eight columns less than the screen. */
const FILL = 8;

function justify(state: NanoState, size: Size): void {
  const { buffer } = state;
  let [from, to] = [buffer.y, buffer.y];
  while (from > 0 && buffer.lines[from - 1]!.trim() !== '' && buffer.lines[from]!.trim() !== '') from--;
  while (to + 1 < buffer.lines.length && buffer.lines[to + 1]!.trim() !== '') to++;
  const indent = /^[ \t]*/.exec(buffer.lines[from]!)![0];
  const words = buffer.lines.slice(from, to + 1).join(' ').split(/\s+/).filter(Boolean);
  const width = Math.max(10, size.cols - FILL);
  const out: string[] = [];
  for (const word of words) {
    const last = out.at(-1);
    if (last !== undefined && columnOf(last, last.length) + 1 + word.length <= width) out[out.length - 1] = `${last} ${word}`;
    else out.push(indent + word);
  }
  replaceLines(buffer, from, to - from + 1, out.length ? out : [''], 'justify');
  buffer.y = Math.min(buffer.lines.length - 1, from + Math.max(1, out.length));
  buffer.x = 0;
  state.message = 'Can now UnJustify!';
}

function position(state: NanoState): string {
  const { buffer } = state;
  const line = lineAt(buffer);
  const total = buffer.lines.reduce((sum, one) => sum + one.length + 1, 0);
  const before = buffer.lines.slice(0, buffer.y).reduce((sum, one) => sum + one.length + 1, 0) + buffer.x;
  const column = columnOf(line, buffer.x, state.tabSize) + 1;
  const width = columnOf(line, line.length, state.tabSize) + 1;
  const percent = (part: number, whole: number): number => (whole === 0 ? 0 : Math.floor((100 * part) / whole));
  return `line ${buffer.y + 1}/${buffer.lines.length} (${percent(buffer.y + 1, buffer.lines.length)}%), col ${column}/${width} (${percent(column, width)}%), char ${before}/${total} (${percent(before, total)}%)`;
}

function helpKey(state: NanoState, key: Key, size: Size): null {
  const page = Math.max(1, size.rows - 6);
  if (['^X', 'f2', 'q', '^C', 'esc', '^G'].includes(key)) state.help = null;
  else if (['^V', 'pagedown', ' ', 'f8'].includes(key)) state.help! += page;
  else if (['^Y', 'pageup', 'f7'].includes(key)) state.help = Math.max(0, state.help! - page);
  else if (['^N', 'down'].includes(key)) state.help!++;
  else if (['^P', 'up'].includes(key)) state.help = Math.max(0, state.help! - 1);
  return null;
}

function promptKey(state: NanoState, key: Key, size: Size): Wish | null {
  const prompt = state.prompt!;
  if (key === '^C' || key === 'esc') {
    state.prompt = null;
    state.leaving = false;
    state.message = prompt.about === 'replace-this' && state.replaced ? replacedMessage(state) : 'Cancelled';
    return null;
  }
  if (prompt.about === 'exit' || prompt.about === 'overwrite' || prompt.about === 'replace-this') return answer(state, key, size);
  if (key === 'enter') {
    state.prompt = null;
    const wish = submit(state, prompt.about, prompt.text);
    settle(state, size);
    return wish;
  }
  if ((prompt.about === 'search' || prompt.about === 'goto') && (key === '^Y' || key === '^V')) {
    state.prompt = null;
    move(state, key === '^Y' ? 'M-\\' : 'M-/', size);
    settle(state, size);
    return null;
  }
  if (prompt.about === 'search' && key === '^T') {
    ask(state, 'goto', 'Enter line number, column number: ');
    return null;
  }
  editPrompt(state, key);
  return null;
}

function editPrompt(state: NanoState, key: Key): void {
  const prompt = state.prompt!;
  const { text, x } = prompt;
  if (isText(key)) Object.assign(prompt, { text: text.slice(0, x) + key + text.slice(x), x: x + key.length });
  else if (key === 'backspace' || key === '^H') { if (x > 0) Object.assign(prompt, { text: text.slice(0, x - 1) + text.slice(x), x: x - 1 }); }
  else if (key === 'delete' || key === '^D') prompt.text = text.slice(0, x) + text.slice(x + 1);
  else if (key === 'left' || key === '^B') prompt.x = Math.max(0, x - 1);
  else if (key === 'right' || key === '^F') prompt.x = Math.min(text.length, x + 1);
  else if (key === 'home' || key === '^A') prompt.x = 0;
  else if (key === 'end' || key === '^E') prompt.x = text.length;
  else if (key === '^K' || key === '^U') Object.assign(prompt, { text: '', x: 0 });
}

function submit(state: NanoState, about: Question, text: string): Wish | null {
  switch (about) {
    case 'write':
      if (text === '') { state.message = 'Cancelled'; state.leaving = false; return null; }
      return { write: text, overwrite: text === state.file };
    case 'insert': return text === '' ? null : { read: text };
    case 'search':
      if (text !== '') state.search = text;
      searchNext(state);
      return null;
    case 'replace':
      if (text !== '') state.search = text;
      if (state.search !== '') ask(state, 'replace-with', 'Replace with: ', '');
      else state.message = 'Cancelled';
      return null;
    case 'replace-with':
      Object.assign(state, { replaceBy: text, replaced: 0 });
      nextReplacement(state, { y: state.buffer.y, x: state.buffer.x });
      return null;
    default: goTo(state, text); return null;
  }
}

function goTo(state: NanoState, text: string): void {
  const m = /^\s*(-?\d*)\s*(?:[,; ]\s*(\d+))?\s*$/.exec(text);
  if (!m || (m[1] === '' && !m[2])) { state.message = text.trim() === '' ? 'Cancelled' : 'Invalid line or column number'; return; }
  const { buffer } = state;
  const line = m[1] === '' ? buffer.y + 1 : Number(m[1]);
  buffer.y = Math.max(0, Math.min(buffer.lines.length, line < 0 ? buffer.lines.length + line + 1 : line) - 1);
  buffer.x = m[2] ? indexAt(lineAt(buffer), Number(m[2]) - 1, state.tabSize) : 0;
  remember(state);
}

/** The next place of the text after a place, going round the end; letters of either case. */
function findNext(state: NanoState, from: { y: number; x: number }): { y: number; x: number; wrapped: boolean } | null {
  const wanted = state.search.toLowerCase();
  const { lines } = state.buffer;
  for (let step = 0; step <= lines.length; step++) {
    const y = (from.y + step) % lines.length;
    const at = (lines[y] ?? '').toLowerCase().indexOf(wanted, step === 0 ? from.x : 0);
    if (at >= 0 && !(step === lines.length && at >= from.x)) return { y, x: at, wrapped: from.y + step >= lines.length };
  }
  return null;
}

function searchNext(state: NanoState): void {
  const { buffer } = state;
  if (state.search === '') { state.message = 'No current search pattern'; return; }
  const found = findNext(state, { y: buffer.y, x: buffer.x + 1 });
  if (!found) { state.message = `"${state.search}" not found`; return; }
  const same = found.y === buffer.y && found.x === buffer.x;
  [buffer.y, buffer.x] = [found.y, found.x];
  state.message = same ? 'This is the only occurrence' : found.wrapped ? 'Search Wrapped' : '';
  remember(state);
}

const replacedMessage = (state: NanoState): string => `Replaced ${state.replaced} occurrence${state.replaced === 1 ? '' : 's'}`;

/** Asks about the next occurrence, up to the end of the file. */
function nextReplacement(state: NanoState, from: { y: number; x: number }): void {
  const found = findNext(state, from);
  if (!found || found.wrapped) {
    state.prompt = null;
    state.message = state.replaced ? replacedMessage(state) : found ? replacedMessage(state) : `"${state.search}" not found`;
    return;
  }
  [state.buffer.y, state.buffer.x] = [found.y, found.x];
  state.found = { y: found.y, x: found.x };
  ask(state, 'replace-this', 'Replace this instance? ');
}

function replaceHere(state: NanoState): { y: number; x: number } {
  const { buffer } = state;
  const line = lineAt(buffer);
  const { x, y } = state.found!;
  replaceLines(buffer, y, 1, [line.slice(0, x) + state.replaceBy + line.slice(x + state.search.length)], 'replace');
  state.replaced++;
  return { y, x: x + state.replaceBy.length };
}

function answer(state: NanoState, key: Key, size: Size): Wish | null {
  const { about, file = '' } = state.prompt!;
  const letter = key.toLowerCase();
  if (about === 'replace-this') {
    if (letter === 'y') nextReplacement(state, replaceHere(state));
    else if (letter === 'n') nextReplacement(state, { y: state.found!.y, x: state.found!.x + 1 });
    else if (letter === 'a') while (state.prompt?.about === 'replace-this') nextReplacement(state, replaceHere(state));
    settle(state, size);
    return null;
  }
  if (letter !== 'y' && letter !== 'n') return null;
  state.prompt = null;
  if (about === 'overwrite') {
    if (letter === 'y') return { write: file, overwrite: true };
    ask(state, 'write', 'File Name to Write: ', file);
    return null;
  }
  if (letter === 'n') {
    state.done = true;
    return null;
  }
  state.leaving = true;
  ask(state, 'write', 'File Name to Write: ', state.file);
  return null;
}
