/**
 * The testing library: draw worlds, faults and commands, and claim things about them. For authors' and
 * operators' own suites; fast-check and vitest are theirs.
 */
export {
  createWorld, loadWorld, Session, Simulation, UnknownThing, catalogue, parseScenario, checkGoal, checkGoals, encodeLink, decodeLink,
  type Answer, type ExecAnswer, type ExecOptions, type Fault, type GoalResult, type Origin, type Repair, type Scenario, type Symptom, type TerminalState, type Topology,
} from './firedrill.ts';
export { checkScenario, type CheckOptions, type Verdict } from './drill/check.ts';
export { lineOf, reenact, shrink, type Entered, type Entry } from './drill/entered.ts';
export { trial, shows, repair, until } from './drill/trial.ts';
export { topologies, faults, operatorCommands, timings, type DrawnFault, type DrawnLine } from './testing/arbitraries.ts';
export { evidenceOf, evidenceText, shrunkInputs, type Evidence } from './testing/evidence.ts';
export { invariants, brokenInvariants, type Invariant } from './testing/invariants.ts';
export { matchers, type MatcherResult, type Matchers, type WorldMatchers, type WorldOf } from './testing/matchers.ts';
export { corpus, playRecorded, type Recorded } from './testing/corpus.ts';
