/** netstat (net-tools 1.60) and ss (iproute2 4.9). */
import { ipNumber } from '../../../sim/net/address.ts';
import { servicePort } from '../../../sim/net/protocols.ts';
import { serviceName } from '../../../sim/net/protocols.ts';
import type { LinkView } from '../../../sim/net/state.ts';
import { err, fail, out } from '../../../sim/proc/libc.ts';
import type { Start, Sys } from '../../../sim/proc/program.ts';
import { call, type SocketInfo } from '../../../sim/proc/syscalls.ts';
import type { Command } from '../../command.ts';
import { INTERFACE_HEAD, interfaceLine, routeTable } from './nettools.ts';
import { readNet } from './netlink.ts';

// --- netstat

const STATES: Readonly<Record<string, string>> = {
  LISTEN: 'LISTEN', ESTAB: 'ESTABLISHED', 'SYN-SENT': 'SYN_SENT', 'SYN-RECV': 'SYN_RECV', 'FIN-WAIT-1': 'FIN_WAIT1', 'FIN-WAIT-2': 'FIN_WAIT2',
  'TIME-WAIT': 'TIME_WAIT', 'CLOSE-WAIT': 'CLOSE_WAIT', 'LAST-ACK': 'LAST_ACK', CLOSING: 'CLOSING', CLOSED: 'CLOSE',
};

interface Show { listening: boolean; all: boolean; tcp: boolean; udp: boolean; raw: boolean; unix: boolean; numeric: boolean; programs: boolean; extend: boolean; routes: boolean; interfaces: boolean; statistics: boolean; continuous: boolean; v4: boolean; v6: boolean }
const LETTERS: Readonly<Record<string, keyof Show>> = { l: 'listening', a: 'all', t: 'tcp', u: 'udp', w: 'raw', x: 'unix', n: 'numeric', p: 'programs', e: 'extend', r: 'routes', i: 'interfaces', s: 'statistics', c: 'continuous', 4: 'v4', 6: 'v6' };
const WORDS: Readonly<Record<string, keyof Show>> = {
  listening: 'listening', all: 'all', tcp: 'tcp', udp: 'udp', raw: 'raw', unix: 'unix', numeric: 'numeric', programs: 'programs', extend: 'extend', route: 'routes',
  interfaces: 'interfaces', statistics: 'statistics', continuous: 'continuous',
};

const blank = (): Show => ({ listening: false, all: false, tcp: false, udp: false, raw: false, unix: false, numeric: false, programs: false, extend: false, routes: false, interfaces: false, statistics: false, continuous: false, v4: false, v6: false });

const port = (n: number, proto: string, numeric: boolean): string => (n === 0 ? '*' : numeric ? String(n) : serviceName(n, proto) ?? String(n));
const localName = (addr: string, numeric: boolean): string => (!numeric && addr === '127.0.0.1' ? 'localhost' : addr);
/** Without -W a name is cut so that the column holds. */
const end = (addr: string, p: string): string => `${addr.slice(0, Math.max(23 - p.length - 1, addr.length > 15 ? 22 - p.length : addr.length))}:${p}`;

function socketLine(s: SocketInfo, o: Show): string {
  const proto = s.v6 ? `${s.proto}6` : s.proto;
  const any = s.v6 ? '::' : '0.0.0.0';
  const local = end(s.v6 && s.localAddr === '0.0.0.0' ? any : localName(s.localAddr, o.numeric), port(s.localPort, s.proto, o.numeric));
  const peer = end(s.peerPort === 0 ? any : localName(s.peerAddr, o.numeric), port(s.peerPort, s.proto, o.numeric));
  const state = s.proto === 'tcp' ? STATES[s.state] ?? s.state : s.proto === 'udp' && s.peerPort ? 'ESTABLISHED' : s.proto === 'icmp' ? '7' : '';
  let line = `${proto.padEnd(4)} ${String(s.recvQ).padStart(7)} ${String(s.sendQ).padStart(6)} ${local.padEnd(23)} ${peer.padEnd(23)} ${state.padEnd(11)}`;
  if (o.extend) line += ` ${(o.numeric || s.uid !== 0 ? String(s.uid) : 'root').padEnd(10)} ${String(s.inode).padEnd(10)}`;
  if (o.programs) line += ` ${(s.pid === null ? '-' : `${s.pid}/${s.program ?? ''}`).slice(0, 19).padEnd(19)}`;
  return `${line}\n`;
}

