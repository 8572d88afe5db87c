/**
 * The matches that iptables knows: their options, how -S and -L write them (iptables 1.6.0's
 * libxt_*.c and libipt_*.c). What they test is in netfilter/match.ts.
 */
import { ipNumber, ipText, isIp, isMac, normalMac } from '../address.ts';
import { CT, TCP_FLAGS, TYPES } from '../netfilter/match.ts';
import type { Json } from '../../proc/program.ts';
import { addressMask, isNumber, mark, number, port, portName, portRange, printRate, Problem, rate, saveMark, saveRange, saveString } from './values.ts';

export type Opts = Record<string, Json>;
export interface Context { proto: string; protoNumber: number; table: string }
export interface Option {
  arg: boolean;
  /** May stand after `!`. */
  not?: boolean;
  set(value: string, not: boolean, o: Opts, c: Context): void;
}
export interface Definition {
  options: Readonly<Record<string, Option>>;
  /** What is wrong with what was given, or null; may complete it. */
  check?(o: Opts): string | null;
  /** The options, as -S writes them. */
  save(o: Opts): string;
  /** As -L writes it, with what leads it. */
  print(o: Opts, numeric: boolean, c: Context): string;
  /** Protocols that it wants, and in whose words it says so. */
  protos?: readonly number[];
  /** Remembers something: needs a name. */
  stateful?: boolean;
  hooks?: readonly string[];
}

type Pair = readonly [number, number, boolean];
const get = <T>(o: Opts, key: string): T | undefined => o[key] as unknown as T | undefined;
const once = (o: Opts, key: string, option: string, match: string): void => {
  if (o[key] !== undefined) throw new Problem(`${match}: option "--${option}" can only be used once.`);
};

function ports(name: string, extra: Readonly<Record<string, Option>> = {}): Pick<Definition, 'options'> & { save: (o: Opts) => string; print: (o: Opts, numeric: boolean, c: Context) => string } {
  const option = (key: 'sport' | 'dport', flag: string): Option => ({ arg: true, not: true, set(value, not, o) {
    if (o[key] !== undefined) throw new Problem(`Only one \`--${key === 'sport' ? 'source' : 'destination'}-port' allowed`);
    o[key] = [...portRange(value, name), not]; void flag;
  } });
  const sport = option('sport', 'sport'), dport = option('dport', 'dport');
  const print = (label: string, r: Pair | undefined, numeric: boolean): string => {
    if (!r) return '';
    const [low, high, not] = r, bang = not ? '!' : '';
    return low === high ? ` ${label}:${bang}${portName(low, name, numeric)}` : ` ${label}s:${bang}${portName(low, name, numeric)}:${portName(high, name, numeric)}`;
  };
  const save = (flag: string, r: Pair | undefined): string => (r ? `${r[2] ? ' !' : ''} --${flag} ${saveRange(r)}` : '');
  return {
    options: { 'source-port': sport, sport, 'destination-port': dport, dport, ...extra },
    save: (o) => save('sport', get(o, 'sport')) + save('dport', get(o, 'dport')),
    print: (o, numeric) => ` ${name}${print('spt', get(o, 'sport'), numeric)}${print('dpt', get(o, 'dport'), numeric)}`,
  };
}

const FLAG_ORDER = ['FIN', 'SYN', 'RST', 'PSH', 'ACK', 'URG'];
function flagMask(text: string): number {
  let bits = 0;
  for (const word of text.split(',')) {
    const name = word.toUpperCase();
    if (name === 'ALL') bits |= 0x3f;
    else if (name === 'NONE') bits |= 0;
    else if (TCP_FLAGS[name] === undefined) throw new Problem(`Unknown TCP flag \`${word}'`);
    else bits |= TCP_FLAGS[name]!;
  }
  return bits;
}
const flagList = (bits: number): string => (bits === 0 ? 'NONE' : FLAG_ORDER.filter((name) => bits & TCP_FLAGS[name]!).join(','));
const hex2 = (n: number): string => `0x${n.toString(16).toUpperCase().padStart(2, '0')}`;

const tcpPorts = ports('tcp');
const tcp: Definition = {
  protos: [6],
  options: {
    ...tcpPorts.options,
    syn: { arg: false, not: true, set(_v, not, o) { if (o['flags'] !== undefined) throw new Problem('Only one of `--syn\' or `--tcp-flags\'  allowed'); o['flags'] = [0x17, 2, not]; } },
    // "MASK\nCOMP": the command parser joins the two words.
    'tcp-flags': { arg: true, not: true, set(value, not, o) {
      if (o['flags'] !== undefined) throw new Problem('Only one of `--syn\' or `--tcp-flags\'  allowed');
      const [mask, wanted] = value.split('\n');
      if (wanted === undefined) throw new Problem('--tcp-flags requires two args.');
      o['flags'] = [flagMask(mask!), flagMask(wanted), not];
    } },
    'tcp-option': { arg: true, not: true, set(value, not, o) {
      if (!isNumber(value) || number(value) < 1 || number(value) > 255) throw new Problem(`Bad TCP option \`${value}'`);
      o['option'] = [number(value), not];
    } },
  },
  save(o) {
    const f = get<Pair>(o, 'flags'), option = get<readonly [number, boolean]>(o, 'option');
    return tcpPorts.save(o) + (option ? `${option[1] ? ' !' : ''} --tcp-option ${option[0]}` : '') + (f ? `${f[2] ? ' !' : ''} --tcp-flags ${flagList(f[0])} ${flagList(f[1])}` : '');
  },
  print(o, numeric, c) {
    const f = get<Pair>(o, 'flags'), option = get<readonly [number, boolean]>(o, 'option');
    const flags = f ? ` flags:${f[2] ? '!' : ''}${numeric ? `${hex2(f[0])}/${hex2(f[1])}` : `${flagList(f[0])}/${flagList(f[1])}`}` : '';
    return tcpPorts.print(o, numeric, c) + (option ? ` option=${option[1] ? '!' : ''}${option[0]}` : '') + flags;
  },
};

