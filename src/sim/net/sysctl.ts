/**
 * The cells of a network namespace, as /proc/sys/net shows them, with the kernel's semantics on writing:
 * ip_forward and conf.all.forwarding are one cell that flips every interface's own. Keys are paths with
 * dots for slashes (an interface's name may hold dots: `net.ipv4.conf.flannel.1.forwarding`).
 * Linux 3.10 to 4.x, net/ipv4/devinet.c.
 */
import type { NetNs } from './state.ts';

/** Per interface, with the default of a fresh namespace. */
const CONF: Readonly<Record<string, string>> = {
  accept_local: '0', accept_redirects: '1', accept_source_route: '1', arp_accept: '0', arp_announce: '0', arp_filter: '0', arp_ignore: '0', arp_notify: '0',
  bootp_relay: '0', disable_policy: '0', disable_xfrm: '0', force_igmp_version: '0', forwarding: '0', log_martians: '0', mc_forwarding: '0', medium_id: '0',
  promote_secondaries: '0', proxy_arp: '0', proxy_arp_pvlan: '0', route_localnet: '0', rp_filter: '0', secure_redirects: '1', send_redirects: '1',
  shared_media: '1', src_valid_mark: '0', tag: '0',
};
const CONF6: Readonly<Record<string, string>> = { accept_ra: '1', autoconf: '1', disable_ipv6: '0', forwarding: '0', hop_limit: '64', mtu: '1280' };
const NEIGH: Readonly<Record<string, string>> = {
  app_solicit: '0', base_reachable_time_ms: '30000', delay_first_probe_time: '5', gc_stale_time: '60', locktime: '100', mcast_solicit: '3',
  proxy_delay: '80', retrans_time_ms: '1000', ucast_solicit: '3', unres_qlen: '31',
};

const CELLS: Readonly<Record<string, string>> = {
  'net.core.somaxconn': '128', 'net.core.netdev_max_backlog': '1000', 'net.core.rmem_max': '212992', 'net.core.wmem_max': '212992',
  'net.ipv4.ip_forward': '0', 'net.ipv4.ip_default_ttl': '64', 'net.ipv4.ip_local_port_range': '32768\t60999', 'net.ipv4.ip_nonlocal_bind': '0',
  'net.ipv4.ip_no_pmtu_disc': '0', 'net.ipv4.icmp_echo_ignore_all': '0', 'net.ipv4.icmp_echo_ignore_broadcasts': '1', 'net.ipv4.icmp_ratelimit': '1000',
  'net.ipv4.icmp_ratemask': '6168', 'net.ipv4.icmp_errors_use_inbound_ifaddr': '0', 'net.ipv4.ping_group_range': '1\t0', 'net.ipv4.tcp_syncookies': '1',
  'net.ipv4.tcp_syn_retries': '6', 'net.ipv4.tcp_synack_retries': '5', 'net.ipv4.tcp_retries1': '3', 'net.ipv4.tcp_retries2': '15', 'net.ipv4.tcp_fin_timeout': '60',
  'net.ipv4.tcp_keepalive_time': '7200', 'net.ipv4.tcp_keepalive_intvl': '75', 'net.ipv4.tcp_keepalive_probes': '9', 'net.ipv4.tcp_max_syn_backlog': '512',
  'net.ipv4.tcp_tw_reuse': '0', 'net.ipv4.tcp_timestamps': '1', 'net.ipv4.tcp_window_scaling': '1', 'net.ipv4.tcp_sack': '1',
  'net.ipv4.neigh.default.gc_thresh1': '128', 'net.ipv4.neigh.default.gc_thresh2': '512', 'net.ipv4.neigh.default.gc_thresh3': '1024',
  'net.ipv4.route.flush': '', 'net.ipv4.route.min_pmtu': '552', 'net.ipv4.route.mtu_expires': '600',
};
/** With nf_conntrack. */
const CONNTRACK: Readonly<Record<string, string>> = {
  'net.netfilter.nf_conntrack_acct': '0', 'net.netfilter.nf_conntrack_buckets': '65536', 'net.netfilter.nf_conntrack_checksum': '1',
  'net.netfilter.nf_conntrack_count': '0', 'net.netfilter.nf_conntrack_events': '1', 'net.netfilter.nf_conntrack_expect_max': '1024',
  'net.netfilter.nf_conntrack_generic_timeout': '600', 'net.netfilter.nf_conntrack_helper': '1', 'net.netfilter.nf_conntrack_icmp_timeout': '30',
  'net.netfilter.nf_conntrack_log_invalid': '0', 'net.netfilter.nf_conntrack_max': '262144', 'net.netfilter.nf_conntrack_tcp_be_liberal': '0',
  'net.netfilter.nf_conntrack_tcp_loose': '1', 'net.netfilter.nf_conntrack_tcp_max_retrans': '3', 'net.netfilter.nf_conntrack_tcp_timeout_close': '10',
  'net.netfilter.nf_conntrack_tcp_timeout_close_wait': '60', 'net.netfilter.nf_conntrack_tcp_timeout_established': '432000',
  'net.netfilter.nf_conntrack_tcp_timeout_fin_wait': '120', 'net.netfilter.nf_conntrack_tcp_timeout_last_ack': '30',
  'net.netfilter.nf_conntrack_tcp_timeout_max_retrans': '300', 'net.netfilter.nf_conntrack_tcp_timeout_syn_recv': '60',
  'net.netfilter.nf_conntrack_tcp_timeout_syn_sent': '120', 'net.netfilter.nf_conntrack_tcp_timeout_time_wait': '120',
  'net.netfilter.nf_conntrack_tcp_timeout_unacknowledged': '300', 'net.netfilter.nf_conntrack_timestamp': '0', 'net.netfilter.nf_conntrack_udp_timeout': '30',
  'net.netfilter.nf_conntrack_udp_timeout_stream': '180', 'net.nf_conntrack_max': '262144',
};
/** With br_netfilter (or bridge, before 3.18). */
const BRIDGE: Readonly<Record<string, string>> = {
  'net.bridge.bridge-nf-call-arptables': '1', 'net.bridge.bridge-nf-call-ip6tables': '1', 'net.bridge.bridge-nf-call-iptables': '1',
  'net.bridge.bridge-nf-filter-pppoe-tagged': '0', 'net.bridge.bridge-nf-filter-vlan-tagged': '0', 'net.bridge.bridge-nf-pass-vlan-input-dev': '0',
};

