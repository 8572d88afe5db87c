/**
 * `describe` of services, endpoints, configuration, storage, access rules, and of kinds that it knows nothing
 * about. Pure: what else must be fetched comes from the caller.
 */
import { canonicalQuantity as canonical } from '../../../sim/kube/quantity.ts';
import { unbase64 } from '../../../sim/proc/certificate.ts';
import { byteLength } from '../../../sim/proc/text.ts';
import { describeVolumeSource } from './describe-pod.ts';
import { printValue } from './jsonpath.ts';
import { formatLabels, formatSelector, isObj, sortedKeys, type Obj } from './object.ts';
import { when, type Page } from './page.ts';

const list = (value: unknown): readonly Obj[] => (Array.isArray(value) ? (value as Obj[]) : []);
type Events = readonly Obj[] | null;

/** ip:port of ready addresses, at most three. */
function endpointsOf(endpoints: Obj | null, port: string | null): string {
  if (!list(endpoints?.['subsets']).length) return '<none>';
  const all: string[] = [];
  for (const subset of list(endpoints!['subsets'])) {
    for (const one of list(subset['ports'])) {
      if (port !== null && (one['name'] ?? '') !== port) continue;
      for (const address of list(subset['addresses'])) all.push(`${address['ip']}:${one['port']}`);
    }
  }
  const shown = all.slice(0, 3).join(',');
  return all.length > 3 ? `${shown} + ${all.length - 3} more...` : shown;
}

export function describeService(page: Page, obj: Obj, endpoints: Obj | null, events: Events): void {
  const spec = (obj['spec'] ?? {}) as Obj;
  page.head(obj);
  page.line(0, `Selector:\t${formatLabels(spec['selector'])}`);
  page.line(0, `Type:\t${spec['type'] ?? 'ClusterIP'}`);
  page.line(0, `IP:\t${spec['clusterIP'] ?? ''}`);
  if (list(spec['externalIPs']).length) page.line(0, `External IPs:\t${list(spec['externalIPs']).join(',')}`);
  if (spec['loadBalancerIP']) page.line(0, `IP:\t${spec['loadBalancerIP']}`);
  if (spec['externalName']) page.line(0, `External Name:\t${spec['externalName']}`);
  const ingress = list(obj['status']?.loadBalancer?.ingress);
  if (ingress.length) page.line(0, `LoadBalancer Ingress:\t${ingress.map((one) => one['ip'] || one['hostname']).join(', ')}`);
  for (const port of list(spec['ports'])) {
    const name = port['name'] || '<unset>';
    const protocol = port['protocol'] ?? 'TCP';
    page.line(0, `Port:\t${name}\t${port['port']}/${protocol}`);
    page.line(0, `TargetPort:\t${port['targetPort'] ?? port['port']}/${protocol}`);
    if (port['nodePort']) page.line(0, `NodePort:\t${name}\t${port['nodePort']}/${protocol}`);
    page.line(0, `Endpoints:\t${endpointsOf(endpoints, port['name'] ?? '')}`);
  }
  page.line(0, `Session Affinity:\t${spec['sessionAffinity'] ?? 'None'}`);
  if (spec['externalTrafficPolicy']) page.line(0, `External Traffic Policy:\t${spec['externalTrafficPolicy']}`);
  if (spec['healthCheckNodePort']) page.line(0, `HealthCheck NodePort:\t${spec['healthCheckNodePort']}`);
  if (list(spec['loadBalancerSourceRanges']).length) page.line(0, `LoadBalancer Source Ranges:\t${list(spec['loadBalancerSourceRanges']).join(',')}`);
  page.events(events);
}

export function describeEndpoints(page: Page, obj: Obj, events: Events): void {
  page.head(obj);
  page.line(0, 'Subsets:');
  const addresses = (value: unknown): string => list(value).map((one) => one['ip']).join(',') || '<none>';
  for (const subset of list(obj['subsets'])) {
    page.line(1, `Addresses:\t${addresses(subset['addresses'])}`);
    page.line(1, `NotReadyAddresses:\t${addresses(subset['notReadyAddresses'])}`);
    if (list(subset['ports']).length) {
      page.line(1, 'Ports:');
      page.line(2, 'Name\tPort\tProtocol');
      page.line(2, '----\t----\t--------');
      for (const port of list(subset['ports'])) page.line(2, `${port['name'] || '<unset>'}\t${port['port']}\t${port['protocol'] ?? 'TCP'}`);
    }
    page.raw('\n');
  }
  page.events(events);
}

