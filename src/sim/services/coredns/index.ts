/**
 * CoreDNS: 1.3.1 in Planet, 1.2.6 in the cluster's pods (their image says which). It reads a Corefile,
 * serves UDP and TCP, reloads when the file changes, and dies of a file that it cannot read at its start.
 */
import { seconds } from '../../engine/time.ts';
import { informerThread, keepaliveThread } from '../../kube/informer.ts';
import { err, out, strerror } from '../../proc/libc.ts';
import type { HttpRequest } from '../../proc/http.ts';
import type { Json, Program, Start, Sys } from '../../proc/program.ts';
import { type DnsAnswer, type DnsQuestion, parseResolvConf } from '../../proc/resolver.ts';
import { call, type Fd } from '../../proc/syscalls.ts';
import { respond, sizeOfAnswer } from './answer.ts';
import { canonical, CorefileError, parse } from './caddyfile.ts';
import { type Configuration, configure, directivesOf, type Server } from './config.ts';
import { exchange, onCheck } from './forward.ts';
import { informers, kubernetesConf, resourcesOf, synced } from './kube.ts';
import { md5 } from './md5.ts';
import { getRunning, getValue, mono, note, type Running, say, setNumber, setRunning, setValue } from './memory.ts';

const RELEASES = { '1.2.6': 'linux/amd64, go1.11.2, 756749c', '1.3.1': 'linux/amd64, go1.11.4, 6b56a9c' } as const;

/** Which CoreDNS this tree holds. */
function* versionHere(): Sys<Running['version']> {
  const mark = yield* call('readFile', { path: '/etc/coredns-version' });
  return mark.ok && mark.value.trim() === '1.2.6' ? '1.2.6' : '1.3.1';
}

interface Options { conf: string | null; port: string | null; quiet: boolean }
const USAGE = 'Usage of coredns:\n  -conf string\n    \tCorefile to load (default "Corefile")\n  -cpu string\n    \tCPU cap (default "100%")\n  -dns.port string\n    \tDefault port (default "53")\n  -pidfile string\n    \tPath to write pid file\n  -plugins\n    \tList installed plugins\n  -quiet\n    \tQuiet mode (no initialization output)\n  -version\n    \tShow version\n';

/** Options, or the exit status when there is nothing more to do. */
function* options(start: Start, version: Running['version']): Sys<Options | number> {
  const o: Options = { conf: null, port: null, quiet: false };
  const words = start.argv.slice(1);
  for (let i = 0; i < words.length; i++) {
    const m = /^--?([\w.]+)(?:=([\s\S]*))?$/.exec(words[i]!);
    if (!m) {
      yield* err(`extra command line arguments: [${words.slice(i).join(' ')}]\n`);
      return 1;
    }
    const name = m[1]!;
    if (name === 'version') {
      yield* out(`CoreDNS-${version}\n${RELEASES[version]}\n`);
      return 0;
    }
    if (name === 'plugins') {
      yield* out(`Server types:\n  dns\n\nCaddyfile loaders:\n  flag\n  default\n\nOther plugins:\n${directivesOf(version).map((each) => `  dns.${each}\n`).join('')}`);
      return 0;
    }
    if (name === 'quiet') { o.quiet = true; continue; }
    if (!['conf', 'dns.port', 'p', 'cpu', 'pidfile', 'log'].includes(name)) {
      yield* err(`${name === 'h' || name === 'help' ? '' : `flag provided but not defined: -${name}\n`}${USAGE}`);
      return 2;
    }
    const value = m[2] ?? words[++i] ?? '';
    if (name === 'conf') o.conf = value;
    if (name === 'dns.port' || name === 'p') o.port = value;
  }
  return o;
}

type Read = { ok: true; configuration: Configuration; sum: string; warnings: string[] } | { ok: false; error: string };

/** Reads and understands a Corefile; what it names on disk is looked at beforehand. */
function* load(path: string, version: Running['version']): Sys<Read> {
  const text = yield* call('readFile', { path });
  if (!text.ok) return { ok: false, error: `open ${path}: ${strerror(text.errno).toLowerCase()}` };
  const files: Record<string, string[] | null> = {};
  for (const word of new Set(text.value.split(/\s+/))) {
    if (!word.startsWith('/')) continue;
    const found = yield* call('readFile', { path: word });
    if (found.ok) files[word] = /^\s*nameserver/m.test(found.value) ? parseResolvConf(found.value).nameservers : [];
  }
  const warnings: string[] = [];
  try {
    const configuration = configure(path, text.value, version, { exists: (file) => file in files, resolvConf: (file) => files[file] ?? null, warn: (line) => warnings.push(line) });
    return { ok: true, configuration, sum: md5(canonical(parse(path, text.value, directivesOf(version)))), warnings };
  } catch (error) {
    if (error instanceof CorefileError) return { ok: false, error: error.message };
    throw error;
  }
}

