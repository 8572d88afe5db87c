import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { changePhase, findPhase, isCompleted, leaves, mayExecute, mayRollback, printPlan, stateOf, type PhaseState, type Plan } from '../../src/sim/gravity/plan.ts';
import { expandPlan, installPlan } from '../../src/sim/gravity/plans/install.ts';
import { upgradePlan } from '../../src/sim/gravity/plans/upgrade.ts';
import { NOSTALGIC } from '../../src/sim/gravity/topology.ts';
import { ALPHA, BETA, compareVersions } from '../../src/sim/gravity/versions.ts';

const fixture = (name: string): string => readFileSync(new URL(`./fixtures/${name}`, import.meta.url), 'utf8');
const upgrade = (): Plan => upgradePlan({
  operationId: 'op', cluster: NOSTALGIC.name, servers: NOSTALGIC.servers, lead: 'node-1', from: ALPHA, to: BETA,
});
const complete = (plan: Plan, ...ids: string[]): Plan => ids.reduce((all, id) => {
  const phase = findPhase(all, id)!;
  return leaves([phase]).reduce((one, each) => changePhase(one, each.id, { state: 'completed' }), all);
}, plan);

describe('the tables of gravity plan', () => {
  it('prints the upgrade of three masters', () => {
    expect(printPlan(upgrade())).toBe(fixture('upgrade-plan.txt'));
  });

  it('prints an installation of one node', () => {
    const cluster = { ...NOSTALGIC, servers: NOSTALGIC.servers.slice(0, 1) };
    expect(printPlan(installPlan({ operationId: 'op', cluster }))).toBe(fixture('install-plan.txt'));
  });

  it('prints the join of a third master', () => {
    expect(printPlan(expandPlan({ operationId: 'op', cluster: NOSTALGIC, joining: NOSTALGIC.servers[2]! }))).toBe(fixture('expand-plan.txt'));
  });

  it('adds etcd when its version changes', () => {
    const plan = upgradePlan({
      operationId: 'op', cluster: NOSTALGIC.name, servers: NOSTALGIC.servers, lead: 'node-1', from: { ...ALPHA, etcd: '3.3.11' }, to: BETA,
    });
    const squeeze = (text: string): string[] => text.split('\n').map((line) => line.trim().replace(/ {2,}/g, ' | '));
    const printed = squeeze(printPlan(plan)).join('\n');
    expect(printed).toContain(squeeze(fixture('upgrade-etcd-phases.txt').trimEnd()).join('\n'));
  });

  it('explains a failed leaf in red, after the table', () => {
    const cluster = { ...NOSTALGIC, servers: NOSTALGIC.servers.slice(0, 1) };
    const plan = changePhase(installPlan({ operationId: 'op', cluster }), '/bootstrap/node-1',
      { state: 'failed', error: 'mkdir /var/lib/gravity/planet/state: permission denied' });
    const text = printPlan(plan, (red) => `<${red}>`);
    expect(text).toContain('× bootstrap');
    expect(text).toContain('  × node-1');
    expect(text.endsWith('<The /bootstrap/node-1 phase ("Bootstrap master node node-1") has failed\n'
      + '\tmkdir /var/lib/gravity/planet/state: permission denied\n>')).toBe(true);
  });
});

