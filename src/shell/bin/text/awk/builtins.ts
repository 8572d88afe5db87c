/** The functions that awk brings along. */
import type { Sys } from '../../../../sim/proc/program.ts';
import { call } from '../../../../sim/proc/syscalls.ts';
import { civilFromSeconds, secondsFromCivil } from '../../coreutils/clock/calendar.ts';
import { strftime } from '../../coreutils/clock/strftime.ts';
import { toUtc, UTC, zoneOf } from '../../coreutils/clock/zone.ts';
import { system } from '../shell.ts';
import type { Expr, Target } from './ast.ts';
import { dynamicRegex, splitByRegex, splitText } from './fields.ts';
import { numberFormat, sprintf } from './format.ts';
import type { Awk } from './run.ts';
import { Trouble } from './streams.ts';
import { compare, Input, toNumber, UNSET, type Value } from './values.ts';

type Builtin = (awk: Awk, args: readonly Expr[], line: number) => Sys<Value>;

/** A function of values only. */
const pure = (body: (args: readonly Value[], awk: Awk) => Value): Builtin => function* (awk, exprs) {
  const args: Value[] = [];
  for (const expr of exprs) args.push(yield* awk.evaluate(expr));
  return body(args, awk);
};

const maths = (f: (x: number) => number): Builtin => pure(([x]) => f(toNumber(x ?? 0)));

function arrayOf(awk: Awk, expr: Expr | undefined, what: string): Map<string, Value> {
  if (expr?.t !== 'var') throw new Trouble(`fatal: ${what}: argument is not an array`);
  return awk.array(expr.name);
}

function* length(awk: Awk, [arg]: readonly Expr[]): Sys<Value> {
  if (!arg) return awk.fields.record.length;
  if (arg.t === 'var') {
    const cell = awk.cell(arg.name);
    if (cell.array) return cell.array.size;
  }
  const text = awk.text(yield* awk.evaluate(arg));
  return /[\ud800-\udbff]/.test(text) ? [...text].length : text.length;
}

const rounded = (x: number): number => (Math.abs(x % 1) === 0.5 ? 2 * Math.round(x / 2) : Math.round(x));

const substr = pure(([text, from, count], awk) => {
  const whole = awk.text(text ?? '');
  // gawk moves a start before the first character up to it and keeps the count.
  const start = Math.max(1, rounded(toNumber(from ?? 1)));
  const end = count === undefined ? Infinity : start + rounded(toNumber(count));
  return whole.slice(start - 1, Math.max(start - 1, Math.min(end - 1, whole.length)));
});

function* split(awk: Awk, args: readonly Expr[]): Sys<Value> {
  const text = awk.text(yield* awk.evaluate(args[0]!));
  const array = arrayOf(awk, args[1], 'split');
  const by = args[2];
  let cut: { parts: string[]; seps: string[] };
  if (by?.t === 'regex') cut = text === '' ? { parts: [], seps: [] } : splitByRegex(text, awk.regex(by.source));
  else cut = splitText(text, by ? awk.text(yield* awk.evaluate(by)) : awk.textOf('FS'));
  array.clear();
  cut.parts.forEach((part, i) => array.set(String(i + 1), new Input(part)));
  if (args[3]) {
    const seps = arrayOf(awk, args[3], 'split');
    seps.clear();
    cut.seps.forEach((sep, i) => seps.set(String(i + 1), sep));
  }
  return cut.parts.length;
}

function* patsplit(awk: Awk, args: readonly Expr[]): Sys<Value> {
  const text = awk.text(yield* awk.evaluate(args[0]!));
  const array = arrayOf(awk, args[1], 'patsplit');
  const regex = awk.regex(args[2] ? yield* awk.regexSource(args[2]) : awk.textOf('FPAT'));
  array.clear();
  for (let at = 0; at < text.length;) {
    const m = regex.exec(text, at);
    if (!m) break;
    if (m.end > m.start) array.set(String(array.size + 1), new Input(text.slice(m.start, m.end)));
    at = m.end > m.start ? m.end : m.end + 1;
  }
  return array.size;
}

/** `&` is the match, `\\&` an ampersand. */
function simpleReplacement(template: string, matched: string): string {
  if (!/[&\\]/.test(template)) return template;
  return template.replace(/\\\\(?=&)|\\&|&|\\\\/g, (token) => (token === '&' ? matched : token === '\\&' ? '&' : '\\'));
}

