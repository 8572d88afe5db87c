/**
 * `kubectl describe`: fetches what each kind's description needs and prints it; a name that does not exist
 * stands for all that begin with it.
 */
import { out } from '../../../sim/proc/libc.ts';
import type { Sys } from '../../../sim/proc/program.ts';
import type { Api } from './api.ts';
import { describeNode } from './describe-node.ts';
import { objectPath } from './discovery.ts';
import { describeBinding, describeBudget, describeCertificateRequest, describePriorityClass, describeRole } from './describe-access.ts';
import { describeAny } from './describe-any.ts';
import { describeConfigMap, describeLimitRange, describeNamespace, describeQuota, describeSecret, describeServiceAccount } from './describe-config.ts';
import { describeEndpoints, describeIngress, describeService } from './describe-services.ts';
import { describeAutoscaler, describeNetworkPolicy, describeSecurityPolicy } from './describe-policies.ts';
import { describeClaim, describeStorageClass, describeVolume } from './describe-storage.ts';
import { describePod } from './describe-pod.ts';
import { describeCronJob, describeDaemonSet, describeDeployment, describeJob, describeReplicaSet, describeStatefulSet, type Pods } from './describe-workloads.ts';
import { done, isStatus, many, plain, textOf, type Failure, type Outcome } from './failure.ts';
import { flagTable } from './flags.ts';
import { choiceOf, wantedTargets } from './get.ts';
import { nameOf, namespaceOf, selectorQuery, formatLabels, type Obj } from './object.ts';
import { Page } from './page.ts';
import { fetchAll, fetchAllOf, filesOf, type Info } from './resources.ts';
import type { Kubectl } from './session.ts';
import type { Verb } from './verb.ts';

const flags = flagTable(`
  all-namespaces,A bool Show the objects of every namespace; the namespace of the context and --namespace are left aside.
  filename,f strings Files, directories or URLs that name the resources.
  !include-uninitialized bool Deprecated.
  kustomize,k string A kustomization directory. Not together with -f or -R.
  recursive,R bool Go into the directories of -f.
  selector,l string Labels to filter by: '=', '==' and '!=' (e.g. -l key1=value1,key2=value2).
  show-events bool=true Show the events of what is described.
`);

export const describe: Verb = {
  name: 'describe', group: 'Troubleshooting and Debugging Commands:', short: 'Show details of a specific resource or group of resources', flags,
  usage: 'describe (-f FILENAME | TYPE [NAME_PREFIX | -l label] | TYPE/NAME)',
  long: 'Show details of a specific resource or group of resources\n\nWhat belongs to the resource, such as events or controllers, is shown with it. A NAME_PREFIX that is no exact name describes every resource whose name begins with it.\n\nUse "kubectl api-resources" for a complete list of supported resources.',
  examples: [['A node', 'kubectl describe nodes kubernetes-node-emt8.c.myproject.internal'], ['A pod', 'kubectl describe pods/nginx'], ['What a file names', 'kubectl describe -f pod.json'],
    ['All pods', 'kubectl describe pods'], ['Pods by label', 'kubectl describe po -l name=myLabel'], ['All pods whose names begin with frontend', 'kubectl describe pods frontend']],
  run,
};

function* run(k: Kubectl): Sys<number> {
  const files = filesOf(k);
  if (!k.args.length && !files.length) {
    return yield* k.fail(plain('You must specify the type of resource to describe. Use "kubectl api-resources" for a complete list of supported resources.').failure);
  }
  const wanted = yield* wantedTargets(k, files);
  if (!wanted.ok) return yield* k.fail(wanted.failure);
  const { infos, failures } = yield* fetchAll(k, wanted.value, choiceOf(k));
  const missing = failures.length > 0 && failures.every((failure) => isStatus(failure, 'NotFound'));
  if (missing && !files.length && k.args.length === 2) return yield* byPrefix(k, wanted.value[0]!.type.plural, failures);
  let first = true;
  for (const info of infos) {
    const text = yield* describeOne(k, info);
    if (!text.ok) { failures.push(text.failure); continue; }
    yield* out(first ? text.value : `\n\n${text.value}`);
    first = false;
  }
  return failures.length ? yield* k.fail(many(failures)) : 0;
}

