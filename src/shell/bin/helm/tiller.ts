/**
 * The way to Tiller: find its pod through the API, open a tunnel to port 44134 with port-forward, and ask. Helm
 * speaks gRPC there; here a request and its answer are values (Helm 2.13.1's errors).
 */
import { fetchOnce, type HttpResponse } from '../../../sim/proc/http.ts';
import type { Json, Start, Sys } from '../../../sim/proc/program.ts';
import { call } from '../../../sim/proc/syscalls.ts';
import { Api } from '../kubectl/api.ts';
import { textOf, type Failure } from '../kubectl/failure.ts';
import { parseFlags, type Flags } from '../kubectl/flags.ts';
import { globalFlags } from '../kubectl/globals.ts';
import { clientConfig, loadConfig } from '../kubectl/kubeconfig.ts';
import type { Obj } from '../kubectl/object.ts';
import { openRemote } from '../kubectl/remote.ts';

export const PORT = 44_134;

export type Asked<T> = { ok: true; value: T } | { ok: false; error: string };

/** A tunnel, or an address of one's own (--host). */
export type Tiller = { fd: number; id: number } | { host: string };

/** The client's configuration in kubectl's terms. */
function kubeFlags(flags: Flags): Flags {
  const words = [...(flags.str('kubeconfig') ? [`--kubeconfig=${flags.str('kubeconfig')}`] : []), ...(flags.str('kube-context') ? [`--context=${flags.str('kube-context')}`] : [])];
  const parsed = parseFlags(words, globalFlags);
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.flags;
}

export function* connectApi(start: Start, flags: Flags): Sys<Asked<Api>> {
  const own = kubeFlags(flags);
  const wrong = (failure: Failure): Asked<Api> => ({ ok: false, error: `could not get Kubernetes config for context ${JSON.stringify(flags.str('kube-context'))}: ${textOf(failure)}` });
  const config = yield* loadConfig(start, own);
  if (!config.ok) return wrong(config.failure);
  const client = yield* clientConfig(config.value, own);
  return client.ok ? { ok: true, value: new Api(client.value, 0, start.pid) } : wrong(client.failure);
}

/** The first ready pod of Tiller. */
export function* tillerPod(api: Api, namespace: string): Sys<Asked<Obj>> {
  const path = `/api/v1/namespaces/${namespace}/pods`;
  const labelSelector = 'app=helm,name=tiller';
  const list = yield* api.get(path, { labelSelector });
  if (!list.ok) {
    return { ok: false, error: list.failure.is === 'transport' ? `Get ${api.base}${path}?labelSelector=app%3Dhelm%2Cname%3Dtiller: ${list.failure.text}` : textOf(list.failure) };
  }
  const pods = (list.value['items'] ?? []) as Obj[];
  if (!pods.length) return { ok: false, error: 'could not find tiller' };
  const ready = pods.find((pod) => ((pod['status']?.conditions ?? []) as Obj[]).some((one) => one['type'] === 'Ready' && one['status'] === 'True'));
  return ready ? { ok: true, value: ready } : { ok: false, error: 'could not find a ready tiller pod' };
}

export function* connectTiller(start: Start, flags: Flags): Sys<Asked<Tiller>> {
  const api = yield* connectApi(start, flags);
  if (!api.ok) return api;
  const pod = yield* tillerPod(api.value, flags.str('tiller-namespace'));
  if (!pod.ok) return pod;
  const { name, namespace } = pod.value['metadata'] as { name: string; namespace: string };
  const stream = yield* openRemote(api.value, `/api/v1/namespaces/${namespace}/pods/${name}/portforward`, {});
  if (!stream.ok) return { ok: false, error: `forwarding ports: error upgrading connection: ${textOf(stream.failure)}` };
  return { ok: true, value: { fd: stream.value, id: 0 } };
}

/** One question, on a connection of its own through the tunnel. */
export function* ask(tiller: Tiller, path: string, flags: Flags, method = 'GET', body: Json = null): Sys<Asked<Json>> {
  if ('host' in tiller) return yield* askDirectly(tiller.host, path, flags, method, body);
  const { fd } = tiller;
  const id = ++tiller.id;
  yield* call('send', { fd, data: { open: id, port: PORT } });
  yield* call('send', { fd, data: { id, data: { method, path, host: `localhost:${PORT}`, headers: {}, body } } });
  const timeoutUs = Math.max(1, flags.int('tiller-connection-timeout')) * 1_000_000;
  for (;;) {
    const got = yield* call('recv', { fd, timeoutUs });
    if (!got.ok && got.errno === 'ETIMEDOUT') return { ok: false, error: 'context deadline exceeded' };
    if (!got.ok || got.value === null) return { ok: false, error: 'transport is closing' };
    const message = got.value.data as { id?: number; data?: Json; close?: number; error?: string };
    if (message.error) return { ok: false, error: message.error };
    if (message.close === id) return { ok: false, error: 'transport is closing' };
    if (message.id !== id || message.data === undefined) continue;
    yield* call('send', { fd, data: { close: id } });
    return judge(message.data as unknown as HttpResponse);
  }
}

/** gRPC dials until its time is up. */
function* askDirectly(host: string, path: string, flags: Flags, method: string, body: Json): Sys<Asked<Json>> {
  const timeoutUs = Math.max(1, flags.int('tiller-connection-timeout')) * 1_000_000;
  const got = yield* fetchOnce(`http://${host}${path}`, { method, body, timeoutUs });
  if (got.ok) return judge(got.response);
  if (got.error.kind !== 'timeout') yield* call('sleep', { us: timeoutUs });
  return { ok: false, error: 'context deadline exceeded' };
}

function judge(response: HttpResponse): Asked<Json> {
  if (response.status >= 200 && response.status < 300) return { ok: true, value: response.body };
  const said = response.body as { error?: string; message?: string } | string | null;
  return { ok: false, error: typeof said === 'string' ? said.trim() : said?.error ?? said?.message ?? `tiller answered with status ${response.status}` };
}
