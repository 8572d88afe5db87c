/**
 * The life of one pod on this node, step by step towards what the API wants: one thread a pod at a time,
 * started by every change of the pod, of its containers or of its probes. pkg/kubelet/{kubelet,pod_workers,
 * kuberuntime/kuberuntime_manager}.go v1.14.
 */
import { ms, seconds, type Us } from '../../engine/time.ts';
import type { Json, Start, Sys } from '../../proc/program.ts';
import { call } from '../../proc/syscalls.ts';
import { api } from '../../kube/client.ts';
import { equal } from '../../kube/equal.ts';
import { cached, forget, remember } from '../../kube/informer.ts';
import { pathOf } from '../../kube/kinds.ts';
import { isFinished, key } from '../../kube/pods.ts';
import type { Container, Pod, PodStatus } from '../../kube/types.ts';
import { kubelet, say, type Kubelet } from './context.ts';
import { boxesOf, docker, type Box } from './docker.ts';
import { killPod } from './kill.ts';
import { tearDown } from './network.ts';
import { forgetProbes, isReady, liveFault, startProbes } from './probes.ts';
import { createSandbox, note, podFiles, realNow, sandboxIp, startContainer } from './start.ts';
import { attempts, shouldRestart, statusOf, type Waiting } from './status.ts';
import { mountAll, podDir, removeAll } from './volumes.ts';

/** Pause after a sync that failed, plus up to half of it (backOffPeriod, wait.Jitter). */
const AGAIN_US = seconds(10);
/** The event generator looks once a second: a change is seen after half of it. */
export const RELIST_US = ms(500);
/** Volumes that are not ready after this are told of once more. */
const MOUNT_US = seconds(123);

interface Work { readonly busy: boolean; readonly dirty: boolean }

/** Wakes a pod's worker. */
export function* wake(uid: string): Sys<void> {
  const got = yield* call('memGet', { key: `work/${uid}` });
  const work = (got.ok && got.value !== null ? got.value : { busy: false, dirty: false }) as unknown as Work;
  yield* call('memSet', { key: `work/${uid}`, value: { busy: true, dirty: work.busy } as unknown as Json });
  if (!work.busy) yield* call('thread', { entry: 'sync', event: { uid } });
}

export function* wakeLater(uid: string, afterUs: Us): Sys<void> {
  yield* call('timer', { name: `sync ${uid}`, entry: 'wake', afterUs: Math.max(1, Math.round(afterUs)) });
}

/** The entry `wake`: a timer of wakeLater. */
export function* wakeThread(start: Start): Sys<void> {
  yield* wake((start.event as { timer: string }).timer.slice('sync '.length));
}

export function* podByUid(uid: string): Sys<Pod | null> {
  const pods = yield* cached('pods');
  return ((Object.values(pods ?? {}).find((p) => p.metadata.uid === uid) as Pod | undefined) ?? null);
}

/** The entry `sync`: event {uid}. Runs until nothing new has come. */
export function* syncThread(start: Start): Sys<void> {
  const { uid } = start.event as { uid: string };
  const k = yield* kubelet();
  yield* syncPod(k, start, uid);
  const got = yield* call('memGet', { key: `work/${uid}` });
  const dirty = got.ok && got.value !== null && (got.value as unknown as Work).dirty;
  yield* call('memSet', { key: `work/${uid}`, value: dirty ? { busy: true, dirty: false } : null });
  if (dirty) yield* call('become', { mem: null });
}

