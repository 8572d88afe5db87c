/** vi's motions: from a place in a text to another, and how an operator takes what lies between. */
import { compileRegex, type Regex } from '../../text/regex/compile.ts';
import { lineAt } from '../buffer.ts';
import { columnOf, indexAt } from '../canvas.ts';
import type { ViState } from './state.ts';

export interface Place { y: number; x: number }
/** `lines`: whole lines; `inclusive`: the character at the end too. `keep`: the column aimed for stays. */
export interface Motion { to: Place; kind: 'lines' | 'inclusive' | 'exclusive'; keep?: boolean }

const kindOf = (c: string | undefined, big: boolean): number => (c === undefined || /\s/.test(c) ? 0 : big || /[\p{L}\p{N}_]/u.test(c) ? 1 : 2);

/** The start of the next word; an empty line is a word. */
function wordForward(lines: readonly string[], from: Place, big: boolean): Place | null {
  let { y, x } = from;
  let line = lines[y]!;
  const start = kindOf(line[x], big);
  while (x < line.length && kindOf(line[x], big) === start && start !== 0) x++;
  for (;;) {
    while (x < line.length && kindOf(line[x], big) === 0) x++;
    if (x < line.length) return { y, x };
    if (y + 1 >= lines.length) return null;
    line = lines[++y]!;
    x = 0;
    if (line === '') return { y, x };
  }
}

function wordBack(lines: readonly string[], from: Place, big: boolean): Place | null {
  let { y, x } = from;
  for (;;) {
    if (x === 0) {
      if (y === 0) return from.y === 0 && from.x === 0 ? null : { y: 0, x: 0 };
      x = lines[--y]!.length;
      if (x === 0) return { y, x };
      continue;
    }
    x--;
    const line = lines[y]!;
    const kind = kindOf(line[x], big);
    if (kind === 0) continue;
    while (x > 0 && kindOf(line[x - 1], big) === kind) x--;
    return { y, x };
  }
}

function wordEnd(lines: readonly string[], from: Place, big: boolean): Place | null {
  let { y, x } = from;
  x++;
  for (;;) {
    const line = lines[y]!;
    while (x < line.length && kindOf(line[x], big) === 0) x++;
    if (x < line.length) {
      const kind = kindOf(line[x], big);
      while (x + 1 < line.length && kindOf(line[x + 1], big) === kind) x++;
      return { y, x };
    }
    if (y + 1 >= lines.length) return null;
    y++;
    x = 0;
  }
}

const firstText = (line: string): number => Math.max(0, Math.min(/^\s*/.exec(line)![0].length, line.length - 1));

