/**
 * netlink as the tools here use it: typed reads, changes with their error as the tool words it.
 */
import type { NetChange, NetRead } from '../../../sim/net/state.ts';
import { err, strerror } from '../../../sim/proc/libc.ts';
import type { Sys } from '../../../sim/proc/program.ts';
import { call } from '../../../sim/proc/syscalls.ts';

export type Read<T> = { ok: true; value: T } | { ok: false; errno: string };

export function* readNet<T>(what: NetRead, netns?: string): Sys<Read<T>> {
  const got = yield* call('netRead', { what, netns });
  return got.ok ? { ok: true, value: got.value as unknown as T } : got;
}

export function* changeNet(change: NetChange, netns?: string): Sys<Read<unknown>> {
  return yield* call('netChange', { change, netns });
}

/** The change, or `RTNETLINK answers: …` and 2. */
export function* rtnetlink(change: NetChange, netns?: string): Sys<number> {
  const got = yield* changeNet(change, netns);
  if (got.ok) return 0;
  yield* err(`RTNETLINK answers: ${strerror(got.errno)}\n`);
  return 2;
}
