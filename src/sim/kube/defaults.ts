/**
 * What the server fills in when an object is written: the defaults of each kind, those of the
 * group-version it was written through included. Pure: gives a new object, or the same if nothing was
 * missing. k8s.io/kubernetes/pkg/apis/<group>/<version>/defaults.go v1.14.
 */
import { groupOf } from './kinds.ts';
import { canonicalQuantity } from './quantity.ts';
import type { Container, Obj, PodSpec, Probe } from './types.ts';

type Rec = Record<string, unknown>;
const rec = (v: unknown): Rec => (typeof v === 'object' && v !== null && !Array.isArray(v) ? (v as Rec) : {});
const list = (v: unknown): readonly Rec[] => (Array.isArray(v) ? (v as Rec[]) : []);

/** `given` over `fallback`, field by field. */
const fill = (given: unknown, fallback: Rec): Rec => {
  const out: Rec = { ...fallback };
  for (const [key, value] of Object.entries(rec(given))) if (value !== undefined && value !== null) out[key] = value;
  return out;
};

// --- pods
function probe(given: Probe | undefined): Probe | undefined {
  if (!given) return undefined;
  const out = fill(given, { timeoutSeconds: 1, periodSeconds: 10, successThreshold: 1, failureThreshold: 3 });
  if (given.httpGet) out['httpGet'] = fill(given.httpGet, { path: '/', scheme: 'HTTP' });
  return out as Probe;
}

const quantities = (given: unknown): Rec => Object.fromEntries(Object.entries(rec(given)).map(([k, v]) => [k, canonicalQuantity(v as string)]));

function container(given: Container, hostNetwork: boolean): Container {
  const tag = /:([^:/@]+)$/.exec(given.image ?? '')?.[1];
  const digest = given.image?.includes('@') ?? false;
  const out = fill(given, {
    resources: {}, terminationMessagePath: '/dev/termination-log', terminationMessagePolicy: 'File',
    imagePullPolicy: (tag === undefined && !digest) || tag === 'latest' ? 'Always' : 'IfNotPresent',
  });
  if (given.ports) {
    out['ports'] = given.ports.map((port) => ({ ...port, ...(hostNetwork ? { hostPort: port.hostPort ?? port.containerPort } : {}), protocol: port.protocol ?? 'TCP' }));
  }
  const limits = quantities(given.resources?.limits);
  const requests = quantities(given.resources?.requests);
  for (const key of Object.keys(limits)) requests[key] ??= limits[key];
  out['resources'] = { ...(Object.keys(limits).length ? { limits } : {}), ...(Object.keys(requests).length ? { requests } : {}) };
  if (given.env) {
    out['env'] = given.env.map((e) => (e.valueFrom?.fieldRef ? { ...e, valueFrom: { fieldRef: { apiVersion: 'v1', ...e.valueFrom.fieldRef } } } : e));
  }
  for (const key of ['livenessProbe', 'readinessProbe'] as const) if (given[key]) out[key] = probe(given[key]);
  return out as unknown as Container;
}

function volume(given: Rec): Rec {
  const out: Rec = { ...given };
  if (Object.keys(given).length === 1) out['emptyDir'] = {};
  for (const key of ['configMap', 'secret', 'projected', 'downwardAPI']) if (given[key]) out[key] = fill(given[key], { defaultMode: 420 });
  if (given['hostPath']) out['hostPath'] = fill(given['hostPath'], { type: '' });
  for (const source of ['downwardAPI']) {
    const items = list(rec(given[source])['items']);
    if (items.length) out[source] = { ...rec(out[source]), items: items.map((i) => ({ ...i, ...(i['fieldRef'] ? { fieldRef: { apiVersion: 'v1', ...rec(i['fieldRef']) } } : {}) })) };
  }
  return out;
}

/** `inPod`: a template does not get what only a pod has (service links). */
export function podSpec(given: PodSpec, inPod = false): PodSpec {
  const out = fill(given, {
    restartPolicy: 'Always', terminationGracePeriodSeconds: 30, dnsPolicy: 'ClusterFirst', securityContext: {}, schedulerName: 'default-scheduler',
    ...(inPod ? { enableServiceLinks: true } : {}),
  });
  const host = given.hostNetwork === true;
  out['containers'] = (given.containers ?? []).map((c) => container(c, host));
  if (given.initContainers) out['initContainers'] = given.initContainers.map((c) => container(c, host));
  if (given.volumes) out['volumes'] = given.volumes.map((v) => volume(v as unknown as Rec));
  if (given.serviceAccountName && !given.serviceAccount) out['serviceAccount'] = given.serviceAccountName;
  if (given.serviceAccount && !given.serviceAccountName) out['serviceAccountName'] = given.serviceAccount;
  return out as unknown as PodSpec;
}

const template = (given: unknown): Rec => {
  const t = rec(given);
  return { ...t, metadata: { creationTimestamp: null, ...rec(t['metadata']) }, spec: podSpec(rec(t['spec']) as unknown as PodSpec) };
};

