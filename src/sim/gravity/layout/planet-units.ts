/**
 * The unit files of Planet's services (planet 6.0.1, build.assets/makefiles). Every one restarts for ever;
 * kube-apiserver, kube-controller-manager and kube-scheduler are started by planet-agent on the leader.
 */
import { agentName } from '../topology.ts';
import type { PlanetConfig } from './planet-config.ts';

const STATE = '/var/state';
const LEADER = 'leader.telekube.local';
const CIPHERS = 'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,TLS_RSA_WITH_AES_128_GCM_SHA256,TLS_RSA_WITH_AES_256_GCM_SHA384';

export const PLANET_PATH = '/usr/local/bin:/usr/local/sbin:/usr/bin:/usr/sbin:/bin:/sbin';

/** What etcdctl needs to know inside Planet. */
export const ETCDCTL: Readonly<Record<string, string>> = {
  ETCDCTL_CERT_FILE: `${STATE}/etcd.cert`, ETCDCTL_KEY_FILE: `${STATE}/etcd.key`, ETCDCTL_CA_FILE: `${STATE}/root.cert`,
  // the same for the v3 API, so that ETCDCTL_API=3 is all that one need add
  ETCDCTL_CERT: `${STATE}/etcd.cert`, ETCDCTL_KEY: `${STATE}/etcd.key`, ETCDCTL_CACERT: `${STATE}/root.cert`,
  ETCDCTL_PEERS: 'https://127.0.0.1:2379',
};

interface Service {
  readonly description: string;
  readonly unit?: readonly string[];
  readonly start: readonly string[];
  readonly before?: readonly string[];
  readonly service?: readonly string[];
  /** Enabled: it has an [Install] section. */
  readonly install?: boolean;
}

function unitText({ description, unit = [], start, before = [], service = [], install }: Service): string {
  return [
    '[Unit]', `Description=${description}`, ...unit, '', '[Service]', 'EnvironmentFile=/etc/container-environment', ...service,
    ...before.map((command) => `ExecStartPre=${command}`), `ExecStart=${start.join(' \\\n        ')}`, 'Restart=always', 'RestartSec=5',
    ...(install ? ['', '[Install]', 'WantedBy=multi-user.target'] : []), '',
  ].join('\n');
}

const asPlanet = ['User=planet'];
const isActive = (unit: string): string => `/bin/systemctl is-active ${unit}`;

/** Unit name → text. */
export function planetUnits(config: PlanetConfig): Record<string, string> {
  const services: Record<string, Service> = {
    'etcd.service': etcd(config),
    'flanneld.service': flanneld(config),
    'docker.service': {
      description: 'Docker Application Container Engine', unit: ['Documentation=http://docs.docker.com', 'After=network.target'],
      service: ['Type=notify', 'LimitNOFILE=1048576', 'LimitNPROC=1048576', 'KillMode=process', 'Delegate=yes'],
      start: ['/usr/bin/dockerd', '--iptables=false', '--ip-masq=false', '--graph=/ext/docker', `--storage-driver=${config.storageDriver}`,
        '--exec-opt native.cgroupdriver=cgroupfs', '--log-opt max-size=50m', '--log-opt max-file=9'],
    },
    'registry.service': {
      description: 'Local Docker Registry', service: [...asPlanet], start: ['/usr/bin/registry serve /etc/docker/registry/config.yml'],
    },
    'coredns.service': {
      description: 'CoreDNS DNS server', unit: ['Documentation=https://coredns.io', 'After=network.target'],
      start: ['/usr/bin/coredns', '-conf=/etc/coredns/coredns.conf'], install: true,
    },
    'serf.service': {
      description: 'Serf agent', service: [...asPlanet],
      start: ['/usr/bin/serf agent', `-bind=${config.address}:7496`, `-node=${agentName(config.address, config.cluster)}`,
        '-snapshot=/ext/state/serf-snapshot', `-tag role=${config.role}`, `-tag publicip=${config.address}`,
        ...config.members.filter(([, address]) => address !== config.address).map(([, address]) => `-retry-join=${address}:7496`)],
    },
    'planet-agent.service': agent(config),
    ...kubernetes(config),
    'offline-container-import.service': {
      description: 'Prepackaged Kubernetes container images', unit: ['After=docker.service'], service: ['Type=oneshot', 'RemainAfterExit=yes'],
      start: ['/bin/true'],
    },
  };
  const units: Record<string, string> = {};
  for (const [name, service] of Object.entries(services)) {
    if (MASTER_UNITS.includes(name) && config.role !== 'master') continue;
    units[name] = name === 'offline-container-import.service' ? unitText(service).replace('Restart=always\nRestartSec=5\n', '') : unitText(service);
  }
  return units;
}

