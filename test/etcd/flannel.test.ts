/** flanneld on three machines with etcd: leases, the overlay, and what stays when etcd goes. */
import { describe, expect, it } from 'vitest';
import { seconds } from '../../src/sim/engine/time.ts';
import { call } from '../../src/sim/proc/syscalls.ts';
import { etcdV2, type EtcdClient } from '../../src/sim/services/etcd/client.ts';
import { programs as etcd } from '../../src/sim/services/etcd/index.ts';
import { programs as flannel } from '../../src/sim/services/flanneld/index.ts';
import { ADDRESS, Lab, NODES } from './lab.ts';

const url = (node: string, port: number): string => `http://${ADDRESS[node]}:${port}`;
const local: EtcdClient = { endpoints: ['http://127.0.0.1:2379'], cert: null, trust: null };

describe('flanneld', () => {
  it('leases subnets, joins the nodes, and keeps the data path without etcd', () => {
    const lab = new Lab(Object.fromEntries([...etcd, ...flannel].map((program) => [program.name, program])));
    const members: Record<string, number> = {};
    for (const n of NODES) members[n] = lab.launch(n, 'etcd', ['/usr/bin/etcd', `--name=${n}`, '--data-dir=/var/etcd', `--initial-advertise-peer-urls=${url(n, 2380)}`, `--advertise-client-urls=${url(n, 2379)}`, '--listen-client-urls=http://0.0.0.0:2379', `--listen-peer-urls=${url(n, 2380)}`, `--initial-cluster=${NODES.map((m) => `${m}=${url(m, 2380)}`).join(',')}`]);
    lab.run(seconds(6));
    lab.do('n1', () => etcdV2(local, 'PUT', '/coreos.com/network/config', {}, '{"Network":"10.244.0.0/16", "Backend": {"Type": "vxlan", "Port": 8472}}'));
    for (const n of NODES) lab.launch(n, 'flanneld', ['/usr/bin/flanneld', '-v 2', '--ip-masq=true', '--etcd-endpoints', 'http://127.0.0.1:2379', `--iface=${ADDRESS[n]}`]);
    lab.run(seconds(10));
    const read = (node: string, kind: 'routes' | 'fdb' | 'neigh'): unknown[] => lab.do(node, () => call('netRead', { what: { kind } })) as unknown as unknown[];
    const routes = (node: string): string[] => (read(node, 'routes') as unknown as { value: { dst: string; dev: string; prefix: number }[] }).value.filter(({ dev, prefix }) => dev === 'flannel.1' && prefix === 24).map(({ dst }) => dst);
    for (const n of NODES) expect(routes(n)).toHaveLength(2);
    const env = lab.do('n2', () => call('readFile', { path: '/run/flannel/subnet.env' }));
    expect(env.ok && env.value).toMatch(/^FLANNEL_NETWORK=10\.244\.0\.0\/16\nFLANNEL_SUBNET=10\.244\.\d+\.1\/24\nFLANNEL_MTU=1450\nFLANNEL_IPMASQ=true\n$/);
    const saved = lab.do('n1', () => call('netRead', { what: { kind: 'iptables-save', table: 'nat' } }));
    expect(saved.ok && String(saved.value)).toMatch(/-A POSTROUTING -s 10\.244\.0\.0\/16 -d 10\.244\.0\.0\/16 -j RETURN/);
    const log = lab.do('n1', () => call('processes', {}));
    expect(log.ok).toBe(true);
    for (const n of NODES) lab.kill(n, members[n]!);
    lab.run(seconds(20));
    for (const n of NODES) expect(routes(n)).toHaveLength(2);
  });
});
