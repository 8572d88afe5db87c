/**
 * The node itself: its registration, its lease, its status with what the machine and the runtime tell,
 * and what it does when the disk runs full. pkg/kubelet/{kubelet_node_status,nodestatus,eviction} v1.14.
 */
import { seconds, type Us } from '../../engine/time.ts';
import type { Json, Start, Sys } from '../../proc/program.ts';
import { call } from '../../proc/syscalls.ts';
import { api } from '../../kube/client.ts';
import { equal } from '../../kube/equal.ts';
import { cached, dropStreams } from '../../kube/informer.ts';
import { pathOf } from '../../kube/kinds.ts';
import { condition, isFinished } from '../../kube/pods.ts';
import { record } from '../../kube/recorder.ts';
import { quietFor, stirThread } from '../../kube/steady.ts';
import { goDuration, parseTime, rfc3339, rfc3339Micro } from '../../kube/time.ts';
import type { Condition, Lease, Node, NodeStatus, Pod } from '../../kube/types.ts';
import { kubelet, say, type Kubelet } from './context.ts';
import { boxesOf } from './docker.ts';
import { killPod } from './kill.ts';
import { networkFault } from './network.ts';
import type { Threshold } from './options.ts';
import { note } from './start.ts';
import { postStatus } from './sync.ts';

const STATUS_US = seconds(10);
/** An unchanged status is posted once a minute all the same; when all is calm, it is only looked at then. */
const REPORT_US = seconds(60);
const CALM_US = seconds(120);
const LEASE_US = seconds(10);
const LEASE_SECONDS = 40;
/** The lease may sleep when nothing has been disturbed for so long: later than the controller that reads it. */
const QUIET_US = seconds(300);
const RETRIES = 5;
/** A condition of pressure stays for so long after it has passed. */
const TRANSITION_US = seconds(300);
const SOFT_GRACE_US = seconds(3_600);

const nodeRef = (name: string): { kind: 'Node'; name: string; uid: string } => ({ kind: 'Node', name, uid: name });
export const tellNode = (k: Kubelet, type: 'Normal' | 'Warning', reason: string, message: string): Sys<void> =>
  record({ about: nodeRef(k.options.node), type, reason, message, source: { component: 'kubelet', host: k.options.node } });

// ---- what the machine is

interface Disk { readonly available: number; readonly size: number; readonly inodesFree: number; readonly inodes: number }
function* disk(path: string): Sys<Disk> {
  const got = yield* call('statfs', { path });
  return got.ok ? { available: got.value.available, size: got.value.size, inodesFree: got.value.inodes - got.value.inodesUsed, inodes: got.value.inodes } : { available: 1, size: 1, inodesFree: 1, inodes: 1 };
}

const HASH_IMAGES = 50;
function* facts(k: Kubelet, root: Disk): Sys<Pick<NodeStatus, 'capacity' | 'allocatable' | 'nodeInfo' | 'addresses' | 'daemonEndpoints'>> {
  const info = yield* call('sysinfo', {});
  const boot = yield* call('readFile', { path: '/proc/sys/kernel/random/boot_id' });
  const machine = yield* call('readFile', { path: '/etc/machine-id' });
  const release = yield* call('readFile', { path: '/etc/os-release' });
  const product = yield* call('readFile', { path: '/sys/class/dmi/id/product_uuid' });
  const cpus = String(info.ok ? info.value.cpus : 1);
  const memory = `${info.ok ? info.value.memKb.total : 0}Ki`;
  const storage = Math.floor(root.size / 1024);
  const kept = k.options.hard.find((t) => t.signal === 'nodefs.available');
  const usable = Math.floor(root.size * (1 - (kept?.share ?? 0)) - (kept?.amount ?? 0));
  const shared = { 'hugepages-1Gi': '0', 'hugepages-2Mi': '0', pods: '110' };
  const id = machine.ok ? machine.value.trim() : '';
  return {
    capacity: { cpu: cpus, 'ephemeral-storage': `${storage}Ki`, memory, ...shared }, allocatable: { cpu: cpus, 'ephemeral-storage': String(usable), memory, ...shared },
    nodeInfo: {
      machineID: id, systemUUID: product.ok ? product.value.trim() : id.toUpperCase().replace(/^(.{8})(.{4})(.{4})(.{4})(.*)$/, '$1-$2-$3-$4-$5'), bootID: boot.ok ? boot.value.trim() : '', kernelVersion: info.ok ? info.value.kernel : '',
      osImage: release.ok ? /^PRETTY_NAME="(.*)"$/m.exec(release.value)?.[1] ?? '' : '', containerRuntimeVersion: 'docker://18.9.5', kubeletVersion: 'v1.14.1', kubeProxyVersion: 'v1.14.1', operatingSystem: 'linux', architecture: 'amd64',
    },
    addresses: [{ type: 'InternalIP', address: k.options.ip }, { type: 'Hostname', address: k.options.node }], daemonEndpoints: { kubeletEndpoint: { Port: k.options.port } },
  };
}

