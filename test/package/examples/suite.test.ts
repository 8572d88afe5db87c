import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createWorld, faults, matchers, operatorCommands, type WorldMatchers } from 'firedrill/testing';

declare module 'vitest' { interface Matchers<T> extends WorldMatchers {} }

const booted = createWorld();
expect.extend(matchers(() => booted.fork()));

it('a node that forwards no more is felt, and heals', () => {
  expect('forwarding-off').toShowSymptom();
  expect('forwarding-off').toHealFrom();
});

it('nothing that is typed breaks the world', () => {
  fc.assert(fc.property(faults('three-masters', ['node-cordoned', 'ssh-refused']), fc.array(operatorCommands(), { maxLength: 2 }), (fault, lines) => {
    const world = booted.fork();
    world.fault(fault.name, fault.args);
    for (const { on, run } of lines) world.exec(on, run, { wait: 20 });
    expect(world).toHoldInvariants();
  }), { numRuns: 2 });
});
