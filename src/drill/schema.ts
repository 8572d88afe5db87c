/**
 * The front matter of a scenario and the YAML of a question as JSON Schema, for editors: made of the same lists that the
 * parser reads by. docs/scenario.schema.json and the built site hold what this says.
 */
import { TOPOLOGIES } from '../sim/cluster.ts';
import { GOAL_KEYS, KEYS, LEVELS, STEP_KEYS, SYMPTOM_KEYS } from './front.ts';
import { QUIZ_KEYS } from './quiz-file.ts';

type Schema = Readonly<Record<string, unknown>>;

const TEXT: Schema = { type: 'string', pattern: '\\S' };
const NODE: Schema = { enum: [...new Set(Object.values(TOPOLOGIES).flatMap(({ roles }) => Object.keys(roles)))] };

const PROPERTIES: Readonly<Record<string, Schema>> = {
  id: { ...TEXT, description: 'A text, also where it looks like a number: "1.1".' },
  title: TEXT, chapter: TEXT, summary: TEXT,
  level: { enum: [...LEVELS] },
  minutes: { type: 'number', exclusiveMinimum: 0, description: 'About how long it takes.' },
  topology: { enum: Object.keys(TOPOLOGIES) },
  symptoms: { type: 'array', items: { $ref: '#/$defs/symptom' }, description: 'What the broken drill must show.' },
  goals: { type: 'array', minItems: 1, items: { $ref: '#/$defs/goal' } },
  hints: { type: 'array', items: TEXT, description: 'The vaguest first. What stands in back quotes with more than one word is a command, and must exist.' },
  solution: { type: 'array', minItems: 1, items: { $ref: '#/$defs/step' } },
};
const GOAL: Readonly<Record<string, Schema>> = {
  id: TEXT, title: TEXT, on: NODE, run: { ...TEXT, description: 'Runs on a fork; its output is looked at.' },
  user: { enum: ['vagrant', 'root'] },
  match: { type: 'string', format: 'regex' }, not: { type: 'string', format: 'regex' }, exit: { type: 'integer' },
  within: { type: 'number', minimum: 0, description: 'It is asked again for so many simulated seconds.' },
  message: { ...TEXT, description: 'What the trainee reads while it is not met.' },
};
const STEP: Readonly<Record<string, Schema>> = { on: NODE, run: TEXT, enough: { type: 'boolean', description: 'The goals may be met from here on.' } };
const CHOICE: Schema = { anyOf: [{ type: ['string', 'number', 'boolean'] }, { type: 'object', required: ['run'], additionalProperties: false, properties: { text: { type: 'string' }, run: TEXT, on: TEXT } }] };
const QUIZ: Readonly<Record<string, Schema>> = {
  question: { type: 'string' }, on: TEXT, run: { type: 'string' }, find: { type: 'string', format: 'regex' }, wait: { type: 'number', minimum: 0 }, world: { enum: ['start', 'now'] },
  first: { type: 'array', items: { anyOf: [{ type: 'string' }, { type: 'object', required: ['on', 'run'], properties: { on: TEXT, run: TEXT } }] } },
  choices: { type: 'array', minItems: 2, items: CHOICE }, steps: { type: 'array', minItems: 2, maxItems: 5, items: CHOICE }, point: { const: 'nodes' },
  vary: { type: 'array', minItems: 1, items: { type: 'object' } },
};

const object = (keys: readonly string[], properties: Readonly<Record<string, Schema>>, required: readonly string[]): Schema =>
  ({ type: 'object', additionalProperties: false, required, properties: Object.fromEntries(keys.map((key) => [key, properties[key]!])) });

export const scenarioSchema = (): Schema => ({
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'Front matter of a Firedrill scenario',
  ...object(KEYS, PROPERTIES, ['id', 'title', 'goals', 'solution']),
  $defs: {
    goal: { ...object(GOAL_KEYS, GOAL, ['id', 'title', 'on', 'run']), anyOf: [{ required: ['match'] }, { required: ['not'] }, { required: ['exit'] }] },
    symptom: { ...object(SYMPTOM_KEYS, GOAL, ['on', 'run']), anyOf: [{ required: ['match'] }, { required: ['not'] }, { required: ['exit'] }] },
    step: object(STEP_KEYS, STEP, ['on', 'run']),
    quiz: object(QUIZ_KEYS, QUIZ, ['question', 'on', 'run']),
  },
});
export const schemaText = (): string => `${JSON.stringify(scenarioSchema(), null, 2)}\n`;
