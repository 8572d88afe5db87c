/**
 * The time bar: the cluster's clock, pause, speed, skip, undo and redo, and a track with a mark for each
 * command and for what the cluster did. The same as a list under "History". It knows the store only.
 */
import { css, html, nothing, type TemplateResult } from 'lit';
import { state as reactive } from 'lit/decorators.js';
import { controls } from './controls.ts';
import { StoreElement } from './element.ts';
import type { Speed } from './engine/messages.ts';
import { icon } from './icons.ts';
import { styled } from './styled.ts';
import { clockText, dateText, spanText } from './words.ts';

interface Happening { at: number; kind: 'command' | 'cluster' | 'trouble' | 'goal'; label: string; step: number | null; state: string }

export class DrillTimeline extends StoreElement {
  static override styles = [controls, css`
    :host { display: block; border-top: 1px solid var(--line); background: var(--panel); position: relative; }
    .bar { display: flex; align-items: center; gap: 0.4rem; padding: 0.4rem 0.75rem; min-height: 3.25rem; flex-wrap: wrap; }
    .bar button { min-height: 2.25rem; }
    .pair { display: inline-flex; gap: 0.25rem; }
    .clock { font: 500 var(--text)/1.2 var(--mono); font-variant-numeric: tabular-nums; padding: 0 0.5rem 0 0.75rem; white-space: nowrap; }
    .clock small { display: block; color: var(--ink-soft); font-size: 0.72rem; font-weight: 400; }
    .track { flex: 1 1 8rem; min-width: 6rem; height: 2.25rem; position: relative; margin: 0 1rem; }
    .track::before { content: ''; position: absolute; left: 0; right: 0; top: 50%; border-top: 2px solid var(--line); }
    .bar .mark { position: absolute; top: 50%; translate: -50% -50%; width: 9px; height: 9px; min-height: 0; padding: 0; border: 0; border-radius: 50%; background: var(--ink-soft); }
    .bar .mark.command { width: 11px; height: 11px; border: 2px solid var(--panel); background: var(--ink); }
    .bar .mark.undone { background: var(--panel); border-color: var(--ink-soft); }
    .bar .mark.left { background: var(--line); }
    .bar .mark.cluster { width: 6px; height: 6px; background: var(--line-strong); }
    .bar .mark.trouble { width: 8px; height: 8px; border-radius: 1px; rotate: 45deg; background: var(--ember); }
    .bar .mark.goal { background: var(--well); }
    .now { position: absolute; right: -1px; top: 22%; bottom: 22%; border-right: 2px solid var(--ink); border-radius: 1px; }
    .speed { display: inline-flex; background: var(--line); border-radius: var(--radius); padding: 2px; gap: 2px; }
    .speed button { min-width: 2.75rem; min-height: 2rem; padding: 0 0.5rem; font-variant-numeric: tabular-nums; border-radius: 4px; }
    .speed button[aria-pressed='true'] { background: var(--raised); font-weight: 650; box-shadow: 0 1px 2px var(--shade); }
    .list { position: absolute; right: 0.75rem; bottom: calc(100% + 0.5rem); width: min(34rem, calc(100vw - 1.5rem)); max-height: min(24rem, 60vh); overflow: auto; background: var(--raised); border: 1px solid var(--line);
      border-radius: var(--radius); box-shadow: var(--float); z-index: 5; padding: 0.5rem 0.75rem 0.75rem; animation: in 140ms ease-out; }
    @keyframes in { from { opacity: 0; translate: 0 4px; } }
    .list h2 { font-size: var(--text); margin: 0.25rem 0.25rem 0.5rem; }
    .list ol { list-style: none; margin: 0; padding: 0; }
    .list li { display: grid; grid-template-columns: 4.6rem 1fr auto; gap: 0.5rem; align-items: baseline; padding: 0.15rem 0.25rem; border-top: 1px solid var(--line); min-height: 2.3rem; }
    .list time { font: var(--small) var(--mono); color: var(--ink-soft); }
    .list .what { overflow-wrap: anywhere; white-space: pre-line; }
    .list .command .what { font: var(--small)/1.6 var(--mono); }
    .list .left .what, .list .undone .what { color: var(--ink-soft); }
    .list .cluster .what { color: var(--ink-soft); }
    .list .trouble .what { color: var(--ember); }
    .list .goal .what { color: var(--well); }
    .list button { font-size: var(--small); }
    @media (max-width: 900px) { .track { display: none; } .label { display: none; } .bar { gap: 0.2rem; padding: 0.3rem 0.4rem; } .clock { padding: 0 0.3rem; flex: 1; } }
    @media (max-width: 480px) { .word, .clock small { display: none; } .speed button { min-width: 2.1rem; padding: 0 0.3rem; } .bar .quiet { padding: 0 0.5rem; } }
    @media (forced-colors: active) { .speed { background: none; border: 1px solid CanvasText; } .bar .mark { forced-color-adjust: none; background: CanvasText; } .bar .mark.trouble { background: LinkText; } }
    @media print { :host { display: none; } }
  `];

