/** The engine in a real browser: the same bytes as in Node. */
import { expect, it } from 'vitest';
import { digest } from '../../src/sim/engine/digest.ts';
import { pack, unpack } from '../../src/sim/engine/pack.ts';
import { draw } from '../../src/sim/engine/rng.ts';

it('draws and digests as Node does', () => {
  const world = { seed: 7, rng: {} };
  const drawn = Array.from({ length: 5 }, () => draw(world, 'node-1/etcd', 1000));
  expect({ drawn, digest: digest({ drawn, b: 'ä' }) }).toEqual({"drawn":[537,33,648,18,903],"digest":"d9a69f99ee8b32e8"}); // Node's own answer
  expect(unpack(pack({ a: [1, { b: 'ä' }] }))).toEqual({ a: [1, { b: 'ä' }] });
});
