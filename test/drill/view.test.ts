/** What a map shows follows from the world, and says in words what has changed. */
import { describe, expect, it } from 'vitest';
import { changesBetween, viewOf } from '../../src/drill/view.ts';
import { freshWorld } from '../support/world.ts';

describe('the view of a healthy cluster', () => {
  const view = viewOf(freshWorld().sim.world);
  it('has its nodes, each with what runs on it', () => {
    expect(view.nodes.map(({ name, health, ready, up, cable }) => ({ name, health, ready, up, cable }))).toEqual(
      ['node-1', 'node-2', 'node-3'].map((name) => ({ name, health: 'healthy', ready: 'Ready', up: true, cable: true })));
    expect(view.nodes.map(({ etcd }) => etcd).sort()).toEqual(['follower', 'follower', 'leader']);
    expect(view.nodes.filter(({ leads }) => leads).length).toBe(1);
    for (const node of view.nodes) expect(node.units.find(({ name }) => name === 'kube-kubelet')?.active).toBe('active');
  });
  it('has pods on nodes and services with pods behind them', () => {
    expect(view.pods.length).toBeGreaterThan(10);
    // The installer's hooks leave their finished pods, some of a first try that failed, as on a real cluster.
    expect(view.pods.filter(({ well, status }) => !well && status !== 'Error')).toEqual([]);
    expect(view.services.find(({ name }) => name === 'kubernetes')).toMatchObject({ namespace: 'default', ip: '10.100.0.1' });
  });
});

describe('changes', () => {
  it('are none where nothing happened', () => {
    const session = freshWorld();
    const before = viewOf(session.sim.world);
    session.advance(5);
    expect(changesBetween(before, viewOf(session.sim.world))).toEqual([]);
  });
  it('tell what Satellite found, and that etcd went away', () => {
    const session = freshWorld();
    const before = viewOf(session.sim.world);
    session.exec('node-2', 'sudo sysctl -w net.ipv4.ip_forward=0');
    session.exec('node-3', 'sudo gravity exec systemctl stop etcd');
    session.advance(70);
    const said = changesBetween(before, viewOf(session.sim.world));
    expect(said).toContain('Satellite calls node-2 degraded');
    expect(said).toContain('etcd on node-3: stopped');
  });
  it('tell of a node without power', () => {
    const session = freshWorld();
    const before = viewOf(session.sim.world);
    session.fault('node-down', { node: 'node-2' });
    expect(changesBetween(before, viewOf(session.sim.world))).toContain('node-2 lost power');
  });
});
