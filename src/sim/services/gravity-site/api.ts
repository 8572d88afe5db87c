/**
 * The controller's API as far as people and gravity's own tools use it: the portal on 3009, health, and
 * teleport's auth server. Who asks must hold the join token or a certificate of the cluster.
 */
import { seconds } from '../../engine/time.ts';
import { certificates, secretFiles } from '../../gravity/layout/certificates.ts';
import { gravityBinary } from '../../gravity/layout/installer.ts';
import { isFinished, type OperationRecord, type ServerRecord, type SiteRecord, type Snapshot } from '../../gravity/state.ts';
import type { Plan } from '../../gravity/plan.ts';
import { newUuid, putOperation, putPlan, putSite, readAll } from '../../gravity/store.ts';
import { ALPHA, releaseOf } from '../../gravity/versions.ts';
import { sleep } from '../../proc/libc.ts';
import { fetchOnce, goError, serveHttp, type HttpRequest, type HttpResponse } from '../../proc/http.ts';
import type { Json, Start, Sys } from '../../proc/program.ts';
import { call } from '../../proc/syscalls.ts';
import { contentLength } from '../../proc/text.ts';
import { etcdCall, etcdMembers, etcdV2 } from '../etcd/client.ts';
import { LEADER_KEY } from '../../gravity/state.ts';
import { context, log, realNow, type Context } from './context.ts';
import { leadership } from './election.ts';
import { hearFrom, isOnline } from './heartbeats.ts';

const reply = (status: number, body: unknown): HttpResponse => ({ status, headers: { 'Content-Type': 'application/json' }, body: body as Json });
/** trace's form of an error over HTTP. */
const refuse = (status: number, message: string): HttpResponse => reply(status, { error: { message } });

export function* onPortal(start: Start): Sys<void> {
  const site = yield* context();
  yield* serveHttp((start.event as { fd: number }).fd, site.server ? { cert: site.server } : {}, route);
}

export function* onHealth(start: Start): Sys<void> {
  yield* serveHttp((start.event as { fd: number }).fd, {}, function* (request) {
    return (yield* health(request.path.split('?')[0]!)) ?? refuse(404, 'not found');
  });
}

function* health(path: string): Sys<HttpResponse | null> {
  if (path === '/readyz') {
    const { leading, leader } = yield* leadership();
    return leading ? reply(200, JSON.stringify({ leader_id: leader, status: 'OK' })) : reply(503, 'Service Unavailable');
  }
  if (path !== '/healthz') return null;
  const { store } = yield* context();
  const got = yield* etcdV2(store, 'GET', LEADER_KEY, { quorum: true }, undefined, { totalUs: seconds(1), headerUs: seconds(1) });
  return got.ok && got.value.status < 500 ? reply(200, '{"info":"service is up and running","status":"ok"}')
    : reply(503, '{"info":"backend is in error state","status":"degraded"}');
}

function* route(request: HttpRequest): Sys<HttpResponse> {
  const path = request.path.split('?')[0]!;
  const healthy = yield* health(path);
  if (healthy) return healthy;
  if (!path.startsWith('/portal/') && path !== '/heartbeat') {
    return { status: 302, headers: { Location: '/web' }, body: '<a href="/web">Found</a>.\n\n' };
  }
  const site = yield* context();
  const all = yield* readAll(site.store);
  if (!all.ok) return refuse(503, all.error);
  const bearer = /^Bearer (\S+)$/.exec(header(request, 'authorization') ?? '')?.[1];
  const trusted = request.cert?.ca !== undefined && request.cert.ca === site.authority;
  if (!trusted && !(bearer && all.value.tokens.some((token) => token.token === bearer && token.type === 'expand'))) {
    return refuse(403, bearer ? 'bad username or password' : 'missing or invalid credentials');
  }
  const { leading, leader } = yield* leadership();
  return leading ? yield* handle(request, path, all.value) : yield* passOn(request, site, leader);
}

const PASSED_ON = 'x-forwarded-for';

/**
 * One that stands by passes on to the leader what it is asked, under its own certificate. What was passed on
 * already stays here: two that each take the other for the leader would hand it to and fro for ever.
 */
