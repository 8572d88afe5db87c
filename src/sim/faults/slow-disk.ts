/** A disk whose flushes take long: a worn or shared one. */
import { own } from '../engine/cow.ts';
import { ms } from '../engine/time.ts';
import type { Fault } from './strike.ts';

export const slowDisk: Fault = {
  name: 'slow-disk',
  title: 'A node gets a slow disk',
  args: {
    node: { type: 'node', default: 'node-1', about: 'where' },
    latencyMs: { type: 'number', default: 400, least: 0, most: 60_000, about: 'time that one flush takes, in milliseconds' },
  },
  symptoms: [{ on: 'node-1', user: 'root', run: 'gravity exec journalctl -u etcd --no-pager', match: 'overloaded|took too long', within: 120 }],
  repair: [{ fault: 'slow-disk', args: { node: 'node-1', latencyMs: 2 } }],
  strike(k, { node, latencyMs }) {
    own(k.host(String(node)), 'disk').fsyncUs = ms(Number(latencyMs));
  },
};
