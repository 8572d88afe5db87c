/**
 * System applications in Kubernetes: what their install and update hooks do (gravity assets/<app>/resources,
 * 6.0). The hooks' own jobs are left out; what they change is not.
 */
import { seconds } from '../../engine/time.ts';
import { appObjects } from '../apps.ts';
import { apply, kube, waitFor } from '../cluster-api.ts';
import type { Outcome } from '../engine.ts';
import type { Manifest } from '../manifests.ts';
import type { Release } from '../versions.ts';
import type { Sys } from '../../proc/program.ts';
import { pause } from './common.ts';

/** An application's objects, and until its pods are there. */
export function* installApp(app: string, release: Release, patienceUs: number = seconds(300)): Sys<Outcome> {
  const objects = appObjects(app, release);
  if (!objects.length) { yield* pause(1); return null; }
  const failure = yield* apply(objects);
  return failure ? `failed to execute install hook for ${app}: ${failure}` : yield* untilUp(app, objects, patienceUs);
}

/** How long an update's own work takes beside waiting for pods, in seconds. */
const HOOK_S: Readonly<Record<string, number>> = { 'rbac-app': 8, 'monitoring-app': 25, 'tiller-app': 4, site: 10, kubernetes: 1, telekube: 8 };

/** The application as the release has it. The controller cannot be replaced pod by pod: only one is ever ready. */
export function* updateApp(app: string, release: Release, hook: string, more: readonly Manifest[] = []): Sys<Outcome> {
  const reached = yield* kube('/api/v1/namespaces/kube-system', { timeoutUs: seconds(30) });
  if (!reached.ok) return reached.error;
  yield* pause(HOOK_S[app] ?? 2);
  const objects = [...appObjects(app, release), ...more];
  const cleared = app === 'site' ? yield* clear('daemonsets', 'gravity-site') : null;
  const failure = cleared ?? (yield* apply(objects));
  return failure ? `failed to execute ${hook} hook for ${app}: ${failure}` : yield* untilUp(app, objects, seconds(300));
}

/** Deletes a workload of kube-system and waits until its pods, labelled by its name, have ended. */
function* clear(plural: string, name: string): Sys<Outcome> {
  const gone = yield* kube(`/apis/apps/v1/namespaces/kube-system/${plural}/${name}`, { method: 'DELETE', body: { kind: 'DeleteOptions', apiVersion: 'v1', propagationPolicy: 'Background' } });
  if (!gone.ok && !gone.error.includes('not found')) return gone.error;
  const empty = yield* waitFor(function* () {
    const got = yield* kube(`/api/v1/namespaces/kube-system/pods?labelSelector=${encodeURIComponent(`app=${name}`)}`);
    return got.ok && (got.value.body as unknown as { items: readonly unknown[] }).items.length === 0;
  }, seconds(120), seconds(3));
  return empty ? null : `timed out waiting for pods of ${name} to terminate`;
}

function* untilUp(app: string, objects: readonly Manifest[], patienceUs: number): Sys<Outcome> {
  let late = '';
  const up = yield* waitFor(function* () {
    for (const object of objects) {
      if (!(yield* isRunning(object))) { late = `${object.kind} ${object.metadata.name}`; return false; }
    }
    return true;
  }, patienceUs, seconds(3));
  return up ? null : `timed out waiting for ${late} of ${app}`;
}

interface Deployed {
  readonly metadata: { readonly generation?: number }; readonly spec?: { readonly replicas?: number };
  readonly status?: {
    readonly observedGeneration?: number; readonly readyReplicas?: number; readonly updatedReplicas?: number;
    readonly numberReady?: number; readonly desiredNumberScheduled?: number; readonly updatedNumberScheduled?: number;
  };
}

function* isRunning({ kind, metadata }: Manifest): Sys<boolean> {
  if (kind !== 'Deployment' && kind !== 'DaemonSet' && kind !== 'StatefulSet') return true;
  const got = yield* kube(`/apis/apps/v1/namespaces/${metadata.namespace ?? 'default'}/${kind.toLowerCase()}s/${metadata.name}`, { timeoutUs: seconds(10) });
  if (!got.ok) return false;
  const { metadata: seen, spec, status } = got.value.body as unknown as Deployed;
  // Until its controller has looked at it the status says nothing.
  if ((status?.observedGeneration ?? 0) < (seen.generation ?? 1)) return false;
  // Of the controller only one pod is ever ready.
  const wanted = kind === 'DaemonSet' ? status?.desiredNumberScheduled ?? 1 : spec?.replicas ?? 1;
  if (kind === 'DaemonSet') return (status?.numberReady ?? 0) >= (metadata.name === 'gravity-site' ? 1 : wanted) && (status?.updatedNumberScheduled ?? 0) >= wanted;
  return (status?.readyReplicas ?? 0) >= wanted && (kind === 'StatefulSet' || (status?.updatedReplicas ?? 0) >= wanted);
}

