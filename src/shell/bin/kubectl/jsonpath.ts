/**
 * kubectl's JSONPath: the grammar and the odd corners of client-go's util/jsonpath (1.14), by recursive
 * descent. Values are plain JSON; a result list prints with single blanks between.
 */
import { byText, isObj, sortedKeys, type Obj } from './object.ts';
import { formatNumber } from './yaml.ts';

type Param = { known: boolean; value: number; derived?: boolean };
type Node =
  | { is: 'text'; text: string } | { is: 'list'; nodes: Node[] } | { is: 'field'; name: string } | { is: 'name'; name: string }
  | { is: 'array'; params: readonly [Param, Param, Param] } | { is: 'union'; lists: Node[][] } | { is: 'filter'; left: Node[]; right: Node[]; op: string }
  | { is: 'wildcard' } | { is: 'recursive' } | { is: 'value'; value: number | boolean };

export class PathError { constructor(readonly message: string) {} }
export type Parsed = { ok: true; nodes: readonly Node[] } | { ok: false; error: string };

const TERMINATORS = new Set([' ', '\t', '\n', '\r', '', '.', ',', '[', ']', '$', '@', '{', '}']);
const isWord = (c: string): boolean => c === '_' || /[\p{L}\p{N}]/u.test(c);

/** One template, or the inside of one action. */
class Parser {
  at = 0;
  readonly root: Node[] = [];
  constructor(readonly input: string) {}

  template(): Node[] {
    for (;;) {
      const open = this.input.indexOf('{', this.at);
      const text = open < 0 ? this.input.slice(this.at) : this.input.slice(this.at, open);
      if (text) this.root.push({ is: 'text', text });
      if (open < 0) return this.root;
      this.at = open + 1;
      const nodes: Node[] = [];
      this.action(nodes);
      this.root.push({ is: 'list', nodes });
    }
  }

  private action(into: Node[]): void {
    for (;;) {
      if (this.takes('}')) return;
      if (this.takes('[?(')) { this.filter(into); continue; }
      if (this.takes('..')) {
        into.push({ is: 'recursive' });
        if (isWord(this.peek())) this.field(into);
        continue;
      }
      const c = this.input[this.at] ?? '';
      this.at++;
      if (c === '' || c === '\n' || c === '\r') throw new PathError('unclosed action');
      if (c === ' ' || c === '@' || c === '$') continue;
      if (c === '[') this.array(into);
      else if (c === '"' || c === "'") this.quoted(into, c);
      else if (c === '.') this.field(into);
      else if (c === '+' || c === '-' || /\d/.test(c)) this.number(into);
      else if (isWord(c)) this.identifier(into);
      else throw new PathError(`unrecognized character in action: U+${c.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')} '${c}'`);
    }
  }

  private takes(text: string): boolean {
    if (!this.input.startsWith(text, this.at)) return false;
    this.at += text.length;
    return true;
  }
  private peek(): string { return this.input[this.at] ?? ''; }

  private identifier(into: Node[]): void {
    const start = this.at - 1;
    while (!TERMINATORS.has(this.peek())) this.at++;
    const name = this.input.slice(start, this.at);
    into.push(name === 'true' || name === 'false' ? { is: 'value', value: name === 'true' } : { is: 'name', name });
  }

  private field(into: Node[]): void {
    const start = this.at;
    while (!TERMINATORS.has(this.peek())) this.at += this.peek() === '\\' ? 2 : 1;
    const name = this.input.slice(start, this.at);
    into.push(name === '*' ? { is: 'wildcard' } : { is: 'field', name: name.replaceAll('\\', '') });
  }

  private number(into: Node[]): void {
    const start = this.at - 1;
    while (/[\d.]/.test(this.peek())) this.at++;
    const text = this.input.slice(start, this.at);
    const value = Number(text);
    if (!/\d/.test(text) || Number.isNaN(value)) throw new PathError(`cannot parse number ${text}`);
    into.push({ is: 'value', value });
  }

  private quoted(into: Node[], quote: string): void {
    const start = this.at;
    for (; ; this.at++) {
      const c = this.peek();
      if (c === '' || c === '\n') throw new PathError('unterminated quoted string');
      if (c === '\\') { this.at++; continue; }
      if (c === quote) break;
    }
    into.push({ is: 'text', text: unescape(this.input.slice(start, this.at)) });
    this.at++;
  }

