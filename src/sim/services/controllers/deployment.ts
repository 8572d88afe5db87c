/**
 * Deployments: a ReplicaSet for each template, scaled towards the newest step by step.
 * pkg/controller/deployment v1.14.
 */
import type { Sys } from '../../proc/program.ts';
import { equal } from '../../kube/equal.ts';
import { templateHash } from '../../kube/hash.ts';
import { condition, controllerOf, key, scaled, withCondition } from '../../kube/pods.ts';
import { selects } from '../../kube/selectors.ts';
import { parseTime, rfc3339 } from '../../kube/time.ts';
import type { Condition, Deployment, Obj, PodTemplate, ReplicaSet } from '../../kube/types.ts';
import { type Controller, create, type Env, type Outcome, patch, remove, tell, update } from './framework.ts';
import { objects, orphans, ownedBy, ownerRef } from './pods.ts';

const REVISION = 'deployment.kubernetes.io/revision';
const HISTORY = 'deployment.kubernetes.io/revision-history';
const DESIRED = 'deployment.kubernetes.io/desired-replicas';
const MAX = 'deployment.kubernetes.io/max-replicas';
const HASH = 'pod-template-hash';
const FOREVER = 2_147_483_647;
const GV = 'apps/v1';

const withoutHash = (t: PodTemplate): unknown => {
  const { [HASH]: _hash, ...labels } = t.metadata?.labels ?? {};
  return { metadata: { ...t.metadata, labels, creationTimestamp: null }, spec: t.spec };
};
const sameTemplate = (a: PodTemplate, b: PodTemplate): boolean => equal(withoutHash(a), withoutHash(b));
const replicasOf = (rs: ReplicaSet): number => rs.spec.replicas ?? 0;
const revisionOf = (o: Obj): number => Number(o.metadata.annotations?.[REVISION] ?? 0);
const available = (rs: ReplicaSet): number => rs.status?.availableReplicas ?? 0;
const older = (a: Obj, b: Obj): number => (parseTime(a.metadata.creationTimestamp) ?? 0) - (parseTime(b.metadata.creationTimestamp) ?? 0) || (a.metadata.name < b.metadata.name ? -1 : 1);
const sum = (list: readonly ReplicaSet[], of: (rs: ReplicaSet) => number): number => list.reduce((n, rs) => n + of(rs), 0);

/** Surge and unavailable in pods: shares of the wanted replicas, never both zero. */
export function limits(d: Deployment): { surge: number; unavailable: number } {
  const wanted = d.spec.replicas ?? 1;
  if (d.spec.strategy?.type !== 'RollingUpdate') return { surge: 0, unavailable: wanted };
  const surge = scaled(d.spec.strategy.rollingUpdate?.maxSurge, wanted, true);
  const unavailable = scaled(d.spec.strategy.rollingUpdate?.maxUnavailable, wanted, false);
  return surge === 0 && unavailable === 0 ? { surge, unavailable: 1 } : { surge, unavailable: Math.min(unavailable, wanted) };
}

function* sync(id: string, env: Env): Sys<Outcome> {
  const d = env.caches['deployments']![id] as Deployment | undefined;
  if (!d || d.metadata.deletionTimestamp) return;
  const sets = yield* claimSets(env, d);
  if (d.spec.rollbackTo) return yield* rollback(env, d, sets);
  const fresh = sets.filter((rs) => sameTemplate(rs.spec.template, d.spec.template)).sort(older)[0] ?? null;
  const old = sets.filter((rs) => rs !== fresh);
  if (d.spec.paused || isScaling(d, sets)) return yield* resize(env, d, fresh, old);
  const ready = yield* newest(env, d, fresh, old);
  if (!ready) return 'retry';
  if (ready !== fresh) return; // its creation brings us back with a copy that knows it
  const good = d.spec.strategy?.type === 'Recreate' ? yield* recreate(env, d, ready, old) : yield* roll(env, d, ready, old);
  if (!good) return 'retry';
  yield* cleanUp(env, d, old);
  return yield* writeStatus(env, d, ready, old);
}

function* claimSets(env: Env, d: Deployment): Sys<ReplicaSet[]> {
  const map = env.caches['replicasets']!;
  const mine = [...ownedBy<ReplicaSet>(map, d.metadata.uid!)];
  for (const rs of orphans<ReplicaSet>(map)) {
    if (rs.metadata.namespace !== d.metadata.namespace || rs.metadata.deletionTimestamp || !selects(d.spec.selector, rs.metadata.labels)) continue;
    const done = yield* patch(env, GV, 'replicasets', rs, { metadata: { ownerReferences: [ownerRef(d)], uid: rs.metadata.uid } });
    if (done.ok) mine.push(done.obj as ReplicaSet);
  }
  return mine;
}

