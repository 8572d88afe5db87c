/**
 * Hints from the state of things: which steps of the solution are still needed, found by trying on forks, and a
 * ladder of words for the first of them. A step that is done is never hinted at, in whatever order it was done.
 */
import { checkingGoal, type GoalResult } from './goals.ts';
import type { Scenario, SolutionStep } from './scenario.ts';
import type { Session } from './session.ts';

/** How long a step of a solution may take, in simulated seconds. */
const STEP_SECONDS = 900;

export interface Advice {
  /** What is not met yet. */
  unmet: { title: string; message: string }[];
  /** `step`: the next that is needed. `wait`: all is done, and time will show it. `lesson`: what the goals are about is not there yet. */
  next: { kind: 'step'; step: SolutionStep; left: number } | { kind: 'wait' } | { kind: 'lesson' } | { kind: 'met' };
}

/** In slices: yields whenever `enough` says that others must have their turn. The session does not feel it. */
export function* advising(session: Session, scenario: Scenario, enough: () => boolean): Generator<void, Advice> {
  const now = yield* goalsOf(session, scenario, enough, false);
  const unmet = now.filter(({ passed }) => !passed).map(({ title, message }) => ({ title, message }));
  if (!unmet.length) return { unmet, next: { kind: 'met' } };
  const works = function* (steps: readonly SolutionStep[]): Generator<void, boolean> {
    const fork = session.fork();
    for (const { node, run } of steps) yield* fork.executing(node, run, enough, { wait: STEP_SECONDS });
    return (yield* goalsOf(fork, scenario, enough, true)).every(({ passed }) => passed);
  };
  let left = [...scenario.solution];
  if (!(yield* works(left))) return { unmet, next: { kind: 'lesson' } };
  for (const step of scenario.solution) {
    const without = left.filter((other) => other !== step);
    if (yield* works(without)) left = without;
  }
  return { unmet, next: left[0] ? { kind: 'step', step: left[0], left: left.length } : { kind: 'wait' } };
}

/** The first that fails ends it, when only all of them matter. */
function* goalsOf(session: Session, scenario: Scenario, enough: () => boolean, all: boolean): Generator<void, GoalResult[]> {
  const results: GoalResult[] = [];
  for (const goal of scenario.goals) {
    const result = yield* checkingGoal(session, all ? goal : { ...goal, within: 0 }, enough);
    results.push(result);
    if (all && !result.passed) break;
  }
  return results;
}

/** The command of a line and what it is called with, its values left out. */
export function shapeOf(run: string): string {
  const words = run.split(/\s+/);
  const at = words.findIndex((word) => word !== 'sudo' && !/^\w+=/.test(word));
  const shown = words.slice(0, at + 1);
  for (const word of words.slice(at + 1)) shown.push(/^-/.test(word) || (/^[a-z][a-z-]*$/.test(word) && shown.length <= at + 2) ? word : '…');
  return shown.join(' ').replace(/…( …)+/g, '…');
}

/** From a direction to the very line. */
export function ladderOf({ unmet, next }: Advice): { text: string; run?: { node: string; line: string } }[] {
  const open = unmet.map(({ title, message }) => `${title}: not yet. ${message}`.replace(/\.?$/, '.'));
  switch (next.kind) {
    case 'met': return [{ text: 'All goals are met.' }];
    case 'wait': return [{ text: open[0]! }, { text: 'Nothing more is to be done: let time pass, and it will be met.' }];
    case 'lesson': return [{ text: open[0]! }, { text: 'Go on with the lesson: what this goal is about is not there yet, or something else has been broken besides. Undo, or ask Why?.' }];
    case 'step': {
      const { node, run } = next.step;
      return [
        { text: open[0]! },
        { text: `Look at ${node}.${next.left > 1 ? ` ${next.left} steps are left.` : ' One step is left.'}` },
        { text: `The line has this shape: ${shapeOf(run)}` },
        { text: run, run: { node, line: run } },
      ];
    }
  }
}
