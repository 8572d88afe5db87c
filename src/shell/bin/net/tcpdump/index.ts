/**
 * tcpdump 4.9: captures on an interface or on all, filters, prints, counts. A file written with -w holds
 * the packets as this world has them, and -r reads that.
 */
import type { LinkView, Packet } from '../../../../sim/net/state.ts';
import { err, fail, out, strerror } from '../../../../sim/proc/libc.ts';
import { Interrupted, type Json, type Start, type Sys } from '../../../../sim/proc/program.ts';
import { call } from '../../../../sim/proc/syscalls.ts';
import type { Command } from '../../../command.ts';
import { readNet } from '../netlink.ts';
import { compile } from './filter.ts';
import { printPacket, type Look } from './print.ts';

export interface Captured { at: number; dev: string; direction: 'In' | 'Out'; packet: Packet }

interface Options {
  iface: string | null; count: number; numeric: boolean; verbose: number; ethernet: boolean; quiet: boolean; absolute: boolean; ascii: boolean; hex: boolean;
  time: number; write: string | null; read: string | null; direction: string | null; list: boolean; snap: number; expression: string; numbered: boolean; version: boolean;
}

const WITH_VALUE = 'BcCEFGijMrsTVwWyzZQ';
const FLAGS = 'AbdDefhHIJKlLnNOpqStuUvxX#';

function parse(args: readonly string[]): Options | string {
  const o: Options = { iface: null, count: 0, numeric: false, verbose: 0, ethernet: false, quiet: false, absolute: false, ascii: false, hex: false, time: 0, write: null, read: null, direction: null, list: false, snap: 262_144, expression: '', numbered: false, version: false };
  const words: string[] = []; // getopt finds options behind the expression too
  const long: Readonly<Record<string, string>> = { '--interface': 'i', '--list-interfaces': 'D', '--snapshot-length': 's', '--number': '#', '--packet-buffered': 'U', '--no-promiscuous-mode': 'p', '--direction': 'Q', '--print': 'u' };
  for (let i = 0; i < args.length; i++) {
    const arg = args[i]!;
    if (arg === '--') { words.push(...args.slice(i + 1)); break; }
    if (arg === '--version') { o.version = true; return o; }
    if (arg === '--help') return '';
    const [head, given] = arg.startsWith('--') ? arg.split('=') as [string, string | undefined] : [arg, undefined];
    const letters = arg.startsWith('--') ? long[head] : arg.startsWith('-') && arg.length > 1 ? arg.slice(1) : null;
    if (letters === undefined) return `tcpdump: unrecognized option '${arg}'\n`;
    if (letters === null) { words.push(arg); continue; }
    for (let k = 0; k < letters.length; k++) {
      const letter = letters[k]!;
      if (WITH_VALUE.includes(letter)) {
        const value = given ?? (letters.slice(k + 1) || args[++i]);
        if (value === undefined) return `tcpdump: option requires an argument -- '${letter}'\n`;
        const wrong = withValue(o, letter, value);
        if (wrong) return wrong;
        break;
      }
      if (!FLAGS.includes(letter)) return `tcpdump: invalid option -- '${letter}'\n`;
      flag(o, letter);
    }
  }
  o.expression = words.join(' ');
  return o;
}

function withValue(o: Options, letter: string, value: string): string | null {
  switch (letter) {
    case 'i': o.iface = value; return null;
    case 'c': if (!/^\d+$/.test(value) || Number(value) < 1) return `tcpdump: invalid packet count ${value}\n`; o.count = Number(value); return null;
    case 's': if (!/^\d+$/.test(value)) return `tcpdump: invalid snaplen ${value}\n`; o.snap = Number(value) || 262_144; return null;
    case 'w': o.write = value; return null;
    case 'r': o.read = value; return null;
    case 'Q': if (!['in', 'out', 'inout'].includes(value)) return `tcpdump: unknown capture direction \`${value}'\n`; o.direction = value === 'inout' ? null : value; return null;
    // Rotation, user, link type: nothing of this is here.
    default: return 'BMTyjVzZE'.includes(letter) ? null : `tcpdump: option -${letter} is not supported\n`;
  }
}

