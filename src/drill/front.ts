/**
 * The front matter of a scenario: what it is, its goals, hints and solution, read from YAML. Every mistake is
 * told with its key (and the number of the item in its list).
 */
import { TOPOLOGIES, type Topology } from '../sim/cluster.ts';
import type { Goal, Scenario, SolutionStep } from './scenario.ts';

export type Front = Omit<Scenario, 'file' | 'blocks' | 'lines'>;
/** `item`: which entry of a list, from 0. */
export type Fail = (key: string, reason: string, item?: number) => void;
type Mapping = Readonly<Record<string, unknown>>;

export const KEYS = ['id', 'title', 'chapter', 'summary', 'level', 'minutes', 'topology', 'symptoms', 'goals', 'hints', 'solution'];
export const GOAL_KEYS = ['id', 'title', 'on', 'run', 'user', 'match', 'not', 'exit', 'within', 'message'];
/** What a symptom has of them. */
export const SYMPTOM_KEYS = ['on', 'run', 'user', 'match', 'not', 'exit', 'within'];
export const STEP_KEYS = ['on', 'run', 'enough'];
export const LEVELS = ['beginner', 'intermediate', 'advanced'] as const;

const isMapping = (value: unknown): value is Mapping => typeof value === 'object' && value !== null && !Array.isArray(value);
const isText = (value: unknown): value is string => typeof value === 'string' && value.trim() !== '';

export function readFront(front: unknown, fail: Fail): Front | null {
  if (!isMapping(front)) { fail('', 'front matter: must be a mapping'); return null; }
  for (const key of Object.keys(front)) if (!KEYS.includes(key)) fail(key, `unknown key ${key}; known are ${KEYS.join(', ')}`);
  const text = (key: string, otherwise?: string): string => {
    const value = front[key] ?? otherwise;
    if (isText(value)) return value;
    fail(key, value === undefined ? `${key} is missing` : `${key} must be a text`);
    return '';
  };
  const level = LEVELS.find((known) => known === (front['level'] ?? 'beginner'));
  if (!level) fail('level', `level must be one of ${LEVELS.join(', ')}`);
  const minutes = front['minutes'] ?? 10;
  if (typeof minutes !== 'number' || !(minutes > 0)) fail('minutes', 'minutes must be a number above 0');
  const topology = front['topology'] ?? 'three-masters';
  const known = typeof topology === 'string' && Object.hasOwn(TOPOLOGIES, topology) ? topology as Topology : null;
  if (!known) fail('topology', `unknown topology ${String(topology)}; known are ${Object.keys(TOPOLOGIES).join(', ')}`);
  const nodes = known ? Object.keys(TOPOLOGIES[known].roles) : null;
  const list = (key: string, none: string): readonly unknown[] => {
    const value = front[key] ?? [];
    if (!Array.isArray(value)) { fail(key, `${key} must be a list`); return []; }
    if (!value.length && none) fail(key, none);
    return value;
  };
  const goals = list('goals', 'a scenario needs at least one goal').map((goal, i) => readGoal(goal, nodes, (reason) => fail('goals', `goal ${i + 1}: ${reason}`, i)));
  for (const [i, goal] of goals.entries()) if (goals.findIndex((other) => other.id === goal.id) < i) fail('goals', `goal ${i + 1}: id ${goal.id} is used twice`, i);
  const symptoms = list('symptoms', '').map((symptom, i) => readSymptom(symptom, i, nodes, (reason) => fail('symptoms', `symptom ${i + 1}: ${reason}`, i)));
  const hints = list('hints', '').map((hint, i) => { if (!isText(hint)) fail('hints', `hint ${i + 1}: must be a text`, i); return String(hint); });
  const solution = list('solution', 'a scenario needs a solution: it is how the tests know that it can be solved')
    .map((step, i) => readStep(step, nodes, (reason) => fail('solution', `step ${i + 1}: ${reason}`, i)));
  return {
    id: text('id'), title: text('title'), chapter: text('chapter', 'Drills'), summary: front['summary'] === undefined ? '' : text('summary'),
    level: level ?? 'beginner', minutes: Number(minutes), topology: known ?? 'three-masters', symptoms, goals, hints, solution,
  };
}

