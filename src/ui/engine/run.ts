/**
 * One run of a drill: its world, the history of what was typed, its terminals. It knows no page, no frame
 * and no wall time. All that is entered goes through `enter`, so that it can be undone, replayed and kept.
 */
import { items } from '../../sim/engine/chunked.ts';
import { emptyHistory, line, record, redo, undo, type History } from '../../sim/engine/history.ts';
import type { Us } from '../../sim/engine/time.ts';
import { applySetup, type Scenario } from '../../drill/scenario.ts';
import type { StepBefore } from '../../drill/why/explain.ts';
import { isIdle, stateOf, type SavedSession, type Session, type TerminalState } from '../../drill/session.ts';
import type { Shown } from '../../sim/world.ts';
import { LOG_VERSION, type Action, type RunLog, type Timed, type Typed } from './log.ts';

export interface TerminalView { id: string; node: string; title: string; state: TerminalState; /** Of the last command, when its shell says. */ exit: number | null }
export interface StepView { id: number; at: Us; terminal: string; label: string; /** 'done': in effect; 'undone': redo brings it back; 'left': on a branch that was left. */ state: 'done' | 'undone' | 'left' }

/** A point to come back to. */
interface Point { saved: SavedSession; terminals: readonly { id: string; node: string }[]; resizes: readonly Timed[] }

const FIRST_COLS = 80, FIRST_ROWS = 24;

export class Run {
  private start!: Point;
  private history: History<Typed, Point> = emptyHistory();
  private opened: readonly { id: string; node: string }[] = [];
  private resizes: readonly Timed[] = [];
  private seq = 0;
  /** The step that typed keys still belong to. */
  private current: Typed | null = null;
  /** It has had its Enter: the next key at a prompt begins another. */
  private finished = false;
  /** Counts journeys to another past: what was shown before one is void. */
  journeys = 0;

  constructor(readonly scenario: Scenario, readonly stamp: string, readonly seed: number, readonly session: Session) {}

  /** The drill's hidden set-up, then a terminal for each node. */
  begin(): void {
    applySetup(this.session, this.scenario);
    for (const node of this.session.nodes) this.perform({ kind: 'open', terminal: `${node} 1`, node, cols: FIRST_COLS, rows: FIRST_ROWS });
    this.start = this.point();
  }

  get now(): Us { return this.session.now; }
  /** The world as the drill began: questions ask about it, whatever the trainee has done since. */
  atStart(): Session {
    const session = this.session.fork();
    session.restore(this.start.saved);
    return session;
  }
  get startedAt(): Us { return this.start.saved.world.now; }

  // ---- what a person does

  keys(terminal: string, data: string): void { this.enter({ kind: 'keys', terminal, data }); }

  /** Opens another terminal on `node` and tells its name. */
  open(node: string, cols = FIRST_COLS, rows = FIRST_ROWS): string {
    const { ttys } = this.session.sim.world;
    let n = 1;
    while (ttys[`${node} ${n}`]) n++;
    const terminal = `${node} ${n}`;
    this.enter({ kind: 'open', terminal, node, cols, rows });
    return terminal;
  }

  close(terminal: string): void { this.enter({ kind: 'close', terminal }); }

  /** A hand, a disk or a wire: the sandbox's own breakages. A sentence when it cannot be. */
  strike(name: string, args: Readonly<Record<string, string | number | boolean>>): void { this.enter({ kind: 'fault', name, args }); }

  /** A command without a terminal, or a file, as a test enters them. */
  test(action: Action & { kind: 'exec' | 'write' }): void { this.enter(action); }

  resize(terminal: string, cols: number, rows: number): void {
    const tty = this.session.sim.world.ttys[terminal];
    if (!tty || (tty.cols === cols && tty.rows === rows)) return;
    const action: Action = { kind: 'resize', terminal, cols, rows };
    this.resizes = [...this.resizes, { at: this.now, seq: ++this.seq, action }];
    this.perform(action);
  }

  private enter(action: Action): void {
    const { session } = this;
    const terminal = 'terminal' in action ? action.terminal : '';
    if (action.kind === 'keys' && !session.sim.world.ttys[terminal]) return;
    const goesOn = this.current !== null && action.kind === 'keys' && this.current.terminal === terminal
      && !(this.finished && isIdle(session.sim.world, terminal));
    if (!goesOn) {
      this.current = { terminal, label: labelOfAction(action), actions: [] };
      this.history = record(this.history, session.now, this.current, this.point());
      this.finished = action.kind !== 'keys';
    }
    const entry = this.current!;
    entry.actions.push({ at: session.now, seq: ++this.seq, action });
    if (action.kind === 'keys') {
      entry.label = labelOfKeys(entry.label, action.data);
      if (/[\r\x03\x04]/.test(action.data)) this.finished = true;
    }
    this.perform(action);
  }

  private perform(action: Action): void {
    const performing = this.performing(action, () => false);
    while (!performing.next().done);
  }

  /** Yields whenever `enough` says so: a command without a terminal may run for long. */
  private *performing(action: Action, enough: () => boolean): Generator<void, void> {
    const { sim } = this.session;
    // What a link says may be of any shape, and a node may be down by then.
    const there = (node: string): boolean => sim.world.hosts[node]?.up === true;
    switch (action.kind) {
      case 'keys': sim.apply({ kind: 'keys', tty: action.terminal, data: action.data }); break;
      case 'resize': sim.apply({ kind: 'resize', tty: action.terminal, cols: action.cols, rows: action.rows }); break;
      case 'close': this.opened = this.opened.filter(({ id }) => id !== action.terminal); break;
      case 'fault': this.session.fault(action.name, { ...action.args }); break;
      case 'exec': if (there(action.node)) yield* this.session.executing(action.node, action.text, enough, action.options); break;
      case 'write': if (there(action.node)) this.session.write(action.node, action.path, action.content, action.mode); break;
      case 'open':
        this.session.open(action.terminal, action.node, action.cols, action.rows);
        this.opened = [...this.opened, { id: action.terminal, node: action.node }];
        break;
    }
  }

