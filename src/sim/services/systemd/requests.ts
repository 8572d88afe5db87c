/**
 * The manager's answers to systemctl: a thread a connection. Changes go through the one queue of events
 * (daemon.ts); what is only read is read as it stands.
 */
import type { Json, Sys } from '../../proc/program.ts';
import { call } from '../../proc/syscalls.ts';
import type { Happening } from './daemon.ts';
import { loadClosure, loadUnit, openShelves, type LoadedUnit, type Shelves } from './loader.ts';
import type { Ask, JobAnswer, Verb } from './protocol.ts';
import { emptyState, type JobResult, type JobType, type SystemState, type UnitState } from './state.ts';

const POLL_US = 2_000_000;

function* readState(): Sys<SystemState> {
  const got = yield* call('memGet', { key: 'state' });
  return got.ok && got.value ? got.value as unknown as SystemState : emptyState;
}

const act = (event: Happening): Sys<unknown> => call('thread', { entry: 'act', event: event as unknown as Json });

export function* serveRequests(fd: number): Sys<void> {
  for (;;) {
    const got = yield* call('recv', { fd });
    if (!got.ok || got.value === null) break;
    const answer = yield* answerTo(fd, got.value.data as unknown as Ask);
    if (answer !== null) yield* call('send', { fd, data: answer as Json });
  }
  yield* call('close', { fd });
}

function* answerTo(fd: number, request: Ask): Sys<unknown> {
  switch (request.op) {
    case 'list': {
      const state = yield* readState();
      return { units: Object.values(state.units), jobs: Object.values(state.jobs), pending: Object.keys(state.jobs).length > 0 };
    }
    case 'show': return { units: yield* lookUp(request.names) };
    case 'job': return { answers: yield* runJobs(fd, request.verb, request.names, request.wait) };
    case 'isolate': return { answers: yield* isolate(fd, request.name) };
    case 'kill': {
      const units = yield* lookUp(request.names);
      const missing = units.filter((u) => u.load !== 'loaded').map((u) => failed(u.name, `Unit ${u.name} not loaded.`, 5));
      if (!missing.length) yield* act({ kind: 'kill', names: request.names, who: request.who, signal: request.signal });
      return { answers: missing };
    }
    case 'reset-failed': {
      const units = yield* lookUp(request.names);
      const missing = units.filter((u) => u.load === 'not-found').map((u) => failed(u.name, `Unit ${u.name} not loaded.`, 1));
      if (!missing.length) yield* act({ kind: 'reset-failed', names: request.names });
      return { answers: missing };
    }
    case 'daemon-reload': yield* reloadAll(); return { answers: [] };
    case 'environment': {
      if (request.set || request.unset) {
        const set = Object.fromEntries((request.set ?? []).map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]));
        yield* act({ kind: 'environment', set, unset: request.unset ?? [] });
      }
      return { environment: (yield* readState()).environment };
    }
    case 'shutdown': yield* act({ kind: 'shutdown', how: request.how }); return { answers: [] };
  }
}

/** Units as they stand; those not loaded are read from disk for the answer alone. */
function* lookUp(names: readonly string[]): Sys<UnitState[]> {
  const state = yield* readState();
  const out: UnitState[] = [];
  let shelves: Shelves | null = null;
  for (const asked of names) {
    const name = state.aliases[asked] ?? asked;
    const known = state.units[name];
    if (known) { out.push(known); continue; }
    shelves ??= (yield* openShelves());
    const unit = yield* loadUnit(shelves, asked);
    yield* report(unit);
    out.push(state.units[unit.name] ?? blank(unit));
  }
  return out;
}

/** A unit with a bad setting is not kept: it is read again, and complained of again, each time. */
function* report(unit: LoadedUnit): Sys<void> {
  if (unit.load !== 'bad-setting') return;
  for (const message of unit.complaints) yield* call('journalWrite', { ident: 'systemd', unit: unit.name, message, priority: 3 });
}

function blank({ name, load, path, dropIns, mtime, config }: LoadedUnit): UnitState {
  return {
    name, load, path, dropIns, mtime, config, active: 'inactive', sub: 'dead', result: 'success', changedAt: 0, activeEnter: 0, activeExit: 0, inactiveEnter: 0,
    inactiveExit: 0, main: null, control: null, ran: [], restarts: 0, starts: [], status: '', stopAsked: false, timer: null, nextAt: 0, lastAt: 0, invocation: 0,
  };
}

const failed = (name: string, error: string, code: number): JobAnswer => ({ name, error, code, result: null, unit: null });

/** What a verb amounts to for a unit in its state; null: nothing to do. */
function jobFor(verb: Verb, unit: UnitState): JobType | null | 'not applicable' {
  const up = unit.active === 'active' || unit.active === 'reloading' || unit.active === 'activating';
  const canReload = (unit.config?.service?.commands.reload.length ?? 0) > 0;
  switch (verb) {
    case 'start': case 'stop': case 'restart': return verb;
    case 'try-restart': return up ? 'restart' : null;
    case 'reload': return canReload ? 'reload' : 'not applicable';
    case 'reload-or-restart': return up && canReload ? 'reload' : 'restart';
    case 'try-reload-or-restart': return !up ? null : canReload ? 'reload' : 'restart';
  }
}

