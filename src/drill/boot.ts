/** Where the driver's worlds come from. */
import { createCluster, type Topology } from '../sim/cluster.ts';
import type { World } from '../sim/world.ts';
import { programs } from '../shell/bin/registry.ts';

export type Boot = (topology: Topology, seed: number) => World;

export const bootFresh: Boot = (topology, seed) => createCluster(topology, seed, programs);
