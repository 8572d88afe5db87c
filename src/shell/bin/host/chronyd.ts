/**
 * chronyd (chrony 3.2): keeps the clock in step with the servers of /etc/chrony.conf, which it asks over UDP 123. It
 * steps while it starts (`makestep`), later it slews by a little each second; without an answer it lets the clock go.
 * Its control socket answers chronyc (time.ts).
 */
import { getopt } from './getopt.ts';
import { err } from '../../../sim/proc/libc.ts';
import type { Json, Program, Sys } from '../../../sim/proc/program.ts';
import { resolve } from '../../../sim/proc/resolver.ts';
import { call } from '../../../sim/proc/syscalls.ts';

const PORT = 123;
const COMMANDS_PORT = 323;
/** What timedatectl reads: the kernel's own word for it is STA_UNSYNC. */
export const STATE = '/run/chrony/state';
export const SOCKET = '/run/chrony/chronyd.sock';
const POLL_US = 64_000_000;
/** iburst: the first questions follow each other closely; with so many answers a source is selected. */
const BURST_US = 2_000_000;
const BURST = 4;
const PATIENCE_US = 1_000_000;
/** makestep 1.0 3: offsets above this are stepped in the first three updates, later slewed. */
const STEP_US = 1_000_000;
const STEPS = 3;
/** maxslewrate: 83333.333 ppm, here taken once a second. */
const SLEW_US = 83_333;
/** A clock that keeps within this needs no eye on it while the world is quiet. */
const STEADY_US = 1_000;

export interface Source { address: string; name: string; stratum: number; reach: number; polls: number; lastAt: number | null; offset: number; delay: number }
export interface State { sources: Source[]; updates: number; synced: boolean; /** Clock minus true time, still to be taken away. */ offset: number; refAt: number; askedAt: number; offline: boolean }

const FRESH: State = { sources: [], updates: 0, synced: false, offset: 0, refAt: 0, askedAt: 0, offline: false };
const say = (message: string, priority = 6): Sys<unknown> => call('journalWrite', { ident: 'chronyd', message, priority });

function* servers(): Sys<string[]> {
  const text = yield* call('readFile', { path: '/etc/chrony.conf' });
  return (text.ok ? text.value : '').split('\n').map((line) => /^\s*(?:server|pool|peer)\s+(\S+)/.exec(line)?.[1]).filter((name): name is string => name !== undefined);
}

/** Asks one server; how far the clock is ahead of it (microseconds), or null. */
function* ask(address: string): Sys<{ offset: number; delay: number; stratum: number } | null> {
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
  return { offset: Math.round(after.value.real - delay / 2 - answer.transmit), delay, stratum: answer.stratum ?? 3 };
}

function* readState(): Sys<State> {
  const got = yield* call('memGet', { key: 'state' });
  return got.ok && got.value ? got.value as unknown as State : FRESH;
}

function* keep(state: State): Sys<void> {
  const before = yield* readState();
  yield* call('memSet', { key: 'state', value: state as unknown as Json });
  if (state.synced !== before.synced) yield* call('writeFile', { path: STATE, text: `${JSON.stringify({ synced: state.synced })}\n` });
}

function* askAll(before: State, mono: number): Sys<Source[]> {
  const sources: Source[] = [];
  for (const name of yield* servers()) {
    const known = before.sources.find((s) => s.name === name);
    const found = yield* resolve(name);
    const address = /^[\d.]+$/.test(name) ? name : found.ok ? found.addresses[0]! : '';
    const heard = address && !before.offline ? yield* ask(address) : null;
    const reach = (((known?.reach ?? 0) << 1) | (heard ? 1 : 0)) & 0xff;
    const rest = { address, name, reach, polls: (known?.polls ?? 0) + 1 };
    sources.push(heard ? { ...rest, ...heard, lastAt: mono }
      : { ...rest, stratum: known?.stratum ?? 0, offset: known?.offset ?? 0, delay: known?.delay ?? 0, lastAt: known?.lastAt ?? null });
  }
  return sources;
}

/** One round: every server, then the clock. `step`: whatever the offset. */
function* round(step: boolean): Sys<void> {
  const before = yield* caughtUp(1);
  const began = yield* call('now', {});
  const mono = began.ok ? began.value.mono : 0;
  const sources = yield* askAll(before, mono);
  const good = sources.find((s) => s.lastAt === mono);
  const starting = !before.synced && sources.some((s) => s.reach > 0 && s.polls < BURST);
  const now = yield* call('now', {});
  if (!good || starting || !now.ok) {
    const lost = before.synced && sources.every((s) => s.reach === 0);
    if (lost) yield* say("Can't synchronise: no selectable sources");
    yield* keep({ ...before, sources, synced: before.synced && !lost, askedAt: mono });
  } else {
    if (!before.synced) yield* say(`Selected source ${good.address}`);
    const far = Math.abs(good.offset) > STEP_US;
    const jump = step || (far && before.updates < STEPS);
    if (jump && good.offset !== 0) yield* call('settime', { real: now.value.real - good.offset });
    if (jump && far) yield* say(`System clock was stepped by ${(-good.offset / 1e6).toFixed(6)} seconds`, 4);
    else if (far) yield* say(`System clock wrong by ${(-good.offset / 1e6).toFixed(6)} seconds, adjustment started`, 4);
    const offset = jump ? 0 : good.offset;
    if (offset !== 0) yield* call('timer', { name: 'slew', entry: 'slew', afterUs: 0 });
    yield* keep({ ...before, sources, updates: before.updates + 1, synced: true, offset, refAt: now.value.real - good.offset, askedAt: mono });
  }
  yield* next(sources, good ? Math.abs(good.offset) : null);
}