function refusalOf(verb: Verb, unit: UnitState): JobAnswer | null {
  const { name } = unit;
  const stops = verb === 'stop' || verb === 'try-restart' || verb === 'reload' || verb === 'try-reload-or-restart';
  if (stops && unit.load === 'not-found' && unit.active === 'inactive') return failed(name, `Unit ${name} not ${verb === 'stop' ? 'loaded' : 'found'}.`, 5);
  if (stops) return null;
  if (unit.load === 'not-found') return failed(name, `Unit ${name} not found.`, 5);
  if (unit.load === 'masked') return failed(name, `Unit ${name} is masked.`, 1);
  if (unit.load === 'bad-setting') return failed(name, `Unit ${name} has a bad unit file setting.`, 1);
  if (unit.load !== 'loaded') return failed(name, `Unit ${name} failed to load properly, please adjust/correct and reload service manager.`, 1);
  if (unit.config?.refuseManualStart) return failed(name, `Operation refused, unit ${name} may be requested by dependency only (it is configured to refuse manual start/stop).`, 1);
  return null;
}

function* runJobs(fd: number, verb: Verb, names: readonly string[], wait: boolean): Sys<JobAnswer[]> {
  const state = yield* readState();
  const fresh = yield* loadClosure(names.map((name) => state.aliases[name] ?? name), (name) => state.units[name] !== undefined && !stale(state.units[name]!));
  const answers: JobAnswer[] = [];
  const byType = new Map<JobType, string[]>();
  for (const asked of names) {
    const name = fresh.aliases[asked] ?? state.aliases[asked] ?? asked;
    const read = fresh.units.find((u) => u.name === name);
    const unit = state.units[name] && !(read && stale(state.units[name]!)) ? state.units[name]! : read ? { ...blank(read) } : undefined;
    if (!unit) { answers.push(failed(name, `Unit ${name} not found.`, 5)); continue; }
    const refused = refusalOf(verb, unit);
    if (refused) { answers.push(refused); continue; }
    const missing = verb === 'stop' ? undefined : missingNeed(unit, state, fresh.units);
    if (missing) { answers.push(failed(name, `Unit ${missing} not found.`, 5)); continue; }
    const type = jobFor(verb, unit);
    if (type === 'not applicable') { answers.push(failed(name, `Job type reload is not applicable for unit ${name}.`, 3)); continue; }
    if (type === 'reload' && unit.active !== 'active') { answers.push(failed(name, `Job type reload is not applicable for unit ${name}.`, 1)); continue; }
    if (type) byType.set(type, [...(byType.get(type) ?? []), name]);
  }
  for (const unit of fresh.units) yield* report(unit);
  yield* act({ kind: 'adopt', units: fresh.units.filter((u) => u.load !== 'bad-setting'), aliases: fresh.aliases });
  for (const [type, list] of byType) {
    const results = yield* transact(fd, { kind: 'adopt', units: [], aliases: {}, then: { names: list, type, request: wait ? fd : null } }, wait);
    const after = yield* readState();
    for (const name of list) answers.push({ name, error: null, code: 0, result: results[name] ?? 'done', unit: after.units[name] ?? null });
  }
  return answers;
}

/** A unit that could not be read is looked for again at every start. */
const stale = (unit: UnitState): boolean => unit.load !== 'loaded' && unit.active === 'inactive';

function missingNeed(unit: UnitState, state: SystemState, fresh: readonly LoadedUnit[]): string | undefined {
  const loadOf = (name: string): string | undefined => state.units[name]?.load ?? fresh.find((u) => u.name === name)?.load;
  return [...(unit.config?.requires ?? []), ...(unit.config?.bindsTo ?? [])].find((need) => loadOf(need) === 'not-found' && need !== 'sysinit.target');
}

/** Starts the event and waits for its jobs to end. */
function* transact(fd: number, event: Happening, wait: boolean): Sys<Readonly<Record<string, JobResult>>> {
  yield* act(event);
  if (!wait) return {};
  for (;;) {
    const reply = yield* call('memGet', { key: `reply:${fd}` });
    if (reply.ok && reply.value !== null) {
      yield* call('memSet', { key: `reply:${fd}`, value: null });
      return reply.value as unknown as Readonly<Record<string, JobResult>>;
    }
    yield* call('park', { channel: `reply:${fd}`, timeoutUs: POLL_US });
  }
}

function* isolate(fd: number, name: string): Sys<JobAnswer[]> {
  const shelf = yield* loadClosure([name], () => false);
  const real = shelf.aliases[name] ?? name;
  const unit = shelf.units.find((u) => u.name === real);
  if (!unit || unit.load === 'not-found') return [failed(name, `Unit ${name} not found.`, 5)];
  if (!unit.config?.allowIsolate) return [failed(name, 'Operation refused, unit may not be isolated.', 1)];
  const ways: Readonly<Record<string, 'reboot' | 'poweroff' | 'halt'>> = { 'reboot.target': 'reboot', 'poweroff.target': 'poweroff', 'halt.target': 'halt' };
  const way = ways[real];
  if (way) { yield* act({ kind: 'shutdown', how: way }); return []; }
  yield* act({ kind: 'adopt', units: shelf.units.filter((u) => u.load === 'loaded'), aliases: shelf.aliases });
  const results = yield* transact(fd, { kind: 'isolate', keep: shelf.units.map((u) => u.name), target: real, request: fd }, true);
  const after = yield* readState();
  return [{ name: real, error: null, code: 0, result: results[real] ?? 'done', unit: after.units[real] ?? null }];
}

/** Reads every known unit anew. */
function* reloadAll(): Sys<void> {
  const state = yield* readState();
  const shelves = yield* openShelves();
  const units: LoadedUnit[] = [];
  for (const name of Object.keys(state.units)) units.push(yield* loadUnit(shelves, name));
  const known = new Set([...Object.keys(state.units), ...units.map((u) => u.name)]);
  const wanted = yield* loadClosure(units.flatMap((u) => u.config?.wants ?? []), (name) => known.has(name));
  yield* call('journalWrite', { ident: 'systemd', message: 'Reloading.' });
  yield* act({ kind: 'adopt', units: [...units, ...wanted.units], aliases: wanted.aliases, anew: true });
}
