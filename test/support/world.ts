/**
 * Worlds for tests: each is had once a process and then only forked. They come from where the driver keeps
 * its own, booted from these very sources (test/sim/kept.test.ts proves that such a world is the fresh one).
 */
import { Session, Simulation, images, programs, type Topology } from '../../src/firedrill.ts';
import { bootKept } from '../../src/drill/kept.ts';
import { root, stampOfSources } from '../../src/drill/launch.mjs';
import type { Boot } from '../../src/drill/boot.ts';

const booted = new Map<string, Session>();
const kept: Boot = bootKept(`${root}/node_modules/.cache/firedrill/worlds`, stampOfSources(), process.env['FIREDRILL_WORLDS'] === 'stale');

/** A world of its own, as fresh from `createWorld`. */
export function freshWorld(topology: Topology = 'three-masters', seed = 1): Session {
  const key = `${topology}/${seed}`;
  if (!booted.has(key)) booted.set(key, new Session(new Simulation(kept(topology, seed), programs, images), { topology, seed }));
  return booted.get(key)!.fork();
}

/** The same for whoever makes worlds itself. */
export const bootShared: Boot = (topology, seed) => freshWorld(topology, seed).sim.snapshot();
