/**
 * dockerd 18.09.5: the Docker Engine API on /var/run/docker.sock. It keeps containers and the list of
 * pulled images; what a container's life is made of is in containers.ts.
 */
import type { Json, Program, Start, Sys } from '../../proc/program.ts';
import { parsePem } from '../../proc/certificate.ts';
import { fetchOnce, goError, type HttpRequest, type HttpResponse } from '../../proc/http.ts';
import { call } from '../../proc/syscalls.ts';
import { attach, attachIn } from './attach.ts';
import { programs as cli } from './cli/index.ts';
import { create, ended, find, ids, imageId, pump, realNow, recordOf, remove, save, start, stop, waitFor } from './containers.ts';
import { createExec, execIn, execOut, inspectExec, startExec } from './exec.ts';
import { IMAGES, imageNamed, plainName } from './images/index.ts';
import { logs } from './logs.ts';
import { DATA, inspect, SOCKET, statusWords, type ContainerConfig, type ContainerRecord } from './record.ts';

export { IMAGES, plainName, rootImage } from './images/index.ts';

const VERSION = '18.09.5';
const REGISTRY = 'leader.telekube.local:5000';

const answer = (status: number, body: Json = ''): HttpResponse => ({ status, headers: { 'Content-Type': typeof body === 'string' ? 'text/plain' : 'application/json', Server: `Docker/${VERSION} (linux)` }, body });
const wrong = (status: number, message: string): HttpResponse => answer(status, { message });

function* main(start: Start): Sys<number> {
  yield* say('level=info msg="Starting up"');
  for (const folder of [DATA, `${DATA}/containers`, `${DATA}/image`, `${DATA}/overlay2`]) yield* call('mkdir', { path: folder, mode: 0o711 });
  yield* restore();
  yield* call('onChild', { entry: 'child' });
  yield* call('onSignal', { signal: 'TERM', entry: 'terminate' });
  yield* call('unlink', { path: SOCKET });
  const bound = yield* call('listenUnix', { path: SOCKET, entry: 'client' });
  if (!bound.ok) {
    yield* say(`level=fatal msg="can't create unix socket ${SOCKET}: ${bound.errno}"`);
    return 1;
  }
  yield* say(`level=info msg="Docker daemon" commit=e8ff056dbc graphdriver(s)=overlay2 version=${VERSION}`);
  yield* say('level=info msg="Daemon has completed initialization"');
  yield* say(`level=info msg="API listen on ${SOCKET}"`);
  yield* call('notify', { ready: true });
  yield* call('memSet', { key: 'pid', value: start.pid });
  yield* call('serve', {});
  return 0;
}

function* say(text: string): Sys<void> {
  const now = yield* realNow();
  yield* call('write', { fd: 2, text: `time="${new Date(Math.floor(now / 1000)).toISOString().replace('Z', '000000Z')}" ${text}\n` });
}

/** What the disk holds from before: nothing of it runs any more. */
function* restore(): Sys<void> {
  const folders = yield* call('readdir', { path: `${DATA}/containers` });
  const kept: string[] = [];
  for (const id of folders.ok ? folders.value : []) {
    const file = yield* call('readFile', { path: `${DATA}/containers/${id}/config.v2.json` });
    if (!file.ok) continue;
    let record: ContainerRecord;
    try { record = JSON.parse(file.value) as ContainerRecord; } catch { continue; }
    kept.push(id);
    yield* save(record.status === 'running' ? { ...record, status: 'exited', pid: 0, exitCode: 255, finishedAt: yield* realNow() } : record);
  }
  yield* call('memSet', { key: 'ids', value: kept });
  const images = yield* call('readFile', { path: `${DATA}/image/repositories.json` });
  for (const name of images.ok ? images.value.split('\n').filter(Boolean) : []) yield* call('memSet', { key: `image/${name}`, value: true });
}

function* pull(reference: string): Sys<HttpResponse> {
  const plain = plainName(reference);
  const host = /^([^/]+[.:][^/]*)\//.exec(reference)?.[1];
  const own = host === REGISTRY || host === 'leader.gravity.local:5000' || host === 'registry.local:5000';
  const [name, tag] = [plain.slice(0, plain.lastIndexOf(':')), plain.slice(plain.lastIndexOf(':') + 1)];
  const base = own ? `https://${host}` : host ? `https://${host}` : 'https://registry-1.docker.io';
  const file = yield* call('readFile', { path: '/var/state/kubelet.cert' });
  const got = yield* fetchOnce(`${base}/v2/${name}/manifests/${tag}`, { cert: file.ok ? parsePem(file.value) : null, timeoutUs: 15_000_000 });
  if (!got.ok) return wrong(500, `Get ${base}/v2/: ${goError(got.error)}`);
  if (got.response.status === 404) return wrong(404, `manifest for ${reference} not found`);
  if (got.response.status !== 200) return wrong(500, `error parsing HTTP ${got.response.status} response body`);
  if (!imageNamed(plain)) return wrong(404, `manifest for ${reference} not found`);
  yield* call('memSet', { key: `image/${plain}`, value: true });
  const list = yield* call('readFile', { path: `${DATA}/image/repositories.json` });
  const names = new Set((list.ok ? list.value : '').split('\n').filter(Boolean));
  if (!names.has(plain)) yield* call('writeFile', { path: `${DATA}/image/repositories.json`, text: `${[...names, plain].sort().join('\n')}\n`, mode: 0o600 });
  return answer(200, { status: `Status: Image is up to date for ${reference}`, id: `sha256:${imageId(plain)}` });
}

