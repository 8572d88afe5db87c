/** `create -f`, and what all creating commands share. The generators are in create-NAME files. */
import { err } from '../../../sim/proc/libc.ts';
import type { Sys } from '../../../sim/proc/program.ts';
import { call } from '../../../sim/proc/syscalls.ts';
import { generators } from './create-generators.ts';
import { edit } from './editor.ts';
import { done, many, plain, type Failure, type Outcome } from './failure.ts';
import { flagTable } from './flags.ts';
import { listOf } from './get.ts';
import { withLastApplied } from './last-applied.ts';
import { DRY_RUN, printFlags, reporter } from './output.ts';
import { RECORD, withCause } from './record.ts';
import { filesOf, fromFiles, type Info } from './resources.ts';
import { createObject, withSource } from './send.ts';
import type { Kubectl } from './session.ts';
import { helpText, type Verb } from './verb.ts';
import { toJson, toYaml } from './yaml.ts';

const HEADER = `# Please edit the object below. Lines beginning with a '#' will be ignored,
# and an empty file will abort the edit. If an error occurs while saving this file will be
# reopened with the relevant failures.
#
`;

export const fileFlags = flagTable(`
  filename,f strings Files, directories or URLs that name the resources.
  kustomize,k string A kustomization directory. Not together with -f or -R.
  recursive,R bool Go into the directories of -f.
`);

export const createFlags = [...flagTable(`
  save-config bool Store the object in its annotation, for a later kubectl apply.
  validate bool=true Check the input against the server's schema before sending it.
`), ...DRY_RUN, ...RECORD, ...printFlags];

export const create: Verb = {
  name: 'create', group: 'Basic Commands (Beginner):', short: 'Create a resource from a file or from stdin.', usage: 'create -f FILENAME',
  long: 'Create a resource from a file or from stdin.\n\nJSON and YAML are taken.',
  examples: [['What pod.json describes', 'kubectl create -f ./pod.json'], ['What comes on stdin', 'cat pod.json | kubectl create -f -'], ['Change it in an editor first', 'kubectl create -f docker-registry.yaml --edit -o json']],
  flags: [...flagTable(`
    edit bool Open the object in an editor before it is created.
    raw string A path to POST the file to as it is.
    selector,l string Labels to filter by.
    windows-line-endings bool Only with --edit.
  `), ...fileFlags, ...createFlags],
  subs: generators,
  run,
};

function* run(k: Kubectl): Sys<number> {
  const files = filesOf(k);
  if (!files.length) {
    yield* err('Error: must specify one of -f and -k\n\n');
    if (k.args.length) return yield* k.fail(k.usage(`unknown command ${JSON.stringify(k.args.join(' '))}`).failure);
    yield* err(helpText(k.path));
    return 1;
  }
  if (k.args.length) return yield* k.fail(k.usage(`Unexpected args: [${k.args.join(' ')}]`).failure);
  const say = yield* reporter(k);
  if (!say.ok) return yield* k.fail(say.failure);
  const given = yield* fromFiles(k, files, { check: true });
  const infos = given.ok && k.flags.bool('edit') ? yield* editFirst(k, given.value) : given;
  if (!infos.ok) return yield* k.fail(infos.failure);
  const api = yield* k.api();
  if (!api.ok) return yield* k.fail(api.failure);
  const failures: Failure[] = [];
  for (const info of infos.value) {
    const caused = withCause(k, info.obj);
    const obj = k.flags.bool('save-config') ? withLastApplied(caused) : caused;
    const got = k.flags.bool('dry-run') ? done(obj) : yield* createObject(api.value, { ...info, obj });
    if (!got.ok) { failures.push(withSource('creating', info.source, got.failure)); continue; }
    const said = yield* say.value.say(got.value, 'created');
    if (!said.ok) return yield* k.fail(said.failure);
  }
  if (!infos.value.length) return yield* k.fail(plain('no objects passed to create').failure);
  return failures.length ? yield* k.fail(many(failures)) : 0;
}


/** --edit: what the files say goes through the person's editor. */
function* editFirst(k: Kubectl, infos: readonly Info[]): Sys<Outcome<Info[]>> {
  const json = k.flags.str('output') === 'json';
  const whole = infos.length === 1 ? infos[0]!.obj : listOf(infos.map((info) => info.obj));
  const got = yield* edit(k.start, HEADER + (json ? `${toJson(whole, '    ')}\n` : toYaml(whole)), json ? '.json' : '.yaml');
  if (!got.ok) return plain(got.error);
  const infosAfter = yield* fromFiles(k, [got.file], { check: true });
  if (infosAfter.ok) yield* call('unlink', { path: got.file });
  return infosAfter.ok ? done(infosAfter.value.map((info) => ({ ...info, source: infos[0]?.source ?? '' }))) : infosAfter;
}
