/**
 * What each match of a rule tests, compiled to a closure once for each rule. Options are those that
 * iptables/extensions.ts parses. Imitates the x_tables modules of Linux 3.10 to 4.x. It knows no verdicts.
 */
import { own } from '../../engine/cow.ts';
import { byteLength } from '../../proc/text.ts';
import type { Ground, Skb } from '../ground.ts';
import { lookup } from '../route.ts';
import type { Extension, Hook, NetNs } from '../state.ts';

export interface Scene { g: Ground; ns: NetNs; hook: Hook }
export type Test = (skb: Skb, scene: Scene) => boolean;

/** Bits of `--ctstate`. */
export const CT = { INVALID: 1, NEW: 2, ESTABLISHED: 4, RELATED: 8, UNTRACKED: 16, SNAT: 32, DNAT: 64 } as const;
const INFO_BIT: Readonly<Record<string, number>> = { INVALID: 1, NEW: 2, ESTABLISHED: 4, RELATED: 8, UNTRACKED: 16 };

export const TCP_FLAGS: Readonly<Record<string, number>> = { FIN: 1, SYN: 2, RST: 4, PSH: 8, ACK: 16, URG: 32 };
const FLAG_BIT: Readonly<Record<string, number>> = { F: 1, S: 2, R: 4, P: 8, A: 16, U: 32 };
export function flagBits(flags: string): number {
  let bits = 0;
  for (const letter of flags) bits |= FLAG_BIT[letter] ?? 0;
  return bits;
}

export type Range = readonly [min: number, max: number, not: boolean];
const inRange = (n: number, r: Range): boolean => (n >= r[0] && n <= r[1]) !== r[2];

/** The addresses of a namespace, for addrtype: what its routes say (inet_dev_addr_type). */
export function addressType(ns: NetNs, ip: number, dev: string | null): number {
  if (ip >>> 28 === 14) return TYPES.MULTICAST;
  if (ip === 0xffffffff) return TYPES.BROADCAST;
  const route = lookup(ns, { dst: ip, src: null, iif: null, oif: null, mark: 0 });
  if (typeof route === 'string') return route === 'EINVAL' ? TYPES.BLACKHOLE : route === 'EACCES' ? TYPES.PROHIBIT : route === 'EHOSTUNREACH' ? TYPES.UNREACHABLE : TYPES.UNICAST;
  if (route.type === 'local') return dev === null || route.dev === dev ? TYPES.LOCAL : TYPES.UNICAST;
  return route.type === 'broadcast' ? TYPES.BROADCAST : route.type === 'blackhole' ? TYPES.BLACKHOLE
    : route.type === 'unreachable' ? TYPES.UNREACHABLE : route.type === 'prohibit' ? TYPES.PROHIBIT : TYPES.UNICAST;
}
export const TYPES = { UNSPEC: 1, UNICAST: 2, LOCAL: 4, BROADCAST: 8, ANYCAST: 16, MULTICAST: 32, BLACKHOLE: 64, UNREACHABLE: 128, PROHIBIT: 256, THROW: 512, NAT: 1024, XRESOLVE: 2048 } as const;

type Opts = Readonly<Record<string, never>>;
const opt = <T>(e: Extension, key: string): T => (e.opts as Opts)[key] as T;

const ports = (e: Extension): Test => {
  const s = opt<Range | undefined>(e, 'sport'), d = opt<Range | undefined>(e, 'dport');
  return (skb) => (!s || inRange(skb.p.sport, s)) && (!d || inRange(skb.p.dport, d));
};

function tcp(e: Extension): Test {
  const base = ports(e);
  const flags = opt<readonly [number, number, boolean] | undefined>(e, 'flags');
  if (!flags) return base;
  const [mask, wanted, not] = flags;
  return (skb, scene) => base(skb, scene) && ((flagBits(skb.p.tcp?.flags ?? '') & mask) === wanted) !== not;
}

function icmp(e: Extension): Test {
  const [type, min, max, not] = opt<readonly [number, number, number, boolean]>(e, 'type');
  if (type === 255) return () => !not;
  return (skb) => (skb.p.icmp !== undefined && skb.p.icmp.type === type && skb.p.icmp.code >= min && skb.p.icmp.code <= max) !== not;
}

