/**
 * The kubelet's own server on 10250: logs, exec, attach, port-forward, the pods it runs, their figures.
 * Who may ask is the API's to say. pkg/kubelet/server v1.14.
 */
import { seconds } from '../../engine/time.ts';
import type { HttpRequest, HttpResponse } from '../../proc/http.ts';
import type { Json, Start, Sys } from '../../proc/program.ts';
import { call, type Fd } from '../../proc/syscalls.ts';
import { joinStreams } from '../../kube/pump.ts';
import { api } from '../../kube/client.ts';
import { cached } from '../../kube/informer.ts';
import { parseTime } from '../../kube/time.ts';
import type { Pod } from '../../kube/types.ts';
import { kubelet, type Kubelet } from './context.ts';
import { boxesOf, docker, type Box } from './docker.ts';
import { rouse } from './probes.ts';
import { sandboxIp } from './start.ts';
import { attempts } from './status.ts';
import { summary } from './summary.ts';

type Params = ReadonlyMap<string, readonly string[]>;

function parse(path: string): { parts: string[]; params: Params } {
  const [plain, query = ''] = path.split('?') as [string, string?];
  const decode = (s: string): string => { try { return decodeURIComponent(s.replace(/\+/g, ' ')); } catch { return s; } };
  const params = new Map<string, string[]>();
  for (const pair of query.split('&').filter(Boolean)) {
    const at = pair.indexOf('=');
    const name = decode(at < 0 ? pair : pair.slice(0, at));
    params.set(name, [...(params.get(name) ?? []), at < 0 ? '' : decode(pair.slice(at + 1))]);
  }
  return { parts: plain.split('/').filter(Boolean).map(decode), params };
}

const text = (status: number, body: string): HttpResponse => ({ status, headers: { 'Content-Type': 'text/plain; charset=utf-8' }, body });

const REQUESTS = 20;
/** The entry `server`: a connection. */
export function* serverThread(start: Start): Sys<void> {
  const { fd } = start.event as { fd: Fd };
  const k = yield* kubelet();
  for (let n = 0; n < REQUESTS; n++) {
    const got = yield* call('recv', { fd });
    if (!got.ok || got.value === null) {
      yield* call('close', { fd });
      return;
    }
    const request = got.value.data as unknown as HttpRequest;
    const answer = yield* respond(k, request, fd);
    if (answer === 'taken') return;
    const sent = yield* call('send', { fd, data: { ...answer, cert: k.options.cert } as unknown as Json, size: 300 + (typeof answer.body === 'string' ? answer.body.length : 1_000) });
    if (!sent.ok) {
      yield* call('close', { fd });
      return;
    }
  }
  yield* call('become', { mem: null });
}

function* respond(k: Kubelet, request: HttpRequest, fd: Fd): Sys<HttpResponse | 'taken'> {
  if (!request.tls) return text(400, 'Client sent an HTTP request to an HTTPS server.\n');
  if (!request.cert || request.cert.ca !== k.options.clientCa) return text(401, 'Unauthorized');
  const denied = yield* authorize(k, request);
  if (denied) return denied;
  const { parts, params } = parse(request.path);
  switch (parts[0]) {
    case 'healthz': return text(200, 'ok');
    case 'pods': case 'runningpods': return { status: 200, headers: { 'Content-Type': 'application/json' }, body: { kind: 'PodList', apiVersion: 'v1', metadata: {}, items: Object.values((yield* cached('pods')) ?? {}) as unknown as Json } };
    case 'stats': return { status: 200, headers: { 'Content-Type': 'application/json' }, body: yield* summary(k) };
    case 'metrics': return text(200, `# HELP kubelet_running_pod_count Number of pods currently running\n# TYPE kubelet_running_pod_count gauge\nkubelet_running_pod_count ${Object.keys((yield* cached('pods')) ?? {}).length}\n`);
    case 'containerLogs': case 'exec': case 'attach': case 'portForward': break;
    default: return text(404, '404 page not found\n');
  }
  const [what, namespace = '', name = '', container = ''] = parts;
  const pod = ((yield* cached('pods')) ?? {})[`${namespace}/${name}`] as Pod | undefined;
  if (!pod) return text(404, what === 'containerLogs' ? `pod ${JSON.stringify(name)} does not exist\n` : 'pod does not exist\n');
  const boxes = (yield* boxesOf(pod.metadata.uid!)) ?? [];
  if (what === 'containerLogs') return yield* logs(k, pod, container, boxes, params, fd);
  yield* rouse(pod);
  if (what === 'portForward') return yield* forward(k, boxes, fd);
  const [box] = attempts(boxes, container);
  if (!box?.running) return text(500, `container not found (${JSON.stringify(container)})`);
  return what === 'exec' ? yield* exec(k, box, params, fd) : yield* attach(k, box, fd);
}

