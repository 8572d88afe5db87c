/** `describe` of autoscalers (as autoscaling/v2beta2), network policies and pod security policies. Pure. */
import { formatSelector, type Obj } from './object.ts';
import { orNone, when, type Page } from './page.ts';
import { parseTime } from './time.ts';

const list = (value: unknown): readonly Obj[] => (Array.isArray(value) ? (value as Obj[]) : []);
type Events = readonly Obj[] | null;

export function describeAutoscaler(page: Page, obj: Obj, events: Events): void {
  const spec = (obj['spec'] ?? {}) as Obj, status = (obj['status'] ?? {}) as Obj;
  const ref = (spec['scaleTargetRef'] ?? {}) as Obj;
  page.head(obj);
  page.line(0, `CreationTimestamp:\t${when(obj['metadata'].creationTimestamp)}`);
  page.line(0, `Reference:\t${ref['kind']}/${ref['name']}`);
  page.line(0, 'Metrics:\t( current / target )');
  list(spec['metrics']).forEach((metric, i) => metricLine(page, metric, list(status['currentMetrics'])[i]));
  page.line(0, `Min replicas:\t${spec['minReplicas'] ?? '<unset>'}`);
  page.line(0, `Max replicas:\t${spec['maxReplicas'] ?? 0}`);
  page.line(0, `${ref['kind']} pods:\t${status['currentReplicas'] ?? 0} current / ${status['desiredReplicas'] ?? 0} desired`);
  if (list(status['conditions']).length) {
    page.line(0, 'Conditions:');
    page.line(1, 'Type\tStatus\tReason\tMessage');
    page.line(1, '----\t------\t------\t-------');
    for (const one of list(status['conditions'])) page.line(1, `${one['type']}\t${one['status']}\t${one['reason'] ?? ''}\t${one['message'] ?? ''}`);
  }
  page.events(events);
}

function metricLine(page: Page, metric: Obj, current: Obj | undefined): void {
  if (metric['type'] !== 'Resource') {
    const part = (metric[String(metric['type']).toLowerCase()] ?? {}) as Obj;
    const target = (part['target'] ?? {}) as Obj;
    const on = metric['type'] === 'Pods' ? ' on pods' : metric['type'] === 'Object' ? ` on ${part['describedObject']?.kind}/${part['describedObject']?.name}` : target['averageValue'] ? ' (target average value)' : ' (target value)';
    page.line(1, `${JSON.stringify(part['metric']?.name ?? '')}${on}:\t<unknown> / ${target['averageValue'] ?? target['value']}`);
    return;
  }
  const resource = metric['resource'] as Obj;
  const target = (resource['target'] ?? {}) as Obj;
  const now = (current?.['resource']?.current ?? {}) as Obj;
  // The two halves of this line are written one after the other, each with the indentation of its level.
  if (target['averageValue'] !== undefined) page.line(1, `resource ${resource['name']} on pods:\t${now['averageValue'] ?? '<unknown>'} / ${target['averageValue']}`);
  else {
    const share = now['averageUtilization'] === undefined ? '<unknown>' : `${now['averageUtilization']}% (${now['averageValue']})`;
    page.line(1, `resource ${resource['name']} on pods  (as a percentage of request):\t${share} / ${target['averageUtilization'] === undefined ? '<auto>' : `${target['averageUtilization']}%`}`);
  }
}

/** time.Time's own form, in UTC. */
const goTime = (stamp: unknown): string => {
  const at = parseTime(String(stamp ?? ''));
  return at === null ? '<nil>' : `${String(stamp).slice(0, 10)} ${String(stamp).slice(11, 19)} +0000 UTC`;
};

export function describeNetworkPolicy(page: Page, obj: Obj): void {
  const spec = (obj['spec'] ?? {}) as Obj;
  page.line(0, `Name:\t${obj['metadata'].name}`);
  page.line(0, `Namespace:\t${obj['metadata'].namespace}`);
  page.line(0, `Created on:\t${goTime(obj['metadata'].creationTimestamp)}`);
  page.labels('Labels', obj['metadata'].labels);
  page.annotations('Annotations', obj['metadata'].annotations);
  page.line(0, 'Spec:');
  const selector = (spec['podSelector'] ?? {}) as Obj;
  const all = !Object.keys(selector['matchLabels'] ?? {}).length && !list(selector['matchExpressions']).length;
  page.line(1, `PodSelector:     ${all ? '<none> (Allowing the specific traffic to all pods in this namespace)' : formatSelector(selector)}`);
  page.line(1, 'Allowing ingress traffic:');
  traffic(page, list(spec['ingress']), 'From', 'from', 'ingress');
  page.line(1, 'Allowing egress traffic:');
  traffic(page, list(spec['egress']), 'To', 'to', 'egress');
  page.line(1, `Policy Types: ${((spec['policyTypes'] ?? []) as string[]).join(', ') || '<none>'}`);
}

