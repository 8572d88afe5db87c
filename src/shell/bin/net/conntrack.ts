/** conntrack (conntrack-tools 1.4.4) and ethtool 4.8. */
import type { Conn, ConntrackFilter, LinkView, Tuple } from '../../../sim/net/state.ts';
import { err, fail, out } from '../../../sim/proc/libc.ts';
import type { Start, Sys } from '../../../sim/proc/program.ts';
import type { Command } from '../../command.ts';
import { changeNet, readNet } from './netlink.ts';

const VERSION = 'v1.4.4';
type Shown = Conn & { ttl: number };
const NUMBERS: Readonly<Record<string, number>> = { tcp: 6, udp: 17, icmp: 1 };

function tuple(t: Tuple): string {
  if (t.proto !== 'icmp') return `src=${t.src} dst=${t.dst} sport=${t.sport} dport=${t.dport} `;
  return `src=${t.src} dst=${t.dst} type=${t.dport >> 8} code=${t.dport & 255} id=${t.sport} `;
}

function line(c: Shown): string {
  const proto = c.orig.proto;
  const state = proto === 'tcp' ? `${c.state} ` : '';
  const reply = c.seenReply ? '' : '[UNREPLIED] ';
  return `${proto.padEnd(8)} ${NUMBERS[proto] ?? 0} ${c.ttl} ${state}${tuple(c.orig)}${reply}${tuple(c.reply)}${c.assured ? '[ASSURED] ' : ''}mark=${c.mark} use=1\n`;
}

const VALUES: Readonly<Record<string, keyof ConntrackFilter>> = {
  '-p': 'proto', '--proto': 'proto', '--protonum': 'proto', '-s': 'src', '--orig-src': 'src', '--src': 'src', '-d': 'dst', '--orig-dst': 'dst', '--dst': 'dst',
  '-r': 'replySrc', '--reply-src': 'replySrc', '-q': 'replyDst', '--reply-dst': 'replyDst', '--sport': 'sport', '--orig-port-src': 'sport', '--dport': 'dport',
  '--orig-port-dst': 'dport', '--reply-port-src': 'replySport', '--reply-port-dst': 'replyDport', '-m': 'mark', '--mark': 'mark', '--state': 'state',
};
const NUMERIC: ReadonlySet<string> = new Set(['sport', 'dport', 'replySport', 'replyDport', 'mark']);

interface Asked { command: string; filter: ConntrackFilter; table: string; anyNat: boolean }

function parse(args: readonly string[]): Asked | string {
  const filter: { -readonly [K in keyof ConntrackFilter]: ConntrackFilter[K] } = {};
  let command = '', table = 'conntrack', anyNat = false;
  const commands: Readonly<Record<string, string>> = { '-L': 'L', '--dump': 'L', '-D': 'D', '--delete': 'D', '-F': 'F', '--flush': 'F', '-C': 'C', '--count': 'C', '-S': 'S', '--stats': 'S', '-E': 'E', '--event': 'E', '-G': 'G', '--get': 'G', '-V': 'V', '--version': 'V', '-h': 'h', '--help': 'h' };
  for (let i = 0; i < args.length; i++) {
    const [word, given] = args[i]!.startsWith('--') ? args[i]!.split('=') as [string, string | undefined] : [args[i]!, undefined];
    const known = commands[word];
    if (known) {
      if (command) return 'Can\'t specify command and command';
      command = known;
      if (args[i + 1] === 'conntrack' || args[i + 1] === 'expect') table = args[++i]!;
      continue;
    }
    const key = VALUES[word];
    if (key) {
      const value = given ?? args[++i];
      if (value === undefined) return `option \`${word}' requires an argument`;
      Object.assign(filter, { [key]: NUMERIC.has(key) ? Number(value) : key === 'proto' ? protoName(value) : value });
    } else if (word === '-n' || word === '--src-nat') filter.srcNat = true;
    else if (word === '-g' || word === '--dst-nat') filter.dstNat = true;
    else if (word === '-j' || word === '--any-nat') anyNat = true;
    else if (word === '-z' || word === '--zero') return 'Zeroing of counters is not supported here';
    else if (word === '-f' || word === '--family' || word === '-o' || word === '--output' || word === '-e' || word === '-b' || word === '-w' || word === '-t') i++;
    else return `unknown argument`;
  }
  return { command, filter, table, anyNat };
}

const protoName = (text: string): string => Object.entries(NUMBERS).find(([name, n]) => name === text || String(n) === text)?.[0] ?? text;

