/**
 * get, list, watch: objects and lists as a group-version and an Accept header want them.
 * k8s.io/apiserver/pkg/endpoints/handlers/get.go v1.14.
 */
import { seconds } from '../../engine/time.ts';
import { base64, unbase64 } from '../../proc/certificate.ts';
import type { Json, Sys } from '../../proc/program.ts';
import { call } from '../../proc/syscalls.ts';
import { pathOf, type Resource } from '../../kube/kinds.ts';
import { badRequest, type Failure, gone, isFailure, notFound, target } from '../../kube/status.ts';
import { tableOf, type Include } from '../../kube/table/index.ts';
import type { Obj } from '../../kube/types.ts';
import { header } from './authn.ts';
import { filterOf, passes, type Filter } from './fields.ts';
import { type Answer, type Context, inPath, ok, one } from './request.ts';
import { getStored, keyOf, listStored, prefixOf, shown, type Stored } from './store.ts';
import { type Client, sendEvent, subscribe } from './watch.ts';

/** How the client wants to see it: null = as JSON. */
export function wantsTable(ctx: Context): Include | null {
  const accept = header(ctx.http, 'Accept') ?? '';
  for (const part of accept.split(',')) {
    if (!/application\/json/.test(part) && part.trim() !== '*/*' && part.trim() !== '') continue;
    if (/;\s*as=Table/.test(part) && /g=meta\.k8s\.io/.test(part)) return (one(ctx.query, 'includeObject') as Include | undefined) ?? 'Metadata';
    return null;
  }
  return null;
}

/** One object as an answer. */
export function present(ctx: Context, resource: Resource, gv: string, obj: Obj, status = 200): Answer {
  const table = wantsTable(ctx);
  if (!table) return ok(obj, status);
  return ok(tableOf(resource.kind, [obj], ctx.now, { selfLink: obj.metadata.selfLink ?? pathOf(gv, resource.plural), resourceVersion: obj.metadata.resourceVersion ?? '' }, table), status);
}

export function* get(ctx: Context, resource: Resource): Sys<Answer | Failure> {
  const { gv, namespace, name } = ctx.info;
  const stored = yield* getStored(ctx.options, keyOf(resource, namespace, name), one(ctx.query, 'resourceVersion') === '0');
  if (isFailure(stored)) return stored;
  if (!stored) return notFound(target(resource, gv), name);
  return present(ctx, resource, gv, shown(resource, gv, stored));
}

interface Continue { readonly rv: number; readonly start: string }
const readContinue = (text: string): Continue | null => {
  try { return JSON.parse(unbase64(text) ?? '') as Continue; } catch { return null; }
};

/** Items that pass, with the version of the whole and where a next page starts. */
export interface Page { readonly items: readonly Obj[]; readonly version: number; readonly next: string | null; readonly remaining: number }

export function* page(ctx: Context, resource: Resource, filter: Filter): Sys<Page | Failure> {
  const { gv, namespace } = ctx.info;
  const limit = Number(one(ctx.query, 'limit') ?? 0) || 0;
  const token = one(ctx.query, 'continue');
  const resume = token ? readContinue(token) : null;
  if (token && !resume) return badRequest('continue key is not valid: illegal base64 data');
  const name = filter.fields.length === 1 && filter.fields[0]!.field === 'metadata.name' && filter.fields[0]!.equal ? filter.fields[0]!.value : null;
  if (name !== null && (namespace || !resource.namespaced)) return yield* single(ctx, resource, filter, name);
  const serializable = one(ctx.query, 'resourceVersion') === '0';
  const prefix = prefixOf(resource, namespace);
  const items: Obj[] = [];
  let from = resume?.start;
  let revision = resume?.rv;
  for (;;) {
    const part = yield* listStored(ctx.options, prefix, { limit: limit && !serializable ? limit : 0, ...(from ? { from } : {}), ...(revision ? { revision } : {}), serializable });
    if (isFailure(part)) {
      if (/compacted/.test(part.failure.message ?? '')) return gone('The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.');
      return part;
    }
    revision = part.version;
    for (const stored of part.items) if (passes(filter, stored.value)) items.push(shown(resource, gv, stored));
    from = part.more;
    if (!from || !limit || items.length >= limit) {
      const next = from && limit ? base64(JSON.stringify({ rv: revision, start: from })) : null;
      return { items, version: revision, next, remaining: next ? part.remaining : 0 };
    }
  }
}

