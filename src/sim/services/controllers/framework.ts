/**
 * What every controller is built on: copies of objects kept by informers, a queue of keys per controller,
 * a worker thread that takes them one by one and again after a failure. client-go's workqueue v1.14.
 */
import { ms, seconds, type Us } from '../../engine/time.ts';
import { err } from '../../proc/libc.ts';
import type { Json, Start, Sys } from '../../proc/program.ts';
import { call } from '../../proc/syscalls.ts';
import { api, type ApiConfig } from '../../kube/client.ts';
import { cached, forget, remember, type Cache, type Change } from '../../kube/informer.ts';
import { record, refTo } from '../../kube/recorder.ts';
import { klog } from '../../kube/time.ts';
import { pathOf } from '../../kube/kinds.ts';
import { key } from '../../kube/pods.ts';
import type { Obj, Status } from '../../kube/types.ts';

export type Caches = Readonly<Record<string, Cache>>;

/** What a reconciliation sees: the copies it asked for, the clock, the way to the API. */
export interface Env { readonly caches: Caches; readonly api: ApiConfig; /** Since 1970. */ readonly now: Us; readonly mono: Us; readonly start: Start; readonly source: string }
/** Nothing: done. `afterUs`: look again then. 'retry': it failed, again with growing pauses. */
export type Outcome = void | { readonly afterUs: Us } | 'retry';

export interface Controller {
  readonly name: string;
  /** The component that its events name. */
  readonly source: string;
  readonly reads: readonly string[];
  /** The keys that a change concerns. */
  readonly affected: (change: Change, caches: Caches) => readonly string[];
  readonly sync: (key: string, env: Env) => Sys<Outcome>;
}

interface Queue { readonly keys: readonly string[]; readonly busy: boolean }
const EMPTY: Queue = { keys: [], busy: false };

function* queueOf(name: string): Sys<Queue> {
  const got = yield* call('memGet', { key: `queue/${name}` });
  return (got.ok && got.value !== null ? got.value : EMPTY) as unknown as Queue;
}

export function* enqueue(name: string, keys: readonly string[]): Sys<void> {
  if (!keys.length) return;
  const queue = yield* queueOf(name);
  const fresh = keys.filter((k, i) => !queue.keys.includes(k) && keys.indexOf(k) === i);
  if (!fresh.length && queue.busy) return;
  yield* call('memSet', { key: `queue/${name}`, value: { keys: [...queue.keys, ...fresh], busy: true } as unknown as Json });
  if (!queue.busy) yield* call('thread', { entry: 'work', event: { name } });
}

export function* loadCaches(names: readonly string[]): Sys<Caches | null> {
  const out: Record<string, Cache> = {};
  for (const name of names) {
    const map = yield* cached(name);
    if (map === null) return null;
    out[name] = map;
  }
  return out;
}

/** Tells every controller of a change. */
export function* dispatch(controllers: readonly Controller[], change: Change): Sys<void> {
  for (const controller of controllers) {
    if (!controller.reads.includes(change.resource)) continue;
    const caches = yield* loadCaches(controller.reads);
    if (caches) yield* enqueue(controller.name, controller.affected(change, caches));
  }
}

/** Once all that a controller reads is there, everything is looked at once. */
export function* onSynced(controllers: readonly Controller[], resource: string): Sys<void> {
  for (const controller of controllers) {
    if (!controller.reads.includes(resource)) continue;
    const caches = yield* loadCaches(controller.reads);
    if (!caches) continue;
    const keys = new Set<string>();
    for (const [name, map] of Object.entries(caches)) for (const obj of Object.values(map)) for (const k of controller.affected({ resource: name, type: 'ADDED', obj, old: null }, caches)) keys.add(k);
    yield* enqueue(controller.name, [...keys]);
  }
}

/** First pause after a failure, doubled each time (the real queue begins at 5 ms). */
const RETRY_US = ms(40);
const RETRY_MAX_US = seconds(1_000);
const KEYS = 15;

/** The entry `work`: event {name}. */
export function workThread(controllers: readonly Controller[]): (start: Start) => Sys<void> {
  const byName = new Map(controllers.map((c) => [c.name, c]));
  return function* (start) {
    const { name } = start.event as { name: string };
    const controller = byName.get(name)!;
    for (let n = 0; n < KEYS; n++) {
      const queue = yield* queueOf(name);
      const [head, ...rest] = queue.keys;
      yield* call('memSet', { key: `queue/${name}`, value: { keys: rest, busy: head !== undefined } as unknown as Json });
      if (head === undefined) return;
      yield* workOn(controller, head, start);
    }
    yield* call('become', { mem: null });
  };
}

