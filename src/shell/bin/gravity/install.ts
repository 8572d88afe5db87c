/**
 * `gravity install`: the installer, which is also the wizard that keeps the plan and that other shells'
 * `gravity plan` ask, until it is ended (tool/gravity/cli/install.go, lib/install).
 */
import { seconds } from '../../../sim/engine/time.ts';
import { WIZARD_FLAG, WIZARD_PORT, writeWizardFile, type WizardState } from '../../../sim/gravity/backends.ts';
import { printStep, realNow } from '../../../sim/gravity/console.ts';
import { executePhase, type Desk } from '../../../sim/gravity/engine.ts';
import { exists, removeAll, writeTree } from '../../../sim/gravity/files.ts';
import { gravityBinary } from '../../../sim/gravity/layout/installer.ts';
import { GRAVITY_BIN, STATE_DIR } from '../../../sim/gravity/layout/paths.ts';
import { logBoth } from '../../../sim/gravity/phases/common.ts';
import { installExecutors } from '../../../sim/gravity/phases/install.ts';
import { autofix } from '../../../sim/gravity/phases/preflight.ts';
import { isComposite, isCompleted, type Phase } from '../../../sim/gravity/plan.ts';
import { installPlan } from '../../../sim/gravity/plans/install.ts';
import { installedSite, type OperationRecord } from '../../../sim/gravity/state.ts';
import { newUuid, openStore, putOperation, putPlan, putSite } from '../../../sim/gravity/store.ts';
import { align } from '../../../sim/gravity/columns.ts';
import { goDuration } from '../../../sim/gravity/times.ts';
import { NOSTALGIC, type Cluster, type Server } from '../../../sim/gravity/topology.ts';
import { APP } from '../../../sim/gravity/versions.ts';
import { serveHttp, type HttpRequest, type HttpResponse } from '../../../sim/proc/http.ts';
import { out, strerror } from '../../../sim/proc/libc.ts';
import { Interrupted, type Json, type Start, type Sys } from '../../../sim/proc/program.ts';
import { parseResolvConf } from '../../../sim/proc/resolver.ts';
import { call } from '../../../sim/proc/syscalls.ts';
import { admit, candidateServer, dismiss, executeThere, installerCert, readCandidates, type Candidate } from './installer-agents.ts';
import { argument, failWith, myself, text, type Invocation } from './invocation.ts';

const FLAVORS: Readonly<Record<string, number>> = { one: 1, three: 3 };
const DOCS = 'https://gravitational.com/gravity/docs/cluster/';

export const LEFTOVERS = `detected previous installation state in ${STATE_DIR}/local, please clean it up using \`gravity leave --force\` before proceeding (see ${DOCS}#deleting-a-cluster for more details)`;

/** The installer ends on Ctrl-C with a word, wherever it stands. */
export function* install(it: Invocation): Sys<number> {
  yield* call('sigaction', { signal: 'INT', action: 'catch' });
  yield* call('sigaction', { signal: 'TERM', action: 'catch' });
  try {
    return yield* runInstaller(it);
  } catch (interruption) {
    if (!(interruption instanceof Interrupted)) throw interruption;
    yield* out(`Received ${JSON.stringify(interruption.signal === 'INT' ? 'interrupt' : 'terminated')} signal, shutting down...\n`);
    yield* call('sleep', { us: seconds(1) });
    return 0;
  }
}

function* runInstaller(it: Invocation): Sys<number> {
  const folder = (argument(it, 'appdir') || '.').replace(/\/$/, '');
  if (!(yield* exists(`${folder}/app.yaml`))) return yield* failWith(it, `failed to find application manifest: open ${folder}/app.yaml: no such file or directory`);
  const flavor = text(it, 'flavor') || 'one';
  if (!FLAVORS[flavor]) return yield* failWith(it, `install flavor "${flavor}" not found`);
  if (text(it, 'role') && text(it, 'role') !== 'node') return yield* failWith(it, `server role ${JSON.stringify(text(it, 'role'))} is not found`);
  const server = yield* thisServer(text(it, 'advertise-addr'));
  if (typeof server === 'string') return yield* failWith(it, server);
  if (yield* exists(`${STATE_DIR}/local`)) return yield* failWith(it, LEFTOVERS);
  yield* printStep('Starting installer');
  yield* printStep('Preparing for installation...');
  const bound = yield* call('listen', { proto: 'tcp', addr: '0.0.0.0', port: WIZARD_PORT, entry: 'onWizard' });
  if (!bound.ok) return yield* failWith(it, `listen tcp 0.0.0.0:${WIZARD_PORT}: bind: ${strerror(bound.errno).toLowerCase()}`);
  const copied = yield* copyBinary(it);
  if (copied) return yield* failWith(it, copied);
  yield* call('sleep', { us: seconds(15) });
  yield* printStep(`Installing application ${APP}:${it.release.gravity}`);
  yield* printStep('Starting non-interactive install');
  for (const said of yield* autofix()) yield* printStep(it.paint.blue(said));
  yield* printStep(it.paint.green(`Successfully added "node" node on ${server.address}`));
  const token = yield* joinToken(it);
  const others = yield* waitForNodes(it, server, FLAVORS[flavor]!, token);
  yield* printStep(it.paint.green('All agents have connected!'));
  yield* printStep('Starting the installation');
  return yield* perform(it, yield* newCluster(it, [server, ...others], token));
}

