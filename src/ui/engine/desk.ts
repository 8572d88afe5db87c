/**
 * The worker's desk: it passes wall time on to a run in short slices, so that a typed key is never late,
 * asks after goals on forks, watches for changes, and tells the page what differs. It knows neither the page
 * nor how messages travel: it is handed a clock, a way to be woken and a way to speak.
 */
import { checkingGoal, type GoalResult } from '../../drill/goals.ts';
import { changesBetween, isTrouble, NOTHING, viewOf, type View } from '../../drill/view.ts';
import { seconds, type Us } from '../../sim/engine/time.ts';
import type { FromWorker, GoalView, Mark, RunState, Speed } from './messages.ts';
import type { RunLog } from './log.ts';
import type { Run } from './run.ts';

export interface Surroundings {
  /** Wall milliseconds. */
  now(): number;
  /** Calls `wake` soon, or after some wall milliseconds; messages that wait are heard first. */
  rouse(afterMs: number): void;
  say(message: FromWorker): void;
  /** What came too early can be heard now. */
  ready(): void;
}

/** How long one slice may work, in wall milliseconds. */
const SLICE_MS = 12;
const BEAT_MS = 16;
/** Time that was slept through is not caught up beyond this. */
const LEAP_MAX_MS = 250;
/** A command that was typed while time stands may take this long. */
const PAUSED_PATIENCE_US = seconds(120);
const SKIP_STEP_US = seconds(1);
/** A change is over when nothing more has followed for so long. */
const SETTLE_US = seconds(4);
const SKIP_MAX_US = seconds(900);
const LOOK_EVERY_MS = 400;
const ASK_AGAIN_US = seconds(20);
const MARKS_MAX = 300;

export class Desk {
  private speed: Speed = 1;
  private hidden = false;
  private lastWall: number;
  private sliceEnd = 0;
  private target: Us;
  private skip: { limit: Us; /** Not to the next change, but to the limit. */ whole: boolean; changedAt: Us | null } | null = null;
  /** A command was typed while time stands. */
  private errand: Us | null = null;
  private restoring: Generator<void, void> | null = null;
  private wanted: string | null = null;

  private shown = new Map<string, number>();
  private journeys = 0;
  private view: View = NOTHING;
  private lookedAt = -1e9;
  private marks: Mark[] = [];
  private goals: GoalView[];
  private due: number[] = [];
  private checking: { index: number; at: Us; work: Generator<void, GoalResult> } | null = null;
  /** What the page waits for, on forks: it has its turn between slices of time. */
  private pursuits: Generator<void, void>[] = [];
  private askedAt: Us = 0;
  private wasCalm = true;
  private lastState = '';
  private toldView: View | null = null;
  private lastView = '';
  private lastTime: Us = -1;
  private keptAt = '';

  constructor(readonly run: Run, private readonly around: Surroundings) {
    this.lastWall = around.now();
    this.target = run.now;
    this.goals = run.scenario.goals.map(({ id, title }) => ({ id, title, passed: null, message: '', checkedAt: 0, lostAt: null }));
    this.look(true);
  }

  readonly enough = (): boolean => this.around.now() > this.sliceEnd;

  // ---- what the page asks

  start(log: RunLog | null, digest: string | null, speed: Speed): void {
    this.speed = speed;
    this.wanted = digest;
    if (log) {
      this.restoring = this.run.replaying(log, this.enough);
      this.around.say({ kind: 'stage', stage: 'replaying' });
    } else this.ready();
    this.around.rouse(0);
  }

  private ready(): void {
    this.restoring = null;
    // Before time goes on: the digest is that of the log's last moment.
    if (this.wanted !== null) this.around.say({ kind: 'verdict', same: this.run.session.sim.digest() === this.wanted });
    this.target = this.run.now;
    this.lastWall = this.around.now();
    this.look(true);
    this.marks = [];
    this.tell();
    this.around.say({ kind: 'stage', stage: 'ready' });
    this.askGoals();
    this.around.ready();
  }
  get busy(): boolean { return this.restoring !== null; }