const udpPorts = ports('udp');
const udp: Definition = { protos: [17], ...udpPorts };
const sctpPorts = ports('sctp');
const sctp: Definition = { protos: [132], ...sctpPorts };

/** Names of ICMP types: type, lowest and highest code. */
const ICMP: readonly (readonly [string, number, number, number])[] = [
  ['any', 255, 0, 255], ['echo-reply', 0, 0, 255], ['pong', 0, 0, 255], ['destination-unreachable', 3, 0, 255], ['network-unreachable', 3, 0, 0],
  ['host-unreachable', 3, 1, 1], ['protocol-unreachable', 3, 2, 2], ['port-unreachable', 3, 3, 3], ['fragmentation-needed', 3, 4, 4],
  ['source-route-failed', 3, 5, 5], ['network-unknown', 3, 6, 6], ['host-unknown', 3, 7, 7], ['network-prohibited', 3, 9, 9], ['host-prohibited', 3, 10, 10],
  ['TOS-network-unreachable', 3, 11, 11], ['TOS-host-unreachable', 3, 12, 12], ['communication-prohibited', 3, 13, 13], ['host-precedence-violation', 3, 14, 14],
  ['precedence-cutoff', 3, 15, 15], ['source-quench', 4, 0, 255], ['redirect', 5, 0, 255], ['network-redirect', 5, 0, 0], ['host-redirect', 5, 1, 1],
  ['TOS-network-redirect', 5, 2, 2], ['TOS-host-redirect', 5, 3, 3], ['echo-request', 8, 0, 255], ['ping', 8, 0, 255], ['router-advertisement', 9, 0, 255],
  ['router-solicitation', 10, 0, 255], ['time-exceeded', 11, 0, 255], ['ttl-exceeded', 11, 0, 255], ['ttl-zero-during-transit', 11, 0, 0],
  ['ttl-zero-during-reassembly', 11, 1, 1], ['parameter-problem', 12, 0, 255], ['ip-header-bad', 12, 0, 0], ['required-option-missing', 12, 1, 1],
  ['timestamp-request', 13, 0, 255], ['timestamp-reply', 14, 0, 255], ['address-mask-request', 17, 0, 255], ['address-mask-reply', 18, 0, 255],
];

function icmpType(text: string): readonly [number, number, number] {
  const lower = text.toLowerCase();
  const found = ICMP.filter(([name]) => name.toLowerCase().startsWith(lower));
  const exact = found.find(([name]) => name.toLowerCase() === lower) ?? (found.length === 1 ? found[0] : undefined);
  if (exact) return [exact[1], exact[2], exact[3]];
  if (found.length > 1) throw new Problem(`Ambiguous ICMP type \`${text}': \`${found[0]![0]}' or \`${found[1]![0]}'?`);
  const m = /^(\d+)(?:\/(\d+))?$/.exec(text);
  if (!m || Number(m[1]) > 255) throw new Problem(`Invalid ICMP type \`${m?.[1] ?? text}'`);
  if (m[2] !== undefined && Number(m[2]) > 255) throw new Problem(`Invalid ICMP code \`${m[2]}'`);
  return m[2] === undefined ? [Number(m[1]), 0, 255] : [Number(m[1]), Number(m[2]), Number(m[2])];
}

const icmp: Definition = {
  protos: [1],
  options: { 'icmp-type': { arg: true, not: true, set(value, not, o) {
    if (o['type'] !== undefined) throw new Problem('icmp match: only use --icmp-type once!');
    o['type'] = [...icmpType(value), not];
  } } },
  check(o) { o['type'] ??= [255, 0, 255, false]; return null; },
  save(o) {
    const [type, low, high, not] = get<readonly [number, number, number, boolean]>(o, 'type')!;
    if (type === 255) return `${not ? ' !' : ''} --icmp-type any`;
    return `${not ? ' !' : ''} --icmp-type ${type}${low === 0 && high === 255 ? '' : `/${low}`}`;
  },
  print(o, numeric) {
    const [type, low, high, not] = get<readonly [number, number, number, boolean]>(o, 'type')!;
    const named = numeric ? undefined : ICMP.find((each) => each[1] === type && each[2] === low && each[3] === high);
    if (named) return ` icmp ${not ? '!' : ''}${named[0]}`;
    return ` ${not ? '!' : ''}icmptype ${type}${low === high ? ` code ${low}` : low === 0 && high === 255 ? '' : ` codes ${low}-${high}`}`;
  },
};

