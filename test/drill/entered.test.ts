/** What was entered is known, can be lived again, and a failure is told with the fewest inputs and a link. */
import { expect, it } from 'vitest';
import { decodeLink } from '../../src/drill/link.ts';
import { lineOf, reenact, shrink } from '../../src/drill/entered.ts';
import { evidenceOf, evidenceText, shrunkInputs } from '../../src/testing/evidence.ts';
import { matchers } from '../../src/testing.ts';
import { asLog } from '../../src/ui/keeping.ts';
import { Run } from '../../src/ui/engine/run.ts';
import { sandbox } from '../../src/ui/free.ts';
import { freshWorld } from '../support/world.ts';

function worked(): ReturnType<typeof freshWorld> {
  const session = freshWorld();
  session.advance(3);
  session.exec('node-1', 'echo one > one');
  session.open('a', 'node-2');
  session.line('a', 'echo $((6*7)) > two');
  session.write('node-3', 'three', 'three\n');
  session.fault('forwarding-off', { node: 'node-1' });
  expect(() => session.fault('forwarding-off', { node: 'node-9' })).toThrow('unknown node');
  session.exec('node-1', 'sleep 100', { wait: 2 });
  return session;
}

it('each accepted input is known with its moment, and the same again comes to the same', () => {
  const session = worked();
  expect(session.fork().entered.map(({ entry }) => entry.kind)).toEqual(['exec', 'open', 'keys', 'write', 'fault', 'exec']);
  const began = session.anew().now;
  expect(lineOf(session.entered[0]!, began)).toBe('     3.000  node-1$ echo one > one');
  const again = session.anew();
  reenact(again, session.entered, session.now);
  expect(again.sim.digest()).toBe(session.sim.digest());
});

it('a restored session has the inputs of then', () => {
  const session = freshWorld();
  session.exec('node-1', 'true');
  const saved = session.snapshot();
  session.exec('node-1', 'false');
  session.restore(saved);
  expect(session.entered.map(({ entry }) => entry.kind === 'exec' && entry.text)).toEqual(['true']);
});

it('shrinking keeps what is needed', () => {
  const session = worked();
  const left = shrunkInputs(session, (again) => again.exec('node-2', 'cat two').stdout === '42\n');
  expect(left.map(({ entry }) => entry.kind)).toEqual(['open', 'keys']);
  let asked = 0;
  expect(shrink(session.entered, () => { asked++; return false; }, 4)).toEqual(session.entered);
  expect(asked).toBe(4);
});

it('the link opens the page in the world that failed: same hosts, same rules', () => {
  const session = worked();
  const { inputs, link } = evidenceOf(session, session.entered, 'https://a.site/drills/');
  expect(inputs).toHaveLength(6);
  const [site, payload] = link!.split('#/p/') as [string, string];
  expect(site).toBe('https://a.site/drills/');
  const { log, digest } = decodeLink(payload)!.value as { log: unknown; digest: string };
  // As the page does it, in slices.
  const run = new Run(sandbox.scenario, sandbox.stamp, 1, freshWorld());
  run.begin();
  let n = 0;
  const replaying = run.replaying(asLog(JSON.parse(JSON.stringify(log)))!, () => ++n % 50 === 0);
  while (!replaying.next().done);
  expect(run.session.sim.digest()).toBe(digest);
  expect(run.steps().map(({ label }) => label)).toEqual(['node-1: echo one > one', 'a terminal on node-2', 'echo $((6*7)) > two ', 'node-3: three is written', 'forwarding-off node-1', 'node-1: sleep 100']);
  expect(run.session.exec('node-1', 'cat one; cat /proc/sys/net/ipv4/ip_forward').stdout).toBe('one\n0\n');
});

it('a world that no page has is told without a link', () => {
  const session = freshWorld('bare');
  expect(evidenceText(evidenceOf(session))).toBe('nothing was entered');
  session.exec('node-1', 'true', { user: 'root' });
  expect(evidenceText(evidenceOf(session))).toBe('entered, at seconds since the beginning:\n       0.000  node-1# true');
});

it('matchers tell how it came about', () => {
  const { toShowSymptom, toHealFrom, toBeDeterministic, toHoldInvariants } = matchers(() => freshWorld());
  expect(toShowSymptom('module-unloaded').pass).toBe(true);
  let n = 0;
  const differs = toBeDeterministic((world) => world.exec('node-1', `echo ${n++}`).stdout);
  expect(differs.pass).toBe(false);
  expect(differs.message()).toMatch(/^two runs of the same differ\ntold "0\\n" and then "1\\n"[\s\S]*node-1\$ echo 0\nthe page at this moment: http/);
  expect(() => toHealFrom('no-such')).toThrow('unknown fault');
  expect(toHoldInvariants(freshWorld()).pass).toBe(true);
});
