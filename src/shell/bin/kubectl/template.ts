/**
 * Go's text/template over decoded JSON, as -o go-template uses it (Go 1.12): actions, pipelines, variables,
 * if, range, with, define and template, and the built-in functions. Numbers of the data are float64,
 * numbers of the template are int (here bigint), and the two do not compare.
 */
import { unbase64 } from '../../../sim/proc/certificate.ts';
import { byText, isObj, sortedKeys } from './object.ts';

type Expr =
  | { is: 'value'; value: unknown } | { is: 'dot' } | { is: 'nil' } | { is: 'field'; of: Expr; names: string[] } | { is: 'var'; name: string }
  | { is: 'call'; fn: string; args: Expr[] } | { is: 'pipe'; steps: Expr[] };
interface Pipe { set: string[]; expr: Expr; text: string }
type Node =
  | { is: 'text'; text: string } | { is: 'print'; pipe: Pipe } | { is: 'template'; name: string; pipe: Pipe | null }
  | { is: 'if' | 'with' | 'range'; pipe: Pipe; body: Node[]; other: Node[] };

export interface Template { body: Node[]; named: Readonly<Record<string, Node[]>> }
class TemplateError { constructor(readonly message: string) {} }

/** A value that is not there: printed as <no value>. */
const MISSING = Symbol('no value');

type Lexeme = { text: string; action: boolean; line: number };