function* workOn(controller: Controller, head: string, start: Start): Sys<void> {
  const caches = yield* loadCaches(controller.reads);
  const config = yield* call('memGet', { key: 'api' });
  const time = yield* call('now', {});
  if (!caches || !config.ok || !time.ok) return;
  const env: Env = { caches, api: config.value as unknown as ApiConfig, now: time.value.real, mono: time.value.mono, start, source: controller.source };
  const outcome = yield* controller.sync(head, env);
  const id = `fails/${controller.name}/${head}`;
  if (outcome === 'retry') {
    const got = yield* call('memGet', { key: id });
    const count = got.ok && typeof got.value === 'number' ? got.value : 0;
    yield* call('memSet', { key: id, value: count + 1 });
    yield* later(controller.name, head, Math.min(RETRY_MAX_US, RETRY_US * 2 ** count));
    return;
  }
  yield* call('memSet', { key: id, value: null });
  if (outcome) yield* later(controller.name, head, outcome.afterUs);
}

export function* later(name: string, head: string, afterUs: Us): Sys<void> {
  yield* call('timer', { name: `again ${name} ${head}`, entry: 'again', afterUs: Math.max(1, Math.round(afterUs)) });
}

/** The entry `again`. */
export function* againThread(start: Start): Sys<void> {
  const { timer } = start.event as { timer: string };
  const [, name, head] = /^again (\S+) (.*)$/.exec(timer) ?? [];
  if (name && head !== undefined) yield* enqueue(name, [head]);
}

// ---- writing through the API

export type Written = { ok: true; obj: Obj } | { ok: false; status: number; reason: string; message: string };

const failed = (got: { status: number; failure: Status | null; error: string }): Written =>
  ({ ok: false, status: got.status, reason: got.failure?.reason ?? '', message: got.failure?.message ?? got.error });

/** One write; what comes back is taken into the copy of `resource` at once. */
export function* write(env: Env, method: 'POST' | 'PUT' | 'PATCH', path: string, body: unknown, resource: string, type?: string): Sys<Written> {
  const got = yield* api(env.api, method, path, { body: body as Json, ...(type ? { type } : {}), timeoutUs: seconds(60) });
  if (!got.ok) return failed(got);
  const obj = got.body as unknown as Obj;
  yield* remember(resource, obj);
  return { ok: true, obj };
}

export const STRATEGIC = 'application/strategic-merge-patch+json';

export const create = (env: Env, gv: string, plural: string, obj: Obj): Sys<Written> => write(env, 'POST', pathOf(gv, plural, obj.metadata.namespace), obj, plural);
export const update = (env: Env, gv: string, plural: string, obj: Obj, sub?: string): Sys<Written> => write(env, 'PUT', pathOf(gv, plural, obj.metadata.namespace, obj.metadata.name, sub), obj, plural);
export const patch = (env: Env, gv: string, plural: string, obj: Obj, body: unknown, sub?: string): Sys<Written> =>
  write(env, 'PATCH', pathOf(gv, plural, obj.metadata.namespace, obj.metadata.name, sub), body, plural, STRATEGIC);

/** Deletes an object, if it is still the one meant. */
export function* remove(env: Env, gv: string, plural: string, obj: Obj, o: { grace?: number; policy?: string } = {}): Sys<Written> {
  const body = { kind: 'DeleteOptions', apiVersion: 'v1', preconditions: { uid: obj.metadata.uid }, ...(o.grace === undefined ? {} : { gracePeriodSeconds: o.grace }), ...(o.policy ? { propagationPolicy: o.policy } : {}) };
  const got = yield* api(env.api, 'DELETE', pathOf(gv, plural, obj.metadata.namespace, obj.metadata.name), { body: body as unknown as Json, timeoutUs: seconds(60) });
  if (!got.ok) {
    if (got.status === 404) yield* forget(plural, key(obj));
    return failed(got);
  }
  const answer = got.body as unknown as Obj;
  if (answer.kind !== 'Status' && answer.metadata.deletionTimestamp) yield* remember(plural, answer);
  else yield* forget(plural, key(obj));
  return { ok: true, obj: answer };
}

export function* say(env: Env, level: 'I' | 'W' | 'E', where: string, text: string): Sys<void> {
  yield* err(klog(level, env.now, env.start.pid, where, text));
}

export const tell = (env: Env, obj: Obj, type: 'Normal' | 'Warning', reason: string, message: string): Sys<void> =>
  record({ about: refTo(obj), type, reason, message, source: { component: env.source }, logged: true });
