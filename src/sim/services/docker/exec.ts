/**
 * `docker exec`: a further process in a running container, with its streams on the connection that started
 * it. Messages: from the client {stdin}, {eof}, {resize}; from here {stdout}, {stderr}, last {exit}.
 */
import type { HttpResponse } from '../../proc/http.ts';
import { strerror } from '../../proc/libc.ts';
import type { Json, Start, Sys } from '../../proc/program.ts';
import { call, type Fd } from '../../proc/syscalls.ts';
import { recordOf } from './containers.ts';
import type { ContainerRecord } from './record.ts';

interface ExecConfig { Cmd: readonly string[]; Tty?: boolean; AttachStdin?: boolean; Env?: readonly string[]; ConsoleSize?: readonly [number, number] }
interface ExecRecord { container: string; config: ExecConfig; running: boolean; exitCode: number; pid: number }

const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

export function* createExec(container: ContainerRecord, config: Json): Sys<string> {
  const count = yield* call('memGet', { key: 'execs' });
  const n = (count.ok && typeof count.value === 'number' ? count.value : 0) + 1;
  yield* call('memSet', { key: 'execs', value: n });
  const id = `${container.id.slice(0, 48)}${n.toString(16).padStart(16, '0')}`;
  const record: ExecRecord = { container: container.id, config: config as unknown as ExecConfig, running: false, exitCode: 0, pid: 0 };
  yield* call('memSet', { key: `exec/${id}`, value: record as unknown as Json });
  return id;
}

function* execOf(id: string): Sys<ExecRecord | null> {
  const got = yield* call('memGet', { key: `exec/${id}` });
  return got.ok ? got.value as unknown as ExecRecord | null : null;
}

export function* inspectExec(id: string): Sys<Json> {
  const record = yield* execOf(id);
  return record && { ID: id, Running: record.running, ExitCode: record.exitCode, Pid: record.pid, ContainerID: record.container, ProcessConfig: { entrypoint: record.config.Cmd[0] ?? '', arguments: record.config.Cmd.slice(1), tty: record.config.Tty ?? false } };
}

/** The process's ends of its streams, and ours. With a terminal both are one. */
interface Streams { theirs: Record<number, Fd>; terminal?: Fd; input: Fd; outputs: { fd: Fd; name: 'stdout' | 'stderr' }[] }

function* openStreams(config: ExecConfig): Sys<Streams | null> {
  if (config.Tty) {
    const [rows, cols] = config.ConsoleSize ?? [24, 80];
    const pty = yield* call('openpty', { cols, rows });
    if (!pty.ok) return null;
    const { master, slave } = pty.value;
    return { theirs: { 0: slave, 1: slave, 2: slave }, terminal: slave, input: master, outputs: [{ fd: master, name: 'stdout' }] };
  }
  const input = yield* call('pipe', {}), out = yield* call('pipe', {}), errors = yield* call('pipe', {});
  if (!input.ok || !out.ok || !errors.ok) return null;
  return { theirs: { 0: input.value.read, 1: out.value.write, 2: errors.value.write }, input: input.value.write, outputs: [{ fd: out.value.read, name: 'stdout' }, { fd: errors.value.read, name: 'stderr' }] };
}

