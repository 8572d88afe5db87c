/** vi's keys in normal, insert and visual mode. A command line comes back as a wish for the program. */
import { backspace, breakUndo, charAfter, deleteForward, insertText, lineAt, redo, replaceLines, undo } from '../buffer.ts';
import { columnOf, indexAt, type Size } from '../canvas.ts';
import { isText, type Key } from '../keys.ts';
import { columnHere, findMatch, findMotion, type Motion, motionOf, type Place, textObject } from './motion.ts';
import { viRows } from './picture.ts';
import type { Register, ViState } from './state.ts';

/** A command line to carry out, or ^Z. */
export type ViWish = { readonly line: string } | { readonly suspend: true };

/** Keys that begin a longer command. */
const PREFIXES = ['g', 'z', 'Z', 'r', 'f', 'F', 't', 'T', 'm', "'", '`', '"', 'd', 'c', 'y', '>', '<', '^W', 'g~', 'gu', 'gU', '=', '!'];

export function pressVi(state: ViState, key: Key, size: Size): ViWish | null {
  if (state.mode === 'command') return commandKey(state, key);
  if (!state.repeating) state.recording.push(key);
  if (state.mode === 'insert' || state.mode === 'replace') {
    insertKey(state, key, size);
    return null;
  }
  const before = state.buffer.undo.at(-1);
  const wish = normalKey(state, key, size);
  clamp(state);
  if (state.buffer.undo.at(-1) !== before) state.column = columnHere(state); // a change aims anew
  return wish;
}

/** In normal mode the cursor stands on a character. */
export function clamp(state: ViState): void {
  const { buffer } = state;
  buffer.y = Math.max(0, Math.min(buffer.y, buffer.lines.length - 1));
  const most = state.mode === 'insert' || state.mode === 'replace' ? lineAt(buffer).length : Math.max(0, lineAt(buffer).length - (state.mode.startsWith('visual') ? 0 : 1));
  buffer.x = Math.max(0, Math.min(buffer.x, most));
}

const done = (state: ViState): null => {
  state.pending = '';
  state.count = '';
  if (!state.repeating) state.recording = [];
  return null;
};

/** The keys since the last command are one change: `.` does it again. */
function changed(state: ViState): void {
  if (!state.repeating) state.repeat = [...state.recording];
}

