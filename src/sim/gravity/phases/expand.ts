/**
 * The phases of a join, which run on the joining node (gravity lib/expand/phases).
 */
import { seconds } from '../../engine/time.ts';
import { waitFor } from '../cluster-api.ts';
import type { Executor, Outcome } from '../engine.ts';
import { readJson, writeTree } from '../files.ts';
import { configPackageFile, varsText } from '../layout/packages.ts';
import { planetConfig, planetFlags } from '../layout/planet-config.ts';
import { planetConfigName, STATE_DIR } from '../layout/paths.ts';
import { openStore, put } from '../store.ts';
import type { Cluster, Server } from '../topology.ts';
import { exportedImages } from '../../services/registry/fill.ts';
import type { Json, Sys } from '../../proc/program.ts';
import { call } from '../../proc/syscalls.ts';
import { logBoth, nodeIsReady, pause } from './common.ts';
import { installSystem, makeFolders, placePackages, waitForPlanet } from './node.ts';

export interface Joining {
  readonly cluster: Cluster; readonly server: Server;
  readonly secrets: Readonly<Record<string, string>>;
  readonly say: (text: string) => Sys<void>;
  /** RPC agents on other nodes: brought and ended; orders to them are POST requests. */
  readonly agents: {
    readonly deploy: (address: string) => Sys<Outcome>;
    readonly order: (address: string, path: string) => Sys<Outcome>;
  };
  /** Asks the cluster's controller at the peer, with the join token. */
  readonly controller: (path: string, method: string, body: Json) => Sys<{ readonly ok: true; readonly body: Json } | { readonly ok: false; readonly error: string }>;
}

export function expandExecutors(it: Joining): Readonly<Record<string, Executor>> {
  const { cluster, server } = it;
  const say = function* (text: string): Sys<void> {
    yield* it.say(text);
    yield* logBoth('INFO', `${text}.`, 'fsm:join', {}, server.name);
  };
  const onMaster = (run: (address: string) => Sys<Outcome>): Executor => ({ run: (phase) => run(phase.server?.address ?? '') });
  const step = (run: () => Sys<Outcome>): Executor => ({ run, *rollback() { return null; } });
  return {
    configure: step(function* () { yield* say('Configuring packages for the joining node'); yield* pause(4); return null; }),
    bootstrap: step(function* () {
      yield* say('Configuring system directories');
      yield* pause(1);
      return yield* makeFolders((text) => logBoth('INFO', text, 'fsm:join', {}, server.name));
    }),
    pull: step(function* () {
      yield* say('Pulling configured packages');
      yield* pause(24);
      const failure = yield* placePackages(cluster, server, it.secrets, { initialState: 'existing' });
      return failure ?? (server.role === 'master' ? yield* writeTree(exportedImages(cluster.release)) : null);
    }),
    system: {
      *run(phase) {
        const name = (phase.data as { package: string }).package;
        yield* say(`Installing system service ${name}:${name === 'planet' ? cluster.release.planet : cluster.release.teleport}`);
        // etcd of a master is told of its cluster before it starts: see the next phase.
        if (name === 'planet' && server.role === 'master') { yield* pause(2); return null; }
        return yield* installSystem(name, cluster, server);
      },
      *rollback() { return null; },
    },
    etcd: step(() => joinEtcd(it, say)),
    'wait-planet': step(function* () { yield* say('Waiting for the planet to start'); return yield* waitForPlanet(); }),
    'wait-k8s': step(function* () {
      const up = yield* waitFor(() => nodeIsReady(server.address), seconds(300));
      return up ? null : `timed out waiting for node ${server.address} to become ready`;
    }),
    elect: {
      *run(phase) {
        const { enable } = phase.data as { enable: boolean };
        const store = yield* openStore(`${STATE_DIR}/secrets`);
        const wrote = yield* put(store, `/planet/cluster/${cluster.name}/election/${server.address}`, String(enable));
        return wrote.ok ? null : wrote.error;
      },
      *rollback() { return null; },
    },
    'start-agent': onMaster((address) => it.agents.deploy(address)), 'stop-agent': onMaster(function* (address) {
      yield* it.agents.order(address, '/shutdown'); // it may be gone before it can answer
      return null;
    }),
    'etcd-backup': onMaster((address) => it.agents.order(address, '/etcd-backup')),
  };
}

/** The cluster is told of the member, the member of the cluster, and Planet starts. */
function* joinEtcd(it: Joining, say: (text: string) => Sys<void>): Sys<Outcome> {
  const { cluster, server } = it;
  yield* say('Adding etcd member');
  const added = yield* it.controller('/portal/v1/etcd/members', 'POST', { name: `${server.address.replace(/\./g, '_')}.${cluster.name}`, peerUrl: `https://${server.address}:2380` });
  if (!added.ok) return added.error;
  const { members } = added.body as unknown as { members: readonly (readonly [string, string])[] };
  const path = configPackageFile(cluster.name, planetConfigName(server.address, cluster.name), cluster.release.planet);
  const config = planetConfig(cluster, server, { initialState: 'existing', members });
  if (!(yield* readJson(path))) yield* call('unlink', { path });
  return (yield* writeTree({ [path]: varsText(planetFlags(config)) })) ?? (yield* installSystem('planet', cluster, server));
}
