/**
 * The socket calls: connect, listen, send, receive; UDP, ping's sockets, captures; and what the wire and
 * the timers bring. Blocking calls are tried again when their socket is woken. tcp(7), udp(7), raw(7).
 * Unix sockets are in unix.ts, netlink in netlink.ts.
 */
import { entries, entry } from '../engine/pages.ts';
import { own } from '../engine/cow.ts';
import { ipNumber, isIp, isLoopback } from '../net/address.ts';
import { run } from '../net/device.ts';
import { isLocal } from '../net/icmp.ts';
import { neighTimer } from '../net/neigh.ts';
import { isErrno, routeOut } from '../net/route.ts';
import { boundKey, connKey, ephemeral, newSocket, ownSocket, portTaken, removeSocket, sendPacket, type Owner } from '../net/stack.ts';
import { close, connect as startConnect, send as sendSegment, shutdown as shutdownTcp, tcpTimer } from '../net/tcp.ts';
import type { NetNs, Socket } from '../net/state.ts';
import type { Errno, Json, Reply } from '../proc/program.ts';
import type { Calls, SocketInfo } from '../proc/syscalls.ts';
import { byteLength } from '../proc/text.ts';
import type { Event, Host, Proc } from '../world.ts';
import { closeFd, lookup, mainOf, open } from './descriptors.ts';
import { HostGround, socketKey } from './ground.ts';
import { bad, good, OK, type Attempt, type Block, type Handlers, type Kernel } from './kernel.ts';
import { netlinkCalls } from './netlink.ts';
import { closeUnix, sendUnix, unixCalls } from './unix.ts';

/** Endpoint protection that hooks connect() in the kernel and refuses what it does not know. */
const GUARDS = /^(CyProtectDrv|symev_|symap_|symevrm)/;

function ownerOf(k: Kernel, host: Host, proc: Proc): Owner {
  const main = mainOf(k, host, proc);
  return { uid: proc.uid, pid: main.pid, program: main.comm };
}

interface Held { ns: NetNs; socket: Socket }

/** The socket behind a descriptor, owned. */
function held(k: Kernel, host: Host, proc: Proc, fd: number): Held | Errno {
  const ofd = lookup(k, host, proc, fd);
  if (!ofd) return 'EBADF';
  if (ofd.kind !== 'socket') return 'EINVAL';
  const ns = host.ns[ofd.ns] && own(own(host, 'ns'), ofd.ns);
  if (!ns || !entry(ns.sockets, ofd.socket)) return 'ENOTCONN';
  return { ns, socket: ownSocket(ns, ofd.socket) };
}

const waitFor = ({ ns, socket }: Held, timeoutUs?: number, state?: Json): Block => ({ block: [socketKey(ns.name, socket.id)], timeoutUs, state });

function takeError(socket: Socket): Errno | null {
  const { error } = socket;
  if (error !== null) socket.error = null;
  return error as Errno | null;
}

const namespaceOf = (g: HostGround, proc: Proc): NetNs => g.ns(proc.netns) ?? g.ns('host')!;

// --- TCP

function connect(k: Kernel, host: Host, proc: Proc, args: Calls['connect'][0], attempt: Attempt): Reply | Block {
  if (attempt.first) return connectFirst(k, host, proc, args);
  const { fd } = attempt.state as { fd: number };
  const h = held(k, host, proc, fd);
  if (typeof h === 'string') return bad('ECONNREFUSED');
  return connected(k, host, proc, h, fd, attempt.timedOut, args.timeoutUs);
}