const labelsOf = (k: Kubelet): Record<string, string> => ({
  'beta.kubernetes.io/arch': 'amd64', 'beta.kubernetes.io/os': 'linux', 'kubernetes.io/arch': 'amd64', 'kubernetes.io/hostname': k.options.node, 'kubernetes.io/os': 'linux', ...k.options.labels,
});

// ---- registration

/** The entry `register`: until the node is there. */
export function* registerThread(start: Start): Sys<void> {
  const k = yield* kubelet();
  const { node } = k.options;
  const path = pathOf('v1', 'nodes');
  const root = yield* disk('/var/lib/kubelet');
  const base = yield* facts(k, root);
  const fresh = { kind: 'Node', apiVersion: 'v1', metadata: { name: node, labels: labelsOf(k), annotations: { 'volumes.kubernetes.io/controller-managed-attach-detach': 'true' } }, spec: {}, status: { ...base, conditions: yield* conditions(k, null, root) } };
  yield* say(start, 'I', 'kubelet_node_status.go:72', `Attempting to register node ${node}`);
  const made = yield* api(k.api, 'POST', path, { body: fresh as unknown as Json, timeoutUs: seconds(30) });
  if (made.ok) {
    yield* say(start, 'I', 'kubelet_node_status.go:75', `Successfully registered node ${node}`);
    yield* registered(k, null);
    return;
  }
  if (made.status === 409) {
    const there = yield* api(k.api, 'GET', `${path}/${node}`, { timeoutUs: seconds(30) });
    if (there.ok) {
      const old = there.body as unknown as Node;
      yield* say(start, 'I', 'kubelet_node_status.go:114', `Node ${node} was previously registered`);
      const missing = Object.fromEntries(Object.entries(labelsOf(k)).filter(([name, value]) => old.metadata.labels?.[name] !== value));
      if (Object.keys(missing).length) yield* api(k.api, 'PATCH', `${path}/${node}`, { body: { metadata: { labels: missing } }, type: 'application/strategic-merge-patch+json' });
      yield* say(start, 'I', 'kubelet_node_status.go:75', `Successfully registered node ${node}`);
      yield* registered(k, old);
      return;
    }
  }
  yield* say(start, 'E', 'kubelet_node_status.go:94', `Unable to register node ${JSON.stringify(node)} with API server: ${made.error}`);
  const got = yield* call('memGet', { key: 'registering' });
  const wait = Math.min(seconds(7), (got.ok && typeof got.value === 'number' ? got.value : seconds(0.1)) * 2);
  yield* call('memSet', { key: 'registering', value: wait });
  yield* call('sleep', { us: wait });
  yield* call('become', { mem: null });
}

function* registered(k: Kubelet, old: Node | null): Sys<void> {
  yield* call('memSet', { key: 'node', value: true });
  const boot = yield* call('readFile', { path: '/proc/sys/kernel/random/boot_id' });
  const id = boot.ok ? boot.value.trim() : '';
  if (old?.status?.nodeInfo?.['bootID'] && old.status.nodeInfo['bootID'] !== id) yield* tellNode(k, 'Warning', 'Rebooted', `Node ${k.options.node} has been rebooted, boot id: ${id}`);
  for (const reason of ['NodeHasSufficientMemory', 'NodeHasNoDiskPressure', 'NodeHasSufficientPID']) yield* tellNode(k, 'Normal', reason, `Node ${k.options.node} status is now: ${reason}`);
  yield* tellNode(k, 'Normal', 'NodeAllocatableEnforced', 'Updated Node Allocatable limit across pods');
  yield* call('timer', { name: 'status', entry: 'status', afterUs: 1, everyUs: STATUS_US });
  yield* call('timer', { name: 'lease', entry: 'lease', afterUs: 1, everyUs: LEASE_US });
}

// ---- conditions

