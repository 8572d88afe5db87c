/**
 * HTTP/1.1 over a simulated connection: one message is one request or one response; a stream is a
 * response with `stream: true` followed by further messages until the connection closes. TLS is data:
 * a server says which certificate it shows and which clients it takes; a client checks it.
 * It imitates net/http's client: its errors carry Go's words.
 */
import type { Us } from '../engine/time.ts';
import { seconds } from '../engine/time.ts';
import type { Errno, Json, Result, Sys } from './program.ts';
import { STRERROR } from './libc.ts';
import { resolve } from './resolver.ts';
import { call, type Fd } from './syscalls.ts';

/** A certificate as the simulation needs it. `ca` names the authority that signed it. */
export interface Certificate { subject: string; ca: string; names: readonly string[]; notAfter?: number; organizations?: readonly string[] }

export interface HttpRequest {
  method: string; path: string; host: string; headers: Readonly<Record<string, string>>; body: Json;
  /** TLS: true on an https URL, with the client's certificate if it has one. */
  tls?: boolean; cert?: Certificate | null;
}
export interface HttpResponse { status: number; headers: Readonly<Record<string, string>>; body: Json; stream?: boolean; cert?: Certificate | null }

/** A failure before any response, in a form that each client words for itself. */
export type FetchError =
  | { kind: 'dns'; host: string; server: string; reason: 'no such host' | 'i/o timeout' | 'server misbehaving' | 'connection refused' }
  | { kind: 'connect'; addr: string; port: number; errno: Errno }
  | { kind: 'timeout'; phase: 'connect' | 'headers'; addr: string; port: number }
  | { kind: 'eof' } | { kind: 'reset' }
  | { kind: 'tls'; reason: 'plain' | 'bad certificate' | 'unknown authority' | 'wrong name' | 'expired'; detail: string };

export interface FetchOptions {
  method?: string; headers?: Readonly<Record<string, string>>; body?: Json; timeoutUs?: Us; connectTimeoutUs?: Us;
  cert?: Certificate | null;
  /** The authorities trusted; null = do not check (curl -k). */
  trust?: readonly string[] | null;
  /** Skip resolution and connect here, with the URL's host in the request (curl --resolve). */
  connectTo?: string;
}

export type Fetched = { ok: true; response: HttpResponse; fd: Fd; addr: string; port: number } | { ok: false; error: FetchError };

