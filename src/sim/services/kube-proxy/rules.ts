/**
 * Services and endpoints as iptables rules: the chains KUBE-SERVICES, KUBE-SVC-…, KUBE-SEP-… in the form
 * that iptables-restore takes. Pure. pkg/proxy/iptables/proxier.go v1.14.1.
 */
import { chainHash } from '../../kube/hash.ts';
import type { Endpoints, Service, ServicePort } from '../../kube/types.ts';

export interface Table { readonly chains: readonly string[]; readonly rules: readonly string[] }
export interface Rules { readonly filter: Table; readonly nat: Table; /** Node ports that a local process must hold open: `proto port`. */ readonly held: readonly string[] }

export const serviceChain = (port: string, proto: string): string => `KUBE-SVC-${chainHash(port + proto)}`;
export const firewallChain = (port: string, proto: string): string => `KUBE-FW-${chainHash(port + proto)}`;
export const localChain = (port: string, proto: string): string => `KUBE-XLB-${chainHash(port + proto)}`;
export const endpointChain = (port: string, proto: string, endpoint: string): string => `KUBE-SEP-${chainHash(port + proto + endpoint)}`;

/** ip:port of the ready addresses of a service's port, in the order of the Endpoints object. */
export function endpointsOf(endpoints: Endpoints | undefined, port: ServicePort): { address: string; node: string | undefined }[] {
  const out: { address: string; node: string | undefined }[] = [];
  for (const subset of endpoints?.subsets ?? []) {
    for (const p of subset.ports ?? []) {
      if ((p.name ?? '') !== (port.name ?? '')) continue;
      for (const a of subset.addresses ?? []) out.push({ address: `${a.ip}:${p.port}`, node: a.nodeName });
    }
  }
  return out;
}

/** Services that have rules at all. */
export const isProxied = (s: Service): boolean => s.spec.type !== 'ExternalName' && s.spec.clusterIP !== 'None' && Boolean(s.spec.clusterIP);

interface Draft { filterServices: string[]; external: string[]; services: string[]; nodePorts: string[]; chains: string[]; rules: string[]; held: string[] }

const MASQ = 'KUBE-MARK-MASQ';
const DROP = 'KUBE-MARK-DROP';
const comment = (text: string): string => `-m comment --comment "${text}"`;

/** Every rule for one port of one service. */
function portRules(d: Draft, service: Service, port: ServicePort, endpoints: Endpoints | undefined, clusterCidr: string, node: string): void {
  const name = `${service.metadata.namespace}/${service.metadata.name}:${port.name ?? ''}`;
  const proto = (port.protocol ?? 'TCP').toLowerCase();
  const list = endpointsOf(endpoints, port);
  const chain = serviceChain(name, proto);
  const local = service.spec.externalTrafficPolicy === 'Local' && (service.spec.type === 'NodePort' || service.spec.type === 'LoadBalancer');
  const xlb = localChain(name, proto);
  const ip = service.spec.clusterIP!;
  const match = (dst: string, dport: number): string => `-d ${dst}/32 -p ${proto} ${comment('%')} -m ${proto} --dport ${dport}`;
  const say = (text: string, words: string): string => text.replace('%', `${name} ${words}`);
  if (list.length) {
    d.chains.push(chain);
    if (local) d.chains.push(xlb);
  }
  if (list.length) {
    if (clusterCidr) d.services.push(`-A KUBE-SERVICES ! -s ${clusterCidr} ${say(match(ip, port.port), 'cluster IP')} -j ${MASQ}`);
    d.services.push(`-A KUBE-SERVICES ${say(match(ip, port.port), 'cluster IP')} -j ${chain}`);
  } else d.filterServices.push(`-A KUBE-SERVICES ${say(match(ip, port.port), 'has no endpoints')} -j REJECT`);
  for (const external of service.spec.externalIPs ?? []) {
    if (!list.length) { d.external.push(`-A KUBE-EXTERNAL-SERVICES ${say(match(external, port.port), 'has no endpoints')} -j REJECT`); continue; }
    const base = say(match(external, port.port), 'external IP');
    d.services.push(`-A KUBE-SERVICES ${base} -j ${MASQ}`, `-A KUBE-SERVICES ${base} -m physdev ! --physdev-is-in -m addrtype ! --src-type LOCAL -j ${chain}`, `-A KUBE-SERVICES ${base} -m addrtype --dst-type LOCAL -j ${chain}`);
  }
  loadBalancer(d, service, port, name, proto, list.length > 0, local);
  if (port.nodePort) nodePort(d, port, name, proto, list.length > 0, local ? xlb : null, chain);
  if (!list.length) return;
  affinity(d, service, chain, list.map((e) => endpointChain(name, proto, e.address)));
  endpointRules(d, service, name, proto, chain, list);
  if (local) localRules(d, name, xlb, chain, clusterCidr, list.filter((e) => e.node === node).map((e) => endpointChain(name, proto, e.address)));
}

