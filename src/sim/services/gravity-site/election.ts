/**
 * Which of the gravity-site pods is active: the one that holds /gravity/local/leader (gravity lib/process,
 * lib/storage/keyval/leader.go). The others stand by and are not ready.
 */
import { armTicks, exclusively, mayRest, monotonic, NO_LEASE, release, tick, watchForStirring, type Lease } from '../../gravity/lease.ts';
import { LEADER_KEY } from '../../gravity/state.ts';
import type { Sys } from '../../proc/program.ts';
import { context, log, recall, remember } from './context.ts';
import { resumeOperations } from './shrink.ts';

export const leadership = function* (): Sys<Lease> { return (yield* recall<Lease>('leadership')) ?? NO_LEASE; };

export const electionTick = (): Sys<void> => exclusively(contend);

function* contend(): Sys<void> {
  const { address, store } = yield* context();
  const before = yield* leadership();
  const stirredAt = (yield* recall<number>('stirredAt')) ?? 0;
  const after = yield* tick({ etcd: store, key: LEADER_KEY, self: address, stirredAt }, true, before);
  yield* remember('leadership', after);
  if (after.leading !== before.leading) {
    yield* log('INFO', 'PROCESS', after.leading ? `Became leader, id: ${address}.` : 'Gave up leadership, standing by.', 'process/process.go:712');
    if (after.leading) yield* resumeOperations();
  }
  if (mayRest(after)) yield* armTicks('election', true);
}

export function* stirred(): Sys<void> {
  yield* remember('stirredAt', yield* monotonic());
  yield* watchForStirring();
}

/** Gives the key away, if it is held. */
export function* stepDown(): Sys<void> {
  const { address, store } = yield* context();
  if (!(yield* leadership()).leading) return;
  yield* remember('leadership', NO_LEASE);
  yield* release({ etcd: store, key: LEADER_KEY, self: address });
}
