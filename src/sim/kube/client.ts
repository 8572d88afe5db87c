/**
 * A client of the API: kubeconfig, requests on connections that a process keeps and shares among its
 * threads, watches, events. It knows REST and no kind. What client-go v1.14 does for every component;
 * its errors carry Go's words.
 */
import type { Us } from '../engine/time.ts';
import { seconds } from '../engine/time.ts';
import { parsePem } from '../proc/certificate.ts';
import { type Certificate, type FetchError, goError, type HttpResponse, parseUrl, sizeOf } from '../proc/http.ts';
import type { Json, Sys } from '../proc/program.ts';
import { resolve } from '../proc/resolver.ts';
import { call, type Fd } from '../proc/syscalls.ts';
import type { Obj, Status } from './types.ts';

/** Where the API is and who asks. Plain data: keep it in memory. */
export interface ApiConfig {
  readonly server: string; readonly cert: Certificate | null;
  /** The authorities trusted; null = any. */
  readonly trust: readonly string[] | null;
  readonly token: string | null; readonly agent: string;
}

const field = (text: string, name: string): string | null => new RegExp(`^\\s*(?:- )?${name}:\\s*"?([^"\\n]+?)"?\\s*$`, 'm').exec(text)?.[1] ?? null;

/** Reads a kubeconfig of one cluster and one user. `server` wins over the file's. */
export function* apiConfig(path: string, agent: string, server?: string): Sys<{ ok: true; value: ApiConfig } | { ok: false; error: string }> {
  const file = yield* call('readFile', { path });
  if (!file.ok) return { ok: false, error: `stat ${path}: ${file.errno === 'ENOENT' ? 'no such file or directory' : 'permission denied'}` };
  const text = file.value;
  const read = function* (name: string): Sys<{ ok: true; cert: Certificate | null } | { ok: false; error: string }> {
    const at = field(text, name);
    if (!at) return { ok: true, cert: null };
    const pem = yield* call('readFile', { path: at });
    if (!pem.ok) return { ok: false, error: `unable to read ${name} ${at} for default due to open ${at}: ${pem.errno === 'ENOENT' ? 'no such file or directory' : 'permission denied'}` };
    return { ok: true, cert: parsePem(pem.value) };
  };
  const cert = yield* read('client-certificate');
  if (!cert.ok) return cert;
  const ca = yield* read('certificate-authority');
  if (!ca.ok) return ca;
  return { ok: true, value: { server: server ?? field(text, 'server') ?? 'https://localhost:8080', cert: cert.cert, trust: ca.cert ? [ca.cert.ca] : null, token: field(text, 'token'), agent } };
}

/** The configuration of a process inside a pod: its service account. */
export function* podConfig(agent: string, env: Readonly<Record<string, string>>): Sys<ApiConfig> {
  const token = yield* call('readFile', { path: '/var/run/secrets/kubernetes.io/serviceaccount/token' });
  const ca = yield* call('readFile', { path: '/var/run/secrets/kubernetes.io/serviceaccount/ca.crt' });
  const authority = ca.ok ? parsePem(ca.value)?.ca : undefined;
  return {
    server: `https://${env['KUBERNETES_SERVICE_HOST'] ?? 'kubernetes.default.svc'}:${env['KUBERNETES_SERVICE_PORT'] ?? '443'}`,
    cert: null, trust: authority ? [authority] : null, token: token.ok ? token.value.trim() : null, agent,
  };
}

interface Pool { readonly [server: string]: readonly Fd[] }
const POOL = 'api.client';

function* takeFd(server: string): Sys<Fd | null> {
  const got = yield* call('memGet', { key: POOL });
  const pool = (got.ok ? got.value ?? {} : {}) as unknown as Pool;
  const free = pool[server];
  if (!free?.length) return null;
  yield* call('memSet', { key: POOL, value: { ...pool, [server]: free.slice(0, -1) } as unknown as Json });
  return free[free.length - 1]!;
}

function* giveFd(server: string, fd: Fd): Sys<void> {
  const got = yield* call('memGet', { key: POOL });
  const pool = (got.ok ? got.value ?? {} : {}) as unknown as Pool;
  yield* call('memSet', { key: POOL, value: { ...pool, [server]: [...(pool[server] ?? []), fd] } as unknown as Json });
}

function* dial(server: string, timeoutUs: Us): Sys<{ ok: true; fd: Fd } | { ok: false; error: FetchError }> {
  const url = parseUrl(server)!;
  let addr = url.host;
  if (!/^[\d.]+$/.test(addr)) {
    const found = yield* resolve(addr);
    if (!found.ok) return { ok: false, error: { kind: 'dns', host: addr, server: found.server, reason: found.reason } };
    addr = found.addresses[0]!;
  }
  const fd = yield* call('connect', { proto: 'tcp', addr, port: url.port, timeoutUs });
  if (fd.ok) return { ok: true, fd: fd.value };
  return { ok: false, error: fd.errno === 'ETIMEDOUT' ? { kind: 'timeout', phase: 'connect', addr, port: url.port } : { kind: 'connect', addr, port: url.port, errno: fd.errno } };
}