function normalKey(state: ViState, key: Key, size: Size): ViWish | null {
  if (key === 'esc' || key === '^C') {
    if (state.mode !== 'normal') state.mode = 'normal';
    else if (key === '^C') Object.assign(state, { message: 'Type  :quit<Enter>  to exit Vim', error: false });
    return done(state);
  }
  if (state.pending === '') {
    Object.assign(state, { message: '', error: false });
    state.buffer.group++;
  }
  if (/^[1-9]$/.test(key) || (key === '0' && state.count !== '' && !/[rftTFm"'`]$/.test(state.pending))) {
    if (!/[rftTFm"'`]$/.test(state.pending)) {
      state.count += key;
      return null;
    }
  }
  if (key === ':' && state.pending === '') {
    state.line = state.mode === 'normal' ? (state.count === '' ? ':' : `:.,.+${Number(state.count) - 1}`) : ":'<,'>";
    if (state.mode !== 'normal') keepVisual(state);
    state.mode = 'command';
    done(state);
    return null;
  }
  if ((key === '/' || key === '?') && (state.pending === '' || /^[dcy]$/.test(state.pending))) {
    state.line = key;
    state.mode = 'command';
    done(state);
    return null;
  }
  if (key === '^Z' && state.pending === '') return (done(state), { suspend: true });
  const word = state.pending + key;
  if (state.mode !== 'normal' && visualKey(state, word)) return null;
  return perform(state, word, size);
}

function keepVisual(state: ViState): void {
  const [a, b] = ordered(state.visual, { y: state.buffer.y, x: state.buffer.x });
  state.marks['<'] = a;
  state.marks['>'] = b;
}

const ordered = (a: Place, b: Place): [Place, Place] => (a.y < b.y || (a.y === b.y && a.x <= b.x) ? [{ ...a }, { ...b }] : [{ ...b }, { ...a }]);

/** A register named by `"x` before a command. */
function splitRegister(word: string): { register: string | null; rest: string } {
  const m = /^"(.)(.*)$/s.exec(word);
  return m ? { register: m[1]!, rest: m[2]! } : { register: null, rest: word };
}

function perform(state: ViState, word: string, size: Size): ViWish | null {
  const { register, rest } = splitRegister(word);
  if (word === '"' || (word.startsWith('"') && rest === '')) {
    state.pending = word;
    return null;
  }
  const operator = /^(d|c|y|>|<|g~|gu|gU|=)(.*)$/s.exec(rest);
  if (operator && rest.length > operator[1]!.length) return operate(state, operator[1]!, operator[2]!, register, word);
  if (PREFIXES.includes(rest)) {
    state.pending = word;
    return null;
  }
  const count = state.count === '' ? 1 : Number(state.count);
  const motion = longMotion(state, rest, count) ?? motionOf(state, rest, count, state.count !== '', false);
  if (motion) {
    go(state, motion);
    return done(state);
  }
  if (motion === false) return done(state);
  return command(state, rest, count, register, size);
}

function go(state: ViState, motion: Motion): void {
  [state.buffer.y, state.buffer.x] = [motion.to.y, motion.to.x];
  if (!motion.keep) state.column = columnHere(state);
  breakUndo(state.buffer);
}

/** Motions of more than one key: f x, ' a. Null if it is none of these. */
function longMotion(state: ViState, word: string, count: number): Motion | false | null {
  const [first = '', char = ''] = [word[0], word.slice(1)];
  if (char === '' ) return null;
  if ('fFtT'.includes(first)) return findMotion(state, first, char, count);
  if (first === "'" || first === '`') {
    const mark = state.marks[char];
    if (!mark) {
      Object.assign(state, { message: 'E20: Mark not set', error: true });
      return false;
    }
    return { to: first === "'" ? { y: mark.y, x: Math.max(0, /^\s*/.exec(state.buffer.lines[mark.y] ?? '')![0].length) } : mark, kind: first === "'" ? 'lines' : 'exclusive' };
  }
  return null;
}

function operate(state: ViState, operator: string, rest: string, register: string | null, word: string): ViWish | null {
  const { buffer } = state;
  const count = state.count === '' ? 1 : Number(state.count);
  const here: Place = { y: buffer.y, x: buffer.x };
  if (rest === operator.at(-1) || rest === operator) {
    apply(state, operator, here, { y: Math.min(buffer.lines.length - 1, buffer.y + count - 1), x: 0 }, 'lines', register);
    return finish(state, operator);
  }
  if (rest === 'i' || rest === 'a' || PREFIXES.includes(rest)) {
    state.pending = word;
    return null;
  }
  const object = /^[ia](.)$/s.exec(rest);
  if (object) {
    const span = textObject(state, rest[0] === 'a', object[1]!);
    if (!span) return done(state);
    if (span.to.x < span.from.x) {
      if (operator === 'c') startInsert(state, span.from);
      return finish(state, operator);
    }
    apply(state, operator, span.from, span.to, 'inclusive', register);
    return finish(state, operator);
  }
  // cw on a word is ce: what follows the word stays.
  const onWord = operator === 'c' && (rest === 'w' || rest === 'W') && !/^\s?$/.test(lineAt(buffer)[buffer.x] ?? '');
  const motion = longMotion(state, rest, count) ?? (onWord ? changeWord(state, rest, count) : motionOf(state, rest, count, state.count !== '', true));
  if (motion === null || motion === false) return done(state);
  let { to } = motion;
  // dw at the end of a line stays on it.
  if (operator !== 'c' && /^[wW]$/.test(rest) && to.y > here.y) to = { y: here.y, x: lineAt(buffer).length };
  apply(state, operator, here, to, motion.kind, register);
  return finish(state, operator);
}

function changeWord(state: ViState, key: string, count: number): Motion | false | null {
  const { x } = state.buffer;
  if (x > 0) state.buffer.x = x;
  const line = lineAt(state.buffer);
  const kind = (c: string | undefined): number => (c === undefined || /\s/.test(c) ? 0 : key === 'W' || /[\p{L}\p{N}_]/u.test(c) ? 1 : 2);
  // On the last letter of a word, ce would go to the next one.
  if (count === 1 && kind(line[x + 1]) !== kind(line[x])) return { to: { y: state.buffer.y, x }, kind: 'inclusive' };
  return motionOf(state, key === 'W' ? 'E' : 'e', count, true, true);
}

function finish(state: ViState, operator: string): null {
  if (operator !== 'y') changed(state);
  if (state.mode === 'insert') {
    state.pending = '';
    state.count = '';
    return null;
  }
  return done(state);
}

function store(state: ViState, value: Register, name: string | null): void {
  if (name !== null && /[a-zA-Z]/.test(name)) state.named[name.toLowerCase()] = value;
  state.register = value;
}

/** Carries an operator out on what lies between two places. */
function apply(state: ViState, operator: string, a: Place, b: Place, kind: Motion['kind'], register: string | null): void {
  const { buffer } = state;
  const [from, to] = ordered(a, b);
  if (kind === 'lines') {
    applyLines(state, operator, from.y, to.y, register);
    return;
  }
  const end = kind === 'inclusive' ? to.x + Math.max(1, charAfter(buffer.lines[to.y] ?? '', to.x).length) : to.x;
  const lines = buffer.lines.slice(from.y, to.y + 1);
  const parts = lines.map((line, i) => line.slice(i === 0 ? from.x : 0, i === lines.length - 1 ? end : undefined));
  if (operator === 'y' || operator === 'd' || operator === 'c') store(state, { lines: parts, whole: false }, register);
  if (operator === 'd' || operator === 'c') replaceLines(buffer, from.y, lines.length, [lines[0]!.slice(0, from.x) + lines.at(-1)!.slice(end)], 'delete');
  else if (operator.startsWith('g')) {
    const turned = parts.map((part) => turnCase(part, operator));
    const made = lines.map((line, i) => (i === 0 ? line.slice(0, from.x) : '') + turned[i]! + (i === lines.length - 1 ? line.slice(end) : ''));
    replaceLines(buffer, from.y, lines.length, made, 'case');
  } else if (operator === '>' || operator === '<') {
    applyLines(state, operator, from.y, to.y, register);
    return;
  }
  [buffer.y, buffer.x] = [from.y, from.x];
  if (operator === 'c') startInsert(state, from);
  state.column = columnHere(state);
}

const turnCase = (text: string, how: string): string => (how === 'gu' ? text.toLowerCase() : how === 'gU' ? text.toUpperCase()
  : [...text].map((c) => (c === c.toLowerCase() ? c.toUpperCase() : c.toLowerCase())).join(''));

function applyLines(state: ViState, operator: string, first: number, last: number, register: string | null): void {
  const { buffer } = state;
  const lines = buffer.lines.slice(first, last + 1);
  const many = (what: string): void => { if (lines.length > 2) state.message = `${lines.length} ${what}`; };
  if (operator === 'y' || operator === 'd' || operator === 'c') store(state, { lines, whole: true }, register);
  if (operator === 'y') {
    buffer.y = first;
    many('lines yanked');
    return;
  }
  if (operator === 'd') {
    replaceLines(buffer, first, lines.length, [], 'delete');
    buffer.y = Math.min(first, buffer.lines.length - 1);
    buffer.x = /^\s*/.exec(lineAt(buffer))![0].length;
    many('fewer lines');
    if (buffer.lines.length === 1 && buffer.lines[0] === '') state.message = '--No lines in buffer--';
  } else if (operator === 'c') {
    const indent = state.options.autoindent ? /^\s*/.exec(lines[0]!)![0] : '';
    replaceLines(buffer, first, lines.length, [indent], 'delete');
    startInsert(state, { y: first, x: indent.length });
  } else if (operator === '>' || operator === '<') {
    const unit = state.options.expandtab ? ' '.repeat(state.options.tab) : '\t';
    replaceLines(buffer, first, lines.length, lines.map((line) => (operator === '>' ? (line === '' ? line : unit + line) : line.replace(/^(\t| {1,8})/, ''))), 'shift');
    buffer.y = first;
    buffer.x = /^\s*/.exec(lineAt(buffer))![0].length;
  } else if (operator.startsWith('g')) replaceLines(buffer, first, lines.length, lines.map((line) => turnCase(line, operator)), 'case');
}

function startInsert(state: ViState, at: Place, mode: 'insert' | 'replace' = 'insert'): void {
  [state.buffer.y, state.buffer.x] = [at.y, at.x];
  state.mode = mode;
  state.message = '';
  breakUndo(state.buffer);
  state.inserted = { y: at.y, x: at.x, count: 1, keys: [] };
}

function command(state: ViState, word: string, count: number, register: string | null, size: Size): ViWish | null {
  const { buffer } = state;
  const line = lineAt(buffer);
  const insertAt = (x: number): null => {
    startInsert(state, { y: buffer.y, x });
    state.inserted.count = count;
    state.pending = '';
    state.count = '';
    return null;
  };
  switch (word) {
    case 'i': case 'insert': return insertAt(buffer.x);
    case 'a': return insertAt(Math.min(line.length, buffer.x + charAfter(line, buffer.x).length));
    case 'I': return insertAt(/^\s*/.exec(line)![0].length);
    case 'A': return insertAt(line.length);
    case 'o': case 'O': return openLine(state, word === 'o');
    case 'R': startInsert(state, { y: buffer.y, x: buffer.x }, 'replace'); state.pending = ''; state.count = ''; return null;
    case 's': return operate(state, 'c', 'l', register, 'cl');
    case 'S': return operate(state, 'c', 'c', register, 'cc');
    case 'C': return operate(state, 'c', '$', register, 'c$');
    case 'D': return operate(state, 'd', '$', register, 'd$');
    case 'Y': return operate(state, 'y', 'y', register, 'yy');
    case 'x': case 'delete': return line === '' ? done(state) : operate(state, 'd', 'l', register, 'dl');
    case 'X': return buffer.x === 0 ? done(state) : operate(state, 'd', 'h', register, 'dh');
    case 'p': case 'P': put(state, register, word === 'p', count); changed(state); return done(state);
    case 'J': joinLines(state, count); changed(state); return done(state);
    case '~': toggleCase(state, count); changed(state); return done(state);
    case 'u': history(state, 'undo', count); return done(state);
    case '^R': history(state, 'redo', count); return done(state);
    case '.': return again(state, size);
    case 'v': case 'V':
      state.mode = word === 'v' ? 'visual' : 'visual-line';
      state.visual = { y: buffer.y, x: buffer.x };
      return done(state);
    case 'ZZ': done(state); return { line: ':x' };
    case 'ZQ': done(state); return { line: ':q!' };
    case '^G': done(state); return { line: ':f' };
    default: break;
  }
  if (word[0] === 'r' && word.length > 1) { replaceChar(state, word.slice(1), count); changed(state); return done(state); }
  if (word[0] === 'm' && word.length > 1) { state.marks[word.slice(1)] = { y: buffer.y, x: buffer.x }; return done(state); }
  if (word === '^A' || word === '^X') { addNumber(state, word === '^A' ? count : -count); changed(state); return done(state); }
  scrollKey(state, word, count, size);
  return done(state);
}

function openLine(state: ViState, below: boolean): null {
  const { buffer } = state;
  const indent = state.options.autoindent && !state.options.paste ? /^\s*/.exec(lineAt(buffer))![0] : '';
  const y = buffer.y + (below ? 1 : 0);
  replaceLines(buffer, y, 0, [indent], 'open');
  startInsert(state, { y, x: indent.length });
  state.pending = '';
  state.count = '';
  return null;
}

function put(state: ViState, name: string | null, after: boolean, count: number): void {
  const { buffer } = state;
  const register = name !== null && state.named[name.toLowerCase()] ? state.named[name.toLowerCase()]! : state.register;
  if (register.whole) {
    const lines = Array.from({ length: count }, () => register.lines).flat();
    const y = buffer.y + (after ? 1 : 0);
    replaceLines(buffer, y, 0, lines, 'put');
    buffer.y = y;
    buffer.x = /^\s*/.exec(lineAt(buffer))![0].length;
    if (lines.length > 2) state.message = `${lines.length} more lines`;
    return;
  }
  const line = lineAt(buffer);
  const x = after && line !== '' ? Math.min(line.length, buffer.x + charAfter(line, buffer.x).length) : buffer.x;
  const text = register.lines.join('\n').repeat(count);
  const parts = (line.slice(0, x) + text).split('\n');
  const endX = parts.at(-1)!.length;
  parts[parts.length - 1] += line.slice(x);
  replaceLines(buffer, buffer.y, 1, parts, 'put');
  if (parts.length === 1) buffer.x = Math.max(0, endX - 1);
  else buffer.x = x;
}

function joinLines(state: ViState, count: number): void {
  const { buffer } = state;
  for (let n = 0; n < Math.max(1, count - 1) && buffer.y + 1 < buffer.lines.length; n++) {
    const [line, next] = [lineAt(buffer), buffer.lines[buffer.y + 1]!.replace(/^\s+/, '')];
    const glue = line === '' || /\s$/.test(line) || next === '' || next.startsWith(')') ? '' : ' ';
    replaceLines(buffer, buffer.y, 2, [line + glue + next], 'join');
    buffer.x = line.length + (glue ? 0 : -1);
  }
}

function toggleCase(state: ViState, count: number): void {
  const { buffer } = state;
  const line = lineAt(buffer);
  const end = Math.min(line.length, buffer.x + count);
  replaceLines(buffer, buffer.y, 1, [line.slice(0, buffer.x) + turnCase(line.slice(buffer.x, end), 'g~') + line.slice(end)], 'case');
  buffer.x = end;
}

function replaceChar(state: ViState, char: string, count: number): void {
  const { buffer } = state;
  const line = lineAt(buffer);
  if (buffer.x + count > line.length) return;
  const rest = line.slice(buffer.x + count);
  if (char === 'enter') {
    replaceLines(buffer, buffer.y, 1, [line.slice(0, buffer.x), rest], 'replace');
    [buffer.y, buffer.x] = [buffer.y + 1, 0];
    return;
  }
  if (!isText(char)) return;
  replaceLines(buffer, buffer.y, 1, [line.slice(0, buffer.x) + char.repeat(count) + rest], 'replace');
  buffer.x += count - 1;
}

function addNumber(state: ViState, by: number): void {
  const { buffer } = state;
  const line = lineAt(buffer);
  const m = [...line.matchAll(/-?\d+/g)].find((number) => number.index + number[0].length > buffer.x);
  if (!m) return;
  const made = String(Number(m[0]) + by);
  replaceLines(buffer, buffer.y, 1, [line.slice(0, m.index) + made + line.slice(m.index + m[0].length)], 'add');
  buffer.x = m.index + made.length - 1;
}

function history(state: ViState, which: 'undo' | 'redo', count: number): void {
  for (let n = 0; n < count; n++) {
    const more = which === 'undo' ? undo(state.buffer) : redo(state.buffer);
    if (more === null) {
      state.message = which === 'undo' ? 'Already at oldest change' : 'Already at newest change';
      return;
    }
    const what = more === 0 ? '1 change' : Math.abs(more) === 1 ? (more > 0 ? '1 more line' : '1 line less') : more > 0 ? `${more} more lines` : `${-more} fewer lines`;
    const left = state.buffer.undo.length;
    state.message = `${what}; ${which === 'undo' ? 'before' : 'after'} #${which === 'undo' ? left + 1 : left}`;
    if (left === 0) state.buffer.modified = false;
  }
}

function again(state: ViState, size: Size): null {
  const keys = [...state.repeat];
  done(state);
  state.repeating = true;
  for (const key of keys) pressVi(state, key, size);
  state.repeating = false;
  return null;
}

function scrollKey(state: ViState, word: string, count: number, size: Size): void {
  const { buffer } = state;
  const rows = viRows(size);
  const last = buffer.lines.length - 1;
  const half = Math.max(1, Math.floor(rows / 2));
  const to = (y: number): void => {
    buffer.y = Math.max(0, Math.min(last, y));
    buffer.x = /^\s*/.exec(lineAt(buffer))![0].length;
  };
  switch (word) {
    case '^F': case 'pagedown':
      state.top = Math.min(last, state.top + Math.max(1, rows - 2) * count);
      to(Math.max(buffer.y, state.top));
      break;
    case '^B': case 'pageup':
      state.top = Math.max(0, state.top - Math.max(1, rows - 2) * count);
      to(Math.min(buffer.y, state.top + rows - 1));
      break;
    case '^D': state.top = Math.min(Math.max(0, last - rows + 1), state.top + half); to(buffer.y + half); break;
    case '^U': state.top = Math.max(0, state.top - half); to(buffer.y - half); break;
    case '^E': state.top = Math.min(last, state.top + count); if (buffer.y < state.top) to(state.top); break;
    case '^Y': state.top = Math.max(0, state.top - count); if (buffer.y >= state.top + rows) to(state.top + rows - 1); break;
    case 'zt': case 'zenter': state.top = buffer.y; break;
    case 'zz': case 'z.': state.top = Math.max(0, buffer.y - half); break;
    case 'zb': case 'z-': state.top = Math.max(0, buffer.y - rows + 1); break;
    case 'L': to(Math.min(last, state.top + rows - 1)); break;
    case 'M': to(Math.min(last, state.top + half)); break;
    default: break;
  }
}

function visualKey(state: ViState, word: string): boolean {
  const { buffer } = state;
  const lines = state.mode === 'visual-line';
  const { register, rest } = splitRegister(word);
  const operator = { d: 'd', x: 'd', delete: 'd', X: 'd', y: 'y', c: 'c', s: 'c', '>': '>', '<': '<', '~': 'g~', u: 'gu', U: 'gU', D: 'd', Y: 'y' }[rest];
  if (operator) {
    keepVisual(state);
    const [from, to] = ordered(state.visual, { y: buffer.y, x: buffer.x });
    state.mode = 'normal';
    apply(state, operator, from, to, lines || rest === 'D' || rest === 'Y' ? 'lines' : 'inclusive', register);
    finish(state, operator);
    clamp(state);
    return true;
  }
  if (rest === 'J') {
    const [from, to] = ordered(state.visual, { y: buffer.y, x: buffer.x });
    state.mode = 'normal';
    buffer.y = from.y;
    joinLines(state, to.y - from.y + 1);
    done(state);
    return true;
  }
  if (rest === 'o') {
    const here = { y: buffer.y, x: buffer.x };
    [buffer.y, buffer.x] = [state.visual.y, state.visual.x];
    state.visual = here;
    done(state);
    return true;
  }
  if (rest === 'v' || rest === 'V') {
    state.mode = (rest === 'V') === lines ? 'normal' : rest === 'V' ? 'visual-line' : 'visual';
    done(state);
    return true;
  }
  return false;
}

function insertKey(state: ViState, key: Key, size: Size): void {
  const { buffer } = state;
  if (key === 'esc' || key === '^C') {
    const { count, keys } = state.inserted;
    for (let n = 1; n < count; n++) for (const one of keys) insertOne(state, one);
    if (buffer.x > 0) buffer.x -= 1;
    state.mode = 'normal';
    state.column = columnOf(lineAt(buffer), buffer.x, state.options.tab);
    breakUndo(buffer);
    changed(state);
    done(state);
    clamp(state);
    return;
  }
  const moves: Readonly<Record<string, () => void>> = {
    up: () => { buffer.y = Math.max(0, buffer.y - 1); buffer.x = indexAt(lineAt(buffer), state.column, state.options.tab); },
    down: () => { buffer.y = Math.min(buffer.lines.length - 1, buffer.y + 1); buffer.x = indexAt(lineAt(buffer), state.column, state.options.tab); },
    left: () => { buffer.x = Math.max(0, buffer.x - 1); },
    right: () => { buffer.x = Math.min(lineAt(buffer).length, buffer.x + 1); },
    home: () => { buffer.x = 0; }, end: () => { buffer.x = lineAt(buffer).length; },
    pageup: () => { buffer.y = Math.max(0, buffer.y - viRows(size) + 2); }, pagedown: () => { buffer.y = Math.min(buffer.lines.length - 1, buffer.y + viRows(size) - 2); },
  };
  const move = moves[key];
  if (move) {
    breakUndo(buffer);
    move();
    clamp(state);
    if (key !== 'up' && key !== 'down') state.column = columnOf(lineAt(buffer), buffer.x, state.options.tab);
    return;
  }
  insertOne(state, key);
  state.inserted.keys.push(key);
  state.column = columnOf(lineAt(buffer), buffer.x, state.options.tab);
}

function insertOne(state: ViState, key: Key): void {
  const { buffer } = state;
  const line = lineAt(buffer);
  switch (key) {
    case 'enter': insertText(buffer, `\n${state.options.autoindent && !state.options.paste ? /^\s*/.exec(line)![0] : ''}`, 'lines'); break;
    case 'tab': insertText(buffer, state.options.expandtab ? ' '.repeat(state.options.tab - (buffer.x % state.options.tab)) : '\t'); break;
    case 'backspace': case '^H': backspace(buffer); break;
    case 'delete': deleteForward(buffer); break;
    case '^W': {
      const before = line.slice(0, buffer.x).replace(/(?:[\p{L}\p{N}_]+|[^\p{L}\p{N}_\s]+)?\s*$/u, '');
      replaceLines(buffer, buffer.y, 1, [before + line.slice(buffer.x)], 'type');
      buffer.x = before.length;
      break;
    }
    case '^U': replaceLines(buffer, buffer.y, 1, [line.slice(buffer.x)], 'type'); buffer.x = 0; break;
    default:
      if (!isText(key)) return;
      if (state.mode === 'replace' && buffer.x < line.length) {
        replaceLines(buffer, buffer.y, 1, [line.slice(0, buffer.x) + key + line.slice(buffer.x + charAfter(line, buffer.x).length)], 'type');
        buffer.x += key.length;
      } else insertText(buffer, key);
  }
}

function commandKey(state: ViState, key: Key): ViWish | null {
  if (key === 'esc' || key === '^C' || ((key === 'backspace' || key === '^H') && state.line.length <= 1)) {
    state.mode = 'normal';
    state.line = '';
    return null;
  }
  if (key === 'backspace' || key === '^H') state.line = state.line.slice(0, -1);
  else if (key === '^U') state.line = state.line[0]!;
  else if (key === '^W') state.line = state.line[0]! + state.line.slice(1).replace(/\S*\s*$/, '');
  else if (key === 'enter') {
    const { line } = state;
    state.buffer.group++;
    Object.assign(state, { mode: 'normal', line: '', message: '', error: false });
    if (line[0] === ':') return { line };
    search(state, line);
  } else if (isText(key) || key === 'tab') state.line += key === 'tab' ? '\t' : key;
  return null;
}

function search(state: ViState, line: string): void {
  state.forward = line[0] === '/';
  const typed = line.slice(1);
  if (typed !== '') state.search = typed;
  if (state.search === '') {
    Object.assign(state, { message: 'E35: No previous regular expression', error: true });
    return;
  }
  const found = findMatch(state, { y: state.buffer.y, x: state.buffer.x }, state.forward);
  if (!found) {
    Object.assign(state, { message: `E486: Pattern not found: ${state.search}`, error: true });
    return;
  }
  state.message = found.wrapped ? (state.forward ? 'search hit BOTTOM, continuing at TOP' : 'search hit TOP, continuing at BOTTOM') : line[0] + state.search;
  state.error = found.wrapped;
  go(state, { to: { y: found.y, x: found.x }, kind: 'exclusive' });
}
