/**
 * A small etcd client: v3 over the JSON gateway and v2, on connections that the process keeps and shares
 * among its threads (in its memory under 'etcd.client'). It knows nothing of what callers store. Its
 * failures carry the words of clientv3 and of gRPC 1.7.
 */
import type { Us } from '../../engine/time.ts';
import { seconds } from '../../engine/time.ts';
import { parsePem } from '../../proc/certificate.ts';
import { type Certificate, type FetchError, goError, type HttpResponse, parseUrl, sizeOf } from '../../proc/http.ts';
import type { Json, Sys } from '../../proc/program.ts';
import { resolve } from '../../proc/resolver.ts';
import { call, type Fd } from '../../proc/syscalls.ts';
import type {
  ApiError, CompactionRequest, DeleteRangeRequest, DeleteRangeResponse, LeaseGrantResponse, LeaseTtlResponse,
  MemberListResponse, PutRequest, PutResponse, RangeRequest, RangeResponse, StatusResponse, TxnRequest, TxnResponse,
  WatchRequest, WatchResponse,
} from './api.ts';
import { CODE } from './api.ts';

/** Where the members are and with which certificate to ask them. Plain data: keep it in memory. */
export interface EtcdClient {
  readonly endpoints: readonly string[];
  readonly cert: Certificate | null;
  /** The authorities trusted; null = any. */
  readonly trust: readonly string[] | null;
}

/** `dial`: no answer came, so the request cannot have done anything. */
export type EtcdResult<T> = { ok: true; value: T } | { ok: false; error: string; code: number; dial?: FetchError };

/** Reads the certificate files once, as the real client does at its start. */
export function* etcdClient(endpoints: readonly string[], files: { certFile?: string; caFile?: string }): Sys<EtcdClient> {
  const certificate = function* (path: string | undefined): Sys<Certificate | null> {
    const text = path ? yield* call('readFile', { path }) : null;
    return text?.ok ? parsePem(text.value) : null;
  };
  const cert = yield* certificate(files.certFile);
  const ca = yield* certificate(files.caFile);
  return { endpoints, cert, trust: ca ? [ca.ca] : null };
}

interface Pool { readonly [endpoint: string]: readonly Fd[] }
const POOL = 'etcd.client';

function* takeFd(endpoint: string): Sys<Fd | null> {
  const got = yield* call('memGet', { key: POOL });
  const pool = (got.ok ? got.value ?? {} : {}) as unknown as Pool;
  const free = pool[endpoint];
  if (!free?.length) return null;
  yield* call('memSet', { key: POOL, value: { ...pool, [endpoint]: free.slice(0, -1) } as unknown as Json });
  return free[free.length - 1]!;
}

function* giveFd(endpoint: string, fd: Fd): Sys<void> {
  const got = yield* call('memGet', { key: POOL });
  const pool = (got.ok ? got.value ?? {} : {}) as unknown as Pool;
  yield* call('memSet', { key: POOL, value: { ...pool, [endpoint]: [...(pool[endpoint] ?? []), fd] } as unknown as Json });
}

type Dialled = { ok: true; fd: Fd; addr: string } | { ok: false; error: FetchError };

function* dial(endpoint: string, timeoutUs: Us): Sys<Dialled> {
  const url = parseUrl(endpoint);
  if (!url) return { ok: false, error: { kind: 'dns', host: endpoint, server: '', reason: 'no such host' } };
  let addr = url.host;
  if (!/^[\d.]+$/.test(addr)) {
    const found = yield* resolve(addr);
    if (!found.ok) return { ok: false, error: { kind: 'dns', host: addr, server: found.server, reason: found.reason } };
    addr = found.addresses[0]!;
  }
  const fd = yield* call('connect', { proto: 'tcp', addr, port: url.port, timeoutUs });
  if (fd.ok) return { ok: true, fd: fd.value, addr };
  const late = fd.errno === 'ETIMEDOUT';
  return { ok: false, error: late ? { kind: 'timeout', phase: 'connect', addr, port: url.port } : { kind: 'connect', addr, port: url.port, errno: fd.errno } };
}

