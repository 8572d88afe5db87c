/**
 * Runs a jq program over a value: a generator of results, each with the path by which it was reached where paths are
 * asked for (assignment, path(f)). It knows no files; what reads input or the clock comes in as `Outside`.
 */
import type { Json } from '../../../../sim/proc/program.ts';
import type { Ast, Definition, Pattern } from './ast.ts';
import { NATIVE, PRELUDE } from './builtins.ts';
import { arithmetic, deletePaths, getPath, indexValue, sliceValue } from './access.ts';
import { formatValue } from './formats.ts';
import { parseDefinitions } from './parse.ts';
import { fail, JqError, shown } from './problem.ts';
import { compare, type Fields, get, isObject, isTrue, kindOf, text } from './value.ts';

class Break extends Error {
  constructor(readonly label: object) { super('break'); }
}
/** A program that cannot be compiled. */
export class CompileProblem extends Error {
  constructor(message: string, readonly at: number) { super(message); }
}
/** More work than one input may take: stands in for a machine that has run out of memory. */
export class Exhausted extends Error {}

export interface Outside {
  readonly env: Fields; readonly nowSeconds: number; readonly filename: () => string | null;
  /** The next input, or null at the end. */
  readonly nextInput: () => { value: Json } | null;
  readonly debug: (line: string) => void;
  readonly line: () => number;
}

export type Path = readonly Json[];
export interface Result { readonly value: Json; readonly path: Path | null }
type Results = Generator<Result, void, void>;

type Closure = { readonly def: Definition; readonly env: Env } | { readonly body: Ast; readonly env: Env };
/** Scopes as a chain: the newest binding of a name wins. */
interface Env {
  readonly parent: Env | null;
  readonly variable?: { readonly name: string; readonly value: Json };
  readonly closure?: { readonly key: string; readonly closure: Closure; readonly recursive: boolean };
  readonly label?: { readonly name: string; readonly token: object };
}

const STEPS = 2_000_000;
/** Calls inside calls; JavaScript's own stack must hold them in any engine. */
const DEEPEST = 600;

export class Machine {
  private steps = 0;
  private depth = 0;
  private readonly base: Env;

  constructor(readonly outside: Outside, variables: Readonly<Record<string, Json>>) {
    let env: Env = { parent: null };
    for (const [name, value] of Object.entries(variables)) env = { parent: env, variable: { name, value } };
    this.base = env;
  }

  /** Names that nothing defines, before anything runs. */
  check(program: Ast): void { checkNames(program, this.base); }

  *run(program: Ast, input: Json): Generator<Json, void, void> {
    this.steps = 0;
    this.depth = 0;
    for (const { value } of this.eval(program, this.base, { value: input, path: null })) yield value;
  }

