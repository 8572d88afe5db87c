/**
 * The cluster roles and bindings that the server makes at its start, when they are missing.
 * plugin/pkg/auth/authorizer/rbac/bootstrappolicy v1.14. A rule is 'verbs groups resources [names]'.
 */
import type { Obj, PolicyRule } from '../../kube/types.ts';

const READ = 'get,list,watch';
const WRITE = 'create,delete,deletecollection,patch,update';
const RBAC = 'rbac.authorization.k8s.io';

function rule(text: string): PolicyRule {
  const [verbs, groups, resources, names] = text.split(' ') as [string, string, string, string | undefined];
  const list = (part: string): string[] => part.split(',').map((p) => (p === '-' ? '' : p));
  if (groups === 'url') return { verbs: list(verbs), nonResourceURLs: list(resources) };
  return { verbs: list(verbs), apiGroups: list(groups), resources: list(resources), ...(names ? { resourceNames: list(names) } : {}) };
}

const VIEW = [
  `${READ} - configmaps,endpoints,persistentvolumeclaims,pods,replicationcontrollers,replicationcontrollers/scale,serviceaccounts,services`,
  `${READ} - bindings,events,limitranges,namespaces/status,pods/log,pods/status,replicationcontrollers/status,resourcequotas,resourcequotas/status`,
  `${READ} - namespaces`, `${READ} apps controllerrevisions,daemonsets,deployments,deployments/scale,replicasets,replicasets/scale,statefulsets,statefulsets/scale`,
  `${READ} autoscaling horizontalpodautoscalers`, `${READ} batch cronjobs,jobs`,
  `${READ} extensions daemonsets,deployments,deployments/scale,ingresses,networkpolicies,replicasets,replicasets/scale,replicationcontrollers/scale`,
  `${READ} policy poddisruptionbudgets`, `${READ} networking.k8s.io ingresses,networkpolicies`,
];
const EDIT = [
  `${READ} - pods/attach,pods/exec,pods/portforward,pods/proxy,secrets,services/proxy`, 'impersonate - serviceaccounts',
  `${WRITE} - pods,pods/attach,pods/exec,pods/portforward,pods/proxy`,
  `${WRITE} - configmaps,endpoints,persistentvolumeclaims,replicationcontrollers,replicationcontrollers/scale,secrets,serviceaccounts,services,services/proxy`,
  `${WRITE} apps daemonsets,deployments,deployments/rollback,deployments/scale,replicasets,replicasets/scale,statefulsets,statefulsets/scale`,
  `${WRITE} autoscaling horizontalpodautoscalers`, `${WRITE} batch cronjobs,jobs`,
  `${WRITE} extensions daemonsets,deployments,deployments/rollback,deployments/scale,ingresses,networkpolicies,replicasets,replicasets/scale,replicationcontrollers/scale`,
  `${WRITE} policy poddisruptionbudgets`, `${WRITE} networking.k8s.io ingresses,networkpolicies`, ...VIEW,
];
const EVENTS = 'create,patch,update - events';
const WORKLOADS = 'deployments,deployments/finalizers,deployments/status';

