/**
 * What the page knows of a run: what its worker last told, and what is the page's own (the shown step, the
 * hints). It knows no element: elements read `state`, are told by `change` and `output`, and call the methods.
 */
import type { Lesson } from '../drill/lesson.ts';
import type { Scenario } from '../drill/scenario.ts';
import { NOTHING, type View } from '../drill/view.ts';
import type { Subject } from '../drill/why/explain.ts';
import type { Us } from '../sim/engine/time.ts';
import type { Shown } from '../sim/world.ts';
import type { Answers, Explained, FromWorker, Mark, Question, RunState, Speed, Stage, ToWorker } from './engine/messages.ts';
import type { RunLog } from './engine/log.ts';
import type { StepView, TerminalView } from './engine/run.ts';

export type { Mark, RunLog, Speed, StepView, TerminalView };

/** What a visit leaves for the next. */
export interface Kept { log: RunLog | null; hintsShown: number; step: number; active: string; solved: boolean; speed: Speed }
export const NOTHING_KEPT: Kept = { log: null, hintsShown: 0, step: 0, active: '', solved: false, speed: 1 };

export interface PageState extends RunState {
  readonly stage: Stage;
  readonly active: string;
  readonly hintsShown: number;
  readonly step: number;
  readonly solved: boolean;
  readonly view: View;
  readonly notice: string;
  /** What was asked about; `explained` null: not answered yet. */
  readonly why: { subject: Subject | null; explained: Explained | null; wrong: string } | null;
  /** Of a link that was opened: whether it came out as it says. */
  readonly verdict: 'none' | 'checking' | 'same' | 'other';
}

const PROMPT_NODES: Readonly<Record<string, readonly string[]>> = { lab: ['n1', 'n2', 'n3'] };
const nodesOf = (topology: string): readonly string[] => PROMPT_NODES[topology] ?? ['node-1', 'node-2', 'node-3'];

const before = (lesson: Lesson, kept: Kept): PageState => ({
  terminals: nodesOf(lesson.topology).map((node) => ({ id: `${node} 1`, node, title: node, state: 'prompt', exit: null })),
  steps: [], canUndo: false, canRedo: false, goals: lesson.goals.map((goal) => ({ ...goal, passed: null, message: '', checkedAt: 0, lostAt: null })),
  marks: [], speed: kept.speed, skipping: false, nodes: nodesOf(lesson.topology), startedAt: 0, epochMs: 0,
  stage: 'loading', active: kept.active || `${nodesOf(lesson.topology)[0]!} 1`, hintsShown: kept.hintsShown, step: kept.step, solved: kept.solved, view: NOTHING, notice: '', why: null, verdict: 'none',
});

export class DrillStore extends EventTarget {
  state: PageState;
  now: Us = 0;
  private readonly worker: Worker;
  private readonly shown = new Map<string, Shown[]>();
  private readonly asked = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>();
  private serial = 0;
  private log: RunLog | null;
  /** Keys typed before the world was there, by terminal: echoed, and handed on when it is. */
  private early: { terminal: string; data: string }[] = [];

  constructor(readonly lesson: Lesson, scenario: Scenario, stamp: string, seed: number, readonly kept: Kept, digest: string | null = null) {
    super();
    this.state = before(lesson, kept);
    this.log = kept.log;
    this.worker = new Worker(new URL('./engine/worker.ts', import.meta.url), { type: 'module', name: 'world' });
    this.worker.onmessage = ({ data }: MessageEvent<FromWorker>) => this.hear(data);
    this.worker.onerror = (event) => this.say(`The simulator stopped: ${event.message || 'its program could not be loaded'}. Load the page again; what you typed is kept.`);
    this.send({ kind: 'begin', scenario, stamp, seed, log: kept.log, digest, speed: kept.speed });
    if (digest !== null) this.state = { ...this.state, verdict: 'checking' };
    document.addEventListener('visibilitychange', this.onVisibility);
  }

  private readonly onVisibility = (): void => this.send({ kind: 'hidden', hidden: document.hidden });

  /** Ends the run for this page. What was kept stays. */
  leave(): void {
    document.removeEventListener('visibilitychange', this.onVisibility);
    this.worker.terminate();
    for (const { reject } of this.asked.values()) reject(new Error('the drill was left'));
    this.asked.clear();
  }

  private send(message: ToWorker): void { this.worker.postMessage(message); }

  private hear(message: FromWorker): void {
    switch (message.kind) {
      case 'stage':
        this.update({ stage: message.stage });
        if (message.stage === 'ready') for (const { terminal, data } of this.early.splice(0)) this.send({ kind: 'keys', terminal, data });
        break;
      case 'shown': {
        const pieces = message.afresh ? [] : this.shown.get(message.terminal) ?? [];
        pieces.push(...message.pieces);
        this.shown.set(message.terminal, pieces);
        this.dispatchEvent(new CustomEvent('output', { detail: { terminal: message.terminal, afresh: message.afresh, pieces: message.pieces } }));
        break;
      }
      case 'time': this.now = message.now; this.dispatchEvent(new Event('time')); break;
      case 'state': this.take(message.state); break;
      case 'view': this.update({ view: message.view }); break;
      case 'opened': this.update({ active: message.terminal }); this.dispatchEvent(new Event('opened')); break;
      case 'log': this.log = message.log; this.dispatchEvent(new Event('keep')); break;
      case 'verdict': this.update({ verdict: message.same ? 'same' : 'other' }); break;
      case 'problem': this.say(message.text); break;
      case 'answer': this.asked.get(message.request)?.resolve(message.value); this.asked.delete(message.request); break;
      case 'refused': this.asked.get(message.request)?.reject(new Error(message.reason)); this.asked.delete(message.request); break;
    }
  }

