/**
 * The life of a service unit: start-pre to stop-post, its restarts and limits. Pure rules over the manager's
 * state; systemd 239's service.c, reduced to what unit files of this cluster use.
 */
import type { Phase, ServiceConfig } from './config.ts';
import type { Turn } from './turn.ts';
import type { Exit, Ran, Result, UnitState } from './state.ts';
import type { Command } from './unitfile.ts';
import { exitWords } from './words.ts';

const EMPTY_POLL_US = 50_000;
const CLEAN_SIGNALS: readonly string[] = ['HUP', 'INT', 'TERM', 'PIPE'];

const serviceOf = (unit: UnitState): ServiceConfig => unit.config!.service!;

const isClean = (service: ServiceConfig, exit: Exit): boolean =>
  (exit.signal ? CLEAN_SIGNALS.includes(exit.signal) || service.successSignals.includes(exit.signal) : exit.status === 0 || service.successCodes.includes(exit.status));

// ---- start

export function startService(m: Turn, unit: UnitState): void {
  const config = unit.config!;
  const since = m.moment.mono - config.startLimitUs;
  const recent = unit.starts.filter((at) => at > since);
  if (config.startLimitUs > 0 && recent.length >= config.startLimitBurst) {
    m.log(unit.name, `${unit.name}: Start request repeated too quickly.`, 4);
    enterDead(m, unit, unit.result === 'success' ? 'start-limit-hit' : unit.result, false);
    m.finish(unit.name, 'failed');
    return;
  }
  unit.starts = [...recent, m.moment.mono];
  if (config.conditions.length) { m.act({ do: 'check', unit: unit.name, conditions: config.conditions }); return; }
  begin(m, unit);
}

/** The conditions have been looked at: `failed` is the first that does not hold. */
export function afterConditions(m: Turn, unit: UnitState, failed: string | null): void {
  if (m.jobs[unit.name]?.type !== 'start') return;
  if (failed === null) { begin(m, unit); return; }
  m.log(unit.name, `${unit.name}: Condition check resulted in ${m.describe(unit)} being skipped.`);
  m.finish(unit.name, 'skipped');
}

function begin(m: Turn, unit: UnitState): void {
  Object.assign(unit, { result: 'success', main: null, control: null, ran: [], status: '', stopAsked: false, invocation: m.nextId() });
  const service = serviceOf(unit);
  const pre = service.commands['start-pre'];
  const slow = pre.length > 0 || !['simple', 'idle', 'exec'].includes(service.type);
  if (slow) m.log(unit.name, `Starting ${m.describe(unit)}...`);
  if (pre.length) runPhase(m, unit, 'start-pre', 0); else enterStart(m, unit);
}

function enterStart(m: Turn, unit: UnitState): void {
  const service = serviceOf(unit);
  const commands = service.commands.start;
  if (!commands.length) { enterStartPost(m, unit); return; }
  if (service.type === 'forking') { runPhase(m, unit, 'start', 0); return; }
  m.to(unit, 'start');
  m.waitFor(unit, service.type === 'oneshot' || service.type === 'notify' || service.type === 'dbus' ? service.timeoutStartUs : -1);
  spawnMain(m, unit, 0);
}

/** The main process; `control` keeps which of a oneshot's commands it is. */
function spawnMain(m: Turn, unit: UnitState, index: number): void {
  unit.main = null;
  unit.control = { phase: 'start', index, pid: 0 };
  m.act({ do: 'spawn', unit: unit.name, phase: 'main', index, command: serviceOf(unit).commands.start[index]!, mainPid: 0 });
}

function runPhase(m: Turn, unit: UnitState, phase: Phase, index: number): void {
  const service = serviceOf(unit);
  m.to(unit, phase);
  m.waitFor(unit, phase === 'stop' || phase === 'stop-post' ? service.timeoutStopUs : service.timeoutStartUs);
  unit.control = { phase, index, pid: 0 };
  m.act({ do: 'spawn', unit: unit.name, phase, index, command: service.commands[phase][index]!, mainPid: unit.main && !unit.main.exit ? unit.main.pid : 0 });
}

const WHICH: Readonly<Record<string, string>> = {
  'start-pre': 'ExecStartPre', start: 'ExecStart', main: 'ExecStart', 'start-post': 'ExecStartPost', reload: 'ExecReload', stop: 'ExecStop', 'stop-post': 'ExecStopPost',
};

