/**
 * An installation of several nodes: `gravity join` on the others makes them agents of the installer, which
 * has them execute their phases (lib/install, lib/rpc). Both ends of that talk are here.
 */
import { seconds } from '../../../sim/engine/time.ts';
import { WIZARD_PORT, type WizardState } from '../../../sim/gravity/backends.ts';
import { ask } from '../../../sim/gravity/cluster-api.ts';
import { FAILURE, printStep, realNow } from '../../../sim/gravity/console.ts';
import type { Remote } from '../../../sim/gravity/engine.ts';
import { certificates } from '../../../sim/gravity/layout/certificates.ts';
import { logBoth } from '../../../sim/gravity/phases/common.ts';
import { installExecutors } from '../../../sim/gravity/phases/install.ts';
import type { Phase } from '../../../sim/gravity/plan.ts';
import { goDuration } from '../../../sim/gravity/times.ts';
import type { Server } from '../../../sim/gravity/topology.ts';
import { serveHttp, type Certificate, type HttpRequest, type HttpResponse } from '../../../sim/proc/http.ts';
import { strerror } from '../../../sim/proc/libc.ts';
import type { Json, Start, Sys } from '../../../sim/proc/program.ts';
import { call } from '../../../sim/proc/syscalls.ts';
import { silently } from './install.ts';
import { failWith, myself, type Invocation } from './invocation.ts';

const AGENT_PORT = 61_010;
const DONE = 'installed';

/** The certificate of the installer and its agents, before there is a cluster. */
export function* installerCert(): Sys<Certificate> {
  const here = yield* myself();
  const place = { name: here.hostname, address: here.addresses[0] ?? '127.0.0.1', role: 'master' as const };
  return certificates({ name: 'gravity-installer', serviceCidr: '10.100.0.0/16', installStarted: yield* realNow() }, place)['apiserver']!;
}

// --- the installer's side

export interface Candidate { readonly hostname: string; readonly address: string; readonly role: string; readonly token: string }

export function* readCandidates(): Sys<readonly Candidate[]> {
  const got = yield* call('memGet', { key: 'candidates' });
  return (got.ok ? got.value ?? [] : []) as unknown as readonly Candidate[];
}

/** A node offers itself; the answer says why it cannot be taken. */
export function* admit(candidate: Candidate, token: string): Sys<HttpResponse> {
  const refuse = (status: number, message: string): HttpResponse => ({ status, headers: {}, body: { error: { message } } });
  if (candidate?.token !== token) return refuse(403, 'bad username or password');
  if (candidate.role !== 'node') return refuse(400, `unknown node profile ${JSON.stringify(candidate.role)}`);
  const all = yield* readCandidates();
  if (all.some((each) => each.hostname === candidate.hostname && each.address !== candidate.address)) {
    return refuse(409, `One of existing servers already has hostname ${JSON.stringify(candidate.hostname)}.`);
  }
  const rest = all.filter((each) => each.address !== candidate.address);
  yield* call('memSet', { key: 'candidates', value: [...rest, candidate] as unknown as Json });
  return { status: 200, headers: {}, body: {} };
}

export const candidateServer = ({ hostname, address }: Candidate): Server => ({ name: hostname, address, role: 'master', profile: 'node', podSubnet: '', memberId: '' });

/** Has a phase executed on its node. */
export function* executeThere(phase: Phase, of: Pick<WizardState, 'operation' | 'cluster'>): Sys<Remote> {
  const { address } = (phase.execServer ?? phase.server)!;
  const server = of.cluster.servers.find((each) => each.address === address);
  const got = yield* ask(`https://${address}:${AGENT_PORT}/execute`, { method: 'POST', body: { ...of, phase, server } as unknown as Json, timeoutUs: seconds(1_200) });
  if (!got.ok) return { is: 'no agent' };
  const error = (got.value.body as { error?: string | null } | null)?.error;
  return error ? { is: 'failed', error } : { is: 'completed' };
}

/** Tells the agents how it ended. */
export function* dismiss(servers: readonly Server[], failure: string | null): Sys<void> {
  for (const server of servers) yield* ask(`https://${server.address}:${AGENT_PORT}/done`, { method: 'POST', body: { error: failure }, timeoutUs: seconds(5) });
}

// --- the agent's side

/** Offers this node to an installer at the peer; null when none is there. */
export function* offer(peer: string, own: Server, token: string, role: string): Sys<{ readonly error: string | null } | null> {
  const body: Candidate = { hostname: own.name, address: own.address, role, token };
  const got = yield* ask(`https://${peer}:${WIZARD_PORT}/agents`, { method: 'POST', body: body as unknown as Json, timeoutUs: seconds(10) });
  if (!got.ok) return null;
  if (got.value.status < 300) return { error: null };
  return { error: (got.value.body as { error?: { message?: string } } | null)?.error?.message ?? `unexpected response: ${got.value.status}` };
}

/** Serves the installer until it says that it is done. */
export function* serveInstaller(it: Invocation, peer: string): Sys<number> {
  const began = yield* realNow();
  const bound = yield* call('listen', { proto: 'tcp', addr: '0.0.0.0', port: AGENT_PORT, entry: 'onInstaller' });
  if (!bound.ok) return yield* failWith(it, `listen tcp 0.0.0.0:${AGENT_PORT}: bind: ${strerror(bound.errno).toLowerCase()}`);
  yield* printStep(`Connected to installer at ${peer}`);
  const told = yield* call('park', { channel: DONE });
  const failure = told.ok ? (told.value as { error?: string | null } | null)?.error ?? null : 'installer has gone';
  if (failure) {
    yield* printStep(`Operation failure: ${failure}`);
    yield* printStep(it.paint.red('Failed to join the cluster'));
    return FAILURE;
  }
  yield* printStep('Operation has completed');
  yield* printStep(it.paint.green(`Joined cluster in ${goDuration((yield* realNow()) - began)}`));
  return 0;
}

/** A connection from the installer. */
export function* onInstaller(start: Start): Sys<void> {
  yield* serveHttp((start.event as { fd: number }).fd, { cert: yield* installerCert() }, answer);
}

function* answer(request: HttpRequest): Sys<HttpResponse> {
  if (request.path === '/done') {
    yield* call('unpark', { channel: DONE, value: request.body });
    return { status: 200, headers: {}, body: {} };
  }
  if (request.path !== '/execute') return { status: 404, headers: {}, body: null };
  const { phase, cluster, server, operation } = request.body as unknown as WizardState & { phase: Phase };
  yield* printStep(phase.description);
  yield* logBoth('INFO', `Executing phase: ${phase.id}.`, 'fsm:install', { phase: phase.id }, server.name);
  const executor = installExecutors({ cluster, server, operation, *say() { /* the log hears it */ } })[phase.executor];
  const failure = executor ? yield* silently(executor.run(phase)) : `unknown phase ${JSON.stringify(phase.executor)}`;
  if (failure) yield* logBoth('ERROR', `Phase execution failed: ${failure}.`, 'fsm:install', { phase: phase.id }, server.name);
  return { status: 200, headers: {}, body: { error: failure } };
}
