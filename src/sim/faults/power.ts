/** The power button. */
import { powerOff, powerOn } from '../kernel/power.ts';
import type { Fault } from './strike.ts';

export const nodeDown: Fault = {
  name: 'node-down',
  title: 'A node loses its power',
  args: { node: { type: 'node', default: 'node-3', about: 'which' } },
  symptoms: [{ on: 'node-1', run: 'ping -c1 -W2 192.168.121.217', exit: 1, within: 5 }],
  repair: [{ fault: 'node-up', args: { node: 'node-3' } }],
  strike(k, { node }) {
    const host = k.host(String(node));
    if (!host.up) return `${host.name} is down already`;
    powerOff(k, host);
  },
};

export const nodeUp: Fault = {
  name: 'node-up',
  title: 'A node is switched on',
  args: { node: { type: 'node', default: 'node-3', about: 'which' } },
  strike(k, { node }) {
    const host = k.host(String(node));
    if (host.up) return `${host.name} is up already`;
    powerOn(k, host);
  },
};
