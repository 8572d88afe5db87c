/**
 * The training view: lesson on the left, machines on the right, time along the bottom. On a narrow screen
 * one of lesson, terminal and map shows at a time. It begins the run, keeps it, and ends it when it is left.
 */
import { css, html, LitElement, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { property, state as reactive } from 'lit/decorators.js';
import type { Read } from '../drill/course.ts';
import { controls } from './controls.ts';
import './drill-lesson.ts';
import './drill-machine.ts';
import type { DrillMachine } from './drill-machine.ts';
import './drill-timeline.ts';
import { icon } from './icons.ts';
import type { Json } from '../sim/proc/program.ts';
import { keepDrill, keptDrill, readChoice, saveChoice } from './keeping.ts';
import type { Proof } from './engine/messages.ts';
import { DrillStore, NOTHING_KEPT } from './store.ts';
import { styled } from './styled.ts';

const SEED = 1;
const LINK_LONG = 2_000;
type Pane = 'lesson' | 'terminal' | 'map';
const SHARE = { least: 22, usual: 40, most: 70 };

export class DrillTraining extends LitElement {
  static override styles = [controls, css`
    :host { display: flex; flex-direction: column; min-height: 0; height: 100%; }
    main { display: grid; grid-template-columns: minmax(18rem, var(--share)) 1px minmax(0, 1fr); min-height: 0; flex: 1; position: relative; }
    .grip { position: relative; background: var(--line); cursor: col-resize; touch-action: none; }
    .grip::before { content: ''; position: absolute; inset: 0 -5px; z-index: 2; }
    .grip:hover, .grip:focus-visible { background: var(--line-strong); outline: 2px solid var(--line-strong); outline-offset: 0; }
    .notice svg { vertical-align: -0.2em; }
    .notice > span { overflow-wrap: anywhere; max-height: 30vh; overflow: auto; }
    .notice { background: var(--ember-wash); border-bottom: 1px solid var(--line); padding: 0.5rem 1rem; display: flex; gap: 1rem; align-items: center; justify-content: space-between; }
    .panes { display: none; }
    :host([data-free]) main { grid-template-columns: minmax(0, 1fr); }
    @media (max-width: 860px) {
      main { grid-template-columns: minmax(0, 1fr); }
      .grip { display: none; }
      .panes { display: grid; grid-auto-flow: column; grid-auto-columns: 1fr; background: var(--panel); border-bottom: 1px solid var(--line); }
      .panes button { border-radius: 0; min-height: 2.6rem; }
      .panes [aria-pressed='true'] { background: var(--paper); font-weight: 650; box-shadow: inset 0 -2px 0 var(--ink); }
      main[data-pane='lesson'] > drill-machine, main:not([data-pane='lesson']) > drill-lesson { display: none; }
    }
    @media (max-height: 480px) { :host { height: auto; display: block; } main { min-height: 70vh; } drill-machine { height: 70vh; } drill-lesson { height: auto; } }
    @media print { :host { display: block; height: auto; } main { display: block; } main[data-pane='lesson'] > drill-machine, main:not([data-pane='lesson']) > drill-lesson { display: block; } .panes, .notice, .grip { display: none; } }
  `];

  @property({ attribute: false }) read!: Read & { ok: true };
  /** A step named by the address. */
  /** A run that somebody else made: it is played again and judged, and kept only when it is taken over. */
  @property({ attribute: false }) proof: Proof | null = null;
  @property({ type: Number }) step: number | null = null;
  @reactive() private pane: Pane = 'lesson';
  @reactive() private share = Number(readChoice('share')) || SHARE.usual;
  private narrow = matchMedia('(max-width: 860px)');
  store: DrillStore | null = null;

  override connectedCallback(): void {
    super.connectedCallback();
    window.addEventListener('pagehide', this.keep);
    document.addEventListener('keydown', this.onKey);
    this.narrow.addEventListener('change', this.onNarrow);
  }
  override disconnectedCallback(): void {
    super.disconnectedCallback();
    window.removeEventListener('pagehide', this.keep);
    document.removeEventListener('keydown', this.onKey);
    this.narrow.removeEventListener('change', this.onNarrow);
    this.keep();
    this.store?.leave();
    this.store = null;
  }
  private readonly onNarrow = (): void => this.requestUpdate();

  override willUpdate(changed: PropertyValues): void {
    if (changed.has('read') && (!this.store || this.store.lesson.id !== this.read.lesson.id || changed.has('proof'))) this.begin();
    if (changed.has('step') && this.step !== null) this.store!.setStep(this.step);
  }

  private begin(): void {
    this.store?.leave();
    const { scenario, lesson, stamp, id } = this.read;
    const { kept, wrong } = this.proof ? { kept: { ...NOTHING_KEPT, log: this.proof.log }, wrong: '' } : keptDrill(id, stamp);
    const store = new DrillStore(lesson, scenario, stamp, SEED, kept, this.proof?.digest ?? null);
    this.store = store;
    store.say(wrong);
    store.addEventListener('keep', this.keep);
    let told = '';
    store.addEventListener('change', () => {
      const now = `${store.state.notice} ${store.state.verdict}`;
      if (now !== told) { told = now; this.requestUpdate(); }
    });
    this.toggleAttribute('data-free', !lesson.steps.length && !lesson.intro.length && !lesson.goals.length);
    if (!this.narrow.matches) void this.updateComplete.then(() => { performance.mark('prompt'); void this.machine?.updateComplete.then(() => this.machine?.focusFront()); });
  }

  private readonly keep = (): void => { if (this.store && !this.proof) this.store.say(keepDrill(this.read.id, this.store.keepsake())); };

  get machine(): DrillMachine | null { return this.renderRoot.querySelector('drill-machine'); }

  /** F6 goes round the parts of the page. */
  private readonly onKey = (event: KeyboardEvent): void => {
    if (event.key !== 'F6') return;
    event.preventDefault();
    const lesson = this.renderRoot.querySelector<LitElement>('drill-lesson'), timeline = this.renderRoot.querySelector<LitElement>('drill-timeline');
    const here = this.renderRoot instanceof ShadowRoot ? this.renderRoot.activeElement : null;
    if (here === lesson) this.machine?.focusFront();
    else if (here === this.machine) timeline?.renderRoot.querySelector<HTMLElement>('button:not(:disabled)')?.focus();
    else if (lesson) lesson.renderRoot.querySelector<HTMLElement>('h1')?.focus();
    else this.machine?.focusFront();
  };

  override render(): TemplateResult {
    const store = this.store!;
    const free = this.hasAttribute('data-free');
    const panes: [Pane, string][] = free ? [['terminal', 'Terminal'], ['map', 'Map']] : [['lesson', 'Lesson'], ['terminal', 'Terminal'], ['map', 'Map']];
    const pane = free && this.pane === 'lesson' ? 'terminal' : this.pane;
    return html`
      ${store.state.notice ? html`<div class="notice" role="status"><span>${store.state.notice}</span><button class="quiet" @click=${() => store.dismiss()}>Understood</button></div>` : nothing}
      ${this.proof ? this.verdict() : nothing}
      <nav class="panes" aria-label="What to show">${panes.map(([name, label]) => html`<button aria-pressed=${pane === name} @click=${() => { this.pane = name; }}>${label}</button>`)}</nav>
      <main data-pane=${pane} ${styled({ '--share': `${this.share}%` })} @ran=${() => this.ran()}>
        ${free ? html`<h1 class="hidden">${store.lesson.title}</h1>` : html`<drill-lesson .store=${store}></drill-lesson>
        <div class="grip" role="separator" tabindex="0" aria-orientation="vertical" aria-label="Width of the lesson" aria-valuenow=${this.share} aria-valuemin=${SHARE.least} aria-valuemax=${SHARE.most}
          @keydown=${(event: KeyboardEvent) => this.gripKey(event)} @pointerdown=${(event: PointerEvent) => this.grip(event)}></div>`}
        <drill-machine .store=${store} ?map-only=${this.narrow.matches && pane === 'map'}></drill-machine>
      </main>
      <drill-timeline .store=${store}></drill-timeline>`;
  }

  private verdict(): TemplateResult {
    const { verdict } = this.store!.state;
    return html`<div class="notice" role="status">${verdict === 'checking' ? html`<span>This link’s commands are being played again.</span>`
      : verdict === 'same' ? html`<span>${icon('tick')} <b>Verified.</b> Played again here, it came out the same to the last bit. It proves what was done, not who did it.</span>
        <button class="quiet" @click=${() => this.adopt()}>Go on from here</button>`
        : html`<span>${icon('cross')} <b>Not verified.</b> Played again here, it came out otherwise than the link says.</span>`}</div>`;
  }

  /** What the link holds becomes the visitor's own. */
  private adopt(): void {
    keepDrill(this.read.id, this.store!.keepsake());
    location.hash = this.read.id === 'sandbox' ? '#/sandbox' : `#/s/${this.read.id}`;
  }

  /** A link that lives this run again, in the clipboard if that is allowed. */
  async copyLink(): Promise<void> {
    const store = this.store!;
    const proof = await store.ask({ ask: 'proof' });
    const { encodeLink } = await import('../drill/link.ts');
    const url = new URL(`#/p/${encodeLink(proof as unknown as Json)}`, location.href).href;
    const long = url.length > LINK_LONG ? ` It has ${url.length} characters, more than some chats carry.` : '';
    try {
      await navigator.clipboard.writeText(url);
      store.say(`The link is copied. Whoever opens it sees this run played again and checked.${long}`);
    } catch { store.say(`Copying is not allowed here, so this is the link: ${url}`); }
  }

  /** A command of the lesson was run: on a narrow screen its terminal comes to the front. */
  private ran(): void {
    if (this.narrow.matches) this.pane = 'terminal';
    else void this.updateComplete.then(() => this.machine?.focusFront());
  }

  private setShare(share: number): void {
    this.share = Math.round(Math.min(SHARE.most, Math.max(SHARE.least, share)));
    saveChoice('share', String(this.share));
  }
  private gripKey(event: KeyboardEvent): void {
    const by = { ArrowLeft: -2, ArrowRight: 2 }[event.key];
    if (by !== undefined) { event.preventDefault(); this.setShare(this.share + by); }
  }
  private grip(event: PointerEvent): void {
    const grip = event.currentTarget as HTMLElement;
    grip.setPointerCapture(event.pointerId);
    const move = (e: PointerEvent): void => this.setShare((e.clientX / this.clientWidth) * 100);
    grip.addEventListener('pointermove', move);
    grip.addEventListener('lostpointercapture', () => grip.removeEventListener('pointermove', move), { once: true });
  }
}

customElements.define('drill-training', DrillTraining);
