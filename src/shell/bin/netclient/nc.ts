/**
 * nc of OpenBSD and ncat of nmap: one connection or one listener between a terminal or pipe and the
 * network. Called as `ncat` it speaks ncat's words.
 */
import { seconds, type Us } from '../../../sim/engine/time.ts';
import { err, out, strerror } from '../../../sim/proc/libc.ts';
import { Interrupted, type Start, type Sys } from '../../../sim/proc/program.ts';
import { call, type Fd } from '../../../sim/proc/syscalls.ts';
import { converse, onTyped } from './duplex.ts';
import { incoming } from './http-text.ts';
import { gaiError, isIp, lookup } from './lookup.ts';

interface Options { listen: boolean; udp: boolean; scan: boolean; verbose: number; numeric: boolean; keep: boolean; waitUs: Us | null; source: string | null; sourcePort: number | null; sendOnly: boolean; recvOnly: boolean; quitUs: Us | null; exec: string | null; shutdown: boolean; rest: string[] }
type Make = 'nc' | 'ncat';

const NC_USAGE = 'usage: nc [-46CDdFhklNnrStUuvZz] [-I length] [-i interval] [-M ttl]\n\t  [-m minttl] [-O length] [-P proxy_username] [-p source_port]\n\t  [-q seconds] [-s sourceaddr] [-T keyword] [-V rtable] [-W recvlimit]\n\t  [-w timeout] [-X proxy_protocol] [-x proxy_address[:port]]\n\t  [destination] [port]\n';
const NCAT_LONG: Readonly<Record<string, string>> = { listen: 'l', udp: 'u', verbose: 'v', nodns: 'n', 'keep-open': 'k', wait: 'w', source: 's', 'source-port': 'p', 'send-only': '>', 'recv-only': '<', 'idle-timeout': 'i', exec: 'e', 'sh-exec': 'c', zero: 'z' };

function parse(make: Make, words: readonly string[]): Options | string {
  const o: Options = { listen: false, udp: false, scan: false, verbose: 0, numeric: false, keep: false, waitUs: null, source: null, sourcePort: null, sendOnly: false, recvOnly: false, quitUs: null, exec: null, shutdown: false, rest: [] };
  const valued = make === 'nc' ? 'IiMmOPpqsTVWwXx' : 'wspiecgGmxo';
  const plain = make === 'nc' ? '46CDdFhklNnrStUuvZz' : '46Clkunvzt';
  const take = (c: string, value: string): string | null => {
    if ((c === 'w' || c === 'q' || c === 'i') && !/^-?\d+(\.\d+)?s?$/.test(value)) return make === 'nc' ? `nc: timeout invalid: ${value}\n` : `Ncat: Invalid -${c} timeout (must be greater than 0). QUITTING.\n`;
    if (c === 'w') o.waitUs = seconds(parseFloat(value));
    else if (c === 'q' || (c === 'i' && make === 'ncat')) o.quitUs = seconds(parseFloat(value));
    else if (c === 's') o.source = value;
    else if (c === 'p') { if (make === 'ncat' && o.listen) o.rest.push(value); else o.sourcePort = Number(value); } else if (c === 'e' || c === 'c') o.exec = value;
    else if (make === 'nc' && 'XxPTV'.includes(c)) return `nc: option -${c} is not available here\n`;
    return null;
  };
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!;
    if (word.startsWith('--') && make === 'ncat') {
      const [name, given] = word.slice(2).split('=') as [string, string | undefined];
      const c = NCAT_LONG[name];
      if (!c) return `ncat: unrecognized option '${word}'\nNcat: Try \`--help' or man(1) ncat for more information, usage options and help. QUITTING.\n`;
      if (c === '>') o.sendOnly = true;
      else if (c === '<') o.recvOnly = true;
      else if (valued.includes(c)) { const bad = take(c, given ?? words[++i] ?? ''); if (bad) return bad; } else flag(o, c);
      continue;
    }
    if (!word.startsWith('-') || word === '-') { o.rest.push(word); continue; }
    for (let k = 1; k < word.length; k++) {
      const c = word[k]!;
      if (valued.includes(c)) {
        const value = word.slice(k + 1) || words[++i];
        if (value === undefined) return make === 'nc' ? `nc: option requires an argument -- '${c}'\n${NC_USAGE}` : `ncat: option requires an argument -- '${c}'\nNcat: Try \`--help' or man(1) ncat for more information, usage options and help. QUITTING.\n`;
        const bad = take(c, value);
        if (bad) return bad;
        break;
      }
      if (!plain.includes(c)) return make === 'nc' ? `nc: invalid option -- '${c}'\n${NC_USAGE}` : `ncat: invalid option -- '${c}'\nNcat: Try \`--help' or man(1) ncat for more information, usage options and help. QUITTING.\n`;
      flag(o, c);
    }
  }
  return o;
}

