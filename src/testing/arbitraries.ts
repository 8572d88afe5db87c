/**
 * fast-check arbitraries for cluster worlds: topologies, faults with arguments that are allowed, lines that an
 * operator types, and the time between them. All shrink: to the first topology, the default arguments, the
 * shortest line.
 */
import fc from 'fast-check';
import { TOPOLOGIES, type Topology } from '../sim/cluster.ts';
import { catalogue } from '../sim/faults/catalogue.ts';
import type { Fault, FaultArg } from '../sim/faults/strike.ts';

export interface DrawnFault { name: string; args: Record<string, string | number> }
export interface DrawnLine { on: string; run: string }

const nodesOf = (topology: Topology): string[] => Object.keys(TOPOLOGIES[topology].roles);

export const topologies = (): fc.Arbitrary<Topology> => fc.constantFrom(...(['three-masters', 'one-master', 'bare'] as const));

/** Seconds between what a person does, from a breath to a coffee. */
export const timings = (): fc.Arbitrary<number> => fc.constantFrom(0, 0.2, 1, 5, 20, 60, 180);

const DEFAULT_MOST = 1000;

function argument(spec: FaultArg, nodes: readonly string[]): fc.Arbitrary<string | number> {
  if (spec.type === 'node') return fc.constantFrom(...nodes);
  if (spec.from) return fc.constantFrom(...spec.from);
  if (spec.type === 'string') return fc.constant(String(spec.default));
  return fc.oneof(fc.constant(Number(spec.default)), fc.integer({ min: Math.ceil(spec.least ?? 0), max: Math.floor(spec.most ?? DEFAULT_MOST) }));
}

/** Any fault of the catalogue, or of those named. */
export function faults(topology: Topology = 'three-masters', names: readonly string[] = [...catalogue.keys()]): fc.Arbitrary<DrawnFault> {
  const nodes = nodesOf(topology);
  const known = names.map((name) => catalogue.get(name)).filter((fault): fault is Fault => fault !== undefined);
  if (known.length < names.length) throw new Error(`unknown fault: ${names.filter((name) => !catalogue.has(name)).join(', ')}`);
  return fc.oneof(...known.map((fault) => fc.record({
    name: fc.constant(fault.name),
    args: fc.record(Object.fromEntries(Object.entries(fault.args).map(([key, spec]) => [key, argument(spec, nodes)]))),
  }))) as fc.Arbitrary<DrawnFault>;
}

/** What operators type: looking, mostly; sometimes changing; sometimes wrong. */
const LINES = [
  'gravity status', 'kubectl get nodes', 'kubectl get pods -A -o wide', 'kubectl -n kube-system get events', 'kubectl describe nodes', 'kubectl get no-such-kind', 'sudo gravity exec etcdctl cluster-health',
  'sudo gravity exec planet status', 'sudo gravity exec journalctl -u etcd --no-pager | tail -5', 'sudo iptables-save | wc -l', 'ip route', 'ping -c 1 192.168.121.198', 'df -h', 'free -m', 'ps aux | head -3', 'lsmod | head -3',
  'kubectl create -f debug.yaml', 'kubectl delete -f debug.yaml', 'kubectl cordon 192.168.121.198', 'kubectl uncordon 192.168.121.198', 'kubectl -n kube-system delete pods -l k8s-app=kube-dns --wait=false',
  'sudo sysctl -w net.ipv4.ip_forward=1', 'sudo systemctl restart firewalld', 'sudo gravity exec systemctl restart flanneld', 'nosuchcommand', 'cat /etc/shadow', 'sudo',
] as const;

export const operatorCommands = (topology: Topology = 'three-masters'): fc.Arbitrary<DrawnLine> => fc.record({ on: fc.constantFrom(...nodesOf(topology)), run: fc.constantFrom(...LINES) });