function* images(): Sys<Json> {
  const out: Json[] = [];
  for (const image of IMAGES) {
    const plain = `${image.name}:${image.tag}`;
    const here = yield* call('memGet', { key: `image/${plain}` });
    if (here.ok && here.value === true) out.push({ Id: `sha256:${imageId(plain)}`, RepoTags: [`${REGISTRY}/${plain}`], Created: 1_556_000_000, Size: image.sizeBytes, VirtualSize: image.sizeBytes });
  }
  return out;
}

function* list(all: boolean): Sys<Json> {
  const out: Json[] = [];
  const now = yield* realNow();
  for (const id of yield* ids()) {
    const c = yield* recordOf(id);
    if (!c || (!all && c.status !== 'running')) continue;
    out.push({ Id: c.id, Names: [`/${c.name}`], Image: c.image, ImageID: c.imageId, Command: [c.path, ...c.args].join(' '), Created: Math.floor(c.created / 1_000_000), State: c.status, Status: statusWords(c, now), Labels: c.labels, Mounts: [], NetworkSettings: {}, HostConfig: { NetworkMode: c.networkMode } });
  }
  return [...out].sort((a, b) => Number((b as { Created: number }).Created) - Number((a as { Created: number }).Created));
}

function* handle(request: HttpRequest, fd: number): Sys<HttpResponse | null> {
  const [path, query = ''] = request.path.split('?') as [string, string?];
  const params = new Map(query.split('&').filter(Boolean).map((pair) => { const at = pair.indexOf('='); return [pair.slice(0, at < 0 ? undefined : at), at < 0 ? '' : decodeURIComponent(pair.slice(at + 1).replace(/\+/g, ' '))] as const; }));
  const parts = path.replace(/^\/v1\.\d+/, '').split('/').filter(Boolean).map(decodeURIComponent);
  const yes = (name: string): boolean => ['1', 'true'].includes(params.get(name) ?? '');
  switch (parts[0]) {
    case '_ping': return answer(200, 'OK');
    case 'version': return answer(200, { Version: VERSION, ApiVersion: '1.39', MinAPIVersion: '1.12', GitCommit: 'e8ff056dbc', GoVersion: 'go1.10.8', Os: 'linux', Arch: 'amd64', KernelVersion: yield* kernel(), BuildTime: '2019-04-11T04:45:41.000000000+00:00' });
    case 'info': return answer(200, yield* info());
    case 'images': return yield* imageRequest(request.method, parts.slice(1), params);
    case 'exec': {
      if (parts[2] === 'start') return yield* startExec(parts[1]!, request.body, fd);
      const found = yield* inspectExec(parts[1]!);
      return found === null ? wrong(404, `No such exec instance: ${parts[1]}`) : answer(200, found);
    }
    case 'containers': break;
    default: return wrong(404, 'page not found');
  }
  if (parts[1] === 'json') return answer(200, yield* list(yes('all')));
  if (parts[1] === 'create') {
    const made = yield* create(request.body as unknown as ContainerConfig, params.get('name'));
    return made.ok ? answer(201, { Id: made.value.id, Warnings: null }) : wrong(made.status, made.message);
  }
  const record = yield* find(parts[1] ?? '');
  if (!record) return wrong(404, `No such container: ${parts[1]}`);
  if (request.method === 'DELETE') {
    const gone = yield* remove(record, yes('force'));
    return gone.ok ? answer(204) : wrong(gone.status, gone.message);
  }
  switch (parts[2]) {
    case 'json': return answer(200, inspect(record));
    case 'start': {
      const started = yield* start(record);
      return started.ok ? answer(204) : wrong(started.status, started.message);
    }
    case 'stop': yield* stop(record, Number(params.get('t') ?? 10)); return answer(204);
    case 'kill': {
      if (record.status !== 'running') return wrong(409, `Cannot kill container: ${parts[1]}: Container ${record.id} is not running`);
      yield* call('kill', { pid: record.pid, signal: (params.get('signal') ?? 'KILL').replace(/^SIG/, '') as 'KILL' });
      return answer(204);
    }
    case 'attach': return yield* attach(record, fd);
    case 'restart': {
      yield* stop(record, Number(params.get('t') ?? 10));
      const again = yield* recordOf(record.id);
      const begun = yield* start(again ?? record);
      return begun.ok ? answer(204) : wrong(begun.status, begun.message);
    }
    case 'top': return answer(200, yield* top(record));
    case 'wait': return answer(200, { StatusCode: (yield* waitFor(record.id)) ?? 0 });
    case 'logs': return yield* logs(record, params, fd);
    case 'exec': return record.status === 'running' ? answer(201, { Id: yield* createExec(record, request.body) }) : wrong(409, `Container ${record.id} is not running`);
    default: return wrong(404, 'page not found');
  }
}

