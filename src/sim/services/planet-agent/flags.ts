/**
 * The flags of `planet agent`, as the unit's command line has them, and the certificates it works with.
 */
import { parsePem } from '../../proc/certificate.ts';
import type { Certificate } from '../../proc/http.ts';
import type { Json, Sys } from '../../proc/program.ts';
import { call } from '../../proc/syscalls.ts';
import type { Place } from '../../probes/index.ts';
import type { EtcdClient } from '../etcd/client.ts';

export interface AgentFlags {
  readonly name: string; readonly address: string; readonly role: 'master' | 'node';
  readonly rpcAddrs: readonly string[];
  readonly leaderKey: string; readonly electionKey: string; readonly electionEnabled: boolean;
}

/** null: a flag that it needs is missing. */
export function agentFlags(argv: readonly string[]): AgentFlags | string {
  const all = (name: string): string[] => argv.filter((word) => word.startsWith(`--${name}=`)).map((word) => word.slice(name.length + 3));
  const one = (name: string): string => all(name)[0] ?? '';
  for (const name of ['name', 'public-ip', 'role', 'leader-key', 'election-key']) {
    if (!one(name)) return `required flag --${name} not provided`;
  }
  return {
    name: one('name'), address: one('public-ip'), role: one('role') === 'master' ? 'master' : 'node', rpcAddrs: all('rpc-addr'),
    leaderKey: one('leader-key'), electionKey: one('election-key'), electionEnabled: one('election-enabled') === 'true',
  };
}

export const STATE = '/var/state';

export function* certificate(path: string): Sys<Certificate | null> {
  const text = yield* call('readFile', { path });
  return text.ok ? parsePem(text.value) : null;
}

export interface Identity {
  readonly server: Certificate | null; readonly rpc: Certificate | null; readonly authority: string | null; readonly place: Place;
  readonly etcd: EtcdClient;
}

/** Read once, when the agent starts. */
export function* readIdentity(flags: AgentFlags): Sys<Identity> {
  const root = yield* certificate(`${STATE}/root.cert`);
  const kubelet = yield* certificate(`${STATE}/kubelet.cert`);
  const kubectl = yield* certificate(`${STATE}/kubectl.cert`);
  const etcd = yield* certificate(`${STATE}/etcd.cert`);
  const apiserver = yield* certificate(`${STATE}/apiserver.cert`);
  const rpc = yield* certificate(`${STATE}/planet-rpc-client.cert`);
  const trust = root ? [root.ca] : null;
  return {
    server: apiserver ?? kubelet, rpc, authority: root?.ca ?? null,
    place: { address: flags.address, role: flags.role, trust, kube: kubectl ?? kubelet, kubelet, etcd },
    etcd: { endpoints: ['https://127.0.0.1:2379'], cert: etcd, trust },
  };
}

export function* remember<T>(key: string, value: T): Sys<void> {
  yield* call('memSet', { key, value: value as unknown as Json });
}

export function* recall<T>(key: string): Sys<T | null> {
  const got = yield* call('memGet', { key });
  return got.ok ? (got.value as unknown as T | null) : null;
}

/** A line in the journal, in logrus' text form. */
export function* log(level: 'info' | 'warning' | 'error', message: string): Sys<void> {
  yield* call('write', { fd: 2, text: `level=${level} msg=${JSON.stringify(message)}\n` });
}