function* internet(list: readonly SocketInfo[], o: Show): Sys<void> {
  const what = o.all ? '(servers and established)' : o.listening ? '(only servers)' : '(w/o servers)';
  const head = `Proto Recv-Q Send-Q Local Address           Foreign Address         State      ${o.extend ? ' User       Inode     ' : ''}${o.programs ? ' PID/Program name    ' : ''}`;
  let text = `Active Internet connections ${what}\n${head}\n`;
  const protos = o.tcp || o.udp || o.raw ? [...(o.tcp ? ['tcp'] : []), ...(o.udp ? ['udp'] : []), ...(o.raw ? ['icmp'] : [])] : ['tcp', 'udp', 'icmp'];
  for (const proto of protos) {
    for (const v6 of [false, true]) {
      if (v6 ? o.v4 && !o.v6 : o.v6 && !o.v4) continue;
      for (const s of list) {
        if (s.proto !== proto || s.v6 !== v6) continue;
        const server = s.state === 'LISTEN' || proto !== 'tcp' && s.peerPort === 0;
        if (o.all || server === o.listening) text += socketLine(s, o);
      }
    }
  }
  yield* out(text);
}

function* unixSockets(list: readonly SocketInfo[], o: Show): Sys<void> {
  const what = o.all ? '(servers and established)' : o.listening ? '(only servers)' : '(w/o servers)';
  let text = `Active UNIX domain sockets ${what}\nProto RefCnt Flags       Type       State         I-Node   ${o.programs ? 'PID/Program name     ' : ''}Path\n`;
  for (const s of list) {
    const server = s.state === 'LISTEN';
    if (s.proto !== 'unix' || !o.all && server !== o.listening) continue;
    const program = o.programs ? `${(s.pid === null ? '-' : `${s.pid}/${s.program ?? ''}`).slice(0, 20).padEnd(20)} ` : '';
    text += `unix  ${server ? 2 : 3}      ${(server ? '[ ACC ]' : '[ ]').padEnd(11)} ${'STREAM'.padEnd(10)} ${(server ? 'LISTENING' : 'CONNECTED').padEnd(13)} ${String(s.inode).padEnd(8)} ${program}${s.path ?? ''}\n`;
  }
  yield* out(text);
}

function* netstatMain(start: Start): Sys<number> {
  const o = blank();
  for (const arg of start.argv.slice(1)) {
    if (arg === '--inet' || arg === '-W' || arg === '--wide') { if (arg === '--inet') o.v4 = true; continue; }
    const names = arg.startsWith('--') ? [arg.slice(2)] : arg.startsWith('-') ? [...arg.slice(1)] : null;
    if (!names) continue;
    for (const each of names) {
      const key = arg.startsWith('--') ? WORDS[each] : LETTERS[each];
      if (!key && each === 'v') continue;
      if (!key) return yield* fail(`netstat: ${arg.startsWith('--') ? `unrecognized option '${arg}'` : `invalid option -- '${each}'`}\nusage: netstat [-vWeenNcCF] [<Af>] -r         netstat {-V|--version|-h|--help}\n       netstat [-vWnNcaeol] [<Socket> ...]\n       netstat { [-vWeenNac] -i | [-cnNe] -M | -s [-6tuw] }`, 4);
      o[key] = true;
    }
  }
  if (o.routes) { yield* out(yield* routeTable('netstat')); return 0; }
  if (o.interfaces) {
    const links = yield* readNet<LinkView[]>({ kind: 'links' });
    const shown = (links.ok ? links.value : []).filter((link) => o.all || link.up).sort((a, b) => (a.name < b.name ? -1 : 1));
    yield* out(`Kernel Interface table\n${INTERFACE_HEAD}${shown.map(interfaceLine).join('')}`);
    return 0;
  }
  if (o.statistics) return yield* statistics();
  if (o.programs && start.uid !== 0) yield* err('(Not all processes could be identified, non-owned process info\n will not be shown, you would have to be root to see it all.)\n');
  const got = yield* call('sockets', {});
  const list = got.ok ? got.value : [];
  if (!o.unix || o.tcp || o.udp || o.raw) yield* internet(list, o);
  if (o.unix || !(o.tcp || o.udp || o.raw)) yield* unixSockets(list, o);
  return 0;
}

