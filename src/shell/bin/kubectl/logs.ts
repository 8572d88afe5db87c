/**
 * `kubectl logs`: one container's log, or several after or beside one another. Followers restart themselves,
 * so that their own history stays short.
 */
import { err, out } from '../../../sim/proc/libc.ts';
import type { Json, Start, Sys } from '../../../sim/proc/program.ts';
import { call, type Fd } from '../../../sim/proc/syscalls.ts';
import type { Api, Query } from './api.ts';
import { done, plain, type Failure, type Outcome } from './failure.ts';
import { flagTable } from './flags.ts';
import type { Obj } from './object.ts';
import type { Kubectl } from './session.ts';
import { parseTime } from './time.ts';
import type { Verb } from './verb.ts';
import { objectFor, podFor } from './workload.ts';

export const logs: Verb = {
  name: 'logs', group: 'Troubleshooting and Debugging Commands:', short: 'Print the logs for a container in a pod', usage: 'logs [-f] [-p] (POD | TYPE/NAME) [-c CONTAINER]',
  long: 'Print the logs for a container in a pod or specified resource. With only one container in the pod, its name may be left out.',
  examples: [['The log of pod nginx so far', 'kubectl logs nginx'], ['Of all its containers', 'kubectl logs nginx --all-containers=true'], ['Of all pods with a label', 'kubectl logs -lapp=nginx --all-containers=true'], ['Of the container that ended before this one', 'kubectl logs -p -c ruby web-1'],
    ['And what comes from now on', 'kubectl logs -f -c ruby web-1'], ['The last 20 lines', 'kubectl logs --tail=20 nginx'], ['The last hour', 'kubectl logs --since=1h nginx'], ['The first container of a job', 'kubectl logs job/hello'], ['One container of a deployment', 'kubectl logs deployment/nginx -c nginx-1']],
  flags: flagTable(`
    all-containers bool All containers of the pod.
    container,c string The container to print the log of
    follow,f bool Go on printing what is logged.
    !include-uninitialized bool Deprecated.
    limit-bytes int=0 Most bytes to print; all by default.
    max-log-requests int=5 How many logs to follow at the same time with a selector.
    pod-running-timeout duration=20s How long to wait until at least one pod runs
    previous,p bool The container's previous run, if there was one.
    selector,l string Labels to filter by.
    since duration=0s Only what is newer than this, as 5s, 2m or 3h. Either this or since-time.
    since-time string Only what is after this time (RFC3339). Either this or since.
    tail int=-1 The last lines only. All by default, 10 with a selector.
    timestamps bool Put its time before each line
  `),
  run,
};

const USAGE = "expected 'logs [-f] [-p] (POD | TYPE/NAME) [-c CONTAINER]'.\nPOD or TYPE/NAME is a required argument for the logs command";

interface Source { path: string; query: Query; what: string }
interface Resume { logging: { fd: Fd } }

function* run(k: Kubectl): Sys<number> {
  const resumed = k.start.mem as unknown as Resume | null;
  if (resumed?.logging) return yield* follow(resumed.logging.fd);
  const checked = yield* check(k);
  if (checked) return yield* k.fail(checked);
  const api = yield* k.api();
  if (!api.ok) return yield* k.fail(api.failure);
  const sources = yield* find(k, api.value);
  if (!sources.ok) return yield* k.fail(sources.failure);
  if (!k.flags.bool('follow')) {
    for (const source of sources.value) {
      const got = yield* api.value.raw(source.path, { query: source.query, accept: 'application/json, */*' });
      if (!got.ok) return yield* k.fail(got.failure);
      const { status, body } = got.value;
      if (status >= 300 || typeof body !== 'string') {
        const refused = yield* api.value.request(source.path, { query: source.query, accept: 'application/json, */*', what: source.what });
        if (!refused.ok) return yield* k.fail(refused.failure);
        continue;
      }
      yield* out(body);
    }
    return 0;
  }
  return yield* followAll(k, api.value, sources.value);
}

// eslint-disable-next-line require-yield
function* check(k: Kubectl): Sys<Failure | null> {
  const { flags, args } = k;
  const container = flags.str('container') || (args.length === 2 ? args[1]! : '');
  if (!args.length && !flags.str('selector')) return k.usage(USAGE).failure;
  if (args.length === 1 && flags.str('selector')) return k.usage('only a selector (-l) or a POD name is allowed').failure;
  if (args.length > 2) return k.usage(USAGE).failure;
  if (args.length === 2 && flags.str('container')) return k.usage('only one of -c or an inline [CONTAINER] arg is allowed').failure;
  if (flags.str('since-time') && flags.us('since') !== 0) return k.usage('at most one of `sinceTime` or `sinceSeconds` may be specified').failure;
  if (flags.str('since-time') && parseTime(flags.str('since-time')) === null) {
    return plain(`parsing time ${JSON.stringify(flags.str('since-time'))} as "2006-01-02T15:04:05Z07:00": cannot parse ${JSON.stringify(flags.str('since-time'))} as "2006"`).failure;
  }
  if (flags.bool('all-containers') && container) return plain(`--all-containers=true should not be specified with container name ${container}`).failure;
  if (flags.us('since') < 0) return plain('--since must be greater than 0').failure;
  if (flags.int('tail') < -1) return plain('--tail must be greater than or equal to -1').failure;
  if (flags.changed('limit-bytes') && flags.int('limit-bytes') <= 0) return plain('--limit-bytes must be greater than 0').failure;
  return null;
}

