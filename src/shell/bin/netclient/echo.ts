/**
 * The engine of both pings: requests on time, replies as they come, until enough or interrupted. What is
 * printed of each is the caller's.
 */
import type { Us } from '../../../sim/engine/time.ts';
import { ms, seconds } from '../../../sim/engine/time.ts';
import { Interrupted, type Json, type Sys } from '../../../sim/proc/program.ts';
import { call, type IcmpReply } from '../../../sim/proc/syscalls.ts';
import { mono } from './lookup.ts';

export interface EchoPlan {
  address: string; from: string | null; count: number; intervalUs: Us; size: number; ttl: number | null; dontFragment: boolean;
  /** After the last request, at most. */
  lingerUs: Us;
  /** In all, whatever has come. */
  deadlineUs: Us | null;
  firstSeq: number;
  /** iputils waits less once replies have come: twice the longest. */
  shortLinger: boolean;
  /** Send the next as soon as the last is answered. */
  adaptive: boolean;
}
/** A sleeper wakes with the tick after its time: why five requests take some 4004 ms. */
const JIFFY_US = ms(1);

export interface EchoSeen {
  reply(seq: number, reply: IcmpReply, rttUs: Us, duplicate: boolean): Sys<void>;
  problem(seq: number, reply: IcmpReply): Sys<void>;
  /** errno of a request that could not be sent, and whether an ICMP error tells of it (REJECT) or nothing does (DROP); true: go on. */
  unsent(seq: number, errno: string, told: boolean): Sys<boolean>;
  sent?(seq: number): Sys<void>;
}
export interface EchoResult { sent: number; received: number; duplicates: number; errors: number; trips: Trips; elapsedUs: Us; interrupted: boolean; aborted: boolean }
/** Round trips so far. */
export interface Trips { count: number; sum: number; square: number; min: Us; max: Us }

/** What an endless ping hands to its next life: plain data. */
export interface EchoState {
  fd: number; startedAt: Us; lastAt: Us; sent: number; received: number; duplicates: number; errors: number; aborted: boolean; trips: Trips;
  /** When the latest requests went out, and whether they are answered. */
  recent: { seq: number; at: Us; answered: boolean }[];
}
/** No count given. */
export const ENDLESS = Number.MAX_SAFE_INTEGER;
/** Requests after which a long ping starts again with an empty log of replies, and those that it then still knows. */
const LIFE = 40, KNOWN = 64;

/** `resume`: what `renew` was given in an earlier life; it becomes the program again, with this state. */
export function* echo(plan: EchoPlan, seen: EchoSeen, resume: EchoState | null, renew: (state: EchoState) => Sys<void>): Sys<EchoResult | { errno: string }> {
  let state: EchoState;
  if (resume) state = { ...resume, trips: { ...resume.trips }, recent: resume.recent.map((each) => ({ ...each })) };
  else {
    const socket = yield* call('icmp', {});
    if (!socket.ok) return { errno: socket.errno };
    const startedAt = yield* mono();
    state = { fd: socket.value, startedAt, lastAt: startedAt, sent: 0, received: 0, duplicates: 0, errors: 0, aborted: false, trips: { count: 0, sum: 0, square: 0, min: 0, max: 0 }, recent: [] };
  }
  const { fd } = state;
  yield* call('sigaction', { signal: 'INT', action: 'catch' });
  let interrupted = false;
  try {
    for (let n = state.sent; n < plan.count; n++) {
      if (n % LIFE === 0 && n > 0 && n !== resume?.sent) yield* renew(state);
      const seq = plan.firstSeq + n;
      state.lastAt = yield* mono();
      state.recent.push({ seq, at: state.lastAt, answered: false });
      if (state.recent.length > KNOWN) state.recent.shift();
      const sent = yield* call('icmpSend', { fd, addr: plan.address, data: { seq } as unknown as Json, size: plan.size, ...(plan.from !== null && { from: plan.from }), ...(plan.ttl !== null && { ttl: plan.ttl }), dontFragment: plan.dontFragment });
      state.sent++;
      if (!sent.ok) {
        const told = sent.errno === 'EPERM' ? yield* pending(fd) : null;
        if (sent.errno !== 'EPERM' || told) state.errors++;
        if (told) yield* seen.problem(seq, told);
        if (!(yield* seen.unsent(seq, sent.errno, sent.errno !== 'EPERM' || told !== null))) { state.aborted = true; break; }
      } else if (seen.sent) yield* seen.sent(seq);
      const isLast = n === plan.count - 1;
      const next = state.lastAt + plan.intervalUs + JIFFY_US;
      const end = plan.deadlineUs === null ? Infinity : state.startedAt + plan.deadlineUs;
      const until = isLast ? state.lastAt + plan.lingerUs : next;
      yield* collect(plan, seen, state, Math.min(until, end), isLast);
      if ((yield* mono()) >= end) break;
    }
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error;
    interrupted = true;
  }
  yield* call('close', { fd });
  return { ...state, elapsedUs: state.lastAt - state.startedAt, interrupted };
}