function* runtimeFault(k: Kubelet): Sys<string | null> {
  const time = yield* call('now', {});
  const down = yield* call('memGet', { key: 'runtime.down' });
  const mono = time.ok ? time.value.mono : 0;
  const out: string[] = [];
  if (down.ok && typeof down.value === 'number') {
    const ago = mono - down.value;
    if (ago >= seconds(30)) out.push('container runtime is down');
    if (ago >= seconds(180)) out.push(`PLEG is not healthy: pleg was last seen active ${goDuration(Math.round(ago / 1_000) * 1_000)} ago; threshold is 3m0s`);
  }
  if (k.options.cni) {
    const net = yield* networkFault(k.options.cniDir);
    if (net) out.push(`runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady message:docker: network plugin is not ready: ${net}`);
  }
  if (!out.length) return null;
  return out.length === 1 ? out[0]! : `[${out.join(', ')}]`;
}

const below = (t: Threshold, d: Disk): boolean => {
  const [free, all] = t.signal.endsWith('inodesFree') ? [d.inodesFree, d.inodes] : [d.available, d.size];
  return free < (t.share === null ? t.amount : all * t.share);
};

/** Whether the disk is too full: at once by the hard limits, after an hour by the soft ones. */
function* diskPressure(k: Kubelet, root: Disk): Sys<{ pressure: boolean }> {
  const time = yield* call('now', {});
  const mono = time.ok ? time.value.mono : 0;
  const mine = (t: Threshold): boolean => t.signal.startsWith('nodefs') || t.signal.startsWith('imagefs');
  const hard = k.options.hard.some((t) => mine(t) && below(t, root));
  const soft = k.options.soft.some((t) => mine(t) && below(t, root));
  const since = yield* call('memGet', { key: 'soft.since' });
  const began = since.ok && typeof since.value === 'number' ? since.value : null;
  if (soft && began === null) yield* call('memSet', { key: 'soft.since', value: mono });
  if (!soft && began !== null) yield* call('memSet', { key: 'soft.since', value: null });
  const evict = hard || (soft && began !== null && mono - began >= SOFT_GRACE_US);
  const last = yield* call('memGet', { key: 'pressure.at' });
  if (hard || soft) yield* call('memSet', { key: 'pressure.at', value: mono });
  const recent = last.ok && typeof last.value === 'number' && mono - last.value < TRANSITION_US;
  const before = yield* call('memGet', { key: 'pressure' });
  const pressure = evict || hard || (soft && began !== null) || (before.ok && before.value === true && recent);
  if ((before.ok && before.value === true) !== pressure) yield* call('memSet', { key: 'pressure', value: pressure });
  const was = yield* call('memGet', { key: 'evict' });
  if ((was.ok && was.value === true) !== evict) yield* call('memSet', { key: 'evict', value: evict || null });
  return { pressure };
}

function* conditions(k: Kubelet, old: readonly Condition[] | null, root: Disk): Sys<Condition[]> {
  const time = yield* call('now', {});
  const stamp = rfc3339(time.ok ? time.value.real : 0);
  const make = (type: string, status: 'True' | 'False', reason: string, message: string): Condition => {
    const was = condition(old ?? [], type);
    return { type, status, lastHeartbeatTime: stamp, lastTransitionTime: was && was.status === status ? was.lastTransitionTime : stamp, reason, message };
  };
  const { pressure } = yield* diskPressure(k, root);
  const fault = yield* runtimeFault(k);
  return [
    make('MemoryPressure', 'False', 'KubeletHasSufficientMemory', 'kubelet has sufficient memory available'),
    pressure ? make('DiskPressure', 'True', 'KubeletHasDiskPressure', 'kubelet has disk pressure') : make('DiskPressure', 'False', 'KubeletHasNoDiskPressure', 'kubelet has no disk pressure'),
    make('PIDPressure', 'False', 'KubeletHasSufficientPID', 'kubelet has sufficient PID available'),
    fault ? make('Ready', 'False', 'KubeletNotReady', fault) : make('Ready', 'True', 'KubeletReady', 'kubelet is posting ready status'),
  ];
}

// ---- status

/** The entry `status`: every ten seconds. */
export function* statusThread(start: Start): Sys<void> {
  const busy = yield* call('memGet', { key: 'status.busy' });
  if (busy.ok && busy.value === true) return;
  yield* call('memSet', { key: 'status.busy', value: true });
  const k = yield* kubelet();
  for (let n = 0; n < RETRIES; n++) {
    const error = yield* updateStatus(k);
    if (error === null) break;
    yield* say(start, 'E', 'kubelet_node_status.go:391', `Error updating node status, will retry: ${error}`);
    if (n === RETRIES - 1) yield* say(start, 'E', 'kubelet_node_status.go:379', 'Unable to update node status: update node status exceeds retry count');
  }
  yield* relieve(k);
  yield* call('memSet', { key: 'status.busy', value: null });
  yield* pace();
}