function conntrack(e: Extension): Test {
  const tests: Test[] = [];
  const state = opt<readonly [number, boolean] | undefined>(e, 'state');
  if (state) {
    const [bits, not] = state;
    tests.push((skb) => {
      let have = INFO_BIT[skb.info]!;
      if (skb.conn?.snat) have |= CT.SNAT;
      if (skb.conn?.dnat) have |= CT.DNAT;
      return ((have & bits) !== 0) !== not;
    });
  }
  for (const [key, part, field] of [['origsrc', 'orig', 'src'], ['origdst', 'orig', 'dst'], ['replsrc', 'reply', 'src'], ['repldst', 'reply', 'dst']] as const) {
    const net = opt<readonly [number, number, boolean] | undefined>(e, key);
    if (net) tests.push((skb) => skb.conn !== null && (((numberOf(skb.conn[part][field]) & net[1]) >>> 0) === net[0]) !== net[2]);
  }
  for (const [key, part, field] of [['origsrcport', 'orig', 'sport'], ['origdstport', 'orig', 'dport'], ['replsrcport', 'reply', 'sport'], ['repldstport', 'reply', 'dport']] as const) {
    const range = opt<Range | undefined>(e, key);
    if (range) tests.push((skb) => skb.conn !== null && inRange(skb.conn[part][field], range));
  }
  const proto = opt<readonly [number, boolean] | undefined>(e, 'proto');
  if (proto) tests.push((skb) => skb.conn !== null && (skb.proto === proto[0]) !== proto[1]);
  const status = opt<readonly [number, boolean] | undefined>(e, 'status');
  if (status) {
    tests.push((skb) => {
      const c = skb.conn;
      const bits = c ? (c.seenReply ? 2 : 0) | (c.assured ? 4 : 0) | (skb.fresh ? 0 : 8) : 1;
      return ((bits & status[0]) !== 0) !== status[1];
    });
  }
  const dir = opt<string | undefined>(e, 'dir');
  if (dir) tests.push((skb) => skb.conn !== null && skb.dir === (dir === 'ORIGINAL' ? 0 : 1));
  const expire = opt<Range | undefined>(e, 'expire');
  if (expire) tests.push((skb, { g }) => skb.conn !== null && inRange(Math.max(0, Math.floor((skb.conn.expires - g.now) / 1_000_000)), expire));
  return tests.length === 1 ? tests[0]! : (skb, scene) => tests.every((test) => test(skb, scene));
}

const numberOf = (ip: string): number => ip.split('.').reduce((n, part) => n * 256 + Number(part), 0);

function addrtype(e: Extension): Test {
  const src = opt<readonly [number, boolean] | undefined>(e, 'src'), dst = opt<readonly [number, boolean] | undefined>(e, 'dst');
  const inOnly = opt<boolean>(e, 'limitIn'), outOnly = opt<boolean>(e, 'limitOut');
  return (skb, { ns }) => {
    const dev = inOnly ? skb.in : outOnly ? skb.out : null;
    return (!src || ((addressType(ns, skb.src, dev) & src[0]) !== 0) !== src[1]) && (!dst || ((addressType(ns, skb.dst, dev) & dst[0]) !== 0) !== dst[1]);
  };
}

function statistic(e: Extension): Test {
  const not = opt<boolean>(e, 'not');
  if (opt<string>(e, 'mode') === 'random') {
    const probability = opt<number>(e, 'probability');
    // The kernel compares 31 random bits; two draws make them here.
    return (_skb, { g }) => (g.random(`${g.host}/iptables`, 32_768) * 65_536 + g.random(`${g.host}/iptables`, 65_536) < probability) !== not;
  }
  const every = opt<number>(e, 'every'), start = opt<number>(e, 'packet'), id = String(opt<number>(e, 'id'));
  return (_skb, { ns }) => {
    const memory = own(own(ns, 'netfilter'), 'memory');
    const seen = memory[id]?.[0] ?? (start ? every - start : 0);
    memory[id] = [(seen + 1) % every];
    return (seen % every === 0) !== not;
  };
}

function multiport(e: Extension): Test {
  const kind = opt<string>(e, 'kind'), list = opt<readonly (readonly [number, number])[]>(e, 'list'), not = opt<boolean>(e, 'not');
  const has = (port: number): boolean => list.some(([min, max]) => port >= min && port <= max);
  if (kind === 'sports') return (skb) => has(skb.p.sport) !== not;
  if (kind === 'dports') return (skb) => has(skb.p.dport) !== not;
  return (skb) => (has(skb.p.sport) || has(skb.p.dport)) !== not;
}

