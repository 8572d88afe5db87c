/**
 * The calls about the machine itself: its modules, clock, name, journal, mounts, power. What the power
 * switch does is in power.ts, containers' roots and namespaces are in containers.ts.
 */
import { entries } from '../engine/pages.ts';
import { append, items, toArray } from '../engine/chunked.ts';
import { own } from '../engine/cow.ts';
import { EPOCH_MS } from '../engine/time.ts';
import { MODULE_FILES, moduleName } from '../host/modules.ts';
import { loadAverages } from '../host/load.ts';
import { CPUS, memoryOf } from '../host/procfs-machine.ts';
import { kernelBuild } from '../host/sysctl.ts';
import { writeCell } from '../net/sysctl.ts';
import type { Errno, Reply } from '../proc/program.ts';
import type { Host, Proc } from '../world.ts';
import { containerCalls } from './containers.ts';
import { mainOf } from './descriptors.ts';
import { hostReal } from './disk.ts';
import { bad, good, OK, type Handlers, type Kernel } from './kernel.ts';
import { mountCalls } from './mounts.ts';
import { cutPower } from './power.ts';

export { onPower, powerOff, powerOn } from './power.ts';

const DMESG_MAX = 2_000;
const JOURNAL_MAX = 20_000;

/** A line in the kernel's ring buffer, which the journal also carries. */
export function kernelMessage(k: Kernel, host: Host, message: string): void {
  append(own(host, 'dmesg'), { at: k.world.now - host.bootAt, message }, DMESG_MAX);
  journalAppend(k, host, 'host', { ident: 'kernel', message, pid: null, unit: null, priority: 6, uid: 0 });
}

interface Message { ident: string; message: string; pid: number | null; unit: string | null; priority: number; uid: number }

export function journalAppend(k: Kernel, host: Host, root: string, entry: Message): void {
  const journals = own(host, 'journals');
  if (!journals[root]) return;
  append(own(journals, root), { ...entry, at: hostReal(k, host), boot: host.bootId }, JOURNAL_MAX);
  k.wake(host, `journal:${root}`);
}

/** Whose journal a process writes to and reads: that of its pid namespace, or the host's. */
function journalOf(host: Host, proc: Proc): string {
  const ns = host.roots[proc.root]?.pidns ?? 'host';
  return host.journals[ns] ? ns : 'host';
}

/** Who may read every journal: systemd-journal of CentOS and of Debian, and adm. */
const READERS: readonly number[] = [190, 101, 4];
const mayRead = (proc: Proc): boolean => proc.uid === 0 || proc.groups.some((gid) => READERS.includes(gid));

// ---- modules

const usersOf = (host: Host, name: string): string[] => host.moduleOrder.filter((other) => MODULE_FILES[other]?.needs.includes(name));

/** Counts what holds a module without being one: mounts, bridges, pods' interfaces. */
function refsOf(host: Host, name: string): number {
  const base = host.modules[name]?.refs ?? 0;
  if (name === 'overlay') return base + Object.values(host.roots).filter((root) => root.mounts.some((m) => m.type === 'overlay')).length;
  if (name === 'xfs') return base + 1;
  return base;
}

export function loadModule(k: Kernel, host: Host, name: string, params: string): Errno | null {
  if (host.modules[name]) return null;
  const file = MODULE_FILES[name];
  if (!file) return 'ENOENT';
  for (const need of file.needs) {
    const errno = loadModule(k, host, need, '');
    if (errno) return errno;
  }
  own(host, 'modules')[name] = { refs: 0, params };
  host.moduleOrder = [name, ...host.moduleOrder];
  if (name === 'br_netfilter') {
    resetBridgeCells(host);
    kernelMessage(k, host, 'bridge: filtering via arp/ip/ip6tables is no longer available by default. Update your scripts to load br_netfilter if you need this.');
  }
  if (name === 'overlay') kernelMessage(k, host, 'overlayfs: module loaded');
  k.disturb();
  return null;
}

/** A freshly loaded br_netfilter has every switch on. */
function resetBridgeCells(host: Host): void {
  for (const id of Object.keys(host.ns)) {
    const ns = own(own(host, 'ns'), id);
    for (const word of ['arptables', 'ip6tables', 'iptables']) writeCell(ns, `net.bridge.bridge-nf-call-${word}`, '1');
  }
}

function removeModule(k: Kernel, host: Host, name: string): Errno | null {
  if (!host.modules[name]) return 'ENOENT';
  if (usersOf(host, name).length || refsOf(host, name) > 0) return 'EBUSY';
  delete own(host, 'modules')[name];
  host.moduleOrder = host.moduleOrder.filter((other) => other !== name);
  k.disturb();
  return null;
}

