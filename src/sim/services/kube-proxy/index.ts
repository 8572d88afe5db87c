/**
 * kube-proxy in iptables mode: keeps the node's rules as services and endpoints are, at every change and
 * every thirty seconds; holds node ports open; forgets UDP flows to endpoints that have gone. On exit the
 * rules stay. Kubernetes v1.14.1.
 */
import { ms, seconds } from '../../engine/time.ts';
import { serveHttp } from '../../proc/http.ts';
import { err, fail } from '../../proc/libc.ts';
import type { ExitCode, Json, Program, Start, Sys } from '../../proc/program.ts';
import { call, type Fd } from '../../proc/syscalls.ts';
import type { IptablesAnswer } from '../../net/state.ts';
import { apiConfig, type ApiConfig } from '../../kube/client.ts';
import { parseDuration, parseFlags } from '../../kube/flags.ts';
import { cached, informerThread, keepaliveThread, type Change, type Informers } from '../../kube/informer.ts';
import { equal } from '../../kube/equal.ts';
import { record, recordThread } from '../../kube/recorder.ts';
import { quietFor, startStir, stirThread } from '../../kube/steady.ts';
import { klog, rfc3339 } from '../../kube/time.ts';
import type { Endpoints, Service } from '../../kube/types.ts';
import { endpointsOf, JUMPS, restoreText, rulesFor, type Rules } from './rules.ts';

/** Changes that come together make one sync: at most two at once, then one a second. */
const SETTLE_US = ms(20);
const QUIET_US = seconds(90);
const NO_LEADERS = 'fieldSelector=metadata.name!=kube-controller-manager,metadata.name!=kube-scheduler';

interface Options { readonly node: string; readonly clusterCidr: string; readonly periodUs: number }

const VALUES = ['master', 'cluster-cidr', 'hostname-override', 'conntrack-max', 'conntrack-max-per-core', 'conntrack-min', 'conntrack-tcp-timeout-established', 'conntrack-tcp-timeout-close-wait', 'kubeconfig', 'proxy-mode',
  'feature-gates', 'iptables-sync-period', 'iptables-min-sync-period', 'bind-address', 'healthz-port', 'healthz-bind-address', 'metrics-bind-address', 'v', 'config', 'oom-score-adj', 'nodeport-addresses', 'config-sync-period'];
const BOOLEANS = ['logtostderr', 'masquerade-all', 'profiling', 'cleanup'];

function* say(start: Start, level: 'I' | 'W' | 'E', where: string, text: string): Sys<void> {
  const time = yield* call('now', {});
  yield* err(klog(level, time.ok ? time.value.real : 0, start.pid, where, text));
}

function* main(start: Start): Sys<ExitCode> {
  const flags = parseFlags(start.argv, VALUES, BOOLEANS);
  if (!flags.ok) return yield* fail(`Error: ${flags.error}`);
  const { values } = flags.value;
  const mode = values['proxy-mode'] ?? 'iptables';
  if (mode !== 'iptables') return yield* fail(`F proxy-mode: Invalid value: ${JSON.stringify(mode)}: this build serves iptables only`, 255);
  const configured = yield* apiConfig(values['kubeconfig'] ?? '/etc/kubernetes/proxy.kubeconfig', 'kube-proxy/v1.14.1', values['master']);
  if (!configured.ok) return yield* fail(configured.error, 255);
  const info = yield* call('sysinfo', {});
  const options: Options = { node: values['hostname-override'] ?? (info.ok ? info.value.hostname : ''), clusterCidr: values['cluster-cidr'] ?? '', periodUs: parseDuration(values['iptables-sync-period'] ?? '30s') ?? seconds(30) };
  yield* call('memSet', { key: 'api', value: configured.value as unknown as Json });
  yield* call('memSet', { key: 'options', value: options as unknown as Json });
  yield* say(start, 'I', 'server_others.go:146', 'Using iptables Proxier.');
  yield* call('writeFile', { path: '/proc/sys/net/ipv4/conf/all/route_localnet', text: '1' });
  const bridge = yield* call('readFile', { path: '/proc/sys/net/bridge/bridge-nf-call-iptables' });
  if (!bridge.ok || bridge.value.trim() !== '1') yield* say(start, 'W', 'proxier.go:306', 'missing br-netfilter module or unset sysctl br-nf-call-iptables; proxy may not work as intended');
  yield* say(start, 'I', 'server.go:562', 'Version: v1.14.1');
  yield* call('listen', { proto: 'tcp', addr: '0.0.0.0', port: 10_256, entry: 'health' });
  yield* call('listen', { proto: 'tcp', addr: '127.0.0.1', port: 10_249, entry: 'metrics' });
  yield* startStir();
  yield* record({ about: { kind: 'Node', name: options.node, uid: options.node }, type: 'Normal', reason: 'Starting', message: 'Starting kube-proxy.', source: { component: 'kube-proxy', host: options.node } });
  for (const resource of ['services', 'endpoints']) yield* call('thread', { entry: 'watch', event: { resource } });
  yield* call('timer', { name: 'period', entry: 'sync', afterUs: options.periodUs, everyUs: options.periodUs });
  yield* call('notify', { ready: true });
  yield* call('serve', {});
  return 0;
}

