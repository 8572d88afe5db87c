/** The long search, done briefly: what it plans, its lines, several processes at once, going on, joining, finding. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { load, loadAll } from 'js-yaml';
import { afterAll, describe, expect, it } from 'vitest';
import { root } from '../../src/drill/launch.mjs';
import { parseScenario } from '../../src/drill/scenario.ts';
import { readOptions } from '../../src/testing/explore/options.ts';
import { healed, KINDS, planOf } from '../../src/testing/explore/plan.ts';
import { keepFinding, mergeRecords, readRecords } from '../../src/testing/explore/records.ts';
import { search, type Worlds } from '../../src/testing/explore/search.ts';
import { freshWorld } from '../support/world.ts';

const folder = mkdtempSync(join(tmpdir(), 'explore-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Ended { status: number; stdout: string; stderr: string }
const run = (command: string, args: readonly string[], env: Record<string, string> = {}): Promise<Ended> => new Promise((resolve) => {
  // A test's own environment would make another vitest believe that it is a worker of this one.
  const { VITEST: _, VITEST_WORKER_ID: __, VITEST_POOL_ID: ___, ...rest } = process.env;
  execFile(command, args, { cwd: root, env: { ...rest, ...env }, maxBuffer: 1 << 26 }, (error, stdout, stderr) => resolve({ status: error ? Number(error.code) : 0, stdout, stderr }));
});
const explore = (...args: string[]): Promise<Ended> => run(process.execPath, ['src/drill/launch.mjs', 'src/testing/explore/main.ts', '--save', join(folder, 'found'), ...args]);
const DRILLS = ['1.1', '1.2'];

describe('what is asked', () => {
  it.each([
    [['--runs', '0'], '--runs must be a whole number above 0, not 0'], [['--runs', ''], '--runs must'], [['--seed', 'x'], '--seed must be a whole number, not x'],
    [['--shard', '3/2'], '--shard must be I/N with I from 1 to N, not 3/2'], [['--kind', 'alone,some'], '--kind must be of alone, pairs'], [['--run=-1'], '--run must'],
    [['--flood'], "Unknown option '--flood'"], [['file'], 'unexpected file'], [['--merge'], '--merge needs files'],
  ])('%j is told', (argv, told) => {
    const got = readOptions(argv, '/x');
    expect('error' in got && got.error).toContain(told);
    expect('error' in got && got.error).toContain('usage: npm run explore');
  });
});

describe('what is planned', () => {
  it('is the same for the same seed and run, and another for another', () => {
    const plans = (seed: number): string => JSON.stringify(Array.from({ length: 40 }, (_, i) => planOf(i, seed, KINDS, DRILLS)));
    expect(plans(3)).toBe(plans(3));
    expect(plans(3)).not.toBe(plans(4));
  });
  it('tries every fault alone, and every drill', () => {
    expect(Array.from({ length: healed().length }, (_, i) => planOf(i, 1, ['alone'], DRILLS).what).sort()).toEqual(healed().sort());
    expect([0, 1, 2, 3].map((i) => planOf(i, 1, ['drills'], DRILLS).what)).toEqual(['1.1 from state 1/0', '1.2 from state 1/0', '1.1 from state 1/1', '1.2 from state 1/1']);
  });
});

describe('processes', () => {
  it('three shards at once do together what one does alone; what is torn is done again', async () => {
    const files = [1, 2, 3].map((i) => join(folder, `shard-${i}.jsonl`));
    const ask = ['--kind', 'alone', '--runs', '5'];
    const ended = await Promise.all(files.map((file, i) => explore(...ask, '--shard', `${i + 1}/3`, '--out', file)));
    expect(ended.map(({ status }) => status)).toEqual([0, 0, 0]);
    expect(ended[0]!.stderr).toMatch(/^\[1\/2\] run 0, alone: sysctl\n\[2\/2\] run 3, alone: cable-out\n2 runs, 0 with findings\n$/);
    const one = mergeRecords(files);
    expect(one.map((record) => record.run)).toEqual([0, 1, 2, 3, 4]);
    // As after a power cut: half a line at the end.
    const text = readFileSync(files[0]!, 'utf8');
    writeFileSync(files[0]!, text.slice(0, -20));
    const again = await explore(...ask, '--out', files[0]!);
    expect(again.stderr).toContain(`${files[0]} has 1 runs already; 4 are left`);
    expect(mergeRecords([files[0]!])).toEqual(one);
    const merged = await explore('--merge', ...files);
    expect(merged).toMatchObject({ status: 0, stdout: one.map((record) => `${JSON.stringify(record)}\n`).join('') });
    expect(await explore('--seed', '2', '--out', files[0]!)).toMatchObject({ status: 2, stderr: expect.stringContaining('is of seed 1, not 2') as string });
  }, 180_000);

  it('the Job of deploy/ searches its index\'s shard', async () => {
    const [, job] = loadAll(readFileSync(join(root, 'deploy/explore-job.yaml'), 'utf8')) as [unknown, { spec: { completionMode: string; completions: number; template: { spec: { containers: { command: string[]; args: string[]; env: { name: string; value: string }[] }[] } } } }];
    const container = job.spec.template.spec.containers[0]!;
    expect(job.spec.completionMode).toBe('Indexed');
    expect(container.env.find(({ name }) => name === 'SHARDS')!.value).toBe(String(job.spec.completions));
    const volume = mkdtempSync(join(folder, 'volume-'));
    const pods = await Promise.all(['0', '1'].map((index) => run(container.command[0]!, [...container.command.slice(1), container.args[0]!.replace('explore --', 'explore -- --kind alone')], { RUNS: '3', SEED: '1', SHARDS: '2', FOUND: volume, JOB_COMPLETION_INDEX: index })));
    expect(pods.map(({ status }) => status)).toEqual([0, 0]);
    expect(mergeRecords(['0', '1'].map((index) => join(volume, `shard-${index}.jsonl`))).map((record) => record.run)).toEqual([0, 1, 2]);
  }, 180_000);

  it('the matrix of the workflow runs every test once and joins the reports', async () => {
    interface Step { name?: string; run?: string }
    const { jobs } = load(readFileSync(join(root, '.github/workflows/test.yml'), 'utf8')) as { jobs: Record<string, { steps: Step[]; strategy?: { matrix: { shard: number[]; shards: number[] } } }> };
    const { shard, shards } = jobs['shard']!.strategy!.matrix;
    expect(shards).toEqual([shard.length]);
    expect(shard).toEqual(Array.from({ length: shard.length }, (_, i) => i + 1));
    const line = (job: string, name: string): string => jobs[job]!.steps.find((step) => step.name === name)!.run!;
    const few = ['--project', 'node', 'test/tidy.test.ts', 'test/drill/quiz.test.ts'];
    const fill = (text: string, i: number): string => text.replaceAll('${{ matrix.shard }}', String(i)).replaceAll('${{ matrix.shards }}', '2').replaceAll('.vitest-reports', join(folder, 'reports'));
    const ran = await Promise.all([1, 2].map((i) => run('sh', ['-c', `${fill(line('shard', 'tests'), i)} ${few.join(' ')}`])));
    expect(ran.map(({ status }) => status)).toEqual([0, 0]);
    const joined = await run('sh', ['-c', fill(line('report', 'join'), 0)], { NO_COLOR: '1' });
    expect(joined.status).toBe(0);
    expect(joined.stdout).toMatch(/Test Files\s+2 passed \(2\)/);
  }, 300_000);
});

it('an operator types again what failed: a restarted firewalld has taken kube-proxy\'s rules, which come back within its 30 s', () => {
  const parsed = parseScenario(readFileSync(`${root}/scenarios/2.2-replace-node.md`, 'utf8'), 'scenarios/2.2-replace-node.md');
  const worlds: Worlds = { fresh: (topology) => freshWorld(topology), drills: new Map(parsed.ok ? [['2.2', parsed.scenario]] : []) };
  const plan = planOf(1, 1, ['drills'], ['2.2']);
  expect(plan.what).toBe('2.2 from state 1/1');
  expect(search(plan, worlds).problems).toEqual([]);
}, 120_000);

describe('what is found', () => {
  const worlds: Worlds = { fresh: (topology) => freshWorld(topology), drills: new Map() };
  it('is told with inputs and a link, and kept', () => {
    // A repair is no fault: it has nothing to heal, and is refused.
    const finding = search({ run: 7, seed: 1, kind: 'alone', what: 'node-up', deeds: [{ after: 0, fault: 'node-up' }] }, worlds);
    expect(finding.problems[0]).toContain('fault node-up: node-3 is up already');
    const hidden = search({ run: 8, seed: 1, kind: 'pairs', what: 'two', deeds: [{ after: 0, fault: 'module-unloaded' }, { after: 1, fault: 'route-blackholed' }] }, worlds);
    expect(hidden).toEqual({ run: 8, seed: 1, kind: 'pairs', what: 'two', problems: [] });
    const file = keepFinding(join(folder, 'kept'), { ...finding, link: 'x' });
    expect(file).toBe(join(folder, 'kept/seed-1-run-7.json'));
    expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ run: 7, kind: 'alone', link: 'x' });
  });
  it('records of other seeds are not joined, damage in the middle is told', () => {
    const [a, b] = ['a', 'b'].map((name) => join(folder, name)) as [string, string];
    writeFileSync(a, '{"run":0,"seed":1,"problems":[]}\n');
    writeFileSync(b, '{"run":0,"seed":2,"problems":[]}\n');
    expect(() => mergeRecords([a, b])).toThrow('these are of different seeds: 1, 2');
    expect(() => mergeRecords([join(folder, 'none')])).toThrow('none: no such file');
    writeFileSync(b, '{"run":0,\n{"run":1,"seed":1,"problems":[]}\n');
    expect(() => readRecords(b)).toThrow(`${b}:1: `);
  });
});
