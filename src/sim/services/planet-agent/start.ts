/**
 * `planet start`: the container that everything of the cluster runs in. It makes Planet's root from its
 * image and the host's folders, boots systemd there, and takes orders on a socket until it ends.
 */
import { seconds } from '../../engine/time.ts';
import { capture } from '../../gravity/child.ts';
import { parsePlanetFlags, type PlanetConfig } from '../../gravity/layout/planet-config.ts';
import { planetEnvironment, planetFiles, planetLinks } from '../../gravity/layout/planet-files.ts';
import { startedUnits } from '../../gravity/layout/planet-units.ts';
import type { Tree } from '../../host/fs.ts';
import { fail, strerror } from '../../proc/libc.ts';
import type { Start, Sys } from '../../proc/program.ts';
import { call } from '../../proc/syscalls.ts';
import { remember, recall } from './flags.ts';

export const SOCKET = '/var/run/planet.socket';
export const PLANET_ROOT = 'planet';

const BINDS: readonly (readonly [string, string, boolean])[] = [
  ['planet/etcd', '/ext/etcd', false], ['planet/registry', '/ext/registry', false], ['planet/docker', '/ext/docker', false], ['planet/share', '/ext/share', false],
  ['planet/state', '/ext/state', false], ['planet/log', '/var/log', false], ['secrets', '/var/state', true],
];

/** Stopping Planet's systemd may take so long before it is killed: as long as the host's unit is given. */
const STOP_PATIENCE_US = seconds(300);

export function* planetStart(start: Start): Sys<number> {
  const config = parsePlanetFlags(start.argv);
  if (!config) return yield* fail('[ERROR]: required flag --public-ip not provided', 255);
  const made = yield* makeRoot(config);
  if (made) return yield* fail(`[ERROR]: ${made}`, 255);
  yield* forgetContainers();
  yield* network(config);
  yield* call('unlink', { path: SOCKET });
  const bound = yield* call('listenUnix', { path: SOCKET, entry: 'control' });
  if (!bound.ok) return yield* fail(`[ERROR]: listen unix ${SOCKET}: ${strerror(bound.errno).toLowerCase()}`, 255);
  const init = yield* call('spawn', {
    path: '/bin/systemd', argv: ['/bin/systemd'], root: PLANET_ROOT, cwd: '/', session: true, env: { container: 'planet', TERM: 'linux', PATH: '/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin' },
  });
  if (!init.ok) {
    yield* call('rootRemove', { id: PLANET_ROOT });
    return yield* fail(`[ERROR]: failed to start /bin/systemd: ${strerror(init.errno).toLowerCase()}`, 255);
  }
  yield* remember('init', init.value);
  yield* call('onSignal', { signal: 'TERM', entry: 'terminate' });
  yield* call('onSignal', { signal: 'INT', entry: 'terminate' });
  yield* call('timer', { name: 'units', entry: 'units', afterUs: seconds(5), everyUs: seconds(5) });
  yield* call('wait', { pid: init.value });
  yield* call('rootRemove', { id: PLANET_ROOT });
  yield* forgetContainers();
  yield* call('unlink', { path: SOCKET });
  return 0;
}

function* makeRoot(config: PlanetConfig): Sys<string | null> {
  const { stateDir } = config;
  for (const [from] of BINDS) {
    const path = `${stateDir}/${from}`;
    const there = yield* call('stat', { path });
    if (!there.ok) return `stat ${path}: ${strerror(there.errno).toLowerCase()}`;
  }
  const resolv = yield* call('readFile', { path: '/etc/resolv.conf' });
  const files: Record<string, Tree[string]> = planetFiles(config, resolv.ok ? resolv.value : '');
  for (const [path, to] of Object.entries(planetLinks(config))) files[path] = { to };
  files['/run'] = { dir: true };
  const binds = [
    ...BINDS.map(([from, target, readonly]) => ({ source: `${stateDir}/${from}`, target, readonly })),
    { source: stateDir, target: stateDir },
  ];
  yield* call('rootRemove', { id: PLANET_ROOT });
  const made = yield* call('rootCreate', { id: PLANET_ROOT, image: 'planet', hostname: config.hostname, binds, files });
  return made.ok ? null : `failed to create container: ${strerror(made.errno).toLowerCase()}`;
}

