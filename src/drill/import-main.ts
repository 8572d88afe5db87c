/**
 * `npm run import -- FOLDER FILE`: a Killercoda scenario folder as a scenario file. What could not be carried over goes to
 * standard error, a line each.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join, normalize } from 'node:path';
import { importKillercoda } from './killercoda.ts';
import { parseScenario } from './scenario.ts';

export function main(): void {
  const [folder, target] = process.argv.slice(2);
  const stop = (text: string, status: number): never => { process.stderr.write(`${text}\n`); process.exit(status); };
  if (!folder || !target || folder.startsWith('-')) stop('usage: npm run import -- FOLDER FILE.md', 2);
  if (existsSync(target!)) stop(`${target}: is there already; nothing was written`, 1);
  let index: unknown;
  try { index = JSON.parse(readFileSync(join(folder!, 'index.json'), 'utf8')); } catch (error) { stop(`${join(folder!, 'index.json')}: ${(error as Error).message}`, 1); }
  const fileOf = (name: string): string | null => {
    // A folder's own files only.
    const path = normalize(name);
    try { return path.startsWith('..') || path.startsWith('/') ? null : readFileSync(join(folder!, path), 'utf8'); } catch { return null; }
  };
  const imported = importKillercoda(index, fileOf, /^([\d.]+\w?)-/.exec(basename(target!))?.[1] ?? basename(target!).replace(/\.md$/, ''));
  if ('error' in imported) { stop(`${folder}: ${imported.error}`, 1); return; }
  writeFileSync(target!, imported.markdown);
  for (const note of imported.notes) process.stderr.write(`${note}\n`);
  const parsed = parseScenario(imported.markdown, target!);
  if (!parsed.ok) for (const { file, line, reason } of parsed.errors) process.stderr.write(`${file}:${line}: ${reason}\n`);
  process.stdout.write(`${target}: written, ${imported.notes.length} things to look at\n`);
}
