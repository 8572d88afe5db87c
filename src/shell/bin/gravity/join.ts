/**
 * `gravity join`: asks the controller at a peer to let this node in, then runs the plan of the join here
 * (lib/expand/join.go).
 */
import { seconds } from '../../../sim/engine/time.ts';
import { writeJoinFile, readJoinFile, type JoinFile } from '../../../sim/gravity/backends.ts';
import { FAILURE, printStep, realNow } from '../../../sim/gravity/console.ts';
import { executePhase, type Desk } from '../../../sim/gravity/engine.ts';
import { exists, removeAll } from '../../../sim/gravity/files.ts';
import { STATE_DIR, WIZARD_DIR } from '../../../sim/gravity/layout/paths.ts';
import { autofix, failedLine, preflight } from '../../../sim/gravity/phases/preflight.ts';
import { isComposite, type Phase } from '../../../sim/gravity/plan.ts';
import { expandPlan } from '../../../sim/gravity/plans/install.ts';
import type { OperationRecord, ServerRecord, SiteRecord } from '../../../sim/gravity/state.ts';
import { goDuration } from '../../../sim/gravity/times.ts';
import type { Server } from '../../../sim/gravity/topology.ts';
import { out } from '../../../sim/proc/libc.ts';
import type { Json, Sys } from '../../../sim/proc/program.ts';
import { parseResolvConf } from '../../../sim/proc/resolver.ts';
import { call } from '../../../sim/proc/syscalls.ts';
import { askController, askPeer, clusterOf, joinDesk, serverOf } from './desks.ts';
import { copyBinary, LEFTOVERS, silently, thisServer } from './install.ts';
import { offer, serveInstaller } from './installer-agents.ts';
import { argument, failWith, text, type Invocation } from './invocation.ts';

interface Welcome { readonly operationId: string; readonly site: SiteRecord; readonly server: ServerRecord; readonly secrets: Readonly<Record<string, string>> }

export function* join(it: Invocation): Sys<number> {
  const peers = argument(it, 'peer-addrs').split(',').filter(Boolean);
  if (!peers.length) return yield* failWith(it, "peers list can't be empty");
  const own = yield* thisServer(text(it, 'advertise-addr'));
  if (typeof own === 'string') return yield* failWith(it, own);
  if (yield* exists(`${STATE_DIR}/local`)) return yield* failWith(it, LEFTOVERS);
  yield* printStep('Connecting to cluster');
  for (const said of yield* autofix()) yield* printStep(it.paint.blue(said));
  const failed = yield* preflight('host');
  if (failed.length) return yield* failWith(it, `The following pre-flight checks failed:\n${failed.map(failedLine).join('').trimEnd()}`);
  // Before the cluster is told: what this host cannot take must not hold up others.
  const copied = yield* copyBinary(it);
  if (copied) return yield* failWith(it, copied);
  const welcome = yield* knock(it, peers, own);
  if (typeof welcome === 'string') return yield* failWith(it, welcome);
  if ('installer' in welcome) return yield* serveInstaller(it, welcome.installer);
  return yield* perform(it, welcome.peer, welcome.welcome);
}

/** How often and how long a peer that does not answer is asked. */
const RETRY_US = seconds(5);
const RETRIES = 60;

function* knock(it: Invocation, peers: readonly string[], own: Server): Sys<{ peer: string; welcome: Welcome } | { installer: string } | string> {
  const server: ServerRecord = { hostname: own.name, advertise_ip: own.address, cluster_role: 'node', role: text(it, 'role') || 'node' };
  let last = '';
  for (let tries = 0; tries < RETRIES; tries++) {
    for (const peer of peers) {
      const got = yield* askPeer(peer, text(it, 'token'), '/portal/v1/nodes', 'POST', server as unknown as Json);
      if (got.ok) {
        yield* printStep(`Connected to existing cluster at ${peer}`);
        return { peer, welcome: got.body as unknown as Welcome };
      }
      last = got.error;
      if (got.status === undefined) {
        const offered = yield* offer(peer, own, text(it, 'token'), server.role);
        if (offered?.error) return offered.error;
        if (offered) return { installer: peer };
      }
      if (got.status === 423) { yield* printStep(`Waiting for another operation to finish at ${peer}`); continue; }
      if (got.status !== undefined && got.status !== 503) return got.error;
    }
    yield* call('sleep', { us: RETRY_US });
  }
  return last;
}

