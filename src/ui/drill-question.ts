/**
 * A question that the simulator answers: the visitor chooses, puts steps in order or points at a node; it is
 * tried on a fork, and what happened is shown. Nothing here knows the answer before.
 */
import { css, html, LitElement, nothing, type TemplateResult } from 'lit';
import { property, state as reactive } from 'lit/decorators.js';
import { unsafeHTML } from 'lit/directives/unsafe-html.js';
import type { Given, Quiz, Verdict } from '../drill/quiz.ts';
import { controls, prose } from './controls.ts';
import { icon } from './icons.ts';
import type { DrillStore } from './store.ts';

export class DrillQuestion extends LitElement {
  static override styles = [controls, prose, css`
    :host { display: block; margin: 0 0 1.5rem; padding: 1.1rem 1.2rem; background: var(--panel); border-radius: var(--radius); }
    fieldset { border: 0; margin: 0; padding: 0; min-width: 0; }
    legend { padding: 0; margin-bottom: 0.4rem; font: 600 var(--text)/1.5 var(--ui); }
    legend p { margin: 0 0 0.5rem; }
    legend code { font-size: 0.93em; font-weight: 500; background: var(--paper); padding: 0.1em 0.3em; border-radius: 4px; }
    label { display: grid; grid-template-columns: auto 1fr; gap: 0.7rem; align-items: baseline; padding: 0.4rem 0; cursor: pointer; }
    input { accent-color: var(--ember); width: 1.05rem; height: 1.05rem; margin: 0; align-self: center; }
    label code, .order code { font-size: var(--small); overflow-wrap: anywhere; }
    label pre { margin: 0; font-size: var(--small); line-height: 1.5; white-space: pre-wrap; overflow-wrap: anywhere; }
    .nodes { display: grid; grid-auto-flow: column; grid-auto-columns: minmax(0, 1fr); position: relative; margin: 0.5rem 0 0.25rem; }
    .nodes::before { content: ''; position: absolute; top: 50%; left: 16%; right: 16%; border-top: 2px solid var(--line-strong); }
    .nodes label { position: relative; justify-self: center; background: var(--raised); border: 1px solid var(--line-strong); border-radius: var(--radius); padding: 0.7rem 1rem; }
    .nodes label:has(:checked) { border-color: var(--ink); box-shadow: inset 0 0 0 1px var(--ink); }
    .order { margin: 0.3rem 0; padding: 0; list-style: none; counter-reset: step; }
    .order li { counter-increment: step; display: grid; grid-template-columns: 1.3rem 1fr auto; gap: 0.5rem; align-items: center; padding: 0.25rem 0; border-top: 1px solid var(--line); }
    .order li::before { content: counter(step); font: 600 var(--small) var(--ui); color: var(--ink-soft); }
    .order small { color: var(--ink-soft); font-size: var(--small); display: block; }
    .order button { min-width: 2rem; padding: 0; }
    .row { display: flex; gap: 0.6rem; align-items: center; flex-wrap: wrap; margin-top: 0.7rem; }
    .right { color: var(--well); font-weight: 600; }
    .wrong { color: var(--ember); font-weight: 600; }
    .seen { font-size: var(--small); line-height: 1.6; background: var(--term); border: 1px solid var(--line); border-radius: var(--radius); padding: 0.7rem 0.9rem; margin: 0.75rem 0 0; overflow: auto; max-height: 18rem; }
    @media (max-width: 480px) { .nodes label { padding: 0.6rem 0.5rem; gap: 0.4rem; } }
    @media print { .row { display: none; } :host { break-inside: avoid; } }
  `];

  @property({ attribute: false }) store!: DrillStore;
  /** The question and its text as HTML of our own making (or none: then the quiz's own, as plain text). Several take turns. */
  @property({ attribute: false }) variants: readonly { quiz: Quiz; html: string }[] = [];
  /** Terminals stand beside it: what was asked can be run there. */
  @property({ type: Boolean }) beside = false;
  @reactive() private turn = 0;
  @reactive() private chosen = -1;
  @reactive() private order: readonly number[] = [];
  @reactive() private verdict: Verdict | null = null;
  @reactive() private trying = false;
  @reactive() private wrong = '';
  private tries = 0;

  private get quiz(): Quiz { return this.variants[this.turn % this.variants.length]!.quiz; }

  override willUpdate(): void {
    if (this.quiz.kind === 'order' && this.order.length !== this.quiz.choices.length) this.order = this.quiz.choices.map((_, i) => i);
  }

