/**
 * Reads POSIX basic and extended regular expressions with GNU's additions. What is wrong is said in the
 * words of glibc's regerror(3). It does not match anything.
 */
import { type Node, REPEAT_MAX, type SetNode, type Syntax } from './ast.ts';

export class BadRegex extends Error {}

const CLASS_NAMES = ['alpha', 'digit', 'alnum', 'upper', 'lower', 'space', 'blank', 'punct', 'print', 'graph', 'cntrl', 'xdigit'];
const UNMATCHED_BRACKET = 'Unmatched [, [^, [:, [., or [=';

const AWK_ESCAPES: Readonly<Record<string, string>> = {
  n: '\n', t: '\t', r: '\r', f: '\f', v: '\v', a: '\x07', b: '\b', '"': '"', '/': '/', '&': '&',
};

interface Reader { readonly text: string; at: number; groups: number; open: number; readonly syntax: Syntax; readonly closed: Set<number> }

const peek = (r: Reader, token: string): boolean => r.text.startsWith(token, r.at);

export function parseRegex(text: string, syntax: Syntax): { node: Node; groups: number } {
  const reader: Reader = { text, at: 0, groups: 0, open: 0, syntax, closed: new Set() };
  const node = alternatives(reader);
  if (reader.at < text.length) throw new BadRegex('Unmatched ) or \\)');
  return { node, groups: reader.groups };
}

const bar = (r: Reader): string => (r.syntax.extended ? '|' : '\\|');
const closer = (r: Reader): string => (r.syntax.extended ? ')' : '\\)');

/** Whether a group ends here. Outside all groups egrep takes `)` for itself. */
const closes = (r: Reader): boolean => peek(r, closer(r)) && (r.open > 0 || !(r.syntax.extended && (r.syntax.lenient || r.syntax.awk)));

function alternatives(r: Reader): Node {
  const items = [sequence(r)];
  while (peek(r, bar(r))) {
    r.at += bar(r).length;
    items.push(sequence(r));
  }
  return items.length === 1 ? items[0]! : { t: 'alt', items };
}

function sequence(r: Reader): Node {
  const items: Node[] = [];
  while (r.at < r.text.length && !peek(r, bar(r)) && !closes(r)) {
    const repeat = interval(r, items.length === 0 || isStart(items));
    if (repeat === 'skip') continue;
    if (repeat) {
      const node = items.pop();
      if (!node) throw new BadRegex('Invalid preceding regular expression');
      items.push({ t: 'repeat', node, min: repeat[0], max: repeat[1] });
      continue;
    }
    items.push(atom(r, items.length === 0));
  }
  return items.length === 1 ? items[0]! : { t: 'seq', items };
}

const isStart = (items: readonly Node[]): boolean => {
  const last = items.at(-1);
  return items.length === 1 && last?.t === 'assert' && last.kind === 'start';
};

/** A repetition here: how often; 'skip' if it is read and means nothing; null if there is none. */
function interval(r: Reader, atStart: boolean): [number, number] | 'skip' | null {
  const { extended, lenient, awk } = r.syntax;
  const c = r.text[r.at]!;
  const simple: Readonly<Record<string, [number, number]>> = { '*': [0, Infinity], '+': [1, Infinity], '?': [0, 1] };
  if (extended ? c in simple : c === '*') {
    if (atStart && !extended) return null;
    r.at++;
    if (!atStart) return simple[c]!;
    if (lenient) return 'skip';
    if (awk) { r.at--; return null; }
    throw new BadRegex('Invalid preceding regular expression');
  }
  const next = r.text[r.at + 1];
  if (!extended && c === '\\' && (next === '+' || next === '?')) {
    if (atStart) return null;
    r.at += 2;
    return simple[next]!;
  }
  return braces(r, atStart);
}

