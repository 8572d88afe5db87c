/**
 * TCP as one host speaks it: handshake, messages as segments with acknowledgement and retransmission,
 * close, reset, TIME_WAIT (net/ipv4/tcp_input.c, tcp_output.c, tcp_timer.c). No windows, no congestion:
 * a message is one segment, and stands for several when it is longer than the path's.
 */
import { entries, entry } from '../engine/pages.ts';
import { own } from '../engine/cow.ts';
import type { Json } from '../proc/program.ts';
import type { Skb } from './ground.ts';
import { boundKey, connKey, newSocket, ownSocket, refuse, removeSocket, sendPacket, type Stack } from './stack.ts';
import type { SendErrno } from './output.ts';
import { isErrno, routeOut } from './route.ts';
import type { NetNs, Packet, Segment, Socket, TcpBlock } from './state.ts';

const SYN_US = 1_000_000, RTO_MIN_US = 200_000, RTO_MAX_US = 120_000_000, TIME_WAIT_US = 60_000_000;
const HEADER = 52, SYN_HEADER = 60;
/** TCP_DELACK_MIN, and TCP_MAX_QUICKACKS: a young connection acknowledges at once. */
const DELAYED_ACK_US = 40_000, QUICK_ACKS = 16;

const cell = (ns: NetNs, name: string, otherwise: number): number => Number(ns.sysctl[`net.ipv4.${name}`] ?? otherwise);

const block = (state: TcpBlock['state'], isn: number, mss: number): TcpBlock => ({
  state, sndUna: isn, sndNxt: isn + 1, rcvNxt: 0, unacked: [], ahead: [], retries: 0, rtoUs: state === 'SYN-SENT' || state === 'SYN-RECV' ? SYN_US : RTO_MIN_US,
  sentAt: 0, timer: null, delayedAck: null, quickAcks: QUICK_ACKS, softError: null, listener: null, mss, finSent: false, peerClosed: false, orphan: false,
});

const ISN_BELOW = 1 << 20;

function transmit(st: Stack, ns: NetNs, s: Socket, flags: string, seq: number, len: number, payload: Json): SendErrno | null {
  const t = s.tcp!;
  const syn = flags.includes('S');
  if (t.delayedAck) { st.cancel(t.delayedAck); t.delayedAck = null; } // it goes along
  const size = (syn ? SYN_HEADER : HEADER) + len;
  return sendPacket(st, ns, { dst: s.raddr, src: s.laddr, df: true, uid: s.uid }, () => {
    const p: Partial<Packet> & Pick<Packet, 'proto' | 'size'> = {
      proto: 'tcp', sport: s.lport, dport: s.rport, size, payload, tcp: syn ? { flags, seq, ack: t.rcvNxt, mss: t.mss } : { flags, seq, ack: flags.includes('A') ? t.rcvNxt : 0 },
    };
    if (len > t.mss) p.piece = t.mss + 40;
    return p;
  });
}

const ack = (st: Stack, ns: NetNs, s: Socket): void => { transmit(st, ns, s, 'A', s.tcp!.sndNxt, 0, null); };

function arm(st: Stack, ns: NetNs, s: Socket): void {
  const t = s.tcp!;
  t.timer ??= st.socketTimer(Math.max(1, t.sentAt + t.rtoUs - st.now), ns, s.id, 'tcp');
}

/** Begins a connection from a bound socket. An errno when there is no way at all. */
export function connect(st: Stack, ns: NetNs, s: Socket): SendErrno | null {
  const out = routeOut(ns, s.raddr, s.laddr);
  if (isErrno(out)) return out;
  s.tcp = block('SYN-SENT', 1_000_000 + st.random(`${st.host}/isn`, ISN_BELOW), out.mtu - 40);
  own(ns, 'ports')[connKey(s.laddr, s.lport, s.raddr, s.rport)] = s.id;
  s.tcp.sentAt = st.now;
  transmit(st, ns, s, 'S', s.tcp.sndUna, 0, null);
  if (s.tcp) arm(st, ns, s);
  return null;
}

/** A message on an open connection. */
export function send(st: Stack, ns: NetNs, s: Socket, data: Json, size: number): void {
  const t = own(s, 'tcp');
  const segment: Segment = { seq: t.sndNxt, len: Math.max(1, size), data, fin: false };
  if (!t.unacked.length) { t.sentAt = st.now; t.rtoUs = RTO_MIN_US; }
  own(t, 'unacked').push(segment);
  t.sndNxt += segment.len;
  // After a timeout the congestion window is one segment: what is new waits until something has been acknowledged.
  if (!t.retries) transmit(st, ns, s, 'PA', segment.seq, segment.len, data);
  arm(st, ns, s);
}

