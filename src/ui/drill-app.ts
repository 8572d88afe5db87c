/**
 * The page: a bar on top and the view that the address names. Views are loaded when they are first shown.
 * Addresses are hashes, so that the site works from any folder of any host.
 */
import { css, html, LitElement, nothing, type TemplateResult } from 'lit';
import { state as reactive } from 'lit/decorators.js';
import { keyed } from 'lit/directives/keyed.js';
import type { Read } from '../drill/course.ts';
import type { Problem } from '../drill/markdown.ts';
import { controls } from './controls.ts';
import { loadDrill } from './course.ts';
import { icon, mark } from './icons.ts';
import { LOG_VERSION } from './engine/log.ts';
import type { Proof } from './engine/messages.ts';
import { asLog, readScheme, saveScheme, type Scheme } from './keeping.ts';
import type { DrillTraining } from './drill-training.ts';

type View =
  | { name: 'home' | 'commands' | 'author' | 'nowhere' }
  | { name: 'drill'; read: Read & { ok: true }; step: number | null; proof?: Proof }
  | { name: 'wrong'; title: string; problems: Problem[] };

export class DrillApp extends LitElement {
  static override styles = [controls, css`
    :host { display: grid; grid-template-rows: auto minmax(0, 1fr); min-height: 100dvh; }
    :host([data-whole]) { height: 100dvh; overflow: clip; }
    header { display: flex; align-items: center; gap: 0.35rem 0.75rem; padding: 0.35rem 0.9rem; border-bottom: 1px solid var(--line); background: var(--panel); min-height: 3rem; flex-wrap: wrap; }
    .brand { display: inline-flex; align-items: center; gap: 0.55rem; font-weight: 680; letter-spacing: -0.01em; color: inherit; text-decoration: none; border-radius: var(--radius); min-height: 2rem; }
    .crumb { color: var(--ink-soft); overflow: hidden; text-overflow: ellipsis; white-space: nowrap; min-width: 0; flex: 0 1 auto; }
    .crumb b { font-weight: 600; color: var(--ink); }
    .spacer { flex: 1; }
    nav { display: flex; gap: 0.15rem; flex-wrap: wrap; }
    header .button, header button { font-size: var(--text); color: var(--ink-soft); }
    header .button[aria-current] { color: var(--ink); font-weight: 600; }
    .skip { position: absolute; left: 0.5rem; top: -4rem; background: var(--raised); z-index: 9; box-shadow: var(--float); }
    .skip:focus { top: 0.4rem; }
    .message { max-width: 44rem; margin: 8vh auto; padding: 0 1.5rem; }
    .message h1 { font: 650 var(--title)/1.2 var(--ui); letter-spacing: -0.02em; }
    .message pre { font-size: var(--small); line-height: 1.7; background: var(--panel); padding: 1rem; border-radius: var(--radius); white-space: pre-wrap; overflow-wrap: anywhere; }
    .wait { display: grid; place-items: center; color: var(--ink-soft); }
    .new { color: var(--ink); }
    .new::before { content: ''; width: 7px; height: 7px; border-radius: 50%; background: var(--well); }
    @media (max-height: 480px) { :host([data-whole]) { height: auto; overflow: visible; } }
    @media (max-width: 640px) { .wide { display: none; } header { padding: 0.2rem 0.6rem; gap: 0.2rem; } nav { gap: 0; } nav .button, nav button { padding: 0.2rem 0.5rem; font-size: var(--small); } }
    @media print { header { display: none; } :host, :host([data-whole]) { display: block; height: auto; } }
  `];

  @reactive() private view: View | null = null;
  @reactive() private scheme: Scheme = readScheme();
  @reactive() private renewed = false;
  private asked = 0;

  override connectedCallback(): void {
    super.connectedCallback();
    saveScheme(this.scheme);
    window.addEventListener('hashchange', this.onRoute);
    navigator.serviceWorker?.addEventListener('controllerchange', this.onRenewed);
    this.onRoute();
  }
  override disconnectedCallback(): void {
    super.disconnectedCallback();
    window.removeEventListener('hashchange', this.onRoute);
    navigator.serviceWorker?.removeEventListener('controllerchange', this.onRenewed);
  }
  private readonly onRenewed = (): void => { this.renewed = true; };

  private readonly onRoute = (): void => {
    const asked = ++this.asked;
    this.find(location.hash).then((view) => { if (asked === this.asked) this.show(view); }, () => {
      if (asked === this.asked) this.show({ name: 'wrong', title: 'This part of the site could not be loaded', problems: [{ file: 'The network', line: 0, reason: 'did not answer. Check the connection and load the page again; what you did is kept.' }] });
    });
  };

  private show(view: View): void {
    this.view = view;
    window.scrollTo(0, 0);
    this.toggleAttribute('data-whole', view.name === 'drill');
    document.title = view.name === 'drill' ? `${view.read.lesson.title} · Firedrill` : view.name === 'commands' ? 'Commands · Firedrill' : view.name === 'author' ? 'Author’s guide · Firedrill' : 'Firedrill';
  }

