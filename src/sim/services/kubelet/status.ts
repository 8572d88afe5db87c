/**
 * A pod's status as the API shows it, from what the runtime tells. Pure. pkg/kubelet/{kubelet_pods,
 * status/generate,kuberuntime/kuberuntime_container}.go v1.14.
 */
import { condition, qosClass } from '../../kube/pods.ts';
import { rfc3339 } from '../../kube/time.ts';
import type { Condition, Container, ContainerState, ContainerStatus, Pod, PodStatus, Terminated } from '../../kube/types.ts';
import type { Us } from '../../engine/time.ts';
import type { Box } from './docker.ts';

export interface Waiting { readonly reason: string; readonly message?: string }
export interface Facts {
  readonly boxes: readonly Box[]; readonly reasons: Readonly<Record<string, Waiting>>; /** Container id → passes its readiness probe. */ readonly ready: (box: Box, c: Container) => boolean;
  readonly ip: string; readonly hostIp: string; readonly now: Us; /** Image → docker-pullable reference. */ readonly imageIds: Readonly<Record<string, string>>;
  readonly messages: Readonly<Record<string, string>>;
}

/** Docker's times have fractions; the API's have none. */
const whole = (time: string): string => `${time.slice(0, 19)}Z`;

function terminated(box: Box, message: string | undefined): Terminated {
  const failedToStart = box.status === 'created';
  const reason = box.oom ? 'OOMKilled' : failedToStart ? 'ContainerCannotRun' : box.exitCode === 0 ? 'Completed' : 'Error';
  return {
    exitCode: box.exitCode, reason, ...(failedToStart && box.error ? { message: box.error } : message ? { message } : {}),
    startedAt: failedToStart ? whole(box.created) : whole(box.startedAt), finishedAt: failedToStart ? whole(box.created) : whole(box.finishedAt), containerID: `docker://${box.id}`,
  };
}

export const attempts = (boxes: readonly Box[], name: string): readonly Box[] => boxes.filter((b) => !b.sandbox && b.name === name);
const hasEnded = (b: Box): boolean => !b.running && (b.status !== 'created' || b.error !== '');

function containerStatus(pod: Pod, c: Container, facts: Facts, init: boolean): ContainerStatus {
  const [latest, previous] = attempts(facts.boxes, c.name);
  const why = facts.reasons[c.name];
  const first = pod.spec.initContainers?.length ? 'PodInitializing' : 'ContainerCreating';
  let state: ContainerState;
  let lastState: ContainerState = previous && hasEnded(previous) ? { terminated: terminated(previous, facts.messages[previous.id]) } : {};
  let ready = false;
  if (!latest) state = { waiting: why ?? { reason: first } };
  else if (latest.running) {
    state = { running: { startedAt: whole(latest.startedAt) } };
    ready = !init && facts.ready(latest, c);
  } else if (why && hasEnded(latest)) {
    state = { waiting: why };
    lastState = { terminated: terminated(latest, facts.messages[latest.id]) };
  } else if (hasEnded(latest)) {
    state = { terminated: terminated(latest, facts.messages[latest.id]) };
    ready = init && latest.exitCode === 0;
  } else state = { waiting: why ?? { reason: first } };
  return {
    name: c.name, state, lastState, ready, restartCount: latest?.attempt ?? 0, image: latest?.image ?? c.image, imageID: latest ? facts.imageIds[latest.image] ?? `docker://${latest.imageId}` : '',
    ...(latest ? { containerID: `docker://${latest.id}` } : {}),
  };
}

function phaseOf(pod: Pod, containers: readonly ContainerStatus[], inits: readonly ContainerStatus[]): string {
  for (const s of inits) {
    const { terminated: end, waiting } = s.state;
    if (end?.exitCode === 0) continue;
    if (end && pod.spec.restartPolicy === 'Never') return 'Failed';
    if (waiting && s.lastState.terminated && s.lastState.terminated.exitCode !== 0 && pod.spec.restartPolicy === 'Never') return 'Failed';
    return 'Pending';
  }
  let running = 0, waiting = 0, stopped = 0, succeeded = 0;
  for (const s of containers) {
    if (s.state.running) running++;
    else if (s.state.terminated) {
      stopped++;
      if (s.state.terminated.exitCode === 0) succeeded++;
    } else if (s.lastState.terminated) stopped++;
    else waiting++;
  }
  if (waiting > 0) return 'Pending';
  if (running > 0) return 'Running';
  if (stopped === 0) return 'Pending';
  if (pod.spec.restartPolicy === 'Always') return 'Running';
  if (succeeded === stopped) return 'Succeeded';
  return pod.spec.restartPolicy === 'Never' ? 'Failed' : 'Running';
}

