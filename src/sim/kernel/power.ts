/**
 * Power: what a cut takes away and what a boot brings. Everything volatile goes (processes, namespaces, modules,
 * cells, /run); the disk stays as it was. Bring-up beyond the kernel is pid 1's business.
 */
import { emptyPages, entries } from '../engine/pages.ts';
import { append, emptyLog } from '../engine/chunked.ts';
import { own } from '../engine/cow.ts';
import { drawHex } from '../engine/rng.ts';
import { seconds } from '../engine/time.ts';
import { emptyFs, unlinkInode, type Fs, type Inode } from '../host/fs.ts';
import { BOOT_MODULES } from '../host/modules.ts';
import { KERNEL_DEFAULTS } from '../host/sysctl.ts';
import { addLink, bringUp, freshNs } from '../net/namespace.ts';
import type { Event, Host } from '../world.ts';
import { hostReal } from './disk.ts';
import type { Kernel } from './kernel.ts';
import { blankProc } from './process.ts';
import { ready } from './waiting.ts';
import { enter } from './table.ts';

/** Firmware, boot loader and initramfs of a small virtual machine. */
const BOOT_US = seconds(14);
/** How long the kernel has been up when it starts init: its own lines below are of that time. */
const KERNEL_US = seconds(4.3);
const INIT = '/usr/lib/systemd/systemd';

/** The machine stops now; for a reboot it comes back when the firmware has run. */
export function cutPower(k: Kernel, host: Host, how: 'reboot' | 'poweroff'): void {
  k.schedule(0, { kind: 'power', host: host.name, to: 'off', gen: host.gen });
  if (how === 'reboot') k.schedule(BOOT_US, { kind: 'power', host: host.name, to: 'on', gen: host.gen + 1 });
}

export function onPower(k: Kernel, event: Event & { kind: 'power' }): void {
  const host = k.host(event.host);
  if (event.gen !== host.gen) return;
  if (event.to === 'off') powerOff(k, host); else powerOn(k, host);
}

export function powerOff(k: Kernel, host: Host): void {
  if (!host.up) return;
  host.up = false;
  host.gen++;
  host.procs = emptyPages();
  host.ofds = {};
  host.pipes = {};
  host.waiters = {};
  host.modules = {};
  host.moduleOrder = [];
  host.sysctl = {};
  const cards = Object.values(host.ns['host']?.links ?? {}).filter((link) => link.kind === 'ether');
  const ns = freshNs('host', false);
  for (const card of cards) addLink(ns, { name: card.name, kind: 'ether', mac: card.mac, mtu: 1500, cable: card.cable });
  host.ns = { host: ns };
  closeTerminals(k, host);
  dropContainers(host);
  clearRun(k, host);
  k.disturb();
}

/** /run is memory: where it has no mount of its own it lies in the root's tree, and is emptied. */
function clearRun(k: Kernel, host: Host): void {
  const top = host.fs['host']?.inodes[0];
  const run = top?.type === 'dir' ? top.entries['run'] : undefined;
  if (run === undefined) return;
  empty(own(own(host, 'fs'), 'host') as Fs, run, hostReal(k, host));
}

function empty(fs: Fs, folder: number, now: number): void {
  const dir = fs.inodes[folder] as Inode & { type: 'dir' };
  for (const [name, ino] of Object.entries(dir.entries)) {
    if (fs.inodes[ino]?.type === 'dir') empty(fs, ino, now);
    unlinkInode(fs, folder, name, now, () => false);
  }
}

function closeTerminals(k: Kernel, host: Host): void {
  for (const [id, tty] of Object.entries(k.world.ttys)) {
    if (tty.host !== host.name || tty.closed) continue;
    const mine = own(own(k.world, 'ttys'), id);
    append(own(mine, 'shown'), { kind: 'out', text: `Connection to ${host.name} closed by remote host.\r\nConnection to ${host.name} closed.\r\n` });
    mine.closed = true;
    mine.prompt = null;
  }
}

