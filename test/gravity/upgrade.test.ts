/** Upgrades as people do them: by hand, interrupted, resumed, rolled back; the cluster is healthy at each end. */
import { describe, expect, it } from 'vitest';
import { freshWorld } from '../support/world.ts';
import { root, type } from './support.ts';

const PHASE = 'sudo ./gravity plan execute --phase=';
const UNDO = 'sudo ./gravity plan rollback --phase=';

function begun(): ReturnType<typeof freshWorld> {
  const world = freshWorld();
  type(world, 'node-1', 'cd ~/upgrade');
  expect(type(world, 'node-1', 'sudo ./gravity upgrade --manual')).toMatch(/^updating telekube from 6.0.0-alpha.1.53 to 6.0.0-beta.1\nDeploying agents on nodes\nThe operation has been created in manual mode\./);
  return world;
}

/** Minutes of a whole cluster: slow on a busy machine. */
const PATIENCE_MS = 300_000;

describe('an upgrade', { timeout: PATIENCE_MS }, () => {
  it('refuses what its plan does not allow yet', () => {
    const world = begun();
    expect(type(world, 'node-1', `${PHASE}/masters`)).toContain('[ERROR]: required phase "/checks" is not completed');
    expect(type(world, 'node-1', `${PHASE}/checks`)).toContain('[ERROR]: required phase "/init" is not completed');
    expect(type(world, 'node-1', `${PHASE}/masters --force`)).toContain('cannot use force with composite phase "/masters"');
    expect(type(world, 'node-1', `${PHASE}/nothing`)).toContain('[ERROR]: phase "/nothing" not found');
    expect(type(world, 'node-1', `${UNDO}/init`)).toContain('phase "/init" hasn\'t been executed yet');
    expect(type(world, 'node-1', 'sudo gravity plan execute --phase=/init')).toContain('should be executed with the gravity binary of version "6.0.0-beta.1"');
    expect(type(world, 'node-1', `${PHASE}/init`)).toMatch(/Executing "\/init" locally\n.* Executing phase "\/init" finished in 4 seconds/);
    expect(type(world, 'node-1', `${PHASE}/init`)).toBe('');
    expect(type(world, 'node-1', 'sudo ./gravity upgrade')).toContain('[ERROR]: failed to create update operation');
  });

  it('runs to its end after an interruption in the middle of a phase', () => {
    const world = begun();
    type(world, 'node-1', 'sudo ./gravity plan resume', 125);
    world.keys('node-1', '\x03', 5);
    expect(type(world, 'node-1', 'gravity status')).toMatch(/^Cluster status: (updating|degraded)/);
    expect(type(world, 'node-1', 'sudo ./gravity plan')).toMatch(/→ system-upgrade .* In Progress/);
    expect(type(world, 'node-1', 'sudo ./gravity plan resume')).toContain('[ERROR]: failed to execute phase "/masters"');
    expect(type(world, 'node-1', `${PHASE}/masters/node-1/system-upgrade`)).toContain('is in progress, use --force flag to force execution');
    expect(type(world, 'node-1', `${PHASE}/masters/node-1/system-upgrade --force`)).toMatch(/finished in \d+ seconds/);
    expect(type(world, 'node-1', 'sudo ./gravity plan resume')).toMatch(/Operation has completed\n.* finished in \d+ minutes/);
    const plan = type(world, 'node-2', 'sudo gravity plan');
    expect(plan).not.toMatch(/Unstarted|Failed|In Progress/);
    expect(type(world, 'node-1', 'gravity status')).toMatch(/^Cluster status: active\nApplication: telekube, version 6.0.0-beta.1\n/);
    expect(root(world, 'node-3', 'systemctl list-unit-files | grep planet')).toMatch(/planet__6\.0\.1-11401\.service\s+enabled/);
    expect(root(world, 'node-1', 'kubectl get nodes').match(/\sReady\s/g)).toHaveLength(3);
    const images = root(world, 'node-1', "kubectl get pods -A -o jsonpath='{range .items[*]}{.spec.containers[0].image}{\"\\n\"}{end}'");
    expect(images.match(/gravity-site:6\.0\.0-beta\.1/g)).toHaveLength(3);
    expect(images).toContain('tiller:v2.13.1');
    expect(images).not.toMatch(/alpha|monitoring-\S+:6\.0\.0/);
  });

  it('can be rolled back out of its masters to a healthy old cluster', () => {
    const world = begun();
    for (const phase of ['/init', '/checks', '/pre-update', '/bootstrap']) expect(type(world, 'node-1', PHASE + phase)).not.toContain('ERROR');
    type(world, 'node-1', `${PHASE}/masters/node-1`, 20);
    world.keys('node-1', '\x03', 5);
    expect(type(world, 'node-3', 'sudo gravity plan')).toMatch(/→ system-upgrade/);
    expect(type(world, 'node-1', `${UNDO}/bootstrap/node-2`)).toContain('rollback phase /bootstrap/node-2 must be run from server node-2');
    type(world, 'node-2', 'cd ~/upgrade');
    type(world, 'node-3', 'cd ~/upgrade');
    const steps: readonly (readonly [string, string])[] = [...['system-upgrade', 'drain', 'stepdown-node-1', 'kubelet-permissions'].map((name) => ['node-1', `/masters/node-1/${name}`] as const),
      ['node-3', '/bootstrap/node-3'], ['node-2', '/bootstrap/node-2'], ['node-1', '/bootstrap/node-1'], ['node-1', '/pre-update'], ['node-1', '/checks'], ['node-1', '/init']];
    for (const [node, phase] of steps) expect(type(world, node, UNDO + phase)).toMatch(new RegExp(`Rolling back phase "${phase}" finished in`));
    expect(type(world, 'node-1', 'sudo ./gravity plan')).not.toMatch(/✓|→/);
    expect(type(world, 'node-1', 'sudo ./gravity plan complete')).toBe('');
    expect(type(world, 'node-1', 'gravity status')).toMatch(/^Cluster status: active\nApplication: telekube, version 6.0.0-alpha.1.53\n[\s\S]*operation_update[\s\S]*failed:/);
    expect(root(world, 'node-1', 'gravity exec etcdctl cluster-health')).toContain('cluster is healthy');
    expect(root(world, 'node-1', 'kubectl get nodes').match(/\sReady\s/g)).toHaveLength(3);
  });
});