describe('what may be executed', () => {
  it('wants prerequisites, its own and its ancestors\'', () => {
    expect(mayExecute(upgrade(), '/masters', false)).toEqual({ do: 'refuse', error: 'required phase "/checks" is not completed' });
    expect(mayExecute(upgrade(), '/bootstrap/node-1', false)).toEqual({ do: 'refuse', error: 'required phase "/init" is not completed' });
    expect(mayExecute(complete(upgrade(), '/init'), '/bootstrap/node-1', false).do).toBe('run');
    expect(mayExecute(upgrade(), '/masters/node-1/drain', true).do).toBe('run');
  });

  it('is silent on what is done, and refuses what runs', () => {
    expect(mayExecute(complete(upgrade(), '/init'), '/init', false)).toEqual({ do: 'nothing' });
    expect(mayExecute(complete(upgrade(), '/init'), '/init', true).do).toBe('run');
    const running = changePhase(upgrade(), '/init', { state: 'in_progress' });
    expect(mayExecute(running, '/init', false)).toEqual({ do: 'refuse', error: 'phase "/init" is in progress, use --force flag to force execution' });
  });

  it('knows its ids', () => {
    expect(mayExecute(upgrade(), '/foo', false)).toEqual({ do: 'refuse', error: 'phase "/foo" not found' });
    expect(mayExecute(upgrade(), '', false)).toEqual({ do: 'refuse', error: 'missing PhaseID' });
    expect(mayExecute(upgrade(), '/masters', true)).toEqual({
      do: 'refuse', error: 'cannot use force with composite phase "/masters", please only use --force on a single phase',
    });
    expect(mayRollback(upgrade(), '/', false)).toEqual({ do: 'refuse', error: 'phase "/" not found' });
  });

  it('rolls back anything that has begun', () => {
    expect(mayRollback(upgrade(), '/init', false)).toEqual({ do: 'refuse', error: 'phase "/init" hasn\'t been executed yet' });
    const back = changePhase(upgrade(), '/init', { state: 'rolled_back' });
    expect(mayRollback(back, '/init', false)).toEqual({ do: 'refuse', error: 'phase "/init" has already been rolled back' });
    expect(mayRollback(back, '/init', true).do).toBe('run');
    expect(mayRollback(changePhase(upgrade(), '/init', { state: 'in_progress' }), '/init', false).do).toBe('run');
  });
});

describe('states', () => {
  const states: PhaseState[] = ['unstarted', 'in_progress', 'completed', 'failed', 'rolled_back'];

  it('of a composite follow from its children', () => {
    const ids = leaves(upgrade().phases).filter((phase) => phase.id.startsWith('/bootstrap/')).map((phase) => phase.id);
    fc.assert(fc.property(fc.array(fc.constantFrom(...states), { minLength: 3, maxLength: 3 }), (drawn) => {
      const plan = ids.reduce((all, id, i) => changePhase(all, id, { state: drawn[i]! }), upgrade());
      const state = stateOf(findPhase(plan, '/bootstrap')!);
      if (drawn.every((each) => each === drawn[0])) expect(state).toBe(drawn[0]);
      else expect(state).toBe(drawn.some((each) => each === 'failed' || each === 'rolled_back') ? 'failed' : 'in_progress');
    }));
  });

  it('any order that the rules allow ends in a completed plan', () => {
    fc.assert(fc.property(fc.infiniteStream(fc.nat()), (stream) => {
      let plan = upgrade();
      for (let left = leaves(plan.phases).length; left > 0; left--) {
        const open = leaves(plan.phases).filter((phase) => mayExecute(plan, phase.id, false).do === 'run');
        expect(open.length).toBeGreaterThan(0);
        const pick = open[stream.next().value! % open.length]!;
        plan = changePhase(plan, pick.id, { state: 'completed' });
      }
      expect(isCompleted(plan)).toBe(true);
    }), { numRuns: 30 });
  });
});

describe('versions', () => {
  it('are ordered as semver has it', () => {
    const sorted = ['5.6.8', '6.0.0-alpha.1', '6.0.0-alpha.1.53', '6.0.0-beta.1', '6.0.0', '6.0.1-11401', '6.1.0'];
    for (let i = 1; i < sorted.length; i++) {
      expect(compareVersions(sorted[i - 1]!, sorted[i]!)).toBeLessThan(0);
      expect(compareVersions(sorted[i]!, sorted[i - 1]!)).toBeGreaterThan(0);
    }
    expect(compareVersions('6.0.0', '6.0.0')).toBe(0);
  });
});
