/**
 * `npm run explore -- --runs N --seed S [--shard I/N] [--out FILE]`: the long search. Each run strikes with one fault or
 * two at drawn times, repairs them in reverse and wants the cluster healthy again. A JSON line a run; a file given
 * with --out is continued, and files of several shards are merged by writing them one after the other.
 */
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { draw } from '../sim/engine/rng.ts';
import { catalogue } from '../sim/faults/catalogue.ts';
import type { Fault } from '../sim/faults/strike.ts';
import { images } from '../sim/images.ts';
import { Simulation } from '../sim/simulation.ts';
import type { Json } from '../sim/proc/program.ts';
import type { World } from '../sim/world.ts';
import { programs } from '../shell/bin/registry.ts';
import { VERSION } from './driver.ts';
import { bootKept } from './kept.ts';
import { encodeLink } from './link.ts';
import { Session } from './session.ts';
import { repair, shows, trial, until } from './trial.ts';

interface Finding { run: number; seed: number; faults: string[]; gapSeconds: number; problems: string[]; /** Opens the broken world, on the page and in the driver. */ link?: string }
interface Options { runs: number; seed: number; shard: number; shards: number; out: string | null }

const HEALTHY = { on: 'node-1', run: 'gravity status', match: 'Cluster status:\\s+active', not: 'degraded|offline', within: 0 };
const HEAL_SECONDS = 600;
const GAPS = [0, 1, 7, 31, 95];

function usage(message: string): never {
  process.stderr.write(`${message}\nusage: npm run explore -- --runs N --seed S [--shard I/N] [--out FILE]\n`);
  process.exit(2);
}

function options(): Options {
  let values: { runs?: string; seed?: string; shard?: string; out?: string };
  try { ({ values } = parseArgs({ options: { runs: { type: 'string' }, seed: { type: 'string' }, shard: { type: 'string' }, out: { type: 'string' } } })); } catch (error) { usage((error as Error).message); }
  const runs = Number(values.runs ?? 10), seed = Number(values.seed ?? 1);
  const shard = /^([1-9]\d*)\/([1-9]\d*)$/.exec(values.shard ?? '1/1');
  if (!Number.isSafeInteger(runs) || runs < 1) usage(`--runs must be a whole number above 0, not ${values.runs}`);
  if (!Number.isSafeInteger(seed)) usage(`--seed must be a whole number, not ${values.seed}`);
  if (!shard || Number(shard[1]) > Number(shard[2])) usage(`--shard must be I/N with I from 1 to N, not ${values.shard}`);
  return { runs, seed, shard: Number(shard[1]), shards: Number(shard[2]), out: values.out ?? null };
}

const known = (file: string | null): ReadonlySet<number> =>
  new Set(file !== null && existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean).map((line) => (JSON.parse(line) as Finding).run) : []);

/** What run number `run` does: drawn from the seed alone, so that shards need not talk. */
function plan(run: number, seed: number): { faults: Fault[]; gapSeconds: number } {
  const healed = [...catalogue.values()].filter((fault) => fault.symptoms);
  const dice = { seed, rng: {} };
  const pick = (name: string, below: number): number => draw(dice, `explore/${run}/${name}`, below);
  const first = healed[pick('first', healed.length)]!;
  const second = healed[pick('second', healed.length)]!;
  return { faults: pick('pair', 3) === 0 || second === first ? [first] : [first, second], gapSeconds: GAPS[pick('gap', GAPS.length)]! };
}

function explore(run: number, seed: number, world: World): Finding {
  const { faults, gapSeconds } = plan(run, seed);
  const finding: Finding = { run, seed, faults: faults.map(({ name }) => name), gapSeconds, problems: [] };
  const session = new Session(new Simulation(world, programs, images));
  const requests: Json[] = [];
  try {
    if (faults.length === 1) finding.problems.push(...trial(session.fork(), faults[0]!));
    for (const fault of faults) {
      session.fault(fault.name, {});
      session.advance(gapSeconds);
      requests.push({ op: 'fault', name: fault.name, args: {} }, { op: 'advance', seconds: gapSeconds });
    }
    for (const fault of [...faults].reverse()) repair(session, fault);
    if (!until(session, HEAL_SECONDS, () => shows(session, HEALTHY))) finding.problems.push(`not healthy ${HEAL_SECONDS} s after all repairs`);
  } catch (error) { finding.problems.push((error as Error).stack ?? String(error)); }
  if (finding.problems.length) finding.link = encodeLink({ version: VERSION, seed: 1, topology: 'three-masters', at: 0, requests, digest: '' });
  return finding;
}

export function main(root: string, stamp: string): void {
  const { runs, seed, shard, shards, out } = options();
  const world = bootKept(`${root}/node_modules/.cache/firedrill/worlds`, stamp, process.env['FIREDRILL_WORLDS'] === 'stale')('three-masters', 1);
  const done = known(out);
  const mine = Array.from({ length: runs }, (_, run) => run).filter((run) => run % shards === shard - 1 && !done.has(run));
  let found = 0;
  for (const [i, run] of mine.entries()) {
    const finding = explore(run, seed, world);
    const line = `${JSON.stringify(finding)}\n`;
    if (out === null) process.stdout.write(line); else appendFileSync(out, line);
    if (finding.problems.length) found++;
    process.stderr.write(`${i + 1} of ${mine.length} runs, ${found} with findings: ${finding.faults.join(' + ')}\n`);
  }
  process.exitCode = found ? 1 : 0;
}