/** What a deployment's sets carry of its annotations: all but those that speak of the object itself. */
function handedDown(d: Deployment): Record<string, string> {
  const own = ['kubectl.kubernetes.io/last-applied-configuration', REVISION, HISTORY, DESIRED, MAX, 'deprecated.deployment.rollback.to'];
  return Object.fromEntries(Object.entries(d.metadata.annotations ?? {}).filter(([name]) => !own.includes(name)));
}

/** The ReplicaSet of the present template, made if there is none, its revision brought up to date. */
function* newest(env: Env, d: Deployment, fresh: ReplicaSet | null, old: readonly ReplicaSet[]): Sys<ReplicaSet | null> {
  const revision = String(Math.max(0, ...old.map(revisionOf)) + 1);
  const { surge } = limits(d);
  const wanted = d.spec.replicas ?? 1;
  if (fresh) {
    const present = String(Math.max(revisionOf(fresh), Number(revision)));
    const annotations: Record<string, string> = { ...fresh.metadata.annotations, ...handedDown(d), [REVISION]: present };
    const before = fresh.metadata.annotations?.[REVISION];
    // A set that comes back from an earlier revision remembers which it was.
    if (before !== undefined && before !== present) annotations[HISTORY] = [fresh.metadata.annotations?.[HISTORY], before].filter(Boolean).join(',');
    if (!equal(annotations, fresh.metadata.annotations)) {
      const done = yield* update(env, GV, 'replicasets', { ...fresh, metadata: { ...fresh.metadata, annotations } });
      if (!done.ok) return null;
      fresh = done.obj as ReplicaSet;
    }
    return (yield* noteRevision(env, d, present)) ? fresh : null;
  }
  const collisions = (d.status as { collisionCount?: number } | undefined)?.collisionCount ?? 0;
  const hash = templateHash(withoutHash(d.spec.template), collisions);
  const room = d.spec.strategy?.type === 'RollingUpdate' ? Math.max(0, Math.min(wanted, wanted + surge - sum(old, replicasOf))) : wanted;
  const replicas = d.spec.strategy?.type === 'Recreate' && sum(old, replicasOf) > 0 ? 0 : room;
  const rs: ReplicaSet = {
    kind: 'ReplicaSet', apiVersion: GV,
    metadata: {
      name: `${d.metadata.name}-${hash}`, namespace: d.metadata.namespace!, labels: { ...d.spec.template.metadata?.labels, [HASH]: hash }, ownerReferences: [ownerRef({ ...d, apiVersion: GV })],
      annotations: { ...handedDown(d), [REVISION]: revision, [DESIRED]: String(wanted), [MAX]: String(wanted + surge) },
    },
    spec: {
      replicas, ...(d.spec.minReadySeconds ? { minReadySeconds: d.spec.minReadySeconds } : {}), selector: { ...d.spec.selector, matchLabels: { ...d.spec.selector?.matchLabels, [HASH]: hash } },
      template: { ...d.spec.template, metadata: { ...d.spec.template.metadata, labels: { ...d.spec.template.metadata?.labels, [HASH]: hash } } },
    },
  };
  const done = yield* create(env, GV, 'replicasets', rs);
  if (!done.ok) {
    if (done.reason === 'AlreadyExists' && controllerOf(env.caches['replicasets']![key(rs)]?.metadata ?? {})?.uid !== d.metadata.uid) yield* update(env, GV, 'deployments', { ...d, status: { ...d.status, collisionCount: collisions + 1 } }, 'status');
    else yield* progress(env, d, { type: 'Progressing', status: 'False', reason: 'ReplicaSetCreateError', message: done.message });
    return null;
  }
  if (replicas > 0) yield* tell(env, d, 'Normal', 'ScalingReplicaSet', `Scaled up replica set ${rs.metadata.name} to ${replicas}`);
  return (yield* noteRevision(env, d, revision)) ? (done.obj as ReplicaSet) : null;
}

function* noteRevision(env: Env, d: Deployment, revision: string): Sys<boolean> {
  if (d.metadata.annotations?.[REVISION] === revision) return true;
  const done = yield* patch(env, GV, 'deployments', d, { metadata: { annotations: { [REVISION]: revision } } });
  return done.ok;
}

