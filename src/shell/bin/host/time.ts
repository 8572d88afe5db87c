/**
 * chronyd and chronyc (chrony 3.2), ntpq: the clock kept in step by a time server. The daemon asks the servers of
 * /etc/chrony.conf over UDP 123 and steps or slews by what it hears; without an answer it lets the clock drift.
 */
import { err, out } from '../../../sim/proc/libc.ts';
import type { Json, Program, Start, Sys } from '../../../sim/proc/program.ts';
import { call } from '../../../sim/proc/syscalls.ts';
import { resolve } from '../../../sim/proc/resolver.ts';
import { civil } from '../../../sim/services/systemd/words.ts';
import type { Command } from '../../command.ts';

const PORT = 123;
const STATE = '/run/chrony/state';
const SOCKET = '/run/chrony/chronyd.sock';
const POLL_US = 64_000_000;
const PATIENCE_US = 1_000_000;
/** Offsets above this are stepped while starting (`makestep 1.0 3`), later slewed. */
const STEP_US = 1_000_000;

interface Source { address: string; name: string; stratum: number; reach: number; lastAt: number; offset: number; delay: number }
interface State { sources: Source[]; updates: number; synced: boolean; offset: number; refAt: number }

function* servers(): Sys<string[]> {
  const text = yield* call('readFile', { path: '/etc/chrony.conf' });
  return (text.ok ? text.value : '').split('\n').map((line) => /^\s*(?:server|pool|peer)\s+(\S+)/.exec(line)?.[1]).filter((name): name is string => name !== undefined);
}

/** Asks one server; how far the clock is ahead of it (microseconds), or null. */
function* poll(address: string): Sys<{ offset: number; delay: number; stratum: number } | null> {
  const fd = yield* call('udp', {});
  if (!fd.ok) return null;
  const before = yield* call('now', {});
  yield* call('udpConnect', { fd: fd.value, addr: address, port: PORT });
  const sent = yield* call('sendto', { fd: fd.value, data: { ntp: 'request', transmit: before.ok ? before.value.real : 0 }, size: 48 });
  const got = sent.ok ? yield* call('recvfrom', { fd: fd.value, timeoutUs: PATIENCE_US }) : sent;
  const after = yield* call('now', {});
  yield* call('close', { fd: fd.value });
  if (!got.ok || !before.ok || !after.ok) return null;
  const answer = got.value.data as { transmit?: number; stratum?: number } | null;
  if (typeof answer?.transmit !== 'number') return null;
  const delay = after.value.mono - before.value.mono;
  return { offset: Math.round((before.value.real + after.value.real) / 2 - answer.transmit), delay, stratum: answer.stratum ?? 3 };
}

function* readState(): Sys<State> {
  const got = yield* call('memGet', { key: 'state' });
  return got.ok && got.value ? got.value as unknown as State : { sources: [], updates: 0, synced: false, offset: 0, refAt: 0 };
}

function* keep(state: State): Sys<void> {
  yield* call('memSet', { key: 'state', value: state as unknown as Json });
  yield* call('writeFile', { path: STATE, text: `${JSON.stringify({ synced: state.synced })}\n` });
}