function* joinToken(it: Invocation): Sys<string> {
  let token = text(it, 'token');
  if (token) return token;
  while (token.length < 12) {
    const n = yield* call('random', { below: 16 });
    token += (n.ok ? n.value : 0).toString(16);
  }
  return token;
}

/** The installer puts itself where every shell finds it. */
export const copyBinary = (it: Invocation): Sys<string | null> => writeTree({ [GRAVITY_BIN]: { text: gravityBinary(it.release), mode: 0o755 } });

/** The address to advertise: the one given, or the only one there is. */
export function* thisServer(advertise: string): Sys<Server | string> {
  const here = yield* myself();
  if (advertise && !here.addresses.includes(advertise)) return `no interface with address ${advertise} found`;
  const address = advertise || here.addresses[0];
  if (!address) return 'no network interfaces found';
  return { name: here.hostname, address, role: 'master', profile: 'node', podSubnet: '', memberId: '' };
}

function* newCluster(it: Invocation, servers: readonly Server[], token: string): Sys<Cluster> {
  const resolv = yield* call('readFile', { path: '/etc/resolv.conf' });
  const pick = function* (words: readonly string[]): Sys<string> {
    const n = yield* call('random', { below: words.length });
    return words[n.ok ? n.value : 0]!;
  };
  const number = yield* call('random', { below: 9_000 });
  const name = text(it, 'cluster') || `${yield* pick(ADJECTIVES)}${yield* pick(SURNAMES)}${1_000 + (number.ok ? number.value : 0)}`;
  const now = yield* realNow();
  return {
    ...NOSTALGIC, name, token, servers, release: it.release, installId: yield* newUuid(), installStarted: now, installEnded: now,
    upstream: parseResolvConf(resolv.ok ? resolv.value : '').nameservers, vxlanPort: Number(text(it, 'vxlan-port')),
    podCidr: text(it, 'pod-network-cidr'), serviceCidr: text(it, 'service-cidr'),
  };
}

/** Names are made as Docker's name generator makes them. */
const ADJECTIVES = ['adoring', 'brave', 'clever', 'eager', 'focused', 'gallant', 'happy', 'jolly', 'kind', 'nostalgic', 'quirky', 'serene', 'wizardly'];
const SURNAMES = ['bell', 'curie', 'darwin', 'euler', 'fermi', 'hopper', 'kepler', 'lovelace', 'noether', 'pascal', 'turing', 'wright'];

/** With too few nodes the installer says what to run on the others, and waits for them. */
function* waitForNodes(it: Invocation, server: Server, wanted: number, token: string): Sys<Server[]> {
  if (wanted === 1) return [];
  yield* call('memSet', { key: 'token', value: token });
  const command = `gravity join ${server.address} --token=${token} --role=node`;
  yield* printStep('Please execute the following join commands on target nodes:');
  yield* out(`${align(`Role\tNodes\tCommand\n----\t-----\t-------\nnode\t${wanted - 1}\t${command}`)}\n`);
  let known = 0;
  for (;;) {
    const all = yield* readCandidates();
    for (const candidate of all.slice(known)) yield* printStep(it.paint.green(`Successfully added "node" node on ${candidate.address}`));
    known = all.length;
    if (known >= wanted - 1) return all.slice(0, wanted - 1).map(candidateServer);
    yield* call('sleep', { us: seconds(1) });
  }
}

function* perform(it: Invocation, cluster: Cluster): Sys<number> {
  const server = cluster.servers[0]!;
  const began = yield* realNow();
  const operation: OperationRecord = {
    id: cluster.installId, type: 'operation_install', state: 'install_in_progress', created: began, updated: began,
    progress: { message: 'Operation has been created', completion: 0, state: 'in_progress', created: began },
  };
  yield* writeTree({ [`${WIZARD_FLAG}/address`]: `${server.address}:${WIZARD_PORT}\n` });
  yield* setState({ operation, plan: installPlan({ operationId: operation.id, cluster }), cluster, server });
  yield* printStep('Operation has been created');
  yield* logBoth('INFO', 'Operation has been created', 'installer', {});
  const failure = yield* runPhases(localDesk({ operation, cluster, server }), (yield* getState())!.plan!.phases);
  yield* dismiss(cluster.servers.slice(1), failure);
  return failure ? yield* failed(it, failure, began) : yield* succeeded(it, cluster, began);
}

/** The desk of the installer itself. Steps are not printed: descriptions are. */
function localDesk(of: Pick<WizardState, 'operation' | 'cluster' | 'server'>): Desk {
  const executors = installExecutors({ ...of, *say() { /* only the log hears it */ } });
  return {
    *load() { return (yield* getState())?.plan ?? 'no operation found'; },
    *save(plan) { const state = yield* getState(); if (state) yield* setState({ ...state, plan }); return null; },
    executor: (name) => executors[name], isLocal: (address) => address === of.server.address, remote: (phase) => executeThere(phase, of),
    log: (level, message, phase) => logBoth(level, message, 'fsm:install', { phase }, of.server.name),
  };
}

