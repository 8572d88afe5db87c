/**
 * The files of /proc that describe the machine. Formats of Linux 3.10, proc(5).
 */
import { entries } from '../engine/pages.ts';
import { items } from '../engine/chunked.ts';
import { EPOCH_MS } from '../engine/time.ts';
import type { Host, Proc } from '../world.ts';
import { loadAverages } from './load.ts';
import { footprint } from './memory.ts';
import { MODULE_FILES } from './modules.ts';
import type { Reader } from './procfs.ts';
import { kernelBuild } from './sysctl.ts';

export const CPUS = 2;
const BUFFERS_KB = 2_108;
/** What the kernel itself takes of 8 GB. */
const KERNEL_KB = 248_000;

export interface Memory { total: number; free: number; buffers: number; cached: number; shared: number; available: number }

/** Programs' resident memory, and file pages for the rest that a machine at work would hold. */
export function memoryOf(host: Host): Memory {
  let rss = KERNEL_KB;
  for (const p of entries(host.procs)) if (p.threadOf === null && !p.exit) rss += footprint(p.comm, p.program).rssKb;
  const total = host.memory.totalKb;
  const room = Math.max(0, total - rss);
  const cached = Math.floor(room * 0.72);
  const free = Math.max(0, room - cached - BUFFERS_KB);
  return { total, free, buffers: BUFFERS_KB, cached, shared: 8_872, available: free + Math.floor(cached * 0.9) };
}

const two = (n: number): string => n.toFixed(2);

function meminfo({ host }: Reader): string {
  const m = memoryOf(host);
  const rows: [string, number][] = [
    ['MemTotal', m.total], ['MemFree', m.free], ['MemAvailable', m.available], ['Buffers', m.buffers], ['Cached', m.cached], ['SwapCached', 0],
    ['Active', Math.floor((m.total - m.free) * 0.55)], ['Inactive', Math.floor((m.total - m.free) * 0.35)], ['SwapTotal', 0], ['SwapFree', 0], ['Dirty', 248],
    ['Writeback', 0], ['Shmem', m.shared], ['Slab', Math.floor(KERNEL_KB * 0.7)], ['CommitLimit', Math.floor(m.total / 2)], ['VmallocTotal', 34_359_738_367], ['Hugepagesize', 2048],
  ];
  return rows.map(([name, kb]) => `${`${name}:`.padEnd(16)}${String(kb).padStart(8)} kB\n`).join('');
}

function cpuinfo(): string {
  const one = (n: number): string => `processor\t: ${n}
vendor_id\t: GenuineIntel
cpu family\t: 6
model\t\t: 85
model name\t: Intel(R) Xeon(R) CPU @ 2.00GHz
stepping\t: 3
microcode\t: 0x1
cpu MHz\t\t: 2000.168
cache size\t: 39424 KB
physical id\t: 0
siblings\t: ${CPUS}
core id\t\t: ${n}
cpu cores\t: ${CPUS}
fpu\t\t: yes
flags\t\t: fpu vme de pse tsc msr pae mce cx8 apic sep mtrr pge mca cmov pat pse36 clflush mmx fxsr sse sse2 ss ht syscall nx lm constant_tsc hypervisor
bogomips\t: 4000.33
address sizes\t: 46 bits physical, 48 bits virtual

`;
  return Array.from({ length: CPUS }, (_, n) => one(n)).join('');
}

function stat({ k, host }: Reader): string {
  let cpu = 0;
  for (const p of entries(host.procs)) cpu += p.cpuUs;
  const ticks = Math.floor(cpu / 10_000);
  const all = Math.floor((CPUS * (k.world.now - host.bootAt)) / 10_000);
  const row = (name: string, user: number, idle: number): string => `${name} ${Math.floor(user * 0.7)} 0 ${user - Math.floor(user * 0.7)} ${idle} 0 0 0 0 0 0\n`;
  const idle = Math.max(0, all - ticks);
  const cores = Array.from({ length: CPUS }, (_, n) => row(`cpu${n}`, Math.floor(ticks / CPUS), Math.floor(idle / CPUS))).join('');
  return `${row('cpu ', ticks, idle)}${cores}btime ${Math.floor((EPOCH_MS * 1000 + host.bootAt) / 1_000_000)}\nprocesses ${host.nextPid}\nprocs_running 1\nprocs_blocked 0\n`;
}

function modules({ host }: Reader): string {
  const lines = host.moduleOrder.map((name) => {
    const users = host.moduleOrder.filter((other) => MODULE_FILES[other]?.needs.includes(name));
    const refs = (host.modules[name]?.refs ?? 0) + users.length;
    return `${name} ${MODULE_FILES[name]?.size ?? 16_384} ${refs} ${users.length ? `${users.join(',')},` : '-'} Live 0x0000000000000000\n`;
  });
  return lines.join('');
}

