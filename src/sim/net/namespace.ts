/**
 * Birth of a network namespace and of its links and addresses: pure building of state, used by the
 * kernel's netlink (change.ts), by the host's birth and by the laboratory. It moves no packets.
 */
import { emptyPages } from '../engine/pages.ts';
import { own } from '../engine/cow.ts';
import { broadcast, inNet, network } from './address.ts';
import { TABLE, type Address, type Conntrack, type IpRule, type Link, type LinkStats, type Mac, type NetNs, type Route } from './state.ts';
import { addInterfaceCells, freshCells } from './sysctl.ts';

export const emptyConntrack = (): Conntrack =>
  ({ enabled: false, conns: {}, replies: {}, count: 0, nextId: 1, stats: { found: 0, invalid: 0, insert: 0, insertFailed: 0, drop: 0, earlyDrop: 0 }, purgeAt: 0 });

const RULES: readonly IpRule[] = [[0, TABLE.local], [32_766, TABLE.main], [32_767, TABLE.default]].map(([priority, table]) =>
  ({ priority: priority!, table: table!, from: null, to: null, iif: null, oif: null, mark: null, action: 'lookup', not: false }));

/** A namespace as clone(CLONE_NEWNET) makes it: a loopback that is down. */
export function freshNs(name: string, named: boolean): NetNs {
  const ns: NetNs = {
    name, named, sysctl: freshCells(), links: {}, nextIndex: 1, routes: [], rules: RULES, neigh: {}, fdb: {},
    netfilter: { tables: {}, memory: {}, nextId: 1 }, conntrack: emptyConntrack(), sockets: emptyPages(), ports: {}, captures: [], nextPort: 0,
  };
  addLink(ns, { name: 'lo', kind: 'loopback', mac: '00:00:00:00:00:00', mtu: 65_536, multicast: false });
  return ns;
}

const noStats = (): LinkStats => ({ rxPackets: 0, rxBytes: 0, rxDropped: 0, txPackets: 0, txBytes: 0, txDropped: 0 });

/** Adds a link, down. */
export function addLink(ns: NetNs, what: Partial<Link> & { name: string; kind: Link['kind']; mac: Mac }): Link {
  const link: Link = {
    index: ns.nextIndex++, mtu: 1500, up: false, master: null, peer: null, cable: false, vxlan: null, hairpin: false, stp: false,
    addrs: [], promisc: false, arp: true, multicast: true, txqlen: 1000, alias: '', stats: noStats(), ...what,
  };
  own(ns, 'links')[link.name] = link;
  addInterfaceCells(ns, link.name);
  return link;
}

export const ownLink = (ns: NetNs, dev: string): Link => own(own(ns, 'links'), dev);

const local = (ip: string, prefix: number, dev: string, src: string, type: 'local' | 'broadcast'): Route =>
  ({ table: TABLE.local, type, dst: ip, prefix, via: null, dev, src, scope: type === 'local' ? 'host' : 'link', proto: 'kernel', metric: 0, onlink: false, mtu: null });

/** The kernel's own routes for an address (fib_add_ifaddr): its host entry, and with the link up the rest. */
export function addressRoutes(link: Link, a: Address): Route[] {
  const routes = [local(a.ip, 32, link.name, a.ip, 'local')];
  if (!link.up) return routes;
  if (link.kind === 'loopback') routes.push(local(network(a.ip, a.prefix), a.prefix, link.name, a.ip, 'local'));
  else if (a.prefix < 32 && !a.secondary) {
    routes.push({ table: TABLE.main, type: 'unicast', dst: network(a.ip, a.prefix), prefix: a.prefix, via: null, dev: link.name, src: a.ip, scope: 'link', proto: 'kernel', metric: 0, onlink: false, mtu: null });
  }
  if (a.prefix < 31) {
    routes.push(local(broadcast(a.ip, a.prefix), 32, link.name, a.ip, 'broadcast'));
  }
  if (a.brd && a.brd !== broadcast(a.ip, a.prefix)) routes.push(local(a.brd, 32, link.name, a.ip, 'broadcast'));
  return routes;
}

