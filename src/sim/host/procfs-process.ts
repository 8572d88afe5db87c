/**
 * The files of /proc/PID. Formats of Linux 3.10, proc(5).
 */
import { entries } from '../engine/pages.ts';
import type { Host, Proc } from '../world.ts';
import { footprint } from './memory.ts';
import { mountInfo, mountLines } from './procfs-machine.ts';
import type { Reader } from './procfs.ts';

const pidns = (host: Host, proc: Proc): string => host.roots[proc.root]?.pidns ?? 'host';

/** Processes that the reader can see, with the id each has for it. */
export function visibleProcesses({ host, proc }: Reader): [number, Proc][] {
  const ns = pidns(host, proc);
  const list: [number, Proc][] = [];
  for (const p of entries(host.procs)) {
    if (p.threadOf !== null || (ns !== 'host' && pidns(host, p) !== ns)) continue;
    list.push([ns === 'host' ? p.pid : p.vpid, p]);
  }
  return list;
}

const seen = (r: Reader, pid: number): number => visibleProcesses(r).find(([, p]) => p.pid === pid)?.[0] ?? 0;

export const stateOf = (r: Reader, p: Proc): 'R' | 'S' | 'D' | 'T' | 'Z' =>
  (p.exit ? 'Z' : p.stopped ? 'T' : p.pid === (r.proc.threadOf ?? r.proc.pid) ? 'R' : p.waiting?.call.op === 'fsync' ? 'D' : 'S');

const STATE_WORDS = { R: 'R (running)', S: 'S (sleeping)', D: 'D (disk sleep)', T: 'T (stopped)', Z: 'Z (zombie)' } as const;

const SIGNALS: Readonly<Record<string, number>> = { HUP: 1, INT: 2, QUIT: 3, ILL: 4, TRAP: 5, ABRT: 6, USR1: 10, SEGV: 11, USR2: 12, PIPE: 13, ALRM: 14, TERM: 15, CHLD: 17, CONT: 18, TSTP: 20, TTIN: 21, TTOU: 22, WINCH: 28 };

/** The signals that a process ignores or catches, a bit each. */
function signalMask(p: Proc, how: 'ignore' | 'catch'): string {
  let mask = 0;
  for (const [name, action] of Object.entries(p.actions)) if (action === how) mask += 2 ** ((SIGNALS[name] ?? 1) - 1);
  return mask.toString(16).padStart(16, '0');
}
const capabilities = (p: Proc): string => (p.uid === 0 ? '0000001fffffffff' : '0000000000000000');

function status(r: Reader, p: Proc): string {
  const { rssKb, vszKb, threads } = footprint(p.comm, p.program);
  const pid = seen(r, p.pid);
  const four = (id: number): string => [id, id, id, id].join('\t');
  return `Name:\t${p.comm}
Umask:\t${p.umask.toString(8).padStart(4, '0')}
State:\t${STATE_WORDS[stateOf(r, p)]}
Tgid:\t${pid}
Pid:\t${pid}
PPid:\t${seen(r, p.ppid)}
TracerPid:\t0
Uid:\t${[p.ruid ?? p.uid, p.uid, p.uid, p.uid].join('\t')}
Gid:\t${four(p.gid)}
FDSize:\t64
Groups:\t${p.groups.join(' ')} 
VmSize:\t${String(vszKb).padStart(8)} kB
VmRSS:\t${String(rssKb).padStart(8)} kB
Threads:\t${threads}
SigQ:\t0/31227
SigPnd:\t0000000000000000
ShdPnd:\t0000000000000000
SigBlk:\t0000000000000000
SigIgn:\t${signalMask(p, 'ignore')}
SigCgt:\t${signalMask(p, 'catch')}
CapInh:\t0000000000000000
CapPrm:\t${capabilities(p)}
CapEff:\t${capabilities(p)}
CapBnd:\t0000001fffffffff
Seccomp:\t0
Cpus_allowed:\t3
Cpus_allowed_list:\t0-1
Mems_allowed_list:\t0
voluntary_ctxt_switches:\t${Math.floor(p.cpuUs / 20)}
nonvoluntary_ctxt_switches:\t0
`;
}

