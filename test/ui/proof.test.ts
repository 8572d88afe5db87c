/**
 * Links that prove: a run made in Node is lived again in Chromium and comes out the same to the last bit,
 * which is also how we know that the engine does not depend on the one it runs in.
 */
import type { Browser, Page } from 'playwright';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readCourse, PAGE_SEED, type Read } from '../../src/drill/course.ts';
import { root } from '../../src/drill/launch.mjs';
import { encodeLink } from '../../src/drill/link.ts';
import type { Json } from '../../src/sim/proc/program.ts';
import { LOG_VERSION } from '../../src/ui/engine/log.ts';
import { Run } from '../../src/ui/engine/run.ts';
import { freshWorld } from '../support/world.ts';
import { SITE } from './support/build.ts';
import { openBrowser, serve, type Site } from './support/site.ts';

const drill = readCourse(`${root}/scenarios`).find(({ id }) => id === '1.1') as Read & { ok: true };

/** What a trainee did, in Node. */
function played(): { run: Run; link: string } {
  const run = new Run(drill.scenario, drill.stamp, PAGE_SEED, freshWorld());
  run.begin();
  const type = (text: string, seconds: number): void => { for (const key of text) run.keys('node-1 1', key); run.session.advance(seconds); };
  run.resize('node-1 1', 97, 31);
  type('sudo sysctl -w net.ipv4.ip_forward=0\r', 2);
  type('ping -c 100 192.168.121.198\r', 3);
  type('\x03', 1);
  const other = run.open('node-2');
  run.keys(other, 'uptime\r');
  run.session.advance(61);
  type('gravity status | grep -c degraded\r', 2);
  return { run, link: encodeLink({ log: run.log(), digest: run.session.sim.digest() } as unknown as Json) };
}

let site: Site, browser: Browser, page: Page;
const { run, link } = played();

beforeAll(async () => {
  site = await serve(SITE);
  browser = await openBrowser();
  page = await browser.newPage();
});
afterAll(async () => { await browser?.close(); await site?.close(); });

const open = async (payload: string): Promise<string> => {
  await page.goto('about:blank');
  await page.goto(`${site.url}#/p/${payload}`);
  const said = page.locator('drill-training .notice', { hasText: /erified/ }).or(page.locator('[role=alert]'));
  await said.first().waitFor({ timeout: 60_000 });
  return (await said.first().textContent())!.replace(/\s+/g, ' ');
};

describe('a run', () => {
  it('is played again from its log to the same bit, however time is sliced', () => {
    const again = new Run(drill.scenario, drill.stamp, PAGE_SEED, freshWorld());
    again.begin();
    let count = 0;
    const replay = again.replaying(JSON.parse(JSON.stringify(run.log())) as ReturnType<Run['log']>, () => ++count % 40 === 0);
    while (!replay.next().done);
    expect(again.session.sim.digest()).toBe(run.session.sim.digest());
    expect(again.log()).toEqual(run.log());
  });
  it('goes back and forth over its steps, and to ways that were left', () => {
    const trying = new Run(drill.scenario, drill.stamp, PAGE_SEED, freshWorld());
    trying.begin();
    const digest = (): string => trying.session.sim.digest();
    const enter = (text: string): void => { trying.keys('node-1 1', `${text}\r`); trying.session.advance(1); };
    const start = digest();
    enter('echo one > a');
    const one = digest();
    enter('echo two > b');
    const two = digest();
    trying.undo();
    expect(digest()).toBe(one);
    trying.redo();
    expect(digest()).toBe(two);
    trying.goTo(0);
    expect(digest()).toBe(one);
    enter('echo three > c');
    expect(trying.steps().map(({ state }) => state)).toEqual(['done', 'left', 'done']);
    trying.goTo(1);
    expect(digest()).toBe(two);
    trying.goTo(-1);
    expect(digest()).toBe(start);
  });
});

describe('a link', () => {
  it('made in Node is verified in Chromium', async () => {
    expect(await open(link)).toContain('Verified.');
  });
  it('of forty commands is short enough for a chat', () => {
    expect(link.length).toBeLessThan(2_000);
  });
  it('that promises another end is not verified', async () => {
    const other = encodeLink({ log: run.log(), digest: '0123456789abcdef' } as unknown as Json);
    expect(await open(other)).toContain('Not verified.');
  });
  it('with one wrong character is damaged, and never verified', async () => {
    expect(await open(`${link.slice(0, 40)}${link[40] === 'A' ? 'B' : 'A'}${link.slice(41)}`)).toContain('This link is damaged');
  });
  it('of another version says so', async () => {
    expect(await open(encodeLink({ log: { ...run.log(), stamp: 'older' }, digest: 'x' } as unknown as Json))).toContain('another version');
    expect(await open(encodeLink({ log: { ...run.log(), version: LOG_VERSION + 1 }, digest: 'x' } as unknown as Json))).toContain('another version');
  });
  it.each([
    ['no log at all', { log: 'x', digest: 'y' }], ['a drill that is not here', { log: { ...run.log(), scenario: '<img src=x>' }, digest: 'y' }],
    ['keys that are no list', { log: { ...run.log(), typed: {} }, digest: 'y' }],
  ])('with %s is refused with a word', async (_, value) => {
    expect(await open(encodeLink(value as unknown as Json))).toMatch(/This link (is damaged|belongs to a drill that is not here)/);
  });
});
