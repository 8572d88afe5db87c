/** `npm run digests`: the digest of each recorded run, a line each, as this engine in this place and language comes to it. */
import { bootKept } from '../drill/kept.ts';
import { Session } from '../drill/session.ts';
import { images } from '../sim/images.ts';
import { Simulation } from '../sim/simulation.ts';
import { programs } from '../shell/bin/registry.ts';
import { corpus, playRecorded } from './corpus.ts';

const SEED = 1;

export function main(root: string, stamp: string): void {
  const boot = bootKept(`${root}/node_modules/.cache/firedrill/worlds`, stamp, process.env['FIREDRILL_WORLDS'] === 'stale');
  for (const recorded of corpus) {
    const { topology } = recorded;
    const session = playRecorded(new Session(new Simulation(boot(topology, SEED), programs, images), { topology, seed: SEED }), recorded);
    process.stdout.write(`${session.sim.digest()}  ${recorded.name}\n`);
  }
}
