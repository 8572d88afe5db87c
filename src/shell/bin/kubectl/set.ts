/** `kubectl set`: image, env, resources, selector, serviceaccount, subject of what is there. */
import { out, readAll } from '../../../sim/proc/libc.ts';
import type { Sys } from '../../../sim/proc/program.ts';
import { fileFlags } from './create.ts';
import { kindName } from './discovery.ts';
import { done, many, plain, type Outcome } from './failure.ts';
import { flagTable } from './flags.ts';
import { clone, same, sortedKeys, type Obj } from './object.ts';
import { DRY_RUN, printFlags, reporter } from './output.ts';
import { RECORD, recordCause } from './record.ts';
import { fetchAll, filesOf, fromFiles, resolve, targets, type Choice, type Info } from './resources.ts';
import { patchChange } from './send.ts';
import type { Kubectl } from './session.ts';
import type { Verb } from './verb.ts';

const common = [...flagTable(`
  all bool All objects of the types named, in the namespace
  !include-uninitialized bool Deprecated.
  local bool Change what the file says, ask no server for it.
  selector,l string Labels to filter by.
`), ...fileFlags, ...DRY_RUN, ...RECORD, ...printFlags];

export const set: Verb = {
  name: 'set', group: 'Basic Commands (Beginner):', short: 'Set specific features on objects', usage: 'set SUBCOMMAND', long: 'Configure application resources\n\nThese commands help you make changes to existing application resources.',
  subs: [
    { name: 'env', usage: 'env RESOURCE/NAME KEY_1=VAL_1 ... KEY_N=VAL_N', short: 'Update environment variables on a pod template', examples: [['A deployment', 'kubectl set env deployment/registry STORAGE_DIR=/local'], ['What is set', 'kubectl set env deployment/sample-build --list'], ['From a secret', 'kubectl set env --from=secret/mysecret deployment/myapp'], ['Remove one', 'kubectl set env rc --all ENV-']], flags: [...flagTable(`
      containers,c string=* Names of the containers.
      env,e array Variables to set.
      from string A config map or secret to take them from.
      keys strings Which of its keys.
      list bool Show the variables.
      overwrite bool=true Change variables that are there.
      prefix string What to put before the names.
      resolve bool With --list: show what secrets and config maps hold.
    `), ...common], run: runEnv },
    { name: 'image', usage: 'image (-f FILENAME | TYPE NAME) CONTAINER_NAME_1=CONTAINER_IMAGE_1 ... CONTAINER_NAME_N=CONTAINER_IMAGE_N', short: 'Update image of a pod template', examples: [["A deployment's nginx container", 'kubectl set image deployment/nginx busybox=busybox nginx=nginx:1.9.1'], ['All containers of a daemon set', 'kubectl set image daemonset abc *=nginx:1.9.1']], flags: common, run: runImage },
    { name: 'resources', usage: 'resources (-f FILENAME | TYPE NAME)  ([--limits=LIMITS & --requests=REQUESTS]', short: 'Update resource requests/limits on objects with pod templates', examples: [['Limits of the nginx container', 'kubectl set resources deployment nginx -c=nginx --limits=cpu=200m,memory=512Mi']], flags: [...flagTable(`
      containers,c string=* Names of the containers.
      limits string Limits, as 'cpu=200m,memory=512Mi'.
      requests string Requests, as 'cpu=100m,memory=256Mi'.
    `), ...common], run: runResources },
    { name: 'selector', usage: 'selector (-f FILENAME | TYPE NAME) EXPRESSIONS [--resource-version=version]', short: 'Set the selector on a resource', flags: [...flagTable('resource-version string The version that there must be before.'), ...common], run: runSelector },
    { name: 'serviceaccount', aliases: ['sa'], usage: 'serviceaccount (-f FILENAME | TYPE NAME) SERVICE_ACCOUNT', short: 'Update ServiceAccount of a resource', flags: common, run: runAccount },
    { name: 'subject', usage: 'subject (-f FILENAME | TYPE NAME) [--user=username] [--group=groupname] [--serviceaccount=namespace:serviceaccountname] [--dry-run]', short: 'Update User, Group or ServiceAccount in a RoleBinding/ClusterRoleBinding', flags: [...flagTable(`
      group strings Groups to bind.
      serviceaccount strings Service accounts to bind.
      user strings Users to bind.
    `), ...common], run: runSubject },
  ],
};

/** The object as it shall be; a complaint; or null to leave it. */
type Change = (info: Info, spec: Obj | null) => Outcome<Obj | null>;

