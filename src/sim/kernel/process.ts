/**
 * Processes: spawn, exec, wait, signals, exit. fork(2) and execve(2) are one call here, as posix_spawn(3)
 * is. It knows nothing of what programs do; run.ts runs them.
 */
import { entries, entry } from '../engine/pages.ts';
import { emptyLog } from '../engine/chunked.ts';
import { own } from '../engine/cow.ts';
import { seconds } from '../engine/time.ts';
import { footprint } from '../host/memory.ts';
import { cancel } from '../engine/queue.ts';
import { programOf } from '../host/fs.ts';
import type { Errno, Json, Reply, Signal } from '../proc/program.ts';
import type { Calls, Exec, ProcessInfo } from '../proc/syscalls.ts';
import type { Host, Pid, Proc } from '../world.ts';
import { closeAll, install, mainOf, newOfd } from './descriptors.ts';
import { hostReal } from './disk.ts';
import { bad, good, OK, type Attempt, type Block, type Handlers, type Kernel } from './kernel.ts';
import { may, resolvePath } from './paths.ts';
import { adopt, childrenOf, enter, leave, threadsOf } from './table.ts';
import { ownTty } from './tty.ts';

export interface Image { program: string; argv: readonly string[]; exe: string }

/** What an executable path holds: a program, or a script and its interpreter. execve(2)'s errors. */
function loadImage(k: Kernel, host: Host, proc: Proc, path: string, argv: readonly string[], depth = 0): Image | Errno {
  const at = resolvePath(host, proc, path);
  if ('errno' in at) return at.errno;
  if ('missing' in at) return 'ENOENT';
  if ('virtual' in at) return 'EACCES';
  const { inode } = at.found;
  if (inode.type !== 'file' || !may(proc, inode, 'x')) return 'EACCES';
  const program = programOf(inode.data);
  if (program) return k.programs[program] ? { program, argv, exe: at.found.path } : 'ENOEXEC';
  const script = /^#!\s*(\S+)(?:[ \t]+(.*?))?[ \t]*(?:\n|$)/.exec(inode.data);
  if (!script) return 'ENOEXEC';
  if (depth > 3) return 'ELOOP';
  const args = [script[1]!, ...(script[2] ? [script[2]] : []), path, ...argv.slice(1)];
  return loadImage(k, host, proc, script[1]!, args, depth + 1);
}

/** A set-user-id executable gives its owner's id. */
function setuidOf(host: Host, proc: Proc, path: string): number | null {
  const at = resolvePath(host, proc, path);
  return 'found' in at && at.found.inode.mode & 0o4000 ? at.found.inode.uid : null;
}

export function blankProc(host: Host, pid: Pid, from: Partial<Proc>): Proc {
  return {
    pid, vpid: pid, ppid: 0, pgid: pid, sid: pid, threadOf: null, children: [], threads: [], program: '', entry: 'main', comm: '', argv: [], env: {},
    mem: null, event: null, uid: 0, gid: 0, groups: [], umask: 0o022, caps: [], root: 'host', chroot: '/', cwd: '/', netns: 'host', unit: null,
    exe: '', tty: null, fds: {}, replies: emptyLog(), waiting: null, gen: 0, queued: false, timedOut: false, actions: {}, pending: [],
    exit: null, report: null, stopped: false, startedAt: host.bootAt, quantum: 0, cpuUs: 0, memory: {}, timers: {}, onChild: null, onSignal: {},
    notified: { ready: false, status: '' }, ...from,
  };
}

export function allocatePid(host: Host): Pid {
  let pid = host.nextPid;
  do { pid = pid >= 32_767 ? 300 : pid + 1; } while (entry(host.procs, pid));
  host.nextPid = pid;
  return pid;
}

/** The id that a process has in its own namespace. */
function virtualPid(host: Host, root: string, pid: Pid): Pid {
  const ns = host.roots[root]?.pidns ?? 'host';
  if (ns === 'host') return pid;
  const owner = own(own(host, 'roots'), ns);
  return ++owner.nextPid;
}

