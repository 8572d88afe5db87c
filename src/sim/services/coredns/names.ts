/**
 * What cluster names mean: from a question and the copies of services, endpoints, pods and namespaces to
 * records. Pure. CoreDNS's kubernetes plugin, 1.2.6 and 1.3.1 (DNS schema 1.1.0).
 */
import type { DnsRecord } from '../../proc/resolver.ts';
import { inZone, type KubernetesConf } from './config.ts';

export interface SmallService { name: string; namespace: string; clusterIp: string; type: string; externalName: string; ports: readonly { name: string; protocol: string; port: number }[] }
export interface SmallEndpoints { name: string; namespace: string; subsets: readonly { addresses: readonly { ip: string; hostname: string; target: string }[]; ports: readonly { name: string; protocol: string; port: number }[] }[] }
export interface SmallPod { ip: string; namespace: string }

/** The copies by 'namespace/name'; null: not listed yet. */
export interface Cluster {
  services: Readonly<Record<string, SmallService>>; endpoints: Readonly<Record<string, SmallEndpoints>>;
  pods: Readonly<Record<string, SmallPod>>; namespaces: Readonly<Record<string, object>>;
}

/** Records, an empty list for a name without such records, null for a name that does not exist. */
export type Found = readonly DnsRecord[] | null;

interface Target { host: string; port: number; ttl: number; key: string }

const wildcard = (text: string): boolean => text === '*' || text === 'any';
const match = (a: string, b: string): boolean => wildcard(a) || wildcard(b) || a.toLowerCase() === b.toLowerCase();
const dashed = (ip: string): string => ip.replace(/\./g, '-');
const isIp = (text: string): boolean => /^\d{1,3}(\.\d{1,3}){3}$/.test(text);
const bare = (label: string): string => (label.startsWith('_') ? label.slice(1) : label);

/** The address in a reverse name, '' when it is none. */
export function addressOf(name: string): string {
  const m = /^(\d+)\.(\d+)\.(\d+)\.(\d+)\.in-addr\.arpa\.$/.exec(name);
  return m ? `${m[4]}.${m[3]}.${m[2]}.${m[1]}` : '';
}

interface Parsed { port: string; protocol: string; endpoint: string; service: string; namespace: string; kind: '' | 'svc' | 'pod' }

/** null: no such form of name. */
function parse(name: string, zone: string): Parsed | null {
  const base = name === zone ? '' : name.slice(0, zone === '.' ? -1 : -zone.length - 1);
  const out: Parsed = { port: '*', protocol: '*', endpoint: '', service: '', namespace: '', kind: '' };
  if (base === '' || base === 'svc' || base === 'pod') return out;
  const labels = base.split('.');
  const kind = labels.pop()!;
  if (kind !== 'svc' && kind !== 'pod') return null;
  out.kind = kind;
  out.namespace = labels.pop() ?? '';
  out.service = labels.pop() ?? '';
  if (labels.length === 1) out.endpoint = labels[0]!;
  else if (labels.length === 2) { out.protocol = bare(labels[1]!); out.port = bare(labels[0]!); } else if (labels.length > 2) return null;
  return out;
}

const hostnameOf = (address: { ip: string; hostname: string; target: string }, podNames: boolean): string =>
  address.hostname || (podNames && address.target ? address.target : dashed(address.ip));

const exposed = (conf: KubernetesConf, cluster: Cluster, namespace: string): boolean =>
  (conf.namespaces.length ? conf.namespaces.includes(namespace) : true) && Boolean(cluster.namespaces[namespace]);

function lookup(conf: KubernetesConf, cluster: Cluster, zone: string, name: string): readonly Target[] | null {
  const r = parse(name, zone);
  if (!r) return null;
  if (r.kind === '') return [];
  if (addressOf(name)) return null;
  if (!wildcard(r.namespace) && !exposed(conf, cluster, r.namespace)) return null;
  return r.kind === 'pod' ? pods(conf, cluster, zone, r) : services(conf, cluster, zone, r);
}

function pods(conf: KubernetesConf, cluster: Cluster, zone: string, r: Parsed): readonly Target[] | null {
  if (conf.pods === 'disabled') return null;
  if (r.service === '') return cluster.namespaces[r.namespace] || wildcard(r.namespace) ? [] : null;
  const ip = r.service.replace(/-/g, '.');
  const target = (): Target => ({ host: ip, port: 0, ttl: conf.ttl, key: `${r.service}.${r.namespace}.pod.${zone}` });
  if (conf.pods === 'insecure') return isIp(ip) ? [target()] : null;
  const found = Object.values(cluster.pods).filter((pod) => pod.ip === ip && match(r.namespace, pod.namespace));
  if (found.length) return found.map(target);
  return wildcard(r.service) && !wildcard(r.namespace) ? [] : null;
}

