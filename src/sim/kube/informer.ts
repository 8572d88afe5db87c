/**
 * Informers: each watched resource has a thread that lists, watches and keeps a copy of the objects in
 * the process's memory, and calls the owner on every change. client-go's reflector v1.14: after a failed
 * list a second's pause and a line in the log; a watch that ends goes on from where it was; a version that
 * is too old lists again.
 */
import { seconds } from '../engine/time.ts';
import { err } from '../proc/libc.ts';
import type { Json, Start, Sys } from '../proc/program.ts';
import { call, type Fd } from '../proc/syscalls.ts';
import { api, apiWatch, KEEPALIVE, type ApiConfig, type WatchMessage } from './client.ts';
import { key } from './pods.ts';
import { klog } from './time.ts';
import type { Obj } from './types.ts';

export type Cache = Readonly<Record<string, Obj>>;
export interface Watched {
  /** The collection's path. */
  readonly path: string;
  /** Further parameters: 'fieldSelector=…'. */
  readonly query?: string;
  /** As logs name the type: '*v1.Pod'. */
  readonly type: string;
  /** Keep objects smaller, or leave them out (null). */
  readonly trim?: (obj: Obj) => Obj | null;
}
export interface Change { readonly resource: string; readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'; readonly obj: Obj; readonly old: Obj | null }

export interface Informers {
  readonly config: (start: Start) => Sys<ApiConfig>;
  readonly watched: (start: Start, resource: string) => Sys<Watched>;
  /** A change of the copy; `first` during the first list. */
  readonly onChange: (change: Change) => Sys<void>;
  /** The first list of a resource has been taken over. */
  readonly onSync?: (resource: string) => Sys<void>;
  /** Where its lines come from: 'k8s.io/client-go/informers/factory.go:133'. */
  readonly from: string;
}

const cacheKey = (resource: string): string => `cache/${resource}`;
interface Held {
  readonly map: Cache;
  /** The newest version seen by list or watch. */
  readonly version: number;
  /** What was last told of an object whose newer form is remembered from an answer; null: it was not known. */
  readonly told?: Readonly<Record<string, Obj | null>>;
}

/** The object as those who watch know it: what an event changes from. */
const lastTold = ({ map, told }: Held, id: string): Obj | null => (told?.[id] !== undefined ? told[id] : map[id] ?? null);

/** Its event has come. */
function heard(told: Held['told'], id: string): Pick<Held, 'told'> {
  if (told?.[id] === undefined) return told ? { told } : {};
  const { [id]: _, ...rest } = told;
  return Object.keys(rest).length ? { told: rest } : {};
}

function* held(resource: string): Sys<Held> {
  const got = yield* call('memGet', { key: cacheKey(resource) });
  return (got.ok && got.value !== null ? got.value : { map: {}, version: 0 }) as unknown as Held;
}

/** The copy of a resource; null before its first list. */
export function* cached(resource: string): Sys<Cache | null> {
  const got = yield* call('memGet', { key: cacheKey(resource) });
  return got.ok && got.value !== null ? (got.value as unknown as Held).map : null;
}

const versionOf = (obj: Obj): number => Number(obj.metadata.resourceVersion ?? 0);

/** Takes an object that the server just answered into the copy, before its event comes. */
export function* remember(resource: string, obj: Obj): Sys<void> {
  const now = yield* held(resource);
  const id = key(obj);
  const old = now.map[id];
  if (versionOf(obj) <= now.version || (old && versionOf(old) >= versionOf(obj))) return;
  yield* call('memSet', { key: cacheKey(resource), value: { ...now, map: { ...now.map, [id]: obj }, told: { ...now.told, [id]: lastTold(now, id) } } as unknown as Json });
}

/** Takes an object out of the copy, before its event comes. */
export function* forget(resource: string, id: string): Sys<void> {
  const now = yield* held(resource);
  if (!now.map[id]) return;
  const map: Record<string, Obj> = { ...now.map };
  delete map[id];
  yield* call('memSet', { key: cacheKey(resource), value: { ...now, map } as unknown as Json });
}

interface Cursor { readonly fd?: Fd; readonly version?: string; readonly failures?: number }

/** How many messages an activation takes before it starts afresh: the replies of a thread are kept. */
const MESSAGES = 6;

// ---- the streams, and whether their other end still lives

const STREAMS = 'watches';
/** A silent server is asked for a sign so often, and given up so much later: http2's ReadIdleTimeout and PingTimeout. */
const PING_US = seconds(30);
const PONG_US = seconds(15);

function* streams(): Sys<Readonly<Record<string, Fd>>> {
  const got = yield* call('memGet', { key: STREAMS });
  return (got.ok && got.value !== null ? got.value : {}) as unknown as Readonly<Record<string, Fd>>;
}

function* note(resource: string, fd: Fd | null): Sys<void> {
  const now = yield* streams();
  if (!Object.keys(now).length) yield* watchForSilence();
  const { [resource]: _old, ...rest } = now;
  yield* call('memSet', { key: STREAMS, value: (fd === null ? rest : { ...rest, [resource]: fd }) as unknown as Json });
}

/** Thirty seconds from now on, once anything in the world has changed. */
const watchForSilence = (): Sys<unknown> => call('timer', { name: 'ping', entry: 'keepalive', afterUs: PING_US, everyUs: PING_US, quiet: true });

/**
 * The entry `keepalive`: a host that has lost its power says no farewell, so the oldest stream is asked for a
 * sign of life, and without one all are given up. Nobody asks while nothing in the world has changed.
 */
export function* keepaliveThread(start: Start): Sys<void> {
  if ((start.event as { timer?: string }).timer === 'pong') return yield* dropStreams();
  yield* watchForSilence();
  const oldest = Object.values(yield* streams())[0];
  if (oldest === undefined) return;
  yield* call('send', { fd: oldest, data: KEEPALIVE, size: 17 });
  yield* call('timer', { name: 'pong', entry: 'keepalive', afterUs: PONG_US });
}

/** Every stream is given up, to be opened anew: kubelet does so when its heartbeats get no answer. */
export function* dropStreams(): Sys<void> {
  for (const fd of Object.values(yield* streams())) yield* call('shutdown', { fd, how: 'both' });
}

/** The thread of one resource: event {resource}. */
export function informerThread(informers: Informers): (start: Start) => Sys<void> {
  return function* (start) {
    const { resource } = start.event as { resource: string };
    const config = yield* informers.config(start);
    const watched = yield* informers.watched(start, resource);
    const cursor = (start.mem ?? {}) as Cursor;
    if (cursor.fd !== undefined) {
      const next = yield* follow(informers, resource, watched, cursor);
      yield* call('become', { mem: next as Json });
      return;
    }
    if (cursor.version === undefined) {
      const version = yield* list(informers, resource, watched, config, start);
      if (version === null) yield* call('sleep', { us: seconds(1) });
      yield* call('become', { mem: version === null ? {} : { version } });
      return;
    }
    const parameters = [watched.query, `resourceVersion=${cursor.version}`, 'watch=true'].filter(Boolean).join('&');
    const opened = yield* apiWatch(config, `${watched.path}?${parameters}`);
    if (opened.ok) {
      yield* note(resource, opened.fd);
      yield* call('become', { mem: { fd: opened.fd, version: cursor.version } });
      return;
    }
    if (opened.status !== 0 || !/connection refused/.test(opened.error)) yield* complain(informers, start, `Failed to watch ${watched.type}: ${opened.error}`);
    yield* call('sleep', { us: seconds(1) });
    // A refused connection keeps its place; anything else lists again.
    yield* call('become', { mem: opened.status === 0 && (cursor.failures ?? 0) < 30 ? { version: cursor.version, failures: (cursor.failures ?? 0) + 1 } : {} });
  };
}

function* complain(informers: Informers, start: Start, text: string): Sys<void> {
  const now = yield* call('now', {});
  yield* err(klog('E', now.ok ? now.value.real : 0, start.pid, 'reflector.go:126', `${informers.from}: ${text}`));
}

interface ListBody { readonly items: readonly Obj[]; readonly metadata: { readonly resourceVersion?: string } }

function* list(informers: Informers, resource: string, watched: Watched, config: ApiConfig, start: Start): Sys<string | null> {
  const query = [watched.query, 'limit=500', 'resourceVersion=0'].filter(Boolean).join('&');
  const got = yield* api(config, 'GET', `${watched.path}?${query}`);
  if (!got.ok) {
    yield* complain(informers, start, `Failed to list ${watched.type}: ${got.error}`);
    return null;
  }
  const body = got.body as unknown as ListBody;
  const version = body.metadata.resourceVersion ?? '0';
  const before = yield* cached(resource);
  const known = yield* held(resource);
  const map: Record<string, Obj> = {};
  for (const item of body.items) {
    const kept = watched.trim ? watched.trim(item) : item;
    if (kept) map[key(kept)] = kept;
  }
  yield* call('memSet', { key: cacheKey(resource), value: { map, version: Number(version) } as unknown as Json });
  for (const id of Object.keys(map)) {
    const old = lastTold(known, id);
    if (!old || old.metadata.resourceVersion !== map[id]!.metadata.resourceVersion) yield* informers.onChange({ resource, type: old ? 'MODIFIED' : 'ADDED', obj: map[id]!, old });
  }
  for (const id of Object.keys(before ?? {})) if (!map[id]) yield* informers.onChange({ resource, type: 'DELETED', obj: before![id]!, old: before![id]! });
  if (before === null && informers.onSync) yield* informers.onSync(resource);
  return version;
}

/** Takes events until the stream ends or the activation is full; the cursor to go on with. */
function* follow(informers: Informers, resource: string, watched: Watched, cursor: Cursor): Sys<Cursor> {
  const fd = cursor.fd!;
  let version = cursor.version;
  for (let n = 0; n < MESSAGES; n++) {
    const got = yield* call('recv', { fd });
    if (!got.ok || got.value === null) {
      yield* note(resource, null);
      yield* call('close', { fd });
      return { version };
    }
    if (got.value.data === KEEPALIVE) {
      yield* call('timerStop', { name: 'pong' });
      continue;
    }
    const message = got.value.data as unknown as WatchMessage;
    if (message.type === 'ERROR') {
      yield* note(resource, null);
      yield* call('close', { fd });
      return {};
    }
    version = message.object.metadata.resourceVersion ?? version;
    yield* take(informers, resource, watched, message);
  }
  return { fd, version };
}

function* take(informers: Informers, resource: string, watched: Watched, message: WatchMessage): Sys<void> {
  const now = yield* held(resource);
  const kept = watched.trim ? watched.trim(message.object) : message.object;
  const obj = kept ?? message.object;
  const id = key(obj);
  const current = now.map[id] ?? null;
  const old = lastTold(now, id);
  const version = versionOf(message.object);
  if (message.type === 'DELETED' || !kept) {
    const map: Record<string, Obj> = { ...now.map };
    delete map[id];
    yield* call('memSet', { key: cacheKey(resource), value: { map, version, ...heard(now.told, id) } as unknown as Json });
    if (old || message.type === 'DELETED') yield* informers.onChange({ resource, type: 'DELETED', obj, old: old ?? obj });
    return;
  }
  // What was remembered from an answer may be newer than the event.
  const newer = current !== null && versionOf(current) > version;
  const told = newer ? { told: { ...now.told, [id]: obj } } : heard(now.told, id);
  yield* call('memSet', { key: cacheKey(resource), value: { map: newer ? now.map : { ...now.map, [id]: obj }, version, ...told } as unknown as Json });
  yield* informers.onChange({ resource, type: message.type === 'ADDED' && !old ? 'ADDED' : 'MODIFIED', obj: newer ? current : obj, old });
}