export interface ApiOptions { body?: Json; type?: string; accept?: string; timeoutUs?: Us; /** The connection becomes the caller's: a stream. */ keep?: boolean }
export type ApiAnswer =
  | { ok: true; status: number; body: Json; response: HttpResponse; fd: Fd }
  /** `status` 0: no answer came. `error` is what client-go would log after the URL. */
  | { ok: false; status: number; failure: Status | null; error: string };

/** TCP connects within 30 s (net.Dialer of client-go). */
const DIAL_US = seconds(30);

/** One request. A kept connection that was closed meanwhile is replaced, once. */
export function* api(config: ApiConfig, method: string, path: string, options: ApiOptions = {}): Sys<ApiAnswer> {
  const url = parseUrl(config.server)!;
  const headers: Record<string, string> = { Accept: options.accept ?? 'application/json', 'User-Agent': config.agent };
  if (config.token) headers['Authorization'] = `Bearer ${config.token}`;
  if (options.body !== undefined) headers['Content-Type'] = options.type ?? 'application/json';
  const message = { method, path, host: `${url.host}:${url.port}`, headers, body: options.body ?? null, tls: url.tls, cert: config.cert };
  for (;;) {
    const kept = yield* takeFd(config.server);
    let fd = kept;
    if (fd === null) {
      const dialled = yield* dial(config.server, Math.min(DIAL_US, options.timeoutUs ?? DIAL_US));
      if (!dialled.ok) return broken(config, method, path, dialled.error);
      fd = dialled.fd;
    }
    const sent = yield* call('send', { fd, data: message as unknown as Json, size: 300 + sizeOf(message.body) });
    const got = sent.ok ? yield* call('recv', { fd, timeoutUs: options.timeoutUs ?? seconds(60) }) : sent;
    if (!got.ok || got.value === null) {
      yield* call('close', { fd });
      const late = !got.ok && got.errno === 'ETIMEDOUT';
      if (kept !== null && !late) continue;
      return broken(config, method, path, late ? { kind: 'timeout', phase: 'headers', addr: url.host, port: url.port } : got.ok ? { kind: 'eof' } : { kind: 'reset' });
    }
    const response = got.value.data as unknown as HttpResponse;
    const fault = distrust(config, url, response);
    if (fault) {
      yield* call('close', { fd });
      return broken(config, method, path, fault);
    }
    if (!options.keep || response.status >= 300) yield* giveFd(config.server, fd);
    if (response.status < 300) return { ok: true, status: response.status, body: response.body, response, fd };
    const failure = typeof response.body === 'object' && response.body !== null ? (response.body as unknown as Status) : null;
    return { ok: false, status: response.status, failure, error: failure?.message ?? (typeof response.body === 'string' ? response.body : `the server responded with the status code ${response.status}`) };
  }
}

function distrust(config: ApiConfig, url: { tls: boolean; host: string }, response: HttpResponse): FetchError | null {
  if (!url.tls) return null;
  if (!response.cert) return { kind: 'tls', reason: 'plain', detail: '' };
  if (response.status === 495) return { kind: 'tls', reason: 'bad certificate', detail: '' };
  if (!config.trust) return null;
  if (!config.trust.includes(response.cert.ca)) return { kind: 'tls', reason: 'unknown authority', detail: response.cert.ca };
  return response.cert.names.includes(url.host) ? null : { kind: 'tls', reason: 'wrong name', detail: response.cert.names.join(', ') };
}

const VERBS: Readonly<Record<string, string>> = { GET: 'Get', POST: 'Post', PUT: 'Put', PATCH: 'Patch', DELETE: 'Delete' };
const broken = (config: ApiConfig, method: string, path: string, error: FetchError): ApiAnswer =>
  ({ ok: false, status: 0, failure: null, error: `${VERBS[method] ?? method} ${config.server}${path}: ${goError(error)}` });

/** What a watcher sends to see whether the server lives; the server says it back. */
export const KEEPALIVE = 'keepalive';

/** Opens a watch: its messages come on `fd`, which the caller closes. */
export function* apiWatch(config: ApiConfig, path: string): Sys<ApiAnswer> {
  return yield* api(config, 'GET', path, { keep: true, timeoutUs: seconds(30) });
}

export interface WatchMessage { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'ERROR'; readonly object: Obj }
