/**
 * Sockets of a namespace: who has which port, and where a packet that INPUT let through ends up. UDP and
 * raw ICMP are here, TCP in tcp.ts. It knows no processes: `Stack` tells the kernel what happened.
 */
import { dropEntry, entries, entry, ownEntry, setEntry } from '../engine/pages.ts';
import { own } from '../engine/cow.ts';
import type { Json } from '../proc/program.ts';
import { newSkb, type Ground, type Skb } from './ground.ts';
import { defaultTtl, isLocal, resetOf, sendError } from './icmp.ts';
import { confirmNeighbour } from './neigh.ts';
import { localOut, type SendErrno } from './output.ts';
import { isErrno, routeOut } from './route.ts';
import { addressType, TYPES } from './netfilter/match.ts';
import { tcpError, tcpIn } from './tcp.ts';
import type { Alarm, Ip, NetNs, Packet, Socket } from './state.ts';

/** A machine that also has processes behind its sockets. */
export interface Stack extends Ground {
  /** Something changed that a call blocked on this socket waits for. */
  wake(ns: NetNs, socket: Socket): void;
  /** A connection is ready to be accepted. */
  accepted(ns: NetNs, listener: Socket, child: Socket): void;
  /** A datagram has arrived at a socket with an entry. */
  datagram(ns: NetNs, socket: Socket): void;
  nextSocketId(): number;
  socketTimer(afterUs: number, ns: NetNs, socket: number, timer: string): Alarm;
  cancel(alarm: Alarm): void;
}

export const ownSocket = (ns: NetNs, id: number): Socket => ownEntry(own(ns, 'sockets'), id);

export interface Owner { uid: number; pid: number | null; program: string | null }

export function newSocket(st: Stack, ns: NetNs, proto: Socket['proto'], owner: Owner): Socket {
  const id = st.nextSocketId();
  const socket: Socket = {
    id, proto, laddr: '0.0.0.0', lport: 0, raddr: '0.0.0.0', rport: 0, ...owner, inode: 10_000 + id, entry: null, owner: owner.pid, tcp: null,
    inbox: [], backlog: [], error: null, closed: false, path: null, mate: null, iface: null, icmpId: 0,
  };
  setEntry(own(ns, 'sockets'), id, socket);
  return socket;
}

export const boundKey = (proto: string, addr: Ip, port: number): string => `${proto} ${addr} ${port}`;
export const connKey = (laddr: Ip, lport: number, raddr: Ip, rport: number): string => `tcp ${laddr} ${lport} ${raddr} ${rport}`;

export function removeSocket(ns: NetNs, socket: Socket): void {
  const ports = own(ns, 'ports');
  for (const key of [boundKey(socket.proto, socket.laddr, socket.lport), connKey(socket.laddr, socket.lport, socket.raddr, socket.rport), socket.iface ?? '']) {
    if (ports[key] === socket.id) delete ports[key];
  }
  if (socket.proto === 'packet') ns.captures = ns.captures.filter((id) => id !== socket.id);
  dropEntry(own(ns, 'sockets'), socket.id);
}

/** Whether a port is taken for a listener or datagram socket: by the same address, or by any. */
export function portTaken(ns: NetNs, proto: 'tcp' | 'udp', addr: Ip, port: number): boolean {
  if (ns.ports[boundKey(proto, addr, port)] !== undefined || ns.ports[boundKey(proto, '0.0.0.0', port)] !== undefined) return true;
  if (proto === 'udp' && kernelUdp(ns, port)) return true;
  if (addr !== '0.0.0.0') return false;
  const end = ` ${port}`, start = `${proto} `;
  for (const key in ns.ports) if (key.startsWith(start) && key.endsWith(end) && key.split(' ').length === 3) return true;
  return false;
}

/** A vxlan device's own socket. */
export const kernelUdp = (ns: NetNs, port: number): boolean => {
  for (const name in ns.links) if (ns.links[name]!.vxlan?.dstport === port && ns.links[name]!.up) return true;
  return false;
};

/** A free port of ip_local_port_range. */
export function ephemeral(st: Stack, ns: NetNs, free: (port: number) => boolean): number | null {
  const [low, high] = (ns.sysctl['net.ipv4.ip_local_port_range'] ?? '32768\t60999').split(/\s+/).map(Number) as [number, number];
  const span = high - low + 1;
  const start = ns.nextPort || st.random(`${st.host}/${ns.name}/ports`, span);
  for (let i = 0; i < span; i++) {
    const port = low + (start + i) % span;
    if (free(port)) { ns.nextPort = (start + i + 1) % span || 1; return port; }
  }
  return null;
}

// --- delivery

export function deliver(st: Stack, ns: NetNs, skb: Skb): void {
  const { p } = skb;
  if (p.proto === 'tcp') {
    if (skb.in !== 'lo') confirmNeighbour(ns, skb.in, p.src, st.now);
    tcpIn(st, ns, skb);
  } else if (p.proto === 'udp') udpIn(st, ns, skb);
  else if (p.proto === 'icmp') icmpIn(st, ns, skb);
}

/** Who hears a datagram. */
export function udpSocket(ns: NetNs, dst: Ip, port: number, from: Ip, fromPort: number): Socket | null {
  const id = ns.ports[boundKey('udp', dst, port)] ?? ns.ports[boundKey('udp', '0.0.0.0', port)];
  const socket = id === undefined ? undefined : entry(ns.sockets, id);
  if (!socket || socket.rport && (socket.raddr !== from || socket.rport !== fromPort)) return null;
  return socket;
}

