/**
 * Admission, in the order of v1.14: NamespaceLifecycle, LimitRanger, ServiceAccount, NodeRestriction,
 * AlwaysPullImages, PodSecurityPolicy, then (after validation) ResourceQuota. Each plugin is one function
 * over the object; which ones run is the server's flag. plugin/pkg/admission.
 */
import type { Sys } from '../../proc/program.ts';
import { builtin, type Resource } from '../../kube/kinds.ts';
import { type Failure, forbidden, isFailure, notFound, target, type Target } from '../../kube/status.ts';
import type { Container, LimitRange, Node, Obj, Pod, ServiceAccount } from '../../kube/types.ts';
import { quantity } from '../../kube/quantity.ts';
import { heldMap } from './held.ts';
import { applyQuota } from './quota.ts';
import type { Context } from './request.ts';
import { security } from './security.ts';
import { getStored, keyOf } from './store.ts';

interface Admitted { readonly ctx: Context; readonly resource: Resource; readonly op: 'create' | 'update'; readonly obj: Obj; readonly old: Obj | null; readonly sub: string; readonly target: Target }
type Plugin = (a: Admitted) => Sys<Obj | Failure>;

const PLUGINS: readonly (readonly [string, Plugin])[] = [
  ['NamespaceLifecycle', namespaceLifecycle], ['LimitRanger', limitRanger], ['ServiceAccount', serviceAccount], ['NodeRestriction', nodeRestriction],
  ['AlwaysPullImages', alwaysPullImages], ['PodSecurityPolicy', podSecurityPolicy],
];

/** The object as the plugins leave it, or a refusal. */
export function* admit(ctx: Context, resource: Resource, op: 'create' | 'update', obj: Obj, old: Obj | null, sub = ''): Sys<Obj | Failure> {
  let current = obj;
  const about = target(resource, ctx.info.gv);
  for (const [name, plugin] of PLUGINS) {
    if (!ctx.options.plugins.includes(name)) continue;
    const next = yield* plugin({ ctx, resource, op, obj: current, old, sub, target: about });
    if (isFailure(next)) return next;
    current = next;
  }
  return current;
}

/** What comes last, when the object is known to be valid. */
export function* settle(ctx: Context, resource: Resource, obj: Obj): Sys<Failure | null> {
  return ctx.options.plugins.includes('ResourceQuota') ? yield* applyQuota(ctx, resource, obj) : null;
}

/** Nothing may be made in a namespace that is not there or is going. */
function* namespaceLifecycle({ ctx, resource, op, obj, target: about }: Admitted): Sys<Obj | Failure> {
  if (op !== 'create' || !resource.namespaced) return obj;
  const name = obj.metadata.namespace!;
  let namespace = heldMap(ctx.held, 'namespaces')[name];
  if (!namespace) { // the copy may lag behind: ask
    const stored = yield* getStored(ctx.options, keyOf(builtin('namespaces'), '', name));
    if (isFailure(stored)) return stored;
    if (!stored) return notFound({ plural: 'namespaces', group: '' }, name);
    namespace = stored.value;
  }
  if (namespace.metadata.deletionTimestamp && resource.kind !== 'Event') return forbidden(about, obj.metadata.name, `unable to create new content in namespace ${name} because it is being terminated`);
  return obj;
}

/** Defaults and bounds of containers from the namespace's LimitRanges. */
function* limitRanger({ ctx, resource, op, obj, sub, target: about }: Admitted): Sys<Obj | Failure> {
  if (resource.kind !== 'Pod' || sub || op !== 'create') return obj;
  const ranges = Object.values(heldMap(ctx.held, 'limitranges')).filter((r) => r.metadata.namespace === obj.metadata.namespace) as LimitRange[];
  let pod = obj as Pod;
  for (const range of ranges) {
    for (const limit of range.spec.limits ?? []) {
      if (limit.type !== 'Container') continue;
      const fill = (c: Container): Container => {
        const limits = { ...limit.default, ...c.resources?.limits };
        const requests = { ...(limit.defaultRequest ?? limit.default), ...c.resources?.limits, ...c.resources?.requests };
        return { ...c, resources: { ...(Object.keys(limits).length ? { limits } : {}), ...(Object.keys(requests).length ? { requests } : {}) } };
      };
      pod = { ...pod, spec: { ...pod.spec, containers: pod.spec.containers.map(fill) } };
      const errors: string[] = [];
      for (const c of pod.spec.containers) {
        for (const [name, max] of Object.entries(limit.max ?? {})) {
          const value = c.resources?.limits?.[name];
          if (value === undefined) errors.push(`maximum ${name} usage per Container is ${max}.  No limit is specified.`);
          else if ((quantity(value) ?? 0) > (quantity(max) ?? 0)) errors.push(`maximum ${name} usage per Container is ${max}, but limit is ${value}.`);
        }
        for (const [name, min] of Object.entries(limit.min ?? {})) {
          const value = c.resources?.requests?.[name];
          if (value === undefined) errors.push(`minimum ${name} usage per Container is ${min}.  No request is specified.`);
          else if ((quantity(value) ?? 0) < (quantity(min) ?? 0)) errors.push(`minimum ${name} usage per Container is ${min}, but request is ${value}.`);
        }
      }
      if (errors.length) return forbidden(about, pod.metadata.name, errors.length === 1 ? errors[0]! : `[${errors.join(', ')}]`);
    }
  }
  return pod;
}