// ---- the calls

function sysinfo(k: Kernel, host: Host, proc: Proc): Reply {
  return good({
    uptimeUs: k.world.now - host.bootAt, bootAt: EPOCH_MS * 1000 + host.bootAt, loads: loadAverages(host, k.world.now), cpus: CPUS, memKb: memoryOf(host),
    kernel: host.kernel, version: kernelBuild(host), machine: 'x86_64', os: 'GNU/Linux', hostname: host.roots[proc.root]?.hostname ?? host.hostname,
  });
}

type MachineOp = 'sysinfo' | 'modules' | 'modprobe' | 'settime' | 'sethostname' | 'reboot' | 'dmesg' | 'kmsg'
  | 'journalWrite' | 'journalRead' | 'journalWait' | 'mounts' | 'mount' | 'umount' | 'statfs' | 'fsync'
  | 'rootCreate' | 'rootRemove' | 'netnsCreate' | 'netnsRemove';

export const machineCalls: Handlers<MachineOp> = {
  ...mountCalls,
  ...containerCalls,
  sysinfo: (k, host, proc) => sysinfo(k, host, proc),
  modules: (_k, host) => good(host.moduleOrder.map((name) => {
    const usedBy = usersOf(host, name);
    return { name, size: MODULE_FILES[name]?.size ?? 16_384, usedBy, refs: refsOf(host, name) + usedBy.length };
  })),
  modprobe(k, host, proc, { name, remove, params }) {
    if (proc.uid !== 0) return bad('EPERM');
    const module = moduleName(name);
    const errno = remove ? removeModule(k, host, module) : loadModule(k, host, module, params ?? '');
    return errno ? bad(errno) : OK;
  },
  settime(k, host, proc, { real }) {
    if (proc.uid !== 0) return bad('EPERM');
    host.clock = { ...host.clock, offset: Math.round(real) - EPOCH_MS * 1000 - k.world.now, setAt: k.world.now };
    k.disturb();
    return OK;
  },
  sethostname(_k, host, proc, { name }) {
    if (proc.uid !== 0) return bad('EPERM');
    const root = own(host, 'roots')[proc.root];
    if (root) own(own(host, 'roots'), proc.root).hostname = name;
    if (proc.root === 'host') host.hostname = name;
    return OK;
  },
  reboot(k, host, proc, { how }) {
    if (proc.uid !== 0) return bad('EPERM');
    if ((host.roots[proc.root]?.pidns ?? 'host') !== 'host') { endNamespace(k, host, proc); return OK; }
    kernelMessage(k, host, how === 'reboot' ? 'Restarting system.' : 'Power down.');
    cutPower(k, host, how);
    return { block: [] }; // the caller does not live to see an answer
  },
  dmesg: (_k, host) => good(toArray(host.dmesg)),
  kmsg(k, host, proc, { message }) {
    if (proc.uid !== 0) return bad('EPERM');
    kernelMessage(k, host, message);
    return OK;
  },
  journalWrite(k, host, proc, { ident, message, priority, unit, pid }) {
    const main = mainOf(k, host, proc);
    const root = journalOf(host, proc);
    const writer = pid ?? (root === 'host' ? main.pid : main.vpid);
    journalAppend(k, host, root, { ident, message, pid: writer, unit: unit ?? main.unit, priority: priority ?? 6, uid: main.uid });
    return OK;
  },
  journalRead(_k, host, proc, { from }) {
    if (!mayRead(proc)) return bad('EACCES');
    const log = host.journals[journalOf(host, proc)];
    if (!log) return bad('ENOENT');
    return good({ entries: [...items(log, from)], next: log.length, start: log.start, boot: host.bootId });
  },
  journalWait(_k, host, proc, { from }) {
    if (!mayRead(proc)) return bad('EACCES');
    const root = journalOf(host, proc);
    const log = host.journals[root];
    return log && log.length > from ? OK : { block: [`journal:${root}`] };
  },
};

/** reboot(2) inside a pid namespace ends its init. */
function endNamespace(k: Kernel, host: Host, proc: Proc): void {
  const ns = host.roots[proc.root]!.pidns;
  for (const other of entries(host.procs)) {
    if (other.vpid === 1 && other.threadOf === null && !other.exit && host.roots[other.root]?.pidns === ns) k.signal(host, other.pid, 'KILL');
  }
}
