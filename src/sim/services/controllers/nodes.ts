/**
 * The life of nodes: who has not been heard of is Unknown, its pods are not ready, it is tainted and its
 * pods are evicted, slowly; all that is taken back when it returns. pkg/controller/nodelifecycle v1.14
 * with the node leases and taint-based evictions of that version.
 */
import { seconds, type Us } from '../../engine/time.ts';
import type { Json, Start, Sys } from '../../proc/program.ts';
import { call } from '../../proc/syscalls.ts';
import { equal } from '../../kube/equal.ts';
import { condition, isReady, nodeReady, tolerates, withCondition } from '../../kube/pods.ts';
import { refTo, record } from '../../kube/recorder.ts';
import { quietFor } from '../../kube/steady.ts';
import { rfc3339 } from '../../kube/time.ts';
import type { ApiConfig } from '../../kube/client.ts';
import type { Lease, Node, Pod, Taint } from '../../kube/types.ts';
import { type Controller, type Env, loadCaches, type Outcome, patch, remove, update } from './framework.ts';
import { objects } from './pods.ts';

/** --node-monitor-period, --node-monitor-grace-period, --node-startup-grace-period. */
const PERIOD_US = seconds(5);
const GRACE_US = seconds(40);
const STARTUP_US = seconds(60);
/** 0.1 nodes a second get the taint that evicts. */
const EVICTION_US = seconds(10);
/** More than this share of nodes down, and more than two, and evictions stop in a small cluster. */
const UNHEALTHY = 0.55;
/** The rounds may sleep when nothing has been disturbed for so long: kubelets' leases sleep later. */
const QUIET_US = seconds(120);

const UNREACHABLE = 'node.kubernetes.io/unreachable';
const NOT_READY = 'node.kubernetes.io/not-ready';
const BY_CONDITION: Readonly<Record<string, string>> = { MemoryPressure: 'node.kubernetes.io/memory-pressure', DiskPressure: 'node.kubernetes.io/disk-pressure', PIDPressure: 'node.kubernetes.io/pid-pressure', NetworkUnavailable: 'node.kubernetes.io/network-unavailable' };
const UNSCHEDULABLE = 'node.kubernetes.io/unschedulable';
const MANAGED = [UNREACHABLE, NOT_READY, UNSCHEDULABLE, ...Object.values(BY_CONDITION)];

interface Seen { readonly lease: string; readonly status: string; /** Monotonic: when either last changed. */ readonly at: Us; readonly grace: Us }
interface Health { readonly nodes: Readonly<Record<string, Seen>>; readonly round: Us }

const READS = ['nodes', 'leases', 'pods'];

/** The entry `nodes`: a round. */
export function* monitor(start: Start): Sys<void> {
  const caches = yield* loadCaches(READS);
  const time = yield* call('now', {});
  const config = yield* call('memGet', { key: 'api' });
  const got = yield* call('memGet', { key: 'health' });
  if (!caches || !time.ok || !config.ok || !got.ok) return;
  const { real, mono } = time.value;
  const env: Env = { caches, api: config.value as unknown as ApiConfig, now: real, mono, start, source: 'node-controller' };
  const health = (got.value ?? { nodes: {}, round: mono }) as unknown as Health;
  // Time in which this loop slept is nobody's fault.
  const slept = Math.max(0, mono - health.round - PERIOD_US);
  const nodes = objects<Node>(caches['nodes']);
  const seen: Record<string, Seen> = {};
  let news = false;
  for (const node of nodes) {
    const { name } = node.metadata;
    const old = health.nodes[name];
    const lease = (caches['leases']![`kube-node-lease/${name}`] as Lease | undefined)?.spec.renewTime ?? '';
    const status = condition(node.status?.conditions, 'Ready')?.lastHeartbeatTime ?? '';
    const fresh = !old || old.lease !== lease || old.status !== status;
    if (!old) yield* tellNode(name, 'RegisteredNode', `Node ${name} event: Registered Node ${name} in Controller`);
    const grace = condition(node.status?.conditions, 'Ready') ? GRACE_US : STARTUP_US;
    const now: Seen = { lease, status, at: fresh ? mono : old.at + slept, grace };
    seen[name] = now;
    if (mono - now.at > now.grace) news = (yield* lost(env, node)) || news;
  }
  for (const name of Object.keys(health.nodes)) {
    if (seen[name]) continue;
    yield* tellNode(name, 'RemovingNode', `Node ${name} event: Removing Node ${name} from Controller`);
  }
  yield* call('memSet', { key: 'health', value: { nodes: seen, round: mono } as unknown as Json });
  const calm = !news && nodes.every(nodeReady) && equal(Object.keys(seen), Object.keys(health.nodes));
  if (calm && (yield* quietFor(QUIET_US))) yield* call('timer', { name: 'nodes', entry: 'nodes', afterUs: PERIOD_US, everyUs: PERIOD_US, quiet: true });
}

