/**
 * What gravity itself puts into Kubernetes: the policies and roles of rbac-app and the configuration of the
 * cluster's DNS. The applications' own objects are with the rest of Kubernetes' manifests.
 */
import type { Cluster } from './topology.ts';

export interface Manifest { readonly apiVersion: string; readonly kind: string; readonly metadata: { readonly name: string; readonly namespace?: string; readonly labels?: Readonly<Record<string, string>> }; readonly [field: string]: unknown }

const RBAC = 'rbac.authorization.k8s.io/v1';
const role = (name: string, rules: readonly object[]): Manifest => ({ apiVersion: RBAC, kind: 'ClusterRole', metadata: { name }, rules });
const bind = (name: string, to: string, subjects: readonly object[]): Manifest =>
  ({ apiVersion: RBAC, kind: 'ClusterRoleBinding', metadata: { name }, roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: to }, subjects });
const group = (name: string): object => ({ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name });
const user = (name: string): object => ({ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name });
const account = (name: string, namespace = 'kube-system'): object => ({ kind: 'ServiceAccount', name, namespace });

const anything = { rule: 'RunAsAny' };
const policy = (name: string, spec: object): Manifest => ({
  apiVersion: 'policy/v1beta1', kind: 'PodSecurityPolicy', metadata: { name },
  spec: { seLinux: anything, supplementalGroups: anything, runAsUser: anything, fsGroup: anything, volumes: ['*'], ...spec },
});
const usePolicy = (name: string): object => ({ apiGroups: ['policy'], resources: ['podsecuritypolicies'], resourceNames: [name], verbs: ['use'] });

/** Policies for pods, and who may use them; the roles of Planet's own users. */
export function rbacObjects(cluster: Pick<Cluster, 'name'>): Manifest[] {
  void cluster;
  return [
    policy('privileged', { privileged: true, allowPrivilegeEscalation: true, allowedCapabilities: ['*'], hostPID: true, hostIPC: true, hostNetwork: true, hostPorts: [{ min: 0, max: 65_535 }] }),
    policy('restricted', { privileged: false, hostNetwork: false }),
    role('privileged-psp-user', [usePolicy('privileged')]), role('restricted-psp-user', [usePolicy('restricted')]),
    bind('privileged-psp-users', 'privileged-psp-user', [group('system:serviceaccounts'), group('system:nodes'), group('system:masters')]),
    bind('restricted-psp-users', 'restricted-psp-user', [group('system:authenticated')]),
    bind('nodes', 'system:node', [group('system:nodes')]),
    bind('kubelet-api-admin', 'system:kubelet-api-admin', [user('apiserver')]),
    ...corednsRoles(),
  ];
}

const corednsRoles = (): Manifest[] => [
  role('system:coredns', [
    { apiGroups: [''], resources: ['endpoints', 'services', 'pods', 'namespaces'], verbs: ['list', 'watch'] }, { apiGroups: [''], resources: ['nodes'], verbs: ['get'] },
  ]),
  bind('system:coredns', 'system:coredns', [user('coredns'), account('coredns')]),
];

/** The Corefile of the cluster's DNS pods: begins with an empty line. */
export const corefile = (upstream: readonly string[]): string => `
.:53 {
  reload
  errors
  health
  prometheus :9153
  cache 30
  loop
  reload
  loadbalance
  hosts {
    fallthrough
  }
  kubernetes cluster.local in-addr.arpa ip6.arpa {
    pods verified
    fallthrough in-addr.arpa ip6.arpa
  }
  forward . ${upstream.join(' ')} {
    policy sequential
    health_check 0
  }
}
`;

export const corednsObjects = (cluster: Pick<Cluster, 'upstream'>): Manifest[] => [
  { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'coredns', namespace: 'kube-system' }, data: { Corefile: corefile(cluster.upstream) } },
  ...corednsRoles(),
];

/** ClusterRoles of the kubelet that an upgrade adds for the time of the change. */
export const kubeletPermissions = (): Manifest[] => [
  role('gravity:kubelet-permissions', [{ apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['create', 'get', 'patch', 'update', 'delete'] }]),
  bind('gravity:kubelet-permissions', 'gravity:kubelet-permissions', [group('system:nodes')]),
];
