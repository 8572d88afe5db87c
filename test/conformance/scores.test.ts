/**
 * The ratchet over the recordings: where they lie beside the repository, the kept scores of the kinds that are quick to ask
 * may not fall and no case that passed may fail; `npm run conform` asks all. Each kept failure has its reason. Elsewhere the
 * language's own recordings (test/shell/bash) stand in.
 */
import { expect, test } from 'vitest';
import { ask, checker, readScores, worse } from './conform.mjs';

const kept = readScores();
const check = checker();

/** Those that need no cluster and few drivers. */
const QUICK = ['bash', 'iptables-cli', 'firewalld', 'systemd', 'kubectl-client'];

test('every kept failure has its reason', () => {
  for (const [kind, { failing, reasons }] of Object.entries(kept)) expect([kind, failing.filter((id) => !(reasons && id in reasons))]).toEqual([kind, []]);
});

test('worse is told', () => {
  const before = { k: { cases: 3, points: 2, failing: ['c'] } };
  expect(worse(before, { k: { cases: 3, points: 2, failing: ['b'] } })).toEqual(['k b passed before']);
  expect(worse(before, { k: { cases: 3, points: 1, failing: ['b', 'c'] } })).toHaveLength(2);
  expect(worse(before, { k: { cases: 3, points: 3, failing: [] } })).toEqual([]);
});

if (check) {
  test('no score falls', () => {
    expect(worse(kept, ask(check, QUICK))).toEqual([]);
  }, 300_000);
}
