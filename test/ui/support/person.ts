/** What a person does at the page, by keyboard, and what they see there. */
import { expect } from 'vitest';
import type { Page } from 'playwright';

/** Through the elements' shadow roots to the drill's store: only for looking, never for acting. */
const IN_PAGE = `(() => {
  const app = document.querySelector('drill-app').shadowRoot;
  const view = app.querySelector('drill-training') ?? app.querySelector('drill-home');
  const machine = view?.renderRoot.querySelector('drill-machine');
  return { store: view?.store, text: machine?.text ?? '', front: view?.store?.state.active };
})()`;

export const screenText = (page: Page): Promise<string> => page.evaluate<string>(`${IN_PAGE}.text`);

/** Waits until the terminal in front shows this. */
export async function see(page: Page, what: RegExp, timeout = 30_000): Promise<void> {
  await expect.poll(() => screenText(page), { timeout, interval: 100 }).toMatch(what);
}

const evaluate = <T>(page: Page, what: string): Promise<T> => page.evaluate<T>(`${IN_PAGE}${what}`);

export const untilReady = (page: Page): Promise<void> => expect.poll(() => evaluate(page, '.store?.state.stage'), { timeout: 60_000, interval: 100 }).toBe('ready');

/** Types a line at the prompt of the terminal in front and waits until the prompt is back. */
export async function enter(page: Page, line: string, timeout = 40_000): Promise<void> {
  const prompts = (): Promise<number> => page.evaluate<number>(`(() => { const { store, front } = ${IN_PAGE}; return store.pieces(front).filter((piece) => piece.text.includes('$ ')).length; })()`);
  const before = await prompts();
  await page.keyboard.type(line);
  await page.keyboard.press('Enter');
  await expect.poll(async () => (await prompts()) > before
    && page.evaluate<boolean>(`(() => { const { store, front } = ${IN_PAGE}; return store.state.terminals.find((each) => each.id === front).state === 'prompt'; })()`), { timeout, interval: 60 }).toBe(true);
}

/** Where the focus is. */
export const focused = (page: Page): Promise<{ name: string; terminal: boolean }> => page.evaluate(() => {
  let at: Element | null = document.activeElement;
  while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
  if (!at) return { name: '', terminal: false };
  return { name: (at.getAttribute('aria-label') ?? at.textContent ?? '').replace(/\s+/g, ' ').trim(), terminal: at.matches('.xterm-helper-textarea') };
});

/** Presses Tab until the control with this name has the focus. */
export async function tabTo(page: Page, name: RegExp, back = false): Promise<void> {
  for (let i = 0; i < 80; i++) {
    // Inside a terminal Tab is the shell's; Escape and then Tab is the way on.
    if (!back && (await focused(page)).terminal) await page.keyboard.press('Escape');
    await page.keyboard.press(back ? 'Shift+Tab' : 'Tab');
    if (name.test((await focused(page)).name)) return;
  }
  throw new Error(`Tab never came to ${name}`);
}