export function describeConfigMap(page: Page, obj: Obj, events: Events): void {
  page.head(obj);
  page.raw('\nData\n====\n');
  for (const key of sortedKeys(obj['data'])) page.raw(`${key}:\n----\n${obj['data'][key]}\n`);
  page.events(events);
}

export function describeSecret(page: Page, obj: Obj): void {
  page.head(obj);
  page.raw(`\nType:\t${obj['type'] ?? 'Opaque'}\n\nData\n====\n`);
  for (const key of sortedKeys(obj['data'])) {
    const value = unbase64(String(obj['data'][key])) ?? '';
    page.line(0, key === 'token' && obj['type'] === 'kubernetes.io/service-account-token' ? `${key}:\t${value}` : `${key}:\t${byteLength(value)} bytes`);
  }
}

const EMPTY_HEADER = '                   ';

/** `missing`: names of secrets that are named and not there. */
export function describeServiceAccount(page: Page, obj: Obj, tokens: readonly string[], missing: ReadonlySet<string>, events: Events): void {
  page.head(obj);
  const pull = list(obj['imagePullSecrets']).map((one) => String(one['name']));
  const mount = list(obj['secrets']).map((one) => String(one['name']));
  for (const [header, names] of [['Image pull secrets:', pull], ['Mountable secrets: ', mount], ['Tokens:            ', tokens]] as const) {
    if (!names.length) page.line(0, `${header}\t<none>`);
    names.forEach((name, i) => page.line(0, `${i ? EMPTY_HEADER : header}\t${name}${missing.has(name) ? ' (not found)' : ''}`));
  }
  page.events(events);
}

export function describeNamespace(page: Page, obj: Obj, quotas: readonly Obj[], limits: readonly Obj[]): void {
  page.line(0, `Name:\t${obj['metadata'].name}`);
  page.labels('Labels', obj['metadata'].labels);
  page.annotations('Annotations', obj['metadata'].annotations);
  page.line(0, `Status:\t${obj['status']?.phase ?? ''}`);
  page.raw(quotas.length ? '\nResource Quotas' : '\nNo resource quota.\n');
  for (const quota of quotas) {
    page.raw(`\n Name:\t${quota['metadata'].name}\n`);
    page.raw(' Resource\tUsed\tHard\n --------\t---\t---\n');
    for (const name of sortedKeys(quota['status']?.hard)) page.raw(` ${name}\t${canonical(quota['status'].used?.[name] ?? '0')}\t${canonical(quota['status'].hard[name])}\n`);
  }
  if (!limits.length) { page.raw('\nNo resource limits.\n'); return; }
  page.raw('\nResource Limits\n Type\tResource\tMin\tMax\tDefault Request\tDefault Limit\tMax Limit/Request Ratio\n ----\t--------\t---\t---\t---------------\t-------------\t-----------------------\n');
  for (const one of limits) for (const row of limitRows(one)) page.raw(` ${row}\n`);
}

function limitRows(obj: Obj): string[] {
  return list(obj['spec']?.limits).flatMap((item) => {
    const columns = ['min', 'max', 'defaultRequest', 'default', 'maxLimitRequestRatio'];
    const names = [...new Set(columns.flatMap((column) => sortedKeys(item[column])))].sort();
    return names.map((name) => [item['type'], name, ...columns.map((column) => (item[column]?.[name] === undefined ? '-' : canonical(item[column][name])))].join('\t'));
  });
}

export function describeLimitRange(page: Page, obj: Obj): void {
  page.raw(`Name:\t${obj['metadata'].name}\nNamespace:\t${obj['metadata'].namespace}\n`);
  page.raw('Type\tResource\tMin\tMax\tDefault Request\tDefault Limit\tMax Limit/Request Ratio\n----\t--------\t---\t---\t---------------\t-------------\t-----------------------\n');
  for (const row of limitRows(obj)) page.line(0, row);
}

