import { describe, expect, it } from 'vitest';
import { executeAll, executePhase, rollbackPhase, type Desk, type Outcome } from '../../src/sim/gravity/engine.ts';
import { reconcile } from '../../src/sim/gravity/backends.ts';
import { changePhase, findPhase, isCompleted, leaves, stateOf, type Phase, type Plan } from '../../src/sim/gravity/plan.ts';
import { installPlan } from '../../src/sim/gravity/plans/install.ts';
import { upgradePlan } from '../../src/sim/gravity/plans/upgrade.ts';
import { NOSTALGIC } from '../../src/sim/gravity/topology.ts';
import { ALPHA, BETA } from '../../src/sim/gravity/versions.ts';
import type { Sys } from '../../src/sim/proc/program.ts';

const upgrade = (): Plan => upgradePlan({ operationId: 'op', cluster: NOSTALGIC.name, servers: NOSTALGIC.servers, lead: 'node-1', from: ALPHA, to: BETA });

/** Runs a generator on a machine that has only a clock and an output. */
function run<T>(work: Sys<T>): { value: T; output: string } {
  let output = '';
  let now = 0;
  const memory: Record<string, unknown> = {};
  let next = work.next();
  while (!next.done) {
    const call = next.value as unknown as { op: string; text?: string; key?: string; value?: unknown };
    let value: unknown = null;
    if (call.op === 'now') value = { real: (now += 1_000_000), mono: now };
    else if (call.op === 'write') output += call.text;
    else if (call.op === 'memGet') value = memory[call.key!] ?? null;
    else if (call.op === 'memSet') memory[call.key!] = call.value;
    next = work.next({ ok: true, value });
  }
  return { value: next.value, output };
}

function deskFor(plan: Plan, { fails = [], agents = true }: { fails?: string[]; agents?: boolean } = {}): Desk & { plan: Plan; done: string[] } {
  const act = (phase: Phase, tag = ''): Outcome => { desk.done.push(`${tag}${phase.id}`); return fails.includes(phase.id) ? `no luck with ${phase.id}` : null; };
  const desk: Desk & { plan: Plan; done: string[] } = {
    plan, done: [],
    *load() { return desk.plan; }, *save(next) { desk.plan = next; return null; },
    executor: () => ({ *run(phase) { return act(phase); }, *rollback(phase) { return act(phase, '-'); } }),
    isLocal: (address) => address === '192.168.121.232',
    *remote(phase) {
      if (!agents) return { is: 'no agent' };
      const error = act(phase, '@');
      return error ? { is: 'failed', error } : { is: 'completed' };
    },
    *log() { /* not looked at */ },
  };
  return desk;
}

describe('executing a plan', () => {
  it('runs everything in order, here or by the agents', () => {
    const desk = deskFor(upgrade());
    const { value, output } = run(executeAll(desk, false));
    expect(value).toBeNull();
    expect(isCompleted(desk.plan)).toBe(true);
    expect(desk.done).toHaveLength(leaves(desk.plan.phases).length);
    expect(output).toContain('\tExecuting "/init" locally\n');
    expect(output).toContain('\tExecuting "/bootstrap/node-2" on remote node node-2\n');
    expect(desk.done).toContain('@/masters/node-3/system-upgrade');
  });

  it('stops at a failure and says it as the real tool does', () => {
    const failing = deskFor(upgrade(), { fails: ['/checks'] });
    expect(run(executeAll(failing, false)).value).toEqual({ failed: '/checks', cause: 'no luck with /checks' });
    expect(findPhase(failing.plan, '/checks')).toMatchObject({ state: 'failed', error: 'no luck with /checks' });
    const cluster = { ...NOSTALGIC, servers: NOSTALGIC.servers.slice(0, 1) };
    const install = deskFor(installPlan({ operationId: 'op', cluster }), { fails: ['/bootstrap/node-1'] });
    expect(run(executePhase(install, '/bootstrap', false)).value).toBe('failed to execute phase "/bootstrap/node-1"');
    expect(run(executePhase(install, '/bootstrap/node-1', false)).value).toBe('no luck with /bootstrap/node-1');
  });

  it('needs an agent on the other node', () => {
    const desk = deskFor(changePhase(upgrade(), '/init', { state: 'completed' }), { agents: false });
    expect(run(executePhase(desk, '/bootstrap/node-2', false)).value)
      .toBe('no agent is running on node node-2/192.168.121.198, please execute phase "/bootstrap/node-2" locally on that node');
    expect(findPhase(desk.plan, '/bootstrap/node-2')!.state).toBe('unstarted');
  });

  it('passes over what is completed, without a word', () => {
    const desk = deskFor(changePhase(upgrade(), '/init', { state: 'completed' }));
    expect(run(executePhase(desk, '/init', false))).toEqual({ value: null, output: '' });
    expect(desk.done).toEqual([]);
  });

  it('will not force its way through composites', () => {
    const desk = deskFor(upgrade());
    expect(run(executeAll(desk, true)).value).toMatchObject({ failed: '/bootstrap' });
  });
});

describe('rolling a plan back', () => {
  it('undoes leaves, composites from behind, and only here', () => {
    const desk = deskFor(changePhase(changePhase(upgrade(), '/init', { state: 'completed' }), '/bootstrap/node-1', { state: 'in_progress' }));
    expect(run(rollbackPhase(desk, '/bootstrap', false)).value).toBe('phase "/bootstrap/node-3" hasn\'t been executed yet');
    expect(run(rollbackPhase(desk, '/bootstrap/node-2', true)).value).toBe('rollback phase /bootstrap/node-2 must be run from server node-2');
    expect(run(rollbackPhase(desk, '/bootstrap/node-1', false)).output).toContain('\tRolling back "/bootstrap/node-1"\n');
    expect(run(rollbackPhase(desk, '/init', true)).value).toBeNull();
    expect(stateOf(findPhase(desk.plan, '/init')!)).toBe('rolled_back');
    expect(desk.done).toEqual(['-/bootstrap/node-1', '-/init']);
  });
});

it('two copies of a plan agree on the newer word', () => {
  const here = changePhase(upgrade(), '/init', { state: 'completed', updated: 5 });
  const there = changePhase(changePhase(upgrade(), '/init', { state: 'in_progress', updated: 3 }), '/checks', { state: 'failed', updated: 9, error: 'x' });
  for (const both of [reconcile(here, there), reconcile(there, here)]) {
    expect(findPhase(both, '/init')!.state).toBe('completed');
    expect(findPhase(both, '/checks')).toMatchObject({ state: 'failed', error: 'x' });
  }
});
