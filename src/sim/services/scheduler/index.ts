/**
 * kube-scheduler: gives each pending pod a node. One pod at a time; what does not fit waits for a change
 * of nodes or pods, or a minute. Elected like the controller manager. Kubernetes v1.14.1.
 */
import { seconds } from '../../engine/time.ts';
import { err, fail } from '../../proc/libc.ts';
import { serveHttp } from '../../proc/http.ts';
import type { ExitCode, Json, Program, Start, Sys } from '../../proc/program.ts';
import { call, type Fd } from '../../proc/syscalls.ts';
import { api, apiConfig, type ApiConfig } from '../../kube/client.ts';
import { electThread, startElection } from '../../kube/election.ts';
import { equal } from '../../kube/equal.ts';
import { parseFlags } from '../../kube/flags.ts';
import { informerThread, keepaliveThread, remember, type Informers } from '../../kube/informer.ts';
import { builtin, pathOf } from '../../kube/kinds.ts';
import { uid } from '../../kube/names.ts';
import { condition, isFinished, key } from '../../kube/pods.ts';
import { record, recordThread, refTo } from '../../kube/recorder.ts';
import { stirThread } from '../../kube/steady.ts';
import { klog, rfc3339 } from '../../kube/time.ts';
import type { Node, Pod, ReplicaSet, Service } from '../../kube/types.ts';
import { againThread, type Caches, type Controller, dispatch, type Env, onSynced, type Outcome, patch, workThread } from '../controllers/framework.ts';
import { objects } from '../controllers/pods.ts';
import { faults, fitError, scores, type Selecting, statesOf } from './fit.ts';

const NAME = 'default-scheduler';
/** Unschedulable pods are looked at again after this at the latest. */
const FLUSH_US = seconds(60);

const waits = (pod: Pod): boolean => !pod.spec.nodeName && !pod.metadata.deletionTimestamp && !isFinished(pod) && (pod.spec.schedulerName ?? NAME) === NAME;
const waiting = (caches: Caches): string[] => objects<Pod>(caches['pods']).filter(waits).map(key);

/** What of a node decides about pods. */
const essence = (n: Node): unknown => [n.spec.unschedulable, n.spec.taints, n.metadata.labels, n.status?.allocatable, (n.status?.conditions ?? []).map((c) => [c.type, c.status])];

const selecting = (caches: Caches): Selecting[] => [
  ...objects<Service>(caches['services']).filter((s) => s.spec.selector).map((s) => ({ namespace: s.metadata.namespace!, map: s.spec.selector! })),
  ...[...objects<ReplicaSet>(caches['replicasets']), ...objects<ReplicaSet>(caches['statefulsets'])].map((s) => ({ namespace: s.metadata.namespace!, selector: s.spec.selector! })),
  ...objects(caches['replicationcontrollers']).map((s) => ({ namespace: s.metadata.namespace!, map: ((s['spec'] as { selector?: Record<string, string> }).selector ?? {}) })),
];

const note = (pod: Pod, type: 'Normal' | 'Warning', reason: string, message: string): Sys<void> =>
  record({ about: refTo(pod), type, reason, message, source: { component: NAME } });

function* schedule(id: string, env: Env): Sys<Outcome> {
  const pod = env.caches['pods']![id] as Pod | undefined;
  if (!pod || !waits(pod)) return;
  const states = statesOf(objects(env.caches['nodes']), objects(env.caches['pods']));
  const reasons: string[] = [];
  const fitting = states.filter((s) => {
    const why = faults(pod, s, states);
    reasons.push(...why);
    return why.length === 0;
  });
  if (!fitting.length) {
    const message = fitError(states.length, reasons);
    yield* note(pod, 'Warning', 'FailedScheduling', message);
    const now = condition(pod.status?.conditions, 'PodScheduled');
    if (now?.status !== 'False' || now.message !== message) {
      yield* patch(env, 'v1', 'pods', pod, { status: { conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message, lastProbeTime: null, lastTransitionTime: now?.status === 'False' ? now.lastTransitionTime : rfc3339(env.now) }] } }, 'status');
    }
    return { afterUs: FLUSH_US };
  }
  const points = scores(pod, fitting, selecting(env.caches));
  const best = Math.max(...points);
  const top = fitting.filter((_s, i) => points[i] === best);
  const turn = yield* call('memGet', { key: 'turn' });
  const n = turn.ok && typeof turn.value === 'number' ? turn.value : 0;
  yield* call('memSet', { key: 'turn', value: n + 1 });
  return yield* bind(env, pod, top[n % top.length]!.node.metadata.name);
}

