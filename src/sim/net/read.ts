/**
 * What netlink and its relatives show of a namespace: the answers of `netRead`, in the order in which
 * the tools list them.
 */
import { ipNumber, linkLocal6 } from './address.ts';
import { stamp, VERSION } from './change.ts';
import { carrier } from './device.ts';
import { saveText } from './iptables/save.ts';
import type { Cable } from './fabric.ts';
import { stateNow } from './neigh.ts';
import { isErrno, routeIn, routeOut } from './route.ts';
import { cellVisible, isOn, interfaceKeys, readCell } from './sysctl.ts';
import type { Fdb, Link, LinkView, NetNs, NetRead, Netfilter, Route, RouteGet } from './state.ts';
import type { Errno, Json } from '../proc/program.ts';

export interface Outlook { namespaces: Readonly<Record<string, NetNs>>; cables: Readonly<Record<string, Cable>>; host: string; now: number; real: number; modules: Readonly<Record<string, unknown>> }

type Answer = { value: Json } | { errno: Errno };
const json = (value: unknown): Answer => ({ value: value as Json });

const byCodeUnit = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

export function readNet(at: Outlook, ns: NetNs, what: NetRead): Answer {
  switch (what.kind) {
    case 'links': return json(Object.values(ns.links).sort((a, b) => a.index - b.index).map((link) => view(at, ns, link)));
    case 'routes': return json(routes(at, ns));
    case 'routeGet': return routeGet(ns, what);
    case 'rules': return json(ns.rules);
    case 'neigh': return json(Object.values(ns.neigh).map((entry) => ({ ...entry, state: stateNow(entry, at.now), waiting: [], usedUs: at.now - entry.at })));
    case 'fdb': return json(forwarding(ns).map((entry) => ({ ...entry, age: at.now - entry.at })));
    case 'sysctl': return json(Object.fromEntries(Object.keys(ns.sysctl).filter((key) => key.startsWith(what.prefix) && cellVisible(key, at.modules)).map((key) => [key, readCell(ns, key)])));
    case 'conntrack': return json(Object.values(ns.conntrack.conns).filter((conn) => conn.expires > at.now).map((conn) => ({ ...conn, ttl: Math.floor((conn.expires - at.now) / 1_000_000) })));
    case 'conntrackStats': return json({ ...ns.conntrack.stats, count: Object.values(ns.conntrack.conns).filter((conn) => conn.expires > at.now).length, max: Number(ns.sysctl['net.netfilter.nf_conntrack_max'] ?? 0) });
    case 'iptables-save': return json(saveText(tables(ns, what.family), what.table, !!what.counters, stamp(at.real), what.version ?? VERSION).replaceAll('iptables-save', what.family === 6 ? 'ip6tables-save' : 'iptables-save'));
    case 'netfilter': return json(tables(ns, what.family));
    case 'netns': return json(Object.values(at.namespaces).filter((other) => other.named).map((other) => other.name).sort(byCodeUnit));
  }
}

const tables = (ns: NetNs, family: 4 | 6 | undefined): Netfilter => (family === 6 ? ns.netfilter6 ?? { tables: {}, memory: {}, nextId: 1 } : ns.netfilter);

function view(at: Outlook, ns: NetNs, link: Link): LinkView {
  const other = link.peer ? at.namespaces[link.peer.ns] : undefined;
  const peer = link.peer ? other?.links[link.peer.dev] : undefined;
  const through = carrier(ns, link, peer, at.cables[at.host]?.up ?? false);
  const nsid = link.peer && link.peer.ns !== ns.name ? namespaceId(at, ns, link.peer.ns) : null;
  // A veth that is the cable has its other end in the switch, which is no namespace of this host.
  const outside = link.kind === 'veth' && link.cable;
  return { ...link, carrier: through, peerIndex: peer?.index ?? (outside ? link.index + 1 : null), peerNsid: outside ? 0 : nsid, v6: addresses6(ns, link, through), operstate: operstate(link, through) };
}

/** IFLA_LINK_NETNSID numbers the other namespaces in the order in which links to them were made. */
function namespaceId(_at: Outlook, ns: NetNs, other: string): number {
  const seen: string[] = [];
  for (const link of Object.values(ns.links)) if (link.peer && link.peer.ns !== ns.name && !seen.includes(link.peer.ns)) seen.push(link.peer.ns);
  return seen.indexOf(other);
}

