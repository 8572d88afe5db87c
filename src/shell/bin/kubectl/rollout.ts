/** `kubectl rollout`: history, undo, pause, resume (1.14; restart came later). */
import { status } from './rollout-status.ts';
import { out } from '../../../sim/proc/libc.ts';
import type { Sys } from '../../../sim/proc/program.ts';
import { JSON_PATCH, STRATEGIC_PATCH, type Api } from './api.ts';
import { fileFlags } from './create.ts';
import { describeTemplate } from './describe-pod.ts';
import { kindName, resourceName } from './discovery.ts';
import { done, many, plain, type Failure, type Outcome } from './failure.ts';
import { flagTable } from './flags.ts';
import { same, selectorQuery, type Obj } from './object.ts';
import { printFlags, reporter } from './output.ts';
import { Page } from './page.ts';
import { CHANGE_CAUSE } from './record.ts';
import { filesOf, resolvePartly, type Info } from './resources.ts';
import { patchObject } from './send.ts';
import type { Kubectl } from './session.ts';
import { DESCRIBE, tabulate } from './tabwriter.ts';
import type { Verb } from './verb.ts';

const REVISION = 'deployment.kubernetes.io/revision';

export const rollout: Verb = {
  name: 'rollout', group: 'Deploy Commands:', short: 'Manage the rollout of a resource', usage: 'rollout SUBCOMMAND', long: 'Manage the rollout of a resource.\n  \n Valid resource types include:\n\n  *  deployments\n  *  daemonsets\n  *  statefulsets',
  examples: [['Back to the deployment before', 'kubectl rollout undo deployment/abc'], ['How far a daemon set is', 'kubectl rollout status daemonset/foo']],
  subs: [
    { name: 'history', usage: 'history (TYPE NAME | TYPE/NAME) [flags]', short: 'View rollout history', examples: [['Of a deployment', 'kubectl rollout history deployment/abc'], ['Of revision 3 of a daemon set', 'kubectl rollout history daemonset/abc --revision=3']], flags: [...flagTable('revision int=0 Show this revision, with its pod template'), ...fileFlags, ...printFlags], run: (k) => each(k, history) },
    { name: 'pause', usage: 'pause RESOURCE', short: 'Mark the provided resource as paused', examples: [['The nginx deployment: what changes has no effect until it is resumed', 'kubectl rollout pause deployment/nginx']], flags: [...fileFlags, ...printFlags], run: (k) => each(k, (kk, api, info) => pausing(kk, api, info, true)) },
    { name: 'resume', usage: 'resume RESOURCE', short: 'Resume a paused resource', examples: [['A deployment', 'kubectl rollout resume deployment/nginx']], flags: [...fileFlags, ...printFlags], run: (k) => each(k, (kk, api, info) => pausing(kk, api, info, false)) },
    { name: 'status', usage: 'status (TYPE NAME | TYPE/NAME) [flags]', short: 'Show the status of the rollout', examples: [['Watch the rollout of a deployment', 'kubectl rollout status deployment/nginx']], flags: [...flagTable(`
      revision int=0 Stop when another revision is rolled out instead (0 follows the latest).
      timeout duration=0s How long to wait; zero waits for as long as it takes.
      watch,w bool=true Wait until the rollout is complete.
    `), ...fileFlags], run: status },
    { name: 'undo', usage: 'undo (TYPE NAME | TYPE/NAME) [flags]', short: 'Undo a previous rollout', examples: [['Back to the deployment before', 'kubectl rollout undo deployment/abc'], ['To revision 3', 'kubectl rollout undo daemonset/abc --to-revision=3']], flags: [...flagTable(`
      dry-run bool Only show the pod template.
      to-revision int=0 The revision to go back to. Default to 0 (last revision).
    `), ...fileFlags, ...printFlags], run: (k) => each(k, undo) },
  ],
};

