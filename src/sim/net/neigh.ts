/**
 * Neighbours: ARP and its states (net/core/neighbour.c, net/ipv4/arp.c). Three requests a second apart,
 * then every packet that waited is answered by "host unreachable".
 */
import { own } from '../engine/cow.ts';
import { BROADCAST_MAC, ZERO_MAC, ipNumber, isMulticast } from './address.ts';
import { bridgeForward } from './bridge.ts';
import { sendFrame } from './device.ts';
import { step, type Ground, type Skb } from './ground.ts';
import { isLocal, sendError } from './icmp.ts';
import { addressType, TYPES } from './netfilter/match.ts';
import { isErrno, lookup, selectSource } from './route.ts';
import { eitherOn, interfaceKeys, isOn } from './sysctl.ts';
import type { Ip, Mac, Neigh, NeighState, NetNs, Packet } from './state.ts';

const REACHABLE_US = 30_000_000, DELAY_US = 5_000_000, RETRANS_US = 1_000_000, PROBES = 3, QUEUE = 31;

const keyOf = (dev: string, ip: Ip): string => `${dev} ${ip}`;
const ownEntry = (ns: NetNs, key: string): Neigh => own(own(ns, 'neigh'), key);

/** The state as `ip neigh` would show it now. */
export const stateNow = (entry: Neigh, now: number): NeighState => (entry.state === 'REACHABLE' && now - entry.at > REACHABLE_US ? 'STALE' : entry.state);

export function setEntry(ns: NetNs, dev: string, ip: Ip, mac: Mac | null, state: NeighState, now: number): Neigh {
  const key = keyOf(dev, ip);
  const before = ns.neigh[key];
  const entry: Neigh = { ip, dev, mac, state, at: now, probes: 0, gen: (before?.gen ?? 0) + 1, waiting: before?.waiting ?? [] };
  own(ns, 'neigh')[key] = entry;
  return entry;
}

/** Sends a packet to its next hop on a device; null: to everyone. */
export function toNeighbour(g: Ground, ns: NetNs, dev: string, nexthop: Ip | null, skb: Skb): void {
  const link = ns.links[dev];
  if (!link) return;
  if (link.kind === 'loopback' || link.kind === 'dummy' || !link.arp) { skb.p.smac = link.mac; skb.p.dmac = link.kind === 'loopback' ? undefined : ZERO_MAC; sendFrame(g, ns, dev, skb.p, skb); return; }
  const mac = nexthop === null || isMulticast(ipNumber(nexthop)) ? BROADCAST_MAC : resolve(g, ns, dev, nexthop, skb, null);
  if (mac === null) return;
  skb.p.smac = link.mac;
  skb.p.dmac = mac;
  sendFrame(g, ns, dev, skb.p, skb);
}

/** The address of a next hop; null: the packet waits for it. */
export function resolve(g: Ground, ns: NetNs, dev: string, ip: Ip, skb: Skb, bridge: string | null): Mac | null {
  const key = keyOf(dev, ip);
  const entry = ns.neigh[key];
  if (entry && entry.mac !== null && entry.state !== 'INCOMPLETE' && entry.state !== 'FAILED') {
    if (entry.state === 'STALE' || entry.state === 'REACHABLE' && g.now - entry.at > REACHABLE_US) {
      const mine = ownEntry(ns, key);
      mine.state = 'DELAY';
      mine.probes = 0;
      g.later(DELAY_US, ns.name, `neigh ${key}`, ++mine.gen);
    }
    return entry.mac;
  }
  const asked = entry?.state === 'INCOMPLETE';
  const mine = asked ? ownEntry(ns, key) : setEntry(ns, dev, ip, null, 'INCOMPLETE', g.now);
  own(mine, 'waiting').push({ skb: { ...skb, p: { ...skb.p } }, bridge });
  if (mine.waiting.length > QUEUE) own(mine, 'waiting').shift();
  if (!asked) {
    mine.probes = 1;
    g.later(RETRANS_US, ns.name, `neigh ${key}`, mine.gen);
    solicit(g, ns, dev, ip, skb.p.src, null);
  }
  return null;
}

function solicit(g: Ground, ns: NetNs, dev: string, ip: Ip, source: Ip, to: Mac | null): void {
  const link = ns.links[dev];
  const src = source && isLocal(ns, source) && !source.startsWith('127.') ? source : selectSource(ns, dev, ip);
  if (!link || src === null) return;
  const request: Packet = {
    id: g.packetId(), src, dst: ip, proto: 'arp', sport: 0, dport: 0, arp: { op: 'request', sha: link.mac, tha: ZERO_MAC },
    ttl: 0, tos: 0, size: 28, mark: 0, df: false, payload: null, smac: link.mac, dmac: to ?? BROADCAST_MAC,
  };
  sendFrame(g, ns, dev, request, null);
}