  *eval(ast: Ast, env: Env, input: Result): Results {
    if (++this.steps > STEPS) throw new Exhausted();
    switch (ast.t) {
      case 'identity': yield input; return;
      case 'literal': yield { value: ast.value, path: null }; return;
      case 'recurse': yield* this.descend(input); return;
      case 'pipe': for (const left of this.eval(ast.left, env, input)) yield* this.eval(ast.right, env, left); return;
      case 'comma': yield* this.eval(ast.left, env, input); yield* this.eval(ast.right, env, input); return;
      case 'index': yield* this.index(ast, env, input); return;
      case 'slice': yield* this.slice(ast, env, input); return;
      case 'each': for (const of of this.eval(ast.of, env, input)) yield* this.each(of); return;
      case 'call': yield* this.call(ast, env, input); return;
      case 'variable': yield { value: this.variable(ast.name, env), path: null }; return;
      case 'binary': yield* this.binary(ast, env, input); return;
      case 'object': yield* this.object(ast.fields, 0, {}, env, input); return;
      case 'array': {
        const items: Json[] = [];
        if (ast.body) for (const { value } of this.eval(ast.body, env, plain(input))) items.push(value);
        yield { value: items, path: null };
        return;
      }
      case 'negative':
        for (const { value } of this.eval(ast.of, env, plain(input))) {
          if (typeof value !== 'number') fail(`${kindOf(value)} (${shown(value)}) cannot be negated`);
          yield { value: -(value as number), path: null };
        }
        return;
      case 'string': yield* this.string(ast.parts, 0, '', ast.format, env, input); return;
      case 'format': yield { value: formatValue(ast.name, input.value), path: null }; return;
      case 'if':
        for (const { value } of this.eval(ast.cond, env, plain(input))) {
          if (isTrue(value)) yield* this.eval(ast.then, env, input);
          else if (ast.else) yield* this.eval(ast.else, env, input);
          else yield input;
        }
        return;
      case 'and': case 'or':
        for (const { value } of this.eval(ast.left, env, plain(input))) {
          if (isTrue(value) === (ast.t === 'or')) yield { value: ast.t === 'or', path: null };
          else for (const right of this.eval(ast.right, env, plain(input))) yield { value: isTrue(right.value), path: null };
        }
        return;
      case 'alternative': yield* this.alternative(ast.left, ast.right, env, input); return;
      case 'try': yield* this.attempt(ast.body, ast.rescue, env, input); return;
      case 'assign': yield* this.assign(ast, env, input); return;
      case 'def': yield* this.eval(ast.body, define(env, ast.def), input); return;
      case 'as':
        for (const { value } of this.eval(ast.source, env, plain(input))) {
          for (const inner of this.bind(ast.pattern, value, env, input.value)) yield* this.eval(ast.body, inner, input);
        }
        return;
      case 'reduce': yield* this.reduce(ast, env, input); return;
      case 'foreach': yield* this.foreach(ast, env, input); return;
      case 'label': {
        const token = {};
        try { yield* this.eval(ast.body, { parent: env, label: { name: ast.name, token } }, input); }
        catch (error) { if (!(error instanceof Break) || error.label !== token) throw error; }
        return;
      }
      case 'break': {
        for (let at: Env | null = env; at; at = at.parent) if (at.label?.name === ast.name) throw new Break(at.label.token);
        throw new CompileProblem(`$*label-${ast.name} is not defined`, 0);
      }
    }
  }

  private *index(ast: Ast & { t: 'index' }, env: Env, input: Result): Results {
    for (const of of this.eval(ast.of, env, input)) {
      for (const { value: key } of this.eval(ast.key, env, plain(input))) {
        yield { value: indexValue(of.value, key), path: of.path && [...of.path, key] };
      }
    }
  }

  private *slice(ast: Ast & { t: 'slice' }, env: Env, input: Result): Results {
    const ends = (end: Ast | null): Iterable<Result> => (end ? this.eval(end, env, plain(input)) : [{ value: null, path: null }]);
    for (const of of this.eval(ast.of, env, input)) {
      for (const { value: to } of ends(ast.to)) {
        for (const { value: from } of ends(ast.from)) {
          yield { value: sliceValue(of.value, from, to), path: of.path && [...of.path, { start: from, end: to }] };
        }
      }
    }
  }

  private *each(of: Result): Results {
    const { value, path } = of;
    if (Array.isArray(value)) {
      for (let i = 0; i < value.length; i++) yield { value: value[i] as Json, path: path && [...path, i] };
    } else if (isObject(value)) {
      for (const key of Object.keys(value)) yield { value: value[key]!, path: path && [...path, key] };
    } else fail(`Cannot iterate over ${kindOf(value)} (${shown(value)})`);
  }

  private *descend(at: Result): Results {
    if (++this.steps > STEPS) throw new Exhausted();
    yield at;
    if (typeof at.value === 'object' && at.value !== null) for (const below of this.each(at)) yield* this.descend(below);
  }

  private *binary(ast: Ast & { t: 'binary' }, env: Env, input: Result): Results {
    const bare = plain(input);
    for (const { value: right } of this.eval(ast.right, env, bare)) {
      for (const { value: left } of this.eval(ast.left, env, bare)) yield { value: operate(ast.op, left, right), path: null };
    }
  }

