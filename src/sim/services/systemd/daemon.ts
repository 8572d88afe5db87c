/**
 * systemd as a process: pid 1 of the host (CentOS 7) and of Planet (Debian). It feeds events to the
 * rules in turn.ts one at a time and does what they ask. Its threads take turns by a lock in their shared memory: whoever
 * finds it taken leaves the event in the queue for the holder.
 */
import type { Json, Program, Start, Sys } from '../../proc/program.ts';
import { call } from '../../proc/syscalls.ts';
import { conditionsFail } from './conditions.ts';
import { loadClosure, type LoadedUnit } from './loader.ts';
import { Turn, type Moment } from './turn.ts';
import { SOCKET } from './protocol.ts';
import { serveRequests } from './requests.ts';
import { afterConditions, onEmptyPoll, onExit, onReady, onSpawned, onTimeout, onUnspawned } from './service.ts';
import { spawnFor } from './spawn.ts';
import { emptyState, type Action, type Exit, type JobType, type SystemState, type Seen } from './state.ts';
import { onElapsed, rearm } from './timers.ts';
import { kindOf } from './unitfile.ts';

export type Happening =
  | { kind: 'pump' }
  | { kind: 'boot' }
  | { kind: 'adopt'; units: readonly LoadedUnit[]; aliases: Readonly<Record<string, string>>; anew?: boolean; then?: { names: readonly string[]; type: JobType; request: number | null } }
  | { kind: 'spawned'; unit: string; action: Action & { do: 'spawn' }; pid: number }
  | { kind: 'unspawned'; unit: string }
  | { kind: 'checked'; unit: string; failed: string | null }
  | { kind: 'exited'; pid: number; exit: Exit }
  | { kind: 'notified'; pid: number; ready: boolean; status: string }
  | { kind: 'tick'; timer: string }
  | { kind: 'kill'; names: readonly string[]; who: string; signal: string }
  | { kind: 'reset-failed'; names: readonly string[] }
  | { kind: 'isolate'; keep: readonly string[]; target: string; request: number | null }
  | { kind: 'environment'; set: Readonly<Record<string, string>>; unset: readonly string[] }
  | { kind: 'shutdown'; how: 'reboot' | 'poweroff' | 'halt' };

export function* readState(): Sys<SystemState> {
  const got = yield* call('memGet', { key: 'state' });
  return got.ok && got.value ? got.value as unknown as SystemState : emptyState;
}

function* moment(): Sys<Moment> {
  const now = yield* call('now', {});
  const list = yield* call('processes', {});
  const seen: Seen[] = list.ok ? list.value.map(({ pid, ppid, unit, root, comm, state }) => ({ pid, ppid, unit, root, comm, state })) : [];
  return { real: now.ok ? now.value.real : 0, mono: now.ok ? now.value.mono : 0, seen, root: seen.find((p) => p.pid === 1)?.root ?? 'host' };
}

// ---- one event at a time

/** Handles an event, or leaves it to the thread that is at work. Called first thing by a fresh thread. */
function* submit(event: Happening): Sys<void> {
  const lock = yield* call('memGet', { key: 'lock' });
  if (lock.ok && lock.value !== null) {
    if (event.kind === 'pump') return;
    const tail = yield* number('tail');
    yield* call('memSet', { key: `queue:${tail}`, value: event as unknown as Json });
    yield* call('memSet', { key: 'tail', value: tail + 1 });
    return;
  }
  yield* call('memSet', { key: 'lock', value: true });
  let head = yield* number('head');
  if (event.kind !== 'pump') yield* handle(event);
  for (;;) {
    const tail = yield* number('tail');
    if (head >= tail) break;
    const next = yield* call('memGet', { key: `queue:${head}` });
    yield* call('memSet', { key: `queue:${head}`, value: null });
    yield* call('memSet', { key: 'head', value: ++head });
    if (next.ok && next.value) yield* handle(next.value as unknown as Happening);
  }
  yield* call('memSet', { key: 'lock', value: null });
  // Whatever was left while the lock was being given back.
  if ((yield* number('tail')) > head) yield* call('thread', { entry: 'act', event: { kind: 'pump' } });
}

