/** A view that is being written. */
import { html, LitElement } from 'lit';
customElements.define('drill-commands', class extends LitElement { override render(): unknown { return html`<main></main>`; } });
