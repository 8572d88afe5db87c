/**
 * Worlds: the machines of each topology, powered on and left alone until they are what an operator finds.
 * A cluster is not put together here: its disks hold what the installation left, and it boots.
 */
import { emptyPages, entries } from './engine/pages.ts';
import { emptyLog } from './engine/chunked.ts';
import { seconds } from './engine/time.ts';
import type { Cluster } from './gravity/topology.ts';
import { bareTrees, CLUSTERS, clusterTrees } from './gravity/world.ts';
import { allocatePid } from './kernel/pids.ts';
import { blankProc } from './kernel/process.ts';
import { ready } from './kernel/waiting.ts';
import { enter } from './kernel/table.ts';
import { CENTOS_KERNEL, centosTree, firewalldForCluster, firewalldEnabled, makeFs, nodeFiles } from './host/images/index.ts';
import { plant, type Tree } from './host/fs.ts';
import { layLab } from './net/lab.ts';
import { addAddress, addLink, addRoutes, bringUp, freshNs, plainAddress } from './net/namespace.ts';
import { TABLE } from './net/state.ts';
import { images } from './images.ts';
import type { Json, Program } from './proc/program.ts';
import { labTree } from './services/lab/tree.ts';
import { exportedImages } from './services/registry/fill.ts';
import { Simulation } from './simulation.ts';
import type { Host, World } from './world.ts';
import { EPOCH_MS } from './engine/time.ts';
import { drawHex } from './engine/rng.ts';

export type Topology = 'three-masters' | 'one-master' | 'bare' | 'lab';

interface Node { name: string; address: string; mac: string }
interface Plan { nodes: readonly Node[]; roles: Readonly<Record<string, string>>; gateway: string; prefix: number }

const NODES: readonly Node[] = [
  { name: 'node-1', address: '192.168.121.232', mac: '52:54:00:8a:4c:e8' },
  { name: 'node-2', address: '192.168.121.198', mac: '52:54:00:1f:73:c6' },
  { name: 'node-3', address: '192.168.121.217', mac: '52:54:00:d5:0b:d9' },
];
const LAB: readonly Node[] = [1, 2, 3].map((n) => ({ name: `n${n}`, address: `172.28.128.10${n}`, mac: `08:00:27:00:00:1${n}` }));

const SITE = { gateway: '192.168.121.1', prefix: 24 };

export const TOPOLOGIES: Readonly<Record<Topology, Plan>> = {
  'three-masters': { ...SITE, nodes: NODES, roles: { 'node-1': 'master', 'node-2': 'master', 'node-3': 'master' } },
  'one-master': { ...SITE, nodes: NODES, roles: { 'node-1': 'master', 'node-2': 'node', 'node-3': 'node' } },
  bare: { ...SITE, nodes: NODES, roles: { 'node-1': 'host', 'node-2': 'host', 'node-3': 'host' } },
  lab: { nodes: LAB, roles: { n1: 'host', n2: 'host', n3: 'host' }, gateway: '172.28.128.1', prefix: 24 },
};

/** One way between two hosts through the switch, and a disk's flush: a small virtual machine on good hardware. */
const LATENCY_US = 150;
const FSYNC_US = 2_000;
const DISK_KB = 40 * 1024 * 1024;
const BALLAST_KB = 9 * 1024 * 1024;
const MEMORY_KB = 8_008_888;

/** The operating system was installed a day before. */
const AGE_US = seconds(26 * 3600);
/** A host without a cluster has booted by then. */
const BARE_US = seconds(42);
const INSTALL_MAX_US = seconds(1800);
const BOOTSTRAP = 'gravity-bootstrap';
/** Two rounds of satellite, so that what was new has become old. */
const SETTLE_US = seconds(70);

const EPOCH_US = EPOCH_MS * 1000;

