/**
 * The three places from which a plan is worked on, as engine.ts wants them: an update's, the wizard's, a
 * join's.
 */
import { seconds } from '../../../sim/engine/time.ts';
import { askWizard, loadUpdatePlan, readJoinFile, saveUpdatePlan, tellWizard, writeJoinFile, type Found, type JoinFile } from '../../../sim/gravity/backends.ts';
import { ask, judged } from '../../../sim/gravity/cluster-api.ts';
import { nextStep } from '../../../sim/gravity/console.ts';
import type { Desk, Remote } from '../../../sim/gravity/engine.ts';
import { logBoth } from '../../../sim/gravity/phases/common.ts';
import { expandExecutors } from '../../../sim/gravity/phases/expand.ts';
import { installExecutors } from '../../../sim/gravity/phases/install.ts';
import { upgradeExecutors } from '../../../sim/gravity/phases/upgrade.ts';
import type { Phase, Plan } from '../../../sim/gravity/plan.ts';
import type { OperationRecord, ServerRecord, SiteRecord } from '../../../sim/gravity/state.ts';
import { NOSTALGIC, type Cluster, type Server } from '../../../sim/gravity/topology.ts';
import { ALPHA, releaseOf } from '../../../sim/gravity/versions.ts';
import type { Json, Sys } from '../../../sim/proc/program.ts';
import { deployAgents, executeByAgent, orderAgent } from './agents.ts';
import { myself } from './invocation.ts';

/** A cluster's record as the description that layouts and phases work from. */
export function clusterOf(site: SiteRecord, token: string): Cluster {
  return {
    ...NOSTALGIC, name: site.domain, token, servers: site.servers.map(serverOf), release: releaseOf(site.gravity_version) ?? ALPHA,
    installStarted: site.created, installEnded: site.created,
  };
}

export const serverOf = (record: ServerRecord): Server =>
  ({ name: record.hostname, address: record.advertise_ip, role: record.cluster_role, profile: record.role, podSubnet: '', memberId: '' });

const recordOf = (server: Server): ServerRecord =>
  ({ hostname: server.name, advertise_ip: server.address, cluster_role: server.role, role: server.profile });

const logFor = (component: string, host: string): Desk['log'] => (level, message, phase) => logBoth(level, message, component, { phase }, host);
function* nobody(): Sys<Remote> { return { is: 'no agent' }; }

/** Runs a phase by the agent on its node. The plan goes along: what etcd could not be told yet is known there too. */
function* byAgent(operation: OperationRecord, phase: Phase, force: boolean): Sys<Remote> {
  const plan = yield* loadUpdatePlan(operation.id);
  return yield* executeByAgent((phase.execServer ?? phase.server)!.address, { phase: phase.id, force, ...(typeof plan === 'string' ? {} : { operation, plan }) });
}

export function* updateDesk(found: Found, site: SiteRecord): Sys<Desk> {
  const here = yield* myself();
  const cluster = clusterOf(site, '');
  const self = cluster.servers.find((server) => here.addresses.includes(server.address)) ?? cluster.servers[0]!;
  const id = found.operation.id;
  const to = releaseOf(found.operation.version ?? '') ?? ALPHA;
  const executors = upgradeExecutors({ cluster, self, from: cluster.release, to });
  return {
    load: () => loadUpdatePlan(id), save: (plan) => saveUpdatePlan(found.operation, plan), executor: (name) => executors[name],
    isLocal: (address) => here.addresses.includes(address), remote: (phase, force) => byAgent(found.operation, phase, force), log: logFor('fsm:update', self.name),
  };
}

/** From another process than the installer: the plan is the wizard's. */
export function* wizardDesk(): Sys<Desk | string> {
  const state = yield* askWizard();
  if (typeof state === 'string') return 'installer process is not running';
  const here = yield* myself();
  const executors = installExecutors({ cluster: state.cluster, server: state.server, operation: state.operation, say: nextStep });
  return {
    *load() {
      const now = yield* askWizard();
      return typeof now === 'string' || !now.plan ? "Install operation plan hasn't been initialized yet." : now.plan;
    },
    *save(plan) { return (yield* tellWizard({ plan })) ? null : 'installer process is not running'; },
    executor: (name) => executors[name], isLocal: (address) => here.addresses.includes(address), remote: nobody, log: logFor('fsm:install', here.hostname),
  };
}

type Reply = { readonly ok: true; readonly body: Json } | { readonly ok: false; readonly error: string };

/** The controller at the peer that a join was given, with the token. */
export function* askPeer(peer: string, token: string, path: string, method: string, body: Json): Sys<Reply & { readonly status?: number }> {
  const got = yield* ask(`https://${peer}:3009${path}`, { method, body, headers: { Authorization: `Bearer ${token}` }, timeoutUs: seconds(30) });
  if (!got.ok) return { ok: false, error: got.error };
  const answer = judged(got);
  return answer.ok ? { ok: true, body: answer.value.body } : { ok: false, error: answer.error, status: got.value.status };
}

/** Asks each master that is known until the active controller answers. */
export function* askController(file: Pick<JoinFile, 'peer' | 'token' | 'cluster' | 'server'>, path: string, method: string, body: Json): Sys<Reply> {
  const peers = [file.peer, ...file.cluster.servers.filter((server) => server.role === 'master' && server.address !== file.server.address).map((server) => server.address)];
  let last: Reply = { ok: false, error: 'no peers' };
  for (const peer of [...new Set(peers)]) {
    const got = yield* askPeer(peer, file.token, path, method, body);
    if (got.ok) return got;
    last = got;
    if (got.status !== undefined && got.status !== 503) return got;
  }
  return last;
}

export function* joinDesk(file: JoinFile, say: (text: string) => Sys<void>): Sys<Desk> {
  const here = yield* myself();
  const executors = expandExecutors({
    cluster: file.cluster, server: file.server, secrets: file.secrets, say,
    agents: {
      deploy: (address) => deployAgents(file.cluster.servers.filter((each) => each.address === address).map(recordOf), file.cluster.release),
      order: orderAgent,
    },
    controller: (path, method, body) => askController(file, path, method, body),
  });
  return {
    *load() { return (yield* readJoinFile())?.plan ?? 'no operation found'; },
    *save(plan: Plan) { const now = yield* readJoinFile(); return now ? yield* writeJoinFile({ ...now, plan }) : 'no operation found'; },
    executor: (name) => executors[name], isLocal: (address) => here.addresses.includes(address), remote: nobody, log: logFor('fsm:join', file.server.name),
  };
}