export function freshCells(): Record<string, string> {
  const cells: Record<string, string> = { ...CELLS, ...CONNTRACK, ...BRIDGE };
  for (const name of ['all', 'default']) addConf(cells, name, null);
  return cells;
}

function addConf(cells: Record<string, string>, name: string, like: string | null): void {
  for (const [key, value] of Object.entries(CONF)) cells[`net.ipv4.conf.${name}.${key}`] = like ? cells[`net.ipv4.conf.${like}.${key}`] ?? value : value;
  for (const [key, value] of Object.entries(CONF6)) cells[`net.ipv6.conf.${name}.${key}`] = like ? cells[`net.ipv6.conf.${like}.${key}`] ?? value : value;
  if (name === 'all') return;
  for (const [key, value] of Object.entries(NEIGH)) cells[`net.ipv4.neigh.${name}.${key}`] = like ? cells[`net.ipv4.neigh.${like}.${key}`] ?? value : value;
}

/** A new interface begins with the values of `default`. */
export function addInterfaceCells(ns: NetNs, name: string): void {
  const cells = { ...ns.sysctl };
  addConf(cells, name, 'default');
  ns.sysctl = cells;
}

export function removeInterfaceCells(ns: NetNs, name: string): void {
  const cells = { ...ns.sysctl };
  for (const part of ['net.ipv4.conf.', 'net.ipv6.conf.', 'net.ipv4.neigh.']) {
    for (const key of Object.keys({ ...CONF, ...CONF6, ...NEIGH })) delete cells[`${part}${name}.${key}`];
  }
  ns.sysctl = cells;
}

export function renameInterfaceCells(ns: NetNs, from: string, to: string): void {
  const cells = { ...ns.sysctl };
  for (const part of ['net.ipv4.conf.', 'net.ipv6.conf.', 'net.ipv4.neigh.']) {
    for (const key of Object.keys({ ...CONF, ...CONF6, ...NEIGH })) {
      const value = cells[`${part}${from}.${key}`];
      if (value === undefined) continue;
      delete cells[`${part}${from}.${key}`];
      cells[`${part}${to}.${key}`] = value;
    }
  }
  ns.sysctl = cells;
}