/** nodes/proxy, nodes/log…: the API is asked, and its answer kept for five minutes. */
function* authorize(k: Kubelet, request: HttpRequest): Sys<HttpResponse | null> {
  if (!k.options.webhook || request.cert!.organizations?.includes('system:masters')) return null;
  const user = request.cert!.subject;
  const verb = request.method === 'GET' ? 'get' : 'create';
  const sub = /^\/stats/.test(request.path) ? 'stats' : /^\/metrics/.test(request.path) ? 'metrics' : /^\/logs/.test(request.path) ? 'log' : 'proxy';
  const id = `allowed/${user}/${verb}/${sub}`;
  const time = yield* call('now', {});
  const mono = time.ok ? time.value.mono : 0;
  const known = yield* call('memGet', { key: id });
  if (known.ok && typeof known.value === 'number' && mono - known.value < seconds(300)) return null;
  const body = { kind: 'SubjectAccessReview', apiVersion: 'authorization.k8s.io/v1', spec: { user, groups: [...(request.cert!.organizations ?? []), 'system:authenticated'], resourceAttributes: { verb, version: 'v1', resource: 'nodes', subresource: sub, name: k.options.node } } };
  const got = yield* api(k.api, 'POST', '/apis/authorization.k8s.io/v1/subjectaccessreviews', { body, timeoutUs: seconds(10) });
  if (!got.ok) return text(500, `Authorization error (user=${user}, verb=${verb}, resource=nodes, subresource=${sub})`);
  if (!(got.body as { status?: { allowed?: boolean } }).status?.allowed) return text(403, `Forbidden (user=${user}, verb=${verb}, resource=nodes, subresource=${sub})`);
  yield* call('memSet', { key: id, value: mono });
  return null;
}

// ---- logs

interface Line { readonly log: string; readonly stream: string; readonly time: string }

function* logs(k: Kubelet, pod: Pod, container: string, boxes: readonly Box[], params: Params, fd: Fd): Sys<HttpResponse | 'taken'> {
  const one = (name: string): string | undefined => params.get(name)?.[0];
  const list = attempts(boxes, container);
  const previous = one('previous') === 'true';
  const box = previous ? list[1] ?? (list[0]?.running === false ? list[0] : undefined) : list[0]?.status === 'created' ? list[1] ?? list[0] : list[0];
  if (!box) return text(400, previous ? `previous terminated container ${JSON.stringify(container)} in pod ${JSON.stringify(pod.metadata.name)} not found` : `container ${JSON.stringify(container)} in pod ${JSON.stringify(pod.metadata.name)} is not available`);
  const file = yield* call('readFile', { path: `/ext/docker/containers/${box.id}/${box.id}-json.log` });
  const time = yield* call('now', {});
  const since = one('sinceSeconds') ? (time.ok ? time.value.real : 0) - Number(one('sinceSeconds')) * 1_000_000 : parseTime(one('sinceTime'));
  let lines = (file.ok ? file.value : '').split('\n').filter(Boolean).map((line) => JSON.parse(line) as Line);
  if (since !== null) lines = lines.filter((line) => (parseTime(line.time) ?? 0) >= since);
  const tail = one('tailLines');
  if (tail !== undefined) lines = Number(tail) > 0 ? lines.slice(-Number(tail)) : [];
  const stamps = one('timestamps') === 'true';
  let body = lines.map((line) => (stamps ? `${line.time} ${line.log}` : line.log)).join('');
  const limit = one('limitBytes');
  if (limit !== undefined) body = body.slice(0, Number(limit));
  if (one('follow') !== 'true' || !box.running) return text(200, body);
  const stream = yield* docker('GET', `/containers/${box.id}/logs?stdout=1&stderr=1&follow=1&tail=0${stamps ? '&timestamps=1' : ''}`, { keep: true });
  if (!stream.ok) return text(500, stream.message);
  yield* call('send', { fd, data: { status: 200, headers: {}, body: null, stream: true, cert: k.options.cert } as unknown as Json, size: 200 });
  if (body) yield* call('send', { fd, data: body, size: body.length });
  yield* call('thread', { entry: 'logs', event: { from: stream.fd, to: fd } });
  yield* call('recv', { fd }); // the client says nothing more: this is its end
  yield* call('close', { fd: stream.fd });
  yield* call('close', { fd });
  return 'taken';
}

const MESSAGES = 100;
/** The entry `logs`: docker's messages become text for the client. */
export function* logsThread(start: Start): Sys<void> {
  const { from, to } = start.event as { from: Fd; to: Fd };
  for (let n = 0; n < MESSAGES; n++) {
    const got = yield* call('recv', { fd: from });
    // Closed here already, because the client went: `to` may be another's by now.
    if (!got.ok) return;
    const message = got.ok && got.value !== null ? (got.value.data as { stdout?: string; stderr?: string }) : null;
    const piece = message ? message.stdout ?? message.stderr ?? '' : null;
    const sent = piece !== null ? yield* call('send', { fd: to, data: piece, size: piece.length }) : null;
    if (!sent?.ok) {
      yield* call('shutdown', { fd: to });
      return;
    }
  }
  yield* call('become', { mem: null });
}

