/**
 * The v3 calls, one function each: from a request's body to its answer. etcd 3.3's v3rpc, through its
 * JSON gateway.
 */
import type { HttpResponse } from '../../proc/http.ts';
import { fetchOnce, goError } from '../../proc/http.ts';
import type { Json, Sys } from '../../proc/program.ts';
import { call } from '../../proc/syscalls.ts';
import { ms, seconds, type Us } from '../../engine/time.ts';
import {
  type ApiError, type CompactionRequest, type DeleteRangeRequest, ERRORS, httpStatus, type Member, type PutRequest, type RangeRequest, type TxnRequest,
} from './api.ts';
import { headerOf, type Outcome, sorted } from './applied.ts';
import { goDuration } from './calendar.ts';
import { getConfig, getCore, getLinks, getState, log, mono, realNow, setCore } from './core.ts';
import { encodeState } from './disk.ts';
import { drive } from './drive.ts';
import { leaseId, memberId, requestId } from './ids.ts';
import { getExpiries, renewLease } from './lease.ts';
import { applyTxn, checkTxn, isError, range, writes } from './mvcc.ts';
import { reply } from './peerhttp.ts';
import { linearize, propose, REQUEST_US } from './propose.ts';
import { NONE, step } from './raft.ts';
import { peerHeaders, peerOptions } from './streams.ts';

type Handler = (body: Json) => Sys<HttpResponse>;

const refuse = (error: ApiError): HttpResponse => reply(httpStatus(error.code), { error: error.error, code: error.code }, { 'Content-Type': 'application/json' });

/** A body under the header that every v3 answer has. */
function* answer(body: object): Sys<HttpResponse> {
  const config = yield* getConfig();
  const state = yield* getState();
  const { raft } = yield* getCore();
  return reply(200, { header: headerOf(state, config.self, raft.term), ...body } as unknown as Json, { 'Content-Type': 'application/json' });
}

function* settle(outcome: Outcome): Sys<HttpResponse> {
  if ('error' in outcome) return refuse(outcome);
  return yield* answer('body' in outcome ? outcome.body : {});
}

const SLOW_US = ms(100);

function* kvRange(body: Json): Sys<HttpResponse> {
  const request = body as unknown as RangeRequest;
  if (!request?.key && request?.key !== '') return refuse(ERRORS.emptyKey);
  const started = yield* mono();
  const stale = request.serializable ? null : yield* linearize();
  const state = yield* getState();
  const got = stale ?? range(state.mvcc, request);
  const took = (yield* mono()) - started;
  if (took > SLOW_US) yield* complain(request, got, took);
  return isError(got) ? refuse(got) : yield* answer(got);
}

function* complain(request: RangeRequest, got: { count: number } | ApiError, took: Us): Sys<void> {
  const end = request.rangeEnd ? `range_end:\\"${request.rangeEnd}\\" ` : '';
  const result = isError(got) ? `error:${got.error}` : `range_response_count:${got.count} size:${6 + got.count * 900}`;
  yield* log('W', 'etcdserver', `read-only range request "key:\\"${request.key}\\" ${end}" with result "${result}" took too long (${goDuration(took)}) to execute`);
}

function* kvPut(body: Json): Sys<HttpResponse> {
  const request = body as unknown as PutRequest;
  if (!request?.key) return refuse(ERRORS.emptyKey);
  return yield* settle(yield* propose({ op: 'put', request }));
}

function* kvDelete(body: Json): Sys<HttpResponse> {
  const request = body as unknown as DeleteRangeRequest;
  if (!request?.key) return refuse(ERRORS.emptyKey);
  return yield* settle(yield* propose({ op: 'delete', request }));
}

function* kvTxn(body: Json): Sys<HttpResponse> {
  const { compare = [], success = [], failure = [] } = (body ?? {}) as unknown as Partial<TxnRequest>;
  const request: TxnRequest = { compare, success, failure };
  const bad = checkTxn(request);
  if (bad) return refuse(bad);
  if (writes(success) || writes(failure)) return yield* settle(yield* propose({ op: 'txn', request }));
  const stale = yield* linearize();
  if (stale) return refuse(stale);
  const config = yield* getConfig();
  const { raft } = yield* getCore();
  const state = yield* getState();
  const read = applyTxn(state.mvcc, request, (revision) => headerOf(state, config.self, raft.term, revision));
  return isError(read) ? refuse(read) : yield* answer(read.body);
}