/** Events of nodes carry the node's name for its uid, as the kubelet's do: `describe` looks for that. */
const tellNode = (name: string, reason: string, message: string): Sys<void> =>
  record({ about: { kind: 'Node', name, uid: name, apiVersion: 'v1' }, type: 'Normal', reason, message, source: { component: 'node-controller' }, logged: true });

export function* startMonitor(): Sys<void> {
  yield* call('timer', { name: 'nodes', entry: 'nodes', afterUs: PERIOD_US, everyUs: PERIOD_US });
}

const CONDITIONS = ['MemoryPressure', 'DiskPressure', 'PIDPressure', 'Ready'];

/** Nothing heard for too long: every condition becomes Unknown. */
function* lost(env: Env, node: Node): Sys<boolean> {
  const ready = condition(node.status?.conditions, 'Ready');
  if (ready?.status === 'Unknown') return false;
  const stamp = rfc3339(env.now);
  let conditions = node.status?.conditions ?? [];
  for (const type of CONDITIONS) {
    const old = condition(conditions, type);
    const never = !old;
    if (old?.status === 'Unknown') continue;
    conditions = withCondition(conditions, {
      type, status: 'Unknown', reason: never ? 'NodeStatusNeverUpdated' : 'NodeStatusUnknown', message: never ? 'Kubelet never posted node status.' : 'Kubelet stopped posting node status.',
      lastHeartbeatTime: old?.lastHeartbeatTime ?? node.metadata.creationTimestamp ?? stamp, lastTransitionTime: stamp,
    });
  }
  yield* update(env, 'v1', 'nodes', { ...node, status: { ...node.status, conditions } }, 'status');
  return true;
}

// ---- what follows from a node's conditions

function taintsFor(node: Node): Taint[] {
  const out: Taint[] = [];
  const ready = condition(node.status?.conditions, 'Ready');
  if (ready?.status === 'False') out.push({ key: NOT_READY, effect: 'NoSchedule' });
  if (!ready || ready.status === 'Unknown') out.push({ key: ready ? UNREACHABLE : NOT_READY, effect: 'NoSchedule' });
  for (const [type, name] of Object.entries(BY_CONDITION)) if (condition(node.status?.conditions, type)?.status === 'True') out.push({ key: name, effect: 'NoSchedule' });
  if (node.spec.unschedulable) out.push({ key: UNSCHEDULABLE, effect: 'NoSchedule' });
  return out;
}

/** The taint that evicts, for a node in this state; null: none. */
const evicting = (node: Node): string | null => {
  const status = condition(node.status?.conditions, 'Ready')?.status;
  return status === 'True' || status === undefined ? null : status === 'Unknown' ? UNREACHABLE : NOT_READY;
};

/** How many evictions the state of the cluster allows: none when all, or too many, are down. */
function mayEvict(nodes: readonly Node[]): boolean {
  const down = nodes.filter((n) => !nodeReady(n)).length;
  return down < nodes.length && !(down > 2 && down / nodes.length >= UNHEALTHY);
}

