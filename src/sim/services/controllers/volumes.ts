/**
 * Persistent volumes: which one a claim gets, and what becomes of it when the claim has gone.
 * pkg/controller/volume/persistentvolume v1.14, without provisioners.
 */
import type { Sys } from '../../proc/program.ts';
import { api } from '../../kube/client.ts';
import { pathOf } from '../../kube/kinds.ts';
import { key } from '../../kube/pods.ts';
import { quantity } from '../../kube/quantity.ts';
import type { Obj } from '../../kube/types.ts';
import { type Controller, type Env, type Outcome, remove, tell, update } from './framework.ts';
import { objects } from './pods.ts';

type Rec = Readonly<Record<string, unknown>>;
const rec = (v: unknown): Rec => (typeof v === 'object' && v !== null ? (v as Rec) : {});

function* syncClaim(id: string, env: Env): Sys<Outcome> {
  const claim = env.caches['persistentvolumeclaims']![id];
  if (!claim || claim.metadata.deletionTimestamp || rec(claim['status'])['phase'] === 'Bound') return;
  const spec = rec(claim['spec']);
  const asked = quantity(rec(rec(spec['resources'])['requests'])['storage'] as string) ?? 0;
  const size = (v: Obj): number => quantity(rec(rec(v['spec'])['capacity'])['storage'] as string) ?? 0;
  const modes = (spec['accessModes'] as string[] | undefined) ?? [];
  const fits = (v: Obj): boolean => {
    const s = rec(v['spec']);
    const ref = rec(s['claimRef']);
    const free = ref['name'] === undefined ? rec(v['status'])['phase'] !== 'Released' : ref['name'] === claim.metadata.name && ref['namespace'] === claim.metadata.namespace;
    return free && size(v) >= asked && (s['storageClassName'] ?? '') === (spec['storageClassName'] ?? '') && modes.every((m) => (s['accessModes'] as string[]).includes(m))
      && (spec['volumeName'] === undefined || spec['volumeName'] === v.metadata.name);
  };
  const volume = objects(env.caches['persistentvolumes']).filter(fits).sort((a, b) => size(a) - size(b) || (a.metadata.name < b.metadata.name ? -1 : 1))[0];
  if (!volume) {
    yield* unbound(env, claim, spec['storageClassName'] as string | undefined);
    return { afterUs: 15_000_000 };
  }
  const claimRef = { kind: 'PersistentVolumeClaim', namespace: claim.metadata.namespace, name: claim.metadata.name, uid: claim.metadata.uid, apiVersion: 'v1' };
  const bound = yield* update(env, 'v1', 'persistentvolumes', { ...volume, spec: { ...rec(volume['spec']), claimRef } });
  if (!bound.ok) return 'retry';
  yield* update(env, 'v1', 'persistentvolumes', { ...bound.obj, status: { ...rec(volume['status']), phase: 'Bound' } }, 'status');
  const mine = yield* update(env, 'v1', 'persistentvolumeclaims', { ...claim, metadata: { ...claim.metadata, annotations: { ...claim.metadata.annotations, 'pv.kubernetes.io/bind-completed': 'yes', 'pv.kubernetes.io/bound-by-controller': 'yes' } }, spec: { ...spec, volumeName: volume.metadata.name } });
  if (!mine.ok) return 'retry';
  const done = yield* update(env, 'v1', 'persistentvolumeclaims', { ...mine.obj, status: { phase: 'Bound', accessModes: rec(volume['spec'])['accessModes'], capacity: rec(volume['spec'])['capacity'] } }, 'status');
  return done.ok ? undefined : 'retry';
}

/** Says why a claim has no volume: nobody in this cluster makes any. */
function* unbound(env: Env, claim: Obj, className: string | undefined): Sys<void> {
  if (!className) return yield* tell(env, claim, 'Normal', 'FailedBinding', 'no persistent volumes available for this claim and no storage class is set');
  const got = yield* api(env.api, 'GET', pathOf('storage.k8s.io/v1', 'storageclasses', undefined, className));
  if (!got.ok) return yield* tell(env, claim, 'Warning', 'ProvisioningFailed', `storageclass.storage.k8s.io ${JSON.stringify(className)} not found`);
  const provisioner = String(rec(got.body)['provisioner'] ?? '');
  if (provisioner.startsWith('kubernetes.io/')) return yield* tell(env, claim, 'Warning', 'ProvisioningFailed', 'no volume plugin matched');
  yield* tell(env, claim, 'Normal', 'ExternalProvisioning', `waiting for a volume to be created, either by external provisioner ${JSON.stringify(provisioner)} or manually created by system administrator`);
}

export const claims: Controller = {
  name: 'persistentvolume', source: 'persistentvolume-controller', reads: ['persistentvolumeclaims', 'persistentvolumes'],
  affected: ({ resource, obj, type }, caches) => (resource === 'persistentvolumeclaims' ? (type === 'DELETED' ? [] : [key(obj)])
    : objects(caches['persistentvolumeclaims']).filter((c) => rec(c['status'])['phase'] !== 'Bound').map(key)),
  sync: syncClaim,
};

/** A volume without a claim is available; one whose claim has gone is released, and reclaimed as it says. */
function* syncVolume(id: string, env: Env): Sys<Outcome> {
  const volume = env.caches['persistentvolumes']![id];
  if (!volume || volume.metadata.deletionTimestamp) return;
  const spec = rec(volume['spec']);
  const ref = rec(spec['claimRef']);
  const claim = env.caches['persistentvolumeclaims']![`${ref['namespace'] as string}/${ref['name'] as string}`];
  const gone = ref['uid'] !== undefined && claim?.metadata.uid !== ref['uid'];
  const phase = ref['uid'] === undefined ? 'Available' : gone ? 'Released' : null;
  const status = rec(volume['status']);
  if (phase !== null && status['phase'] !== phase && status['phase'] !== 'Failed') {
    const done = yield* update(env, 'v1', 'persistentvolumes', { ...volume, status: { ...status, phase } }, 'status');
    if (!done.ok && done.status !== 404) return 'retry';
  }
  if (!gone || spec['persistentVolumeReclaimPolicy'] !== 'Delete' || status['phase'] === 'Failed') return;
  const path = rec(spec['hostPath'])['path'];
  if (typeof path === 'string' && /^\/tmp\/.+/.test(path)) {
    const done = yield* remove(env, 'v1', 'persistentvolumes', volume);
    return done.ok || done.status === 404 ? undefined : 'retry';
  }
  const message = typeof path === 'string' ? `host_path deleter only supports /tmp/.+ but received provided ${path}` : `Error getting deleter volume plugin for volume ${JSON.stringify(volume.metadata.name)}: no deletable volume plugin matched`;
  yield* tell(env, volume, 'Warning', 'VolumeFailedDelete', message);
  yield* update(env, 'v1', 'persistentvolumes', { ...volume, status: { ...status, phase: 'Failed', message } }, 'status');
}

export const volumes: Controller = {
  name: 'persistentvolume-reclaim', source: 'persistentvolume-controller', reads: ['persistentvolumes', 'persistentvolumeclaims'],
  affected: ({ resource, obj, type }, caches) => (resource === 'persistentvolumes' ? (type === 'DELETED' ? [] : [key(obj)])
    : objects(caches['persistentvolumes']).filter((v) => rec(rec(v['spec'])['claimRef'])['name'] === obj.metadata.name).map(key)),
  sync: syncVolume,
};
