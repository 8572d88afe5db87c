/** Whatever is typed: the shell answers, in bounded time, and never with the simulator's own words. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import recorded from './recorded.json' with { type: 'json' };
import { smallWorld } from './world.ts';

const PIECES = ['$(', ')', '`', '"', "'", '${', '}', '((', '))', '[[ ', ' ]]', ' ', '\n', ';', '&', '|',
  '<<E\n', '$', '*', '{1..3}', '=', '<', '>', '!', '~', '\\', '#', ':-', '@Q',
  '[', ']', '#', '%', 'read x ', 'local ', 'declare -A ', 'eval ', 'trap ', 'exit ', 'printf %d ', 'set -',
  'export ', 'unset ', 'kill ', 'cd ', '__proto__', 'constructor', '<('];

const world = smallWorld();
const fresh = world.snapshot();

test('no input breaks it', () => {
  const mutated = fc.tuple(fc.constantFrom(...recorded.cases.map((c) => c.input)),
    fc.array(fc.tuple(fc.nat(200), fc.nat(4), fc.constantFrom(...PIECES)), { maxLength: 4 }))
    .map(([text, edits]) =>
      edits.reduce((t, [at, cut, piece]) =>
        t.slice(0, at % (t.length + 1)) + piece + t.slice((at % (t.length + 1)) + cut), text));
  fc.assert(fc.property(mutated, (text) => {
    world.restore(fresh);
    const { stdout, stderr } = world.exec('node-1', text, { user: 'root', stdin: 'one\ntwo\n', wait: 3 });
    if (!/undefined|NaN|object/i.test(text))
      expect(stdout + stderr).not.toMatch(/undefined|\bNaN\b|\[object/);
  }), { numRuns: 400 });
}, 120_000);

test('a fork bomb of subshells ends', () => {
  world.restore(fresh);
  expect(world.exec('node-1', 'f() { echo $(f); }; f; echo end', { user: 'root', wait: 5 }).stderr)
    .toContain('Resource temporarily unavailable');
});

test('endless recursion ends', () => {
  world.restore(fresh);
  expect(world.exec('node-1', 'f() { f; }; f; echo end', { user: 'root', wait: 5 }).stderr)
    .toContain('maximum function nesting level exceeded');
});