/** The error that waits in the socket's queue: a REJECT of one's own OUTPUT chain. */
function* pending(fd: number): Sys<IcmpReply | null> {
  const got = yield* call('icmpRecv', { fd, timeoutUs: 10 });
  return got.ok && got.value.about !== undefined ? got.value : null;
}

/** Takes what comes until the next request is due or nothing is missing any more. */
function* collect(plan: EchoPlan, seen: EchoSeen, state: EchoState, end: Us, isLast: boolean): Sys<void> {
  const { trips } = state;
  for (;;) {
    const now = yield* mono();
    const short = isLast && plan.shortLinger && trips.count ? state.lastAt + Math.max(trips.max * 2, ms(10)) : Infinity;
    const left = Math.min(end, short) - now;
    if (left <= 0) return;
    const got = yield* call('icmpRecv', { fd: state.fd, timeoutUs: left });
    if (!got.ok) {
      if (got.errno === 'ETIMEDOUT' || got.errno === 'EAGAIN') return;
      continue;
    }
    const reply = got.value;
    const seq = Number(((reply.about ? reply.about.data : reply.data) as { seq?: number } | null)?.seq ?? -1);
    const asked = state.recent.find((each) => each.seq === seq);
    if (asked === undefined) continue;
    if (reply.type === 0) {
      const duplicate = asked.answered;
      const rtt = (yield* mono()) - asked.at + (yield* handling());
      asked.answered = true;
      if (duplicate) state.duplicates++;
      else { state.received++; count(trips, rtt); }
      yield* seen.reply(seq, reply, rtt, duplicate);
    } else if (reply.about) {
      state.errors++;
      asked.answered = true;
      yield* seen.problem(seq, reply);
    } else continue;
    if ((isLast || plan.adaptive) && state.recent.every(({ answered }) => answered)) return;
  }
}

function count(trips: Trips, rtt: Us): void {
  trips.min = trips.count ? Math.min(trips.min, rtt) : rtt;
  trips.max = Math.max(trips.max, rtt);
  trips.count++;
  trips.sum += rtt;
  trips.square += rtt * rtt;
}

/** Both ends' stacks and the wake-up, which take no time here: some tens of microseconds. */
function* handling(): Sys<Us> {
  const drawn = yield* call('random', { below: 45 });
  return 35 + (drawn.ok ? drawn.value : 0);
}

/** Milliseconds with three places. */
export const ms3 = (us: Us): string => (us / 1_000).toFixed(3);

export function spread({ count, sum, square, min, max }: Trips): { min: Us; avg: Us; max: Us; dev: Us } {
  const avg = sum / count;
  return { min, avg, max, dev: Math.sqrt(Math.max(0, square / count - avg * avg)) };
}

export const LINGER_US = seconds(10);