/** Sockets bound: 'udp 127.0.0.2:53' → descriptor. Kept over reloads. */
type Bound = Readonly<Record<string, Fd>>;

function* bind(servers: readonly Server[]): Sys<string | null> {
  const before = (yield* getValue<Bound>('bound')) ?? {};
  const after: Record<string, Fd> = {};
  for (const { hosts, port } of servers) {
    for (const addr of hosts) {
      for (const proto of ['tcp', 'udp'] as const) {
        const key = `${proto} ${addr}:${port}`;
        if (after[key] !== undefined) continue;
        const kept = before[key];
        const made = kept !== undefined ? { ok: true as const, value: kept } : proto === 'tcp' ? yield* call('listen', { proto: 'tcp', addr, port, entry: 'tcp' }) : yield* call('udp', { addr, port, entry: 'udp' });
        if (!made.ok) {
          for (const [name, fd] of Object.entries(after)) if (before[name] === undefined) yield* call('close', { fd });
          const where = `${addr === '0.0.0.0' ? '' : addr}:${port}`;
          return proto === 'tcp' ? `listen tcp ${where}: bind: ${strerror(made.errno).toLowerCase()}` : `listen udp ${where}: bind: ${strerror(made.errno).toLowerCase()}`;
        }
        after[key] = made.value;
      }
    }
  }
  yield* setValue('bound', after);
  for (const [key, fd] of Object.entries(before)) if (after[key] === undefined) yield* call('close', { fd });
  return null;
}

/** ':8080' and the like. */
function* listenHttp(where: string | null, entry: string, key: string): Sys<string | null> {
  const at = where === null ? null : /^(.*):(\d+)$/.exec(where);
  const before = yield* getValue<{ where: string; fd: Fd }>(key);
  if (before && before.where === where) return null;
  if (before) yield* call('close', { fd: before.fd });
  yield* setValue(key, null);
  if (!at) return null;
  const addr = at[1] === '' || at[1] === undefined ? '0.0.0.0' : at[1] === 'localhost' ? '127.0.0.1' : at[1];
  const made = yield* call('listen', { proto: 'tcp', addr, port: Number(at[2]), entry });
  if (!made.ok) return `listen tcp ${where}: bind: ${strerror(made.errno).toLowerCase()}`;
  yield* setValue(key, { where, fd: made.value });
  return null;
}

const zoneLines = (servers: readonly Server[]): string => [...new Set(servers.flatMap(({ zone, port, hosts }) => hosts.map((host) => `${zone}:${port}${host === '0.0.0.0' ? '' : ` on ${host}`}\n`)))].sort().join('');

function* main(start: Start): Sys<number> {
  const version = yield* versionHere();
  const o = yield* options(start, version);
  if (typeof o === 'number') return o;
  const path = o.conf ?? 'Corefile';
  const read = yield* load(path, version);
  if (!read.ok) {
    yield* err(`${read.error}\n`);
    return 1;
  }
  const { configuration } = read;
  yield* setRunning({ version, path, md5: read.sum, configuration, startedAt: yield* mono() });
  for (const warning of read.warnings) yield* say('WARNING', warning);
  const bad = (yield* bind(configuration.servers)) ?? (yield* listenHttp(configuration.health, 'health', 'health')) ?? (yield* listenHttp(configuration.prometheus, 'metrics', 'metrics'));
  if (bad) {
    yield* err(`${bad}\n`);
    return 1;
  }
  yield* call('onSignal', { signal: 'TERM', entry: 'stop' });
  yield* startKubernetes(true);
  if (!o.quiet) yield* out(zoneLines(configuration.servers));
  yield* note('INFO', `CoreDNS-${version}`);
  yield* note('INFO', RELEASES[version]);
  if (!o.quiet) yield* out(`CoreDNS-${version}\n${RELEASES[version]}\n`);
  if (configuration.reload) yield* say('INFO', `plugin/reload: Running configuration MD5 = ${read.sum}`);
  yield* scheduleReload(configuration);
  yield* call('notify', { ready: true });
  for (const server of configuration.servers) if (server.loop) yield* call('thread', { entry: 'loop', event: { zone: server.zone, host: server.hosts[0] ?? '', port: server.port } });
  const end = yield* call('park', { channel: 'exit' });
  return end.ok ? Number(end.value) : 1;
}