/** One round: every server, then the clock. `step`: whatever the offset. */
function* round(step: boolean): Sys<void> {
  const before = yield* readState();
  const sources: Source[] = [];
  for (const name of yield* servers()) {
    const known = before.sources.find((s) => s.name === name);
    const found = yield* resolve(name);
    const address = /^[\d.]+$/.test(name) ? name : found.ok ? found.addresses[0]! : '';
    const heard = address ? yield* poll(address) : null;
    const now = yield* call('now', {});
    const reach = (((known?.reach ?? 0) << 1) | (heard ? 1 : 0)) & 0xff;
    sources.push(heard ? { address, name, reach, stratum: heard.stratum, offset: heard.offset, delay: heard.delay, lastAt: now.ok ? now.value.mono : 0 } : { address, name, reach, stratum: known?.stratum ?? 0, offset: known?.offset ?? 0, delay: known?.delay ?? 0, lastAt: known?.lastAt ?? 0 });
  }
  const good = sources.find((s) => s.reach & 1);
  const now = yield* call('now', {});
  if (!good || !now.ok) {
    if (before.synced && sources.every((s) => s.reach === 0)) yield* call('journalWrite', { ident: 'chronyd', message: "Can't synchronise: no selectable sources" });
    yield* keep({ ...before, sources, synced: before.synced && sources.some((s) => s.reach > 0) });
    return;
  }
  const jump = step || (Math.abs(good.offset) > STEP_US && before.updates < 3);
  // A slew takes away what it can until the next round: at most 83 ms in a second.
  const correction = jump ? good.offset : Math.sign(good.offset) * Math.min(Math.abs(good.offset), Math.round(POLL_US * 0.083));
  if (correction !== 0) yield* call('settime', { real: now.value.real - correction });
  if (!before.synced) yield* call('journalWrite', { ident: 'chronyd', message: `Selected source ${good.address}` });
  if (jump && Math.abs(good.offset) > STEP_US) yield* call('journalWrite', { ident: 'chronyd', priority: 4, message: `System clock was stepped by ${(-good.offset / 1e6).toFixed(6)} seconds` });
  else if (Math.abs(good.offset) > STEP_US) yield* call('journalWrite', { ident: 'chronyd', priority: 4, message: `System clock wrong by ${(-good.offset / 1e6).toFixed(6)} seconds, adjustment started` });
  yield* keep({ sources, updates: before.updates + 1, synced: true, offset: good.offset - correction, refAt: now.value.real - correction });
}

export const chronyd: Program = {
  name: 'chronyd',
  *main(start) {
    if (start.uid !== 0) { yield* err('Fatal error : Not superuser\n'); return 1; }
    yield* call('mkdir', { path: '/run/chrony', mode: 0o755 });
    yield* call('unlink', { path: SOCKET });
    yield* call('listenUnix', { path: SOCKET, entry: 'asked' });
    yield* call('chmod', { path: SOCKET, mode: 0o666 });
    yield* call('journalWrite', { ident: 'chronyd', message: 'chronyd version 3.2 starting (+CMDMON +NTP +REFCLOCK +RTC +PRIVDROP +SCFILTER +SECHASH +SIGND +ASYNCDNS +IPV6 +DEBUG)' });
    yield* call('timer', { name: 'poll', entry: 'poll', afterUs: 4_000_000, everyUs: POLL_US, quiet: true });
    yield* call('timer', { name: 'first', entry: 'poll', afterUs: 2_000_000 });
    yield* call('serve', {});
    return 0;
  },
  entries: {
    *poll() { yield* round(false); },
    *asked(start) {
      const { fd } = start.event as { fd: number };
      const got = yield* call('recv', { fd });
      const verb = got.ok && got.value ? (got.value.data as { verb?: string }).verb : '';
      if (verb === 'makestep') yield* round(true);
      if (verb === 'burst') yield* round(false);
      yield* call('send', { fd, data: (yield* readState()) as unknown as Json });
      yield* call('close', { fd });
    },
  },
};

// ---- chronyc

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
function refTime(us: number): string {
  const c = civil(us);
  const day = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'][c.weekday];
  const month = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'][c.month - 1];
  return `${day} ${month} ${two(c.day)} ${two(c.hour)}:${two(c.minute)}:${two(c.second)} ${c.year}`;
}

function tracking(state: State): string {
  const s = state.synced ? state.sources.find((x) => x.reach & 1) : undefined;
  const seconds = (us: number): string => (us / 1e6).toFixed(9);
  const rows: [string, string][] = [
    ['Reference ID', s ? `${hexIp(s.address)} (${s.name})` : '7F7F0101 ()'], ['Stratum', s ? String(s.stratum + 1) : '0'], ['Ref time (UTC)', s ? refTime(state.refAt) : 'Thu Jan 01 00:00:00 1970'],
    ['System time', `${seconds(Math.abs(state.offset))} seconds ${state.offset < 0 ? 'slow' : 'fast'} of NTP time`], ['Last offset', `${state.offset <= 0 ? '+' : '-'}${seconds(Math.abs(s?.offset ?? 0))} seconds`], ['RMS offset', `${seconds(Math.abs(s?.offset ?? 0))} seconds`],
    ['Frequency', '0.000 ppm slow'], ['Residual freq', '+0.000 ppm'], ['Skew', '0.000 ppm'], ['Root delay', `${seconds(s?.delay ?? 1e6)} seconds`], ['Root dispersion', `${seconds(s ? 500 : 1e6)} seconds`], ['Update interval', `${state.updates > 1 ? '64.0' : '0.0'} seconds`], ['Leap status', s ? 'Normal' : 'Not synchronised'],
  ];
  return rows.map(([k, v]) => `${k.padEnd(16)}: ${v}\n`).join('');
}

