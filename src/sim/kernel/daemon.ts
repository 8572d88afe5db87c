/**
 * What daemons are given beyond POSIX: timers that start threads, memory that their threads share, a
 * place to park until a sibling calls, sd_notify. Quiet timers sleep while nothing in the world changes.
 */
import { entries, entry } from '../engine/pages.ts';
import { emptyLog } from '../engine/chunked.ts';
import { own } from '../engine/cow.ts';
import { cancel, schedule } from '../engine/queue.ts';
import type { Json } from '../proc/program.ts';
import type { Event, Host, Pid, Proc, Timer } from '../world.ts';
import { mainOf } from './descriptors.ts';
import { bad, good, OK, type Handlers, type Kernel } from './kernel.ts';
import { allocatePid } from './pids.ts';
import { blankProc } from './process.ts';
import { ready } from './waiting.ts';
import { enter } from './table.ts';

/** Starts a thread of a process at one of its program's entries. */
export function startThread(k: Kernel, host: Host, process: Proc, entry: string, event: Json): Pid {
  const pid = allocatePid(host);
  const { uid, gid, groups, umask, caps, root, chroot, cwd, netns, unit, exe, tty, program, argv, env, comm, vpid, ppid, pgid, sid } = process;
  const thread = blankProc(host, pid, { uid, gid, groups, umask, caps, root, chroot, cwd, netns, unit, exe, tty, program, argv, env, comm, vpid, ppid, pgid, sid, entry, event, threadOf: process.pid, startedAt: k.world.now, replies: emptyLog() });
  enter(host, thread);
  ready(k, host, thread);
  return pid;
}

const jitter = (k: Kernel, host: Host, main: Proc, timer: Timer): number =>
  (timer.jitterUs > 0 ? k.random(`${host.name}/${main.program}/jitter`, timer.jitterUs) : 0);

function arm(k: Kernel, host: Host, main: Proc, name: string, timer: Timer): void {
  timer.gen++; // not the process's own count: that would void the deadline it is blocked on
  timer.seq = schedule(k.world, timer.dueAt, { kind: 'timer', host: host.name, pid: main.pid, name, gen: timer.gen } as Omit<Event, 'at' | 'seq'>);
}

/** A timer's event: run its entry and arm it again if it repeats. */
export function onTimer(k: Kernel, event: Event & { kind: 'timer' }): void {
  const host = k.host(event.host);
  const main = entry(host.procs, event.pid) && k.proc(host, event.pid);
  const found = main?.timers[event.name];
  if (!main || main.exit || !found || found.gen !== event.gen) return;
  const timers = own(main, 'timers');
  const timer = own(timers, event.name) as Timer;
  if (main.stopped) { timer.dueAt += 1_000_000; arm(k, host, main, event.name, timer); return; }
  if (timer.everyUs === null) delete timers[event.name];
  else {
    timer.dueAt += timer.everyUs + jitter(k, host, main, timer);
    arm(k, host, main, event.name, timer);
  }
  startThread(k, host, main, timer.entry, { timer: event.name });
}

/** Wakes every quiet timer: something has changed that could make it matter. */
export function disturb(k: Kernel): void {
  k.world.disturbance++;
  for (const name of Object.keys(k.world.hosts)) {
    const parked = k.world.hosts[name]!.procs;
    for (const proc of entries(parked)) {
      if (proc.exit || !proc.hasQuiet) continue;
      const host = k.host(name);
      const main = k.proc(host, proc.pid)!;
      main.hasQuiet = false;
      for (const [key, old] of Object.entries(main.timers)) {
        if (old.parked === null) continue;
        const timer = own(own(main, 'timers'), key) as Timer;
        timer.parked = null;
        const every = timer.everyUs ?? 0;
        if (timer.dueAt < k.world.now && every > 0) timer.dueAt += Math.ceil((k.world.now - timer.dueAt) / every) * every;
        arm(k, host, main, key, timer);
      }
    }
  }
}

type DaemonOp = 'serve' | 'timer' | 'timerStop' | 'thread' | 'onChild' | 'onSignal' | 'memGet' | 'memSet' | 'park' | 'unpark' | 'notify';

export const daemonCalls: Handlers<DaemonOp> = {
  serve: () => ({ block: [] }),
  timer(k, host, proc, { name, entry, afterUs, everyUs, jitterUs, quiet }) {
    const main = mainOf(k, host, proc);
    const timers = own(main, 'timers');
    const old = timers[name];
    if (old && old.parked === null) cancel(k.world, old.dueAt, old.seq);
    const timer: Timer = { entry, dueAt: k.world.now + afterUs, everyUs: everyUs ?? null, jitterUs: jitterUs ?? 0, gen: 0, seq: 0, parked: quiet ? k.world.disturbance : null };
    if (jitterUs && !quiet) timer.dueAt += jitter(k, host, main, timer);
    timers[name] = timer;
    if (quiet) main.hasQuiet = true; else arm(k, host, main, name, timer);
    return OK;
  },
  timerStop(k, host, proc, { name }) {
    const timers = own(mainOf(k, host, proc), 'timers');
    const old = timers[name];
    if (old && old.parked === null) cancel(k.world, old.dueAt, old.seq);
    delete timers[name];
    return OK;
  },
  thread: (k, host, proc, { entry, event }) => good(k.thread(host, mainOf(k, host, proc), entry, event)),
  onChild(k, host, proc, { entry }) { mainOf(k, host, proc).onChild = entry; return OK; },
  onSignal(k, host, proc, { signal, entry }) { own(mainOf(k, host, proc), 'onSignal')[signal] = entry; return OK; },
  memGet(_k, host, proc, { key }) {
    const main = proc.threadOf === null ? proc : entry(host.procs, proc.threadOf);
    return good(main?.memory[key] ?? null);
  },
  memSet(k, host, proc, { key, value }) {
    const memory = own(mainOf(k, host, proc), 'memory');
    if (value === null) delete memory[key]; else memory[key] = value;
    return OK;
  },
  park(_k, _host, proc, { channel, timeoutUs }, attempt) {
    const key = `park:${proc.threadOf ?? proc.pid}:${channel}`;
    if (attempt.state !== null && typeof attempt.state === 'object' && 'value' in attempt.state) return good(attempt.state['value']);
    if (attempt.timedOut) return bad('ETIMEDOUT');
    return { block: [key], timeoutUs };
  },
  unpark(k, host, proc, { channel, value }) {
    const key = `park:${proc.threadOf ?? proc.pid}:${channel}`;
    const pids = host.waiters[key] ?? [];
    for (const pid of pids) {
      const waiter = k.proc(host, pid);
      if (waiter?.waiting) waiter.waiting = { ...waiter.waiting, state: { value } };
    }
    k.wake(host, key);
    return good(pids.length);
  },
  notify(k, host, proc, { ready: isReady, status }) {
    const main = mainOf(k, host, proc);
    main.notified = { ready: isReady ?? main.notified.ready, status: status ?? main.notified.status };
    const ns = host.roots[main.root]?.pidns ?? 'host';
    const init = entries(host.procs).find((p) => p.threadOf === null && !p.exit && (ns === 'host' ? p.pid === 1 : p.vpid === 1 && host.roots[p.root]?.pidns === ns));
    const manager = init && k.proc(host, init.pid);
    if (manager && k.programs[manager.program]?.entries?.['notified']) {
      k.thread(host, manager, 'notified', { pid: ns === 'host' ? main.pid : main.vpid, ready: main.notified.ready, status: main.notified.status });
    }
    return OK;
  },
};
