/** The author's guide: the format of a scenario file, and a place to try one. */
import { css, html, LitElement, nothing, type TemplateResult } from 'lit';
import { state as reactive } from 'lit/decorators.js';
import { unsafeHTML } from 'lit/directives/unsafe-html.js';
import guide from 'virtual:guide';
import { controls, prose, sheet } from './controls.ts';
import type { ParseAnswer } from './engine/messages.ts';
import { tryScenario } from './trying.ts';

const FIRST = `---
id: "9.1"
title: A node that forwards nothing
chapter: My drills
summary: Pods on node-2 lose the cluster.
level: beginner
minutes: 5
goals:
  - id: forwarding
    title: node-2 forwards packets again
    on: node-2
    run: cat /proc/sys/net/ipv4/ip_forward
    match: ^1$
hints:
  - What does \`gravity status\` say?
solution:
  - { on: node-2, run: sudo sysctl -w net.ipv4.ip_forward=1 }
---
# A node that forwards nothing

Something happened to node-2.

\`\`\`sim hidden
fault sysctl node=node-2 key=net.ipv4.ip_forward value=0
\`\`\`

## Look

\`\`\`console node-1
$ gravity status
\`\`\`
`;

export class DrillAuthor extends LitElement {
  static override styles = [controls, prose, sheet, css`
    textarea { width: 100%; min-height: 24rem; font: var(--small)/1.6 var(--mono); color: inherit; background: var(--term); border: 1px solid var(--line-strong); border-radius: var(--radius); padding: 0.8rem 1rem; resize: vertical; tab-size: 2; white-space: pre; overflow-wrap: normal; overflow-x: auto; }
    .row { display: flex; gap: 0.6rem; align-items: center; flex-wrap: wrap; margin: 0.75rem 0 1.5rem; }
    .try h2, .prose h2 { font: 650 1.375rem/1.3 var(--ui); letter-spacing: -0.015em; margin: 2.5rem 0 0.5rem; }
    .try > p { margin: 0 0 0.75rem; color: var(--ink-soft); }
    .prose h1 { display: none; }
    .wrong { list-style: none; margin: 0 0 1.5rem; padding: 0.75rem 1rem; background: var(--ember-wash); border-radius: var(--radius); }
    .wrong code { font-size: var(--small); margin-right: 0.6rem; white-space: nowrap; }
    input { position: absolute; width: 1px; height: 1px; opacity: 0; }
    input:focus-visible + label { outline: 2px solid var(--ember); outline-offset: 2px; }
  `];

  @reactive() private answer: ParseAnswer | null = null;
  @reactive() private said = '';
  private file = 'my-drill.md';

  override render(): TemplateResult {
    return html`<main class="page">
      <h1>Author’s guide</h1>
      <p class="lead">A drill is one Markdown file: the lesson, its test and its solution at once. Begin with the one below, change it, play it; when it does what you mean, put it into <code>scenarios/</code> and open a pull request.</p>
      <section class="try" aria-labelledby="try"><h2 id="try">Your first drill</h2>
        <p>Nothing leaves this page. Mistakes are told with their line.</p>
        <label for="source" class="hidden">Scenario file</label>
        <textarea id="source" spellcheck="false" autocapitalize="off" autocomplete="off">${FIRST}</textarea>
        <div class="row"><button class="primary" @click=${() => this.check()}>Check it</button>
          <input type="file" id="file" accept=".md,text/markdown" @change=${(event: Event) => this.open(event)}><label class="button quiet" for="file">Open a file</label>
          ${this.answer?.ok ? html`<a class="button quiet" href="#/try">Play it</a>` : nothing}
          <span role="status">${this.said}</span></div>
        ${this.answer && !this.answer.ok ? html`<ul class="wrong" role="alert">${this.answer.errors.map(({ line, reason }) => html`<li><code>${this.file}:${line}</code>${reason}</li>`)}</ul>` : nothing}
      </section>
      <section class="prose">${unsafeHTML(guide)}</section>
    </main>`;
  }

  private get source(): HTMLTextAreaElement { return this.renderRoot.querySelector('textarea')!; }

  private async open(event: Event): Promise<void> {
    const file = (event.target as HTMLInputElement).files?.[0];
    if (!file) return;
    this.file = file.name;
    this.source.value = await file.text();
    await this.check();
  }

  private async check(): Promise<void> {
    this.said = 'Reading it.';
    try {
      this.answer = await tryScenario(this.source.value, this.file);
      this.said = this.answer.ok ? 'No mistakes found.' : '';
    } catch (error) {
      this.answer = null;
      this.said = `It could not be read: ${(error as Error).message}.`;
    }
  }
}

customElements.define('drill-author', DrillAuthor);