function lex(source: string): Lexeme[] {
  const out: Lexeme[] = [];
  let at = 0;
  let trim = false;
  const lineOf = (index: number): number => source.slice(0, index).split('\n').length;
  for (;;) {
    const open = source.indexOf('{{', at);
    let text = open < 0 ? source.slice(at) : source.slice(at, open);
    if (trim) text = text.trimStart();
    const trimBefore = open >= 0 && /^\{\{- /.test(source.slice(open, open + 4));
    if (trimBefore) text = text.trimEnd();
    if (text) out.push({ text, action: false, line: lineOf(at) });
    if (open < 0) return out;
    let end = open + (trimBefore ? 4 : 2);
    const start = end;
    for (; ; end++) {
      const c = source[end];
      if (c === undefined || c === '\n') throw new TemplateError(`${lineOf(open)}: unclosed action`);
      if (c === '"' || c === '`' || c === "'") {
        const close = quoteEnd(source, end);
        if (close < 0) throw new TemplateError(`${lineOf(open)}: unterminated quoted string`);
        end = close;
      } else if (source.startsWith('}}', end)) break;
    }
    let inner = source.slice(start, end);
    trim = inner.endsWith(' -');
    if (trim) inner = inner.slice(0, -2);
    if (!/^\s*\/\*[\s\S]*\*\/\s*$/.test(inner)) out.push({ text: inner, action: true, line: lineOf(open) });
    at = end + 2;
  }
}

function quoteEnd(source: string, at: number): number {
  const quote = source[at]!;
  for (let i = at + 1; i < source.length; i++) {
    if (source[i] === '\\' && quote !== '`') i++;
    else if (source[i] === quote) return i;
  }
  return -1;
}

const WORD = /\s*("(?:[^"\\]|\\.)*"|`[^`]*`|'(?:[^'\\]|\\.)+'|:=|[|(),=]|\$\w*|(?:\.[A-Za-z_]\w*)+|\.|[-+]?\d[\w.]*|[A-Za-z_]\w*|\S)/y;

const FUNCTIONS = new Set(['and', 'or', 'not', 'len', 'index', 'print', 'printf', 'println', 'html', 'js', 'urlquery', 'eq', 'ne', 'lt', 'le', 'gt', 'ge', 'exists', 'base64decode', 'call']);

/** The words of one action. */
class Action {
  private readonly words: { text: string; spaced: boolean }[] = [];
  private at = 0;
  constructor(readonly text: string, readonly line: number, readonly vars: Set<string>) {
    WORD.lastIndex = 0;
    for (let m = WORD.exec(text); m; m = WORD.exec(text)) this.words.push({ text: m[1]!, spaced: m[0] !== m[1] });
  }
  fail(message: string): never { throw new TemplateError(`${this.line}: ${message}`); }
  peek(): string { return this.words[this.at]?.text ?? ''; }
  take(): string { return this.words[this.at++]?.text ?? ''; }

  /** `$x, $y := pipeline`. */
  pipe(context: string): Pipe {
    const set: string[] = [];
    const ahead = this.words.slice(this.at, this.at + 4).map((word) => word.text);
    if (ahead[0]?.startsWith('$') && (ahead[1] === ':=' || ahead[1] === '=' || (ahead[1] === ',' && ahead[3] === ':='))) {
      set.push(this.take());
      if (this.take() === ',') { set.push(this.take()); this.take(); }
      for (const name of set) this.vars.add(name);
    }
    const expr = this.pipeline(context);
    if (this.peek()) this.fail(`unexpected ${JSON.stringify(this.peek())} in ${context}`);
    return { set, expr, text: this.text.trim() };
  }

  private pipeline(context: string): Expr {
    const steps = [this.command(context)];
    while (this.peek() === '|') {
      this.take();
      steps.push(this.command(context));
    }
    return steps.length === 1 ? steps[0]! : { is: 'pipe', steps };
  }

  private command(context: string): Expr {
    const first = this.peek();
    if (first === '' || first === '|' || first === ')') this.fail(`missing value for ${context}`);
    if (!/^[A-Za-z_]/.test(first) || ['true', 'false', 'nil'].includes(first)) {
      const operand = this.operand(context);
      if (this.peek() && !['|', ')'].includes(this.peek())) this.fail(`unexpected ${JSON.stringify(this.peek())} in ${context}`);
      return operand;
    }
    this.take();
    if (!FUNCTIONS.has(first)) this.fail(`function ${JSON.stringify(first)} not defined`);
    const args: Expr[] = [];
    while (this.peek() && !['|', ')'].includes(this.peek())) args.push(this.operand(context));
    return { is: 'call', fn: first, args };
  }

  private operand(context: string): Expr {
    const word = this.take();
    let expr: Expr;
    if (word === '(') {
      expr = this.pipeline(context);
      if (this.take() !== ')') this.fail('unclosed left paren');
    } else if (word === '.') expr = { is: 'dot' };
    else if (word.startsWith('.')) expr = { is: 'field', of: { is: 'dot' }, names: word.slice(1).split('.') };
    else if (word.startsWith('$')) {
      if (word !== '$' && !this.vars.has(word)) this.fail(`undefined variable ${JSON.stringify(word)}`);
      expr = { is: 'var', name: word };
    } else if (/^["`]/.test(word)) expr = { is: 'value', value: unquote(word) };
    else if (word.startsWith("'")) expr = { is: 'value', value: BigInt(unquote(`"${word.slice(1, -1)}"`).codePointAt(0) ?? 0) };
    else if (/^[-+]?\d+$/.test(word)) expr = { is: 'value', value: BigInt(word) };
    else if (/^[-+]?\d*\.?\d+([eE][-+]?\d+)?$/.test(word)) expr = { is: 'value', value: Number(word) };
    else if (word === 'true' || word === 'false') expr = { is: 'value', value: word === 'true' };
    else if (word === 'nil') expr = { is: 'nil' };
    else if (FUNCTIONS.has(word)) expr = { is: 'call', fn: word, args: [] };
    else this.fail(/^[A-Za-z_]/.test(word) ? `function ${JSON.stringify(word)} not defined` : `unexpected ${JSON.stringify(word)} in ${context === 'command' ? 'operand' : context}`);
    const next = this.words[this.at];
    if (next && !next.spaced && /^\.\w/.test(next.text)) {
      this.at++;
      expr = { is: 'field', of: expr, names: next.text.slice(1).split('.') };
    }
    return expr;
  }
}

const ESCAPED: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', '\\': '\\', '"': '"', "'": "'", a: '\x07', b: '\b', f: '\f', v: '\v' };
const unquote = (word: string): string => (word.startsWith('`') ? word.slice(1, -1)
  : word.slice(1, -1).replace(/\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|.)/gs, (_, e: string) => (e.length > 1 ? String.fromCharCode(parseInt(e.slice(1), 16)) : ESCAPED[e] ?? e)));

class Builder {
  readonly named: Record<string, Node[]> = {};
  private at = 0;
  private readonly vars = new Set<string>();
  constructor(readonly lexemes: Lexeme[]) {}

  list(inside: boolean): { nodes: Node[]; ended: 'end' | 'else' | 'eof'; rest: string; line: number } {
    const nodes: Node[] = [];
    for (; this.at < this.lexemes.length;) {
      const { text, action, line } = this.lexemes[this.at++]!;
      if (!action) { nodes.push({ is: 'text', text }); continue; }
      const [, keyword = '', rest = ''] = /^\s*([A-Za-z]*)(?![\w])([\s\S]*)$/.exec(text) ?? ['', '', text];
      if (keyword === 'end' || keyword === 'else') {
        if (!inside) throw new TemplateError(`${line}: unexpected {{${keyword}}}`);
        return { nodes, ended: keyword, rest, line };
      }
      if (keyword === 'if' || keyword === 'with' || keyword === 'range') nodes.push(this.control(keyword, rest, line));
      else if (keyword === 'define' || keyword === 'block') this.define(keyword, rest, line, nodes);
      else if (keyword === 'template') nodes.push(this.call(rest, line));
      else {
        const pipe = new Action(text, line, this.vars).pipe('command');
        nodes.push({ is: 'print', pipe });
      }
    }
    if (inside) throw new TemplateError(`${this.lexemes.at(-1)?.line ?? 1}: unexpected EOF`);
    return { nodes, ended: 'eof', rest: '', line: 0 };
  }

  private control(is: 'if' | 'with' | 'range', rest: string, line: number): Node {
    const pipe = new Action(rest, line, this.vars).pipe(is);
    const body = this.list(true);
    if (body.ended !== 'else') return { is, pipe, body: body.nodes, other: [] };
    const again = /^\s*if\b([\s\S]*)$/.exec(body.rest);
    if (again && is === 'if') return { is, pipe, body: body.nodes, other: [this.control('if', again[1]!, body.line)] };
    const other = this.list(true);
    if (other.ended !== 'end') throw new TemplateError(`${other.line}: expected end; found {{else}}`);
    return { is, pipe, body: body.nodes, other: other.nodes };
  }

  private define(keyword: string, rest: string, line: number, nodes: Node[]): void {
    const m = /^\s*("(?:[^"\\]|\\.)*"|`[^`]*`)([\s\S]*)$/.exec(rest);
    if (!m) throw new TemplateError(`${line}: missing value for ${keyword} clause`);
    const name = unquote(m[1]!);
    this.named[name] = this.list(true).nodes;
    if (keyword === 'block') nodes.push({ is: 'template', name, pipe: new Action(m[2]!, line, this.vars).pipe('block clause') });
  }

  private call(rest: string, line: number): Node {
    const m = /^\s*("(?:[^"\\]|\\.)*"|`[^`]*`)([\s\S]*)$/.exec(rest);
    if (!m) throw new TemplateError(`${line}: missing value for template clause`);
    return { is: 'template', name: unquote(m[1]!), pipe: m[2]!.trim() ? new Action(m[2]!, line, this.vars).pipe('template clause') : null };
  }
}

