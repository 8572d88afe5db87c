/**
 * chronyc (chrony 3.2), ntpstat and ntpq: what chronyd tells of the clock over its control socket. Nothing runs here
 * that ntpq could ask.
 */
import { err, lineReader, out, readLine } from '../../../sim/proc/libc.ts';
import type { Start, Sys } from '../../../sim/proc/program.ts';
import { call } from '../../../sim/proc/syscalls.ts';
import { civil } from '../../../sim/services/systemd/words.ts';
import type { Command } from '../../command.ts';
import { SOCKET, type Source, type State } from './chronyd.ts';

function* ask(verb: string): Sys<State | null> {
  const fd = yield* call('connectUnix', { path: SOCKET });
  if (!fd.ok) return null;
  yield* call('send', { fd: fd.value, data: { verb } });
  const got = yield* call('recv', { fd: fd.value });
  yield* call('close', { fd: fd.value });
  return got.ok && got.value ? got.value.data as unknown as State : null;
}

const hexIp = (ip: string): string => ip.split('.').map((part) => Number(part).toString(16).toUpperCase().padStart(2, '0')).join('');
const two = (n: number): string => String(n).padStart(2, '0');
const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
function refTime(us: number): string {
  const c = civil(us);
  return `${DAYS[c.weekday]} ${MONTHS[c.month - 1]} ${two(c.day)} ${two(c.hour)}:${two(c.minute)}:${two(c.second)} ${c.year}`;
}

const selected = (state: State): Source | undefined => (state.synced ? state.sources.find((s) => s.reach > 0) : undefined);
/** What a measurement is uncertain by, in microseconds: half its way, and the server's own. */
const SERVER_ERROR_US = 500;
const uncertainty = (s: Source): number => s.delay / 2 + SERVER_ERROR_US;

function tracking(state: State): string {
  const s = selected(state);
  const seconds = (us: number): string => (us / 1e6).toFixed(9);
  const signed = (us: number): string => `${us < 0 ? '-' : '+'}${seconds(Math.abs(us))}`;
  const rows: [string, string][] = [
    ['Reference ID', s ? `${hexIp(s.address)} (${s.name})` : '00000000 ()'],
    ['Stratum', s ? String(s.stratum + 1) : '0'],
    ['Ref time (UTC)', refTime(s ? state.refAt : 0)],
    ['System time', `${seconds(Math.abs(state.offset))} seconds ${state.offset < 0 ? 'slow' : 'fast'} of NTP time`],
    ['Last offset', `${signed(s?.offset ?? 0)} seconds`],
    ['RMS offset', `${seconds(Math.abs(s?.offset ?? 0))} seconds`],
    ['Frequency', '0.000 ppm slow'], ['Residual freq', '+0.000 ppm'], ['Skew', '0.000 ppm'],
    ['Root delay', `${seconds(s ? s.delay : 1e6)} seconds`], ['Root dispersion', `${seconds(s ? SERVER_ERROR_US : 1e6)} seconds`],
    ['Update interval', `${state.updates > 1 ? '64.0' : '0.0'} seconds`],
    ['Leap status', s ? 'Normal' : 'Not synchronised'],
  ];
  return rows.map(([k, v]) => `${k.padEnd(16)}: ${v}\n`).join('');
}

/** print_nanoseconds: four digits and a unit; with a sign, five. */
function short(us: number, sign = false): string {
  const a = Math.abs(us);
  const [value, unit, digits] = a < 9.9995 ? [us * 1e3, 'ns', 0] : a < 9999.5 ? [us, 'us', 0] : a < 9_999_500 ? [us / 1e3, 'ms', 0] : a < 999.5e6 ? [us / 1e6, 's', 1] : [us / 1e6, 's', 0];
  const text = `${sign && value >= 0 ? '+' : ''}${value.toFixed(digits)}`;
  return `${text.padStart((sign ? 5 : 4) + (unit === 's' ? 1 : 0))}${unit}`;
}

function interval(us: number): string {
  const s = Math.round(us / 1e6);
  return s < 1000 ? String(s) : s < 60_000 ? `${Math.round(s / 60)}m` : s < 3_600_000 ? `${Math.round(s / 3600)}h` : `${Math.round(s / 86_400)}d`;
}