function loadBalancer(d: Draft, service: Service, port: ServicePort, name: string, proto: string, served: boolean, local: boolean): void {
  for (const { ip } of service.status?.loadBalancer?.ingress ?? []) {
    if (!ip) continue;
    const base = `-d ${ip}/32 -p ${proto} ${comment(`${name} ${served ? 'loadbalancer IP' : 'has no endpoints'}`)} -m ${proto} --dport ${port.port}`;
    if (!served) { d.external.push(`-A KUBE-EXTERNAL-SERVICES ${base} -j REJECT`); continue; }
    const fw = firewallChain(name, proto);
    d.chains.push(fw);
    d.services.push(`-A KUBE-SERVICES ${base} -j ${fw}`);
    const to = local ? localChain(name, proto) : serviceChain(name, proto);
    const words = comment(`${name} loadbalancer IP`);
    if (!local) d.rules.push(`-A ${fw} ${words} -j ${MASQ}`);
    const sources = service.spec.loadBalancerSourceRanges ?? [];
    if (!sources.length) d.rules.push(`-A ${fw} ${words} -j ${to}`);
    for (const source of sources) d.rules.push(`-A ${fw} -s ${source} ${words} -j ${to}`);
    d.rules.push(`-A ${fw} ${words} -j ${DROP}`);
  }
}

function nodePort(d: Draft, port: ServicePort, name: string, proto: string, served: boolean, xlb: string | null, chain: string): void {
  d.held.push(`${proto} ${port.nodePort}`);
  if (!served) {
    d.external.push(`-A KUBE-EXTERNAL-SERVICES -p ${proto} ${comment(`${name} has no endpoints`)} -m addrtype --dst-type LOCAL -m ${proto} --dport ${port.nodePort} -j REJECT`);
    return;
  }
  const base = `-A KUBE-NODEPORTS -p ${proto} ${comment(name)} -m ${proto} --dport ${port.nodePort}`;
  if (!xlb) d.nodePorts.push(`${base} -j ${MASQ}`, `${base} -j ${chain}`);
  else d.nodePorts.push(`-A KUBE-NODEPORTS -s 127.0.0.0/8 -p ${proto} ${comment(name)} -m ${proto} --dport ${port.nodePort} -j ${MASQ}`, `${base} -j ${xlb}`);
}

/** ClientIP: who was here lately goes where it went. */
function affinity(d: Draft, service: Service, chain: string, eps: readonly string[]): void {
  if (service.spec.sessionAffinity !== 'ClientIP') return;
  const seconds = service.spec.sessionAffinityConfig?.clientIP?.timeoutSeconds ?? 10_800;
  for (const ep of eps) d.rules.push(`-A ${chain} -m recent --rcheck --seconds ${seconds} --reap --name ${ep} --mask 255.255.255.255 --rsource -j ${ep}`);
}

function endpointRules(d: Draft, service: Service, name: string, proto: string, chain: string, list: readonly { address: string }[]): void {
  list.forEach(({ address }, i) => {
    const ep = endpointChain(name, proto, address);
    const left = list.length - i;
    if (!d.chains.includes(ep)) d.chains.push(ep);
    d.rules.push(`-A ${chain}${left > 1 ? ` -m statistic --mode random --probability ${(1 / left).toFixed(5)}` : ''} -j ${ep}`);
    d.rules.push(`-A ${ep} -s ${address.split(':')[0]}/32 -j ${MASQ}`);
    const recent = service.spec.sessionAffinity === 'ClientIP' ? ` -m recent --set --name ${ep} --mask 255.255.255.255 --rsource` : '';
    d.rules.push(`-A ${ep} -p ${proto}${recent} -m ${proto} -j DNAT --to-destination ${address}`);
  });
}

