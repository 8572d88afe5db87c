import { describe, expect, it } from 'vitest';
import { gunzipSync, gzipSync } from 'fflate';
import { parsePlanetFlags, planetConfig, planetFlags } from '../../src/sim/gravity/layout/planet-config.ts';
import { planetFiles } from '../../src/sim/gravity/layout/planet-files.ts';
import { certificates, secretFiles } from '../../src/sim/gravity/layout/certificates.ts';
import { hostTree } from '../../src/sim/gravity/layout/host.ts';
import { installLog } from '../../src/sim/gravity/layout/logs.ts';
import { planetUnit } from '../../src/sim/gravity/layout/units.ts';
import { NOSTALGIC, ONE_MASTER } from '../../src/sim/gravity/topology.ts';
import { parsePem } from '../../src/sim/proc/certificate.ts';
import { tar } from '../../src/shell/bin/gravity/report.ts';

const [first, second] = NOSTALGIC.servers;
const config = planetConfig(NOSTALGIC, first!);

describe('Planet\'s files', () => {
  it('follow from the flags, and the flags from the package', () => {
    expect(parsePlanetFlags(planetFlags(config))).toEqual(config);
    expect(parsePlanetFlags(['--role=master'])).toBeNull();
  });

  it('take the name servers from the host', () => {
    const files = planetFiles(config, 'search example.com\nnameserver 192.168.121.1\n');
    expect(files['/etc/resolv.conf']).toBe('search svc.cluster.local default.svc.cluster.local kube-system.svc.cluster.local example.com\n'
      + 'nameserver 127.0.0.2\nnameserver 192.168.121.1\noptions ndots:2 timeout:1 attempts:2\n');
    expect(files['/etc/coredns/coredns.conf']).toContain('\n  forward . 192.168.121.1 {\n');
    const later = planetFiles(config, 'nameserver 192.168.121.1\n', { address: '10.244.59.1', clusterDns: '10.100.7.7' });
    expect(later['/etc/resolv.conf']).toContain('nameserver 127.0.0.2\nnameserver 10.244.59.1\nnameserver 192.168.121.1\n');
    expect(later['/etc/coredns/coredns.conf']).toContain('cluster.local:53 {\n  reload\n  bind 10.244.59.1\n  errors\n  forward . 10.100.7.7 {\n');
  });

  it('give a regular node no control plane', () => {
    const worker = planetFiles(planetConfig(ONE_MASTER, ONE_MASTER.servers[1]!), '');
    expect(Object.keys(worker).filter((path) => path.includes('kube-apiserver'))).toEqual([]);
    expect(worker['/lib/systemd/system/etcd.service']).toContain('etcd gateway start');
    expect(worker['/lib/systemd/system/etcd.service']).toContain('--endpoints=192.168.121.232:2379');
  });
});

describe('a node\'s disk', () => {
  it('has certificates of the cluster\'s authority', () => {
    const certs = certificates(NOSTALGIC, second!);
    expect(certs['kubelet']).toMatchObject({ subject: 'system:node:192.168.121.198', ca: 'nostalgicbell4909', organizations: ['system:nodes'] });
    expect(parsePem(secretFiles(NOSTALGIC, second!)['apiserver.cert']!)!.names).toContain('10.100.0.1');
    expect(Object.keys(certificates(ONE_MASTER, ONE_MASTER.servers[2]!))).not.toContain('kubectl');
  });

  it('has what the tools look for', () => {
    const tree = hostTree(NOSTALGIC, first!);
    expect(tree['/usr/bin/kubectl']).toEqual({ to: '/var/lib/gravity/local/packages/unpacked/gravitational.io/planet/6.0.0-11401/rootfs/usr/local/bin/kubectl' });
    expect(tree['/etc/systemd/system/gravity__gravitational.io__planet__6.0.0-11401.service']).toBe(planetUnit(first!.address, NOSTALGIC.name, '6.0.0-11401').text);
    expect(tree['/home/vagrant/upgrade/gravity']).toMatchObject({ text: expect.stringContaining('gravity-6.0.0-beta.1') });
  });

  it('has the log of its installation', () => {
    const lines = installLog(NOSTALGIC, first!).trimEnd().split('\n');
    expect(lines[0]).toBe('Mon Apr 29 18:40:01 UTC [INFO] Operation has been created');
    expect(lines.at(-1)).toBe('Mon Apr 29 18:46:13 UTC [INFO] Operation has completed');
    expect(lines).toContainEqual(expect.stringMatching(/^Mon Apr 29 18:4\d:\d\d UTC \[INFO\] \[node-1\] Executing phase: \/bootstrap\/node-1\.$/));
  });
});

it('report\'s tar can be read back', () => {
  const archive = tar([{ name: 'a.txt', text: 'hello\n' }, { name: 'b', text: 'é'.repeat(300) }], 1_556_563_201_000_000);
  expect(archive.slice(257, 262)).toBe('ustar');
  const size = parseInt(archive.slice(124, 135), 8);
  expect(archive.slice(512, 512 + size)).toBe('hello\n');
  const bytes = Buffer.from(archive);
  expect(bytes.length % 512).toBe(0);
  expect(Buffer.from(gunzipSync(gzipSync(bytes))).equals(bytes)).toBe(true);
  const sum = parseInt(bytes.subarray(148, 154).toString(), 8);
  const header = Buffer.from(bytes.subarray(0, 512));
  header.fill(' ', 148, 156);
  expect(header.reduce((total, byte) => total + byte, 0)).toBe(sum);
});