function* single(ctx: Context, resource: Resource, filter: Filter, name: string): Sys<Page | Failure> {
  const { gv, namespace } = ctx.info;
  const part = yield* listStored(ctx.options, keyOf(resource, namespace, name), {});
  if (isFailure(part)) return part;
  const items = part.items.filter((s) => s.value.metadata.name === name && passes(filter, s.value)).map((s) => shown(resource, gv, s));
  return { items, version: part.version, next: null, remaining: 0 };
}

export function* list(ctx: Context, resource: Resource): Sys<Answer | Failure> {
  const { gv, namespace } = ctx.info;
  const filter = filterOf(resource, gv, ctx.query);
  if (isFailure(filter)) return filter;
  const got = yield* page(ctx, resource, filter);
  return isFailure(got) ? got : listAnswer(ctx, resource, gv, namespace, got);
}

export function listAnswer(ctx: Context, resource: Resource, gv: string, namespace: string, got: Page): Answer {
  const metadata = {
    selfLink: pathOf(gv, resource.plural, namespace), resourceVersion: String(got.version), ...(got.next ? { continue: got.next } : {}),
  };
  const table = wantsTable(ctx);
  if (table) return ok(tableOf(resource.kind, got.items, ctx.now, metadata, table));
  return ok({ kind: `${resource.kind}List`, apiVersion: gv, metadata, items: got.items });
}

/** Begins a watch: the connection is a stream from here on. */
export function* watch(ctx: Context, resource: Resource): Sys<'watching' | Failure> {
  const { gv, namespace } = ctx.info;
  const filter = filterOf(resource, gv, ctx.query);
  if (isFailure(filter)) return filter;
  const version = one(ctx.query, 'resourceVersion') ?? '';
  if (version !== '' && !/^\d+$/.test(version)) return badRequest(`Invalid value: ${JSON.stringify(version)}: strconv.ParseUint: parsing ${JSON.stringify(version)}: invalid syntax`);
  const name = inPath({ ...ctx.info, verb: ctx.info.verb === 'watch' && ctx.path.endsWith(`/${ctx.info.name}`) ? 'get' : ctx.info.verb }) ? ctx.info.name : '';
  const table = wantsTable(ctx);
  let after = Number(version || 0);
  let first: readonly Stored[] = [];
  if (after === 0) {
    const now = yield* listStored(ctx.options, name ? keyOf(resource, namespace, name) : prefixOf(resource, namespace), {});
    if (isFailure(now)) return now;
    first = now.items.filter((s) => passes(filter, s.value) && (!name || s.value.metadata.name === name));
    after = now.version;
  }
  yield* call('send', { fd: ctx.fd, data: { status: 200, headers: { 'Content-Type': 'application/json' }, body: null, stream: true, cert: ctx.options.cert } as unknown as Json, size: 200 });
  for (const stored of first) yield* sendEvent(resource, ctx.fd, table, 'ADDED', shown(resource, gv, stored));
  const client: Client = { fd: ctx.fd, gv, namespace, name, filter, table, after };
  const refused = yield* subscribe(resource, client);
  if (refused) {
    yield* call('send', { fd: ctx.fd, data: { type: 'ERROR', object: refused.failure } as unknown as Json, size: 300 });
    yield* call('shutdown', { fd: ctx.fd });
    return 'watching';
  }
  const timeout = Number(one(ctx.query, 'timeoutSeconds') ?? 0);
  if (timeout > 0) yield* call('timer', { name: `watch ${ctx.fd}`, entry: 'expire', afterUs: seconds(timeout) });
  return 'watching';
}

