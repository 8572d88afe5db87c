/**
 * The loop around raft: takes what is ready, saves it, sends it, applies it, and keeps the alarm set.
 * One thread at a time does this; the others leave their messages in the machine and go. A leader sends
 * before it saves, all others save before they send. etcdserver/raft.go and node.go of 3.3.
 */
import { ms, seconds, type Us } from '../../engine/time.ts';
import { strerror } from '../../proc/libc.ts';
import type { Json, Sys } from '../../proc/program.ts';
import { call } from '../../proc/syscalls.ts';
import { apply, type Effect, type Outcome, type State } from './applied.ts';
import { goDuration } from './calendar.ts';
import { type Core, exit, getConfig, getCore, getState, log, mono, setCore, setState } from './core.ts';
import { entryLines, hardStateLine, metadataLine, rotate, save, SEGMENT_ENTRIES, segmentName, SYNC_SLOW_US } from './disk.ts';
import { leaseChanged, leasesTakenOver } from './lease.ts';
import { slice } from './log.ts';
import { membersChanged, sendMessages } from './links.ts';
import {
  changeVoters, compact, deadline, done, HEARTBEAT_US, type Message, NONE, type Raft, type Ready, ready, stall, step, taken, tick, wake,
} from './raft.ts';
import { nextExpiry } from './v2store.ts';
import { catchUpWatchers, tellWatchers } from './watch.ts';

/** Entries kept behind what is applied, for members that come back (etcd's SnapshotCatchUpEntries). */
const CATCH_UP_ENTRIES = 5_000;
/** A sync that takes longer than this holds up heartbeats noticeably. */
const DISK_SLOW_US = ms(50);

/** Changes the machine (and other parts of the memory with it) and does what is then ready, unless another thread is at it. */
export function* drive(change: (raft: Raft, now: Us) => Raft, also?: (core: Core, now: Us) => Partial<Core>): Sys<void> {
  const now = yield* mono();
  const chance = yield* call('random', { below: 1_000 });
  const core = yield* getCore();
  let raft = change(core.raft, now);
  if (raft.draw === null) raft = { ...raft, draw: chance.ok ? chance.value : 0 };
  const rd = core.busy ? null : ready(raft);
  yield* setCore({ ...core, ...also?.(core, now), raft: rd ? taken(raft, rd) : raft, busy: core.busy || rd !== null });
  if (rd) yield* pump(rd);
  else if (!core.busy) yield* arm();
}

/** A message from a peer. */
export const deliver = (message: Message): Sys<void> => drive((raft, now) => step(raft, message, now), (core, now) =>
  (core.raft.quiet ? {} : { heard: { ...core.heard, [message.from]: now } }));

function* pump(first: Ready): Sys<void> {
  for (let rd: Ready | null = first; rd;) {
    if (!(yield* handle(rd))) return; // the process is ending
    const now: Us = yield* mono();
    const core: Core = yield* getCore();
    const after = compact(done(core.raft, rd), CATCH_UP_ENTRIES);
    const raft = core.missed ? tick(after, now) : after;
    rd = ready(raft);
    yield* setCore({ ...core, raft: rd ? taken(raft, rd) : raft, busy: rd !== null, missed: false });
  }
  yield* arm();
}

/** False when the disk refused and the member must end. */
function* handle(rd: Ready): Sys<boolean> {
  for (const note of rd.notes) yield* log('I', 'raft', note);
  yield* tellLeader();
  const { raft } = yield* getCore();
  const first = raft.role === 'leader' && !rd.hardState && !rd.snapshot;
  if (first) yield* emit(rd.messages);
  if (rd.snapshot && !(yield* install(rd))) return false;
  if (rd.sync && !rd.snapshot && !(yield* persist(rd))) return false;
  if (!first) yield* emit(rd.messages);
  if (rd.committed.length) yield* applyAll(rd);
  if (rd.readStates.length) yield* answerReads(rd);
  return true;
}

/** raft.node's own lines about who leads, and those who wait for a leader. */
function* tellLeader(): Sys<void> {
  const core = yield* getCore();
  const { id, lead, term } = core.raft;
  if (lead === core.lead) return;
  const now = yield* mono();
  yield* setCore({ ...(yield* getCore()), lead, ledAt: lead === NONE ? core.ledAt : now, beatAt: now, expiring: null });
  yield* log('I', 'raft', lead === NONE ? `raft.node: ${id} lost leader ${core.lead} at term ${term}`
    : core.lead === NONE ? `raft.node: ${id} elected leader ${lead} at term ${term}` : `raft.node: ${id} changed leader from ${core.lead} to ${lead} at term ${term}`);
  if (lead === id) yield* leasesTakenOver();
  if (lead !== NONE) yield* call('unpark', { channel: 'leader', value: lead });
}

