/**
 * Connection tracking: which connection a packet belongs to, its state, and the translation that its
 * first packet was given (nf_conntrack and nf_nat of Linux 3.10 to 4.x). Windows are not checked. It knows no
 * rules; a connection is entered into the table when its first packet leaves the host's hooks.
 */
import { own } from '../engine/cow.ts';
import { setDst, setSrc, type Ground, type Skb } from './ground.ts';
import type { Conn, Ip, NetNs, Packet, Tuple } from './state.ts';

export const keyOf = (t: Tuple): string => `${t.proto} ${t.src} ${t.sport} ${t.dst} ${t.dport}`;

/** ICMP queries: the id stands for the source port, type and code for the other. */
const ICMP_REVERSE: Readonly<Record<number, number>> = { 8: 0, 0: 8, 13: 14, 14: 13, 15: 16, 16: 15, 17: 18, 18: 17 };

export function tupleOf(p: Packet): Tuple | null {
  if (p.proto !== 'icmp') return { proto: p.proto, src: p.src, dst: p.dst, sport: p.sport, dport: p.dport };
  const icmp = p.icmp!;
  if (ICMP_REVERSE[icmp.type] === undefined) return null;
  return { proto: 'icmp', src: p.src, dst: p.dst, sport: icmp.id, dport: icmp.type * 256 + icmp.code };
}

export function reverse(t: Tuple): Tuple {
  if (t.proto !== 'icmp') return { proto: t.proto, src: t.dst, dst: t.src, sport: t.dport, dport: t.sport };
  const type = ICMP_REVERSE[t.dport >> 8] ?? 0;
  return { proto: 'icmp', src: t.dst, dst: t.src, sport: t.sport, dport: type * 256 + (t.dport & 255) };
}

/** The connection of a tuple and the direction it stands for, if it is in the table and has not expired. */
export function find(ns: NetNs, tuple: Tuple, now: number): { conn: Conn; dir: 0 | 1 } | null {
  const key = keyOf(tuple);
  const { conns, replies } = ns.conntrack;
  let conn = conns[key];
  let dir: 0 | 1 = 0;
  if (!conn) {
    const original = replies[key];
    if (original === undefined) return null;
    conn = conns[original];
    dir = 1;
  }
  if (!conn || conn.expires <= now) return null;
  return { conn, dir };
}

/** The record of a table, safe to change. */
function ownConn(ns: NetNs, conn: Conn): Conn {
  if (Object.isExtensible(conn)) return conn;
  return own(own(own(ns, 'conntrack'), 'conns'), keyOf(conn.orig)) as Conn;
}

const TIMEOUT: Readonly<Record<string, string>> = {
  SYN_SENT: 'tcp_timeout_syn_sent', SYN_RECV: 'tcp_timeout_syn_recv', ESTABLISHED: 'tcp_timeout_established', FIN_WAIT: 'tcp_timeout_fin_wait',
  CLOSE_WAIT: 'tcp_timeout_close_wait', LAST_ACK: 'tcp_timeout_last_ack', TIME_WAIT: 'tcp_timeout_time_wait', CLOSE: 'tcp_timeout_close',
};
const cells = new Map<string, string>();
function seconds(ns: NetNs, cell: string): number {
  let key = cells.get(cell);
  if (!key) cells.set(cell, key = `net.netfilter.nf_conntrack_${cell}`);
  return Number(ns.sysctl[key] ?? 30) * 1_000_000;
}

function timeoutOf(ns: NetNs, conn: Conn): number {
  if (conn.orig.proto === 'tcp') return seconds(ns, TIMEOUT[conn.state] ?? 'tcp_timeout_close');
  if (conn.orig.proto === 'udp') return seconds(ns, conn.assured ? 'udp_timeout_stream' : 'udp_timeout');
  return seconds(ns, conn.orig.proto === 'icmp' ? 'icmp_timeout' : 'generic_timeout');
}

