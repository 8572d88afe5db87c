/**
 * The phases of an upgrade (gravity lib/update/cluster/phases). They act through systemd, etcd and the API
 * server of the cluster that they change.
 */
import { seconds } from '../../engine/time.ts';
import { ask, apply, collectionPath, kube, site, waitFor } from '../cluster-api.ts';
import type { Executor, Outcome } from '../engine.ts';
import { removeAll, writeTree } from '../files.ts';
import { gravityBinary } from '../layout/installer.ts';
import { hostLinks } from '../layout/host.ts';
import { configPackageFile, nodePackages, parseStore, planetPackageTree, storeText, varsText } from '../layout/packages.ts';
import { parsePlanetFlags, planetFlags, type PlanetConfig } from '../layout/planet-config.ts';
import { GRAVITY_BIN, PACKAGE_DB, planetConfigName, STATE_DIR, teleportConfigName, unitName, unpackedDir } from '../layout/paths.ts';
import { planetUnit } from '../layout/units.ts';
import { kubeletPermissions, rbacObjects } from '../manifests.ts';
import type { Phase } from '../plan.ts';
import { packagesKey } from '../state.ts';
import { drop, openStore, put } from '../store.ts';
import type { Cluster, Server } from '../topology.ts';
import { appVersion, REPOSITORY, type Release } from '../versions.ts';
import { etcdV2 } from '../../services/etcd/client.ts';
import type { V2Event } from '../../services/etcd/api.ts';
import type { Sys } from '../../proc/program.ts';
import { call } from '../../proc/syscalls.ts';
import { asJson, localIsHealthy, logSystem, nodeIsReady, pause } from './common.ts';
import { installUnit, removeUnit } from './node.ts';
import { updateApp } from './apps.ts';
import { cordon, drain, endpoints, patchNode, taint } from './kube-node.ts';
import { failedLine, nodeFailures, type Failed } from './preflight.ts';

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
    labels: at(() => labels(it)), config: at(() => configure(it), () => undoConfigure(it)),
    app: at((phase) => changeApp(it, phase, it.to, 'update'), (phase) => changeApp(it, phase, it.from, 'rollback')), gc: at(() => collect(it)),
  };
}

/** The Kubernetes node that a phase is about. */
const nameOf = (phase: Phase): string => phase.server?.address ?? '';
const log = (message: string): Sys<void> => logSystem('INFO', message, 'update', {});

/** What /init makes for a node and /bootstrap takes to it. */
const made = (it: Upgrade, server: Server): readonly string[] => {
  const name = planetConfigName(server.address, it.cluster.name);
  return [name, name.replace('config', 'secrets')];
};
const packageKey = (name: string, version: string): string => `${packagesKey}/${name}-${version}`;

function* init(it: Upgrade): Sys<Outcome> {
  yield* log('Create service user.');
  yield* log('Create admin agent user.');
  yield* pause(2);
  yield* log('Update cluster roles.');
  yield* log('Update cluster DNS configuration.');
  const store = yield* openStore(`${STATE_DIR}/secrets`);
  for (const server of it.cluster.servers) {
    yield* log(`Generate new secrets configuration package for ${server.name}.`);
    yield* log(`Generate new runtime configuration package for ${server.name}.`);
    for (const name of made(it, server)) {
      const wrote = yield* put(store, packageKey(name, it.to.planet), asJson({ repository: it.cluster.name, name, version: it.to.planet }));
      if (!wrote.ok) return wrote.error;
    }
  }
  yield* pause(2);
  return null;
}

function* undoInit(it: Upgrade): Sys<Outcome> {
  const store = yield* openStore(`${STATE_DIR}/secrets`);
  for (const name of it.cluster.servers.flatMap((server) => made(it, server))) {
    const gone = yield* drop(store, packageKey(name, it.to.planet));
    if (!gone.ok) return gone.error;
  }
  yield* pause(2);
  return null;
}

