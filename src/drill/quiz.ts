/**
 * A question whose answer is found by doing: the simulator tries it on a fork, so no answer is written
 * anywhere. Two kinds. `predict`: something is done, a command is run, and the right choice is what its
 * output says. `choose`: each choice is a command, and those are right after which a check holds.
 */
import type { ExecAnswer, Session } from './session.ts';

export interface TrialStep { on: string; run: string }
export interface Choice { text: string; /** For `choose`: what this choice does. */ run?: string | undefined; on?: string | undefined }
export interface Quiz {
  id: string; question: string; choices: Choice[];
  /** Done first, on the fork. */
  first: TrialStep[]; waitSeconds: number;
  /** Whose output decides. */
  ask: TrialStep;
  /** `predict`: the group that holds the answer. `choose`: what must match. */
  find: string;
  kind: 'predict' | 'choose';
}
export interface Verdict { right: boolean[]; /** What happened on the fork, for each choice (`predict`: the same for all). */ seen: string[] }

const WAIT_MAX = 3_600;
const said = ({ stdout, stderr }: ExecAnswer): string => `${stdout}${stderr}`.trimEnd();
const plain = (text: string): string => text.replace(/\s+/g, ' ').trim().toLowerCase();

/** Tries it. The session does not feel it. */
export function judge(session: Session, quiz: Quiz): Verdict {
  const find = new RegExp(quiz.find, 'm');
  const wait = Math.min(quiz.waitSeconds, WAIT_MAX);
  if (quiz.kind === 'predict') {
    const fork = session.fork();
    for (const { on, run } of quiz.first) fork.exec(on, run);
    fork.advance(wait);
    const seen = said(fork.exec(quiz.ask.on, quiz.ask.run));
    const match = find.exec(seen);
    const answer = plain(match?.[1] ?? match?.[0] ?? '');
    return { right: quiz.choices.map(({ text }) => plain(text) === answer), seen: quiz.choices.map(() => seen) };
  }
  const outcomes = quiz.choices.map(({ run, on }) => {
    const fork = session.fork();
    for (const step of quiz.first) fork.exec(step.on, step.run);
    const first = run === undefined ? '' : said(fork.exec(on ?? quiz.ask.on, run));
    fork.advance(wait);
    const after = said(fork.exec(quiz.ask.on, quiz.ask.run));
    return { right: find.test(after), seen: `${run === undefined ? '' : `$ ${run}\n${first}\n`}$ ${quiz.ask.run}\n${after}` };
  });
  return { right: outcomes.map(({ right }) => right), seen: outcomes.map(({ seen }) => seen) };
}

/** Reads a `quiz` block of a scenario (already YAML). Mistakes go to `fail`. */
export function readQuiz(value: unknown, id: string, fail: (reason: string) => void): Quiz {
  const v = (typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {}) as Record<string, unknown>;
  const known = ['question', 'first', 'wait', 'on', 'run', 'find', 'choices'];
  for (const key of Object.keys(v)) if (!known.includes(key)) fail(`quiz: unknown key ${key}; known are ${known.join(', ')}`);
  const text = (key: string): string => { if (typeof v[key] !== 'string') fail(`quiz: ${key} must be a text`); return String(v[key] ?? ''); };
  const first = (Array.isArray(v['first']) ? v['first'] : []).map((step) => {
    const { on, run } = (step ?? {}) as Partial<TrialStep>;
    if (typeof on !== 'string' || typeof run !== 'string') fail('quiz: each of first needs `on` and `run`');
    return { on: String(on), run: String(run) };
  });
  const choices = (Array.isArray(v['choices']) ? v['choices'] : []).map((choice): Choice => {
    if (typeof choice !== 'object' || choice === null) return { text: String(choice) };
    const { text: label, run, on } = choice as Partial<Choice>;
    if (typeof run !== 'string') fail('quiz: a choice is a text, or has `run`');
    return { text: String(label ?? run), run: String(run), on };
  });
  if (choices.length < 2) fail('quiz: needs at least two choices');
  const kind = choices.some(({ run }) => run !== undefined) ? 'choose' : 'predict';
  const find = text('find');
  try { new RegExp(find, 'm'); } catch (error) { fail(`quiz: find: ${(error as Error).message}`); }
  return { id, question: text('question'), choices, first, waitSeconds: Number(v['wait'] ?? 0), ask: { on: text('on'), run: text('run') }, find, kind };
}
