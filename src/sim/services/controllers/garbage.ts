/**
 * What is left over: pods whose node has gone, finished pods beyond the threshold, objects whose owner
 * has gone, the contents of namespaces that are going. pkg/controller/{podgc,garbagecollector,namespace}.
 */
import { seconds } from '../../engine/time.ts';
import type { Json, Sys } from '../../proc/program.ts';
import { api } from '../../kube/client.ts';
import { findKind, pathOf, RESOURCES } from '../../kube/kinds.ts';
import { isFinished, key } from '../../kube/pods.ts';
import { parseTime } from '../../kube/time.ts';
import type { Obj, OwnerReference, Pod } from '../../kube/types.ts';
import { type Caches, type Controller, type Env, type Outcome, patch, remove, update } from './framework.ts';
import { objects } from './pods.ts';

// ---- pods

/** --terminated-pod-gc-threshold as planet sets it. */
const FINISHED_MAX = 500;
const PERIOD_US = seconds(20);

const doomed = (caches: Caches): Pod[] => {
  const pods = objects<Pod>(caches['pods']);
  const nodes = caches['nodes']!;
  const out = pods.filter((p) => (p.spec.nodeName && !nodes[p.spec.nodeName]) || (p.metadata.deletionTimestamp && !p.spec.nodeName));
  const finished = pods.filter((p) => isFinished(p) && !out.includes(p)).sort((a, b) => (parseTime(a.metadata.creationTimestamp) ?? 0) - (parseTime(b.metadata.creationTimestamp) ?? 0));
  return [...out, ...finished.slice(0, Math.max(0, finished.length - FINISHED_MAX))];
};

export const podGc: Controller = {
  name: 'podgc', source: 'pod-garbage-collector', reads: ['pods', 'nodes'],
  affected: (_change, caches) => (doomed(caches).length ? ['gc'] : []),
  *sync(_key, env) {
    const got = doomed(env.caches);
    if (!got.length) return;
    // It looks every 20 s; a pod that has just lost its node waits for the next look.
    const phase = env.mono % PERIOD_US;
    if (phase > seconds(1)) return { afterUs: PERIOD_US - phase };
    for (const pod of got) yield* remove(env, 'v1', 'pods', pod, { grace: 0 });
  },
};

// ---- owners

/** Kinds whose objects are looked after by their owners' life. */
const DEPENDENTS = ['pods', 'replicasets', 'controllerrevisions', 'jobs'] as const;
const OWNERS = ['replicasets', 'deployments', 'daemonsets', 'statefulsets', 'jobs', 'cronjobs', 'replicationcontrollers'] as const;
export const GARBAGE_READS = [...new Set<string>([...DEPENDENTS, ...OWNERS])];

const GV: Readonly<Record<string, string>> = { pods: 'v1', replicasets: 'apps/v1', controllerrevisions: 'apps/v1', jobs: 'batch/v1', deployments: 'apps/v1', daemonsets: 'apps/v1', statefulsets: 'apps/v1', cronjobs: 'batch/v1beta1', replicationcontrollers: 'v1' };

function dependentsOf(caches: Caches, uid: string): { plural: string; obj: Obj }[] {
  const out: { plural: string; obj: Obj }[] = [];
  for (const plural of DEPENDENTS) for (const obj of objects(caches[plural])) if (obj.metadata.ownerReferences?.some((o) => o.uid === uid)) out.push({ plural, obj });
  return out;
}

/** Whether an owner is really gone: the API decides, not a copy. */
function* isGone(env: Env, namespace: string | undefined, owner: OwnerReference): Sys<boolean | null> {
  const resource = findKind(owner.apiVersion, owner.kind);
  if (!resource) return false;
  const got = yield* api(env.api, 'GET', pathOf(owner.apiVersion, resource.plural, resource.namespaced ? namespace : undefined, owner.name));
  if (got.ok) return (got.body as unknown as Obj).metadata.uid !== owner.uid;
  return got.status === 404 ? true : null;
}

function* collect(env: Env, plural: string, obj: Obj): Sys<boolean> {
  let live = false;
  for (const owner of obj.metadata.ownerReferences ?? []) {
    const gone = yield* isGone(env, obj.metadata.namespace, owner);
    if (gone === null) return false;
    if (!gone) live = true;
  }
  if (live || !obj.metadata.ownerReferences?.length) return true;
  const policy = obj.metadata.finalizers?.includes('orphan') ? 'Orphan' : obj.metadata.finalizers?.includes('foregroundDeletion') ? 'Foreground' : 'Background';
  const done = yield* remove(env, GV[plural]!, plural, obj, { policy });
  return done.ok || done.status === 404 || done.status === 409;
}

function* without(env: Env, plural: string, obj: Obj, finalizer: string): Sys<boolean> {
  const finalizers = (obj.metadata.finalizers ?? []).filter((f) => f !== finalizer);
  const done = yield* update(env, GV[plural]!, plural, { ...obj, metadata: { ...obj.metadata, finalizers } });
  return done.ok || done.status === 404;
}

