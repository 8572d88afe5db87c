/**
 * Leadership by a key in etcd that lives for ten seconds, is renewed by its holder and taken by another when
 * it has gone (gravitational/coordinate). While nothing in the world changes the holder lets it rest: it
 * writes a key of long life once and looks again when something stirs. So the others, once stirred, give
 * it its ten seconds to show that it lives, and then take the key away: what the short life would have
 * done. Ticks of this kind cost nothing in a calm world.
 */
import { seconds } from '../engine/time.ts';
import type { Sys } from '../proc/program.ts';
import { call } from '../proc/syscalls.ts';
import type { V2Event, V2Node } from '../services/etcd/api.ts';
import { etcdV2, type EtcdClient } from '../services/etcd/client.ts';

export const TERM_S = 10;
export const TICK_US = seconds(5);
const PATIENCE = { totalUs: seconds(1), headerUs: seconds(1) };

/** Uneventful ticks after which there is rest; the life of a key that rests; when a silent holder is given up. */
const CALM_TICKS = 12;
const REST_S = 315_360_000;
const GRACE_US = seconds(TERM_S + 2);

export interface Lease {
  readonly leader: string | null; readonly leading: boolean;
  /** Monotonic: since when it leads, when it last renewed. */
  readonly since: number; readonly renewedAt: number;
  readonly calm: number;
  /** The stirring that was last taken note of, and the key's index then, until its holder has shown a sign. */
  readonly stirredAt: number; readonly doubt: number | null;
}
export const NO_LEASE: Lease = { leader: null, leading: false, since: 0, renewedAt: 0, calm: 0, stirredAt: -1, doubt: null };

export interface Contest { readonly etcd: EtcdClient; readonly key: string; readonly self: string; /** Monotonic time of the last stirring. */ readonly stirredAt: number }

export function* monotonic(): Sys<number> {
  const now = yield* call('now', {});
  return now.ok ? now.value.mono : 0;
}

/** One look at the key, and what follows. `mayLead` is asked once the key is known. */
export function* tick(contest: Contest, mayLead: boolean, held: Lease): Sys<Lease> {
  const mono = yield* monotonic();
  const stirred = contest.stirredAt !== held.stirredAt;
  const before: Lease = stirred ? { ...held, stirredAt: contest.stirredAt, calm: 0, doubt: null } : held;
  const seen = yield* etcdV2(contest.etcd, 'GET', contest.key, {}, undefined, PATIENCE);
  if (!seen.ok) return { ...lapse(before, mono), calm: 0 };
  const node = seen.value.status === 200 ? (seen.value.body as unknown as V2Event).node : null;
  const holder = node?.value ?? null;
  const after = holder !== null && holder !== contest.self ? yield* follow(contest, node!, before, mono) : yield* hold(contest, holder, mayLead, before, mono);
  const eventful = after.leader !== held.leader || after.leading !== held.leading || after.doubt !== null;
  return { ...after, calm: eventful ? 0 : after.calm + 1 };
}

/** Whether the next tick may wait until something stirs. */
export const mayRest = (lease: Lease): boolean => lease.calm > CALM_TICKS;

function* hold(contest: Contest, holder: string | null, mayLead: boolean, before: Lease, mono: number): Sys<Lease> {
  const { etcd, key, self } = contest;
  if (!mayLead) {
    if (holder === self) yield* release(contest);
    return { ...before, leader: null, leading: false };
  }
  const condition = holder === null ? { prevExist: false } : { prevValue: self };
  const rests = before.leading && before.calm >= CALM_TICKS;
  const put = yield* etcdV2(etcd, 'PUT', key, { ...condition, ttl: rests ? REST_S : TERM_S }, self, PATIENCE);
  if (!put.ok) return lapse(before, mono);
  if (put.value.status >= 300) return { ...before, leading: false };
  return { ...before, leader: self, leading: true, since: before.leading ? before.since : mono, renewedAt: mono, doubt: null };
}

/** A holder lets the key go. */
export function* release({ etcd, key, self }: Pick<Contest, 'etcd' | 'key' | 'self'>): Sys<void> {
  yield* etcdV2(etcd, 'DELETE', key, { prevValue: self }, undefined, PATIENCE);
}

/** Another holds it. A key that rests is doubted after a stirring until its holder writes it again. */
function* follow(contest: Contest, node: V2Node, before: Lease, mono: number): Sys<Lease> {
  const after: Lease = { ...before, leader: node.value ?? null, leading: false };
  const resting = (node.ttl ?? 0) > TERM_S;
  const fresh = contest.stirredAt >= 0 && mono - contest.stirredAt < 2 * GRACE_US;
  if (!resting || !fresh || (before.doubt !== null && before.doubt !== node.modifiedIndex)) return { ...after, doubt: null };
  if (before.doubt === null && mono - contest.stirredAt >= GRACE_US) return after;
  if (mono - contest.stirredAt < GRACE_US) return { ...after, doubt: node.modifiedIndex };
  const gone = yield* etcdV2(contest.etcd, 'DELETE', contest.key, { prevIndex: node.modifiedIndex }, undefined, PATIENCE);
  return gone.ok && gone.value.status < 300 ? { ...after, leader: null, doubt: null } : { ...after, doubt: null };
}

/** Without etcd a leader leads on until its term must have ended. */
const lapse = (before: Lease, mono: number): Lease =>
  (before.leading && mono - before.renewedAt >= seconds(TERM_S) ? { ...before, leading: false } : before);

/** One tick at a time: whoever comes while another is at it goes away again. */
export function* exclusively(work: () => Sys<void>): Sys<void> {
  const now = yield* monotonic();
  const busy = yield* call('memGet', { key: 'ticking' });
  if (busy.ok && typeof busy.value === 'number' && now - busy.value < TICK_US) return;
  yield* call('memSet', { key: 'ticking', value: now });
  yield* work();
  yield* call('memSet', { key: 'ticking', value: null });
}

// --- the timers of a process that contends

const STIR_US = seconds(1);

/** Has `entry` run within a second of anything that changes in the world. */
export function* watchForStirring(entry = 'stirred'): Sys<void> {
  yield* call('timer', { name: 'stirred', entry, afterUs: STIR_US, everyUs: STIR_US, quiet: true });
}

/** The tick's timer: running, or at rest until something stirs. */
export function* armTicks(entry: string, rest: boolean, afterUs: number = TICK_US): Sys<void> {
  yield* call('timer', { name: entry, entry, afterUs, everyUs: TICK_US, ...(rest ? { quiet: true } : {}) });
}
