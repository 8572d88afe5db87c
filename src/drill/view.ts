/**
 * What a map shows of a world, read from the world itself: nodes and the daemons on them, etcd's members,
 * pods and services, cables. It changes nothing and asks nobody, so it costs little enough to be looked at
 * after every slice of time. It is the map's knowledge, not the trainee's: no goal and no check reads it.
 */
import { entries } from '../sim/engine/pages.ts';
import { podSummary } from '../sim/kube/table/cells.ts';
import type { Obj, Pod } from '../sim/kube/types.ts';
import type { State } from '../sim/services/etcd/applied.ts';
import type { Core } from '../sim/services/etcd/core.ts';
import { scan } from '../sim/services/etcd/mvcc.ts';
import type { NodeStatus, SystemStatus } from '../sim/services/planet-agent/status.ts';
import type { SystemState } from '../sim/services/systemd/state.ts';
import type { Host, Proc, World } from '../sim/world.ts';

export type Health = 'healthy' | 'degraded' | 'offline' | 'unknown';
export interface ViewUnit { name: string; active: string }
export interface ViewNode {
  name: string; address: string; up: boolean; cable: boolean;
  /** What Kubernetes says of it; empty: it is no node of a cluster. */
  ready: 'Ready' | 'NotReady' | 'Unknown' | ''; cordoned: boolean;
  /** What Satellite has found, and its words for what is wrong. */
  health: Health; trouble: string[];
  etcd: 'leader' | 'follower' | 'candidate' | 'stopped' | '';
  /** It holds Planet's lease: its apiserver is the cluster's. */
  leads: boolean;
  units: ViewUnit[];
}
export interface ViewPod { namespace: string; name: string; node: string; status: string; ready: string; well: boolean; ip: string }
export interface ViewService { namespace: string; name: string; ip: string; ports: string; endpoints: string[] }
export interface ViewLink { a: string; b: string; cut: boolean }
export interface View { nodes: ViewNode[]; pods: ViewPod[]; services: ViewService[]; links: ViewLink[] }

export const NOTHING: View = { nodes: [], pods: [], services: [], links: [] };

