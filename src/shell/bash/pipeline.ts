/**
 * Processes of a shell: pipelines, background commands, subshells. A program is spawned by itself; what
 * only a shell can do runs in a child shell that is given the session. With job control each pipeline is a
 * process group that gets the terminal. execute_pipeline and jobs.c.
 */
import type { Node, Pipeline, Simple, Subshell } from '../grammar/ast.ts';
import { print } from '../grammar/print.ts';
import { strerror } from '../../sim/proc/libc.ts';
import type { Errno, Json, Signal, Sys } from '../../sim/proc/program.ts';
import type { Exec } from '../../sim/proc/syscalls.ts';
import { builtinOf, callBuiltin } from './command.ts';
import { cannotRun, environmentFor, findProgram } from './programs.ts';
import { exec, failed, settle, tested } from './exec.ts';
import { expandWords } from './expand.ts';
import { addJob, describeDeath, waitAll, type Ended } from './jobs.ts';
import { redirect, restore } from './redirect.ts';
import { CAPTURE, Unwind, type Shell } from './shell.ts';
import { get } from './table.ts';
import { report } from './timing.ts';
import { environment } from './variables.ts';

/** Whether jobs are process groups that own the terminal in turn. */
const controlsJobs = (sh: Shell): boolean => sh.option('monitor');

type Fds = Record<number, number>;

interface Place { fds: Fds; pgid?: number; foreground?: boolean; ignore?: readonly Signal[] }

const place = (p: Place): Partial<Exec> => ({
  fds: p.fds, ...(p.pgid === undefined ? {} : { pgid: p.pgid }),
  ...(p.foreground ? { foreground: true } : {}), ...(p.ignore ? { ignore: p.ignore } : {}),
});

/** Descriptors as a child gets them. */
function fdsOf(sh: Shell): Fds {
  const fds: Fds = {};
  for (const key in sh.s.fds) if (sh.s.fds[key]! !== CAPTURE) fds[key] = sh.s.fds[key]!;
  return fds;
}

// ---- starting

/** A shell inside a shell inside …: where a real machine would have no process left to give. */
const NESTING_MAX = 200;
/** From this depth on the machine's processes are counted first: a fork bomb gets no further. */
const NESTING_FREE = 5;
const PROCESSES_MAX = 400;

function* crowded(sh: Shell): Sys<boolean> {
  const all = yield* sh.call('processes', {});
  return all.ok && all.value.length > PROCESSES_MAX;
}

/** A child shell that runs `node`. */
export function* spawnShell(sh: Shell, node: Node | readonly Node[], at: Place,
  substituted = false): Sys<number | Errno> {
  if (sh.s.subshell >= NESTING_MAX || (sh.s.subshell >= NESTING_FREE && (yield* crowded(sh)))) return 'EAGAIN';
  const mem = { k: 'sub', s: sh.share(), nodes: Array.isArray(node) ? node : [node], line: sh.line,
    nested: sh.nested, substituted };
  const made = yield* sh.call('spawn',
    { program: 'bash', argv: sh.start.argv, env: environment(sh), mem: mem as unknown as Json,
      ...place(at) });
  return made.ok ? made.value : made.errno;
}

/** A program; a text file that says no interpreter is run by a shell (execute_cmd.c, shell_execve). */
export function* spawnProgram(sh: Shell, path: string, argv: readonly string[], env: Record<string, string>,
  at: Place): Sys<number | Errno> {
  let made = yield* sh.call('spawn', { path, argv, env, ...place(at) });
  if (!made.ok && made.errno === 'ENOEXEC' && (yield* isText(sh, path))) {
    made = yield* sh.call('spawn',
      { program: 'bash', argv: [sh.start.argv[0] ?? 'bash', path, ...argv.slice(1)], env, ...place(at) });
  }
  if (!made.ok && made.errno === 'ENOENT') sh.s.paths = {};
  return made.ok ? made.value : made.errno;
}

export function* isText(sh: Shell, path: string): Sys<boolean> {
  const text = yield* sh.call('readFile', { path });
  if (!text.ok) return false;
  const first = text.value.slice(0, 80).split('\n')[0]!;
  return !first.includes('\x7f') && !/[\x00-\x06\x0e-\x1a\udc80-\udcff]/.test(first);
}

