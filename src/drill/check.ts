/**
 * An author's truth tests on one scenario: its transcripts show what they say, its symptoms show and its goals are
 * false while the drill is broken, and the other way round after the solution; no shorter solution passes, what its
 * hints tell to type is there, and whatever an operator types before, the solution still solves it.
 * Every fault found has a file, a line and a reason.
 */
import { draw } from '../sim/engine/rng.ts';
import { checkGoal, checkGoals, type GoalResult } from './goals.ts';
import type { Problem } from './markdown.ts';
import { OPERATOR_LINES } from './operator.ts';
import { asExpected, Player, type Played } from './transcript.ts';
import type { Block, Goal, Scenario } from './scenario.ts';
import type { Session } from './session.ts';
import { typePatiently } from './trial.ts';

/** `seenIn`: the world of the last problem found, where it was seen in one. */
export interface Verdict { problems: Problem[]; played: Played[]; seenIn: Session | null }
/** `states`: from how many random states the solution must still solve the drill; `seed`: what they are drawn from. */
export interface CheckOptions { states?: number; seed?: number }

/** How long one step of a solution may take, in simulated seconds. */
const STEP_SECONDS = 3600;
/** A random state: so many lines at most, and so long after each. */
const STRAY_LINES = 4, STRAY_SECONDS = [0, 1, 5, 20];

export type Tell = (line: number, reason: string, session: Session) => void;

/** `session`: a world of the scenario's topology, as booted. */
export function checkScenario(scenario: Scenario, session: Session, { states = 0, seed = 1 }: CheckOptions = {}): Verdict {
  const problems: Problem[] = [];
  let seenIn: Session | null = null;
  const tell: Tell = (line, reason, where) => {
    problems.push({ file: scenario.file, line, reason });
    seenIn = where;
  };
  const [broken, rest] = partsOf(scenario.blocks);
  const player = new Player(session);
  const played = player.play(broken);
  const start = player.session.fork();
  played.push(...player.play(rest));
  for (const each of played) if (!asExpected(each)) tell(each.exchange.line, differs(each), player.session);
  checkSolution(scenario, start.fork(), tell);
  tellGoals(scenario, checkGoals(player.session, scenario).filter((goal) => !goal.passed), 'is not met at the end of the lesson', player.session, tell);
  checkHints(scenario, session, tell);
  for (let i = 0; i < states; i++) checkStray(scenario, start.fork(), `${seed}/${i}`, tell);
  return { problems: problems.sort((a, b) => a.line - b.line), played, seenIn };
}

