/** iptables' words, and that what iptables-save prints is what iptables-restore takes. */
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { freshNs } from '../../src/sim/net/namespace.ts';
import { runIptables, runRestore } from '../../src/sim/net/iptables/command.ts';
import { saveText } from '../../src/sim/net/iptables/save.ts';
import type { IptablesAnswer, NetNs } from '../../src/sim/net/state.ts';

const say = { version: 'v1.6.0', family: 4 as const, stamp: 'now' };
let ns: NetNs;
beforeEach(() => { ns = freshNs('host', false); });
const run = (...args: string[]): IptablesAnswer => runIptables(ns, args, say);
const save = (of = ns): string => saveText(of.netfilter, undefined, true, 'now', 'v1.6.0');
const restore = (text: string, o: { noflush?: boolean } = {}, of = ns): IptablesAnswer => runRestore(of, text, { noflush: !!o.noflush, counters: true, test: false }, say);

describe('commands', () => {
  it('keep chains in order and refuse to remove what is in use', () => {
    for (const chain of ['ZED', 'ABLE']) expect(run('-N', chain).exit).toBe(0);
    expect(run('-S').stdout).toBe('-P INPUT ACCEPT\n-P FORWARD ACCEPT\n-P OUTPUT ACCEPT\n-N ABLE\n-N ZED\n');
    expect(run('-N', 'ZED').stderr).toBe('iptables: Chain already exists.\n');
    run('-A', 'INPUT', '-j', 'ZED');
    expect(run('-X', 'ZED').stderr).toBe('iptables: Too many links.\n');
    run('-F', 'INPUT');
    run('-A', 'ZED', '-j', 'DROP');
    expect(run('-X', 'ZED').stderr).toBe('iptables: Directory not empty.\n');
    expect(run('-L', 'NOPE').stderr).toBe('iptables: No chain/target/match by that name.\n');
    expect(run('-P', 'ZED', 'DROP').stderr).toBe('iptables: Bad built-in chain name.\n');
    expect(run('-P', 'INPUT', 'FOO').stderr).toBe('iptables: Bad policy name.\n');
    expect(run('-E', 'ZED', 'OMEGA').exit).toBe(0);
    expect(run('-S', 'OMEGA').stdout).toBe('-N OMEGA\n-A OMEGA -j DROP\n');
  });
  it('insert, replace and delete by number', () => {
    run('-A', 'INPUT', '-s', '10.0.0.1', '-j', 'DROP');
    expect(run('-I', 'INPUT', '3', '-j', 'DROP').stderr).toBe('iptables: Index of insertion too big.\n');
    expect(run('-R', 'INPUT', '2', '-j', 'DROP').stderr).toBe('iptables: Index of replacement too big.\n');
    run('-I', 'INPUT', '-s', '10.0.0.2', '-j', 'ACCEPT');
    run('-R', 'INPUT', '2', '-s', '10.0.0.3', '-j', 'DROP');
    expect(run('-S', 'INPUT').stdout).toBe('-P INPUT ACCEPT\n-A INPUT -s 10.0.0.2/32 -j ACCEPT\n-A INPUT -s 10.0.0.3/32 -j DROP\n');
  });
  it('ask the kernel what it takes where', () => {
    expect(run('-A', 'INPUT', '-j', 'MASQUERADE').stderr).toBe('iptables: Invalid argument. Run `dmesg\' for more information.\n');
    expect(run('-t', 'nat', '-A', 'POSTROUTING', '-p', 'tcp', '-j', 'DNAT', '--to-destination', '1.2.3.4').exit).toBe(1);
    run('-N', 'LOOP');
    expect(run('-A', 'LOOP', '-j', 'LOOP').exit).toBe(0);
    expect(run('-A', 'INPUT', '-j', 'LOOP').stderr).toBe('iptables: Too many levels of symbolic links.\n');
  });
  it('say what is wrong with the words', () => {
    expect(run('-A', 'INPUT', '--dprot', '80').stderr).toBe('iptables v1.6.0: unknown option "--dprot"\nTry `iptables -h\' or \'iptables --help\' for more information.\n');
    expect(run('-A', 'INPUT', '-j', 'FOO').stderr).toBe('iptables v1.6.0: Couldn\'t load target `FOO\':No such file or directory\n\nTry `iptables -h\' or \'iptables --help\' for more information.\n');
  });
});