function* bind(env: Env, pod: Pod, node: string): Sys<Outcome> {
  const { name, namespace } = pod.metadata;
  const body = { kind: 'Binding', apiVersion: 'v1', metadata: { name, namespace, uid: pod.metadata.uid }, target: { kind: 'Node', name: node } };
  const done = yield* api(env.api, 'POST', pathOf('v1', 'pods', namespace, name, 'binding'), { body: body as unknown as Json, timeoutUs: seconds(30) });
  if (!done.ok) {
    if (done.status === 404 || done.status === 409) return;
    yield* note(pod, 'Warning', 'FailedScheduling', `Binding rejected: ${done.error}`);
    return { afterUs: seconds(1) };
  }
  // Until the event comes, the pod counts as placed.
  yield* remember('pods', { ...pod, metadata: { ...pod.metadata, resourceVersion: `${pod.metadata.resourceVersion}.5` }, spec: { ...pod.spec, nodeName: node } });
  yield* note(pod, 'Normal', 'Scheduled', `Successfully assigned ${key(pod)} to ${node}`);
}

const scheduler: Controller = {
  name: 'scheduler', source: NAME, reads: ['pods', 'nodes', 'services', 'replicasets', 'statefulsets', 'replicationcontrollers'],
  affected: ({ resource, type, obj, old }, caches) => {
    if (resource === 'pods') {
      const pod = obj as Pod;
      if (type === 'DELETED' || (isFinished(pod) && old && !isFinished(old as Pod))) return waiting(caches);
      return waits(pod) && (type === 'ADDED' || !equal(pod.spec, (old as Pod | null)?.spec)) ? [key(pod)] : [];
    }
    if (resource !== 'nodes' || type === 'DELETED') return [];
    return type === 'MODIFIED' && old && equal(essence(obj as Node), essence(old as Node)) ? [] : waiting(caches);
  },
  sync: schedule,
};
const ALL = [scheduler];

const VALUES = ['master', 'kubeconfig', 'v', 'feature-gates', 'config', 'address', 'bind-address', 'port', 'secure-port', 'policy-config-file', 'scheduler-name', 'algorithm-provider'];
const BOOLEANS = ['profiling', 'leader-elect', 'logtostderr'];

const informers: Informers = {
  *config() {
    const got = yield* call('memGet', { key: 'api' });
    return (got.ok ? got.value : null) as unknown as ApiConfig;
  },
  *watched(_start, resource) {
    const kind = builtin(resource);
    return { path: pathOf(kind.served[0]!, resource), type: `*v1.${kind.kind}` };
  },
  onChange: (change) => dispatch(ALL, change),
  onSync: (resource) => onSynced(ALL, resource),
  from: 'k8s.io/client-go/informers/factory.go:133',
};

function* main(start: Start): Sys<ExitCode> {
  const flags = parseFlags(start.argv, VALUES, BOOLEANS);
  if (!flags.ok) return yield* fail(`Error: ${flags.error}`);
  const { values } = flags.value;
  const configured = yield* apiConfig(values['kubeconfig'] ?? '/etc/kubernetes/scheduler.kubeconfig', 'kube-scheduler/v1.14.1', values['master']);
  if (!configured.ok) return yield* fail(configured.error);
  yield* call('memSet', { key: 'api', value: configured.value as unknown as Json });
  const time = yield* call('now', {});
  yield* err(klog('I', time.ok ? time.value.real : 0, start.pid, 'server.go:142', 'Version: v1.14.1'));
  yield* call('listen', { proto: 'tcp', addr: '0.0.0.0', port: 10_251, entry: 'health' });
  const info = yield* call('sysinfo', {});
  const [a, b] = [yield* call('random', { below: 0x1_0000_0000 }), yield* call('random', { below: 0x1_0000_0000 })];
  yield* startElection(`${info.ok ? info.value.hostname : 'localhost'}_${uid(a.ok ? a.value : 0, b.ok ? b.value : 0, start.pid)}`);
  const status = yield* call('park', { channel: 'exit' });
  return status.ok && typeof status.value === 'number' ? status.value : 1;
}

function* lead(): Sys<void> {
  for (const resource of scheduler.reads) yield* call('thread', { entry: 'watch', event: { resource } });
}

export const programs: Program[] = [{
  name: 'kube-scheduler', main,
  entries: {
    elect: electThread({ name: 'kube-scheduler', onLeading: lead }), watch: informerThread(informers), keepalive: keepaliveThread, work: workThread(ALL), again: againThread, record: recordThread, stir: stirThread,
    *health(start) { yield* serveHttp((start.event as { fd: Fd }).fd, {}, function* () { return { status: 200, headers: { 'Content-Type': 'text/plain' }, body: 'ok' }; }); },
  },
}];
