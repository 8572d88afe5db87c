/**
 * fast-check arbitraries for cluster worlds: topologies, faults with arguments that are allowed, lines that an
 * operator types, and the time between them. All shrink: to the first topology, the default arguments, the
 * shortest line.
 */
import fc from 'fast-check';
import { OPERATOR_LINES } from '../drill/operator.ts';
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

export const operatorCommands = (topology: Topology = 'three-masters'): fc.Arbitrary<DrawnLine> => fc.record({ on: fc.constantFrom(...nodesOf(topology)), run: fc.constantFrom(...OPERATOR_LINES) });
