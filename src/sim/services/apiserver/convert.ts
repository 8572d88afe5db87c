/**
 * Group-versions of one kind differ in few fields; here they are turned into one another. Everything
 * else is served as it is kept. k8s.io/kubernetes/pkg/apis conversions v1.14.
 */
import { groupOf, versionOf, type Resource } from '../../kube/kinds.ts';
import type { Obj } from '../../kube/types.ts';

type Rec = Readonly<Record<string, unknown>>;
const rec = (v: unknown): Rec => (typeof v === 'object' && v !== null && !Array.isArray(v) ? (v as Rec) : {});

/** An object of any served version as `gv` has it; metadata and apiVersion are the caller's. */
export function convert(resource: Resource, obj: Obj, gv: string): Obj {
  if (obj.apiVersion === gv) return obj;
  if (resource.kind === 'HorizontalPodAutoscaler') return autoscaler(obj, gv);
  if (resource.kind === 'Event') return event(obj, gv);
  if (resource.kind === 'DaemonSet') return withTemplateGeneration(obj, templateGeneration(obj), gv);
  return obj;
}

/** The apps group keeps in an annotation what extensions has in the spec. */
const GENERATION = 'deprecated.daemonset.template.generation';

export function templateGeneration(daemonSet: Obj): number | undefined {
  const given = rec(daemonSet['spec'])['templateGeneration'] ?? daemonSet.metadata.annotations?.[GENERATION];
  return given === undefined ? undefined : Number(given);
}

/** Said as `gv` says it. */
export function withTemplateGeneration(daemonSet: Obj, count: number | undefined, gv: string): Obj {
  const { templateGeneration: _count, ...spec } = rec(daemonSet['spec']);
  const { [GENERATION]: _annotation, ...annotations } = daemonSet.metadata.annotations ?? {};
  if (groupOf(gv) !== 'apps') {
    const { annotations: _old, ...metadata } = daemonSet.metadata;
    return { ...daemonSet, metadata: Object.keys(annotations).length ? { ...metadata, annotations } : metadata, spec: count === undefined ? spec : { ...spec, templateGeneration: count } };
  }
  if (count === undefined) return daemonSet;
  return { ...daemonSet, metadata: { ...daemonSet.metadata, annotations: { ...annotations, [GENERATION]: String(count) } }, spec };
}

/** v1 knows a share of CPU only; later versions a list of metrics. */
function autoscaler(obj: Obj, gv: string): Obj {
  const spec = rec(obj['spec']);
  const from = versionOf(obj.apiVersion);
  const to = versionOf(gv);
  const metric = ((spec['metrics'] as Rec[] | undefined) ?? []).map((m) => rec(m['resource'])).find((r) => r['name'] === 'cpu');
  const share = from === 'v1' ? spec['targetCPUUtilizationPercentage'] : from === 'v2beta1' ? metric?.['targetAverageUtilization'] : rec(metric?.['target'])['averageUtilization'];
  const { targetCPUUtilizationPercentage: _share, metrics: _metrics, ...others } = spec;
  const whole = from === 'v1' && to !== 'v1' ? withConditions(obj) : from !== 'v1' && to === 'v1' ? withoutConditions(obj) : obj;
  if (to === 'v1') return { ...whole, spec: { ...others, ...(share === undefined ? {} : { targetCPUUtilizationPercentage: share }) } };
  if (share === undefined) return { ...whole, spec: others };
  const resource = to === 'v2beta1' ? { name: 'cpu', targetAverageUtilization: share } : { name: 'cpu', target: { type: 'Utilization', averageUtilization: share } };
  return { ...whole, spec: { ...others, metrics: [{ type: 'Resource', resource }] } };
}

/** v1 keeps in an annotation what later versions have as conditions. */
const CONDITIONS = 'autoscaling.alpha.kubernetes.io/conditions';

function withConditions(obj: Obj): Obj {
  const { [CONDITIONS]: text, ...annotations } = obj.metadata.annotations ?? {};
  if (text === undefined) return obj;
  let conditions: unknown = [];
  try { conditions = JSON.parse(text); } catch { /* spoiled by hand: none */ }
  return { ...obj, metadata: { ...obj.metadata, annotations }, status: { ...rec(obj['status']), conditions } } as Obj;
}

function withoutConditions(obj: Obj): Obj {
  const { conditions, ...status } = rec(obj['status']) as { conditions?: unknown };
  if (conditions === undefined) return obj;
  return { ...obj, metadata: { ...obj.metadata, annotations: { ...obj.metadata.annotations, [CONDITIONS]: JSON.stringify(conditions) } }, status } as Obj;
}

/** events.k8s.io names the same things otherwise. */
function event(obj: Obj, gv: string): Obj {
  if (groupOf(gv) === 'events.k8s.io') {
    const { involvedObject, message, source, firstTimestamp, lastTimestamp, count, reportingComponent, reportingInstance, ...others } = obj as Obj & Rec;
    return { ...others, regarding: involvedObject, note: message, deprecatedSource: source, deprecatedFirstTimestamp: firstTimestamp, deprecatedLastTimestamp: lastTimestamp, deprecatedCount: count, reportingController: reportingComponent, reportingInstance } as unknown as Obj;
  }
  const { regarding, note, deprecatedSource, deprecatedFirstTimestamp, deprecatedLastTimestamp, deprecatedCount, reportingController, ...others } = obj as Obj & Rec;
  return { ...others, involvedObject: regarding ?? {}, message: note ?? '', source: deprecatedSource ?? {}, firstTimestamp: deprecatedFirstTimestamp ?? null, lastTimestamp: deprecatedLastTimestamp ?? null, count: deprecatedCount ?? 1, reportingComponent: reportingController ?? '' } as unknown as Obj;
}
