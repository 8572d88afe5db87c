/**
 * `kubectl port-forward`: local ports whose connections are carried to a pod over one stream. Each local
 * connection is a thread; the number of its descriptor is its name on the stream.
 */
import { err, out } from '../../../sim/proc/libc.ts';
import type { Json, Start, Sys } from '../../../sim/proc/program.ts';
import { call, type Fd } from '../../../sim/proc/syscalls.ts';
import { done, plain, type Outcome } from './failure.ts';
import { flagTable } from './flags.ts';
import { podPath } from './exec.ts';
import type { Obj } from './object.ts';
import { openRemote } from './remote.ts';
import type { Kubectl } from './session.ts';
import type { Verb } from './verb.ts';
import { objectFor, podFor } from './workload.ts';

interface Pair { local: number; remote: number }

export const portForward: Verb = {
  name: 'port-forward', group: 'Troubleshooting and Debugging Commands:', short: 'Forward one or more local ports to a pod', usage: 'port-forward TYPE/NAME [options] [LOCAL_PORT:]REMOTE_PORT [...[LOCAL_PORT_N:]REMOTE_PORT_N]',
  long: 'Forward one or more local ports to a pod. A resource such as deployment/mydeployment stands for one of its pods. The forwarding ends with that pod, and must then be begun again.',
  examples: [['Ports 5000 and 6000, to the same ports of the pod', 'kubectl port-forward pod/mypod 5000 6000'], ['To a pod of a deployment', 'kubectl port-forward deployment/mydeployment 5000 6000'], ['To a pod of a service', 'kubectl port-forward service/myservice 5000 6000'], ['Port 8888, to 5000 of the pod', 'kubectl port-forward pod/mypod 8888:5000'], ['Any free port', 'kubectl port-forward pod/mypod :5000']],
  flags: flagTable(`
    address strings=localhost Addresses to listen on (IPs or localhost, separated by commas).
    pod-running-timeout duration=1m0s How long to wait until at least one pod runs
  `),
  run,
};

function* run(k: Kubectl): Sys<number> {
  const resumed = (k.start.mem as { forwarding?: { fd: Fd } } | null)?.forwarding;
  if (resumed) return yield* receive(resumed.fd);
  if (k.args.length < 2) return yield* k.fail(k.usage('TYPE/NAME and list of ports are required for port-forward').failure);
  const api = yield* k.api();
  if (!api.ok) return yield* k.fail(api.failure);
  const obj = yield* objectFor(k, api.value, [k.args[0]!]);
  if (!obj.ok) return yield* k.fail(obj.failure);
  const pod = yield* podFor(api.value, obj.value, { announce: false, timeoutUs: k.flags.us('pod-running-timeout'), what: 'attach to' });
  if (!pod.ok) return yield* k.fail(pod.failure);
  const pairs = parsePorts(k.args.slice(1), obj.value, pod.value);
  if (!pairs.ok) return yield* k.fail(pairs.failure);
  const phase = pod.value['status']?.phase;
  if (phase !== 'Running') return yield* k.fail(plain(`unable to forward port because pod is not running. Current status=${phase}`).failure);
  const addresses = addressesOf(k.flags.list('address').length ? k.flags.list('address') : ['localhost']);
  if (!addresses.ok) return yield* k.fail(addresses.failure);
  const stream = yield* openRemote(api.value, podPath(pod.value, 'portforward'), {});
  if (!stream.ok) return yield* k.fail(stream.failure.is === 'plain' ? plain(stream.failure.text.replace('unable to upgrade connection', 'error upgrading connection: unable to upgrade connection')).failure : stream.failure);
  let listening = 0;
  for (const pair of pairs.value) listening += yield* listen(pair, addresses.value, stream.value);
  if (!listening) return yield* k.fail(plain(`unable to listen on any of the requested ports: [${pairs.value.map((pair) => `{${pair.local} ${pair.remote}}`).join(' ')}]`).failure);
  return yield* receive(stream.value);
}

/** [LOCAL:]REMOTE; a service's ports and names of ports become the pod's numbers. */
function parsePorts(words: readonly string[], obj: Obj, pod: Obj): Outcome<Pair[]> {
  const out: Pair[] = [];
  for (const word of words) {
    const parts = word.split(':');
    if (parts.length > 2) return plain(`Invalid port format '${word}'`);
    const [local, remote] = parts.length === 2 ? [parts[0]!, parts[1]!] : [parts[0]!, parts[0]!];
    const found = targetOf(remote, obj, pod);
    if (!found.ok) return found;
    const target = found.value;
    if (target === 0) return plain('Remote port must be > 0');
    if (parts.length === 1 && !/^\d+$/.test(remote)) { out.push({ local: target, remote: target }); continue; }
    if (local !== '' && !/^\d+$/.test(local)) return plain(`error parsing local port '${local}': strconv.ParseUint: parsing ${JSON.stringify(local)}: invalid syntax`);
    out.push({ local: local === '' ? 0 : Number(local), remote: target });
  }
  return done(out);
}

