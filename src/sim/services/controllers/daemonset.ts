/**
 * DaemonSets: one pod on each node that fits, bound by the scheduler through an affinity to the node's
 * name. pkg/controller/daemon v1.14.
 */
import type { Sys } from '../../proc/program.ts';
import { equal } from '../../kube/equal.ts';
import { templateHash } from '../../kube/hash.ts';
import { controllerOf, fitsNode, isReady, key, scaled, tolerates } from '../../kube/pods.ts';
import { selects } from '../../kube/selectors.ts';
import { parseTime } from '../../kube/time.ts';
import type { ControllerRevision, DaemonSet, Node, NodeSelectorTerm, Pod, PodSpec, Toleration } from '../../kube/types.ts';
import { type Controller, create, type Env, type Outcome, patch, remove, tell, update } from './framework.ts';
import { claim, createPod, deletePod, isAvailable, nextAvailable, objects, orphans, ownedBy, ownerRef, podFrom } from './pods.ts';
import { podOwners } from './replicaset.ts';

const GV = 'apps/v1';
export const HASH = 'controller-revision-hash';
const GENERATION = 'pod-template-generation';

const always = (name: string, effect: string): Toleration => ({ key: `node.kubernetes.io/${name}`, operator: 'Exists', effect });
/** What daemon pods tolerate whatever their template says. */
export const daemonTolerations = (spec: PodSpec): readonly Toleration[] => [
  always('not-ready', 'NoExecute'), always('unreachable', 'NoExecute'), always('disk-pressure', 'NoSchedule'), always('memory-pressure', 'NoSchedule'),
  always('pid-pressure', 'NoSchedule'), always('unschedulable', 'NoSchedule'), ...(spec.hostNetwork ? [always('network-unavailable', 'NoSchedule')] : []),
];

const merged = (spec: PodSpec): readonly Toleration[] => {
  const own = spec.tolerations ?? [];
  return [...own, ...daemonTolerations(spec).filter((t) => !own.some((o) => o.key === t.key && o.effect === t.effect && o.operator === t.operator))];
};

/** Whether a node should get a pod, and whether a pod that is there may stay. */
export function fits(ds: DaemonSet, node: Node): { run: boolean; keep: boolean } {
  const { spec } = ds.spec.template;
  if (!fitsNode(spec, node) || (spec.nodeName && spec.nodeName !== node.metadata.name)) return { run: false, keep: false };
  const tolerations = merged(spec);
  const taints = node.spec.taints ?? [];
  if (taints.some((t) => t.effect === 'NoExecute' && !tolerates(tolerations, t))) return { run: false, keep: false };
  return { run: !taints.some((t) => t.effect === 'NoSchedule' && !tolerates(tolerations, t)), keep: true };
}

/** The spec of the pod for one node. */
export function podSpecFor(spec: PodSpec, node: string): PodSpec {
  const field = { key: 'metadata.name', operator: 'In', values: [node] };
  const old = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;
  const terms: NodeSelectorTerm[] = old?.length ? old.map((t) => ({ ...t, matchFields: [field] })) : [{ matchFields: [field] }];
  return {
    ...spec, tolerations: merged(spec),
    affinity: { ...spec.affinity, nodeAffinity: { ...spec.affinity?.nodeAffinity, requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: terms } } },
  };
}

const nodeOf = (pod: Pod): string =>
  pod.spec.nodeName ?? String(pod.spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms[0]?.matchFields?.[0]?.values?.[0] ?? '');

function* sync(id: string, env: Env): Sys<Outcome> {
  const ds = env.caches['daemonsets']![id] as DaemonSet | undefined;
  if (!ds || ds.metadata.deletionTimestamp) return;
  const pods = yield* claim(env, ds, ds.spec.selector);
  const hash = yield* revision(env, ds);
  if (hash === null) return 'retry';
  const byNode = new Map<string, Pod[]>();
  for (const pod of pods) byNode.set(nodeOf(pod), [...(byNode.get(nodeOf(pod)) ?? []), pod]);
  const nodes = objects<Node>(env.caches['nodes']);
  const made = yield* manage(env, ds, nodes, byNode, hash);
  if (!made) {
    yield* writeStatus(env, ds, nodes, byNode, hash);
    return 'retry';
  }
  if (ds.spec.updateStrategy?.type === 'RollingUpdate') yield* roll(env, ds, nodes, byNode, hash);
  yield* cleanUp(env, ds, pods, hash);
  if (!(yield* writeStatus(env, ds, nodes, byNode, hash))) return 'retry';
  const wait = nextAvailable(pods, ds.spec.minReadySeconds ?? 0, env.now);
  if (wait !== null) return { afterUs: wait };
}

