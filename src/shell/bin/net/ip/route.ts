/** ip route and ip rule (iproute2 4.9's iproute.c and iprule.c). */
import { inNet } from '../../../../sim/net/address.ts';
import { TABLE, type IpRule, type LinkView, type NetChange, type Route, type RouteGet, type RouteSpec, type RouteType } from '../../../../sim/net/state.ts';
import { err, out, strerror } from '../../../../sim/proc/libc.ts';
import type { Sys } from '../../../../sim/proc/program.ts';
import { changeNet, readNet, rtnetlink } from '../netlink.ts';
import { address, invalid, matches, number, prefix, routeProto, scope, table, tableName, Usage, type Options, type Words } from './words.ts';

const TYPES: readonly RouteType[] = ['unicast', 'local', 'broadcast', 'blackhole', 'unreachable', 'prohibit', 'throw'];
export type Shown = Route & { linkdown?: true };

/** A line of `ip route`. `table`: only one table is asked; `dev`: only one device. */
export function routeLine(r: Shown, o: { details: boolean; table: number; dev: string | null }): string {
  let text = r.type !== 'unicast' || o.details ? `${r.type} ` : '';
  text += `${r.prefix === 0 ? 'default' : r.prefix === 32 ? r.dst : `${r.dst}/${r.prefix}`} `;
  if (r.via) text += `via ${r.via} `;
  if (r.dev && o.dev === null) text += `dev ${r.dev} `;
  if (r.table !== o.table && (r.table !== TABLE.main || o.details && o.table === 0)) text += r.table === TABLE.main ? '' : `table ${tableName(r.table)} `;
  if (r.proto !== 'boot' || o.details) text += `proto ${r.proto} `;
  if (r.scope !== 'global' || o.details) text += `scope ${r.scope} `;
  if (r.src) text += `src ${r.src} `;
  if (r.metric) text += `metric ${r.metric} `;
  if (r.onlink) text += 'onlink ';
  if (r.linkdown) text += 'linkdown ';
  return `${text}${r.mtu ? `mtu ${r.mtu} ` : ''}\n`;
}

interface Select { table: number; dev: string | null; via: string | null; proto: string | null; scope: string | null; type: string | null; src: string | null; root: { ip: string; prefix: number } | null; match: { ip: string; prefix: number } | null; exact: { ip: string; prefix: number } | null }

function select(words: Words): Select {
  const s: Select = { table: TABLE.main, dev: null, via: null, proto: null, scope: null, type: null, src: null, root: null, match: null, exact: null };
  while (!words.done) {
    const word = words.next();
    if (matches(word, 'table')) { const name = words.value(); if (name === 'cache') { s.table = -1; continue; } s.table = table(name); }
    else if (word === 'dev' || word === 'oif') s.dev = words.value();
    else if (word === 'via') s.via = address(words.value());
    else if (matches(word, 'protocol')) s.proto = routeProto(words.value());
    else if (word === 'scope') s.scope = scope(words.value());
    else if (word === 'type') s.type = words.value();
    else if (word === 'src') s.src = address(words.value());
    else if (word === 'iif' || word === 'realms' || word === 'tos' || word === 'from') words.value();
    else if (word === 'cached' || word === 'cloned') s.table = -1;
    else if (TYPES.includes(word as RouteType)) s.type = word;
    else {
      let how = word === 'to' ? words.value() : word;
      if (how === 'root' || how === 'match' || how === 'exact') { const key = how; how = words.value(); s[key] = prefix(how); } else s.exact = prefix(how);
    }
  }
  return s;
}

const fits = (r: Route, s: Select): boolean =>
  (s.table === 0 || r.table === s.table) && (s.dev === null || r.dev === s.dev) && (s.via === null || r.via === s.via) && (s.proto === null || r.proto === s.proto)
  && (s.scope === null || r.scope === s.scope) && (s.type === null || r.type === s.type) && (s.src === null || r.src === s.src)
  && (!s.root || r.prefix >= s.root.prefix && inNet(r.dst, s.root.ip, s.root.prefix)) && (!s.match || r.prefix <= s.match.prefix && inNet(s.match.ip, r.dst, r.prefix))
  && (!s.exact || r.prefix === s.exact.prefix && (r.prefix === 0 || r.dst === s.exact.ip));

function* unknownDevice(dev: string | null, o: Options): Sys<boolean> {
  if (dev === null) return false;
  const links = yield* readNet<LinkView[]>({ kind: 'links' }, o.netns);
  if (!links.ok || links.value.some((link) => link.name === dev)) return false;
  yield* err(`Cannot find device "${dev}"\n`);
  return true;
}

