/** The history: lines, its file, and `!` expansion. bash's bashhist.c and readline's histexpand.c. */
import { own } from '../../sim/engine/cow.ts';
import { emptyHistory, type Block } from './session.ts';
import type { Shell } from './shell.ts';
import { value } from './variables.ts';

const BLOCK = 50;

export function allLines(sh: Shell): string[] { return sh.s.history.blocks.flatMap((block) => block.lines); }
export function allTimes(sh: Shell): number[] { return sh.s.history.blocks.flatMap((block) => block.times); }

export function lineAt(sh: Shell, index: number): string | undefined {
  if (index < 0) return undefined;
  for (const block of sh.s.history.blocks) {
    if (index < block.lines.length) return block.lines[index];
    index -= block.lines.length;
  }
  return undefined;
}

export const lastLine = (sh: Shell): string | undefined => {
  const lines = sh.s.history.blocks[sh.s.history.blocks.length - 1]?.lines;
  return lines?.[lines.length - 1];
};

/** Appends without question; the oldest lines go beyond HISTSIZE. */
export function addLine(sh: Shell, line: string, second = Math.floor(sh.clockUs / 1e6)): void {
  const h = own(sh.s, 'history');
  const blocks = own(h, 'blocks');
  if (!blocks.length || blocks[blocks.length - 1]!.lines.length >= BLOCK)
    blocks.push({ lines: [], times: [] });
  const block = own(blocks, blocks.length - 1) as Block;
  own(block, 'lines').push(line);
  own(block, 'times').push(second);
  h.length++;
  const size = value(sh, 'HISTSIZE');
  const max = size !== undefined && /^\d+$/.test(size) ? Number(size) : size === undefined ? 500 : Infinity;
  while (h.length > max && blocks.length) {
    const first = own(blocks, 0) as Block;
    own(first, 'lines').shift();
    own(first, 'times').shift();
    h.length--;
    h.first++;
    if (!first.lines.length) blocks.shift();
  }
}

export function clearLines(sh: Shell): void { sh.s.history = emptyHistory(); }

export function deleteLine(sh: Shell, number: number): void {
  const all = allLines(sh), times = allTimes(sh), { first } = sh.s.history;
  clearLines(sh);
  sh.s.history.first = first;
  all.forEach((line, i) => { if (i !== number - first) addLine(sh, line, times[i]); });
}

