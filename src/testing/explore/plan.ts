/**
 * What run number R of a search does. All is drawn from the seed and the run's number, so shards need not talk, and a run
 * can be had again alone.
 */
import { draw } from '../../sim/engine/rng.ts';
import { catalogue } from '../../sim/faults/catalogue.ts';
import { OPERATOR_LINES } from '../../drill/operator.ts';

/**
 * `alone`: a fault, its symptoms, its repair. `pairs`: two faults, repaired in reverse. `typed`: faults, and an operator who types;
 * the invariants hold. `drills`: from a random state a drill's solution still solves it. `replays`: the same inputs,
 * the same world.
 */
export const KINDS = ['alone', 'pairs', 'typed', 'drills', 'replays'] as const;
export type Kind = (typeof KINDS)[number];

/** One thing that is done, `after` so many seconds. */
export type Deed = { after: number } & ({ fault: string } | { on: string; run: string });
export interface Plan { run: number; seed: number; kind: Kind; /** In words. */ what: string; deeds: readonly Deed[]; /** `drills`: which scenario file, and which state. */ drill?: string; state?: string }

const NODES = ['node-1', 'node-2', 'node-3'];
const GAPS = [0, 1, 7, 31, 95];
/** Those with symptoms; the rest are repairs. */
export const healed = (): string[] => [...catalogue.values()].filter(({ symptoms }) => symptoms).map(({ name }) => name);

export function planOf(run: number, seed: number, kinds: readonly Kind[], drills: readonly string[]): Plan {
  const kind = kinds[run % kinds.length]!;
  const turn = Math.floor(run / kinds.length);
  const dice = { seed, rng: {} };
  const pick = <T>(name: string, list: readonly T[]): T => list[draw(dice, `explore/${run}/${name}`, list.length)]!;
  const plan = (what: string, deeds: readonly Deed[], rest: Partial<Plan> = {}): Plan => ({ run, seed, kind, what, deeds, ...rest });
  const names = healed();
  const typed = (count: number): Deed[] => Array.from({ length: count }, (_, i) => ({ after: pick(`${i}/gap`, GAPS.slice(0, 4)), on: pick(`${i}/on`, NODES), run: pick(`${i}/line`, OPERATOR_LINES) }));
  switch (kind) {
    // Each in turn: as many runs as there are faults try all.
    case 'alone': {
      const name = names[turn % names.length]!;
      return plan(name, [{ after: 0, fault: name }]);
    }
    case 'pairs': {
      const first = pick('first', names);
      const second = pick('second', names.filter((name) => name !== first));
      return plan(`${first} + ${second}`, [{ after: 0, fault: first }, { after: pick('gap', GAPS), fault: second }]);
    }
    case 'drills': {
      const drill = drills[turn % drills.length]!;
      const state = `${seed}/${Math.floor(turn / drills.length)}`;
      return plan(`${drill} from state ${state}`, [], { drill, state });
    }
    case 'typed': case 'replays': {
      const deeds = [{ after: 0, fault: pick('first', names) }, ...typed(1 + draw(dice, `explore/${run}/count`, 4))];
      return plan(deeds.map((deed) => ('fault' in deed ? deed.fault : deed.run)).join('; '), deeds);
    }
  }
}
