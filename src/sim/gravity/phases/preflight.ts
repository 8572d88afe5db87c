/**
 * The checks of a host before an installation (gravity lib/checks), which `gravity check`, install, join
 * and upgrade run and which `gravity status` falls back on; and what can be put right at once.
 */
import { MODULES, MODULES_FILE, modulesText, SYSCTL_FILE, SYSCTLS, sysctlText } from '../layout/host.ts';
import { STATE_DIR } from '../layout/paths.ts';
import { strerror } from '../../proc/libc.ts';
import type { Sys } from '../../proc/program.ts';
import { call } from '../../proc/syscalls.ts';

export interface Failed { readonly error: string; readonly detail: string }

/** `␉[×] <error> (<detail>)`, or whichever of them there is. */
export const failedLine = ({ error, detail }: Failed): string => `\t[×] ${error && detail ? `${error} (${detail})` : error || detail}\n`;

const FAQ = 'https://www.gravitational.com/docs/faq/';
const PARAMETERS: readonly (readonly [string, string])[] = [
  ['net.ipv4.ip_forward', `ipv4 forwarding is off, see ${FAQ}#ipv4-forwarding`],
  ['net.bridge.bridge-nf-call-iptables', `kubernetes requires net.bridge.bridge-nf-call-iptables sysctl set to 1, ${FAQ}#bridge-driver`],
  ['fs.may_detach_mounts', `fs.may_detach_mounts should be set to 1 or pods may get stuck in the Terminating state, see ${FAQ}#kubernetes-pods-stuck-in-terminating-state`],
];

const CONFLICTING = ['dockerd', 'docker', 'lxd', 'coredns', 'kube-apiserver', 'kube-scheduler', 'kube-controller-manager', 'kube-proxy', 'kubelet', 'planet', 'teleport'];

/** Ports that an installation needs: [protocol, port]. */
const PORTS: readonly number[] = [2379, 2380, 4001, 7001, 5000, 6443, 7373, 7496, 7575, 10248, 10249, 10250, 10255, 53, 3008, 3009, 3010, 3012, 3022, 3023, 3024, 3025];

const pathOf = (parameter: string): string => `/proc/sys/${parameter.replaceAll('.', '/')}`;

function* parameterFailures(): Sys<Failed[]> {
  const out: Failed[] = [];
  for (const [parameter, detail] of PARAMETERS) {
    const read = yield* call('readFile', { path: pathOf(parameter) });
    if (!read.ok && parameter.startsWith('fs.')) continue;
    if (!read.ok) out.push({ error: `open ${pathOf(parameter)}: ${strerror(read.errno).toLowerCase()}`, detail });
    else if (read.value.trim() !== '1') out.push({ error: '', detail });
  }
  return out;
}

function* processFailures(): Sys<Failed[]> {
  const all = yield* call('processes', {});
  if (!all.ok) return [];
  const running = CONFLICTING.filter((name) => all.value.some((process) => process.comm === name.slice(0, 15)));
  return running.length ? [{ error: '', detail: `potentially conflicting programs running: [${running.join(' ')}], note this is an issue only before Telekube is installed` }] : [];
}

function* portFailures(): Sys<Failed[]> {
  const all = yield* call('sockets', {});
  if (!all.ok) return [];
  return all.value.filter((socket) => socket.proto === 'tcp' && socket.state === 'LISTEN' && PORTS.includes(socket.localPort) && (socket.localPort !== 53 || socket.localAddr === '127.0.0.2'))
    .map((socket) => ({ error: '', detail: `conflicting program ${JSON.stringify(socket.program ?? 'unknown')}(pid=${socket.pid ?? 0}) is occupying port tcp/${socket.localPort}(listen)` }));
}

/** What the phase /checks looks at on each node: as preflight of a node, and the disk. */
export function* nodeFailures(): Sys<readonly Failed[]> {
  return [...(yield* preflight('kernel')), ...(yield* diskFailures())];
}

/** The disk under the state must take what dd writes to measure it; a folder that is not there is made later. */
function* diskFailures(): Sys<Failed[]> {
  const path = `${STATE_DIR}/testfile`;
  if (!(yield* call('stat', { path: STATE_DIR })).ok) return [];
  const wrote = yield* call('writeFile', { path, text: '\0'.repeat(TEST_BYTES), mode: 0o600 });
  yield* call('unlink', { path });
  return wrote.ok ? [] : [{ error: '', detail: `failed to measure disk performance: dd: error writing '${path}': ${strerror(wrote.errno)}` }];
}

const TEST_BYTES = 1_000_000;

/** Kernel settings alone are looked at on a node of the cluster; a host to be has to be free as well. */
export function* preflight(scope: 'kernel' | 'host'): Sys<readonly Failed[]> {
  const failed = yield* parameterFailures();
  if (scope === 'host') failed.push(...(yield* processFailures()), ...(yield* portFailures()));
  return failed;
}

export const isFixable = (failed: Failed): boolean => PARAMETERS.some(([, detail]) => detail === failed.detail);

/** Loads modules and sets parameters that are amiss, now and for every boot; says what it did. */
export function* autofix(): Sys<readonly string[]> {
  const said: string[] = [];
  const loaded = yield* call('modules', {});
  const names = loaded.ok ? loaded.value.map((module) => module.name) : [];
  for (const name of MODULES) {
    if (names.includes(name)) continue;
    const done = yield* call('modprobe', { name });
    if (done.ok) said.push(`Auto-loaded kernel module: ${name}`);
  }
  for (const [parameter, value] of Object.entries(SYSCTLS)) {
    const read = yield* call('readFile', { path: pathOf(parameter) });
    if (!read.ok || read.value.trim() === value) continue;
    const done = yield* call('writeFile', { path: pathOf(parameter), text: `${value}\n` });
    if (done.ok) said.push(`Auto-set kernel parameter: ${parameter}=${value}`);
  }
  yield* call('writeFile', { path: MODULES_FILE, text: modulesText });
  yield* call('writeFile', { path: SYSCTL_FILE, text: sysctlText });
  return said;
}
