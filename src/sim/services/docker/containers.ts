/**
 * The life of a container: create, start, exec, stop, remove, and its log. What runc, the shim and the
 * json-file log driver do for dockerd 18.09. It reaches the machine by syscalls.
 */
import { seconds } from '../../engine/time.ts';
import { strerror } from '../../proc/libc.ts';
import type { Json, Start, Sys } from '../../proc/program.ts';
import { call, type Fd } from '../../proc/syscalls.ts';
import { broadcast } from './attach.ts';
import { imageNamed, plainName, rootImage } from './images/index.ts';
import { configOf, folderOf, logOf, rfc3339, type ContainerConfig, type ContainerRecord } from './record.ts';

export type Done<T> = { ok: true; value: T } | { ok: false; status: number; message: string };
const no = (status: number, message: string): { ok: false; status: number; message: string } => ({ ok: false, status, message });

export function* realNow(): Sys<number> {
  const now = yield* call('now', {});
  return now.ok ? now.value.real : 0;
}

function* hex(length: number): Sys<string> {
  let text = '';
  while (text.length < length) {
    const part = yield* call('random', { below: 0x100000 });
    text += (part.ok ? part.value : 0).toString(16).padStart(5, '0');
  }
  return text.slice(0, length);
}

// ---- the table: one key a container, and the list of ids

export function* ids(): Sys<readonly string[]> {
  const list = yield* call('memGet', { key: 'ids' });
  return list.ok && Array.isArray(list.value) ? list.value as string[] : [];
}
export function* recordOf(id: string): Sys<ContainerRecord | null> {
  const got = yield* call('memGet', { key: `c/${id}` });
  return got.ok ? got.value as unknown as ContainerRecord | null : null;
}
export function* save(record: ContainerRecord): Sys<void> {
  yield* call('memSet', { key: `c/${record.id}`, value: record as unknown as Json });
  yield* call('writeFile', { path: configOf(record.id), text: JSON.stringify(record), mode: 0o600 });
}