function* kvCompact(body: Json): Sys<HttpResponse> {
  return yield* settle(yield* propose({ op: 'compact', revision: Number((body as unknown as CompactionRequest).revision) || 0 }));
}

function* leaseGrant(body: Json): Sys<HttpResponse> {
  const { ttl, id } = body as { ttl: number; id?: string };
  if (!(ttl > 0)) return refuse({ error: 'etcdserver: too small lease TTL', code: 3 });
  const config = yield* getConfig();
  const core = yield* getCore();
  yield* setCore({ ...core, requests: core.requests + 1 });
  const lease = id && id !== '0' ? id : leaseId(requestId(config.self, config.startedMs, core.requests + 1));
  return yield* settle(yield* propose({ op: 'grant', lease, ttl: Math.ceil(ttl) }));
}

function* leaseRevoke(body: Json): Sys<HttpResponse> {
  return yield* settle(yield* propose({ op: 'revoke', lease: String((body as { id: string }).id) }));
}

/** A lease's keeper is the leader: others pass the question on. */
function* leaseKeepAlive(body: Json): Sys<HttpResponse> {
  const id = String((body as { id: string }).id);
  const { raft } = yield* getCore();
  if (raft.role === 'leader') return yield* answer({ id, ttl: yield* renewLease(id) });
  const config = yield* getConfig();
  const link = (yield* getLinks())[raft.lead];
  if (raft.lead === NONE || !link) return refuse(ERRORS.noLeader);
  const got = yield* fetchOnce(`${link.urls[0]}/leases`, { ...peerOptions(config), method: 'POST', headers: peerHeaders(config, raft.lead), body: { id }, timeoutUs: REQUEST_US });
  if (!got.ok) return refuse({ error: `etcdserver: ${goError(got.error)}`, code: 14 });
  return got.response.status === 200 ? yield* answer({ id, ttl: (got.response.body as { ttl: number }).ttl }) : refuse(ERRORS.timeout);
}

function* leaseTimeToLive(body: Json): Sys<HttpResponse> {
  const { id, keys } = body as { id: string; keys?: boolean };
  const { mvcc } = yield* getState();
  const lease = mvcc.leases[id];
  if (!lease) return yield* answer({ id, ttl: -1 });
  const left = ((yield* getExpiries())[id] ?? 0) - (yield* mono());
  const ttl = left > 0 ? Math.floor(left / 1_000_000) : lease.ttl;
  return yield* answer({ id, ttl, grantedTtl: lease.ttl, ...(keys && { keys: Object.keys(lease.keys).sort() }) });
}

function* leaseList(): Sys<HttpResponse> {
  const { mvcc } = yield* getState();
  return yield* answer({ leases: Object.keys(mvcc.leases).sort() });
}

function* memberList(): Sys<HttpResponse> {
  return yield* answer({ members: sorted((yield* getState()).members) });
}

/** 3.3's strict-reconfig-check: a change must leave a majority of members that are up. */
export function* checkReconfig(kind: 'add' | 'remove', id: string): Sys<ApiError | null> {
  const { raft } = yield* getCore();
  const state = yield* getState();
  const links = yield* getLinks();
  const up = (member: string): boolean => member === raft.id || Boolean(links[member]?.active);
  const ids = Object.keys(state.members);
  if (kind === 'add') {
    const started = ids.filter((member) => state.members[member]!.name !== '').length;
    // A lone member may always be given a second (IsReadyToAddNewMember).
    if (ids.length > 1 && started < Math.floor((ids.length + 1) / 2) + 1) return ERRORS.notStarted;
    return ids.every(up) ? null : ERRORS.unhealthy;
  }
  const rest = ids.filter((member) => member !== id);
  if (state.members[id]?.name === '') return null;
  return rest.filter(up).length >= Math.floor(rest.length / 2) + 1 ? null : ERRORS.unhealthy;
}

export function* addMember(peerUrls: readonly string[]): Sys<{ outcome: Outcome; member: Member }> {
  const config = yield* getConfig();
  const now = yield* realNow();
  const member: Member = { id: memberId(peerUrls, config.flags.token, Math.floor(now / 1_000_000)), name: '', peerUrls, clientUrls: [] };
  const refused = yield* checkReconfig('add', member.id);
  return { member, outcome: refused ?? (yield* propose({ op: 'add', member })) };
}

