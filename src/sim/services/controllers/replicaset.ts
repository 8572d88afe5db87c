/**
 * ReplicaSets and ReplicationControllers: as many pods as asked for. pkg/controller/replicaset v1.14.
 */
import type { Sys } from '../../proc/program.ts';
import { equal } from '../../kube/equal.ts';
import type { Change } from '../../kube/informer.ts';
import { controllerOf, isActive, isReady, key } from '../../kube/pods.ts';
import { mapSelects, selects } from '../../kube/selectors.ts';
import { rfc3339 } from '../../kube/time.ts';
import type { Condition, LabelSelector, Labels, Obj, Pod, ReplicaSet } from '../../kube/types.ts';
import { type Caches, type Controller, type Env, type Outcome, update } from './framework.ts';
import { cheapestFirst, claim, createPod, deletePod, isAvailable, nextAvailable, objects, podFrom } from './pods.ts';

/** Pods made or deleted at most in one go. */
const BURST = 500;

/** Keys of the owners that a pod's change concerns. */
export function podOwners(change: Change, caches: Caches, resource: string, kind: string, match: (owner: Obj, labels: Labels | undefined) => boolean): string[] {
  const keys = new Set<string>();
  for (const pod of [change.obj, change.old]) {
    if (!pod) continue;
    const owner = controllerOf(pod.metadata);
    if (owner) {
      if (owner.kind === kind) keys.add(`${pod.metadata.namespace}/${owner.name}`);
    } else for (const candidate of objects(caches[resource])) {
      if (candidate.metadata.namespace === pod.metadata.namespace && match(candidate, pod.metadata.labels)) keys.add(key(candidate));
    }
  }
  return [...keys];
}

interface Flavour { readonly resource: string; readonly kind: string; readonly gv: string; readonly source: string; readonly selector: (owner: Obj) => LabelSelector | undefined }

function* sync(flavour: Flavour, id: string, env: Env): Sys<Outcome> {
  const rs = env.caches[flavour.resource]![id] as ReplicaSet | undefined;
  if (!rs) return;
  const pods = yield* claim(env, rs, flavour.selector(rs));
  const active = pods.filter(isActive);
  const wanted = rs.spec.replicas ?? 1;
  let failure: string | null = null;
  if (!rs.metadata.deletionTimestamp) {
    const diff = wanted - active.length;
    for (let i = 0; i < Math.min(diff, BURST) && failure === null; i++) {
      const made = yield* createPod(env, rs, podFrom(rs.spec.template, rs));
      if (!made.ok) failure = made.message;
    }
    for (const pod of diff < 0 ? cheapestFirst(active).slice(0, Math.min(-diff, BURST)) : []) {
      if (!(yield* deletePod(env, rs, pod))) failure = 'delete failed';
    }
  }
  const written = yield* writeStatus(flavour, env, rs, active, failure);
  if (!written || failure !== null) return 'retry';
  const wait = nextAvailable(active, rs.spec.minReadySeconds ?? 0, env.now);
  if (wait !== null) return { afterUs: wait };
}

function* writeStatus(flavour: Flavour, env: Env, rs: ReplicaSet, active: readonly Pod[], failure: string | null): Sys<boolean> {
  const labels = rs.spec.template.metadata?.labels;
  const others = (rs.status?.conditions ?? []).filter((c) => c.type !== 'ReplicaFailure');
  const before = rs.status?.conditions?.find((c) => c.type === 'ReplicaFailure');
  const failing: Condition[] = failure === null ? [] : [before ?? { type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate', message: failure, lastTransitionTime: rfc3339(env.now) }];
  const conditions = [...others, ...failing];
  const ready = active.filter(isReady).length;
  const available = active.filter((p) => isAvailable(p, rs.spec.minReadySeconds ?? 0, env.now)).length;
  const full = active.filter((p) => mapSelects(labels, p.metadata.labels)).length;
  const status = {
    replicas: active.length, ...(full ? { fullyLabeledReplicas: full } : {}), ...(ready ? { readyReplicas: ready } : {}), ...(available ? { availableReplicas: available } : {}),
    observedGeneration: rs.metadata.generation ?? 1, ...(conditions.length ? { conditions } : {}),
  };
  if (equal(status, rs.status)) return true;
  const done = yield* update(env, flavour.gv, flavour.resource, { ...rs, status }, 'status');
  return done.ok || done.status === 404;
}

function controller(flavour: Flavour): Controller {
  return {
    name: flavour.kind.toLowerCase(), source: flavour.source, reads: [flavour.resource, 'pods'],
    affected: (change, caches) => (change.resource === flavour.resource ? [key(change.obj)] : podOwners(change, caches, flavour.resource, flavour.kind, (o, labels) => selects(flavour.selector(o), labels))),
    sync: (id, env) => sync(flavour, id, env),
  };
}

export const replicaSets = controller({ resource: 'replicasets', kind: 'ReplicaSet', gv: 'apps/v1', source: 'replicaset-controller', selector: (o) => (o as ReplicaSet).spec.selector });
const asSelector = new WeakMap<object, LabelSelector>();
export const replicationControllers = controller({
  resource: 'replicationcontrollers', kind: 'ReplicationController', gv: 'v1', source: 'replication-controller',
  selector: (o) => {
    const map = (o['spec'] as { selector?: Labels }).selector ?? {};
    let made = asSelector.get(map);
    if (!made) { made = { matchLabels: map }; asSelector.set(map, made); }
    return made;
  },
});
