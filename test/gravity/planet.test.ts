/** Going into Planet from a terminal, and what kubectl says of fields there. */
import { expect, it } from 'vitest';
import { freshWorld } from '../support/world.ts';

const world = freshWorld();

it('a job in the background leaves the terminal to the shell', () => {
  const s = world.fork();
  s.open('t', 'node-1');
  expect(s.line('t', 'sudo gravity exec sleep 2 &').output).toMatch(/^\[1\] \d+\r\n$/);
  expect(s.line('t', 'wait; echo over')).toMatchObject({ state: 'prompt', output: expect.stringContaining('over\r\n') });
  s.line('t', 'sudo gravity exec sleep 100 &');
  expect(s.line('t', 'fg', 2).state).toBe('running');
  expect(s.keys('t', '\x03')).toMatchObject({ state: 'prompt', exit: 130 });
});

it('explain tells of kinds, fields and leaves, and refuses what there is not', () => {
  const ask = (text: string) => world.exec('node-1', `kubectl explain ${text}`);
  expect(ask('ds').stdout).toMatch(/^KIND: {5}DaemonSet\nVERSION: {2}extensions\/v1beta1\n\nDESCRIPTION:\n {5}\w[^]*\n\nFIELDS:\n {3}apiVersion\t<string>\n {5}\w/);
  expect(ask('pod.spec.containers.readinessProbe.periodSeconds').stdout).toBe('KIND:     Pod\nVERSION:  v1\n\nFIELD:    periodSeconds <integer>\n\nDESCRIPTION:\n     Seconds from check to check. Default 10.\n');
  for (const line of ask('svc.spec').stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
  expect(ask('pod.spec.nope')).toMatchObject({ exit: 1, stderr: 'error: field "nope" does not exist\n' });
});

it('a node whose Planet stops loses its endpoints a minute later, whoever heard of the change first', () => {
  const world = freshWorld();
  const leader = () => world.exec('node-1', "kubectl -n kube-system get ep gravity-site -o jsonpath='{.subsets[*].addresses[*].ip}'").stdout;
  const before = leader();
  const node = ['node-1', 'node-2', 'node-3'].find((name) => world.sim.world.hosts[name]!.address === before)!;
  expect(node).not.toBe('node-1');
  world.exec(node, 'sudo systemctl stop gravity__gravitational.io__planet__6.0.0-11401.service', { wait: 60 });
  world.advance(100);
  expect(leader()).toMatch(/^192\.168\.121\.\d+$/);
  expect(leader()).not.toBe(before);
});
