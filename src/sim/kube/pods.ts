/**
 * Questions about pods that the server, the controllers, the scheduler and the kubelet all ask. Pure.
 * k8s.io/kubernetes/pkg/api/v1/pod, pkg/apis/core/v1/helper v1.14.
 */
import { milli, quantity } from './quantity.ts';
import { matches, type Requirement } from './selectors.ts';
import type { Condition, Container, ContainerPort, Meta, Node, NodeSelectorTerm, Obj, OwnerReference, Pod, PodSpec, Taint, Toleration } from './types.ts';

export const key = (obj: Obj): string => (obj.metadata.namespace ? `${obj.metadata.namespace}/${obj.metadata.name}` : obj.metadata.name);
export const controllerOf = (meta: Pick<Meta, 'ownerReferences'>): OwnerReference | undefined => meta.ownerReferences?.find((o) => o.controller);
export const condition = (conditions: readonly Condition[] | undefined, type: string): Condition | undefined => conditions?.find((c) => c.type === type);
export const isReady = (pod: Pod): boolean => condition(pod.status?.conditions, 'Ready')?.status === 'True';
export const isFinished = (pod: Pod): boolean => pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';
export const isActive = (pod: Pod): boolean => !isFinished(pod) && pod.metadata.deletionTimestamp === undefined;
export const nodeReady = (node: Node): boolean => condition(node.status?.conditions, 'Ready')?.status === 'True';

/** A condition put in place of its type's old one; the transition time moves only with the status. */
export function withCondition(conditions: readonly Condition[] | undefined, fresh: Condition): readonly Condition[] {
  const old = condition(conditions, fresh.type);
  const next = old && old.status === fresh.status ? { ...fresh, lastTransitionTime: old.lastTransitionTime } : fresh;
  return old ? conditions!.map((c) => (c === old ? next : c)) : [...(conditions ?? []), next];
}

export const RESOURCES_COUNTED = ['cpu', 'memory', 'ephemeral-storage'] as const;

/** What a pod asks for: the sum of its containers, or the largest init container. cpu in millicores. */
export function requests(spec: PodSpec, kind: 'requests' | 'limits' = 'requests'): Record<string, number> {
  const out: Record<string, number> = {};
  const amount = (name: string, text: string | undefined): number => (name === 'cpu' ? milli(text) : quantity(text) ?? 0);
  for (const c of spec.containers) for (const [name, text] of Object.entries(c.resources?.[kind] ?? {})) out[name] = (out[name] ?? 0) + amount(name, text);
  for (const c of spec.initContainers ?? []) for (const [name, text] of Object.entries(c.resources?.[kind] ?? {})) out[name] = Math.max(out[name] ?? 0, amount(name, text));
  return out;
}

export function qosClass(spec: PodSpec): 'Guaranteed' | 'Burstable' | 'BestEffort' {
  let any = false;
  let guaranteed = true;
  for (const c of spec.containers) {
    for (const name of ['cpu', 'memory']) {
      const limit = c.resources?.limits?.[name];
      const request = c.resources?.requests?.[name];
      if (quantity(limit) || quantity(request)) any = true;
      if (!limit || (request !== undefined && quantity(request) !== quantity(limit))) guaranteed = false;
    }
  }
  return !any ? 'BestEffort' : guaranteed ? 'Guaranteed' : 'Burstable';
}

export const containers = (spec: PodSpec): readonly Container[] => [...(spec.initContainers ?? []), ...spec.containers];
export const hostPorts = (spec: PodSpec): readonly ContainerPort[] => spec.containers.flatMap((c) => (c.ports ?? []).filter((p) => p.hostPort));

// --- taints
export function tolerates(tolerations: readonly Toleration[] | undefined, taint: Taint): Toleration | null {
  for (const t of tolerations ?? []) {
    if (t.effect && t.effect !== taint.effect) continue;
    if (t.key && t.key !== taint.key) continue;
    if (t.operator === 'Exists' ? true : t.key !== undefined && (t.value ?? '') === (taint.value ?? '')) return t;
  }
  return null;
}

// --- node affinity
const OPS: Readonly<Record<string, Requirement['op']>> = { In: 'in', NotIn: 'notin', Exists: 'exists', DoesNotExist: '!', Gt: 'gt', Lt: 'lt' };
export function termMatches(term: NodeSelectorTerm, node: Node): boolean {
  if (!term.matchExpressions?.length && !term.matchFields?.length) return false;
  const requirement = (e: { key: string; operator: string; values?: readonly string[] | null }): Requirement => ({ key: e.key, op: OPS[e.operator] ?? '!', values: e.values ?? [] });
  return matches((term.matchExpressions ?? []).map(requirement), node.metadata.labels)
    && matches((term.matchFields ?? []).map(requirement), { 'metadata.name': node.metadata.name });
}

/** nodeSelector and required node affinity. */
export function fitsNode(spec: PodSpec, node: Node): boolean {
  for (const [name, value] of Object.entries(spec.nodeSelector ?? {})) if (node.metadata.labels?.[name] !== value) return false;
  const required = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  return !required || required.nodeSelectorTerms.some((term) => termMatches(term, node));
}

/** A port by number or by the name that a container gives it. */
export function portNumber(port: number | string | undefined, list: readonly Container[], protocol = 'TCP'): number | null {
  if (typeof port === 'number') return port;
  if (port === undefined) return null;
  if (/^\d+$/.test(port)) return Number(port);
  for (const c of list) for (const p of c.ports ?? []) if (p.name === port && (p.protocol ?? 'TCP') === protocol) return p.containerPort;
  return null;
}

/** A count or a share of `total`, the share rounded up or down. */
export function scaled(value: number | string | undefined, total: number, up: boolean): number {
  if (value === undefined) return 0;
  if (typeof value === 'number') return value;
  const share = (Number.parseInt(value, 10) || 0) * total / 100;
  return up ? Math.ceil(share) : Math.floor(share);
}