/** The number of a pod's port for a service's port or a name. */
function targetOf(word: string, obj: Obj, pod: Obj): Outcome<number> {
  const inPod = (name: string): Outcome<number> => {
    for (const container of (pod['spec']?.containers ?? []) as Obj[]) {
      const port = ((container['ports'] ?? []) as Obj[]).find((one) => one['name'] === name);
      if (port) return done(Number(port['containerPort']));
    }
    return plain(`Pod '${pod['metadata']?.name}' does not have a named port '${name}'`);
  };
  const isNumber = /^[+-]?\d+$/.test(word);
  if (obj['kind'] !== 'Service') return isNumber ? done(Number(word)) : inPod(word);
  const name = obj['metadata']?.name;
  const port = ((obj['spec']?.ports ?? []) as Obj[]).find((one) => (isNumber ? Number(one['port']) === Number(word) : one['name'] === word));
  if (!port) return plain(isNumber ? `Service ${name} does not have a service port ${Number(word)}` : `Service '${name}' does not have a named port '${word}'`);
  if (obj['spec'].clusterIP === 'None') return done(Number(port['port']));
  const target = port['targetPort'] ?? port['port'];
  return typeof target === 'number' ? done(target) : inPod(target);
}

interface Address { addr: string; shown: string }

function addressesOf(words: readonly string[]): Outcome<Address[]> {
  const out: Address[] = [];
  for (const word of words) {
    if (word === 'localhost') out.push({ addr: '127.0.0.1', shown: '127.0.0.1' }, { addr: '', shown: '[::1]' });
    else if (/^\d+\.\d+\.\d+\.\d+$/.test(word)) out.push({ addr: word, shown: word });
    else return plain(`${word} is not a valid IP`);
  }
  return done(out);
}

/** Listens on every address; the second address of localhost follows the first. */
function* listen(pair: Pair, addresses: readonly Address[], stream: Fd): Sys<number> {
  let count = 0;
  let bound = pair.local;
  for (const { addr, shown } of addresses) {
    if (addr === '') {
      if (count) yield* out(`Forwarding from ${shown}:${bound} -> ${pair.remote}\n`);
      continue;
    }
    const got = yield* call('listen', { proto: 'tcp', addr, port: pair.local, entry: 'forward' });
    if (!got.ok) {
      const why = got.errno === 'EADDRINUSE' ? 'address already in use' : got.errno === 'EACCES' ? 'permission denied' : 'cannot assign requested address';
      yield* err(`Unable to listen on port ${pair.local}: Listeners failed to create with the following errors: [Unable to create listener: Error listen tcp4 ${addr}:${pair.local}: bind: ${why}${shown === '127.0.0.1' ? ` Unable to create listener: Error listen tcp6 [::1]:${pair.local}: bind: ${why}` : ''}]\n`);
      continue;
    }
    const name = yield* call('sockname', { fd: got.value });
    if (name.ok) bound = name.value.port;
    yield* call('memSet', { key: `port/${bound}`, value: { remote: pair.remote, stream } });
    yield* out(`Forwarding from ${shown}:${bound} -> ${pair.remote}\n`);
    count++;
  }
  return count;
}

const MESSAGES_PER_RUN = 100;

/** What the pod sends goes to the local connection that it names. */
function* receive(fd: Fd): Sys<number> {
  for (let n = 0; n < MESSAGES_PER_RUN; n++) {
    const got = yield* call('recv', { fd });
    if (!got.ok || got.value === null) {
      yield* err('error: lost connection to pod\n');
      return 1;
    }
    const message = got.value.data as { id?: Fd; data?: Json; close?: Fd; error?: string };
    if (message.error) yield* err(`error: an error occurred forwarding: ${message.error}\n`);
    if (message.id !== undefined && message.data !== undefined) yield* call('send', { fd: message.id, data: message.data });
    else if (message.close !== undefined) yield* call('close', { fd: message.close });
  }
  yield* call('become', { mem: { forwarding: { fd } } });
  return 0;
}

/** One local connection: event {fd}. */
export function* forward(start: Start): Sys<void> {
  const { fd } = start.event as unknown as { fd: Fd };
  const name = yield* call('sockname', { fd });
  const kept = yield* call('memGet', { key: `port/${name.ok ? name.value.port : 0}` });
  const target = kept.ok ? (kept.value as { remote: number; stream: Fd } | null) : null;
  if (!target) return;
  yield* out(`Handling connection for ${name.ok ? name.value.port : 0}\n`);
  yield* call('send', { fd: target.stream, data: { open: fd, port: target.remote } });
  for (;;) {
    const got = yield* call('recv', { fd });
    if (!got.ok || got.value === null) break;
    yield* call('send', { fd: target.stream, data: { id: fd, data: got.value.data } });
  }
  yield* call('send', { fd: target.stream, data: { close: fd } });
  yield* call('close', { fd });
}