function* number(key: string): Sys<number> {
  const got = yield* call('memGet', { key });
  return got.ok && typeof got.value === 'number' ? got.value : 0;
}

/** Lets the rules judge, keeps the new state, does what they ask. Only the holder of the lock comes here. */
function* handle(first: Happening): Sys<void> {
  const todo: Happening[] = [first];
  while (todo.length) {
    const event = todo.shift()!;
    const state = yield* readState();
    const m = new Turn(state, yield* moment());
    judge(m, event);
    yield* call('memSet', { key: 'state', value: m.result() as unknown as Json });
    for (const action of m.actions) {
      const follow = yield* perform(action, m);
      if (follow) todo.push(follow);
    }
  }
}

function judge(m: Turn, event: Happening): void {
  switch (event.kind) {
    case 'pump': case 'boot': return;
    case 'adopt':
      m.adopt(event.units, event.aliases, event.anew);
      if (event.then) m.transact(event.then.names.map((name) => m.resolve(name)), event.then.type, event.then.request);
      return;
    case 'spawned': {
      const unit = m.own(event.unit);
      onSpawned(m, unit, event.action.phase, event.action.command, event.pid);
      const early = m.whole.orphans[event.pid];
      if (early) { dropOrphan(m, event.pid); onExit(m, unit, event.pid, early); }
      return;
    }
    case 'unspawned': onUnspawned(m, m.own(event.unit)); return;
    case 'checked': afterConditions(m, m.own(event.unit), event.failed); return;
    case 'exited': exited(m, event.pid, event.exit); return;
    case 'notified': notified(m, event.pid, event.ready, event.status); return;
    case 'tick': tick(m, event.timer); return;
    case 'kill': killUnits(m, event); return;
    case 'reset-failed': resetFailed(m, event.names); return;
    case 'isolate': isolate(m, event); return;
    case 'environment': {
      const environment = { ...m.whole.environment, ...event.set };
      for (const name of event.unset) delete environment[name];
      m.patch({ environment });
      return;
    }
    case 'shutdown': shutdown(m, event.how);
  }
}

function dropOrphan(m: Turn, pid: number): void {
  const orphans = { ...m.whole.orphans };
  delete orphans[pid];
  m.patch({ orphans });
}

function exited(m: Turn, pid: number, exit: Exit): void {
  for (const unit of m.all()) if (unit.main?.pid === pid && !unit.main.exit || unit.control?.pid === pid) { onExit(m, m.own(unit.name), pid, exit); return; }
  const starting = m.all().some((unit) => unit.active === 'activating' || unit.active === 'deactivating' || unit.sub === 'reload');
  if (starting) m.patch({ orphans: { ...m.whole.orphans, [pid]: exit } });
  for (const unit of m.all()) if (unit.sub.includes('-sig')) onEmptyPoll(m, m.own(unit.name));
}

function notified(m: Turn, pid: number, ready: boolean, status: string): void {
  const unit = m.all().find((u) => u.main?.pid === pid) ?? m.all().find((u) => u.config?.service && m.moment.seen.some((p) => p.pid === pid && p.unit === u.name));
  if (!unit) return;
  const mine = m.own(unit.name);
  if (status) mine.status = status;
  if (ready) onReady(m, mine);
}

function tick(m: Turn, timer: string): void {
  if (timer.startsWith('empty:')) { const name = timer.slice(6); if (m.get(name)) onEmptyPoll(m, m.own(name)); return; }
  const unit = m.all().find((u) => u.timer === timer);
  if (!unit) return; // it was stopped when it was about to fire
  const mine = m.own(unit.name);
  if (kindOf(mine.name) !== 'timer') onTimeout(m, mine);
  else if (mine.sub === 'waiting') onElapsed(m, mine);
  else { mine.timer = null; rearm(m, mine); }
}

