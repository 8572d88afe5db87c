/** The published schema and the parser agree: what one takes the other takes, over every kind of mistake in a file. */
import { readFileSync } from 'node:fs';
import { dump, load } from 'js-yaml';
import { describe, expect, it } from 'vitest';
import { root } from '../../src/drill/launch.mjs';
import { readCourse } from '../../src/drill/course.ts';
import { splitMarkdown } from '../../src/drill/markdown.ts';
import { readQuizBlock } from '../../src/drill/quiz-file.ts';
import { parseScenario } from '../../src/drill/scenario.ts';
import { scenarioSchema, schemaText } from '../../src/drill/schema.ts';

type Schema = Record<string, unknown>;
const schema = scenarioSchema() as Schema;
const typeOf = (value: unknown): string => (Array.isArray(value) ? 'array' : value === null ? 'null' : Number.isInteger(value) ? 'integer' : typeof value);
const isRegex = (text: string): boolean => { try { new RegExp(text, 'm'); return true; } catch { return false; } };

/** As much of JSON Schema as this one uses. */
function valid(value: unknown, s: Schema): boolean {
  if (s['$ref']) return valid(value, ((schema['$defs'] as Record<string, Schema>)[String(s['$ref']).split('/').at(-1)!])!);
  const types = s['type'] === undefined ? [] : [s['type']].flat() as string[];
  if (types.length && !types.some((type) => type === typeOf(value) || (type === 'number' && typeof value === 'number'))) return false;
  if (s['enum'] && !(s['enum'] as unknown[]).includes(value)) return false;
  if ('const' in s && s['const'] !== value) return false;
  if (s['anyOf'] && !(s['anyOf'] as Schema[]).some((each) => valid(value, each))) return false;
  if (typeof value === 'string' && ((s['pattern'] && !new RegExp(String(s['pattern'])).test(value)) || (s['format'] === 'regex' && !isRegex(value)))) return false;
  if (typeof value === 'number' && ((s['minimum'] !== undefined && value < Number(s['minimum'])) || (s['exclusiveMinimum'] !== undefined && value <= Number(s['exclusiveMinimum'])))) return false;
  if (Array.isArray(value)) return value.length >= Number(s['minItems'] ?? 0) && value.length <= Number(s['maxItems'] ?? Infinity) && value.every((each) => !s['items'] || valid(each, s['items'] as Schema));
  if (typeof value !== 'object' || value === null) return true;
  const properties = (s['properties'] ?? {}) as Record<string, Schema>;
  return ((s['required'] ?? []) as string[]).every((key) => key in value) && Object.entries(value).every(([key, each]) => (properties[key] ? valid(each, properties[key]) : s['additionalProperties'] !== false));
}

const step = { on: 'node-1', run: 'true' };
const GOOD = { id: '9', title: 'T', goals: [{ id: 'a', title: 'A', on: 'node-1', run: 'true', exit: 0 }], solution: [step] };
const takes = (front: unknown): boolean => parseScenario(`---\n${dump(front)}---\n# T\n`, 'x.md').ok;

describe('front matter', () => {
  const goal = (change: object) => ({ ...GOOD, goals: [{ ...GOOD.goals[0], ...change }] });
  const without = (key: string) => Object.fromEntries(Object.entries(GOOD).filter(([name]) => name !== key));
  it.each<[string, unknown]>([
    ['as it should be', GOOD], ['with all there is', { ...GOOD, chapter: 'C', summary: 'S', level: 'advanced', minutes: 2.5, topology: 'one-master', hints: ['h'], symptoms: [{ ...step, match: 'x' }] }],
    ['an id that is a number', { ...GOOD, id: 1.1 }], ['no title', without('title')], ['no goals', without('goals')], ['no solution', without('solution')], ['goals that are none', { ...GOOD, goals: [] }],
    ['a solution that is none', { ...GOOD, solution: [] }], ['an unknown key', { ...GOOD, colour: 'red' }], ['an unknown level', { ...GOOD, level: 'easy' }], ['no time', { ...GOOD, minutes: 0 }], ['time in words', { ...GOOD, minutes: 'ten' }],
    ['an unknown topology', { ...GOOD, topology: 'moon' }], ['a hint that is a number', { ...GOOD, hints: [1] }], ['hints that are a text', { ...GOOD, hints: 'x' }], ['an empty title', { ...GOOD, title: ' ' }],
    ['a goal that cannot fail', goal({ exit: undefined })], ['a goal with a wrong pattern', goal({ match: '(' })], ['a goal by somebody', goal({ user: 'me' })], ['a goal within negative time', goal({ within: -1 })],
    ['a goal with half a status', goal({ exit: 0.5 })], ['a goal with an unknown key', goal({ when: 'now' })], ['a goal on no node', goal({ on: 'node-9' })], ['a goal with a number for a message', goal({ message: 3 })],
    ['a step with an unknown key', { ...GOOD, solution: [{ ...step, by: 'me' }] }], ['a step that is a text', { ...GOOD, solution: ['true'] }], ['a step that is enough', { ...GOOD, solution: [{ ...step, enough: true }] }], ['a step that is enough in words', { ...GOOD, solution: [{ ...step, enough: 'yes' }] }],
    ['a symptom with a title', { ...GOOD, symptoms: [{ ...step, match: 'x', title: 'T' }] }], ['a symptom that cannot fail', { ...GOOD, symptoms: [step] }], ['a list', []], ['nothing', null],
  ])('%s', (_, front) => {
    const plain = JSON.parse(JSON.stringify(front)) as unknown;
    expect(valid(plain, schema)).toBe(takes(plain));
  });
});

describe('questions', () => {
  const q = { question: 'Q', on: 'node-1', run: 'true', find: 'x', choices: ['a', 'b'] };
  const quizSchema = (schema['$defs'] as Record<string, Schema>)['quiz']!;
  it.each<[string, object]>([
    ['as it should be', q], ['one choice', { ...q, choices: ['a'] }], ['an unknown key', { ...q, colour: 1 }], ['a wrong pattern', { ...q, find: '(' }], ['no question', { ...q, question: 3 }], ['negative time', { ...q, wait: -1 }],
    ['steps', { question: 'Q', on: 'node-1', run: 'true', find: 'x', steps: [{ run: 'a' }, { run: 'b' }] }], ['six steps', { question: 'Q', on: 'node-1', run: 'true', find: 'x', steps: Array.from({ length: 6 }, () => ({ run: 'a' })) }],
    ['a map', { question: 'Q', on: 'node-1', run: 'true', find: 'x', point: 'nodes' }], ['another map', { question: 'Q', on: 'node-1', run: 'true', find: 'x', point: 'pods' }], ['a world that is none', { ...q, world: 'then' }], ['variants that are none', { ...q, vary: [] }],
  ])('%s', (_, quiz) => {
    const mistakes: string[] = [];
    readQuizBlock(dump(quiz), 'q', ['node-1', 'node-2', 'node-3'], (reason) => mistakes.push(reason));
    expect(valid(quiz, quizSchema)).toBe(mistakes.length === 0);
  });
});

it('takes every scenario of the course', () => {
  const wrong = readCourse(`${root}/scenarios`).filter(({ file }) => {
    const split = splitMarkdown(readFileSync(`${root}/${file}`, 'utf8'), file);
    return !split.ok || !valid(load(split.document.front), schema);
  });
  expect(wrong.map(({ file }) => file)).toEqual([]);
});

it('is what docs/scenario.schema.json holds (UPDATE=1 in the environment writes it)', async () => {
  await expect(schemaText()).toMatchFileSnapshot(`${root}/docs/scenario.schema.json`);
});
