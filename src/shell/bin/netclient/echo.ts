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
export interface EchoResult { sent: number; received: number; duplicates: number; errors: number; rtts: readonly Us[]; elapsedUs: Us; interrupted: boolean; aborted: boolean }

export function* echo(plan: EchoPlan, seen: EchoSeen): Sys<EchoResult | { errno: string }> {
  const socket = yield* call('icmp', {});
  if (!socket.ok) return { errno: socket.errno };
  const fd = socket.value;
  yield* call('sigaction', { signal: 'INT', action: 'catch' });
  const state = { sent: 0, received: 0, duplicates: 0, errors: 0, rtts: [] as Us[], aborted: false };
  const times = new Map<number, Us>();
  const answered = new Set<number>();
  const started = yield* mono();
  let last = started;
  let interrupted = false;
  try {
    for (let n = 0; n < plan.count; n++) {
      const seq = plan.firstSeq + n;
      last = yield* mono();
      times.set(seq, last);
      const sent = yield* call('icmpSend', { fd, addr: plan.address, data: { seq } as unknown as Json, size: plan.size, ...(plan.from !== null && { from: plan.from }), ...(plan.ttl !== null && { ttl: plan.ttl }), dontFragment: plan.dontFragment });
      state.sent++;
      if (!sent.ok) {
        if (sent.errno !== 'EPERM') state.errors++;
        if (!(yield* seen.unsent(seq, sent.errno, sent.errno !== 'EPERM' || (yield* isTold(fd))))) { state.aborted = true; break; }
      } else if (seen.sent) yield* seen.sent(seq);
      const isLast = n === plan.count - 1;
      const next = last + plan.intervalUs + JIFFY_US;
      const end = plan.deadlineUs === null ? Infinity : started + plan.deadlineUs;
      const until = isLast ? last + plan.lingerUs : next;
      yield* collect(fd, plan, seen, state, { times, answered, until: Math.min(until, end), isLast });
      if ((yield* mono()) >= end) break;
    }
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error;
    interrupted = true;
  }
  yield* call('close', { fd });
  return { ...state, elapsedUs: last - started, interrupted };
}

/** Whether an error waits in the socket's queue. */
function* isTold(fd: number): Sys<boolean> {
  const got = yield* call('icmpRecv', { fd, timeoutUs: 10 });
  return got.ok && got.value.about !== undefined;
}

interface Wait { times: ReadonlyMap<number, Us>; answered: Set<number>; until: Us; isLast: boolean }
interface Tally { sent: number; received: number; duplicates: number; errors: number; rtts: Us[] }

/** Takes what comes until the next request is due or nothing is missing any more. */
function* collect(fd: number, plan: EchoPlan, seen: EchoSeen, state: Tally, wait: Wait): Sys<void> {
  for (;;) {
    const now = yield* mono();
    const short = wait.isLast && plan.shortLinger && state.rtts.length ? Math.max(...state.rtts) * 2 : Infinity;
    const left = Math.min(wait.until, wait.isLast && short !== Infinity ? (wait.times.get(plan.firstSeq + state.sent - 1) ?? now) + Math.max(short, ms(10)) : Infinity) - now;
    if (left <= 0) return;
    const got = yield* call('icmpRecv', { fd, timeoutUs: left });
    if (!got.ok) {
      if (got.errno === 'ETIMEDOUT' || got.errno === 'EAGAIN') return;
      continue;
    }
    const reply = got.value;
    const seq = Number(((reply.about ? reply.about.data : reply.data) as { seq?: number } | null)?.seq ?? -1);
    const sentAt = wait.times.get(seq);
    if (sentAt === undefined) continue;
    if (reply.type === 0) {
      const duplicate = wait.answered.has(seq);
      const rtt = (yield* mono()) - sentAt + (yield* handling());
      wait.answered.add(seq);
      if (duplicate) state.duplicates++;
      else { state.received++; state.rtts.push(rtt); }
      yield* seen.reply(seq, reply, rtt, duplicate);
    } else if (reply.about) {
      state.errors++;
      wait.answered.add(seq);
      yield* seen.problem(seq, reply);
    } else continue;
    if ((wait.isLast || plan.adaptive) && wait.answered.size >= state.sent) return;
  }
}

/** Both ends' stacks and the wake-up, which take no time here: some tens of microseconds. */
function* handling(): Sys<Us> {
  const drawn = yield* call('random', { below: 45 });
  return 35 + (drawn.ok ? drawn.value : 0);
}

/** Milliseconds with three places. */
export const ms3 = (us: Us): string => (us / 1_000).toFixed(3);

export function spread(rtts: readonly Us[]): { min: Us; avg: Us; max: Us; dev: Us } {
  const avg = rtts.reduce((sum, rtt) => sum + rtt, 0) / rtts.length;
  const square = rtts.reduce((sum, rtt) => sum + rtt * rtt, 0) / rtts.length;
  return { min: Math.min(...rtts), avg, max: Math.max(...rtts), dev: Math.sqrt(Math.max(0, square - avg * avg)) };
}

export const LINGER_US = seconds(10);
