/**
 * Which master leads: it holds a key in etcd (gravity/lease.ts), if the election's own key lets it. The leader
 * runs the API server, the controller manager and the scheduler; every node lets leader.telekube.local
 * stand for it.
 */
import { seconds } from '../../engine/time.ts';
import { capture } from '../../gravity/child.ts';
import { leaderHosts } from '../../gravity/layout/planet-files.ts';
import { LEADER_UNITS } from '../../gravity/layout/planet-units.ts';
import { armTicks, exclusively, mayRest, NO_LEASE, tick, type Lease } from '../../gravity/lease.ts';
import type { Start, Sys } from '../../proc/program.ts';
import { call } from '../../proc/syscalls.ts';
import type { V2Event } from '../etcd/api.ts';
import { etcdV2, type EtcdClient } from '../etcd/client.ts';
import { agentFlags, log, recall, remember, type AgentFlags, type Identity } from './flags.ts';

const ASK = { totalUs: seconds(1), headerUs: seconds(1) };

export const recallLeader = function* (): Sys<string | null> { return (yield* recall<Lease>('election'))?.leader ?? null; };

export const electionTick = (start: Start): Sys<void> => exclusively(() => contend(start));

function* contend(start: Start): Sys<void> {
  const flags = agentFlags(start.argv);
  const identity = yield* recall<Identity>('identity');
  if (typeof flags === 'string' || !identity) return;
  const known = yield* recall<Lease>('election');
  const before = known ?? NO_LEASE;
  const stirredAt = (yield* recall<number>('stirredAt')) ?? 0;
  const mayLead = flags.role === 'master' && (yield* participates(flags, identity.etcd));
  const after = yield* tick({ etcd: identity.etcd, key: flags.leaderKey, self: flags.address, stirredAt }, mayLead, before);
  yield* remember('election', after);
  if (after.leader !== before.leader && after.leader) yield* follow(after.leader);
  if (after.leading && !before.leading) yield* log('info', `Became leader of ${flags.leaderKey}.`);
  if (after.leading !== before.leading || !known) yield* setUnits(flags, after.leading);
  if (mayRest(after)) yield* armTicks('election', true);
}

/** The key that says whether this node may lead; the flag stands until somebody has written it. */
function* participates(flags: AgentFlags, etcd: EtcdClient): Sys<boolean> {
  const key = `${flags.electionKey}/${flags.address}`;
  const got = yield* etcdV2(etcd, 'GET', key, {}, undefined, ASK);
  if (!got.ok) return true;
  if (got.value.status === 200) return (got.value.body as unknown as V2Event).node.value === 'true';
  yield* etcdV2(etcd, 'PUT', key, {}, String(flags.electionEnabled), ASK);
  return flags.electionEnabled;
}

/** How long a watch may stay silent before it is made anew, and the pause after a failure. */
const WATCH = { totalUs: seconds(86_400), headerUs: seconds(86_400) };
const AGAIN_US = seconds(5);

/**
 * A thread that waits for a change of the election's keys that is no renewal, and then has the agent look:
 * somebody was told to lead or not to. It ends with every event and leaves a fresh one behind.
 */
export function* watchElection(start: Start): Sys<void> {
  const flags = agentFlags(start.argv);
  const identity = yield* recall<Identity>('identity');
  if (typeof flags === 'string' || !identity) return;
  const from = (start.event as { index?: number } | null)?.index;
  const folder = flags.leaderKey.slice(0, flags.leaderKey.lastIndexOf('/'));
  const got = yield* etcdV2(identity.etcd, 'GET', folder, { wait: true, recursive: true, ...(from ? { waitIndex: from } : {}) }, undefined, WATCH);
  if (!got.ok || got.value.status !== 200) {
    yield* call('sleep', { us: AGAIN_US });
    yield* call('thread', { entry: 'watchElection', event: null });
    return;
  }
  const { node } = got.value.body as unknown as V2Event;
  const renewal = node.key === flags.leaderKey && node.value !== undefined && node.value === (yield* recallLeader());
  if (!renewal) yield* armTicks('election', false, 1_000);
  yield* call('thread', { entry: 'watchElection', event: { index: node.modifiedIndex + 1 } });
}

function* follow(leader: string): Sys<void> {
  yield* log('info', `Setting leader to ${leader}.`);
  yield* call('writeFile', { path: '/etc/coredns/coredns.hosts', text: leaderHosts(leader) });
}

function* setUnits(flags: AgentFlags, leading: boolean): Sys<void> {
  if (flags.role !== 'master') return;
  const verb = leading ? 'start' : 'stop';
  const units = leading ? LEADER_UNITS : [...LEADER_UNITS].reverse();
  yield* log('info', `About to ${verb} units ${units.join(', ')}.`);
  const done = yield* capture({ path: '/bin/systemctl', argv: ['systemctl', '--no-block', verb, ...units] });
  if (done.status !== 0) yield* log('error', `Failed to ${verb} units: ${done.text.trim()}`);
}
