/** ifconfig, route and arp of net-tools 1.60 (Debian stretch's git snapshot). */
import { getopt, has, valueOf } from '../host/getopt.ts';
import { broadcast, ipNumber, ipText, isIp, isMac, maskPrefix, prefixMask } from '../../../sim/net/address.ts';
import { TABLE, type LinkView, type Neigh, type NetChange, type Route } from '../../../sim/net/state.ts';
import { err, fail, out, strerror } from '../../../sim/proc/libc.ts';
import type { Start, Sys } from '../../../sim/proc/program.ts';
import { resolve } from '../../../sim/proc/resolver.ts';
import type { Command } from '../../command.ts';
import { hostNames } from './names.ts';
import { changeNet, readNet } from './netlink.ts';

function* readLinks(): Sys<readonly LinkView[]> {
  const got = yield* readNet<LinkView[]>({ kind: 'links' });
  return got.ok ? got.value : [];
}

// --- ifconfig

const FLAGS: readonly (readonly [string, number, (link: LinkView) => boolean])[] = [
  ['UP', 1, (l) => l.up], ['BROADCAST', 2, (l) => l.kind !== 'loopback'], ['LOOPBACK', 8, (l) => l.kind === 'loopback'],
  ['RUNNING', 64, (l) => l.up && l.carrier], ['NOARP', 128, (l) => !l.arp || l.kind === 'dummy'], ['PROMISC', 256, (l) => l.promisc],
  ['MULTICAST', 4096, (l) => l.multicast && l.kind !== 'loopback'],
];

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
function human(bytes: number): string {
  let n = bytes, unit = 0;
  while (n >= 1024 && unit < UNITS.length - 1) { n /= 1024; unit++; }
  return `${n.toFixed(1)} ${UNITS[unit]}`;
}

function describe(link: LinkView): string {
  const set = FLAGS.filter(([, , has]) => has(link));
  const lines = [`${link.name}: flags=${set.reduce((n, [, bit]) => n + bit, 0)}<${set.map(([name]) => name).join()}>  mtu ${link.mtu}`];
  const [first] = link.addrs;
  if (first) lines.push(`        inet ${first.ip}  netmask ${ipText(prefixMask(first.prefix))}${link.kind === 'loopback' ? '' : `  broadcast ${first.brd ?? '0.0.0.0'}`}`);
  for (const a of link.v6) lines.push(`        inet6 ${a.ip}  prefixlen ${a.prefix}  scopeid ${a.scope === 'host' ? '0x10<host>' : '0x20<link>'}`);
  const queue = `txqueuelen ${link.txqlen}`;
  lines.push(link.kind === 'loopback' ? `        loop  ${queue}  (Local Loopback)` : `        ether ${link.mac}  ${queue}  (Ethernet)`);
  const { stats: s } = link;
  lines.push(`        RX packets ${s.rxPackets}  bytes ${s.rxBytes} (${human(s.rxBytes)})`, `        RX errors 0  dropped ${s.rxDropped}  overruns 0  frame 0`,
    `        TX packets ${s.txPackets}  bytes ${s.txBytes} (${human(s.txBytes)})`, `        TX errors 0  dropped ${s.txDropped} overruns 0  carrier 0  collisions 0`);
  return `${lines.join('\n')}\n\n`;
}

function shortLine(link: LinkView): string {
  const { stats: s } = link;
  const cell = (n: number, width: number): string => String(n).padStart(width);
  const flags = `${link.kind === 'loopback' ? 'L' : 'BM'}${link.up ? (link.carrier ? 'RU' : 'U') : ''}`;
  return `${link.name.padEnd(16)} ${cell(link.mtu, 6)} ${cell(s.rxPackets, 8)}      0 ${cell(s.rxDropped, 6)} 0      ${cell(s.txPackets, 8)}      0 ${cell(s.txDropped, 6)}      0 ${flags}\n`;
}
export const INTERFACE_HEAD = 'Iface             MTU    RX-OK RX-ERR RX-DRP RX-OVR    TX-OK TX-ERR TX-DRP TX-OVR Flg\n';
export const interfaceLine = shortLine;

const byCodeUnit = (a: LinkView, b: LinkView): number => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0);

