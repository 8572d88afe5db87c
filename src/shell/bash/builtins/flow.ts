/** Builtins that steer: loops, functions, the shell's end, commands made of text. */
import { strerror } from '../../../sim/proc/libc.ts';
import type { Sys } from '../../../sim/proc/program.ts';
import { evaluate } from '../arithmetic.ts';
import { builtinOf, callBuiltin } from '../command.ts';
import { cannotRun, environmentFor, findProgram, searchPath } from '../programs.ts';
import { readPath } from '../input.ts';
import { isText, runForeground } from '../pipeline.ts';
import { runText } from '../run.ts';
import { Failure, Unwind, type Shell } from '../shell.ts';
import { describe as tellName } from './about.ts';
import type { Builtin } from './index.ts';
import { isNumber, parseOptions, usage } from './options.ts';

const leave = (kind: 'break' | 'continue'): Builtin => function* (sh, args) {
  if (sh.loops === 0) {
    yield* sh.complain("only meaningful in a `for', `while', or `until' loop");
    return 0;
  }
  if (args.length > 1) { yield* sh.complain('too many arguments'); throw new Unwind('discard', 1); }
  if (args.length && !isNumber(args[0]!)) {
    yield* sh.complain(`${args[0]}: numeric argument required`);
    throw new Unwind('exit', 128);
  }
  const levels = args.length ? Number(args[0]) : 1;
  if (levels < 1) {
    yield* sh.complain(`${args[0]}: loop count out of range`);
    throw new Unwind('break', sh.loops);
  }
  throw new Unwind(kind, Math.min(levels, sh.loops));
};

/** The status that exit and return are given; null after a message. */
function* statusOf(sh: Shell, args: readonly string[]): Sys<number | null> {
  const list = args[0] === '--' ? args.slice(1) : args;
  if (!list.length) return sh.s.status;
  if (!isNumber(list[0]!)) { yield* sh.complain(`${list[0]}: numeric argument required`); return 2; }
  if (list.length > 1) { yield* sh.complain('too many arguments'); return null; }
  return Number(BigInt.asUintN(8, BigInt(list[0]!.trim().replace(/^\+/, ''))));
}

const returnBuiltin: Builtin = function* (sh, args) {
  const status = yield* statusOf(sh, args);
  if (status === null) throw new Unwind('discard', 1);
  if (!sh.s.scopes.some((scope) => scope.name !== '')) {
    yield* sh.complain("can only `return' from a function or sourced script");
    return 2;
  }
  throw new Unwind('return', status);
};

const exit: Builtin = function* (sh, args) {
  if (sh.atPrompt) {
    yield* sh.write(2, sh.s.login ? 'logout\n' : 'exit\n');
    if (yield* heldByJobs(sh)) return 1;
  }
  const status = yield* statusOf(sh, args);
  if (status === null) throw new Unwind('discard', 1);
  throw new Unwind('exit', status);
};

/** The first attempt to leave with stopped jobs only warns. */
export function* heldByJobs(sh: Shell): Sys<boolean> {
  const stopped = sh.s.jobs.some((job) => job.state === 'stopped');
  const running = sh.shopt('checkjobs') && sh.s.jobs.some((job) => job.state === 'running');
  if ((!stopped && !running) || sh.s.exitWarned) return false;
  sh.s.exitWarned = true;
  yield* sh.write(2, `There are ${stopped ? 'stopped' : 'running'} jobs.\n`);
  return true;
}

const logout: Builtin = function* (sh, args) {
  if (!sh.s.login) { yield* sh.complain("not login shell: use `exit'"); return 1; }
  return yield* exit(sh, args);
};

const shift: Builtin = function* (sh, args) {
  if (args.length > 1) { yield* sh.complain('too many arguments'); return 1; }
  if (args.length && !isNumber(args[0]!)) {
    yield* sh.complain(`${args[0]}: numeric argument required`);
    return 1;
  }
  const n = args.length ? Number(args[0]) : 1;
  if (n < 0) { yield* sh.complain(`${args[0]}: shift count out of range`); return 1; }
  if (n > sh.s.args.length) {
    if (sh.shopt('shift_verbose')) yield* sh.complain(`${n}: shift count out of range`);
    return 1;
  }
  sh.s.args = sh.s.args.slice(n);
  return 0;
};

const evalBuiltin: Builtin = function* (sh, args) {
  const rest = args[0] === '--' ? args.slice(1) : args;
  if (rest[0]?.[0] === '-' && rest[0].length > 1 && args[0] !== '--') {
    yield* sh.complain(`${rest[0].slice(0, 2)}: invalid option`);
    return yield* usage(sh);
  }
  sh.builtin = '';
  const line = sh.line;
  sh.nested++;
  sh.frames.push({ k: 'wall' });
  const depth = sh.frames.length;
  try {
    return yield* runText(sh, rest.join(' '), 'eval');
  } finally {
    sh.nested--;
    sh.frames.length = depth - 1;
    sh.line = line;
  }
};

const source: Builtin = function* (sh, args) {
  if (args[0] === '--') args = args.slice(1);
  const name = args[0];
  if (name === undefined) { yield* sh.complain('filename argument required'); return yield* usage(sh); }
  let path = name;
  if (!name.includes('/') && sh.shopt('sourcepath')) path = (yield* searchReadable(sh, name)) ?? name;
  const stat = yield* sh.call('stat', { path });
  if (stat.ok && stat.value.type === 'dir') { yield* sh.complain(`${name}: is a directory`); return 1; }
  const text = yield* readPath(sh, path);
  if (!text.ok) { yield* sh.warn(`${name}: ${strerror(text.errno)}`); return 1; }
  if (text.value.startsWith('\x7fELF')) {
    yield* sh.complain(`${name}: cannot execute binary file`);
    return 126;
  }
  sh.builtin = '';
  return yield* sourceText(sh, text.value, path, args.slice(1));
};

