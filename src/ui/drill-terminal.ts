/**
 * One terminal of the world on an xterm. It sends keys and shows what the world shows; it knows neither
 * shell nor lesson. Until the world is there it shows the prompt that will be, echoes what is typed, and
 * gives way to the truth. Shift+Tab leaves it backwards, Escape and then Tab forwards: nobody is trapped.
 */
import { FitAddon } from '@xterm/addon-fit';
import { Terminal, type ITheme } from '@xterm/xterm';
import xtermStyle from '@xterm/xterm/css/xterm.css?inline';
import { css, html, LitElement, unsafeCSS, type PropertyValues } from 'lit';
import { property } from 'lit/decorators.js';
import type { Shown } from '../sim/world.ts';
import { DARK, LIGHT } from './palette.ts';
import type { DrillStore } from './store.ts';

const FONT_SIZES = { least: 9, usual: 14, most: 28 };
/** How long an Escape waits for the Tab that would make it the way out. */
const ESCAPE_MS = 350;
const LEAVE_HINT = 'Shift+Tab leaves backwards, Escape and then Tab forwards.';

/** The prompt of a fresh login, before the world has said so itself. */
export const firstPrompt = (node: string): string => `${node}$ `;

/**
 * A document that hands out inert elements for xterm's style sheets: a strict policy forbids those. What it
 * writes into them is adopted by the shadow root instead.
 */
function documentWithoutStyles(onStyle: (sheet: HTMLElement) => void): Document {
  return new Proxy(document, {
    get(target, key) {
      if (key === 'createElement') {
        return (name: string, options?: ElementCreationOptions) => {
          if (name !== 'style') return target.createElement(name, options);
          const inert = target.createElement('template-style');
          inert.hidden = true;
          onStyle(inert);
          return inert;
        };
      }
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === 'function' ? (value as (...args: unknown[]) => unknown).bind(target) : value;
    },
  });
}

export class DrillTerminal extends LitElement {
  static override styles = [unsafeCSS(xtermStyle), css`
    :host { box-sizing: border-box; display: block; height: 100%; background: var(--term); padding: 12px 4px 8px 16px; overflow: hidden; position: relative; }
    :host([hidden]) { display: none; }
    .screen { height: 100%; }
    .xterm-viewport { scrollbar-width: thin; background-color: transparent !important; }
    .leave { position: absolute; right: 12px; bottom: 8px; font: var(--small)/1.4 var(--ui); color: var(--ink-soft); background: var(--raised); border: 1px solid var(--line);
      border-radius: var(--radius); padding: 2px 8px; opacity: 0; pointer-events: none; transition: opacity 160ms ease-out; }
    :host(:focus-within) .leave[data-wanted] { opacity: 1; }
    .hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
    @media (prefers-reduced-motion: reduce) { .leave { transition: none; } }
    @media print { :host { display: none; } }
  `];

  @property({ attribute: false }) store!: DrillStore;
  @property() terminal = '';
  @property() node = '';
  /** For readers of the screen: every line as it comes. */
  @property({ type: Boolean }) spoken = false;

  private xterm: Terminal | null = null;
  private readonly fit = new FitAddon();
  private size = FONT_SIZES.usual;
  private readonly sheet = new CSSStyleSheet();
  private readonly written = new Set<HTMLElement>();
  private readonly styleWatch = new MutationObserver(() => this.adopt());
  private readonly watch = new ResizeObserver(() => this.refit());
  /** What shows is only what we expect. */
  private expected = false;
  private typed = '';
  private escape: ReturnType<typeof setTimeout> | null = null;
  private oneShot = false;
  private readonly darkness = matchMedia('(prefers-color-scheme: dark)');
  private readonly onScheme = (): void => { if (this.xterm) this.xterm.options.theme = this.theme(); };
  private readonly onOutput = (event: Event): void => {
    const { terminal, afresh, pieces } = (event as CustomEvent<{ terminal: string; afresh: boolean; pieces: readonly Shown[] }>).detail;
    if (terminal === this.terminal) this.write(pieces, afresh);
  };

