/**
 * The training view: lesson on the left, terminals on the right, time along the bottom. On a narrow
 * screen one of lesson and terminal shows at a time. It joins elements and knows no detail of theirs.
 */
import { css, html, LitElement, nothing, type TemplateResult } from 'lit';
import { state as reactive } from 'lit/decorators.js';
import type { Problem } from '../drill/markdown.ts';
import { controls } from './controls.ts';
import { FrameDriver } from './driver.ts';
import './drill-lesson.ts';
import { DrillTerminal } from './drill-terminal.ts';
import './drill-timeline.ts';
import { keepState, readScenario, readScheme, restoreState, saveScheme, type Scheme } from './keeping.ts';
import { DrillStore, type Kept } from './store.ts';
import { bootSession, loadAll } from './world.ts';

const SEED = 1;

export class DrillApp extends LitElement {
  static override styles = [controls, css`
    :host { display: grid; grid-template-rows: auto minmax(0, 1fr) auto; height: 100dvh; min-height: 0; }
    header { display: flex; align-items: center; gap: 14px; padding: 6px 14px; border-bottom: 1px solid var(--line); background: var(--panel); min-height: 46px; flex-wrap: wrap; }
    .brand { display: flex; align-items: center; gap: 8px; font-weight: 680; letter-spacing: -0.01em; }
    .brand svg { color: var(--ember); }
    .title { color: var(--ink-soft); font-size: 0.92rem; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
    .spacer { flex: 1; }
    header button { font-size: 0.87rem; min-height: 32px; }
    main { display: grid; grid-template: auto minmax(0, 1fr) / minmax(22rem, 41%) minmax(0, 1fr); min-height: 0; }
    main > drill-lesson, main > .machine { grid-row: 2; min-height: 0; }
    drill-lesson { border-right: 1px solid var(--line); }
    .machine { display: grid; grid-template-rows: auto minmax(0, 1fr); min-height: 0; min-width: 0; background: var(--term); }
    .tabs { display: flex; align-items: stretch; background: var(--panel); border-bottom: 1px solid var(--line); overflow-x: auto; scrollbar-width: thin; }
    .tab { display: flex; align-items: center; border-right: 1px solid var(--line); }
    .tab > button { border-radius: 0; display: flex; align-items: center; gap: 8px; min-height: 38px; padding: 4px 12px; font-size: 0.88rem; white-space: nowrap; }
    .tab[data-active] { background: var(--term); box-shadow: inset 0 2px 0 var(--ink-soft); }
    .tab .close { padding: 2px 8px; color: var(--ink-soft); }
    .dot { width: 8px; height: 8px; border-radius: 50%; border: 1.5px solid var(--ink-soft); flex: none; }
    .dot[data-health='healthy'] { background: var(--well); border-color: var(--well); }
    .dot[data-health='degraded'] { background: var(--ember); border-color: var(--ember); border-radius: 1px; transform: rotate(45deg); }
    .word { color: var(--ink-soft); font-size: 0.78rem; }
    .word[data-health='degraded'] { color: var(--ember); font-weight: 600; }
    .screens { min-height: 0; position: relative; }
    .screens > * { position: absolute; inset: 0; }
    .adder { position: relative; }
    select { font: inherit; font-size: 0.88rem; color: inherit; background: none; border: 0; min-height: 38px; padding: 0 8px; cursor: pointer; }
    select option { color: CanvasText; background: Canvas; }
    .notice { grid-column: 1 / -1; background: var(--raised); border-bottom: 1px solid var(--line); padding: 8px 16px; display: flex; gap: 12px; align-items: center; }
    .wrong { max-width: 46rem; margin: 10vh auto; padding: 0 24px; }
    .wrong pre { font: 0.87rem/1.6 var(--mono); background: var(--panel); padding: 16px; border-radius: var(--radius); white-space: pre-wrap; }
    .booting { display: grid; place-items: center; color: var(--ink-soft); }
    .views { display: none; }
    @media (max-width: 860px) {
      main { grid-template-columns: minmax(0, 1fr); }
      .views { display: inline-flex; border: 1px solid var(--line); border-radius: var(--radius); overflow: hidden; }
      .views button { border-radius: 0; }
      .views button[aria-pressed='true'] { background: var(--raised); font-weight: 650; }
      main[data-view='lesson'] .machine, main[data-view='terminal'] drill-lesson { display: none; }
      .title { display: none; }
    }
    @media print { :host { display: block; height: auto; } header, .machine, drill-timeline { display: none; } main { display: block; } }
  `];

  @reactive() private problems: Problem[] = [];
  @reactive() private view: 'lesson' | 'terminal' = 'lesson';
  @reactive() private scheme: Scheme = readScheme();
  store: DrillStore | null = null;
  private driver: FrameDriver | null = null;