/** /proc/net/snmp's counters are kept by nobody here but for those that interfaces tell. */
function* statistics(): Sys<number> {
  const links = yield* readNet<LinkView[]>({ kind: 'links' });
  const sockets = yield* call('sockets', {});
  const sum = (key: 'rxPackets' | 'txPackets' | 'rxDropped'): number => (links.ok ? links.value.reduce((n, link) => n + link.stats[key], 0) : 0);
  const open = sockets.ok ? sockets.value.filter((s) => s.proto === 'tcp' && s.state === 'ESTAB').length : 0;
  yield* out(`Ip:\n    ${sum('rxPackets')} total packets received\n    ${sum('rxDropped')} incoming packets discarded\n    ${sum('txPackets')} requests sent out\nTcp:\n    ${open} connections established\n`);
  return 0;
}

// --- ss

interface Filter { listening: boolean; all: boolean; protos: Set<string>; numeric: boolean; processes: boolean; extended: boolean; header: boolean; state: ReadonlySet<string> | null; tests: ((s: SocketInfo) => boolean)[]; summary: boolean; v4: boolean; v6: boolean }

const SS_STATES: Readonly<Record<string, readonly string[]>> = {
  established: ['ESTAB'], 'syn-sent': ['SYN-SENT'], 'syn-recv': ['SYN-RECV'], 'fin-wait-1': ['FIN-WAIT-1'], 'fin-wait-2': ['FIN-WAIT-2'], 'time-wait': ['TIME-WAIT'],
  closed: ['CLOSED'], 'close-wait': ['CLOSE-WAIT'], 'last-ack': ['LAST-ACK'], listening: ['LISTEN'], listen: ['LISTEN'], closing: ['CLOSING'],
  connected: ['ESTAB', 'SYN-SENT', 'SYN-RECV', 'FIN-WAIT-1', 'FIN-WAIT-2', 'TIME-WAIT', 'CLOSE-WAIT', 'LAST-ACK', 'CLOSING'],
};

function ends(s: SocketInfo, side: 'local' | 'peer', o: Filter): readonly [string, string] {
  const addr = side === 'local' ? s.localAddr : s.peerAddr, n = side === 'local' ? s.localPort : s.peerPort;
  if (s.proto === 'unix') return [side === 'local' ? s.path ?? '*' : '*', side === 'local' ? String(s.inode) : '0'];
  const name = s.v6 && addr === '0.0.0.0' ? '*' : addr;
  return [name, n === 0 ? '*' : o.numeric ? String(n) : serviceName(n, s.proto) ?? String(n)];
}

/** Columns as wide as their widest cell; an address and its port meet at the colon. */
function ssTable(list: readonly SocketInfo[], o: Filter): string {
  const many = o.protos.size !== 1, showState = o.state === null || o.state.size !== 1;
  const head = { cells: [...(many ? ['Netid'] : []), ...(showState ? ['State'] : []), 'Recv-Q', 'Send-Q'], local: ['Local Address', 'Port'] as const, peer: ['Peer Address', 'Port'] as const, tail: 'Process' };
  const rows = list.map((s) => ({
    cells: [...(many ? [s.proto === 'unix' ? 'u_str' : s.proto] : []), ...(showState ? [s.state] : []), String(s.recvQ), s.state === 'LISTEN' && s.proto === 'tcp' ? '128' : String(s.sendQ)],
    local: ends(s, 'local', o), peer: ends(s, 'peer', o), tail: tail(s, o),
  }));
  const all = o.header ? [head, ...rows] : rows;
  const width = (of: (row: typeof head) => string): number => all.reduce((n, row) => Math.max(n, of(row as typeof head).length), 0);
  const cells = head.cells.map((_, i) => width((row) => row.cells[i]!));
  const [la, lp, pa, pp] = [width((r) => r.local[0]), width((r) => r.local[1]), width((r) => r.peer[0]), width((r) => r.peer[1])];
  return all.map((row) => `${row.cells.map((cell, i) => cell.padEnd(cells[i]!)).join(' ')} ${row.local[0].padStart(la)}:${row.local[1].padEnd(lp)} ${row.peer[0].padStart(pa)}:${row.peer[1].padEnd(pp)}${row.tail}\n`).join('');
}

