/**
 * One request from its path to its answer: authentication, authorization, then the handler of its verb.
 * k8s.io/apiserver/pkg/server's filter chain v1.14.
 */
import type { HttpRequest } from '../../proc/http.ts';
import type { Json, Sys } from '../../proc/program.ts';
import { call, type Fd } from '../../proc/syscalls.ts';
import { builtin, groupOf, type Resource } from '../../kube/kinds.ts';
import { badRequest, type Failure, forbidden, isFailure, methodNotAllowed, pathNotFound, unauthorized } from '../../kube/status.ts';
import { audit } from './audit.ts';
import { authenticate, impersonated } from './authn.ts';
import { componentStatuses } from './components.ts';
import { resourceOf } from './custom.ts';
import { discovery } from './discovery.ts';
import { healthz } from './health.ts';
import type { Held } from './held.ts';
import { openapi } from './openapi.ts';
import { get, list, watch } from './read.ts';
import { refusal, type Attributes } from './rbac.ts';
import { remove, removeAll } from './remove.ts';
import { type Answer, type Context, ok, type Options, parseInfo, splitPath } from './request.ts';
import { log, proxy, session } from './streams.ts';
import { bind, evict, finalize, may, review, scale, token } from './subresources.ts';
import { create, patch, update } from './write.ts';

/** 'taken': the connection belongs to pumps now; 'watching': to a watch. */
export type Outcome = Answer | 'taken' | 'watching';

const asAnswer = (f: Failure): Answer => ({ status: f.failure.code ?? 500, body: f.failure as unknown as Json });

export function* route(options: Options, held: Held, http: HttpRequest, fd: Fd, peer: string): Sys<Outcome> {
  const time = yield* call('now', {});
  const now = time.ok ? time.value.real : 0;
  const { path, query } = splitPath(http.path);
  const info = parseInfo(http.method, path, query);
  let user = yield* authenticate(options, http, now);
  if (!user) return asAnswer(unauthorized());
  const wanted = impersonated(http);
  const base: Context = { options, held, now, user, http, path, query, fd, peer, info };
  if (wanted) {
    const denied = impersonation(base, wanted.name);
    if (denied) return asAnswer(denied);
    user = wanted;
  }
  const ctx: Context = { ...base, user };
  const denied = authorize(ctx);
  if (denied) return asAnswer(denied);
  const got = info.resourcePath ? yield* resourceRequest(ctx) : yield* plainRequest(ctx);
  if (typeof got === 'string') return got;
  const answer = isFailure(got) ? asAnswer(got) : got;
  yield* audit(ctx, answer);
  return answer;
}

function impersonation(ctx: Context, name: string): Failure | null {
  const account = /^system:serviceaccount:([^:]+):([^:]+)$/.exec(name);
  const a: Attributes = { user: ctx.user, verb: 'impersonate', group: '', resource: account ? 'serviceaccounts' : 'users', sub: '', namespace: account?.[1] ?? '', name: account?.[2] ?? name, path: '' };
  return may(ctx, a) ? null : forbidden({ plural: a.resource, group: '' }, a.name, refusal(a));
}

function authorize(ctx: Context): Failure | null {
  const { info, user } = ctx;
  const a: Attributes = info.resourcePath
    ? { user, verb: info.verb, group: groupOf(info.gv), resource: info.plural, sub: info.sub, namespace: info.namespace, name: info.name, path: '' }
    : { user, verb: info.verb, group: '', resource: '', sub: '', namespace: '', name: '', path: ctx.path };
  if (may(ctx, a)) return null;
  if (!info.resourcePath) {
    const message = `forbidden: ${refusal(a)}`;
    return { failure: { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, reason: 'Forbidden', details: {}, code: 403 } };
  }
  return forbidden({ plural: info.plural, group: groupOf(info.gv) }, info.name, refusal(a));
}

function* plainRequest(ctx: Context): Sys<Answer | Failure> {
  if (ctx.path === '/healthz' || ctx.path.startsWith('/healthz/')) return (yield* healthz(ctx)) ?? pathNotFound();
  const found = discovery(ctx) ?? openapi(ctx);
  if (found) return found;
  if (ctx.path === '/metrics') return { ...ok('# HELP apiserver_request_count Counter of apiserver requests.\n# TYPE apiserver_request_count counter\n'), headers: { 'Content-Type': 'text/plain; version=0.0.4' } };
  return { ...ok('404 page not found\n', 404), headers: { 'Content-Type': 'text/plain; charset=utf-8' } };
}

function* resourceRequest(ctx: Context): Sys<Outcome | Failure> {
  const { info, held } = ctx;
  const resource = resourceOf(held, info.gv, info.plural);
  if (!resource) return pathNotFound();
  if (resource.namespaced && !info.namespace && info.verb !== 'list' && info.verb !== 'watch' && !(info.verb === 'create' && resource.kind === 'LocalSubjectAccessReview')) return pathNotFound();
  if (info.sub) return yield* subresource(ctx, resource);
  if (resource.plural === 'componentstatuses') return yield* componentStatuses(ctx, resource);
  if (!resource.verbs.includes(info.verb)) return methodNotAllowed();
  switch (info.verb) {
    case 'get': return yield* get(ctx, resource);
    case 'list': return yield* list(ctx, resource);
    case 'watch': return yield* watch(ctx, resource);
    case 'create': {
      if (resource.kind === 'Binding') return yield* bind(ctx, (ctx.http.body as { metadata?: { name?: string } } | null)?.metadata?.name ?? '');
      const answered = resource.verbs.length === 1 ? yield* review(ctx, resource) : null;
      return answered ?? (yield* create(ctx, resource));
    }
    case 'update': return yield* update(ctx, resource, '');
    case 'patch': return yield* patch(ctx, resource, '');
    case 'delete': return yield* remove(ctx, resource);
    case 'deletecollection': return yield* removeAll(ctx, resource);
    default: return methodNotAllowed();
  }
}

function* subresource(ctx: Context, resource: Resource): Sys<Outcome | Failure> {
  const { sub, verb } = ctx.info;
  if (!resource.subresources.includes(sub)) return pathNotFound();
  switch (sub) {
    case 'status': case 'approval':
      return verb === 'get' ? yield* get(ctx, resource) : verb === 'patch' ? yield* patch(ctx, resource, 'status') : verb === 'update' ? yield* update(ctx, resource, 'status') : methodNotAllowed();
    case 'scale': return yield* scale(ctx, resource);
    case 'finalize': return yield* finalize(ctx, resource);
    case 'binding': return verb === 'create' ? yield* bind(ctx, ctx.info.name) : methodNotAllowed();
    case 'eviction': return verb === 'create' ? yield* evict(ctx) : methodNotAllowed();
    case 'token': return verb === 'create' ? yield* token(ctx) : methodNotAllowed();
    case 'log': return verb === 'get' ? yield* log(ctx) : methodNotAllowed();
    case 'exec': return yield* session(ctx, 'exec');
    case 'attach': return yield* session(ctx, 'attach');
    case 'portforward': return yield* session(ctx, 'portForward');
    case 'proxy': return yield* proxy(ctx);
    default: return badRequest(`unknown subresource ${sub} of ${builtin(resource.plural).kind}`);
  }
}