  private array(into: Node[]): void {
    const start = this.at;
    while (this.peek() !== ']') {
      if (this.peek() === '' || this.peek() === '\n') throw new PathError('unterminated array');
      this.at++;
    }
    let text = this.input.slice(start, this.at++);
    if (text === '*') text = ':';
    const parts = text.split(',');
    if (parts.length > 1) { into.push({ is: 'union', lists: parts.map((part) => inner(`[${part.trim()}]`)) }); return; }
    const key = /^'([^']*)'$/.exec(text);
    if (key) { into.push(...inner(`.${key[1]}`)); return; }
    const slice = /^(-?\d*)(:-?\d*)?(:\d*)?$/.exec(text);
    if (!slice) throw new PathError(`invalid array index ${text}`);
    const from: Param = { known: slice[1] !== '', value: Number(slice[1] || 0) };
    const end = slice[2] === undefined ? { known: true, value: from.value + 1, derived: true } : { known: slice[2] !== ':', value: Number(slice[2].slice(1) || 0) };
    into.push({ is: 'array', params: [from, end, { known: false, value: 0 }] });
  }

  private filter(into: Node[]): void {
    const start = this.at;
    let pair = '';
    let closed = true;
    for (; ; this.at++) {
      const c = this.peek();
      if (c === '' || c === '\n') throw new PathError('unterminated filter');
      if (c === '"' || c === "'") {
        if (!pair) { pair = c; closed = false; } else if (c === pair && this.input[this.at - 1] !== '\\') closed = true;
      } else if (c === ')' && closed) break;
    }
    const text = this.input.slice(start, this.at++);
    if (!this.takes(']')) throw new PathError('unclosed array expect ]');
    const parts = /^([^!<>=]+)([!<>=]+)(.+?)$/.exec(text);
    into.push(parts ? { is: 'filter', left: inner(parts[1]!), right: inner(parts[3]!), op: parts[2]! } : { is: 'filter', left: inner(text), right: [], op: 'exists' });
  }
}

function inner(text: string): Node[] {
  const root = new Parser(`{${text}}`).template();
  const first = root[0];
  return first?.is === 'list' ? first.nodes : [];
}

const SIMPLE: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', a: '\x07', b: '\b', f: '\f', v: '\v' };
const unescape = (text: string): string => text.replace(/\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|[0-7]{3}|.)/gs, (_, e: string) => (e[0] === 'x' || e[0] === 'u') && e.length > 1
  ? String.fromCharCode(parseInt(e.slice(1), 16)) : /^[0-7]{3}$/.test(e) ? String.fromCharCode(parseInt(e, 8)) : SIMPLE[e] ?? e);

export function parsePath(template: string): Parsed {
  try {
    return { ok: true, nodes: new Parser(template).template() };
  } catch (error) {
    if (error instanceof PathError) return { ok: false, error: error.message };
    throw error;
  }
}

/** What custom-columns and --sort-by take: x.y, .x.y and {.x.y} are the same. */
export function relaxed(expression: string): { ok: true; template: string } | { ok: false; error: string } {
  if (expression === '') return { ok: true, template: '' };
  const m = /^\{\.?([^{}]+)\}$|^\.?([^{}]+)$/.exec(expression);
  if (!m) return { ok: false, error: `unexpected path string, expected a 'name1.name2' or '.name1.name2' or '{name1.name2}' or '{.name1.name2}'` };
  return { ok: true, template: `{.${m[1] ?? m[2]}}` };
}

/** The walk over a parsed template. `range` and `end` act on the list that they stand in. */
class Walk {
  private begin = 0;
  private ended = 0;
  private within = 0;
  private cur: unknown[] = [];
  private readonly outer: unknown[][] = [];
  constructor(readonly strict: boolean) {}

  find(nodes: readonly Node[], data: unknown): unknown[][] {
    this.cur = [data];
    const full: unknown[][] = [];
    for (let i = 0; i < nodes.length; i++) {
      const results = this.walk(this.cur, nodes[i]!);
      if (this.ended > 0 && this.ended <= this.within) { this.ended--; break; }
      if (this.begin > 0) {
        this.begin--;
        this.within++;
        results.forEach((value, k) => {
          if (k === results.length - 1) this.within--;
          full.push(...this.find(nodes.slice(i + 1), value));
        });
        break;
      }
      full.push(results);
    }
    return full;
  }

  private list(input: unknown[], nodes: readonly Node[]): unknown[] {
    return nodes.reduce<unknown[]>((at, node) => this.walk(at, node), input);
  }

  private walk(input: unknown[], node: Node): unknown[] {
    switch (node.is) {
      case 'list': return this.list(input, node.nodes);
      case 'text': return [new Text(node.text)];
      case 'value': return input.map(() => node.value);
      case 'field': return this.field(input, node.name);
      case 'wildcard': return input.flatMap(children);
      case 'recursive': return input.flatMap(descend);
      case 'union': return node.lists.flatMap((nodes) => this.list(input, nodes));
      case 'array': return input.flatMap((value) => slice(value, node.params));
      case 'filter': return input.flatMap((value) => this.filter(value, node));
      case 'name': return this.word(input, node.name);
    }
  }

  private word(input: unknown[], name: string): unknown[] {
    if (name === 'range') {
      this.outer.push(this.cur);
      this.begin++;
      return input;
    }
    if (name !== 'end') throw new PathError(`unrecognized identifier ${name}`);
    if (this.ended < this.within) { this.ended++; return []; }
    const back = this.outer.pop();
    if (!back) throw new PathError('not in range, nothing to end');
    this.cur = back;
    return [];
  }

