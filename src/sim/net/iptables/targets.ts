/**
 * The targets that iptables knows: their options, how -S and -L write them, where the kernel takes them
 * (iptables 1.6.0's libxt_*.c and libipt_*.c). What they do is in netfilter/target.ts.
 */
import { isIp } from '../address.ts';
import type { NatRange } from '../conntrack.ts';
import { REJECT_CODES } from '../netfilter/target.ts';
import type { Definition, Option, Opts } from './matches.ts';
import { hex, isNumber, mark, number, Problem, saveString } from './values.ts';

export interface TargetDefinition extends Definition {
  tables?: readonly string[];
  /** The rule needs a SYN match and TCP. */
  needsSyn?: boolean;
}

const get = <T>(o: Opts, key: string): T | undefined => o[key] as unknown as T | undefined;
const plain = (tables?: readonly string[], hooks?: readonly string[]): TargetDefinition => ({ options: {}, save: () => '', print: () => '', tables, hooks });

const REJECT_ALIASES: Readonly<Record<string, string>> = {
  'net-unreach': 'icmp-net-unreachable', 'host-unreach': 'icmp-host-unreachable', 'proto-unreach': 'icmp-proto-unreachable', 'port-unreach': 'icmp-port-unreachable',
  'net-prohib': 'icmp-net-prohibited', 'host-prohib': 'icmp-host-prohibited', 'tcp-rst': 'tcp-reset', 'admin-prohib': 'icmp-admin-prohibited',
};
const REJECT_NAMES = [...Object.keys(REJECT_CODES), 'tcp-reset'];
const reject: TargetDefinition = {
  tables: ['filter'], hooks: ['INPUT', 'FORWARD', 'OUTPUT'],
  options: { 'reject-with': { arg: true, set(value, _not, o) {
    const lower = value.toLowerCase();
    const name = REJECT_NAMES.find((each) => each.startsWith(lower)) ?? Object.entries(REJECT_ALIASES).find(([alias]) => alias.startsWith(lower))?.[1];
    if (!name) throw new Problem(`unknown reject type "${value}"`);
    o['with'] = name;
  } } },
  check(o) { o['with'] ??= 'icmp-port-unreachable'; return null; },
  save: (o) => ` --reject-with ${String(o['with'])}`,
  print: (o) => ` reject-with ${String(o['with'])}`,
};

const LEVELS = ['emerg', 'alert', 'crit', 'error', 'warning', 'notice', 'info', 'debug'];
const LEVEL_ALIASES: Readonly<Record<string, number>> = { panic: 0, err: 3, warn: 4 };
const LOG_FLAGS: readonly (readonly [string, number])[] = [['log-tcp-sequence', 1], ['log-tcp-options', 2], ['log-ip-options', 4], ['log-uid', 8], ['log-macdecode', 32]];
const log: TargetDefinition = {
  options: {
    'log-level': { arg: true, set(value, _not, o) {
      const level = /^\d+$/.test(value) ? Number(value) : LEVEL_ALIASES[value.toLowerCase()] ?? LEVELS.indexOf(value.toLowerCase());
      if (level < 0 || level > 7) throw new Problem(`log level "${value}" unknown\n`);
      o['level'] = level;
    } },
    'log-prefix': { arg: true, set(value, _not, o) {
      if (value.includes('\n')) throw new Problem('Newlines not allowed in --log-prefix');
      o['prefix'] = value.slice(0, 29);
    } },
    ...Object.fromEntries(LOG_FLAGS.map(([name, bit]): [string, Option] => [name, { arg: false, set(_v, _not, o) { o['flags'] = ((o['flags'] as number | undefined) ?? 0) | bit; } }])),
  },
  check(o) { o['level'] ??= 4; o['prefix'] ??= ''; o['flags'] ??= 0; return null; },
  save: (o) => (o['prefix'] ? ` --log-prefix ${saveString(String(o['prefix']))}` : '') + (o['level'] === 4 ? '' : ` --log-level ${String(o['level'])}`)
    + LOG_FLAGS.map(([name, bit]) => ((o['flags'] as number) & bit ? ` --${name}` : '')).join(''),
  print: (o, numeric) => ` LOG ${numeric ? `flags ${String(o['flags'])} level ${String(o['level'])}` : `level ${LEVELS[o['level'] as number]}${LOG_FLAGS.map(([name, bit]) => ((o['flags'] as number) & bit ? ` ${name.slice(4)}` : '')).join('')}`}${o['prefix'] ? ` prefix "${String(o['prefix'])}"` : ''}`,
};

