/** The lines that searches write: read again to go on or to merge, and what is found kept in files of its own. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { Finding } from './search.ts';

/** The lines of a file. A search that was killed may have left half a line at the end: it is dropped, and its run done again. */
export function readRecords(file: string): { records: Finding[]; torn: boolean } {
  const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n') : [];
  const records: Finding[] = [];
  let torn = false;
  for (const [i, line] of lines.entries()) {
    if (line === '') continue;
    try { records.push(JSON.parse(line) as Finding); } catch (error) {
      if (i < lines.length - 1) throw new Error(`${file}:${i + 1}: ${(error as Error).message}`);
      torn = true;
    }
  }
  return { records, torn };
}

export const lineOfFinding = (finding: Finding): string => `${JSON.stringify(finding)}\n`;

/** The records of several shards of one search, each run once, in order. */
export function mergeRecords(files: readonly string[]): Finding[] {
  const all = files.flatMap((file) => {
    if (!existsSync(file)) throw new Error(`${file}: no such file`);
    return readRecords(file).records;
  });
  const seeds = new Set(all.map(({ seed }) => seed));
  if (seeds.size > 1) throw new Error(`these are of different seeds: ${[...seeds].sort((a, b) => a - b).join(', ')}`);
  return [...new Map(all.map((record) => [record.run, record])).values()].sort((a, b) => a.run - b.run);
}

/** Writes a counter-example beside the others and tells where. */
export function keepFinding(folder: string, finding: Finding): string {
  mkdirSync(folder, { recursive: true });
  const file = `${folder}/seed-${finding.seed}-run-${finding.run}.json`;
  writeFileSync(file, `${JSON.stringify(finding, null, 1)}\n`);
  return file;
}