function flag(o: Options, letter: string): void {
  if (letter === 'n') o.numeric = true;
  else if (letter === 'v') o.verbose++;
  else if (letter === 'e') o.ethernet = true;
  else if (letter === 'q') o.quiet = true;
  else if (letter === 'S') o.absolute = true;
  else if (letter === 'A') o.ascii = true;
  else if (letter === 'X' || letter === 'x') o.hex = true;
  else if (letter === 't') o.time++;
  else if (letter === 'D') o.list = true;
  else if (letter === '#') o.numbered = true;
}

const USAGE = `tcpdump version 4.9.2
libpcap version 1.8.1
OpenSSL 1.1.0j  20 Nov 2018
`;
const HELP = `Usage: tcpdump [-aAbdDefhHIJKlLnNOpqStuUvxX#] [ -B size ] [ -c count ]
		[ -C file_size ] [ -E algo:secret ] [ -F file ] [ -G seconds ]
		[ -i interface ] [ -j tstamptype ] [ -M secret ] [ --number ]
		[ -Q in|out|inout ]
		[ -r file ] [ -s snaplen ] [ --time-stamp-precision precision ]
		[ --immediate-mode ] [ -T type ] [ --version ] [ -V file ]
		[ -w file ] [ -W filecount ] [ -y datalinktype ] [ -z postrotate-command ]
		[ -Z user ] [ expression ]
`;

function stamp(at: number, style: number, before: number): string {
  const micro = String(at % 1_000_000).padStart(6, '0'), total = Math.floor(at / 1_000_000);
  const two = (n: number): string => String(n).padStart(2, '0');
  const day = total % 86_400, clock = `${two(Math.floor(day / 3_600))}:${two(Math.floor(day / 60) % 60)}:${two(day % 60)}.${micro}`;
  if (style === 1) return '';
  if (style === 2) return `${total}.${micro} `;
  if (style === 3) { const d = before ? at - before : 0; const s = Math.floor(d / 1_000_000); return ` ${two(Math.floor(s / 3_600))}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}.${String(d % 1_000_000).padStart(6, '0')} `.trimStart(); }
  return `${clock} `;
}

/** What outlives a restart of the loop. */
interface Memory { fd: number; shown: number; seen: number; before: number; first: Record<string, number> }
const RESTART_EVERY = 400;

