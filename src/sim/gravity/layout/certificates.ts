/**
 * The secrets of a node: certificates signed by the cluster's own authority, whose name is the cluster's.
 * On the host under /var/lib/gravity/secrets, in Planet under /var/state (gravity lib/ops/opsservice/configure.go).
 */
import { hash32 } from '../../engine/rng.ts';
import type { Tree } from '../../host/fs.ts';
import { base64, pem } from '../../proc/certificate.ts';
import type { Certificate } from '../../proc/http.ts';
import { agentName, type Cluster, type Server } from '../topology.ts';

export const SERVICE_UID = 1000;

/** Ten years, as gravity's own certificates live. Microseconds since 1970. */
const lifetimeUs = 10 * 365 * 86_400 * 1_000_000;

const kubernetesNames = (cluster: Pick<Cluster, 'serviceCidr'>): string[] => [
  cluster.serviceCidr.replace(/\.0\/\d+$/, '.1'), 'kubernetes', 'kubernetes.default', 'kubernetes.default.svc', 'kubernetes.default.svc.cluster.local',
  'gravity-site.kube-system.svc.cluster.local',
];
const leaderNames = ['leader.telekube.local', 'leader.gravity.local', 'registry.local', 'apiserver'];

type Subject = Readonly<{ subject: string; organizations?: readonly string[] }>;

/** Certificate name → whom it names. What only masters get is in MASTER_ONLY. */
const subjects = (server: Pick<Server, 'address'>): Readonly<Record<string, Subject>> => ({
  apiserver: { subject: 'apiserver' },
  kubelet: { subject: `system:node:${server.address}`, organizations: ['system:nodes'] },
  kubectl: { subject: 'kubectl', organizations: ['system:masters'] },
  scheduler: { subject: 'system:kube-scheduler' },
  'controller-manager': { subject: 'system:kube-controller-manager' },
  proxy: { subject: 'system:kube-proxy' },
  etcd: { subject: 'etcd' },
  coredns: { subject: 'coredns' },
  'planet-rpc-client': { subject: 'planet-rpc-client' },
});

const MASTER_ONLY = ['apiserver', 'kubectl', 'scheduler', 'controller-manager'];

/** The certificates that a server gets, by name, with root.cert. */
export function certificates(cluster: Pick<Cluster, 'name' | 'serviceCidr' | 'installStarted'>, server: Pick<Server, 'name' | 'address' | 'role'>): Record<string, Certificate> {
  const notAfter = cluster.installStarted + lifetimeUs;
  const own = [server.address, '127.0.0.1', 'localhost', server.name, agentName(server.address, cluster.name)];
  const out: Record<string, Certificate> = { root: { subject: cluster.name, ca: cluster.name, names: [cluster.name], notAfter } };
  for (const [name, subject] of Object.entries(subjects(server))) {
    if (server.role !== 'master' && MASTER_ONLY.includes(name)) continue;
    out[name] = { ...subject, ca: cluster.name, notAfter, names: [...own, ...leaderNames, ...(name === 'apiserver' ? kubernetesNames(cluster) : [])] };
  }
  return out;
}

/** A private key as a file: nothing reads it, but it can be lost, copied or spoiled. */
export function privateKey(owner: string): string {
  let text = '';
  for (let i = 0; text.length < 1_190; i++) text += hash32(`${owner}/${i}`).toString(16).padStart(8, '0');
  const lines = base64(text).replace(/.{64}/g, '$&\n').replace(/\n$/, '');
  return `-----BEGIN RSA PRIVATE KEY-----\n${lines}\n-----END RSA PRIVATE KEY-----\n`;
}

/** File name → content: NAME.cert and NAME.key for each. */
export function secretFiles(cluster: Pick<Cluster, 'name' | 'serviceCidr' | 'installStarted'>, server: Pick<Server, 'name' | 'address' | 'role'>): Record<string, string> {
  const files: Record<string, string> = {};
  for (const [name, cert] of Object.entries(certificates(cluster, server))) {
    files[`${name}.cert`] = pem(cert);
    if (name !== 'root') files[`${name}.key`] = privateKey(`${cluster.name}/${server.name}/${name}`);
  }
  return files;
}

export function secretsTree(cluster: Cluster, server: Server, directory = '/var/lib/gravity/secrets'): Tree {
  const tree: Record<string, Tree[string]> = { [directory]: { dir: true, mode: 0o700, uid: SERVICE_UID } };
  for (const [name, text] of Object.entries(secretFiles(cluster, server))) tree[`${directory}/${name}`] = { text, mode: 0o600, uid: SERVICE_UID };
  return tree;
}