/** Runs it and takes the connection over until it ends. */
export function* startExec(id: string, _body: Json, fd: Fd): Sys<HttpResponse | null> {
  const record = yield* execOf(id);
  const container = record && (yield* recordOf(record.container));
  if (!record || !container) return { status: 404, headers: {}, body: { message: `No such exec instance: ${id}` } };
  if (container.status !== 'running') return { status: 409, headers: {}, body: { message: `Container ${container.id} is not running` } };
  const streams = yield* openStreams(record.config);
  if (!streams) return { status: 500, headers: {}, body: { message: 'cannot open the streams' } };
  const spawned = yield* spawnIn(container, record.config, streams);
  for (const end of new Set(Object.values(streams.theirs))) yield* call('close', { fd: end });
  yield* call('send', { fd, data: { status: 101, headers: {}, body: '', stream: true } });
  if (!spawned.ok) {
    for (const end of new Set([streams.input, ...streams.outputs.map((o) => o.fd)])) yield* call('close', { fd: end });
    const name = record.config.Cmd[0] ?? '';
    const why = spawned.errno !== 'ENOENT' ? strerror(spawned.errno).toLowerCase() : name.includes('/') ? `stat ${name}: no such file or directory` : 'executable file not found in $PATH';
    yield* call('send', { fd, data: { stdout: `OCI runtime exec failed: exec failed: container_linux.go:344: starting container process caused "exec: \\"${name}\\": ${why}": unknown\r\n` } });
    yield* call('send', { fd, data: { exit: 126 } });
    return null;
  }
  yield* call('memSet', { key: `exec/${id}`, value: { ...record, running: true, pid: spawned.value } as unknown as Json });
  yield* call('memSet', { key: `execpid/${spawned.value}`, value: id });
  const early = yield* call('memGet', { key: `dead/${spawned.value}` });
  if (early.ok && typeof early.value === 'number') {
    yield* call('memSet', { key: `dead/${spawned.value}`, value: null });
    yield* call('memSet', { key: `exec/${id}`, value: { ...record, running: false, pid: spawned.value, exitCode: early.value } as unknown as Json });
  }
  yield* call('thread', { entry: 'execIn', event: { fd, to: streams.input, tty: record.config.Tty ?? false, pid: spawned.value } });
  const [first, second] = streams.outputs;
  if (second) yield* call('thread', { entry: 'execOut', event: { fd, from: second.fd, name: second.name } });
  yield* relay(fd, first!.fd, first!.name);
  const after = yield* execOf(id);
  const waited = after?.running ? yield* call('park', { channel: `exec/${id}` }) : null;
  yield* call('send', { fd, data: { exit: waited?.ok ? Number(waited.value) : (yield* execOf(id))?.exitCode ?? 0 } });
  return null;
}

/** runc looks a bare name up in the container's own PATH. */
function* spawnIn(container: ContainerRecord, config: ExecConfig, streams: Streams): Sys<{ ok: true; value: number } | { ok: false; errno: string }> {
  const env = Object.fromEntries([...container.env, ...(config.Env ?? [])].map((pair) => { const at = pair.indexOf('='); return [pair.slice(0, at), pair.slice(at + 1)]; }));
  const name = config.Cmd[0] ?? '';
  const paths = name.includes('/') ? [name] : (env['PATH'] ?? DEFAULT_PATH).split(':').map((folder) => `${folder}/${name}`);
  let last: { ok: true; value: number } | { ok: false; errno: string } = { ok: false, errno: 'ENOENT' };
  for (const path of paths) {
    last = yield* call('spawn', {
      path, argv: config.Cmd, env: { PATH: DEFAULT_PATH, HOME: '/root', HOSTNAME: container.hostname, ...(config.Tty ? { TERM: 'xterm' } : {}), ...env }, root: container.id, netns: container.netns,
      cwd: container.workdir, uid: container.uid, gid: container.uid, groups: [], fds: streams.theirs, ...(streams.terminal === undefined ? { session: true } : { terminal: streams.terminal }),
    });
    if (last.ok || last.errno !== 'ENOENT') break;
  }
  return last;
}

/** What the client sends, until it hangs up: then the process is told as a terminal's or pipe's end tells it. */
export function* execIn({ event }: Start): Sys<void> {
  const { fd, to, tty } = event as { fd: Fd; to: Fd; tty: boolean };
  for (;;) {
    const got = yield* call('recv', { fd });
    if (!got.ok || got.value === null) break;
    const message = got.value.data as { stdin?: string; eof?: boolean; resize?: [number, number] };
    if (message.stdin !== undefined) { const sent = yield* call('write', { fd: to, text: message.stdin }); if (!sent.ok) return; }
    if (message.resize && tty) yield* call('ttyResize', { fd: to, cols: message.resize[0], rows: message.resize[1] });
    if (message.eof && !tty) break;
  }
  yield* call('close', { fd: to });
}

export function* execOut({ event }: Start): Sys<void> {
  const { fd, from, name } = event as { fd: Fd; from: Fd; name: 'stdout' | 'stderr' };
  yield* relay(fd, from, name);
}

function* relay(fd: Fd, from: Fd, name: 'stdout' | 'stderr'): Sys<void> {
  for (;;) {
    const part = yield* call('read', { fd: from });
    if (!part.ok || part.value === '') break;
    const sent = yield* call('send', { fd, data: { [name]: part.value }, size: part.value.length });
    if (!sent.ok) break;
  }
  yield* call('close', { fd: from });
}
