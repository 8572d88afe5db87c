/** What a flanneld process keeps, and its log (glog on stderr). */
import type { Us } from '../../engine/time.ts';
import { err } from '../../proc/libc.ts';
import type { Json, Sys } from '../../proc/program.ts';
import { call } from '../../proc/syscalls.ts';
import { glogTime } from '../etcd/calendar.ts';
import type { EtcdClient } from '../etcd/client.ts';
import type { Options } from './options.ts';

export interface Lease { subnet: string; publicIp: string; mac: string; type: string; /** When it ends by this host's clock, null for a reservation. */ expires: Us | null }
export interface Flannel {
  options: Options; client: EtcdClient; network: string; lease: Lease; device: string; mtu: number; pid: number;
  /** Other nodes' leases by subnet, as the data path has them. */
  peers: Readonly<Record<string, Lease>>;
}

export function* getFlannel(): Sys<Flannel> {
  const got = yield* call('memGet', { key: 'flannel' });
  return (got.ok ? got.value : null) as unknown as Flannel;
}
export function* setFlannel(value: Flannel): Sys<void> {
  yield* call('memSet', { key: 'flannel', value: value as unknown as Json });
}

/** `where`: file and line of the source, as glog prints them. */
export function* glog(level: 'I' | 'W' | 'E', pid: number, where: string, text: string): Sys<void> {
  const now = yield* call('now', {});
  yield* err(`${level}${glogTime(now.ok ? now.value.real : 0)} ${String(pid).padStart(7)} ${where}] ${text.replace(/\n$/, '')}\n`);
}

export function* realNow(): Sys<Us> {
  const now = yield* call('now', {});
  return now.ok ? now.value.real : 0;
}