export interface RawRequest { method: string; path: string; body?: Json; headers?: Readonly<Record<string, string>> }
export interface RawOptions { timeoutUs?: Us; dialTimeoutUs?: Us; /** Do not use or keep a shared connection: the caller reads a stream from it. */ keep?: boolean }
export type RawAnswer = { ok: true; response: HttpResponse; fd: Fd } | { ok: false; error: FetchError };

/** One request to one endpoint. With `keep`, the connection is the caller's. */
export function* ask(client: EtcdClient, endpoint: string, request: RawRequest, options: RawOptions = {}): Sys<RawAnswer> {
  const url = parseUrl(endpoint);
  const port = url?.port ?? 0;
  for (;;) {
    const kept = options.keep ? null : yield* takeFd(endpoint);
    let fd = kept;
    if (fd === null) {
      const dialled = yield* dial(endpoint, options.dialTimeoutUs ?? options.timeoutUs ?? seconds(2));
      if (!dialled.ok) return dialled;
      fd = dialled.fd;
    }
    const message = { method: request.method, path: request.path, host: `${url?.host}:${port}`, headers: request.headers ?? {}, body: request.body ?? null, tls: url?.tls ?? false, cert: client.cert };
    const sent = yield* call('send', { fd, data: message as unknown as Json, size: 300 + sizeOf(message.body) });
    const got = sent.ok ? yield* call('recv', { fd, timeoutUs: options.timeoutUs }) : sent;
    const answered = got.ok && got.value !== null;
    if (!answered) {
      yield* call('close', { fd });
      if (!got.ok && got.errno === 'ETIMEDOUT') return { ok: false, error: { kind: 'timeout', phase: 'headers', addr: url?.host ?? '', port } };
      // A connection that was kept may have been closed while nobody looked: gRPC would have noticed and dialled anew.
      if (kept !== null && (!sent.ok || repeatable(request))) continue;
      return { ok: false, error: got.ok ? { kind: 'eof' } : { kind: 'reset' } };
    }
    const response = got.value!.data as unknown as HttpResponse;
    const fault = verify(client, url?.tls ?? false, response);
    if (fault) {
      yield* call('close', { fd });
      return { ok: false, error: fault };
    }
    if (!options.keep) yield* giveFd(endpoint, fd);
    return { ok: true, response, fd };
  }
}

/** Whether a request may be sent again when nobody knows whether it was served: it changes nothing. */
const repeatable = ({ method, path }: RawRequest): boolean =>
  method === 'GET' || path === '/v3/kv/range' || path === '/v3/lease/keepalive' || path === '/v3/watch';

function verify(client: EtcdClient, tls: boolean, response: HttpResponse): FetchError | null {
  if (!tls) return null;
  if (!response.cert) return { kind: 'tls', reason: 'plain', detail: '' };
  if (response.status === 495) return { kind: 'tls', reason: 'bad certificate', detail: '' };
  if (client.trust && !client.trust.includes(response.cert.ca)) return { kind: 'tls', reason: 'unknown authority', detail: response.cert.ca };
  return null;
}

/** gRPC's words for a member that cannot be reached. */
export const grpcError = (error: FetchError): string =>
  error.kind === 'eof' || error.kind === 'reset' ? 'transport is closing'
    : error.kind === 'timeout' && error.phase === 'headers' ? 'context deadline exceeded'
    : error.kind === 'connect' || error.kind === 'timeout' || error.kind === 'dns' ? `all SubConns are in TransientFailure, latest connection error: connection error: desc = "transport: Error while dialing ${goError(error)}"`
    : `connection error: desc = "transport: authentication handshake failed: ${goError(error)}"`;

/** One v3 call: the endpoints in turn until one answers. */
export function* etcdCall<T>(client: EtcdClient, path: string, body: object, timeoutUs?: Us): Sys<EtcdResult<T>> {
  let last: FetchError = { kind: 'eof' };
  for (const endpoint of client.endpoints) {
    const got = yield* ask(client, endpoint, { method: 'POST', path, body: body as Json }, { timeoutUs });
    if (got.ok) {
      if (got.response.status === 200) return { ok: true, value: got.response.body as unknown as T };
      const failure = got.response.body as unknown as ApiError | null;
      return { ok: false, error: failure?.error ?? `unexpected HTTP status ${got.response.status}`, code: failure?.code ?? CODE.unknown };
    }
    last = got.error;
    const cannotHaveRun = last.kind === 'connect' || last.kind === 'dns' || (last.kind === 'timeout' && last.phase === 'connect');
    if (!cannotHaveRun) break;
  }
  const late = last.kind === 'timeout' && last.phase === 'headers';
  return { ok: false, error: grpcError(last), code: late ? CODE.deadlineExceeded : CODE.unavailable, dial: last };
}