  private *object(fields: readonly (readonly [Ast, Ast])[], at: number, made: Record<string, Json>, env: Env, input: Result): Results {
    if (at === fields.length) { yield { value: made, path: null }; return; }
    const [keyAst, valueAst] = fields[at]!;
    for (const { value: key } of this.eval(keyAst, env, plain(input))) {
      if (typeof key !== 'string') fail(`Object keys must be strings`);
      for (const { value } of this.eval(valueAst, env, plain(input))) {
        yield* this.object(fields, at + 1, withKey(made, key as string, value), env, input);
      }
    }
  }

  private *string(parts: readonly (string | Ast)[], at: number, made: string, format: string | null, env: Env, input: Result): Results {
    if (at === parts.length) { yield { value: made, path: null }; return; }
    const part = parts[at]!;
    if (typeof part === 'string') { yield* this.string(parts, at + 1, made + part, format, env, input); return; }
    for (const { value } of this.eval(part, env, plain(input))) {
      yield* this.string(parts, at + 1, made + formatValue(format ?? '@text', value), format, env, input);
    }
  }

  private *alternative(left: Ast, right: Ast, env: Env, input: Result): Results {
    let some = false;
    try {
      for (const result of this.eval(left, env, input)) {
        if (!isTrue(result.value)) continue;
        some = true;
        yield result;
      }
    } catch (error) { if (!(error instanceof JqError)) throw error; }
    if (!some) yield* this.eval(right, env, input);
  }

  private *attempt(body: Ast, rescue: Ast | null, env: Env, input: Result): Results {
    const depth = this.depth;
    const results = this.eval(body, env, input);
    for (;;) {
      let step: IteratorResult<Result, void>;
      // Only what goes wrong inside is caught, not what comes of its results further on.
      try { step = results.next(); } catch (error) {
        if (!(error instanceof JqError)) throw error;
        this.depth = depth;
        if (isObject(error.value) && get(error.value, '__jq') !== null && rescue === null) return;
        if (rescue) yield* this.eval(rescue, env, { value: error.value, path: null });
        return;
      }
      if (step.done) return;
      yield step.value;
    }
  }

  private *reduce(ast: Ast & { t: 'reduce' }, env: Env, input: Result): Results {
    for (const { value: start } of this.eval(ast.init, env, plain(input))) {
      let state: Json = start;
      for (const { value } of this.eval(ast.source, env, plain(input))) {
        for (const inner of this.bind(ast.pattern, value, env, input.value)) {
          let last: Json = null;
          for (const updated of this.eval(ast.update, inner, { value: state, path: null })) last = updated.value;
          state = last;
        }
      }
      yield { value: state, path: null };
    }
  }

  private *foreach(ast: Ast & { t: 'foreach' }, env: Env, input: Result): Results {
    for (const start of this.eval(ast.init, env, input)) {
      let state: Result = start;
      for (const { value } of this.eval(ast.source, env, plain(input))) {
        for (const inner of this.bind(ast.pattern, value, env, input.value)) {
          for (const updated of this.eval(ast.update, inner, state)) {
            state = updated;
            if (ast.extract) yield* this.eval(ast.extract, inner, updated);
            else yield updated;
          }
        }
      }
    }
  }

  private *bind(pattern: Pattern, value: Json, env: Env, input: Json): Generator<Env, void, void> {
    if (pattern.t === 'name') {
      yield { parent: env, variable: { name: pattern.name, value } };
      return;
    }
    if (pattern.t === 'items') {
      if (value !== null && !Array.isArray(value)) fail(`Cannot index ${kindOf(value)} with number`);
      yield* this.bindAll(pattern.items.map((item, i) => [item, indexValue(value, i)]), 0, env, input);
      return;
    }
    yield* this.bindFields(pattern.fields, 0, value, env, input);
  }