  override render(): unknown {
    return html`<div class="screen" part="screen"></div><span class="hidden" id="leave">${LEAVE_HINT}</span>
      <span class="leave" aria-hidden="true">Esc, Tab leaves the terminal</span>`;
  }

  override firstUpdated(): void {
    const xterm = new Terminal({
      cursorBlink: false, cursorStyle: 'block', fontFamily: getComputedStyle(this).getPropertyValue('--mono'), fontSize: this.size, lineHeight: 1.3, letterSpacing: 0,
      scrollback: 5_000, theme: this.theme(), minimumContrastRatio: 4.5, screenReaderMode: this.spoken, allowProposedApi: false,
      documentOverride: documentWithoutStyles((sheet) => { this.written.add(sheet); this.styleWatch.observe(sheet, { childList: true, characterData: true, subtree: true }); }),
    });
    this.xterm = xterm;
    const root = this.renderRoot as ShadowRoot;
    root.adoptedStyleSheets = [...root.adoptedStyleSheets, this.sheet];
    xterm.loadAddon(this.fit);
    xterm.open(root.querySelector('.screen')!);
    this.adopt();
    xterm.element!.removeAttribute('tabindex');
    const input = xterm.textarea!;
    input.setAttribute('aria-label', `Terminal on ${this.node}. ${LEAVE_HINT}`);
    input.addEventListener('focus', () => this.renderRoot.querySelector('.leave')!.toggleAttribute('data-wanted', input.matches(':focus-visible') && this.cameByKey));
    xterm.onData((data) => this.type(data));
    xterm.attachCustomKeyEventHandler((event) => this.pageKey(event));
    this.watch.observe(this);
    void document.fonts.load(`${this.size}px 'JetBrains Mono'`).then(() => {
      if (!this.xterm) return;
      this.xterm.options.fontFamily = `${getComputedStyle(this).getPropertyValue('--mono')} `;
      this.refit();
    }, () => undefined);
    this.refit();
    this.redraw();
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.store.addEventListener('output', this.onOutput);
    this.darkness.addEventListener('change', this.onScheme);
    document.addEventListener('scheme', this.onScheme);
    document.addEventListener('keydown', this.onAnyKey, true);
    document.addEventListener('pointerdown', this.onAnyPointer, true);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.store.removeEventListener('output', this.onOutput);
    this.darkness.removeEventListener('change', this.onScheme);
    document.removeEventListener('scheme', this.onScheme);
    document.removeEventListener('keydown', this.onAnyKey, true);
    document.removeEventListener('pointerdown', this.onAnyPointer, true);
    this.watch.disconnect();
    this.styleWatch.disconnect();
    this.xterm?.dispose();
    this.xterm = null;
  }

  private cameByKey = false;
  private readonly onAnyKey = (event: KeyboardEvent): void => { if (event.key === 'Tab') this.cameByKey = true; };
  private readonly onAnyPointer = (): void => { this.cameByKey = false; };

  override updated(changed: PropertyValues): void {
    if (!this.xterm) return;
    if (changed.has('terminal') && changed.get('terminal') !== undefined) this.redraw();
    if (changed.has('spoken')) this.xterm.options.screenReaderMode = this.spoken;
  }

  override focus(): void { this.xterm?.focus(); }

  /** The lines on the screen, for tests and for copying. */
  get text(): string {
    const buffer = this.xterm?.buffer.active;
    if (!buffer) return '';
    const lines: string[] = [];
    for (let y = 0; y < buffer.length; y++) lines.push(buffer.getLine(y)?.translateToString(true) ?? '');
    return lines.join('\n').trimEnd();
  }

  /** The next key is pressed with Ctrl: for keyboards that have none. */
  armControl(): void { this.oneShot = true; this.focus(); }

  /** Keys that a person pressed elsewhere on the page, or here. */
  type(data: string): void {
    let keys = data;
    if (this.oneShot && /^[a-z@[\\\]^_ ]$/i.test(keys)) keys = String.fromCharCode(keys.toUpperCase().charCodeAt(0) & 0x1f);
    this.oneShot = false;
    if (this.expected) this.echoEarly(keys);
    this.store.keys(this.terminal, keys);
  }