const ROLES: Readonly<Record<string, readonly string[]>> = {
  'cluster-admin': ['* * *', '* url *'],
  'system:discovery': ['get url /api,/api/*,/apis,/apis/*,/healthz,/openapi,/openapi/*,/version,/version/'],
  'system:public-info-viewer': ['get url /healthz,/version,/version/'],
  'system:basic-user': ['create authorization.k8s.io selfsubjectaccessreviews,selfsubjectrulesreviews'],
  admin: ['create authorization.k8s.io localsubjectaccessreviews', `${READ},${WRITE} ${RBAC} rolebindings,roles`, ...EDIT], edit: EDIT, view: VIEW,
  'system:aggregate-to-admin': ['create authorization.k8s.io localsubjectaccessreviews', `${READ},${WRITE} ${RBAC} rolebindings,roles`],
  'system:aggregate-to-edit': EDIT.slice(0, EDIT.length - VIEW.length), 'system:aggregate-to-view': VIEW,
  'system:heapster': [`${READ} - events,namespaces,nodes,pods`, `${READ} extensions deployments`],
  'system:node': [
    'create authentication.k8s.io tokenreviews', 'create authorization.k8s.io localsubjectaccessreviews,subjectaccessreviews', `${READ} - services`, `create,${READ} - nodes`,
    'patch,update - nodes/status', 'delete,patch,update - nodes', EVENTS, `${READ} - pods`, 'create,delete - pods', 'patch,update - pods/status', 'create - pods/eviction',
    `${READ} - configmaps,secrets`, 'get - persistentvolumeclaims,persistentvolumes', 'get - endpoints', `create,${READ} certificates.k8s.io certificatesigningrequests`,
    'create,delete,get,patch,update coordination.k8s.io leases', `${READ} storage.k8s.io volumeattachments`, 'create - serviceaccounts/token',
  ],
  'system:node-problem-detector': ['get - nodes', 'patch - nodes/status', EVENTS],
  'system:node-proxier': [`list,watch - endpoints,services`, 'get - nodes', EVENTS],
  'system:kubelet-api-admin': [`${READ} - nodes`, 'proxy - nodes', '* - nodes/log,nodes/metrics,nodes/proxy,nodes/spec,nodes/stats'],
  'system:node-bootstrapper': [`create,${READ} certificates.k8s.io certificatesigningrequests`],
  'system:auth-delegator': ['create authentication.k8s.io tokenreviews', 'create authorization.k8s.io subjectaccessreviews'],
  'system:kube-aggregator': [`${READ} - endpoints,services`],
  'system:kube-controller-manager': [EVENTS, 'create - endpoints,secrets,serviceaccounts', 'delete - secrets', 'get - endpoints,namespaces,secrets,serviceaccounts', 'update - endpoints,secrets,serviceaccounts', 'create authentication.k8s.io tokenreviews', 'create authorization.k8s.io subjectaccessreviews', 'list,watch * *', 'create - serviceaccounts/token'],
  'system:kube-scheduler': [EVENTS, 'create - endpoints', 'delete,get,patch,update - endpoints kube-scheduler', `${READ} - nodes`, `delete,${READ} - pods`, 'create - bindings,pods/binding', 'patch,update - pods/status', `${READ} - replicationcontrollers,services`, `${READ} apps,extensions replicasets`, `${READ} apps statefulsets`, `${READ} policy poddisruptionbudgets`, `${READ} - persistentvolumeclaims,persistentvolumes`],
  'system:kube-dns': ['list,watch - endpoints,services'],
  'system:persistent-volume-provisioner': [`create,delete,${READ} - persistentvolumes`, `${READ},update - persistentvolumeclaims`, `${READ} storage.k8s.io storageclasses`, EVENTS],
  'system:csi-external-attacher': [`${READ},patch,update - persistentvolumes`, `${READ} - nodes`],
  'system:csi-external-provisioner': [`create,delete,${READ} - persistentvolumes`, `${READ},patch,update - persistentvolumeclaims`],
  'system:volume-scheduler': [`${READ},patch,update - persistentvolumes`, `${READ} storage.k8s.io storageclasses`, `${READ},patch,update - persistentvolumeclaims`],
  'system:certificates.k8s.io:certificatesigningrequests:nodeclient': ['create certificates.k8s.io certificatesigningrequests/nodeclient'],
  'system:certificates.k8s.io:certificatesigningrequests:selfnodeclient': ['create certificates.k8s.io certificatesigningrequests/selfnodeclient'],
};