export function loadLines(sh: Shell, text: string): void {
  // Times, as HISTTIMEFORMAT leaves them in the file, belong to the line after them.
  let second: number | undefined;
  for (const line of text.split('\n')) {
    if (line === '') continue;
    if (/^#\d+$/.test(line)) { second = Number(line.slice(1)); continue; }
    addLine(sh, line, second);
    second = undefined;
  }
}

export const historyFile = (sh: Shell): string | null => {
  const file = value(sh, 'HISTFILE');
  return file === undefined || file === '' ? null : file;
};

/** Whether HISTCONTROL and HISTIGNORE let a line in. */
export function wanted(sh: Shell, line: string): boolean {
  const control = (value(sh, 'HISTCONTROL') ?? '').split(':');
  const both = control.includes('ignoreboth');
  if ((both || control.includes('ignorespace')) && /^[ \t]/.test(line)) return false;
  if ((both || control.includes('ignoredups')) && lastLine(sh) === line) return false;
  const ignored = value(sh, 'HISTIGNORE');
  return !ignored?.split(':')
    .some((pattern) => pattern === line || (pattern === '&' && lastLine(sh) === line));
}

// ---- expansion

type Expanded = { text: string; changed: boolean; printOnly: boolean } | { error: string };

const ENDS = /[ \t\n=(]/;

/** `!!`, `!n`, `!str`, `!$`, `^a^b`: the line as it is to be run. */
export function expandHistory(sh: Shell, line: string): Expanded {
  if (line[0] === '^') return quick(sh, line);
  if (!line.includes('!')) return { text: line, changed: false, printOnly: false };
  let out = '', changed = false, printOnly = false, quote = '';
  for (let i = 0; i < line.length; i++) {
    const c = line[i]!;
    if (c === '\\' && quote !== "'") { out += c + (line[i + 1] ?? ''); i++; continue; }
    if (c === "'" && quote === '') { quote = "'"; out += c; continue; }
    if (c === quote) { quote = ''; out += c; continue; }
    if (c === '"' && quote === '') quote = '"';
    const next = line[i + 1];
    if (c !== '!' || quote === "'" || next === undefined || ENDS.test(next)
      || (next === '"' && quote === '"') || /[$][{(]?$/.test(out.slice(-2))
        || (out.endsWith('[') && quote === '')) {
      out += c;
      continue;
    }
    if (out.endsWith('$')) { out += c; continue; }
    const event = readEvent(sh, line, i + 1, out);
    if ('error' in event) return event;
    out += event.text;
    changed = true;
    printOnly ||= event.printOnly;
    i = event.end - 1;
  }
  return { text: out, changed, printOnly };
}

function quick(sh: Shell, line: string): Expanded {
  const m = /^\^([^^]*)\^([^^]*)(?:\^(.*))?$/s.exec(line) ?? /^\^([^^]+)()$/.exec(line);
  const last = lastLine(sh);
  if (!m || m[1] === '') return { text: line, changed: false, printOnly: false };
  if (last === undefined || !last.includes(m[1]!)) return { error: `:s${line}: substitution failed` };
  return { text: last.replace(m[1]!, () => m[2]!) + (m[3] ?? ''), changed: true, printOnly: false };
}

type Event = { text: string; end: number; printOnly: boolean } | { error: string };

function readEvent(sh: Shell, line: string, from: number, before: string): Event {
  const all = allLines(sh), { first } = sh.s.history;
  let i = from, text: string | undefined, name = '';
  const rest = line.slice(i);
  const number = /^-?\d+/.exec(rest);
  if (rest[0] === '!') {
    text = all[all.length - 1];
    name = '!!';
    i++;
  } else if (rest[0] === '#') { text = before; name = '!#'; i++; } else if (/^[$^*]/.test(rest)) {
    text = all[all.length - 1];
    name = `!${rest[0]}`;
  } else if (rest[0] === ':' ) { text = all[all.length - 1]; name = '!:'; } else if (number) {
    const n = Number(number[0]);
    text = n < 0 ? all[all.length + n] : all[n - first];
    name = `!${number[0]}`;
    i += number[0].length;
  } else if (rest[0] === '?') {
    const m = /^\?([^?\n]*)\??/.exec(rest)!;
    text = all.findLast((l) => l.includes(m[1]!));
    name = `!${m[0]}`;
    i += m[0].length;
  } else {
    const m = /^[^ \t\n;&()|<>:"'$^*%]+/.exec(rest)?.[0] ?? '';
    text = m === '' ? undefined : all.findLast((l) => l.startsWith(m));
    name = `!${m}`;
    i += m.length;
  }
  if (text === undefined) return { error: `${name}: event not found` };
  return designators(text, line, i);
}

/** `:n`, `:$`, `:2-4`, and the modifiers h t r e p s g & after them. */
function designators(text: string, line: string, from: number): Event {
  let i = from, printOnly = false;
  const words = text.match(/(?:\\.|'[^']*'|"(?:\\.|[^"])*"|[^\s])+/g) ?? [];
  const m = /^(?::(?=[\d^$*%-])|(?=[$^*%]))(\^|\$|\*|%|\d+)?(?:(-)(\d+|\$)?|(\*))?/.exec(line.slice(i));
  if (m && m[0] !== '') {
    const at = (spec: string): number => (spec === '^' ? 1 : spec === '$' ? words.length - 1 : Number(spec));
    const head = m[1];
    i += m[0].length;
    if (head === '*') text = words.slice(1).join(' ');
    else {
      const start = head === undefined ? 0 : at(head);
      const end = m[4] !== undefined ? words.length - 1
        : m[2] !== undefined ? (m[3] === undefined ? words.length - 2 : at(m[3])) : start;
      if (start >= words.length || end >= words.length || end < start - 1)
        return { error: `${m[0]}: bad word specifier` };
      text = words.slice(start, end + 1).join(' ');
    }
  }
  for (;;) {
    const mod = /^:(?:(g?s)(.)(.*?)(?:\2(.*?))(?:\2|$)|([htreqxp]))/.exec(line.slice(i));
    if (!mod) return { text, end: i, printOnly };
    i += mod[0].length;
    if (mod[1]) {
      if (!text.includes(mod[3]!)) return { error: `${mod[0]}: substitution failed` };
      text = mod[1] === 'gs' ? text.replaceAll(mod[3]!, () => mod[4]!) : text.replace(mod[3]!, () => mod[4]!);
    } else if (mod[5] === 'h') text = text.replace(/\/[^/]*$/, '');
    else if (mod[5] === 't') text = text.replace(/^.*\//, '');
    else if (mod[5] === 'r') text = text.replace(/\.[^./]*$/, '');
    else if (mod[5] === 'e') text = /\.[^./]*$/.exec(text)?.[0] ?? text;
    else if (mod[5] === 'q') text = `'${text.replace(/'/g, "'\\''")}'`;
    else if (mod[5] === 'p') printOnly = true;
  }
}
