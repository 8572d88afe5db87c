/**
 * The lesson beside the terminals: one step at a time, commands as blocks that can be copied or run,
 * goals with what was seen, hints one by one. It knows the scenario's blocks and the store.
 */
import { css, html, LitElement, nothing, type TemplateResult } from 'lit';
import { property } from 'lit/decorators.js';
import { unsafeHTML } from 'lit/directives/unsafe-html.js';
import { marked } from 'marked';
import type { Block, Transcript } from '../drill/scenario.ts';
import { controls } from './controls.ts';
import type { DrillStore } from './store.ts';

interface LessonStep { title: string; blocks: Block[] }

/** A scenario's blocks cut at its `##` headings; what stands before the first is the introduction. */
export function stepsOf(blocks: readonly Block[]): LessonStep[] {
  const steps: LessonStep[] = [{ title: '', blocks: [] }];
  for (const block of blocks) {
    if (block.kind !== 'prose') { steps.at(-1)!.blocks.push(block); continue; }
    for (const part of block.text.split(/^(?=## )/m)) {
      const heading = /^## (.+)\n?/.exec(part);
      if (heading) steps.push({ title: heading[1]!, blocks: [] });
      const text = part.replace(/^##? .+\n?/, '');
      if (text.trim()) steps.at(-1)!.blocks.push({ ...block, text });
    }
  }
  return steps;
}

export class DrillLesson extends LitElement {
  static override styles = [controls, css`
    :host { display: block; overflow-y: auto; height: 100%; background: var(--paper); scrollbar-width: thin; }
    article { max-width: 42rem; margin: 0 auto; padding: 32px 32px 64px; }
    h1 { font: 650 1.65rem/1.25 var(--ui); letter-spacing: -0.015em; margin: 0 0 4px; }
    .facts { color: var(--ink-soft); font-size: 0.87rem; margin: 0 0 24px; }
    h2 { font: 600 1.05rem/1.4 var(--ui); margin: 0; }
    .prose { font: 1.09rem/1.6 var(--prose); }
    .prose :is(p, ul, ol) { margin: 0 0 16px; }
    .prose code, .goal code { font: 0.84em/1.4 var(--mono); background: var(--panel); padding: 0.12em 0.35em; border-radius: 4px; }
    .prose a { color: inherit; text-underline-offset: 3px; }
    section { border-top: 1px solid var(--line); }
    section > h2 > button { display: flex; gap: 12px; align-items: baseline; width: 100%; padding: 14px 4px; text-align: left; font: inherit; border-radius: 0; }
    .number { font: 500 0.8rem var(--ui); font-variant-numeric: tabular-nums; color: var(--ink-soft); min-width: 1.2em; text-align: right; }
    section[data-done] .number { color: var(--well); }
    .step { padding: 4px 0 20px; }
    .command { margin: 0 0 16px; border: 1px solid var(--line); border-radius: var(--radius); background: var(--raised); overflow: hidden; }
    .typed { display: flex; align-items: flex-start; gap: 4px; padding: 6px 6px 6px 14px; }
    .typed + .typed { border-top: 1px solid var(--line); }
    .typed code { flex: 1; min-width: 0; font: 0.84rem/1.65 var(--mono); white-space: pre-wrap; overflow-wrap: anywhere; padding: 3px 0; }
    .typed code::before { content: '$ '; color: var(--ink-soft); }
    .typed button { font-size: 0.8rem; color: var(--ink-soft); white-space: nowrap; }
    .typed button.go { color: var(--ember); font-weight: 600; }
    .shows { margin: 0; padding: 8px 14px; border-top: 1px solid var(--line); background: var(--panel); color: var(--ink-soft); font: 0.78rem/1.55 var(--mono); white-space: pre; overflow-x: auto; max-height: 16rem; }
    .wait { color: var(--ink-soft); font-size: 0.9rem; margin: 0 0 16px; }
    .goals { border: 1px solid var(--line); border-radius: var(--radius); padding: 14px 16px; margin: 24px 0 0; background: var(--raised); }
    .goals h2 { margin-bottom: 8px; }
    .goal { display: grid; grid-template-columns: 1.5rem 1fr; gap: 2px 4px; padding: 6px 0; font-size: 0.94rem; }
    .goal .seen { grid-column: 2; color: var(--ink-soft); font-size: 0.84rem; overflow-wrap: anywhere; }
    .goal[data-passed] .tick { color: var(--well); font-weight: 700; }
    .goal:not([data-passed]) .tick { color: var(--ink-soft); }
    .done { color: var(--well); font-weight: 600; margin: 8px 0 0; }
    .help { margin-top: 20px; }
    .help ol { padding-left: 1.3rem; font: 1.02rem/1.55 var(--prose); }
    .help li { margin-bottom: 8px; }
    .row { display: flex; gap: 8px; flex-wrap: wrap; margin-top: 12px; }
    @media (max-width: 480px) { article { padding: 20px 16px 48px; } }
    @media print { :host { overflow: visible; height: auto; } .typed button, .row { display: none; } }
  `];

  @property({ attribute: false }) store!: DrillStore;
  private solutionShown = false;
  private readonly onChange = (): void => this.requestUpdate();

  override connectedCallback(): void { super.connectedCallback(); this.store.addEventListener('change', this.onChange); }
  override disconnectedCallback(): void { super.disconnectedCallback(); this.store.removeEventListener('change', this.onChange); }

  override render(): TemplateResult {
    const { scenario, state } = this.store;
    const steps = stepsOf(scenario.blocks);
    const [intro, ...rest] = steps;
    return html`<article>
      <h1>${scenario.title}</h1>
      <p class="facts">${scenario.chapter} · ${scenario.level} · about ${scenario.minutes} minutes</p>
      ${intro!.blocks.map((block) => this.block(block))}
      ${rest.map((step, i) => this.step(step, i, state.step))}
      ${this.goals()}
      ${this.help()}
    </article>`;
  }

  private step(step: LessonStep, i: number, current: number): TemplateResult {
    const open = i === current;
    return html`<section ?data-done=${i < current}>
      <h2><button aria-expanded=${open} @click=${() => this.store.setStep(open ? -1 : i)}>
        <span class="number" aria-hidden="true">${i < current ? '✓' : i + 1}</span><span>${step.title}</span>
        ${i < current ? html`<span class="hidden">(done)</span>` : nothing}
      </button></h2>
      ${open ? html`<div class="step">
        ${step.blocks.map((block) => this.block(block))}
        ${i + 1 < stepsOf(this.store.scenario.blocks).length - 1 ? html`<button class="quiet" @click=${() => this.next(i)}>Next step</button>` : nothing}
      </div>` : nothing}
    </section>`;
  }

  private next(i: number): void {
    this.store.setStep(i + 1);
    void this.updateComplete.then(() => {
      const button = this.renderRoot.querySelectorAll<HTMLElement>('section > h2 > button')[i + 1];
      button?.focus();
      button?.scrollIntoView({ block: 'nearest' });
    });
  }

  private block(block: Block): TemplateResult | typeof nothing {
    switch (block.kind) {
      case 'prose': return html`<div class="prose">${unsafeHTML(marked.parse(block.text, { async: false }))}</div>`;
      case 'console': return this.transcript(block);
      case 'code': return html`<pre class="command shows">${block.text}</pre>`;
      case 'sim': return block.hidden ? nothing : html`${block.verbs.map((verb) => (verb.verb === 'advance'
        ? html`<p class="wait">Let about ${verb.seconds} seconds pass. The time bar below can skip them.</p>` : nothing))}`;
    }
  }

  private transcript(block: Transcript): TemplateResult {
    return html`<div class="command">${block.exchanges.map(({ input, output }) => html`
      <div class="typed"><code>${input}</code>
        <button @click=${(event: Event) => this.copy(event, input)} aria-label="Copy: ${input}">Copy</button>
        <button class="go" @click=${() => this.store.run(block.node, input)} aria-label="Run on ${block.node}: ${input}">Run on ${block.node}</button>
      </div>
      ${output.trim() && output.trim() !== '^C' ? html`<pre class="shows" tabindex="0" aria-label="What it shows">${output.trimEnd()}</pre>` : nothing}`)}
    </div>`;
  }

  private copy(event: Event, text: string): void {
    const button = event.currentTarget as HTMLButtonElement;
    navigator.clipboard?.writeText(text).then(() => {
      button.textContent = 'Copied';
      setTimeout(() => { button.textContent = 'Copy'; }, 1_500);
    }, () => { button.textContent = 'Not allowed'; });
  }

  private goals(): TemplateResult {
    const { scenario, state } = this.store;
    const all = state.goals.length === scenario.goals.length && state.goals.every((goal) => goal.passed);
    return html`<div class="goals" aria-labelledby="goals" role="region">
      <h2 id="goals">Goals</h2>
      <div aria-live="polite">
        ${scenario.goals.map((goal, i) => {
          const seen = state.goals[i];
          return html`<div class="goal" ?data-passed=${seen?.passed}>
            <span class="tick" aria-hidden="true">${seen?.passed ? '✓' : '○'}</span>
            <span>${goal.title}<span class="hidden">: ${seen?.passed ? 'met' : 'not met yet'}</span></span>
            ${seen && !seen.passed ? html`<span class="seen">${seen.message}</span>` : nothing}
          </div>`;
        })}
        ${all ? html`<p class="done">All goals are met. The cluster is yours again.</p>` : nothing}
      </div>
    </div>`;
  }

  private help(): TemplateResult {
    const { scenario, state } = this.store;
    return html`<div class="help">
      ${state.hintsShown ? html`<ol aria-label="Hints">${scenario.hints.slice(0, state.hintsShown).map((hint) => html`<li>${unsafeHTML(marked.parseInline(hint, { async: false }))}</li>`)}</ol>` : nothing}
      <div class="row">
        <button class="quiet" ?disabled=${state.hintsShown >= scenario.hints.length} @click=${() => this.store.showHint()}>${state.hintsShown ? 'Another hint' : 'Give me a hint'}</button>
        <button class="quiet" aria-expanded=${this.solutionShown} @click=${() => { this.solutionShown = !this.solutionShown; this.requestUpdate(); }}>${this.solutionShown ? 'Hide the solution' : 'Show the solution'}</button>
      </div>
      ${this.solutionShown ? html`<div class="command" style="margin-top:12px">${scenario.solution.map((step) => html`<div class="typed"><code>${step.run}</code>
        <button class="go" @click=${() => this.store.run(step.node, step.run)}>Run on ${step.node}</button></div>`)}</div>` : nothing}
    </div>`;
  }
}

customElements.define('drill-lesson', DrillLesson);
