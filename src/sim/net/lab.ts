/**
 * The network of the topology `lab`: three hosts on one switch, two pods each, an overlay of vxlan 1 on
 * port 8472, and rules as kube-proxy 1.14 and flannel write them for four services and a node port.
 * Its servers are services/lab.
 */
import type { World } from '../world.ts';
import { addAddress, addLink, addRoutes, bringUp, freshNs, hostNs, ownLink, plainAddress } from './namespace.ts';
import { runRestore } from './iptables/command.ts';
import { TABLE, type NetNs, type Route } from './state.ts';
import { writeCell } from './sysctl.ts';

const NODES = [1, 2, 3];
const PODS = [1, 2];
export const labAddress = (n: number): string => `172.28.128.10${n}`;
export const labPod = (n: number, p: number): string => `10.244.${n}.${p + 1}`;
/** A namespace with nothing in it but its loopback: as the machine beside the laboratory, where no server listens. */
export const BESIDE = 'beside';
const GATEWAY = '172.28.128.1';
const POD_MTU = 1450;

const route = (dst: string, prefix: number, via: string, dev: string, onlink: boolean): Route =>
  ({ table: TABLE.main, type: 'unicast', dst, prefix, via, dev, src: null, scope: 'global', proto: 'boot', metric: 0, onlink, mtu: null });

const vtepMac = (n: number): string => `0e:00:00:00:00:0${n}`;

function layNode(n: number): Record<string, NetNs> {
  const ns = hostNs({ dev: 'eth0', mac: `08:00:27:00:00:1${n}`, ip: labAddress(n), prefix: 24, gateway: GATEWAY, proto: 'boot' });
  const eth0 = ownLink(ns, 'eth0');
  // The laboratory's cable is a veth into the namespace that is its switch.
  eth0.kind = 'veth';
  eth0.addrs = eth0.addrs.map((a) => ({ ...a, brd: null }));
  for (const [key, value] of [['net.ipv4.ip_forward', '1'], ['net.ipv6.conf.all.disable_ipv6', '1'], ['net.ipv4.icmp_ratelimit', '0']] as const) writeCell(ns, key, value);
  addLink(ns, { name: 'flannel.1', kind: 'vxlan', mac: vtepMac(n), mtu: POD_MTU, vxlan: { id: 1, dstport: 8472, local: labAddress(n), dev: 'eth0', learning: false, remote: null } });
  addAddress(ns, 'flannel.1', plainAddress(`10.244.${n}.0`, 32, 'flannel.1'));
  bringUp(ns, 'flannel.1');
  addLink(ns, { name: 'cni0', kind: 'bridge', mac: `0a:58:0a:f4:0${n}:01`, mtu: POD_MTU });
  addAddress(ns, 'cni0', plainAddress(`10.244.${n}.1`, 24, 'cni0'));
  bringUp(ns, 'cni0');
  const spaces: Record<string, NetNs> = { host: ns };
  for (const p of PODS) spaces[`p${n}${p}`] = layPod(ns, n, p);
  spaces[BESIDE] = freshNs(BESIDE, true);
  bringUp(spaces[BESIDE], 'lo');
  for (const m of NODES) {
    if (m === n) continue;
    ns.neigh[`flannel.1 10.244.${m}.0`] = { ip: `10.244.${m}.0`, dev: 'flannel.1', mac: vtepMac(m), state: 'PERMANENT', at: 0, probes: 0, gen: 0, waiting: [] };
    ns.fdb[`flannel.1 ${vtepMac(m)}`] = { owner: 'flannel.1', dev: 'flannel.1', mac: vtepMac(m), dst: labAddress(m), state: 'permanent', at: 0 };
    addRoutes(ns, [route(`10.244.${m}.0`, 24, `10.244.${m}.0`, 'flannel.1', true)]);
  }
  runRestore(ns, labRules(n), { noflush: false, counters: false, test: false }, { version: 'v1.6.0', family: 4, stamp: '' });
  return spaces;
}

function layPod(host: NetNs, n: number, p: number): NetNs {
  const name = `p${n}${p}`, dev = `veth${n}${p}`, ip = labPod(n, p);
  const ns = freshNs(name, true);
  bringUp(ns, 'lo');
  addLink(ns, { name: 'eth0', kind: 'veth', mac: `0a:58:0a:f4:0${n}:0${p + 1}`, mtu: POD_MTU, peer: { ns: 'host', dev } });
  addLink(host, { name: dev, kind: 'veth', mac: `fe:58:0a:f4:0${n}:0${p + 1}`, mtu: POD_MTU, peer: { ns: name, dev: 'eth0' }, master: 'cni0', hairpin: true });
  bringUp(host, dev);
  addAddress(ns, 'eth0', plainAddress(ip, 24, 'eth0'));
  bringUp(ns, 'eth0');
  addRoutes(ns, [route('0.0.0.0', 0, `10.244.${n}.1`, 'eth0', false), route('10.244.0.0', 16, `10.244.${n}.1`, 'eth0', false)]);
  writeCell(ns, 'net.ipv4.icmp_ratelimit', '0');
  return ns;
}

