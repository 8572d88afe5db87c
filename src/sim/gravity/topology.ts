/**
 * The cluster that an installation is to make, or has made: its name, its servers, its token. What the
 * layout, the plans and the first state in etcd are functions of. Addresses, ids and dates are those of
 * the training text.
 */
import { ALPHA, type Release } from './versions.ts';

export interface Server {
  /** Host name. */
  readonly name: string;
  /** Advertise address; also the name of the Kubernetes node. */
  readonly address: string;
  readonly role: 'master' | 'node';
  /** The profile of the application's manifest. */
  readonly profile: string;
  /** Pod network that flannel leases to it at installation. */
  readonly podSubnet: string;
  /** Its etcd member's id. */
  readonly memberId: string;
}

export interface Cluster {
  readonly name: string;
  readonly token: string;
  readonly servers: readonly Server[];
  readonly release: Release;
  readonly installId: string;
  /** Microseconds since 1970. */
  readonly installStarted: number;
  readonly installEnded: number;
  /** Name servers of the hosts, which Planet forwards to. */
  readonly upstream: readonly string[];
  readonly vxlanPort: number;
  readonly podCidr: string;
  readonly serviceCidr: string;
}

const SERVERS: readonly Server[] = [
  { name: 'node-1', address: '192.168.121.232', role: 'master', profile: 'node', podSubnet: '10.244.59.0/24', memberId: 'dce1aaf4c02dc4b5' },
  { name: 'node-2', address: '192.168.121.198', role: 'master', profile: 'node', podSubnet: '10.244.84.0/24', memberId: 'bdbf284ca403d577' },
  { name: 'node-3', address: '192.168.121.217', role: 'master', profile: 'node', podSubnet: '10.244.21.0/24', memberId: '5bd0394181f135dd' },
];

/** Mon Apr 29 2019, 18:40:01 and 18:46:13 UTC. */
const STARTED = 1_556_563_201_000_000;
const ENDED = 1_556_563_573_000_000;

export const NOSTALGIC: Cluster = {
  name: 'nostalgicbell4909', token: '45b56f472e71', servers: SERVERS, release: ALPHA,
  installId: '6784ad01-530a-45f0-a303-119ac8cd3417', installStarted: STARTED, installEnded: ENDED,
  upstream: ['192.168.121.1'], vxlanPort: 8472, podCidr: '10.244.0.0/16', serviceCidr: '10.100.0.0/16',
};

/** The same machines with one master and two regular nodes. */
export const ONE_MASTER: Cluster = {
  ...NOSTALGIC,
  servers: SERVERS.map((server, i) => (i === 0 ? server : { ...server, role: 'node' })),
};

export const masters = (cluster: Pick<Cluster, 'servers'>): readonly Server[] => cluster.servers.filter((server) => server.role === 'master');

/** The name of a node's serf agent and etcd member. */
export const agentName = (address: string, cluster: string): string => `${address.replace(/\./g, '_')}.${cluster}`;

/** The suffix of a node's configuration packages: address and cluster without their dots. */
export const packageSuffix = (address: string, cluster: string): string => `${address}${cluster}`.replace(/[._]/g, '');

/** The bridge's address in a pod subnet. */
export const bridgeAddress = (podSubnet: string): string => podSubnet.replace(/\.0\/\d+$/, '.1');
