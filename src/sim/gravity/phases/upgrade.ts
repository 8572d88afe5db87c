/**
 * The phases of an upgrade (gravity lib/update/cluster/phases). They act through systemd, etcd and the API
 * server of the cluster that they change.
 */
import { seconds } from '../../engine/time.ts';
import { ask, apply, collectionPath, kube, waitFor } from '../cluster-api.ts';
import type { Executor, Outcome } from '../engine.ts';
import { removeAll, writeTree } from '../files.ts';
import { gravityBinary } from '../layout/installer.ts';
import { hostLinks } from '../layout/host.ts';
import { configPackageFile, nodePackages, parseStore, planetPackageTree, storeText, varsText } from '../layout/packages.ts';
import { parsePlanetFlags, planetFlags, type PlanetConfig } from '../layout/planet-config.ts';
import { GRAVITY_BIN, PACKAGE_DB, planetConfigName, STATE_DIR, unitName, unpackedDir } from '../layout/paths.ts';
import { planetUnit } from '../layout/units.ts';
import { kubeletPermissions } from '../manifests.ts';
import type { Phase } from '../plan.ts';
import { packagesKey } from '../state.ts';
import { drop, openStore, put } from '../store.ts';
import type { Cluster, Server } from '../topology.ts';
import { type Release } from '../versions.ts';
import { etcdV2 } from '../../services/etcd/client.ts';
import type { V2Event } from '../../services/etcd/api.ts';
import type { Json, Sys } from '../../proc/program.ts';
import { call } from '../../proc/syscalls.ts';
import { asJson, localIsHealthy, logSystem, nodeIsReady, pause } from './common.ts';
import { installUnit, removeUnit } from './node.ts';
import { failedLine, preflight } from './preflight.ts';

export interface Upgrade {
  readonly cluster: Cluster; readonly from: Release; readonly to: Release;
  /** This machine. */
  readonly self: Server;
}

type Run = (phase: Phase) => Sys<Outcome>;
const none: Run = function* () { return null; };

export function upgradeExecutors(it: Upgrade): Readonly<Record<string, Executor>> {
  const at = (run: Run, rollback: Run = none): Executor => ({ run, rollback });
  return {
    init: at(() => init(it), () => undoInit(it)), checks: at(() => checks(it)), 'pre-update': at(() => hook(it, 'preUpdate', 5)),
    bootstrap: at(() => bootstrap(it)), 'kubelet-permissions': at(() => apply(kubeletPermissions()), () => removeObjects()),
    election: at((phase) => elect(it, phase, false), (phase) => elect(it, phase, true)),
    drain: at((phase) => drain(nameOf(phase)), (phase) => cordon(nameOf(phase), false)),
    'system-upgrade': at(() => changePlanet(it, it.from, it.to), () => changePlanet(it, it.to, it.from)),
    taint: at((phase) => taint(nameOf(phase), true), (phase) => taint(nameOf(phase), false)), untaint: at((phase) => taint(nameOf(phase), false)),
    uncordon: at((phase) => cordon(nameOf(phase), false)), endpoints: at((phase) => endpoints(nameOf(phase))),
    labels: at(() => labels(it)), config: at(function* () { yield* pause(2); return null; }),
    app: at((phase) => updateApp(it, phase)), gc: at(() => collect(it)),
  };
}

/** The Kubernetes node that a phase is about. */
const nameOf = (phase: Phase): string => phase.server?.address ?? '';
const log = (message: string): Sys<void> => logSystem('INFO', message, 'update', {});

const configKey = (it: Upgrade): string => `${packagesKey}/${planetConfigName(it.self.address, it.cluster.name)}-${it.to.planet}`;

function* init(it: Upgrade): Sys<Outcome> {
  yield* log('Create service user.');
  yield* log('Create admin agent user.');
  yield* pause(3);
  yield* log('Update cluster roles.');
  yield* log('Update cluster DNS configuration.');
  yield* log(`Generate new secrets configuration package for ${it.self.name}.`);
  yield* log(`Generate new runtime configuration package for ${it.self.name}.`);
  const store = yield* openStore(`${STATE_DIR}/secrets`);
  const wrote = yield* put(store, configKey(it), asJson({ package: `planet:${it.to.planet}` }));
  yield* pause(1);
  return wrote.ok ? null : wrote.error;
}

