/** `kubectl auth`: can-i, and the reconciling of access rules. */
import { err, out } from '../../../sim/proc/libc.ts';
import type { Json, Sys } from '../../../sim/proc/program.ts';
import type { Api } from './api.ts';
import { fileFlags } from './create.ts';
import { objectPath } from './discovery.ts';
import { done, isStatus, plain, type Outcome } from './failure.ts';
import { flagTable } from './flags.ts';
import type { Obj } from './object.ts';
import { reporter, printFlags, DRY_RUN } from './output.ts';
import { filesOf, fromFiles } from './resources.ts';
import { createObject, replaceObject } from './send.ts';
import type { Kubectl } from './session.ts';
import { GET, tabulate } from './tabwriter.ts';
import type { Verb } from './verb.ts';

export const auth: Verb = {
  name: 'auth', group: 'Troubleshooting and Debugging Commands:', usage: 'auth', short: 'Inspect authorization',
  subs: [
    { name: 'can-i', usage: 'can-i VERB [TYPE | TYPE/NAME | NONRESOURCEURL]', short: 'Check whether an action is allowed', examples: [['Create pods anywhere', 'kubectl auth can-i create pods --all-namespaces'], ['List deployments here', 'kubectl auth can-i list deployments.extensions'], ['Read a log', 'kubectl auth can-i get pods --subresource=log'], ['All that is allowed here', 'kubectl auth can-i --list --namespace=foo']], flags: flagTable(`
      all-namespaces,A bool In all namespaces.
      list bool List all that is allowed.
      no-headers bool Print no header line.
      quiet,q bool Print nothing, only end with 0 or 1.
      subresource string A subresource such as pod/log or deployment/scale
    `), run: canI },
    { name: 'reconcile', usage: 'reconcile -f FILENAME', short: 'Reconciles rules for RBAC Role, RoleBinding, ClusterRole, and ClusterRole binding objects', flags: [...flagTable(`
      remove-extra-permissions bool Remove what the file does not allow
      remove-extra-subjects bool Remove whom the file does not name
    `), ...fileFlags, ...DRY_RUN, ...printFlags], run: reconcile },
  ],
};

const NEED = 'you must specify two or three arguments: verb, resource, and optional resourceName';

function* canI(k: Kubectl): Sys<number> {
  const { args, flags } = k;
  if (flags.bool('list') ? args.length > 0 : args.length < 2 || args.length > 3) return yield* k.fail(plain(flags.bool('list') ? 'list option must be specified with no arguments' : NEED).failure);
  const api = yield* k.api();
  if (!api.ok) return yield* k.fail(api.failure);
  const namespace = flags.bool('all-namespaces') ? '' : api.value.config.namespace;
  if (flags.bool('list')) return yield* listRules(k, api.value, namespace);
  const [verb, what, third] = args as [string, string, string?];
  let attributes: Obj;
  if (what.startsWith('/')) {
    if (flags.str('subresource')) return yield* k.fail(plain('--subresource can not be used with NonResourceURL').failure);
    attributes = { nonResourceAttributes: { path: what, verb } };
  } else {
    const [word, name = third ?? ''] = what.split('/') as [string, string?];
    let [group, resource] = ['', word];
    if (word !== '*') {
      const type = yield* k.type(word);
      if (type.ok) {
        [group, resource] = [type.value.group, type.value.plural];
        if (!type.value.namespaced && !flags.bool('all-namespaces') && !flags.bool('quiet')) yield* err(`Warning: resource '${type.value.plural}' is not namespace scoped${group ? ` in group '${group}'` : ''}\n`);
      } else if (type.failure.is !== 'plain') return yield* k.fail(type.failure);
      else yield* err(`Warning: the server doesn't have a resource type '${word}'\n`);
    } else group = '*';
    attributes = { resourceAttributes: { ...(namespace ? { namespace } : {}), verb, ...(group ? { group } : {}), resource, ...(flags.str('subresource') ? { subresource: flags.str('subresource') } : {}), ...(name ? { name } : {}) } };
  }
  const body = { kind: 'SelfSubjectAccessReview', apiVersion: 'authorization.k8s.io/v1', metadata: { creationTimestamp: null }, spec: attributes, status: { allowed: false } };
  const got = (yield* api.value.request('/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', { method: 'POST', body: body as unknown as Json })) as Outcome<Obj>;
  if (!got.ok) return yield* k.fail(got.failure);
  const { allowed, reason = '', evaluationError = '' } = (got.value['status'] ?? {}) as { allowed?: boolean; reason?: string; evaluationError?: string };
  if (!flags.bool('quiet')) yield* out(allowed ? 'yes\n' : `no${reason ? ` - ${reason}` : ''}${evaluationError ? ` - ${evaluationError}` : ''}\n`);
  return allowed ? 0 : 1;
}

