/**
 * Watches: one etcd watch a kind, shared by everybody who watches that kind. Its thread turns etcd's
 * events into each client's view (selectors, version, Table) and sends them. When etcd's stream ends,
 * the clients' streams end too, as the real cacher does it. pkg/storage/cacher v1.14.
 */
import { seconds } from '../../engine/time.ts';
import type { Json, Start, Sys } from '../../proc/program.ts';
import { call, type Fd } from '../../proc/syscalls.ts';
import { etcdRange, etcdWatch, etcdWatchNext } from '../etcd/client.ts';
import { prefixEnd, type WatchEvent } from '../etcd/api.ts';
import { key } from '../../kube/pods.ts';
import { RESOURCES, type Resource } from '../../kube/kinds.ts';
import { gone, type Failure } from '../../kube/status.ts';
import { tableOf, type Include } from '../../kube/table/index.ts';
import type { Obj } from '../../kube/types.ts';
import { customResources } from './custom.ts';
import { type Filter, passes } from './fields.ts';
import { getHeld, HELD, setHeld } from './held.ts';
import type { Options } from './request.ts';
import { prefixOf, shown } from './store.ts';

/** A client's stream. `after`: the version from which on it wants events. */
export interface Client { readonly fd: Fd; readonly gv: string; readonly namespace: string; readonly name: string; readonly filter: Filter; readonly table: Include | null; readonly after: number }
interface Change { readonly version: number; readonly value: Obj | null; readonly before: Obj | null }
interface Shared { readonly live: boolean; /** Events up to this version are not in the ring. */ readonly since: number; readonly version: number; readonly ring: readonly Change[]; readonly clients: readonly Client[] }

/** Events remembered a kind (the real cacher's default size). */
const RING = 100;
const EVENTS = 8;
const stateKey = (resource: Resource): string => `watch/${resource.prefix}`;

function* getShared(resource: Resource): Sys<Shared | null> {
  const got = yield* call('memGet', { key: stateKey(resource) });
  return got.ok ? (got.value as unknown as Shared | null) : null;
}
const setShared = function* (resource: Resource, state: Shared): Sys<void> {
  yield* call('memSet', { key: stateKey(resource), value: state as unknown as Json });
};

/** Starts the thread of a kind unless it runs. `from` 0: from now on. */
export function* ensureWatch(resource: Resource, from: number): Sys<void> {
  const state = yield* getShared(resource);
  if (state) return;
  yield* setShared(resource, { live: false, since: from, version: from, ring: [], clients: [] });
  yield* call('thread', { entry: 'reflect', event: { prefix: resource.prefix, from } });
}

/** Adds a stream, first sending what it has missed since `client.after`. */
export function* subscribe(resource: Resource, client: Client): Sys<Failure | null> {
  yield* ensureWatch(resource, client.after);
  let state = (yield* getShared(resource))!;
  if (!state.live) {
    yield* call('park', { channel: stateKey(resource), timeoutUs: seconds(10) });
    state = (yield* getShared(resource)) ?? { live: false, since: 0, version: 0, ring: [], clients: [] };
    if (!state.live) return gone(`too old resource version: ${client.after} (${state.since})`);
  }
  if (client.after < state.since) return gone(`too old resource version: ${client.after} (${state.since})`);
  yield* setShared(resource, { ...state, clients: [...state.clients, client] });
  for (const change of state.ring) yield* deliver(resource, client, change);
  return null;
}

export function* unsubscribe(resource: Resource, fd: Fd): Sys<void> {
  const state = yield* getShared(resource);
  if (state) yield* setShared(resource, { ...state, clients: state.clients.filter((c) => c.fd !== fd) });
}

/** What a client is told of a change, or null. */
export function view(resource: Resource, client: Client, change: Change): { type: string; obj: Obj } | null {
  if (change.version <= client.after) return null;
  const about = change.value ?? change.before;
  if (!about || (client.namespace && about.metadata.namespace !== client.namespace) || (client.name && about.metadata.name !== client.name)) return null;
  const is = change.value !== null && passes(client.filter, change.value);
  const was = change.before !== null && passes(client.filter, change.before);
  if (is) return { type: was ? 'MODIFIED' : 'ADDED', obj: shown(resource, client.gv, { value: change.value!, version: change.version }) };
  return was ? { type: 'DELETED', obj: shown(resource, client.gv, { value: change.before!, version: change.version }) } : null;
}

function* deliver(resource: Resource, client: Client, change: Change): Sys<boolean> {
  const seen = view(resource, client, change);
  if (!seen) return true;
  return yield* sendEvent(resource, client.fd, client.table, seen.type, seen.obj);
}

export function* sendEvent(resource: Resource, fd: Fd, table: Include | null, type: string, obj: Obj): Sys<boolean> {
  let object: unknown = obj;
  if (table) {
    const now = yield* call('now', {});
    object = tableOf(resource.kind, [obj], now.ok ? now.value.real : 0, { selfLink: obj.metadata.selfLink ?? '', resourceVersion: obj.metadata.resourceVersion ?? '' }, table);
  }
  const sent = yield* call('send', { fd, data: { type, object } as unknown as Json, size: 1_500 });
  return sent.ok;
}

