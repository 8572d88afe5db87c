/**
 * The manager's rules: transactions, the order of jobs, what follows from a job's end. Pure: a step takes the
 * state and gives the next one with the actions to take. systemd 239's job engine, reduced.
 */
import type { UnitConfig } from './config.ts';
import type { LoadedUnit } from './loader.ts';
import { reloadService, startService, stopService } from './service.ts';
import { active, type Action, type Job, type JobResult, type JobType, type SystemState, type Seen, type UnitState } from './state.ts';
import { startTimer, stopTimer } from './timers.ts';
import { kindOf } from './unitfile.ts';

export interface Moment { real: number; mono: number; seen: readonly Seen[]; /** The manager's own root. */ root: string }

/** One event: the units as it finds them, what it changes, what it wants done. */
export class Turn {
  readonly actions: Action[] = [];
  private readonly touched = new Map<string, UnitState>();
  private units: Record<string, UnitState>;
  jobs: Record<string, Job>;
  private state: SystemState;

  constructor(state: SystemState, readonly moment: Moment) {
    this.state = state;
    this.units = { ...state.units };
    this.jobs = { ...state.jobs };
  }

  /** The state after this step. */
  result(): SystemState {
    for (const [name, unit] of this.touched) this.units[name] = unit;
    return { ...this.state, units: this.units, jobs: this.jobs };
  }

  get aliases(): Readonly<Record<string, string>> { return this.state.aliases; }
  get(name: string): UnitState | undefined { return this.touched.get(name) ?? this.units[name]; }
  names(): string[] { return Object.keys(this.units); }
  resolve(name: string): string { return this.state.aliases[name] ?? name; }
  patch(part: Partial<SystemState>): void { this.state = { ...this.state, ...part }; }
  get whole(): SystemState { return this.state; }

  /** A unit that may be changed in this step. */
  own(name: string): UnitState {
    let mine = this.touched.get(name);
    if (!mine) { mine = { ...this.units[name]! }; this.touched.set(name, mine); }
    return mine;
  }

  act(action: Action): void { this.actions.push(action); }
  log(unit: string, message: string, priority = 6): void { this.act({ do: 'log', unit, message, priority }); }
  describe(unit: UnitState): string { return unit.config?.description ?? unit.name; }

  /** Takes in what the loader read. A unit that runs keeps its state. */
  adopt(loaded: readonly LoadedUnit[], aliases: Readonly<Record<string, string>>, anew = false): void {
    for (const unit of loaded) {
      const before = this.get(unit.name);
      const { name, load, path, dropIns, mtime, config } = unit;
      // What commands ended with is forgotten by a reload, but for the main process.
      if (before) Object.assign(this.own(name), { load, path, dropIns, mtime, config: config ?? before.config, ...(anew ? { ran: before.ran.filter((r) => r.exit === null) } : {}) });
      else this.touched.set(name, freshUnit(unit));
      this.units[name] ??= this.touched.get(name)!;
      for (const complaint of unit.complaints) this.log(name, complaint, 4);
    }
    this.patch({ aliases: { ...this.state.aliases, ...aliases } });
  }

  drop(name: string): void { delete this.units[name]; this.touched.delete(name); }

  // ---- state changes

  to(unit: UnitState, sub: string): void {
    const before = unit.active;
    const next = active(sub);
    const { real } = this.moment;
    if (sub !== unit.sub) this.stopWaiting(unit);
    unit.sub = sub;
    unit.active = next;
    const off = (a: string): boolean => a === 'inactive' || a === 'failed';
    const on = (a: string): boolean => a === 'active' || a === 'reloading';
    if (next !== before) unit.changedAt = real;
    if (on(next) && !on(before)) unit.activeEnter = real;
    if (!on(next) && on(before)) unit.activeExit = real;
    if (off(next) && !off(before)) unit.inactiveEnter = real;
    // What came before the restart's wait belongs to the life that ended.
    if (sub === 'auto-restart') unit.inactiveExit = real + 1;
    else if (!off(next) && off(before)) unit.inactiveExit = real;
    if (next === 'failed' && before !== 'failed') this.pull(unit.config?.onFailure ?? [], 'start');
    if (off(next) && !off(before)) this.unbind(unit);
  }

