/**
 * Bringing a pod to life: its sandbox and network, its images, its containers, with the events that
 * people read in `describe`. pkg/kubelet/{kuberuntime,images} and dockershim v1.14.
 */
import { ms, seconds } from '../../engine/time.ts';
import type { Json, Sys } from '../../proc/program.ts';
import { call } from '../../proc/syscalls.ts';
import { cached } from '../../kube/informer.ts';
import { canonical, fnv32a } from '../../kube/hash.ts';
import { record, refTo } from '../../kube/recorder.ts';
import { parseTime } from '../../kube/time.ts';
import type { Container, Pod } from '../../kube/types.ts';
import * as backoff from './backoff.ts';
import type { Kubelet } from './context.ts';
import { docker, inspectBox, LABEL, type Box } from './docker.ts';
import { environmentOf, expand } from './environment.ts';
import { addressIn, makeDirs, setUp, tearDown } from './network.ts';
import { attempts, type Waiting } from './status.ts';
import { bindOf, podDir } from './volumes.ts';

export const note = (k: Kubelet, pod: Pod, type: 'Normal' | 'Warning', reason: string, message: string, container?: string): Sys<void> =>
  record({ about: refTo(pod, container ? `spec.containers{${container}}` : undefined), type, reason, message, source: { component: 'kubelet', host: k.options.node } });

/** Times of a small machine: namespaces and cgroups of a sandbox; runc's start. */
const SANDBOX_US = ms(900);
const START_US = ms(250);
/** A pull asks the registry at least; a new image also moves. */
const PULL_US = ms(350);
const PULL_BYTES_PER_US = 80;

const short = (pod: Pod): string => `${pod.metadata.name}_${pod.metadata.namespace}`;
const containerName = (pod: Pod, name: string, attempt: number): string => `k8s_${name}_${short(pod)}_${pod.metadata.uid}_${attempt}`;

const labels = (pod: Pod, name: string, type: 'podsandbox' | 'container', attempt: number, extra: Record<string, string>): Record<string, string> => ({
  [LABEL.container]: name, [LABEL.pod]: pod.metadata.name, [LABEL.namespace]: pod.metadata.namespace!, [LABEL.uid]: pod.metadata.uid!, [LABEL.type]: type, [LABEL.attempt]: String(attempt), ...extra,
});

/** What is in a reference before the tag, and the tag. */
const splitImage = (image: string): [string, string] => {
  const m = /^(.*?)(?::([^/:@]+))?$/.exec(image)!;
  return [m[1]!, m[2] ?? 'latest'];
};

function* pullImage(image: string): Sys<string | null> {
  const [name, tag] = splitImage(image);
  const before = yield* docker('GET', `/images/${name}:${tag}/json`);
  const got = yield* docker('POST', `/images/create?fromImage=${encodeURIComponent(name)}&tag=${encodeURIComponent(tag)}`, { timeoutUs: seconds(120) });
  if (!got.ok) return got.message;
  const after = before.ok ? null : yield* docker('GET', `/images/${name}:${tag}/json`);
  const size = after?.ok ? Number((after.body as { Size?: number }).Size ?? 0) : 0;
  yield* call('sleep', { us: PULL_US + Math.round(size / PULL_BYTES_PER_US) });
  return null;
}

// ---- the sandbox

export type Sandboxed = { ok: true; box: Box; ip: string } | { ok: false; message: string };

