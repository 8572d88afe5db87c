/**
 * The same terminal as a document: a plain field to type in, each command a section with its output. For
 * readers of the screen, for phones, for print. It knows the store; the shell is the terminal's own.
 */
import { css, html, nothing, type TemplateResult } from 'lit';
import { property } from 'lit/decorators.js';
import { screenOf } from '../drill/screen.ts';
import type { Shown } from '../sim/world.ts';
import { controls } from './controls.ts';
import { StoreElement } from './element.ts';

interface Section { typed: string; output: string }

const WIDE = 2_000;

/** What was edited at a prompt, as it stood in the end. */
const lineOf = (pieces: readonly Shown[]): string => screenOf(pieces, WIDE, 12).rows.filter(Boolean).join('\n');

/** Shown pieces cut into prompts with what was typed, and what came out. */
export function sectionsOf(pieces: readonly Shown[]): Section[] {
  const sections: Section[] = [];
  let edits: Shown[] = [], output: Shown[] = [], open = false;
  const close = (): void => {
    if (open) sections.push({ typed: lineOf(edits), output: textOf(output) });
    edits = [];
    output = [];
    open = false;
  };
  for (const piece of pieces) {
    if (piece.kind === 'edit') { if (output.length) close(); edits.push(piece); open = true; } else { output.push(piece); open = true; }
  }
  close();
  return sections;
}

const textOf = (pieces: readonly Shown[]): string => pieces.map(({ text }) => text).join('')
  .replace(/\x1b\[[0-9;?]*[A-Za-z]/g, '').replace(/\x1b[()][A-Z0-9]|\x1b\][^\x07]*\x07|\x07/g, '').replace(/\r\n/g, '\n').replace(/[^\n]*\r(?!\n)/g, '').trimEnd();

export class DrillTranscript extends StoreElement {
  static override styles = [controls, css`
    :host { position: relative; display: grid; grid-template-rows: minmax(0, 1fr) auto; height: 100%; background: var(--term); }
    :host([hidden]) { display: none; }
    .log { overflow-y: auto; padding: 1rem 1.1rem; scrollbar-width: thin; }
    section { border-top: 1px solid var(--line); padding: 0.5rem 0; }
    h2 + section { border-top: 0; }
    h3 { font: 600 var(--small)/1.6 var(--mono); margin: 0; white-space: pre-wrap; overflow-wrap: anywhere; }
    pre { font-size: var(--small); line-height: 1.6; margin: 0.25rem 0 0; white-space: pre-wrap; overflow-wrap: anywhere; }
    form { display: flex; gap: 0.5rem; padding: 0.6rem 0.75rem; border-top: 1px solid var(--line); background: var(--panel); align-items: center; flex-wrap: wrap; }
    label { font: var(--small) var(--mono); overflow-wrap: anywhere; }
    input { flex: 1 1 12rem; min-width: 0; font: 1rem var(--mono); color: inherit; background: var(--term); border: 1px solid var(--line-strong); border-radius: var(--radius); padding: 0.45rem 0.6rem; min-height: 2.5rem; }
    .empty { color: var(--ink-soft); margin: 0; }
    @media print { :host { display: block; height: auto; background: none; } .hidden { position: static; width: auto; height: auto; clip-path: none; } h2.hidden { font: 600 var(--text) var(--ui); } .hidden[role='status'], .empty { display: none; } form { display: none; } .log { overflow: visible; padding: 0; } }
  `];

  @property() terminal = '';
  private sections: Section[] = [];
  private spoken = '';

  protected override listeners(): Record<string, (event: Event) => void> {
    return { output: (event) => { if ((event as CustomEvent<{ terminal: string }>).detail.terminal === this.terminal) this.requestUpdate(); } };
  }

  override willUpdate(): void {
    super.willUpdate();
    this.sections = sectionsOf(this.store.pieces(this.terminal));
    const view = this.view;
    if (view?.state !== 'running') this.spoken = this.sections.at(-2)?.output.slice(-1_200) ?? '';
  }

  override updated(): void {
    const log = this.renderRoot.querySelector('.log');
    if (log) log.scrollTop = log.scrollHeight;
  }

  private get view() { return this.store.state.terminals.find(({ id }) => id === this.terminal); }

  override focus(): void { this.renderRoot.querySelector('input')?.focus(); }

  override render(): TemplateResult {
    const view = this.view;
    // The last prompt is the field's label, not a section.
    const waits = view?.state === 'prompt' || view?.state === 'more';
    const last = this.sections.at(-1);
    const shown = waits && last && !last.output ? this.sections.slice(0, -1) : this.sections;
    return html`<div class="log" tabindex="0" role="log" aria-live="off" aria-label="Transcript of ${view?.title ?? 'the terminal'}">
        <h2 class="hidden">Transcript of ${view?.title ?? 'the terminal'}</h2>
        ${shown.map(({ typed, output }) => html`<section><h3>${typed || 'Output'}</h3>${output ? html`<pre>${output}</pre>` : nothing}</section>`)}
        ${shown.length ? nothing : html`<p class="empty">Nothing has been typed here yet.</p>`}
      </div>
      <form @submit=${(event: Event) => this.enter(event)}>
        <label for="line">${waits && last ? last.typed : view?.state === 'running' ? 'running…' : '>'}</label>
        <input id="line" autocapitalize="off" autocomplete="off" autocorrect="off" spellcheck="false" enterkeyhint="send" @keydown=${(event: KeyboardEvent) => this.key(event)}>
        <button type="submit" class="quiet">Enter</button>
        <button type="button" class="quiet" @click=${() => this.store.keys(this.terminal, '\x03')}>Ctrl+C</button>
        <button type="button" class="quiet" @click=${() => this.store.keys(this.terminal, '\x04')}>Ctrl+D</button>
      </form>
      <div class="hidden" role="status">${this.spoken}</div>`;
  }

  private enter(event: Event): void {
    event.preventDefault();
    const input = this.renderRoot.querySelector('input')!;
    this.store.keys(this.terminal, `${input.value}\r`);
    input.value = '';
  }

  private key(event: KeyboardEvent): void {
    if (!event.ctrlKey || event.key.length !== 1 || !'cdz'.includes(event.key) || (event.key === 'c' && getSelection()?.toString())) return;
    event.preventDefault();
    this.store.keys(this.terminal, String.fromCharCode(event.key.charCodeAt(0) & 0x1f));
  }
}

customElements.define('drill-transcript', DrillTranscript);
