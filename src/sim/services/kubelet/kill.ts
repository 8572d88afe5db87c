/**
 * Ending containers with grace: preStop, SIGTERM, and SIGKILL when the time is up. Each container has its
 * own thread. pkg/kubelet/kuberuntime/kuberuntime_container.go v1.14.
 */
import { seconds } from '../../engine/time.ts';
import type { Json, Start, Sys } from '../../proc/program.ts';
import { call } from '../../proc/syscalls.ts';
import type { Handler, Pod } from '../../kube/types.ts';
import { portNumber } from '../../kube/pods.ts';
import { kubelet, say } from './context.ts';
import { docker, type Box } from './docker.ts';
import { execIn, httpGet } from './probes.ts';
import { note, sandboxIp } from './start.ts';
import { boxesOf } from './docker.ts';
import { podByUid, wake } from './sync.ts';

/** Nobody gets less (minimumGracePeriodInSeconds). */
const GRACE_MIN = 2;

/** Begins to stop the running containers of a pod, unless that has begun with no longer a grace. */
export function* killPod(pod: Pod, running: readonly Box[]): Sys<void> {
  const grace = pod.metadata.deletionGracePeriodSeconds ?? pod.spec.terminationGracePeriodSeconds ?? 30;
  for (const box of running) {
    const got = yield* call('memGet', { key: `killing/${box.id}` });
    if (got.ok && typeof got.value === 'number' && got.value <= grace) continue;
    yield* call('memSet', { key: `killing/${box.id}`, value: grace });
    yield* call('thread', { entry: 'kill', event: { uid: pod.metadata.uid!, id: box.id, name: box.name, grace, pod: pod as unknown as Json, first: !(got.ok && typeof got.value === 'number') } });
  }
}

/** The entry `kill`. */
export function* killThread(start: Start): Sys<void> {
  const { uid, id, name, grace, pod: given, first } = start.event as { uid: string; id: string; name: string; grace: number; pod: Json; first: boolean };
  const pod = given as unknown as Pod;
  const k = yield* kubelet();
  const began = yield* call('now', {});
  const container = pod.spec.containers.find((c) => c.name === name);
  if (first) yield* note(k, pod, 'Normal', 'Killing', `Stopping container ${name}`, name);
  if (first && container?.lifecycle?.preStop && grace > 0) {
    const boxes = yield* boxesOf(uid);
    const sandbox = boxes?.find((b) => b.sandbox && b.running);
    const error = yield* runHook(container.lifecycle.preStop, pod, id, sandbox ? yield* sandboxIp(k, sandbox) : '', grace);
    if (error) yield* note(k, pod, 'Warning', 'FailedPreStopHook', error, name);
  }
  const now = yield* call('now', {});
  const spent = began.ok && now.ok ? Math.floor((now.value.mono - began.value.mono) / seconds(1)) : 0;
  yield* docker('POST', `/containers/${id}/stop?t=${Math.max(GRACE_MIN, grace - spent)}`);
  yield* call('memSet', { key: `killing/${id}`, value: null });
  yield* wake(uid);
}

/** Runs a hook; what went wrong, or null. */
function* runHook(hook: Handler, pod: Pod, id: string, ip: string, limit: number): Sys<string | null> {
  if (hook.exec) {
    const got = yield* execIn(id, hook.exec.command ?? [], seconds(limit));
    return got.exit === 0 ? null : `Exec lifecycle hook (${JSON.stringify(hook.exec.command)}) failed - error: command '${(hook.exec.command ?? []).join(' ')}' exited with ${got.exit}: ${got.output}`;
  }
  if (!hook.httpGet) return null;
  const port = portNumber(hook.httpGet.port, pod.spec.containers) ?? 80;
  const got = yield* httpGet({ ...hook.httpGet, port }, ip, seconds(limit));
  return got.ok ? null : `Http lifecycle hook (${hook.httpGet.path ?? ''}) failed - error: ${got.message}`;
}

/** The entry `hook`: a container's postStart. When it fails, the container is stopped. */
export function* hookThread(start: Start): Sys<void> {
  const { uid, container: name } = start.event as { uid: string; container: string };
  const pod = yield* podByUid(uid);
  const boxes = yield* boxesOf(uid);
  const container = pod?.spec.containers.find((c) => c.name === name);
  const box = boxes?.find((b) => b.name === name && b.running);
  const sandbox = boxes?.find((b) => b.sandbox && b.running);
  if (!pod || !container?.lifecycle?.postStart || !box) return;
  const k = yield* kubelet();
  const error = yield* runHook(container.lifecycle.postStart, pod, box.id, sandbox ? yield* sandboxIp(k, sandbox) : '', 60);
  if (!error) return;
  yield* note(k, pod, 'Warning', 'FailedPostStartHook', error, name);
  yield* say(start, 'E', 'kuberuntime_container.go:426', error);
  yield* docker('POST', `/containers/${box.id}/stop?t=${GRACE_MIN}`);
}