function stat(r: Reader, p: Proc): string {
  const { rssKb, vszKb, threads } = footprint(p.comm, p.program);
  const ticks = Math.floor(p.cpuUs / 10_000);
  const start = Math.max(0, Math.floor((p.startedAt - r.host.bootAt) / 10_000));
  return `${seen(r, p.pid)} (${p.comm}) ${stateOf(r, p)} ${seen(r, p.ppid)} ${seen(r, p.pgid)} ${seen(r, p.sid)} ${p.tty ? 34_816 : 0} -1 4202752 0 0 0 0 ${ticks} 0 0 0 20 0 ${threads} 0 ${start} ${vszKb * 1024} ${Math.floor(rssKb / 4)} 18446744073709551615\n`;
}

/** The control groups that systemd or a container runtime put the process in. */
export function cgroupOf(p: Proc): string {
  if (p.unit) return `/system.slice/${p.unit}`;
  return p.pid === 1 || p.vpid === 1 ? '/' : '/user.slice';
}

const CONTROLLERS = ['11:devices', '10:net_prio,net_cls', '9:freezer', '8:hugetlb', '7:blkio', '6:cpuset', '5:pids', '4:memory', '3:cpuacct,cpu', '2:perf_event', '1:name=systemd'];

const LIMITS = `Limit                     Soft Limit           Hard Limit           Units     
Max cpu time              unlimited            unlimited            seconds   
Max file size             unlimited            unlimited            bytes     
Max data size             unlimited            unlimited            bytes     
Max stack size            8388608              unlimited            bytes     
Max core file size        0                    unlimited            bytes     
Max resident set          unlimited            unlimited            bytes     
Max processes             31227                31227                processes 
Max open files            1024                 4096                 files     
Max locked memory         65536                65536                bytes     
Max address space         unlimited            unlimited            bytes     
Max pending signals       31227                31227                signals   
`;

export const PROCESS_FILES: Readonly<Record<string, (r: Reader, p: Proc) => string>> = {
  cgroup: (_r, p) => CONTROLLERS.map((name) => `${name}:${cgroupOf(p)}\n`).join(''),
  cmdline: (_r, p) => { const shown = p.title ?? p.argv; return p.exit || !shown.length ? '' : `${shown.join('\0')}\0`; },
  comm: (_r, p) => `${p.comm}\n`,
  environ: (_r, p) => Object.entries(p.env).map(([key, value]) => `${key}=${value}\0`).join(''),
  io: (_r, p) => `rchar: ${p.cpuUs}\nwchar: ${Math.floor(p.cpuUs / 3)}\nsyscr: ${Math.floor(p.cpuUs / 20)}\nsyscw: ${Math.floor(p.cpuUs / 60)}\nread_bytes: 0\nwrite_bytes: 0\ncancelled_write_bytes: 0\n`,
  limits: () => LIMITS,
  mountinfo: ({ host }, p) => mountInfo(host, p),
  mounts: ({ host }, p) => mountLines(host, p),
  loginuid: (_r, p) => `${p.tty ? p.ruid ?? p.uid : 4_294_967_295}\n`,
  wchan: () => '0',
  oom_score: (_r, p) => `${Math.min(999, Math.floor(footprint(p.comm, p.program).rssKb / 8_000))}\n`,
  oom_score_adj: () => '0\n',
  stat, status,
  statm: (_r, p) => { const f = footprint(p.comm, p.program); return `${Math.floor(f.vszKb / 4)} ${Math.floor(f.rssKb / 4)} ${Math.floor(f.rssKb / 8)} 1 0 1 0\n`; },
};
