/**
 * What the page shows and what it can do: one world, its history, its terminals, the lesson's progress.
 * It knows no element and no frame: elements read `state`, are told by `change`, and call the methods.
 * All that is entered goes through `enter`, so that it can be undone, replayed and kept.
 */
import { produce } from 'immer';
import { emptyHistory, line, record, redo, undo, type History } from '../sim/engine/history.ts';
import { seconds, type Us } from '../sim/engine/time.ts';
import { checkGoal, type GoalResult } from '../drill/goals.ts';
import { applySetup, type Scenario } from '../drill/scenario.ts';
import { isIdle, stateOf, type SavedSession, type Session, type TerminalState } from '../drill/session.ts';
import type { Fs } from '../sim/host/fs.ts';
import type { Json, Program } from '../sim/proc/program.ts';

/** One step of the trainee: what was typed until the prompt came back. */
export type Action =
  | { kind: 'keys'; terminal: string; data: string }
  | { kind: 'open'; terminal: string; node: string; cols: number; rows: number }
  | { kind: 'resize'; terminal: string; cols: number; rows: number };
export interface Typed { terminal: string; label: string; actions: { at: Us; action: Action }[] }

export interface TerminalView { id: string; node: string; title: string; state: TerminalState }
export type Speed = 0 | 1 | 10;
export type NodeHealth = 'healthy' | 'degraded' | 'offline' | 'unknown';

export interface PageState {
  readonly ready: boolean;
  readonly speed: Speed;
  readonly skipping: boolean;
  readonly terminals: readonly TerminalView[];
  readonly active: string;
  readonly goals: readonly (GoalResult & { checkedAt: Us })[];
  readonly hintsShown: number;
  readonly step: number;
  readonly canUndo: boolean;
  readonly canRedo: boolean;
  readonly marks: readonly Mark[];
  readonly health: Readonly<Record<string, NodeHealth>>;
  readonly notice: string;
}
/** Something on the time bar. `branch`: it was undone and another way taken. */
export interface Mark { at: Us; kind: 'command' | 'cluster' | 'goal'; label: string; undone: boolean }

export const FIRST: PageState = {
  ready: false, speed: 1, skipping: false, terminals: [], active: '', goals: [], hintsShown: 0, step: 0, canUndo: false, canRedo: false, marks: [], health: {}, notice: '',
};

/** What is kept across a reload: enough to play everything again. */
export interface Kept { version: number; scenario: string; seed: number; now: Us; typed: Typed[]; hintsShown: number; step: number; active: string }
const KEPT_VERSION = 1;

export class DrillStore extends EventTarget {
  state: PageState = FIRST;
  private start!: SavedSession;
  private history: History<Typed, SavedSession> = emptyHistory();
  /** The entry that typed keys still belong to, by terminal. */
  private open: Typed | null = null;
  private serial = 0;

  constructor(readonly scenario: Scenario, readonly seed: number, readonly session: Session) { super(); }

  /** The nodes' first terminals: enough to show a prompt. */
  begin(): void {
    for (const node of this.session.nodes) this.openTerminal(node, 80, 24, false);
    this.update((s) => { s.active = s.terminals[0]!.id; });
    this.refresh();
  }

  /** All programs are there. What was typed ahead goes on. */
  provide(programs: Readonly<Record<string, Program>>, images: Readonly<Record<string, Fs>>): void {
    this.session.sim.machine.provide(programs, images);
    this.session.sim.runUntil(this.session.now);
  }

  /** The drill's set-up, then what was kept of an earlier visit is played again. */
  restore(kept: Kept | null): void {
    applySetup(this.session, this.scenario);
    if (this.history.head === null) this.start = this.session.snapshot();
    const usable = kept !== null && kept.version === KEPT_VERSION && kept.scenario === this.scenario.id && kept.seed === this.seed && this.history.head === null;
    this.say(kept !== null && kept.version !== KEPT_VERSION ? 'What was kept here belongs to another version of this drill. It starts anew.' : '');
    if (usable) this.replay(kept);
    this.update((s) => { s.ready = true; });
    this.refresh();
  }

  /** A sentence for the person, until it is dismissed. */
  say(notice: string): void { if (notice) this.update((s) => { s.notice = notice; }); }

