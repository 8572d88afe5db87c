/**
 * YAML as kubectl 1.14 writes it: go-yaml v2's emitter behind sigs.k8s.io/yaml, with its key order, its
 * choice of quotes and its folding at 80 columns. Reading is in yaml-read.ts.
 */
import { byText, isObj, type Obj } from './object.ts';

const WORDS: Readonly<Record<string, boolean | null | number>> = {};
for (const [value, words] of [[true, 'y Y yes Yes YES true True TRUE on On ON'], [false, 'n N no No NO false False FALSE off Off OFF'],
  [null, '~ null Null NULL'], [NaN, '.nan .NaN .NAN'], [Infinity, '.inf .Inf .INF +.inf +.Inf +.INF'], [-Infinity, '-.inf -.Inf -.INF']] as const) {
  for (const word of words.split(' ')) (WORDS as Record<string, unknown>)[word] = value;
}
const FLOAT = /^[-+]?[0-9]*\.?[0-9]+([eE][-+][0-9]+)?$/;
const BASE60 = /^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?$/;
const TIMESTAMP = /^\d{4}-\d{1,2}-\d{1,2}(?:[Tt]\d{1,2}:\d{1,2}:\d{1,2}(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)| \d{1,2}:\d{1,2}:\d{1,2}(?:\.\d+)?)?$/;
const INTEGER = /^[-+]?(?:0[xX][0-9a-fA-F]+|0[0-7]*|[1-9][0-9]*)$/;
const BINARY = /^-?0b[01]+$/;

/** What a plain scalar stands for: go-yaml v2's resolve(). A string unless it says otherwise. */
export function resolveScalar(text: string): boolean | null | number | string {
  if (text === '') return null;
  if (Object.hasOwn(WORDS, text)) return WORDS[text]!;
  const first = text[0]!;
  if (first === '.') return /^\.[0-9]+([eE][-+]?[0-9]+)?$/.test(text) ? Number(text) : text;
  if (!/[-+0-9]/.test(first) || TIMESTAMP.test(text)) return text;
  const plain = text.includes('_') ? text.replaceAll('_', '') : text;
  if (INTEGER.test(plain)) {
    const digits = plain.replace(/^[-+]/, '');
    const value = /^0[0-7]+$/.test(digits) ? parseInt(digits, 8) : Number(digits);
    return plain[0] === '-' ? -value : value;
  }
  if (FLOAT.test(plain)) return Number(plain);
  return BINARY.test(plain) ? (plain[0] === '-' ? -parseInt(plain.slice(3), 2) : parseInt(plain.slice(2), 2)) : text;
}

const needsQuotes = (text: string): boolean =>
  text === '' || TIMESTAMP.test(text) || BASE60.test(text) || typeof resolveScalar(text) !== 'string' || text === '<<';

/** The natural order of go-yaml's map keys: letters last, runs of digits by value. */
export function keyOrder(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    if (a[i] === b[i]) continue;
    const [al, bl] = [/\p{L}/u.test(a[i]!), /\p{L}/u.test(b[i]!)];
    if (al && bl) return byText(a[i]!, b[i]!);
    if (al || bl) return bl ? -1 : 1;
    const an = Number(/^\d*/.exec(a.slice(i))![0] || 0);
    const bn = Number(/^\d*/.exec(b.slice(i))![0] || 0);
    return an !== bn ? an - bn : byText(a[i]!, b[i]!);
  }
  return a.length - b.length;
}

interface Analysis { plain: boolean; single: boolean; block: boolean }

const PRINTABLE = /^[\n\x20-\x7e\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\u{10000}-\u{10ffff}]*$/u;

