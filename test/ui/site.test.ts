/** The site around the drills: every view by axe in both schemes and two sizes, the way out of the terminal, bad input, no network. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { AxeResults } from 'axe-core';
import type { Browser, BrowserContext, Page } from 'playwright';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SITE } from './support/build.ts';
import { focused, see, tabTo, untilReady } from './support/person.ts';
import { openBrowser, serve, type Site } from './support/site.ts';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const VIEWS = ['#/', '#/s/1.1', '#/commands', '#/author', '#/nowhere'];

let site: Site, browser: Browser;
beforeAll(async () => { site = await serve(SITE); browser = await openBrowser(); });
afterAll(async () => { await browser?.close(); await site?.close(); });

const visit = async (hash: string, options: Parameters<Browser['newContext']>[0] = {}): Promise<{ page: Page; context: BrowserContext }> => {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
  const page = await context.newPage();
  await page.goto(site.url + hash);
  return { page, context };
};

const settled = (page: Page): Promise<unknown> => page.locator('#view').waitFor();

async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axe);
  const results = await page.evaluate(() => (globalThis as unknown as { axe: { run: (options: object) => Promise<AxeResults> } }).axe.run({ resultTypes: ['violations'] }));
  return results.violations.flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) => `${id} ${target.join(' ')} ${failureSummary?.split('\n')[1] ?? ''}`));
}

describe.each([['light', 1280, 800], ['dark', 390, 844]] as const)('in %s at %i×%i', (colorScheme, width, height) => {
  it('no view has anything that axe objects to, nor scrolls sideways', async () => {
    const { page, context } = await visit(VIEWS[0]!, { colorScheme, viewport: { width, height } });
    for (const hash of VIEWS) {
      await page.evaluate((to) => { location.hash = to; }, hash);
      await page.locator(hash === '#/nowhere' ? 'main.message' : `drill-${{ '#/': 'home', '#/commands': 'commands', '#/author': 'author' }[hash] ?? 'training'}`).waitFor();
      await page.evaluate(() => document.fonts.ready.then(() => new Promise((resolve) => { requestAnimationFrame(resolve); })));
      expect(await violations(page), hash).toEqual([]);
      expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth), hash).toBeLessThanOrEqual(0);
    }
    await context.close();
  });
});

it('at 400 % zoom the lesson reads in one column; on paper every step and every output is there', async () => {
  const { page, context } = await visit('#/s/1.1/2', { viewport: { width: 320, height: 256 } });
  await settled(page);
  await page.locator('drill-lesson h1').waitFor();
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(320);
  expect(await page.locator('drill-lesson .step').count()).toBe(1);
  await page.emulateMedia({ media: 'print', colorScheme: 'dark' });
  await page.setViewportSize({ width: 794, height: 1123 });
  await expect.poll(() => page.locator('drill-lesson .step').count()).toBeGreaterThan(3);
  expect(await page.locator('drill-lesson details:not([open])').count()).toBe(0);
  expect(await page.evaluate(() => [document.documentElement.scrollWidth <= 794, getComputedStyle(document.documentElement).colorScheme])).toEqual([true, 'light']);
  expect(await page.locator('drill-timeline, drill-terminal, header').filter({ visible: true }).count()).toBe(0);
  await context.close();
});

it('in forced colours every control and every state can still be told', async () => {
  const { page, context } = await visit('#/s/1.1', { forcedColors: 'active' });
  await settled(page);
  await page.locator('drill-timeline .speed').waitFor();
  // Nothing is told by a background that the system takes away.
  const pressed = await page.locator('drill-timeline .speed button[aria-pressed=true]').evaluate((button) => getComputedStyle(button).outlineStyle);
  expect(pressed).toBe('solid');
  const [text, ground] = await page.locator('drill-timeline .speed button').first().evaluate((button) => [getComputedStyle(button).color, getComputedStyle(button.closest('.speed')!).backgroundColor]);
  expect(ground).not.toBe(text);
  await context.close();
});

describe('by keyboard', () => {
  it('the terminal is no trap: Shift+Tab goes back, Escape and Tab go on, Tab is the shell’s', async () => {
    const { page, context } = await visit('#/s/1.1');
    await page.locator('drill-terminal').first().waitFor();
    await expect.poll(() => focused(page)).toMatchObject({ terminal: true });
    await untilReady(page);
    await page.keyboard.type('kubec');
    await page.keyboard.press('Tab');
    await see(page, /node-1\$ kubectl $|node-1\$ kubectl/);
    expect(await focused(page)).toMatchObject({ terminal: true });
    await page.keyboard.press('Escape');
    await page.keyboard.press('Tab');
    expect(await focused(page)).toMatchObject({ terminal: false });
    await tabTo(page, /^Terminal on node-1/, true);
    await page.keyboard.press('Shift+Tab');
    expect(await focused(page)).toMatchObject({ terminal: false });
    await page.keyboard.press('F6');
    await context.close();
  });

  it('the transcript is the same shell as a document', async () => {
    const { page, context } = await visit('#/sandbox');
    await untilReady(page);
    await page.getByRole('button', { name: 'Transcript' }).click();
    await page.locator('#line').first().fill('echo hello; false');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: /node-1\$ echo hello; false/ }).waitFor();
    await expect.poll(() => page.locator('drill-transcript pre').first().textContent()).toBe('hello');
    expect(await violations(page)).toEqual([]);
    await context.close();
  });
});

describe('bad input', () => {
  it('storage that is denied costs only the keeping', async () => {
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.addInitScript(() => { Object.defineProperty(globalThis, 'localStorage', { get() { throw new Error('denied'); } }); });
    await page.goto(`${site.url}#/sandbox`);
    await untilReady(page);
    await page.keyboard.type('echo still here\r');
    await see(page, /still here\n/);
    await page.getByText('does not let the page keep anything').waitFor();
    await context.close();
  });
  it('what was kept and is damaged is said to be', async () => {
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.addInitScript(() => { localStorage.setItem('firedrill/drill/1.1', '{"log":{"version":2,"typed":"x"}}'); });
    await page.goto(`${site.url}#/s/1.1`);
    await page.getByText('is damaged. It starts anew').waitFor();
    await context.close();
  });
  it('a scenario with mistakes is told by file, line and reason', async () => {
    const { page, context } = await visit('#/author');
    const source = page.locator('textarea');
    await source.fill((await source.inputValue()).replace('level: beginner', 'level: easy').replace('fault sysctl', 'fault gremlin'));
    await page.getByRole('button', { name: 'Check it' }).click();
    const wrong = page.locator('.wrong');
    await wrong.waitFor({ timeout: 30_000 });
    expect(await wrong.textContent()).toMatch(/my-drill\.md:6.*level must be.*my-drill\.md:\d+.*unknown fault gremlin/s);
    await context.close();
  });
});

it('works without a network after the first visit', async () => {
  const { page, context } = await visit('#/');
  await page.evaluate(() => navigator.serviceWorker.ready.then(() => undefined));
  await context.setOffline(true);
  await page.goto('about:blank');
  await page.goto(`${site.url}#/s/1.1`);
  await untilReady(page);
  await page.keyboard.type('hostname\r');
  await see(page, /\nnode-1\n/);
  await context.close();
});
