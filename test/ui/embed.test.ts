/** Embeds in a plain page of somebody else: nothing before a click, no focus taken, everything freed. */
import { mkdtempSync, readFileSync, writeFileSync, cpSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Browser, Page } from 'playwright';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SITE } from './support/build.ts';
import { openBrowser, serve, type Site } from './support/site.ts';

const HOST = `<!doctype html><html lang="en" data-theme="dark"><meta charset="utf-8"><title>Somebody’s docs</title><body style="min-height: 3000px"><h1>Docs</h1><input id="mine">
<drill-lab id="lab" scenario="sandbox"><pre>node-1$ hostname</pre></drill-lab>
<drill-run node="node-2"><pre><code>$ hostname</code></pre></drill-run>
<drill-quiz id="quiz" first="sudo sysctl -w net.ipv4.ip_forward=0" on="node-1" run="cat /proc/sys/net/ipv4/ip_forward" find="^(.)$"><p>What does the kernel say then?</p><drill-choice>1</drill-choice><drill-choice>0</drill-choice></drill-quiz>
<script type="module" src="fire/drill.js"></script><script type="module" src="fire/drill.js?again"></script></body></html>`;

let site: Site, browser: Browser, page: Page;
const requests: string[] = [], errors: string[] = [];

beforeAll(async () => {
  const folder = mkdtempSync(join(tmpdir(), 'docs-'));
  cpSync(SITE, join(folder, 'fire'), { recursive: true });
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
  it('weigh little before a click and ask for nothing more', async () => {
    const all = ['drill.js', ...requests.filter((name) => name.startsWith('fire/assets/')).map((name) => name.slice(5))];
    const bytes = all.reduce((sum, name) => sum + gzipSync(readFileSync(join(SITE, name))).length, 0);
    expect(bytes).toBeLessThan(10_000);
    expect(requests.filter((name) => !/^$|^fire\/drill\.js|^fire\/assets\//.test(name))).toEqual([]);
    expect(await page.getByText('node-1$ hostname').isVisible()).toBe(true);
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
