/**
 * create, update, patch: decoding, defaults, admission, validation, the conditional write and its retries.
 * k8s.io/apiserver/pkg/endpoints/handlers/{create,update,patch}.go and registry/generic v1.14.
 */
import { base64 } from '../../proc/certificate.ts';
import type { Json, Sys } from '../../proc/program.ts';
import { call } from '../../proc/syscalls.ts';
import { jsonFault } from '../../kube/json-fault.ts';
import { jobSelector, withDefaults } from '../../kube/defaults.ts';
import { equal } from '../../kube/equal.ts';
import { groupOf, type Resource } from '../../kube/kinds.ts';
import { suffix, SUFFIX_COUNT, uid } from '../../kube/names.ts';
import { jsonPatch, mergePatch, strategicPatch, type Operation } from '../../kube/patch.ts';
import { alreadyExists, badRequest, conflict, type Failure, internal, invalid, isFailure, notFound, rejected, target, unsupportedMedia } from '../../kube/status.ts';
import { rfc3339 } from '../../kube/time.ts';
import type { Meta, Obj } from '../../kube/types.ts';
import { validate } from '../../kube/validate/index.ts';
import { admit, settle } from './admission.ts';
import { header } from './authn.ts';
import { finish } from './remove.ts';
import { allocate } from './services.ts';
import { type Answer, type Context, flag, one } from './request.ts';
import { present } from './read.ts';
import { createStored, getStored, keyOf, shown, updateStored, type Stored } from './store.ts';
import { prepareCreate, prepareUpdate } from './strategy.ts';
import { convertFault, decodeFault, typeFault } from './types-check.ts';

/** The body as an object of the resource, or why it is none. */
export function decode(ctx: Context, resource: Resource): Obj | Failure {
  let body: unknown = ctx.http.body;
  if (typeof body === 'string') {
    const fault = jsonFault(body);
    if (fault !== null) return badRequest(`couldn't get version/kind; json parse error: ${fault}`);
    body = JSON.parse(body) as Json;
  }
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return badRequest("couldn't get version/kind; json parse error: json: cannot unmarshal into Go value of type struct");
  const given = body as Partial<Obj>;
  const obj = { ...given, kind: given.kind ?? resource.kind, apiVersion: given.apiVersion ?? ctx.info.gv, metadata: given.metadata ?? ({} as Meta) } as Obj;
  if (obj.apiVersion !== ctx.info.gv) return badRequest(`the API version in the data (${obj.apiVersion}) does not match the expected API version (${ctx.info.gv})`);
  if (obj.kind !== resource.kind) return badRequest(`${obj.kind} in version ${JSON.stringify(obj.apiVersion.split('/').pop())} cannot be handled as a ${resource.kind}: converting (${obj.apiVersion}, Kind=${obj.kind}) to (${ctx.info.gv}, Kind=${resource.kind}): unknown conversion`);
  const fault = typeFault(obj);
  return fault ? badRequest(fault) : obj;
}

/** The namespace in the path decides; one in the body must agree. */
function inNamespace(ctx: Context, resource: Resource, obj: Obj): Obj | Failure {
  const { namespace } = ctx.info;
  if (!resource.namespaced) {
    if (!obj.metadata.namespace) return obj;
    const { namespace: _namespace, ...metadata } = obj.metadata;
    return { ...obj, metadata };
  }
  if (obj.metadata.namespace && obj.metadata.namespace !== namespace) return badRequest('the namespace of the provided object does not match the namespace sent on the request');
  return { ...obj, metadata: { ...obj.metadata, namespace } };
}

function* identity(ctx: Context, obj: Obj): Sys<Obj> {
  const random = function* (below: number): Sys<number> {
    const got = yield* call('random', { below });
    return got.ok ? got.value : 0;
  };
  const { selfLink: _link, resourceVersion: _version, deletionTimestamp: _deleted, deletionGracePeriodSeconds: _grace, ...given } = obj.metadata;
  const name = given.name || (given.generateName ? `${given.generateName.slice(0, 58)}${suffix(yield* random(SUFFIX_COUNT))}` : '');
  const id = uid(yield* random(0x1_0000_0000), yield* random(0x1_0000_0000), ctx.options.address.split('.').reduce((n, part) => n * 256 + Number(part), 0));
  return { ...obj, metadata: { ...given, name, uid: id, creationTimestamp: rfc3339(ctx.now) } };
}

export function* create(ctx: Context, resource: Resource): Sys<Answer | Failure> {
  const decoded = decode(ctx, resource);
  if (isFailure(decoded)) return decoded;
  const made = yield* createObject(ctx, resource, decoded, flag(ctx.query, 'dryRun') || one(ctx.query, 'dryRun') === 'All');
  return isFailure(made) ? made : present(ctx, resource, ctx.info.gv, made, 201);
}

