/**
 * Addresses and node ports of services: given at random from their ranges, kept unique. What is taken is
 * what the services in etcd hold. pkg/registry/core/service v1.14.
 */
import type { Sys } from '../../proc/program.ts';
import { call } from '../../proc/syscalls.ts';
import { builtin, groupOf } from '../../kube/kinds.ts';
import { type Failure, internalError, invalid, isFailure } from '../../kube/status.ts';
import type { Obj, Service, ServicePort } from '../../kube/types.ts';
import type { Context } from './request.ts';
import { listStored, prefixOf } from './store.ts';

const toNumber = (ip: string): number => ip.split('.').reduce((n, part) => n * 256 + Number(part), 0);
const toIp = (n: number): string => [24, 16, 8, 0].map((shift) => Math.floor(n / 2 ** shift) % 256).join('.');

const needsIp = (type: string): boolean => type === 'ClusterIP' || type === 'NodePort' || type === 'LoadBalancer';
const needsPorts = (type: string): boolean => type === 'NodePort' || type === 'LoadBalancer';

/** Fills in what the server allocates. `old` is the stored service of an update. */
export function* allocate(ctx: Context, obj: Obj, old: Obj | null): Sys<Obj | Failure> {
  const svc = obj as Service;
  const was = old as Service | null;
  const type = svc.spec.type ?? 'ClusterIP';
  const fresh = needsIp(type) && (!svc.spec.clusterIP || (!was && svc.spec.clusterIP !== 'None'));
  const ports = needsPorts(type) && (svc.spec.ports ?? []).some((p) => !p.nodePort || !was?.spec.ports?.some((q) => q.nodePort === p.nodePort));
  if (!fresh && !ports) return needsPorts(type) ? obj : withoutPorts(svc);
  const listed = yield* listStored(ctx.options, prefixOf(builtin('services')));
  if (isFailure(listed)) return listed;
  const others = listed.items.map((s) => s.value as Service).filter((s) => s.metadata.uid !== svc.metadata.uid);
  let out = svc;
  if (fresh) {
    const ip = yield* address(ctx, svc, new Set(others.map((s) => s.spec.clusterIP)));
    if (typeof ip !== 'string') return ip;
    out = { ...out, spec: { ...out.spec, clusterIP: ip } };
  }
  if (!needsPorts(type)) return withoutPorts(out);
  const given = yield* nodePorts(ctx, out, new Set(others.flatMap((s) => (s.spec.ports ?? []).map((p) => p.nodePort ?? 0))), was);
  return 'failure' in given ? (given as Failure) : { ...out, spec: { ...out.spec, ports: given as readonly ServicePort[] } };
}

const withoutPorts = (svc: Service): Obj =>
  (svc.spec.ports?.some((p) => p.nodePort) ? { ...svc, spec: { ...svc.spec, ports: svc.spec.ports.map(({ nodePort: _port, ...rest }) => rest) } } : svc);

function* address(ctx: Context, svc: Service, taken: ReadonlySet<string | undefined>): Sys<string | Failure> {
  const [base, bits] = ctx.options.clusterIpRange.split('/') as [string, string];
  const first = toNumber(base);
  const size = 2 ** (32 - Number(bits));
  const wanted = svc.spec.clusterIP;
  const bad = (text: string): Failure => invalid('Service', groupOf(svc.apiVersion), svc.metadata.name, [{ reason: 'FieldValueInvalid', field: 'spec.clusterIP', message: `Invalid value: ${JSON.stringify(wanted)}: ${text}` }]);
  if (wanted) {
    const n = toNumber(wanted);
    if (n <= first || n >= first + size - 1) return bad(`provided IP is not in the valid range. The range of valid IPs is ${ctx.options.clusterIpRange}`);
    return taken.has(wanted) ? bad('provided IP is already allocated') : wanted;
  }
  for (let tries = 0; tries < 1_000; tries++) {
    const chance = yield* call('random', { below: size - 3 });
    const ip = toIp(first + 2 + (chance.ok ? chance.value : 0));
    if (!taken.has(ip)) return ip;
  }
  return internalError('failed to allocate a serviceIP: range is full');
}

function* nodePorts(ctx: Context, svc: Service, taken: Set<number>, was: Service | null): Sys<readonly ServicePort[] | Failure> {
  const [low, high] = ctx.options.nodePorts;
  const out: ServicePort[] = [];
  for (const [i, port] of (svc.spec.ports ?? []).entries()) {
    const bad = (text: string): Failure => invalid('Service', '', svc.metadata.name, [{ reason: 'FieldValueInvalid', field: `spec.ports[${i}].nodePort`, message: `Invalid value: ${port.nodePort}: ${text}` }]);
    let nodePort = port.nodePort ?? was?.spec.ports?.find((p) => p.nodePort && (p.name ?? '') === (port.name ?? '') && p.port === port.port)?.nodePort;
    if (nodePort) {
      if (nodePort < low || nodePort > high) return bad(`provided port is not in the valid range. The range of valid ports is ${low}-${high}`);
      if (taken.has(nodePort) && !out.some((p) => p.nodePort === nodePort && p.protocol !== port.protocol)) return bad('provided port is already allocated');
    }
    for (let tries = 0; !nodePort && tries < 1_000; tries++) {
      const chance = yield* call('random', { below: high - low + 1 });
      const candidate = low + (chance.ok ? chance.value : 0);
      if (!taken.has(candidate)) nodePort = candidate;
    }
    if (!nodePort) return internalError('failed to allocate a nodePort: range is full');
    taken.add(nodePort);
    out.push({ ...port, nodePort });
  }
  return out;
}