const URL_FORM = /^(https?):\/\/(\[[^\]]+\]|[^:/?#]+)(?::(\d+))?([/?][^#]*)?/;

export function parseUrl(url: string): { tls: boolean; host: string; port: number; path: string } | null {
  const m = URL_FORM.exec(url);
  if (!m) return null;
  const tls = m[1] === 'https';
  return { tls, host: m[2]!, port: m[3] ? Number(m[3]) : tls ? 443 : 80, path: m[4]?.startsWith('/') ? m[4] : `/${m[4] ?? ''}` };
}

/** Sends one request on an open connection and waits for the head of its response. */
export function* exchange(fd: Fd, request: HttpRequest, timeoutUs?: Us): Sys<Result<HttpResponse | null>> {
  const sent = yield* call('send', { fd, data: request as unknown as Json, size: requestSize(request) });
  if (!sent.ok) return sent;
  const got = yield* call('recv', { fd, timeoutUs });
  if (!got.ok) return got;
  return { ok: true, value: got.value === null ? null : (got.value.data as unknown as HttpResponse) };
}

/** Resolve, connect, ask. The connection stays open (`fd`): close it, or go on reading a stream. */
export function* fetch(url: string, options: FetchOptions = {}): Sys<Fetched> {
  const target = parseUrl(url);
  if (!target) return { ok: false, error: { kind: 'dns', host: url, server: '', reason: 'no such host' } };
  let addr = options.connectTo ?? target.host;
  if (!/^[\d.]+$/.test(addr)) {
    const found = yield* resolve(addr);
    if (!found.ok) return { ok: false, error: { kind: 'dns', host: target.host, server: found.server, reason: found.reason } };
    addr = found.addresses[0]!;
  }
  const { port } = target;
  const started = yield* call('now', {});
  const connected = yield* call('connect', { proto: 'tcp', addr, port, timeoutUs: options.connectTimeoutUs ?? options.timeoutUs ?? seconds(30) });
  if (!connected.ok) {
    const late = connected.errno === 'ETIMEDOUT';
    return { ok: false, error: late ? { kind: 'timeout', phase: 'connect', addr, port } : { kind: 'connect', addr, port, errno: connected.errno } };
  }
  const fd = connected.value;
  const headers = { ...options.headers };
  const request: HttpRequest = { method: options.method ?? 'GET', path: target.path, host: target.port === (target.tls ? 443 : 80) ? target.host : `${target.host}:${port}`, headers, body: options.body ?? null, tls: target.tls, cert: options.cert ?? null };
  let left: Us | undefined;
  if (options.timeoutUs !== undefined && started.ok) {
    const now = yield* call('now', {});
    left = Math.max(1, options.timeoutUs - (now.ok ? now.value.mono - started.value.mono : 0));
  }
  const answer = yield* exchange(fd, request, left);
  const error = judge(answer, target, options, addr);
  if (error) {
    yield* call('close', { fd });
    return { ok: false, error };
  }
  return { ok: true, response: (answer as { ok: true; value: HttpResponse }).value, fd, addr, port };
}

function judge(answer: Result<HttpResponse | null>, target: { tls: boolean; host: string; port: number }, options: FetchOptions, addr: string): FetchError | null {
  if (!answer.ok) return answer.errno === 'ETIMEDOUT' ? { kind: 'timeout', phase: 'headers', addr, port: target.port } : { kind: 'reset' };
  const response = answer.value;
  if (response === null) return { kind: 'eof' };
  if (!target.tls) return null;
  if (!response.cert) return { kind: 'tls', reason: response.status === 495 ? 'bad certificate' : 'plain', detail: '' };
  if (options.trust === null || options.trust === undefined) return null;
  if (!options.trust.includes(response.cert.ca)) return { kind: 'tls', reason: 'unknown authority', detail: response.cert.ca };
  if (!response.cert.names.includes(target.host)) return { kind: 'tls', reason: 'wrong name', detail: response.cert.names.join(', ') };
  return null;
}

/** fetch, whole body, connection closed. */
export function* fetchOnce(url: string, options: FetchOptions = {}): Sys<Fetched> {
  const got = yield* fetch(url, options);
  if (got.ok) yield* call('close', { fd: got.fd });
  return got;
}

/** How Go's net/http words it: `Get URL: <this>`. */
export function goError(error: FetchError): string {
  switch (error.kind) {
    case 'dns': return `dial tcp: lookup ${error.host} on ${error.server}: ${error.reason}`;
    case 'connect': return `dial tcp ${error.addr}:${error.port}: connect: ${STRERROR[error.errno]?.toLowerCase() ?? error.errno}`;
    case 'timeout': return error.phase === 'connect' ? `dial tcp ${error.addr}:${error.port}: i/o timeout` : 'net/http: request canceled (Client.Timeout exceeded while awaiting headers)';
    case 'eof': return 'EOF';
    case 'reset': return 'read: connection reset by peer';
    case 'tls': return error.reason === 'plain' ? 'tls: first record does not look like a TLS handshake'
      : error.reason === 'bad certificate' ? 'remote error: tls: bad certificate'
      : error.reason === 'expired' ? 'x509: certificate has expired or is not yet valid'
      : error.reason === 'wrong name' ? `x509: certificate is valid for ${error.detail}, not the requested name` : 'x509: certificate signed by unknown authority';
  }
}

function headersSize(headers: Readonly<Record<string, string>>): number {
  let size = 2; // the empty line
  for (const name in headers) size += name.length + headers[name]!.length + 4;
  return size;
}
/** Bytes on the wire: the line, the headers, the body; TLS adds a record's head and its tag. */
const TLS_RECORD = 29;
export const requestSize = (r: HttpRequest): number =>
  r.method.length + r.path.length + 12 + ('Host' in r.headers ? 0 : r.host.length + 8) + headersSize(r.headers) + sizeOf(r.body) + (r.tls ? TLS_RECORD : 0);
/** A server adds the date and the length where they are not given. */
const responseSize = (r: HttpResponse): number =>
  17 + headersSize(r.headers) + ('Content-Length' in r.headers ? 0 : 55) + Number(r.headers['Content-Length'] ?? sizeOf(r.body)) + (r.cert ? TLS_RECORD : 0);

export const sizeOf = (body: Json | undefined): number => (typeof body === 'string' ? body.length : body === null || body === undefined ? 0 : 1_000);

/** What a server's connection thread does: each request through `handle`, until the peer closes. */
export function* serveHttp(fd: Fd, options: { cert?: Certificate; clientCa?: string | null }, handle: (request: HttpRequest, fd: Fd) => Sys<HttpResponse | null>): Sys<void> {
  for (;;) {
    const got = yield* call('recv', { fd });
    if (!got.ok || got.value === null) break;
    const data = got.value.data;
    const request = (typeof data === 'object' && data !== null && 'method' in data ? data : { method: 'GET', path: '/', host: '', headers: {}, body: data }) as HttpRequest;
    const response = refusal(request, options) ?? (yield* handle(request, fd));
    if (response === null) break; // the handler has taken the connection over, or drops it
    yield* call('send', { fd, data: { ...response, cert: options.cert ?? null } as unknown as Json, size: responseSize(response) });
    if (response.stream || refusal(request, options)) break;
  }
  yield* call('close', { fd });
}

function refusal(request: HttpRequest, options: { cert?: Certificate; clientCa?: string | null }): HttpResponse | null {
  if (options.cert && !request.tls) return { status: 400, headers: {}, body: 'Client sent an HTTP request to an HTTPS server.\n' };
  if (options.clientCa && request.cert?.ca !== options.clientCa) return { status: 495, headers: {}, body: null };
  return null;
}