function sendFin(st: Stack, ns: NetNs, s: Socket): void {
  const t = own(s, 'tcp');
  if (t.finSent) return;
  t.finSent = true;
  const segment: Segment = { seq: t.sndNxt, len: 1, data: null, fin: true };
  if (!t.unacked.length) { t.sentAt = st.now; t.rtoUs = RTO_MIN_US; }
  own(t, 'unacked').push(segment);
  t.sndNxt += 1;
  transmit(st, ns, s, 'FA', segment.seq, 0, null);
  arm(st, ns, s);
}

/** shutdown(SHUT_WR). */
export function shutdown(st: Stack, ns: NetNs, s: Socket): void {
  const t = own(s, 'tcp');
  if (t.state === 'ESTAB') t.state = 'FIN-WAIT-1';
  else if (t.state === 'CLOSE-WAIT') t.state = 'LAST-ACK';
  else return;
  sendFin(st, ns, s);
}

/** close(): the socket lives on until the peer has agreed; unread data makes it a reset. */
export function close(st: Stack, ns: NetNs, s: Socket): void {
  const t = own(s, 'tcp');
  t.orphan = true;
  if (t.state === 'LISTEN') {
    for (const id of s.backlog) { const child = entry(ns.sockets, id); if (child) reset(st, ns, ownSocket(ns, id)); }
    for (const other of entries(ns.sockets)) if (other.tcp?.listener === s.id && other.tcp.state === 'SYN-RECV') removeSocket(ns, other);
    removeSocket(ns, s);
  } else if (t.state === 'SYN-SENT' || t.state === 'CLOSED') removeSocket(ns, s);
  else if (s.inbox.length && t.state !== 'TIME-WAIT') reset(st, ns, s);
  else if (t.state === 'FIN-WAIT-2') st.socketTimer(cell(ns, 'tcp_fin_timeout', 60) * 1_000_000, ns, s.id, 'gone');
  else shutdown(st, ns, s);
}

function reset(st: Stack, ns: NetNs, s: Socket): void {
  transmit(st, ns, s, 'RA', s.tcp!.sndNxt, 0, null);
  removeSocket(ns, s);
}

/** The connection is over for the process; its descriptor, if any, stays to tell why. */
function end(st: Stack, ns: NetNs, s: Socket, errno: string | null): void {
  const t = own(s, 'tcp');
  if (t.orphan || t.listener !== null && t.state === 'SYN-RECV') { removeSocket(ns, s); return; }
  t.state = 'CLOSED';
  t.unacked = [];
  t.ahead = [];
  for (const alarm of [t.timer, t.delayedAck]) if (alarm) st.cancel(alarm);
  t.timer = t.delayedAck = null;
  if (errno) s.error = errno;
  const ports = own(ns, 'ports');
  const key = connKey(s.laddr, s.lport, s.raddr, s.rport);
  if (ports[key] === s.id) delete ports[key];
  st.wake(ns, s);
}

// --- segments that arrive

export function tcpIn(st: Stack, ns: NetNs, skb: Skb): void {
  const { p } = skb;
  const id = ns.ports[connKey(p.dst, p.dport, p.src, p.sport)];
  if (id !== undefined && entry(ns.sockets, id)) {
    const s = ownSocket(ns, id);
    if (s.tcp!.state !== 'TIME-WAIT' || !p.tcp!.flags.includes('S')) { segment(st, ns, s, p); return; }
    removeSocket(ns, s);
  }
  const listener = ns.ports[boundKey('tcp', p.dst, p.dport)] ?? ns.ports[boundKey('tcp', '0.0.0.0', p.dport)];
  const found = listener === undefined ? undefined : entry(ns.sockets, listener);
  if (!found || p.tcp!.flags !== 'S') {
    refuse(st, ns, p);
    return;
  }
  syn(st, ns, found, p);
}