/** Containers' mounts are gone; their layers on disk stay for whoever finds them. */
function dropContainers(host: Host): void {
  for (const id of Object.keys(host.roots)) if (id !== 'host') delete own(host, 'roots')[id];
  for (const name of Object.keys(host.fs)) if (name.startsWith('tmpfs:')) delete own(host, 'fs')[name];
  const root = own(own(host, 'roots'), 'host');
  root.mounts = root.mounts.filter((m) => !m.fs.startsWith('tmpfs:') && m.target !== '/mnt');
}

export function powerOn(k: Kernel, host: Host): void {
  if (host.up && entries(host.procs).length) return;
  host.up = true;
  host.gen++;
  host.bootAt = k.world.now - KERNEL_US;
  host.bootId = drawHex(k.world, `${host.name}/boot`, 32);
  delete host.load;
  host.nextPid = 300;
  host.dmesg = emptyLog();
  const { hostname } = host;
  host.sysctl = { ...KERNEL_DEFAULTS, 'kernel.version': host.sysctl['kernel.version'] || '#1 SMP Mon Apr 29 14:59:59 UTC 2019' };
  loadBootModules(host);
  const ns = own(own(host, 'ns'), 'host');
  bringUp(ns, 'lo');
  if (host.fs['run']) own(host, 'fs')['run'] = emptyFs('tmpfs', hostReal(k, host));
  own(host, 'journals')['host'] ??= emptyLog();
  bootMessages(k, host);
  host.hostname = hostname;
  startInit(k, host);
  k.disturb();
}

function loadBootModules(host: Host): void {
  host.modules = {};
  host.moduleOrder = [];
  for (const name of BOOT_MODULES) {
    own(host, 'modules')[name] = { refs: 0, params: '' };
    host.moduleOrder = [name, ...host.moduleOrder];
  }
}

/** The lines that such a machine's kernel logs: at microseconds after the start. */
function bootMessages(k: Kernel, host: Host): void {
  const cards = Object.values(host.ns['host']!.links).filter((link) => link.kind === 'ether').map((link) => link.name);
  const lines: [number, string][] = [
    [0, 'Initializing cgroup subsys cpuset'], [0, 'Initializing cgroup subsys cpu'],
    [0, `Linux version ${host.kernel} (mockbuild@kbuilder.bsys.centos.org) (gcc version 4.8.5 20150623 (Red Hat 4.8.5-36) (GCC) ) ${host.sysctl['kernel.version'] ?? ''}`],
    [0, `Command line: BOOT_IMAGE=/boot/vmlinuz-${host.kernel} root=/dev/sda1 ro console=tty0 console=ttyS0,115200n8 crashkernel=auto net.ifnames=0`],
    [0, 'Hypervisor detected: KVM'], [0, `Memory: ${host.memory.totalKb - 180_000}k/${host.memory.totalKb}k available`],
    [214_118, 'SELinux:  Initializing.'], [386_201, 'smpboot: CPU0: Intel(R) Xeon(R) CPU @ 2.00GHz'], [702_514, 'NET: Registered protocol family 2'],
    [1_403_720, 'SCSI subsystem initialized'], [1_882_066, 'sd 0:0:0:0: [sda] Attached SCSI disk'], [2_310_493, 'XFS (sda1): Mounting V5 Filesystem'],
    [2_428_815, 'XFS (sda1): Ending clean mount'], [3_120_774, 'systemd[1]: Inserted module \'ip_tables\''],
    ...cards.map((name, i): [number, string] => [4_210_555 + i, `IPv6: ADDRCONF(NETDEV_UP): ${name}: link is not ready`]),
  ];
  const real = hostReal(k, host);
  for (const [at, message] of lines) {
    append(own(host, 'dmesg'), { at, message });
    append(own(own(host, 'journals'), 'host'), { at: real, ident: 'kernel', message, pid: null, unit: null, priority: 6, boot: host.bootId, uid: 0 }, 20_000);
  }
}

/** pid 1, and kernel threads are not processes here: ps shows what userland started. */
function startInit(k: Kernel, host: Host): void {
  const init = blankProc(host, 1, {
    program: 'systemd', comm: 'systemd', argv: [INIT, '--switched-root', '--system', '--deserialize', '22'], exe: INIT,
    env: { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin', LANG: 'en_US.UTF-8', TERM: 'linux' }, startedAt: k.world.now,
  });
  enter(host, init);
  ready(k, host, init);
}
