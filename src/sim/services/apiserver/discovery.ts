/**
 * What the server serves, told to clients: /api, /apis, the resource lists of each group-version,
 * /version, the root's paths. Built once for each set of custom resources.
 */
import { apiRoot, GROUPS, groupOf, RESOURCES, type Resource, versionOf } from '../../kube/kinds.ts';
import { customResources } from './custom.ts';
import { type Answer, type Context, ok } from './request.ts';

export const VERSION = {
  major: '1', minor: '14', gitVersion: 'v1.14.1', gitCommit: 'b7394102d6ef778017f2ca4046abbaa23b88c290', gitTreeState: 'clean',
  buildDate: '2019-04-08T17:02:58Z', goVersion: 'go1.12.1', compiler: 'gc', platform: 'linux/amd64',
};

/** Groups with their versions, the custom ones last. */
function groups(ctx: Context): readonly (readonly [string, readonly string[]])[] {
  const own = customResources(ctx.held);
  if (!own.length) return GROUPS;
  const extra = new Map<string, Set<string>>();
  for (const r of own) for (const gv of r.served) {
    const group = groupOf(gv);
    if (!extra.has(group)) extra.set(group, new Set());
    extra.get(group)!.add(versionOf(gv));
  }
  return [...GROUPS, ...[...extra.keys()].sort().map((group) => [group, [...extra.get(group)!].sort()] as const)];
}

const groupEntry = (name: string, versions: readonly string[]): object => {
  const list = versions.map((version) => ({ groupVersion: `${name}/${version}`, version }));
  return { name, versions: list, preferredVersion: list[0] };
};

interface Listed { name: string; singularName: string; namespaced: boolean; kind: string; verbs: readonly string[]; shortNames?: readonly string[]; categories?: readonly string[]; group?: string; version?: string }

const SUB_VERBS: Readonly<Record<string, readonly string[]>> = {
  status: ['get', 'patch', 'update'], scale: ['get', 'patch', 'update'], approval: ['update'], finalize: ['update'], binding: ['create'], eviction: ['create'], token: ['create'],
  log: ['get'], exec: ['create', 'get'], attach: ['create', 'get'], portforward: ['create', 'get'], proxy: ['create', 'delete', 'get', 'patch', 'update'],
};

function subresource(r: Resource, sub: string, gv: string): Listed {
  const base = { name: `${r.plural}/${sub}`, singularName: '', namespaced: r.namespaced, verbs: SUB_VERBS[sub] ?? ['get'] };
  if (sub === 'scale') return { ...base, ...(groupOf(gv) === 'extensions' ? { group: 'extensions', version: 'v1beta1' } : { group: 'autoscaling', version: 'v1' }), kind: 'Scale' };
  if (sub === 'binding') return { ...base, kind: 'Binding' };
  if (sub === 'eviction') return { ...base, group: 'policy', version: 'v1beta1', kind: 'Eviction' };
  if (sub === 'token') return { ...base, group: 'authentication.k8s.io', version: 'v1', kind: 'TokenRequest' };
  const options = { exec: 'PodExecOptions', attach: 'PodAttachOptions', portforward: 'PodPortForwardOptions', proxy: r.kind === 'Pod' ? 'PodProxyOptions' : r.kind === 'Node' ? 'NodeProxyOptions' : 'ServiceProxyOptions' };
  return { ...base, kind: options[sub as 'exec'] ?? r.kind };
}

/** Resources of a group-version, by name, each followed by its subresources. */
export function resourceList(ctx: Context, gv: string): object | null {
  const own = [...RESOURCES, ...customResources(ctx.held)].filter((r) => r.served.includes(gv));
  if (!own.length) return null;
  const list: Listed[] = [];
  for (const r of own) {
    list.push({ name: r.plural, singularName: r.custom ? r.singular : '', namespaced: r.namespaced, kind: r.kind, verbs: r.verbs, ...(r.short.length ? { shortNames: r.short } : {}), ...(r.categories.length ? { categories: r.categories } : {}) });
    for (const sub of r.subresources) list.push(subresource(r, sub, gv));
  }
  list.sort((a, b) => (a.name < b.name ? -1 : 1));
  return { kind: 'APIResourceList', ...(gv.includes('/') ? { apiVersion: 'v1' } : {}), groupVersion: gv, resources: list };
}

/** null: the path is none of discovery's. */
export function discovery(ctx: Context): Answer | null {
  const parts = ctx.path.split('/').filter(Boolean);
  if (ctx.path === '/version' || ctx.path === '/version/') return ok(VERSION);
  if (!parts.length) return ok({ paths: rootPaths(ctx) });
  if (parts[0] === 'api') {
    if (parts.length === 1) return ok({ kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress: `${ctx.options.address}:${ctx.options.port}` }] });
    const found = parts.length === 2 ? resourceList(ctx, parts[1]!) : null;
    return found && ok(found);
  }
  if (parts[0] !== 'apis') return null;
  const all = groups(ctx);
  if (parts.length === 1) return ok({ kind: 'APIGroupList', apiVersion: 'v1', groups: all.map(([name, versions]) => groupEntry(name, versions)) });
  if (parts.length === 2) {
    const group = all.find(([name]) => name === parts[1]);
    return group ? ok({ kind: 'APIGroup', apiVersion: 'v1', ...groupEntry(group[0], group[1]) }) : null;
  }
  const found = parts.length === 3 ? resourceList(ctx, `${parts[1]}/${parts[2]}`) : null;
  return found && ok(found);
}

const rootPaths = (ctx: Context): string[] =>
  ['/api', '/api/v1', '/apis', ...groups(ctx).flatMap(([name, versions]) => [`/apis/${name}`, ...versions.map((v) => apiRoot(`${name}/${v}`))]), '/healthz', '/healthz/etcd', '/healthz/ping', '/logs', '/metrics', '/openapi/v2', '/swaggerapi', '/version'].sort();