function* undoInit(it: Upgrade): Sys<Outcome> {
  const store = yield* openStore(`${STATE_DIR}/secrets`);
  const gone = yield* drop(store, configKey(it));
  yield* pause(2);
  return gone.ok ? null : gone.error;
}

/** More than this between two nodes' clocks stops an upgrade. */
const DRIFT_MAX_US = 300_000;

function* checks(it: Upgrade): Sys<Outcome> {
  const problems: string[] = [];
  const local = yield* preflight('kernel');
  problems.push(...local.map((failed) => failedLine(failed).trim().replace('[×] ', '')));
  for (const server of it.cluster.servers) {
    yield* log(`Executing preflight checks on node(addr=${server.address}, hostname=${server.name}, role=${server.profile}, cluster_role=${server.role}).`);
    yield* pause(1);
    if (server.address === it.self.address) continue;
    const before = yield* call('now', {});
    const got = yield* ask(`https://${server.address}:3012/time`, { timeoutUs: seconds(5), cert: 'kubelet' });
    const after = yield* call('now', {});
    if (!got.ok) return got.error;
    const middle = before.ok && after.ok ? (before.value.real + after.value.real) / 2 : 0;
    const drift = Math.abs(Number((got.value.body as { real?: number } | null)?.real ?? 0) - middle);
    if (drift > DRIFT_MAX_US) problems.push(`servers ${it.self.name} and ${server.name} clocks are out of sync: ${Math.round(drift / 1_000)}ms, sync the times on servers before install, e.g. using ntp`);
  }
  yield* pause(5);
  return problems.length ? `The following pre-flight checks failed: ${problems.join(', ')}` : null;
}

/** A hook of the application: a job that needs the API server. */
function* hook(it: Upgrade, name: string, length: number): Sys<Outcome> {
  yield* log(`Execute gravitational.io/telekube:${it.to.gravity}(${name}) hook.`);
  const got = yield* kube('/api/v1/namespaces/kube-system', { timeoutUs: seconds(30) });
  if (!got.ok) return got.error;
  yield* pause(length);
  return null;
}

/** The new binary and the new packages come to the node. */
function* bootstrap(it: Upgrade): Sys<Outcome> {
  const { cluster, self, to } = it;
  yield* log(`Export gravity binary to ${GRAVITY_BIN}.`);
  const exported = yield* writeTree({ [GRAVITY_BIN]: { text: gravityBinary(to), mode: 0o755 } });
  if (exported) return exported;
  yield* pause(3);
  yield* log('Synchronize operation plan from cluster.');
  yield* log('Pull system updates.');
  yield* pause(22);
  const config = yield* currentConfig(it);
  if (typeof config === 'string') return config;
  yield* log(`Pulling package update: gravitational.io/planet:${to.planet}.`);
  const path = configPackageFile(cluster.name, planetConfigName(self.address, cluster.name), to.planet);
  const failure = yield* writeTree({ ...planetPackageTree(config, to.planet), [path]: varsText(planetFlags(config)) });
  if (failure) return failure;
  return yield* relabel(it, to);
}

function* currentConfig(it: Upgrade): Sys<PlanetConfig | string> {
  const path = configPackageFile(it.cluster.name, planetConfigName(it.self.address, it.cluster.name), it.from.planet);
  const text = yield* call('readFile', { path });
  const config = text.ok ? parsePlanetFlags((JSON.parse(text.value) as { args: string[] }).args) : null;
  return config ?? `open ${path}: no such file or directory`;
}

/** The node's store: packages of the release are there; the installed ones are those of `installed`. */
function* relabel(it: Upgrade, release: Release, installed: Release = it.from): Sys<Outcome> {
  const text = yield* call('readFile', { path: PACKAGE_DB });
  const store = text.ok ? parseStore(text.value) : null;
  if (!store) return `open ${PACKAGE_DB}: no such file or directory`;
  const fresh = nodePackages(it.cluster, it.self, release);
  const same = (a: { name: string; version: string }, b: { name: string; version: string }): boolean => a.name === b.name && a.version === b.version;
  const all = [...store.packages.filter((old) => !fresh.some((each) => same(each, old))), ...fresh].map((each) => {
    const live = nodePackages(it.cluster, it.self, installed).some((other) => same(other, each));
    const { installed: _gone, ...labels } = each.labels;
    return { ...each, labels: live ? { ...labels, installed: 'installed' } : labels };
  });
  return yield* writeTree({ [PACKAGE_DB]: { text: storeText({ ...store, packages: all }), mode: 0o600 } });
}

