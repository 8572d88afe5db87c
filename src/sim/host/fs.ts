/**
 * A file tree: inodes in an array, directories as name → inode number. It knows neither paths across
 * mounts nor permissions (kernel/files.ts). It imitates what ext4 or xfs show through stat(2).
 *
 * A fresh tree shares its image's frozen inodes, so three hosts and their containers cost little.
 */
import { own } from '../engine/cow.ts';
import type { Us } from '../engine/time.ts';
import { byteLength } from '../proc/text.ts';

interface Meta { mode: number; uid: number; gid: number; /** Microseconds since 1970. */ mtime: Us; attrs: string; nlink: number }
export type Inode = Meta & (
  | { type: 'file'; data: string; /** Zero bytes behind `data` that are only counted: what fallocate and dd fill a disk with. */ zeros?: number }
  | { type: 'dir'; entries: Record<string, number> }
  | { type: 'symlink'; target: string }
  | { type: 'char' | 'block'; dev: string; rdev: readonly [number, number] }
  | { type: 'fifo' } | { type: 'socket' });

export interface Fs { image: string; inodes: (Inode | null)[]; free: number[] }

export const ROOT = 0;

export const emptyFs = (image: string, mtime: Us): Fs =>
  ({ image, inodes: [{ type: 'dir', mode: 0o755, uid: 0, gid: 0, mtime, attrs: '', nlink: 2, entries: {} }], free: [] });

/** Programs are files with this head: the rest of the line names the program and its size in bytes. */
const BINARY = /^\x7fELF ([\w.+-]+) (\d+)\n/;
export const binary = (program: string, size: number): string => `\x7fELF ${program} ${size}\n`;
/** The program that an executable file holds, or null. */
export const programOf = (data: string): string | null => BINARY.exec(data)?.[1] ?? null;

export function sizeOfInode(inode: Inode): number {
  switch (inode.type) {
    case 'file': {
      const m = data7f(inode.data);
      return (m ?? byteLength(inode.data)) + (inode.zeros ?? 0);
    }
    case 'dir': return 4096;
    case 'symlink': return byteLength(inode.target);
    default: return 0;
  }
}

const data7f = (data: string): number | null => {
  if (data.charCodeAt(0) !== 0x7f) return null;
  const m = BINARY.exec(data);
  return m ? Number(m[2]) : null;
};

/** An inode safe to mutate; `fs` is owned. */
export function ownInode(fs: Fs, ino: number): Inode {
  return own(own(fs, 'inodes') as Inode[], ino) as Inode;
}

/** Adds an inode under `name` in directory `parent` and returns its number. The caller has checked that it may. */
export function addInode(fs: Fs, parent: number, name: string, inode: Inode): number {
  const inodes = own(fs, 'inodes');
  const ino = fs.free.length ? own(fs, 'free').pop()! : inodes.length;
  inodes[ino] = inode;
  linkInode(fs, parent, name, ino, inode.mtime);
  if (inode.type === 'dir') ownInode(fs, parent).nlink++;
  return ino;
}

export function linkInode(fs: Fs, parent: number, name: string, ino: number, now: Us): void {
  const dir = ownInode(fs, parent) as Inode & { type: 'dir' };
  own(dir, 'entries')[name] = ino;
  dir.mtime = now;
}

/** Removes a name; the inode goes when its last name has gone and nobody holds it open. */
export function unlinkInode(fs: Fs, parent: number, name: string, now: Us, held: (ino: number) => boolean): void {
  const dir = ownInode(fs, parent) as Inode & { type: 'dir' };
  const ino = dir.entries[name]!;
  delete own(dir, 'entries')[name];
  dir.mtime = now;
  const inode = ownInode(fs, ino);
  if (inode.type === 'dir') { dir.nlink--; inode.nlink = 0; } else inode.nlink--;
  if (inode.nlink <= 0 && !held(ino)) dropInode(fs, ino);
}

export function dropInode(fs: Fs, ino: number): void {
  own(fs, 'inodes')[ino] = null;
  own(fs, 'free').push(ino);
}

/** What an image says, before it is a tree: path → what is there. Parents come first or are made. */
export type Tree = Readonly<Record<string, TreeEntry>>;
export type TreeEntry =
  | string                                              // a file, 644 root
  | { dir: true; mode?: number; uid?: number; gid?: number }
  | { to: string }                                      // a symbolic link
  | { text: string; mode?: number; uid?: number; gid?: number; mtime?: Us }
  | { program: string; size?: number; mode?: number; uid?: number }
  | { dev: string; rdev: readonly [number, number]; mode?: number; block?: boolean };

/** Lays a tree over a file system (owned). Later entries replace earlier ones. */
export function plant(fs: Fs, tree: Tree, mtime: Us): void {
  for (const [path, entry] of Object.entries(tree)) {
    const parts = path.split('/').filter(Boolean);
    const name = parts.pop();
    if (name === undefined) continue;
    const parent = ensureDir(fs, parts, mtime);
    const existing = (fs.inodes[parent] as Inode & { type: 'dir' }).entries[name];
    const inode = fromEntry(entry, mtime);
    if (existing === undefined) addInode(fs, parent, name, inode);
    else if (inode.type === 'dir') Object.assign(ownInode(fs, existing), { mode: inode.mode, uid: inode.uid, gid: inode.gid });
    else own(fs, 'inodes')[existing] = inode;
  }
}

function ensureDir(fs: Fs, parts: readonly string[], mtime: Us): number {
  let at = ROOT;
  for (const part of parts) {
    const dir = fs.inodes[at] as Inode & { type: 'dir' };
    let next = dir.entries[part];
    next ??= addInode(fs, at, part, { type: 'dir', mode: 0o755, uid: dir.uid, gid: dir.gid, mtime, attrs: '', nlink: 2, entries: {} });
    const inode = fs.inodes[next];
    if (inode?.type === 'symlink') next = ensureDir(fs, inode.target.startsWith('/') ? inode.target.split('/').filter(Boolean) : [...parts.slice(0, parts.indexOf(part)), ...inode.target.split('/')].filter(Boolean), mtime);
    at = next;
  }
  return at;
}

function fromEntry(entry: TreeEntry, mtime: Us): Inode {
  const meta = { uid: 0, gid: 0, mtime, attrs: '', nlink: 1 };
  if (typeof entry === 'string') return { ...meta, type: 'file', mode: 0o644, data: entry };
  if ('dir' in entry) return { ...meta, type: 'dir', mode: entry.mode ?? 0o755, uid: entry.uid ?? 0, gid: entry.gid ?? entry.uid ?? 0, nlink: 2, entries: {} };
  if ('to' in entry) return { ...meta, type: 'symlink', mode: 0o777, target: entry.to };
  if ('program' in entry) return { ...meta, type: 'file', mode: entry.mode ?? 0o755, uid: entry.uid ?? 0, data: binary(entry.program, entry.size ?? 40_000) };
  if ('dev' in entry) return { ...meta, type: entry.block ? 'block' : 'char', mode: entry.mode ?? 0o666, dev: entry.dev, rdev: entry.rdev };
  return { ...meta, type: 'file', mode: entry.mode ?? 0o644, uid: entry.uid ?? 0, gid: entry.gid ?? entry.uid ?? 0, mtime: entry.mtime ?? mtime, data: entry.text };
}
