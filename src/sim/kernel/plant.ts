/**
 * Files put on a host from outside, as its ordinary user would have put them: with that user's rights, on a
 * disk that may be full.
 */
import { own } from '../engine/cow.ts';
import { addInode, type Inode } from '../host/fs.ts';
import { byteLength } from '../proc/text.ts';
import type { Errno } from '../proc/program.ts';
import type { Host } from '../world.ts';
import { grow, hostReal, setFileText } from './disk.ts';
import { mayChange } from './files.ts';
import type { Kernel } from './kernel.ts';
import { may, resolvePath, type Found } from './paths.ts';
import { blankProc } from './process.ts';

const HOME = '/home/vagrant';
const USER = 1000;

export function plantFile(k: Kernel, hostName: string, path: string, content: string, mode: number): { ok: true } | { ok: false; error: string } {
  const refuse = (errno: Errno): { ok: false; error: string } => ({ ok: false, error: `path ${path}: ${errno}` });
  if (!Object.hasOwn(k.world.hosts, hostName)) return { ok: false, error: `unknown node ${hostName}` };
  const host = k.host(hostName);
  if (!host.up) return { ok: false, error: `node ${hostName} is down` };
  const user = blankProc(host, 0, { uid: USER, gid: USER, cwd: HOME });
  const at = resolvePath(host, user, path);
  if ('errno' in at) return refuse(at.errno);
  if ('virtual' in at) return refuse('EACCES');
  const errno = 'found' in at ? mayReplace(at.found, user.uid, may(user, at.found.inode, 'w')) : path.endsWith('/') ? 'EISDIR' : mayChange(host, user, at.missing.parent, at.missing.mount.readonly);
  if (errno) return refuse(errno);
  const before = 'found' in at ? at.found.inode as Inode & { type: 'file' } : null;
  if (!grow(host, byteLength(content) - (before ? byteLength(before.data) + (before.zeros ?? 0) : 0))) return refuse('ENOSPC');
  const mtime = hostReal(k, host);
  if ('found' in at) replace(host, at.found, content, mode, mtime);
  else {
    const { parent } = at.missing;
    addInode(own(own(host, 'fs'), parent.fs), parent.ino, parent.name, { type: 'file', data: content, mode, uid: USER, gid: USER, mtime, attrs: '', nlink: 1 });
  }
  return { ok: true };
}

function mayReplace({ inode, mount }: Found, uid: number, writable: boolean): Errno | null {
  if (inode.type === 'dir') return 'EISDIR';
  if (mount.readonly) return 'EROFS';
  if (inode.type !== 'file' || inode.attrs || !writable) return 'EACCES';
  return inode.uid === uid ? null : 'EPERM'; // the mode is set too, and only the owner may
}

function replace(host: Host, { fs, ino }: Found, content: string, mode: number, mtime: number): void {
  setFileText(host, fs, ino, content, mtime);
  host.fs[fs]!.inodes[ino]!.mode = mode;
}