// ---- what is wanted

function* onChange(change: Change): Sys<void> {
  if (change.resource === 'endpoints') {
    const bare = (e: Endpoints | null): unknown => (e?.subsets ?? []).map((s) => [s.ports, (s.addresses ?? []).map((a) => [a.ip, a.nodeName])]);
    if (change.type === 'MODIFIED' && equal(bare(change.old as Endpoints | null), bare(change.obj as Endpoints))) return;
  } else if (change.type === 'MODIFIED' && equal((change.old as Service | null)?.spec, (change.obj as Service).spec) && equal(change.old?.['status'], change.obj['status'])) return;
  yield* call('timer', { name: 'change', entry: 'sync', afterUs: SETTLE_US });
}

const informers: Informers = {
  *config() {
    const got = yield* call('memGet', { key: 'api' });
    return (got.ok ? got.value : null) as unknown as ApiConfig;
  },
  *watched(_start, resource) {
    return resource === 'services' ? { path: '/api/v1/services', type: '*v1.Service' } : { path: '/api/v1/endpoints', query: NO_LEADERS, type: '*v1.Endpoints' };
  },
  onChange, from: 'k8s.io/client-go/informers/factory.go:133',
  *onSync() { yield* call('timer', { name: 'change', entry: 'sync', afterUs: SETTLE_US }); },
};

// ---- what is there

function* saved(table: 'filter' | 'nat'): Sys<string> {
  const got = yield* call('netRead', { what: { kind: 'iptables-save', table } });
  return got.ok && typeof got.value === 'string' ? got.value : '';
}
/** The lines of a saved table that are ours to keep. */
const ours = (text: string): string => text.split('\n').filter((line) => line.includes('KUBE-')).join('\n');

function* iptables(args: readonly string[]): Sys<IptablesAnswer> {
  const got = yield* call('netChange', { change: { kind: 'iptables', args: ['-w', ...args] } });
  return got.ok ? (got.value as unknown as IptablesAnswer) : { exit: 1, stdout: '', stderr: got.errno };
}
const words = (rule: string): string[] => [...rule.matchAll(/"([^"]*)"|(\S+)/g)].map((m) => m[1] ?? m[2]!);

function* ensureJumps(filter: string, nat: string): Sys<void> {
  const text = { filter, nat };
  for (const [table, chain, rule] of JUMPS) {
    const target = rule.split(' ').pop()!;
    if (!text[table].includes(`\n:${target} `)) yield* iptables(['-t', table, '-N', target]); // "Chain already exists" is well
    if (text[table].includes(`\n-A ${chain} ${rule}\n`)) continue;
    const there = yield* iptables(['-t', table, '-C', chain, ...words(rule)]);
    if (there.exit !== 0) yield* iptables(['-t', table, '-I', chain, ...words(rule)]);
  }
}

interface Applied { readonly wanted: Json; readonly filter: string; readonly nat: string }

/** The entry `sync`. Does nothing when the rules are wanted as before and stand as they were written. */
function* sync(start: Start): Sys<void> {
  const services = yield* cached('services');
  const endpoints = yield* cached('endpoints');
  const got = yield* call('memGet', { key: 'options' });
  if (!services || !endpoints || !got.ok) return;
  const options = got.value as unknown as Options;
  const rules = rulesFor(services as Readonly<Record<string, Service>>, endpoints as Readonly<Record<string, Endpoints>>, options.clusterCidr, options.node);
  const filter = yield* saved('filter');
  const nat = yield* saved('nat');
  const before = yield* call('memGet', { key: 'applied' });
  const last = before.ok ? (before.value as unknown as Applied | null) : null;
  const time = yield* call('now', {});
  yield* call('memSet', { key: 'synced', value: time.ok ? time.value.real : 0 });
  if (last && equal(last.wanted, rules) && last.filter === ours(filter) && last.nat === ours(nat)) {
    if ((start.event as { timer?: string } | null)?.timer === 'period' && (yield* quietFor(QUIET_US))) yield* call('timer', { name: 'period', entry: 'sync', afterUs: options.periodUs, everyUs: options.periodUs, quiet: true });
    return;
  }
  yield* ensureJumps(filter, nat);
  const chains = new Set(rules.nat.chains);
  const stale = [...nat.matchAll(/^:(KUBE-(?:SVC|SEP|FW|XLB)-\S+) /gm)].map((m) => m[1]!).filter((c) => !chains.has(c));
  const done = yield* call('netChange', { change: { kind: 'iptables-restore', text: restoreText(rules, stale), noflush: true } });
  const answer = done.ok ? (done.value as unknown as IptablesAnswer) : { exit: 1, stdout: '', stderr: done.errno };
  if (answer.exit !== 0) {
    yield* say(start, 'E', 'proxier.go:1363', `Failed to execute iptables-restore: exit status ${answer.exit} (${answer.stderr.trim()})`);
    return;
  }
  yield* forgetFlows(services as Readonly<Record<string, Service>>, endpoints as Readonly<Record<string, Endpoints>>);
  yield* holdPorts(start, rules);
  yield* call('memSet', { key: 'applied', value: { wanted: rules, filter: ours(yield* saved('filter')), nat: ours(yield* saved('nat')) } as unknown as Json });
}