function connectFirst(k: Kernel, host: Host, proc: Proc, args: Calls['connect'][0]): Reply | Block {
  if (!isIp(args.addr)) return bad('EINVAL');
  if (!isLoopback(ipNumber(args.addr)) && Object.keys(host.modules).some((name) => GUARDS.test(name))) return bad('EACCES');
  const g = new HostGround(k, host);
  const ns = namespaceOf(g, proc);
  const addr = args.addr === '0.0.0.0' ? '127.0.0.1' : args.addr;
  const out = routeOut(ns, addr, args.from?.addr ?? null);
  if (isErrno(out)) return bad(out);
  if (args.from?.addr && !isLocal(ns, args.from.addr)) return bad('EADDRNOTAVAIL');
  const src = args.from?.addr ?? out.src;
  const free = (port: number): boolean => ns.ports[connKey(src, port, addr, args.port)] === undefined && ns.ports[boundKey('tcp', src, port)] === undefined && ns.ports[boundKey('tcp', '0.0.0.0', port)] === undefined;
  const wanted = args.from?.port;
  if (wanted && wanted < 1024 && !capable(proc, 'CAP_NET_BIND_SERVICE')) return bad('EACCES');
  const port = wanted ? (free(wanted) ? wanted : null) : ephemeral(g, ns, free);
  if (port === null) return bad(wanted ? 'EADDRINUSE' : 'EADDRNOTAVAIL');
  const socket = newSocket(g, ns, 'tcp', ownerOf(k, host, proc));
  Object.assign(socket, { laddr: src, lport: port, raddr: addr, rport: args.port });
  const fd = open(k, host, proc, { kind: 'socket', ns: ns.name, socket: socket.id });
  const errno = startConnect(g, ns, socket);
  if (errno) { closeFd(k, host, proc, fd); return bad(errno); }
  run(g);
  const h = held(k, host, proc, fd);
  return typeof h === 'string' ? bad('ECONNREFUSED') : connected(k, host, proc, h, fd, false, args.timeoutUs);
}

function connected(k: Kernel, host: Host, proc: Proc, h: Held, fd: number, timedOut: boolean, timeoutUs?: number): Reply | Block {
  const { state } = h.socket.tcp!;
  if (state !== 'SYN-SENT' && state !== 'CLOSED') return good(fd);
  const errno = takeError(h.socket) ?? (state === 'CLOSED' ? 'ECONNREFUSED' : timedOut ? 'ETIMEDOUT' : null);
  if (errno === null) return waitFor(h, timeoutUs, { fd });
  closeFd(k, host, proc, fd);
  return bad(errno);
}

/** root may all; others what they were started with (capabilities(7)). */
const capable = (proc: Proc, capability: string): boolean => proc.uid === 0 || proc.caps.includes(capability);

/** The checks of bind(2): null, or why not. */
function bindable(ns: NetNs, proc: Proc, proto: 'tcp' | 'udp', addr: string, port: number): Errno | null {
  if (!isIp(addr)) return 'EINVAL';
  if (port > 0 && port < 1024 && !capable(proc, 'CAP_NET_BIND_SERVICE')) return 'EACCES';
  if (addr !== '0.0.0.0' && !isLocal(ns, addr) && ns.sysctl['net.ipv4.ip_nonlocal_bind'] !== '1') return 'EADDRNOTAVAIL';
  return port > 0 && portTaken(ns, proto, addr, port) ? 'EADDRINUSE' : null;
}

function listen(k: Kernel, host: Host, proc: Proc, { addr: wanted, port, entry }: Calls['listen'][0]): Reply {
  const v6 = wanted === '::', addr = v6 ? '0.0.0.0' : wanted;
  const g = new HostGround(k, host);
  const ns = namespaceOf(g, proc);
  const errno = bindable(ns, proc, 'tcp', addr, port);
  if (errno) return bad(errno);
  const lport = port || ephemeral(g, ns, (free) => !portTaken(ns, 'tcp', addr, free));
  if (lport === null) return bad('EADDRINUSE');
  const socket = newSocket(g, ns, 'tcp', ownerOf(k, host, proc));
  Object.assign(socket, { laddr: addr, lport, entry: entry ?? null, ...(v6 ? { v6 } : {}) });
  socket.tcp = { state: 'LISTEN', sndUna: 0, sndNxt: 0, rcvNxt: 0, unacked: [], ahead: [], retries: 0, rtoUs: 0, sentAt: 0, timer: null, delayedAck: null, quickAcks: 0, softError: null, listener: null, mss: 0, finSent: false, peerClosed: false, orphan: false };
  own(ns, 'ports')[boundKey('tcp', addr, lport)] = socket.id;
  return good(open(k, host, proc, { kind: 'socket', ns: ns.name, socket: socket.id }));
}

function accept(k: Kernel, host: Host, proc: Proc, { fd, timeoutUs }: Calls['accept'][0], attempt: Attempt): Reply | Block {
  const h = held(k, host, proc, fd);
  if (typeof h === 'string') return bad(h);
  while (h.socket.backlog.length) {
    const id = own(h.socket, 'backlog').shift()!;
    const child = entry(h.ns.sockets, id);
    if (!child) continue;
    return good({ fd: open(k, host, proc, { kind: 'socket', ns: h.ns.name, socket: id }), peer: child.raddr, peerPort: child.rport });
  }
  if (h.socket.tcp && h.socket.tcp.state !== 'LISTEN') return bad('EINVAL');
  return attempt.timedOut ? bad('EAGAIN') : waitFor(h, timeoutUs);
}

