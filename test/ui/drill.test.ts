/** Drill 1.1 in a real browser, from its first line to its last, by keyboard alone, as a person would play it. */
import type { Browser, Page } from 'playwright';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SITE } from './support/build.ts';
import { enter, screenText, see, tabTo, untilReady } from './support/person.ts';
import { openBrowser, serve, type Site } from './support/site.ts';

let site: Site, browser: Browser, page: Page;
const errors: string[] = [], requests: string[] = [];

beforeAll(async () => {
  site = await serve(SITE);
  browser = await openBrowser();
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  page = await context.newPage();
  page.on('pageerror', (error) => errors.push(error.message));
  page.on('console', (message) => { if (message.type() === 'error') errors.push(message.text()); });
  page.on('request', (request) => requests.push(request.url()));
  await page.goto(`${site.url}#/s/1.1`);
});
afterAll(async () => { await browser?.close(); await site?.close(); });

const lesson = () => page.locator('drill-lesson');
const goal = (name: RegExp) => lesson().locator('.goal', { hasText: name });
const skip = async (): Promise<void> => {
  await tabTo(page, /^Skip to the next change/);
  await page.keyboard.press('Enter');
  await expect.poll(() => page.locator('drill-timeline').getByRole('button', { name: 'Stop skipping' }).count(), { timeout: 60_000 }).toBe(0);
};
const toTerminal = async (): Promise<void> => tabTo(page, /^Terminal on node-1/, true);

