/**
 * Where plans are kept: an upgrade's in etcd and in a file on every node, reconciled after each change; an
 * installation's with the wizard, while it runs; a join's in a file on the joining node.
 */
import { seconds } from '../engine/time.ts';
import { capture } from './child.ts';
import { ask } from './cluster-api.ts';
import type { Outcome } from './engine.ts';
import { readJson, removeAll, writeJson } from './files.ts';
import { STATE_DIR, UPDATE_DIR, WIZARD_DIR } from './layout/paths.ts';
import { ETCDCTL } from './layout/planet-units.ts';
import { leaves, type Plan, changePhase, findPhase } from './plan.ts';
import { type OperationRecord, type Snapshot } from './state.ts';
import { openStore, putOperation, putPlan, readAll } from './store.ts';
import type { Cluster, Server } from './topology.ts';
import type { Json, Sys } from '../proc/program.ts';
import { call } from '../proc/syscalls.ts';

/** An operation with its plan, wherever it was found. */
export interface Found { readonly operation: OperationRecord; readonly plan: Plan | null; readonly from: 'etcd' | 'local' | 'wizard' | 'join' }

export interface UpdateFile { readonly operation: OperationRecord; readonly plan: Plan }
export interface JoinFile { readonly operation: OperationRecord; readonly plan: Plan; readonly cluster: Cluster; readonly server: Server; readonly secrets: Readonly<Record<string, string>>; readonly peer: string; readonly token: string }

const UPDATE_FILE = `${UPDATE_DIR}/gravity.db`;
export const JOIN_FILE = `${WIZARD_DIR}/join/gravity.db`;
export const WIZARD_PORT = 61_009;
export const WIZARD_FLAG = `${WIZARD_DIR}/wizard`;

const SHORT = { totalUs: seconds(1), headerUs: seconds(1) };

export const readUpdateFile = (): Sys<UpdateFile | null> => readJson<UpdateFile>(UPDATE_FILE);
export const writeUpdateFile = (file: UpdateFile): Sys<Outcome> => writeJson(UPDATE_FILE, file);
export const readJoinFile = (): Sys<JoinFile | null> => readJson<JoinFile>(JOIN_FILE);
export const writeJoinFile = (file: JoinFile): Sys<Outcome> => writeJson(JOIN_FILE, file);

export function* snapshot(patience = SHORT, agreed = false): Sys<Snapshot | null> {
  const store = yield* openStore(`${STATE_DIR}/secrets`);
  const got = yield* readAll(store, patience, agreed);
  return got.ok ? got.value : null;
}

/** For each phase the newer of two opinions. */
export function reconcile(a: Plan, b: Plan): Plan {
  let plan = a;
  for (const phase of leaves(b.phases)) {
    const mine = findPhase(plan, phase.id);
    if (mine && (phase.updated ?? 0) > (mine.updated ?? 0)) plan = changePhase(plan, phase.id, { state: phase.state, error: phase.error, updated: phase.updated });
  }
  return plan;
}

/** `etcdctl cluster-health` in Planet: plans are shared only while every member is well. */
function* etcdIsHealthy(): Sys<boolean> {
  const done = yield* capture({ path: '/usr/bin/etcdctl', argv: ['etcdctl', 'cluster-health'], root: 'planet', cwd: '/', env: { ...ETCDCTL, PATH: '/usr/bin:/bin' } });
  return done.status === 0;
}

export function* loadUpdatePlan(id: string): Sys<Plan | string> {
  const file = yield* readUpdateFile();
  const local = file?.operation.id === id ? file.plan : null;
  const shared = (yield* snapshot(SHORT, true))?.plans[id] ?? null;
  if (local && shared) return reconcile(local, shared);
  return local ?? shared ?? `no operation plan for operation ${id} found`;
}

/** What another node knows of an update, with what this one knows of it. */
export function* takeUpdatePlan({ operation, plan }: UpdateFile): Sys<Outcome> {
  const file = yield* readUpdateFile();
  return yield* writeUpdateFile({ operation, plan: file?.operation.id === operation.id ? reconcile(file.plan, plan) : plan });
}