function* searchReadable(sh: Shell, name: string): Sys<string | null> {
  const all: string[] = [];
  yield* searchPath(sh, name, undefined, all);
  return all[0] ?? null;
}

/** Runs a file's text in this shell. */
export function* sourceText(sh: Shell, text: string, path: string, args: readonly string[]): Sys<number> {
  const { line, loops, level } = sh, outer = sh.s.args, depth = sh.s.scopes.length;
  sh.own('scopes').push({ name: 'source', vars: {}, args: null, line, source: path });
  if (args.length) sh.s.args = args;
  sh.frames.push({ k: 'wall' });
  const frames = sh.frames.length;
  sh.loops = 0;
  try {
    sh.s.status = 0;
    return yield* runText(sh, text, path);
  } catch (error) {
    if (error instanceof Failure) error.prefix ??= sh.prefix();
    if (!(error instanceof Unwind) || error.kind !== 'return') throw error;
    sh.s.status = error.value;
    return error.value;
  } finally {
    sh.frames.length = frames - 1;
    sh.loops = loops;
    sh.level = level;
    sh.line = line;
    if (sh.s.scopes.length > depth) sh.own('scopes').length = depth;
    if (args.length) sh.s.args = outer;
  }
}

const exec: Builtin = function* (sh, args) {
  const options = yield* parseOptions(sh, args, 'cla:');
  if (typeof options === 'number') return options;
  const argv = [...options.rest];
  if (!argv.length) return 0;
  const path = yield* findProgram(sh, argv[0]!);
  const name = argv[0]!;
  if (options.value('a') !== undefined) argv[0] = options.value('a')!;
  if (options.has('l')) argv[0] = `-${argv[0]}`;
  if (path === null) yield* sh.complain(`${name}: not found`);
  else {
    const env = options.has('c') ? {} : environmentFor(sh, [], path);
    const fds: Record<number, number> = {};
    for (const key in sh.s.fds) if (sh.s.fds[key]! >= 0) fds[key] = sh.s.fds[key]!;
    if (sh.atPrompt) { sh.raw = false; yield* sh.call('ttyMode', { fd: 0, raw: false, echo: true }); }
    const done = yield* sh.call('exec', { path, argv, env, fds });
    if (!done.ok && done.errno === 'ENOEXEC' && (yield* isText(sh, path))) {
      yield* sh.call('exec', { program: 'bash', argv: ['bash', path, ...argv.slice(1)], env, fds });
    }
    if (!done.ok) {
      const status = yield* cannotExec(sh, path, done.errno);
      if (!sh.atPrompt && !sh.shopt('execfail')) throw new Unwind('exit', status);
      return status;
    }
  }
  if (!sh.atPrompt && !sh.shopt('execfail')) throw new Unwind('exit', 127);
  return 127;
};

function* cannotExec(sh: Shell, path: string, errno: Parameters<typeof cannotRun>[2]): Sys<number> {
  const status = yield* cannotRun(sh, path, errno);
  yield* sh.complain(`${path}: cannot execute: ${strerror(errno)}`);
  return status;
}

const STANDARD_PATH = '/bin:/usr/bin:/sbin:/usr/sbin';

const command: Builtin = function* (sh, args) {
  const options = yield* parseOptions(sh, args, 'pVv');
  if (typeof options === 'number') return options;
  const argv = [...options.rest];
  if (!argv.length) return 0;
  if (options.has('v') || options.has('V')) {
    let found = false;
    for (const name of argv) {
      const ok = yield* tellName(sh, name, options.has('V') ? 'long' : 'short',
        { path: options.has('p') ? STANDARD_PATH : undefined });
      if (ok) found = true;
      else if (options.has('V')) yield* sh.complain(`${name}: not found`);
    }
    return found ? 0 : 1;
  }
  const builtin = builtinOf(sh, argv[0]!);
  if (builtin) return yield* callBuiltin(sh, argv[0]!, builtin, argv.slice(1), []);
  sh.builtin = '';
  const path = yield* findProgram(sh, argv[0]!, options.has('p') ? STANDARD_PATH : undefined);
  if (path === null) { yield* sh.warn(`${argv[0]}: command not found`); return 127; }
  const shown = argv.join(' ');
  return yield* runForeground(sh, path, argv, environmentFor(sh, [], path), {
    k: 'simple', assigns: [], words: [{ src: `command ${shown}`, parts: [] }], redirs: [], line: sh.line,
  });
};

const builtinBuiltin: Builtin = function* (sh, args) {
  if (args[0] === '--') args = args.slice(1);
  if (!args.length) return 0;
  const builtin = builtinOf(sh, args[0]!);
  if (!builtin) { yield* sh.complain(`${args[0]}: not a shell builtin`); return 1; }
  return yield* callBuiltin(sh, args[0]!, builtin, args.slice(1), []);
};

const letBuiltin: Builtin = function* (sh, args) {
  if (args[0] === '--') args = args.slice(1);
  if (!args.length) { yield* sh.complain('expression expected'); return 1; }
  let result = 0n;
  for (const arg of args) result = evaluate(sh, arg);
  return result === 0n ? 1 : 0;
};

export const flow: Record<string, Builtin> = {
  break: leave('break'), continue: leave('continue'), return: returnBuiltin, exit, logout, shift,
  eval: evalBuiltin, source, '.': source, exec, command,
  builtin: builtinBuiltin, let: letBuiltin,
};
