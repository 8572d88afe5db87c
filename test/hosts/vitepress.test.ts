/**
 * The elements in a real VitePress site: installed, built and served here, then read in Chromium, one page and the next
 * by VitePress's own navigation. It fetches some eighty packages, so it has a command of its own: npm run test:hosts.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { root } from '../../src/drill/launch.mjs';
import { builtSite } from '../ui/support/build.ts';
import { openBrowser, serve, type Site } from '../ui/support/site.ts';

const VERSION = '1.6.4';
const FOLDER = join(root, 'node_modules/.cache/firedrill/vitepress');
const FILES: Readonly<Record<string, string>> = {
  'package.json': JSON.stringify({ private: true, type: 'module', devDependencies: { vitepress: VERSION } }),
  '.vitepress/config.mjs': `export default { base: '/docs/', title: 'Handbook', head: [['script', { type: 'module', src: '/docs/fire/drill.js' }]], vue: { template: { compilerOptions: { isCustomElement: (tag) => tag.startsWith('drill-') } } }, themeConfig: { sidebar: [{ text: 'One', link: '/' }, { text: 'Two', link: '/two' }] } };\n`,
  'index.md': '# One\n\n<drill-lab scenario="sandbox">\n\n```\nnode-1$ hostname\n```\n\n</drill-lab>\n\n<drill-run node="node-2">\n\n```sh\nhostname\n```\n\n</drill-run>\n',
  'two.md': '# Two\n\nNothing runs here.\n',
};

let site: Site, browser: Browser, page: Page;
const errors: string[] = [];

beforeAll(async () => {
  for (const [name, text] of Object.entries(FILES)) { mkdirSync(join(FOLDER, name, '..'), { recursive: true }); writeFileSync(join(FOLDER, name), text); }
  cpSync(await builtSite(), join(FOLDER, 'public/fire'), { recursive: true });
  const run = (command: string, args: string[]): void => { execFileSync(command, args, { cwd: FOLDER, stdio: 'pipe', env: { ...process.env, NODE_ENV: 'production' } }); };
  if (!existsSync(join(FOLDER, 'node_modules/vitepress'))) run('npm', ['install', '--include=dev', '--no-audit', '--no-fund']);
  run(process.execPath, ['node_modules/vitepress/bin/vitepress.js', 'build']);
  site = await serve(join(FOLDER, '.vitepress/dist'), '/docs/');
  browser = await openBrowser();
  page = await browser.newPage();
  page.on('pageerror', (error) => errors.push(error.message));
  await page.goto(site.url);
});
afterAll(async () => { await browser?.close(); await site?.close(); });

it('shows what the page holds, then a terminal, then frees it when one reads on', async () => {
  await page.getByRole('button', { name: 'Try it here' }).click();
  await expect.poll(() => page.locator('drill-lab drill-terminal').count(), { timeout: 60_000 }).toBe(3);
  await page.getByRole('button', { name: 'Run on node-2' }).click();
  await expect.poll(() => page.evaluate(() => (document.querySelector('drill-lab')!.shadowRoot!.querySelector('drill-machine') as HTMLElement & { text: string }).text), { timeout: 60_000 }).toMatch(/hostname\nnode-2\n/);
  expect(page.workers().length).toBe(1);
  await page.getByRole('link', { name: 'Two' }).first().click();
  await page.getByText('Nothing runs here.').waitFor();
  await expect.poll(() => page.workers().length).toBe(0);
  await page.getByRole('link', { name: 'One' }).first().click();
  await page.getByRole('button', { name: 'Try it here' }).waitFor();
  expect(errors).toEqual([]);
});