/** Makes a pod's sandbox and joins it to the network. */
export function* createSandbox(k: Kubelet, pod: Pod, attempt: number): Sys<Sandboxed> {
  const { options } = k;
  const host = pod.spec.hostNetwork === true;
  if (!(yield* docker('GET', `/images/${options.pause}/json`)).ok) {
    const error = yield* pullImage(options.pause);
    if (error) return { ok: false, message: `rpc error: code = Unknown desc = failed pulling image ${JSON.stringify(options.pause)}: Error response from daemon: ${error}` };
  }
  const body = {
    Image: options.pause, Hostname: host ? undefined : hostnameOf(pod), Labels: labels(pod, 'POD', 'podsandbox', attempt, {}),
    HostConfig: { NetworkMode: host ? 'host' : 'none', Binds: [], ...(pod.spec.hostPID ? { PidMode: 'host' } : {}) },
  };
  const made = yield* docker('POST', `/containers/create?name=${containerName(pod, 'POD', attempt)}`, { body: body as unknown as Json });
  if (!made.ok) return { ok: false, message: `rpc error: code = Unknown desc = failed to create a sandbox for pod ${JSON.stringify(pod.metadata.name)}: ${made.down ? made.message : `Error response from daemon: ${made.message}`}` };
  const id = (made.body as { Id: string }).Id;
  yield* call('sleep', { us: SANDBOX_US });
  const started = yield* docker('POST', `/containers/${id}/start`);
  if (!started.ok) {
    yield* docker('DELETE', `/containers/${id}?force=1`);
    return { ok: false, message: `rpc error: code = Unknown desc = failed to start sandbox container for pod ${JSON.stringify(pod.metadata.name)}: Error response from daemon: ${started.message}` };
  }
  const box = yield* inspectBox(id);
  if (!box) return { ok: false, message: 'rpc error: code = Unknown desc = failed to inspect sandbox' };
  if (host) return { ok: true, box, ip: options.ip };
  const net = yield* setUp(id, box.netns);
  if (net.ok) return { ok: true, box, ip: net.ip };
  yield* docker('POST', `/containers/${id}/stop?t=1`);
  yield* docker('DELETE', `/containers/${id}?force=1`);
  yield* tearDown(id);
  return { ok: false, message: `rpc error: code = Unknown desc = failed to set up sandbox container ${JSON.stringify(id)} network for pod ${JSON.stringify(pod.metadata.name)}: NetworkPlugin cni failed to set up pod ${JSON.stringify(short(pod))} network: ${net.error}` };
}

const hostnameOf = (pod: Pod): string => (pod.spec.hostname ?? pod.metadata.name).slice(0, 63).replace(/[-.]+$/, '');

/** The address of a sandbox that runs. */
export function* sandboxIp(k: Kubelet, box: Box): Sys<string> {
  return box.hostNetwork ? k.options.ip : (yield* addressIn(box.netns)) ?? '';
}

// ---- files that every container sees

function* resolvConf(k: Kubelet, pod: Pod): Sys<string> {
  const file = yield* call('readFile', { path: k.options.resolvConf });
  const host = file.ok ? file.value : '';
  const policy = pod.spec.dnsPolicy ?? 'ClusterFirst';
  const hostSearch = (/^search\s+(.*)$/m.exec(host)?.[1] ?? '').split(/\s+/).filter(Boolean);
  let servers: readonly string[] = [...host.matchAll(/^nameserver\s+(\S+)/gm)].map((m) => m[1]!);
  let search: readonly string[] = hostSearch;
  let options = (/^options\s+(.*)$/m.exec(host)?.[1] ?? '').split(/\s+/).filter(Boolean);
  const cluster = (policy === 'ClusterFirst' && !pod.spec.hostNetwork) || policy === 'ClusterFirstWithHostNet';
  if (policy === 'None') { servers = []; search = []; options = []; }
  else if (cluster && k.options.dns.length) {
    const { domain } = k.options;
    servers = k.options.dns;
    // validation limits the list to six names
    search = [`${pod.metadata.namespace}.svc.${domain}`, `svc.${domain}`, domain, ...hostSearch].filter((d, i, all) => all.indexOf(d) === i).slice(0, 6);
    options = ['ndots:5'];
  }
  const own = pod.spec.dnsConfig;
  servers = [...servers, ...(own?.nameservers ?? [])].slice(0, 3);
  search = [...search, ...(own?.searches ?? [])];
  for (const o of own?.options ?? []) options = [...options.filter((x) => x.split(':')[0] !== o.name), o.value === undefined ? o.name : `${o.name}:${o.value}`];
  return `${servers.map((s) => `nameserver ${s}\n`).join('')}${search.length ? `search ${search.join(' ')}\n` : ''}${options.length ? `options ${options.join(' ')}\n` : ''}`;
}

function* hostsFile(pod: Pod, ip: string): Sys<string> {
  if (pod.spec.hostNetwork) {
    const file = yield* call('readFile', { path: '/etc/hosts' });
    return `# Kubernetes-managed hosts file (host network).\n${file.ok ? file.value : ''}`;
  }
  const name = hostnameOf(pod);
  const full = pod.spec.subdomain ? `${name}.${pod.spec.subdomain}.${pod.metadata.namespace}.svc.cluster.local\t${name}` : name;
  const aliases = (pod.spec.hostAliases ?? []).map((a) => `${a.ip}\t${a.hostnames.join('\t')}\n`).join('');
  return `# Kubernetes-managed hosts file.\n127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\nfe00::0\tip6-localnet\nfe00::0\tip6-mcastprefix\nfe00::1\tip6-allnodes\nfe00::2\tip6-allrouters\n${ip}\t${full}\n${aliases ? `\n# Entries added by HostAliases.\n${aliases}` : ''}`;
}

