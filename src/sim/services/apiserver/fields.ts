/**
 * Which objects a list or watch is about: label and field selectors against objects. Field labels that a
 * kind supports as in pkg/apis/core/v1/conversion.go v1.14.
 */
import type { Resource } from '../../kube/kinds.ts';
import { matches, parseFields, parseSelector, type FieldTerm, type Selector } from '../../kube/selectors.ts';
import { badRequest, type Failure } from '../../kube/status.ts';
import type { KubeEvent, Node, Obj, Pod } from '../../kube/types.ts';
import { groupOf } from '../../kube/kinds.ts';
import { one, type Query } from './request.ts';

/** Plain data: a watch keeps it. */
export interface Filter { readonly labels: Selector; readonly fields: readonly FieldTerm[] }
export const ALL: Filter = { labels: [], fields: [] };

type Field = (obj: Obj) => string;
const COMMON: Readonly<Record<string, Field>> = { 'metadata.name': (o) => o.metadata.name, 'metadata.namespace': (o) => o.metadata.namespace ?? '' };
const event = (pick: (e: KubeEvent) => string | undefined): Field => (o) => pick(o as KubeEvent) ?? '';
const pod = (pick: (p: Pod) => string | undefined): Field => (o) => pick(o as Pod) ?? '';

const BY_KIND: Readonly<Record<string, Readonly<Record<string, Field>>>> = {
  Pod: {
    'spec.nodeName': pod((p) => p.spec.nodeName), 'spec.restartPolicy': pod((p) => p.spec.restartPolicy), 'spec.schedulerName': pod((p) => p.spec.schedulerName),
    'spec.serviceAccountName': pod((p) => p.spec.serviceAccountName), 'status.phase': pod((p) => p.status?.phase), 'status.podIP': pod((p) => p.status?.podIP),
    'status.nominatedNodeName': pod((p) => p.status?.nominatedNodeName),
  },
  Node: { 'spec.unschedulable': (o) => String((o as Node).spec.unschedulable ?? false) },
  Event: {
    'involvedObject.kind': event((e) => e.involvedObject.kind), 'involvedObject.namespace': event((e) => e.involvedObject.namespace), 'involvedObject.name': event((e) => e.involvedObject.name),
    'involvedObject.uid': event((e) => e.involvedObject.uid), 'involvedObject.apiVersion': event((e) => e.involvedObject.apiVersion), 'involvedObject.resourceVersion': event((e) => e.involvedObject.resourceVersion),
    'involvedObject.fieldPath': event((e) => e.involvedObject.fieldPath), reason: event((e) => e.reason), source: event((e) => e.source?.component), type: event((e) => e.type),
  },
  Namespace: { 'status.phase': (o) => (o['status'] as { phase?: string } | undefined)?.phase ?? '' },
  Secret: { type: (o) => (o['type'] as string | undefined) ?? '' },
  ReplicationController: { 'status.replicas': (o) => String((o['status'] as { replicas?: number } | undefined)?.replicas ?? 0) },
  Job: { 'status.successful': (o) => String((o['status'] as { succeeded?: number } | undefined)?.succeeded ?? 0) },
};

const fieldOf = (kind: string, name: string): Field | undefined => COMMON[name] ?? BY_KIND[kind]?.[name];

export const passes = (filter: Filter, obj: Obj): boolean =>
  (!filter.labels.length || matches(filter.labels, obj.metadata.labels))
  && filter.fields.every((term) => (fieldOf(obj.kind, term.field)?.(obj) === term.value) === term.equal);

/** The selectors of a query, or why they are none. */
export function filterOf(resource: Resource, gv: string, query: Query): Filter | Failure {
  const labelText = one(query, 'labelSelector') ?? '';
  const fieldText = one(query, 'fieldSelector') ?? '';
  if (!labelText && !fieldText) return ALL;
  const labels = parseSelector(labelText);
  if (!labels.ok) return badRequest(`unable to parse requirement: ${labels.error}`.replace(/^unable to parse requirement: unable to parse requirement: /, 'unable to parse requirement: '));
  const fields = parseFields(fieldText);
  if (!fields.ok) return badRequest(fields.error);
  const version = groupOf(gv) ? gv : `/${gv}`;
  for (const term of fields.value) {
    if (!fieldOf(resource.kind, term.field)) {
      const reason = BY_KIND[resource.kind] && !groupOf(gv) ? `field label not supported: ${term.field}` : `${JSON.stringify(term.field)} is not a known field selector: only "metadata.name", "metadata.namespace"`;
      return badRequest(`Unable to find ${JSON.stringify(`${version}, Resource=${resource.plural}`)} that match label selector ${JSON.stringify(labelText)}, field selector ${JSON.stringify(fieldText)}: ${reason}`);
    }
  }
  return { labels: labels.value, fields: fields.value };
}