/** A process has been started for the unit. */
export function onSpawned(m: Turn, unit: UnitState, phase: Phase | 'main', command: Command, pid: number): void {
  const ran: Ran = { which: WHICH[phase]!, shown: command.shown, comm: command.path.split('/').pop()!.slice(0, 15), pid, startedAt: m.moment.real, exitedAt: 0, exit: null };
  unit.ran = [...unit.ran.filter((r) => r.which !== ran.which || unit.config!.service!.commands[phase === 'main' ? 'start' : phase].length > 1), ran];
  if (phase !== 'main') { if (unit.control) unit.control = { ...unit.control, pid }; return; }
  unit.main = ran;
  const service = serviceOf(unit);
  if (service.type === 'oneshot' || service.type === 'notify') return;
  unit.control = null;
  enterStartPost(m, unit);
}

function enterStartPost(m: Turn, unit: UnitState): void {
  if (serviceOf(unit).commands['start-post'].length) runPhase(m, unit, 'start-post', 0); else enterRunning(m, unit);
}

function enterRunning(m: Turn, unit: UnitState): void {
  unit.control = null;
  const service = serviceOf(unit);
  const alive = unit.main !== null && unit.main.exit === null;
  if (alive || (service.type === 'forking' && m.members(unit).length > 0)) { m.to(unit, 'running'); m.finish(unit.name, 'done'); return; }
  if (service.remainAfterExit) { m.to(unit, 'exited'); m.finish(unit.name, 'done'); return; }
  if (service.type === 'oneshot') { finishOneshot(m, unit); return; }
  m.finish(unit.name, 'done');
  enterStop(m, unit, unit.result);
}

/** A oneshot that does not remain: done, then dead. */
function finishOneshot(m: Turn, unit: UnitState): void {
  if (serviceOf(unit).commands['stop-post'].length) { m.finish(unit.name, 'done'); runPhase(m, unit, 'stop-post', 0); return; }
  enterDead(m, unit, 'success', true);
  m.finish(unit.name, 'done');
}

export function onReady(m: Turn, unit: UnitState): void {
  if (unit.sub === 'start' && serviceOf(unit).type === 'notify') { unit.control = null; enterStartPost(m, unit); }
}

// ---- reload

export function reloadService(m: Turn, unit: UnitState): void {
  if (unit.active !== 'active' || !serviceOf(unit).commands.reload.length) { m.finish(unit.name, 'failed'); return; }
  m.log(unit.name, `Reloading ${m.describe(unit)}.`);
  runPhase(m, unit, 'reload', 0);
}

// ---- stop

export function stopService(m: Turn, unit: UnitState): void {
  unit.stopAsked = true;
  switch (unit.sub) {
    case 'dead': case 'failed': m.finish(unit.name, 'done'); return;
    case 'auto-restart': m.to(unit, 'dead'); m.finish(unit.name, 'done'); return;
    case 'running': case 'exited': case 'start': case 'start-pre': case 'start-post': case 'reload':
      m.log(unit.name, `Stopping ${m.describe(unit)}...`);
      enterStop(m, unit, 'success');
      return;
    default: // it is stopping already
  }
}

function enterStop(m: Turn, unit: UnitState, result: Result): void {
  if (result !== 'success') unit.result = result;
  const wasUp = unit.active === 'active' || unit.active === 'reloading';
  if (wasUp && serviceOf(unit).commands.stop.length) { runPhase(m, unit, 'stop', 0); return; }
  enterKill(m, unit, 'stop-sigterm');
}

/** Who is left to be told to end, by KillMode. */
function victims(m: Turn, unit: UnitState, hard: boolean): number[] {
  const { killMode } = serviceOf(unit);
  const main = unit.main && !unit.main.exit ? [unit.main.pid] : [];
  const control = unit.control?.pid ? [unit.control.pid] : [];
  if (killMode === 'none') return [];
  if (killMode === 'process' || (killMode === 'mixed' && !hard)) return [...main, ...control];
  return [...new Set([...main, ...control, ...m.members(unit).map((p) => p.pid)])];
}

function enterKill(m: Turn, unit: UnitState, sub: 'stop-sigterm' | 'stop-sigkill' | 'final-sigterm' | 'final-sigkill'): void {
  const hard = sub.endsWith('sigkill');
  const pids = victims(m, unit, hard);
  const waiting = pids.length > 0 || remaining(m, unit);
  if (!waiting) { m.to(unit, sub); afterKill(m, unit); return; }
  m.to(unit, sub);
  if (hard) for (const p of m.members(unit)) m.log(unit.name, `${unit.name}: Killing process ${p.pid} (${p.comm}) with signal SIGKILL.`, 5);
  m.act({ do: 'kill', pids, signal: hard ? 'KILL' : serviceOf(unit).killSignal });
  m.waitFor(unit, serviceOf(unit).timeoutStopUs);
}

/** Whether processes that the kill mode covers still live. */
function remaining(m: Turn, unit: UnitState): boolean {
  const { killMode } = serviceOf(unit);
  if (unit.main && !unit.main.exit) return true;
  if (unit.control?.pid) return true;
  return (killMode === 'control-group' || killMode === 'mixed') && m.members(unit).length > 0;
}