const CONTROLLERS: Readonly<Record<string, readonly string[]>> = {
  'attachdetach-controller': ['list,watch - persistentvolumeclaims,persistentvolumes', 'get,list,watch - nodes', 'patch,update - nodes/status', 'list,watch - pods', EVENTS],
  'clusterrole-aggregation-controller': [`escalate,${READ},patch,update ${RBAC} clusterroles`],
  'cronjob-controller': [`${READ},update batch cronjobs`, `create,delete,${READ},patch,update batch jobs`, 'update batch cronjobs/status', 'update batch cronjobs/finalizers', 'delete,list - pods', EVENTS],
  'daemon-set-controller': [`${READ} apps,extensions daemonsets`, 'update apps,extensions daemonsets/status', 'update apps,extensions daemonsets/finalizers', 'list,watch - nodes', 'create,delete,list,patch,watch - pods', 'create - pods/binding', 'create,delete,get,list,patch,update,watch apps controllerrevisions', EVENTS],
  'deployment-controller': [`${READ},update apps,extensions deployments`, `update apps,extensions ${WORKLOADS}`, `create,delete,${READ},patch,update apps,extensions replicasets`, `${READ},update - pods`, EVENTS],
  'disruption-controller': [`${READ} apps,extensions deployments`, `${READ} apps,extensions replicasets`, `${READ} - replicationcontrollers`, `${READ} policy poddisruptionbudgets`, `${READ} apps statefulsets`, 'update policy poddisruptionbudgets/status', EVENTS],
  'endpoint-controller': [`${READ} - pods,services`, `create,delete,${READ},update - endpoints`, 'create - endpoints/restricted', EVENTS],
  'expand-controller': [`${READ},patch,update - persistentvolumes`, EVENTS],
  'generic-garbage-collector': [`delete,${READ},patch,update * *`, EVENTS],
  'horizontal-pod-autoscaler': [`${READ} autoscaling horizontalpodautoscalers`, 'update autoscaling horizontalpodautoscalers/status', 'get,update * */scale', 'list - pods', EVENTS],
  'job-controller': [`${READ},update batch jobs`, 'update batch jobs/status', 'update batch jobs/finalizers', 'create,delete,list,patch,watch - pods', EVENTS],
  'namespace-controller': ['delete,get,list,watch - namespaces', 'update - namespaces/finalize,namespaces/status', 'delete,deletecollection,get,list * *'],
  'node-controller': ['delete,get,list,patch,update - nodes', 'patch,update - nodes/status', 'update - pods/status', 'delete,list - pods', EVENTS],
  'persistent-volume-binder': [`create,delete,${READ},update - persistentvolumes`, 'update - persistentvolumes/status', `${READ},update - persistentvolumeclaims`, 'update - persistentvolumeclaims/status', EVENTS],
  'pod-garbage-collector': ['delete,list,watch - pods', 'list - nodes'],
  'pv-protection-controller': [`${READ},update - persistentvolumes`, EVENTS],
  'pvc-protection-controller': [`${READ},update - persistentvolumeclaims`, `${READ} - pods`, EVENTS],
  'replicaset-controller': [`${READ},update apps,extensions replicasets`, 'update apps,extensions replicasets/status', 'update apps,extensions replicasets/finalizers', 'create,delete,list,patch,watch - pods', EVENTS],
  'replication-controller': [`${READ},update - replicationcontrollers`, 'update - replicationcontrollers/status', 'create,delete,list,patch,watch - pods', EVENTS],
  'resourcequota-controller': ['list,watch * *', 'update - resourcequotas/status', EVENTS],
  'route-controller': ['list,watch - nodes', 'patch - nodes/status', EVENTS],
  'service-account-controller': ['create - serviceaccounts', EVENTS],
  'service-controller': [`${READ} - services`, 'update - services/status', 'list,watch - nodes', EVENTS],
  'statefulset-controller': ['list,watch - pods', `${READ} apps statefulsets`, 'update apps statefulsets/status', 'create,delete,get,patch,update - pods', `create,delete,${READ},patch,update apps controllerrevisions`, 'create,get - persistentvolumeclaims', EVENTS],
  'ttl-controller': ['list,patch,update,watch - nodes', EVENTS],
  'certificate-controller': [`delete,${READ} certificates.k8s.io certificatesigningrequests`, 'update certificates.k8s.io certificatesigningrequests/approval,certificatesigningrequests/status', EVENTS],
};

/** Role → subjects: 'U:user' or 'G:group'. */
const BINDINGS: Readonly<Record<string, readonly string[]>> = {
  'cluster-admin': ['G:system:masters'], 'system:discovery': ['G:system:authenticated'], 'system:basic-user': ['G:system:authenticated'],
  'system:public-info-viewer': ['G:system:authenticated', 'G:system:unauthenticated'], 'system:node-proxier': ['U:system:kube-proxy'], 'system:kube-controller-manager': ['U:system:kube-controller-manager'],
  'system:kube-dns': ['S:kube-dns'], 'system:kube-scheduler': ['U:system:kube-scheduler'], 'system:volume-scheduler': ['U:system:kube-scheduler'], 'system:node': [],
};

const LABELS = { 'kubernetes.io/bootstrapping': 'rbac-defaults' };
const ANNOTATIONS = { 'rbac.authorization.kubernetes.io/autoupdate': 'true' };
const V1 = `${RBAC}/v1`;

const role = (name: string, rules: readonly string[]): Obj =>
  ({ kind: 'ClusterRole', apiVersion: V1, metadata: { name, labels: LABELS, annotations: ANNOTATIONS }, rules: rules.map(rule) });

const binding = (name: string, subjects: readonly object[]): Obj => ({
  kind: 'ClusterRoleBinding', apiVersion: V1, metadata: { name, labels: LABELS, annotations: ANNOTATIONS },
  roleRef: { apiGroup: RBAC, kind: 'ClusterRole', name }, ...(subjects.length ? { subjects } : {}),
});

function subject(text: string): object {
  const name = text.slice(2);
  if (text.startsWith('S:')) return { kind: 'ServiceAccount', name, namespace: 'kube-system' };
  return { apiGroup: RBAC, kind: text.startsWith('U:') ? 'User' : 'Group', name };
}

/** Without --use-service-account-credentials every controller acts as the controller manager itself. */
const MANAGER = 'system:kube-controller-manager';

export const bootstrapRoles = (): readonly Obj[] => [
  ...Object.entries(ROLES).map(([name, rules]) => role(name, name === MANAGER ? [...rules, ...new Set(Object.values(CONTROLLERS).flat())] : rules)),
  ...Object.entries(CONTROLLERS).map(([name, rules]) => role(`system:controller:${name}`, rules)),
];
export const bootstrapBindings = (): readonly Obj[] => [
  ...Object.entries(BINDINGS).map(([name, subjects]) => binding(name, subjects.map(subject))),
  ...Object.keys(CONTROLLERS).map((name) => binding(`system:controller:${name}`, [{ kind: 'ServiceAccount', name, namespace: 'kube-system' }])),
];
