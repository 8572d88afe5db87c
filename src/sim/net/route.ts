/**
 * Where a packet goes: longest prefix over the tables that the rules name, with Linux's checks of the
 * source (net/ipv4/fib_frontend.c, route.c). Tables are compiled once for each routes array.
 */
import { inNet, ipNumber, ipText, isLoopback, isMulticast, prefixMask } from './address.ts';
import { eitherOn, interfaceKeys, isOn, rpFilter } from './sysctl.ts';
import { TABLE, type Ip, type IpRule, type NetNs, type Route } from './state.ts';

interface Level { mask: number; nets: Map<number, Route[]> }
interface Fib { tables: Map<number, Level[]>; seen: Map<number, Map<number, Route | null>> }

const compiled = new WeakMap<readonly Route[], Fib>();

function fib(ns: NetNs): Fib {
  let known = compiled.get(ns.routes);
  if (known) return known;
  known = { tables: new Map(), seen: new Map() };
  for (const route of ns.routes) {
    let levels = known.tables.get(route.table);
    if (!levels) known.tables.set(route.table, levels = []);
    const mask = prefixMask(route.prefix), net = (ipNumber(route.dst) & mask) >>> 0;
    let level = levels.find((other) => other.mask === mask);
    if (!level) levels.push(level = { mask, nets: new Map() });
    const list = level.nets.get(net);
    if (list) list.push(route); else level.nets.set(net, [route]);
  }
  for (const levels of known.tables.values()) {
    levels.sort((a, b) => b.mask - a.mask);
    for (const level of levels) for (const list of level.nets.values()) list.sort((a, b) => a.metric - b.metric);
  }
  compiled.set(ns.routes, known);
  return known;
}

const MEMORY = 4_096;

function lookupTable(ns: NetNs, table: number, dst: number, oif: string | null): Route | null {
  const f = fib(ns);
  if (oif === null) {
    const known = f.seen.get(table)?.get(dst);
    if (known !== undefined) return known;
  }
  const found = search(f.tables.get(table) ?? [], dst, oif);
  if (oif === null) {
    let seen = f.seen.get(table);
    if (!seen || seen.size > MEMORY) f.seen.set(table, seen = new Map());
    seen.set(dst, found);
  }
  return found;
}

function search(levels: readonly Level[], dst: number, oif: string | null): Route | null {
  for (const level of levels) {
    const list = level.nets.get((dst & level.mask) >>> 0);
    const route = oif === null ? list?.[0] : list?.find((r) => r.dev === oif || r.table === TABLE.local || r.type !== 'unicast');
    if (route) return route;
  }
  return null;
}

export interface Flow { dst: number; src: number | null; iif: string | null; oif: string | null; mark: number }
export type RouteErrno = 'ENETUNREACH' | 'EHOSTUNREACH' | 'EACCES' | 'EINVAL';

const ERRNO: Readonly<Record<string, RouteErrno>> = { blackhole: 'EINVAL', unreachable: 'EHOSTUNREACH', prohibit: 'EACCES' };

function applies(rule: IpRule, flow: Flow): boolean {
  const fits = (net: { ip: Ip; prefix: number } | null, n: number): boolean => !net || ((ipNumber(net.ip) ^ n) & prefixMask(net.prefix)) === 0;
  const hit = fits(rule.to, flow.dst) && fits(rule.from, flow.src ?? 0)
    && (!rule.iif || rule.iif === (flow.iif ?? 'lo')) && (!rule.oif || rule.oif === flow.oif) && (!rule.mark || (flow.mark & rule.mark.mask) === rule.mark.value);
  return hit !== rule.not;
}

/** The route for a flow, or why there is none. */
export function lookup(ns: NetNs, flow: Flow): Route | RouteErrno {
  for (const rule of ns.rules) {
    if ((rule.from || rule.to || rule.iif || rule.oif || rule.mark || rule.not) && !applies(rule, flow)) continue;
    if (rule.action !== 'lookup') return ERRNO[rule.action]!;
    const route = lookupTable(ns, rule.table, flow.dst, flow.oif);
    if (!route || route.type === 'throw') continue;
    return route;
  }
  return 'ENETUNREACH';
}

export const isErrno = (found: unknown): found is RouteErrno => typeof found === 'string';

/** An address for packets that leave by a device (inet_select_addr): one of the gateway's net, else the first, else any global one. */
export function selectSource(ns: NetNs, dev: string, towards: Ip | null): Ip | null {
  const addrs = ns.links[dev]?.addrs ?? [];
  if (towards) {
    for (const a of addrs) if (!a.secondary && inNet(a.ip, towards, a.prefix)) return a.ip;
  }
  const first = addrs.find((a) => !a.secondary && a.scope !== 'host') ?? (dev === 'lo' ? addrs[0] : undefined);
  if (first) return first.ip;
  for (const link of Object.values(ns.links)) {
    const other = link.addrs.find((a) => a.scope === 'global');
    if (other) return other.ip;
  }
  return null;
}

export interface Out { type: 'local' | 'unicast' | 'broadcast'; dev: string; nexthop: Ip; src: Ip; mtu: number; route: Route | null; via: Ip | null }