const STATES = ['INVALID', 'NEW', 'RELATED', 'ESTABLISHED', 'UNTRACKED', 'SNAT', 'DNAT'] as const;
function stateBits(text: string, allowed: readonly string[], what: string): number {
  let bits = 0;
  for (const word of text.split(',')) {
    const name = word.toUpperCase();
    if (!allowed.includes(name)) throw new Problem(`Bad ${what} "${word}"`);
    bits |= CT[name as keyof typeof CT];
  }
  return bits;
}
const stateList = (bits: number): string => STATES.filter((name) => bits & CT[name]).join(',');
const STATUS: Readonly<Record<string, number>> = { NONE: 1, EXPECTED: 16, SEEN_REPLY: 2, ASSURED: 4, CONFIRMED: 8 };

const netOption = (key: string): Option => ({ arg: true, not: true, set(value, not, o) { const { ip, mask } = addressMask(value); o[key] = [ip, mask, not]; } });
const rangeOption = (key: string): Option => ({ arg: true, not: true, set(value, not, o) { o[key] = [...portRange(value, 'any'), not]; } });
const CT_NETS = ['origsrc', 'origdst', 'replsrc', 'repldst'], CT_PORTS = ['origsrcport', 'origdstport', 'replsrcport', 'repldstport'];
const addressText = (ip: number, mask: number): string => (mask === 0xffffffff ? ipText(ip) : `${ipText(ip)}/${32 - Math.round(Math.log2(-mask >>> 0 || 2 ** 32))}`);

function ctParts(o: Opts, dash: string): string {
  const bang = (not: boolean): string => (not ? ' !' : '');
  let text = '';
  const proto = get<readonly [number, boolean]>(o, 'proto');
  if (proto) text += `${bang(proto[1])} ${dash}ctproto ${proto[0]}`;
  const state = get<readonly [number, boolean]>(o, 'state');
  if (state) text += `${bang(state[1])} ${dash}ctstate ${stateList(state[0])}`;
  for (const key of CT_NETS) {
    const net = get<Pair>(o, key);
    if (net) text += `${bang(net[2])} ${dash}ct${key} ${addressText(net[0], net[1])}`;
  }
  for (const key of CT_PORTS) {
    const range = get<Pair>(o, key);
    if (range) text += `${bang(range[2])} ${dash}ct${key} ${saveRange(range)}`;
  }
  const status = get<readonly [number, boolean]>(o, 'status');
  if (status) text += `${bang(status[1])} ${dash}ctstatus ${Object.keys(STATUS).filter((name) => status[0] & STATUS[name]!).join(',')}`;
  const expire = get<Pair>(o, 'expire');
  if (expire) text += `${bang(expire[2])} ${dash}ctexpire ${saveRange(expire)}`;
  const dir = get<string>(o, 'dir');
  if (dir) text += ` ${dash}ctdir ${dir}`;
  return text;
}

const conntrack: Definition = {
  options: {
    ctstate: { arg: true, not: true, set(value, not, o) { o['state'] = [stateBits(value, STATES, 'ctstate'), not]; } },
    ctproto: { arg: true, not: true, set(value, not, o) { o['proto'] = [isNumber(value) ? number(value) : { tcp: 6, udp: 17, icmp: 1 }[value] ?? 0, not]; } },
    ctstatus: { arg: true, not: true, set(value, not, o) {
      o['status'] = [value.split(',').reduce((bits, word) => {
        const bit = STATUS[word.toUpperCase()];
        if (bit === undefined) throw new Problem(`Bad ctstatus "${value}"`);
        return bits | bit;
      }, 0), not];
    } },
    ctexpire: { arg: true, not: true, set(value, not, o) { const [low, high] = value.split(':'); o['expire'] = [Number(low) || 0, high === undefined ? Number(low) : Number(high) || 0xffffffff, not]; } },
    ctdir: { arg: true, set(value, _not, o) {
      const dir = value.toUpperCase();
      if (dir !== 'ORIGINAL' && dir !== 'REPLY') throw new Problem(`Bad value for "--ctdir" option: "${value}"`);
      o['dir'] = dir;
    } },
    ...Object.fromEntries(CT_NETS.map((key) => [`ct${key}`, netOption(key)])),
    ...Object.fromEntries(CT_PORTS.map((key) => [`ct${key}`, rangeOption(key)])),
  },
  check: (o) => (Object.keys(o).length ? null : 'conntrack: At least one option is required'),
  save: (o) => ctParts(o, '--'),
  print: (o) => ctParts(o, ''),
};

const state: Definition = {
  options: { state: { arg: true, not: true, set(value, not, o) { o['state'] = [stateBits(value, STATES.slice(0, 5), 'state'), not]; } } },
  check: (o) => (o['state'] === undefined ? 'state: option "--state" must be specified' : null),
  save(o) { const [bits, not] = get<readonly [number, boolean]>(o, 'state')!; return `${not ? ' !' : ''} --state ${stateList(bits)}`; },
  print(o) { const [bits, not] = get<readonly [number, boolean]>(o, 'state')!; return `${not ? ' !' : ''} state ${stateList(bits)}`; },
};

