/**
 * Simple commands: assignments, then a function, a builtin or a program found in PATH.
 * execute_simple_command of execute_cmd.c, and its words for what cannot be run.
 */
import type { Assign, Simple } from '../grammar/ast.ts';
import { print, printAssign } from '../grammar/print.ts';
import { strerror } from '../../sim/proc/libc.ts';
import type { Sys } from '../../sim/proc/program.ts';
import { builtins, type Builtin } from './builtins/index.ts';
import { settle, take } from './exec.ts';
import { expandText, expandWord } from './expand.ts';
import { callFunction, resumeCall } from './functions.ts';
import { subscript } from './parameter.ts';
import { runForeground } from './pipeline.ts';
import { environmentFor, findProgram } from './programs.ts';
import { quoteTrace } from './quote.ts';
import { keep, redirect, restore } from './redirect.ts';
import type { Var } from './session.ts';
import { Failure, type Shell } from './shell.ts';
import { get, has, set, type Table } from './table.ts';
import { trace } from './trace.ts';
import { runTraps, trapOn } from './traps.ts';
import { assign, assignArray, assignElement, lookup, value, type NewElement } from './variables.ts';

/** A value that an assignment gives, after expansion. */
export interface Assigned { name: string; key?: string; append: boolean; text?: string;
  items?: readonly NewElement[] }

export function* simple(sh: Shell, n: Simple): Sys<number> {
  if (sh.s.options['noexec'] && !sh.s.interactive) return sh.s.status;
  if (sh.resume.length) {
    const call = take(sh, 'call');
    if (call) return yield* resumeCall(sh, call);
  }
  const { tail } = sh;
  sh.tail = false;
  sh.line = n.line;
  if (sh.inTrap === 0) sh.current = n;
  if (sh.signals.length) yield* runTraps(sh);
  if (has(sh.s.traps, 'DEBUG') && sh.inTrap === 0) {
    sh.command = print(n);
    yield* trapOn(sh, 'DEBUG');
    sh.line = n.line;
  }
  sh.substituted = null;
  const made = sh.substitutions.length;
  const argv: string[] = [];
  let arrays: Map<number, Assigned> | undefined;
  for (const arg of n.words) {
    if ('src' in arg) {
      if (arg.lit !== undefined) argv.push(arg.lit); else yield* expandWord(sh, arg, argv);
    } else {
      const one = yield* assigned(sh, arg);
      if (one.items ?? one.key !== undefined) (arrays ??= new Map()).set(argv.length - 1, one);
      argv.push(shown(one));
    }
  }
  const status = argv.length ? yield* command(sh, n, argv, arrays, tail) : yield* assignments(sh, n);
  if (sh.substitutions.length > made) yield* closeSubstitutions(sh, made);
  return status;
}

function* closeSubstitutions(sh: Shell, from: number): Sys<void> {
  for (const fd of sh.substitutions.splice(from)) {
    const actual = sh.s.fds[fd];
    delete sh.own('fds')[fd];
    if (actual !== undefined) yield* sh.call('close', { fd: actual });
  }
}

// ---- assignments

export function* assigned(sh: Shell, a: Assign): Sys<Assigned> {
  const base = { name: a.name, append: a.append === true };
  if (a.index) {
    return { ...base, key: yield* subscript(sh, a.name, a.index),
      text: 'src' in a.value ? yield* expandText(sh, a.value, true) : '' };
  }
  if ('src' in a.value) return { ...base, text: yield* expandText(sh, a.value, true) };
  const items: NewElement[] = [];
  for (const e of a.value) {
    if (e.index) items.push({ key: yield* subscript(sh, a.name, e.index),
      value: yield* expandText(sh, e.value, true), append: e.append });
    else {
      const words: string[] = [];
      yield* expandWord(sh, e.value, words);
      for (const word of words) items.push({ value: word });
    }
  }
  return { ...base, items };
}

/** As the words of `declare` and the trace have it. */
function shown(a: Assigned, quote: (text: string) => string = (text) => text): string {
  const op = a.append ? '+=' : '=';
  if (a.items) return `${a.name}${op}(${a.items.map((i) =>
    `${i.key === undefined ? '' : `[${i.key}]=`}${quote(i.value)}`).join(' ')})`;
  return `${a.name}${a.key === undefined ? '' : `[${a.key}]`}${op}${quote(a.text!)}`;
}

export function store(sh: Shell, a: Assigned): void {
  if (a.items) assignArray(sh, a.name, a.items, a.append);
  else if (a.key !== undefined) assignElement(sh, a.name, a.key, a.text!, a.append);
  else assign(sh, a.name, a.text!, a.append);
}

function* assignments(sh: Shell, n: Simple): Sys<number> {
  if (n.redirs.length) {
    const undo = yield* safely(sh, n);
    if (!undo) return yield* settle(sh, 1);
    yield* restore(sh, undo);
  }
  for (const a of n.assigns) {
    const one = yield* assigned(sh, a);
    store(sh, one);
    yield* trace(sh, () => (one.items ? printAssign(a) : shown(one, quoteTrace)));
  }
  sh.s.lastArg = '';
  return yield* settle(sh, sh.substituted ?? 0);
}

