/**
 * What the server passes on to kubelets and pods: logs, exec, attach, port-forward, proxy. It opens a
 * connection of its own and pumps messages both ways; threads do that, so the request's own is free.
 * pkg/registry/core/pod/rest, k8s.io/apimachinery/pkg/util/proxy v1.14.
 */
import { seconds } from '../../engine/time.ts';
import { type FetchError, fetch, goError } from '../../proc/http.ts';
import type { Json, Sys } from '../../proc/program.ts';
import { call, type Fd } from '../../proc/syscalls.ts';
import { builtin } from '../../kube/kinds.ts';
import { portNumber } from '../../kube/pods.ts';
import { joinStreams } from '../../kube/pump.ts';
import { badRequest, type Failure, internal, internalError, isFailure, notFound, unavailable } from '../../kube/status.ts';
import type { ContainerStatus, Endpoints, Node, Pod, Service } from '../../kube/types.ts';
import { type Answer, type Context, flag, ok, one } from './request.ts';
import { getStored, keyOf } from './store.ts';

const KUBELET_PORT = 10_250;

function* podOf(ctx: Context): Sys<Pod | Failure> {
  const stored = yield* getStored(ctx.options, keyOf(builtin('pods'), ctx.info.namespace, ctx.info.name), true);
  if (isFailure(stored)) return stored;
  return stored ? (stored.value as Pod) : notFound({ plural: 'pods', group: '' }, ctx.info.name);
}

function* nodeAddress(ctx: Context, name: string): Sys<string | Failure> {
  const stored = yield* getStored(ctx.options, keyOf(builtin('nodes'), '', name), true);
  if (isFailure(stored)) return stored;
  if (!stored) return notFound({ plural: 'nodes', group: '' }, name);
  const { addresses = [] } = (stored.value as Node).status ?? {};
  return (addresses.find((a) => a.type === 'InternalIP') ?? addresses.find((a) => a.type === 'Hostname'))?.address ?? internalError(`no preferred addresses found; known addresses: []`);
}

/** The container asked for, or the only one. */
function containerOf(ctx: Context, pod: Pod): string | Failure {
  const wanted = one(ctx.query, 'container');
  const names = pod.spec.containers.map((c) => c.name);
  const inits = (pod.spec.initContainers ?? []).map((c) => c.name);
  if (wanted) return names.includes(wanted) || inits.includes(wanted) ? wanted : badRequest(`container ${wanted} is not valid for pod ${pod.metadata.name}`);
  if (names.length === 1) return names[0]!;
  const or = inits.length ? ` or one of the init containers: [${inits.join(' ')}]` : '';
  return badRequest(`a container name must be specified for pod ${pod.metadata.name}, choose one of: [${names.join(' ')}]${or}`);
}

/** The query as it was typed, without what the server has used. */
const forward = (ctx: Context, drop: readonly string[]): string => {
  const at = ctx.http.path.indexOf('?');
  const kept = at < 0 ? [] : ctx.http.path.slice(at + 1).split('&').filter((pair) => pair && !drop.includes(pair.split('=')[0]!));
  return kept.length ? `?${kept.join('&')}` : '';
};

interface Upstream { readonly url: string; readonly method: string; readonly body: Json }

function* ask(ctx: Context, upstream: Upstream): Sys<{ ok: true; fd: Fd; answer: Answer } | { ok: false; error: FetchError }> {
  const got = yield* fetch(upstream.url, {
    method: upstream.method, body: upstream.body, cert: ctx.options.kubeletCert, trust: upstream.url.startsWith('https') && ctx.options.kubeletCa ? [ctx.options.kubeletCa] : null,
    connectTimeoutUs: seconds(30), headers: { Accept: '*/*', 'User-Agent': 'kube-apiserver' },
  });
  if (!got.ok) return got;
  const { status, body, stream, headers } = got.response;
  return { ok: true, fd: got.fd, answer: { status, body, headers, ...(stream ? { stream } : {}) } };
}

/** Answers with what the upstream says, and pumps if it streams. */
function* relay(ctx: Context, upstream: Upstream, failure: (error: FetchError) => Failure): Sys<Answer | Failure | 'taken'> {
  const got = yield* ask(ctx, upstream);
  if (!got.ok) return failure(got.error);
  if (!got.answer.stream) {
    yield* call('close', { fd: got.fd });
    return got.answer;
  }
  yield* call('send', { fd: ctx.fd, data: { ...got.answer, headers: got.answer.headers ?? {}, cert: ctx.options.cert } as unknown as Json, size: 200 });
  yield* joinStreams(ctx.fd, got.fd);
  return 'taken';
}

export function* log(ctx: Context): Sys<Answer | Failure | 'taken'> {
  const pod = yield* podOf(ctx);
  if (isFailure(pod)) return pod;
  const container = containerOf(ctx, pod);
  if (isFailure(container)) return container;
  if (!pod.spec.nodeName) return ok('');
  const status = [...(pod.status?.containerStatuses ?? []), ...(pod.status?.initContainerStatuses ?? [])].find((s) => s.name === container);
  const waiting = notStarted(ctx, pod, container, status);
  if (waiting) return waiting;
  const address = yield* nodeAddress(ctx, pod.spec.nodeName);
  if (isFailure(address)) return address;
  const url = `https://${address}:${KUBELET_PORT}/containerLogs/${ctx.info.namespace}/${ctx.info.name}/${container}${forward(ctx, ['container'])}`;
  return yield* relay(ctx, { url, method: 'GET', body: null }, (error) => internal(`Get ${url}: ${goError(error)}`));
}

