/** `kubectl convert`, `diff` and `kustomize`: work on manifests. */
import { mergePatch, strategicPatch } from '../../../sim/kube/patch.ts';
import { out } from '../../../sim/proc/libc.ts';
import type { Sys } from '../../../sim/proc/program.ts';
import { call } from '../../../sim/proc/syscalls.ts';
import { fileFlags } from './create.ts';
import { apiVersionOf, objectPath } from './discovery.ts';
import { isStatus, plain, type Failure } from './failure.ts';
import { flagTable } from './flags.ts';
import { listOf } from './get.ts';
import { build, kindOrder } from './kustomize.ts';
import { lastApplied, withLastApplied } from './last-applied.ts';
import type { Obj } from './object.ts';
import { printerFor, printFlags } from './output.ts';
import { isBuiltin, threeWay } from './patch-diff.ts';
import { filesOf, fromFiles } from './resources.ts';
import type { Kubectl } from './session.ts';
import type { Verb } from './verb.ts';
import { toYaml } from './yaml.ts';

export const convert: Verb = {
  name: 'convert', group: 'Advanced Commands:', usage: 'convert -f FILENAME', short: 'Convert config files between different API versions', examples: [['To the latest version, to stdout', 'kubectl convert -f pod.yaml']],
  flags: [...flagTable(`
    local bool=true Ask no server for what is in the file.
    output-version string The version to print, as group/version.
  `), ...fileFlags, ...printFlags.map((flag) => (flag.name === 'output' ? { ...flag, def: 'yaml' } : flag))],
  run: runConvert,
};

/** Kinds that differ between these groups in nothing but their name for it. */
function* runConvert(k: Kubectl): Sys<number> {
  if (!filesOf(k).length) return yield* k.fail(plain('must specify one of -f and -k').failure);
  const infos = yield* fromFiles(k, filesOf(k), { check: false });
  if (!infos.ok) return yield* k.fail(infos.failure);
  if (!infos.value.length) return yield* k.fail(plain('no objects passed to convert').failure);
  const wanted = k.flags.str('output-version');
  const converted: Obj[] = [];
  for (const info of infos.value) {
    const version = wanted || (yield* latest(k, info.type.kind)) || apiVersionOf(info.type);
    const type = yield* k.kind(version, info.type.kind);
    if (!type.ok) return yield* k.fail(plain(`unable to convert ${info.obj['apiVersion']}, Kind=${info.type.kind} to ${version}`).failure);
    converted.push({ ...info.obj, apiVersion: version });
  }
  const printer = yield* printerFor(k);
  if (!printer.ok) return yield* k.fail(printer.failure);
  const obj = converted.length === 1 ? converted[0]! : listOf(converted);
  const text = printer.value ? printer.value(obj, true) : { ok: true as const, value: toYaml(obj) };
  if (!text.ok) return yield* k.fail(text.failure);
  yield* out(text.value);
  return 0;
}

function* latest(k: Kubectl, kind: string): Sys<string> {
  const types = yield* k.types();
  const all = types.ok ? types.value.types.filter((type) => type.kind === kind && type.group !== 'extensions') : [];
  return all[0] ? apiVersionOf(all[0]) : '';
}

export const diff: Verb = {
  name: 'diff', group: 'Advanced Commands:', usage: 'diff -f FILENAME', short: 'Diff live version against would-be applied version', long: 'Diff configurations specified by filename or stdin between the current online configuration, and the configuration as it would be if applied. KUBECTL_EXTERNAL_DIFF names another program than diff.', examples: [['What pod.json would change', 'kubectl diff -f pod.json']],
  flags: [...fileFlags], run: runDiff,
};

function* runDiff(k: Kubectl): Sys<number> {
  const failure = (text: string): Failure => plain(text).failure;
  if (!filesOf(k).length) { yield* k.fail(failure('must specify one of -f and -k')); return 2; }
  const infos = yield* fromFiles(k, filesOf(k), { check: false });
  const api = yield* k.api();
  if (!infos.ok || !api.ok) { yield* k.fail((infos.ok ? api as { ok: false; failure: Failure } : infos).failure); return 2; }
  const id = yield* call('random', { below: 1_000_000_000 });
  const [live, merged] = ['LIVE', 'MERGED'].map((word) => `/tmp/${word}-${String(id.ok ? id.value : 0).padStart(9, '0')}`) as [string, string];
  yield* call('mkdir', { path: live, mode: 0o700 });
  yield* call('mkdir', { path: merged, mode: 0o700 });
  const names: string[] = [];
  for (const info of infos.value) {
    const current = yield* api.value.get(objectPath(info.type, info.namespace, info.name));
    if (!current.ok && !isStatus(current.failure, 'NotFound')) { yield* k.fail(current.failure); return 2; }
    const strategic = isBuiltin(info.type.group);
    const marked = withLastApplied(info.obj);
    const patch = current.ok ? threeWay(lastApplied(current.value) ?? {}, marked, current.value, strategic) : null;
    const after = current.ok ? (strategic ? strategicPatch : mergePatch)(current.value, patch) : marked;
    const name = `${[info.type.group, info.type.version, info.type.kind, info.namespace, info.name].filter(Boolean).join('.')}`;
    names.push(name);
    yield* call('writeFile', { path: `${live}/${name}`, text: current.ok ? toYaml(current.value) : '' });
    yield* call('writeFile', { path: `${merged}/${name}`, text: toYaml(after) });
  }
  const program = k.start.env['KUBECTL_EXTERNAL_DIFF'] || 'diff';
  const status = yield* spawnDiff(k, program, live, merged);
  for (const name of names) for (const directory of [live, merged]) yield* call('unlink', { path: `${directory}/${name}` });
  for (const directory of [live, merged]) yield* call('rmdir', { path: directory });
  if (status === null) { yield* k.fail(failure(`failed to run ${JSON.stringify(program)}: exec: ${JSON.stringify(program)}: executable file not found in $PATH`)); return 2; }
  if (status === 1) yield* k.fail({ is: 'bare', text: 'exit status 1\n' });
  return status;
}

function* spawnDiff(k: Kubectl, program: string, live: string, merged: string): Sys<number | null> {
  for (const directory of (k.start.env['PATH'] ?? '').split(':').filter(Boolean)) {
    const path = program.includes('/') ? program : `${directory}/${program}`;
    const child = yield* call('spawn', { path, argv: [program, '-u', '-N', live, merged], env: k.start.env });
    if (!child.ok) continue;
    const ended = yield* call('wait', { pid: child.value });
    return ended.ok ? ended.value.status : 2;
  }
  return null;
}

export const kustomize: Verb = {
  name: 'kustomize', group: 'Advanced Commands:', usage: 'kustomize <dir>', short: 'Build a kustomization target from a directory or a remote url.', examples: [['The current directory', 'kubectl kustomize .']],
  run: function* run(k: Kubectl): Sys<number> {
    if (k.args.length > 1) return yield* k.fail({ is: 'bare', text: 'Error: specify one path to kustomization.yaml\n' });
    const built = yield* build(k.args[0] ?? '.');
    if (!built.ok) return yield* k.fail({ is: 'bare', text: `Error: ${built.error}\n` });
    yield* out(kindOrder(built.value).map(toYaml).join('---\n'));
    return 0;
  },
};
