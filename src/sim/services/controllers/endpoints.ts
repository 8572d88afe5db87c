/**
 * Endpoints: behind each service with a selector, exactly the pods that it selects and that have an
 * address: the ready ones, and apart from them those not ready. pkg/controller/endpoint v1.14.
 */
import type { Sys } from '../../proc/program.ts';
import { equal } from '../../kube/equal.ts';
import { canonical } from '../../kube/hash.ts';
import { isReady, key, portNumber } from '../../kube/pods.ts';
import { mapSelects } from '../../kube/selectors.ts';
import type { EndpointAddress, EndpointPort, Endpoints, EndpointSubset, Obj, Pod, Service } from '../../kube/types.ts';
import { type Controller, create, type Env, type Outcome, remove, tell, update } from './framework.ts';
import { objects } from './pods.ts';

/** Whether a pod belongs among the addresses at all. */
const counts = (pod: Pod): boolean => {
  if (!pod.status?.podIP || pod.metadata.deletionTimestamp) return false;
  const { phase } = pod.status;
  const policy = pod.spec.restartPolicy;
  return policy === 'Never' ? phase !== 'Failed' && phase !== 'Succeeded' : policy === 'OnFailure' ? phase !== 'Succeeded' : true;
};

/** The subsets of a service: addresses with equal ports together, sorted by address. */
export function subsetsFor(service: Service, pods: readonly Pod[]): EndpointSubset[] {
  const groups = new Map<string, { ports: EndpointPort[]; ready: EndpointAddress[]; unready: EndpointAddress[] }>();
  const tolerant = service.spec.publishNotReadyAddresses || service.metadata.annotations?.['service.alpha.kubernetes.io/tolerate-unready-endpoints'] === 'true';
  for (const pod of pods) {
    if (pod.metadata.namespace !== service.metadata.namespace || !mapSelects(service.spec.selector, pod.metadata.labels) || !counts(pod)) continue;
    const address: EndpointAddress = {
      ip: pod.status!.podIP!, ...(pod.spec.nodeName ? { nodeName: pod.spec.nodeName } : {}), ...(pod.spec.hostname && pod.spec.subdomain === service.metadata.name ? { hostname: pod.spec.hostname } : {}),
      targetRef: { kind: 'Pod', namespace: pod.metadata.namespace, name: pod.metadata.name, uid: pod.metadata.uid, resourceVersion: pod.metadata.resourceVersion },
    };
    const ports: EndpointPort[] = [];
    for (const p of service.spec.ports ?? []) {
      const port = portNumber(p.targetPort ?? p.port, pod.spec.containers, p.protocol ?? 'TCP');
      if (port !== null) ports.push({ ...(p.name ? { name: p.name } : {}), port, protocol: p.protocol ?? 'TCP' });
    }
    if (!ports.length && (service.spec.ports?.length ?? 0) > 0) continue;
    const id = canonical(ports);
    const group = groups.get(id) ?? { ports, ready: [], unready: [] };
    groups.set(id, group);
    (tolerant || isReady(pod) ? group.ready : group.unready).push(address);
  }
  const sorted = (list: EndpointAddress[]): EndpointAddress[] => list.sort((a, b) => (a.ip < b.ip ? -1 : a.ip > b.ip ? 1 : 0));
  return [...groups.values()].map(({ ports, ready, unready }) => ({
    ...(ready.length ? { addresses: sorted(ready) } : {}), ...(unready.length ? { notReadyAddresses: sorted(unready) } : {}), ...(ports.length ? { ports } : {}),
  }));
}

/** Without the pods' versions, which change more often than the addresses. */
const essence = (subsets: readonly EndpointSubset[] | undefined): unknown => {
  const bare = (list: readonly EndpointAddress[] | undefined): unknown => (list ?? []).map((a) => ({ ip: a.ip, nodeName: a.nodeName, hostname: a.hostname, uid: a.targetRef?.uid }));
  return (subsets ?? []).map((s) => ({ a: bare(s.addresses), n: bare(s.notReadyAddresses), p: s.ports }));
};

function* sync(id: string, env: Env): Sys<Outcome> {
  const service = env.caches['services']![id] as Service | undefined;
  const now = env.caches['endpoints']![id] as Endpoints | undefined;
  if (!service) {
    // An elected leader's record is an Endpoints object without a service: it is nobody's to delete.
    if (now && !now.metadata.annotations?.['control-plane.alpha.kubernetes.io/leader']) yield* remove(env, 'v1', 'endpoints', now);
    return;
  }
  if (!service.spec.selector || !Object.keys(service.spec.selector).length) return;
  const subsets = subsetsFor(service, objects<Pod>(env.caches['pods']));
  const labels = service.metadata.labels ?? {};
  if (now && equal(essence(now.subsets), essence(subsets)) && equal(now.metadata.labels ?? {}, labels)) return;
  const fresh: Obj = {
    kind: 'Endpoints', apiVersion: 'v1', metadata: { ...(now?.metadata ?? { name: service.metadata.name, namespace: service.metadata.namespace! }), ...(Object.keys(labels).length ? { labels } : {}) }, ...(subsets.length ? { subsets } : {}),
  };
  const done = now ? yield* update(env, 'v1', 'endpoints', fresh) : yield* create(env, 'v1', 'endpoints', fresh);
  if (done.ok) return;
  if (done.status !== 409) yield* tell(env, service, 'Warning', now ? 'FailedToUpdateEndpoint' : 'FailedToCreateEndpoint', `Failed to ${now ? 'update' : 'create'} endpoint ${id}: ${done.message}`);
  return 'retry';
}

export const endpoints: Controller = {
  name: 'endpoints', source: 'endpoint-controller', reads: ['services', 'endpoints', 'pods'],
  affected: ({ resource, obj, old, type }, caches) => {
    if (resource === 'services') return [key(obj)];
    if (resource === 'endpoints') return type === 'MODIFIED' && !caches['services']![key(obj)] ? [] : [key(obj)];
    const pod = obj as Pod;
    const was = old as Pod | null;
    if (type === 'MODIFIED' && was && pod.status?.podIP === was.status?.podIP && isReady(pod) === isReady(was) && pod.metadata.deletionTimestamp === was.metadata.deletionTimestamp
      && pod.status?.phase === was.status?.phase && equal(pod.metadata.labels, was.metadata.labels)) return [];
    return objects<Service>(caches['services']).filter((s) => s.spec.selector && Object.keys(s.spec.selector).length && s.metadata.namespace === pod.metadata.namespace
      && (mapSelects(s.spec.selector, pod.metadata.labels) || (was !== null && mapSelects(s.spec.selector, was.metadata.labels)))).map(key);
  },
  sync,
};