/** UDP has no end of connection: flows to an endpoint that has gone would live on. */
function* forgetFlows(services: Readonly<Record<string, Service>>, endpoints: Readonly<Record<string, Endpoints>>): Sys<void> {
  const now: Record<string, readonly string[]> = {};
  for (const [id, s] of Object.entries(services)) {
    for (const p of s.spec.ports ?? []) {
      if (p.protocol !== 'UDP' || !s.spec.clusterIP || s.spec.clusterIP === 'None') continue;
      now[`${s.spec.clusterIP} ${p.port}`] = endpointsOf(endpoints[id], p).map((e) => e.address.split(':')[0]!);
    }
  }
  const got = yield* call('memGet', { key: 'udp' });
  const before = (got.ok && got.value !== null ? got.value : {}) as unknown as Record<string, readonly string[]>;
  yield* call('memSet', { key: 'udp', value: now as unknown as Json });
  for (const [service, list] of Object.entries(now)) {
    const [dst, port] = service.split(' ') as [string, string];
    const old = before[service] ?? [];
    for (const ip of old) if (!list.includes(ip)) yield* call('netChange', { change: { kind: 'conntrackDelete', filter: { proto: 'udp', dst, replySrc: ip } } });
    if (!old.length && list.length) yield* call('netChange', { change: { kind: 'conntrackDelete', filter: { proto: 'udp', dst, dport: Number(port) } } });
  }
}

/** Node ports are bound, so that nothing else on the node takes them. */
function* holdPorts(start: Start, rules: Rules): Sys<void> {
  const got = yield* call('memGet', { key: 'held' });
  const held = { ...((got.ok && got.value !== null ? got.value : {}) as unknown as Record<string, Fd>) };
  for (const name of Object.keys(held)) {
    if (rules.held.includes(name)) continue;
    yield* call('close', { fd: held[name]! });
    delete held[name];
  }
  for (const name of rules.held) {
    if (held[name] !== undefined) continue;
    const [proto, port] = name.split(' ') as ['tcp' | 'udp', string];
    const bound = proto === 'tcp' ? yield* call('listen', { proto: 'tcp', addr: '0.0.0.0', port: Number(port) }) : yield* call('udp', { port: Number(port) });
    if (bound.ok) held[name] = bound.value;
    else yield* say(start, 'E', 'proxier.go:1107', `can't open "nodePort for ${port}" (:${port}/${proto}), skipping this nodePort: listen ${proto} :${port}: bind: address already in use`);
  }
  yield* call('memSet', { key: 'held', value: held });
}

function* health(start: Start): Sys<void> {
  yield* serveHttp((start.event as { fd: Fd }).fd, {}, function* () {
    const got = yield* call('memGet', { key: 'synced' });
    const time = yield* call('now', {});
    return { status: 200, headers: { 'Content-Type': 'application/json' }, body: { lastUpdated: rfc3339(got.ok && typeof got.value === 'number' ? got.value : 0), currentTime: rfc3339(time.ok ? time.value.real : 0) } };
  });
}

export const programs: Program[] = [{
  name: 'kube-proxy', main,
  entries: {
    watch: informerThread(informers), keepalive: keepaliveThread, sync, record: recordThread, stir: stirThread, health,
    *metrics(start) { yield* serveHttp((start.event as { fd: Fd }).fd, {}, function* (request) { return { status: 200, headers: { 'Content-Type': 'text/plain' }, body: request.path === '/proxyMode' ? 'iptables' : '# HELP kubeproxy_sync_proxy_rules_latency_microseconds SyncProxyRules latency\n' }; }); },
  },
}];
