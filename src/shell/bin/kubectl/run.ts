/** `kubectl run`: a pod, a job or a deployment of one image, by the generators of 1.14; and attaching to it. */
import { err, out, sleep } from '../../../sim/proc/libc.ts';
import type { Sys } from '../../../sim/proc/program.ts';
import type { Api } from './api.ts';
import { parseAmounts } from './amounts.ts';
import { kindName } from './discovery.ts';
import { done, plain, type Outcome } from './failure.ts';
import { attachTo } from './exec.ts';
import { flagTable } from './flags.ts';
import { withLastApplied } from './last-applied.ts';
import type { Obj } from './object.ts';
import { DRY_RUN, printFlags, reporter, type Reporter } from './output.ts';
import { withCause } from './record.ts';
import { pump, type Remote } from './remote.ts';
import { createObject, deleteObject, untilGone } from './send.ts';
import type { Kubectl } from './session.ts';
import type { Verb } from './verb.ts';
import { podFor, untilRunning } from './workload.ts';

export const run: Verb = {
  name: 'run', group: 'Basic Commands (Beginner):', short: 'Run a particular image on the cluster', usage: 'run NAME --image=image [--env="key=value"] [--port=port] [--replicas=replicas] [--dry-run=bool] [--overrides=inline-json] [--command] -- [COMMAND] [args...]',
  long: 'Create and run a particular image, possibly replicated.\n\nMakes a deployment or a job to manage the containers.',
  examples: [['One instance of nginx', 'kubectl run nginx --image=nginx'], ['With port 5701', 'kubectl run hazelcast --image=hazelcast --port=5701'], ['With environment', 'kubectl run hazelcast --image=hazelcast --env="DNS_DOMAIN=cluster" --env="POD_NAMESPACE=default"'], ['Five of them', 'kubectl run nginx --image=nginx --replicas=5'],
    ['Only show what would be sent', 'kubectl run nginx --image=nginx --dry-run'], ['A pod with this terminal, which is not begun again when it ends', 'kubectl run -i -t busybox --image=busybox --restart=Never'], ['With a command of one\'s own', 'kubectl run nginx --image=nginx --command -- <cmd> <arg1> ... <argN>'],
    ['A job', "kubectl run pi --image=perl --restart=OnFailure -- perl -Mbignum=bpi -wle 'print bpi(2000)'"]],
  flags: [...flagTable(`
    attach bool Attach to the pod as 'kubectl attach ...' would. Default false, true with '-i/--stdin'.
    cascade bool=true With --rm: delete what the object owns as well.
    command bool The further arguments are the command and not its arguments.
    env strings Environment of the container
    expose bool Make a service as well
    !force bool -
    generator string The generator to use. Deprecated.
    !grace-period int=-1 -
    hostport int=-1 The port of the container on the host.
    image string The image of the container.
    image-pull-policy string When the image is pulled; left to the server if empty.
    labels,l string Labels of what is made, separated by commas.
    leave-stdin-open bool Leave stdin open after the first attach.
    limits string Limits, as 'cpu=200m,memory=512Mi'.
    overrides string JSON that is laid over the object.
    pod-running-timeout duration=1m0s How long to wait until at least one pod runs
    port string The port that the container serves.
    quiet bool Print no prompts.
    record bool Keep the command in an annotation.
    replicas,r int=1 How many containers. Default 1.
    requests string Requests, as 'cpu=100m,memory=256Mi'.
    restart string=Always Restart policy: Always (a deployment), OnFailure (a job) or Never (a pod).
    rm bool Delete what was made when it ends; only with --attach or -i.
    save-config bool Store the object in its annotation, for a later kubectl apply.
    schedule string Cron schedule of a job.
    service-generator string=service/v2 Generator of the service
    service-overrides string JSON that is laid over the service.
    serviceaccount string The pod's service account
    stdin,i bool Keep stdin open.
    !timeout duration=0s -
    tty,t bool Give the container a terminal.
    !wait bool -
  `), ...DRY_RUN, ...printFlags],
  run: runRun,
};

const GENERATORS: Readonly<Record<string, string>> = {
  'run-pod/v1': 'Pod', 'deployment/apps.v1': 'Deployment apps/v1', 'deployment/apps.v1beta1': 'Deployment apps/v1beta1', 'deployment/v1beta1': 'Deployment extensions/v1beta1',
  'job/v1': 'Job', 'cronjob/v1beta1': 'CronJob', 'run/v1': 'ReplicationController',
};