export function* show(words: Words, o: Options): Sys<number> {
  const s = select(words);
  if (yield* unknownDevice(s.dev, o)) return 1;
  if (o.family === 6) return yield* show6(s, o);
  const got = yield* readNet<Shown[]>({ kind: 'routes' }, o.netns);
  if (!got.ok) return 1;
  // Of all tables the main one comes first, the local one last.
  const order = (r: Route): number => (r.table === TABLE.local ? 2 : r.table === TABLE.main ? 0 : 1);
  const list = got.value.filter((r) => fits(r, s)).sort((a, b) => order(a) - order(b));
  yield* out(list.map((r) => routeLine(r, { details: o.details, table: s.table, dev: s.dev })).join(''));
  return 0;
}

/** The kernel's own IPv6 routes: link-local nets of the interfaces that have such an address. */
function* show6(s: Select, o: Options): Sys<number> {
  const links = yield* readNet<LinkView[]>({ kind: 'links' }, o.netns);
  let text = '';
  for (const link of links.ok ? links.value : []) {
    if (s.dev !== null && link.name !== s.dev || s.table !== TABLE.main && s.table !== 0) continue;
    if (link.v6.some((a) => a.scope === 'link')) text += `fe80::/64 ${s.dev === null ? `dev ${link.name} ` : ''}proto kernel metric 256 \n`;
  }
  yield* out(text);
  return 0;
}

export function* flush(words: Words, o: Options): Sys<number> {
  if (words.done) throw new Usage('"ip route flush" requires arguments.\n', 255);
  const s = select(words);
  if (s.table === -1) return 0;
  const got = yield* readNet<Shown[]>({ kind: 'routes' }, o.netns);
  const list = got.ok ? got.value.filter((r) => fits(r, s)) : [];
  if (!list.length && s.exact) return 0;
  for (const r of list) {
    const gone = yield* changeNet({ kind: 'route', mode: 'del', route: { table: r.table, type: r.type, dst: r.dst, prefix: r.prefix, via: r.via ?? undefined, dev: r.dev ?? undefined, metric: r.metric } }, o.netns);
    if (!gone.ok) { yield* err(`Failed to send flush request: ${strerror(gone.errno)}\n`); return 1; }
  }
  return 0;
}

export function* change(words: Words, o: Options, mode: 'add' | 'replace' | 'append' | 'change' | 'del'): Sys<number> {
  const r: RouteSpec & { dst?: string } = { dst: '', prefix: -1 };
  while (!words.done) {
    const word = words.next();
    if (word === 'via') { const next = words.value(); r.via = address(next === 'inet' ? words.value() : next); }
    else if (word === 'dev' || word === 'oif') r.dev = words.value();
    else if (word === 'src') r.src = address(words.value());
    else if (word === 'onlink') r.onlink = true;
    else if (matches(word, 'metric') || matches(word, 'priority') || word === 'preference') r.metric = number(words.value(), '"metric" value is invalid');
    else if (word === 'scope') r.scope = scope(words.value());
    else if (matches(word, 'table')) r.table = table(words.value());
    else if (matches(word, 'protocol')) r.proto = routeProto(words.value());
    else if (word === 'mtu') { const next = words.value(); r.mtu = number(next === 'lock' ? words.value() : next, '"mtu" value is invalid'); }
    else if (word === 'nexthop' || word === 'nhid' || word === 'encap') { yield* err('RTNETLINK answers: Operation not supported\n'); return 2; }
    else if (/^(advmss|rtt|rttvar|window|cwnd|initcwnd|initrwnd|ssthresh|reordering|hoplimit|rto_min|realms|tos|dsfield|pref|quickack|congctl|features)$/.test(word)) words.value();
    else if (word === 'type') r.type = words.value() as RouteType;
    else if (TYPES.includes(word as RouteType) && r.prefix < 0) r.type = word as RouteType;
    else {
      const text = word === 'to' ? words.value() : word;
      if (r.prefix >= 0) throw new Usage(`Error: either "to" is duplicate, or "${text}" is a garbage.\n`, 255);
      const p = prefix(text);
      Object.assign(r, { dst: p.ip, prefix: p.prefix });
    }
  }
  if (yield* unknownDevice(r.dev ?? null, o)) return 1;
  if (r.prefix < 0) Object.assign(r, { dst: '0.0.0.0', prefix: 0 });
  if (r.type !== undefined && !TYPES.includes(r.type)) throw invalid('unknown type', r.type);
  return yield* rtnetlink({ kind: 'route', mode, route: r } as NetChange, o.netns);
}

