/**
 * Removing a node from the cluster (gravity lib/ops/opsservice/shrink.go): the active gravity-site does it
 * step by step over the network, and records where it is, so that another can carry on.
 */
import { seconds } from '../../engine/time.ts';
import { isFinished, operationKey, type OperationRecord, type Progress, type ServerRecord, type SiteRecord } from '../../gravity/state.ts';
import { drop, put, putOperation, putSite, readAll } from '../../gravity/store.ts';
import { agentName } from '../../gravity/topology.ts';
import { fetchOnce } from '../../proc/http.ts';
import type { Json, Start, Sys } from '../../proc/program.ts';
import { call } from '../../proc/syscalls.ts';
import { etcdCall, etcdMembers } from '../etcd/client.ts';
import { context, log, realNow, type Context } from './context.ts';
import { forget, isOnline } from './heartbeats.ts';

const API = 'https://leader.telekube.local:6443';
const RETRY_US = seconds(5);
const RETRIES = 100;

/** Operations that a leader before this one began. */
export function* resumeOperations(): Sys<void> {
  const { store } = yield* context();
  const all = yield* readAll(store);
  if (!all.ok) return;
  for (const operation of all.value.operations) {
    if (operation.type === 'operation_shrink' && !isFinished(operation)) yield* call('thread', { entry: 'shrink', event: { id: operation.id } });
  }
}

export function* shrink(start: Start): Sys<void> {
  const { id } = start.event as { id: string };
  const site = yield* context();
  const all = yield* readAll(site.store);
  const operation = all.ok ? all.value.operations.find((each) => each.id === id) : undefined;
  if (!all.ok || !operation?.server || !all.value.site) return;
  const { server } = operation;
  const online = yield* isOnline(server.advertise_ip);
  yield* log('INFO', 'OPS', `node ${JSON.stringify(server.hostname)} is ${online ? 'online' : 'offline'}`, 'opsservice/shrink.go:121');
  const steps: readonly (readonly [number, string, (() => Sys<string | null>) | null, number])[] = [
    [10, 'unregistering the node', null, online ? 2 : 14],
    [30, 'removing the node from the cluster', () => leaveKubernetes(site, server, all.value.site!), online ? 3 : 8],
    [40, 'removing the node from the database', () => leaveEtcd(site, server, all.value.site!), 4],
    ...(online ? [[50, 'uninstalling the system software', () => uninstall(site, server), 5] as const] : []),
    [85, 'cleaning up packages', null, 3],
    [90, 'waiting for operation to complete', () => untilGone(server), 1],
  ];
  yield* call('sleep', { us: seconds(2) });
  for (const [completion, message, work, pause] of steps) {
    if (completion < operation.progress.completion) continue;
    yield* record(site, operation, all.value.site, { message, completion, state: 'in_progress' });
    const failure = work ? yield* insist(work) : null;
    if (failure) return yield* finish(site, operation, failure);
    yield* call('sleep', { us: seconds(pause) });
  }
  yield* finish(site, operation, null);
}

/** A command that fails is tried again, for a long time. */
function* insist(work: () => Sys<string | null>): Sys<string | null> {
  let failure: string | null = null;
  for (let i = 0; i < RETRIES; i++) {
    failure = yield* work();
    if (!failure) return null;
    yield* log('WARN', 'OPS', `${failure}, will retry`, 'opsservice/shrink.go:204');
    yield* call('sleep', { us: RETRY_US });
  }
  return failure;
}

function* record(site: Context, operation: OperationRecord, cluster: SiteRecord, progress: Omit<Progress, 'created'>): Sys<void> {
  const now = yield* realNow();
  yield* log('INFO', 'OPS', `${progress.message}, ${progress.completion}% complete`, 'opsservice/shrink.go:88');
  yield* put(site.store, operationKey(cluster.domain, operation.id), { ...operation, updated: now, progress: { ...progress, created: now } } as unknown as Json);
}

function* finish(site: Context, operation: OperationRecord, failure: string | null): Sys<void> {
  const all = yield* readAll(site.store);
  if (!all.ok || !all.value.site) return;
  const now = yield* realNow();
  const { server } = operation;
  const servers = failure ? all.value.site.servers : all.value.site.servers.filter((each) => each.advertise_ip !== server?.advertise_ip);
  yield* putSite(site.store, { ...all.value.site, servers, state: 'active' });
  const progress: Progress = failure
    ? { message: `operation failed: ${failure}`, completion: 100, state: 'failed', created: now }
    : { message: `${server?.hostname ?? ''} removed`, completion: 100, state: 'completed', created: now };
  yield* putOperation(site.store, all.value.site.domain, { ...operation, state: failure ? 'failed' : 'completed', updated: now, progress });
}

function* leaveKubernetes(site: Context, server: ServerRecord, cluster: SiteRecord): Sys<string | null> {
  const options = { cert: site.kube, trust: site.authority ? [site.authority] : null, timeoutUs: seconds(10) };
  const gone = yield* fetchOnce(`${API}/api/v1/nodes/${server.advertise_ip}`, { ...options, method: 'DELETE' });
  if (!gone.ok) return 'failed to remove the node from the Kubernetes cluster';
  if (gone.response.status >= 300 && gone.response.status !== 404) return `failed to remove the node from the Kubernetes cluster: ${gone.response.status}`;
  const left = yield* fetchOnce('http://127.0.0.1:7373/force-leave', { method: 'POST', body: { node: agentName(server.advertise_ip, cluster.domain) }, timeoutUs: seconds(5) });
  return left.ok ? null : 'failed to remove the node from the serf cluster';
}

function* leaveEtcd(site: Context, server: ServerRecord, cluster: SiteRecord): Sys<string | null> {
  yield* drop(site.store, `/planet/cluster/${cluster.domain}/election/${server.advertise_ip}`);
  if (server.cluster_role !== 'master') return null;
  const name = agentName(server.advertise_ip, cluster.domain);
  const listed = yield* etcdMembers(site.store, seconds(5));
  if (!listed.ok) return `failed to list etcd members: ${listed.error}`;
  const member = listed.value.members.find((each) => each.name === name || each.peerUrls.some((url) => url.includes(`//${server.advertise_ip}:`)));
  if (!member) return null;
  const removed = yield* etcdCall<unknown>(site.store, '/v3/cluster/member/remove', { ID: member.id, id: member.id }, seconds(5));
  return removed.ok ? null : `failed to remove the node from the etcd cluster: ${removed.error}`;
}

/** Teleport runs the uninstaller there; it ends teleport too, so it must not talk to it and no answer need come. */
function* uninstall(site: Context, server: ServerRecord): Sys<string | null> {
  const body = { argv: ['/bin/sh', '-c', '/usr/bin/gravity system uninstall --confirm >/dev/null 2>&1'] };
  yield* fetchOnce(`https://${server.advertise_ip}:3022/exec`, { method: 'POST', body, timeoutUs: seconds(120), cert: site.kube });
  yield* forget(server.advertise_ip);
  return null;
}

/** Until the node's teleport is no longer heard of. */
function* untilGone(server: ServerRecord): Sys<string | null> {
  for (let i = 0; i < 20; i++) {
    if (!(yield* isOnline(server.advertise_ip))) return null;
    yield* call('sleep', { us: RETRY_US });
  }
  return null;
}
