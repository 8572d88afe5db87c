/**
 * Raft as a pure step machine, in the shape of etcd's library: give it a message or the time, take what
 * is ready (entries to save, messages to send, entries to apply), say that it is done. Everything it
 * knows is plain data (`Raft`). It knows neither sockets nor disks nor what the entries mean.
 */
import type { Us } from '../../engine/time.ts';
import type { Json } from '../../proc/program.ts';
import { appendEntries, compactLog, type Entry, lastTerm, slice, termAt } from './log.ts';
import { leaderStep, leaderTick, leaderWake, setVoters } from './raft-leader.ts';
import {
  becomeCandidate, becomeFollower, becomeLeader, broadcastAppend, byId, type Draft, draftOf, ELECTION_US, HEARTBEAT_US,
  type Message, NONE, type NodeId, quorum, type Raft, restore, send, type Snapshot,
} from './raft-state.ts';

export * from './raft-state.ts';

const NAMES: Readonly<Record<string, string>> = {
  app: 'MsgApp', appResp: 'MsgAppResp', vote: 'MsgVote', voteResp: 'MsgVoteResp', heartbeat: 'MsgHeartbeat', heartbeatResp: 'MsgHeartbeatResp',
  snap: 'MsgSnap', timeoutNow: 'MsgTimeoutNow', readIndexResp: 'MsgReadIndexResp',
};

/** Takes a message in. */
export function step(raft: Raft, m: Message, now: Us): Raft {
  const d = draftOf(raft);
  if (m.term > d.term) {
    if (m.type === 'vote' && !m.force && leaseHolds(d, now)) {
      const left = Math.ceil((ELECTION_US - (d.quiet || d.role === 'leader' ? 0 : now - d.since)) / HEARTBEAT_US);
      d.notes.push(`${state(d)} ignored MsgVote from ${m.from} [logterm: ${m.logTerm}, index: ${m.index}] at term ${d.term}: lease is not expired (remaining ticks: ${left})`);
      return d;
    }
    d.notes.push(`${d.id} [term: ${d.term}] received a ${NAMES[m.type]} message with higher term from ${m.from} [term: ${m.term}]`);
    const fromLeader = m.type === 'app' || m.type === 'heartbeat' || m.type === 'snap';
    becomeFollower(d, m.term, fromLeader ? m.from : NONE, now);
  } else if (m.term < d.term && m.term !== 0) {
    // A leader of an old term learns of this one by the answer and steps down.
    if (m.type === 'app' || m.type === 'heartbeat') send(d, { type: 'appResp', to: m.from });
    else d.notes.push(`${d.id} [term: ${d.term}] ignored a ${NAMES[m.type]} message with lower term from ${m.from} [term: ${m.term}]`);
    return d;
  }
  if (m.type === 'hup') campaign(d, now, false);
  else if (m.type === 'vote') vote(d, m, now);
  else if (d.role === 'leader') leaderStep(d, m, now);
  else followerStep(d, m, now);
  return d;
}

const state = (d: Draft): string => `${d.id} [logterm: ${lastTerm(d.log)}, index: ${d.log.last}, vote: ${d.vote || 0}]`;

const leaseHolds = (d: Draft, now: Us): boolean => d.lead !== NONE && (d.role === 'leader' || d.quiet || now - d.since < ELECTION_US);

/** Time has passed: elections, heartbeats. */
export function tick(raft: Raft, now: Us): Raft {
  if (raft.quiet) return raft;
  if (raft.role === 'leader') {
    if (now < raft.heartbeatAt && now < raft.quorumAt) return raft;
    const d = draftOf(raft);
    leaderTick(d, now);
    return d;
  }
  if (now - raft.since < raft.patience || !raft.voters.includes(raft.id)) return raft;
  const d = draftOf(raft);
  d.since = now;
  campaign(d, now, false);
  return d;
}

/** Something in the world was disturbed after the exchange had gone quiet: time counts from here. */
export function wake(raft: Raft, now: Us): Raft {
  const d = draftOf(raft);
  if (d.role === 'leader') leaderWake(d, now);
  else if (d.quiet) d.since = now;
  d.quiet = false;
  return d;
}

/** The owner stood still (a slow disk): no ticks came meanwhile, so patience is not used up. */
export const stall = (raft: Raft, us: Us): Raft => (raft.role === 'leader' ? { ...raft, quorumAt: raft.quorumAt + us } : { ...raft, since: raft.since + us });

