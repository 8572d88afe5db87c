/** docker run, exec, attach, logs, and the commands that change containers and images. */
import { err, out } from '../../../proc/libc.ts';
import type { Json, Start, Sys } from '../../../proc/program.ts';
import { call, type Fd } from '../../../proc/syscalls.ts';
import { engine } from './engine.ts';
import { on, one, type Parsed } from './flags.ts';
import { refuse } from './lists.ts';

const MESSAGES = 100;
interface Joined { readonly fd: Fd; readonly raw: boolean; readonly after: Json }

/** Joins this process's streams with a connection's, until it says how the process ended. */
function* join(joined: Joined, stdin: boolean): Sys<number> {
  if (joined.raw) {
    const size = yield* call('tty', { fd: 0 });
    yield* call('ttyMode', { fd: 0, raw: true, echo: false });
    if (size.ok) yield* call('send', { fd: joined.fd, data: { resize: [size.value.cols, size.value.rows] } });
  }
  if (stdin) yield* call('thread', { entry: 'stdin', event: { fd: joined.fd, raw: joined.raw } });
  return yield* pump(joined);
}

export function* pump(joined: Joined): Sys<number> {
  for (let n = 0; n < MESSAGES; n++) {
    const got = yield* call('recv', { fd: joined.fd });
    const message = got.ok && got.value !== null ? (got.value.data as { stdout?: string; stderr?: string; exit?: number }) : { exit: 0 };
    if (message.stdout !== undefined) yield* out(message.stdout);
    if (message.stderr !== undefined) yield* err(message.stderr);
    if (message.exit === undefined) continue;
    if (joined.raw) yield* call('ttyMode', { fd: 0, raw: false, echo: true });
    yield* call('close', { fd: joined.fd });
    const remove = (joined.after as { remove?: string } | null)?.remove;
    if (remove) yield* engine('DELETE', `/containers/${remove}?force=1`);
    return message.exit;
  }
  yield* call('become', { mem: { joined } as unknown as Json });
  return 0;
}

/** The entry `stdin`. */
export function* stdinThread(start: Start): Sys<void> {
  const { fd, raw } = start.event as { fd: Fd; raw: boolean };
  for (let n = 0; n < MESSAGES; n++) {
    const text = yield* call('read', { fd: 0, relay: raw });
    const data: Json = text.ok && text.value !== '' ? { stdin: text.value } : { eof: true };
    const sent = yield* call('send', { fd, data });
    if (!sent.ok || !text.ok || text.value === '') return;
  }
  yield* call('become', { mem: null });
}

function* terminal(p: Parsed): Sys<boolean | null> {
  if (!on(p, 'tty')) return false;
  const tty = yield* call('tty', { fd: 0 });
  if (tty.ok || !on(p, 'interactive')) return true;
  yield* err('the input device is not a TTY\n');
  return null;
}

export function* exec(p: Parsed): Sys<number> {
  if (p.args.length < 2) return yield* refuse('"docker exec" requires at least 2 arguments.\nSee \'docker exec --help\'.\n\nUsage:  docker exec [OPTIONS] CONTAINER COMMAND [ARG...]\n\nRun a command in a running container');
  const tty = yield* terminal(p);
  if (tty === null) return 1;
  const [name, ...command] = p.args;
  const made = yield* engine('POST', `/containers/${name}/exec`, { Cmd: command, Tty: tty, AttachStdin: on(p, 'interactive'), Env: p.values['env'] ?? [], ...(one(p, 'user') ? { User: one(p, 'user')! } : {}) });
  if (!made.ok) return yield* refuse(made.message.replace('No such container', 'No such container'));
  const stream = yield* engine('POST', `/exec/${(made.body as { Id: string }).Id}/start`, { Detach: on(p, 'detach'), Tty: tty }, true);
  if (!stream.ok) return yield* refuse(stream.message);
  return yield* join({ fd: stream.fd, raw: tty && on(p, 'interactive'), after: null }, on(p, 'interactive'));
}

export function* attach(p: Parsed): Sys<number> {
  if (p.args.length !== 1) return yield* refuse('"docker attach" requires exactly 1 argument.\nSee \'docker attach --help\'.\n\nUsage:  docker attach [OPTIONS] CONTAINER\n\nAttach local standard input, output, and error streams to a running container');
  const there = yield* engine('GET', `/containers/${p.args[0]}/json`);
  if (!there.ok) return yield* refuse(there.message);
  const { State, Config } = there.body as unknown as { State: { Running: boolean }; Config: { Tty: boolean; OpenStdin: boolean } };
  if (!State.Running) return yield* refuse('You cannot attach to a stopped container, start it first');
  const stream = yield* engine('POST', `/containers/${p.args[0]}/attach?stream=1`, undefined, true);
  if (!stream.ok) return yield* refuse(stream.message);
  const tty = yield* call('tty', { fd: 0 });
  return yield* join({ fd: stream.fd, raw: Config.Tty && tty.ok, after: null }, Config.OpenStdin && !on(p, 'no-stdin'));
}

