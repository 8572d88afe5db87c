/**
 * `gravity plan`: display, execute, rollback, resume, complete (tool/gravity/cli/plan.go). Which operation
 * is meant, whether this binary may, and what is said; the work is engine.ts's.
 */
import { dump } from 'js-yaml';
import { activeOf, findOperations, loadUpdatePlan, readJoinFile, readUpdateFile, saveOperation, tellWizard, writeJoinFile, type Found, writeUpdateFile } from '../../../sim/gravity/backends.ts';
import { finishSteps, nextStep, printStep, realNow, sayAfterStep } from '../../../sim/gravity/console.ts';
import { executeAll, executePhase, rollbackPhase, type Desk } from '../../../sim/gravity/engine.ts';
import { STATE_DIR } from '../../../sim/gravity/layout/paths.ts';
import { isCompleted, planAsJson, printPlan, type Plan } from '../../../sim/gravity/plan.ts';
import type { OperationRecord, SiteRecord, Snapshot } from '../../../sim/gravity/state.ts';
import { openStore, putOperation, putPlan, putSite } from '../../../sim/gravity/store.ts';
import { dayAndMinute } from '../../../sim/gravity/times.ts';
import { out } from '../../../sim/proc/libc.ts';
import type { Sys } from '../../../sim/proc/program.ts';
import { FOR_AGENT, shutdownAgents } from './agents.ts';
import { askController, joinDesk, updateDesk, wizardDesk } from './desks.ts';
import { failWith, myself, on, text, type Invocation } from './invocation.ts';

const NO_WIZARD = `could not retrieve install operation plan.

If you have not launched the installation, or it has been started moments ago,
the plan may not be initialized yet.

If the install operation is in progress, please make sure you're invoking
"gravity plan" command from the same directory where "gravity install"
was run.`;

export function* display(it: Invocation): Sys<number> {
  const { found, wizard, all } = yield* findOperations();
  const wanted = text(it, 'operation-id');
  const chosen = wanted ? found.find((each) => each.operation.id === wanted) : found[0];
  if (wanted && !chosen) return yield* failWith(it, `no operation with ID ${wanted} found`);
  if (!chosen) return yield* failWith(it, wizard === 'gone' ? NO_WIZARD : 'no operation found');
  const { operation } = chosen;
  const misplaced = yield* belongsElsewhere(it, chosen, all);
  if (misplaced) return yield* failWith(it, misplaced);
  if (operation.type === 'operation_install' && operation.state !== 'completed' && chosen.from !== 'wizard') return yield* failWith(it, NO_WIZARD);
  const plan = yield* currentPlan(chosen);
  if (!plan) {
    if (chosen.from === 'wizard') return yield* failWith(it, "Install operation plan hasn't been initialized yet.");
    if (operation.state === 'completed') return yield* failWith(it, `no operation plan for operation ${operation.id} found`);
    return yield* failWith(it, `unknown operation type ${JSON.stringify(operation.type)}`);
  }
  const format = text(it, 'output');
  yield* out(format === 'json' ? `${JSON.stringify(planAsJson(plan), null, 2)}\n` : format === 'yaml' ? dump(planAsJson(plan)) : printPlan(plan, it.paint.red));
  return 0;
}

/** An upgrade that is not over is worked on from masters only. */
function* belongsElsewhere(it: Invocation, { operation }: Found, all: Snapshot | null): Sys<string | null> {
  if (operation.type !== 'operation_update' || operation.state === 'completed' || it.start.env[FOR_AGENT]) return null;
  const here = yield* myself();
  const self = all?.site?.servers.find((server) => here.addresses.includes(server.advertise_ip));
  return self?.cluster_role === 'node' ? 'this operation can only be executed on one of the master nodes' : null;
}

/** An update's plan is asked of etcd and of this node. */
function* currentPlan(found: Found): Sys<Plan | null> {
  if (found.operation.type !== 'operation_update') return found.plan;
  const plan = yield* loadUpdatePlan(found.operation.id);
  return typeof plan === 'string' ? found.plan : plan;
}

const NO_SITE: SiteRecord = { domain: '', state: 'active', created: 0, app: { repository: '', name: '', version: '' }, gravity_version: '', servers: [] };

interface Work { readonly found: Found; readonly desk: Desk; readonly all: Snapshot | null; readonly plan: Plan }

