/**
 * Goals, graded by effect: each runs its command on a fork of the world and looks at what came out. The
 * trainee's world never feels it.
 */
import { seconds } from '../sim/engine/time.ts';
import type { Goal, Scenario } from './scenario.ts';
import type { ExecAnswer, Session } from './session.ts';

export interface GoalResult { id: string; title: string; passed: boolean; /** What was seen, for a person. */ message: string }

export const checkGoals = (session: Session, scenario: Scenario): GoalResult[] => scenario.goals.map((goal) => checkGoal(session, goal));

/** When a goal with patience first looks again, in simulated seconds; each pause after that doubles the time passed. */
const AGAIN_SECONDS = 5;

export function checkGoal(session: Session, goal: Goal): GoalResult {
  const checking = checkingGoal(session, goal, () => false);
  for (;;) {
    const step = checking.next();
    if (step.done) return step.value;
  }
}

/** The same in slices: yields whenever `enough` says that others must have their turn. */
export function* checkingGoal(session: Session, goal: Goal, enough: () => boolean): Generator<void, GoalResult> {
  const fork = session.fork();
  const host = fork.sim.world.hosts[goal.on];
  if (!host) return result(goal, false, `there is no node ${goal.on}`);
  if (!host.up) return result(goal, false, `${goal.on} is down`);
  const began = fork.now;
  for (;;) {
    const seen = yield* fork.executing(goal.on, goal.run, enough, { user: goal.user, wait: 30 });
    const why = reasonAgainst(goal, seen);
    if (why === null) return result(goal, true, firstLine(seen));
    const passed = fork.now - began;
    if (passed >= seconds(goal.within)) return result(goal, false, goal.message ?? why);
    const until = began + Math.min(seconds(goal.within), Math.max(2 * passed, passed + seconds(AGAIN_SECONDS)));
    while (fork.sim.runUntil(until, enough)) yield;
  }
}

const result = (goal: Goal, passed: boolean, message: string): GoalResult => ({ id: goal.id, title: goal.title, passed, message });
const firstLine = (seen: ExecAnswer): string => (seen.stdout + seen.stderr).split('\n')[0]!.slice(0, 200);

function reasonAgainst(goal: Goal, seen: ExecAnswer): string | null {
  const text = seen.stdout + seen.stderr;
  if (seen.exit === null) return `\`${goal.run}\` did not end`;
  if (goal.exit !== undefined && seen.exit !== goal.exit) return `\`${goal.run}\` ended with status ${seen.exit}: ${firstLine(seen)}`;
  const found = goal.match === undefined ? null : new RegExp(goal.match, 'm').exec(text);
  if (goal.match !== undefined && !found) return `\`${goal.run}\` said: ${firstLine(seen) || 'nothing'}`;
  const against = goal.not === undefined ? null : new RegExp(goal.not, 'm').exec(text);
  return against ? `\`${goal.run}\` still says: ${against[0]}` : null;
}