export function describeQuota(page: Page, obj: Obj): void {
  page.line(0, `Name:\t${obj['metadata'].name}`);
  page.line(0, `Namespace:\t${obj['metadata'].namespace}`);
  if (list(obj['spec']?.scopes).length) page.line(0, `Scopes:\t${list(obj['spec'].scopes).join(', ')}`);
  page.line(0, 'Resource\tUsed\tHard');
  page.line(0, '--------\t----\t----');
  const hard = obj['status']?.hard as Obj | undefined;
  for (const name of sortedKeys(hard)) page.line(0, `${name}\t${canonical(obj['status'].used?.[name] ?? '0')}\t${canonical(hard![name])}`);
}

const MODES: Readonly<Record<string, string>> = { ReadWriteOnce: 'RWO', ReadOnlyMany: 'ROX', ReadWriteMany: 'RWX' };
const modes = (value: unknown): string => list(value).map((mode) => MODES[String(mode)] ?? '').join(',');

export function describeVolume(page: Page, obj: Obj, events: Events): void {
  const spec = (obj['spec'] ?? {}) as Obj;
  page.line(0, `Name:\t${obj['metadata'].name}`);
  page.labels('Labels', obj['metadata'].labels);
  page.annotations('Annotations', obj['metadata'].annotations);
  page.line(0, `Finalizers:\t[${list(obj['metadata'].finalizers).join(' ')}]`);
  page.line(0, `StorageClass:\t${spec['storageClassName'] ?? ''}`);
  page.line(0, `Status:\t${obj['metadata'].deletionTimestamp ? `Terminating (lasts ${page.age(obj['metadata'].deletionTimestamp)})` : obj['status']?.phase ?? ''}`);
  page.line(0, `Claim:\t${spec['claimRef'] ? `${spec['claimRef'].namespace}/${spec['claimRef'].name}` : ''}`);
  page.line(0, `Reclaim Policy:\t${spec['persistentVolumeReclaimPolicy'] ?? ''}`);
  page.line(0, `Access Modes:\t${modes(spec['accessModes'])}`);
  if (spec['volumeMode']) page.line(0, `VolumeMode:\t${spec['volumeMode']}`);
  page.line(0, `Capacity:\t${canonical(spec['capacity']?.storage ?? '0')}`);
  page.line(0, 'Node Affinity:\t<none>');
  page.line(0, `Message:\t${obj['status']?.message ?? ''}`);
  page.line(0, 'Source:');
  describeVolumeSource(page, spec);
  page.events(events);
}

export function describeClaim(page: Page, obj: Obj, mountedBy: readonly string[], events: Events): void {
  const spec = (obj['spec'] ?? {}) as Obj;
  page.line(0, `Name:\t${obj['metadata'].name}`);
  page.line(0, `Namespace:\t${obj['metadata'].namespace ?? ''}`);
  page.line(0, `StorageClass:\t${spec['storageClassName'] ?? ''}`);
  page.line(0, `Status:\t${obj['metadata'].deletionTimestamp ? `Terminating (lasts ${page.age(obj['metadata'].deletionTimestamp)})` : obj['status']?.phase ?? ''}`);
  page.line(0, `Volume:\t${spec['volumeName'] ?? ''}`);
  page.labels('Labels', obj['metadata'].labels);
  page.annotations('Annotations', obj['metadata'].annotations);
  page.line(0, `Finalizers:\t[${list(obj['metadata'].finalizers).join(' ')}]`);
  const bound = Boolean(spec['volumeName']);
  page.line(0, `Capacity:\t${bound ? canonical(obj['status']?.capacity?.storage ?? '0') : ''}`);
  page.line(0, `Access Modes:\t${bound ? modes(obj['status']?.accessModes) : ''}`);
  if (spec['volumeMode']) page.line(0, `VolumeMode:\t${spec['volumeMode']}`);
  page.events(events);
  page.raw(`Mounted By:\t${mountedBy.join('\n\t') || '<none>'}\n`);
}