/** Whether a cell is there to be seen: bridge's only with the module. */
export const cellVisible = (key: string, modules: Readonly<Record<string, unknown>>): boolean =>
  !key.startsWith('net.bridge.') || 'br_netfilter' in modules;

/** The value of a cell as /proc shows it; undefined when there is none. */
export const readCell = (ns: NetNs, key: string): string | undefined =>
  (key === 'net.netfilter.nf_conntrack_count' ? String(ns.conntrack.count) : ns.sysctl[key]);

/** Writes a cell of an owned namespace. An errno, or null. */
export function writeCell(ns: NetNs, key: string, text: string): 'ENOENT' | 'EINVAL' | 'EACCES' | null {
  const before = ns.sysctl[key];
  if (before === undefined) return 'ENOENT';
  if (key === 'net.netfilter.nf_conntrack_count' || key.endsWith('.mc_forwarding')) return 'EACCES';
  const words = text.trim().split(/\s+/);
  const numeric = before === '' || /^-?\d+(\s-?\d+)*$/.test(before);
  if (numeric && !words.every((word) => /^-?\d+$/.test(word))) return 'EINVAL';
  if (words.length > before.split(/\s+/).length) words.length = before.split(/\s+/).length;
  const value = words.join('\t');
  const cells = { ...ns.sysctl, [key]: value };
  if (key === 'net.ipv4.ip_forward' || key === 'net.ipv4.conf.all.forwarding') flipForwarding(cells, value);
  if (key === 'net.ipv6.conf.all.disable_ipv6') for (const other of Object.keys(cells)) if (/^net\.ipv6\.conf\..*\.disable_ipv6$/.test(other)) cells[other] = value;
  if (key === 'net.nf_conntrack_max') cells['net.netfilter.nf_conntrack_max'] = value;
  if (key === 'net.netfilter.nf_conntrack_max') cells['net.nf_conntrack_max'] = value;
  ns.sysctl = cells;
  return null;
}

/** inet_forward_change(): every interface's cell follows, and the default. */
function flipForwarding(cells: Record<string, string>, value: string): void {
  cells['net.ipv4.ip_forward'] = value;
  for (const key of Object.keys(cells)) if (/^net\.ipv4\.conf\..*\.forwarding$/.test(key) && !key.endsWith('.mc_forwarding')) cells[key] = value;
}

/** A cell as the kernel's code reads it: non-zero is on. */
export const isOn = (ns: NetNs, key: string): boolean => (ns.sysctl[key] ?? '0') !== '0';

interface Keys { forwarding: string; rpFilter: string; routeLocalnet: string; acceptLocal: string; arpIgnore: string; arpFilter: string; proxyArp: string; arpAnnounce: string; disable6: string }
const keys = new Map<string, Keys>();
/** The keys of an interface's cells, built once per name. */
export function interfaceKeys(dev: string): Keys {
  let known = keys.get(dev);
  if (!known) {
    const conf = (cell: string): string => `net.ipv4.conf.${dev}.${cell}`;
    known = {
      forwarding: conf('forwarding'), rpFilter: conf('rp_filter'), routeLocalnet: conf('route_localnet'), acceptLocal: conf('accept_local'),
      arpIgnore: conf('arp_ignore'), arpFilter: conf('arp_filter'), proxyArp: conf('proxy_arp'), arpAnnounce: conf('arp_announce'),
      disable6: `net.ipv6.conf.${dev}.disable_ipv6`,
    };
    keys.set(dev, known);
  }
  return known;
}

const ALL = interfaceKeys('all');
/** max(conf.all.rp_filter, conf.DEV.rp_filter): 0 off, 1 strict, 2 loose. */
export const rpFilter = (ns: NetNs, dev: string): number =>
  Math.max(Number(ns.sysctl[ALL.rpFilter] ?? 0), Number(ns.sysctl[interfaceKeys(dev).rpFilter] ?? 0));
export const eitherOn = (ns: NetNs, dev: string, cell: 'routeLocalnet' | 'acceptLocal' | 'proxyArp'): boolean =>
  isOn(ns, ALL[cell]) || isOn(ns, interfaceKeys(dev)[cell]);
