/** An upgrade by hand on a cluster that something happens to: what it says, and that it goes on after the repair. */
import { beforeAll, describe, expect, it } from 'vitest';
import type { Session } from '../../src/firedrill.ts';
import { freshWorld } from '../support/world.ts';
import { advance, root, type } from './support.ts';

const EXECUTE = 'sudo ./gravity plan execute --phase=';
const onNode2 = `${EXECUTE}/bootstrap/node-2`;
const FINISHED = /finished in \d+ seconds/;

let initialized: Session;
beforeAll(() => {
  initialized = freshWorld();
  type(initialized, 'node-1', 'cd ~/upgrade');
  type(initialized, 'node-1', 'sudo ./gravity upgrade --manual');
  expect(type(initialized, 'node-1', `${EXECUTE}/init`)).toMatch(FINISHED);
});

/** The world after /init, with a terminal on node-1 in the upgrade's folder. */
function begun(): Session {
  const world = initialized.fork();
  type(world, 'node-1:2', 'cd ~/upgrade');
  return world;
}
const on1 = (world: Session, line: string, wait?: number): string => type(world, 'node-1:2', line, wait);

describe('an upgrade by hand', { timeout: 120_000 }, () => {
  it('is stopped by clocks that differ and by a full disk, before anything is changed', () => {
    const world = begun();
    root(world, 'node-2', 'date -s "+5 seconds"');
    root(world, 'node-3', 'fallocate -l $(df -B1 --output=avail / | tail -1) /var/lib/fill');
    const said = on1(world, `${EXECUTE}/checks`);
    expect(said).toMatch(/\[ERROR\]: The following pre-flight checks failed: .*servers node-1 and node-2 clocks are out of sync: \d+ms/);
    expect(said).toMatch(/node-3: failed to measure disk performance: dd: error writing '\/var\/lib\/gravity\/testfile': No space left on device/);
    expect(on1(world, `${EXECUTE}/bootstrap/node-3`)).toContain('[ERROR]: write /var/lib/gravity/site/update/gravity.db: no space left on device');
    root(world, 'node-2', 'date -s "-5 seconds"');
    root(world, 'node-3', 'rm /var/lib/fill');
    advance(world, 20);
    expect(on1(world, `${EXECUTE}/checks`)).toMatch(FINISHED);
    expect(on1(world, `${EXECUTE}/bootstrap/node-3`)).toMatch(FINISHED);
  });

  it('stops at an immutable folder of another node', () => {
    const world = begun();
    const folder = '/var/lib/gravity/local/packages/unpacked/gravitational.io/planet';
    root(world, 'node-2', `chattr +i ${folder}`);
    expect(on1(world, onNode2)).toContain(`[ERROR]: mkdir ${folder}/6.0.1-11401: permission denied`);
    const plan = on1(world, 'sudo ./gravity plan');
    expect(plan).toMatch(/ × node-2 Bootstrap node "node-2" Failed/);
    expect(plan).toContain(`The /bootstrap/node-2 phase ("Bootstrap node \\"node-2\\"") has failed\n mkdir ${folder}/6.0.1-11401: permission denied\n`);
    root(world, 'node-2', `chattr -i ${folder}`);
    expect(on1(world, onNode2)).toMatch(FINISHED);
  });

  it('needs agents, which may be brought again', () => {
    const world = begun();
    on1(world, 'sudo ./gravity agent shutdown');
    expect(on1(world, onNode2)).toContain('[ERROR]: no agent is running on node node-2/192.168.121.198, please execute phase "/bootstrap/node-2" locally on that node');
    on1(world, 'sudo ./gravity agent deploy');
    root(world, 'node-2', 'rm -r /var/lib/gravity/site/update/agent');
    expect(on1(world, onNode2)).toContain('[ERROR]: fork/exec /var/lib/gravity/site/update/agent/gravity: no such file or directory');
    on1(world, 'sudo ./gravity agent deploy');
    expect(on1(world, onNode2)).toMatch(FINISHED);
  });

  it('leaves another node its phase when it is interrupted, and notices when that node is lost', () => {
    const world = begun();
    on1(world, onNode2, 10);
    expect(world.keys('node-1:2', '\x03', 2)).toMatchObject({ state: 'prompt', exit: 130 });
    expect(on1(world, 'sudo ./gravity plan')).toMatch(/→ node-2 Bootstrap node "node-2" In Progress/);
    advance(world, 20);
    expect(on1(world, 'sudo ./gravity plan')).toMatch(/✓ node-2 Bootstrap node "node-2" Completed/);
    on1(world, `${EXECUTE}/bootstrap/node-3`, 10);
    world.exec('node-3', 'poweroff -f', { user: 'root', wait: 5 });
    expect(world.keys('node-1:2', '', 60).output).toContain('[ERROR]: rpc error: code = Unavailable desc = transport is closing');
    expect(on1(world, 'sudo ./gravity plan')).toMatch(/→ bootstrap [\s\S]*✓ node-2 [\s\S]*→ node-3 /);
  });

  it('needs the controller and its packages', () => {
    const world = begun();
    expect(on1(world, 'sudo ./gravity plan rollback --phase=/init')).toMatch(FINISHED);
    expect(on1(world, `${EXECUTE}/bootstrap/node-1 --force`)).toContain('[ERROR]: package(nostalgicbell4909/planet-config-192168121232nostalgicbell4909:6.0.1-11401) not found');
    expect(on1(world, 'sudo ./gravity plan -o json | head -3')).toMatch(/^\{\n "operation_id": "[0-9a-f-]{36}",\n "operation_type": "operation_update",/);
  });
});
