/**
 * The resources that the API serves: names, groups, verbs, subresources, where etcd keeps them. Data and
 * look-ups only; columns are in tables, rules in defaults and validate. kubectl api-resources of v1.14.1.
 */

export interface Resource {
  readonly kind: string; readonly plural: string; readonly singular: string; readonly short: readonly string[];
  readonly namespaced: boolean; readonly categories: readonly string[];
  /** The group-versions that serve it, the storage version first: 'apps/v1', or 'v1' for the core. */
  readonly served: readonly string[];
  /** Below /registry in etcd. */
  readonly prefix: string;
  readonly verbs: readonly string[]; readonly subresources: readonly string[];
  /** Made by a definition (CRD) and not by this table. */
  readonly custom?: boolean;
}

const ALL = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'] as const;
const CREATE = ['create'] as const;

interface Extra { short?: readonly string[]; cluster?: true; all?: true; prefix?: string; verbs?: readonly string[]; sub?: readonly string[]; singular?: string }

function resource(kind: string, plural: string, served: string, extra: Extra = {}): Resource {
  return {
    kind, plural, singular: extra.singular ?? kind.toLowerCase(), short: extra.short ?? [], namespaced: !extra.cluster,
    categories: extra.all ? ['all'] : [], served: served.split(' '), prefix: extra.prefix ?? plural,
    verbs: extra.verbs ?? ALL, subresources: extra.sub ?? [],
  };
}

const STATUS = ['status'] as const;
const SCALE = ['scale', 'status'] as const;