/** When to ask again. While all answer and the clock keeps, only a change can make it matter. */
function* next(sources: readonly Source[], offset: number | null): Sys<void> {
  const burst = sources.some((s) => s.polls < BURST);
  const settled = sources.every((s) => s.reach === 0 ? s.polls > 8 : (s.reach & 1) === 1) && (offset ?? 0) < STEADY_US;
  const afterUs = burst ? BURST_US : POLL_US;
  yield* call('timer', { name: 'poll', entry: 'poll', afterUs, ...(settled && !burst && { everyUs: POLL_US, quiet: true }) });
}

/** What the polls that a quiet world left out would have told: the same again. `due`: 1 when one is about to be made. */
function* caughtUp(due = 0): Sys<State> {
  const state = yield* readState();
  const now = yield* call('now', {});
  const left = now.ok ? Math.floor((now.value.mono - state.askedAt - due) / POLL_US) : 0;
  if (left < 1 || state.sources.some((s) => s.reach !== 0 && (s.reach & 1) === 0)) return state;
  const fill = left >= 8 ? 0xff : (1 << left) - 1;
  const sources = state.sources.map((s) => s.reach === 0 ? s : { ...s, reach: ((s.reach << Math.min(left, 8)) | fill) & 0xff, polls: s.polls + left, lastAt: (s.lastAt ?? 0) + left * POLL_US });
  return { ...state, sources, updates: state.updates + (state.synced ? left : 0), askedAt: state.askedAt + left * POLL_US, refAt: state.refAt + left * POLL_US };
}

export const chronyd: Program = {
  name: 'chronyd',
  *main(start) {
    const got = getopt('chronyd', start.argv.slice(1), { short: 'dn' });
    if (!got.ok) { yield* err(`${got.error}\nUsage: chronyd [-4|-6] [-n|-d] [-q|-Q] [-r] [-R] [-s] [-t TIMEOUT] [-f FILE|COMMAND...]\n`); return 1; }
    if (start.uid !== 0) { yield* err('Fatal error : Not superuser\n'); return 1; }
    yield* call('mkdir', { path: '/run/chrony', mode: 0o755 });
    yield* call('unlink', { path: SOCKET });
    yield* call('writeFile', { path: STATE, text: '{"synced":false}\n' });
    yield* call('listenUnix', { path: SOCKET, entry: 'asked' });
    yield* call('chmod', { path: SOCKET, mode: 0o666 });
    const conf = yield* call('readFile', { path: '/etc/chrony.conf' });
    const port = Number(/^\s*cmdport\s+(\d+)/m.exec(conf.ok ? conf.value : '')?.[1] ?? COMMANDS_PORT);
    if (port) yield* call('udp', { addr: '127.0.0.1', port });
    yield* say('chronyd version 3.2 starting (+CMDMON +NTP +REFCLOCK +RTC +PRIVDROP +SCFILTER +SECHASH +SIGND +ASYNCDNS +IPV6 +DEBUG)');
    yield* call('timer', { name: 'poll', entry: 'poll', afterUs: BURST_US });
    yield* call('serve', {});
    return 0;
  },
  entries: {
    *poll() { yield* round(false); },
    /** A second's share of what the clock is wrong by. */
    *slew() {
      const state = yield* readState();
      const now = yield* call('now', {});
      if (state.offset === 0 || !now.ok) return;
      const share = Math.sign(state.offset) * Math.min(Math.abs(state.offset), SLEW_US);
      yield* call('settime', { real: now.value.real - share });
      yield* keep({ ...state, offset: state.offset - share });
      if (share !== state.offset) yield* call('timer', { name: 'slew', entry: 'slew', afterUs: 1_000_000 });
    },
    *asked(start) {
      const { fd } = start.event as { fd: number };
      const got = yield* call('recv', { fd });
      const verb = got.ok && got.value ? (got.value.data as { verb?: string }).verb : '';
      if (verb === 'online' || verb === 'offline') yield* keep({ ...(yield* caughtUp()), offline: verb === 'offline' });
      if (verb === 'makestep' || verb === 'burst') { yield* keep(yield* caughtUp()); yield* round(verb === 'makestep'); }
      yield* call('send', { fd, data: (yield* caughtUp()) as unknown as Json });
      yield* call('close', { fd });
    },
  },
};
