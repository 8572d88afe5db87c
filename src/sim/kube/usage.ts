/**
 * What objects use of a quota: counts by resource, and what pods ask for. pkg/quota/v1/evaluator/core
 * v1.14. Pure.
 */
import { isFinished, requests } from './pods.ts';
import { addQuantity, bytesText, cpuText } from './quantity.ts';
import type { Obj, Pod, Service } from './types.ts';

export type Usage = Readonly<Record<string, string>>;

const COUNTED = new Set(['configmaps', 'persistentvolumeclaims', 'replicationcontrollers', 'resourcequotas', 'secrets', 'services', 'pods']);

export function usageOf(plural: string, group: string, obj: Obj): Usage {
  const out: Record<string, string> = { [`count/${group ? `${plural}.${group}` : plural}`]: '1' };
  if (plural === 'pods') {
    const pod = obj as Pod;
    if (isFinished(pod)) return out;
    out['pods'] = '1';
    const asked = requests(pod.spec);
    const limits = requests(pod.spec, 'limits');
    out['cpu'] = out['requests.cpu'] = cpuText(asked['cpu'] ?? 0);
    out['memory'] = out['requests.memory'] = bytesText(asked['memory'] ?? 0);
    out['limits.cpu'] = cpuText(limits['cpu'] ?? 0);
    out['limits.memory'] = bytesText(limits['memory'] ?? 0);
  } else if (COUNTED.has(plural)) out[plural] = '1';
  if (plural === 'services') {
    const { type } = (obj as Service).spec;
    out['services.nodeports'] = type === 'NodePort' || type === 'LoadBalancer' ? String((obj as Service).spec.ports?.length ?? 0) : '0';
    out['services.loadbalancers'] = type === 'LoadBalancer' ? '1' : '0';
  }
  return out;
}

export function sumUsage(a: Usage, b: Usage): Usage {
  const out: Record<string, string> = { ...a };
  for (const [name, value] of Object.entries(b)) out[name] = addQuantity(out[name], value);
  return out;
}
