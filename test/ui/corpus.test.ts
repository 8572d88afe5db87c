/** The recorded runs, lived in Node and again by the built page's worker in Chromium: to the last bit the same. */
import type { Browser, Page } from 'playwright';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { corpus, playRecorded } from '../../src/testing/corpus.ts';
import { evidenceOf } from '../../src/testing/evidence.ts';
import { freshWorld } from '../support/world.ts';
import { SITE } from './support/build.ts';
import { openBrowser, serve, type Site } from './support/site.ts';

let site: Site, browser: Browser, page: Page;
beforeAll(async () => {
  site = await serve(SITE);
  browser = await openBrowser();
  // Another zone and language than Node's here.
  page = await browser.newPage({ timezoneId: 'Asia/Kathmandu', locale: 'tr-TR' });
});
afterAll(async () => { await browser?.close(); await site?.close(); });

it.each(corpus.filter(({ topology }) => topology === 'three-masters').map((recorded) => [recorded.name, recorded] as const))('%s', async (_, recorded) => {
  const session = playRecorded(freshWorld(), recorded);
  const { link } = evidenceOf(session, session.entered, site.url);
  await page.goto('about:blank');
  await page.goto(link!);
  const said = page.locator('drill-training .notice', { hasText: /erified/ }).or(page.locator('[role=alert]')).first();
  await said.waitFor({ timeout: 80_000 });
  expect((await said.textContent())!.replace(/\s+/g, ' ').trim()).toMatch(/^Verified/);
});
