/**
 * RPC agents: brought to every node by teleport, they execute phases of an update there and listen on 3012
 * (lib/rpc). Here is also the agent itself, `gravity agent run`.
 */
import { seconds } from '../../../sim/engine/time.ts';
import { capture } from '../../../sim/gravity/child.ts';
import { ask, readCertificate } from '../../../sim/gravity/cluster-api.ts';
import { realNow } from '../../../sim/gravity/console.ts';
import { gravityBinary } from '../../../sim/gravity/layout/installer.ts';
import { writeJson } from '../../../sim/gravity/files.ts';
import { openStore } from '../../../sim/gravity/store.ts';
import { etcdRange, etcdV2 } from '../../../sim/services/etcd/client.ts';
import { AGENT_BIN, ETCD_BACKUP, STATE_DIR, UNIT_DIR } from '../../../sim/gravity/layout/paths.ts';
import { AGENT_UNIT } from '../../../sim/gravity/layout/units.ts';
import { readUpdateFile, snapshot, takeUpdatePlan, type UpdateFile } from '../../../sim/gravity/backends.ts';
import type { Remote } from '../../../sim/gravity/engine.ts';
import { nodeFailures } from '../../../sim/gravity/phases/preflight.ts';
import { findPhase } from '../../../sim/gravity/plan.ts';
import type { ServerRecord } from '../../../sim/gravity/state.ts';
import type { Release } from '../../../sim/gravity/versions.ts';
import { serveHttp, type HttpRequest, type HttpResponse } from '../../../sim/proc/http.ts';
import { out, strerror } from '../../../sim/proc/libc.ts';
import type { Json, Start, Sys } from '../../../sim/proc/program.ts';
import { call } from '../../../sim/proc/syscalls.ts';
import { failWith, type Invocation } from './invocation.ts';

export const AGENT_PORT = 3012;
/** Set for what an agent runs: on a regular node nobody else works on an upgrade's plan. */
export const FOR_AGENT = 'GRAVITY_RPC_AGENT';
const SHELL = '/bin/sh';
/** Sixty megabytes to each node. */
const COPY_US = seconds(5);

/** Brings the agent to every server and starts it; the refusal names those whose teleport is away. */
export function* deployAgents(servers: readonly ServerRecord[], release: Release): Sys<string | null> {
  const away: string[] = [];
  for (const server of servers) {
    const up = yield* ask(`https://${server.advertise_ip}:3022/ping`, { timeoutUs: seconds(5), cert: 'kubelet' });
    if (!up.ok) away.push(server.hostname);
  }
  if (away.length) {
    return `Teleport is unavailable on the following cluster nodes: ${away.join(', ')}. Please make sure that the Teleport service is running and try again.`;
  }
  const files = { [AGENT_BIN]: { text: gravityBinary(release), mode: 0o755 }, [`${UNIT_DIR}/${AGENT_UNIT.name}`]: { text: AGENT_UNIT.text, mode: 0o644 } };
  const argv = [SHELL, '-c', `systemctl daemon-reload && systemctl restart ${AGENT_UNIT.name}`];
  yield* call('sleep', { us: COPY_US });
  for (const server of servers) {
    const got = yield* ask(`https://${server.advertise_ip}:3022/exec`, { method: 'POST', body: { argv, files }, timeoutUs: seconds(60), cert: 'kubelet' });
    const done = got.ok ? (got.value.body as { status?: number; output?: string } | null) : null;
    if (!got.ok) return got.error;
    if (done?.status !== 0) return `failed to deploy agent on ${server.hostname}: ${done?.output?.trim() ?? ''}`;
  }
  return null;
}

/** Asks every agent to end; those that are not there need not. */
export function* shutdownAgents(): Sys<void> {
  const all = yield* snapshot({ totalUs: seconds(5), headerUs: seconds(5) });
  for (const server of all?.site?.servers ?? []) {
    yield* ask(`https://${server.advertise_ip}:${AGENT_PORT}/shutdown`, { method: 'POST', timeoutUs: seconds(5), cert: 'kubelet' });
  }
}

export function* deploy(it: Invocation): Sys<number> {
  const all = yield* snapshot({ totalUs: seconds(5), headerUs: seconds(5) });
  if (!all?.site) return yield* failWith(it, 'no cluster found');
  const problem = yield* deployAgents(all.site.servers, it.release);
  return problem ? yield* failWith(it, problem) : 0;
}

export function* shutdown(): Sys<number> {
  yield* out('Preparing to shutdown agents.\n');
  yield* shutdownAgents();
  return 0;
}

export function* runAgent(it: Invocation): Sys<number> {
  const bound = yield* call('listen', { proto: 'tcp', addr: '0.0.0.0', port: AGENT_PORT, entry: 'onAgent' });
  if (!bound.ok) return yield* failWith(it, `listen tcp 0.0.0.0:${AGENT_PORT}: bind: ${strerror(bound.errno).toLowerCase()}`);
  yield* call('serve', {});
  return 0;
}

/** A connection to the agent. */
export function* onAgent(start: Start): Sys<void> {
  const cert = yield* readCertificate(`${STATE_DIR}/secrets/kubelet.cert`);
  yield* serveHttp((start.event as { fd: number }).fd, { ...(cert ? { cert, clientCa: cert.ca } : {}) }, answer);
}

const reply = (status: number, body: HttpResponse['body']): HttpResponse => ({ status, headers: {}, body });

