/** Members on simulated machines: they find each other, agree, fall quiet, and feel what is done to them. */
import { entry } from '../../src/sim/engine/pages.ts';
import { describe, expect, it } from 'vitest';
import { own } from '../../src/sim/engine/cow.ts';
import { ms, seconds } from '../../src/sim/engine/time.ts';
import { etcdLeaseGrant, etcdPut, etcdRange, etcdTxn, etcdV2, etcdWatch, etcdWatchNext, type EtcdClient } from '../../src/sim/services/etcd/client.ts';
import { programs } from '../../src/sim/services/etcd/index.ts';
import type { Core } from '../../src/sim/services/etcd/core.ts';
import { ADDRESS, Lab, NODES } from './lab.ts';

const url = (node: string, port: number): string => `http://${ADDRESS[node]}:${port}`;
const argv = (node: string): string[] => ['/usr/bin/etcd', `--name=${node}`, '--data-dir=/var/etcd', `--initial-advertise-peer-urls=${url(node, 2380)}`, `--advertise-client-urls=${url(node, 2379)}`,
  '--listen-client-urls=http://0.0.0.0:2379', `--listen-peer-urls=${url(node, 2380)}`, `--initial-cluster=${NODES.map((n) => `${n}=${url(n, 2380)}`).join(',')}`];

class EtcdLab extends Lab {
  pids: Record<string, number> = {};
  constructor(seed = 1) {
    super(Object.fromEntries(programs.map((program) => [program.name, program])), undefined, seed);
    for (const node of NODES) this.start(node);
    this.run(seconds(6));
  }
  start(node: string): void { this.pids[node] = this.launch(node, 'etcd', argv(node)); }
  core(node: string): Core | undefined { return entry(this.machine.world.hosts[node]!.procs, this.pids[node]!)?.memory['core'] as unknown as Core; }
  leader(): string { return NODES.find((node) => this.core(node)?.raft.role === 'leader') ?? ''; }
  cut(a: string, b: string, whether = true): void {
    const wire = own(this.machine.world, 'wire');
    const pair = [a, b].sort().join(' ');
    wire.cut = { ...wire.cut };
    if (whether) wire.cut[pair] = true; else delete wire.cut[pair];
    this.machine.disturb();
  }
  disk(node: string, fsyncUs: number): void {
    own(this.machine.host(node), 'disk').fsyncUs = fsyncUs;
    this.machine.disturb();
  }
}

const local: EtcdClient = { endpoints: ['http://127.0.0.1:2379'], cert: null, trust: null };
const others = (node: string): string[] => NODES.filter((other) => other !== node);