export function describeIngress(page: Page, obj: Obj, backends: (service: string, port: string) => string, events: Events): void {
  const spec = (obj['spec'] ?? {}) as Obj;
  page.line(0, `Name:\t${obj['metadata'].name}`);
  page.line(0, `Namespace:\t${obj['metadata'].namespace ?? ''}`);
  page.line(0, `Address:\t${list(obj['status']?.loadBalancer?.ingress).map((one) => one['ip'] || one['hostname']).join(',')}`);
  const said = (backend: Obj): string => `${backend['serviceName']}:${backend['servicePort']}`;
  const fallback = spec['backend'] as Obj | undefined;
  page.line(0, fallback ? `Default backend:\t${said(fallback)} (${backends(fallback['serviceName'], String(fallback['servicePort']))})` : `Default backend:\tdefault-http-backend:80 (${backends('', '')})`);
  if (list(spec['tls']).length) {
    page.line(0, 'TLS:');
    for (const one of list(spec['tls'])) page.line(1, `${one['secretName'] ? `${one['secretName']} terminates ` : 'SNI routes '}${list(one['hosts']).join(',')}`);
  }
  page.line(0, 'Rules:\n  Host\tPath\tBackends');
  page.line(1, '----\t----\t--------');
  for (const rule of list(spec['rules'])) {
    page.line(1, `${rule['host'] || '*'}\t`);
    for (const path of list(rule['http']?.paths)) page.line(2, `\t${path['path'] ?? ''} \t${said(path['backend'])} (${backends(path['backend'].serviceName, String(path['backend'].servicePort))})`);
  }
  if (!list(spec['rules']).length) page.line(1, `*\t* \t${fallback ? `${said(fallback)} (${backends(fallback['serviceName'], String(fallback['servicePort']))})` : 'default-http-backend:80 (<none>)'}`);
  page.annotations('Annotations', obj['metadata'].annotations);
  page.events(events);
}

export function describeRole(page: Page, obj: Obj): void {
  page.line(0, `Name:\t${obj['metadata'].name}`);
  page.labels('Labels', obj['metadata'].labels);
  page.annotations('Annotations', obj['metadata'].annotations);
  page.line(0, 'PolicyRule:\n  Resources\tNon-Resource URLs\tResource Names\tVerbs');
  page.line(1, '---------\t-----------------\t--------------\t-----');
  for (const rule of list(obj['rules'])) {
    const groups = (rule['apiGroups'] ?? ['']) as string[];
    const resources = ((rule['resources'] ?? []) as string[]).flatMap((resource) => groups.map((group) => (group ? `${resource}.${group}` : resource)));
    for (const resource of resources.length ? resources : ['']) {
      page.line(1, `${resource}\t[${(rule['nonResourceURLs'] ?? []).join(' ')}]\t[${(rule['resourceNames'] ?? []).join(' ')}]\t[${(rule['verbs'] ?? []).join(' ')}]`);
    }
  }
}

export function describeBinding(page: Page, obj: Obj): void {
  page.line(0, `Name:\t${obj['metadata'].name}`);
  page.labels('Labels', obj['metadata'].labels);
  page.annotations('Annotations', obj['metadata'].annotations);
  page.line(0, `Role:\n  Kind:\t${obj['roleRef']?.kind ?? ''}\n  Name:\t${obj['roleRef']?.name ?? ''}`);
  page.line(0, 'Subjects:\n  Kind\tName\tNamespace');
  page.line(1, '----\t----\t---------');
  for (const subject of list(obj['subjects'])) page.line(1, `${subject['kind']}\t${subject['name']}\t${subject['namespace'] ?? ''}`);
}

export function describeBudget(page: Page, obj: Obj, events: Events): void {
  page.line(0, `Name:\t${obj['metadata'].name}`);
  page.line(0, `Namespace:\t${obj['metadata'].namespace}`);
  if (obj['spec']?.minAvailable !== undefined) page.line(0, `Min available:\t${obj['spec'].minAvailable}`);
  else if (obj['spec']?.maxUnavailable !== undefined) page.line(0, `Max unavailable:\t${obj['spec'].maxUnavailable}`);
  page.line(0, `Selector:\t${obj['spec']?.selector ? formatSelector(obj['spec'].selector) : '<unset>'}`);
  page.line(0, 'Status:');
  for (const [title, key] of [['Allowed disruptions', 'disruptionsAllowed'], ['Current', 'currentHealthy'], ['Desired', 'desiredHealthy'], ['Total', 'expectedPods']] as const) {
    page.line(1, `  ${title}:\t${obj['status']?.[key] ?? 0}`);
  }
  page.events(events);
}

