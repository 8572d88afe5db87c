/** `kubectl replace` and `kubectl patch`. */
import { jsonPatch, mergePatch, strategicPatch, type Operation } from '../../../sim/kube/patch.ts';
import { out } from '../../../sim/proc/libc.ts';
import type { Sys } from '../../../sim/proc/program.ts';
import { JSON_PATCH, MERGE_PATCH, STRATEGIC_PATCH } from './api.ts';
import { createFlags, fileFlags } from './create.ts';
import { isStatus, many, plain, done, type Failure, type Outcome } from './failure.ts';
import { flagTable } from './flags.ts';
import { withLastApplied } from './last-applied.ts';
import { isObj, same, type Obj } from './object.ts';
import { DRY_RUN, printFlags, reporter } from './output.ts';
import { RECORD, recordCause, withCause } from './record.ts';
import { filesOf, fromFiles, resolve } from './resources.ts';
import { createObject, deleteObject, patchObject, replaceObject, untilGone, withSource } from './send.ts';
import type { Kubectl } from './session.ts';
import type { Verb } from './verb.ts';
import { readYaml } from './yaml-read.ts';
import { toJson } from './yaml.ts';

export const replace: Verb = {
  name: 'replace', group: 'Advanced Commands:', short: 'Replace a resource by filename or stdin', usage: 'replace -f FILENAME',
  long: 'Replace a resource by filename or stdin.\n\nJSON and YAML are taken. The whole object must be given; kubectl get TYPE NAME -o yaml shows it.',
  examples: [['A pod, by the data in pod.json', 'kubectl replace -f ./pod.json'], ['By what comes on stdin', 'cat pod.json | kubectl replace -f -'], ['Delete it and create it anew', 'kubectl replace --force -f ./pod.json']],
  flags: [...flagTable(`
    cascade bool With --force: delete what the object owns as well.
    force bool Delete the object and create it again.
    grace-period int=-1 Seconds for the object to end; negative: its own.
    timeout duration=0s How long to wait for a deletion.
    wait bool Wait until what is deleted is gone.
  `), ...fileFlags, ...createFlags.filter((flag) => flag.name !== 'dry-run')],
  run: runReplace,
};

function* runReplace(k: Kubectl): Sys<number> {
  const files = filesOf(k);
  const force = k.flags.bool('force');
  if (k.flags.int('grace-period') >= 0 && k.flags.changed('grace-period') && !force) return yield* k.fail(plain('--grace-period must have --force specified').failure);
  if (k.flags.us('timeout') !== 0 && !force) return yield* k.fail(plain('--timeout must have --force specified').failure);
  if (!files.length) return yield* k.fail(k.usage('Must specify --filename to replace').failure);
  const say = yield* reporter(k);
  if (!say.ok) return yield* k.fail(say.failure);
  const infos = yield* fromFiles(k, files, { check: true });
  if (!infos.ok) return yield* k.fail(infos.failure);
  if (!infos.value.length) return yield* k.fail(plain('no objects passed to replace').failure);
  const api = yield* k.api();
  if (!api.ok) return yield* k.fail(api.failure);
  const failures: Failure[] = [];
  for (const info of infos.value) {
    const caused = withCause(k, info.obj);
    const obj = k.flags.bool('save-config') ? withLastApplied(caused) : caused;
    if (force) {
      const grace = k.flags.changed('grace-period') ? k.flags.int('grace-period') : -1;
      const gone = yield* deleteObject(api.value, info.type, info.namespace, info.name, { ...(grace >= 0 ? { gracePeriodSeconds: grace } : {}), propagationPolicy: k.flags.bool('cascade') || !k.flags.changed('cascade') ? 'Background' : 'Orphan' });
      if (!gone.ok && !isStatus(gone.failure, 'NotFound')) { failures.push(withSource('deleting', info.source, gone.failure)); continue; }
      if (gone.ok) {
        yield* out(`${info.type.kind.toLowerCase()}${info.type.group ? `.${info.type.group}` : ''} ${JSON.stringify(info.name)} ${grace === 0 ? 'force deleted' : 'deleted'}\n`);
        const waited = yield* untilGone(api.value, info, '', k.flags.us('timeout'));
        if (!waited.ok) { failures.push(waited.failure); continue; }
      }
    }
    const got = force ? yield* createObject(api.value, { ...info, obj }) : yield* replaceObject(api.value, { ...info, obj });
    if (!got.ok) { failures.push(withSource(force ? 'creating' : 'replacing', info.source, got.failure)); continue; }
    const said = yield* say.value.say(got.value, 'replaced');
    if (!said.ok) return yield* k.fail(said.failure);
  }
  return failures.length ? yield* k.fail(many(failures)) : 0;
}