export function parseTemplate(source: string): { ok: true; value: Template } | { ok: false; error: string } {
  try {
    const builder = new Builder(lex(source));
    const { nodes } = builder.list(false);
    return { ok: true, value: { body: nodes, named: builder.named } };
  } catch (error) {
    if (error instanceof TemplateError) return { ok: false, error: `template: output:${error.message}` };
    throw error;
  }
}

type Scope = Map<string, unknown>[];

class Run {
  text = '';
  constructor(readonly template: Template, readonly strict: boolean) {}

  list(nodes: readonly Node[], dot: unknown, scope: Scope): void {
    for (const node of nodes) this.node(node, dot, scope);
  }

  private node(node: Node, dot: unknown, scope: Scope): void {
    if (node.is === 'text') { this.text += node.text; return; }
    if (node.is === 'template') {
      const body = this.template.named[node.name];
      if (!body) throw new TemplateError(`template ${JSON.stringify(node.name)} not defined`);
      const data = node.pipe ? this.pipe(node.pipe, dot, scope) : MISSING;
      this.list(body, data, [new Map([['$', data]])]);
      return;
    }
    const inner = [...scope, new Map<string, unknown>()];
    if (node.is === 'print') {
      const value = this.pipe(node.pipe, dot, scope);
      if (!node.pipe.set.length) this.text += show(value);
    } else if (node.is === 'range') this.range(node, dot, inner);
    else {
      const value = this.pipe(node.pipe, dot, inner);
      if (truth(value)) this.list(node.body, node.is === 'with' ? value : dot, inner);
      else this.list(node.other, dot, inner);
    }
  }