/** libyaml's analysis of a scalar outside flow collections. */
function analyse(text: string): Analysis {
  if (text === '') return { plain: true, single: true, block: false };
  const indicator = /^(---|\.\.\.)/.test(text) || /^[#,[\]{}&*!|>'"%@`]/.test(text) || /^[?:-](\s|$)/.test(text) || /:(\s|$)/.test(text) || /\s#/.test(text);
  const edge = /^[ \n]|[ \n]$/.test(text);
  const spaceBreak = / \n/.test(text);
  const breakSpace = /\n /.test(text);
  const special = !PRINTABLE.test(text);
  return {
    plain: !edge && !breakSpace && !spaceBreak && !special && !text.includes('\n') && !indicator,
    single: !breakSpace && !spaceBreak && !special,
    block: !/ $/.test(text) && !spaceBreak && !special,
  };
}

const WIDTH = 80;

/** Breaks text at single blanks beyond the width, as the emitter does while writing. */
function fold(text: string, column: number, indent: number, prefix: string, quoted: boolean, escapeBlank: boolean): string {
  let out = prefix;
  let at = column + prefix.length;
  let blank = false;
  for (let i = 0; i < text.length; i++) {
    const c = text[i]!;
    const inside = !quoted || (i > 0 && i < text.length - 1);
    if (c === ' ' && !blank && at > WIDTH && inside && (escapeBlank || text[i + 1] !== ' ')) {
      out += `\n${' '.repeat(indent)}`;
      at = indent;
      if (escapeBlank && text[i + 1] === ' ') { out += '\\'; at++; }
    } else { out += c; at++; }
    blank = c === ' ';
  }
  return out;
}

const ESCAPES: Readonly<Record<string, string>> = { '\0': '\\0', '\x07': '\\a', '\b': '\\b', '\t': '\\t', '\n': '\\n', '\v': '\\v', '\f': '\\f', '\r': '\\r', '\x1b': '\\e', '"': '\\"', '\\': '\\\\', '\x85': '\\N', '\xa0': '\\_', '\u2028': '\\L', '\u2029': '\\P' };

const doubleQuoted = (text: string): string => [...text].map((c) => ESCAPES[c]
  ?? (PRINTABLE.test(c) && c !== '\n' ? c : c <= '\xff' ? `\\x${hex(c, 2)}` : c <= '\uffff' ? `\\u${hex(c, 4)}` : `\\U${hex(c, 8)}`)).join('');
const hex = (c: string, digits: number): string => c.codePointAt(0)!.toString(16).toUpperCase().padStart(digits, '0');

function literal(text: string, indent: number): string {
  const hint = /^[ \n]/.test(text) ? '2' : '';
  const chomp = !text.endsWith('\n') ? '-' : text === '\n' || text.endsWith('\n\n') ? '+' : '';
  const lines = (text.endsWith('\n') ? text.slice(0, -1) : text).split('\n');
  return `|${hint}${chomp}\n${lines.map((line) => (line ? ' '.repeat(indent) + line : '')).join('\n')}`;
}

/** A scalar at `column` in a collection whose entries stand at `indent`. */
function scalar(value: unknown, column: number, indent: number, key: boolean): string {
  if (value === null || value === undefined) return 'null';
  if (typeof value !== 'string') return typeof value === 'number' ? formatNumber(value) : String(value);
  const can = analyse(value);
  const next = indent + 2;
  const breaks = (text: string, quoted: boolean, escapeBlank: boolean, quote: string): string =>
    (key ? quote + text : fold(text, column, next, quote, quoted, escapeBlank)) + quote;
  if (value.includes('\n') && can.block && !key) return literal(value, next);
  if (value.includes('\n') || needsQuotes(value)) return breaks(doubleQuoted(value), true, true, '"');
  if (can.plain) return breaks(value, false, false, '');
  if (can.single) return breaks(value.replaceAll("'", "''"), true, false, "'");
  return breaks(doubleQuoted(value), true, true, '"');
}

/** strconv 'g' as far as JSON numbers need it. */
export function formatNumber(n: number): string {
  if (Number.isInteger(n) && Math.abs(n) < 1e21) return String(n);
  return String(n).replace(/e([+-])(\d)$/, 'e$10$2');
}

function emit(value: unknown, indent: number, column: number, out: string[]): void {
  if (Array.isArray(value)) {
    if (!value.length) { out.push(' []\n'); return; }
    out.push('\n');
    sequence(value, indent, out);
  } else if (isObj(value)) {
    const keys = Object.keys(value).filter((key) => value[key] !== undefined);
    if (!keys.length) { out.push(' {}\n'); return; }
    out.push('\n');
    mapping(value, keys, indent, false, out);
  } else out.push(` ${scalar(value, column + 1, indent - 2, false)}\n`);
}

function sequence(items: readonly unknown[], indent: number, out: string[], continued = false): void {
  items.forEach((item, i) => {
    out.push(i === 0 && continued ? '-' : `${' '.repeat(indent)}-`);
    if (Array.isArray(item) && item.length) { out.push(' '); sequence(item, indent + 2, out, true); return; }
    const keys = isObj(item) ? Object.keys(item).filter((key) => item[key] !== undefined) : [];
    if (keys.length) { out.push(' '); mapping(item as Obj, keys, indent + 2, true, out); return; }
    emit(item, indent + 2, indent + 1, out);
  });
}

function mapping(obj: Obj, keys: string[], indent: number, continued: boolean, out: string[]): void {
  keys.sort(keyOrder).forEach((key, i) => {
    const head = `${scalar(key, indent, indent, true)}:`;
    out.push(i === 0 && continued ? head : ' '.repeat(indent) + head);
    const value = obj[key];
    // A sequence stands at its key's own column, a mapping two further in.
    emit(value, Array.isArray(value) ? indent : indent + 2, indent + head.length, out);
  });
}

export function toYaml(value: unknown): string {
  const out: string[] = [];
  if (Array.isArray(value) && value.length) sequence(value, 0, out);
  else if (isObj(value) && Object.keys(value).length) mapping(value, Object.keys(value).filter((key) => value[key] !== undefined), 0, false, out);
  else return Array.isArray(value) ? '[]\n' : isObj(value) ? '{}\n' : `${scalar(value, 0, -2, false)}\n`;
  return out.join('');
}

/** encoding/json's escapes: <, > and & too. */
const jsonText = (text: string): string => JSON.stringify(text).replace(/[<>&\u2028\u2029\x7f]/g, (c) => (c === '\x7f' ? c : `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`));

/** json.MarshalIndent; `sorted` for what came as a map (anything read from the server). */
export function toJson(value: unknown, indent: string, sorted = true, depth = ''): string {
  if (typeof value === 'string') return jsonText(value);
  if (typeof value === 'number') return formatNumber(value);
  const inner = depth + indent;
  const [open, comma, colon, close] = indent ? [`\n${inner}`, `,\n${inner}`, ': ', `\n${depth}`] : ['', ',', ':', ''];
  if (Array.isArray(value)) return value.length ? `[${open}${value.map((item) => toJson(item, indent, sorted, inner)).join(comma)}${close}]` : '[]';
  if (!isObj(value)) return value === undefined ? 'null' : String(value);
  const keys = Object.keys(value).filter((key) => value[key] !== undefined);
  if (sorted) keys.sort(byText);
  return keys.length ? `{${open}${keys.map((key) => `${jsonText(key)}${colon}${toJson(value[key], indent, sorted, inner)}`).join(comma)}${close}}` : '{}';
}