export const etcdRange = (client: EtcdClient, request: RangeRequest, timeoutUs?: Us): Sys<EtcdResult<RangeResponse>> =>
  etcdCall(client, '/v3/kv/range', request, timeoutUs);
export const etcdPut = (client: EtcdClient, request: PutRequest, timeoutUs?: Us): Sys<EtcdResult<PutResponse>> =>
  etcdCall(client, '/v3/kv/put', request, timeoutUs);
export const etcdDelete = (client: EtcdClient, request: DeleteRangeRequest, timeoutUs?: Us): Sys<EtcdResult<DeleteRangeResponse>> =>
  etcdCall(client, '/v3/kv/deleterange', request, timeoutUs);
export const etcdTxn = (client: EtcdClient, request: TxnRequest, timeoutUs?: Us): Sys<EtcdResult<TxnResponse>> =>
  etcdCall(client, '/v3/kv/txn', request, timeoutUs);
export const etcdCompact = (client: EtcdClient, request: CompactionRequest, timeoutUs?: Us): Sys<EtcdResult<{ header: RangeResponse['header'] }>> =>
  etcdCall(client, '/v3/kv/compaction', request, timeoutUs);
export const etcdLeaseGrant = (client: EtcdClient, ttl: number, timeoutUs?: Us): Sys<EtcdResult<LeaseGrantResponse>> =>
  etcdCall(client, '/v3/lease/grant', { ttl }, timeoutUs);
export const etcdLeaseKeepAlive = (client: EtcdClient, id: string, timeoutUs?: Us): Sys<EtcdResult<LeaseTtlResponse>> =>
  etcdCall(client, '/v3/lease/keepalive', { id }, timeoutUs);
export const etcdLeaseRevoke = (client: EtcdClient, id: string, timeoutUs?: Us): Sys<EtcdResult<{ header: RangeResponse['header'] }>> =>
  etcdCall(client, '/v3/lease/revoke', { id }, timeoutUs);
export const etcdMembers = (client: EtcdClient, timeoutUs?: Us): Sys<EtcdResult<MemberListResponse>> =>
  etcdCall(client, '/v3/cluster/member/list', {}, timeoutUs);
export const etcdStatus = (client: EtcdClient, timeoutUs?: Us): Sys<EtcdResult<StatusResponse>> =>
  etcdCall(client, '/v3/maintenance/status', {}, timeoutUs);

/** Opens a watch; then `etcdWatchNext` on its descriptor. Close the descriptor to end it. */
export function* etcdWatch(client: EtcdClient, request: WatchRequest, timeoutUs?: Us): Sys<EtcdResult<{ fd: Fd }>> {
  let last: FetchError = { kind: 'eof' };
  for (const endpoint of client.endpoints) {
    const got = yield* ask(client, endpoint, { method: 'POST', path: '/v3/watch', body: request as unknown as Json }, { keep: true, timeoutUs });
    if (!got.ok) {
      last = got.error;
      continue;
    }
    if (got.response.stream) return { ok: true, value: { fd: got.fd } };
    yield* call('close', { fd: got.fd });
    const failure = got.response.body as unknown as ApiError | null;
    return { ok: false, error: failure?.error ?? `unexpected HTTP status ${got.response.status}`, code: failure?.code ?? CODE.unknown };
  }
  return { ok: false, error: grpcError(last), code: CODE.unavailable, dial: last };
}

/** The next events of a watch, 'closed' when the member has gone, 'timeout' after `timeoutUs`. */
export function* etcdWatchNext(fd: Fd, timeoutUs?: Us): Sys<WatchResponse | 'closed' | 'timeout'> {
  const got = yield* call('recv', { fd, timeoutUs });
  if (!got.ok) return got.errno === 'ETIMEDOUT' ? 'timeout' : 'closed';
  return got.value === null ? 'closed' : (got.value.data as unknown as WatchResponse);
}