function* syncNode(name: string, env: Env): Sys<Outcome> {
  const node = env.caches['nodes']![name] as Node | undefined;
  if (!node) return;
  const stamp = rfc3339(env.now);
  const old = node.spec.taints ?? [];
  const wanted = evicting(node);
  const keep = old.filter((t) => !MANAGED.includes(t.key) || (t.effect === 'NoExecute' && t.key === wanted));
  const has = wanted !== null && keep.some((t) => t.key === wanted && t.effect === 'NoExecute');
  const taints: Taint[] = [...keep];
  for (const t of taintsFor(node)) {
    const same = old.find((o) => o.key === t.key && o.effect === t.effect);
    taints.push(same ?? { ...t, timeAdded: stamp });
  }
  let waitUs: Us | null = null;
  if (wanted !== null && !has) {
    if (!mayEvict(objects<Node>(env.caches['nodes']))) waitUs = PERIOD_US;
    else {
      const got = yield* call('memGet', { key: 'evictedAt' });
      const last = got.ok && typeof got.value === 'number' ? got.value : -EVICTION_US;
      if (env.mono - last < EVICTION_US) waitUs = EVICTION_US - (env.mono - last);
      else {
        yield* call('memSet', { key: 'evictedAt', value: env.mono });
        taints.push({ key: wanted, effect: 'NoExecute', timeAdded: stamp });
      }
    }
  }
  const bare = (list: readonly Taint[]): unknown => list.map((t) => `${t.key}=${t.value ?? ''}:${t.effect}`).sort();
  if (!equal(bare(old), bare(taints))) {
    const done = yield* patch(env, 'v1', 'nodes', node, { spec: { taints: [...taints.map((t) => ({ ...t })), { $patch: 'replace' }] } });
    if (!done.ok) return done.status === 404 ? undefined : 'retry';
  }
  if (wanted !== null) yield* unready(env, node);
  if (waitUs !== null) return { afterUs: waitUs };
}

/** The node's pods take no traffic any more. */
function* unready(env: Env, node: Node): Sys<void> {
  const stamp = rfc3339(env.now);
  for (const pod of objects<Pod>(env.caches['pods'])) {
    if (pod.spec.nodeName !== node.metadata.name || !isReady(pod)) continue;
    const ready = condition(pod.status?.conditions, 'Ready')!;
    yield* patch(env, 'v1', 'pods', pod, { status: { conditions: [{ type: 'Ready', status: 'False', lastTransitionTime: stamp, reason: ready.reason ?? null, message: ready.message ?? null }] } }, 'status');
  }
}

export const nodeLifecycle: Controller = {
  name: 'node', source: 'node-controller', reads: ['nodes', 'pods'],
  affected: ({ resource, obj, old, type }) => {
    if (resource !== 'nodes' || type === 'DELETED') return [];
    const node = obj as Node;
    const was = old as Node | null;
    const strip = (n: Node): unknown => (n.status?.conditions ?? []).map((c) => [c.type, c.status]);
    if (type === 'MODIFIED' && was && equal(strip(node), strip(was)) && equal(node.spec, was.spec)) return [];
    return [node.metadata.name];
  },
  sync: syncNode,
};

/** When a node turns from Ready, that is an event on it; the monitor only writes the status. */
export const nodeEvents: Controller = {
  name: 'nodeevents', source: 'node-controller', reads: ['nodes'],
  affected: ({ obj, old, type }) => (type === 'MODIFIED' && old && nodeReady(old as Node) && !nodeReady(obj as Node) ? [obj.metadata.name] : []),
  *sync(name, env) {
    const node = env.caches['nodes']![name] as Node | undefined;
    if (!node || nodeReady(node)) return;
    yield* tellNode(name, 'NodeNotReady', `Node ${name} status is now: NodeNotReady`);
  },
};

// ---- pods under a taint that evicts