const fits = (c: Conn, f: ConntrackFilter): boolean => {
  const eq = (wanted: unknown, have: unknown): boolean => wanted === undefined || wanted === have;
  return eq(f.proto, c.orig.proto) && eq(f.src, c.orig.src) && eq(f.dst, c.orig.dst) && eq(f.sport, c.orig.sport) && eq(f.dport, c.orig.dport)
    && eq(f.replySrc, c.reply.src) && eq(f.replyDst, c.reply.dst) && eq(f.replySport, c.reply.sport) && eq(f.replyDport, c.reply.dport)
    && (f.srcNat === undefined || c.snat) && (f.dstNat === undefined || c.dnat) && eq(f.mark, c.mark) && eq(f.state, c.state);
};

const shown = (n: number, verb: string): string => `conntrack ${VERSION} (conntrack-tools): ${n} flow entries have been ${verb}.\n`;
const DENIED = `conntrack ${VERSION} (conntrack-tools): Operation failed: sorry, you must be root or get CAP_NET_ADMIN capability to do this`;

function* conntrackMain(start: Start): Sys<number> {
  const asked = parse(start.argv.slice(1));
  const hint = 'Try `conntrack -h\' or \'conntrack --help\' for more information.';
  if (typeof asked === 'string') return yield* fail(`conntrack ${VERSION} (conntrack-tools): ${asked}\n${hint}`, 2);
  if (asked.command === 'V') { yield* out(`conntrack ${VERSION} (conntrack-tools)\n`); return 0; }
  if (asked.command === 'h') { yield* out('Command line interface for the connection tracking system. Version 1.4.4\nUsage: conntrack [commands] [options]\n'); return 0; }
  if (!asked.command) return yield* fail(`conntrack ${VERSION} (conntrack-tools): You need to supply a command\n${hint}`.replace('You need to supply a command', 'unknown argument'), 2);
  const got = yield* readNet<Shown[]>({ kind: 'conntrack' });
  if (!got.ok) return yield* fail(DENIED, 1);
  if (asked.table === 'expect') { yield* err(asked.command === 'L' ? `conntrack ${VERSION} (conntrack-tools): 0 expectations have been shown.\n` : ''); return 0; }
  const list = got.value.filter((c) => fits(c, asked.filter) && (!asked.anyNat || c.snat || c.dnat));
  switch (asked.command) {
    case 'L': case 'G':
      yield* out(list.map(line).join(''));
      if (asked.command === 'G' && !list.length) return yield* fail(`conntrack ${VERSION} (conntrack-tools): Operation failed: such conntrack doesn't exist`, 1);
      yield* err(shown(list.length, 'shown'));
      return 0;
    case 'D': {
      if (!list.length) { yield* err(shown(0, 'deleted')); return 1; }
      const each = asked.anyNat ? list.map(({ orig }) => ({ proto: orig.proto, src: orig.src, dst: orig.dst, sport: orig.sport, dport: orig.dport })) : [asked.filter];
      for (const filter of each) yield* changeNet({ kind: 'conntrackDelete', filter });
      yield* out(list.map(line).join(''));
      yield* err(shown(list.length, 'deleted'));
      return 0;
    }
    case 'F':
      yield* changeNet({ kind: 'conntrackFlush' });
      yield* err(`conntrack ${VERSION} (conntrack-tools): connection tracking table has been emptied.\n`);
      return 0;
    case 'C': yield* out(`${got.value.length}\n`); return 0;
    case 'S': return yield* stats();
    default: return yield* fail(`conntrack ${VERSION} (conntrack-tools): Operation failed: Protocol not supported`, 1);
  }
}

function* stats(): Sys<number> {
  const got = yield* readNet<Record<string, number>>({ kind: 'conntrackStats' });
  if (!got.ok) return yield* fail(DENIED, 1);
  const s = got.value;
  yield* out(`cpu=0   \tfound=${s['found']} invalid=${s['invalid']} ignore=0 insert=${s['insert']} insert_failed=${s['insertFailed']} drop=${s['drop']} early_drop=${s['earlyDrop']} error=0 search_restart=0 \n`);
  return 0;
}

// --- ethtool

const DRIVERS: Readonly<Record<LinkView['kind'], string>> = { ether: 'virtio_net', veth: 'veth', bridge: 'bridge', vxlan: 'vxlan', dummy: 'dummy', loopback: '' };
const OFFLOADS = [['rx-checksumming', 'on [fixed]'], ['tx-checksumming', 'on'], ['\ttx-checksum-ipv4', 'off [fixed]'], ['\ttx-checksum-ip-generic', 'on'], ['scatter-gather', 'on'],
  ['tcp-segmentation-offload', 'on'], ['udp-fragmentation-offload', 'on'], ['generic-segmentation-offload', 'on'], ['generic-receive-offload', 'on'], ['large-receive-offload', 'off [fixed]']];

