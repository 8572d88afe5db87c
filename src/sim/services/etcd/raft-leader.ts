/**
 * What a raft leader does with each message and each tick. Pure, on a draft. It knows nothing of how
 * messages travel.
 */
import type { Us } from '../../engine/time.ts';
import { termAt } from './log.ts';
import {
  append, becomeFollower, broadcastAppend, broadcastHeartbeat, type Draft, ELECTION_US, HEARTBEAT_US, maybeCommit, type Message,
  newProgress, NONE, type NodeId, patch, quorum, send, sendAppend,
} from './raft-state.ts';

/** Heartbeat rounds that must have gone well before the exchange is left unwalked. */
const CALM_ROUNDS = 3;

export function leaderTick(d: Draft, now: Us): void {
  if (now >= d.quorumAt) {
    d.quorumAt = now + ELECTION_US;
    if (!quorumActive(d)) {
      d.notes.push(`${d.id} stepped down to follower since quorum is not active`);
      becomeFollower(d, d.term, NONE, now);
      return;
    }
  }
  if (d.transferee !== NONE && now >= d.transferAt + ELECTION_US) d.transferee = NONE;
  if (now < d.heartbeatAt) return;
  d.heartbeatAt = d.heartbeatAt + HEARTBEAT_US > now ? d.heartbeatAt + HEARTBEAT_US : now + HEARTBEAT_US;
  d.calm = everyoneAnswers(d) ? d.calm + 1 : 0;
  d.quiet = d.calm >= CALM_ROUNDS;
  for (const id of d.voters) if (id !== d.id) patch(d, id, { acked: false });
  broadcastHeartbeat(d, undefined, d.quiet);
}

/** Members heard within the last election timeout, itself included; the next window begins. */
function quorumActive(d: Draft): boolean {
  let active = 0;
  for (const id of d.voters) {
    if (id === d.id || d.progress[id]?.active) active++;
    if (id !== d.id) patch(d, id, { active: false });
  }
  return active >= quorum(d);
}

/** Whether the last round was answered by all who can be reached, a majority, and all have everything. */
function everyoneAnswers(d: Draft): boolean {
  if (d.slow) return false;
  let good = 1;
  for (const id of d.voters) {
    const p = d.progress[id];
    if (id === d.id || !p) continue;
    if (p.acked && p.match === d.log.last) good++;
    else if (p.reachable) return false;
  }
  return good >= quorum(d) && d.commit === d.log.last && d.transferee === NONE && d.reads.length === 0;
}

/** Something changed in the world: time counts again. */
export function leaderWake(d: Draft, now: Us): void {
  d.calm = 0;
  d.quiet = false;
  d.heartbeatAt = now;
  d.quorumAt = now + ELECTION_US;
  for (const id of d.voters) if (id !== d.id) patch(d, id, { active: false, acked: false });
}

export function leaderStep(d: Draft, m: Message, now: Us): void {
  switch (m.type) {
    case 'prop': return propose(d, m);
    case 'readIndex': return readIndex(d, m);
    case 'transfer': return transfer(d, m.context ?? NONE, now);
    case 'appResp': heard(d, m.from); return appResp(d, m);
    case 'heartbeatResp': heard(d, m.from); return heartbeatResp(d, m);
    case 'unreachable': {
      const p = d.progress[m.from];
      if (p?.state === 'replicate') patch(d, m.from, { state: 'probe', next: p.match + 1, paused: false });
      else if (p?.state === 'snapshot') patch(d, m.from, { state: 'probe', paused: false, pendingSnapshot: 0 });
      // That one who was lost is still lost is no news: heartbeats for it alone would never end.
      if (d.quiet && p?.reachable) leaderWake(d, now);
      patch(d, m.from, { reachable: false });
      return;
    }
    default:
  }
}

function heard(d: Draft, from: NodeId): void {
  const p = d.progress[from];
  if (p && !(p.active && p.reachable)) patch(d, from, { active: true, reachable: true });
}

function propose(d: Draft, m: Message): void {
  if (!d.progress[d.id] || d.transferee !== NONE) return; // removed, or about to hand over: the proposer's patience decides
  const items = (m.entries ?? []).map((entry) => {
    if (entry.kind !== 'conf') return entry;
    if (d.pendingConf > d.applied) {
      d.notes.push(`propose conf ${JSON.stringify(entry.data)} ignored since pending unapplied configuration [index ${d.pendingConf}, applied ${d.applied}]`);
      return { kind: 'normal' as const, data: null };
    }
    d.pendingConf = d.log.last + 1;
    return entry;
  });
  append(d, items);
  broadcastAppend(d);
}

