/**
 * Devices: what happens to a frame that is handed to a link (veth, bridge, vxlan, the cable, loopback),
 * and the queue of frames between the links of one host (net/core/dev.c, drivers/net/veth.c, vxlan.c).
 */
import { own } from '../engine/cow.ts';
import { BROADCAST_MAC, ZERO_MAC } from './address.ts';
import { bridgeIn, bridgeOut } from './bridge.ts';
import { newSkb, step, type Frame, type Ground, type Skb } from './ground.ts';
import { ipIn, upwards } from './input.ts';
import { localOut } from './output.ts';
import { isErrno, routeOut } from './route.ts';
import type { Link, NetNs, Packet } from './state.ts';

/** Where a trace tells of a frame that is for another: of no weight while the frame gets there. */
export const NOT_MINE = 'frame';

const statsOf = (ns: NetNs, dev: string): Link['stats'] => own(own(own(ns, 'links'), dev), 'stats');
const length = (p: Packet): number => p.size + 14;

export function countIn(ns: NetNs, dev: string, p: Packet): void {
  const stats = statsOf(ns, dev);
  stats.rxPackets++;
  stats.rxBytes += length(p);
}

/** Whether frames can pass a link: it is up, and so is the other end. */
export function carrier(ns: NetNs, link: Link, peer: Link | undefined, cableUp: boolean): boolean {
  if (!link.up) return false;
  if (link.cable) return cableUp;
  if (link.kind === 'veth') return peer?.up ?? false;
  if (link.kind === 'ether') return false;
  if (link.kind === 'bridge') return Object.values(ns.links).some((port) => port.master === link.name && port.up);
  return true;
}

/** dev_queue_xmit. The packet is the device's from here on. */
export function sendFrame(g: Ground, ns: NetNs, dev: string, p: Packet, skb: Skb | null): void {
  const link = ns.links[dev];
  if (!link?.up) { if (g.trace) step(g, ns, newSkb(p, ''), 'link', `${dev} is down`, 'drop'); return; }
  if (link.kind === 'vxlan') { vxlanOut(g, ns, link, p); return; }
  const stats = statsOf(ns, dev);
  stats.txPackets++;
  stats.txBytes += link.kind === 'loopback' ? p.size : length(p);
  if (ns.captures.length) g.captured(ns, dev, 'Out', p);
  switch (link.kind) {
    case 'loopback': g.frames.push({ ns: ns.name, dev, packet: p, skb }); break;
    case 'veth':
      if (link.cable) { toWire(g, ns, dev, p); break; }
      if (link.peer) g.frames.push({ ns: link.peer.ns, dev: link.peer.dev, packet: p, skb: null }); break;
    case 'bridge': bridgeOut(g, ns, dev, p); break;
    case 'ether': toWire(g, ns, dev, p); break;
    case 'dummy':
      if (g.trace) step(g, ns, newSkb(p, ''), 'link', `${dev} leads nowhere`, 'drop');
  }
}

function toWire(g: Ground, ns: NetNs, dev: string, p: Packet): void {
  if (g.trace && p.proto !== 'arp') step(g, ns, newSkb(p, ''), 'wire', `out of ${dev}`, 'pass');
  g.transmit(dev, p);
}

const TUNNEL_BYTES = 50;

/** The source port of a tunnel packet: a hash of the flow inside (udp_flow_src_port). */
function flowPort(p: Packet): number {
  let h = 0x811c9dc5;
  const text = p.src < p.dst ? `${p.src}${p.dst}${p.sport}${p.dport}` : `${p.dst}${p.src}${p.dport}${p.sport}`;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  return 32_768 + (h >>> 0) % 28_232;
}

