/**
 * ip link and ip addr: one listing with two faces, and what they change (iproute2 4.9's ipaddress.c and
 * iplink.c).
 */
import { isMac } from '../../../../sim/net/address.ts';
import type { LinkView, NetChange } from '../../../../sim/net/state.ts';
import { err, out } from '../../../../sim/proc/libc.ts';
import type { Sys } from '../../../../sim/proc/program.ts';
import { call } from '../../../../sim/proc/syscalls.ts';
import { readNet, rtnetlink } from '../netlink.ts';
import { address, invalid, matches, number, oneOf, onOff, prefix, scope, Usage, type Options, type Words } from './words.ts';

export function flagsOf(link: LinkView): string[] {
  const flags: string[] = [];
  if (link.up && !link.carrier) flags.push('NO-CARRIER');
  if (link.kind === 'loopback') flags.push('LOOPBACK'); else flags.push('BROADCAST');
  if (link.multicast && link.kind !== 'loopback') flags.push('MULTICAST');
  if (!link.arp || link.kind === 'dummy') flags.push('NOARP');
  if (link.promisc) flags.push('PROMISC');
  if (link.up) flags.push('UP');
  if (link.up && link.carrier) flags.push('LOWER_UP');
  return flags;
}

/** eth0@if33, veth0@veth1, flannel.1 */
export function nameOf(link: LinkView, all: readonly LinkView[]): string {
  if (link.kind !== 'veth' || link.peerIndex === null) return link.name;
  return link.peerNsid === null ? `${link.name}@${all.find((other) => other.index === link.peerIndex)?.name ?? `if${link.peerIndex}`}` : `${link.name}@if${link.peerIndex}`;
}

const qdisc = (link: LinkView): string => (link.kind === 'ether' ? 'pfifo_fast' : link.up || link.addrs.length ? 'noqueue' : 'noop');

function head(link: LinkView, all: readonly LinkView[], mode: boolean): string {
  const master = link.master ? ` master ${link.master}` : '';
  return `${link.index}: ${nameOf(link, all)}: <${flagsOf(link).join()}> mtu ${link.mtu} qdisc ${qdisc(link)}${master} state ${link.operstate}${mode ? ' mode DEFAULT' : ''} group default ${link.txqlen ? `qlen ${link.txqlen}` : ''}`;
}

function details(link: LinkView): string {
  const { vxlan } = link;
  if (vxlan) {
    return `vxlan id ${vxlan.id} ${vxlan.remote ? `remote ${vxlan.remote} ` : ''}${vxlan.local ? `local ${vxlan.local} ` : ''}${vxlan.dev ? `dev ${vxlan.dev} ` : ''}srcport 0 0 dstport ${vxlan.dstport} ${vxlan.learning ? '' : 'nolearning '}ageing 300 udpcsum `;
  }
  if (link.kind === 'bridge') return `bridge forward_delay 1500 hello_time 200 max_age 2000 ageing_time 30000 stp_state ${link.stp ? 1 : 0} priority 32768 vlan_filtering 0 vlan_protocol 802.1Q `;
  return link.kind === 'veth' && !link.cable ? 'veth ' : link.kind === 'dummy' ? 'dummy ' : '';
}

function hardware(link: LinkView, o: Options): string[] {
  const type = link.kind === 'loopback' ? 'loopback' : 'ether';
  const brd = link.kind === 'loopback' ? '00:00:00:00:00:00' : 'ff:ff:ff:ff:ff:ff';
  const lines = [`    link/${type} ${link.mac} brd ${brd}${link.peerNsid === null ? '' : ` link-netnsid ${link.peerNsid}`}${o.details ? ` promiscuity ${link.promisc || link.master ? 1 : 0} ` : ''}`];
  if (o.details && details(link)) lines.push(`    ${details(link)}`);
  if (o.details && link.master) lines.push(`    bridge_slave state forwarding priority 32 cost 2 hairpin ${link.hairpin ? 'on' : 'off'} guard off root_block off fastleave off learning on flood on `);
  if (link.alias) lines.push(`    alias ${link.alias}`);
  return lines;
}

