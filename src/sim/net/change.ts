/**
 * Every change that netlink, iptables and conntrack can make to a namespace, by its kind. The answers are
 * the kernel's errnos. Routes: net/ipv4/fib_semantics.c; neighbours and forwarding entries beside.
 */
import { own } from '../engine/cow.ts';
import { EPOCH_MS } from '../engine/time.ts';
import { ZERO_MAC, inNet, ipNumber, isIp, isMac, network, normalMac } from './address.ts';
import { purge, remove } from './conntrack.ts';
import type { Ground } from './ground.ts';
import { isLocal } from './icmp.ts';
import { runIptables, runRestore, type Say } from './iptables/command.ts';
import { addrAdd, addrDel, addrFlush, linkAdd, linkDel, linkSet, type Place } from './links.ts';
import { setEntry } from './neigh.ts';
import { isErrno, lookup } from './route.ts';
import { TABLE, type Conn, type ConntrackFilter, type IpRule, type NetChange, type NetNs, type Route, type RouteSpec } from './state.ts';
import type { Errno, Json } from '../proc/program.ts';

export type Answer = { value: Json } | { errno: Errno };
const DONE: Answer = { value: null };
const or = (errno: Errno | null): Answer => (errno ? { errno } : DONE);

type Of<K extends NetChange['kind']> = Extract<NetChange, { kind: K }>;

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'], MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
/** ctime(3) of microseconds since 1970, in UTC. */
export function stamp(real: number): string {
  const total = Math.floor(real / 1_000_000);
  const days = Math.floor(total / 86_400), rest = total - days * 86_400;
  // Days since 1970 to a civil date (Howard Hinnant's algorithm).
  const z = days + 719_468, era = Math.floor(z / 146_097), doe = z - era * 146_097;
  const yoe = Math.floor((doe - Math.floor(doe / 1_460) + Math.floor(doe / 36_524) - Math.floor(doe / 146_096)) / 365);
  const doy = doe - (365 * yoe + Math.floor(yoe / 4) - Math.floor(yoe / 100)), mp = Math.floor((5 * doy + 2) / 153);
  const day = doy - Math.floor((153 * mp + 2) / 5) + 1, month = mp < 10 ? mp + 3 : mp - 9, year = yoe + era * 400 + (month <= 2 ? 1 : 0);
  const two = (n: number): string => String(n).padStart(2, '0');
  return `${DAYS[(days + 4) % 7]} ${MONTHS[month - 1]} ${String(day).padStart(2)} ${two(Math.floor(rest / 3_600))}:${two(Math.floor(rest / 60) % 60)}:${two(rest % 60)} ${year}`;
}

/** The version that a caller without one of its own speaks. */
export const VERSION = 'v1.6.0';

/** `real`: the host's clock, microseconds since 1970. */
export function applyChange(g: Ground, namespaces: Record<string, NetNs>, ns: NetNs, c: NetChange, real = EPOCH_MS * 1_000): Answer {
  const at: Place = { namespaces, now: g.now, random: (below) => g.random(`${g.host}/mac`, below) };
  const say = ({ family, version }: { family?: 4 | 6; version?: string }, names?: Readonly<Record<string, string>>): Say =>
    ({ version: version ?? VERSION, family: family ?? 4, stamp: stamp(real), name: names && ((ip) => names[ip] ?? ip) });
  const tables = (family: 4 | 6 | undefined): NetNs => (family === 6 ? emptyTables(ns) : ns);
  switch (c.kind) {
    case 'linkAdd': return or(linkAdd(at, ns, c));
    case 'linkDel': return or(linkDel(at, ns, c.dev));
    case 'linkSet': return or(linkSet(at, ns, c));
    case 'addrAdd': return or(isIp(c.ip) ? addrAdd(at, ns, c) : 'EINVAL');
    case 'addrDel': return or(addrDel(ns, c));
    case 'addrFlush': return or(addrFlush(ns, c.dev));
    case 'route': return or(route(ns, c));
    case 'routeFlush': return routeFlush(ns, c);
    case 'rule': return or(rule(ns, c));
    case 'neigh': return or(neigh(g, ns, c));
    case 'neighFlush': return neighFlush(ns, c);
    case 'fdb': return or(fdb(g, ns, c));
    case 'iptables': return { value: { ...runIptables(tables(c.family), c.args, say(c, c.names)) } };
    case 'iptables-restore': return { value: { ...runRestore(tables(c.family), c.text, { noflush: !!c.noflush, counters: !!c.counters, test: !!c.test, table: c.table }, say(c)) } };
    case 'conntrackDelete': return conntrackDelete(g, ns, c.filter);
    case 'conntrackFlush':
      for (const conn of Object.values(ns.conntrack.conns)) remove(ns, conn);
      return DONE;
  }
}

/** IPv6 carries no packets here: its tables are kept beside, so that what is written there can be read. */
function emptyTables(ns: NetNs): NetNs {
  ns.netfilter6 ??= { tables: {}, memory: {}, nextId: 1 };
  const six = own(ns, 'netfilter6');
  return { ...ns, netfilter: six, conntrack: { ...ns.conntrack } };
}