/** When `tick` next has something to do; null: not before something is disturbed. */
export const deadline = (raft: Raft): Us | null =>
  raft.quiet ? null : raft.role === 'leader' ? Math.min(raft.heartbeatAt, raft.quorumAt) : raft.since + raft.patience;

function campaign(d: Draft, now: Us, transferred: boolean): void {
  if (d.role === 'leader') return;
  if (slice(d.log, d.applied + 1, d.commit).some((entry) => entry.kind === 'conf')) {
    d.notes.push(`${d.id} cannot campaign at term ${d.term} since there are still pending configuration changes to apply`);
    return;
  }
  if (!transferred) d.notes.push(`${d.id} is starting a new election at term ${d.term}`);
  becomeCandidate(d, now);
  count(d, d.id, true);
  if (quorum(d) === 1) {
    becomeLeader(d, now);
    return;
  }
  for (const id of d.voters) {
    if (id === d.id) continue;
    d.notes.push(`${d.id} [logterm: ${lastTerm(d.log)}, index: ${d.log.last}] sent MsgVote request to ${id} at term ${d.term}`);
    send(d, { type: 'vote', to: id, index: d.log.last, logTerm: lastTerm(d.log), ...(transferred && { force: true }) });
  }
}

/** Votes for it so far. */
function count(d: Draft, from: NodeId, granted: boolean): number {
  d.notes.push(`${d.id} received MsgVoteResp ${granted ? '' : 'rejection '}from ${from} at term ${d.term}`);
  if (d.votes[from] === undefined) d.votes = { ...d.votes, [from]: granted };
  return Object.values(d.votes).filter(Boolean).length;
}

function vote(d: Draft, m: Message, now: Us): void {
  const free = d.vote === m.from || (d.vote === NONE && d.lead === NONE);
  const upToDate = m.logTerm! > lastTerm(d.log) || (m.logTerm === lastTerm(d.log) && m.index! >= d.log.last);
  const grant = free && upToDate;
  d.notes.push(`${state(d)} ${grant ? 'cast MsgVote for' : 'rejected MsgVote from'} ${m.from} [logterm: ${m.logTerm}, index: ${m.index}] at term ${d.term}`);
  send(d, { type: 'voteResp', to: m.from, ...(!grant && { reject: true }) });
  if (!grant) return;
  d.since = now;
  d.vote = m.from;
}

function voteResp(d: Draft, m: Message, now: Us): void {
  const granted = count(d, m.from, !m.reject);
  const refused = Object.keys(d.votes).length - granted;
  d.notes.push(`${d.id} [quorum:${quorum(d)}] has received ${granted} MsgVoteResp votes and ${refused} vote rejections`);
  if (granted === quorum(d)) {
    becomeLeader(d, now);
    broadcastAppend(d);
  } else if (refused === quorum(d)) becomeFollower(d, d.term, NONE, now);
}

function followerStep(d: Draft, m: Message, now: Us): void {
  switch (m.type) {
    case 'app': case 'heartbeat': case 'snap':
      if (d.role === 'candidate') becomeFollower(d, d.term, m.from, now);
      d.since = now;
      d.lead = m.from;
      return m.type === 'app' ? appended(d, m) : m.type === 'snap' ? snapped(d, m) : beaten(d, m);
    case 'voteResp':
      return d.role === 'candidate' ? voteResp(d, m, now) : undefined;
    case 'prop': case 'readIndex': case 'transfer':
      if (d.lead !== NONE) d.outbox.push({ ...m, to: d.lead, from: m.from || d.id });
      else d.notes.push(m.type === 'prop' ? `${d.id} no leader at term ${d.term}; dropping proposal`
        : m.type === 'readIndex' ? `${d.id} no leader at term ${d.term}; dropping index reading msg` : `${d.id} no leader at term ${d.term}; dropping leader transfer msg`);
      return;
    case 'readIndexResp':
      d.readStates = [...d.readStates, { context: m.context!, index: m.index! }];
      return;
    case 'timeoutNow':
      if (!d.voters.includes(d.id)) return;
      d.notes.push(`${d.id} [term ${d.term}] received MsgTimeoutNow from ${m.from} and starts an election to get leadership.`);
      return campaign(d, now, true);
    default:
  }
}

