/**
 * Planet's own files, which `planet start` writes into its root file system each time, from its flags and
 * from the host's resolv.conf (tool/planet/{start,dns}.go). Paths are those inside Planet.
 */
import type { Tree } from '../../host/fs.ts';
import { parseResolvConf } from '../../proc/resolver.ts';
import { agentName } from '../topology.ts';
import type { PlanetConfig } from './planet-config.ts';
import { ETCDCTL, PLANET_PATH, planetUnits, startedUnits } from './planet-units.ts';

export const SEARCH = 'svc.cluster.local default.svc.cluster.local kube-system.svc.cluster.local';

/** The names that always stand for the master that leads. */
export const leaderHosts = (leader: string | null): string => (leader ? `${leader} leader.telekube.local leader.gravity.local registry.local apiserver\n` : '');

/** The name servers that a host's resolv.conf names, as Planet's coredns forwards to them. */
export const upstreamOf = (resolvConf: string): string[] =>
  parseResolvConf(resolvConf).nameservers.filter((server) => server !== '127.0.0.1' || /^nameserver\s+127\.0\.0\.1/m.test(resolvConf));

/**
 * The bridge of the pods, once it is there: Planet's coredns answers on it for the cluster's own names by
 * asking the cluster's DNS, so that a process which uses Planet's resolv.conf inside a pod finds a server.
 */
export interface Bridge { readonly address: string; readonly clusterDns: string }

export function corednsConf(upstream: readonly string[], dnsListen: string, bridge: Bridge | null): string {
  const forPods = bridge ? `
cluster.local:53 {
  reload
  bind ${bridge.address}
  errors
  forward . ${bridge.clusterDns} {
    policy sequential
    health_check 0
  }
}
` : '';
  const forward = upstream.length ? `  forward . ${upstream.join(' ')} {
    policy sequential
    health_check 0
  }
` : '';
  return `
.:53 {
  reload
  bind ${dnsListen}
  errors
  hosts /etc/coredns/coredns.hosts {
    fallthrough
  }
  kubernetes cluster.local in-addr.arpa ip6.arpa {
    endpoint https://leader.telekube.local:6443
    tls /var/state/coredns.cert /var/state/coredns.key /var/state/root.cert
    pods verified
    fallthrough in-addr.arpa ip6.arpa
  }
${forward}}
${forPods}`;
}

export function resolvConf(upstream: readonly string[], dnsListen: string, search: readonly string[], bridge: Bridge | null): string {
  const servers = [dnsListen, ...(bridge ? [bridge.address] : []), ...upstream];
  return `search ${[SEARCH, ...search].join(' ')}\n${servers.map((server) => `nameserver ${server}\n`).join('')}options ndots:2 timeout:1 attempts:2\n`;
}

/** The environment of everything that gravity runs in Planet, and of its units. */
export function planetEnvironment(config: PlanetConfig): Record<string, string> {
  return {
    ...ETCDCTL, KUBECONFIG: '/etc/kubernetes/kubectl.kubeconfig', PLANET_PUBLIC_IP: config.address, PLANET_ROLE: config.role,
    PLANET_NODE_NAME: config.address, PLANET_CLUSTER_ID: config.cluster, PLANET_AGENT_NAME: agentName(config.address, config.cluster),
    PLANET_DNS_LISTEN_ADDR: config.dnsListen, PLANET_VXLAN_PORT: String(config.vxlanPort), PLANET_SERVICE_UID: '1000', PATH: PLANET_PATH,
  };
}

const kubeconfig = (server: string, user: string, directory: string): string => `apiVersion: v1
kind: Config
current-context: default
clusters:
- name: default
  cluster:
    certificate-authority: ${directory}/root.cert
    server: ${server}
users:
- name: default
  user:
    client-certificate: ${directory}/${user}.cert
    client-key: ${directory}/${user}.key
contexts:
- name: default
  context:
    cluster: default
    user: default
`;

/** File name in /etc/kubernetes → text. kubectl goes by the service's address, the services by the leader's name. */
export function kubeconfigs(config: PlanetConfig): Record<string, string> {
  const leader = 'https://leader.telekube.local:6443';
  const service = `https://${config.serviceCidr.replace(/\.0\/\d+$/, '.1')}`;
  const inPlanet = (user: string): string => kubeconfig(leader, user, '/var/state');
  return {
    'kubectl.kubeconfig': kubeconfig(service, 'kubectl', '/var/state'),
    'kubectl-host.kubeconfig': kubeconfig(service, 'kubectl', `${config.stateDir}/secrets`),
    'kubelet.kubeconfig': inPlanet('kubelet'), 'proxy.kubeconfig': inPlanet('proxy'), 'coredns.kubeconfig': inPlanet('coredns'),
    ...(config.role === 'master' ? { 'scheduler.kubeconfig': inPlanet('scheduler'), 'controller-manager.kubeconfig': inPlanet('controller-manager') } : {}),
  };
}