/** Sends, and complains when heartbeats go out late. */
function* emit(messages: readonly Message[]): Sys<void> {
  if (!messages.length) return;
  if (messages.some((message) => message.type === 'heartbeat' && message.context === undefined)) {
    const now = yield* mono();
    const core = yield* getCore();
    yield* setCore({ ...core, beatAt: now });
    const late = now - core.beatAt - 2 * HEARTBEAT_US;
    if (late > 0 && core.beatAt > 0) {
      yield* log('W', 'etcdserver', `failed to send out heartbeat on time (exceeded the ${goDuration(HEARTBEAT_US)} timeout for ${goDuration(late)})`);
      yield* log('W', 'etcdserver', 'server is likely overloaded');
    }
  }
  yield* sendMessages(messages);
}

function* persist(rd: Ready): Sys<boolean> {
  const { raft, segment } = yield* getCore();
  const text = entryLines(rd.entries) + hardStateLine(raft.term, raft.vote, raft.commit);
  const promised = raft.quiet && raft.role === 'leader';
  if (promised) yield* call('timer', { name: 'stall', entry: 'stall', afterUs: DISK_SLOW_US });
  const saved = yield* save(segment.path, text);
  if (promised) yield* call('timerStop', { name: 'stall' });
  if (!saved.ok) {
    yield* log('C', 'etcdserver', `raft save state and entries error: write ${segment.path}: ${strerror(saved.errno).toLowerCase()}`);
    yield* exit(1);
    return false;
  }
  if (saved.tookUs > SYNC_SLOW_US) yield* log('W', 'wal', `sync duration of ${goDuration(saved.tookUs)}, expected less than 1s`);
  const slow = saved.tookUs > DISK_SLOW_US;
  const core = yield* getCore();
  if (slow || core.raft.slow) {
    const now = yield* mono();
    const latest = yield* getCore();
    const moved = slow ? stall(latest.raft, saved.tookUs) : latest.raft;
    yield* setCore({ ...latest, raft: { ...(slow && moved.quiet ? wake(moved, now) : moved), slow } });
  }
  const after = yield* getCore();
  yield* setCore({ ...after, segment: { ...after.segment, entries: after.segment.entries + rd.entries.length } });
  return true;
}

/**
 * The entry of the alarm that a quiet leader sets before a sync: the disk holds it up, so the heartbeats
 * that its followers take for granted do not come. They are told so, by the last one that would have.
 */
export function* onStall(): Sys<void> {
  const now = yield* mono();
  const core = yield* getCore();
  if (!core.busy || !core.raft.quiet || core.raft.role !== 'leader') return;
  const since = now - DISK_SLOW_US;
  yield* setCore({ ...core, raft: wake(core.raft, now), armed: 'beat', beatAt: since, heard: {} });
  yield* call('timer', { name: 'tick', entry: 'tick', afterUs: HEARTBEAT_US, everyUs: HEARTBEAT_US });
  const { id, term, voters, commit, progress } = core.raft;
  yield* sendMessages(voters.filter((to) => to !== id).map((to) => ({ type: 'heartbeat', from: id, to, term, commit: Math.min(progress[to]?.match ?? 0, commit) })));
}

/** The state of another member replaces this one's. */
function* install(rd: Ready): Sys<boolean> {
  const { snapshot } = rd;
  const before = yield* getState();
  const state = snapshot!.data as unknown as State;
  yield* log('I', 'etcdserver', `applying snapshot at index ${before.index}...`);
  yield* setState(state);
  if (!(yield* renew())) return false;
  yield* log('I', 'etcdserver', `finished applying incoming snapshot at index ${before.index}`);
  yield* membersChanged();
  yield* catchUpWatchers(before.mvcc.revision);
  return true;
}

/**
 * The database is written and a new segment begun. The old one goes, so all that is known beyond the
 * database is written anew: also what this very round has saved there and not yet been counted as stable.
 */
export function* renew(): Sys<boolean> {
  const config = yield* getConfig();
  const state = yield* getState();
  const { raft, segment } = yield* getCore();
  const sequence = segment.sequence + 1;
  const head = metadataLine({ member: config.self, cluster: config.clusterId })
    + entryLines(slice(raft.log, state.index + 1, raft.log.last)) + hardStateLine(raft.term, raft.vote, raft.commit);
  const saved = yield* rotate(config.flags.dataDir, state, sequence, head);
  if (!saved.ok) {
    yield* log('C', 'etcdserver', `raft save snapshot error: write ${config.flags.dataDir}/member/snap/db: ${strerror(saved.errno).toLowerCase()}`);
    yield* exit(1);
    return false;
  }
  const path = `${config.flags.dataDir}/member/wal/${segmentName(sequence, state.index)}`;
  yield* setCore({ ...(yield* getCore()), segment: { path, sequence, entries: 0 } });
  return true;
}

function* applyAll(rd: Ready): Sys<void> {
  const config = yield* getConfig();
  let state = yield* getState();
  const effects: Effect[] = [];
  for (const entry of rd.committed) {
    if (entry.index <= state.index) continue;
    const effect = apply(state, entry, config.self);
    state = effect.state;
    effects.push(effect);
  }
  yield* setState(state);
  for (const effect of effects) yield* follow(effect);
  const core = yield* getCore();
  const due = core.lateReads.filter(({ index }) => index <= state.index);
  if (due.length) {
    yield* setCore({ ...core, lateReads: core.lateReads.filter(({ index }) => index > state.index) });
    for (const { context } of due) yield* releaseReads(context);
  }
  if (core.segment.entries >= SEGMENT_ENTRIES) yield* renew();
}

