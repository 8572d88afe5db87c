/**
 * Horizontal autoscaling: keeps a target between its bounds, and asks the metrics API for the rest, which
 * nothing serves in this cluster: then it says so and changes nothing. pkg/controller/podautoscaler v1.14.
 */
import { seconds } from '../../engine/time.ts';
import type { Json, Sys } from '../../proc/program.ts';
import { api } from '../../kube/client.ts';
import { equal } from '../../kube/equal.ts';
import { groupOf, pathOf, RESOURCES } from '../../kube/kinds.ts';
import { key } from '../../kube/pods.ts';
import { rfc3339 } from '../../kube/time.ts';
import type { Obj } from '../../kube/types.ts';
import { type Controller, type Env, type Outcome, tell, update } from './framework.ts';

type Rec = Readonly<Record<string, unknown>>;
const rec = (v: unknown): Rec => (typeof v === 'object' && v !== null ? (v as Rec) : {});

/** --horizontal-pod-autoscaler-sync-period */
const PERIOD = { afterUs: seconds(15) } as const;
/** Where autoscaling/v1, which is what is stored, keeps what its later versions call conditions. */
export const CONDITIONS = 'autoscaling.alpha.kubernetes.io/conditions';

interface Condition { readonly type: string; readonly status: string; readonly lastTransitionTime: string; readonly reason: string; readonly message: string }

function conditionsOf(hpa: Obj): readonly Condition[] {
  try { return JSON.parse(hpa.metadata.annotations?.[CONDITIONS] ?? '[]') as Condition[]; } catch { return []; }
}

const withCondition = (list: readonly Condition[], c: Omit<Condition, 'lastTransitionTime'>, stamp: string): readonly Condition[] => {
  const old = list.find((one) => one.type === c.type);
  const fresh: Condition = { type: c.type, status: c.status, lastTransitionTime: old?.status === c.status ? old.lastTransitionTime : stamp, reason: c.reason, message: c.message };
  return old ? list.map((one) => (one === old ? fresh : one)) : [...list, fresh];
};

interface Verdict { readonly conditions: readonly Condition[]; readonly current: number; readonly desired: number }

/** The path of the target's scale, or client-go's complaint. */
function scalePath(hpa: Obj): { ok: true; path: string } | { ok: false; error: string } {
  const ref = rec(rec(hpa['spec'])['scaleTargetRef']) as { kind?: string; name?: string; apiVersion?: string };
  const gv = ref.apiVersion ?? 'v1';
  const resource = RESOURCES.find((r) => r.kind === ref.kind && r.served.some((s) => groupOf(s) === groupOf(gv)));
  if (!resource) return { ok: false, error: `no matches for kind ${JSON.stringify(ref.kind ?? '')} in group ${JSON.stringify(groupOf(gv))}` };
  const served = resource.served.includes(gv) ? gv : resource.served.find((s) => groupOf(s) === groupOf(gv))!;
  return { ok: true, path: pathOf(served, resource.plural, hpa.metadata.namespace, ref.name, 'scale') };
}

function* judge(hpa: Obj, env: Env): Sys<Verdict> {
  const stamp = rfc3339(env.now);
  const spec = rec(hpa['spec']) as { minReplicas?: number; maxReplicas: number };
  const before = rec(hpa['status']) as { currentReplicas?: number; desiredReplicas?: number };
  let conditions = conditionsOf(hpa);
  const set = (type: string, status: string, reason: string, message: string): void => { conditions = withCondition(conditions, { type, status, reason, message }, stamp); };
  const at = scalePath(hpa);
  const got = at.ok ? yield* api(env.api, 'GET', at.path) : null;
  if (!at.ok || !got?.ok) {
    const why = at.ok ? (got && !got.ok ? got.failure?.message ?? got.error : '') : at.error;
    yield* tell(env, hpa, 'Warning', 'FailedGetScale', why);
    set('AbleToScale', 'False', 'FailedGetScale', `the HPA controller was unable to get the target's current scale: ${why}`);
    return { conditions, current: before.currentReplicas ?? 0, desired: before.desiredReplicas ?? 0 };
  }
  const scale = got.body as unknown as Obj;
  const current = (rec(scale['spec'])['replicas'] as number | undefined) ?? 0;
  set('AbleToScale', 'True', 'SucceededGetScale', "the HPA controller was able to get the target's current scale");
  if (current === 0) {
    set('ScalingActive', 'False', 'ScalingDisabled', 'scaling is disabled since the replica count of the target is zero');
    return { conditions, current, desired: 0 };
  }
  const least = spec.minReplicas ?? 1;
  const bound = current > spec.maxReplicas ? { size: spec.maxReplicas, reason: 'Current number of replicas above Spec.MaxReplicas' }
    : current < least ? { size: least, reason: 'Current number of replicas below Spec.MinReplicas' } : null;
  if (bound) {
    const done = yield* api(env.api, 'PUT', at.path, { body: { ...scale, spec: { replicas: bound.size } } as unknown as Json });
    if (done.ok) {
      set('AbleToScale', 'True', 'SucceededRescale', `the HPA controller was able to update the target scale to ${bound.size}`);
      yield* tell(env, hpa, 'Normal', 'SuccessfulRescale', `New size: ${bound.size}; reason: ${bound.reason}`);
      return { conditions, current, desired: bound.size };
    }
    yield* tell(env, hpa, 'Warning', 'FailedRescale', `New size: ${bound.size}; reason: ${bound.reason}; error: ${done.error}`);
    set('AbleToScale', 'False', 'FailedUpdateScale', `the HPA controller was unable to update the target scale: ${done.error}`);
    return { conditions, current, desired: before.desiredReplicas ?? 0 };
  }
  const why = 'unable to get metrics for resource cpu: unable to fetch metrics from resource metrics API: the server could not find the requested resource (get pods.metrics.k8s.io)';
  yield* tell(env, hpa, 'Warning', 'FailedGetResourceMetric', why);
  set('ScalingActive', 'False', 'FailedGetResourceMetric', `the HPA was unable to compute the replica count: ${why}`);
  yield* tell(env, hpa, 'Warning', 'FailedComputeMetricsReplicas', `failed to get cpu utilization: ${why}`);
  return { conditions, current, desired: before.desiredReplicas ?? 0 };
}

function* sync(id: string, env: Env): Sys<Outcome> {
  const hpa = env.caches['horizontalpodautoscalers']![id];
  if (!hpa || hpa.metadata.deletionTimestamp) return;
  const { conditions, current, desired } = yield* judge(hpa, env);
  const annotations = { ...hpa.metadata.annotations, [CONDITIONS]: JSON.stringify(conditions) };
  const status = { ...rec(hpa['status']), currentReplicas: current, desiredReplicas: desired };
  if (equal(annotations, hpa.metadata.annotations) && equal(status, hpa['status'])) return PERIOD;
  const done = yield* update(env, 'autoscaling/v1', 'horizontalpodautoscalers', { ...hpa, metadata: { ...hpa.metadata, annotations }, status }, 'status');
  return done.ok || done.status === 404 ? PERIOD : 'retry';
}

export const autoscalers: Controller = {
  name: 'horizontalpodautoscaling', source: 'horizontal-pod-autoscaler', reads: ['horizontalpodautoscalers'],
  // Its own writes bring no haste: an object is looked at when it comes, and then by the period.
  affected: ({ obj, old, type }) => (type === 'ADDED' || (type === 'MODIFIED' && !equal(obj['spec'], old?.['spec'])) ? [key(obj)] : []),
  sync,
};