export function* infosOf(k: Kubectl): Sys<{ infos: Info[]; failures: Failure[] }> {
  if (!k.args.length && !filesOf(k).length) return { infos: [], failures: [plain('required resource not specified').failure] };
  return yield* resolvePartly(k, k.args, { bare: true });
}

type Act = (k: Kubectl, api: Api, info: Info) => Sys<Outcome<null>>;

function* each(k: Kubectl, act: Act): Sys<number> {
  const { infos, failures } = yield* infosOf(k);
  const api = yield* k.api();
  if (!api.ok) return yield* k.fail(api.failure);
  for (const info of infos) {
    const got = yield* act(k, api.value, info);
    if (!got.ok) failures.push(got.failure);
  }
  return failures.length ? yield* k.fail(many(failures)) : 0;
}

/** The replica sets of a deployment by revision. */
function* setsOf(api: Api, info: Info): Sys<Outcome<Map<number, Obj>>> {
  const list = yield* api.get(`/apis/apps/v1/namespaces/${info.namespace}/replicasets`, { labelSelector: selectorQuery(info.obj['spec']?.selector) });
  if (!list.ok) return list;
  const out_ = new Map<number, Obj>();
  for (const set of (list.value['items'] ?? []) as Obj[]) {
    const owned = ((set['metadata'].ownerReferences ?? []) as Obj[]).some((owner) => owner['controller'] && owner['uid'] === info.obj['metadata'].uid);
    const revision = Number(set['metadata'].annotations?.[REVISION] ?? 0);
    if (owned && revision > 0) out_.set(revision, set);
  }
  return done(out_);
}

/** The controller revisions of a daemon or stateful set. */
function* revisionsOf(api: Api, info: Info): Sys<Outcome<Map<number, Obj>>> {
  const list = yield* api.get(`/apis/apps/v1/namespaces/${info.namespace}/controllerrevisions`, { labelSelector: selectorQuery(info.obj['spec']?.selector) });
  if (!list.ok) return list;
  const owned = ((list.value['items'] ?? []) as Obj[]).filter((one) => ((one['metadata'].ownerReferences ?? []) as Obj[]).some((owner) => owner['uid'] === info.obj['metadata'].uid));
  return done(new Map(owned.map((one) => [Number(one['revision']), one])));
}

const templateOf = (info: Info, one: Obj): Obj => (info.type.kind === 'Deployment' ? one['spec'].template : one['data']?.spec?.template) as Obj;

function* revisions(api: Api, info: Info): Sys<Outcome<Map<number, Obj>>> {
  if (info.type.kind === 'Deployment') return yield* setsOf(api, info);
  if (['DaemonSet', 'StatefulSet'].includes(info.type.kind)) return yield* revisionsOf(api, info);
  return plain(`no history viewer has been implemented for ${JSON.stringify(info.type.kind)}`);
}

function* history(k: Kubectl, api: Api, info: Info): Sys<Outcome<null>> {
  const wanted = k.flags.int('revision');
  if (wanted < 0) return plain(`revision must be a positive integer: ${wanted}`);
  const all = yield* revisions(api, info);
  if (!all.ok) return all;
  const name = `${kindName(info.type)}/${info.name}`;
  if (wanted > 0) {
    const one = all.value.get(wanted);
    if (!one) return plain(`unable to find the specified revision`);
    const page = new Page(0);
    const cause = info.type.kind === 'Deployment' ? one['metadata'].annotations?.[CHANGE_CAUSE] : undefined;
    describeTemplate(page, cause ? withAnnotation(templateOf(info, one), CHANGE_CAUSE, cause) : templateOf(info, one));
    yield* out(`${name} with revision #${wanted}\n${page.plain()}\n`);
    return done(null);
  }
  if (!all.value.size) { yield* out(`${name} \nNo rollout history found.\n`); return done(null); }
  const rows = [...all.value.keys()].sort((a, b) => a - b).map((n) => `${n}\t${all.value.get(n)!['metadata'].annotations?.[CHANGE_CAUSE] || '<none>'}`);
  yield* out(`${name} \n${tabulate(['REVISION\tCHANGE-CAUSE', ...rows].join('\n'), DESCRIBE)}\n\n`);
  return done(null);
}

