/**
 * The lesson beside the terminals: one step at a time, commands as blocks that can be copied or run, goals
 * with what was seen, hints one by one. It knows the lesson and the store, and no terminal.
 */
import { css, html, nothing, type TemplateResult } from 'lit';
import { state as reactive } from 'lit/decorators.js';
import { unsafeHTML } from 'lit/directives/unsafe-html.js';
import type { LessonBlock, LessonStep } from '../drill/lesson.ts';
import { controls, prose } from './controls.ts';
import './drill-question.ts';
import { StoreElement } from './element.ts';
import type { Answers, GoalView } from './engine/messages.ts';
import { icon } from './icons.ts';
import { Printing } from './printing.ts';
import { clockText } from './words.ts';

/** Outputs up to this many lines stand in the text; longer ones are opened when wanted. */
const SHORT_LINES = 3;

export class DrillLesson extends StoreElement {
  static override styles = [controls, prose, css`
    :host { display: block; position: relative; overflow-y: auto; height: 100%; background: var(--paper); scrollbar-width: thin; scroll-padding: 1rem; }
    article { max-width: 40rem; margin: 0 auto; padding: 2.5rem 2rem 4rem; }
    h1 { font: 650 var(--title)/1.2 var(--ui); letter-spacing: -0.022em; margin: 0 0 0.5rem; text-wrap: balance; }
    .facts { color: var(--ink-soft); margin: 0 0 1.75rem; }
    h2 { font: 600 var(--text)/1.4 var(--ui); margin: 0; }
    .steps { margin: 1.75rem 0 0; padding: 0; list-style: none; border-top: 1px solid var(--line); }
    .steps > li { border-bottom: 1px solid var(--line); }
    .steps h2 > button { display: grid; grid-template-columns: 1.5rem 1fr; justify-content: start; gap: 0.75rem; width: 100%; padding: 0.8rem 0.25rem; text-align: left; white-space: normal; border-radius: 0; font-weight: 550; color: var(--ink-soft); }
    .steps [data-open] h2 > button { font-weight: 650; color: var(--ink); font-size: var(--reading); }
    .number { display: grid; place-items: center; width: 1.5rem; height: 1.5rem; border-radius: 50%; font-size: var(--small); font-weight: 600; font-variant-numeric: tabular-nums; box-shadow: inset 0 0 0 1px var(--line-strong); }
    [data-open] .number { background: var(--ink); color: var(--paper); box-shadow: none; }
    [data-done] .number { box-shadow: none; color: var(--well); }
    .step { padding: 0.25rem 0 1.75rem; animation: in 180ms ease-out; }
    @keyframes in { from { opacity: 0; transform: translateY(-4px); } }
    .command { margin: 0 0 1rem; border: 1px solid var(--line); border-radius: var(--radius); background: var(--raised); overflow: hidden; }
    .command > div + div { border-top: 1px solid var(--line); }
    .typed { padding: 0.7rem 0.9rem 0.15rem; }
    .typed code { display: block; font-size: var(--small); line-height: 1.65; white-space: pre-wrap; overflow-wrap: anywhere; padding-left: 1.2em; text-indent: -1.2em; }
    .typed code::before { content: '$ '; color: var(--ink-soft); user-select: none; }
    .acts { display: flex; gap: 0.15rem; padding: 0 0.35rem 0.35rem; }
    .acts button { font-size: var(--small); min-height: 1.85rem; padding: 0.1rem 0.55rem; color: var(--ink-soft); }
    .acts .go { color: var(--ink); font-weight: 600; }
    .acts .go svg { color: var(--ember); }
    .shows { margin: 0; padding: 0.6rem 0.9rem; border-top: 1px solid var(--line); background: var(--panel); color: var(--ink-soft); font-size: var(--small); line-height: 1.6; white-space: pre; overflow-x: auto; scrollbar-width: thin; }
    summary { cursor: pointer; font-size: var(--small); color: var(--ink-soft); padding: 0.35rem 0.9rem; border-top: 1px solid var(--line); background: var(--panel); }
    summary:hover { color: var(--ink); }
    .wait { display: flex; align-items: center; gap: 0.75rem; flex-wrap: wrap; color: var(--ink-soft); margin: 0 0 1rem; }
    .goals { margin: 2rem 0 0; padding: 1.1rem 1.2rem; background: var(--panel); border-radius: var(--radius); }
    .goals ul { list-style: none; padding: 0; margin: 0.6rem 0 0; }
    .goal { display: grid; grid-template-columns: 1.25rem 1fr; gap: 0.1rem 0.6rem; padding: 0.35rem 0; }
    .goal > svg { margin-top: 0.2rem; color: var(--line-strong); }
    .goal[data-passed] > svg { color: var(--well); }
    .seen { grid-column: 2; color: var(--ink-soft); font-size: var(--small); overflow-wrap: anywhere; }
    .done { display: flex; gap: 0.75rem; align-items: center; flex-wrap: wrap; border-top: 1px solid var(--line); margin: 0.8rem 0 0; padding-top: 0.9rem; font-weight: 600; }
    .done svg { color: var(--well); }
    .help { margin-top: 1.75rem; }
    .hints { padding: 0; margin: 0; list-style: none; counter-reset: hint; }
    .hints li { counter-increment: hint; padding: 0.75rem 0 0.1rem 2.25rem; position: relative; border-top: 1px solid var(--line); font: var(--reading)/1.55 var(--prose); animation: in 180ms ease-out; margin-bottom: 0.6rem; }
    .hints li::before { content: counter(hint); position: absolute; left: 0.45rem; font: 600 var(--small)/1.9 var(--ui); color: var(--ink-soft); }
    .rungs { margin: 0 0 0.75rem; padding-left: 1.35rem; }
    .rungs li { padding: 0.2rem 0; }
    .rungs code { font-size: var(--small); overflow-wrap: anywhere; }
    .row { display: flex; gap: 0.5rem; flex-wrap: wrap; }
    .row + .command { margin-top: 1rem; }
    @media (max-width: 480px) { article { padding: 1.5rem 1rem 3rem; } h1 { font-size: 1.5rem; } }
    @media print { :host { overflow: visible; height: auto; } article { max-width: none; } .acts, .row, .wait button, .step > .quiet, .steps [data-open] .number { display: none; } .shows { white-space: pre-wrap; overflow-wrap: anywhere; } .command, .goal { break-inside: avoid; } h2 { break-after: avoid; } }
  `];

