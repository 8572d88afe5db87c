/** `[[ ]]`, `test` and `[`: what is asked of strings, numbers and files. test.c and execute_cond_command. */
import type { Test } from '../grammar/ast.ts';
import type { Sys } from '../../sim/proc/program.ts';
import type { Stat } from '../../sim/proc/syscalls.ts';
import { evaluate } from './arithmetic.ts';
import { expandPattern, expandText } from './expand.ts';
import { escapeRegex } from './bracket.ts';
import { matches } from './pattern.ts';
import { Failure, type Shell } from './shell.ts';
import { get } from './table.ts';
import { elementOf, elements, lookup, setList, target, unset, value } from './variables.ts';
import { trace } from './trace.ts';
import { quoteTrace } from './quote.ts';

// ---- [[ ]]

export function* condition(sh: Shell, t: Test): Sys<boolean> {
  switch (t.k) {
    case 'or': return (yield* condition(sh, t.left)) || (yield* condition(sh, t.right));
    case 'and': return (yield* condition(sh, t.left)) && (yield* condition(sh, t.right));
    case 'not': return !(yield* condition(sh, t.test));
    case 'paren': return yield* condition(sh, t.test);
    case 'word': {
      const text = yield* expandText(sh, t.word);
      yield* trace(sh, () => `[[ -n ${quoteTrace(text)} ]]`);
      return text !== '';
    }
    case 'unary': {
      const text = yield* expandText(sh, t.word);
      yield* trace(sh, () => `[[ ${t.op} ${quoteTrace(text)} ]]`);
      return yield* unary(sh, t.op, text);
    }
    case 'binary': return yield* conditionBinary(sh, t);
  }
}

function* conditionBinary(sh: Shell, t: Test & { k: 'binary' }): Sys<boolean> {
  const left = yield* expandText(sh, t.left);
  switch (t.op) {
    case '=': case '==': case '!=': {
      const pattern = yield* expandPattern(sh, t.right);
      yield* trace(sh, () => `[[ ${quoteTrace(left)} ${t.op} ${pattern === '' ? "''" : pattern} ]]`);
      return matches(left, pattern,
        { extglob: true, ignoreCase: sh.shopt('nocasematch') }) === (t.op !== '!=');
    }
    case '=~': return regex(sh, left, yield* expandPattern(sh, t.right));
    default: {
      const right = yield* expandText(sh, t.right);
      yield* trace(sh, () => `[[ ${quoteTrace(left)} ${t.op} ${quoteTrace(right)} ]]`);
      if (ARITHMETIC.has(t.op)) return compare(t.op, evaluate(sh, left), evaluate(sh, right));
      return yield* binary(sh, left, t.op, right);
    }
  }
}

const CLASS: Readonly<Record<string, string>> = {
  alpha: 'A-Za-z', digit: '0-9', alnum: 'A-Za-z0-9', upper: 'A-Z', lower: 'a-z', space: '\\s', blank: ' \\t',
  punct: '!-\\/:-@\\[-`{-~',
  print: ' -~', graph: '!-~', cntrl: '\\x00-\\x1f\\x7f', xdigit: '0-9A-Fa-f',
};
const regexes = new Map<string, RegExp | null>();

/**
 * An extended regular expression as JavaScript's; null when it is broken. `source` has quoted text
 * backslashed.
 */
function compile(source: string, ignoreCase: boolean): RegExp | null {
  const key = (ignoreCase ? 'i' : ' ') + source;
  const known = regexes.get(key);
  if (known !== undefined) return known;
  let out = '';
  for (let i = 0; i < source.length; i++) {
    const c = source[i]!;
    if (c === '\\' && i + 1 < source.length) {
      const next = source[++i]!;
      out += /[<>bBwWsS]/.test(next) ? (next === '<' || next === '>' ? '\\b' : `\\${next}`)
        : escapeRegex(next);
    } else if (c === '[') {
      const set = /^\[(\^?)(\]?(?:\[[:.=][^\]]*[:.=]\]|[^\]])*)\]/.exec(source.slice(i));
      if (!set) { regexes.set(key, null); return null; }
      const body = set[2]!.replace(/\[:(\w+):\]|\[[.=](.)[.=]\]|([\\\][])/g,
        (_, name: string, one: string, char: string) => (name ? CLASS[name] ?? '' : `\\${one ?? char}`));
      out += `[${set[1]}${body}]`;
      i += set[0].length - 1;
    } else if (c === '{' && !/^\{\d*(?:,\d*)?\}/.test(source.slice(i))) out += '\\{';
    else out += c;
  }
  let made: RegExp | null = null;
  try { made = new RegExp(out, ignoreCase ? 'i' : ''); } catch { /* a broken expression: status 2 */ }
  if (regexes.size > 500) regexes.clear();
  regexes.set(key, made);
  return made;
}