function* ifconfigMain(start: Start): Sys<number> {
  const args = start.argv.slice(1);
  let all = false, short = false;
  while (args[0]?.startsWith('-')) {
    const word = args.shift()!;
    if (word === '-a') all = true;
    else if (word === '-s') short = true;
    else if (word === '-v') continue;
    else if (word === '-V' || word === '--version') { yield* out('net-tools 1.60\nifconfig 1.42 (2001-04-13)\n'); return 5; }
    else return yield* fail(`ifconfig: option \`${word}' not recognised.\nifconfig: \`--help' gives usage information.`, 1);
  }
  const [name, ...words] = args;
  const links = yield* readLinks();
  if (name === undefined) {
    const shown = links.filter((link) => all || link.up).sort(byCodeUnit);
    yield* out(short ? INTERFACE_HEAD + shown.map(shortLine).join('') : shown.map(describe).join(''));
    return 0;
  }
  const base = name.split(':')[0]!;
  const link = links.find((each) => each.name === base);
  if (!link) {
    return words.length ? yield* fail(`${words[0] && isIp(words[0]) ? 'SIOCSIFADDR' : 'SIOCSIFFLAGS'}: No such device\n${name}: ERROR while getting interface flags: No such device`.split('\n').slice(words[0] && isIp(words[0]) ? 0 : 1).join('\n'), 255)
      : yield* fail(`${name}: error fetching interface information: Device not found`, 1);
  }
  if (!words.length) { yield* out(short ? INTERFACE_HEAD + shortLine(link) : describe(link)); return 0; }
  return yield* configure(link, name, words);
}

function* configure(link: LinkView, label: string, words: readonly string[]): Sys<number> {
  const dev = link.name;
  let ip: string | null = null, prefix = 0, brd: string | undefined;
  const changes: [string, NetChange][] = [];
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!;
    if (word === 'up' || word === 'down') changes.push(['SIOCSIFFLAGS', { kind: 'linkSet', dev, up: word === 'up' }]);
    else if (word === 'mtu') changes.push(['SIOCSIFMTU', { kind: 'linkSet', dev, mtu: Number(words[++i]) }]);
    else if (word === 'netmask') prefix = maskPrefix(ipNumber(words[++i] ?? '')) ?? prefix;
    else if (word === 'broadcast') brd = words[++i];
    else if (word === 'promisc' || word === '-promisc') changes.push(['SIOCSIFFLAGS', { kind: 'linkSet', dev, promisc: word === 'promisc' }]);
    else if (word === 'arp' || word === '-arp') changes.push(['SIOCSIFFLAGS', { kind: 'linkSet', dev, arp: word === 'arp' }]);
    else if (word === 'hw') { i++; changes.push(['SIOCSIFHWADDR', { kind: 'linkSet', dev, mac: words[++i] ?? '' }]); }
    else if (word === 'txqueuelen') changes.push(['SIOCSIFTXQLEN', { kind: 'linkSet', dev, txqlen: Number(words[++i]) }]);
    else if (word === 'del') changes.push(['SIOCDIFADDR', { kind: 'addrDel', dev, ip: words[++i]?.split('/')[0] ?? '' }]);
    else {
      const [host, length] = word.split('/');
      if (!isIp(host!)) return yield* fail(`${host}: Host name lookup failure\nifconfig: \`--help' gives usage information.`, 1);
      ip = host!;
      const first = Number(host!.split('.')[0]);
      prefix = length === undefined ? (first < 128 ? 8 : first < 192 ? 16 : 24) : Number(length);
    }
  }
  if (ip !== null) {
    if (label === dev) for (const a of link.addrs.slice(0, 1)) changes.push(['SIOCSIFADDR', { kind: 'addrDel', dev, ip: a.ip, prefix: a.prefix }]);
    changes.push(['SIOCSIFADDR', { kind: 'addrAdd', dev, ip, prefix, brd: brd ?? broadcast(ip, prefix), label }], ['SIOCSIFFLAGS', { kind: 'linkSet', dev, up: true }]);
  }
  for (const [request, change] of changes) {
    const got = yield* changeNet(change);
    if (!got.ok) return yield* fail(`${request}: ${strerror(got.errno)}`, 255);
  }
  return 0;
}

// --- route

const column = (text: string, width: number): string => `${text.padEnd(width)} `;

