/** The docker command's way to its daemon, and the words it has for what goes wrong. */
import type { HttpResponse } from '../../../proc/http.ts';
import type { Json, Sys } from '../../../proc/program.ts';
import { call, type Fd } from '../../../proc/syscalls.ts';
import { SOCKET } from '../record.ts';

export type Asked = { ok: true; status: number; body: Json; fd: Fd } | { ok: false; status: number; message: string };

export const NO_DAEMON = `Cannot connect to the Docker daemon at unix://${SOCKET}. Is the docker daemon running?`;

/** One request; with `keep` the connection is the caller's. */
export function* engine(method: string, path: string, body?: Json, keep = false): Sys<Asked> {
  const connected = yield* call('connectUnix', { path: SOCKET });
  if (!connected.ok) {
    const denied = connected.errno === 'EACCES' || connected.errno === 'EPERM';
    return { ok: false, status: 0, message: denied ? `Got permission denied while trying to connect to the Docker daemon socket at unix://${SOCKET}: ${method === 'GET' ? 'Get' : 'Post'} http://%2Fvar%2Frun%2Fdocker.sock/v1.39${path}: dial unix ${SOCKET}: connect: permission denied` : NO_DAEMON };
  }
  const fd = connected.value;
  yield* call('send', { fd, data: { method, path: `/v1.39${path}`, host: 'docker', headers: {}, body: body ?? null } });
  const got = yield* call('recv', { fd });
  if (!got.ok || got.value === null) {
    yield* call('close', { fd });
    return { ok: false, status: 0, message: 'error during connect: EOF' };
  }
  const response = got.value.data as unknown as HttpResponse;
  if (!keep || response.status >= 300) yield* call('close', { fd });
  if (response.status < 300) return { ok: true, status: response.status, body: response.body, fd };
  const message = (response.body as { message?: string } | null)?.message ?? String(response.body);
  return { ok: false, status: response.status, message: `Error response from daemon: ${message}` };
}

/** text/tabwriter as the docker command uses it: columns as wide as their longest cell, three blanks apart (20 at least in 18.09). */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_h, i) => Math.max(20, ...rows.map((r) => (r[i] ?? '').length + 3)));
  return rows.map((row) => `${row.map((cell, i) => (i === row.length - 1 ? cell : cell.padEnd(widths[i]!))).join('')}\n`).join('');
}

/** go-units: 52.4MB, 1.2GB. */
export function humanSize(bytes: number): string {
  const names = ['B', 'kB', 'MB', 'GB', 'TB'];
  let n = bytes;
  let i = 0;
  while (n >= 1000 && i < names.length - 1) { n /= 1000; i++; }
  return `${Number(n.toPrecision(3))}${names[i]}`;
}