  /** What a shell's line editor would show of a plain key; the rest waits for it unseen. */
  private echoEarly(keys: string): void {
    if (/^[\x20-\x7e]+$/.test(keys)) { this.typed += keys; this.xterm!.write(keys); } else if (keys === '\x7f' && this.typed) { this.typed = this.typed.slice(0, -1); this.xterm!.write('\b \b'); } else this.expected = false;
  }

  private write(pieces: readonly Shown[], afresh: boolean): void {
    if (!this.xterm) return;
    if (afresh || this.expected) this.xterm.reset();
    this.expected = false;
    this.xterm.write(pieces.map(({ text }) => text).join(''));
  }

  private redraw(): void {
    const pieces = this.store.pieces(this.terminal);
    this.xterm!.reset();
    this.typed = '';
    this.expected = false;
    if (pieces.length) this.write(pieces, true);
    else if (!this.store.ready && this.store.kept.log === null) {
      this.expected = true;
      this.xterm!.write(firstPrompt(this.node));
    }
  }

  private refit(): void {
    if (!this.xterm || this.hidden || !this.offsetWidth || !this.offsetHeight) return;
    const wanted = this.fit.proposeDimensions();
    if (!wanted || !(wanted.cols > 1) || !(wanted.rows > 1)) return;
    this.xterm.resize(wanted.cols, wanted.rows);
    this.store.resize(this.terminal, wanted.cols, wanted.rows);
  }

  private adopt(): void { this.sheet.replaceSync([...this.written].map((sheet) => sheet.textContent ?? '').join('\n')); }

  private pageKey(event: KeyboardEvent): boolean {
    if (event.type !== 'keydown') return true;
    if (event.key === 'Tab' && (event.shiftKey || this.escape !== null)) { this.dropEscape(); return false; }
    this.flushEscape();
    if (event.key === 'Escape' && !event.ctrlKey && !event.altKey && !event.metaKey) {
      // Held until it is plain that no Tab follows: a shell that got it would take the next key for a meta key.
      this.escape = setTimeout(() => this.flushEscape(), ESCAPE_MS);
      event.preventDefault();
      return false;
    }
    if (event.ctrlKey && event.shiftKey && event.code === 'KeyC') { this.copy(event); return false; }
    if (event.ctrlKey && !event.shiftKey && event.code === 'KeyC' && this.xterm!.hasSelection()) { this.copy(event); return false; }
    if ((event.ctrlKey && event.shiftKey && event.code === 'KeyV') || (event.ctrlKey && !event.shiftKey && !event.altKey && event.code === 'KeyV')) return false;
    if (event.key === 'F6') return false;
    if (event.ctrlKey && !event.altKey && !event.metaKey && ['+', '=', '-', '0'].includes(event.key)) {
      const next = event.key === '0' ? FONT_SIZES.usual : this.size + (event.key === '-' ? -1 : 1);
      this.size = Math.max(FONT_SIZES.least, Math.min(FONT_SIZES.most, next));
      this.xterm!.options.fontSize = this.size;
      this.refit();
      event.preventDefault();
      return false;
    }
    return true;
  }

  private dropEscape(): void {
    if (this.escape !== null) clearTimeout(this.escape);
    this.escape = null;
  }
  private flushEscape(): void {
    if (this.escape === null) return;
    this.dropEscape();
    this.type('\x1b');
  }

  private copy(event: KeyboardEvent): void {
    event.preventDefault();
    void navigator.clipboard?.writeText(this.xterm!.getSelection()).catch(() => undefined);
    this.xterm!.clearSelection();
  }

  private theme(): ITheme {
    const { colorScheme } = getComputedStyle(this);
    return colorScheme === 'dark' || (colorScheme !== 'light' && this.darkness.matches) ? DARK : LIGHT;
  }
}

customElements.define('drill-terminal', DrillTerminal);
