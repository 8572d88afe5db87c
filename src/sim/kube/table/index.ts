/**
 * Tables: `Accept: application/json;as=Table`. Columns and rows of a kind, the ages reckoned with the
 * server's own clock. pkg/printers/internalversion v1.14; meta.k8s.io/v1beta1.
 */
import type { Us } from '../../engine/time.ts';
import { age } from '../time.ts';
import type { Json } from '../../proc/program.ts';
import type { Obj } from '../types.ts';
import * as cells from './cells.ts';
import type { Cell } from './cells.ts';

export interface Column { readonly name: string; readonly type: string; readonly format: string; readonly description: string; readonly priority: number }
export interface Row { readonly cells: readonly Cell[]; readonly object: Obj }

interface Printer {
  readonly columns: readonly Column[];
  readonly cells: (obj: Obj, now: Us) => Cell[];
  /** Where the age stands, to be filled in; and whether other cells depend on the time. */
  readonly ageAt: number; readonly timed: boolean;
}

/** "NAME READY | IP NODE": names with _ for a blank, behind | only in wide output. */
function printer(names: string, make: (obj: Obj, now: Us) => Cell[], timed = false): Printer {
  const [plain, wide] = names.split(' | ') as [string, string | undefined];
  const column = (name: string, priority: number): Column => ({ name: name.replace(/_/g, ' '), type: name === 'Restarts' || /^(Desired|Current|Up-to-date|Available|Data|Count)$/.test(name) ? 'integer' : 'string', format: name === 'Name' ? 'name' : '', description: '', priority });
  const columns = [...plain.split(' ').map((n) => column(n.replace(/^\+/, ''), n.startsWith('+') ? 1 : 0)), ...(wide ? wide.split(' ').map((n) => column(n, 1)) : [])];
  return { columns, cells: make, ageAt: columns.findIndex((c) => c.name === 'Age'), timed };
}

const name = (obj: Obj): Cell[] => [obj.metadata.name, ''];

