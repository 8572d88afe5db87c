/**
 * The public front door: a world with its programs, ready to be worked with.
 */
import { createCluster } from './sim/cluster.ts';
import { images } from './sim/images.ts';
import { Simulation } from './sim/simulation.ts';
import { Session, type Origin } from './drill/session.ts';
import { programs } from './shell/bin/registry.ts';

export { Session, UnknownThing, type Answer, type ExecAnswer, type ExecOptions, type Origin, type TerminalState } from './drill/session.ts';
export { Simulation, type Input } from './sim/simulation.ts';
export { images } from './sim/images.ts';
export { programs } from './shell/bin/registry.ts';
export { TOPOLOGIES, type Topology } from './sim/cluster.ts';
export { catalogue } from './sim/faults/catalogue.ts';
export type { Fault, FaultArg, FaultArgs, Repair, Symptom } from './sim/faults/strike.ts';
export { applySetup, parseScenario, type Goal, type Parsed, type Scenario } from './drill/scenario.ts';
export { checkGoal, checkGoals, type GoalResult } from './drill/goals.ts';
export { changesBetween, viewOf, type Health, type View, type ViewLink, type ViewNode, type ViewPod, type ViewService, type ViewUnit } from './drill/view.ts';
export { decodeLink, encodeLink } from './drill/link.ts';

/** A booted world. Equal topology and seed give equal worlds, to the byte. */
export function createWorld({ topology = 'three-masters', seed = 1 }: Partial<Origin> = {}): Session {
  return new Session(new Simulation(createCluster(topology, seed, programs), programs, images), { topology, seed });
}

/** What `world.sim.save()` wrote, as it was. A world that has been booted and saved need not boot again. */
export const loadWorld = (text: string): Session => new Session(Simulation.load(text, programs, images));