  private range(node: Node & { is: 'if' | 'with' | 'range' }, dot: unknown, scope: Scope): void {
    const value = this.value(node.pipe.expr, dot, scope, node.pipe.text);
    const pairs: [unknown, unknown][] = Array.isArray(value) ? value.map((item, i) => [BigInt(i), item]) : isObj(value) ? sortedKeys(value).map((key) => [key, value[key]]) : [];
    if (!Array.isArray(value) && !isObj(value) && value !== null && value !== MISSING) throw new TemplateError(`range can't iterate over ${show(value)}`);
    if (!pairs.length) { this.list(node.other, dot, scope); return; }
    for (const [key, item] of pairs) {
      const names = node.pipe.set;
      const own = new Map<string, unknown>(names.length === 2 ? [[names[0]!, key], [names[1]!, item]] : names.length ? [[names[0]!, item]] : []);
      this.list(node.body, item, [...scope, own]);
    }
  }

  private pipe(pipe: Pipe, dot: unknown, scope: Scope): unknown {
    const value = this.value(pipe.expr, dot, scope, pipe.text);
    for (const name of pipe.set) {
      const holder = scope.findLast((names) => names.has(name)) ?? scope.at(-1)!;
      holder.set(name, value);
    }
    return value;
  }

  private value(expr: Expr, dot: unknown, scope: Scope, at: string, last?: { value: unknown }): unknown {
    switch (expr.is) {
      case 'value': return expr.value;
      case 'dot': return dot;
      case 'nil': throw new TemplateError('nil is not a command');
      case 'var': return scope.findLast((names) => names.has(expr.name))?.get(expr.name);
      case 'field': return expr.names.reduce((value, name) => this.field(value, name, at), this.value(expr.of, dot, scope, at));
      case 'pipe': {
        let carried: { value: unknown } | undefined;
        for (const step of expr.steps) carried = { value: this.value(step, dot, scope, at, carried) };
        return carried!.value;
      }
      case 'call': {
        const args = expr.args.map((arg) => (arg.is === 'nil' ? null : this.value(arg, dot, scope, at)));
        if (last) args.push(last.value);
        return builtin(expr.fn, args, at);
      }
    }
  }

  private field(value: unknown, name: string, at: string): unknown {
    if (value === MISSING) {
      if (this.strict) throw new TemplateError(`executing "output" at <${at}>: nil data; no entry for key ${JSON.stringify(name)}`);
      return MISSING;
    }
    if (value === null || value === undefined) throw new TemplateError(`executing "output" at <${at}>: nil pointer evaluating interface {}.${name}`);
    if (!isObj(value)) throw new TemplateError(`executing "output" at <${at}>: can't evaluate field ${name} in type interface {}`);
    if (Object.hasOwn(value, name) && value[name] !== undefined) return value[name];
    if (this.strict) throw new TemplateError(`executing "output" at <${at}>: map has no entry for key ${JSON.stringify(name)}`);
    return MISSING;
  }
}