  private *bindAll(pairs: readonly (readonly [Pattern, Json])[], at: number, env: Env, input: Json): Generator<Env, void, void> {
    if (at === pairs.length) { yield env; return; }
    for (const inner of this.bind(pairs[at]![0], pairs[at]![1], env, input)) yield* this.bindAll(pairs, at + 1, inner, input);
  }

  private *bindFields(fields: (Pattern & { t: 'fields' })['fields'], at: number, value: Json, env: Env, input: Json): Generator<Env, void, void> {
    if (at === fields.length) { yield env; return; }
    const { key: keyAst, name, value: pattern } = fields[at]!;
    for (const { value: key } of this.eval(keyAst, env, { value: input, path: null })) {
      const found = indexValue(value, key);
      const named: Env = name === null ? env : { parent: env, variable: { name, value: found } };
      for (const inner of pattern ? this.bind(pattern, found, named, input) : [named]) yield* this.bindFields(fields, at + 1, value, inner, input);
    }
  }

  private *assign(ast: Ast & { t: 'assign' }, env: Env, input: Result): Results {
    const { op, left, right } = ast;
    if (op === '|=') {
      let value = input.value;
      const doomed: Path[] = [];
      for (const path of this.paths(left, env, input.value)) {
        const first = this.eval(right, env, { value: getPath(value, path), path: null }).next();
        if (first.done) doomed.push(path);
        else value = this.set(value, path, first.value.value);
      }
      yield { value: doomed.length ? deletePaths(value, doomed) : value, path: null };
      return;
    }
    for (const { value: given } of this.eval(right, env, plain(input))) {
      let value = input.value;
      for (const path of this.paths(left, env, input.value)) {
        const old = getPath(value, path);
        value = this.set(value, path, op === '=' ? given : op === '//=' ? (isTrue(old) ? old : given) : operate(op.slice(0, -1), old, given));
      }
      yield { value, path: null };
    }
  }

  private set(value: Json, path: Path, to: Json): Json { return NATIVE['setpath/2']!(value, [path as Json, to], this.outside); }

  *paths(ast: Ast, env: Env, value: Json): Generator<Path, void, void> {
    for (const result of this.eval(ast, env, { value, path: [] })) {
      if (result.path === null) fail(`Invalid path expression with result ${shown(result.value)}`);
      yield result.path!;
    }
  }

  private variable(name: string, env: Env): Json {
    if (name === 'ENV') return this.outside.env;
    for (let at: Env | null = env; at; at = at.parent) if (at.variable?.name === name) return at.variable.value;
    return fail(`$${name} is not defined`);
  }

  private *call(ast: Ast & { t: 'call' }, env: Env, input: Result): Results {
    const key = `${ast.name}/${ast.args.length}`;
    for (let at: Env | null = env; at; at = at.parent) {
      if (at.closure?.key !== key) continue;
      const { closure } = at.closure;
      if ('body' in closure) { yield* this.eval(closure.body, closure.env, input); return; }
      if (++this.depth > DEEPEST) throw new Exhausted();
      yield* this.enter(closure.def, at, ast.args, 0, env, input);
      this.depth--;
      return;
    }
    const known = prelude().get(key);
    if (!known) { yield* this.special(key, ast, env, input); return; }
    if (++this.depth > DEEPEST) throw new Exhausted();
    yield* this.enter(known, ROOT, ast.args, 0, env, input);
    this.depth--;
  }

  /** Parameters are closures; those written with `$` are values, one call for each. */
  private *enter(def: Definition, inner: Env, args: readonly Ast[], i: number, env: Env, input: Result): Results {
    if (i === def.params.length) { yield* this.eval(def.body, inner, input); return; }
    const param = def.params[i]!;
    if (!param.startsWith('$')) {
      const next: Env = { parent: inner, closure: { key: `${param}/0`, closure: { body: args[i]!, env }, recursive: false } };
      yield* this.enter(def, next, args, i + 1, env, input);
      return;
    }
    const name = param.slice(1);
    for (const { value } of this.eval(args[i]!, env, plain(input))) {
      const bound: Env = { parent: inner, variable: { name, value } };
      const next: Env = { parent: bound, closure: { key: `${name}/0`, closure: { body: { t: 'literal', value }, env: bound }, recursive: false } };
      yield* this.enter(def, next, args, i + 1, env, input);
    }
  }

