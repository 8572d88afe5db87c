/**
 * The process table: who is in it, and each process's threads and children, so that nobody has to look
 * through all of it (linux/sched.h: `children`, `thread_group`). It knows nothing of what starting or
 * ending means; process.ts does.
 */
import { dropEntry, entry, ownEntry, setEntry } from '../engine/pages.ts';
import { own } from '../engine/cow.ts';
import type { Host, Pid, Proc } from '../world.ts';

type Kin = 'children' | 'threads';

const kinOf = (proc: Proc): [Kin, Pid] => (proc.threadOf === null ? ['children', proc.ppid] : ['threads', proc.threadOf]);

const ownProc = (host: Host, pid: Pid): Proc => ownEntry(own(host, 'procs'), pid);

function join(host: Host, proc: Proc): void {
  const [kin, of] = kinOf(proc);
  if (entry(host.procs, of)) own(ownProc(host, of), kin).push(proc.pid);
}

function part(host: Host, proc: Proc): void {
  const [kin, of] = kinOf(proc);
  const list = entry(host.procs, of)?.[kin];
  const at = list?.indexOf(proc.pid) ?? -1;
  if (at >= 0) own(ownProc(host, of), kin).splice(at, 1);
}

/** Puts a process or a thread into the table. */
export function enter(host: Host, proc: Proc): void {
  setEntry(own(host, 'procs'), proc.pid, proc);
  join(host, proc);
}

/** Takes it out. */
export function leave(host: Host, proc: Proc): void {
  if (!entry(host.procs, proc.pid)) return;
  part(host, proc);
  dropEntry(own(host, 'procs'), proc.pid);
}

/** Gives a process another parent. The process must be owned. */
export function adopt(host: Host, child: Proc, parent: Pid): void {
  part(host, child);
  child.ppid = parent;
  join(host, child);
}

/** Oldest first; a copy, so that it may be walked while the table changes. */
export const childrenOf = (host: Host, proc: Proc): Proc[] => proc.children.map((pid) => entry(host.procs, pid)!).filter(Boolean);
export const threadsOf = (host: Host, proc: Proc): Proc[] => proc.threads.map((pid) => entry(host.procs, pid)!).filter(Boolean);