export const RESOURCES: readonly Resource[] = [
  resource('Binding', 'bindings', 'v1', { verbs: CREATE }),
  resource('ComponentStatus', 'componentstatuses', 'v1', { short: ['cs'], cluster: true, verbs: ['get', 'list'] }),
  resource('ConfigMap', 'configmaps', 'v1', { short: ['cm'] }),
  resource('Endpoints', 'endpoints', 'v1', { short: ['ep'], prefix: 'services/endpoints' }),
  resource('Event', 'events', 'v1 events.k8s.io/v1beta1', { short: ['ev'] }),
  resource('LimitRange', 'limitranges', 'v1', { short: ['limits'] }),
  resource('Namespace', 'namespaces', 'v1', { short: ['ns'], cluster: true, verbs: ['create', 'delete', 'get', 'list', 'patch', 'update', 'watch'], sub: ['finalize', 'status'] }),
  resource('Node', 'nodes', 'v1', { short: ['no'], cluster: true, prefix: 'minions', sub: ['proxy', 'status'] }),
  resource('PersistentVolumeClaim', 'persistentvolumeclaims', 'v1', { short: ['pvc'], sub: STATUS }),
  resource('PersistentVolume', 'persistentvolumes', 'v1', { short: ['pv'], cluster: true, sub: STATUS }),
  resource('Pod', 'pods', 'v1', { short: ['po'], all: true, sub: ['attach', 'binding', 'eviction', 'exec', 'log', 'portforward', 'proxy', 'status'] }),
  resource('PodTemplate', 'podtemplates', 'v1'),
  resource('ReplicationController', 'replicationcontrollers', 'v1', { short: ['rc'], all: true, prefix: 'controllers', sub: SCALE }),
  resource('ResourceQuota', 'resourcequotas', 'v1', { short: ['quota'], sub: STATUS }),
  resource('Secret', 'secrets', 'v1'),
  resource('ServiceAccount', 'serviceaccounts', 'v1', { short: ['sa'], sub: ['token'] }),
  resource('Service', 'services', 'v1', { short: ['svc'], all: true, prefix: 'services/specs', verbs: ['create', 'delete', 'get', 'list', 'patch', 'update', 'watch'], sub: ['proxy', 'status'] }),
  resource('MutatingWebhookConfiguration', 'mutatingwebhookconfigurations', 'admissionregistration.k8s.io/v1beta1', { cluster: true }),
  resource('ValidatingWebhookConfiguration', 'validatingwebhookconfigurations', 'admissionregistration.k8s.io/v1beta1', { cluster: true }),
  resource('CustomResourceDefinition', 'customresourcedefinitions', 'apiextensions.k8s.io/v1beta1', { short: ['crd', 'crds'], cluster: true, prefix: 'apiextensions.k8s.io/customresourcedefinitions', sub: STATUS }),
  resource('APIService', 'apiservices', 'apiregistration.k8s.io/v1 apiregistration.k8s.io/v1beta1', { cluster: true, prefix: 'apiregistration.k8s.io/apiservices', sub: STATUS }),
  resource('ControllerRevision', 'controllerrevisions', 'apps/v1 apps/v1beta2 apps/v1beta1'),
  resource('DaemonSet', 'daemonsets', 'apps/v1 apps/v1beta2 extensions/v1beta1', { short: ['ds'], all: true, sub: STATUS }),
  resource('Deployment', 'deployments', 'apps/v1 apps/v1beta2 apps/v1beta1 extensions/v1beta1', { short: ['deploy'], all: true, sub: SCALE }),
  resource('ReplicaSet', 'replicasets', 'apps/v1 apps/v1beta2 extensions/v1beta1', { short: ['rs'], all: true, sub: SCALE }),
  resource('StatefulSet', 'statefulsets', 'apps/v1 apps/v1beta2 apps/v1beta1', { short: ['sts'], all: true, sub: SCALE }),
  resource('TokenReview', 'tokenreviews', 'authentication.k8s.io/v1 authentication.k8s.io/v1beta1', { cluster: true, verbs: CREATE }),
  resource('LocalSubjectAccessReview', 'localsubjectaccessreviews', 'authorization.k8s.io/v1 authorization.k8s.io/v1beta1', { verbs: CREATE }),
  resource('SelfSubjectAccessReview', 'selfsubjectaccessreviews', 'authorization.k8s.io/v1 authorization.k8s.io/v1beta1', { cluster: true, verbs: CREATE }),
  resource('SelfSubjectRulesReview', 'selfsubjectrulesreviews', 'authorization.k8s.io/v1 authorization.k8s.io/v1beta1', { cluster: true, verbs: CREATE }),
  resource('SubjectAccessReview', 'subjectaccessreviews', 'authorization.k8s.io/v1 authorization.k8s.io/v1beta1', { cluster: true, verbs: CREATE }),
  resource('HorizontalPodAutoscaler', 'horizontalpodautoscalers', 'autoscaling/v1 autoscaling/v2beta1 autoscaling/v2beta2', { short: ['hpa'], all: true, sub: STATUS }),
  resource('CronJob', 'cronjobs', 'batch/v1beta1', { short: ['cj'], all: true, sub: STATUS }),
  resource('Job', 'jobs', 'batch/v1', { all: true, sub: STATUS }),
  resource('CertificateSigningRequest', 'certificatesigningrequests', 'certificates.k8s.io/v1beta1', { short: ['csr'], cluster: true, sub: ['approval', 'status'] }),
  resource('Lease', 'leases', 'coordination.k8s.io/v1 coordination.k8s.io/v1beta1'),
  resource('Ingress', 'ingresses', 'extensions/v1beta1 networking.k8s.io/v1beta1', { short: ['ing'], prefix: 'ingress', sub: STATUS }),
  resource('NetworkPolicy', 'networkpolicies', 'networking.k8s.io/v1 extensions/v1beta1', { short: ['netpol'] }),
  resource('RuntimeClass', 'runtimeclasses', 'node.k8s.io/v1beta1', { cluster: true }),
  resource('PodDisruptionBudget', 'poddisruptionbudgets', 'policy/v1beta1', { short: ['pdb'], sub: STATUS }),
  resource('PodSecurityPolicy', 'podsecuritypolicies', 'policy/v1beta1 extensions/v1beta1', { short: ['psp'], cluster: true, prefix: 'podsecuritypolicy' }),
  resource('ClusterRoleBinding', 'clusterrolebindings', 'rbac.authorization.k8s.io/v1 rbac.authorization.k8s.io/v1beta1', { cluster: true }),
  resource('ClusterRole', 'clusterroles', 'rbac.authorization.k8s.io/v1 rbac.authorization.k8s.io/v1beta1', { cluster: true }),
  resource('RoleBinding', 'rolebindings', 'rbac.authorization.k8s.io/v1 rbac.authorization.k8s.io/v1beta1'),
  resource('Role', 'roles', 'rbac.authorization.k8s.io/v1 rbac.authorization.k8s.io/v1beta1'),
  resource('PriorityClass', 'priorityclasses', 'scheduling.k8s.io/v1 scheduling.k8s.io/v1beta1', { short: ['pc'], cluster: true }),
  resource('CSIDriver', 'csidrivers', 'storage.k8s.io/v1beta1', { cluster: true }),
  resource('CSINode', 'csinodes', 'storage.k8s.io/v1beta1', { cluster: true }),
  resource('StorageClass', 'storageclasses', 'storage.k8s.io/v1 storage.k8s.io/v1beta1', { short: ['sc'], cluster: true }),
  resource('VolumeAttachment', 'volumeattachments', 'storage.k8s.io/v1 storage.k8s.io/v1beta1', { cluster: true, sub: STATUS }),
];

