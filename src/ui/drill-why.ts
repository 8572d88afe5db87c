/**
 * Why: the reasons for what a person pointed at, from what is seen to its root, each with the command that proves it.
 * Below, any packet can be followed. It knows the store only.
 */
import { css, html, nothing, type TemplateResult } from 'lit';
import type { Reason, Subject } from '../drill/why/explain.ts';
import { controls } from './controls.ts';
import { StoreElement } from './element.ts';
import { icon } from './icons.ts';
import type { DrillStore } from './store.ts';

export class DrillWhy extends StoreElement {
  static override styles = [controls, css`
    :host { display: block; background: var(--paper); overflow: auto; scrollbar-width: thin; height: 100%; }
    .why { padding: 0.9rem 1rem 1.25rem; max-width: 60rem; }
    header { display: flex; gap: 0.75rem; align-items: baseline; justify-content: space-between; }
    h3 { font-size: var(--text); margin: 0 0 0.4rem; overflow-wrap: anywhere; }
    ol { list-style: none; margin: 0; padding: 0; counter-reset: reason; }
    li { counter-increment: reason; display: grid; grid-template-columns: 1.4rem 1.1rem 1fr; gap: 0 0.4rem; padding: 0.3rem 0; scroll-margin: 0.5rem; border-top: 1px solid var(--line); }
    li::before { content: counter(reason); font: 600 var(--small)/1.7 var(--ui); color: var(--ink-soft); }
    li > svg { margin-top: 0.25rem; color: var(--well); }
    li[data-bad] > svg { color: var(--ember); }
    li[data-bad] .text { font-weight: 600; }
    .text { overflow-wrap: anywhere; }
    .said { display: flex; gap: 0 1rem; flex-wrap: wrap; align-items: baseline; }
    .proof { display: flex; gap: 0.5rem; align-items: baseline; flex-wrap: wrap; color: var(--ink-soft); font-size: var(--small); }
    .proof code { overflow-wrap: anywhere; }
    .proof button { font-size: var(--small); min-height: 1.6rem; padding: 0 0.5rem; }
    .since { border-top: 1px solid var(--line); margin: 0; padding: 0.5rem 0; }
    .since code { font-size: var(--small); }
    form { display: flex; gap: 0.5rem; flex-wrap: wrap; align-items: center; padding: 0.5rem 0 0; font-size: var(--small); }
    input, select { font: var(--small) var(--ui); color: inherit; background: var(--raised); border: 1px solid var(--line-strong); border-radius: var(--radius); min-height: 2rem; padding: 0 0.5rem; max-width: 14rem; }
    input[name='port'] { width: 5rem; }
    summary { cursor: pointer; font-weight: 600; font-size: var(--small); padding-top: 0.5rem; }
    details { border-top: 1px solid var(--line); }
    p { margin: 0.3rem 0; color: var(--ink-soft); }
  `];

  override render(): TemplateResult {
    const { why } = this.store.state;
    return html`<section class="why" aria-labelledby="title">
      <header><h3 id="title" tabindex="-1">Why? ${why?.explained?.title ?? ''}</h3><button aria-label="Close" @click=${() => this.store.closeWhy()}>${icon('cross', 12)}</button></header>
      <div role="status">${why === null ? nothing : why.explained === null ? html`<p>${why.wrong || 'Looking.'}</p>` : this.reasons()}</div>
      ${this.follow()}
    </section>`;
  }

  override firstUpdated(): void { this.renderRoot.querySelector<HTMLElement>('h3')!.focus(); }

  /** Where it goes wrong is what one came for. */
  override updated(): void {
    const { why } = this.store.state;
    if (why?.explained && why !== this.brought) this.renderRoot.querySelector('li[data-bad]:last-child')?.scrollIntoView({ block: 'nearest' });
    this.brought = why;
  }
  private brought: DrillStore['state']['why'] = null;

  private reasons(): TemplateResult {
    const { reasons, since } = this.store.state.why!.explained!;
    if (!reasons.length) return html`<p>Nothing is known to be wrong with it. What a program says of itself may still be the answer.</p>`;
    return html`<ol>${reasons.map((each) => this.reason(each))}</ol>
      ${since === null ? nothing : html`<p class="since">${since === 'start' ? 'It was so when the drill began.' : html`So since your step ${since.step + 1}: <code>${since.label}</code>`}</p>`}`;
  }

  private reason({ text, proof, bad }: Reason): TemplateResult {
    return html`<li ?data-bad=${bad}>${icon(bad ? 'cross' : 'tick')}<div class="said"><span class="text">${text}<span class="hidden">${bad ? ': here it goes wrong' : ''}</span></span>
      ${proof ? html`<span class="proof"><code>${proof.on}$ ${proof.run}</code><button class="quiet" @click=${() => this.show(proof.on, proof.run)} aria-label="Show in a terminal: ${proof.run}">Show in terminal</button></span>` : nothing}</div></li>`;
  }

  private show(on: string, run: string): void { if (!this.store.run(on, run)) this.store.say(`Something runs in the terminal of ${on}. Stop it first.`); }

  private follow(): TemplateResult {
    const { nodes, view } = this.store.state;
    return html`<details><summary>Follow a packet</summary><form @submit=${(event: Event) => this.send(event)}>
      <label>from <select name="from">${nodes.map((node) => html`<option value="node ${node}">${node}</option>`)}${view.pods.map(({ namespace, name }) => html`<option value="pod ${namespace}/${name}">${name}</option>`)}</select></label>
      <label>to <input name="to" required placeholder="an address" pattern="\\d{1,3}(\\.\\d{1,3}){3}" autocomplete="off" list="addresses"></label>
      <datalist id="addresses">${view.nodes.map(({ name, address }) => html`<option value=${address}>${name}</option>`)}${view.services.map(({ name, ip }) => html`<option value=${ip}>${name}</option>`)}${view.pods.map(({ name, ip }) => html`<option value=${ip}>${name}</option>`)}</datalist>
      <label>by <select name="proto"><option>tcp</option><option>udp</option><option>icmp</option></select></label>
      <label>port <input name="port" inputmode="numeric" pattern="\\d{1,5}" autocomplete="off"></label>
      <button class="quiet">Follow it</button></form></details>`;
  }

  private send(event: Event): void {
    event.preventDefault();
    const data = new FormData(event.target as HTMLFormElement);
    const [kind, name = ''] = String(data.get('from')).split(' ');
    const subject: Subject = { kind: 'packet', ...(kind === 'pod' ? { pod: name } : { node: name }), to: String(data.get('to')), proto: String(data.get('proto')) as 'tcp', port: Number(data.get('port') || 0) };
    void this.store.explain(subject);
  }
}

customElements.define('drill-why', DrillWhy);
