/**
 * `describe` of pods and pod templates: containers, volumes, states. Pure.
 */
import { canonicalQuantity as canonical } from '../../../sim/kube/quantity.ts';
import { qosClass } from '../../../sim/kube/pods.ts';
import { isObj, sortedKeys, byText, type Obj } from './object.ts';
import { bool, orNone, when, type Page } from './page.ts';

const list = (value: unknown): readonly Obj[] => (Array.isArray(value) ? (value as Obj[]) : []);

export function describePod(page: Page, pod: Obj, events: readonly Obj[] | null): void {
  const meta = (pod['metadata'] ?? {}) as Obj;
  const spec = (pod['spec'] ?? {}) as Obj;
  const status = (pod['status'] ?? {}) as Obj;
  page.line(0, `Name:\t${meta['name']}`);
  page.line(0, `Namespace:\t${meta['namespace'] ?? ''}`);
  if (spec['priority'] !== undefined && spec['priority'] !== null) {
    page.line(0, `Priority:\t${spec['priority']}`);
    page.line(0, `PriorityClassName:\t${orNone(spec['priorityClassName'])}`);
  }
  page.line(0, `Node:\t${spec['nodeName'] ? `${spec['nodeName']}/${status['hostIP'] ?? ''}` : '<none>'}`);
  if (status['startTime']) page.line(0, `Start Time:\t${when(status['startTime'])}`);
  page.labels('Labels', meta['labels']);
  page.annotations('Annotations', meta['annotations']);
  if (meta['deletionTimestamp']) {
    page.line(0, `Status:\tTerminating (lasts ${page.age(meta['deletionTimestamp'])})`);
    page.line(0, `Termination Grace Period:\t${meta['deletionGracePeriodSeconds'] ?? 0}s`);
  } else page.line(0, `Status:\t${status['phase'] ?? ''}`);
  if (status['reason']) page.line(0, `Reason:\t${status['reason']}`);
  if (status['message']) page.line(0, `Message:\t${status['message']}`);
  page.line(0, `IP:\t${status['podIP'] ?? ''}`);
  page.controller(pod);
  if (status['nominatedNodeName']) page.line(0, `NominatedNodeName:\t${status['nominatedNodeName']}`);
  if (list(spec['initContainers']).length) describeContainers(page, 'Init Containers', list(spec['initContainers']), list(status['initContainerStatuses']), '', pod);
  describeContainers(page, 'Containers', list(spec['containers']), list(status['containerStatuses']), '', pod);
  gates(page, spec, status);
  if (list(status['conditions']).length) {
    page.line(0, 'Conditions:\n  Type\tStatus');
    for (const one of list(status['conditions'])) page.line(1, `${one['type']} \t${one['status']} `);
  }
  describeVolumes(page, list(spec['volumes']), '');
  page.line(0, `QoS Class:\t${status['qosClass'] || qosClass({ containers: [], ...spec } as unknown as Parameters<typeof qosClass>[0])}`);
  page.labels('Node-Selectors', spec['nodeSelector']);
  page.tolerations(list(spec['tolerations']));
  page.events(events);
}

function gates(page: Page, spec: Obj, status: Obj): void {
  if (!list(spec['readinessGates']).length) return;
  page.line(0, 'Readiness Gates:\n  Type\tStatus');
  for (const gate of list(spec['readinessGates'])) {
    const condition = list(status['conditions']).find((one) => one['type'] === gate['conditionType']);
    page.line(1, `${gate['conditionType']} \t${condition?.['status'] ?? '<none>'} `);
  }
}