function* ethtoolMain(start: Start): Sys<number> {
  const args = start.argv.slice(1);
  const option = args[0]?.startsWith('-') ? args.shift()! : '';
  const [dev] = args;
  if (option === '--version') { yield* out('ethtool version 4.8\n'); return 0; }
  if (dev === undefined) return yield* fail('ethtool: bad command line argument(s)\nFor more information run ethtool -h', 1);
  const links = yield* readNet<LinkView[]>({ kind: 'links' });
  const link = links.ok ? links.value.find((each) => each.name === dev) : undefined;
  const head = `Settings for ${dev}:\n`;
  if (option === '') {
    if (!link) {
      yield* out(`${head}No data available\n`);
      yield* err('Cannot get device settings: No such device\nCannot get wake-on-lan settings: No such device\nCannot get message level: No such device\nCannot get link status: No such device\n');
      return 75;
    }
    const speed = link.kind === 'veth' ? '\tSupported ports: [ ]\n\tSpeed: 10000Mb/s\n\tDuplex: Full\n\tPort: Twisted Pair\n' : '';
    yield* out(`${head}${speed}\tLink detected: ${link.carrier ? 'yes' : 'no'}\n`);
    return 0;
  }
  if (!link) return yield* fail(`Cannot get ${option === '-i' ? 'driver information' : option === '-k' ? 'device feature names' : 'stats strings information'}: No such device`, option === '-i' ? 71 : option === '-k' ? 1 : 96);
  if (option === '-i' || option === '--driver') {
    const version = link.kind === 'bridge' ? '2.3' : link.kind === 'vxlan' ? '0.1' : '1.0.0';
    yield* out(`driver: ${DRIVERS[link.kind]}\nversion: ${version}\nfirmware-version: ${link.kind === 'bridge' ? 'N/A' : ''}\nexpansion-rom-version: \nbus-info: ${link.kind === 'ether' ? '0000:00:03.0' : link.kind === 'bridge' ? 'N/A' : ''}\nsupports-statistics: ${link.kind === 'veth' ? 'yes' : 'no'}\nsupports-test: no\nsupports-eeprom-access: no\nsupports-register-dump: no\nsupports-priv-flags: no\n`);
    return 0;
  }
  if (option === '-k' || option === '--show-features' || option === '--show-offload') {
    yield* out(`Features for ${dev}:\n${OFFLOADS.map(([name, value]) => `${name}: ${value}\n`).join('')}`);
    return 0;
  }
  if (option === '-S' || option === '--statistics') {
    if (link.kind !== 'veth') return yield* fail('no stats available', 94);
    yield* out(`NIC statistics:\n     peer_ifindex: ${link.peerIndex ?? 0}\n`);
    return 0;
  }
  return yield* further(option, args, link, start.uid);
}

/** Settings that paravirtual and software devices do not have: heading, complaint, status (ethtool.c). */
const UNSUPPORTED: Readonly<Record<string, readonly [string, string, number]>> = {
  '-a': ['Pause parameters', 'Cannot get device pause settings', 76], '-c': ['Coalesce parameters', 'Cannot get device coalesce settings', 82],
  '-g': ['Ring parameters', 'Cannot get device ring settings', 76], '-l': ['Channel parameters', 'Cannot get device channel parameters\n', 1],
  '-x': ['', 'Cannot get RX ring count', 102], '-m': ['', 'Cannot get module EEPROM information', 1], '-d': ['', 'Cannot get register dump', 73], '-e': ['', 'Cannot get EEPROM data', 75],
};
const LONG: Readonly<Record<string, string>> = {
  '--show-pause': '-a', '--show-coalesce': '-c', '--show-ring': '-g', '--show-channels': '-l', '--show-rxfh-indir': '-x', '--show-rxfh': '-x', '--show-permaddr': '-P', '--features': '-K', '--offload': '-K',
};

function* further(option: string, args: readonly string[], link: LinkView, uid: number): Sys<number> {
  const letter = LONG[option] ?? option;
  if (letter === '-P') { yield* out(`Permanent address: ${link.kind === 'ether' ? link.mac : '00:00:00:00:00:00'}\n`); return 0; }
  if (letter === '-K' && args.length >= 3) {
    // Which offloads are on changes nothing of what is modelled: nothing here lets itself be switched.
    if (uid !== 0) return yield* fail('Cannot set device feature settings: Operation not permitted', 1);
    return yield* fail('Could not change any device features', 1);
  }
  const known = UNSUPPORTED[letter];
  if (!known) return yield* fail('ethtool: bad command line argument(s)\nFor more information run ethtool -h', 1);
  const [heading, complaint, status] = known;
  if (heading) yield* out(`${heading} for ${link.name}:\n`);
  return yield* fail(`${complaint}: Operation not supported`, status);
}

export const conntrack: Command = { name: 'conntrack', main: conntrackMain };
export const ethtool: Command = { name: 'ethtool', main: ethtoolMain };