/** Each phase's description as it begins, composites first. */
function* runPhases(desk: Desk, phases: readonly Phase[]): Sys<string | null> {
  for (const phase of phases) {
    yield* printStep(phase.description);
    const failure = isComposite(phase) ? yield* runPhases(desk, phase.phases!) : yield* executeQuietly(desk, phase.id);
    if (failure) return failure;
  }
  return null;
}

function* executeQuietly(desk: Desk, id: string): Sys<string | null> {
  const failure = yield* silently(executePhase(desk, id, false));
  return failure ? `failed to execute phase ${JSON.stringify(id)}` : null;
}

/** Runs a piece of work without the dated steps that engine.ts prints for people at a command line. */
export function* silently<T>(work: Sys<T>): Sys<T> {
  let next = work.next();
  while (!next.done) {
    const request = next.value as { op: string; fd?: number };
    const mute = (request.op === 'write' && request.fd === 1) || (request.op === 'timer');
    next = work.next(mute ? { ok: true, value: null } : yield next.value);
  }
  return next.value;
}

function* failed(it: Invocation, failure: string, began: number): Sys<number> {
  const now = yield* realNow();
  yield* printStep(`Operation failure: ${failure}`);
  yield* printStep(it.paint.red(`Installation failed in ${goDuration(now - began)}, check /var/log/gravity-install.log and /var/log/gravity-system.log for details`));
  yield* logBoth('ERROR', `Operation failure: ${failure}`, 'installer', {});
  const state = yield* getState();
  if (state) {
    const left: WizardState = { ...state, operation: { ...state.operation, state: 'failed', updated: now } };
    yield* setState(left);
    yield* writeWizardFile(left);
  }
  yield* out(it.paint.yellow(`
Installer process will keep running so you can inspect the operation plan using
\`gravity plan\` command, see what failed and continue plan execution manually
using \`gravity install --phase=<phase-id>\` command after fixing the problem.

Once no longer needed, press Ctrl-C to shutdown this process.`) + '\n');
  yield* call('serve', {});
  return 0;
}

function* succeeded(it: Invocation, cluster: Cluster, began: number): Sys<number> {
  const now = yield* realNow();
  const state = yield* getState();
  const store = yield* openStore(`${STATE_DIR}/secrets`);
  const operation: OperationRecord = { ...state!.operation, state: 'completed', updated: now, progress: { message: 'Operation has completed', completion: 100, state: 'completed', created: now } };
  yield* putSite(store, { ...installedSite(cluster), created: began });
  yield* putOperation(store, cluster.name, operation);
  if (state?.plan && isCompleted(state.plan)) yield* putPlan(store, state.plan);
  yield* removeAll(WIZARD_FLAG);
  yield* printStep('Operation has completed');
  yield* logBoth('INFO', 'Operation has completed', 'installer', {});
  yield* printStep(it.paint.green(`Installation succeeded in ${goDuration(now - began)}`));
  const addresses = cluster.servers.map((server) => server.address);
  const lines = ['Cluster endpoints:', '    * Authentication gateway:', ...addresses.map((each) => `        - ${each}:32009`), '    * Cluster management URL:', ...addresses.map((each) => `        - https://${each}:32009`)];
  yield* out(`\n${lines.join('\n')}\n\nCongratulations!\nThe cluster is up and running. Please take a look at "cluster management" section:\n${DOCS}\n`);
  return 0;
}

// --- the wizard

function* getState(): Sys<WizardState | null> {
  const got = yield* call('memGet', { key: 'wizard' });
  return got.ok ? (got.value as unknown as WizardState | null) : null;
}
function* setState(state: WizardState): Sys<void> {
  yield* call('memSet', { key: 'wizard', value: state as unknown as Json });
}

/** A connection to the wizard: others read the state and record what they did. */
export function* onWizard(start: Start): Sys<void> {
  yield* serveHttp((start.event as { fd: number }).fd, { cert: yield* installerCert() }, wizard);
}

function* wizard(request: HttpRequest): Sys<HttpResponse> {
  if (request.path === '/agents') {
    const token = yield* call('memGet', { key: 'token' });
    return yield* admit(request.body as unknown as Candidate, token.ok && typeof token.value === 'string' ? token.value : '');
  }
  const state = yield* getState();
  if (request.path !== '/state' || !state) return { status: 404, headers: {}, body: null };
  if (request.method === 'PUT') {
    const change = request.body as unknown as Partial<WizardState>;
    const next: WizardState = { ...state, ...change };
    yield* setState(next);
    yield* writeWizardFile(next);
    if (change.operation?.state === 'completed') yield* removeAll(WIZARD_FLAG);
    return { status: 200, headers: {}, body: null };
  }
  return { status: 200, headers: {}, body: state as unknown as Json };
}