/** A single program in the foreground. */
export function* runForeground(sh: Shell, path: string, argv: readonly string[], env: Record<string, string>,
  n: Simple, tail = false): Sys<number> {
  if (tail) {
    // Nothing follows: the shell becomes the program.
    const done = yield* sh.call('exec', { path, argv, env, fds: fdsOf(sh) });
    if (!done.ok) return yield* settle(sh, yield* cannotRunAsText(sh, path, argv, env, done.errno));
  }
  const jobs = controlsJobs(sh);
  if (jobs) yield* cook(sh);
  const pid = yield* spawnProgram(sh, path, argv, env,
    { fds: fdsOf(sh), ...(jobs ? { pgid: 0, foreground: true } : {}) });
  if (typeof pid !== 'number') return yield* settle(sh, yield* cannotRun(sh, path, pid));
  const ended = yield* waitAll(sh, [pid], () => print(n));
  return yield* finish(sh, ended, [], () => print(n));
}

function* cannotRunAsText(sh: Shell, path: string, argv: readonly string[], env: Record<string, string>,
  errno: Errno): Sys<number> {
  if (errno === 'ENOEXEC' && (yield* isText(sh, path))) {
    yield* sh.call('exec',
      { program: 'bash', argv: [sh.start.argv[0] ?? 'bash', path, ...argv.slice(1)], env, fds: fdsOf(sh) });
  }
  return yield* cannotRun(sh, path, errno);
}

/** The terminal as programs expect it: line by line, with its own echo. */
export function* cook(sh: Shell): Sys<void> {
  if (!sh.raw) return;
  sh.raw = false;
  yield* sh.call('ttyMode', { fd: 0, raw: false, echo: true });
}

/** After a foreground job: its status, the terminal back, a word about its death. */
export function* finish(sh: Shell, ended: Ended, before: readonly (number | null)[],
  text: () => string): Sys<number> {
  const jobs = controlsJobs(sh);
  if (jobs) yield* sh.call('tcsetpgrp', { fd: 0, pgid: sh.s.pid });
  const statuses = [...ended.statuses];
  const all = before.length ? before.map((s) => s ?? statuses.shift() ?? 0) : statuses;
  let status = all[all.length - 1] ?? 0;
  if (sh.option('pipefail')) for (const s of all) if (s !== 0) status = s;
  if (ended.stopped) {
    yield* addJob(sh, { pgid: ended.pids[0]!, pids: ended.pids, text: text(), state: 'stopped', status,
      quiet: false });
    sh.s.status = status;
    sh.s.pipestatus = [status];
    return status;
  }
  if (ended.signal !== null) {
    yield* describeDeath(sh, ended, text);
    // Ctrl-C stops the loop around the program too.
    if (ended.signal === 'INT' && sh.atPrompt && jobs && (sh.loops > 0 || sh.frames.length > 0)) {
      sh.s.status = status;
      throw new Unwind('interrupt', status, true);
    }
  }
  sh.s.status = status;
  sh.s.pipestatus = all;
  if (status !== 0) yield* failed(sh);
  return status;
}

// ---- pipelines

export function* pipeline(sh: Shell, n: Pipeline): Sys<number> {
  const timed = n.time ? yield* sh.call('now', {}) : null;
  let status = 0;
  if (n.negate) sh.conditions++;
  try {
    if (n.commands.length === 1) status =
      n.negate ? yield* tested(sh, n.commands[0]!) : yield* exec(sh, n.commands[0]!);
    else if (n.commands.length > 1) status = yield* connected(sh, n);
    else sh.s.status = 0;
  } finally { if (n.negate) sh.conditions--; }
  if (n.negate) { status = status === 0 ? 1 : 0; sh.s.status = status; }
  if (timed?.ok) yield* report(sh, timed.value.mono, n.time === 'time -p');
  return status;
}

function* connected(sh: Shell, n: Pipeline): Sys<number> {
  const jobs = controlsJobs(sh);
  if (jobs) yield* cook(sh);
  if (!jobs && sh.shopt('lastpipe')) return yield* lastHere(sh, n);
  const made = yield* startPipeline(sh, n.commands, n.both, jobs ? { pgid: 0, foreground: true } : {});
  if (typeof made === 'string') {
    yield* sh.warn(`pipe error: ${strerror(made)}`);
    return yield* settle(sh, 1);
  }
  const ended = yield* waitAll(sh, made.pids, () => print(n));
  return yield* finish(sh, ended, made.known, () => print(n));
}

