/**
 * Which nodes teleport has been heard from: each announces itself to the auth server, which forgets it
 * after ninety seconds (teleport 3.2, defaults.ServerAnnounceTTL as gravity sets it). Only the active
 * gravity-site is told, so a new one believes in everybody until the silence has lasted.
 */
import { seconds } from '../../engine/time.ts';
import type { Sys } from '../../proc/program.ts';
import { call } from '../../proc/syscalls.ts';
import { recall, remember } from './context.ts';
import { leadership } from './election.ts';

export const ANNOUNCE_TTL_US = seconds(90);

type Heard = Readonly<Record<string, number>>;

function* mono(): Sys<number> {
  const now = yield* call('now', {});
  return now.ok ? now.value.mono : 0;
}

export function* hearFrom(address: string): Sys<void> {
  const heard = (yield* recall<Heard>('heard')) ?? {};
  yield* remember('heard', { ...heard, [address]: yield* mono() });
}

export function* forget(address: string): Sys<void> {
  const heard = { ...(yield* recall<Heard>('heard')) };
  delete heard[address];
  yield* remember('heard', heard);
}

export function* isOnline(address: string): Sys<boolean> {
  const heard = (yield* recall<Heard>('heard')) ?? {};
  const now = yield* mono();
  const last = Math.max(heard[address] ?? -Infinity, (yield* leadership()).since);
  return now - last < ANNOUNCE_TTL_US;
}
