/**
 * Changes of links and addresses as rtnetlink makes them: their errors and what goes along with them
 * (net/core/rtnetlink.c, net/ipv4/devinet.c). It sends no packets.
 */
import { own } from '../engine/cow.ts';
import { inNet, isMac, normalMac } from './address.ts';
import { addAddress, addLink, addressRoutes, bringDown, bringUp, dropLearned, dropNeighbours, ownLink, plainAddress, sameRoute } from './namespace.ts';
import { removeInterfaceCells, renameInterfaceCells } from './sysctl.ts';
import type { Link, NetChange, NetNs } from './state.ts';
import type { Errno } from '../proc/program.ts';

/** The namespaces of the host (owned record) and a source of chance. */
export interface Place { namespaces: Record<string, NetNs>; now: number; random(below: number): number }

const hexByte = (n: number): string => n.toString(16).padStart(2, '0');
const randomMac = (at: Place): string => [(at.random(256) & 0xfe) | 2, ...Array.from({ length: 5 }, () => at.random(256))].map(hexByte).join(':');

const goodName = (name: string): boolean => name.length > 0 && name.length <= 15 && !/[\s/]/.test(name) && name !== '.' && name !== '..';

type Of<K extends NetChange['kind']> = Extract<NetChange, { kind: K }>;

export function linkAdd(at: Place, ns: NetNs, c: Of<'linkAdd'>): Errno | null {
  if (!goodName(c.name)) return 'EINVAL';
  if (ns.links[c.name]) return 'EEXIST';
  if (c.mac !== undefined && !isMac(c.mac)) return 'EINVAL';
  if (c.master && ns.links[c.master]?.kind !== 'bridge') return ns.links[c.master] ? 'EOPNOTSUPP' : 'ENODEV';
  const mac = c.mac ? normalMac(c.mac) : randomMac(at);
  let errno: Errno | null = null;
  if (c.type === 'veth') errno = addVeth(at, ns, c, mac);
  else if (c.type === 'vxlan') errno = addVxlan(ns, c, mac);
  else addLink(ns, { name: c.name, kind: c.type, mac, mtu: c.mtu ?? 1500 });
  if (errno) return errno;
  if (c.master) ownLink(ns, c.name).master = c.master;
  if (c.up) bringUp(ns, c.name);
  return null;
}

function addVeth(at: Place, ns: NetNs, c: Of<'linkAdd'>, mac: string): Errno | null {
  const other = c.peerNs === undefined || c.peerNs === ns.name ? ns : at.namespaces[c.peerNs] && own(at.namespaces, c.peerNs);
  if (!other) return 'EINVAL';
  let peer = c.peer ?? '';
  for (let i = 0; !peer; i++) if (!ns.links[`veth${i}`] && `veth${i}` !== c.name) peer = `veth${i}`;
  if (!goodName(peer) || other.links[peer] || other === ns && peer === c.name) return other.links[peer] || peer === c.name ? 'EEXIST' : 'EINVAL';
  const mtu = c.mtu ?? 1500;
  // The peer is made first and has the lower index.
  addLink(other, { name: peer, kind: 'veth', mac: c.peerMac ? normalMac(c.peerMac) : randomMac(at), mtu, txqlen: 0, peer: { ns: ns.name, dev: c.name } });
  addLink(ns, { name: c.name, kind: 'veth', mac, mtu, txqlen: 0, peer: { ns: other.name, dev: peer } });
  return null;
}

function addVxlan(ns: NetNs, c: Of<'linkAdd'>, mac: string): Errno | null {
  const v = c.vxlan;
  if (!v || v.id < 0 || v.id > 16_777_215) return v ? 'EINVAL' : 'EINVAL';
  if (v.dev && !ns.links[v.dev]) return 'ENODEV';
  const dstport = v.dstport ?? 8472;
  if (Object.values(ns.links).some((link) => link.vxlan?.id === v.id && link.vxlan.dstport === dstport)) return 'EEXIST';
  const under = v.dev ? ns.links[v.dev]!.mtu - 50 : 1500;
  addLink(ns, { name: c.name, kind: 'vxlan', mac, mtu: c.mtu ?? under, vxlan: { id: v.id, dstport, local: v.local ?? null, dev: v.dev ?? null, learning: v.learning ?? true, remote: v.remote ?? null } });
  return null;
}

