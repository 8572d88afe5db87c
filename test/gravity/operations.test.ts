/** Properties of plans under random orders: the rules, the states, what is shown, and stores that agree. No cluster runs. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { reconcile } from '../../src/sim/gravity/backends.ts';
import { executeAll, executePhase, rollbackPhase, type Desk, type Remote } from '../../src/sim/gravity/engine.ts';
import { changePhase, findPhase, isCompleted, isComposite, isRolledBack, leaves, pathTo, planAsJson, printPlan, stateOf, type Phase, type Plan } from '../../src/sim/gravity/plan.ts';
import { expandPlan, installPlan } from '../../src/sim/gravity/plans/install.ts';
import { upgradePlan } from '../../src/sim/gravity/plans/upgrade.ts';
import { NOSTALGIC } from '../../src/sim/gravity/topology.ts';
import { ALPHA, BETA } from '../../src/sim/gravity/versions.ts';
import type { Sys } from '../../src/sim/proc/program.ts';

const cluster = { ...NOSTALGIC, servers: NOSTALGIC.servers.slice(0, 1) };
const PLANS: readonly Plan[] = [
  upgradePlan({ operationId: 'op', cluster: NOSTALGIC.name, servers: NOSTALGIC.servers, lead: 'node-1', from: ALPHA, to: BETA }),
  upgradePlan({ operationId: 'op', cluster: NOSTALGIC.name, servers: NOSTALGIC.servers.slice(0, 2), lead: 'node-1', from: { ...ALPHA, etcd: '3.3.11' }, to: BETA }),
  installPlan({ operationId: 'op', cluster }), expandPlan({ operationId: 'op', cluster: NOSTALGIC, joining: NOSTALGIC.servers[2]! }),
];
const all = (phases: readonly Phase[]): Phase[] => phases.flatMap((phase) => [phase, ...all(phase.phases ?? [])]);

/** A machine with two stores of the plan, of which the second takes a change only now and then, and a world that remembers effects. */
class Bench {
  readonly stores: [Plan, Plan];
  /** Phases whose effect stands, in the order in which they took it. */
  readonly effects: string[] = [];
  readonly steps: string[] = [];
  fails: string | null = null;
  shared = true;
  now = 0;
  readonly desk: Desk = {
    load: () => this.load(), save: (plan) => this.save(plan), executor: () => ({ run: (phase) => this.act(phase), rollback: (phase) => this.undo(phase) }),
    isLocal: () => true, *remote(): Sys<Remote> { return { is: 'no agent' }; }, *log() { /* not looked at */ },
  };

  constructor(plan: Plan) { this.stores = [plan, plan]; }
  get plan(): Plan { return reconcile(this.stores[0], this.stores[1]); }
  *load(): Sys<Plan> { return this.plan; }
  *save(plan: Plan): Sys<null> {
    this.stores[0] = plan;
    if (this.shared) this.stores[1] = plan;
    return null;
  }
  *act(phase: Phase): Sys<string | null> {
    this.steps.push(phase.id);
    if (this.fails === phase.id) return `no luck with ${phase.id}`;
    if (!this.effects.includes(phase.id)) this.effects.push(phase.id);
    return null;
  }
  *undo(phase: Phase): Sys<null> {
    this.steps.push(`-${phase.id}`);
    const at = this.effects.indexOf(phase.id);
    if (at >= 0) this.effects.splice(at, 1);
    return null;
  }
  run<T>(work: Sys<T>): T {
    const memory: Record<string, unknown> = {};
    let next = work.next();
    while (!next.done) {
      const call = next.value as unknown as { op: string; key?: string; value?: unknown };
      let value: unknown = null;
      if (call.op === 'now') value = { real: (this.now += 1_000_000), mono: this.now };
      else if (call.op === 'memGet') value = memory[call.key!] ?? null;
      else if (call.op === 'memSet') memory[call.key!] = call.value;
      next = work.next({ ok: true, value });
    }
    return next.value;
  }
}

type Move = { do: 'execute' | 'rollback'; at: number; force: boolean } | { do: 'resume' | 'share' | 'hide'; at: number } | { do: 'fail'; at: number };
const move: fc.Arbitrary<Move> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constantFrom('execute' as const, 'rollback' as const), at: fc.nat(), force: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('resume' as const, 'share' as const, 'hide' as const, 'fail' as const), at: fc.nat() }) },
);