/** Begins to copy the cluster and waits for it, five seconds at most. */
function* startKubernetes(wait: boolean): Sys<void> {
  const conf = yield* kubernetesConf();
  if (!conf) return;
  const running = (yield* getValue<readonly string[]>('informers')) ?? [];
  for (const resource of resourcesOf(conf)) if (!running.includes(resource)) yield* call('thread', { entry: 'informer', event: { resource } });
  yield* setValue('informers', [...new Set([...running, ...resourcesOf(conf)])]);
  for (let n = 0; wait && n < 50 && !(yield* synced(conf)); n++) yield* call('sleep', { us: seconds(0.1) });
}

function* scheduleReload({ reload }: Configuration): Sys<void> {
  if (!reload) {
    yield* call('timerStop', { name: 'reload' });
    return;
  }
  const drawn = yield* call('random', { below: reload.jitterUs });
  const every = reload.everyUs + (drawn.ok ? drawn.value : 0) - Math.floor(reload.jitterUs / 2);
  yield* call('timer', { name: 'reload', entry: 'reload', afterUs: every, everyUs: every });
}

/** Looks whether the file has changed; a file that cannot be served changes nothing but the log. */
function* onReload(): Sys<void> {
  const running = yield* getRunning();
  if (!running) return;
  const text = yield* call('readFile', { path: running.path });
  if (!text.ok || text.value === (yield* getValue<string>('text'))) return;
  yield* setValue('text', text.value);
  let sum: string;
  const read = yield* load(running.path, running.version);
  if (read.ok) ({ sum } = read);
  else sum = md5(text.value);
  const refused = yield* getValue<string>('refused');
  if (sum === running.md5 || sum === refused) return;
  yield* out('[INFO] Reloading\n');
  const bad = read.ok ? (yield* bind(read.configuration.servers)) ?? (yield* listenHttp(read.configuration.health, 'health', 'health')) ?? (yield* listenHttp(read.configuration.prometheus, 'metrics', 'metrics')) : read.error;
  if (bad !== null || !read.ok) {
    yield* setValue('refused', sum);
    yield* out(`[ERROR] Restart failed: ${bad}\n`);
    yield* say('ERROR', `plugin/reload: Corefile changed but reload failed: ${bad}`);
    return;
  }
  yield* setValue('refused', null);
  yield* setRunning({ ...running, md5: sum, configuration: read.configuration });
  for (const warning of read.warnings) yield* say('WARNING', warning);
  yield* startKubernetes(false);
  if (read.configuration.reload) yield* say('INFO', `plugin/reload: Running configuration MD5 = ${sum}`);
  yield* scheduleReload(read.configuration);
  yield* out('[INFO] Reloading complete\n');
}

/** The servers behind an address and port. */
function* serversAt(addr: string, port: number): Sys<Server[]> {
  const running = yield* getRunning();
  return (running?.configuration.servers ?? []).filter((server) => server.port === port && server.hosts.some((host) => host === '0.0.0.0' || host === addr || addr === '0.0.0.0'));
}

function* onUdp(event: { fd: Fd; data: Json; addr: string; port: number }): Sys<void> {
  const ends = yield* call('sockname', { fd: event.fd });
  const own = ends.ok ? ends.value : { addr: '0.0.0.0', port: 53 };
  const answer = yield* respond(yield* serversAt(own.addr, own.port), event.data as unknown as DnsQuestion, { addr: event.addr, port: event.port, tcp: false, own: own.addr });
  if (answer) yield* call('sendto', { fd: event.fd, addr: event.addr, port: event.port, data: answer as unknown as Json, size: sizeOfAnswer(answer) });
}

