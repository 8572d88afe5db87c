/**
 * The v2 API over HTTP: keys, members, statistics, and /health, /version. Words, codes and headers of
 * etcd 3.3's api/v2http and api/etcdhttp.
 */
import { seconds, type Us } from '../../engine/time.ts';
import type { HttpRequest, HttpResponse } from '../../proc/http.ts';
import type { Json, Sys } from '../../proc/program.ts';
import { call, type Fd } from '../../proc/syscalls.ts';
import type { ApiError, Member, V2Error } from './api.ts';
import { ERRORS } from './api.ts';
import { type Outcome, sorted } from './applied.ts';
import { rfc3339 } from './calendar.ts';
import { getConfig, getCore, getState, log, mono, realNow } from './core.ts';
import { NOT_FOUND, reply, VERSION_BODY } from './peerhttp.ts';
import { propose } from './propose.ts';
import { NONE } from './raft.ts';
import { addMember, removeMember } from './v3.ts';
import { cleanPath, get, isV2Error, showChange, v2Error, type V2Change, waited } from './v2store.ts';
import { addWatcher, pushV2, type Watcher } from './watch.ts';

const STATUS: Readonly<Record<number, number>> = { 100: 404, 101: 412, 102: 403, 105: 412, 108: 403, 110: 401, 300: 500, 301: 500 };
const JSON_TYPE = { 'Content-Type': 'application/json' };

function* headers(): Sys<Record<string, string>> {
  const { raft } = yield* getCore();
  const { v2, clusterId } = yield* getState();
  return { ...JSON_TYPE, 'X-Etcd-Cluster-Id': clusterId, 'X-Etcd-Index': String(v2.index), 'X-Raft-Index': String(raft.applied), 'X-Raft-Term': String(raft.term) };
}

function* refuse(error: V2Error): Sys<HttpResponse> {
  return reply(STATUS[error.errorCode] ?? 400, error as unknown as Json, { ...(yield* headers()), 'X-Etcd-Index': String(error.index) });
}

/** Query and form, the form of a curl -d or the fields of a client of ours. */
function parameters(request: HttpRequest): Record<string, string> {
  const out: Record<string, string> = {};
  const add = (text: string): void => {
    for (const pair of text.split('&')) {
      if (!pair) continue;
      const at = pair.indexOf('=');
      const [name, value] = at < 0 ? [pair, ''] : [pair.slice(0, at), pair.slice(at + 1)];
      out[unescape(name)] ??= unescape(value);
    }
  };
  const { body } = request;
  if (typeof body === 'string') add(body);
  else if (body !== null && typeof body === 'object') for (const [name, value] of Object.entries(body)) out[name] = String(value);
  const query = request.path.indexOf('?');
  if (query >= 0) add(request.path.slice(query + 1));
  return out;
}

const unescape = (text: string): string => {
  try { return decodeURIComponent(text.replace(/\+/g, ' ')); } catch { return text; }
};

const BOOLEANS = ['recursive', 'sorted', 'wait', 'dir', 'stream', 'quorum', 'refresh', 'noValueOnSuccess'] as const;
type Wanted = Record<typeof BOOLEANS[number], boolean> & { value: string; prevValue: string; prevIndex: number; waitIndex: number; ttl: number | null; prevExist: boolean | null };

function wanted(p: Record<string, string>): Wanted | V2Error {
  const out: Record<string, unknown> = { value: p['value'] ?? '', prevValue: p['prevValue'] ?? '', ttl: null, prevExist: null, prevIndex: 0, waitIndex: 0 };
  for (const name of BOOLEANS) {
    const value = p[name];
    if (value !== undefined && value !== '' && !/^(true|false|1|0|t|f)$/i.test(value)) return v2Error(209, `invalid value for "${name}"`, 0);
    out[name] = value !== undefined && /^(true|1|t)$/i.test(value);
  }
  for (const name of ['prevIndex', 'waitIndex'] as const) {
    if (p[name] === undefined || p[name] === '') continue;
    if (!/^\d+$/.test(p[name]!)) return v2Error(203, `invalid value for "${name}"`, 0);
    out[name] = Number(p[name]);
  }
  if (p['ttl'] !== undefined && p['ttl'] !== '') {
    if (!/^-?\d+$/.test(p['ttl']!)) return v2Error(202, 'invalid value for "ttl"', 0);
    out['ttl'] = Number(p['ttl']);
  }
  if (p['prevExist'] !== undefined && p['prevExist'] !== '') {
    if (!/^(true|false|1|0|t|f)$/i.test(p['prevExist']!)) return v2Error(209, 'invalid value for "prevExist"', 0);
    out['prevExist'] = /^(true|1|t)$/i.test(p['prevExist']!);
  }
  if (p['prevValue'] === '' && 'prevValue' in p) return v2Error(201, '"prevValue" cannot be empty', 0);
  return out as unknown as Wanted;
}

