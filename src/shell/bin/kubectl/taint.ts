/** `kubectl taint`. */
import { isLabelKey, isLabelValue, LABEL_KEY_RULE, LABEL_VALUE_RULE } from '../../../sim/kube/selectors.ts';
import type { Sys } from '../../../sim/proc/program.ts';
import { STRATEGIC_PATCH } from './api.ts';
import { done, many, plain, type Outcome } from './failure.ts';
import { flagTable } from './flags.ts';
import { type Obj } from './object.ts';
import { reporter, printFlags } from './output.ts';
import { twoWay } from './patch-diff.ts';
import { resolvePartly, type Info } from './resources.ts';
import { patchObject } from './send.ts';
import type { Kubectl } from './session.ts';
import type { Verb } from './verb.ts';

export const taint: Verb = {
  name: 'taint', group: 'Cluster Management Commands:', short: 'Update the taints on one or more nodes', usage: 'taint NODE NAME KEY_1=VAL_1:TAINT_EFFECT_1 ... KEY_N=VAL_N:TAINT_EFFECT_N',
  long: 'Update the taints on one or more nodes.\n\nA taint is a key, a value and an effect: key=value:effect. The effect is NoSchedule, PreferNoSchedule or NoExecute. Only nodes can have taints.',
  examples: [['A taint on node foo; one of the same key and effect gets the new value', 'kubectl taint nodes foo dedicated=special-user:NoSchedule'], ['Remove it', 'kubectl taint nodes foo dedicated:NoSchedule-'], ['Remove all of this key', 'kubectl taint nodes foo dedicated-'], ['All nodes with a label', 'kubectl taint node -l myLabel=X  dedicated=foo:PreferNoSchedule']],
  flags: [...flagTable(`
    all bool All nodes of the cluster
    overwrite bool Change taints that are there.
    selector,l string Labels to filter by.
    validate bool=true Check the input against the server's schema before sending it.
  `), ...printFlags],
  run: runTaint,
};

const EFFECTS = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'];
interface Taints { add: Obj[]; remove: Obj[] }

function parseTaints(specs: readonly string[]): Outcome<Taints> {
  const taints: Taints = { add: [], remove: [] };
  for (const spec of specs) {
    if (spec.endsWith('-')) {
      const [key, effect = ''] = spec.slice(0, -1).split(':') as [string, string?];
      if (effect && !EFFECTS.includes(effect)) return plain(`invalid taint effect: ${effect}, unsupported taint effect`);
      taints.remove.push({ key: key.split('=')[0]!, effect });
      continue;
    }
    const m = /^([^=:]+)(?:=([^:]*))?:(.*)$/.exec(spec);
    if (!m) return plain(`invalid taint spec: ${spec}`);
    if (m[2] && !isLabelValue(m[2])) return plain(`invalid taint spec: ${spec}, ${LABEL_VALUE_RULE}`);
    if (!isLabelKey(m[1]!)) return plain(`invalid taint spec: ${spec}, ${LABEL_KEY_RULE}`);
    if (!EFFECTS.includes(m[3]!)) return plain(`invalid taint effect: ${m[3]}, unsupported taint effect`);
    if (taints.add.some((one) => one['key'] === m[1] && one['effect'] === m[3])) return plain(`duplicated taints with the same key and effect: {${m[1]} ${m[2] ?? ''} ${m[3]} <nil>}`);
    taints.add.push({ effect: m[3], key: m[1], ...(m[2] ? { value: m[2] } : {}) });
  }
  return done(taints);
}

const isTaintSpec = (word: string): boolean => word.includes('=') || word.includes(':') || word.endsWith('-');

function* runTaint(k: Kubectl): Sys<number> {
  const first = k.args.findIndex(isTaintSpec);
  const resources = first < 0 ? [...k.args] : k.args.slice(0, first);
  const specs = first < 0 ? [] : k.args.slice(first);
  const selector = k.flags.str('selector');
  if (!resources.length) return yield* k.fail(plain('one or more resources must be specified as <resource> <name>').failure);
  const type = yield* k.type(resources[0]!.split('/')[0]!);
  if (!type.ok) return yield* k.fail(type.failure);
  if (type.value.kind !== 'Node') return yield* k.fail(plain(`invalid resource type ${resources[0]!.split('/')[0]}, only [Node] are supported`).failure);
  if (resources.length < 2 && !k.flags.bool('all') && !selector && !resources[0]!.includes('/')) return yield* k.fail(plain('at least one resource name must be specified since \'--all\' parameter is not set').failure);
  if (k.flags.bool('all') && selector) return yield* k.fail(plain('setting \'all\' parameter with a non empty selector is prohibited').failure);
  if (!specs.length) return yield* k.fail(plain('at least one taint update is required').failure);
  const stray = specs.find((spec) => !isTaintSpec(spec));
  if (stray) return yield* k.fail(plain(`all resources must be specified before taint changes: ${stray}`).failure);
  const taints = parseTaints(specs);
  if (!taints.ok) return yield* k.fail(taints.failure);
  const say = yield* reporter(k);
  if (!say.ok) return yield* k.fail(say.failure);
  const { infos, failures } = yield* resolvePartly(k, resources, { selector: selector || undefined, all: k.flags.bool('all') });
  for (const info of infos) {
    const got = yield* taintOne(k, info, taints.value);
    if (!got.ok) { failures.push(got.failure); continue; }
    const said = yield* say.value.say(got.value.obj, got.value.operation);
    if (!said.ok) return yield* k.fail(said.failure);
  }
  return failures.length ? yield* k.fail(many(failures)) : 0;
}

function* taintOne(k: Kubectl, info: Info, { add, remove }: Taints): Sys<Outcome<{ obj: Obj; operation: string }>> {
  const old = (info.obj['spec']?.taints ?? []) as Obj[];
  const sameTaint = (a: Obj, b: Obj): boolean => a['key'] === b['key'] && (b['effect'] === '' || a['effect'] === b['effect']);
  const clash = add.filter((one) => old.some((taint_) => sameTaint(taint_, one)));
  if (clash.length && !k.flags.bool('overwrite')) return plain(`Node ${info.name} already has ${clash.map((one) => one['key']).join(', ')} taint(s) with same effect(s) and --overwrite is false`);
  const missing = remove.filter((one) => !old.some((taint_) => sameTaint(taint_, one)));
  if (missing.length) return { ok: false, failure: many(missing.map((one) => plain(`taint ${JSON.stringify(one['effect'] ? `${one['key']}:${one['effect']}` : one['key'])} not found`).failure)) };
  const kept = old.filter((taint_) => !add.some((one) => sameTaint(taint_, one)) && !remove.some((one) => sameTaint(taint_, one)));
  const operation = remove.length && add.length ? 'modified' : remove.length ? 'untainted' : 'tainted';
  const spec = { ...info.obj['spec'], taints: [...add, ...kept] };
  if (!spec.taints.length) delete spec.taints;
  const changed = { ...info.obj, spec };
  const api = yield* k.api();
  if (!api.ok) return api;
  // The list is sent whole: two taints may share the key by which it would merge.
  const patch = Object.keys(twoWay(info.obj, changed, true)).length ? { spec: { taints: spec.taints ?? null } } : null;
  if (!patch) return done({ obj: info.obj, operation });
  const got = yield* patchObject(api.value, info, patch.spec.taints ? { spec: { taints: [{ $patch: 'replace' }, ...patch.spec.taints] } } : patch, STRATEGIC_PATCH);
  return got.ok ? done({ obj: got.value, operation }) : got;
}
