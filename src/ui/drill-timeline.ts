/**
 * The time bar: the cluster's clock, pause, speed, skip, undo and redo, and a track with a mark for each
 * command. It knows the store and the frame driver only.
 */
import { css, html, LitElement, nothing, svg, type TemplateResult } from 'lit';
import { property } from 'lit/decorators.js';
import { controls } from './controls.ts';
import type { FrameDriver } from './driver.ts';
import type { DrillStore, Speed } from './store.ts';

const ICONS = {
  pause: svg`<path d="M5 3v10M11 3v10" stroke-width="2.2"/>`,
  play: svg`<path d="M4.5 3l8 5-8 5z" fill="currentColor" stroke="none"/>`,
  skip: svg`<path d="M3 3.5l6 4.5-6 4.5z" fill="currentColor" stroke="none"/><path d="M12.5 3v10" stroke-width="2"/>`,
  undo: svg`<path d="M5.5 3L2.5 6l3 3M3 6h6a4 4 0 0 1 0 8H6" stroke-width="1.7"/>`,
  redo: svg`<path d="M10.5 3l3 3-3 3M13 6H7a4 4 0 0 0 0 8h3" stroke-width="1.7"/>`,
};
const icon = (name: keyof typeof ICONS): TemplateResult => html`<svg viewBox="0 0 16 16" width="16" height="16" fill="none" stroke="currentColor" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">${ICONS[name]}</svg>`;

export class DrillTimeline extends LitElement {
  static override styles = [controls, css`
    :host { display: block; border-top: 1px solid var(--line); background: var(--panel); }
    .bar { display: flex; align-items: center; gap: 6px; padding: 5px 10px; min-height: 46px; flex-wrap: wrap; }
    button { display: inline-flex; align-items: center; gap: 6px; min-height: 34px; font-size: 0.87rem; white-space: nowrap; }
    .speed { display: inline-flex; border: 1px solid var(--line); border-radius: var(--radius); overflow: hidden; }
    .speed button { border-radius: 0; border: 0; min-width: 44px; justify-content: center; font-variant-numeric: tabular-nums; }
    .speed button[aria-pressed='true'] { background: var(--raised); font-weight: 650; box-shadow: inset 0 -2px 0 var(--ink-soft); }
    .clock { font: 500 0.9rem var(--mono); font-variant-numeric: tabular-nums; padding: 0 8px; white-space: nowrap; }
    .clock small { color: var(--ink-soft); font-size: 0.78rem; padding-left: 6px; }
    .track { flex: 1 1 8rem; min-width: 6rem; height: 26px; position: relative; margin: 0 8px; }
    .track::before { content: ''; position: absolute; left: 0; right: 0; top: 50%; border-top: 1px solid var(--line); }
    .mark { position: absolute; top: 50%; width: 7px; height: 7px; margin: -3.5px; border-radius: 50%; background: var(--ink-soft); }
    .mark.undone { background: none; border: 1.5px solid var(--ink-soft); opacity: 0.6; }
    .mark.cluster { border-radius: 1px; background: var(--ember); transform: rotate(45deg); }
    .mark.goal { background: var(--well); }
    .now { position: absolute; right: -1px; top: 4px; bottom: 4px; border-right: 2px solid var(--ink); }
    @media (max-width: 720px) { .track { display: none; } .label { display: none; } }
  `];

  @property({ attribute: false }) store!: DrillStore;
  @property({ attribute: false }) driver!: FrameDriver;
  private shownSecond = -1;
  private readonly onChange = (): void => this.requestUpdate();
  private readonly onOutput = (): void => {
    // The clock shows whole seconds: no more redraws than that.
    const second = Math.floor(this.store.now / 1_000_000);
    if (second !== this.shownSecond) { this.shownSecond = second; this.requestUpdate(); }
  };

  override connectedCallback(): void {
    super.connectedCallback();
    this.store.addEventListener('change', this.onChange);
    this.store.addEventListener('output', this.onOutput);
  }
  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.store.removeEventListener('change', this.onChange);
    this.store.removeEventListener('output', this.onOutput);
  }

  override render(): TemplateResult {
    const { state, session } = this.store;
    const clock = session.clock;
    return html`<div class="bar" role="toolbar" aria-label="Time">
      <button ?disabled=${!state.canUndo} @click=${() => this.store.undo()} title="Undo the last command">${icon('undo')}Undo</button>
      <button ?disabled=${!state.canRedo} @click=${() => this.store.redo()} title="Redo it">${icon('redo')}Redo</button>
      <span class="clock" aria-label="The cluster's clock">${clock.slice(11, 19)}<small>${clock.slice(0, 10)} UTC</small></span>
      ${this.track()}
      <span class="speed" role="group" aria-label="Speed">
        ${([0, 1, 10] as Speed[]).map((speed) => html`<button aria-pressed=${state.speed === speed} aria-label=${speed === 0 ? 'Pause' : `Speed ${speed}`} @click=${() => this.store.setSpeed(speed)}>${speed === 0 ? icon('pause') : `×${speed}`}</button>`)}
      </span>
      <button class="quiet" @click=${() => this.driver.skipToChange()} title="Run ahead until something changes">${icon('skip')}${state.skipping ? 'Stop' : html`Skip<span class="label">to the next change</span>`}</button>
    </div>`;
  }

  private track(): TemplateResult {
    const { store } = this;
    const from = store.startedAt, span = Math.max(1, store.now - from);
    const place = (at: number): string => `left: ${Math.min(100, Math.max(0, ((at - from) / span) * 100)).toFixed(2)}%`;
    const steps = store.steps();
    return html`<div class="track" role="img" aria-label="${steps.filter((s) => !s.undone).length} commands so far">
      ${steps.map((step) => html`<span class="mark ${step.undone ? 'undone' : ''}" style=${place(step.at)} title=${step.label || 'a terminal was opened'}></span>`)}
      ${store.state.marks.map((mark) => html`<span class="mark ${mark.kind}" style=${place(mark.at)} title=${mark.label}></span>`)}
      ${steps.length || store.state.marks.length ? html`<span class="now"></span>` : nothing}
    </div>`;
  }
}

customElements.define('drill-timeline', DrillTimeline);