  private field(input: unknown[], name: string): unknown[] {
    const results = input.flatMap((value) => (isObj(value) && Object.hasOwn(value, name) && value[name] !== undefined ? [value[name]] : []));
    if (!results.length && this.strict && input.length) throw new PathError(`${name} is not found`);
    return results;
  }

  private filter(value: unknown, node: Node & { is: 'filter' }): unknown[] {
    if (!Array.isArray(value)) throw new PathError(`${printValue(value)} is not array or slice and cannot be filtered`);
    return value.filter((item: unknown) => {
      const lefts = this.quiet(() => this.list([item], node.left));
      if (node.op === 'exists') return lefts.length > 0;
      if (!lefts.length) return false;
      const rights = this.quiet(() => this.list([item], node.right));
      if (!rights.length) return false;
      if (lefts.length > 1 || rights.length > 1) throw new PathError('can only compare one element at a time');
      return compare(lefts[0], rights[0], node.op);
    });
  }

  /** A missing key inside a filter only means that the item does not pass. */
  private quiet(run: () => unknown[]): unknown[] {
    try { return run(); } catch (error) {
      if (this.strict && error instanceof PathError && error.message.endsWith(' is not found')) return [];
      throw error;
    }
  }
}

class Text { constructor(readonly text: string) {} }
const plain = (value: unknown): unknown => (value instanceof Text ? value.text : value);

const children = (value: unknown): unknown[] => (Array.isArray(value) ? value : isObj(value) ? sortedKeys(value).map((key) => value[key]) : []);

function descend(value: unknown): unknown[] {
  const inside = children(value);
  return inside.length ? [value, ...inside.flatMap(descend)] : [];
}

function slice(value: unknown, params: readonly [Param, Param, Param]): unknown[] {
  if (value === null || value === undefined) return [];
  if (!Array.isArray(value)) throw new PathError(`${goType(value)} is not array or slice`);
  const length = value.length;
  const from = params[0].known && params[0].value < 0 ? params[0].value + length : params[0].known ? params[0].value : 0;
  let to = params[1].known ? params[1].value : length;
  if (to < 0 || (to === 0 && params[1].derived)) to += length;
  if (from !== to) {
    if (from >= length || from < 0) throw new PathError(`array index out of bounds: index ${from}, length ${length}`);
    if (to > length || to < 0) throw new PathError(`array index out of bounds: index ${to - 1}, length ${length}`);
  }
  return value.slice(from, to);
}

function compare(a: unknown, b: unknown, op: string): boolean {
  const [left, right] = [plain(a), plain(b)];
  if (typeof left !== typeof right || (typeof left === 'object')) throw new PathError('incompatible types for comparison');
  if (op === '==') return left === right;
  if (op === '!=') return left !== right;
  if (typeof left === 'boolean') throw new PathError('invalid type for comparison');
  const order = typeof left === 'string' ? byText(left, right as string) : (left as number) - (right as number);
  switch (op) {
    case '<': return order < 0;
    case '<=': return order <= 0;
    case '>': return order > 0;
    case '>=': return order >= 0;
    default: throw new PathError(`unrecognized filter operator ${op}`);
  }
}

export type Found = { ok: true; results: unknown[][] } | { ok: false; error: string };

export function findPath(nodes: readonly Node[], data: unknown, strict = false): Found {
  try {
    return { ok: true, results: new Walk(strict).find(nodes, data).map((list) => list.map(plain)) };
  } catch (error) {
    if (error instanceof PathError) return { ok: false, error: error.message };
    throw error;
  }
}

/** fmt.Fprint of a decoded JSON value. */
export function printValue(value: unknown): string {
  if (value === null || value === undefined) return '<nil>';
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return formatNumber(value);
  if (Array.isArray(value)) return `[${value.map(printValue).join(' ')}]`;
  if (isObj(value)) return `map[${sortedKeys(value).map((key) => `${key}:${printValue(value[key])}`).join(' ')}]`;
  return String(value);
}

export const printResults = (results: readonly unknown[][]): string => results.map((list) => list.map(printValue).join(' ')).join('');

const goType = (value: unknown): string => (isObj(value) ? 'map[string]interface {}' : typeof value === 'number' ? (Number.isInteger(value) ? 'int64' : 'float64') : typeof value === 'boolean' ? 'bool' : 'string');

/** %#v of a decoded JSON value. */
export function goSyntax(value: unknown): string {
  if (value === null || value === undefined) return 'interface {}(nil)';
  if (typeof value === 'string') return JSON.stringify(value).replace(/\\u00([0-9a-f]{2})/g, '\\x$1');
  if (Array.isArray(value)) return `[]interface {}{${value.map(goSyntax).join(', ')}}`;
  if (isObj(value)) return `map[string]interface {}{${sortedKeys(value as Obj).map((key) => `${goSyntax(key)}:${goSyntax(value[key])}`).join(', ')}}`;
  return typeof value === 'number' ? formatNumber(value) : String(value);
}
