/** `kubectl label` and `annotate`. */
import { isLabelKey, isLabelValue, LABEL_KEY_RULE, LABEL_VALUE_RULE } from '../../../sim/kube/selectors.ts';
import { out } from '../../../sim/proc/libc.ts';
import type { Sys } from '../../../sim/proc/program.ts';
import { MERGE_PATCH } from './api.ts';
import { fileFlags } from './create.ts';
import { done, many, plain, type Failure, type Outcome } from './failure.ts';
import { flagTable } from './flags.ts';
import { same, type Obj } from './object.ts';
import { reporter, printFlags, DRY_RUN } from './output.ts';
import { recordCause, RECORD } from './record.ts';
import { filesOf, fromFiles, resolvePartly, type Choice, type Info } from './resources.ts';
import { patchObject } from './send.ts';
import type { Kubectl } from './session.ts';
import type { Verb } from './verb.ts';

const common = [...flagTable(`
  all bool All objects of the types named, in the namespace
  field-selector string Fields to filter by.
  !include-uninitialized bool Deprecated.
  local bool Change what the file says, ask no server for it.
  overwrite bool Change keys that have a value already.
  resource-version string Change only an object of this version; only for a single one.
  selector,l string Labels to filter by.
`), ...fileFlags, ...DRY_RUN, ...RECORD, ...printFlags];

export const label: Verb = {
  name: 'label', group: 'Settings Commands:', short: 'Update the labels on a resource', usage: 'label [--overwrite] (-f FILENAME | TYPE NAME) KEY_1=VAL_1 ... KEY_N=VAL_N [--resource-version=version]',
  long: 'Update the labels on a resource.\n\nKeys and values are at most 63 letters, digits, -, . and _, and begin with a letter or a digit; a key may have a domain and a slash before it. Without --overwrite a key that is there is not changed.',
  examples: [['A pod', 'kubectl label pods foo unhealthy=true'], ['A key that has a value', 'kubectl label --overwrite pods foo status=unhealthy'], ['All pods', 'kubectl label pods --all status=unhealthy'], ['Remove a label', 'kubectl label pods foo bar-']],
  flags: [...flagTable('list bool Show the labels of an object.'), ...common], run: (k) => change(k, 'labels'),
};

export const annotate: Verb = {
  name: 'annotate', group: 'Settings Commands:', short: 'Update the annotations on a resource', usage: 'annotate [--overwrite] (-f FILENAME | TYPE NAME) KEY_1=VAL_1 ... KEY_N=VAL_N [--resource-version=version]',
  long: 'Update the annotations on a resource.\n\nAnnotations hold any text, JSON for instance, for tools to keep what they need. Without --overwrite a key that is there is not changed.',
  examples: [['A pod', "kubectl annotate pods foo description='my frontend'"], ['A key that has a value', "kubectl annotate --overwrite pods foo description='my frontend running nginx'"], ['Remove an annotation', 'kubectl annotate pods foo description-']],
  flags: common, run: (k) => change(k, 'annotations'),
};

interface Changes { resources: string[]; set: Record<string, string>; remove: string[] }

const isPair = (word: string): boolean => word.includes('=') || word.endsWith('-');

/** Words up to the first pair are resources; all after it must be pairs. */
function split(words: readonly string[], kind: string): Outcome<Changes> {
  const first = words.findIndex((word) => isPair(word) && !word.startsWith('='));
  const resources = first < 0 ? [...words] : words.slice(0, first);
  const changes: Changes = { resources: [...resources], set: {}, remove: [] };
  for (const word of first < 0 ? [] : words.slice(first)) {
    if (!isPair(word)) return plain(`all resources must be specified before ${kind} changes: ${word}`);
    const at = word.indexOf('=');
    if (at > 0) changes.set[word.slice(0, at)] = word.slice(at + 1);
    else if (at === 0) return plain(`invalid ${kind} spec: ${word}`);
    else changes.remove.push(word.slice(0, -1));
  }
  const both = changes.remove.find((key) => key in changes.set);
  return both ? plain(`can not both modify and remove ${kind === 'label' ? 'a label' : 'an annotation'} in the same command`) : done(changes);
}

function checkLabels(changes: Changes): string | null {
  for (const [key, value] of Object.entries(changes.set)) {
    if (!isLabelKey(key)) return `invalid label key ${JSON.stringify(key)}: ${LABEL_KEY_RULE}`;
    if (!isLabelValue(value)) return `invalid label value: ${JSON.stringify(`${key}=${value}`)}: ${LABEL_VALUE_RULE}`;
  }
  return null;
}

