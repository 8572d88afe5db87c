/**
 * Validation of a whole object, on creation and on update: what is behind `The DaemonSet "x" is
 * invalid`. Pure. k8s.io/kubernetes/pkg/apis/<group>/validation v1.14, the rules that people meet.
 */
import { canonical } from '../hash.ts';
import { DNS1035_RULE, LABEL_RULE, nameFault } from '../names.ts';
import { matches, fromObject } from '../selectors.ts';
import type { Cause } from '../status.ts';
import type { LabelSelector, Labels, Obj, Pod, PodTemplate, Service, Taint } from '../types.ts';
import { Causes, goIntOrString, goMap, goSelector, GoSyntax, IMMUTABLE, NEGATIVE, PORT_RANGE } from './causes.ts';
import { validateLabels, validateMeta, validateMetaUpdate } from './meta.ts';
import { validatePodSpec, validatePodUpdate } from './pod.ts';
import { parseSchedule } from '../cron.ts';

type Rec = Record<string, unknown>;
const rec = (v: unknown): Rec => (typeof v === 'object' && v !== null && !Array.isArray(v) ? (v as Rec) : {});

/** `old` is the stored object on an update, null on creation. */
export function validate(obj: Obj, old: Obj | null, namespaced: boolean): readonly Cause[] {
  const causes = new Causes();
  if (old) validateMetaUpdate(obj, old, causes);
  else validateMeta(obj, namespaced, causes);
  if (!causes.list.length && old) validateLabels(obj.metadata.labels, 'metadata.labels', causes);
  (CHECKS[obj.kind] ?? none)(obj, old, causes);
  return causes.list;
}
const none = (): void => undefined;
type Check = (obj: Obj, old: Obj | null, causes: Causes) => void;

const count = (value: unknown, field: string, causes: Causes): void => {
  if (typeof value === 'number' && value < 0) causes.invalid(field, value, NEGATIVE);
};

const EMPTY_FOR: Readonly<Record<string, string>> = { StatefulSet: 'statefulset', DaemonSet: 'daemonset' };

/** Selector and template of a workload. */
function workload(obj: Obj, old: Obj | null, causes: Causes, policies: readonly string[] = ['Always']): void {
  const spec = rec(obj['spec']);
  const template = rec(spec['template']) as unknown as PodTemplate;
  const labels = template.metadata?.labels as Labels | undefined;
  const selector = spec['selector'] as LabelSelector | undefined;
  count(spec['replicas'], 'spec.replicas', causes);
  count(spec['minReadySeconds'], 'spec.minReadySeconds', causes);
  const list = fromObject(selector);
  if (list === null) causes.required('spec.selector');
  else if (!list.length) causes.invalid('spec.selector', goSelector(selector), `empty selector is invalid for ${EMPTY_FOR[obj.kind] ?? 'deployment'}`);
  // No selector selects nothing, so it does not match either.
  if (list === null || (list.length && !matches(list, labels))) causes.invalid('spec.template.metadata.labels', goMap(labels), '`selector` does not match template `labels`');
  validateLabels(labels, 'spec.template.labels', causes);
  validatePodSpec(template.spec ?? { containers: [] }, 'spec.template.spec', causes);
  const policy = template.spec?.restartPolicy;
  if (policy && !policies.includes(policy)) causes.unsupported('spec.template.spec.restartPolicy', policy, policies);
  if (old && obj.apiVersion !== 'extensions/v1beta1' && canonical(rec(old['spec'])['selector']) !== canonical(selector)) causes.invalid('spec.selector', goSelector(selector), IMMUTABLE);
}

const percent = (value: unknown, field: string, causes: Causes): void => {
  if (typeof value === 'string' && !/^\d+%$/.test(value)) causes.invalid(field, goIntOrString(value), "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')");
  count(value, field, causes);
};

