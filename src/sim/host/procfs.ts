/**
 * /proc and /sys: views of the machine's state, made when they are read. Paths are those of the caller's
 * mount namespace. Imitates proc(5) and sysfs of Linux 3.10; what is not listed here does not exist.
 */
import { entry } from '../engine/pages.ts';
import { EPOCH_MS, type Us } from '../engine/time.ts';
import { cellVisible, readCell, writeCell } from '../net/sysctl.ts';
import type { Errno, Result } from '../proc/program.ts';
import type { Stat } from '../proc/syscalls.ts';
import { byteLength } from '../proc/text.ts';
import type { Host, Proc, World } from '../world.ts';
import { MACHINE_FILES } from './procfs-machine.ts';
import { NET_FILES } from './procfs-net.ts';
import { PROCESS_FILES, visibleProcesses } from './procfs-process.ts';
import { SELINUX_CELL, SYS } from './sysfs.ts';
import { cellPath, isReadOnly, kernelBuild, parseCell } from './sysctl.ts';

/** What a view needs of the kernel. */
export interface View { world: World; disturb(): void }
export interface Reader { k: View; host: Host; proc: Proc }

/** A folder (its names), a file (its text), a link (its target). */
export type Node =
  | { dir: readonly string[] }
  | { text: () => string; mode?: number; uid?: number; write?: (text: string) => Errno | null }
  | { link: string };

const file = (text: () => string): Node => ({ text });

/** The node at a path, or null. */
function look(r: Reader, path: string): Node | null {
  const parts = path.split('/').filter(Boolean);
  const top = parts.shift();
  if (top === 'sys') return SYS(r, parts);
  if (top !== 'proc') return null;
  return lookProc(r, parts);
}

function lookProc(r: Reader, parts: readonly string[]): Node | null {
  const [name, ...rest] = parts;
  if (name === undefined) {
    const pids = visibleProcesses(r).map(([pid]) => String(pid));
    return { dir: [...Object.keys(MACHINE_FILES), 'net', 'self', 'sys', ...pids].sort(byCodeUnit) };
  }
  const machine = MACHINE_FILES[name];
  if (machine) return rest.length ? null : file(() => machine(r));
  if (name === 'sys') return lookCells(r, rest);
  if (name === 'self') {
    const main = r.proc.threadOf ?? r.proc.pid;
    const own = visibleProcesses(r).find(([, p]) => p.pid === main);
    if (!own) return null;
    return rest.length ? lookProcess(r, own[1], rest) : { link: String(own[0]) };
  }
  if (name === 'net') return lookNet(r, r.proc.netns, rest);
  if (!/^\d+$/.test(name)) return null;
  const target = visibleProcesses(r).find(([pid]) => String(pid) === name);
  return target ? lookProcess(r, target[1], rest) : null;
}

function lookNet(r: Reader, netns: string, rest: readonly string[]): Node | null {
  const ns = r.host.ns[netns];
  if (!ns) return null;
  if (!rest.length) return { dir: Object.keys(NET_FILES).sort(byCodeUnit) };
  const make = rest.length === 1 ? NET_FILES[rest[0]!] : undefined;
  return make ? file(() => make(r, ns)) : null;
}

function lookProcess(r: Reader, target: Proc, rest: readonly string[]): Node | null {
  const [name, ...deeper] = rest;
  if (name === undefined) return { dir: [...Object.keys(PROCESS_FILES), 'fd', 'net', 'ns', 'task', 'cwd', 'exe', 'root'].sort(byCodeUnit) };
  if (name === 'net') return lookNet(r, target.netns, deeper);
  if (name === 'fd') return lookFds(r, target, deeper);
  if (name === 'ns') {
    if (!deeper.length) return { dir: ['ipc', 'mnt', 'net', 'pid', 'user', 'uts'] };
    return deeper.length === 1 ? { link: namespaceOf(r.host, target, deeper[0]!) } : null;
  }
  if (name === 'task') return deeper.length ? null : { dir: [String(target.pid)] };
  if (deeper.length) return null;
  const path = (at: string): string => (target.chroot !== '/' && at.startsWith(target.chroot) ? at.slice(target.chroot.length) || '/' : at);
  if (name === 'cwd') return { link: path(target.cwd) };
  if (name === 'root') return { link: target.chroot };
  if (name === 'exe') return { link: path(target.exe) };
  const make = PROCESS_FILES[name];
  if (!make) return null;
  const secret = name === 'environ' || name === 'io';
  return { text: () => make(r, target), mode: secret ? 0o400 : 0o444, uid: target.uid };
}