export function* podFiles(k: Kubelet, pod: Pod, ip: string): Sys<void> {
  const dir = podDir(pod.metadata.uid!);
  yield* makeDirs(dir);
  yield* call('writeFile', { path: `${dir}/etc-hosts`, text: yield* hostsFile(pod, ip) });
  yield* call('writeFile', { path: `${dir}/resolv.conf`, text: yield* resolvConf(k, pod) });
}

// ---- a container

/** null: it runs. Else why it waits. */
export type Begun = Waiting | null;

/** Pulls the image by the container's policy; why it cannot, or null. */
function* ensureImage(k: Kubelet, pod: Pod, c: Container): Sys<Begun> {
  const { image } = c;
  const [name, tag] = splitImage(image);
  const policy = c.imagePullPolicy ?? 'IfNotPresent';
  if (policy !== 'Always') {
    const there = yield* docker('GET', `/images/${name}:${tag}/json`);
    if (there.ok) {
      yield* note(k, pod, 'Normal', 'Pulled', `Container image ${JSON.stringify(image)} already present on machine`, c.name);
      return null;
    }
    if (policy === 'Never') {
      yield* note(k, pod, 'Warning', 'ErrImageNeverPull', `Container image ${JSON.stringify(image)} is not present with pull policy of Never`, c.name);
      return { reason: 'ErrImageNeverPull', message: `Container image ${JSON.stringify(image)} is not present with pull policy of Never` };
    }
  }
  const id = `${pod.metadata.uid}_${image}`;
  const now = yield* realNow();
  if (yield* backoff.waitingSinceUpdate(id, now)) {
    yield* note(k, pod, 'Normal', 'BackOff', `Back-off pulling image ${JSON.stringify(image)}`, c.name);
    yield* note(k, pod, 'Warning', 'Failed', 'Error: ImagePullBackOff', c.name);
    return { reason: 'ImagePullBackOff', message: `Back-off pulling image ${JSON.stringify(image)}` };
  }
  yield* note(k, pod, 'Normal', 'Pulling', `Pulling image ${JSON.stringify(image)}`, c.name);
  const error = yield* pullImage(image);
  if (error) {
    const words = `rpc error: code = Unknown desc = ${error.startsWith('Cannot connect') ? error : `Error response from daemon: ${error}`}`;
    yield* note(k, pod, 'Warning', 'Failed', `Failed to pull image ${JSON.stringify(image)}: ${words}`, c.name);
    yield* note(k, pod, 'Warning', 'Failed', 'Error: ErrImagePull', c.name);
    const after = yield* realNow();
    yield* backoff.next(id, after, after);
    return { reason: 'ErrImagePull', message: words };
  }
  yield* note(k, pod, 'Normal', 'Pulled', `Successfully pulled image ${JSON.stringify(image)}`, c.name);
  return null;
}

export function* realNow(): Sys<number> {
  const time = yield* call('now', {});
  return time.ok ? time.value.real : 0;
}

/** Starts the next attempt of a container in a sandbox, unless its back-off says to wait. */
export function* startContainer(k: Kubelet, pod: Pod, c: Container, sandbox: Box, ip: string, boxes: readonly Box[], paths: Readonly<Record<string, string>>): Sys<Begun> {
  const [latest] = attempts(boxes, c.name);
  const stable = `${pod.metadata.uid}/${c.name}/${fnv32a(canonical(c))}`;
  if (latest && !latest.running) {
    const ended = parseTime(latest.finishedAt.startsWith('0001') ? latest.created : latest.finishedAt) ?? 0;
    const now = yield* realNow();
    const delay = yield* backoff.waiting(stable, ended, now);
    if (delay) {
      yield* note(k, pod, 'Warning', 'BackOff', 'Back-off restarting failed container', c.name);
      return { reason: 'CrashLoopBackOff', message: `Back-off ${goSeconds(delay)} restarting failed container=${c.name} pod=${short(pod)}(${pod.metadata.uid})` };
    }
    yield* backoff.next(stable, ended, now);
  }
  const image = yield* ensureImage(k, pod, c);
  if (image) return image;
  const fail = function* (reason: string, message: string): Sys<Begun> {
    yield* note(k, pod, 'Warning', 'Failed', `Error: ${message}`, c.name);
    return { reason, message };
  };
  if (c.securityContext?.runAsNonRoot && (c.securityContext.runAsUser ?? pod.spec.securityContext?.runAsUser) === undefined) return yield* fail('CreateContainerConfigError', 'container has runAsNonRoot and image will run as root');
  const services = (yield* cached('services')) ?? {};
  const env = yield* environmentOf(k.api, pod, c, services, ip, k.options.ip);
  if (!env.ok) return yield* fail('CreateContainerConfigError', env.message);
  const attempt = latest ? latest.attempt + 1 : 0;
  const body = yield* containerBody(pod, c, sandbox, env.env, attempt, paths);
  const made = yield* docker('POST', `/containers/create?name=${containerName(pod, c.name, attempt)}`, { body });
  if (!made.ok) return yield* fail('CreateContainerError', `Error response from daemon: ${made.message}`);
  const id = (made.body as { Id: string }).Id;
  yield* note(k, pod, 'Normal', 'Created', `Created container ${c.name}`, c.name);
  yield* call('sleep', { us: START_US });
  const started = yield* docker('POST', `/containers/${id}/start`);
  if (!started.ok) return yield* fail('RunContainerError', `failed to start container ${JSON.stringify(id)}: Error response from daemon: ${started.message}`);
  yield* note(k, pod, 'Normal', 'Started', `Started container ${c.name}`, c.name);
  yield* logLinks(pod, c.name, id, attempt);
  if (latest) for (const old of attempts(boxes, c.name).slice(1)) yield* docker('DELETE', `/containers/${old.id}`);
  return null;
}

