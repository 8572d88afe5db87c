/**
 * The cluster as a person would draw it: three columns, what runs on each, the wire between them. It is made
 * of text, so whoever does not see it reads the same. Unwell is the only thing in colour.
 */
import { css, html, nothing, type TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import type { View, ViewNode, ViewPod } from '../drill/view.ts';
import { controls } from './controls.ts';
import { StoreElement } from './element.ts';

const SHORT: Readonly<Record<string, string>> = { 'kube-kubelet': 'kubelet', 'kube-controller-manager': 'controllers', 'kube-scheduler': 'scheduler', 'kube-apiserver': 'apiserver' };

export class DrillMap extends StoreElement {
  static override styles = [controls, css`
    :host { display: block; background: var(--paper); overflow: auto; scrollbar-width: thin; height: 100%; }
    .map { padding: 0.9rem 1rem 1.25rem; min-width: 34rem; }
    .nodes { display: grid; grid-template-columns: repeat(3, minmax(0, 1fr)); column-gap: 1.5rem; margin: 0; padding: 0; list-style: none; }
    .node { position: relative; padding-top: 1.1rem; }
    .node::before { content: ''; position: absolute; top: 5px; left: 0; right: -1.5rem; border-top: 2px solid var(--line-strong); }
    .node:last-child::before { right: calc(100% - 5px); }
    .node::after { content: ''; position: absolute; top: 0; left: 0; width: 11px; height: 11px; border-radius: 50%; background: var(--well); border: 2px solid var(--paper); }
    .node[data-health='degraded']::after { background: var(--ember); border-radius: 2px; rotate: 45deg; }
    .node[data-health='offline']::after, .node[data-health='unknown']::after { background: var(--paper); border-color: var(--line-strong); }
    .node[data-cut]::before { border-top: 2px dashed var(--ember); }
    h3 { font-size: var(--text); margin: 0; display: flex; gap: 0.5rem; align-items: baseline; flex-wrap: wrap; }
    h3 span { font-weight: 400; font-size: var(--small); color: var(--ink-soft); }
    .bad { color: var(--ember) !important; font-weight: 600 !important; }
    .line { font-size: var(--small); color: var(--ink-soft); margin: 0.1rem 0 0.6rem; }
    .line code { font-size: inherit; }
    .trouble { font-size: var(--small); color: var(--ember); margin: 0 0 0.6rem; padding: 0; list-style: none; overflow-wrap: anywhere; }
    ul.chips { list-style: none; margin: 0 0 0.6rem; padding: 0; display: flex; flex-wrap: wrap; gap: 0.2rem 0.7rem; font-size: var(--small); color: var(--ink-soft); }
    .chips li::before { content: ''; display: inline-block; width: 6px; height: 6px; border-radius: 50%; background: var(--well); margin-right: 0.35rem; vertical-align: 0.08em; }
    .chips li.off { color: var(--ember); }
    .chips li.off::before { background: none; box-shadow: inset 0 0 0 1.5px var(--ember); border-radius: 0; }
    li button, h3 button { font-size: var(--small); font-weight: 600; color: var(--ink); min-height: 1.5rem; padding: 0 0.45rem; border-color: var(--line-strong); }
    h4 { font-size: var(--small); font-weight: 600; margin: 0 0 0.2rem; }
    details { margin-top: 0.75rem; border-top: 1px solid var(--line); padding-top: 0.5rem; font-size: var(--small); }
    summary { cursor: pointer; font-weight: 600; }
    table { border-collapse: collapse; margin-top: 0.4rem; width: 100%; }
    th, td { text-align: left; font-weight: 400; padding: 0.15rem 0.75rem 0.15rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
    th { color: var(--ink-soft); }
    .empty { padding: 1rem; color: var(--ink-soft); }
    @media (max-width: 600px) { .map { min-width: 0; } .nodes { grid-template-columns: minmax(0, 1fr); row-gap: 1.25rem; } .node::before { right: 0; } }
    @media (forced-colors: active) { .node::after, .chips li::before { forced-color-adjust: none; } }
    @media print { :host { display: none; } }
  `];

  override render(): TemplateResult {
    const { view } = this.store.state;
    if (!view.nodes.length) return html`<p class="empty" role="status">The cluster is being set up.</p>`;
    return html`<section class="map" aria-label="Map of the cluster">
      <ul class="nodes">${repeat(view.nodes, ({ name }) => name, (node, i) => this.node(node, view, i))}</ul>
      ${this.cuts(view)}
      ${view.services.length ? html`<details><summary>${view.services.length} services</summary>
        <table><thead><tr><th>Service</th><th>Address</th><th>Ports</th><th>Pods behind it</th></tr></thead>
        <tbody>${view.services.map((service) => html`<tr><td>${service.namespace}/${service.name}</td><td><code>${service.ip}</code></td><td>${service.ports}</td>
          <td>${service.endpoints.length ? service.endpoints.join(', ') : html`<span class="bad">none</span>`}</td></tr>`)}</tbody></table></details>` : nothing}
      ${this.homeless(view)}
    </section>`;
  }

  private cuts(view: View): TemplateResult | typeof nothing {
    const cut = view.links.filter((link) => link.cut);
    return cut.length ? html`<p class="line bad">${cut.map(({ a, b }) => `Nothing passes between ${a} and ${b}.`).join(' ')}</p>` : nothing;
  }

  private homeless(view: View): TemplateResult | typeof nothing {
    const pods = view.pods.filter(({ node }) => node === '');
    return pods.length ? html`<h4>Pods on no node yet</h4><ul class="chips">${pods.map((pod) => this.pod(pod))}</ul>` : nothing;
  }

  private node(node: ViewNode, view: View, index: number): TemplateResult {
    const pods = view.pods.filter((pod) => pod.node === node.name);
    const state = !node.up ? 'powered off' : !node.cable ? 'cable out' : node.health === 'healthy' && node.ready !== 'NotReady' && node.ready !== 'Unknown' ? 'healthy' : node.health;
    const next = view.nodes[index + 1];
    const cut = !node.cable || !node.up || (next !== undefined && view.links.some((link) => link.cut && [link.a, link.b].includes(node.name) && [link.a, link.b].includes(next.name)));
    return html`<li class="node" data-health=${node.up ? node.health : 'offline'} ?data-cut=${cut}>
      <h3>${node.name}<span class=${state === 'healthy' || state === 'unknown' ? '' : 'bad'}>${state}</span>${state !== 'healthy' && state !== 'unknown' && !node.trouble.length ? html`<button @click=${() => void this.store.explain({ kind: 'node', node: node.name })} aria-label="Why is ${node.name} ${state}?">Why?</button>` : nothing}</h3>
      <p class="line"><code>${node.address}</code>${node.ready ? html`<br><span class=${node.ready === 'Ready' ? '' : 'bad'}>${node.ready}${node.cordoned ? ', cordoned' : ''}</span>` : nothing}${node.leads ? ', leads the cluster' : ''}${node.etcd ? html`<br><span class=${node.etcd === 'stopped' ? 'bad' : ''}>etcd ${node.etcd}</span>` : nothing}</p>
      ${node.trouble.length ? html`<ul class="trouble" aria-label="What Satellite found">${node.trouble.map((trouble) => html`<li>${trouble} <button @click=${() => void this.store.explain({ kind: 'probe', node: node.name, words: trouble })} aria-label="Why: ${trouble}">Why?</button></li>`)}</ul>` : nothing}
      ${node.units.length ? html`<h4>Daemons</h4><ul class="chips">${repeat(node.units, ({ name }) => name, ({ name, active }) => html`<li class=${active === 'active' ? '' : 'off'}>${SHORT[name] ?? name}${active === 'active' ? '' : ` ${active}`}</li>`)}</ul>` : nothing}
      ${pods.length ? html`<h4>Pods</h4><ul class="chips">${repeat(pods, ({ namespace, name }) => `${namespace}/${name}`, (pod) => this.pod(pod))}</ul>` : nothing}
    </li>`;
  }

  private pod(pod: ViewPod): TemplateResult {
    return html`<li class=${pod.well ? '' : 'off'} title="${pod.namespace}/${pod.name} ${pod.ip}">${pod.name.replace(/-[a-z0-9]{8,10}-[a-z0-9]{5}$|-[a-z0-9]{5}$/, '')}${pod.well ? pod.status === 'Running' && pod.ready.split('/')[0] !== pod.ready.split('/')[1] ? ` ${pod.ready}` : '' : html` ${pod.status} ${pod.ready} <button @click=${() => void this.store.explain({ kind: 'pod', pod: `${pod.namespace}/${pod.name}` })} aria-label="Why: ${pod.name} ${pod.status}">Why?</button>`}</li>`;
  }
}

customElements.define('drill-chart', DrillMap);