/** Started with Planet; the other units wait for the agent. */
export function startedUnits(config: PlanetConfig): string[] {
  const all = ['etcd.service', 'flanneld.service', 'docker.service', 'coredns.service', 'serf.service', 'planet-agent.service', 'kube-kubelet.service',
    'kube-proxy.service', 'offline-container-import.service'];
  return config.role === 'master' ? [...all, 'registry.service'] : all;
}

/** What the leader runs, in the order of starting. */
export const LEADER_UNITS = ['kube-apiserver.service', 'kube-controller-manager.service', 'kube-scheduler.service'] as const;
const MASTER_UNITS: readonly string[] = ['registry.service', ...LEADER_UNITS];

function etcd(config: PlanetConfig): Service {
  const own = config.address;
  const common = [`--cert-file=${STATE}/etcd.cert`, `--key-file=${STATE}/etcd.key`, `--trusted-ca-file=${STATE}/root.cert`, '--client-cert-auth'];
  const cluster = config.members.map(([name, address]) => `${name}=https://${address}:2380`).join(',');
  const base = { description: 'Etcd Service', unit: ['Wants=network-online.target', 'After=network-online.target', 'Conflicts=etcd-upgrade.service'] };
  if (config.role !== 'master') {
    return {
      ...base, service: [...asPlanet],
      start: ['/usr/bin/etcd gateway start', `--endpoints=${config.members.map(([, address]) => `${address}:2379`).join(',')}`,
        '--listen-addr=127.0.0.1:2379', `--trusted-ca-file=${STATE}/root.cert`],
    };
  }
  return {
    ...base, service: ['Type=notify', ...asPlanet, 'TimeoutStartSec=0'], before: ['/usr/bin/planet etcd init'],
    start: ['/usr/bin/etcd', `--name=${agentName(own, config.cluster)}`, '--data-dir=/ext/etcd/v3.3.12', `--initial-advertise-peer-urls=https://${own}:2380`,
      `--advertise-client-urls=https://${own}:2379,https://${own}:4001`, '--listen-client-urls=https://0.0.0.0:2379,https://0.0.0.0:4001',
      `--listen-peer-urls=https://${own}:2380,https://${own}:7001`, ...common, `--peer-cert-file=${STATE}/etcd.cert`, `--peer-key-file=${STATE}/etcd.key`,
      `--peer-trusted-ca-file=${STATE}/root.cert`, '--peer-client-cert-auth=true', `--initial-cluster=${cluster}`,
      `--initial-cluster-state=${config.initialState}`, `--initial-cluster-token=${config.cluster}`],
  };
}

/** flannel's configuration in etcd, byte for byte. */
export const flannelConfig = (config: Pick<PlanetConfig, 'podCidr' | 'cluster' | 'vxlanPort'>): string =>
  `{"Network":"${config.podCidr}", "Backend": {"Type": "vxlan", "RouteTableFilter": ["tag:KubernetesCluster=${config.cluster}"], "Port": ${config.vxlanPort}}}`;

