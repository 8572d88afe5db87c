/** `kubectl scale` and `autoscale`. */
import type { Sys } from '../../../sim/proc/program.ts';
import { MERGE_PATCH } from './api.ts';
import { fileFlags } from './create.ts';
import { objectPath } from './discovery.ts';
import { done, isStatus, many, plain, type Failure, type Outcome } from './failure.ts';
import { flagTable } from './flags.ts';
import { withLastApplied } from './last-applied.ts';
import type { Obj } from './object.ts';
import { reporter, printFlags, DRY_RUN } from './output.ts';
import { recordCause, withCause } from './record.ts';
import { resolve, type Info } from './resources.ts';
import { createObject, patchObject, until } from './send.ts';
import type { Kubectl } from './session.ts';
import type { Verb } from './verb.ts';

export const scale: Verb = {
  name: 'scale', group: 'Deploy Commands:', suggestFor: ['resize'], short: 'Set a new size for a Deployment, ReplicaSet, Replication Controller, or Job', usage: 'scale [--resource-version=version] [--current-replicas=count] --replicas=COUNT (-f FILENAME | TYPE NAME)',
  long: 'Set a new size for a Deployment, ReplicaSet, Replication Controller, or StatefulSet.\n\nConditions may be given: --current-replicas and --resource-version are checked before the size is changed.',
  examples: [["A replica set to 3", 'kubectl scale --replicas=3 rs/foo'], ['What a file names', 'kubectl scale --replicas=3 -f foo.yaml'], ['Only if it is 2 now', 'kubectl scale --current-replicas=2 --replicas=3 deployment/mysql']],
  flags: [...flagTable(`
    all bool All objects of the types named, in the namespace
    current-replicas int=-1 The size that there must be before.
    record bool Keep the command in an annotation.
    replicas int=0 The new size. Required.
    resource-version string The version that there must be before.
    selector,l string Labels to filter by.
    timeout duration=0s How long to wait for the new size; zero does not wait.
  `), ...fileFlags, ...printFlags],
  run: runScale,
};

function* runScale(k: Kubectl): Sys<number> {
  const { flags } = k;
  if (!flags.changed('replicas')) return yield* k.fail(k.required('replicas').failure);
  if (flags.int('replicas') < 0) return yield* k.fail(plain('The --replicas=COUNT flag is required, and COUNT must be greater than or equal to 0').failure);
  const infos = yield* resolve(k, k.args, { selector: flags.str('selector') || undefined, all: flags.bool('all') });
  if (!infos.ok) return yield* k.fail(infos.failure);
  if (flags.str('resource-version') && infos.value.length > 1) return yield* k.fail(plain('cannot use --resource-version with multiple resources').failure);
  const say = yield* reporter(k);
  if (!say.ok) return yield* k.fail(say.failure);
  if (!infos.value.length) return yield* k.fail(plain('no objects passed to scale').failure);
  const failures: Failure[] = [];
  for (const info of infos.value) {
    const got = yield* scaleOne(k, info);
    if (!got.ok) { failures.push(got.failure); continue; }
    const api = yield* k.api();
    if (api.ok) yield* recordCause(k, api.value, info);
    const said = yield* say.value.say(info.obj, 'scaled');
    if (!said.ok) return yield* k.fail(said.failure);
  }
  return failures.length ? yield* k.fail(many(failures)) : 0;
}

function* scaleOne(k: Kubectl, info: Info): Sys<Outcome<null>> {
  const api = yield* k.api();
  if (!api.ok) return api;
  const { flags } = k;
  const wanted = flags.int('replicas');
  const path = objectPath(info.type, info.namespace, info.name);
  const current = flags.changed('current-replicas') ? flags.int('current-replicas') : -1;
  if (current !== -1 || flags.str('resource-version')) {
    const now = yield* api.value.get(`${path}/scale`);
    if (!now.ok) return now;
    if (current !== -1 && now.value['spec']?.replicas !== current) return plain(`Expected replicas to be ${current}, was ${now.value['spec']?.replicas ?? 0}`);
    if (flags.str('resource-version') && now.value['metadata']?.resourceVersion !== flags.str('resource-version')) return plain(`Expected resource version to be ${flags.str('resource-version')}, was ${now.value['metadata']?.resourceVersion}`);
  }
  const got = yield* patchObject(api.value, info, { spec: { replicas: wanted } }, MERGE_PATCH, 'scale');
  if (!got.ok) return isStatus(got.failure, 'NotFound') && got.failure.is === 'status' && !got.failure.status['details']?.name ? { ok: false, failure: { is: 'status', status: { reason: 'NotFound', message: 'the server could not find the requested resource' } } } : got;
  if (flags.us('timeout') > 0) {
    const settled = yield* until(api.value, info, flags.us('timeout'), ({ object }) => object !== null && Number(object['status']?.replicas ?? 0) === wanted && Number(object['status']?.observedGeneration ?? 0) >= Number(object['metadata']?.generation ?? 0));
    if (!settled.ok) return settled;
  }
  return done(null);
}

