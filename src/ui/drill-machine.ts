/**
 * The machines' side of the page: a tab for each terminal with its node's health, the terminal in front or
 * all of them, the map below. It joins elements and knows no detail of theirs.
 */
import { css, html, nothing, type TemplateResult } from 'lit';
import { property, state as reactive } from 'lit/decorators.js';
import { repeat } from 'lit/directives/repeat.js';
import { controls } from './controls.ts';
import './drill-map.ts';
import './drill-why.ts';
import { DrillTerminal } from './drill-terminal.ts';
import { DrillTranscript, sectionsOf } from './drill-transcript.ts';
import { StoreElement } from './element.ts';
import { icon } from './icons.ts';
import { readChoice, saveChoice } from './keeping.ts';
import { Printing } from './printing.ts';
import type { TerminalView } from './store.ts';

/** Keys that a phone's keyboard lacks. */
const EXTRA_KEYS: readonly [label: string, keys: string][] = [['Esc', '\x1b'], ['Tab', '\t'], ['↑', '\x1b[A'], ['↓', '\x1b[B'], ['←', '\x1b[D'], ['→', '\x1b[C'], ['-', '-'], ['/', '/'], ['|', '|']];

export class DrillMachine extends StoreElement {
  static override styles = [controls, css`
    :host { display: grid; grid-template: auto minmax(0, 1fr) / minmax(0, 1fr); min-height: 0; min-width: 0; background: var(--term); height: 100%; position: relative; }
    .top { display: flex; align-items: stretch; background: var(--panel); border-bottom: 1px solid var(--line); min-height: 2.6rem; }
    .tabs { display: flex; align-items: stretch; overflow-x: auto; scrollbar-width: none; flex: 0 1 auto; min-width: 0; }
    .tab { display: flex; align-items: center; position: relative; }
    .tab > [role='tab'] { border-radius: 0; border: 0; padding: 0 0.95rem; height: 100%; min-height: 2.6rem; }
    .tab > [role='tab']:focus-visible { outline-offset: -3px; }
    .tab[data-active] { background: var(--term); box-shadow: inset 0 2px 0 var(--ink); }
    .tab .close { padding: 0; min-width: 1.6rem; min-height: 1.6rem; margin: 0 0.4rem 0 -0.5rem; color: var(--ink-soft); }
    .dot { width: 8px; height: 8px; border-radius: 50%; box-shadow: inset 0 0 0 1.5px var(--line-strong); flex: none; }
    .dot[data-health='healthy'] { background: var(--well); box-shadow: none; }
    .dot[data-health='degraded'] { background: var(--ember); box-shadow: none; border-radius: 1px; rotate: 45deg; }
    .word { font-size: var(--small); color: var(--ink-soft); }
    .word[data-health='degraded'] { color: var(--ember); font-weight: 600; }
    .adder { position: relative; display: flex; align-items: center; }
    .adder svg { position: absolute; left: 0.6rem; pointer-events: none; }
    select { appearance: none; font: inherit; font-size: var(--text); color: transparent; background: none; border: 0; width: 2.2rem; min-height: 2.6rem; cursor: pointer; border-radius: var(--radius); }
    select:hover { background: var(--shade); }
    select:focus-visible { outline-offset: -3px; }
    option { color: CanvasText; background: Canvas; }
    .spacer { flex: 1; }
    .kinds { display: flex; align-items: center; gap: 0.1rem; padding: 0 0.4rem; flex: none; }
    .kinds button { font-size: var(--small); color: var(--ink-soft); min-height: 1.9rem; padding: 0 0.5rem; }
    .kinds [aria-pressed='true'] { color: var(--ink); background: var(--shade); font-weight: 600; }
    .body { display: grid; grid-template-rows: minmax(0, 1fr) auto; min-height: 0; }
    .kinds .ask[data-failed] { color: var(--ember); font-weight: 600; }
    .body[data-map], .body[data-why] { grid-template-rows: minmax(0, 1fr) minmax(8rem, 40%); }
    .screens { min-height: 0; position: relative; display: grid; grid-auto-rows: minmax(0, 1fr); }
    .screens:not([data-split]) > * { position: absolute; inset: 0; }
    .screens[data-split] > * + * { border-top: 1px solid var(--line); }
    .screens[data-split] > [data-front] { box-shadow: inset 3px 0 0 var(--line-strong); }
    drill-chart, drill-why { border-top: 1px solid var(--line); }
    .keys { display: none; gap: 0.25rem; padding: 0.3rem; background: var(--panel); border-top: 1px solid var(--line); overflow-x: auto; }
    .keys button { min-width: 2.75rem; min-height: 2.5rem; padding: 0 0.4rem; font: var(--text) var(--mono); background: var(--raised); border-color: var(--line); }
    @media (pointer: coarse) { .keys { display: flex; } }
    @media (max-width: 860px) { .body[data-map] { grid-template-rows: minmax(0, 1fr) auto; } .body > drill-chart { display: none; } }
    @media (max-width: 560px) { .wide { display: none; } .tab > [role='tab'] { padding: 0 0.55rem; gap: 0.3rem; font-size: var(--small); } .kinds { padding: 0 0.15rem; } .kinds button { padding: 0 0.35rem; } }
    @media (forced-colors: active) { select { font-size: 0; } .adder { forced-color-adjust: none; color: CanvasText; } }
    @media print { .top, .keys, drill-chart { display: none; } :host, .body, .screens { display: block; height: auto; } .screens:not([data-split]) > * { position: static; } }
  `];

