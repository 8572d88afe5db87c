/**
 * What a member answers to other members, on its peer URLs: streams, single messages, probes, versions,
 * the list of members, and renewals of leases for the keeper. rafthttp/http.go and api/etcdhttp/peer.go.
 */
import type { HttpRequest, HttpResponse } from '../../proc/http.ts';
import type { Json, Sys } from '../../proc/program.ts';
import { call, type Fd } from '../../proc/syscalls.ts';
import { sorted } from './applied.ts';
import { begun, getConfig, getCore, getLinks, getState, log, patchLink } from './core.ts';
import { deliver, reachedAgain } from './drive.ts';
import { activate } from './links.ts';
import { renewLease } from './lease.ts';
import type { Message, NodeId } from './raft.ts';

export const VERSION_BODY = (cluster: string | null): string => `{"etcdserver":"3.3.12","etcdcluster":"${cluster ?? 'not_decided'}"}`;
export const reply = (status: number, body: Json = '', headers: Record<string, string> = {}): HttpResponse => ({ status, headers, body });
export const NOT_FOUND = reply(404, '404 page not found\n', { 'Content-Type': 'text/plain; charset=utf-8' });

/** The entry for a connection on a peer port. A stream's thread ends; the connection stays, for writing. */
export function* onPeer(fd: Fd): Sys<void> {
  yield* begun();
  const config = yield* getConfig();
  for (let n = 0; n < 50; n++) {
    const got = yield* call('recv', { fd });
    if (!got.ok || got.value === null) {
      yield* call('close', { fd });
      return;
    }
    const request = got.value.data as unknown as HttpRequest;
    const refused = config.peerCert && !request.tls ? reply(400, 'Client sent an HTTP request to an HTTPS server.\n')
      : config.flags.peerClientAuth && request.cert?.ca !== config.peerCa ? reply(495, null) : null;
    const response = refused ?? (yield* route(request, fd));
    yield* call('send', { fd, data: { ...response, cert: config.peerCert } as unknown as Json, size: 300 });
    if (refused) {
      yield* log('I', 'embed', `rejected connection from "${yield* peerName(fd)}" (error "${request.tls ? 'remote error: tls: bad certificate' : 'tls: first record does not look like a TLS handshake'}", ServerName "")`);
      yield* call('close', { fd });
      return;
    }
    if (response.stream) {
      yield* attach(fd, String(request.headers['X-Server-From']));
      return;
    }
  }
  yield* call('thread', { entry: 'peer', event: { fd } });
}

export function* peerName(fd: Fd): Sys<string> {
  const ends = yield* call('sockname', { fd });
  return ends.ok ? `${ends.value.peer}:${ends.value.peerPort}` : '';
}

function* route(request: HttpRequest, _fd: Fd): Sys<HttpResponse> {
  const state = yield* getState();
  const path = request.path.split('?')[0]!;
  const from = String(request.headers['X-Server-From'] ?? '');
  if (path === '/version') return reply(200, VERSION_BODY(state.version), { 'Content-Type': 'application/json' });
  if (path === '/members') return reply(200, sorted(state.members) as unknown as Json, { 'Content-Type': 'application/json', 'X-Etcd-Cluster-Id': state.clusterId });
  if (path === '/raft/probing') {
    const now = yield* call('now', {});
    return reply(200, { ok: true, now: now.ok ? now.value.real : 0 });
  }
  if (path === '/leases') {
    const { raft } = yield* getCore();
    return raft.role === 'leader' ? reply(200, { ttl: yield* renewLease(String((request.body as { id: string }).id)) }) : reply(408, 'not leader');
  }
  if (!path.startsWith('/raft')) return NOT_FOUND;
  if (request.headers['X-Etcd-Cluster-Id'] !== state.clusterId) {
    yield* log('E', 'rafthttp', `request sent was ignored (cluster ID mismatch: remote[${from}]=${request.headers['X-Etcd-Cluster-Id'] ?? ''}, local=${state.clusterId})`);
    return reply(412, 'cluster ID mismatch\n');
  }
  if (state.removed[from]) {
    yield* log('W', 'rafthttp', `rejected the stream from peer ${from} since it was removed`);
    return reply(410, 'Gone\n');
  }
  if (path === '/raft') return yield* posted(request.body as unknown as Message);
  const links = yield* getLinks();
  const { stopping } = yield* getCore();
  if (!links[from] || stopping) {
    yield* log('E', 'rafthttp', `failed to find member ${from} in cluster ${state.clusterId}`);
    return reply(404, 'error sender not found\n');
  }
  return { status: 200, headers: {}, body: null, stream: true };
}

function* posted(message: Message): Sys<HttpResponse> {
  const links = yield* getLinks();
  if (links[message.from]) {
    yield* activate(message.from);
    yield* deliver(message);
  }
  return reply(204);
}

/** A peer has dialled: what is said to it goes by this connection from now on. */
function* attach(fd: Fd, id: NodeId): Sys<void> {
  const link = (yield* getLinks())[id];
  if (!link) return;
  const old = link.out;
  yield* patchLink(id, { out: fd });
  yield* activate(id);
  for (const stream of ['MsgApp v2', 'Message']) {
    if (old !== null) yield* log('W', 'rafthttp', `closed an existing TCP streaming connection with peer ${id} (stream ${stream} writer)`);
    yield* log('I', 'rafthttp', `established a TCP streaming connection with peer ${id} (stream ${stream} writer)`);
  }
  if (old !== null) yield* call('close', { fd: old });
  yield* reachedAgain();
  // It is up: no need to wait for the next attempt to dial it.
  if (link.in === null && !link.dialling) yield* call('thread', { entry: 'dial', event: { peer: id } });
}