/** The timer of an entry: asks again, or gives up. */
export function neighTimer(g: Ground, ns: NetNs, key: string, gen: number): void {
  const entry = ns.neigh[key];
  if (!entry || entry.gen !== gen || !['INCOMPLETE', 'DELAY', 'PROBE'].includes(entry.state)) return;
  const mine = ownEntry(ns, key);
  if (mine.state === 'DELAY') { mine.state = 'PROBE'; mine.probes = 0; }
  if (mine.probes >= PROBES) { failed(g, ns, mine); return; }
  mine.probes++;
  g.later(RETRANS_US, ns.name, `neigh ${key}`, ++mine.gen);
  solicit(g, ns, mine.dev, mine.ip, '', mine.state === 'PROBE' ? mine.mac : null);
}

function failed(g: Ground, ns: NetNs, entry: Neigh): void {
  const { waiting } = entry;
  entry.state = 'FAILED';
  entry.at = g.now;
  entry.waiting = [];
  if (entry.mac !== null) entry.mac = null;
  for (const { skb } of waiting) {
    step(g, ns, skb, 'neighbour', `${entry.ip} does not answer ARP on ${entry.dev}`, 'drop');
    sendError(g, ns, skb, 3, 1);
  }
}

function learned(g: Ground, ns: NetNs, entry: Neigh, mac: Mac): void {
  const waiting = entry.waiting;
  entry.mac = mac;
  entry.state = 'REACHABLE';
  entry.at = g.now;
  entry.gen++;
  entry.waiting = [];
  for (const parked of waiting) {
    const skb: Skb = { ...parked.skb, p: { ...parked.skb.p } };
    if (parked.bridge !== null) { skb.p.dmac = mac; bridgeForward(g, ns, entry.dev, parked.bridge, skb); } else toNeighbour(g, ns, entry.dev, entry.ip, skb);
  }
}

/** A local process heard from this neighbour: it is there (dst_confirm). */
export function confirmNeighbour(ns: NetNs, dev: string, ip: Ip, now: number): void {
  const entry = ns.neigh[keyOf(dev, ip)];
  if (!entry || entry.mac === null || entry.state === 'PERMANENT' || entry.state === 'NOARP' || now - entry.at < REACHABLE_US / 2) return;
  const mine = ownEntry(ns, keyOf(dev, ip));
  mine.state = 'REACHABLE';
  mine.at = now;
}

/** An ARP packet on a device that this namespace speaks on. */
export function arpIn(g: Ground, ns: NetNs, dev: string, p: Packet): void {
  const link = ns.links[dev]!;
  const arp = p.arp!;
  const key = keyOf(dev, p.src);
  const known = ns.neigh[key];
  if (arp.op === 'reply') {
    if (known && known.state !== 'PERMANENT' && known.state !== 'NOARP') learned(g, ns, ownEntry(ns, key), arp.sha);
    return;
  }
  if (!answersFor(ns, dev, p.dst)) {
    if (known && known.mac !== null && known.state !== 'PERMANENT' && known.mac !== arp.sha) setEntry(ns, dev, p.src, arp.sha, 'STALE', g.now);
    return;
  }
  if (known && known.state === 'INCOMPLETE') learned(g, ns, ownEntry(ns, key), arp.sha);
  else if (!known || known.mac !== arp.sha && known.state !== 'PERMANENT') setEntry(ns, dev, p.src, arp.sha, 'STALE', g.now);
  const reply: Packet = {
    id: g.packetId(), src: p.dst, dst: p.src, proto: 'arp', sport: 0, dport: 0, arp: { op: 'reply', sha: link.mac, tha: arp.sha },
    ttl: 0, tos: 0, size: 28, mark: 0, df: false, payload: null, smac: link.mac, dmac: arp.sha,
  };
  sendFrame(g, ns, dev, reply, null);
}

/** arp_ignore 0: for any address of the host; 1: for those of the interface. Or as a proxy. */
function answersFor(ns: NetNs, dev: string, ip: Ip): boolean {
  const n = ipNumber(ip);
  if (addressType(ns, n, null) === TYPES.LOCAL) {
    const ignore = Math.max(Number(ns.sysctl['net.ipv4.conf.all.arp_ignore'] ?? 0), Number(ns.sysctl[interfaceKeys(dev).arpIgnore] ?? 0));
    return ignore === 0 || (ns.links[dev]?.addrs.some((a) => a.ip === ip) ?? false);
  }
  if (!eitherOn(ns, dev, 'proxyArp') || !isOn(ns, interfaceKeys(dev).forwarding)) return false;
  const route = lookup(ns, { dst: n, src: null, iif: null, oif: null, mark: 0 });
  return !isErrno(route) && route.type === 'unicast' && route.dev !== dev;
}