/** Creates one object and gives it as the request's group-version shows it. */
export function* createObject(ctx: Context, resource: Resource, given: Obj, dryRun = false): Sys<Obj | Failure> {
  const { gv } = ctx.info;
  const placed = inNamespace(ctx, resource, given);
  if (isFailure(placed)) return placed;
  let obj = yield* identity(ctx, withDefaults(placed, base64));
  if (resource.kind === 'Job' && obj['spec']) obj = jobSelector(obj, obj.metadata.uid!);
  const admitted = yield* admit(ctx, resource, 'create', obj, null);
  if (isFailure(admitted)) return admitted;
  obj = prepareCreate(resource, admitted);
  const causes = validate(obj, null, resource.namespaced);
  if (causes.length) return invalid(resource.kind, groupOf(gv), obj.metadata.name, causes);
  const allocated = resource.plural === 'services' ? yield* allocate(ctx, obj, null) : obj;
  if (isFailure(allocated)) return allocated;
  const settled = yield* settle(ctx, resource, allocated);
  if (isFailure(settled)) return settled;
  if (dryRun) return allocated;
  const key = keyOf(resource, obj.metadata.namespace ?? '', obj.metadata.name);
  const done = yield* createStored(ctx.options, resource, key, allocated);
  if (isFailure(done)) return done;
  if (done.written) return shown(resource, gv, done.stored);
  if (done.now?.value.metadata.deletionTimestamp && !given.metadata.name) return yield* createObject(ctx, resource, given);
  if (done.now?.value.metadata.deletionTimestamp) return { failure: { ...alreadyExists(target(resource, gv), obj.metadata.name).failure, message: `object is being deleted: ${alreadyExists(target(resource, gv), obj.metadata.name).failure.message}` } };
  return alreadyExists(target(resource, gv), obj.metadata.name);
}

/** Makes the new object from the one that stands; may refuse. */
export type Change = (now: Obj) => Sys<Obj | Failure>;

/** Optimistic retries of a write without a version of its own (patch.go: 5). */
const RETRIES = 5;

/** Reads, changes, admits, validates and writes one object; again when another writer was faster. */
export function* change(ctx: Context, resource: Resource, sub: string, make: Change, mayCreate = false): Sys<{ obj: Obj; created: boolean } | Failure> {
  const { gv, namespace, name } = ctx.info;
  const key = keyOf(resource, namespace, name);
  let now = yield* getStored(ctx.options, key, true);
  for (let attempt = 0; ; attempt++) {
    if (isFailure(now)) return now;
    if (!now) {
      if (attempt === 0) { // a member that lags may not have it yet
        now = yield* getStored(ctx.options, key);
        if (isFailure(now)) return now;
      }
      if (!now && mayCreate) {
        const empty = yield* make({ apiVersion: gv, kind: resource.kind, metadata: { name } });
        if (isFailure(empty)) return empty;
        const made = yield* createObject(ctx, resource, empty);
        return isFailure(made) ? made : { obj: made, created: true };
      }
      if (!now) return notFound(target(resource, gv), name);
    }
    const next = yield* renew(ctx, resource, sub, now, make);
    if (isFailure(next)) {
      if (next.failure.reason !== 'Conflict' || !isStale(next) || attempt > 0) return next;
      const fresh = yield* getStored(ctx.options, key); // the conflict may be the local member's lag
      if (isFailure(fresh) || !fresh || fresh.version === now.version) return next;
      now = fresh;
      continue;
    }
    if (next === now.value) return { obj: shown(resource, gv, now), created: false };
    const removed = yield* finish(ctx, resource, key, next, now);
    if (removed) return isFailure(removed) ? removed : { obj: removed, created: false };
    const done = yield* updateStored(ctx.options, resource, key, next, now.version);
    if (isFailure(done)) return done;
    if (done.written) return { obj: shown(resource, gv, done.stored), created: false };
    if (attempt >= RETRIES) return conflict(target(resource, gv), name);
    now = done.now;
  }
}

const isStale = (f: Failure): boolean => /has been modified/.test(f.failure.message ?? '');

