/**
 * Worlds as files of the page: booted when the page is built, read when it is opened. The names of all
 * programs go with them, so that the page may load most of those later.
 */
import { createCluster, type Topology } from '../sim/cluster.ts';
import { pack } from '../sim/engine/pack.ts';
import { programs } from '../shell/bin/registry.ts';

export const PREBUILT: readonly { topology: Topology; seed: number }[] = [{ topology: 'three-masters', seed: 1 }];

export const fileName = (topology: string, seed: number): string => `worlds/${topology}-${seed}.json`;

export function prebuild(): { name: string; text: string }[] {
  const names = Object.keys(programs).sort();
  return PREBUILT.map(({ topology, seed }) => ({ name: fileName(topology, seed), text: `${JSON.stringify(names)}\n${pack(createCluster(topology, seed, programs))}` }));
}
