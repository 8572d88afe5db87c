/** Connections in time: retries, half-open peers, closing, limits of the tables. */
import { dropEntry, entries } from '../../src/sim/engine/pages.ts';
import { beforeEach, describe, expect, it } from 'vitest';
import { own } from '../../src/sim/engine/cow.ts';
import type { Sys } from '../../src/sim/proc/program.ts';
import { call } from '../../src/sim/proc/syscalls.ts';
import { Laboratory } from './laboratory.ts';

const N2 = '172.28.128.102';
let lab: Laboratory;
beforeEach(() => { lab = new Laboratory(); });
const seconds = (): number => lab.machine.world.now / 1e6;

describe('connect', () => {
  it('gives up after 127 seconds of silence', () => {
    lab.iptables('n2', '-A INPUT -p tcp --dport 8080 -j DROP');
    const before = seconds();
    const errno = lab.run('n1', function* (): Sys<string> {
      const got = yield* call('connect', { proto: 'tcp', addr: N2, port: 8080 });
      return got.ok ? 'open' : got.errno;
    });
    expect(errno).toBe('ETIMEDOUT');
    expect(seconds() - before).toBeCloseTo(127, 1);
  });
  it('is forbidden by endpoint protection in the kernel, but not to itself', () => {
    lab.machine.host('n1').modules = { CyProtectDrv: { refs: 0, params: '' }, br_netfilter: { refs: 0, params: '' } } as never;
    expect([lab.curl('n1', N2, 8080), lab.curl('n1', '127.0.0.1', 8080)]).toEqual(['EACCES', 'n1 from 127.0.0.1']);
  });
  it('needs root for a port below 1024 and a free one', () => {
    const [low, taken] = lab.run('n1', function* (): Sys<string[]> {
      yield* call('setuid', { uid: 1000, gid: 1000 });
      const a = yield* call('listen', { proto: 'tcp', addr: '0.0.0.0', port: 80 });
      const b = yield* call('listen', { proto: 'tcp', addr: '127.0.0.1', port: 8080 });
      return [a.ok ? 'open' : a.errno, b.ok ? 'open' : b.errno];
    });
    expect([low, taken]).toEqual(['EACCES', 'EADDRINUSE']);
  });
});

describe('an open connection', () => {
  const talk = (fault: () => void, patience?: number): string => lab.run('n1', function* (): Sys<string> {
    const fd = yield* call('connect', { proto: 'tcp', addr: N2, port: 8080 });
    if (!fd.ok) return fd.errno;
    fault();
    yield* call('send', { fd: fd.value, data: 'GET /' });
    const got = yield* call('recv', { fd: fd.value, timeoutUs: patience });
    return got.ok ? String(got.value?.data ?? 'EOF') : got.errno;
  }, 2_000);

  it('outlives a lost packet: the data is sent again', () => {
    const before = seconds();
    expect(talk(() => {
      lab.machine.world.wire = { ...lab.machine.world.wire, cut: { 'n1 n2': true } };
      lab.machine.schedule(500_000, { kind: 'deadline', host: 'n1', pid: -1, gen: 0 });
    }, 400_000)).toBe('ETIMEDOUT');
    expect(seconds() - before).toBeLessThan(1);
  });
  it('fails after fifteen retransmissions when the peer is gone, with what ARP said last', () => {
    const before = seconds();
    expect(talk(() => { lab.machine.host('n2').up = false; })).toBe('EHOSTUNREACH');
    expect(seconds() - before).toBeGreaterThan(900);
  });
  it('stalls when acknowledgements are lost, and goes on when they come through again', () => {
    const heard = lab.run('n1', function* (): Sys<string[]> {
      const listening = yield* call('listen', { proto: 'tcp', addr: '127.0.0.1', port: 7001 });
      const client = yield* call('connect', { proto: 'tcp', addr: '127.0.0.1', port: 7001 });
      const server = listening.ok ? yield* call('accept', { fd: listening.value }) : listening;
      if (!client.ok || !server.ok) return ['no connection'];
      const hear = function* (timeoutUs: number): Sys<string> {
        const got = yield* call('recv', { fd: server.value.fd, timeoutUs });
        return got.ok ? String(got.value?.data) : got.errno;
      };
      lab.iptables('n1', '-A INPUT -i lo -p tcp --sport 7001 -j DROP');
      yield* call('send', { fd: client.value, data: 'one' });
      const first = yield* hear(100_000);
      yield* call('sleep', { us: 1_000_000 });
      yield* call('send', { fd: client.value, data: 'two' });
      const second = yield* hear(500_000);
      lab.iptables('n1', '-D INPUT -i lo -p tcp --sport 7001 -j DROP');
      return [first, second, yield* hear(30_000_000)];
    });
    expect(heard).toEqual(['one', 'ETIMEDOUT', 'two']);
  });
  it('is reset by a host that knows nothing of it', () => {
    expect(talk(() => {
      const ns = own(own(lab.machine.host('n2'), 'ns'), 'host');
      for (const socket of entries(ns.sockets)) if (socket.tcp && socket.tcp.state !== 'LISTEN') { dropEntry(own(ns, 'sockets'), socket.id); }
      ns.ports = Object.fromEntries(Object.entries(ns.ports).filter(([key]) => key.split(' ').length === 3));
    })).toBe('ECONNRESET');
  });
  it('ends cleanly: TIME_WAIT for a minute, then nothing', () => {
    expect(lab.curl('n1', N2, 8080)).toBe('n2 from 172.28.128.101');
    const states = (): string[] => entries(lab.machine.world.hosts['n2']!.ns['host']!.sockets).flatMap((s) => (s.tcp && s.tcp.state !== 'LISTEN' ? [s.tcp.state] : []));
    const wait = (us: number): null => lab.run('n1', function* (): Sys<null> { yield* call('sleep', { us }); return null; });
    wait(1_000);
    expect(states()).toEqual(['TIME-WAIT']);
    wait(61_000_000);
    expect(states()).toEqual([]);
  });
});

describe('connection tracking', () => {
  it('forgets by its timeouts and fills up at its limit', () => {
    lab.udp('n1', N2, 9999);
    expect(lab.tool('n1', 'conntrack -L -p udp').stdout).toMatch(/^udp {6}17 \d+ src=172\.28\.128\.101 dst=172\.28\.128\.102 sport=\d+ dport=9999 src=172\.28\.128\.102 .*mark=0 use=1\n$/);
    lab.run('n1', function* (): Sys<null> { yield* call('sleep', { us: 200_000_000 }); return null; });
    expect(lab.tool('n1', 'conntrack -C').stdout).toBe('0\n');
    lab.sysctl('n1', 'net.netfilter.nf_conntrack_max', '1');
    lab.curl('n1', N2, 8080);
    expect(lab.udp('n1', '172.28.128.103', 9999)).toBe('EPERM');
    expect(lab.machine.world.hosts['n1']!.dmesg.chunks.flat().map((line) => line.message)).toContain('nf_conntrack: table full, dropping packet');
  });
  it('can be emptied; a stream goes on, a translated one does not', () => {
    lab.tool('n1', 'conntrack -F');
    expect(lab.tool('n1', 'conntrack -L').stderr).toBe('conntrack v1.4.4 (conntrack-tools): 0 flow entries have been shown.\n');
  });
});