const AUDIT_POLICY = `apiVersion: audit.k8s.io/v1
kind: Policy
omitStages:
- RequestReceived
rules:
- level: Request
  resources:
  - group: ""
    resources: ["events"]
- level: None
`;

const KUBELET_YAML = `kind: KubeletConfiguration
apiVersion: kubelet.config.k8s.io/v1beta1
address: 0.0.0.0
port: 10250
readOnlyPort: 0
healthzBindAddress: 127.0.0.1
healthzPort: 10248
makeIPTablesUtilChains: true
failSwapOn: false
cgroupDriver: cgroupfs
serializeImagePulls: false
resolvConf: /etc/resolv.conf
`;

const REGISTRY_YAML = `version: 0.1
log:
  level: info
  fields:
    service: registry
storage:
  cache:
    blobdescriptor: inmemory
  filesystem:
    rootdirectory: /ext/registry
  delete:
    enabled: true
http:
  addr: :5000
  headers:
    X-Content-Type-Options: [nosniff]
  tls:
    certificate: /var/state/apiserver.cert
    key: /var/state/apiserver.key
    clientcas:
    - /var/state/root.cert
health:
  storagedriver:
    enabled: true
    interval: 10s
    threshold: 3
`;

const WAIT_FOR_ETCD = `#!/bin/bash
# Returns once etcd can be written to: healthy, or with a minority of its members down.
while true; do
  last=$(/usr/bin/etcdctl cluster-health 2>&1 | tail -n 1)
  echo "$last"
  case "$last" in
    "cluster is healthy"|"cluster is degraded") exit 0 ;;
  esac
  sleep 1
done
`;

const WAIT_FOR_FLANNEL = `#!/bin/bash
# Returns once flannel has written the node's subnet.
until [ -f /run/flannel/subnet.env ]; do
  echo '"waiting for flannel to start."'
  sleep 1
done
`;

/** Without the addresses of the cluster's DNS the kubelet must not start: the agent writes them. */
const WAIT_FOR_DNS = `#!/bin/bash
until [ -f /run/dns.env ]; do
  sleep 1
done
`;

const MOTD = `
          .-"""-.
         /  o    \\       ____  _                  _
   .----|   .-.   |----. |  _ \\| | __ _ _ __   ___| |_
  (      \\ '---' /      )| |_) | |/ _\` | '_ \\ / _ \\ __|
   '------'-...-'------' |  __/| | (_| | | | |  __/ |_
                         |_|   |_|\\__,_|_| |_|\\___|\\__|

`;

const BASHRC = `# System wide settings of interactive shells.
[ -z "$PS1" ] && return
PS1='\\h-planet$ '
export PATH=${PLANET_PATH}
export KUBECONFIG=\${KUBECONFIG:-/etc/kubernetes/kubectl.kubeconfig}
${Object.entries(ETCDCTL).map(([name, value]) => `export ${name}=\${${name}:-${value}}`).join('\n')}
alias ll='ls -l'
alias kctl="kubectl -nkube-system"
export LESS=-isM
export PAGER=/usr/bin/less
export EDITOR=\${EDITOR:-nano}
[ -n "$PLANET_MOTD" ] && cat /etc/motd && unset PLANET_MOTD
`;

const cniConf = (config: PlanetConfig): string => `{
  "name": "k8s-pod-network",
  "type": "flannel",
  "delegate": {
    "bridge": "cni0",
    "isDefaultGateway": true,
    "hairpinMode": true,
    "mtu": 1450
  },
  "ipam": { "type": "host-local", "subnet": "${config.podCidr}" }
}
`;

/** Bytes of the larger programs. */
const SIZES: Readonly<Record<string, number>> = {
  'kube-apiserver': 167_595_360, 'kube-controller-manager': 115_612_192, 'kube-scheduler': 39_258_304, kubelet: 127_981_504, 'kube-proxy': 36_685_440,
  kubectl: 43_103_040, helm: 37_015_296, dockerd: 71_432_672, docker: 61_160_016, flanneld: 34_797_568, coredns: 40_071_488, registry: 33_628_976,
  serf: 9_953_640, planet: 44_213_408,
};

