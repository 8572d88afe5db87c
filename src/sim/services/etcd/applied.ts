/**
 * What a member has applied: both stores, the cluster's members, its version. `apply` takes one raft
 * entry to the next state and says what came of it, the same on every member. It knows neither raft nor
 * sockets. etcdserver/apply.go and membership/cluster.go of 3.3.
 */
import type { Us } from '../../engine/time.ts';
import type { Json } from '../../proc/program.ts';
import type { ApiError, DeleteRangeRequest, Member, PutRequest, TxnRequest } from './api.ts';
import { ERRORS } from './api.ts';
import type { Entry } from './log.ts';
import {
  applyCompact, applyDelete, applyGrant, applyPut, applyRevoke, applyTxn, emptyMvcc, isError, type Mvcc, type StoredEvent,
} from './mvcc.ts';
import { emptyV2, expire, isV2Error, type V2Change, type V2Request, type V2Store, write } from './v2store.ts';

export interface State {
  /** Of the last entry applied. */
  index: number; term: number;
  clusterId: string; version: string | null;
  members: Readonly<Record<string, Member>>;
  removed: Readonly<Record<string, true>>;
  mvcc: Mvcc; v2: V2Store;
}

export const emptyState = (clusterId: string): State => ({ index: 0, term: 0, clusterId, version: null, members: {}, removed: {}, mvcc: emptyMvcc(), v2: emptyV2() });

/** What a raft entry asks; `id` names the request to the member that waits for it. */
export type Command = { id: string } & (
  | { op: 'put'; request: PutRequest } | { op: 'delete'; request: DeleteRangeRequest } | { op: 'txn'; request: TxnRequest }
  | { op: 'compact'; revision: number } | { op: 'grant'; lease: string; ttl: number } | { op: 'revoke'; lease: string }
  | { op: 'v2'; request: V2Request } | { op: 'barrier' } | { op: 'sync'; at: Us }
  | { op: 'publish'; member: string; name: string; clientUrls: readonly string[] } | { op: 'version'; version: string }
  | { op: 'add' | 'update'; member: Member } | { op: 'remove'; member: string });

/** The answer to whoever asked: a v3 body without header, a v2 change or error, or an error. */
export type Outcome = { body: object } | { v2: V2Change } | { v2Error: object } | ApiError;

export interface Note { level: 'C' | 'E' | 'W' | 'N' | 'I' | 'D'; pkg: string; text: string }

export interface Effect {
  state: State; id: string | null; outcome: Outcome | null;
  events: readonly StoredEvent[]; changes: readonly V2Change[]; notes: readonly Note[];
  /** The voters after a change of membership. */
  voters: readonly string[] | null;
  /** A lease that was granted, revoked, or is gone. */
  lease: { id: string; ttl: number | null } | null;
}

export const headerOf = (state: State, memberId: string, raftTerm: number, revision = state.mvcc.revision): { clusterId: string; memberId: string; revision: number; raftTerm: number } =>
  ({ clusterId: state.clusterId, memberId, revision, raftTerm });

/** Applies one entry. `self` only names the member in headers. */
export function apply(before: State, entry: Entry, self: string): Effect {
  const state: State = { ...before, index: entry.index, term: entry.term };
  const nothing: Effect = { state, id: null, outcome: null, events: [], changes: [], notes: [], voters: null, lease: null };
  if (entry.data === null) return nothing;
  const command = entry.data as unknown as Command;
  const effect = { ...nothing, id: command.id };
  switch (command.op) {
    case 'put': return written(effect, applyPut(state.mvcc, command.request));
    case 'delete': return written(effect, applyDelete(state.mvcc, command.request));
    case 'txn': return written(effect, applyTxn(state.mvcc, command.request, (revision) => headerOf(state, self, entry.term, revision)));
    case 'revoke': {
      const did = applyRevoke(state.mvcc, command.lease);
      return { ...written(effect, did), lease: { id: command.lease, ttl: null } };
    }
    case 'grant': return granted(effect, command.lease, command.ttl);
    case 'compact': return compacted(effect, command.revision);
    case 'v2': return treeWritten(effect, command.request);
    case 'barrier': return { ...effect, outcome: { body: {} } };
    case 'sync': {
      const { store, changes } = expire(state.v2, command.at);
      return { ...effect, state: { ...state, v2: store }, changes };
    }
    case 'publish': return published(effect, command.member, command.name, command.clientUrls);
    case 'version': return versioned(effect, command.version);
    case 'add': case 'update': return memberAdded(effect, command.member, command.op);
    case 'remove': return memberRemoved(effect, command.member);
  }
}