  /** What needs the machine itself: paths, control, input. Everything else is a function of values. */
  private *special(key: string, ast: Ast & { t: 'call' }, env: Env, input: Result): Results {
    const { args } = ast;
    switch (key) {
      case 'empty/0': return;
      case 'error/0': throw new JqError(input.value);
      case 'path/1': for (const path of this.paths(args[0]!, env, input.value)) yield { value: path as Json, path: null }; return;
      case 'getpath/1':
        for (const { value } of this.eval(args[0]!, env, plain(input))) {
          if (!Array.isArray(value)) fail('Path must be specified as an array');
          let found: Json = null;
          try { found = getPath(input.value, value as Json[]); } catch (error) { if (input.path === null) throw error; }
          yield { value: found, path: input.path && [...input.path, ...(value as Json[])] };
        }
        return;
      case 'recurse/1': case 'repeat/1': yield* this.recurse(args[0]!, null, env, input); return;
      case 'while/2': yield* this.recurse(args[1]!, args[0]!, env, input); return;
      case 'until/2': yield* this.until(args[0]!, args[1]!, env, input); return;
      case 'first/1': for (const result of this.eval(args[0]!, env, input)) { yield result; return; } return;
      case 'limit/2':
        for (const { value } of this.eval(args[0]!, env, plain(input))) {
          let left = value as number;
          if (left > 0) for (const result of this.eval(args[1]!, env, input)) { yield result; if (--left <= 0) break; }
        }
        return;
      case 'range/2': case 'range/3': yield* this.range(args, env, input); return;
      case 'input/0': {
        const next = this.outside.nextInput();
        if (!next) fail('No more inputs');
        yield { value: next!.value, path: null };
        return;
      }
      case 'debug/0': this.outside.debug(`["DEBUG:",${text(input.value)}]\n`); yield input; return;
      case 'stderr/0': this.outside.debug(text(input.value)); yield input; return;
      case 'env/0': yield { value: this.outside.env, path: null }; return;
      case 'input_filename/0': yield { value: this.outside.filename(), path: null }; return;
      case 'input_line_number/0': yield { value: this.outside.line(), path: null }; return;
      case 'sort_by/1': case 'group_by/1': case 'unique_by/1': case 'min_by/1': case 'max_by/1': yield* this.keyed(ast.name, args[0]!, env, input); return;
      default: break;
    }
    const native = NATIVE[key];
    if (!native) throw new CompileProblem(`${key} is not defined`, ast.at);
    yield* this.cartesian(native, args, args.length - 1, [], env, input);
  }

  /** The last argument varies slowest, as jq's own calls do. */
  private *cartesian(native: (typeof NATIVE)[string], args: readonly Ast[], i: number, values: readonly Json[], env: Env, input: Result): Results {
    if (i < 0) { yield { value: native(input.value, values, this.outside), path: null }; return; }
    for (const { value } of this.eval(args[i]!, env, plain(input))) yield* this.cartesian(native, args, i - 1, [value, ...values], env, input);
  }

  /** `def r: ., (step | r)`, while the condition holds. A step with one result, the common case, is a loop here and no recursion. */
  private *recurse(step: Ast, condition: Ast | null, env: Env, from: Result): Results {
    let at = from;
    for (;;) {
      if (++this.steps > STEPS) throw new Exhausted();
      if (condition) {
        const test = this.eval(condition, env, plain(at)).next();
        if (test.done || !isTrue(test.value.value)) return;
      }
      yield at;
      const results = this.eval(step, env, at);
      const first = results.next();
      if (first.done) return;
      const second = results.next();
      if (second.done) { at = first.value; continue; }
      if (++this.depth > DEEPEST) throw new Exhausted();
      yield* this.recurse(step, condition, env, first.value);
      yield* this.recurse(step, condition, env, second.value);
      for (const more of results) yield* this.recurse(step, condition, env, more);
      this.depth--;
      return;
    }
  }