const truth = (value: unknown): boolean => !(value === MISSING || value === null || value === undefined || value === false || value === 0 || value === 0n || value === ''
  || (Array.isArray(value) && !value.length) || (isObj(value) && !Object.keys(value).length));

/** %v of float64: the shortest form, with an exponent from 1e+06 on where digits are few. */
function float(n: number): string {
  const exponent = n === 0 ? 0 : Math.floor(Math.log10(Math.abs(n)));
  if (exponent < -4 || exponent >= 21 || (exponent >= 6 && !Number.isInteger(n)) || exponent >= 6) {
    const [mantissa, power] = n.toExponential().split('e');
    return `${mantissa}e${power![0]}${power!.slice(1).padStart(2, '0')}`;
  }
  return String(n);
}

function show(value: unknown, top = true): string {
  if (value === MISSING) return '<no value>';
  if (value === null || value === undefined) return '<nil>';
  if (typeof value === 'number') return float(value);
  if (Array.isArray(value)) return `[${value.map((item) => show(item, false)).join(' ')}]`;
  if (isObj(value)) return `map[${sortedKeys(value).map((key) => `${key}:${show(value[key], false)}`).join(' ')}]`;
  return top || typeof value !== 'string' ? String(value) : value;
}

function compare(fn: string, a: unknown, b: unknown): boolean {
  if (typeof a !== typeof b || (typeof a === 'object' && a !== b)) throw new TemplateError(`error calling ${fn}: incompatible types for comparison`);
  if (fn === 'eq') return a === b;
  if (fn === 'ne') return a !== b;
  const order = typeof a === 'string' ? byText(a, b as string) : Number(a) - Number(b);
  return fn === 'lt' ? order < 0 : fn === 'le' ? order <= 0 : fn === 'gt' ? order > 0 : order >= 0;
}

const HTML: Readonly<Record<string, string>> = { '<': '&lt;', '>': '&gt;', '&': '&amp;', '"': '&#34;', "'": '&#39;' };

