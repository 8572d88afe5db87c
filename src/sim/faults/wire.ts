/** Cables and the switch: what a hand in the rack, or a network team, does. */
import { own } from '../engine/cow.ts';
import type { Fault } from './strike.ts';

export const cableOut: Fault = {
  name: 'cable-out',
  title: 'A network cable is pulled',
  args: { node: { type: 'node', default: 'node-3', about: 'whose' } },
  strike(k, { node }) { own(own(own(k.world, 'wire'), 'cables'), String(node)).up = false; },
};

export const cableIn: Fault = {
  name: 'cable-in',
  title: 'The cable is put back',
  args: { node: { type: 'node', default: 'node-3', about: 'whose' } },
  strike(k, { node }) { own(own(own(k.world, 'wire'), 'cables'), String(node)).up = true; },
};

export const partition: Fault = {
  name: 'partition',
  title: 'The switch drops everything between two nodes',
  args: { a: { type: 'node', default: 'node-1', about: 'one' }, b: { type: 'node', default: 'node-2', about: 'the other' } },
  strike(k, { a, b }) {
    if (a === b) return 'a node cannot be parted from itself';
    own(own(k.world, 'wire'), 'cut')[[String(a), String(b)].sort().join(' ')] = true;
  },
};

export const joinNodes: Fault = {
  name: 'rejoin',
  title: 'The switch passes everything again',
  args: {},
  strike(k) { own(k.world, 'wire').cut = {}; },
};

export const portEaten: Fault = {
  name: 'port-eaten',
  title: 'The hypervisor takes a UDP port for itself, as ESXi does with 8472',
  args: { port: { type: 'number', default: 8472, about: 'the port' } },
  strike(k, { port }) { own(own(k.world, 'wire'), 'eaten')[Number(port)] = true; },
};

export const packetLoss: Fault = {
  name: 'packet-loss',
  title: 'A cable loses packets',
  args: { node: { type: 'node', default: 'node-2', about: 'whose' }, percent: { type: 'number', default: 30, about: 'how many of a hundred' } },
  strike(k, { node, percent }) {
    if (!(Number(percent) >= 0 && Number(percent) <= 100)) return 'argument percent must be from 0 to 100';
    own(own(own(k.world, 'wire'), 'cables'), String(node)).lossPercent = Number(percent);
  },
};
