/** The home page: a cluster that is in trouble already, and the course. */
import { css, html, LitElement, nothing, type TemplateResult } from 'lit';
import { state as reactive } from 'lit/decorators.js';
import { chapters, type CourseEntry } from './course.ts';
import { controls } from './controls.ts';
import './drill-machine.ts';
import type { DrillMachine } from './drill-machine.ts';
import { home } from './free.ts';
import { icon } from './icons.ts';
import { exportProgress, forgetProgress, importProgress, progress } from './keeping.ts';
import { DrillStore, NOTHING_KEPT } from './store.ts';

const TICK_WORD = { begun: 'begun', solved: 'solved' } as const;

export class DrillHome extends LitElement {
  static override styles = [controls, css`
    :host { display: block; }
    .page { max-width: 68rem; margin: 0 auto; padding: 4rem 2rem 6rem; }
    .hero { display: grid; grid-template-columns: minmax(0, 5fr) minmax(0, 7fr); gap: 3rem; align-items: center; }
    h1 { font: 680 clamp(2rem, 4vw, 2.75rem)/1.12 var(--ui); letter-spacing: -0.028em; margin: 0 0 1.1rem; text-wrap: balance; }
    .lead { font: var(--reading)/1.6 var(--prose); color: var(--ink-soft); margin: 0 0 1.75rem; max-width: 36rem; }
    .row { display: flex; gap: 0.6rem; flex-wrap: wrap; align-items: center; }
    .row .button { min-height: 2.5rem; padding: 0.3rem 1rem; }
    .live { border: 1px solid var(--line); border-radius: 10px; overflow: hidden; box-shadow: var(--float); background: var(--term); }
    .live drill-machine { height: 21rem; }
    .task { margin: 0; padding: 0.65rem 1rem; border-top: 1px solid var(--line); background: var(--panel); display: flex; gap: 0.75rem; align-items: baseline; justify-content: space-between; flex-wrap: wrap; }
    .task code { font-size: var(--small); }
    .task .won { color: var(--well); font-weight: 600; }
    h2 { font: 650 1.375rem/1.3 var(--ui); letter-spacing: -0.015em; margin: 0 0 0.25rem; }
    .course { margin-top: 5rem; }
    .chapter { margin-top: 2.25rem; }
    h3 { font: 600 var(--small)/1.4 var(--ui); color: var(--ink-soft); margin: 0 0 0.5rem; }
    ol { list-style: none; margin: 0; padding: 0; border-top: 1px solid var(--line); }
    li { border-bottom: 1px solid var(--line); }
    li a { display: grid; grid-template-columns: 3rem minmax(0, 1fr) auto 1.5rem; gap: 0.25rem 1rem; align-items: baseline; padding: 0.9rem 0.5rem; color: inherit; text-decoration: none; border-radius: var(--radius); transition: background 120ms ease-out; }
    li a:hover { background: var(--panel); }
    .id { font: 500 var(--small) var(--mono); color: var(--ink-soft); }
    .name { font-weight: 600; }
    .summary { grid-column: 2; color: var(--ink-soft); max-width: 42rem; }
    .meta { color: var(--ink-soft); font-size: var(--small); white-space: nowrap; }
    .state { grid-row: 1; grid-column: 4; color: var(--well); align-self: center; }
    .state.begun { color: var(--ink-soft); }
    .wrong .summary { color: var(--ember); }
    .progress { margin-top: 4rem; padding-top: 1.5rem; border-top: 1px solid var(--line); }
    .progress p { color: var(--ink-soft); margin: 0.25rem 0 1rem; max-width: 40rem; }
    .said { margin-left: 0.5rem; color: var(--ink-soft); }
    input[type='file'] { position: absolute; width: 1px; height: 1px; opacity: 0; }
    input[type='file']:focus-visible + label { outline: 2px solid var(--ember); outline-offset: 2px; }
    @media (max-width: 860px) { .page { padding: 2rem 1rem 4rem; } .hero { grid-template-columns: minmax(0, 1fr); gap: 2rem; } .course { margin-top: 3.5rem; } li a { grid-template-columns: 2.5rem minmax(0, 1fr) 1.5rem; } .meta { grid-column: 2; } .state { grid-column: 3; } }
    @media print { .hero, .progress { display: none; } .page { padding: 0; } .course { margin: 0; } }
  `];

  @reactive() private said = '';
  @reactive() private progress = progress();
  private store: DrillStore | null = null;

