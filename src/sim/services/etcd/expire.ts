/**
 * What the leader does when time is up: revoke leases of the v3 store, and let a sync entry carry its
 * clock to the v2 store, which is how a leader whose clock is wrong expires keys too early.
 */
import type { Sys } from '../../proc/program.ts';
import { call } from '../../proc/syscalls.ts';
import { getCore, getState, mono, setCore } from './core.ts';
import { getExpiries } from './lease.ts';
import { propose } from './propose.ts';
import { nextExpiry } from './v2store.ts';

export function* onLeases(): Sys<void> {
  const { raft } = yield* getCore();
  if (raft.role !== 'leader') return;
  const now = yield* mono();
  const due = Object.entries(yield* getExpiries()).filter(([, at]) => at <= now).map(([id]) => id).sort();
  for (const lease of due) yield* propose({ op: 'revoke', lease });
}

export function* onSync(): Sys<void> {
  const core = yield* getCore();
  yield* setCore({ ...core, expiring: null });
  if (core.raft.role !== 'leader') return;
  const { v2 } = yield* getState();
  const now = yield* call('now', {});
  const at = now.ok ? now.value.real : 0;
  const next = nextExpiry(v2);
  if (next !== null && next <= at) yield* propose({ op: 'sync', at });
}