/** The operation that execute, rollback and resume are about; a string is the refusal. */
function* work(it: Invocation): Sys<Work | string> {
  const { found, all } = yield* findOperations();
  const wanted = text(it, 'operation-id');
  const chosen = wanted ? found.find((each) => each.operation.id === wanted) : activeOf(found);
  if (!chosen) return wanted ? `no operation with ID ${wanted} found` : 'no active operations found';
  const desk = (yield* belongsElsewhere(it, chosen, all)) ?? (yield* deskOf(chosen, all));
  if (typeof desk === 'string') return desk;
  const plan = yield* desk.load();
  if (typeof plan === 'string') return plan;
  if (!on(it, 'skip-version-check') && plan.gravityVersion !== it.release.gravity) return wrongBinary(plan.gravityVersion, it.release.gravity);
  return { found: chosen, desk, all, plan };
}

const wrongBinary = (needed: string, own: string): string =>
  `Current operation plan should be executed with the gravity binary of version ${JSON.stringify(needed)} while this binary is of version ${JSON.stringify(own)}.

Please use the gravity binary from the upgrade installer tarball to execute the plan, or download appropriate version from the Ops Center (curl https://get.gravitational.io/telekube/install/${needed} | bash).`;

export function* deskOf(found: Found, all: Snapshot | null): Sys<Desk | string> {
  switch (found.operation.type) {
    case 'operation_update': return yield* updateDesk(found, all?.site ?? siteOfPlan(found));
    case 'operation_install': return found.from === 'wizard' ? yield* wizardDesk() : NO_WIZARD;
    case 'operation_expand': {
      const file = yield* readJoinFile();
      return file ? yield* joinDesk(file, nextStep) : 'this operation can only be executed on the joining node';
    }
    default: return `unknown operation type ${JSON.stringify(found.operation.type)}`;
  }
}

/** With etcd away the servers are those that the plan names. */
function siteOfPlan(found: Found): SiteRecord {
  const servers = new Map<string, SiteRecord['servers'][number]>();
  const walk = (phases: Plan['phases']): void => phases.forEach((phase) => {
    if (phase.server) servers.set(phase.server.address, { hostname: phase.server.hostname, advertise_ip: phase.server.address, cluster_role: 'master', role: 'node' });
    walk(phase.phases ?? []);
  });
  walk(found.plan?.phases ?? []);
  return { ...NO_SITE, domain: found.plan?.cluster ?? '', servers: [...servers.values()] };
}

const KINDS: Readonly<Record<string, string>> = { operation_install: 'install ', operation_expand: 'join ' };
const kindOf = ({ operation }: Found): string => KINDS[operation.type] ?? '';

export function* execute(it: Invocation): Sys<number> {
  const task = yield* work(it);
  if (typeof task === 'string') return yield* failWith(it, task);
  return yield* oneOrAll(it, task, text(it, 'phase'));
}

function* oneOrAll(it: Invocation, task: Work, id: string): Sys<number> {
  const failure = yield* executePhase(task.desk, id, on(it, 'force'));
  yield* finishSteps(`Executing ${kindOf(task.found)}phase ${JSON.stringify(id)}`);
  return failure ? yield* failWith(it, failure) : 0;
}

export function* rollback(it: Invocation): Sys<number> {
  const task = yield* work(it);
  if (typeof task === 'string') return yield* failWith(it, task);
  const id = text(it, 'phase');
  const failure = yield* rollbackPhase(task.desk, id, on(it, 'force'));
  yield* finishSteps(`Rolling back ${kindOf(task.found)}phase ${JSON.stringify(id)}`);
  return failure ? yield* failWith(it, failure) : 0;
}

/** How an operation is called in the last line of a run. */
export const operationTitle = (operation: OperationRecord, cluster: string): string =>
  `operation(${operation.type.replace('operation_', '')}(${operation.id}), cluster=${cluster}, created=${dayAndMinute(operation.created)})`;

export function* resume(it: Invocation): Sys<number> {
  const task = yield* work(it);
  if (typeof task === 'string') return yield* failWith(it, task);
  return yield* runToEnd(it, task.found, task.desk, task.plan.cluster);
}

/** All phases of the plan; then the operation is completed. */
export function* runToEnd(it: Invocation, found: Found, desk: Desk, cluster: string): Sys<number> {
  const { operation } = found;
  const title = operation.type === 'operation_update' ? operationTitle(operation, cluster) : `Executing ${kindOf(found)}phase "/"`;
  if (operation.type === 'operation_update') yield* sayAfterStep(operation.progress.message);
  const failure = yield* executeAll(desk, on(it, 'force'));
  if (failure) {
    yield* finishSteps(title);
    yield* record(found, { state: 'failed', message: `Operation failure: ${failure.cause}` });
    return yield* failWith(it, failure.failed ? `failed to execute phase ${JSON.stringify(failure.failed)}` : failure.cause);
  }
  const plan = yield* desk.load();
  const problem = yield* complete_(found, typeof plan === 'string' ? null : plan, true);
  if (problem) return yield* failWith(it, problem);
  if (operation.type === 'operation_update') {
    yield* printStep('Operation has completed');
    yield* shutdownAgents();
  }
  yield* finishSteps(title);
  return 0;
}

