/**
 * A laboratory for Kubernetes' programs: up to three machines on one switch with etcd and the services as
 * plain processes of their root, no Planet and no systemd. Requests come from a process of the world.
 */
import { emptyPages } from '../../src/sim/engine/pages.ts';
import { emptyLog } from '../../src/sim/engine/chunked.ts';
import { EPOCH_MS, seconds, type Us } from '../../src/sim/engine/time.ts';
import { secretFiles } from '../../src/sim/gravity/layout/certificates.ts';
import { bridgeAddress, NOSTALGIC } from '../../src/sim/gravity/topology.ts';
import type { Tree } from '../../src/sim/host/fs.ts';
import { debianTree, makeFs } from '../../src/sim/host/images/index.ts';
import { KERNEL_DEFAULTS } from '../../src/sim/host/sysctl.ts';
import { allocatePid } from '../../src/sim/kernel/pids.ts';
import { blankProc } from '../../src/sim/kernel/process.ts';
import { ready } from '../../src/sim/kernel/waiting.ts';
import { enter } from '../../src/sim/kernel/table.ts';
import { Machine } from '../../src/sim/kernel/run.ts';
import { api, apiConfig } from '../../src/sim/kube/client.ts';
import { addAddress, addLink, addRoutes, bringUp, freshNs, plainAddress } from '../../src/sim/net/namespace.ts';
import { TABLE, type Route } from '../../src/sim/net/state.ts';
import type { Json, Program } from '../../src/sim/proc/program.ts';
import { call } from '../../src/sim/proc/syscalls.ts';
import { programs as apiserver } from '../../src/sim/services/apiserver/index.ts';
import { programs as apps } from '../../src/sim/services/apps/index.ts';
import { programs as controllers } from '../../src/sim/services/controllers/index.ts';
import { programs as docker } from '../../src/sim/services/docker/index.ts';
import { IMAGES } from '../../src/sim/services/docker/images/index.ts';
import { programs as etcd } from '../../src/sim/services/etcd/index.ts';
import { programs as proxy } from '../../src/sim/services/kube-proxy/index.ts';
import { programs as kubelet } from '../../src/sim/services/kubelet/index.ts';
import { programs as registry, STORE, tagPath } from '../../src/sim/services/registry/index.ts';
import { programs as scheduler } from '../../src/sim/services/scheduler/index.ts';
import { images } from '../../src/sim/images.ts';
import { corednsObjects, rbacObjects, type Manifest } from '../../src/sim/gravity/manifests.ts';
import { collectionPath } from '../../src/sim/gravity/cluster-api.ts';
import type { Host, World } from '../../src/sim/world.ts';

export const NODES = [
  { name: 'node-1', address: '192.168.121.232', mac: '52:54:00:8a:4c:e8', pods: '10.244.59.0/24' },
  { name: 'node-2', address: '192.168.121.198', mac: '52:54:00:1f:73:c6', pods: '10.244.84.0/24' },
  { name: 'node-3', address: '192.168.121.217', mac: '52:54:00:d5:0b:d9', pods: '10.244.21.0/24' },
];

/** pid 1: reaps what ends. */
const init: Program = {
  name: 'lab-init',
  *main() {
    yield* call('onChild', { entry: 'child' });
    yield* call('serve', {});
    return 0;
  },
  entries: { *child() { /* the kernel has reaped it */ } },
};

interface Ask { kubeconfig: string; method: string; path: string; body?: Json; type?: string; accept?: string; out: string }
/** One request to the API; the answer goes to a file. */
const asker: Program = {
  name: 'lab-ask',
  *main(start) {
    const ask = start.mem as unknown as Ask;
    const config = yield* apiConfig(ask.kubeconfig, 'lab');
    let answer: Json = null;
    if (config.ok) {
      const got = yield* api(config.value, ask.method, ask.path, { ...(ask.body === undefined ? {} : { body: ask.body }), ...(ask.type ? { type: ask.type } : {}), ...(ask.accept ? { accept: ask.accept } : {}) });
      answer = (got.ok ? { status: got.status, body: got.body } : { status: got.status, body: got.failure, error: got.error }) as unknown as Json;
    }
    yield* call('writeFile', { path: ask.out, text: JSON.stringify(answer) });
    return 0;
  },
};

const kubeconfig = (user: string): string => `apiVersion: v1\nkind: Config\nclusters:\n- name: default\n  cluster:\n    certificate-authority: /var/state/root.cert\n    server: https://leader.telekube.local:6443\nusers:\n- name: default\n  user:\n    client-certificate: /var/state/${user}.cert\n    client-key: /var/state/${user}.key\n`;