function operstate(link: Link, through: boolean): string {
  if (!link.up) return 'DOWN';
  if (link.kind === 'loopback' || link.kind === 'vxlan' || link.kind === 'dummy') return 'UNKNOWN';
  return through ? 'UP' : link.kind === 'veth' ? 'LOWERLAYERDOWN' : 'DOWN';
}

function addresses6(ns: NetNs, link: Link, through: boolean): LinkView['v6'] {
  if (!link.up || isOn(ns, interfaceKeys(link.name).disable6)) return [];
  if (link.kind === 'loopback') return [{ ip: '::1', prefix: 128, scope: 'host' }];
  if (!through || link.master !== null) return [];
  return [{ ip: linkLocal6(link.mac), prefix: 64, scope: 'link' }];
}

/** As the trie is walked: by destination, then the shorter net, then the metric. */
function routes(at: Outlook, ns: NetNs): (Route & { linkdown?: true })[] {
  const order = new Map(ns.routes.map((route, i) => [route, i]));
  return [...ns.routes]
    .sort((a, b) => a.table - b.table || ipNumber(a.dst) - ipNumber(b.dst) || a.prefix - b.prefix || a.metric - b.metric || order.get(a)! - order.get(b)!)
    .map((route) => {
      const link = route.dev === null ? undefined : ns.links[route.dev];
      if (!link) return route;
      const peer = link.peer ? at.namespaces[link.peer.ns]?.links[link.peer.dev] : undefined;
      return carrier(ns, link, peer, at.cables[at.host]?.up ?? false) || route.dev === 'lo' ? route : { ...route, linkdown: true as const };
    });
}

function routeGet(ns: NetNs, what: Extract<NetRead, { kind: 'routeGet' }>): Answer {
  if (what.iif !== undefined) {
    if (!ns.links[what.iif]) return { errno: 'ENODEV' };
    const found = routeIn(ns, ipNumber(what.src ?? '0.0.0.0'), ipNumber(what.dst), what.iif, what.mark ?? 0);
    if (found.type === 'drop') return { errno: found.errno ?? 'EINVAL' };
    const value: RouteGet = found.type === 'local' ? { type: 'local', via: null, dev: 'lo', src: what.src ?? '', mtu: null, iif: what.iif }
      : { type: 'unicast', via: found.route.via, dev: found.dev, src: what.src ?? '', mtu: null, iif: what.iif };
    return json(value);
  }
  const out = routeOut(ns, what.dst, what.src ?? null, what.oif ?? null, what.mark ?? 0);
  if (isErrno(out)) return { errno: out };
  const value: RouteGet = { type: out.type === 'local' ? 'local' : out.type === 'broadcast' ? 'broadcast' : 'unicast', via: out.via, dev: out.dev, src: out.src, mtu: out.route?.mtu ?? null, iif: null };
  return json(value);
}

type Forwarding = Fdb & { master: string | null; self: boolean };

/** Entries that were set or learned, and those that every interface has: its own address as a port, multicast. */
function forwarding(ns: NetNs): Forwarding[] {
  const list: Forwarding[] = [];
  const entries = Object.values(ns.fdb).reverse();
  for (const link of Object.values(ns.links).sort((a, b) => a.index - b.index)) {
    if (link.kind === 'loopback') continue;
    const mine = (mac: string, master: string | null, dst: string | null = null): Forwarding => ({ owner: master ?? link.name, dev: link.name, mac, dst, state: 'permanent', at: 0, master, self: master === null });
    const known = entries.filter((entry) => entry.dev === link.name).map((entry): Forwarding => ({ ...entry, master: entry.owner === link.name ? null : entry.owner, self: entry.owner === link.name }));
    const ports = link.kind === 'bridge' ? [mine(link.mac, link.name)] : link.master === null ? [] : [mine(link.mac, link.master)];
    if (link.kind !== 'bridge') list.push(...known, ...ports);
    if (link.kind === 'vxlan') { if (link.vxlan!.remote) list.push(mine('00:00:00:00:00:00', null, link.vxlan!.remote)); continue; }
    if (link.kind === 'dummy') continue;
    const six = link.kind === 'bridge' || link.master !== null || !isOn(ns, interfaceKeys(link.name).disable6);
    const groups = [...(six ? ['33:33:00:00:00:01'] : []), ...(link.kind === 'bridge' ? ['01:00:5e:00:00:6a', '33:33:00:00:00:6a'] : []), '01:00:5e:00:00:01'];
    list.push(...groups.map((mac) => mine(mac, null)));
    if (link.kind === 'bridge') list.push(...ports, ...known);
  }
  return list;
}