function* syncGarbage(id: string, env: Env): Sys<Outcome> {
  const [plural, uid, name] = id.split(' ') as [string, string, string];
  const obj = env.caches[plural]?.[name];
  if (plural && obj && obj.metadata.uid === uid) {
    const { finalizers, deletionTimestamp } = obj.metadata;
    if (deletionTimestamp && finalizers?.includes('orphan')) {
      for (const d of dependentsOf(env.caches, uid)) {
        const done = yield* patch(env, GV[d.plural]!, d.plural, d.obj, { metadata: { ownerReferences: [{ $patch: 'delete', uid }], uid: d.obj.metadata.uid } });
        if (!done.ok && done.status !== 404) return 'retry';
      }
      return (yield* without(env, plural, obj, 'orphan')) ? undefined : 'retry';
    }
    if (deletionTimestamp && finalizers?.includes('foregroundDeletion')) {
      const left = dependentsOf(env.caches, uid);
      const blocking = left.filter((d) => d.obj.metadata.ownerReferences?.some((o) => o.uid === uid && o.blockOwnerDeletion));
      for (const d of left) if (!d.obj.metadata.deletionTimestamp) yield* remove(env, GV[d.plural]!, d.plural, d.obj, { policy: 'Foreground' });
      if (blocking.length) return;
      return (yield* without(env, plural, obj, 'foregroundDeletion')) ? undefined : 'retry';
    }
    if (deletionTimestamp) return;
    return (yield* collect(env, plural, obj)) ? undefined : 'retry';
  }
  // The object has gone: its dependents follow, unless another owner lives.
  for (const d of dependentsOf(env.caches, uid)) {
    if (d.obj.metadata.deletionTimestamp) continue;
    if (!(yield* collect(env, d.plural, d.obj))) return 'retry';
  }
}

export const garbage: Controller = {
  name: 'garbage', source: 'garbage-collector', reads: GARBAGE_READS,
  affected: ({ resource, obj, type }, caches) => {
    const { uid, deletionTimestamp, finalizers, ownerReferences } = obj.metadata;
    const id = `${resource} ${uid} ${key(obj)}`;
    const out: string[] = [];
    if (type === 'DELETED' || (deletionTimestamp && finalizers?.length)) out.push(id);
    // A dependent that goes may free its owner; one whose owner is unknown here is looked into.
    for (const owner of ownerReferences ?? []) {
      const plural = findKind(owner.apiVersion, owner.kind)?.plural ?? '';
      const parent = caches[plural]?.[obj.metadata.namespace ? `${obj.metadata.namespace}/${owner.name}` : owner.name];
      if (type === 'DELETED' && parent?.metadata.deletionTimestamp && parent.metadata.uid === owner.uid) out.push(`${plural} ${owner.uid} ${key(parent)}`);
      if (type === 'ADDED' && (OWNERS as readonly string[]).includes(plural) && parent?.metadata.uid !== owner.uid) out.push(id);
    }
    return out;
  },
  sync: syncGarbage,
};

// ---- namespaces

const NAMESPACED = RESOURCES.filter((r) => r.namespaced && r.verbs.includes('delete') && r.verbs.includes('list'));

/** Deletes everything in a namespace; how many objects are still there. */
function* empty(env: Env, namespace: string): Sys<number | null> {
  let left = 0;
  for (const resource of NAMESPACED) {
    const gv = resource.served[0]!;
    const path = pathOf(gv, resource.plural, namespace);
    const listed = yield* api(env.api, 'GET', path);
    if (!listed.ok) return null;
    const { items } = listed.body as unknown as { items: readonly Obj[] };
    if (!items.length) continue;
    if (resource.verbs.includes('deletecollection')) yield* api(env.api, 'DELETE', path, { body: { kind: 'DeleteOptions', apiVersion: 'v1', propagationPolicy: 'Background' } as unknown as Json });
    else for (const item of items) yield* api(env.api, 'DELETE', pathOf(gv, resource.plural, namespace, item.metadata.name), { body: { propagationPolicy: 'Background' } });
    const after = yield* api(env.api, 'GET', path);
    left += after.ok ? (after.body as unknown as { items: readonly Obj[] }).items.length : items.length;
  }
  return left;
}

export const namespaces: Controller = {
  name: 'namespace', source: 'namespace-controller', reads: ['namespaces'],
  affected: ({ obj }) => (obj.metadata.deletionTimestamp ? [obj.metadata.name] : []),
  *sync(name, env) {
    const namespace = env.caches['namespaces']![name];
    if (!namespace?.metadata.deletionTimestamp) return;
    const left = yield* empty(env, name);
    if (left === null) return 'retry';
    if (left > 0) return { afterUs: seconds(5) };
    const done = yield* update(env, 'v1', 'namespaces', { ...namespace, metadata: { ...namespace.metadata, resourceVersion: '' }, spec: { finalizers: [] } }, 'finalize');
    return done.ok || done.status === 404 ? undefined : 'retry';
  },
};