/** The object to store: the stored value itself when nothing changes. */
function* renew(ctx: Context, resource: Resource, sub: string, now: Stored, make: Change): Sys<Obj | Failure> {
  const { gv, name } = ctx.info;
  const old = shown(resource, gv, now);
  const made = yield* make(old);
  if (isFailure(made)) return made;
  if (made.metadata.name !== name) return badRequest(`the name of the object (${made.metadata.name}) does not match the name on the URL (${name})`);
  const version = made.metadata.resourceVersion;
  if (version && version !== '0' && version !== String(now.version)) return conflict(target(resource, gv), name);
  if (made.metadata.uid && made.metadata.uid !== old.metadata.uid) return conflict(target(resource, gv), name, `Precondition failed: UID in precondition: ${made.metadata.uid}, UID in object meta: ${old.metadata.uid}`);
  const placed = inNamespace(ctx, resource, made);
  if (isFailure(placed)) return placed;
  let obj = prepareUpdate(resource, sub ? placed : withDefaults(carry(resource, placed, old), base64), old, sub);
  const admitted = yield* admit(ctx, resource, 'update', obj, old, sub);
  if (isFailure(admitted)) return admitted;
  obj = admitted;
  const causes = validate(obj, old, resource.namespaced);
  if (causes.length) return invalid(resource.kind, groupOf(gv), name, causes);
  if (resource.plural === 'services' && !sub) {
    const allocated = yield* allocate(ctx, obj, old);
    if (isFailure(allocated)) return allocated;
    obj = allocated;
  }
  const { resourceVersion: _v, selfLink: _l, ...metadata } = obj.metadata;
  const { resourceVersion: _w, selfLink: _m, ...before } = old.metadata;
  return equal({ ...obj, metadata }, { ...old, metadata: before }) ? now.value : obj;
}

/** What a full update may leave out and the server remembers. */
function carry(resource: Resource, fresh: Obj, old: Obj): Obj {
  if (resource.plural !== 'services') return fresh;
  const spec = fresh['spec'] as { clusterIP?: string; type?: string } | undefined;
  const was = old['spec'] as { clusterIP?: string; type?: string };
  return spec && !spec.clusterIP && spec.type !== 'ExternalName' && was.clusterIP ? { ...fresh, spec: { ...spec, clusterIP: was.clusterIP } } : fresh;
}

/** Kinds that a PUT to a free name creates. */
const CREATE_ON_UPDATE = new Set(['Lease', 'Endpoints', 'Event', 'Service', 'LimitRange', 'RuntimeClass', 'Role', 'RoleBinding', 'ClusterRole', 'ClusterRoleBinding']);

export function* update(ctx: Context, resource: Resource, sub: string): Sys<Answer | Failure> {
  const decoded = decode(ctx, resource);
  if (isFailure(decoded)) return decoded;
  if (!decoded.metadata.name) return invalid(resource.kind, groupOf(ctx.info.gv), '', [{ reason: 'FieldValueRequired', field: 'metadata.name', message: 'Required value: name is required' }]);
  const done = yield* change(ctx, resource, sub, function* () { return decoded; }, !sub && CREATE_ON_UPDATE.has(resource.kind) && !decoded.metadata.resourceVersion);
  return isFailure(done) ? done : present(ctx, resource, ctx.info.gv, done.obj, done.created ? 201 : 200);
}

const STRATEGIC = 'application/strategic-merge-patch+json';
const PATCHES = 'application/json-patch+json, application/merge-patch+json, application/strategic-merge-patch+json';

export function* patch(ctx: Context, resource: Resource, sub: string): Sys<Answer | Failure> {
  const type = (header(ctx.http, 'Content-Type') ?? '').split(';')[0]!.trim();
  let body: unknown = ctx.http.body;
  if (typeof body === 'string') {
    const fault = jsonFault(body as string);
    if (fault !== null) return type === 'application/merge-patch+json' ? internal('Invalid JSON Patch') : badRequest(fault);
    body = JSON.parse(body as string);
  }
  const apply = patcher(resource, type, body);
  if (isFailure(apply)) return apply;
  const done = yield* change(ctx, resource, sub, function* (old) {
    const made = apply(old);
    if (isFailure(made)) return made;
    const fault = type === STRATEGIC ? convertFault(made) : decodeFault(made);
    return fault ? internal(fault) : made;
  });
  return isFailure(done) ? done : present(ctx, resource, ctx.info.gv, done.obj);
}

/** A patch as a function of the object. */
export function patcher(resource: Resource, type: string, body: unknown): ((old: Obj) => Obj | Failure) | Failure {
  // The version of the object that stands is no precondition of the patch, unless the patch names one.
  const named = typeof body === 'object' && body !== null && (body as { metadata?: { resourceVersion?: string } }).metadata?.resourceVersion;
  const open = (obj: Obj): Obj => {
    if (named) return obj;
    const { resourceVersion: _version, ...metadata } = obj.metadata;
    return { ...obj, metadata };
  };
  switch (type) {
    case 'application/merge-patch+json': return (old) => open(mergePatch(old, body) as Obj);
    case STRATEGIC:
      if (resource.custom) return unsupportedMedia(type, 'application/json-patch+json, application/merge-patch+json');
      return (old) => open(strategicPatch(old, body) as Obj);
    case 'application/json-patch+json': return (old) => {
      if (!Array.isArray(body)) return badRequest('json: cannot unmarshal object into Go value of type jsonpatch.Patch');
      const done = jsonPatch(old, body as Operation[]);
      return done.ok ? open(done.value as Obj) : rejected();
    };
    default: return unsupportedMedia(type, PATCHES);
  }
}