  keys(terminal: string, data: string): void {
    this.run.keys(terminal, data);
    if (this.speed === 0) this.errand = this.run.now + PAUSED_PATIENCE_US;
    this.entered();
  }

  entered(): void {
    this.tellShown();
    this.around.rouse(0);
  }

  travelled(): void {
    this.target = this.run.now;
    this.skip = null;
    this.checking = null;
    this.errand = null;
    this.marks = this.marks.filter(({ at }) => at <= this.run.now);
    this.look(true);
    this.askGoals();
    this.tell();
    this.keep();
    this.around.rouse(0);
  }

  setSpeed(speed: Speed): void {
    this.speed = speed;
    this.lastWall = this.around.now();
    this.target = this.run.now;
    this.tell();
    this.around.rouse(0);
  }

  /** Runs ahead until the cluster has changed and settled, or for so many seconds; or stops doing so. */
  skipAhead(count: number | null): void {
    this.skip = this.skip ? null : { limit: this.run.now + (count === null ? SKIP_MAX_US : seconds(count)), whole: count !== null, changedAt: null };
    this.target = this.run.now;
    this.look(false);
    this.tell();
    this.around.rouse(0);
  }

  setHidden(hidden: boolean): void {
    this.hidden = hidden;
    this.lastWall = this.around.now();
    this.around.rouse(0);
  }

  // ---- time

  /** One turn: some work, then word of what differs. */
  wake(): void {
    const now = this.around.now();
    this.sliceEnd = now + SLICE_MS;
    if (this.restoring) {
      if (this.restoring.next().done) this.ready();
      this.around.rouse(0);
      return;
    }
    if (this.skip) this.goAhead(this.skip);
    else this.passTime(now);
    this.lastWall = now;
    this.watch();
    // Whoever skips wants to be there; the goals are asked on arrival.
    if (!this.skip) this.check();
    this.pursueOne();
    this.tell();
    const behind = this.skip !== null || this.checking !== null || this.due.length > 0 || this.pursuits.length > 0 || this.run.now < this.target;
    if (behind) this.around.rouse(0);
    else if (!this.hidden || this.errand !== null) this.around.rouse(BEAT_MS);
  }

  private passTime(now: number): void {
    const { sim } = this.run.session;
    const wall = this.hidden ? 0 : Math.min(now - this.lastWall, LEAP_MAX_MS);
    if (this.errand !== null && (this.run.calm || this.run.now >= this.errand || this.speed > 0)) this.errand = null;
    const rate = this.speed || (this.errand === null ? 0 : 1);
    if (rate === 0 || wall <= 0) return;
    // A machine too slow for the wanted speed lags; it does not pile up what it owes.
    this.target = Math.min(Math.max(this.target, this.run.now) + Math.round(wall * 1_000 * rate), this.run.now + LEAP_MAX_MS * 1_000 * rate);
    sim.runUntil(this.target, this.enough);
  }

  private goAhead(skip: NonNullable<Desk['skip']>): void {
    const { session } = this.run;
    do {
      if (session.sim.runUntil(Math.min(this.run.now + SKIP_STEP_US, skip.limit), this.enough)) break;
      if (this.look(false)) skip.changedAt = this.run.now;
      const settled = !skip.whole && skip.changedAt !== null && this.run.now - skip.changedAt >= SETTLE_US;
      if (!settled && this.run.now < skip.limit) continue;
      this.skip = null;
      this.target = this.run.now;
      this.askGoals();
      this.keep();
      return;
    } while (!this.enough());
  }

  // ---- looking

  private watch(): void {
    if (this.around.now() - this.lookedAt >= LOOK_EVERY_MS) this.look(false);
    const { calm } = this.run;
    if (calm && !this.wasCalm) { this.askGoals(); this.keep(); }
    this.wasCalm = calm;
    if (this.goals.some((goal) => !goal.passed) && this.run.now - this.askedAt > ASK_AGAIN_US) this.askGoals();
  }