function vxlanOut(g: Ground, ns: NetNs, link: Link, p: Packet): void {
  const vx = link.vxlan!;
  const stats = statsOf(ns, link.name);
  if (ns.captures.length) g.captured(ns, link.name, 'Out', p);
  const known = ns.fdb[`${link.name} ${p.dmac}`] ?? ns.fdb[`${link.name} ${ZERO_MAC}`];
  const dst = known?.dst ?? vx.remote;
  if (!dst) {
    stats.txDropped++;
    step(g, ns, newSkb(p, ''), 'vxlan', `${link.name}: no forwarding entry for ${p.dmac}`, 'drop');
    return;
  }
  stats.txPackets++;
  stats.txBytes += length(p);
  const out = routeOut(ns, dst, vx.local, vx.dev);
  if (isErrno(out) || out.type === 'local') {
    stats.txDropped++;
    step(g, ns, newSkb(p, ''), 'vxlan', `${link.name}: no way to ${dst}`, 'drop');
    return;
  }
  const outer: Packet = {
    id: g.packetId(), src: out.src, dst, proto: 'udp', sport: flowPort(p), dport: vx.dstport, ttl: 64, tos: 0, size: p.size + TUNNEL_BYTES,
    mark: p.mark, df: false, payload: null, vxlan: { id: vx.id, inner: p },
  };
  if (p.piece) outer.piece = p.piece + TUNNEL_BYTES;
  if (g.trace) step(g, ns, newSkb(outer, ''), 'vxlan', `${link.name}: wrapped for ${dst}`, 'change');
  localOut(g, ns, newSkb(outer, ''), out);
}

/** A tunnel packet that INPUT let through. False: no vxlan listens on that port. */
export function vxlanIn(g: Ground, ns: NetNs, skb: Skb): boolean {
  const { p } = skb;
  let listens = false;
  for (const name in ns.links) {
    const link = ns.links[name]!;
    if (link.kind !== 'vxlan' || !link.up || link.vxlan!.dstport !== p.dport) continue;
    listens = true;
    if (link.vxlan!.id !== p.vxlan?.id) continue;
    const inner: Packet = { ...p.vxlan.inner, mark: 0 };
    if (link.vxlan!.learning && inner.smac) {
      const key = `${link.name} ${inner.smac}`;
      if (ns.fdb[key]?.dst !== p.src && (ns.fdb[key]?.state ?? 'learned') === 'learned') own(ns, 'fdb')[key] = { owner: link.name, dev: link.name, mac: inner.smac, dst: p.src, state: 'learned', at: g.now };
    }
    g.frames.push({ ns: ns.name, dev: link.name, packet: inner, skb: null });
    return true;
  }
  if (listens) step(g, ns, skb, 'vxlan', `no link with id ${p.vxlan?.id ?? '?'} on port ${p.dport}`, 'drop');
  return listens;
}

/** Works off the frames between this host's links, oldest first. */
export function run(g: Ground): void {
  for (let frame = g.frames.shift(); frame; frame = g.frames.shift()) receive(g, frame);
}

function receive(g: Ground, frame: Frame): void {
  const ns = g.ns(frame.ns);
  const link = ns?.links[frame.dev];
  if (!ns || !link) return;
  const p = Object.isExtensible(frame.packet) ? frame.packet : { ...frame.packet };
  if (!link.up) {
    if (g.trace) step(g, ns, newSkb(p, frame.dev), 'link', `${frame.dev} is down`, 'drop');
    return;
  }
  countIn(ns, frame.dev, p);
  if (ns.captures.length) g.captured(ns, frame.dev, 'In', p);
  if (link.master !== null) { bridgeIn(g, ns, link.master, frame.dev, p); return; }
  if (frame.skb) {
    const skb = frame.skb;
    skb.p = p;
    skb.in = frame.dev;
    skb.out = '';
    skb.local = false;
    ipIn(g, ns, skb, false);
    return;
  }
  if (p.dmac !== undefined && p.dmac !== link.mac && p.dmac !== BROADCAST_MAC && p.dmac !== ZERO_MAC) {
    if (g.trace) step(g, ns, newSkb(p, frame.dev), NOT_MINE, `${frame.dev} has not the address ${p.dmac}`, 'drop');
    return;
  }
  upwards(g, ns, frame.dev, newSkb(p, frame.dev));
}
