/**
 * What the controllers that own pods share: which pods are theirs, making one from a template, adopting
 * one that lost its owner, whom to delete first. pkg/controller/controller_utils.go v1.14.
 */
import type { Sys } from '../../proc/program.ts';
import { parseTime } from '../../kube/time.ts';
import { condition, controllerOf, isActive, isReady, key } from '../../kube/pods.ts';
import { selects } from '../../kube/selectors.ts';
import type { LabelSelector, Obj, OwnerReference, Pod, PodTemplate } from '../../kube/types.ts';
import type { Cache } from '../../kube/informer.ts';
import { create, type Env, patch, remove, tell, type Written } from './framework.ts';

export const objects = <T extends Obj>(map: Cache | undefined): readonly T[] => Object.values(map ?? {}) as T[];

const byOwner = new WeakMap<Cache, Map<string, Obj[]>>();
/** Objects of a copy by their controller's uid; '' holds those without one. */
function owned(map: Cache): Map<string, Obj[]> {
  let index = byOwner.get(map);
  if (!index) {
    index = new Map();
    for (const obj of Object.values(map)) {
      const id = controllerOf(obj.metadata)?.uid ?? '';
      const list = index.get(id);
      if (list) list.push(obj); else index.set(id, [obj]);
    }
    byOwner.set(map, index);
  }
  return index;
}
export const ownedBy = <T extends Obj>(map: Cache, uid: string): readonly T[] => (owned(map).get(uid) ?? []) as T[];
export const orphans = <T extends Obj>(map: Cache): readonly T[] => (owned(map).get('') ?? []) as T[];

export const ownerRef = (owner: Obj): OwnerReference =>
  ({ apiVersion: owner.apiVersion, kind: owner.kind, name: owner.metadata.name, uid: owner.metadata.uid!, controller: true, blockOwnerDeletion: true });

/** The owner's pods, with those adopted that match its selector and have no owner. */
export function* claim(env: Env, owner: Obj, selector: LabelSelector | undefined): Sys<readonly Pod[]> {
  const pods = env.caches['pods']!;
  const mine = ownedBy<Pod>(pods, owner.metadata.uid!).filter((p) => p.metadata.namespace === owner.metadata.namespace);
  const kept: Pod[] = [];
  for (const pod of mine) {
    if (selects(selector, pod.metadata.labels) || owner.metadata.deletionTimestamp) kept.push(pod);
    else yield* patch(env, 'v1', 'pods', pod, { metadata: { ownerReferences: [{ $patch: 'delete', uid: owner.metadata.uid }], uid: pod.metadata.uid } });
  }
  if (owner.metadata.deletionTimestamp) return kept;
  for (const pod of orphans<Pod>(pods)) {
    if (pod.metadata.namespace !== owner.metadata.namespace || !isActive(pod) || !selects(selector, pod.metadata.labels)) continue;
    const done = yield* patch(env, 'v1', 'pods', pod, { metadata: { ownerReferences: [ownerRef(owner)], uid: pod.metadata.uid } });
    if (done.ok) kept.push(done.obj as Pod);
  }
  return kept;
}

export function podFrom(template: PodTemplate, owner: Obj, o: { name?: string; labels?: Record<string, string>; spec?: (spec: Pod['spec']) => Pod['spec'] } = {}): Pod {
  const prefix = `${owner.metadata.name}-`;
  const spec = o.spec ? o.spec(template.spec) : template.spec;
  const labels = { ...template.metadata?.labels, ...o.labels };
  return {
    kind: 'Pod', apiVersion: 'v1', spec, metadata: {
      ...(o.name ? { name: o.name } : { generateName: prefix, name: '' }), namespace: owner.metadata.namespace!, labels,
      ...(template.metadata?.annotations ? { annotations: template.metadata.annotations } : {}), ...(template.metadata?.finalizers ? { finalizers: template.metadata.finalizers } : {}),
      ownerReferences: [ownerRef(owner)],
    },
  };
}

/** Creates a pod and says so; a refusal is an event on the owner. */
export function* createPod(env: Env, owner: Obj, pod: Pod): Sys<Written> {
  const done = yield* create(env, 'v1', 'pods', pod);
  if (done.ok) yield* tell(env, owner, 'Normal', 'SuccessfulCreate', `Created pod: ${done.obj.metadata.name}`);
  else yield* tell(env, owner, 'Warning', 'FailedCreate', `Error creating: ${done.message}`);
  return done;
}

export function* deletePod(env: Env, owner: Obj, pod: Pod): Sys<boolean> {
  const done = yield* remove(env, 'v1', 'pods', pod);
  if (done.ok) yield* tell(env, owner, 'Normal', 'SuccessfulDelete', `Deleted pod: ${pod.metadata.name}`);
  else if (done.status !== 404) yield* tell(env, owner, 'Warning', 'FailedDelete', `Error deleting: ${done.message}`);
  return done.ok || done.status === 404;
}

const PHASE: Readonly<Record<string, number>> = { Pending: 0, Unknown: 1, Running: 2 };
const restarts = (p: Pod): number => Math.max(0, ...(p.status?.containerStatuses ?? []).map((c) => c.restartCount));
const readySince = (p: Pod): number => parseTime(condition(p.status?.conditions, 'Ready')?.lastTransitionTime) ?? 0;

/** Whom to delete first: unassigned, pending, not ready, ready for a shorter time, more restarts, younger. */
export function cheapestFirst(pods: readonly Pod[]): Pod[] {
  const compare = (a: Pod, b: Pod): number =>
    Number(Boolean(a.spec.nodeName)) - Number(Boolean(b.spec.nodeName))
    || (PHASE[a.status?.phase ?? 'Unknown'] ?? 1) - (PHASE[b.status?.phase ?? 'Unknown'] ?? 1)
    || Number(isReady(a)) - Number(isReady(b))
    || (isReady(a) && isReady(b) ? readySince(b) - readySince(a) : 0)
    || restarts(b) - restarts(a)
    || (parseTime(b.metadata.creationTimestamp) ?? 0) - (parseTime(a.metadata.creationTimestamp) ?? 0)
    || (key(a) < key(b) ? -1 : 1);
  return [...pods].sort(compare);
}

/** Ready for at least so many seconds. */
export function isAvailable(pod: Pod, minReadySeconds: number, now: number): boolean {
  if (!isReady(pod)) return false;
  return minReadySeconds === 0 || readySince(pod) + minReadySeconds * 1_000_000 <= now;
}
/** The soonest moment at which a ready pod becomes available, or null. */
export function nextAvailable(pods: readonly Pod[], minReadySeconds: number, now: number): number | null {
  if (!minReadySeconds) return null;
  const waits = pods.filter((p) => isReady(p) && !isAvailable(p, minReadySeconds, now)).map((p) => readySince(p) + minReadySeconds * 1_000_000 - now);
  return waits.length ? Math.min(...waits) : null;
}