function services(conf: KubernetesConf, cluster: Cluster, zone: string, r: Parsed): readonly Target[] | null {
  if (r.service === '') return cluster.namespaces[r.namespace] || wildcard(r.namespace) ? [] : null;
  const any = wildcard(r.service) || wildcard(r.namespace);
  const one = any ? undefined : cluster.services[`${r.namespace}/${r.service}`];
  const list = any ? Object.values(cluster.services) : one ? [one] : [];
  const out: Target[] = [];
  let exists = wildcard(r.service) && !wildcard(r.namespace);
  for (const svc of list) {
    if (!match(r.namespace, svc.namespace) || !match(r.service, svc.name)) continue;
    if (wildcard(r.namespace) && !exposed(conf, cluster, svc.namespace)) continue;
    const key = `${svc.name}.${svc.namespace}.svc.${zone}`;
    const endpoints = cluster.endpoints[`${svc.namespace}/${svc.name}`];
    if (conf.ignoreEmpty && svc.clusterIp !== 'None' && !endpoints?.subsets.some((subset) => subset.addresses.length)) continue;
    if (svc.clusterIp === 'None' || r.endpoint !== '') {
      for (const target of endpointTargets(conf, endpoints, r, key)) { exists = true; out.push(target); }
    } else if (svc.type === 'ExternalName') {
      if (isIp(svc.externalName)) continue;
      exists = true;
      out.push({ host: svc.externalName, port: 0, ttl: conf.ttl, key });
    } else {
      for (const port of svc.ports) {
        if (!match(r.port, port.name) || !match(r.protocol, port.protocol)) continue;
        exists = true;
        out.push({ host: svc.clusterIp, port: port.port, ttl: conf.ttl, key });
      }
    }
  }
  return out.length || exists ? out : null;
}

function endpointTargets(conf: KubernetesConf, endpoints: SmallEndpoints | undefined, r: Parsed, key: string): Target[] {
  const out: Target[] = [];
  for (const subset of endpoints?.subsets ?? []) {
    for (const address of subset.addresses) {
      const host = hostnameOf(address, conf.endpointPodNames);
      if (r.endpoint !== '' && !match(r.endpoint, host)) continue;
      for (const port of subset.ports) {
        if (match(r.port, port.name) && match(r.protocol, port.protocol)) out.push({ host: address.ip, port: port.port, ttl: conf.ttl, key: `${host}.${key}` });
      }
    }
  }
  return out;
}

/** What a question about a name in one of the plugin's zones finds. `own`: the server's own address, for NS. */
export function answer(conf: KubernetesConf, cluster: Cluster, zone: string, name: string, type: string, own: string): Found {
  const record = (kind: string, data: string, ttl = conf.ttl, owner = name): DnsRecord => ({ name: owner, ttl, type: kind, data });
  if (addressOf(name) || /(in-addr|ip6)\.arpa\.$/.test(zone)) return reverse(conf, cluster, name, type);
  const relative = name === zone ? '' : name.slice(0, -zone.length - 1);
  if (type === 'TXT') return relative === 'dns-version' ? [record('TXT', '"1.1.0"', 28_800)] : relative.includes('.') || relative === '' ? lookup(conf, cluster, zone, name) && [] : [];
  if (relative === 'ns.dns') return type === 'A' ? [record('A', own)] : [];
  if (type === 'NS' && relative === '') return [record('NS', `ns.dns.${zone}`)];
  const targets = lookup(conf, cluster, zone, name);
  if (targets === null) return null;
  const seen = new Set<string>();
  const fresh = (item: DnsRecord): boolean => !seen.has(item.data) && Boolean(seen.add(item.data));
  const names = targets.filter(({ host }) => !isIp(host));
  if (type === 'A' || type === 'AAAA' || type === 'CNAME') {
    const aliases = names.map(({ host }) => record('CNAME', host.endsWith('.') ? host : `${host}.`)).filter(fresh);
    return type !== 'A' ? aliases : [...aliases, ...targets.filter(({ host }) => isIp(host)).map(({ host }) => record('A', host)).filter(fresh)];
  }
  if (type === 'SRV') {
    const hosts = targets.filter(({ host }) => isIp(host));
    const weight = hosts.length ? Math.floor(100 / hosts.length) : 0;
    return hosts.map((target) => record('SRV', `0 ${weight} ${target.port} ${target.key}`)).filter(fresh);
  }
  return [];
}

function reverse(conf: KubernetesConf, cluster: Cluster, name: string, type: string): Found {
  const ip = addressOf(name);
  if (type !== 'PTR' || !ip) return ip ? [] : null;
  const zone = conf.primary;
  const pointer = (data: string): Found => [{ name, ttl: conf.ttl, type: 'PTR', data }];
  const service = Object.values(cluster.services).find((svc) => svc.clusterIp === ip);
  if (service) return pointer(`${service.name}.${service.namespace}.svc.${zone}`);
  for (const endpoints of Object.values(cluster.endpoints)) {
    for (const subset of endpoints.subsets) {
      const address = subset.addresses.find((each) => each.ip === ip);
      if (address) return pointer(`${hostnameOf(address, conf.endpointPodNames)}.${endpoints.name}.${endpoints.namespace}.svc.${zone}`);
    }
  }
  return null;
}

/** Names in the zones of this plugin. */
export const serves = (conf: KubernetesConf, name: string): boolean => conf.zones.some((zone) => inZone(zone, name));