function killUnits(m: Turn, { names, who, signal }: { names: readonly string[]; who: string; signal: string }): void {
  for (const name of names) {
    const unit = m.get(m.resolve(name));
    if (!unit) continue;
    const main = unit.main && !unit.main.exit ? unit.main : null;
    const others = who === 'all' ? m.members(unit).filter((p) => p.pid !== main?.pid && p.pid !== unit.control?.pid) : [];
    const pids = [...(main && who !== 'control' ? [main.pid] : []), ...(unit.control?.pid && who !== 'main' ? [unit.control.pid] : []), ...others.map((p) => p.pid)];
    if (main && who !== 'control') m.log(unit.name, `${unit.name}: Sent signal SIG${signal} to main process ${main.pid} (${main.comm}) on client request.`, 5);
    for (const p of others) m.log(unit.name, `${unit.name}: Sent signal SIG${signal} to process ${p.pid} (${p.comm}) on client request.`, 5);
    m.act({ do: 'kill', pids, signal });
  }
}

function resetFailed(m: Turn, names: readonly string[]): void {
  for (const unit of m.all()) {
    if (names.length && !names.some((name) => m.resolve(name) === unit.name)) continue;
    const mine = m.own(unit.name);
    mine.starts = [];
    mine.restarts = 0;
    if (mine.sub === 'failed') { m.to(mine, 'dead'); mine.result = 'success'; }
  }
}

function isolate(m: Turn, { keep, target, request }: { keep: readonly string[]; target: string; request: number | null }): void {
  const keeping = new Set(keep.map((name) => m.resolve(name)));
  const others = m.all().filter((u) => u.active !== 'inactive' && u.active !== 'failed' && !keeping.has(u.name) && !['slice', 'mount', 'device'].includes(kindOf(u.name)));
  m.transact(others.map((u) => u.name), 'stop', null);
  m.transact([m.resolve(target)], 'start', request);
}

function shutdown(m: Turn, how: 'reboot' | 'poweroff' | 'halt'): void {
  m.patch({ shutdown: how });
  const up = m.all().filter((u) => u.active !== 'inactive' && u.active !== 'failed' && ['service', 'target', 'socket', 'timer'].includes(kindOf(u.name)));
  if (up.length) m.transact(up.map((u) => u.name), 'stop', null);
  if (!Object.keys(m.jobs).length && m.whole.shutdown) { m.patch({ shutdown: null }); m.act({ do: 'halt', how }); }
}

// ---- doing

const KNOWN = new Set(['HUP', 'INT', 'QUIT', 'ILL', 'TRAP', 'ABRT', 'KILL', 'USR1', 'USR2', 'SEGV', 'PIPE', 'ALRM', 'TERM', 'CHLD', 'CONT', 'STOP', 'TSTP', 'TTIN', 'TTOU', 'WINCH']);

function* perform(action: Action, m: Turn): Sys<Happening | null> {
  switch (action.do) {
    case 'log':
      yield* call('journalWrite', { ident: 'systemd', unit: action.unit, message: action.message, priority: action.priority });
      return null;
    case 'spawn': {
      const service = m.get(action.unit)!.config!.service!;
      const made = yield* spawnFor(action, service, m.whole.environment, 0);
      return 'pid' in made ? { kind: 'spawned', unit: action.unit, action, pid: made.pid } : { kind: 'unspawned', unit: action.unit };
    }
    case 'check': return { kind: 'checked', unit: action.unit, failed: yield* conditionsFail(action.conditions) };
    case 'kill':
      // Real-time signals are a service's private words for "end": the model has none.
      for (const pid of action.pids) yield* call('kill', { pid, signal: (KNOWN.has(action.signal) ? action.signal : 'TERM') as 'TERM' });
      return null;
    case 'timer': yield* call('timer', { name: action.name, entry: 'tick', afterUs: action.afterUs }); return null;
    case 'untimer': yield* call('timerStop', { name: action.name }); return null;
    case 'answer':
      yield* call('memSet', { key: `reply:${action.request}`, value: action.results as unknown as Json });
      yield* call('unpark', { channel: `reply:${action.request}`, value: null });
      return null;
    case 'load': {
      const known = m.names();
      const loaded = yield* loadClosure(action.names.map((name) => m.resolve(name)), (name) => known.includes(name));
      return { kind: 'adopt', ...loaded, then: { names: action.names, type: action.type, request: null } };
    }
    case 'halt': yield* halt(action.how); return null;
  }
}

