/**
 * Liveness and readiness probes: from the node, over the network or inside the container. Each has a
 * timer; a result that changes wakes the pod's worker. While nothing in the world is disturbed and a
 * probe keeps giving the same answer, it sleeps. pkg/kubelet/prober, pkg/probe v1.14.
 */
import { seconds, type Us } from '../../engine/time.ts';
import { fetchOnce, type FetchError } from '../../proc/http.ts';
import { STRERROR } from '../../proc/libc.ts';
import type { Json, Start, Sys } from '../../proc/program.ts';
import { call } from '../../proc/syscalls.ts';
import { portNumber } from '../../kube/pods.ts';
import { quietFor } from '../../kube/steady.ts';
import type { Container, HttpGet, Pod, Probe } from '../../kube/types.ts';
import { kubelet } from './context.ts';
import { docker, type Box } from './docker.ts';
import { note } from './start.ts';
import { attempts } from './status.ts';
import { podByUid, wake } from './sync.ts';

type Kind = 'livenessProbe' | 'readinessProbe';
const KINDS: readonly Kind[] = ['livenessProbe', 'readinessProbe'];
/** A probe sleeps when it and the world have not changed for so long, and so often. */
const QUIET_US = seconds(120);
const SAME = 6;

interface Result { readonly id: string; readonly good: boolean; /** In a row, of the last answer. */ readonly run: number; readonly last: boolean; readonly ip: string; readonly same: number }

const memory = (uid: string, container: string, kind: Kind): string => `probe/${uid}/${container}/${kind}`;
function* resultOf(uid: string, container: string, kind: Kind): Sys<Result | null> {
  const got = yield* call('memGet', { key: memory(uid, container, kind) });
  return got.ok ? (got.value as unknown as Result | null) : null;
}
const save = function* (uid: string, container: string, kind: Kind, result: Result | null): Sys<void> {
  yield* call('memSet', { key: memory(uid, container, kind), value: result as unknown as Json });
};
const timerName = (uid: string, container: string, kind: Kind): string => `probe ${uid} ${container} ${kind}`;

export function* isReady(uid: string, c: Container, id: string): Sys<boolean> {
  if (!c.readinessProbe) return true;
  const result = yield* resultOf(uid, c.name, 'readinessProbe');
  return result !== null && result.id === id && result.good;
}

/** Whether the container has failed its liveness probe too often. */
export function* liveFault(uid: string, c: Container, id: string): Sys<boolean> {
  if (!c.livenessProbe) return false;
  const result = yield* resultOf(uid, c.name, 'livenessProbe');
  return result !== null && result.id === id && !result.good;
}

/** Sees to it that each running container's probes run. */
export function* startProbes(pod: Pod, boxes: readonly Box[], ip: string): Sys<void> {
  const uid = pod.metadata.uid!;
  for (const c of pod.spec.containers) {
    const [box] = attempts(boxes, c.name);
    if (!box?.running) continue;
    for (const kind of KINDS) {
      const probe = c[kind];
      if (!probe) continue;
      const now = yield* resultOf(uid, c.name, kind);
      if (now?.id === box.id && now.ip === ip) continue;
      yield* save(uid, c.name, kind, { id: box.id, good: kind === 'livenessProbe', run: 0, last: true, ip, same: 0 });
      const period = seconds(probe.periodSeconds ?? 10);
      const chance = yield* call('random', { below: period });
      yield* call('timer', { name: timerName(uid, c.name, kind), entry: 'probe', afterUs: Math.max(1, seconds(probe.initialDelaySeconds ?? 0)) + Math.round((chance.ok ? chance.value : 0) / 4), everyUs: period });
    }
  }
}

/** Stops the probes of a container, or of the whole pod. */
export function* forgetProbes(uid: string, container: string | null): Sys<void> {
  const pod = container === null ? yield* podByUid(uid) : null;
  const names = container !== null ? [container] : pod?.spec.containers.map((c) => c.name) ?? [];
  for (const name of names) for (const kind of KINDS) {
    yield* call('timerStop', { name: timerName(uid, name, kind) });
    yield* save(uid, name, kind, null);
  }
}

/** Somebody has done something to a pod: its probes wake up. */
export function* rouse(pod: Pod): Sys<void> {
  const uid = pod.metadata.uid!;
  for (const c of pod.spec.containers) for (const kind of KINDS) {
    const now = c[kind] ? yield* resultOf(uid, c.name, kind) : null;
    if (!now || now.same < SAME) continue;
    yield* save(uid, c.name, kind, { ...now, same: 0 });
    const period = seconds(c[kind]!.periodSeconds ?? 10);
    yield* call('timer', { name: timerName(uid, c.name, kind), entry: 'probe', afterUs: period, everyUs: period });
  }
}

