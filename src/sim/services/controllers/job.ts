/**
 * Jobs: pods that run until enough of them have succeeded; and CronJobs, which make jobs by the clock.
 * pkg/controller/{job,cronjob} v1.14.
 */
import type { Sys } from '../../proc/program.ts';
import { equal } from '../../kube/equal.ts';
import { nextTime, parseSchedule } from '../../kube/cron.ts';
import { api } from '../../kube/client.ts';
import { condition, isActive, key } from '../../kube/pods.ts';
import { pathOf } from '../../kube/kinds.ts';
import { selects } from '../../kube/selectors.ts';
import { parseTime, rfc3339 } from '../../kube/time.ts';
import type { Condition, CronJob, Job, Pod } from '../../kube/types.ts';
import { refTo } from '../../kube/recorder.ts';
import { type Controller, create, type Env, type Outcome, remove, tell, update } from './framework.ts';
import { claim, createPod, deletePod, ownedBy, podFrom } from './pods.ts';
import { podOwners } from './replicaset.ts';

const GV = 'batch/v1';
/** Pause after a failed pod, doubled each time. */
const BACKOFF_US = 10_000_000;
const BACKOFF_MAX_US = 360_000_000;

const isDone = (job: Job): boolean => (job.status?.conditions ?? []).some((c) => (c.type === 'Complete' || c.type === 'Failed') && c.status === 'True');
const restarts = (pods: readonly Pod[]): number => pods.reduce((n, p) => n + [...(p.status?.containerStatuses ?? []), ...(p.status?.initContainerStatuses ?? [])].reduce((m, c) => m + c.restartCount, 0), 0);

function* sync(id: string, env: Env): Sys<Outcome> {
  const job = env.caches['jobs']![id] as Job | undefined;
  if (!job || isDone(job)) return;
  const pods = yield* claim(env, job, job.spec.selector);
  const active = pods.filter(isActive);
  const succeeded = pods.filter((p) => p.status?.phase === 'Succeeded').length;
  const failed = pods.filter((p) => p.status?.phase === 'Failed').length;
  const start = job.status?.startTime ?? rfc3339(env.now);
  const limit = job.spec.backoffLimit ?? 6;
  const deadline = job.spec.activeDeadlineSeconds;
  const elapsed = env.now - (parseTime(start) ?? env.now);
  const fault = failed > limit || (job.spec.template.spec.restartPolicy === 'OnFailure' && restarts(pods) > 0 && restarts(pods) >= limit) ? ['BackoffLimitExceeded', 'Job has reached the specified backoff limit'] as const
    : deadline !== undefined && elapsed >= deadline * 1_000_000 ? ['DeadlineExceeded', 'Job was active longer than specified deadline'] as const : null;
  const wanted = job.spec.completions;
  const complete = wanted === undefined ? succeeded > 0 && active.length === 0 : succeeded >= wanted;
  let count = active.length;
  let waitUs: number | null = deadline === undefined ? null : deadline * 1_000_000 - elapsed;
  if (fault) {
    for (const pod of active) yield* deletePod(env, job, pod);
    yield* tell(env, job, 'Warning', fault[0], fault[1]);
    count = 0;
  } else if (!job.metadata.deletionTimestamp && !complete) {
    const got = yield* manage(env, job, pods, active, succeeded, failed);
    if (got === 'retry') return 'retry';
    count = got.active;
    if (got.waitUs !== null) waitUs = Math.min(waitUs ?? got.waitUs, got.waitUs);
  }
  const stamp = rfc3339(env.now);
  const make = (type: string, reason?: string, message?: string): Condition => ({ type, status: 'True', lastProbeTime: stamp, lastTransitionTime: stamp, ...(reason ? { reason, message } : {}) });
  const conditions = fault ? [...(job.status?.conditions ?? []), make('Failed', fault[0], fault[1])] : complete ? [...(job.status?.conditions ?? []), make('Complete')] : job.status?.conditions;
  const status = {
    ...(conditions ? { conditions } : {}), startTime: start, ...(complete && !fault ? { completionTime: stamp } : {}),
    ...(count && !complete ? { active: count } : {}), ...(succeeded ? { succeeded } : {}), ...(failed + (fault ? active.length : 0) ? { failed: failed + (fault ? active.length : 0) } : {}),
  };
  if (!equal(status, job.status)) {
    const done = yield* update(env, GV, 'jobs', { ...job, status }, 'status');
    if (!done.ok && done.status !== 404) return 'retry';
  }
  if (!fault && !complete && waitUs !== null) return { afterUs: waitUs };
}

