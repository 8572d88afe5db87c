/**
 * How long nothing in the world has been disturbed, as far as this process can tell: a quiet timer fires
 * only after a disturbance. Heartbeats that have succeeded for a while may sleep until the next one.
 */
import { seconds, type Us } from '../engine/time.ts';
import type { Start, Sys } from '../proc/program.ts';
import { call } from '../proc/syscalls.ts';

const PERIOD_US = seconds(1);

function* note(): Sys<void> {
  const time = yield* call('now', {});
  yield* call('memSet', { key: 'stirred', value: time.ok ? time.value.mono : 0 });
  yield* call('timer', { name: 'stir', entry: 'stir', afterUs: PERIOD_US, everyUs: PERIOD_US, quiet: true });
}

export const startStir = (): Sys<void> => note();
/** The entry `stir`. */
export const stirThread = (_start: Start): Sys<void> => note();

/** Whether nothing has been disturbed for so long. */
export function* quietFor(us: Us): Sys<boolean> {
  const got = yield* call('memGet', { key: 'stirred' });
  const time = yield* call('now', {});
  return got.ok && typeof got.value === 'number' && time.ok && time.value.mono - got.value >= us;
}
