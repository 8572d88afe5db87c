/**
 * Those who watch: v3 watches and v2 waits, each a connection of its own that lives in the process's
 * memory until its client goes. Events are sent by the thread that applied them.
 */
import type { Us } from '../../engine/time.ts';
import type { Json, Sys } from '../../proc/program.ts';
import { call, type Fd } from '../../proc/syscalls.ts';
import type { WatchRequest, WatchResponse } from './api.ts';
import { headerOf } from './applied.ts';
import { getConfig, getCore, getState, mono } from './core.ts';
import { covers, eventsFrom, type StoredEvent } from './mvcc.ts';
import { concerns, showChange, type V2Change } from './v2store.ts';

/** `since`: when it came, on the monotonic clock; tells it from an earlier owner of the descriptor. */
export type Watcher = { fd: Fd; since: Us } & (
  | { kind: 'v3'; key: string; rangeEnd?: string; prevKv: boolean; /** Events from this revision on. */ from: number }
  | { kind: 'v2'; path: string; recursive: boolean; /** Goes on after the first event. */ stream: boolean });

type Watchers = Readonly<Record<string, Watcher>>;

export function* getWatchers(): Sys<Watchers> {
  const got = yield* call('memGet', { key: 'watchers' });
  return (got.ok ? got.value ?? {} : {}) as unknown as Watchers;
}

export function* addWatcher(watcher: Watcher): Sys<void> {
  const watchers = yield* getWatchers();
  yield* call('memSet', { key: 'watchers', value: { ...watchers, [watcher.fd]: watcher } as unknown as Json });
}

export function* removeWatcher(fd: Fd): Sys<void> {
  const { [fd]: _gone, ...rest } = yield* getWatchers();
  yield* call('memSet', { key: 'watchers', value: rest as unknown as Json });
}

const strip = ({ revision: _r, prevKv, ...event }: StoredEvent, withPrev: boolean): WatchResponse['events'][number] =>
  (withPrev && prevKv ? { ...event, prevKv } : event);

function* push(watcher: Watcher & { kind: 'v3' }, events: readonly StoredEvent[]): Sys<void> {
  const config = yield* getConfig();
  const state = yield* getState();
  const { raft } = yield* getCore();
  const response: WatchResponse = { header: headerOf(state, config.self, raft.term), events: events.map((event) => strip(event, watcher.prevKv)) };
  yield* sendTo(watcher, response as unknown as Json, 200 + 900 * events.length);
}

/** Sends if the watcher is still there: its descriptor may belong to somebody else by now. */
function* sendTo(watcher: Watcher, data: Json, size: number): Sys<void> {
  const now = yield* getWatchers();
  if (now[watcher.fd]?.since === watcher.since) yield* call('send', { fd: watcher.fd, data, size });
}

/** Tells all whom it concerns of what one entry did. */
export function* tellWatchers(events: readonly StoredEvent[], changes: readonly V2Change[]): Sys<void> {
  const watchers = yield* getWatchers();
  for (const name in watchers) {
    const watcher = watchers[name]!;
    if (watcher.kind === 'v3') {
      const mine = events.length === 1 ? (concernsV3(watcher, events[0]!) ? events : []) : events.filter((event) => concernsV3(watcher, event));
      if (mine.length) yield* push(watcher, mine);
    } else for (const change of changes) {
      if (!concerns(change, watcher.path, watcher.recursive)) continue;
      yield* pushV2(watcher, change);
      if (!watcher.stream) break;
    }
  }
}

const concernsV3 = (watcher: Watcher & { kind: 'v3' }, event: StoredEvent): boolean =>
  event.revision >= watcher.from && covers(watcher.key, watcher.rangeEnd, event.kv.key);

/** A v2 wait is over with its first event: its connection is shut, which wakes the thread that keeps it. */
export function* pushV2(watcher: Watcher & { kind: 'v2' }, change: V2Change): Sys<void> {
  const now = yield* call('now', {});
  yield* sendTo(watcher, showChange(change, now.ok ? now.value.real : 0) as unknown as Json, 400);
  if (!watcher.stream) yield* dismiss(watcher);
}

/** Takes a watcher off the list and wakes the thread that keeps its connection. */
function* dismiss(watcher: Watcher): Sys<void> {
  const now = yield* getWatchers();
  if (now[watcher.fd]?.since !== watcher.since) return;
  yield* removeWatcher(watcher.fd);
  yield* call('shutdown', { fd: watcher.fd, how: 'both' });
}

/** A snapshot has jumped over entries: watchers are told what happened in between, if it is still known. */
export function* catchUpWatchers(fromRevision: number): Sys<void> {
  const { mvcc } = yield* getState();
  const watchers = yield* getWatchers();
  for (const name in watchers) {
    const watcher = watchers[name]!;
    if (watcher.kind !== 'v3') continue;
    const first = Math.max(watcher.from, fromRevision + 1);
    if (first <= mvcc.compactRevision) yield* cancelCompacted(watcher, mvcc.compactRevision);
    else {
      const events = eventsFrom(mvcc, watcher.key, watcher.rangeEnd, first);
      if (events.length) yield* push(watcher, events);
    }
  }
}

function* cancelCompacted(watcher: Watcher, compactRevision: number): Sys<void> {
  const config = yield* getConfig();
  const state = yield* getState();
  const { raft } = yield* getCore();
  const response: WatchResponse = { header: headerOf(state, config.self, raft.term), events: [], canceled: true, compactRevision };
  yield* sendTo(watcher, response as unknown as Json, 100);
  yield* dismiss(watcher);
}

/** Starts a v3 watch on a connection whose head has been sent: first what is past, then what comes. */
export function* beginWatch(fd: Fd, request: WatchRequest): Sys<void> {
  const { mvcc } = yield* getState();
  const from = request.startRevision || mvcc.revision + 1;
  const watcher: Watcher & { kind: 'v3' } = { fd, since: yield* mono(), kind: 'v3', key: request.key, ...(request.rangeEnd !== undefined && { rangeEnd: request.rangeEnd }), prevKv: request.prevKv ?? false, from: Math.max(from, mvcc.revision + 1) };
  // Registered first: what is applied while the past is sent comes after it on the same connection.
  yield* addWatcher(watcher);
  if (request.startRevision && from <= mvcc.compactRevision) {
    yield* cancelCompacted(watcher, mvcc.compactRevision);
    return;
  }
  const past = from <= mvcc.revision ? eventsFrom(mvcc, request.key, request.rangeEnd, from) : [];
  if (past.length) yield* push(watcher, past);
}
