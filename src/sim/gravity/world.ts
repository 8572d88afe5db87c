/**
 * What the maker of worlds needs of gravity: the clusters, and what lies on their machines' disks.
 */
import type { Tree } from '../host/fs.ts';
import { homeFolders, hostTree } from './layout/host.ts';
import { NOSTALGIC, ONE_MASTER, type Cluster } from './topology.ts';

export const CLUSTERS: Readonly<Record<'three-masters' | 'one-master', Cluster>> = { 'three-masters': NOSTALGIC, 'one-master': ONE_MASTER };

/** What an installation leaves on a host, over its operating system. */
export function clusterTrees(cluster: Cluster, hostName: string): Tree[] {
  const server = cluster.servers.find((each) => each.name === hostName);
  return server ? [hostTree(cluster, server)] : bareTrees();
}

/** A host without a cluster: the unpacked installer is there. */
export const bareTrees = (): Tree[] => [homeFolders()];
