/** Traps: commands that run when a signal comes or the shell ends. trap.c. */
import type { Sys } from '../../sim/proc/program.ts';
import { runText, told } from './run.ts';
import { Failure, Unwind, type Shell } from './shell.ts';
import { get } from './table.ts';

/** Numbers on x86-64 Linux. */
export const SIGNAL_NAMES: readonly string[] =
  ['EXIT', 'HUP', 'INT', 'QUIT', 'ILL', 'TRAP', 'ABRT', 'BUS', 'FPE', 'KILL', 'USR1', 'SEGV', 'USR2',
  'PIPE', 'ALRM', 'TERM', 'STKFLT', 'CHLD', 'CONT', 'STOP', 'TSTP', 'TTIN', 'TTOU', 'URG', 'XCPU', 'XFSZ',
  'VTALRM', 'PROF', 'WINCH',
  'IO', 'PWR', 'SYS'];
const REALTIME = 34;

/** Name of a signal number; undefined beyond 64. */
export function signalName(n: number): string | undefined {
  if (n < SIGNAL_NAMES.length) return SIGNAL_NAMES[n];
  if (n < REALTIME || n > 64) return undefined;
  if (n === 34) return 'RTMIN';
  if (n === 64) return 'RTMAX';
  return n <= 49 ? `RTMIN+${n - 34}` : `RTMAX-${64 - n}`;
}

/** Number of a name with or without SIG, or of a number; -1 when there is none. */
export function signalNumber(spec: string): number {
  if (/^\d+$/.test(spec)) return Number(spec) <= 64 ? Number(spec) : -1;
  const name = spec.toUpperCase().replace(/^SIG/, '');
  for (let n = 0; n <= 64; n++) if (signalName(n) === name) return n;
  return -1;
}

/** What the shell says of a child that a signal ended (strsignal). */
export const SIGNAL_TEXT: Readonly<Record<string, string>> = {
  HUP: 'Hangup', INT: 'Interrupt', QUIT: 'Quit', ILL: 'Illegal instruction', TRAP: 'Trace/breakpoint trap',
  ABRT: 'Aborted', BUS: 'Bus error',
  FPE: 'Floating point exception', KILL: 'Killed', USR1: 'User defined signal 1', SEGV: 'Segmentation fault',
  USR2: 'User defined signal 2',
  PIPE: 'Broken pipe', ALRM: 'Alarm clock', TERM: 'Terminated', STOP: 'Stopped (signal)', TSTP: 'Stopped',
  TTIN: 'Stopped (tty input)',
  TTOU: 'Stopped (tty output)',
};

/** Runs a trap's command; `$?` is as it was before, unless the command ends the shell. */
function* fire(sh: Shell, text: string, name: string): Sys<void> {
  const { status, pipestatus } = sh.s;
  const line = sh.line, builtin = sh.builtin;
  sh.inTrap++;
  sh.frames.push({ k: 'wall' });
  const depth = sh.frames.length;
  try {
    const first = name === 'ERR' || name === 'DEBUG' ? line : 1;
    yield* runText(sh, text, name === 'EXIT' ? 'exit trap' : `${name.toLowerCase()} trap`, first);
  } finally {
    sh.inTrap--;
    sh.frames.length = depth - 1;
    sh.line = line;
    sh.builtin = builtin;
  }
  sh.s.status = status;
  sh.s.pipestatus = pipestatus;
}

/** Runs the traps of signals that have come. */
export function* runTraps(sh: Shell): Sys<void> {
  if (sh.inTrap > 0) return; // those that come meanwhile are next
  while (sh.signals.length) {
    const signal = sh.signals.shift()!;
    const text = get(sh.s.traps, signal);
    if (text) yield* fire(sh, text, signal);
  }
}

/** ERR, DEBUG and RETURN: not again while one of them runs. */
export function* trapOn(sh: Shell, name: 'ERR' | 'DEBUG' | 'RETURN'): Sys<void> {
  const text = get(sh.s.traps, name);
  if (!text || sh.inTrap > 0) return;
  if (name !== 'RETURN' && sh.s.scopes.some((scope) => scope.name && scope.name !== 'source')
    && !sh.option(name === 'ERR' ? 'errtrace' : 'functrace')) return;
  yield* fire(sh, text, name);
}

/** The end of the shell: its EXIT trap, which may change the status. */
export function* exitTrap(sh: Shell, status: number): Sys<number> {
  const text = get(sh.s.traps, 'EXIT');
  if (!text) return status;
  delete sh.own('traps')['EXIT'];
  sh.s.status = status;
  try {
    yield* fire(sh, text, 'EXIT');
  } catch (error) {
    if (error instanceof Unwind) return error.kind === 'exit' ? error.value : status;
    if (!(error instanceof Failure)) throw error;
    yield* told(sh, error);
    return error.status;
  }
  return status;
}

