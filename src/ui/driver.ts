/**
 * The only file with frames and wall time: it turns them into virtual time, in slices short enough that a
 * typed key is never late, asks after goals when a command has ended, and skips to the next change.
 */
import { seconds, type Us } from '../sim/engine/time.ts';
import type { DrillStore, NodeHealth } from './store.ts';

/** How long one frame may work, in wall milliseconds: the rest of a 60 Hz frame is the page's. */
const SLICE_MS = 8;
/** A tab that slept does not catch up more than this. */
const LEAP_MAX_MS = 1_000;
const SKIP_STEP_US = seconds(5);
const SKIP_MAX_US = seconds(900);
const KEEP_EVERY_MS = 2_000;

export class FrameDriver {
  private last = 0;
  private keptAt = 0;
  private skipUntil: { limit: Us; seen: string } | null = null;
  private due: number[] = [];
  private handle = 0;
  private calm = '';

  constructor(private readonly store: DrillStore, private readonly keep: () => void) {
    store.addEventListener('change', () => this.onChange());
    store.addEventListener('travel', () => this.askGoals());
  }

  start(): void {
    this.askGoals();
    const frame = (time: number): void => {
      this.handle = requestAnimationFrame(frame);
      this.frame(time);
    };
    this.handle = requestAnimationFrame(frame);
  }
  stop(): void { cancelAnimationFrame(this.handle); }

  private frame(time: number): void {
    const wall = Math.min(time - (this.last || time), LEAP_MAX_MS);
    this.last = time;
    const { store } = this;
    const enough = timer(SLICE_MS);
    if (this.skipUntil) this.skip(enough);
    else if (store.state.speed > 0 && wall > 0) store.pass(store.now + Math.round(wall * 1_000 * store.state.speed), enough);
    const next = this.due.shift();
    if (next !== undefined && !this.skipUntil) store.checkGoal(next);
    if (time - this.keptAt > KEEP_EVERY_MS) {
      this.keptAt = time;
      this.keep();
      this.lookAtNodes();
    }
  }

  /** Runs ahead until what the cluster says of itself differs, or a terminal shows something. */
  skipToChange(): void {
    if (this.skipUntil) { this.skipUntil = null; this.store.setSkipping(false); return; }
    this.skipUntil = { limit: this.store.now + SKIP_MAX_US, seen: this.look() };
    this.store.setSkipping(true);
  }

  private skip(enough: () => boolean): void {
    const { store } = this;
    const target = this.skipUntil!;
    while (!enough()) {
      store.pass(Math.min(store.now + SKIP_STEP_US, target.limit), () => false);
      const seen = this.look();
      if (seen === target.seen && store.now < target.limit) continue;
      this.skipUntil = null;
      store.setSkipping(false);
      if (seen !== target.seen) store.note({ at: store.now, kind: 'cluster', label: 'The cluster changed', undone: false });
      this.askGoals();
      return;
    }
  }

  /** What a change is measured by: the cluster's own account, without its ages, and the terminals. */
  private look(): string {
    const { store } = this;
    const shown = store.state.terminals.map((t) => store.session.sim.world.ttys[t.id]?.shown.length).join();
    const status = store.ask(store.session.nodes[0]!, 'gravity status; kubectl get nodes --no-headers; kubectl get pods -A --no-headers')
      .replace(/\([^)]* ago\)/g, '').replace(/\b\d+[smhd](\d+[smh])?\b/g, '');
    return `${shown}\n${status}`;
  }

  private lookAtNodes(): void {
    const { store } = this;
    if (store.state.speed === 0 && Object.keys(store.state.health).length) return;
    const text = store.ask(store.session.nodes[0]!, 'gravity status');
    const health: Record<string, NodeHealth> = {};
    for (const node of store.session.nodes) {
      const m = new RegExp(`\\* ${node} [^\\n]*\\n\\s*Status:\\s+(\\w+)`).exec(text.replace(/\x1b\[\d+m/g, ''));
      health[node] = m ? (m[1] as NodeHealth) : 'unknown';
    }
    store.setHealth(health);
  }

  /** A command has ended somewhere: look at the goals again. */
  private onChange(): void {
    const calm = this.store.state.terminals.map((t) => `${t.id}${t.state}${this.store.session.sim.world.ttys[t.id]?.shown.length ?? 0}`).join();
    if (calm === this.calm) return;
    this.calm = calm;
    if (this.store.state.terminals.every((t) => t.state !== 'running')) this.askGoals();
  }

  private askGoals(): void { this.due = this.store.scenario.goals.map((_, i) => i); }
}

/** True once `ms` of wall time have gone; looks at the clock only now and then. */
function timer(ms: number): () => boolean {
  const end = performance.now() + ms;
  let calls = 0;
  return () => (++calls & 31) === 0 && performance.now() > end;
}