const TOKEN_PATH = '/var/run/secrets/kubernetes.io/serviceaccount';

/** Names the account and mounts its token. */
function* serviceAccount({ ctx, resource, op, obj, sub, target: about }: Admitted): Sys<Obj | Failure> {
  if (resource.kind !== 'Pod' || sub || op !== 'create' || obj.metadata.annotations?.['kubernetes.io/config.mirror']) return obj;
  const pod = obj as Pod;
  const name = pod.spec.serviceAccountName || 'default';
  const namespace = pod.metadata.namespace!;
  let account = heldMap(ctx.held, 'serviceaccounts')[`${namespace}/${name}`] as ServiceAccount | undefined;
  if (!account?.secrets?.length) { // the copy may lag behind: ask
    const stored = yield* getStored(ctx.options, keyOf(builtin('serviceaccounts'), namespace, name));
    if (isFailure(stored)) return stored;
    account = stored?.value as ServiceAccount | undefined;
  }
  if (!account) return forbidden(about, pod.metadata.name, `error looking up service account ${namespace}/${name}: serviceaccount ${JSON.stringify(name)} not found`);
  let spec: Pod['spec'] = { ...pod.spec, serviceAccountName: name, serviceAccount: name };
  if (account.imagePullSecrets?.length && !spec.imagePullSecrets?.length) spec = { ...spec, imagePullSecrets: account.imagePullSecrets };
  const wanted = pod.spec.automountServiceAccountToken ?? account.automountServiceAccountToken ?? true;
  if (!wanted) return { ...pod, spec };
  const secret = account.secrets?.[0]?.name;
  if (!secret) {
    const message = `No API token found for service account ${JSON.stringify(name)}, retry after the token is automatically created and added to the service account`;
    return { failure: { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, reason: 'ServerTimeout', details: { name: 'create', kind: 'serviceaccounts', retryAfterSeconds: 1 }, code: 500 } };
  }
  const mount = (c: Container): Container => (c.volumeMounts?.some((m) => m.mountPath === TOKEN_PATH) ? c : { ...c, volumeMounts: [...(c.volumeMounts ?? []), { name: secret, readOnly: true, mountPath: TOKEN_PATH }] });
  return {
    ...pod, spec: {
      ...spec, volumes: [...(spec.volumes ?? []).filter((v) => v.name !== secret), { name: secret, secret: { secretName: secret, defaultMode: 420 } }],
      containers: spec.containers.map(mount), ...(spec.initContainers ? { initContainers: spec.initContainers.map(mount) } : {}),
    },
  } as Pod;
}

/** A kubelet may touch its own node and its own pods. */
function* nodeRestriction({ ctx, resource, op, obj, old, target: about }: Admitted): Sys<Obj | Failure> {
  const { user } = ctx;
  if (!user.groups.includes('system:nodes')) return obj;
  const self = user.name.replace(/^system:node:/, '');
  if (resource.kind === 'Node' && obj.metadata.name !== self) return forbidden(about, obj.metadata.name, `node ${JSON.stringify(self)} cannot modify node ${JSON.stringify(obj.metadata.name)}`);
  if (resource.kind === 'Node' && op === 'update' && old) {
    const taints = JSON.stringify((obj as Node).spec.taints ?? []);
    if (ctx.info.sub !== 'status' && taints !== JSON.stringify((old as Node).spec.taints ?? [])) return forbidden(about, obj.metadata.name, `node ${JSON.stringify(self)} is not allowed to modify taints`);
  }
  if (resource.kind === 'Pod' && ((old ?? obj) as Pod).spec.nodeName !== self) return forbidden(about, obj.metadata.name, op === 'create' ? `pod does not have ${JSON.stringify('kubernetes.io/config.mirror')} annotation, node ${JSON.stringify(self)} can only create mirror pods` : `node ${JSON.stringify(self)} can only update pod status for pods with spec.nodeName set to itself`);
  if (resource.kind === 'Lease' && (obj.metadata.namespace !== 'kube-node-lease' || obj.metadata.name !== self)) return forbidden(about, obj.metadata.name, 'can only access node lease with the same name as the requesting node');
  return obj;
}

/** Every start of a container pulls. */
function* alwaysPullImages({ resource, obj, sub, op }: Admitted): Sys<Obj | Failure> {
  if (resource.kind !== 'Pod' || sub || op !== 'create') return obj;
  const pod = obj as Pod;
  const pull = (c: Container): Container => (c.imagePullPolicy === 'Always' ? c : { ...c, imagePullPolicy: 'Always' });
  return { ...pod, spec: { ...pod.spec, containers: pod.spec.containers.map(pull), ...(pod.spec.initContainers ? { initContainers: pod.spec.initContainers.map(pull) } : {}) } } as Pod;
}

function* podSecurityPolicy({ ctx, resource, op, obj, sub, target: about }: Admitted): Sys<Obj | Failure> {
  if (resource.kind !== 'Pod' || sub || op !== 'create') return obj;
  const made = security(ctx, obj as Pod);
  return typeof made === 'string' ? forbidden(about, obj.metadata.name || (obj.metadata.generateName ?? ''), made) : made;
}
