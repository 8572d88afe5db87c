/** Booted worlds for tests: each is booted once a process and then only forked. */
import { createWorld, type Session, type Topology } from '../../src/firedrill.ts';

const booted = new Map<string, Session>();

/** A world of its own, as fresh from `createWorld`. */
export function freshWorld(topology: Topology = 'three-masters', seed = 1): Session {
  const key = `${topology}/${seed}`;
  if (!booted.has(key)) booted.set(key, createWorld({ topology, seed }));
  return booted.get(key)!.fork();
}