  waitFor(unit: UnitState, afterUs: number): void {
    this.stopWaiting(unit);
    if (afterUs < 0) return;
    unit.timer = `unit:${unit.name}:${this.nextId()}`;
    this.act({ do: 'timer', name: unit.timer, afterUs });
  }
  stopWaiting(unit: UnitState): void {
    if (unit.timer) this.act({ do: 'untimer', name: unit.timer });
    unit.timer = null;
  }
  nextId(): number { const { nextId } = this.state; this.patch({ nextId: nextId + 1 }); return nextId; }

  /** Units bound to one that has gone stop too. */
  private unbind(unit: UnitState): void {
    for (const other of this.all()) {
      if (other.config?.bindsTo.includes(unit.name) && (other.active === 'active' || other.active === 'activating')) this.transact([other.name], 'stop', null);
    }
  }

  all(): UnitState[] { return Object.keys(this.units).map((name) => this.get(name)!); }

  /** Jobs for units that may not be loaded yet. */
  pull(names: readonly string[], type: JobType): void {
    if (names.length) this.act({ do: 'load', names, type });
  }

  // ---- transactions

  /**
   * Jobs for these units and for what they draw in. Requests learn of the jobs of `names` alone. What is
   * `automatic` (a restart that nobody asked for) draws in no unit that somebody is just stopping.
   */
  transact(names: readonly string[], type: JobType, request: number | null, automatic = false): void {
    const wanted = new Map<string, JobType>();
    for (const name of names) this.collect(name, type, wanted);
    const anchors = new Set(names);
    if (automatic) for (const name of wanted.keys()) if (!anchors.has(name) && this.isStopping(name)) wanted.delete(name);
    for (const [name, what] of wanted) this.enqueue(name, what, anchors.has(name) ? request : null);
    if (request !== null) {
      const outstanding = Object.values(this.jobs).filter((job) => job.requests.includes(request)).length;
      this.patch({ requests: { ...this.state.requests, [request]: { outstanding, results: {} } } });
      if (outstanding === 0) this.answer(request);
    }
    this.dispatch();
  }

  isStopping(name: string): boolean { return this.jobs[name]?.type === 'stop'; }

  private collect(name: string, type: JobType, wanted: Map<string, JobType>): void {
    const unit = this.get(name);
    if (!unit || wanted.get(name) === type || (wanted.get(name) === 'restart' && type === 'stop')) return;
    if (type === 'start' && (unit.load !== 'loaded' || (wanted.has(name) && wanted.get(name) !== 'stop'))) return;
    if (type === 'start' && (unit.active === 'active' || unit.active === 'reloading') && !this.jobs[name]) return;
    if (type === 'stop' && (unit.active === 'inactive' || unit.active === 'failed') && !this.jobs[name]) return;
    wanted.set(name, type);
    const c = unit.config;
    if (type === 'start' || type === 'restart') {
      for (const other of [...(c?.requires ?? []), ...(c?.bindsTo ?? []), ...(c?.wants ?? [])]) this.collect(this.resolve(other), 'start', wanted);
      for (const other of this.conflicting(unit)) this.collect(other, 'stop', wanted);
    }
    if (type === 'stop' || type === 'restart') {
      for (const other of this.all()) {
        const needs = [...(other.config?.requires ?? []), ...(other.config?.bindsTo ?? []), ...(other.config?.partOf ?? [])];
        const up = other.active === 'active' || other.active === 'activating' || other.active === 'reloading';
        if (up && needs.includes(name)) this.collect(other.name, type, wanted);
      }
    }
  }

  private conflicting(unit: UnitState): string[] {
    const mine = (unit.config?.conflicts ?? []).map((name) => this.resolve(name));
    const theirs = this.all().filter((other) => other.config?.conflicts.includes(unit.name)).map((other) => other.name);
    return [...new Set([...mine, ...theirs])].filter((name) => {
      const other = this.get(name);
      return other !== undefined && name !== unit.name && other.active !== 'inactive' && other.active !== 'failed';
    });
  }

