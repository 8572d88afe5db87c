/**
 * `gravity report`: a tarball of what the real commands say about the cluster and its nodes. tar and gzip
 * are made here, byte by byte.
 */
import { gzipSync } from 'fflate';
import { seconds } from '../../../sim/engine/time.ts';
import { snapshot } from '../../../sim/gravity/backends.ts';
import { capture } from '../../../sim/gravity/child.ts';
import { ask, controllerAnswers, NO_CLUSTER } from '../../../sim/gravity/cluster-api.ts';
import { realNow } from '../../../sim/gravity/console.ts';
import { INSTALL_LOG, STATE_DIR, SYSTEM_LOG } from '../../../sim/gravity/layout/paths.ts';
import { HOST_PATH } from '../../../sim/gravity/phases/common.ts';
import { out, strerror } from '../../../sim/proc/libc.ts';
import type { Sys } from '../../../sim/proc/program.ts';
import { call } from '../../../sim/proc/syscalls.ts';
import { fromBytes, toBytes } from '../../../sim/proc/text.ts';
import { failWith, text, type Invocation } from './invocation.ts';

/** File of the node's part → shell command on its host. */
const COMMANDS: readonly (readonly [string, string])[] = [
  ['iptables', 'iptables-save'], ['route', 'route -n'], ['ifconfig', 'ifconfig -a'], ['ipaddr', 'ip addr'], ['lsblk', 'lsblk'], ['fdisk', 'fdisk -l'], ['df', 'df -hT'], ['df-inodes', 'df -i'],
  ['lscpu', 'lscpu'], ['lsmod', 'lsmod'], ['running-processes', 'ps auxZ --forest || ps aux'], ['dmesg', 'dmesg'], ['free', 'free -m'], ['vmstat', 'vmstat'], ['uptime', 'uptime -p'],
  ['systemctl', 'systemctl status --no-pager || systemctl list-units --all --no-pager'], ['gravity-system.log', `cat ${SYSTEM_LOG}`], ['gravity-install.log', `cat ${INSTALL_LOG}`],
  ['planet-status', '/usr/bin/gravity exec planet status --pretty'], ['etcd-status', '/usr/bin/gravity exec etcdctl cluster-health'], ['planet-systemctl', '/usr/bin/gravity exec systemctl status --no-pager || true'],
  ['resolv.conf', 'cat /etc/resolv.conf'], ['hosts', 'cat /etc/hosts'],
];

/** The Kubernetes part. */
const KUBERNETES: readonly (readonly [string, string])[] = [
  ['k8s-nodes', 'kubectl get nodes -o wide'], ['k8s-describe-nodes', 'kubectl describe nodes'], ['k8s-pods', 'kubectl get pods --all-namespaces -o wide'],
  ['k8s-services', 'kubectl get services --all-namespaces -o wide'], ['k8s-daemonsets', 'kubectl get daemonsets --all-namespaces -o wide'], ['k8s-deployments', 'kubectl get deployments --all-namespaces -o wide'],
  ['k8s-events', 'kubectl get events --all-namespaces'], ['k8s-endpoints', 'kubectl get endpoints --all-namespaces'], ['k8s-configmaps', 'kubectl get configmaps --all-namespaces'],
];

export interface Entry { readonly name: string; readonly text: string }

export function* report(it: Invocation): Sys<number> {
  if (!(yield* controllerAnswers())) return yield* failWith(it, NO_CLUSTER);
  const all = yield* snapshot({ totalUs: seconds(5), headerUs: seconds(5) });
  if (!all?.site) return yield* failWith(it, NO_CLUSTER);
  const entries: Entry[] = [{ name: 'site.json', text: `${JSON.stringify(all.site, null, 2)}\n` }];
  for (const operation of all.operations) entries.push({ name: `${operation.type}.${operation.id}`, text: `${JSON.stringify(operation, null, 2)}\n` });
  for (const server of all.site.servers) {
    const collected = yield* onNode(server.advertise_ip, COMMANDS);
    entries.push({ name: `${server.hostname}-debug-logs.tar`, text: tar(collected, yield* realNow()) });
  }
  const kubernetes: Entry[] = [];
  for (const [name, command] of KUBERNETES) kubernetes.push({ name, text: yield* shell(command) });
  entries.push({ name: `${all.site.servers[0]!.hostname}-k8s-logs.tar`, text: tar(kubernetes, yield* realNow()) });
  const file = text(it, 'file');
  const archive = gzipSync(Uint8Array.from(toBytes(tar(entries, yield* realNow()))), { mtime: 0 });
  const wrote = yield* call('writeFile', { path: file, text: fromBytes(archive), mode: 0o644 });
  if (!wrote.ok) return yield* failWith(it, `open ${file}: ${strerror(wrote.errno).toLowerCase()}`);
  yield* out(`report for cluster(name=${all.site.domain}) exported to ${file}\n`);
  return 0;
}

function* shell(command: string): Sys<string> {
  return (yield* capture({ path: '/bin/sh', argv: ['sh', '-c', command], env: { PATH: HOST_PATH, KUBECONFIG: `${STATE_DIR}/kubectl.kubeconfig`, HOME: '/root', TERM: 'dumb' } })).text;
}

/** Teleport runs the commands on the node; one that is away leaves a note of it. */
function* onNode(address: string, commands: readonly (readonly [string, string])[]): Sys<Entry[]> {
  const marks = commands.map(([name, command]) => `echo '==> ${name}'; ${command}`).join('; ');
  const got = yield* ask(`https://${address}:3022/exec`, { method: 'POST', body: { argv: ['/bin/sh', '-c', `(${marks}) 2>&1`] }, timeoutUs: seconds(120), cert: 'kubelet' });
  if (!got.ok) return [{ name: 'error', text: `${got.error}\n` }];
  const { output = '' } = (got.value.body ?? {}) as { output?: string };
  const parts = output.split(/^==> (.+)\n/m);
  return commands.map(([name]) => ({ name, text: parts[parts.indexOf(name) + 1] ?? '' }));
}

const BLOCK = 512;

/** A ustar archive of plain files; bytes as proc/text.ts has them. */
export function tar(entries: readonly Entry[], nowUs: number): string {
  const mtime = Math.floor(nowUs / 1_000_000);
  let archive = '';
  for (const { name, text: body } of entries) {
    const size = toBytes(body).length;
    archive += header(name, size, mtime) + body + '\0'.repeat((BLOCK - (size % BLOCK)) % BLOCK);
  }
  return archive + '\0'.repeat(2 * BLOCK);
}

function header(name: string, size: number, mtime: number): string {
  const field = (value: string, width: number): string => value.slice(0, width).padEnd(width, '\0');
  const octal = (value: number, width: number): string => `${value.toString(8).padStart(width - 1, '0')}\0`;
  const before = field(name, 100) + octal(0o644, 8) + octal(0, 8) + octal(0, 8) + octal(size, 12) + octal(mtime, 12);
  const after = `0${field('', 100)}ustar\0${'00'}${field('root', 32)}${field('root', 32)}${octal(0, 8)}${octal(0, 8)}${field('', 155)}${field('', 12)}`;
  const sum = [...`${before}        ${after}`].reduce((total, letter) => total + letter.charCodeAt(0), 0);
  return `${before}${sum.toString(8).padStart(6, '0')}\0 ${after}`;
}