function stats(link: LinkView): string[] {
  const row = (values: readonly number[]): string => `    ${[10, 8, 7, 7, 7, 7].map((width, i) => `${String(values[i]).padEnd(width)} `).join('')}`;
  const { stats: s } = link;
  return ['    RX: bytes  packets  errors  dropped overrun mcast   ', row([s.rxBytes, s.rxPackets, 0, s.rxDropped, 0, 0]),
    '    TX: bytes  packets  errors  dropped carrier collsns ', row([s.txBytes, s.txPackets, 0, s.txDropped, 0, 0])];
}

interface Filter { dev: string | null; up: boolean; type: string | null; master: string | null; to: { ip: string; prefix: number } | null; scope: string | null; label: string | null; dynamic: boolean | null; secondary: boolean | null }

function filterOf(words: Words): Filter {
  const f: Filter = { dev: null, up: false, type: null, master: null, to: null, scope: null, label: null, dynamic: null, secondary: null };
  while (!words.done) {
    const word = words.next();
    if (word === 'dev') f.dev = words.value();
    else if (word === 'up') f.up = true;
    else if (word === 'type') f.type = words.value();
    else if (word === 'master') f.master = words.value();
    else if (word === 'to') f.to = prefix(words.value());
    else if (word === 'scope') f.scope = scope(words.value());
    else if (word === 'label') f.label = words.value();
    else if (word === 'dynamic' || word === 'permanent') f.dynamic = word === 'dynamic';
    else if (word === 'primary' || word === 'secondary') f.secondary = word === 'secondary';
    else if (f.dev === null) f.dev = word;
    else throw new Usage(`Error: either "dev" is duplicate, or "${word}" is a garbage.\n`, 255);
  }
  return f;
}

const labelFits = (pattern: string, label: string): boolean =>
  new RegExp(`^${pattern.replace(/[.+^${}()|[\]\\]/g, '\\$&').replace(/\*/g, '.*').replace(/\?/g, '.')}$`).test(label);

interface Shown { text: string; first: string; rest: string }

/** The inet lines of a link that pass the filter. */
function addresses(link: LinkView, f: Filter, o: Options, now: number): Shown[] {
  const list: Shown[] = [];
  const bits = (n: number): number => (n <= 0 ? 0 : (0xffffffff << (32 - n)) >>> 0);
  const toNumber = (ip: string): number => ip.split('.').reduce((n, part) => n * 256 + Number(part), 0);
  for (const a of o.family === 6 ? [] : link.addrs) {
    if (f.scope && a.scope !== f.scope || f.label && !labelFits(f.label, a.label) || f.dynamic !== null && (a.validUntil !== null) !== f.dynamic || f.secondary !== null && a.secondary !== f.secondary) continue;
    if (f.to && ((toNumber(a.ip) ^ toNumber(f.to.ip)) & bits(f.to.prefix)) !== 0) continue;
    const life = a.validUntil === null ? 'forever' : `${Math.max(0, Math.floor((a.validUntil - now) / 1_000_000))}sec`;
    list.push({ text: `${a.ip}/${a.prefix}`, first: `    inet ${a.ip}/${a.prefix}${a.brd ? ` brd ${a.brd}` : ''} scope ${a.scope} ${a.secondary ? 'secondary ' : ''}${a.validUntil === null ? '' : 'dynamic '}${a.label}`, rest: `       valid_lft ${life} preferred_lft ${life}` });
  }
  for (const a of o.family === 4 || f.label || f.to ? [] : link.v6) {
    if (f.scope && a.scope !== f.scope) continue;
    list.push({ text: `${a.ip}/${a.prefix}`, first: `    inet6 ${a.ip}/${a.prefix} scope ${a.scope} `, rest: '       valid_lft forever preferred_lft forever' });
  }
  return list;
}

export function* show(words: Words, o: Options, withAddresses: boolean): Sys<number> {
  const f = filterOf(words);
  const got = yield* readNet<LinkView[]>({ kind: 'links' }, o.netns);
  if (!got.ok) return 1;
  const all = got.value;
  if (f.dev !== null && !all.some((link) => link.name === f.dev)) { yield* err(`Device "${f.dev}" does not exist.\n`); return 1; }
  const clock = yield* call('now', {});
  const boot = yield* call('sysinfo', {});
  // Leases are kept in virtual time, of which the time since boot is a shifted copy.
  const now = clock.ok && boot.ok ? boot.value.bootAt + clock.value.mono : 0;
  let text = '';
  for (const link of all) {
    if (f.dev !== null && link.name !== f.dev || f.up && !link.up || f.master && link.master !== f.master || f.type && link.kind !== f.type) continue;
    const list = withAddresses ? addresses(link, f, o, now) : [];
    if (withAddresses && !list.length && (o.family || f.to || f.scope || f.label || f.dynamic !== null || f.secondary !== null)) continue;
    text += o.brief ? brief(link, all, list, withAddresses) : block(link, all, list, o, withAddresses);
  }
  yield* out(text);
  return 0;
}