/** When a pod must go: null never, 0 now, else microseconds after the taint. */
export function evictionDelay(pod: Pod, taints: readonly Taint[]): Us | null {
  let soonest: Us | null = null;
  for (const taint of taints) {
    const t = tolerates(pod.spec.tolerations, taint);
    if (!t) return 0;
    if (t.tolerationSeconds !== undefined) soonest = Math.min(soonest ?? Infinity, Math.max(0, t.tolerationSeconds) * 1_000_000);
  }
  return soonest;
}

function* syncTaints(id: string, env: Env): Sys<Outcome> {
  const pod = env.caches['pods']![id] as Pod | undefined;
  const memory = `evict/${id}`;
  const node = pod?.spec.nodeName ? (env.caches['nodes']![pod.spec.nodeName] as Node | undefined) : undefined;
  const taints = (node?.spec.taints ?? []).filter((t) => t.effect === 'NoExecute');
  const delay = pod && !pod.metadata.deletionTimestamp && taints.length ? evictionDelay(pod, taints) : null;
  const got = yield* call('memGet', { key: memory });
  const planned = got.ok && typeof got.value === 'number' ? got.value : null;
  if (!pod || delay === null) {
    if (planned !== null) {
      yield* call('memSet', { key: memory, value: null });
      if (pod && !pod.metadata.deletionTimestamp) yield* record({ about: refTo(pod), type: 'Normal', reason: 'TaintManagerEviction', message: `Cancelling deletion of Pod ${id}`, source: { component: 'taint-controller' }, logged: true });
    }
    return;
  }
  const due = planned ?? env.mono + delay;
  if (due > env.mono) {
    yield* call('memSet', { key: memory, value: due });
    return { afterUs: due - env.mono };
  }
  yield* call('memSet', { key: memory, value: null });
  yield* record({ about: refTo(pod), type: 'Normal', reason: 'TaintManagerEviction', message: `Marking for deletion Pod ${id}`, source: { component: 'taint-controller' }, logged: true });
  const done = yield* remove(env, 'v1', 'pods', pod);
  return done.ok || done.status === 404 ? undefined : 'retry';
}

export const taintEviction: Controller = {
  name: 'taints', source: 'taint-controller', reads: ['nodes', 'pods'],
  affected: ({ resource, obj, old, type }, caches) => {
    if (resource === 'pods') {
      const node = caches['nodes']![(obj as Pod).spec.nodeName ?? ''] as Node | undefined;
      return node?.spec.taints?.some((t) => t.effect === 'NoExecute') && (type === 'ADDED' || !(old as Pod | null)?.spec.nodeName) ? [`${obj.metadata.namespace}/${obj.metadata.name}`] : [];
    }
    const executes = (n: Node | null): unknown => (n?.spec.taints ?? []).filter((t) => t.effect === 'NoExecute').map((t) => t.key);
    if (type === 'MODIFIED' && equal(executes(obj as Node), executes(old as Node | null))) return [];
    if (type === 'ADDED' && !(obj as Node).spec.taints?.some((t) => t.effect === 'NoExecute')) return [];
    return objects<Pod>(caches['pods']).filter((p) => p.spec.nodeName === obj.metadata.name).map((p) => `${p.metadata.namespace}/${p.metadata.name}`);
  },
  sync: syncTaints,
};

/** Annotates nodes with the time that kubelets may keep secrets (0 in a small cluster). */
export const ttl: Controller = {
  name: 'ttl', source: 'ttl-controller', reads: ['nodes'],
  affected: ({ obj, type }) => (type === 'ADDED' && obj.metadata.annotations?.['node.alpha.kubernetes.io/ttl'] === undefined ? [obj.metadata.name] : []),
  *sync(name, env) {
    const node = env.caches['nodes']![name];
    if (!node || node.metadata.annotations?.['node.alpha.kubernetes.io/ttl'] !== undefined) return;
    const done = yield* patch(env, 'v1', 'nodes', node, { metadata: { annotations: { 'node.alpha.kubernetes.io/ttl': '0' } } });
    if (!done.ok && done.status !== 404) return 'retry';
  },
};