function* onTcp(fd: Fd): Sys<void> {
  for (let n = 0; n < 50; n++) {
    const got = yield* call('recv', { fd, timeoutUs: seconds(8) });
    if (!got.ok || got.value === null) break;
    const ends = yield* call('sockname', { fd });
    const own = ends.ok ? ends.value : { addr: '0.0.0.0', port: 53, peer: '', peerPort: 0 };
    const answer: DnsAnswer | null = yield* respond(yield* serversAt(own.addr, own.port), got.value.data as unknown as DnsQuestion, { addr: own.peer, port: own.peerPort, tcp: true, own: own.addr });
    if (answer) yield* call('send', { fd, data: answer as unknown as Json, size: sizeOfAnswer(answer) + 2 });
  }
  yield* call('close', { fd });
}

/** A small page: health or metrics. */
function* onHttp(fd: Fd, which: 'health' | 'metrics'): Sys<void> {
  const got = yield* call('recv', { fd, timeoutUs: seconds(5) });
  if (got.ok && got.value) {
    const { path } = got.value.data as unknown as HttpRequest;
    const running = yield* getRunning();
    const conf = yield* kubernetesConf();
    const well = !conf || (yield* synced(conf));
    const text = { 'Content-Type': 'text/plain; charset=utf-8' };
    const page = which === 'health' && path === '/health' ? (well ? { status: 200, headers: text, body: 'OK' } : { status: 503, headers: text, body: '' })
      : which === 'metrics' && path.startsWith('/metrics') ? { status: 200, headers: text, body: `# HELP coredns_build_info A metric with a constant '1' value labeled by version, revision, and goversion from which CoreDNS was built.\n# TYPE coredns_build_info gauge\ncoredns_build_info{goversion="${RELEASES[running?.version ?? '1.3.1'].split(', ')[1]}",revision="${RELEASES[running?.version ?? '1.3.1'].split(', ')[2]}",version="${running?.version}"} 1\n# HELP coredns_panic_count_total A metrics that counts the number of panics.\n# TYPE coredns_panic_count_total counter\ncoredns_panic_count_total 0\n` }
      : { status: 404, headers: text, body: '404 page not found\n' };
    yield* call('send', { fd, data: page as unknown as Json, size: 200 });
  }
  yield* call('close', { fd });
}

/** loop: a question that nobody can answer is sent to ourselves; it must not come back. */
function* onLoop({ zone, host, port }: { zone: string; host: string; port: number }): Sys<void> {
  const draw = function* (): Sys<number> {
    const drawn = yield* call('random', { below: 1_000_000 });
    return drawn.ok ? drawn.value : 0;
  };
  const long = function* (): Sys<string> { return `${1 + (yield* draw())}${String(yield* draw()).padStart(6, '0')}${String(yield* draw()).padStart(6, '0')}`; };
  const name = `${yield* long()}.${yield* long()}.${zone === '.' ? '' : zone}`;
  yield* setNumber(`loop:${name}`, 1);
  const until = (yield* mono()) + seconds(30);
  while ((yield* mono()) < until) {
    const got = yield* exchange(host === '0.0.0.0' || host === '' ? '127.0.0.1' : host, port, { id: (yield* draw()) % 65_536, name: name.replace(/\.$/, ''), type: 'HINFO', recursive: true }, false, seconds(2));
    if (got.ok) break;
    yield* call('sleep', { us: seconds(1) });
  }
  yield* call('sleep', { us: seconds(2) });
  yield* setValue(`loop:${name}`, null);
}

function* onStop(): Sys<void> {
  const running = yield* getRunning();
  yield* out('[INFO] SIGTERM: Shutting down servers then terminating\n');
  if (running && running.configuration.lameduckUs > 0) {
    yield* say('INFO', `plugin/health: Going into lameduck mode for ${running.configuration.lameduckUs / 1_000_000}s`);
    yield* call('sleep', { us: running.configuration.lameduckUs });
  }
  yield* call('unpark', { channel: 'exit', value: 0 });
}

const of = <T>(event: Json): T => event as unknown as T;

export const coredns: Program = {
  name: 'coredns',
  main,
  entries: {
    udp: (start) => onUdp(of(start.event)),
    tcp: (start) => onTcp(of<{ fd: Fd }>(start.event).fd),
    health: (start) => onHttp(of<{ fd: Fd }>(start.event).fd, 'health'),
    metrics: (start) => onHttp(of<{ fd: Fd }>(start.event).fd, 'metrics'),
    reload: onReload,
    check: (start) => onCheck(of(start.event)),
    loop: (start) => onLoop(of(start.event)),
    stop: onStop,
    informer: informerThread(informers), keepalive: keepaliveThread,
  },
};

export const programs: Program[] = [coredns];