/** Creates and deletes so that each node has what it should. */
function* manage(env: Env, ds: DaemonSet, nodes: readonly Node[], byNode: ReadonlyMap<string, readonly Pod[]>, hash: string): Sys<boolean> {
  let good = true;
  const known = new Set(nodes.map((n) => n.metadata.name));
  const doomed: Pod[] = [];
  const wanted: string[] = [];
  for (const node of nodes) {
    const { run, keep } = fits(ds, node);
    const there = byNode.get(node.metadata.name) ?? [];
    if (keep) {
      const running: Pod[] = [];
      for (const pod of there) {
        if (pod.metadata.deletionTimestamp) continue;
        if (pod.status?.phase === 'Failed') {
          yield* tell(env, ds, 'Warning', 'FailedDaemonPod', `Found failed daemon pod ${key(pod)} on node ${node.metadata.name}, will try to kill it`);
          doomed.push(pod);
        } else running.push(pod);
      }
      doomed.push(...running.sort((a, b) => (parseTime(a.metadata.creationTimestamp) ?? 0) - (parseTime(b.metadata.creationTimestamp) ?? 0) || (key(a) < key(b) ? -1 : 1)).slice(1));
      if (run && !there.length) wanted.push(node.metadata.name);
    } else doomed.push(...there.filter((p) => !p.metadata.deletionTimestamp));
  }
  for (const [name, there] of byNode) if (name && !known.has(name)) doomed.push(...there.filter((p) => !p.metadata.deletionTimestamp));
  for (const name of wanted) {
    const labels = { [HASH]: hash, [GENERATION]: String((ds.spec.templateGeneration ?? Number(ds.metadata.annotations?.['deprecated.daemonset.template.generation'] ?? 1))) };
    const done = yield* createPod(env, { ...ds, apiVersion: GV }, podFrom(ds.spec.template, { ...ds, apiVersion: GV }, { labels, spec: (spec) => podSpecFor(spec, name) }));
    if (!done.ok) good = false;
  }
  for (const pod of doomed) if (!(yield* deletePod(env, { ...ds, apiVersion: GV }, pod))) good = false;
  return good;
}

/** The revision of the present template, kept as an object; its hash. */
function* revision(env: Env, ds: DaemonSet): Sys<string | null> {
  const map = env.caches['controllerrevisions']!;
  const mine = [...ownedBy<ControllerRevision>(map, ds.metadata.uid!)];
  for (const orphan of orphans<ControllerRevision>(map)) {
    if (orphan.metadata.namespace !== ds.metadata.namespace || !selects(ds.spec.selector, orphan.metadata.labels)) continue;
    const done = yield* patch(env, GV, 'controllerrevisions', orphan, { metadata: { ownerReferences: [ownerRef({ ...ds, apiVersion: GV })], uid: orphan.metadata.uid } });
    if (done.ok) mine.push(done.obj as ControllerRevision);
  }
  const newest = Math.max(0, ...mine.map((r) => r.revision));
  const template = { $patch: 'replace', ...ds.spec.template };
  const same = mine.find((r) => equal(r.data.spec.template, template));
  if (same) {
    if (same.revision < newest) yield* update(env, GV, 'controllerrevisions', { ...same, revision: newest + 1 });
    return same.metadata.labels?.[HASH] ?? null;
  }
  const collisions = (ds.status as { collisionCount?: number } | undefined)?.collisionCount ?? 0;
  const hash = templateHash(ds.spec.template, collisions);
  const done = yield* create(env, GV, 'controllerrevisions', {
    kind: 'ControllerRevision', apiVersion: GV, metadata: { name: `${ds.metadata.name}-${hash}`, namespace: ds.metadata.namespace!, labels: { ...ds.spec.template.metadata?.labels, [HASH]: hash }, ownerReferences: [ownerRef({ ...ds, apiVersion: GV })] },
    data: { spec: { template } }, revision: newest + 1,
  });
  return done.ok || done.reason === 'AlreadyExists' ? hash : null;
}

const current = (pod: Pod, hash: string): boolean => pod.metadata.labels?.[HASH] === hash;

