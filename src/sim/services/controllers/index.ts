/**
 * kube-controller-manager: the controllers of v1.14 in one process. Its main reads flags and keys and
 * stands for election; only the elected one runs informers and controllers. It ends when it loses.
 */
import { err, fail } from '../../proc/libc.ts';
import { serveHttp } from '../../proc/http.ts';
import type { ExitCode, Json, Program, Start, Sys } from '../../proc/program.ts';
import { call, type Fd } from '../../proc/syscalls.ts';
import { apiConfig, type ApiConfig } from '../../kube/client.ts';
import { electThread, startElection } from '../../kube/election.ts';
import { parseFlags } from '../../kube/flags.ts';
import { informerThread, keepaliveThread, type Informers, type Watched } from '../../kube/informer.ts';
import { builtin, pathOf } from '../../kube/kinds.ts';
import { uid } from '../../kube/names.ts';
import { recordThread } from '../../kube/recorder.ts';
import { stirThread } from '../../kube/steady.ts';
import { klog } from '../../kube/time.ts';
import { accounts, tokens } from './accounts.ts';
import { autoscalers } from './autoscaler.ts';
import { disruption, quotas } from './budgets.ts';
import { daemonSets } from './daemonset.ts';
import { deployments } from './deployment.ts';
import { endpoints } from './endpoints.ts';
import { againThread, type Controller, dispatch, onSynced, workThread } from './framework.ts';
import { garbage, namespaces, podGc } from './garbage.ts';
import { cronJobs, jobs } from './job.ts';
import { monitor, nodeEvents, nodeLifecycle, startMonitor, taintEviction, ttl } from './nodes.ts';
import { replicaSets, replicationControllers } from './replicaset.ts';
import { statefulSets } from './statefulset.ts';
import { claims, volumes } from './volumes.ts';

export const CONTROLLERS: readonly Controller[] = [
  accounts, tokens, namespaces, endpoints, replicaSets, replicationControllers, deployments, daemonSets, statefulSets, jobs, cronJobs,
  nodeEvents, nodeLifecycle, taintEviction, ttl, podGc, garbage, disruption, quotas, claims, volumes, autoscalers,
];

const VALUES = ['service-account-private-key-file', 'cluster-cidr', 'service-cluster-ip-range', 'root-ca-file', 'master', 'kubeconfig', 'terminated-pod-gc-threshold', 'v', 'feature-gates', 'cloud-provider', 'cloud-config',
  'cluster-name', 'cluster-signing-cert-file', 'cluster-signing-key-file', 'node-monitor-grace-period', 'node-monitor-period', 'pod-eviction-timeout', 'bind-address', 'address', 'port', 'secure-port', 'controllers', 'configure-cloud-routes'];
const BOOLEANS = ['leader-elect', 'profiling', 'logtostderr', 'use-service-account-credentials', 'allocate-node-cidrs'];

/** Every kind that some controller reads. Leases only those of nodes; leaders' records are not endpoints. */
const WATCHED = [...new Set([...CONTROLLERS.flatMap((c) => c.reads), 'leases'])];
const NO_LEADERS = 'fieldSelector=metadata.name!=kube-controller-manager,metadata.name!=kube-scheduler';

function watchedOf(resource: string): Watched {
  const kind = builtin(resource);
  const gv = kind.served[0]!;
  const type = `*v1.${kind.kind}`;
  if (resource === 'leases') return { path: pathOf(gv, resource, 'kube-node-lease'), type };
  return { path: pathOf(gv, resource), type, ...(resource === 'endpoints' ? { query: NO_LEADERS } : {}) };
}

function* config(): Sys<ApiConfig> {
  const got = yield* call('memGet', { key: 'api' });
  return (got.ok ? got.value : null) as unknown as ApiConfig;
}

const informers: Informers = {
  config,
  *watched(_start, resource) { return watchedOf(resource); },
  onChange: (change) => dispatch(CONTROLLERS, change),
  onSync: (resource) => onSynced(CONTROLLERS, resource),
  from: 'k8s.io/client-go/informers/factory.go:133',
};

function* main(start: Start): Sys<ExitCode> {
  const flags = parseFlags(start.argv, VALUES, BOOLEANS);
  if (!flags.ok) return yield* fail(`Error: ${flags.error}`);
  const { values } = flags.value;
  const configured = yield* apiConfig(values['kubeconfig'] ?? '/etc/kubernetes/controller-manager.kubeconfig', 'kube-controller-manager/v1.14.1', values['master']);
  if (!configured.ok) return yield* fail(configured.error);
  const key = yield* call('readFile', { path: values['service-account-private-key-file'] ?? '' });
  const ca = yield* call('readFile', { path: values['root-ca-file'] ?? '' });
  yield* call('memSet', { key: 'api', value: configured.value as unknown as Json });
  yield* call('memSet', { key: 'keys', value: { key: key.ok ? key.value : '', ca: ca.ok ? ca.value : '' } });
  const time = yield* call('now', {});
  yield* err(klog('I', time.ok ? time.value.real : 0, start.pid, 'controllermanager.go:155', 'Version: v1.14.1'));
  yield* call('listen', { proto: 'tcp', addr: '0.0.0.0', port: 10_252, entry: 'health' });
  const info = yield* call('sysinfo', {});
  const [a, b] = [yield* call('random', { below: 0x1_0000_0000 }), yield* call('random', { below: 0x1_0000_0000 })];
  yield* startElection(`${info.ok ? info.value.hostname : 'localhost'}_${uid(a.ok ? a.value : 0, b.ok ? b.value : 0, start.pid)}`);
  const status = yield* call('park', { channel: 'exit' });
  return status.ok && typeof status.value === 'number' ? status.value : 1;
}

function* lead(): Sys<void> {
  for (const resource of WATCHED) yield* call('thread', { entry: 'watch', event: { resource } });
  yield* startMonitor();
}

export const programs: Program[] = [{
  name: 'kube-controller-manager', main,
  entries: {
    elect: electThread({ name: 'kube-controller-manager', onLeading: lead }), watch: informerThread(informers), keepalive: keepaliveThread, work: workThread(CONTROLLERS), again: againThread, record: recordThread, stir: stirThread, nodes: monitor,
    *health(start) { yield* serveHttp((start.event as { fd: Fd }).fd, {}, function* () { return { status: 200, headers: { 'Content-Type': 'text/plain' }, body: 'ok' }; }); },
  },
}];
