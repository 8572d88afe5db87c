/**
 * What flannel leaves in the kernel: the vxlan device, and for each other node a neighbour, a forwarding
 * entry and a route; and the rules that let pods out. flannel 0.10's vxlan backend and iptables.go.
 */
import { strerror } from '../../proc/libc.ts';
import type { Json, Result, Sys } from '../../proc/program.ts';
import { call } from '../../proc/syscalls.ts';
import type { NetChange } from '../../net/state.ts';
import type { NetworkConfig } from './leases.ts';
import { glog, type Lease } from './memory.ts';

export interface LinkSeen { name: string; kind: string; mac: string; mtu: number; up: boolean; addrs?: readonly { ip: string; prefix: number }[]; vxlan?: { id: number; dstport: number; local: string | null; dev: string | null } | null }

const change = (what: NetChange): Sys<Result<Json>> => call('netChange', { change: what });
const errorOf = (got: Result<unknown>): string => (got.ok ? '' : strerror(got.errno).toLowerCase());

export function* links(): Sys<LinkSeen[]> {
  const got = yield* call('netRead', { what: { kind: 'links' } });
  return got.ok ? (got.value as unknown as LinkSeen[]) : [];
}

/** Vxlan adds so much to each packet. */
export const OVERHEAD = 50;

export type Made = { ok: true; name: string; mac: string } | { ok: false; error: string };

/** The device, made or, when it is there and fits, kept. */
export function* ensureDevice(config: NetworkConfig, parent: { name: string; mtu: number; address: string }): Sys<Made> {
  const name = `flannel.${config.vni}`;
  const dstport = config.port || 8472;
  const found = (yield* links()).find((link) => link.name === name);
  const fits = found?.kind === 'vxlan' && found.vxlan?.id === config.vni && found.vxlan.dstport === dstport && found.vxlan.local === parent.address;
  if (found && fits) return { ok: true, name, mac: found.mac };
  if (found) yield* change({ kind: 'linkDel', dev: name });
  const made = yield* change({ kind: 'linkAdd', name, type: 'vxlan', mtu: parent.mtu - OVERHEAD, vxlan: { id: config.vni, dstport, local: parent.address, dev: parent.name, learning: false } });
  if (!made.ok) return { ok: false, error: `failed to create vxlan interface: ${errorOf(made)}` };
  const mac = (yield* links()).find((link) => link.name === name)?.mac ?? '';
  return { ok: true, name, mac };
}

/** A /32 address, and up. */
export function* configureDevice(name: string, ip: string): Sys<string | null> {
  const device = (yield* links()).find((link) => link.name === name);
  for (const address of device?.addrs ?? []) if (address.ip !== ip) yield* change({ kind: 'addrDel', dev: name, ip: address.ip, prefix: address.prefix });
  const added = yield* change({ kind: 'addrAdd', dev: name, ip, prefix: 32, replace: true });
  if (!added.ok && added.errno !== 'EEXIST') return `failed to configure interface ${name}: failed to ensure address of interface ${name}: ${errorOf(added)}`;
  const up = yield* change({ kind: 'linkSet', dev: name, up: true });
  return up.ok ? null : `failed to configure interface ${name}: failed to set interface ${name} to UP state: ${errorOf(up)}`;
}

const routeOf = (device: string, subnet: string): Extract<NetChange, { kind: 'route' }>['route'] => {
  const [dst, prefix] = subnet.split('/') as [string, string];
  return { dst, prefix: Number(prefix), via: dst, dev: device, onlink: true };
};

export function* addPeer(pid: number, device: string, lease: Lease): Sys<void> {
  const gateway = lease.subnet.split('/')[0]!;
  if (lease.type !== 'vxlan') {
    yield* glog('W', pid, 'vxlan_network.go:92', `ignoring non-vxlan subnet(${lease.subnet}): type=${lease.type}`);
    return;
  }
  yield* glog('I', pid, 'vxlan_network.go:138', `adding subnet: ${lease.subnet} PublicIP: ${lease.publicIp} VtepMAC: ${lease.mac}`);
  const arp = yield* change({ kind: 'neigh', mode: 'replace', dev: device, ip: gateway, mac: lease.mac, state: 'PERMANENT' });
  if (!arp.ok) {
    yield* glog('E', pid, 'vxlan_network.go:140', `AddARP failed: ${errorOf(arp)}`);
    return;
  }
  const fdb = yield* change({ kind: 'fdb', mode: 'replace', dev: device, mac: lease.mac, dst: lease.publicIp, state: 'permanent' });
  if (!fdb.ok) {
    yield* glog('E', pid, 'vxlan_network.go:145', `AddFDB failed: ${errorOf(fdb)}`);
    yield* change({ kind: 'neigh', mode: 'del', dev: device, ip: gateway });
    return;
  }
  const route = yield* change({ kind: 'route', mode: 'replace', route: routeOf(device, lease.subnet) });
  if (route.ok) return;
  yield* glog('E', pid, 'vxlan_network.go:158', `failed to add vxlanRoute (${lease.subnet} -> ${gateway}): ${errorOf(route)}`);
  yield* change({ kind: 'neigh', mode: 'del', dev: device, ip: gateway });
  yield* change({ kind: 'fdb', mode: 'del', dev: device, mac: lease.mac, dst: lease.publicIp });
}

