/**
 * Process ids: the machine's own and those that a pid namespace shows. A container's processes have one in
 * their namespace and one in the namespace around it. Linux's pid_namespaces(7).
 */
import { entries, entry } from '../engine/pages.ts';
import { own } from '../engine/cow.ts';
import type { Host, Pid, Proc } from '../world.ts';

export function allocatePid(host: Host): Pid {
  let pid = host.nextPid;
  do { pid = pid >= 32_767 ? 300 : pid + 1; } while (entry(host.procs, pid));
  host.nextPid = pid;
  return pid;
}

/** The id that a process has in its own namespace. */
export function virtualPid(host: Host, root: string, pid: Pid): Pid {
  const ns = host.roots[root]?.pidns ?? 'host';
  if (ns === 'host') return pid;
  const owner = own(own(host, 'roots'), ns);
  return ++owner.nextPid;
}

export const pidns = (host: Host, proc: Proc): string => host.roots[proc.root]?.pidns ?? 'host';
/** The pid namespace around a container's: Planet's around a pod's. */
const outerOf = (host: Host, ns: string): string => host.roots[ns]?.labels['pidParent'] ?? '';
/** Whether a process is in a pid namespace or in one inside it. */
export function within(host: Host, proc: Proc, ns: string): boolean {
  if (ns === 'host') return true;
  for (let at = pidns(host, proc); at !== '' && at !== 'host'; at = outerOf(host, at)) if (at === ns) return true;
  return false;
}
/** The id that a container's process has in the namespace around its own. */
export function outerPid(host: Host, root: string): Pid | undefined {
  const outer = outerOf(host, host.roots[root]?.pidns ?? 'host');
  if (outer === '' || outer === 'host' || !host.roots[outer]) return undefined;
  return ++own(own(host, 'roots'), outer).nextPid;
}

/** The real id of a process that the caller names; undefined when it cannot see such a one. */
export function realPid(host: Host, caller: Proc, seen: Pid): Pid | undefined {
  const ns = pidns(host, caller);
  if (ns === 'host') return entry(host.procs, seen) ? seen : undefined;
  for (const proc of entries(host.procs)) {
    if (proc.threadOf !== null) continue;
    const its = pidns(host, proc);
    if (its === ns ? proc.vpid === seen : proc.outer === seen && outerOf(host, its) === ns) return proc.pid;
  }
  return undefined;
}
export function seenPid(host: Host, caller: Proc, target: Proc): Pid {
  const ns = pidns(host, caller);
  return ns === 'host' ? target.pid : pidns(host, target) === ns ? target.vpid : target.outer ?? target.vpid;
}

/** init of the process's own pid namespace. */
export function initOf(host: Host, proc: Proc): Pid {
  const ns = pidns(host, proc);
  if (ns === 'host') return 1;
  for (const other of entries(host.procs)) if (other.vpid === 1 && pidns(host, other) === ns) return other.pid;
  return 1;
}
