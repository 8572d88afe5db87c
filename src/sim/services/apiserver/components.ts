/**
 * componentstatuses: asked live, of the components themselves. pkg/registry/core/rest v1.14: the
 * scheduler and the controller manager on this machine, etcd by its /health.
 */
import { seconds } from '../../engine/time.ts';
import { type Certificate, fetchOnce, goError } from '../../proc/http.ts';
import type { Sys } from '../../proc/program.ts';
import type { Resource } from '../../kube/kinds.ts';
import { type Failure, internal } from '../../kube/status.ts';
import type { Obj } from '../../kube/types.ts';
import { listAnswer, present } from './read.ts';
import type { Answer, Context } from './request.ts';

function* check(name: string, url: string, cert: Certificate | null): Sys<Obj> {
  const got = yield* fetchOnce(url, { timeoutUs: seconds(20), cert });
  const body = got.ok ? (typeof got.response.body === 'string' ? got.response.body : JSON.stringify(got.response.body)) : '';
  const good = got.ok && got.response.status === 200 && (name !== 'etcd-0' || /"health":\s*"?true/.test(body));
  const message = got.ok ? body : `Get ${url}: ${goError(got.error)}`;
  return {
    kind: 'ComponentStatus', apiVersion: 'v1', metadata: { name, selfLink: `/api/v1/componentstatuses/${name}`, creationTimestamp: null },
    conditions: [{ type: 'Healthy', status: good ? 'True' : 'False', message, ...(got.ok && !good ? { error: `unhealthy http status code: ${got.response.status}` } : {}) }],
  };
}

export function* componentStatuses(ctx: Context, resource: Resource): Sys<Answer | Failure> {
  const { etcd } = ctx.options;
  const components: readonly (readonly [string, string, Certificate | null])[] = [
    ['controller-manager', 'http://127.0.0.1:10252/healthz', null], ['etcd-0', `${etcd.endpoints[0]}/health`, etcd.cert], ['scheduler', 'http://127.0.0.1:10251/healthz', null],
  ];
  const wanted = ctx.info.name ? components.filter(([name]) => name === ctx.info.name) : components;
  const items: Obj[] = [];
  for (const [name, url, cert] of wanted) items.push(yield* check(name, url, cert));
  if (!ctx.info.name) return listAnswer(ctx, resource, 'v1', '', { items, version: 0, next: null, remaining: 0 });
  return items[0] ? present(ctx, resource, 'v1', items[0]) : internal(`Component not found: ${ctx.info.name}`);
}