const goSeconds = (us: number): string => { const s = Math.round(us / 1_000_000); return s < 60 ? `${s}s` : `${Math.floor(s / 60)}m${s % 60}s`; };

function* containerBody(pod: Pod, c: Container, sandbox: Box, env: Record<string, string>, attempt: number, paths: Readonly<Record<string, string>>): Sys<Json> {
  const uid = pod.metadata.uid!;
  const dir = podDir(uid);
  const chance = yield* call('random', { below: 0x1_0000_0000 });
  const message = `${dir}/containers/${c.name}/${(chance.ok ? chance.value : 0).toString(16).padStart(8, '0')}`;
  yield* makeDirs(`${dir}/containers/${c.name}`);
  yield* call('writeFile', { path: message, text: '', mode: 0o666 });
  const own = new Set((c.volumeMounts ?? []).map((m) => m.mountPath));
  const binds = [
    ...(c.volumeMounts ?? []).map((m) => bindOf(m, paths)), ...(own.has('/etc/hosts') ? [] : [`${dir}/etc-hosts:/etc/hosts`]), ...(own.has('/etc/resolv.conf') ? [] : [`${dir}/resolv.conf:/etc/resolv.conf`]),
    `${message}:${c.terminationMessagePath ?? '/dev/termination-log'}`,
  ];
  const user = c.securityContext?.runAsUser ?? pod.spec.securityContext?.runAsUser;
  const logPath = `/var/log/pods/${uid}/${c.name}/${attempt}.log`;
  return {
    Image: c.image, Env: Object.entries(env).map(([name, value]) => `${name}=${value}`), Tty: c.tty ?? false, OpenStdin: c.stdin ?? false,
    ...(c.command?.length ? { Entrypoint: c.command.map((word) => expand(word, env)) } : {}), ...(c.command?.length || c.args?.length ? { Cmd: (c.args ?? []).map((word) => expand(word, env)) } : {}),
    ...(c.workingDir ? { WorkingDir: c.workingDir } : {}), ...(user === undefined ? {} : { User: String(user) }),
    Labels: labels(pod, c.name, 'container', attempt, { [LABEL.sandbox]: sandbox.id, [LABEL.hash]: fnv32a(canonical(c)).toString(16), [LABEL.logPath]: logPath, 'annotation.io.kubernetes.container.terminationMessagePath': message }),
    HostConfig: { NetworkMode: pod.spec.hostNetwork ? 'host' : `container:${sandbox.id}`, Binds: binds, Privileged: c.securityContext?.privileged ?? false, ...(pod.spec.hostPID ? { PidMode: 'host' } : {}) },
  } as unknown as Json;
}

/** /var/log/containers and /var/log/pods lead to docker's own file. */
function* logLinks(pod: Pod, name: string, id: string, attempt: number): Sys<void> {
  const dir = `/var/log/pods/${pod.metadata.uid}/${name}`;
  yield* makeDirs(dir);
  yield* makeDirs('/var/log/containers');
  yield* call('unlink', { path: `${dir}/${attempt}.log` });
  yield* call('symlink', { target: `/ext/docker/containers/${id}/${id}-json.log`, path: `${dir}/${attempt}.log` });
  yield* call('symlink', { target: `${dir}/${attempt}.log`, path: `/var/log/containers/${short(pod)}_${name}-${id}.log` });
}

