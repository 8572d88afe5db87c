/**
 * A pod's network, as the CNI plugins flannel, bridge and host-local make it: the bridge cni0 with the
 * subnet that flanneld wrote down, a veth pair, an address kept as a file. CNI 0.7, flannel 0.10.
 */
import type { Sys } from '../../proc/program.ts';
import { call } from '../../proc/syscalls.ts';
import type { LinkView, NetChange } from '../../net/state.ts';

const BRIDGE = 'cni0';
const ENV = '/run/flannel/subnet.env';
const LEASES = '/var/lib/cni/networks/k8s-pod-network';

/** An errno, or null. */
function* change(what: NetChange, netns?: string): Sys<string | null> {
  const got = yield* call('netChange', { change: what, ...(netns ? { netns } : {}) });
  return got.ok ? (typeof got.value === 'string' ? got.value : null) : got.errno;
}

interface Subnet { readonly gateway: string; readonly base: string; readonly bits: number; readonly mtu: number }

function* subnet(): Sys<Subnet | null> {
  const file = yield* call('readFile', { path: ENV });
  const m = file.ok ? /^FLANNEL_SUBNET=(\d+\.\d+\.\d+)\.(\d+)\/(\d+)$/m.exec(file.value) : null;
  if (!m) return null;
  const mtu = Number(/^FLANNEL_MTU=(\d+)$/m.exec(file.ok ? file.value : '')?.[1] ?? 1450);
  return { gateway: `${m[1]}.${m[2]}`, base: m[1]!, bits: Number(m[3]), mtu };
}

function* ensureBridge(net: Subnet): Sys<string | null> {
  const links = yield* call('netRead', { what: { kind: 'links' } });
  const bridge = links.ok ? (links.value as unknown as LinkView[]).find((l) => l.name === BRIDGE) : undefined;
  if (!bridge) {
    const made = yield* change({ kind: 'linkAdd', name: BRIDGE, type: 'bridge', mtu: net.mtu, up: true });
    if (made) return `could not add "${BRIDGE}": ${made}`;
  }
  const address = bridge?.addrs.find((a) => a.ip.includes('.'));
  if (address && address.ip !== net.gateway) return `"${BRIDGE}" already has an IP address different from ${net.gateway}/${net.bits}`;
  if (!address) yield* change({ kind: 'addrAdd', dev: BRIDGE, ip: net.gateway, prefix: net.bits });
  if (!bridge?.up) yield* change({ kind: 'linkSet', dev: BRIDGE, up: true });
  yield* call('writeFile', { path: '/proc/sys/net/ipv4/ip_forward', text: '1' });
  return null;
}

/** An address for a pod: the lowest that is free, so that who takes the place of a lone pod gets its address (decisions.md). */
function* allocate(net: Subnet, id: string): Sys<string | null> {
  yield* makeDirs(LEASES);
  const taken = yield* call('readdir', { path: LEASES });
  const names = new Set(taken.ok ? taken.value : []);
  for (let n = 2; n <= 254; n++) {
    const ip = `${net.base}.${n}`;
    if (names.has(ip) || ip === net.gateway) continue;
    yield* call('writeFile', { path: `${LEASES}/${ip}`, text: id });
    yield* call('writeFile', { path: `${LEASES}/last_reserved_ip.0`, text: ip });
    return ip;
  }
  return null;
}

export function* makeDirs(path: string, mode = 0o755): Sys<void> {
  const there = yield* call('mkdir', { path, mode });
  if (there.ok || there.errno !== 'ENOENT') return;
  yield* makeDirs(path.slice(0, path.lastIndexOf('/')), mode);
  yield* call('mkdir', { path, mode });
}

/** Joins a sandbox's namespace to the pod network: its address, or the plugin's complaint. */
export function* setUp(id: string, netns: string): Sys<{ ok: true; ip: string } | { ok: false; error: string }> {
  const net = yield* subnet();
  if (!net) return { ok: false, error: `open ${ENV}: no such file or directory` };
  const fault = yield* ensureBridge(net);
  if (fault) return { ok: false, error: `failed to set bridge addr: ${fault}` };
  const ip = yield* allocate(net, id);
  if (!ip) return { ok: false, error: `failed to allocate for range 0: no IP addresses available in range set: ${net.base}.1-${net.base}.254` };
  const chance = yield* call('random', { below: 0x1_0000_0000 });
  const host = `veth${(chance.ok ? chance.value : 0).toString(16).padStart(8, '0')}`;
  const mac = `0a:58:${ip.split('.').map((part) => Number(part).toString(16).padStart(2, '0')).join(':')}`;
  const made = yield* change({ kind: 'linkAdd', name: host, type: 'veth', mtu: net.mtu, up: true, master: BRIDGE, peer: 'eth0', peerNs: netns, peerMac: mac });
  if (made) {
    yield* release(ip);
    return { ok: false, error: `failed to make veth pair: ${made}` };
  }
  yield* change({ kind: 'linkSet', dev: host, hairpin: true });
  yield* change({ kind: 'linkSet', dev: 'eth0', mtu: net.mtu, up: true }, netns);
  yield* change({ kind: 'addrAdd', dev: 'eth0', ip, prefix: net.bits }, netns);
  yield* change({ kind: 'route', mode: 'add', route: { dst: '0.0.0.0', prefix: 0, via: net.gateway, dev: 'eth0' } }, netns);
  return { ok: true, ip };
}

function* release(ip: string): Sys<void> {
  yield* call('unlink', { path: `${LEASES}/${ip}` });
}

/** Gives the sandbox's address back; the pair of links goes with the namespace. */
export function* tearDown(id: string): Sys<void> {
  const list = yield* call('readdir', { path: LEASES });
  for (const name of list.ok ? list.value : []) {
    if (!/^\d/.test(name)) continue;
    const owner = yield* call('readFile', { path: `${LEASES}/${name}` });
    if (owner.ok && owner.value === id) yield* release(name);
  }
}

/** The address that a sandbox has, from its own namespace. */
export function* addressIn(netns: string): Sys<string | null> {
  const links = yield* call('netRead', { what: { kind: 'links' }, netns });
  const eth0 = links.ok ? (links.value as unknown as LinkView[]).find((l) => l.name === 'eth0') : undefined;
  return eth0?.addrs.find((a) => a.ip.includes('.'))?.ip ?? null;
}

/** Why pods cannot have a network yet: no plugin is configured, or flannel has no subnet; null: they can. */
export function* networkFault(cniDir: string): Sys<string | null> {
  const conf = yield* call('readdir', { path: cniDir });
  return conf.ok && conf.value.some((n) => /\.(conf|conflist|json)$/.test(n)) ? null : 'cni config uninitialized';
}