const sizeOf = (data: Json): number => (typeof data === 'string' ? byteLength(data) : 200);

function send(k: Kernel, host: Host, proc: Proc, { fd, data, size }: Calls['send'][0]): Reply {
  const h = held(k, host, proc, fd);
  if (typeof h === 'string') return bad(h);
  if (h.socket.proto === 'unix') return sendUnix(k, host, h.ns, h.socket, data);
  const { tcp } = h.socket;
  if (!tcp) return bad('ENOTCONN');
  const errno = takeError(h.socket);
  if (errno) return bad(errno);
  if (tcp.state !== 'ESTAB' && tcp.state !== 'CLOSE-WAIT') return bad(tcp.state === 'SYN-SENT' || tcp.state === 'LISTEN' ? 'ENOTCONN' : 'EPIPE');
  const g = new HostGround(k, host);
  sendSegment(g, h.ns, h.socket, data, size ?? sizeOf(data));
  run(g);
  return OK;
}

function recv(k: Kernel, host: Host, proc: Proc, { fd, timeoutUs }: Calls['recv'][0], attempt: Attempt): Reply | Block {
  const h = held(k, host, proc, fd);
  if (typeof h === 'string') return bad(h);
  const { socket } = h;
  if (socket.inbox.length) return good({ data: own(socket, 'inbox').shift()! });
  const errno = takeError(socket);
  if (errno) return bad(errno);
  if (socket.proto === 'unix' && socket.closed) return good(null);
  if (socket.tcp && (socket.tcp.peerClosed || socket.tcp.readShut || socket.tcp.state === 'CLOSED')) return good(null);
  if (socket.tcp?.state === 'LISTEN') return bad('ENOTCONN');
  return attempt.timedOut ? bad('ETIMEDOUT') : waitFor(h, timeoutUs);
}

function shutdown(k: Kernel, host: Host, proc: Proc, fd: number, both: boolean): Reply {
  const h = held(k, host, proc, fd);
  if (typeof h === 'string') return bad(h);
  if (h.socket.proto === 'unix') { closeUnix(k, host, h.ns, h.socket, false); return OK; }
  if (!h.socket.tcp) return bad('ENOTCONN');
  const g = new HostGround(k, host);
  shutdownTcp(g, h.ns, h.socket);
  if (both) {
    own(h.socket, 'tcp').readShut = true;
    g.wake(h.ns, h.socket);
  }
  run(g);
  return OK;
}

// --- UDP

function udp(k: Kernel, host: Host, proc: Proc, { addr, port, entry }: Calls['udp'][0]): Reply {
  const g = new HostGround(k, host);
  const ns = namespaceOf(g, proc);
  const errno = bindable(ns, proc, 'udp', addr ?? '0.0.0.0', port ?? 0);
  if (errno) return bad(errno);
  const socket = newSocket(g, ns, 'udp', ownerOf(k, host, proc));
  socket.laddr = addr ?? '0.0.0.0';
  socket.entry = entry ?? null;
  if ((addr !== undefined || port || entry) && !bindUdp(g, ns, socket, port ?? 0)) { removeSocket(ns, socket); return bad('EADDRINUSE'); }
  return good(open(k, host, proc, { kind: 'socket', ns: ns.name, socket: socket.id }));
}

function bindUdp(g: HostGround, ns: NetNs, socket: Socket, port: number): boolean {
  const chosen = port || ephemeral(g, ns, (free) => !portTaken(ns, 'udp', socket.laddr, free));
  if (chosen === null) return false;
  socket.lport = chosen;
  own(ns, 'ports')[boundKey('udp', socket.laddr, chosen)] = socket.id;
  return true;
}

function udpConnect(k: Kernel, host: Host, proc: Proc, { fd, addr, port }: Calls['udpConnect'][0]): Reply {
  const h = held(k, host, proc, fd);
  if (typeof h === 'string') return bad(h);
  if (!isIp(addr)) return bad('EINVAL');
  const out = routeOut(h.ns, addr, h.socket.laddr === '0.0.0.0' ? null : h.socket.laddr);
  if (isErrno(out)) return bad(out);
  const ports = own(h.ns, 'ports');
  if (h.socket.lport) delete ports[boundKey('udp', h.socket.laddr, h.socket.lport)];
  const { lport } = h.socket;
  Object.assign(h.socket, { laddr: out.src, raddr: addr, rport: port });
  return bindUdp(new HostGround(k, host), h.ns, h.socket, lport) ? OK : bad('EADDRNOTAVAIL');
}

