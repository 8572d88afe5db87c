/**
 * Descriptors: a process's table, open file descriptions with their reference counts, pipes. What a
 * description stands for is read and written in io.ts. Linux's dup(2), pipe(7), close(2).
 */
import { entries, entry } from '../engine/pages.ts';
import { own } from '../engine/cow.ts';
import type { Host, Ofd, Proc } from '../world.ts';
import { dropInode } from '../host/fs.ts';
import { closeSocket } from './sockets.ts';
import { bad, good, OK, type Handlers, type Kernel } from './kernel.ts';

type WithoutCount<T> = T extends unknown ? Omit<T, 'refs' | 'id'> : never;

/** The process that owns the descriptor table: the one itself, or a thread's process. */
export const mainOf = (k: Kernel, host: Host, proc: Proc): Proc =>
  (proc.threadOf === null ? proc : k.proc(host, proc.threadOf) ?? proc);

export function newOfd(k: Kernel, host: Host, ofd: WithoutCount<Ofd>): number {
  // Numbers are used again, so that the table stays a dense array: a third of a spawn's time, measured.
  const id = own(host, 'freeOfds').pop() ?? ++own(k.world, 'ids').ofd;
  own(host, 'ofds')[id] = { ...ofd, id, refs: 0 } as Ofd;
  return id;
}

/** Installs a description at `fd`, or at the lowest free descriptor from `min`, and counts it. */
export function install(host: Host, table: Proc, id: number, fd?: number, min = 0): number {
  const fds = own(table, 'fds');
  let at = fd ?? min;
  if (fd === undefined) while (fds[at] !== undefined) at++;
  fds[at] = id;
  (own(own(host, 'ofds'), id) as Ofd).refs++;
  return at;
}

export const open = (k: Kernel, host: Host, proc: Proc, ofd: WithoutCount<Ofd>): number =>
  install(host, mainOf(k, host, proc), newOfd(k, host, ofd));

/** The description behind a descriptor, for reading; own it to change it. */
export function lookup(_k: Kernel, host: Host, proc: Proc, fd: number): Ofd | undefined {
  const table = proc.threadOf === null ? proc : entry(host.procs, proc.threadOf) ?? proc;
  const id = table.fds[fd];
  return id === undefined ? undefined : host.ofds[id];
}

/** The inode number by which `/proc/PID/fd` and the socket tables name the same socket. */
export const socketInode = (host: Host, ofd: Ofd & { kind: 'socket' }): number => entry(host.ns[ofd.ns]!.sockets, ofd.socket)?.inode ?? 0;

export const ownOfd = (host: Host, id: number): Ofd => own(own(host, 'ofds'), id) as Ofd;

export function release(k: Kernel, host: Host, id: number): void {
  const ofd = ownOfd(host, id);
  if (--ofd.refs > 0) return;
  delete own(host, 'ofds')[id];
  own(host, 'freeOfds').push(id);
  if (ofd.kind === 'ptmx') hangUpMaster(k, host, ofd.tty);
  if (ofd.kind === 'file') dropUnnamed(host, ofd.fs, ofd.ino);
  if (ofd.kind === 'socket') closeSocket(k, host, ofd.ns, ofd.socket);
  if (ofd.kind === 'pipe') {
    const pipe = own(own(host, 'pipes'), ofd.pipe);
    if (ofd.end === 'read') pipe.readers--; else pipe.writers--;
    k.wake(host, `pipe:${ofd.pipe}`);
    if (pipe.readers <= 0 && pipe.writers <= 0) {
      delete own(host, 'pipes')[ofd.pipe];
      own(host, 'freePipes').push(ofd.pipe);
    }
  }
}

/** An unlinked file lives until the last description of it closes. */
function dropUnnamed(host: Host, fs: string, ino: number): void {
  const inode = host.fs[fs]?.inodes[ino];
  if (!inode || inode.nlink > 0) return;
  if (Object.values(host.ofds).some((other) => other.kind === 'file' && other.ino === ino && other.fs === fs)) return;
  dropInode(own(own(host, 'fs'), fs), ino);
}

export function closeFd(k: Kernel, host: Host, proc: Proc, fd: number): boolean {
  const table = mainOf(k, host, proc);
  const id = table.fds[fd];
  if (id === undefined) return false;
  delete own(table, 'fds')[fd];
  release(k, host, id);
  return true;
}

/** The last master of a terminal is gone: its session is told. */
function hangUpMaster(k: Kernel, host: Host, id: string): void {
  const tty = k.world.ttys[id];
  if (!tty || tty.closed) return;
  own(own(k.world, 'ttys'), id).closed = true;
  for (const proc of entries(host.procs)) {
    if (proc.tty === id && proc.threadOf === null && !proc.exit) { k.signal(host, proc.pid, 'HUP'); k.signal(host, proc.pid, 'CONT'); }
  }
  k.wake(host, `tty:${id}`);
}

export function closeAll(k: Kernel, host: Host, proc: Proc): void {
  const ids = Object.values(proc.fds);
  proc.fds = {};
  for (const id of ids) release(k, host, id);
}

export function newPipe(k: Kernel, host: Host, path: string | null = null): number {
  const id = own(host, 'freePipes').pop() ?? ++own(k.world, 'ids').pipe;
  own(host, 'pipes')[id] = { text: '', readers: 0, writers: 0, path };
  return id;
}

export function openPipeEnd(k: Kernel, host: Host, pipe: number, end: 'read' | 'write', path?: string): number {
  const record = own(own(host, 'pipes'), pipe);
  if (end === 'read') record.readers++; else record.writers++;
  return newOfd(k, host, { kind: 'pipe', pipe, end, path });
}

export const descriptorCalls: Pick<Handlers<'close' | 'dup' | 'pipe' | 'fdPath'>, 'close' | 'dup' | 'pipe' | 'fdPath'> = {
  close: (k, host, proc, { fd }) => (closeFd(k, host, proc, fd) ? OK : bad('EBADF')),
  dup(k, host, proc, { fd, to, min }) {
    const table = mainOf(k, host, proc);
    const id = table.fds[fd];
    if (id === undefined) return bad('EBADF');
    if (to === fd) return good(to);
    if (to !== undefined) closeFd(k, host, proc, to);
    return good(install(host, table, id, to, min));
  },
  pipe(k, host, proc) {
    const table = mainOf(k, host, proc);
    const pipe = newPipe(k, host);
    const read = install(host, table, openPipeEnd(k, host, pipe, 'read'));
    const write = install(host, table, openPipeEnd(k, host, pipe, 'write'));
    return good({ read, write });
  },
  fdPath(k, host, proc, { fd }) {
    const ofd = lookup(k, host, proc, fd);
    if (!ofd) return bad('EBADF');
    switch (ofd.kind) {
      case 'file': case 'virtual': return good(ofd.path);
      case 'device': return good(`/dev/${ofd.dev}`);
      case 'pipe': return good(ofd.path ?? `pipe:[${ofd.pipe}]`);
      case 'tty': return good(`/dev/${k.world.ttys[ofd.tty]?.name ?? 'tty'}`);
      case 'socket': return good(`socket:[${socketInode(host, ofd)}]`);
      case 'journal': return good('socket:[1]');
      case 'collect': return good('pipe:[0]');
      case 'ptmx': return good('/dev/ptmx');
    }
  },
};