/** `lastpipe`: the last member runs in this very shell. */
function* lastHere(sh: Shell, n: Pipeline): Sys<number> {
  const pipe = yield* sh.call('pipe', {});
  if (!pipe.ok) return yield* settle(sh, 1);
  const outer = sh.s.fds;
  const last = n.commands.length - 1;
  const before: Fds = { ...outer, 1: pipe.value.write };
  if (n.both?.includes(last - 1)) before[2] = pipe.value.write;
  sh.s.fds = before;
  const made = yield* startPipeline(sh, n.commands.slice(0, -1), n.both?.filter((i) => i < last - 1), {});
  sh.s.fds = { ...outer, 0: pipe.value.read };
  yield* sh.call('close', { fd: pipe.value.write });
  let status = 0;
  try { status = yield* tested(sh, n.commands[last]!); } finally {
    sh.s.fds = outer;
    yield* sh.call('close', { fd: pipe.value.read });
  }
  if (typeof made === 'string') return yield* settle(sh, 1);
  const ended = yield* waitAll(sh, made.pids, () => print(n));
  return yield* finish(sh, { ...ended, statuses: [...ended.statuses, status] }, [...made.known, null],
    () => print(n));
}

interface Started { pids: number[]; /** Status of members that made no process, null for those that did. */
  known: (number | null)[] }

function* startPipeline(sh: Shell, commands: readonly Node[], both: readonly number[] | undefined,
  job: Omit<Place, 'fds'>): Sys<Started | Errno> {
  const pids: number[] = [], known: (number | null)[] = [];
  const outer = sh.s.fds;
  let input: number | null = null, group = job.pgid;
  for (let i = 0; i < commands.length; i++) {
    const last = i === commands.length - 1;
    const pipe = last ? null : yield* sh.call('pipe', {});
    if (pipe && !pipe.ok) return pipe.errno;
    const fds: Fds = { ...outer };
    if (input !== null) fds[0] = input;
    if (pipe) fds[1] = pipe.value.write;
    if (pipe && both?.includes(i)) fds[2] = pipe.value.write;
    sh.s.fds = fds;
    try {
      const at = { ...job, ...(group === undefined ? {} : { pgid: group }) };
      const text: string | null = pipe && i === 0 && !both ? yield* spoken(sh, commands[i]!) : null;
      if (text !== null) {
        yield* sh.call('write', { fd: pipe!.value.write, text });
        known.push(0);
      } else {
        const made: number | { status: number } = yield* startMember(sh, commands[i]!, at);
        if (typeof made === 'number') {
          pids.push(made);
          known.push(null);
          if (group === 0) group = made;
        } else known.push(made.status);
      }
    } finally { sh.s.fds = outer; }
    if (input !== null) yield* sh.call('close', { fd: input });
    if (pipe) yield* sh.call('close', { fd: pipe.value.write });
    input = pipe ? pipe.value.read : null;
  }
  return { pids, known };
}

/** What fits into a pipe that nobody reads yet. */
const PIPE_ROOM = 60_000;

/** The output of a first member that is a mere `echo` or `printf`: it needs no process. */
function* spoken(sh: Shell, n: Node): Sys<string | null> {
  if (n.k !== 'simple' || n.redirs.length || n.assigns.length || sh.option('xtrace') || sh.option('nounset'))
    return null;
  const head = n.words[0];
  const name = head && 'src' in head ? head.lit : undefined;
  if ((name !== 'echo' && name !== 'printf') || get(sh.s.functions, name)) return null;
  if (sh.s.traps['DEBUG'] || !n.words.every((w) => 'src' in w && w.pure && w.src !== '-v')) return null;
  const argv = yield* expandWords(sh, n.words as never);
  const { captured, s: { fds, status } } = sh;
  sh.captured = '';
  sh.s.fds = { ...fds, 1: CAPTURE };
  const builtin = builtinOf(sh, name);
  if (!builtin) { sh.s.fds = fds; sh.captured = captured; return null; }
  try {
    const result = yield* callBuiltin(sh, name, builtin, argv.slice(1), []);
    return result === 0 && sh.captured.length < PIPE_ROOM ? sh.captured : null;
  } finally {
    sh.s.fds = fds;
    sh.s.status = status;
    sh.captured = captured;
  }
}