/** Everything up to the section that repairs it, and what follows. Without such a section: the drill as it is set up. */
export function partsOf(blocks: readonly Block[]): [Block[], Block[]] {
  const repair = blocks.findIndex((block) => block.kind === 'prose' && /^## Repair/m.test(block.text));
  const first = blocks.findIndex((block) => block.kind === 'console');
  const end = repair >= 0 ? repair : first < 0 ? blocks.length : first;
  return [blocks.slice(0, end), blocks.slice(end)];
}

const indent = (text: string): string => text.replace(/^/gm, '    ').replace(/ +$/, '');
const differs = ({ exchange, actual, stuck }: Played): string =>
  `$ ${exchange.input ?? ''}\n  was to show\n${indent(exchange.output)}\n  but showed\n${indent(actual)}${stuck ? '\n  and still runs' : ''}`;

function tellGoals(scenario: Scenario, goals: readonly GoalResult[], what: string, session: Session, tell: Tell): void {
  for (const goal of goals) tell(scenario.lines.goals[scenario.goals.findIndex(({ id }) => id === goal.id)]!, `goal ${goal.id} ${what}: ${goal.message}`, session);
}

function tellSymptoms(scenario: Scenario, session: Session, shown: boolean, what: string, tell: Tell): void {
  for (const [i, symptom] of scenario.symptoms.entries()) {
    const seen = checkGoal(session, symptom);
    if (seen.passed !== shown) tell(scenario.lines.symptoms[i]!, `symptom ${i + 1} ${what}: ${seen.message}`, session);
  }
}

function checkSolution(scenario: Scenario, session: Session, tell: Tell): void {
  tellSymptoms(scenario, session, true, 'does not show though nothing is repaired', tell);
  tellGoals(scenario, checkGoals(session, scenario).filter((goal) => goal.passed), 'is met though nothing is repaired', session, tell);
  const met = conjunction(scenario.goals);
  let enough = false;
  for (const [i, step] of scenario.solution.entries()) {
    const line = scenario.lines.solution[i]!;
    if (i > 0 && !enough && met(session)) tell(line, `all goals are met before step ${i + 1}: \`${step.run}\` is not needed (or the step before is \`enough: true\`)`, session);
    const { exit } = session.exec(step.node, step.run, { wait: STEP_SECONDS });
    if (exit === null) tell(line, `step ${i + 1}: \`${step.run}\` does not end`, session);
    enough ||= step.enough;
  }
  tellGoals(scenario, checkGoals(session, scenario).filter((goal) => !goal.passed), 'is not met after the solution', session, tell);
  tellSymptoms(scenario, session, false, 'still shows after the solution', tell);
}

/** Whether all goals hold. One that does not is enough to know, so the one that failed last is asked first, then the quickest to tell. */
function conjunction(goals: readonly Goal[]): (session: Session) => boolean {
  let order = [...goals].sort((a, b) => a.within - b.within);
  return (session) => {
    const failing = order.find((goal) => !checkGoal(session, goal).passed);
    if (failing) order = [failing, ...order.filter((goal) => goal !== failing)];
    return !failing;
  };
}

/** No dead end: an operator types this and that, and then the solution. What fails is typed again: a restarted firewalld takes kube-proxy's rules for up to 30 s. */
export function checkStray(scenario: Scenario, session: Session, name: string, tell: Tell): void {
  const dice = { seed: 1, rng: {} };
  const pick = <T>(what: string, list: readonly T[]): T => list[draw(dice, `stray/${scenario.id}/${name}/${what}`, list.length)]!;
  const typed: string[] = [];
  for (let i = 0, count = pick('count', [...Array(STRAY_LINES).keys()]) + 1; i < count; i++) {
    const node = pick(`${i}/node`, session.nodes.filter((each) => session.sim.world.hosts[each]!.up));
    const run = pick(`${i}/line`, OPERATOR_LINES);
    typed.push(`${node}$ ${run}`);
    session.exec(node, run, { wait: 60 });
    session.advance(pick(`${i}/seconds`, STRAY_SECONDS));
  }
  for (const step of scenario.solution) typePatiently(session, step.node, step.run, STEP_SECONDS);
  tellGoals(scenario, checkGoals(session, scenario).filter((goal) => !goal.passed), `is not met after ${typed.join('; ')} and the solution`, session, tell);
}

/** What a hint shows in back quotes, with more than one word, is something to type. */
function checkHints(scenario: Scenario, session: Session, tell: Tell): void {
  for (const [i, hint] of scenario.hints.entries()) {
    const quoted = hint.split('`').filter((part, at) => at % 2 === 1 && part.includes(' '));
    for (const command of quoted) {
      const word = commandWord(command);
      const fork = session.fork();
      const node = fork.nodes.find((name) => fork.sim.world.hosts[name]!.up)!;
      const there = fork.exec(node, `type ${word}`).exit === 0 || fork.exec(node, `cd /home/vagrant/installer && type ${word} || cd /home/vagrant/upgrade && type ${word}`).exit === 0
        || (fork.sim.world.hosts[node]!.roots['planet'] !== undefined && fork.exec(node, `type ${word}`, { planet: true }).exit === 0);
      if (!there) tell(scenario.lines.hints[i]!, `hint ${i + 1}: \`${word}\` is no command here`, session);
    }
  }
}

/** The program of a line: behind sudo and assignments. */
const commandWord = (line: string): string => line.split(/\s+/).find((word) => word !== 'sudo' && !/^\w+=/.test(word)) ?? line;
