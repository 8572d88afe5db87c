/** Nodes leave and come: a regular one is removed, uninstalled by the cluster, and joins again as a second master. */
import { describe, expect, it } from 'vitest';
import { freshWorld } from '../support/world.ts';
import { advance, root, type } from './support.ts';

const TOKEN = '45b56f472e71';

describe('members of a cluster', { timeout: 120_000 }, () => {
  it('are removed, cleaned and joined', () => {
    const world = freshWorld('one-master');
    expect(type(world, 'node-1', 'sudo gravity remove node-1 --confirm')).toContain('[ERROR]: cannot remove the last master server');
    expect(type(world, 'node-1', 'sudo gravity remove node-9')).toContain('could not find server matching [node-9] among registered cluster nodes');
    expect(type(world, 'node-1', 'sudo gravity remove node-3 --confirm')).toMatch(/^launched operation "[0-9a-f-]{36}", use 'gravity status' to poll its progress/);
    advance(world, 12);
    expect(type(world, 'node-1', 'gravity status')).toMatch(/operation_shrink[\s\S]*, \d+% complete/);
    advance(world, 120);
    expect(type(world, 'node-1', 'gravity status')).not.toContain('node-3');
    expect(root(world, 'node-1', 'kubectl get nodes')).not.toContain('192.168.121.217');
    expect(type(world, 'node-3', 'ls /var/lib/gravity')).toContain('No such file or directory');

    type(world, 'node-3', `curl -ks -H "Authorization: Bearer ${TOKEN}" https://192.168.121.232:3009/portal/v1/gravity -o gravity && chmod +x gravity`);
    expect(type(world, 'node-3', 'sudo ./gravity join 192.168.121.232 --token=wrong')).toContain('[ERROR]: bad username or password');
    type(world, 'node-3', `sudo ./gravity join 192.168.121.232 --token=${TOKEN}`, 20);
    world.keys('node-3', '\x03', 2);
    expect(type(world, 'node-1', 'sudo gravity remove node-2 --confirm')).toContain('[ERROR]: the cluster is expanding');
    expect(type(world, 'node-3', 'sudo ./gravity plan')).toMatch(/→ pull .* In Progress/);
    expect(type(world, 'node-3', 'sudo ./gravity plan resume')).toContain('[ERROR]: failed to execute phase "/pull"');
    expect(type(world, 'node-3', 'sudo ./gravity plan execute --phase=/pull --force')).toMatch(/Executing join phase "\/pull" finished in/);
    expect(type(world, 'node-3', 'sudo ./gravity plan resume')).toMatch(/Executing "\/startAgent" locally\n[\s\S]*Executing "\/elect" locally\n.* Executing join phase "\/" finished in/);
    expect(root(world, 'node-1', 'test -s /var/lib/gravity/site/update/etcd.bak && gravity plan')).toMatch(/✓ etcdBackup [\s\S]*✓ elect /);
    expect(type(world, 'node-3', `sudo ./gravity join 192.168.121.232 --token=${TOKEN}`)).toContain('[ERROR]: detected previous installation state in /var/lib/gravity/local');
    advance(world, 70);
    expect(type(world, 'node-1', 'gravity status')).toMatch(/^Cluster status: active\n[\s\S]*Masters:[\s\S]*node-3[\s\S]*healthy[\s\S]*Nodes:[\s\S]*node-2/);
    expect(root(world, 'node-1', 'gravity exec etcdctl cluster-health').match(/is healthy: got/g)).toHaveLength(2);
  });
});
