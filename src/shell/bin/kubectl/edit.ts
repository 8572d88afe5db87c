/**
 * `kubectl edit`: the objects in an editor, again and again until they are valid or nothing changes, then a
 * patch (cmd/util/editor/editoptions.go, 1.14). Also what apply edit-last-applied does with its annotation.
 */
import { err, out } from '../../../sim/proc/libc.ts';
import type { Sys } from '../../../sim/proc/program.ts';
import { call } from '../../../sim/proc/syscalls.ts';
import { MERGE_PATCH } from './api.ts';
import { fileFlags } from './create.ts';
import { edit as launch } from './editor.ts';
import { done, isStatus, plain, report, textOf, type Failure, type Outcome } from './failure.ts';
import { flagTable } from './flags.ts';
import { listOf } from './get.ts';
import { annotationOf, appliedText, lastApplied, LAST_APPLIED } from './last-applied.ts';
import { flatten, parseDocuments, undecodable } from './manifests.ts';
import { nameOf, same, type Obj } from './object.ts';
import { printFlags, Reporter } from './output.ts';
import { twoWay, isBuiltin } from './patch-diff.ts';
import { recordCause } from './record.ts';
import { resolve, type Info } from './resources.ts';
import { patchChange, patchObject } from './send.ts';
import type { Kubectl } from './session.ts';
import { validate } from './validate.ts';
import type { Verb } from './verb.ts';
import { readYaml } from './yaml-read.ts';
import { toJson, toYaml } from './yaml.ts';

export const edit: Verb = {
  name: 'edit', group: 'Basic Commands (Intermediate):', short: 'Edit a resource on the server', usage: 'edit (RESOURCE/NAME | -f FILENAME)',
  long: "Edit a resource from the default editor.\n\nThe object, or several, are fetched and opened in the editor that KUBE_EDITOR or EDITOR names, else vi. The default form is YAML; -o json gives JSON. If an error occurs the file is opened again with what was wrong, or stored, so that nothing typed is lost.",
  examples: [['The service named docker-registry', 'kubectl edit svc/docker-registry'], ['With another editor', 'KUBE_EDITOR="nano" kubectl edit svc/docker-registry'], ['In JSON', 'kubectl edit job.v1.batch/myjob -o json'], ['And remember it for apply', 'kubectl edit deployment/mydeployment -o yaml --save-config']],
  flags: [...fileFlags, ...printFlags, ...flagTable(`
    !include-uninitialized bool Deprecated.
    output-patch bool Print the patch that is sent.
    record bool Keep the command in an annotation of the object.
    save-config bool Store the object in its annotation, for a later kubectl apply.
    validate bool=true Check the input against the server's schema before sending it.
    windows-line-endings bool Use the line endings of Windows.
  `)],
  run,
};

interface Reason { head: string; other: readonly string[] }
/** What one pass came to. */
interface Pass { reasons: Reason[]; retryable: number; notFound: number; invalid: number }
type Save = (infos: readonly Info[], edited: readonly Obj[], pass: Pass) => Sys<Failure | null>;

const HEADER = `# Please edit the object below. Lines beginning with a '#' will be ignored,
# and an empty file will abort the edit. If an error occurs while saving this file will be
# reopened with the relevant failures.
#
`;
const APPLY_HEADER = `# Please edit the 'last-applied-configuration' annotations below.
# Lines beginning with a '#' will be ignored, and an empty file will abort the edit.
#
`;

function* run(k: Kubectl): Sys<number> {
  const infos = yield* resolve(k, k.args, {});
  if (!infos.ok) return yield* k.fail(infos.failure);
  const output = k.flags.str('output');
  if (output && output !== 'json' && output !== 'yaml') return yield* k.fail(plain(`The flag 'output' must be one of yaml|json`).failure);
  return yield* session(k, infos.value, HEADER, (list, edited, pass) => patchAll(k, new Reporter(null, false), list, edited, pass));
}

