/**
 * Where a pod may run and where it runs best: the predicates with their reasons, and the priorities.
 * Pure over the pods and nodes given. pkg/scheduler/algorithm v1.14.
 */
import { condition, fitsNode, hostPorts, isFinished, requests, termMatches, tolerates } from '../../kube/pods.ts';
import { milli, quantity } from '../../kube/quantity.ts';
import { mapSelects, selects } from '../../kube/selectors.ts';
import type { LabelSelector, Node, Obj, Pod, PodAffinityTerm } from '../../kube/types.ts';

export interface NodeState { readonly node: Node; readonly pods: readonly Pod[] }

const BEST_EFFORT_CPU = 100;
const BEST_EFFORT_MEMORY = 200 * 1024 * 1024;

const allocatable = (node: Node, name: string): number => (name === 'cpu' ? milli(node.status?.allocatable?.['cpu']) : quantity(node.status?.allocatable?.[name]) ?? 0);

export function used(pods: readonly Pod[]): Record<string, number> {
  const out: Record<string, number> = {};
  for (const pod of pods) for (const [name, n] of Object.entries(requests(pod.spec))) out[name] = (out[name] ?? 0) + n;
  return out;
}

const portConflict = (pod: Pod, others: readonly Pod[]): boolean => {
  const wanted = hostPorts(pod.spec);
  if (!wanted.length) return false;
  return others.some((o) => hostPorts(o.spec).some((p) => wanted.some((w) => w.hostPort === p.hostPort && (w.protocol ?? 'TCP') === (p.protocol ?? 'TCP') && (!w.hostIP || !p.hostIP || w.hostIP === p.hostIP || w.hostIP === '0.0.0.0' || p.hostIP === '0.0.0.0'))));
};

const termSelects = (term: PodAffinityTerm, own: Pod, other: Pod): boolean =>
  (term.namespaces?.length ? term.namespaces : [own.metadata.namespace]).includes(other.metadata.namespace!) && selects(term.labelSelector, other.metadata.labels);

/** Pods matched by a term share the node's value of the topology key. */
function inTopology(term: PodAffinityTerm, own: Pod, node: Node, all: readonly NodeState[]): boolean {
  const value = node.metadata.labels?.[term.topologyKey];
  if (value === undefined) return false;
  return all.some((s) => s.node.metadata.labels?.[term.topologyKey] === value && s.pods.some((p) => p.metadata.uid !== own.metadata.uid && termSelects(term, own, p)));
}

function affinityFault(pod: Pod, state: NodeState, all: readonly NodeState[]): string[] {
  const { podAffinity, podAntiAffinity } = pod.spec.affinity ?? {};
  const fault = (kind: string): string[] => ["node(s) didn't match pod affinity/anti-affinity", kind];
  for (const term of podAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []) {
    if (inTopology(term, pod, state.node, all)) continue;
    // The first pod of a group that wants its own company may go anywhere.
    const anywhere = all.some((s) => s.pods.some((p) => termSelects(term, pod, p)));
    if (anywhere || !termSelects(term, pod, pod)) return fault("node(s) didn't match pod affinity rules");
  }
  for (const term of podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []) if (inTopology(term, pod, state.node, all)) return fault("node(s) didn't match pod anti-affinity rules");
  for (const other of all) {
    for (const p of other.pods) {
      for (const term of p.spec.affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []) {
        const value = other.node.metadata.labels?.[term.topologyKey];
        if (value !== undefined && state.node.metadata.labels?.[term.topologyKey] === value && termSelects(term, p, pod)) return fault("node(s) didn't satisfy existing pods anti-affinity rules");
      }
    }
  }
  return [];
}

