/**
 * Processes: spawn, exec, wait, and the calls about them. fork(2) and execve(2) are one call here, as posix_spawn(3)
 * is. It knows nothing of what programs do; run.ts runs them.
 */
import { entries, entry } from '../engine/pages.ts';
import { emptyLog } from '../engine/chunked.ts';
import { own } from '../engine/cow.ts';
import { footprint } from '../host/memory.ts';
import { programOf } from '../host/fs.ts';
import type { Errno, Json, Reply, Signal } from '../proc/program.ts';
import type { Calls, Exec, ProcessInfo } from '../proc/syscalls.ts';
import type { Host, Pid, Proc } from '../world.ts';
import { closeAll, install, mainOf, newOfd } from './descriptors.ts';
import { hostReal } from './disk.ts';
import { bad, good, OK, type Attempt, type Block, type Handlers, type Kernel } from './kernel.ts';
import { may, resolvePath } from './paths.ts';
import { childrenOf, enter, leave } from './table.ts';
import { ownTty } from './tty.ts';
import { sendSignal, SIGNAL_NUMBERS } from './exit.ts';
import { allocatePid, outerPid, pidns, realPid, seenPid, virtualPid, within } from './pids.ts';
import { ready } from './waiting.ts';

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
      pgid: p.pgid, sid: p.sid, uid: p.uid, ruid: p.ruid ?? p.uid, gid: p.gid, comm: p.comm, argv: p.title ?? p.argv,
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
    delete main.title;
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
  setenvDisplay(k, host, proc, { argv }) { mainOf(k, host, proc).title = argv; return OK; },
  umask(k, host, proc, { mask }) {
    const main = mainOf(k, host, proc);
    const before = main.umask;
    if (mask !== undefined) main.umask = mask & 0o777;
    return good(before);
  },
  processes: (k, host, proc) => processes(k, host, proc),
};

export const json = (value: unknown): Json => value as Json;