/** ip_route_output_key: for a packet made here. `src` null: to be chosen. */
export function routeOut(ns: NetNs, dst: Ip, src: Ip | null, oif: string | null = null, mark = 0): Out | RouteErrno {
  const n = ipNumber(dst);
  const found = lookup(ns, { dst: n, src: src === null ? null : ipNumber(src), iif: null, oif, mark });
  if (isErrno(found)) {
    // A device that is named needs no route (SO_BINDTODEVICE): everything is on its link.
    const link = oif === null ? undefined : ns.links[oif];
    if (!link?.up || found !== 'ENETUNREACH') return found;
    const chosen = src ?? selectSource(ns, link.name, dst);
    return chosen === null ? 'ENETUNREACH' : { type: 'unicast', dev: link.name, nexthop: dst, src: chosen, mtu: link.mtu, route: null, via: null };
  }
  if (found.type === 'local') return { type: 'local', dev: 'lo', nexthop: dst, src: src ?? found.src ?? dst, mtu: ns.links['lo']?.mtu ?? 65_536, route: found, via: null };
  if (found.type !== 'unicast' && found.type !== 'broadcast') return ERRNO[found.type] ?? 'ENETUNREACH';
  const dev = found.dev!;
  const link = ns.links[dev];
  if (!link?.up) return 'ENETUNREACH';
  const chosen = src ?? found.src ?? selectSource(ns, dev, found.via ?? dst);
  if (chosen === null) return 'ENETUNREACH';
  return { type: isMulticast(n) || found.type === 'broadcast' ? 'broadcast' : 'unicast', dev, nexthop: found.via ?? dst, src: chosen, mtu: Math.min(found.mtu ?? link.mtu, link.mtu), route: found, via: found.via };
}

export type In =
  | { type: 'local'; route: Route | null }
  | { type: 'forward'; dev: string; nexthop: Ip; mtu: number; route: Route }
  /** `icmp`: the error is told to the sender; else silence. `by`: the cell or route that decided. */
  | { type: 'drop'; errno: RouteErrno | null; icmp: boolean; by: string };

const drop = (by: string): In => ({ type: 'drop', errno: null, icmp: false, by });

/** ip_route_input_slow: for a packet that came in on `dev`. */
export function routeIn(ns: NetNs, src: number, dst: number, dev: string, mark: number): In {
  if (isMulticast(dst) || dst === 0xffffffff) return { type: 'local', route: null };
  if (isLoopback(src) && dev !== 'lo' && !eitherOn(ns, dev, 'routeLocalnet')) return drop(`martian source on ${dev}`);
  if (isLoopback(dst) && dev !== 'lo' && !eitherOn(ns, dev, 'routeLocalnet')) return drop(`net.ipv4.conf.${dev}.route_localnet = 0`);
  const forwarding = isOn(ns, interfaceKeys(dev).forwarding);
  const found = lookup(ns, { dst, src, iif: dev, oif: null, mark });
  if (isErrno(found)) return noRoute(ns, found, forwarding, dev);
  if (found.type === 'local' || found.type === 'broadcast') return checkSource(ns, src, dev, mark) ?? { type: 'local', route: found };
  if (!forwarding) return noRoute(ns, 'EHOSTUNREACH', false, dev);
  if (found.type !== 'unicast') return noRoute(ns, ERRNO[found.type] ?? 'ENETUNREACH', true, dev, found);
  const link = ns.links[found.dev!];
  if (!link?.up) return noRoute(ns, 'ENETUNREACH', true, dev);
  return checkSource(ns, src, dev, mark) ?? { type: 'forward', dev: found.dev!, nexthop: found.via ?? ipText(dst), mtu: Math.min(found.mtu ?? link.mtu, link.mtu), route: found };
}

/** ip_error(): nothing is told when the interface does not forward; a blackhole tells nothing either. */
function noRoute(ns: NetNs, errno: RouteErrno, forwarding: boolean, dev: string, route: Route | null = null): In {
  if (!forwarding) {
    const cell = isOn(ns, 'net.ipv4.ip_forward') ? `net.ipv4.conf.${dev}.forwarding = 0` : 'net.ipv4.ip_forward = 0';
    return { type: 'drop', errno, icmp: false, by: cell };
  }
  return { type: 'drop', errno, icmp: errno !== 'EINVAL', by: route ? `${route.type} route ${route.dst}/${route.prefix}` : 'no route' };
}

/** __fib_validate_source: null when the source may come from there. */
function checkSource(ns: NetNs, src: number, dev: string, mark: number): In | null {
  if (src === 0) return null;
  const back = lookup(ns, { dst: src, src: null, iif: null, oif: null, mark });
  if (dev !== 'lo' && !isErrno(back) && back.type === 'local' && !eitherOn(ns, dev, 'acceptLocal')) return drop(`martian source: ${ipText(src)} is an address of this host (net.ipv4.conf.${dev}.accept_local = 0)`);
  const mode = rpFilter(ns, dev);
  if (mode === 0 || dev === 'lo') return null;
  if (isErrno(back) || back.type !== 'unicast') return drop(`rp_filter = ${mode} on ${dev}: no route back to ${ipText(src)}`);
  if (mode === 1 && back.dev !== dev) return drop(`rp_filter = 1 on ${dev}: the route back to ${ipText(src)} leaves by ${back.dev}`);
  return null;
}

/** A route as `ip route` prints it, without the closing blank. */
export function routeText(r: Route): string {
  const dst = r.prefix === 0 ? 'default' : r.prefix === 32 ? r.dst : `${r.dst}/${r.prefix}`;
  return [r.type === 'unicast' ? '' : r.type, dst, r.via ? `via ${r.via}` : '', r.dev ? `dev ${r.dev}` : '', r.onlink ? 'onlink' : ''].filter(Boolean).join(' ');
}
