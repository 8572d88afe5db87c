/**
 * The v2 client as etcdctl uses it: a shuffled list of endpoints that is first exchanged for the one that
 * the cluster publishes; two seconds for each, five in all. client/v2 of 3.3.
 */
import { seconds, type Us } from '../../../sim/engine/time.ts';
import { parsePem } from '../../../sim/proc/certificate.ts';
import { type FetchError, goError } from '../../../sim/proc/http.ts';
import { err, STRERROR } from '../../../sim/proc/libc.ts';
import type { Json, Sys } from '../../../sim/proc/program.ts';
import { call } from '../../../sim/proc/syscalls.ts';
import { ask, type EtcdClient } from '../../../sim/services/etcd/client.ts';

export interface Failure { text: string; /** What each endpoint said, when all were asked. */ parts: readonly string[] | null; /** Nobody could be dialled. */ connection: boolean; etcd?: Json }
export type Done = { ok: true; status: number; body: Json; headers: Readonly<Record<string, string>> } | { ok: false; failure: Failure };

/** State of one run of etcdctl: changes as endpoints answer or do not. */
export interface V2Client { endpoints: string[]; pinned: number; client: EtcdClient; headerUs: Us; totalUs: Us; dialUs: Us; debug: boolean }

export interface Request { method: string; path: string; body?: Json; /** As curl's -d would have it. */ form?: string; oneShot?: boolean; wait?: boolean }

export function* loadTls(files: { cert: string; key: string; ca: string }): Sys<{ ok: true; client: Pick<EtcdClient, 'cert' | 'trust'> } | { ok: false; error: string }> {
  const texts: (string | null)[] = [];
  for (const path of [files.cert, files.key, files.ca]) {
    const text = path ? yield* call('readFile', { path }) : null;
    if (text && !text.ok) return { ok: false, error: `open ${path}: ${(STRERROR[text.errno] ?? text.errno).toLowerCase()}` };
    texts.push(text ? text.value : null);
  }
  if ((texts[0] === null) !== (texts[1] === null)) return { ok: false, error: `KeyFile and CertFile must both be present[key: ${files.key}, cert: ${files.cert}]` };
  const cert = texts[0] === null ? null : parsePem(texts[0]!);
  if (texts[0] !== null && !cert) return { ok: false, error: 'tls: failed to find any PEM data in certificate input' };
  const ca = texts[2] === null ? null : parsePem(texts[2]!);
  return { ok: true, client: { cert, trust: ca ? [ca.ca] : [] } };
}

export function* shuffle<T>(items: readonly T[]): Sys<T[]> {
  const out: T[] = [];
  for (const [i, item] of items.entries()) {
    const drawn = yield* call('random', { below: i + 1 });
    const j = drawn.ok ? drawn.value : i;
    out[i] = out[j]!;
    out[j] = item;
  }
  return out;
}

function* mono(): Sys<Us> {
  const now = yield* call('now', {});
  return now.ok ? now.value.mono : 0;
}

/** The context's patience ran out. */
const LATE: Failure = { text: 'context deadline exceeded', parts: null, connection: false };

/** Asks the endpoints in turn, from the one that answered last. `until`: when patience ends; 0: never. */
export function* request(c: V2Client, r: Request, until: Us): Sys<Done> {
  const parts: string[] = [];
  let connection = true;
  const start = c.pinned;
  for (let i = start; i < c.endpoints.length + start; i++) {
    const k = i % c.endpoints.length;
    const endpoint = c.endpoints[k]!;
    if (c.debug) yield* err(`cURL Command: curl -X ${r.method} ${endpoint}${r.path}${r.form ? ` -d ${JSON.stringify(r.form)}` : ''}\n`);
    const left = until === 0 ? Infinity : until - (yield* mono());
    if (left <= 0) return { ok: false, failure: LATE };
    const patience = r.wait ? undefined : Math.min(c.headerUs || Infinity, left);
    const began = yield* mono();
    const got = yield* ask(c.client, endpoint, { method: r.method, path: r.path, body: r.body ?? null, headers: r.form === undefined ? {} : { 'Content-Type': 'application/x-www-form-urlencoded' } },
      { timeoutUs: patience === Infinity ? undefined : patience, dialTimeoutUs: Math.min(c.dialUs, patience ?? Infinity), keep: r.wait });
    const failed = yield* judge(got.ok ? null : got.error, endpoint, { left, patience, took: (yield* mono()) - began });
    if (failed === 'late') return { ok: false, failure: LATE };
    if (got.ok && got.response.status < 500) {
      c.pinned = k;
      if (r.wait && got.response.stream) {
        const event = yield* call('recv', { fd: got.fd });
        yield* call('close', { fd: got.fd });
        if (event.ok && event.value) return { ok: true, status: 200, body: event.value.data, headers: got.response.headers };
        parts.push('unexpected EOF');
        connection = false;
        continue;
      }
      if (r.wait) yield* call('close', { fd: got.fd });
      return { ok: true, status: got.response.status, body: got.response.body, headers: got.response.headers };
    }
    const text = got.ok ? serverError(endpoint, got.response.status) : failed!;
    connection &&= !got.ok && text !== `client: endpoint ${endpoint} exceeded header timeout` && isDial(got.error);
    parts.push(text);
    if (!r.oneShot) continue;
    c.pinned = (k + 1) % c.endpoints.length;
    return { ok: false, failure: { text, parts: null, connection } };
  }
  return { ok: false, failure: { text: `client: etcd cluster is unavailable or misconfigured${parts.map((part, i) => `; error #${i}: ${part}\n`).join('')}`, parts, connection } };
}

const serverError = (endpoint: string, status: number): string =>
  (status === 500 || status === 503 ? `client: etcd member ${endpoint} has no leader` : `client: etcd member ${endpoint} returns server error [${STATUS_TEXT[status] ?? status}]`);
const STATUS_TEXT: Readonly<Record<number, string>> = { 501: 'Not Implemented', 502: 'Bad Gateway', 504: 'Gateway Timeout' };

/** Dialling is what failed (or, as Go has it, reading). */
const isDial = (error: FetchError): boolean => error.kind === 'connect' || error.kind === 'dns' || error.kind === 'reset' || (error.kind === 'timeout' && error.phase === 'connect');

function* judge(error: FetchError | null, endpoint: string, time: { left: Us; patience: Us | undefined; took: Us }): Sys<string | 'late' | null> {
  if (error === null) return null;
  if (error.kind !== 'timeout') return goError(error);
  if (time.patience !== undefined && time.took >= time.patience) return time.left <= time.patience ? 'late' : `client: endpoint ${endpoint} exceeded header timeout`;
  return goError(error);
}

/** Exchanges the endpoints for those that the members publish. */
export function* sync(c: V2Client): Sys<Failure | 'no endpoints' | null> {
  const got = yield* request(c, { method: 'GET', path: '/v2/members' }, (yield* mono()) + c.totalUs);
  if (!got.ok) return got.failure;
  const { members } = got.body as unknown as { members: { clientURLs: string[] }[] };
  const urls = members.flatMap((member) => member.clientURLs);
  if (!urls.length) return 'no endpoints';
  const sorted = (list: readonly string[]): string => [...list].sort().join();
  if (sorted(urls) === sorted(c.endpoints)) return null;
  c.endpoints = yield* shuffle(urls);
  c.pinned = 0;
  return null;
}

export const untilOf = function* (c: V2Client): Sys<Us> { return (yield* mono()) + c.totalUs; };
export const DIAL_MAX_US = seconds(30);
