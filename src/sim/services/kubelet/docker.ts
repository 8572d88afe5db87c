/**
 * The kubelet's way to the container runtime: the Docker Engine API on its unix socket, on connections
 * that are kept. What dockershim v1.14 asks of dockerd; it knows containers, not pods.
 */
import type { Us } from '../../engine/time.ts';
import { sizeOf, type HttpResponse } from '../../proc/http.ts';
import type { Json, Sys } from '../../proc/program.ts';
import { call, type Fd } from '../../proc/syscalls.ts';

const SOCKET = '/var/run/docker.sock';
export const NO_DAEMON = `Cannot connect to the Docker daemon at unix://${SOCKET}. Is the docker daemon running?`;

export type Docked = { ok: true; status: number; body: Json; fd: Fd; stream: boolean } | { ok: false; down: boolean; status: number; message: string };

function* idle(): Sys<readonly Fd[]> {
  const got = yield* call('memGet', { key: 'docker.idle' });
  return (got.ok && got.value !== null ? got.value : []) as readonly Fd[];
}

/** One request. With `keep` the connection is the caller's: a stream. */
export function* docker(method: string, path: string, o: { body?: Json; keep?: boolean; timeoutUs?: Us } = {}): Sys<Docked> {
  const message = { method, path: `/v1.39${path}`, host: 'docker', headers: { 'Content-Type': 'application/json' }, body: o.body ?? null };
  for (;;) {
    const free = yield* idle();
    let fd = o.keep ? undefined : free[free.length - 1];
    const reused = fd !== undefined;
    if (reused) yield* call('memSet', { key: 'docker.idle', value: free.slice(0, -1) });
    else {
      const connected = yield* call('connectUnix', { path: SOCKET });
      if (!connected.ok) return { ok: false, down: true, status: 0, message: NO_DAEMON };
      fd = connected.value;
    }
    const sent = yield* call('send', { fd: fd!, data: message as unknown as Json, size: 200 + sizeOf(message.body) });
    const got = sent.ok ? yield* call('recv', { fd: fd!, timeoutUs: o.timeoutUs }) : sent;
    if (!got.ok || got.value === null) {
      yield* call('close', { fd: fd! });
      if (reused && !(!got.ok && got.errno === 'ETIMEDOUT')) continue;
      return { ok: false, down: true, status: 0, message: !got.ok && got.errno === 'ETIMEDOUT' ? 'operation timeout: context deadline exceeded' : NO_DAEMON };
    }
    const response = got.value.data as unknown as HttpResponse;
    const good = response.status < 300;
    if (!o.keep || !good) yield* call('memSet', { key: 'docker.idle', value: [...(yield* idle()), fd!] });
    if (good) return { ok: true, status: response.status, body: response.body, fd: fd!, stream: response.stream ?? false };
    const message_ = (response.body as { message?: string } | null)?.message ?? String(response.body);
    return { ok: false, down: false, status: response.status, message: message_ };
  }
}

/** A container as the kubelet sees it: whose it is, and how it fares. */
export interface Box {
  readonly id: string; readonly uid: string; readonly name: string; readonly sandbox: boolean; readonly attempt: number; readonly sandboxId: string;
  readonly running: boolean; readonly created: string; readonly startedAt: string; readonly finishedAt: string; readonly exitCode: number; readonly error: string; readonly oom: boolean;
  readonly image: string; readonly imageId: string; readonly netns: string; readonly hostNetwork: boolean; readonly status: string; readonly specHash: string;
}

export const LABEL = {
  uid: 'io.kubernetes.pod.uid', pod: 'io.kubernetes.pod.name', namespace: 'io.kubernetes.pod.namespace', container: 'io.kubernetes.container.name', type: 'io.kubernetes.docker.type',
  sandbox: 'io.kubernetes.sandbox.id', attempt: 'annotation.io.kubernetes.container.restartCount', hash: 'annotation.io.kubernetes.container.hash', logPath: 'io.kubernetes.container.logpath',
} as const;

interface Inspected {
  readonly Id: string; readonly Created: string; readonly Image: string;
  readonly State: { readonly Status: string; readonly Running: boolean; readonly ExitCode: number; readonly Error: string; readonly StartedAt: string; readonly FinishedAt: string; readonly OOMKilled: boolean };
  readonly Config: { readonly Image: string; readonly Labels: Readonly<Record<string, string>> };
  readonly HostConfig: { readonly NetworkMode: string }; readonly NetworkSettings: { readonly SandboxKey: string };
}

function boxOf(i: Inspected): Box {
  const labels = i.Config.Labels;
  return {
    id: i.Id, uid: labels[LABEL.uid] ?? '', name: labels[LABEL.container] ?? '', sandbox: labels[LABEL.type] === 'podsandbox', attempt: Number(labels[LABEL.attempt] ?? 0), sandboxId: labels[LABEL.sandbox] ?? '',
    running: i.State.Running, created: i.Created, startedAt: i.State.StartedAt, finishedAt: i.State.FinishedAt, exitCode: i.State.ExitCode, error: i.State.Error, oom: i.State.OOMKilled,
    image: i.Config.Image, imageId: i.Image, netns: i.NetworkSettings.SandboxKey.split('/').pop() ?? '', hostNetwork: i.HostConfig.NetworkMode === 'host', status: i.State.Status, specHash: labels[LABEL.hash] ?? '',
  };
}

export function* inspectBox(id: string): Sys<Box | null> {
  const got = yield* docker('GET', `/containers/${id}/json`);
  return got.ok ? boxOf(got.body as unknown as Inspected) : null;
}

interface Summary { readonly Id: string; readonly Labels: Readonly<Record<string, string>> }

/** The ids of the kubelet's containers by pod uid; null when the runtime does not answer. */
export function* podBoxes(): Sys<ReadonlyMap<string, readonly string[]> | null> {
  const got = yield* docker('GET', '/containers/json?all=1');
  if (!got.ok) return null;
  const out = new Map<string, string[]>();
  for (const c of got.body as unknown as readonly Summary[]) {
    const uid = c.Labels?.[LABEL.uid];
    if (!uid) continue;
    const list = out.get(uid);
    if (list) list.push(c.Id); else out.set(uid, [c.Id]);
  }
  return out;
}

/** Everything that a pod has in the runtime, the latest attempts first. */
export function* boxesOf(uid: string): Sys<readonly Box[] | null> {
  const all = yield* podBoxes();
  if (!all) return null;
  const out: Box[] = [];
  for (const id of all.get(uid) ?? []) {
    const box = yield* inspectBox(id);
    if (box) out.push(box);
  }
  return out.sort((a, b) => b.attempt - a.attempt || (a.created < b.created ? 1 : -1));
}