const byPrefix = new Map(RESOURCES.map((r) => [r.prefix, r]));

interface Cursor { readonly fd?: Fd; readonly failures?: number }

/** The thread: event {prefix, from}. */
export function* reflect(start: Start): Sys<void> {
  const { prefix, from } = start.event as { prefix: string; from: number };
  const options = yield* call('memGet', { key: 'options' });
  const held = yield* getHeld();
  const resource = byPrefix.get(prefix) ?? customResources(held).find((r) => r.prefix === prefix);
  if (!resource || !options.ok) return;
  const cursor = (start.mem ?? {}) as Cursor;
  if (cursor.fd === undefined) {
    const fd = yield* open(options.value as unknown as Options, resource, cursor.failures === undefined ? from : 0);
    if (fd === null) {
      yield* call('sleep', { us: seconds(1) });
      yield* call('become', { mem: { failures: (cursor.failures ?? 0) + 1 } });
      return;
    }
    yield* call('become', { mem: { fd } });
    return;
  }
  for (let n = 0; n < EVENTS; n++) {
    const got = yield* etcdWatchNext(cursor.fd);
    if (got === 'timeout') continue;
    if (got === 'closed' || got.canceled) {
      yield* call('close', { fd: cursor.fd });
      yield* hangUp(resource);
      yield* call('sleep', { us: seconds(1) });
      yield* call('become', { mem: { failures: 1 } });
      return;
    }
    for (const event of got.events) yield* take(resource, event);
  }
  yield* call('become', { mem: { fd: cursor.fd } });
}

/** Reads the kind once where it is held, and opens etcd's watch after what was read. */
function* open(options: Options, resource: Resource, from: number): Sys<Fd | null> {
  const prefix = prefixOf(resource);
  let since = from;
  if (HELD.includes(resource.plural) || since <= 0) {
    const held = HELD.includes(resource.plural);
    const got = yield* etcdRange(options.etcd, { key: prefix, rangeEnd: prefixEnd(prefix), ...(held ? {} : { countOnly: true }) }, seconds(20));
    if (!got.ok) return null;
    since = got.value.header.revision;
    if (held) {
      const map: Record<string, Obj> = {};
      for (const kv of got.value.kvs) map[key(kv.value as unknown as Obj)] = kv.value as unknown as Obj;
      yield* setHeld(resource.plural, () => map);
      yield* call('unpark', { channel: 'held', value: resource.plural });
    }
  }
  const watch = yield* etcdWatch(options.etcd, { key: prefix, rangeEnd: prefixEnd(prefix), startRevision: since + 1, prevKv: true }, seconds(20));
  if (!watch.ok) return null;
  const state = yield* getShared(resource);
  yield* setShared(resource, { live: true, since, version: since, ring: [], clients: state?.clients ?? [] });
  yield* call('unpark', { channel: stateKey(resource), value: null });
  return watch.value.fd;
}

function* take(resource: Resource, event: WatchEvent): Sys<void> {
  const value = event.type === 'PUT' ? (event.kv.value as unknown as Obj) : null;
  const before = (event.prevKv?.value ?? null) as unknown as Obj | null;
  const change: Change = { version: event.kv.modRevision, value, before };
  if (HELD.includes(resource.plural)) {
    const id = key((value ?? before)!);
    yield* setHeld(resource.plural, (map) => {
      const next: Record<string, Obj> = { ...map };
      if (value) next[id] = value; else delete next[id];
      return next;
    });
  }
  const state = (yield* getShared(resource))!;
  const full = state.ring.length >= RING;
  const ring = [...(full ? state.ring.slice(1) : state.ring), change];
  yield* setShared(resource, { ...state, version: change.version, since: full ? state.ring[0]!.version : state.since, ring });
  let lost: Fd[] | null = null;
  for (const client of state.clients) {
    const good = yield* deliver(resource, client, change);
    if (!good) (lost ??= []).push(client.fd);
  }
  if (lost) for (const fd of lost) yield* unsubscribe(resource, fd);
  if (resource.plural === 'endpoints' || resource.plural === 'services') yield* mind(change);
}

/** The server looks after its own service: a change of it by others is put right. */
function* mind(change: Change): Sys<void> {
  const about = (change.value ?? change.before)!;
  if (about.metadata.namespace === 'default' && about.metadata.name === 'kubernetes') yield* call('thread', { entry: 'own', event: null });
}

/** etcd's stream has ended: so do the clients', who come back and list again. */
function* hangUp(resource: Resource): Sys<void> {
  const state = yield* getShared(resource);
  if (!state) return;
  yield* setShared(resource, { ...state, live: false, clients: [] });
  for (const client of state.clients) yield* call('shutdown', { fd: client.fd });
}