/** Takes a link away with all that belongs to it; a veth takes its other end along. */
export function linkDel(at: Place, ns: NetNs, dev: string): Errno | null {
  const link = ns.links[dev];
  if (!link) return 'ENODEV';
  if (link.kind === 'loopback' || link.kind === 'ether' || link.cable) return 'EOPNOTSUPP';
  forget(ns, dev);
  if (link.peer) {
    const other = link.peer.ns === ns.name ? ns : at.namespaces[link.peer.ns] && own(at.namespaces, link.peer.ns);
    if (other?.links[link.peer.dev]) forget(other, link.peer.dev);
  }
  return null;
}

function forget(ns: NetNs, dev: string): void {
  bringDown(ns, dev);
  ns.routes = ns.routes.filter((route) => route.dev !== dev);
  dropNeighbours(ns, dev);
  dropLearned(ns, dev, true);
  for (const port of Object.values(ns.links)) if (port.master === dev) ownLink(ns, port.name).master = null;
  const links = own(ns, 'links');
  delete links[dev];
  removeInterfaceCells(ns, dev);
}

const MTU_MIN = 68;
const MTU_MAX: Readonly<Record<Link['kind'], number>> = { loopback: 0x7fffffff, ether: 9_000, bridge: 65_535, veth: 65_535, vxlan: 65_535, dummy: 0x7fffffff };

export function linkSet(at: Place, ns: NetNs, c: Of<'linkSet'>): Errno | null {
  const before = ns.links[c.dev];
  if (!before) return 'ENODEV';
  if (c.mtu !== undefined && (c.mtu < MTU_MIN && before.kind !== 'loopback' || c.mtu > mtuMax(ns, before))) return 'EINVAL';
  if (c.mac !== undefined && (!isMac(c.mac) || before.kind === 'loopback')) return before.kind === 'loopback' ? 'EOPNOTSUPP' : 'EINVAL';
  if (c.master !== undefined && c.master !== null) {
    const bridge = ns.links[c.master];
    if (!bridge) return 'ENODEV';
    if (bridge.kind !== 'bridge') return 'EOPNOTSUPP';
    if (before.kind === 'loopback') return 'EINVAL';
    if (before.kind === 'bridge') return 'ELOOP';
  }
  const link = ownLink(ns, c.dev);
  if (c.mtu !== undefined) link.mtu = c.mtu;
  if (c.mac !== undefined) link.mac = normalMac(c.mac);
  if (c.txqlen !== undefined) link.txqlen = c.txqlen;
  for (const flag of ['promisc', 'arp', 'multicast', 'hairpin', 'stp'] as const) if (c[flag] !== undefined) link[flag] = c[flag]!;
  if (c.alias !== undefined) link.alias = c.alias;
  if (c.master !== undefined) { link.master = c.master; dropLearned(ns, c.dev); }
  if (c.name !== undefined && c.name !== c.dev) {
    const errno = rename(at, ns, c.dev, c.name);
    if (errno) return errno;
  }
  const dev = c.name ?? c.dev;
  if (c.up === true) bringUp(ns, dev);
  if (c.up === false) bringDown(ns, dev);
  return c.netns === undefined ? null : move(at, ns, dev, c.netns);
}

function mtuMax(ns: NetNs, link: Link): number {
  if (link.kind === 'vxlan' && link.vxlan?.dev) return (ns.links[link.vxlan.dev]?.mtu ?? 1500) - 50;
  return MTU_MAX[link.kind];
}

function rename(at: Place, ns: NetNs, from: string, to: string): Errno | null {
  if (!goodName(to)) return 'EINVAL';
  if (ns.links[to]) return 'EEXIST';
  const links = own(ns, 'links');
  const link = own(links, from);
  if (link.up) return 'EBUSY';
  // The order of a record is the order of its making: the place in it is kept.
  const entries = Object.entries(links);
  ns.links = Object.fromEntries(entries.map(([name, each]) => [name === from ? to : name, each]));
  link.name = to;
  link.addrs = link.addrs.map((a) => ({ ...a, label: a.label === from ? to : a.label }));
  ns.routes = ns.routes.map((route) => (route.dev === from ? { ...route, dev: to } : route));
  renameInterfaceCells(ns, from, to);
  for (const other of Object.values(ns.links)) {
    if (other.master === from) ownLink(ns, other.name).master = to;
    if (other.vxlan?.dev === from) { const mine = ownLink(ns, other.name); mine.vxlan = { ...mine.vxlan!, dev: to }; }
  }
  if (link.peer) retarget(at, ns, link.peer, { ns: ns.name, dev: to });
  return null;
}

