/**
 * What a gravity-site process knows: its node, its certificates, whether it leads, whom it has heard of.
 */
import { parsePem } from '../../proc/certificate.ts';
import type { Certificate } from '../../proc/http.ts';
import type { Json, Sys } from '../../proc/program.ts';
import { call } from '../../proc/syscalls.ts';
import { rfc3339 } from '../../gravity/times.ts';
import type { EtcdClient } from '../etcd/client.ts';

export interface Context {
  readonly address: string; readonly authority: string | null;
  readonly server: Certificate | null; readonly kube: Certificate | null; readonly store: EtcdClient;
}

/** Planet's secrets, wherever the pod has them mounted. */
const SECRETS = ['/var/state', '/var/lib/gravity/secrets'];

export function* findContext(): Sys<Context | string> {
  for (const folder of SECRETS) {
    const read = function* (name: string): Sys<Certificate | null> {
      const text = yield* call('readFile', { path: `${folder}/${name}.cert` });
      return text.ok ? parsePem(text.value) : null;
    };
    const etcd = yield* read('etcd');
    if (!etcd) continue;
    const root = yield* read('root');
    const trust = root ? [root.ca] : null;
    return {
      address: etcd.names[0] ?? '127.0.0.1', authority: root?.ca ?? null, server: yield* read('apiserver'), kube: yield* read('kubectl'),
      store: { endpoints: ['https://127.0.0.1:2379'], cert: etcd, trust },
    };
  }
  return `open ${SECRETS[0]}/etcd.cert: no such file or directory`;
}

export function* remember<T>(key: string, value: T): Sys<void> {
  yield* call('memSet', { key, value: value as unknown as Json });
}
export function* recall<T>(key: string): Sys<T | null> {
  const got = yield* call('memGet', { key });
  return got.ok ? (got.value as unknown as T | null) : null;
}
export const context = function* (): Sys<Context> { return (yield* recall<Context>('context'))!; };

export function* realNow(): Sys<number> {
  const now = yield* call('now', {});
  return now.ok ? now.value.real : 0;
}

export function* log(level: 'INFO' | 'WARN' | 'ERRO' | 'DEBU', component: string, message: string, where: string): Sys<void> {
  yield* call('write', { fd: 2, text: `${rfc3339(yield* realNow())} ${level} ${`[${component}]`.padEnd(11)} ${message} ${where}\n` });
}
