/**
 * Drills in other people's pages: `<drill-lab> <drill-run> <drill-quiz> <drill-map>`. This script is small and does
 * nothing until something is clicked (or seen, with load="visible"); what the elements hold is what shows until
 * then, and without scripts. They never take the focus, move the page or touch anything outside themselves.
 */
import type { Live } from './live.ts';

const STYLE = `
:host { display: block; position: relative; }
:host([hidden]) { display: none; }
.bar { display: flex; gap: 0.5rem; flex-wrap: wrap; align-items: center; margin: 0.4rem 0 0; font: 0.875rem/1.4 system-ui, sans-serif; }
button, a { font: inherit; color: inherit; background: none; border: 1px solid color-mix(in srgb, currentColor 28%, transparent); border-radius: 6px; padding: 0.25rem 0.7rem; min-height: 2rem; cursor: pointer; text-decoration: none; }
button:hover, a:hover { border-color: currentColor; }
:focus-visible { outline: 2px solid #d9480f; outline-offset: 2px; }
.said { opacity: 0.8; }
`;

let sheet: CSSStyleSheet | null = null;
const styled = (root: ShadowRoot): void => {
  if (!sheet) { sheet = new CSSStyleSheet(); sheet.replaceSync(STYLE); }
  root.adoptedStyleSheets = [sheet];
};

// Where no elements are (a server that renders the page), the script may be loaded and does nothing.
const Base = (typeof HTMLElement === 'undefined' ? class {} : HTMLElement) as typeof HTMLElement;

abstract class Embed extends Base {
  protected bar: HTMLElement | null = null;
  protected live: Live | null = null;
  private seen: IntersectionObserver | null = null;
  private place: HTMLElement | null = null;

  protected abstract readonly word: string;
  abstract begin(live: Live, place: HTMLElement): void;

  connectedCallback(): void {
    if (!this.shadowRoot) {
      const root = this.attachShadow({ mode: 'open' });
      styled(root);
      root.innerHTML = '<slot></slot><div part="place"></div><div class="bar" part="toolbar"></div>';
    }
    this.bar = this.shadowRoot!.querySelector('.bar');
    this.place = this.shadowRoot!.querySelector('[part=place]');
    this.place!.replaceChildren();
    this.facade();
    const load = this.getAttribute('load') ?? 'click';
    if (load === 'eager') void this.start();
    else if (load === 'visible') {
      this.seen = new IntersectionObserver((entries) => { if (entries.some(({ isIntersecting }) => isIntersecting)) { this.seen?.disconnect(); void this.start(); } });
      this.seen.observe(this);
    }
  }

  disconnectedCallback(): void {
    this.seen?.disconnect();
    this.live?.end();
    this.live = null;
  }

  protected facade(): void {
    const open = document.createElement('button');
    open.textContent = this.word;
    open.addEventListener('click', () => { void this.start(); });
    this.bar!.replaceChildren(open);
  }

  protected say(text: string): void {
    const said = document.createElement('span');
    said.className = 'said';
    said.setAttribute('role', 'status');
    said.textContent = text;
    this.bar!.replaceChildren(said);
  }

  /** Loads the engine and shows the living thing. */
  async start(): Promise<void> {
    if (this.live) return;
    this.say('Loading the cluster.');
    try {
      const { openLive } = await import('./live.ts');
      if (!this.isConnected || this.live) return;
      this.live = await openLive(this, this.getAttribute('scenario') ?? 'sandbox', this.getAttribute('group') ?? 'page');
      if (!this.isConnected) { this.live.end(); this.live = null; return; }
      this.bar!.replaceChildren();
      this.begin(this.live, this.place!);
      this.tell('drill-ready', { scenario: this.live.store.lesson.id });
    } catch (error) {
      this.say(`It could not be loaded: ${(error as Error).message}`);
      this.tell('drill-error', { reason: (error as Error).message });
    }
  }

  protected tell(name: string, detail: Readonly<Record<string, unknown>>): void {
    this.dispatchEvent(new CustomEvent(name, { bubbles: true, composed: true, detail: { version: 1, ...detail } }));
  }

