/**
 * What watches the peers: the prober, which finds out whether a peer answers and what its clock says,
 * and the leader's monitor of versions. Both only talk to the log. rafthttp/probing_status.go and
 * etcdserver/cluster_util.go of 3.3.
 */
import { ms, seconds } from '../../engine/time.ts';
import { fetchOnce, goError } from '../../proc/http.ts';
import type { Sys } from '../../proc/program.ts';
import { call } from '../../proc/syscalls.ts';
import { goDuration } from './calendar.ts';
import { getConfig, getCore, getLinks, getState, log, logWhole, mono, patchLink } from './core.ts';
import { propose } from './propose.ts';
import { DIAL_US, peerHeaders, peerOptions } from './streams.ts';
import type { NodeId } from './raft.ts';

const STATUS_US = seconds(30);
const STATUS_ERROR_US = seconds(5);
/** Clocks that kept their difference this closely for so many probes are steady: probing then rests until something is disturbed. */
const STEADY_US = ms(2), STEADY_TIMES = 10;
const SKEW_MAX_US = seconds(1);
const VERSIONS_US = seconds(4);
const PROBERS = ['ROUND_TRIPPER_RAFT_MESSAGE', 'ROUND_TRIPPER_SNAPSHOT'];

export function* startMonitors(): Sys<void> {
  yield* call('timer', { name: 'probe', entry: 'probe', afterUs: STATUS_ERROR_US });
  yield* call('timer', { name: 'versions', entry: 'versions', afterUs: VERSIONS_US });
}

/** The entry of the prober's alarm: each peer in a thread of its own, so that a silent one holds up nobody. */
export function* onProbe(): Sys<void> {
  const links = yield* getLinks();
  let failing = false, steady = true;
  for (const id in links) {
    failing ||= links[id]!.failing || !links[id]!.active;
    steady &&= links[id]!.skew.times >= STEADY_TIMES;
    yield* call('thread', { entry: 'probePeer', event: { peer: id } });
  }
  const afterUs = failing ? STATUS_ERROR_US : STATUS_US;
  yield* call('timer', { name: 'probe', entry: 'probe', afterUs, ...(steady && !failing && { everyUs: afterUs, quiet: true }) });
}

export function* onProbePeer(id: NodeId): Sys<void> {
  const config = yield* getConfig();
  const link = (yield* getLinks())[id];
  if (!link) return;
  const started = yield* mono();
  const got = yield* fetchOnce(`${link.urls[0]}/raft/probing`, { ...peerOptions(config), headers: peerHeaders(config, id), connectTimeoutUs: DIAL_US, timeoutUs: STATUS_ERROR_US });
  const good = got.ok && got.response.status === 200;
  if (link.failing === good) {
    yield* patchLink(id, { failing: !good });
    if (!good) yield* call('timer', { name: 'probe', entry: 'probe', afterUs: STATUS_ERROR_US });
  }
  if (!good) {
    const why = got.ok ? `unexpected status ${got.response.status}` : goError(got.error);
    for (const prober of PROBERS) yield* log('W', 'rafthttp', `health check for peer ${id} could not connect: ${why} (prober "${prober}")`);
    return;
  }
  const now = yield* call('now', {});
  if (!now.ok) return;
  const theirs = (got.response.body as { now: number }).now;
  const difference = Math.abs(now.value.real - theirs - Math.round((now.value.mono - started) / 2));
  const { skew } = link;
  const same = Math.abs(difference - skew.us) <= STEADY_US && difference <= SKEW_MAX_US;
  yield* patchLink(id, { skew: same ? { us: skew.us, times: skew.times + 1 } : { us: difference, times: 0 } });
  if (difference > SKEW_MAX_US) yield* logWhole('W', 'rafthttp', `the clock difference against peer ${id} is too high [${goDuration(difference)} > 1s]`);
}

/** The leader asks members for their versions; those that are well are not asked, as nothing would come of it. */
export function* onVersions(): Sys<void> {
  const { raft } = yield* getCore();
  const state = yield* getState();
  const links = yield* getLinks();
  let lost = false;
  for (const id in links) {
    const link = links[id]!;
    if (link.active) continue;
    lost = true;
    if (raft.role === 'leader') yield* call('thread', { entry: 'version', event: { peer: id } });
  }
  if (raft.role === 'leader' && state.version === null) yield* propose({ op: 'version', version: '3.3.0' });
  yield* call('timer', { name: 'versions', entry: 'versions', afterUs: VERSIONS_US, ...(!lost && state.version !== null && { everyUs: VERSIONS_US, quiet: true }) });
}

export function* onVersion(id: NodeId): Sys<void> {
  const config = yield* getConfig();
  const link = (yield* getLinks())[id];
  if (!link) return;
  const url = link.urls[0];
  const got = yield* fetchOnce(`${url}/version`, { ...peerOptions(config), connectTimeoutUs: DIAL_US, timeoutUs: DIAL_US });
  if (got.ok && got.response.status === 200) return;
  const why = got.ok ? `unexpected status ${got.response.status}` : goError(got.error);
  yield* log('W', 'etcdserver', `failed to reach the peerURL(${url}) of member ${id} (Get ${url}/version: ${why})`);
  yield* log('W', 'etcdserver', `cannot get the version of member ${id} (Get ${url}/version: ${why})`);
}