function syn(st: Stack, ns: NetNs, listener: Socket, p: Packet): void {
  const out = routeOut(ns, p.src, p.dst);
  if (isErrno(out)) return;
  const s = newSocket(st, ns, 'tcp', { uid: listener.uid, pid: listener.pid, program: listener.program });
  Object.assign(s, { laddr: p.dst, lport: p.dport, raddr: p.src, rport: p.sport, owner: listener.owner });
  s.tcp = block('SYN-RECV', 1_000_000 + st.random(`${st.host}/isn`, ISN_BELOW), Math.min(out.mtu - 40, p.tcp!.mss ?? 536));
  s.tcp.rcvNxt = p.tcp!.seq + 1;
  s.tcp.listener = listener.id;
  s.tcp.sentAt = st.now;
  own(ns, 'ports')[connKey(s.laddr, s.lport, s.raddr, s.rport)] = s.id;
  transmit(st, ns, s, 'SA', s.tcp.sndUna, 0, null);
  arm(st, ns, s);
}

function segment(st: Stack, ns: NetNs, s: Socket, p: Packet): void {
  const t = own(s, 'tcp');
  const { flags } = p.tcp!;
  if (t.state === 'SYN-SENT') { answered(st, ns, s, p); return; }
  if (flags.includes('R')) { wasReset(st, ns, s); return; }
  if (flags.includes('S')) {
    if (t.state === 'SYN-RECV') transmit(st, ns, s, 'SA', t.sndUna, 0, null);
    else ack(st, ns, s);
    return;
  }
  if (t.state === 'SYN-RECV') {
    if (p.tcp!.ack !== t.sndNxt) { refuse(st, ns, p); removeSocket(ns, s); return; }
    if (!establish(st, ns, s)) return;
  }
  acknowledged(st, ns, s, p.tcp!.ack);
  if (entry(ns.sockets, s.id) && (p.size > HEADER || flags.includes('F'))) data(st, ns, s, p);
}

/** In SYN-SENT only an answer to the SYN counts. */
function answered(st: Stack, ns: NetNs, s: Socket, p: Packet): void {
  const t = s.tcp!;
  const { flags } = p.tcp!;
  if (!flags.includes('A') || p.tcp!.ack !== t.sndNxt) return;
  if (flags.includes('R')) { end(st, ns, s, 'ECONNREFUSED'); return; }
  if (!flags.includes('S')) return;
  t.state = 'ESTAB';
  t.sndUna = p.tcp!.ack;
  t.rcvNxt = p.tcp!.seq + 1;
  t.mss = Math.min(t.mss, p.tcp!.mss ?? 536);
  t.retries = 0;
  t.rtoUs = RTO_MIN_US;
  ack(st, ns, s);
  st.wake(ns, s);
}

function establish(st: Stack, ns: NetNs, s: Socket): boolean {
  const t = own(s, 'tcp');
  const listener = t.listener === null ? undefined : entry(ns.sockets, t.listener);
  if (!listener) { reset(st, ns, s); return false; }
  t.state = 'ESTAB';
  t.sndUna = t.sndNxt;
  t.retries = 0;
  t.rtoUs = RTO_MIN_US;
  t.listener = null;
  st.accepted(ns, ownSocket(ns, listener.id), s);
  return true;
}

function wasReset(st: Stack, ns: NetNs, s: Socket): void {
  const { state } = s.tcp!;
  if (state === 'TIME-WAIT') { removeSocket(ns, s); return; }
  end(st, ns, s, state === 'CLOSE-WAIT' ? 'EPIPE' : 'ECONNRESET');
}

function acknowledged(st: Stack, ns: NetNs, s: Socket, upTo: number): void {
  const t = own(s, 'tcp');
  if (upTo <= t.sndUna || upTo > t.sndNxt) return;
  t.sndUna = upTo;
  const stalled = t.retries > 0;
  t.retries = 0;
  t.softError = null;
  t.rtoUs = RTO_MIN_US;
  t.sentAt = st.now;
  t.unacked = t.unacked.filter((each) => each.seq + each.len > upTo);
  if (!t.unacked.length && t.timer) { st.cancel(t.timer); t.timer = null; }
  if (stalled) for (const each of t.unacked) if (s.tcp === t) transmit(st, ns, s, each.fin ? 'FA' : 'PA', each.seq, each.fin ? 0 : each.len, each.data);
  if (t.unacked.length || !t.finSent) return;
  if (t.state === 'FIN-WAIT-1') {
    t.state = 'FIN-WAIT-2';
    if (t.orphan) st.socketTimer(cell(ns, 'tcp_fin_timeout', 60) * 1_000_000, ns, s.id, 'gone');
  } else if (t.state === 'CLOSING') timeWait(st, ns, s);
  else if (t.state === 'LAST-ACK') { if (t.orphan) removeSocket(ns, s); else end(st, ns, s, null); }
}

