/** What the subcommands of `create` share: one NAME, one object made, sent or shown. */
import type { Sys } from '../../../sim/proc/program.ts';
import type { Outcome } from './failure.ts';
import { flagTable, type Flag } from './flags.ts';
import { withLastApplied } from './last-applied.ts';
import type { Obj } from './object.ts';
import { DRY_RUN, printFlags, reporter } from './output.ts';
import { createObject } from './send.ts';
import type { Kubectl } from './session.ts';
import type { Verb } from './verb.ts';

const shared: readonly Flag[] = [...flagTable(`
  save-config bool Store the object in its annotation, for a later kubectl apply.
  validate bool=true Check the input against the server's schema before sending it.
  !generator string The API generator to use.
`), ...DRY_RUN, ...printFlags];

export type Build = (k: Kubectl, name: string) => Sys<Outcome<Obj>>;

/** A subcommand that makes one object. */
export function maker(spec: Omit<Verb, 'flags' | 'run'> & { table?: string; more?: readonly Flag[] }, build: Build): Verb {
  const { table, more = [], ...verb } = spec;
  return {
    ...verb, flags: [...(table ? flagTable(table) : []), ...more, ...shared],
    run: function* run(k: Kubectl): Sys<number> {
      const args = k.flags.dash >= 0 ? k.args.slice(0, k.flags.dash) : k.args;
      if (args.length !== 1) return yield* k.fail(k.usage(`exactly one NAME is required, got ${args.length}`).failure);
      const obj = yield* build(k, args[0]!);
      return obj.ok ? yield* sendNew(k, obj.value) : yield* k.fail(obj.failure);
    },
  };
}

/** Creates what a generator has made, or shows it. The server is asked for its types in any case. */
export function* sendNew(k: Kubectl, made: Obj): Sys<number> {
  const say = yield* reporter(k, { typed: k.flags.bool('dry-run') });
  if (!say.ok) return yield* k.fail(say.failure);
  const api = yield* k.api();
  if (!api.ok) return yield* k.fail(api.failure);
  const type = yield* k.kind(made['apiVersion'], made['kind']);
  if (!type.ok) return yield* k.fail(type.failure);
  const { namespace, namespaceGiven } = api.value.config;
  let obj = k.flags.has('save-config') && k.flags.bool('save-config') ? withLastApplied(made) : made;
  if (k.flags.bool('dry-run')) {
    if (namespaceGiven && type.value.namespaced) obj = { ...obj, metadata: { ...obj['metadata'], namespace } };
  } else {
    const got = yield* createObject(api.value, { type: type.value, namespace: type.value.namespaced ? namespace : '', obj });
    if (!got.ok) return yield* k.fail(got.failure);
    obj = got.value;
  }
  const said = yield* say.value.say(obj, 'created');
  return said.ok ? 0 : yield* k.fail(said.failure);
}

export const meta = (name: string, labels?: Obj): Obj => ({ name, creationTimestamp: null, ...(labels ? { labels } : {}) });
// eslint-disable-next-line require-yield
export const pure = (build: (k: Kubectl, name: string) => Outcome<Obj>): Build => function* made(k, name) { return build(k, name); };
