/** Running another program by name, as execvp(3) finds it. It knows no program. */
import type { Errno, Result, Signal, Sys } from '../../../sim/proc/program.ts';
import { call, type Exec } from '../../../sim/proc/syscalls.ts';

/** glibc's PATH where the environment has none. */
const DEFAULT_PATH = '/bin:/usr/bin';

/** Where a program of that name may be. */
export const candidates = (name: string, path: string | undefined): string[] =>
  (name.includes('/') ? [name] : (path ?? DEFAULT_PATH).split(':').map((dir) => `${dir || '.'}/${name}`));

/** Tries the places in turn; a shell reads what has no interpreter. The last refusal that says most is told. */
function* tryEach<T>(words: readonly string[], env: Readonly<Record<string, string>>, attempt: (exec: Exec) => Sys<Result<T>>): Sys<Result<T>> {
  let failure: Errno = 'ENOENT';
  for (const path of words[0] === '' ? [] : candidates(words[0]!, env['PATH'])) {
    let tried = yield* attempt({ path, argv: words, env });
    if (!tried.ok && tried.errno === 'ENOEXEC') tried = yield* attempt({ path: '/bin/sh', argv: ['sh', path, ...words.slice(1)], env });
    if (tried.ok) return tried;
    if (tried.errno !== 'ENOENT' && tried.errno !== 'ENOTDIR') {
      failure = tried.errno;
      if (tried.errno !== 'EACCES') break;
    }
  }
  return { ok: false, errno: failure };
}

/** Becomes the program; comes back only if that fails. */
export function* execute(words: readonly string[], env: Readonly<Record<string, string>>, extra: Partial<Exec> = {}): Sys<Errno> {
  const failed = yield* tryEach(words, env, (exec) => call('exec', { ...exec, ...extra }) as Sys<Result<never>>);
  return failed.ok ? 'ENOENT' : failed.errno;
}

/** Starts it as a child. */
export const launch = (words: readonly string[], env: Readonly<Record<string, string>>, extra: Partial<Exec> = {}): Sys<Result<number>> =>
  tryEach(words, env, (exec) => call('spawn', { ...exec, ...extra }));

const SIGNAL_NUMBERS: Readonly<Record<Signal, number>> = {
  HUP: 1, INT: 2, QUIT: 3, ILL: 4, TRAP: 5, ABRT: 6, KILL: 9, USR1: 10, SEGV: 11, USR2: 12, PIPE: 13, ALRM: 14, TERM: 15, CHLD: 17,
  CONT: 18, STOP: 19, TSTP: 20, TTIN: 21, TTOU: 22, WINCH: 28,
};
export const signalNumber = (signal: Signal): number => SIGNAL_NUMBERS[signal];

/** `9`, `KILL` or `SIGKILL`; null if there is none such. */
export function parseSignal(text: string): Signal | null {
  const name = text.toUpperCase().replace(/^SIG/, '');
  if (name in SIGNAL_NUMBERS) return name as Signal;
  const found = Object.entries(SIGNAL_NUMBERS).find(([, number]) => String(number) === text);
  return found ? (found[0] as Signal) : null;
}

/** What a shell calls the end of a child. */
export const statusOf = (end: { status: number; signal: Signal | null }): number =>
  (end.signal === null ? end.status : 128 + signalNumber(end.signal));

/** Waits for a child's end. */
export function* waitFor(pid: number): Sys<number> {
  const end = yield* call('wait', { pid });
  return end.ok ? statusOf(end.value) : 127;
}

/** Runs a program to its end; its status, or why it did not start. */
export function* runToEnd(words: readonly string[], env: Readonly<Record<string, string>>, extra: Partial<Exec> = {}): Sys<Result<number>> {
  const child = yield* launch(words, env, extra);
  return child.ok ? { ok: true, value: yield* waitFor(child.value) } : child;
}