function retarget(at: Place, ns: NetNs, peer: { ns: string; dev: string }, to: { ns: string; dev: string }): void {
  const other = peer.ns === ns.name ? ns : at.namespaces[peer.ns] && own(at.namespaces, peer.ns);
  if (other?.links[peer.dev]) ownLink(other, peer.dev).peer = to;
}

/** dev_change_net_namespace: addresses, routes and master stay behind. */
function move(at: Place, ns: NetNs, dev: string, to: string): Errno | null {
  const target = at.namespaces[to] && own(at.namespaces, to);
  if (!target) return 'EINVAL';
  if (target.links[dev]) return 'EEXIST';
  const link = { ...ns.links[dev]! };
  if (link.kind === 'loopback' || link.kind === 'bridge') return 'EINVAL';
  forget(ns, dev);
  const index = Object.values(target.links).some((other) => other.index === link.index) ? undefined : link.index;
  const moved = addLink(target, { ...link, up: false, master: null, addrs: [] });
  if (index !== undefined) { moved.index = index; target.nextIndex = Math.max(target.nextIndex - 1, index + 1); }
  if (link.peer) retarget(at, ns, link.peer, { ns: target.name, dev });
  return null;
}

// --- addresses

export function addrAdd(at: Place, ns: NetNs, c: Of<'addrAdd'>): Errno | null {
  const link = ns.links[c.dev];
  if (!link) return 'ENODEV';
  if (c.prefix < 0 || c.prefix > 32) return 'EINVAL';
  const there = link.addrs.find((a) => a.ip === c.ip && a.prefix === c.prefix);
  const validUntil = c.validUs === undefined ? null : at.now + c.validUs;
  if (there) {
    if (!c.replace) return 'EEXIST';
    const mine = ownLink(ns, c.dev);
    mine.addrs = mine.addrs.map((a) => (a === there ? { ...a, validUntil, brd: c.brd ?? a.brd } : a));
    return null;
  }
  addAddress(ns, c.dev, { ...plainAddress(c.ip, c.prefix, c.label ?? c.dev, c.brd ?? null), scope: c.scope ?? 'global', validUntil });
  return null;
}

export function addrDel(ns: NetNs, c: Of<'addrDel'>): Errno | null {
  const link = ns.links[c.dev];
  if (!link) return 'ENODEV';
  const gone = link.addrs.find((a) => a.ip === c.ip && (c.prefix === undefined || a.prefix === c.prefix));
  if (!gone) return 'EADDRNOTAVAIL';
  // Without promote_secondaries the others of the same net go along.
  const promote = ns.sysctl[`net.ipv4.conf.${c.dev}.promote_secondaries`] === '1' || ns.sysctl['net.ipv4.conf.all.promote_secondaries'] === '1';
  const inSameNet = (ip: string): boolean => inNet(ip, gone.ip, gone.prefix);
  let heir = false;
  const left = link.addrs.filter((a) => a !== gone && (gone.secondary || promote || !(a.secondary && a.prefix === gone.prefix && inSameNet(a.ip))))
    .map((a) => { if (gone.secondary || !a.secondary || heir || !inSameNet(a.ip)) return a; heir = true; return { ...a, secondary: false }; });
  const mine = ownLink(ns, c.dev);
  const lost = link.addrs.filter((a) => !left.some((b) => b.ip === a.ip && b.prefix === a.prefix));
  mine.addrs = left;
  dropAddressRoutes(ns, mine, lost.map((a) => a.ip), lost.flatMap((a) => addressRoutes(link, a)));
  return null;
}

function dropAddressRoutes(ns: NetNs, link: Link, ips: readonly string[], theirs: readonly NetNs['routes'][number][]): void {
  const kept = link.addrs.flatMap((a) => addressRoutes(link, a));
  ns.routes = ns.routes.filter((route) => {
    if (theirs.some((gone) => sameRoute(gone, route) && gone.src === route.src)) return false;
    if (route.src !== null && ips.includes(route.src)) return false;
    return link.addrs.length > 0 || route.dev !== link.name; // fib_disable_ip with the last address
  });
  ns.routes = [...ns.routes, ...kept.filter((route) => !ns.routes.some((other) => sameRoute(other, route)))];
}

export function addrFlush(ns: NetNs, dev: string): Errno | null {
  const link = ns.links[dev];
  if (!link) return 'ENODEV';
  for (const a of link.addrs) if (ns.links[dev]!.addrs.includes(a)) addrDel(ns, { kind: 'addrDel', dev, ip: a.ip, prefix: a.prefix });
  return null;
}