/** The network namespaces of containers end with their last process; the runtime named them by short ids. */
function* forgetContainers(): Sys<void> {
  const got = yield* call('netRead', { what: { kind: 'netns' } });
  for (const name of (got.ok ? got.value : []) as readonly string[]) {
    if (/^[0-9a-f]{12}$/.test(name)) yield* call('netnsRemove', { name });
  }
}

/** The dummy device through which service addresses are routed on hosts without a default route. */
function* network(config: PlanetConfig): Sys<void> {
  const [dst, prefix] = config.serviceCidr.split('/');
  yield* call('netChange', { change: { kind: 'linkAdd', name: 'flannel.null', type: 'dummy', up: true } });
  yield* call('netChange', { change: { kind: 'route', mode: 'add', route: { dst: dst!, prefix: Number(prefix), dev: 'flannel.null', scope: 'link' } } });
}

/** Says once, in the unit's log, whether everything has come up. */
export function* checkUnits(start: Start): Sys<void> {
  const config = parsePlanetFlags(start.argv);
  const tries = ((yield* recall<number>('tries')) ?? 0) + 1;
  yield* remember('tries', tries);
  if (!config) return;
  const units = startedUnits(config);
  const got = yield* capture({ path: '/bin/systemctl', argv: ['systemctl', 'is-active', ...units], root: PLANET_ROOT, cwd: '/' });
  const words = got.text.trim().split('\n');
  const late = units.filter((_, i) => words[i] !== 'active').map((unit) => unit.replace('.service', ''));
  if (late.length && tries < 60) return;
  yield* call('timerStop', { name: 'units' });
  const text = late.length
    ? `some units have not started: ${JSON.stringify(late)}.\n Run \`planet enter\` and check journalctl for details\n` : 'all units are up\n';
  yield* call('write', { fd: 1, text });
}

/** SIGTERM, or the order to stop: Planet's systemd shuts down; if it does not, it is killed. */
export function* terminate(): Sys<void> {
  const init = yield* recall<number>('init');
  if (init === null) return;
  const asked = yield* capture({ path: '/bin/systemctl', argv: ['systemctl', 'poweroff'], root: PLANET_ROOT, cwd: '/' });
  if (asked.status !== 0) yield* call('kill', { pid: init, signal: 'TERM' });
  yield* call('timer', { name: 'kill', entry: 'killInit', afterUs: STOP_PATIENCE_US });
}

export function* killInit(): Sys<void> {
  const init = yield* recall<number>('init');
  if (init !== null) yield* call('kill', { pid: init, signal: 'KILL' });
}

/** An order on the control socket: {command: 'stop' | 'env'}; whoever only connects asks whether it is there. */
export function* control(start: Start): Sys<void> {
  const { fd } = start.event as { fd: number };
  const got = yield* call('recv', { fd });
  const command = got.ok && got.value !== null ? (got.value.data as { command?: string } | null)?.command : undefined;
  if (command === 'stop') yield* terminate();
  const config = parsePlanetFlags(start.argv);
  yield* call('send', { fd, data: command === 'env' && config ? { ok: true, env: planetEnvironment(config) } : { ok: command === 'stop' } });
  yield* call('close', { fd });
}

/** `planet stop`: orders it, and waits until the socket has gone. */
export function* planetStop(): Sys<number> {
  const fd = yield* call('connectUnix', { path: SOCKET });
  if (!fd.ok) return yield* fail(`[ERROR]: dial unix ${SOCKET}: connect: ${strerror(fd.errno).toLowerCase()}`, 255);
  yield* call('send', { fd: fd.value, data: { command: 'stop' } });
  yield* call('recv', { fd: fd.value, timeoutUs: STOP_PATIENCE_US });
  yield* call('close', { fd: fd.value });
  for (let waited = 0; waited < STOP_PATIENCE_US; waited += seconds(1)) {
    const there = yield* call('stat', { path: SOCKET });
    if (!there.ok) return 0;
    yield* call('sleep', { us: seconds(1) });
  }
  return yield* fail('[ERROR]: timeout waiting for container to stop', 255);
}