describe('iptables-restore', () => {
  it('stops at a bad line and leaves the table as it was', () => {
    const answer = restore('*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -j NOWHERE\nCOMMIT\n');
    expect(answer.stderr).toContain('Error occurred at line: 3');
    expect(answer.exit).toBe(2);
    expect(run('-S', 'INPUT').stdout).toBe('-P INPUT ACCEPT\n');
    expect(restore('*filter\n-A NOPE -j DROP\nCOMMIT\n').stderr).toBe('iptables-restore: line 2 failed\n');
  });
  it('flushes a table unless told not to, and with --noflush only the chains it names', () => {
    run('-A', 'INPUT', '-j', 'ACCEPT');
    restore('*filter\n:MINE - [0:0]\n-A MINE -j DROP\nCOMMIT\n', { noflush: true });
    expect(run('-S').stdout).toContain('-A INPUT -j ACCEPT\n-A MINE -j DROP\n');
    restore('*filter\n:MINE - [0:0]\nCOMMIT\n', { noflush: true });
    expect(run('-S').stdout).not.toContain('-A MINE');
    restore('*filter\nCOMMIT\n');
    expect(run('-S').stdout).toBe('-P INPUT ACCEPT\n-P FORWARD ACCEPT\n-P OUTPUT ACCEPT\n');
  });
});

// --- a table saved is a table restored

const octet = fc.integer({ min: 0, max: 255 });
const address = fc.tuple(octet, octet, octet, octet, fc.integer({ min: 1, max: 32 })).map(([a, b, c, d, n]) => `${a}.${b}.${c}.${d}/${n}`);
const port = fc.integer({ min: 0, max: 65_535 });
const not = fc.boolean().map((yes) => (yes ? ['!'] : []));
const match = fc.oneof(
  fc.tuple(not, fc.subarray(['NEW', 'ESTABLISHED', 'RELATED', 'INVALID'], { minLength: 1 })).map(([n, states]) => ['-m', 'conntrack', ...n, '--ctstate', states.join()]),
  fc.string({ maxLength: 40 }).filter((text) => !/[\n\r]/.test(text)).map((text) => ['-m', 'comment', '--comment', text]),
  fc.tuple(not, fc.integer({ min: 0, max: 0xffff }), fc.integer({ min: 0, max: 0xffff })).map(([n, v, m]) => ['-m', 'mark', ...n, '--mark', `0x${v.toString(16)}/0x${m.toString(16)}`]),
  fc.subarray(['LOCAL', 'UNICAST', 'BROADCAST'], { minLength: 1 }).map((types) => ['-m', 'addrtype', '--dst-type', types.join()]),
  fc.integer({ min: 1, max: 99_999 }).map((p) => ['-m', 'statistic', '--mode', 'random', '--probability', `0.${String(p).padStart(5, '0')}`]),
  fc.integer({ min: 1, max: 50 }).map((n) => ['-m', 'limit', '--limit', `${n}/min`]),
);
const head = fc.oneof(
  fc.constant([] as string[]), fc.constant(['-p', 'icmp']),
  fc.tuple(fc.constantFrom('tcp', 'udp'), not, port, port).map(([proto, n, a, b]) => ['-p', proto, ...n, '--dport', `${Math.min(a, b)}:${Math.max(a, b)}`]),
);
const target = fc.constantFrom(['-j', 'ACCEPT'], ['-j', 'DROP'], ['-j', 'RETURN'], ['-j', 'REJECT', '--reject-with', 'icmp-host-prohibited'], ['-j', 'MARK', '--set-mark', '0x4000'],
  ['-j', 'LOG', '--log-prefix', 'a "quoted" one: '], ['-j', 'OTHER'], ['-g', 'OTHER'], []);
const rule = fc.tuple(fc.constantFrom('INPUT', 'FORWARD', 'MINE'), not, address, head, fc.array(match, { maxLength: 3 }), target)
  .map(([chain, n, src, p, matches, t]) => ['-A', chain, ...n, '-s', src, ...p, ...matches.flat(), ...t]);

describe('properties', () => {
  it('iptables-save | iptables-restore changes nothing', () => {
    fc.assert(fc.property(fc.array(rule, { maxLength: 12 }), (rules) => {
      ns = freshNs('host', false);
      for (const chain of ['MINE', 'OTHER']) run('-N', chain);
      for (const words of rules) expect(run(...words).stderr).toBe('');
      const before = save();
      const copy = freshNs('host', false);
      expect(restore(before, {}, copy)).toEqual({ exit: 0, stdout: '', stderr: '' });
      expect(save(copy)).toBe(before);
      expect(restore(before).exit).toBe(0);
      expect(save()).toBe(before);
    }), { numRuns: 150 });
  });
  it('a rule that was added is found, and is gone when deleted', () => {
    fc.assert(fc.property(rule, (words) => {
      ns = freshNs('host', false);
      for (const chain of ['MINE', 'OTHER']) run('-N', chain);
      const before = save();
      run(...words);
      expect(run('-C', ...words.slice(1)).stderr).toBe('');
      run('-D', ...words.slice(1));
      expect(save()).toBe(before);
    }), { numRuns: 150 });
  });
});
