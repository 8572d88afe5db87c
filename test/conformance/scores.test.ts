/**
 * The ratchet over the recordings: where they lie beside the repository, the kept score of `bash` may not fall and no case
 * that passed may fail. Each kept failure has its reason. Elsewhere the language's own recordings (test/shell/bash) stand in.
 */
import { expect, test } from 'vitest';
import { ask, checker, readScores, worse } from './conform.mjs';

const kept = readScores();
const check = checker();

test('every kept failure of the shell has its reason', () => {
  expect(kept.bash.failing.filter((id) => !(id in kept.bash.reasons!))).toEqual([]);
});

test('worse is told', () => {
  const before = { k: { cases: 3, points: 2, failing: ['c'] } };
  expect(worse(before, { k: { cases: 3, points: 2, failing: ['b'] } })).toEqual(['k b passed before']);
  expect(worse(before, { k: { cases: 3, points: 1, failing: ['b', 'c'] } })).toHaveLength(2);
  expect(worse(before, { k: { cases: 3, points: 3, failing: [] } })).toEqual([]);
});

if (check) {
  test('no score falls', () => {
    expect(worse(kept, ask(check, ['bash']))).toEqual([]);
  }, 180_000);
}