function afterKill(m: Turn, unit: UnitState): void {
  if (unit.sub.startsWith('final')) { enterDead(m, unit, unit.result, true); settle(m, unit); return; }
  if (serviceOf(unit).commands['stop-post'].length) { runPhase(m, unit, 'stop-post', 0); return; }
  enterDead(m, unit, unit.result, true);
  settle(m, unit);
}

/** The main process has gone in a stop; the others may still be there. */
function whenEmpty(m: Turn, unit: UnitState): void {
  if (unit.main && !unit.main.exit) return;
  if (unit.control?.pid) return;
  if (!remaining(m, unit)) { afterKill(m, unit); return; }
  // KillMode=mixed: the rest is killed hard as soon as the main process has ended.
  if (serviceOf(unit).killMode === 'mixed' && unit.sub === 'stop-sigterm') {
    m.act({ do: 'kill', pids: m.members(unit).map((p) => p.pid), signal: 'KILL' });
  }
  m.act({ do: 'timer', name: `empty:${unit.name}`, afterUs: EMPTY_POLL_US });
}

export function onEmptyPoll(m: Turn, unit: UnitState): void {
  if (unit.sub.includes('sigterm') || unit.sub.includes('sigkill')) whenEmpty(m, unit);
}

function shouldRestart(unit: UnitState, service: ServiceConfig): boolean {
  if (unit.stopAsked) return false;
  const { result } = unit;
  const signalled = result === 'signal' || result === 'timeout' || result === 'core-dump';
  switch (service.restart) {
    case 'always': return true;
    case 'on-success': return result === 'success';
    case 'on-failure': return result !== 'success';
    case 'on-abnormal': return signalled;
    case 'on-abort': return result === 'signal' || result === 'core-dump';
    default: return false;
  }
}

function enterDead(m: Turn, unit: UnitState, result: Result, mayRestart: boolean): void {
  unit.result = result;
  unit.control = null;
  if (result === 'success') { if (unit.sub !== 'dead') m.log(unit.name, `${unit.name}: Succeeded.`); }
  else m.log(unit.name, `${unit.name}: Failed with result '${result}'.`, 4);
  const service = serviceOf(unit);
  if (mayRestart && shouldRestart(unit, service)) {
    m.to(unit, 'auto-restart');
    m.waitFor(unit, service.restartUs);
    return;
  }
  m.to(unit, result === 'success' ? 'dead' : 'failed');
}

/** The job that waited for this end: a stop is done, a start has failed. */
function settle(m: Turn, unit: UnitState): void {
  const job = m.jobs[unit.name];
  if (!job?.running) return;
  if (job.type === 'start') m.finish(unit.name, unit.result === 'timeout' ? 'timeout' : unit.result === 'success' ? 'done' : 'failed');
  else m.finish(unit.name, 'done');
}

// ---- what happens to processes

export function onExit(m: Turn, unit: UnitState, pid: number, exit: Exit): void {
  unit.ran = unit.ran.map((r) => (r.pid === pid && !r.exit ? { ...r, exit, exitedAt: m.moment.real } : r));
  if (unit.main?.pid === pid) {
    unit.main = { ...unit.main, exit, exitedAt: m.moment.real };
    onMainExit(m, unit, exit);
  } else if (unit.control?.pid === pid) onControlExit(m, unit, exit);
  else if (unit.sub.includes('sigterm') || unit.sub.includes('sigkill')) whenEmpty(m, unit);
}

const failure = (exit: Exit): Result => (exit.signal ? 'signal' : 'exit-code');

function onMainExit(m: Turn, unit: UnitState, exit: Exit): void {
  const service = serviceOf(unit);
  const command = service.commands.start[unit.control?.phase === 'start' ? unit.control.index : 0];
  const clean = isClean(service, exit) || !!command?.forgiven;
  const bad: Result = clean ? 'success' : failure(exit);
  if (!clean) {
    m.log(unit.name, `${unit.name}: Main process exited, ${exitWords(exit)}`, 5);
    if (unit.result === 'success') unit.result = bad;
  }
  switch (unit.sub) {
    case 'start': {
      const index = unit.control?.index ?? 0;
      unit.control = null;
      if (service.type === 'oneshot' && clean) {
        if (index + 1 < service.commands.start.length) { spawnMain(m, unit, index + 1); return; }
        enterStartPost(m, unit);
        return;
      }
      fail(m, unit, service.type === 'oneshot' || !clean ? bad : 'protocol');
      return;
    }
    case 'start-post': case 'reload': return; // the control process decides
    case 'running':
      if (clean && service.remainAfterExit) m.to(unit, 'exited');
      else enterStop(m, unit, bad);
      return;
    case 'stop': return;
    default: if (unit.sub.includes('sig')) whenEmpty(m, unit);
  }
}

