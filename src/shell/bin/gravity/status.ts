/**
 * `gravity status`: the cluster from etcd, its health from this node's planet agent, and when that does not
 * answer, a look at the node itself.
 */
import { seconds } from '../../../sim/engine/time.ts';
import { realNow } from '../../../sim/gravity/console.ts';
import { STATE_DIR } from '../../../sim/gravity/layout/paths.ts';
import { askAgent, type AgentNode, type AgentSystem } from '../../../sim/gravity/phases/common.ts';
import { failedLine, preflight, type Failed } from '../../../sim/gravity/phases/preflight.ts';
import { isFinished, type OperationRecord, type Snapshot } from '../../../sim/gravity/state.ts';
import { printStatus, statusAsJson, type NodeStatus, type StatusReport } from '../../../sim/gravity/status.ts';
import { openStore, readAll } from '../../../sim/gravity/store.ts';
import { dateSeconds } from '../../../sim/gravity/times.ts';
import { failureText, type Finding } from '../../../sim/probes/index.ts';
import { out, strerror } from '../../../sim/proc/libc.ts';
import type { Sys } from '../../../sim/proc/program.ts';
import { call } from '../../../sim/proc/syscalls.ts';
import { failWith, on, text, type Invocation } from './invocation.ts';

const UI_PORT = 32_009;

export function* status(it: Invocation): Sys<number> {
  const problem = yield* readable();
  if (problem) return yield* failWith(it, problem);
  if (on(it, 'tail')) return yield* tail(it);
  const every = Number(text(it, 'seconds'));
  if (!every) return yield* once(it);
  yield* call('sleep', { us: seconds(every) });
  const status = yield* once(it);
  if (status !== 0) return status;
  yield* call('become', { mem: null });
  return 0;
}

/** The certificates that etcd asks for. */
function* readable(): Sys<string | null> {
  for (const name of ['etcd.cert', 'etcd.key', 'root.cert']) {
    const path = `${STATE_DIR}/secrets/${name}`;
    const read = yield* call('readFile', { path });
    if (!read.ok) return `open ${path}: ${strerror(read.errno).toLowerCase()}`;
  }
  return null;
}

function* once(it: Invocation): Sys<number> {
  const store = yield* openStore(`${STATE_DIR}/secrets`);
  const got = yield* readAll(store, { totalUs: seconds(10), headerUs: seconds(10) });
  const all = got.ok ? got.value : null;
  if (on(it, 'token')) {
    const token = all?.tokens.find((each) => each.type === 'expand')?.token;
    if (!token) return yield* failWith(it, got.ok ? 'no join token found' : got.error);
    yield* out(`${token}\n`);
    return 0;
  }
  const wanted = text(it, 'operation-id');
  if (wanted && all && !all.operations.some((each) => each.id === wanted)) return yield* failWith(it, `no operation with ID ${wanted} found`);
  const system = yield* askAgent<AgentSystem>('/');
  const report = makeReport(all, system, wanted);
  const asText = text(it, 'output') !== 'json';
  let local: readonly Failed[] = [];
  if (!system) {
    if (asText && !it.quiet) yield* out('Failed to query Gravity cluster status. Running additional checks\n');
    local = yield* preflight('host');
  }
  if (it.quiet) {
    if (wanted) yield* out(`${all?.operations.find((each) => each.id === wanted)?.state ?? ''}\n`);
    return 0;
  }
  if (!asText) { yield* out(statusAsJson(report, local.map((each) => failedLine(each).trim()))); return 0; }
  yield* out(printStatus(report, yield* realNow(), it.paint));
  if (local.length) yield* out(`Failed checks:\n${local.map(failedLine).join('')}`);
  return 0;
}

export function makeReport(all: Snapshot | null, system: AgentSystem | null, wanted = ''): StatusReport {
  const site = all?.site ?? null;
  const operations = all?.operations ?? [];
  const last = wanted ? operations.find((each) => each.id === wanted) : newestFinished(operations);
  const masters = (site?.servers ?? []).filter((server) => server.cluster_role === 'master').map((server) => server.advertise_ip);
  return {
    site, token: all?.tokens.find((each) => each.type === 'expand')?.token ?? null,
    active: operations.filter((each) => !isFinished(each) && each.id !== wanted), last: last ?? null,
    endpoints: { gateway: masters.map((address) => `${address}:${UI_PORT}`), ui: masters.map((address) => `https://${address}:${UI_PORT}`) },
    system: system ? system.status ?? 'unknown' : null, nodes: system ? nodeList(site, system) : [],
  };
}

const newestFinished = (operations: readonly OperationRecord[]): OperationRecord | undefined =>
  operations.filter(isFinished).sort((a, b) => b.updated - a.updated)[0];

function nodeList(site: Snapshot['site'], system: AgentSystem): NodeStatus[] {
  const describe = (node: AgentNode | undefined, hostname: string, address: string, profile: string): NodeStatus => {
    const role = node ? (node.member_status.tags['role'] === 'master' ? 'master' : 'node') : null;
    const offline = !node || node.member_status.status === 'failed' || !node.status;
    return {
      hostname, address, role, profile: node ? profile : '', status: offline ? 'offline' : node.status === 'running' ? 'healthy' : 'degraded',
      failedProbes: (node?.probes ?? []).filter((probe) => probe.status === 'failed').map((probe) => failureText(probe as Finding)),
    };
  };
  const byAddress = (address: string): AgentNode | undefined => system.nodes.find((node) => node.member_status.tags['publicip'] === address);
  if (!site) return system.nodes.map((node) => describe(node, '', node.member_status.tags['publicip'] ?? '', ''));
  return site.servers.map((server) => describe(byAddress(server.advertise_ip), server.hostname, server.advertise_ip, server.role));
}

/** Follows the operation that is under way until it ends. */
function* tail(it: Invocation): Sys<number> {
  const store = yield* openStore(`${STATE_DIR}/secrets`);
  const got = yield* readAll(store);
  if (!got.ok) return yield* failWith(it, got.error);
  const wanted = text(it, 'operation-id');
  const mem = it.start.mem as { id: string; said: string } | null;
  const active = got.value.operations.filter((each) => (mem ? each.id === mem.id : wanted ? each.id === wanted : !isFinished(each)));
  if (!active.length) return yield* failWith(it, 'there is no operation in progress');
  if (active.length > 1) return yield* failWith(it, 'multiple active operations in progress. Please specify the operation with --operation-id');
  const operation = active[0]!;
  const line = `${dateSeconds(operation.progress.created)} [INFO] ${operation.progress.message}\n`;
  if (line !== mem?.said) yield* out(line);
  if (isFinished(operation)) return 0;
  yield* call('sleep', { us: seconds(1) });
  yield* call('become', { mem: { id: operation.id, said: line } });
  return 0;
}