function* listRules(k: Kubectl, api: Api, namespace: string): Sys<number> {
  const body = { kind: 'SelfSubjectRulesReview', apiVersion: 'authorization.k8s.io/v1', metadata: { creationTimestamp: null }, spec: { namespace: namespace || 'default' }, status: { resourceRules: null, nonResourceRules: null, incomplete: false } };
  const got = (yield* api.request('/apis/authorization.k8s.io/v1/selfsubjectrulesreviews', { method: 'POST', body: body as unknown as Json })) as Outcome<Obj>;
  if (!got.ok) return yield* k.fail(got.failure);
  const status = (got.value['status'] ?? {}) as Obj;
  if (status['incomplete']) yield* err(`warning: the list may be incomplete: ${status['evaluationError'] ?? ''}\n`);
  const rows: string[] = [];
  const words = (list: unknown): string => `[${((list ?? []) as string[]).join(' ')}]`;
  for (const rule of (status['resourceRules'] ?? []) as Obj[]) {
    for (const resource of (rule['resources'] ?? []) as string[]) for (const group of (rule['apiGroups'] ?? ['']) as string[]) rows.push(`${group ? `${resource}.${group}` : resource}\t[]\t${words(rule['resourceNames'])}\t${words(rule['verbs'])}`);
  }
  for (const rule of (status['nonResourceRules'] ?? []) as Obj[]) rows.push(`\t${words(rule['nonResourceURLs'])}\t[]\t${words(rule['verbs'])}`);
  const lines = [...(k.flags.bool('no-headers') ? [] : ['Resources\tNon-Resource URLs\tResource Names\tVerbs']), ...rows];
  yield* out(`${tabulate(lines.join('\n'), GET)}\n`);
  return 0;
}

const RBAC = ['Role', 'ClusterRole', 'RoleBinding', 'ClusterRoleBinding'];

function* reconcile(k: Kubectl): Sys<number> {
  const files = filesOf(k);
  if (!files.length) return yield* k.fail(plain('must specify one of -f and -k').failure);
  const infos = yield* fromFiles(k, files, { check: false });
  if (!infos.ok) return yield* k.fail(infos.failure);
  const say = yield* reporter(k);
  if (!say.ok) return yield* k.fail(say.failure);
  const api = yield* k.api();
  if (!api.ok) return yield* k.fail(api.failure);
  for (const info of infos.value) {
    if (!RBAC.includes(info.type.kind)) continue;
    const current = yield* api.value.get(objectPath(info.type, info.namespace, info.name));
    if (!current.ok && !isStatus(current.failure, 'NotFound')) return yield* k.fail(current.failure);
    const field = info.type.kind.endsWith('Binding') ? 'subjects' : 'rules';
    const extra = k.flags.bool(field === 'rules' ? 'remove-extra-permissions' : 'remove-extra-subjects');
    const old = current.ok ? ((current.value[field] ?? []) as Obj[]) : [];
    const wanted = (info.obj[field] ?? []) as Obj[];
    const merged = extra ? wanted : [...old, ...wanted.filter((one) => !old.some((other) => JSON.stringify(sorted(other)) === JSON.stringify(sorted(one))))];
    const obj = { ...(current.ok ? current.value : info.obj), [field]: merged };
    const got = k.flags.bool('dry-run') ? done<Obj>(obj) : current.ok ? yield* replaceObject(api.value, { ...info, obj }) : yield* createObject(api.value, { ...info, obj });
    if (!got.ok) return yield* k.fail(got.failure);
    const said = yield* say.value.say(got.value, 'reconciled');
    if (!said.ok) return yield* k.fail(said.failure);
  }
  return 0;
}
const sorted = (obj: Obj): Obj => Object.fromEntries(Object.keys(obj).sort().map((key) => [key, obj[key]]));