function builtin(fn: string, args: unknown[], at: string): unknown {
  const fail = (why: string): never => { throw new TemplateError(`executing "output" at <${at}>: ${why}`); };
  const need = (least: number): void => { if (args.length < least) fail(`wrong number of args for ${fn}: want at least ${least} got ${args.length}`); };
  switch (fn) {
    case 'and': need(1); return args.find((arg) => !truth(arg)) ?? (args.every(truth) ? args.at(-1) : args.find((arg) => !truth(arg)));
    case 'or': need(1); return args.find(truth) ?? args.at(-1);
    case 'not': need(1); return !truth(args[0]);
    case 'len': {
      need(1);
      const [of] = args;
      if (typeof of === 'string' || Array.isArray(of)) return BigInt(of.length);
      return isObj(of) ? BigInt(Object.keys(of).length) : fail('error calling len: len of type interface {}');
    }
    case 'index': need(1); return args.slice(1).reduce((of, key) => indexed(of, key, fail), args[0]);
    case 'print': return args.map((arg) => show(arg)).join('');
    case 'println': return `${args.map((arg) => show(arg)).join(' ')}\n`;
    case 'printf': need(1); return format(show(args[0]), args.slice(1));
    case 'html': return args.map((arg) => show(arg)).join('').replace(/[<>&"']/g, (c) => HTML[c]!);
    case 'js': return JSON.stringify(args.map((arg) => show(arg)).join('')).slice(1, -1);
    case 'urlquery': return encodeURIComponent(args.map((arg) => show(arg)).join('')).replaceAll('%20', '+');
    case 'eq': need(2); return args.slice(1).some((arg) => compare(fn, args[0], arg));
    case 'exists': return args.slice(1).reduce((of: unknown, key) => (isObj(of) && typeof key === 'string' ? of[key] : Array.isArray(of) ? of[Number(key)] : undefined), args[0]) !== undefined;
    case 'base64decode': return unbase64(show(args[0])) ?? fail('error calling base64decode: illegal base64 data at input byte 0');
    case 'call': return fail('error calling call: non-function of type interface {}');
    default: need(2); return compare(fn, args[0], args[1]);
  }
}

function indexed(of: unknown, key: unknown, fail: (why: string) => never): unknown {
  if (Array.isArray(of)) {
    if (typeof key !== 'bigint') return fail(`error calling index: cannot index slice/array with type ${typeof key === 'number' ? 'float64' : typeof key}`);
    return Number(key) < of.length && key >= 0n ? (of[Number(key)] as unknown) : fail(`error calling index: index out of range: ${key}`);
  }
  if (isObj(of)) return Object.hasOwn(of, String(key)) ? of[String(key)] : MISSING;
  return fail(of === MISSING || of === null ? 'error calling index: index of untyped nil' : `error calling index: can't index item of type ${typeof of}`);
}

const typeWord = (value: unknown): string => (typeof value === 'bigint' ? 'int' : typeof value === 'number' ? 'float64' : typeof value === 'boolean' ? 'bool' : typeof value === 'string' ? 'string' : isObj(value) ? 'map[string]interface {}' : '[]interface {}');

/** fmt.Sprintf for the verbs that make sense on JSON. */
function format(pattern: string, args: readonly unknown[]): string {
  let next = 0;
  const text = pattern.replace(/%([-+# 0]*)(\d*)(?:\.(\d+))?([a-zA-Z%])/g, (_, flags: string, width: string, precision: string | undefined, verb: string) => {
    if (verb === '%') return '%';
    if (next >= args.length) return `%!${verb}(MISSING)`;
    const value = args[next++];
    let body: string;
    if (verb === 'v' || (verb === 's' && typeof value === 'string')) body = show(value);
    else if (verb === 'q' && typeof value === 'string') body = JSON.stringify(value);
    else if (verb === 'd' && typeof value === 'bigint') body = String(value);
    else if ((verb === 'f' || verb === 'F') && typeof value === 'number') body = value.toFixed(precision === undefined ? 6 : Number(precision));
    else if (verb === 'g' && typeof value === 'number') body = float(value);
    else if (verb === 't' && typeof value === 'boolean') body = String(value);
    else if (verb === 'T') body = typeWord(value);
    else if (verb === 'x' && typeof value === 'bigint') body = value.toString(16);
    else if (verb === 's' && Array.isArray(value) && value.every((item) => typeof item === 'string')) body = show(value);
    else body = `%!${verb}(${typeWord(value)}=${show(value)})`;
    if (precision !== undefined && verb === 's') body = body.slice(0, Number(precision));
    return flags.includes('-') ? body.padEnd(Number(width || 0)) : body.padStart(Number(width || 0), flags.includes('0') && verb === 'd' ? '0' : ' ');
  });
  const extra = args.slice(next);
  return extra.length ? `${text}%!(EXTRA ${extra.map((value) => `${typeWord(value)}=${show(value)}`).join(', ')})` : text;
}

export type Executed = { ok: true; text: string } | { ok: false; text: string; error: string };

export function executeTemplate(template: Template, data: unknown, strict = false): Executed {
  const run = new Run(template, strict);
  try {
    run.list(template.body, data, [new Map([['$', data]])]);
    return { ok: true, text: run.text };
  } catch (error) {
    if (error instanceof TemplateError) return { ok: false, text: run.text, error: `template: output:1: ${error.message}` };
    throw error;
  }
}

/** %+v of decoded JSON, for the report about a failed template. */
export const goValue = (value: unknown): string => show(value);
