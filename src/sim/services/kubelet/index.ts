/**
 * kubelet: the agent that makes a machine a node and runs its pods. Its main reads the configuration,
 * binds its ports and starts the informers; the rest happens in threads. Kubernetes v1.14.1.
 */
import { seconds } from '../../engine/time.ts';
import { serveHttp } from '../../proc/http.ts';
import { fail } from '../../proc/libc.ts';
import type { ExitCode, Json, Program, Start, Sys } from '../../proc/program.ts';
import { call, type Fd } from '../../proc/syscalls.ts';
import { apiConfig } from '../../kube/client.ts';
import { equal } from '../../kube/equal.ts';
import { cached, informerThread, keepaliveThread, type Change, type Informers, type Watched } from '../../kube/informer.ts';
import { pathOf } from '../../kube/kinds.ts';
import { recordThread } from '../../kube/recorder.ts';
import { startStir } from '../../kube/steady.ts';
import type { Pod } from '../../kube/types.ts';
import { chainsThread, startChains } from './chains.ts';
import { kubelet, say } from './context.ts';
import { NO_DAEMON, podBoxes, boxesOf } from './docker.ts';
import { hookThread, killThread } from './kill.ts';
import { leaseThread, registerThread, statusThread, stirred, tellNode } from './node.ts';
import { makeDirs } from './network.ts';
import { readOptions } from './options.ts';
import { probeThread } from './probes.ts';
import { pumpThread } from '../../kube/pump.ts';
import { carryThread, logsThread, serverThread, tunnelThread } from './server.ts';
import { sandboxIp } from './start.ts';
import { cleanUp, podByUid, reapThread, syncThread, wake, wakeThread } from './sync.ts';
import { followed, refresh } from './volumes.ts';

function* main(start: Start): Sys<ExitCode> {
  const info = yield* call('sysinfo', {});
  const options = yield* readOptions(start.argv, info.ok ? info.value.hostname : 'localhost');
  if (typeof options === 'string') return yield* fail(`F kubelet: ${options}`, 255);
  const configured = yield* apiConfig(options.kubeconfig, 'kubelet/v1.14.1');
  if (!configured.ok) return yield* fail(`failed to run Kubelet: invalid kubeconfig: ${configured.error}`, 255);
  yield* call('memSet', { key: 'options', value: options as unknown as Json });
  yield* call('memSet', { key: 'api', value: configured.value as unknown as Json });
  yield* say(start, 'I', 'server.go:417', 'Version: v1.14.1');
  for (const dir of ['/var/lib/kubelet/pods', '/var/log/pods', '/var/log/containers']) yield* makeDirs(dir);
  const bound = yield* call('listen', { proto: 'tcp', addr: '0.0.0.0', port: options.port, entry: 'server' });
  if (!bound.ok) {
    yield* say(start, 'F', 'server.go:155', `listen tcp 0.0.0.0:${options.port}: bind: address already in use`);
    return 255;
  }
  yield* call('listen', { proto: 'tcp', addr: '127.0.0.1', port: 10_248, entry: 'health' });
  yield* startStir();
  if (options.chains) yield* startChains();
  const k = yield* kubelet();
  yield* tellNode(k, 'Normal', 'Starting', 'Starting kubelet.');
  yield* say(start, 'I', 'kubelet.go:1806', 'Starting kubelet main sync loop.');
  yield* call('thread', { entry: 'register', event: null });
  yield* call('thread', { entry: 'runtime', event: null });
  for (const resource of ['services', 'nodes']) yield* call('thread', { entry: 'watch', event: { resource } });
  yield* call('notify', { ready: true });
  yield* call('serve', {});
  return 0;
}

/**
 * The entry `runtime`: holds a connection to docker and so learns at once when it goes. When docker is
 * there (again), every pod is looked at; the pods' informer begins with the first time.
 */
function* runtimeThread(start: Start): Sys<void> {
  const fd = yield* call('connectUnix', { path: '/var/run/docker.sock' });
  const time = yield* call('now', {});
  const mono = time.ok ? time.value.mono : 0;
  const was = yield* call('memGet', { key: 'runtime.down' });
  if (!fd.ok) {
    if (!was.ok || was.value === null) yield* call('memSet', { key: 'runtime.down', value: mono });
    yield* say(start, 'E', 'remote_runtime.go:434', `Status from runtime service failed: rpc error: code = Unknown desc = ${NO_DAEMON}`);
    yield* call('sleep', { us: seconds(5) });
    yield* call('become', { mem: null });
    return;
  }
  yield* call('memSet', { key: 'runtime.down', value: null });
  const pods = yield* cached('pods');
  if (pods === null) {
    const begun = yield* call('memGet', { key: 'watching' });
    if (!begun.ok || begun.value !== true) {
      yield* call('memSet', { key: 'watching', value: true });
      yield* call('thread', { entry: 'watch', event: { resource: 'pods' } });
    }
  } else for (const pod of Object.values(pods)) yield* wake(pod.metadata.uid!);
  yield* call('recv', { fd: fd.value }); // docker says nothing on this connection: this is its end
  yield* call('close', { fd: fd.value });
  const now = yield* call('now', {});
  yield* call('memSet', { key: 'runtime.down', value: now.ok ? now.value.mono : mono });
  yield* call('memSet', { key: 'docker.idle', value: null });
  yield* call('sleep', { us: seconds(5) });
  yield* call('become', { mem: null });
}

