/** A sed script as data, and its reader: GNU sed 4.4's syntax and complaints. It runs nothing. */
import { compileRegex, type Regex } from '../regex/compile.ts';

export type Address =
  | { readonly kind: 'line'; readonly line: number }
  | { readonly kind: 'last' }
  | { readonly kind: 'step'; readonly first: number; readonly step: number }
  /** A null regex is the last one used. */
  | { readonly kind: 'regex'; readonly regex: Regex | null }
  | { readonly kind: 'plus'; readonly count: number }
  | { readonly kind: 'multiple'; readonly of: number };

/** Parts of a replacement: text, a group, or a change of case. */
export type Part = string | { readonly group: number } | { readonly turn: 'L' | 'U' | 'l' | 'u' | 'E' };

export interface Substitution {
  readonly regex: Regex | null; readonly parts: readonly Part[]; readonly global: boolean; readonly nth: number; readonly print: number; readonly evaluate: boolean;
  readonly file: string | null;
}

export interface Instruction {
  readonly command: string;
  readonly from: Address | null;
  readonly to: Address | null;
  readonly negated: boolean;
  /** Text of a i c, label of b t T :, file of r R w W. */
  readonly text: string;
  readonly number: number | null;
  readonly substitution: Substitution | null;
  readonly map: ReadonlyMap<string, string> | null;
  /** Index to go on at: the end of a block, the target of a branch. */
  jump: number;
  /** Which range this is: the state of ranges is kept beside the script. */
  readonly range: number;
}

export class BadScript extends Error {}

export interface ScriptSource { readonly text: string; /** `-e expression #1` or a file's name. */ readonly name: string; readonly isFile: boolean }
export interface ScriptStyle { readonly extended: boolean; readonly posix: boolean }

class Reader {
  at = 0;
  constructor(readonly text: string, readonly source: ScriptSource, readonly style: ScriptStyle) {}

  get c(): string | undefined { return this.text[this.at]; }
  next(): string | undefined { return this.text[this.at++]; }
  skip(form: RegExp): string {
    form.lastIndex = this.at;
    const found = form.exec(this.text)?.[0] ?? '';
    this.at += found.length;
    return found;
  }

  /** The complaint with its place: a character of an expression, a line of a file. */
  bad(words: string, at = this.at): BadScript {
    const place = this.source.isFile ? `file ${this.source.name} line ${this.text.slice(0, at).split('\n').length}` : `${this.source.name}, char ${at}`;
    return new BadScript(`${place}: ${words}`);
  }
}

const BLANKS = /[ \t]*/y;
const SPACES = /[ \t\n;]*/y;

interface Building { readonly out: Instruction[]; readonly blocks: { index: number; reader: Reader; at: number }[]; ranges: number }

/** All pieces of a script in order: those of -e are lines of one text, as far as a\ may go on in the next. */
export function parseScript(sources: readonly ScriptSource[], style: ScriptStyle): Instruction[] {
  const building: Building = { out: [], blocks: [], ranges: 0 };
  for (let i = 0; i < sources.length; i++) {
    let source = sources[i]!;
    // `-e 'a\' -e 'text'`: a backslash at the end joins the next expression.
    while (!source.isFile && /(^|[^\\])(\\\\)*\\$/.test(source.text) && sources[i + 1] && !sources[i + 1]!.isFile) {
      source = { ...source, text: `${source.text}\n${sources[++i]!.text}` };
    }
    const reader = new Reader(source.text, source, style);
    while (readCommand(reader, building));
  }
  const open = building.blocks.at(-1);
  if (open) throw open.reader.source.isFile ? open.reader.bad('unmatched `{\'', open.at) : new BadScript(`${open.reader.source.name}, char 0: unmatched \`{'`);
  resolveLabels(building.out);
  return building.out;
}

function resolveLabels(script: readonly Instruction[]): void {
  const labels = new Map<string, number>();
  script.forEach((instruction, i) => { if (instruction.command === ':') labels.set(instruction.text, i); });
  for (const instruction of script) {
    if (!'btT'.includes(instruction.command)) continue;
    const target = instruction.text === '' ? script.length : labels.get(instruction.text);
    if (target === undefined) throw new BadScript(`can't find label for jump to \`${instruction.text}'`);
    instruction.jump = target;
  }
}