/** A bucket of credit in microseconds: [credit, at]. */
function spend(scene: Scene, key: string, costUs: number, burst: number, capacity = costUs * burst): boolean {
  const memory = own(own(scene.ns, 'netfilter'), 'memory');
  const [before, at] = memory[key] ?? [capacity, scene.g.now];
  const credit = Math.min(capacity, before! + scene.g.now - at!);
  const enough = credit >= costUs;
  memory[key] = [enough ? credit - costUs : credit, scene.g.now];
  return enough;
}

function limit(e: Extension): Test {
  const costUs = opt<number>(e, 'everyUs'), burst = opt<number>(e, 'burst'), id = String(opt<number>(e, 'id'));
  return (_skb, scene) => spend(scene, id, costUs, burst);
}

function hashlimit(e: Extension): Test {
  const costUs = opt<number>(e, 'everyUs'), burst = opt<number>(e, 'burst'), name = opt<string>(e, 'name'), above = opt<boolean>(e, 'above');
  const mode = opt<readonly string[]>(e, 'mode');
  return (skb, scene) => {
    const parts = mode.map((part) => (part === 'srcip' ? skb.p.src : part === 'dstip' ? skb.p.dst : part === 'srcport' ? skb.p.sport : skb.p.dport));
    return spend(scene, `hashlimit ${name} ${parts.join(' ')}`, costUs, burst) !== above;
  };
}

function recent(e: Extension): Test {
  const name = opt<string>(e, 'name'), action = opt<string>(e, 'action'), side = opt<string>(e, 'side'), not = opt<boolean>(e, 'not');
  const seconds = opt<number>(e, 'seconds'), hits = opt<number>(e, 'hitcount'), reap = opt<boolean>(e, 'reap');
  return (skb, { g, ns }) => {
    const memory = own(own(ns, 'netfilter'), 'memory');
    const key = `recent ${name} ${side === 'rsource' ? skb.p.src : skb.p.dst}`;
    const stamps = memory[key];
    if (action === 'set') { memory[key] = [...(stamps ?? []).slice(-19), g.now]; return !not; }
    if (!stamps) return not;
    const fresh = seconds ? stamps.filter((at) => g.now - at <= seconds * 1_000_000) : stamps;
    const found = fresh.length >= Math.max(1, hits);
    if (action === 'remove') { delete memory[key]; return !not; }
    if (reap && seconds && !fresh.length) delete memory[key];
    if (found && action === 'update') memory[key] = [...stamps.slice(-19), g.now];
    return found !== not;
  };
}

function owner(e: Extension): Test {
  const uid = opt<Range | undefined>(e, 'uid'), exists = opt<boolean | undefined>(e, 'exists');
  const gid = opt<Range | undefined>(e, 'gid');
  return (skb) => (exists === undefined || (skb.uid !== null) === exists)
    && (!uid || (skb.uid === null ? uid[2] : inRange(skb.uid, uid))) && (!gid || (skb.uid === null ? gid[2] : inRange(skb.uid, gid)));
}

const nameFits = (pattern: string, dev: string): boolean => (pattern.endsWith('+') ? dev.startsWith(pattern.slice(0, -1)) : dev === pattern);

function physdev(e: Extension): Test {
  const pin = opt<readonly [string, boolean] | undefined>(e, 'in'), pout = opt<readonly [string, boolean] | undefined>(e, 'out');
  const isIn = opt<boolean | undefined>(e, 'isIn'), isOut = opt<boolean | undefined>(e, 'isOut'), bridged = opt<boolean | undefined>(e, 'bridged');
  return (skb) => (!pin || nameFits(pin[0], skb.physIn) !== pin[1]) && (!pout || nameFits(pout[0], skb.physOut) !== pout[1])
    && (isIn === undefined || (skb.physIn !== '') === isIn) && (isOut === undefined || (skb.physOut !== '') === isOut)
    && (bridged === undefined || (skb.physIn !== '' && skb.physOut !== '') === bridged);
}