function queryOf(k: Kubectl, container: string): Query {
  const { flags } = k;
  const tail = flags.changed('tail') ? flags.int('tail') : flags.str('selector') ? 10 : -1;
  return {
    container, follow: flags.bool('follow') || undefined, previous: flags.bool('previous') || undefined, timestamps: flags.bool('timestamps') || undefined,
    sinceSeconds: flags.us('since') > 0 ? Math.ceil(flags.us('since') / 1e6) : undefined, sinceTime: flags.str('since-time') || undefined,
    tailLines: tail >= 0 ? tail : undefined, limitBytes: flags.int('limit-bytes') || undefined,
  };
}

/** The pods and containers whose logs are wanted. */
function* find(k: Kubectl, api: Api): Sys<Outcome<Source[]>> {
  const container = k.flags.str('container') || (k.args.length === 2 ? k.args[1]! : '');
  const selector = k.flags.str('selector');
  const pods: Obj[] = [];
  if (selector) {
    const list = yield* api.get(`/api/v1/namespaces/${api.config.namespace}/pods`, { labelSelector: selector }, 'list pods');
    if (!list.ok) return list;
    pods.push(...((list.value['items'] ?? []) as Obj[]));
    if (!pods.length) yield* err('No resources found.\n');
  } else {
    const obj = yield* objectFor(k, api, [k.args[0]!]);
    if (!obj.ok) return obj;
    const pod = yield* podFor(api, obj.value, { announce: true, timeoutUs: k.flags.us('pod-running-timeout'), what: 'get the logs from' });
    if (!pod.ok) return pod;
    pods.push(pod.value);
  }
  const out: Source[] = [];
  for (const pod of pods) {
    const names = k.flags.bool('all-containers') ? [...((pod['spec']?.initContainers ?? []) as Obj[]), ...((pod['spec']?.containers ?? []) as Obj[])].map((one) => String(one['name'])) : [container];
    const { name, namespace } = pod['metadata'] as { name: string; namespace: string };
    for (const one of names) out.push({ path: `/api/v1/namespaces/${namespace}/pods/${name}/log`, query: queryOf(k, one), what: `get pods ${name}` });
  }
  return done(out);
}

function* followAll(k: Kubectl, api: Api, sources: readonly Source[]): Sys<number> {
  const most = k.flags.int('max-log-requests');
  if (sources.length > 1 && sources.length > most) {
    return yield* k.fail(plain(`you are attempting to follow ${sources.length} log streams, but maximum allowed concurency is ${most}, use --max-log-requests to increase the limit`).failure);
  }
  const fds: Fd[] = [];
  for (const source of sources) {
    const stream = yield* api.stream(source.path, { query: source.query, accept: 'application/json, */*', what: source.what });
    if (!stream.ok) return yield* k.fail(stream.failure);
    const { response, fd } = stream.value;
    if (typeof response.body === 'string') yield* out(response.body);
    if (response.stream) fds.push(fd);
  }
  const [first, ...others] = fds;
  for (const fd of others) yield* call('thread', { entry: 'tail', event: { fd } });
  if (first !== undefined && !others.length) return yield* follow(first);
  if (first !== undefined) yield* pump(first);
  for (let left = others.length; left > 0;) {
    const ended = yield* call('memGet', { key: 'tails' });
    left = others.length - Number((ended.ok ? ended.value : null) ?? 0);
    if (left > 0) yield* call('park', { channel: 'tails' });
  }
  return 0;
}

const LINES_PER_RUN = 100;

/** Prints a stream to its end; true when it has come to it, false when it is time to start anew. */
function* pump(fd: Fd, most = Infinity): Sys<boolean> {
  for (let n = 0; n < most; n++) {
    const got = yield* call('recv', { fd });
    if (!got.ok || got.value === null) return true;
    const { data } = got.value;
    yield* out(typeof data === 'string' ? data : String((data as { data?: string } | null)?.data ?? ''));
  }
  return false;
}

function* follow(fd: Fd): Sys<number> {
  if (!(yield* pump(fd, LINES_PER_RUN))) yield* call('become', { mem: { logging: { fd } } as unknown as Json });
  return 0;
}

/** A thread that prints one more stream. */
export function* tail(start: Start): Sys<void> {
  const { fd } = start.event as unknown as { fd: Fd };
  if (!(yield* pump(fd, LINES_PER_RUN))) {
    yield* call('thread', { entry: 'tail', event: { fd } });
    return;
  }
  const ended = yield* call('memGet', { key: 'tails' });
  yield* call('memSet', { key: 'tails', value: Number((ended.ok ? ended.value : null) ?? 0) + 1 });
  yield* call('unpark', { channel: 'tails', value: null });
}
