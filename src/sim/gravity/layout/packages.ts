/**
 * A node's store of packages as data: what `gravity package list` shows and what units are started from.
 * It stands in gravity.db, which only root may read.
 */
import type { Tree } from '../../host/fs.ts';
import type { Cluster, Server } from '../topology.ts';
import { APP, REPOSITORY, type Release } from '../versions.ts';
import { planetConfig, planetFlags, type PlanetConfig } from './planet-config.ts';
import { PACKAGE_DB, planetConfigName, planetRootfs, teleportConfigName, teleportRootfs, unpackedDir } from './paths.ts';
import { kubeconfigs, planetPrograms } from './planet-files.ts';

export interface PackageRecord {
  readonly repository: string; readonly name: string; readonly version: string;
  readonly sizeBytes: number; readonly labels: Readonly<Record<string, string>>;
}

export interface PackageStore { readonly cluster: string; readonly address: string; readonly packages: readonly PackageRecord[] }

const MB = 1_000_000;

/** What is installed on a node of this release. */
export function nodePackages(cluster: Pick<Cluster, 'name'>, server: Pick<Server, 'address'>, release: Release): PackageRecord[] {
  const own = (name: string, version: string, sizeBytes: number, labels: Record<string, string>): PackageRecord => ({ repository: REPOSITORY, name, version, sizeBytes, labels });
  const config = (name: string, version: string, labels: Record<string, string>): PackageRecord => ({ repository: cluster.name, name, version, sizeBytes: 4_800, labels });
  return [
    own('gravity', release.gravity, 62 * MB, { installed: 'installed' }),
    own('planet', release.planet, 490 * MB, { installed: 'installed', purpose: 'runtime' }),
    own('teleport', release.teleport, 31 * MB, { installed: 'installed' }),
    config(planetConfigName(server.address, cluster.name), release.planet,
      { 'advertise-ip': server.address, 'config-package-for': `${REPOSITORY}/planet:0.0.0`, installed: 'installed', 'operation-id': '', purpose: 'planet-config' }),
    config(planetConfigName(server.address, cluster.name).replace('config', 'secrets'), release.planet, { 'advertise-ip': server.address, installed: 'installed', purpose: 'planet-secrets' }),
    config(teleportConfigName(server.address, cluster.name), release.teleport,
      { 'advertise-ip': server.address, 'config-package-for': `${REPOSITORY}/teleport:0.0.0`, installed: 'installed', purpose: 'teleport-node-config' }),
  ];
}

/** What the cluster's own store holds, for `gravity package list --ops-url` and upgrades. */
export const clusterPackages = (release: Release): PackageRecord[] =>
  [[APP, release.gravity] as const, ...release.apps].map(([name, version]) => ({ repository: REPOSITORY, name, version, sizeBytes: 12 * MB, labels: {} }));

export const storeText = (store: PackageStore): string => `${JSON.stringify(store)}\n`;

export function parseStore(text: string): PackageStore | null {
  try { return JSON.parse(text) as PackageStore; } catch { return null; }
}

/** The unpacked planet package: of its root file system what the host itself uses. */
export function planetPackageTree(config: PlanetConfig, version: string): Tree {
  const rootfs = planetRootfs(version);
  const tree: Record<string, Tree[string]> = {};
  for (const path of ['/usr/bin/planet', '/usr/local/bin/kubectl', '/usr/local/bin/helm']) tree[`${rootfs}${path}`] = planetPrograms[path]!;
  tree[`${rootfs}/etc/kubernetes/kubectl-host.kubeconfig`] = kubeconfigs(config)['kubectl-host.kubeconfig']!;
  return tree;
}

export const teleportPackageTree = (version: string): Tree => ({ [`${teleportRootfs(version)}/usr/bin/teleport`]: { program: 'teleport', size: 31_457_280 } });

/** A configuration package: the arguments of what it configures. */
export const configPackageFile = (cluster: string, name: string, version: string): string => `${unpackedDir(cluster, name, version)}/vars.json`;

export function packagesTree(cluster: Cluster, server: Server, extra: Partial<PlanetConfig> = {}): Tree {
  const { release } = cluster;
  const config = planetConfig(cluster, server, extra);
  return {
    [PACKAGE_DB]: { text: storeText({ cluster: cluster.name, address: server.address, packages: nodePackages(cluster, server, release) }), mode: 0o600, uid: 0 },
    ...planetPackageTree(config, release.planet), ...teleportPackageTree(release.teleport),
    [configPackageFile(cluster.name, planetConfigName(server.address, cluster.name), release.planet)]: varsText(planetFlags(config)),
    [configPackageFile(cluster.name, teleportConfigName(server.address, cluster.name), release.teleport)]: varsText(teleportFlags(cluster, server)),
  };
}

export const varsText = (args: readonly string[]): string => `${JSON.stringify({ args })}\n`;

/** Teleport's node part: where it listens and whom it tells. */
export const teleportFlags = (cluster: Pick<Cluster, 'name' | 'servers'>, server: Pick<Server, 'name' | 'address'>): string[] => [
  `--nodename=${server.name}`, `--advertise-ip=${server.address}`, `--cluster=${cluster.name}`,
  `--auth-server=${cluster.servers.filter((each) => each.role === 'master').map((each) => `${each.address}:3025`).join(',')}`,
];
