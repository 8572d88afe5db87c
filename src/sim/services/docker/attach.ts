/**
 * `docker attach`: the streams of a container's own first process on a connection. What it writes goes to
 * everybody who is attached and to the log; what they type goes to its standard input or terminal.
 */
import type { HttpResponse } from '../../proc/http.ts';
import type { Json, Start, Sys } from '../../proc/program.ts';
import { call, type Fd } from '../../proc/syscalls.ts';
import { recordOf, waitFor } from './containers.ts';
import type { ContainerRecord } from './record.ts';

function* attached(id: string): Sys<readonly Fd[]> {
  const got = yield* call('memGet', { key: `attached/${id}` });
  return (got.ok && got.value !== null ? got.value : []) as readonly Fd[];
}

/** A piece of output, to all who listen; who has gone is forgotten. */
export function* broadcast(id: string, stream: string, text: string): Sys<void> {
  const list = yield* attached(id);
  for (const fd of list) {
    const sent = yield* call('send', { fd, data: { [stream]: text }, size: text.length });
    if (!sent.ok) yield* leave(id, fd);
  }
}

function* leave(id: string, fd: Fd): Sys<void> {
  const rest = (yield* attached(id)).filter((other) => other !== fd);
  yield* call('memSet', { key: `attached/${id}`, value: rest.length ? rest : null });
}

/** Takes the connection over until the container ends or the client leaves. */
export function* attach(record: ContainerRecord, fd: Fd): Sys<HttpResponse | null> {
  if (record.status !== 'running') return { status: 409, headers: {}, body: { message: `Container ${record.id} is not running` } };
  yield* call('send', { fd, data: { status: 101, headers: {}, body: '', stream: true } });
  yield* call('memSet', { key: `attached/${record.id}`, value: [...(yield* attached(record.id)), fd] });
  yield* call('thread', { entry: 'attachIn', event: { id: record.id, fd, tty: record.tty } });
  const status = yield* waitFor(record.id);
  yield* call('send', { fd, data: { exit: status ?? 0 } });
  yield* leave(record.id, fd);
  return null;
}

const MESSAGES = 100;
/** The entry `attachIn`: what a client types. */
export function* attachIn(start: Start): Sys<void> {
  const { id, fd, tty } = start.event as { id: string; fd: Fd; tty: boolean };
  for (let n = 0; n < MESSAGES; n++) {
    const got = yield* call('recv', { fd });
    if (!got.ok || got.value === null) {
      yield* leave(id, fd);
      return;
    }
    const message = got.value.data as { stdin?: string; eof?: boolean; resize?: [number, number] };
    const input = yield* call('memGet', { key: `stdin/${id}` });
    if (!input.ok || typeof input.value !== 'number') continue;
    if (message.stdin !== undefined) yield* call('write', { fd: input.value, text: message.stdin });
    if (message.resize && tty) yield* call('ttyResize', { fd: input.value, cols: message.resize[0], rows: message.resize[1] });
    const record = message.eof && !tty ? yield* recordOf(id) : null;
    if (record?.stdin) {
      yield* call('close', { fd: input.value });
      yield* call('memSet', { key: `stdin/${id}`, value: null });
    }
  }
  yield* call('become', { mem: null as Json });
}
