/**
 * Pods and pod templates: k8s.io/kubernetes/pkg/apis/core/validation v1.14, the rules that a person's
 * manifest meets.
 */
import { canonical } from '../hash.ts';
import { LABEL_RULE, nameFault } from '../names.ts';
import { quantity, QUANTITY_ERROR } from '../quantity.ts';
import type { Container, EnvVar, Handler, Pod, PodSpec, Probe, Toleration, Volume } from '../types.ts';
import { PORT_RANGE, type Causes } from './causes.ts';
import { validateLabels } from './meta.ts';

const SOURCES = ['hostPath', 'emptyDir', 'configMap', 'secret', 'projected', 'downwardAPI', 'persistentVolumeClaim', 'nfs', 'iscsi', 'glusterfs', 'rbd', 'cephfs', 'gcePersistentDisk', 'awsElasticBlockStore', 'azureDisk', 'azureFile', 'fc', 'flexVolume', 'csi', 'local', 'gitRepo'];

export function validatePodSpec(spec: PodSpec, at: string, causes: Causes): void {
  const volumes = validateVolumes(spec.volumes ?? [], `${at}.volumes`, causes);
  if (!spec.containers?.length) causes.required(`${at}.containers`);
  const names = new Set<string>();
  (spec.initContainers ?? []).forEach((c, i) => validateContainer(c, `${at}.initContainers[${i}]`, volumes, names, causes));
  (spec.containers ?? []).forEach((c, i) => validateContainer(c, `${at}.containers[${i}]`, volumes, names, causes));
  oneOf(`${at}.restartPolicy`, spec.restartPolicy, ['Always', 'OnFailure', 'Never'], causes);
  oneOf(`${at}.dnsPolicy`, spec.dnsPolicy, ['ClusterFirstWithHostNet', 'ClusterFirst', 'Default', 'None'], causes);
  if (spec.dnsPolicy === 'None' && !spec.dnsConfig?.nameservers?.length) causes.required(`${at}.dnsConfig.nameservers`, 'must provide at least one DNS nameserver when `dnsPolicy` is None');
  if ((spec.terminationGracePeriodSeconds ?? 0) < 0) causes.invalid(`${at}.terminationGracePeriodSeconds`, spec.terminationGracePeriodSeconds, 'must be greater than or equal to 0');
  if (spec.activeDeadlineSeconds !== undefined && spec.activeDeadlineSeconds < 1) causes.invalid(`${at}.activeDeadlineSeconds`, spec.activeDeadlineSeconds, 'must be between 1 and 4294967295, inclusive');
  validateLabels(spec.nodeSelector, `${at}.nodeSelector`, causes);
  (spec.tolerations ?? []).forEach((t, i) => validateToleration(t, `${at}.tolerations[${i}]`, causes));
  if (spec.hostNetwork) {
    spec.containers.forEach((c, i) => c.ports?.forEach((p, j) => {
      if (p.hostPort !== undefined && p.hostPort !== p.containerPort) causes.invalid(`${at}.containers[${i}].ports[${j}].containerPort`, p.containerPort, 'must match `hostPort` when `hostNetwork` is true');
    }));
  }
}

function oneOf(field: string, value: string | undefined, allowed: readonly string[], causes: Causes): void {
  if (value !== undefined && !allowed.includes(value)) causes.unsupported(field, value, allowed);
}