function tail(s: SocketInfo, o: Filter): string {
  const users = o.processes && s.pid !== null ? ` users:(("${s.program ?? ''}",pid=${s.pid},fd=3))` : '';
  return o.extended && s.proto !== 'unix' ? `${users} ${s.uid ? `uid:${s.uid} ` : ''}ino:${s.inode} sk:${s.inode.toString(16)} <->` : users;
}

/** `sport = :80`, `dst 10.0.0.0/8`, joined by and; `( … or … )`. null: not understood. */
export function expression(words: readonly string[]): ((s: SocketInfo) => boolean) | null {
  let at = 0;
  const or = (): ((s: SocketInfo) => boolean) | null => {
    let left = and();
    while (left && (words[at] === 'or' || words[at] === '||' || words[at] === '|')) {
      at++;
      const a = left, b = and();
      left = b && ((s) => a(s) || b(s));
    }
    return left;
  };
  const and = (): ((s: SocketInfo) => boolean) | null => {
    let left = atom();
    while (left && at < words.length && words[at] !== ')' && !/^(or|\|\|?)$/.test(words[at]!)) {
      if (words[at] === 'and' || words[at] === '&&' || words[at] === '&') at++;
      const a = left, b = atom();
      left = b && ((s) => a(s) && b(s));
    }
    return left;
  };
  const atom = (): ((s: SocketInfo) => boolean) | null => {
    const word = words[at++];
    if (word === 'not' || word === '!') { const a = atom(); return a && ((s) => !a(s)); }
    if (word === '(') { const inner = or(); return words[at++] === ')' ? inner : null; }
    if (word === 'sport' || word === 'dport') {
      const op = words[at++] ?? '', n = portOf(words[at++]);
      const value = (s: SocketInfo): number => (word === 'sport' ? s.localPort : s.peerPort);
      if (n === null) return null;
      if (/^(=|==|eq)$/.test(op)) return (s) => value(s) === n;
      if (/^(!=|ne|neq)$/.test(op)) return (s) => value(s) !== n;
      if (/^(>=?|gt|ge|geq)$/.test(op)) return (s) => (op.includes('=') || op.startsWith('ge') ? value(s) >= n : value(s) > n);
      return /^(<=?|lt|le|leq)$/.test(op) ? (s) => (op.includes('=') || op.startsWith('le') ? value(s) <= n : value(s) < n) : null;
    }
    if (word === 'src' || word === 'dst') {
      if (/^(=|==|eq)$/.test(words[at] ?? '')) at++;
      const m = /^([\d.]*|\*)(?:\/(\d+))?(?::(\S+))?$/.exec(words[at++] ?? '');
      if (!m) return null;
      const n = m[3] === undefined || m[3] === '*' ? null : portOf(`:${m[3]}`), bits = m[2] === undefined ? 32 : Number(m[2]);
      const mask = bits === 0 ? 0 : (0xffffffff << (32 - bits)) >>> 0;
      return (s) => {
        const [addr, p] = word === 'src' ? [s.localAddr, s.localPort] : [s.peerAddr, s.peerPort];
        return (!m[1] || m[1] === '*' || ((ipNumber(addr) ^ ipNumber(m[1])) & mask) === 0) && (n === null || p === n);
      };
    }
    return null;
  };
  const result = or();
  return at >= words.length ? result : null;
}

function portOf(word: string | undefined): number | null {
  const text = word?.replace(/^:/, '') ?? '';
  return /^\d+$/.test(text) ? Number(text) : servicePort(text, 'any');
}

