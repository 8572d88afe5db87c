/**
 * Subnet leases in etcd (v2): the network's configuration, taking and renewing this node's subnet, and
 * following everybody's. flannel 0.10's etcdv2 manager.
 */
import { seconds, type Us } from '../../engine/time.ts';
import type { Sys } from '../../proc/program.ts';
import { call } from '../../proc/syscalls.ts';
import type { V2Error, V2Event, V2Node } from '../etcd/api.ts';
import { type EtcdClient, etcdV2, type V2Result } from '../etcd/client.ts';
import { glog, type Lease, realNow } from './memory.ts';

export interface NetworkConfig { network: string; subnetLen: number; min: string; max: string; type: string; vni: number; port: number; gbp: boolean; directRouting: boolean }

const TTL = 24 * 3_600;
/** client/v2's patience with an endpoint. */
const PATIENCE = { headerUs: seconds(5), dialUs: seconds(30) };

/** In the words of the Go that flannel was built with. */
export const words = (error: string): string => error.replace(/connect: /g, 'getsockopt: ').replace(/\n$/, '');
const refused = (got: V2Result): string => {
  if (!got.ok) return words(got.error);
  const error = got.value.body as unknown as V2Error;
  return `${error.errorCode}: ${error.message} (${error.cause}) [${error.index}]`;
};

const number = (ip: string): number => ip.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
const dotted = (n: number): string => [24, 16, 8, 0].map((shift) => Math.floor(n / 2 ** shift) % 256).join('.');

export function* networkConfig(client: EtcdClient, prefix: string): Sys<{ ok: true; config: NetworkConfig } | { ok: false; error: string }> {
  const got = yield* etcdV2(client, 'GET', `${prefix}/config`, { quorum: true }, undefined, PATIENCE);
  if (!got.ok || got.value.status !== 200) return { ok: false, error: refused(got) };
  const text = (got.value.body as unknown as V2Event).node.value ?? '';
  try {
    const raw = JSON.parse(text) as { Network: string; SubnetLen?: number; SubnetMin?: string; SubnetMax?: string; Backend?: { Type?: string; VNI?: number; Port?: number; GBP?: boolean; DirectRouting?: boolean } };
    const m = /^(\d+\.\d+\.\d+\.\d+)\/(\d+)$/.exec(raw.Network)!;
    const size = Number(m[2]);
    const subnetLen = raw.SubnetLen ?? (size < 23 ? 24 : size + 1);
    const step = 2 ** (32 - subnetLen);
    const base = number(m[1]!);
    return { ok: true, config: {
      network: raw.Network, subnetLen, min: raw.SubnetMin ?? dotted(base + step), max: raw.SubnetMax ?? dotted(base + 2 ** (32 - size) - step), type: raw.Backend?.Type ?? 'udp',
      vni: raw.Backend?.VNI ?? 1, port: raw.Backend?.Port ?? 0, gbp: raw.Backend?.GBP ?? false, directRouting: raw.Backend?.DirectRouting ?? false,
    } };
  } catch {
    return { ok: false, error: 'invalid character in network config' };
  }
}

const subnetOfKey = (key: string): string | null => {
  const m = /\/(\d+\.\d+\.\d+\.\d+)-(\d+)$/.exec(key);
  return m ? `${m[1]}/${m[2]}` : null;
};
const keyOf = (prefix: string, subnet: string): string => `${prefix}/subnets/${subnet.replace('/', '-')}`;

function leaseOf(node: V2Node, now: Us): Lease | null {
  const subnet = subnetOfKey(node.key);
  if (!subnet || node.value === undefined) return null;
  try {
    const raw = JSON.parse(node.value) as { PublicIP?: string; BackendType?: string; BackendData?: { VtepMAC?: string } };
    return { subnet, publicIp: raw.PublicIP ?? '', type: raw.BackendType ?? '', mac: raw.BackendData?.VtepMAC ?? '', expires: node.ttl ? now + seconds(node.ttl) : null };
  } catch { return null; }
}

const valueOf = (publicIp: string, mac: string): string => JSON.stringify({ PublicIP: publicIp, BackendType: 'vxlan', BackendData: { VtepMAC: mac } });

/** All leases and the index they are of. */
export function* listLeases(client: EtcdClient, prefix: string): Sys<{ ok: true; leases: Lease[]; index: number } | { ok: false; error: string }> {
  const got = yield* etcdV2(client, 'GET', `${prefix}/subnets`, { recursive: true, quorum: true }, undefined, PATIENCE);
  if (got.ok && got.value.status === 404) return { ok: true, leases: [], index: (got.value.body as unknown as V2Error).index };
  if (!got.ok || got.value.status !== 200) return { ok: false, error: refused(got) };
  const now = yield* realNow();
  const { node } = got.value.body as unknown as V2Event;
  return { ok: true, leases: (node.nodes ?? []).map((each) => leaseOf(each, now)).filter((lease) => lease !== null), index: Number(got.value.headers['X-Etcd-Index'] ?? 0) };
}

function inside(config: NetworkConfig, subnet: string): boolean {
  const [ip, length] = subnet.split('/') as [string, string];
  return Number(length) === config.subnetLen && number(ip) >= number(config.min) && number(ip) <= number(config.max);
}

export interface Wanted { client: EtcdClient; prefix: string; config: NetworkConfig; publicIp: string; mac: string; previous: string | null; pid: number }

