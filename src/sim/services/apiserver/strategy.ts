/**
 * What becomes of an object on its way in: status belongs to its subresource, identity to the server,
 * the generation counts changes of spec. Pure. pkg/registry/<group>/<kind>/strategy.go v1.14.
 */
import { equal } from '../../kube/equal.ts';
import type { Resource } from '../../kube/kinds.ts';
import { qosClass } from '../../kube/pods.ts';
import type { Meta, Obj, Pod } from '../../kube/types.ts';
import { templateGeneration, withTemplateGeneration } from './convert.ts';

const COUNTED = new Set(['DaemonSet', 'Deployment', 'ReplicaSet', 'ReplicationController', 'StatefulSet', 'PodDisruptionBudget', 'Ingress', 'NetworkPolicy', 'CustomResourceDefinition', 'APIService', 'PodSecurityPolicy']);
/** Kinds whose status is empty at birth. */
const BARE = new Set(['DaemonSet', 'Deployment', 'ReplicaSet', 'ReplicationController', 'StatefulSet', 'Job', 'CronJob', 'PodDisruptionBudget', 'Ingress', 'ResourceQuota', 'CertificateSigningRequest']);

type Rec = Readonly<Record<string, unknown>>;

const EMPTY: Readonly<Record<string, Rec>> = {
  DaemonSet: { currentNumberScheduled: 0, desiredNumberScheduled: 0, numberMisscheduled: 0, numberReady: 0 },
  ReplicaSet: { replicas: 0 }, ReplicationController: { replicas: 0 }, StatefulSet: { replicas: 0 }, Ingress: { loadBalancer: {} },
  PodDisruptionBudget: { currentHealthy: 0, desiredHealthy: 0, disruptionsAllowed: 0, expectedPods: 0 },
};

export function prepareCreate(resource: Resource, obj: Obj): Obj {
  const { kind } = obj;
  if (kind === 'Pod') return { ...obj, status: { phase: 'Pending', qosClass: qosClass((obj as Pod).spec) } };
  let out = obj;
  if (BARE.has(kind) || (resource.custom && resource.subresources.includes('status'))) {
    const { status: _status, ...others } = obj as Obj & { status?: unknown };
    out = (resource.custom ? others : { ...others, status: EMPTY[kind] ?? {} }) as Obj;
  }
  const counted = COUNTED.has(kind) || resource.custom;
  const { generation: _generation, ...metadata } = out.metadata;
  out = { ...out, metadata: counted ? { ...metadata, generation: 1 } : metadata };
  if (kind === 'DaemonSet') out = withTemplateGeneration(out, 1, out.apiVersion);
  return out;
}

const keepsStatus = (resource: Resource): boolean => resource.subresources.includes('status') && resource.kind !== 'Node';

/** The object to be stored by an update of the whole, or of one subresource. */
export function prepareUpdate(resource: Resource, fresh: Obj, old: Obj, sub: string): Obj {
  const { metadata: was } = old;
  const metadata: Meta = {
    ...fresh.metadata, uid: fresh.metadata.uid ?? was.uid!, creationTimestamp: was.creationTimestamp, generation: was.generation,
    deletionTimestamp: was.deletionTimestamp, deletionGracePeriodSeconds: was.deletionGracePeriodSeconds,
  };
  const clean = Object.fromEntries(Object.entries(metadata).filter(([, v]) => v !== undefined)) as unknown as Meta;
  if (sub === 'status') {
    const inner: Record<string, unknown> = { ...old, metadata: { ...clean, ownerReferences: was.ownerReferences }, status: fresh['status'] };
    if (!was.ownerReferences) delete (inner['metadata'] as Record<string, unknown>)['ownerReferences'];
    return inner as unknown as Obj;
  }
  let out: Obj = { ...fresh, metadata: clean };
  if (keepsStatus(resource)) out = { ...out, status: old['status'] };
  if (out['status'] === undefined) {
    const { status: _status, ...others } = out;
    out = others as Obj;
  }
  const counted = COUNTED.has(resource.kind) || resource.custom;
  const changed = counted && (!equal(out['spec'], old['spec']) || (resource.kind === 'Deployment' && !equal(clean.annotations, was.annotations)));
  if (changed) out = { ...out, metadata: { ...clean, generation: (was.generation ?? 0) + 1 } };
  return resource.kind === 'DaemonSet' ? daemonSet(out, old) : out;
}

/** templateGeneration counts changes of the template, whatever the client says. */
function daemonSet(out: Obj, old: Obj): Obj {
  const count = templateGeneration(old) ?? 1;
  const same = equal((out['spec'] as Rec)['template'], (old['spec'] as Rec)['template']);
  return withTemplateGeneration(out, same ? count : count + 1, out.apiVersion);
}