/** The loop around the editor. */
function* session(k: Kubectl, infos: readonly Info[], header: string, save: Save): Sys<number> {
  const json = k.flags.str('output') === 'json';
  const extension = json ? '.json' : '.yaml';
  const shown = infos.length === 1 ? infos[0]!.obj : listOf(infos.map((info) => info.obj));
  const original = json ? `${toJson(shown, '    ')}\n` : toYaml(shown);
  let reasons: Reason[] = [];
  let body = original;
  let before: string | null = null;
  let file = '';
  for (;;) {
    const failing = before !== null;
    const got = yield* launch(k.start, header + headings(reasons) + body, extension);
    if (!got.ok) return yield* keep(k, file, plain(got.error).failure);
    if (failing && stripped(before!) === stripped(got.text)) return yield* keep(k, got.file, plain('Edit cancelled, no valid changes were saved.').failure);
    if (file) yield* call('unlink', { path: file });
    file = got.file;
    const checked = check(k, got.text);
    if (checked !== null) {
      const [info] = infos;
      yield* err(`error: ${plural(info!)} ${JSON.stringify(info!.name)} is invalid\n`);
      reasons = [{ head: `${plural(info!)} ${JSON.stringify(info!.name)} was not valid`, other: [`<nil>: Invalid value: "The edited file failed validation": ${checked}`] }];
      [before, body] = [got.text, withoutComments(got.text)];
      continue;
    }
    if (stripped(original) === stripped(got.text)) return yield* cancel(file, 'Edit cancelled, no changes made.\n');
    if (!got.text.split('\n').some((line) => line.trim() && !line.startsWith('#'))) return yield* cancel(file, 'Edit cancelled, saved file was empty.\n');
    const parsed = objectsOf(got.text);
    if (!parsed.ok) {
      reasons = [{ head: `The edited file had a syntax error: ${textOf(parsed.failure)}`, other: [] }];
      [before, body] = [got.text, withoutComments(got.text)];
      continue;
    }
    const pass: Pass = { reasons: [], retryable: 0, notFound: 0, invalid: 0 };
    const failure = yield* save(infos, parsed.value, pass);
    if (failure) return yield* keep(k, file, failure);
    if (pass.retryable) { yield* err(`You can run \`kubectl replace -f ${file}\` to try this update again.\n`); return 1; }
    if (pass.notFound) { yield* err(`The edits you made on deleted resources have been saved to ${JSON.stringify(file)}\n`); return 1; }
    if (!pass.invalid) { yield* call('unlink', { path: file }); return 0; }
    reasons = pass.reasons;
    [before, body] = [got.text, withoutComments(got.text)];
  }
}

function* cancel(file: string, text: string): Sys<number> {
  yield* call('unlink', { path: file });
  yield* err(text);
  return 0;
}

function* keep(k: Kubectl, file: string, failure: Failure): Sys<number> {
  if (file) yield* err(`A copy of your changes has been stored to ${JSON.stringify(file)}\n`);
  return yield* k.fail(failure);
}

const headings = (reasons: readonly Reason[]): string => reasons.map(({ head, other }) => {
  const hashed = (text: string): string => text.replace(/\n(?=.)/gs, '\n# ');
  return `# ${hashed(head)}${other.length ? ':' : ''}\n${other.map((one) => `# * ${hashed(one)}\n`).join('')}#\n`;
}).join('');

