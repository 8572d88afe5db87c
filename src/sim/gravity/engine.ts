/**
 * Executes and rolls back phases of a plan (gravity lib/fsm): what the rules allow, on the node where it
 * belongs, with every change of state recorded before and after. Where plans are kept and what executors
 * do is handed in.
 */
import type { Sys } from '../proc/program.ts';
import { nextStep, realNow } from './console.ts';
import { changePhase, findPhase, isComposite, mayExecute, mayRollback, type Phase, type Plan, type PhaseState } from './plan.ts';

/** An error, or null when it went well. */
export type Outcome = string | null;

export interface Executor {
  readonly precheck?: (phase: Phase) => Sys<Outcome>;
  readonly run: (phase: Phase) => Sys<Outcome>;
  readonly rollback?: (phase: Phase) => Sys<Outcome>;
}

/**
 * What became of a phase elsewhere. Without an agent it has not begun; where the agent was lost on the way,
 * and where it would not begin, nobody here knows better than the plan.
 */
export type Remote = { readonly is: 'completed' } | { readonly is: 'failed' | 'refused' | 'lost'; readonly error: string } | { readonly is: 'no agent' };

export interface Desk {
  /** The plan as it is now; a string when it cannot be had. */
  readonly load: () => Sys<Plan | string>;
  /** Keeps the plan; the error when it cannot be kept. */
  readonly save: (plan: Plan) => Sys<Outcome>;
  readonly executor: (name: string) => Executor | undefined;
  /** Is this address one of this machine? */
  readonly isLocal: (address: string) => boolean;
  /** Runs a phase through the agent on its node. */
  readonly remote: (phase: Phase, force: boolean) => Sys<Remote>;
  readonly log: (level: 'INFO' | 'ERROR' | 'WARN', message: string, phase: string) => Sys<void>;
}

const quote = (text: string): string => JSON.stringify(text);
const whereabouts = (phase: Phase): Phase['server'] => phase.execServer ?? phase.server;
const isHere = (desk: Desk, phase: Phase): boolean => {
  const where = whereabouts(phase);
  return !where || desk.isLocal(where.address);
};

export function* executePhase(desk: Desk, id: string, force: boolean): Sys<Outcome> {
  const plan = yield* desk.load();
  if (typeof plan === 'string') return plan;
  const verdict = mayExecute(plan, id, force);
  if (verdict.do === 'nothing') return null;
  if (verdict.do === 'refuse') return verdict.error;
  const { phase } = verdict;
  if (!isComposite(phase)) return yield* executeLeaf(desk, phase, force);
  for (const child of phase.phases!) {
    const failure = yield* executePhase(desk, child.id, false);
    if (failure) return phase.parallel ? `failed to execute phase ${quote(child.id)}` : failure;
  }
  return null;
}

/** All phases in order, as resume does; the failure names the outermost phase. */
export function* executeAll(desk: Desk, force: boolean): Sys<{ readonly failed: string; readonly cause: string } | null> {
  const plan = yield* desk.load();
  if (typeof plan === 'string') return { failed: '', cause: plan };
  for (const phase of plan.phases) {
    const failure = yield* executePhase(desk, phase.id, force);
    if (failure) return { failed: phase.id, cause: failure };
  }
  return null;
}

function* executeLeaf(desk: Desk, phase: Phase, force: boolean): Sys<Outcome> {
  if (!isHere(desk, phase)) return yield* executeElsewhere(desk, phase, force);
  yield* nextStep(`Executing ${quote(phase.id)} locally`);
  const executor = desk.executor(phase.executor);
  if (!executor) return `unknown phase ${quote(phase.executor)}`;
  yield* desk.log('INFO', `Executing phase: ${phase.id}.`, phase.id);
  const unfit = executor.precheck ? yield* executor.precheck(phase) : null;
  if (unfit) {
    yield* desk.log('ERROR', `Phase precheck failed: ${unfit}.`, phase.id);
    return unfit;
  }
  const unwritten = yield* mark(desk, phase.id, 'in_progress');
  if (unwritten) return unwritten;
  const failure = yield* executor.run(phase);
  if (!failure) return yield* mark(desk, phase.id, 'completed');
  yield* desk.log('ERROR', `Phase execution failed: ${failure}.`, phase.id);
  yield* mark(desk, phase.id, 'failed', failure);
  return failure;
}

function* executeElsewhere(desk: Desk, phase: Phase, force: boolean): Sys<Outcome> {
  const { hostname, address } = whereabouts(phase)!;
  yield* nextStep(`Executing ${quote(phase.id)} on remote node ${hostname}`);
  const outcome = yield* desk.remote(phase, force);
  if (outcome.is === 'completed') return yield* mark(desk, phase.id, 'completed');
  if (outcome.is === 'failed') yield* mark(desk, phase.id, 'failed', outcome.error);
  if (outcome.is !== 'no agent') return outcome.error;
  return `no agent is running on node ${hostname}/${address}, please execute phase ${quote(phase.id)} locally on that node`;
}

/** A new state, unless the plan knows it already (the node's own agent may have told). */
function* mark(desk: Desk, id: string, state: PhaseState, error?: string): Sys<Outcome> {
  const plan = yield* desk.load();
  if (typeof plan === 'string') return plan;
  const known = findPhase(plan, id);
  if (known?.state === state && known.error === error && state !== 'in_progress') return null;
  return yield* desk.save(changePhase(plan, id, { state, error, updated: yield* realNow() }));
}

export function* rollbackPhase(desk: Desk, id: string, force: boolean): Sys<Outcome> {
  const plan = yield* desk.load();
  if (typeof plan === 'string') return plan;
  const verdict = mayRollback(plan, id, force);
  if (verdict.do === 'refuse') return verdict.error;
  if (verdict.do === 'nothing') return null;
  const { phase } = verdict;
  if (isComposite(phase)) {
    for (const child of [...phase.phases!].reverse()) {
      const failure = yield* rollbackPhase(desk, child.id, force);
      if (failure) return failure;
    }
    return null;
  }
  if (!isHere(desk, phase)) return `rollback phase ${phase.id} must be run from server ${whereabouts(phase)!.hostname}`;
  yield* nextStep(`Rolling back ${quote(phase.id)}`);
  const executor = desk.executor(phase.executor);
  const failure = executor?.rollback ? yield* executor.rollback(phase) : null;
  if (failure) {
    yield* desk.log('ERROR', `Phase ${phase.id} rollback failed: ${failure}.`, phase.id);
    yield* mark(desk, phase.id, 'failed', failure);
    return failure;
  }
  return yield* mark(desk, phase.id, 'rolled_back');
}
