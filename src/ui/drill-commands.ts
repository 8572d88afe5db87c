/** The reference: every command that the simulated machines know, with what each says of itself. */
import { css, html, LitElement, type TemplateResult } from 'lit';
import { state as reactive } from 'lit/decorators.js';
import rooms from 'virtual:commands';
import type { KnownCommand } from '../drill/reference.ts';
import { controls, sheet } from './controls.ts';

export class DrillCommands extends LitElement {
  static override styles = [controls, sheet, css`
    .find { display: flex; gap: 0.75rem; align-items: center; flex-wrap: wrap; margin-bottom: 1rem; position: sticky; top: 0; background: var(--paper); padding: 0.6rem 0; z-index: 1; }
    input { font: 1rem var(--ui); color: inherit; background: var(--raised); border: 1px solid var(--line-strong); border-radius: var(--radius); padding: 0.45rem 0.75rem; min-height: 2.5rem; width: min(22rem, 100%); }
    .count { color: var(--ink-soft); }
    h2 { font: 600 var(--small)/1.4 var(--ui); color: var(--ink-soft); margin: 2rem 0 0.5rem; }
    ul { list-style: none; margin: 0; padding: 0; border-top: 1px solid var(--line); }
    li { border-bottom: 1px solid var(--line); }
    summary { display: flex; gap: 1rem; align-items: baseline; padding: 0.55rem 0.4rem; cursor: pointer; border-radius: var(--radius); }
    summary:hover { background: var(--panel); }
    summary::-webkit-details-marker { display: none; }
    summary code { font-weight: 600; min-width: 11rem; }
    .plain { display: flex; gap: 1rem; padding: 0.55rem 0.4rem; }
    .plain code { min-width: 11rem; font-weight: 600; }
    .first { color: var(--ink-soft); overflow: hidden; text-overflow: ellipsis; white-space: nowrap; min-width: 0; flex: 1; }
    .where { color: var(--ink-soft); font-size: var(--small); white-space: nowrap; }
    pre { font-size: var(--small); line-height: 1.6; background: var(--panel); border-radius: var(--radius); padding: 0.8rem 1rem; margin: 0.25rem 0 0.9rem; overflow-x: auto; }
    @media (max-width: 640px) { .first { display: none; } summary code, .plain code { min-width: 0; flex: 1; } }
  `];

  @reactive() private wanted = '';

  override render(): TemplateResult {
    const wanted = this.wanted.trim().toLowerCase();
    const found = rooms.map((room) => ({ ...room, commands: room.commands.filter(({ name, help }) => !wanted || name.includes(wanted) || help.toLowerCase().includes(wanted)) })).filter(({ commands }) => commands.length);
    const count = found.reduce((sum, { commands }) => sum + commands.length, 0);
    return html`<main class="page">
      <h1>Commands</h1>
      <p class="lead">What the machines know. Each does what it does on the real thing or says, in the real tool’s words, that it does not; what is not in this list is <code>command not found</code>. The texts are the programs’ own.</p>
      <div class="find"><label for="find" class="hidden">Find a command</label>
        <input id="find" type="search" placeholder="Find a command or a word in its help" autocomplete="off" spellcheck="false" @input=${(event: Event) => { this.wanted = (event.target as HTMLInputElement).value; }}>
        <span class="count" role="status">${count} ${count === 1 ? 'command' : 'commands'}</span></div>
      ${found.map(({ title, commands }) => html`<h2>${title}</h2><ul>${commands.map((command) => this.command(command))}</ul>`)}
      ${count ? '' : html`<p>No command knows that word. Look at <a href="#/sandbox">the sandbox</a>: it answers what is typed.</p>`}
    </main>`;
  }

  private command({ name, node, planet, help }: KnownCommand): TemplateResult {
    const where = node && planet ? '' : planet ? 'inside Planet' : 'on the nodes';
    return html`<li>${help
      ? html`<details><summary><code>${name}</code><span class="first">${help.split('\n').map((line) => line.trim()).find(Boolean)}</span><span class="where">${where}</span></summary><pre tabindex="0" aria-label="${name} --help">${help}</pre></details>`
      : html`<div class="plain"><code>${name}</code><span class="first"></span><span class="where">${where}</span></div>`}</li>`;
  }
}

customElements.define('drill-commands', DrillCommands);
