/** Questions are answered by trying, and trying leaves no trace. */
import { expect, it } from 'vitest';
import { allGiven, judge, judgeAll } from '../../src/drill/quiz.ts';
import { readQuiz } from '../../src/drill/quiz-file.ts';
import { freshWorld } from '../support/world.ts';

const NODES = ['node-1', 'node-2', 'node-3'];
const quiz = (value: unknown) => readQuiz(value, 'q', NODES, (reason) => { throw new Error(reason); })[0]!;
/** Everything that could be said, the quick way and one by one: both must say the same. */
const judged = (session: ReturnType<typeof freshWorld>, value: unknown) => {
  const asked = quiz(value);
  const verdicts = judgeAll(session, asked);
  expect(allGiven(asked).map((given) => judge(session, asked, given))).toEqual(verdicts);
  return { right: verdicts.map(({ right }) => right), seen: verdicts.map(({ seen }) => seen) };
};

it('predicts: the right choice is what the output says', () => {
  const session = freshWorld();
  const before = session.sim.digest();
  const { right, seen } = judged(session, {
    question: 'What does the kernel of node-2 say?', first: [{ on: 'node-2', run: 'sudo sysctl -w net.ipv4.ip_forward=0' }],
    on: 'node-2', run: 'cat /proc/sys/net/ipv4/ip_forward', find: '^(.*)$', choices: ['1', '0', 'nothing'],
  });
  expect(right).toEqual([false, true, false]);
  expect(seen[0]).toBe('$ cat /proc/sys/net/ipv4/ip_forward\n0');
  expect(session.sim.digest()).toBe(before);
});

it('chooses by effect: any command that does it is right', () => {
  const { right, seen } = judged(freshWorld(), {
    question: 'Which of these switches forwarding on again?', first: [{ on: 'node-1', run: 'sudo sysctl -w net.ipv4.ip_forward=0' }],
    on: 'node-1', run: 'cat /proc/sys/net/ipv4/ip_forward', find: '^1$',
    choices: [{ run: 'sudo sysctl -w net.ipv4.ip_forward=1' }, { run: 'sysctl -w net.ipv4.ip_forward=1' }, { run: 'echo 1 | sudo tee /proc/sys/net/ipv4/ip_forward' }],
  });
  expect(right).toEqual([true, false, true]);
  expect(seen[1]).toContain('permission denied');
});

it('names what is wrong with a question', () => {
  const said: string[] = [];
  readQuiz({ question: 'x', on: 'node-1', run: 'y', find: '(', choices: ['a'], colour: 1 }, 'q', NODES, (reason) => said.push(reason));
  expect(said.map((reason) => reason.split(/[;:] /)[0])).toEqual(['quiz', 'quiz', 'quiz']);
  expect(said.join()).toMatch(/unknown key colour.*two choices.*find/);
});

it('orders: any order is tried, and graded by where it ends', () => {
  const { right } = judged(freshWorld(), {
    question: 'In which order does a note come to lie in a new folder?', on: 'node-1', run: 'cat new/note', find: '^hello$',
    steps: [{ run: 'echo hello > new/note' }, { run: 'mkdir new' }, { text: 'Leave', run: 'cd /' }],
  });
  // The orders by their first step, then their second: what matters is that mkdir comes before echo.
  expect(right).toEqual([false, false, true, true, false, true]);
});

it('points at a node, by its name or its address', () => {
  const { right } = judged(freshWorld(), { question: 'Which node is 192.168.121.198?', on: 'node-1', run: 'echo 192.168.121.198', find: '(.*)', point: 'nodes' });
  expect(right).toEqual([false, true, false]);
});

it('spots an output, with what changes left open', () => {
  const { right } = judged(freshWorld(), { question: 'What does date say?', on: 'node-1', run: 'date +%Y-%H:%M', choices: ['2019-18:…', '2026-…', 'date: invalid option'] });
  expect(right).toEqual([true, false, false]);
});

it('varies: each variant has its own texts', () => {
  const variants = readQuiz({ question: 'What is {name}?', on: 'node-1', run: 'echo {name}; echo {none}', find: '(.*)', choices: ['{name}', 'x'], vary: [{ name: 'a' }, { name: 'b' }] }, 'q', NODES, (reason) => { throw new Error(reason); });
  expect(variants.map(({ id, question, ask, choices }) => [id, question, ask.run, choices[0]!.text])).toEqual([['q/1', 'What is a?', 'echo a; echo {none}', 'a'], ['q/2', 'What is b?', 'echo b; echo {none}', 'b']]);
});