export interface V2Options {
  recursive?: boolean; sorted?: boolean; quorum?: boolean; wait?: boolean; waitIndex?: number;
  ttl?: number; dir?: boolean; prevExist?: boolean; prevValue?: string; prevIndex?: number; refresh?: boolean;
}
/** `endpoint`: who answered. */
export interface V2Answer { status: number; body: Json; headers: Readonly<Record<string, string>>; endpoint: string }

/** The v2 path of a key with its options. */
export function v2Path(key: string, options: V2Options = {}): string {
  const query = Object.entries(options).filter(([, value]) => value !== undefined).map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`).join('&');
  return `/v2/keys${key.startsWith('/') ? key : `/${key}`}${query ? `?${query}` : ''}`;
}

/** client/v2's error when no endpoint served the request: it ends each part with a newline. */
export const clusterError = (errors: readonly string[]): string =>
  `client: etcd cluster is unavailable or misconfigured${errors.map((error, i) => `; error #${i}: ${error}\n`).join('')}`;

export type V2Result = { ok: true; value: V2Answer } | { ok: false; error: string; errors: readonly string[]; late: boolean };

/** `total`: the moment (monotonic) at which patience ends; `header`: patience with one endpoint. */
export interface V2Patience { headerUs?: Us; dialUs?: Us; totalUs?: Us }

/**
 * One v2 request: the endpoints in turn, as client/v2 does it. An answer with an error in it (100: no
 * such key) is an answer: see `status`. A creation or a delete is tried at one endpoint only.
 */
export function* etcdV2(client: EtcdClient, method: 'GET' | 'PUT' | 'POST' | 'DELETE', key: string, options: V2Options = {}, value?: string, patience: V2Patience = {}): Sys<V2Result> {
  const oneShot = method === 'DELETE' || options.prevExist === false;
  const request = { method, path: v2Path(key, options), body: value === undefined ? null : { value } };
  const got = yield* v2Do(client, request, oneShot, patience, options.wait);
  if (!got.ok || !options.wait) return got.ok ? { ok: true, value: got.value } : got;
  const event = yield* call('recv', { fd: got.value.fd, timeoutUs: patience.totalUs });
  yield* call('close', { fd: got.value.fd });
  if (event.ok && event.value) return { ok: true, value: { ...got.value, body: event.value.data } };
  const late = !event.ok && event.errno === 'ETIMEDOUT';
  return late ? { ok: false, error: 'context deadline exceeded', errors: [], late } : { ok: false, error: clusterError(['unexpected EOF']), errors: ['unexpected EOF'], late };
}

export function* v2Do(client: EtcdClient, request: RawRequest, oneShot: boolean, patience: V2Patience, stream = false): Sys<{ ok: true; value: V2Answer & { fd: Fd } } | Extract<V2Result, { ok: false }>> {
  const errors: string[] = [];
  const headerUs = patience.headerUs ?? patience.totalUs ?? seconds(30);
  for (const endpoint of client.endpoints) {
    const got = yield* ask(client, endpoint, request, { timeoutUs: headerUs, dialTimeoutUs: Math.min(headerUs, patience.dialUs ?? seconds(30)), keep: stream });
    const status = got.ok ? got.response.status : 0;
    if (got.ok && status < 500) return { ok: true, value: { status, body: got.response.body, headers: got.response.headers, endpoint, fd: got.fd } };
    if (got.ok && stream) yield* call('close', { fd: got.fd });
    errors.push(got.ok ? memberError(endpoint, status) : v2Error(endpoint, got.error, headerUs));
    if (oneShot) return { ok: false, error: errors[0]!, errors: [], late: false };
  }
  return { ok: false, error: clusterError(errors), errors, late: false };
}

const memberError = (endpoint: string, status: number): string =>
  status === 500 || status === 503 ? `client: etcd member ${endpoint} has no leader` : `client: etcd member ${endpoint} returns server error [${status}]`;

const v2Error = (endpoint: string, error: FetchError, headerUs: Us): string =>
  error.kind === 'timeout' && (error.phase === 'headers' || headerUs < seconds(30)) ? `client: endpoint ${endpoint} exceeded header timeout` : goError(error);
