/**
 * Back-off times that double: restarts of a container, pulls of an image. Kept in the process's memory.
 * client-go/util/flowcontrol/backoff.go v1.14.
 */
import { seconds, type Us } from '../../engine/time.ts';
import type { Json, Sys } from '../../proc/program.ts';
import { call } from '../../proc/syscalls.ts';

const FIRST_US = seconds(10);
const MAX_US = seconds(300);

interface Entry { readonly delay: Us; /** Since 1970, as containers' times are. */ readonly at: Us }

function* entry(id: string): Sys<Entry | null> {
  const got = yield* call('memGet', { key: `backoff/${id}` });
  return got.ok ? (got.value as unknown as Entry | null) : null;
}
const expired = (e: Entry, since: Us): boolean => since - e.at > 2 * MAX_US;

/** How long the wait is that began at `since` and has not ended by `now`; 0: none. */
export function* waiting(id: string, since: Us, now: Us): Sys<Us> {
  const e = yield* entry(id);
  if (!e || expired(e, since) || now - since >= e.delay) return 0;
  return e.delay;
}
/** The same, counted from the last failure itself. */
export function* waitingSinceUpdate(id: string, now: Us): Sys<Us> {
  const e = yield* entry(id);
  if (!e || expired(e, now) || now - e.at >= e.delay) return 0;
  return e.delay;
}
/** The next wait is twice as long. */
export function* next(id: string, since: Us, now: Us): Sys<void> {
  const e = yield* entry(id);
  const fresh: Entry = { delay: !e || expired(e, since) ? FIRST_US : Math.min(MAX_US, e.delay * 2), at: now };
  yield* call('memSet', { key: `backoff/${id}`, value: fresh as unknown as Json });
}
export function* reset(id: string): Sys<void> {
  yield* call('memSet', { key: `backoff/${id}`, value: null });
}
