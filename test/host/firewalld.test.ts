import { describe, expect, it } from 'vitest';
import { perform, type Both } from '../../src/shell/bin/host/firewalld/perform.ts';
import { parseRich, printRich } from '../../src/shell/bin/host/firewalld/rich.ts';
import { restoreAll, restoreChanges, rulesetOf } from '../../src/shell/bin/host/firewalld/rules.ts';
import { BUILT_IN, parseZone, printZone, type Model } from '../../src/shell/bin/host/firewalld/zone.ts';

const model: Model = { defaultZone: 'public', zones: Object.fromEntries(BUILT_IN.map((z) => [z.name, z])), direct: { chains: [], rules: [] }, panic: false };
const both: Both = { runtime: model, permanent: model };

describe('zones', () => {
  it('survive their XML', () => {
    const zone = { ...BUILT_IN[6]!, sources: ['10.0.0.0/8'], ports: ['80/tcp'], rich: ['rule family="ipv4" source address="1.2.3.4" drop'], masquerade: true };
    expect(parseZone('public', printZone(zone))).toEqual(zone);
  });
  it('keep the permanent configuration apart from the running one', () => {
    const done = perform(['--permanent', '--zone=public', '--add-source=192.168.0.0/16'], both, false);
    expect(done.out).toBe('success\n');
    expect(done.both.runtime).toBe(model);
    expect(done.both.permanent.zones['public']!.sources).toEqual(['192.168.0.0/16']);
  });
  it('refuse in firewalld\'s words', () => {
    expect(perform(['--zone=nope', '--list-all'], both, false)).toMatchObject({ err: 'Error: INVALID_ZONE: nope\n', exit: 112 });
    expect(perform(['--remove-source=10.0.0.0/8'], both, false)).toMatchObject({ err: "Error: UNKNOWN_SOURCE: '10.0.0.0/8' is not in any zone\n", exit: 30 });
  });
});

describe('rich rules', () => {
  it('are printed in canonical form', () => {
    const rule = parseRich('rule family=ipv4 source address=172.28.128.102 reject');
    expect(typeof rule === 'string' ? rule : printRich(rule)).toBe('rule family="ipv4" source address="172.28.128.102" reject');
    expect(parseRich('rule bogus')).toBe('unknown element bogus');
  });
});

describe('rules', () => {
  it('look sources up before interfaces and end in a rejection', () => {
    const { filter } = rulesetOf(model) as Record<string, Record<string, string[]>>;
    expect(filter!['INPUT']).toEqual([
      '-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT', '-i lo -j ACCEPT', '-j INPUT_direct', '-j INPUT_ZONES_SOURCE', '-j INPUT_ZONES',
      '-m conntrack --ctstate INVALID -j DROP', '-j REJECT --reject-with icmp-host-prohibited',
    ]);
  });
  it('change only the chains that differ', () => {
    const after = perform(['--add-port=80/tcp'], both, false).both.runtime;
    const { text, commands } = restoreChanges(rulesetOf(model), rulesetOf(after));
    expect(text).toContain(':IN_public_allow - [0:0]');
    expect(text).not.toContain(':INPUT ');
    expect(commands).toEqual([]);
  });
  it('leave nothing when it stops', () => { expect(restoreAll(null)).not.toContain('-A '); });
});
