/**
 * The grammar of kubectl's JSONPath (client-go util/jsonpath, 1.14), by recursive descent. It evaluates nothing.
 */

export type Param = { known: boolean; value: number; derived?: boolean };
export type Node =
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
