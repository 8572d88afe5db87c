/**
 * `describe` of what runs pods: deployments, replica sets, daemon sets, stateful sets, jobs, cron jobs. Pure;
 * pods, replica sets and events come from the caller.
 */
import { goDuration, parseTime } from '../../../sim/kube/time.ts';
import { describeTemplate } from './describe-pod.ts';
import { bool, when, type Page } from './page.ts';
import { formatLabels, formatSelector, same, type Obj } from './object.ts';

const list = (value: unknown): readonly Obj[] => (Array.isArray(value) ? (value as Obj[]) : []);
const or = (value: unknown, otherwise: number): number => (typeof value === 'number' ? value : otherwise);

/** Pods by phase; null when they could not be fetched. */
export type Pods = readonly Obj[] | string;

function phases(pods: readonly Obj[]): Record<'Running' | 'Pending' | 'Succeeded' | 'Failed', number> {
  const count = { Running: 0, Pending: 0, Succeeded: 0, Failed: 0 };
  for (const pod of pods) {
    const phase = pod['status']?.phase as keyof typeof count;
    if (phase in count) count[phase]++;
  }
  return count;
}

function podsStatus(page: Page, pods: Pods): void {
  if (typeof pods === 'string') { page.line(0, `Pods Status:\terror in fetching pods: ${pods}`); return; }
  const count = phases(pods);
  page.line(0, `Pods Status:\t${count.Running} Running / ${count.Pending} Waiting / ${count.Succeeded} Succeeded / ${count.Failed} Failed`);
}

/** The template without what tells one replica set of a deployment from another. */
function bare(template: Obj): Obj {
  const labels: Obj = { ...template['metadata']?.labels };
  delete labels['pod-template-hash'];
  return { ...template, metadata: { ...template['metadata'], labels } };
}

export function describeDeployment(page: Page, obj: Obj, sets: readonly Obj[] | null, events: readonly Obj[] | null): void {
  const spec = (obj['spec'] ?? {}) as Obj;
  const status = (obj['status'] ?? {}) as Obj;
  page.line(0, `Name:\t${obj['metadata'].name}`);
  page.line(0, `Namespace:\t${obj['metadata'].namespace ?? ''}`);
  page.line(0, `CreationTimestamp:\t${when(obj['metadata'].creationTimestamp)}`);
  page.labels('Labels', obj['metadata'].labels);
  page.annotations('Annotations', obj['metadata'].annotations);
  page.line(0, `Selector:\t${formatSelector(spec['selector'])}`);
  page.line(0, `Replicas:\t${or(spec['replicas'], 1)} desired | ${or(status['updatedReplicas'], 0)} updated | ${or(status['replicas'], 0)} total | ${or(status['availableReplicas'], 0)} available | ${or(status['unavailableReplicas'], 0)} unavailable`);
  page.line(0, `StrategyType:\t${spec['strategy']?.type ?? 'RollingUpdate'}`);
  page.line(0, `MinReadySeconds:\t${or(spec['minReadySeconds'], 0)}`);
  const rolling = spec['strategy']?.rollingUpdate;
  if (rolling) page.line(0, `RollingUpdateStrategy:\t${rolling.maxUnavailable} max unavailable, ${rolling.maxSurge} max surge`);
  describeTemplate(page, spec['template']);
  page.conditions(list(status['conditions']));
  if (sets) {
    const owned = sets.filter((set) => list(set['metadata']?.ownerReferences).some((owner) => owner['controller'] && owner['uid'] === obj['metadata'].uid));
    const current = owned.find((set) => same(bare(set['spec'].template), bare(spec['template'])));
    const shown = (some: readonly Obj[]): string => some.map((set) => `${set['metadata'].name} (${or(set['status']?.replicas, 0)}/${or(set['spec'].replicas, 1)} replicas created)`).join(', ') || '<none>';
    page.line(0, `OldReplicaSets:\t${shown(owned.filter((set) => set !== current && or(set['spec'].replicas, 0) !== 0))}`);
    page.line(0, `NewReplicaSet:\t${shown(current ? [current] : [])}`);
  }
  page.events(events);
}

export function describeReplicaSet(page: Page, obj: Obj, pods: Pods, events: readonly Obj[] | null): void {
  const spec = (obj['spec'] ?? {}) as Obj;
  page.line(0, `Name:\t${obj['metadata'].name}`);
  page.line(0, `Namespace:\t${obj['metadata'].namespace ?? ''}`);
  page.line(0, `Selector:\t${obj['kind'] === 'ReplicationController' ? formatLabels(spec['selector']) : formatSelector(spec['selector'])}`);
  page.labels('Labels', obj['metadata'].labels);
  page.annotations('Annotations', obj['metadata'].annotations);
  if (obj['kind'] !== 'ReplicationController') page.controller(obj);
  page.line(0, `Replicas:\t${or(obj['status']?.replicas, 0)} current / ${or(spec['replicas'], 1)} desired`);
  podsStatus(page, pods);
  describeTemplate(page, spec['template']);
  page.conditions(list(obj['status']?.conditions));
  page.events(events);
}

