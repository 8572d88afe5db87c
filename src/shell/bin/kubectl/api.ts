/**
 * The REST client: one request, one answer, over a connection kept open between requests as net/http keeps
 * it; and streams. A failure before any answer carries Go's words. It knows no kind of object.
 */
import { base64 } from '../../../sim/proc/certificate.ts';
import { err } from '../../../sim/proc/libc.ts';
import { exchange, fetch, goError, parseUrl, type FetchError, type HttpRequest, type HttpResponse } from '../../../sim/proc/http.ts';
import type { Json, Sys } from '../../../sim/proc/program.ts';
import { call, type Fd } from '../../../sim/proc/syscalls.ts';
import { done, failed, genericStatus, type Failure, type Outcome } from './failure.ts';
import type { ClientConfig } from './kubeconfig.ts';
import { isObj, type Obj } from './object.ts';
import { klogTime } from './time.ts';
import { toJson } from './yaml.ts';

export const AGENT = 'kubectl/v1.14.1 (linux/amd64) kubernetes/b739410';
/** net.Dialer's patience in client-go's default transport. */
const DIAL_TIMEOUT_US = 30_000_000;

export type Query = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;

export interface Ask {
  method?: string; query?: Query; body?: Json; accept?: string; contentType?: string;
  /** "get pods name": said in errors that have no Status of their own. */
  what?: string;
}

export interface Stream { fd: Fd; response: HttpResponse }

export const MERGE_PATCH = 'application/merge-patch+json';
export const STRATEGIC_PATCH = 'application/strategic-merge-patch+json';
export const JSON_PATCH = 'application/json-patch+json';

const escape = (text: string): string => encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`).replaceAll('%20', '+');

/** url.Values.Encode(): by key. */
export function queryText(query: Query | undefined): string {
  const parts: string[] = [];
  for (const key of Object.keys(query ?? {}).sort()) {
    const value = query![key];
    if (value === undefined || value === '') continue;
    for (const one of Array.isArray(value) ? (value as readonly string[]) : [value]) parts.push(`${escape(key)}=${escape(String(one))}`);
  }
  return parts.length ? `?${parts.join('&')}` : '';
}

export class Api {
  readonly base: string;
  readonly host: string;
  private fd: Fd | null = null;

  constructor(readonly config: ClientConfig, private readonly verbosity: number, private readonly pid: number) {
    const server = config.server.replace(/\/+$/, '');
    this.base = /^https?:\/\//.test(server) ? server : `${config.secure ? 'https' : 'http'}://${server}`;
    this.host = /^https?:\/\/([^/]+)/.exec(this.base)?.[1] ?? server;
  }

  private headers(ask: Ask): Record<string, string> {
    const headers: Record<string, string> = { Accept: ask.accept ?? 'application/json', 'User-Agent': AGENT };
    if (ask.body !== undefined && ask.body !== null) headers['Content-Type'] = ask.contentType ?? 'application/json';
    const { token, username, password, as, asGroups } = this.config;
    if (token) headers['Authorization'] = `Bearer ${token}`;
    else if (username) headers['Authorization'] = `Basic ${base64(`${username}:${password}`)}`;
    if (as) headers['Impersonate-User'] = as;
    if (asGroups.length) headers['Impersonate-Group'] = asGroups.join(',');
    return headers;
  }

  /** The whole answer, parsed; a Status that tells of failure is one. */
  *request(path: string, ask: Ask = {}): Sys<Outcome<Json>> {
    const answer = yield* this.raw(path, ask);
    return answer.ok ? judge(answer.value, ask.what ?? '') : answer;
  }

  *get(path: string, query?: Query, what?: string): Sys<Outcome<Obj>> {
    return (yield* this.request(path, { query, what })) as Outcome<Obj>;
  }

  /** One exchange. A kept connection that the server has closed meanwhile is replaced once. */
  *raw(path: string, ask: Ask = {}): Sys<Outcome<HttpResponse>> {
    const started = this.verbosity >= 6 ? yield* call('now', {}) : null;
    const answer = yield* this.send(path + queryText(ask.query), ask);
    if (started?.ok) yield* this.trace(path + queryText(ask.query), ask, answer, started.value.mono);
    return answer;
  }

  private *send(path: string, ask: Ask): Sys<Outcome<HttpResponse>> {
    if (this.fd !== null) {
      const kept = yield* this.again(this.fd, path, ask);
      if (kept) return kept;
      yield* call('close', { fd: this.fd });
      this.fd = null;
    }
    const opened = yield* this.open(path, ask);
    if (!opened.ok) return opened;
    this.fd = opened.value.fd;
    return done(opened.value.response);
  }

  /** null: the server has closed the connection since, and has not seen the request. */
  private *again(fd: Fd, path: string, ask: Ask): Sys<Outcome<HttpResponse> | null> {
    const target = parseUrl(this.base + path);
    if (!target) return null;
    const request: HttpRequest = {
      method: ask.method ?? 'GET', path: target.path, host: this.host, headers: this.headers(ask), body: ask.body ?? null, tls: target.tls, cert: this.config.cert,
    };
    const answer = yield* exchange(fd, request, this.config.timeoutUs);
    if (answer.ok) return answer.value && done(answer.value);
    return answer.errno === 'ETIMEDOUT' ? failed(this.transport({ kind: 'timeout', phase: 'headers', addr: target.host, port: target.port })) : null;
  }

  /** A connection of its own, left open: for streams. */
  *open(path: string, ask: Ask): Sys<Outcome<Stream>> {
    const { cert, trust, timeoutUs } = this.config;
    const got = yield* fetch(this.base + path + (ask.query && !path.includes('?') ? queryText(ask.query) : ''), {
      method: ask.method ?? 'GET', headers: this.headers(ask), body: ask.body ?? null, cert, trust, timeoutUs, connectTimeoutUs: Math.min(DIAL_TIMEOUT_US, timeoutUs ?? DIAL_TIMEOUT_US),
    });
    if (!got.ok) return failed(this.transport(got.error));
    const expired = yield* this.expired(got.response);
    if (expired) {
      yield* call('close', { fd: got.fd });
      return failed({ is: 'transport', host: this.host, text: 'x509: certificate has expired or is not yet valid' });
    }
    return done({ fd: got.fd, response: got.response });
  }

  /** A stream's head: refused as any request is. */
  *stream(path: string, ask: Ask): Sys<Outcome<Stream>> {
    const opened = yield* this.open(path, ask);
    if (!opened.ok || opened.value.response.stream) return opened;
    const refused = judge(opened.value.response, ask.what ?? '');
    if (refused.ok) return opened;
    yield* call('close', { fd: opened.value.fd });
    return refused;
  }

  private *expired(response: HttpResponse): Sys<boolean> {
    const { notAfter } = response.cert ?? {};
    if (notAfter === undefined || this.config.trust === null) return false;
    const now = yield* call('now', {});
    return now.ok && now.value.real > notAfter;
  }

  transport(error: FetchError): Failure {
    const text = error.kind === 'tls' && error.reason === 'plain' ? 'http: server gave HTTP response to HTTPS client'
      : error.kind === 'tls' && error.reason === 'wrong name' ? wrongName(error.detail, this.host)
      : error.kind === 'timeout' && error.phase === 'connect' && this.config.timeoutUs !== undefined && this.config.timeoutUs < DIAL_TIMEOUT_US
        ? 'net/http: request canceled while waiting for connection (Client.Timeout exceeded while awaiting headers)'
      : goError(error);
    return { is: 'transport', host: this.host, text };
  }

  *close(): Sys<void> {
    if (this.fd !== null) yield* call('close', { fd: this.fd });
    this.fd = null;
  }

  private *trace(path: string, ask: Ask, answer: Outcome<HttpResponse>, since: number): Sys<void> {
    const now = yield* call('now', {});
    const [real, mono] = now.ok ? [now.value.real, now.value.mono] : [0, since];
    const head = `I${klogTime(real)} ${String(this.pid).padStart(7)} `;
    const method = ask.method ?? 'GET';
    const code = answer.ok ? `${answer.value.status} ${STATUS_TEXT[answer.value.status] ?? ''}`.trim() : '';
    const spent = `${code ? `${code} ` : ''}in ${Math.floor((mono - since) / 1000)} milliseconds`;
    const body = ask.body === undefined || ask.body === null ? '' : `${head}request.go:942] Request Body: ${toJson(ask.body, '')}\n`;
    if (this.verbosity === 6) yield* err(`${head}round_trippers.go:438] ${method} ${this.base}${path} ${spent}\n`);
    else {
      const headers = Object.entries(this.headers(ask)).map(([name, value]) => `${head}round_trippers.go:429]     ${name}: ${name === 'Authorization' ? `${value.split(' ')[0]} <masked>` : value}\n`);
      yield* err(`${this.verbosity >= 8 ? body : ''}${head}round_trippers.go:416] ${method} ${this.base}${path}\n${head}round_trippers.go:423] Request Headers:\n${headers.join('')}${head}round_trippers.go:441] Response Status: ${spent}\n`);
    }
    if (this.verbosity >= 8 && answer.ok) {
      const text = typeof answer.value.body === 'string' ? answer.value.body : toJson(answer.value.body, '');
      const shown = this.verbosity === 8 && text.length > 1024 ? `${text.slice(0, 1024)} [truncated ${text.length - 1024} chars]` : text;
      yield* err(`${head}request.go:942] Response Body: ${shown}\n`);
    }
  }
}

