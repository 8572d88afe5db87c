/** The few signs of the page, drawn on one 16 px grid. Each stands beside a word or has one for a label. */
import { html, svg, type TemplateResult } from 'lit';

const SHAPES = {
  pause: svg`<path d="M5 3v10M11 3v10" stroke-width="2.2"/>`,
  skip: svg`<path d="M3 3.5l6 4.5-6 4.5z" fill="currentColor" stroke="none"/><path d="M12.5 3v10" stroke-width="2"/>`,
  stop: svg`<rect x="4" y="4" width="8" height="8" rx="1" fill="currentColor" stroke="none"/>`,
  undo: svg`<path d="M5.5 2.5L2.5 5.5l3 3M3 5.5h6a4 4 0 0 1 0 8H6"/>`,
  redo: svg`<path d="M10.5 2.5l3 3-3 3M13 5.5H7a4 4 0 0 0 0 8h3"/>`,
  tick: svg`<path d="M3 8.5l3.2 3.2L13 4.8" stroke-width="1.9"/>`,
  cross: svg`<path d="M4 4l8 8M12 4l-8 8"/>`,
  ring: svg`<circle cx="8" cy="8" r="5"/>`,
  plus: svg`<path d="M8 3v10M3 8h10"/>`,
  right: svg`<path d="M6 3l5 5-5 5"/>`,
  sun: svg`<circle cx="8" cy="8" r="2.9"/><path d="M8 1v1.6M8 13.4V15M1 8h1.6M13.4 8H15M3 3l1.2 1.2M11.8 11.8L13 13M13 3l-1.2 1.2M4.2 11.8L3 13"/>`,
  moon: svg`<path d="M13 9.6A5.6 5.6 0 0 1 6.4 3a5.6 5.6 0 1 0 6.6 6.6z"/>`,
  half: svg`<circle cx="8" cy="8" r="5.6"/><path d="M8 2.4a5.6 5.6 0 0 1 0 11.2z" fill="currentColor"/>`,
  map: svg`<circle cx="3" cy="4" r="1.8"/><circle cx="13" cy="4" r="1.8"/><circle cx="8" cy="12.5" r="1.8"/><path d="M4.8 4h6.4M4 5.6l3 5.3M12 5.6l-3 5.3"/>`,
  rows: svg`<path d="M2 3.5h12v9H2zM2 8h12"/>`,
  list: svg`<path d="M5.5 4h8M5.5 8h8M5.5 12h8M2.2 4h.1M2.2 8h.1M2.2 12h.1"/>`,
  link: svg`<path d="M6.6 9.4a2.6 2.6 0 0 0 3.7 0l2.4-2.4a2.6 2.6 0 1 0-3.7-3.7l-.9.9M9.4 6.6a2.6 2.6 0 0 0-3.7 0L3.3 9a2.6 2.6 0 1 0 3.7 3.7l.9-.9"/>`,
};
export type IconName = keyof typeof SHAPES;

export const icon = (name: IconName, size = 16): TemplateResult => html`<svg viewBox="0 0 16 16" width=${size} height=${size} fill="none" stroke="currentColor"
  stroke-width="1.6" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">${SHAPES[name]}</svg>`;

/** The mark: a prompt on ember. */
export const mark = (size = 20): TemplateResult => html`<svg viewBox="0 0 16 16" width=${size} height=${size} aria-hidden="true"><rect width="16" height="16" rx="3.5" fill="#d9480f"/>
  <path d="M4 5l3 3-3 3M8.5 11H12" fill="none" stroke="#fff" stroke-width="1.6" stroke-linecap="round" stroke-linejoin="round"/></svg>`;
