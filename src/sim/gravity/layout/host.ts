/**
 * The disk of a host as an installation leaves it: gravity's state, its units, kernel settings, logs. The
 * base operating system is not its business.
 */
import type { Tree } from '../../host/fs.ts';
import type { Cluster, Server } from '../topology.ts';
import { SERVICE_UID, secretsTree } from './certificates.ts';
import { gravityProgram, homeTree, tarballTree } from './installer.ts';
import { installLog, systemLog } from './logs.ts';
import { packagesTree } from './packages.ts';
import { GRAVITY_BIN, INSTALL_LOG, planetRootfs, STATE_DIR, SYSTEM_LOG, UNIT_DIR } from './paths.ts';
import { planetUnit, teleportUnit, type HostUnit } from './units.ts';
import { ALPHA, BETA, type Release } from '../versions.ts';

/** In the order in which an installation makes them. */
export const STATE_FOLDERS = [
  'local/packages/blobs', 'local/packages/unpacked', 'local/packages/tmp', 'teleport/auth', 'teleport/node', 'planet/state', 'planet/etcd', 'planet/registry',
  'planet/docker', 'planet/share/hooks', 'planet/log/journal', 'site/teleport', 'site/packages/unpacked', 'site/packages/blobs', 'site/packages/tmp', 'secrets', 'backup',
] as const;

export const MODULES = ['br_netfilter', 'iptable_nat', 'iptable_filter', 'ebtables', 'overlay'] as const;
export const SYSCTLS: Readonly<Record<string, string>> = { 'net.ipv4.ip_forward': '1', 'net.bridge.bridge-nf-call-iptables': '1', 'fs.may_detach_mounts': '1' };
export const MODULES_FILE = '/etc/modules-load.d/gravity.conf';
export const SYSCTL_FILE = '/etc/sysctl.d/50-gravity.conf';
export const modulesText = MODULES.map((name) => `${name}\n`).join('');
export const sysctlText = Object.entries(SYSCTLS).map(([name, value]) => `${name}=${value}\n`).join('');
export const ENVIRONMENT = `KUBECONFIG=${STATE_DIR}/kubectl.kubeconfig\n`;

/** Links of an installed node: path → target. */
export const hostLinks = (release: Release): Record<string, string> => ({
  '/usr/bin/kubectl': `${planetRootfs(release.planet)}/usr/local/bin/kubectl`, '/usr/bin/helm': `${planetRootfs(release.planet)}/usr/local/bin/helm`,
  [`${STATE_DIR}/kubectl.kubeconfig`]: `${planetRootfs(release.planet)}/etc/kubernetes/kubectl-host.kubeconfig`,
});

export const unitTree = (unit: HostUnit): Tree =>
  ({ [`${UNIT_DIR}/${unit.name}`]: unit.text, [`${UNIT_DIR}/multi-user.target.wants/${unit.name}`]: { to: `${UNIT_DIR}/${unit.name}` } });

export function hostTree(cluster: Cluster, server: Server): Tree {
  const { release } = cluster;
  const tree: Record<string, Tree[string]> = {
    [STATE_DIR]: { dir: true, uid: SERVICE_UID },
    ...Object.fromEntries(STATE_FOLDERS.map((folder) => [`${STATE_DIR}/${folder}`, { dir: true, uid: SERVICE_UID }] as const)),
    [`${STATE_DIR}/planet/log/apiserver`]: { dir: true, uid: SERVICE_UID },
    ...secretsTree(cluster, server), ...packagesTree(cluster, server),
    [GRAVITY_BIN]: { program: gravityProgram(release), size: 62_914_560 },
    [MODULES_FILE]: modulesText, [SYSCTL_FILE]: sysctlText, '/etc/environment': ENVIRONMENT,
    [INSTALL_LOG]: { text: installLog(cluster, server), mtime: cluster.installEnded, mode: 0o640 },
    [SYSTEM_LOG]: { text: systemLog(cluster, server), mtime: cluster.installEnded },
    ...unitTree(planetUnit(server.address, cluster.name, release.planet)), ...unitTree(teleportUnit(server.address, cluster.name, release.teleport)),
  };
  for (const [path, to] of Object.entries(hostLinks(release))) tree[path] = { to };
  return { ...tree, ...homeFolders() };
}

/** What lies in the ordinary user's home on every machine. */
export const homeFolders = (): Tree =>
  ({ ...homeTree(), ...tarballTree('/home/vagrant/installer', ALPHA), ...tarballTree('/home/vagrant/upgrade', BETA) });