function readCommand(r: Reader, building: Building): boolean {
  r.skip(SPACES);
  if (r.c === undefined) return false;
  if (r.c === '#') {
    r.skip(/[^\n]*/y);
    return true;
  }
  const from = readAddress(r, true);
  let to: Address | null = null;
  if (from) {
    r.skip(BLANKS);
    if (r.c === ',') {
      r.at++;
      r.skip(BLANKS);
      to = readAddress(r, false);
      if (!to) throw r.bad('unexpected `,\'', r.at + 1);
    }
  }
  if (from?.kind === 'line' && from.line === 0 && to?.kind !== 'regex') throw r.bad('invalid usage of line address 0', r.at + 1);
  r.skip(BLANKS);
  let negated = false;
  while (r.c === '!') {
    r.at++;
    r.skip(BLANKS);
    if (negated) throw r.bad('multiple `!\'s', r.at);
    negated = true;
  }
  const command = r.next();
  if (command === undefined) throw r.bad('missing command', r.at - 1);
  building.out.push(readBody(r, building, command, from, to, negated));
  return true;
}

function readAddress(r: Reader, first: boolean): Address | null {
  const number = r.skip(/\d+/y);
  if (number !== '') {
    r.skip(BLANKS);
    if (first && r.c === '~') {
      r.at++;
      return { kind: 'step', first: Number(number), step: Number(r.skip(/\d+/y) || 0) };
    }
    return { kind: 'line', line: Number(number) };
  }
  if (r.c === '$') {
    r.at++;
    return { kind: 'last' };
  }
  if (!first && (r.c === '+' || r.c === '~')) {
    const kind = r.next()!;
    const count = r.skip(/\d+/y);
    if (count === '') throw r.bad('unexpected `,\'');
    return kind === '+' ? { kind: 'plus', count: Number(count) } : { kind: 'multiple', of: Number(count) };
  }
  if (r.c !== '/' && r.c !== '\\') return null;
  if (r.next() === '\\') {
    if (r.c === undefined) throw r.bad('unterminated address regex');
    r.at++;
  }
  const delimiter = r.text[r.at - 1]!;
  const pattern = readDelimited(r, delimiter, true);
  if (pattern === null) throw r.bad('unterminated address regex');
  const flags = r.skip(/[IM]*/y);
  return { kind: 'regex', regex: compile(r, pattern, flags.includes('I'), flags.includes('M')) };
}

/** Up to the delimiter, which escaped is itself; null if it never comes. */
function readDelimited(r: Reader, delimiter: string, regex: boolean): string | null {
  let out = '';
  for (let inSet = false; r.c !== undefined;) {
    const c = r.next()!;
    if (c === delimiter && !inSet) return out;
    if (c === '\n' && regex) { r.at--; return null; }
    if (c === '\\') {
      const next = r.next();
      if (next === undefined) return null;
      if (next === delimiter) out += regex && /[.*[\]^$+?(){}|]/.test(delimiter) && r.style.extended ? `[${delimiter}]` : delimiter;
      else if (next === 'n' && regex) out += '\n';
      else if (next === '\n' && regex) out += '\n';
      else out += `\\${next}`;
      continue;
    }
    if (regex && c === '[' && !inSet) {
      out += c;
      if (r.c === '^') out += r.next();
      if (r.c === ']') out += r.next();
      inSet = true;
      continue;
    }
    if (inSet && c === '[' && (r.c === ':' || r.c === '.' || r.c === '=')) {
      const end = r.text.indexOf(`${r.c}]`, r.at + 1);
      if (end >= 0) {
        out += c + r.text.slice(r.at, end + 2);
        r.at = end + 2;
        continue;
      }
    }
    if (inSet && c === ']') inSet = false;
    out += c;
  }
  return null;
}

/** Escapes that make a character: \t, \d065, \o101, \x41, \cA. */
export function unescapeChars(text: string): string {
  return text.replace(/\\(?:d(\d{3})|o([0-7]{3})|x([0-9a-fA-F]{2})|c(.)|([afrtv]))|\\[^]/g, (all, dec, oct, hex, control, simple) => {
    if (dec !== undefined) return literalChar(Number(dec));
    if (oct !== undefined) return literalChar(parseInt(oct, 8));
    if (hex !== undefined) return literalChar(parseInt(hex, 16));
    if (control !== undefined) return String.fromCharCode(control.toUpperCase().charCodeAt(0) ^ 64);
    return simple === undefined ? all : { a: '\x07', f: '\f', r: '\r', t: '\t', v: '\v' }[simple as 'a'];
  });
}
/** A character made by its number is never special. */
const literalChar = (code: number): string => {
  const c = String.fromCharCode(code & 255);
  return /[\\^$.*[\]]/.test(c) ? `\\${c}` : c;
};