const comment: Definition = {
  options: { comment: { arg: true, set(value, _not, o) {
    if (value.length > 255) throw new Problem('COMMENT must be shorter than 256 characters');
    o['text'] = value;
  } } },
  check: (o) => (o['text'] === undefined ? 'comment: option "--comment" must be specified' : null),
  save: (o) => ` --comment ${saveString(String(o['text']))}`,
  print: (o) => ` /* ${String(o['text'])} */`,
};

const markMatch = (words: string, match: string): Definition => ({
  options: { mark: { arg: true, not: true, set(value, not, o) {
    const [v, m] = value.split('/');
    if (!isNumber(v ?? '') || m !== undefined && !isNumber(m)) throw new Problem(`${match}: bad mark value for option "--mark", or out of range: "${value}"`);
    const [n, mask] = mark(value, '--mark');
    o['mark'] = [n, mask, not];
  } } },
  check: (o) => (o['mark'] === undefined ? `${match}: option "--mark" must be specified` : null),
  save(o) { const [n, mask, not] = get<Pair>(o, 'mark')!; return `${not ? ' !' : ''} --mark ${saveMark(n, mask)}`; },
  print(o) { const [n, mask, not] = get<Pair>(o, 'mark')!; return ` ${words}${not ? ' !' : ''} ${saveMark(n, mask)}`; },
});

const typeBits = (text: string): number => text.split(',').reduce((bits, word) => {
  const bit = TYPES[word.toUpperCase() as keyof typeof TYPES];
  if (bit === undefined) throw new Problem(`addrtype: bad type \`${word}'`);
  return bits | bit;
}, 0);
const typeList = (bits: number): string => Object.entries(TYPES).filter(([, bit]) => bits & bit).map(([name]) => name).join(',');
const addrtype: Definition = {
  options: {
    'src-type': { arg: true, not: true, set(value, not, o) { once(o, 'src', 'src-type', 'addrtype'); o['src'] = [typeBits(value), not]; } },
    'dst-type': { arg: true, not: true, set(value, not, o) { once(o, 'dst', 'dst-type', 'addrtype'); o['dst'] = [typeBits(value), not]; } },
    'limit-iface-in': { arg: false, set(_v, _not, o) { o['limitIn'] = true; } },
    'limit-iface-out': { arg: false, set(_v, _not, o) { o['limitOut'] = true; } },
  },
  check: (o) => (o['src'] === undefined && o['dst'] === undefined ? 'addrtype: you must specify --src-type or --dst-type'
    : o['limitIn'] && o['limitOut'] ? 'addrtype: you can\'t specify both --limit-iface-in and --limit-iface-out' : null),
  save(o) {
    const s = get<readonly [number, boolean]>(o, 'src'), d = get<readonly [number, boolean]>(o, 'dst');
    return (s ? `${s[1] ? ' !' : ''} --src-type ${typeList(s[0])}` : '') + (d ? `${d[1] ? ' !' : ''} --dst-type ${typeList(d[0])}` : '')
      + (o['limitIn'] ? ' --limit-iface-in' : '') + (o['limitOut'] ? ' --limit-iface-out' : '');
  },
  print(o) {
    const s = get<readonly [number, boolean]>(o, 'src'), d = get<readonly [number, boolean]>(o, 'dst');
    return ` ADDRTYPE match${s ? ` src-type ${s[1] ? '!' : ''}${typeList(s[0])}` : ''}${d ? ` dst-type ${d[1] ? '!' : ''}${typeList(d[0])}` : ''}`
      + (o['limitIn'] ? ' limit-in' : '') + (o['limitOut'] ? ' limit-out' : '');
  },
};

const P31 = 0x80000000;
const probabilityText = (o: Opts): string => ((o['probability'] as number) / P31).toFixed(11);
function statisticText(o: Opts, dash: string): string {
  const bang = o['not'] ? ' !' : '';
  if (o['mode'] === 'random') return ` ${dash}mode random${bang} ${dash}probability ${probabilityText(o)}`;
  return ` ${dash}mode nth${bang} ${dash}every ${String(o['every'])}${dash || o['packet'] ? ` ${dash}packet ${String(o['packet'] ?? 0)}` : ''}`;
}
const statistic: Definition = {
  stateful: true,
  options: {
    mode: { arg: true, set(value, _not, o) {
      if (value !== 'random' && value !== 'nth') throw new Problem(`Bad mode "${value}"`);
      o['mode'] = value;
    } },
    probability: { arg: true, not: true, set(value, not, o) {
      const p = Number(value);
      if (!/^\d*\.?\d+$/.test(value) || p < 0 || p > 1) throw new Problem('--probability must be between 0 and 1');
      o['probability'] = Math.round(p * P31);
      o['not'] = not;
    } },
    every: { arg: true, not: true, set(value, not, o) {
      if (!isNumber(value) || number(value) === 0) throw new Problem(`--every cannot be 0`);
      o['every'] = number(value);
      o['not'] = not;
    } },
    packet: { arg: true, set(value, _not, o) { o['packet'] = number(value); } },
  },
  check(o) {
    if (o['mode'] === undefined) return 'statistic: option "--mode" must be specified';
    if (o['mode'] === 'random' && o['probability'] === undefined) return '--probability must be specified when using random mode';
    if (o['mode'] === 'nth') {
      if (o['every'] === undefined) return '--every must be specified when using nth mode';
      o['packet'] ??= 0;
      if ((o['packet'] as number) >= (o['every'] as number)) return '--packet must be 0 <= p <= n-1';
    }
    o['not'] ??= false;
    return null;
  },
  save: (o) => statisticText(o, '--'),
  print: (o) => ` statistic${statisticText(o, '')}`,
};

