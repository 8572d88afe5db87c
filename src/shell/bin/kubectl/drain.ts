/**
 * `kubectl cordon`, `uncordon` and `drain`: which pods may go, their eviction, and the wait for their end
 * (pkg/kubectl/drain and cmd/drain, 1.14).
 */
import { err, out } from '../../../sim/proc/libc.ts';
import type { Sys } from '../../../sim/proc/program.ts';
import { call } from '../../../sim/proc/syscalls.ts';
import { STRATEGIC_PATCH, type Api } from './api.ts';
import { done, isStatus, many, plain, report, textOf, type Failure, type Outcome } from './failure.ts';
import { flagTable } from './flags.ts';
import { nameOf, namespaceOf, type Obj } from './object.ts';
import { fetchAll, targets, type Info } from './resources.ts';
import { deleteObject, patchObject } from './send.ts';
import type { Kubectl } from './session.ts';
import { goDuration } from './time.ts';
import type { Verb } from './verb.ts';

const GROUP = 'Cluster Management Commands:';
const selectorFlags = flagTable(`
  dry-run bool Only say what would be done.
  selector,l string Labels to filter by
`);

export const cordon: Verb = { name: 'cordon', group: GROUP, usage: 'cordon NODE', short: 'Mark node as unschedulable', long: 'Mark node as unschedulable.', examples: [['Node "foo"', 'kubectl cordon foo']], flags: selectorFlags, run: (k) => cordonOrUncordon(k, true) };
export const uncordon: Verb = { name: 'uncordon', group: GROUP, usage: 'uncordon NODE', short: 'Mark node as schedulable', long: 'Mark node as schedulable.', examples: [['Node "foo"', 'kubectl uncordon foo']], flags: selectorFlags, run: (k) => cordonOrUncordon(k, false) };

export const drain: Verb = {
  name: 'drain', group: GROUP, usage: 'drain NODE', short: 'Drain node in preparation for maintenance',
  long: "Drain node in preparation for maintenance.\n\nThe node gets no new pods from then on. Its pods are evicted where the server knows eviction, so that disruption budgets hold, and deleted otherwise. Mirror pods stay, as they cannot be deleted through the API. Pods of a daemon set stop the drain unless --ignore-daemonsets is given, as do pods that nothing would create again, without --force. It returns when all of them have ended; kubectl uncordon makes the node schedulable again.",
  examples: [['Node "foo", even with pods that nothing manages', 'kubectl drain foo --force'], ['The same, but not with those, and 15 minutes of grace', 'kubectl drain foo --grace-period=900']],
  flags: flagTable(`
    delete-local-data bool Go on with pods that use emptyDir, whose data is lost.
    dry-run bool Only say what would be done.
    force bool Go on with pods that no controller manages.
    grace-period int=-1 Seconds for each pod to end; negative: its own.
    ignore-daemonsets bool Leave the pods of daemon sets.
    pod-selector string Labels to filter the pods on the node by
    selector,l string Labels to filter by
    timeout duration=0s How long to wait before giving up; zero means for ever
  `),
  run: runDrain,
};

