/**
 * What holds of every world, whatever was done to it. Each looks on a fork and says what is wrong, or nothing.
 */
import type { Session } from '../drill/session.ts';
import { Simulation } from '../sim/simulation.ts';

export interface Invariant { readonly name: string; readonly broken: (session: Session) => string | null }

const json = (session: Session, node: string, run: string): { items: readonly Record<string, never>[] } | null => {
  const seen = session.exec(node, run, { user: 'root', wait: 20 });
  if (seen.exit !== 0) return null; // a cluster that cannot answer breaks nothing by its silence
  try { return JSON.parse(seen.stdout) as { items: readonly Record<string, never>[] }; } catch { return null; }
};
interface Pod { metadata: { name: string; namespace: string; labels?: Record<string, string>; deletionTimestamp?: string }; spec: { nodeName?: string; hostNetwork?: boolean }; status: { podIP?: string; phase: string } }

export const invariants: readonly Invariant[] = [
  {
    name: 'a shell answers on every node that is up',
    broken: (session) => session.nodes.filter((node) => session.sim.world.hosts[node]!.up && session.exec(node, 'echo well', { wait: 10 }).stdout !== 'well\n').map((node) => `no answer on ${node}`)[0] ?? null,
  },
  {
    name: 'looking changes nothing',
    broken(session) {
      const before = session.sim.digest();
      session.fork().exec(session.nodes[0]!, 'ls / >/dev/null', { wait: 10 });
      return session.sim.digest() === before ? null : 'a fork has changed the world that it came from';
    },
  },
  {
    name: 'a world comes back from text as it was',
    broken(session) {
      const { machine } = session.sim;
      return Simulation.load(session.sim.save(), machine.programs, machine.images).digest() === session.sim.digest() ? null : 'saved and loaded, the digest is another';
    },
  },
  {
    name: 'no two running pods share an address',
    broken(session) {
      const found = json(session, session.nodes[0]!, 'kubectl get pods -A -o json');
      const seen = new Map<string, string>();
      for (const pod of (found?.items ?? []) as unknown as Pod[]) {
        if (pod.spec.hostNetwork || !pod.status.podIP || pod.status.phase !== 'Running' || pod.metadata.deletionTimestamp) continue;
        const other = seen.get(pod.status.podIP);
        if (other) return `${pod.metadata.name} and ${other} both have ${pod.status.podIP}`;
        seen.set(pod.status.podIP, pod.metadata.name);
      }
      return null;
    },
  },
];

/** The invariants that do not hold. The session stays as it is. */
export const brokenInvariants = (session: Session): string[] =>
  invariants.flatMap(({ name, broken }) => { const reason = broken(session.fork()); return reason === null ? [] : [`${name}: ${reason}`]; });