function nodeTree(node: (typeof NODES)[number], programs: readonly Program[]): Tree {
  const server = NOSTALGIC.servers.find((s) => s.name === node.name)!;
  const tree: Record<string, Tree[string]> = {};
  for (const [name, text] of Object.entries(secretFiles(NOSTALGIC, server))) tree[`/var/state/${name}`] = { text };
  for (const user of ['kubectl', 'kubelet', 'proxy', 'scheduler', 'controller-manager']) tree[`/etc/kubernetes/${user}.kubeconfig`] = { text: kubeconfig(user) };
  for (const program of programs) tree[`/usr/bin/${program.name}`] = { program: program.name };
  return {
    ...tree, '/etc/hosts': `127.0.0.1 localhost\n${NODES[0]!.address} leader.telekube.local registry.local\n${NODES.map((n) => `${n.address} ${n.name}\n`).join('')}`,
    '/etc/hostname': `${node.name}\n`, '/etc/resolv.conf': 'nameserver 192.168.121.1\n', '/tmp/lab': { dir: true },
    '/run/flannel/subnet.env': `FLANNEL_NETWORK=10.244.0.0/16\nFLANNEL_SUBNET=${bridgeAddress(node.pods)}/24\nFLANNEL_MTU=1450\nFLANNEL_IPMASQ=true\n`,
    '/etc/kubernetes/audit-policy.yaml': 'apiVersion: audit.k8s.io/v1\nkind: Policy\nrules:\n- level: Request\n  resources:\n  - group: ""\n    resources: ["events"]\n- level: None\n',
    '/var/log/apiserver': { dir: true }, '/ext/etcd': { dir: true }, '/ext/docker': { dir: true }, '/etc/machine-id': `${'0123456789abcdef'.repeat(2)}\n`,
    '/etc/kubernetes/cni/net.d/10-flannel.conf': '{ "name": "k8s-pod-network", "type": "flannel" }\n',
    ...Object.fromEntries(IMAGES.map((i) => [tagPath(STORE, i.name, i.tag), 'sha256:0\n'])),
  };
}

function makeHost(node: (typeof NODES)[number], nodes: typeof NODES, programs: readonly Program[]): Host {
  const ns = freshNs('host', false);
  bringUp(ns, 'lo');
  addLink(ns, { name: 'eth0', kind: 'ether', mac: node.mac, cable: true });
  bringUp(ns, 'eth0');
  addAddress(ns, 'eth0', plainAddress(node.address, 24, 'eth0', '192.168.121.255'));
  // Pods of other machines go by plain routes: the overlay is another room.
  addRoutes(ns, nodes.filter((n) => n !== node).map((n): Route => ({ table: TABLE.main, type: 'unicast', dst: n.pods.split('/')[0]!, prefix: 24, via: n.address, dev: 'eth0', src: null, scope: 'global', proto: 'static', metric: 0, onlink: false, mtu: null })));
  ns.sysctl = { ...ns.sysctl, 'net.ipv4.ip_forward': '1' };
  const fs = makeFs('lab', EPOCH_MS * 1000, debianTree, nodeTree(node, programs));
  return {
    name: node.name, address: node.address, up: true, gen: 0, bootAt: 0, bootId: 'b'.repeat(32), machineId: 'a'.repeat(32), kernel: '3.10.0-957.el7.x86_64',
    clock: { offset: 0, setAt: 0, driftPpm: 0 }, hostname: node.name, modules: { overlay: { refs: 0, params: '' }, br_netfilter: { refs: 0, params: '' } }, moduleOrder: ['br_netfilter', 'overlay'], sysctl: { ...KERNEL_DEFAULTS }, dmesg: emptyLog(),
    memory: { totalKb: 8_008_888 }, disk: { sizeKb: 40 * 1024 * 1024, fsyncUs: 2_000, ballastKb: 9 * 1024 * 1024, writtenBytes: 0 },
    fs: { host: fs },
    roots: { host: { id: 'host', hostname: node.name, mounts: [{ target: '/', fs: 'host', base: '/', source: '/dev/vda1', type: 'xfs', options: 'rw', readonly: false }, { target: '/proc', fs: '', base: '/', source: 'proc', type: 'proc', options: 'rw', readonly: false }], pidns: 'host', nextPid: 0, netns: 'host', labels: {} } },
    ns: { host: ns }, procs: emptyPages(), nextPid: 300, ofds: {}, pipes: {}, freeOfds: [], freePipes: [], waiters: {}, collected: {}, journals: { host: emptyLog() },
  } as unknown as Host;
}

const SERVICES: readonly Program[] = [...etcd, ...apiserver, ...controllers, ...scheduler, ...kubelet, ...proxy, ...docker, ...registry, ...apps];

export class Lab {
  readonly machine: Machine;
  readonly nodes: typeof NODES;
  private asked = 0;