/** Redirections; a failure in expanding their words is told. */
function* safely(sh: Shell, n: Simple): Sys<ReturnType<typeof redirect> extends Sys<infer U> ? U : never> {
  return yield* redirect(sh, n.redirs);
}

// ---- commands

function* command(sh: Shell, n: Simple, argv: string[], arrays: Map<number, Assigned> | undefined,
  tail: boolean): Sys<number> {
  const name = argv[0]!;
  const temporary: Assigned[] = [];
  for (const a of n.assigns) {
    const one = yield* assigned(sh, a);
    if (lookup(sh, a.name)?.flags.includes('r')) yield* sh.warn(`${a.name}: readonly variable`);
    else temporary.push(one);
  }
  if (sh.s.options['xtrace']) {
    for (const a of temporary) yield* trace(sh, () => shown(a, quoteTrace));
    yield* trace(sh, () => argv.map(quoteTrace).join(' '));
  }
  const fn = get(sh.s.functions, name);
  const builtin = fn ? undefined : builtinOf(sh, name);
  if (!fn && !builtin) return yield* external(sh, n, argv, temporary, tail);
  const last = argv[argv.length - 1]!;
  const undo = n.redirs.length ? yield* redirect(sh, n.redirs) : null;
  if (n.redirs.length && !undo) return yield* settle(sh, 1);
  const stays = name === 'exec' && argv.length === 1;
  try {
    const status = fn
      ? yield* callFunction(sh, name, fn, argv.slice(1), temporaryVars(sh, temporary), undo)
      : yield* callBuiltin(sh, name, builtin!, argv.slice(1), temporary, arrays);
    sh.s.lastArg = last;
    if (undo && stays) yield* keep(sh, undo);
    return fn ? status : yield* settle(sh, status);
  } finally {
    if (undo && !stays) yield* restore(sh, undo);
  }
}

export const builtinOf = (sh: Shell, name: string): Builtin | undefined =>
  (has(sh.s.disabled, name) ? undefined : get(builtins(), name));

function temporaryVars(sh: Shell, temporary: readonly Assigned[]): Table<Var | null> {
  const vars: Table<Var | null> = {};
  for (const a of temporary) {
    const before = lookup(sh, a.name);
    set(vars, a.name, { value: a.append ? (before?.value ?? '') + a.text! : a.text ?? '', flags: 'x' });
  }
  return vars;
}

/** Builtins to which `--help` is a word like any other. */
const PLAIN: ReadonlySet<string> = new Set(['echo', 'test', '[', ':', 'true', 'false']);

export function* callBuiltin(sh: Shell, name: string, builtin: Builtin, args: readonly string[],
  temporary: readonly Assigned[], arrays?: Map<number, Assigned>): Sys<number> {
  const outer = sh.builtin;
  sh.builtin = name;
  const scoped = temporary.length > 0;
  const depth = sh.s.scopes.length;
  if (scoped) {
    sh.own('scopes').push({ name: '', vars: temporaryVars(sh, temporary), args: null, line: sh.line,
      source: '' });
    sh.s.env = null;
  }
  try {
    if (args[0] === '--help' && args.length === 1 && !PLAIN.has(name)) {
      yield* builtins()['help']!(sh, [name]);
      return 2;
    }
    return yield* builtin(sh, args, arrays);
  } catch (error) {
    if (error instanceof Failure && !error.fatal) {
      yield* sh.complain(error.message);
      return 1;
    }
    throw error;
  } finally {
    sh.builtin = outer;
    if (scoped && sh.s.scopes.length > depth) { sh.own('scopes').splice(depth); sh.s.env = null; }
  }
}

function* external(sh: Shell, n: Simple, argv: string[], temporary: readonly Assigned[],
  tail: boolean): Sys<number> {
  const pathVar = temporary.find((a) => a.name === 'PATH')?.text;
  const undo = n.redirs.length ? yield* redirect(sh, n.redirs) : null;
  if (n.redirs.length && !undo) return yield* settle(sh, 1);
  try {
    sh.s.lastArg = argv[argv.length - 1]!;
    const path = yield* findProgram(sh, argv[0]!, pathVar);
    if (argv.length === 1 && sh.atPrompt && sh.shopt('autocd') && (yield* isDirectory(sh, argv[0]!))) {
      yield* sh.write(2, `cd -- ${argv[0]}\n`);
      return yield* settle(sh, yield* callBuiltin(sh, 'cd', builtins()['cd']!, ['--', argv[0]!], []));
    }
    if (path === null) {
      const handler = get(sh.s.functions, 'command_not_found_handle');
      if (handler) return yield* callFunction(sh, 'command_not_found_handle', handler, argv, {});
      yield* sh.warn(`${argv[0]}: ${value(sh, 'PATH') === undefined ? strerror('ENOENT')
        : 'command not found'}`);
      return yield* settle(sh, 127);
    }
    return yield* runForeground(sh, path, argv, environmentFor(sh, temporary, path), n, tail);
  } finally {
    if (undo) yield* restore(sh, undo);
  }
}

function* isDirectory(sh: Shell, path: string): Sys<boolean> {
  const stat = yield* sh.call('stat', { path });
  return stat.ok && stat.value.type === 'dir';
}
