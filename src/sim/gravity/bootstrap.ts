/**
 * Ends the installation of a cluster whose disks are laid: does through etcd and the API server what the
 * installer's last phases would have done. It runs once, on the first master, when a world is made.
 */
import { seconds } from '../engine/time.ts';
import type { Program, Start, Sys } from '../proc/program.ts';
import { call } from '../proc/syscalls.ts';
import { apply, kube, waitFor } from './cluster-api.ts';
import { STATE_DIR } from './layout/paths.ts';
import { corednsObjects, rbacObjects } from './manifests.ts';
import { installApp } from './phases/apps.ts';
import { beginState, enableElections, waitForCluster } from './phases/install.ts';
import { changePhase, leaves, type Plan } from './plan.ts';
import { installPlan } from './plans/install.ts';
import { installedSite, installOperation, type OperationRecord } from './state.ts';
import { etcdCall, etcdMembers, etcdStatus } from '../services/etcd/client.ts';
import { openStore, putOperation, putPlan, putSite } from './store.ts';
import type { Cluster } from './topology.ts';

/** The plan of the installation, every phase completed at its time. */
export function completedPlan(cluster: Cluster): Plan {
  const plan = installPlan({ operationId: cluster.installId, cluster });
  const all = leaves(plan.phases);
  const step = Math.floor((cluster.installEnded - cluster.installStarted) / (all.length + 1));
  return all.reduce((done, phase, i) => changePhase(done, phase.id, { state: 'completed', updated: cluster.installStarted + (i + 1) * step }), plan);
}

const PATIENCE_US = seconds(600);
const AGAIN_US = seconds(2);

/** Until it goes well: the cluster is just coming up. */
const insist = (work: () => Sys<string | null>, say: string): Sys<boolean> => waitFor(function* () {
  const failure = yield* work();
  if (failure) yield* call('journalWrite', { ident: 'gravity', message: `${say}: ${failure}` });
  return failure === null;
}, PATIENCE_US, AGAIN_US);

function* main(start: Start): Sys<number> {
  const cluster = start.mem as unknown as Cluster;
  const operation: OperationRecord = {
    ...installOperation(cluster), state: 'install_in_progress',
    progress: { message: 'Install system applications', completion: 71, state: 'in_progress', created: cluster.installStarted },
  };
  const steps: readonly (readonly [string, () => Sys<string | null>])[] = [
    ['state', () => beginState({ cluster, operation })],
    ['rbac', () => apply(rbacObjects(cluster))],
    ['nodes', () => waitForCluster(cluster)],
    ['coredns', () => apply(corednsObjects(cluster))],
    ...cluster.release.apps.map(([app]) => [app, () => installApp(app, cluster.release)] as const),
    ['election', () => enableElections(cluster)],
    ['finish', () => finish(cluster)],
    ['etcd', () => leadEtcd(cluster.servers[0]!.address)],
    ['restart', () => restartController(cluster.servers[0]!.address)],
  ];
  for (const [name, work] of steps) {
    if (!(yield* insist(work, name))) return 1;
  }
  return 0;
}

function* finish(cluster: Cluster): Sys<string | null> {
  const store = yield* openStore(`${STATE_DIR}/secrets`);
  for (const wrote of [yield* putOperation(store, cluster.name, installOperation(cluster)), yield* putPlan(store, completedPlan(cluster)), yield* putSite(store, installedSite(cluster))]) {
    if (!wrote.ok) return wrote.error;
  }
  return null;
}

/** etcd is led from this node, whose member was the first that the installation started. */
function* leadEtcd(node: string): Sys<string | null> {
  const store = yield* openStore(`${STATE_DIR}/secrets`);
  const [list, status] = [yield* etcdMembers(store), yield* etcdStatus(store)];
  if (!list.ok || !status.ok) return list.ok ? (status.ok ? null : status.error) : list.error;
  const at = (url: string): boolean => url.startsWith(`https://${node}:`);
  const mine = list.value.members.find((member) => member.clientUrls.some(at));
  const leader = list.value.members.find((member) => member.id === status.value.leader);
  if (!mine || !leader || leader.clientUrls[0] === undefined) return 'etcd has no leader';
  if (leader.id === mine.id) return null;
  const moved = yield* etcdCall<unknown>({ ...store, endpoints: [leader.clientUrls[0]] }, '/v3/maintenance/transfer-leadership', { targetId: mine.id });
  return moved.ok ? null : moved.error;
}

const SITE_PODS = '/api/v1/namespaces/kube-system/pods';

interface SitePod { readonly metadata: { readonly name: string; readonly deletionTimestamp?: string }; readonly spec: { readonly nodeName?: string }; readonly status: { readonly containerStatuses?: readonly { readonly ready: boolean }[] } }

/**
 * The controller of this node, which led through the installation, starts again with the cluster's final
 * state, as it has in any cluster that is older than its installation; another master's leads from then on.
 */
function* restartController(node: string): Sys<string | null> {
  const pods = function* (): Sys<readonly SitePod[] | string> {
    const got = yield* kube(`${SITE_PODS}?labelSelector=app%3Dgravity-site`);
    return got.ok ? (got.value.body as unknown as { items: readonly SitePod[] }).items : got.error;
  };
  const before = yield* pods();
  if (typeof before === 'string') return before;
  const isReady = (pod: SitePod): boolean => !pod.metadata.deletionTimestamp && pod.status.containerStatuses?.every(({ ready }) => ready) === true;
  const here = before.find((pod) => pod.spec.nodeName === node);
  if (before.length === 1 || !here || before.some((pod) => pod !== here && isReady(pod))) return null;
  if (!isReady(here)) return 'no controller is ready';
  const gone = yield* kube(`${SITE_PODS}/${here.metadata.name}`, { method: 'DELETE' });
  if (!gone.ok) return gone.error;
  const moved = yield* waitFor(function* () {
    const now = yield* pods();
    return typeof now !== 'string' && now.some(isReady);
  }, PATIENCE_US, AGAIN_US);
  return moved ? null : 'no controller became ready';
}

export const bootstrap: Program = { name: 'gravity-bootstrap', main };
