/**
 * Every scenario file holds before an author's truth tests (src/drill/check.ts). UPDATE=1 writes what was
 * really seen into the files where it differs; UPDATE=elastic with what may change marked. The files beside
 * this one share the work: each is a process.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { checkScenario } from '../../src/drill/check.ts';
import { parseScenario } from '../../src/drill/scenario.ts';
import { rewrite } from '../../src/drill/transcript.ts';
import { freshWorld } from '../support/world.ts';

const named = (pattern: RegExp): string[] => readdirSync('scenarios').filter((name) => pattern.test(name) && name !== 'README.md').sort().map((name) => `scenarios/${name}`);

/** A test for each scenario file whose name matches. */
export const theyHold = (pattern: RegExp): void => it.each(named(pattern))('%s', (file) => {
  const source = readFileSync(file, 'utf8');
  const parsed = parseScenario(source, file);
  const { problems, played } = parsed.ok ? checkScenario(parsed.scenario, freshWorld(parsed.scenario.topology)) : { problems: parsed.errors, played: [] };
  const { UPDATE } = process.env;
  if (UPDATE && parsed.ok) writeFileSync(file, rewrite(source, played, UPDATE === 'elastic'));
  expect(problems.map(({ line, reason }) => `${file}:${line}: ${reason}`).join('\n')).toBe('');
}, 300_000);