export function mountLines(host: Host, proc: Proc): string {
  const mounts = host.roots[proc.root]?.mounts ?? [];
  return mounts.map((m) => `${m.source} ${m.target} ${m.type} ${m.options} 0 0\n`).join('');
}

/** `36 25 8:1 / / rw,relatime shared:1 - xfs /dev/sda1 rw`: mounts with their ids and where in their file system they begin. */
export function mountInfo(host: Host, proc: Proc): string {
  const mounts = host.roots[proc.root]?.mounts ?? [];
  const device = (m: { type: string }, i: number): string => (m.type === 'xfs' ? '8:1' : `0:${17 + i}`);
  const parent = (target: string): number => {
    let best = 0;
    mounts.forEach((m, i) => { if (target !== m.target && `${target}/`.startsWith(m.target === '/' ? '/' : `${m.target}/`) && m.target.length >= (mounts[best]?.target.length ?? 0)) best = i; });
    return 21 + best;
  };
  return mounts.map((m, i) => `${21 + i} ${m.target === '/' ? 1 : parent(m.target)} ${device(m, i)} ${m.base} ${m.target} ${m.options.split(',').filter((o) => /^(rw|ro|nosuid|nodev|noexec|relatime)$/.test(o)).join(',')} shared:${1 + i} - ${m.type} ${m.source} ${m.options.split(',')[0]}\n`).join('');
}

/** Sectors written are those of what lies on the disk; reads and times are not counted. */
function diskstats({ host }: Reader): string {
  const sectors = Math.floor(Math.max(0, host.disk.writtenBytes) / 512);
  const row = (minor: number, name: string): string => `   8       ${minor} ${name} 0 0 0 0 ${Math.ceil(sectors / 8)} 0 ${sectors} 0 0 0 0\n`;
  return row(0, 'sda') + row(1, 'sda1');
}

function vmstat({ host }: Reader): string {
  const m = memoryOf(host);
  const pages = (kb: number): number => Math.floor(kb / 4);
  return [['nr_free_pages', pages(m.free)], ['nr_file_pages', pages(m.cached + m.buffers)], ['nr_shmem', pages(m.shared)], ['nr_dirty', 62], ['nr_writeback', 0], ['pswpin', 0], ['pswpout', 0]].map(([k, v]) => `${k} ${v}\n`).join('');
}

export const MACHINE_FILES: Readonly<Record<string, (r: Reader) => string>> = {
  cmdline: ({ host }) => `BOOT_IMAGE=/boot/vmlinuz-${host.kernel} root=/dev/sda1 ro console=tty0 console=ttyS0,115200n8 crashkernel=auto net.ifnames=0\n`,
  cpuinfo, diskstats, vmstat,
  devices: () => 'Character devices:\n  1 mem\n  4 tty\n  5 /dev/tty\n  5 /dev/console\n  5 /dev/ptmx\n 10 misc\n136 pts\n\nBlock devices:\n  8 sd\n',
  filesystems: () => 'nodev\tsysfs\nnodev\trootfs\nnodev\tproc\nnodev\tcgroup\nnodev\ttmpfs\nnodev\tdevtmpfs\nnodev\tdevpts\n\txfs\nnodev\toverlay\n',
  kmsg: ({ host }) => [...items(host.dmesg)].map((line) => `6,${line.at},-;${line.message}\n`).join(''),
  loadavg({ k, host }) {
    const loads = loadAverages(host, k.world.now).map(two).join(' ');
    const count = entries(host.procs).filter((p) => p.threadOf === null).length;
    return `${loads} 1/${count} ${host.nextPid}\n`;
  },
  meminfo, modules,
  mounts: ({ host, proc }) => mountLines(host, proc),
  partitions: ({ host }) => `major minor  #blocks  name\n\n   8        0   ${host.disk.sizeKb + 1024} sda\n   8        1   ${host.disk.sizeKb} sda1\n`,
  stat,
  swaps: () => 'Filename\t\t\t\tType\t\tSize\tUsed\tPriority\n',
  uptime({ k, host }) {
    const up = (k.world.now - host.bootAt) / 1_000_000;
    return `${two(up)} ${two(up * CPUS * 0.95)}\n`;
  },
  version: ({ host }) => `Linux version ${host.kernel} (mockbuild@kbuilder.bsys.centos.org) (gcc version 4.8.5 20150623 (Red Hat 4.8.5-36) (GCC) ) ${kernelBuild(host)}\n`,
};
