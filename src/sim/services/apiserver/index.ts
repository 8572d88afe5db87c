/**
 * kube-apiserver: Kubernetes' REST API over etcd. Its main reads flags and certificates, fills the copies
 * it holds, binds the secure port; each connection is a thread. Kubernetes v1.14.1 as planet starts it.
 */
import { minutes, seconds } from '../../engine/time.ts';
import { parsePem } from '../../proc/certificate.ts';
import type { Certificate, HttpRequest } from '../../proc/http.ts';
import { err, fail } from '../../proc/libc.ts';
import type { ExitCode, Json, Program, Start, Sys } from '../../proc/program.ts';
import { call, type Fd } from '../../proc/syscalls.ts';
import { KEEPALIVE } from '../../kube/client.ts';
import { parseDuration, parseFlags, type Flags } from '../../kube/flags.ts';
import { builtin } from '../../kube/kinds.ts';
import { klog } from '../../kube/time.ts';
import { etcdClient, etcdCompact, etcdRange } from '../etcd/client.ts';
import { policyOf } from './audit.ts';
import { bootstrap, ownService } from './bootstrap.ts';
import { resourceOf } from './custom.ts';
import { getHeld, HELD, isSynced } from './held.ts';
import { parseInfo, splitPath, type Options } from './request.ts';
import { route } from './route.ts';
import { pumpThread } from '../../kube/pump.ts';
import { ensureWatch, reflect, unsubscribe } from './watch.ts';

const VALUES = ['advertise-address', 'audit-log-maxage', 'audit-log-maxbackup', 'audit-log-maxsize', 'audit-log-path', 'audit-policy-file', 'authorization-mode', 'bind-address', 'client-ca-file',
  'cloud-provider', 'cloud-config', 'enable-admission-plugins', 'admission-control', 'endpoint-reconciler-type', 'etcd-cafile', 'etcd-certfile', 'etcd-keyfile', 'etcd-servers', 'event-ttl', 'feature-gates', 'insecure-port',
  'kubelet-certificate-authority', 'kubelet-client-certificate', 'kubelet-client-key', 'proxy-client-cert-file', 'proxy-client-key-file', 'requestheader-allowed-names', 'requestheader-client-ca-file',
  'requestheader-extra-headers-prefix', 'requestheader-group-headers', 'requestheader-username-headers', 'runtime-config', 'secure-port', 'service-account-key-file', 'service-cluster-ip-range', 'service-node-port-range',
  'storage-backend', 'tls-cert-file', 'tls-cipher-suites', 'tls-private-key-file', 'token-auth-file', 'v', 'apiserver-count', 'target-ram-mb'];
const BOOLEANS = ['allow-privileged', 'anonymous-auth', 'logtostderr', 'profiling', 'kubelet-https', 'enable-aggregator-routing', 'service-account-lookup'];
const DEFAULT_PLUGINS = ['NamespaceLifecycle', 'LimitRanger', 'ServiceAccount', 'ResourceQuota'];

function* certificate(path: string | undefined): Sys<Certificate | null> {
  const file = path ? yield* call('readFile', { path }) : null;
  return file?.ok ? parsePem(file.value) : null;
}

function* optionsOf(flags: Flags): Sys<Options | string> {
  const { values } = flags;
  const cert = yield* certificate(values['tls-cert-file']);
  if (!cert) return `error loading TLS cert: open ${values['tls-cert-file'] ?? ''}: no such file or directory`;
  const authority = yield* certificate(values['client-ca-file']);
  const key = yield* call('readFile', { path: values['service-account-key-file'] ?? '' });
  const policy = values['audit-policy-file'] ? yield* call('readFile', { path: values['audit-policy-file'] }) : null;
  const rule = policy?.ok ? policyOf(policy.value) : null;
  const kubeletCa = yield* certificate(values['kubelet-certificate-authority']);
  const [low, high] = (values['service-node-port-range'] ?? '30000-32767').split('-').map(Number) as [number, number];
  return {
    address: values['advertise-address'] ?? values['bind-address'] ?? '0.0.0.0', port: Number(values['secure-port'] ?? 6443), clusterIpRange: values['service-cluster-ip-range'] ?? '10.0.0.0/24',
    nodePorts: [low, high], etcd: yield* etcdClient((values['etcd-servers'] ?? 'https://127.0.0.1:2379').split(','), { certFile: values['etcd-certfile'], caFile: values['etcd-cafile'] }),
    cert, clientCa: authority?.ca ?? null, kubeletCert: yield* certificate(values['kubelet-client-certificate']), kubeletCa: kubeletCa?.ca ?? null,
    serviceAccountKey: key.ok ? key.value : '', plugins: (values['enable-admission-plugins'] ?? values['admission-control'] ?? DEFAULT_PLUGINS.join(',')).split(','),
    authorization: (values['authorization-mode'] ?? 'AlwaysAllow').split(','), anonymous: values['anonymous-auth'] !== 'false',
    eventTtl: Math.floor((parseDuration(values['event-ttl'] ?? '1h') ?? 3_600_000_000) / 1_000_000),
    audit: rule && values['audit-log-path'] ? { path: values['audit-log-path'], ...rule } : null,
  };
}

function* say(start: Start, level: 'I' | 'E' | 'F', where: string, text: string): Sys<void> {
  const time = yield* call('now', {});
  yield* err(klog(level, time.ok ? time.value.real : 0, start.pid, where, text));
}