  override connectedCallback(): void {
    super.connectedCallback();
    saveScheme(this.scheme);
    // The page is there first; the world boots right after.
    void this.begin();
    window.addEventListener('pagehide', this.keep);
  }
  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.driver?.stop();
    window.removeEventListener('pagehide', this.keep);
  }

  private async begin(): Promise<void> {
    const read = readScenario();
    if (!read.ok) { this.problems = read.errors; return; }
    let session;
    try { session = await bootSession(read.scenario.topology, SEED); } catch (error) {
      this.problems = [{ file: read.scenario.file, line: 1, reason: (error as Error).message }];
      return;
    }
    const store = new DrillStore(read.scenario, SEED, session);
    this.driver = new FrameDriver(store, this.keep);
    store.begin();
    store.addEventListener('change', () => this.requestUpdate());
    this.store = store;
    this.requestUpdate();
    void this.load(store, restoreState(read.scenario.id));
    void this.updateComplete.then(() => { performance.mark('prompt'); this.activeTerminal?.updateComplete.then(() => this.activeTerminal?.focus()); });
  }

  /** The rest comes after the first prompt: all programs, what was kept, and then time. */
  private async load(store: DrillStore, kept: Kept | null): Promise<void> {
    await this.updateComplete;
    const { programs, images } = await loadAll();
    store.provide(programs, images);
    store.restore(kept);
    this.driver!.start();
  }

  private readonly keep = (): void => { if (this.store?.state.ready) this.store.say(keepState(this.store.kept())); };

  get activeTerminal(): DrillTerminal | null {
    return [...this.renderRoot.querySelectorAll('drill-terminal')].find((t) => !(t as HTMLElement).hidden) as DrillTerminal | null ?? null;
  }

  override render(): TemplateResult {
    if (this.problems.length) return this.wrong();
    const { store } = this;
    if (!store) return html`${this.header('')}<p class="booting" role="status">Three machines are booting…</p>`;
    return html`${this.header(store.scenario.title)}
      <main data-view=${this.view} @leave=${() => this.renderRoot.querySelector<HTMLElement>('.tab[data-active] button')?.focus()}>
        ${store.state.notice ? html`<div class="notice" role="status"><span>${store.state.notice}</span><button class="quiet" @click=${() => store.dismiss()}>Understood</button></div>` : nothing}
        <drill-lesson .store=${store}></drill-lesson>
        ${this.machine(store)}
      </main>
      <drill-timeline .store=${store} .driver=${this.driver!}></drill-timeline>`;
  }

  private header(title: string): TemplateResult {
    return html`<header>
      <span class="brand"><svg viewBox="0 0 16 16" width="20" height="20" aria-hidden="true"><rect width="16" height="16" rx="3" fill="currentColor"/><path d="M4 5l3 3-3 3M8.5 11H12" fill="none" stroke="#fff" stroke-width="1.6" stroke-linecap="round" stroke-linejoin="round"/></svg>Firedrill</span>
      <span class="title">${title}</span>
      <span class="spacer"></span>
      <span class="views" role="group" aria-label="View">
        ${(['lesson', 'terminal'] as const).map((view) => html`<button aria-pressed=${this.view === view} @click=${() => { this.view = view; }}>${view === 'lesson' ? 'Lesson' : 'Terminal'}</button>`)}
      </span>
      ${this.store ? html`<button @click=${() => this.startOver()}>Start over</button>` : nothing}
      <button @click=${() => this.nextScheme()} aria-label="Colour scheme: ${this.scheme}">${{ auto: 'Auto', light: 'Light', dark: 'Dark' }[this.scheme]}</button>
    </header>`;
  }

  private machine(store: DrillStore): TemplateResult {
    const { state } = store;
    return html`<div class="machine">
      <div class="tabs" role="tablist" aria-label="Terminals">
        ${state.terminals.map((t, i) => html`<div class="tab" ?data-active=${t.id === state.active}>
          <button role="tab" id="tab-${i}" aria-selected=${t.id === state.active} aria-controls="screen-${i}" @click=${() => this.show(t.id)}>
            <span class="dot" data-health=${state.health[t.node] ?? 'unknown'} aria-hidden="true"></span>${t.title}
            <span class="word" data-health=${state.health[t.node] ?? 'unknown'}>${t.state === 'closed' ? 'closed' : state.health[t.node] === 'healthy' ? '' : state.health[t.node] ?? ''}</span>
          </button>
          ${i >= store.session.nodes.length ? html`<button class="close" aria-label="Close ${t.title}" @click=${() => store.closeTerminal(t.id)}>×</button>` : nothing}
        </div>`)}
        <label class="adder"><span class="hidden">New terminal on</span>
          <select @change=${(event: Event) => this.add(event)}><option value="">+ New</option>${store.session.nodes.map((node) => html`<option value=${node}>on ${node}</option>`)}</select>
        </label>
      </div>
      <div class="screens">
        ${state.terminals.map((t, i) => html`<drill-terminal role="tabpanel" id="screen-${i}" aria-labelledby="tab-${i}" .store=${store} terminal=${t.id} ?hidden=${t.id !== state.active}></drill-terminal>`)}
      </div>
    </div>`;
  }

  private show(id: string): void {
    this.store!.activate(id);
    void this.updateComplete.then(() => this.activeTerminal?.focus());
  }

  private add(event: Event): void {
    const select = event.target as HTMLSelectElement;
    const node = select.value;
    select.value = '';
    if (!node) return;
    this.store!.openTerminal(node);
    void this.updateComplete.then(() => this.activeTerminal?.focus());
  }

  private startOver(): void { this.store!.reset(); }

  private nextScheme(): void {
    this.scheme = ({ auto: 'light', light: 'dark', dark: 'auto' } as const)[this.scheme];
    saveScheme(this.scheme);
    document.dispatchEvent(new Event('scheme'));
  }

  private wrong(): TemplateResult {
    return html`${this.header('')}<div class="wrong" role="alert"><h1>This scenario cannot be read</h1>
      <p>Its file has mistakes. Mend them and load the page again.</p>
      <pre>${this.problems.map((p) => `${p.file}:${p.line}: ${p.reason}`).join('\n')}</pre></div>`;
  }
}

customElements.define('drill-app', DrillApp);
