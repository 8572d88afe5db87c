/**
 * Leader election among the copies of a component, by an annotation on an Endpoints object: lease 15 s,
 * renewed every 2 s, given up 10 s after the last success. client-go/tools/leaderelection v1.14 (a
 * renewal uses the version it knows, and reads only after a conflict). While all is quiet it sleeps.
 */
import { seconds, type Us } from '../engine/time.ts';
import { err } from '../proc/libc.ts';
import type { Json, Start, Sys } from '../proc/program.ts';
import { call } from '../proc/syscalls.ts';
import { api, type ApiConfig } from './client.ts';
import { record } from './recorder.ts';
import { quietFor, startStir } from './steady.ts';
import { klog, rfc3339 } from './time.ts';
import type { Obj } from './types.ts';

const LEASE_US = seconds(15);
const DEADLINE_US = seconds(10);
const RETRY_US = seconds(2);
/** The timer may sleep when nothing has been disturbed for so long. */
const QUIET_US = seconds(60);
const ANNOTATION = 'control-plane.alpha.kubernetes.io/leader';

interface LeaderRecord { readonly holderIdentity: string; readonly leaseDurationSeconds: number; readonly acquireTime: string; readonly renewTime: string; readonly leaderTransitions: number }
interface State { readonly identity: string; readonly leading: boolean; readonly object: Obj | null; readonly seen: string; /** Monotonic: when the record last changed. */ readonly seenAt: Us; /** When the failures began. */ readonly failing: Us | null }

export interface Election {
  /** The object's name and the component's. */
  readonly name: string;
  readonly onLeading: (start: Start) => Sys<void>;
}

export function* startElection(identity: string): Sys<void> {
  const state: State = { identity, leading: false, object: null, seen: '', seenAt: 0, failing: null };
  yield* call('memSet', { key: 'election', value: state as unknown as Json });
  yield* startStir();
  yield* call('timer', { name: 'elect', entry: 'elect', afterUs: 1, everyUs: RETRY_US });
}

const recordOf = (obj: Obj): LeaderRecord | null => {
  try { return JSON.parse(obj.metadata.annotations?.[ANNOTATION] ?? '') as LeaderRecord; } catch { return null; }
};

function withRecord(name: string, obj: Obj | null, record: LeaderRecord): Obj {
  const base = obj ?? { kind: 'Endpoints', apiVersion: 'v1', metadata: { name, namespace: 'kube-system' } };
  return { ...base, metadata: { ...base.metadata, annotations: { ...base.metadata.annotations, [ANNOTATION]: JSON.stringify(record) } } };
}

/** The entry `elect`: one try. The process's main waits on the channel `exit`. */
export function electThread(election: Election): (start: Start) => Sys<void> {
  return function* (start) {
    const got = yield* call('memGet', { key: 'election' });
    const config = yield* call('memGet', { key: 'api' });
    if (!got.ok || got.value === null || !config.ok) return;
    const state = got.value as unknown as State;
    if ((state as { busy?: boolean }).busy) return;
    yield* call('memSet', { key: 'election', value: { ...state, busy: true } as unknown as Json });
    const next = yield* attempt(election, state, config.value as unknown as ApiConfig);
    const time = yield* call('now', {});
    const mono = time.ok ? time.value.mono : 0;
    const good = next.leading && next.failing === null;
    yield* call('memSet', { key: 'election', value: next as unknown as Json });
    if (next.leading && !state.leading) {
      yield* say(start, 'I', 'leaderelection.go:227', `successfully acquired lease kube-system/${election.name}`);
      if (next.object) yield* record({ about: { kind: 'Endpoints', namespace: 'kube-system', name: election.name, uid: next.object.metadata.uid ?? '', apiVersion: 'v1', resourceVersion: next.object.metadata.resourceVersion ?? '' }, type: 'Normal', reason: 'LeaderElection', message: `${state.identity} became leader`, source: { component: election.name } });
      yield* election.onLeading(start);
    }
    if (state.leading && next.failing !== null && mono - next.failing >= DEADLINE_US - RETRY_US) {
      yield* say(start, 'I', 'leaderelection.go:263', `failed to renew lease kube-system/${election.name}: failed to tryAcquireOrRenew context deadline exceeded`);
      yield* say(start, 'F', 'controllermanager.go:260'.replace('controllermanager', election.name === 'kube-scheduler' ? 'server' : 'controllermanager'), 'leaderelection lost');
      yield* call('unpark', { channel: 'exit', value: 255 });
      return;
    }
    if (good && (yield* quietFor(QUIET_US))) yield* call('timer', { name: 'elect', entry: 'elect', afterUs: RETRY_US, everyUs: RETRY_US, quiet: true });
  };
}

function* say(start: Start, level: 'I' | 'E' | 'F', where: string, text: string): Sys<void> {
  const time = yield* call('now', {});
  yield* err(klog(level, time.ok ? time.value.real : 0, start.pid, where, text));
}

function* attempt(election: Election, state: State, config: ApiConfig): Sys<State> {
  const time = yield* call('now', {});
  const { real, mono } = time.ok ? time.value : { real: 0, mono: 0 };
  const path = `/api/v1/namespaces/kube-system/endpoints/${election.name}`;
  const failed: State = { ...state, failing: state.failing ?? mono };
  let object = state.leading ? state.object : null;
  if (!object) {
    const got = yield* api(config, 'GET', path, { timeoutUs: DEADLINE_US });
    if (!got.ok && got.status !== 404) return failed;
    object = got.ok ? (got.body as unknown as Obj) : null;
  }
  const old = object && recordOf(object);
  const seen = JSON.stringify(old);
  const seenAt = seen === state.seen ? state.seenAt : mono;
  if (old && old.holderIdentity && old.holderIdentity !== state.identity && mono - seenAt < LEASE_US) {
    return { ...state, leading: false, object: null, seen, seenAt, failing: state.leading ? failed.failing : null };
  }
  const stamp = rfc3339(real);
  const mine = old?.holderIdentity === state.identity;
  const fresh: LeaderRecord = {
    holderIdentity: state.identity, leaseDurationSeconds: 15, acquireTime: mine ? old.acquireTime : stamp, renewTime: stamp,
    leaderTransitions: mine || !old ? old?.leaderTransitions ?? 0 : old.leaderTransitions + 1,
  };
  const body = withRecord(election.name, object, fresh) as unknown as Json;
  const done = object ? yield* api(config, 'PUT', path, { body, timeoutUs: DEADLINE_US }) : yield* api(config, 'POST', '/api/v1/namespaces/kube-system/endpoints', { body, timeoutUs: DEADLINE_US });
  if (!done.ok) return { ...failed, object: null, seen, seenAt }; // after a conflict it reads anew
  return { ...state, leading: true, object: done.body as unknown as Obj, seen: JSON.stringify(fresh), seenAt: mono, failing: null };
}