function* runRun(k: Kubectl): Sys<number> {
  const resumed = (k.start.mem as { remote?: Remote } | null)?.remote;
  if (resumed) return (yield* pump(resumed)).exit;
  const args = k.flags.dash >= 0 ? k.args.slice(0, k.flags.dash) : k.args.slice(0, 1);
  const command = k.flags.dash >= 0 ? k.args.slice(k.flags.dash) : k.args.slice(1);
  const problem = check(k, args);
  if (problem) return yield* k.fail(problem);
  const restart = k.flags.str('restart');
  const generator = k.flags.str('generator') || (k.flags.str('schedule') ? 'cronjob/v1beta1' : restart === 'Always' ? 'deployment/apps.v1' : restart === 'OnFailure' ? 'job/v1' : 'run-pod/v1');
  if (!GENERATORS[generator]) return yield* k.fail(k.usage(`generator ${JSON.stringify(generator)} not found`).failure);
  const types = yield* k.types();
  if (!types.ok) return yield* k.fail(types.failure);
  const obj = generate(k, args[0]!, command, generator);
  if (!obj.ok) return yield* k.fail(obj.failure);
  const say = yield* reporter(k, { typed: k.flags.bool('dry-run') });
  if (!say.ok) return yield* k.fail(say.failure);
  if (generator !== 'run-pod/v1') yield* err(`kubectl run --generator=${generator} is DEPRECATED and will be removed in a future version. Use kubectl run --generator=run-pod/v1 or kubectl create instead.\n`);
  return yield* send(k, obj.value, say.value);
}

function check(k: Kubectl, args: readonly string[]): ReturnType<typeof plain>['failure'] | null {
  const { flags } = k;
  if (args.length < 1) return k.usage('NAME is required for run').failure;
  if (flags.us('timeout') < 0) return plain('--timeout must not be negative').failure;
  if (!flags.str('image')) return plain('--image is required').failure;
  if (!/^[\w./:@-]+$/.test(flags.str('image'))) return plain(`Invalid image name ${JSON.stringify(flags.str('image'))}: invalid reference format`).failure;
  const interactive = flags.bool('stdin');
  if (flags.bool('tty') && !interactive) return k.usage('-i/--stdin is required for containers with -t/--tty=true').failure;
  if (flags.changed('replicas') && interactive && flags.int('replicas') !== 1) return k.usage(`-i/--stdin requires that replicas is 1, found ${flags.int('replicas')}`).failure;
  if (flags.bool('expose') && !flags.str('port')) return k.usage('--port must be set when exposing a service').failure;
  const restart = flags.str('restart');
  if (!['Always', 'OnFailure', 'Never'].includes(restart)) return k.usage(`invalid restart policy: ${restart}`).failure;
  if (restart !== 'Always' && flags.int('replicas') !== 1) return k.usage(`--restart=${restart} requires that --replicas=1, found ${flags.int('replicas')}`).failure;
  const attaching = flags.bool('attach') || interactive;
  if (flags.bool('rm') && !attaching) return k.usage('--rm should only be used for attached containers').failure;
  if (attaching && flags.bool('dry-run')) return k.usage("--dry-run can't be used with attached containers options (--attach, --stdin, or --tty)").failure;
  return null;
}

const pairs = (text: string): Obj => Object.fromEntries(text.split(',').filter(Boolean).map((pair) => [pair.split('=')[0]!, pair.split('=')[1] ?? '']));