const withAnnotation = (template: Obj, name: string, value: string): Obj =>
  ({ ...template, metadata: { ...template['metadata'], annotations: { ...template['metadata']?.annotations, [name]: value } } });

const withoutHash = (template: Obj): Obj => {
  const labels: Obj = { ...template['metadata']?.labels };
  delete labels['pod-template-hash'];
  return { ...template, metadata: { ...template['metadata'], labels } };
};

function* undo(k: Kubectl, api: Api, info: Info): Sys<Outcome<null>> {
  const to = k.flags.int('to-revision');
  const all = yield* revisions(api, info);
  if (!all.ok) return all.failure.is === 'plain' ? plain(`no rollbacker has been implemented for ${JSON.stringify(info.type.kind)}`) : all;
  const numbers = [...all.value.keys()].sort((a, b) => a - b);
  const deployment = info.type.kind === 'Deployment';
  if (to === 0 && numbers.length < 2) return plain(deployment ? `no rollout history found for deployment ${JSON.stringify(info.name)}` : 'no last revision to roll back to');
  const target = to === 0 ? numbers.at(-2)! : to;
  const one = all.value.get(target);
  if (!one) return plain(`unable to find specified revision ${to} in history`);
  const template = withoutHash(templateOf(info, one));
  if (k.flags.bool('dry-run')) {
    const page = new Page(0);
    describeTemplate(page, template);
    yield* out(`${kindName(info.type)}/${info.name} ${page.plain()}\n`);
    return done(null);
  }
  if (info.obj['spec']?.paused) return plain(`you cannot rollback a paused deployment; resume it first with 'kubectl rollout resume deployment/${info.name}' and try again`);
  const say = yield* reporter(k);
  if (!say.ok) return say;
  if (same(withoutHash(info.obj['spec'].template), template)) return yield* say.value.say(info.obj, `skipped rollback (current template already matches revision ${target})`);
  const got = deployment ? yield* patchObject(api, info, deploymentPatch(info.obj, one, template), JSON_PATCH) : yield* patchObject(api, info, one['data'], STRATEGIC_PATCH);
  return got.ok ? yield* say.value.say(got.value, 'rolled back') : got;
}

/** The template of the old replica set, and its annotations but for those that are the set's own. */
function deploymentPatch(deployment: Obj, set: Obj, template: Obj): Obj[] {
  const own = new Set(['kubectl.kubernetes.io/last-applied-configuration', REVISION, 'deployment.kubernetes.io/revision-history', 'deployment.kubernetes.io/desired-replicas', 'deployment.kubernetes.io/max-replicas', 'deprecated.deployment.rollback.to']);
  const pick = (annotations: Obj | undefined, mine: boolean): Obj => Object.fromEntries(Object.entries(annotations ?? {}).filter(([key]) => own.has(key) === mine));
  return [
    { op: 'replace', path: '/spec/template', value: template },
    { op: 'replace', path: '/metadata/annotations', value: { ...pick(deployment['metadata'].annotations, true), ...pick(set['metadata'].annotations, false) } },
  ];
}

function* pausing(k: Kubectl, api: Api, info: Info, pause: boolean): Sys<Outcome<null>> {
  const what = `${resourceName(info.type)} ${JSON.stringify(info.name)}`;
  if (info.type.kind !== 'Deployment') return plain(`${what} ${pause ? 'pausing' : 'resuming'} is not supported`);
  if ((info.obj['spec']?.paused === true) === pause) return plain(`${what} is ${pause ? 'already' : 'not'} paused`);
  const say = yield* reporter(k);
  if (!say.ok) return say;
  const got = yield* patchObject(api, info, { spec: { paused: pause ? true : null } }, STRATEGIC_PATCH);
  return got.ok ? yield* say.value.say(got.value, pause ? 'paused' : 'resumed') : got;
}