  private *until(condition: Ast, step: Ast, env: Env, from: Result): Results {
    let at = from;
    for (;;) {
      if (++this.steps > STEPS) throw new Exhausted();
      const test = this.eval(condition, env, plain(at)).next();
      if (test.done) return;
      if (isTrue(test.value.value)) { yield at; return; }
      const results = [...this.eval(step, env, at)];
      if (results.length === 1) { at = results[0]!; continue; }
      for (const one of results) yield* this.until(condition, step, env, one);
      return;
    }
  }

  private *range(args: readonly Ast[], env: Env, input: Result): Results {
    const bare = plain(input);
    const number = (value: Json): number => (typeof value === 'number' ? value : fail('Range bounds must be numeric'));
    for (const { value: from } of this.eval(args[0]!, env, bare)) {
      for (const { value: to } of this.eval(args[1]!, env, bare)) {
        for (const { value: by } of args[2] ? this.eval(args[2], env, bare) : [{ value: 1 }]) {
          const [end, step] = [number(to), number(by)];
          if (step === 0) { if (number(from) < end) for (;;) { if (++this.steps > STEPS) throw new Exhausted(); yield { value: from, path: null }; } continue; }
          for (let i = number(from); step > 0 ? i < end : i > end; i += step) {
            if (++this.steps > STEPS) throw new Exhausted();
            yield { value: i, path: null };
          }
        }
      }
    }
  }

  private *keyed(name: string, by: Ast, env: Env, input: Result): Results {
    const list = input.value;
    if (!Array.isArray(list)) fail(`Cannot index ${kindOf(list)} with number`);
    const items = (list as Json[]).map((item) => ({ item, key: [...this.eval(by, env, { value: item, path: null })].map(({ value }) => value) as Json }));
    if (name === 'min_by' || name === 'max_by') {
      let best: { item: Json; key: Json } | null = null;
      for (const one of items) {
        const d = best ? compare(one.key, best.key) : 0;
        if (!best || (name === 'min_by' ? d < 0 : d >= 0)) best = one;
      }
      yield { value: best ? best.item : null, path: null };
      return;
    }
    const sorted = items.map((one, i) => ({ ...one, i })).sort((a, b) => compare(a.key, b.key) || a.i - b.i);
    if (name === 'sort_by') { yield { value: sorted.map(({ item }) => item), path: null }; return; }
    const groups: { key: Json; items: Json[] }[] = [];
    for (const { item, key } of sorted) {
      const last = groups.at(-1);
      if (last && compare(last.key, key) === 0) last.items.push(item);
      else groups.push({ key, items: [item] });
    }
    yield { value: name === 'group_by' ? groups.map((group) => group.items) : groups.map((group) => group.items[0]!), path: null };
  }
}

const plain = (input: Result): Result => (input.path === null ? input : { value: input.value, path: null });
const define = (parent: Env, def: Definition): Env => ({ parent, closure: { key: `${def.name}/${def.params.length}`, closure: { def, env: parent }, recursive: true } });
const withKey = (made: Fields, key: string, value: Json): Record<string, Json> => ({ ...made, [key]: value });

function operate(op: string, left: Json, right: Json): Json {
  switch (op) {
    case '==': return compare(left, right) === 0;
    case '!=': return compare(left, right) !== 0;
    case '<': return compare(left, right) < 0;
    case '<=': return compare(left, right) <= 0;
    case '>': return compare(left, right) > 0;
    case '>=': return compare(left, right) >= 0;
    default: return arithmetic(op, left, right);
  }
}

const ROOT: Env = { parent: null };