  /** Runs a command at the node's prompt. */
  async run(command: string, { node = 'node-1' } = {}): Promise<void> {
    await this.start();
    await this.live?.run(node, command);
  }
  /** Back to the beginning of the drill. */
  reset(): void { this.live?.store.reset(); }
  /** The goals as they were last looked at. */
  check(): readonly Readonly<Record<string, unknown>>[] { return this.live?.goals() ?? []; }
  /** What was typed, as a link of the training site that plays it again; null before anything runs. */
  async link(): Promise<string | null> { return this.live ? this.live.link() : null; }
}

class DrillLab extends Embed {
  protected readonly word = 'Try it here';
  begin(live: Live, place: HTMLElement): void {
    live.showLab(place, this.getAttribute('height') ?? '22rem', (name, detail) => this.tell(name, detail));
    this.shadowRoot!.querySelector('slot')!.hidden = true;
  }
}

class DrillMapEmbed extends Embed {
  protected readonly word = 'Show the map';
  begin(live: Live, place: HTMLElement): void { live.showMap(place, this.getAttribute('height') ?? '22rem'); }
}

class DrillRun extends Embed {
  protected readonly word = '';
  private get commands(): string[] {
    // Generators put a language's name and buttons beside a code block: only the block itself is meant.
    const blocks = [...this.querySelectorAll('pre')].map((block) => block.textContent ?? '').join('\n');
    const lines = (blocks || (this.textContent ?? '')).split('\n').map((line) => line.trim()).filter(Boolean);
    const typed = lines.filter((line) => /^(\S+\$|[$#]) /.test(line)).map((line) => line.replace(/^(\S+\$|[$#]) /, ''));
    return typed.length ? typed : lines;
  }
  protected override facade(): void {
    const node = this.getAttribute('node') ?? 'node-1';
    const copy = document.createElement('button'), run = document.createElement('button');
    copy.textContent = 'Copy';
    copy.addEventListener('click', () => { navigator.clipboard?.writeText(this.commands.join('\n')).then(() => { copy.textContent = 'Copied'; }, () => { copy.textContent = 'Not allowed here'; }); });
    run.textContent = `Run on ${node}`;
    run.addEventListener('click', () => { void this.runAll(node); });
    this.bar!.replaceChildren(copy, run);
  }
  private async runAll(node: string): Promise<void> {
    const { commands } = this;
    if (!this.live) await this.start();
    for (const command of commands) await this.live?.run(node, command);
  }
  begin(live: Live, place: HTMLElement): void {
    if (!live.shown) live.showLab(place, this.getAttribute('height') ?? '18rem', (name, detail) => this.tell(name, detail));
    this.facade();
  }
}

class DrillQuiz extends Embed {
  protected readonly word = 'Answer it here';
  begin(live: Live, place: HTMLElement): void {
    const attribute = (name: string): string => this.getAttribute(name) ?? '';
    const written = [...this.querySelectorAll('drill-choice')].map((choice) => ({ text: choice.textContent?.trim() ?? '', run: choice.getAttribute('run') ?? undefined, on: choice.getAttribute('on') ?? undefined }));
    const choices = this.hasAttribute('point') ? live.store.state.nodes.map((text) => ({ text })) : written;
    const question = [...this.children].filter(({ localName }) => localName !== 'drill-choice').map(({ textContent }) => textContent?.trim()).join('\n');
    const on = attribute('on') || 'node-1';
    const kind = this.hasAttribute('order') ? 'order' : this.hasAttribute('point') ? 'point' : written.some(({ run }) => run !== undefined) ? 'choose' : attribute('find') ? 'predict' : 'spot';
    live.showQuiz(place, {
      id: this.id || 'quiz', question, choices, kind, find: attribute('find'), waitSeconds: Number(attribute('wait') || 0), world: attribute('world') === 'now' ? 'now' : 'start',
      ask: { on, run: attribute('run') }, first: attribute('first') ? [{ verb: 'run', node: attribute('first-on') || on, command: attribute('first'), line: 0 }] : [],
    });
    this.shadowRoot!.querySelector('slot')!.hidden = true;
  }
}

if (typeof customElements !== 'undefined') {
  // A second copy of the script finds the names taken and leaves them.
  for (const [name, element] of [['drill-lab', DrillLab], ['drill-run', DrillRun], ['drill-quiz', DrillQuiz], ['drill-map', DrillMapEmbed]] as const) {
    if (!customElements.get(name)) customElements.define(name, element);
  }
}