function braces(r: Reader, atStart: boolean): [number, number] | 'skip' | null {
  const { extended } = r.syntax;
  if (!peek(r, extended ? '{' : '\\{')) return null;
  const rest = r.text.slice(r.at);
  const m = (extended ? /^\{(\d*)(,?)(\d*)\}/ : /^\\\{(\d*)(,?)(\d*)\\\}/).exec(rest);
  if (!m || (m[1] === '' && m[2] === '')) {
    if (extended && (r.syntax.lenient || r.syntax.awk)) return null;
    const unfinished = extended ? /^\{\d*,?\d*$/.test(rest) : /^\\\{\d*,?\d*$/.test(rest);
    throw new BadRegex(unfinished ? 'Unmatched \\{' : 'Invalid content of \\{\\}');
  }
  if (atStart && r.syntax.awk) return null;
  const min = m[1] === '' ? 0 : Number(m[1]);
  const max = m[2] === '' ? min : m[3] === '' ? Infinity : Number(m[3]);
  if (max < min) throw new BadRegex('Invalid content of \\{\\}');
  if (min > REPEAT_MAX || (max !== Infinity && max > REPEAT_MAX)) throw new BadRegex('Regular expression too big');
  r.at += m[0].length;
  if (!atStart) return [min, max];
  if (extended && r.syntax.lenient) return 'skip';
  throw new BadRegex('Invalid preceding regular expression');
}

function atom(r: Reader, first: boolean): Node {
  const { extended } = r.syntax;
  const c = r.text[r.at]!;
  if (c === '\\') return escape(r);
  if (c === '[') return bracket(r);
  if (c === '.') { r.at++; return { t: 'any' }; }
  if (c === '^' && (extended || first)) { r.at++; return { t: 'assert', kind: 'start' }; }
  if (c === '$' && (extended || atEnd(r))) { r.at++; return { t: 'assert', kind: 'end' }; }
  if (extended && c === '(') { r.at++; return group(r); }
  return literal(r);
}

/** In a BRE, `$` is an anchor at the end, and before `\)` and `\|`. */
const atEnd = (r: Reader): boolean => r.at + 1 === r.text.length || r.text.startsWith('\\)', r.at + 1) || r.text.startsWith('\\|', r.at + 1);

function literal(r: Reader): Node {
  const c = String.fromCodePoint(r.text.codePointAt(r.at)!);
  r.at += c.length;
  return { t: 'char', c };
}

function group(r: Reader): Node {
  const index = ++r.groups;
  r.open++;
  const node = alternatives(r);
  if (!peek(r, closer(r))) throw new BadRegex('Unmatched ( or \\(');
  r.at += closer(r).length;
  r.open--;
  r.closed.add(index);
  return { t: 'group', index, node };
}

const wordSet = (negated: boolean): SetNode => ({ t: 'set', negated, ranges: [], classes: ['w'] });
const spaceSet = (negated: boolean): SetNode => ({ t: 'set', negated, ranges: [], classes: ['space'] });

function escape(r: Reader): Node {
  const { extended, awk } = r.syntax;
  const c = r.text[r.at + 1];
  if (c === undefined) {
    if (!awk) throw new BadRegex('Trailing backslash');
    r.at++;
    return { t: 'char', c: '\\' };
  }
  if (!extended && c === '(') { r.at += 2; return group(r); }
  if (awk) {
    const escaped = awkEscape(r);
    if (escaped !== null) return { t: 'char', c: escaped };
  }
  r.at += 2;
  switch (c) {
    case 'w': return wordSet(false);
    case 'W': return wordSet(true);
    case 's': return spaceSet(false);
    case 'S': return spaceSet(true);
    case '<': return { t: 'assert', kind: 'wordStart' };
    case '>': return { t: 'assert', kind: 'wordEnd' };
    case 'y': if (awk) return { t: 'assert', kind: 'wordEdge' }; break;
    case 'b': if (!awk) return { t: 'assert', kind: 'wordEdge' }; break;
    case 'B': return { t: 'assert', kind: 'notWordEdge' };
    case '`': return { t: 'assert', kind: 'textStart' };
    case "'": return { t: 'assert', kind: 'textEnd' };
    default: break;
  }
  if (c >= '1' && c <= '9' && !awk) {
    if (!r.closed.has(Number(c))) throw new BadRegex('Invalid back reference');
    return { t: 'reference', index: Number(c) };
  }
  r.at -= 1;
  return literal(r);
}

/** An escape that awk's strings know, or null. */
function awkEscape(r: Reader): string | null {
  const rest = r.text.slice(r.at + 1, r.at + 5);
  const octal = /^[0-7]{1,3}/.exec(rest)?.[0];
  if (octal) {
    r.at += 1 + octal.length;
    return String.fromCharCode(parseInt(octal, 8) & 255);
  }
  const simple = AWK_ESCAPES[rest[0]!];
  if (simple === undefined) return null;
  r.at += 2;
  return simple;
}

function bracket(r: Reader): Node {
  const start = r.at;
  r.at++;
  const negated = peek(r, '^');
  if (negated) r.at++;
  if (r.at >= r.text.length) throw new BadRegex(r.text.length === start + 1 && !r.syntax.awk ? 'Invalid regular expression' : UNMATCHED_BRACKET);
  const ranges: [number, number][] = [];
  const classes: string[] = [];
  for (let first = true; ; first = false) {
    if (r.at >= r.text.length) throw new BadRegex(UNMATCHED_BRACKET);
    if (peek(r, ']') && !first) break;
    if (peek(r, '[:')) {
      classes.push(className(r));
      continue;
    }
    const from = member(r);
    if (peek(r, '-') && r.text[r.at + 1] !== ']' && r.at + 1 < r.text.length) {
      r.at++;
      const to = member(r);
      if (to < from) throw new BadRegex('Invalid range end');
      ranges.push([from, to]);
    } else ranges.push([from, from]);
  }
  r.at++;
  warnOfClass(r.text.slice(start, r.at));
  return { t: 'set', negated, ranges, classes };
}

/** `[:space:]` alone is surely a mistake: GNU says so. */
function warnOfClass(text: string): void {
  if (/^\[:[a-z]+:\]$/.test(text)) throw new BadRegex('character class syntax is [[:space:]], not [:space:]');
}

function className(r: Reader): string {
  const end = r.text.indexOf(':]', r.at + 2);
  if (end < 0) throw new BadRegex(UNMATCHED_BRACKET);
  const name = r.text.slice(r.at + 2, end);
  if (!CLASS_NAMES.includes(name)) throw new BadRegex('Invalid character class name');
  r.at = end + 2;
  return name;
}

/** One member of a bracket expression: a character, `[.x.]` or `[=x=]`. */
function member(r: Reader): number {
  const named = /^\[([.=])(.+?)\1\]/su.exec(r.text.slice(r.at));
  if (named) {
    if ([...named[2]!].length > 1) throw new BadRegex('Invalid collation character');
    r.at += named[0].length;
    return named[2]!.codePointAt(0)!;
  }
  if (r.syntax.awk && peek(r, '\\')) {
    const escaped = awkEscape(r);
    if (escaped !== null) return escaped.codePointAt(0)!;
    if (r.at + 1 < r.text.length) r.at++;
  }
  const code = r.text.codePointAt(r.at)!;
  r.at += code > 0xffff ? 2 : 1;
  return code;
}

