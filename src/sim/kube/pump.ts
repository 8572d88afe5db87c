/**
 * Two connections joined: what comes on one goes out on the other, until both have ended. The program has
 * the entry `pump`. A side that ends is passed on as an end of writing; both are closed together, so that no
 * thread shuts a descriptor that has meanwhile become another connection's.
 */
import type { Start, Sys } from '../proc/program.ts';
import { call, type Fd } from '../proc/syscalls.ts';

const MESSAGES = 100;
const idOf = (a: Fd, b: Fd): string => `pump/${Math.min(a, b)}-${Math.max(a, b)}`;

export function* joinStreams(a: Fd, b: Fd): Sys<void> {
  yield* call('memSet', { key: idOf(a, b), value: 'both' });
  yield* call('thread', { entry: 'pump', event: { from: a, to: b } });
  yield* call('thread', { entry: 'pump', event: { from: b, to: a } });
}

/** The entry `pump`: event {from, to}. */
export function* pumpThread(start: Start): Sys<void> {
  const { from, to } = start.event as { from: Fd; to: Fd };
  for (let n = 0; n < MESSAGES; n++) {
    const got = yield* call('recv', { fd: from });
    const sent = got.ok && got.value !== null ? yield* call('send', { fd: to, data: got.value.data, size: 200 }) : null;
    if (sent?.ok) continue;
    return yield* end(from, to);
  }
  yield* call('become', { mem: null });
}

function* end(from: Fd, to: Fd): Sys<void> {
  const key = idOf(from, to);
  const left = yield* call('memGet', { key });
  if (left.ok && left.value === 'both') {
    yield* call('memSet', { key, value: 'one' });
    yield* call('shutdown', { fd: to });
    return;
  }
  yield* call('memSet', { key, value: null });
  yield* call('close', { fd: from });
  yield* call('close', { fd: to });
}
