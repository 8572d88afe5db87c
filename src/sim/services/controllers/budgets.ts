/**
 * Figures that others rely on: how many pods a disruption budget lets go, what a quota's namespace uses.
 * pkg/controller/{disruption,resourcequota} v1.14.
 */
import type { Sys } from '../../proc/program.ts';
import { api } from '../../kube/client.ts';
import { equal } from '../../kube/equal.ts';
import { builtin, groupOf, pathOf, RESOURCES } from '../../kube/kinds.ts';
import { controllerOf, isReady, key, scaled } from '../../kube/pods.ts';
import { selects } from '../../kube/selectors.ts';
import { sumUsage, usageOf, type Usage } from '../../kube/usage.ts';
import type { DisruptionBudget, Obj, Pod, ResourceQuota } from '../../kube/types.ts';
import { type Caches, type Controller, type Env, type Outcome, update } from './framework.ts';
import { objects } from './pods.ts';

type Rec = Readonly<Record<string, unknown>>;
const rec = (v: unknown): Rec => (typeof v === 'object' && v !== null ? (v as Rec) : {});

// ---- disruption budgets

/** How many pods their controllers want, for a share of them. */
function expected(caches: Caches, pods: readonly Pod[]): number {
  const seen = new Map<string, number>();
  for (const pod of pods) {
    const owner = controllerOf(pod.metadata);
    if (!owner) continue;
    const set = objects(caches['replicasets']).find((o) => o.metadata.uid === owner.uid) ?? objects(caches['statefulsets']).find((o) => o.metadata.uid === owner.uid);
    if (!set) continue;
    const parent = controllerOf(set.metadata);
    const top = (parent && objects(caches['deployments']).find((o) => o.metadata.uid === parent.uid)) ?? set;
    seen.set(top.metadata.uid!, (rec(top['spec'])['replicas'] as number | undefined) ?? 1);
  }
  return [...seen.values()].reduce((a, b) => a + b, 0);
}

function* syncBudget(id: string, env: Env): Sys<Outcome> {
  const budget = env.caches['poddisruptionbudgets']![id] as DisruptionBudget | undefined;
  if (!budget) return;
  const pods = objects<Pod>(env.caches['pods']).filter((p) => p.metadata.namespace === budget.metadata.namespace && selects(budget.spec.selector, p.metadata.labels));
  const { minAvailable, maxUnavailable } = budget.spec;
  const healthy = pods.filter((p) => isReady(p) && !p.metadata.deletionTimestamp).length;
  const total = maxUnavailable !== undefined || typeof minAvailable === 'string' ? expected(env.caches, pods) : pods.length;
  const desired = maxUnavailable !== undefined ? Math.max(0, total - scaled(maxUnavailable, total, true)) : scaled(minAvailable, total, true);
  const allowed = total > 0 ? Math.max(0, healthy - desired) : 0;
  const status = { disruptionsAllowed: allowed, currentHealthy: healthy, desiredHealthy: desired, expectedPods: total, observedGeneration: budget.metadata.generation ?? 1 };
  if (equal(status, budget.status)) return;
  const done = yield* update(env, 'policy/v1beta1', 'poddisruptionbudgets', { ...budget, status }, 'status');
  return done.ok || done.status === 404 ? undefined : 'retry';
}

export const disruption: Controller = {
  name: 'disruption', source: 'controllermanager', reads: ['poddisruptionbudgets', 'pods', 'replicasets', 'statefulsets', 'deployments'],
  affected: ({ resource, obj, old }, caches) => {
    if (resource === 'poddisruptionbudgets') return [key(obj)];
    const budgets = objects<DisruptionBudget>(caches['poddisruptionbudgets']);
    if (!budgets.length) return [];
    if (resource !== 'pods') return budgets.filter((b) => b.metadata.namespace === obj.metadata.namespace).map(key);
    return budgets.filter((b) => b.metadata.namespace === obj.metadata.namespace && (selects(b.spec.selector, obj.metadata.labels) || selects(b.spec.selector, old?.metadata.labels))).map(key);
  },
  sync: syncBudget,
};

// ---- quotas

/** The resources that a quota's names speak of. */
function countedBy(hard: Usage): string[] {
  const out = new Set<string>();
  for (const name of Object.keys(hard)) {
    if (/^(pods|cpu|memory|requests\.|limits\.)/.test(name)) out.add('pods');
    else if (name.startsWith('services')) out.add('services');
    else if (name.startsWith('count/')) out.add(name.slice(6).split('.')[0]!);
    else out.add(name);
  }
  return [...out].filter((plural) => RESOURCES.some((r) => r.plural === plural));
}

function* syncQuota(id: string, env: Env): Sys<Outcome> {
  const quota = env.caches['resourcequotas']![id] as ResourceQuota | undefined;
  if (!quota) return;
  const hard = quota.spec.hard ?? {};
  let used: Usage = {};
  for (const plural of countedBy(hard)) {
    const resource = builtin(plural);
    const got = yield* api(env.api, 'GET', pathOf(resource.served[0]!, plural, quota.metadata.namespace));
    if (!got.ok) return 'retry';
    for (const item of (got.body as unknown as { items: readonly Obj[] }).items) used = sumUsage(used, usageOf(plural, groupOf(resource.served[0]!), item));
  }
  const status = { hard, used: Object.fromEntries(Object.keys(hard).map((name) => [name, used[name] ?? '0'])) };
  if (equal(status, quota.status)) return;
  const done = yield* update(env, 'v1', 'resourcequotas', { ...quota, status }, 'status');
  return done.ok || done.status === 404 ? undefined : 'retry';
}

export const quotas: Controller = {
  name: 'resourcequota', source: 'resourcequota-controller', reads: ['resourcequotas', 'pods', 'services', 'secrets'],
  affected: ({ resource, obj, old, type }, caches) => {
    if (resource === 'resourcequotas') return type === 'DELETED' ? [] : [key(obj)];
    const frees = type === 'DELETED' || (resource === 'pods' && (obj as Pod).status?.phase !== (old as Pod | null)?.status?.phase);
    return frees ? objects(caches['resourcequotas']).filter((q) => q.metadata.namespace === obj.metadata.namespace).map(key) : [];
  },
  sync: syncQuota,
};
