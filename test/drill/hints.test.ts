/** Hints follow the state: what is done, in any order, is not hinted at again. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { advising, ladderOf, shapeOf, type Advice } from '../../src/drill/hints.ts';
import { parseScenario, type Scenario } from '../../src/drill/scenario.ts';
import type { Session } from '../../src/drill/session.ts';
import { freshWorld } from '../support/world.ts';

const SOURCE = readFileSync('scenarios/1.2-vxlan-blocked.md', 'utf8');
const advise = (session: Session, scenario: Scenario): Advice => {
  const work = advising(session, scenario, () => false);
  for (;;) { const step = work.next(); if (step.done) return step.value; }
};
/** Two files that must be there, each made by a step. */
const scenario = ((): Scenario => {
  const parsed = parseScenario(SOURCE, 'x.md');
  if (!parsed.ok) throw new Error('it does not parse');
  const goal = (name: string) => ({ id: name, title: `There is ${name}`, on: 'node-1', run: `cat ${name}`, user: 'vagrant' as const, exit: 0, within: 0, message: `${name} is missing` });
  return { ...parsed.scenario, goals: [goal('a'), goal('b')], solution: [{ node: 'node-1', run: 'echo one > a', enough: false }, { node: 'node-1', run: 'echo two > b', enough: false }] };
})();

it('names the first step, and its shape before its words', () => {
  const ladder = ladderOf(advise(freshWorld(), scenario)).map(({ text }) => text);
  expect(ladder).toEqual(['There is a: not yet. a is missing.', 'Look at node-1. 2 steps are left.', 'The line has this shape: echo one …', 'echo one > a']);
});

it.each([['the first', 'echo one > a', 'echo two > b'], ['the second', 'echo two > b', 'echo one > a'], ['another way of the first', 'touch a', 'echo two > b']])('after %s is done it names the other', (_, done, other) => {
  const session = freshWorld();
  session.exec('node-1', done);
  const before = session.sim.digest();
  expect(advise(session, scenario).next).toMatchObject({ kind: 'step', left: 1, step: { run: other } });
  expect(session.sim.digest()).toBe(before);
});

it('says when nothing is left, when time will do it, and when the lesson comes first', () => {
  const session = freshWorld();
  session.exec('node-1', 'touch a b');
  expect(advise(session, scenario).next.kind).toBe('met');
  const later: Scenario = { ...scenario, goals: [{ ...scenario.goals[0]!, within: 30 }] };
  const patient = freshWorld();
  patient.exec('node-1', '(sleep 8; touch a) & disown');
  expect(advise(patient, later).next.kind).toBe('wait');
  expect(advise(freshWorld(), { ...scenario, solution: [scenario.solution[0]!] }).next.kind).toBe('lesson');
});

it.each([
  ['sudo iptables -D INPUT -p udp --dport 8472 -j REJECT', 'sudo iptables -D … -p … --dport … -j …'], ['sudo systemctl start x.service', 'sudo systemctl start …'],
  ['kubectl uncordon 192.168.121.217', 'kubectl uncordon …'], ['EDITOR="sed" kubectl -nkube-system edit configmaps/coredns', 'EDITOR="sed" kubectl -nkube-system edit …'],
])('%s has the shape %s', (line, shape) => { expect(shapeOf(line)).toBe(shape); });