/** Replaces the matches; `which`: all, or the n-th. */
function replaceAll(text: string, regex: NonNullable<ReturnType<typeof dynamicRegex>>, which: number | 'all', make: (groups: readonly (string | undefined)[]) => string): { text: string; count: number } {
  let out = '';
  let from = 0;
  let seen = 0;
  let count = 0;
  let before = -1;
  for (let at = 0; at <= text.length;) {
    const m = regex.exec(text, at);
    if (!m) break;
    if (m.end === m.start && m.start === before) { // nothing right after a match is no match
      at = m.start + 1;
      continue;
    }
    seen++;
    if (which === 'all' || seen === which) {
      out += text.slice(from, m.start) + make(m.groups);
      from = m.end;
      count++;
    }
    before = m.end;
    at = m.end > m.start ? m.end : m.end + 1;
    if (which !== 'all' && seen >= which) break;
  }
  return { text: out + text.slice(from), count };
}

const substitution = (which: 1 | 'all'): Builtin => function* (awk, args) {
  const regex = awk.regex(yield* awk.regexSource(args[0]!));
  const template = awk.text(yield* awk.evaluate(args[1]!));
  const target: Target = (args[2] as Target | undefined) ?? { t: 'field', index: { t: 'number', value: 0 } };
  const before = awk.text(yield* awk.evaluate(target));
  const after = replaceAll(before, regex, which, (groups) => simpleReplacement(template, groups[0]!));
  const storable = target.t === 'var' || target.t === 'field' || target.t === 'index';
  if (after.count && storable) yield* awk.store(target, after.text);
  return after.count;
};

function* gensub(awk: Awk, args: readonly Expr[]): Sys<Value> {
  const regex = awk.regex(yield* awk.regexSource(args[0]!));
  const template = awk.text(yield* awk.evaluate(args[1]!));
  const how = awk.text(yield* awk.evaluate(args[2]!));
  const text = args[3] ? awk.text(yield* awk.evaluate(args[3])) : awk.fields.record;
  const make = (groups: readonly (string | undefined)[]): string =>
    template.replace(/\\(\d)|\\&|\\\\|&/g, (token, digit) => (digit !== undefined ? groups[Number(digit)] ?? '' : token === '&' ? groups[0]! : token.slice(1)));
  return replaceAll(text, regex, /^[gG]/.test(how) ? 'all' : Math.max(1, Number(how) || 1), make).text;
}

function* match(awk: Awk, args: readonly Expr[]): Sys<Value> {
  const text = awk.text(yield* awk.evaluate(args[0]!));
  const m = awk.regex(yield* awk.regexSource(args[1]!)).exec(text, 0);
  awk.cell('RSTART').value = m ? m.start + 1 : 0;
  awk.cell('RLENGTH').value = m ? m.end - m.start : -1;
  if (args[2]) {
    const array = arrayOf(awk, args[2], 'match');
    array.clear();
    m?.groups.forEach((group, i) => { if (group !== undefined) array.set(String(i), new Input(group)); });
  }
  return m ? m.start + 1 : 0;
}

/** A small generator of its own: equal seeds give equal numbers, as POSIX asks. */
function nextRandom(awk: Awk): number {
  awk.random.state = (Math.imul(awk.random.state, 1_664_525) + 1_013_904_223) >>> 0;
  let x = awk.random.state;
  x ^= x >>> 15;
  x = Math.imul(x, 0x2c1b3c6d) >>> 0;
  x ^= x >>> 12;
  return (x >>> 0) / 4_294_967_296;
}

function* srand(awk: Awk, [arg]: readonly Expr[]): Sys<Value> {
  const before = awk.random.seed;
  let seed: number;
  if (arg) seed = toNumber(yield* awk.evaluate(arg));
  else {
    const now = yield* call('now', {});
    seed = now.ok ? Math.floor(now.value.real / 1_000_000) : 0;
  }
  awk.random = { seed, before, state: (Math.trunc(seed) ^ 0x5bd1e995) >>> 0 };
  return before;
}

function* systime(): Sys<Value> {
  const now = yield* call('now', {});
  return now.ok ? Math.floor(now.value.real / 1_000_000) : 0;
}

function* formatTime(awk: Awk, args: readonly Expr[]): Sys<Value> {
  const format = args[0] ? awk.text(yield* awk.evaluate(args[0])) : '%a %b %e %H:%M:%S %Z %Y';
  const seconds = args[1] ? toNumber(yield* awk.evaluate(args[1])) : toNumber(yield* systime());
  const utc = args[2] ? toNumber(yield* awk.evaluate(args[2])) !== 0 : false;
  return strftime(format, { seconds: Math.floor(seconds), nanos: 0 }, utc ? UTC : zoneOf(awk.task.start.env['TZ']));
}

const mktime = pure(([spec], awk) => {
  const [year, month, day, hour, minute, second] = awk.text(spec ?? '').split(/\s+/).map(Number);
  if (second === undefined || Number.isNaN(second)) return -1;
  const local = secondsFromCivil({ year: year!, month: month!, day: day!, hour: hour!, minute: minute!, second });
  return civilFromSeconds(local).year < 0 ? -1 : toUtc(zoneOf(awk.task.start.env['TZ']), local);
});