function flag(o: Options, c: string): void {
  if (c === 'l') o.listen = true;
  else if (c === 'u') o.udp = true;
  else if (c === 'z') o.scan = true;
  else if (c === 'v') o.verbose++;
  else if (c === 'n') o.numeric = true;
  else if (c === 'k') o.keep = true;
  else if (c === 'N') o.shutdown = true;
}

function* run(make: Make, start: Start): Sys<number> {
  const words = start.argv.slice(1);
  if (make === 'ncat' && words.includes('--version')) { yield* err('Ncat: Version 7.50 ( https://nmap.org/ncat )\n'); return 0; }
  if (make === 'nc' && words.includes('-h')) { yield* err(`OpenBSD netcat (Debian patchlevel 1.130-3)\n${NC_USAGE}`); return 1; }
  const o = parse(make, words);
  if (typeof o === 'string') { yield* err(o); return make === 'ncat' ? 2 : 1; }
  if (o.exec !== null) { yield* err(make === 'ncat' ? 'Ncat: executing programs is not available here. QUITTING.\n' : NC_USAGE); return make === 'ncat' ? 2 : 1; }
  if (make === 'ncat' && o.verbose) yield* err('Ncat: Version 7.50 ( https://nmap.org/ncat )\n');
  if (o.listen) return yield* listen(make, o);
  const [target, ports] = o.rest;
  if (target === undefined) { yield* err(make === 'nc' ? NC_USAGE : 'Ncat: You must specify a host to connect to. QUITTING.\n'); return make === 'nc' ? 1 : 2; }
  if (ports === undefined && make === 'nc') { yield* err(NC_USAGE); return 1; }
  const list = portsOf(make, ports ?? '31337');
  if (typeof list === 'string') { yield* err(list); return make === 'nc' ? 1 : 2; }
  const found = o.numeric && !isIp(target) ? { ok: false as const, reason: 'unknown' as const } : yield* lookup(target);
  if (!found.ok) {
    yield* err(make === 'nc' ? `nc: getaddrinfo for host "${target}" port ${list[0]}: ${gaiError(found.reason)}\n` : `Ncat: Could not resolve hostname "${target}": ${gaiError(found.reason)}. QUITTING.\n`);
    return make === 'nc' ? 1 : 2;
  }
  let status = 1;
  for (const port of list) {
    const got = yield* (o.udp ? connectUdp(make, o, target, found.addresses[0]!, port) : connectTcp(make, o, target, found.addresses[0]!, port));
    if (got === 0) status = 0;
    else if (!o.scan) return got;
  }
  return status;
}

function portsOf(make: Make, text: string): number[] | string {
  const m = /^(\d+)(?:-(\d+))?$/.exec(text);
  const low = m ? Number(m[1]) : NaN, high = m?.[2] ? Number(m[2]) : low;
  if (!m || low < 1 || high > 65_535) return make === 'nc' ? `nc: port number invalid: ${text}\n` : `Ncat: Invalid port number "${text}". QUITTING.\n`;
  return Array.from({ length: Math.max(0, high - low + 1) }, (_, i) => low + i);
}

const SERVICES: Readonly<Record<number, string>> = { 22: 'ssh', 53: 'domain', 80: 'http', 443: 'https', 8080: 'http-alt', 2379: 'etcd-client', 2380: 'etcd-server' };

