/** What a CoreDNS process keeps, and how it logs: 1.2.6 gives plugins' lines no time, 1.3.1 does. */
import type { Us } from '../../engine/time.ts';
import { out } from '../../proc/libc.ts';
import type { Json, Sys } from '../../proc/program.ts';
import type { DnsRecord } from '../../proc/resolver.ts';
import { call } from '../../proc/syscalls.ts';
import { isoMs } from '../etcd/calendar.ts';
import type { Configuration } from './config.ts';

export interface Running { version: '1.2.6' | '1.3.1'; path: string; md5: string; configuration: Configuration; startedAt: Us }
export interface Stored { rcode: string; answers: readonly DnsRecord[]; authority: readonly DnsRecord[]; authoritative: boolean; recursionAvailable: boolean; at: Us; ttl: number }
export interface HostsTable { readAt: Us; mtime: Us; size: number; names: Readonly<Record<string, readonly string[]>>; addresses: Readonly<Record<string, readonly string[]>> }
export interface Upstream { fails: number; checking: boolean }

function* get<T>(key: string): Sys<T | null> {
  const got = yield* call('memGet', { key });
  return (got.ok ? got.value : null) as unknown as T | null;
}
function* set(key: string, value: unknown): Sys<void> {
  yield* call('memSet', { key, value: value as Json });
}

export const getRunning = (): Sys<Running | null> => get<Running>('running');
export const setRunning = (value: Running): Sys<void> => set('running', value);
export const getStored = (key: string): Sys<Stored | null> => get<Stored>(`answer:${key}`);
export const setStored = (key: string, value: Stored | null): Sys<void> => set(`answer:${key}`, value);
export const getHosts = (path: string): Sys<HostsTable | null> => get<HostsTable>(`hosts:${path}`);
export const setHosts = (path: string, value: HostsTable): Sys<void> => set(`hosts:${path}`, value);
export const getUpstream = function* (addr: string): Sys<Upstream> { return (yield* get<Upstream>(`up:${addr}`)) ?? { fails: 0, checking: false }; };
export const setUpstream = (addr: string, value: Upstream): Sys<void> => set(`up:${addr}`, value);
export const getNumber = function* (key: string): Sys<number> { return (yield* get<number>(key)) ?? 0; };
export const setNumber = (key: string, value: number): Sys<void> => set(key, value);
export const getValue = get;
export const setValue = set;

export function* mono(): Sys<Us> {
  const now = yield* call('now', {});
  return now.ok ? now.value.mono : 0;
}
export function* real(): Sys<Us> {
  const now = yield* call('now', {});
  return now.ok ? now.value.real : 0;
}

export type Level = 'INFO' | 'WARNING' | 'ERROR' | 'FATAL';

/** A line of a plugin. */
export function* say(level: Level, text: string): Sys<void> {
  const running = yield* getRunning();
  yield* out(running?.version === '1.2.6' ? ` [${level}] ${text}\n` : `${isoMs(yield* real())} [${level}] ${text}\n`);
}

/** A line of the server itself: always with its time. */
export function* note(level: Level, text: string): Sys<void> {
  yield* out(`${isoMs(yield* real())} [${level}] ${text}\n`);
}