function sendto(k: Kernel, host: Host, proc: Proc, args: Calls['sendto'][0]): Reply {
  const h = held(k, host, proc, args.fd);
  if (typeof h === 'string') return bad(h);
  const { socket, ns } = h;
  const errno = takeError(socket);
  if (errno) return bad(errno);
  const dst = args.addr ?? socket.raddr, dport = args.port ?? socket.rport;
  if (!dport || dst === '0.0.0.0') return bad('ENOTCONN');
  if (!isIp(dst)) return bad('EINVAL');
  const g = new HostGround(k, host);
  if (!socket.lport && !bindUdp(g, ns, socket, 0)) return bad('EAGAIN');
  const failed = sendPacket(g, ns, { dst, src: socket.laddr === '0.0.0.0' ? null : socket.laddr, ttl: args.ttl, uid: proc.uid }, () =>
    ({ proto: 'udp', sport: socket.lport, dport, size: args.size + 28, payload: args.data }));
  run(g);
  return failed ? bad(failed) : OK;
}

function recvfrom(k: Kernel, host: Host, proc: Proc, { fd, timeoutUs }: Calls['recvfrom'][0], attempt: Attempt): Reply | Block {
  const h = held(k, host, proc, fd);
  if (typeof h === 'string') return bad(h);
  if (h.socket.inbox.length) return good(own(h.socket, 'inbox').shift()!);
  const errno = takeError(h.socket);
  if (errno) return bad(errno);
  return attempt.timedOut ? bad('ETIMEDOUT') : waitFor(h, timeoutUs);
}

// --- ICMP

function icmp(k: Kernel, host: Host, proc: Proc): Reply {
  const g = new HostGround(k, host);
  const ns = namespaceOf(g, proc);
  const socket = newSocket(g, ns, 'icmp', ownerOf(k, host, proc));
  socket.icmpId = (mainOf(k, host, proc).vpid || socket.id) % 65_536;
  while (entries(ns.sockets).some((other) => other.id !== socket.id && other.proto === 'icmp' && other.icmpId === socket.icmpId)) socket.icmpId = (socket.icmpId + 1) % 65_536;
  return good(open(k, host, proc, { kind: 'socket', ns: ns.name, socket: socket.id }));
}

/** The sequence number of a request is its data's `seq`, or counts. */
function icmpSend(k: Kernel, host: Host, proc: Proc, args: Calls['icmpSend'][0]): Reply {
  const h = held(k, host, proc, args.fd);
  if (typeof h === 'string') return bad(h);
  if (!isIp(args.addr)) return bad('EINVAL');
  if (args.from && !isLocal(h.ns, args.from)) return bad('EADDRNOTAVAIL');
  const { data } = args;
  const given = typeof data === 'object' && data !== null && 'seq' in data ? (data as { seq?: Json }).seq : undefined;
  const seq = typeof given === 'number' ? given : ++h.socket.lport;
  const g = new HostGround(k, host);
  const failed = sendPacket(g, h.ns, { dst: args.addr, src: args.from ?? null, ttl: args.ttl, df: args.dontFragment, uid: proc.uid }, () =>
    ({ proto: 'icmp', icmp: { type: 8, code: 0, id: h.socket.icmpId, seq }, size: args.size + 28, payload: data }));
  run(g);
  return failed ? bad(failed) : OK;
}

// --- what they are

function sockname(k: Kernel, host: Host, proc: Proc, fd: number): Reply {
  const h = held(k, host, proc, fd);
  if (typeof h === 'string') return bad(h);
  const s = h.socket;
  return good({ addr: s.laddr, port: s.lport, peer: s.raddr, peerPort: s.rport });
}

