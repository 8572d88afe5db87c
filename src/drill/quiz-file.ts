/**
 * Questions as authors write them: a `quiz` block in YAML. The kind follows from what is given: `point`, `steps`,
 * choices with `run`, `find`, or none of these. With `vary` one block makes several questions, one at each try.
 */
import { load, YAMLException } from 'js-yaml';
import type { Choice, Quiz, QuizKind } from './quiz.ts';
import { readVerb, type SimVerb } from './verbs.ts';

type Fail = (reason: string) => void;
type Mapping = Readonly<Record<string, unknown>>;

export const QUIZ_KEYS = ['question', 'first', 'wait', 'on', 'run', 'find', 'choices', 'steps', 'point', 'world', 'vary'];
/** More orders than a trial can go through. */
const STEPS_MAX = 5;

const isMapping = (value: unknown): value is Mapping => typeof value === 'object' && value !== null && !Array.isArray(value);

/** The questions of a block: one, or one for each entry of `vary`. Mistakes go to `fail`. */
export function readQuizBlock(text: string, id: string, nodes: readonly string[], fail: Fail): Quiz[] {
  let value: unknown = null;
  try { value = load(text); } catch (error) { fail(`quiz: ${error instanceof YAMLException ? error.reason : String(error)}`); return []; }
  return readQuiz(value, id, nodes, fail);
}

export function readQuiz(value: unknown, id: string, nodes: readonly string[], fail: Fail): Quiz[] {
  const v = isMapping(value) ? value : {};
  for (const key of Object.keys(v)) if (!QUIZ_KEYS.includes(key)) fail(`quiz: unknown key ${key}; known are ${QUIZ_KEYS.join(', ')}`);
  const { vary, ...rest } = v;
  if (vary === undefined) return [readOne(rest, id, nodes, fail)];
  if (!Array.isArray(vary) || !vary.length || !vary.every(isMapping)) { fail('quiz: vary must be a list of mappings such as { node: node-1 }'); return []; }
  return vary.map((names: Mapping, i) => readOne(filled(rest, names) as Mapping, `${id}/${i + 1}`, nodes, fail));
}

/** Every text with `{name}` filled in. */
function filled(value: unknown, names: Mapping): unknown {
  if (typeof value === 'string') return value.replace(/\{(\w+)\}/g, (whole, name: string) => (Object.hasOwn(names, name) ? String(names[name]) : whole));
  if (Array.isArray(value)) return value.map((each) => filled(each, names));
  return isMapping(value) ? Object.fromEntries(Object.entries(value).map(([key, each]) => [key, filled(each, names)])) : value;
}

function readOne(v: Mapping, id: string, nodes: readonly string[], fail: Fail): Quiz {
  const text = (key: string): string => { if (typeof v[key] !== 'string') fail(`quiz: ${key} must be a text`); return String(v[key] ?? ''); };
  const node = (name: unknown, what: string): string => { if (!nodes.includes(String(name))) fail(`quiz: ${what}: unknown node ${String(name)}; known are ${nodes.join(', ')}`); return String(name); };
  const choices = readChoices(v, nodes, node, fail);
  const kind: QuizKind = v['point'] !== undefined ? 'point' : v['steps'] !== undefined ? 'order' : choices.some(({ run }) => run !== undefined) ? 'choose' : v['find'] === undefined ? 'spot' : 'predict';
  if (kind === 'spot' && v['wait'] !== undefined && typeof v['wait'] !== 'number') fail('quiz: wait must be a number of seconds');
  const find = kind === 'spot' ? '' : text('find');
  try { new RegExp(find, 'm'); } catch (error) { fail(`quiz: find: ${(error as Error).message}`); }
  const wait = v['wait'] ?? 0;
  if (typeof wait !== 'number' || wait < 0) fail('quiz: wait must be a number of seconds');
  const world = v['world'] ?? 'start';
  if (world !== 'start' && world !== 'now') fail('quiz: world must be start or now');
  return {
    id, kind, question: text('question'), choices, first: readFirst(v['first'], nodes, node, fail), waitSeconds: Number(wait), find,
    ask: { on: node(v['on'], 'on'), run: text('run') }, world: world === 'now' ? 'now' : 'start',
  };
}

function readFirst(value: unknown, nodes: readonly string[], node: (name: unknown, what: string) => string, fail: Fail): SimVerb[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) { fail('quiz: first must be a list'); return []; }
  return value.flatMap((step): SimVerb[] => {
    if (typeof step === 'string') return [readVerb(step, 0, nodes, (reason) => fail(`quiz: first: ${reason}`))].filter((verb) => verb !== null);
    const { on, run } = isMapping(step) ? step : {};
    if (typeof on !== 'string' || typeof run !== 'string') { fail('quiz: each of first is a line such as `fault dns`, or has `on` and `run`'); return []; }
    return [{ verb: 'run', node: node(on, 'first'), command: run, line: 0 }];
  });
}

function readChoices(v: Mapping, nodes: readonly string[], node: (name: unknown, what: string) => string, fail: Fail): Choice[] {
  if (v['point'] !== undefined) {
    if (v['point'] !== 'nodes') fail('quiz: point must be nodes');
    return nodes.map((name) => ({ text: name }));
  }
  const key = v['steps'] === undefined ? 'choices' : 'steps';
  const list: readonly unknown[] = Array.isArray(v[key]) ? v[key] : [];
  if (list.length < 2) fail(`quiz: needs at least two ${key}`);
  if (key === 'steps' && list.length > STEPS_MAX) fail(`quiz: at most ${STEPS_MAX} steps can be put in order`);
  return list.map((choice): Choice => {
    if (!isMapping(choice)) {
      if (key === 'steps') fail('quiz: each step needs `run`');
      return { text: String(choice).trimEnd() };
    }
    const { text, run, on } = choice;
    if (typeof run !== 'string') fail('quiz: a choice is a text, or has `run`');
    return { text: String(text ?? run), run: String(run), ...(on === undefined ? {} : { on: node(on, key) }) };
  });
}