function iprange(e: Extension): Test {
  const src = opt<Range | undefined>(e, 'src'), dst = opt<Range | undefined>(e, 'dst');
  return (skb) => (!src || inRange(skb.src, src)) && (!dst || inRange(skb.dst, dst));
}

function string(e: Extension): Test {
  const icase = opt<boolean>(e, 'icase'), not = opt<boolean>(e, 'not');
  const pattern = icase ? opt<string>(e, 'pattern').toLowerCase() : opt<string>(e, 'pattern');
  const from = opt<number>(e, 'from'), to = opt<number>(e, 'to');
  return (skb) => {
    const { payload } = skb.p;
    const text = typeof payload === 'string' ? payload : payload === null ? '' : JSON.stringify(payload);
    // Offsets count from the IP header; a payload begins 40 or 28 bytes after it.
    const head = skb.p.proto === 'tcp' ? 40 : 28;
    const at = (icase ? text.toLowerCase() : text).indexOf(pattern, Math.max(0, from - head));
    return (at >= 0 && at + head + byteLength(pattern) <= to) !== not;
  };
}

function connlimit(e: Extension): Test {
  const above = opt<number>(e, 'above'), mask = opt<number>(e, 'mask'), upto = opt<boolean>(e, 'upto'), daddr = opt<boolean>(e, 'daddr');
  return (skb, { g, ns }) => {
    let count = skb.fresh ? 1 : 0;
    const side = daddr ? 'dst' : 'src';
    const mine = ((daddr ? skb.dst : skb.src) & mask) >>> 0;
    for (const key in ns.conntrack.conns) {
      const conn = ns.conntrack.conns[key]!;
      if (conn.expires > g.now && conn.orig.proto === 'tcp' && conn.state !== 'TIME_WAIT' && conn.state !== 'CLOSE' && ((numberOf(conn.orig[side]) & mask) >>> 0) === mine) count++;
    }
    return (count > above) !== upto;
  };
}

const COMPILERS: Readonly<Record<string, (e: Extension) => Test>> = {
  tcp, udp: ports, icmp, conntrack, state: conntrack, addrtype, statistic, multiport, limit, hashlimit, recent, owner, physdev, iprange, string, connlimit,
  sctp: ports, udplite: ports,
  comment: () => () => true,
  mark: (e) => { const [value, mask, not] = opt<readonly [number, number, boolean]>(e, 'mark'); return (skb) => (((skb.p.mark & mask) >>> 0) === value) !== not; },
  connmark: (e) => { const [value, mask, not] = opt<readonly [number, number, boolean]>(e, 'mark'); return (skb) => skb.conn !== null && (((skb.conn.mark & mask) >>> 0) === value) !== not; },
  mac: (e) => { const [mac, not] = opt<readonly [string, boolean]>(e, 'source'); return (skb) => (skb.p.smac === mac) !== not; },
  length: (e) => { const r = opt<Range>(e, 'length'); return (skb) => inRange(skb.p.size, r); },
  ttl: (e) => { const [how, value] = opt<readonly [string, number]>(e, 'ttl'); return (skb) => (how === 'eq' ? skb.p.ttl === value : how === 'ne' ? skb.p.ttl !== value : how === 'lt' ? skb.p.ttl < value : skb.p.ttl > value); },
  tos: (e) => { const [value, mask, not] = opt<readonly [number, number, boolean]>(e, 'tos'); return (skb) => ((skb.p.tos & mask) === value) !== not; },
  dscp: (e) => { const [value, not] = opt<readonly [number, boolean]>(e, 'dscp'); return (skb) => (skb.p.tos >> 2 === value) !== not; },
  pkttype: (e) => {
    const [type, not] = opt<readonly [string, boolean]>(e, 'type');
    return (skb) => ((skb.dst >>> 28 === 14 ? 'multicast' : skb.p.dmac === 'ff:ff:ff:ff:ff:ff' ? 'broadcast' : 'unicast') === type) !== not;
  },
};

/** Whether the kernel has the match: a rule that names another cannot be loaded. */
export const hasMatch = (name: string): boolean => name in COMPILERS;
export const compileMatch = (e: Extension): Test => COMPILERS[e.name]!(e);
/** What makes the kernel track connections. */
export const needsConntrack = (e: Extension): boolean => ['conntrack', 'state', 'connmark', 'connlimit', 'CONNMARK'].includes(e.name);