/** By id, a prefix of it, or name. */
export function* find(name: string): Sys<ContainerRecord | null> {
  const plain = name.replace(/^\//, '');
  const all = yield* ids();
  const direct = all.find((id) => id === plain) ?? all.find((id) => plain.length >= 4 && id.startsWith(plain));
  if (direct) return yield* recordOf(direct);
  for (const id of all) {
    const record = yield* recordOf(id);
    if (record?.name === plain) return record;
  }
  return null;
}

// ---- create

const userId = (user: string): number => (/^\d+/.test(user) ? parseInt(user, 10) : user === 'nobody' ? 65_534 : 0);

export function* create(config: ContainerConfig, name: string | undefined): Sys<Done<ContainerRecord>> {
  const plain = plainName(config.Image);
  const image = imageNamed(plain);
  const local = yield* call('memGet', { key: `image/${plain}` });
  if (!image || !local.ok || local.value === null) return no(404, `No such image: ${config.Image}`);
  const id = yield* hex(64);
  const chosen = name ?? `box_${id.slice(0, 8)}`;
  const other = yield* find(chosen);
  if (other) return no(409, `Conflict. The container name "/${chosen}" is already in use by container "${other.id}". You have to remove (or rename) that container to be able to reuse that name.`);
  // An entrypoint of one's own does away with the image's command.
  const entrypoint = config.Entrypoint?.length ? config.Entrypoint : image.entrypoint;
  const command = [...entrypoint, ...(config.Cmd?.length ? config.Cmd : config.Entrypoint?.length ? [] : image.cmd ?? [])];
  if (!command.length) return no(400, 'No command specified');
  const mode = config.HostConfig?.NetworkMode ?? 'default';
  const shared = /^container:(.+)$/.exec(mode);
  const sandbox = shared ? yield* find(shared[1]!) : null;
  const netns = mode === 'host' ? 'host' : sandbox ? sandbox.netns : id.slice(0, 12);
  const record: ContainerRecord = {
    id, name: chosen, image: config.Image, imageId: `sha256:${imageId(plain)}`, created: yield* realNow(),
    path: command[0]!, args: command.slice(1), env: [...(image.env ?? []), ...(config.Env ?? [])], uid: userId(config.User ?? image.user ?? ''),
    workdir: config.WorkingDir ?? image.workdir ?? '/', hostname: config.Hostname ?? sandbox?.hostname ?? id.slice(0, 12), tty: config.Tty ?? false, stdin: config.OpenStdin ?? false,
    labels: config.Labels ?? {}, binds: config.HostConfig?.Binds ?? [], networkMode: mode, netns, pidMode: config.HostConfig?.PidMode ?? '', privileged: config.HostConfig?.Privileged ?? false,
    status: 'created', pid: 0, exitCode: 0, error: '', startedAt: 0, finishedAt: 0,
  };
  yield* call('mkdir', { path: folderOf(id), mode: 0o700 });
  yield* call('memSet', { key: 'ids', value: [...(yield* ids()), id] });
  yield* save(record);
  return { ok: true, value: record };
}

/** A stable stand-in for a content hash: the same image has the same id everywhere. */
export function imageId(plain: string): string {
  let out = '';
  for (let round = 0; out.length < 64; round++) {
    let h = 0x811c9dc5 ^ round;
    for (let i = 0; i < plain.length; i++) h = Math.imul(h ^ plain.charCodeAt(i), 0x01000193);
    out += (h >>> 0).toString(16).padStart(8, '0');
  }
  return out;
}

// ---- start

/** Makes the root and the namespace, runs the command, keeps its output. */
export function* start(record: ContainerRecord): Sys<Done<null>> {
  if (record.status === 'running') return { ok: true, value: null };
  const own = record.networkMode !== 'host' && !record.networkMode.startsWith('container:');
  if (own) {
    yield* call('netnsCreate', { name: record.netns });
    yield* call('netChange', { change: { kind: 'linkSet', dev: 'lo', up: true }, netns: record.netns });
  }
  const binds = record.binds.map((bind) => { const [source, target, options] = bind.split(':'); return { source: source!, target: target!, readonly: options?.split(',').includes('ro') ?? false }; });
  for (const { source } of binds) yield* call('mkdir', { path: source });
  yield* call('rootRemove', { id: record.id });
  const root = yield* call('rootCreate', { id: record.id, image: rootImage(plainName(record.image)), hostname: record.hostname, binds });
  if (!root.ok) return yield* failed(record, 127, `OCI runtime create failed: container_linux.go:344: starting container process caused "process_linux.go:424: container init caused \\"rootfs_linux.go:58: mounting caused: ${strerror(root.errno).toLowerCase()}\\"": unknown`);
  return yield* launch(record);
}

/** What a container's first process gets for its streams, and our ends of them. */
interface Streams { readonly theirs: Record<number, Fd>; readonly terminal?: Fd; readonly input: Fd | null; readonly outputs: readonly { fd: Fd; stream: string }[] }

function* openStreams(record: ContainerRecord): Sys<Streams | null> {
  if (record.tty) {
    const pty = yield* call('openpty', { cols: 80, rows: 24 });
    if (!pty.ok) return null;
    const { master, slave } = pty.value;
    return { theirs: { 0: slave, 1: slave, 2: slave }, terminal: slave, input: master, outputs: [{ fd: master, stream: 'stdout' }] };
  }
  const out = yield* call('pipe', {}), errors = yield* call('pipe', {});
  if (!out.ok || !errors.ok) return null;
  const stdin = record.stdin ? yield* call('pipe', {}) : null;
  const nothing = stdin ? null : yield* call('open', { path: '/dev/null', flags: { read: true } });
  const input = stdin?.ok ? stdin.value.read : nothing?.ok ? nothing.value : undefined;
  return {
    theirs: (input === undefined ? { 1: out.value.write, 2: errors.value.write } : { 0: input, 1: out.value.write, 2: errors.value.write }) as Record<number, Fd>, input: stdin?.ok ? stdin.value.write : null,
    outputs: [{ fd: out.value.read, stream: 'stdout' }, { fd: errors.value.read, stream: 'stderr' }],
  };
}

function* launch(record: ContainerRecord): Sys<Done<null>> {
  const streams = yield* openStreams(record);
  if (!streams) return no(500, 'cannot open the streams');
  const env = Object.fromEntries(record.env.map((pair) => { const at = pair.indexOf('='); return [pair.slice(0, at), pair.slice(at + 1)]; }));
  const spawned = yield* spawnFirst(record, { HOME: '/root', HOSTNAME: record.hostname, ...(record.tty ? { TERM: 'xterm' } : {}), ...env }, streams);
  if (spawned.ok) yield* call('memSet', { key: `pid/${spawned.value}`, value: record.id });
  for (const fd of new Set(Object.values(streams.theirs))) yield* call('close', { fd });
  if (!spawned.ok) {
    for (const fd of new Set([...streams.outputs.map((o) => o.fd), ...(streams.input === null ? [] : [streams.input])])) yield* call('close', { fd });
    const why = spawned.errno === 'ENOENT' ? `exec: \\"${record.path}\\": ${record.path.includes('/') ? `stat ${record.path}: no such file or directory` : 'executable file not found in $PATH'}` : `exec: \\"${record.path}\\": ${strerror(spawned.errno).toLowerCase()}`;
    return yield* failed(record, spawned.errno === 'EACCES' ? 126 : 127, `OCI runtime create failed: container_linux.go:344: starting container process caused "${why}": unknown`);
  }
  yield* save({ ...record, status: 'running', pid: spawned.value, exitCode: 0, error: '', startedAt: yield* realNow() });
  if (streams.input !== null) yield* call('memSet', { key: `stdin/${record.id}`, value: streams.input });
  for (const { fd, stream } of streams.outputs) yield* call('thread', { entry: 'pump', event: { id: record.id, fd, stream, tty: record.tty } });
  // It may have ended before it was noted as running.
  const early = yield* call('memGet', { key: `dead/${spawned.value}` });
  if (early.ok && typeof early.value === 'number') yield* ended(spawned.value, early.value);
  return { ok: true, value: null };
}

const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** runc looks a bare name up in the container's own PATH. */
function* spawnFirst(record: ContainerRecord, env: Record<string, string>, streams: Streams): Sys<{ ok: true; value: number } | { ok: false; errno: string }> {
  const paths = record.path.includes('/') ? [record.path] : (env['PATH'] ?? DEFAULT_PATH).split(':').map((folder) => `${folder}/${record.path}`);
  let last: { ok: true; value: number } | { ok: false; errno: string } = { ok: false, errno: 'ENOENT' };
  for (const path of paths) {
    last = yield* call('spawn', {
      path, argv: [record.path, ...record.args], env: { PATH: DEFAULT_PATH, ...env }, root: record.id, netns: record.netns, cwd: record.workdir, uid: record.uid, gid: record.uid, groups: [],
      fds: streams.theirs, ...(streams.terminal === undefined ? { session: true } : { terminal: streams.terminal }),
    });
    if (last.ok || last.errno !== 'ENOENT') break;
  }
  return last;
}

function* failed(record: ContainerRecord, exitCode: number, message: string): Sys<{ ok: false; status: number; message: string }> {
  yield* save({ ...record, status: 'created', exitCode, error: message });
  return no(exitCode === 126 || exitCode === 127 ? 400 : 500, message);
}

/** A terminal's own marks for whoever relays it are not output. */
const plain = (text: string): string => text.replace(/\x1b\]133;[^\x07]*\x07/g, '');