/** To this node's file, which must succeed, and to etcd when all of it is well. */
export function* saveUpdatePlan(operation: OperationRecord, plan: Plan): Sys<Outcome> {
  const failure = yield* writeUpdateFile({ operation, plan });
  if (failure || !(yield* etcdIsHealthy())) return failure;
  const store = yield* openStore(`${STATE_DIR}/secrets`);
  yield* putPlan(store, plan, SHORT);
  return null;
}

export function* saveOperation(cluster: string, operation: OperationRecord): Sys<void> {
  const store = yield* openStore(`${STATE_DIR}/secrets`);
  yield* putOperation(store, cluster, operation);
}

// --- the wizard

const wizardUrl = (path: string): string => `https://127.0.0.1:${WIZARD_PORT}${path}`;

export interface WizardState { readonly operation: OperationRecord; readonly plan: Plan | null; readonly cluster: Cluster; readonly server: Server }

/** What the installer process of this machine has; 'gone' when there was one and it does not answer. */
export function* askWizard(): Sys<WizardState | 'none' | 'gone'> {
  const flag = yield* call('stat', { path: WIZARD_FLAG });
  if (!flag.ok) return 'none';
  const got = yield* ask(wizardUrl('/state'), { timeoutUs: seconds(5) });
  if (got.ok && got.value.status === 200) return got.value.body as unknown as WizardState;
  return (yield* readJson<WizardState>(WIZARD_FILE)) ?? 'gone';
}

/** What an installer that failed leaves on disk, so that its plan can be worked on when it has been ended. */
const WIZARD_FILE = `${WIZARD_FLAG}/gravity.db`;
export const writeWizardFile = (state: WizardState): Sys<Outcome> => writeJson(WIZARD_FILE, state);

export function* tellWizard(change: Partial<WizardState>): Sys<boolean> {
  const got = yield* ask(wizardUrl('/state'), { method: 'PUT', body: change as unknown as Json, timeoutUs: seconds(5) });
  if (got.ok && got.value.status === 200) return true;
  const left = yield* readJson<WizardState>(WIZARD_FILE);
  if (!left) return false;
  if (change.operation?.state === 'completed') yield* removeAll(WIZARD_FLAG);
  else yield* writeWizardFile({ ...left, ...change });
  return true;
}

/**
 * All operations that this machine knows of, newest first: etcd's, the local update's, the wizard's, the
 * join's. `wizard`: whether an installer has been here and what became of it.
 */
export function* findOperations(): Sys<{ readonly found: readonly Found[]; readonly wizard: 'none' | 'gone' | 'here'; readonly all: Snapshot | null }> {
  const all = yield* snapshot({ totalUs: seconds(5), headerUs: seconds(5) });
  const found: Found[] = (all?.operations ?? []).map((operation) => ({ operation, plan: all?.plans[operation.id] ?? null, from: 'etcd' }));
  const known = (id: string): boolean => found.some((each) => each.operation.id === id);
  const wizard = yield* askWizard();
  if (wizard !== 'none' && wizard !== 'gone') {
    const own = found.findIndex((each) => each.operation.id === wizard.operation.id);
    if (own >= 0) found.splice(own, 1);
    found.push({ operation: wizard.operation, plan: wizard.plan, from: 'wizard' });
  }
  const update = yield* readUpdateFile();
  if (update && !known(update.operation.id)) found.push({ ...update, from: 'local' });
  const join = yield* readJoinFile();
  if (join) {
    const own = found.findIndex((each) => each.operation.id === join.operation.id);
    if (own >= 0) found.splice(own, 1);
    found.push({ operation: join.operation, plan: join.plan, from: 'join' });
  }
  found.sort((a, b) => b.operation.created - a.operation.created);
  return { found, wizard: wizard === 'none' || wizard === 'gone' ? wizard : 'here', all };
}

/** The newest operation that is not completed: failed ones count. */
export const activeOf = (found: readonly Found[]): Found | undefined => found.find(({ operation }) => operation.state !== 'completed');

