/** A question that the simulator answers: the visitor chooses, it is tried on a fork, and what happened is shown. */
import { css, html, LitElement, nothing, type TemplateResult } from 'lit';
import { property, state as reactive } from 'lit/decorators.js';
import { unsafeHTML } from 'lit/directives/unsafe-html.js';
import type { Quiz, Verdict } from '../drill/quiz.ts';
import { controls, prose } from './controls.ts';
import { icon } from './icons.ts';
import type { DrillStore } from './store.ts';

export class DrillQuestion extends LitElement {
  static override styles = [controls, prose, css`
    :host { display: block; margin: 0 0 1.5rem; padding: 1.1rem 1.2rem; background: var(--panel); border-radius: var(--radius); }
    fieldset { border: 0; margin: 0; padding: 0; min-width: 0; }
    legend { padding: 0; font-weight: 600; }
    legend :is(p) { margin: 0 0 0.5rem; }
    label { display: grid; grid-template-columns: auto 1fr; gap: 0.6rem; align-items: baseline; padding: 0.35rem 0; cursor: pointer; }
    input { accent-color: var(--ember); width: 1.05rem; height: 1.05rem; margin: 0; align-self: center; }
    label code { font-size: var(--small); overflow-wrap: anywhere; }
    .row { display: flex; gap: 0.75rem; align-items: center; flex-wrap: wrap; margin-top: 0.6rem; }
    .right { color: var(--well); font-weight: 600; }
    .wrong { color: var(--ember); font-weight: 600; }
    pre { font-size: var(--small); line-height: 1.6; background: var(--term); border: 1px solid var(--line); border-radius: var(--radius); padding: 0.7rem 0.9rem; margin: 0.75rem 0 0; overflow: auto; max-height: 18rem; }
    @media print { .row { display: none; } }
  `];

  @property({ attribute: false }) store!: DrillStore;
  @property({ attribute: false }) quiz!: Quiz;
  /** The question as HTML of our own making, or as plain text in the quiz. */
  @property({ attribute: false }) text = '';
  @reactive() private chosen = -1;
  @reactive() private verdict: { choice: number; verdict: Verdict } | null = null;
  @reactive() private trying = false;
  @reactive() private wrong = '';
  private tries = 0;

  override render(): TemplateResult {
    const { quiz, verdict } = this;
    const right = verdict?.verdict.right[verdict.choice];
    return html`<form @submit=${(event: Event) => { event.preventDefault(); void this.answer(); }}><fieldset>
      <legend>${this.text ? unsafeHTML(this.text) : quiz.question}</legend>
      ${quiz.choices.map(({ text, run }, i) => html`<label><input type="radio" name="choice" .checked=${this.chosen === i} @change=${() => { this.chosen = i; }}><span>${run === undefined ? text : html`<code>${text}</code>`}</span></label>`)}
      </fieldset>
      <div class="row"><button class="quiet" type="submit" ?disabled=${this.chosen < 0 || this.trying || !this.store.ready}>${this.trying ? 'Trying it' : 'Check the answer'}</button>
        <span role="status">${this.wrong ? this.wrong : verdict === null ? nothing : right ? html`<span class="right">${icon('tick')} Right.</span>` : html`<span class="wrong">${icon('cross')} No.</span> This is what happens:`}</span></div>
      ${verdict ? html`<pre tabindex="0" aria-label="What happened on a copy of the cluster">${verdict.verdict.seen[verdict.choice]}</pre>` : nothing}
    </form>`;
  }

  private async answer(): Promise<void> {
    const choice = this.chosen;
    this.trying = true;
    this.wrong = '';
    try {
      const verdict = await this.store.ask({ ask: 'judge', quiz: this.quiz });
      this.verdict = { choice, verdict };
      this.tries++;
      this.dispatchEvent(new CustomEvent('drill-answer', { bubbles: true, composed: true, detail: { version: 1, quiz: this.quiz.id, choice, right: verdict.right[choice] ?? false, tries: this.tries } }));
    } catch (error) { this.wrong = `It could not be tried: ${(error as Error).message}.`; }
    this.trying = false;
  }
}

customElements.define('drill-question', DrillQuestion);
