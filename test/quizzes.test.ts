/**
 * The course's questions: three or more in each lesson, of all kinds, each tried in every way that it could be
 * answered. At least one way is right and one is wrong, and a prediction has one right answer only.
 */
import { expect, it } from 'vitest';
import { readCourse } from '../src/drill/course.ts';
import { root } from '../src/drill/launch.mjs';
import { judgeAll, type Quiz } from '../src/drill/quiz.ts';
import { applySetup } from '../src/drill/scenario.ts';
import { freshWorld } from './support/world.ts';

const read = readCourse(`${root}/scenarios`);
const course = read.flatMap((drill) => (drill.ok ? [drill.scenario] : []));
const questionsOf = (blocks: (typeof course)[number]['blocks']): Quiz[][] => blocks.flatMap((block) => (block.kind === 'quiz' ? [block.variants] : []));

it('reads every lesson', () => { expect(read.flatMap((drill) => (drill.ok ? [] : drill.errors))).toEqual([]); });

it('has questions of every kind, some of them in variants', () => {
  const all = course.flatMap(({ blocks }) => questionsOf(blocks));
  expect([...new Set(all.map(([first]) => first!.kind))].sort()).toEqual(['choose', 'order', 'point', 'predict', 'spot']);
  expect(all.some((variants) => variants.length > 1)).toBe(true);
});

it.each(course.map((scenario) => [scenario.id, scenario] as const))('%s', (_, scenario) => {
  const questions = questionsOf(scenario.blocks);
  expect(questions.length).toBeGreaterThanOrEqual(3);
  const session = freshWorld(scenario.topology);
  applySetup(session, scenario);
  const wrong: string[] = [];
  for (const quiz of questions.flat()) {
    const verdicts = judgeAll(session, quiz);
    const right = verdicts.filter((verdict) => verdict.right).length;
    const fair = right > 0 && right < verdicts.length && (quiz.kind === 'choose' || quiz.kind === 'order' || right === 1) && !(quiz.kind === 'order' && verdicts[0]!.right);
    if (!fair) wrong.push(`${quiz.id} ${quiz.question}\n  right: ${verdicts.map((verdict) => verdict.right).join(' ')}\n${verdicts.map(({ seen }) => seen.slice(-600)).join('\n  --\n')}`);
  }
  expect(wrong.join('\n\n')).toBe('');
}, 120_000);