function traffic(page: Page, rules: readonly Obj[], title: string, field: string, direction: string): void {
  const at = '    ';
  if (!rules.length) { page.line(0, `${at}<none> (Selected pods are isolated for ${direction} connectivity)`); return; }
  rules.forEach((rule, i) => {
    if (!list(rule['ports']).length) page.line(0, `${at}To Port: <any> (traffic allowed to all ports)`);
    for (const port of list(rule['ports'])) page.line(0, `${at}To Port: ${port['port'] ?? '<nil>'}/${port['protocol'] ?? 'TCP'}`);
    // The real printer says "source" of both directions.
    if (!list(rule[field]).length) page.line(0, `${at}${title}: <any> (traffic not restricted by source)`);
    for (const peer of list(rule[field])) {
      page.line(0, `${at}${title}:`);
      if (peer['namespaceSelector']) page.line(1, `${at}NamespaceSelector: ${formatSelector(peer['namespaceSelector'])}`);
      if (peer['podSelector']) page.line(1, `${at}PodSelector: ${formatSelector(peer['podSelector'])}`);
      if (!peer['podSelector'] && !peer['namespaceSelector'] && peer['ipBlock']) {
        page.line(1, `${at}IPBlock:`);
        page.line(2, `${at}CIDR: ${peer['ipBlock'].cidr}`);
        page.line(2, `${at}Except: ${(peer['ipBlock'].except ?? []).join(', ')}`);
      }
    }
    if (i < rules.length - 1) page.line(0, `${at}----------`);
  });
}

export function describeSecurityPolicy(page: Page, obj: Obj): void {
  const spec = (obj['spec'] ?? {}) as Obj;
  const names = (value: unknown): string => orNone(((value ?? []) as unknown[]).join(','));
  const ranges = (value: unknown): string => orNone(list(value).map((one) => `${one['min']}-${one['max']}`).join(','));
  page.line(0, `Name:\t${obj['metadata'].name}`);
  page.raw('\n');
  page.line(0, 'Settings:');
  page.line(1, `Allow Privileged:\t${spec['privileged'] === true}`);
  page.line(1, `Allow Privilege Escalation:\t${spec['allowPrivilegeEscalation'] ?? true}`);
  page.line(1, `Default Add Capabilities:\t${names(spec['defaultAddCapabilities'])}`);
  page.line(1, `Required Drop Capabilities:\t${names(spec['requiredDropCapabilities'])}`);
  page.line(1, `Allowed Capabilities:\t${names(spec['allowedCapabilities'])}`);
  page.line(1, `Allowed Volume Types:\t${names(spec['volumes'])}`);
  if (list(spec['allowedUnsafeSysctls']).length) page.line(1, `Allowed Unsafe Sysctls:\t${names(spec['allowedUnsafeSysctls'])}`);
  if (list(spec['forbiddenSysctls']).length) page.line(1, `Forbidden Sysctls:\t${names(spec['forbiddenSysctls'])}`);
  page.line(1, `Allow Host Network:\t${spec['hostNetwork'] === true}`);
  page.line(1, `Allow Host Ports:\t${ranges(spec['hostPorts'])}`);
  page.line(1, `Allow Host PID:\t${spec['hostPID'] === true}`);
  page.line(1, `Allow Host IPC:\t${spec['hostIPC'] === true}`);
  page.line(1, `Read Only Root Filesystem:\t${spec['readOnlyRootFilesystem'] === true}`);
  page.line(1, `SELinux Context Strategy: ${spec['seLinux']?.rule ?? ''}\t`);
  for (const field of ['User', 'Role', 'Type', 'Level']) page.line(2, `${field}:\t${orNone(spec['seLinux']?.seLinuxOptions?.[field.toLowerCase()])}`);
  for (const [title, field] of [['Run As User', 'runAsUser'], ['FSGroup', 'fsGroup'], ['Supplemental Groups', 'supplementalGroups']] as const) {
    page.line(1, `${title} Strategy: ${spec[field]?.rule ?? ''}\t`);
    page.line(2, `Ranges:\t${ranges(spec[field]?.ranges)}`);
  }
}