function readGoal(value: unknown, nodes: readonly string[] | null, fail: (reason: string) => void): Goal {
  const g = isMapping(value) ? value : {};
  if (!isMapping(value)) fail('must be a mapping');
  for (const key of Object.keys(g)) if (!GOAL_KEYS.includes(key)) fail(`unknown key ${key}; known are ${GOAL_KEYS.join(', ')}`);
  for (const key of ['id', 'title', 'on', 'run']) if (!isText(g[key])) fail(`${key} ${g[key] === undefined ? 'is missing' : 'must be a text'}`);
  if (isText(g['on']) && nodes && !nodes.includes(g['on'])) fail(`unknown node ${g['on']}; known are ${nodes.join(', ')}`);
  for (const key of ['match', 'not']) {
    if (g[key] === undefined) continue;
    if (typeof g[key] !== 'string') { fail(`${key} must be a text`); continue; }
    try { new RegExp(g[key], 'm'); } catch (error) { fail(`${key}: ${(error as Error).message}`); }
  }
  if (g['exit'] !== undefined && !Number.isInteger(g['exit'])) fail('exit must be a whole number');
  if (g['within'] !== undefined && !(typeof g['within'] === 'number' && g['within'] >= 0)) fail('within must be a number of seconds');
  if (g['message'] !== undefined && !isText(g['message'])) fail('message must be a text');
  if (![undefined, 'root', 'vagrant'].includes(g['user'] as string | undefined)) fail('user must be vagrant or root');
  if (g['match'] === undefined && g['not'] === undefined && g['exit'] === undefined) fail('needs match, not or exit, or it could not fail');
  const goal: Goal = { id: String(g['id']), title: String(g['title']), on: String(g['on']), run: String(g['run']), user: g['user'] === 'root' ? 'root' : 'vagrant', within: Number(g['within'] ?? 0) };
  if (g['match'] !== undefined) goal.match = String(g['match']);
  if (g['not'] !== undefined) goal.not = String(g['not']);
  if (g['exit'] !== undefined) goal.exit = Number(g['exit']);
  if (g['message'] !== undefined) goal.message = String(g['message']);
  return goal;
}

/** A goal in all but name: what shows while the drill is broken. */
function readSymptom(value: unknown, i: number, nodes: readonly string[] | null, fail: (reason: string) => void): Goal {
  if (!isMapping(value)) fail('must be a mapping');
  const symptom = isMapping(value) ? value : {};
  for (const key of Object.keys(symptom)) if (GOAL_KEYS.includes(key) && !SYMPTOM_KEYS.includes(key)) fail(`unknown key ${key}; known are ${SYMPTOM_KEYS.join(', ')}`);
  return readGoal({ ...symptom, id: `symptom ${i + 1}`, title: String(symptom['run'] ?? 'symptom') }, nodes, fail);
}

function readStep(value: unknown, nodes: readonly string[] | null, fail: (reason: string) => void): SolutionStep {
  const step = isMapping(value) ? value : {};
  if (!isMapping(value) || !isText(step['on']) || !isText(step['run'])) fail('needs `on` (a node) and `run` (a line)');
  for (const key of Object.keys(step)) if (!STEP_KEYS.includes(key)) fail(`unknown key ${key}; known are ${STEP_KEYS.join(', ')}`);
  if (isText(step['on']) && nodes && !nodes.includes(step['on'])) fail(`unknown node ${step['on']}; known are ${nodes.join(', ')}`);
  if (step['enough'] !== undefined && typeof step['enough'] !== 'boolean') fail('enough must be true or false');
  return { node: String(step['on']), run: String(step['run']), enough: step['enough'] === true };
}
