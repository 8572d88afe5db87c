/** The catalogue: every row is whole, bad arguments are honest errors, symptoms show and repairs heal. */
import { describe, expect, it } from 'vitest';
import { trial } from '../../src/drill/trial.ts';
import { catalogue } from '../../src/sim/faults/catalogue.ts';
import { checkArgs } from '../../src/sim/faults/strike.ts';
import { planOf } from '../../src/testing/explore/plan.ts';
import { search } from '../../src/testing/explore/search.ts';
import { freshWorld } from '../support/world.ts';

const faults = [...catalogue.values()];
const NODES = ['node-1', 'node-2', 'node-3'];
const healed = faults.filter(({ symptoms }) => symptoms);

it('has at least forty faults, each with a name, a title, symptoms and a repair, or is itself a repair', () => {
  expect(healed.length).toBeGreaterThanOrEqual(40);
  expect(new Set(faults.map(({ name }) => name)).size).toBe(faults.length);
  for (const { name, title, symptoms, repair } of faults) {
    expect(name).toMatch(/^[a-z]+(-[a-z]+)*$/);
    expect(title.length, name).toBeGreaterThan(10);
    expect((symptoms?.length ?? 0) > 0, `${name}: symptoms without a repair, or the other way round`).toBe((repair?.length ?? 0) > 0);
  }
});

describe.each(faults.map((fault) => [fault.name, fault] as const))('%s', (name, fault) => {
  it('tells each bad argument', () => {
    const told = (args: unknown): string => { const got = checkArgs(fault, args as never, NODES); return got.ok ? '' : got.error; };
    expect(told({})).toBe('');
    expect(told({ colour: 'red' })).toBe(`fault ${name}: unknown argument colour`);
    for (const [key, { type, from, least, most }] of Object.entries(fault.args)) {
      expect(told({ [key]: null })).toMatch(new RegExp(`^fault ${name}: argument ${key} must be a `));
      expect(told({ [key]: type === 'number' ? '5' : 5 })).toMatch(new RegExp(`^fault ${name}: argument ${key} must be a `));
      if (type === 'node') expect(told({ [key]: 'node-9' })).toBe(`fault ${name}: unknown node node-9`);
      if (from) expect(told({ [key]: 'NONE' })).toMatch(/must be one of/);
      if (least !== undefined) expect(told({ [key]: least - 1 })).toMatch(/must be at least/);
      if (most !== undefined) expect(told({ [key]: most + 1 })).toMatch(/must be at most/);
    }
  });
});

it('no symptom only reads back what was typed', () => {
  const reading = /^(sudo )?(gravity exec )?(cat|lsmod|ip route|ip addr|iptables -S|sysctl|systemctl is-active|kubectl get quota|kubectl describe node)\b/;
  // Flannel's absence is not felt until a node comes or goes.
  const readers = healed.filter(({ name, symptoms }) => name !== 'flannel-stopped' && symptoms!.every(({ run }) => reading.test(run)));
  expect(readers.map(({ name }) => name)).toEqual([]);
});

it.each(healed.map((fault) => [fault.name, fault] as const))('%s: its symptoms show, and its repair heals them', (_, fault) => {
  expect(trial(freshWorld(), fault)).toEqual([]);
}, 180_000);

/** Pairs at drawn distances, repaired in reverse: the cluster is well again, and neither shows any more. */
it.each([0, 1, 2])('pair %i of the drawn ones heals', (run) => {
  const plan = planOf(run, 5, ['pairs'], []);
  expect(search(plan, { fresh: (topology) => freshWorld(topology), drills: new Map() })).toMatchObject({ what: plan.what, problems: [] });
}, 180_000);

it('nobody types on a node that is down', () => {
  const session = freshWorld();
  session.fault('node-down', { node: 'node-2' });
  for (const name of ['forwarding-off', 'kubelet-stopped', 'endpoint-security', 'sysctl']) expect(() => session.fault(name, { node: 'node-2' })).toThrow(`fault ${name}: node node-2 is down`);
});
