/** `kubectl set`: image, env, resources, selector, serviceaccount, subject of what is there. */
import type { Sys } from '../../../sim/proc/program.ts';
import { parseAmounts } from './amounts.ts';
import { fileFlags } from './create.ts';
import { done, many, plain, type Outcome } from './failure.ts';
import { flagTable } from './flags.ts';
import { type Obj } from './object.ts';
import { DRY_RUN, printFlags } from './output.ts';
import { RECORD } from './record.ts';
import { filesOf } from './resources.ts';
import type { Kubectl } from './session.ts';
import { fits, containersOf, changeAll } from './set-change.ts';
import { runEnv } from './set-env.ts';
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

function* runResources(k: Kubectl): Sys<number> {
  const [most, least] = [parseAmounts(k.flags.str('limits')), parseAmounts(k.flags.str('requests'))];
  if (!most.ok) return yield* k.fail(most.failure);
  if (!least.ok) return yield* k.fail(least.failure);
  const [limits, requests] = [most.value, least.value];
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