function timeWait(st: Stack, ns: NetNs, s: Socket): void {
  s.tcp!.state = 'TIME-WAIT';
  st.socketTimer(TIME_WAIT_US, ns, s.id, 'gone');
}

function data(st: Stack, ns: NetNs, s: Socket, p: Packet): void {
  const t = own(s, 'tcp');
  const fin = p.tcp!.flags.includes('F');
  const piece: Segment = { seq: p.tcp!.seq, len: fin ? 1 : p.size - HEADER, data: p.payload, fin };
  if (piece.seq < t.rcvNxt) { ack(st, ns, s); return; }
  if (t.orphan && !fin) { reset(st, ns, s); return; }
  const inOrder = piece.seq === t.rcvNxt && !t.ahead.length;
  const ahead = own(t, 'ahead');
  if (!ahead.some((each) => each.seq === piece.seq)) ahead.push(piece);
  ahead.sort((a, b) => a.seq - b.seq);
  while (ahead.length && ahead[0]!.seq <= t.rcvNxt) {
    const next = ahead.shift()!;
    if (next.seq < t.rcvNxt) continue;
    t.rcvNxt += next.len;
    if (next.fin) { t.peerClosed = true; break; }
    own(s, 'inbox').push(next.data);
  }
  if (fin || !inOrder || t.delayedAck || t.quickAcks > 0) {
    t.quickAcks = Math.max(0, t.quickAcks - 1);
    ack(st, ns, s);
  } else t.delayedAck = st.socketTimer(DELAYED_ACK_US, ns, s.id, 'ack');
  if (t.peerClosed) peerClosed(st, ns, s);
  st.wake(ns, s);
}

function peerClosed(st: Stack, ns: NetNs, s: Socket): void {
  const t = s.tcp!;
  if (t.state === 'ESTAB') t.state = 'CLOSE-WAIT';
  else if (t.state === 'FIN-WAIT-1') t.state = 'CLOSING';
  else if (t.state === 'FIN-WAIT-2') timeWait(st, ns, s);
}

/** An ICMP error about a segment of ours. `mtu`: fragmentation needed. */
export function tcpError(st: Stack, ns: NetNs, s: Socket, errno: string, mtu: number | null): void {
  const t = own(s, 'tcp');
  if (mtu !== null) {
    if (mtu - 40 >= t.mss) return;
    t.mss = mtu - 40;
    for (const each of t.unacked) transmit(st, ns, s, each.fin ? 'FA' : 'PA', each.seq, each.fin ? 0 : each.len, each.data);
    return;
  }
  if (t.state === 'SYN-SENT' || t.state === 'SYN-RECV') end(st, ns, s, errno);
  else t.softError = errno;
}

/** The retransmission timer and the timers of closing. */
export function tcpTimer(st: Stack, ns: NetNs, s: Socket, timer: string): void {
  const t = own(s, 'tcp');
  if (timer === 'gone') { if (t.state === 'TIME-WAIT' || t.state === 'FIN-WAIT-2') { if (t.orphan) removeSocket(ns, s); else end(st, ns, s, null); } return; }
  if (timer === 'ack') { t.delayedAck = null; ack(st, ns, s); return; }
  t.timer = null;
  const opening = t.state === 'SYN-SENT' || t.state === 'SYN-RECV';
  if (!opening && !t.unacked.length) return;
  if (st.now < t.sentAt + t.rtoUs) { arm(st, ns, s); return; }
  const limit = opening ? cell(ns, t.state === 'SYN-SENT' ? 'tcp_syn_retries' : 'tcp_synack_retries', 5) : t.orphan ? 8 : cell(ns, 'tcp_retries2', 15);
  if (t.retries >= limit) { end(st, ns, s, t.softError ?? 'ETIMEDOUT'); return; }
  t.retries++;
  t.rtoUs = Math.min(RTO_MAX_US, t.rtoUs * 2);
  t.sentAt = st.now;
  const first = t.unacked[0];
  if (t.state === 'SYN-SENT') transmit(st, ns, s, 'S', t.sndUna, 0, null);
  else if (t.state === 'SYN-RECV') transmit(st, ns, s, 'SA', t.sndUna, 0, null);
  else if (first) transmit(st, ns, s, first.fin ? 'FA' : 'PA', first.seq, first.fin ? 0 : first.len, first.data);
  if (s.tcp) arm(st, ns, s);
}