function watchedOf(node: string, resource: string): Watched {
  const by = (field: string, value: string): string => `fieldSelector=${encodeURIComponent(`${field}=${value}`)}`;
  if (resource === 'pods') return { path: '/api/v1/pods', query: by('spec.nodeName', node), type: '*v1.Pod' };
  if (resource === 'nodes') return { path: '/api/v1/nodes', query: by('metadata.name', node), type: '*v1.Node' };
  if (resource === 'services') return { path: '/api/v1/services', type: '*v1.Service' };
  const [plural, namespace, name] = resource.split('/') as ['configmaps' | 'secrets', string, string];
  return { path: pathOf('v1', plural, namespace), query: by('metadata.name', name), type: plural === 'secrets' ? '*v1.Secret' : '*v1.ConfigMap' };
}

function* onChange(change: Change): Sys<void> {
  if (change.resource === 'pods') {
    const pod = change.obj as Pod;
    const old = change.old as Pod | null;
    // What the kubelet itself wrote is no news to it.
    const own = change.type === 'MODIFIED' && old && equal(pod.spec, old.spec) && equal({ ...pod.metadata, resourceVersion: '' }, { ...old.metadata, resourceVersion: '' });
    if (!own) {
      yield* wake(pod.metadata.uid!);
      if (change.type === 'ADDED') yield* followVolumes(pod);
    }
    return;
  }
  if (change.type === 'ADDED' || !/^(configmaps|secrets)\//.test(change.resource)) return;
  // A change of contents is seen at the pods' next periodic sync: within a minute and a bit.
  for (const pod of Object.values((yield* cached('pods')) ?? {}) as Pod[]) {
    if (!followed(pod).includes(change.resource)) continue;
    const chance = yield* call('random', { below: seconds(70) });
    yield* call('timer', { name: `refresh ${pod.metadata.uid}`, entry: 'refresh', afterUs: seconds(5) + (chance.ok ? chance.value : 0) });
  }
}

/** Each config map and secret of a pod is watched by name, once. */
function* followVolumes(pod: Pod): Sys<void> {
  for (const resource of followed(pod)) {
    const got = yield* call('memGet', { key: `watching/${resource}` });
    if (got.ok && got.value === true) continue;
    yield* call('memSet', { key: `watching/${resource}`, value: true });
    yield* call('thread', { entry: 'watch', event: { resource } });
  }
}

/** The entry `refresh`: a pod's volumes are brought up to date. */
function* refreshThread(start: Start): Sys<void> {
  const uid = (start.event as { timer: string }).timer.slice('refresh '.length);
  const pod = yield* podByUid(uid);
  const boxes = pod ? yield* boxesOf(uid) : null;
  const sandbox = boxes?.find((b) => b.sandbox && b.running);
  if (!pod || !sandbox || pod.metadata.deletionTimestamp) return;
  const k = yield* kubelet();
  yield* refresh(k.api, pod, yield* sandboxIp(k, sandbox));
}

/** The first list of pods: containers of pods that are no longer there are removed. */
function* onSync(resource: string): Sys<void> {
  if (resource !== 'pods') return;
  const pods = yield* cached('pods');
  const uids = new Set(Object.values(pods ?? {}).map((p) => p.metadata.uid!));
  const there = yield* podBoxes();
  for (const uid of there?.keys() ?? []) {
    if (uids.has(uid)) continue;
    const boxes = yield* boxesOf(uid);
    if (boxes) yield* cleanUp(uid, boxes);
  }
}

const informers: Informers = {
  *config() { return (yield* kubelet()).api; },
  *watched(_start, resource) { return watchedOf((yield* kubelet()).options.node, resource); },
  onChange, onSync, from: 'k8s.io/kubernetes/pkg/kubelet/kubelet.go:442',
};

export const programs: Program[] = [{
  name: 'kubelet', main,
  entries: {
    watch: informerThread(informers), keepalive: keepaliveThread, sync: syncThread, wake: wakeThread, reap: reapThread, kill: killThread, hook: hookThread, probe: probeThread, refresh: refreshThread, register: registerThread, status: statusThread,
    lease: leaseThread, runtime: runtimeThread, chains: chainsThread, record: recordThread, stir: stirred, server: serverThread, logs: logsThread, pump: pumpThread, tunnel: tunnelThread, carry: carryThread,
    *health(start) { yield* serveHttp((start.event as { fd: Fd }).fd, {}, function* () { return { status: 200, headers: { 'Content-Type': 'text/plain' }, body: 'ok' }; }); },
  },
}];
