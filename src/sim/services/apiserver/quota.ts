/**
 * ResourceQuota: what an object would use is counted against every quota of its namespace, and noted in
 * the quota's status by a conditional write. plugin/pkg/admission/resourcequota v1.14.
 */
import type { Sys } from '../../proc/program.ts';
import { builtin, groupOf, type Resource } from '../../kube/kinds.ts';
import { quantity } from '../../kube/quantity.ts';
import { type Failure, forbidden, isFailure, target } from '../../kube/status.ts';
import type { Obj, ResourceQuota } from '../../kube/types.ts';
import { usageOf, sumUsage } from '../../kube/usage.ts';
import { heldMap } from './held.ts';
import type { Context } from './request.ts';
import { getStored, keyOf, updateStored } from './store.ts';

const RETRIES = 3;

export function* applyQuota(ctx: Context, resource: Resource, obj: Obj): Sys<Failure | null> {
  if (!resource.namespaced) return null;
  const quotas = Object.values(heldMap(ctx.held, 'resourcequotas')).filter((q) => q.metadata.namespace === obj.metadata.namespace) as ResourceQuota[];
  for (const quota of quotas) {
    const refused = yield* charge(ctx, resource, obj, quota.metadata.name);
    if (refused) return refused;
  }
  return null;
}

function* charge(ctx: Context, resource: Resource, obj: Obj, name: string): Sys<Failure | null> {
  const kind = builtin('resourcequotas');
  const key = keyOf(kind, obj.metadata.namespace!, name);
  for (let attempt = 0; attempt < RETRIES; attempt++) {
    const stored = yield* getStored(ctx.options, key);
    if (isFailure(stored)) return stored;
    if (!stored) return null;
    const quota = stored.value as ResourceQuota;
    const hard = quota.spec.hard ?? {};
    const wanted = usageOf(resource.plural, groupOf(ctx.info.gv), obj);
    const counted = Object.keys(hard).filter((k) => wanted[k] !== undefined);
    if (!counted.length) return null;
    const about = target(resource, ctx.info.gv);
    const missing = resource.kind === 'Pod' ? Object.keys(hard).filter((k) => /^(requests\.|limits\.|cpu$|memory$)/.test(k) && quantity(wanted[k] ?? '0') === 0) : [];
    if (missing.length) return forbidden(about, obj.metadata.name, `failed quota: ${name}: must specify ${missing.sort().join(',')}`);
    const used = quota.status?.used ?? {};
    const over = counted.filter((k) => (quantity(used[k] ?? '0') ?? 0) + (quantity(wanted[k]) ?? 0) > (quantity(hard[k]) ?? 0)).sort();
    if (over.length) {
      const show = (pick: (k: string) => string): string => over.map((k) => `${k}=${pick(k)}`).join(',');
      return forbidden(about, obj.metadata.name, `exceeded quota: ${name}, requested: ${show((k) => wanted[k]!)}, used: ${show((k) => used[k] ?? '0')}, limited: ${show((k) => hard[k]!)}`);
    }
    const next: Obj = { ...quota, status: { hard, used: sumUsage(used, Object.fromEntries(counted.map((k) => [k, wanted[k]!]))) } };
    const done = yield* updateStored(ctx.options, kind, key, next, stored.version);
    if (isFailure(done)) return done;
    if (done.written) return null;
  }
  return null;
}
