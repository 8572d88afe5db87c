/**
 * `kubectl apply`: the three-way merge between what was applied last, what the file says and what the server
 * has; and its subcommands on the annotation that remembers.
 */
import { err, out } from '../../../sim/proc/libc.ts';
import type { Sys } from '../../../sim/proc/program.ts';
import { MERGE_PATCH, STRATEGIC_PATCH, type Api } from './api.ts';
import { createFlags, fileFlags } from './create.ts';
import { editApplied } from './edit.ts';
import { objectPath, type ResourceType } from './discovery.ts';
import { done, isStatus, many, plain, type Failure, type Outcome } from './failure.ts';
import { flagTable } from './flags.ts';
import { annotationOf, lastApplied, LAST_APPLIED, withLastApplied } from './last-applied.ts';
import { nameOf, type Obj } from './object.ts';
import { DRY_RUN, kindOf, printFlags, reporter } from './output.ts';
import { isBuiltin, threeWay } from './patch-diff.ts';
import { withCause } from './record.ts';
import { fetchAllOf, filesOf, fromFiles, resolve, type Info } from './resources.ts';
import { createObject, deleteObject, patchObject, untilGone, withSource } from './send.ts';
import type { Kubectl } from './session.ts';
import type { Verb } from './verb.ts';
import { toJson, toYaml } from './yaml.ts';

const WARNING = 'Warning: kubectl apply should be used on resource created by either kubectl create --save-config or kubectl apply\n';

export const apply: Verb = {
  name: 'apply', group: 'Advanced Commands:', short: 'Apply a configuration to a resource by filename or stdin', usage: 'apply (-f FILENAME | -k DIRECTORY)',
  long: 'Apply a configuration to a resource by filename or stdin. The object must have a name; it is made if it is not there yet. To use apply, create the object with apply or with create --save-config from the start.\n\nJSON and YAML are taken.',
  examples: [['What pod.json says', 'kubectl apply -f ./pod.json'], ['What comes on stdin', 'cat pod.json | kubectl apply -f -'], ['And delete what has the label and is no longer in the file', 'kubectl apply --prune -f manifest.yaml -l app=nginx']],
  flags: [...flagTable(`
    all bool With --prune: all objects of the types.
    cascade bool=true With --prune or --force: delete what the object owns as well.
    force bool Delete and create again where a change is refused.
    grace-period int=-1 Seconds for a deleted object to end; negative: its own.
    !include-uninitialized bool Deprecated.
    openapi-patch bool=true Use the server's schema to make the patch.
    overwrite bool=true Take the file's values where others have changed them.
    prune bool Delete objects made by apply that are not in the files.
    prune-whitelist array Types that --prune deletes, as group/version/kind.
    selector,l string Labels to filter by.
    timeout duration=0s How long to wait for a deletion.
    wait bool Wait until what is deleted is gone.
  `), ...fileFlags, ...createFlags.filter((flag) => flag.name !== 'save-config'), ...flagTable('!server-dry-run bool Send the request, let the server keep nothing.')],
  run, subs: [
    { name: 'edit-last-applied', usage: 'edit-last-applied (RESOURCE/NAME | -f FILENAME)', short: 'Edit latest last-applied-configuration annotations of a resource/object', flags: [...fileFlags, ...flagTable('output,o string=yaml json or yaml.')], run: editApplied },
    { name: 'set-last-applied', usage: 'set-last-applied -f FILENAME', short: 'Set the last-applied-configuration annotation on a live object to match the contents of a file.', flags: [...flagTable('create-annotation bool Make the annotation where there is none.'), ...fileFlags, ...DRY_RUN, ...printFlags], run: setLast },
    { name: 'view-last-applied', usage: 'view-last-applied (TYPE [NAME | -l label] | TYPE/NAME | -f FILENAME)', short: 'View latest last-applied-configuration annotations of a resource/object', flags: [...flagTable(`
      all bool All objects of the types.
      output,o string=yaml json or yaml.
      selector,l string Labels to filter by.
    `), ...fileFlags], run: viewLast },
  ],
};