// --- routes

function complete(ns: NetNs, r: RouteSpec): Route | Errno {
  const type = r.type ?? 'unicast';
  if (network(r.dst, r.prefix) !== r.dst) return 'EINVAL';
  const scope = r.scope ?? (type === 'local' ? 'host' : type === 'unicast' && !r.via || type === 'broadcast' ? 'link' : 'global');
  let dev = r.dev ?? null;
  if (dev !== null && !ns.links[dev]) return 'ENODEV';
  if (type === 'unicast' || type === 'local' || type === 'broadcast') {
    const gateway = r.via ? gatewayDevice(ns, r, dev) : null;
    if (gateway && 'errno' in gateway) return gateway.errno;
    dev = gateway ? gateway.dev : dev;
    if (dev === null) return 'ENODEV';
    if (!ns.links[dev]!.up) return 'ENETDOWN';
  } else if (r.via || dev) return 'EINVAL';
  if (r.src && !isLocal(ns, r.src)) return 'EINVAL';
  return { table: r.table ?? (type === 'local' || type === 'broadcast' ? TABLE.local : TABLE.main), type, dst: r.dst, prefix: r.prefix, via: r.via ?? null, dev, src: r.src ?? null, scope, proto: r.proto ?? 'boot', metric: r.metric ?? 0, onlink: !!r.onlink, mtu: r.mtu ?? null };
}

/** fib_check_nh: a gateway must be a neighbour, unless told that it is. */
function gatewayDevice(ns: NetNs, r: RouteSpec, dev: string | null): { dev: string } | { errno: Errno } {
  if (r.onlink) {
    if (dev === null) return { errno: 'ENODEV' };
    return ns.links[dev]!.up ? { dev } : { errno: 'ENETDOWN' };
  }
  if (dev !== null && !ns.links[dev]!.up) return { errno: 'ENETDOWN' };
  const found = lookup(ns, { dst: ipNumber(r.via!), src: null, iif: null, oif: dev, mark: 0 });
  if (isErrno(found) || found.type !== 'unicast' || found.via !== null || found.scope === 'global' && found.prefix === 0) return { errno: found !== null && !isErrno(found) && found.type === 'local' ? 'EINVAL' : 'ENETUNREACH' };
  return dev !== null && found.dev !== dev ? { errno: 'ENETUNREACH' } : { dev: found.dev! };
}

const samePlace = (a: Route, r: RouteSpec): boolean =>
  a.table === (r.table ?? (r.type === 'local' || r.type === 'broadcast' ? TABLE.local : TABLE.main)) && a.dst === r.dst && a.prefix === r.prefix;

function route(ns: NetNs, c: Of<'route'>): Errno | null {
  const r = c.route;
  if (c.mode === 'del') {
    const at = ns.routes.findIndex((a) => samePlace(a, r) && (r.type === undefined || a.type === r.type) && (r.via === undefined || a.via === r.via)
      && (r.dev === undefined || a.dev === r.dev) && (r.src === undefined || a.src === r.src) && (!r.metric || a.metric === r.metric)
      && (r.proto === undefined || a.proto === r.proto) && (r.scope === undefined || a.scope === r.scope));
    if (r.dev !== undefined && !ns.links[r.dev]) return 'ENODEV';
    if (at < 0) return 'ESRCH';
    ns.routes = ns.routes.filter((_, i) => i !== at);
    return null;
  }
  const made = complete(ns, r);
  if (typeof made === 'string') return made;
  const at = ns.routes.findIndex((a) => samePlace(a, r) && a.metric === made.metric && a.table === made.table);
  if (c.mode === 'add' && at >= 0) return 'EEXIST';
  if (c.mode === 'change' && at < 0) return 'ENOENT';
  if (at >= 0 && c.mode !== 'append') ns.routes = ns.routes.map((a, i) => (i === at ? made : a));
  else {
    if (c.mode === 'append' && ns.routes.some((a) => samePlace(a, r) && a.metric === made.metric && a.via === made.via && a.dev === made.dev && a.type === made.type)) return 'EEXIST';
    ns.routes = [...ns.routes, made];
  }
  return null;
}

function routeFlush(ns: NetNs, c: Of<'routeFlush'>): Answer {
  const table = c.table ?? TABLE.main;
  const before = ns.routes.length;
  ns.routes = ns.routes.filter((a) => !(a.table === table && (c.dev === undefined || a.dev === c.dev) && (c.proto === undefined || a.proto === c.proto)
    && (c.via === undefined || a.via === c.via) && (c.type === undefined || a.type === c.type)
    && (c.root === undefined || a.prefix >= c.root.prefix && inNet(a.dst, c.root.ip, c.root.prefix))
    && (c.exact === undefined || a.prefix === c.exact.prefix && a.dst === c.exact.ip)));
  return { value: before - ns.routes.length };
}