export function* routeTable(kind: 'route' | 'netstat'): Sys<string> {
  const got = yield* readNet<Route[]>({ kind: 'routes' });
  const head = kind === 'route' ? 'Flags Metric Ref    Use Iface' : 'Flags   MSS Window  irtt Iface';
  let text = `Kernel IP routing table\nDestination     Gateway         Genmask         ${head}\n`;
  for (const r of got.ok ? got.value : []) {
    if (r.table !== TABLE.main || r.type === 'blackhole') continue;
    const rejected = r.type !== 'unicast';
    const flags = rejected ? `!${r.prefix === 32 ? 'H' : ''}` : `U${r.via ? 'G' : ''}${r.prefix === 32 ? 'H' : ''}`;
    const tail = kind === 'route' ? `${String(r.metric).padEnd(6)} ${'0'.padEnd(2)} ${'0'.padStart(7)} ${rejected ? '-' : r.dev}` : `${'0'.padStart(5)} ${'0'.padEnd(5)} ${'0'.padStart(6)} ${rejected ? '-' : r.dev}`;
    text += `${column(r.dst, 15)}${column(rejected ? '-' : r.via ?? '0.0.0.0', 15)}${column(ipText(prefixMask(r.prefix)), 15)}${column(flags, 5)}${tail}\n`;
  }
  return text;
}

function* routeMain(start: Start): Sys<number> {
  const args = start.argv.slice(1).filter((word) => !/^(-n|-e|-ee|-v|-A|inet|--numeric|-4|-en|-ne)$/.test(word));
  const numeric = start.argv.some((word) => /^(-n|-en|-ne|--numeric)$/.test(word));
  if (!args.length) {
    const text = yield* routeTable('route');
    yield* out(numeric ? text : text.replace(/^0\.0\.0\.0 {8}/gm, 'default        ').replace(/^(\S+ +)(0\.0\.0\.0)( {8})/gm, (_all, a: string) => `${a}0.0.0.0         `));
    return 0;
  }
  const verb = args.shift()!;
  if (verb !== 'add' && verb !== 'del') return yield* fail(verb.startsWith('-') ? `route: invalid option -- '${verb[1]}'\nUsage: route [-nNvee] [-FC] [<AF>]           List kernel routing tables` : `Usage: route [-nNvee] [-FC] [<AF>]           List kernel routing tables`, 3);
  const r: { dst?: string; prefix?: number; via?: string; dev?: string; metric?: number; type?: 'unreachable' } = {};
  for (let i = 0; i < args.length; i++) {
    const word = args[i]!;
    if (word === '-net') r.prefix ??= 24;
    else if (word === '-host') r.prefix = 32;
    else if (word === 'netmask') r.prefix = maskPrefix(ipNumber(args[++i] ?? '')) ?? 32;
    else if (word === 'gw') r.via = args[++i];
    else if (word === 'dev') r.dev = args[++i];
    else if (word === 'metric') r.metric = Number(args[++i]);
    else if (word === 'reject') r.type = 'unreachable';
    else if (/^(mss|window|irtt)$/.test(word)) i++;
    else if (word === 'default') Object.assign(r, { dst: '0.0.0.0', prefix: 0 });
    else if (r.dst === undefined) {
      const [host, length] = word.split('/');
      if (!isIp(host!)) return yield* fail(`${host}: Host name lookup failure`, 6);
      r.dst = host;
      r.prefix = length !== undefined ? Number(length) : r.prefix ?? 32;
    } else if (r.dev === undefined) r.dev = word;
  }
  if (r.dst === undefined) return yield* fail('Usage: inet_route [-vF] del {-host|-net} Target[/prefix] [gw Gw] [metric M] [[dev] If]', 3);
  const got = yield* changeNet({ kind: 'route', mode: verb, route: { dst: r.dst, prefix: r.prefix ?? 32, via: r.via, dev: r.dev, metric: r.metric, type: r.type } });
  return got.ok ? 0 : yield* fail(`${verb === 'add' ? 'SIOCADDRT' : 'SIOCDELRT'}: ${strerror(got.errno)}`, 7);
}

// --- arp

