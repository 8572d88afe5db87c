/**
 * The ground that the net room's code stands on when a real host is under it: its namespaces, the wire,
 * the event queue, and the processes behind its sockets.
 */
import { entry } from '../engine/pages.ts';
import { append } from '../engine/chunked.ts';
import { own } from '../engine/cow.ts';
import { cancel } from '../engine/queue.ts';
import { EPOCH_MS } from '../engine/time.ts';
import { arrivals, gatewayAnswer, type Stations } from '../net/fabric.ts';
import type { Frame, Skb, TraceStep } from '../net/ground.ts';
import { deliver, ownSocket, type Stack } from '../net/stack.ts';
import { close } from '../net/tcp.ts';
import type { Alarm, NetNs, Packet, Socket } from '../net/state.ts';
import type { Host, World } from '../world.ts';
import { newOfd, install } from './descriptors.ts';
import { hostReal } from './disk.ts';
import type { Kernel } from './kernel.ts';

/** A capture nobody reads does not grow for ever. */
const CAPTURED_MAX = 4_000;
const DMESG_MAX = 4_000;

export const socketKey = (ns: string, id: number): string => `sock:${ns}:${id}`;

export function stations(world: World): Stations {
  return {
    hosts: Object.keys(world.wire.cables),
    macOf(name, dev) {
      const link = world.hosts[name]?.ns['host']?.links[dev];
      return link?.up ? link.mac : null;
    },
  };
}

export class HostGround implements Stack {
  readonly host: string;
  readonly trace: TraceStep[] | null = null;
  readonly frames: Frame[] = [];
  readonly bridgeNf: boolean;

  constructor(readonly k: Kernel, readonly machine: Host) {
    this.host = machine.name;
    this.bridgeNf = 'br_netfilter' in machine.modules;
  }

  get now(): number { return this.k.world.now; }

  ns(name: string): NetNs | undefined {
    return this.machine.ns[name] && own(own(this.machine, 'ns'), name);
  }

  transmit(_dev: string, packet: Packet): void {
    const { k } = this;
    const { wire } = k.world;
    const found = arrivals(wire, this.host, packet, stations(k.world), (percent) => k.random(`wire/${this.host}`, 10_000) < percent * 100);
    let sent = false;
    for (const { host, dev, afterUs } of found) {
      if (host !== null) {
        k.schedule(afterUs, { kind: 'packet', host, ns: 'host', dev, packet: sent ? { ...packet } : packet });
        sent = true;
        continue;
      }
      const answer = gatewayAnswer(wire, packet, this.packetId(), EPOCH_MS * 1000 + k.world.now + afterUs);
      const cable = wire.cables[this.host]!;
      if (answer) k.schedule(2 * afterUs, { kind: 'packet', host: this.host, ns: 'host', dev: cable.dev, packet: answer });
    }
  }

  deliver(ns: NetNs, skb: Skb): void { deliver(this, ns, skb); }

  later(afterUs: number, ns: string, timer: string, gen: number): void {
    this.k.schedule(afterUs, { kind: 'socket', host: this.host, ns, socket: 0, timer, gen });
  }

  socketTimer(afterUs: number, ns: NetNs, socket: number, timer: string): Alarm {
    const seq = this.k.schedule(afterUs, { kind: 'socket', host: this.host, ns: ns.name, socket, timer, gen: this.machine.gen });
    return { at: this.now + afterUs, seq };
  }

  cancel({ at, seq }: Alarm): void { cancel(this.k.world, at, seq); }

  random(stream: string, below: number): number { return this.k.random(stream, below); }
  packetId(): number { return ++own(this.k.world, 'ids').packet; }
  nextSocketId(): number { return ++own(this.k.world, 'ids').socket; }

  log(message: string): void {
    append(own(this.machine, 'dmesg'), { at: this.now - this.machine.bootAt, message }, DMESG_MAX);
  }

  captured(ns: NetNs, dev: string, direction: 'In' | 'Out', packet: Packet): void {
    for (const id of ns.captures) {
      const socket = entry(ns.sockets, id);
      if (!socket || socket.iface !== 'any' && socket.iface !== dev || socket.inbox.length >= CAPTURED_MAX) continue;
      own(ownSocket(ns, id), 'inbox').push({ at: hostReal(this.k, this.machine), dev, direction, packet: { ...packet } } as never);
      this.wake(ns, socket);
    }
  }

  wake(ns: NetNs, socket: Socket): void { this.k.wake(this.machine, socketKey(ns.name, socket.id)); }

  accepted(ns: NetNs, listener: Socket, child: Socket): void {
    if (listener.entry === null) {
      own(listener, 'backlog').push(child.id);
      this.wake(ns, listener);
      return;
    }
    const main = listener.owner === null ? undefined : this.k.proc(this.machine, listener.owner);
    if (!main || main.exit) { close(this, ns, child); return; }
    const fd = install(this.machine, main, newOfd(this.k, this.machine, { kind: 'socket', ns: ns.name, socket: child.id }));
    this.k.thread(this.machine, main, listener.entry, { fd, peer: child.raddr, peerPort: child.rport });
  }

  /** A thread for a datagram: event {fd, data, size, addr, port}. */
  datagram(ns: NetNs, socket: Socket): void {
    const main = socket.owner === null ? undefined : this.k.proc(this.machine, socket.owner);
    if (!main || main.exit || socket.entry === null) return;
    const fd = Object.keys(main.fds).find((key) => {
      const ofd = this.machine.ofds[main.fds[Number(key)]!];
      return ofd?.kind === 'socket' && ofd.ns === ns.name && ofd.socket === socket.id;
    });
    const message = own(socket, 'inbox').shift();
    if (fd !== undefined && message !== undefined) this.k.thread(this.machine, main, socket.entry, { fd: Number(fd), ...(message as object) });
  }
}