function* syncPod(k: Kubelet, start: Start, uid: string): Sys<void> {
  const pod = yield* podByUid(uid);
  const boxes = yield* boxesOf(uid);
  if (!boxes) {
    if (pod) yield* wakeLater(uid, AGAIN_US);
    return;
  }
  if (!pod) {
    yield* cleanUp(uid, boxes);
    return;
  }
  const sandbox = boxes.find((b) => b.sandbox && b.running);
  const ip = sandbox ? yield* sandboxIp(k, sandbox) : '';
  if (pod.metadata.deletionTimestamp || isFinished(pod)) {
    yield* terminate(k, pod, boxes, ip);
    return;
  }
  const current = yield* postStatus(k, pod, boxes, ip);
  if (isFinished(current)) {
    yield* terminate(k, current, boxes, ip);
    return;
  }
  const refused = yield* admit(k, current, boxes);
  if (refused) return;
  const good = yield* run(k, start, current, boxes, sandbox ?? null, ip);
  const after = yield* boxesOf(uid);
  const now = yield* podByUid(uid);
  if (after && now && !now.metadata.deletionTimestamp) {
    const up = after.find((b) => b.sandbox && b.running);
    const address = up ? yield* sandboxIp(k, up) : '';
    yield* watchContainers(uid, after);
    yield* startProbes(now, after, address);
    if (good) yield* postStatus(k, now, after, address);
    // What ended before anybody could wait for it is seen at the next look.
    if (good && up && needsRun(now, after)) yield* wakeLater(uid, 2 * RELIST_US);
  }
  if (!good) {
    const chance = yield* call('random', { below: AGAIN_US / 2 });
    yield* wakeLater(uid, AGAIN_US + (chance.ok ? chance.value : 0));
  }
}

// ---- status

function* reasons(uid: string): Sys<Record<string, Waiting>> {
  const got = yield* call('memGet', { key: `reasons/${uid}` });
  return (got.ok && got.value !== null ? got.value : {}) as unknown as Record<string, Waiting>;
}
function* setReason(uid: string, name: string, why: Waiting | null): Sys<void> {
  const now = yield* reasons(uid);
  if (equal(now[name], why ?? undefined)) return;
  const { [name]: _old, ...others } = now;
  yield* call('memSet', { key: `reasons/${uid}`, value: (why ? { ...others, [name]: why } : others) as unknown as Json });
}

function* imageIds(boxes: readonly Box[]): Sys<Record<string, string>> {
  const out: Record<string, string> = {};
  for (const image of new Set(boxes.filter((b) => !b.sandbox).map((b) => b.image))) {
    const known = yield* call('memGet', { key: `image/${image}` });
    if (known.ok && typeof known.value === 'string') { out[image] = known.value; continue; }
    const got = yield* docker('GET', `/images/${image}/json`);
    const digest = got.ok ? (got.body as { RepoDigests?: readonly string[] }).RepoDigests?.[0] : undefined;
    if (!digest) continue;
    out[image] = `docker-pullable://${digest}`;
    yield* call('memSet', { key: `image/${image}`, value: out[image]! });
  }
  return out;
}

/** The last words of containers that have ended: their termination-log. */
function* lastWords(pod: Pod, boxes: readonly Box[]): Sys<Record<string, string>> {
  const out: Record<string, string> = {};
  for (const c of [...(pod.spec.initContainers ?? []), ...pod.spec.containers]) {
    const ended = attempts(boxes, c.name).filter((b) => !b.running && b.status !== 'created');
    if (!ended.length) continue;
    const dir = `${podDir(pod.metadata.uid!)}/containers/${c.name}`;
    const files = yield* call('readdir', { path: dir });
    for (const file of files.ok ? files.value : []) {
      const text = yield* call('readFile', { path: `${dir}/${file}` });
      if (text.ok && text.value) out[ended[0]!.id] = text.value.slice(0, 4_096);
    }
  }
  return out;
}

