/**
 * What hangs below an object: scale, binding, eviction, token, finalize; and the reviews, which are
 * questions and leave nothing behind. pkg/registry/core/pod/storage v1.14.
 */
import type { Sys } from '../../proc/program.ts';
import { groupOf, builtin, type Resource } from '../../kube/kinds.ts';
import { isFinished, withCondition } from '../../kube/pods.ts';
import { selects } from '../../kube/selectors.ts';
import { badRequest, conflict, type Failure, internalError, isFailure, notFound, target, tooManyRequests } from '../../kube/status.ts';
import { rfc3339 } from '../../kube/time.ts';
import { makeToken } from '../../kube/token.ts';
import type { DisruptionBudget, Obj, ObjectReference, Pod } from '../../kube/types.ts';
import { byToken } from './authn.ts';
import { nodeAllows, rbacAllows, userRules, type Attributes } from './rbac.ts';
import { deleteObject } from './remove.ts';
import { type Answer, type Context, ok, type User } from './request.ts';
import { getStored, keyOf, listStored, prefixOf, shown, updateStored } from './store.ts';
import { change, decode, patcher } from './write.ts';
import { header } from './authn.ts';

type Rec = Readonly<Record<string, unknown>>;
const rec = (v: unknown): Rec => (typeof v === 'object' && v !== null ? (v as Rec) : {});

/** Scale of a workload, in the form of the group asked. */
function scaleOf(obj: Obj, gv: string): Obj {
  const spec = rec(obj['spec']);
  const status = rec(obj['status']);
  const selector = spec['selector'] as { matchLabels?: Record<string, string> } | Record<string, string> | undefined;
  const labels = (rec(selector)['matchLabels'] ?? (rec(selector)['matchExpressions'] ? {} : selector) ?? {}) as Record<string, string>;
  const text = Object.keys(labels).sort().map((k) => `${k}=${labels[k]}`).join(',');
  const old = groupOf(gv) === 'extensions';
  return {
    kind: 'Scale', apiVersion: old ? 'extensions/v1beta1' : 'autoscaling/v1',
    metadata: { name: obj.metadata.name, namespace: obj.metadata.namespace, selfLink: `${obj.metadata.selfLink}/scale`, uid: obj.metadata.uid, resourceVersion: obj.metadata.resourceVersion, creationTimestamp: obj.metadata.creationTimestamp },
    spec: { replicas: spec['replicas'] ?? 0 }, status: { replicas: status['replicas'] ?? 0, ...(old ? { selector: labels, targetSelector: text } : { selector: text }) },
  } as Obj;
}

export function* scale(ctx: Context, resource: Resource): Sys<Answer | Failure> {
  const { gv, namespace, name, verb } = ctx.info;
  if (verb === 'get') {
    const stored = yield* getStored(ctx.options, keyOf(resource, namespace, name), true);
    if (isFailure(stored)) return stored;
    return stored ? ok(scaleOf(shown(resource, gv, stored), gv)) : notFound(target(resource, gv), name);
  }
  const apply = verb === 'patch' ? patcher({ ...resource, custom: false }, (header(ctx.http, 'Content-Type') ?? '').split(';')[0]!.trim(), ctx.http.body) : (): Obj => ctx.http.body as unknown as Obj;
  if (isFailure(apply)) return apply;
  const done = yield* change(ctx, resource, '', function* (old) {
    const wanted = apply(scaleOf(old, gv));
    if (isFailure(wanted)) return wanted;
    const version = wanted.metadata?.resourceVersion;
    if (version && version !== old.metadata.resourceVersion) return conflict(target(resource, gv), name);
    const { resourceVersion: _version, ...metadata } = old.metadata;
    return { ...old, metadata, spec: { ...rec(old['spec']), replicas: rec(wanted['spec'])['replicas'] ?? 0 } };
  });
  return isFailure(done) ? done : ok(scaleOf(done.obj, gv));
}

/** Binds a pod to a node, once. */
export function* bind(ctx: Context, name: string): Sys<Answer | Failure> {
  const body = ctx.http.body as unknown as { target?: ObjectReference } | null;
  const node = body?.target?.name;
  if (!node) return badRequest('Binding.target.name: Required value');
  const pods = builtin('pods');
  const key = keyOf(pods, ctx.info.namespace, name);
  let now = yield* getStored(ctx.options, key);
  for (;;) {
    if (isFailure(now)) return now;
    if (!now) return notFound({ plural: 'pods', group: '' }, name);
    const pod = now.value as Pod;
    const about = { plural: 'pods/binding', group: '' };
    if (pod.metadata.deletionTimestamp) return conflict(about, name, `pod ${name} is being deleted, cannot be assigned to a host`);
    if (pod.spec.nodeName) return conflict(about, name, `pod ${name} is already assigned to node ${JSON.stringify(pod.spec.nodeName)}`);
    const stamp = rfc3339(ctx.now);
    const next: Pod = { ...pod, spec: { ...pod.spec, nodeName: node }, status: { ...pod.status, conditions: withCondition(pod.status?.conditions, { type: 'PodScheduled', status: 'True', lastProbeTime: null, lastTransitionTime: stamp }) } };
    const done = yield* updateStored(ctx.options, pods, key, next, now.version);
    if (isFailure(done)) return done;
    if (done.written) return ok({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 }, 201);
    now = done.now;
  }
}