/** TYPE PREFIX: every object whose name begins so; none: the failure of the exact name. */
function* byPrefix(k: Kubectl, plural: string, failures: readonly Failure[]): Sys<number> {
  const prefix = k.args[1]!;
  const type = yield* k.type(k.args[0]!);
  const api = yield* k.api();
  if (!type.ok || !api.ok) return yield* k.fail(many(failures));
  const all = yield* fetchAllOf(api.value, type.value, type.value.namespaced ? api.value.config.namespace : '', {}, `get ${plural}`);
  if (!all.ok) return yield* k.fail(all.failure);
  const matching = all.value.filter((info) => info.name.startsWith(prefix));
  if (!matching.length) return yield* k.fail(many(failures));
  for (const info of matching) {
    const text = yield* describeOne(k, info);
    if (!text.ok) return yield* k.fail(text.failure);
    yield* out(`${text.value}\n`);
  }
  return 0;
}

interface Extra { api: Api; page: Page; info: Info; events: readonly Obj[] | null }

export function* describeOne(k: Kubectl, info: Info): Sys<Outcome<string>> {
  const api = yield* k.api();
  if (!api.ok) return api;
  const page = new Page(yield* k.now());
  const events = k.flags.has('show-events') && !k.flags.bool('show-events') ? null : yield* eventsOf(api.value, info);
  const seen = yield* asDescribed(api.value, info);
  yield* body({ api: api.value, page, info: seen, events });
  return done(page.done());
}

/** Workloads are described as apps/v1 has them, by whatever group they were named. */
function* asDescribed(api: Api, info: Info): Sys<Info> {
  if (info.type.group !== 'extensions' || !['DaemonSet', 'Deployment', 'ReplicaSet'].includes(info.type.kind)) return info;
  const type = { ...info.type, group: 'apps', version: 'v1' };
  const got = yield* api.get(objectPath(type, info.namespace, info.name));
  return got.ok ? { ...info, obj: got.value } : info;
}

const NO_EVENTS = new Set(['Secret', 'Namespace', 'Role', 'ClusterRole', 'RoleBinding', 'ClusterRoleBinding', 'LimitRange', 'ResourceQuota']);

function* eventsOf(api: Api, info: Info): Sys<readonly Obj[] | null> {
  if (NO_EVENTS.has(info.type.kind)) return null;
  const node = info.type.kind === 'Node';
  // Nodes have events by their name: the kubelet that writes them does not know the node's uid.
  const uid = node ? info.name : info.obj['metadata']?.uid ?? '';
  const fieldSelector = [`involvedObject.name=${info.name}`, ...(info.namespace ? [`involvedObject.namespace=${info.namespace}`] : []), `involvedObject.uid=${uid}`].join(',');
  const path = info.namespace ? `/api/v1/namespaces/${info.namespace}/events` : '/api/v1/events';
  const got = yield* api.get(path, { fieldSelector });
  return got.ok ? ((got.value['items'] ?? []) as Obj[]) : null;
}

function* podsOf({ api, info }: Extra, selector: Obj | undefined): Sys<Pods> {
  const labels = info.type.kind === 'ReplicationController' ? formatLabels(selector).replace('<none>', '') : selectorQuery(selector);
  const got = yield* api.get(`/api/v1/namespaces/${info.namespace}/pods`, { labelSelector: labels });
  if (!got.ok) return textOf(got.failure);
  return ((got.value['items'] ?? []) as Obj[]).filter((pod) => ((pod['metadata']?.ownerReferences ?? []) as Obj[]).some((owner) => owner['controller'] && owner['uid'] === info.obj['metadata'].uid));
}

function* items(api: Api, path: string, query = {}): Sys<readonly Obj[] | null> {
  const got = yield* api.get(path, query);
  return got.ok ? ((got.value['items'] ?? []) as Obj[]) : null;
}