/** More than this between two nodes' clocks stops an upgrade. */
const DRIFT_MAX_US = 300_000;

function* checks(it: Upgrade): Sys<Outcome> {
  const problems: string[] = [];
  const note = (server: Server, failed: readonly Failed[]): number =>
    problems.push(...failed.map((each) => `${server.name}: ${failedLine(each).trim().replace('[×] ', '')}`));
  for (const server of it.cluster.servers) {
    yield* log(`Executing preflight checks on node(addr=${server.address}, hostname=${server.name}, role=${server.profile}, cluster_role=${server.role}).`);
    yield* pause(1);
    if (server.address === it.self.address) { note(server, yield* nodeFailures()); continue; }
    const before = yield* call('now', {});
    const got = yield* ask(`https://${server.address}:3012/checks`, { timeoutUs: seconds(15), cert: 'kubelet' });
    const after = yield* call('now', {});
    if (!got.ok || !before.ok || !after.ok) return got.ok ? 'failed to read the clock' : got.error;
    const { real, failed } = got.value.body as unknown as { real: number; failed: readonly Failed[] };
    note(server, failed);
    // The answer's time lies between the question's and its arrival.
    const drift = Math.max(before.value.real - real, real - after.value.real);
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
  const missing = yield* pullUpdates(it);
  if (missing) return missing;
  const config = yield* currentConfig(it);
  if (typeof config === 'string') return config;
  yield* log(`Pulling package update: gravitational.io/planet:${to.planet}.`);
  const path = configPackageFile(cluster.name, planetConfigName(self.address, cluster.name), to.planet);
  const failure = yield* writeTree({ ...planetPackageTree(config, to.planet), [path]: varsText(planetFlags(config)) });
  if (failure) return failure;
  return yield* relabel(it, to);
}

/** The cluster's packages come from the active controller, those made for this node among them. */
function* pullUpdates(it: Upgrade): Sys<Outcome> {
  const reached = yield* site('/healthz', { timeoutUs: seconds(10) });
  if (!reached.ok) return reached.error;
  const store = yield* openStore(`${STATE_DIR}/secrets`);
  for (const name of made(it, it.self)) {
    const got = yield* etcdV2(store, 'GET', packageKey(name, it.to.planet), {}, undefined, { totalUs: seconds(5) });
    if (!got.ok) return got.error;
    if (got.value.status !== 200) return `package(${it.cluster.name}/${name}:${it.to.planet}) not found`;
  }
  yield* pause(22);
  return null;
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

/** The application of the one release takes the other's place; backwards, when it is rolled back. */
function* changeApp(it: Upgrade, phase: Phase, to: Release, name: 'update' | 'rollback'): Sys<Outcome> {
  const { app } = phase.data as { app: string };
  yield* log(`Execute ${REPOSITORY}/${app}:${appVersion(to, app)}(${name}) hook.`);
  return yield* updateApp(app, to, name, app === 'rbac-app' ? rbacObjects(it.cluster) : []);
}

/** Teleport's configuration as a master of the new release. */
const masterConfig = (it: Upgrade): string => teleportConfigName(it.self.address, it.cluster.name).replace('-node-', '-master-');

function* configure(it: Upgrade): Sys<Outcome> {
  const name = masterConfig(it);
  yield* log(`Update teleport master configuration package ${it.cluster.name}/${name}:${it.to.teleport}.`);
  const store = yield* openStore(`${STATE_DIR}/secrets`);
  const wrote = yield* put(store, packageKey(name, it.to.teleport), asJson({ repository: it.cluster.name, name, version: it.to.teleport }));
  yield* pause(2);
  return wrote.ok ? null : wrote.error;
}

function* undoConfigure(it: Upgrade): Sys<Outcome> {
  const store = yield* openStore(`${STATE_DIR}/secrets`);
  const gone = yield* drop(store, packageKey(masterConfig(it), it.to.teleport));
  return gone.ok ? null : gone.error;
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