export function describeTemplate(page: Page, template: Obj | undefined): void {
  page.line(0, 'Pod Template:');
  if (!template) { page.raw('  <unset>'); return; }
  const meta = (template['metadata'] ?? {}) as Obj;
  const spec = (template['spec'] ?? {}) as Obj;
  page.labels('  Labels', meta['labels']);
  if (sortedKeys(meta['annotations']).length) page.annotations('  Annotations', meta['annotations']);
  if (spec['serviceAccountName']) page.line(1, `Service Account:\t${spec['serviceAccountName']}`);
  if (list(spec['initContainers']).length) describeContainers(page, 'Init Containers', list(spec['initContainers']), [], '  ', null);
  describeContainers(page, 'Containers', list(spec['containers']), [], '  ', null);
  describeVolumes(page, list(spec['volumes']), '  ');
  if (spec['priorityClassName']) page.line(1, `Priority Class Name:\t${spec['priorityClassName']}`);
}

function describeContainers(page: Page, label: string, containers: readonly Obj[], statuses: readonly Obj[], space: string, pod: Obj | null): void {
  page.line(0, containers.length ? `${space}${label}:` : `${space}${label}: <none>`);
  for (const container of containers) {
    const status = statuses.find((one) => one['name'] === container['name']);
    basics(page, container, status, space);
    words(page, 'Command', container['command']);
    words(page, 'Args', container['args']);
    if (status) {
      state(page, 'State', status['state'] ?? {});
      if (status['lastState']?.terminated) state(page, 'Last State', status['lastState']);
      page.line(2, `Ready:\t${bool(status['ready'])}`);
      page.line(2, `Restart Count:\t${status['restartCount'] ?? 0}`);
    }
    resources(page, 'Limits', container['resources']?.limits);
    resources(page, 'Requests', container['resources']?.requests);
    if (container['livenessProbe']) page.line(2, `Liveness:\t${probe(container['livenessProbe'])}`);
    if (container['readinessProbe']) page.line(2, `Readiness:\t${probe(container['readinessProbe'])}`);
    environment(page, container, pod);
    mounts(page, container);
  }
}

function basics(page: Page, container: Obj, status: Obj | undefined, space: string): void {
  page.line(1, `${space ? ' ' : ''}${container['name']}:`);
  if (status) page.line(2, `Container ID:\t${status['containerID'] ?? ''}`);
  page.line(2, `Image:\t${container['image'] ?? ''}`);
  if (status) page.line(2, `Image ID:\t${status['imageID'] ?? ''}`);
  const ports = list(container['ports']);
  const shown = ports.map((port) => `${port['containerPort']}/${port['protocol'] ?? 'TCP'}`).join(', ');
  const host = ports.map((port) => `${port['hostPort'] ?? 0}/${port['protocol'] ?? 'TCP'}`).join(', ');
  page.line(2, `${shown.includes(',') ? 'Ports' : 'Port'}:\t${orNone(shown)}`);
  page.line(2, `${host.includes(',') ? 'Host Ports' : 'Host Port'}:\t${orNone(host)}`);
}

function words(page: Page, title: string, value: unknown): void {
  if (!Array.isArray(value) || !value.length) return;
  page.line(2, `${title}:`);
  for (const word of value) for (const part of String(word).split('\n')) page.line(3, part);
}

function state(page: Page, name: string, value: Obj): void {
  const { running, waiting, terminated } = value;
  if (running) {
    page.line(2, `${name}:\tRunning`);
    page.line(3, `Started:\t${when(running.startedAt)}`);
  } else if (terminated) {
    page.line(2, `${name}:\tTerminated`);
    if (terminated.reason) page.line(3, `Reason:\t${terminated.reason}`);
    if (terminated.message) page.line(3, `Message:\t${terminated.message}`);
    page.line(3, `Exit Code:\t${terminated.exitCode ?? 0}`);
    if (terminated.signal > 0) page.line(3, `Signal:\t${terminated.signal}`);
    page.line(3, `Started:\t${when(terminated.startedAt)}`);
    page.line(3, `Finished:\t${when(terminated.finishedAt)}`);
  } else {
    page.line(2, `${name}:\tWaiting`);
    if (waiting?.reason) page.line(3, `Reason:\t${waiting.reason}`);
  }
}

