/**
 * What a check of satellite is: a name and a program that looks at the node as the real agent does, and
 * says what it found (satellite 6.0, monitoring/ and agent/proto). It knows no other node.
 */
import type { Certificate, FetchError, HttpResponse } from '../proc/http.ts';
import { exchange, goError } from '../proc/http.ts';
import { strerror } from '../proc/libc.ts';
import type { Sys } from '../proc/program.ts';
import { call, type Fd } from '../proc/syscalls.ts';

/** Keys in the order of the JSON. */
export interface Finding {
  readonly checker: string; readonly detail?: string; readonly status: 'running' | 'failed';
  readonly error?: string; readonly checker_data?: string; readonly severity?: 'warning';
}

/** What the agent knows of its node and carries along. */
export interface Place {
  readonly address: string; readonly role: 'master' | 'node';
  /** The authority of the cluster. */
  readonly trust: readonly string[] | null;
  /** kubectl's certificate on masters, kubelet's elsewhere. */
  readonly kube: Certificate | null;
  readonly kubelet: Certificate | null;
  readonly etcd: Certificate | null;
}

export interface Probe {
  readonly name: string;
  /** Costs next to nothing: looked at in every cycle, even of a quiet world. */
  readonly cheap: boolean;
  readonly on: 'all' | 'masters' | 'nodes';
  readonly run: (place: Place) => Sys<readonly Finding[]>;
}

export const running = (checker: string, detail?: string): Finding => ({ checker, ...(detail ? { detail } : {}), status: 'running' });

export const failed = (checker: string, detail: string, error: string, data?: string): Finding =>
  ({ checker, ...(detail ? { detail } : {}), status: 'failed', ...(error ? { error } : {}), ...(data ? { checker_data: data } : {}) });

/** How `gravity status` prints a failed check; disk-space alone keeps its error to itself. */
export const failureText = (finding: Finding): string =>
  (finding.checker === 'disk-space' && finding.detail ? finding.detail : `${finding.detail || finding.checker} (${finding.error ?? ''})`);

export type Answered = { readonly ok: true; readonly response: HttpResponse } | { readonly ok: false; readonly error: string };

/** One request over a unix socket, in Go's words when it fails. */
export function* fetchUnix(path: string, url: string, timeoutUs: number): Sys<Answered> {
  const connected = yield* call('connectUnix', { path });
  if (!connected.ok) return { ok: false, error: `Get ${url}: dial unix ${path}: connect: ${strerror(connected.errno).toLowerCase()}` };
  const fd: Fd = connected.value;
  const request = { method: 'GET', path: url.replace(/^http:\/\/[^/]+/, ''), host: 'docker', headers: {}, body: null };
  const got = yield* exchange(fd, request, timeoutUs);
  yield* call('close', { fd });
  if (!got.ok) return { ok: false, error: `Get ${url}: net/http: request canceled (Client.Timeout exceeded while awaiting headers)` };
  return got.value === null ? { ok: false, error: `Get ${url}: EOF` } : { ok: true, response: got.value };
}

export const getError = (url: string, error: FetchError): string => `Get ${url}: ${goError(error)}`;

const STATUS_TEXT: Readonly<Record<number, string>> = {
  400: 'Bad Request', 401: 'Unauthorized', 403: 'Forbidden', 404: 'Not Found', 500: 'Internal Server Error', 502: 'Bad Gateway', 503: 'Service Unavailable',
};
export const statusText = (status: number): string => STATUS_TEXT[status] ?? String(status);
