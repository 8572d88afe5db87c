/** A world that was kept on disk is the booted one: to the byte, and in all that it does afterwards. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bootFresh } from '../../src/drill/boot.ts';
import { bootKept } from '../../src/drill/kept.ts';
import { digest } from '../../src/sim/engine/digest.ts';
import { Session, Simulation, images, programs, type TerminalState } from '../../src/firedrill.ts';
import type { World } from '../../src/sim/world.ts';

const folder = mkdtempSync(join(tmpdir(), 'firedrill-'));
afterAll(() => rmSync(folder, { recursive: true }));
const session = (world: World): Session => new Session(new Simulation(world, programs, images));

/** `lab` boots in a moment and has a wire, name spaces, servers and a shell; one cluster is compared as well. */
describe.each(['lab', 'one-master'] as const)('%s', (topology) => {
  let fresh: World, kept: World;
  beforeAll(() => {
    fresh = bootFresh(topology, 5);
    bootKept(folder, 'x', false)(topology, 5); // boots and writes
    kept = bootKept(folder, 'x', false)(topology, 5); // reads
  });

  it('is equal to the fresh one', () => { expect(digest(kept)).toBe(digest(fresh)); });

  it('goes on as the fresh one does', () => {
    const outcome = (world: World): { digest: string; state: TerminalState; output: string } => {
      const s = session(world);
      const node = s.nodes[0]!;
      s.open('a', node);
      s.line('a', 'sleep 2; ping -c 2 127.0.0.1 | tail -2; echo $$', 1);
      s.advance(12);
      const { state, output } = s.keys('a', '', 0);
      return { digest: s.sim.digest(), state, output };
    };
    expect(outcome(kept)).toEqual(outcome(fresh));
  });
});

it('boots afresh where the file is damaged, and belongs to its sources', () => {
  const [name] = readdirSync(folder).filter((each) => each.startsWith('lab-5-'));
  const whole = readFileSync(join(folder, name!), 'utf8');
  writeFileSync(join(folder, name!), whole.slice(0, whole.length / 2));
  expect(digest(bootKept(folder, 'x', false)('lab', 5))).toBe(digest(bootFresh('lab', 5)));
  bootKept(folder, 'y', false)('lab', 5);
  expect(readdirSync(folder).filter((each) => each.startsWith('lab-5-')).sort()).toEqual(['lab-5-x.json', 'lab-5-y.json']);
});