/** Every ten seconds; once a minute while nothing is disturbed. */
function* pace(): Sys<void> {
  const calm = yield* quietFor(CALM_US);
  const got = yield* call('memGet', { key: 'calm' });
  if ((got.ok && got.value === true) === calm) return;
  yield* call('memSet', { key: 'calm', value: calm });
  const every = calm ? REPORT_US : STATUS_US;
  yield* call('timer', { name: 'status', entry: 'status', afterUs: every, everyUs: every });
}

/** The entry `stir`: a disturbance brings the short pace back. */
export function* stirred(start: Start): Sys<void> {
  yield* stirThread(start);
  const got = yield* call('memGet', { key: 'calm' });
  if (!got.ok || got.value !== true) return;
  yield* call('memSet', { key: 'calm', value: null });
  yield* call('timer', { name: 'status', entry: 'status', afterUs: seconds(1), everyUs: STATUS_US });
}

interface Reported { readonly at: Us; readonly essence: Json }

/** Posts the status when it has changed or a minute has passed; what went wrong, or null. */
function* updateStatus(k: Kubelet): Sys<string | null> {
  const { node } = k.options;
  const time = yield* call('now', {});
  const mono = time.ok ? time.value.mono : 0;
  const copies = yield* cached('nodes');
  const known = copies?.[node] as Node | undefined;
  const root = yield* disk('/var/lib/kubelet');
  const base = yield* facts(k, root);
  const fresh = yield* conditions(k, known?.status?.conditions ?? null, root);
  const essence = { ...base, conditions: fresh.map((c) => [c.type, c.status, c.reason]) } as unknown as Json;
  const got = yield* call('memGet', { key: 'reported' });
  const last = got.ok ? (got.value as unknown as Reported | null) : null;
  const inApi = known && fresh.every((c) => condition(known.status?.conditions, c.type)?.status === c.status);
  if (last && inApi && equal(last.essence, essence) && mono - last.at < REPORT_US - seconds(1)) return null;
  let current = inApi ? known : null;
  if (!current) {
    const now = yield* api(k.api, 'GET', `${pathOf('v1', 'nodes', undefined, node)}?resourceVersion=0&timeout=10s`, { timeoutUs: seconds(10) });
    // One that was deleted does not come back by itself: kubelet registers once, when it starts.
    if (!now.ok) return `error getting node ${JSON.stringify(node)}: ${now.error}`;
    current = now.body as unknown as Node;
  }
  const own = inApi ? fresh : yield* conditions(k, current.status?.conditions ?? null, root);
  yield* tellChanges(k, current, own);
  const body = { status: { ...base, conditions: own, images: yield* images() } };
  const done = yield* api(k.api, 'PATCH', pathOf('v1', 'nodes', undefined, node, 'status'), { body: body as unknown as Json, type: 'application/strategic-merge-patch+json', timeoutUs: seconds(10) });
  if (!done.ok) return `failed to patch status for node ${JSON.stringify(node)}: ${done.error}`;
  yield* call('memSet', { key: 'reported', value: { at: mono, essence } });
  return null;
}

function* images(): Sys<Json> {
  const pods = yield* cached('pods');
  const names = new Set<string>();
  for (const pod of Object.values(pods ?? {}) as Pod[]) for (const c of pod.spec.containers) names.add(c.image);
  return [...names].sort().slice(0, HASH_IMAGES).map((name) => ({ names: [name] }));
}

/** Events of conditions that turn, and of the node being closed or opened to pods. */
function* tellChanges(k: Kubelet, current: Node, fresh: readonly Condition[]): Sys<void> {
  const { node } = k.options;
  const say_ = (reason: string): Sys<void> => tellNode(k, 'Normal', reason, `Node ${node} status is now: ${reason}`);
  const old = (type: string): string | undefined => condition(current.status?.conditions, type)?.status;
  const turned = (type: string): Condition | undefined => fresh.find((c) => c.type === type && c.status !== old(type));
  const ready = turned('Ready');
  if (ready) yield* say_(ready.status === 'True' ? 'NodeReady' : 'NodeNotReady');
  const full = turned('DiskPressure');
  if (full && old('DiskPressure') !== undefined) yield* say_(full.status === 'True' ? 'NodeHasDiskPressure' : 'NodeHasNoDiskPressure');
  if (old('MemoryPressure') === 'Unknown') yield* say_('NodeHasSufficientMemory');
  if (old('PIDPressure') === 'Unknown') yield* say_('NodeHasSufficientPID');
  const closed = current.spec.unschedulable === true;
  const got = yield* call('memGet', { key: 'closed' });
  const before = got.ok && got.value === true;
  if (closed !== before) {
    yield* call('memSet', { key: 'closed', value: closed });
    yield* say_(closed ? 'NodeNotSchedulable' : 'NodeSchedulable');
  }
}