export function* get(words: Words, o: Options): Sys<number> {
  let dst: string | null = null, from: string | undefined, iif: string | undefined, oif: string | undefined, mark: number | undefined;
  while (!words.done) {
    const word = words.next();
    if (word === 'from') from = address(words.value());
    else if (word === 'iif') iif = words.value();
    else if (word === 'oif' || word === 'dev') oif = words.value();
    else if (word === 'mark') mark = number(words.value(), 'invalid mark');
    else if (word === 'tos' || word === 'uid' || word === 'vrf') words.value();
    else if (word === 'notify' || word === 'connected') continue;
    else dst = prefix(word === 'to' ? words.value() : word).ip;
  }
  if (dst === null) throw new Usage('need at least a destination address\n', 255);
  if (yield* unknownDevice(iif ?? oif ?? null, o)) return 1;
  const got = yield* readNet<RouteGet>({ kind: 'routeGet', dst, src: from, iif, oif, mark }, o.netns);
  if (!got.ok) { yield* err(`RTNETLINK answers: ${strerror(got.errno)}\n`); return 2; }
  const r = got.value;
  const head = `${r.type === 'unicast' ? '' : `${r.type} `}${dst} ${from ? `from ${from} ` : ''}${r.via ? `via ${r.via} ` : ''}dev ${r.dev} `;
  const cache = r.type === 'local' ? '<local> ' : r.type === 'broadcast' ? '<local,brd> ' : '';
  yield* out(`${head}${from ? '' : `src ${r.src} `}${mark ? `mark 0x${mark.toString(16)} ` : ''}\n    cache ${cache}${r.mtu ? `mtu ${r.mtu} ` : ''}${iif ? `iif ${iif} ` : ''}\n`);
  return 0;
}

// --- rules

function ruleLine(r: IpRule): string {
  const net = (n: { ip: string; prefix: number }): string => (n.prefix === 32 ? n.ip : `${n.ip}/${n.prefix}`);
  let text = `${r.priority}:\t${r.not ? 'not ' : ''}from ${r.from ? net(r.from) : 'all'} `;
  if (r.to) text += `to ${net(r.to)} `;
  if (r.mark) text += `fwmark 0x${r.mark.value.toString(16)}${r.mark.mask === 0xffffffff ? '' : `/0x${r.mark.mask.toString(16)}`} `;
  if (r.iif) text += `iif ${r.iif} `;
  if (r.oif) text += `oif ${r.oif} `;
  return `${text}${r.action === 'lookup' ? `lookup ${tableName(r.table)} ` : `${r.action} `}\n`;
}

export function* rules(words: Words, o: Options): Sys<number> {
  const verb = words.done ? 'show' : words.next();
  if (matches(verb, 'list') || matches(verb, 'lst') || matches(verb, 'show')) {
    const got = yield* readNet<IpRule[]>({ kind: 'rules' }, o.netns);
    if (o.family === 6) { yield* out('0:\tfrom all lookup local \n32766:\tfrom all lookup main \n'); return 0; }
    yield* out(got.ok ? got.value.map(ruleLine).join('') : '');
    return 0;
  }
  const mode = matches(verb, 'add') ? 'add' : matches(verb, 'delete') ? 'del' : null;
  if (!mode) throw new Usage(`Command "${verb}" is unknown, try "ip rule help".\n`, 255);
  const rule: { -readonly [K in keyof IpRule]?: IpRule[K] } = {};
  while (!words.done) {
    const word = words.next();
    if (word === 'from' || word === 'to') { const text = words.value(); const p = prefix(text); if (p.prefix) rule[word] = { ip: p.ip, prefix: p.prefix }; }
    else if (word === 'priority' || word === 'preference' || word === 'pref' || word === 'order') rule.priority = number(words.value(), 'preference value is invalid\n');
    else if (word === 'fwmark') {
      const [value, mask] = words.value().split('/');
      rule.mark = { value: number(value!, 'fwmark value is invalid'), mask: mask === undefined ? 0xffffffff : number(mask, 'fwmask value is invalid') };
    } else if (word === 'iif' || word === 'dev') rule.iif = words.value();
    else if (word === 'oif') rule.oif = words.value();
    else if (word === 'not') rule.not = true;
    else if (matches(word, 'table') || matches(word, 'lookup')) rule.table = table(words.value());
    else if (word === 'blackhole' || word === 'unreachable' || word === 'prohibit') rule.action = word;
    else if (word !== 'type') throw invalid('Failed to parse rule type', word);
  }
  return yield* rtnetlink({ kind: 'rule', mode, rule }, o.netns);
}