// --- workloads
/** Groups older than apps/v1beta2 take selector and labels from the template. */
function workload(obj: Obj, spec: Rec): { spec: Rec; metadata: Rec } {
  const labels = rec(rec(rec(spec['template'])['metadata'])['labels']);
  const metadata: Rec = { ...obj.metadata };
  const out: Rec = { ...spec, template: template(spec['template']) };
  const old = obj.apiVersion === 'extensions/v1beta1' || obj.apiVersion === 'apps/v1beta1';
  if (old && Object.keys(labels).length) {
    if (!out['selector']) out['selector'] = { matchLabels: labels };
    if (!metadata['labels'] || !Object.keys(rec(metadata['labels'])).length) metadata['labels'] = labels;
  }
  return { spec: out, metadata };
}

function deployment(obj: Obj, given: Rec): Obj {
  const { spec, metadata } = workload(obj, given);
  const old = groupOf(obj.apiVersion) === 'extensions';
  const strategy = fill(spec['strategy'], { type: 'RollingUpdate' });
  if (strategy['type'] === 'RollingUpdate') {
    const step = old ? 1 : '25%';
    strategy['rollingUpdate'] = fill(strategy['rollingUpdate'], { maxUnavailable: step, maxSurge: step });
  }
  const limits = old ? { progressDeadlineSeconds: 2147483647, revisionHistoryLimit: 2147483647 } : { progressDeadlineSeconds: 600, revisionHistoryLimit: obj.apiVersion === 'apps/v1beta1' ? 2 : 10 };
  return { ...obj, metadata, spec: fill({ ...spec, strategy }, { replicas: 1, ...limits }) } as unknown as Obj;
}

function daemonSet(obj: Obj, given: Rec): Obj {
  const { spec, metadata } = workload(obj, given);
  const updateStrategy = fill(spec['updateStrategy'], { type: groupOf(obj.apiVersion) === 'extensions' ? 'OnDelete' : 'RollingUpdate' });
  if (updateStrategy['type'] === 'RollingUpdate') updateStrategy['rollingUpdate'] = fill(updateStrategy['rollingUpdate'], { maxUnavailable: 1 });
  return { ...obj, metadata, spec: fill({ ...spec, updateStrategy }, { revisionHistoryLimit: 10 }) } as unknown as Obj;
}

function statefulSet(obj: Obj, given: Rec): Obj {
  const { spec, metadata } = workload(obj, given);
  const updateStrategy = fill(spec['updateStrategy'], { type: obj.apiVersion === 'apps/v1beta1' ? 'OnDelete' : 'RollingUpdate' });
  if (updateStrategy['type'] === 'RollingUpdate') updateStrategy['rollingUpdate'] = fill(updateStrategy['rollingUpdate'], { partition: 0 });
  return { ...obj, metadata, spec: fill({ ...spec, updateStrategy }, { replicas: 1, revisionHistoryLimit: 10, podManagementPolicy: 'OrderedReady' }) } as unknown as Obj;
}

function jobSpec(given: Rec): Rec {
  const out = fill({ ...given, template: template(given['template']) }, { backoffLimit: 6 });
  if (given['completions'] === undefined && given['parallelism'] === undefined) out['completions'] = 1;
  out['parallelism'] ??= 1;
  return out;
}

/** A job's pods are found by its uid: labels and selector are generated unless manualSelector. */
export function jobSelector(job: Obj, uid: string): Obj {
  const spec = rec(job['spec']);
  if (spec['manualSelector'] === true) return job;
  const labels = { 'controller-uid': uid, 'job-name': job.metadata.name };
  const t = rec(spec['template']);
  const meta = rec(t['metadata']);
  return { ...job, spec: { ...spec, selector: { matchLabels: { 'controller-uid': uid } }, template: { ...t, metadata: { ...meta, labels: { ...rec(meta['labels']), ...labels } } } }, metadata: { ...job.metadata, labels: [job.metadata.labels, meta['labels'], labels].find((set) => Object.keys(rec(set)).length) } } as unknown as Obj;
}

// --- the rest
function service(obj: Obj, given: Rec): Obj {
  const type = (given['type'] as string | undefined) ?? 'ClusterIP';
  const spec = fill(given, { sessionAffinity: 'None', type });
  if (spec['sessionAffinity'] === 'ClientIP') spec['sessionAffinityConfig'] = { clientIP: fill(rec(rec(given['sessionAffinityConfig'])['clientIP']), { timeoutSeconds: 10_800 }) };
  if (spec['sessionAffinity'] === 'None') delete spec['sessionAffinityConfig'];
  if (given['ports']) spec['ports'] = list(given['ports']).map((p) => fill(p, { protocol: 'TCP', targetPort: p['port'] }));
  if (type === 'NodePort' || type === 'LoadBalancer') spec['externalTrafficPolicy'] ??= 'Cluster';
  return { ...obj, spec, status: obj['status'] ?? { loadBalancer: {} } };
}