const READS = 60;
/** The entry `pump`. The json-file driver: each line an object with its stream and time. */
export function* pump(start: Start): Sys<void> {
  const { id, fd, stream, tty } = start.event as { id: string; fd: Fd; stream: string; tty: boolean };
  let rest = typeof start.mem === 'string' ? start.mem : '';
  for (let n = 0; n < READS; n++) {
    const part = yield* call('read', { fd });
    if (!part.ok || part.value === '') {
      if (rest) yield* log(id, `${JSON.stringify({ log: rest, stream, time: rfc3339(yield* realNow()) })}\n`);
      yield* call('close', { fd });
      return;
    }
    yield* broadcast(id, stream, part.value);
    const time = rfc3339(yield* realNow());
    const lines = (rest + (tty ? plain(part.value) : part.value)).split('\n');
    rest = lines.pop()!;
    yield* log(id, lines.map((line) => `${JSON.stringify({ log: `${line}\n`, stream, time })}\n`).join(''));
  }
  yield* call('become', { mem: rest });
}

function* log(id: string, text: string): Sys<void> {
  if (!text) return;
  yield* call('writeFile', { path: logOf(id), text, append: true, mode: 0o640 });
  yield* call('unpark', { channel: `log/${id}`, value: null });
}

// ---- the end