export const autoscale: Verb = {
  name: 'autoscale', group: 'Deploy Commands:', short: 'Auto-scale a Deployment, ReplicaSet, or ReplicationController', usage: 'autoscale (-f FILENAME | TYPE NAME | TYPE/NAME) [--min=MINPODS] --max=MAXPODS [--cpu-percent=CPU]',
  long: 'Creates an autoscaler that sets the number of pods by their load.',
  examples: [['A deployment of 2 to 10 pods', 'kubectl autoscale deployment foo --min=2 --max=10'], ['With 80% of the CPU as the aim', 'kubectl autoscale rc foo --max=5 --cpu-percent=80']],
  flags: [...flagTable(`
    cpu-percent int=-1 Share of the requested CPU that is aimed at, in percent.
    generator string=horizontalpodautoscaler/v1 The generator to use.
    max int=-1 Most pods. Required.
    min int=-1 Fewest pods.
    name string The autoscaler's name; that of what it scales by default.
    record bool Keep the command in an annotation.
    save-config bool Store the object in its annotation, for a later kubectl apply.
  `), ...fileFlags, ...DRY_RUN, ...printFlags],
  run: runAutoscale,
};

function* runAutoscale(k: Kubectl): Sys<number> {
  const { flags } = k;
  if (!flags.changed('max')) return yield* k.fail(k.required('max').failure);
  if (flags.int('max') < 1) return yield* k.fail(plain(`--max=MAXPODS is required and must be at least 1, max: ${flags.int('max')}`).failure);
  if (flags.changed('min') && flags.int('max') < flags.int('min')) return yield* k.fail(plain(`--max=MAXPODS must be larger or equal to --min=MINPODS, max: ${flags.int('max')}, min: ${flags.int('min')}`).failure);
  const infos = yield* resolve(k, k.args, {});
  if (!infos.ok) return yield* k.fail(infos.failure);
  const say = yield* reporter(k, { typed: flags.bool('dry-run') });
  if (!say.ok) return yield* k.fail(say.failure);
  const api = yield* k.api();
  const type = yield* k.kind('autoscaling/v1', 'HorizontalPodAutoscaler');
  if (!api.ok || !type.ok) return yield* k.fail((api.ok ? type as { ok: false; failure: Failure } : api).failure);
  for (const info of infos.value) {
    if (!['Deployment', 'ReplicaSet', 'ReplicationController', 'StatefulSet'].includes(info.type.kind)) return yield* k.fail(plain(`cannot autoscale a ${info.type.kind}${info.type.group ? `.${info.type.group}` : ''}`).failure);
    const spec = {
      scaleTargetRef: { kind: info.type.kind, name: info.name, apiVersion: info.obj['apiVersion'] }, ...(flags.int('min') > 0 && flags.changed('min') ? { minReplicas: flags.int('min') } : {}), maxReplicas: flags.int('max'),
      ...(flags.changed('cpu-percent') && flags.int('cpu-percent') >= 0 ? { targetCPUUtilizationPercentage: flags.int('cpu-percent') } : {}),
    };
    const made = { kind: 'HorizontalPodAutoscaler', apiVersion: 'autoscaling/v1', metadata: { name: flags.str('name') || info.name, creationTimestamp: null }, spec, status: { currentReplicas: 0, desiredReplicas: 0 } };
    const obj = withCause(k, made);
    const got = flags.bool('dry-run') ? done(obj as Obj) : yield* createObject(api.value, { type: type.value, namespace: info.namespace, obj: flags.bool('save-config') ? withLastApplied(obj) : obj });
    if (!got.ok) return yield* k.fail(got.failure);
    const said = yield* say.value.say(got.value, 'autoscaled');
    if (!said.ok) return yield* k.fail(said.failure);
  }
  return 0;
}
