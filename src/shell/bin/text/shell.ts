/** Commands that a program hands to /bin/sh: system(3) and popen(3). It knows no program. */
import type { Sys } from '../../../sim/proc/program.ts';
import { readAll } from '../../../sim/proc/libc.ts';
import { call, type Exec, type Fd } from '../../../sim/proc/syscalls.ts';
import { waitFor } from '../coreutils/run.ts';

const shell = (command: string, env: Exec['env'], fds: Exec['fds']): Exec => ({ path: '/bin/sh', argv: ['sh', '-c', command], env, fds });

/** Runs a command to its end; its status. */
export function* system(command: string, env: Exec['env']): Sys<number> {
  const child = yield* call('spawn', shell(command, env, { 0: 0, 1: 1, 2: 2 }));
  return child.ok ? yield* waitFor(child.value) : 127;
}

export interface Opened { readonly fd: Fd; readonly pid: number }

/** Starts a command whose output is read, or whose input is written, through a pipe. */
export function* openCommand(command: string, env: Exec['env'], direction: 'read' | 'write'): Sys<Opened | null> {
  const pipe = yield* call('pipe', {});
  if (!pipe.ok) return null;
  const { read, write } = pipe.value;
  const fds = direction === 'read' ? { 0: 0, 1: write, 2: 2 } : { 0: read, 1: 1, 2: 2 };
  const child = yield* call('spawn', shell(command, env, fds));
  yield* call('close', { fd: direction === 'read' ? write : read });
  if (child.ok) return { fd: direction === 'read' ? read : write, pid: child.value };
  yield* call('close', { fd: direction === 'read' ? read : write });
  return null;
}

/** All that a command prints. */
export function* outputOf(command: string, env: Exec['env']): Sys<string> {
  const opened = yield* openCommand(command, env, 'read');
  if (!opened) return '';
  const text = yield* readAll(opened.fd);
  yield* call('close', { fd: opened.fd });
  yield* waitFor(opened.pid);
  return text.ok ? text.value : '';
}
