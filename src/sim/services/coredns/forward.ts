/**
 * The forward plugin (and proxy, which differs little here): the question goes to an upstream, two seconds
 * for each, five in all; an upstream that fails is checked in the background and left out while it does.
 */
import { seconds } from '../../engine/time.ts';
import type { Json, Sys } from '../../proc/program.ts';
import type { DnsAnswer, DnsQuestion } from '../../proc/resolver.ts';
import { call } from '../../proc/syscalls.ts';
import { zoneOf, type ForwardConf } from './config.ts';
import { getNumber, getUpstream, mono, setNumber, setUpstream } from './memory.ts';

const READ_US = seconds(2);
const TOTAL_US = seconds(5);
const CHECK_US = seconds(1);

export const forwards = (conf: ForwardConf, name: string): boolean => zoneOf([conf.from], name) !== null && zoneOf(conf.except, name) === null;

type Asked = { ok: true; answer: DnsAnswer } | { ok: false; error: string };

/** One exchange by UDP or TCP; the error in Go's words. */
export function* exchange(addr: string, port: number, question: DnsQuestion, tcp: boolean, timeoutUs: number): Sys<Asked> {
  if (tcp) return yield* exchangeTcp(addr, port, question, timeoutUs);
  const socket = yield* call('udp', {});
  if (!socket.ok) return { ok: false, error: `dial udp ${addr}:${port}: socket: too many open files` };
  const fd = socket.value;
  const connected = yield* call('udpConnect', { fd, addr, port });
  const ends = yield* call('sockname', { fd });
  const own = ends.ok ? `${ends.value.addr}:${ends.value.port}` : '';
  const sent = connected.ok ? yield* call('sendto', { fd, data: question as unknown as Json, size: question.name.length + 18 }) : connected;
  const got = sent.ok ? yield* call('recvfrom', { fd, timeoutUs }) : sent;
  yield* call('close', { fd });
  if (got.ok) return { ok: true, answer: got.value.data as unknown as DnsAnswer };
  const words: Readonly<Record<string, string>> = { ECONNREFUSED: 'connection refused', ENETUNREACH: 'network is unreachable', EHOSTUNREACH: 'no route to host', EPERM: 'operation not permitted' };
  if (!connected.ok) return { ok: false, error: `dial udp ${addr}:${port}: connect: ${words[got.errno] ?? got.errno}` };
  if (!sent.ok) return { ok: false, error: `write udp ${own}->${addr}:${port}: write: ${words[got.errno] ?? got.errno}` };
  return { ok: false, error: `read udp ${own}->${addr}:${port}: ${got.errno === 'ETIMEDOUT' ? 'i/o timeout' : `read: ${words[got.errno] ?? got.errno}`}` };
}

function* exchangeTcp(addr: string, port: number, question: DnsQuestion, timeoutUs: number): Sys<Asked> {
  const fd = yield* call('connect', { proto: 'tcp', addr, port, timeoutUs });
  if (!fd.ok) return { ok: false, error: `dial tcp ${addr}:${port}: ${fd.errno === 'ETIMEDOUT' ? 'i/o timeout' : fd.errno === 'ECONNREFUSED' ? 'connect: connection refused' : 'connect: no route to host'}` };
  yield* call('send', { fd: fd.value, data: question as unknown as Json, size: question.name.length + 20 });
  const got = yield* call('recv', { fd: fd.value, timeoutUs });
  yield* call('close', { fd: fd.value });
  if (got.ok && got.value) return { ok: true, answer: got.value.data as unknown as DnsAnswer };
  return { ok: false, error: got.ok ? 'EOF' : `read tcp ${addr}:${port}: i/o timeout` };
}

/** The upstreams in the order of the policy. */
function* order(conf: ForwardConf): Sys<ForwardConf['to']> {
  const n = conf.to.length;
  if (n < 2 || conf.policy === 'sequential') return conf.to;
  let first: number;
  if (conf.policy === 'random') {
    const drawn = yield* call('random', { below: n });
    first = drawn.ok ? drawn.value : 0;
  } else {
    const turn = yield* getNumber('turn');
    yield* setNumber('turn', turn + 1);
    first = turn % n;
  }
  return [...conf.to.slice(first), ...conf.to.slice(0, first)];
}

export function* forward(conf: ForwardConf, question: DnsQuestion, overTcp: boolean): Sys<Asked> {
  const started = yield* mono();
  const list = yield* order(conf);
  let error = 'no healthy proxies';
  let fails = 0;
  for (let i = 0; (yield* mono()) - started < TOTAL_US; i++) {
    if (i % list.length === 0) fails = 0;
    let to = list[i % list.length]!;
    const state = yield* getUpstream(to.addr);
    if (conf.maxFails > 0 && state.fails > conf.maxFails) {
      if (++fails < list.length) continue;
      const drawn = yield* call('random', { below: list.length });
      to = list[drawn.ok ? drawn.value : 0]!;
    }
    const got = yield* exchange(to.addr, to.port, question, conf.tcp || overTcp, READ_US);
    if (got.ok) return got;
    error = got.error;
    if (conf.maxFails > 0) yield* check(conf, to);
    if (fails >= list.length) break;
  }
  return { ok: false, error };
}

function* check(conf: ForwardConf, to: { addr: string; port: number }): Sys<void> {
  const state = yield* getUpstream(to.addr);
  if (state.checking) return;
  yield* setUpstream(to.addr, { ...state, checking: true });
  yield* call('thread', { entry: 'check', event: { ...to, everyUs: conf.checkUs } });
}

/** The entry that asks an upstream for the root's servers until it answers. Anything that comes back is an answer. */
export function* onCheck(event: { addr: string; port: number; everyUs: number; tries?: number }): Sys<void> {
  const drawn = yield* call('random', { below: 65_536 });
  const got = yield* exchange(event.addr, event.port, { id: drawn.ok ? drawn.value : 0, name: '.', type: 'NS', recursive: true }, false, CHECK_US);
  const state = yield* getUpstream(event.addr);
  yield* setUpstream(event.addr, got.ok ? { fails: 0, checking: false } : { fails: state.fails + 1, checking: true });
  if (got.ok) return;
  // A long outage is asked after less often: nothing but the next answer is ever seen of it.
  const tries = (event.tries ?? 0) + 1;
  yield* call('sleep', { us: Math.max(event.everyUs, seconds(Math.min(5, tries / 10))) + 1 });
  yield* call('thread', { entry: 'check', event: { ...event, tries } });
}