describe('an etcd cluster', () => {
  it('starts, agrees and falls quiet', () => {
    const lab = new EtcdLab();
    expect(lab.leader()).not.toBe('');
    lab.run(seconds(20));
    expect(NODES.map((node) => lab.core(node)!.raft.quiet)).toEqual([true, true, true]);
    const before = lab.machine.handled;
    lab.run(seconds(60));
    expect(lab.machine.handled - before).toBeLessThan(300);
    expect(lab.do('n1', () => etcdPut(local, { key: '/a', value: 'b' })).ok).toBe(true);
    const got = lab.do('n2', () => etcdRange(local, { key: '/a' }));
    expect(got.ok && got.value.kvs[0]!.value).toBe('b');
    const set = lab.do('n3', () => etcdV2(local, 'PUT', '/foo', {}, 'bar'));
    expect(set.ok && set.value.body).toMatchObject({ action: 'set', node: { key: '/foo', value: 'bar' } });
  });

  it('gets over the death of its leader in 1 to 3 seconds and keeps what it acknowledged', () => {
    const lab = new EtcdLab(2);
    const old = lab.leader();
    expect(lab.do(old, () => etcdPut(local, { key: 'k', value: '1' })).ok).toBe(true);
    lab.kill(old, lab.pids[old]!);
    const died = lab.now;
    lab.run(seconds(10), () => lab.leader() !== '' && lab.leader() !== old);
    expect(lab.now - died).toBeGreaterThan(ms(1_000));
    expect(lab.now - died).toBeLessThan(seconds(4));
    lab.run(seconds(1));
    const got = lab.do(others(old)[0]!, () => etcdRange(local, { key: 'k' }));
    expect(got.ok && got.value.kvs[0]!.value).toBe('1');
    expect(lab.do(others(old)[0]!, () => etcdPut(local, { key: 'k', value: '2' })).ok).toBe(true);
    lab.start(old);
    lab.run(seconds(5));
    const back = lab.do(old, () => etcdRange(local, { key: 'k' }));
    expect(back.ok && back.value.kvs[0]).toMatchObject({ value: '2', version: 2 });
    expect(lab.journal(old, 'etcd').join('\n')).toMatch(/the server is already initialized as member before/);
  });

  it('refuses writes without a majority, in its words, and serves again when it is back', () => {
    const lab = new EtcdLab(3);
    const [a, b, c] = NODES;
    lab.kill(b, lab.pids[b]!);
    lab.kill(c, lab.pids[c]!);
    lab.run(seconds(2));
    const put = lab.do(a, () => etcdPut(local, { key: 'x', value: 'y' }));
    expect(put).toMatchObject({ ok: false, error: expect.stringMatching(/^etcdserver: request timed out/) });
    const read = lab.do(a, () => etcdRange(local, { key: 'x' }));
    expect(read).toMatchObject({ ok: false, error: 'etcdserver: request timed out' });
    const stale = lab.do(a, () => etcdRange(local, { key: 'x', serializable: true }));
    expect(stale.ok).toBe(true);
    lab.start(b);
    lab.run(seconds(6));
    expect(lab.do(a, () => etcdPut(local, { key: 'x', value: 'y' })).ok).toBe(true);
  });

  it('notices a cut wire: the minority leader steps down, a new one is elected, and all heals', () => {
    const lab = new EtcdLab(4);
    lab.run(seconds(5));
    const old = lab.leader();
    for (const other of others(old)) lab.cut(old, other);
    lab.run(seconds(1.3));
    expect(lab.core(old)!.raft.role).not.toBe('leader');
    lab.run(seconds(3));
    expect(others(old)).toContain(lab.leader());
    expect(lab.do(others(old)[0]!, () => etcdPut(local, { key: 'p', value: 'q' })).ok).toBe(true);
    lab.run(seconds(10));
    for (const other of others(old)) lab.cut(old, other, false);
    lab.run(seconds(12));
    const got = lab.do(old, () => etcdRange(local, { key: 'p' }));
    expect(got.ok && got.value.kvs[0]!.value).toBe('q');
    lab.run(seconds(60));
    expect(NODES.map((node) => lab.core(node)!.raft.quiet)).toEqual([true, true, true]);
  });

  it('hands leadership over when its leader is stopped', () => {
    const lab = new EtcdLab(5);
    const old = lab.leader();
    lab.kill(old, lab.pids[old]!, 'TERM');
    lab.run(ms(300));
    expect(lab.leader()).not.toBe('');
    expect(lab.leader()).not.toBe(old);
    expect(lab.journal(old, 'etcd').join('\n')).toMatch(/finished leadership transfer from/);
    // It has put the signal's default back and given it to itself: that is its end.
    expect(entry(lab.machine.world.hosts[old]!.procs, lab.pids[old]!)?.exit).not.toBeNull();
  });

  it('complains of a slow disk and loses its leadership to it', () => {
    const lab = new EtcdLab(6);
    const old = lab.leader();
    lab.disk(old, seconds(3));
    lab.run(seconds(1));
    lab.do(old, () => etcdPut(local, { key: 's', value: 't' }, seconds(10)));
    lab.run(seconds(10));
    const said = lab.journal(old, 'etcd').join('\n');
    expect(said).toMatch(/sync duration of 3(\.\d+)?s, expected less than 1s/);
    expect(lab.leader()).not.toBe(old);
  });

  it('says that it is overloaded when the disk holds up heartbeats', () => {
    const lab = new EtcdLab(7);
    const leader = lab.leader();
    lab.disk(leader, ms(450));
    lab.run(seconds(1));
    for (let i = 0; i < 4; i++) lab.do(leader, () => etcdPut(local, { key: 's', value: i }, seconds(10)));
    lab.run(seconds(1));
    expect(lab.journal(leader, 'etcd').join('\n')).toMatch(/failed to send out heartbeat on time \(exceeded the 100ms timeout for [\d.]+ms\)\nserver is likely overloaded/);
  });

  it('tells watchers, from the past too, and expires leases', () => {
    const lab = new EtcdLab(8);
    const seen = lab.do('n2', function* () {
      yield* etcdPut(local, { key: '/w/1', value: 'a' });
      const first = yield* etcdPut(local, { key: '/w/2', value: 'b' });
      const watch = yield* etcdWatch(local, { key: '/w/', rangeEnd: '/w0', startRevision: first.ok ? first.value.header.revision : 0 });
      if (!watch.ok) return watch;
      const lease = yield* etcdLeaseGrant(local, 5);
      yield* etcdPut(local, { key: '/w/3', value: 'c', lease: lease.ok ? lease.value.id : '0' });
      const out: string[] = [];
      for (let i = 0; i < 3; i++) {
        const got = yield* etcdWatchNext(watch.value.fd, seconds(20));
        if (typeof got === 'object') for (const event of got.events) out.push(`${event.type} ${event.kv.key}`);
      }
      return out;
    });
    expect(seen).toEqual(['PUT /w/2', 'PUT /w/3', 'DELETE /w/3']);
  });

  it('compares and swaps, and expires v2 keys', () => {
    const lab = new EtcdLab(9);
    const txn = { compare: [{ key: 't', target: 'VERSION' as const, result: 'EQUAL' as const, value: 0 }], success: [{ put: { key: 't', value: '1' } }], failure: [{ range: { key: 't' } }] };
    const got = lab.do('n1', function* () {
      const a = yield* etcdTxn(local, txn);
      const b = yield* etcdTxn(local, txn);
      return [a.ok && a.value.succeeded, b.ok && b.value.succeeded, b.ok && b.value.responses[0]!.range!.kvs[0]!.value];
    });
    expect(got).toEqual([true, false, '1']);
    lab.do('n3', () => etcdV2(local, 'PUT', '/ttl', { ttl: 3 }, 'x'));
    lab.run(seconds(2));
    const still = lab.do('n1', () => etcdV2(local, 'GET', '/ttl'));
    expect(still.ok && still.value.status).toBe(200);
    lab.run(seconds(3));
    const gone = lab.do('n1', () => etcdV2(local, 'GET', '/ttl'));
    expect(gone.ok && gone.value.body).toMatchObject({ errorCode: 100, message: 'Key not found', cause: '/ttl' });
  });

  it('catches a wiped member up with a snapshot', () => {
    const lab = new EtcdLab(10);
    const follower = others(lab.leader())[0]!;
    lab.kill(follower, lab.pids[follower]!);
    lab.do(lab.leader(), function* () { for (let i = 0; i < 1_300; i++) yield* etcdPut(local, { key: `/many/${i % 50}`, value: i }); return null; }, seconds(300));
    lab.start(follower);
    lab.run(seconds(5));
    const got = lab.do(follower, () => etcdRange(local, { key: '/many/', rangeEnd: '/many0', countOnly: true }));
    expect(got.ok && got.value.count).toBe(50);
  });
});
