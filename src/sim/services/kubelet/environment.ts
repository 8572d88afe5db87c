/**
 * A container's environment: the services of its namespace, its own variables with references resolved,
 * the downward API. pkg/kubelet/{envvars,kubelet_pods.go}, third_party/forked/golang/expansion v1.14.
 */
import { unbase64 } from '../../proc/certificate.ts';
import type { Sys } from '../../proc/program.ts';
import { api, type ApiConfig } from '../../kube/client.ts';
import type { Cache } from '../../kube/informer.ts';
import { pathOf } from '../../kube/kinds.ts';
import { milli, quantity } from '../../kube/quantity.ts';
import type { ConfigMap, Container, Pod, Secret, Service } from '../../kube/types.ts';

/** FOO_SERVICE_HOST and its kin, for the services that a pod may see. */
export function serviceVariables(services: Cache, namespace: string, links: boolean): Record<string, string> {
  const out: Record<string, string> = {};
  for (const id of Object.keys(services).sort()) {
    const service = services[id] as Service;
    const own = service.metadata.namespace === namespace;
    const master = service.metadata.namespace === 'default' && service.metadata.name === 'kubernetes';
    const { clusterIP, ports } = service.spec;
    if (!clusterIP || clusterIP === 'None' || !ports?.length || !((own && links) || master)) continue;
    const name = service.metadata.name.toUpperCase().replace(/-/g, '_');
    out[`${name}_SERVICE_HOST`] = clusterIP;
    out[`${name}_SERVICE_PORT`] = String(ports[0]!.port);
    for (const p of ports) if (p.name) out[`${name}_SERVICE_PORT_${p.name.toUpperCase().replace(/-/g, '_')}`] = String(p.port);
    ports.forEach((p, i) => {
      const proto = (p.protocol ?? 'TCP').toLowerCase();
      const url = `${proto}://${clusterIP}:${p.port}`;
      if (i === 0) out[`${name}_PORT`] = url;
      const prefix = `${name}_PORT_${p.port}_${proto.toUpperCase()}`;
      Object.assign(out, { [prefix]: url, [`${prefix}_PROTO`]: proto, [`${prefix}_PORT`]: String(p.port), [`${prefix}_ADDR`]: clusterIP });
    });
  }
  return out;
}

/** $(NAME) is replaced where NAME is known; $$ is a $. */
export function expand(text: string, env: Readonly<Record<string, string>>): string {
  return text.replace(/\$\$|\$\(([^()]*)\)/g, (whole, name: string | undefined) => (whole === '$$' ? '$' : env[name!] ?? whole));
}

/** metadata.name, status.podIP, metadata.labels['x']…; null: no such field. */
export function fieldValue(pod: Pod, path: string, ip: string, hostIp: string): string | null {
  const indexed = /^metadata\.(labels|annotations)\['(.+)'\]$/.exec(path);
  if (indexed) return pod.metadata[indexed[1] as 'labels']?.[indexed[2]!] ?? '';
  switch (path) {
    case 'metadata.name': return pod.metadata.name;
    case 'metadata.namespace': return pod.metadata.namespace ?? '';
    case 'metadata.uid': return pod.metadata.uid ?? '';
    case 'metadata.labels': case 'metadata.annotations': {
      const map = pod.metadata[path.slice(9) as 'labels'] ?? {};
      return Object.keys(map).sort().map((k) => `${k}=${JSON.stringify(map[k])}`).join('\n');
    }
    case 'spec.nodeName': return pod.spec.nodeName ?? '';
    case 'spec.serviceAccountName': return pod.spec.serviceAccountName ?? '';
    case 'status.podIP': return ip;
    case 'status.hostIP': return hostIp;
    default: return null;
  }
}

export function resourceValue(pod: Pod, ref: { resource: string; containerName?: string; divisor?: string }, own: string): string {
  const container = pod.spec.containers.find((c) => c.name === (ref.containerName ?? own));
  const [kind, name] = ref.resource.split('.') as ['limits' | 'requests', string];
  const text = container?.resources?.[kind]?.[name];
  const value = name === 'cpu' ? milli(text) / 1_000 : quantity(text) ?? 0;
  return String(Math.ceil(value / (quantity(ref.divisor && ref.divisor !== '0' ? ref.divisor : '1') ?? 1)));
}

export type Environment = { ok: true; env: Record<string, string> } | { ok: false; message: string };

function* data(config: ApiConfig, namespace: string, plural: 'configmaps' | 'secrets', name: string): Sys<{ ok: true; data: Record<string, string> } | { ok: false; missing: boolean; message: string }> {
  const got = yield* api(config, 'GET', pathOf('v1', plural, namespace, name));
  if (!got.ok) return { ok: false, missing: got.status === 404, message: got.error };
  const object = got.body as unknown as ConfigMap & Secret;
  return { ok: true, data: plural === 'secrets' ? Object.fromEntries(Object.entries(object.data ?? {}).map(([k, v]) => [k, unbase64(v) ?? ''])) : { ...object.data } };
}

/** The variables of a container, in the order in which later ones win. */
export function* environmentOf(config: ApiConfig, pod: Pod, container: Container, services: Cache, ip: string, hostIp: string): Sys<Environment> {
  const namespace = pod.metadata.namespace!;
  const env = serviceVariables(services, namespace, pod.spec.enableServiceLinks !== false);
  const own: Record<string, string> = {};
  for (const from of container.envFrom ?? []) {
    const ref = from.configMapRef ?? from.secretRef;
    if (!ref) continue;
    const got = yield* data(config, namespace, from.configMapRef ? 'configmaps' : 'secrets', ref.name);
    if (!got.ok) {
      if (got.missing && ref.optional) continue;
      return { ok: false, message: got.message };
    }
    for (const [k, v] of Object.entries(got.data)) own[`${from.prefix ?? ''}${k}`] = v;
  }
  for (const variable of container.env ?? []) {
    const { valueFrom } = variable;
    if (!valueFrom) {
      own[variable.name] = expand(variable.value ?? '', { ...env, ...own });
      continue;
    }
    const key = valueFrom.configMapKeyRef ?? valueFrom.secretKeyRef;
    if (key) {
      const plural = valueFrom.configMapKeyRef ? 'configmaps' : 'secrets';
      const got = yield* data(config, namespace, plural, key.name ?? '');
      if (got.ok && got.data[key.key] !== undefined) own[variable.name] = got.data[key.key]!;
      else if (!key.optional) return { ok: false, message: got.ok ? `couldn't find key ${key.key} in ${plural === 'secrets' ? 'Secret' : 'ConfigMap'} ${namespace}/${key.name}` : got.message };
    } else if (valueFrom.fieldRef) {
      const value = fieldValue(pod, valueFrom.fieldRef.fieldPath, ip, hostIp);
      if (value === null) return { ok: false, message: `unsupported fieldPath: ${valueFrom.fieldRef.fieldPath}` };
      own[variable.name] = value;
    } else if (valueFrom.resourceFieldRef) own[variable.name] = resourceValue(pod, valueFrom.resourceFieldRef, container.name);
  }
  return { ok: true, env: { ...env, ...own } };
}
