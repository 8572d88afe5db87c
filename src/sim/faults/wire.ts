/** Cables and the switch: what a hand in the rack, or a network team, does. */
import { own } from '../engine/cow.ts';
import { noAnswerFromPod } from './seen.ts';
import type { Fault } from './strike.ts';

export const cableOut: Fault = {
  name: 'cable-out',
  title: 'A network cable is pulled',
  args: { node: { type: 'node', default: 'node-3', about: 'whose' } },
  symptoms: [{ on: 'node-1', run: 'ping -c1 -W2 192.168.121.217', exit: 1, within: 5 }],
  repair: [{ fault: 'cable-in', args: { node: 'node-3' } }],
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
  symptoms: [{ on: 'node-1', run: 'ping -c1 -W2 192.168.121.198', exit: 1, within: 5 }],
  repair: [{ fault: 'rejoin', args: {} }],
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
  args: { port: { type: 'number', default: 8472, least: 1, most: 65535, about: 'the port' } },
  symptoms: [noAnswerFromPod({ exit: 1 })],
  repair: [{ fault: 'port-free', args: { port: 8472 } }],
  strike(k, { port }) { own(own(k.world, 'wire'), 'eaten')[Number(port)] = true; },
};

export const portFree: Fault = {
  name: 'port-free',
  title: 'The hypervisor leaves the UDP port alone again',
  args: { port: { type: 'number', default: 8472, least: 1, most: 65535, about: 'the port' } },
  strike(k, { port }) { delete own(own(k.world, 'wire'), 'eaten')[Number(port)]; },
};

export const partitionOne: Fault = {
  name: 'isolate',
  title: 'The switch drops everything between one node and all others',
  args: { node: { type: 'node', default: 'node-2', about: 'which' } },
  symptoms: [{ on: 'node-1', run: 'ping -c1 -W2 192.168.121.198', exit: 1, within: 5 }],
  repair: [{ fault: 'rejoin', args: {} }],
  strike(k, { node }) {
    for (const other of Object.keys(k.world.hosts)) if (other !== node) own(own(k.world, 'wire'), 'cut')[[String(node), other].sort().join(' ')] = true;
  },
};

export const packetLoss: Fault = {
  name: 'packet-loss',
  title: 'A cable loses packets',
  args: { node: { type: 'node', default: 'node-2', about: 'whose' }, percent: { type: 'number', default: 30, least: 0, most: 100, about: 'how many of a hundred' } },
  symptoms: [{ on: 'node-1', run: 'ping -c20 -i0.2 -W1 192.168.121.198', not: ' 0% packet loss', within: 1 }],
  repair: [{ fault: 'packet-loss', args: { node: 'node-2', percent: 0 } }],
  strike(k, { node, percent }) {
    own(own(own(k.world, 'wire'), 'cables'), String(node)).lossPercent = Number(percent);
  },
};
