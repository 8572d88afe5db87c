/**
 * RPC agents: brought to every node by teleport, they execute phases of an update there and listen on 3012
 * (lib/rpc). Here is also the agent itself, `gravity agent run`.
 */
import { seconds } from '../../../sim/engine/time.ts';
import { capture } from '../../../sim/gravity/child.ts';
import { ask, readCertificate } from '../../../sim/gravity/cluster-api.ts';
import { realNow } from '../../../sim/gravity/console.ts';
import { gravityBinary } from '../../../sim/gravity/layout/installer.ts';
import { AGENT_BIN, STATE_DIR, UNIT_DIR } from '../../../sim/gravity/layout/paths.ts';
import { AGENT_UNIT } from '../../../sim/gravity/layout/units.ts';
import { snapshot, takeUpdatePlan, type UpdateFile } from '../../../sim/gravity/backends.ts';
import type { ServerRecord } from '../../../sim/gravity/state.ts';
import type { Release } from '../../../sim/gravity/versions.ts';
import { serveHttp, type HttpRequest, type HttpResponse } from '../../../sim/proc/http.ts';
import { out, strerror } from '../../../sim/proc/libc.ts';
import type { Start, Sys } from '../../../sim/proc/program.ts';
import { call } from '../../../sim/proc/syscalls.ts';
import { failWith, type Invocation } from './invocation.ts';

export const AGENT_PORT = 3012;
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

function* answer(request: HttpRequest): Sys<HttpResponse> {
  const reply = (status: number, body: HttpResponse['body']): HttpResponse => ({ status, headers: {}, body });
  switch (request.path) {
    case '/time': return reply(200, { real: yield* realNow() });
    case '/shutdown':
      yield* capture({ path: '/usr/bin/systemctl', argv: ['systemctl', '--no-block', 'stop', AGENT_UNIT.name] });
      return reply(200, {});
    case '/execute': {
      const { phase, force, operation, plan } = (request.body ?? {}) as { phase?: string; force?: boolean } & Partial<UpdateFile>;
      if (operation && plan) yield* takeUpdatePlan({ operation, plan });
      const argv = ['gravity', 'plan', 'execute', `--phase=${phase ?? ''}`, ...(force ? ['--force'] : [])];
      const done = yield* capture({ path: AGENT_BIN, argv, env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', TERM: 'dumb', HOME: '/root' } });
      const error = /\[ERROR\]: ([\s\S]*?)\n?$/.exec(done.text)?.[1] ?? null;
      return reply(200, { error: done.status === 0 ? null : error ?? `exit status ${done.status}` });
    }
    default: return reply(404, null);
  }
}