function brief(link: LinkView, all: readonly LinkView[], list: readonly Shown[], withAddresses: boolean): string {
  const lead = `${nameOf(link, all).padEnd(16)} ${link.operstate.padEnd(14)} `;
  return withAddresses ? `${lead}${list.map((a) => `${a.text} `).join('')}\n` : `${lead}${link.mac} <${flagsOf(link).join()}> \n`;
}

function block(link: LinkView, all: readonly LinkView[], list: readonly Shown[], o: Options, withAddresses: boolean): string {
  if (o.oneline && withAddresses) return list.map((a) => `${link.index}: ${link.name}${a.first}\\${a.rest}\n`).join('');
  const lines = [head(link, all, !withAddresses)];
  if (!withAddresses || o.family === 0) lines.push(...hardware(link, o));
  if (o.stats && !withAddresses) lines.push(...stats(link));
  for (const a of list) lines.push(a.first, a.rest);
  if (o.stats && withAddresses) lines.push(...stats(link));
  return `${lines.join(o.oneline ? '\\' : '\n')}\n`;
}

// --- ip link add | set | delete

const KINDS = ['bridge', 'veth', 'vxlan', 'dummy'] as const;
type Kind = (typeof KINDS)[number];

export function* add(words: Words, o: Options): Sys<number> {
  let name: string | null = null, type: string | null = null;
  const more: { mtu?: number; mac?: string; peer?: string; peerNs?: string; peerMac?: string; up?: boolean } = {};
  let vxlan: { id?: number; dstport?: number; local?: string; dev?: string; learning?: boolean; remote?: string } | null = null;
  while (!words.done) {
    const word = words.next();
    if (word === 'link') words.value();
    else if (word === 'name' || word === 'dev') name = words.value();
    else if (word === 'mtu') more.mtu = number(words.value(), 'Invalid "mtu" value\n'.trim());
    else if (word === 'address') more.mac = words.value();
    else if (word === 'up') more.up = true;
    else if (oneOf(word, 'txqueuelen', 'txqlen') || word === 'numtxqueues' || word === 'index') words.value();
    else if (matches(word, 'type')) {
      type = words.value();
      if (type === 'veth') peerArguments(words, more);
      if (type === 'vxlan') vxlan = vxlanArguments(words);
      if (type === 'bridge') while (!words.done) { words.next(); words.value(); }
    } else if (name === null) name = word;
    else throw new Usage(`Error: either "dev" is duplicate, or "${word}" is a garbage.\n`, 255);
  }
  if (type === null) throw new Usage('Not enough information: "type" argument is required\n', 255);
  if (name === null && type !== 'dummy') throw new Usage('Not enough information: "dev" argument is required.\n', 255);
  if (!KINDS.includes(type as Kind)) { yield* err('RTNETLINK answers: Operation not supported\n'); return 2; }
  if (vxlan && vxlan.id === undefined) { yield* err('RTNETLINK answers: Invalid argument\n'); return 2; }
  if (vxlan?.dev) {
    const links = yield* readNet<LinkView[]>({ kind: 'links' }, o.netns);
    if (links.ok && !links.value.some((link) => link.name === vxlan!.dev)) { yield* err(`Cannot find device "${vxlan.dev}"\n`); return 1; }
  }
  const change: NetChange = { kind: 'linkAdd', name: name ?? 'dummy0', type: type as Kind, ...more, ...(vxlan ? { vxlan: { ...vxlan, id: vxlan.id! } } : {}) };
  return yield* rtnetlink(change, o.netns);
}