// ---- exec and attach

function* join(k: Kubelet, fd: Fd, other: Fd): Sys<'taken'> {
  yield* call('send', { fd, data: { status: 101, headers: { Connection: 'Upgrade', Upgrade: 'SPDY/3.1' }, body: null, stream: true, cert: k.options.cert } as unknown as Json, size: 200 });
  yield* joinStreams(fd, other);
  return 'taken';
}

function* exec(k: Kubelet, box: Box, params: Params, fd: Fd): Sys<HttpResponse | 'taken'> {
  const flag = (...names: string[]): boolean => names.some((n) => ['true', '1'].includes(params.get(n)?.[0] ?? ''));
  const command = params.get('command') ?? [];
  const body = { Cmd: command, Tty: flag('tty'), AttachStdin: flag('stdin', 'input'), AttachStdout: true, AttachStderr: flag('stderr', 'error') };
  const made = yield* docker('POST', `/containers/${box.id}/exec`, { body });
  if (!made.ok) return text(500, made.down ? made.message : `Error response from daemon: ${made.message}`);
  const stream = yield* docker('POST', `/exec/${(made.body as { Id: string }).Id}/start`, { body: { Detach: false, Tty: flag('tty') }, keep: true });
  if (!stream.ok) return text(500, stream.message);
  return yield* join(k, fd, stream.fd);
}

function* attach(k: Kubelet, box: Box, fd: Fd): Sys<HttpResponse | 'taken'> {
  const stream = yield* docker('POST', `/containers/${box.id}/attach?stream=1&stdin=1&stdout=1&stderr=1`, { keep: true });
  return stream.ok ? yield* join(k, fd, stream.fd) : text(500, stream.message);
}

// ---- port-forward

function* forward(k: Kubelet, boxes: readonly Box[], fd: Fd): Sys<HttpResponse | 'taken'> {
  const sandbox = boxes.find((b) => b.sandbox && b.running);
  if (!sandbox) return text(500, 'pod does not exist');
  yield* call('send', { fd, data: { status: 101, headers: { Connection: 'Upgrade', Upgrade: 'SPDY/3.1' }, body: null, stream: true, cert: k.options.cert } as unknown as Json, size: 200 });
  yield* call('thread', { entry: 'tunnel', event: { fd, ip: sandbox.hostNetwork ? '127.0.0.1' : yield* sandboxIp(k, sandbox), streams: {} } });
  return 'taken';
}

interface Tunnel { readonly fd: Fd; readonly ip: string }
/** The entry `tunnel`: {open, port}, {id, data}, {close} from the client; a thread carries each way back. */
export function* tunnelThread(start: Start): Sys<void> {
  const { fd, ip } = start.event as unknown as Tunnel;
  const streams: Record<string, Fd> = { ...((start.mem ?? {}) as Record<string, Fd>) };
  for (let n = 0; n < MESSAGES; n++) {
    const got = yield* call('recv', { fd });
    if (!got.ok || got.value === null) {
      for (const other of Object.values(streams)) yield* call('close', { fd: other });
      yield* call('close', { fd });
      return;
    }
    const message = got.value.data as { open?: number; port?: number; id?: number; data?: Json; close?: number };
    if (message.open !== undefined) {
      const made = yield* call('connect', { proto: 'tcp', addr: ip, port: message.port ?? 0, timeoutUs: seconds(10) });
      if (!made.ok) {
        yield* call('send', { fd, data: { id: message.open, error: `an error occurred forwarding ${message.port} -> ${message.port}: error forwarding port ${message.port} to pod: exit status 1: connect(5, AF=2 127.0.0.1:${message.port}, 16): Connection refused` } });
        yield* call('send', { fd, data: { close: message.open } });
        continue;
      }
      streams[String(message.open)] = made.value;
      yield* call('thread', { entry: 'carry', event: { from: made.value, to: fd, id: message.open } });
    } else if (message.id !== undefined && streams[String(message.id)] !== undefined) yield* call('send', { fd: streams[String(message.id)]!, data: message.data ?? null });
    else if (message.close !== undefined && streams[String(message.close)] !== undefined) {
      yield* call('shutdown', { fd: streams[String(message.close)]! });
      delete streams[String(message.close)];
    }
  }
  yield* call('become', { mem: streams });
}

/** The entry `carry`: what the pod answers on one of the tunnel's streams. */
export function* carryThread(start: Start): Sys<void> {
  const { from, to, id } = start.event as { from: Fd; to: Fd; id: number };
  for (let n = 0; n < MESSAGES; n++) {
    const got = yield* call('recv', { fd: from });
    const sent = got.ok && got.value !== null ? yield* call('send', { fd: to, data: { id, data: got.value.data } }) : null;
    if (!sent?.ok) {
      yield* call('send', { fd: to, data: { close: id } });
      yield* call('close', { fd: from });
      return;
    }
  }
  yield* call('become', { mem: null });
}