/** null: the connection is a wait now and belongs to its watcher. */
function* keys(request: HttpRequest, path: string, fd: Fd): Sys<HttpResponse | null> {
  const w = wanted(parameters(request));
  if (isV2Error(w)) return yield* refuse(w);
  const { method } = request;
  if (method === 'GET' || method === 'HEAD') {
    if (w.wait) return yield* wait(fd, path, w);
    if (w.quorum) {
      const outcome = yield* propose({ op: 'barrier' });
      if ('error' in outcome) return yield* raftError(outcome);
    }
    const state = yield* getState();
    const got = get(state.v2, path, w.recursive, yield* realNow());
    return isV2Error(got) ? yield* refuse(got) : reply(200, got as unknown as Json, yield* headers());
  }
  if (method !== 'PUT' && method !== 'POST' && method !== 'DELETE') return reply(405, 'Method Not Allowed\n', { Allow: 'HEAD, GET, PUT, POST, DELETE' });
  if (w.refresh && (w.ttl === null || w.value !== '')) return yield* refuse(v2Error(w.value !== '' ? 212 : 213, w.value !== '' ? 'A value was provided on a refresh' : 'No TTL value set', 0));
  const expires: Us | null = w.ttl === null || w.ttl === 0 ? null : (yield* realNow()) + seconds(w.ttl);
  const outcome = yield* propose({ op: 'v2', request: { method, path, value: w.value, dir: w.dir, recursive: w.recursive, prevExist: w.prevExist, prevValue: w.prevValue, prevIndex: w.prevIndex, expires, refresh: w.refresh } });
  if ('error' in outcome) return yield* raftError(outcome);
  if ('v2Error' in outcome) return yield* refuse(outcome.v2Error as V2Error);
  const { v2: change } = outcome as { v2: V2Change };
  const event = showChange(change, yield* realNow());
  const created = change.action === 'create' || (change.action === 'set' && change.prev === null);
  return reply(created ? 201 : 200, event as unknown as Json, yield* headers());
}

function* raftError(error: ApiError): Sys<HttpResponse> {
  const pkg = 'etcdserver/api/v2http';
  const plain = error.error === ERRORS.timeout.error;
  yield* log('E', pkg, plain ? `got unexpected response error (${error.error})` : error.error);
  return yield* refuse(v2Error(300, error.error, 0));
}

function* wait(fd: Fd, path: string, w: Wanted): Sys<HttpResponse | null> {
  const state = yield* getState();
  const found = w.waitIndex ? waited(state.v2, path, w.recursive, w.waitIndex) : null;
  if (found && isV2Error(found)) return yield* refuse(found);
  const config = yield* getConfig();
  const head = { status: 200, headers: yield* headers(), body: null, stream: true, cert: config.cert };
  yield* call('send', { fd, data: head as unknown as Json, size: 250 });
  const watcher: Watcher & { kind: 'v2' } = { fd, since: yield* mono(), kind: 'v2', path, recursive: w.recursive, stream: w.stream };
  yield* addWatcher(watcher);
  if (found) yield* pushV2(watcher, found as V2Change);
  return null;
}

const shownMember = (member: Member): Json => ({ id: member.id, name: member.name, peerURLs: member.peerUrls, clientURLs: member.clientUrls });

