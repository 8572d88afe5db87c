/**
 * Run after the dependencies are installed: boots the worlds that drivers and tests begin with and keeps
 * them, so that nobody waits for the first boot. Failing here is no failure of the installation.
 */
import { TOPOLOGIES, type Topology } from '../sim/cluster.ts';
import { bootKept } from './kept.ts';

/** The driver's default. */
const SEED = 1;

export function main(root: string, stamp: string): void {
  const boot = bootKept(`${root}/node_modules/.cache/firedrill/worlds`, stamp, false);
  for (const topology of Object.keys(TOPOLOGIES) as Topology[]) boot(topology, SEED);
}