function written(effect: Effect, did: { store: Mvcc; body: object; events: readonly StoredEvent[] } | ApiError): Effect {
  if (isError(did)) return { ...effect, outcome: did };
  return { ...effect, state: { ...effect.state, mvcc: did.store }, outcome: { body: did.body }, events: did.events };
}

function granted(effect: Effect, id: string, ttl: number): Effect {
  const mvcc = applyGrant(effect.state.mvcc, id, ttl);
  if (isError(mvcc)) return { ...effect, outcome: mvcc };
  return { ...effect, state: { ...effect.state, mvcc }, outcome: { body: { id, ttl } }, lease: { id, ttl } };
}

function compacted(effect: Effect, revision: number): Effect {
  const mvcc = applyCompact(effect.state.mvcc, revision);
  if (isError(mvcc)) return { ...effect, outcome: mvcc };
  return { ...effect, state: { ...effect.state, mvcc }, outcome: { body: {} }, notes: [{ level: 'N', pkg: 'mvcc', text: `store.index: compact ${revision}` }] };
}

function treeWritten(effect: Effect, request: V2Request): Effect {
  const did = write(effect.state.v2, request);
  if (isV2Error(did)) return { ...effect, outcome: { v2Error: did } };
  return { ...effect, state: { ...effect.state, v2: did.store }, outcome: { v2: did.change }, changes: [did.change] };
}

/** Membership lives in the v2 store's hidden half and moves its index. */
const touched = (v2: V2Store): V2Store => ({ ...v2, index: v2.index + 1 });

function published(effect: Effect, id: string, name: string, clientUrls: readonly string[]): Effect {
  const { state } = effect;
  const known = state.members[id];
  if (!known) return { ...effect, outcome: { body: {} } };
  return { ...effect, outcome: { body: {} }, state: { ...state, v2: touched(state.v2), members: { ...state.members, [id]: { ...known, name, clientUrls } } } };
}

function versioned(effect: Effect, version: string): Effect {
  const { state } = effect;
  const short = version.split('.').slice(0, 2).join('.');
  const words = state.version ? `updated the cluster version from ${state.version.split('.').slice(0, 2).join('.')} to ${short}` : `set the initial cluster version to ${short}`;
  const notes: Note[] = [{ level: 'N', pkg: 'etcdserver/membership', text: words }, { level: 'I', pkg: 'etcdserver/api', text: `enabled capabilities for version ${short}` }];
  return { ...effect, state: { ...state, version, v2: touched(state.v2) }, outcome: { body: {} }, notes };
}

function memberAdded(effect: Effect, member: Member, op: 'add' | 'update'): Effect {
  const { state } = effect;
  if (state.removed[member.id]) return { ...effect, outcome: { error: 'membership: ID removed', code: ERRORS.memberNotFound.code } };
  const known = state.members[member.id];
  if (op === 'add' && known) return { ...effect, outcome: ERRORS.memberExists };
  if (op === 'update' && !known) return { ...effect, outcome: ERRORS.memberNotFound };
  const taken = Object.values(state.members).some((other) => other.id !== member.id && other.peerUrls.some((url) => member.peerUrls.includes(url)));
  if (taken) return { ...effect, outcome: ERRORS.peerUrlExists };
  const members = { ...state.members, [member.id]: op === 'update' ? { ...known!, peerUrls: member.peerUrls } : member };
  const urls = `[${member.peerUrls.join(' ')}]`;
  const text = op === 'update' ? `updated member ${member.id} ${urls} in cluster ${state.clusterId}` : `added member ${member.id} ${urls} to cluster ${state.clusterId}`;
  return {
    ...effect, state: { ...state, members, v2: touched(state.v2) }, outcome: { body: { members: sorted(members) } },
    notes: [{ level: op === 'update' ? 'N' : 'I', pkg: 'etcdserver/membership', text }], voters: Object.keys(members).sort(),
  };
}

function memberRemoved(effect: Effect, id: string): Effect {
  const { state } = effect;
  const known = state.members[id];
  if (!known) return { ...effect, outcome: ERRORS.memberNotFound };
  const { [id]: _gone, ...members } = state.members;
  return {
    ...effect, state: { ...state, members, removed: { ...state.removed, [id]: true }, v2: touched(state.v2) }, outcome: { body: { members: sorted(members) } },
    notes: [{ level: 'N', pkg: 'etcdserver/membership', text: `removed member ${id} from cluster ${state.clusterId}` }], voters: Object.keys(members).sort(),
  };
}

/** Members in order of their ids, as every list shows them. */
export const sorted = (members: State['members']): Member[] => Object.keys(members).sort().map((id) => members[id]!);

export type { Json };