function regex(sh: Shell, text: string, source: string): boolean {
  const compiled = compile(source, sh.shopt('nocasematch'));
  if (!compiled) throw new Failure('', false, 2, true);
  const m = compiled.exec(text);
  unset(sh, 'BASH_REMATCH');
  setList(sh, 'BASH_REMATCH', m ? [...m].map((part) => part ?? '') : []);
  return m !== null;
}

// ---- test and [

/** An error of `test`: the message after its name. */
export class TestError { constructor(readonly message: string) {} }

const UNARY = new Set([...'abcdefghknoprstuvwxzGLNORS'].map((c) => `-${c}`));
const ARITHMETIC = new Set(['-eq', '-ne', '-lt', '-le', '-gt', '-ge']);
const BINARY = new Set(['=', '==', '!=', '<', '>', '-nt', '-ot', '-ef', ...ARITHMETIC]);

/** The value of test's arguments. Throws TestError. */
export function* test(sh: Shell, args: readonly string[]): Sys<boolean> {
  switch (args.length) {
    case 0: return false;
    case 1: return args[0] !== '';
    case 2:
      if (args[0] === '!') return args[1] === '';
      if (UNARY.has(args[0]!)) return yield* unary(sh, args[0]!, args[1]!);
      throw new TestError(args[0]![0] === '-' ? `${args[0]}: unary operator expected`
        : `${args[0]}: unary operator expected`);
    case 3: return yield* three(sh, args);
    case 4:
      if (args[0] === '!') return !(yield* three(sh, args.slice(1)));
      if (args[0] === '(' && args[3] === ')') return yield* test(sh, args.slice(1, 3));
      return yield* new Expression(sh, args).run();
    default: return yield* new Expression(sh, args).run();
  }
}

function* three(sh: Shell, args: readonly string[]): Sys<boolean> {
  const [a, op, b] = args as [string, string, string];
  if (BINARY.has(op)) return yield* binaryNumeric(sh, a, op, b);
  if (op === '-a') return a !== '' && b !== '';
  if (op === '-o') return a !== '' || b !== '';
  if (a === '!') return !(yield* test(sh, args.slice(1)));
  if (a === '(' && b === ')') return op !== '';
  throw new TestError(`${op}: binary operator expected`);
}

/** More than four arguments: -a, -o, parentheses. */
class Expression {
  private at = 0;
  constructor(private readonly sh: Shell, private readonly args: readonly string[]) {}
  *run(): Sys<boolean> {
    const result = yield* this.or();
    if (this.at < this.args.length) throw new TestError('too many arguments');
    return result;
  }
  private *or(): Sys<boolean> {
    let result = yield* this.and();
    while (this.args[this.at] === '-o') {
      this.at++;
      const right = yield* this.and();
      result = result || right;
    }
    return result;
  }
  private *and(): Sys<boolean> {
    let result = yield* this.term();
    while (this.args[this.at] === '-a') {
      this.at++;
      const right = yield* this.term();
      result = result && right;
    }
    return result;
  }
  private *term(): Sys<boolean> {
    const { args } = this, arg = args[this.at];
    if (arg === undefined) throw new TestError('argument expected');
    const op = args[this.at + 1];
    if (op !== undefined && BINARY.has(op) && this.at + 2 < args.length) {
      this.at += 3;
      return yield* binaryNumeric(this.sh, arg, op, args[this.at - 1]!);
    }
    if (arg === '!') { this.at++; return !(yield* this.term()); }
    if (arg === '(') {
      this.at++;
      const result = yield* this.or();
      if (args[this.at] !== ')')
        throw new TestError(args[this.at] === undefined ? "`)' expected"
          : `\`)' expected, found ${args[this.at]}`);
      this.at++;
      return result;
    }
    if (UNARY.has(arg) && op !== undefined) { this.at += 2; return yield* unary(this.sh, arg, op); }
    this.at++;
    return arg !== '';
  }
}