function* answer(request: HttpRequest): Sys<HttpResponse> {
  switch (request.path) {
    case '/time': return reply(200, { real: yield* realNow() });
    case '/checks': return reply(200, { real: yield* realNow(), failed: (yield* nodeFailures()) as unknown as Json });
    case '/shutdown':
      yield* capture({ path: '/usr/bin/systemctl', argv: ['systemctl', '--no-block', 'stop', AGENT_UNIT.name] });
      return reply(200, {});
    case '/etcd-backup': return reply(200, { error: yield* backupEtcd() });
    case '/execute': {
      const job = yield* call('random', { below: 0x1_0000_0000 });
      yield* call('thread', { entry: 'onJob', event: { job: job.ok ? job.value : 0, order: request.body } });
      return reply(200, { job: job.ok ? job.value : 0 });
    }
    case '/result': return yield* result((request.body as { job?: number } | null)?.job ?? -1);
    default: return reply(404, null);
  }
}

/** All that etcd holds, beside the agent: what a join that fails could be undone from. */
function* backupEtcd(): Sys<string | null> {
  const store = yield* openStore(`${STATE_DIR}/secrets`);
  const patience = { totalUs: seconds(10) };
  const v2 = yield* etcdV2(store, 'GET', '/', { recursive: true, quorum: true }, undefined, patience);
  if (!v2.ok) return v2.error;
  const v3 = yield* etcdRange(store, { key: '\0', rangeEnd: '\0' }, seconds(10));
  if (!v3.ok) return v3.error;
  return yield* writeJson(ETCD_BACKUP, { v2: v2.value.body, v3: v3.value });
}

/** An order that is a question of moments. */
export function* orderAgent(address: string, path: string): Sys<string | null> {
  const got = yield* ask(`https://${address}:${AGENT_PORT}${path}`, { method: 'POST', timeoutUs: seconds(60), cert: 'kubelet' });
  if (!got.ok) return got.error;
  return (got.value.body as { error?: string | null } | null)?.error ?? null;
}

// --- phases that others order: the order is taken at once, the result is asked for until it is there

const jobKey = (job: number): string => `job/${job}`;
interface Result { readonly error: string | null; /** Whether the phase itself failed. */ readonly failed: boolean }
interface Order extends Partial<UpdateFile> { readonly phase?: string; readonly force?: boolean }

/** A thread of the agent: one phase, by the binary of the new release. */
export function* onJob(start: Start): Sys<void> {
  const { job, order } = start.event as unknown as { job: number; order: Order };
  yield* call('memSet', { key: jobKey(job), value: 'running' });
  const done = yield* perform(order);
  yield* call('memSet', { key: jobKey(job), value: done as unknown as Json });
  yield* call('unpark', { channel: jobKey(job), value: null });
}

function* perform({ phase = '', force, operation, plan }: Order): Sys<Result> {
  const unwritten = operation && plan ? yield* takeUpdatePlan({ operation, plan }) : null;
  if (unwritten) return { error: unwritten, failed: false };
  const argv = ['gravity', 'plan', 'execute', `--phase=${phase}`, ...(force ? ['--force'] : [])];
  const done = yield* capture({ path: AGENT_BIN, argv, env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', TERM: 'dumb', HOME: '/root', [FOR_AGENT]: '1' } });
  if (done.status === 0) return { error: null, failed: false };
  const file = yield* readUpdateFile();
  const known = file ? findPhase(file.plan, phase) : undefined;
  return { error: /\[ERROR\]: ([\s\S]*?)\n?$/.exec(done.text)?.[1] ?? (yield* noAnswer(done.status)), failed: known?.state === 'failed' };
}

function* noAnswer(status: number): Sys<string> {
  const there = yield* call('stat', { path: AGENT_BIN });
  return there.ok ? `exit status ${status}` : `fork/exec ${AGENT_BIN}: ${strerror(there.errno).toLowerCase()}`;
}

/** So long one question waits for the result, and its asker for the answer. */
const HELD_US = seconds(10);
const ANSWER_US = seconds(20);

function* result(job: number): Sys<HttpResponse> {
  const now = yield* call('memGet', { key: jobKey(job) });
  if (!now.ok || now.value === null) return reply(404, null);
  if (now.value !== 'running') return reply(200, now.value);
  yield* call('park', { channel: jobKey(job), timeoutUs: HELD_US });
  const later = yield* call('memGet', { key: jobKey(job) });
  return reply(200, later.ok && later.value !== 'running' ? later.value : { running: true });
}

/** Has a phase executed by the agent at this address. */
export function* executeByAgent(address: string, order: Order): Sys<Remote> {
  const url = `https://${address}:${AGENT_PORT}`;
  const begun = yield* ask(`${url}/execute`, { method: 'POST', body: order as unknown as Json, timeoutUs: ANSWER_US, cert: 'kubelet' });
  if (!begun.ok || begun.value.status !== 200) return { is: 'no agent' };
  for (;;) {
    const got = yield* ask(`${url}/result`, { method: 'POST', body: begun.value.body, timeoutUs: ANSWER_US, cert: 'kubelet' });
    if (!got.ok || got.value.status !== 200) return { is: 'lost', error: 'rpc error: code = Unavailable desc = transport is closing' };
    const { running, error, failed } = got.value.body as unknown as Partial<Result> & { running?: boolean };
    if (running) continue;
    return error ? { is: failed ? 'failed' : 'refused', error } : { is: 'completed' };
  }
}