  private enqueue(name: string, type: JobType, request: number | null): void {
    const old = this.jobs[name];
    const requests = request === null ? [] : [request];
    if (old && (old.type === type || (old.type === 'restart' && type === 'start'))) {
      this.jobs[name] = { ...old, requests: [...old.requests, ...requests] };
      return;
    }
    if (old) this.finish(name, 'canceled');
    this.jobs[name] = { id: this.nextId(), unit: name, type, running: false, requests };
  }

  // ---- order

  private follows(a: UnitConfig | null | undefined, aName: string, b: UnitConfig | null | undefined, bName: string): boolean {
    return !!a?.after.includes(bName) || !!b?.before.includes(aName);
  }

  /** Whether another job has to end first. */
  private mustWait(job: Job): boolean {
    const mine = this.get(job.unit)?.config;
    const stops = job.type === 'stop';
    for (const other of Object.values(this.jobs)) {
      if (other.unit === job.unit) continue;
      const theirs = this.get(other.unit)?.config;
      const otherStops = other.type === 'stop' || (other.type === 'restart' && other.running && this.get(other.unit)?.active === 'deactivating');
      if (this.follows(mine, job.unit, theirs, other.unit)) { if (!stops) return true; }
      else if (this.follows(theirs, other.unit, mine, job.unit)) { if (otherStops) return true; }
    }
    return false;
  }

  private dispatching = false;
  dispatch(): void {
    if (this.dispatching) return;
    this.dispatching = true;
    for (let moved = true; moved;) {
      moved = false;
      for (const job of Object.values(this.jobs)) {
        const now = this.jobs[job.unit];
        if (!now || now.id !== job.id || now.running || this.mustWait(now)) continue;
        this.jobs[job.unit] = { ...now, running: true };
        moved = true;
        this.perform(job.unit, now.type);
      }
    }
    this.dispatching = false;
  }

  private perform(name: string, type: JobType): void {
    const unit = this.own(name);
    const up = unit.active === 'active' || unit.active === 'reloading';
    if (type === 'start') {
      if (up) { this.finish(name, 'done'); return; }
      if (unit.active === 'deactivating') { this.jobs[name] = { ...this.jobs[name]!, running: false }; stopFirst(this, unit); return; }
      if (unit.load !== 'loaded') { this.finish(name, 'failed'); return; }
      for (const need of [...(unit.config?.requisite ?? [])]) if (this.get(this.resolve(need))?.active !== 'active') { this.finish(name, 'dependency'); return; }
      this.start(unit);
    } else if (type === 'stop') this.stop(unit);
    else if (type === 'restart') {
      if (unit.active === 'inactive' || unit.active === 'failed') { this.jobs[name] = { ...this.jobs[name]!, type: 'start', running: false }; return; }
      this.stop(unit);
    } else reloadService(this, unit);
  }

  private start(unit: UnitState): void {
    switch (kindOf(unit.name)) {
      case 'service': startService(this, unit); return;
      case 'timer': startTimer(this, unit); return;
      case 'socket': this.to(unit, 'listening'); break;
      case 'mount': this.to(unit, 'mounted'); break;
      case 'path': this.to(unit, 'waiting'); break;
      default: this.to(unit, 'active');
    }
    unit.result = 'success';
    this.finish(unit.name, 'done');
  }

  private stop(unit: UnitState): void {
    if (kindOf(unit.name) === 'service') { stopService(this, unit); return; }
    if (kindOf(unit.name) === 'timer') stopTimer(this, unit);
    this.to(unit, 'dead');
    this.finish(unit.name, 'done');
  }

  // ---- the end of a job

  finish(name: string, result: JobResult): void {
    const job = this.jobs[name];
    if (!job) return;
    const unit = this.get(name)!;
    if (job.type === 'restart' && result === 'done' && (unit.active === 'inactive' || unit.active === 'failed')) {
      this.announce(unit, 'stop', 'done');
      this.jobs[name] = { ...job, type: 'start', running: false };
      this.dispatch();
      return;
    }
    delete this.jobs[name];
    this.announce(unit, job.type, result);
    for (const id of job.requests) {
      const request = this.state.requests[id];
      if (!request) continue;
      const next = { outstanding: request.outstanding - 1, results: { ...request.results, [name]: result } };
      this.patch({ requests: { ...this.state.requests, [id]: next } });
      if (next.outstanding <= 0) this.answer(id);
    }
    if (job.type === 'start' && (result === 'failed' || result === 'dependency' || result === 'timeout')) this.failDependents(name);
    this.dispatch();
    this.maybeHalt();
  }

