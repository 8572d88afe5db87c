/**
 * The requests that change things: create, replace, patch, delete one object, and waiting until one is gone
 * or fulfils a condition.
 */
import type { Json, Sys } from '../../../sim/proc/program.ts';
import { call } from '../../../sim/proc/syscalls.ts';
import { MERGE_PATCH, STRATEGIC_PATCH, type Api } from './api.ts';
import { collectionPath, objectPath, type ResourceType } from './discovery.ts';
import { done, failed, isStatus, plain, type Failure, type Outcome } from './failure.ts';
import { twoWay, isBuiltin } from './patch-diff.ts';
import { isObj, type Obj } from './object.ts';
import type { Info } from './resources.ts';

export function* createObject(api: Api, info: Pick<Info, 'type' | 'namespace' | 'obj'>): Sys<Outcome<Obj>> {
  return (yield* api.request(collectionPath(info.type, info.namespace), { method: 'POST', body: info.obj as Json, what: `post ${info.type.plural}` })) as Outcome<Obj>;
}

export function* replaceObject(api: Api, info: Pick<Info, 'type' | 'namespace' | 'name' | 'obj'>): Sys<Outcome<Obj>> {
  return (yield* api.request(objectPath(info.type, info.namespace, info.name), { method: 'PUT', body: info.obj as Json, what: `put ${info.type.plural} ${info.name}` })) as Outcome<Obj>;
}

export function* patchObject(api: Api, info: Pick<Info, 'type' | 'namespace' | 'name'>, patch: unknown, contentType: string, sub = ''): Sys<Outcome<Obj>> {
  const path = objectPath(info.type, info.namespace, info.name) + (sub ? `/${sub}` : '');
  return (yield* api.request(path, { method: 'PATCH', body: patch as Json, contentType, what: `patch ${info.type.plural} ${info.name}` })) as Outcome<Obj>;
}

/** Sends the difference; null when there is none. */
export function* patchChange(api: Api, info: Info, changed: Obj): Sys<Outcome<Obj | null>> {
  const strategic = isBuiltin(info.type.group);
  const patch = twoWay(info.obj, changed, strategic);
  if (!Object.keys(patch).length) return done(null);
  return yield* patchObject(api, info, patch, strategic ? STRATEGIC_PATCH : MERGE_PATCH);
}

export interface DeleteOptions { gracePeriodSeconds?: number; propagationPolicy?: 'Background' | 'Orphan' | 'Foreground' }

export function* deleteObject(api: Api, type: ResourceType, namespace: string, name: string, options: DeleteOptions): Sys<Outcome<Obj>> {
  return (yield* api.request(objectPath(type, namespace, name), { method: 'DELETE', body: options as unknown as Json, what: `delete ${type.plural} ${name}` })) as Outcome<Obj>;
}

/** "error when creating "x.yaml": ..." before the server's own words. */
export function withSource(verb: string, source: string, failure: Failure): Failure {
  if (!source) return failure;
  const head = `error when ${verb} ${JSON.stringify(source)}: `;
  if (failure.is === 'status') return { is: 'status', status: { ...failure.status, message: head + String(failure.status['message'] ?? '') } };
  return failure.is === 'plain' ? { is: 'plain', text: head + failure.text } : failure;
}

export type Judge = (event: { type: string; object: Obj | null }) => boolean;

export const TIMED_OUT = 'timed out waiting for the condition';
const WEEK_US = 7 * 24 * 3600 * 1e6;

/**
 * Watches one object until `judge` is content: first shown what is there (type '' and null when it is not),
 * then every event. A watch that ends is begun again.
 */
export function* until(api: Api, info: Pick<Info, 'type' | 'namespace' | 'name'>, timeoutUs: number, judge: Judge): Sys<Outcome<Obj | null>> {
  const started = yield* call('now', {});
  const deadline = (started.ok ? started.value.mono : 0) + (timeoutUs || WEEK_US);
  const fieldSelector = `metadata.name=${info.name}`;
  for (;;) {
    const list = yield* api.get(collectionPath(info.type, info.namespace), { fieldSelector }, `list ${info.type.plural}`);
    if (!list.ok) return list;
    const present = ((list.value['items'] ?? []) as Obj[])[0] ?? null;
    if (judge({ type: '', object: present })) return done(present);
    const resourceVersion = list.value['metadata']?.resourceVersion;
    const stream = yield* api.stream(collectionPath(info.type, info.namespace), { query: { fieldSelector, watch: true, resourceVersion }, what: `watch ${info.type.plural}` });
    if (!stream.ok) return stream;
    const { fd } = stream.value;
    for (;;) {
      const now = yield* call('now', {});
      const left = deadline - (now.ok ? now.value.mono : 0);
      const got = left > 0 ? yield* call('recv', { fd, timeoutUs: left }) : ({ ok: false, errno: 'ETIMEDOUT' } as const);
      if (!got.ok && got.errno === 'ETIMEDOUT') {
        yield* call('close', { fd });
        return plain(TIMED_OUT);
      }
      if (!got.ok || got.value === null) break;
      const event = got.value.data as unknown as { type: string; object: Obj };
      if (event.type === 'ERROR') break;
      if (isObj(event) && judge(event)) {
        yield* call('close', { fd });
        return done(event.object);
      }
    }
    yield* call('close', { fd });
    // As client-go's reflector, which does not ask again at once.
    yield* call('sleep', { us: 1_000_000 });
  }
}

/** Until the object is gone, or another of its name has taken its place. */
export function* untilGone(api: Api, info: Pick<Info, 'type' | 'namespace' | 'name'>, uid: string, timeoutUs: number): Sys<Outcome<null>> {
  const gone = yield* until(api, info, timeoutUs, ({ type, object }) => type === 'DELETED' || object === null || (uid !== '' && (object['metadata']?.uid ?? uid) !== uid));
  if (gone.ok) return done(null);
  if (isStatus(gone.failure, 'NotFound') || isStatus(gone.failure, 'Forbidden') || isStatus(gone.failure, 'MethodNotAllowed')) return done(null);
  if (gone.failure.is === 'plain' && gone.failure.text === TIMED_OUT) return plain(`${TIMED_OUT} on ${info.type.plural}/${info.name}`);
  return failed(gone.failure);
}