function readIndex(d: Draft, m: Message): void {
  if (termAt(d.log, d.commit) !== d.term) return; // nothing committed in this term yet: the reader's patience decides
  const context = m.context!;
  if (quorum(d) === 1 || d.quiet) {
    answerRead(d, { context, index: d.commit, from: m.from });
    return;
  }
  d.reads = [...d.reads, { context, index: d.commit, from: m.from, acks: [d.id] }];
  broadcastHeartbeat(d, context);
}

function answerRead(d: Draft, read: { context: string; index: number; from: NodeId }): void {
  if (read.from === d.id || read.from === NONE) d.readStates = [...d.readStates, { context: read.context, index: read.index }];
  else send(d, { type: 'readIndexResp', to: read.from, index: read.index, context: read.context });
}

function heartbeatResp(d: Draft, m: Message): void {
  const p = d.progress[m.from];
  if (!p) return;
  patch(d, m.from, { acked: true, paused: false });
  if (p.match < d.log.last) sendAppend(d, m.from);
  if (m.context === undefined) return;
  const at = d.reads.findIndex((read) => read.context === m.context);
  const read = d.reads[at];
  if (!read || read.acks.includes(m.from)) return;
  const acks = [...read.acks, m.from];
  if (acks.length < quorum(d)) {
    d.reads = d.reads.map((other, i) => (i === at ? { ...read, acks } : other));
    return;
  }
  // Whoever answers a later read has confirmed the earlier ones too.
  for (const done of d.reads.slice(0, at + 1)) answerRead(d, done);
  d.reads = d.reads.slice(at + 1);
}

function appResp(d: Draft, m: Message): void {
  const p = d.progress[m.from];
  if (!p) return;
  const index = m.index ?? 0;
  if (m.reject) {
    const stale = p.state === 'replicate' ? index <= p.match : p.next - 1 !== index;
    if (stale) return;
    const next = p.state === 'replicate' ? p.match + 1 : Math.max(1, Math.min(index, (m.hint ?? 0) + 1));
    patch(d, m.from, { next, state: p.state === 'replicate' ? 'probe' : p.state, paused: false });
    sendAppend(d, m.from);
    return;
  }
  const wasPaused = p.paused || p.state === 'snapshot';
  if (index <= p.match && p.state === 'replicate') return;
  const match = Math.max(p.match, index);
  const caughtUp = p.state === 'snapshot' && match >= p.pendingSnapshot;
  const state = p.state === 'probe' || caughtUp ? 'replicate' : p.state;
  patch(d, m.from, { match, next: Math.max(state === p.state ? p.next : 0, match + 1), state, paused: false, pendingSnapshot: caughtUp ? 0 : p.pendingSnapshot });
  if (maybeCommit(d)) broadcastAppend(d);
  else if (wasPaused || match < d.log.last && d.progress[m.from]!.next <= d.log.last) sendAppend(d, m.from);
  if (m.from === d.transferee && match === d.log.last) sendTimeoutNow(d, m.from, 'after received MsgAppResp');
}

function sendTimeoutNow(d: Draft, to: NodeId, when: 'immediately' | 'after received MsgAppResp'): void {
  d.notes.push(when === 'immediately' ? `${d.id} sends MsgTimeoutNow to ${to} immediately as ${to} already has up-to-date log`
    : `${d.id} sent MsgTimeoutNow to ${to} after received MsgAppResp`);
  send(d, { type: 'timeoutNow', to });
}

function transfer(d: Draft, to: NodeId, now: Us): void {
  if (d.transferee === to || to === d.id || !d.progress[to]) return;
  d.transferee = to;
  d.transferAt = now;
  d.notes.push(`${d.id} [term ${d.term}] starts to transfer leadership to ${to}`);
  if (d.progress[to]?.match === d.log.last) sendTimeoutNow(d, to, 'immediately');
  else sendAppend(d, to);
}

/** The cluster's members change, by an entry that has been applied. */
export function setVoters(d: Draft, voters: readonly NodeId[]): void {
  d.voters = voters;
  if (d.role !== 'leader') return;
  const progress: Record<NodeId, typeof d.progress[string]> = {};
  for (const id of voters) progress[id] = d.progress[id] ?? newProgress(0, d.log.last + 1, true);
  d.progress = progress;
  d.calm = 0;
  if (d.transferee !== NONE && !voters.includes(d.transferee)) d.transferee = NONE;
  maybeCommit(d);
  broadcastAppend(d);
}
