/** Installing a cluster on bare machines: failing where the disk says so, found out, repaired, resumed. */
import { describe, expect, it } from 'vitest';
import { freshWorld } from '../support/world.ts';
import { root, type } from './support.ts';

describe('an installation', () => {
  it('fails in the bootstrap for an immutable folder and goes on when it is mended', () => {
    const world = freshWorld('bare');
    type(world, 'node-1', 'sudo mkdir -p /var/lib/gravity/planet; sudo chattr +i /var/lib/gravity/planet; cd ~/installer');
    const failed = type(world, 'node-1', 'sudo ./gravity install', 60);
    expect(failed).toMatch(/^\w{3} \w{3} \d+ \d\d:\d\d:\d\d UTC Operation failure: failed to execute phase "\/bootstrap\/node-1"\n.* UTC Installation failed in [\d.]+s, check \/var\/log\/gravity-install\.log and /m);
    const second = 'node-1:2';
    expect(type(world, second, 'sudo cat /var/log/gravity-install.log')).toMatch(/ UTC \[ERROR\] \[node-1\] Phase execution failed: mkdir \/var\/lib\/gravity\/planet\/state: permission denied\.\n/);
    expect(type(world, second, 'sudo gravity plan')).toMatch(/ × node-1 Bootstrap master node node-1 Failed 192[\s\S]*\n mkdir \/var\/lib\/gravity\/planet\/state: permission denied\n/);
    expect(type(world, second, 'sudo gravity plan execute --phase=/bootstrap/node-1')).toContain('[ERROR]: mkdir /var/lib/gravity/planet/state: permission denied');
    type(world, second, 'sudo chattr -i /var/lib/gravity/planet/');
    expect(type(world, second, 'sudo gravity plan execute --phase=/bootstrap/node-1')).toMatch(/Executing install phase "\/bootstrap\/node-1" finished in 3 seconds/);
    expect(type(world, second, 'sudo gravity plan resume')).toMatch(/Executing install phase "\/" finished in \d+ minutes/);
    expect(type(world, second, 'gravity status')).toMatch(/^Cluster status: active\n/);
    expect(type(world, second, 'kubectl get nodes').match(/ Ready /g)).toHaveLength(1);
    expect(root(world, 'node-1', 'kubectl --kubeconfig /var/lib/gravity/kubectl.kubeconfig get pods -A')).not.toMatch(/ContainerCreating|ErrImage/);
    expect(world.keys('node-1', '\x03', 10)).toMatchObject({ state: 'prompt', exit: 0 });
    expect(type(world, 'node-1', 'sudo ./gravity install')).toContain('[ERROR]: detected previous installation state in /var/lib/gravity/local');
  });
});
