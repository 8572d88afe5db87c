/**
 * Matchers for vitest (or any `expect.extend` of its kind): toBeSolvable on a scenario file, toShowSymptom and
 * toHealFrom on a fault's name, toBeDeterministic on something that plays a world, toHoldInvariants on a world.
 * Whatever fails is told with the inputs that led there and a link to the page (evidence.ts).
 */
import { checkScenario } from '../drill/check.ts';
import { parseScenario } from '../drill/scenario.ts';
import type { Session } from '../drill/session.ts';
import { shows, trial, until } from '../drill/trial.ts';
import { catalogue } from '../sim/faults/catalogue.ts';
import type { Fault } from '../sim/faults/strike.ts';
import type { Topology } from '../sim/cluster.ts';
import { createWorld } from '../firedrill.ts';
import { evidenceOf, evidenceText, shrunkInputs } from './evidence.ts';
import { brokenInvariants } from './invariants.ts';

export interface MatcherResult { pass: boolean; message: () => string }

/** Where worlds come from: `createWorld`, or whatever forks a booted one. */
export type WorldOf = (topology: Topology) => Session;
const fresh: WorldOf = (topology) => createWorld({ topology });

/** `session`: where the problems were seen. */
const result = (problems: readonly string[], not: string, session: Session | null, site?: string): MatcherResult => ({
  pass: problems.length === 0,
  message: () => (problems.length === 0 ? not : session === null ? problems.join('\n') : `${problems.join('\n')}\n${evidenceText(evidenceOf(session, session.entered, site))}`),
});
const faultNamed = (name: string): Fault => {
  const fault = catalogue.get(name);
  if (!fault) throw new Error(`unknown fault ${name}; known are ${[...catalogue.keys()].join(', ')}`);
  return fault;
};

/** A type and no interface: `expect.extend` wants what could have any key. */
export type Matchers = {
  toBeSolvable: (source: string) => MatcherResult;
  toShowSymptom: (name: string) => MatcherResult;
  toHealFrom: (name: string) => MatcherResult;
  toBeDeterministic: (play: (session: Session) => unknown) => MatcherResult;
  toHoldInvariants: (session: Session) => MatcherResult;
};
/** For `declare module 'vitest' { interface Matchers<T> extends WorldMatchers {} }`. */
export type WorldMatchers = { [K in keyof Matchers]: () => void };

/** For `expect.extend(matchers(worldOf))`. `site`: where your page is, for the links; else where `npm start` serves it. */
export const matchers = (worldOf: WorldOf = fresh, site?: string): Matchers => ({
  /** expect(source of a scenario file).toBeSolvable(): all of an author's truth tests hold. */
  toBeSolvable(source) {
    const parsed = parseScenario(source, 'scenario.md');
    if (!parsed.ok) return result(parsed.errors.map(({ line, reason }) => `line ${line}: ${reason}`), '', null);
    const { problems, seenIn } = checkScenario(parsed.scenario, worldOf(parsed.scenario.topology));
    return result(problems.map(({ line, reason }) => `line ${line}: ${reason}`), 'the scenario is solvable', seenIn, site);
  },
  /** expect('forwarding-off').toShowSymptom(): what its row declares is seen in time. */
  toShowSymptom(name) {
    const session = worldOf('three-masters');
    const fault = faultNamed(name);
    session.fault(name, {});
    const hidden = (fault.symptoms ?? []).filter((symptom) => !until(session, symptom.within, () => shows(session, symptom)));
    return result(hidden.map(({ run }) => `does not show: ${run}`), `${name} shows its symptoms`, session, site);
  },
  /** expect('forwarding-off').toHealFrom(): strike, see, repair, see it gone. */
  toHealFrom(name) {
    const session = worldOf('three-masters');
    return result(trial(session, faultNamed(name)), `the cluster heals from ${name}`, session, site);
  },
  /** expect((world) => { … }).toBeDeterministic(): twice the same from the same start. */
  toBeDeterministic(play) {
    const [one, other] = [0, 1].map(() => {
      const session = worldOf('three-masters');
      return { session, told: JSON.stringify(play(session)) ?? '', digest: session.sim.digest() };
    });
    const problems = [
      ...(one!.told === other!.told ? [] : [`told ${one!.told.slice(0, 200)} and then ${other!.told.slice(0, 200)}`]),
      ...(one!.digest === other!.digest ? [] : [`came to ${one!.digest} and then to ${other!.digest}`]),
    ];
    return result(problems.length ? ['two runs of the same differ', ...problems] : [], 'two runs are the same', one!.session, site);
  },
  /** expect(world).toHoldInvariants(): what holds of every world holds of this one; if not, the fewest inputs after which it does not. */
  toHoldInvariants(session) {
    const problems = brokenInvariants(session);
    return {
      pass: problems.length === 0,
      message: () => (problems.length
        ? `${problems.join('\n')}\n${evidenceText(evidenceOf(session, shrunkInputs(session, (again) => brokenInvariants(again).length > 0), site))}`
        : 'every invariant holds'),
    };
  },
});
