/**
 * Operation plans: a tree of phases, their states, and the rules that decide what may be executed or
 * rolled back (gravity lib/fsm and lib/storage/plan.go, 6.0). Pure: it neither runs nor stores a phase.
 */
import type { Json } from '../proc/program.ts';
import { align, SPACED } from './columns.ts';
import { dateMinutes, rfc3339 } from './times.ts';
import { REPOSITORY } from './versions.ts';

export type PhaseState = 'unstarted' | 'in_progress' | 'completed' | 'failed' | 'rolled_back';

export interface PhaseServer { readonly hostname: string; readonly address: string }

export interface Phase {
  readonly id: string;
  readonly description: string;
  /** Names what runs it (phases/). Empty for a composite. */
  readonly executor: string;
  /** Recorded for leaves; a composite's follows from its children. */
  readonly state: PhaseState;
  /** Where it runs, shown as Node; else it runs on the server that it is about, else here. */
  readonly execServer?: PhaseServer;
  readonly server?: PhaseServer;
  readonly requires?: readonly string[];
  readonly updated?: number;
  readonly error?: string;
  readonly parallel?: boolean;
  readonly data?: Json;
  readonly phases?: readonly Phase[];
}

export interface Plan {
  readonly operationId: string;
  readonly operationType: string;
  readonly cluster: string;
  /** The binary that has to execute it. */
  readonly gravityVersion: string;
  readonly phases: readonly Phase[];
}

export const isComposite = (phase: Phase): boolean => !!phase.phases?.length;

export function stateOf(phase: Phase): PhaseState {
  if (!isComposite(phase)) return phase.state;
  const states = phase.phases!.map(stateOf);
  if (states.every((state) => state === states[0])) return states[0]!;
  return states.some((state) => state === 'failed' || state === 'rolled_back') ? 'failed' : 'in_progress';
}

/** The phase and its ancestors, outermost first; null when there is none of that id. */
export function pathTo(phases: readonly Phase[], id: string): Phase[] | null {
  for (const phase of phases) {
    if (phase.id === id) return [phase];
    const below = phase.phases && id.startsWith(`${phase.id}/`) ? pathTo(phase.phases, id) : null;
    if (below) return [phase, ...below];
  }
  return null;
}

export const findPhase = (plan: Plan, id: string): Phase | undefined => pathTo(plan.phases, id)?.at(-1);

export function leaves(phases: readonly Phase[]): Phase[] {
  return phases.flatMap((phase) => (isComposite(phase) ? leaves(phase.phases!) : [phase]));
}

/** The plan with one leaf changed. */
export const changePhase = (plan: Plan, id: string, change: Partial<Phase>): Plan => ({ ...plan, phases: changeIn(plan.phases, id, change) });

const changeIn = (phases: readonly Phase[], id: string, change: Partial<Phase>): Phase[] =>
  phases.map((phase) => {
    if (phase.id === id) return { ...phase, ...change };
    return phase.phases && id.startsWith(`${phase.id}/`) ? { ...phase, phases: changeIn(phase.phases, id, change) } : phase;
  });

export const isCompleted = (plan: Plan): boolean => plan.phases.every((phase) => stateOf(phase) === 'completed');
export const isRolledBack = (plan: Plan): boolean =>
  leaves(plan.phases).every((phase) => phase.state === 'rolled_back' || phase.state === 'unstarted');

export type Verdict = { readonly do: 'run'; readonly phase: Phase } | { readonly do: 'nothing' } | { readonly do: 'refuse'; readonly error: string };

const refuse = (error: string): Verdict => ({ do: 'refuse', error });

/** May this phase be executed now? */
export function mayExecute(plan: Plan, id: string, force: boolean): Verdict {
  if (!id) return refuse('missing PhaseID');
  const path = pathTo(plan.phases, id);
  if (!path) return refuse(`phase ${JSON.stringify(id)} not found`);
  const phase = path.at(-1)!;
  if (!force) {
    if (stateOf(phase) === 'completed') return { do: 'nothing' };
    if (!isComposite(phase) && phase.state === 'in_progress') {
      return refuse(`phase ${JSON.stringify(id)} is in progress, use --force flag to force execution`);
    }
    for (const above of path) {
      for (const needed of above.requires ?? []) {
        const other = findPhase(plan, needed);
        if (!other) return refuse(`phase ${JSON.stringify(needed)} not found`);
        if (stateOf(other) !== 'completed') return refuse(`required phase ${JSON.stringify(needed)} is not completed`);
      }
    }
  } else if (isComposite(phase)) {
    return refuse(`cannot use force with composite phase ${JSON.stringify(id)}, please only use --force on a single phase`);
  }
  return { do: 'run', phase };
}