/** externalTrafficPolicy Local: only endpoints of this node. */
function localRules(d: Draft, name: string, xlb: string, chain: string, clusterCidr: string, eps: readonly string[]): void {
  if (clusterCidr) d.rules.push(`-A ${xlb} -s ${clusterCidr} ${comment('Redirect pods trying to reach external loadbalancer VIP to clusterIP')} -j ${chain}`);
  if (!eps.length) d.rules.push(`-A ${xlb} ${comment(`${name} has no local endpoints`)} -j ${DROP}`);
  eps.forEach((ep, i) => {
    const left = eps.length - i;
    d.rules.push(`-A ${xlb} ${comment(`Balancing rule ${i} for ${name}`)}${left > 1 ? ` -m statistic --mode random --probability ${(1 / left).toFixed(5)}` : ''} -j ${ep}`);
  });
}

/** All rules, services in the order of their names. */
export function rulesFor(services: Readonly<Record<string, Service>>, endpoints: Readonly<Record<string, Endpoints>>, clusterCidr: string, node: string): Rules {
  const d: Draft = { filterServices: [], external: [], services: [], nodePorts: [], chains: [], rules: [], held: [] };
  for (const id of Object.keys(services).sort()) {
    const service = services[id]!;
    if (!isProxied(service)) continue;
    for (const port of [...(service.spec.ports ?? [])].sort((a, b) => ((a.name ?? '') < (b.name ?? '') ? -1 : 1))) portRules(d, service, port, endpoints[id], clusterCidr, node);
  }
  const forward = [
    `-A KUBE-FORWARD ${comment('kubernetes forwarding rules')} -m mark --mark 0x4000/0x4000 -j ACCEPT`,
    ...(clusterCidr ? ['-s', '-d'].map((side, i) => `-A KUBE-FORWARD ${side} ${clusterCidr} ${comment(`kubernetes forwarding conntrack pod ${i ? 'destination' : 'source'} rule`)} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT`) : []),
  ];
  return {
    filter: { chains: ['KUBE-SERVICES', 'KUBE-EXTERNAL-SERVICES', 'KUBE-FORWARD'], rules: [...d.filterServices, ...d.external, ...forward] },
    nat: {
      chains: ['KUBE-SERVICES', 'KUBE-NODEPORTS', 'KUBE-POSTROUTING', 'KUBE-MARK-MASQ', ...d.chains],
      rules: [
        `-A KUBE-POSTROUTING ${comment('kubernetes service traffic requiring SNAT')} -m mark --mark 0x4000/0x4000 -j MASQUERADE`, '-A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000', ...d.nodePorts, ...d.services, ...d.rules,
        `-A KUBE-SERVICES ${comment('kubernetes service nodeports; NOTE: this must be the last rule in this chain')} -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS`,
      ],
    },
    held: d.held,
  };
}

/** The text for iptables-restore --noflush. `stale`: chains of ours that nothing uses any more. */
export function restoreText(rules: Rules, stale: readonly string[]): string {
  const table = (name: string, t: Table, old: readonly string[]): string =>
    [`*${name}`, ...t.chains.map((c) => `:${c} - [0:0]`), ...old.map((c) => `:${c} - [0:0]`), ...t.rules, ...old.map((c) => `-X ${c}`), 'COMMIT', ''].join('\n');
  return table('filter', rules.filter, []) + table('nat', rules.nat, stale);
}

/** Jumps into the chains, in the order in which they are put at the head when missing. */
export const JUMPS: readonly (readonly ['filter' | 'nat', string, string])[] = [
  ['filter', 'INPUT', `-m conntrack --ctstate NEW ${comment('kubernetes externally-visible service portals')} -j KUBE-EXTERNAL-SERVICES`],
  ['filter', 'FORWARD', `-m conntrack --ctstate NEW ${comment('kubernetes service portals')} -j KUBE-SERVICES`],
  ['filter', 'OUTPUT', `-m conntrack --ctstate NEW ${comment('kubernetes service portals')} -j KUBE-SERVICES`],
  ['filter', 'INPUT', `-m conntrack --ctstate NEW ${comment('kubernetes service portals')} -j KUBE-SERVICES`],
  ['filter', 'FORWARD', `${comment('kubernetes forwarding rules')} -j KUBE-FORWARD`],
  ['nat', 'OUTPUT', `${comment('kubernetes service portals')} -j KUBE-SERVICES`],
  ['nat', 'PREROUTING', `${comment('kubernetes service portals')} -j KUBE-SERVICES`],
  ['nat', 'POSTROUTING', `${comment('kubernetes postrouting rules')} -j KUBE-POSTROUTING`],
];