const PAIRS: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}', ')': '(', ']': '[', '}': '{' };

/** `%`: the partner of the next bracket on the line. */
function matching(lines: readonly string[], from: Place): Place | null {
  let x = from.x;
  const line = lines[from.y]!;
  while (x < line.length && !PAIRS[line[x]!]) x++;
  const open = line[x];
  if (open === undefined) return null;
  const close = PAIRS[open]!;
  const step = '([{'.includes(open) ? 1 : -1;
  let depth = 0;
  for (let y = from.y; y >= 0 && y < lines.length; y += step) {
    const text = lines[y]!;
    for (let i = y === from.y ? x : step > 0 ? 0 : text.length - 1; i >= 0 && i < text.length; i += step) {
      if (text[i] === open) depth++;
      else if (text[i] === close && --depth === 0) return { y, x: i };
    }
  }
  return null;
}

function findChar(line: string, x: number, key: string, char: string, count: number): number | null {
  const forward = key === 'f' || key === 't';
  let at = x;
  for (let n = 0; n < count; n++) {
    // Repeating t must not stop where it stands.
    at = forward ? line.indexOf(char, at + 1) : at <= 0 ? -1 : line.lastIndexOf(char, at - 1);
    if (at < 0) return null;
  }
  return key === 't' ? at - 1 : key === 'T' ? at + 1 : at;
}

/** A vim pattern as a POSIX one: magic is close to basic expressions. */
export function searchRegex(pattern: string, ignoreCase: boolean): Regex | null {
  let source = pattern.replace(/\\c|\\C/g, '').replace(/\\v/, '');
  const very = /\\v/.test(pattern);
  source = source.replaceAll('\\d', '[0-9]').replaceAll('\\=', '\\?');
  const made = compileRegex(source, { extended: very, ignoreCase: ignoreCase || pattern.includes('\\c'), lenient: true });
  return made.ok ? made.regex : null;
}

/** The next match after a place, going round the end. */
export function findMatch(state: ViState, from: Place, forward: boolean): (Place & { wrapped: boolean }) | null {
  const regex = searchRegex(state.search, state.options.ignoreCase);
  if (!regex) return null;
  const { lines } = state.buffer;
  for (let step = 0; step <= lines.length; step++) {
    const y = (((from.y + (forward ? step : -step)) % lines.length) + lines.length) % lines.length;
    const line = lines[y]!;
    const hits: number[] = [];
    for (let at = 0; at <= line.length;) {
      const m = regex.exec(line, at);
      if (!m) break;
      hits.push(m.start);
      at = m.start + 1;
    }
    const wanted = forward ? hits.find((x) => step !== 0 || x > from.x) : hits.findLast((x) => step !== 0 || x < from.x);
    const wrapped = forward ? from.y + step >= lines.length || (step === lines.length) : from.y - step < 0;
    if (wanted !== undefined) return { y, x: wanted, wrapped };
  }
  return null;
}

/** The motion of a key, or null if it is none; `false` if it cannot be done here. */
export function motionOf(state: ViState, key: string, count: number, given: boolean, operating: boolean): Motion | null | false {
  const { buffer } = state;
  const { lines } = buffer;
  const here: Place = { y: buffer.y, x: buffer.x };
  const line = lineAt(buffer);
  const at = (x: number, kind: Motion['kind'] = 'exclusive'): Motion => ({ to: { y: here.y, x }, kind });
  const toLine = (y: number): Motion | false => {
    if (y < 0 || y >= lines.length) return false;
    return { to: { y, x: indexAt(lines[y]!, state.column, state.options.tab) }, kind: 'lines', keep: true };
  };
  switch (key) {
    case 'h': case 'left': case '^H': case 'backspace': return here.x > 0 ? at(Math.max(0, here.x - count)) : false;
    case 'l': case 'right': case ' ': return here.x < line.length - (operating ? 0 : 1) ? at(Math.min(line.length, here.x + count)) : false;
    case 'j': case 'down': case '^N': case '^J': return toLine(here.y + count);
    case 'k': case 'up': case '^P': return toLine(here.y - count);
    case '0': case 'home': return at(0);
    case '^': return at(firstText(line));
    case '$': case 'end': {
      const y = Math.min(lines.length - 1, here.y + count - 1);
      return { to: { y, x: Math.max(0, lines[y]!.length - 1) }, kind: 'inclusive' };
    }
    case '|': return at(indexAt(line, count - 1, state.options.tab));
    case '+': case 'enter': return lineStart(lines, here.y + count);
    case '-': return lineStart(lines, here.y - count);
    case '_': return lineStart(lines, here.y + count - 1);
    case 'G': return lineStart(lines, given ? Math.min(count, lines.length) - 1 : lines.length - 1);
    case 'gg': return lineStart(lines, given ? Math.min(count, lines.length) - 1 : 0);
    case 'H': return lineStart(lines, Math.min(lines.length - 1, state.top + count - 1));
    case '%': { const to = matching(lines, here); return to ? { to, kind: 'inclusive' } : false; }
    case '}': case '{': return paragraph(lines, here, key === '}', count);
    case 'n': case 'N': return searchMotion(state, here, (key === 'n') === state.forward, count);
    case '*': case '#': return starMotion(state, here, key === '*');
    case ';': case ',': return repeatFind(state, line, here, key, count);
    default: return wordMotion(lines, here, key, count, operating);
  }
}

function lineStart(lines: readonly string[], y: number): Motion | false {
  if (y < 0 || y >= lines.length) return false;
  return { to: { y, x: firstText(lines[y]!) }, kind: 'lines' };
}

function paragraph(lines: readonly string[], here: Place, forward: boolean, count: number): Motion {
  let { y } = here;
  for (let n = 0; n < count; n++) {
    while (lines[y] === '' && y > 0 && y < lines.length - 1) y += forward ? 1 : -1;
    while (lines[y] !== '' && y > 0 === !forward || (forward && y < lines.length - 1 && lines[y] !== '')) {
      y += forward ? 1 : -1;
      if (y <= 0 || y >= lines.length - 1) break;
    }
  }
  y = Math.max(0, Math.min(lines.length - 1, y));
  return { to: { y, x: forward && y === lines.length - 1 && lines[y] !== '' ? Math.max(0, lines[y]!.length - 1) : 0 }, kind: 'exclusive' };
}

function wordMotion(lines: readonly string[], here: Place, key: string, count: number, operating: boolean): Motion | null | false {
  const big = key === key.toUpperCase();
  const step = { w: wordForward, b: wordBack, e: wordEnd }[key.toLowerCase()];
  const name = key === 'ctrl-right' ? 'w' : key === 'ctrl-left' ? 'b' : key;
  const walk = step ?? { w: wordForward, b: wordBack }[name];
  if (!walk || !'wWbBeE'.includes(name)) return null;
  let at: Place = here;
  for (let n = 0; n < count; n++) {
    const next = walk(lines, at, big && name.length === 1);
    if (!next) {
      // The last word: to the end of its line.
      const last = lines.length - 1;
      if (name.toLowerCase() === 'w') at = { y: last, x: operating ? lines[last]!.length : Math.max(0, lines[last]!.length - 1) };
      else if (name.toLowerCase() === 'e') at = { y: last, x: Math.max(0, lines[last]!.length - 1) };
      break;
    }
    at = next;
  }
  if (at.y === here.y && at.x === here.x) return false;
  return { to: at, kind: name.toLowerCase() === 'e' ? 'inclusive' : 'exclusive' };
}

function searchMotion(state: ViState, here: Place, forward: boolean, count: number): Motion | false {
  if (state.search === '') return false;
  let at: Place = here;
  for (let n = 0; n < count; n++) {
    const found = findMatch(state, at, forward);
    if (!found) {
      Object.assign(state, { message: `E486: Pattern not found: ${state.search}`, error: true });
      return false;
    }
    if (found.wrapped) Object.assign(state, { message: forward ? 'search hit BOTTOM, continuing at TOP' : 'search hit TOP, continuing at BOTTOM', error: true });
    at = found;
  }
  return { to: { y: at.y, x: at.x }, kind: 'exclusive' };
}

function starMotion(state: ViState, here: Place, forward: boolean): Motion | false {
  const line = lineAt(state.buffer);
  const m = [...line.matchAll(/[\p{L}\p{N}_]+/gu)].find((word) => word.index + word[0].length > here.x);
  if (!m) {
    Object.assign(state, { message: 'E348: No string under cursor', error: true });
    return false;
  }
  state.search = `\\<${m[0]}\\>`;
  state.forward = forward;
  return searchMotion(state, { y: here.y, x: forward ? here.x : m.index }, forward, 1);
}

function repeatFind(state: ViState, line: string, here: Place, key: string, count: number): Motion | false {
  if (!state.find) return false;
  const swapped = key === ',' ? { f: 'F', F: 'f', t: 'T', T: 't' }[state.find.key]! : state.find.key;
  const from = swapped === 't' ? here.x + 1 : swapped === 'T' ? here.x - 1 : here.x;
  const x = findChar(line, from, swapped, state.find.char, count);
  return x === null ? false : { to: { y: here.y, x }, kind: 'ft'.includes(swapped) ? 'inclusive' : 'exclusive' };
}

/** `f`, `F`, `t`, `T` with their character. */
export function findMotion(state: ViState, key: string, char: string, count: number): Motion | false {
  state.find = { key, char };
  const x = findChar(lineAt(state.buffer), state.buffer.x, key, char, count);
  return x === null ? false : { to: { y: state.buffer.y, x }, kind: 'ft'.includes(key) ? 'inclusive' : 'exclusive' };
}

/** `iw`, `aw`, and what stands between quotes and brackets. */
export function textObject(state: ViState, around: boolean, key: string): { from: Place; to: Place } | null {
  const line = lineAt(state.buffer);
  const { x, y } = state.buffer;
  if (key === 'w' || key === 'W') {
    const kind = kindOf(line[x], key === 'W');
    let [a, b] = [x, x];
    while (a > 0 && kindOf(line[a - 1], key === 'W') === kind) a--;
    while (b + 1 < line.length && kindOf(line[b + 1], key === 'W') === kind) b++;
    if (around) while (b + 1 < line.length && /\s/.test(line[b + 1]!)) b++;
    return { from: { y, x: a }, to: { y, x: b } };
  }
  if ('"\'`'.includes(key)) {
    const quotes = [...line].flatMap((c, i) => (c === key ? [i] : []));
    for (let i = 0; i + 1 < quotes.length; i += 2) {
      if (quotes[i + 1]! < x) continue;
      return { from: { y, x: quotes[i]! + (around ? 0 : 1) }, to: { y, x: quotes[i + 1]! - (around ? 0 : 1) } };
    }
    return null;
  }
  const open = { '(': '(', ')': '(', b: '(', '[': '[', ']': '[', '{': '{', '}': '{', B: '{', '<': '<', '>': '<' }[key];
  if (!open) return null;
  const close = open === '<' ? '>' : PAIRS[open]!;
  let depth = 0;
  for (let i = x; i >= 0; i--) {
    if (line[i] === close && i !== x) depth++;
    else if (line[i] === open && depth-- === 0) {
      let level = 0;
      for (let k = i; k < line.length; k++) {
        if (line[k] === open) level++;
        else if (line[k] === close && --level === 0) return { from: { y, x: i + (around ? 0 : 1) }, to: { y, x: k - (around ? 0 : 1) } };
      }
    }
  }
  return null;
}

export const columnHere = (state: ViState): number => columnOf(lineAt(state.buffer), state.buffer.x, state.options.tab);