  override render(): TemplateResult {
    const { quiz, verdict } = this;
    const { html: text } = this.variants[this.turn % this.variants.length]!;
    return html`<form @submit=${(event: Event) => { event.preventDefault(); void this.answer(); }}><fieldset>
      <legend>${text ? unsafeHTML(text) : quiz.question}</legend>
      ${quiz.kind === 'order' ? this.steps() : quiz.kind === 'point' ? html`<div class="nodes">${quiz.choices.map((_, i) => this.choice(i))}</div>` : quiz.choices.map((_, i) => this.choice(i))}
      </fieldset>
      <div class="row"><button class="quiet" type="submit" ?disabled=${(quiz.kind !== 'order' && this.chosen < 0) || this.trying || !this.store.ready}>${this.trying ? 'Trying it' : 'Check the answer'}</button>
        ${verdict && this.beside ? html`<button class="quiet" type="button" @click=${() => this.look()}>Run it and look</button>` : nothing}
        ${verdict && this.variants.length > 1 ? html`<button class="quiet" type="button" @click=${() => this.again()}>Another of this kind</button>` : nothing}
        <span role="status">${this.wrong ? this.wrong : verdict === null ? nothing : verdict.right ? html`<span class="right">${icon('tick')} Right.</span>` : html`<span class="wrong">${icon('cross')} No.</span> This is what happens:`}</span></div>
      ${verdict ? html`<pre class="seen" tabindex="0" aria-label="What happened on a copy of the cluster">${verdict.seen}</pre>` : nothing}
    </form>`;
  }

  private choice(i: number): TemplateResult {
    const { text, run } = this.quiz.choices[i]!;
    return html`<label><input type="radio" name="choice" .checked=${this.chosen === i} @change=${() => { this.chosen = i; this.verdict = null; }}>
      ${this.quiz.kind === 'spot' ? html`<pre>${text}</pre>` : html`<span>${run === undefined ? text : html`<code>${text}</code>`}</span>`}</label>`;
  }

  private steps(): TemplateResult {
    return html`<ol class="order">${this.order.map((step, place) => {
      const { text, run, on } = this.quiz.choices[step]!;
      return html`<li><span>${text === run ? html`<code>${run}</code>` : html`${text}<small><code>${run}</code></small>`}${on ? html`<small>on ${on}</small>` : nothing}</span>
        <span><button type="button" class="quiet" ?disabled=${place === 0} aria-label="Earlier: ${text}" @click=${() => this.move(place, -1)}>↑</button>
        <button type="button" class="quiet" ?disabled=${place === this.order.length - 1} aria-label="Later: ${text}" @click=${() => this.move(place, 1)}>↓</button></span></li>`;
    })}</ol>`;
  }

  private move(place: number, by: number): void {
    const order = [...this.order];
    order.splice(place + by, 0, ...order.splice(place, 1));
    this.order = order;
    this.verdict = null;
  }

  private again(): void {
    this.turn++;
    this.chosen = -1;
    this.order = [];
    this.verdict = null;
  }

  /** Types at the prompt what was asked about. */
  private look(): void {
    const { quiz } = this;
    const chosen = quiz.kind === 'choose' ? quiz.choices[this.chosen] : undefined;
    if (this.store.run(chosen?.on ?? quiz.ask.on, chosen?.run ?? quiz.ask.run)) this.dispatchEvent(new CustomEvent('ran', { bubbles: true, composed: true }));
    else this.wrong = 'Something runs in that terminal. Stop it first.';
  }

  private async answer(): Promise<void> {
    const { quiz } = this;
    const given: Given = quiz.kind === 'order' ? { order: this.order } : { choice: this.chosen };
    this.trying = true;
    this.wrong = '';
    try {
      const verdict = await this.store.ask({ ask: 'judge', quiz, given });
      this.verdict = verdict;
      this.tries++;
      const response = 'order' in given ? given.order.map((i) => quiz.choices[i]!.text).join(' → ') : quiz.choices[given.choice]!.text;
      this.dispatchEvent(new CustomEvent('drill-answer', { bubbles: true, composed: true, detail: { version: 1, quiz: quiz.id, question: quiz.question, kind: quiz.kind, response, right: verdict.right, tries: this.tries } }));
    } catch (error) { this.wrong = `It could not be tried: ${(error as Error).message}.`; }
    this.trying = false;
  }
}

customElements.define('drill-question', DrillQuestion);