function beaten(d: Draft, m: Message): void {
  d.commit = Math.max(d.commit, Math.min(m.commit ?? 0, d.log.last));
  d.quiet = m.quiet === true || (d.quiet && m.context !== undefined);
  send(d, { type: 'heartbeatResp', to: m.from, ...(m.context !== undefined && { context: m.context }) });
}

function appended(d: Draft, m: Message): void {
  const index = m.index!;
  if (index < d.commit) {
    send(d, { type: 'appResp', to: m.from, index: d.commit });
    return;
  }
  if (termAt(d.log, index) !== m.logTerm) {
    send(d, { type: 'appResp', to: m.from, index, reject: true, hint: d.log.last });
    return;
  }
  const entries = m.entries ?? [];
  const fresh = entries.findIndex((entry) => termAt(d.log, entry.index) !== entry.term);
  if (fresh >= 0) {
    const added = entries.slice(fresh);
    if (added[0]!.index <= d.log.last) d.notes.push(`found conflict at index ${added[0]!.index} [existing term: ${termAt(d.log, added[0]!.index)}, conflicting term: ${added[0]!.term}]`);
    d.log = appendEntries(d.log, added);
    d.stable = Math.min(d.stable, added[0]!.index - 1);
  }
  const known = index + entries.length;
  d.commit = Math.max(d.commit, Math.min(m.commit ?? 0, known));
  if (!m.noReply) send(d, { type: 'appResp', to: m.from, index: known });
}

function snapped(d: Draft, m: Message): void {
  const { snapshot } = m;
  if (!snapshot) return;
  restore(d, snapshot);
  send(d, { type: 'appResp', to: m.from, index: d.commit });
}

/** What is to be done now. `sync`: entries or a term or a vote that must be on the disk before others rely on it. */
export interface Ready {
  messages: readonly Message[]; notes: readonly string[];
  entries: readonly Entry[]; hardState: { term: number; vote: NodeId } | null; sync: boolean;
  snapshot: Snapshot | null; committed: readonly Entry[]; readStates: Raft['readStates'];
}

/** null when there is nothing to do. */
export function ready(raft: Raft): Ready | null {
  const changed = raft.saved.term !== raft.term || raft.saved.vote !== raft.vote;
  if (!changed && raft.stable === raft.log.last && raft.commit === raft.applied && !raft.restored
    && !raft.outbox.length && !raft.notes.length && !raft.readStates.length) return null;
  const entries = slice(raft.log, raft.stable + 1, raft.log.last);
  return {
    messages: raft.outbox, notes: raft.notes, entries, hardState: changed ? { term: raft.term, vote: raft.vote } : null,
    sync: changed || entries.length > 0 || raft.restored !== null,
    snapshot: raft.restored, committed: slice(raft.log, raft.applied + 1, raft.commit), readStates: raft.readStates,
  };
}

/** The machine after its owner has taken `rd` to do; `saved` tells it when the disk has it. */
export const taken = (raft: Raft, rd: Ready): Raft => ({ ...raft, outbox: raft.outbox.slice(rd.messages.length), notes: raft.notes.slice(rd.notes.length), readStates: raft.readStates.slice(rd.readStates.length), restored: null });

/** What `rd` asked for is on the disk and applied. Entries may have been replaced meanwhile by a new leader's. */
export function done(raft: Raft, rd: Ready): Raft {
  const last = rd.entries[rd.entries.length - 1];
  const kept = last && termAt(raft.log, last.index) === last.term;
  const applied = rd.committed[rd.committed.length - 1]?.index ?? raft.applied;
  return { ...raft, stable: kept ? Math.max(raft.stable, last.index) : raft.stable, saved: rd.hardState ?? raft.saved, applied: Math.max(raft.applied, applied) };
}

export function changeVoters(raft: Raft, voters: readonly NodeId[]): Raft {
  const d = draftOf(raft);
  setVoters(d, [...voters].sort(byId));
  return d;
}

/** Forgets entries that all need no more: those more than `keep` behind what is applied. */
export const compact = (raft: Raft, keep: number): Raft =>
  raft.applied - raft.log.first < 2 * keep ? raft : { ...raft, log: compactLog(raft.log, raft.applied - keep) };

export const proposal = (id: NodeId, kind: Entry['kind'], data: Json): Message => ({ type: 'prop', from: id, to: id, term: 0, entries: [{ index: 0, term: 0, kind, data }] });