export function describeDaemonSet(page: Page, obj: Obj, pods: Pods, events: readonly Obj[] | null): void {
  const status = (obj['status'] ?? {}) as Obj;
  const template = obj['spec']?.template;
  page.line(0, `Name:\t${obj['metadata'].name}`);
  page.line(0, `Selector:\t${formatSelector(obj['spec']?.selector)}`);
  page.line(0, `Node-Selector:\t${formatLabels(template?.spec?.nodeSelector)}`);
  page.labels('Labels', obj['metadata'].labels);
  page.annotations('Annotations', obj['metadata'].annotations);
  page.line(0, `Desired Number of Nodes Scheduled: ${or(status['desiredNumberScheduled'], 0)}`);
  page.line(0, `Current Number of Nodes Scheduled: ${or(status['currentNumberScheduled'], 0)}`);
  page.line(0, `Number of Nodes Scheduled with Up-to-date Pods: ${or(status['updatedNumberScheduled'], 0)}`);
  page.line(0, `Number of Nodes Scheduled with Available Pods: ${or(status['numberAvailable'], 0)}`);
  page.line(0, `Number of Nodes Misscheduled: ${or(status['numberMisscheduled'], 0)}`);
  podsStatus(page, pods);
  describeTemplate(page, template);
  page.events(events);
}

export function describeStatefulSet(page: Page, obj: Obj, pods: Pods, events: readonly Obj[] | null): void {
  const spec = (obj['spec'] ?? {}) as Obj;
  page.line(0, `Name:\t${obj['metadata'].name}`);
  page.line(0, `Namespace:\t${obj['metadata'].namespace ?? ''}`);
  page.line(0, `CreationTimestamp:\t${when(obj['metadata'].creationTimestamp)}`);
  page.line(0, `Selector:\t${formatSelector(spec['selector'])}`);
  page.labels('Labels', obj['metadata'].labels);
  page.annotations('Annotations', obj['metadata'].annotations);
  page.line(0, `Replicas:\t${or(spec['replicas'], 1)} desired | ${or(obj['status']?.replicas, 0)} total`);
  page.line(0, `Update Strategy:\t${spec['updateStrategy']?.type ?? 'RollingUpdate'}`);
  const partition = spec['updateStrategy']?.rollingUpdate?.partition;
  if (partition !== undefined) page.line(1, `Partition:\t${partition}`);
  podsStatus(page, pods);
  describeTemplate(page, spec['template']);
  const claims = list(spec['volumeClaimTemplates']);
  page.line(0, claims.length ? 'Volume Claims:' : 'Volume Claims:\t<none>');
  for (const claim of claims) {
    page.line(1, `Name:\t${claim['metadata']?.name}`);
    page.line(1, `StorageClass:\t${claim['spec']?.storageClassName ?? ''}`);
    page.labels('  Labels', claim['metadata']?.labels);
    page.annotations('  Annotations', claim['metadata']?.annotations);
    page.line(1, `Capacity:\t${claim['spec']?.resources?.requests?.storage ?? '<default>'}`);
    page.line(1, `Access Modes:\t[${list(claim['spec']?.accessModes).join(' ')}]`);
  }
  page.events(events);
}

export function describeJob(page: Page, obj: Obj, events: readonly Obj[] | null): void {
  const spec = (obj['spec'] ?? {}) as Obj;
  const status = (obj['status'] ?? {}) as Obj;
  page.line(0, `Name:\t${obj['metadata'].name}`);
  page.line(0, `Namespace:\t${obj['metadata'].namespace ?? ''}`);
  page.line(0, `Selector:\t${formatSelector(spec['selector'])}`);
  page.labels('Labels', obj['metadata'].labels);
  page.annotations('Annotations', obj['metadata'].annotations);
  page.controller(obj);
  page.line(0, `Parallelism:\t${or(spec['parallelism'], 1)}`);
  page.line(0, `Completions:\t${spec['completions'] ?? '<unset>'}`);
  if (status['startTime']) page.line(0, `Start Time:\t${when(status['startTime'])}`);
  if (status['completionTime']) page.line(0, `Completed At:\t${when(status['completionTime'])}`);
  if (status['startTime'] && status['completionTime']) {
    page.line(0, `Duration:\t${goDuration((parseTime(status['completionTime']) ?? 0) - (parseTime(status['startTime']) ?? 0))}`);
  }
  if (spec['activeDeadlineSeconds']) page.line(0, `Active Deadline Seconds:\t${spec['activeDeadlineSeconds']}s`);
  page.line(0, `Pods Statuses:\t${or(status['active'], 0)} Running / ${or(status['succeeded'], 0)} Succeeded / ${or(status['failed'], 0)} Failed`);
  describeTemplate(page, spec['template']);
  page.events(events);
}

export function describeCronJob(page: Page, obj: Obj, events: readonly Obj[] | null): void {
  const spec = (obj['spec'] ?? {}) as Obj;
  const job = (spec['jobTemplate']?.spec ?? {}) as Obj;
  page.head(obj);
  page.line(0, `Schedule:\t${spec['schedule'] ?? ''}`);
  page.line(0, `Concurrency Policy:\t${spec['concurrencyPolicy'] ?? 'Allow'}`);
  page.line(0, `Suspend:\t${bool(spec['suspend'])}`);
  page.line(0, `Starting Deadline Seconds:\t${spec['startingDeadlineSeconds'] === undefined || spec['startingDeadlineSeconds'] === null ? '<unset>' : `${spec['startingDeadlineSeconds']}s`}`);
  page.line(0, `Selector:\t${job['selector'] ? formatSelector(job['selector']) : '<unset>'}`);
  page.line(0, `Parallelism:\t${job['parallelism'] ?? '<unset>'}`);
  page.line(0, `Completions:\t${job['completions'] ?? '<unset>'}`);
  if (job['activeDeadlineSeconds']) page.line(0, `Active Deadline Seconds:\t${job['activeDeadlineSeconds']}s`);
  describeTemplate(page, job['template']);
  page.line(0, `Last Schedule Time:\t${obj['status']?.lastScheduleTime ? when(obj['status'].lastScheduleTime) : '<unset>'}`);
  const active = list(obj['status']?.active);
  page.line(0, `Active Jobs:\t${active.map((one) => one['name']).join(', ') || '<none>'}`);
  page.events(events);
}

