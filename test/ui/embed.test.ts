/** Embeds in a plain page of somebody else: nothing before a click, no focus taken, everything freed. */
import { mkdtempSync, writeFileSync, cpSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { builtSite } from './support/build.ts';
import { openBrowser, serve, type Site } from './support/site.ts';

const HOST = `<!doctype html><html lang="en" data-theme="dark"><meta charset="utf-8"><title>Somebody’s docs</title><body style="min-height: 3000px"><h1>Docs</h1><input id="mine">
<drill-lab id="lab" scenario="sandbox"><pre>node-1$ hostname</pre></drill-lab>
<drill-run node="node-2"><div><button>copy</button><span>sh</span><pre><code>hostname</code></pre></div></drill-run>
<drill-quiz id="quiz" first="sudo sysctl -w net.ipv4.ip_forward=0" on="node-1" run="cat /proc/sys/net/ipv4/ip_forward" find="^(.)$"><p>What does the kernel say then?</p><drill-choice>1</drill-choice><drill-choice>0</drill-choice></drill-quiz>
<script type="module" src="fire/drill.js"></script><script type="module" src="fire/drill.js?again"></script></body></html>`;

let site: Site, browser: Browser, page: Page;
const requests: string[] = [], errors: string[] = [];

beforeAll(async () => {
  const folder = mkdtempSync(join(tmpdir(), 'docs-'));
  cpSync(await builtSite(), join(folder, 'fire'), { recursive: true });
  writeFileSync(join(folder, 'index.html'), HOST);
  site = await serve(folder, '/handbook/');
  browser = await openBrowser();
  page = await browser.newPage();
  page.on('request', (request) => requests.push(request.url().slice(site.url.length)));
  page.on('pageerror', (error) => errors.push(error.message));
  await page.goto(site.url);
  await page.evaluate(() => customElements.whenDefined('drill-lab').then(() => undefined));
});
afterAll(async () => { await browser?.close(); await site?.close(); });

describe('the embeds', () => {
  it('ask for nothing but themselves before a click', async () => {
    expect(requests.filter((name) => !/^$|^fire\/drill\.js|^fire\/assets\//.test(name))).toEqual([]);
    expect(await page.getByText('node-1$ hostname').isVisible()).toBe(true);
    expect(await page.evaluate(() => performance.getEntriesByType('longtask').length)).toBe(0);
  });
  it('open a terminal where the text stood, without taking the focus or moving the page', async () => {
    await page.locator('#mine').focus();
    await page.locator('drill-lab').getByRole('button', { name: 'Try it here' }).dispatchEvent('click');
    await expect.poll(() => page.locator('drill-lab drill-terminal').count(), { timeout: 60_000 }).toBe(3);
    expect(await page.evaluate(() => [document.activeElement?.id, scrollY])).toEqual(['mine', 0]);
  });
  it('run a block’s command in the same world', async () => {
    await page.getByRole('button', { name: 'Run on node-2' }).click();
    await expect.poll(() => page.evaluate(() => {
      const machine = document.querySelector('drill-lab')!.shadowRoot!.querySelector('drill-machine') as HTMLElement & { text: string };
      return machine.text;
    }), { timeout: 60_000 }).toMatch(/hostname\nnode-2\n/);
  });
  it('tell the page what happens, in plain data', async () => {
    const heard = await page.evaluate(async () => {
      const lab = document.querySelector('#lab') as HTMLElement & { run(command: string, o: { node: string }): Promise<void>; check(): unknown[]; link(): Promise<string> };
      const event = new Promise<unknown>((resolve) => { document.addEventListener('drill-command', ({ detail }: Event & { detail?: unknown }) => resolve(detail), { once: true }); });
      await lab.run('false', { node: 'node-3' });
      return { event: await event, goals: lab.check(), link: (await lab.link()).replace(/#\/p\/.*/, '#/p/') };
    });
    expect(heard).toEqual({ event: { version: 1, node: 'node-3', command: 'false', exit: 1 }, goals: [], link: `${site.url}fire/#/p/` });
  });
  it('answer a question by trying, with no answer in the page before', async () => {
    await page.locator('drill-quiz').getByRole('button', { name: 'Answer it here' }).click();
    await page.locator('drill-quiz').getByLabel('1', { exact: true }).check();
    await page.getByRole('button', { name: 'Check the answer' }).click();
    await page.locator('drill-quiz').getByText('No.').waitFor({ timeout: 60_000 });
    await page.locator('drill-quiz').getByLabel('0', { exact: true }).check();
    await page.getByRole('button', { name: 'Check the answer' }).click();
    await page.locator('drill-quiz').getByText('Right.').waitFor({ timeout: 60_000 });
  });
  it('free their world when they are removed, and complain of nothing', async () => {
    const workers = (): number => page.workers().length;
    expect(workers()).toBe(1);
    await page.evaluate(() => { for (const element of document.querySelectorAll('drill-lab, drill-run, drill-quiz')) element.remove(); });
    await expect.poll(workers).toBe(0);
    expect(errors).toEqual([]);
  });
});

/** How the generators bring the next page in, without loading one: each returns when the new elements are there. */
const SWAPS: Readonly<Record<string, string>> = {
  'MkDocs Material, instant loading': `(html) => { const next = new DOMParser().parseFromString(html, 'text/html'); document.body.dataset.mdColorScheme = 'slate'; document.querySelector('main').replaceWith(document.adoptNode(next.querySelector('main'))); }`,
  'Docusaurus': `(html) => { const main = document.querySelector('main'); main.textContent = ''; document.documentElement.dataset.theme = 'light'; const lab = document.createElement('drill-lab'); main.appendChild(lab); lab.setAttribute('scenario', 'sandbox'); lab.appendChild(document.createElement('pre')).textContent = 'node-1$ hostname'; }`,
  'Starlight, view transitions': `(html) => { const next = new DOMParser().parseFromString(html, 'text/html'); document.body.replaceWith(document.adoptNode(next.body)); document.dispatchEvent(new Event('astro:page-load')); }`,
  'VitePress': `(html) => { const main = document.querySelector('main'), old = main.firstElementChild; const page = document.createElement('div'); page.innerHTML = '<p>text</p><drill-lab scenario="sandbox"><pre>node-1$ hostname</pre></drill-lab>'; document.documentElement.classList.add('dark'); main.insertBefore(page, old); old.remove(); }`,
};
const NEXT = '<!doctype html><body><main><drill-lab scenario="sandbox"><pre>node-1$ hostname</pre></drill-lab></main></body>';

describe('on pages that are swapped', () => {
  it.each(Object.entries(SWAPS))('as %s does it: what goes is freed, what comes lives', async (_, swap) => {
    const workers = (): number => page.workers().length;
    await page.evaluate((html) => { document.body.innerHTML = html; }, NEXT.replace(/^.*<body>|<\/body>/g, ''));
    const open = () => page.getByRole('button', { name: 'Try it here' }).click();
    await open();
    await expect.poll(workers, { timeout: 60_000 }).toBe(1);
    await page.evaluate(([change, html]) => { (0, eval)(change!)(html); }, [swap, NEXT] as const);
    await expect.poll(workers).toBe(0);
    expect(await page.locator('drill-terminal').count()).toBe(0);
    expect(await page.locator('drill-lab').getByText('node-1$ hostname').isVisible()).toBe(true);
    await open();
    await expect.poll(() => page.locator('drill-lab drill-terminal').count(), { timeout: 60_000 }).toBe(3);
    // Moved within the page it begins anew; removed it leaves nothing.
    await page.evaluate(() => { document.querySelector('drill-lab')!.remove(); });
    await expect.poll(workers).toBe(0);
    expect(errors).toEqual([]);
  });
});