/** What an applied entry means for this process: log lines, watchers, waiting requests, membership. */
function* follow(effect: Effect): Sys<void> {
  for (const note of effect.notes) yield* log(note.level, note.pkg, note.text);
  if (effect.voters) {
    const { voters } = effect;
    const core = yield* getCore();
    yield* setCore({ ...core, raft: changeVoters(core.raft, voters) });
    yield* membersChanged();
  }
  if (effect.lease) yield* leaseChanged(effect.lease);
  if (effect.events.length || effect.changes.length) yield* tellWatchers(effect.events, effect.changes);
  if (effect.id !== null && effect.outcome) yield* answer(effect.id, effect.outcome);
}

/** Where a proposer waits for what comes of its request: this word stands there until it is known. */
export const outcomeKey = (id: string): string => `outcome:${id}`;
export const WAITING = 'waiting';

function* answer(id: string, outcome: Outcome): Sys<void> {
  const key = outcomeKey(id);
  const waiting = yield* call('memGet', { key });
  if (!waiting.ok || waiting.value !== WAITING) return;
  yield* call('memSet', { key, value: outcome as unknown as Json });
  yield* call('unpark', { channel: key, value: null });
}

function* answerReads(rd: Ready): Sys<void> {
  const state = yield* getState();
  for (const { context, index } of rd.readStates) {
    if (index <= state.index) yield* releaseReads(context);
    else {
      const core = yield* getCore();
      yield* setCore({ ...core, lateReads: [...core.lateReads, { context, index }] });
    }
  }
}

/** Those who wait for this round may read; whoever began it may not have parked yet. */
function* releaseReads(context: string): Sys<void> {
  yield* call('memSet', { key: 'round', value: context });
  yield* call('unpark', { channel: `read:${context}`, value: true });
}

/** Sets the tick alarm for when raft next has something to do: a beat, a follower's patience, or not at all. */
function* arm(): Sys<void> {
  const core = yield* getCore();
  const due = deadline(core.raft);
  const want = due === null ? 'quiet' : core.raft.role === 'leader' ? 'beat' : 'alarm';
  const kept = core.armed === want && (want !== 'alarm' || core.armedAt <= due!);
  if (!kept) {
    const now = yield* mono();
    const afterUs = Math.max(1, (due ?? now + HEARTBEAT_US) - now);
    yield* setCore({ ...(yield* getCore()), armed: want, armedAt: now + afterUs });
    yield* call('timer', { name: 'tick', entry: 'tick', afterUs, ...(want !== 'alarm' && { everyUs: HEARTBEAT_US }), ...(want === 'quiet' && { quiet: true }) });
    if (want === 'quiet') yield* call('timerStop', { name: 'links' });
    else if (core.armed === 'quiet' || core.armed === 'none') yield* call('timer', { name: 'links', entry: 'links', afterUs: LINK_BEAT_US, everyUs: LINK_BEAT_US });
  }
  if (core.raft.role === 'leader') yield* armExpiry();
}

/** Streams without traffic are kept alive at this pace (a third of the read timeout of 5 s). */
export const LINK_BEAT_US = Math.round(seconds(5) / 3);

/** The entry of the tick alarm. */
export function* onTick(): Sys<void> {
  const core = yield* getCore();
  const asleep = core.armed === 'quiet';
  const held = core.busy && !asleep; // the loop stands in a sync: one tick waits for it, as in Go's ticker
  if (core.armed === 'alarm' || held) yield* setCore({ ...core, missed: held, ...(core.armed === 'alarm' && { armedAt: Infinity }) });
  if (held) return;
  if (asleep) yield* rouse();
  else yield* drive(tick);
}

/** Time counts again. */
const rouse = (): Sys<void> =>
  drive((raft, now) => tick(wake(raft, now), now), (_, now) => ({ armed: 'none', beatAt: now - HEARTBEAT_US, heard: {}, expiring: null }));

/** A member is there again to whom nothing could be said: a quiet leader has heartbeats for it. */
export function* reachedAgain(): Sys<void> {
  const core = yield* getCore();
  if (core.raft.quiet && core.raft.role === 'leader') yield* rouse();
}

/** The leader looks after the v2 store's times to live: a sync entry when the first is due. */
function* armExpiry(): Sys<void> {
  const state = yield* getState();
  const core = yield* getCore();
  if (core.expiring === state.v2.expiring) return;
  yield* setCore({ ...core, expiring: state.v2.expiring });
  const next = nextExpiry(state.v2);
  if (next === null) {
    yield* call('timerStop', { name: 'sync' });
    return;
  }
  const now = yield* call('now', {});
  const wait = Math.max(0, next - (now.ok ? now.value.real : 0));
  yield* call('timer', { name: 'sync', entry: 'sync', afterUs: Math.ceil(wait / SYNC_US) * SYNC_US || SYNC_US });
}

/** How often 3.3 looks for expired keys. */
const SYNC_US = ms(500);
