/** Events of the elements as xAPI statements, as a record store takes them. */
import { expect, it } from 'vitest';
import { durationOf, statementOf, type Origin } from '../../src/ui/embed/xapi.ts';

const origin: Origin = { actor: { mbox: 'mailto:a@example.org' }, activity: 'https://docs.example.org/lesson', registration: '39e24cc4-69af-4b01-a824-1fdc6ea8a3af' };
const now = new Date('2026-11-28T09:00:00Z');

it.each([
  ['drill-ready', { version: 1, scenario: '1.1' }, 'initialized', undefined],
  ['drill-command', { version: 1, command: 'uptime' }, 'interacted', { response: 'uptime' }],
  ['drill-check', { version: 1, goals: [{ passed: true }, { passed: false }, { passed: null }] }, 'progressed', { score: { scaled: 0.333 } }],
  ['drill-answer', { version: 1, quiz: 'quiz 1', question: 'Q', kind: 'order', response: 'a → b', right: false, tries: 1 }, 'answered', { success: false, response: 'a → b', score: { scaled: 0 } }],
  ['drill-complete', { version: 1 }, 'completed', { completion: true, success: true, score: { scaled: 1 } }],
])('%s', (type, detail, verb, result) => {
  const statement = statementOf({ type, detail }, origin, now)!;
  expect(statement.verb).toEqual({ id: `http://adlnet.gov/expapi/verbs/${verb}`, display: { en: verb } });
  expect(statement.result).toEqual(result);
  expect(statement).toMatchObject({ actor: origin.actor, timestamp: '2026-11-28T09:00:00.000Z', context: { registration: origin.registration } });
  expect(() => new URL(statement.object.id)).not.toThrow();
});

it('names each question, and how it is answered', () => {
  const { object } = statementOf({ type: 'drill-answer', detail: { quiz: 'quiz 1', question: 'Q', kind: 'order', right: true } }, origin, now)!;
  expect(object).toMatchObject({ id: 'https://docs.example.org/lesson#quiz%201', definition: { interactionType: 'sequencing', description: { en: 'Q' } } });
});
it('says how long it took', () => { expect(statementOf({ type: 'drill-complete', detail: {} }, origin, now, now.getTime() - 65_200)!.result).toMatchObject({ duration: 'PT1M5.2S' }); });
it.each([[0, 'PT0S'], [940, 'PT0.9S'], [60_000, 'PT1M'], [59_990, 'PT1M'], [3_600_000, 'PT60M']])('%d ms is %s', (ms, text) => { expect(durationOf(ms)).toBe(text); });
it('makes nothing of other events', () => { expect(statementOf({ type: 'click', detail: {} }, origin)).toBeNull(); });