  /** On the home page: no map, no second way of looking. */
  @property({ type: Boolean }) plain = false;
  @property({ type: Boolean, attribute: 'map-only' }) mapOnly = false;
  @reactive() private transcript = readChoice('terminal') === 'transcript';
  @reactive() private split = readChoice('split') === 'all';
  @reactive() private map = readChoice('map') === 'on';
  private readonly printing = new Printing(this);

  protected override listeners(): Record<string, (event: Event) => void> {
    return { opened: () => { void this.updateComplete.then(() => this.focusFront()); } };
  }

  private get front(): HTMLElement | null { return this.renderRoot.querySelector<HTMLElement>('[data-front]'); }
  /** The terminal in front, for who asks what it shows. */
  get text(): string { return this.front instanceof DrillTerminal ? this.front.text : ''; }
  focusFront(): void { this.front?.focus(); }

  override render(): TemplateResult {
    const { state } = this.store;
    if (this.mapOnly) return state.why ? html`<drill-why .store=${this.store}></drill-why>` : html`<drill-chart .store=${this.store}></drill-chart>`;
    return html`<div class="top">
        <div class="tabs" role="tablist" aria-label="Terminals" @keydown=${(event: KeyboardEvent) => this.tabKey(event)}>${repeat(state.terminals, ({ id }) => id, (t) => this.tab(t))}</div>
        <span class="adder">${icon('plus', 14)}<select aria-label="Open another terminal" title="Open another terminal" @change=${(event: Event) => this.add(event)}>
          <option value="">Another terminal</option>${state.nodes.map((node) => html`<option value=${node}>on ${node}</option>`)}</select></span>
        <span class="spacer"></span>
        ${this.plain ? nothing : html`<span class="kinds">
          <button class="wide" aria-pressed=${this.split} @click=${() => { this.split = !this.split; saveChoice('split', this.split ? 'all' : ''); }} title="All terminals at once">${icon('rows', 14)}All</button>
          <button aria-pressed=${this.transcript} @click=${() => { this.transcript = !this.transcript; saveChoice('terminal', this.transcript ? 'transcript' : ''); }} title="The terminal as a document, for screen readers and phones">Transcript</button>
          <button class="ask" aria-pressed=${state.why !== null} ?data-failed=${this.failed} ?disabled=${state.stage !== 'ready'} @click=${() => this.why()} title="Why did the last command say what it said?">Why?</button>
          <button class="wide" aria-pressed=${this.map} @click=${() => { this.map = !this.map; saveChoice('map', this.map ? 'on' : ''); }}>${icon('map', 14)}Map</button>
        </span>`}
      </div>
      <div class="body" ?data-map=${!this.plain && this.map} ?data-why=${!this.plain && state.why !== null}>
        <div class="screens" ?data-split=${this.split && !this.plain}>${repeat(state.terminals, ({ id }) => id, (t) => this.screen(t))}</div>
        ${state.why !== null && !this.plain ? html`<drill-why .store=${this.store}></drill-why>` : this.map && !this.plain ? html`<drill-chart .store=${this.store}></drill-chart>` : nothing}
        ${this.transcript ? nothing : this.extraKeys()}
      </div>`;
  }

