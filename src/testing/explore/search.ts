/** One run of a search: does what its plan says, and tells what was not as it must be, with the fewest inputs that show it. */
import { checkStray, partsOf } from '../../drill/check.ts';
import { enter, reenact, shrink, type Entered } from '../../drill/entered.ts';
import type { Scenario } from '../../drill/scenario.ts';
import type { Session } from '../../drill/session.ts';
import { repair, shows, trial, until } from '../../drill/trial.ts';
import { catalogue } from '../../sim/faults/catalogue.ts';
import type { Fault } from '../../sim/faults/strike.ts';
import { Player } from '../../drill/transcript.ts';
import { evidenceOf } from '../evidence.ts';
import { brokenInvariants } from '../invariants.ts';
import type { Deed, Plan } from './plan.ts';

export interface Finding { run: number; seed: number; kind: string; what: string; problems: string[]; /** A line each: the fewest inputs that show it. */ inputs?: string[]; entered?: readonly Entered[]; /** Opens the page at that moment. */ link?: string }
export interface Worlds { fresh: (topology: Scenario['topology']) => Session; drills: ReadonlyMap<string, Scenario> }

const HEALTHY = { on: 'node-1', run: 'gravity status', match: 'Cluster status:\\s+active', not: 'degraded|offline', within: 0 };
const HEAL_SECONDS = 600;
/** How often a finding is lived again in search of fewer inputs. */
const PATIENCE = 12;

export function search(plan: Plan, worlds: Worlds): Finding {
  const session = worlds.fresh('three-masters');
  const finding: Finding = { run: plan.run, seed: plan.seed, kind: plan.kind, what: plan.what, problems: [] };
  let seenIn = session;
  try {
    const seen = KINDS[plan.kind](plan, session, worlds);
    finding.problems = seen.problems;
    seenIn = seen.seenIn;
  } catch (error) { finding.problems = [(error as Error).stack ?? String(error)]; }
  return finding.problems.length ? { ...finding, ...told(seenIn, plan) } : finding;
}

type Seen = { problems: string[]; seenIn: Session };
const KINDS: Readonly<Record<Plan['kind'], (plan: Plan, session: Session, worlds: Worlds) => Seen>> = {
  alone: ({ deeds }, session) => ({ problems: trial(session, faultOf(deeds[0]!)), seenIn: session }),

  pairs({ deeds }, session) {
    doAll(session, deeds);
    session.advance(5);
    for (const deed of [...deeds].reverse()) repair(session, faultOf(deed));
    const well = until(session, HEAL_SECONDS, () => shows(session, HEALTHY));
    return { problems: well ? stillShowing(session, deeds) : [`not healthy ${HEAL_SECONDS} s after all repairs`], seenIn: session };
  },

  typed({ deeds }, session) {
    doAll(session, deeds);
    return { problems: brokenInvariants(session), seenIn: session };
  },

  drills({ drill, state }, _, { fresh, drills }) {
    const scenario = drills.get(drill!)!;
    const player = new Player(fresh(scenario.topology));
    player.play(partsOf(scenario.blocks)[0]);
    const problems: string[] = [];
    checkStray(scenario, player.session, state!, (_line, reason) => problems.push(reason));
    return { problems, seenIn: player.session };
  },

  replays({ deeds }, session) {
    doAll(session, deeds);
    const again = session.anew();
    reenact(again, session.entered, session.now);
    const digests = [session.sim.digest(), again.sim.digest()];
    return { problems: digests[0] === digests[1] ? [] : [`came to ${digests[0]} and then to ${digests[1]}`], seenIn: session };
  },
};

const faultOf = (deed: Deed): Fault => catalogue.get('fault' in deed ? deed.fault : '')!;

function doAll(session: Session, deeds: readonly Deed[]): void {
  for (const deed of deeds) {
    session.advance(deed.after);
    // Either is refused on a node that the other has switched off.
    if ('fault' in deed) enter(session, { kind: 'fault', name: deed.fault, args: {} });
    else if (session.sim.world.hosts[deed.on]!.up) session.exec(deed.on, deed.run, { wait: 30 });
  }
}

function stillShowing(session: Session, deeds: readonly Deed[]): string[] {
  return deeds.flatMap((deed) => (faultOf(deed).symptoms ?? []).filter(({ run }) => !run.includes('journalctl'))
    .filter((symptom) => !until(session, 240, () => !shows(session, symptom))).map(({ run }) => `still shows after both repairs: ${run}`));
}

/** What a finding is told with. Only what is typed can be left out without changing what is claimed: of the others all inputs are told. */
function told(session: Session, { kind }: Plan): Partial<Finding> {
  const fails = (left: readonly Entered[]): boolean => {
    const again = session.anew();
    try { reenact(again, left, session.now); return brokenInvariants(again).length > 0; } catch { return true; }
  };
  const entered = kind === 'typed' ? shrink(session.entered, fails, PATIENCE) : session.entered;
  try {
    const { inputs, link } = evidenceOf(session, entered);
    return { inputs, entered, ...(link === null ? {} : { link }) };
  } catch { return { entered }; }
}