/** The nodes named or selected. */
function* nodes(k: Kubectl): Sys<Outcome<Info[]>> {
  const selector = k.flags.str('selector');
  const verb = k.path.at(-1)!.name;
  if (!k.args.length && !selector) return k.usage(`USAGE: ${verb} NODE [flags]`);
  if (k.args.length && selector) return k.usage('error: cannot specify both a node name and a --selector option');
  const wanted = yield* targets(k, ['nodes', ...k.args.map((arg) => arg.replace(/^(nodes?|no)\//, ''))], selector ? { selector } : {});
  if (!wanted.ok) return wanted;
  const { infos, failures } = yield* fetchAll(k, wanted.value, { selector: selector || undefined });
  return failures.length ? { ok: false, failure: many(failures) } : done(infos);
}

/** Sets the field and says so; a failure of one node does not keep the others from it. */
function* setSchedulable(k: Kubectl, infos: readonly Info[], desired: boolean): Sys<number> {
  const api = yield* k.api();
  if (!api.ok) return yield* k.fail(api.failure);
  const verb = desired ? 'cordon' : 'uncordon';
  const dry = k.flags.bool('dry-run');
  for (const info of infos) {
    const is = info.obj['spec']?.unschedulable === true;
    if (is === desired) { yield* out(`node/${info.name} already ${verb}ed${dry ? ' (dry run)' : ''}\n`); continue; }
    if (!dry) {
      const got = yield* patchObject(api.value, info, { spec: { unschedulable: desired || null } }, STRATEGIC_PATCH);
      if (!got.ok) { yield* err(`error: unable to ${verb} node ${JSON.stringify(info.name)}: ${textOf(got.failure)}\n`); continue; }
    }
    yield* out(`node/${info.name} ${verb}ed${dry ? ' (dry run)' : ''}\n`);
  }
  return 0;
}

function* cordonOrUncordon(k: Kubectl, desired: boolean): Sys<number> {
  const infos = yield* nodes(k);
  return infos.ok ? yield* setSchedulable(k, infos.value, desired) : yield* k.fail(infos.failure);
}

function* runDrain(k: Kubectl): Sys<number> {
  const infos = yield* nodes(k);
  if (!infos.ok) return yield* k.fail(infos.failure);
  const set = yield* setSchedulable(k, infos.value, true);
  if (set) return set;
  const api = yield* k.api();
  if (!api.ok) return yield* k.fail(api.failure);
  const pending = infos.value.map((info) => info.name);
  let problem: Failure | null = null;
  for (const info of infos.value) {
    if (problem && infos.value.length === 1) break;
    const result: Outcome<number> | null = problem ? null : k.flags.bool('dry-run') ? done(0) : yield* drainNode(k, api.value, info);
    if (result?.ok) {
      yield* out(`node/${info.name} ${result.value ? 'evicted' : 'drained'}${k.flags.bool('dry-run') ? ' (dry run)' : ''}\n`);
      pending.shift();
      continue;
    }
    if (!result) continue;
    problem = result.failure;
    yield* err(`error: unable to drain node ${JSON.stringify(info.name)}, aborting command...\n\n`);
    yield* err(`There are pending nodes to be drained:\n${(infos.value.length > 1 ? pending : [info.name]).map((name) => ` ${name}\n`).join('')}`);
  }
  return problem ? yield* k.fail(problem) : 0;
}

interface Verdict { pod: Obj; remove: boolean; warning: string; fatal: string }

const DAEMONS_FATAL = 'DaemonSet-managed Pods (use --ignore-daemonsets to ignore)';
const DAEMONS_WARNING = 'ignoring DaemonSet-managed Pods';
const LOCAL_FATAL = 'Pods with local storage (use --delete-local-data to override)';
const LOCAL_WARNING = 'deleting Pods with local storage';
const UNMANAGED_FATAL = 'Pods not managed by ReplicationController, ReplicaSet, Job, DaemonSet or StatefulSet (use --force to override)';
const UNMANAGED_WARNING = 'deleting Pods not managed by ReplicationController, ReplicaSet, Job, DaemonSet or StatefulSet';

const controllerOf = (pod: Obj): Obj | undefined => ((pod['metadata']?.ownerReferences ?? []) as Obj[]).find((one) => one['controller'] === true);
const isOver = (pod: Obj): boolean => ['Succeeded', 'Failed'].includes(pod['status']?.phase);
const where = (pod: Obj): string => `${namespaceOf(pod)}/${nameOf(pod)}`;

/** Filter by filter, to the first that keeps the pod. */
function* judge(k: Kubectl, api: Api, pod: Obj): Sys<Outcome<Verdict>> {
  const verdict: Verdict = { pod, remove: true, warning: '', fatal: '' };
  const controller = controllerOf(pod);
  if (controller?.['kind'] === 'DaemonSet') {
    const found = yield* api.get(`/apis/apps/v1/namespaces/${namespaceOf(pod)}/daemonsets/${controller['name']}`);
    if (!found.ok && isStatus(found.failure, 'NotFound')) {
      if (!k.flags.bool('force')) return done({ ...verdict, remove: false, fatal: textOf(found.failure) });
      verdict.warning = textOf(found.failure);
    } else if (!found.ok) return found;
    else return done({ ...verdict, remove: false, ...(k.flags.bool('ignore-daemonsets') ? { warning: DAEMONS_WARNING } : { fatal: DAEMONS_FATAL }) });
  }
  if (pod['metadata']?.annotations?.['kubernetes.io/config.mirror'] !== undefined) return done({ ...verdict, remove: false });
  const local = ((pod['spec']?.volumes ?? []) as Obj[]).some((volume) => volume['emptyDir'] !== undefined);
  if (local && !isOver(pod)) {
    if (!k.flags.bool('delete-local-data')) return done({ ...verdict, remove: false, fatal: LOCAL_FATAL });
    verdict.warning = LOCAL_WARNING;
  }
  if (!isOver(pod) && !controller) {
    if (!k.flags.bool('force')) return done({ ...verdict, remove: false, fatal: UNMANAGED_FATAL });
    verdict.warning = UNMANAGED_WARNING;
  }
  return done(verdict);
}

/** Groups of pods by what is said of them, in the order in which they first appear. */
function grouped(verdicts: readonly Verdict[], what: 'warning' | 'fatal'): { reason: string; pods: string[] }[] {
  const out: { reason: string; pods: string[] }[] = [];
  for (const verdict of verdicts) {
    if (!verdict[what]) continue;
    const same = out.find((one) => one.reason === verdict[what]);
    if (same) same.pods.push(where(verdict.pod)); else out.push({ reason: verdict[what], pods: [where(verdict.pod)] });
  }
  return out;
}

/** How many pods went. */
function* drainNode(k: Kubectl, api: Api, info: Info): Sys<Outcome<number>> {
  const list = yield* api.get('/api/v1/pods', { fieldSelector: `spec.nodeName=${info.name}`, labelSelector: k.flags.str('pod-selector') || undefined }, 'list pods');
  if (!list.ok) return list;
  const verdicts: Verdict[] = [];
  for (const pod of (list.value['items'] ?? []) as Obj[]) {
    const verdict = yield* judge(k, api, pod);
    if (!verdict.ok) return verdict;
    verdicts.push(verdict.value);
  }
  const fatal = grouped(verdicts, 'fatal');
  if (fatal.length) return { ok: false, failure: many(fatal.map(({ reason, pods }) => plain(`cannot delete ${reason}: ${pods.join(', ')}`).failure)) };
  const warnings = grouped(verdicts, 'warning');
  if (warnings.length) yield* err(`WARNING: ${warnings.map(({ reason, pods }) => `${reason}: ${pods.join(', ')}`).join('; ')}\n`);
  const going = verdicts.filter((verdict) => verdict.remove).map((verdict) => verdict.pod);
  const gone = yield* removeAll(k, api, going);
  if (gone.ok) return done(going.length);
  yield* pendingPods(api, info.name, going, gone.failure);
  return gone;
}

function* pendingPods(api: Api, node: string, going: readonly Obj[], failure: Failure): Sys<void> {
  const left: string[] = [];
  for (const pod of going) {
    const got = yield* api.get(podPath(pod));
    if (got.ok && got.value['metadata']?.uid === pod['metadata']?.uid) left.push(nameOf(pod));
  }
  if (!left.length) return;
  yield* err(`There are pending pods in node ${JSON.stringify(node)} when an error occurred: ${failure.is === 'transport' ? report(failure).trim() : textOf(failure)}\n${left.map((name) => `pod/${name}\n`).join('')}`);
}

const podPath = (pod: Obj): string => `/api/v1/namespaces/${namespaceOf(pod)}/pods/${nameOf(pod)}`;
const RETRY_US = 5_000_000;
/** How often it is asked whether a pod is gone: kubectl's interval. */
const POLL_US = 1_000_000;

interface Going { pod: Obj; /** When it may be tried again; null once accepted. */ retryAt: number | null; over: boolean }

/** Evicts (or deletes) all, then waits for each; what a budget holds back is tried again every 5 s. */
function* removeAll(k: Kubectl, api: Api, pods: readonly Obj[]): Sys<Outcome<null>> {
  const evicts = yield* evictionVersion(k);
  if (!evicts.ok) return evicts;
  const started = yield* call('now', {});
  const begun = started.ok ? started.value.mono : 0;
  const timeoutUs = k.flags.us('timeout');
  const list: Going[] = pods.map((pod) => ({ pod, retryAt: begun, over: false }));
  for (const going of list) yield* out(evicts.value ? `evicting pod ${JSON.stringify(nameOf(going.pod))}\n` : `deleting pod ${JSON.stringify(nameOf(going.pod))}\n`);
  for (;;) {
    const now = yield* call('now', {});
    const at = now.ok ? now.value.mono : begun;
    if (timeoutUs && at - begun >= timeoutUs) return plain(`drain did not complete within ${goDuration(timeoutUs)}`);
    for (const going of list.filter((one) => !one.over)) {
      const step = yield* advance(k, api, going, evicts.value, at);
      if (!step.ok) return step;
    }
    if (list.every((going) => going.over)) return done(null);
    const left = timeoutUs ? begun + timeoutUs - at : POLL_US;
    yield* call('sleep', { us: Math.min(POLL_US, left) });
  }
}

function* advance(k: Kubectl, api: Api, going: Going, evicts: boolean, at: number): Sys<Outcome<null>> {
  const { pod } = going;
  if (going.retryAt !== null) {
    if (going.retryAt > at) return done(null);
    const asked = yield* ask(k, api, pod, evicts);
    if (!asked.ok && isStatus(asked.failure, 'NotFound')) going.retryAt = null;
    else if (!asked.ok && isStatus(asked.failure, 'TooManyRequests')) {
      yield* err(`error when evicting pod ${JSON.stringify(nameOf(pod))} (will retry after 5s): ${textOf(asked.failure)}\n`);
      going.retryAt = at + RETRY_US;
      return done(null);
    } else if (!asked.ok) return plain(`error when evicting pod ${JSON.stringify(nameOf(pod))}: ${textOf(asked.failure)}`);
    else going.retryAt = null;
  }
  const got = yield* api.get(podPath(pod));
  if (got.ok && got.value['metadata']?.uid === pod['metadata']?.uid) return done(null);
  if (!got.ok && !isStatus(got.failure, 'NotFound')) return got;
  going.over = true;
  yield* out(`pod/${nameOf(pod)} ${evicts ? 'evicted' : 'deleted'}\n`);
  return done(null);
}

function* ask(k: Kubectl, api: Api, pod: Obj, evicts: boolean): Sys<Outcome<unknown>> {
  const grace = k.flags.changed('grace-period') ? k.flags.int('grace-period') : -1;
  const deleteOptions = grace >= 0 ? { gracePeriodSeconds: grace } : {};
  if (!evicts) {
    const type = yield* k.type('pods');
    return type.ok ? yield* deleteObject(api, type.value, namespaceOf(pod), nameOf(pod), deleteOptions) : type;
  }
  const body = { kind: 'Eviction', apiVersion: 'policy/v1beta1', metadata: { name: nameOf(pod), namespace: namespaceOf(pod), creationTimestamp: null }, deleteOptions };
  return yield* api.request(`${podPath(pod)}/eviction`, { method: 'POST', body });
}

/** Whether the server knows pods/eviction and its group. */
function* evictionVersion(k: Kubectl): Sys<Outcome<boolean>> {
  const types = yield* k.types();
  return types.ok ? done(types.value.subresources['v1/pods/eviction'] === 'Eviction' && types.value.groupVersions.some((gv) => gv.startsWith('policy/'))) : types;
}

