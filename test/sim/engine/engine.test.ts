import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { append, emptyLog, items } from '../../../src/sim/engine/chunked.ts';
import { own, ownRoot, seal } from '../../../src/sim/engine/cow.ts';
import { digest } from '../../../src/sim/engine/digest.ts';
import { emptyHistory, line, record, redo, undo } from '../../../src/sim/engine/history.ts';
import { pack, unpack } from '../../../src/sim/engine/pack.ts';
import { cancel, pop, schedule, type Timeline } from '../../../src/sim/engine/queue.ts';
import { draw } from '../../../src/sim/engine/rng.ts';

const json = fc.jsonValue({ maxDepth: 4 });

describe('copy on write', () => {
  it('copies what is sealed and leaves the sealed tree as it was', () => {
    const before = seal({ a: { b: { c: 1 } }, other: { d: 2 } });
    const after = ownRoot(before);
    own(own(after, 'a'), 'b').c = 5;
    expect(before).toEqual({ a: { b: { c: 1 } }, other: { d: 2 } });
    expect(after.a.b.c).toBe(5);
    expect(after.other).toBe(before.other);
  });
  it('throws when a sealed tree is changed without owning it', () => {
    const tree = seal({ a: { b: 1 } });
    expect(() => { tree.a.b = 2; }).toThrow(TypeError);
  });
});

describe('the queue', () => {
  it('gives events by time, and by their order of arrival within one', () => {
    fc.assert(fc.property(fc.array(fc.nat(20)), (times) => {
      const lane: Timeline<{ at: number; seq: number; n: number }> = { now: 0, seq: 0, queue: [] };
      times.forEach((at, n) => schedule(lane, at, { n }));
      const out: [number, number][] = [];
      for (let e = pop(lane); e; e = pop(lane)) out.push([e.at, e.n]);
      expect(out).toEqual(times.map((at, n) => [at, n] as [number, number]).sort((a, b) => a[0] - b[0] || a[1] - b[1]));
    }));
  });
  it('forgets what is cancelled', () => {
    const lane: Timeline<{ at: number; seq: number; n: number }> = { now: 0, seq: 0, queue: [] };
    const first = schedule(lane, 5, { n: 1 });
    schedule(lane, 6, { n: 2 });
    cancel(lane, 5, first);
    expect(pop(lane)!.n).toBe(2);
    expect(lane.now).toBe(6);
  });
});

describe('random streams', () => {
  it('are the same for the same seed and name, whoever else draws', () => {
    const alone = { seed: 7, rng: {} }, crowd = { seed: 7, rng: {} };
    const one = Array.from({ length: 20 }, () => draw(alone, 'a', 1000));
    const two = Array.from({ length: 20 }, () => { draw(crowd, 'b', 10); return draw(crowd, 'a', 1000); });
    expect(two).toEqual(one);
    expect(new Set(one).size).toBeGreaterThan(10);
  });
});

describe('logs in chunks', () => {
  it('keep their order and their newest', () => {
    fc.assert(fc.property(fc.nat(400), fc.integer({ min: 1, max: 100 }), (count, bound) => {
      const log = emptyLog<number>();
      for (let i = 0; i < count; i++) append(log, i, bound);
      const kept = [...items(log)];
      expect(kept).toEqual(Array.from({ length: count - log.start }, (_, i) => log.start + i));
      expect(kept.length).toBeGreaterThanOrEqual(Math.min(count, bound));
    }));
  });
});

describe('digests and saves', () => {
  it('do not depend on the order of keys', () => { expect(digest({ a: 1, b: [2] })).toBe(digest({ b: [2], a: 1 })); });
  it('tell different trees apart', () => {
    const canonical = (value: unknown): string => JSON.stringify(value, (_key, each: unknown) => (typeof each === 'object' && each !== null && !Array.isArray(each)
      ? Object.fromEntries(Object.entries(each).sort(([a], [b]) => (a < b ? -1 : 1))) : each));
    const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value)) as unknown;
    fc.assert(fc.property(json, json, (a, b) => { expect(digest(plain(a)) === digest(plain(b))).toBe(canonical(plain(a)) === canonical(plain(b))); }));
    expect(digest({ a: '1' })).not.toBe(digest({ a: 1 }));
    expect(digest([[], {}])).not.toBe(digest([{}, []]));
  });
  it('come back from text as they were, sharing included', () => {
    fc.assert(fc.property(json, (value) => { expect(unpack(pack(value))).toEqual(JSON.parse(JSON.stringify(value))); }));
    const part = { name: 'a part that is used twice', x: 1, y: 2 };
    const tree = unpack(pack({ one: part, list: [part, { $: 3, $$: 4 }] })) as { one: object; list: object[] };
    expect(tree.list[0]).toBe(tree.one);
    expect(tree.list[1]).toEqual({ $: 3, $$: 4 });
  });
  it('write the lines that long texts have in common once', () => {
    const line = (n: number): string => `${n}: an entry of a log that is long enough to be worth a reference\n`;
    const log = (first: number): string => `\n${Array.from({ length: 400 }, (_, n) => line(first + n)).join('')}an end without a newline`;
    const tree = { a: log(0), b: log(1), $l: ['plain'] };
    expect(unpack(pack(tree))).toEqual(tree);
    expect(pack(tree).length).toBeLessThan(1.5 * pack({ a: log(0) }).length);
  });
});

describe('history', () => {
  it('goes back and forth, and keeps the branch that was left', () => {
    let h = emptyHistory<string, number>();
    h = record(h, 1, 'a', 10);
    h = record(h, 2, 'b', 20);
    const back = undo(h, 30)!;
    expect(back.state).toBe(20);
    const forth = redo(back.history)!;
    expect(forth.state).toBe(30);
    const other = record(back.history, 3, 'c', 20);
    expect(line(other).map((entry) => entry.input)).toEqual(['a', 'c']);
    expect(other.entries.map((entry) => entry.input)).toEqual(['a', 'b', 'c']);
    expect(redo(other)).toBeNull();
  });
});