function* found(k: Kubectl, words: readonly string[], choice: Choice): Sys<{ infos: Info[]; failures: Failure[] }> {
  if (!k.flags.has('local') || !k.flags.bool('local')) return yield* resolvePartly(k, words, choice);
  const local = yield* fromFiles(k, filesOf(k), { check: false });
  return local.ok ? { infos: local.value, failures: [] } : { infos: [], failures: [local.failure] };
}

function* change(k: Kubectl, field: 'labels' | 'annotations'): Sys<number> {
  const { flags } = k;
  const kind = field === 'labels' ? 'label' : 'annotation';
  const changes = split(k.args, kind);
  if (!changes.ok) return yield* k.fail(changes.failure);
  const { resources, set, remove } = changes.value;
  const listing = field === 'labels' && flags.bool('list');
  if (flags.bool('all') && flags.str('selector')) return yield* k.fail(plain('cannot set --all and --selector at the same time').failure);
  if (!resources.length && !filesOf(k).length) return yield* k.fail(plain('one or more resources must be specified as <resource> <name> or <resource>/<name>').failure);
  if (!Object.keys(set).length && !remove.length && !listing) return yield* k.fail(plain(`at least one ${kind} update is required`).failure);
  const bad = field === 'labels' ? checkLabels(changes.value) : null;
  if (bad) return yield* k.fail(plain(bad).failure);
  const say = yield* reporter(k);
  if (!say.ok) return yield* k.fail(say.failure);
  const { infos, failures } = yield* found(k, resources, { selector: flags.str('selector') || undefined, fieldSelector: flags.str('field-selector') || undefined, all: flags.bool('all') });
  const version = flags.str('resource-version');
  if (version && infos.length > 1) return yield* k.fail(plain('--resource-version may only be used with a single resource').failure);
  for (const info of infos) {
    if (listing) {
      const own = (info.obj['metadata']?.labels ?? {}) as Obj;
      if (infos.length > 1) yield* out(`Listing labels for ${info.type.kind}.${info.type.group}/${info.name}:\n`);
      yield* out(Object.keys(own).sort().map((key) => `${infos.length > 1 ? ' ' : ''}${key}=${own[key]}\n`).join(''));
      continue;
    }
    const got = yield* changeOne(k, info, field, changes.value, version);
    if (!got.ok) { failures.push(got.failure); continue; }
    const said = yield* say.value.say(got.value.obj, field === 'annotations' ? 'annotated' : got.value.changed ? 'labeled' : 'not labeled');
    if (!said.ok) return yield* k.fail(said.failure);
  }
  return failures.length ? yield* k.fail(many(failures)) : 0;
}

function* changeOne(k: Kubectl, info: Info, field: 'labels' | 'annotations', { set, remove }: Changes, version: string): Sys<Outcome<{ obj: Obj; changed: boolean }>> {
  const own = (info.obj['metadata']?.[field] ?? {}) as Record<string, string>;
  if (!k.flags.bool('overwrite')) {
    const clash = Object.keys(set).filter((key) => key in own && (field === 'annotations' || own[key] !== set[key]));
    if (clash.length && field === 'labels') return plain(`'${clash[0]}' already has a value (${own[clash[0]!]}), and --overwrite is false`);
    if (clash.length) return plain(`--overwrite is false but found the following declared annotation(s): ${clash.map((key) => `'${key}' already has a value (${own[key]})`).join('; ')}`);
  }
  if (version && version !== info.obj['metadata']?.resourceVersion) {
    return { ok: false, failure: { is: 'status', status: { reason: 'Conflict', message: `Operation cannot be fulfilled on ${info.type.plural} ${JSON.stringify(info.name)}: the object has been modified; please apply your changes to the latest version and try again` } } };
  }
  if (field === 'labels') for (const key of remove) if (!(key in own)) yield* out(`label ${JSON.stringify(key)} not found.\n`);
  const after: Record<string, string> = { ...own, ...set };
  for (const key of remove) delete after[key];
  const changed = !same(own, after);
  const obj = { ...info.obj, metadata: { ...info.obj['metadata'], [field]: after } };
  if (k.flags.bool('local') || k.flags.bool('dry-run') || !changed) return done({ obj, changed });
  const api = yield* k.api();
  if (!api.ok) return api;
  const patch = { metadata: { [field]: { ...Object.fromEntries(Object.entries(set).filter(([key, value]) => own[key] !== value)), ...Object.fromEntries(remove.filter((key) => key in own).map((key) => [key, null])) } } };
  const got = yield* patchObject(api.value, info, patch, MERGE_PATCH);
  if (got.ok) yield* recordCause(k, api.value, info);
  return got.ok ? done({ obj: got.value, changed }) : got;
}