function* perform(it: Invocation, peer: string, welcome: Welcome): Sys<number> {
  const began = yield* realNow();
  const resolv = yield* call('readFile', { path: '/etc/resolv.conf' });
  const server = serverOf(welcome.server);
  const site = clusterOf(welcome.site, text(it, 'token'));
  const cluster = { ...site, servers: [...site.servers, server], upstream: parseResolvConf(resolv.ok ? resolv.value : '').nameservers };
  const operation: OperationRecord = {
    id: welcome.operationId, type: 'operation_expand', state: 'expand_in_progress', created: began, updated: began, server: welcome.server,
    progress: { message: 'initializing the operation', completion: 0, state: 'in_progress', created: began },
  };
  const file: JoinFile = {
    operation, plan: expandPlan({ operationId: operation.id, cluster, joining: server }), cluster, server, secrets: welcome.secrets, peer, token: text(it, 'token'),
  };
  const unwritten = yield* writeJoinFile(file);
  if (unwritten) {
    yield* report(file, { state: 'failed', progress: { message: unwritten, completion: 100, state: 'failed', created: began } });
    return yield* failWith(it, unwritten);
  }
  yield* printStep('Operation has been created');
  const desk = yield* joinDesk(file, function* () { /* the description is printed instead */ });
  const total = file.plan.phases.length;
  for (const [i, phase] of file.plan.phases.entries()) {
    const failure = yield* runPhase(file, desk, phase, Math.floor((100 * i) / total));
    if (failure) return yield* failed(it, file, failure);
  }
  const now = yield* realNow();
  const done = { message: 'Operation has completed', completion: 100, state: 'completed', created: now } as const;
  const told = yield* report(file, { state: 'completed', progress: done, joined: true });
  if (!told.ok) return yield* failed(it, file, told.error);
  yield* removeAll(`${WIZARD_DIR}/join`);
  yield* printStep('Operation has completed');
  yield* printStep(it.paint.green(`Joined cluster in ${goDuration(now - began)}`));
  return 0;
}

/** Tells the controller how it stands, and the plan that led there. */
function* report(file: JoinFile, change: object): ReturnType<typeof askController> {
  const plan = ((yield* readJoinFile()) ?? file).plan;
  return yield* askController(file, `/portal/v1/operations/${file.operation.id}`, 'PUT', { ...change, plan } as unknown as Json);
}

function* runPhase(file: JoinFile, desk: Desk, phase: Phase, completion: number): Sys<string | null> {
  yield* printStep(phase.description);
  const progress = { message: phase.description, completion, state: 'in_progress', created: yield* realNow() };
  yield* askController(file, `/portal/v1/operations/${file.operation.id}`, 'PUT', { progress });
  if (!isComposite(phase)) return yield* silently(executePhase(desk, phase.id, false));
  for (const child of phase.phases!) {
    const failure = yield* runPhase(file, desk, child, completion);
    if (failure) return failure;
  }
  return null;
}

function* failed(it: Invocation, file: JoinFile, failure: string): Sys<number> {
  const now = yield* realNow();
  yield* printStep(`Operation failure: ${failure}`);
  yield* printStep(it.paint.red('Failed to join the cluster'));
  yield* out('---\nAgent process will keep running so you can re-run certain steps.\nOnce no longer needed, this process can be shutdown using Ctrl-C.\n');
  const current = (yield* readJoinFile()) ?? file;
  const operation: OperationRecord = { ...current.operation, state: 'failed', updated: now, progress: { message: `Operation failure: ${failure}`, completion: 100, state: 'failed', created: now } };
  yield* writeJoinFile({ ...current, operation });
  // The cluster is free for other operations; this one can still be resumed from here.
  yield* report(file, { state: 'failed', progress: operation.progress });
  yield* call('serve', {});
  return FAILURE;
}