const pidns = (host: Host, proc: Proc): string => host.roots[proc.root]?.pidns ?? 'host';
/** The pid namespace around a container's: Planet's around a pod's. */
const outerOf = (host: Host, ns: string): string => host.roots[ns]?.labels['pidParent'] ?? '';
/** Whether a process is in a pid namespace or in one inside it. */
function within(host: Host, proc: Proc, ns: string): boolean {
  if (ns === 'host') return true;
  for (let at = pidns(host, proc); at !== '' && at !== 'host'; at = outerOf(host, at)) if (at === ns) return true;
  return false;
}
/** The id that a container's process has in the namespace around its own. */
function outerPid(host: Host, root: string): Pid | undefined {
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

/** The effective id that a set-user-id image gives; the real one is kept. */
function takeUid(proc: Proc, owner: number | null): void {
  if (owner === null || owner === proc.uid) return;
  proc.ruid ??= proc.uid;
  proc.uid = owner;
}

/** Starts a process from `parent`; it becomes ready. */
export function spawn(k: Kernel, host: Host, parent: Proc, e: Exec): Pid | Errno {
  const main = mainOf(k, host, parent);
  const privileged = parent.uid === 0;
  if (!privileged && (e.root !== undefined || e.netns !== undefined || (e.uid !== undefined && e.uid !== parent.uid))) return 'EPERM';
  const uid = e.uid ?? parent.uid;
  const draft = blankProc(host, 0, {
    ppid: main.pid, pgid: main.pgid, sid: main.sid, uid, gid: e.gid ?? parent.gid, groups: e.groups ?? parent.groups, umask: main.umask, caps: privileged ? e.caps ?? parent.caps : parent.caps,
    env: e.env ?? parent.env, root: e.root ?? parent.root, chroot: e.root === undefined ? parent.chroot : '/', netns: e.netns ?? (e.root === undefined ? parent.netns : host.roots[e.root]?.netns ?? parent.netns),
    cwd: e.root === undefined ? main.cwd : '/', tty: main.tty, unit: e.unit ?? main.unit, mem: e.mem ?? null,
    program: e.program ?? '', argv: e.argv, exe: main.exe, startedAt: k.world.now,
  });
  if (e.root !== undefined && !host.roots[e.root]) return 'ENOENT';
  if (e.cwd !== undefined) {
    const at = resolvePath(host, draft, e.cwd);
    if ('errno' in at) return at.errno;
    if ('missing' in at) return 'ENOENT';
    draft.cwd = 'virtual' in at ? at.path : at.found.path;
  }
  if (e.path !== undefined) {
    const image = loadImage(k, host, draft, e.path, e.argv);
    if (typeof image === 'string') return image;
    draft.program = image.program;
    draft.argv = image.argv;
    draft.exe = image.exe;
    draft.comm = (e.path.split('/').pop() ?? image.program).slice(0, 15);
    if (e.uid === undefined && parent.ruid !== undefined) draft.ruid = parent.ruid;
    takeUid(draft, setuidOf(host, draft, e.path));
  } else {
    if (!k.programs[draft.program]) return 'ENOEXEC';
    draft.comm = parent.comm;
  }
  for (const signal of e.ignore ?? []) draft.actions[signal] = 'ignore';
  for (const [signal, action] of Object.entries(main.actions)) if (action === 'ignore') draft.actions[signal as Signal] = 'ignore';
  const pid = allocatePid(host);
  draft.pid = pid;
  draft.vpid = virtualPid(host, draft.root, pid);
  const outer = outerPid(host, draft.root);
  if (outer !== undefined) draft.outer = outer;
  const terminal = e.terminal === undefined ? undefined : host.ofds[main.fds[e.terminal] ?? -1];
  if (terminal?.kind === 'tty') {
    Object.assign(draft, { sid: pid, pgid: pid, tty: terminal.tty });
    Object.assign(ownTty(k, terminal.tty), { session: pid, foreground: pid });
  } else if (e.session) Object.assign(draft, { sid: pid, pgid: pid, tty: null });
  else if (e.pgid === 0) draft.pgid = pid;
  else if (e.pgid !== undefined) draft.pgid = realPid(host, parent, e.pgid) ?? e.pgid;
  inheritFds(k, host, main, draft, e);
  enter(host, draft);
  if (e.foreground && draft.tty) ownTty(k, draft.tty).foreground = draft.pgid;
  ready(k, host, draft);
  return pid;
}

function inheritFds(k: Kernel, host: Host, main: Proc, draft: Proc, e: Exec): void {
  const map = e.fds ?? (e.unit !== undefined && e.unit !== main.unit ? {} : { 0: 0, 1: 1, 2: 2 });
  for (const [to, from] of Object.entries(map)) {
    const id = main.fds[from];
    if (id !== undefined) install(host, draft, id, Number(to));
  }
  if (e.unit === undefined) return;
  const root = host.roots[draft.root]?.pidns ?? 'host';
  const journal = host.journals[root] ? root : 'host';
  for (const fd of [1, 2]) {
    if (draft.fds[fd] === undefined) install(host, draft, newOfd(k, host, { kind: 'journal', root: journal, ident: draft.comm, unit: e.unit, partial: '', priority: 6 }), fd);
  }
}

/** Puts a process into the ready list, once. */
export function ready(k: Kernel, host: Host, proc: Proc): void {
  if (proc.queued || proc.exit) return;
  proc.queued = true;
  own(k.world, 'ready').push([host.name, proc.pid]);
}

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
function catchSignal(k: Kernel, host: Host, proc: Proc, signal: Signal): void {
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

/** init of the process's own pid namespace. */
function initOf(host: Host, proc: Proc): Pid {
  const ns = pidns(host, proc);
  if (ns === 'host') return 1;
  for (const other of entries(host.procs)) if (other.vpid === 1 && pidns(host, other) === ns) return other.pid;
  return 1;
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

/** Takes a process off the lists that could wake it. */
export function unblock(k: Kernel, host: Host, proc: Proc): void {
  if (!proc.waiting) return;
  for (const key of proc.waiting.keys) {
    const list = host.waiters[key];
    if (!list) continue;
    const rest = list.filter((pid) => pid !== proc.pid);
    if (rest.length) own(host, 'waiters')[key] = rest; else delete own(host, 'waiters')[key];
  }
  if (proc.waiting.until) cancel(k.world, proc.waiting.until.at, proc.waiting.until.seq);
  proc.waiting = null;
  proc.gen++;
}

// ---- the calls

function wait(k: Kernel, host: Host, proc: Proc, { pid, group, nohang, untraced }: Calls['wait'][0], _attempt: Attempt): Reply | Block {
  const main = mainOf(k, host, proc);
  const real = group === undefined ? undefined : realPid(host, proc, group) ?? group;
  let any = false;
  for (const other of childrenOf(host, main)) {
    if (pid > 0 && seenPid(host, proc, other) !== pid) continue;
    if (real !== undefined && other.pgid !== real) continue;
    any = true;
    if (other.exit) {
      const result = { pid: seenPid(host, proc, other), status: other.exit.status, signal: other.exit.signal, stopped: false };
      main.cpuUs += other.cpuUs;
      leave(host, other);
      return good(result);
    }
    if (untraced && other.stopped && other.memory['stopSignal']) {
      const child = k.proc(host, other.pid)!;
      const signal = child.memory['stopSignal'] as Signal;
      delete own(child, 'memory')['stopSignal'];
      return good({ pid: seenPid(host, proc, other), status: 128 + SIGNAL_NUMBERS[signal], signal, stopped: true });
    }
  }
  if (!any) return bad('ECHILD');
  if (nohang) return good({ pid: 0, status: 0, signal: null, stopped: false });
  return { block: [`child:${main.pid}`] };
}

function kill(k: Kernel, host: Host, proc: Proc, { pid, signal }: Calls['kill'][0]): Reply {
  const ns = pidns(host, proc);
  const visible = entries(host.procs).filter((p) => p.threadOf === null && within(host, p, ns));
  const group = pid < -1 ? realPid(host, proc, -pid) ?? -pid : 0;
  const targets = pid > 0 ? visible.filter((p) => p.pid === realPid(host, proc, pid))
    : pid === 0 ? visible.filter((p) => p.pgid === proc.pgid)
    : pid === -1 ? visible.filter((p) => p.pid !== 1 && p.vpid !== 1 && p.pid !== proc.pid)
    : visible.filter((p) => p.pgid === group);
  if (!targets.length) return bad('ESRCH');
  const allowed = targets.filter((p) => proc.uid === 0 || proc.uid === p.uid || (signal === 'CONT' && p.sid === proc.sid));
  if (!allowed.length) return bad('EPERM');
  if (signal !== '0') for (const target of allowed) sendSignal(k, host, target.pid, signal);
  return OK;
}

function processes(k: Kernel, host: Host, proc: Proc): Reply {
  const ns = pidns(host, proc);
  const list: ProcessInfo[] = [];
  const shift = hostReal(k, host) - k.world.now;
  for (const p of entries(host.procs)) {
    if (p.threadOf !== null || !within(host, p, ns)) continue;
    const tty = p.tty ? k.world.ttys[p.tty] : undefined;
    const parent = entry(host.procs, p.ppid);
    const { rssKb, vszKb, threads } = footprint(p.comm, p.program);
    list.push({
      pid: seenPid(host, proc, p), ppid: parent && within(host, parent, ns) ? seenPid(host, proc, parent) : 0,
      pgid: p.pgid, sid: p.sid, uid: p.uid, ruid: p.ruid ?? p.uid, gid: p.gid, comm: p.comm, argv: p.argv,
      state: p.exit ? 'Z' : p.stopped ? 'T' : p.pid === proc.pid ? 'R' : 'S', tty: tty && !tty.closed ? tty.name : null,
      foreground: !!tty && tty.foreground === p.pgid, startedAt: p.startedAt + shift, cpuUs: p.cpuUs, rssKb, vszKb, nice: 0,
      threads, unit: p.unit, root: p.root, netns: p.netns, cwd: p.cwd, exe: p.exe,
    });
  }
  return good(list);
}

type ProcessOp = 'spawn' | 'exec' | 'wait' | 'kill' | 'sigaction' | 'setpgid' | 'tcsetpgrp' | 'setuid' | 'setenvDisplay' | 'umask' | 'processes';

export const processCalls: Handlers<ProcessOp> = {
  spawn(k, host, proc, args) {
    const pid = spawn(k, host, proc, args);
    return typeof pid === 'string' ? bad(pid) : good(seenPid(host, proc, entry(host.procs, pid)!));
  },
  exec(k, host, proc, e) {
    const main = mainOf(k, host, proc);
    if (proc.uid !== 0 && (e.root !== undefined || e.netns !== undefined || (e.uid !== undefined && e.uid !== proc.uid))) return bad('EPERM');
    const image: Image | Errno = e.path === undefined ? { program: e.program ?? main.program, argv: e.argv, exe: main.exe } : loadImage(k, host, proc, e.path, e.argv);
    if (typeof image === 'string') return bad(image);
    if (e.uid !== undefined) { main.uid = e.uid; delete main.ruid; }
    if (e.path !== undefined) takeUid(main, e.uid === undefined ? setuidOf(host, proc, e.path) : null);
    if (e.gid !== undefined) main.gid = e.gid;
    if (e.groups !== undefined) main.groups = e.groups;
    if (e.root !== undefined) Object.assign(main, { root: e.root, chroot: '/', cwd: '/', netns: e.netns ?? host.roots[e.root]?.netns ?? main.netns });
    else if (e.netns !== undefined) main.netns = e.netns;
    if (e.fds) {
      const kept = Object.entries(e.fds).map(([to, from]) => [Number(to), main.fds[from]] as const);
      const before = { ...main.fds };
      main.fds = {};
      for (const [to, id] of kept) if (id !== undefined) install(host, main, id, to);
      const old = { ...main, fds: before } as Proc;
      closeAll(k, host, old);
    }
    Object.assign(main, {
      program: image.program, argv: image.argv, exe: image.exe, comm: (e.path?.split('/').pop() ?? main.comm).slice(0, 15), env: e.env ?? main.env,
      mem: e.mem ?? null, event: null, entry: 'main', replies: emptyLog(), memory: {}, timers: {}, onChild: null, onSignal: {},
      actions: Object.fromEntries(Object.entries(main.actions).filter(([, a]) => a === 'ignore')),
    });
    return OK;
  },
  wait,
  kill,
  sigaction(k, host, proc, { signal, action }) {
    if (signal === 'KILL' || signal === 'STOP') return bad('EINVAL');
    const main = mainOf(k, host, proc);
    if (main.onSignal[signal]) delete own(main, 'onSignal')[signal]; // a new disposition takes the place of a handler
    const actions = own(main, 'actions');
    if (action === 'default') delete actions[signal]; else actions[signal] = action;
    return OK;
  },
  setpgid(k, host, proc, { pid, pgid }) {
    const target = k.proc(host, pid === 0 ? proc.pid : realPid(host, proc, pid) ?? -1);
    if (!target) return bad('ESRCH');
    target.pgid = pgid === 0 ? target.pid : realPid(host, proc, pgid) ?? pgid;
    return OK;
  },
  tcsetpgrp(k, host, proc, { pgid }) {
    const main = mainOf(k, host, proc);
    if (!main.tty) return bad('ENOTTY');
    ownTty(k, main.tty).foreground = realPid(host, proc, pgid) ?? pgid;
    k.wake(host, `tty:${main.tty}`);
    return OK;
  },
  setuid(k, host, proc, { uid, gid, groups }) {
    const main = mainOf(k, host, proc);
    if (proc.uid !== 0 && uid !== proc.uid) return bad('EPERM');
    Object.assign(main, { uid, gid, groups: groups ?? main.groups });
    delete main.ruid;
    return OK;
  },
  setenvDisplay(k, host, proc, { argv }) { mainOf(k, host, proc).argv = argv; return OK; },
  umask(k, host, proc, { mask }) {
    const main = mainOf(k, host, proc);
    const before = main.umask;
    if (mask !== undefined) main.umask = mask & 0o777;
    return good(before);
  },
  processes: (k, host, proc) => processes(k, host, proc),
};

export const json = (value: unknown): Json => value as Json;
