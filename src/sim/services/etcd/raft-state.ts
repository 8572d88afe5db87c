/**
 * The state of one raft member and the moves that all roles share: changing role, sending, committing.
 * Plain data and pure functions; a function named here changes only the fresh copy (`Draft`) it is given.
 * It knows neither sockets nor disks nor what the entries mean. It imitates etcd's raft of 3.3: CheckQuorum
 * on, PreVote off, ReadIndex reads.
 */
import type { Json } from '../../proc/program.ts';
import type { Us } from '../../engine/time.ts';
import { ms } from '../../engine/time.ts';
import { appendEntries, emptyRaftLog, type Entry, lastTerm, type RaftLog, slice, termAt } from './log.ts';

export const HEARTBEAT_US = ms(100);
export const ELECTION_US = ms(1_000);

export type NodeId = string;
export const NONE = '';

export type MessageType = 'hup' | 'prop' | 'app' | 'appResp' | 'vote' | 'voteResp' | 'heartbeat' | 'heartbeatResp' | 'snap'
  | 'readIndex' | 'readIndexResp' | 'transfer' | 'timeoutNow' | 'unreachable';

export interface Snapshot { index: number; term: number; voters: readonly NodeId[]; data: Json }

/** `term` 0 marks a request on its way to the leader, or a local matter. */
export interface Message {
  type: MessageType; from: NodeId; to: NodeId; term: number;
  index?: number; logTerm?: number; entries?: readonly Entry[]; commit?: number;
  reject?: boolean; hint?: number; snapshot?: Snapshot;
  /** Of reads: which, echoed by heartbeats that carry it. Of a transfer: to whom. */
  context?: string;
  /** Of a vote: a leadership transfer, which no lease stops. */
  force?: boolean;
  /** Of a heartbeat: the last one while nothing is disturbed. */
  quiet?: boolean;
  /** Of an append: news of the commit index only, to a follower to whom everything was sent; it answers to that. */
  noReply?: boolean;
}

/** What a leader knows of a member. `reachable` is false after a failed send until it is heard again. */
export interface Progress {
  match: number; next: number; state: 'probe' | 'replicate' | 'snapshot'; paused: boolean; pendingSnapshot: number;
  active: boolean; reachable: boolean; acked: boolean;
}

interface PendingRead { context: string; index: number; from: NodeId; acks: readonly NodeId[] }

export interface Raft {
  id: NodeId; term: number; vote: NodeId; lead: NodeId; role: 'follower' | 'candidate' | 'leader';
  log: RaftLog; commit: number; applied: number;
  /** What the disk has: entries up to `stable`, and this term and vote. */
  stable: number; saved: { term: number; vote: NodeId };
  /** Sorted. */
  voters: readonly NodeId[];
  progress: Readonly<Record<NodeId, Progress>>;
  votes: Readonly<Record<NodeId, boolean>>;
  /** When it last heard a leader, voted or began to campaign; and its patience this time. */
  since: Us; patience: Us;
  /** A number from chance in reserve (0..999), for the next patience; null asks the owner for one. */
  draw: number | null;
  heartbeatAt: Us; quorumAt: Us;
  /** Heartbeat rounds in a row that every reachable member answered. */
  calm: number;
  /** Nothing has been disturbed since the last good round: time does not count. */
  quiet: boolean;
  /** Its disk is slow: what heartbeats suffer from that must be felt, so they go on. */
  slow: boolean;
  transferee: NodeId; transferAt: Us;
  pendingConf: number;
  reads: readonly PendingRead[];
  readStates: readonly { context: string; index: number }[];
  restored: Snapshot | null;
  outbox: readonly Message[];
  /** What raft's own logger says, without the package name. */
  notes: readonly string[];
}

export type Draft = { -readonly [K in keyof Raft]: Raft[K] } & { outbox: Message[]; notes: string[] };

export interface RaftStart { id: NodeId; voters: readonly NodeId[]; term: number; vote: NodeId; log: RaftLog; commit: number; applied: number; now: Us; draw: number }

/** A member as it starts: what the disk holds, following nobody. */
export function newRaft({ id, voters, term, vote, log, commit, applied, now, draw }: RaftStart): Raft {
  return {
    id, term, vote, lead: NONE, role: 'follower', log, commit, applied, stable: log.last, saved: { term, vote },
    voters: [...voters].sort(byId), progress: {}, votes: {}, since: now, patience: ELECTION_US + ms(draw), draw: null,
    heartbeatAt: 0, quorumAt: 0, calm: 0, quiet: false, slow: false, transferee: NONE, transferAt: 0, pendingConf: 0,
    reads: [], readStates: [], restored: null, outbox: [], notes: [],
  };
}

export const byId = (a: NodeId, b: NodeId): number => (a < b ? -1 : a > b ? 1 : 0);

export const draftOf = (raft: Raft): Draft => ({ ...raft, outbox: raft.outbox.slice(), notes: raft.notes.slice() });

export const quorum = (raft: Raft): number => Math.floor(raft.voters.length / 2) + 1;

/** How long this member will wait for a leader: 1000 to 1999 ms, drawn anew at each reset. */
function redraw(d: Draft): void {
  d.patience = ELECTION_US + ms(d.draw ?? d.patience / 1_000 - 1_000);
  d.draw = null;
}

function reset(d: Draft, term: number, now: Us): void {
  if (d.term !== term) {
    d.term = term;
    d.vote = NONE;
  }
  Object.assign(d, { lead: NONE, since: now, votes: {}, progress: {}, calm: 0, quiet: false, transferee: NONE, pendingConf: 0, reads: [] });
  redraw(d);
}

