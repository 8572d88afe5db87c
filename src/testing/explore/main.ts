/**
 * `npm run explore -- --runs N --seed S [--shard I/N] [--out FILE]`: the long search (docs/exploring.md). A JSON line a run, on
 * standard output or at the end of FILE, which is gone on with when it is there; progress on standard error; the exit status
 * is 1 when something was found. `--merge` joins the files of shards.
 */
import { appendFileSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { bootKept } from '../../drill/kept.ts';
import { parseScenario, type Scenario } from '../../drill/scenario.ts';
import { Session } from '../../drill/session.ts';
import { images } from '../../sim/images.ts';
import { Simulation } from '../../sim/simulation.ts';
import { programs } from '../../shell/bin/registry.ts';
import { readOptions, type Options } from './options.ts';
import { planOf } from './plan.ts';
import { keepFinding, lineOfFinding, mergeRecords, readRecords } from './records.ts';
import { search, type Finding, type Worlds } from './search.ts';

const SEED_OF_WORLDS = 1;
const say = (text: string): void => { process.stderr.write(`${text}\n`); };

function drillsOf(folder: string): Map<string, Scenario> {
  const names = readdirSync(folder).filter((name) => name.endsWith('.md') && name !== 'README.md').sort();
  const parsed = names.map((name) => parseScenario(readFileSync(`${folder}/${name}`, 'utf8'), `scenarios/${name}`));
  return new Map(parsed.flatMap((each) => (each.ok ? [[each.scenario.id, each.scenario] as const] : [])));
}

function merge({ merge: files, out }: Options): number {
  const records = mergeRecords(files);
  const text = records.map(lineOfFinding).join('');
  if (out === null) process.stdout.write(text); else writeFileSync(out, text);
  return summary(records);
}

/** What came out, in a line or two; the exit status. */
function summary(records: readonly Finding[]): number {
  const found = records.filter(({ problems }) => problems.length);
  say(`${records.length} runs, ${found.length} with findings`);
  for (const { run, kind, what, problems } of found) say(`  run ${run}, ${kind}: ${what}: ${problems[0]!.split('\n')[0]}`);
  return found.length ? 1 : 0;
}

/** The runs that a file has already; half a line at its end is cut off. */
function doneIn(file: string, seed: number): Finding[] {
  const { records, torn } = readRecords(file);
  const other = records.find((record) => record.seed !== seed);
  if (other) throw new Error(`${file} is of seed ${other.seed}, not ${seed}`);
  if (torn) writeFileSync(file, records.map(lineOfFinding).join(''));
  return records;
}

function explore(options: Options, worlds: Worlds): number {
  const { runs, only, seed, shard, shards, kinds, out, save } = options;
  const records = out === null ? [] : doneIn(out, seed);
  const done = new Set(records.map(({ run }) => run));
  const mine = (only === null ? Array.from({ length: runs }, (_, run) => run) : [only]).filter((run) => (only !== null || run % shards === shard - 1) && !done.has(run));
  if (done.size) say(`${out} has ${done.size} runs already; ${mine.length} are left`);
  for (const [i, run] of mine.entries()) {
    const finding = search(planOf(run, seed, kinds, [...worlds.drills.keys()]), worlds);
    records.push(finding);
    if (out === null) process.stdout.write(lineOfFinding(finding)); else appendFileSync(out, lineOfFinding(finding));
    const where = finding.problems.length ? ` — FOUND, kept in ${keepFinding(save, finding)}` : '';
    say(`[${i + 1}/${mine.length}] run ${run}, ${finding.kind}: ${finding.what}${where}`);
  }
  return summary(records);
}

export function main(root: string, stamp: string): void {
  const cache = `${root}/node_modules/.cache/firedrill`;
  const options = readOptions(process.argv.slice(2), cache);
  if ('error' in options) {
    process.stderr.write(options.error);
    process.exit(2);
  }
  const boot = bootKept(`${cache}/worlds`, stamp, process.env['FIREDRILL_WORLDS'] === 'stale');
  const fresh: Worlds['fresh'] = (topology) => new Session(new Simulation(boot(topology, SEED_OF_WORLDS), programs, images), { topology, seed: SEED_OF_WORLDS });
  const kept = new Map<string, Session>();
  const worlds: Worlds = {
    drills: drillsOf(`${root}/scenarios`),
    fresh(topology) {
      if (!kept.has(topology)) kept.set(topology, fresh(topology));
      return kept.get(topology)!.fork();
    },
  };
  try { process.exitCode = options.merge.length ? merge(options) : explore(options, worlds); } catch (error) {
    say((error as Error).message);
    process.exitCode = 2;
  }
}
