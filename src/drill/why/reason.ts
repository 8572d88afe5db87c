/**
 * Why something is as it is: reasons from what is seen to its root, each with the real command that proves it.
 * A reason whose command does not show what it claims is never told. It knows no scenario: whoever explains reads
 * the world and the engine's trace only.
 */
import type { Session } from '../session.ts';

export interface Proof { on: string; run: string; /** A regular expression that its output matches. */ shows: string }
export interface Reason { text: string; proof: Proof | null; /** Here it goes wrong. */ bad: boolean }
export interface Explanation { title: string; /** From what is seen to what causes it. */ reasons: Reason[] }

/** How long a proof may take, in simulated seconds. */
const PROOF_SECONDS = 10;

export const literal = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
/** A text as one word of a shell. */
export const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

export const reason = (text: string, on: string, run: string, shows: string, bad = false): Reason => ({ text, proof: { on, run, shows }, bad });

/** What a command says, on a fork. */
export function ask(session: Session, on: string, run: string): string {
  if (!session.sim.world.hosts[on]?.up) return '';
  const { stdout, stderr } = session.fork().exec(on, run, { wait: PROOF_SECONDS });
  return stdout + stderr;
}

/** Whether the proof's command shows now what it should. */
export const shows = (session: Session, { on, run, shows: what }: Proof): boolean => session.sim.world.hosts[on]?.up === true && new RegExp(what, 'm').test(ask(session, on, run));

/** What can be proved of it. */
export const proved = (session: Session, reasons: readonly Reason[]): Reason[] => reasons.filter(({ proof }) => proof === null || shows(session, proof));
