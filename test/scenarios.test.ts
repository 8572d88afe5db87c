/**
 * Every scenario file: its transcripts give what they show, byte for byte; its goals are false while the
 * drill is broken and true after the solution. UPDATE=1 writes what was really seen into the files.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { checkGoals } from '../src/drill/goals.ts';
import { parseScenario, type Block, type Scenario } from '../src/drill/scenario.ts';
import { playBlocks, rewrite } from '../src/drill/transcript.ts';
import type { Session } from '../src/firedrill.ts';
import { freshWorld } from './support/world.ts';

const FOLDERS = ['scenarios', 'test/transcripts'];
const files = FOLDERS.flatMap((folder) => readdirSync(folder).filter((name) => name.endsWith('.md') && name !== 'README.md').sort().map((name) => `${folder}/${name}`));

function read(file: string): Scenario {
  const parsed = parseScenario(readFileSync(file, 'utf8'), file);
  if (!parsed.ok) throw new Error(parsed.errors.map((e) => `${e.file}:${e.line}: ${e.reason}`).join('\n'));
  return parsed.scenario;
}

const solve = (session: Session, scenario: Scenario): void => {
  for (const step of scenario.solution) session.exec(step.node, step.run, { wait: 900 });
};
/** Everything up to the section that repairs it: the drill as it stands when it is broken. */
const untilRepair = (blocks: readonly Block[]): Block[] => {
  const end = blocks.findIndex((block) => block.kind === 'prose' && /^## Repair/m.test(block.text));
  return blocks.slice(0, end < 0 ? blocks.length : end);
};

describe.each(files)('%s', (file) => {
  it('shows what it says', () => {
    const scenario = read(file);
    const played = playBlocks(freshWorld(scenario.topology), scenario.blocks);
    if (process.env['UPDATE']) { writeFileSync(file, rewrite(readFileSync(file, 'utf8'), played)); return; }
    const at = (line: number, input: string, text: string): string => `${file}:${line} $ ${input}\n${text}`;
    expect(played.map((p) => at(p.exchange.line, p.exchange.input, p.actual)).join('\n'))
      .toBe(played.map((p) => at(p.exchange.line, p.exchange.input, p.exchange.output)).join('\n'));
  });

  it.runIf(file.startsWith('scenarios/'))('fails its goals while broken and meets them after the solution', () => {
    const scenario = read(file);
    const session = freshWorld(scenario.topology);
    playBlocks(session, untilRepair(scenario.blocks));
    expect(checkGoals(session, scenario).filter((goal) => goal.passed).map((goal) => goal.id), 'passed though nothing was repaired').toEqual([]);
    solve(session, scenario);
    expect(checkGoals(session, scenario).filter((goal) => !goal.passed), 'not met after the solution').toEqual([]);
  });
});