function* manage(env: Env, job: Job, pods: readonly Pod[], active: readonly Pod[], succeeded: number, failed: number): Sys<{ active: number; waitUs: number | null } | 'retry'> {
  const parallel = job.spec.parallelism ?? 1;
  const { completions } = job.spec;
  const want = completions === undefined ? (succeeded > 0 ? active.length : parallel) : Math.min(parallel, completions - succeeded);
  if (active.length > want) {
    for (const pod of active.slice(want)) yield* deletePod(env, job, pod);
    return { active: want, waitUs: null };
  }
  if (active.length === want) return { active: want, waitUs: null };
  if (failed) {
    const last = Math.max(...pods.filter((p) => p.status?.phase === 'Failed').map((p) => parseTime(p.status?.containerStatuses?.[0]?.state.terminated?.finishedAt) ?? parseTime(p.metadata.creationTimestamp) ?? 0));
    const left = last + Math.min(BACKOFF_MAX_US, BACKOFF_US * 2 ** (failed - 1)) - env.now;
    if (left > 0) return { active: active.length, waitUs: left };
  }
  for (let n = active.length; n < want; n++) {
    const done = yield* createPod(env, job, podFrom(job.spec.template, job));
    if (!done.ok) return 'retry';
  }
  return { active: want, waitUs: null };
}

export const jobs: Controller = {
  name: 'job', source: 'job-controller', reads: ['jobs', 'pods'],
  affected: (change, caches) => (change.resource === 'jobs' ? [key(change.obj)] : podOwners(change, caches, 'jobs', 'Job', (o, labels) => selects((o as Job).spec.selector, labels))),
  sync,
};

// ---- by the clock

/** More missed starts than this and it gives up (cronjob/utils.go). */
const MISSED_MAX = 100;

function* syncCron(id: string, env: Env): Sys<Outcome> {
  const cron = env.caches['cronjobs']![id] as CronJob | undefined;
  if (!cron || cron.metadata.deletionTimestamp) return;
  const mine = ownedBy<Job>(env.caches['jobs']!, cron.metadata.uid!);
  const running = mine.filter((j) => !isDone(j));
  for (const ref of cron.status?.active ?? []) {
    const job = mine.find((j) => j.metadata.uid === ref.uid);
    if (job && isDone(job)) yield* tell(env, cron, 'Normal', 'SawCompletedJob', `Saw completed job: ${job.metadata.name}`);
  }
  yield* history(env, cron, mine);
  const parsed = parseSchedule(cron.spec.schedule);
  if (!parsed.ok || cron.spec.suspend) return yield* note(env, cron, running, cron.status?.lastScheduleTime);
  const since = parseTime(cron.status?.lastScheduleTime) ?? parseTime(cron.metadata.creationTimestamp) ?? env.now;
  let due: number | null = null;
  let missed = 0;
  for (let t = nextTime(parsed.value, since); t !== null && t <= env.now && missed <= MISSED_MAX; t = nextTime(parsed.value, t)) { due = t; missed++; }
  let started = cron.status?.lastScheduleTime;
  if (missed > MISSED_MAX) yield* tell(env, cron, 'Warning', 'FailedNeedsStart', 'Cannot determine if job needs to be started: Too many missed start time (> 100). Set or decrease .spec.startingDeadlineSeconds or check clock skew.');
  else if (due !== null) {
    const late = cron.spec.startingDeadlineSeconds !== undefined && env.now - due > cron.spec.startingDeadlineSeconds * 1_000_000;
    if (late) yield* tell(env, cron, 'Warning', 'MissSchedule', `Missed scheduled time to start a job: ${rfc3339(due)}`);
    else if (!(cron.spec.concurrencyPolicy === 'Forbid' && running.length)) {
      if (cron.spec.concurrencyPolicy === 'Replace') for (const job of running) yield* remove(env, GV, 'jobs', job, { policy: 'Background' });
      const done = yield* begin(env, cron, due);
      if (done === null) return 'retry';
      running.push(done);
      started = rfc3339(due);
    }
  }
  const failed = yield* note(env, cron, running, started);
  if (failed) return failed;
  const next = nextTime(parsed.value, env.now);
  if (next !== null) return { afterUs: next - env.now + 500_000 };
}