/** The pod spec inside an object, in a copy of the object that may be changed. */
export function podSpecOf(obj: Obj): Obj | null {
  if (obj['kind'] === 'Pod') return obj['spec'] ?? null;
  if (obj['kind'] === 'CronJob') return obj['spec']?.jobTemplate?.spec?.template?.spec ?? null;
  return obj['spec']?.template?.spec ?? null;
}

function* found(k: Kubectl, words: readonly string[]): Sys<Outcome<Info[]>> {
  const choice: Choice = { selector: k.flags.str('selector') || undefined, all: k.flags.bool('all') };
  if (!k.flags.bool('local')) return yield* resolve(k, words, choice);
  return filesOf(k).length ? yield* fromFiles(k, filesOf(k), { check: false }) : plain('one or more resources must be specified as <resource> <name> or <resource>/<name>');
}

function* changeAll(k: Kubectl, words: readonly string[], operation: string, change: Change): Sys<number> {
  const infos = yield* found(k, words);
  if (!infos.ok) return yield* k.fail(infos.failure);
  const say = yield* reporter(k);
  if (!say.ok) return yield* k.fail(say.failure);
  const api = yield* k.api();
  if (!api.ok) return yield* k.fail(api.failure);
  const failures = [];
  for (const info of infos.value) {
    const copy = clone(info.obj);
    const got = change({ ...info, obj: copy }, podSpecOf(copy));
    if (!got.ok) { failures.push(got.failure); continue; }
    if (!got.value || same(got.value, info.obj)) continue;
    const sent = k.flags.bool('local') || k.flags.bool('dry-run') ? done<Obj | null>(got.value) : yield* patchChange(api.value, info, got.value);
    if (!sent.ok) { failures.push(sent.failure); continue; }
    if (!k.flags.bool('local') && !k.flags.bool('dry-run')) yield* recordCause(k, api.value, info);
    const said = yield* say.value.say(sent.value ?? got.value, operation);
    if (!said.ok) return yield* k.fail(said.failure);
  }
  return failures.length ? yield* k.fail(many(failures)) : 0;
}

const containersOf = (spec: Obj | null): Obj[] => [...((spec?.['containers'] ?? []) as Obj[]), ...((spec?.['initContainers'] ?? []) as Obj[])];

function splitPairs(words: readonly string[], what: string): Outcome<{ resources: string[]; pairs: [string, string][] }> {
  const first = words.findIndex((word) => word.includes('='));
  const resources = first < 0 ? [...words] : words.slice(0, first);
  const pairs: [string, string][] = [];
  for (const word of first < 0 ? [] : words.slice(first)) {
    const at = word.indexOf('=');
    if (at <= 0) return plain(`all resources must be specified before ${what} changes: ${word}`);
    pairs.push([word.slice(0, at), word.slice(at + 1)]);
  }
  return done({ resources, pairs });
}

function* runImage(k: Kubectl): Sys<number> {
  const words = splitPairs(k.args, 'image');
  if (!words.ok) return yield* k.fail(words.failure);
  const { resources, pairs } = words.value;
  const problems: string[] = [];
  if (k.flags.bool('all') && k.flags.str('selector')) problems.push('cannot set --all and --selector at the same time');
  if (!resources.length && !filesOf(k).length) problems.push('one or more resources must be specified as <resource> <name> or <resource>/<name>');
  if (!pairs.length) problems.push('at least one image update is required');
  else if (pairs.length > 1 && pairs.some(([name]) => name === '*')) problems.push('all containers are already specified by *, but saw more than one container_name=container_image pairs');
  if (problems.length) return yield* k.fail(many(problems.map((text) => plain(text).failure)));
  return yield* changeAll(k, resources, 'image updated', (info, spec) => {
    if (!spec) return done(null);
    for (const [name, image] of pairs) {
      const fitting = containersOf(spec).filter((one) => name === '*' || one['name'] === name);
      if (!fitting.length) return plain(`unable to find container named ${JSON.stringify(name)}`);
      for (const one of fitting) one['image'] = image;
    }
    return done(info.obj);
  });
}

/** "web*" and the like: a name or a pattern with *. */
const fits = (pattern: string, name: string): boolean => pattern.split(',').some((one) => (one.includes('*') ? new RegExp(`^${one.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*')}$`).test(name) : one === name));

