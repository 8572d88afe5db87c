/**
 * Leases as their keeper, the leader, sees them: when each runs out by its own clock. It only remembers
 * and sets the alarm (expire.ts does what the alarm is for). lease/lessor.go of 3.3.
 */
import { ms, seconds, type Us } from '../../engine/time.ts';
import type { Json, Sys } from '../../proc/program.ts';
import { call } from '../../proc/syscalls.ts';
import { getCore, getState, mono } from './core.ts';

export type Expiries = Readonly<Record<string, Us>>;

export function* getExpiries(): Sys<Expiries> {
  const got = yield* call('memGet', { key: 'leases' });
  return (got.ok ? got.value ?? {} : {}) as unknown as Expiries;
}

/** How often the lessor looks: what is overdue is being revoked already, and not asked for again at once. */
const LOOK_US = ms(500);

/** Sets the alarm to the first to run out. */
export function* setExpiries(expiries: Expiries): Sys<void> {
  yield* call('memSet', { key: 'leases', value: expiries as unknown as Json });
  const first = Math.min(...Object.values(expiries));
  if (first === Infinity) {
    yield* call('timerStop', { name: 'leases' });
    return;
  }
  const now = yield* mono();
  yield* call('timer', { name: 'leases', entry: 'leases', afterUs: Math.max(LOOK_US, first - now) });
}

/** A lease was granted or is gone. Followers do not count. */
export function* leaseChanged({ id, ttl }: { id: string; ttl: number | null }): Sys<void> {
  const { raft } = yield* getCore();
  if (raft.role !== 'leader') return;
  const now = yield* mono();
  const { [id]: _old, ...others } = yield* getExpiries();
  yield* setExpiries(ttl === null ? others : { ...others, [id]: now + seconds(ttl) });
}

/** A new leader gives every lease its whole time again. */
export function* leasesTakenOver(): Sys<void> {
  const { mvcc } = yield* getState();
  const now = yield* mono();
  const expiries: Record<string, Us> = {};
  for (const lease of Object.values(mvcc.leases)) expiries[lease.id] = now + seconds(lease.ttl);
  yield* setExpiries(expiries);
}

/** Renews a lease at its keeper: its time to live, 0 when there is none such. */
export function* renewLease(id: string): Sys<number> {
  const { mvcc } = yield* getState();
  const lease = mvcc.leases[id];
  if (!lease) return 0;
  const now = yield* mono();
  const expiries = yield* getExpiries();
  yield* setExpiries({ ...expiries, [id]: now + seconds(lease.ttl) });
  return lease.ttl;
}
