/**
 * An author's truth tests on one scenario: its transcripts show what they say, its goals are false while the
 * drill is broken and true after the solution and at the end of the lesson, no shorter solution passes,
 * and what its hints tell to type is there. Every fault found has a file, a line and a reason.
 */
import { checkGoals, type GoalResult } from './goals.ts';
import type { Problem } from './markdown.ts';
import { asExpected, Player, type Played } from './transcript.ts';
import type { Block, Scenario } from './scenario.ts';
import type { Session } from './session.ts';

export interface Verdict { problems: Problem[]; played: Played[] }

/** How long one step of a solution may take, in simulated seconds. */
const STEP_SECONDS = 3600;

/** `session`: a world of the scenario's topology, as booted. */
export function checkScenario(scenario: Scenario, session: Session): Verdict {
  const problems: Problem[] = [];
  const tell = (line: number, reason: string): void => { problems.push({ file: scenario.file, line, reason }); };
  const [broken, rest] = parts(scenario.blocks);
  const player = new Player(session);
  const played = player.play(broken);
  const solver = player.fork();
  played.push(...player.play(rest));
  for (const each of played) if (!asExpected(each)) tell(each.exchange.line, differs(each));
  checkSolution(scenario, solver.session, tell);
  tellGoals(scenario, checkGoals(player.session, scenario).filter((goal) => !goal.passed), 'is not met at the end of the lesson', tell);
  checkHints(scenario, session, tell);
  return { problems: problems.sort((a, b) => a.line - b.line), played };
}

/** Everything up to the section that repairs it, and what follows. Without such a section: the drill as it is set up. */
function parts(blocks: readonly Block[]): [Block[], Block[]] {
  const repair = blocks.findIndex((block) => block.kind === 'prose' && /^## Repair/m.test(block.text));
  const first = blocks.findIndex((block) => block.kind === 'console');
  const end = repair >= 0 ? repair : first < 0 ? blocks.length : first;
  return [blocks.slice(0, end), blocks.slice(end)];
}

const indent = (text: string): string => text.replace(/^/gm, '    ').replace(/ +$/, '');
const differs = ({ exchange, actual, stuck }: Played): string =>
  `$ ${exchange.input ?? ''}\n  was to show\n${indent(exchange.output)}\n  but showed\n${indent(actual)}${stuck ? '\n  and still runs' : ''}`;

type Tell = (line: number, reason: string) => void;

function tellGoals(scenario: Scenario, goals: readonly GoalResult[], what: string, tell: Tell): void {
  for (const goal of goals) tell(scenario.lines.goals[scenario.goals.findIndex(({ id }) => id === goal.id)]!, `goal ${goal.id} ${what}: ${goal.message}`);
}

function checkSolution(scenario: Scenario, session: Session, tell: Tell): void {
  tellGoals(scenario, checkGoals(session, scenario).filter((goal) => goal.passed), 'is met though nothing is repaired', tell);
  let enough = false;
  for (const [i, step] of scenario.solution.entries()) {
    const line = scenario.lines.solution[i]!;
    if (i > 0 && !enough && checkGoals(session, scenario).every((goal) => goal.passed)) tell(line, `all goals are met before step ${i + 1}: \`${step.run}\` is not needed (or the step before is \`enough: true\`)`);
    const { exit } = session.exec(step.node, step.run, { wait: STEP_SECONDS });
    if (exit === null) tell(line, `step ${i + 1}: \`${step.run}\` does not end`);
    enough ||= step.enough;
  }
  tellGoals(scenario, checkGoals(session, scenario).filter((goal) => !goal.passed), 'is not met after the solution', tell);
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
      if (!there) tell(scenario.lines.hints[i]!, `hint ${i + 1}: \`${word}\` is no command here`);
    }
  }
}

/** The program of a line: behind sudo and assignments. */
const commandWord = (line: string): string => line.split(/\s+/).find((word) => word !== 'sudo' && !/^\w+=/.test(word)) ?? line;