  /** Takes a view of the world and notes what has changed since the last one; whether anything has. */
  private look(afresh: boolean): boolean {
    this.lookedAt = this.around.now();
    const view = viewOf(this.run.session.sim.world);
    const changes = afresh ? [] : changesBetween(this.view, view);
    if (changes.length) this.marks = [...this.marks, { at: this.run.now, kind: changes.some(isTrouble) ? 'trouble' as const : 'cluster' as const, label: changes.slice(0, 6).join('\n') }].slice(-MARKS_MAX);
    this.view = view;
    return changes.length > 0;
  }

  askGoals(): void {
    this.askedAt = this.run.now;
    this.checking = null;
    this.due = this.goals.map((_, index) => index);
    this.around.rouse(0);
  }

  /** Works on something long whenever there is time, and tells what came of it. */
  pursue<T>(work: Generator<void, T>, done: (value: T) => void): void {
    this.pursuits.push((function* () { done(yield* work); })());
    this.around.rouse(0);
  }

  private pursueOne(): void {
    const [first] = this.pursuits;
    if (!first) return;
    this.sliceEnd = this.around.now() + SLICE_MS;
    if (first.next().done) this.pursuits.shift();
  }

  private check(): void {
    if (!this.checking) {
      const index = this.due.shift();
      if (index === undefined) return;
      this.checking = { index, at: this.run.now, work: checkingGoal(this.run.session, this.run.scenario.goals[index]!, this.enough) };
    }
    this.sliceEnd = this.around.now() + SLICE_MS;
    const step = this.checking.work.next();
    if (!step.done) return;
    const { index, at } = this.checking;
    this.checking = null;
    const was = this.goals[index]!;
    const { passed, message } = step.value;
    const lostAt = passed ? null : was.passed ? at : was.lostAt;
    this.goals = this.goals.map((goal, i) => (i === index ? { ...goal, passed, message, checkedAt: at, lostAt } : goal));
    if (passed && was.passed === false) this.marks = [...this.marks, { at, kind: 'goal', label: was.title }];
  }

  // ---- telling

  private tell(): void {
    this.tellShown();
    const state = this.state();
    const text = JSON.stringify(state);
    if (text !== this.lastState) { this.lastState = text; this.around.say({ kind: 'state', state }); }
    if (this.view !== this.toldView) {
      this.toldView = this.view;
      const view = JSON.stringify(this.view);
      if (view !== this.lastView) { this.lastView = view; this.around.say({ kind: 'view', view: this.view }); }
    }
    if (this.run.now !== this.lastTime) { this.lastTime = this.run.now; this.around.say({ kind: 'time', now: this.run.now }); }
  }

  private tellShown(): void {
    const afresh = this.journeys !== this.run.journeys;
    if (afresh) { this.journeys = this.run.journeys; this.shown.clear(); }
    for (const { id } of this.run.terminals()) {
      const from = this.shown.get(id) ?? 0;
      const { pieces, count } = this.run.shown(id, from);
      if (count === from && !(afresh && from === 0)) continue;
      this.shown.set(id, count);
      this.around.say({ kind: 'shown', terminal: id, afresh: from === 0, pieces });
    }
  }

  private state(): RunState {
    const { run } = this;
    return {
      terminals: run.terminals(), steps: run.steps(), canUndo: run.canUndo, canRedo: run.canRedo, goals: this.goals, marks: this.marks,
      speed: this.speed, skipping: this.skip !== null, nodes: run.session.nodes, startedAt: run.startedAt,
      epochMs: Date.parse(run.session.clock) - Math.floor(run.now / 1_000),
    };
  }

  /** Hands the page what it should keep, when there is anything new. */
  keep(): void {
    const log = this.run.log();
    const key = `${log.typed.length} ${log.typed.at(-1)?.actions.length ?? 0} ${log.resizes.length} ${Math.floor(log.now / seconds(2))}`;
    if (key === this.keptAt) return;
    this.keptAt = key;
    this.around.say({ kind: 'log', log });
  }
}