const multiportOption = (kind: string): Option => ({ arg: true, not: true, set(value, not, o, c) {
  if (![6, 17, 132, 33, 136].includes(c.protoNumber)) throw new Problem('multiport needs `-p tcp\', `-p udp\', `-p udplite\', `-p sctp\' or `-p dccp\'');
  if (o['kind'] !== undefined) throw new Problem('multiport: only one of `--source-ports\', `--destination-ports\' or `--ports\' is allowed');
  const parts = value.split(',');
  const list = parts.map((part) => {
    const [low, high] = part.split(':');
    const pair: readonly [number, number] = [port(low!, c.proto), port(high ?? low!, c.proto)];
    if (pair[0] > pair[1]) throw new Problem('invalid portrange specified');
    return pair;
  });
  if (list.reduce((n, [low, high]) => n + (low === high ? 1 : 2), 0) > 15) throw new Problem('too many ports specified');
  o['kind'] = kind;
  o['list'] = list;
  o['not'] = not;
} });
const multiport: Definition = {
  options: {
    'source-ports': multiportOption('sports'), sports: multiportOption('sports'), 'destination-ports': multiportOption('dports'), dports: multiportOption('dports'),
    ports: multiportOption('ports'),
  },
  check: (o) => (o['kind'] === undefined ? 'multiport expection an option' : null),
  save: (o) => `${o['not'] ? ' !' : ''} --${String(o['kind'])} ${(o['list'] as unknown as (readonly [number, number])[]).map(saveRange).join(',')}`,
  print(o, numeric, c) {
    const list = (o['list'] as unknown as (readonly [number, number])[]).map(([a, b]) => (a === b ? portName(a, c.proto, numeric) : `${portName(a, c.proto, numeric)}:${portName(b, c.proto, numeric)}`));
    return ` multiport ${String(o['kind'])} ${o['not'] ? ' !' : ''}${list.join(',')}`;
  },
};

const limit: Definition = {
  stateful: true,
  options: {
    limit: { arg: true, set(value, _not, o) {
      const us = rate(value);
      if (us === null) throw new Problem(`bad rate \`${value}'`);
      o['everyUs'] = us;
    } },
    'limit-burst': { arg: true, set(value, _not, o) {
      if (!isNumber(value) || number(value) > 10_000) throw new Problem(`limit: bad value for option "--limit-burst", or out of range (0-10000).`);
      o['burst'] = number(value);
    } },
  },
  check(o) { o['everyUs'] ??= 1_200_000_000; o['burst'] ??= 5; return null; },
  save: (o) => ` --limit ${printRate(o['everyUs'] as number)}${o['burst'] === 5 ? '' : ` --limit-burst ${String(o['burst'])}`}`,
  print: (o) => ` limit: avg ${printRate(o['everyUs'] as number)} burst ${String(o['burst'])}`,
};

const hashRate = (above: boolean): Option => ({ arg: true, set(value, _not, o) {
  const us = rate(value);
  if (us === null) throw new Problem(`Bad value for "--hashlimit-${above ? 'above' : 'upto'}" option: "${value}"`);
  o['everyUs'] = us;
  o['above'] = above;
} });
const numberOption = (key: string): Option => ({ arg: true, set(value, _not, o) {
  if (!isNumber(value)) throw new Problem(`Bad value for "--${key}" option: "${value}"`);
  o[key] = number(value);
} });
const hashlimit: Definition = {
  options: {
    'hashlimit-upto': hashRate(false), hashlimit: hashRate(false), 'hashlimit-above': hashRate(true), 'hashlimit-burst': { arg: true, set(value, _not, o) { o['burst'] = number(value); } },
    'hashlimit-mode': { arg: true, set(value, _not, o) {
      for (const word of value.split(',')) if (!['srcip', 'dstip', 'srcport', 'dstport'].includes(word)) throw new Problem(`Bad value for "--hashlimit-mode" option: "${value}"`);
      o['mode'] = value.split(',');
    } },
    'hashlimit-name': { arg: true, set(value, _not, o) { o['name'] = value; } },
    'hashlimit-htable-expire': numberOption('hashlimit-htable-expire'), 'hashlimit-htable-size': numberOption('hashlimit-htable-size'),
    'hashlimit-htable-max': numberOption('hashlimit-htable-max'), 'hashlimit-htable-gcinterval': numberOption('hashlimit-htable-gcinterval'),
    'hashlimit-srcmask': numberOption('hashlimit-srcmask'), 'hashlimit-dstmask': numberOption('hashlimit-dstmask'),
  },
  check(o) {
    if (o['name'] === undefined) return 'hashlimit: option "--hashlimit-name" must be specified';
    if (o['everyUs'] === undefined) return 'You have to specify --hashlimit';
    o['burst'] ??= 5;
    o['mode'] ??= [];
    return null;
  },
  save(o) {
    const modes = o['mode'] as readonly string[];
    const tables = ['htable-size', 'htable-max', 'htable-gcinterval', 'htable-expire', 'srcmask', 'dstmask'].map((key) => (o[`hashlimit-${key}`] === undefined ? '' : ` --hashlimit-${key} ${String(o[`hashlimit-${key}`])}`)).join('');
    return ` --hashlimit-${o['above'] ? 'above' : 'upto'} ${printRate(o['everyUs'] as number)} --hashlimit-burst ${String(o['burst'])}${modes.length ? ` --hashlimit-mode ${modes.join(',')}` : ''} --hashlimit-name ${String(o['name'])}${tables}`;
  },
  print(o) {
    const modes = o['mode'] as readonly string[];
    return ` limit: ${o['above'] ? 'above' : 'up to'} ${printRate(o['everyUs'] as number)} burst ${String(o['burst'])}${modes.length ? ` mode ${modes.join('-')}` : ''}`;
  },
};

