/** The power button. */
import type { Fault } from './strike.ts';

export const nodeDown: Fault = {
  name: 'node-down',
  title: 'A node loses its power',
  args: { node: { type: 'node', default: 'node-3', about: 'which' } },
  symptoms: [{ on: 'node-1', run: 'ping -c1 -W2 192.168.121.217', exit: 1, within: 5 }],
  repair: [{ fault: 'node-up', args: { node: 'node-3' } }, { advance: 90 }],
  strike(k, { node }) {
    const host = k.host(String(node));
    if (!host.up) return `${host.name} is down already`;
    k.schedule(0, { kind: 'power', host: host.name, to: 'off', gen: host.gen });
  },
};

export const nodeUp: Fault = {
  name: 'node-up',
  title: 'A node is switched on',
  args: { node: { type: 'node', default: 'node-3', about: 'which' } },
  strike(k, { node }) {
    const host = k.host(String(node));
    if (host.up) return `${host.name} is up already`;
    k.schedule(0, { kind: 'power', host: host.name, to: 'on', gen: host.gen });
  },
};