const RUN_USAGE = '"docker run" requires at least 1 argument.\nSee \'docker run --help\'.\n\nUsage:  docker run [OPTIONS] IMAGE [COMMAND] [ARG...]\n\nRun a command in a new container';

function* createFrom(p: Parsed, tty: boolean): Sys<{ ok: true; id: string } | { ok: false; message: string }> {
  const [image, ...command] = p.args as [string, ...string[]];
  const body = {
    Image: image, Tty: tty, OpenStdin: on(p, 'interactive'), Env: p.values['env'] ?? [], ...(command.length ? { Cmd: command } : {}), ...(one(p, 'entrypoint') ? { Entrypoint: [one(p, 'entrypoint')!] } : {}),
    ...(one(p, 'hostname') ? { Hostname: one(p, 'hostname')! } : {}), ...(one(p, 'user') ? { User: one(p, 'user')! } : {}), ...(one(p, 'workdir') ? { WorkingDir: one(p, 'workdir')! } : {}),
    Labels: Object.fromEntries((p.values['label'] ?? []).map((l) => l.split(/=(.*)/s).slice(0, 2) as [string, string])),
    HostConfig: { Binds: p.values['volume'] ?? [], NetworkMode: one(p, 'network') ?? one(p, 'net') ?? 'default', Privileged: on(p, 'privileged'), ...(one(p, 'pid') ? { PidMode: one(p, 'pid')! } : {}) },
  };
  const path = `/containers/create${one(p, 'name') ? `?name=${one(p, 'name')}` : ''}`;
  let made = yield* engine('POST', path, body);
  if (!made.ok && made.status === 404) {
    yield* err(`Unable to find image '${/:[^/]+$/.test(image) ? image : `${image}:latest`}' locally\n`);
    const pulled = yield* engine('POST', `/images/create?fromImage=${encodeURIComponent(image)}`);
    if (!pulled.ok) return { ok: false, message: pulled.message };
    made = yield* engine('POST', path, body);
  }
  return made.ok ? { ok: true, id: (made.body as { Id: string }).Id } : { ok: false, message: made.message };
}

export function* run(p: Parsed, onlyCreate = false): Sys<number> {
  if (!p.args.length) return yield* refuse(RUN_USAGE);
  const tty = onlyCreate ? on(p, 'tty') : yield* terminal(p);
  if (tty === null) return 1;
  const made = yield* createFrom(p, tty);
  if (!made.ok) return yield* refuse(`docker: ${made.message}.\nSee 'docker run --help'.`, 125);
  if (onlyCreate) { yield* out(`${made.id}\n`); return 0; }
  const started = yield* engine('POST', `/containers/${made.id}/start`);
  if (!started.ok) {
    if (on(p, 'rm')) yield* engine('DELETE', `/containers/${made.id}?force=1`);
    return yield* refuse(`docker: ${started.message}.`, /executable file not found|no such file/.test(started.message) ? 127 : /permission denied/.test(started.message) ? 126 : 125);
  }
  if (on(p, 'detach')) { yield* out(`${made.id}\n`); return 0; }
  const stream = yield* engine('POST', `/containers/${made.id}/attach?stream=1`, undefined, true);
  if (stream.ok) return yield* join({ fd: stream.fd, raw: tty && on(p, 'interactive'), after: on(p, 'rm') ? { remove: made.id } : null }, on(p, 'interactive'));
  // It ended before anybody could attach: what it wrote is in its log.
  yield* print(made.id, 'stdout=1&stderr=1');
  const waited = yield* engine('POST', `/containers/${made.id}/wait`);
  if (on(p, 'rm')) yield* engine('DELETE', `/containers/${made.id}?force=1`);
  return waited.ok ? Number((waited.body as { StatusCode: number }).StatusCode) : 0;
}

function* print(id: string, query: string): Sys<boolean> {
  const got = yield* engine('GET', `/containers/${id}/logs?${query}`);
  if (!got.ok) { yield* err(`${got.message}\n`); return false; }
  for (const piece of got.body as unknown as readonly { stdout?: string; stderr?: string }[]) {
    if (piece.stdout !== undefined) yield* out(piece.stdout);
    if (piece.stderr !== undefined) yield* err(piece.stderr);
  }
  return true;
}