export function describeStorageClass(page: Page, obj: Obj, events: Events): void {
  const annotations = (obj['metadata'].annotations ?? {}) as Obj;
  page.line(0, `Name:\t${obj['metadata'].name}`);
  page.line(0, `IsDefaultClass:\t${annotations['storageclass.kubernetes.io/is-default-class'] === 'true' ? 'Yes' : 'No'}`);
  page.line(0, `Annotations:\t${formatLabels(annotations)}`);
  page.line(0, `Provisioner:\t${obj['provisioner'] ?? ''}`);
  page.line(0, `Parameters:\t${formatLabels(obj['parameters'])}`);
  page.line(0, `AllowVolumeExpansion:\t${obj['allowVolumeExpansion'] === undefined ? '<unset>' : obj['allowVolumeExpansion'] ? 'True' : 'False'}`);
  if (!list(obj['mountOptions']).length) page.line(0, 'MountOptions:\t<none>');
  else { page.line(0, 'MountOptions:'); for (const option of list(obj['mountOptions'])) page.line(1, String(option)); }
  page.line(0, `ReclaimPolicy:\t${obj['reclaimPolicy'] ?? 'Delete'}`);
  page.line(0, `VolumeBindingMode:\t${obj['volumeBindingMode'] ?? 'Immediate'}`);
  page.events(events);
}

export function describePriorityClass(page: Page, obj: Obj, events: Events): void {
  page.line(0, `Name:\t${obj['metadata'].name}`);
  page.line(0, `Value:\t${obj['value'] ?? 0}`);
  page.line(0, `GlobalDefault:\t${obj['globalDefault'] === true}`);
  page.line(0, `Description:\t${obj['description'] ?? ''}`);
  page.line(0, `Annotations:\t${formatLabels(obj['metadata'].annotations)}`);
  page.events(events);
}

export function describeCertificateRequest(page: Page, obj: Obj, events: Events): void {
  const conditions = list(obj['status']?.conditions).map((one) => one['type']).join(',') || 'Pending';
  page.line(0, `Name:\t${obj['metadata'].name}`);
  page.line(0, `Labels:\t${formatLabels(obj['metadata'].labels)}`);
  page.line(0, `Annotations:\t${formatLabels(obj['metadata'].annotations)}`);
  page.line(0, `CreationTimestamp:\t${when(obj['metadata'].creationTimestamp)}`);
  page.line(0, `Requesting User:\t${obj['spec']?.username ?? ''}`);
  page.line(0, `Status:\t${conditions}${obj['status']?.certificate && !conditions.includes('Pending') ? ',Issued' : ''}`);
  page.events(events);
}

const ACRONYMS = ['API', 'URL', 'UID', 'OSB', 'GUID'];

/** Camel case taken apart and capitalised: creationTimestamp → Creation Timestamp. */
export const labelFor = (field: string): string => (field.match(/[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|[^A-Za-z\d_]+/g) ?? [field])
  .map((part) => (ACRONYMS.includes(part.toUpperCase()) ? part.toUpperCase() : part[0]!.toUpperCase() + part.slice(1))).join(' ');

const SKIPPED = new Set(['.metadata.name', '.metadata.namespace', '.metadata.labels', '.metadata.annotations']);

function content(page: Page, level: number, obj: Obj, path: string): void {
  for (const field of sortedKeys(obj)) {
    const value = obj[field];
    const here = `${path}.${field}`;
    if (SKIPPED.has(here)) continue;
    if (isObj(value)) { page.line(level, `${labelFor(field)}:`); content(page, level + 1, value, here); continue; }
    if (!Array.isArray(value)) { page.line(level, `${labelFor(field)}:\t${printValue(value)}`); continue; }
    page.line(level, `${labelFor(field)}:`);
    for (const item of value) if (isObj(item)) content(page, level + 1, item, here); else page.line(level + 1, printValue(item));
  }
}

/** Any kind, CRDs included: every field as it comes. */
export function describeAny(page: Page, obj: Obj, events: Events): void {
  page.head(obj);
  content(page, 0, obj, '');
  page.events(events);
}