function compile(r: Reader, pattern: string, ignoreCase: boolean, multiline: boolean): Regex | null {
  if (pattern === '') return null;
  const made = compileRegex(unescapeChars(pattern), { extended: r.style.extended, ignoreCase, multiline });
  if (!made.ok) throw made.message.startsWith('character class syntax') ? new BadScript(made.message) : r.bad(made.message);
  return made.regex;
}

const NO_ADDRESS = ':}';

function readBody(r: Reader, building: Building, command: string, from: Address | null, to: Address | null, negated: boolean): Instruction {
  const base = { command, from, to, negated, text: '', number: null, substitution: null, map: null, jump: -1, range: to ? building.ranges++ : -1 };
  const start = r.at;
  if (to && 'aiqQrR='.includes(command) && (r.style.posix || 'qQ'.includes(command))) throw r.bad('command only uses one address');
  if (from && NO_ADDRESS.includes(command)) throw r.bad(command === ':' ? ': doesn\'t want any addresses' : 'unexpected `}\'');
  switch (command) {
    case '{':
      building.blocks.push({ index: building.out.length, reader: r, at: start });
      return base;
    case '}': {
      const block = building.blocks.pop();
      if (!block) throw r.bad('unexpected `}\'');
      building.out[block.index]!.jump = building.out.length;
      endOfCommand(r);
      return base;
    }
    case '=': case 'd': case 'D': case 'F': case 'g': case 'G': case 'h': case 'H': case 'n': case 'N': case 'p': case 'P': case 'x': case 'z':
      endOfCommand(r);
      return base;
    case 'a': case 'i': case 'c': return { ...base, text: readText(r) };
    case ':': {
      r.skip(BLANKS);
      const label = r.skip(/[^;\n]*/y).trimEnd();
      if (label === '') throw r.bad('":" lacks a label');
      return { ...base, text: label };
    }
    case 'b': case 't': case 'T': {
      r.skip(BLANKS);
      const label = r.skip(/[^;\n}]*/y).trimEnd();
      return { ...base, text: label };
    }
    case 'r': case 'R': case 'w': case 'W': return { ...base, text: readFileName(r) };
    case 'q': case 'Q': case 'l': case 'L': {
      r.skip(BLANKS);
      const number = r.skip(/\d+/y);
      endOfCommand(r);
      return { ...base, number: number === '' ? null : Number(number) };
    }
    case 'e': {
      r.skip(BLANKS);
      return { ...base, text: r.skip(/[^\n]*/y) };
    }
    case 's': return { ...base, substitution: readSubstitution(r) };
    case 'y': return { ...base, map: readMap(r) };
    default: throw r.bad(`unknown command: \`${command}'`);
  }
}

function endOfCommand(r: Reader): void {
  r.skip(BLANKS);
  if (r.c === undefined || r.c === '}' || r.c === '#') return;
  if (r.c === '\n' || r.c === ';') { r.at++; return; }
  throw r.bad('extra characters after command', r.at + 1);
}

function readFileName(r: Reader): string {
  r.skip(BLANKS);
  const name = r.skip(/[^\n]*/y);
  if (name === '') throw r.bad('missing filename in r/R/w/W commands');
  return name;
}

/** Text of a, i, c: after a\ and a newline, or on the same line (GNU). Backslashes go, escaped newlines stay. */
function readText(r: Reader): string {
  r.skip(BLANKS);
  if (r.c === undefined) throw r.bad('expected \\ after `a\', `c\' or `i\'');
  if (r.c === '\\') {
    r.at++;
    const blanks = r.skip(BLANKS);
    if (r.c === undefined) return '';
    if (r.text[r.at] === '\n') r.at++;
    else r.at -= blanks.length;
    // One-line form after the backslash: leading white space is kept.
  }
  let out = '';
  while (r.c !== undefined) {
    const c = r.next()!;
    if (c === '\n') break;
    if (c !== '\\') { out += c; continue; }
    const next = r.next();
    if (next === undefined) break;
    out += next === 't' ? '\t' : next;
  }
  return `${out}\n`;
}

const FLAGS = /[0-9gpiImMew]/;

