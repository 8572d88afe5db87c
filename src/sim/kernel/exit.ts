/**
 * Signals, and how a process ends: what goes with it, who is told, who takes its children. signal(7),
 * exit_group(2), and the kernel's rules for init and for sessions.
 */
import { entries, entry } from '../engine/pages.ts';
import { own } from '../engine/cow.ts';
import { seconds } from '../engine/time.ts';
import type { Signal } from '../proc/program.ts';
import type { Host, Pid, Proc } from '../world.ts';
import { closeAll } from './descriptors.ts';
import type { Kernel } from './kernel.ts';
import { initOf, seenPid, within } from './pids.ts';
import { adopt, childrenOf, leave, threadsOf } from './table.ts';
import { ownTty } from './tty.ts';
import { ready, unblock } from './waiting.ts';

// ---- signals

const IGNORED: readonly Signal[] = ['CHLD', 'CONT', 'WINCH'];
const STOPS: readonly Signal[] = ['STOP', 'TSTP', 'TTIN', 'TTOU'];
export const SIGNAL_NUMBERS: Readonly<Record<Signal, number>> = {
  HUP: 1, INT: 2, QUIT: 3, ILL: 4, TRAP: 5, ABRT: 6, KILL: 9, USR1: 10, SEGV: 11, USR2: 12, PIPE: 13, ALRM: 14, TERM: 15,
  CHLD: 17, CONT: 18, STOP: 19, TSTP: 20, TTIN: 21, TTOU: 22, WINCH: 28,
};

export function sendSignal(k: Kernel, host: Host, pid: Pid, signal: Signal): void {
  const proc = k.proc(host, pid);
  if (!proc || proc.exit) return;
  const entry = proc.onSignal[signal];
  if (entry && signal !== 'KILL') { k.thread(host, proc, entry, { signal }); return; }
  const action = signal === 'KILL' || signal === 'STOP' ? undefined : proc.actions[signal];
  if (signal === 'CONT' && proc.stopped) {
    proc.stopped = false;
    if (proc.waiting) k.wake(host, `cont:${pid}`);
    ready(k, host, proc);
  }
  if (action === 'ignore') return;
  if (action === 'catch') { catchSignal(k, host, proc, signal); return; }
  if (IGNORED.includes(signal)) return;
  const isInit = proc.vpid === 1 || proc.pid === 1;
  if (isInit && signal !== 'KILL') return;
  if (STOPS.includes(signal)) {
    proc.stopped = true;
    own(proc, 'memory')['stopSignal'] = signal;
    k.wake(host, `child:${proc.ppid}`);
    return;
  }
  terminate(k, host, proc, { status: 128 + SIGNAL_NUMBERS[signal], signal });
}

/** A caught signal interrupts the call that blocks, or waits for the next one that would. */
export function catchSignal(k: Kernel, host: Host, proc: Proc, signal: Signal): void {
  if (!proc.pending.includes(signal)) own(proc, 'pending').push(signal);
  if (proc.waiting) ready(k, host, proc);
}

// ---- the end

/** Ends a process: its threads, descriptors, terminal; its children go to init; its parent is told. */
export function terminate(k: Kernel, host: Host, proc: Proc, exit: { status: number; signal: Signal | null }): void {
  if (proc.exit) return;
  if (proc.threadOf !== null) { forget(k, host, proc); return; }
  proc.exit = exit;
  if (proc.report !== null) own(host, 'collected')[proc.report] = String(exit.status);
  unblock(k, host, proc);
  for (const other of threadsOf(host, proc)) { const thread = k.proc(host, other.pid)!; thread.exit = exit; forget(k, host, thread); }
  const missed = isMissed(k, host, proc);
  proc.timers = {};
  closeAll(k, host, proc);
  proc.memory = {};
  if (missed) k.disturb();
  const orphans = childrenOf(host, proc);
  const initPid = orphans.length ? initOf(host, proc) : 1;
  for (const other of orphans) {
    const child = k.proc(host, other.pid)!;
    adopt(host, child, initPid);
    if (child.exit) reapOrTell(k, host, child);
  }
  if (proc.tty && proc.sid === proc.pid) hangUp(k, host, proc.tty, proc.pid);
  const ns = host.roots[proc.root]?.pidns;
  if (proc.vpid === 1 && ns && ns !== 'host') killNamespace(k, host, ns);
  reapOrTell(k, host, proc);
}

/** A unit's process that lived so long is no one-shot. */
const SETTLED_US = seconds(10);

/** Whether somebody may have counted on a process while all was quiet: a daemon, not what a command line ran. */
function isMissed(k: Kernel, host: Host, proc: Proc): boolean {
  if (Object.keys(proc.timers).length > 0 || (proc.unit !== null && k.world.now - proc.startedAt > SETTLED_US)) return true;
  return Object.values(proc.fds).some((id) => {
    const ofd = host.ofds[id]!;
    const socket = ofd.kind === 'socket' ? entry(host.ns[ofd.ns]!.sockets, ofd.socket) : undefined;
    return socket && (socket.entry !== null || socket.tcp?.state === 'LISTEN');
  });
}

function killNamespace(k: Kernel, host: Host, ns: string): void {
  for (const other of entries(host.procs)) {
    const proc = k.proc(host, other.pid);
    if (proc && !proc.exit && proc.threadOf === null && within(host, proc, ns)) terminate(k, host, proc, { status: 137, signal: 'KILL' });
  }
}

function reapOrTell(k: Kernel, host: Host, proc: Proc): void {
  const parent = k.proc(host, proc.ppid);
  if (!parent || parent.exit) { forget(k, host, proc); return; }
  if (parent.onChild) {
    k.thread(host, parent, parent.onChild, { pid: seenPid(host, parent, proc), status: proc.exit!.status, signal: proc.exit!.signal });
    forget(k, host, proc);
    return;
  }
  if (parent.actions.CHLD === 'catch') catchSignal(k, host, parent, 'CHLD');
  k.wake(host, `child:${parent.pid}`);
}

/** Takes a process out of the table. */
function forget(k: Kernel, host: Host, proc: Proc): void {
  unblock(k, host, proc);
  proc.exit ??= { status: 0, signal: null };
  if (proc.threadOf === null && Object.keys(proc.fds).length) closeAll(k, host, proc);
  leave(host, proc);
}

function hangUp(k: Kernel, host: Host, id: string, session: Pid): void {
  const tty = ownTty(k, id);
  if (tty.closed || tty.session !== session) return;
  tty.closed = true;
  tty.prompt = null;
  k.wake(host, `ptmx:${id}`);
  for (const other of entries(host.procs)) {
    if (other.tty === id && !other.exit && other.threadOf === null) { sendSignal(k, host, other.pid, 'HUP'); sendSignal(k, host, other.pid, 'CONT'); }
  }
  k.wake(host, `tty:${id}`);
}
