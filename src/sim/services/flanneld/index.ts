/**
 * flanneld 0.10.0 (Gravity's): leases this node a subnet of the pod network in etcd, builds the overlay
 * to the others and keeps following their leases. When etcd is away it complains and leaves the data path
 * as it is.
 */
import { minutes, seconds } from '../../engine/time.ts';
import { err, out } from '../../proc/libc.ts';
import type { Json, Program, Start, Sys } from '../../proc/program.ts';
import { call } from '../../proc/syscalls.ts';
import { goDuration } from '../etcd/calendar.ts';
import { etcdClient } from '../etcd/client.ts';
import { addPeer, configureDevice, ensureDevice, ensureRules, forwardRules, type LinkSeen, links, masqueradeRules, OVERHEAD, removePeer } from './datapath.ts';
import { acquire, listLeases, networkConfig, type NetworkConfig, nextChange, renew } from './leases.ts';
import { getFlannel, glog, type Lease, realNow, setFlannel } from './memory.ts';
import { type Options, options } from './options.ts';

interface External { name: string; mtu: number; address: string; publicIp: string }

/** The interface that carries the overlay: named, by address, or that of the default route. */
function* external(o: Options, pid: number): Sys<External | null> {
  const all = yield* links();
  const addresses = (link: LinkSeen): readonly { ip: string }[] => link.addrs ?? [];
  let found: LinkSeen | undefined;
  let address: string | undefined;
  for (const wanted of o.iface) {
    const isIp = /^[\d.]+$/.test(wanted);
    if (isIp) yield* glog('I', pid, 'main.go:439', `Searching for interface using ${wanted}`);
    found = all.find((link) => (isIp ? addresses(link).some(({ ip }) => ip === wanted) : link.name === wanted));
    if (found) { address = isIp ? wanted : addresses(found)[0]?.ip; break; }
    yield* glog('I', pid, 'main.go:208', `Could not find valid interface matching ${wanted}: error looking up interface ${wanted}: ${isIp ? 'No interface with given IP found' : 'route ip+net: no such network interface'}`);
  }
  if (!o.iface.length) {
    yield* glog('I', pid, 'main.go:488', 'Determining IP address of default interface');
    const route = yield* call('netRead', { what: { kind: 'routeGet', dst: '8.8.8.8' } });
    const dev = route.ok && typeof route.value === 'object' ? (route.value as { dev?: string }).dev : undefined;
    found = all.find((link) => link.name === dev);
    address = found && addresses(found)[0]?.ip;
  }
  if (!found || address === undefined) {
    yield* glog('E', pid, 'main.go:234', o.iface.length ? 'Failed to find interface to use that matches the interfaces and/or regexes provided' : 'Failed to find any valid interface to use: failed to get default interface: Unable to find default route');
    return null;
  }
  yield* glog('I', pid, 'main.go:516', `Using interface with name ${found.name} and address ${address}`);
  yield* glog('I', pid, 'main.go:533', o.publicIp ? `Using ${o.publicIp} as external address` : `Defaulting external address to interface address (${address})`);
  return { name: found.name, mtu: found.mtu, address, publicIp: o.publicIp || address };
}

/** The subnet of the last run, from the file it left. */
function* previousSubnet(path: string): Sys<string | null> {
  const text = yield* call('readFile', { path });
  const m = text.ok ? /^FLANNEL_SUBNET=(\d+\.\d+\.\d+)\.(\d+)\/(\d+)$/m.exec(text.value) : null;
  return m ? `${m[1]}.${Number(m[2]) - 1}/${m[3]}` : null;
}

function* main(start: Start): Sys<number> {
  if (start.mem !== null) return yield* live();
  const o = options(start.argv.slice(1).flatMap((word) => (/^-v \d/.test(word) ? word.split(' ') : [word])), start.env);
  if ('text' in o) {
    yield* (o.status === 0 ? out : err)(o.text);
    return o.status;
  }
  const { pid } = start;
  const ext = yield* external(o, pid);
  if (!ext) return 1;
  const client = yield* etcdClient(o.endpoints, { certFile: o.certFile, caFile: o.caFile });
  if (o.caFile) yield* err('warning: ignoring ServerName for user-provided CA for backwards compatibility is deprecated\n');
  const previous = yield* previousSubnet(o.subnetFile);
  yield* glog('I', pid, 'main.go:250', `Created subnet manager: Etcd Local Manager with Previous Subnet: ${previous ?? 'None'}`);
  yield* glog('I', pid, 'main.go:253', 'Installing signal handlers');
  let config: NetworkConfig | null = null;
  while (!config) {
    const got = yield* networkConfig(client, o.prefix);
    if (got.ok) { config = got.config; break; }
    yield* glog('E', pid, 'main.go:349', `Couldn't fetch network config: ${got.error}`);
    yield* call('sleep', { us: seconds(1) });
    yield* out('timed out\n');
    if (yield* longEnough()) yield* call('become', { mem: null });
  }
  yield* glog('I', pid, 'main.go:375', `Found network config - Backend type: ${config.type}`);
  if (config.type !== 'vxlan') {
    yield* glog('E', pid, 'main.go:280', `Error fetching backend: unknown backend type: ${config.type}`);
    return 1;
  }
  const registered = yield* register(config, ext, pid, { client, prefix: o.prefix, previous });
  if (typeof registered === 'string') {
    yield* glog('E', pid, 'main.go:289', `Error registering network: ${registered}`);
    return 1;
  }
  const { lease, device } = registered;
  yield* setFlannel({ options: o, client, network: config.network, lease, device, mtu: ext.mtu - OVERHEAD, pid, peers: {} });
  yield* writeSubnetFile(o, config.network, lease.subnet, ext.mtu - OVERHEAD, pid);
  yield* call('become', { mem: 'live' });
  return 0;
}