/** Whether a command can be started from here without a shell of its own: its expansion changes nothing. */
export function isPlainProgram(sh: Shell, n: Node): n is Simple {
  if (n.k !== 'simple' || !n.words.length || n.assigns.length) return false;
  if (sh.option('nounset') || sh.option('xtrace') || sh.s.traps['DEBUG'] !== undefined) return false;
  if (!n.words.every((w) => 'src' in w && w.pure)) return false;
  if (!n.redirs.every((r) => r.target.pure && typeof r.fd !== 'string')) return false;
  const head = n.words[0]!;
  if (!('src' in head) || head.lit === undefined) return false;
  return get(sh.s.functions, head.lit) === undefined && !builtinOf(sh, head.lit);
}

/** Starts one member with the descriptors at hand; a status when there was nothing to start. */
function* startMember(sh: Shell, n: Node, job: Omit<Place, 'fds'>): Sys<number | { status: number }> {
  if (!isPlainProgram(sh, n)) {
    const made = yield* spawnShell(sh, n, { ...job, fds: fdsOf(sh) });
    if (typeof made === 'number') return made;
    yield* sh.warn(`fork: ${strerror(made)}`);
    return { status: 254 };
  }
  sh.line = n.line;
  const argv = yield* expandWords(sh, n.words as never);
  const undo = n.redirs.length ? yield* redirect(sh, n.redirs) : null;
  if (n.redirs.length && !undo) return { status: 1 };
  try {
    const path = yield* findProgram(sh, argv[0]!, undefined, true);
    if (path === null) {
      if (get(sh.s.functions, 'command_not_found_handle')) {
        const made = yield* spawnShell(sh, n, { ...job, fds: fdsOf(sh) });
        return typeof made === 'number' ? made : { status: 254 };
      }
      yield* sh.warn(`${argv[0]}: command not found`);
      return { status: 127 };
    }
    const pid = yield* spawnProgram(sh, path, argv, environmentFor(sh, [], path), { ...job, fds: fdsOf(sh) });
    return typeof pid === 'number' ? pid : { status: yield* cannotRun(sh, path, pid) };
  } finally {
    if (undo) yield* restore(sh, undo);
  }
}

// ---- subshells and background

/** `( … )` */
export function* foreground(sh: Shell, n: Subshell): Sys<number> {
  const jobs = controlsJobs(sh);
  if (jobs) yield* cook(sh);
  const pid = yield* spawnShell(sh, n.body,
    { fds: fdsOf(sh), ...(jobs ? { pgid: 0, foreground: true } : {}) });
  if (typeof pid !== 'number') { yield* sh.warn(`fork: ${strerror(pid)}`); return yield* settle(sh, 254); }
  const ended = yield* waitAll(sh, [pid], () => print(n));
  return yield* finish(sh, ended, [], () => print(n));
}

export function* background(sh: Shell, n: Node): Sys<number> {
  const jobs = controlsJobs(sh);
  const outer = sh.s.fds;
  let nothing: number | null = null;
  if (!jobs) {
    // Without job control a background command has no claim on the input.
    const opened = yield* sh.call('open', { path: '/dev/null', flags: { read: true } });
    if (opened.ok) { nothing = opened.value; sh.s.fds = { ...outer, 0: nothing }; }
  }
  const job = jobs ? { pgid: 0 } : { ignore: ['INT', 'QUIT'] as const };
  const commands = n.k === 'pipe' && !n.negate && !n.time && n.commands.length > 1 ? n.commands : [n];
  const both = n.k === 'pipe' ? n.both : undefined;
  const made = yield* startPipeline(sh, commands, commands === (n as Pipeline).commands ? both : undefined,
    job);
  sh.s.fds = outer;
  if (nothing !== null) yield* sh.call('close', { fd: nothing });
  sh.s.status = 0;
  if (typeof made === 'string') { yield* sh.warn(`fork: ${strerror(made)}`); return (sh.s.status = 254); }
  const last = made.pids[made.pids.length - 1];
  if (last === undefined) { sh.s.lastBackground = sh.start.pid; return 0; }
  sh.s.lastBackground = last;
  yield* addJob(sh, { pgid: made.pids[0]!, pids: made.pids, text: print(n), state: 'running', status: 0,
    quiet: !sh.atPrompt });
  return 0;
}
