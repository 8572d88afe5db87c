/**
 * Paths: from a process's root, through its mounts and symbolic links, to an inode. path_resolution(7).
 * It decides nothing about permissions but the search bit of directories.
 */
import type { Inode } from '../host/fs.ts';
import type { Errno } from '../proc/program.ts';
import type { Host, Mount, Proc, Root } from '../world.ts';

export interface Found {
  /** The path as seen from the mount namespace, canonical. */
  path: string;
  mount: Mount;
  fs: string; ino: number; inode: Inode;
  parent: { fs: string; ino: number; name: string } | null;
}
export interface Missing { path: string; mount: Mount; parent: { fs: string; ino: number; name: string } }
export interface Virtual { virtual: 'proc' | 'sysfs'; path: string; mount: Mount }
export type Resolved = { found: Found } | { missing: Missing } | Virtual | { errno: Errno };

const LINKS_MAX = 40;
const MAY = { r: 4, w: 2, x: 1 } as const;

/** access(2) by mode bits: the owner's, else the group's, else the others'. root may all, but x needs one x. */
export function may(proc: Proc, inode: Inode, what: 'r' | 'w' | 'x'): boolean {
  if (proc.uid === 0) return what !== 'x' || inode.type === 'dir' || (inode.mode & 0o111) !== 0;
  const bit = MAY[what];
  if (proc.uid === inode.uid) return (inode.mode & (bit << 6)) !== 0;
  if (proc.gid === inode.gid || proc.groups.includes(inode.gid)) return (inode.mode & (bit << 3)) !== 0;
  return (inode.mode & bit) !== 0;
}

interface At { fs: string; ino: number; mount: Mount }

/** The directory or file that a mount shows at its target. */
function mountBase(host: Host, mount: Mount): At | null {
  let ino = 0;
  if (mount.base !== '/') {
    const tree = host.fs[mount.fs]!;
    for (const part of mount.base.split('/')) {
      if (!part) continue;
      const inode = tree.inodes[ino];
      if (inode?.type !== 'dir') return null;
      const next = Object.hasOwn(inode.entries, part) ? inode.entries[part] : undefined;
      if (next === undefined) return null;
      ino = next;
    }
  }
  return { fs: mount.fs, ino, mount };
}

const mountAt = (root: Root, path: string): Mount | undefined => root.mounts.findLast((m) => m.target === path);

/** An absolute path of the mount namespace for what the process typed: its cwd and chroot applied. */
export function absolute(proc: Proc, path: string): string {
  if (path.startsWith('/')) return proc.chroot === '/' ? path : proc.chroot + path;
  return `${proc.cwd}/${path}`;
}

/** Resolves a path. `follow`: the last component's link too. `create`: a missing last component is Missing. */
export function resolvePath(host: Host, proc: Proc, path: string, follow = true): Resolved {
  if (path === '') return { errno: 'ENOENT' };
  const root = host.roots[proc.root];
  const first = root && mountAt(root, '/');
  if (!root || !first) return { errno: 'ENOENT' };
  const floor = proc.chroot === '/' ? 0 : proc.chroot.split('/').filter(Boolean).length;
  let todo = absolute(proc, path).split('/').reverse();
  const mustBeDir = path.endsWith('/') || path.endsWith('/.');
  const names: string[] = [];
  const stack: At[] = [mountBase(host, first)!];
  let links = 0;
  while (todo.length) {
    const part = todo.pop()!;
    if (part === '' || part === '.') continue;
    const here = stack[stack.length - 1]!;
    const dir = host.fs[here.fs]!.inodes[here.ino]!;
    if (dir.type !== 'dir') return { errno: 'ENOTDIR' };
    if (!may(proc, dir, 'x')) return { errno: 'EACCES' };
    if (part === '..') {
      if (names.length > floor) { names.pop(); stack.pop(); }
      continue;
    }
    if (part.length > 255) return { errno: 'ENAMETOOLONG' };
    const at = `/${names.length ? `${names.join('/')}/` : ''}${part}`;
    const mounted = root.mounts.length > 1 ? mountAt(root, at) : undefined;
    if (mounted && (mounted.type === 'proc' || mounted.type === 'sysfs')) {
      const rest = todo.filter((p) => p !== '' && p !== '.').reverse();
      return { virtual: mounted.type, path: normal(mounted.type === 'proc' ? '/proc' : '/sys', rest), mount: mounted };
    }
    const last = !todo.some((p) => p !== '' && p !== '.');
    const base = mounted ? mountBase(host, mounted) : null;
    const ino = base ? base.ino : Object.hasOwn(dir.entries, part) ? dir.entries[part] : undefined;
    if (ino === undefined) {
      if (last) return { missing: { path: at, mount: here.mount, parent: { fs: here.fs, ino: here.ino, name: part } } };
      return { errno: 'ENOENT' };
    }
    const next: At = base ?? { fs: here.fs, ino, mount: here.mount };
    const inode = host.fs[next.fs]!.inodes[next.ino]!;
    if (inode.type === 'symlink' && (!last || follow || mustBeDir)) {
      if (++links > LINKS_MAX) return { errno: 'ELOOP' };
      if (inode.target.startsWith('/')) { names.length = floor; stack.length = floor + 1; }
      todo = todo.concat(inode.target.split('/').reverse());
      continue;
    }
    names.push(part);
    stack.push(next);
  }
  const end = stack[stack.length - 1]!;
  const inode = host.fs[end.fs]!.inodes[end.ino]!;
  if (mustBeDir && inode.type !== 'dir') return { errno: 'ENOTDIR' };
  const up = stack[stack.length - 2];
  const parent = up && names.length ? { fs: up.fs, ino: up.ino, name: names[names.length - 1]! } : null;
  return { found: { path: `/${names.join('/')}`, mount: end.mount, fs: end.fs, ino: end.ino, inode, parent } };
}

/** base + parts with .. and . taken out. */
function normal(base: string, parts: readonly string[]): string {
  const out: string[] = [];
  for (const part of parts) if (part === '..') out.pop(); else out.push(part);
  return [base, ...out].join('/');
}