function* progress(env: Env, d: Deployment, c: Condition): Sys<void> {
  const stamp = rfc3339(env.now);
  yield* update(env, GV, 'deployments', { ...d, status: { ...d.status, conditions: withCondition(d.status?.conditions, { ...c, lastUpdateTime: stamp, lastTransitionTime: stamp }) } }, 'status');
}

function* scaleTo(env: Env, d: Deployment, rs: ReplicaSet, replicas: number): Sys<boolean> {
  const { surge } = limits(d);
  const wanted = d.spec.replicas ?? 1;
  const annotations = { ...rs.metadata.annotations, [DESIRED]: String(wanted), [MAX]: String(wanted + surge) };
  if (replicasOf(rs) === replicas && equal(annotations, rs.metadata.annotations)) return true;
  const done = yield* update(env, GV, 'replicasets', { ...rs, metadata: { ...rs.metadata, annotations }, spec: { ...rs.spec, replicas } });
  if (!done.ok) return false;
  if (replicasOf(rs) !== replicas) yield* tell(env, d, 'Normal', 'ScalingReplicaSet', `Scaled ${replicas > replicasOf(rs) ? 'up' : 'down'} replica set ${rs.metadata.name} to ${replicas}`);
  return true;
}

const isScaling = (d: Deployment, sets: readonly ReplicaSet[]): boolean =>
  sets.some((rs) => replicasOf(rs) > 0 && rs.metadata.annotations?.[DESIRED] !== undefined && rs.metadata.annotations[DESIRED] !== String(d.spec.replicas ?? 1));

/** Only the number has changed: the active sets share it. */
function* resize(env: Env, d: Deployment, fresh: ReplicaSet | null, old: readonly ReplicaSet[]): Sys<Outcome> {
  const wanted = d.spec.replicas ?? 1;
  const active = [...(fresh ? [fresh] : []), ...old].filter((rs) => replicasOf(rs) > 0);
  let good = true;
  if (active.length <= 1) {
    const only = active[0] ?? fresh;
    if (only) good = yield* scaleTo(env, d, only, wanted);
  } else if (fresh && available(fresh) >= wanted && replicasOf(fresh) === wanted) {
    for (const rs of old) good = (yield* scaleTo(env, d, rs, 0)) && good;
  } else {
    const { surge } = limits(d);
    const total = sum(active, replicasOf);
    let left = (wanted > 0 ? wanted + surge : 0) - total;
    for (const rs of [...active].sort((a, b) => replicasOf(b) - replicasOf(a))) {
      const share = left === 0 ? 0 : left > 0 ? Math.min(left, Math.round(replicasOf(rs) * ((wanted + surge) / total)) - replicasOf(rs)) : Math.max(left, -replicasOf(rs));
      left -= share;
      good = (yield* scaleTo(env, d, rs, replicasOf(rs) + share)) && good;
    }
  }
  if (!good) return 'retry';
  return yield* writeStatus(env, d, fresh, old);
}

function* roll(env: Env, d: Deployment, fresh: ReplicaSet, old: readonly ReplicaSet[]): Sys<boolean> {
  const { surge, unavailable } = limits(d);
  const wanted = d.spec.replicas ?? 1;
  const total = replicasOf(fresh) + sum(old, replicasOf);
  if (replicasOf(fresh) !== wanted) {
    if (replicasOf(fresh) > wanted) return yield* scaleTo(env, d, fresh, wanted);
    const room = wanted + surge - total;
    if (room > 0) return yield* scaleTo(env, d, fresh, Math.min(wanted, replicasOf(fresh) + room));
  }
  const running = old.filter((rs) => replicasOf(rs) > 0).sort(older);
  if (!running.length) return true;
  const newUnavailable = replicasOf(fresh) - available(fresh);
  let spare = total - (wanted - unavailable) - newUnavailable;
  if (spare <= 0) return true;
  const left = new Map(running.map((rs) => [rs, replicasOf(rs)]));
  for (const rs of running) { // what does not work goes first
    const dead = Math.min(spare, replicasOf(rs) - available(rs));
    if (dead <= 0) continue;
    left.set(rs, replicasOf(rs) - dead);
    spare -= dead;
  }
  let cut = available(fresh) + sum(running, available) - (wanted - unavailable);
  for (const rs of running) {
    const now = left.get(rs)!;
    const step = Math.max(0, Math.min(cut, now));
    left.set(rs, now - step);
    cut -= step;
  }
  for (const [rs, n] of left) if (n !== replicasOf(rs) && !(yield* scaleTo(env, d, rs, n))) return false;
  return true;
}