function validateVolumes(volumes: readonly Volume[], at: string, causes: Causes): Set<string> {
  const names = new Set<string>();
  volumes.forEach((v, i) => {
    const field = `${at}[${i}]`;
    if (!v.name) causes.required(`${field}.name`);
    else {
      const fault = nameFault(v.name, 'label');
      if (fault) causes.invalid(`${field}.name`, v.name, fault);
      if (names.has(v.name)) causes.duplicate(`${field}.name`, v.name);
      names.add(v.name);
    }
    const sources = Object.keys(v).filter((key) => SOURCES.includes(key));
    if (!sources.length) causes.required(field, 'must specify a volume type');
    for (const extra of sources.slice(1)) causes.forbidden(`${field}.${extra}`, 'may not specify more than 1 volume type');
    if (v.hostPath && !v.hostPath.path) causes.required(`${field}.hostPath.path`);
    if (v.hostPath?.path.split('/').includes('..')) causes.invalid(`${field}.hostPath.path`, v.hostPath.path, "must not contain '..'");
    if (v.configMap && !v.configMap.name) causes.required(`${field}.configMap.name`);
    if (v.secret && !v.secret.secretName) causes.required(`${field}.secret.secretName`);
    if (v.persistentVolumeClaim && !v.persistentVolumeClaim.claimName) causes.required(`${field}.persistentVolumeClaim.claimName`);
  });
  return names;
}

function validateContainer(c: Container, at: string, volumes: ReadonlySet<string>, names: Set<string>, causes: Causes): void {
  if (!c.name) causes.required(`${at}.name`);
  else {
    if (nameFault(c.name, 'label')) causes.invalid(`${at}.name`, c.name, LABEL_RULE);
    if (names.has(c.name)) causes.duplicate(`${at}.name`, c.name);
    names.add(c.name);
  }
  if (!c.image) causes.required(`${at}.image`);
  else if (c.image !== c.image.trim()) causes.invalid(`${at}.image`, c.image, 'must not have leading or trailing whitespace');
  oneOf(`${at}.imagePullPolicy`, c.imagePullPolicy, ['Always', 'IfNotPresent', 'Never'], causes);
  validatePorts(c, at, causes);
  (c.env ?? []).forEach((e, i) => validateEnv(e, `${at}.env[${i}]`, causes));
  const paths = new Set<string>();
  (c.volumeMounts ?? []).forEach((m, i) => {
    const field = `${at}.volumeMounts[${i}]`;
    if (!m.name) causes.required(`${field}.name`);
    else if (!volumes.has(m.name)) causes.missing(`${field}.name`, m.name);
    if (!m.mountPath) causes.required(`${field}.mountPath`);
    if (paths.has(m.mountPath)) causes.invalid(`${field}.mountPath`, m.mountPath, 'must be unique');
    paths.add(m.mountPath);
  });
  validateResources(c, at, causes);
  validateProbe(c.livenessProbe, `${at}.livenessProbe`, causes);
  validateProbe(c.readinessProbe, `${at}.readinessProbe`, causes);
  if (c.livenessProbe && c.livenessProbe.successThreshold !== 1) causes.invalid(`${at}.livenessProbe.successThreshold`, c.livenessProbe.successThreshold, 'must be 1');
}

function validatePorts(c: Container, at: string, causes: Causes): void {
  const names = new Set<string>();
  (c.ports ?? []).forEach((p, i) => {
    const field = `${at}.ports[${i}]`;
    if (p.name) {
      if (p.name.length > 15) causes.invalid(`${field}.name`, p.name, 'must be no more than 15 characters');
      else if (!/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(p.name)) causes.invalid(`${field}.name`, p.name, 'must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)');
      if (names.has(p.name)) causes.duplicate(`${field}.name`, p.name);
      names.add(p.name);
    }
    if (!p.containerPort) causes.required(`${field}.containerPort`);
    else if (p.containerPort < 1 || p.containerPort > 65_535) causes.invalid(`${field}.containerPort`, p.containerPort, PORT_RANGE);
    if (p.hostPort !== undefined && p.hostPort !== 0 && (p.hostPort < 1 || p.hostPort > 65_535)) causes.invalid(`${field}.hostPort`, p.hostPort, PORT_RANGE);
    oneOf(`${field}.protocol`, p.protocol, ['SCTP', 'TCP', 'UDP'], causes);
  });
}