function makeHost(world: World, node: Node, plan: Plan, extra: readonly Tree[]): Host {
  const machineId = drawHex(world, `${node.name}/machine-id`, 32);
  const peers = plan.nodes.filter((other) => other.name !== node.name);
  const place = { name: node.name, address: node.address, prefix: plan.prefix, gateway: plan.gateway, machineId, peers };
  const fs = makeFs('centos', EPOCH_US - AGE_US - seconds(3600), centosTree, nodeFiles(place));
  for (const tree of extra) plant(fs, tree, EPOCH_US - AGE_US);
  const ns = freshNs('host', false);
  bringUp(ns, 'lo');
  addLink(ns, { name: 'eth0', kind: 'ether', mac: node.mac, cable: true });
  bringUp(ns, 'eth0');
  addAddress(ns, 'eth0', plainAddress(node.address, plan.prefix, 'eth0', node.address.replace(/\d+$/, '255')));
  addRoutes(ns, [{ table: TABLE.main, type: 'unicast', dst: '0.0.0.0', prefix: 0, via: plan.gateway, dev: 'eth0', src: null, scope: 'global', proto: 'dhcp', metric: 100, onlink: false, mtu: null }]);
  const mount = (target: string, type: string, source: string, options: string) => ({ target, fs: type === 'xfs' ? 'host' : '', base: '/', source, type, options, readonly: false });
  return {
    name: node.name, address: node.address, up: false, gen: 0, bootAt: 0, bootId: '', machineId, kernel: CENTOS_KERNEL,
    clock: { offset: 0, setAt: 0, driftPpm: 0 }, hostname: node.name, modules: {}, moduleOrder: [], sysctl: {}, dmesg: emptyLog(),
    memory: { totalKb: MEMORY_KB }, disk: { sizeKb: DISK_KB, fsyncUs: FSYNC_US, ballastKb: BALLAST_KB, writtenBytes: 0 },
    fs: { host: fs },
    roots: { host: { id: 'host', hostname: node.name, mounts: [mount('/', 'xfs', '/dev/sda1', 'rw,relatime,seclabel,attr2,inode64,noquota'), mount('/proc', 'proc', 'proc', 'rw,nosuid,nodev,noexec,relatime'), mount('/sys', 'sysfs', 'sysfs', 'rw,nosuid,nodev,noexec,relatime,seclabel')], pidns: 'host', nextPid: 0, netns: 'host', labels: {} } },
    ns: { host: ns }, procs: emptyPages(), nextPid: 300, ofds: {}, pipes: {}, freeOfds: [], freePipes: [], waiters: {}, collected: {}, journals: { host: emptyLog() },
  };
}

function emptyWorld(seed: number, plan: Plan): World {
  return {
    now: 0, seq: 0, queue: [], seed, rng: {}, hosts: {}, ttys: {}, ready: [], disturbance: 0,
    wire: { cables: Object.fromEntries(plan.nodes.map((n) => [n.name, { host: n.name, dev: 'eth0', up: true, latencyUs: LATENCY_US, lossPercent: 0 }])), cut: {}, eaten: {}, gateway: { address: plan.gateway, latencyUs: 300, forwards: false } },
    ids: { packet: 0, ofd: 0, socket: 0, pipe: 0, inode: 0 },
  };
}

/** A booted world of this topology. Equal arguments give equal worlds. */
export function createCluster(topology: Topology, seed: number, programs: Readonly<Record<string, Program>>): World {
  const plan = TOPOLOGIES[topology];
  const world = emptyWorld(seed, plan);
  const cluster = topology === 'three-masters' || topology === 'one-master' ? CLUSTERS[topology] : null;
  for (const node of plan.nodes) {
    const extra: Tree[] = cluster ? [firewalldEnabled, firewalldForCluster, ...clusterTrees(cluster, node.name), exportedImages(cluster.release)] : topology === 'bare' ? bareTrees() : [labTree(node.name)];
    world.hosts[node.name] = makeHost(world, node, plan, extra);
  }
  if (topology === 'lab') layLab(world);
  const sim = new Simulation(world, programs, images);
  for (const { name } of plan.nodes) sim.machine.schedule(0, { kind: 'power', host: name, to: 'on', gen: 0 });
  if (!cluster) { sim.advance(BARE_US); return sim.snapshot(); }
  install(sim, cluster);
  while (!isHealthy(sim.world, cluster)) {
    if (sim.now > INSTALL_MAX_US) throw new Error(`the cluster does not come up (${topology}, seed ${seed})`);
    sim.advance(seconds(1));
  }
  sim.advance(SETTLE_US);
  return sim.snapshot();
}

/** Lets the machines boot until Planet runs on the first master, then ends the installation from there. */
function install(sim: Simulation, cluster: Cluster): void {
  const { machine } = sim;
  const first = cluster.servers[0]!.name;
  sim.runUntil(INSTALL_MAX_US, (world) => world.hosts[first]!.roots['planet'] !== undefined);
  const host = machine.host(first);
  const pid = allocatePid(host);
  enter(host, blankProc(host, pid, {
    ppid: 1, program: BOOTSTRAP, comm: 'gravity', argv: ['/usr/bin/gravity', 'install'], env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' },
    mem: cluster as unknown as Json, startedAt: machine.world.now,
  }));
  ready(machine, host, machine.proc(host, pid)!);
}

/** The installation has ended, and every node's agent says of every node that it is well. */
const isHealthy = (world: World, cluster: Cluster): boolean => {
  const first = world.hosts[cluster.servers[0]!.name]!;
  if (entries(first.procs).some((proc) => proc.program === BOOTSTRAP && !proc.exit)) return false;
  return cluster.servers.every((server) => {
    const agent = entries(world.hosts[server.name]!.procs).find((proc) => proc.program === 'planet' && proc.threadOf === null && proc.argv[1] === 'agent' && !proc.exit);
    const system = agent?.memory['system'] as unknown as { status?: string; nodes?: readonly unknown[] } | undefined;
    return system?.status === 'running' && system.nodes?.length === cluster.servers.length;
  });
};