function* begin(env: Env, cron: CronJob, due: number): Sys<Job | null> {
  const { jobTemplate } = cron.spec;
  const name = `${cron.metadata.name}-${Math.floor(due / 1_000_000)}`;
  const done = yield* create(env, GV, 'jobs', {
    kind: 'Job', apiVersion: GV, spec: jobTemplate.spec,
    metadata: { name, namespace: cron.metadata.namespace!, ...(jobTemplate.metadata?.labels ? { labels: jobTemplate.metadata.labels } : {}), ...(jobTemplate.metadata?.annotations ? { annotations: jobTemplate.metadata.annotations } : {}), ownerReferences: [{ apiVersion: 'batch/v1beta1', kind: 'CronJob', name: cron.metadata.name, uid: cron.metadata.uid!, controller: true, blockOwnerDeletion: true }] },
  });
  if (done.ok) {
    yield* tell(env, cron, 'Normal', 'SuccessfulCreate', `Created job ${name}`);
    return done.obj as Job;
  }
  if (done.reason === 'AlreadyExists') {
    const there = yield* api(env.api, 'GET', pathOf(GV, 'jobs', cron.metadata.namespace, name));
    return there.ok ? (there.body as unknown as Job) : null;
  }
  yield* tell(env, cron, 'Warning', 'FailedCreate', `Error creating job: ${done.message}`);
  return null;
}

function* history(env: Env, cron: CronJob, mine: readonly Job[]): Sys<void> {
  const ended = (type: string): Job[] => mine.filter((j) => condition(j.status?.conditions, type)?.status === 'True').sort((a, b) => (parseTime(a.status?.startTime) ?? 0) - (parseTime(b.status?.startTime) ?? 0));
  for (const [list, keep] of [[ended('Complete'), cron.spec.successfulJobsHistoryLimit ?? 3], [ended('Failed'), cron.spec.failedJobsHistoryLimit ?? 1]] as const) {
    for (const job of list.slice(0, Math.max(0, list.length - keep))) {
      const done = yield* remove(env, GV, 'jobs', job, { policy: 'Background' });
      if (done.ok) yield* tell(env, cron, 'Normal', 'SuccessfulDelete', `Deleted job ${job.metadata.name}`);
    }
  }
}

function* note(env: Env, cron: CronJob, running: readonly Job[], started: string | undefined): Sys<Outcome> {
  const active = running.map((j) => refTo({ ...j, apiVersion: GV }));
  const same = equal(active.map((a) => a.uid), (cron.status?.active ?? []).map((a) => a.uid)) && started === cron.status?.lastScheduleTime;
  if (same) return;
  const done = yield* update(env, 'batch/v1beta1', 'cronjobs', { ...cron, status: { ...(active.length ? { active } : {}), ...(started ? { lastScheduleTime: started } : {}) } }, 'status');
  return done.ok || done.status === 404 ? undefined : 'retry';
}

export const cronJobs: Controller = {
  name: 'cronjob', source: 'cronjob-controller', reads: ['cronjobs', 'jobs'],
  affected: ({ resource, obj }) => {
    if (resource === 'cronjobs') return [key(obj)];
    const owner = obj.metadata.ownerReferences?.find((o) => o.controller && o.kind === 'CronJob');
    return owner ? [`${obj.metadata.namespace}/${owner.name}`] : [];
  },
  sync: syncCron,
};