/** Tells the API how the pod fares, if that is news; the pod as it now is. */
export function* postStatus(k: Kubelet, pod: Pod, boxes: readonly Box[], ip: string, change: (s: PodStatus) => PodStatus = (s) => s): Sys<Pod> {
  const uid = pod.metadata.uid!;
  const ready = yield* readyOf(uid, boxes, pod);
  const status = change(statusOf(pod, {
    boxes, reasons: yield* reasons(uid), ready: (box) => ready.has(box.id), ip, hostIp: k.options.ip, now: yield* realNow(), imageIds: yield* imageIds(boxes), messages: yield* lastWords(pod, boxes),
  }));
  if (equal(withoutForeign(status, pod), withoutForeign(pod.status ?? {}, pod))) return pod;
  const body = { metadata: { uid }, status: { ...status, '$setElementOrder/conditions': (status.conditions ?? []).map((c) => ({ type: c.type })), reason: status.reason ?? null, message: status.message ?? null, podIP: status.podIP ?? null } };
  const got = yield* api(k.api, 'PATCH', pathOf('v1', 'pods', pod.metadata.namespace, pod.metadata.name, 'status'), { body: body as unknown as Json, type: 'application/strategic-merge-patch+json', timeoutUs: seconds(20) });
  if (got.ok) {
    const fresh = got.body as unknown as Pod;
    yield* remember('pods', fresh);
    return fresh;
  }
  if (got.status === 0) yield* wakeLater(uid, AGAIN_US);
  return { ...pod, status };
}

/** Conditions that others set are not the kubelet's to compare. */
const OWN = new Set(['Initialized', 'Ready', 'ContainersReady', 'PodScheduled']);
const withoutForeign = (status: PodStatus, _pod: Pod): unknown => ({ ...status, nominatedNodeName: undefined, conditions: (status.conditions ?? []).filter((c) => OWN.has(c.type)).map((c) => [c.type, c.status, c.reason, c.message]).sort() });

function* readyOf(uid: string, boxes: readonly Box[], pod: Pod): Sys<Set<string>> {
  const out = new Set<string>();
  for (const c of pod.spec.containers) {
    const [box] = attempts(boxes, c.name);
    if (box?.running && (yield* isReady(uid, c, box.id))) out.add(box.id);
  }
  return out;
}

// ---- admission

/** A pod that this node cannot take is refused for good: its status says why. */
function* admit(k: Kubelet, pod: Pod, boxes: readonly Box[]): Sys<boolean> {
  if (boxes.length) return false;
  const pressure = yield* call('memGet', { key: 'pressure' });
  const tolerant = pod.metadata.ownerReferences?.some((o) => o.kind === 'DaemonSet') || pod.spec.tolerations?.some((t) => t.key === 'node.kubernetes.io/disk-pressure' || (!t.key && t.operator === 'Exists'));
  if (!(pressure.ok && pressure.value === true) || tolerant) return false;
  const message = 'The node had condition: [DiskPressure]. ';
  yield* note(k, pod, 'Warning', 'Evicted', message);
  yield* postStatus(k, pod, [], '', (s) => ({ phase: 'Failed', reason: 'Evicted', message, startTime: s.startTime, qosClass: s.qosClass }));
  return true;
}

// ---- towards running

/** One pass; false: something failed and is to be tried again. */
function* run(k: Kubelet, start: Start, pod: Pod, boxes: readonly Box[], sandbox: Box | null, ip: string): Sys<boolean> {
  const uid = pod.metadata.uid!;
  let present: readonly Box[] = boxes;
  let home = sandbox;
  let address = ip;
  if (!home) {
    if (!needsRun(pod, boxes)) return true;
    const mounts = yield* mount(k, start, pod, '');
    if (!mounts) return false;
    const dead = boxes.filter((b) => b.sandbox);
    if (dead.length) {
      yield* note(k, pod, 'Normal', 'SandboxChanged', 'Pod sandbox changed, it will be killed and re-created.');
      for (const b of boxes) if (!b.sandbox && b.running) yield* docker('POST', `/containers/${b.id}/stop?t=2`);
      for (const b of dead) yield* tearDown(b.id);
    }
    const made = yield* createSandbox(k, pod, dead.length ? dead[0]!.attempt + 1 : 0);
    if (!made.ok) {
      yield* note(k, pod, 'Warning', 'FailedCreatePodSandBox', `Failed create pod sandbox: ${made.message}`);
      yield* say(start, 'E', 'kuberuntime_manager.go:693', `createPodSandbox for pod ${JSON.stringify(`${pod.metadata.name}_${pod.metadata.namespace}(${uid})`)} failed: ${made.message}`);
      return false;
    }
    for (const b of dead) yield* docker('DELETE', `/containers/${b.id}`);
    home = made.box;
    address = made.ip;
    yield* watchContainers(uid, [home]);
    present = (yield* boxesOf(uid)) ?? boxes;
  }
  const mounted = yield* mount(k, start, pod, address);
  if (!mounted) return false;
  yield* podFiles(k, pod, address);
  return yield* runContainers(k, start, pod, present, home, address, mounted);
}

