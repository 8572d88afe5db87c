/**
 * Booted worlds kept on disk beside the bundle that made them (Node only): a fresh process then starts in
 * the time it takes to read one. Another build never reads them: the folder's name is the build's stamp.
 */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createCluster, type Topology } from '../sim/cluster.ts';
import { pack, unpack } from '../sim/engine/pack.ts';
import type { World } from '../sim/world.ts';
import { programs } from '../shell/bin/registry.ts';

export type Boot = (topology: Topology, seed: number) => World;

export const bootFresh: Boot = (topology, seed) => createCluster(topology, seed, programs);

/** Boots each world once a build and seed, and reads it from then on. Both ways give the same bytes. */
export const bootKept = (folder: string): Boot => (topology, seed) => {
  const file = join(folder, `${topology}-${seed}.json`);
  if (existsSync(file)) return unpack(readFileSync(file, 'utf8')) as World;
  const world = bootFresh(topology, seed);
  mkdirSync(folder, { recursive: true });
  // Written beside and renamed: several processes may boot the same world at once.
  const temporary = `${file}.${process.pid}`;
  const text = pack(world);
  writeFileSync(temporary, text);
  renameSync(temporary, file);
  return unpack(text) as World;
};
