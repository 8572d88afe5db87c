/**
 * What gravity keeps of a cluster in etcd, under /gravity/local, as JSON values: the cluster with its
 * servers, its operations with their plans, tokens. Records and keys only; store.ts reads and writes.
 */
import type { Plan } from './plan.ts';
import { APP, REPOSITORY } from './versions.ts';
import type { Cluster } from './topology.ts';

export const ROOT_KEY = '/gravity/local';
export const LEADER_KEY = `${ROOT_KEY}/leader`;
export const siteKey = (name: string): string => `${ROOT_KEY}/sites/${name}/site`;
export const operationKey = (name: string, id: string): string => `${ROOT_KEY}/sites/${name}/operations/${id}/operation`;
export const planKey = (name: string, id: string): string => `${ROOT_KEY}/sites/${name}/operations/${id}/plan`;
export const tokenKey = (token: string): string => `${ROOT_KEY}/tokens/${token}`;
/** Teleport's node heartbeats: TTL 90 s. */
export const heartbeatKey = (address: string): string => `${ROOT_KEY}/nodes/${address}`;
export const userKey = (name: string): string => `${ROOT_KEY}/users/${name}`;
export const packagesKey = `${ROOT_KEY}/packages`;

export type ClusterState = 'active' | 'degraded' | 'installing' | 'expanding' | 'updating' | 'shrinking' | 'uninstalling' | 'failed'
  | 'collecting_garbage' | 'updating_cluster_environ' | 'updating_cluster_config';

export interface ServerRecord {
  readonly hostname: string; readonly advertise_ip: string;
  readonly cluster_role: 'master' | 'node'; readonly role: string;
}

export interface SiteRecord {
  readonly domain: string; readonly state: ClusterState; readonly created: number;
  readonly app: { readonly repository: string; readonly name: string; readonly version: string };
  readonly gravity_version: string;
  readonly servers: readonly ServerRecord[];
  readonly reason?: string;
}

export type OperationType = 'operation_install' | 'operation_expand' | 'operation_update' | 'operation_shrink' | 'operation_uninstall'
  | 'operation_gc' | 'operation_update_environ' | 'operation_update_config';

export interface Progress { readonly message: string; readonly completion: number; readonly state: 'in_progress' | 'completed' | 'failed'; readonly created: number }

export interface OperationRecord {
  readonly id: string; readonly type: OperationType;
  /** 'completed', 'failed', or a state under way, as 'update_in_progress'. */
  readonly state: string;
  readonly created: number; readonly updated: number;
  readonly progress: Progress;
  /** Of a join or a removal. */
  readonly server?: ServerRecord;
  /** Of an update: to which version. */
  readonly version?: string;
  readonly manual?: boolean;
}

export const isFinished = (operation: Pick<OperationRecord, 'state'>): boolean => operation.state === 'completed' || operation.state === 'failed';

export interface UserRecord { readonly name: string; readonly type: 'admin' | 'agent' | 'regular'; readonly roles: readonly string[]; readonly created: number }
export interface TokenRecord { readonly token: string; readonly type: 'expand' | 'install' | 'invite' | 'reset'; readonly user: string; readonly expires: number | null }

export interface Snapshot {
  readonly site: SiteRecord | null;
  /** Newest first. */
  readonly operations: readonly OperationRecord[];
  readonly plans: Readonly<Record<string, Plan>>;
  readonly tokens: readonly TokenRecord[];
  /** Addresses whose teleport has been heard of lately. */
  readonly heartbeats: readonly string[];
  readonly users: readonly UserRecord[];
  readonly leader: string | null;
}

export const serverRecords = (cluster: Cluster): ServerRecord[] =>
  cluster.servers.map((server) => ({ hostname: server.name, advertise_ip: server.address, cluster_role: server.role, role: server.profile }));

/** The cluster as its installation leaves it. */
export function installedSite(cluster: Cluster, state: ClusterState = 'active'): SiteRecord {
  return {
    domain: cluster.name, state, created: cluster.installStarted, gravity_version: cluster.release.gravity,
    app: { repository: REPOSITORY, name: APP, version: cluster.release.gravity }, servers: serverRecords(cluster),
  };
}

export function installOperation(cluster: Cluster): OperationRecord {
  return {
    id: cluster.installId, type: 'operation_install', state: 'completed', created: cluster.installStarted, updated: cluster.installEnded,
    progress: { message: 'Operation has completed', completion: 100, state: 'completed', created: cluster.installEnded },
  };
}