  @reactive() private solutionShown = false;
  @reactive() private blocked = '';
  /** Hints from the state of things, and how many of them are shown; `for`: the state that they are about. */
  @reactive() private advice: { rungs: Answers['advice']; shown: number; for: string } | null = null;
  @reactive() private asking = false;
  private readonly printing = new Printing(this);

  override render(): TemplateResult {
    const { lesson, state } = this.store;
    return html`<article>
      <h1 tabindex="-1">${lesson.title}</h1>
      <p class="facts">${lesson.chapter} · ${lesson.level} · about ${lesson.minutes} minutes</p>
      ${lesson.intro.map((block) => this.block(block))}
      ${lesson.steps.length ? html`<ol class="steps">${lesson.steps.map((step, i) => this.step(step, i, state.step))}</ol>` : nothing}
      ${this.goals()}
      ${this.help()}
    </article>`;
  }

  /** Whoever comes back, or by an address that names a step, finds it in sight. */
  override firstUpdated(): void {
    const { step } = this.store.state;
    if (step > 0) this.renderRoot.querySelector(`#step-${step}`)?.scrollIntoView({ block: 'start' });
  }

  private step(step: LessonStep, i: number, current: number): TemplateResult {
    const open = i === current || this.printing.now, done = i < current;
    return html`<li ?data-open=${open} ?data-done=${done}>
      <h2><button aria-expanded=${open} id="step-${i}" @click=${() => this.store.setStep(open ? -1 : i)}>
        <span class="number" aria-hidden="true">${done ? icon('tick', 14) : i + 1}</span><span>${step.title}${done ? html`<span class="hidden"> (done)</span>` : nothing}</span>
      </button></h2>
      ${open ? html`<div class="step">
        ${step.blocks.map((block) => this.block(block))}
        ${i + 1 < this.store.lesson.steps.length ? html`<button class="quiet" @click=${() => this.next(i)}>Next: ${this.store.lesson.steps[i + 1]!.title} ${icon('right', 13)}</button>` : nothing}
      </div>` : nothing}
    </li>`;
  }

