/**
 * The testing library: draw worlds, faults and commands, and claim things about them. For authors' and
 * operators' own suites; fast-check and vitest are theirs.
 */
export { createWorld, Session, Simulation, UnknownThing, type Answer, type ExecAnswer, type TerminalState, type Topology } from './firedrill.ts';
export { catalogue } from './sim/faults/catalogue.ts';
export type { Fault, Symptom, Repair } from './sim/faults/strike.ts';
export { parseScenario, type Scenario } from './drill/scenario.ts';
export { checkScenario } from './drill/check.ts';
export { checkGoals } from './drill/goals.ts';
export { trial, shows, repair, until } from './drill/trial.ts';
export { encodeLink, decodeLink } from './drill/link.ts';
export { topologies, faults, operatorCommands, timings, type DrawnFault, type DrawnLine } from './testing/arbitraries.ts';
export { invariants, brokenInvariants, type Invariant } from './testing/invariants.ts';
export { matchers, type MatcherResult, type WorldOf } from './testing/matchers.ts';
