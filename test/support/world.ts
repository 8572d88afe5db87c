/** Booted worlds for tests: each is booted once a build and then only read and forked. */
import { createHash } from 'node:crypto';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { bootKept } from '../../src/drill/boot.ts';
import { images, programs, Session, Simulation, type Topology } from '../../src/firedrill.ts';

/** A stamp of the sources: a world of other sources is never read. */
function stamp(folder: string): string {
  const hash = createHash('sha1');
  const visit = (path: string): void => {
    const info = statSync(path);
    if (info.isDirectory()) for (const name of readdirSync(path).sort()) visit(join(path, name));
    else hash.update(`${path} ${info.mtimeMs} ${info.size}\n`);
  };
  visit(folder);
  return hash.digest('hex').slice(0, 16);
}

const boot = bootKept(`node_modules/.cache/firedrill/worlds-${stamp('src')}`);
const booted = new Map<string, Session>();

/** A world of its own, as fresh from `createWorld`. */
export function freshWorld(topology: Topology = 'three-masters', seed = 1): Session {
  const key = `${topology}/${seed}`;
  if (!booted.has(key)) booted.set(key, new Session(new Simulation(boot(topology, seed), programs, images)));
  return booted.get(key)!.fork();
}
