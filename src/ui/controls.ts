/** Styles that several elements share: buttons, key focus, prose, text for screen readers only. */
import { css } from 'lit';

export const controls = css`
  :host, *, ::before, ::after { box-sizing: border-box; }
  button, .button {
    font: inherit; color: inherit; background: none; border: 1px solid transparent; border-radius: var(--radius);
    min-height: 2rem; padding: 0.2rem 0.7rem; cursor: pointer; line-height: 1.4; text-decoration: none; white-space: nowrap;
    display: inline-flex; align-items: center; justify-content: center; gap: 0.45rem; transition: background 120ms ease-out, border-color 120ms ease-out;
  }
  button:hover:not(:disabled), .button:hover { background: var(--shade); }
  button:disabled { color: var(--ink-soft); opacity: 0.6; cursor: default; }
  :focus-visible { outline: 2px solid var(--ember); outline-offset: 2px; }
  .primary { background: var(--ember); color: var(--ember-ink); font-weight: 600; }
  .primary:hover:not(:disabled) { background: color-mix(in srgb, var(--ember) 86%, var(--ink)); }
  .quiet { border-color: var(--line); background: var(--raised); }
  .quiet:hover:not(:disabled) { border-color: var(--line-strong); }
  .hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
  svg { flex: none; }
  code, kbd, pre { font-family: var(--mono); font-variant-ligatures: none; }
  kbd { font-size: var(--small); border: 1px solid var(--line); border-bottom-width: 2px; border-radius: 4px; padding: 0 0.35em; background: var(--raised); }
  @media (prefers-reduced-motion: reduce) { *, ::before, ::after { transition: none !important; animation: none !important; } }
  @media (forced-colors: active) { button, .button { border-color: ButtonBorder; } [aria-pressed='true'], [aria-selected='true'] { outline: 2px solid Highlight; outline-offset: -3px; } }
`;

/** Pages of text: one column, room round it. */
export const sheet = css`
  :host { display: block; }
  .page { max-width: 52rem; margin: 0 auto; padding: 3.5rem 2rem 6rem; }
  .page > h1 { font: 680 var(--title)/1.2 var(--ui); letter-spacing: -0.022em; margin: 0 0 0.75rem; text-wrap: balance; }
  .lead { font: var(--reading)/1.6 var(--prose); color: var(--ink-soft); margin: 0 0 2rem; max-width: 38rem; }
  @media (max-width: 640px) { .page { padding: 2rem 1rem 4rem; } }
`;

/** Running text, as a book sets it. */
export const prose = css`
  .prose { font: var(--reading)/1.6 var(--prose); font-optical-sizing: auto; hyphens: manual; }
  .prose :is(p, ul, ol, dl, table, blockquote) { margin: 0 0 1rem; }
  .prose :is(h1, h2, h3) { font-family: var(--ui); line-height: 1.3; letter-spacing: -0.01em; text-wrap: balance; }
  .prose h3 { font-size: var(--reading); margin: 1.5rem 0 0.5rem; }
  .prose li { margin-bottom: 0.35rem; }
  .prose :is(ul, ol) { padding-left: 1.35rem; }
  .prose code { font-size: 0.82em; background: var(--panel); padding: 0.12em 0.34em; border-radius: 4px; overflow-wrap: break-word; }
  .prose pre { font-size: var(--small); line-height: 1.6; background: var(--panel); padding: 0.75rem 1rem; border-radius: var(--radius); overflow-x: auto; margin: 0 0 1rem; }
  .prose pre code { background: none; padding: 0; font-size: inherit; }
  .prose a { color: inherit; text-decoration-thickness: 1px; text-underline-offset: 3px; }
  .prose a:hover { color: var(--ember); }
  .prose table { border-collapse: collapse; font: var(--text)/1.5 var(--ui); width: 100%; }
  .prose :is(th, td) { text-align: left; padding: 0.4rem 0.8rem 0.4rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
`;