function* removeObjects(): Sys<Outcome> {
  for (const object of kubeletPermissions()) {
    const gone = yield* kube(`${collectionPath(object)}/${object.metadata.name}`, { method: 'DELETE' });
    if (!gone.ok && !gone.error.includes('not found')) return gone.error;
  }
  return null;
}

/** Who may lead, and until one of them does. */
function* elect(it: Upgrade, phase: Phase, inverse: boolean): Sys<Outcome> {
  const { enable = [], disable = [] } = phase.data as { enable?: readonly string[]; disable?: readonly string[] };
  const [up, down] = inverse ? [disable, enable] : [enable, disable];
  const store = yield* openStore(`${STATE_DIR}/secrets`);
  const key = `/planet/cluster/${it.cluster.name}`;
  for (const [addresses, value] of [[up, 'true'], [down, 'false']] as const) {
    for (const address of addresses) {
      const wrote = yield* put(store, `${key}/election/${address}`, value);
      if (!wrote.ok) return wrote.error;
    }
  }
  yield* log('Wait for new leader election.');
  const moved = yield* waitFor(function* () {
    const got = yield* etcdV2(store, 'GET', `${key}/master`, {}, undefined, { totalUs: seconds(5) });
    const leader = got.ok && got.value.status === 200 ? (got.value.body as unknown as V2Event).node.value : undefined;
    return leader !== undefined && !down.includes(leader) && (!up.length || !down.length || up.includes(leader));
  }, seconds(500), seconds(5));
  if (!moved) return 'timed out waiting for a new leader';
  const answers = yield* waitFor(function* () { return (yield* kube('/api/v1/namespaces/kube-system', { timeoutUs: seconds(5) })).ok; }, seconds(500), seconds(2));
  return answers ? null : 'timed out waiting for the API server of the new leader';
}

const MERGE = { 'Content-Type': 'application/strategic-merge-patch+json' };
const patchNode = function* (node: string, body: Json): Sys<Outcome> {
  const done = yield* kube(`/api/v1/nodes/${node}`, { method: 'PATCH', headers: MERGE, body });
  return done.ok ? null : done.error;
};
const cordon = (node: string, on: boolean): Sys<Outcome> => patchNode(node, { spec: { unschedulable: on ? true : null } });

interface PodObject { readonly metadata: { readonly name: string; readonly namespace: string; readonly uid: string; readonly ownerReferences?: readonly { readonly kind: string }[]; readonly annotations?: Readonly<Record<string, string>> }; readonly status?: { readonly phase?: string } }

function* podsOn(node: string): Sys<readonly PodObject[] | string> {
  const got = yield* kube(`/api/v1/pods?fieldSelector=${encodeURIComponent(`spec.nodeName=${node}`)}`);
  if (!got.ok) return got.error;
  const { items } = got.value.body as unknown as { items: readonly PodObject[] };
  return items.filter((pod) => !pod.metadata.ownerReferences?.some((owner) => owner.kind === 'DaemonSet') && pod.status?.phase !== 'Succeeded' && pod.status?.phase !== 'Failed');
}

function* drain(node: string): Sys<Outcome> {
  yield* log(`Drain ${node}.`);
  const failure = yield* cordon(node, true);
  if (failure) return failure;
  const pods = yield* podsOn(node);
  if (typeof pods === 'string') return pods;
  for (const { metadata } of pods) {
    const body = { apiVersion: 'policy/v1beta1', kind: 'Eviction', metadata: { name: metadata.name, namespace: metadata.namespace } };
    const done = yield* kube(`/api/v1/namespaces/${metadata.namespace}/pods/${metadata.name}/eviction`, { method: 'POST', body });
    if (!done.ok && !done.error.includes('not found')) return done.error;
  }
  const empty = yield* waitFor(function* () { const left = yield* podsOn(node); return typeof left !== 'string' && !left.some((pod) => pods.some((old) => old.metadata.uid === pod.metadata.uid)); }, seconds(600), seconds(3));
  return empty ? null : `timed out waiting for pods of ${node} to terminate`;
}

const TAINT = { key: 'gravitational.io/runlevel', value: 'system', effect: 'NoExecute' };