function* members(request: HttpRequest, rest: string): Sys<HttpResponse> {
  const state = yield* getState();
  const { raft } = yield* getCore();
  const type = { ...JSON_TYPE, 'X-Etcd-Cluster-Id': state.clusterId };
  const id = rest.replace(/^\//, '').replace(/\/$/, '');
  const words = (status: number, message: string): HttpResponse => reply(status, { message }, JSON_TYPE);
  if (request.method === 'GET' && id === '') return reply(200, { members: sorted(state.members).map(shownMember) }, type);
  if (request.method === 'GET' && id === 'leader') {
    const leader = state.members[raft.lead];
    return raft.lead === NONE || !leader ? words(503, 'During election') : reply(200, shownMember(leader), type);
  }
  if (request.method === 'GET') return words(404, 'Not found');
  const body = fields(request.body);
  if (request.method === 'POST' && id === '') {
    const urls = body['peerURLs'];
    if (!Array.isArray(urls) || !urls.length) return words(400, 'Bad request');
    const { outcome, member } = yield* addMember(urls as string[]);
    return 'error' in outcome ? yield* memberError(outcome, words) : reply(201, shownMember(member), type);
  }
  if (request.method === 'DELETE') {
    if (state.removed[id]) return words(410, `Member permanently removed: ${id}`);
    if (!state.members[id]) return words(404, `No such member: ${id}`);
    const outcome: Outcome = yield* removeMember(id);
    return 'error' in outcome ? yield* memberError(outcome, words) : reply(204, null, type);
  }
  if (request.method !== 'PUT') return reply(405, 'Method Not Allowed\n', { Allow: 'GET, POST, DELETE, PUT' });
  if (!state.members[id]) return words(404, `No such member: ${id}`);
  const outcome = yield* propose({ op: 'update', member: { id, name: '', peerUrls: (body['peerURLs'] as string[]) ?? [], clientUrls: [] } });
  return 'error' in outcome ? yield* memberError(outcome, words) : reply(204, null, type);
}

function fields(body: Json): Record<string, Json> {
  if (typeof body === 'string') {
    try { return JSON.parse(body) as Record<string, Json>; } catch { return {}; }
  }
  return (body ?? {}) as Record<string, Json>;
}

function* memberError(error: ApiError, words: (status: number, message: string) => HttpResponse): Sys<HttpResponse> {
  const conflict = error.error === ERRORS.memberExists.error || error.error === ERRORS.peerUrlExists.error;
  if (conflict) return words(409, error.error);
  yield* log('E', 'etcdserver/api/v2http', `got unexpected response error (${error.error})`);
  return words(500, 'Internal Server Error');
}

function* stats(which: string): Sys<HttpResponse> {
  const config = yield* getConfig();
  const state = yield* getState();
  const { raft, ledAt } = yield* getCore();
  if (which === 'leader') {
    if (raft.role !== 'leader') return reply(403, { message: 'not current leader' }, JSON_TYPE);
    const followers = Object.fromEntries(raft.voters.filter((id) => id !== raft.id).map((id) => [id, { latency: { current: 0, average: 0, standardDeviation: 0, minimum: 0, maximum: 0 }, counts: { fail: 0, success: raft.progress[id]?.match ?? 0 } }]));
    return reply(200, { leader: raft.id, followers }, JSON_TYPE);
  }
  if (which === 'self') {
    const now = yield* mono();
    const since = (yield* realNow()) - (now - ledAt);
    return reply(200, {
      name: state.members[config.self]?.name ?? config.flags.name, id: config.self, state: raft.role === 'leader' ? 'StateLeader' : raft.role === 'candidate' ? 'StateCandidate' : 'StateFollower',
      startTime: rfc3339(config.startedMs * 1_000), leaderInfo: { leader: raft.lead, uptime: `${Math.floor((now - ledAt) / 1_000_000)}s`, startTime: rfc3339(since) },
      recvAppendRequestCnt: raft.role === 'leader' ? 0 : raft.log.last, sendAppendRequestCnt: raft.role === 'leader' ? raft.log.last : 0,
    }, JSON_TYPE);
  }
  return NOT_FOUND;
}

/** /health: there is a leader and a read through the log comes back within a second. */
export function* healthy(): Sys<boolean> {
  const { raft } = yield* getCore();
  if (raft.lead === NONE) return false;
  const outcome = yield* propose({ op: 'barrier' }, seconds(1));
  return !('error' in outcome);
}

/** Everything but v3. null: the handler has taken the connection. */
export function* v2(request: HttpRequest, fd: Fd): Sys<HttpResponse | null> {
  const path = request.path.split('?')[0]!;
  if (path === '/v2/keys' || path.startsWith('/v2/keys/')) return yield* keys(request, cleanPath(unescape(path.slice('/v2/keys'.length))), fd);
  if (path === '/v2/members' || path.startsWith('/v2/members/')) return yield* members(request, path.slice('/v2/members'.length));
  if (path.startsWith('/v2/stats/')) return yield* stats(path.slice('/v2/stats/'.length));
  const state = yield* getState();
  if (path === '/v2/machines') return reply(200, sorted(state.members).flatMap((member) => member.clientUrls).join(', '), { 'Content-Type': 'text/plain; charset=utf-8' });
  if (path === '/health') return (yield* healthy()) ? reply(200, '{"health":"true"}', { 'Content-Type': 'text/plain; charset=utf-8' }) : reply(503, '{"health":"false"}\n', { 'Content-Type': 'text/plain; charset=utf-8' });
  if (path === '/version') return reply(200, VERSION_BODY(state.version), JSON_TYPE);
  if (path === '/metrics') return reply(200, yield* metrics(), { 'Content-Type': 'text/plain; version=0.0.4' });
  return NOT_FOUND;
}

/** The gauges that people look at. */
function* metrics(): Sys<string> {
  const { raft } = yield* getCore();
  const { mvcc } = yield* getState();
  const gauge = (name: string, help: string, value: number): string => `# HELP ${name} ${help}\n# TYPE ${name} gauge\n${name} ${value}\n`;
  return gauge('etcd_server_has_leader', 'Whether or not a leader exists. 1 is existence, 0 is not.', raft.lead === NONE ? 0 : 1)
    + gauge('etcd_server_is_leader', 'Whether or not this member is a leader. 1 if is, 0 otherwise.', raft.role === 'leader' ? 1 : 0)
    + gauge('etcd_server_proposals_applied_total', 'The total number of consensus proposals applied.', raft.applied)
    + gauge('etcd_server_proposals_committed_total', 'The total number of consensus proposals committed.', raft.commit)
    + gauge('etcd_mvcc_db_total_size_in_bytes', 'Total size of the underlying database physically allocated in bytes.', mvcc.bytes)
    + gauge('etcd_debugging_mvcc_keys_total', 'Total number of keys.', mvcc.count);
}

