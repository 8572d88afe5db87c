/**
 * `gravity upgrade`, `update upload` and `update trigger`: brings a new release's packages into the cluster,
 * makes the operation with its plan, deploys agents and, unless by hand, runs it.
 */
import { seconds } from '../../../sim/engine/time.ts';
import { snapshot, writeUpdateFile, type Found } from '../../../sim/gravity/backends.ts';
import { ask, controllerAnswers, NO_CLUSTER } from '../../../sim/gravity/cluster-api.ts';
import { printStep, realNow } from '../../../sim/gravity/console.ts';
import { askAgent, pause, type AgentSystem } from '../../../sim/gravity/phases/common.ts';
import { upgradePlan } from '../../../sim/gravity/plans/upgrade.ts';
import { packagesKey, type OperationRecord, type SiteRecord, type Snapshot } from '../../../sim/gravity/state.ts';
import { newUuid, openStore, put, putOperation, putPlan, putSite } from '../../../sim/gravity/store.ts';
import { STATE_DIR } from '../../../sim/gravity/layout/paths.ts';
import { ALPHA, APP, compareVersions, releaseOf, RELEASES, type Release } from '../../../sim/gravity/versions.ts';
import { out } from '../../../sim/proc/libc.ts';
import type { Sys } from '../../../sim/proc/program.ts';
import { imagesOf, type Exported } from '../../../sim/services/registry/fill.ts';
import { etcdV2 } from '../../../sim/services/etcd/client.ts';
import { deployAgents } from './agents.ts';
import { serverOf, updateDesk } from './desks.ts';
import { argument, failWith, myself, on, text, type Invocation } from './invocation.ts';
import { runToEnd, execute, resume } from './plan.ts';

const PATIENCE = { totalUs: seconds(5), headerUs: seconds(5) };
const uploadedKey = (version: string): string => `${packagesKey}/${APP}-${version}`;

function* clusterNow(): Sys<{ all: Snapshot; site: SiteRecord } | null> {
  const all = yield* snapshot(PATIENCE);
  return all?.site ? { all, site: all.site } : null;
}

/** `update upload`: the tarball's packages into the cluster, its images into the registries. */
export function* upload(it: Invocation): Sys<number> {
  if (!(yield* controllerAnswers())) return yield* failWith(it, NO_CLUSTER);
  const now = yield* clusterNow();
  if (!now) return yield* failWith(it, NO_CLUSTER);
  const system = yield* askAgent<AgentSystem>('/');
  if (system?.status !== 'running') return yield* failWith(it, 'cluster is degraded');
  yield* printStep(`Importing application ${APP} v${it.release.gravity}`);
  const store = yield* openStore(`${STATE_DIR}/secrets`);
  const known = yield* etcdV2(store, 'GET', uploadedKey(it.release.gravity), {}, undefined, PATIENCE);
  if (known.ok && known.value.status === 200) yield* printStep('Application already exists in local cluster');
  else yield* pause(27);
  for (const server of now.site.servers) {
    if (server.cluster_role !== 'master') continue;
    yield* printStep(`Synchronizing application with Docker registry ${server.advertise_ip}:5000`);
    const failure = yield* synchronize(it, server.advertise_ip);
    if (failure) return yield* failWith(it, failure);
    yield* pause(6);
  }
  const wrote = yield* put(store, uploadedKey(it.release.gravity), { name: APP, version: it.release.gravity });
  if (!wrote.ok) return yield* failWith(it, wrote.error);
  yield* printStep('Application has been uploaded');
  return 0;
}

/** The release's images into one master's registry: those that it has not yet. */
function* synchronize(it: Invocation, address: string): Sys<string | null> {
  const registry = `https://${address}:5000/v2`;
  const there = yield* ask(`${registry}/`, { timeoutUs: seconds(10) });
  if (!there.ok) return there.error;
  for (const { name, tag, digest } of newImages(it.release)) {
    const url = `${registry}/${name}/manifests/${tag}`;
    const got = yield* ask(url, { method: 'PUT', body: { schemaVersion: 2, config: { digest } }, timeoutUs: seconds(30) });
    if (!got.ok) return got.error;
    const { errors } = (got.value.body ?? {}) as { errors?: readonly { message: string; detail?: string }[] };
    if (got.value.status >= 300) return `failed to push ${name}:${tag}: ${errors?.[0]?.detail ?? errors?.[0]?.message ?? got.value.status}`;
  }
  return null;
}

/** What the installed release has not. */
function newImages(release: Release): readonly Exported[] {
  const known = new Set(RELEASES.filter((other) => compareVersions(other.gravity, release.gravity) < 0).flatMap((other) => imagesOf(other).map(({ name, tag }) => `${name}:${tag}`)));
  return imagesOf(release).filter(({ name, tag }) => !known.has(`${name}:${tag}`));
}

/** `gravity upgrade`, with --phase and --resume for an operation that exists. */
export function* upgrade(it: Invocation): Sys<number> {
  if (text(it, 'phase')) return yield* execute(it);
  if (on(it, 'resume')) return yield* resume(it);
  return yield* trigger(it);
}