export function becomeFollower(d: Draft, term: number, lead: NodeId, now: Us): void {
  reset(d, term, now);
  d.role = 'follower';
  d.lead = lead;
  d.notes.push(`${d.id} became follower at term ${term}`);
}

export function becomeCandidate(d: Draft, now: Us): void {
  reset(d, d.term + 1, now);
  d.role = 'candidate';
  d.vote = d.id;
  d.notes.push(`${d.id} became candidate at term ${d.term}`);
}

export function becomeLeader(d: Draft, now: Us): void {
  reset(d, d.term, now);
  d.role = 'leader';
  d.lead = d.id;
  const progress: Record<NodeId, Progress> = {};
  for (const id of d.voters) progress[id] = newProgress(id === d.id ? d.log.last : 0, d.log.last + 1, id === d.id);
  d.progress = progress;
  d.heartbeatAt = now + HEARTBEAT_US;
  d.quorumAt = now + ELECTION_US;
  d.pendingConf = d.log.last;
  append(d, [{ kind: 'normal', data: null }]);
  d.notes.push(`${d.id} became leader at term ${d.term}`);
}

export const newProgress = (match: number, next: number, active: boolean): Progress =>
  ({ match, next, state: 'probe', paused: false, pendingSnapshot: 0, active, reachable: true, acked: false });

export function patch(d: Draft, id: NodeId, change: Partial<Progress>): void {
  const known = d.progress[id];
  if (known) d.progress = { ...d.progress, [id]: { ...known, ...change } };
}

export const send = (d: Draft, message: Omit<Message, 'from' | 'term'> & { term?: number }): void => {
  d.outbox.push({ from: d.id, term: d.term, ...message });
};

/** Adds entries of the leader's own to its log. */
export function append(d: Draft, items: readonly { kind: Entry['kind']; data: Json }[]): void {
  const entries = items.map((item, i) => ({ index: d.log.last + 1 + i, term: d.term, kind: item.kind, data: item.data }));
  d.log = appendEntries(d.log, entries);
  patch(d, d.id, { match: d.log.last, next: d.log.last + 1 });
  maybeCommit(d);
}

/** Moves the commit index to what a majority has, if that is of this term. */
export function maybeCommit(d: Draft): boolean {
  const matches = d.voters.map((id) => d.progress[id]?.match ?? 0).sort((a, b) => b - a);
  const index = matches[quorum(d) - 1] ?? 0;
  if (index <= d.commit || termAt(d.log, index) !== d.term) return false;
  d.commit = index;
  return true;
}

/** Limits of one append message: etcd's is a megabyte; this many entries are about that. */
const ENTRIES_MAX = 256;

/** Sends what a member lacks: entries, or the whole state when the log no longer reaches back. */
export function sendAppend(d: Draft, to: NodeId): void {
  const p = d.progress[to];
  if (!p || p.paused || p.state === 'snapshot') return;
  const logTerm = termAt(d.log, p.next - 1);
  if (logTerm === undefined) {
    if (!p.active) return;
    d.notes.push(`${d.id} [firstindex: ${d.log.first}, commit: ${d.commit}] sent snapshot[index: ${d.applied}, term: ${termAt(d.log, d.applied) ?? 0}] to ${to} [next = ${p.next}, match = ${p.match}]`);
    send(d, { type: 'snap', to });
    patch(d, to, { state: 'snapshot', pendingSnapshot: d.applied });
    d.notes.push(`${d.id} paused sending replication messages to ${to}`);
    return;
  }
  const entries = slice(d.log, p.next, d.log.last, ENTRIES_MAX);
  const noReply = !entries.length && p.state === 'replicate';
  send(d, { type: 'app', to, index: p.next - 1, logTerm, entries, commit: d.commit, ...(noReply && { noReply }) });
  if (p.state === 'replicate') patch(d, to, { next: p.next + entries.length });
  else patch(d, to, { paused: true });
}

export function broadcastAppend(d: Draft): void {
  for (const id of d.voters) if (id !== d.id) sendAppend(d, id);
}

export function broadcastHeartbeat(d: Draft, context?: string, quiet?: boolean): void {
  for (const id of d.voters) {
    const p = d.progress[id];
    if (id === d.id || !p) continue;
    send(d, { type: 'heartbeat', to: id, commit: Math.min(p.match, d.commit), ...(context !== undefined && { context }), ...(quiet && { quiet }) });
  }
}

/** The state of another member in place of the log. False: nothing in it that is not here already. */
export function restore(d: Draft, snapshot: Snapshot): boolean {
  if (snapshot.index <= d.commit) return false;
  if (termAt(d.log, snapshot.index) === snapshot.term) {
    d.commit = snapshot.index;
    return false;
  }
  d.notes.push(`${d.id} [commit: ${d.commit}, lastindex: ${d.log.last}, lastterm: ${lastTerm(d.log)}] starts to restore snapshot [index: ${snapshot.index}, term: ${snapshot.term}]`);
  d.log = emptyRaftLog(snapshot.index, snapshot.term);
  d.commit = snapshot.index;
  d.applied = snapshot.index;
  d.stable = snapshot.index;
  d.voters = [...snapshot.voters].sort(byId);
  d.restored = snapshot;
  d.notes.push(`${d.id} [commit: ${d.commit}, lastindex: ${d.log.last}, lastterm: ${lastTerm(d.log)}] restored snapshot [index: ${snapshot.index}, term: ${snapshot.term}]`);
  return true;
}