export function* removeMember(id: string): Sys<Outcome> {
  const { members } = yield* getState();
  if (!members[id]) return ERRORS.memberNotFound;
  return (yield* checkReconfig('remove', id)) ?? (yield* propose({ op: 'remove', member: id }));
}

function* memberAdd(body: Json): Sys<HttpResponse> {
  const { outcome, member } = yield* addMember((body as { peerUrls: string[] }).peerUrls);
  return 'error' in outcome ? refuse(outcome) : yield* answer({ member, ...('body' in outcome && outcome.body) });
}

function* memberRemove(body: Json): Sys<HttpResponse> {
  return yield* settle(yield* removeMember(String((body as { id: string }).id)));
}

function* memberUpdate(body: Json): Sys<HttpResponse> {
  const { id, peerUrls } = body as { id: string; peerUrls: string[] };
  return yield* settle(yield* propose({ op: 'update', member: { id, name: '', peerUrls, clientUrls: [] } }));
}

function* status(): Sys<HttpResponse> {
  const { raft } = yield* getCore();
  const { mvcc } = yield* getState();
  return yield* answer({ version: '3.3.12', dbSize: mvcc.bytes, leader: raft.lead, raftIndex: raft.commit, raftTerm: raft.term });
}

function* snapshot(): Sys<HttpResponse> {
  return yield* answer({ blob: encodeState(yield* getState()) });
}

/** The freed pages go back: only what the keys need is left. */
function* defragment(): Sys<HttpResponse> {
  return yield* answer({});
}

function* moveLeader(body: Json): Sys<HttpResponse> {
  const target = String((body as { targetId: string }).targetId);
  const core = yield* getCore();
  if (core.raft.role !== 'leader') return refuse(ERRORS.notLeader);
  if (!core.raft.voters.includes(target)) return refuse(ERRORS.badLeaderTransferee);
  const moved = yield* transferLeadership(target, seconds(1));
  return moved ? yield* answer({}) : refuse({ error: 'etcdserver: request timed out, leader transfer took too long', code: 14 });
}

/** Hands leadership over and waits until somebody else has it. */
export function* transferLeadership(to: string, patienceUs: Us): Sys<boolean> {
  const { raft } = yield* getCore();
  const started = yield* mono();
  yield* log('I', 'etcdserver', `${raft.id} starts leadership transfer from ${raft.id} to ${to}`);
  yield* drive((machine, now) => step(machine, { type: 'transfer', from: machine.id, to: machine.id, term: 0, context: to }, now));
  // etcd looks every heartbeat interval.
  for (;;) {
    yield* call('sleep', { us: ms(100) });
    const now = yield* mono();
    const { raft: current } = yield* getCore();
    if (current.lead === to) {
      yield* log('I', 'etcdserver', `${raft.id} finished leadership transfer from ${raft.id} to ${to} (took ${goDuration(now - started)})`);
      return true;
    }
    if (now - started >= patienceUs) return false;
  }
}

function* auth(): Sys<HttpResponse> {
  return refuse({ error: 'etcdserver: authentication is not enabled', code: 9 });
}

function* alarms(): Sys<HttpResponse> {
  return yield* answer({ alarms: [] });
}

export const V3: Readonly<Record<string, Handler>> = {
  '/v3/kv/range': kvRange, '/v3/kv/put': kvPut, '/v3/kv/deleterange': kvDelete, '/v3/kv/txn': kvTxn, '/v3/kv/compaction': kvCompact,
  '/v3/lease/grant': leaseGrant, '/v3/lease/revoke': leaseRevoke, '/v3/lease/keepalive': leaseKeepAlive, '/v3/lease/timetolive': leaseTimeToLive, '/v3/lease/leases': leaseList,
  '/v3/cluster/member/list': memberList, '/v3/cluster/member/add': memberAdd, '/v3/cluster/member/remove': memberRemove, '/v3/cluster/member/update': memberUpdate,
  '/v3/maintenance/status': status, '/v3/maintenance/snapshot': snapshot, '/v3/maintenance/defragment': defragment, '/v3/maintenance/alarm': alarms,
  '/v3/maintenance/transfer-leadership': moveLeader, '/v3/auth/authenticate': auth,
};