const SOURCES_KEY = `
  .-- Source mode  '^' = server, '=' = peer, '#' = local clock.
 / .- Source state '*' = current synced, '+' = combined , '-' = not combined,
| /   '?' = unreachable, 'x' = time may be in error, '~' = time too variable.
||                                                 .- xxxx [ yyyy ] +/- zzzz
||      Reachability register (octal) -.           |  xxxx = adjusted offset,
||      Log2(Polling interval) --.      |          |  yyyy = measured offset,
||                                \\     |          |  zzzz = estimated error.
||                                 |    |           \\
`;

function sources(state: State, mono: number, key: boolean): string {
  const chosen = selected(state);
  const rows = state.sources.map((s) => {
    const heard = s.lastAt !== null;
    const sample = heard ? `${short(s.name === chosen?.name ? state.offset : s.offset, true)}[${short(s.offset, true)}] +/- ${short(uncertainty(s))}` : `${short(0, true)}[${short(0, true)}] +/- ${short(0)}`;
    return `^${s.name === chosen?.name ? '*' : s.reach ? '-' : '?'} ${s.name.slice(0, 27).padEnd(27)}  ${String(s.stratum).padStart(2)}   6   ${s.reach.toString(8).padStart(3)}  ${(heard ? interval(mono - s.lastAt!) : '-').padStart(4)}  ${sample}\n`;
  });
  return `210 Number of sources = ${state.sources.length}\n${key ? SOURCES_KEY : ''}MS Name/IP address         Stratum Poll Reach LastRx Last sample               \n${'='.repeat(79)}\n${rows.join('')}`;
}

const STATS_KEY = `                             .- Number of sample points in measurement set.
                            /    .- Number of residual runs with same sign.
                           |    /    .- Length of measurement set (time).
                           |   |    /      .- Est. clock freq error (ppm).
                           |   |   |      /           .- Est. error in freq.
                           |   |   |     |           /         .- Est. offset.
                           |   |   |     |          |          |   On the -.
                           |   |   |     |          |          |   samples. \\
                           |   |   |     |          |          |             |
`;

function sourceStats(state: State, key: boolean): string {
  const rows = state.sources.map((s) => {
    const points = s.reach ? Math.min(64, state.updates + BURST_POINTS) : 0;
    return `${s.name.slice(0, 25).padEnd(25)}  ${String(points).padStart(2)}  ${String(Math.ceil(points / 2)).padStart(2)}  ${interval(Math.max(0, points - BURST_POINTS) * 64e6 + 6e6).padStart(4)}     +0.000      0.000  ${short(s.offset, true)}  ${short(0)}\n`;
  });
  return `210 Number of sources = ${state.sources.length}\n${key ? STATS_KEY : ''}Name/IP Address            NP  NR  Span  Frequency  Freq Skew  Offset  Std Dev\n${'='.repeat(78)}\n${rows.join('')}`;
}
/** The samples of iburst, before the first update. */
const BURST_POINTS = 3;

function activity(state: State): string {
  const count = state.sources.filter((s) => s.address).length;
  const online = state.offline ? 0 : count;
  return `200 OK\n${online} sources online\n${count - online} sources offline\n0 sources doing burst (return to online)\n0 sources doing burst (return to offline)\n${state.sources.length - count} sources with unknown address\n`;
}

const CHANGES: ReadonlySet<string> = new Set(['makestep', 'burst', 'online', 'offline']);

/** waitsync [tries [max-correction [max-skew [interval]]]] */
function* waitSync(words: readonly string[]): Sys<number> {
  const tries = Number(words[0] ?? 0);
  const most = Number(words[1] ?? 0);
  const everyUs = Number(words[3] ?? 10) * 1e6;
  for (let n = 1; ; n++) {
    const state = yield* ask('tracking');
    if (!state) { yield* out('506 Cannot talk to daemon\n'); return 1; }
    const s = selected(state);
    yield* out(`try: ${n}, refid: ${s ? hexIp(s.address) : '00000000'}, correction: ${(Math.abs(state.offset) / 1e6).toFixed(9)}, skew: 0.000\n`);
    if (s && (most === 0 || Math.abs(state.offset) / 1e6 <= most)) return 0;
    if (tries && n >= tries) return 1;
    yield* call('sleep', { us: everyUs });
  }
}