function flanneld(config: PlanetConfig): Service {
  return {
    description: 'Flannel', unit: ['Wants=etcd.service', 'After=etcd.service'],
    service: ['TimeoutStartSec=0', ...Object.entries(ETCDCTL).map(([name, value]) => `Environment=${name}=${value}`)],
    before: ['/usr/bin/scripts/wait-for-etcd.sh', `/usr/bin/etcdctl set /coreos.com/network/config '${flannelConfig(config)}'`],
    start: ['/usr/bin/flanneld', '-v 2', '--ip-masq=true', '--etcd-endpoints https://127.0.0.1:2379', `--etcd-cafile=${STATE}/root.cert`,
      `--etcd-certfile=${STATE}/etcd.cert`, `--etcd-keyfile=${STATE}/etcd.key`, `--kube-apiserver=${LEADER}:6443`, `--kube-node=${config.address}`,
      `--kube-cert=${STATE}/kubelet.cert`, `--kube-key=${STATE}/kubelet.key`, `--kube-ca=${STATE}/root.cert`, `--iface=${config.address}`],
  };
}

function agent(config: PlanetConfig): Service {
  const key = `/planet/cluster/${config.cluster}`;
  return {
    description: 'Planet Agent service', unit: ['After=etcd.service'], before: [isActive('etcd.service')],
    start: ['/usr/bin/planet agent', `--name=${agentName(config.address, config.cluster)}`, `--rpc-addr=${config.address}:7575`, '--rpc-addr=127.0.0.1:7575',
      `--metrics-addr=${config.address}:7580`, `--role=${config.role}`, `--leader-key=${key}/master`, `--election-key=${key}/election`,
      `--election-enabled=${config.electionEnabled}`, `--initial-cluster=${config.members.map(([name, address]) => `${name}:${address}`).join(',')}`,
      `--public-ip=${config.address}`, `--kube-addr=https://${LEADER}:6443`, '--cluster-dns=10.100.0.4', `--docker-registry-addr=${LEADER}:5000`,
      `--etcd-cafile=${STATE}/root.cert`, `--etcd-certfile=${STATE}/etcd.cert`, `--etcd-keyfile=${STATE}/etcd.key`],
  };
}