export const sameRoute = (a: Route, b: Route): boolean =>
  a.table === b.table && a.type === b.type && a.dst === b.dst && a.prefix === b.prefix && a.via === b.via && a.dev === b.dev && a.metric === b.metric;

export function addRoutes(ns: NetNs, routes: readonly Route[]): void {
  const missing = routes.filter((route, i) => !ns.routes.some((other) => sameRoute(other, route) && other.src === route.src)
    && !routes.slice(0, i).some((other) => sameRoute(other, route)));
  if (missing.length) ns.routes = [...ns.routes, ...missing];
}

export function addAddress(ns: NetNs, dev: string, a: Omit<Address, 'secondary'>): void {
  const link = ownLink(ns, dev);
  const secondary = link.addrs.some((other) => other.prefix === a.prefix && inNet(other.ip, a.ip, a.prefix));
  const address: Address = { ...a, secondary };
  link.addrs = [...link.addrs, address];
  addRoutes(ns, addressRoutes(link, address));
}

/** What other rooms call it: an address with everything at its default. */
export const plainAddress = (ip: string, prefix: number, label: string, brd: string | null = null): Omit<Address, 'secondary'> =>
  ({ ip, prefix, brd, scope: ip.startsWith('127.') ? 'host' : 'global', label, validUntil: null });

/** Routes that appear when a link comes up. */
export function bringUp(ns: NetNs, dev: string): void {
  const link = ownLink(ns, dev);
  if (link.up) return;
  link.up = true;
  if (link.kind === 'loopback' && !link.addrs.some((a) => a.ip === '127.0.0.1')) addAddress(ns, dev, plainAddress('127.0.0.1', 8, 'lo'));
  for (const a of link.addrs) addRoutes(ns, addressRoutes(link, a));
}

/** A link that goes down takes its routes and its neighbours along (fib_sync_down_dev, neigh_ifdown). */
export function bringDown(ns: NetNs, dev: string): void {
  const link = ownLink(ns, dev);
  if (!link.up) return;
  link.up = false;
  const own32 = new Set(link.addrs.map((a) => a.ip));
  ns.routes = ns.routes.filter((route) => route.dev !== dev || route.table === TABLE.local && route.type === 'local' && route.prefix === 32 && own32.has(route.dst));
  dropNeighbours(ns, dev);
  dropLearned(ns, dev);
}

export function dropNeighbours(ns: NetNs, dev: string): void {
  const neigh: NetNs['neigh'] = {};
  for (const [key, entry] of Object.entries(ns.neigh)) if (entry.dev !== dev) neigh[key] = entry;
  ns.neigh = neigh;
}

/** A bridge forgets what it learned on a port, or a vxlan its learned peers. */
export function dropLearned(ns: NetNs, dev: string, all = false): void {
  const fdb: NetNs['fdb'] = {};
  for (const [key, entry] of Object.entries(ns.fdb)) if (!((entry.dev === dev || entry.owner === dev) && (all || entry.state === 'learned'))) fdb[key] = entry;
  ns.fdb = fdb;
}

export interface Uplink { dev: string; mac: Mac; ip: string; prefix: number; gateway: string | null; mtu?: number; dhcpUntil?: number | null; proto?: string; metric?: number }

/** A host's own namespace as the boot scripts leave it: lo, the uplink with its address and default route. */
export function hostNs(uplink: Uplink): NetNs {
  const ns = freshNs('host', false);
  bringUp(ns, 'lo');
  addLink(ns, { name: uplink.dev, kind: 'ether', mac: uplink.mac, mtu: uplink.mtu ?? 1500, cable: true });
  bringUp(ns, uplink.dev);
  addAddress(ns, uplink.dev, { ...plainAddress(uplink.ip, uplink.prefix, uplink.dev, broadcast(uplink.ip, uplink.prefix)), validUntil: uplink.dhcpUntil ?? null });
  if (uplink.gateway) {
    ns.routes = [...ns.routes, { table: TABLE.main, type: 'unicast', dst: '0.0.0.0', prefix: 0, via: uplink.gateway, dev: uplink.dev, src: null, scope: 'global',
      proto: uplink.proto ?? 'dhcp', metric: uplink.metric ?? (uplink.proto === 'boot' ? 0 : 100), onlink: false, mtu: null }];
  }
  return ns;
}