/** Whether a loop without end has run a while and had better start afresh. */
function* longEnough(): Sys<boolean> {
  const got = yield* call('memGet', { key: 'turns' });
  const turns = (got.ok && typeof got.value === 'number' ? got.value : 0) + 1;
  yield* call('memSet', { key: 'turns', value: turns });
  return turns % 200 === 0;
}

function* register(config: NetworkConfig, ext: External, pid: number, at: { client: Parameters<typeof acquire>[0]['client']; prefix: string; previous: string | null }): Sys<{ lease: Lease; device: string } | string> {
  yield* glog('I', pid, 'vxlan.go:120', `VXLAN config: VNI=${config.vni} Port=${config.port} GBP=${config.gbp} DirectRouting=${config.directRouting}`);
  const device = yield* ensureDevice(config, ext);
  if (!device.ok) return device.error;
  const got = yield* acquire({ ...at, config, publicIp: ext.publicIp, mac: device.mac, pid });
  if (!got.ok) return `failed to acquire lease: ${got.error}`;
  const bad = yield* configureDevice(device.name, got.lease.subnet.split('/')[0]!);
  return bad ?? { lease: got.lease, device: device.name };
}

function* writeSubnetFile(o: Options, network: string, subnet: string, mtu: number, pid: number): Sys<void> {
  const first = subnet.replace(/\.(\d+)\//, (_, last: string) => `.${Number(last) + 1}/`);
  const dir = o.subnetFile.slice(0, o.subnetFile.lastIndexOf('/')) || '/';
  const parts = dir.split('/').filter(Boolean);
  for (let n = 1; n <= parts.length; n++) yield* call('mkdir', { path: `/${parts.slice(0, n).join('/')}`, mode: 0o755 });
  const temporary = `${dir}/.${o.subnetFile.slice(dir.length + 1)}`;
  const wrote = yield* call('writeFile', { path: temporary, text: `FLANNEL_NETWORK=${network}\nFLANNEL_SUBNET=${first}\nFLANNEL_MTU=${mtu}\nFLANNEL_IPMASQ=${o.ipMasq}\n`, mode: 0o644 });
  const moved = wrote.ok ? yield* call('rename', { from: temporary, to: o.subnetFile }) : wrote;
  if (!moved.ok) yield* glog('W', pid, 'main.go:312', `Failed to write subnet file: open ${temporary}: permission denied`);
  else yield* glog('I', pid, 'main.go:315', `Wrote subnet file to ${o.subnetFile}`);
}

function* live(): Sys<number> {
  const { pid, options: o, lease } = yield* getFlannel();
  yield* glog('I', pid, 'main.go:325', 'Finished starting backend.');
  yield* glog('I', pid, 'main.go:326', 'Running backend.');
  yield* call('onSignal', { signal: 'TERM', entry: 'stop' });
  yield* call('onSignal', { signal: 'INT', entry: 'stop' });
  yield* call('thread', { entry: 'rules', event: null });
  yield* glog('I', pid, 'vxlan_network.go:60', 'watching for new subnet leases');
  yield* call('thread', { entry: 'watch', event: { index: null } });
  yield* call('notify', { ready: true });
  if (o.healthzPort > 0) yield* call('listen', { proto: 'tcp', addr: o.healthzIp, port: o.healthzPort, entry: 'healthz' });
  if (lease.expires !== null) {
    const wait = lease.expires - minutes(o.renewMarginMinutes) - (yield* realNow());
    yield* glog('I', pid, 'main.go:418', `Waiting for ${goDuration(wait)} to renew lease`);
    yield* call('timer', { name: 'renew', entry: 'renew', afterUs: Math.max(1, wait) });
  }
  const end = yield* call('park', { channel: 'exit' });
  return end.ok ? Number(end.value) : 1;
}

/** Rules are looked after every five seconds, which only matters when somebody has touched something. */
function* onRules(): Sys<void> {
  const { pid, options: o, network, lease } = yield* getFlannel();
  if (o.ipMasq) yield* ensureRules(pid, masqueradeRules(network, lease.subnet));
  yield* ensureRules(pid, forwardRules(network));
  yield* call('timer', { name: 'rules', entry: 'rules', afterUs: seconds(5), everyUs: seconds(5), quiet: true });
}

/** Follows all leases: first what there is, then each change. A failure is told each second. */
function* onWatch(start: Start): Sys<void> {
  let { index } = (start.mem ?? start.event) as { index: number | null };
  for (let turn = 0; turn < 50; turn++) {
    const { client, options: o, pid } = yield* getFlannel();
    if (index === null) {
      const listed = yield* listLeases(client, o.prefix);
      if (!listed.ok) {
        yield* complain(pid, listed.error);
        continue;
      }
      ({ index } = listed);
      yield* reset(listed.leases);
      continue;
    }
    const got = yield* nextChange(client, o.prefix, index);
    if (!got.ok) {
      if (got.cleared) index = null;
      else yield* complain(pid, got.error);
      continue;
    }
    ({ index } = got);
    if (got.added) yield* take(got.added);
    if (got.removed) yield* drop(got.removed);
  }
  yield* call('become', { mem: { index } });
}

function* complain(pid: number, error: string): Sys<void> {
  yield* glog('E', pid, 'watch.go:43', `Watch subnets: ${error}`);
  yield* call('sleep', { us: seconds(1) });
}

/** Brings the data path in line with all leases. */
function* reset(leases: readonly Lease[]): Sys<void> {
  const { peers, lease: own } = yield* getFlannel();
  for (const lease of leases) if (lease.subnet !== own.subnet && !peers[lease.subnet]) yield* take(lease);
  for (const subnet of Object.keys(peers)) if (!leases.some((lease) => lease.subnet === subnet)) yield* drop(subnet);
}

function* take(lease: Lease): Sys<void> {
  const { pid, device, lease: own } = yield* getFlannel();
  if (lease.subnet === own.subnet) {
    const now = yield* getFlannel();
    yield* setFlannel({ ...now, lease: { ...own, expires: lease.expires } });
    return;
  }
  yield* addPeer(pid, device, lease);
  const now = yield* getFlannel();
  yield* setFlannel({ ...now, peers: { ...now.peers, [lease.subnet]: lease } });
}

function* drop(subnet: string): Sys<void> {
  const { pid, device, lease: own, peers } = yield* getFlannel();
  if (subnet === own.subnet) {
    yield* glog('E', pid, 'main.go:423', 'Lease has been revoked. Shutting down daemon.');
    yield* call('unpark', { channel: 'exit', value: 0 });
    return;
  }
  const lease = peers[subnet];
  if (!lease) return;
  yield* removePeer(pid, device, lease);
  const now = yield* getFlannel();
  const { [subnet]: _gone, ...rest } = now.peers;
  yield* setFlannel({ ...now, peers: rest });
}

function* onRenew(): Sys<void> {
  const { client, options: o, lease, pid } = yield* getFlannel();
  const got = yield* renew(client, o.prefix, lease);
  if (!got.ok) {
    yield* glog('E', pid, 'main.go:404', `Error renewing lease (trying again in 1 min): ${got.error}`);
    yield* call('timer', { name: 'renew', entry: 'renew', afterUs: minutes(1) });
    return;
  }
  const now = yield* getFlannel();
  yield* setFlannel({ ...now, lease: got.lease });
  const wait = got.lease.expires! - minutes(o.renewMarginMinutes) - (yield* realNow());
  yield* glog('I', pid, 'main.go:409', `Lease renewed, new expiration: ${goDuration(wait)}`);
  yield* call('timer', { name: 'renew', entry: 'renew', afterUs: Math.max(1, wait) });
}

function* onStop(): Sys<void> {
  const { pid } = yield* getFlannel();
  for (const [where, text] of [['main.go:337', 'shutdownHandler sent cancel signal...'], ['main.go:430', 'Stopped monitoring lease'], ['main.go:328', 'Waiting for all goroutines to exit'], ['main.go:331', 'Exiting cleanly...']] as const) yield* glog('I', pid, where, text);
  yield* call('unpark', { channel: 'exit', value: 0 });
}

function* onHealthz(fd: number): Sys<void> {
  const got = yield* call('recv', { fd });
  if (got.ok && got.value) yield* call('send', { fd, data: { status: 200, headers: { 'Content-Type': 'text/plain; charset=utf-8' }, body: 'flanneld is running' } as unknown as Json });
  yield* call('close', { fd });
}

export const flanneld: Program = {
  name: 'flanneld',
  main,
  entries: { rules: onRules, watch: onWatch, renew: onRenew, stop: onStop, healthz: (start) => onHealthz((start.event as { fd: number }).fd) },
};

export const programs: Program[] = [flanneld];