/** Takes a subnet for this node: the one it had, or a free one by chance. */
export function* acquire(w: Wanted): Sys<{ ok: true; lease: Lease } | { ok: false; error: string }> {
  for (let tries = 0; tries < 10; tries++) {
    const listed = yield* listLeases(w.client, w.prefix);
    if (!listed.ok) return listed;
    const kept = yield* reusable(w, listed.leases);
    if (kept) return yield* update(w, kept);
    const subnet = yield* choose(w, listed.leases);
    if (subnet === null) return { ok: false, error: 'out of subnets' };
    const made = yield* etcdV2(w.client, 'PUT', keyOf(w.prefix, subnet), { prevExist: false, ttl: TTL }, valueOf(w.publicIp, w.mac), PATIENCE);
    if (made.ok && made.value.status === 412) continue; // somebody was quicker
    if (!made.ok || made.value.status >= 300) return { ok: false, error: refused(made) };
    yield* glog('I', w.pid, 'local_manager.go:220', `Allocated lease (${subnet}) to current node (${w.publicIp}) `);
    return { ok: true, lease: { subnet, publicIp: w.publicIp, mac: w.mac, type: 'vxlan', expires: (yield* realNow()) + seconds(TTL) } };
  }
  return { ok: false, error: 'Max retries reached trying to acquire a subnet' };
}

function* reusable(w: Wanted, leases: readonly Lease[]): Sys<Lease | null> {
  const mine = leases.find((lease) => lease.publicIp === w.publicIp);
  if (mine) {
    const good = inside(w.config, mine.subnet);
    yield* glog('I', w.pid, 'local_manager.go:147', `Found lease (${mine.subnet}) for current IP (${w.publicIp})${good ? ', reusing' : ' but not compatible with current config, deleting'}`);
    if (good) return mine;
    yield* etcdV2(w.client, 'DELETE', keyOf(w.prefix, mine.subnet), {}, undefined, PATIENCE);
  }
  const before = leases.find((lease) => lease.subnet === w.previous);
  if (!before || !inside(w.config, before.subnet)) return null;
  yield* glog('I', w.pid, 'local_manager.go:171', `Found lease (${before.subnet}) matching previously leased subnet, reusing`);
  return before;
}

function* update(w: Wanted, lease: Lease): Sys<{ ok: true; lease: Lease } | { ok: false; error: string }> {
  const ttl = lease.expires === null ? undefined : TTL;
  const got = yield* etcdV2(w.client, 'PUT', keyOf(w.prefix, lease.subnet), { ...(ttl && { ttl }) }, valueOf(w.publicIp, w.mac), PATIENCE);
  if (!got.ok || got.value.status >= 300) return { ok: false, error: refused(got) };
  return { ok: true, lease: { ...lease, publicIp: w.publicIp, mac: w.mac, type: 'vxlan', expires: ttl ? (yield* realNow()) + seconds(ttl) : null } };
}

/** The node's previous subnet if it is free, else one of the first hundred free ones. */
function* choose(w: Wanted, leases: readonly Lease[]): Sys<string | null> {
  if (w.previous && inside(w.config, w.previous)) {
    yield* glog('I', w.pid, 'local_manager.go:194', `Found previously leased subnet (${w.previous}), reusing`);
    return w.previous;
  }
  yield* glog('I', w.pid, 'local_manager.go:234', `Picking subnet in range ${w.config.min} ... ${w.config.max}`);
  const step = 2 ** (32 - w.config.subnetLen);
  const taken = new Set(leases.map((lease) => lease.subnet));
  const bag: string[] = [];
  for (let ip = number(w.config.min); ip <= number(w.config.max) && bag.length < 100; ip += step) {
    const subnet = `${dotted(ip)}/${w.config.subnetLen}`;
    if (!taken.has(subnet)) bag.push(subnet);
  }
  const drawn = yield* call('random', { below: Math.max(1, bag.length) });
  return bag[drawn.ok ? drawn.value : 0] ?? null;
}

export function* renew(client: EtcdClient, prefix: string, lease: Lease): Sys<{ ok: true; lease: Lease } | { ok: false; error: string }> {
  const got = yield* etcdV2(client, 'PUT', keyOf(prefix, lease.subnet), { ttl: TTL }, valueOf(lease.publicIp, lease.mac), PATIENCE);
  if (!got.ok || got.value.status >= 300) return { ok: false, error: refused(got) };
  return { ok: true, lease: { ...lease, expires: (yield* realNow()) + seconds(TTL) } };
}

export type Watched = { ok: true; index: number; added: Lease | null; removed: string | null } | { ok: false; cleared: boolean; error: string };

/** The next change of a lease after `index`. */
export function* nextChange(client: EtcdClient, prefix: string, index: number): Sys<Watched> {
  const got = yield* etcdV2(client, 'GET', `${prefix}/subnets`, { wait: true, recursive: true, waitIndex: index + 1 });
  if (!got.ok) return { ok: false, cleared: false, error: words(got.error) };
  const body = got.value.body as unknown as V2Event & Partial<V2Error>;
  if (body.errorCode !== undefined) return { ok: false, cleared: body.errorCode === 401, error: refused(got) };
  const gone = body.action === 'delete' || body.action === 'expire';
  return { ok: true, index: body.node.modifiedIndex, added: gone ? null : leaseOf(body.node, yield* realNow()), removed: gone ? subnetOfKey(body.node.key) : null };
}
