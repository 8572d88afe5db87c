/**
 * /healthz and its single checks. etcd's is a read of the server's own; what is wrong is told to those
 * who ask for it by name only. k8s.io/apiserver/pkg/server/healthz v1.14.
 */
import { seconds } from '../../engine/time.ts';
import type { Sys } from '../../proc/program.ts';
import { etcdRange } from '../etcd/client.ts';
import { isSynced } from './held.ts';
import { type Answer, type Context, flag, ok } from './request.ts';

const HOOKS = ['generic-apiserver-start-informers', 'start-apiextensions-informers', 'start-apiextensions-controllers', 'crd-informer-synced', 'bootstrap-controller',
  'rbac/bootstrap-roles', 'scheduling/bootstrap-system-priority-classes', 'ca-registration', 'start-kube-aggregator-informers', 'apiservice-registration-controller',
  'apiservice-status-available-controller', 'kube-apiserver-autoregistration'];
const CHECKS = ['ping', 'log', 'etcd', ...HOOKS.map((h) => `poststarthook/${h}`), 'autoregister-completion', 'apiservice-openapi-controller'];

function* works(ctx: Context, name: string): Sys<boolean> {
  if (name === 'etcd') {
    const got = yield* etcdRange(ctx.options.etcd, { key: '/registry/health' }, seconds(2));
    return got.ok;
  }
  return name === 'poststarthook/rbac/bootstrap-roles' || name === 'poststarthook/crd-informer-synced' ? isSynced(ctx.held) : true;
}

const text = (body: string, status = 200): Answer => ({ ...ok(body, status), headers: { 'Content-Type': 'text/plain; charset=utf-8', 'X-Content-Type-Options': 'nosniff' } });

/** null: no such check. */
export function* healthz(ctx: Context): Sys<Answer | null> {
  const rest = ctx.path.replace(/^\/healthz\/?/, '');
  if (rest) {
    if (!CHECKS.includes(rest)) return null;
    return (yield* works(ctx, rest)) ? text('ok') : text('internal server error: etcd failed: reason withheld\n'.replace('etcd', rest), 500);
  }
  let failed = false;
  let body = '';
  for (const name of CHECKS) {
    const good = yield* works(ctx, name);
    if (!good) failed = true;
    body += good ? `[+]${name} ok\n` : `[-]${name} failed: reason withheld\n`;
  }
  if (failed) return text(`${body}healthz check failed\n`, 500);
  return flag(ctx.query, 'verbose') || ctx.query['verbose'] ? text(`${body}healthz check passed\n`) : text('ok');
}