/** A child of dockerd ended: a container's first process, or an exec's. */
export function* ended(pid: number, status: number): Sys<void> {
  const owner = yield* call('memGet', { key: `pid/${pid}` });
  yield* call('memSet', { key: `pid/${pid}`, value: null });
  const exec = yield* call('memGet', { key: `execpid/${pid}` });
  if (exec.ok && typeof exec.value === 'string') {
    const record = yield* call('memGet', { key: `exec/${exec.value}` });
    if (record.ok && record.value !== null) yield* call('memSet', { key: `exec/${exec.value}`, value: { ...(record.value as object), running: false, exitCode: status } as Json });
    yield* call('memSet', { key: `execpid/${pid}`, value: null });
    yield* call('unpark', { channel: `exec/${exec.value}`, value: status });
  }
  if (!owner.ok || typeof owner.value !== 'string') {
    if (!exec.ok || typeof exec.value !== 'string') yield* call('memSet', { key: `dead/${pid}`, value: status });
    return;
  }
  const record = yield* recordOf(owner.value);
  if (!record) return;
  if (record.status !== 'running') { // its start is still under way, and will look
    yield* call('memSet', { key: `pid/${pid}`, value: owner.value });
    yield* call('memSet', { key: `dead/${pid}`, value: status });
    return;
  }
  yield* call('memSet', { key: `dead/${pid}`, value: null });
  yield* save({ ...record, status: 'exited', pid: 0, exitCode: status, finishedAt: yield* realNow() });
  yield* call('unpark', { channel: `end/${record.id}`, value: status });
  yield* call('unpark', { channel: `log/${record.id}`, value: null });
  yield* call('memSet', { key: `stdin/${record.id}`, value: null });
}

/** Waits for the end; its exit status. */
export function* waitFor(id: string, timeoutUs?: number): Sys<number | null> {
  const record = yield* recordOf(id);
  if (!record) return null;
  if (record.status !== 'running') return record.exitCode;
  const got = yield* call('park', { channel: `end/${id}`, timeoutUs });
  return got.ok ? Number(got.value) : null;
}

export function* stop(record: ContainerRecord, graceSeconds: number): Sys<void> {
  if (record.status !== 'running') return;
  yield* call('kill', { pid: record.pid, signal: 'TERM' });
  if ((yield* waitFor(record.id, Math.max(1, seconds(graceSeconds)))) !== null) return;
  yield* call('kill', { pid: record.pid, signal: 'KILL' });
  yield* waitFor(record.id, seconds(10));
}

export function* remove(record: ContainerRecord, force: boolean): Sys<Done<null>> {
  if (record.status === 'running') {
    if (!force) return no(409, `You cannot remove a running container ${record.id}. Stop the container before attempting removal or force remove`);
    yield* call('kill', { pid: record.pid, signal: 'KILL' });
    yield* waitFor(record.id, seconds(10));
  }
  yield* call('rootRemove', { id: record.id });
  const own = record.networkMode !== 'host' && !record.networkMode.startsWith('container:');
  if (own) yield* call('netnsRemove', { name: record.netns });
  for (const path of [logOf(record.id), configOf(record.id)]) yield* call('unlink', { path });
  yield* call('rmdir', { path: folderOf(record.id) });
  yield* call('memSet', { key: 'ids', value: (yield* ids()).filter((id) => id !== record.id) });
  yield* call('memSet', { key: `c/${record.id}`, value: null });
  return { ok: true, value: null };
}
