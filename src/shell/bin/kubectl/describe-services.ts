/** `describe` of services, endpoints and ingresses. Pure. */
import { formatLabels, type Obj } from './object.ts';
import type { Page } from './page.ts';

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
