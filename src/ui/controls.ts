/** Styles that several elements share: buttons, key focus, text for screen readers only. */
import { css } from 'lit';

export const controls = css`
  button {
    font: inherit; color: inherit; background: none; border: 1px solid transparent; border-radius: var(--radius);
    padding: 0.25rem 0.6rem; cursor: pointer; line-height: 1.4; transition: background 120ms ease-out;
  }
  button:hover:not(:disabled) { background: var(--shade); }
  button:disabled { color: var(--ink-soft); opacity: 0.55; cursor: default; }
  :focus-visible { outline: 2px solid var(--ember); outline-offset: 1px; }
  .primary { background: var(--ember); color: var(--ember-ink); font-weight: 600; }
  .primary:hover:not(:disabled) { background: color-mix(in srgb, var(--ember) 88%, var(--ink)); }
  .quiet { border-color: var(--line); }
  .hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
  @media (prefers-reduced-motion: reduce) { *, ::before, ::after { transition: none !important; animation: none !important; } }
`;