const short = (us: number): string => { const a = Math.abs(us); return a < 1000 ? `${Math.round(a)}us` : a < 1e6 ? `${Math.round(a / 1000)}ms` : `${(a / 1e6).toFixed(1)}s`; };

function* chronycMain({ argv, uid }: Start): Sys<number> {
  const words = argv.slice(1).filter((a) => !a.startsWith('-'));
  const verb = words[0] ?? 'tracking';
  if (['makestep', 'burst', 'online', 'offline', 'settime'].includes(verb) && uid !== 0) { yield* out('501 Not authorised\n'); return 1; }
  const state = yield* ask(verb);
  if (!state) { yield* out('506 Cannot talk to daemon\n'); return 1; }
  const now = yield* call('now', {});
  const mono = now.ok ? now.value.mono : 0;
  switch (verb) {
    case 'tracking': yield* out(tracking(state)); return 0;
    case 'makestep': case 'burst': yield* out('200 OK\n'); return 0;
    case 'sources': {
      const rows = state.sources.map((s) => {
        const mark = s.reach & 1 && state.synced ? '^*' : '^?';
        const age = s.lastAt ? String(Math.round((mono - s.lastAt) / 1e6)) : '-';
        const sign = s.offset <= 0 ? '+' : '-';
        return `${mark} ${s.name.slice(0, 27).padEnd(27)} ${String(s.stratum).padStart(6)}   6   ${s.reach.toString(8).padStart(3)} ${age.padStart(5)} ${`${sign}${short(s.offset)}[${sign}${short(s.offset)}]`.padStart(16)} +/- ${short(s.delay / 2 + 500).padStart(6)}\n`;
      });
      yield* out(`210 Number of sources = ${state.sources.length}\nMS Name/IP address         Stratum Poll Reach LastRx Last sample               \n===============================================================================\n${rows.join('')}`);
      return 0;
    }
    case 'activity': yield* out(`200 OK\n${state.sources.length} sources online\n0 sources offline\n0 sources doing burst (return to online)\n0 sources doing burst (return to offline)\n0 sources with unknown address\n`); return 0;
    case 'sourcestats': yield* out(`210 Number of sources = ${state.sources.length}\nName/IP Address            NP  NR  Span  Frequency  Freq Skew  Offset  Std Dev\n==============================================================================\n${state.sources.map((s) => `${s.name.slice(0, 25).padEnd(25)} ${String(Math.min(64, state.updates)).padStart(3)} ${String(Math.min(32, state.updates)).padStart(3)} ${String(state.updates * 64).padStart(5)}     +0.000      0.000 ${short(s.offset).padStart(7)} ${'0ns'.padStart(7)}\n`).join('')}`); return 0;
    default: yield* out('Unrecognized command\n'); return 1;
  }
}

export const chronyc: Command = { name: 'chronyc', main: chronycMain };

export const ntpq: Command = { name: 'ntpq', *main() { yield* err('ntpq: read: Connection refused\n'); return 1; } };
export const ntpstat: Command = {
  name: 'ntpstat',
  *main() {
    const state = yield* ask('tracking');
    if (!state) { yield* out('Unable to talk to NTP daemon. Is it running?\n'); return 2; }
    const s = state.synced ? state.sources.find((x) => x.reach & 1) : undefined;
    if (!s) { yield* out('unsynchronised\n   polling server every 64 s\n'); return 1; }
    yield* out(`synchronised to NTP server (${s.address}) at stratum ${s.stratum + 1}\n   time correct to within ${Math.max(1, Math.round(s.delay / 2000))} ms\n   polling server every 64 s\n`);
    return 0;
  },
};