describe('drill 1.1', () => {
  it('takes keys before the world is there, and loses none', async () => {
    await page.locator('drill-terminal').first().waitFor();
    await see(page, /^node-1\$ *$/);
    await page.keyboard.type('kubectl create -f debug.yaml');
    expect(await screenText(page)).toContain('kubectl create -f debug.yaml');
    await untilReady(page);
    await page.keyboard.press('Enter');
    await see(page, /^node-1\$ kubectl create -f debug\.yaml\ndaemonset\.extensions\/debug created\nnode-1\$/);
  });

  it('shows the pods come up when time is skipped', async () => {
    await tabTo(page, /^Skip 20 seconds/, true);
    await page.keyboard.press('Enter');
    await tabTo(page, /^Terminal on node-1/);
    const up = /debug-\w+ +1\/1 +Running(.*\n)+.*Running(.*\n)+.*Running/;
    for (let looks = 0; looks < 20 && !up.test(await screenText(page)); looks++) await enter(page, 'clear; kubectl get pods -l app=debug');
    await see(page, up);
  });

  it('breaks forwarding, and the pod loses the cluster while the nodes stay Ready', async () => {
    await enter(page, "POD=$(kubectl get pods -l app=debug --field-selector spec.nodeName=192.168.121.232 -o jsonpath='{.items[0].metadata.name}')");
    await enter(page, 'clear');
    await enter(page, 'kubectl exec $POD -- chroot /rootfs curl -sk https://gravity-site.kube-system.svc.cluster.local:3009/healthz; echo');
    await see(page, /"status":"ok"/);
    await enter(page, 'clear');
    await enter(page, 'sudo sysctl -w net.ipv4.ip_forward=0');
    await see(page, /net\.ipv4\.ip_forward = 0/);
    await page.keyboard.type('kubectl exec $POD -- chroot /rootfs curl -sk -m 4 https://gravity-site.kube-system.svc.cluster.local:3009/healthz; echo left $?\r');
    await page.waitForTimeout(700);
    await page.keyboard.press('Control+c');
    await see(page, /\^C/);
    await enter(page, 'kubectl get nodes');
    await see(page, /232 +Ready/);
    await expect.poll(() => goal(/node-1 forwards/).getAttribute('data-passed'), { timeout: 20_000 }).toBeNull();
    await expect.poll(() => goal(/node-1 forwards/).textContent(), { timeout: 20_000 }).toContain('net.ipv4.ip_forward is still 0');
  });

  it('finds the cause in gravity status a minute later', async () => {
    await skip();
    await expect.poll(() => page.locator('drill-machine').getByRole('tab', { name: /node-1/ }).textContent(), { timeout: 30_000 }).toContain('degraded');
    await toTerminal();
    await enter(page, 'clear');
    await enter(page, 'gravity status');
    await see(page, /degraded(.*\n)+.*ipv4 forwarding is off/);
  });

  it('says why, with a command that proves it and the step that did it', async () => {
    await tabTo(page, /^Why\?$/);
    await page.keyboard.press('Enter');
    const why = page.locator('drill-why');
    await why.getByText('net.ipv4.ip_forward is 0').waitFor({ timeout: 20_000 });
    expect(await why.locator('li[data-bad]').count()).toBe(1);
    expect(await why.locator('.since').textContent()).toMatch(/So since your step \d+: sudo sysctl -w net\.ipv4\.ip_forward=0/);
    await tabTo(page, /^Show in a terminal: sysctl/);
    await page.keyboard.press('Enter');
    await see(page, /sysctl net\.ipv4\.ip_forward\nnet\.ipv4\.ip_forward = 0/);
    await tabTo(page, /^Close$/);
    await page.keyboard.press('Enter');
    await expect.poll(() => why.count()).toBe(0);
  });

  it('hints at what is left to do, and types it without running it', async () => {
    const next = lesson().getByRole('button', { name: /What next\?|Tell me more/ });
    for (const words of [/not yet/, /Look at node-1/, /sudo sysctl -w …/, /sudo sysctl -w net\.ipv4\.ip_forward=1/]) {
      await next.click();
      await expect.poll(() => lesson().locator('.rungs li').last().textContent(), { timeout: 60_000 }).toMatch(words);
    }
    await lesson().getByRole('button', { name: 'Type it on node-1, do not run it' }).click();
    await see(page, /\$ sudo sysctl -w net\.ipv4\.ip_forward=1$/);
    await page.keyboard.press('Control+u');
  });

  it('repairs it, and every goal is met', async () => {
    await enter(page, 'sudo sysctl -w net.ipv4.ip_forward=1');
    await expect.poll(() => goal(/node-1 forwards/).getAttribute('data-passed'), { timeout: 20_000 }).toBe('');
    await skip();
    await expect.poll(() => lesson().locator('.done').count(), { timeout: 30_000 }).toBe(1);
  });

  it('answers its questions by trying, and says what happened', async () => {
    await lesson().getByRole('button', { name: /Questions/ }).click();
    const question = lesson().locator('drill-question').nth(1);
    expect(await question.locator('pre').count()).toBe(0);
    await question.getByLabel('sysctl -w net.ipv4.ip_forward=1', { exact: true }).check();
    await question.getByRole('button', { name: 'Check the answer' }).click();
    await question.getByText('No.').waitFor({ timeout: 20_000 });
    expect(await question.locator('pre').textContent()).toMatch(/permission denied[\s\S]*\$ cat \/proc\/sys\/net\/ipv4\/ip_forward\n0$/);
    await question.getByLabel('sysctl -w net.ipv4.ip_forward=1', { exact: true }).focus();
    await page.keyboard.press('ArrowDown');
    await question.getByRole('button', { name: 'Check the answer' }).press('Enter');
    await question.getByText('Right.').waitFor({ timeout: 20_000 });
  });

  it('undoes the repair and takes it up again', async () => {
    await tabTo(page, /^Undo/);
    await page.keyboard.press('Enter');
    await expect.poll(() => goal(/node-1 forwards/).getAttribute('data-passed'), { timeout: 20_000 }).toBeNull();
    await see(page, /ipv4 forwarding is off/);
    expect(await screenText(page)).not.toContain('ip_forward = 1');
    await tabTo(page, /^Redo/);
    await page.keyboard.press('Enter');
    await see(page, /ip_forward = 1/);
  });

  it('keeps everything across a reload', async () => {
    const before = await screenText(page);
    await page.waitForTimeout(300);
    await page.reload();
    await untilReady(page);
    await expect.poll(() => screenText(page)).toBe(before);
    await expect.poll(() => goal(/node-1 forwards/).getAttribute('data-passed'), { timeout: 20_000 }).toBe('');
  });

  it('spoke to no other host and complained of nothing', () => {
    expect(requests.filter((url) => !url.startsWith(site.url) && !url.startsWith('data:') && !url.startsWith('blob:'))).toEqual([]);
    expect(errors).toEqual([]);
  });
});