/** The last act of a shutdown: whoever is left is killed, then the machine (or the namespace) goes. */
function* halt(how: 'reboot' | 'poweroff' | 'halt'): Sys<void> {
  yield* call('journalWrite', { ident: 'systemd', message: how === 'reboot' ? 'Reached target Reboot.' : 'Reached target Power-Off.' });
  // Who sits at a terminal, the caller of reboot too, goes with the machine: its line is cut, no prompt comes back.
  const list = yield* call('processes', {});
  for (const p of list.ok ? list.value : []) if (p.pid !== 1 && p.tty === null) yield* call('kill', { pid: p.pid, signal: 'TERM' });
  yield* call('thread', { entry: 'off', event: how });
}

// ---- the program

const BASE_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin';

function* boot(start: Start): Sys<number> {
  yield* call('open', { path: '/dev/null', flags: { read: true, write: true } });
  const bin = yield* call('stat', { path: '/bin', follow: false });
  const split = bin.ok && bin.value.type === 'dir';
  const environment = { LANG: start.env['LANG'] ?? 'en_US.UTF-8', PATH: split ? `${BASE_PATH}:/sbin:/bin` : BASE_PATH };
  yield* call('memSet', { key: 'state', value: { ...emptyState, environment } as unknown as Json });
  yield* call('onChild', { entry: 'child' });
  yield* call('onSignal', { signal: 'TERM', entry: 'signalled' });
  yield* call('onSignal', { signal: 'INT', entry: 'signalled' });
  for (const path of ['/run/systemd', '/run/systemd/system', '/run/lock', '/run/user']) yield* call('mkdir', { path, mode: 0o755 });
  yield* call('unlink', { path: SOCKET });
  yield* call('listenUnix', { path: SOCKET, entry: 'request' });
  yield* call('chmod', { path: SOCKET, mode: 0o666 }); // who may change things is systemctl's to say
  const info = yield* call('sysinfo', {});
  const say = (message: string): Sys<unknown> => call('journalWrite', { ident: 'systemd', message });
  yield* say(`systemd ${split ? '239' : '219'} running in system mode.`);
  yield* say(split ? 'Detected virtualization container-other.' : 'Detected virtualization kvm.');
  yield* say('Detected architecture x86-64.');
  if (info.ok) yield* say(`Set hostname to <${info.value.hostname}>.`);
  const now = yield* moment();
  if (info.ok && !split) yield* call('writeFile', { path: '/var/log/wtmp', text: `boot ${now.real} ${info.value.kernel}\n`, append: true });
  const loaded = yield* loadClosure(['default.target'], () => false);
  const event: Happening = { kind: 'adopt', ...loaded, then: { names: ['default.target'], type: 'start', request: null } };
  yield* call('thread', { entry: 'act', event: event as unknown as Json });
  yield* call('serve', {});
  return 0;
}

export const systemd: Program = {
  name: 'systemd',
  *main(start) {
    if (start.pid === 1) return yield* boot(start);
    yield* call('write', { fd: 2, text: 'Excess arguments.\n' });
    return 1;
  },
  entries: {
    *act(start) { yield* submit(start.event as unknown as Happening); },
    *child(start) {
      const { pid, status, signal } = start.event as unknown as { pid: number } & Exit;
      yield* submit({ kind: 'exited', pid, exit: { status, signal } });
    },
    *notified(start) {
      const { pid, ready, status } = start.event as unknown as { pid: number; ready: boolean; status: string };
      yield* submit({ kind: 'notified', pid, ready, status });
    },
    *tick(start) { yield* submit({ kind: 'tick', timer: (start.event as { timer: string }).timer }); },
    *request(start) { yield* serveRequests((start.event as { fd: number }).fd); },
    /** In a container, the signal that its manager is told to end by; on a machine, Ctrl-Alt-Del. */
    *signalled(start) {
      const { signal } = start.event as { signal: string };
      const { root } = yield* moment();
      if (root !== 'host') yield* submit({ kind: 'shutdown', how: 'poweroff' });
      else if (signal === 'INT') yield* submit({ kind: 'shutdown', how: 'reboot' });
    },
    *off(start) {
      yield* call('sleep', { us: 200_000 });
      yield* call('reboot', { how: start.event === 'reboot' ? 'reboot' : 'poweroff' });
    },
  },
};
