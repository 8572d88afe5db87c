/**
 * Satellite: every thirty seconds the node's own checks, and what the other nodes' agents have in store.
 * Answers are given from that store only. While nothing in the world has changed for some time, costly
 * checks are repeated in every tenth cycle and their last findings stand in between.
 */
import { seconds } from '../../engine/time.ts';
import { monotonic, watchForStirring } from '../../gravity/lease.ts';
import { rfc3339 } from '../../gravity/times.ts';
import { serveHttp, type HttpRequest, type HttpResponse } from '../../proc/http.ts';
import type { Json, Start, Sys } from '../../proc/program.ts';
import { call } from '../../proc/syscalls.ts';
import { look } from '../../probes/index.ts';
import { ask, type EtcdClient } from '../etcd/client.ts';
import { agentFlags, recall, remember, type Identity } from './flags.ts';
import { nodeStatus, systemStatus, unknownNode, type MemberStatus, type NodeStatus, type SystemStatus } from './status.ts';

export const CYCLE_US = seconds(30);
const REPLY_US = seconds(10);

/** Whole cycles after a disturbance, and how often a whole cycle comes in any case. */
const WHOLE_CYCLES = 10;
const WHOLE_EVERY = 10;

/** Something in the world has changed: look at everything again for a while, and at who leads. */
export function* stirred(): Sys<void> {
  yield* remember('whole', WHOLE_CYCLES);
  yield* remember('stirredAt', yield* monotonic());
  yield* watchForStirring();
}

export function* satelliteCycle(start: Start): Sys<void> {
  const flags = agentFlags(start.argv);
  const identity = yield* recall<Identity>('identity');
  if (typeof flags === 'string' || !identity) return;
  const whole = (yield* recall<number>('whole')) ?? WHOLE_CYCLES;
  const count = (yield* recall<number>('cycles')) ?? 0;
  yield* remember('cycles', count + 1);
  if (whole > 0) yield* remember('whole', whole - 1);
  const before = yield* recall<NodeStatus>('local');
  const findings = yield* look(identity.place, before?.probes ?? [], whole > 0 || count % WHOLE_EVERY === 0);
  const members = yield* serfMembers();
  const own = members.find((member) => member.name === flags.name)
    ?? { name: flags.name, addr: `${flags.address}:7496`, status: 'alive', tags: { publicip: flags.address, role: flags.role } };
  const local = nodeStatus(own, findings);
  yield* remember('local', local);
  const nodes: NodeStatus[] = [];
  const missing: string[] = [];
  for (const member of members.length ? members : [own]) {
    if (member.status === 'left') continue;
    const node = member.name === flags.name ? local : yield* askMember(member, identity);
    if (!node.status && member.status !== 'failed') missing.push(member.name);
    nodes.push(node);
  }
  const now = yield* call('now', {});
  yield* remember('system', systemStatus(nodes, missing, rfc3339(now.ok ? now.value.real : 0, true)));
}

function* serfMembers(): Sys<readonly MemberStatus[]> {
  const client: EtcdClient = { endpoints: [], cert: null, trust: null };
  const got = yield* ask(client, 'http://127.0.0.1:7373', { method: 'GET', path: '/members' }, { timeoutUs: seconds(5) });
  return got.ok && got.response.status === 200 ? (got.response.body as unknown as readonly MemberStatus[]) : [];
}

function* askMember(member: MemberStatus, identity: Identity): Sys<NodeStatus> {
  if (member.status !== 'alive') return unknownNode(member);
  const client: EtcdClient = { endpoints: [], cert: identity.rpc, trust: identity.place.trust };
  const address = member.tags['publicip'] ?? member.addr.split(':')[0]!;
  const got = yield* ask(client, `https://${address}:7575`, { method: 'GET', path: '/local' }, { timeoutUs: REPLY_US });
  const node = got.ok && got.response.status === 200 ? (got.response.body as unknown as NodeStatus | null) : null;
  return node ? { ...node, member_status: member } : unknownNode(member);
}

/** A connection to port 7575. */
export function* onRpc(start: Start): Sys<void> {
  const { fd } = start.event as { fd: number };
  const identity = yield* recall<Identity>('identity');
  const options = { ...(identity?.server ? { cert: identity.server } : {}), clientCa: identity?.authority ?? null };
  yield* serveHttp(fd, options, answer);
}

function* answer(request: HttpRequest): Sys<HttpResponse> {
  const json = (status: number, body: unknown): HttpResponse => ({ status, headers: { 'Content-Type': 'application/json' }, body: body as Json });
  const path = request.path.split('?')[0]!;
  if (path === '/local' || path === '/local/') return json(200, yield* recall<NodeStatus>('local'));
  if (path !== '/') return { status: 404, headers: {}, body: '404 page not found\n' };
  const system = (yield* recall<SystemStatus>('system')) ?? { nodes: [], timestamp: rfc3339(0) };
  return json(system.status === 'running' ? 200 : 503, system);
}