/** The named groups in the order of /apis, each with its versions, the preferred one first. */
export const GROUPS: readonly (readonly [string, readonly string[]])[] = [
  ['apiregistration.k8s.io', ['v1', 'v1beta1']], ['extensions', ['v1beta1']], ['apps', ['v1', 'v1beta2', 'v1beta1']],
  ['events.k8s.io', ['v1beta1']], ['authentication.k8s.io', ['v1', 'v1beta1']], ['authorization.k8s.io', ['v1', 'v1beta1']],
  ['autoscaling', ['v1', 'v2beta1', 'v2beta2']], ['batch', ['v1', 'v1beta1']], ['certificates.k8s.io', ['v1beta1']],
  ['networking.k8s.io', ['v1', 'v1beta1']], ['policy', ['v1beta1']], ['rbac.authorization.k8s.io', ['v1', 'v1beta1']],
  ['storage.k8s.io', ['v1', 'v1beta1']], ['admissionregistration.k8s.io', ['v1beta1']], ['apiextensions.k8s.io', ['v1beta1']],
  ['scheduling.k8s.io', ['v1', 'v1beta1']], ['coordination.k8s.io', ['v1', 'v1beta1']], ['node.k8s.io', ['v1beta1']],
];

const byServed = new Map<string, Resource>();
const byKind = new Map<string, Resource>();
const byPlural = new Map<string, Resource>();
for (const r of RESOURCES) {
  for (const gv of r.served) {
    byServed.set(`${gv} ${r.plural}`, r);
    byKind.set(`${gv} ${r.kind}`, r);
  }
  if (!byPlural.has(r.plural)) byPlural.set(r.plural, r);
}

/** By group-version and plural: ('apps/v1', 'deployments'). */
export const findResource = (gv: string, plural: string): Resource | undefined => byServed.get(`${gv} ${plural}`);
export const findKind = (gv: string, kind: string): Resource | undefined => byKind.get(`${gv} ${kind}`);
export const builtin = (plural: string): Resource => byPlural.get(plural)!;

export const groupOf = (gv: string): string => { const at = gv.indexOf('/'); return at < 0 ? '' : gv.slice(0, at); };
export const versionOf = (gv: string): string => gv.slice(gv.indexOf('/') + 1);

/** /api/v1 or /apis/apps/v1. */
export const apiRoot = (gv: string): string => (gv.includes('/') ? `/apis/${gv}` : `/api/${gv}`);

/** The URL path of a collection, or of one object. */
export function pathOf(gv: string, plural: string, namespace?: string, name?: string, sub?: string): string {
  let path = apiRoot(gv);
  if (namespace && plural !== 'namespaces') path += `/namespaces/${namespace}`;
  path += `/${plural}`;
  if (name) path += `/${name}`;
  return sub ? `${path}/${sub}` : path;
}

/** 'deployments.apps', as errors name a resource. */
export const qualified = (plural: string, gv: string): string => (groupOf(gv) ? `${plural}.${groupOf(gv)}` : plural);