function* passOn(request: HttpRequest, site: Context, leader: string | null): Sys<HttpResponse> {
  if (!leader || leader === site.address || header(request, PASSED_ON)) return refuse(503, 'no leader is known');
  const { method, body, path } = request;
  const headers = { ...request.headers, [PASSED_ON]: site.address };
  const got = yield* fetchOnce(`https://${leader}:3009${path}`, { method, body, headers, cert: site.kube, trust: null, timeoutUs: seconds(30) });
  return got.ok ? { status: got.response.status, headers: got.response.headers, body: got.response.body } : refuse(503, goError(got.error));
}

const header = (request: HttpRequest, name: string): string | undefined =>
  Object.entries(request.headers).find(([key]) => key.toLowerCase() === name)?.[1];

function* handle(request: HttpRequest, path: string, all: Snapshot): Sys<HttpResponse> {
  const { site } = all;
  if (!site) return refuse(404, 'no cluster found');
  const operation = /^\/portal\/v1\/operations\/([0-9a-f-]{36})$/.exec(path)?.[1];
  switch (`${request.method} ${operation ? '/operation' : path}`) {
    case 'GET /portal/v1/gravity': return yield* download(gravityBinary(releaseOf(site.gravity_version) ?? ALPHA));
    case 'GET /portal/v1/cluster': return reply(200, site);
    case 'GET /portal/v1/nodes': return yield* online(site);
    case 'POST /portal/v1/nodes': return yield* register(request.body as unknown as ServerRecord, site);
    case 'POST /portal/v1/operations/shrink': return yield* startShrink(request.body as { hostname?: string; force?: boolean }, site);
    case 'PUT /operation': return yield* update(operation!, request.body as unknown as OperationChange, all, site);
    case 'POST /portal/v1/etcd/members': return yield* addMember(request.body as { name: string; peerUrl: string });
    case 'POST /heartbeat': yield* hearFrom((request.body as { address?: string } | null)?.address ?? ''); return reply(200, {});
    default: return refuse(404, `${request.method} ${path} not found`);
  }
}

/** A file of the cluster's store, as fast as a gigabit carries it. */
const BYTES_A_SECOND = 118_000_000;
function* download(text: string): Sys<HttpResponse> {
  const size = contentLength(text);
  yield* sleep(Math.round(size / BYTES_A_SECOND * 1e6));
  return { status: 200, headers: { 'Content-Type': 'application/octet-stream', 'Content-Length': String(size) }, body: text };
}

function* online(site: SiteRecord): Sys<HttpResponse> {
  const out: Record<string, boolean> = {};
  for (const server of site.servers) out[server.advertise_ip] = yield* isOnline(server.advertise_ip);
  return reply(200, out);
}

/** A node wants to join: the operation is made, and it gets what it needs to be one of the cluster. */
function* register(server: ServerRecord, site: SiteRecord): Sys<HttpResponse> {
  if (!server?.hostname || !server.advertise_ip) return refuse(400, 'missing server description');
  const same = site.servers.find((each) => each.advertise_ip === server.advertise_ip);
  if (same) return refuse(409, `node ${same.hostname} is already registered, remove it using 'gravity remove ${same.hostname} --force' first`);
  const namesake = site.servers.find((each) => each.hostname === server.hostname);
  if (namesake) return refuse(409, `One of existing servers already has hostname ${JSON.stringify(server.hostname)}: ${namesake.advertise_ip}.`);
  if (site.state !== 'active') return refuse(423, `the cluster is ${site.state}`);
  if (server.role !== 'node') return refuse(400, `unknown node profile ${JSON.stringify(server.role)}`);
  const masters = site.servers.filter((each) => each.cluster_role === 'master').length;
  const record: ServerRecord = { ...server, cluster_role: masters < MASTERS_MAX ? 'master' : 'node' };
  const { store } = yield* context();
  const created = yield* realNow();
  const id = yield* newUuid();
  yield* putSite(store, { ...site, state: 'expanding' });
  yield* putOperation(store, site.domain, {
    id, type: 'operation_expand', state: 'expand_in_progress', created, updated: created, server: record,
    progress: { message: 'initializing the operation', completion: 0, state: 'in_progress', created },
  });
  yield* log('INFO', 'OPS', `Created expand operation ${id} for ${record.hostname} (${record.advertise_ip}).`, 'opsservice/expand.go:71');
  const identity = { name: site.domain, serviceCidr: '10.100.0.0/16', installStarted: site.created };
  const place = { name: record.hostname, address: record.advertise_ip, role: record.cluster_role };
  return reply(200, { operationId: id, site, server: record, secrets: secretFiles(identity, place), certificates: Object.keys(certificates(identity, place)) });
}