/** Deletes a pod unless a disruption budget forbids it now. */
export function* evict(ctx: Context): Sys<Answer | Failure> {
  const { namespace, name } = ctx.info;
  const pods = builtin('pods');
  const stored = yield* getStored(ctx.options, keyOf(pods, namespace, name));
  if (isFailure(stored)) return stored;
  if (!stored) return notFound({ plural: 'pods', group: '' }, name);
  const pod = stored.value as Pod;
  const budgets = yield* listStored(ctx.options, prefixOf(builtin('poddisruptionbudgets'), namespace));
  if (isFailure(budgets)) return budgets;
  const held = budgets.items.filter((b) => selects((b.value as DisruptionBudget).spec.selector, pod.metadata.labels));
  if (held.length > 1) return internalError('This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.');
  if (held.length === 1 && !isFinished(pod)) {
    const budget = held[0]!.value as DisruptionBudget;
    const left = budget.status?.disruptionsAllowed ?? 0;
    if ((budget.metadata.generation ?? 0) > (budget.status?.observedGeneration ?? 0) || left < 1) return tooManyRequests("Cannot evict pod as it would violate the pod's disruption budget.");
    const resource = builtin('poddisruptionbudgets');
    const written = yield* updateStored(ctx.options, resource, keyOf(resource, namespace, budget.metadata.name), { ...budget, status: { ...budget.status, disruptionsAllowed: left - 1 } }, held[0]!.version);
    if (isFailure(written)) return written;
    if (!written.written) return tooManyRequests("Cannot evict pod as it would violate the pod's disruption budget.");
  }
  const options = rec((ctx.http.body as Rec | null)?.['deleteOptions']);
  const done = yield* deleteObject(ctx, pods, namespace, name, options);
  return isFailure(done) ? done : ok({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 }, 201);
}

/** The end of a namespace: its finalizers are its own subresource. */
export function* finalize(ctx: Context, resource: Resource): Sys<Answer | Failure> {
  const decoded = decode(ctx, resource);
  if (isFailure(decoded)) return decoded;
  const done = yield* change(ctx, resource, '', function* (old) {
    const { resourceVersion: _version, ...metadata } = old.metadata;
    return { ...old, metadata, spec: decoded['spec'] };
  });
  return isFailure(done) ? done : ok(done.obj);
}

/** A token bound for a while, TokenRequest. */
export function* token(ctx: Context): Sys<Answer | Failure> {
  const { namespace, name } = ctx.info;
  const stored = yield* getStored(ctx.options, keyOf(builtin('serviceaccounts'), namespace, name));
  if (isFailure(stored)) return stored;
  if (!stored) return notFound({ plural: 'serviceaccounts', group: '' }, name);
  const body = rec(ctx.http.body);
  const spec = rec(body['spec']);
  const seconds = Number(spec['expirationSeconds'] ?? 3_600);
  const expires = Math.floor(ctx.now / 1_000_000) + seconds;
  const text = makeToken({ namespace, account: name, uid: stored.value.metadata.uid!, expires, pod: rec(spec['boundObjectRef'])['uid'] as string | undefined }, ctx.options.serviceAccountKey);
  return ok({ kind: 'TokenRequest', apiVersion: 'authentication.k8s.io/v1', metadata: { creationTimestamp: null }, spec: { ...spec, expirationSeconds: seconds }, status: { token: text, expirationTimestamp: rfc3339(expires * 1_000_000) } }, 201);
}

export const may = (ctx: Context, a: Attributes): boolean =>
  ctx.options.authorization.some((mode) => (mode === 'AlwaysAllow' ? true : mode === 'Node' ? nodeAllows(a) : mode === 'RBAC' ? rbacAllows(ctx.held, a) : false));

/** tokenreviews and the access reviews: nothing is stored. null: the resource is no review. */
export function* review(ctx: Context, resource: Resource): Sys<Answer | Failure | null> {
  const body = rec(ctx.http.body);
  const spec = rec(body['spec']);
  const answer = (status: object): Answer => ok({ kind: resource.kind, apiVersion: ctx.info.gv, metadata: { creationTimestamp: null }, spec, status }, 201);
  if (resource.kind === 'TokenReview') {
    const user = yield* byToken(ctx.options, String(spec['token'] ?? ''), ctx.now);
    return answer(user ? { authenticated: true, user: { username: user.name, groups: user.groups, ...(user.uid ? { uid: user.uid } : {}) } } : { user: {} });
  }
  if (resource.kind === 'SelfSubjectRulesReview') {
    const list = ctx.user.groups.includes('system:masters') ? [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }, { verbs: ['*'], nonResourceURLs: ['*'] }] : userRules(ctx.held, ctx.user, String(spec['namespace'] ?? ''));
    return answer({ resourceRules: list.filter((r) => !r.nonResourceURLs), nonResourceRules: list.filter((r) => r.nonResourceURLs), incomplete: false });
  }
  if (!resource.kind.endsWith('AccessReview')) return null;
  const self = resource.kind === 'SelfSubjectAccessReview';
  const user: User = self ? ctx.user : { name: String(spec['user'] ?? ''), groups: (spec['groups'] as string[] | undefined) ?? [] };
  const about = rec(spec['resourceAttributes']);
  const text = (name: string): string => String(about[name] ?? '');
  const attributes: Attributes = {
    user, verb: text('verb') || String(rec(spec['nonResourceAttributes'])['verb'] ?? ''), group: text('group'), resource: text('resource'), sub: text('subresource'),
    namespace: resource.kind === 'LocalSubjectAccessReview' ? ctx.info.namespace : text('namespace'), name: text('name'), path: String(rec(spec['nonResourceAttributes'])['path'] ?? ''),
  };
  const allowed = may(ctx, attributes);
  return answer({ allowed });
}