  private replay(kept: Kept): void {
    for (const typed of kept.typed) {
      this.history = record(this.history, typed.actions[0]?.at ?? this.session.now, typed, this.session.snapshot());
      for (const { at, action } of typed.actions) {
        this.session.sim.runUntil(at);
        this.perform(action);
      }
    }
    this.session.sim.runUntil(Math.max(kept.now, this.session.now));
    this.update((s) => { s.hintsShown = kept.hintsShown; s.step = kept.step; if (s.terminals.some((t) => t.id === kept.active)) s.active = kept.active; });
  }

  kept(): Kept {
    const typed = line(this.history).map((entry) => entry.input);
    return { version: KEPT_VERSION, scenario: this.scenario.id, seed: this.seed, now: this.session.now, typed, hintsShown: this.state.hintsShown, step: this.state.step, active: this.state.active };
  }

  // ---- what a person does

  keys(terminal: string, data: string): void { this.enter(terminal, { kind: 'keys', terminal, data }); }

  /** Types a command at a terminal's prompt, as the lesson's Run button does. */
  run(node: string, command: string): void {
    const view = this.state.terminals.find((t) => t.id === this.state.active && t.node === node && t.state === 'prompt')
      ?? this.state.terminals.find((t) => t.node === node && t.state === 'prompt') ?? this.openTerminal(node);
    this.activate(view.id);
    this.keys(view.id, `${command}\r`);
  }

  openTerminal(node: string, cols = 80, rows = 24, noted = true): TerminalView {
    const count = this.state.terminals.filter((t) => t.node === node).length;
    const id = `${node} ${++this.serial}`;
    const view: TerminalView = { id, node, title: count ? `${node} (${count + 1})` : node, state: 'running' };
    const action: Action = { kind: 'open', terminal: id, node, cols, rows };
    if (noted) this.enter(id, action); else this.perform(action);
    view.state = stateOf(this.session.sim.world, this.session.sim.world.ttys[id]!);
    this.update((s) => { s.terminals.push(view); if (noted) s.active = id; });
    return view;
  }

  closeTerminal(id: string): void {
    this.update((s) => {
      s.terminals = s.terminals.filter((t) => t.id !== id);
      if (s.active === id) s.active = s.terminals[0]?.id ?? '';
    });
  }

  resize(terminal: string, cols: number, rows: number): void {
    const tty = this.session.sim.world.ttys[terminal];
    if (!tty || (tty.cols === cols && tty.rows === rows)) return;
    // No step of its own: it belongs to whatever is going on.
    const action: Action = { kind: 'resize', terminal, cols, rows };
    this.open?.actions.push({ at: this.session.now, action });
    this.perform(action);
    this.refresh();
  }

  activate(id: string): void { this.update((s) => { s.active = id; }); }
  setSpeed(speed: Speed): void { this.update((s) => { s.speed = speed; }); }
  setStep(step: number): void { this.update((s) => { s.step = step; }); }
  showHint(): void { this.update((s) => { s.hintsShown = Math.min(s.hintsShown + 1, this.scenario.hints.length); }); }
  dismiss(): void { this.update((s) => { s.notice = ''; }); }

  undo(): void {
    const back = undo(this.history, this.session.snapshot());
    if (back) this.travel(back.state, back.history);
  }

  redo(): void {
    const forth = redo(this.history);
    if (forth) this.travel(forth.state, forth.history);
  }

  reset(): void {
    this.serial = this.session.nodes.length;
    this.travel(this.start, emptyHistory());
    this.update((s) => { s.hintsShown = 0; s.step = 0; s.marks = []; s.goals = []; });
  }

  private travel(state: SavedSession, history: History<Typed, SavedSession>): void {
    this.session.restore(state);
    this.history = history;
    this.open = null;
    const { ttys } = this.session.sim.world;
    this.update((s) => {
      s.terminals = s.terminals.filter((t) => ttys[t.id]);
      if (!s.terminals.some((t) => t.id === s.active)) s.active = s.terminals[0]?.id ?? '';
    });
    this.dispatchEvent(new Event('travel'));
    this.refresh();
  }