const withoutComments = (text: string): string => text.split('\n').filter((line) => !/^\s*#/.test(line)).join('\n');

/** The same value is the same text, whatever its comments and order. */
function stripped(text: string): string {
  const read = readYaml(text);
  return read.ok ? toJson(read.value, '') : withoutComments(text);
}

function check(k: Kubectl, text: string): string | null {
  if (!k.flags.bool('validate') && k.flags.has('validate')) return null;
  const read = readYaml(withoutComments(text));
  if (!read.ok) return read.error;
  return read.value === null ? null : validate(read.value);
}

function objectsOf(text: string): Outcome<Obj[]> {
  const documents = parseDocuments(withoutComments(text));
  if (!documents.ok) return plain(documents.error);
  const out: Obj[] = [];
  for (const value of documents.value) {
    const bad = undecodable(value);
    if (bad) return plain(`unable to decode "edited-file": ${bad}`);
    out.push(...flatten(value as Obj));
  }
  return done(out);
}

const plural = (info: Info): string => (info.type.group ? `${info.type.plural}.${info.type.group}` : info.type.plural);

function* patchAll(k: Kubectl, say: Reporter, infos: readonly Info[], edited: readonly Obj[], pass: Pass): Sys<Failure | null> {
  const api = yield* k.api();
  if (!api.ok) return api.failure;
  for (const changed of edited) {
    const info = infos.find((one) => one.name === nameOf(changed) && one.obj['kind'] === changed['kind'] && one.obj['apiVersion'] === changed['apiVersion']);
    if (!info) return plain('At least one of apiVersion, kind and name was changed').failure;
    if (same(info.obj, changed)) { yield* out(`${info.type.kind.toLowerCase()}/${info.name} skipped\n`); continue; }
    const wanted = k.flags.bool('save-config') ? { ...changed, metadata: { ...changed['metadata'], annotations: { ...changed['metadata']?.annotations, [LAST_APPLIED]: appliedText(changed) } } } : changed;
    if (k.flags.bool('output-patch')) yield* out(`Patch: ${toJson(twoWay(info.obj, wanted, isBuiltin(info.type.group)), '')}\n`);
    const got = yield* patchChange(api.value, info, wanted);
    if (!got.ok) { yield* refused(info, got.failure, pass); continue; }
    yield* recordCause(k, api.value, info);
    const said = yield* say.say(got.value ?? info.obj, 'edited');
    if (!said.ok) return said.failure;
  }
  return null;
}

function* refused(info: Info, failure: Failure, pass: Pass): Sys<void> {
  const what = `${plural(info)} ${JSON.stringify(info.name)}`;
  if (isStatus(failure, 'Invalid') && failure.is === 'status') {
    pass.invalid++;
    const causes = (failure.status['details']?.causes ?? []) as Obj[];
    pass.reasons.push({ head: `${what} was not valid`, other: causes.map((cause) => `${cause['field']}: ${cause['message']}`) });
    yield* err(`error: ${what} is invalid\n`);
  } else if (isStatus(failure, 'NotFound')) {
    pass.notFound++;
    yield* err(`error: ${what} could not be found on the server\n`);
  } else {
    pass.retryable++;
    yield* err(`error: ${what} could not be patched: ${failure.is === 'transport' ? report(failure).trim() : textOf(failure)}\n`);
  }
}

/** apply edit-last-applied. */
export function* editApplied(k: Kubectl): Sys<number> {
  const infos = yield* resolve(k, k.args, {});
  if (!infos.ok) return yield* k.fail(infos.failure);
  const applied: Info[] = [];
  for (const info of infos.value) {
    const obj = lastApplied(info.obj);
    if (!obj) return yield* k.fail(plain(`no last-applied-configuration annotation found on resource: ${info.name}`).failure);
    applied.push({ ...info, obj });
  }
  return yield* session(k, applied, APPLY_HEADER, function* save(list, edited, pass) {
    const api = yield* k.api();
    if (!api.ok) return api.failure;
    for (const changed of edited) {
      const info = list.find((one) => one.name === nameOf(changed)) ?? list[0]!;
      const text = annotationOf({ metadata: { annotations: { [LAST_APPLIED]: appliedText(changed) } } });
      const got = yield* patchObject(api.value, info, { metadata: { annotations: { [LAST_APPLIED]: text } } }, MERGE_PATCH);
      if (!got.ok) yield* refused(info, got.failure, pass); else yield* out(`${info.type.kind.toLowerCase()}${info.type.group ? `.${info.type.group}` : ''}/${info.name} edited\n`);
    }
    return null;
  });
}