function sockets(_k: Kernel, host: Host, proc: Proc): Reply {
  const ns = host.ns[proc.netns];
  if (!ns) return good([]);
  const list: SocketInfo[] = [];
  // A vxlan's own socket belongs to no process.
  const seen = new Set<number>();
  for (const link of Object.values(ns.links)) {
    const port = link.vxlan?.dstport;
    if (port === undefined || !link.up || seen.has(port)) continue;
    seen.add(port);
    list.push({ proto: 'udp', state: 'UNCONN', localAddr: '0.0.0.0', localPort: port, peerAddr: '0.0.0.0', peerPort: 0, recvQ: 0, sendQ: 0, uid: 0, inode: 18_000 + link.index, pid: null, program: null, v6: false });
  }
  for (const s of entries(ns.sockets)) {
    if (s.proto === 'packet') continue;
    const owner = s.pid === null ? undefined : entry(host.procs, s.pid);
    const orphan = s.tcp?.orphan || !owner;
    const hidden = orphan || proc.uid !== 0 && owner.uid !== proc.uid;
    const state = s.tcp?.state ?? (s.proto === 'unix' ? (s.mate === null ? 'LISTEN' : 'ESTAB') : s.rport ? 'ESTAB' : 'UNCONN');
    list.push({
      proto: s.proto, state, localAddr: s.laddr, localPort: s.proto === 'icmp' ? s.icmpId : s.lport, peerAddr: s.raddr, peerPort: s.rport,
      recvQ: s.tcp?.state === 'LISTEN' ? s.backlog.length : s.inbox.reduce<number>((n, each) => n + sizeOf(each), 0),
      sendQ: s.tcp?.unacked.reduce((n, each) => n + each.len, 0) ?? 0, uid: s.uid, inode: orphan && s.tcp ? 0 : s.inode,
      pid: hidden ? null : proc.root === 'host' ? owner.pid : owner.vpid, program: hidden ? null : s.program, path: s.path ?? undefined, v6: s.v6 ?? false,
    });
  }
  return good(list);
}

function capture(k: Kernel, host: Host, proc: Proc, iface: string): Reply {
  if (proc.uid !== 0) return bad('EPERM');
  const g = new HostGround(k, host);
  const ns = namespaceOf(g, proc);
  if (iface !== 'any' && !ns.links[iface]) return bad('ENODEV');
  const socket = newSocket(g, ns, 'packet', ownerOf(k, host, proc));
  socket.iface = iface;
  ns.captures = [...ns.captures, socket.id];
  k.disturb();
  return good(open(k, host, proc, { kind: 'socket', ns: ns.name, socket: socket.id }));
}

type SocketOp = 'connect' | 'connectUnix' | 'listen' | 'listenUnix' | 'accept' | 'send' | 'recv' | 'shutdown' | 'udp' | 'udpConnect' | 'sendto'
  | 'recvfrom' | 'icmp' | 'icmpSend' | 'icmpRecv' | 'sockname' | 'sockets' | 'netRead' | 'netChange' | 'capture';

export const socketCalls: Handlers<SocketOp> = {
  ...unixCalls, ...netlinkCalls,
  connect, listen, accept, send, recv, udp, udpConnect, sendto, recvfrom, icmp, icmpSend, sockets,
  icmpRecv: (k, host, proc, args, attempt) => recvfrom(k, host, proc, args, attempt),
  shutdown: (k, host, proc, { fd, how }) => shutdown(k, host, proc, fd, how === 'both'),
  sockname: (k, host, proc, { fd }) => sockname(k, host, proc, fd),
  capture: (k, host, proc, { iface }) => capture(k, host, proc, iface),
};

// --- what the machine calls

/** A frame has arrived from the wire. */
export function onPacket(k: Kernel, event: Event & { kind: 'packet' }): void {
  const shared = k.world.hosts[event.host];
  if (!shared?.up) return;
  const g = new HostGround(k, k.host(event.host));
  g.frames.push({ ns: event.ns, dev: event.dev, packet: event.packet, skb: null });
  run(g);
}

/** A timer of a socket, or (socket 0) of a neighbour. */
export function onSocketTimer(k: Kernel, event: Event & { kind: 'socket' }): void {
  const shared = k.world.hosts[event.host];
  if (!shared?.up) return;
  const there = shared.ns[event.ns];
  if (!there || event.socket !== 0 && (!entry(there.sockets, event.socket) || event.gen !== shared.gen)) return;
  const g = new HostGround(k, k.host(event.host));
  const ns = g.ns(event.ns)!;
  if (event.socket === 0) neighTimer(g, ns, event.timer.slice('neigh '.length), event.gen);
  else tcpTimer(g, ns, ownSocket(ns, event.socket), event.timer);
  run(g);
}

/** The last descriptor of a socket is gone. */
export function closeSocket(k: Kernel, host: Host, nsName: string, id: number): void {
  const at = host.ns[nsName];
  if (!at || !entry(at.sockets, id)) return;
  const g = new HostGround(k, host);
  const ns = g.ns(nsName)!;
  const socket = ownSocket(ns, id);
  if (socket.proto === 'unix') closeUnix(k, host, ns, socket, true);
  else if (socket.tcp) close(g, ns, socket);
  else removeSocket(ns, socket);
  run(g);
}
