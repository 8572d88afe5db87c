/**
 * What a client's thread does with a request: propose it and wait until it is applied here, or make sure
 * that this member's state is fresh enough to read. Patience is seven seconds. etcdserver/v3_server.go
 * and server.go of 3.3.
 */
import { seconds, type Us } from '../../engine/time.ts';
import type { Json, Sys } from '../../proc/program.ts';
import { call } from '../../proc/syscalls.ts';
import type { ApiError } from './api.ts';
import { ERRORS } from './api.ts';
import type { Command, Outcome } from './applied.ts';
import { type Config, getConfig, getCore, getLinks, log, mono, setCore } from './core.ts';
import { drive, outcomeKey, WAITING } from './drive.ts';
import { requestId } from './ids.ts';
import { termAt } from './log.ts';
import { NONE, proposal, quorum, type Raft, step } from './raft.ts';

/** 5 s and two election timeouts. */
export const REQUEST_US = seconds(7);

type WithoutId<C> = C extends unknown ? Omit<C, 'id'> : never;

/** Proposes and waits: what came of it, or why nothing did. */
export function* propose(command: WithoutId<Command>, patienceUs: Us = REQUEST_US): Sys<Outcome> {
  const started = yield* mono();
  const config = yield* getConfig();
  const before = yield* getCore();
  const id = requestId(config.self, config.startedMs, before.requests + 1);
  yield* setCore({ ...before, requests: before.requests + 1 });
  const key = outcomeKey(id);
  yield* call('memSet', { key, value: WAITING });
  let outcome: Json = WAITING;
  if (yield* awaitLeader(started, patienceUs)) {
    const kind = command.op === 'add' || command.op === 'remove' || command.op === 'update' ? 'conf' : 'normal';
    yield* drive((raft, now) => step(raft, proposal(raft.id, kind, { id, ...command } as unknown as Json), now));
    const left = Math.max(1, started + patienceUs - (yield* mono()));
    outcome = yield* look(key); // nothing may come between this and the parking
    if (outcome === WAITING) {
      yield* call('park', { channel: key, timeoutUs: left });
      outcome = yield* look(key);
    }
  }
  yield* call('memSet', { key, value: null });
  return outcome === WAITING ? yield* timeoutError(started) : (outcome as unknown as Outcome);
}

function* look(key: string): Sys<Json> {
  const got = yield* call('memGet', { key });
  return got.ok ? got.value : null;
}

/** Without a leader a proposal waits: raft takes none. */
function* awaitLeader(started: Us, patienceUs: Us): Sys<boolean> {
  for (;;) {
    const left = started + patienceUs - (yield* mono());
    const { raft } = yield* getCore();
    if (raft.lead !== NONE) return true;
    if (left <= 0) return false;
    const got = yield* call('park', { channel: 'leader', timeoutUs: left });
    if (!got.ok) return false;
  }
}

/** Which of the three timeouts it was: the leader was lost meanwhile, or the connection, or neither. */
export function* timeoutError(started: Us): Sys<ApiError> {
  const { raft, ledAt } = yield* getCore();
  if (started > ledAt - seconds(2) && started < ledAt) return ERRORS.timeoutLeaderFail;
  const links = yield* getLinks();
  const since = (id: string): boolean => Boolean(links[id]?.active && links[id]!.activeSince < started);
  if (raft.lead === NONE) return ERRORS.timeout;
  const connected = raft.lead === raft.id ? raft.voters.filter((id) => id === raft.id || since(id)).length >= quorum(raft) : since(raft.lead);
  return connected ? ERRORS.timeout : ERRORS.timeoutConnectionLost;
}

/** Whether a leader may answer by itself: it has heard all lately and nothing has been disturbed since. */
const leads = (raft: Raft, applied: number): boolean =>
  raft.role === 'leader' && (raft.quiet || quorum(raft) === 1) && applied >= raft.commit && termAt(raft.log, raft.commit) === raft.term;

interface Reads { /** The round under way, 0 if none. */ current: number; /** Rounds begun so far. */ last: number; /** Whether somebody wants the one after. */ wanted: boolean }

function* getReads(): Sys<Reads> {
  const got = yield* call('memGet', { key: 'reads' });
  return (got.ok ? got.value ?? { current: 0, last: 0, wanted: false } : { current: 0, last: 0, wanted: false }) as unknown as Reads;
}

/** Waits until this member's state is no older than now. All who ask meanwhile share the next round. */
export function* linearize(): Sys<ApiError | null> {
  const core = yield* getCore();
  if (leads(core.raft, core.raft.applied) && !core.busy) return null;
  const started = yield* mono();
  const reads = yield* getReads();
  const round = reads.last + 1;
  if (reads.current !== 0) {
    yield* call('memSet', { key: 'reads', value: { ...reads, wanted: true } as unknown as Json });
    const config = yield* getConfig();
    const last = yield* call('memGet', { key: 'round' });
    if (last.ok && roundOf(last.value) >= round) return null;
    const got = yield* call('park', { channel: `read:${contextOf(config, round)}`, timeoutUs: 2 * REQUEST_US });
    return got.ok && got.value === true ? null : yield* timeoutError(started);
  }
  yield* call('memSet', { key: 'reads', value: { current: round, last: round, wanted: false } as unknown as Json });
  return yield* runRound(round, started);
}

const contextOf = (config: Config, round: number): string => `${config.self}-${config.startedMs}-${round}`;
const roundOf = (context: Json): number => (typeof context === 'string' ? Number(context.slice(context.lastIndexOf('-') + 1)) : 0);

/** Sees a round through and begins the next if it is wanted. */
function* runRound(round: number, started: Us): Sys<ApiError | null> {
  const config = yield* getConfig();
  const context = contextOf(config, round);
  yield* drive((raft, now) => step(raft, { type: 'readIndex', from: raft.id, to: raft.id, term: 0, context }, now));
  const early = yield* call('memGet', { key: 'round' });
  const got = early.ok && early.value === context ? early : yield* call('park', { channel: `read:${context}`, timeoutUs: REQUEST_US });
  const good = got.ok;
  if (!good) {
    yield* log('W', 'etcdserver', 'timed out waiting for read index response (local node might have slow network)');
    yield* call('unpark', { channel: `read:${context}`, value: false });
  }
  const reads = yield* getReads();
  const next = reads.wanted ? reads.last + 1 : 0;
  yield* call('memSet', { key: 'reads', value: { current: next, last: next || reads.last, wanted: false } as unknown as Json });
  if (next) yield* call('thread', { entry: 'round', event: { round: next } });
  return good ? null : yield* timeoutError(started);
}

/** The entry that runs a round for those who wait for it. */
export function* onRound(round: number): Sys<void> {
  yield* runRound(round, yield* mono());
}
