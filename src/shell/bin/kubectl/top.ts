/** `kubectl top`: from a metrics server, else from Heapster through the API's proxy (1.14). */
import { quantity } from '../../../sim/kube/quantity.ts';
import { out } from '../../../sim/proc/libc.ts';
import type { Sys } from '../../../sim/proc/program.ts';
import type { Api } from './api.ts';
import { done, plain, type Failure, type Outcome } from './failure.ts';
import { flagTable } from './flags.ts';
import { nameOf, namespaceOf, type Obj } from './object.ts';
import type { Kubectl } from './session.ts';
import { GET, tabulate } from './tabwriter.ts';
import type { Verb } from './verb.ts';

const heapsterFlags = `
  heapster-namespace string=kube-system Namespace of the Heapster service
  heapster-port string Port of the Heapster service
  heapster-scheme string=http Scheme of the Heapster service (http or https)
  heapster-service string=heapster Name of the Heapster service
  no-headers bool Print no header line
  selector,l string Labels to filter by
`;

export const top: Verb = {
  name: 'top', group: 'Cluster Management Commands:', usage: 'top', short: 'Display Resource (CPU/Memory/Storage) usage.', long: 'Display Resource (CPU/Memory/Storage) usage.\n\nHeapster or a metrics server must run in the cluster.',
  subs: [
    { name: 'node', aliases: ['nodes', 'no'], usage: 'node [NAME | -l label]', short: 'Display Resource (CPU/Memory/Storage) usage of nodes', examples: [['All nodes', 'kubectl top node'], ['One node', 'kubectl top node NODE_NAME']], flags: flagTable(heapsterFlags), run: (k) => runTop(k, false) },
    { name: 'pod', aliases: ['pods', 'po'], usage: 'pod [NAME | -l label]', short: 'Display Resource (CPU/Memory/Storage) usage of pods', examples: [['All pods here', 'kubectl top pod'], ['With their containers', 'kubectl top pod POD_NAME --containers']], flags: flagTable(`${heapsterFlags}
      all-namespaces,A bool Look in every namespace.
      containers bool Print the containers of each pod.
    `), run: (k) => runTop(k, true) },
  ],
};

function* runTop(k: Kubectl, pods: boolean): Sys<number> {
  if (k.args.length > 1) return yield* k.fail(k.usage(`Unexpected args: [${k.args.join(' ')}]`).failure);
  if (k.args.length && k.flags.str('selector')) return yield* k.fail(plain('only one of NAME or --selector can be provided').failure);
  const types = yield* k.types();
  if (!types.ok) return yield* k.fail(types.failure);
  const api = yield* k.api();
  if (!api.ok) return yield* k.fail(api.failure);
  const metrics = types.value.groupVersions.some((gv) => gv.startsWith('metrics.k8s.io/'));
  const namespace = pods && !k.flags.bool('all-namespaces') ? api.value.config.namespace : '';
  const tail = pods ? `${namespace ? `/namespaces/${namespace}` : ''}/pods` : '/nodes';
  const name = k.args[0] ? `/${k.args[0]}` : '';
  const { flags } = k;
  const service = `${flags.str('heapster-scheme')}:${flags.str('heapster-service')}:${flags.str('heapster-port')}`;
  const root = metrics ? '/apis/metrics.k8s.io/v1beta1' : `/api/v1/namespaces/${flags.str('heapster-namespace')}/services/${service}/proxy/apis/metrics/v1alpha1`;
  const got = yield* api.value.raw(`${root}${tail}${name}`, { query: { labelSelector: flags.str('selector') } });
  if (!got.ok) return yield* k.fail(got.failure);
  if (got.value.status !== 200) return yield* k.fail(topFailure(got.value.status, got.value.body, metrics ? '' : `get services ${service}`));
  const body = (typeof got.value.body === 'string' ? JSON.parse(got.value.body || '{}') : got.value.body) as Obj;
  const items = (Array.isArray(body['items']) ? body['items'] : [body]) as Obj[];
  if (!items.length) return yield* k.fail(plain('metrics not available yet').failure);
  const rows = pods ? podRows(k, items) : yield* nodeRows(api.value, items);
  if (!rows.ok) return yield* k.fail(rows.failure);
  yield* out(`${tabulate(rows.value.slice(flags.bool('no-headers') ? 1 : 0).map((row) => `${row}\t`).join('\n'), GET)}\n`);
  return 0;
}

/** A proxied service that is not there: its NotFound says no more than the path asked for. */
function topFailure(code: number, body: unknown, what: string): Failure {
  const status = (typeof body === 'object' && body !== null ? body : {}) as Obj;
  if (code === 404 && what) return { is: 'status', status: { reason: 'NotFound', message: `the server could not find the requested resource (${what})` } };
  return { is: 'status', status: status['kind'] === 'Status' ? status : { reason: code === 503 ? 'ServiceUnavailable' : 'InternalError', message: `the server is currently unable to handle the request${what ? ` (${what})` : ''}` } };
}

const cpu = (text: unknown): string => `${Math.ceil((quantity(String(text)) ?? 0) * 1000 - 1e-9)}m`;
const memory = (text: unknown): string => `${Math.floor((quantity(String(text)) ?? 0) / 1048576)}Mi`;

function podRows(k: Kubectl, items: readonly Obj[]): Outcome<string[]> {
  const all = k.flags.bool('all-namespaces');
  const each = k.flags.bool('containers');
  const rows = [[...(all ? ['NAMESPACE'] : []), ...(each ? ['POD', 'NAME'] : ['NAME']), 'CPU(cores)', 'MEMORY(bytes)'].join('\t')];
  for (const item of items) {
    const containers = (item['containers'] ?? []) as Obj[];
    const head = [...(all ? [namespaceOf(item)] : []), nameOf(item)];
    if (each) for (const one of containers) rows.push([...head, one['name'], cpu(one['usage']?.cpu), memory(one['usage']?.memory)].join('\t'));
    else {
      const sum = (key: string): number => containers.reduce((total, one) => total + (quantity(String(one['usage']?.[key] ?? '0')) ?? 0), 0);
      rows.push([...head, cpu(sum('cpu')), memory(sum('memory'))].join('\t'));
    }
  }
  return done(rows);
}

function* nodeRows(api: Api, items: readonly Obj[]): Sys<Outcome<string[]>> {
  const nodes = yield* api.get('/api/v1/nodes');
  if (!nodes.ok) return nodes;
  const rows = ['NAME\tCPU(cores)\tCPU%\tMEMORY(bytes)\tMEMORY%'];
  for (const item of items) {
    const node = ((nodes.value['items'] ?? []) as Obj[]).find((one) => nameOf(one) === nameOf(item));
    const share = (key: string): string => {
      const whole = quantity(node?.['status']?.allocatable?.[key]) ?? 0;
      return whole ? `${Math.trunc(((quantity(String(item['usage']?.[key])) ?? 0) / whole) * 100)}%` : '<unknown>';
    };
    rows.push([nameOf(item), cpu(item['usage']?.cpu), share('cpu'), memory(item['usage']?.memory), share('memory')].join('\t'));
  }
  return done(rows);
}
