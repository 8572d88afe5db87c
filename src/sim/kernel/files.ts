/**
 * The file calls: open to access, on resolved paths, with Linux's permissions and errors. CentOS 7's
 * kernel 3.10 answers EACCES where an immutable flag forbids (newer ones EPERM).
 */
import { own } from '../engine/cow.ts';
import { addInode, linkInode, ownInode, sizeOfInode, unlinkInode, type Inode } from '../host/fs.ts';
import { virtualList, virtualRead, virtualStat, virtualWrite } from '../host/procfs.ts';
import { byteLength } from '../proc/text.ts';
import type { Errno, Reply } from '../proc/program.ts';
import type { Calls, OpenFlags, Stat } from '../proc/syscalls.ts';
import type { Host, Proc } from '../world.ts';
import { install, lookup, mainOf, newOfd, newPipe, openPipeEnd } from './descriptors.ts';
import { fileLength, fileText, grow, hostReal, packed, setFileText, storedText, zerosOf, ZEROS_MAX } from './disk.ts';
import { bad, good, OK, type Block, type Handlers, type Kernel } from './kernel.ts';
import { may, resolvePath, type Found, type Missing } from './paths.ts';

const IMMUTABLE: Errno = 'EACCES';

/** Whether the process may change the entries of a directory; `victim`: the entry that goes (sticky bit). */
export function mayChange(host: Host, proc: Proc, parent: { fs: string; ino: number }, readonly: boolean, victim?: Inode): Errno | null {
  if (readonly) return 'EROFS';
  const dir = host.fs[parent.fs]!.inodes[parent.ino]!;
  if (dir.attrs.includes('i')) return IMMUTABLE;
  if (!may(proc, dir, 'w') || !may(proc, dir, 'x')) return 'EACCES';
  // may_delete(): what the entry itself or an append-only folder forbids is EPERM.
  if (victim && (victim.attrs.includes('i') || (victim.attrs + dir.attrs).includes('a'))) return 'EPERM';
  if (victim && (dir.mode & 0o1000) && proc.uid !== 0 && proc.uid !== victim.uid && proc.uid !== dir.uid) return 'EPERM';
  return null;
}

/** Makes a file, directory… at a missing path. */
function create(k: Kernel, host: Host, proc: Proc, at: Missing, inode: Partial<Inode> & { type: Inode['type'] }): { errno: Errno } | { ino: number } {
  const errno = mayChange(host, proc, at.parent, at.mount.readonly);
  if (errno) return { errno };
  if (!grow(host, inode.type === 'dir' ? 4096 : 0)) return { errno: 'ENOSPC' };
  const dir = host.fs[at.parent.fs]!.inodes[at.parent.ino]!;
  const mode = inode.type === 'symlink' ? 0o777 : (inode.mode ?? 0o666) & ~proc.umask;
  const made = { attrs: '', nlink: inode.type === 'dir' ? 2 : 1, mtime: hostReal(k, host), uid: proc.uid, gid: dir.mode & 0o2000 ? dir.gid : proc.gid, ...inode, mode } as Inode;
  return { ino: addInode(own(own(host, 'fs'), at.parent.fs), at.parent.ino, at.parent.name, made) };
}

const isHeld = (host: Host, fs: string) => (ino: number): boolean =>
  Object.values(host.ofds).some((ofd) => ofd.kind === 'file' && ofd.ino === ino && ofd.fs === fs);

function toStat(inode: Inode, ino: number, dev: string): Stat {
  const stat: Stat = { type: inode.type, mode: inode.mode, uid: inode.uid, gid: inode.gid, size: sizeOfInode(inode), mtime: inode.mtime, ino: ino + 2, nlink: inode.nlink, dev, attrs: inode.attrs };
  if (inode.type === 'symlink') stat.target = inode.target;
  if (inode.type === 'char' || inode.type === 'block') stat.rdev = inode.rdev;
  return stat;
}