/** One command, typed or given. */
function* perform(words: readonly string[], uid: number): Sys<number> {
  const [verb = '', ...rest] = words;
  const key = rest.includes('-v');
  if (verb === 'waitsync') return yield* waitSync(rest);
  if (!CHANGES.has(verb) && !['tracking', 'sources', 'sourcestats', 'activity'].includes(verb)) { yield* out('Unrecognized command\n'); return 1; }
  if (CHANGES.has(verb) && uid !== 0) { yield* out('501 Not authorised\n'); return 1; }
  const state = yield* ask(verb);
  if (!state) { yield* out('506 Cannot talk to daemon\n'); return 1; }
  const now = yield* call('now', {});
  if (verb === 'tracking') yield* out(tracking(state));
  else if (verb === 'sources') yield* out(sources(state, now.ok ? now.value.mono : 0, key));
  else if (verb === 'sourcestats') yield* out(sourceStats(state, key));
  else yield* out(verb === 'activity' ? activity(state) : '200 OK\n');
  return 0;
}

const BANNER = `chrony version 3.2
Copyright (C) 1997-2003, 2007, 2009-2017 Richard P. Curnow and others
chrony comes with ABSOLUTELY NO WARRANTY.  This is free software, and
you are welcome to redistribute it under certain conditions.  See the
GNU General Public License version 2 for details.

`;
const VERBS = 'tracking sources [-v] sourcestats [-v] activity waitsync [max-tries [max-correction [max-skew [interval]]]] makestep burst online offline quit exit';

function* interactive(uid: number): Sys<number> {
  const tty = yield* call('tty', { fd: 0 });
  if (tty.ok) yield* out(BANNER);
  const lines = lineReader(0);
  let status = 0;
  for (;;) {
    if (tty.ok) yield* out('chronyc> ');
    const line = yield* readLine(lines);
    const words = (line ?? 'quit').trim().split(/\s+/).filter(Boolean);
    if (words[0] === 'quit' || words[0] === 'exit') return status;
    if (words[0] === 'help') yield* out(`${VERBS.replace(/ (?=[a-z]+)(?![^[]*\])/g, '\n')}\n`);
    else if (words.length) status = yield* perform(words, uid);
  }
}

function* chronycMain({ argv, uid }: Start): Sys<number> {
  const args = argv.slice(1);
  while (args[0]?.startsWith('-')) {
    const flag = args.shift()!;
    if (flag === '-v' || flag === '--version') { yield* out('chronyc (chrony) version 3.2 (+READLINE +SECHASH +IPV6 +DEBUG)\n'); return 0; }
    if (flag === '-h') { args.shift(); continue; }
    if (!/^-[46naNd]+$/.test(flag)) { yield* err(`Usage: chronyc [-h HOST] [-p PORT] [-n] [-c] [-d] [-4|-6] [-m] [-a] [-f FILE] [-v] [COMMAND]\n`); return 1; }
  }
  return args.length ? yield* perform(args, uid) : yield* interactive(uid);
}

export const chronyc: Command = { name: 'chronyc', main: chronycMain };

export const ntpq: Command = { name: 'ntpq', *main() { yield* err('ntpq: read: Connection refused\n'); return 1; } };
export const ntpstat: Command = {
  name: 'ntpstat',
  *main() {
    const state = yield* ask('tracking');
    if (!state) { yield* out('Unable to talk to NTP daemon. Is it running?\n'); return 2; }
    const s = selected(state);
    if (!s) { yield* out('unsynchronised\n   polling server every 64 s\n'); return 1; }
    yield* out(`synchronised to NTP server (${s.address}) at stratum ${s.stratum + 1}\n   time correct to within ${Math.max(1, Math.round(uncertainty(s) / 1000))} ms\n   polling server every 64 s\n`);
    return 0;
  },
};
