/**
 * Files put on a host from outside, as its ordinary user would have put them.
 */
import { own } from '../engine/cow.ts';
import { addInode, ownInode, type Inode } from '../host/fs.ts';
import { hostReal } from './disk.ts';
import type { Kernel } from './kernel.ts';
import { resolvePath } from './paths.ts';
import { blankProc } from './process.ts';

const HOME = '/home/vagrant';

export function plantFile(k: Kernel, hostName: string, path: string, content: string, mode: number): { ok: true } | { ok: false; error: string } {
  if (!k.world.hosts[hostName]) return { ok: false, error: `unknown node ${hostName}` };
  const host = k.host(hostName);
  const asUser = blankProc(host, 0, { uid: 1000, gid: 1000, cwd: HOME });
  const at = resolvePath(host, asUser, path);
  if ('errno' in at) return { ok: false, error: `path ${path}: ${at.errno}` };
  if ('virtual' in at) return { ok: false, error: `path ${path}: EPERM` };
  const mtime = hostReal(k, host);
  if ('found' in at) {
    if (at.found.inode.type !== 'file') return { ok: false, error: `path ${path}: EISDIR` };
    const inode = ownInode(own(own(host, 'fs'), at.found.fs), at.found.ino) as Inode & { type: 'file' };
    Object.assign(inode, { data: content, mode, mtime });
  } else {
    const { parent } = at.missing;
    addInode(own(own(host, 'fs'), parent.fs), parent.ino, parent.name, { type: 'file', data: content, mode, uid: 1000, gid: 1000, mtime, attrs: '', nlink: 1 });
  }
  return { ok: true };
}