/** Why this cluster cannot be upgraded to this binary's release, or null. */
function refusal(it: Invocation, now: { site: SiteRecord }, wanted: string): string | null {
  const { app } = now.site;
  const [name, version] = parseApp(wanted, it.release.gravity);
  if (name !== app.name) return `you are attempting to upgrade to ${name} ${version}, but different application is installed: ${app.name} ${app.version}`;
  if (compareVersions(version, it.release.gravity) > 0) return `app(gravitational.io/${name}:${version}) not found`;
  if (compareVersions(version, app.version) <= 0) return `update version (${version}) must be greater than the currently installed version (${app.version})`;
  if (now.site.state !== 'active') return 'failed to create update operation';
  return null;
}

function parseApp(wanted: string, own: string): [string, string] {
  const m = /^(?:[^/]+\/)?([^:/]+)(?::(.+))?$/.exec(wanted || APP);
  return [m?.[1] ?? wanted, m?.[2] && m[2] !== '0.0.0+latest' ? m[2] : own];
}

export function* trigger(it: Invocation): Sys<number> {
  if (!(yield* controllerAnswers())) return yield* failWith(it, NO_CLUSTER);
  const now = yield* clusterNow();
  if (!now) return yield* failWith(it, NO_CLUSTER);
  const { site } = now;
  const here = yield* myself();
  const self = site.servers.find((server) => here.addresses.includes(server.advertise_ip));
  if (self?.cluster_role !== 'master') return yield* failWith(it, 'this operation can only be executed on one of the master nodes');
  const problem = refusal(it, now, argument(it, 'app'));
  if (problem) return yield* failWith(it, problem);
  const absent = yield* ensureUploaded(it, site);
  if (absent) return yield* failWith(it, absent);
  yield* out(`updating ${site.app.name} from ${site.app.version} to ${it.release.gravity}\n`);
  const found = yield* create(it, site, self.hostname);
  if (typeof found === 'string') return yield* failWith(it, found);
  yield* out('Deploying agents on nodes\n');
  const away = yield* deployAgents(site.servers, it.release);
  if (away) {
    yield* abandon(site, found);
    return yield* failWith(it, away);
  }
  if (on(it, 'manual')) {
    yield* out('The operation has been created in manual mode.\n\nSee https://gravitational.com/gravity/docs/cluster/#managing-an-ongoing-operation for details on working with operation plan.\n');
    return 0;
  }
  return yield* runToEnd(it, found, yield* updateDesk(found, site), site.domain);
}

/** The tarball that this binary is from is uploaded already, or now, in silence. */
function* ensureUploaded(it: Invocation, site: SiteRecord): Sys<string | null> {
  const store = yield* openStore(`${STATE_DIR}/secrets`);
  const known = yield* etcdV2(store, 'GET', uploadedKey(it.release.gravity), {}, undefined, PATIENCE);
  if (known.ok && known.value.status === 200) return null;
  for (const server of site.servers) {
    const failure = server.cluster_role === 'master' ? yield* synchronize(it, server.advertise_ip) : null;
    if (failure) return failure;
  }
  const wrote = yield* put(store, uploadedKey(it.release.gravity), { name: APP, version: it.release.gravity });
  return wrote.ok ? null : wrote.error;
}

/** The operation and its plan, in etcd and on this node. */
function* create(it: Invocation, site: SiteRecord, lead: string): Sys<Found | string> {
  const store = yield* openStore(`${STATE_DIR}/secrets`);
  const created = yield* realNow();
  const operation: OperationRecord = {
    id: yield* newUuid(), type: 'operation_update', state: 'update_in_progress', created, updated: created, version: it.release.gravity, manual: on(it, 'manual'),
    progress: { message: 'initializing the operation', completion: 0, state: 'in_progress', created },
  };
  const from = releaseOf(site.gravity_version) ?? ALPHA;
  const plan = upgradePlan({ operationId: operation.id, cluster: site.domain, servers: site.servers.map(serverOf), lead, from, to: it.release });
  for (const wrote of [yield* putOperation(store, site.domain, operation), yield* putPlan(store, plan), yield* putSite(store, { ...site, state: 'updating' })]) {
    if (!wrote.ok) return wrote.error;
  }
  const unwritten = yield* writeUpdateFile({ operation, plan });
  return unwritten ?? { operation, plan, from: 'etcd' };
}

/** Agents could not be deployed: the operation has not begun. */
function* abandon(site: SiteRecord, found: Found): Sys<void> {
  const store = yield* openStore(`${STATE_DIR}/secrets`);
  const now = yield* realNow();
  const operation: OperationRecord = { ...found.operation, state: 'failed', updated: now, progress: { message: 'failed to deploy agents', completion: 100, state: 'failed', created: now } };
  yield* putOperation(store, site.domain, operation);
  yield* putSite(store, { ...site, state: 'active' });
  if (found.plan) yield* writeUpdateFile({ operation, plan: found.plan });
}