function* run(k: Kubectl): Sys<number> {
  const files = filesOf(k);
  if (k.args.length) return yield* k.fail(k.usage(`Unexpected args: [${k.args.join(' ')}]`).failure);
  if (!files.length) return yield* k.fail(plain('must specify one of -f and -k').failure);
  if (k.flags.bool('prune') && !k.flags.bool('all') && !k.flags.str('selector')) return yield* k.fail(plain('all resources selected for prune without explicitly passing --all. To prune all resources, pass the --all flag. If you did not mean to prune all resources, specify a label selector').failure);
  const say = yield* reporter(k);
  if (!say.ok) return yield* k.fail(say.failure);
  const infos = yield* fromFiles(k, files, { check: true });
  if (!infos.ok) return yield* k.fail(infos.failure);
  if (!infos.value.length) return yield* k.fail(plain('no objects passed to apply').failure);
  const api = yield* k.api();
  if (!api.ok) return yield* k.fail(api.failure);
  const failures: Failure[] = [];
  const kept = new Set<string>();
  for (const info of infos.value) {
    const got = yield* applyOne(k, api.value, info);
    if (!got.ok) { failures.push(got.failure); continue; }
    kept.add(String(got.value.obj['metadata']?.uid ?? ''));
    const said = yield* say.value.say(got.value.obj, got.value.operation);
    if (!said.ok) return yield* k.fail(said.failure);
  }
  if (failures.length) return yield* k.fail(many(failures));
  const pruned = k.flags.bool('prune') ? yield* prune(k, api.value, infos.value, kept) : null;
  return pruned ? yield* k.fail(pruned) : 0;
}

function* applyOne(k: Kubectl, api: Api, info: Info): Sys<Outcome<{ obj: Obj; operation: string }>> {
  if (!info.name) return plain('resource name may not be empty');
  const dry = k.flags.bool('dry-run');
  const marked = withCause(k, withLastApplied(info.obj));
  const current = yield* api.get(objectPath(info.type, info.namespace, info.name), undefined, `get ${info.type.plural} ${info.name}`);
  if (!current.ok) {
    if (!isStatus(current.failure, 'NotFound')) {
      const source = info.source;
      return { ok: false, failure: current.failure.is === 'status' && source ? withRetrieval(info, current.failure) : current.failure };
    }
    if (dry) return done({ obj: marked, operation: 'created' });
    const made = yield* createObject(api, { ...info, obj: marked });
    return made.ok ? done({ obj: made.value, operation: 'created' }) : { ok: false, failure: withSource('creating', info.source, made.failure) };
  }
  const before = lastApplied(current.value);
  if (before === undefined) return plain(`error when applying patch:\nunable to decode the last-applied-configuration annotation of ${info.name}`);
  if (before === null && !dry) yield* err(WARNING);
  if (dry) return done({ obj: info.obj, operation: changed(info, marked, current.value, before) ? 'configured' : 'unchanged' });
  const strategic = isBuiltin(info.type.group);
  const patch = threeWay(before ?? {}, marked, current.value, strategic);
  if (!Object.keys(patch).length) return done({ obj: current.value, operation: 'unchanged' });
  const got = yield* patchObject(api, info, patch, strategic ? STRATEGIC_PATCH : MERGE_PATCH);
  if (got.ok) return done({ obj: got.value, operation: got.value['metadata']?.resourceVersion === current.value['metadata']?.resourceVersion ? 'unchanged' : 'configured' });
  if (k.flags.bool('force') && (isStatus(got.failure, 'Conflict') || isStatus(got.failure, 'Invalid'))) return yield* recreate(api, info, marked);
  const text = `applying patch:\n${toJson(patch, '')}\nto:\nResource: ${JSON.stringify(gvr(info.type))}, GroupVersionKind: ${JSON.stringify(gvk(info.type))}\nName: ${JSON.stringify(info.name)}, Namespace: ${JSON.stringify(info.namespace)}\nObject: &{${toJson(current.value, '')}}\nfor: ${JSON.stringify(info.source)}`;
  if (got.failure.is !== 'status') return got;
  return { ok: false, failure: { is: 'status', status: { ...got.failure.status, message: `error when ${text}: ${got.failure.status['message'] ?? ''}` } } };
}

const withRetrieval = (info: Info, failure: Failure): Failure => (failure.is !== 'status' ? failure : {
  is: 'status', status: { ...failure.status, message: `error when retrieving current configuration of:\nResource: ${JSON.stringify(gvr(info.type))}, GroupVersionKind: ${JSON.stringify(gvk(info.type))}\nName: ${JSON.stringify(info.name)}, Namespace: ${JSON.stringify(info.namespace)}\nfrom server for: ${JSON.stringify(info.source)}: ${failure.status['message'] ?? ''}` },
});

const changed = (info: Info, marked: Obj, current: Obj, before: Obj | null): boolean => Object.keys(threeWay(before ?? {}, marked, current, isBuiltin(info.type.group))).length > 0;

const gvr = (type: ResourceType): string => `${type.group}/${type.version}, Resource=${type.plural}`;
const gvk = (type: ResourceType): string => `${type.group}/${type.version}, Kind=${type.kind}`;