const needsRun = (pod: Pod, boxes: readonly Box[]): boolean =>
  [...pod.spec.containers].some((c) => shouldRestart(pod, c, boxes));

function* mount(k: Kubelet, start: Start, pod: Pod, ip: string): Sys<Readonly<Record<string, string>> | null> {
  const got = yield* mountAll(k.api, pod, ip);
  const since = `mount/${pod.metadata.uid}`;
  if (got.ok) {
    yield* call('memSet', { key: since, value: null });
    return got.paths;
  }
  const now = yield* realNow();
  const began = yield* call('memGet', { key: since });
  yield* note(k, pod, 'Warning', 'FailedMount', `MountVolume.SetUp failed for volume ${JSON.stringify(got.volume)} : ${got.message}`);
  if (!began.ok || typeof began.value !== 'number') yield* call('memSet', { key: since, value: now });
  else if (now - began.value >= MOUNT_US) {
    const names = (pod.spec.volumes ?? []).map((v) => v.name).join(' ');
    const message = `Unable to mount volumes for pod ${JSON.stringify(`${pod.metadata.name}_${pod.metadata.namespace}(${pod.metadata.uid})`)}: timeout expired waiting for volumes to attach or mount for pod ${JSON.stringify(pod.metadata.namespace)}/${JSON.stringify(pod.metadata.name)}. list of unmounted volumes=[${got.volume}]. list of unattached volumes=[${names}]`;
    yield* note(k, pod, 'Warning', 'FailedMount', message);
    yield* say(start, 'E', 'kubelet.go:1670', `${message}; skipping pod`);
    yield* call('memSet', { key: since, value: now });
  }
  return null;
}

function* runContainers(k: Kubelet, start: Start, pod: Pod, boxes: readonly Box[], sandbox: Box, ip: string, paths: Readonly<Record<string, string>>): Sys<boolean> {
  const uid = pod.metadata.uid!;
  // A container of an earlier sandbox does not count as running.
  const mine = boxes.filter((b) => b.sandbox || !b.running || b.sandboxId === sandbox.id);
  for (const c of pod.spec.initContainers ?? []) {
    const [latest] = attempts(mine, c.name);
    if (latest && !latest.running && latest.exitCode === 0 && latest.status !== 'created') continue;
    if (latest?.running) return true;
    if (latest && pod.spec.restartPolicy === 'Never' && latest.status !== 'created') return true;
    return yield* begin(k, start, pod, c, sandbox, ip, mine, paths);
  }
  let good = true;
  for (const c of pod.spec.containers) {
    const [latest] = attempts(mine, c.name);
    if (latest?.running) {
      const fault = yield* liveFault(uid, c, latest.id);
      if (!fault) continue;
      yield* note(k, pod, 'Normal', 'Killing', `Container ${c.name} failed liveness probe, will be restarted`, c.name);
      yield* docker('POST', `/containers/${latest.id}/stop?t=${pod.spec.terminationGracePeriodSeconds ?? 30}`);
      yield* forgetProbes(uid, c.name);
      const now = yield* boxesOf(uid);
      good = (yield* begin(k, start, pod, c, sandbox, ip, now ?? mine, paths)) && good;
      continue;
    }
    if (!shouldRestart(pod, c, mine)) continue;
    good = (yield* begin(k, start, pod, c, sandbox, ip, mine, paths)) && good;
  }
  return good;
}

