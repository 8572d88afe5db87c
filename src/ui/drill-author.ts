/** A view that is being written. */
import { html, LitElement } from 'lit';
customElements.define('drill-author', class extends LitElement { override render(): unknown { return html`<main></main>`; } });
