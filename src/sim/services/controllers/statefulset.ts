/**
 * StatefulSets: pods with names that stay, made in order and taken away in reverse.
 * pkg/controller/statefulset v1.14.
 */
import type { Sys } from '../../proc/program.ts';
import { equal } from '../../kube/equal.ts';
import { templateHash } from '../../kube/hash.ts';
import { controllerOf, isReady, key } from '../../kube/pods.ts';
import { selects } from '../../kube/selectors.ts';
import type { ControllerRevision, Obj, Pod, PodSpec, StatefulSet, Volume } from '../../kube/types.ts';
import { type Controller, create, type Env, type Outcome, remove, tell, update } from './framework.ts';
import { claim, ownedBy, ownerRef, podFrom } from './pods.ts';
import { podOwners } from './replicaset.ts';

const GV = 'apps/v1';
const HASH = 'controller-revision-hash';

const ordinal = (pod: Pod): number => Number(/-(\d+)$/.exec(pod.metadata.name)?.[1] ?? -1);

function identity(spec: PodSpec, set: StatefulSet, n: number): PodSpec {
  const claims = (set.spec.volumeClaimTemplates ?? []).map((t): Volume => ({ name: t.metadata.name, persistentVolumeClaim: { claimName: `${t.metadata.name}-${set.metadata.name}-${n}` } }));
  const names = new Set(claims.map((v) => v.name));
  return { ...spec, hostname: `${set.metadata.name}-${n}`, ...(set.spec.serviceName ? { subdomain: set.spec.serviceName } : {}), volumes: [...(spec.volumes ?? []).filter((v) => !names.has(v.name)), ...claims] };
}

function* revisions(env: Env, set: StatefulSet): Sys<{ update: string; current: string } | null> {
  const mine = ownedBy<ControllerRevision>(env.caches['controllerrevisions']!, set.metadata.uid!);
  const newest = Math.max(0, ...mine.map((r) => r.revision));
  const same = mine.find((r) => equal(r.data.spec.template, set.spec.template));
  let name = same?.metadata.name;
  if (same && same.revision < newest) yield* update(env, GV, 'controllerrevisions', { ...same, revision: newest + 1 });
  if (!name) {
    name = `${set.metadata.name}-${templateHash(set.spec.template)}`;
    const done = yield* create(env, GV, 'controllerrevisions', {
      kind: 'ControllerRevision', apiVersion: GV, metadata: { name, namespace: set.metadata.namespace!, labels: { ...set.spec.template.metadata?.labels }, ownerReferences: [ownerRef({ ...set, apiVersion: GV })] },
      data: { spec: { template: set.spec.template } }, revision: newest + 1,
    });
    if (!done.ok && done.reason !== 'AlreadyExists') return null;
  }
  const known = set.status?.currentRevision;
  return { update: name, current: known && mine.some((r) => r.metadata.name === known) ? known : name };
}

function* sync(id: string, env: Env): Sys<Outcome> {
  const set = env.caches['statefulsets']![id] as StatefulSet | undefined;
  if (!set || set.metadata.deletionTimestamp) return;
  const owner: StatefulSet = { ...set, apiVersion: GV };
  const pods = [...(yield* claim(env, owner, set.spec.selector))].filter((p) => p.metadata.name === `${set.metadata.name}-${ordinal(p)}`);
  const names = yield* revisions(env, owner);
  if (!names) return 'retry';
  const good = yield* step(env, owner, pods, names);
  return (yield* writeStatus(env, set, pods, names)) && good ? undefined : 'retry';
}

const up = (pod: Pod): boolean => isReady(pod) && !pod.metadata.deletionTimestamp;

function* step(env: Env, set: StatefulSet, pods: readonly Pod[], names: { update: string; current: string }): Sys<boolean> {
  const wanted = set.spec.replicas ?? 1;
  const parallel = set.spec.podManagementPolicy === 'Parallel';
  const partition = set.spec.updateStrategy?.rollingUpdate?.partition ?? 0;
  for (let n = 0; n < wanted; n++) {
    const pod = pods.find((p) => ordinal(p) === n);
    if (!pod) {
      const revision = names.current !== names.update && n < partition ? names.current : names.update;
      if (!(yield* make(env, set, n, revision))) return false;
      if (!parallel) return true;
    } else if (pod.status?.phase === 'Failed' || pod.status?.phase === 'Succeeded') {
      yield* tell(env, set, 'Warning', 'RecreatingFailedPod', `StatefulSet ${key(set)} is recreating failed Pod ${pod.metadata.name}`);
      return yield* drop(env, set, pod);
    } else if (!parallel && !up(pod)) return true;
  }
  const extra = pods.filter((p) => ordinal(p) >= wanted).sort((a, b) => ordinal(b) - ordinal(a));
  for (const pod of extra) {
    if (!pod.metadata.deletionTimestamp && !(yield* drop(env, set, pod))) return false;
    if (!parallel) return true;
  }
  if (set.spec.updateStrategy?.type === 'OnDelete') return true;
  for (let n = wanted - 1; n >= partition; n--) {
    const pod = pods.find((p) => ordinal(p) === n);
    if (!pod || pod.metadata.deletionTimestamp) return true;
    if (pod.metadata.labels?.[HASH] !== names.update) return yield* drop(env, set, pod);
    if (!up(pod)) return true;
  }
  return true;
}