  override connectedCallback(): void {
    super.connectedCallback();
    this.store = new DrillStore(home.lesson, home.scenario, home.stamp, 1, NOTHING_KEPT);
    this.store.addEventListener('change', () => this.requestUpdate());
    if (matchMedia('(pointer: fine)').matches) void this.updateComplete.then(() => {
      performance.mark('prompt');
      const machine = this.renderRoot.querySelector<DrillMachine>('drill-machine');
      void machine?.updateComplete.then(() => { if (document.activeElement === document.body) machine.focusFront(); });
    });
  }
  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.store?.leave();
    this.store = null;
  }

  override render(): TemplateResult {
    const first = chapters()[0]?.[1].find((entry) => !entry.wrong && this.progress[entry.id] !== 'solved') ?? chapters()[0]?.[1][0];
    const won = this.store!.state.goals[0]?.passed === true;
    return html`<main class="page">
      <section class="hero" aria-labelledby="lead">
        <div>
          <h1 id="lead">Practise the outage before it happens</h1>
          <p class="lead">A whole three-node Gravity cluster runs in this page: kernels, network, etcd, Kubernetes. Break it, find the cause, repair it, with the commands you would really type. Nothing to install, nothing to lose, and every step can be undone.</p>
          <p class="row">
            ${first ? html`<a class="button primary" href="#/s/${first.id}">${this.progress[first.id] === 'begun' ? 'Go on with' : 'Begin with'} ${first.id}</a>` : nothing}
            <a class="button quiet" href="#/sandbox">Free sandbox</a>
          </p>
        </div>
        <div class="live">
          <drill-machine plain .store=${this.store!}></drill-machine>
          <p class="task" role="status">${won ? html`<span class="won">The cluster is healthy again. You found it.</span>` : html`<span><code>gravity status</code> says degraded. Find out why.</span>`}</p>
        </div>
      </section>
      <section class="course" aria-labelledby="course"><h2 id="course">The course</h2>
        ${chapters().map(([name, list]) => html`<div class="chapter"><h3>${name}</h3><ol>${list.map((entry) => this.entry(entry))}</ol></div>`)}
      </section>
      <section class="progress" aria-labelledby="progress"><h2 id="progress">Your progress</h2>
        <p>It is kept in this browser and nowhere else. A file carries it to another one.</p>
        <div class="row">
          <button class="quiet" @click=${() => this.export()}>Export</button>
          <input type="file" id="file" accept=".json,application/json" @change=${(event: Event) => this.import(event)}><label class="button quiet" for="file">Import</label>
          <button class="quiet" @click=${() => this.forget()}>Reset everything</button>
          <span class="said" role="status">${this.said}</span>
        </div>
      </section>
    </main>`;
  }

  private entry({ id, title, summary, level, minutes, wrong }: CourseEntry): TemplateResult {
    const state = this.progress[id];
    return html`<li class=${wrong ? 'wrong' : ''}><a href="#/s/${id}"><span class="id">${id}</span><span class="name">${title}</span>
      <span class="meta">${wrong ? 'damaged' : `${level} · ${minutes} min`}</span>
      <span class="state ${state ?? ''}">${state ? html`${icon(state === 'solved' ? 'tick' : 'ring', 16)}<span class="hidden">${TICK_WORD[state]}</span>` : nothing}</span>
      <span class="summary">${summary}</span></a></li>`;
  }

  private export(): void {
    const link = document.createElement('a');
    link.href = URL.createObjectURL(new Blob([exportProgress()], { type: 'application/json' }));
    link.download = 'firedrill-progress.json';
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
    this.said = 'Written to firedrill-progress.json.';
  }

  private async import(event: Event): Promise<void> {
    const input = event.target as HTMLInputElement;
    const file = input.files?.[0];
    if (!file) return;
    this.said = importProgress(await file.text()).said;
    input.value = '';
    this.progress = progress();
  }

  private forget(): void {
    const before = exportProgress();
    forgetProgress();
    this.progress = progress();
    this.undoable = before;
    this.said = 'All progress is gone.';
  }
  /** What was there before a reset, as long as the page stays. */
  private undoable = '';

  override updated(): void {
    if (!this.undoable || this.renderRoot.querySelector('#undo')) return;
    const button = document.createElement('button');
    button.id = 'undo';
    button.className = 'quiet';
    button.textContent = 'Bring it back';
    button.onclick = () => { this.said = importProgress(this.undoable).said; this.undoable = ''; this.progress = progress(); button.remove(); };
    this.renderRoot.querySelector('.said')!.after(button);
  }
}

customElements.define('drill-home', DrillHome);
