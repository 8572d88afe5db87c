/** Whatever is typed: the shell answers, in bounded time, and never with the simulator's own words. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
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

describe('what would never end', () => {
  test.each([
    ['f() { echo $(f); }; f; echo end', 'Resource temporarily unavailable'],
    [':(){ :|:& };:', 'Resource temporarily unavailable'],
    ['f() { f; }; f; echo end', 'maximum nesting level exceeded'],
    ['f() { eval f; }; f; echo end', 'maximum nesting level exceeded'],
    ['x=x; echo $((x))', 'expression recursion level exceeded'],
    ['('.repeat(5000), 'nested too deeply'],
    ['if '.repeat(5000), 'nested too deeply'],
    [`echo $((${'-'.repeat(20_000)}1))`, 'expression recursion level exceeded'],
  ])('%s', (text, message) => {
    world.restore(fresh);
    expect(world.exec('node-1', text, { user: 'root', wait: 5 }).stderr).toContain(message);
  });

  test('a pattern of many stars', () => {
    world.restore(fresh);
    const text = `case ${'a'.repeat(60)}b in ${'*a'.repeat(20)}c) ;; *) echo no;; esac`;
    expect(world.exec('node-1', text, { user: 'root' }).stdout).toBe('no\n');
  });
});