/** Replaces old pods while few enough are down. */
function* roll(env: Env, ds: DaemonSet, nodes: readonly Node[], byNode: ReadonlyMap<string, readonly Pod[]>, hash: string): Sys<void> {
  const target = nodes.filter((n) => fits(ds, n).run);
  const most = Math.max(1, scaled(ds.spec.updateStrategy?.rollingUpdate?.maxUnavailable, target.length, true));
  const isUp = (node: Node): boolean => (byNode.get(node.metadata.name) ?? []).some((p) => isAvailable(p, ds.spec.minReadySeconds ?? 0, env.now) && !p.metadata.deletionTimestamp);
  let down = target.filter((n) => !isUp(n)).length;
  const old = [...byNode.values()].flat().filter((p) => !current(p, hash) && !p.metadata.deletionTimestamp);
  const ready = (p: Pod): boolean => isAvailable(p, ds.spec.minReadySeconds ?? 0, env.now);
  for (const pod of old.filter((p) => !ready(p))) yield* deletePod(env, { ...ds, apiVersion: GV }, pod);
  for (const pod of old.filter(ready)) {
    if (down >= most) break;
    down++;
    yield* deletePod(env, { ...ds, apiVersion: GV }, pod);
  }
}

function* cleanUp(env: Env, ds: DaemonSet, pods: readonly Pod[], hash: string): Sys<void> {
  const live = new Set(pods.map((p) => p.metadata.labels?.[HASH]));
  const old = ownedBy<ControllerRevision>(env.caches['controllerrevisions']!, ds.metadata.uid!).filter((r) => r.metadata.labels?.[HASH] !== hash && !live.has(r.metadata.labels?.[HASH])).sort((a, b) => a.revision - b.revision);
  for (const r of old.slice(0, Math.max(0, old.length - (ds.spec.revisionHistoryLimit ?? 10)))) yield* remove(env, GV, 'controllerrevisions', r);
}

function* writeStatus(env: Env, ds: DaemonSet, nodes: readonly Node[], byNode: ReadonlyMap<string, readonly Pod[]>, hash: string): Sys<boolean> {
  const n = { desired: 0, current: 0, mis: 0, ready: 0, updated: 0, available: 0 };
  for (const node of nodes) {
    const { run } = fits(ds, node);
    const there = (byNode.get(node.metadata.name) ?? []).slice().sort((a, b) => (parseTime(a.metadata.creationTimestamp) ?? 0) - (parseTime(b.metadata.creationTimestamp) ?? 0));
    if (run) n.desired++;
    if (!there.length) continue;
    if (!run) { n.mis++; continue; }
    n.current++;
    const pod = there[0]!;
    if (isReady(pod)) {
      n.ready++;
      if (isAvailable(pod, ds.spec.minReadySeconds ?? 0, env.now)) n.available++;
    }
    if (current(pod, hash)) n.updated++;
  }
  const missing = n.desired - n.available;
  const status = {
    currentNumberScheduled: n.current, numberMisscheduled: n.mis, desiredNumberScheduled: n.desired, numberReady: n.ready, observedGeneration: ds.metadata.generation ?? 1,
    ...(n.updated ? { updatedNumberScheduled: n.updated } : {}), ...(n.available ? { numberAvailable: n.available } : {}), ...(missing > 0 ? { numberUnavailable: missing } : {}),
  };
  if (equal(status, ds.status)) return true;
  const done = yield* update(env, GV, 'daemonsets', { ...ds, status }, 'status');
  return done.ok || done.status === 404;
}

export const daemonSets: Controller = {
  name: 'daemonset', source: 'daemonset-controller', reads: ['daemonsets', 'nodes', 'pods', 'controllerrevisions'],
  affected: (change, caches) => {
    if (change.resource === 'daemonsets') return [key(change.obj)];
    if (change.resource === 'nodes') {
      const { old, obj } = change as unknown as { old: Node | null; obj: Node };
      if (change.type === 'MODIFIED' && old && equal(old.metadata.labels, obj.metadata.labels) && equal(old.spec, obj.spec)) return [];
      return objects(caches['daemonsets']).map(key);
    }
    if (change.resource === 'controllerrevisions') {
      const owner = controllerOf(change.obj.metadata);
      return owner?.kind === 'DaemonSet' && change.type === 'DELETED' ? [`${change.obj.metadata.namespace}/${owner.name}`] : [];
    }
    return podOwners(change, caches, 'daemonsets', 'DaemonSet', (o, labels) => selects((o as DaemonSet).spec.selector, labels));
  },
  sync,
};