function resources(page: Page, title: string, amounts: Obj | undefined): void {
  const names = sortedKeys(amounts);
  if (!names.length) return;
  page.line(2, `${title}:`);
  for (const name of names) page.line(3, `${name}:\t${canonical(amounts![name])}`);
}

function probe(one: Obj): string {
  const attributes = `delay=${one['initialDelaySeconds'] ?? 0}s timeout=${one['timeoutSeconds'] ?? 1}s period=${one['periodSeconds'] ?? 10}s #success=${one['successThreshold'] ?? 1} #failure=${one['failureThreshold'] ?? 3}`;
  if (one['exec']) return `exec [${(one['exec'].command ?? []).join(' ')}] ${attributes}`;
  if (one['httpGet']) {
    const { scheme = 'HTTP', host = '', port, path = '' } = one['httpGet'] as Obj;
    return `http-get ${String(scheme).toLowerCase()}://${host}:${port}${path && !String(path).startsWith('/') ? '/' : ''}${path} ${attributes}`;
  }
  if (one['tcpSocket']) return `tcp-socket ${one['tcpSocket'].host ?? ''}:${one['tcpSocket'].port} ${attributes}`;
  return `unknown ${attributes}`;
}

function environment(page: Page, container: Obj, pod: Obj | null): void {
  if (list(container['envFrom']).length) {
    page.line(2, 'Environment Variables from:');
    for (const from of list(container['envFrom'])) {
      const ref = from['configMapRef'] ?? from['secretRef'] ?? {};
      const kind = from['configMapRef'] ? 'ConfigMap' : 'Secret';
      page.line(3, `${ref.name ?? ''}\t${kind}${from['prefix'] ? ` with prefix '${from['prefix']}'` : ''}\tOptional: ${ref.optional === true}`);
    }
  }
  const variables = list(container['env']);
  page.line(2, `Environment:${variables.length ? '' : '\t<none>'}`);
  for (const one of variables) page.raw(variable(one, container, pod));
}

function variable(one: Obj, container: Obj, pod: Obj | null): string {
  const indent = '      ';
  const from = one['valueFrom'] as Obj | undefined;
  if (!from) return String(one['value'] ?? '').split('\n').map((part, i) => `${indent}${i ? '' : `${one['name']}:`}\t${part}\n`).join('');
  if (from['fieldRef']) {
    const { apiVersion = 'v1', fieldPath } = from['fieldRef'];
    return `${indent}${one['name']}:\t${pod ? fieldValue(pod, fieldPath) : ''} (${apiVersion}:${fieldPath})\n`;
  }
  if (from['resourceFieldRef']) {
    const { resource } = from['resourceFieldRef'];
    const [where, what] = String(resource).split('.');
    const value = container['resources']?.[where!]?.[what!];
    return `${indent}${one['name']}:\t${value === undefined ? (where === 'limits' ? 'node allocatable' : '0') : canonical(value)} (${resource})\n`;
  }
  const secret = from['secretKeyRef'];
  const ref = secret ?? from['configMapKeyRef'] ?? {};
  return `${indent}${one['name']}:\t<set to the key '${ref.key}' ${secret ? 'in secret' : 'of config map'} '${ref.name ?? ''}'>\tOptional: ${ref.optional === true}\n`;
}

/** The downward API's fields that describe fills in. */
function fieldValue(pod: Obj, path: string): string {
  const subscript = /^metadata\.(annotations|labels)\['(.*)'\]$/.exec(path);
  if (subscript) return String(pod['metadata']?.[subscript[1]!]?.[subscript[2]!] ?? '');
  const value = path.split('.').reduce<unknown>((at, key) => (isObj(at) ? at[key] : undefined), pod);
  return isObj(value) ? sortedKeys(value).map((key) => `${key}="${value[key]}"`).join('\n') : String(value ?? '');
}

