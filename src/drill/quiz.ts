/**
 * A question whose answer is found by doing: the simulator tries it on a fork, so no answer is written
 * anywhere. What is chosen is graded by its effect. quiz-file.ts reads questions from YAML.
 */
import { seconds } from '../sim/engine/time.ts';
import { showsAsExpected } from './elastic.ts';
import type { ExecAnswer, Session } from './session.ts';
import { applying, applyVerb, type SimVerb } from './verbs.ts';

/**
 * `predict`: the right choice is what the command's output says. `point`: the same, and the choices are the map's
 * nodes. `spot`: the right choice is the whole output. `choose`: each choice is a command, and those are right after
 * which the check holds. `order`: the choices are steps, and those orders are right after which the check holds.
 */
export type QuizKind = 'predict' | 'point' | 'spot' | 'choose' | 'order';
export interface TrialStep { on: string; run: string }
export interface Choice { text: string; /** For `choose` and `order`: what this choice does. */ run?: string | undefined; on?: string | undefined }
export interface Quiz {
  id: string; kind: QuizKind; question: string; choices: Choice[];
  /** Done first, on the fork. */
  first: SimVerb[];
  /** Between the last thing done and the look. */
  waitSeconds: number;
  /** Whose output decides. */
  ask: TrialStep;
  /** `predict`, `point`: the group that holds the answer. `choose`, `order`: what must match. */
  find: string;
  /** Which world is tried: the drill's beginning, or what the trainee has made of it. */
  world: 'start' | 'now';
}
/** What a trainee says: one choice, or all of them in an order. */
export type Given = { choice: number } | { order: readonly number[] };
export interface Verdict { right: boolean; /** What happened on the fork. */ seen: string }

const WAIT_MAX = 3_600;
const LINE_SECONDS = 900;
const said = ({ stdout, stderr }: ExecAnswer): string => `${stdout}${stderr}`.trimEnd();
const plain = (text: string): string => text.replace(/\s+/g, ' ').trim().toLowerCase();

/** Tries it in slices: yields whenever `enough` says that others must have their turn. The session does not feel it. */
export function* judging(session: Session, quiz: Quiz, given: Given, enough: () => boolean): Generator<void, Verdict> {
  const fork = session.fork();
  for (const verb of quiz.first) yield* applying(fork, verb, enough);
  const tried = yield* trying(fork, quiz, given, enough);
  return { right: isRight(fork, quiz, given, tried.output), seen: tried.seen };
}

/** What is chosen, and then the look. */
function* trying(fork: Session, quiz: Quiz, given: Given, enough: () => boolean): Generator<void, { output: string; seen: string }> {
  const steps = 'order' in given ? given.order.map((i) => quiz.choices[i]!) : [quiz.choices[given.choice]!];
  let seen = '';
  for (const { run, on } of steps) {
    if (run === undefined) continue;
    const answer = said(yield* fork.executing(on ?? quiz.ask.on, run, enough, { wait: LINE_SECONDS }));
    seen += `${on && on !== quiz.ask.on ? on : ''}$ ${run}\n${answer}${answer ? '\n' : ''}`;
  }
  const until = fork.now + seconds(Math.min(quiz.waitSeconds, WAIT_MAX));
  while (fork.now < until && fork.sim.runUntil(until, enough)) yield;
  const output = said(yield* fork.executing(quiz.ask.on, quiz.ask.run, enough, { wait: LINE_SECONDS }));
  return { output, seen: `${seen}$ ${quiz.ask.run}\n${output}` };
}

const atOnce = <T>(work: Generator<void, T>): T => {
  for (;;) {
    const step = work.next();
    if (step.done) return step.value;
  }
};

export const judge = (session: Session, quiz: Quiz, given: Given): Verdict => atOnce(judging(session, quiz, given, () => false));

/** For authors and tests: a verdict on everything that could be said. What all of it has in common is done once. */
export function judgeAll(session: Session, quiz: Quiz): Verdict[] {
  const before = session.fork();
  for (const verb of quiz.first) applyVerb(before, verb);
  const acts = quiz.kind === 'choose' || quiz.kind === 'order';
  const once = acts ? null : atOnce(trying(before.fork(), quiz, { choice: 0 }, () => false));
  return allGiven(quiz).map((given) => {
    const { output, seen } = once ?? atOnce(trying(before.fork(), quiz, given, () => false));
    return { right: isRight(before, quiz, given, output), seen };
  });
}

function isRight(session: Session, quiz: Quiz, given: Given, output: string): boolean {
  const chosen = 'choice' in given ? quiz.choices[given.choice]!.text : '';
  if (quiz.kind === 'spot') return showsAsExpected(`${chosen.trimEnd()}\n`, `${output}\n`);
  const match = new RegExp(quiz.find, 'm').exec(output);
  if (quiz.kind === 'choose' || quiz.kind === 'order') return match !== null;
  const answer = plain(match?.[1] ?? match?.[0] ?? '');
  // A tool may speak of a node by its address where a person says its name.
  const node = Object.values(session.sim.world.hosts).find(({ address }) => address === answer)?.name;
  return plain(chosen) === answer || plain(chosen) === node;
}

/** Everything that could be said to a question. */
export const allGiven = ({ kind, choices }: Quiz): Given[] =>
  (kind === 'order' ? orders(choices.map((_, i) => i)).map((order) => ({ order })) : choices.map((_, choice) => ({ choice })));

const orders = (list: readonly number[]): number[][] =>
  (list.length <= 1 ? [[...list]] : list.flatMap((first) => orders(list.filter((other) => other !== first)).map((rest) => [first, ...rest])));
