/** A disk whose flushes take long: a worn or shared one. */
import { own } from '../engine/cow.ts';
import { ms } from '../engine/time.ts';
import type { Fault } from './strike.ts';

export const slowDisk: Fault = {
  name: 'slow-disk',
  title: 'A node gets a slow disk',
  args: {
    node: { type: 'node', default: 'node-1', about: 'where' },
    latencyMs: { type: 'number', default: 400, about: 'time that one flush takes, in milliseconds' },
  },
  strike(k, { node, latencyMs }) {
    if (!(Number(latencyMs) >= 0)) return 'argument latencyMs must not be negative';
    own(k.host(String(node)), 'disk').fsyncUs = ms(Number(latencyMs));
  },
};
