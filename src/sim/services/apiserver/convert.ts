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
  if (resource.kind === 'DaemonSet' && groupOf(gv) === 'apps') {
    const { templateGeneration, ...spec } = rec(obj['spec']);
    if (templateGeneration === undefined) return obj;
    return { ...obj, spec, metadata: { ...obj.metadata, annotations: { ...obj.metadata.annotations, 'deprecated.daemonset.template.generation': String(templateGeneration) } } } as unknown as Obj;
  }
  return obj;
}

/** v1 knows a share of CPU only; later versions a list of metrics. */
function autoscaler(obj: Obj, gv: string): Obj {
  const spec = rec(obj['spec']);
  const from = versionOf(obj.apiVersion);
  const to = versionOf(gv);
  const metric = ((spec['metrics'] as Rec[] | undefined) ?? []).map((m) => rec(m['resource'])).find((r) => r['name'] === 'cpu');
  const share = from === 'v1' ? spec['targetCPUUtilizationPercentage'] : from === 'v2beta1' ? metric?.['targetAverageUtilization'] : rec(metric?.['target'])['averageUtilization'];
  const { targetCPUUtilizationPercentage: _share, metrics: _metrics, ...others } = spec;
  if (to === 'v1') return { ...obj, spec: { ...others, ...(share === undefined ? {} : { targetCPUUtilizationPercentage: share }) } };
  if (share === undefined) return { ...obj, spec: others };
  const resource = to === 'v2beta1' ? { name: 'cpu', targetAverageUtilization: share } : { name: 'cpu', target: { type: 'Utilization', averageUtilization: share } };
  return { ...obj, spec: { ...others, metrics: [{ type: 'Resource', resource }] } };
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