const endpoints = (obj: Obj): Obj => (Array.isArray(obj['subsets'])
  ? { ...obj, subsets: list(obj['subsets']).map((s) => ({ ...s, ...(s['ports'] ? { ports: list(s['ports']).map((p) => ({ ...p, protocol: p['protocol'] ?? 'TCP' })) } : {}) })) } : obj);

/** stringData becomes data, as base64. */
function secret(obj: Obj, encode: (text: string) => string): Obj {
  const { stringData, ...others } = obj as Obj & { stringData?: Record<string, string> };
  const data: Rec = { ...rec(obj['data']) };
  for (const [key, value] of Object.entries(stringData ?? {})) data[key] = encode(value);
  return { ...others, ...(Object.keys(data).length ? { data } : {}), type: obj['type'] ?? 'Opaque' } as Obj;
}

const rbac = (obj: Obj): Obj => {
  const roleRef = rec(obj['roleRef']);
  const subjects = obj['subjects'] === undefined ? undefined
    : list(obj['subjects']).map((s) => (s['kind'] === 'ServiceAccount' || s['apiGroup'] ? s : { apiGroup: 'rbac.authorization.k8s.io', ...s }));
  return { ...obj, roleRef: { apiGroup: 'rbac.authorization.k8s.io', ...roleRef }, ...(subjects ? { subjects } : {}) };
};

/** Fills in the defaults of one object as written through its apiVersion. */
export function withDefaults(obj: Obj, encode: (text: string) => string): Obj {
  const spec = rec(obj['spec']);
  switch (obj.kind) {
    case 'Pod': return { ...obj, spec: podSpec(spec as unknown as PodSpec, true), status: obj['status'] ?? {} };
    case 'PodTemplate': return { ...obj, template: template(obj['template']) };
    case 'Deployment': return deployment(obj, spec);
    case 'DaemonSet': return daemonSet(obj, spec);
    case 'StatefulSet': return statefulSet(obj, spec);
    case 'ReplicaSet': {
      const w = workload(obj, spec);
      return { ...obj, metadata: w.metadata, spec: fill(w.spec, { replicas: 1 }) } as unknown as Obj;
    }
    case 'ReplicationController': {
      const labels = rec(rec(rec(spec['template'])['metadata'])['labels']);
      return { ...obj, metadata: { ...obj.metadata, labels: obj.metadata.labels ?? (labels as Record<string, string>) }, spec: fill({ ...spec, template: template(spec['template']) }, { replicas: 1, selector: labels }) };
    }
    case 'Job': return { ...obj, spec: jobSpec(spec) };
    case 'CronJob': {
      const jobTemplate = rec(spec['jobTemplate']);
      return { ...obj, spec: fill({ ...spec, jobTemplate: { ...jobTemplate, spec: cronJobSpec(rec(jobTemplate['spec'])) } }, { concurrencyPolicy: 'Allow', suspend: false, successfulJobsHistoryLimit: 3, failedJobsHistoryLimit: 1 }) };
    }
    case 'Service': return service(obj, spec);
    case 'Endpoints': return endpoints(obj);
    case 'Secret': return secret(obj, encode);
    case 'Namespace': return { ...obj, spec: { ...spec, finalizers: spec['finalizers'] ?? ['kubernetes'] }, status: obj['status'] ?? { phase: 'Active' } };
    case 'RoleBinding': case 'ClusterRoleBinding': return rbac(obj);
    case 'PersistentVolume': return { ...obj, spec: fill(spec, { persistentVolumeReclaimPolicy: 'Retain', volumeMode: 'Filesystem' }), status: obj['status'] ?? { phase: 'Pending' } };
    case 'PersistentVolumeClaim': return { ...obj, spec: fill(spec, { volumeMode: 'Filesystem' }), status: obj['status'] ?? { phase: 'Pending' } };
    case 'StorageClass': return fill(obj, { reclaimPolicy: 'Delete', volumeBindingMode: 'Immediate' }) as unknown as Obj;
    // v1 stands for a share of CPU when nothing is said of metrics (conversion.go).
    case 'HorizontalPodAutoscaler': return { ...obj, spec: fill(spec, { minReplicas: 1, ...(obj.apiVersion === 'autoscaling/v1' ? { targetCPUUtilizationPercentage: 80 } : {}) }), status: obj['status'] ?? { currentReplicas: 0, desiredReplicas: 0 } };
    case 'NetworkPolicy': return { ...obj, spec: fill(spec, { podSelector: {}, policyTypes: spec['egress'] ? ['Ingress', 'Egress'] : ['Ingress'] }) };
    case 'PodSecurityPolicy': return { ...obj, spec: fill(spec, { allowPrivilegeEscalation: true }) };
    default: return obj;
  }
}
const cronJobSpec = (given: Rec): Rec => ({ ...given, template: template(given['template']) });