function* binaryNumeric(sh: Shell, left: string, op: string, right: string): Sys<boolean> {
  if (!ARITHMETIC.has(op)) return yield* binary(sh, left, op, right);
  const number = (text: string): bigint => {
    if (!/^\s*[-+]?\d+\s*$/.test(text)) throw new TestError(`${text}: integer expression expected`);
    return BigInt(text.trim().replace(/^\+/, ''));
  };
  return compare(op, number(left), number(right));
}

const compare = (op: string, a: bigint, b: bigint): boolean => {
  switch (op) {
    case '-eq': return a === b;
    case '-ne': return a !== b;
    case '-lt': return a < b;
    case '-le': return a <= b;
    case '-gt': return a > b;
    default: return a >= b;
  }
};

function* binary(sh: Shell, left: string, op: string, right: string): Sys<boolean> {
  switch (op) {
    case '=': case '==': return left === right;
    case '!=': return left !== right;
    case '<': return left < right;
    case '>': return left > right;
    default: {
      const a = yield* sh.call('stat', { path: left }), b = yield* sh.call('stat', { path: right });
      if (op === '-ef') return a.ok && b.ok && a.value.ino === b.value.ino && a.value.dev === b.value.dev;
      const newer = op === '-nt' ? [a, b] as const : [b, a] as const;
      return newer[0].ok && (!newer[1].ok || newer[0].value.mtime > newer[1].value.mtime);
    }
  }
}

const TYPES: Readonly<Record<string, Stat['type']>> =
  { '-f': 'file', '-d': 'dir', '-b': 'block', '-c': 'char', '-p': 'fifo', '-S': 'socket' };
const ACCESS: Readonly<Record<string, 'r' | 'w' | 'x'>> = { '-r': 'r', '-w': 'w', '-x': 'x' };

function* unary(sh: Shell, op: string, text: string): Sys<boolean> {
  switch (op) {
    case '-n': return text !== '';
    case '-z': return text === '';
    case '-v': return isSet(sh, text);
    case '-R': return lookup(sh, text)?.flags.includes('n') === true;
    case '-o': return get(sh.s.options, text) === true;
    case '-t': {
      if (!/^\s*\d+\s*$/.test(text)) return false;
      const fd = sh.s.fds[Number(text)];
      return fd !== undefined && fd >= 0 && (yield* sh.call('tty', { fd })).ok;
    }
    case '-r': case '-w': case '-x':
      return text !== '' && (yield* sh.call('access', { path: text, mode: ACCESS[op]! })).ok;
    default: return yield* file(sh, op, text);
  }
}

function* file(sh: Shell, op: string, path: string): Sys<boolean> {
  if (path === '') return false;
  const link = op === '-L' || op === '-h';
  const got = yield* sh.call('stat', { path, follow: !link });
  if (!got.ok) return false;
  const s = got.value;
  switch (op) {
    case '-e': case '-a': return true;
    case '-L': case '-h': return s.type === 'symlink';
    case '-s': return s.size > 0;
    case '-g': return (s.mode & 0o2000) !== 0;
    case '-u': return (s.mode & 0o4000) !== 0;
    case '-k': return (s.mode & 0o1000) !== 0;
    case '-O': return s.uid === sh.start.uid;
    case '-G': return s.gid === sh.start.gid;
    case '-N': return true;
    default: return s.type === TYPES[op];
  }
}

function isSet(sh: Shell, text: string): boolean {
  const m = /^(\w+)\[(.*)\]$/.exec(text);
  if (!m) return /^\d+$/.test(text) ? Number(text) <= sh.s.args.length : value(sh, text) !== undefined;
  if (m[2] === '@' || m[2] === '*') return (elements(sh, m[1]!)?.values.length ?? 0) > 0;
  return elementOf(sh, target(sh, m[1]!), m[2]!.replace(/^(['"])(.*)\1$/, '$2')) !== undefined;
}