function* connectTcp(make: Make, o: Options, target: string, addr: string, port: number): Sys<number> {
  const got = yield* call('connect', { proto: 'tcp', addr, port, ...((o.source || o.sourcePort) && { from: { ...(o.source && { addr: o.source }), ...(o.sourcePort && { port: o.sourcePort }) } }), ...(o.waitUs !== null ? { timeoutUs: o.waitUs } : make === 'ncat' && { timeoutUs: seconds(10) }) });
  if (!got.ok) {
    const late = got.errno === 'ETIMEDOUT';
    if (make === 'ncat') yield* err(`Ncat: ${late ? 'Connection timed out' : strerror(got.errno)}.\n`);
    else if (o.verbose || !o.scan && o.verbose) yield* err(late && o.waitUs !== null ? `nc: connect to ${target} port ${port} (tcp) timed out: Operation now in progress\n` : `nc: connect to ${target} port ${port} (tcp) failed: ${strerror(got.errno)}\n`);
    return 1;
  }
  if (o.verbose) yield* err(make === 'nc' ? `Connection to ${target} ${port} port [tcp/${o.numeric ? '*' : SERVICES[port] ?? '*'}] succeeded!\n` : `Ncat: Connected to ${addr}:${port}.\n`);
  if (o.scan) {
    yield* call('close', { fd: got.value });
    if (make === 'ncat' && o.verbose) yield* err('Ncat: 0 bytes sent, 0 bytes received in 0.01 seconds.\n');
    return 0;
  }
  return yield* relay(make, o, got.value, false);
}

function* connectUdp(make: Make, o: Options, target: string, addr: string, port: number): Sys<number> {
  const socket = yield* call('udp', o.sourcePort || o.source ? { ...(o.source && { addr: o.source }), ...(o.sourcePort && { port: o.sourcePort }) } : {});
  if (!socket.ok) { yield* err(`${make === 'nc' ? 'nc' : 'Ncat'}: ${strerror(socket.errno)}\n`); return 1; }
  const fd = socket.value;
  const connected = yield* call('udpConnect', { fd, addr, port });
  if (!connected.ok) { if (make !== 'nc' || o.verbose) yield* err(make === 'nc' ? `nc: connect to ${target} port ${port} (udp) failed: ${strerror(connected.errno)}\n` : `Ncat: ${strerror(connected.errno)}.\n`); return 1; }
  if (make === 'ncat') {
    if (o.verbose) yield* err(`Ncat: Connected to ${addr}:${port}.\n`);
    if (!o.scan) return yield* relay(make, o, fd, true);
    return yield* probe(fd, true);
  }
  if (o.scan || o.verbose) {
    // A few datagrams: a port that refuses them says so.
    const open = yield* udpTest(fd);
    if (!open) { yield* call('close', { fd }); return 1; }
    if (o.verbose) yield* err(`Connection to ${target} ${port} port [udp/${o.numeric ? '*' : SERVICES[port] ?? '*'}] succeeded!\n`);
    if (o.scan) { yield* call('close', { fd }); return 0; }
  }
  return yield* relay(make, o, fd, true);
}

/** nc's udptest: four datagrams, one a second at most; false when one is refused. */
function* udpTest(fd: Fd): Sys<boolean> {
  for (let n = 0; n < 4; n++) {
    const sent = yield* call('sendto', { fd, data: 'X', size: 1 });
    if (!sent.ok) return false;
    const got = yield* call('recvfrom', { fd, timeoutUs: seconds(n === 0 ? 1 : 0.01) });
    if (!got.ok && got.errno === 'ECONNREFUSED') return false;
  }
  return true;
}

/** ncat -z over UDP: silence counts as open. */
function* probe(fd: Fd, verbose: boolean): Sys<number> {
  const sent = yield* call('sendto', { fd, data: '', size: 0 });
  const got = sent.ok ? yield* call('recvfrom', { fd, timeoutUs: seconds(2) }) : sent;
  yield* call('close', { fd });
  if (!got.ok && got.errno !== 'ETIMEDOUT' && got.errno !== 'EAGAIN') { yield* err(`Ncat: ${strerror(got.errno)}.\n`); return 1; }
  if (verbose) yield* err('Ncat: UDP packet sent successfully\nNcat: 1 bytes sent, 0 bytes received in 2.01 seconds.\n');
  return 0;
}