function* names(): Sys<Record<string, string>> {
  const file = yield* call('readFile', { path: '/etc/hosts' });
  const found: Record<string, string> = {};
  for (const line of file.ok ? file.value.split('\n') : []) {
    const [ip, name] = line.replace(/#.*/, '').trim().split(/\s+/);
    if (ip && name) found[ip] ??= name;
  }
  return found;
}

function* main(start: Start): Sys<number> {
  const o = parse(start.argv.slice(1));
  if (typeof o === 'string') { yield* err(`${o}${USAGE}${HELP}`); return o === '' ? 0 : 1; }
  if (o.version) { yield* err(USAGE); return 0; }
  if (o.list) return yield* list();
  const hosts = yield* names();
  const byName = (name: string): string | null => Object.entries(hosts).find(([, known]) => known === name)?.[0] ?? null;
  const test = compile(o.expression, byName);
  const look: Look = { numeric: o.numeric, verbose: o.verbose, ethernet: o.ethernet, quiet: o.quiet, absolute: o.absolute, ascii: o.ascii, hex: o.hex, names: hosts, first: {} };
  if (o.read !== null) return yield* readFile(o, test, look);
  const memory = start.mem as unknown as Memory | null;
  const state = memory ? { ...memory, first: { ...memory.first } } : yield* begin(o, test !== null);
  if (typeof state === 'number') return state;
  if (!test) return 1;
  look.first = state.first;
  return yield* loop(o, state, test, look);
}

function* list(): Sys<number> {
  const got = yield* readNet<LinkView[]>({ kind: 'links' });
  const links = got.ok ? got.value : [];
  const entries = [...links.filter((link) => link.kind !== 'loopback' && link.up).map((link) => `${link.name} [Up${link.carrier ? ', Running' : ''}]`),
    'any (Pseudo-device that captures on all interfaces) [Up, Running]', ...links.filter((link) => link.kind === 'loopback').map(() => 'lo [Up, Running, Loopback]'),
    ...links.filter((link) => link.kind !== 'loopback' && !link.up).map((link) => link.name)];
  yield* out(entries.map((entry, i) => `${i + 1}.${entry}\n`).join(''));
  return 0;
}

/** Opens the capture and says so, or tells why not. */
function* begin(o: Options, understood: boolean): Sys<Memory | number> {
  let iface = o.iface;
  if (iface === null) {
    const got = yield* readNet<LinkView[]>({ kind: 'links' });
    iface = (got.ok ? got.value : []).find((link) => link.up && link.kind !== 'loopback')?.name ?? 'lo';
  }
  const opened = yield* call('capture', { iface });
  if (!opened.ok) {
    const why = opened.errno === 'EPERM' ? 'You don\'t have permission to capture on that device\n(socket: Operation not permitted)' : 'No such device exists\n(SIOCGIFHWADDR: No such device)';
    return yield* fail(`tcpdump: ${iface}: ${why}`, 1);
  }
  if (!understood) return yield* fail('tcpdump: can\'t parse filter expression: syntax error', 1);
  for (const signal of ['INT', 'TERM'] as const) yield* call('sigaction', { signal, action: 'catch' });
  const type = iface === 'any' ? 'LINUX_SLL (Linux cooked)' : 'EN10MB (Ethernet)';
  const listening = `listening on ${iface}, link-type ${type}, capture size ${o.snap} bytes\n`;
  yield* err(o.verbose || o.write !== null ? `tcpdump: ${listening}` : `tcpdump: verbose output suppressed, use -v[v]... for full protocol decode\n${listening}`);
  if (o.write !== null) {
    const made = yield* call('writeFile', { path: o.write, text: '' });
    if (!made.ok) return yield* fail(`tcpdump: ${o.write}: ${strerror(made.errno)}`, 1);
  }
  return { fd: opened.value, shown: 0, seen: 0, before: 0, first: {} };
}

function* loop(o: Options, state: Memory, test: (p: Packet) => boolean, look: Look): Sys<number> {
  const any = o.iface === 'any';
  let replies = 0;
  try {
    while (!o.count || state.shown < o.count) {
      if (++replies > RESTART_EVERY) yield* call('become', { mem: state as unknown as Json });
      const got = yield* call('recv', { fd: state.fd });
      if (!got.ok || got.value === null) break;
      const each = got.value.data as unknown as Captured;
      if (o.direction !== null && each.direction.toLowerCase() !== o.direction || !test(each.packet)) continue;
      state.seen++;
      state.shown++;
      yield* show(o, state, each, any, look);
    }
  } catch (signal) {
    if (!(signal instanceof Interrupted)) throw signal;
  }
  yield* err(`${state.shown} packet${state.shown === 1 ? '' : 's'} captured\n${state.seen} packet${state.seen === 1 ? '' : 's'} received by filter\n0 packets dropped by kernel\n`);
  return 0;
}

function* show(o: Options, state: Memory, each: Captured, any: boolean, look: Look): Sys<void> {
  if (o.write !== null) { yield* call('writeFile', { path: o.write, text: `${JSON.stringify(each)}\n`, append: true }); return; }
  const number = o.numbered ? `${String(state.shown).padStart(5)}  ` : '';
  yield* out(`${number}${stamp(each.at, o.time, state.before)}${printPacket(each.packet, each.direction, any, look)}\n`);
  state.before = each.at;
}

function* readFile(o: Options, test: ((p: Packet) => boolean) | null, look: Look): Sys<number> {
  const file = yield* call('readFile', { path: o.read! });
  if (!file.ok) return yield* fail(`tcpdump: ${o.read}: ${strerror(file.errno)}`, 1);
  const lines = file.value.split('\n').filter(Boolean);
  const packets: Captured[] = [];
  for (const line of lines) {
    if (!line.startsWith('{"at":')) return yield* fail('tcpdump: unknown file format', 1);
    packets.push(JSON.parse(line) as Captured);
  }
  if (!test) return yield* fail('tcpdump: can\'t parse filter expression: syntax error', 1);
  yield* err(`reading from file ${o.read}, link-type EN10MB (Ethernet)\n`);
  const state: Memory = { fd: -1, shown: 0, seen: 0, before: 0, first: look.first };
  for (const each of packets) {
    if (!test(each.packet) || o.count && state.shown >= o.count) continue;
    state.shown++;
    yield* show({ ...o, write: null }, state, each, false, look);
  }
  return 0;
}

export const tcpdump: Command = { name: 'tcpdump', main };