interface Service { name: string; label: string; vip: string; proto: string; port: number; endpoint: string; to: number; node?: number }
const SERVICES: readonly Service[] = [
  { name: 'WEB', label: 'default/web:', vip: '10.100.0.10', proto: 'tcp', port: 80, endpoint: labPod(1, 2), to: 8080 },
  { name: 'WEB2', label: 'default/web2:', vip: '10.100.0.20', proto: 'tcp', port: 80, endpoint: labPod(2, 2), to: 8080, node: 30_080 },
  { name: 'DNSU', label: 'kube-system/kube-dns:dns', vip: '10.100.0.4', proto: 'udp', port: 53, endpoint: labPod(1, 1), to: 53 },
  { name: 'DNST', label: 'kube-system/kube-dns:dns-tcp', vip: '10.100.0.4', proto: 'tcp', port: 53, endpoint: labPod(1, 1), to: 53 },
];

const portals = '-m comment --comment "kubernetes service portals"';

function natRules(n: number): string[] {
  const s = SERVICES;
  return ['*nat', ...['MARK-MASQ', 'NODEPORTS', 'POSTROUTING', 'SERVICES'].map((c) => `:KUBE-${c} - [0:0]`), ...s.flatMap((x) => [`:KUBE-SEP-${x.name} - [0:0]`, `:KUBE-SVC-${x.name} - [0:0]`]),
    `-A PREROUTING ${portals} -j KUBE-SERVICES`, `-A OUTPUT ${portals} -j KUBE-SERVICES`,
    '-A POSTROUTING -m comment --comment "kubernetes postrouting rules" -j KUBE-POSTROUTING',
    '-A POSTROUTING -s 10.244.0.0/16 -d 10.244.0.0/16 -j RETURN', '-A POSTROUTING -s 10.244.0.0/16 ! -d 224.0.0.0/4 -j MASQUERADE',
    `-A POSTROUTING ! -s 10.244.0.0/16 -d 10.244.${n}.0/24 -j RETURN`, '-A POSTROUTING ! -s 10.244.0.0/16 -d 10.244.0.0/16 -j MASQUERADE',
    '-A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000',
    '-A KUBE-POSTROUTING -m comment --comment "kubernetes service traffic requiring SNAT" -m mark --mark 0x4000/0x4000 -j MASQUERADE',
    ...s.flatMap((x) => (x.node ? ['KUBE-MARK-MASQ', `KUBE-SVC-${x.name}`].map((j) => `-A KUBE-NODEPORTS -p tcp -m comment --comment "${x.label}" -m tcp --dport ${x.node} -j ${j}`) : [])),
    ...s.flatMap((x) => {
      const match = `-d ${x.vip}/32 -p ${x.proto} -m comment --comment "${x.label} cluster IP" -m ${x.proto} --dport ${x.port}`;
      return [`-A KUBE-SERVICES ! -s 10.244.0.0/16 ${match} -j KUBE-MARK-MASQ`, `-A KUBE-SERVICES ${match} -j KUBE-SVC-${x.name}`];
    }),
    '-A KUBE-SERVICES -m comment --comment "kubernetes service nodeports; NOTE: this must be the last rule in this chain" -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS',
    ...s.flatMap((x) => [`-A KUBE-SVC-${x.name} -j KUBE-SEP-${x.name}`, `-A KUBE-SEP-${x.name} -s ${x.endpoint}/32 -j KUBE-MARK-MASQ`,
      `-A KUBE-SEP-${x.name} -p ${x.proto} -m ${x.proto} -j DNAT --to-destination ${x.endpoint}:${x.to}`]),
    'COMMIT'];
}

function filterRules(): string[] {
  const fresh = '-m conntrack --ctstate NEW -m comment --comment';
  const known = (side: string, word: string): string => `-A KUBE-FORWARD ${side} 10.244.0.0/16 -m comment --comment "kubernetes forwarding conntrack pod ${word} rule" -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT`;
  return ['*filter', ...['EXTERNAL-SERVICES', 'FIREWALL', 'FORWARD', 'SERVICES'].map((c) => `:KUBE-${c} - [0:0]`),
    `-A INPUT ${fresh} "kubernetes externally-visible service portals" -j KUBE-EXTERNAL-SERVICES`, '-A INPUT -j KUBE-FIREWALL',
    '-A FORWARD -m comment --comment "kubernetes forwarding rules" -j KUBE-FORWARD', `-A FORWARD ${fresh} "kubernetes service portals" -j KUBE-SERVICES`,
    `-A OUTPUT ${fresh} "kubernetes service portals" -j KUBE-SERVICES`, '-A OUTPUT -j KUBE-FIREWALL',
    '-A KUBE-FIREWALL -m comment --comment "kubernetes firewall for dropping marked packets" -m mark --mark 0x8000/0x8000 -j DROP',
    '-A KUBE-FORWARD -m conntrack --ctstate INVALID -j DROP',
    '-A KUBE-FORWARD -m comment --comment "kubernetes forwarding rules" -m mark --mark 0x4000/0x4000 -j ACCEPT', known('-s', 'source'), known('-d', 'destination'),
    '-A KUBE-SERVICES -d 10.100.0.30/32 -p tcp -m comment --comment "default/noep: has no endpoints" -m tcp --dport 80 -j REJECT --reject-with icmp-port-unreachable',
    'COMMIT'];
}

/** The rules of node n, for iptables-restore. */
export const labRules = (n: number): string => `${[...natRules(n), ...filterRules()].join('\n')}\n`;

/** Lays the laboratory under the hosts n1, n2 and n3 of a world that is being made. */
export function layLab(world: World): void {
  for (const n of NODES) {
    const host = world.hosts[`n${n}`];
    if (!host) continue;
    host.address = labAddress(n);
    host.ns = layNode(n);
  }
  world.wire = { ...world.wire, gateway: { ...world.wire.gateway, address: GATEWAY } };
}