/** The entry `probe`. */
export function* probeThread(start: Start): Sys<void> {
  const { timer } = start.event as { timer: string };
  const [, uid, name, kind] = timer.split(' ') as [string, string, string, Kind];
  const pod = yield* podByUid(uid);
  const container = pod?.spec.containers.find((c) => c.name === name);
  const probe = container?.[kind];
  const before = yield* resultOf(uid, name, kind);
  if (!pod || !container || !probe || !before || pod.metadata.deletionTimestamp) {
    yield* call('timerStop', { name: timer });
    return;
  }
  const got = yield* ask(probe, container, before);
  const now = yield* resultOf(uid, name, kind);
  if (!now || now.id !== before.id) return;
  const run = now.last === got.ok ? now.run + 1 : 1;
  const limit = got.ok ? probe.successThreshold ?? 1 : probe.failureThreshold ?? 3;
  const good = run >= limit ? got.ok : now.good;
  const same = good === now.good && got.ok === now.last ? now.same + 1 : 0;
  yield* save(uid, name, kind, { ...now, good, run, last: got.ok, same });
  const k = yield* kubelet();
  if (!got.ok) yield* note(k, pod, 'Warning', 'Unhealthy', `${kind === 'livenessProbe' ? 'Liveness' : 'Readiness'} probe failed: ${got.message}`, name);
  if (good !== now.good) yield* wake(uid);
  else if (same >= SAME && (yield* quietFor(QUIET_US))) {
    const period = seconds(probe.periodSeconds ?? 10);
    yield* call('timer', { name: timer, entry: 'probe', afterUs: period, everyUs: period, quiet: true });
  }
}

type Answer = { ok: true } | { ok: false; message: string };

function* ask(probe: Probe, c: Container, at: Result): Sys<Answer> {
  const timeoutUs = seconds(probe.timeoutSeconds ?? 1);
  if (probe.exec) {
    const got = yield* execIn(at.id, probe.exec.command ?? [], timeoutUs);
    return got.exit === 0 ? { ok: true } : { ok: false, message: got.output || `exit status ${got.exit}` };
  }
  if (probe.httpGet) {
    const port = portNumber(probe.httpGet.port, [c]);
    return port === null ? { ok: false, message: 'couldn\'t find port' } : yield* httpGet({ ...probe.httpGet, port }, at.ip, timeoutUs);
  }
  const port = portNumber(probe.tcpSocket?.port, [c]) ?? 0;
  const addr = probe.tcpSocket?.host || at.ip;
  const fd = yield* call('connect', { proto: 'tcp', addr, port, timeoutUs });
  if (fd.ok) {
    yield* call('close', { fd: fd.value });
    return { ok: true };
  }
  return { ok: false, message: `dial tcp ${addr}:${port}: ${fd.errno === 'ETIMEDOUT' ? 'i/o timeout' : `connect: ${(STRERROR[fd.errno] ?? fd.errno).toLowerCase()}`}` };
}

const words = (url: string, error: FetchError): string => {
  if (error.kind === 'connect') return `Get ${url}: dial tcp ${error.addr}:${error.port}: connect: ${(STRERROR[error.errno] ?? error.errno).toLowerCase()}`;
  if (error.kind === 'timeout') return `Get ${url}: net/http: request canceled${error.phase === 'connect' ? ' while waiting for connection' : ''} (Client.Timeout exceeded while awaiting headers)`;
  return `Get ${url}: ${error.kind === 'reset' ? 'read: connection reset by peer' : error.kind === 'eof' ? 'EOF' : error.kind === 'tls' ? 'tls: first record does not look like a TLS handshake' : 'no such host'}`;
};

export function* httpGet(get: HttpGet & { port: number }, ip: string, timeoutUs: Us): Sys<Answer> {
  const scheme = (get.scheme ?? 'HTTP').toLowerCase();
  const path = get.path ?? '/';
  const url = `${scheme}://${get.host || ip}:${get.port}${path.startsWith('/') ? path : `/${path}`}`;
  const headers = Object.fromEntries([['User-Agent', 'kube-probe/1.14'], ...(get.httpHeaders ?? []).map((h) => [h.name, h.value])]) as Record<string, string>;
  const got = yield* fetchOnce(url, { headers, timeoutUs, trust: null });
  if (!got.ok) return { ok: false, message: words(url, got.error) };
  const { status } = got.response;
  return status >= 200 && status < 400 ? { ok: true } : { ok: false, message: `HTTP probe failed with statuscode: ${status}` };
}

/** Runs a command in a container and waits for it: its exit status and what it wrote. */
export function* execIn(id: string, command: readonly string[], timeoutUs: Us): Sys<{ exit: number; output: string }> {
  const made = yield* docker('POST', `/containers/${id}/exec`, { body: { Cmd: command, AttachStdout: true, AttachStderr: true } });
  if (!made.ok) return { exit: 1, output: `rpc error: code = Unknown desc = Error response from daemon: ${made.message}` };
  const stream = yield* docker('POST', `/exec/${(made.body as { Id: string }).Id}/start`, { body: {}, keep: true, timeoutUs });
  if (!stream.ok) return { exit: 1, output: stream.message };
  let output = '';
  let exit = 1;
  for (let n = 0; n < 200; n++) {
    const got = yield* call('recv', { fd: stream.fd, timeoutUs });
    if (!got.ok || got.value === null) break;
    const message = got.value.data as { stdout?: string; stderr?: string; exit?: number };
    output += message.stdout ?? message.stderr ?? '';
    if (message.exit !== undefined) { exit = message.exit; break; }
  }
  yield* call('close', { fd: stream.fd });
  return { exit, output };
}