function* taint(node: string, on: boolean): Sys<Outcome> {
  yield* log(on ? `Taint ${node}.` : `Remove taint from ${node}.`);
  const got = yield* kube(`/api/v1/nodes/${node}`);
  if (!got.ok) return got.error;
  const object = got.value.body as unknown as { spec?: { taints?: readonly { key: string }[] }; [key: string]: unknown };
  const rest = (object.spec?.taints ?? []).filter((each) => each.key !== TAINT.key);
  const body = { ...object, spec: { ...object.spec, taints: on ? [...rest, TAINT] : rest } };
  const done = yield* kube(`/api/v1/nodes/${node}`, { method: 'PUT', body: body as unknown as Json });
  return done.ok ? null : done.error;
}

/** Until the node's DNS is among the endpoints, and the controller answers somewhere. */
function* endpoints(node: string): Sys<Outcome> {
  yield* log(`Wait for endpoints on ${node}.`);
  const ready = yield* waitFor(function* () {
    const addresses = function* (service: string): Sys<readonly { nodeName?: string }[]> {
      const got = yield* kube(`/api/v1/namespaces/kube-system/endpoints/${service}`);
      const { subsets = [] } = (got.ok ? got.value.body : {}) as { subsets?: readonly { addresses?: readonly { nodeName?: string }[] }[] };
      return subsets.flatMap((subset) => subset.addresses ?? []);
    };
    // Regular nodes have a DNS service of their own.
    const dns = [...(yield* addresses('kube-dns')), ...(yield* addresses('kube-dns-worker'))];
    return dns.some((each) => each.nodeName === node) && (yield* addresses('gravity-site')).length > 0;
  }, seconds(300));
  return ready ? null : `timed out waiting for endpoints on ${node}`;
}

/** The old Planet stops, the new one takes its place. */
function* changePlanet(it: Upgrade, from: Release, to: Release): Sys<Outcome> {
  const { cluster, self } = it;
  yield* log('Checking for update.');
  if (from.planet !== to.planet) {
    // What an interrupted run has done already is passed over.
    const failure = yield* removeUnit(unitName('planet', from.planet));
    if (failure) return failure;
    yield* log('Installing new package.');
    yield* pause(10);
    const links: Record<string, { to: string }> = {};
    for (const [path, target] of Object.entries(hostLinks(to))) links[path] = { to: target };
    const placed = (yield* writeTree(links)) ?? (yield* installUnit(planetUnit(self.address, cluster.name, to.planet)));
    if (placed) return placed;
    yield* log('Successfully installed.');
  }
  if (!(yield* localIsHealthy(seconds(300)))) return 'timed out waiting for the local planet to become healthy';
  if (!(yield* waitFor(() => nodeIsReady(self.address), seconds(300)))) return `timed out waiting for node ${self.address} to become ready`;
  yield* log('System successfully updated.');
  return yield* relabel(it, to, to);
}

function* labels(it: Upgrade): Sys<Outcome> {
  for (const server of it.cluster.servers) {
    const failure = yield* patchNode(server.address, { metadata: { labels: { 'gravitational.io/advertise-ip': server.address, 'gravitational.io/k8s-role': server.role } } });
    if (failure) return failure;
  }
  return null;
}

/** How long the update hooks take, in seconds. */
const HOOK_S: Readonly<Record<string, number>> = { 'rbac-app': 8, 'monitoring-app': 50, 'tiller-app': 12, site: 40, kubernetes: 1, telekube: 8 };

function* updateApp(it: Upgrade, phase: Phase): Sys<Outcome> {
  const { app, version } = phase.data as { app: string; version: string };
  yield* log(`Execute gravitational.io/${app}:${version}(update) hook.`);
  return yield* hook(it, 'postUpdate', HOOK_S[app] ?? 2);
}

/** What the old release left on this node. */
function* collect(it: Upgrade): Sys<Outcome> {
  yield* pause(1);
  if (it.from.planet === it.to.planet) return null;
  const failure = yield* removeAll(unpackedDir('gravitational.io', 'planet', it.from.planet));
  if (failure) return failure;
  const text = yield* call('readFile', { path: PACKAGE_DB });
  const store = text.ok ? parseStore(text.value) : null;
  if (!store) return null;
  const keep = store.packages.filter((each) => !(each.version === it.from.planet || (each.name === 'gravity' && each.version === it.from.gravity)));
  return yield* writeTree({ [PACKAGE_DB]: { text: storeText({ ...store, packages: keep }), mode: 0o600 } });
}

