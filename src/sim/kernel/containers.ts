/**
 * What clone, unshare, pivot_root and mount do for a container runtime: a root file system with its own
 * mounts, a pid namespace, a network namespace. Who runs in it and with what is the runtime's business.
 */
import { entries } from '../engine/pages.ts';
import { emptyLog } from '../engine/chunked.ts';
import { own } from '../engine/cow.ts';
import { addInode, plant, type Fs, type Inode, type Tree } from '../host/fs.ts';
import { freshNs } from '../net/namespace.ts';
import type { Reply } from '../proc/program.ts';
import type { Calls } from '../proc/syscalls.ts';
import type { Host, Mount, Proc } from '../world.ts';
import { hostReal } from './disk.ts';
import { bad, OK, type Handlers, type Kernel } from './kernel.ts';
import { resolvePath } from './paths.ts';
import { terminate } from './exit.ts';

/** Where a path of the caller lies: the tree and the folder in it. */
function placeOf(host: Host, proc: Proc, path: string): { fs: string; base: string; source: string; type: string } | null {
  const at = resolvePath(host, proc, path);
  if (!('found' in at)) return null;
  const { mount, path: real, fs } = at.found;
  const inside = mount.target === '/' ? real : real.slice(mount.target.length);
  return { fs, base: `${mount.base === '/' ? '' : mount.base}${inside === '/' ? '' : inside}` || '/', source: mount.source, type: mount.type };
}

/** A bind takes along what is mounted below its source (rbind). */
function below(host: Host, proc: Proc, source: string, target: string): Mount[] {
  const from = source.replace(/\/+$/, '');
  return host.roots[proc.root]!.mounts.filter((m) => m.target !== '/' && m.target.startsWith(`${from}/`))
    .map((m) => ({ ...m, target: target.replace(/\/+$/, '') + m.target.slice(from.length) }));
}

const virtual = (target: string, type: string, readonly: boolean): Mount =>
  ({ target, fs: '', base: '/', source: type, type, options: readonly ? 'ro,nosuid,nodev,noexec,relatime' : 'rw,nosuid,nodev,noexec,relatime', readonly });

function rootCreate(k: Kernel, host: Host, proc: Proc, args: Calls['rootCreate'][0]): Reply {
  if (proc.uid !== 0) return bad('EPERM');
  if (host.roots[args.id]) return bad('EEXIST');
  const image = host.fs[args.image] ?? imageFs(k, args.image);
  if (!image) return bad('ENOENT');
  const now = hostReal(k, host);
  const fs: Fs = { image: args.image, inodes: image.inodes.slice(), free: image.free.slice() };
  const mounts: Mount[] = [];
  for (const bind of args.binds) {
    const place = placeOf(host, proc, bind.source);
    if (!place) return bad('ENOENT');
    const isFile = place.base !== '/' && isRegular(host, place.fs, place.base);
    ensureTarget(fs, bind.target, isFile, now);
    mounts.push({ target: bind.target, ...place, options: bind.readonly ? 'ro,relatime' : 'rw,relatime', readonly: !!bind.readonly });
    mounts.push(...below(host, proc, bind.source, bind.target));
  }
  if (args.files) plant(fs, args.files as Tree, now);
  for (const target of ['/proc', '/sys', '/dev']) ensureTarget(fs, target, false, now);
  // Inside an unprivileged container /proc/sys and /sys are read-only; Planet is privileged.
  const plain = args.share === undefined && args.id !== 'planet';
  own(host, 'fs')[`root:${args.id}`] = fs;
  own(host, 'roots')[args.id] = {
    id: args.id, hostname: args.hostname, pidns: args.share ?? args.id, nextPid: 0, netns: proc.netns, labels: { pidParent: host.roots[proc.root]?.pidns ?? 'host' },
    mounts: [
      { target: '/', fs: `root:${args.id}`, base: '/', source: 'overlay', type: 'overlay', options: 'rw,relatime', readonly: false },
      virtual('/proc', 'proc', false), virtual('/sys', 'sysfs', plain), ...mounts,
    ],
  };
  if (!plain && !host.journals[args.id]) own(host, 'journals')[args.id] = emptyLog();
  return OK;
}

