/**
 * Who may do what: RBAC over roles and bindings, and the node authorizer for kubelets. Pure over the
 * objects given; the caller keeps them. plugin/pkg/auth/authorizer/{rbac,node} v1.14.
 */
import type { Obj, PolicyRule, Role, RoleBinding, Subject } from '../../kube/types.ts';
import { heldMap, type Held } from './held.ts';
import type { User } from './request.ts';

export interface Attributes {
  readonly user: User; readonly verb: string; readonly group: string; readonly resource: string; readonly sub: string; readonly namespace: string; readonly name: string;
  /** Of a request that is about no resource. */
  readonly path: string;
}
type Rules = Held;

const has = (list: readonly string[] | undefined, value: string): boolean => list !== undefined && (list.includes(value) || list.includes('*'));

export function ruleAllows(rule: PolicyRule, a: Attributes): boolean {
  if (!has(rule.verbs, a.verb)) return false;
  if (a.path) return (rule.nonResourceURLs ?? []).some((url) => url === '*' || url === a.path || (url.endsWith('*') && a.path.startsWith(url.slice(0, -1))));
  if (!has(rule.apiGroups, a.group)) return false;
  const resource = a.sub ? `${a.resource}/${a.sub}` : a.resource;
  const hit = (rule.resources ?? []).some((r) => r === '*' || r === resource || (a.sub !== '' && r === `*/${a.sub}`));
  return hit && (!rule.resourceNames?.length || rule.resourceNames.includes(a.name));
}

const isSubject = (s: Subject, user: User, namespace: string): boolean =>
  s.kind === 'User' ? s.name === user.name : s.kind === 'Group' ? user.groups.includes(s.name) : s.kind === 'ServiceAccount' && user.name === `system:serviceaccount:${s.namespace ?? namespace}:${s.name}`;

const rulesOf = (role: Obj | undefined): readonly PolicyRule[] => (role as Role | undefined)?.rules ?? [];

/** The rules that hold for a user in a namespace ('' = cluster-wide). */
export function userRules(rules: Rules, user: User, namespace: string): PolicyRule[] {
  const out: PolicyRule[] = [];
  for (const binding of Object.values(heldMap(rules, 'clusterrolebindings')) as RoleBinding[]) {
    if (binding.subjects?.some((s) => isSubject(s, user, ''))) out.push(...rulesOf(heldMap(rules, 'clusterroles')[binding.roleRef.name]));
  }
  if (!namespace) return out;
  for (const binding of Object.values(heldMap(rules, 'rolebindings')) as RoleBinding[]) {
    if (binding.metadata.namespace !== namespace || !binding.subjects?.some((s) => isSubject(s, user, namespace))) continue;
    out.push(...rulesOf(binding.roleRef.kind === 'ClusterRole' ? heldMap(rules, 'clusterroles')[binding.roleRef.name] : heldMap(rules, 'roles')[`${namespace}/${binding.roleRef.name}`]));
  }
  return out;
}

const decided = new WeakMap<Rules, Map<string, boolean>>();
const userRulesMade = new WeakMap<Rules, Map<string, PolicyRule[]>>();

/** Whether RBAC allows it. system:masters may do anything. */
export function rbacAllows(rules: Rules, a: Attributes): boolean {
  if (a.user.groups.includes('system:masters')) return true;
  let known = decided.get(rules);
  if (!known) {
    known = new Map();
    decided.set(rules, known);
    userRulesMade.set(rules, new Map());
  }
  const who = `${a.user.name}\n${a.user.groups.join(',')}\n${a.namespace}`;
  const id = `${who}\n${a.verb}\n${a.group}\n${a.resource}\n${a.sub}\n${a.name}\n${a.path}`;
  let answer = known.get(id);
  if (answer === undefined) {
    const made = userRulesMade.get(rules)!;
    let list = made.get(who);
    if (!list) {
      list = userRules(rules, a.user, a.namespace);
      made.set(who, list);
    }
    answer = list.some((rule) => ruleAllows(rule, a));
    if (known.size > 4_096) known.clear();
    known.set(id, answer);
  }
  return answer;
}

/** What system:node may do (the role's rules), and single secrets and config maps by name. */
const NODE_RULES: readonly PolicyRule[] = [
  { verbs: ['create'], apiGroups: ['authentication.k8s.io'], resources: ['tokenreviews'] },
  { verbs: ['create'], apiGroups: ['authorization.k8s.io'], resources: ['subjectaccessreviews', 'localsubjectaccessreviews'] },
  { verbs: ['get', 'list', 'watch'], apiGroups: [''], resources: ['services'] },
  { verbs: ['create', 'get', 'list', 'watch', 'delete', 'patch', 'update'], apiGroups: [''], resources: ['nodes'] },
  { verbs: ['patch', 'update'], apiGroups: [''], resources: ['nodes/status'] },
  { verbs: ['create', 'patch', 'update'], apiGroups: [''], resources: ['events'] },
  { verbs: ['get', 'list', 'watch', 'create', 'delete'], apiGroups: [''], resources: ['pods'] },
  { verbs: ['patch', 'update'], apiGroups: [''], resources: ['pods/status'] },
  { verbs: ['create'], apiGroups: [''], resources: ['pods/eviction', 'serviceaccounts/token'] },
  { verbs: ['get'], apiGroups: [''], resources: ['persistentvolumeclaims', 'persistentvolumes', 'endpoints'] },
  { verbs: ['create', 'get', 'update', 'patch', 'delete'], apiGroups: ['coordination.k8s.io'], resources: ['leases'] },
];

export function nodeAllows(a: Attributes): boolean {
  if (!a.user.groups.includes('system:nodes') || !a.user.name.startsWith('system:node:') || a.path) return false;
  if ((a.resource === 'secrets' || a.resource === 'configmaps') && a.group === '') return a.name !== '' && ['get', 'list', 'watch'].includes(a.verb);
  return NODE_RULES.some((rule) => ruleAllows(rule, a));
}

/** The reason of a refusal. */
export function refusal(a: Attributes): string {
  if (a.path) return `User ${JSON.stringify(a.user.name)} cannot ${a.verb} path ${JSON.stringify(a.path)}`;
  const resource = a.sub ? `${a.resource}/${a.sub}` : a.resource;
  const where = a.namespace ? `in the namespace ${JSON.stringify(a.namespace)}` : 'at the cluster scope';
  return `User ${JSON.stringify(a.user.name)} cannot ${a.verb} resource ${JSON.stringify(resource)} in API group ${JSON.stringify(a.group)} ${where}`;
}