/** A cluster grows to so many masters before further nodes become regular ones. */
const MASTERS_MAX = 3;

/** What a joining node tells of its operation; with the end of it comes its plan. */
interface OperationChange extends Partial<OperationRecord> { readonly joined?: boolean; readonly plan?: Plan }

function* update(id: string, change: OperationChange, all: Snapshot, site: SiteRecord): Sys<HttpResponse> {
  const operation = all.operations.find((each) => each.id === id);
  if (!operation) return refuse(404, `no operation with ID ${id} found`);
  const { store } = yield* context();
  const { joined, plan, ...rest } = change;
  const now = yield* realNow();
  const next: OperationRecord = { ...operation, ...rest, updated: now };
  if (isFinished(next)) {
    const others = site.servers.filter((each) => each.advertise_ip !== operation.server?.advertise_ip);
    const servers = joined && operation.server ? [...others, operation.server] : site.servers;
    yield* putSite(store, { ...site, servers, state: 'active' });
  }
  if (plan) yield* putPlan(store, plan);
  yield* putOperation(store, site.domain, next);
  return reply(200, next);
}

function* startShrink({ hostname, force }: { hostname?: string; force?: boolean }, site: SiteRecord): Sys<HttpResponse> {
  const server = site.servers.find((each) => each.hostname === hostname);
  if (!server) return refuse(404, `could not find server matching [${hostname ?? ''}] among registered cluster nodes`);
  const masters = site.servers.filter((each) => each.cluster_role === 'master');
  if (site.servers.length === 1) return refuse(400, 'cannot shrink 1-node cluster, use --force flag to uninstall');
  if (server.cluster_role === 'master' && masters.length === 1) return refuse(400, 'cannot remove the last master server');
  if (!force && !(yield* isOnline(server.advertise_ip))) return refuse(400, `node ${JSON.stringify(server.hostname)} is offline, add --force flag to force removal`);
  if (site.state !== 'active' && site.state !== 'degraded') return refuse(409, `the cluster is ${site.state}`);
  const { store } = yield* context();
  const created = yield* realNow();
  const id = yield* newUuid();
  yield* putSite(store, { ...site, state: 'shrinking' });
  yield* putOperation(store, site.domain, {
    id, type: 'operation_shrink', state: 'shrink_in_progress', created, updated: created, server,
    progress: { message: 'initializing the operation', completion: 0, state: 'in_progress', created },
  });
  yield* call('thread', { entry: 'shrink', event: { id } });
  return reply(200, { id });
}

function* addMember({ name, peerUrl }: { name: string; peerUrl: string }): Sys<HttpResponse> {
  const { store } = yield* context();
  const listed = yield* etcdMembers(store, seconds(5));
  if (!listed.ok) return refuse(503, listed.error);
  const known = listed.value.members;
  const there = known.some((member) => member.peerUrls.includes(peerUrl));
  if (!there) {
    const added = yield* etcdCall<unknown>(store, '/v3/cluster/member/add', { peerURLs: [peerUrl], peerUrls: [peerUrl] }, seconds(5));
    if (!added.ok) return refuse(503, added.error);
  }
  // Not asked again: of two members one is not up yet, so there is nobody to agree on an answer.
  const all = there ? known : [...known, { name, peerUrls: [peerUrl] }];
  const members = all.map((member) => [member.name || name, member.peerUrls[0]!.replace(/^https:\/\/|:2380$/g, '')]);
  return reply(200, { members });
}