function* recreate(api: Api, info: Info, marked: Obj): Sys<Outcome<{ obj: Obj; operation: string }>> {
  const gone = yield* deleteObject(api, info.type, info.namespace, info.name, { propagationPolicy: 'Background' });
  if (!gone.ok) return gone;
  const waited = yield* untilGone(api, info, '', 0);
  if (!waited.ok) return waited;
  const made = yield* createObject(api, { ...info, obj: marked });
  return made.ok ? done({ obj: made.value, operation: 'configured' }) : made;
}

/** The types that --prune looks at without a white list. */
const PRUNED = ['v1 ConfigMap', 'v1 Endpoints', 'v1 PersistentVolumeClaim', 'v1 Pod', 'v1 ReplicationController', 'v1 Secret', 'v1 Service', 'batch/v1 Job', 'batch/v1beta1 CronJob',
  'extensions/v1beta1 Ingress', 'apps/v1 DaemonSet', 'apps/v1 Deployment', 'apps/v1 ReplicaSet', 'apps/v1 StatefulSet', 'v1 Namespace', 'v1 PersistentVolume'];

function* prune(k: Kubectl, api: Api, infos: readonly Info[], kept: ReadonlySet<string>): Sys<Failure | null> {
  const listed = k.flags.list('prune-whitelist').map((text) => { const p = text.split('/'); return p.length === 3 ? `${p[0] === 'core' ? '' : `${p[0]}/`}${p[1]} ${p[2]}` : text; });
  const namespaces = new Set(infos.map((info) => info.namespace).filter(Boolean));
  for (const name of listed.length ? listed : PRUNED) {
    const [apiVersion, kind] = name.split(' ');
    const type = yield* k.kind(apiVersion!, kind ?? '');
    if (!type.ok) { if (listed.length) return type.failure; continue; }
    for (const namespace of type.value.namespaced ? namespaces : ['']) {
      const all = yield* fetchAllOf(api, type.value, namespace, { labelSelector: k.flags.str('selector') }, `list ${type.value.plural}`);
      if (!all.ok) return all.failure;
      for (const info of all.value) {
        if (annotationOf(info.obj) === undefined || kept.has(String(info.obj['metadata']?.uid ?? ''))) continue;
        if (!k.flags.bool('dry-run')) {
          const gone = yield* deleteObject(api, info.type, info.namespace, info.name, { propagationPolicy: k.flags.bool('cascade') ? 'Background' : 'Orphan' });
          if (!gone.ok) return gone.failure;
        }
        yield* out(`${kindOf(info.obj)}/${info.name} pruned${k.flags.bool('dry-run') ? ' (dry run)' : ''}\n`);
      }
    }
  }
  return null;
}

function* viewLast(k: Kubectl): Sys<number> {
  const format = k.flags.str('output');
  if (format !== 'yaml' && format !== 'json') return yield* k.fail(k.usage(`Unexpected -o output mode: ${format}, the flag 'output' must be one of yaml|json`).failure);
  const infos = yield* resolve(k, k.args, { selector: k.flags.str('selector') || undefined, all: k.flags.bool('all'), bare: true });
  if (!infos.ok) return yield* k.fail(infos.failure);
  for (const info of infos.value) {
    const text = annotationOf(info.obj);
    if (text === undefined) return yield* k.fail(plain(`no last-applied-configuration annotation found on resource: ${info.name}`).failure);
    const value = lastApplied(info.obj) ?? {};
    yield* out(format === 'yaml' ? toYaml(value) : `${toJson(value, '  ', true)}\n`);
  }
  return 0;
}

function* setLast(k: Kubectl): Sys<number> {
  const say = yield* reporter(k);
  if (!say.ok) return yield* k.fail(say.failure);
  const infos = yield* fromFiles(k, filesOf(k), { check: false });
  if (!infos.ok) return yield* k.fail(infos.failure);
  const api = yield* k.api();
  if (!api.ok) return yield* k.fail(api.failure);
  for (const info of infos.value) {
    const current = yield* api.value.get(objectPath(info.type, info.namespace, info.name), undefined, `get ${info.type.plural} ${info.name}`);
    if (!current.ok) return yield* k.fail(current.failure);
    if (annotationOf(current.value) === undefined && !k.flags.bool('create-annotation')) {
      return yield* k.fail(plain(`no last-applied-configuration annotation found on resource: ${nameOf(current.value)}, to create the annotation, run the command with --create-annotation`).failure);
    }
    const text = annotationOf(withLastApplied(info.obj))!;
    const patch = { metadata: { annotations: { [LAST_APPLIED]: text } } };
    const got = k.flags.bool('dry-run') ? done(current.value) : yield* patchObject(api.value, info, patch, MERGE_PATCH);
    if (!got.ok) return yield* k.fail(got.failure);
    const said = yield* say.value.say(got.value, 'configured');
    if (!said.ok) return yield* k.fail(said.failure);
  }
  return 0;
}