/** Read once; nothing in it ever changes. */
let preludeByName: ReadonlyMap<string, Definition> | null = null;
const prelude = (): ReadonlyMap<string, Definition> =>
  (preludeByName ??= new Map(parseDefinitions(PRELUDE).map((def) => [`${def.name}/${def.params.length}`, def])));

const SPECIAL = new Set(['empty/0', 'error/0', 'path/1', 'getpath/1', 'recurse/1', 'repeat/1', 'while/2', 'until/2', 'first/1', 'limit/2', 'range/2', 'range/3', 'input/0', 'debug/0', 'stderr/0', 'env/0',
  'input_filename/0', 'input_line_number/0', 'sort_by/1', 'group_by/1', 'unique_by/1', 'min_by/1', 'max_by/1']);

/** Walks the tree with the names that are known at each place. */
function checkNames(ast: Ast, env: Env): void {
  const known = (key: string, at: Env | null): boolean => {
    for (let e = at; e; e = e.parent) if (e.closure?.key === key) return true;
    return prelude().has(key) || SPECIAL.has(key) || key in NATIVE;
  };
  const visitPattern = (pattern: Pattern, at: Env): Env => {
    if (pattern.t === 'name') return { parent: at, variable: { name: pattern.name, value: null } };
    if (pattern.t === 'items') return pattern.items.reduce((inner, item) => visitPattern(item, inner), at);
    return pattern.fields.reduce((inner, field) => {
      visit(field.key, inner);
      const named: Env = field.name === null ? inner : { parent: inner, variable: { name: field.name, value: null } };
      return field.value ? visitPattern(field.value, named) : named;
    }, at);
  };
  const visit = (node: Ast, at: Env): void => {
    switch (node.t) {
      case 'binary':
        // Constants are folded when the program is read.
        if ('/%'.includes(node.op) && node.right.t === 'literal' && node.right.value === 0 && node.left.t === 'literal' && typeof node.left.value === 'number') {
          throw new CompileProblem('Division by zero?', 0);
        }
        visit(node.left, at);
        visit(node.right, at);
        return;
      case 'call':
        if (!known(`${node.name}/${node.args.length}`, at)) throw new CompileProblem(`${node.name}/${node.args.length} is not defined`, node.at);
        for (const arg of node.args) visit(arg, at);
        return;
      case 'variable': {
        if (node.name === 'ENV' || node.name === '__prog_args') return;
        for (let e: Env | null = at; e; e = e.parent) if (e.variable?.name === node.name) return;
        throw new CompileProblem(`$${node.name} is not defined`, node.at);
      }
      case 'def': {
        const own = define(at, node.def);
        let inner = own;
        for (const param of node.def.params) {
          const name = param.replace('$', '');
          if (param.startsWith('$')) inner = { parent: inner, variable: { name, value: null } };
          inner = { parent: inner, closure: { key: `${name}/0`, closure: { body: { t: 'identity' }, env: at }, recursive: false } };
        }
        visit(node.def.body, inner);
        visit(node.body, own);
        return;
      }
      case 'as': visit(node.source, at); visit(node.body, visitPattern(node.pattern, at)); return;
      case 'reduce': case 'foreach': {
        visit(node.source, at);
        visit(node.init, at);
        const inner = visitPattern(node.pattern, at);
        visit(node.update, inner);
        if (node.t === 'foreach' && node.extract) visit(node.extract, inner);
        return;
      }
      case 'label': visit(node.body, { parent: at, label: { name: node.name, token: {} } }); return;
      case 'break': {
        for (let e: Env | null = at; e; e = e.parent) if (e.label?.name === node.name) return;
        throw new CompileProblem(`$*label-${node.name} is not defined`, 0);
      }
      default:
        for (const child of Object.values(node)) visitChild(child, at);
    }
  };
  const visitChild = (child: unknown, at: Env): void => {
    if (Array.isArray(child)) { for (const one of child) visitChild(one, at); return; }
    if (typeof child === 'object' && child !== null && 't' in child) visit(child as Ast, at);
  };
  visit(ast, env);
}