/** PREROUTING and OUTPUT at -200: finds or begins the packet's connection. */
export function track(g: Ground, ns: NetNs, skb: Skb): void {
  if (!ns.conntrack.enabled || skb.conn || skb.info !== 'UNTRACKED' || skb.asked === 4) return;
  const { p } = skb;
  if (p.icmp?.about) { relate(g, ns, skb, p.icmp.about); return; }
  const tuple = tupleOf(p);
  if (!tuple) { invalid(ns, skb); return; }
  const found = find(ns, tuple, g.now);
  if (found && !(found.conn.state && restarts(found.conn, found.dir, p))) {
    attach(g, ns, skb, found.conn, found.dir);
    return;
  }
  if (found) remove(ns, found.conn);
  begin(ns, skb, tuple);
}

function invalid(ns: NetNs, skb: Skb): void {
  skb.info = 'INVALID';
  own(own(ns, 'conntrack'), 'stats').invalid++;
}

/** A SYN where the old connection is over begins a new one. */
const restarts = (conn: Conn, dir: 0 | 1, p: Packet): boolean =>
  dir === 0 && p.tcp !== undefined && p.tcp.flags.includes('S') && !p.tcp.flags.includes('A') && (conn.state === 'TIME_WAIT' || conn.state === 'CLOSE');

function attach(g: Ground, ns: NetNs, skb: Skb, found: Conn, dir: 0 | 1): void {
  const conn = ownConn(ns, found);
  skb.conn = conn;
  skb.dir = dir;
  if (dir === 1 && !conn.seenReply) conn.seenReply = true;
  skb.info = dir === 1 || conn.seenReply ? 'ESTABLISHED' : 'NEW';
  if (conn.orig.proto === 'tcp') {
    const next = nextState(conn.state, dir, skb.p.tcp!.flags);
    if (next === null) { skb.conn = null; invalid(ns, skb); return; }
    if (conn.state !== next) conn.state = next;
    if (next === 'ESTABLISHED' && !conn.assured) conn.assured = true;
  } else if (conn.orig.proto === 'udp' && conn.seenReply && dir === 0 && !conn.assured) conn.assured = true;
  conn.expires = g.now + timeoutOf(ns, conn);
}

/** The state after a packet; null: it cannot belong there. nf_conntrack_proto_tcp.c, shortened. */
function nextState(state: string, dir: 0 | 1, flags: string): string | null {
  if (flags.includes('R')) return 'CLOSE';
  const syn = flags.includes('S'), ack = flags.includes('A');
  if (syn && !ack) return dir === 0 && state === 'SYN_SENT' ? 'SYN_SENT' : state === 'SYN_SENT' ? 'SYN_RECV' : state;
  if (syn) return dir === 1 && state === 'SYN_SENT' ? 'SYN_RECV' : dir === 1 ? state : null;
  if (flags.includes('F')) {
    if (state === 'SYN_SENT') return null;
    return state === 'FIN_WAIT' && dir === 1 || state === 'CLOSE_WAIT' ? 'LAST_ACK' : state === 'SYN_RECV' || state === 'ESTABLISHED' ? 'FIN_WAIT' : state;
  }
  if (state === 'SYN_SENT') return dir === 0 ? 'SYN_SENT' : null;
  if (state === 'SYN_RECV') return dir === 0 ? 'ESTABLISHED' : state;
  if (state === 'FIN_WAIT') return 'CLOSE_WAIT';
  return state === 'LAST_ACK' ? 'TIME_WAIT' : state;
}

function begin(ns: NetNs, skb: Skb, tuple: Tuple): void {
  let state = '';
  if (tuple.proto === 'tcp') {
    const { flags } = skb.p.tcp!;
    // A stream met in its middle is taken up as it stands (tcp_loose); anything else that is no SYN is invalid.
    if (flags.includes('R') || flags.includes('F') || flags.includes('S') && flags.includes('A')) { invalid(ns, skb); return; }
    state = flags.includes('S') ? 'SYN_SENT' : 'ESTABLISHED';
    if (state === 'ESTABLISHED' && ns.sysctl['net.netfilter.nf_conntrack_tcp_loose'] === '0') { invalid(ns, skb); return; }
  } else if (tuple.proto === 'icmp' && ![8, 13, 15, 17].includes(tuple.dport >> 8)) { invalid(ns, skb); return; }
  skb.conn = { id: 0, orig: tuple, reply: reverse(tuple), state, seenReply: false, assured: false, snat: false, dnat: false, mark: 0, expires: 0 };
  skb.dir = 0;
  skb.info = 'NEW';
  skb.fresh = true;
}