/** Recreate: all old pods must have gone before a new one comes. */
function* recreate(env: Env, d: Deployment, fresh: ReplicaSet, old: readonly ReplicaSet[]): Sys<boolean> {
  const running = old.filter((rs) => replicasOf(rs) > 0);
  for (const rs of running) if (!(yield* scaleTo(env, d, rs, 0))) return false;
  if (running.length) return true;
  const uids = new Set(old.map((rs) => rs.metadata.uid));
  if (objects(env.caches['pods']).some((p) => uids.has(controllerOf(p.metadata)?.uid))) return true;
  return yield* scaleTo(env, d, fresh, d.spec.replicas ?? 1);
}

function* cleanUp(env: Env, d: Deployment, old: readonly ReplicaSet[]): Sys<void> {
  const keep = d.spec.revisionHistoryLimit ?? FOREVER;
  const dead = old.filter((rs) => replicasOf(rs) === 0 && (rs.status?.replicas ?? 0) === 0 && !rs.metadata.deletionTimestamp && (rs.status?.observedGeneration ?? 0) >= (rs.metadata.generation ?? 0)).sort(older);
  for (const rs of dead.slice(0, Math.max(0, dead.length - keep))) yield* remove(env, GV, 'replicasets', rs);
}

/** `kubectl rollout undo` of old clients: the template of an earlier revision comes back. */
function* rollback(env: Env, d: Deployment, sets: readonly ReplicaSet[]): Sys<Outcome> {
  const wanted = d.spec.rollbackTo!.revision || [...sets].map(revisionOf).sort((a, b) => b - a)[1] || 0;
  const source = sets.find((rs) => revisionOf(rs) === wanted);
  const { rollbackTo: _rollback, ...spec } = d.spec;
  if (!source) yield* tell(env, d, 'Warning', 'DeploymentRollbackRevisionNotFound', 'Unable to find the revision to rollback to.');
  const template = source ? { ...source.spec.template, metadata: { ...source.spec.template.metadata, labels: Object.fromEntries(Object.entries(source.spec.template.metadata?.labels ?? {}).filter(([k]) => k !== HASH)) } } : spec.template;
  const done = yield* update(env, 'extensions/v1beta1', 'deployments', { ...d, apiVersion: 'extensions/v1beta1', spec: { ...spec, template } });
  if (!done.ok) return 'retry';
  if (source) yield* tell(env, d, 'Normal', 'DeploymentRollback', `Rolled back deployment ${JSON.stringify(d.metadata.name)} to revision ${wanted}`);
}

function* writeStatus(env: Env, d: Deployment, fresh: ReplicaSet | null, old: readonly ReplicaSet[]): Sys<Outcome> {
  const all = fresh ? [...old, fresh] : old;
  const wanted = d.spec.replicas ?? 1;
  const total = sum(all, (rs) => rs.status?.replicas ?? 0);
  const up = sum(all, available);
  const { unavailable } = limits(d);
  const updated = fresh?.status?.replicas ?? 0;
  const ready = sum(all, (rs) => rs.status?.readyReplicas ?? 0);
  const missing = Math.max(0, total - up);
  const stamp = rfc3339(env.now);
  const base: Condition = up >= wanted - unavailable
    ? { type: 'Available', status: 'True', reason: 'MinimumReplicasAvailable', message: 'Deployment has minimum availability.', lastUpdateTime: stamp, lastTransitionTime: stamp }
    : { type: 'Available', status: 'False', reason: 'MinimumReplicasUnavailable', message: 'Deployment does not have minimum availability.', lastUpdateTime: stamp, lastTransitionTime: stamp };
  const counts = {
    ...(total ? { replicas: total } : {}), ...(updated ? { updatedReplicas: updated } : {}), ...(ready ? { readyReplicas: ready } : {}), ...(up ? { availableReplicas: up } : {}),
    ...(missing ? { unavailableReplicas: missing } : {}), observedGeneration: d.metadata.generation ?? 1,
  };
  const complete = updated === wanted && total === wanted && up === wanted;
  const moved = updated > (d.status?.updatedReplicas ?? 0) || up > (d.status?.availableReplicas ?? 0) || ready > (d.status?.readyReplicas ?? 0) || total - updated < (d.status?.replicas ?? 0) - (d.status?.updatedReplicas ?? 0);
  let conditions = d.status?.conditions;
  conditions = settle(conditions, base);
  const { condition: next, waitUs } = progressing(d, env, fresh, complete, moved, stamp);
  if (next) conditions = settle(conditions, next);
  const failure = all.map((rs) => condition(rs.status?.conditions, 'ReplicaFailure')).find(Boolean);
  conditions = conditions?.filter((c) => c.type !== 'ReplicaFailure');
  if (failure) conditions = [...(conditions ?? []), { ...failure, lastUpdateTime: failure.lastTransitionTime }];
  const status = { ...((d.status as { collisionCount?: number } | undefined)?.collisionCount ? { collisionCount: (d.status as { collisionCount?: number }).collisionCount } : {}), ...counts, conditions };
  if (!equal(status, d.status)) {
    const done = yield* update(env, GV, 'deployments', { ...d, status }, 'status');
    if (!done.ok && done.status !== 404) return 'retry';
  }
  if (waitUs !== null) return { afterUs: waitUs };
}