export const patch: Verb = {
  name: 'patch', group: 'Advanced Commands:', short: 'Update field(s) of a resource using strategic merge patch', usage: 'patch (-f FILENAME | TYPE NAME) -p PATCH',
  long: 'Update field(s) of a resource using strategic merge patch, a JSON merge patch, or a JSON patch.\n\nJSON and YAML are taken.',
  examples: [['A node, partly', `kubectl patch node k8s-node-1 -p '{"spec":{"unschedulable":true}}'`], ['What a file names', `kubectl patch -f node.json -p '{"spec":{"unschedulable":true}}'`], ['A container\'s image; its name says which', `kubectl patch pod valid-pod -p '{"spec":{"containers":[{"name":"kubernetes-serve-hostname","image":"new image"}]}}'`],
    ['By a JSON patch with places', `kubectl patch pod valid-pod --type='json' -p='[{"op": "replace", "path": "/spec/containers/0/image", "value":"new image"}]'`]],
  flags: [...flagTable(`
    local bool Patch what the file says, ask no server for it.
    patch,p string The patch.
    type string=strategic Its kind; one of [json merge strategic]
  `), ...fileFlags, ...DRY_RUN, ...RECORD, ...printFlags],
  run: runPatch,
};

const TYPES: Readonly<Record<string, string>> = { json: JSON_PATCH, merge: MERGE_PATCH, strategic: STRATEGIC_PATCH };

function* runPatch(k: Kubectl): Sys<number> {
  const contentType = TYPES[k.flags.str('type').toLowerCase()];
  if (!contentType) return yield* k.fail(k.usage(`--type must be one of [json merge strategic], not ${JSON.stringify(k.flags.str('type'))}`).failure);
  if (!k.flags.str('patch')) return yield* k.fail(k.usage('Must specify -p to patch').failure);
  // What looks like JSON goes to the server as it is.
  const looksLikeJson = /^\s*\{/.test(k.flags.str('patch'));
  const parsed = looksLikeJson ? { ok: true as const, value: jsonOr(k.flags.str('patch')) } : readYaml(k.flags.str('patch'));
  if (!parsed.ok) return yield* k.fail(plain(`unable to parse ${JSON.stringify(k.flags.str('patch'))}: ${parsed.error}`).failure);
  const say = yield* reporter(k);
  if (!say.ok) return yield* k.fail(say.failure);
  const local = k.flags.bool('local');
  const infos = local ? yield* fromFiles(k, filesOf(k), { check: false }) : yield* resolve(k, k.args, {});
  if (!infos.ok) return yield* k.fail(infos.failure);
  if (!infos.value.length) return yield* k.fail(plain('no objects passed to patch').failure);
  const api = yield* k.api();
  if (!api.ok) return yield* k.fail(api.failure);
  for (const info of infos.value) {
    const got: Outcome<Obj> = local || k.flags.bool('dry-run') ? here(info.obj, parsed.value, contentType) : yield* patchObject(api.value, info, parsed.value, contentType);
    if (!got.ok) return yield* k.fail(got.failure);
    if (!local && !k.flags.bool('dry-run')) yield* recordCause(k, api.value, info);
    const said = yield* say.value.say(got.value, same(withoutVersion(got.value), withoutVersion(info.obj)) ? 'patched (no change)' : 'patched');
    if (!said.ok) return yield* k.fail(said.failure);
  }
  return 0;
}

const withoutVersion = (obj: Obj): Obj => ({ ...obj, metadata: { ...obj['metadata'], resourceVersion: '' } });

const jsonOr = (text: string): unknown => { try { return JSON.parse(text) as unknown; } catch { return text; } };

/** The patch applied without a server. */
function here(obj: Obj, value: unknown, contentType: string): Outcome<Obj> {
  if (contentType === JSON_PATCH) {
    if (!Array.isArray(value)) return plain(`unable to parse ${JSON.stringify(toJson(value, ''))}: json: cannot unmarshal object into Go value of type jsonpatch.Patch`);
    const made = jsonPatch(obj, value as Operation[]);
    return made.ok ? done(made.value as Obj) : plain(made.error);
  }
  if (!isObj(value)) return plain('cannot unmarshal patch into an object');
  return done((contentType === MERGE_PATCH ? mergePatch(obj, value) : strategicPatch(obj, value)) as Obj);
}