function* runResources(k: Kubectl): Sys<number> {
  const parse = (text: string): Obj => Object.fromEntries(text.split(',').filter(Boolean).map((pair) => [pair.split('=')[0]!, pair.split('=')[1] ?? '']));
  const [limits, requests] = [parse(k.flags.str('limits')), parse(k.flags.str('requests'))];
  if (!Object.keys(limits).length && !Object.keys(requests).length) return yield* k.fail(plain('you must specify an update to requests or limits (in the form of --requests/--limits)').failure);
  const merge = (old: Obj | undefined, more: Obj): Obj => Object.fromEntries(Object.entries({ ...old, ...more }).filter(([, amount]) => amount !== '0'));
  return yield* changeAll(k, k.args, 'resource requirements updated', (info, spec) => {
    const fitting = containersOf(spec).filter((one) => fits(k.flags.str('containers'), one['name']));
    if (!fitting.length) return plain(`unable to find container named ${k.flags.str('containers')}`);
    for (const one of fitting) {
      const resources: Obj = { ...one['resources'] };
      if (Object.keys(limits).length) resources['limits'] = merge(resources['limits'], limits);
      if (Object.keys(requests).length) resources['requests'] = merge(resources['requests'], requests);
      one['resources'] = resources;
    }
    return done(info.obj);
  });
}

function* runSelector(k: Kubectl): Sys<number> {
  const words = splitPairs(k.args, 'selector');
  if (!words.ok) return yield* k.fail(words.failure);
  if (!words.value.pairs.length) return yield* k.fail(plain('one or more resources must be specified as <resource> <name> or <resource>/<name>').failure);
  return yield* changeAll(k, words.value.resources, 'selector updated', (info) => {
    if (info.type.kind !== 'Service') return plain('setting a selector is only supported for Services');
    info.obj['spec'] = { ...info.obj['spec'], selector: Object.fromEntries(words.value.pairs) };
    return done(info.obj);
  });
}

function* runAccount(k: Kubectl): Sys<number> {
  if (!k.args.length) return yield* k.fail(plain('serviceaccount is required').failure);
  const name = k.args.at(-1)!;
  return yield* changeAll(k, k.args.slice(0, -1), 'serviceaccount updated', (info, spec) => {
    if (!spec) return done(null);
    spec['serviceAccountName'] = name;
    return done(info.obj);
  });
}

function* runSubject(k: Kubectl): Sys<number> {
  const [users, groups, accounts] = [k.flags.list('user'), k.flags.list('group'), k.flags.list('serviceaccount')];
  if (!users.length && !groups.length && !accounts.length) return yield* k.fail(plain('you must specify at least one value of user, group or serviceaccount').failure);
  const bad = accounts.find((one) => one.split(':').length !== 2 || !one.split(':')[0] || !one.split(':')[1]);
  if (bad) return yield* k.fail(plain(`serviceaccount must be <namespace>:<name>`).failure);
  const apiGroup = 'rbac.authorization.k8s.io';
  const subjects: Obj[] = [...users.map((name) => ({ apiGroup, kind: 'User', name })), ...groups.map((name) => ({ apiGroup, kind: 'Group', name })), ...accounts.map((one) => ({ kind: 'ServiceAccount', name: one.split(':')[1], namespace: one.split(':')[0] }))];
  return yield* changeAll(k, k.args, 'subjects updated', (info) => {
    if (!['RoleBinding', 'ClusterRoleBinding'].includes(info.type.kind)) return plain('setting subjects is only supported for RoleBinding/ClusterRoleBinding');
    const old = (info.obj['subjects'] ?? []) as Obj[];
    info.obj['subjects'] = [...old, ...subjects.filter((one) => !old.some((other) => other['kind'] === one['kind'] && other['name'] === one['name'] && (other['namespace'] ?? '') === (one['namespace'] ?? '')))];
    return done(info.obj);
  });
}

const VARIABLE = /^[-._a-zA-Z][-._a-zA-Z0-9]*$/;