function* ssMain(start: Start): Sys<number> {
  const o: Filter = { listening: false, all: false, protos: new Set(), numeric: false, processes: false, extended: false, header: true, state: null, tests: [], summary: false, v4: false, v6: false };
  const letters: Readonly<Record<string, () => void>> = {
    l: () => { o.listening = true; }, a: () => { o.all = true; }, n: () => { o.numeric = true; }, p: () => { o.processes = true; }, e: () => { o.extended = true; }, H: () => { o.header = false; },
    t: () => { o.protos.add('tcp'); }, u: () => { o.protos.add('udp'); }, x: () => { o.protos.add('unix'); }, w: () => { o.protos.add('icmp'); }, s: () => { o.summary = true; },
    4: () => { o.v4 = true; }, 6: () => { o.v6 = true; }, o: () => {}, m: () => {}, i: () => {}, r: () => {}, 0: () => { o.protos.add('packet'); },
  };
  const long: Readonly<Record<string, string>> = { listening: 'l', all: 'a', numeric: 'n', processes: 'p', extended: 'e', 'no-header': 'H', tcp: 't', udp: 'u', unix: 'x', raw: 'w', summary: 's', ipv4: '4', ipv6: '6', options: 'o', memory: 'm', info: 'i', resolve: 'r' };
  const rest: string[] = [];
  for (const arg of start.argv.slice(1)) {
    if (arg === '-V' || arg === '--version') { yield* out('ss utility, iproute2-ss161212\n'); return 0; }
    const names = arg.startsWith('--') ? [long[arg.slice(2)] ?? '?'] : arg.startsWith('-') ? [...arg.slice(1)] : null;
    if (!names) { rest.push(arg); continue; }
    for (const name of names) {
      if (!letters[name]) return yield* fail(`ss: ${arg.startsWith('--') ? `unrecognized option '${arg}'` : `invalid option -- '${name}'`}\nUsage: ss [ OPTIONS ]\n       ss [ OPTIONS ] [ FILTER ]`, 255);
      letters[name]!();
    }
  }
  if (rest[0] === 'state') {
    const states = SS_STATES[rest[1] ?? ''];
    if (!states) return yield* fail(`ss: wrong state name: ${rest[1] ?? ''}`, 255);
    o.state = new Set(states);
    rest.splice(0, 2);
  }
  if (rest.length) {
    const test = expression(rest.flatMap((word) => word.replace(/([()])/g, ' $1 ').split(/\s+/).filter(Boolean)));
    if (!test) return yield* fail('ss: bison bellows (while parsing filter): "syntax error!" Sorry.\nUsage: ss [ OPTIONS ]\n       ss [ OPTIONS ] [ FILTER ]', 255);
    o.tests.push(test);
  }
  const got = yield* call('sockets', {});
  const list = got.ok ? got.value : [];
  if (o.summary) return yield* summary(list);
  if (!o.protos.size) for (const proto of ['tcp', 'udp', 'unix', 'icmp']) o.protos.add(proto);
  const order = ['unix', 'icmp', 'udp', 'tcp'];
  const shown = list.filter((s) => o.protos.has(s.proto) && (!(o.v6 && !o.v4) || s.v6) && wanted(s, o) && o.tests.every((test) => test(s)))
    .sort((a, b) => order.indexOf(a.proto) - order.indexOf(b.proto));
  yield* out(ssTable(shown, o));
  return 0;
}

function wanted(s: SocketInfo, o: Filter): boolean {
  if (o.state) return o.state.has(s.state);
  const server = s.state === 'LISTEN' || s.state === 'UNCONN';
  return o.all || (o.listening ? server : !server);
}

function* summary(list: readonly SocketInfo[]): Sys<number> {
  const tcp = list.filter((s) => s.proto === 'tcp'), count = (state: string): number => tcp.filter((s) => s.state === state).length;
  const udp = list.filter((s) => s.proto === 'udp').length, raw = list.filter((s) => s.proto === 'icmp').length;
  const row = (name: string, total: string, ip: number): string => `${name.padEnd(10)}${total.padEnd(10)}${String(ip).padEnd(10)}0         \n`;
  yield* out(`Total: ${list.length} (kernel 0)\nTCP:   ${tcp.length} (estab ${count('ESTAB')}, closed ${count('CLOSED') + count('TIME-WAIT')}, orphaned 0, synrecv ${count('SYN-RECV')}, timewait ${count('TIME-WAIT')}/0), ports 0\n\nTransport Total     IP        IPv6\n${row('*', '0', 0).replace(/^\*( +)0( +)0/, '*$10$2-')}${row('RAW', String(raw), raw)}${row('UDP', String(udp), udp)}${row('TCP', String(tcp.length - count('TIME-WAIT')), tcp.length - count('TIME-WAIT'))}${row('INET', String(raw + udp + tcp.length), raw + udp + tcp.length)}${row('FRAG', '0', 0)}\n`);
  return 0;
}

export const netstat: Command = { name: 'netstat', main: netstatMain };
export const ss: Command = { name: 'ss', main: ssMain };