const recentAction = (action: string): Option => ({ arg: false, not: true, set(_v, not, o) {
  if (o['action'] !== undefined) throw new Problem('recent: only one of `--set\', `--rcheck\' `--update\' or `--remove\' may be set');
  o['action'] = action;
  o['not'] = not;
} });
function recentText(o: Opts): string {
  let text = `${o['not'] ? ' !' : ''} --${String(o['action'])}`;
  if (o['seconds']) text += ` --seconds ${String(o['seconds'])}`;
  if (o['reap']) text += ' --reap';
  if (o['hitcount']) text += ` --hitcount ${String(o['hitcount'])}`;
  if (o['rttl']) text += ' --rttl';
  return `${text} --name ${String(o['name'])} --mask ${String(o['mask'])} --${String(o['side'])}`;
}
const recent: Definition = {
  stateful: true,
  options: {
    set: recentAction('set'), rcheck: recentAction('rcheck'), update: recentAction('update'), remove: recentAction('remove'),
    seconds: { arg: true, set(value, _not, o) { o['seconds'] = number(value); } }, hitcount: { arg: true, set(value, _not, o) { o['hitcount'] = number(value); } },
    reap: { arg: false, set(_v, _not, o) { o['reap'] = true; } }, rttl: { arg: false, set(_v, _not, o) { o['rttl'] = true; } },
    name: { arg: true, set(value, _not, o) { o['name'] = value; } }, mask: { arg: true, set(value, _not, o) { o['mask'] = value; } },
    rsource: { arg: false, set(_v, _not, o) { o['side'] = 'rsource'; } }, rdest: { arg: false, set(_v, _not, o) { o['side'] = 'rdest'; } },
  },
  check(o) {
    if (o['action'] === undefined) return 'recent: you must specify one of `--set\', `--rcheck\' `--update\' or `--remove\'';
    Object.assign(o, { name: o['name'] ?? 'DEFAULT', side: o['side'] ?? 'rsource', seconds: o['seconds'] ?? 0, hitcount: o['hitcount'] ?? 0, mask: o['mask'] ?? '255.255.255.255', reap: o['reap'] ?? false });
    return null;
  },
  save: recentText,
  print(o) {
    const words: Readonly<Record<string, string>> = { set: 'SET', rcheck: 'CHECK', update: 'UPDATE', remove: 'REMOVE' };
    return `${o['not'] ? ' !' : ''} recent: ${words[String(o['action'])]}${o['seconds'] ? ` seconds: ${String(o['seconds'])}` : ''}${o['reap'] ? ' reap' : ''}${o['hitcount'] ? ` hit_count: ${String(o['hitcount'])}` : ''}${o['rttl'] ? ' TTL-Match' : ''} name: ${String(o['name'])} side: ${o['side'] === 'rsource' ? 'source' : 'dest'} mask: ${String(o['mask'])}`;
  },
};

const mac: Definition = {
  hooks: ['PREROUTING', 'INPUT', 'FORWARD'],
  options: { 'mac-source': { arg: true, not: true, set(value, not, o) {
    if (!isMac(value) || value.length !== 17) throw new Problem(`Bad mac address "${value}"`);
    o['source'] = [normalMac(value), not];
  } } },
  check: (o) => (o['source'] === undefined ? 'You must specify `--mac-source\'' : null),
  save(o) { const [m, not] = get<readonly [string, boolean]>(o, 'source')!; return `${not ? ' !' : ''} --mac-source ${m.toUpperCase()}`; },
  print(o) { const [m, not] = get<readonly [string, boolean]>(o, 'source')!; return ` MAC${not ? ' !' : ''} ${m.toUpperCase()}`; },
};