function mounts(page: Page, container: Obj): void {
  const sorted = [...list(container['volumeMounts'])].sort((a, b) => byText(a['mountPath'], b['mountPath']));
  page.line(2, `Mounts:${sorted.length ? '' : '\t<none>'}`);
  for (const mount of sorted) {
    page.line(3, `${mount['mountPath']} from ${mount['name']} (${mount['readOnly'] ? 'ro' : 'rw'}${mount['subPath'] ? `,path=${JSON.stringify(mount['subPath'])}` : ''})`);
  }
}

export function describeVolumes(page: Page, volumes: readonly Obj[], space: string): void {
  if (!volumes.length) { page.line(0, `${space}Volumes:\t<none>`); return; }
  page.line(0, `${space}Volumes:`);
  for (const volume of volumes) {
    page.line(1, `${space ? ' ' : ''}${volume['name']}:`);
    describeVolumeSource(page, volume);
  }
}

/** The sources that are known; others print <unknown>, as kubectl does. */
export function describeVolumeSource(page: Page, volume: Obj): void {
  const { hostPath, emptyDir, secret, configMap, persistentVolumeClaim, nfs, downwardAPI, projected } = volume;
  const rows = (type: string, ...pairs: readonly (readonly [string, unknown])[]): void => {
    page.line(2, `Type:\t${type}`);
    for (const [name, value] of pairs) page.line(2, `${name}:\t${value}`);
  };
  if (hostPath) rows('HostPath (bare host directory volume)', ['Path', hostPath.path], ['HostPathType', hostPath.type ?? '<none>']);
  else if (emptyDir) rows("EmptyDir (a temporary directory that shares a pod's lifetime)", ['Medium', emptyDir.medium ?? ''], ['SizeLimit', emptyDir.sizeLimit ? canonical(emptyDir.sizeLimit) : '<unset>']);
  else if (secret) rows('Secret (a volume populated by a Secret)', ['SecretName', secret.secretName ?? ''], ['Optional', secret.optional === true]);
  else if (configMap) rows('ConfigMap (a volume populated by a ConfigMap)', ['Name', configMap.name ?? ''], ['Optional', configMap.optional === true]);
  else if (persistentVolumeClaim) {
    rows('PersistentVolumeClaim (a reference to a PersistentVolumeClaim in the same namespace)', ['ClaimName', persistentVolumeClaim.claimName], ['ReadOnly', persistentVolumeClaim.readOnly === true]);
  } else if (nfs) rows('NFS (an NFS mount that lasts the lifetime of a pod)', ['Server', nfs.server], ['Path', nfs.path], ['ReadOnly', nfs.readOnly === true]);
  else if (downwardAPI) {
    page.line(2, 'Type:\tDownwardAPI (a volume populated by information about the pod)\n    Items:');
    for (const item of list(downwardAPI.items)) page.line(3, `${item['fieldRef']?.fieldPath ?? item['resourceFieldRef']?.resource ?? ''} -> ${item['path']}`);
  } else if (projected) describeProjected(page, projected);
  else page.raw('  <unknown>\n');
}

function describeProjected(page: Page, projected: Obj): void {
  page.line(2, 'Type:\tProjected (a volume that contains injected data from multiple sources)');
  for (const source of list(projected['sources'])) {
    if (source['secret']) page.line(2, `SecretName:\t${source['secret'].name ?? ''}\n    SecretOptionalName:\t${source['secret'].optional ?? '<nil>'}`);
    else if (source['configMap']) page.line(2, `ConfigMapName:\t${source['configMap'].name ?? ''}\n    ConfigMapOptional:\t${source['configMap'].optional ?? '<nil>'}`);
    else if (source['downwardAPI']) page.line(2, 'DownwardAPI:\ttrue');
    else if (source['serviceAccountToken']) page.line(2, `TokenExpirationSeconds:\t${source['serviceAccountToken'].expirationSeconds ?? 3600}`);
  }
}
