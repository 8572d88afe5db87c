/** vi's command line: addresses and commands. Files and other programs are asked for as jobs. */
import { lineAt, replaceLines } from '../buffer.ts';
import { clamp } from './keys.ts';
import { searchRegex } from './motion.ts';
import type { ViState } from './state.ts';

export type Job =
  | { readonly job: 'write'; readonly path: string; readonly from: number; readonly to: number; readonly whole: boolean; readonly force: boolean; readonly append: boolean; readonly then: 'stay' | 'quit' | 'next' }
  | { readonly job: 'quit'; readonly status: number }
  | { readonly job: 'edit'; readonly path: string; readonly force: boolean }
  | { readonly job: 'read'; readonly path: string; readonly after: number }
  | { readonly job: 'shell'; readonly command: string; readonly filter: readonly [number, number] | null; readonly read: number | null }
  | { readonly job: 'next'; readonly by: number; readonly force: boolean };

const error = (state: ViState, message: string): null => {
  Object.assign(state, { message, error: true });
  return null;
};

/** One address: a number, . $ % 'a /re/ with + and -. */
function address(state: ViState, text: string): { line: number | null; rest: string } | null {
  const { buffer } = state;
  let line: number | null = null;
  let rest = text;
  const take = (form: RegExp): RegExpExecArray | null => {
    const m = form.exec(rest);
    if (m) rest = rest.slice(m[0].length);
    return m;
  };
  const number = take(/^\d+/);
  if (number) line = Number(number[0]) - 1;
  else if (take(/^\./)) line = buffer.y;
  else if (take(/^\$/)) line = buffer.lines.length - 1;
  else {
    const mark = take(/^'(.)/);
    if (mark) {
      const at = state.marks[mark[1]!];
      if (!at) return null;
      line = at.y;
    }
    const pattern = mark ? null : take(/^\/((?:[^/\\]|\\.)*)\/?/);
    if (pattern) {
      const regex = searchRegex(pattern[1]!, state.options.ignoreCase);
      const found = regex ? [...buffer.lines.keys()].map((i) => (buffer.y + 1 + i) % buffer.lines.length).find((i) => regex.test(buffer.lines[i]!)) : undefined;
      if (found === undefined) return null;
      line = found;
    }
  }
  for (let shift = take(/^\s*([-+])(\d*)/); shift; shift = take(/^\s*([-+])(\d*)/)) {
    line = (line ?? buffer.y) + (shift[1] === '-' ? -1 : 1) * (shift[2] === '' ? 1 : Number(shift[2]));
  }
  return { line, rest };
}

interface Parsed { from: number | null; to: number | null; rest: string }

function range(state: ViState, text: string): Parsed | null {
  if (text.startsWith('%')) return { from: 0, to: state.buffer.lines.length - 1, rest: text.slice(1) };
  const first = address(state, text);
  if (!first) return null;
  if (!/^\s*[,;]/.test(first.rest)) return { from: first.line, to: first.line, rest: first.rest };
  const second = address(state, first.rest.replace(/^\s*[,;]\s*/, ''));
  if (!second) return null;
  return { from: first.line ?? state.buffer.y, to: second.line ?? state.buffer.y, rest: second.rest };
}

const WORD = /^([a-zA-Z]+|&&?|[!=<>#~])(!?)\s*([^]*)$/;

/** Full names and how short they may be. */
const COMMANDS: readonly (readonly [name: string, least: number])[] = [
  ['write', 1], ['wq', 2], ['wall', 2], ['wqall', 3], ['quit', 1], ['qall', 2], ['xit', 1], ['exit', 3], ['edit', 1], ['read', 1], ['next', 1], ['previous', 4], ['Next', 1], ['substitute', 1],
  ['global', 1], ['vglobal', 1], ['delete', 1], ['yank', 1], ['put', 2], ['copy', 2], ['move', 1], ['join', 1], ['print', 1], ['number', 2], ['set', 2], ['nohlsearch', 3], ['file', 1],
  ['undo', 1], ['redo', 3], ['registers', 3], ['marks', 5], ['help', 1], ['syntax', 2], ['normal', 4], ['saveas', 3], ['mark', 2], ['cquit', 2], ['colorscheme', 4], ['shell', 2], ['k', 1], ['t', 1],
];

const fullName = (word: string): string | null => COMMANDS.find(([name, least]) => name.startsWith(word) && word.length >= least)?.[0] ?? null;

/** Carries a line out; what remains to be done outside comes back. */
export function executeLine(state: ViState, line: string): Job | null {
  const text = line.replace(/^:+\s*/, '').replace(/\s+$/, '');
  if (text === '' || text.startsWith('"')) return null;
  const parsed = range(state, text);
  if (!parsed) return error(state, 'E16: Invalid range');
  const { buffer } = state;
  const rest = parsed.rest.trimStart();
  const [from, to] = [parsed.from ?? buffer.y, parsed.to ?? buffer.y];
  if (rest === '') {
    if (to >= buffer.lines.length && parsed.from !== parsed.to) return error(state, 'E16: Invalid range');
    buffer.y = Math.max(0, Math.min(buffer.lines.length - 1, to));
    buffer.x = /^\s*/.exec(lineAt(buffer))![0].length;
    return null;
  }
  if (parsed.from !== null && (Math.min(from, to) < -1 || Math.max(from, to) >= buffer.lines.length)) return error(state, 'E16: Invalid range');
  const substitution = /^s(?:ubstitute)?([^\w\s"|].*)$/s.exec(rest);
  if (substitution) return substitute(state, Math.min(from, to), Math.max(from, to), substitution[1]!);
  const global = /^(g(?:lobal)?|v(?:global)?)(!?)([^\w\s].*)$/s.exec(rest);
  if (global) return globally(state, parsed.from === null ? 0 : from, parsed.from === null ? buffer.lines.length - 1 : to, global[3]!, global[1]!.startsWith('v') !== (global[2] === '!'));
  const m = WORD.exec(rest);
  if (!m) return error(state, `E492: Not an editor command: ${text}`);
  const [, word = '', bang = '', argument = ''] = m;
  return runCommand(state, { word, force: bang === '!', argument, from: Math.min(from, to), to: Math.max(from, to), given: parsed.from !== null, text });
}

interface Line { word: string; force: boolean; argument: string; from: number; to: number; given: boolean; text: string }

function runCommand(state: ViState, line: Line): Job | null {
  const { word, force, argument, from, to, given } = line;
  const { buffer } = state;
  if (word === '!') return { job: 'shell', command: (force ? '!' : '') + argument, filter: given ? [from, to] : null, read: null };
  if (word === '=') { state.message = String(given ? to + 1 : buffer.lines.length); return null; }
  if (word === '>' || word === '<') { shift(state, from, to, word === '>'); return null; }
  if (word === '&' || word === '&&' || word === '~') return error(state, 'E35: No previous regular expression');
  const name = fullName(word);
  switch (name) {
    case 'write': return write(state, line, 'stay');
    case 'wq': case 'wqall': return write(state, line, 'quit');
    case 'wall': return write(state, line, 'stay');
    case 'xit': case 'exit': return buffer.modified || argument !== '' ? write(state, line, 'quit') : quit(state, true);
    case 'quit': case 'qall': return quit(state, force);
    case 'cquit': return { job: 'quit', status: 1 };
    case 'edit':
      if (buffer.modified && !force) return error(state, 'E37: No write since last change (add ! to override)');
      return { job: 'edit', path: argument || state.file, force };
    case 'read': return argument.startsWith('!') ? { job: 'shell', command: argument.slice(1), filter: null, read: given ? to : buffer.y } : { job: 'read', path: argument || state.file, after: given ? to : buffer.y };
    case 'next': return { job: 'next', by: 1, force };
    case 'previous': case 'Next': return { job: 'next', by: -1, force };
    case 'saveas': return write(state, { ...line, force: true }, 'stay');
    case 'file': state.message = fileInfo(state); return null;
    case 'set': return setOption(state, argument);
    case 'nohlsearch': case 'syntax': case 'colorscheme': return null;
    case 'help': return error(state, `E149: Sorry, no help for ${argument || 'help.txt'}`);
    default: return name === null ? error(state, `E492: Not an editor command: ${line.text}`) : lineCommand(state, name, line);
  }
}

function lineCommand(state: ViState, name: string, { argument, from, to, given, text }: Line): Job | null {
  const { buffer } = state;
  const lines = buffer.lines.slice(from, to + 1);
  switch (name) {
    case 'delete':
      state.register = { lines, whole: true };
      replaceLines(buffer, from, lines.length, [], 'delete');
      buffer.y = Math.min(from, buffer.lines.length - 1);
      if (lines.length > 2) state.message = `${lines.length} fewer lines`;
      break;
    case 'yank': state.register = { lines, whole: true }; if (lines.length > 2) state.message = `${lines.length} lines yanked`; break;
    case 'put':
      replaceLines(buffer, to + 1, 0, state.register.lines, 'put');
      buffer.y = to + state.register.lines.length;
      break;
    case 'copy': case 't': case 'move': {
      const target = address(state, argument);
      if (!target || target.line === null) return error(state, 'E14: Invalid address');
      moveLines(state, name !== 'move', from, to, target.line);
      break;
    }
    case 'join': {
      const last = given && to > from ? to : Math.min(buffer.lines.length - 1, from + 1);
      replaceLines(buffer, from, last - from + 1, [buffer.lines.slice(from, last + 1).map((one, i) => (i ? one.trimStart() : one)).join(' ')], 'join');
      buffer.y = from;
      break;
    }
    case 'print': case 'number': buffer.y = to; state.message = name === 'number' ? `${String(to + 1).padStart(3)} ${buffer.lines[to]}` : buffer.lines[to] ?? ''; break;
    case 'mark': case 'k': state.marks[argument] = { y: to, x: 0 }; break;
    default: return error(state, `E319: Sorry, the command is not available in this version: ${text}`);
  }
  clamp(state);
  return null;
}

function moveLines(state: ViState, copy: boolean, from: number, to: number, target: number): void {
  const { buffer } = state;
  const lines = buffer.lines.slice(from, to + 1);
  if (!copy && target >= from && target < to) {
    error(state, 'E134: Move lines into themselves');
    return;
  }
  replaceLines(buffer, target + 1, 0, lines, 'put');
  if (!copy) replaceLines(buffer, target < from ? from + lines.length : from, lines.length, [], 'delete');
  buffer.y = copy || target < from ? target + lines.length : target;
}

function shift(state: ViState, from: number, to: number, right: boolean): void {
  const lines = state.buffer.lines.slice(from, to + 1);
  replaceLines(state.buffer, from, lines.length, lines.map((line) => (right ? (line === '' ? line : `\t${line}`) : line.replace(/^(\t| {1,8})/, ''))), 'shift');
}

function quit(state: ViState, force: boolean): Job | null {
  if (state.buffer.modified && !force) return error(state, 'E37: No write since last change (add ! to override)');
  return { job: 'quit', status: 0 };
}

function write(state: ViState, { argument, force, from, to, given }: Line, then: 'stay' | 'quit'): Job | null {
  const append = argument.startsWith('>>');
  const path = argument.replace(/^>>\s*/, '') || state.file;
  if (argument.startsWith('!')) return { job: 'shell', command: argument.slice(1), filter: [given ? from : 0, given ? to : state.buffer.lines.length - 1], read: null };
  if (path === '') return error(state, 'E32: No file name');
  if (state.readonly && !force && path === state.file) return error(state, "E45: 'readonly' option is set (add ! to override)");
  return { job: 'write', path, from: given ? from : 0, to: given ? to : state.buffer.lines.length - 1, whole: !given, force, append, then };
}

export function fileInfo(state: ViState): string {
  const { buffer } = state;
  const name = state.file === '' ? '[No Name]' : state.file;
  const flags = `${buffer.modified ? ' [Modified]' : ''}${state.isNew ? ' [New File]' : ''}${state.readonly ? ' [readonly]' : ''}`;
  if (buffer.lines.length === 1 && buffer.lines[0] === '') return `"${name}"${flags} --No lines in buffer--`;
  const count = buffer.lines.length;
  return `"${name}"${flags} ${count} line${count === 1 ? '' : 's'} --${Math.floor(((buffer.y + 1) * 100) / count)}%--`;
}

const OPTIONS: Readonly<Record<string, keyof ViState['options']>> = {
  number: 'number', nu: 'number', ignorecase: 'ignoreCase', ic: 'ignoreCase', list: 'list', wrap: 'wrap', hlsearch: 'hls', hls: 'hls', autoindent: 'autoindent', ai: 'autoindent',
  expandtab: 'expandtab', et: 'expandtab', paste: 'paste',
};
/** Settings that change nothing here, but are no mistake. */
const QUIET = /^(no)?(compatible|cp|ruler|ru|showcmd|sc|showmode|smd|syntax|incsearch|is|smartcase|scs|backup|bk|swapfile|swf|mouse|background|bg|encoding|enc|ttyfast|tf|modeline|ml|cursorline|cul|smartindent|si|visualbell|vb|errorbells|eb|laststatus|ls|scrolloff|so|history|hi|backspace|bs|shiftwidth|sw|softtabstop|sts|textwidth|tw|fileformat|ff|filetype|ft|relativenumber|rnu)(=.*)?$/;

function setOption(state: ViState, argument: string): null {
  if (argument === '') return null;
  for (const word of argument.split(/\s+/)) {
    const tab = /^(?:tabstop|ts)=(\d+)$/.exec(word);
    if (tab) {
      state.options.tab = Math.max(1, Number(tab[1]));
      continue;
    }
    const m = /^(no|inv)?([a-z]+)([?!])?$/.exec(word);
    const plain = OPTIONS[word.replace(/[?!]$/, '')];
    const key = plain ?? (m?.[1] ? OPTIONS[m[2]!] : undefined);
    if (key && key !== 'tab') {
      if (word.endsWith('?')) state.message = `${state.options[key] ? '  ' : 'no'}${word.slice(0, -1)}`;
      else state.options[key] = word.endsWith('!') || (!plain && m?.[1] === 'inv') ? !state.options[key] : plain !== undefined;
    } else if (word === 'ro' || word === 'readonly') state.readonly = true;
    else if (word === 'noro' || word === 'noreadonly') state.readonly = false;
    else if (!QUIET.test(word)) return error(state, `E518: Unknown option: ${word}`);
  }
  return null;
}

/** The parts between delimiters, where a backslash protects one. */
function delimited(text: string): { parts: string[]; delimiter: string } {
  const delimiter = text[0]!;
  const parts: string[] = [''];
  for (let i = 1; i < text.length; i++) {
    const c = text[i]!;
    if (c === '\\' && i + 1 < text.length) {
      parts[parts.length - 1] += text[i + 1] === delimiter ? delimiter : c + text[i + 1]!;
      i++;
    } else if (c === delimiter && parts.length < 3) parts.push('');
    else parts[parts.length - 1] += c;
  }
  return { parts, delimiter };
}

function substitute(state: ViState, from: number, to: number, text: string, quiet = false): null {
  const { parts } = delimited(text);
  const [typed = '', replacement = '', tail = ''] = parts;
  const m = /^([gciIne&]*)\s*(\d*)$/.exec(tail);
  if (!m) return error(state, 'E488: Trailing characters');
  const flags = m[1]!;
  if (typed !== '') state.search = typed;
  const regex = searchRegex(state.search, flags.includes('i') || (state.options.ignoreCase && !flags.includes('I')));
  if (!regex) return error(state, `E486: Pattern not found: ${state.search}`);
  const { buffer } = state;
  let count = 0;
  let changedLines = 0;
  const made: string[] = [];
  let last = -1;
  for (let y = from; y <= to && y < buffer.lines.length; y++) {
    const line = buffer.lines[y]!;
    let out = '';
    let at = 0;
    let hits = 0;
    for (let next = 0; next <= line.length;) {
      const found = regex.exec(line, next);
      if (!found) break;
      hits++;
      out += line.slice(at, found.start) + expanded(replacement, found.groups);
      at = found.end;
      next = found.end > found.start ? found.end : found.end + 1;
      if (!flags.includes('g')) break;
    }
    if (hits) {
      count += hits;
      changedLines++;
      last = made.length;
    }
    made.push(...(hits ? (out + line.slice(at)).split('\n') : [line]));
    if (hits) last = made.length - 1;
  }
  if (count === 0) return quiet || flags.includes('e') ? null : error(state, `E486: Pattern not found: ${state.search}`);
  if (flags.includes('n')) {
    state.message = `${count} match${count === 1 ? '' : 'es'} on ${changedLines} line${changedLines === 1 ? '' : 's'}`;
    return null;
  }
  replaceLines(buffer, from, Math.min(to, buffer.lines.length - 1) - from + 1, made, 'substitute');
  buffer.y = Math.min(buffer.lines.length - 1, from + last);
  buffer.x = 0;
  if (count > 2) state.message = `${count} substitution${count === 1 ? '' : 's'} on ${changedLines} line${changedLines === 1 ? '' : 's'}`;
  return null;
}

/** & and \0 are the match, \1 a group, \r a new line. */
function expanded(template: string, groups: readonly (string | undefined)[]): string {
  return template.replace(/\\(\d)|\\([rntu&\\])|\\([^])|&/g, (token, digit, letter, otherChar) => {
    if (digit !== undefined) return groups[Number(digit)] ?? '';
    if (letter !== undefined) return { r: '\n', n: '\0', t: '\t', '&': '&', '\\': '\\', u: '' }[letter as string]!;
    return otherChar !== undefined ? otherChar : token === '&' ? groups[0] ?? '' : token;
  });
}

function globally(state: ViState, from: number, to: number, text: string, inverted: boolean): Job | null {
  const { parts } = delimited(text);
  const pattern = parts[0]!;
  const command = text.slice(1 + pattern.length + 1) || 'p';
  if (pattern !== '') state.search = pattern;
  const regex = searchRegex(state.search, state.options.ignoreCase);
  const { buffer } = state;
  const hits = regex ? buffer.lines.flatMap((line, y) => (y >= from && y <= to && regex.test(line) !== inverted ? [y] : [])) : [];
  if (hits.length === 0) return error(state, `E486: Pattern not found: ${state.search}`);
  let moved = 0;
  for (const y of hits) {
    const before = buffer.lines.length;
    const wasLast = buffer.lines.length === 1;
    buffer.y = y + moved;
    const s = /^s([^\w\s].*)$/s.exec(command);
    if (s) substitute(state, buffer.y, buffer.y, s[1]!, true);
    else executeLine(state, `:${buffer.y + 1}${command}`);
    if (wasLast) break;
    moved += buffer.lines.length - before;
  }
  const fewer = -moved;
  if (fewer > 2) state.message = `${fewer} fewer lines`;
  clamp(state);
  return null;
}
