/**
 * `etcd gateway start`: a TCP forwarder, which regular nodes run in place of a member. It knows nothing
 * of what passes through. etcdmain/gateway.go and proxy/tcpproxy of 3.3.
 */
import { minutes, seconds } from '../../engine/time.ts';
import type { Json, Start, Sys } from '../../proc/program.ts';
import { call, type Fd } from '../../proc/syscalls.ts';
import { parseUrl } from '../../proc/http.ts';
import { goDuration } from './calendar.ts';
import { logLine } from './core.ts';
import { strerror } from '../../proc/libc.ts';

interface Remote { addr: string; port: number; down: boolean }

const HELP = 'start the gateway\n\nUsage:\n  etcd gateway start [flags]\n\nFlags:\n      --discovery-srv string     DNS domain used to bootstrap initial cluster\n      --endpoints strings        comma separated etcd cluster endpoints (default [127.0.0.1:2379])\n  -h, --help                     help for start\n      --insecure-discovery       accept insecure SRV records\n      --listen-addr string       listen address (default "127.0.0.1:23790")\n      --retry-delay duration     duration of delay before retrying failed endpoints (default 1m0s)\n      --trusted-ca-file string   path to the client server TLS CA file.\n';

export function* gateway(start: Start): Sys<number> {
  const journal = start.ppid === 1;
  const options: Record<string, string> = {};
  const words = start.argv.slice(3);
  if (start.argv[2] !== 'start') {
    yield* call('write', { fd: 1, text: 'gateway related command\n\nUsage:\n  etcd gateway [command]\n\nAvailable Commands:\n  start       start the gateway\n' });
    return 0;
  }
  for (let i = 0; i < words.length; i++) {
    const m = /^--([\w-]+)(?:=([\s\S]*))?$/.exec(words[i]!);
    if (words[i] === '-h' || m?.[1] === 'help') {
      yield* call('write', { fd: 1, text: HELP });
      return 0;
    }
    if (!m || !['discovery-srv', 'endpoints', 'insecure-discovery', 'listen-addr', 'retry-delay', 'trusted-ca-file'].includes(m[1]!)) {
      yield* call('write', { fd: 2, text: `Error: unknown flag: ${words[i]}\n${HELP.slice(HELP.indexOf('Usage'))}\n` });
      return 1;
    }
    options[m[1]!] = m[2] ?? (m[1] === 'insecure-discovery' ? 'true' : words[++i] ?? '');
  }
  const remotes: Remote[] = (options['endpoints'] ?? '127.0.0.1:2379').split(',').filter(Boolean).map((text) => {
    const url = parseUrl(text.includes('://') ? text : `http://${text}`)!;
    return { addr: url.host, port: url.port, down: false };
  });
  if (!remotes.length) {
    yield* call('write', { fd: 1, text: 'no endpoints found\n' });
    return 1;
  }
  const at = /^(.*):(\d+)$/.exec(options['listen-addr'] ?? '127.0.0.1:23790');
  const bound = at ? yield* call('listen', { proto: 'tcp', addr: at[1] || '0.0.0.0', port: Number(at[2]), entry: 'forward' }) : null;
  if (!bound?.ok) {
    yield* call('write', { fd: 2, text: `listen tcp ${options['listen-addr']}: ${bound ? `bind: ${strerror(bound.errno).toLowerCase()}` : 'missing port in address'}\n` });
    return 1;
  }
  yield* call('memSet', { key: 'gateway', value: { remotes, next: 0, journal } as unknown as Json });
  yield* call('timer', { name: 'retry', entry: 'revive', afterUs: minutes(1), everyUs: minutes(1) });
  yield* logLine(journal, 'I', 'tcpproxy', `ready to proxy client requests to [${remotes.map(({ addr, port }) => `${addr}:${port}`).join(' ')}]`);
  yield* call('notify', { ready: true });
  yield* call('serve', {});
  return 0;
}

interface Memory { remotes: readonly Remote[]; next: number; journal: boolean }
function* memory(): Sys<Memory> {
  const got = yield* call('memGet', { key: 'gateway' });
  return (got.ok ? got.value : null) as unknown as Memory;
}

/** A connection: the next endpoint that answers, then both ways until one end closes. */
export function* onForward(fd: Fd): Sys<void> {
  for (;;) {
    const { remotes, next, journal } = yield* memory();
    const order = remotes.map((_, i) => (next + i) % remotes.length).filter((i) => !remotes[i]!.down);
    const i = order[0];
    if (i === undefined) break;
    const remote = remotes[i]!;
    yield* call('memSet', { key: 'gateway', value: { remotes, next: i + 1, journal } as unknown as Json });
    const out = yield* call('connect', { proto: 'tcp', addr: remote.addr, port: remote.port, timeoutUs: seconds(30) });
    if (out.ok) {
      yield* call('thread', { entry: 'relay', event: { from: out.value, to: fd } });
      yield* onRelay(fd, out.value);
      return;
    }
    const now = yield* memory();
    yield* call('memSet', { key: 'gateway', value: { ...now, remotes: now.remotes.map((r, k) => (k === i ? { ...r, down: true } : r)) } as unknown as Json });
    yield* logLine(journal, 'W', 'tcpproxy', `deactivated endpoint [${remote.addr}:${remote.port}] due to dial tcp ${remote.addr}:${remote.port}: ${out.errno === 'ETIMEDOUT' ? 'i/o timeout' : `connect: ${strerror(out.errno).toLowerCase()}`} for ${goDuration(minutes(1))}`);
  }
  yield* call('close', { fd });
}

/** One way of a connection. The first that ends tells the other; that one closes both, so that no number is used anew too early. */
export function* onRelay(from: Fd, to: Fd): Sys<void> {
  const pair = `ended:${Math.min(from, to)}:${Math.max(from, to)}`;
  for (let n = 0; n < 200; n++) {
    const got = yield* call('recv', { fd: from });
    if (!got.ok || got.value === null) {
      const other = yield* call('memGet', { key: pair });
      const last = other.ok && other.value === true;
      yield* call('memSet', { key: pair, value: last ? null : true });
      if (!last) { yield* call('shutdown', { fd: to }); return; }
      yield* call('close', { fd: from });
      yield* call('close', { fd: to });
      return;
    }
    yield* call('send', { fd: to, data: got.value.data, size: 500 });
  }
  yield* call('thread', { entry: 'relay', event: { from, to } });
}

/** Endpoints that failed are tried again each minute. */
export function* onRevive(): Sys<void> {
  const now = yield* memory();
  for (const [i, remote] of now.remotes.entries()) {
    if (!remote.down) continue;
    const probe = yield* call('connect', { proto: 'tcp', addr: remote.addr, port: remote.port, timeoutUs: seconds(5) });
    if (!probe.ok) {
      yield* logLine(now.journal, 'W', 'tcpproxy', `failed to activate endpoint [${remote.addr}:${remote.port}] due to dial tcp ${remote.addr}:${remote.port}: connect: ${strerror(probe.errno).toLowerCase()} (stay inactive for another ${goDuration(minutes(1))})`);
      continue;
    }
    yield* call('close', { fd: probe.value });
    const latest = yield* memory();
    yield* call('memSet', { key: 'gateway', value: { ...latest, remotes: latest.remotes.map((r, k) => (k === i ? { ...r, down: false } : r)) } as unknown as Json });
    yield* logLine(now.journal, 'I', 'tcpproxy', `activated endpoint [${remote.addr}:${remote.port}]`);
  }
}