function container(k: Kubectl, name: string, command: readonly string[]): Outcome<Obj> {
  const { flags } = k;
  const env: Obj[] = [];
  for (const one of flags.list('env')) {
    const at = one.indexOf('=');
    if (at <= 0) return plain(`invalid env: ${one}`);
    env.push({ name: one.slice(0, at), value: one.slice(at + 1) });
  }
  const [most, least] = [parseAmounts(flags.str('limits')), parseAmounts(flags.str('requests'))];
  if (!most.ok) return most;
  if (!least.ok) return least;
  const [limits, requests] = [most.value, least.value];
  const resources = { ...(Object.keys(limits).length ? { limits } : {}), ...(Object.keys(requests).length ? { requests } : {}) };
  const port = flags.str('port');
  if (port && !/^\d+$/.test(port)) return plain(`strconv.Atoi: parsing ${JSON.stringify(port)}: invalid syntax`);
  const hostPort = flags.int('hostport');
  if (hostPort > 0 && !port) return plain('--hostport requires --port to be specified');
  return done({
    name, image: flags.str('image'), ...(command.length ? { [flags.bool('command') ? 'command' : 'args']: command } : {}),
    ...(port ? { ports: [{ ...(hostPort > 0 ? { hostPort } : {}), containerPort: Number(port) }] } : {}), ...(env.length ? { env } : {}), resources,
    ...(flags.str('image-pull-policy') ? { imagePullPolicy: flags.str('image-pull-policy') } : {}),
    ...(flags.bool('stdin') ? { stdin: true } : {}), ...(flags.bool('stdin') && !flags.bool('leave-stdin-open') ? { stdinOnce: true } : {}), ...(flags.bool('tty') ? { tty: true } : {}),
  });
}

function generate(k: Kubectl, name: string, command: readonly string[], generator: string): Outcome<Obj> {
  const one = container(k, name, command);
  if (!one.ok) return one;
  const labels = k.flags.str('labels') ? pairs(k.flags.str('labels')) : { run: name };
  const restart = k.flags.str('restart');
  const account = k.flags.str('serviceaccount') ? { serviceAccountName: k.flags.str('serviceaccount') } : {};
  const metadata = { name, creationTimestamp: null, labels };
  const spec = { containers: [one.value], ...account };
  const template = { metadata: { creationTimestamp: null, labels }, spec };
  const [kind, apiVersion] = GENERATORS[generator]!.split(' ');
  const replicas = k.flags.int('replicas');
  let obj: Obj;
  if (kind === 'Pod') obj = { kind, apiVersion: 'v1', metadata, spec: { ...spec, restartPolicy: restart, dnsPolicy: 'ClusterFirst' }, status: {} };
  else if (kind === 'Deployment') obj = { kind, apiVersion, metadata, spec: { replicas, selector: { matchLabels: labels }, template, strategy: {} }, status: {} };
  else if (kind === 'ReplicationController') obj = { kind, apiVersion: 'v1', metadata, spec: { replicas, selector: labels, template }, status: { replicas: 0 } };
  else {
    const job = { template: { ...template, spec: { ...spec, restartPolicy: restart === 'Always' ? 'OnFailure' : restart } } };
    obj = kind === 'Job' ? { kind, apiVersion: 'batch/v1', metadata, spec: job, status: {} }
      : { kind, apiVersion: 'batch/v1beta1', metadata, spec: { schedule: k.flags.str('schedule'), concurrencyPolicy: 'Allow', jobTemplate: { metadata: { creationTimestamp: null }, spec: job } }, status: {} };
  }
  return overlaid(obj, k.flags.str('overrides'));
}

function overlaid(obj: Obj, overrides: string): Outcome<Obj> {
  if (!overrides) return done(obj);
  try {
    return done(lay(obj, JSON.parse(overrides) as unknown) as Obj);
  } catch { return plain(`Invalid JSON Patch: ${overrides}`); }
}

/** A JSON merge patch. */
function lay(base: unknown, over: unknown): unknown {
  if (typeof over !== 'object' || over === null || Array.isArray(over)) return over;
  const out: Obj = typeof base === 'object' && base !== null && !Array.isArray(base) ? { ...base } : {};
  for (const [key, value] of Object.entries(over)) if (value === null) delete out[key]; else out[key] = lay(out[key], value);
  return out;
}

function serviceOf(k: Kubectl, obj: Obj): Obj {
  const selector = obj['metadata'].labels as Obj;
  const port = Number(k.flags.str('port'));
  return { kind: 'Service', apiVersion: 'v1', metadata: { name: obj['metadata'].name, creationTimestamp: null }, spec: { ports: [{ protocol: 'TCP', port, targetPort: port }], selector }, status: { loadBalancer: {} } };
}

