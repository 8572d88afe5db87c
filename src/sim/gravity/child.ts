/**
 * Running another program and reading what it says, over pipes.
 */
import { readAll } from '../proc/libc.ts';
import type { Sys } from '../proc/program.ts';
import { call, type Exec } from '../proc/syscalls.ts';

export interface Output { readonly status: number; readonly text: string }

/** Output and errors together, as CombinedOutput of os/exec. Status 127 when it cannot be started. */
export function* capture(exec: Exec): Sys<Output> {
  const pipe = yield* call('pipe', {});
  if (!pipe.ok) return { status: 127, text: '' };
  const { read, write } = pipe.value;
  const spawned = yield* call('spawn', { ...exec, fds: { 1: write, 2: write } });
  yield* call('close', { fd: write });
  if (!spawned.ok) {
    yield* call('close', { fd: read });
    return { status: 127, text: '' };
  }
  const text = yield* readAll(read);
  yield* call('close', { fd: read });
  const ended = yield* call('wait', { pid: spawned.value });
  return { status: ended.ok ? (ended.value.signal ? 128 : ended.value.status) : 127, text: text.ok ? text.value : '' };
}

/** The exit status of a program that uses the caller's own descriptors; null when it cannot be started. */
export function* run(exec: Exec): Sys<number | null> {
  const spawned = yield* call('spawn', exec);
  if (!spawned.ok) return null;
  const ended = yield* call('wait', { pid: spawned.value });
  return ended.ok ? (ended.value.signal ? 128 : ended.value.status) : null;
}