/** Types and prints until it is over; ncat half-closes when its input ends, nc only with -N. */
function* relay(make: Make, o: Options, fd: Fd, udp: boolean): Sys<number> {
  const quitUs = o.sendOnly ? 0 : udp ? o.waitUs ?? (make === 'ncat' ? null : o.quitUs) : o.quitUs;
  const ended = yield* converse({ fd, udp, halfClose: make === 'ncat' || o.shutdown, quitUs, idleUs: udp || make === 'ncat' ? null : o.waitUs, escape: false }, !o.recvOnly);
  yield* call('close', { fd });
  if (ended.how !== 'error') return 0;
  if (make === 'ncat') yield* err(`Ncat: ${strerror(ended.errno)}.\n`);
  else if (!udp && ended.errno !== 'EPIPE') yield* err(`nc: ${strerror(ended.errno)}\n`);
  return udp && make === 'nc' ? 0 : 1;
}

function* listen(make: Make, o: Options): Sys<number> {
  const words = o.rest;
  const portText = words.length > 1 ? words[1]! : words[0] ?? (o.sourcePort !== null ? String(o.sourcePort) : make === 'ncat' ? '31337' : '');
  const addr = words.length > 1 ? words[0]! : '0.0.0.0';
  if (portText === '') { yield* err(NC_USAGE); return 1; }
  const ports = portsOf(make, portText);
  if (typeof ports === 'string') { yield* err(ports); return make === 'nc' ? 1 : 2; }
  const port = ports[0]!;
  const socket = o.udp ? yield* call('udp', { addr, port }) : yield* call('listen', { proto: 'tcp', addr, port });
  if (!socket.ok) {
    yield* err(make === 'nc' ? `nc: ${strerror(socket.errno)}\n` : `Ncat: bind to ${addr}:${port}: ${strerror(socket.errno)}. QUITTING.\n`);
    return make === 'nc' ? 1 : 2;
  }
  if (o.verbose) yield* err(make === 'nc' ? `Listening on ${addr === '0.0.0.0' ? '[0.0.0.0]' : `[${addr}]`} (family 0, port ${port})\n` : `Ncat: Listening on ${addr}:${port}\n`);
  yield* call('sigaction', { signal: 'INT', action: 'catch' });
  try {
    do {
      const status = o.udp ? yield* serveUdp(make, o, socket.value) : yield* serveTcp(make, o, socket.value);
      if (status !== 0 || !o.keep) return status;
    } while (o.keep);
    return 0;
  } catch (error) {
    if (error instanceof Interrupted) return 130;
    throw error;
  }
}

function* serveTcp(make: Make, o: Options, fd: Fd): Sys<number> {
  const got = yield* call('accept', { fd, ...(o.waitUs !== null && { timeoutUs: o.waitUs }) });
  if (!got.ok) return 1;
  if (o.verbose) yield* err(make === 'nc' ? `Connection from [${got.value.peer}] port ${got.value.peerPort} [tcp/*] accepted (family 2, sport ${got.value.peerPort})\n` : `Ncat: Connection from ${got.value.peer}.\nNcat: Connection from ${got.value.peer}:${got.value.peerPort}.\n`);
  return yield* relay(make, o, got.value.fd, false);
}

function* serveUdp(make: Make, o: Options, fd: Fd): Sys<number> {
  const got = yield* call('recvfrom', { fd, ...(o.waitUs !== null && { timeoutUs: o.waitUs }) });
  if (!got.ok) return 1;
  if (o.verbose && make === 'nc') yield* err(`Connection from [${got.value.addr}] port ${got.value.port} [udp/*] accepted (family 2, sport ${got.value.port})\n`);
  yield* call('udpConnect', { fd, addr: got.value.addr, port: got.value.port });
  yield* out(incoming(got.value.data));
  return yield* relay(make, o, fd, true);
}

/** One program: its name on the command line tells which of the two it is. */
const makeOf = (start: Start): Make => (/ncat$/.test(start.argv[0] ?? '') ? 'ncat' : 'nc');

export const nc = { name: 'nc', main: (start: Start): Sys<number> => run(makeOf(start), start), entries: { typed: onTyped } };
export const ncat = { name: 'ncat', main: (start: Start): Sys<number> => run('ncat', start), entries: { typed: onTyped } };
