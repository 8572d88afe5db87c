/**
 * What one Planet is started with: the flags of `planet start`, which gravity keeps in the node's
 * planet-config package. To and from the command line; what they mean is in planet-files.ts.
 */
import { agentName, masters, type Cluster, type Server } from '../topology.ts';

export interface PlanetConfig {
  readonly cluster: string;
  readonly address: string;
  readonly hostname: string;
  readonly role: 'master' | 'node';
  /** The etcd members: [name, address]. */
  readonly members: readonly (readonly [string, string])[];
  readonly initialState: 'new' | 'existing';
  readonly electionEnabled: boolean;
  readonly podCidr: string;
  readonly serviceCidr: string;
  readonly vxlanPort: number;
  readonly dnsListen: string;
  readonly storageDriver: string;
  readonly stateDir: string;
}

/** Until an installation's last phase only the first master may lead; a node that joins may at its plan's end. */
export function planetConfig(cluster: Cluster, server: Server, extra: Partial<PlanetConfig> = {}): PlanetConfig {
  return {
    cluster: cluster.name, address: server.address, hostname: server.name, role: server.role,
    members: masters(cluster).map((each) => [agentName(each.address, cluster.name), each.address] as const),
    initialState: 'new', electionEnabled: masters(cluster)[0]?.address === server.address, podCidr: cluster.podCidr, serviceCidr: cluster.serviceCidr,
    vxlanPort: cluster.vxlanPort, dnsListen: '127.0.0.2', storageDriver: 'overlay2', stateDir: '/var/lib/gravity', ...extra,
  };
}

export function planetFlags(config: PlanetConfig): string[] {
  const { stateDir } = config;
  const bind = (from: string, to: string): string => `--volume=${stateDir}/${from}:${to}`;
  return [
    `--node-name=${config.address}`, `--hostname=${config.hostname}`, `--public-ip=${config.address}`, `--role=${config.role}`,
    `--cluster-id=${config.cluster}`, `--etcd-member-name=${agentName(config.address, config.cluster)}`,
    `--initial-cluster=${config.members.map(([name, address]) => `${name}:${address}`).join(',')}`,
    `--etcd-proxy=${config.role === 'master' ? 'off' : 'on'}`, `--etcd-initial-cluster-state=${config.initialState}`,
    `--election-enabled=${config.electionEnabled}`, `--secrets-dir=${stateDir}/secrets`,
    `--service-uid=1000`, `--service-subnet=${config.serviceCidr}`, `--pod-subnet=${config.podCidr}`, `--vxlan-port=${config.vxlanPort}`,
    `--dns-listen-addr=${config.dnsListen}`, '--dns-port=53', `--docker-backend=${config.storageDriver}`,
    bind('planet/etcd', '/ext/etcd'), bind('planet/registry', '/ext/registry'), bind('planet/docker', '/ext/docker'),
    bind('planet/share', '/ext/share'), bind('planet/state', '/ext/state'), bind('planet/log', '/var/log'),
  ];
}

/** null when a flag that it cannot do without is missing. */
export function parsePlanetFlags(argv: readonly string[]): PlanetConfig | null {
  const flags = new Map<string, string>();
  for (const word of argv) {
    const m = /^--([\w-]+)=(.*)$/.exec(word);
    if (m) flags.set(m[1]!, m[2]!);
  }
  const address = flags.get('public-ip'), cluster = flags.get('cluster-id'), secrets = flags.get('secrets-dir');
  if (!address || !cluster || !secrets) return null;
  return {
    cluster, address, hostname: flags.get('hostname') ?? address, role: flags.get('role') === 'master' ? 'master' : 'node',
    members: (flags.get('initial-cluster') ?? '').split(',').filter(Boolean).map((pair) => pair.split(':') as [string, string]),
    initialState: flags.get('etcd-initial-cluster-state') === 'existing' ? 'existing' : 'new',
    electionEnabled: flags.get('election-enabled') === 'true', podCidr: flags.get('pod-subnet') ?? '10.244.0.0/16',
    serviceCidr: flags.get('service-subnet') ?? '10.100.0.0/16', vxlanPort: Number(flags.get('vxlan-port') ?? 8472),
    dnsListen: flags.get('dns-listen-addr') ?? '127.0.0.2', storageDriver: flags.get('docker-backend') ?? 'overlay2',
    stateDir: secrets.replace(/\/secrets$/, ''),
  };
}
