/** A clock that is wrong, or goes wrong. */
import { hostReal } from '../kernel/disk.ts';
import { EPOCH_MS, seconds } from '../engine/time.ts';
import type { Fault } from './strike.ts';

export const clockSkew: Fault = {
  name: 'clock-skew',
  title: 'A clock is moved, and drifts',
  args: {
    node: { type: 'node', default: 'node-2', about: 'where' },
    seconds: { type: 'number', default: 5, about: 'how far ahead it jumps' },
    driftPpm: { type: 'number', default: 0, about: 'how fast it drifts on, in microseconds a second' },
  },
  symptoms: [{ on: 'node-1', user: 'root', run: 'gravity exec journalctl -u etcd --no-pager', match: 'clock difference', within: 90 }],
  repair: [{ on: 'node-2', run: 'sudo systemctl restart chronyd' }, { advance: 60 }],
  strike(k, { node, seconds: jump, driftPpm }) {
    const host = k.host(String(node));
    const offset = hostReal(k, host) - EPOCH_MS * 1000 - k.world.now + seconds(Number(jump));
    host.clock = { offset, setAt: k.world.now, driftPpm: Math.round(Number(driftPpm)) };
  },
};