  private next(i: number): void {
    this.store.setStep(i + 1);
    void this.updateComplete.then(() => {
      const button = this.renderRoot.querySelector<HTMLElement>(`#step-${i + 1}`);
      button?.focus();
      button?.scrollIntoView({ block: 'start' });
    });
  }

  private block(block: LessonBlock): TemplateResult {
    switch (block.kind) {
      case 'prose': return html`<div class="prose">${unsafeHTML(block.html)}</div>`;
      case 'code': return html`<div class="prose"><pre tabindex="0" aria-label="Listing"><code>${block.text}</code></pre></div>`;
      case 'quiz': return html`<drill-question beside .store=${this.store} .variants=${block.variants}></drill-question>`;
      case 'wait': return html`<p class="wait"><span>Let about ${block.seconds} seconds pass.</span>
        <button class="quiet" ?disabled=${this.store.state.skipping} @click=${() => this.store.skip(block.seconds)}>${icon('skip', 13)}Skip ${block.seconds} seconds</button></p>`;
      case 'console': return html`<div class="command" role="group" aria-label="Commands for ${block.node}">
        ${block.exchanges.map(({ input, output }) => this.exchange(block.node, input, output))}
      </div>`;
    }
  }

  private exchange(node: string, input: string | null, output: string): TemplateResult {
    const shown = output.replace(/^\^[CDZ]\n/gm, '').trimEnd();
    // Nothing is typed: what a program that runs there has shown meanwhile.
    if (input === null) return html`<div><pre class="shows" tabindex="0" aria-label="What it shows by then">${shown}</pre></div>`;
    const key = `${node} ${input}`;
    return html`<div><div class="typed"><code>${input}</code></div>
      <div class="acts">
        <button @click=${(event: Event) => this.copy(event, input)} aria-label="Copy: ${input}">Copy</button>
        <button class="go" @click=${() => this.run(node, input)} aria-label="${this.blocked === key ? 'Interrupt and run' : 'Run'} on ${node}: ${input}">
          ${icon('right', 12)}${this.blocked === key ? 'Interrupt what runs there, then run' : `Run on ${node}`}</button>
      </div>
      ${shown === '' ? nothing : shown.split('\n').length <= SHORT_LINES ? html`<pre class="shows" tabindex="0" aria-label="What it shows">${shown}</pre>`
        : html`<details ?open=${this.printing.now}><summary>What it shows</summary><pre class="shows" tabindex="0" aria-label="What it shows">${shown}</pre></details>`}</div>`;
  }

  private run(node: string, input: string): void {
    const key = `${node} ${input}`;
    const ran = this.store.run(node, input, this.blocked === key);
    this.blocked = ran ? '' : key;
    if (ran) this.dispatchEvent(new CustomEvent('ran', { bubbles: true, composed: true }));
  }

  private copy(event: Event, text: string): void {
    const button = event.currentTarget as HTMLButtonElement;
    const say = (word: string): void => { button.textContent = word; setTimeout(() => { button.textContent = 'Copy'; }, 1_600); };
    const select = (): void => {
      const code = button.closest('div')!.parentElement!.querySelector('code')!;
      getSelection()?.selectAllChildren(code);
      say('Not allowed here: it is selected instead');
    };
    if (!navigator.clipboard) select();
    else navigator.clipboard.writeText(text).then(() => say('Copied'), select);
  }

