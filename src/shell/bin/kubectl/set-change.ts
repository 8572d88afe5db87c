/** What the subcommands of `set` share: which objects, and how a changed one is sent. */
import type { Sys } from '../../../sim/proc/program.ts';
import { done, many, plain, type Outcome } from './failure.ts';
import { clone, same, type Obj } from './object.ts';
import { reporter } from './output.ts';
import { withCause } from './record.ts';
import { filesOf, fromFiles, resolve, type Choice, type Info } from './resources.ts';
import { patchChange } from './send.ts';
import type { Kubectl } from './session.ts';

/** The object as it shall be; a complaint; or null to leave it. */
type Change = (info: Info, spec: Obj | null) => Outcome<Obj | null>;

/** The pod spec inside an object, in a copy of the object that may be changed. */
export function podSpecOf(obj: Obj): Obj | null {
  if (obj['kind'] === 'Pod') return obj['spec'] ?? null;
  if (obj['kind'] === 'CronJob') return obj['spec']?.jobTemplate?.spec?.template?.spec ?? null;
  return obj['spec']?.template?.spec ?? null;
}

export function* found(k: Kubectl, words: readonly string[]): Sys<Outcome<Info[]>> {
  const choice: Choice = { selector: k.flags.str('selector') || undefined, all: k.flags.bool('all') };
  if (!k.flags.bool('local')) return yield* resolve(k, words, choice);
  return filesOf(k).length ? yield* fromFiles(k, filesOf(k), { check: false }) : plain('one or more resources must be specified as <resource> <name> or <resource>/<name>');
}

export function* changeAll(k: Kubectl, words: readonly string[], operation: string, change: Change): Sys<number> {
  const infos = yield* found(k, words);
  if (!infos.ok) return yield* k.fail(infos.failure);
  const say = yield* reporter(k);
  if (!say.ok) return yield* k.fail(say.failure);
  const api = yield* k.api();
  if (!api.ok) return yield* k.fail(api.failure);
  const failures = [];
  for (const info of infos.value) {
    const copy = clone(info.obj);
    const got = change({ ...info, obj: copy }, podSpecOf(copy));
    if (!got.ok) { failures.push(got.failure); continue; }
    const wanted = got.value && withCause(k, got.value);
    if (!wanted || same(wanted, info.obj)) continue;
    const sent = k.flags.bool('local') || k.flags.bool('dry-run') ? done<Obj | null>(wanted) : yield* patchChange(api.value, info, wanted);
    if (!sent.ok) { failures.push(sent.failure); continue; }
    const said = yield* say.value.say(sent.value ?? wanted, operation);
    if (!said.ok) return yield* k.fail(said.failure);
  }
  return failures.length ? yield* k.fail(many(failures)) : 0;
}

export const containersOf = (spec: Obj | null): Obj[] => [...((spec?.['containers'] ?? []) as Obj[]), ...((spec?.['initContainers'] ?? []) as Obj[])];


/** "web*" and the like: a name or a pattern with *. */
export const fits = (pattern: string, name: string): boolean => pattern.split(',').some((one) => (one.includes('*') ? new RegExp(`^${one.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*')}$`).test(name) : one === name));
