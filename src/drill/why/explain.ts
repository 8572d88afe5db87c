/**
 * "Why?" for whatever a person can point at: a packet, a pod, what a probe found, a phase of an operation, a command
 * that failed. `sinceWhen` goes on from the last reason to the step that made it so.
 */
import type { Question } from '../../sim/trace.ts';
import type { SavedSession, Session } from '../session.ts';
import { commandReasons } from './command.ts';
import { nodeReasons, podReasons, probeReasons } from './cluster.ts';
import { packetReasons } from './packet.ts';
import { phaseReasons } from './phase.ts';
import { shows, type Explanation, type Proof } from './reason.ts';

export type { Explanation, Proof, Reason } from './reason.ts';
export type Subject =
  | ({ kind: 'packet' } & Question)
  | { kind: 'pod'; /** namespace/name */ pod: string }
  | { kind: 'node'; node: string }
  | { kind: 'probe'; node: string; /** Satellite's words. */ words: string }
  | { kind: 'phase'; node: string }
  | { kind: 'command'; node: string; command: string; output: string; exit: number | null };

/** The session does not feel it. */
export function explain(session: Session, subject: Subject): Explanation {
  switch (subject.kind) {
    case 'packet': return { title: `A ${subject.proto} packet from ${subject.pod ?? subject.node ?? ''} to ${subject.to}${subject.port ? ` port ${subject.port}` : ''}`, reasons: packetReasons(session, subject) };
    case 'pod': return { title: `Pod ${subject.pod}`, reasons: podReasons(session, subject.pod) };
    case 'node': return { title: subject.node, reasons: nodeReasons(session, subject.node) };
    case 'probe': return { title: `${subject.node}: ${subject.words}`, reasons: probeReasons(session, subject.node, subject.words) };
    case 'phase': return { title: 'The operation', reasons: phaseReasons(session, subject.node) };
    case 'command': return { title: `$ ${subject.command}`, reasons: commandReasons(session, subject) };
  }
}

/** A step that was taken, and the world just before it. */
export interface StepBefore { label: string; before: SavedSession }

/**
 * Since when a proof shows what it shows: the step after which it did for the first time without a break. `start`: it
 * did when the drill began. Null: it does not show it, or nobody's step made it so.
 */
export function sinceWhen(session: Session, proof: Proof, steps: readonly StepBefore[]): { step: number; label: string } | 'start' | null {
  if (!shows(session, proof)) return null;
  const held = (saved: SavedSession): boolean => {
    const then = session.fork();
    then.restore(saved);
    return shows(then, proof);
  };
  for (let i = steps.length - 1; i >= 0; i--) if (!held(steps[i]!.before)) return { step: i, label: steps[i]!.label };
  return 'start';
}
