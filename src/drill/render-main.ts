/**
 * `npm run render -- [--check] [--elastic] FILE…`: writes the outputs of `<drill-run>` blocks into documentation. With
 * --check nothing is written, and the exit status is 1 when anything would be. With --elastic what changes with every
 * boot is marked.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { images } from '../sim/images.ts';
import { Simulation } from '../sim/simulation.ts';
import { programs } from '../shell/bin/registry.ts';
import { PAGE_SEED, readCourse } from './course.ts';
import { bootKept } from './kept.ts';
import { render, type World } from './render.ts';
import { applySetup } from './scenario.ts';
import { Session } from './session.ts';

export function main(root: string, stamp: string): void {
  const options = process.argv.slice(2).filter((word) => word.startsWith('-')), files = process.argv.slice(2).filter((word) => !word.startsWith('-'));
  const unknown = options.find((option) => !['--check', '--elastic'].includes(option));
  if (!files.length || unknown) {
    process.stderr.write(`${unknown ? `unknown option ${unknown}\n` : ''}usage: npm run render -- [--check] [--elastic] FILE…\n`);
    process.exit(2);
  }
  const boot = bootKept(`${root}/node_modules/.cache/firedrill/worlds`, stamp, process.env['FIREDRILL_WORLDS'] === 'stale');
  const course = readCourse(`${root}/scenarios`);
  const fresh = (topology: Parameters<typeof boot>[0]): Session => new Session(new Simulation(boot(topology, PAGE_SEED), programs, images));
  const worldOf = (scenario: string): World | string => {
    if (scenario === 'sandbox') return { session: fresh('three-masters'), stamp: 'sandbox@1' };
    const drill = course.find(({ id }) => id === scenario);
    if (!drill) return `there is no scenario ${scenario}; known are sandbox, ${course.map(({ id }) => id).join(', ')}`;
    if (!drill.ok) return drill.errors.map(({ file, line, reason }) => `${file}:${line}: ${reason}`).join(' ');
    const session = fresh(drill.scenario.topology);
    applySetup(session, drill.scenario);
    return { session, stamp: `${drill.id}@${drill.stamp.slice(0, 8)}` };
  };
  let count = 0;
  for (const file of files) {
    let source: string;
    try { source = readFileSync(file, 'utf8'); } catch (error) { process.stderr.write(`${(error as Error).message}\n`); process.exit(2); }
    const { text, drifts } = render(source, worldOf, options.includes('--elastic'));
    for (const { line, reason } of drifts) process.stdout.write(`${file}:${line}: ${reason}\n`);
    count += drifts.length;
    if (options.includes('--check')) continue;
    if (text !== source) writeFileSync(file, text);
    process.stdout.write(`${file}: ${text === source ? 'as it was' : 'written'}\n`);
  }
  if (options.includes('--check')) process.exitCode = count ? 1 : 0;
}