/** A condition that says the same keeps its times. */
function settle(list: readonly Condition[] | undefined, c: Condition): readonly Condition[] {
  const old = condition(list, c.type);
  return old && old.status === c.status && old.reason === c.reason && old.message === c.message ? list! : withCondition(list, c);
}

function progressing(d: Deployment, env: Env, fresh: ReplicaSet | null, complete: boolean, moved: boolean, stamp: string): { condition: Condition | null; waitUs: number | null } {
  const limit = d.spec.progressDeadlineSeconds ?? FOREVER;
  const now = condition(d.status?.conditions, 'Progressing');
  if (limit === FOREVER || !fresh) return { condition: null, waitUs: null };
  const name = fresh.metadata.name;
  const make = (status: 'True' | 'False', reason: string, message: string): Condition => ({ type: 'Progressing', status, reason, message, lastUpdateTime: stamp, lastTransitionTime: stamp });
  if (complete) return { condition: now?.reason === 'NewReplicaSetAvailable' ? now : make('True', 'NewReplicaSetAvailable', `ReplicaSet ${JSON.stringify(name)} has successfully progressed.`), waitUs: null };
  if (!now) return { condition: make('True', 'NewReplicaSetCreated', `Created new replica set ${JSON.stringify(name)}`), waitUs: limit * 1_000_000 };
  if (moved || (now.reason === 'NewReplicaSetAvailable' && (d.status?.updatedReplicas ?? 0) > (fresh.status?.replicas ?? 0))) return { condition: { ...make('True', 'ReplicaSetUpdated', `ReplicaSet ${JSON.stringify(name)} is progressing.`), lastTransitionTime: now.status === 'True' ? now.lastTransitionTime : stamp }, waitUs: limit * 1_000_000 };
  if (now.reason === 'NewReplicaSetAvailable' || now.reason === 'ProgressDeadlineExceeded') return { condition: now, waitUs: null };
  const left = (parseTime(now.lastUpdateTime) ?? env.now) + limit * 1_000_000 - env.now;
  if (left > 0) return { condition: now, waitUs: left };
  return { condition: make('False', 'ProgressDeadlineExceeded', `ReplicaSet ${JSON.stringify(name)} has timed out progressing.`), waitUs: null };
}

export const deployments: Controller = {
  name: 'deployment', source: 'deployment-controller', reads: ['deployments', 'replicasets', 'pods'],
  affected: ({ resource, obj, type }, caches) => {
    if (resource === 'deployments') return [key(obj)];
    if (resource === 'pods') { // only Recreate waits for pods to go
      if (type !== 'DELETED') return [];
      const rs = objects(caches['replicasets']).find((r) => r.metadata.uid === controllerOf(obj.metadata)?.uid);
      const owner = rs && controllerOf(rs.metadata);
      return owner ? [`${obj.metadata.namespace}/${owner.name}`] : [];
    }
    const owner = controllerOf(obj.metadata);
    if (owner) return owner.kind === 'Deployment' ? [`${obj.metadata.namespace}/${owner.name}`] : [];
    return objects<Deployment>(caches['deployments']).filter((d) => d.metadata.namespace === obj.metadata.namespace && selects(d.spec.selector, obj.metadata.labels)).map(key);
  },
  sync,
};