function* send(k: Kubectl, made: Obj, say: Reporter): Sys<number> {
  const api = yield* k.api();
  if (!api.ok) return yield* k.fail(api.failure);
  const dry = k.flags.bool('dry-run');
  const attaching = k.flags.bool('attach') || (k.flags.bool('stdin') && !k.flags.changed('attach'));
  const { namespace } = api.value.config;
  const all = [made, ...(k.flags.bool('expose') ? [serviceOf(k, made)] : [])];
  const sent: Obj[] = [];
  for (const obj of all) {
    const type = yield* k.kind(obj['apiVersion'], obj['kind']);
    if (!type.ok) return yield* k.fail(type.failure);
    const got = dry ? done(obj) : yield* createObject(api.value, { type: type.value, namespace, obj: k.flags.bool('save-config') ? withLastApplied(withCause(k, obj)) : withCause(k, obj) });
    if (!got.ok) return yield* k.fail(got.failure);
    sent.push(got.value);
  }
  if (!attaching) {
    for (const obj of [...sent].reverse()) {
      const said = yield* say.say(obj, 'created');
      if (!said.ok) return yield* k.fail(said.failure);
    }
    return 0;
  }
  return yield* attached(k, api.value, sent);
}

/** Waits for the pod, joins it, tells how it ended, and deletes it with --rm. */
function* attached(k: Kubectl, api: Api, sent: readonly Obj[]): Sys<number> {
  const [obj] = sent;
  const timeoutUs = k.flags.us('pod-running-timeout');
  const pod = yield* podFor(api, obj!, { announce: false, timeoutUs, what: 'attach to' });
  if (!pod.ok) return yield* k.fail(pod.failure);
  const running = yield* untilRunning(k, api, pod.value, timeoutUs);
  if (!running.ok) return yield* k.fail(running.failure);
  let status = 0;
  if (['Succeeded', 'Failed'].includes(running.value['status']?.phase)) {
    const log = yield* api.raw(`/api/v1/namespaces/${running.value['metadata'].namespace}/pods/${running.value['metadata'].name}/log`, {});
    if (log.ok && typeof log.value.body === 'string') yield* out(log.value.body);
  } else {
    const joined = yield* attachTo(api, running.value, { stdin: k.flags.bool('stdin'), tty: k.flags.bool('tty'), container: '', command: 'kubectl attach', quiet: k.flags.bool('quiet') });
    if (!joined.ok) return yield* k.fail(joined.failure);
    status = joined.value;
  }
  if (k.flags.str('restart') !== 'Always' && !k.flags.bool('leave-stdin-open')) status = yield* exitOf(k, api, running.value);
  if (k.flags.bool('rm')) yield* remove(k, api, sent);
  return status;
}

/** A pod that is not begun again has an exit code of its own. */
function* exitOf(k: Kubectl, api: Api, pod: Obj): Sys<number> {
  const { name, namespace } = pod['metadata'] as { name: string; namespace: string };
  for (let tries = 0; tries < 60; tries++) {
    const got = yield* api.get(`/api/v1/namespaces/${namespace}/pods/${name}`);
    if (!got.ok) return yield* k.fail(got.failure);
    const phase = got.value['status']?.phase;
    if (phase === 'Succeeded') return 0;
    if (phase === 'Failed') {
      const ended = ((got.value['status'].containerStatuses ?? []) as Obj[]).map((one) => one['state']?.terminated).find((one) => one?.exitCode);
      if (!ended) return yield* k.fail(plain(`pod ${namespace}/${name} failed with unknown exit code`).failure);
      yield* err(`pod ${namespace}/${name} terminated (${ended.reason ?? 'Error'})\n${ended.message ? `${ended.message}\n` : ''}`);
      return Number(ended.exitCode);
    }
    yield* sleep(1_000_000);
  }
  return 0;
}

function* remove(k: Kubectl, api: Api, sent: readonly Obj[]): Sys<void> {
  for (const obj of sent) {
    const type = yield* k.kind(obj['apiVersion'], obj['kind']);
    if (!type.ok) continue;
    const { name, namespace = '' } = obj['metadata'] as { name: string; namespace?: string };
    const gone = yield* deleteObject(api, type.value, namespace, name, { propagationPolicy: 'Background' });
    if (!gone.ok) { yield* k.fail(gone.failure); continue; }
    yield* out(`${kindName(type.value)} ${JSON.stringify(name)} deleted\n`);
    yield* untilGone(api, { type: type.value, namespace, name }, String(obj['metadata'].uid ?? ''), 0);
  }
}
