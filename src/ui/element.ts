/** An element that shows a run: it is drawn again when the run's state changes. */
import { LitElement } from 'lit';
import { property } from 'lit/decorators.js';
import type { DrillStore } from './store.ts';

export class StoreElement extends LitElement {
  @property({ attribute: false }) store!: DrillStore;
  private heard: DrillStore | null = null;
  private readonly onChange = (): void => this.requestUpdate();

  /** Events of the store that matter here besides `change`. */
  protected listeners(): Readonly<Record<string, (event: Event) => void>> { return {}; }

  override connectedCallback(): void { super.connectedCallback(); if (this.store) this.listen(); }
  override disconnectedCallback(): void { super.disconnectedCallback(); this.unlisten(); }

  override willUpdate(): void { if (this.store !== this.heard) { this.unlisten(); this.listen(); } }

  private listen(): void {
    if (this.heard || !this.store) return;
    this.heard = this.store;
    this.heard.addEventListener('change', this.onChange);
    for (const [name, hear] of Object.entries(this.listeners())) this.heard.addEventListener(name, hear);
  }
  private unlisten(): void {
    this.heard?.removeEventListener('change', this.onChange);
    for (const [name, hear] of Object.entries(this.listeners())) this.heard?.removeEventListener(name, hear);
    this.heard = null;
  }
}
