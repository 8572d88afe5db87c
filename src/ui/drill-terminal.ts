/**
 * One terminal of the world on an xterm. It sends keys and shows what the world shows; it knows neither
 * shell nor lesson. Tab goes to the shell; Ctrl+Shift+Up leaves the terminal for the page, so that
 * nobody is trapped.
 */
import { FitAddon } from '@xterm/addon-fit';
import { Terminal, type ITheme } from '@xterm/xterm';
import xtermStyle from '@xterm/xterm/css/xterm.css?inline';
import { css, html, LitElement, unsafeCSS, type PropertyValues } from 'lit';
import { property } from 'lit/decorators.js';
import { items } from '../sim/engine/chunked.ts';
import type { DrillStore } from './store.ts';

const DARK: ITheme = {
  background: '#0f1216', foreground: '#dde2ea', cursor: '#ff8c42', cursorAccent: '#0f1216', selectionBackground: '#33507a',
  black: '#2a3039', red: '#ff7a70', green: '#7fc99a', yellow: '#e5c07b', blue: '#7fb2f0', magenta: '#d39bea', cyan: '#74c7d6', white: '#cfd5de',
  brightBlack: '#7c8696', brightRed: '#ff9b93', brightGreen: '#9adbb1', brightYellow: '#f0d394', brightBlue: '#a3c9f7', brightMagenta: '#e1b8f2', brightCyan: '#98dae5', brightWhite: '#f4f6f9',
};
const LIGHT: ITheme = {
  background: '#fdfdfe', foreground: '#20252e', cursor: '#c2410c', cursorAccent: '#fdfdfe', selectionBackground: '#bcd6f7',
  black: '#20252e', red: '#b42318', green: '#1f6f43', yellow: '#8a5a00', blue: '#1b5fb3', magenta: '#8a3aa8', cyan: '#0b6b7c', white: '#5b6472',
  brightBlack: '#6b7483', brightRed: '#c93a2e', brightGreen: '#2a7f50', brightYellow: '#946200', brightBlue: '#2c6fc4', brightMagenta: '#9a4bb8', brightCyan: '#177a8c', brightWhite: '#2a303a',
};

const FONT_SIZES = { least: 9, usual: 14, most: 28 };

export class DrillTerminal extends LitElement {
  static override styles = [unsafeCSS(xtermStyle), css`
    :host { display: block; height: 100%; background: var(--term); padding: 10px 4px 6px 14px; overflow: hidden; }
    :host([hidden]) { display: none; }
    .screen { height: 100%; }
    .xterm-viewport { scrollbar-width: thin; }
  `];

  @property({ attribute: false }) store!: DrillStore;
  @property() terminal = '';

  private xterm: Terminal | null = null;
  private fit = new FitAddon();
  /** How many pieces of what the terminal showed are on the screen. */
  private shown = 0;
  private size = FONT_SIZES.usual;
  private watch = new ResizeObserver(() => this.refit());
  private readonly onOutput = (): void => this.draw();
  private readonly onTravel = (): void => this.redraw();
  private readonly scheme = matchMedia('(prefers-color-scheme: dark)');
  private readonly onScheme = (): void => this.paint();

  override render(): unknown { return html`<div class="screen" part="screen"></div>`; }

  override firstUpdated(): void {
    const xterm = new Terminal({
      cursorBlink: false, fontFamily: getComputedStyle(this).getPropertyValue('--mono'), fontSize: this.size, lineHeight: 1.25,
      scrollback: 5_000, theme: this.theme(), allowProposedApi: false, minimumContrastRatio: 4.5, screenReaderMode: true,
    });
    this.xterm = xterm;
    xterm.loadAddon(this.fit);
    xterm.open(this.renderRoot.querySelector('.screen')!);
    xterm.onData((data) => this.store.keys(this.terminal, data));
    xterm.attachCustomKeyEventHandler((event) => this.pageKey(event));
    this.watch.observe(this);
    void document.fonts.ready.then(() => { xterm.options.fontFamily = getComputedStyle(this).getPropertyValue('--mono'); this.refit(); });
    this.refit();
    this.draw();
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.store.addEventListener('output', this.onOutput);
    this.store.addEventListener('travel', this.onTravel);
    this.scheme.addEventListener('change', this.onScheme);
    document.addEventListener('scheme', this.onScheme);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.store.removeEventListener('output', this.onOutput);
    this.store.removeEventListener('travel', this.onTravel);
    this.scheme.removeEventListener('change', this.onScheme);
    document.removeEventListener('scheme', this.onScheme);
    this.watch.disconnect();
    this.xterm?.dispose();
    this.xterm = null;
  }

  override updated(changed: PropertyValues): void {
    if (changed.has('terminal') && this.xterm) this.redraw();
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

  private draw(): void {
    const tty = this.store.session?.sim.world.ttys[this.terminal];
    if (!tty || !this.xterm || tty.shown.length === this.shown) return;
    let text = '';
    for (const piece of items(tty.shown, this.shown)) if (piece.kind !== 'mark') text += piece.text;
    this.shown = tty.shown.length;
    this.xterm.write(text);
  }

  /** Another past: everything is shown again from the beginning. */
  private redraw(): void {
    this.xterm?.reset();
    this.shown = 0;
    this.draw();
    this.refit();
  }

  private refit(): void {
    if (!this.xterm || this.hidden || !this.offsetWidth) return;
    this.fit.fit();
    this.store.resize(this.terminal, this.xterm.cols, this.xterm.rows);
  }

  private pageKey(event: KeyboardEvent): boolean {
    if (event.type !== 'keydown') return true;
    if (event.ctrlKey && event.shiftKey && event.key === 'ArrowUp') {
      this.dispatchEvent(new CustomEvent('leave', { bubbles: true, composed: true }));
      event.preventDefault();
      return false;
    }
    if (event.ctrlKey && !event.altKey && ['+', '=', '-', '0'].includes(event.key) && !event.shiftKey) {
      const next = event.key === '0' ? FONT_SIZES.usual : this.size + (event.key === '-' ? -1 : 1);
      this.size = Math.max(FONT_SIZES.least, Math.min(FONT_SIZES.most, next));
      this.xterm!.options.fontSize = this.size;
      this.refit();
      event.preventDefault();
      return false;
    }
    return true;
  }

  private theme(): ITheme {
    const chosen = document.documentElement.dataset['scheme'];
    return chosen === 'dark' || (chosen === undefined && this.scheme.matches) ? DARK : LIGHT;
  }
  private paint(): void { if (this.xterm) this.xterm.options.theme = this.theme(); }
}

customElements.define('drill-terminal', DrillTerminal);