function settle(old: Condition | undefined, fresh: Omit<Condition, 'lastTransitionTime'>, stamp: string): Condition {
  return { lastProbeTime: null, ...fresh, lastTransitionTime: old && old.status === fresh.status ? old.lastTransitionTime : stamp };
}

function conditionsOf(pod: Pod, phase: string, containers: readonly ContainerStatus[], inits: readonly ContainerStatus[], stamp: string): Condition[] {
  const old = pod.status?.conditions;
  const make = (type: string, good: boolean, reason?: string, message?: string): Condition =>
    settle(condition(old, type), { type, status: good ? 'True' : 'False', ...(good ? {} : { ...(reason ? { reason } : {}), ...(message ? { message } : {}) }) }, stamp);
  const incomplete = inits.filter((s) => !s.ready).map((s) => s.name);
  const unready = containers.filter((s) => !s.ready).map((s) => s.name);
  const done = phase === 'Succeeded';
  const initialized = done || !incomplete.length;
  const gates = (pod.spec.readinessGates ?? []).filter((g) => condition(old, g.conditionType)?.status !== 'True').map((g) => `corresponding condition of pod readiness gate ${JSON.stringify(g.conditionType)} does not exist.`);
  const message = unready.length ? `containers with unready status: [${unready.join(' ')}]` : undefined;
  const reason = done ? 'PodCompleted' : 'ContainersNotReady';
  return [
    done ? { ...make('Initialized', true), reason: 'PodCompleted' } : make('Initialized', initialized, 'ContainersNotInitialized', `containers with incomplete status: [${incomplete.join(' ')}]`),
    make('Ready', !done && phase !== 'Failed' && !unready.length && !gates.length, !unready.length && gates.length ? 'ReadinessGatesNotReady' : reason, done ? undefined : message ?? gates[0]),
    make('ContainersReady', !done && phase !== 'Failed' && !unready.length, reason, done ? undefined : message),
    condition(old, 'PodScheduled') ?? make('PodScheduled', true),
  ];
}

/** Whole status of a pod that this node runs. */
export function statusOf(pod: Pod, facts: Facts): PodStatus {
  const stamp = rfc3339(facts.now);
  const inits = (pod.spec.initContainers ?? []).map((c) => containerStatus(pod, c, facts, true));
  const containers = pod.spec.containers.map((c) => containerStatus(pod, c, facts, false));
  // A pod that has ended stays so.
  const ended = pod.status?.phase === 'Failed' || pod.status?.phase === 'Succeeded';
  const phase = ended ? pod.status!.phase! : phaseOf(pod, containers, inits);
  return {
    phase, conditions: conditionsOf(pod, phase, containers, inits, stamp), hostIP: facts.hostIp, ...(facts.ip ? { podIP: facts.ip } : {}), startTime: pod.status?.startTime ?? stamp,
    ...(pod.status?.reason ? { reason: pod.status.reason } : {}), ...(pod.status?.message ? { message: pod.status.message } : {}),
    ...(inits.length ? { initContainerStatuses: inits } : {}), containerStatuses: containers, qosClass: pod.status?.qosClass ?? qosClass(pod.spec),
  };
}

/** Whether a container that has ended is to be started again. */
export function shouldRestart(pod: Pod, c: Container, boxes: readonly Box[]): boolean {
  const [latest] = attempts(boxes, c.name);
  if (!latest) return true;
  if (latest.running) return false;
  if (latest.status === 'created' && !latest.error) return true;
  if (pod.spec.restartPolicy === 'Never') return false;
  return pod.spec.restartPolicy !== 'OnFailure' || latest.exitCode !== 0;
}

