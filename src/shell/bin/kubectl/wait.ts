/** `kubectl wait`: until a condition holds or an object is gone. */
import type { Sys } from '../../../sim/proc/program.ts';
import { fileFlags } from './create.ts';
import { isStatus, many, plain } from './failure.ts';
import { flagTable } from './flags.ts';
import type { Obj } from './object.ts';
import { reporter, printFlags } from './output.ts';
import { resolvePartly } from './resources.ts';
import { TIMED_OUT, until } from './send.ts';
import type { Kubectl } from './session.ts';
import type { Verb } from './verb.ts';

export const wait: Verb = {
  name: 'wait', group: 'Advanced Commands:', usage: 'wait resource.group/name [--for=delete|--for condition=available]', short: 'Experimental: Wait for a specific condition on one or many resources.',
  examples: [['Until a pod is ready', 'kubectl wait --for=condition=Ready pod/busybox1'], ['Until it is gone, at most 60s', 'kubectl delete pod/busybox1\nkubectl wait --for=delete pod/busybox1 --timeout=60s']],
  flags: [...flagTable(`
    all bool All objects of the types named, in the namespace
    all-namespaces,A bool Look in every namespace.
    field-selector string Fields to filter by.
    for string What to wait for: [delete|condition=condition-name].
    selector,l string Labels to filter by.
    timeout duration=30s How long to wait; zero checks once, negative waits a week.
  `), ...fileFlags, ...printFlags],
  run: runWait,
};

function* runWait(k: Kubectl): Sys<number> {
  const goal = k.flags.str('for');
  const condition = /^condition=([^=]+)(?:=(.+))?$/i.exec(goal);
  if (goal.toLowerCase() !== 'delete' && !condition) return yield* k.fail(plain(`unrecognized condition: ${JSON.stringify(goal)}`).failure);
  const say = yield* reporter(k);
  if (!say.ok) return yield* k.fail(say.failure);
  const { infos, failures } = yield* resolvePartly(k, k.args, { selector: k.flags.str('selector') || undefined, fieldSelector: k.flags.str('field-selector') || undefined, all: k.flags.bool('all'), allNamespaces: k.flags.bool('all-namespaces') });
  const left = condition ? failures : failures.filter((failure) => !isStatus(failure, 'NotFound'));
  if (left.length) return yield* k.fail(many(left));
  const api = yield* k.api();
  if (!api.ok) return yield* k.fail(api.failure);
  const timeout = k.flags.us('timeout');
  for (const info of infos) {
    const got = yield* until(api.value, info, timeout < 0 ? 0 : Math.max(timeout, 1), ({ type, object }) => (condition ? object !== null && type !== 'DELETED' && hasCondition(object, condition[1]!, condition[2] ?? 'true')
      : type === 'DELETED' || object === null || object['metadata']?.uid !== info.obj['metadata']?.uid));
    if (!got.ok) return yield* k.fail(got.failure.is === 'plain' && got.failure.text === TIMED_OUT ? plain(`${TIMED_OUT} on ${info.type.plural}/${info.name}`).failure : got.failure);
    const said = yield* say.value.say(got.value ?? info.obj, 'condition met');
    if (!said.ok) return yield* k.fail(said.failure);
  }
  return infos.length || !condition ? 0 : yield* k.fail(plain('no matching resources found').failure);
}

const hasCondition = (obj: Obj, name: string, value: string): boolean =>
  ((obj['status']?.conditions ?? []) as Obj[]).some((one) => String(one['type']).toLowerCase() === name.toLowerCase() && String(one['status']).toLowerCase() === value.toLowerCase());
