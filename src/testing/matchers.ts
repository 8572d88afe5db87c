/**
 * Matchers for vitest (or any `expect.extend` of its kind): toBeSolvable on a scenario file, toShowSymptom and
 * toHealFrom on a fault's name, toBeDeterministic on something that plays a world.
 */
import { checkScenario } from '../drill/check.ts';
import { parseScenario } from '../drill/scenario.ts';
import type { Session } from '../drill/session.ts';
import { shows, trial, until } from '../drill/trial.ts';
import { catalogue } from '../sim/faults/catalogue.ts';
import type { Fault } from '../sim/faults/strike.ts';
import type { Topology } from '../sim/cluster.ts';
import { createWorld } from '../firedrill.ts';

export interface MatcherResult { pass: boolean; message: () => string }

/** Where worlds come from: `createWorld`, or whatever forks a booted one. */
export type WorldOf = (topology: Topology) => Session;
const fresh: WorldOf = (topology) => createWorld({ topology });

const result = (problems: readonly string[], not: string): MatcherResult => ({ pass: problems.length === 0, message: () => (problems.length ? problems.join('\n') : not) });
const faultNamed = (name: string): Fault => {
  const fault = catalogue.get(name);
  if (!fault) throw new Error(`unknown fault ${name}; known are ${[...catalogue.keys()].join(', ')}`);
  return fault;
};

/** For `expect.extend(matchers(worldOf))`. */
export const matchers = (worldOf: WorldOf = fresh): Readonly<Record<'toBeSolvable' | 'toShowSymptom' | 'toHealFrom' | 'toBeDeterministic', (received: never) => MatcherResult>> => ({
  /** expect(source of a scenario file).toBeSolvable(): all of an author's truth tests hold. */
  toBeSolvable(source: string) {
    const parsed = parseScenario(source, 'scenario.md');
    const problems = parsed.ok ? checkScenario(parsed.scenario, worldOf(parsed.scenario.topology)).problems : parsed.errors;
    return result(problems.map(({ line, reason }) => `line ${line}: ${reason}`), 'the scenario is solvable');
  },
  /** expect('forwarding-off').toShowSymptom(): what its row declares is seen in time. */
  toShowSymptom(name: string) {
    const session = worldOf('three-masters');
    const fault = faultNamed(name);
    session.fault(name, {});
    return result((fault.symptoms ?? []).filter((symptom) => !until(session, symptom.within, () => shows(session, symptom))).map(({ run }) => `does not show: ${run}`), `${name} shows its symptoms`);
  },
  /** expect('forwarding-off').toHealFrom(): strike, see, repair, see it gone. */
  toHealFrom: (name: string) => result(trial(worldOf('three-masters'), faultNamed(name)), `the cluster heals from ${name}`),
  /** expect((world) => { … }).toBeDeterministic(): twice the same from the same start. */
  toBeDeterministic(play: (session: Session) => unknown) {
    const [one, other] = [0, 1].map(() => { const session = worldOf('three-masters'); return [JSON.stringify(play(session)), session.sim.digest()]; });
    return result(one![0] === other![0] && one![1] === other![1] ? [] : ['two runs of the same differ'], 'two runs are the same');
  },
});