  @reactive() private open = false;
  private shownSecond = -1;

  protected override listeners(): Record<string, () => void> {
    return {
      // The clock shows whole seconds: no more redraws than that.
      time: () => {
        const second = Math.floor(this.store.clockAt(this.store.now) / 1_000);
        if (second !== this.shownSecond) { this.shownSecond = second; this.requestUpdate(); }
      },
    };
  }

  private happenings(): Happening[] {
    const { steps, marks } = this.store.state;
    return [
      ...steps.map((step): Happening => ({ at: step.at, kind: 'command', label: step.label || 'keys', step: step.id, state: step.state })),
      ...marks.map((each): Happening => ({ at: each.at, kind: each.kind, label: each.label, step: null, state: '' })),
    ].sort((a, b) => a.at - b.at);
  }

  override render(): TemplateResult {
    const { store } = this;
    const { state } = store;
    const ms = store.clockAt(store.now);
    const ready = state.stage === 'ready';
    return html`<section class="bar" aria-label="Time">
      <span class="pair"><button class="quiet" ?disabled=${!state.canUndo} @click=${() => store.undo()} title="Go back to before the last command">${icon('undo')}<span class="word">Undo</span></button>
      <button class="quiet" ?disabled=${!state.canRedo} @click=${() => store.redo()} title="Take the command up again" aria-label="Redo">${icon('redo')}<span class="word">Redo</span></button></span>
      <span class="clock" role="timer" aria-live="off" aria-label="The cluster’s clock, UTC">${ready ? clockText(ms) : '––:––:––'}<small>${ready ? `${dateText(ms)} UTC` : this.stage()}</small></span>
      ${this.track()}
      <button aria-expanded=${this.open} aria-controls="list" @click=${() => { this.open = !this.open; }}>${icon('list')}<span class="label">History</span><span class="hidden">${state.steps.length} steps</span></button>
      <span class="speed" role="group" aria-label="Speed">
        ${([0, 1, 10] as Speed[]).map((speed) => html`<button aria-pressed=${state.speed === speed} aria-label=${speed === 0 ? 'Pause' : `Speed ${speed}`}
          title=${speed === 0 ? 'Time passes only while a command runs' : speed === 1 ? 'As fast as your own clock' : 'Ten times as fast'} @click=${() => store.setSpeed(speed)}>${speed === 0 ? icon('pause') : `×${speed}`}</button>`)}
      </span>
      <button class="quiet" ?disabled=${!ready} @click=${() => store.skip()} title="Run ahead until something changes" aria-label=${state.skipping ? 'Stop skipping' : 'Skip to the next change'}>${icon(state.skipping ? 'stop' : 'skip')}${state.skipping ? 'Stop' : html`<span class="word">Skip</span> <span class="label">to the next change</span>`}</button>
      ${this.open ? this.list() : nothing}
    </section>`;
  }

  private stage(): string { return ({ loading: 'loading', 'setting up': 'setting up', replaying: 'replaying', ready: '' })[this.store.state.stage]; }

  private track(): TemplateResult {
    const { store } = this;
    const from = store.state.startedAt, span = Math.max(1, store.now - from);
    const happenings = this.happenings();
    return html`<div class="track" aria-hidden="true">
      ${happenings.map((each) => html`<button tabindex="-1" class="mark ${each.kind} ${each.state}" ${styled({ left: `${Math.min(100, Math.max(0, ((each.at - from) / span) * 100)).toFixed(2)}%` })}
        title="${spanText(each.at - from)} ${each.label}" @click=${() => { if (each.step !== null) store.goTo(each.step); }}></button>`)}
      <span class="now"></span>
    </div>`;
  }

  private list(): TemplateResult {
    const { store } = this;
    return html`<section class="list" id="list" aria-label="History" @keydown=${(event: KeyboardEvent) => { if (event.key === 'Escape') this.open = false; }}>
      <h2>What happened</h2>
      <ol>
        ${this.happenings().reverse().map((each) => html`<li class="${each.kind} ${each.state}"><time>${clockText(store.clockAt(each.at))}</time>
          <span class="what">${each.label}${each.state === 'undone' ? ' (undone)' : each.state === 'left' ? ' (on a way you left)' : ''}</span>
          ${each.step === null ? nothing : html`<button @click=${() => store.goTo(each.step!)} aria-label="Go to just after: ${each.label}">${each.state === 'left' ? 'Take this way' : 'Go here'}</button>`}</li>`)}
        <li><time>${clockText(store.clockAt(store.state.startedAt))}</time><span class="what">The drill began</span><button @click=${() => store.goTo(-1)}>Go back here</button></li>
      </ol>
    </section>`;
  }
}

customElements.define('drill-timeline', DrillTimeline);