const strtonum = pure(([value], awk) => {
  if (typeof value === 'number') return value;
  const text = awk.text(value ?? '').trim();
  if (/^0[xX]/.test(text)) return parseInt(text, 16) || 0;
  return /^0[0-7]+$/.test(text) ? parseInt(text, 8) : toNumber(text);
});

const bits = (f: (a: bigint, b: bigint) => bigint): Builtin =>
  pure((args) => Number(args.map((arg) => BigInt(Math.trunc(toNumber(arg)))).reduce((a, b) => f(a, b))));

const sorting = (byKey: boolean): Builtin => function* (awk, args) {
  const name = byKey ? 'asorti' : 'asort';
  const source = arrayOf(awk, args[0], name);
  const values: Value[] = byKey ? [...source.keys()] : [...source.values()];
  const rank = (value: Value): number => (typeof value === 'number' || (value instanceof Input && value.number !== null) || value === UNSET ? 0 : 1);
  values.sort((a, b) => rank(a) - rank(b) || compare(a, b, numberFormat('%.6g')));
  const target = args[1] ? arrayOf(awk, args[1], name) : source;
  target.clear();
  values.forEach((value, i) => target.set(String(i + 1), value));
  return values.length;
};

function* logarithm(awk: Awk, [arg]: readonly Expr[], line: number): Sys<Value> {
  const x = toNumber(yield* awk.evaluate(arg!));
  if (x < 0) yield* awk.task.error(`cmd. line:${line}: warning: log: received negative argument ${awk.text(x)}`, 0);
  return Math.log(x);
}

function* runSystem(awk: Awk, [arg]: readonly Expr[]): Sys<Value> {
  const command = awk.text(yield* awk.evaluate(arg!));
  yield* awk.streams.flush();
  return yield* system(command, awk.task.start.env);
}

function* print(awk: Awk, args: readonly Expr[], line: number): Sys<Value> {
  const values: Value[] = [];
  for (const arg of args) values.push(yield* awk.evaluate(arg));
  const made = sprintf(awk.text(values[0] ?? ''), values.slice(1), numberFormat(awk.textOf('CONVFMT')));
  if (!made.ok) throw new Trouble(`cmd. line:${line}: fatal: ${made.message}`);
  return made.text;
}

const BUILTINS: Readonly<Record<string, Builtin>> = {
  length, substr, split, patsplit, gensub, match, srand, systime, mktime, strtonum, sprintf: print, strftime: formatTime,
  index: pure(([text, part], awk) => awk.text(text ?? '').indexOf(awk.text(part ?? '')) + 1),
  sub: substitution(1), gsub: substitution('all'),
  tolower: pure(([text], awk) => awk.text(text ?? '').toLowerCase()), toupper: pure(([text], awk) => awk.text(text ?? '').toUpperCase()),
  sin: maths(Math.sin), cos: maths(Math.cos), exp: maths(Math.exp), log: logarithm, sqrt: maths(Math.sqrt), int: maths(Math.trunc),
  atan2: pure(([y, x]) => Math.atan2(toNumber(y ?? 0), toNumber(x ?? 0))),
  rand: pure((_args, awk) => nextRandom(awk)), system: runSystem,
  and: bits((a, b) => a & b), or: bits((a, b) => a | b), xor: bits((a, b) => a ^ b), lshift: bits((a, b) => a << b), rshift: bits((a, b) => a >> b),
  compl: pure(([x]) => Number(BigInt.asUintN(53, ~BigInt(Math.trunc(toNumber(x ?? 0)))))),
  asort: sorting(false), asorti: sorting(true),
  *isarray(awk, [arg]) { return arg?.t === 'var' && awk.cell(arg.name).array !== null ? 1 : 0; },
  *close(awk, [arg]) { return yield* awk.streams.close(awk.text(yield* awk.evaluate(arg!))); },
  *fflush(awk, [arg]) { return yield* awk.streams.flush(arg ? awk.text(yield* awk.evaluate(arg)) : undefined); },
};

/** The least number of arguments that each needs. */
const NEEDED: Readonly<Record<string, number>> = { substr: 2, index: 2, split: 2, sub: 2, gsub: 2, gensub: 3, match: 2, sprintf: 1, atan2: 2, system: 1, close: 1, patsplit: 2 };

export function* callBuiltin(awk: Awk, name: string, args: readonly Expr[], line: number): Sys<Value> {
  if (args.length < (NEEDED[name] ?? 0)) throw new Trouble(`cmd. line:${line}: fatal: ${args.length} is invalid as number of arguments for ${name}`);
  return yield* BUILTINS[name]!(awk, args, line);
}