function* main(start: Start): Sys<ExitCode> {
  const flags = parseFlags(start.argv, VALUES, BOOLEANS);
  if (!flags.ok) return yield* fail(`Error: ${flags.error}`);
  const options = yield* optionsOf(flags.value);
  if (typeof options === 'string') return yield* fail(`error: ${options}`);
  yield* say(start, 'I', 'server.go:559', `external host was not specified, using ${options.address}`);
  yield* say(start, 'I', 'server.go:146', 'Version: v1.14.1');
  const alive = yield* etcdRange(options.etcd, { key: '/registry/health' }, seconds(20));
  if (!alive.ok && alive.dial) {
    yield* say(start, 'F', 'storage_decorator.go:57', `Unable to create storage backend: config (&{ /registry {${options.etcd.endpoints.join(' ')}} true}), err (${alive.error})`);
    return 255;
  }
  yield* call('memSet', { key: 'options', value: options as unknown as Json });
  for (const plural of HELD) yield* ensureWatch(builtin(plural), 0);
  while (!isSynced(yield* getHeld())) yield* call('park', { channel: 'held', timeoutUs: seconds(5) });
  const bound = yield* call('listen', { proto: 'tcp', addr: flags.value.values['bind-address'] ?? '0.0.0.0', port: options.port, entry: 'connection' });
  if (!bound.ok) {
    yield* say(start, 'F', 'secure_serving.go:106', `failed to create listener: failed to listen on ${options.address}:${options.port}: listen tcp ${options.address}:${options.port}: bind: ${bound.errno === 'EADDRINUSE' ? 'address already in use' : 'cannot assign requested address'}`);
    return 255;
  }
  yield* say(start, 'I', 'secure_serving.go:116', `Serving securely on ${options.address}:${options.port}`);
  yield* call('thread', { entry: 'bootstrap', event: null });
  yield* call('timer', { name: 'compact', entry: 'compact', afterUs: minutes(5), everyUs: minutes(5) });
  yield* call('notify', { ready: true });
  yield* call('serve', {});
  return 0;
}

/** A connection serves so many requests before its thread starts afresh: replies are kept. */
const REQUESTS = 8;

function* connection(start: Start): Sys<void> {
  const { fd, peer } = start.event as { fd: Fd; peer: string };
  const { watching } = (start.mem ?? {}) as { watching?: HttpRequest };
  if (watching) return yield* untilEnd(fd, watching);
  const got = yield* call('memGet', { key: 'options' });
  if (!got.ok || got.value === null) return;
  const options = got.value as unknown as Options;
  for (let n = 0; n < REQUESTS; n++) {
    const message = yield* call('recv', { fd });
    if (!message.ok || message.value === null) {
      yield* call('close', { fd });
      return;
    }
    const data = message.value.data as Partial<HttpRequest> | null;
    const request: HttpRequest = { method: 'GET', path: '/', host: '', headers: {}, body: null, ...(typeof data === 'object' ? data : {}) };
    const refused = !request.tls ? { status: 400, headers: {}, body: 'Client sent an HTTP request to an HTTPS server.\n' }
      : request.cert && options.clientCa && request.cert.ca !== options.clientCa ? { status: 495, headers: {}, body: null, cert: options.cert } : null;
    if (refused) {
      yield* call('send', { fd, data: refused as unknown as Json, size: 200 });
      yield* call('close', { fd });
      return;
    }
    const outcome = yield* route(options, yield* getHeld(), request, fd, peer);
    if (outcome === 'taken') return;
    if (outcome === 'watching') {
      yield* call('become', { mem: { watching: request as unknown as Json } });
      return;
    }
    const sent = yield* call('send', {
      fd, size: 300 + (typeof outcome.body === 'string' ? outcome.body.length : 1_200),
      data: { status: outcome.status, headers: { 'Content-Type': typeof outcome.body === 'string' ? 'text/plain' : 'application/json', ...outcome.headers }, body: outcome.body, cert: options.cert } as unknown as Json,
    });
    if (!sent.ok) {
      yield* call('close', { fd });
      return;
    }
  }
  yield* call('become', { mem: null });
}

/** A watcher only asks whether anybody is there any more: anything else is its end. */
function* untilEnd(fd: Fd, request: HttpRequest): Sys<void> {
  for (let n = 0; n < REQUESTS; n++) {
    const message = yield* call('recv', { fd });
    if (message.ok && message.value !== null) {
      yield* call('send', { fd, data: KEEPALIVE, size: 17 });
      continue;
    }
    yield* forget(request, fd);
    yield* call('close', { fd });
    return;
  }
  yield* call('become', { mem: { watching: request as unknown as Json } });
}

function* forget(request: HttpRequest, fd: Fd): Sys<void> {
  const { path, query } = splitPath(request.path);
  const info = parseInfo(request.method, path, query);
  const resource = resourceOf(yield* getHeld(), info.gv, info.plural);
  if (resource) yield* unsubscribe(resource, fd);
  yield* call('timerStop', { name: `watch ${fd}` });
}

/** A watch's own time is up: its stream ends. */
function* expire(start: Start): Sys<void> {
  const { timer } = start.event as { timer: string };
  yield* call('shutdown', { fd: Number(timer.slice('watch '.length)) });
}

/** Every five minutes the history before the last round is dropped (compact.go). */
function* compact(_start: Start): Sys<void> {
  const got = yield* call('memGet', { key: 'options' });
  const before = yield* call('memGet', { key: 'compacted' });
  if (!got.ok) return;
  const options = got.value as unknown as Options;
  const now = yield* etcdRange(options.etcd, { key: 'compact_rev_key' }, seconds(10));
  if (!now.ok) return;
  const last = before.ok && typeof before.value === 'number' ? before.value : 0;
  yield* call('memSet', { key: 'compacted', value: now.value.header.revision });
  if (last > 0 && last < now.value.header.revision) yield* etcdCompact(options.etcd, { revision: last }, seconds(10));
}

export const programs: Program[] = [{
  name: 'kube-apiserver', main,
  entries: { connection, reflect, pump: pumpThread, bootstrap, own: ownService, expire, compact },
}];