// ---- the lease

/** The entry `lease`: every ten seconds. */
export function* leaseThread(start: Start): Sys<void> {
  const k = yield* kubelet();
  const { node } = k.options;
  const time = yield* call('now', {});
  const stamp = rfc3339Micro(time.ok ? time.value.real : 0);
  const got = yield* call('memGet', { key: 'lease' });
  const old = got.ok ? (got.value as unknown as Lease | null) : null;
  const path = pathOf('coordination.k8s.io/v1', 'leases', 'kube-node-lease');
  const spec = { holderIdentity: node, leaseDurationSeconds: LEASE_SECONDS, renewTime: stamp };
  const done = old ? yield* api(k.api, 'PUT', `${path}/${node}`, { body: { ...old, spec: { ...old.spec, ...spec } } as unknown as Json, timeoutUs: seconds(10) }) : yield* first(k, path, spec);
  if (done.ok) {
    yield* call('memSet', { key: 'lease', value: done.body });
    if (yield* quietFor(QUIET_US)) yield* call('timer', { name: 'lease', entry: 'lease', afterUs: LEASE_US, everyUs: LEASE_US, quiet: true });
    return;
  }
  yield* call('memSet', { key: 'lease', value: null });
  if (done.status === 0) yield* dropStreams();
  if (done.status !== 409) yield* say(start, 'E', 'controller.go:115', `failed to ensure node lease exists, will retry in 7s, error: ${done.error}`);
}

function* first(k: Kubelet, path: string, spec: Lease['spec']): Sys<import('../../kube/client.ts').ApiAnswer> {
  const { node } = k.options;
  const there = yield* api(k.api, 'GET', `${path}/${node}`, { timeoutUs: seconds(10) });
  if (there.ok) {
    const lease = there.body as unknown as Lease;
    return yield* api(k.api, 'PUT', `${path}/${node}`, { body: { ...lease, spec: { ...lease.spec, ...spec } } as unknown as Json, timeoutUs: seconds(10) });
  }
  if (there.status !== 404) return there;
  const nodes = yield* cached('nodes');
  const uid = nodes?.[node]?.metadata.uid;
  const body = { kind: 'Lease', apiVersion: 'coordination.k8s.io/v1', metadata: { name: node, namespace: 'kube-node-lease', ...(uid ? { ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: node, uid }] } : {}) }, spec };
  return yield* api(k.api, 'POST', path, { body: body as unknown as Json, timeoutUs: seconds(10) });
}

// ---- pressure

/** With the disk too full, one pod at a time has to go: the least important first. */
function* relieve(k: Kubelet): Sys<void> {
  const low = yield* call('memGet', { key: 'evict' });
  if (!low.ok || low.value !== true) return;
  yield* tellNode(k, 'Warning', 'EvictionThresholdMet', 'Attempting to reclaim ephemeral-storage');
  const pods = (Object.values((yield* cached('pods')) ?? {}) as Pod[]).filter((p) => !p.metadata.deletionTimestamp && !isFinished(p) && p.metadata.annotations?.['scheduler.alpha.kubernetes.io/critical-pod'] === undefined);
  const rank = (p: Pod): number => (p.status?.qosClass === 'BestEffort' ? 0 : p.status?.qosClass === 'Burstable' ? 1 : 2);
  const victim = pods.sort((a, b) => rank(a) - rank(b) || (parseTime(b.metadata.creationTimestamp) ?? 0) - (parseTime(a.metadata.creationTimestamp) ?? 0))[0];
  if (!victim) return;
  const message = 'The node was low on resource: ephemeral-storage. ';
  yield* note(k, victim, 'Warning', 'Evicted', message);
  const boxes = (yield* boxesOf(victim.metadata.uid!)) ?? [];
  yield* postStatus(k, victim, boxes, '', (s) => ({ phase: 'Failed', reason: 'Evicted', message, startTime: s.startTime, qosClass: s.qosClass }));
  yield* killPod(victim, boxes.filter((b) => !b.sandbox && b.running));
}