  // ---- going back and forth

  undo(): boolean {
    const back = undo(this.history, this.point());
    if (back) this.travel(back.state, back.history);
    return back !== null;
  }

  redo(): boolean {
    const forth = redo(this.history);
    if (forth) this.travel(forth.state, forth.history);
    return forth !== null;
  }

  /** To the moment just after step `id` (-1: the start), on whichever branch it lies. */
  goTo(id: number): void {
    const { entries } = this.history;
    if (id >= entries.length) return;
    const wanted = new Set<number>();
    for (let at: number | null = id < 0 ? null : id; at !== null; at = entries[at]!.parent) wanted.add(at);
    while (this.history.head !== null && !wanted.has(this.history.head)) this.undo();
    while (this.history.head !== (id < 0 ? null : id) && wanted.has(this.history.undone[0] ?? -1)) this.redo();
    if (id >= 0 && this.history.head !== id) {
      const after = this.history.entries[id]!.after;
      if (after) this.travel(after, { ...this.history, head: id, undone: [] });
    }
  }

  reset(): void { this.travel(this.start, emptyHistory()); }

  private point(): Point { return { saved: this.session.snapshot(), terminals: this.opened, resizes: this.resizes }; }

  private travel(to: Point, history: History<Typed, Point>): void {
    this.session.restore(to.saved);
    this.opened = to.terminals;
    this.resizes = to.resizes;
    this.history = history;
    this.current = null;
    this.journeys++;
  }

  // ---- what there is to see

  terminals(): TerminalView[] {
    const { world } = this.session.sim;
    return this.opened.map(({ id, node }) => {
      const tty = world.ttys[id]!;
      const place = Number(id.slice(node.length + 1));
      return { id, node, title: place === 1 ? node : `${node} · ${place}`, state: stateOf(world, tty), exit: tty.prompt?.status ?? null };
    });
  }

  /** What a terminal has shown from piece `from` on, and how many pieces there are. */
  shown(terminal: string, from: number): { pieces: Shown[]; count: number } {
    const tty = this.session.sim.world.ttys[terminal];
    return tty ? { pieces: [...items(tty.shown, from)].filter(({ kind }) => kind !== 'mark'), count: tty.shown.length } : { pieces: [], count: 0 };
  }

  steps(): StepView[] {
    const done = new Set(line(this.history).map((entry) => entry.id));
    const undone = new Set(this.history.undone);
    return this.history.entries.map(({ id, at, input }) => ({ id, at, terminal: input.terminal, label: input.label, state: done.has(id) ? 'done' : undone.has(id) ? 'undone' : 'left' }));
  }
  /** The steps in effect, each with the world before it: to find out which of them made something so. */
  stepsBefore(): StepBefore[] { return line(this.history).map(({ input, before }) => ({ label: input.label, before: before.saved })); }
  get canUndo(): boolean { return this.history.head !== null; }
  get canRedo(): boolean { return this.history.undone.length > 0; }

  /** Nobody's command is running. */
  get calm(): boolean { return this.opened.every(({ id }) => isIdle(this.session.sim.world, id)); }

  // ---- keeping

  log(): RunLog {
    return { version: LOG_VERSION, scenario: this.scenario.id, stamp: this.stamp, seed: this.seed, now: this.now, typed: line(this.history).map(({ input }) => input), resizes: [...this.resizes] };
  }

  /** Plays a log on a run that has just begun. Yields when others must have their turn. */
  *replaying(log: RunLog, enough: () => boolean): Generator<void, void> {
    const steps = log.typed.map((typed) => ({ ...typed, actions: [...typed.actions] }));
    const all = [
      ...log.resizes.map((timed) => ({ timed, step: null as Typed | null })),
      ...steps.flatMap((step) => step.actions.map((timed) => ({ timed, step: step as Typed | null }))),
    ].sort((a, b) => a.timed.seq - b.timed.seq);
    let last: Typed | null = null;
    for (const { timed, step } of all) {
      while (this.now < timed.at && this.session.sim.runUntil(timed.at, enough)) yield;
      if (step && step !== last) this.history = record(this.history, timed.at, step, this.point());
      if (step) last = step;
      else this.resizes = [...this.resizes, timed];
      this.seq = timed.seq;
      yield* this.performing(timed.action, enough);
    }
    while (this.now < log.now && this.session.sim.runUntil(log.now, enough)) yield;
  }
}

const labelOfAction = (action: Action): string => {
  switch (action.kind) {
    case 'open': return `a terminal on ${action.node}`;
    case 'close': return 'a terminal is closed';
    case 'exec': return `${action.node}: ${action.text}`.slice(0, 120);
    case 'write': return `${action.node}: ${action.path} is written`;
    case 'fault': return `${action.name} ${Object.values(action.args).join(' ')}`.trim();
    default: return '';
  }
};

/** What the keys so far amount to, roughly: a name for the step, not the command that the shell saw. */
export function labelOfKeys(label: string, keys: string): string {
  let text = label;
  for (const key of keys.replace(/\x1b(\[[0-9;]*[A-Za-z~]|O[A-Z]|.)/g, '')) {
    if (key === '\x7f' || key === '\b') text = text.slice(0, -1);
    else if (key === '\x03') text = `${text} ^C`;
    else if (key === '\x04') text = `${text} ^D`;
    else text += key < ' ' ? ' ' : key;
  }
  return text.trimStart().slice(0, 120);
}