function validateEnv(e: EnvVar, at: string, causes: Causes): void {
  if (!e.name) causes.required(`${at}.name`);
  else if (!/^[-._a-zA-Z][-._a-zA-Z0-9]*$/.test(e.name)) {
    causes.invalid(`${at}.name`, e.name, "a valid environment variable name must consist of alphabetic characters, digits, '_', '-', or '.', and must not start with a digit (e.g. 'my.env-name',  or 'MY_ENV.NAME',  or 'MyEnvName1', regex used for validation is '[-._a-zA-Z][-._a-zA-Z0-9]*')");
  }
  if (e.valueFrom && e.value) causes.invalid(`${at}.valueFrom`, '', 'may not be specified when `value` is not empty');
  if (e.valueFrom && !Object.keys(e.valueFrom).length) causes.invalid(`${at}.valueFrom`, '', 'must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef` or `secretKeyRef`');
}

function validateResources(c: Container, at: string, causes: Causes): void {
  for (const kind of ['limits', 'requests'] as const) {
    for (const [name, text] of Object.entries(c.resources?.[kind] ?? {})) {
      const value = quantity(text);
      if (value === null) causes.invalid(`${at}.resources.${kind}[${name}]`, text, QUANTITY_ERROR);
      else if (value < 0) causes.invalid(`${at}.resources.${kind}[${name}]`, text, 'must be greater than or equal to 0');
    }
  }
  for (const [name, text] of Object.entries(c.resources?.requests ?? {})) {
    const limit = c.resources?.limits?.[name];
    if (limit !== undefined && (quantity(text) ?? 0) > (quantity(limit) ?? 0)) causes.invalid(`${at}.resources.requests`, text, `must be less than or equal to ${name} limit`);
  }
}

function validateProbe(p: Probe | undefined, at: string, causes: Causes): void {
  if (!p) return;
  const kinds = (['exec', 'httpGet', 'tcpSocket'] as const).filter((k) => p[k as keyof Handler]);
  if (!kinds.length) causes.required(at, 'must specify a handler type');
  for (const extra of kinds.slice(1)) causes.forbidden(`${at}.${extra}`, 'may not specify more than 1 handler type');
  if (p.exec && !p.exec.command?.length) causes.required(`${at}.exec.command`);
  for (const k of ['initialDelaySeconds', 'timeoutSeconds', 'periodSeconds', 'successThreshold', 'failureThreshold'] as const) {
    if ((p[k] ?? 0) < 0) causes.invalid(`${at}.${k}`, p[k], 'must be greater than or equal to 0');
  }
}

function validateToleration(t: Toleration, at: string, causes: Causes): void {
  if (!t.key && t.operator !== 'Exists') causes.invalid(`${at}.operator`, t.operator ?? '', "operator must be Exists when `key` is empty, which means \"match all values and all keys\"");
  if (t.operator === 'Exists' && t.value) causes.invalid(`${at}.operator`, t, 'value must be empty when `operator` is \'Exists\'');
  if (t.operator && t.operator !== 'Exists' && t.operator !== 'Equal') causes.unsupported(`${at}.operator`, t.operator, ['Equal', 'Exists']);
  if (t.effect && !['NoSchedule', 'PreferNoSchedule', 'NoExecute'].includes(t.effect)) causes.unsupported(`${at}.effect`, t.effect, ['NoSchedule', 'PreferNoSchedule', 'NoExecute']);
}

/** Only images, deadlines and further tolerations of a living pod may change. */
export function validatePodUpdate(fresh: Pod, old: Pod, causes: Causes): void {
  const munge = (pod: Pod): unknown => ({
    ...pod.spec, activeDeadlineSeconds: 0, tolerations: [],
    containers: pod.spec.containers.map((c) => ({ ...c, image: '' })), initContainers: (pod.spec.initContainers ?? []).map((c) => ({ ...c, image: '' })),
  });
  const lost = (old.spec.tolerations ?? []).some((t) => !(fresh.spec.tolerations ?? []).some((u) => canonical(u) === canonical(t)));
  if (lost || canonical(munge(fresh)) !== canonical(munge(old))) {
    causes.forbidden('spec', 'pod updates may not change fields other than `spec.containers[*].image`, `spec.initContainers[*].image`, `spec.activeDeadlineSeconds` or `spec.tolerations` (only additions to existing tolerations)');
  }
}
