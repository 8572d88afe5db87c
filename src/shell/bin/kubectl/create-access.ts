/** `create role`, `clusterrole` and their bindings. */
import type { Sys } from '../../../sim/proc/program.ts';
import { maker, meta, pure } from './create-maker.ts';
import { done, plain, type Outcome } from './failure.ts';
import type { Obj } from './object.ts';
import type { Kubectl } from './session.ts';
import type { Verb } from './verb.ts';

const RESOURCE_VERBS = ['*', 'get', 'delete', 'list', 'create', 'update', 'patch', 'watch', 'proxy', 'deletecollection', 'use', 'bind', 'escalate', 'impersonate'];
const URL_VERBS = ['*', 'get', 'post', 'put', 'delete', 'patch', 'head', 'options'];
/** Verbs that mean something for few resources only. */
const SPECIAL: Readonly<Record<string, readonly string[]>> = {
  use: ['podsecuritypolicies.extensions'], bind: ['roles.rbac.authorization.k8s.io', 'clusterroles.rbac.authorization.k8s.io'],
  escalate: ['roles.rbac.authorization.k8s.io', 'clusterroles.rbac.authorization.k8s.io'],
  impersonate: ['users.', 'serviceaccounts.', 'groups.', 'userextras.authentication.k8s.io'],
};

/** Each once; a star stands for all. */
const verbsOf = (k: Kubectl): string[] => (k.flags.list('verb').includes('*') ? ['*'] : [...new Set(k.flags.list('verb'))]);

function* checkVerbs(k: Kubectl): Sys<Outcome<null>> {
  for (const verb of verbsOf(k)) if (!RESOURCE_VERBS.includes(verb)) return plain(`invalid verb: '${verb}'`);
  for (const word of k.flags.list('resource')) {
    const name = word.split('/')[0]!;
    if (name === '') return plain('resource must be specified if apiGroup/subresource specified');
    if (name === '*') return done(null);
    const type = yield* k.type(name);
    const [plural, ...group] = type.ok ? [type.value.plural, type.value.group] : name.split('.');
    let known = type.ok;
    for (const verb of verbsOf(k)) {
      if (!SPECIAL[verb]) continue;
      if (!SPECIAL[verb].includes(`${plural}.${group.join('.')}`)) return plain(`can not perform '${verb}' on '${plural}' in group '${group.join('.')}'`);
      known = true;
    }
    if (!known) return { ok: false, failure: { is: 'bare', text: `the server doesn't have a resource type ${JSON.stringify(plural)}${group.join('.') ? ` in group ${JSON.stringify(group.join('.'))}` : ''}\n` } };
  }
  return done(null);
}

function checkUrls(k: Kubectl, urls: readonly string[]): Outcome<null> {
  for (const verb of verbsOf(k)) if (!URL_VERBS.includes(verb)) return plain(`invalid verb: '${verb}' for nonResourceURL`);
  for (const url of urls) {
    if (url === '*') continue;
    if (!url.startsWith('/')) return plain('nonResourceURL should start with /');
    if (url.slice(0, -1).includes('*')) return plain("nonResourceURL only supports wildcard matches when '*' is at the end");
  }
  return done(null);
}

const rules = (k: Kubectl, type: Obj[]): Obj[] => type.map((one) => ({ verbs: verbsOf(k), apiGroups: [one['group']], resources: [one['resource']], ...(k.flags.list('resource-name').length ? { resourceNames: k.flags.list('resource-name') } : {}) }));

/** Resources of --resource with their groups, those of one group together. */
function* resourcesOf(k: Kubectl): Sys<Outcome<Obj[]>> {
  const out: Obj[] = [];
  for (const word of k.flags.list('resource')) {
    const [name, sub] = word.split('/');
    if (name === '*') { out.push({ group: '*', resource: '*' }); continue; }
    const type = yield* k.type(name!);
    // Users and groups are no resources, yet may be impersonated.
    if (!type.ok) { out.push({ group: name!.split('.').slice(1).join('.'), resource: name!.split('.')[0] }); continue; }
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
      if (urls.length || k.flags.list('verb').length || k.flags.list('resource').length || k.flags.list('resource-name').length) return plain('aggregation rule must be specified without nonResourceURLs, verbs, resources or resourceNames');
      const matchLabels = Object.fromEntries(aggregate.map((pair) => [pair.split('=')[0]!, pair.split('=')[1] ?? '']));
      return done({ ...base, rules: null, aggregationRule: { clusterRoleSelectors: [{ matchLabels }] } });
    }
    if (!k.flags.list('verb').length) return plain('at least one verb must be specified');
    if (!k.flags.list('resource').length && !urls.length) return plain(kind === 'Role' ? 'at least one resource must be specified' : 'one of resource or nonResourceURL must be specified');
    if (k.flags.list('resource-name').length && k.flags.list('resource').length > 1) return plain('resource-name can not be applied to multiple resources');
    const fit = yield* checkVerbs(k);
    if (!fit.ok) return fit;
    const types = yield* resourcesOf(k);
    if (!types.ok) return types;
    const reachable = urls.length ? checkUrls(k, urls) : done(null);
    if (!reachable.ok) return reachable;
    const url = urls.length ? [{ verbs: verbsOf(k), nonResourceURLs: urls }] : [];
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