const ARP_USAGE = `Usage:
  arp [-vn]  [<HW>] [-i <if>] [-a] [<hostname>]             <-Display ARP cache
  arp [-v]          [-i <if>] -d  <host> [pub]               <-Delete ARP entry
  arp [-vnD] [<HW>] [-i <if>] -f  [<filename>]            <-Add entry from file
  arp [-v]   [<HW>] [-i <if>] -s  <host> <hwaddr> [temp]            <-Add entry`;

function* arpMain(start: Start): Sys<number> {
  const args = start.argv.slice(1);
  const parsed = getopt('arp', args, { short: 'aenvi:sd', long: { device: ['required', 'i'], set: ['none', 's'], delete: ['none', 'd'], verbose: ['none', 'v'], numeric: ['none', 'n'] } });
  if (!parsed.ok) return yield* fail(`${parsed.error}\n${ARP_USAGE}`, 4);
  const { given } = parsed;
  const bsd = has(given, 'a');
  const wanted = valueOf(given, 'i') ?? undefined;
  if (has(given, 's', 'd')) return yield* arpChange(has(given, 's'), given.operands, wanted);
  let host: string | undefined = given.operands[0];
  if (host !== undefined && !isIp(host)) {
    const found = yield* resolve(host);
    if (!found.ok) return yield* fail(`${host}: Unknown host`, 255);
    host = found.addresses[0];
  }
  const got = yield* readNet<Neigh[]>({ kind: 'neigh' });
  const list = (got.ok ? got.value : []).filter((n) => n.state !== 'NOARP' && (wanted === undefined || n.dev === wanted) && (host === undefined || n.ip === host));
  if (host !== undefined && !list.length) { yield* out(bsd ? `arp: in 1 entries no match found.\n` : `${host} (${host}) -- no entry\n`); return 1; }
  const names = has(given, 'n') ? {} : yield* hostNames();
  const known = (n: Neigh): boolean => n.mac !== null && n.state !== 'FAILED' && n.state !== 'INCOMPLETE';
  if (bsd) {
    yield* out(list.map((n) => `${names[n.ip] ?? '?'} (${n.ip}) at ${known(n) ? `${n.mac} [ether]${n.state === 'PERMANENT' ? ' PERM' : ''}` : '<incomplete>'} on ${n.dev}\n`).join(''));
    return 0;
  }
  if (!list.length) return 0;
  const shown = (n: Neigh): string => column((names[n.ip] ?? n.ip).slice(0, 23), 23);
  const row = (n: Neigh): string => (known(n) ? `${shown(n)} ${column('ether', 6)} ${column(n.mac!, 18)} ${column(n.state === 'PERMANENT' ? 'CM' : 'C', 21)}${n.dev}` : `${shown(n)}         ${column('(incomplete)', 18)} ${column('', 21)}${n.dev}`);
  yield* out(`Address                  HWtype  HWaddress           Flags Mask            Iface\n${list.map((n) => `${row(n)}\n`).join('')}`);
  if (has(given, 'v')) yield* out(`Entries: ${list.length}\tSkipped: 0\tFound: ${list.length}\n`);
  return 0;
}

function* arpChange(set: boolean, [ip, mac]: readonly string[], wanted: string | undefined): Sys<number> {
  if (ip === undefined || set && (mac === undefined || !isMac(mac))) return yield* fail(ip === undefined ? 'arp: need host name' : 'arp: need hardware address', 255);
  const routes = yield* readNet<{ dev: string }>({ kind: 'routeGet', dst: ip });
  const dev = wanted ?? (routes.ok ? routes.value.dev : undefined);
  if (dev === undefined) return yield* fail(`SIOCSARP: ${strerror('ENETUNREACH')}`, 255);
  const got = yield* changeNet(set ? { kind: 'neigh', mode: 'replace', dev, ip, mac: mac!, state: 'PERMANENT' } : { kind: 'neigh', mode: 'del', dev, ip });
  if (got.ok) return 0;
  yield* err(set ? `SIOCSARP: ${strerror(got.errno)}\n` : got.errno === 'ENOENT' ? `No ARP entry for ${ip}\n` : `SIOCDARP(dontpub): ${strerror(got.errno)}\n`);
  return 255;
}

export const ifconfig: Command = { name: 'ifconfig', main: ifconfigMain };
export const route: Command = { name: 'route', main: routeMain };
export const arp: Command = { name: 'arp', main: arpMain };
