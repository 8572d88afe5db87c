/** `kubectl cluster-info`, and its dump. */
import { out } from '../../../sim/proc/libc.ts';
import type { Sys } from '../../../sim/proc/program.ts';
import { call } from '../../../sim/proc/syscalls.ts';
import { flagTable } from './flags.ts';
import type { Obj } from './object.ts';
import type { Kubectl } from './session.ts';
import type { Verb } from './verb.ts';
import { toJson, toYaml } from './yaml.ts';

export const clusterInfo: Verb = {
  name: 'cluster-info', group: 'Cluster Management Commands:', usage: 'cluster-info', short: 'Display cluster info', long: "Display addresses of the master and services with label kubernetes.io/cluster-service=true. To further debug and diagnose cluster problems, use 'kubectl cluster-info dump'.", examples: [['The addresses', 'kubectl cluster-info']],
  run: runClusterInfo,
  subs: [{
    name: 'dump', usage: 'dump', short: 'Dump lots of relevant info for debugging and diagnosis', flags: flagTable(`
      all-namespaces,A bool All namespaces; --namespaces is left aside.
      namespaces strings Namespaces to dump.
      output,o string=json json or yaml.
      output-directory string Where the files go; empty or '-' for standard output.
      pod-running-timeout duration=20s How long to wait until at least one pod runs
    `), run: runDump,
  }],
};

/** Colours that kubectl writes whether or not there is a terminal. */
const [GREEN, YELLOW, RESET] = ['\x1b[0;32m', '\x1b[0;33m', '\x1b[0m'];

function* runClusterInfo(k: Kubectl): Sys<number> {
  const api = yield* k.api();
  if (!api.ok) return yield* k.fail(api.failure);
  const namespace = k.flags.str('namespace') || 'kube-system';
  const got = yield* api.value.get(`/api/v1/namespaces/${namespace}/services`, { labelSelector: 'kubernetes.io/cluster-service=true' }, 'get services');
  if (!got.ok) return yield* k.fail(got.failure);
  const line = (name: string, url: string): string => `${GREEN}${name}${RESET} is running at ${YELLOW}${url}${RESET}\n`;
  let text = line('Kubernetes master', api.value.base);
  for (const service of (got.value['items'] ?? []) as Obj[]) {
    const { name, namespace: own, labels = {} } = service['metadata'] as { name: string; namespace: string; labels?: Obj };
    const ports = (service['spec']?.ports ?? []) as Obj[];
    const ingress = ((service['status']?.loadBalancer?.ingress ?? []) as Obj[])[0];
    const first = ports[0];
    const scheme = first?.['name'] === 'https' || first?.['port'] === 443 ? 'https:' : '';
    const url = ingress ? ports.map((port) => `http://${ingress['ip'] || ingress['hostname']}:${port['port']}`).join(' ')
      : `${api.value.base}/api/v1/namespaces/${own}/services/${scheme}${name}${scheme || first?.['name'] ? `:${first?.['name'] ?? ''}` : ''}/proxy`;
    text += line(labels['kubernetes.io/name'] ?? name, url);
  }
  yield* out(`${text}\nTo further debug and diagnose cluster problems, use 'kubectl cluster-info dump'.\n`);
  return 0;
}

const DUMPED = [['events', 'events'], ['replicationcontrollers', 'replication-controllers'], ['services', 'services'], ['daemonsets', 'daemonsets'], ['deployments', 'deployments'], ['replicasets', 'replicasets'], ['pods', 'pods']] as const;

function* runDump(k: Kubectl): Sys<number> {
  const api = yield* k.api();
  if (!api.ok) return yield* k.fail(api.failure);
  const directory = k.flags.str('output-directory');
  const toFiles = directory !== '' && directory !== '-';
  const extension = k.flags.str('output') === 'yaml' ? 'yaml' : 'json';
  const show = (obj: Obj): string => (extension === 'yaml' ? toYaml(obj) : `${toJson(obj, '    ')}\n`);
  function* put(path: string, text: string): Sys<void> {
    if (!toFiles) { yield* out(text); return; }
    const parts = `${directory}/${path}`.split('/');
    for (let i = 1; i < parts.length; i++) if (parts.slice(0, i).join('/')) yield* call('mkdir', { path: parts.slice(0, i).join('/') });
    yield* call('writeFile', { path: `${directory}/${path}`, text, mode: 0o644 });
  }
  const nodes = yield* api.value.get('/api/v1/nodes');
  if (!nodes.ok) return yield* k.fail(nodes.failure);
  yield* put(`nodes.${extension}`, show(nodes.value));
  const named = k.flags.list('namespaces');
  let namespaces: readonly string[] = named.length ? named : ['kube-system', api.value.config.namespace];
  if (k.flags.bool('all-namespaces')) {
    const all = yield* api.value.get('/api/v1/namespaces');
    if (!all.ok) return yield* k.fail(all.failure);
    namespaces = ((all.value['items'] ?? []) as Obj[]).map((one) => String(one['metadata'].name));
  }
  for (const namespace of namespaces) {
    for (const [plural, file] of DUMPED) {
      const root = ['daemonsets', 'deployments', 'replicasets'].includes(plural) ? '/apis/apps/v1' : '/api/v1';
      const list = yield* api.value.get(`${root}/namespaces/${namespace}/${plural}`);
      if (!list.ok) return yield* k.fail(list.failure);
      yield* put(`${namespace}/${file}.${extension}`, show(list.value));
      if (plural !== 'pods') continue;
      for (const pod of (list.value['items'] ?? []) as Obj[]) yield* dumpLogs(k, pod, namespace, put);
    }
  }
  if (toFiles) yield* out(`Cluster info dumped to ${directory}\n`);
  return 0;
}

function* dumpLogs(k: Kubectl, pod: Obj, namespace: string, put: (path: string, text: string) => Sys<void>): Sys<void> {
  const api = yield* k.api();
  if (!api.ok) return;
  const { name } = pod['metadata'] as { name: string };
  let text = '';
  for (const container of (pod['spec']?.containers ?? []) as Obj[]) {
    const head = `==== START logs for container ${container['name']} of pod ${namespace}/${name} ====\n`;
    const log = yield* api.value.raw(`/api/v1/namespaces/${namespace}/pods/${name}/log`, { query: { container: container['name'] } });
    const body = log.ok && log.value.status === 200 && typeof log.value.body === 'string' ? log.value.body : `Request log error: ${log.ok ? (log.value.body as Obj | null)?.['message'] ?? '' : ''}\n`;
    text += `${head}${body}==== END logs for container ${container['name']} of pod ${namespace}/${name} ====\n`;
  }
  yield* put(`${namespace}/${name}/logs.txt`, text);
}