  constructor(count = 1, seed = 1, more: readonly Program[] = []) {
    this.nodes = NODES.slice(0, count);
    const all = [init, asker, ...SERVICES, ...more];
    const world: World = {
      now: 0, seq: 0, queue: [], seed, rng: {}, hosts: {}, ttys: {}, ready: [], disturbance: 0,
      wire: { cables: Object.fromEntries(this.nodes.map((n) => [n.name, { host: n.name, dev: 'eth0', up: true, latencyUs: 150, lossPercent: 0 }])), cut: {}, eaten: {}, gateway: { address: '192.168.121.1', latencyUs: 300, forwards: false } },
      ids: { packet: 0, ofd: 0, socket: 0, pipe: 0, inode: 0 },
    };
    for (const node of this.nodes) world.hosts[node.name] = makeHost(node, this.nodes, all);
    this.machine = new Machine(world, Object.fromEntries(all.map((p) => [p.name, p])), images);
    for (const node of this.nodes) {
      const host = this.machine.host(node.name);
      const pid1 = blankProc(host, 1, { program: 'lab-init', comm: 'systemd', exe: '/sbin/init', argv: ['/sbin/init'] });
      enter(host, pid1);
      ready(this.machine, host, pid1);
    }
    this.machine.drain();
  }

  /** Starts a program on a node as a child of pid 1. Its output goes to the host's journal. */
  start(node: string, argv: readonly string[], mem: Json = null): number {
    const host = this.machine.host(node);
    const pid = allocatePid(host);
    const name = argv[0]!.split('/').pop()!;
    const proc = blankProc(host, pid, { ppid: 1, program: name, comm: name.slice(0, 15), exe: `/usr/bin/${name}`, argv, env: { PATH: '/usr/bin:/bin' }, mem, unit: `${name}.service`, startedAt: this.machine.world.now });
    enter(host, proc);
    const journal = ++this.machine.world.ids.ofd;
    host.ofds[journal] = { refs: 2, id: journal, kind: 'journal', root: 'host', ident: name, unit: `${name}.service`, partial: '', priority: 6 };
    proc.fds[1] = journal;
    proc.fds[2] = journal;
    ready(this.machine, host, proc);
    this.machine.drain();
    return pid;
  }

  get now(): Us { return this.machine.world.now; }

  /** Runs until `done` or for so many seconds; whether it was done. */
  until(done: () => boolean, limitSeconds: number): boolean {
    const end = this.now + seconds(limitSeconds);
    while (!done()) {
      if (this.now > end || !this.machine.step()) return done();
    }
    return true;
  }
  advance(s: number): void {
    const end = this.now + seconds(s);
    this.until(() => this.now >= end, s);
  }

  journal(node: string, ident?: string): string[] {
    const log = this.machine.world.hosts[node]!.journals['host']!;
    return log.chunks.flat().filter((e) => !ident || e.ident === ident).map((e) => e.message);
  }

  file(node: string, path: string): string | null {
    const fs = this.machine.world.hosts[node]!.fs['host']!;
    let inode = fs.inodes[0];
    for (const part of path.split('/').filter(Boolean)) {
      if (inode?.type !== 'dir') return null;
      inode = fs.inodes[inode.entries[part] ?? -1];
    }
    return inode?.type === 'file' ? String((inode as { data: unknown }).data) : null;
  }

