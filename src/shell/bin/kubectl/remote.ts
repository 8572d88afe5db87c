/**
 * A command in a container over the API: streams both ways. Standard input is read by a thread of its own;
 * the main one prints what comes and restarts itself now and then. Used by exec, attach, run and cp.
 */
import { err, out } from '../../../sim/proc/libc.ts';
import type { Json, Start, Sys } from '../../../sim/proc/program.ts';
import { call, type Fd } from '../../../sim/proc/syscalls.ts';
import type { Api, Query } from './api.ts';
import { done, failed, plain, type Outcome } from './failure.ts';
import { isObj, type Obj } from './object.ts';

export interface Remote { fd: Fd; raw: boolean; /** What to do when it is over, by the verb that began it. */ then?: Json }
export interface Ended { exit: number; error: string | null }

const MESSAGES_PER_RUN = 100;

/** Whether -t can be had: stdin must be wanted and a terminal. Says so when it is not. */
export function* wantsTerminal(stdin: boolean, tty: boolean): Sys<boolean> {
  if (!stdin || !tty) return false;
  const terminal = yield* call('tty', { fd: 0 });
  if (terminal.ok) return true;
  yield* err('Unable to use a TTY - input is not a terminal or the right kind of file\n');
  return false;
}

/** Asks for the streams. A refusal without a Status is worded as an upgrade that failed. */
export function* openRemote(api: Api, path: string, query: Query): Sys<Outcome<Fd>> {
  const opened = yield* api.open(`${path}`, { method: 'POST', query, accept: '*/*' });
  if (!opened.ok) return opened.failure.is === 'transport' ? plain(`error sending request: Post ${api.base}${path}: ${opened.failure.text}`) : opened;
  const { response, fd } = opened.value;
  if (response.status === 101) return done(fd);
  yield* call('close', { fd });
  if (isObj(response.body) && (response.body as Obj)['kind'] === 'Status') return failed({ is: 'status', status: response.body as Obj });
  return plain(`unable to upgrade connection: ${typeof response.body === 'string' && response.body.trim() ? response.body.trim() : 'unknown error'}`);
}

/** Joins this process's streams with the remote ones. The terminal goes raw for -t. */
export function* begin(remote: Remote, stdin: boolean): Sys<Ended> {
  const { fd, raw } = remote;
  if (raw) {
    const size = yield* call('tty', { fd: 0 });
    yield* call('ttyMode', { fd: 0, raw: true, echo: false });
    if (size.ok) yield* call('send', { fd, data: { resize: [size.value.cols, size.value.rows] } });
    yield* call('memSet', { key: 'remote', value: { fd } });
    yield* call('onSignal', { signal: 'WINCH', entry: 'resize' });
  }
  if (stdin) yield* call('thread', { entry: 'stdin', event: { fd, raw } });
  return yield* pump(remote);
}

/** Prints until the remote side is over. */
export function* pump(remote: Remote): Sys<Ended> {
  for (let n = 0; ; n++) {
    if (n === MESSAGES_PER_RUN) yield* call('become', { mem: { remote } as unknown as Json });
    const got = yield* call('recv', { fd: remote.fd });
    const message = got.ok && got.value !== null ? (got.value.data as { stdout?: string; stderr?: string; exit?: number; error?: string }) : { error: '' };
    if (typeof message.stdout === 'string') yield* out(message.stdout);
    if (typeof message.stderr === 'string') yield* err(message.stderr);
    if (typeof message.exit === 'number' || typeof message.error === 'string') {
      if (remote.raw) yield* call('ttyMode', { fd: 0, raw: false, echo: true });
      yield* call('close', { fd: remote.fd });
      return { exit: message.exit ?? 0, error: message.error || null };
    }
  }
}

/** The thread that passes standard input on. */
export function* stdin(start: Start): Sys<void> {
  const { fd, raw } = start.event as unknown as { fd: Fd; raw: boolean };
  for (let n = 0; n < MESSAGES_PER_RUN; n++) {
    const text = yield* call('read', { fd: 0, relay: raw });
    const data: Json = text.ok && text.value !== '' ? { stdin: text.value } : { eof: true };
    const sent = yield* call('send', { fd, data, size: text.ok ? text.value.length : 0 });
    if (!sent.ok || !text.ok || text.value === '') return;
  }
  yield* call('thread', { entry: 'stdin', event: { fd, raw } });
}

/** The window has a new size. */
export function* resize(): Sys<void> {
  const remote = yield* call('memGet', { key: 'remote' });
  const size = yield* call('tty', { fd: 0 });
  const fd = remote.ok ? (remote.value as { fd?: Fd } | null)?.fd : undefined;
  if (fd !== undefined && size.ok) yield* call('send', { fd, data: { resize: [size.value.cols, size.value.rows] } });
}