/** A container that never ran has no log: the kubelet's own words, known from the pod's status. */
function notStarted(ctx: Context, pod: Pod, container: string, status: ContainerStatus | undefined): Failure | null {
  const previous = flag(ctx.query, 'previous');
  const name = pod.metadata.name;
  const waiting = status?.state.waiting;
  if (previous && !status?.lastState.terminated) return badRequest(`previous terminated container ${JSON.stringify(container)} in pod ${JSON.stringify(name)} not found`);
  if (previous || !waiting || status?.lastState.terminated) return null;
  const why = waiting.reason === 'ErrImagePull' ? "image can't be pulled" : waiting.reason === 'ImagePullBackOff' ? 'trying and failing to pull image' : `waiting to start: ${waiting.reason ?? ''}`;
  return badRequest(`container ${JSON.stringify(container)} in pod ${JSON.stringify(name)} is ${why.startsWith('waiting') ? why : `waiting to start: ${why}`}`);
}

/** exec, attach and portforward: the kubelet's answer decides. */
export function* session(ctx: Context, kind: 'exec' | 'attach' | 'portForward'): Sys<Answer | Failure | 'taken'> {
  const pod = yield* podOf(ctx);
  if (isFailure(pod)) return pod;
  let path = `${kind}/${ctx.info.namespace}/${ctx.info.name}`;
  if (kind !== 'portForward') {
    const container = containerOf(ctx, pod);
    if (isFailure(container)) return container;
    path += `/${container}`;
  }
  if (!pod.spec.nodeName) return badRequest(`pod ${pod.metadata.name} does not have a host assigned`);
  const address = yield* nodeAddress(ctx, pod.spec.nodeName);
  if (isFailure(address)) return address;
  const url = `https://${address}:${KUBELET_PORT}/${path}${forward(ctx, ['container'])}`;
  return yield* relay(ctx, { url, method: 'POST', body: ctx.http.body }, (error) => internal(`error dialing backend: ${goError(error)}`));
}

/** proxy of pods, services and nodes: plain HTTP, one request. */
export function* proxy(ctx: Context): Sys<Answer | Failure | 'taken'> {
  const { plural, name, rest } = ctx.info;
  const [scheme, base, port] = proxyName(name);
  let where: string | Failure;
  if (plural === 'nodes') {
    const address = yield* nodeAddress(ctx, base);
    where = isFailure(address) ? address : `https://${address}:${port || KUBELET_PORT}`;
  } else where = plural === 'pods' ? yield* podTarget(ctx, scheme, base, port) : yield* serviceTarget(ctx, scheme, base, port);
  if (typeof where !== 'string') return where;
  const url = `${where}/${rest}${forward(ctx, [])}`;
  return yield* relay(ctx, { url, method: ctx.http.method, body: ctx.http.body }, (error) => unavailable(`Error: '${goError(error)}'\nTrying to reach: '${url}'`));
}

/** [scheme:]name[:port] */
function proxyName(text: string): [string, string, string] {
  const parts = text.split(':');
  return parts.length === 1 ? ['http', parts[0]!, ''] : parts.length === 2 ? ['http', parts[0]!, parts[1]!] : [parts[0] || 'http', parts[1]!, parts[2]!];
}

function* podTarget(ctx: Context, scheme: string, name: string, port: string): Sys<string | Failure> {
  const stored = yield* getStored(ctx.options, keyOf(builtin('pods'), ctx.info.namespace, name), true);
  if (isFailure(stored)) return stored;
  if (!stored) return notFound({ plural: 'pods', group: '' }, name);
  const pod = stored.value as Pod;
  const number = port ? portNumber(port, pod.spec.containers) : pod.spec.containers[0]?.ports?.[0]?.containerPort ?? 80;
  return pod.status?.podIP ? `${scheme}://${pod.status.podIP}:${number}` : internalError('address not allowed');
}

function* serviceTarget(ctx: Context, scheme: string, name: string, port: string): Sys<string | Failure> {
  const service = yield* getStored(ctx.options, keyOf(builtin('services'), ctx.info.namespace, name), true);
  if (isFailure(service)) return service;
  if (!service) return notFound({ plural: 'services', group: '' }, name);
  const ports = (service.value as Service).spec.ports ?? [];
  const chosen = port ? ports.find((p) => p.name === port || String(p.port) === port) : ports.length === 1 ? ports[0] : undefined;
  if (!chosen) return unavailable(`no service port ${JSON.stringify(port)} found for service ${JSON.stringify(name)}`);
  const endpoints = yield* getStored(ctx.options, keyOf(builtin('endpoints'), ctx.info.namespace, name), true);
  if (isFailure(endpoints)) return endpoints;
  for (const subset of (endpoints?.value as Endpoints | undefined)?.subsets ?? []) {
    const to = subset.ports?.find((p) => (p.name ?? '') === (chosen.name ?? ''));
    const address = subset.addresses?.[0];
    if (to && address) return `${scheme}://${address.ip}:${to.port}`;
  }
  return unavailable(`no endpoints available for service ${JSON.stringify(name)}`);
}