function rule(ns: NetNs, c: Of<'rule'>): Errno | null {
  const given = c.rule;
  if (c.mode === 'del') {
    const fits = (a: IpRule): boolean => (Object.keys(given) as (keyof IpRule)[]).every((key) => JSON.stringify(a[key]) === JSON.stringify(given[key]));
    const at = ns.rules.findIndex(fits);
    if (at < 0) return 'ENOENT';
    ns.rules = ns.rules.filter((_, i) => i !== at);
    return null;
  }
  // Without a priority the new rule goes before the second one, as the kernel numbers them.
  const second = ns.rules[1]?.priority ?? 32_766;
  const made: IpRule = { priority: second > 0 ? second - 1 : 0, from: null, to: null, iif: null, oif: null, mark: null, table: TABLE.main, action: 'lookup', not: false, ...given };
  if (ns.rules.some((a) => JSON.stringify(a) === JSON.stringify(made))) return 'EEXIST';
  ns.rules = [...ns.rules, made].sort((a, b) => a.priority - b.priority);
  return null;
}

// --- neighbours and forwarding entries

function neigh(g: Ground, ns: NetNs, c: Of<'neigh'>): Errno | null {
  if (!ns.links[c.dev]) return 'ENODEV';
  if (!isIp(c.ip)) return 'EINVAL';
  const key = `${c.dev} ${c.ip}`;
  const there = ns.neigh[key];
  if (c.mode === 'del') {
    if (!there) return 'ENOENT';
    delete own(ns, 'neigh')[key];
    return null;
  }
  if (!ns.links[c.dev]!.up) return 'ENETDOWN';
  if (c.mode === 'add' && there && there.state !== 'FAILED') return 'EEXIST';
  if (c.mode === 'change' && !there) return 'ENOENT';
  if (c.mac !== undefined && !isMac(c.mac)) return 'EINVAL';
  const mac = c.mac !== undefined ? normalMac(c.mac) : there?.mac ?? null;
  const state = c.state ?? 'PERMANENT';
  if (mac === null && ['PERMANENT', 'REACHABLE', 'STALE', 'NOARP', 'DELAY'].includes(state)) return 'EINVAL';
  setEntry(ns, c.dev, c.ip, mac, state, g.now);
  return null;
}

function neighFlush(ns: NetNs, c: Of<'neighFlush'>): Answer {
  let count = 0;
  const kept: NetNs['neigh'] = {};
  for (const [key, entry] of Object.entries(ns.neigh)) {
    const goes = (c.dev === undefined || entry.dev === c.dev) && (c.ip === undefined || entry.ip === c.ip) && (c.all || entry.state !== 'PERMANENT' && entry.state !== 'NOARP');
    if (goes) count++; else kept[key] = entry;
  }
  ns.neigh = kept;
  return { value: count };
}

function fdb(g: Ground, ns: NetNs, c: Of<'fdb'>): Errno | null {
  const link = ns.links[c.dev];
  if (!link) return 'ENODEV';
  if (!isMac(c.mac)) return 'EINVAL';
  const mac = normalMac(c.mac);
  const tunnel = link.kind === 'vxlan';
  if (!tunnel && link.master === null) return 'EOPNOTSUPP';
  if (tunnel && c.dst === undefined && c.mode !== 'del') return 'EINVAL';
  const owner = tunnel ? link.name : link.master!;
  const key = `${owner} ${mac}`;
  const there = ns.fdb[key];
  if (c.mode === 'del') {
    if (!there || c.dst !== undefined && there.dst !== c.dst) return 'ENOENT';
    delete own(ns, 'fdb')[key];
    return null;
  }
  if (c.mode === 'add' && there && there.state !== 'learned' && mac !== ZERO_MAC) return 'EEXIST';
  own(ns, 'fdb')[key] = { owner, dev: link.name, mac, dst: c.dst ?? null, state: c.state ?? 'permanent', at: g.now };
  return null;
}

// --- connections

export function connFits(conn: Conn, f: ConntrackFilter): boolean {
  const { orig: o, reply: r } = conn;
  const eq = <T>(wanted: T | undefined, have: T): boolean => wanted === undefined || wanted === have;
  return eq(f.proto, o.proto) && eq(f.src, o.src) && eq(f.dst, o.dst) && eq(f.sport, o.sport) && eq(f.dport, o.dport) && eq(f.replySrc, r.src)
    && eq(f.replyDst, r.dst) && eq(f.replySport, r.sport) && eq(f.replyDport, r.dport) && eq(f.srcNat, f.srcNat === undefined ? undefined : conn.snat)
    && eq(f.dstNat, f.dstNat === undefined ? undefined : conn.dnat) && eq(f.mark, conn.mark) && eq(f.state, conn.state);
}

function conntrackDelete(g: Ground, ns: NetNs, filter: ConntrackFilter): Answer {
  purge(g, ns);
  const gone = Object.values(ns.conntrack.conns).filter((conn) => connFits(conn, filter));
  for (const conn of gone) remove(ns, conn);
  return { value: gone.length };
}

