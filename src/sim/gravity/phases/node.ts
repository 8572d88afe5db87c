/**
 * Making a host a node: folders, secrets, packages, units. Installation, join and upgrade share it.
 */
import { seconds } from '../../engine/time.ts';
import type { Tree } from '../../host/fs.ts';
import { waitFor } from '../cluster-api.ts';
import type { Outcome } from '../engine.ts';
import { exists, mkdirAll, removeAll, writeTree } from '../files.ts';
import { SERVICE_UID } from '../layout/certificates.ts';
import { ENVIRONMENT, hostLinks, STATE_FOLDERS } from '../layout/host.ts';
import { gravityBinary } from '../layout/installer.ts';
import { packagesTree } from '../layout/packages.ts';
import type { PlanetConfig } from '../layout/planet-config.ts';
import { GRAVITY_BIN, STATE_DIR, UNIT_DIR } from '../layout/paths.ts';
import { planetUnit, teleportUnit, type HostUnit } from '../layout/units.ts';
import type { Cluster, Server } from '../topology.ts';
import type { Sys } from '../../proc/program.ts';
import { call } from '../../proc/syscalls.ts';
import { service } from './common.ts';

/** The folders of the state, in their order, then their owner. */
export function* makeFolders(log: (text: string) => Sys<void>): Sys<Outcome> {
  for (const folder of STATE_FOLDERS) {
    const path = `${STATE_DIR}/${folder}`;
    yield* log(`Creating system directory ${path}.`);
    const failure = yield* mkdirAll(path, 0o755, SERVICE_UID);
    if (failure) return failure;
  }
  yield* call('chown', { path: STATE_DIR, uid: SERVICE_UID, gid: SERVICE_UID });
  return yield* mkdirAll(`${STATE_DIR}/planet/log/apiserver`, 0o755, SERVICE_UID);
}

export function secretsTreeOf(files: Readonly<Record<string, string>>): Tree {
  const directory = `${STATE_DIR}/secrets`;
  const tree: Record<string, Tree[string]> = { [directory]: { dir: true, mode: 0o700, uid: SERVICE_UID } };
  for (const [name, text] of Object.entries(files)) tree[`${directory}/${name}`] = { text, mode: 0o600, uid: SERVICE_UID };
  return tree;
}

/** Packages, secrets and gravity itself, as /pull leaves them. */
export function* placePackages(cluster: Cluster, server: Server, secrets: Readonly<Record<string, string>>, extra: Partial<PlanetConfig>): Sys<Outcome> {
  const tree: Tree = {
    ...secretsTreeOf(secrets), ...packagesTree(cluster, server, extra), [GRAVITY_BIN]: { text: gravityBinary(cluster.release), mode: 0o755 }, '/etc/environment': ENVIRONMENT,
  };
  return yield* writeTree(tree);
}

export function* installUnit(unit: HostUnit): Sys<Outcome> {
  const failure = yield* writeTree({ [`${UNIT_DIR}/${unit.name}`]: unit.text });
  return failure ?? (yield* service('daemon-reload')) ?? (yield* service('enable', unit.name)) ?? (yield* service('start', unit.name));
}

export function* removeUnit(name: string): Sys<Outcome> {
  if (!(yield* exists(`${UNIT_DIR}/${name}`))) return null;
  const stopped = yield* service('stop', name);
  if (stopped) return stopped;
  yield* service('disable', name);
  return (yield* removeAll(`${UNIT_DIR}/${name}`)) ?? (yield* service('daemon-reload'));
}

export function* installSystem(which: string, cluster: Cluster, server: Server): Sys<Outcome> {
  const { release } = cluster;
  if (which === 'teleport') return yield* installUnit(teleportUnit(server.address, cluster.name, release.teleport));
  const links: Record<string, Tree[string]> = {};
  for (const [path, to] of Object.entries(hostLinks(release))) links[path] = { to };
  return (yield* writeTree(links)) ?? (yield* installUnit(planetUnit(server.address, cluster.name, release.planet)));
}

/** Until the container takes orders. */
export function* waitForPlanet(): Sys<Outcome> {
  const up = yield* waitFor(function* () {
    const fd = yield* call('connectUnix', { path: '/var/run/planet.socket' });
    if (fd.ok) yield* call('close', { fd: fd.value });
    return fd.ok;
  }, seconds(300));
  return up ? null : 'timed out waiting for planet to start';
}