export function* removePeer(pid: number, device: string, lease: Lease): Sys<void> {
  const gateway = lease.subnet.split('/')[0]!;
  yield* glog('I', pid, 'vxlan_network.go:178', `removing subnet: ${lease.subnet} PublicIP: ${lease.publicIp} VtepMAC: ${lease.mac}`);
  const arp = yield* change({ kind: 'neigh', mode: 'del', dev: device, ip: gateway });
  if (!arp.ok) yield* glog('E', pid, 'vxlan_network.go:182', `DelARP failed: ${errorOf(arp)}`);
  const fdb = yield* change({ kind: 'fdb', mode: 'del', dev: device, mac: lease.mac, dst: lease.publicIp });
  if (!fdb.ok) yield* glog('E', pid, 'vxlan_network.go:186', `DelFDB failed: ${errorOf(fdb)}`);
  const route = yield* change({ kind: 'route', mode: 'del', route: routeOf(device, lease.subnet) });
  if (!route.ok) yield* glog('E', pid, 'vxlan_network.go:190', `failed to delete vxlanRoute (${lease.subnet} -> ${gateway}): ${errorOf(route)}`);
}

interface Rule { table: string; chain: string; spec: readonly string[] }

export const masqueradeRules = (network: string, subnet: string): Rule[] => [
  ['-s', network, '-d', network, '-j', 'RETURN'], ['-s', network, '!', '-d', '224.0.0.0/4', '-j', 'MASQUERADE'], ['!', '-s', network, '-d', subnet, '-j', 'RETURN'], ['!', '-s', network, '-d', network, '-j', 'MASQUERADE'],
].map((spec) => ({ table: 'nat', chain: 'POSTROUTING', spec }));

export const forwardRules = (network: string): Rule[] =>
  [['-s', network, '-j', 'ACCEPT'], ['-d', network, '-j', 'ACCEPT']].map((spec) => ({ table: 'filter', chain: 'FORWARD', spec }));

function* iptables(flag: '-C' | '-A' | '-D', rule: Rule): Sys<{ exit: number; stderr: string }> {
  const got = yield* change({ kind: 'iptables', args: ['-t', rule.table, flag, rule.chain, ...rule.spec, '--wait'] });
  return got.ok ? (got.value as unknown as { exit: number; stderr: string }) : { exit: 4, stderr: errorOf(got) };
}

/** If one of the rules is missing, all are made anew: their order counts. */
export function* ensureRules(pid: number, rules: readonly Rule[]): Sys<void> {
  let missing = false;
  for (const rule of rules) missing ||= (yield* iptables('-C', rule)).exit !== 0;
  if (!missing) return;
  yield* glog('I', pid, 'iptables.go:115', 'Some iptables rules are missing; deleting and recreating rules');
  for (const rule of rules) {
    yield* glog('I', pid, 'iptables.go:137', `Deleting iptables rule: ${rule.spec.join(' ')}`);
    yield* iptables('-D', rule);
  }
  for (const rule of rules) {
    yield* glog('I', pid, 'iptables.go:125', `Adding iptables rule: ${rule.spec.join(' ')}`);
    const added = yield* iptables('-A', rule);
    if (added.exit === 0) continue;
    yield* glog('E', pid, 'iptables.go:97', `Failed to ensure iptables rules: Error setting up rules: failed to insert IPTables rule: running [/sbin/iptables -t ${rule.table} -A ${rule.chain} ${rule.spec.join(' ')} --wait]: exit status ${added.exit}: ${added.stderr}`);
    return;
  }
}