/** The process could not be prepared at all. */
export function onUnspawned(m: Turn, unit: UnitState): void {
  m.log(unit.name, `${unit.name}: Failed to load environment files: No such file or directory`, 3);
  m.log(unit.name, `${unit.name}: Failed to run '${unit.control?.phase ?? 'start'}' task: No such file or directory`, 4);
  unit.control = null;
  fail(m, unit, 'resources');
}

/** A start that cannot succeed any more. */
function fail(m: Turn, unit: UnitState, result: Result): void {
  unit.result = unit.result === 'success' ? result : unit.result;
  if (m.members(unit).length) enterKill(m, unit, 'stop-sigterm'); else afterKill(m, unit);
}

function onControlExit(m: Turn, unit: UnitState, exit: Exit): void {
  const { phase, index } = unit.control!;
  const service = serviceOf(unit);
  const command = service.commands[phase][index]!;
  const clean = isClean(service, exit) || command.forgiven;
  unit.control = null;
  if (!clean) m.log(unit.name, `${unit.name}: Control process exited, ${exitWords(exit)}`, 5);
  if (unit.sub.includes('sig')) { whenEmpty(m, unit); return; }
  const more = index + 1 < service.commands[phase].length;
  if (clean && more) { runPhase(m, unit, phase, index + 1); return; }
  switch (phase) {
    case 'start-pre': if (clean) enterStart(m, unit); else fail(m, unit, failure(exit)); return;
    case 'start': if (clean) forked(m, unit); else fail(m, unit, failure(exit)); return;
    case 'start-post':
      if (clean) enterRunning(m, unit);
      else { unit.result = failure(exit); enterStop(m, unit, failure(exit)); }
      return;
    case 'reload':
      m.to(unit, 'running');
      m.finish(unit.name, clean ? 'done' : 'failed');
      if (unit.main?.exit) enterStop(m, unit, unit.result);
      return;
    case 'stop': if (!clean && unit.result === 'success') unit.result = failure(exit); enterKill(m, unit, 'stop-sigterm'); return;
    case 'stop-post':
      if (!clean && unit.result === 'success') unit.result = failure(exit);
      enterKill(m, unit, 'final-sigterm');
  }
}

/** A forking service's parent has ended well: the main process is the one it left behind. */
function forked(m: Turn, unit: UnitState): void {
  const left = m.members(unit).sort((a, b) => a.pid - b.pid)[0];
  if (left) unit.main = { which: 'main', shown: left.comm, comm: left.comm, pid: left.pid, startedAt: m.moment.real, exitedAt: 0, exit: null };
  enterStartPost(m, unit);
}

// ---- time

export function onTimeout(m: Turn, unit: UnitState): void {
  const { name } = unit;
  unit.timer = null;
  switch (unit.sub) {
    case 'auto-restart':
      if ([...unit.config!.requires, ...unit.config!.bindsTo].some((need) => m.isStopping(m.resolve(need)))) {
        m.waitFor(unit, Math.max(serviceOf(unit).restartUs, EMPTY_POLL_US)); // what it needs is going: later
        return;
      }
      unit.restarts++;
      m.log(name, `${name}: Scheduled restart job, restart counter is at ${unit.restarts}.`);
      m.transact([name], 'restart', null, true);
      return;
    case 'start-pre': case 'start': case 'start-post':
      m.log(name, `${name}: ${unit.sub === 'start' ? 'Start' : unit.sub} operation timed out. Terminating.`, 4);
      unit.result = 'timeout';
      enterKill(m, unit, 'stop-sigterm');
      return;
    case 'reload':
      m.log(name, `${name}: Reload operation timed out. Killing reload process.`, 4);
      if (unit.control?.pid) m.act({ do: 'kill', pids: [unit.control.pid], signal: 'KILL' });
      return;
    case 'stop':
      m.log(name, `${name}: Stopping timed out. Terminating.`, 4);
      unit.result = 'timeout';
      enterKill(m, unit, 'stop-sigterm');
      return;
    case 'stop-sigterm': case 'final-sigterm':
      m.log(name, `${name}: State '${unit.sub}' timed out. Killing.`, 4);
      unit.result = 'timeout';
      enterKill(m, unit, unit.sub === 'stop-sigterm' ? 'stop-sigkill' : 'final-sigkill');
      return;
    case 'stop-post':
      unit.result = 'timeout';
      enterKill(m, unit, 'final-sigterm');
      return;
    case 'stop-sigkill': case 'final-sigkill':
      m.log(name, `${name}: Processes still around after SIGKILL. Ignoring.`, 4);
      afterKill(m, unit);
      return;
    default:
  }
}
