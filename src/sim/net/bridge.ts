/**
 * A bridge: learning, flooding, forwarding, and the detour of bridged frames through iptables that
 * br_netfilter makes when bridge-nf-call-iptables is 1 (net/bridge/br_input.c, br_netfilter.c).
 */
import { own } from '../engine/cow.ts';
import { BROADCAST_MAC } from './address.ts';
import { countIn, sendFrame } from './device.ts';
import { newSkb, step, type Ground, type Skb } from './ground.ts';
import { forward, postrouting, prerouting } from './hooks.ts';
import { ipIn, upwards } from './input.ts';
import { resolve } from './neigh.ts';
import { routeIn } from './route.ts';
import { isOn } from './sysctl.ts';
import type { Link, Mac, NetNs, Packet } from './state.ts';

/** br_ageing_time. */
const AGEING_US = 300_000_000;
/** An entry is not written anew more often than this: only `brctl showmacs` could tell. */
const REFRESH_US = 1_000_000;

export const portsOf = (ns: NetNs, bridge: string): Link[] => Object.values(ns.links).filter((link) => link.master === bridge);

function learn(g: Ground, ns: NetNs, bridge: string, port: string, mac: Mac | undefined): void {
  if (!mac || mac === BROADCAST_MAC) return;
  const key = `${bridge} ${mac}`;
  const known = ns.fdb[key];
  if (known && (known.state !== 'learned' || known.dev === port && g.now - known.at < REFRESH_US)) return;
  own(ns, 'fdb')[key] = { owner: bridge, dev: port, mac, dst: null, state: 'learned', at: g.now };
}

/** The port behind which an address is: undefined = unknown, null = this host. */
function portFor(g: Ground, ns: NetNs, bridge: string, mac: Mac): string | null | undefined {
  if (ns.links[bridge]?.mac === mac) return null;
  const known = ns.fdb[`${bridge} ${mac}`];
  if (known && (known.state !== 'learned' || g.now - known.at < AGEING_US)) return known.dev;
  for (const port of portsOf(ns, bridge)) if (port.mac === mac) return null;
  return undefined;
}

const throughIptables = (g: Ground, ns: NetNs, p: Packet): boolean =>
  g.bridgeNf && p.proto !== 'arp' && isOn(ns, 'net.bridge.bridge-nf-call-iptables');

/** A frame that came in on a port. */
export function bridgeIn(g: Ground, ns: NetNs, bridge: string, port: string, p: Packet): void {
  const skb = newSkb(p, bridge);
  const link = ns.links[bridge];
  if (!link?.up) { step(g, ns, skb, 'link', `bridge ${bridge} is down`, 'drop'); return; }
  learn(g, ns, bridge, port, p.smac);
  let handled = false;
  if (throughIptables(g, ns, p)) {
    skb.physIn = port;
    skb.bridged = true;
    handled = true;
    const { dst } = p;
    if (!prerouting(g, ns, skb)) return;
    if (skb.p.dst !== dst && !translated(g, ns, bridge, port, skb, link)) return;
  }
  const to = skb.p.dmac === BROADCAST_MAC ? undefined : portFor(g, ns, bridge, skb.p.dmac ?? '');
  if (skb.p.dmac === BROADCAST_MAC) {
    flood(g, ns, bridge, port, skb);
    passUp(g, ns, bridge, skb, handled);
  } else if (to === null) passUp(g, ns, bridge, skb, handled);
  else bridgeForward(g, ns, bridge, port, skb);
}

/**
 * br_nf_pre_routing_finish: PREROUTING has given the frame another destination. Is it behind this bridge,
 * the frame gets that one's address and stays bridged; else it goes up to be routed. False: it waits for ARP.
 */
function translated(g: Ground, ns: NetNs, bridge: string, port: string, skb: Skb, link: Link): boolean {
  const route = routeIn(ns, skb.src, skb.dst, bridge, skb.p.mark);
  if (route.type !== 'forward' || route.dev !== bridge) { skb.p.dmac = link.mac; return true; }
  if (g.trace) step(g, ns, skb, 'bridge', `${bridge}: the new destination is on the same bridge`, 'pass');
  const mac = resolve(g, ns, bridge, route.nexthop, skb, port);
  if (mac === null) return false;
  skb.p.dmac = mac;
  return true;
}

function passUp(g: Ground, ns: NetNs, bridge: string, skb: Skb, handled: boolean): void {
  countIn(ns, bridge, skb.p);
  g.captured(ns, bridge, 'In', skb.p);
  skb.in = bridge;
  if (handled) ipIn(g, ns, skb, true); else upwards(g, ns, bridge, skb);
}

/** br_forward: to the port that knows the address, or to all. */
export function bridgeForward(g: Ground, ns: NetNs, bridge: string, from: string, skb: Skb): void {
  const to = portFor(g, ns, bridge, skb.p.dmac ?? '');
  if (to === undefined) flood(g, ns, bridge, from, skb);
  else if (to !== null) toPort(g, ns, bridge, from, ns.links[to], skb);
  else passUp(g, ns, bridge, skb, skb.bridged);
}

function flood(g: Ground, ns: NetNs, bridge: string, from: string, skb: Skb): void {
  for (const port of portsOf(ns, bridge)) {
    // A flooded connection is tracked by its first copy only.
    toPort(g, ns, bridge, from, port, { ...skb, p: { ...skb.p } });
  }
}

function toPort(g: Ground, ns: NetNs, bridge: string, from: string, port: Link | undefined, skb: Skb): void {
  if (!port?.up || port.name === from && !port.hairpin) return;
  if (throughIptables(g, ns, skb.p)) {
    skb.in = skb.out = bridge;
    skb.physIn = from;
    skb.physOut = port.name;
    if (!forward(g, ns, skb)) return;
    if (!postrouting(g, ns, skb)) return;
  }
  if (g.trace) step(g, ns, skb, 'bridge', `${bridge}: ${from} to ${port.name}`, 'pass');
  sendFrame(g, ns, port.name, skb.p, null);
}

/** br_dev_xmit: the host itself sends on the bridge. */
export function bridgeOut(g: Ground, ns: NetNs, bridge: string, p: Packet): void {
  const to = p.dmac === BROADCAST_MAC ? undefined : portFor(g, ns, bridge, p.dmac ?? '');
  if (to === null) return;
  if (to !== undefined) {
    const port = ns.links[to];
    if (port?.up) sendFrame(g, ns, to, p, null);
    return;
  }
  for (const port of portsOf(ns, bridge)) if (port.up) sendFrame(g, ns, port.name, { ...p }, null);
}