const idOption = (key: string, word: string): Option => ({ arg: true, not: true, set(value, not, o) {
  const m = /^(\d+)(?:-(\d+))?$/.exec(value);
  const named = value === 'root' ? 0 : null;
  if (!m && named === null) throw new Problem(`owner: Bad value for "--${word}" option: "${value}"`);
  o[key] = [named ?? Number(m![1]), named ?? Number(m![2] ?? m![1]), not];
} });
const idText = (r: Pair): string => (r[0] === r[1] ? String(r[0]) : `${r[0]}-${r[1]}`);
const owner: Definition = {
  hooks: ['OUTPUT', 'POSTROUTING'],
  options: {
    'uid-owner': idOption('uid', 'uid-owner'), 'gid-owner': idOption('gid', 'gid-owner'),
    'socket-exists': { arg: false, not: true, set(_v, not, o) { o['exists'] = !not; } },
  },
  check: (o) => (Object.keys(o).length ? null : 'owner: At least one of --uid-owner, --gid-owner or --socket-exists is required'),
  save(o) {
    const u = get<Pair>(o, 'uid'), g = get<Pair>(o, 'gid');
    return (u ? `${u[2] ? ' !' : ''} --uid-owner ${idText(u)}` : '') + (g ? `${g[2] ? ' !' : ''} --gid-owner ${idText(g)}` : '')
      + (o['exists'] === undefined ? '' : `${o['exists'] ? '' : ' !'} --socket-exists`);
  },
  print(o, numeric) {
    const u = get<Pair>(o, 'uid'), g = get<Pair>(o, 'gid');
    const name = (r: Pair): string => (!numeric && r[0] === 0 && r[1] === 0 ? 'root' : idText(r));
    return (o['exists'] === undefined ? '' : `${o['exists'] ? '' : ' !'} owner socket exists`)
      + (u ? `${u[2] ? ' !' : ''} owner UID match ${name(u)}` : '') + (g ? `${g[2] ? ' !' : ''} owner GID match ${name(g)}` : '');
  },
};

const physName = (key: string): Option => ({ arg: true, not: true, set(value, not, o) { o[key] = [value, not]; } });
const physFlag = (key: string): Option => ({ arg: false, not: true, set(_v, not, o) { o[key] = !not; } });
function physText(o: Opts): string {
  const pin = get<readonly [string, boolean]>(o, 'in'), pout = get<readonly [string, boolean]>(o, 'out');
  const flag = (key: string, word: string): string => (o[key] === undefined ? '' : `${o[key] ? '' : ' !'} --physdev-${word}`);
  return flag('isIn', 'is-in') + (pin ? `${pin[1] ? ' !' : ''} --physdev-in ${pin[0]}` : '') + flag('isOut', 'is-out') + (pout ? `${pout[1] ? ' !' : ''} --physdev-out ${pout[0]}` : '') + flag('bridged', 'is-bridged');
}
const physdev: Definition = {
  options: { 'physdev-in': physName('in'), 'physdev-out': physName('out'), 'physdev-is-in': physFlag('isIn'), 'physdev-is-out': physFlag('isOut'), 'physdev-is-bridged': physFlag('bridged') },
  check: (o) => (Object.keys(o).length ? null : 'PHYSDEV: no physdev option specified'),
  save: physText,
  print: (o) => ` PHYSDEV match${physText(o)}`,
};

const ipRange = (key: string, word: string): Option => ({ arg: true, not: true, set(value, not, o) {
  const [low, high] = value.split('-');
  if (!isIp(low!) || high !== undefined && !isIp(high)) throw new Problem(`iprange match: Bad IP address "${isIp(low!) ? high! : low!}"`);
  o[key] = [ipNumber(low!), ipNumber(high ?? low!), not];
  void word;
} });
const iprange: Definition = {
  options: { 'src-range': ipRange('src', 'source'), 'dst-range': ipRange('dst', 'destination') },
  check: (o) => (o['src'] === undefined && o['dst'] === undefined ? 'iprange match: You must specify `--src-range\' or `--dst-range\'' : null),
  save(o) { return ['src', 'dst'].map((key) => { const r = get<Pair>(o, key); return r ? `${r[2] ? ' !' : ''} --${key}-range ${ipText(r[0])}-${ipText(r[1])}` : ''; }).join(''); },
  print(o) { return ['src', 'dst'].map((key) => { const r = get<Pair>(o, key); return r ? ` ${key === 'src' ? 'source' : 'destination'} IP range${r[2] ? ' !' : ''} ${ipText(r[0])}-${ipText(r[1])}` : ''; }).join(''); },
};

