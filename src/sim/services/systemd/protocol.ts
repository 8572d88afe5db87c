/**
 * What systemctl and its relatives say to the manager over /run/systemd/private: one message each way.
 */
import type { Json, Sys } from '../../proc/program.ts';
import { call } from '../../proc/syscalls.ts';
import type { JobResult, UnitState } from './state.ts';

export const SOCKET = '/run/systemd/private';

export type Verb = 'start' | 'stop' | 'restart' | 'try-restart' | 'reload' | 'reload-or-restart' | 'try-reload-or-restart';

export type Ask =
  | { op: 'list' }
  | { op: 'show'; names: readonly string[] }
  | { op: 'job'; verb: Verb; names: readonly string[]; wait: boolean }
  | { op: 'isolate'; name: string }
  | { op: 'kill'; names: readonly string[]; who: 'main' | 'control' | 'all'; signal: string }
  | { op: 'reset-failed'; names: readonly string[] }
  | { op: 'daemon-reload' }
  | { op: 'environment'; set?: readonly string[]; unset?: readonly string[] }
  | { op: 'shutdown'; how: 'reboot' | 'poweroff' | 'halt' };

export interface JobAnswer { name: string; error: string | null; code: number; result: JobResult | null; unit: UnitState | null }
export interface Answers {
  list: { units: readonly UnitState[]; jobs: readonly { id: number; unit: string; type: string; running: boolean }[]; pending: boolean };
  show: { units: readonly UnitState[] };
  job: { answers: readonly JobAnswer[] };
  environment: { environment: Readonly<Record<string, string>> };
  done: { answers: readonly JobAnswer[] };
}

/** Asks the manager of the caller's root; null when there is none to be reached. */
export function* ask<T>(request: Ask): Sys<T | null> {
  const fd = yield* call('connectUnix', { path: SOCKET });
  if (!fd.ok) return null;
  const sent = yield* call('send', { fd: fd.value, data: request as unknown as Json });
  const got = sent.ok ? yield* call('recv', { fd: fd.value }) : sent;
  yield* call('close', { fd: fd.value });
  return got.ok && got.value ? (got.value as { data: unknown }).data as T : null;
}