export function* logs(p: Parsed): Sys<number> {
  if (p.args.length !== 1) return yield* refuse('"docker logs" requires exactly 1 argument.\nSee \'docker logs --help\'.\n\nUsage:  docker logs [OPTIONS] CONTAINER\n\nFetch the logs of a container');
  const id = p.args[0]!;
  const there = yield* engine('GET', `/containers/${id}/json`);
  if (!there.ok) return yield* refuse(there.message.replace('Error response from daemon: ', 'Error: '));
  const since = yield* sinceOf(one(p, 'since'));
  const query = `stdout=1&stderr=1&tail=${one(p, 'tail') ?? 'all'}${on(p, 'timestamps') ? '&timestamps=1' : ''}${since ? `&since=${since}` : ''}`;
  if (!on(p, 'follow')) return (yield* print(id, query)) ? 0 : 1;
  const stream = yield* engine('GET', `/containers/${id}/logs?${query}&follow=1`, undefined, true);
  if (!stream.ok) return yield* refuse(stream.message);
  return yield* pump({ fd: stream.fd, raw: false, after: null });
}

/** --since 10m is a time before now. */
function* sinceOf(text: string | undefined): Sys<string | null> {
  const m = text === undefined ? null : /^(\d+)([smh])$/.exec(text);
  if (!m) return text ?? null;
  const now = yield* call('now', {});
  return String(Math.floor((now.ok ? now.value.real : 0) / 1e6) - Number(m[1]) * { s: 1, m: 60, h: 3600 }[m[2] as 's']);
}

/** start, stop, kill, restart, rm: each name in turn; what went well is printed. */
export function* change(what: 'start' | 'stop' | 'kill' | 'restart' | 'rm', p: Parsed): Sys<number> {
  if (!p.args.length) return yield* refuse(`"docker ${what}" requires at least 1 argument.\nSee 'docker ${what} --help'.\n\nUsage:  docker ${what} [OPTIONS] CONTAINER [CONTAINER...]`);
  let status = 0;
  for (const name of p.args) {
    const query = what === 'kill' ? `?signal=${one(p, 'signal') ?? 'KILL'}` : one(p, 'time') ? `?t=${one(p, 'time')}` : '';
    const got = what === 'rm' ? yield* engine('DELETE', `/containers/${name}${on(p, 'force') ? '?force=1' : ''}`) : yield* engine('POST', `/containers/${name}/${what}${query}`);
    if (got.ok) yield* out(`${name}\n`);
    else {
      yield* err(`${got.message}\n`);
      status = 1;
    }
  }
  return status;
}

export function* rmi(p: Parsed): Sys<number> {
  let status = 0;
  for (const name of p.args) {
    const got = yield* engine('DELETE', `/images/${name}`);
    if (got.ok) for (const line of got.body as unknown as readonly Record<string, string>[]) yield* out(Object.entries(line).map(([k, v]) => `${k}: ${v}\n`).join(''));
    else {
      yield* err(`${got.message.replace('Error response from daemon: No such image', 'Error: No such image')}\n`);
      status = 1;
    }
  }
  return p.args.length ? status : yield* refuse('"docker rmi" requires at least 1 argument.\nSee \'docker rmi --help\'.\n\nUsage:  docker rmi [OPTIONS] IMAGE [IMAGE...]\n\nRemove one or more images');
}

export function* pull(p: Parsed): Sys<number> {
  const [image] = p.args;
  if (!image || p.args.length > 1) return yield* refuse('"docker pull" requires exactly 1 argument.\nSee \'docker pull --help\'.\n\nUsage:  docker pull [OPTIONS] NAME[:TAG|@DIGEST]\n\nPull an image or a repository from a registry');
  const tagged = /:[^/]+$/.test(image);
  if (!tagged) yield* out('Using default tag: latest\n');
  const reference = tagged ? image : `${image}:latest`;
  const got = yield* engine('POST', `/images/create?fromImage=${encodeURIComponent(reference)}`);
  if (!got.ok) return yield* refuse(got.message);
  const { id } = got.body as { id?: string };
  const at = reference.lastIndexOf(':');
  yield* out(`${reference.slice(at + 1)}: Pulling from ${reference.slice(0, at).replace(/^[^/]+[.:][^/]*\//, '')}\nDigest: ${id ?? ''}\nStatus: Image is up to date for ${reference}\n`);
  return 0;
}
