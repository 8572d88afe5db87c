/** Questions are answered by trying, and trying leaves no trace. */
import { expect, it } from 'vitest';
import { judge, readQuiz } from '../../src/drill/quiz.ts';
import { freshWorld } from '../support/world.ts';

const quiz = (value: unknown) => readQuiz(value, 'q', (reason) => { throw new Error(reason); });

it('predicts: the right choice is what the output says', () => {
  const session = freshWorld();
  const before = session.sim.digest();
  const { right, seen } = judge(session, quiz({
    question: 'What does the kernel of node-2 say?', first: [{ on: 'node-2', run: 'sudo sysctl -w net.ipv4.ip_forward=0' }],
    on: 'node-2', run: 'cat /proc/sys/net/ipv4/ip_forward', find: '^(.*)$', choices: ['1', '0', 'nothing'],
  }));
  expect(right).toEqual([false, true, false]);
  expect(seen[0]).toBe('0');
  expect(session.sim.digest()).toBe(before);
});

it('chooses by effect: any command that does it is right', () => {
  const { right, seen } = judge(freshWorld(), quiz({
    question: 'Which of these switches forwarding on again?', first: [{ on: 'node-1', run: 'sudo sysctl -w net.ipv4.ip_forward=0' }],
    on: 'node-1', run: 'cat /proc/sys/net/ipv4/ip_forward', find: '^1$',
    choices: [{ run: 'sudo sysctl -w net.ipv4.ip_forward=1' }, { run: 'sysctl -w net.ipv4.ip_forward=1' }, { run: 'echo 1 | sudo tee /proc/sys/net/ipv4/ip_forward' }],
  }));
  expect(right).toEqual([true, false, true]);
  expect(seen[1]).toContain('permission denied');
});

it('names what is wrong with a question', () => {
  const said: string[] = [];
  readQuiz({ question: 'x', on: 'node-1', run: 'y', find: '(', choices: ['a'], colour: 1 }, 'q', (reason) => said.push(reason));
  expect(said.map((reason) => reason.split(/[;:] /)[0])).toEqual(['quiz', 'quiz', 'quiz']);
  expect(said.join()).toMatch(/unknown key colour.*two choices.*find/);
});