/** The operation's record; an update keeps the cluster in its state when it fails. */
export function* record(found: Found, { state, message }: { state: 'failed' | 'completed'; message: string }): Sys<void> {
  const now = yield* realNow();
  const operation: OperationRecord = { ...found.operation, state, updated: now, progress: { message, completion: 100, state, created: now } };
  if (found.from === 'wizard') { yield* tellWizard({ operation }); return; }
  if (found.from === 'join') {
    const file = yield* readJoinFile();
    if (!file) return;
    yield* askController(file, `/portal/v1/operations/${operation.id}`, 'PUT', { state, progress: operation.progress, joined: state === 'completed', plan: file.plan } as never);
    yield* writeJoinFile({ ...file, operation });
    return;
  }
  if (found.plan) {
    yield* saveOperation(found.plan.cluster, operation);
    const file = found.operation.type === 'operation_update' ? yield* readUpdateFile() : null;
    if (file) yield* writeUpdateFile({ ...file, operation });
  }
}

export function* complete(it: Invocation): Sys<number> {
  const { found, all } = yield* findOperations();
  const wanted = text(it, 'operation-id');
  const chosen = wanted ? found.find((each) => each.operation.id === wanted) : activeOf(found);
  if (!chosen) return yield* failWith(it, wanted ? `no operation with ID ${wanted} found` : 'no active operations found');
  if (chosen.operation.type === 'operation_expand' && chosen.from === 'etcd' && all?.site) {
    const problem = yield* abandonJoin(chosen.operation, all.site);
    return problem ? yield* failWith(it, problem) : 0;
  }
  const desk = (yield* belongsElsewhere(it, chosen, all)) ?? (yield* deskOf(chosen, all));
  if (typeof desk === 'string') return yield* failWith(it, desk);
  const plan = yield* desk.load();
  if (typeof plan === 'string') return yield* failWith(it, plan);
  const problem = yield* complete_(chosen, plan, isCompleted(plan));
  return problem ? yield* failWith(it, problem) : 0;
}

/** The joining node has its plan and may be gone for good: from elsewhere its operation can only be given up. */
function* abandonJoin(operation: OperationRecord, site: SiteRecord): Sys<string | null> {
  const now = yield* realNow();
  const progress = { message: 'Operation failure: completed manually', completion: 100, state: 'failed', created: now } as const;
  const store = yield* openStore(`${STATE_DIR}/secrets`);
  const wrote = yield* putOperation(store, site.domain, { ...operation, state: 'failed', updated: now, progress });
  if (!wrote.ok || site.state !== 'expanding') return wrote.ok ? null : wrote.error;
  const freed = yield* putSite(store, { ...site, state: 'active' });
  return freed.ok ? null : freed.error;
}

/** Ends an operation: the cluster is active again, with the new version when all went well. */
export function* complete_(found: Found, plan: Plan | null, succeeded: boolean): Sys<string | null> {
  const current = { ...found, plan: plan ?? found.plan };
  yield* record(current, succeeded ? { state: 'completed', message: 'Operation has completed' } : { state: 'failed', message: 'Operation failure: completed manually' });
  if (found.operation.type === 'operation_expand') return null;
  const store = yield* openStore(`${STATE_DIR}/secrets`);
  const { all } = yield* findOperations();
  if (!all?.site) return found.operation.type === 'operation_install' && !succeeded ? null : 'failed to read cluster state from etcd';
  const { site } = all;
  const version = succeeded && found.operation.type === 'operation_update' ? found.operation.version ?? site.app.version : site.app.version;
  const wrote = yield* putSite(store, { ...site, state: succeeded || found.operation.type === 'operation_update' ? 'active' : 'failed', app: { ...site.app, version }, gravity_version: succeeded && found.operation.version ? found.operation.version : site.gravity_version });
  if (!wrote.ok) return wrote.error;
  if (current.plan) yield* putPlan(store, current.plan);
  if (found.from === 'wizard') {
    const now = yield* realNow();
    const state = succeeded ? 'completed' : 'failed';
    yield* saveOperation(site.domain, { ...found.operation, state, updated: now, progress: { message: succeeded ? 'Operation has completed' : 'Operation failure: completed manually', completion: 100, state, created: now } });
  }
  return null;
}
