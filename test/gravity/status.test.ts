import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { align } from '../../src/sim/gravity/columns.ts';
import { installedSite, installOperation } from '../../src/sim/gravity/state.ts';
import { PLAIN, printStatus, type StatusReport } from '../../src/sim/gravity/status.ts';
import { ago, civil, dateMinutes, dateSeconds, finishedIn, goDuration, rfc3339 } from '../../src/sim/gravity/times.ts';
import { NOSTALGIC } from '../../src/sim/gravity/topology.ts';

const second = 1_000_000;
const now = NOSTALGIC.installEnded + 26 * 3_600 * second;
const addresses = NOSTALGIC.servers.map((server) => server.address);
const report: StatusReport = {
  site: installedSite(NOSTALGIC), token: NOSTALGIC.token, active: [], last: installOperation(NOSTALGIC),
  endpoints: { gateway: addresses.map((each) => `${each}:32009`), ui: addresses.map((each) => `https://${each}:32009`) },
  system: 'running',
  nodes: NOSTALGIC.servers.map((server) => ({
    hostname: server.name, address: server.address, role: 'master', profile: 'node', status: 'healthy', failedProbes: [],
  })),
};

describe('gravity status', () => {
  it('prints a healthy cluster', () => {
    const fixture = readFileSync(new URL('./fixtures/status.txt', import.meta.url), 'utf8');
    expect(printStatus(report, now, PLAIN)).toBe(fixture);
  });

  it('says what is wrong with a node', () => {
    const probe = 'ipv4 forwarding is off, see https://www.gravitational.com/docs/faq/#ipv4-forwarding ()';
    const [first, ...rest] = report.nodes;
    const text = printStatus({ ...report, system: 'degraded', nodes: [{ ...first!, status: 'degraded', failedProbes: [probe] }, ...rest] }, now, PLAIN);
    expect(text).toContain('Cluster status:\t\tdegraded\n');
    expect(text).toContain(`            Status:\tdegraded\n            [×]\t\t${probe}\n`);
  });

  it('shows what is under way', () => {
    const operation = {
      id: '71266b23-d0ea-46b6-a5c4-15906eeb770a', type: 'operation_shrink', state: 'shrink_in_progress', created: now - 12 * second, updated: now,
      progress: { message: 'unregistering the node', completion: 10, state: 'in_progress', created: now },
    } as const;
    const text = printStatus({ ...report, active: [operation] }, now, PLAIN);
    expect(text).toContain('Active operations:\n    * operation_shrink (71266b23-d0ea-46b6-a5c4-15906eeb770a)\n'
      + '      started:\tTue Apr 30 20:46 UTC (12 seconds ago)\n      unregistering the node, 10% complete\n');
  });

  it('collapses without etcd and without an agent', () => {
    expect(printStatus({ ...report, site: null, token: null, last: null, endpoints: { gateway: [], ui: [] }, system: null, nodes: [] }, now, PLAIN))
      .toBe('Cluster status:\tdegraded\nCluster endpoints:\n    * Authentication gateway:\n    * Cluster management URL:\n');
  });
});

describe('times', () => {
  it('are Go\'s', () => {
    expect(dateSeconds(NOSTALGIC.installStarted)).toBe('Mon Apr 29 18:40:01 UTC');
    expect(dateSeconds(Date.UTC(2019, 4, 8, 21, 37, 37) * 1_000)).toBe('Wed May  8 21:37:37 UTC');
    expect(dateMinutes(Date.UTC(2020, 1, 29, 3, 4) * 1_000)).toBe('Sat Feb 29 03:04 UTC');
    expect(rfc3339(Date.UTC(2019, 11, 31, 23, 59, 59) * 1_000)).toBe('2019-12-31T23:59:59Z');
    expect(goDuration(9_726_002)).toBe('9.726002s');
    expect(goDuration(93_275_486)).toBe('1m33.275486s');
    expect(goDuration(8 * 3_600 * second)).toBe('8h0m0s');
    expect(goDuration(1_500)).toBe('1.5ms');
  });

  it('agree with the calendar', () => {
    for (let day = -40_000; day < 40_000; day += 37) {
      const date = new Date(day * 86_400_000);
      const ours = civil(day * 86_400 * second);
      expect([ours.year, ours.month, ours.day, ours.weekday]).toEqual([date.getUTCFullYear(), date.getUTCMonth() + 1, date.getUTCDate(), date.getUTCDay()]);
    }
  });

  it('are humanized', () => {
    expect(ago(0, 500_000)).toBe('now');
    expect(ago(0, 12 * second)).toBe('12 seconds ago');
    expect(ago(0, 90 * second)).toBe('1 minute ago');
    expect(ago(0, 26 * 3_600 * second)).toBe('1 day ago');
    expect(finishedIn(3 * second)).toBe('3 seconds ');
    expect(finishedIn(10)).toBe('now');
    expect(finishedIn(300 * second)).toBe('5 minutes ');
  });

  it('columns break where a line has no cell', () => {
    expect(align('a\tb\nlong one\tc\nx\nd\te')).toBe('a\t\tb\nlong one\tc\nx\nd\te');
  });
});