const string: Definition = {
  options: {
    string: { arg: true, not: true, set(value, not, o) { o['pattern'] = value; o['not'] = not; } },
    algo: { arg: true, set(value, _not, o) { o['algo'] = value; } },
    from: { arg: true, set(value, _not, o) { o['from'] = number(value); } }, to: { arg: true, set(value, _not, o) { o['to'] = number(value); } },
    icase: { arg: false, set(_v, _not, o) { o['icase'] = true; } },
  },
  check(o) {
    if (o['pattern'] === undefined) return 'STRING match: You must specify `--string\' or `--hex-string\'';
    if (o['algo'] === undefined) return 'STRING match: You must specify `--algo\'';
    Object.assign(o, { from: o['from'] ?? 0, to: o['to'] ?? 65_535, icase: o['icase'] ?? false });
    return null;
  },
  save: (o) => `${o['not'] ? ' !' : ''} --string "${String(o['pattern']).replace(/["\\]/g, '\\$&')}" --algo ${String(o['algo'])}${o['from'] ? ` --from ${String(o['from'])}` : ''}${o['to'] === 65_535 ? '' : ` --to ${String(o['to'])}`}${o['icase'] ? ' --icase' : ''}`,
  print: (o) => ` STRING match ${o['not'] ? '!' : ''} "${String(o['pattern'])}" ALGO name ${String(o['algo'])}${o['from'] ? ` FROM ${String(o['from'])}` : ''} TO ${String(o['to'])}${o['icase'] ? ' ICASE' : ''}`,
};

const TTL_SIGN: Readonly<Record<string, string>> = { eq: '==', ne: '!=', lt: '<', gt: '>' };
const ttlOption = (how: string): Option => ({ arg: true, not: how === 'eq', set(value, not, o) { o['ttl'] = [not ? 'ne' : how, number(value)]; } });
const ttl: Definition = {
  options: { 'ttl-eq': ttlOption('eq'), 'ttl-lt': ttlOption('lt'), 'ttl-gt': ttlOption('gt') },
  check: (o) => (o['ttl'] === undefined ? 'TTL match: You must specify one of `--ttl-eq\', `--ttl-lt\', `--ttl-gt\'' : null),
  save(o) { const [how, n] = get<readonly [string, number]>(o, 'ttl')!; return how === 'ne' ? ` ! --ttl-eq ${n}` : ` --ttl-${how} ${n}`; },
  print(o) { const [how, n] = get<readonly [string, number]>(o, 'ttl')!; return ` TTL match TTL ${TTL_SIGN[how]} ${n}`; },
};

const pkttype: Definition = {
  options: { 'pkt-type': { arg: true, not: true, set(value, not, o) {
    if (!['unicast', 'broadcast', 'multicast'].includes(value)) throw new Problem(`Bad packet type '${value}'`);
    o['type'] = [value, not];
  } } },
  check: (o) => (o['type'] === undefined ? 'You must specify `--pkt-type\'' : null),
  save(o) { const [t, not] = get<readonly [string, boolean]>(o, 'type')!; return `${not ? ' !' : ''} --pkt-type ${t}`; },
  print(o) { const [t, not] = get<readonly [string, boolean]>(o, 'type')!; return ` PKTTYPE ${not ? '!=' : '='} ${t}`; },
};

const length: Definition = {
  options: { length: { arg: true, not: true, set(value, not, o) {
    const m = /^(\d*)(?:(:)(\d*))?$/.exec(value);
    if (!m || value === '') throw new Problem(`length: bad value for option "--length": "${value}"`);
    const low = Number(m[1] || 0);
    o['length'] = [low, m[2] ? Number(m[3] || 65_535) : low, not];
  } } },
  check: (o) => (o['length'] === undefined ? 'length: option "--length" must be specified' : null),
  save(o) { const r = get<Pair>(o, 'length')!; return `${r[2] ? ' !' : ''} --length ${saveRange(r)}`; },
  print(o) { const r = get<Pair>(o, 'length')!; return ` length ${r[2] ? '!' : ''}${saveRange(r)}`; },
};

const connlimit: Definition = {
  options: {
    'connlimit-above': { arg: true, not: true, set(value, not, o) { o['above'] = number(value); o['upto'] = not; } },
    'connlimit-upto': { arg: true, set(value, _not, o) { o['above'] = number(value); o['upto'] = true; } },
    'connlimit-mask': { arg: true, set(value, _not, o) { o['bits'] = number(value); } },
    'connlimit-saddr': { arg: false, set(_v, _not, o) { o['daddr'] = false; } }, 'connlimit-daddr': { arg: false, set(_v, _not, o) { o['daddr'] = true; } },
  },
  check(o) {
    if (o['above'] === undefined) return 'You must specify "--connlimit-above" or "--connlimit-upto".';
    o['bits'] ??= 32;
    o['daddr'] ??= false;
    o['mask'] = o['bits'] === 0 ? 0 : (0xffffffff << (32 - (o['bits'] as number))) >>> 0;
    return null;
  },
  save: (o) => ` --connlimit-${o['upto'] ? 'upto' : 'above'} ${String(o['above'])} --connlimit-mask ${String(o['bits'])} --connlimit-${o['daddr'] ? 'd' : 's'}addr`,
  print: (o) => ` #conn ${o['daddr'] ? 'dst' : 'src'}/${String(o['bits'])} ${o['upto'] ? '<=' : '>'} ${String(o['above'])}`,
};

export const MATCHES: Readonly<Record<string, Definition>> = {
  tcp, udp, sctp, icmp, conntrack, state, comment, mark: markMatch('mark match', 'mark'), connmark: markMatch('connmark match ', 'connmark'), addrtype, statistic,
  multiport, limit, hashlimit, recent, mac, owner, physdev, iprange, string, ttl, pkttype, length, connlimit,
};