  private async find(hash: string): Promise<View> {
    const [, where, id, step] = /^#?\/?([^/=]*)(?:\/([^/]*))?(?:\/(\d+))?/.exec(hash) ?? [];
    switch (where) {
      case '': case undefined: await import('./drill-home.ts'); return { name: 'home' };
      case 'sandbox': {
        const [{ sandbox }] = await Promise.all([import('./free.ts'), import('./drill-training.ts')]);
        return { name: 'drill', read: sandbox, step: null };
      }
      case 'try': {
        const [{ triedDrill }] = await Promise.all([import('./trying.ts'), import('./drill-training.ts')]);
        const read = triedDrill();
        return read ? { name: 'drill', read, step: null } : { name: 'nowhere' };
      }
      case 's': {
        const [read] = await Promise.all([loadDrill(decodeURIComponent(id ?? '')), import('./drill-training.ts')]);
        if (!read) return { name: 'nowhere' };
        if (!read.ok) return { name: 'wrong', title: 'This scenario cannot be read', problems: read.errors };
        return { name: 'drill', read, step: step === undefined ? null : Math.max(0, Math.min(read.lesson.steps.length, Number(step)) - 1) };
      }
      case 'p': return this.proven(id ?? '');
      case 'commands': await import('./drill-commands.ts'); return { name: 'commands' };
      case 'author': await import('./drill-author.ts'); return { name: 'author' };
      default: return { name: 'nowhere' };
    }
  }

  /** A link that somebody made of a run. Nothing in it is shown before it has been played again. */
  private async proven(link: string): Promise<View> {
    const [{ decodeLink }, { sandbox }] = await Promise.all([import('../drill/link.ts'), import('./free.ts'), import('./drill-training.ts')]);
    const value = decodeLink(link)?.value as Record<string, unknown> | null | undefined;
    const log = asLog(value?.['log']);
    const digest = value?.['digest'];
    const wrong = (title: string, reason: string): View => ({ name: 'wrong', title, problems: [{ file: 'The link', line: 0, reason }] });
    if (!log || typeof digest !== 'string') return wrong('This link is damaged', 'is cut or changed. Ask for it again: some programs cut long links.');
    const read = log.scenario === 'sandbox' ? sandbox : await loadDrill(log.scenario);
    if (!read?.ok) return wrong('This link belongs to a drill that is not here', `names the drill ${log.scenario.slice(0, 40)}, which this site does not have.`);
    if (read.stamp !== log.stamp || log.version !== LOG_VERSION) return wrong('This link was recorded for another version', `was made with another version of ${read.id}, so it cannot be played again here.`);
    return { name: 'drill', read, step: null, proof: { log, digest } };
  }

  private get training(): DrillTraining | null { return this.renderRoot.querySelector('drill-training'); }

  override render(): TemplateResult {
    return html`${this.header()}${this.main()}`;
  }

  private skipToView(): void {
    const view = this.renderRoot.querySelector<HTMLElement>('#view');
    if (this.training) this.training.renderRoot.querySelector<LitElement>('drill-lesson')?.renderRoot.querySelector<HTMLElement>('h1')?.focus();
    else view?.focus();
  }

  private header(): TemplateResult {
    const { view } = this;
    const link = (name: string, label: string): TemplateResult => html`<a class="button" href="#/${name}" aria-current=${view?.name === name ? 'page' : nothing}>${label}</a>`;
    return html`<header>
      <button class="skip" @click=${() => this.skipToView()}>Skip to the content</button>
      <a class="brand" href="#/" aria-label="Firedrill, the course">${mark()}Firedrill</a>
      ${view?.name === 'drill' ? html`<span class="crumb wide">${view.read.lesson.chapter ? `${view.read.lesson.chapter} / ` : ''}<b>${view.read.lesson.title}</b></span>` : nothing}
      <span class="spacer"></span>
      ${this.renewed ? html`<button class="new" @click=${() => location.reload()} title="Nothing is lost: what you typed is kept">A new version is here</button>` : nothing}
      <nav aria-label="Site">
        ${view?.name === 'drill' ? html`<button @click=${() => void this.training?.copyLink()} aria-label="Copy link to this run">${icon('link', 14)}<span class="wide">Copy link</span></button><button @click=${() => this.startOver()}>Start over</button>` : html`${link('sandbox', 'Sandbox')}${link('commands', 'Commands')}${link('author', 'Authors')}`}
        <button @click=${() => this.nextScheme()} aria-label="Colour scheme: ${this.scheme}. Change it" title="Colour scheme: ${this.scheme}">${icon(this.scheme === 'light' ? 'sun' : this.scheme === 'dark' ? 'moon' : 'half')}</button>
      </nav>
    </header>`;
  }

  private main(): TemplateResult {
    const { view } = this;
    switch (view?.name) {
      case undefined: return html`<p class="wait" role="status">A moment.</p>`;
      case 'home': return html`<drill-home id="view" tabindex="-1"></drill-home>`;
      case 'commands': return html`<drill-commands id="view" tabindex="-1"></drill-commands>`;
      case 'author': return html`<drill-author id="view" tabindex="-1"></drill-author>`;
      case 'drill': return html`${keyed(view.proof ?? view.read.id, html`<drill-training id="view" .read=${view.read} .proof=${view.proof ?? null} .step=${view.step}></drill-training>`)}`;
      case 'wrong': return html`<main class="message" id="view" tabindex="-1" role="alert"><h1>${view.title}</h1>
        <p>Mend what follows and load the page again.</p><pre>${view.problems.map(({ file, line, reason }) => `${file}${line ? `:${line}` : ''}: ${reason}`).join('\n')}</pre><p><a class="button quiet" href="#/">Back to the course</a></p></main>`;
      case 'nowhere': return html`<main class="message" id="view" tabindex="-1"><h1>There is nothing at this address</h1><p>It may belong to a drill that was renamed. The course lists all there are.</p><p><a class="button primary" href="#/">To the course</a></p></main>`;
    }
  }

  private startOver(): void { this.training?.store?.reset(); }

  private nextScheme(): void {
    this.scheme = ({ auto: 'light', light: 'dark', dark: 'auto' } as const)[this.scheme];
    saveScheme(this.scheme);
    document.dispatchEvent(new Event('scheme'));
  }
}

customElements.define('drill-app', DrillApp);
