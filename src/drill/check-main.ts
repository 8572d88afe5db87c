/**
 * `npm run check -- FOLDER…`: the truth tests on scenario files outside of any test runner, for authors.
 * Faults go to standard output as FILE:LINE: REASON; the exit status is 1 when there are any. With UPDATE=1 in the
 * environment what was really seen is written into the files, with UPDATE=elastic what may change is marked in it.
 */
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { images } from '../sim/images.ts';
import { Simulation } from '../sim/simulation.ts';
import { programs } from '../shell/bin/registry.ts';
import { checkScenario } from './check.ts';
import { bootKept } from './kept.ts';
import type { Problem } from './markdown.ts';
import { parseScenario } from './scenario.ts';
import { Session } from './session.ts';
import { rewrite } from './transcript.ts';

const say = (text: string): void => { process.stdout.write(`${text}\n`); };

function filesOf(path: string): string[] {
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path).filter((name) => name.endsWith('.md') && name !== 'README.md').sort().map((name) => join(path, name));
}

export function main(root: string, stamp: string): void {
  const paths = process.argv.slice(2);
  if (!paths.length || paths.some((path) => path.startsWith('-'))) {
    process.stderr.write('usage: npm run check -- FOLDER|FILE…\n');
    process.exit(2);
  }
  const boot = bootKept(`${root}/node_modules/.cache/firedrill/worlds`, stamp, process.env['FIREDRILL_WORLDS'] === 'stale');
  let files: string[];
  try { files = paths.flatMap(filesOf); } catch (error) { process.stderr.write(`${(error as Error).message}\n`); process.exit(2); }
  if (!files.length) { process.stderr.write('no scenario files there\n'); process.exit(2); }
  let count = 0;
  for (const file of files) {
    const problems = checkFile(file, boot);
    for (const { line, reason } of problems) say(`${file}:${line}: ${reason}`);
    if (!problems.length) say(`${file}: fine`);
    count += problems.length;
  }
  process.exitCode = count ? 1 : 0;
}

function checkFile(file: string, boot: ReturnType<typeof bootKept>): readonly Problem[] {
  const source = readFileSync(file, 'utf8');
  const parsed = parseScenario(source, file);
  if (!parsed.ok) return parsed.errors;
  const { problems, played } = checkScenario(parsed.scenario, new Session(new Simulation(boot(parsed.scenario.topology, 1), programs, images)));
  const update = process.env['UPDATE'];
  if (update) writeFileSync(file, rewrite(source, played, update === 'elastic'));
  return problems;
}