const STATUS_TEXT: Readonly<Record<number, string>> = {
  101: 'Switching Protocols', 200: 'OK', 201: 'Created', 202: 'Accepted', 400: 'Bad Request', 401: 'Unauthorized', 403: 'Forbidden', 404: 'Not Found',
  405: 'Method Not Allowed', 409: 'Conflict', 410: 'Gone', 422: 'Unprocessable Entity', 429: 'Too Many Requests', 500: 'Internal Server Error',
  502: 'Bad Gateway', 503: 'Service Unavailable', 504: 'Gateway Timeout',
};

function wrongName(names: string, host: string): string {
  const bare = host.replace(/:\d+$/, '');
  const isIp = /^[\d.]+$/.test(bare);
  const list = names.split(', ').filter((name) => /^[\d.]+$/.test(name) === isIp);
  if (!list.length) return isIp ? `x509: cannot validate certificate for ${bare} because it doesn't contain any IP SANs` : `x509: certificate is not valid for any names, but wanted to match ${bare}`;
  return `x509: certificate is valid for ${list.join(', ')}, not ${bare}`;
}

/** 2xx is its body; anything else is a Status, the server's own or one made from the code. */
export function judge(response: HttpResponse, what: string): Outcome<Json> {
  const { status, body } = response;
  const parsed = typeof body === 'string' && /^\s*\{/.test(body) ? parseJson(body) : body;
  const isStatus = isObj(parsed) && (parsed as Obj)['kind'] === 'Status';
  if (status >= 200 && status < 300 && !(isStatus && (parsed as Obj)['status'] === 'Failure')) return done(parsed);
  if (isStatus) return failed({ is: 'status', status: parsed as Obj });
  return failed({ is: 'status', status: genericStatus(status, typeof body === 'string' ? body : '', what) });
}

function parseJson(text: string): Json {
  try { return JSON.parse(text) as Json; } catch { return text; }
}
