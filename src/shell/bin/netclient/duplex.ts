/**
 * A connection between the keyboard (or a pipe) and the network, both ways at once: the process's main
 * thread prints what comes, a second one sends what is typed. Used by nc, ncat and telnet.
 */
import type { Us } from '../../../sim/engine/time.ts';
import { seconds } from '../../../sim/engine/time.ts';
import { out } from '../../../sim/proc/libc.ts';
import type { Json, Start, Sys } from '../../../sim/proc/program.ts';
import { call, type Fd } from '../../../sim/proc/syscalls.ts';
import { incoming, looksLikeRequest, requestOf } from './http-text.ts';

export interface Duplex {
  fd: Fd; udp: boolean;
  /** At the end of the input: half-close, or wait so long and leave; null: stay until the peer goes. */
  halfClose: boolean; quitUs: Us | null;
  /** Leave when nothing has come for so long. */
  idleUs: Us | null;
  /** telnet: ^] leaves. */
  escape: boolean;
}

export type Ended = { how: 'peer' | 'input' | 'idle' | 'escape' } | { how: 'error'; errno: string };

/** Runs until one side has had enough. `typing`: false for those who only listen. */
export function* converse(d: Duplex, typing = true): Sys<Ended> {
  if (typing) yield* call('thread', { entry: 'typed', event: { ...d, pending: '' } as unknown as Json });
  for (;;) {
    const ended = yield* call('memGet', { key: 'ended' });
    if (ended.ok && ended.value === 'escape') return { how: 'escape' };
    // A datagram socket has no end of its own: look from time to time whether the input has.
    const patience = d.idleUs ?? (d.udp ? seconds(1) : null);
    const got = d.udp ? yield* call('recvfrom', { fd: d.fd, ...(patience !== null && { timeoutUs: patience }) }) : yield* call('recv', { fd: d.fd, ...(patience !== null && { timeoutUs: patience }) });
    if (got.ok && got.value === null) {
      const why = yield* call('memGet', { key: 'ended' });
      return { how: why.ok && why.value === 'escape' ? 'escape' : why.ok && why.value === 'input' ? 'input' : 'peer' };
    }
    if (got.ok) {
      yield* out(incoming((got.value as { data: Json }).data));
      // A server closes after its answer when it was asked to; here connections outlive that.
      const closing = yield* call('memGet', { key: 'closing' });
      if (closing.ok && closing.value === true) return { how: 'peer' };
      continue;
    }
    if (got.errno !== 'ETIMEDOUT' && got.errno !== 'EAGAIN') return { how: 'error', errno: got.errno };
    if (d.idleUs !== null) return { how: 'idle' };
    if (ended.ok && ended.value === 'input') return { how: 'input' };
  }
}

/** The thread that reads the keyboard. */
export function* onTyped(start: Start): Sys<void> {
  const d = start.event as unknown as Duplex & { pending: string };
  let { pending } = d;
  const send = function* (data: Json, size: number): Sys<boolean> {
    const sent = d.udp ? yield* call('sendto', { fd: d.fd, data, size }) : yield* call('send', { fd: d.fd, data, size });
    return sent.ok;
  };
  for (let n = 0; n < 100; n++) {
    const typed = yield* call('read', { fd: 0 });
    if (!typed.ok || typed.value === '') {
      if (pending) yield* send(pending, pending.length);
      yield* leave(d, 'input');
      return;
    }
    if (d.escape && typed.value.includes('\x1d')) {
      yield* leave({ ...d, halfClose: false, quitUs: 0 }, 'escape');
      return;
    }
    pending += typed.value;
    // A request typed by hand goes as one when its empty line has come.
    const request = looksLikeRequest(pending) ? requestOf(pending) : null;
    if (!request && looksLikeRequest(pending)) continue;
    if (request && (/^\S+ \S+( HTTP\/1\.0)?\r?\n/.test(pending) || /^connection: *close/im.test(pending))) yield* call('memSet', { key: 'closing', value: true });
    yield* send((request ?? pending) as unknown as Json, pending.length);
    pending = '';
  }
  yield* call('thread', { entry: 'typed', event: { ...d, pending } as unknown as Json });
}

function* leave(d: Duplex, why: 'input' | 'escape'): Sys<void> {
  if (d.halfClose && !d.udp) yield* call('shutdown', { fd: d.fd });
  if (d.quitUs === null) return;
  if (d.quitUs > 0) yield* call('sleep', { us: d.quitUs });
  yield* call('memSet', { key: 'ended', value: why });
  if (!d.udp) yield* call('shutdown', { fd: d.fd, how: 'both' });
}