/** An ICMP error belongs to the connection of the packet that it is about. */
function relate(g: Ground, ns: NetNs, skb: Skb, about: Packet): void {
  const inner = tupleOf(about);
  // The packet went out as the reverse of what its answer would be.
  const found = inner && find(ns, reverse(inner), g.now);
  if (!found) { invalid(ns, skb); return; }
  skb.conn = found.conn;
  skb.dir = found.dir;
  skb.info = 'RELATED';
}

/** nf_ct_attach: an answer made by this host takes over the connection of what it answers. */
export function inherit(answer: Skb, cause: Skb): void {
  if (!cause.conn) return;
  answer.conn = cause.conn;
  answer.dir = cause.dir === 0 ? 1 : 0;
  answer.info = 'RELATED';
}

// --- the table

/** At the end of INPUT and POSTROUTING. False: the table is full and the packet is lost. */
export function confirm(g: Ground, ns: NetNs, skb: Skb): boolean {
  if (!skb.fresh || !skb.conn) return true;
  const ct = own(ns, 'conntrack');
  if (g.now >= ct.purgeAt) purge(g, ns);
  const max = Number(ns.sysctl['net.netfilter.nf_conntrack_max'] ?? 0);
  if (max && ct.count >= max && !earlyDrop(g, ns)) {
    own(ct, 'stats').drop++;
    g.log('nf_conntrack: table full, dropping packet');
    return false;
  }
  const conn = skb.conn;
  skb.fresh = false;
  const original = keyOf(conn.orig), reply = keyOf(conn.reply);
  const there = find(ns, conn.orig, g.now) ?? find(ns, conn.reply, g.now);
  if (there) { own(ct, 'stats').insertFailed++; return false; }
  if (ct.conns[original]) remove(ns, ct.conns[original]!);
  if (ct.replies[reply] !== undefined && ct.conns[ct.replies[reply]!]) remove(ns, ct.conns[ct.replies[reply]!]!);
  conn.id = ct.nextId++;
  conn.expires = g.now + timeoutOf(ns, conn);
  own(ct, 'conns')[original] = conn;
  own(ct, 'replies')[reply] = original;
  ct.count++;
  own(ct, 'stats').insert++;
  return true;
}

export function remove(ns: NetNs, conn: Conn): void {
  const ct = own(ns, 'conntrack');
  const original = keyOf(conn.orig);
  if (!ct.conns[original]) return;
  delete own(ct, 'conns')[original];
  const reply = keyOf(conn.reply);
  if (ct.replies[reply] === original) delete own(ct, 'replies')[reply];
  ct.count--;
}

const PURGE_EVERY_US = 30_000_000;

/** What the kernel's garbage collector does: expired connections go. */
export function purge(g: { readonly now: number }, ns: NetNs): void {
  const ct = own(ns, 'conntrack');
  ct.purgeAt = g.now + PURGE_EVERY_US;
  for (const conn of Object.values(ct.conns)) if (conn.expires <= g.now) remove(ns, conn);
}

/** A full table sheds what expired, else one connection that is not assured. */
function earlyDrop(g: Ground, ns: NetNs): boolean {
  const before = ns.conntrack.count;
  purge(g, ns);
  if (ns.conntrack.count < before) return true;
  for (const conn of Object.values(ns.conntrack.conns)) {
    if (conn.assured) continue;
    remove(ns, conn);
    own(own(ns, 'conntrack'), 'stats').earlyDrop++;
    return true;
  }
  return false;
}

// --- translation

/** A range that DNAT or SNAT draws from. */
export interface NatRange { from: Ip; to: Ip; minPort: number | null; maxPort: number | null }

const takenBy = (ns: NetNs, tuple: Tuple, now: number): boolean => find(ns, tuple, now) !== null;