/** What must hold after any move. */
function check(bench: Bench): void {
  const { plan } = bench;
  for (const phase of leaves(plan.phases)) {
    if (phase.state === 'completed') expect(bench.effects).toContain(phase.id);
    if (phase.state === 'rolled_back' || phase.state === 'unstarted') expect(bench.effects).not.toContain(phase.id);
    expect(phase.state === 'failed').toBe(phase.error !== undefined);
  }
  const table = printPlan(plan).split('\n');
  all(plan.phases).forEach((phase, i) => {
    const glyph = { unstarted: '*', in_progress: '→', completed: '✓', failed: '×', rolled_back: '×' }[stateOf(phase)];
    expect(table[i + 2]!.trimStart().startsWith(`${glyph} ${phase.id.slice(phase.id.lastIndexOf('/') + 1)} `)).toBe(true);
  });
  expect(JSON.stringify(planAsJson(plan))).not.toContain('undefined');
  expect(reconcile(bench.stores[1], bench.stores[0])).toEqual(plan);
}

function play(bench: Bench, step: Move): void {
  const ids = all(bench.plan.phases).map((phase) => phase.id);
  const id = ids[step.at % ids.length]!;
  switch (step.do) {
    case 'share': bench.shared = true; break;
    case 'hide': bench.shared = false; break;
    case 'fail': bench.fails = id; break;
    case 'resume': bench.run(executeAll(bench.desk, false)); break;
    case 'execute': {
      const before = bench.plan;
      const from = bench.steps.length;
      const failure = bench.run(executePhase(bench.desk, id, step.force));
      if (!step.force && bench.steps.length > from) {
        const needed = pathTo(before.phases, id)!.flatMap((phase) => phase.requires ?? []);
        for (const other of needed) expect(stateOf(findPhase(before, other)!)).toBe('completed');
      }
      if (failure === null && !isComposite(findPhase(before, id)!)) expect(findPhase(bench.plan, id)!.state).toBe('completed');
      break;
    }
    case 'rollback': {
      const from = bench.steps.length;
      bench.run(rollbackPhase(bench.desk, id, step.force));
      const order = leaves([findPhase(bench.plan, id)!]).map((phase) => `-${phase.id}`).reverse();
      expect(order.slice(0, bench.steps.length - from)).toEqual(bench.steps.slice(from));
      break;
    }
  }
}

describe('whatever is done to a plan', () => {
  it('its states tell what stands, what is shown is so, and its stores agree; then it can be resumed to its end', () => {
    fc.assert(fc.property(fc.constantFrom(...PLANS), fc.array(move, { maxLength: 25 }), (plan, moves) => {
      const bench = new Bench(plan);
      for (const step of moves) { play(bench, step); check(bench); }
      bench.fails = null;
      expect(bench.run(executeAll(bench.desk, false))).toBeNull();
      expect(isCompleted(bench.plan)).toBe(true);
      expect([...bench.effects].sort()).toEqual(leaves(plan.phases).map((phase) => phase.id).sort());
      check(bench);
    }), { numRuns: 40 });
  });

  it('and it can be rolled back, from behind, to where nothing stands', () => {
    fc.assert(fc.property(fc.constantFrom(...PLANS), fc.array(move, { maxLength: 25 }), (plan, moves) => {
      const bench = new Bench(plan);
      for (const step of moves) play(bench, step);
      for (const phase of leaves(bench.plan.phases).reverse()) {
        if (phase.state === 'unstarted' || phase.state === 'rolled_back') continue;
        expect(bench.run(rollbackPhase(bench.desk, phase.id, false))).toBeNull();
      }
      expect(isRolledBack(bench.plan)).toBe(true);
      expect(bench.effects).toEqual([]);
      check(bench);
    }), { numRuns: 40 });
  });

  it('an interruption stops a resume there, and the phase by force lets it go on', () => {
    fc.assert(fc.property(fc.constantFrom(...PLANS), fc.nat(), (plan, at) => {
      const ids = leaves(plan.phases).map((phase) => phase.id);
      const id = ids[at % ids.length]!;
      const bench = new Bench(ids.slice(0, at % ids.length).reduce((done, each) => changePhase(done, each, { state: 'completed', updated: 1 }), changePhase(plan, id, { state: 'in_progress', updated: 2 })));
      expect(bench.run(executeAll(bench.desk, false))).toMatchObject({ failed: `/${id.split('/')[1]!}` });
      expect(bench.steps).toEqual([]);
      expect(bench.run(executePhase(bench.desk, id, true))).toBeNull();
      expect(bench.run(executeAll(bench.desk, false))).toBeNull();
      expect(bench.steps).toEqual(ids.slice(at % ids.length));
    }), { numRuns: 60 });
  });
});