function readSubstitution(r: Reader): Substitution {
  const delimiter = r.next();
  const unterminated = (): BadScript => r.bad('unterminated `s\' command');
  if (delimiter === undefined || delimiter === '\n' || delimiter === '\\') throw unterminated();
  const pattern = readDelimited(r, delimiter, true);
  if (pattern === null) throw unterminated();
  const replacement = readDelimited(r, delimiter, false);
  if (replacement === null) throw unterminated();
  const flags = { global: false, nth: 0, print: 0, ignoreCase: false, multiline: false, evaluate: false };
  let file: string | null = null;
  for (; r.c !== undefined && FLAGS.test(r.c) && file === null;) {
    const digits = r.skip(/\d+/y);
    if (digits !== '') {
      if (flags.nth) throw r.bad('multiple number options to `s\' command');
      flags.nth = Number(digits);
      if (flags.nth === 0) throw r.bad('number option to `s\' command may not be zero');
      continue;
    }
    const c = r.next()!;
    if (c === 'g' && flags.global) throw r.bad('multiple `g\' options to `s\' command');
    if (c === 'p' && flags.print) throw r.bad('multiple `p\' options to `s\' command');
    if (c === 'g') flags.global = true;
    else if (c === 'p') flags.print = 1;
    else if (c === 'i' || c === 'I') flags.ignoreCase = true;
    else if (c === 'm' || c === 'M') flags.multiline = true;
    else if (c === 'e') flags.evaluate = true;
    else file = readFileName(r);
  }
  if (file === null) endOfSubstitution(r);
  const regex = compile(r, pattern, flags.ignoreCase, flags.multiline);
  const parts = readReplacement(r, replacement, delimiter);
  const most = parts.reduce((max, part) => (typeof part === 'object' && 'group' in part ? Math.max(max, part.group) : max), 0);
  if (regex && most > regex.groups) throw r.bad(`invalid reference \\${most} on \`s' command's RHS`);
  return { regex, parts, global: flags.global, nth: flags.nth || 1, print: flags.print, evaluate: flags.evaluate, file };
}

function endOfSubstitution(r: Reader): void {
  r.skip(BLANKS);
  if (r.c === undefined || r.c === '}' || r.c === '#') return;
  if (r.c === '\n' || r.c === ';') { r.at++; return; }
  throw r.bad('unknown option to `s\'', r.at + 1);
}

function readReplacement(r: Reader, text: string, delimiter: string): Part[] {
  const parts: Part[] = [];
  let literal = '';
  const flush = (part: Part): void => {
    if (literal !== '') parts.push(literal);
    literal = '';
    parts.push(part);
  };
  for (let i = 0; i < text.length; i++) {
    const c = text[i]!;
    if (c === '&' && delimiter !== '&') { flush({ group: 0 }); continue; }
    if (c !== '\\') { literal += c; continue; }
    const next = text[++i] ?? '\\';
    if (next >= '0' && next <= '9') flush({ group: Number(next) });
    else if ('LUluE'.includes(next) && !r.style.posix) flush({ turn: next as 'L' });
    else if (next === 'n') literal += '\n';
    else {
      const made = /^\\(?:d\d{3}|o[0-7]{3}|x[0-9a-fA-F]{2}|c.|[afrtv])/.exec(text.slice(i - 1));
      if (made) {
        const char = unescapeChars(made[0]);
        literal += char.length === 2 && char[0] === '\\' ? char[1] : char;
        i += made[0].length - 2;
      } else literal += next;
    }
  }
  if (literal !== '') parts.push(literal);
  return parts;
}

function readMap(r: Reader): Map<string, string> {
  const delimiter = r.next();
  const unterminated = (): BadScript => r.bad('unterminated `y\' command');
  if (delimiter === undefined) throw unterminated();
  const [from, to] = [readDelimited(r, delimiter, false), readDelimited(r, delimiter, false)];
  if (from === null || to === null) throw unterminated();
  const chars = (text: string): string[] => [...text.replace(/\\(n|\\)|\\([^])/g, (all, known, other) => (known === 'n' ? '\n' : known ? '\\' : other === delimiter ? other : all))];
  const [a, b] = [chars(unescapeChars(from)), chars(unescapeChars(to))];
  if (a.length !== b.length) throw r.bad('strings for `y\' command are different lengths');
  endOfCommand(r);
  return new Map(a.map((c, i) => [c, b[i]!]));
}

