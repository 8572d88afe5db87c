/**
 * Where a packet from a node or a pod would go, for people and programs that ask: places are named as
 * Kubernetes names them. net/trace.ts does the walking.
 */
import { entries } from './engine/pages.ts';
import { tracePacket as walk, type Hop, type Trace } from './net/trace.ts';
import type { Simulation } from './simulation.ts';
import type { Host } from './world.ts';

export interface Question { node?: string | undefined; /** namespace/name */ pod?: string | undefined; to: string; proto: 'tcp' | 'udp' | 'icmp'; port: number }

interface Sandbox { labels: Readonly<Record<string, string>>; status: string; netns: string; networkMode: string }

/** The network namespace of a pod, from the labels of its containers. */
function namespaceOf(host: Host, pod: string): string | null {
  const dockerd = entries(host.procs).find((proc) => proc.program === 'dockerd' && proc.threadOf === null);
  for (const [key, value] of Object.entries(dockerd?.memory ?? {})) {
    if (!key.startsWith('c/')) continue;
    const { labels, status, netns } = value as unknown as Sandbox;
    if (status === 'running' && `${labels['io.kubernetes.pod.namespace']}/${labels['io.kubernetes.pod.name']}` === pod) return netns;
  }
  return null;
}

const isAddress = (text: string): boolean => /^\d{1,3}(\.\d{1,3}){3}$/.test(text) && text.split('.').every((part) => Number(part) <= 255);

/** What became of the packet, as the driver tells it. */
export function tracePacket(sim: Simulation, question: Question): { hops: readonly Hop[]; delivered: boolean } | { error: string } {
  const trace = followPacket(sim, question);
  return 'error' in trace ? trace : { hops: trace.hops, delivered: trace.delivered };
}

/** The packet's way there, and its answer's way back. */
export function followPacket(sim: Simulation, question: Question): Trace | { error: string } {
  const world = sim.snapshot();
  let place: { host: string; ns: string } | null = null;
  if (question.node !== undefined) {
    if (!Object.hasOwn(world.hosts, question.node)) return { error: `unknown node ${question.node}` };
    if (!world.hosts[question.node]!.up) return { error: `node ${question.node} is down` };
    place = { host: question.node, ns: 'host' };
  } else if (question.pod !== undefined) {
    for (const host of Object.values(world.hosts)) {
      const ns = namespaceOf(host, question.pod);
      if (ns !== null) place = { host: host.name, ns };
    }
    if (!place) return { error: `unknown pod ${question.pod}` };
  } else return { error: 'field from must be {"node":…} or {"pod":…}' };
  if (!isAddress(question.to)) return { error: `field to must be an address, not ${question.to}` };
  return walk(world, { ...place, to: question.to, proto: question.proto, port: question.port });
}
