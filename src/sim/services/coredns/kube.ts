/**
 * The kubernetes plugin's copies: four informers on the API, trimmed to what names are made of. The API
 * is that of the Corefile (endpoint, tls) or of the pod's service account. client-go as CoreDNS 1.2.6
 * carries it.
 */
import { parsePem } from '../../proc/certificate.ts';
import type { Start, Sys } from '../../proc/program.ts';
import { call } from '../../proc/syscalls.ts';
import { type ApiConfig, podConfig } from '../../kube/client.ts';
import { cached, type Informers, type Watched } from '../../kube/informer.ts';
import type { Obj } from '../../kube/types.ts';
import type { KubernetesConf } from './config.ts';
import { getRunning, getValue, real, setValue } from './memory.ts';
import type { Cluster, SmallEndpoints, SmallPod, SmallService } from './names.ts';

const PATHS: Readonly<Record<string, { path: string; type: string }>> = {
  services: { path: '/api/v1/services', type: '*v1.Service' }, endpoints: { path: '/api/v1/endpoints', type: '*v1.Endpoints' },
  pods: { path: '/api/v1/pods', type: '*v1.Pod' }, namespaces: { path: '/api/v1/namespaces', type: '*v1.Namespace' },
};

export function* kubernetesConf(): Sys<KubernetesConf | null> {
  const running = yield* getRunning();
  return running?.configuration.servers.find((server) => server.kubernetes)?.kubernetes ?? null;
}

export const resourcesOf = (conf: KubernetesConf): string[] => ['services', 'endpoints', ...(conf.pods === 'verified' ? ['pods'] : []), 'namespaces'];

/** Where the API is: read anew by each thread's activation, as certificates are small files here. */
function* apiOf(start: Start): Sys<ApiConfig> {
  const conf = yield* kubernetesConf();
  if (!conf?.endpoint) return yield* podConfig('coredns', start.env);
  const pem = function* (path: string | undefined): Sys<ReturnType<typeof parsePem>> {
    const text = path ? yield* call('readFile', { path }) : null;
    return text?.ok ? parsePem(text.value) : null;
  };
  const ca = yield* pem(conf.tls?.[2]);
  return { server: conf.endpoint, cert: yield* pem(conf.tls?.[0]), trust: ca ? [ca.ca] : null, token: null, agent: 'coredns' };
}

type Wide = Obj & { spec?: Record<string, unknown>; status?: Record<string, unknown>; subsets?: SubsetIn[] };
interface PortIn { name?: string; protocol?: string; port: number }
interface SubsetIn { addresses?: { ip: string; hostname?: string; targetRef?: { name?: string } }[]; ports?: PortIn[] }

/** Only what a name needs; the version and the name stay for the informer. */
function trim(resource: string, obj: Obj): Obj | null {
  const wide = obj as Wide;
  const { name, namespace = '', resourceVersion, deletionTimestamp } = obj.metadata;
  const base = { apiVersion: obj.apiVersion, kind: obj.kind, metadata: { name, namespace, resourceVersion } };
  const ports = (list: PortIn[] | undefined): SmallService['ports'] => (list ?? []).map((port) => ({ name: port.name ?? '', protocol: port.protocol ?? 'TCP', port: port.port }));
  if (resource === 'services') {
    const spec = (wide.spec ?? {}) as { clusterIP?: string; type?: string; externalName?: string; ports?: PortIn[] };
    const small: SmallService = { name, namespace, clusterIp: spec.clusterIP ?? '', type: spec.type ?? 'ClusterIP', externalName: spec.externalName ?? '', ports: ports(spec.ports) };
    return { ...base, small };
  }
  if (resource === 'endpoints') {
    const subsets = (wide.subsets ?? []).map((subset) => ({ addresses: (subset.addresses ?? []).map((a) => ({ ip: a.ip, hostname: a.hostname ?? '', target: a.targetRef?.name ?? '' })), ports: subset.ports?.length ? ports(subset.ports) : [{ name: '', protocol: '', port: -1 }] }));
    const small: SmallEndpoints = { name, namespace, subsets };
    return { ...base, small };
  }
  if (resource === 'pods') {
    const ip = (wide.status as { podIP?: string } | undefined)?.podIP ?? '';
    const small: SmallPod = { ip, namespace };
    return deletionTimestamp || !ip ? null : { ...base, small };
  }
  return { ...base, small: {} };
}

export const informers: Informers = {
  config: apiOf,
  *watched(_start, resource): Sys<Watched> { return { ...PATHS[resource]!, trim: (obj) => trim(resource, obj) }; },
  *onChange() { yield* setValue('modified', Math.floor((yield* real()) / 1_000_000)); },
  from: 'github.com/coredns/coredns/plugin/kubernetes/controller.go:318',
};

/** Whether every copy has been made once. */
export function* synced(conf: KubernetesConf): Sys<boolean> {
  for (const resource of resourcesOf(conf)) if ((yield* cached(resource)) === null) return false;
  return true;
}

function* copy<T>(resource: string): Sys<Readonly<Record<string, T>>> {
  const cache = yield* cached(resource);
  const made = yield* getValue<{ of: unknown; small: Record<string, T> }>(`small:${resource}`);
  if (made && made.of === cache) return made.small;
  const small: Record<string, T> = {};
  for (const obj of Object.values(cache ?? {})) {
    const { name, namespace } = obj.metadata;
    small[namespace ? `${namespace}/${name}` : name] = (obj as unknown as { small: T }).small;
  }
  yield* setValue(`small:${resource}`, { of: cache, small });
  return small;
}

export function* cluster(): Sys<Cluster> {
  return { services: yield* copy<SmallService>('services'), endpoints: yield* copy<SmallEndpoints>('endpoints'), pods: yield* copy<SmallPod>('pods'), namespaces: yield* copy<object>('namespaces') };
}

/** When something last changed, for the SOA's serial: seconds since 1970. */
export function* modified(): Sys<number> {
  return (yield* getValue<number>('modified')) ?? 0;
}