function openFound(k: Kernel, host: Host, proc: Proc, found: Found, flags: OpenFlags): Reply | Block {
  const { inode, fs, ino, path } = found;
  if (flags.excl && flags.create) return bad('EEXIST');
  if (inode.type === 'dir' && flags.write) return bad('EISDIR');
  if ((flags.read || !flags.write) && !may(proc, inode, 'r')) return bad('EACCES');
  if (flags.write && !may(proc, inode, 'w')) return bad('EACCES');
  if (flags.write && found.mount.readonly) return bad('EROFS');
  if (flags.write && inode.attrs.includes('i')) return bad(IMMUTABLE);
  if (flags.write && inode.attrs.includes('a') && !flags.append) return bad('EPERM');
  const table = mainOf(k, host, proc);
  const name = proc.chroot !== '/' && path.startsWith(proc.chroot) ? path.slice(proc.chroot.length) || '/' : path;
  switch (inode.type) {
    case 'char': case 'block':
      if (inode.dev === 'tty') return proc.tty ? good(install(host, table, newOfd(k, host, { kind: 'tty', tty: proc.tty }))) : bad('ENXIO');
      return good(install(host, table, newOfd(k, host, { kind: 'device', dev: inode.dev })));
    case 'socket': return bad('ENXIO');
    case 'fifo': return openFifo(k, host, table, `${fs}:${ino}`, flags, name);
    default:
      if (flags.trunc && flags.write && inode.type === 'file' && (inode.data !== '' || inode.zeros)) {
        grow(host, -byteLength(inode.data) - zerosOf(inode));
        setFileText(host, fs, ino, '', hostReal(k, host));
      }
      return good(install(host, table, newOfd(k, host, { kind: 'file', fs, ino, path: name, at: 0, read: !!flags.read || !flags.write, write: !!flags.write, append: !!flags.append })));
  }
}

function openFifo(k: Kernel, host: Host, table: Proc, key: string, flags: OpenFlags, name: string): Reply {
  const existing = Object.entries(host.pipes).find(([, p]) => p.path === key);
  const pipe = existing ? Number(existing[0]) : newPipe(k, host, key);
  return good(install(host, table, openPipeEnd(k, host, pipe, flags.write ? 'write' : 'read', name)));
}

function open(k: Kernel, host: Host, proc: Proc, { path, flags, mode }: Calls['open'][0]): Reply | Block {
  const pty = /^\/dev\/(pts\/\d+|stdin|stdout|stderr|fd\/\d+)$/.exec(path);
  if (pty) return openSpecial(k, host, proc, pty[1]!);
  const at = resolvePath(host, proc, path);
  if ('errno' in at) return bad(at.errno);
  if ('virtual' in at) {
    const stat = virtualStat(k, host, proc, at.path);
    if (typeof stat === 'string') return bad(stat);
    if (flags.write && stat.type === 'dir') return bad('EISDIR');
    if (flags.write && at.mount.readonly) return bad('EROFS');
    if (flags.write && proc.uid !== 0 && !(stat.mode & 0o002)) return bad('EACCES');
    let text = '';
    if (flags.read || !flags.write) {
      const got = virtualRead(k, host, proc, at.path);
      if (!got.ok) return got;
      text = got.value;
    }
    return good(install(host, mainOf(k, host, proc), newOfd(k, host, { kind: 'virtual', path: at.path, text, at: 0, read: !flags.write || !!flags.read, write: !!flags.write })));
  }
  if ('found' in at) return openFound(k, host, proc, at.found, flags);
  if (!flags.create) return bad('ENOENT');
  if (path.endsWith('/')) return bad('EISDIR');
  const made = create(k, host, proc, at.missing, { type: 'file', mode: mode ?? 0o666, data: '' } as Partial<Inode> & { type: 'file' });
  if ('errno' in made) return bad(made.errno);
  const { fs } = at.missing.parent;
  return good(install(host, mainOf(k, host, proc), newOfd(k, host, { kind: 'file', fs, ino: made.ino, path: at.missing.path, at: 0, read: !!flags.read, write: true, append: !!flags.append })));
}

function openSpecial(k: Kernel, host: Host, proc: Proc, name: string): Reply {
  const table = mainOf(k, host, proc);
  if (name.startsWith('pts/')) {
    const tty = Object.values(k.world.ttys).find((t) => t.host === host.name && t.name === name && !t.closed);
    return tty ? good(install(host, table, newOfd(k, host, { kind: 'tty', tty: tty.id }))) : bad('ENOENT');
  }
  const fd = name === 'stdin' ? 0 : name === 'stdout' ? 1 : name === 'stderr' ? 2 : Number(name.slice(3));
  const id = table.fds[fd];
  return id === undefined ? bad('ENOENT') : good(install(host, table, id));
}

