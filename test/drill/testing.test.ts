/** The testing library, as somebody else's suite would use it. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { brokenInvariants, catalogue, faults, matchers, operatorCommands, timings, topologies, type MatcherResult } from '../../src/testing.ts';
import { checkArgs } from '../../src/sim/faults/strike.ts';
import { freshWorld } from '../support/world.ts';

const { toBeSolvable, toShowSymptom, toHealFrom, toBeDeterministic } = matchers((topology) => freshWorld(topology)) as unknown as Record<string, (received: unknown) => MatcherResult>;

const GOOD = '---\nid: "9.1"\ntitle: T\ntopology: bare\ngoals:\n  - { id: g, title: G, on: node-1, run: cat x, match: ^y$ }\nsolution:\n  - { on: node-1, run: echo y > x }\n---\n# T\n\n```console node-1\n$ echo y > x\n```\n';

describe('matchers', () => {
  it('toBeSolvable', () => {
    expect(toBeSolvable!(GOOD).pass).toBe(true);
    const bad = toBeSolvable!(GOOD.replace('echo y', 'echo z'));
    expect(bad.pass).toBe(false);
    expect(bad.message()).toMatch(/^line 6: goal g is not met after the solution/);
    expect(toBeSolvable!('nothing').message()).toMatch(/^line 1: the file must begin/);
  });
  it('toShowSymptom and toHealFrom', () => {
    expect(toShowSymptom!('module-unloaded')).toMatchObject({ pass: true });
    expect(toHealFrom!('module-unloaded')).toMatchObject({ pass: true });
    expect(() => toHealFrom!('flood')).toThrow('unknown fault flood; known are');
  });
  it('toBeDeterministic', () => {
    expect(toBeDeterministic!((world: ReturnType<typeof freshWorld>) => world.exec('node-1', 'echo $RANDOM; date')).pass).toBe(true);
    let n = 0;
    expect(toBeDeterministic!(() => n++).pass).toBe(false);
  });
});

describe('arbitraries', () => {
  it('draw what exists, with arguments that are allowed', () => {
    fc.assert(fc.property(topologies(), (topology) => { expect(['three-masters', 'one-master', 'bare']).toContain(topology); }));
    fc.assert(fc.property(faults(), ({ name, args }) => { expect(checkArgs(catalogue.get(name)!, args, ['node-1', 'node-2', 'node-3'])).toMatchObject({ ok: true }); }), { numRuns: 500 });
    fc.assert(fc.property(operatorCommands('lab'), ({ on }) => { expect(['n1', 'n2', 'n3']).toContain(on); }));
    expect(() => faults('bare', ['flood'])).toThrow('unknown fault: flood');
  });
});

it('invariants hold whatever an operator types, whenever, under a fault', () => {
  fc.assert(fc.property(faults('three-masters', ['sysctl', 'forwarding-off', 'kubelet-port-blocked', 'node-cordoned']), fc.array(fc.tuple(operatorCommands(), timings().filter((seconds) => seconds <= 5)), { minLength: 1, maxLength: 3 }), (fault, lines) => {
    const session = freshWorld();
    session.fault(fault.name, fault.args);
    for (const [{ on, run }, seconds] of lines) { session.exec(on, run, { wait: 20 }); session.advance(seconds); }
    expect(brokenInvariants(session)).toEqual([]);
  }), { numRuns: 3 });
}, 180_000);
