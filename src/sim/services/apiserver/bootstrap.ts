/**
 * What the server makes sure of after its start: the system namespaces, the default roles, the system
 * priority classes, and the service by which pods find it. pkg/master/controller.go and the post-start
 * hooks of v1.14.
 */
import { seconds } from '../../engine/time.ts';
import type { Json, Start, Sys } from '../../proc/program.ts';
import { call } from '../../proc/syscalls.ts';
import { equal } from '../../kube/equal.ts';
import { builtin, GROUPS, type Resource } from '../../kube/kinds.ts';
import { isFailure } from '../../kube/status.ts';
import type { Endpoints, Obj } from '../../kube/types.ts';
import { bootstrapBindings, bootstrapRoles } from './bootstrap-roles.ts';
import { getHeld } from './held.ts';
import type { Context, Options, User } from './request.ts';
import { getStored, keyOf, listStored, prefixOf, updateStored } from './store.ts';
import { createObject } from './write.ts';

/** The server's own user: may do anything. */
const SELF: User = { name: 'system:apiserver', groups: ['system:masters'] };

function* contextFor(options: Options, gv: string, plural: string, namespace: string, name: string): Sys<Context> {
  const time = yield* call('now', {});
  return {
    options, held: yield* getHeld(), now: time.ok ? time.value.real : 0, user: SELF, fd: -1, peer: '127.0.0.1', path: '', query: {},
    http: { method: 'POST', path: '', host: '', headers: {}, body: null }, info: { verb: 'create', gv, plural, namespace, name, sub: '', rest: '', resourcePath: true },
  };
}

/** Creates what is missing; a failure is left for the next time. */
function* ensure(options: Options, resource: Resource, objects: readonly Obj[]): Sys<boolean> {
  const there = yield* listStored(options, prefixOf(resource));
  if (isFailure(there)) return false;
  const names = new Set(there.items.map((s) => s.value.metadata.name));
  for (const obj of objects) {
    if (names.has(obj.metadata.name)) continue;
    const ctx = yield* contextFor(options, obj.apiVersion, resource.plural, obj.metadata.namespace ?? '', obj.metadata.name);
    const made = yield* createObject(ctx, resource, obj);
    if (isFailure(made) && made.failure.reason !== 'AlreadyExists') return false;
  }
  return true;
}

const NAMESPACES = ['default', 'kube-system', 'kube-public', 'kube-node-lease'];
const namespace = (name: string): Obj => ({ kind: 'Namespace', apiVersion: 'v1', metadata: { name } });
const priority = (name: string, value: number, description: string): Obj => ({ kind: 'PriorityClass', apiVersion: 'scheduling.k8s.io/v1', metadata: { name }, value, description });
const PRIORITIES = [
  priority('system-node-critical', 2_000_001_000, 'Used for system critical pods that must not be moved from their current node.'),
  priority('system-cluster-critical', 2_000_000_000, 'Used for system critical pods that must run in the cluster, but can be moved to another node if necessary.'),
];
const apiService = (group: string, version: string, i: number): Obj => ({
  kind: 'APIService', apiVersion: 'apiregistration.k8s.io/v1', metadata: { name: `${version}.${group}`, labels: { 'kube-aggregator.kubernetes.io/automanaged': 'onstart' } },
  spec: { service: null, ...(group ? { group } : {}), version, groupPriorityMinimum: 18_000 - i * 50, versionPriority: version === 'v1' ? 15 : 9 },
});

/** The thread that runs after the start, again until all is there. */
export function* bootstrap(_start: Start): Sys<void> {
  const got = yield* call('memGet', { key: 'options' });
  if (!got.ok) return;
  const options = got.value as unknown as Options;
  const services = [apiService('', 'v1', 0), ...GROUPS.flatMap(([group, versions], i) => versions.map((v) => apiService(group, v, i + 1)))];
  const steps: readonly (readonly [Resource, readonly Obj[]])[] = [
    [builtin('namespaces'), NAMESPACES.map(namespace)], [builtin('clusterroles'), bootstrapRoles()], [builtin('clusterrolebindings'), bootstrapBindings()],
    [builtin('priorityclasses'), PRIORITIES], [builtin('apiservices'), services],
  ];
  for (const [resource, objects] of steps) {
    if (!(yield* ensure(options, resource, objects))) {
      yield* call('timer', { name: 'bootstrap', entry: 'bootstrap', afterUs: seconds(1) });
      return;
    }
  }
  yield* call('thread', { entry: 'own', event: null });
}

const SERVICE_LABELS = { component: 'apiserver', provider: 'kubernetes' };

/** The thread that keeps default/kubernetes and its endpoints as they must be. */
export function* ownService(_start: Start): Sys<void> {
  const got = yield* call('memGet', { key: 'options' });
  if (!got.ok) return;
  const options = got.value as unknown as Options;
  const clusterIP = options.clusterIpRange.replace(/\.0\/\d+$/, '.1');
  const service: Obj = {
    kind: 'Service', apiVersion: 'v1', metadata: { name: 'kubernetes', namespace: 'default', labels: SERVICE_LABELS },
    spec: { clusterIP, type: 'ClusterIP', ports: [{ name: 'https', protocol: 'TCP', port: 443, targetPort: options.port }] },
  };
  const subsets = [{ addresses: [{ ip: options.address }], ports: [{ name: 'https', port: options.port, protocol: 'TCP' }] }];
  const good = (yield* ensureOne(options, builtin('services'), service)) && (yield* point(options, subsets));
  if (!good) yield* call('timer', { name: 'own', entry: 'own', afterUs: seconds(1) });
}

function* ensureOne(options: Options, resource: Resource, obj: Obj): Sys<boolean> {
  const { name, namespace: space = '' } = obj.metadata;
  const stored = yield* getStored(options, keyOf(resource, space, name), true);
  if (isFailure(stored)) return false;
  if (stored) return true;
  const ctx = yield* contextFor(options, obj.apiVersion, resource.plural, space, name);
  const made = yield* createObject(ctx, resource, obj);
  return !isFailure(made) || made.failure.reason === 'AlreadyExists';
}

function* point(options: Options, subsets: NonNullable<Endpoints['subsets']>): Sys<boolean> {
  const resource = builtin('endpoints');
  const key = keyOf(resource, 'default', 'kubernetes');
  const stored = yield* getStored(options, key, true);
  if (isFailure(stored)) return false;
  if (!stored) return yield* ensureOne(options, resource, { kind: 'Endpoints', apiVersion: 'v1', metadata: { name: 'kubernetes', namespace: 'default' }, subsets: subsets as unknown as Json });
  if (equal((stored.value as Endpoints).subsets, subsets)) return true;
  const done = yield* updateStored(options, resource, key, { ...stored.value, subsets }, stored.version);
  return !isFailure(done) && done.written;
}