  private goals(): TemplateResult | typeof nothing {
    const { goals } = this.store.state;
    if (!goals.length) return nothing;
    const all = goals.every(({ passed }) => passed);
    return html`<section class="goals" aria-labelledby="goals">
      <h2 id="goals">Goals</h2>
      <ul>${goals.map((goal) => this.goal(goal))}</ul>
      <div role="status">${all ? html`<p class="done">${icon('tick')}<span>All goals are met. The cluster is yours again.</span><a class="button quiet" href="#/">Back to the course</a></p>` : nothing}</div>
    </section>`;
  }

  private goal({ title, passed, message, lostAt }: GoalView): TemplateResult {
    const was = lostAt === null ? '' : ` It held until ${clockText(this.store.clockAt(lostAt))}.`;
    return html`<li class="goal" ?data-passed=${passed}>${icon(passed ? 'tick' : 'ring')}
      <span>${title}<span class="hidden">: ${passed === null ? 'not looked at yet' : passed ? 'met' : 'not met yet'}</span></span>
      ${passed === false ? html`<span class="seen">${message.replace(/\.?$/, '.')}${was}</span>` : nothing}</li>`;
  }

  /** What is shown of the advice, while nothing has been done since. */
  private get advised() { return this.advice?.for === this.situation ? this.advice : null; }
  private get situation(): string { return this.store.state.steps.map(({ id, state }) => `${id}${state}`).join(); }

  private rungs(): TemplateResult | typeof nothing {
    const advised = this.advised;
    return advised ? html`<ol class="rungs">${advised.rungs.slice(0, advised.shown).map(({ text, run }) => html`<li>${run
      ? html`<code>${text}</code> <button class="quiet" @click=${() => this.typeOnly(run.node, run.line)}>Type it on ${run.node}, do not run it</button>` : text}</li>`)}</ol>` : nothing;
  }

  private async advise(): Promise<void> {
    const advised = this.advised;
    if (advised && advised.shown < advised.rungs.length) { this.advice = { ...advised, shown: advised.shown + 1 }; return; }
    this.asking = true;
    const about = this.situation;
    try { this.advice = { rungs: await this.store.ask({ ask: 'advice' }), shown: 1, for: about }; } catch (error) { this.store.say(`No hint could be found: ${(error as Error).message}.`); }
    this.asking = false;
  }

  private typeOnly(node: string, text: string): void {
    if (!this.store.run(node, text, false, false)) this.store.say(`Something runs in the terminal of ${node}. Stop it first.`);
    else this.dispatchEvent(new CustomEvent('ran', { bubbles: true, composed: true }));
  }

  private help(): TemplateResult | typeof nothing {
    const { lesson, state } = this.store;
    if (!lesson.hints.length && !lesson.solution.length) return nothing;
    const left = lesson.hints.length - state.hintsShown;
    return html`<section class="help" aria-label="Help">
      <ol class="hints">${lesson.hints.slice(0, state.hintsShown).map((hint) => html`<li>${unsafeHTML(hint)}</li>`)}</ol>
      <div role="status">${this.rungs()}</div>
      <div class="row">
        ${lesson.solution.length ? html`<button class="quiet" ?disabled=${!this.store.ready || this.asking} @click=${() => void this.advise()}>${this.asking ? 'Trying it on copies' : this.advised && this.advised.shown < this.advised.rungs.length ? 'Tell me more' : 'What next?'}</button>` : nothing}
        ${lesson.hints.length ? html`<button class="quiet" ?disabled=${left === 0} @click=${() => this.store.showHint()}>${left === 0 ? 'No more hints' : `Hint ${state.hintsShown + 1} of ${lesson.hints.length}`}</button>` : nothing}
        ${lesson.solution.length ? html`<button class="quiet" aria-expanded=${this.solutionShown} @click=${() => { this.solutionShown = !this.solutionShown; }}>${this.solutionShown ? 'Hide the solution' : 'Show the solution'}</button>` : nothing}
      </div>
      ${this.solutionShown ? html`<div class="command">${lesson.solution.map(({ node, run }) => this.exchange(node, run, ''))}</div>` : nothing}
    </section>`;
  }
}

customElements.define('drill-lesson', DrillLesson);
