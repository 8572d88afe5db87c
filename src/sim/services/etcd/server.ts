/**
 * The client side of a member: connections on :2379 and :4001, one thread each, requests in turn. A
 * member serves nobody before it has joined a majority.
 */
import type { HttpRequest, HttpResponse } from '../../proc/http.ts';
import type { Json, Sys } from '../../proc/program.ts';
import { call, type Fd } from '../../proc/syscalls.ts';
import type { WatchRequest } from './api.ts';
import { begun, getConfig, getCore, log } from './core.ts';
import { peerName, reply } from './peerhttp.ts';
import { v2 } from './v2http.ts';
import { V3 } from './v3.ts';
import { beginWatch, removeWatcher } from './watch.ts';

/** A thread hands its connection over after so many requests: its log stays short. */
const TURN = 8;

/** The entry for a client's connection. */
export function* onClient(fd: Fd): Sys<void> {
  yield* begun();
  const config = yield* getConfig();
  for (let n = 0; n < TURN; n++) {
    const got = yield* call('recv', { fd });
    if (!got.ok || got.value === null) {
      yield* call('close', { fd });
      return;
    }
    if (!(yield* getCore()).serving) yield* call('park', { channel: 'serving' });
    const request = asRequest(got.value.data);
    const refused = refusal(config, request);
    if (refused) {
      yield* call('send', { fd, data: { ...refused, cert: config.cert } as unknown as Json, size: 200 });
      yield* log('I', 'embed', `rejected connection from "${yield* peerName(fd)}" (error "${request.tls ? 'remote error: tls: bad certificate' : 'tls: first record does not look like a TLS handshake'}", ServerName "")`);
      yield* call('close', { fd });
      return;
    }
    if (request.path === '/v3/watch') {
      yield* call('send', { fd, data: { status: 200, headers: {}, body: null, stream: true, cert: config.cert } as unknown as Json, size: 200 });
      yield* beginWatch(fd, request.body as unknown as WatchRequest);
      yield* linger(fd);
      return;
    }
    const response = yield* route(request, fd);
    if (response === null) {
      yield* linger(fd);
      return;
    }
    const sent = yield* call('send', { fd, data: (config.cert ? { ...response, cert: config.cert } : response) as unknown as Json, size: 200 + sizeOf(response.body) });
    if (!sent.ok) {
      yield* call('close', { fd });
      return;
    }
  }
  yield* call('thread', { entry: 'client', event: { fd } });
}

const sizeOf = (body: Json): number => {
  if (typeof body === 'string') return body.length;
  const kvs = body !== null && typeof body === 'object' && 'kvs' in body ? body['kvs'] : null;
  return 100 + (Array.isArray(kvs) ? 900 * kvs.length : 0);
};

const asRequest = (data: Json): HttpRequest =>
  (typeof data === 'object' && data !== null && 'method' in data ? data as unknown as HttpRequest : { method: 'GET', path: '/', host: '', headers: {}, body: data });

function refusal(config: { cert: unknown; clientCa: string | null; flags: { clientAuth: boolean } }, request: HttpRequest): HttpResponse | null {
  if (config.cert && !request.tls) return reply(400, 'Client sent an HTTP request to an HTTPS server.\n');
  if (config.flags.clientAuth && request.cert?.ca !== config.clientCa) return reply(495, null);
  return null;
}

function* route(request: HttpRequest, fd: Fd): Sys<HttpResponse | null> {
  if (request.method === 'POST') {
    const handler = V3[request.path];
    if (handler) return yield* handler(request.body);
  }
  return yield* v2(request, fd);
}

/** Keeps a watcher's connection until its client goes or the watch is over. */
function* linger(fd: Fd): Sys<void> {
  for (;;) {
    const got = yield* call('recv', { fd });
    if (!got.ok || got.value === null) break;
  }
  yield* removeWatcher(fd);
  yield* call('close', { fd });
}