  private answer(id: number): void {
    this.act({ do: 'answer', request: id, results: this.state.requests[id]?.results ?? {} });
    const requests = { ...this.state.requests };
    delete requests[id];
    this.patch({ requests });
  }

  private failDependents(name: string): void {
    for (const job of Object.values(this.jobs)) {
      const c = this.get(job.unit)?.config;
      if (job.type !== 'start' || job.running || !c) continue;
      if ([...c.requires, ...c.bindsTo, ...c.requisite].some((need) => this.resolve(need) === name)) this.finish(job.unit, 'dependency');
    }
  }

  private announce(unit: UnitState, type: JobType, result: JobResult): void {
    const name = this.describe(unit);
    const kind = kindOf(unit.name);
    if (type === 'start' && result === 'done') {
      if (kind === 'slice' || kind === 'device') return;
      const word = kind === 'target' ? 'Reached target' : kind === 'socket' ? 'Listening on' : unit.config?.service?.type === 'oneshot' ? 'Finished' : 'Started';
      this.log(unit.name, `${word} ${name}.`);
    } else if (type === 'start' && (result === 'failed' || result === 'timeout')) this.log(unit.name, `Failed to start ${name}.`, 3);
    else if (type === 'start' && result === 'dependency') {
      this.log(unit.name, `Dependency failed for ${name}.`, 3);
      this.log(unit.name, `${unit.name}: Job ${unit.name}/start failed with result 'dependency'.`, 5);
    } else if (type === 'stop' && result === 'done') this.log(unit.name, kind === 'target' ? `Stopped target ${name}.` : kind === 'socket' ? `Closed ${name}.` : `Stopped ${name}.`);
    else if (type === 'reload' && result === 'done') this.log(unit.name, `Reloaded ${name}.`);
    else if (type === 'reload' && result === 'failed') this.log(unit.name, `Reload failed for ${name}.`, 3);
  }

  /** When the last job of a shutdown has ended, the machine goes. */
  private maybeHalt(): void {
    const { shutdown } = this.state;
    if (shutdown && !Object.keys(this.jobs).length) { this.patch({ shutdown: null }); this.act({ do: 'halt', how: shutdown }); }
  }

  /** Processes of a unit: those in its control group; without Delegate also what they started elsewhere. */
  members(unit: UnitState): Seen[] {
    const { seen, root } = this.moment;
    const mine = new Set<number>();
    for (const p of seen) if (p.root === root && p.unit === unit.name && p.state !== 'Z' && p.pid !== 1) mine.add(p.pid);
    if (!unit.config?.service?.delegate) {
      for (let grew = true; grew;) {
        grew = false;
        for (const p of seen) if (!mine.has(p.pid) && mine.has(p.ppid) && p.root !== root && p.state !== 'Z') { mine.add(p.pid); grew = true; }
      }
    }
    return seen.filter((p) => mine.has(p.pid));
  }
}

/** A start that came while the unit was stopping goes on when it has stopped. */
function stopFirst(m: Turn, unit: UnitState): void {
  m.jobs[unit.name] = { ...m.jobs[unit.name]!, type: 'restart', running: true };
}

function freshUnit({ name, load, path, dropIns, mtime, config }: LoadedUnit): UnitState {
  return {
    name, load, path, dropIns, mtime, config, active: 'inactive', sub: 'dead', result: 'success', changedAt: 0, activeEnter: 0, activeExit: 0, inactiveEnter: 0,
    inactiveExit: 0, main: null, control: null, ran: [], restarts: 0, starts: [], status: '', stopAsked: false, timer: null, nextAt: 0, lastAt: 0, invocation: 0,
  };
}