/** The daemons of a node that a map names, in the order that it shows them. */
const UNITS = ['etcd', 'flanneld', 'docker', 'kube-kubelet', 'kube-proxy', 'serf', 'planet-agent', 'registry', 'coredns', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler'];
/** On every node, whether it leads or not. */
const EVERYWHERE = 9;

const mainOf = (host: Host, program: string, root: string): Proc | null =>
  entries(host.procs).find((proc) => proc.program === program && proc.root === root && proc.threadOf === null && !proc.exit) ?? null;

const memory = <T>(proc: Proc | null, key: string): T | null => (proc?.memory[key] ?? null) as T | null;

export function viewOf(world: World): View {
  const hosts = Object.values(world.hosts);
  const store = newestStore(hosts);
  const objects = (prefix: string): Obj[] => (store ? scan(store.mvcc, `/registry/${prefix}/`, `/registry/${prefix}0`).map((kv) => kv.value as unknown as Obj) : []);
  const nodeObjects = objects('minions');
  const nameOf = new Map(hosts.map((host) => [host.address, host.name]));
  const judged = newestJudgement(hosts);
  return {
    nodes: hosts.map((host) => viewNode(world, host, nodeObjects.find((node) => node.metadata.name === host.address), judged)),
    pods: objects('pods').map((obj) => viewPod(obj, nameOf)),
    services: objects('services/specs').map((obj) => viewService(obj, objects('services/endpoints'))),
    links: hosts.flatMap((a, i) => hosts.slice(i + 1).map((b) => ({ a: a.name, b: b.name, cut: world.wire.cut[[a.name, b.name].sort().join(' ')] === true }))),
  };
}

/** The member that has applied most speaks for the cluster. */
function newestStore(hosts: readonly Host[]): State | null {
  let best: State | null = null;
  for (const host of hosts) {
    const state = host.up ? memory<State>(mainOf(host, 'etcd', 'planet'), 'state') : null;
    if (state && (!best || state.index > best.index)) best = state;
  }
  return best;
}

function newestJudgement(hosts: readonly Host[]): SystemStatus | null {
  let best: SystemStatus | null = null;
  for (const host of hosts) {
    const system = host.up ? memory<SystemStatus>(mainOf(host, 'planet', 'planet'), 'system') : null;
    if (system && (!best || system.timestamp > best.timestamp)) best = system;
  }
  return best;
}

function viewNode(world: World, host: Host, node: Obj | undefined, judged: SystemStatus | null): ViewNode {
  const inside = host.up && host.roots['planet'] !== undefined;
  const units = inside ? memory<SystemState>(mainOf(host, 'systemd', 'planet'), 'state')?.units ?? {} : {};
  const agent = inside ? mainOf(host, 'planet', 'planet') : null;
  const leads = memory<{ leading: boolean }>(agent, 'election')?.leading ?? false;
  const own = judged?.nodes.find((status) => status.member_status.tags['publicip'] === host.address);
  const status = node?.['status'] as { conditions?: { type: string; status: string }[] } | undefined;
  const condition = status?.conditions?.find(({ type }) => type === 'Ready')?.status;
  return {
    name: host.name, address: host.address, up: host.up, cable: world.wire.cables[host.name]?.up !== false,
    ready: !node ? '' : condition === 'True' ? 'Ready' : condition === 'False' ? 'NotReady' : 'Unknown',
    cordoned: (node?.['spec'] as { unschedulable?: boolean } | undefined)?.unschedulable === true,
    health: healthOf(own), trouble: own?.probes?.filter((probe) => probe.status === 'failed').map((probe) => probe.error ?? probe.checker) ?? [],
    etcd: etcdOf(inside ? mainOf(host, 'etcd', 'planet') : null, node !== undefined || Object.keys(units).length > 0),
    leads,
    units: UNITS.filter((name, i) => units[`${name}.service`] && (i < EVERYWHERE || leads)).map((name) => ({ name, active: units[`${name}.service`]!.active })),
  };
}

function healthOf(status: NodeStatus | undefined): Health {
  if (!status) return 'unknown';
  if (status.member_status.status === 'failed' || status.member_status.status === 'left') return 'offline';
  return status.status === 'running' ? 'healthy' : status.status === 'degraded' ? 'degraded' : 'unknown';
}

function etcdOf(proc: Proc | null, member: boolean): ViewNode['etcd'] {
  if (!proc) return member ? 'stopped' : '';
  return memory<Core>(proc, 'core')?.raft.role ?? 'stopped';
}

function viewPod(obj: Obj, nameOf: ReadonlyMap<string, string>): ViewPod {
  const pod = obj as unknown as Pod & { spec?: { nodeName?: string; containers?: unknown[] }; status?: { podIP?: string } };
  const { status, ready } = podSummary(pod);
  const count = pod.spec?.containers?.length ?? 0;
  return {
    namespace: obj.metadata.namespace ?? '', name: obj.metadata.name, node: nameOf.get(pod.spec?.nodeName ?? '') ?? '',
    status, ready: `${ready}/${count}`, // Not ready is no trouble by itself: of gravity-site only the leader ever is.
    well: status === 'Completed' || status === 'Running', ip: pod.status?.podIP ?? '',
  };
}

interface Endpoints { subsets?: { addresses?: { ip: string }[] }[] }
function viewService(obj: Obj, endpoints: readonly Obj[]): ViewService {
  const spec = obj['spec'] as { clusterIP?: string; ports?: { port: number; protocol?: string }[] };
  const same = endpoints.find(({ metadata }) => metadata.name === obj.metadata.name && metadata.namespace === obj.metadata.namespace) as Endpoints | undefined;
  return {
    namespace: obj.metadata.namespace ?? '', name: obj.metadata.name, ip: spec.clusterIP ?? '',
    ports: (spec.ports ?? []).map(({ port, protocol }) => `${port}/${protocol ?? 'TCP'}`).join(', '),
    endpoints: (same?.subsets ?? []).flatMap((subset) => (subset.addresses ?? []).map(({ ip }) => ip)),
  };
}

/** What differs between two views, in words for a time bar. */
export function changesBetween(before: View, after: View): string[] {
  const said: string[] = [];
  for (const node of after.nodes) {
    const was = before.nodes.find(({ name }) => name === node.name);
    if (!was) continue;
    if (was.up !== node.up) said.push(`${node.name} ${node.up ? 'is powered on' : 'lost power'}`);
    if (was.health !== node.health) said.push(`Satellite calls ${node.name} ${node.health}`);
    else for (const trouble of node.trouble) if (!was.trouble.includes(trouble)) said.push(`${node.name}: ${trouble}`);
    if (was.ready !== node.ready && node.ready) said.push(`${node.name} is ${node.ready}`);
    if (was.etcd !== node.etcd && (node.etcd === 'leader' || node.etcd === 'stopped' || was.etcd === 'stopped')) said.push(`etcd on ${node.name}: ${node.etcd}`);
    if (!was.leads && node.leads) said.push(`${node.name} leads the cluster`);
    for (const unit of node.units) {
      const old = was.units.find(({ name }) => name === unit.name);
      if (old && old.active !== unit.active && (unit.active === 'failed' || unit.active === 'inactive' || old.active === 'failed')) said.push(`${unit.name} on ${node.name} is ${unit.active}`);
    }
  }
  const key = (pod: ViewPod): string => `${pod.namespace}/${pod.name}`;
  const pods = new Map(before.pods.map((pod) => [key(pod), pod]));
  for (const pod of after.pods) {
    const was = pods.get(key(pod));
    pods.delete(key(pod));
    if (!was) said.push(`Pod ${pod.name} is new`);
    else if (was.status !== pod.status || was.ready !== pod.ready) said.push(`Pod ${pod.name}: ${pod.status}${pod.status === 'Running' ? ` ${pod.ready}` : ''}`);
  }
  for (const gone of pods.values()) said.push(`Pod ${gone.name} is gone`);
  return said;
}

/** Whether such a change is one that an operator would not like. */
export const isTrouble = (change: string): boolean =>
  /lost power|degraded|offline|NotReady|is Unknown|stopped|is failed|is inactive|BackOff|Error|Evicted|OOMKilled|^node-\d+: /.test(change);