/** A tree that the simulation was given under this name. */
function imageFs(k: Kernel, name: string): Fs | undefined { return k.images?.[name]; }

function isRegular(host: Host, fsName: string, path: string): boolean {
  const fs = host.fs[fsName]!;
  let inode: Inode | null | undefined = fs.inodes[0];
  for (const part of path.split('/').filter(Boolean)) inode = inode?.type === 'dir' ? fs.inodes[inode.entries[part] ?? -1] : null;
  return inode?.type !== 'dir';
}

/** A mount needs something to be mounted on. */
function ensureTarget(fs: Fs, target: string, isFile: boolean, now: number): void {
  const parts = target.split('/').filter(Boolean);
  let at = 0;
  parts.forEach((part, i) => {
    const dir = fs.inodes[at] as Inode & { type: 'dir' };
    const existing = dir.entries[part];
    const last = i === parts.length - 1;
    const meta = { uid: 0, gid: 0, mtime: now, attrs: '' };
    if (existing === undefined) at = addInode(fs, at, part, last && isFile ? { ...meta, type: 'file', mode: 0o644, nlink: 1, data: '' } : { ...meta, type: 'dir', mode: 0o755, nlink: 2, entries: {} });
    else at = followLink(fs, existing);
  });
}

function followLink(fs: Fs, ino: number): number {
  const inode = fs.inodes[ino];
  if (inode?.type !== 'symlink') return ino;
  let at = 0;
  for (const part of inode.target.split('/').filter((p) => p && p !== '..')) {
    const dir = fs.inodes[at];
    if (dir?.type !== 'dir') return ino;
    at = dir.entries[part] ?? at;
  }
  return at;
}

function rootRemove(k: Kernel, host: Host, proc: Proc, id: string): Reply {
  if (proc.uid !== 0) return bad('EPERM');
  if (!host.roots[id] || id === 'host') return bad('ENOENT');
  // Containers started from within end with it: their pid namespaces lie below, their mounts are of its tree.
  for (const inner of Object.values(host.roots)) if (inner.id !== id && inner.labels['pidParent'] === id) rootRemove(k, host, proc, inner.id);
  for (const other of entries(host.procs)) {
    if (other.root === id && other.threadOf === null && !other.exit) terminate(k, host, k.proc(host, other.pid)!, { status: 137, signal: 'KILL' });
  }
  delete own(host, 'roots')[id];
  delete own(host, 'fs')[`root:${id}`];
  return OK;
}

export const containerCalls: Handlers<'rootCreate' | 'rootRemove' | 'netnsCreate' | 'netnsRemove'> = {
  rootCreate,
  rootRemove: (k, host, proc, { id }) => rootRemove(k, host, proc, id),
  netnsCreate(k, host, proc, { name }) {
    if (proc.uid !== 0) return bad('EPERM');
    if (host.ns[name]) return bad('EEXIST');
    own(host, 'ns')[name] = freshNs(name, true);
    k.disturb();
    return OK;
  },
  netnsRemove(k, host, proc, { name }) {
    if (proc.uid !== 0) return bad('EPERM');
    const gone = host.ns[name];
    if (!gone || name === 'host') return bad('ENOENT');
    // A veth dies with either of its ends.
    for (const link of Object.values(gone.links)) {
      if (!link.peer || link.peer.ns === name || !host.ns[link.peer.ns]) continue;
      removeLink(host, link.peer.ns, link.peer.dev);
    }
    delete own(host, 'ns')[name];
    k.disturb();
    return OK;
  },
};

function removeLink(host: Host, nsName: string, dev: string): void {
  const ns = own(own(host, 'ns'), nsName);
  delete own(ns, 'links')[dev];
  ns.routes = ns.routes.filter((route) => route.dev !== dev);
  ns.neigh = Object.fromEntries(Object.entries(ns.neigh).filter(([, entry]) => entry.dev !== dev));
  ns.fdb = Object.fromEntries(Object.entries(ns.fdb).filter(([, entry]) => entry.dev !== dev && entry.owner !== dev));
}