function* begin(k: Kubelet, start: Start, pod: Pod, c: Container, sandbox: Box, ip: string, boxes: readonly Box[], paths: Readonly<Record<string, string>>): Sys<boolean> {
  const uid = pod.metadata.uid!;
  const why = yield* startContainer(k, pod, c, sandbox, ip, boxes, paths);
  yield* setReason(uid, c.name, why);
  if (why) yield* say(start, 'E', 'pod_workers.go:190', `Error syncing pod ${uid} (${JSON.stringify(`${pod.metadata.name}_${pod.metadata.namespace}(${uid})`)}), skipping: failed to "StartContainer" for ${JSON.stringify(c.name)} with ${why.reason}: ${JSON.stringify(why.message ?? '')}`);
  else if (c.lifecycle?.postStart) yield* call('thread', { entry: 'hook', event: { uid, container: c.name } });
  return why === null;
}

/** A thread for each container waits for its end. */
function* watchContainers(uid: string, boxes: readonly Box[]): Sys<void> {
  for (const box of boxes) {
    if (!box.running) continue;
    const got = yield* call('memGet', { key: `watched/${box.id}` });
    if (got.ok && got.value === true) continue;
    yield* call('memSet', { key: `watched/${box.id}`, value: true });
    yield* call('thread', { entry: 'reap', event: { uid, id: box.id } });
  }
}

/** The entry `reap`: event {uid, id}. Returns when the container has ended or docker has gone. */
export function* reapThread(start: Start): Sys<void> {
  const { uid, id } = start.event as { uid: string; id: string };
  const got = yield* docker('POST', `/containers/${id}/wait`, { keep: true });
  if (got.ok) yield* call('close', { fd: got.fd });
  yield* call('memSet', { key: `watched/${id}`, value: null });
  if (!got.ok && got.down) return; // the runtime's return wakes every pod
  yield* call('sleep', { us: RELIST_US });
  yield* wake(uid);
}

// ---- the end

/** Stops what runs of a pod that is to go or has ended; then, if it is to go, lets the API forget it. */
function* terminate(k: Kubelet, pod: Pod, boxes: readonly Box[], ip: string): Sys<void> {
  const uid = pod.metadata.uid!;
  const running = boxes.filter((b) => !b.sandbox && b.running);
  if (running.length) {
    yield* watchContainers(uid, boxes);
    yield* killPod(pod, running);
    yield* postStatus(k, pod, boxes, ip);
    return;
  }
  yield* forgetProbes(uid, null);
  if (!pod.metadata.deletionTimestamp) {
    for (const b of boxes) if (b.sandbox && b.running) { yield* docker('POST', `/containers/${b.id}/stop?t=1`); yield* tearDown(b.id); }
    return;
  }
  // The containers' ends are told before anything of them is removed.
  const final = yield* postStatus(k, pod, boxes, ip, (s) => (s.phase === 'Pending' && !boxes.some((b) => !b.sandbox) ? { ...s } : s));
  yield* cleanUp(uid, boxes);
  const body = { kind: 'DeleteOptions', apiVersion: 'v1', gracePeriodSeconds: 0, preconditions: { uid } };
  const done = yield* api(k.api, 'DELETE', pathOf('v1', 'pods', final.metadata.namespace, final.metadata.name), { body: body as unknown as Json, timeoutUs: seconds(20) });
  if (done.ok || done.status === 404) yield* forget('pods', key(pod));
  else yield* wakeLater(uid, AGAIN_US);
}

/** Removes everything that a pod had on this node. */
export function* cleanUp(uid: string, boxes: readonly Box[]): Sys<void> {
  for (const b of boxes) if (!b.sandbox) yield* docker('DELETE', `/containers/${b.id}?force=1`);
  for (const b of boxes) {
    if (!b.sandbox) continue;
    yield* tearDown(b.id);
    yield* docker('DELETE', `/containers/${b.id}?force=1`);
  }
  yield* forgetProbes(uid, null);
  yield* removeAll(podDir(uid));
  yield* removeAll(`/var/log/pods/${uid}`);
  for (const name of [`reasons/${uid}`, `mount/${uid}`, `follow/${uid}`]) yield* call('memSet', { key: name, value: null });
  yield* call('timerStop', { name: `sync ${uid}` });
}