  private enter(terminal: string, action: Action): void {
    const { session } = this;
    const fresh = this.open === null || this.open.terminal !== terminal || (this.open.actions.length > 0 && this.settled(terminal) && action.kind === 'keys' && this.finished);
    if (fresh) {
      this.open = { terminal, label: '', actions: [] };
      this.history = record(this.history, session.now, this.open, session.snapshot());
      this.finished = false;
    }
    const entry = this.open!;
    entry.actions.push({ at: session.now, action });
    if (action.kind === 'keys') entry.label = labelOf(entry.label + action.data);
    if (action.kind === 'keys' && /[\r\x03\x04]/.test(action.data)) this.finished = true;
    this.perform(action);
    this.refresh();
  }
  /** The open step has had its Enter: the next key at a prompt begins another. */
  private finished = false;
  private settled(terminal: string): boolean { return this.session.sim.world.ttys[terminal] !== undefined && isIdle(this.session.sim.world, terminal); }

  private perform(action: Action): void {
    const { sim } = this.session;
    if (action.kind === 'keys') sim.apply({ kind: 'keys', tty: action.terminal, data: action.data });
    else if (action.kind === 'resize') sim.apply({ kind: 'resize', tty: action.terminal, cols: action.cols, rows: action.rows });
    else this.session.open(action.terminal, action.node, action.cols, action.rows);
  }

  // ---- time, as the frame driver passes it

  /** Lets the world run to `until`, or as far as `enough` allows. */
  pass(until: Us, enough: () => boolean): void {
    this.session.sim.runUntil(until, enough);
    this.refresh();
  }

  /** A fork in which something is tried out: the world does not feel it. */
  ask(node: string, command: string): string {
    const host = this.session.sim.world.hosts[node];
    if (!host?.up) return '';
    const { stdout } = this.session.fork().exec(node, command, { wait: 20 });
    return stdout;
  }

  checkGoal(index: number): void {
    const goal = this.scenario.goals[index]!;
    const result = checkGoal(this.session, goal);
    const now = this.session.now;
    const before = this.state.goals[index];
    this.update((s) => {
      s.goals[index] = { ...result, checkedAt: now };
      if (result.passed && before && !before.passed) s.marks.push({ at: now, kind: 'goal', label: goal.title, undone: false });
    });
  }

  note(mark: Mark): void { this.update((s) => { s.marks.push(mark); }); }
  setSkipping(skipping: boolean): void { this.update((s) => { s.skipping = skipping; }); }
  setHealth(health: Record<string, NodeHealth>): void {
    if (JSON.stringify(health) !== JSON.stringify(this.state.health)) this.update((s) => { s.health = health; });
  }

  /** Takes over what the world shows now; tells the elements if it differs. */
  refresh(): void {
    const { ttys } = this.session.sim.world;
    const states = this.state.terminals.map((t) => stateOf(this.session.sim.world, ttys[t.id]!));
    this.update((s) => {
      states.forEach((state, i) => { s.terminals[i]!.state = state; });
      s.canUndo = this.history.head !== null;
      s.canRedo = this.history.undone.length > 0;
    });
    this.dispatchEvent(new Event('output'));
  }

  private update(edit: (draft: Mutable<PageState>) => void): void {
    const next = produce(this.state, (draft) => { edit(draft as Mutable<PageState>); });
    if (next === this.state) return;
    this.state = next;
    this.dispatchEvent(new Event('change'));
  }

  /** The steps in effect and those undone, for the time bar. */
  steps(): { at: Us; label: string; undone: boolean }[] {
    const inEffect = new Set(line(this.history).map((entry) => entry.id));
    return this.history.entries.map((entry) => ({ at: entry.at, label: entry.input.label, undone: !inEffect.has(entry.id) }));
  }

  get startedAt(): Us { return this.start?.world.now ?? 0; }
  get now(): Us { return this.session.now; }
}

type Mutable<T> = T extends readonly (infer U)[] ? Mutable<U>[] : T extends object ? { -readonly [K in keyof T]: Mutable<T[K]> } : T;

const labelOf = (keys: string): string => keys.replace(/\x1b\[[0-9;]*[A-Za-z~]/g, '').replace(/[\x00-\x1f\x7f]/g, ' ').trim().slice(0, 80);

export const toSeconds = (us: Us): number => us / seconds(1);
export type { Json };
