/**
 * Mounts, the room left on file systems, and how long the disk takes to make something last.
 */
import { entries } from '../engine/pages.ts';
import { own } from '../engine/cow.ts';
import { emptyFs } from '../host/fs.ts';
import type { Reply } from '../proc/program.ts';
import type { Calls } from '../proc/syscalls.ts';
import type { Host, Mount, Proc } from '../world.ts';
import { diskUsedKb } from './disk.ts';
import { bad, good, OK, type Handlers, type Kernel } from './kernel.ts';
import { resolvePath } from './paths.ts';

const VIRTUAL: ReadonlySet<string> = new Set(['proc', 'sysfs', 'devtmpfs', 'devpts', 'cgroup', 'securityfs', 'debugfs', 'mqueue']);

function mount(k: Kernel, host: Host, proc: Proc, { source, target, type, options }: Calls['mount'][0]): Reply {
  if (proc.uid !== 0) return bad('EPERM');
  const at = resolvePath(host, proc, target);
  if ('errno' in at) return bad(at.errno);
  if (!('found' in at)) return bad('ENOENT');
  if (at.found.inode.type !== 'dir' && type !== 'none') return bad('ENOTDIR');
  const words = options.split(',');
  const root = own(own(host, 'roots'), proc.root);
  const readonly = words.includes('ro');
  if (words.includes('remount')) {
    const index = root.mounts.findLastIndex((m) => m.target === at.found.path);
    if (index < 0) return bad('EINVAL');
    const rest = root.mounts[index]!.options.split(',').filter((word) => word !== 'ro' && word !== 'rw');
    root.mounts = root.mounts.map((m, i) => (i === index ? { ...m, readonly, options: [readonly ? 'ro' : 'rw', ...rest].join(',') } : m));
    k.disturb();
    return OK;
  }
  const shown = [readonly ? 'ro' : 'rw', 'relatime'].join(',');
  if (words.includes('bind') || words.includes('rbind')) {
    const from = resolvePath(host, proc, source);
    if (!('found' in from)) return bad('ENOENT');
    const base = from.found.mount.target === '/' ? from.found.path : from.found.path.slice(from.found.mount.target.length);
    const inside = `${from.found.mount.base === '/' ? '' : from.found.mount.base}${base}` || '/';
    root.mounts = [...root.mounts, { target: at.found.path, fs: from.found.fs, base: inside, source: from.found.mount.source, type: from.found.mount.type, options: shown, readonly }];
    k.disturb();
    return OK;
  }
  if (VIRTUAL.has(type)) { root.mounts = [...root.mounts, { target: at.found.path, fs: '', base: '/', source, type, options: shown, readonly }]; return OK; }
  if (type !== 'tmpfs') return bad(source.startsWith('/dev/') ? 'ENXIO' : 'ENODEV');
  const id = `tmpfs:${++own(k.world, 'ids').inode}`;
  own(host, 'fs')[id] = emptyFs('tmpfs', k.world.now);
  root.mounts = [...root.mounts, { target: at.found.path, fs: id, base: '/', source, type, options: shown, readonly }];
  return OK;
}

function umount(k: Kernel, host: Host, proc: Proc, target: string): Reply {
  if (proc.uid !== 0) return bad('EPERM');
  const at = resolvePath(host, proc, target);
  if ('errno' in at) return bad(at.errno);
  const path = 'found' in at ? at.found.path : 'virtual' in at ? at.mount.target : '';
  const root = own(own(host, 'roots'), proc.root);
  const index = root.mounts.findLastIndex((m) => m.target === path);
  if (index < 0) return bad('EINVAL');
  if (path === '/' || busy(host, proc.root, path)) return bad('EBUSY');
  root.mounts = root.mounts.filter((_, i) => i !== index);
  k.disturb();
  return OK;
}

const within = (path: string, folder: string): boolean => path === folder || path.startsWith(`${folder}/`);

/** Whether a process works under a mount. */
const busy = (host: Host, root: string, path: string): boolean =>
  entries(host.procs).some((p) => p.root === root && !p.exit && within(p.cwd, path))
  || host.roots[root]!.mounts.some((m) => m.target !== path && within(m.target, path));

function statfs(host: Host, proc: Proc, path: string): Reply {
  const at = resolvePath(host, proc, path);
  if ('errno' in at) return bad(at.errno);
  if ('missing' in at) return bad('ENOENT');
  const mounted: Mount = 'virtual' in at ? at.mount : at.found.mount;
  const common = { source: mounted.source, type: mounted.type, target: mounted.target };
  if ('virtual' in at || VIRTUAL.has(mounted.type)) return good({ ...common, size: 0, used: 0, available: 0, inodes: 0, inodesUsed: 0 });
  if (mounted.type === 'tmpfs') {
    const size = Math.floor(host.memory.totalKb / 2) * 1024;
    const files = host.fs[mounted.fs]?.inodes.filter(Boolean).length ?? 1;
    const used = 4096 * files;
    return good({ ...common, size, used, available: size - used, inodes: Math.floor(host.memory.totalKb / 8), inodesUsed: files });
  }
  const size = host.disk.sizeKb * 1024;
  const used = Math.min(size, diskUsedKb(host) * 1024);
  const files = Object.values(host.fs).reduce((n, fs) => n + fs.inodes.length - fs.free.length, 0);
  return good({ ...common, size, used, available: size - used, inodes: Math.floor(host.disk.sizeKb / 2), inodesUsed: 31_000 + files });
}

export const mountCalls: Handlers<'mounts' | 'mount' | 'umount' | 'statfs' | 'fsync'> = {
  mounts(_k, host, proc) {
    const chroot = proc.chroot === '/' ? '' : proc.chroot;
    const list = (host.roots[proc.root]?.mounts ?? []).filter((m) => chroot === '' || within(m.target, chroot));
    return good(list.map((m) => ({ source: m.source, target: m.target.slice(chroot.length) || '/', type: m.type, options: m.options })));
  },
  mount,
  umount: (k, host, proc, { target }) => umount(k, host, proc, target),
  statfs: (_k, host, proc, { path }) => statfs(host, proc, path),
  fsync(k, host, _proc, _args, attempt) {
    if (attempt.timedOut || host.disk.fsyncUs <= 0) return OK;
    const base = host.disk.fsyncUs;
    return { block: [], timeoutUs: base + k.random(`${host.name}/disk`, Math.max(1, Math.floor(base / 4))) };
  },
};
