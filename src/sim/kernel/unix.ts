/**
 * Unix stream sockets: a listener is a file, a connection two sockets that are each other's mate.
 * unix(7). They live in the host's own namespace, as paths have nothing to do with network namespaces.
 */
import { entry } from '../engine/pages.ts';
import { own } from '../engine/cow.ts';
import { addInode } from '../host/fs.ts';
import { newSocket, ownSocket, removeSocket } from '../net/stack.ts';
import type { NetNs, Socket } from '../net/state.ts';
import type { Json, Reply } from '../proc/program.ts';
import type { Calls } from '../proc/syscalls.ts';
import type { Host, Proc } from '../world.ts';
import { install, mainOf, newOfd, open } from './descriptors.ts';
import { hostReal } from './disk.ts';
import { HostGround } from './ground.ts';
import { bad, good, OK, type Handlers, type Kernel } from './kernel.ts';
import { may, resolvePath } from './paths.ts';

const keyOf = (fs: string, ino: number): string => `unix ${fs}:${ino}`;

function listenUnix(k: Kernel, host: Host, proc: Proc, { path, entry }: Calls['listenUnix'][0]): Reply {
  const at = resolvePath(host, proc, path);
  if ('errno' in at) return bad(at.errno);
  if ('found' in at) return bad('EADDRINUSE');
  if (!('missing' in at)) return bad('EACCES');
  const { fs: fsName, ino, name } = at.missing.parent;
  const dir = host.fs[fsName]!.inodes[ino]!;
  if (!may(proc, dir, 'w')) return bad('EACCES');
  if (at.missing.mount.readonly) return bad('EROFS');
  const fs = own(own(host, 'fs'), fsName);
  const made = addInode(fs, ino, name, { type: 'socket', mode: 0o777 & ~proc.umask, uid: proc.uid, gid: proc.gid, mtime: hostReal(k, host), attrs: '', nlink: 1 });
  const g = new HostGround(k, host);
  const ns = g.ns('host')!;
  const main = mainOf(k, host, proc);
  const socket = newSocket(g, ns, 'unix', { uid: proc.uid, pid: main.pid, program: main.comm });
  socket.path = path;
  socket.entry = entry ?? null;
  socket.iface = keyOf(fsName, made);
  own(ns, 'ports')[socket.iface] = socket.id;
  return good(open(k, host, proc, { kind: 'socket', ns: 'host', socket: socket.id }));
}

function connectUnix(k: Kernel, host: Host, proc: Proc, { path }: Calls['connectUnix'][0]): Reply {
  const at = resolvePath(host, proc, path);
  if ('errno' in at) return bad(at.errno);
  if ('missing' in at) return bad('ENOENT');
  if (!('found' in at) || at.found.inode.type !== 'socket') return bad('ECONNREFUSED');
  if (!may(proc, at.found.inode, 'w')) return bad('EACCES');
  const g = new HostGround(k, host);
  const ns = g.ns('host')!;
  const id = ns.ports[keyOf(at.found.fs, at.found.ino)];
  const listener = id === undefined ? undefined : entry(ns.sockets, id);
  if (!listener) return bad('ECONNREFUSED');
  const me = mainOf(k, host, proc);
  const mine = newSocket(g, ns, 'unix', { uid: proc.uid, pid: me.pid, program: me.comm });
  const theirs = newSocket(g, ns, 'unix', { uid: listener.uid, pid: listener.pid, program: listener.program });
  mine.mate = theirs.id;
  theirs.mate = mine.id;
  theirs.path = listener.path;
  const fd = open(k, host, proc, { kind: 'socket', ns: 'host', socket: mine.id });
  if (listener.entry === null) {
    own(ownSocket(ns, listener.id), 'backlog').push(theirs.id);
    g.wake(ns, listener);
    return good(fd);
  }
  const main = listener.owner === null ? undefined : k.proc(host, listener.owner);
  if (!main || main.exit) { removeSocket(ns, theirs); mine.closed = true; return good(fd); }
  const peerFd = install(host, main, newOfd(k, host, { kind: 'socket', ns: 'host', socket: theirs.id }));
  k.thread(host, main, listener.entry, { fd: peerFd, peer: '', peerPort: 0 });
  return good(fd);
}

export function sendUnix(k: Kernel, host: Host, ns: NetNs, socket: Socket, data: Json): Reply {
  const mate = socket.mate === null ? undefined : entry(ns.sockets, socket.mate);
  if (!mate || socket.closed) return bad('EPIPE');
  own(ownSocket(ns, mate.id), 'inbox').push(data);
  new HostGround(k, host).wake(ns, mate);
  return OK;
}

/** The mate reads what was sent, then the end. */
export function closeUnix(k: Kernel, host: Host, ns: NetNs, socket: Socket, gone: boolean): void {
  const g = new HostGround(k, host);
  for (const id of [socket.mate, ...socket.backlog.map((each) => entry(ns.sockets, each)?.mate ?? null)]) {
    if (id === null || !entry(ns.sockets, id)) continue;
    const mate = ownSocket(ns, id);
    mate.closed = true;
    g.wake(ns, mate);
  }
  if (!gone) return;
  const ports = own(ns, 'ports');
  if (socket.iface && ports[socket.iface] === socket.id) delete ports[socket.iface];
  removeSocket(ns, socket);
}

export const unixCalls: Handlers<'listenUnix' | 'connectUnix'> = { listenUnix, connectUnix };
