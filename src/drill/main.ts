/**
 * The driver as a process: lines of JSON on standard input, answers on standard output, nothing else.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { TOPOLOGIES, type Topology } from '../sim/cluster.ts';
import { Driver } from './driver.ts';
import { bootKept } from './kept.ts';
import { parseScenario, type Scenario } from './scenario.ts';

function usage(message: string): never {
  process.stderr.write(`${message}\nusage: drive [--seed N] [--topology ${Object.keys(TOPOLOGIES).join('|')}] [--scenario ID] [--at SECONDS]\n`);
  process.exit(2);
}

function options(): { seed: number; topology: Topology; scenario: string | undefined; at: number } {
  let values: { seed?: string; topology?: string; scenario?: string; at?: string };
  try {
    ({ values } = parseArgs({ options: { seed: { type: 'string' }, topology: { type: 'string' }, scenario: { type: 'string' }, at: { type: 'string' } } }));
  } catch (error) { usage((error as Error).message); }
  const seed = Number(values.seed ?? 1), at = Number(values.at ?? 0);
  if (!Number.isSafeInteger(seed)) usage(`--seed must be a whole number, not ${values.seed}`);
  if (!(at >= 0)) usage(`--at must be seconds, not ${values.at}`);
  const topology = values.topology ?? 'three-masters';
  if (!Object.hasOwn(TOPOLOGIES, topology)) usage(`unknown topology ${topology}`);
  return { seed, topology: topology as Topology, scenario: values.scenario, at };
}

/** All scenario files beside the source; a damaged one is reported and left out. */
function loadScenarios(folder: string): Scenario[] {
  const list: Scenario[] = [];
  for (const name of readdirSync(folder).filter((n) => n.endsWith('.md') && n !== 'README.md').sort()) {
    const parsed = parseScenario(readFileSync(`${folder}/${name}`, 'utf8'), `scenarios/${name}`);
    if (parsed.ok) list.push(parsed.scenario);
    else process.stderr.write(`${parsed.errors.map((e) => `${e.file}:${e.line}: ${e.reason}`).join('\n')}\n`);
  }
  return list;
}

export function main(root: string, stamp: string): void {
  const chosen = options();
  const scenarios = loadScenarios(`${root}/scenarios`);
  if (chosen.scenario !== undefined && !scenarios.some((s) => s.id === chosen.scenario)) usage(`unknown scenario ${chosen.scenario}`);
  const boot = bootKept(`${root}/node_modules/.cache/firedrill/worlds`, stamp, process.env['FIREDRILL_WORLDS'] === 'stale');
  const driver = new Driver({ ...chosen, scenarios, boot, report: (text) => process.stderr.write(`${text}\n`) });
  // By hand and not by readline, which also splits at U+2028 inside a JSON string.
  let rest = '';
  const take = (line: string): void => {
    if (driver.closed) return;
    process.stdout.write(`${JSON.stringify(driver.answer(line))}\n`);
    if (driver.closed) process.stdin.destroy();
  };
  process.stdin.setEncoding('utf8').on('data', (text: string) => {
    rest += text;
    for (let end = rest.indexOf('\n'); end >= 0; end = rest.indexOf('\n')) {
      const line = rest.slice(0, end);
      rest = rest.slice(end + 1);
      take(line);
    }
  }).on('end', () => { if (rest.trim() !== '') take(rest); });
}