const CHECKS: Readonly<Record<string, Check>> = {
  Pod: (obj, old, causes) => {
    const pod = obj as Pod;
    validatePodSpec(pod.spec, 'spec', causes);
    if (old) validatePodUpdate(pod, old as Pod, causes);
  },
  DaemonSet: (obj, old, causes) => {
    workload(obj, old, causes);
    const strategy = rec(rec(obj['spec'])['updateStrategy']);
    if (!['OnDelete', 'RollingUpdate'].includes(strategy['type'] as string)) causes.unsupported('spec.updateStrategy.type', strategy['type'], ['OnDelete', 'RollingUpdate']);
    else percent(rec(strategy['rollingUpdate'])['maxUnavailable'], 'spec.updateStrategy.rollingUpdate.maxUnavailable', causes);
  },
  Deployment: (obj, old, causes) => {
    workload(obj, old, causes);
    const strategy = rec(rec(obj['spec'])['strategy']);
    const rolling = rec(strategy['rollingUpdate']);
    if (!['Recreate', 'RollingUpdate'].includes(strategy['type'] as string)) causes.unsupported('spec.strategy.type', strategy['type'], ['Recreate', 'RollingUpdate']);
    if (strategy['type'] === 'Recreate' && strategy['rollingUpdate']) causes.forbidden('spec.strategy.rollingUpdate', "may not be specified when strategy `type` is 'Recreate'");
    percent(rolling['maxUnavailable'], 'spec.strategy.rollingUpdate.maxUnavailable', causes);
    percent(rolling['maxSurge'], 'spec.strategy.rollingUpdate.maxSurge', causes);
    const zero = (v: unknown): boolean => v === 0 || v === '0%';
    if (zero(rolling['maxUnavailable']) && zero(rolling['maxSurge'])) causes.invalid('spec.strategy.rollingUpdate.maxUnavailable', goIntOrString(rolling['maxUnavailable']), 'may not be 0 when `maxSurge` is 0');
    if (Number(/^(\d+)%$/.exec(String(rolling['maxUnavailable']))?.[1] ?? 0) > 100) causes.invalid('spec.strategy.rollingUpdate.maxUnavailable', goIntOrString(rolling['maxUnavailable']), 'must not be greater than 100%');
  },
  ReplicaSet: (obj, old, causes) => workload(obj, old, causes),
  StatefulSet: (obj, old, causes) => {
    workload(obj, old, causes);
    if (!old) return;
    const keep = (o: Obj): unknown => ({ ...rec(o['spec']), replicas: 0, template: 0, updateStrategy: 0 });
    if (canonical(keep(obj)) !== canonical(keep(old))) causes.forbidden('spec', "updates to statefulset spec for fields other than 'replicas', 'template', and 'updateStrategy' are forbidden");
  },
  ReplicationController: (obj, _old, causes) => {
    const spec = rec(obj['spec']);
    const template = rec(spec['template']) as unknown as PodTemplate;
    const selector = rec(spec['selector']) as Record<string, string>;
    count(spec['replicas'], 'spec.replicas', causes);
    if (!Object.keys(selector).length) causes.required('spec.selector');
    else if (Object.entries(selector).some(([k, v]) => template.metadata?.labels?.[k] !== v)) causes.invalid('spec.template.metadata.labels', goMap(template.metadata?.labels), '`selector` does not match template `labels`');
    validatePodSpec(template.spec ?? { containers: [] }, 'spec.template.spec', causes);
  },
  Job: (obj, old, causes) => {
    const spec = rec(obj['spec']);
    for (const k of ['parallelism', 'completions', 'backoffLimit', 'activeDeadlineSeconds']) count(spec[k], `spec.${k}`, causes);
    workload(obj, null, causes, ['OnFailure', 'Never']);
    if (!old) return;
    for (const k of ['completions', 'selector', 'template']) if (canonical(rec(old['spec'])[k]) !== canonical(spec[k])) causes.invalid(`spec.${k}`, spec[k], IMMUTABLE);
  },
  CronJob: (obj, _old, causes) => {
    const spec = rec(obj['spec']);
    const schedule = spec['schedule'] as string | undefined;
    const parsed = schedule ? parseSchedule(schedule) : null;
    if (!schedule) causes.required('spec.schedule');
    else if (parsed && !parsed.ok) causes.invalid('spec.schedule', schedule, parsed.error);
    if (!['Allow', 'Forbid', 'Replace'].includes(spec['concurrencyPolicy'] as string)) causes.unsupported('spec.concurrencyPolicy', spec['concurrencyPolicy'], ['Allow', 'Forbid', 'Replace']);
    const template = rec(rec(rec(spec['jobTemplate'])['spec'])['template']) as unknown as PodTemplate;
    validatePodSpec(template.spec ?? { containers: [] }, 'spec.jobTemplate.spec.template.spec', causes);
    const policy = template.spec?.restartPolicy;
    if (policy && policy !== 'OnFailure' && policy !== 'Never') causes.unsupported('spec.jobTemplate.spec.template.spec.restartPolicy', policy, ['OnFailure', 'Never']);
  },
  Service: (obj, old, causes) => service(obj as Service, old as Service | null, causes),
  Endpoints: (obj, _old, causes) => {
    ((obj['subsets'] as Rec[] | undefined) ?? []).forEach((subset, i) => {
      const addresses = (subset['addresses'] as Rec[] | undefined) ?? [];
      if (!addresses.length && !(subset['notReadyAddresses'] as Rec[] | undefined)?.length) causes.required(`subsets[${i}]`, 'must specify `addresses` or `notReadyAddresses`');
      addresses.forEach((a, j) => {
        if (!/^\d+(\.\d+){3}$/.test(String(a['ip']))) causes.invalid(`subsets[${i}].addresses[${j}].ip`, a['ip'], 'must be a valid IP address, (e.g. 10.9.8.7)');
      });
    });
  },
  ConfigMap: (obj, _old, causes) => {
    let size = 0;
    for (const [key, value] of Object.entries(rec(obj['data']))) {
      if (!/^[-._a-zA-Z0-9]+$/.test(key)) causes.invalid(`data[${key}]`, key, "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')");
      size += String(value).length;
    }
    if (size > 1_048_576) causes.list.push({ reason: 'FieldValueTooLong', message: 'Too long: must have at most 1048576 characters', field: '' });
  },
  Secret: (obj, old, causes) => {
    if (old && old['type'] !== obj['type']) causes.invalid('type', obj['type'], IMMUTABLE);
    if (obj['type'] === 'kubernetes.io/service-account-token' && !obj.metadata.annotations?.['kubernetes.io/service-account.name']) causes.required('metadata.annotations[kubernetes.io/service-account.name]');
  },
  Node: (obj, _old, causes) => {
    ((rec(obj['spec'])['taints'] as Taint[] | undefined) ?? []).forEach((taint, i) => {
      if (!['NoSchedule', 'PreferNoSchedule', 'NoExecute'].includes(taint.effect)) causes.unsupported(`metadata.taints[${i}].effect`, taint.effect, ['NoSchedule', 'PreferNoSchedule', 'NoExecute']);
    });
  },
  RoleBinding: (obj, old, causes) => roleBinding(obj, old, causes),
  ClusterRoleBinding: (obj, old, causes) => roleBinding(obj, old, causes),
  HorizontalPodAutoscaler: (obj, _old, causes) => {
    const { minReplicas, maxReplicas = 0, scaleTargetRef, targetCPUUtilizationPercentage: share } = rec(obj['spec']) as { minReplicas?: number; maxReplicas?: number; scaleTargetRef?: Rec; targetCPUUtilizationPercentage?: number };
    if (minReplicas !== undefined && minReplicas < 1) causes.invalid('spec.minReplicas', minReplicas, 'must be greater than 0');
    if (maxReplicas < 1) causes.invalid('spec.maxReplicas', maxReplicas, 'must be greater than 0');
    if (minReplicas !== undefined && maxReplicas < minReplicas) causes.invalid('spec.maxReplicas', maxReplicas, 'must be greater than or equal to `minReplicas`');
    if (!rec(scaleTargetRef)['kind']) causes.required('spec.scaleTargetRef.kind');
    if (!rec(scaleTargetRef)['name']) causes.required('spec.scaleTargetRef.name');
    if (share !== undefined && share < 1) causes.invalid('spec.targetCPUUtilizationPercentage', share, 'must be greater than 0');
  },
  PersistentVolumeClaim: (obj, old, causes) => {
    const spec = rec(obj['spec']);
    accessModes(spec['accessModes'], causes);
    const storage = rec(rec(spec['resources'])['requests'])['storage'];
    if (storage === undefined) causes.required('spec.resources[storage]');
    if (old && canonical({ ...rec(old['spec']), resources: 0, volumeName: 0 }) !== canonical({ ...spec, resources: 0, volumeName: 0 })) causes.forbidden('spec', 'is immutable after creation except resources.requests for bound claims');
  },
  PersistentVolume: (obj, _old, causes) => {
    const spec = rec(obj['spec']);
    accessModes(spec['accessModes'], causes);
    if (!Object.keys(rec(spec['capacity'])).length) causes.required('spec.capacity');
    else if (rec(spec['capacity'])['storage'] === undefined) causes.unsupported('spec.capacity', goMap(rec(spec['capacity']) as Record<string, string>), ['storage']);
    if (!Object.keys(spec).some((name) => VOLUME_SOURCES.has(name))) causes.required('spec', 'must specify a volume type');
  },
  PodDisruptionBudget: (obj, _old, causes) => {
    const spec = rec(obj['spec']);
    if (spec['minAvailable'] !== undefined && spec['maxUnavailable'] !== undefined) causes.invalid('spec', spec, 'minAvailable and maxUnavailable cannot be both set');
    percent(spec['minAvailable'], 'spec.minAvailable', causes);
    percent(spec['maxUnavailable'], 'spec.maxUnavailable', causes);
  },
};

