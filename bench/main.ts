/**
 * The benchmark: every figure in one run, as a table and as JSON. It times wall clock on this machine;
 * nothing here is a test. Run with `npm run bench`, which builds the page and the package first.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { cpus, release, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { createWorld, Simulation, type Session } from '../src/firedrill.ts';
import { programs } from '../src/shell/bin/registry.ts';

interface Figure { name: string; value: number; unit: string; aim: string }

const now = (): number => performance.now();

/** Per second, the best of ten rounds: V8 needs some thousand lines before the engine's code is compiled. */
function perSecond(work: () => void, roundMs = 700): number {
  let best = 0;
  for (let round = 0; round < 10; round++) {
    let count = 0;
    const started = now();
    while (now() - started < roundMs) { work(); count++; }
    best = Math.max(best, (count * 1000) / (now() - started));
  }
  return best;
}

function fastest(work: () => void, rounds: number): number {
  let best = Infinity;
  for (let i = 0; i < rounds; i++) {
    const started = now();
    work();
    best = Math.min(best, now() - started);
  }
  return best;
}

/** A line typed at a login shell's prompt, through readline, bash, pipes and back to the prompt. */
function typed(session: Session, text: string): () => void {
  const terminal = `bench ${text}`;
  session.open(terminal, 'node-1', 120, 40);
  return () => { const { state } = session.line(terminal, text); if (state !== 'prompt') throw new Error(`${text}: ${state}`); };
}

function measure(root: string): Figure[] {
  const figures: Figure[] = [];
  const add = (name: string, value: number, unit: string, aim: string): void => { figures.push({ name, value, unit, aim }); };
  globalThis.gc?.();
  const heapBefore = process.memoryUsage().heapUsed;
  const booted = now();
  const session = createWorld();
  const boot = now() - booted;
  globalThis.gc?.();
  add('heap of a fresh world', (process.memoryUsage().heapUsed - heapBefore) / 2 ** 20, 'MB', '≤ 30');
  add('boot of a three-master world', boot, 'ms', '');

  const idle = session.fork();
  idle.advance(60);
  const hour = fastest(() => idle.advance(3600), 2);
  add('one simulated hour, idle', hour / 1000, 's', '≤ 1, aim 0.1');
  add('simulated seconds per second, idle', 3_600_000 / hour, '/s', '');

  add('echo hi | grep h', perSecond(typed(session.fork(), 'echo hi | grep h')), 'lines/s', '≥ 5,000, aim 20,000');
  add('kubectl get pods -A', perSecond(typed(session.fork(), 'kubectl get pods -A')), 'lines/s', '≥ 1,000, aim 10,000');
  add('gravity status', perSecond(typed(session.fork(), 'gravity status')), 'lines/s', '');

  const middle = session.fork();
  middle.open('m', 'node-1', 80, 24);
  middle.line('m', 'ping 192.168.121.198', 3);
  add('fork', fastest(() => { middle.advance(0.2); middle.fork(); }, 50) - fastest(() => middle.advance(0.2), 50), 'ms', '≤ 1');
  const saved = middle.sim.snapshot();
  add('restore in the middle of a command', fastest(() => { const other = new Simulation(saved, programs); other.advance(1_100_000); }, 30), 'ms', '≤ 5');
  const text = middle.sim.save();
  add('saved world', text.length / 2 ** 20, 'MB', '');
  add('load of a saved world', fastest(() => { Simulation.load(text, programs); }, 5), 'ms', '');
  add('digest', fastest(() => { middle.advance(1); middle.sim.digest(); }, 5), 'ms', '');

  const cold = coldStart(root, session.sim.save());
  if (cold !== null) add('cold start to the first prompt, built package', cold, 'ms', '≤ 100');
  const bytes = bytesBeforePrompt(root);
  if (bytes !== null) add('bytes before the first prompt, gzip', bytes / 1024, 'kB', '≤ 250');
  return figures;
}

/** A fresh process on the built package and a world that was saved: from its start until the first prompt is there. */
function coldStart(root: string, world: string): number | null {
  const file = join(root, 'lib/firedrill.js');
  if (!existsSync(file)) return null;
  const folder = mkdtempSync(join(tmpdir(), 'firedrill-'));
  const saved = join(folder, 'world.json');
  writeFileSync(saved, world);
  const script = `const t=performance.now();const [{loadWorld},{readFileSync}]=await Promise.all([import(${JSON.stringify(pathToFileURL(file).href)}),import('node:fs')]);
    const s=loadWorld(readFileSync(${JSON.stringify(saved)},'utf8'));s.open('a','node-1');console.log(performance.now()-t)`;
  const times = Array.from({ length: 5 }, () => Number(spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' }).stdout));
  rmSync(folder, { recursive: true });
  return Math.min(...times);
}

/** What the built page loads before it shows a prompt: the document, its styles, its modules, its font. */
function bytesBeforePrompt(root: string): number | null {
  const index = join(root, 'dist/index.html');
  if (!existsSync(index)) return null;
  const assets = new Set(['index.html', ...[...readFileSync(index, 'utf8').matchAll(/(?:src|href)="\.\/([^"]+)"/g)].map((m) => m[1]!)]);
  let total = 0;
  for (const name of assets) if (existsSync(join(root, 'dist', name))) total += gzipSync(readFileSync(join(root, 'dist', name)), { level: 9 }).length;
  for (const name of readdirSync(join(root, 'dist/assets')).filter((n) => n.endsWith('.woff2'))) total += statSync(join(root, 'dist/assets', name)).size;
  return total;
}

const plain = (value: number): string => (value >= 100 ? Math.round(value).toLocaleString('en') : value.toFixed(value < 1 ? 3 : 2));

export function main(root: string): void {
  const machine = `${cpus()[0]?.model ?? 'unknown'}, ${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GiB, ${process.platform} ${release()}`;
  const figures = measure(root);
  const width = Math.max(...figures.map((f) => f.name.length));
  process.stdout.write(`${machine}\nnode ${process.version}, ${new Date().toISOString().slice(0, 10)}\n\n`);
  for (const f of figures) process.stdout.write(`${f.name.padEnd(width)}  ${plain(f.value).padStart(10)} ${f.unit.padEnd(8)} ${f.aim}\n`);
  process.stdout.write(`\n${JSON.stringify({ machine, node: process.version, figures })}\n`);
}