function* runEnv(k: Kubectl): Sys<number> {
  const isVariable = (word: string): boolean => word === '-' || (!word.includes('/') && (word.includes('=') || word.endsWith('-'))) || /^[^/=]+=/.test(word);
  const resources = k.args.filter((word) => !isVariable(word));
  const given = [...k.args.filter(isVariable), ...k.flags.list('env')];
  if (!resources.length && !filesOf(k).length) return yield* k.fail(plain('one or more resources must be specified as <resource> <name> or <resource>/<name>').failure);
  const from = k.flags.str('from');
  const list = k.flags.bool('list');
  if (!given.length && !from && !list) return yield* k.fail(plain('at least one environment variable must be provided').failure);
  const variables: Obj[] = [];
  const removed: string[] = [];
  for (const word of given) {
    if (word === '-') {
      const text = yield* readAll(0);
      for (const line of text.ok ? text.value.split('\n') : []) if (line.includes('=')) variables.push({ name: line.slice(0, line.indexOf('=')), value: line.slice(line.indexOf('=') + 1) });
    } else if (word.includes('=')) {
      const name = word.slice(0, word.indexOf('='));
      if (!VARIABLE.test(name)) return yield* k.fail(plain(`${JSON.stringify(name)} is not a valid key name: a valid environment variable name must consist of alphabetic characters, digits, '_', '-', or '.', and must not start with a digit (e.g. 'my.env-name',  or 'MY_ENV.NAME',  or 'MyEnvName1', regex used for validation is '[-._a-zA-Z][-._a-zA-Z0-9]*')`).failure);
      variables.push({ name, value: word.slice(word.indexOf('=') + 1) });
    } else removed.push(word.slice(0, -1));
  }
  if (from) {
    const got = yield* fromSource(k, from);
    if (!got.ok) return yield* k.fail(got.failure);
    variables.push(...got.value);
  }
  if (list) return yield* listEnv(k, resources);
  return yield* changeAll(k, resources, 'env updated', (info, spec) => {
    if (!spec) return done(null);
    const fitting = ((spec['containers'] ?? []) as Obj[]).filter((one) => fits(k.flags.str('containers'), one['name']));
    if (!fitting.length) return plain(`${kindName(info.type)}/${info.name} does not have any containers matching ${JSON.stringify(k.flags.str('containers'))}`);
    for (const one of fitting) {
      const env = ((one['env'] ?? []) as Obj[]).filter((old) => !removed.includes(old['name']));
      for (const variable of variables) {
        const at = env.findIndex((old) => old['name'] === variable['name']);
        if (at < 0) env.push(variable);
        else if (k.flags.bool('overwrite')) env[at] = variable;
        else return plain(`'${variable['name']}' already has a value (${env[at]!['value'] ?? ''}), and --overwrite is false`);
      }
      if (env.length) one['env'] = env; else delete one['env'];
    }
    return done(info.obj);
  });
}

/** Variables that refer to the keys of a config map or secret. */
function* fromSource(k: Kubectl, from: string): Sys<Outcome<Obj[]>> {
  const wanted = yield* targets(k, [from], {});
  if (!wanted.ok) return wanted;
  const { infos, failures } = yield* fetchAll(k, wanted.value, {});
  if (failures.length) return { ok: false, failure: many(failures) };
  const [info] = infos;
  if (!info || !['Secret', 'ConfigMap'].includes(info.type.kind)) return plain('unsupported resource specified in --from');
  const keys = k.flags.list('keys');
  return done(sortedKeys(info.obj['data']).filter((key) => !keys.length || keys.includes(key)).map((key) => {
    const ref = { name: info.name, key };
    const name = k.flags.str('prefix') + key.toUpperCase().replace(/[^A-Z0-9_]/g, '_');
    return { name, valueFrom: info.type.kind === 'Secret' ? { secretKeyRef: ref } : { configMapKeyRef: ref } };
  }));
}

function* listEnv(k: Kubectl, resources: readonly string[]): Sys<number> {
  const infos = yield* found(k, resources);
  if (!infos.ok) return yield* k.fail(infos.failure);
  for (const info of infos.value) {
    for (const one of ((podSpecOf(info.obj)?.['containers'] ?? []) as Obj[]).filter((c) => fits(k.flags.str('containers'), c['name']))) {
      yield* out(`# ${info.type.plural} ${info.name}, container ${one['name']}\n`);
      for (const variable of (one['env'] ?? []) as Obj[]) yield* out(`${shown(variable)}\n`);
    }
  }
  return 0;
}

function shown(variable: Obj): string {
  const from = variable['valueFrom'] as Obj | undefined;
  if (!from) return `${variable['name']}=${variable['value'] ?? ''}`;
  if (from['secretKeyRef']) return `# ${variable['name']} from secret ${from['secretKeyRef'].name}, key ${from['secretKeyRef'].key}`;
  if (from['configMapKeyRef']) return `# ${variable['name']} from configmap ${from['configMapKeyRef'].name}, key ${from['configMapKeyRef'].key}`;
  if (from['fieldRef']) return `# ${variable['name']} from field path ${from['fieldRef'].fieldPath}`;
  return `# ${variable['name']} from resource field ${from['resourceFieldRef']?.resource ?? ''}`;
}