function lookFds(r: Reader, target: Proc, rest: readonly string[]): Node | null {
  if (!rest.length) return { dir: Object.keys(target.fds).sort(byCodeUnit) };
  const ofd = r.host.ofds[target.fds[Number(rest[0])] ?? -1];
  if (!ofd || rest.length > 1) return null;
  switch (ofd.kind) {
    case 'file': case 'virtual': return { link: ofd.path };
    case 'device': return { link: `/dev/${ofd.dev}` };
    case 'pipe': return { link: ofd.path ?? `pipe:[${ofd.pipe}]` };
    case 'tty': return { link: `/dev/${r.k.world.ttys[ofd.tty]?.name ?? 'tty'}` };
    case 'socket': return { link: `socket:[${entry(r.host.ns[ofd.ns]!.sockets, ofd.socket)?.inode ?? 0}]` };
    case 'journal': return { link: 'socket:[1]' };
    default: return { link: 'pipe:[0]' };
  }
}

/** Inode numbers of namespaces: the same for those who share one. */
function namespaceOf(host: Host, target: Proc, kind: string): string {
  const of = kind === 'net' ? target.netns : kind === 'user' ? 'host' : kind === 'pid' ? host.roots[target.root]?.pidns ?? 'host' : target.root;
  const names = kind === 'net' ? Object.keys(host.ns) : Object.keys(host.roots);
  const base = { ipc: 0, mnt: 1, net: 2, pid: 3, user: 4, uts: 5 }[kind] ?? 6;
  return `${kind}:[${4_026_531_835 + base + 8 * Math.max(0, names.indexOf(of))}]`;
}

// ---- /proc/sys

/** What a cell shows now; undefined when there is no such cell for this reader. */
function cellValue({ k, host, proc }: Reader, key: string): string | undefined {
  if (key.startsWith('net.')) {
    const ns = host.ns[proc.netns];
    return ns && cellVisible(key, host.modules) ? readCell(ns, key) : undefined;
  }
  switch (key) {
    case 'kernel.hostname': return host.roots[proc.root]?.hostname ?? host.hostname;
    case 'kernel.osrelease': return host.kernel;
    case 'kernel.version': return kernelBuild(host);
    case 'kernel.random.boot_id': return dashed(host.bootId);
    case 'kernel.random.uuid': return dashed((host.bootId + String(k.world.seq).padStart(32, '0')).slice(-32));
    default: return host.sysctl[key];
  }
}

const dashed = (id: string): string => id.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');

function cellKeys({ host, proc }: Reader): string[] {
  const ns = host.ns[proc.netns];
  const net = ns ? Object.keys(ns.sysctl).filter((key) => cellVisible(key, host.modules)) : [];
  return [...Object.keys(host.sysctl).filter((key) => key !== SELINUX_CELL), ...net];
}

function lookCells(r: Reader, rest: readonly string[]): Node | null {
  const key = rest.join('.');
  const value = key ? cellValue(r, key) : undefined;
  if (value !== undefined) {
    const fixed = isReadOnly(key);
    return { text: () => `${cellValue(r, key) ?? ''}\n`, mode: fixed ? 0o444 : 0o644, write: (text) => writeKey(r, key, text) };
  }
  const names = new Set<string>();
  for (const other of cellKeys(r)) {
    if (rest[0] && !other.startsWith(rest[0])) continue;
    const parts = cellPath(other);
    if (parts.length > rest.length && rest.every((part, i) => parts[i] === part)) names.add(parts[rest.length]!);
  }
  return names.size ? { dir: [...names].sort(byCodeUnit) } : null;
}

