/**
 * The commands that go into Planet: exec, shell, enter. The container is asked by its control socket; the
 * command then runs there on the caller's own terminal.
 */
import { PACKAGE_DB } from '../../../sim/gravity/layout/paths.ts';
import { PLANET_PATH } from '../../../sim/gravity/layout/planet-units.ts';
import { strerror } from '../../../sim/proc/libc.ts';
import type { Result, Sys } from '../../../sim/proc/program.ts';
import { call, type Exec } from '../../../sim/proc/syscalls.ts';
import { argument, failWith, on, rest, type Invocation } from './invocation.ts';

const SOCKET = '/var/run/planet.socket';

/** What a process in Planet finds in its environment: the container's, with the caller's terminal. */
function* planetEnv(it: Invocation): Sys<Record<string, string>> {
  const env: Record<string, string> = { PATH: PLANET_PATH, HOME: '/root', USER: 'root', LOGNAME: 'root', SHELL: '/bin/bash', LC_ALL: 'en_US.UTF-8' };
  if (it.start.env['TERM']) env['TERM'] = it.start.env['TERM'];
  if (it.start.env['EDITOR']) env['EDITOR'] = it.start.env['EDITOR'];
  const reading = yield* call('connectUnix', { path: SOCKET });
  if (!reading.ok) return env;
  const sent = yield* call('send', { fd: reading.value, data: { command: 'env' } });
  const got = sent.ok ? yield* call('recv', { fd: reading.value, timeoutUs: 5_000_000 }) : sent;
  yield* call('close', { fd: reading.value });
  const answer = got.ok && got.value ? (got.value as { data: unknown }).data as { env?: Record<string, string> } | null : null;
  return { ...env, ...answer?.env };
}

/** Why Planet cannot be entered, or null. */
function* closed(): Sys<string | null> {
  const store = yield* call('readFile', { path: PACKAGE_DB });
  if (!store.ok) return `open ${PACKAGE_DB}: ${strerror(store.errno).toLowerCase()}`;
  const fd = yield* call('connectUnix', { path: SOCKET });
  if (!fd.ok) return `dial unix ${SOCKET}: connect: ${strerror(fd.errno).toLowerCase()}`;
  yield* call('close', { fd: fd.value });
  return null;
}

function* runInPlanet(it: Invocation, argv: readonly string[], options: { stdin: boolean; motd?: boolean }): Sys<number> {
  const problem = yield* closed();
  if (problem) return yield* failWith(it, problem);
  const env = yield* planetEnv(it);
  if (options.motd) env['PLANET_MOTD'] = '1';
  let stdin = 0;
  if (!options.stdin) {
    const nothing = yield* call('open', { path: '/dev/null', flags: { read: true } });
    if (nothing.ok) stdin = nothing.value;
  }
  // On a terminal the command becomes its foreground job: Ctrl-C is for it, not for us. A background job leaves the terminal alone.
  const tty = yield* call('tty', { fd: 0 });
  const taken = tty.ok && (yield* inForeground(it.start.pid));
  const job = taken ? { pgid: 0, foreground: true } : {};
  const spawned = yield* spawnByPath(argv, env, { 0: stdin, 1: 1, 2: 2 }, job);
  if (!spawned.ok) {
    const name = argv[0]!;
    const words = spawned.errno !== 'ENOENT' ? strerror(spawned.errno).toLowerCase() : name.includes('/') ? `stat ${name}: no such file or directory` : 'executable file not found in $PATH';
    return yield* failWith(it, `exec: ${JSON.stringify(name)}: ${words}`);
  }
  const status = yield* waitFor(spawned.value);
  if (tty.ok && taken) {
    yield* call('sigaction', { signal: 'TTOU', action: 'ignore' });
    yield* call('tcsetpgrp', { fd: 0, pgid: tty.value.foreground });
  }
  return status;
}

function* inForeground(pid: number): Sys<boolean> {
  const all = yield* call('processes', {});
  return all.ok && all.value.some((p) => p.pid === pid && p.foreground);
}

function* waitFor(pid: number): Sys<number> {
  for (;;) {
    const ended = yield* call('wait', { pid, untraced: true });
    if (!ended.ok) return 255;
    if (ended.value.stopped) { yield* call('kill', { pid: -pid, signal: 'CONT' }); continue; }
    return ended.value.signal ? 128 + (SIGNALS[ended.value.signal] ?? 0) : ended.value.status;
  }
}

const SIGNALS: Readonly<Record<string, number>> = { HUP: 1, INT: 2, QUIT: 3, KILL: 9, PIPE: 13, TERM: 15 };

/** execvp(3), as Planet sees its PATH. */
function* spawnByPath(argv: readonly string[], env: Readonly<Record<string, string>>, fds: Readonly<Record<number, number>>, job: Partial<Exec>): Sys<Result<number>> {
  const name = argv[0]!;
  const folders = name.includes('/') ? [''] : (env['PATH'] ?? PLANET_PATH).split(':').map((folder) => `${folder}/`);
  let last: Result<number> = { ok: false, errno: 'ENOENT' };
  for (const folder of folders) {
    last = yield* call('spawn', { ...job, path: `${folder}${name}`, argv, root: 'planet', cwd: '/', env, fds, uid: 0, gid: 0, groups: [0] });
    if (last.ok || last.errno !== 'ENOENT') return last;
  }
  return last;
}

export const exec = (it: Invocation): Sys<number> =>
  runInPlanet(it, [argument(it, 'command'), ...rest(it, 'arg')], { stdin: on(it, 'interactive') || on(it, 'tty') });

export const shell = (it: Invocation): Sys<number> => runInPlanet(it, ['/bin/bash'], { stdin: true, motd: true });

export function* enter(it: Invocation): Sys<number> {
  const argv = rest(it, 'arg');
  return yield* runInPlanet(it, argv.length ? argv : ['/bin/bash'], { stdin: true, motd: !argv.length });
}
