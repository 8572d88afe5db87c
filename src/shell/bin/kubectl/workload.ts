/** From a workload to one of its pods, as logs, exec and port-forward need it (polymorphichelpers, 1.14). */
import { err } from '../../../sim/proc/libc.ts';
import type { Sys } from '../../../sim/proc/program.ts';
import type { Api } from './api.ts';
import { done, plain, type Outcome } from './failure.ts';
import { selectorQuery, byText, type Obj } from './object.ts';
import { until } from './send.ts';
import { call } from '../../../sim/proc/syscalls.ts';
import type { Kubectl } from './session.ts';
import { objectPath } from './discovery.ts';
import { parseTime } from './time.ts';

const mapSelector = (labels: Obj | undefined): string => Object.keys(labels ?? {}).sort(byText).map((key) => `${key}=${labels![key]}`).join(',');

/** The label selector of what runs pods; null when it runs none. */
export function podSelector(obj: Obj): string | null {
  const spec = (obj['spec'] ?? {}) as Obj;
  switch (obj['kind']) {
    case 'ReplicationController': return mapSelector(spec['selector']);
    case 'Service': return spec['selector'] ? mapSelector(spec['selector']) : null;
    case 'Deployment': case 'ReplicaSet': case 'DaemonSet': case 'StatefulSet': case 'Job': return selectorQuery(spec['selector']);
    default: return null;
  }
}

const isReady = (pod: Obj): boolean => ((pod['status']?.conditions ?? []) as Obj[]).some((one) => one['type'] === 'Ready' && one['status'] === 'True');
const restarts = (pod: Obj): number => Math.max(0, ...((pod['status']?.containerStatuses ?? []) as Obj[]).map((one) => Number(one['restartCount'] ?? 0)));
const PHASES: Readonly<Record<string, number>> = { Pending: 0, Unknown: 1, Running: 2 };

/** The order for logs: unassigned, pending, not ready first; then fewer restarts; then newer. */
export function byLogging(a: Obj, b: Obj): number {
  const assigned = (pod: Obj): number => (pod['spec']?.nodeName ? 1 : 0);
  return assigned(b) - assigned(a) || (PHASES[b['status']?.phase] ?? 0) - (PHASES[a['status']?.phase] ?? 0) || Number(isReady(b)) - Number(isReady(a))
    || readySince(a) - readySince(b) || restarts(b) - restarts(a) || (parseTime(a['metadata']?.creationTimestamp) ?? 0) - (parseTime(b['metadata']?.creationTimestamp) ?? 0);
}
const readySince = (pod: Obj): number => parseTime(((pod['status']?.conditions ?? []) as Obj[]).find((one) => one['type'] === 'Ready')?.['lastTransitionTime']) ?? 0;

/** The pod that stands for an object: itself, or the best of its own. Several are said on stderr when `announce`. */
export function* podFor(api: Api, obj: Obj, options: { announce: boolean; timeoutUs: number; what: string }): Sys<Outcome<Obj>> {
  if (obj['kind'] === 'Pod') return done(obj);
  const selector = podSelector(obj);
  if (selector === null) return plain(`cannot ${options.what} ${goTypeOf(obj)}: ${obj['kind'] === 'Service' ? `invalid service '${obj['metadata']?.name}': Service is defined without a selector` : `cannot extract pod selector from ${goTypeOf(obj)}`}`);
  const namespace = String(obj['metadata']?.namespace ?? '');
  const list = yield* api.get(`/api/v1/namespaces/${namespace}/pods`, { labelSelector: selector }, 'list pods');
  if (!list.ok) return list;
  const pods = [...((list.value['items'] ?? []) as Obj[])].sort(byLogging).map((pod): Obj => ({ apiVersion: 'v1', kind: 'Pod', ...pod }));
  if (pods.length) {
    if (options.announce && pods.length > 1) yield* err(`Found ${pods.length} pods, using pod/${pods[0]!['metadata'].name}\n`);
    return done(pods[0]!);
  }
  const started = yield* call('now', {});
  const deadline = (started.ok ? started.value.mono : 0) + options.timeoutUs;
  // None yet: one may be on its way.
  for (;;) {
    const now = yield* call('now', {});
    if (!now.ok || now.value.mono >= deadline) return plain('timed out waiting for the condition');
    yield* call('sleep', { us: Math.min(1_000_000, deadline - now.value.mono) });
    const again = yield* api.get(`/api/v1/namespaces/${namespace}/pods`, { labelSelector: selector }, 'list pods');
    if (!again.ok) return again;
    const [first] = (again.value['items'] ?? []) as Obj[];
    if (first) return done({ apiVersion: 'v1', kind: 'Pod', ...first });
  }
}

/** Go's name of the type, as errors say it. */
export function goTypeOf(obj: Obj): string {
  const [group, version] = String(obj['apiVersion']).includes('/') ? String(obj['apiVersion']).split('/') : ['', obj['apiVersion']];
  return `*${group ? group.split('.')[0] : ''}${version}.${obj['kind']}`;
}

/** TYPE/NAME, TYPE NAME or a pod's NAME. */
export function* objectFor(k: Kubectl, api: Api, words: readonly string[]): Sys<Outcome<Obj>> {
  const [first, second] = words;
  const parts = first!.split('/');
  const [word, name] = second !== undefined ? [first!, second] : parts.length === 2 ? [parts[0]!, parts[1]!] : ['pods', first!];
  if (parts.length > 2 || !name || !word) return plain('arguments in resource/name form may not have more than one slash');
  const type = yield* k.type(word);
  if (!type.ok) return type;
  const got = yield* api.get(objectPath(type.value, type.value.namespaced ? api.config.namespace : '', name), undefined, `get ${type.value.plural} ${name}`);
  return got.ok ? done({ apiVersion: type.value.group ? `${type.value.group}/${type.value.version}` : type.value.version, kind: type.value.kind, ...got.value }) : got;
}

/** Waits until a pod runs, or is over. */
export function* untilRunning(k: Kubectl, api: Api, pod: Obj, timeoutUs: number): Sys<Outcome<Obj>> {
  const type = yield* k.type('pods');
  if (!type.ok) return type;
  const settled = (one: Obj): boolean => ['Running', 'Succeeded', 'Failed'].includes(one['status']?.phase) && (one['status'].phase !== 'Running' || isReady(one) || started(one));
  const got = yield* until(api, { type: type.value, namespace: pod['metadata'].namespace, name: pod['metadata'].name }, timeoutUs, ({ type: event, object }) => event === 'DELETED' || object === null || settled(object));
  if (!got.ok) return got;
  return got.value ? done({ apiVersion: 'v1', kind: 'Pod', ...got.value }) : plain(`pods ${JSON.stringify(pod['metadata'].name)} not found`);
}
const started = (pod: Obj): boolean => ((pod['status']?.containerStatuses ?? []) as Obj[]).some((one) => one['state']?.running);