/** The processes of a container. */
function* top(record: ContainerRecord): Sys<Json> {
  const all = yield* call('processes', {});
  const mine = (all.ok ? all.value : []).filter((p) => p.root === record.id);
  return { Titles: ['UID', 'PID', 'PPID', 'C', 'STIME', 'TTY', 'TIME', 'CMD'], Processes: mine.map((p) => [p.uid === 0 ? 'root' : String(p.uid), String(p.pid), String(p.ppid), '0', '00:00', p.tty ?? '?', '00:00:00', p.argv.join(' ')]) };
}

function* imageRequest(method: string, parts: readonly string[], params: ReadonlyMap<string, string>): Sys<HttpResponse> {
  if (parts[0] === 'json') return answer(200, yield* images());
  if (parts[0] === 'create') return yield* pull(params.get('tag') ? `${params.get('fromImage')}:${params.get('tag')}` : params.get('fromImage') ?? '');
  const reference = parts.join('/').replace(/\/json$/, '');
  const plain = plainName(reference);
  const here = yield* call('memGet', { key: `image/${plain}` });
  const image = imageNamed(plain);
  if (!image || !here.ok || here.value !== true) return wrong(404, `No such image: ${reference}`);
  if (method === 'DELETE') {
    for (const id of yield* ids()) {
      const c = yield* recordOf(id);
      if (c && plainName(c.image) === plain) return wrong(409, `conflict: unable to remove repository reference "${reference}" (must force) - container ${c.id.slice(0, 12)} is using its referenced image ${imageId(plain).slice(0, 12)}`);
    }
    yield* call('memSet', { key: `image/${plain}`, value: null });
    return answer(200, [{ Untagged: reference }]);
  }
  return answer(200, { Id: `sha256:${imageId(plain)}`, RepoTags: [reference], RepoDigests: [`${reference.replace(/:[^/:]+$/, '')}@sha256:${imageId(plain)}`], Size: image.sizeBytes, Config: { Entrypoint: image.entrypoint, Env: image.env ?? [], User: image.user ?? '', WorkingDir: image.workdir ?? '' } });
}

function* kernel(): Sys<string> {
  const info = yield* call('sysinfo', {});
  return info.ok ? info.value.kernel : '';
}

function* info(): Sys<Json> {
  let running = 0;
  const all = yield* ids();
  for (const id of all) if ((yield* recordOf(id))?.status === 'running') running++;
  const machine = yield* call('sysinfo', {});
  return {
    Containers: all.length, ContainersRunning: running, ContainersPaused: 0, ContainersStopped: all.length - running, Images: ((yield* images()) as Json[]).length,
    ServerVersion: VERSION, Driver: 'overlay2', DockerRootDir: DATA, CgroupDriver: 'cgroupfs', LoggingDriver: 'json-file', KernelVersion: machine.ok ? machine.value.kernel : '',
    OperatingSystem: 'Debian GNU/Linux 9 (stretch) (containerized)', OSType: 'linux', Architecture: 'x86_64', NCPU: machine.ok ? machine.value.cpus : 1, MemTotal: machine.ok ? machine.value.memKb.total * 1024 : 0, Name: machine.ok ? machine.value.hostname : '',
  };
}

/** SIGTERM: every container is stopped, then the daemon ends. */
function* terminate(): Sys<void> {
  yield* say('level=info msg="Processing signal \'terminated\'"');
  for (const id of yield* ids()) {
    const c = yield* recordOf(id);
    if (c?.status === 'running') { yield* call('kill', { pid: c.pid, signal: 'KILL' }); yield* save({ ...c, status: 'exited', pid: 0, exitCode: 137, finishedAt: yield* realNow() }); }
  }
  yield* call('unlink', { path: SOCKET });
  const pid = yield* call('memGet', { key: 'pid' });
  if (pid.ok && typeof pid.value === 'number') yield* call('kill', { pid: pid.value, signal: 'KILL' });
}

const REQUESTS = 20;
/** A client's connection; it starts afresh now and then, since a thread's replies are kept. */
function* client(start: Start): Sys<void> {
  const { fd } = start.event as { fd: number };
  for (let n = 0; n < REQUESTS; n++) {
    const got = yield* call('recv', { fd });
    const response = got.ok && got.value !== null ? yield* handle(got.value.data as unknown as HttpRequest, fd) : null;
    const sent = response ? yield* call('send', { fd, data: response as unknown as Json, size: 500 }) : null;
    if (!sent?.ok || response?.stream) {
      yield* call('close', { fd });
      return;
    }
  }
  yield* call('become', { mem: null });
}

const dockerd: Program = {
  name: 'dockerd',
  main,
  entries: {
    client, attachIn,
    child: function* ({ event }) { const { pid, status } = event as { pid: number; status: number }; yield* ended(pid, status); },
    pump,
    terminate, execIn, execOut,
  },
};

export const programs: readonly Program[] = [dockerd, ...cli];