function kubernetes(config: PlanetConfig): Record<string, Service> {
  const own = config.address;
  const apiserver: Service = {
    description: 'Kubernetes API Server', unit: ['Documentation=https://github.com/GoogleCloudPlatform/kubernetes', 'Wants=etcd.service'],
    service: [...asPlanet], before: [isActive('etcd.service')],
    start: ['/usr/bin/kube-apiserver', '--insecure-port=0', '--allow-privileged=true', `--service-cluster-ip-range=${config.serviceCidr}`,
      '--etcd-servers=https://127.0.0.1:2379', `--etcd-cafile=${STATE}/root.cert`, `--etcd-certfile=${STATE}/etcd.cert`, `--etcd-keyfile=${STATE}/etcd.key`,
      '--endpoint-reconciler-type=master-count', '--storage-backend=etcd3', '--secure-port=6443', `--bind-address=${own}`, `--advertise-address=${own}`,
      `--client-ca-file=${STATE}/root.cert`, `--tls-cert-file=${STATE}/apiserver.cert`, `--tls-private-key-file=${STATE}/apiserver.key`,
      `--service-account-key-file=${STATE}/apiserver.key`, `--kubelet-certificate-authority=${STATE}/root.cert`, `--kubelet-client-certificate=${STATE}/apiserver.cert`,
      `--kubelet-client-key=${STATE}/apiserver.key`, '--anonymous-auth=false', '--authorization-mode=Node,RBAC', '--event-ttl=1h0m0s', '--profiling=false',
      '--enable-admission-plugins=NamespaceLifecycle,LimitRanger,ServiceAccount,ResourceQuota,AlwaysPullImages,PodSecurityPolicy,NodeRestriction',
      '--audit-log-path=/var/log/apiserver/audit.log', '--audit-log-maxage=30', '--audit-log-maxbackup=10', '--audit-log-maxsize=100',
      '--audit-policy-file=/etc/kubernetes/audit-policy.yaml', '--requestheader-client-ca-file=/var/state/root.cert', `--tls-cipher-suites=${CIPHERS}`],
  };
  const manager: Service = {
    description: 'Kubernetes Controller Manager', unit: apiserver.unit, service: [...asPlanet], before: [isActive('kube-apiserver.service')],
    start: ['/usr/bin/kube-controller-manager', `--service-account-private-key-file=${STATE}/apiserver.key`, `--cluster-cidr=${config.podCidr}`,
      `--service-cluster-ip-range=${config.serviceCidr}`, `--root-ca-file=${STATE}/root.cert`, `--master=https://${LEADER}:6443`,
      '--kubeconfig=/etc/kubernetes/controller-manager.kubeconfig', '--leader-elect=true', '--terminated-pod-gc-threshold=500', '--profiling=false'],
  };
  const scheduler: Service = {
    description: 'Kubernetes Scheduler', unit: apiserver.unit, service: [...asPlanet], before: [isActive('kube-apiserver.service')],
    start: ['/usr/bin/kube-scheduler', `--master=https://${LEADER}:6443`, '--kubeconfig=/etc/kubernetes/scheduler.kubeconfig', '--profiling=false'],
  };
  const kubelet: Service = {
    description: 'Kubernetes Kubelet', unit: ['Documentation=https://github.com/GoogleCloudPlatform/kubernetes', 'Wants=docker.service flanneld.service', 'After=docker.service flanneld.service'],
    service: ['EnvironmentFile=-/run/dns.env', 'KillMode=process', 'TimeoutStartSec=0'], before: ['/usr/bin/scripts/wait-for-flannel.sh', '/usr/bin/scripts/wait-for-dns.sh'],
    start: ['/usr/bin/kubelet', `--hostname-override=${own}`, `--node-ip=${own}`, '--allow-privileged=true', '--logtostderr=true', '--cluster-dns=${PLANET_DNS_ADDRESSES}',
      '--cluster-domain=cluster.local', `--pod-infra-container-image=${LEADER}:5000/gcr.io/google_containers/pause:3.0`, '--kubeconfig=/etc/kubernetes/kubelet.kubeconfig',
      '--docker-endpoint=unix:///var/run/docker.sock', '--image-gc-high-threshold=90', '--image-gc-low-threshold=85', '--network-plugin=cni',
      '--cni-conf-dir=/etc/kubernetes/cni/net.d', '--cni-bin-dir=/usr/bin/cni', '--config=/etc/kubernetes/kubelet.yaml', `--tls-cert-file=${STATE}/kubelet.cert`,
      `--tls-private-key-file=${STATE}/kubelet.key`, `--client-ca-file=${STATE}/root.cert`, '--anonymous-auth=false', '--authorization-mode=Webhook',
      '--eviction-hard=nodefs.available<5%,imagefs.available<5%,nodefs.inodesFree<5%,imagefs.inodesFree<5%',
      '--eviction-soft=nodefs.available<10%,imagefs.available<10%,nodefs.inodesFree<10%,imagefs.inodesFree<10%',
      '--eviction-soft-grace-period=nodefs.available=1h,imagefs.available=1h,nodefs.inodesFree=1h,imagefs.inodesFree=1h', `--tls-cipher-suites=${CIPHERS}`,
      `--node-labels=gravitational.io/advertise-ip=${own},gravitational.io/k8s-role=${config.role},role=node`],
  };
  const proxy: Service = {
    description: 'Kubernetes Proxy', unit: ['Documentation=https://github.com/GoogleCloudPlatform/kubernetes'],
    start: ['/usr/bin/kube-proxy', `--master=https://${LEADER}:6443`, `--cluster-cidr=${config.podCidr}`, '--logtostderr=true', `--hostname-override=${own}`,
      '--conntrack-max=0', '--conntrack-tcp-timeout-established=0', '--kubeconfig=/etc/kubernetes/proxy.kubeconfig', '--proxy-mode=iptables'],
  };
  return { 'kube-apiserver.service': apiserver, 'kube-controller-manager.service': manager, 'kube-scheduler.service': scheduler, 'kube-kubelet.service': kubelet, 'kube-proxy.service': proxy };
}