const ACCESS_MODES = ['ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOnce'];
const VOLUME_SOURCES = new Set('awsElasticBlockStore azureDisk azureFile cephfs cinder csi fc flexVolume flocker gcePersistentDisk glusterfs hostPath iscsi local nfs photonPersistentDisk portworxVolume quobyte rbd scaleIO storageos vsphereVolume'.split(' '));

function accessModes(value: unknown, causes: Causes): void {
  const modes = (Array.isArray(value) ? value : []) as string[];
  if (!modes.length) causes.required('spec.accessModes', 'at least 1 access mode is required');
  for (const mode of modes) if (!ACCESS_MODES.includes(mode)) causes.unsupported('spec.accessModes', mode, ACCESS_MODES);
}

function roleBinding(obj: Obj, old: Obj | null, causes: Causes): void {
  const ref = rec(obj['roleRef']);
  if (!['Role', 'ClusterRole'].includes(ref['kind'] as string) || (obj.kind === 'ClusterRoleBinding' && ref['kind'] === 'Role')) {
    causes.unsupported('roleRef.kind', ref['kind'] ?? '', obj.kind === 'ClusterRoleBinding' ? ['ClusterRole'] : ['Role', 'ClusterRole']);
  }
  if (!ref['name']) causes.required('roleRef.name');
  if (old && canonical(old['roleRef']) !== canonical(ref)) causes.invalid('roleRef', new GoSyntax(`rbac.RoleRef{APIGroup:${JSON.stringify(ref['apiGroup'] ?? '')}, Kind:${JSON.stringify(ref['kind'] ?? '')}, Name:${JSON.stringify(ref['name'] ?? '')}}`), 'cannot change roleRef');
  ((obj['subjects'] as Rec[] | undefined) ?? []).forEach((s, i) => {
    if (!s['name']) causes.required(`subjects[${i}].name`);
    if (!['ServiceAccount', 'User', 'Group'].includes(s['kind'] as string)) causes.unsupported(`subjects[${i}].kind`, s['kind'] ?? '', ['ServiceAccount', 'User', 'Group']);
    if (s['kind'] === 'ServiceAccount' && obj.kind === 'ClusterRoleBinding' && !s['namespace']) causes.required(`subjects[${i}].namespace`);
  });
}

