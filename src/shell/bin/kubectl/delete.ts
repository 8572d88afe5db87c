/** `kubectl delete`: asks the server to delete, says so, and waits until it is done. */
import { err, out } from '../../../sim/proc/libc.ts';
import type { Sys } from '../../../sim/proc/program.ts';
import { fileFlags } from './create.ts';
import { kindName, type ResourceType } from './discovery.ts';
import { done, isStatus, many, plain, type Failure, type Outcome } from './failure.ts';
import { flagTable } from './flags.ts';
import { choiceOf } from './get.ts';
import type { Obj } from './object.ts';
import { fetchAllOf, filesOf, fromFiles, listQuery, NOTHING_GIVEN, targets } from './resources.ts';
import { deleteObject, untilGone, withSource, type DeleteOptions } from './send.ts';
import type { Kubectl } from './session.ts';
import type { Verb } from './verb.ts';

export const del: Verb = {
  name: 'delete', group: 'Basic Commands (Intermediate):', suggestFor: ['rm'], short: 'Delete resources by filenames, stdin, resources and names, or by resources and label selector',
  usage: 'delete ([-f FILENAME] | [-k DIRECTORY] | TYPE [(NAME | -l label | --all)])',
  long: 'Delete resources by filenames, stdin, resources and names, or by resources and label selector.\n\nSome kinds end gracefully and take their time; --grace-period shortens it, --now sets it to 1 second. With --force and a grace period of 0 the object goes from the API at once, though what it stands for may go on running: do so only when you are sure that it has ended.\n\nDelete does not look at resource versions: a change that somebody else makes at the same moment is lost with the object.',
  examples: [['What pod.json names', 'kubectl delete -f ./pod.json'], ['What comes on stdin', 'cat pod.json | kubectl delete -f -'], ['Pods and services named baz and foo', 'kubectl delete pod,service baz foo'],
    ['By label', 'kubectl delete pods,services -l name=myLabel'], ['With a short delay', 'kubectl delete pod foo --now'], ['A pod on a dead node', 'kubectl delete pod foo --grace-period=0 --force'], ['All pods', 'kubectl delete pods --all']],
  flags: [...flagTable(`
    all bool Delete all objects of the types named, in the namespace.
    all-namespaces,A bool Look in every namespace.
    cascade bool=true Delete what the object owns as well (e.g. the pods of a ReplicationController).
    field-selector string Fields to filter by.
    force bool Take the object out of the API at once; only with --grace-period=0.
    grace-period int=-1 Seconds for the object to end; negative: its own. 0 only with --force.
    ignore-not-found bool What does not exist is no failure. Default with --all.
    !include-uninitialized bool Deprecated.
    now bool End at once (the same as --grace-period=1).
    output,o string Output mode: name.
    selector,l string Labels to filter by, not uninitialized ones.
    timeout duration=0s How long to wait; zero waits for as long as it takes.
    wait bool=true Wait until the objects are gone.
  `), ...fileFlags],
  run,
};

interface Doomed { type: ResourceType; namespace: string; name: string; source: string }

const FORCED = 'warning: Immediate deletion does not wait for confirmation that the running resource has been terminated. The resource may continue to run on the cluster indefinitely.\n';

function* run(k: Kubectl): Sys<number> {
  const { flags } = k;
  const choice = { ...choiceOf(k), bare: false, all: flags.bool('all') };
  if (choice.all && (choice.selector || choice.fieldSelector)) return yield* k.fail(plain("setting 'all' parameter but found a non empty selector. ").failure);
  const output = flags.str('output');
  if (output && output !== 'name') return yield* k.fail(k.usage(`unexpected -o output mode: ${output}. We only support '-o name'`).failure);
  const files = filesOf(k);
  if (!k.args.length && !files.length) return yield* k.fail(plain(NOTHING_GIVEN).failure);
  if (flags.bool('now') && flags.int('grace-period') !== -1) return yield* k.fail(plain('--now and --grace-period cannot be specified together').failure);
  let grace = flags.bool('now') ? 1 : flags.changed('grace-period') ? flags.int('grace-period') : -1;
  const force = flags.bool('force');
  const doomed = yield* find(k, files, choice);
  if (!doomed.ok) return yield* k.fail(doomed.failure);
  if (force && grace === 0) yield* err(FORCED);
  else if (force && grace > 0) yield* err('warning: --force is ignored because --grace-period is not 0.\n');
  else if (grace === 0) grace = 1; // --grace-period=0 alone does not mean what people think: it is 1
  else if (force) { grace = 0; yield* err(FORCED); }
  return yield* deleteAll(k, doomed.value, { ...(grace >= 0 ? { gracePeriodSeconds: grace } : {}), propagationPolicy: flags.bool('cascade') ? 'Background' : 'Orphan' });
}

function* find(k: Kubectl, files: readonly string[], choice: ReturnType<typeof choiceOf>): Sys<Outcome<Doomed[]>> {
  if (files.length) return yield* fromFiles(k, files, { check: false });
  const wanted = yield* targets(k, k.args, choice);
  if (!wanted.ok) return wanted;
  const api = yield* k.api();
  if (!api.ok) return api;
  const out: Doomed[] = [];
  for (const { type, namespace, name } of wanted.value) {
    if (name !== null) { out.push({ type, namespace, name, source: '' }); continue; }
    const all = yield* fetchAllOf(api.value, type, namespace, listQuery(choice), `list ${type.plural}`);
    if (!all.ok) return all;
    out.push(...all.value);
  }
  return done(out);
}

function* deleteAll(k: Kubectl, doomed: readonly Doomed[], options: DeleteOptions): Sys<number> {
  const api = yield* k.api();
  if (!api.ok) return yield* k.fail(api.failure);
  const tolerant = k.flags.bool('ignore-not-found') || k.flags.bool('all');
  const failures: Failure[] = [];
  const waiting: { one: Doomed; uid: string }[] = [];
  let found = 0;
  for (const one of doomed) {
    const got = yield* deleteObject(api.value, one.type, one.namespace, one.name, options);
    if (!got.ok) {
      if (!(tolerant && isStatus(got.failure, 'NotFound'))) failures.push(withSource('deleting', one.source, got.failure));
      if (got.failure.is === 'transport') break;
      continue;
    }
    found++;
    waiting.push({ one, uid: uidOf(got.value) });
    yield* out(k.flags.str('output') === 'name' ? `${kindName(one.type)}/${one.name}\n` : `${kindName(one.type)} ${JSON.stringify(one.name)} ${options.gracePeriodSeconds === 0 ? 'force deleted' : 'deleted'}\n`);
  }
  if (failures.length) return yield* k.fail(many(failures));
  if (!found) { yield* out('No resources found\n'); return 0; }
  if (!k.flags.bool('wait')) return 0;
  for (const { one, uid } of waiting) {
    const gone = yield* untilGone(api.value, one, uid, k.flags.us('timeout'));
    if (!gone.ok) return yield* k.fail(gone.failure);
  }
  return 0;
}

const uidOf = (answer: Obj): string => String(answer['kind'] === 'Status' ? answer['details']?.uid ?? '' : answer['metadata']?.uid ?? '');