function peerArguments(words: Words, more: { peer?: string; peerNs?: string; peerMac?: string }): void {
  if (words.done) return;
  if (words.next() !== 'peer') throw new Usage('Usage: ip link <options> type veth [peer <options>]\nTo get <options> type \'ip link add help\'\n', 255);
  while (!words.done) {
    const word = words.next();
    if (word === 'name') more.peer = words.value();
    else if (word === 'netns') more.peerNs = words.value();
    else if (word === 'address') more.peerMac = words.value();
    else if (word === 'mtu') words.value();
    else more.peer = word;
  }
}

function vxlanArguments(words: Words): { id?: number; dstport?: number; local?: string; dev?: string; learning?: boolean; remote?: string } {
  const v: { id?: number; dstport?: number; local?: string; dev?: string; learning?: boolean; remote?: string } = {};
  while (!words.done) {
    const word = words.next();
    if (word === 'id' || word === 'vni') {
      v.id = number(words.value(), 'invalid id');
      if (v.id >= 1 << 24) throw invalid('invalid id', String(v.id));
    } else if (word === 'dstport') v.dstport = number(words.value(), 'dst port');
    else if (word === 'local') v.local = address(words.value());
    else if (word === 'remote' || word === 'group') v.remote = address(words.value());
    else if (word === 'dev') v.dev = words.value();
    else if (word === 'learning' || word === 'nolearning') v.learning = word === 'learning';
    else if (word === 'ttl' || word === 'hoplimit' || word === 'tos' || word === 'ageing' || word === 'maxaddress') words.value();
    else if (word === 'srcport' || word === 'port') { words.value(); words.value(); }
    else if (!/^(no)?(proxy|rsc|l2miss|l3miss|udpcsum|udp6zerocsumtx|udp6zerocsumrx|gbp|external)$/.test(word)) throw new Usage(`vxlan: unknown command "${word}"?\n`, 255);
  }
  return v;
}

export function* set(words: Words, o: Options): Sys<number> {
  let dev: string | null = null;
  const c: { -readonly [K in keyof Extract<NetChange, { kind: 'linkSet' }>]?: Extract<NetChange, { kind: 'linkSet' }>[K] } = {};
  while (!words.done) {
    const word = words.next();
    if (word === 'up' || word === 'down') c.up = word === 'up';
    else if (word === 'dev') dev = words.value();
    else if (word === 'name') c.name = words.value();
    else if (word === 'mtu') c.mtu = number(words.value(), 'Invalid "mtu" value');
    else if (word === 'address') {
      c.mac = words.value();
      if (!isMac(c.mac)) throw new Usage(`"${c.mac}" is invalid lladdr.\n`, 1);
    } else if (word === 'master') c.master = words.value();
    else if (word === 'nomaster') c.master = null;
    else if (word === 'netns') c.netns = words.value();
    else if (word === 'promisc' || word === 'arp' || word === 'multicast') c[word] = onOff(words.value(), word);
    else if (word === 'alias') c.alias = words.value();
    else if (oneOf(word, 'txqueuelen', 'txqlen') || word === 'qlen') c.txqlen = number(words.value(), 'Invalid "txqueuelen" value');
    else if (word === 'type') { if (words.value() === 'bridge_slave' && words.peek() === 'hairpin') { words.next(); c.hairpin = onOff(words.value(), 'hairpin'); } else words.rest(); }
    else if (word === 'group' || word === 'allmulticast' || word === 'trailers' || word === 'dynamic') words.value();
    else if (dev === null) dev = word;
    else throw new Usage(`Error: either "dev" is duplicate, or "${word}" is a garbage.\n`, 255);
  }
  if (dev === null) throw new Usage('Not enough of information: "dev" argument is required.\n', 255);
  const links = yield* readNet<LinkView[]>({ kind: 'links' }, o.netns);
  for (const name of [dev, ...(c.master ? [c.master] : [])]) {
    if (links.ok && !links.value.some((link) => link.name === name)) {
      yield* err(name === dev ? `Cannot find device "${name}"\n` : `Error: argument "${name}" is wrong: Device does not exist\n\n`);
      return name === dev ? 1 : 255;
    }
  }
  if (c.netns !== undefined) {
    const names = yield* readNet<string[]>({ kind: 'netns' });
    if (names.ok && !names.value.includes(c.netns) && !/^\d+$/.test(c.netns)) throw invalid('Invalid "netns" value\n', c.netns);
  }
  return yield* rtnetlink({ kind: 'linkSet', ...c, dev } as NetChange, o.netns);
}