function service(svc: Service, old: Service | null, causes: Causes): void {
  const { spec } = svc;
  const type = spec.type ?? 'ClusterIP';
  const headless = spec.clusterIP === 'None';
  if (!['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort'].includes(type)) causes.unsupported('spec.type', type, ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort']);
  if (!spec.ports?.length && !headless && type !== 'ExternalName') causes.required('spec.ports');
  if (type === 'ExternalName' && !spec.externalName) causes.required('spec.externalName');
  if (headless && (type === 'NodePort' || type === 'LoadBalancer')) causes.invalid('spec.clusterIP', 'None', "may not be set to 'None' for NodePort services".replace('NodePort', type));
  if (spec.clusterIP && !headless && !/^\d+(\.\d+){3}$/.test(spec.clusterIP)) causes.invalid('spec.clusterIP', spec.clusterIP, "must be empty, 'None', or a valid IP address");
  const names = new Set<string>();
  const used = new Set<string>();
  (spec.ports ?? []).forEach((p, i) => {
    const at = `spec.ports[${i}]`;
    if (spec.ports!.length > 1 && !p.name) causes.required(`${at}.name`);
    if (p.name) {
      const fault = nameFault(p.name, 'label');
      if (fault) causes.invalid(`${at}.name`, p.name, LABEL_RULE);
      if (names.has(p.name)) causes.duplicate(`${at}.name`, p.name);
      names.add(p.name);
    }
    if (!(p.port >= 1 && p.port <= 65_535)) causes.invalid(`${at}.port`, p.port ?? 0, PORT_RANGE);
    if (typeof p.targetPort === 'number' && !(p.targetPort >= 1 && p.targetPort <= 65_535)) causes.invalid(`${at}.targetPort`, p.targetPort, PORT_RANGE);
    if (!['SCTP', 'TCP', 'UDP'].includes(p.protocol ?? 'TCP')) causes.unsupported(`${at}.protocol`, p.protocol, ['SCTP', 'TCP', 'UDP']);
    if (p.nodePort && type === 'ClusterIP') causes.forbidden(`${at}.nodePort`, "may not be used when `type` is 'ClusterIP'");
    const id = `${p.protocol}/${p.port}`;
    if (used.has(id)) causes.duplicate(at, new GoSyntax(`core.ServicePort{Name:"", Protocol:${JSON.stringify(p.protocol ?? 'TCP')}, Port:${p.port}, TargetPort:${goIntOrString(0).text}, NodePort:0}`));
    used.add(id);
  });
  if (!['ClientIP', 'None'].includes(spec.sessionAffinity ?? 'None')) causes.unsupported('spec.sessionAffinity', spec.sessionAffinity, ['ClientIP', 'None']);
  validateLabels(spec.selector, 'spec.selector', causes);
  if (old?.spec.clusterIP && spec.type !== 'ExternalName' && old.spec.type !== 'ExternalName' && old.spec.clusterIP !== spec.clusterIP) causes.invalid('spec.clusterIP', spec.clusterIP ?? '', IMMUTABLE);
  if (!old && nameFault(svc.metadata.name, 'dns1035') === DNS1035_RULE && !causes.list.length) causes.invalid('metadata.name', svc.metadata.name, DNS1035_RULE);
}