function writeKey(r: Reader, key: string, text: string): Errno | null {
  const { k, host, proc } = r;
  if (key.startsWith('net.')) {
    const ns = { ...host.ns[proc.netns]! };
    const errno = writeCell(ns, key, text);
    if (errno) return errno;
    host.ns = { ...host.ns, [proc.netns]: ns };
    k.disturb();
    return null;
  }
  if (isReadOnly(key)) return 'EACCES';
  const parsed = parseCell(key, host.sysctl[key] ?? '', text);
  if ('errno' in parsed) return parsed.errno;
  host.sysctl = { ...host.sysctl, [key]: parsed.value };
  if (key === 'kernel.hostname') {
    const root = host.roots[proc.root];
    if (root) host.roots = { ...host.roots, [proc.root]: { ...root, hostname: parsed.value } };
    if (proc.root === 'host') host.hostname = parsed.value;
  }
  k.disturb();
  return null;
}

// ---- what the kernel's file calls ask

const byCodeUnit = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** A stable inode number for a path. */
function inodeOf(path: string): number {
  let h = 17;
  for (let i = 0; i < path.length; i++) h = (h * 31 + path.charCodeAt(i)) % 4_194_301;
  return 4_026_000_000 + h;
}

export function virtualStat(k: View, host: Host, proc: Proc, path: string): Stat | Errno {
  const node = look({ k, host, proc }, path);
  if (!node) return 'ENOENT';
  const mtime: Us = EPOCH_MS * 1000 + host.bootAt;
  const common = { uid: 0, gid: 0, mtime, ino: inodeOf(path), dev: path.startsWith('/sys') ? 'sysfs' : 'proc', attrs: '' };
  if ('dir' in node) return { ...common, type: 'dir', mode: 0o555, size: 0, nlink: 2 };
  if ('link' in node) return { ...common, type: 'symlink', mode: 0o777, size: byteLength(node.link), nlink: 1, target: node.link };
  return { ...common, type: 'file', mode: node.mode ?? 0o444, uid: node.uid ?? 0, size: path.startsWith('/sys') ? 4096 : 0, nlink: 1 };
}

export function virtualList(k: View, host: Host, proc: Proc, path: string): Result<readonly string[]> {
  const node = look({ k, host, proc }, path);
  if (!node) return { ok: false, errno: 'ENOENT' };
  return 'dir' in node ? { ok: true, value: node.dir } : { ok: false, errno: 'ENOTDIR' };
}

export function virtualRead(k: View, host: Host, proc: Proc, path: string): Result<string> {
  const node = look({ k, host, proc }, path);
  if (!node) return { ok: false, errno: 'ENOENT' };
  if ('dir' in node) return { ok: false, errno: 'EISDIR' };
  if ('link' in node) return { ok: false, errno: 'EINVAL' };
  if (node.mode !== undefined && !(node.mode & 0o004) && proc.uid !== 0 && proc.uid !== node.uid) return { ok: false, errno: 'EACCES' };
  return { ok: true, value: node.text() };
}

export function virtualReadlink(k: View, host: Host, proc: Proc, path: string): Result<string> {
  const node = look({ k, host, proc }, path);
  if (!node) return { ok: false, errno: 'ENOENT' };
  return 'link' in node ? { ok: true, value: node.link } : { ok: false, errno: 'EINVAL' };
}

/** An errno, or null when it is written. The host must be owned. */
export function virtualWrite(k: View, host: Host, proc: Proc, path: string, text: string): Errno | null {
  const node = look({ k, host, proc }, path);
  if (!node) return 'ENOENT';
  if ('dir' in node) return 'EISDIR';
  if (!('text' in node) || !node.write) return proc.uid === 0 ? 'EIO' : 'EACCES';
  if (proc.uid !== 0) return 'EACCES';
  return node.write(text);
}
