/**
 * delete: at once, or in stages where finalizers, dependents or a pod's grace stand in the way.
 * k8s.io/apiserver/pkg/registry/{rest/delete.go,generic/registry/store.go} v1.14.
 */
import type { Sys } from '../../proc/program.ts';
import { groupOf, type Resource } from '../../kube/kinds.ts';
import { isFinished } from '../../kube/pods.ts';
import { badRequest, conflict, type Failure, forbidden, isFailure, notFound, success, target } from '../../kube/status.ts';
import { rfc3339 } from '../../kube/time.ts';
import type { Meta, Obj, Pod } from '../../kube/types.ts';
import { filterOf } from './fields.ts';
import { type Answer, type Context, ok, one } from './request.ts';
import { listAnswer, page, present } from './read.ts';
import { deleteStored, getStored, keyOf, shown, updateStored, type Stored } from './store.ts';

interface DeleteOptions { readonly gracePeriodSeconds?: number; readonly propagationPolicy?: string; readonly orphanDependents?: boolean; readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string }; readonly dryRun?: readonly string[] }

function optionsOf(ctx: Context): DeleteOptions | Failure {
  let body: unknown = ctx.http.body;
  if (typeof body === 'string' && body) {
    try { body = JSON.parse(body); } catch { return badRequest('json parse error'); }
  }
  const given = (typeof body === 'object' && body !== null ? body : {}) as DeleteOptions;
  const grace = one(ctx.query, 'gracePeriodSeconds');
  const policy = one(ctx.query, 'propagationPolicy');
  const out: DeleteOptions = { ...given, ...(grace !== undefined ? { gracePeriodSeconds: Number(grace) } : {}), ...(policy ? { propagationPolicy: policy } : {}) };
  if (out.gracePeriodSeconds !== undefined && out.gracePeriodSeconds < 0) return badRequest('gracePeriodSeconds must be greater than or equal to 0');
  if (out.propagationPolicy !== undefined && !['Orphan', 'Foreground', 'Background'].includes(out.propagationPolicy)) {
    return badRequest(`DeleteOptions.meta.k8s.io "" is invalid: propagationPolicy: Invalid value: ${JSON.stringify(out.propagationPolicy)}: DeletionPropagation need to be one of "Foreground", "Background", "Orphan" or nil`);
  }
  return out;
}

/** Old group-versions of workloads leave their dependents unless told otherwise. */
const orphansByDefault = (resource: Resource, gv: string): boolean =>
  ['Deployment', 'DaemonSet', 'ReplicaSet', 'StatefulSet', 'ReplicationController'].includes(resource.kind)
  && (groupOf(gv) === 'extensions' || gv === 'apps/v1beta1' || gv === 'apps/v1beta2' || resource.kind === 'ReplicationController');

const ORPHAN = 'orphan';
const FOREGROUND = 'foregroundDeletion';

function finalizersFor(resource: Resource, gv: string, meta: Meta, o: DeleteOptions): readonly string[] {
  const others = (meta.finalizers ?? []).filter((f) => f !== ORPHAN && f !== FOREGROUND);
  const policy = o.propagationPolicy ?? (o.orphanDependents === true ? 'Orphan' : o.orphanDependents === false ? 'Background'
    : meta.finalizers?.includes(ORPHAN) ? 'Orphan' : meta.finalizers?.includes(FOREGROUND) ? 'Foreground' : orphansByDefault(resource, gv) ? 'Orphan' : 'Background');
  return policy === 'Orphan' ? [...others, ORPHAN] : policy === 'Foreground' ? [...others, FOREGROUND] : others;
}

/** The seconds a pod is given, or 0: it goes at once. */
function graceOf(resource: Resource, obj: Obj, o: DeleteOptions): number {
  if (resource.kind !== 'Pod') return 0;
  const pod = obj as Pod;
  if (!pod.spec.nodeName || isFinished(pod)) return 0;
  return o.gracePeriodSeconds ?? pod.spec.terminationGracePeriodSeconds ?? 30;
}

/** Namespaces that must stay (NamespaceLifecycle). */
const IMMORTAL = new Set(['default', 'kube-system', 'kube-public']);