/** What is on the disk of the package before it is started: programs and links. */
export const planetPrograms: Tree = Object.fromEntries<Tree[string]>([
  ...(['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kubelet', 'kube-proxy', 'flanneld', 'dockerd', 'docker', 'coredns', 'registry',
    'serf', 'planet', 'kubectl', 'helm', 'etcdctl', 'etcdctl3'] as const).map((name) => [`/usr/bin/${name}`, { program: name, size: SIZES[name] ?? 20_000_000 }] as [string, Tree[string]]),
  ['/usr/bin/etcd-v3.3.12', { program: 'etcd', size: 19_237_536 }], ['/usr/bin/etcdctl-v3.3.12', { program: 'etcdctl', size: 15_817_472 }],
  ['/usr/bin/etcd', { to: 'etcd-v3.3.12' }], ['/usr/bin/etcdctl', { to: 'etcdctl-v3.3.12' }],
  ['/usr/local/bin/kubectl', { program: 'kubectl', size: 43_103_040 }], ['/usr/local/bin/helm', { program: 'helm', size: 37_015_296 }],
  ['/usr/bin/scripts/wait-for-etcd.sh', { text: WAIT_FOR_ETCD, mode: 0o755 }], ['/usr/bin/scripts/wait-for-flannel.sh', { text: WAIT_FOR_FLANNEL, mode: 0o755 }],
  ['/usr/bin/scripts/wait-for-dns.sh', { text: WAIT_FOR_DNS, mode: 0o755 }],
  ['/ext/etcd', { dir: true }], ['/ext/registry', { dir: true }], ['/ext/docker', { dir: true }], ['/ext/share', { dir: true }], ['/ext/state', { dir: true }],
  ['/var/state', { dir: true }], ['/var/lib/gravity', { dir: true }], ['/var/log/apiserver', { dir: true, uid: 1000 }], ['/usr/bin/cni', { dir: true }], ['/root/.kube', { dir: true }],
  ['/root/.kube/config', { to: '/etc/kubernetes/kubectl.kubeconfig' }], ['/lib/systemd/system/etcd-upgrade.service', { to: '/dev/null' }],
]);

/** The files that depend on the node, path → text. `bridge` is not known before the first pod. */
export function planetFiles(config: PlanetConfig, hostResolvConf: string, bridge: Bridge | null = null): Record<string, string> {
  const upstream = upstreamOf(hostResolvConf);
  const search = parseResolvConf(hostResolvConf).search;
  const environment = Object.entries(planetEnvironment(config)).map(([name, value]) => `${name}="${value}"\n`).join('');
  const files: Record<string, string> = {
    '/etc/hostname': `${config.hostname}\n`,
    '/etc/hosts': '127.0.0.1 localhost localhost.localdomain localhost4 localhost4.localdomain4\n::1 localhost localhost.localdomain localhost6 localhost6.localdomain6\n',
    '/etc/resolv.conf': resolvConf(upstream, config.dnsListen, search, bridge),
    '/etc/coredns/coredns.conf': corednsConf(upstream, config.dnsListen, bridge),
    '/etc/container-environment': environment, '/etc/environment': environment,
    '/etc/motd': MOTD, '/etc/bash.bashrc': BASHRC,
    '/etc/docker/registry/config.yml': REGISTRY_YAML,
    '/etc/kubernetes/kubelet.yaml': KUBELET_YAML, '/etc/kubernetes/audit-policy.yaml': AUDIT_POLICY, '/etc/kubernetes/cni/net.d/10-flannel.conf': cniConf(config),
  };
  for (const [name, text] of Object.entries(kubeconfigs(config))) files[`/etc/kubernetes/${name}`] = text;
  for (const [name, text] of Object.entries(planetUnits(config))) files[`/lib/systemd/system/${name}`] = text;
  return files;
}

/** The units that start with Planet, as the links that say so: link → target. */
export const planetLinks = (config: PlanetConfig): Record<string, string> =>
  Object.fromEntries(startedUnits(config).map((unit) => [
    unit === 'coredns.service' ? `/etc/systemd/system/multi-user.target.wants/${unit}` : `/lib/systemd/system/multi-user.target.wants/${unit}`,
    unit === 'coredns.service' ? `/lib/systemd/system/${unit}` : `../${unit}`,
  ]));
