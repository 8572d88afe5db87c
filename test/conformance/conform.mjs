/**
 * The recordings of real programs against the driver: `npm run conform [KIND ...]`. It runs the checker that lies
 * beside this repository in ../shared/conformance, prints the scores, and keeps them in scores.json. A kind whose
 * score falls, or a case that passed and now fails, ends it with status 1 and leaves the file as it was.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, '../..');
const SCORES = join(here, 'scores.json');
const CHECKER = join(root, '../shared/conformance/check.mjs');

/** The places where the checker may lie: beside the repository, or where CONFORMANCE says. */
export function checker() {
  const given = process.env['CONFORMANCE'];
  return [given ? join(given, 'check.mjs') : null, CHECKER].find((path) => path && existsSync(path)) ?? null;
}

export const readScores = () => JSON.parse(readFileSync(SCORES, 'utf8'));

/** Asks the checker: kind -> { cases, points, failing ids }. */
export function ask(check, kinds) {
  const out = join(mkdtempSync(join(tmpdir(), 'conform-')), 'out.json');
  spawnSync(process.execPath, [check, ...kinds, '--project', root, '--jobs', '1', '--timeout', '120', '--out', out], { stdio: ['ignore', 'inherit', 'inherit'] });
  const { results } = JSON.parse(readFileSync(out, 'utf8'));
  return Object.fromEntries(Object.entries(results).map(([kind, cases]) => [kind, {
    cases: cases.length,
    points: Math.round(cases.reduce((sum, c) => sum + c.points, 0) * 1000) / 1000,
    failing: cases.filter((c) => c.points < 1).map((c) => c.id).sort(),
  }]));
}

/** What has become worse, in words. */
export function worse(kept, now) {
  const found = [];
  for (const [kind, { points, failing }] of Object.entries(now)) {
    const before = kept[kind];
    if (!before) continue;
    if (points < before.points) found.push(`${kind}: ${points} points, were ${before.points}`);
    for (const id of failing) if (!before.failing.includes(id)) found.push(`${kind} ${id} passed before`);
  }
  return found;
}

function main() {
  const check = checker();
  if (!check) {
    process.stderr.write(`no recordings at ${CHECKER}; the kept scores:\n`);
    for (const [kind, { cases, points }] of Object.entries(readScores())) process.stdout.write(`${kind}  ${points}/${cases}\n`);
    return 0;
  }
  const kept = readScores();
  const kinds = process.argv.slice(2);
  const now = ask(check, kinds.length ? kinds : Object.keys(kept));
  const found = worse(kept, now);
  if (found.length) {
    process.stderr.write(`${found.join('\n')}\n`);
    return 1;
  }
  const reasons = (kind) => (kept[kind]?.reasons ? { reasons: kept[kind].reasons } : {});
  const merged = Object.fromEntries(Object.entries({ ...kept, ...now }).map(([kind, score]) => [kind, { ...score, ...reasons(kind) }]));
  writeFileSync(SCORES, `${JSON.stringify(merged, null, 1)}\n`);
  return 0;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.exitCode = main();