export function* del(words: Words, o: Options): Sys<number> {
  let dev: string | null = null;
  while (!words.done) {
    const word = words.next();
    if (word === 'dev') dev = words.value();
    else if (word === 'type') words.rest();
    else dev = word;
  }
  if (dev === null) throw new Usage('Not enough information: "dev" argument is required.\n', 255);
  const links = yield* readNet<LinkView[]>({ kind: 'links' }, o.netns);
  if (links.ok && !links.value.some((link) => link.name === dev)) { yield* err(`Cannot find device "${dev}"\n`); return 1; }
  return yield* rtnetlink({ kind: 'linkDel', dev }, o.netns);
}

// --- ip addr add | del | flush

export function* changeAddress(words: Words, o: Options, mode: 'add' | 'replace' | 'del'): Sys<number> {
  let dev: string | null = null, given: ReturnType<typeof prefix> | null = null;
  const more: { brd?: string; scope?: 'global' | 'link' | 'host'; label?: string; validUs?: number } = {};
  while (!words.done) {
    const word = words.next();
    if (word === 'dev') dev = words.value();
    else if (oneOf(word, 'broadcast') || word === 'brd') { const text = words.value(); more.brd = text === '+' || text === '-' ? text : address(text); }
    else if (word === 'scope') more.scope = scope(words.value());
    else if (word === 'label') more.label = words.value();
    else if (word === 'valid_lft' || word === 'preferred_lft') { const life = words.value(); if (life !== 'forever' && word === 'valid_lft') more.validUs = number(life, 'valid_lft value') * 1_000_000; }
    else if (word === 'peer' || word === 'anycast') words.value();
    else if (/^(home|nodad|noprefixroute|autojoin|mngtmpaddr)$/.test(word)) continue;
    else {
      if (word === 'local') words.value();
      if (given) throw new Usage(`Error: either "local" is duplicate, or "${word}" is a garbage.\n`, 255);
      if (word.includes(':')) { yield* err('RTNETLINK answers: Operation not supported\n'); return 2; }
      given = prefix(word);
    }
  }
  if (dev === null) throw new Usage('Not enough information: "dev" argument is required.\n', 255);
  const links = yield* readNet<LinkView[]>({ kind: 'links' }, o.netns);
  if (links.ok && !links.value.some((link) => link.name === dev)) { yield* err(`Cannot find device "${dev}"\n`); return 1; }
  if (!given) { yield* err('RTNETLINK answers: Operation not supported\n'); return 2; }
  const { ip, prefix: length } = given;
  if (more.brd === '+') more.brd = spread(ip, length);
  if (more.brd === '-') delete more.brd;
  if (mode === 'del') return yield* rtnetlink({ kind: 'addrDel', dev, ip, prefix: given.given ? length : undefined }, o.netns);
  return yield* rtnetlink({ kind: 'addrAdd', dev, ip, prefix: length, ...more, ...(mode === 'replace' ? { replace: true } : {}) }, o.netns);
}

const spread = (ip: string, length: number): string => {
  const n = ip.split('.').reduce((sum, part) => sum * 256 + Number(part), 0) | (length >= 32 ? 0 : 0xffffffff >>> length);
  return [24, 16, 8, 0].map((shift) => (n >>> shift) & 255).join('.');
};

export function* flushAddresses(words: Words, o: Options): Sys<number> {
  const f = filterOf(words);
  if (f.dev === null && !f.to && !f.label && !f.scope) throw new Usage('Flush requires arguments.\n', 255);
  const links = yield* readNet<LinkView[]>({ kind: 'links' }, o.netns);
  if (f.dev !== null && links.ok && !links.value.some((link) => link.name === f.dev)) { yield* err(`Device "${f.dev}" does not exist.\n`); return 1; }
  for (const link of links.ok ? links.value : []) {
    if (f.dev !== null && link.name !== f.dev) continue;
    for (const a of addresses(link, f, { ...o, family: 4 }, 0)) {
      const [ip, length] = a.text.split('/');
      const exit = yield* rtnetlink({ kind: 'addrDel', dev: link.name, ip: ip!, prefix: Number(length) }, o.netns);
      if (exit) return exit;
    }
  }
  return 0;
}