  /** One API request from node-1. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  ask(method: string, path: string, body?: unknown, o: { user?: string; type?: string; accept?: string } = {}): { status: number; body: any; error?: string } {
    const out = `/tmp/lab/${++this.asked}`;
    this.start('node-1', ['/usr/bin/lab-ask'], { kubeconfig: `/etc/kubernetes/${o.user ?? 'kubectl'}.kubeconfig`, method, path, ...(body === undefined ? {} : { body: body as Json }), ...(o.type ? { type: o.type } : {}), ...(o.accept ? { accept: o.accept } : {}), out });
    this.until(() => this.file('node-1', out) !== null, 120);
    return JSON.parse(this.file('node-1', out) ?? 'null') as { status: number; body: unknown };
  }

  startEtcd(): void {
    const cluster = this.nodes.map((n) => `${n.name}=https://${n.address}:2380`).join(',');
    for (const node of this.nodes) {
      this.start(node.name, ['/usr/bin/etcd', `--name=${node.name}`, '--data-dir=/ext/etcd', `--initial-advertise-peer-urls=https://${node.address}:2380`, `--advertise-client-urls=https://${node.address}:2379`,
        '--listen-client-urls=https://0.0.0.0:2379', `--listen-peer-urls=https://${node.address}:2380`, '--cert-file=/var/state/etcd.cert', '--key-file=/var/state/etcd.key', '--trusted-ca-file=/var/state/root.cert', '--client-cert-auth',
        '--peer-cert-file=/var/state/etcd.cert', '--peer-key-file=/var/state/etcd.key', '--peer-trusted-ca-file=/var/state/root.cert', '--peer-client-cert-auth=true', `--initial-cluster=${cluster}`, '--initial-cluster-state=new', '--initial-cluster-token=lab']);
    }
  }

  startApi(node = 'node-1'): void {
    const { address } = NODES.find((n) => n.name === node)!;
    this.start(node, ['/usr/bin/kube-apiserver', '--insecure-port=0', '--allow-privileged=true', '--service-cluster-ip-range=10.100.0.0/16', '--etcd-servers=https://127.0.0.1:2379', '--etcd-cafile=/var/state/root.cert', '--etcd-certfile=/var/state/etcd.cert', '--etcd-keyfile=/var/state/etcd.key',
      '--secure-port=6443', `--bind-address=${address}`, `--advertise-address=${address}`, '--client-ca-file=/var/state/root.cert', '--tls-cert-file=/var/state/apiserver.cert', '--tls-private-key-file=/var/state/apiserver.key', '--service-account-key-file=/var/state/apiserver.key',
      '--kubelet-certificate-authority=/var/state/root.cert', '--kubelet-client-certificate=/var/state/apiserver.cert', '--kubelet-client-key=/var/state/apiserver.key', '--anonymous-auth=false', '--authorization-mode=Node,RBAC', '--event-ttl=24h0m0s',
      '--enable-admission-plugins=NamespaceLifecycle,LimitRanger,ServiceAccount,ResourceQuota,AlwaysPullImages,PodSecurityPolicy,NodeRestriction', '--audit-log-path=/var/log/apiserver/audit.log', '--audit-policy-file=/etc/kubernetes/audit-policy.yaml']);
  }

  /** Creates objects as an operator would; throws at the first refusal. */
  apply(objects: readonly Manifest[]): void {
    for (const object of objects) {
      const got = this.ask('POST', collectionPath(object), object);
      if (got.status >= 300 && got.status !== 409) throw new Error(`${object.kind} ${object.metadata.name}: ${JSON.stringify(got)}`);
    }
  }

  startControllers(node = 'node-1'): void {
    this.start(node, ['/usr/bin/kube-controller-manager', '--service-account-private-key-file=/var/state/apiserver.key', '--root-ca-file=/var/state/root.cert', '--kubeconfig=/etc/kubernetes/controller-manager.kubeconfig']);
    this.start(node, ['/usr/bin/kube-scheduler', '--kubeconfig=/etc/kubernetes/scheduler.kubeconfig']);
  }

  startNode(name: string, dns: readonly string[] = ['10.100.0.10']): void {
    const node = NODES.find((n) => n.name === name)!;
    this.start(name, ['/usr/bin/dockerd', '--graph=/ext/docker']);
    if (name === 'node-1') this.start(name, ['/usr/bin/registry', 'serve', '/etc/docker/registry/config.yml']);
    this.start(name, ['/usr/bin/kubelet', `--hostname-override=${node.address}`, `--node-ip=${node.address}`, ...dns.map((d) => `--cluster-dns=${d}`), '--cluster-domain=cluster.local', '--pod-infra-container-image=leader.telekube.local:5000/gcr.io/google_containers/pause:3.0',
      '--kubeconfig=/etc/kubernetes/kubelet.kubeconfig', '--network-plugin=cni', '--cni-conf-dir=/etc/kubernetes/cni/net.d', '--tls-cert-file=/var/state/kubelet.cert', '--client-ca-file=/var/state/root.cert', '--authorization-mode=Webhook',
      '--eviction-hard=nodefs.available<5%,imagefs.available<5%', `--node-labels=gravitational.io/advertise-ip=${node.address},gravitational.io/k8s-role=master,role=node`]);
    this.start(name, ['/usr/bin/kube-proxy', '--cluster-cidr=10.244.0.0/16', `--hostname-override=${node.address}`, '--conntrack-max=0', '--kubeconfig=/etc/kubernetes/proxy.kubeconfig', '--proxy-mode=iptables']);
  }

  /** A cluster with everything in it; throws when it does not come up. */
  static cluster(count = 1, seed = 1, more: readonly Program[] = []): Lab {
    const lab = new Lab(count, seed, more);
    lab.startEtcd();
    lab.advance(8);
    lab.startApi();
    lab.advance(4);
    lab.apply(rbacObjects(NOSTALGIC));
    lab.startControllers();
    for (const node of lab.nodes) lab.startNode(node.name);
    lab.advance(15);
    lab.apply(corednsObjects(NOSTALGIC));
    return lab;
  }

  /** The cells of `kubectl get`. */
  rows(path: string): string[] {
    const got = this.ask('GET', path, undefined, { accept: 'application/json;as=Table;v=v1beta1;g=meta.k8s.io, application/json' });
    return (got.body.rows as { cells: unknown[] }[]).map((r) => r.cells.join(' '));
  }
}