/** Deletes one object: gone (`gone` is its last state) or marked (`obj`). */
export function* deleteObject(ctx: Context, resource: Resource, namespace: string, name: string, o: DeleteOptions): Sys<{ gone: Obj } | { marked: Obj } | Failure> {
  const { gv } = ctx.info;
  const key = keyOf(resource, namespace, name);
  let now = yield* getStored(ctx.options, key, true);
  if (now === null) now = yield* getStored(ctx.options, key);
  for (let attempt = 0; ; attempt++) {
    if (isFailure(now)) return now;
    if (!now) return notFound(target(resource, gv), name);
    const { metadata } = now.value;
    if (o.preconditions?.uid && o.preconditions.uid !== metadata.uid) return conflict(target(resource, gv), name, `the UID in the precondition (${o.preconditions.uid}) does not match the UID in record (${metadata.uid}). The object might have been deleted and then recreated`);
    if (resource.kind === 'Namespace' && IMMORTAL.has(name)) return forbidden(target(resource, gv), name, 'this namespace may not be deleted');
    const next = marked(ctx, resource, now.value, o);
    if (next === now.value) return { marked: shown(resource, gv, now) };
    const done: { written: boolean; now?: Stored | null; stored?: Stored; version?: number } | Failure = next === null
      ? yield* deleteStored(ctx.options, key, now.version) : yield* updateStored(ctx.options, resource, key, next, now.version);
    if (isFailure(done)) return done;
    if (done.written) return next === null ? { gone: shown(resource, gv, { value: now.value, version: done.version ?? now.version }) } : { marked: shown(resource, gv, done.stored!) };
    if (attempt > 8) return conflict(target(resource, gv), name);
    now = done.now ?? null;
  }
}

/** The object marked for deletion; itself when it is so already; null when nothing holds it. */
function marked(ctx: Context, resource: Resource, obj: Obj, o: DeleteOptions): Obj | null {
  const { metadata } = obj;
  if (resource.kind === 'Namespace') return markedNamespace(ctx, obj);
  const finalizers = finalizersFor(resource, ctx.info.gv, metadata, o);
  const grace = graceOf(resource, obj, o);
  const before = metadata.deletionGracePeriodSeconds;
  if (metadata.deletionTimestamp) {
    if (grace === 0 && !finalizers.length) return null;
    if (before !== undefined && grace >= before) return obj;
  } else if (grace === 0 && !finalizers.length) return null;
  const { finalizers: _finalizers, ...others } = metadata;
  const counted = metadata.generation !== undefined && metadata.generation > 0 ? { generation: metadata.generation + 1 } : {};
  return {
    ...obj, metadata: {
      ...others, ...(finalizers.length ? { finalizers } : {}), ...(metadata.deletionTimestamp ? {} : counted),
      deletionTimestamp: rfc3339(ctx.now + grace * 1_000_000), deletionGracePeriodSeconds: grace,
    },
  };
}

function markedNamespace(ctx: Context, obj: Obj): Obj | null {
  const spec = (obj['spec'] ?? {}) as { finalizers?: readonly string[] };
  if (!spec.finalizers?.length && obj.metadata.deletionTimestamp) return null;
  if (obj.metadata.deletionTimestamp) return obj;
  return { ...obj, metadata: { ...obj.metadata, deletionTimestamp: rfc3339(ctx.now) }, status: { ...(obj['status'] as object), phase: 'Terminating' } };
}

/** After an update: an object marked for deletion goes when nothing holds it any more. */
export function* finish(ctx: Context, resource: Resource, key: string, next: Obj, now: Stored): Sys<Obj | Failure | null> {
  const { metadata } = next;
  if (!metadata.deletionTimestamp || metadata.finalizers?.length) return null;
  if (resource.kind === 'Namespace') {
    if (((next['spec'] ?? {}) as { finalizers?: readonly string[] }).finalizers?.length) return null;
  } else if (metadata.deletionGracePeriodSeconds !== 0) return null;
  else if (resource.kind === 'Pod' && !now.value.metadata.finalizers?.length) return null;
  const done = yield* deleteStored(ctx.options, key, now.version);
  if (isFailure(done)) return done;
  return done.written ? shown(resource, ctx.info.gv, { value: next, version: done.version }) : null;
}

export function* remove(ctx: Context, resource: Resource): Sys<Answer | Failure> {
  const o = optionsOf(ctx);
  if (isFailure(o)) return o;
  const { gv, namespace, name } = ctx.info;
  const done = yield* deleteObject(ctx, resource, namespace, name, o);
  if (isFailure(done)) return done;
  if ('marked' in done) return present(ctx, resource, gv, done.marked);
  // Kinds with graceful deletion answer with their last state, others with a Status.
  return resource.kind === 'Pod' ? present(ctx, resource, gv, done.gone) : ok(success(target(resource, gv), name, done.gone.metadata.uid ?? ''));
}

export function* removeAll(ctx: Context, resource: Resource): Sys<Answer | Failure> {
  const o = optionsOf(ctx);
  if (isFailure(o)) return o;
  const filter = filterOf(resource, ctx.info.gv, ctx.query);
  if (isFailure(filter)) return filter;
  const found = yield* page(ctx, resource, filter);
  if (isFailure(found)) return found;
  for (const item of found.items) {
    const done = yield* deleteObject(ctx, resource, item.metadata.namespace ?? '', item.metadata.name, o);
    if (isFailure(done) && done.failure.reason !== 'NotFound') return done;
  }
  return listAnswer(ctx, resource, ctx.info.gv, ctx.info.namespace, found);
}
