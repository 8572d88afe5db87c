/**
 * The public front door: a world with its programs, ready to be worked with.
 */
import { createCluster, type Topology } from './sim/cluster.ts';
import { images } from './sim/images.ts';
import { Simulation } from './sim/simulation.ts';
import { Session } from './drill/session.ts';
import { programs } from './shell/bin/registry.ts';

export { Session, UnknownThing, type Answer, type ExecAnswer, type TerminalState } from './drill/session.ts';
export { Simulation, type Input } from './sim/simulation.ts';
export { images } from './sim/images.ts';
export { programs } from './shell/bin/registry.ts';
export { TOPOLOGIES, type Topology } from './sim/cluster.ts';

/** A booted world. Equal topology and seed give equal worlds, to the byte. */
export function createWorld({ topology = 'three-masters', seed = 1 }: { topology?: Topology; seed?: number } = {}): Session {
  return new Session(new Simulation(createCluster(topology, seed, programs), programs, images));
}