  private tab(t: TerminalView): TemplateResult {
    const { state } = this.store;
    const active = t.id === state.active;
    const health = state.view.nodes.find(({ name }) => name === t.node)?.health ?? 'unknown';
    const word = t.state === 'closed' ? 'closed' : health === 'healthy' || state.stage !== 'ready' || health === 'unknown' ? '' : health;
    return html`<div class="tab" role="presentation" ?data-active=${active}>
      <button role="tab" id="tab ${t.id}" aria-selected=${active} tabindex=${active ? 0 : -1} @click=${() => this.show(t.id)}>
        <span class="dot" data-health=${health} aria-hidden="true"></span>${t.title}${word ? html`<span class="word" data-health=${health}>${word}</span>` : nothing}</button>
      ${t.id.endsWith(' 1') ? nothing : html`<button class="close" aria-label="Close ${t.title}" @click=${() => this.store.close(t.id)}>${icon('cross', 10)}</button>`}
    </div>`;
  }

  private screen(t: TerminalView): TemplateResult {
    const front = t.id === this.store.state.active;
    const printing = this.printing.now;
    const hidden = !front && !(this.split && !this.plain) && !(printing && this.store.pieces(t.id).some(({ kind }) => kind === 'out'));
    return this.transcript || printing
      ? html`<drill-transcript role="tabpanel" aria-label=${t.title} .store=${this.store} terminal=${t.id} ?data-front=${front} ?hidden=${hidden}></drill-transcript>`
      : html`<drill-terminal role="tabpanel" aria-label=${t.title} .store=${this.store} terminal=${t.id} node=${t.node} ?data-front=${front} ?hidden=${hidden} @focusin=${() => this.store.activate(t.id)}></drill-terminal>`;
  }

  /** The last command of the terminal in front ended badly. */
  private get failed(): boolean {
    const { terminals, active } = this.store.state;
    return (terminals.find(({ id }) => id === active)?.exit ?? 0) !== 0;
  }

  /** Asks about the last command of the terminal in front and what it said. */
  private why(): void {
    const { terminals, active, why } = this.store.state;
    if (why !== null) { this.store.closeWhy(); return; }
    const terminal = terminals.find(({ id }) => id === active);
    const last = sectionsOf(this.store.pieces(active)).filter(({ typed }) => /[$#>] \S/.test(typed)).at(-1);
    void this.store.explain(terminal && last ? { kind: 'command', node: terminal.node, command: last.typed.replace(/^.*?[$#>] /, ''), output: last.output, exit: terminal.exit } : null);
  }

  private extraKeys(): TemplateResult {
    return html`<div class="keys" role="group" aria-label="Keys">
      <button @click=${() => { if (this.front instanceof DrillTerminal) this.front.armControl(); }}>Ctrl</button>
      ${EXTRA_KEYS.map(([label, keys]) => html`<button @click=${() => { if (this.front instanceof DrillTerminal) { this.front.type(keys); this.front.focus(); } }}>${label}</button>`)}
    </div>`;
  }

  private show(id: string): void {
    this.store.activate(id);
    void this.updateComplete.then(() => this.focusFront());
  }

  private tabKey(event: KeyboardEvent): void {
    const { terminals, active } = this.store.state;
    const at = terminals.findIndex(({ id }) => id === active);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: terminals.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    this.store.activate(terminals[(to + terminals.length) % terminals.length]!.id);
    void this.updateComplete.then(() => this.renderRoot.querySelector<HTMLElement>('[role=tab][aria-selected=true]')?.focus());
  }

  private add(event: Event): void {
    const select = event.target as HTMLSelectElement;
    const node = select.value;
    select.value = '';
    if (node) this.store.open(node);
  }
}

customElements.define('drill-machine', DrillMachine);
void DrillTranscript;
