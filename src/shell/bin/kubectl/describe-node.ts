/**
 * `describe` of nodes: conditions, capacity, and what the pods on it ask for. Pure.
 */
import { addQuantity, canonicalQuantity as canonical, quantity } from '../../../sim/kube/quantity.ts';
import { byText, nameOf, namespaceOf, sortedKeys, type Obj } from './object.ts';
import { when, type Page } from './page.ts';

const list = (value: unknown): readonly Obj[] => (Array.isArray(value) ? (value as Obj[]) : []);

/** node-role.kubernetes.io/ROLE and kubernetes.io/role=ROLE. */
export function nodeRoles(labels: Obj | undefined): string {
  const roles = sortedKeys(labels).flatMap((key) => (key.startsWith('node-role.kubernetes.io/') ? [key.slice(24)] : key === 'kubernetes.io/role' ? [String(labels![key])] : [])).filter(Boolean);
  return [...new Set(roles)].sort(byText).join(',') || '<none>';
}

/** `pods` null: this user may not see them. */
export function describeNode(page: Page, node: Obj, pods: readonly Obj[] | null, events: readonly Obj[] | null): void {
  const meta = (node['metadata'] ?? {}) as Obj;
  const spec = (node['spec'] ?? {}) as Obj;
  const status = (node['status'] ?? {}) as Obj;
  page.line(0, `Name:\t${meta['name']}`);
  page.line(0, `Roles:\t${nodeRoles(meta['labels'])}`);
  page.labels('Labels', meta['labels']);
  page.annotations('Annotations', meta['annotations']);
  page.line(0, `CreationTimestamp:\t${when(meta['creationTimestamp'])}`);
  taints(page, list(spec['taints']));
  page.line(0, `Unschedulable:\t${spec['unschedulable'] === true}`);
  if (list(status['conditions']).length) {
    page.line(0, 'Conditions:\n  Type\tStatus\tLastHeartbeatTime\tLastTransitionTime\tReason\tMessage');
    page.line(1, '----\t------\t-----------------\t------------------\t------\t-------');
    for (const one of list(status['conditions'])) {
      page.line(1, `${one['type']} \t${one['status']} \t${when(one['lastHeartbeatTime'])} \t${when(one['lastTransitionTime'])} \t${one['reason'] ?? ''} \t${one['message'] ?? ''}`);
    }
  }
  page.line(0, 'Addresses:');
  for (const address of list(status['addresses'])) page.line(1, `${address['type']}:\t${address['address']}`);
  amounts(page, 'Capacity', status['capacity']);
  amounts(page, 'Allocatable', status['allocatable']);
  system(page, (status['nodeInfo'] ?? {}) as Obj);
  if (spec['podCIDR']) page.line(0, `PodCIDR:\t${spec['podCIDR']}`);
  if (spec['providerID']) page.line(0, `ProviderID:\t${spec['providerID']}`);
  if (pods) describePods(page, node, pods); else page.line(0, 'Pods:\tnot authorized');
  page.events(events);
}

function taints(page: Page, items: readonly Obj[]): void {
  const sorted = [...items].sort((a, b) => byText(`${a['effect']},${a['key']}`, `${b['effect']},${b['key']}`));
  page.raw('Taints:\t');
  if (!sorted.length) page.raw('<none>\n');
  sorted.forEach((taint, i) => page.raw(`${i ? '\t' : ''}${taint['key']}${taint['value'] ? `=${taint['value']}` : ''}:${taint['effect']}\n`));
}

function amounts(page: Page, title: string, resources: Obj | undefined): void {
  const names = sortedKeys(resources);
  if (!names.length) return;
  page.line(0, `${title}:`);
  for (const name of names) page.line(0, ` ${name}:\t${canonical(resources![name])}`);
}

const SYSTEM = [['Machine ID', 'machineID'], ['System UUID', 'systemUUID'], ['Boot ID', 'bootID'], ['Kernel Version', 'kernelVersion'], ['OS Image', 'osImage'],
  ['Operating System', 'operatingSystem'], ['Architecture', 'architecture'], ['Container Runtime Version', 'containerRuntimeVersion'],
  ['Kubelet Version', 'kubeletVersion'], ['Kube-Proxy Version', 'kubeProxyVersion']] as const;

function system(page: Page, info: Obj): void {
  page.line(0, 'System Info:');
  for (const [title, key] of SYSTEM) page.line(0, ` ${title}:\t${info[key] ?? ''}`);
}

const NAMES = ['cpu', 'memory', 'ephemeral-storage'] as const;
type Sums = Record<string, string>;

/** What a pod asks for: its containers' sum, or the largest init container where that is more. */
function sumsOf(pod: Obj, what: 'requests' | 'limits'): Sums {
  const sums: Sums = {};
  for (const container of list(pod['spec']?.containers)) {
    for (const [name, amount] of Object.entries((container['resources']?.[what] ?? {}) as Obj)) sums[name] = addQuantity(sums[name] ?? '0', String(amount));
  }
  for (const container of list(pod['spec']?.initContainers)) {
    for (const [name, amount] of Object.entries((container['resources']?.[what] ?? {}) as Obj)) {
      if ((quantity(String(amount)) ?? 0) > (quantity(sums[name]) ?? 0)) sums[name] = canonical(String(amount));
    }
  }
  return sums;
}

function describePods(page: Page, node: Obj, pods: readonly Obj[]): void {
  const allocatable: Obj = sortedKeys(node['status']?.allocatable).length ? node['status'].allocatable : node['status']?.capacity ?? {};
  const share = (name: string, amount: string | undefined): string => {
    const whole = quantity(allocatable[name]) ?? 0;
    const part = quantity(amount) ?? 0;
    return `${canonical(amount ?? '0')} (${whole ? Math.trunc((part / whole) * 100 + 1e-9) : 0}%)`;
  };
  page.line(0, `Non-terminated Pods:\t(${pods.length} in total)`);
  page.line(1, 'Namespace\tName\t\tCPU Requests\tCPU Limits\tMemory Requests\tMemory Limits\tAGE');
  page.line(1, '---------\t----\t\t------------\t----------\t---------------\t-------------\t---');
  const total: { requests: Sums; limits: Sums } = { requests: {}, limits: {} };
  for (const pod of pods) {
    const [requests, limits] = [sumsOf(pod, 'requests'), sumsOf(pod, 'limits')];
    for (const name of Object.keys(requests)) total.requests[name] = addQuantity(total.requests[name] ?? '0', requests[name]);
    for (const name of Object.keys(limits)) total.limits[name] = addQuantity(total.limits[name] ?? '0', limits[name]);
    page.line(1, `${namespaceOf(pod)}\t${nameOf(pod)}\t\t${share('cpu', requests['cpu'])}\t${share('cpu', limits['cpu'])}\t${share('memory', requests['memory'])}\t${share('memory', limits['memory'])}\t${page.age(pod['metadata']?.creationTimestamp)}`);
  }
  page.line(0, 'Allocated resources:\n  (Total limits may be over 100 percent, i.e., overcommitted.)');
  page.line(1, 'Resource\tRequests\tLimits');
  page.line(1, '--------\t--------\t------');
  for (const name of NAMES) page.line(1, `${name}\t${share(name, total.requests[name])}\t${share(name, total.limits[name])}`);
}