type FileOp = 'open' | 'stat' | 'fstat' | 'readdir' | 'mkdir' | 'rmdir' | 'unlink' | 'rename' | 'link' | 'symlink' | 'readlink'
  | 'chmod' | 'chown' | 'utimes' | 'setattr' | 'truncate' | 'mkfifo' | 'access' | 'chdir' | 'getcwd' | 'chroot' | 'readFile' | 'writeFile';

/** A found path or the errno of not having it. */
function must(host: Host, proc: Proc, path: string, follow = true): Found | Errno {
  const at = resolvePath(host, proc, path, follow);
  if ('errno' in at) return at.errno;
  if ('virtual' in at) return 'EPERM';
  return 'found' in at ? at.found : 'ENOENT';
}

/** Changes the inode at a path, if the caller owns it (or is root). `flags`: it is the attribute flags that change. */
function change(host: Host, proc: Proc, path: string, follow: boolean, edit: (inode: Inode) => void, rootOnly = false, flags = false): Reply {
  const found = must(host, proc, path, follow);
  if (typeof found === 'string') return bad(found);
  if (found.mount.readonly) return bad('EROFS');
  if (proc.uid !== 0 && (rootOnly || proc.uid !== found.inode.uid)) return bad('EPERM');
  if (/[ia]/.test(found.inode.attrs) && !flags) return bad('EPERM'); // notify_change()
  edit(ownInode(own(own(host, 'fs'), found.fs), found.ino));
  return OK;
}

