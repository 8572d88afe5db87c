import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { asNews, hear, type Member, type Members, type News } from '../../src/sim/services/serf/members.ts';
import { nodeStatus, systemStatus, unknownNode, type MemberStatus } from '../../src/sim/services/planet-agent/status.ts';
import { failureText } from '../../src/sim/probes/index.ts';
import { humanBytes } from '../../src/sim/probes/node.ts';

const member = (name: string, incarnation = 1): Member => ({ name, addr: `${name}:7496`, tags: {}, status: 'alive', suspect: false, incarnation });
const listen = (members: Members, own: string, news: readonly News[]): Members => news.reduce((all, one) => hear(all, own, one).members, members);

describe('serf\'s members', () => {
  it('suspects, then buries, and takes back whoever returns with a later incarnation', () => {
    const start: Members = { a: member('a'), b: member('b') };
    const suspect = hear(start, 'a', { type: 'suspect', name: 'b', incarnation: 1 });
    expect(suspect.suspected).toBe('b');
    expect(suspect.members['b']!.status).toBe('alive');
    const dead = hear(suspect.members, 'a', { type: 'dead', name: 'b', incarnation: 1 });
    expect(dead.events).toEqual(['EventMemberFailed: b b']);
    expect(dead.members['b']!.status).toBe('failed');
    expect(hear(dead.members, 'a', { type: 'alive', member: member('b', 1) }).tell).toEqual([]);
    expect(hear(dead.members, 'a', { type: 'alive', member: member('b', 2) }).events).toEqual(['EventMemberJoin: b b']);
  });

  it('refutes its own death', () => {
    const heard = hear({ a: member('a', 7) }, 'a', { type: 'dead', name: 'a', incarnation: 7 });
    expect(heard.members['a']).toMatchObject({ status: 'alive', incarnation: 8 });
    expect(heard.tell).toHaveLength(1);
  });

  it('after a partition a full exchange makes both see each other again', () => {
    const a: Members = { a: member('a'), b: { ...member('b'), status: 'failed' } };
    const b: Members = { b: member('b'), a: { ...member('a'), status: 'failed' } };
    const bAfter = listen(b, 'b', asNews(a));
    const aAfter = listen(a, 'a', asNews(bAfter));
    expect(aAfter['b']!.status).toBe('alive');
    expect(listen(bAfter, 'b', asNews(aAfter))['a']!.status).toBe('alive');
  });

  it('the order of news does not decide what is believed of the living', () => {
    const news: News[] = [
      { type: 'suspect', name: 'b', incarnation: 1 }, { type: 'dead', name: 'b', incarnation: 1 }, { type: 'alive', member: member('b', 2) },
    ];
    fc.assert(fc.property(fc.shuffledSubarray(news, { minLength: 3 }), (shuffled) => {
      expect(listen({ a: member('a'), b: member('b') }, 'a', shuffled)['b']!).toMatchObject({ status: 'alive', incarnation: 2, suspect: false });
    }));
  });
});

describe('satellite', () => {
  const alive = (name: string, role = 'master'): MemberStatus => ({ name, addr: '', status: 'alive', tags: { role, publicip: name } });
  const good = (name: string) => nodeStatus(alive(name), [{ checker: 'x', status: 'running' }]);

  it('is running only when all are', () => {
    expect(systemStatus([good('a'), good('b')], [], 't').status).toBe('running');
    expect(systemStatus([good('a'), nodeStatus(alive('b'), [{ checker: 'x', status: 'failed' }])], [], 't').status).toBe('degraded');
    expect(systemStatus([good('a'), unknownNode({ ...alive('b'), status: 'failed' })], [], 't').status).toBe('degraded');
    expect(systemStatus([good('a'), unknownNode(alive('b'))], ['b'], 't').summary).toBe('no status received from nodes (b,)');
    expect(systemStatus([nodeStatus(alive('c', 'node'), [])], [], 't').summary).toBe('master node unavailable');
  });

  it('prints findings as gravity status does', () => {
    expect(failureText({ checker: 'ip-forward', detail: 'off', status: 'failed' })).toBe('off ()');
    expect(failureText({ checker: 'docker', status: 'failed', error: 'healthz check failed: x' })).toBe('docker (healthz check failed: x)');
    expect(failureText({ checker: 'systemd', detail: 'etcd.service', error: 'failed', status: 'failed' })).toBe('etcd.service (failed)');
    expect(failureText({ checker: 'disk-space', detail: 'full', error: 'x', status: 'failed' })).toBe('full');
    expect([humanBytes(3_200_000_000), humanBytes(21_400_000_000), humanBytes(999), humanBytes(5)]).toEqual(['3.2 GB', '21 GB', '999 B', '5 B']);
  });
});