function* body(extra: Extra): Sys<void> {
  const { api, page, info, events } = extra;
  const { obj, namespace } = info;
  const inside = `/api/v1/namespaces/${namespace}`;
  switch (info.type.kind) {
    case 'Pod': describePod(page, obj, events); break;
    case 'Node': {
      const pods = yield* items(api, '/api/v1/pods', { fieldSelector: `spec.nodeName=${info.name},status.phase!=Failed,status.phase!=Succeeded` });
      describeNode(page, obj, pods, events);
      break;
    }
    case 'Service': {
      const endpoints = yield* api.get(`${inside}/endpoints/${info.name}`);
      describeService(page, obj, endpoints.ok ? endpoints.value : null, events);
      break;
    }
    case 'Deployment': {
      const sets = yield* items(api, `/apis/apps/v1/namespaces/${namespace}/replicasets`, { labelSelector: selectorQuery(obj['spec']?.selector) });
      describeDeployment(page, obj, sets, events);
      break;
    }
    case 'ReplicaSet': case 'ReplicationController': describeReplicaSet(page, obj, yield* podsOf(extra, obj['spec']?.selector), events); break;
    case 'DaemonSet': describeDaemonSet(page, obj, yield* podsOf(extra, obj['spec']?.selector), events); break;
    case 'StatefulSet': describeStatefulSet(page, obj, yield* podsOf(extra, obj['spec']?.selector), events); break;
    case 'Namespace': describeNamespace(page, obj, (yield* items(api, `/api/v1/namespaces/${info.name}/resourcequotas`)) ?? [], (yield* items(api, `/api/v1/namespaces/${info.name}/limitranges`)) ?? []); break;
    case 'ServiceAccount': yield* account(extra); break;
    case 'PersistentVolumeClaim': {
      const pods = (yield* items(api, `${inside}/pods`)) ?? [];
      const users = pods.filter((pod) => ((pod['spec']?.volumes ?? []) as Obj[]).some((volume) => volume['persistentVolumeClaim']?.claimName === info.name));
      describeClaim(page, obj, users.map(nameOf), events);
      break;
    }
    case 'Ingress': yield* ingress(extra); break;
    case 'HorizontalPodAutoscaler': {
      // Asked for in the version that has conditions, whichever the user named.
      const got = yield* api.get(`/apis/autoscaling/v2beta2/namespaces/${namespace}/horizontalpodautoscalers/${info.name}`);
      describeAutoscaler(page, got.ok ? got.value : obj, events);
      break;
    }
    default: simple(page, info, events);
  }
}

/** Kinds that need nothing but themselves. */
function simple(page: Page, { type, obj }: Info, events: readonly Obj[] | null): void {
  switch (type.kind) {
    case 'Endpoints': return describeEndpoints(page, obj, events);
    case 'ConfigMap': return describeConfigMap(page, obj, events);
    case 'Secret': return describeSecret(page, obj);
    case 'Job': return describeJob(page, obj, events);
    case 'CronJob': return describeCronJob(page, obj, events);
    case 'PersistentVolume': return describeVolume(page, obj, events);
    case 'Role': case 'ClusterRole': return describeRole(page, obj);
    case 'RoleBinding': case 'ClusterRoleBinding': return describeBinding(page, obj);
    case 'PodDisruptionBudget': return describeBudget(page, obj, events);
    case 'ResourceQuota': return describeQuota(page, obj);
    case 'LimitRange': return describeLimitRange(page, obj);
    case 'StorageClass': return describeStorageClass(page, obj, events);
    case 'NetworkPolicy': return describeNetworkPolicy(page, obj);
    case 'PodSecurityPolicy': return describeSecurityPolicy(page, obj);
    case 'PriorityClass': return describePriorityClass(page, obj, events);
    case 'CertificateSigningRequest': return describeCertificateRequest(page, obj, events);
    default: return describeAny(page, obj, events);
  }
}

function* account({ api, page, info, events }: Extra): Sys<void> {
  const secrets = (yield* items(api, `/api/v1/namespaces/${info.namespace}/secrets`)) ?? [];
  const there = new Set(secrets.map(nameOf));
  const tokens = secrets.filter((secret) => secret['type'] === 'kubernetes.io/service-account-token' && secret['metadata']?.annotations?.['kubernetes.io/service-account.name'] === info.name).map(nameOf);
  const named = [...((info.obj['secrets'] ?? []) as Obj[]), ...((info.obj['imagePullSecrets'] ?? []) as Obj[])].map((one) => String(one['name']));
  describeServiceAccount(page, info.obj, tokens, new Set(named.filter((name) => !there.has(name))), events);
}

function* ingress({ api, page, info, events }: Extra): Sys<void> {
  const endpoints = (yield* items(api, `/api/v1/namespaces/${info.namespace}/endpoints`)) ?? [];
  const services = (yield* items(api, `/api/v1/namespaces/${info.namespace}/services`)) ?? [];
  describeIngress(page, info.obj, (service, port) => {
    const found = services.find((one) => nameOf(one) === service && namespaceOf(one) === info.namespace);
    const portName = ((found?.['spec']?.ports ?? []) as Obj[]).find((one) => String(one['port']) === port || one['name'] === port)?.['name'] ?? '';
    const subsets = (endpoints.find((one) => nameOf(one) === service)?.['subsets'] ?? []) as Obj[];
    const list = subsets.flatMap((subset) => ((subset['ports'] ?? []) as Obj[]).filter((one) => (one['name'] ?? '') === portName)
      .flatMap((one) => ((subset['addresses'] ?? []) as Obj[]).map((address) => `${address['ip']}:${one['port']}`)));
    return list.length > 3 ? `${list.slice(0, 3).join(',')} + ${list.length - 3} more...` : list.join(',') || '<none>';
  }, events);
}
