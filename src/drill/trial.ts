/**
 * A fault on trial: strike, wait until its symptoms show, repair it as its own row says, wait until they are
 * gone. What a row claims is thereby proved on the model; it knows no particular fault.
 */
import type { Fault, Symptom } from '../sim/faults/strike.ts';
import type { Session } from './session.ts';

/** How often one looks again, and how long a repaired cluster may take, in simulated seconds. */
const AGAIN_SECONDS = 5;
/** What a hand types in a fault takes its time: nobody repairs before it has gone. */
const HAND_SECONDS = 5;
const HEAL_SECONDS = 240;
const LINE_SECONDS = 900;
const TRIES = 3, RETRY_SECONDS = 20;

/** Whether a symptom shows now. It is looked at on a fork: looking changes nothing. */
export function shows(session: Session, { on, run, user, match, not, exit }: Symptom): boolean {
  const fork = session.fork();
  if (!fork.sim.world.hosts[on]?.up) return false;
  const seen = fork.exec(on, run, { user, wait: 30 });
  const text = seen.stdout + seen.stderr;
  return (exit === undefined || seen.exit === exit) && (match === undefined || new RegExp(match, 'm').test(text)) && (not === undefined || !new RegExp(not, 'm').test(text));
}

/** Lets time pass until `done`, at most so many seconds. */
export function until(session: Session, within: number, done: () => boolean): boolean {
  for (let left = within; ; left -= AGAIN_SECONDS) {
    if (done()) return true;
    if (left <= 0) return false;
    session.advance(Math.min(left, AGAIN_SECONDS));
  }
}

export function repair(session: Session, fault: Fault): void {
  for (const step of fault.repair ?? []) {
    if ('advance' in step) session.advance(step.advance);
    else if ('fault' in step) session.fault(step.fault, step.args);
    else typePatiently(session, step.on, step.run, LINE_SECONDS);
  }
}

/** A person types a line again that failed: a cluster that has just come back may not answer yet. */
export function typePatiently(session: Session, node: string, run: string, wait: number): void {
  for (let i = 0; i < TRIES && session.exec(node, run, { wait }).exit !== 0; i++) session.advance(RETRY_SECONDS);
}

/** What is not as the fault's row says; nothing when all is. The session is used up. */
export function trial(session: Session, fault: Fault): string[] {
  const symptoms = fault.symptoms ?? [];
  const early = symptoms.filter((symptom) => shows(session, symptom)).map(({ run }) => `shows before it strikes: ${run}`);
  session.fault(fault.name, {});
  session.advance(HAND_SECONDS);
  const hidden = symptoms.filter((symptom) => !until(session, symptom.within, () => shows(session, symptom))).map(({ run }) => `does not show: ${run}`);
  repair(session, fault);
  const kept = symptoms.filter((symptom) => !isHistory(symptom) && !until(session, HEAL_SECONDS, () => !shows(session, symptom))).map(({ run }) => `still shows after the repair: ${run}`);
  return [...early, ...hidden, ...kept];
}

/** A journal keeps what it has told. */
const isHistory = ({ run }: Symptom): boolean => run.includes('journalctl');