/** Why a node does not fit: the reasons of the first predicate that fails; empty when it fits. */
export function faults(pod: Pod, state: NodeState, all: readonly NodeState[]): string[] {
  const { node, pods } = state;
  const ready = condition(node.status?.conditions, 'Ready');
  if (node.spec.unschedulable && !tolerates(pod.spec.tolerations, { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' })) return ['node(s) were unschedulable'];
  const out: string[] = [];
  if (pods.length + 1 > allocatable(node, 'pods')) out.push('Insufficient pods');
  const taken = used(pods);
  for (const [name, n] of Object.entries(requests(pod.spec))) if (n > 0 && (taken[name] ?? 0) + n > allocatable(node, name)) out.push(`Insufficient ${name}`);
  if (pod.spec.nodeName && pod.spec.nodeName !== node.metadata.name) out.push("node(s) didn't match the requested hostname");
  if (portConflict(pod, pods)) out.push("node(s) didn't have free ports for the requested pod ports");
  if (!fitsNode(pod.spec, node)) out.push("node(s) didn't match node selector");
  if (out.length) return out;
  if ((node.spec.taints ?? []).some((t) => (t.effect === 'NoSchedule' || t.effect === 'NoExecute') && !tolerates(pod.spec.tolerations, t))) return ["node(s) had taints that the pod didn't tolerate"];
  if (!ready) return ['node(s) were not ready'];
  return affinityFault(pod, state, all);
}

/** `0/3 nodes are available: …` */
export function fitError(count: number, reasons: readonly string[]): string {
  if (count === 0) return 'no nodes available to schedule pods';
  const tally = new Map<string, number>();
  for (const reason of reasons) tally.set(reason, (tally.get(reason) ?? 0) + 1);
  return `0/${count} nodes are available: ${[...tally].map(([reason, n]) => `${n} ${reason}`).sort().join(', ')}.`;
}

// ---- priorities, each from 0 to 10

const nonZero = (pod: Pod): { cpu: number; memory: number } => {
  const out = { cpu: 0, memory: 0 };
  for (const c of pod.spec.containers) {
    const r = c.resources?.requests;
    out.cpu += r?.['cpu'] === undefined ? BEST_EFFORT_CPU : milli(r['cpu']);
    out.memory += r?.['memory'] === undefined ? BEST_EFFORT_MEMORY : quantity(r['memory']) ?? 0;
  }
  return out;
};

function resources(pod: Pod, { node, pods }: NodeState): number {
  const sum = nonZero(pod);
  for (const p of pods) { const n = nonZero(p); sum.cpu += n.cpu; sum.memory += n.memory; }
  const free = (taken: number, all: number): number => (all <= 0 || taken > all ? 0 : Math.floor(((all - taken) * 10) / all));
  const [cpu, memory] = [allocatable(node, 'cpu'), allocatable(node, 'memory')];
  const least = Math.floor((free(sum.cpu, cpu) + free(sum.memory, memory)) / 2);
  const [a, b] = [cpu ? sum.cpu / cpu : 1, memory ? sum.memory / memory : 1];
  const balanced = a >= 1 || b >= 1 ? 0 : Math.floor((1 - Math.abs(a - b)) * 10);
  return least + balanced;
}

/** Objects that select pods: services by a map, sets by a selector. */
export interface Selecting { readonly namespace: string; readonly map?: Readonly<Record<string, string>>; readonly selector?: LabelSelector }

function peers(pod: Pod, selecting: readonly Selecting[], pods: readonly Pod[]): number {
  const mine = selecting.filter((s) => s.namespace === pod.metadata.namespace && (s.map ? mapSelects(s.map, pod.metadata.labels) : selects(s.selector, pod.metadata.labels)));
  if (!mine.length) return 0;
  return pods.filter((p) => p.metadata.namespace === pod.metadata.namespace && !p.metadata.deletionTimestamp && mine.some((s) => (s.map ? mapSelects(s.map, p.metadata.labels) : selects(s.selector, p.metadata.labels)))).length;
}

/** The score of each node, higher is better. */
export function scores(pod: Pod, fitting: readonly NodeState[], selecting: readonly Selecting[]): number[] {
  const counts = fitting.map((s) => peers(pod, selecting, s.pods));
  const most = Math.max(1, ...counts);
  const preferred = pod.spec.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
  const wanted = fitting.map((s) => preferred.reduce((n, p) => n + (termMatches(p.preference, s.node) ? p.weight : 0), 0));
  const bestWanted = Math.max(1, ...wanted);
  const taints = fitting.map((s) => (s.node.spec.taints ?? []).filter((t) => t.effect === 'PreferNoSchedule' && !tolerates(pod.spec.tolerations, t)).length);
  const worst = Math.max(1, ...taints);
  const company = fitting.map((s) => affinityScore(pod, s, fitting));
  return fitting.map((s, i) => resources(pod, s) + Math.floor((10 * (most - counts[i]!)) / most) + Math.floor((10 * wanted[i]!) / bestWanted) + Math.floor((10 * (worst - taints[i]!)) / worst) + company[i]!);
}

function affinityScore(pod: Pod, state: NodeState, all: readonly NodeState[]): number {
  let n = 0;
  for (const p of pod.spec.affinity?.podAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []) if (inTopology(p.podAffinityTerm, pod, state.node, all)) n += p.weight;
  for (const p of pod.spec.affinity?.podAntiAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []) if (inTopology(p.podAffinityTerm, pod, state.node, all)) n -= p.weight;
  return Math.round(n / 10);
}

export function statesOf(nodes: readonly Obj[], pods: readonly Obj[]): NodeState[] {
  const by = new Map<string, Pod[]>();
  for (const pod of pods as readonly Pod[]) {
    if (!pod.spec.nodeName || isFinished(pod)) continue;
    const list = by.get(pod.spec.nodeName);
    if (list) list.push(pod); else by.set(pod.spec.nodeName, [pod]);
  }
  return (nodes as readonly Node[]).slice().sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1)).map((node) => ({ node, pods: by.get(node.metadata.name) ?? [] }));
}
