/**
 * The phases of an installation on this machine (gravity lib/install/phases). What the wizard would know
 * of the operation is in `Installation`.
 */
import { seconds } from '../../engine/time.ts';
import { apply, waitFor } from '../cluster-api.ts';
import type { Executor, Outcome } from '../engine.ts';
import { writeTree } from '../files.ts';
import { secretFiles } from '../layout/certificates.ts';
import { corednsObjects, rbacObjects } from '../manifests.ts';
import type { Phase } from '../plan.ts';
import { installedSite, tokenKey, userKey, type OperationRecord } from '../state.ts';
import { openStore, put, putOperation, putSite } from '../store.ts';
import { STATE_DIR } from '../layout/paths.ts';
import type { Cluster, Server } from '../topology.ts';
import { exportedImages } from '../../services/registry/fill.ts';
import type { Sys } from '../../proc/program.ts';
import { installApp } from './apps.ts';
import { asJson, localIsHealthy, logBoth, pause, readyNodes } from './common.ts';
import { installSystem, makeFolders, placePackages, waitForPlanet } from './node.ts';
import { nodeFailures } from './preflight.ts';

export interface Installation {
  readonly cluster: Cluster; readonly server: Server;
  readonly operation: OperationRecord;
  /** A step for people: printed when phases are executed by hand. */
  readonly say: (text: string) => Sys<void>;
}

const done: Outcome = null;

export function installExecutors(it: Installation): Readonly<Record<string, Executor>> {
  const { cluster, server } = it;
  const say = function* (text: string): Sys<void> {
    yield* it.say(text);
    yield* logBoth('INFO', `${text}.`, 'fsm:install', {}, server.name);
  };
  const simple = (run: (phase: Phase) => Sys<Outcome>, rollback?: (phase: Phase) => Sys<Outcome>): Executor => ({ run, ...(rollback ? { rollback } : {}) });
  return {
    checks: simple(function* () {
      yield* say('Running pre-flight checks');
      yield* pause(3);
      const failed = yield* nodeFailures();
      return failed.length ? `The following pre-flight checks failed: ${failed.map((each) => each.error || each.detail).join(', ')}` : done;
    }),
    configure: simple(function* () { yield* say('Configuring cluster packages'); yield* pause(4); return done; }, noRollback),
    bootstrap: simple(function* () {
      yield* say('Configuring system directories');
      yield* pause(2);
      const failure = yield* makeFolders((text) => logBoth('INFO', text, 'fsm:install', {}, server.name));
      if (failure) return failure;
      yield* say('Configuring application-specific volumes');
      yield* pause(1);
      return done;
    }, noRollback),
    pull: simple(function* () {
      yield* say('Pulling user application');
      yield* pause(14);
      yield* say('Pulling configured packages');
      yield* pause(12);
      yield* say('Unpacking pulled packages');
      yield* pause(8);
      return yield* placePackages(cluster, server, secretFiles(cluster, server), { initialState: 'new' });
    }, noRollback),
    system: simple(function* (phase) {
      const name = (phase.data as { package: string }).package;
      yield* say(`Installing system service ${name}:${name === 'planet' ? cluster.release.planet : cluster.release.teleport}`);
      const failure = yield* installSystem(name, cluster, server);
      if (failure) return failure;
      if (name === 'teleport') { yield* pause(1); return done; }
      return yield* waitForPlanet();
    }, noRollback),
    wait: simple(function* () { yield* say('Waiting for the planet to start'); return (yield* waitForCluster(cluster)) ?? (yield* beginState(it)); }),
    rbac: simple(function* () { yield* say('Creating Kubernetes RBAC resources'); yield* pause(2); return yield* apply(rbacObjects(cluster)); }),
    coredns: simple(function* () { yield* say('Configuring CoreDNS'); return yield* apply(corednsObjects(cluster)); }),
    export: simple(function* () {
      yield* say(`Unpacking application telekube:${cluster.release.gravity}`);
      yield* pause(25);
      yield* say(`Exporting application telekube:${cluster.release.gravity} to local registry`);
      yield* pause(40);
      return yield* writeTree(exportedImages(cluster.release));
    }),
    health: simple(function* () { return (yield* localIsHealthy(seconds(300))) ? done : 'timed out waiting for the cluster to become healthy'; }),
    app: simple(function* (phase) {
      const { app, version } = phase.data as { app: string; version: string };
      yield* say(`Executing install hook for ${app}:${version}`);
      return yield* installApp(app, cluster.release);
    }),
    'connect-installer': simple(function* () { yield* say('Connecting to installer'); yield* pause(2); return done; }),
    election: simple(function* () {
      yield* say('Enable leader elections');
      return yield* enableElections(cluster);
    }),
  };
}

/** From now on any master may lead. */
export function* enableElections(cluster: Pick<Cluster, 'name' | 'servers'>): Sys<Outcome> {
  const store = yield* openStore(`${STATE_DIR}/secrets`);
  for (const server of cluster.servers) {
    if (server.role !== 'master') continue;
    const wrote = yield* put(store, `/planet/cluster/${cluster.name}/election/${server.address}`, 'true');
    if (!wrote.ok) return wrote.error;
  }
  return done;
}

function* noRollback(): Sys<Outcome> { return done; }

export function* waitForCluster(cluster: Pick<Cluster, 'servers'>): Sys<Outcome> {
  let last = '';
  const up = yield* waitFor(function* () {
    const ready = yield* readyNodes();
    last = typeof ready === 'string' ? ready : `${ready.length} of ${cluster.servers.length} nodes are ready`;
    return typeof ready !== 'string' && cluster.servers.every((server) => ready.includes(server.address));
  }, seconds(300));
  return up ? done : `not enough nodes joined the cluster: ${last}`;
}

/** The cluster's record in its own etcd, from now on. */
export function* beginState(it: Pick<Installation, 'cluster' | 'operation'>): Sys<Outcome> {
  const store = yield* openStore(`${STATE_DIR}/secrets`);
  const { cluster, operation } = it;
  const site = yield* putSite(store, { ...installedSite(cluster), state: 'installing', created: operation.created });
  if (!site.ok) return site.error;
  for (const wrote of [
    yield* putOperation(store, cluster.name, operation),
    yield* put(store, tokenKey(cluster.token), { token: cluster.token, type: 'expand', user: `agent@${cluster.name}`, expires: null }),
    yield* put(store, userKey(`agent@${cluster.name}`), asJson({ name: `agent@${cluster.name}`, type: 'agent', roles: ['@agent'], created: operation.created })),
    yield* put(store, userKey(`gatekeeper@${cluster.name}`), asJson({ name: `gatekeeper@${cluster.name}`, type: 'agent', roles: ['@gatekeeper'], created: operation.created })),
  ]) if (!wrote.ok) return wrote.error;
  return done;
}