const PRINTERS: Readonly<Record<string, Printer>> = {
  Pod: printer('Name Ready Status Restarts Age | IP Node Nominated_Node Readiness_Gates', cells.pod),
  Node: printer('Name Status Roles Age Version | Internal-IP External-IP OS-Image Kernel-Version Container-Runtime', cells.node),
  Service: printer('Name Type Cluster-IP External-IP Port(s) Age | Selector', cells.service),
  Endpoints: printer('Name Endpoints Age', cells.endpoints),
  DaemonSet: printer('Name Desired Current Ready Up-to-date Available Node_Selector Age | Containers Images Selector', cells.daemonSet),
  Deployment: printer('Name Ready Up-to-date Available Age | Containers Images Selector', cells.deployment),
  ReplicaSet: printer('Name Desired Current Ready Age | Containers Images Selector', cells.replicaSet),
  ReplicationController: printer('Name Desired Current Ready Age | Containers Images Selector', cells.replicaSet),
  StatefulSet: printer('Name Ready Age | Containers Images', cells.statefulSet),
  Job: printer('Name Completions Duration Age | Containers Images Selector', cells.job, true),
  CronJob: printer('Name Schedule Suspend Active Last_Schedule Age | Containers Images Selector', cells.cronJob, true),
  ConfigMap: printer('Name Data Age', (obj) => [obj.metadata.name, Object.keys(cells.rec(obj['data'])).length + Object.keys(cells.rec(obj['binaryData'])).length, '']),
  Secret: printer('Name Type Data Age', (obj) => [obj.metadata.name, obj['type'] as string, Object.keys(cells.rec(obj['data'])).length, '']),
  ServiceAccount: printer('Name Secrets Age', (obj) => [obj.metadata.name, (obj['secrets'] as unknown[] | undefined)?.length ?? 0, '']),
  Namespace: printer('Name Status Age', (obj) => [obj.metadata.name, (cells.rec(obj['status'])['phase'] as string) ?? '', '']),
  Event: printer('Last_Seen Type Reason Object +Subobject +Source Message | First_Seen Count Name', cells.event, true),
  ComponentStatus: printer('Name Status Message Error', cells.component),
  PersistentVolume: printer('Name Capacity Access_Modes Reclaim_Policy Status Claim StorageClass Reason Age', cells.volume),
  PersistentVolumeClaim: printer('Name Status Volume Capacity Access_Modes StorageClass Age', cells.claim),
  Ingress: printer('Name Hosts Address Ports Age', cells.ingress),
  NetworkPolicy: printer('Name Pod-Selector Age', (obj) => [obj.metadata.name, cells.podSelector(obj), '']),
  RoleBinding: printer('Name Age | Role Users Groups ServiceAccounts', cells.roleBinding),
  ClusterRoleBinding: printer('Name Age | Role Users Groups ServiceAccounts', cells.roleBinding),
  StorageClass: printer('Name Provisioner Age', (obj) => [obj.metadata.name + (obj.metadata.annotations?.['storageclass.kubernetes.io/is-default-class'] === 'true' ? ' (default)' : ''), obj['provisioner'] as string, '']),
  Lease: printer('Name Holder Age', (obj) => [obj.metadata.name, (cells.rec(obj['spec'])['holderIdentity'] as string) ?? '', '']),
  PodDisruptionBudget: printer('Name Min_Available Max_Unavailable Allowed_Disruptions Age', cells.budget),
  HorizontalPodAutoscaler: printer('Name Reference Targets MinPods MaxPods Replicas Age', cells.autoscaler),
  ResourceQuota: printer('Name Age Request Limit', cells.quota),
  PodSecurityPolicy: printer('Name Priv Caps SELinux RunAsUser FSGroup SupGroup ReadOnlyRootFS Volumes', cells.policy),
  PriorityClass: printer('Name Value Global-Default Age', (obj) => [obj.metadata.name, obj['value'] as number, String(obj['globalDefault'] ?? false), '']),
  CertificateSigningRequest: printer('Name Age Requestor Condition', cells.signingRequest),
  ControllerRevision: printer('Name Controller Revision Age', cells.revision),
  LimitRange: printer('Name Created_At', (obj) => [obj.metadata.name, obj.metadata.creationTimestamp ?? '']),
  CustomResourceDefinition: printer('Name Created_At', (obj) => [obj.metadata.name, obj.metadata.creationTimestamp ?? '']),
  APIService: printer('Name Service Available Age', (obj) => {
    const service = cells.rec(cells.rec(obj['spec'])['service']);
    return [obj.metadata.name, service['name'] ? `${service['namespace']}/${service['name']}` : 'Local', 'True', ''];
  }),
};
const PLAIN: Printer = printer('Name Age', name);
const printerOf = (kind: string): Printer => PRINTERS[kind] ?? PLAIN;

const remembered = new WeakMap<Obj, Cell[]>();
function rowCells(p: Printer, obj: Obj, now: Us): Cell[] {
  let base = p.timed ? undefined : remembered.get(obj);
  if (!base) {
    base = p.cells(obj, now);
    if (!p.timed) remembered.set(obj, base);
  }
  if (p.ageAt < 0) return base;
  const out = base.slice();
  out[p.ageAt] = age(obj.metadata.creationTimestamp, now);
  return out;
}

export const columnsOf = (kind: string): readonly Column[] => printerOf(kind).columns;

/** The metadata of an object, as rows carry it. */
const partials = new WeakMap<Obj, Obj>();
function partial(obj: Obj): Obj {
  let out = partials.get(obj);
  if (!out) {
    out = { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1beta1', metadata: obj.metadata };
    partials.set(obj, out);
  }
  return out;
}

export type Include = 'Object' | 'None' | 'Metadata';

/** The Table of some objects of one kind. */
export function tableOf(kind: string, objects: readonly Obj[], now: Us, metadata: Readonly<Record<string, unknown>>, include: Include): Json {
  const p = printerOf(kind);
  const rows = objects.map((obj) => ({ cells: rowCells(p, obj, now), ...(include === 'None' ? {} : { object: include === 'Object' ? obj : partial(obj) }) }));
  return { kind: 'Table', apiVersion: 'meta.k8s.io/v1beta1', metadata, columnDefinitions: p.columns, rows } as unknown as Json;
}