const markOption = (make: (value: number, mask: number) => readonly [number, number], option: string, prefix: string): Option => ({ arg: true, set(value, _not, o) {
  if (o['mark'] !== undefined) throw new Problem(`${prefix}: Only one operation allowed`);
  const [v, m] = value.split('/');
  if (!isNumber(v ?? '') || m !== undefined && !isNumber(m)) throw new Problem(`${prefix}: bad value for option "--${option}", or out of range (0-4294967295): "${value}".`.replace(/ \(0.*$/, ''));
  const pair = mark(value, `--${option}`);
  o['mark'] = [...make(...pair)].map((n) => n >>> 0);
} });
const MARK_OPS = (prefix: string): Readonly<Record<string, Option>> => ({
  'set-mark': markOption((v, m) => [v, v | m], 'set-mark', prefix), 'set-xmark': markOption((v, m) => [v, m], 'set-xmark', prefix),
  'and-mark': markOption((v) => [0, ~v], 'and-mark', prefix), 'or-mark': markOption((v) => [v, v], 'or-mark', prefix), 'xor-mark': markOption((v) => [v, 0], 'xor-mark', prefix),
});
function printMark([value, mask]: readonly [number, number]): string {
  if (mask === 0) return `xor ${hex(value)}`;
  if (mask === 0xffffffff) return `set ${hex(value)}`;
  if (value === 0) return `and ${hex(~mask)}`;
  return value === mask ? `or ${hex(value)}` : `xset ${hex(value)}/${hex(mask)}`;
}
const markTarget: TargetDefinition = {
  options: MARK_OPS('MARK'),
  check: (o) => (o['mark'] === undefined ? 'MARK: One of the --set-xmark, --{and,or,xor,set}-mark options is required' : null),
  save(o) { const [v, m] = get<readonly [number, number]>(o, 'mark')!; return ` --set-xmark ${hex(v)}/${hex(m)}`; },
  print: (o) => ` MARK ${printMark(get<readonly [number, number]>(o, 'mark')!)}`,
};

const connMode = (mode: string): Option => ({ arg: false, set(_v, _not, o) { o['mode'] = mode; o['mark'] ??= [0, 0xffffffff]; } });
const connmark: TargetDefinition = {
  options: {
    ...MARK_OPS('CONNMARK'), 'save-mark': connMode('save'), 'restore-mark': connMode('restore'),
    mask: { arg: true, set(value, _not, o) { o['mark'] = [0, number(value) >>> 0]; } },
    nfmask: { arg: true, set(value, _not, o) { o['mark'] = [0, number(value) >>> 0]; } },
    ctmask: { arg: true, set(value, _not, o) { o['mark'] = [0, number(value) >>> 0]; } },
  },
  check(o) {
    if (o['mark'] === undefined) return 'CONNMARK target: No operation specified';
    o['mode'] ??= 'set';
    return null;
  },
  save(o) {
    const [v, m] = get<readonly [number, number]>(o, 'mark')!;
    return o['mode'] === 'set' ? ` --set-xmark ${hex(v)}/${hex(m)}` : ` --${String(o['mode'])}-mark --nfmask ${hex(m)} --ctmask ${hex(m)}`;
  },
  print(o) {
    const pair = get<readonly [number, number]>(o, 'mark')!;
    return o['mode'] === 'set' ? ` CONNMARK ${printMark(pair)}` : ` CONNMARK ${String(o['mode'])}${pair[1] === 0xffffffff ? '' : ` mask ${hex(pair[1])}`}`;
  },
};

function natRange(text: string, protoNumber: number): NatRange {
  const colon = text.indexOf(':');
  const addresses = colon < 0 ? text : text.slice(0, colon);
  let minPort: number | null = null, maxPort: number | null = null;
  if (colon >= 0) {
    if (![6, 17, 132, 33, 1].includes(protoNumber)) throw new Problem('Need TCP, UDP, SCTP or DCCP with port specification');
    const m = /^(\d+)(?:-(\d+))?$/.exec(text.slice(colon + 1));
    if (!m) {
      if (text.slice(colon + 1).includes(':')) throw new Problem(`Invalid port:port syntax - use dash\n`);
      throw new Problem(`Port \`${text.slice(colon + 1)}' not valid\n`);
    }
    minPort = Number(m[1]);
    maxPort = Number(m[2] ?? m[1]);
    if (minPort === 0 || minPort > 65_535 || maxPort > 65_535) throw new Problem(`Port \`${text.slice(colon + 1)}' not valid\n`);
    if (maxPort < minPort) throw new Problem(`Port range \`${text.slice(colon + 1)}' funky\n`);
  }
  if (!addresses) return { from: '', to: '', minPort, maxPort };
  const [from, to, ...more] = addresses.split('-');
  for (const ip of [from!, to ?? from!, ...more]) if (!isIp(ip)) throw new Problem(`Bad IP address "${ip}"\n`);
  return { from: from!, to: to ?? from!, minPort, maxPort };
}
function natText(r: NatRange): string {
  const ports = r.minPort === null ? '' : `:${r.minPort}${r.maxPort === r.minPort ? '' : `-${r.maxPort}`}`;
  return `${r.from}${r.to === r.from ? '' : `-${r.to}`}${ports}`;
}
const natFlags: Readonly<Record<string, Option>> = {
  random: { arg: false, set(_v, _not, o) { o['random'] = true; } }, persistent: { arg: false, set(_v, _not, o) { o['persistent'] = true; } },
  'random-fully': { arg: false, set(_v, _not, o) { o['fully'] = true; } },
};
const flagText = (o: Opts, dash: string): string => (o['random'] ? ` ${dash}random` : '') + (o['fully'] ? ` ${dash}random-fully` : '') + (o['persistent'] ? ` ${dash}persistent` : '');
const nat = (name: string, option: string, hooks: readonly string[]): TargetDefinition => ({
  tables: ['nat'], hooks,
  options: { ...natFlags, [option]: { arg: true, set(value, _not, o, c) {
    if (o['to'] !== undefined) throw new Problem(`${name}: Multiple --${option} not supported`);
    o['to'] = { ...natRange(value, c.protoNumber) };
  } } },
  check: (o) => (o['to'] === undefined ? `${name}: option "--${option}" must be specified` : null),
  save: (o) => ` --${option} ${natText(get<NatRange>(o, 'to')!)}${flagText(o, '--')}`,
  print: (o) => ` to:${natText(get<NatRange>(o, 'to')!)}${flagText(o, '')}`,
});

const portsOption: Option = { arg: true, set(value, _not, o, c) {
  if (![6, 17, 132, 33, 1].includes(c.protoNumber)) throw new Problem('Need TCP, UDP, SCTP or DCCP with port specification');
  const m = /^(\d+)(?:-(\d+))?$/.exec(value);
  if (!m || Number(m[1]) > 65_535 || Number(m[2] ?? m[1]) > 65_535) throw new Problem(`Port \`${value}' not valid\n`);
  if (Number(m[2] ?? m[1]) < Number(m[1])) throw new Problem(`Port range \`${value}' funky\n`);
  o['ports'] = [Number(m[1]), Number(m[2] ?? m[1])];
} };
const portsText = (o: Opts): string => { const r = get<readonly [number, number]>(o, 'ports'); return r ? (r[0] === r[1] ? String(r[0]) : `${r[0]}-${r[1]}`) : ''; };
const masquerade: TargetDefinition = {
  tables: ['nat'], hooks: ['POSTROUTING'], options: { 'to-ports': portsOption, ...natFlags },
  save: (o) => (o['ports'] ? ` --to-ports ${portsText(o)}` : '') + flagText(o, '--'),
  print: (o) => (o['ports'] ? ` masq ports: ${portsText(o)}` : '') + flagText(o, ''),
};
const redirect: TargetDefinition = {
  tables: ['nat'], hooks: ['PREROUTING', 'OUTPUT'], options: { 'to-ports': portsOption, random: natFlags['random']! },
  save: (o) => (o['ports'] ? ` --to-ports ${portsText(o)}` : '') + flagText(o, '--'),
  print: (o) => (o['ports'] ? ` redir ports ${portsText(o)}` : '') + flagText(o, ''),
};

const tcpmss: TargetDefinition = {
  needsSyn: true,
  options: {
    'set-mss': { arg: true, set(value, _not, o) {
      if (!isNumber(value) || number(value) > 65_495) throw new Problem(`TCPMSS: bad value for option "--set-mss", or out of range: "${value}"`);
      o['mss'] = number(value);
    } },
    'clamp-mss-to-pmtu': { arg: false, set(_v, _not, o) { o['clamp'] = true; } },
  },
  check: (o) => (o['mss'] === undefined && !o['clamp'] ? 'TCPMSS target: At least one parameter is required' : null),
  save: (o) => (o['clamp'] ? ' --clamp-mss-to-pmtu' : ` --set-mss ${String(o['mss'])}`),
  print: (o) => (o['clamp'] ? ' TCPMSS clamp to PMTU' : ` TCPMSS set ${String(o['mss'])}`),
};

const ct: TargetDefinition = {
  tables: ['raw'],
  options: {
    notrack: { arg: false, set(_v, _not, o) { o['notrack'] = true; } }, zone: { arg: true, set(value, _not, o) { o['zone'] = number(value); } },
    helper: { arg: true, set(value, _not, o) { o['helper'] = value; } },
  },
  check(o) { o['notrack'] ??= false; return null; },
  save: (o) => (o['notrack'] ? ' --notrack' : '') + (o['helper'] ? ` --helper ${String(o['helper'])}` : '') + (o['zone'] === undefined ? '' : ` --zone ${String(o['zone'])}`),
  print: (o) => ` CT${o['notrack'] ? ' notrack' : ''}${o['helper'] ? ` helper ${String(o['helper'])}` : ''}${o['zone'] === undefined ? '' : ` zone ${String(o['zone'])}`}`,
};

const nflogNumber = (key: string): Option => ({ arg: true, set(value, _not, o) { o[key] = number(value); } });
const nflogText = (o: Opts, dash: string): string => (o['prefix'] ? ` ${dash}nflog-prefix ${dash ? saveString(String(o['prefix'])) : ` "${String(o['prefix'])}"`.trim()}` : '')
  + (o['group'] ? ` ${dash}nflog-group ${String(o['group'])}` : '') + (o['range'] ? ` ${dash}nflog-range ${String(o['range'])}` : '') + (o['threshold'] ? ` ${dash}nflog-threshold ${String(o['threshold'])}` : '');
const nflog: TargetDefinition = {
  options: { 'nflog-prefix': { arg: true, set(value, _not, o) { o['prefix'] = value.slice(0, 63); } }, 'nflog-group': nflogNumber('group'), 'nflog-range': nflogNumber('range'), 'nflog-threshold': nflogNumber('threshold') },
  save: (o) => nflogText(o, '--'), print: (o) => nflogText(o, ''),
};

const ttlOption = (how: string): Option => ({ arg: true, set(value, _not, o) {
  if (!isNumber(value) || number(value) > 255) throw new Problem(`TTL: bad value for option "--ttl-${how}": "${value}"`);
  o['ttl'] = [how, number(value)];
} });
const ttl: TargetDefinition = {
  tables: ['mangle'], options: { 'ttl-set': ttlOption('set'), 'ttl-dec': ttlOption('dec'), 'ttl-inc': ttlOption('inc') },
  check: (o) => (o['ttl'] === undefined ? 'TTL: You must specify an action' : null),
  save(o) { const [how, n] = get<readonly [string, number]>(o, 'ttl')!; return ` --ttl-${how} ${n}`; },
  print(o) { const [how, n] = get<readonly [string, number]>(o, 'ttl')!; return ` TTL ${how === 'set' ? 'set to' : how === 'dec' ? 'decrement by' : 'increment by'} ${n}`; },
};

export const TARGETS: Readonly<Record<string, TargetDefinition>> = {
  ACCEPT: plain(), DROP: plain(), RETURN: plain(), QUEUE: plain(), REJECT: reject, LOG: log, MARK: markTarget, CONNMARK: connmark,
  SNAT: nat('SNAT', 'to-source', ['POSTROUTING', 'INPUT']), DNAT: nat('DNAT', 'to-destination', ['PREROUTING', 'OUTPUT']),
  MASQUERADE: masquerade, REDIRECT: redirect, TCPMSS: tcpmss, NOTRACK: plain(['raw']), CT: ct, NFLOG: nflog, TTL: ttl, TRACE: plain(['raw']),
};
/** Verdicts that need no module. */
export const STANDARD: ReadonlySet<string> = new Set(['ACCEPT', 'DROP', 'RETURN', 'QUEUE']);
