/** `create role`, `clusterrole` and their bindings. */
import type { Sys } from '../../../sim/proc/program.ts';
import { maker, meta, pure } from './create-maker.ts';
import { done, plain, type Outcome } from './failure.ts';
import type { Obj } from './object.ts';
import type { Kubectl } from './session.ts';
import type { Verb } from './verb.ts';

const rules = (k: Kubectl, type: Obj[]): Obj[] => type.map((one) => ({ verbs: k.flags.list('verb'), apiGroups: [one['group']], resources: [one['resource']], ...(k.flags.list('resource-name').length ? { resourceNames: k.flags.list('resource-name') } : {}) }));

/** Resources of --resource with their groups, those of one group together. */
function* resourcesOf(k: Kubectl): Sys<Outcome<Obj[]>> {
  const out: Obj[] = [];
  for (const word of k.flags.list('resource')) {
    const [name, sub] = word.split('/');
    if (name === '*') { out.push({ group: '*', resource: '*' }); continue; }
    const type = yield* k.type(name!);
    if (!type.ok) return plain(`the server doesn't have a resource type ${JSON.stringify(name)}`);
    out.push({ group: type.value.group, resource: sub ? `${type.value.plural}/${sub}` : type.value.plural });
  }
  return done(out);
}

function mergedRules(list: Obj[]): Obj[] {
  const out: Obj[] = [];
  for (const rule of list) {
    const same = out.find((one) => one['apiGroups'][0] === rule['apiGroups'][0]);
    if (same) same['resources'] = [...same['resources'], ...rule['resources']]; else out.push(rule);
  }
  return out;
}

const ROLE_FLAGS = `
  resource strings Resources that the rule is for.
  resource-name array Names in the white list; may be given several times.
  verb strings Verbs that the rule allows.
`;

export function role(kind: 'Role' | 'ClusterRole', usage: string, extra: string): Verb {
  return maker({ name: kind.toLowerCase(), usage, short: kind === 'Role' ? 'Create a role with single rule.' : 'Create a ClusterRole.', table: `${ROLE_FLAGS}${extra}` }, function* make(k, name) {
    const urls = k.flags.has('non-resource-url') ? k.flags.list('non-resource-url') : [];
    const aggregate = k.flags.has('aggregation-rule') ? k.flags.list('aggregation-rule') : [];
    const base = { kind, apiVersion: 'rbac.authorization.k8s.io/v1', metadata: meta(name) };
    if (aggregate.length) {
      const matchLabels = Object.fromEntries(aggregate.map((pair) => [pair.split('=')[0]!, pair.split('=')[1] ?? '']));
      return done({ ...base, rules: null, aggregationRule: { clusterRoleSelectors: [{ matchLabels }] } });
    }
    if (!k.flags.list('verb').length) return plain('at least one verb must be specified');
    if (!k.flags.list('resource').length && !urls.length) return plain(kind === 'Role' ? 'at least one resource must be specified' : 'one of resource or nonResourceURL must be specified');
    if (k.flags.list('resource-name').length && k.flags.list('resource').length > 1) return plain('resource-name can not be applied to multiple resources');
    const types = yield* resourcesOf(k);
    if (!types.ok) return types;
    const url = urls.length ? [{ verbs: k.flags.list('verb'), nonResourceURLs: urls }] : [];
    return done({ ...base, rules: [...mergedRules(rules(k, types.value)), ...url] });
  });
}

const SUBJECT_FLAGS = `
  clusterrole string The cluster role to bind.
  group array Groups to bind.
  serviceaccount array Service accounts to bind, as <namespace>:<name>.
`;

export function binding(kind: 'RoleBinding' | 'ClusterRoleBinding', usage: string, extra: string): Verb {
  return maker({ name: kind.toLowerCase(), usage, short: kind === 'RoleBinding' ? 'Create a RoleBinding for a particular Role or ClusterRole' : 'Create a ClusterRoleBinding for a particular ClusterRole', table: `${SUBJECT_FLAGS}user array Users to bind.${extra}` }, pure((k, name) => {
    const [clusterRole, own] = [k.flags.str('clusterrole'), k.flags.has('role') ? k.flags.str('role') : ''];
    if (kind === 'RoleBinding' && (clusterRole === '') === (own === '')) return plain('exactly one of clusterrole or role must be specified');
    if (kind === 'ClusterRoleBinding' && !clusterRole) return k.required('clusterrole');
    const apiGroup = 'rbac.authorization.k8s.io';
    const subjects: Obj[] = [...k.flags.list('user').map((user) => ({ kind: 'User', apiGroup, name: user })), ...k.flags.list('group').map((group) => ({ kind: 'Group', apiGroup, name: group }))];
    for (const account of k.flags.list('serviceaccount')) {
      const [ns, sa] = account.split(':');
      if (!ns || !sa || account.split(':').length !== 2) return plain('serviceaccount must be <namespace>:<name>');
      subjects.push({ kind: 'ServiceAccount', name: sa, namespace: ns });
    }
    return done({ kind, apiVersion: `${apiGroup}/v1`, metadata: meta(name), ...(subjects.length ? { subjects } : {}), roleRef: { apiGroup, kind: own ? 'Role' : 'ClusterRole', name: own || clusterRole } });
  }));
}