/** May this phase be rolled back now? No state but these two forbids it, nor does a later phase. */
export function mayRollback(plan: Plan, id: string, force: boolean): Verdict {
  if (!id) return refuse('missing PhaseID');
  const phase = findPhase(plan, id);
  if (!phase) return refuse(`phase ${JSON.stringify(id)} not found`);
  if (!force) {
    const state = stateOf(phase);
    if (state === 'unstarted') return refuse(`phase ${JSON.stringify(id)} hasn't been executed yet`);
    if (state === 'rolled_back') return refuse(`phase ${JSON.stringify(id)} has already been rolled back`);
  }
  return { do: 'run', phase };
}

const WORDS: Readonly<Record<PhaseState, string>> = {
  unstarted: 'Unstarted', in_progress: 'In Progress', completed: 'Completed', failed: 'Failed', rolled_back: 'Rolled Back',
};
const GLYPHS: Readonly<Record<PhaseState, string>> = { unstarted: '*', in_progress: '→', completed: '✓', failed: '×', rolled_back: '×' };

export function updatedAt(phase: Phase): number | undefined {
  if (!isComposite(phase)) return phase.updated;
  const all = phase.phases!.map(updatedAt).filter((at) => at !== undefined);
  return all.length ? Math.max(...all) : undefined;
}

const HEADER = ['Phase', 'Description', 'State', 'Node', 'Requires', 'Updated'];

/** `gravity plan`: the table, then what each failed leaf says of itself in red. */
export function printPlan(plan: Plan, red: (text: string) => string = (text) => text): string {
  const rows: string[][] = [HEADER, HEADER.map((word) => '-'.repeat(word.length))];
  addRows(plan.phases, 0, rows);
  const table = align(rows.map((row) => row.join('\t')).join('\n'), SPACED);
  return `${table}\n${failures(plan.phases).map((phase) => explain(phase, red)).join('')}`;
}

function addRows(phases: readonly Phase[], depth: number, rows: string[][]): void {
  for (const phase of phases) {
    const state = stateOf(phase);
    const at = updatedAt(phase);
    rows.push([
      `${'  '.repeat(depth)}${GLYPHS[state]} ${phase.id.slice(phase.id.lastIndexOf('/') + 1)}`, phase.description, WORDS[state],
      phase.execServer?.address ?? '-', phase.requires?.length ? phase.requires.join(',') : '-', at === undefined ? '-' : dateMinutes(at),
    ]);
    addRows(phase.phases ?? [], depth + 1, rows);
  }
}

function failures(phases: readonly Phase[]): Phase[] {
  const own = phases.find((phase) => !isComposite(phase) && phase.state === 'failed');
  return [...(own ? [own] : []), ...phases.flatMap((phase) => failures(phase.phases ?? []))];
}

function explain(phase: Phase, red: (text: string) => string): string {
  const head = `The ${phase.id} phase (${JSON.stringify(phase.description)}) has failed`;
  return red(phase.error ? `${head}\n\t${phase.error}\n` : `${head}\n`);
}

/**
 * The form of `gravity plan -o json`, and of -o yaml as a value: storage.OperationPlan. A phase that has
 * never changed has Go's zero time.
 */
export function planAsJson(plan: Plan): Json {
  return {
    operation_id: plan.operationId, operation_type: plan.operationType, cluster_name: plan.cluster, phases: plan.phases.map(phaseAsJson),
    gravity_package: { Repository: REPOSITORY, Name: 'gravity', Version: plan.gravityVersion },
  };
}

const ZERO_TIME = '0001-01-01T00:00:00Z';
const serverAsJson = ({ hostname, address }: PhaseServer): Json => ({ advertise_ip: address, hostname });

function phaseAsJson(phase: Phase): Json {
  const at = updatedAt(phase);
  const data = {
    ...(phase.server ? { server: serverAsJson(phase.server) } : {}), ...(phase.execServer ? { exec_server: serverAsJson(phase.execServer) } : {}),
    ...(phase.data as object | undefined),
  };
  return {
    id: phase.id, executor: phase.executor, ...(phase.description ? { description: phase.description } : {}), state: stateOf(phase),
    ...(phase.phases ? { phases: phase.phases.map(phaseAsJson) } : {}), ...(phase.requires?.length ? { requires: phase.requires } : {}),
    parallel: phase.parallel === true, updated: at === undefined ? ZERO_TIME : rfc3339(at, true),
    ...(Object.keys(data).length ? { data } : {}), ...(phase.error ? { error: { message: phase.error } } : {}),
  };
}