/** Gives a new connection its translated source or destination, unique in the table. */
export function bindNat(g: Ground, ns: NetNs, skb: Skb, kind: 'snat' | 'dnat', ip: Ip, min: number | null, max: number | null): void {
  const conn = skb.conn!;
  const reply = { ...conn.reply };
  if (kind === 'dnat') {
    reply.src = ip;
    if (min !== null && reply.proto !== 'icmp') reply.sport = min === max ? min : min + g.random(`${g.host}/nat`, max! - min + 1);
    conn.dnat = conn.dnat || reply.src !== conn.orig.dst || reply.sport !== reverse(conn.orig).sport;
  } else {
    reply.dst = ip;
    if (min !== null && reply.proto !== 'icmp' && (reply.dport < min || reply.dport > max!)) reply.dport = min;
    if (takenBy(ns, reply, g.now)) freePort(g, ns, reply, min ?? (reply.dport < 512 ? 1 : reply.dport < 1024 ? 600 : 1024), max ?? (reply.dport < 512 ? 511 : reply.dport < 1024 ? 1023 : 65_535));
    conn.snat = conn.snat || reply.dst !== conn.orig.src || portOf(reply) !== conn.orig.sport;
  }
  conn.reply = reply;
}

const portOf = (reply: Tuple): number => (reply.proto === 'icmp' ? reply.sport : reply.dport);

function freePort(g: Ground, ns: NetNs, reply: Tuple, min: number, max: number): void {
  const field = reply.proto === 'icmp' ? 'sport' : 'dport';
  const span = max - min + 1, start = g.random(`${g.host}/nat`, Math.min(span, 65_536));
  for (let i = 0; i < span; i++) {
    reply[field] = min + (start + i) % span;
    if (!takenBy(ns, reply, g.now)) return;
  }
}

/** nf_nat_alloc_null_binding at POSTROUTING and INPUT: even what no rule translates must not clash. */
export function ensureUnique(g: Ground, ns: NetNs, skb: Skb): void {
  const conn = skb.conn!;
  if (takenBy(ns, conn.reply, g.now)) bindNat(g, ns, skb, 'snat', conn.reply.dst, null, null);
}

/** Rewrites a packet as its connection says. `manip`: the destination (PREROUTING, OUTPUT) or the source (INPUT, POSTROUTING). */
export function translate(skb: Skb, manip: 'dst' | 'src'): boolean {
  const conn = skb.conn;
  if (!conn || !(conn.snat || conn.dnat)) return false;
  // The bit that is undone or done here: dst of the original way by DNAT, of the way back by SNAT.
  const wanted = (manip === 'dst') === (skb.dir === 0) ? conn.dnat : conn.snat;
  if (!wanted) return false;
  const target = reverse(skb.dir === 0 ? conn.reply : conn.orig); // how the packet shall look
  const { p } = skb;
  if (p.icmp?.about) { translateError(skb, manip, target, conn.orig.proto); return true; }
  if (manip === 'dst') {
    if (p.dst !== target.dst) setDst(skb, target.dst);
    if (p.proto === 'icmp') p.icmp = { ...p.icmp!, id: target.sport }; else p.dport = target.dport;
  } else {
    if (p.src !== target.src) setSrc(skb, target.src);
    if (p.proto === 'icmp') p.icmp = { ...p.icmp!, id: target.sport }; else p.sport = target.sport;
  }
  return true;
}

/** nf_nat_icmp_reply_translation: the outer address and the packet inside, which points the other way. */
function translateError(skb: Skb, manip: 'dst' | 'src', target: Tuple, proto: string): void {
  const { p } = skb;
  const about = { ...p.icmp!.about! };
  if (manip === 'dst') {
    about.src = target.dst;
    if (proto === 'icmp') about.icmp = { ...about.icmp!, id: target.sport }; else about.sport = target.dport;
    setDst(skb, target.dst);
  } else {
    about.dst = target.src;
    if (proto !== 'icmp') about.dport = target.sport;
    setSrc(skb, target.src);
  }
  p.icmp = { ...p.icmp!, about };
}