  private take(state: RunState): void {
    const { active } = this.state;
    const there = state.terminals.some(({ id }) => id === active) || this.state.stage === 'replaying';
    const solvedNow = state.goals.length > 0 && state.goals.every(({ passed }) => passed);
    this.update({ ...state, active: there ? active : state.terminals[0]?.id ?? '', solved: this.state.solved || solvedNow });
    if (solvedNow) this.dispatchEvent(new Event('keep'));
  }

  private update(change: Partial<PageState>): void {
    this.state = { ...this.state, ...change };
    this.dispatchEvent(new Event('change'));
  }

  keepsake(): Kept {
    const { hintsShown, step, active, solved, speed } = this.state;
    return { log: this.log, hintsShown, step, active, solved, speed };
  }

  /** Everything a terminal shows, oldest first. */
  pieces(terminal: string): readonly Shown[] { return this.shown.get(terminal) ?? []; }

  /** The world is there and takes keys. */
  get ready(): boolean { return this.state.stage === 'ready'; }

  // ---- what a person does

  keys(terminal: string, data: string): void {
    if (this.ready) this.send({ kind: 'keys', terminal, data });
    else this.early.push({ terminal, data });
  }

  /** The terminal that a command for `node` belongs in: the one in front, when it is there and waits. */
  terminalFor(node: string): TerminalView | null {
    const { terminals, active } = this.state;
    return terminals.find((t) => t.id === active && t.node === node) ?? terminals.find((t) => t.node === node) ?? null;
  }

  /** Types a command at a terminal's prompt, as the lesson's Run button does; without `enter` it is left to be read. False: something runs there. */
  run(node: string, command: string, interrupt = false, enter = true): boolean {
    const terminal = this.terminalFor(node);
    if (!terminal) { this.open(node); return false; }
    this.activate(terminal.id);
    if (terminal.state === 'running' && !interrupt) return false;
    this.keys(terminal.id, `${interrupt && terminal.state === 'running' ? '\x03' : ''}${command}${enter ? '\r' : ''}`);
    return true;
  }

  open(node: string): void { this.send({ kind: 'open', node }); }
  close(terminal: string): void { this.send({ kind: 'close', terminal }); }
  resize(terminal: string, cols: number, rows: number): void { this.send({ kind: 'resize', terminal, cols, rows }); }
  activate(id: string): void { if (id !== this.state.active) this.update({ active: id }); }
  setSpeed(speed: Speed): void { this.send({ kind: 'speed', speed }); }
  /** Ahead to the next change, or by so many seconds. Again: stops. */
  skip(seconds: number | null = null): void { this.send({ kind: 'skip', seconds }); }
  undo(): void { this.send({ kind: 'undo' }); }
  redo(): void { this.send({ kind: 'redo' }); }
  goTo(step: number): void { this.send({ kind: 'goTo', step }); }
  setStep(step: number): void { this.update({ step }); this.dispatchEvent(new Event('keep')); }
  showHint(): void { this.update({ hintsShown: Math.min(this.state.hintsShown + 1, this.lesson.hints.length) }); this.dispatchEvent(new Event('keep')); }

  reset(): void {
    this.send({ kind: 'reset' });
    this.update({ hintsShown: 0, step: 0 });
  }

  /** A sentence for the person, until it is dismissed. */
  say(notice: string): void { if (notice && notice !== this.state.notice) this.update({ notice }); }
  dismiss(): void { this.update({ notice: '' }); }

  /** Opens the panel of reasons, for something or for nothing yet. */
  async explain(subject: Subject | null): Promise<void> {
    const asked = { subject, explained: null, wrong: subject ? '' : 'Nothing has been typed here yet. Follow a packet, or ask about a command.' };
    this.update({ why: asked });
    if (!subject) return;
    const answer = await this.ask({ ask: 'why', subject }).catch((error: unknown) => (error as Error).message);
    // Another question may have come meanwhile.
    if (this.state.why === asked) this.update({ why: typeof answer === 'string' ? { ...asked, wrong: answer } : { ...asked, explained: answer } });
  }
  closeWhy(): void { this.update({ why: null }); }

  ask<Q extends Question>(question: Q): Promise<Answers[Q['ask']]> {
    return this.request<Answers[Q['ask']]>((request) => ({ kind: 'question', request, question }));
  }
  strike(name: string, args: Readonly<Record<string, string | number | boolean>>): Promise<null> {
    return this.request<null>((request) => ({ kind: 'strike', request, name, args }));
  }
  private request<T>(message: (request: number) => ToWorker): Promise<T> {
    const request = ++this.serial;
    return new Promise((resolve, reject) => {
      this.asked.set(request, { resolve: resolve as (value: unknown) => void, reject });
      this.send(message(request));
    });
  }

  /** The cluster's true clock, in milliseconds since 1970. */
  clockAt(at: Us): number { return this.state.epochMs + Math.floor(at / 1_000); }
}
