/**
 * Go's text/template over decoded JSON, as -o go-template uses it (Go 1.12): actions, pipelines, variables,
 * if, range, with, define and template, and the built-in functions. Numbers of the data are float64,
 * numbers of the template are int (here bigint), and the two do not compare.
 */
import { unbase64 } from '../../../sim/proc/certificate.ts';
import { TemplateError, type Expr, type Node, type Pipe, type Template } from './template-parse.ts';
import { byText, isObj, sortedKeys } from './object.ts';

export { parseTemplate } from './template-parse.ts';

/** A value that is not there: printed as <no value>. */
const MISSING = Symbol('no value');

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