const INBOX_MAX = 2_000;

function udpIn(st: Stack, ns: NetNs, skb: Skb): void {
  const { p } = skb;
  const found = udpSocket(ns, p.dst, p.dport, p.src, p.sport);
  if (!found) {
    if (addressType(ns, skb.dst, null) === TYPES.LOCAL) sendError(st, ns, skb, 3, 3);
    return;
  }
  const socket = ownSocket(ns, found.id);
  if (socket.inbox.length >= INBOX_MAX) return;
  own(socket, 'inbox').push({ data: p.payload, size: p.size - 28, addr: p.src, port: p.sport, to: p.dst });
  if (socket.entry !== null) st.datagram(ns, socket);
  st.wake(ns, socket);
}

/** What an ICMP error means to a socket (icmp_err_convert): code of type 3 → errno, and whether it ends an established TCP. */
const UNREACH: readonly string[] = ['ENETUNREACH', 'EHOSTUNREACH', 'ENOPROTOOPT', 'ECONNREFUSED', 'EMSGSIZE', 'EOPNOTSUPP', 'ENETUNREACH', 'EHOSTUNREACH',
  'ENETUNREACH', 'ENETUNREACH', 'EHOSTUNREACH', 'ENETUNREACH', 'EHOSTUNREACH', 'EHOSTUNREACH', 'EHOSTUNREACH', 'EHOSTUNREACH'];

function icmpIn(st: Stack, ns: NetNs, skb: Skb): void {
  const { p } = skb;
  const icmp = p.icmp!;
  toRaw(st, ns, p);
  const { about } = icmp;
  if (!about) return;
  const errno = icmp.type === 3 ? UNREACH[icmp.code] ?? 'EHOSTUNREACH' : icmp.type === 11 ? 'EHOSTUNREACH' : null;
  if (errno === null) return;
  if (about.proto === 'udp') {
    const found = udpSocket(ns, about.src, about.sport, about.dst, about.dport);
    // Only a connected socket is told, and only of what is final.
    if (!found?.rport || ![2, 3, 9, 10, 13].includes(icmp.code) || icmp.type !== 3) return;
    const socket = ownSocket(ns, found.id);
    socket.error = errno;
    st.wake(ns, socket);
  } else if (about.proto === 'tcp') {
    const id = ns.ports[connKey(about.src, about.sport, about.dst, about.dport)];
    if (id !== undefined) tcpError(st, ns, ownSocket(ns, id), errno, icmp.type === 3 && icmp.code === 4 ? icmp.mtu ?? 576 : null);
  }
}

/** ping's sockets hear what has their id; of errors about datagrams, those of the same process (traceroute). */
function toRaw(st: Stack, ns: NetNs, p: Packet): void {
  const icmp = p.icmp!;
  const { about } = icmp;
  const sender = about?.proto === 'udp' ? entry(ns.sockets, ns.ports[boundKey('udp', about.src, about.sport)] ?? ns.ports[boundKey('udp', '0.0.0.0', about.sport)] ?? -1) : undefined;
  for (const found of entries(ns.sockets)) {
    if (found.proto !== 'icmp') continue;
    const mine = about && about.proto !== 'icmp' ? sender !== undefined && sender.pid === found.pid : (about ? about.icmp?.id : icmp.id) === found.icmpId;
    if (!mine) continue;
    const socket = ownSocket(ns, found.id);
    if (socket.inbox.length >= INBOX_MAX) continue;
    own(socket, 'inbox').push({
      from: p.src, type: icmp.type, code: icmp.code, ttl: p.ttl, data: p.payload, size: p.size - 28,
      ...(icmp.about ? { about: { dst: icmp.about.dst, data: icmp.about.payload, proto: icmp.about.proto, sport: icmp.about.sport, dport: icmp.about.dport }, mtu: icmp.mtu } : {}),
    } as Json);
    st.wake(ns, socket);
  }
}

// --- sending

export interface Datagram { dst: Ip; src: Ip | null; ttl?: number; df?: boolean; uid: number }

/** Routes and sends a packet of a socket. `make` builds it when its source is known. */
export function sendPacket(st: Ground, ns: NetNs, to: Datagram, make: (src: Ip) => Partial<Packet> & Pick<Packet, 'proto' | 'size'>): SendErrno | null {
  const out = routeOut(ns, to.dst, to.src);
  if (isErrno(out)) return out;
  const packet: Packet = {
    id: st.packetId(), src: out.src, dst: to.dst, sport: 0, dport: 0, ttl: to.ttl ?? defaultTtl(ns), tos: 0, mark: 0, df: to.df ?? false, payload: null,
    ...make(out.src),
  };
  const skb = newSkb(packet, '');
  skb.uid = to.uid;
  return localOut(st, ns, skb, out);
}

/** A reset for a segment that no socket wants. */
export function refuse(st: Ground, ns: NetNs, p: Packet): void {
  if (p.tcp!.flags.includes('R') || !isLocal(ns, p.dst)) return;
  const out = routeOut(ns, p.src, p.dst);
  if (!isErrno(out)) localOut(st, ns, newSkb(resetOf(st, ns, p), ''), out);
}