export const fileCalls: Handlers<FileOp> = {
  open,
  stat(k, host, proc, { path, follow }) {
    const special = /^\/dev\/pts\/\d+$/.test(path) && Object.values(k.world.ttys).find((t) => t.host === host.name && `/dev/${t.name}` === path && !t.closed);
    if (special) return good({ type: 'char', mode: 0o620, uid: 1000, gid: 5, size: 0, mtime: hostReal(k, host), ino: 3, nlink: 1, dev: 'devpts', attrs: '', rdev: [136, Number(path.slice(9))] });
    const at = resolvePath(host, proc, path, follow ?? true);
    if ('errno' in at) return bad(at.errno);
    if ('missing' in at) return bad('ENOENT');
    if ('virtual' in at) {
      const stat = virtualStat(k, host, proc, at.path);
      return typeof stat === 'string' ? bad(stat) : good(stat);
    }
    return good(toStat(at.found.inode, at.found.ino, at.found.mount.source));
  },
  fstat(k, host, proc, { fd }) {
    const ofd = lookup(k, host, proc, fd);
    if (!ofd) return bad('EBADF');
    const plain = { mode: 0o600, uid: proc.uid, gid: proc.gid, size: 0, mtime: hostReal(k, host), ino: ofd.id, nlink: 1, dev: '', attrs: '' };
    if (ofd.kind === 'file') {
      const inode = host.fs[ofd.fs]!.inodes[ofd.ino];
      return inode ? good(toStat(inode, ofd.ino, ofd.fs)) : good({ ...plain, type: 'file' });
    }
    if (ofd.kind === 'virtual') return good({ ...plain, type: 'file' });
    const type = ofd.kind === 'pipe' ? 'fifo' : ofd.kind === 'socket' || ofd.kind === 'journal' ? 'socket' : 'char';
    return good({ ...plain, type });
  },
  readdir(k, host, proc, { path }) {
    const at = resolvePath(host, proc, path);
    if ('errno' in at) return bad(at.errno);
    if ('missing' in at) return bad('ENOENT');
    if ('virtual' in at) return virtualList(k, host, proc, at.path);
    const { inode } = at.found;
    if (inode.type !== 'dir') return bad('ENOTDIR');
    if (!may(proc, inode, 'r')) return bad('EACCES');
    const names = Object.keys(inode.entries);
    if (at.found.path === '/dev') names.push('pts', 'stdin', 'stdout', 'stderr', 'fd');
    if (at.found.path === '/') for (const m of host.roots[proc.root]!.mounts) if (/^\/[^/]+$/.test(m.target)) names.push(m.target.slice(1));
    return good([...new Set(names)].sort());
  },
  mkdir(k, host, proc, { path, mode }) {
    const at = resolvePath(host, proc, path);
    if ('errno' in at) return bad(at.errno);
    if (!('missing' in at)) return bad('EEXIST');
    const made = create(k, host, proc, at.missing, { type: 'dir', mode: mode ?? 0o777, entries: {} } as Partial<Inode> & { type: 'dir' });
    return 'errno' in made ? bad(made.errno) : OK;
  },
  rmdir(k, host, proc, { path }) {
    if (/(^|\/)\.\/*$/.test(path)) return bad('EINVAL');
    const found = must(host, proc, path, false);
    if (typeof found === 'string') return bad(found);
    if (found.inode.type !== 'dir') return bad('ENOTDIR');
    if (Object.keys(found.inode.entries).length) return bad('ENOTEMPTY');
    if (!found.parent || host.roots[proc.root]!.mounts.some((m) => m.target === found.path)) return bad('EBUSY');
    const errno = mayChange(host, proc, found.parent, found.mount.readonly, found.inode);
    if (errno) return bad(errno);
    unlinkInode(own(own(host, 'fs'), found.fs), found.parent.ino, found.parent.name, hostReal(k, host), () => false);
    return OK;
  },
  unlink(k, host, proc, { path }) {
    const found = must(host, proc, path, false);
    if (typeof found === 'string') return bad(found);
    if (found.inode.type === 'dir') return bad('EISDIR');
    if (!found.parent) return bad('EBUSY');
    const errno = mayChange(host, proc, found.parent, found.mount.readonly, found.inode);
    if (errno) return bad(errno);
    if (found.inode.nlink === 1) grow(host, -byteLength(storedText(found.inode)) - zerosOf(found.inode));
    unlinkInode(own(own(host, 'fs'), found.fs), found.parent.ino, found.parent.name, hostReal(k, host), isHeld(host, found.fs));
    return OK;
  },
  rename: renamePath,
  link(k, host, proc, { from, to }) {
    const found = must(host, proc, from, false);
    if (typeof found === 'string') return bad(found);
    if (found.inode.type === 'dir' || /[ia]/.test(found.inode.attrs)) return bad('EPERM');
    const at = resolvePath(host, proc, to, false);
    if ('errno' in at) return bad(at.errno);
    if (!('missing' in at)) return bad('EEXIST');
    if (at.missing.parent.fs !== found.fs) return bad('EXDEV');
    const errno = mayChange(host, proc, at.missing.parent, at.missing.mount.readonly);
    if (errno) return bad(errno);
    const fs = own(own(host, 'fs'), found.fs);
    ownInode(fs, found.ino).nlink++;
    linkInode(fs, at.missing.parent.ino, at.missing.parent.name, found.ino, hostReal(k, host));
    return OK;
  },
  symlink(k, host, proc, { target, path }) {
    const at = resolvePath(host, proc, path, false);
    if ('errno' in at) return bad(at.errno);
    if (!('missing' in at)) return bad('EEXIST');
    const made = create(k, host, proc, at.missing, { type: 'symlink', target } as Partial<Inode> & { type: 'symlink' });
    return 'errno' in made ? bad(made.errno) : OK;
  },
  readlink(k, host, proc, { path }) {
    const at = resolvePath(host, proc, path, false);
    if ('virtual' in at) {
      const stat = virtualStat(k, host, proc, at.path);
      return typeof stat === 'string' ? bad(stat) : stat.target === undefined ? bad('EINVAL') : good(stat.target);
    }
    if ('errno' in at) return bad(at.errno);
    if ('missing' in at) return bad('ENOENT');
    return at.found.inode.type === 'symlink' ? good(at.found.inode.target) : bad('EINVAL');
  },
  chmod: (_k, host, proc, { path, mode }) => change(host, proc, path, true, (inode) => { inode.mode = mode & 0o7777; }),
  chown(_k, host, proc, { path, uid, gid, follow }) {
    const rootOnly = uid !== undefined || (gid !== undefined && gid !== proc.gid && !proc.groups.includes(gid));
    return change(host, proc, path, follow ?? true, (inode) => { inode.uid = uid ?? inode.uid; inode.gid = gid ?? inode.gid; }, rootOnly);
  },
  utimes: (_k, host, proc, { path, mtime, follow }) => change(host, proc, path, follow ?? true, (inode) => { inode.mtime = mtime; }),
  setattr: (_k, host, proc, { path, attrs }) => change(host, proc, path, true, (inode) => { inode.attrs = attrs; }, true, true),
  truncate(k, host, proc, { path, size }) {
    const found = must(host, proc, path);
    if (typeof found === 'string') return bad(found);
    if (found.inode.type === 'dir') return bad('EISDIR');
    if (!may(proc, found.inode, 'w') || found.inode.attrs.includes('i')) return bad('EACCES');
    if (found.inode.attrs.includes('a')) return bad('EPERM');
    const text = storedText(found.inode);
    if (!grow(host, size - fileLength(found.inode))) return bad('ENOSPC');
    setFileText(host, found.fs, found.ino, text.slice(0, size), hostReal(k, host), Math.max(0, size - text.length));
    return OK;
  },
  mkfifo(k, host, proc, { path, mode }) {
    const at = resolvePath(host, proc, path);
    if ('errno' in at) return bad(at.errno);
    if (!('missing' in at)) return bad('EEXIST');
    const made = create(k, host, proc, at.missing, { type: 'fifo', mode: mode ?? 0o666 } as Partial<Inode> & { type: 'fifo' });
    return 'errno' in made ? bad(made.errno) : OK;
  },
  access(k, host, proc, { path, mode }) {
    const at = resolvePath(host, proc, path);
    if ('errno' in at) return bad(at.errno);
    if ('missing' in at) return bad('ENOENT');
    if ('virtual' in at) {
      const stat = virtualStat(k, host, proc, at.path);
      if (typeof stat === 'string') return bad(stat);
      return mode === 'f' || proc.uid === 0 || (stat.mode & (mode === 'r' ? 4 : mode === 'w' ? 2 : 1)) ? OK : bad('EACCES');
    }
    if (mode === 'w' && at.found.mount.readonly) return bad('EROFS');
    if (mode === 'w' && at.found.inode.attrs.includes('i')) return bad(IMMUTABLE);
    return mode === 'f' || may(proc, at.found.inode, mode) ? OK : bad('EACCES');
  },
  chdir(k, host, proc, { path }) {
    const at = resolvePath(host, proc, path);
    if ('errno' in at) return bad(at.errno);
    if ('missing' in at) return bad('ENOENT');
    if ('virtual' in at) {
      const stat = virtualStat(k, host, proc, at.path);
      if (typeof stat === 'string' || stat.type !== 'dir') return bad(typeof stat === 'string' ? stat : 'ENOTDIR');
    } else {
      if (at.found.inode.type !== 'dir') return bad('ENOTDIR');
      if (!may(proc, at.found.inode, 'x')) return bad('EACCES');
    }
    mainOf(k, host, proc).cwd = 'virtual' in at ? at.path : at.found.path;
    return good(seen(proc, mainOf(k, host, proc).cwd));
  },
  getcwd: (k, host, proc) => good(seen(proc, mainOf(k, host, proc).cwd)),
  chroot(_k, host, proc, { path }) {
    if (proc.uid !== 0) return bad('EPERM');
    const found = must(host, proc, path);
    if (typeof found === 'string') return bad(found);
    if (found.inode.type !== 'dir') return bad('ENOTDIR');
    proc.chroot = found.path;
    return OK;
  },
  readFile(k, host, proc, { path }) {
    const at = resolvePath(host, proc, path);
    if ('errno' in at) return bad(at.errno);
    if ('missing' in at) return bad('ENOENT');
    if ('virtual' in at) return virtualRead(k, host, proc, at.path);
    const { inode } = at.found;
    if (inode.type === 'dir') return bad('EISDIR');
    if (!may(proc, inode, 'r')) return bad('EACCES');
    if (zerosOf(inode) > ZEROS_MAX) return bad('EFBIG');
    return inode.type === 'file' ? good(fileText(inode)) : good('');
  },
  writeFile,
};

/** The namespace's path as a process inside its chroot sees it. */
const seen = (proc: Proc, path: string): string =>
  (proc.chroot === '/' ? path : path.startsWith(proc.chroot) ? path.slice(proc.chroot.length) || '/' : `(unreachable)${path}`);

function writeFile(k: Kernel, host: Host, proc: Proc, { path, text, append, mode }: Calls['writeFile'][0]): Reply {
  const at = resolvePath(host, proc, path);
  if ('errno' in at) return bad(at.errno);
  if ('virtual' in at) {
    if (at.mount.readonly) return bad('EROFS');
    const errno = virtualWrite(k, host, proc, at.path, text);
    return errno ? bad(errno) : OK;
  }
  if ('missing' in at) {
    if (!grow(host, byteLength(text))) return bad('ENOSPC');
    const kept = packed(text);
    const made = create(k, host, proc, at.missing, { type: 'file', mode: mode ?? 0o666, data: kept.data, ...(kept.zeros ? { zeros: kept.zeros } : {}) } as Partial<Inode> & { type: 'file' });
    return 'errno' in made ? bad(made.errno) : OK;
  }
  const { inode, fs, ino, mount } = at.found;
  if (inode.type === 'dir') return bad('EISDIR');
  if (inode.type !== 'file') return OK;
  if (mount.readonly) return bad('EROFS');
  if (!may(proc, inode, 'w')) return bad('EACCES');
  if (inode.attrs.includes('i')) return bad(IMMUTABLE);
  if (inode.attrs.includes('a') && !append) return bad('EPERM');
  if (append && zerosOf(inode) > ZEROS_MAX) return bad('EFBIG');
  const next = append ? fileText(inode) + text : text;
  if (!grow(host, append ? byteLength(text) : byteLength(text) - byteLength(inode.data) - zerosOf(inode))) return bad('ENOSPC');
  setFileText(host, fs, ino, next, hostReal(k, host), 0, text);
  k.wake(host, `file:${fs}:${ino}`);
  return OK;
}

function renamePath(k: Kernel, host: Host, proc: Proc, { from, to }: Calls['rename'][0]): Reply {
  const found = must(host, proc, from, false);
  if (typeof found === 'string') return bad(found);
  if (!found.parent) return bad('EBUSY');
  const at = resolvePath(host, proc, to, false);
  if ('errno' in at) return bad(at.errno);
  if ('virtual' in at) return bad('EXDEV');
  const now = hostReal(k, host);
  const target = 'found' in at ? at.found : null;
  const into = target ? target.parent : 'missing' in at ? at.missing.parent : null;
  if (!into) return bad('EBUSY');
  if (into.fs !== found.fs) return bad('EXDEV');
  if (target && target.ino === found.ino) return OK;
  const toPath = target ? target.path : 'missing' in at ? at.missing.path : '';
  if (found.inode.type === 'dir' && `${toPath}/`.startsWith(`${found.path}/`)) return bad('EINVAL');
  if (target) {
    if (target.inode.type === 'dir' && found.inode.type !== 'dir') return bad('EISDIR');
    if (target.inode.type !== 'dir' && found.inode.type === 'dir') return bad('ENOTDIR');
    if (target.inode.type === 'dir' && Object.keys(target.inode.entries).length) return bad('ENOTEMPTY');
  }
  const errno = mayChange(host, proc, found.parent, found.mount.readonly, found.inode)
    ?? mayChange(host, proc, into, found.mount.readonly, target?.inode);
  if (errno) return bad(errno);
  const fs = own(own(host, 'fs'), found.fs);
  if (target) unlinkInode(fs, into.ino, into.name, now, isHeld(host, found.fs));
  const dir = ownInode(fs, found.parent.ino) as Inode & { type: 'dir' };
  delete own(dir, 'entries')[found.parent.name];
  dir.mtime = now;
  linkInode(fs, into.ino, into.name, found.ino, now);
  if (found.inode.type === 'dir' && into.ino !== found.parent.ino) { dir.nlink--; ownInode(fs, into.ino).nlink++; }
  return OK;
}