function* make(env: Env, set: StatefulSet, n: number, revision: string): Sys<boolean> {
  const name = `${set.metadata.name}-${n}`;
  for (const template of set.spec.volumeClaimTemplates ?? []) {
    const claimName = `${template.metadata.name}-${name}`;
    const done = yield* create(env, 'v1', 'persistentvolumeclaims', { ...template, kind: 'PersistentVolumeClaim', apiVersion: 'v1', metadata: { ...template.metadata, name: claimName, namespace: set.metadata.namespace!, labels: { ...set.spec.selector?.matchLabels } } } as Obj);
    if (done.ok) yield* tell(env, set, 'Normal', 'SuccessfulCreate', `create Claim ${claimName} Pod ${name} in StatefulSet ${set.metadata.name} success`);
    else if (done.reason !== 'AlreadyExists') {
      yield* tell(env, set, 'Warning', 'FailedCreate', `create Claim ${claimName} for Pod ${name} in StatefulSet ${set.metadata.name} failed error: ${done.message}`);
      return false;
    }
  }
  const labels = { [HASH]: revision, 'statefulset.kubernetes.io/pod-name': name };
  const done = yield* create(env, 'v1', 'pods', podFrom(set.spec.template, set, { name, labels, spec: (spec) => identity(spec, set, n) }));
  if (done.ok) yield* tell(env, set, 'Normal', 'SuccessfulCreate', `create Pod ${name} in StatefulSet ${set.metadata.name} successful`);
  else if (done.reason !== 'AlreadyExists') yield* tell(env, set, 'Warning', 'FailedCreate', `create Pod ${name} in StatefulSet ${set.metadata.name} failed error: ${done.message}`);
  return done.ok || done.reason === 'AlreadyExists';
}

function* drop(env: Env, set: StatefulSet, pod: Pod): Sys<boolean> {
  const done = yield* remove(env, 'v1', 'pods', pod);
  if (done.ok) yield* tell(env, set, 'Normal', 'SuccessfulDelete', `delete Pod ${pod.metadata.name} in StatefulSet ${set.metadata.name} successful`);
  return done.ok || done.status === 404;
}

function* writeStatus(env: Env, set: StatefulSet, pods: readonly Pod[], names: { update: string; current: string }): Sys<boolean> {
  const live = pods.filter((p) => !p.metadata.deletionTimestamp);
  const ready = pods.filter(isReady).length;
  const updated = live.filter((p) => p.metadata.labels?.[HASH] === names.update).length;
  const current = live.filter((p) => p.metadata.labels?.[HASH] === names.current).length;
  const finished = updated === (set.spec.replicas ?? 1) && ready === updated;
  const status = {
    replicas: pods.length, ...(ready ? { readyReplicas: ready } : {}), ...(finished ? { currentReplicas: updated } : current ? { currentReplicas: current } : {}), ...(updated ? { updatedReplicas: updated } : {}),
    currentRevision: finished ? names.update : names.current, updateRevision: names.update, observedGeneration: set.metadata.generation ?? 1, collisionCount: 0,
  };
  if (equal(status, set.status)) return true;
  const done = yield* update(env, GV, 'statefulsets', { ...set, status }, 'status');
  return done.ok || done.status === 404;
}

export const statefulSets: Controller = {
  name: 'statefulset', source: 'statefulset-controller', reads: ['statefulsets', 'pods', 'controllerrevisions'],
  affected: (change, caches) => {
    if (change.resource === 'statefulsets') return [key(change.obj)];
    if (change.resource === 'controllerrevisions') {
      const owner = controllerOf(change.obj.metadata);
      return owner?.kind === 'StatefulSet' && change.type === 'DELETED' ? [`${change.obj.metadata.namespace}/${owner.name}`] : [];
    }
    return podOwners(change, caches, 'statefulsets', 'StatefulSet', (o, labels) => selects((o as StatefulSet).spec.selector, labels));
  },
  sync,
};
