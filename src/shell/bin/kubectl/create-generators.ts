/**
 * `create KIND NAME`: what each subcommand makes of its flags, and how it is sent. The data of config maps
 * and secrets is read in create-data.ts.
 */
import { configMapData, dataFlags, secretSubs } from './create-data.ts';
import { maker, meta, pure } from './create-maker.ts';
import { objectPath } from './discovery.ts';
import { done, plain, type Outcome } from './failure.ts';
import type { Sys } from '../../../sim/proc/program.ts';
import type { Obj } from './object.ts';
import type { Kubectl } from './session.ts';
import type { Verb } from './verb.ts';

const namespace = maker({ name: 'namespace', aliases: ['ns'], usage: 'namespace NAME [--dry-run]', short: 'Create a namespace with the specified name', examples: [['A namespace of this name', 'kubectl create namespace my-namespace']] },
  pure((_, name) => done({ kind: 'Namespace', apiVersion: 'v1', metadata: meta(name), spec: {}, status: {} })));

const serviceAccount = maker({ name: 'serviceaccount', aliases: ['sa'], usage: 'serviceaccount NAME [--dry-run]', short: 'Create a service account with the specified name', examples: [['A service account of this name', 'kubectl create serviceaccount my-service-account']] },
  pure((_, name) => done({ kind: 'ServiceAccount', apiVersion: 'v1', metadata: meta(name) })));

const configMap = maker({
  name: 'configmap', aliases: ['cm'], usage: 'configmap NAME [--from-file=[key=]source] [--from-literal=key1=value1] [--dry-run]', short: 'Create a configmap from a local file, directory or literal value',
  examples: [['All files of a folder', 'kubectl create configmap my-config --from-file=path/to/bar'], ['Two values', 'kubectl create configmap my-config --from-literal=key1=config1 --from-literal=key2=config2'], ['An env file', 'kubectl create configmap my-config --from-env-file=path/to/bar.env']],
  more: dataFlags,
}, configMapData);

const imageName = (image: string): string => image.split('/').at(-1)!.split(':')[0]!.split('@')[0]!;

const deployment = maker({
  name: 'deployment', aliases: ['deploy'], usage: 'deployment NAME --image=image [--dry-run]', short: 'Create a deployment with the specified name.', examples: [['A deployment of one busybox', 'kubectl create deployment my-dep --image=busybox']],
  table: 'image strings Images of the containers.',
}, pure((k, name) => {
  const images = k.flags.list('image');
  if (!images.length) return k.required('image');
  const labels = { app: name };
  const containers = images.map((image) => ({ name: imageName(image), image, resources: {} }));
  return done({ kind: 'Deployment', apiVersion: 'apps/v1', metadata: meta(name, labels), spec: { replicas: 1, selector: { matchLabels: labels }, template: { metadata: { creationTimestamp: null, labels }, spec: { containers } }, strategy: {} }, status: {} });
}));

const commandOf = (k: Kubectl): Obj => {
  const command = k.flags.dash >= 0 ? k.args.slice(k.flags.dash) : [];
  return command.length ? { command } : {};
};

const job = maker({
  name: 'job', usage: 'job NAME [--image=image --from=cronjob/name] -- [COMMAND] [args...]', short: 'Create a job with the specified name.',
  examples: [['A job', 'kubectl create job my-job --image=busybox'], ['A job with a command', 'kubectl create job my-job --image=busybox -- date'], ['A job of a cron job', 'kubectl create job test-job --from=cronjob/a-cronjob']],
  table: `
    from string The resource to make the job of (a cronjob only).
    image string Image of the container.
  `,
}, function* make(k, name) {
  const [image, from] = [k.flags.str('image'), k.flags.str('from')];
  if ((image === '') === (from === '')) return plain('either --image or --from must be specified');
  if (image) {
    const template = { metadata: { creationTimestamp: null }, spec: { containers: [{ name, image, ...commandOf(k), resources: {} }], restartPolicy: 'Never' } };
    return done({ kind: 'Job', apiVersion: 'batch/v1', metadata: meta(name), spec: { template }, status: {} });
  }
  const [kind, source] = from.split('/');
  if (!source) return plain('only one of from or image must be specified');
  const type = yield* k.type(kind!);
  if (!type.ok) return type;
  const api = yield* k.api();
  if (!api.ok) return api;
  if (type.value.kind !== 'CronJob') return plain(`unsupported object type, expected CronJob, got ${type.value.kind}`);
  const cron = yield* api.value.get(objectPath(type.value, api.value.config.namespace, source));
  if (!cron.ok) return cron;
  const template = cron.value['spec'].jobTemplate as Obj;
  return done({
    kind: 'Job', apiVersion: 'batch/v1', spec: template['spec'], status: {},
    metadata: { ...meta(name, template['metadata']?.labels), annotations: { ...template['metadata']?.annotations, 'cronjob.kubernetes.io/instantiate': 'manual' } },
  });
});

const cronJob = maker({
  name: 'cronjob', aliases: ['cj'], usage: 'cronjob NAME --image=image --schedule=\'0/5 * * * ?\' -- [COMMAND] [args...]', short: 'Create a cronjob with the specified name.', examples: [['A cron job', "kubectl create cronjob my-job --image=busybox --schedule='*/1 * * * *'"]],
  table: `
    image string Image of the container.
    restart string Restart policy of the job: OnFailure or Never.
    schedule string When to run, in cron's form.
  `,
}, pure((k, name) => {
  const [image, schedule] = [k.flags.str('image'), k.flags.str('schedule')];
  if (!image) return plain('--image must be specified');
  if (!schedule) return plain('--schedule must be specified');
  const spec = { containers: [{ name, image, ...commandOf(k), resources: {} }], restartPolicy: k.flags.str('restart') || 'OnFailure' };
  const jobTemplate = { metadata: meta(name), spec: { template: { metadata: { creationTimestamp: null }, spec } } };
  return done({ kind: 'CronJob', apiVersion: 'batch/v1beta1', metadata: meta(name), spec: { schedule, jobTemplate }, status: {} });
}));

// --- services

const portsOf = (k: Kubectl, nodePort = false): Outcome<Obj[]> => {
  const out: Obj[] = [];
  for (const text of k.flags.list('tcp')) {
    const [port, target] = text.split(':');
    for (const one of [port!, ...(target === undefined ? [] : [target])]) {
      if (one === port && !/^\d+$/.test(one)) return plain(`strconv.Atoi: parsing ${JSON.stringify(one)}: invalid syntax`);
      if (/^\d+$/.test(one) && (Number(one) < 1 || Number(one) > 65_535)) return plain('must be between 1 and 65535, inclusive');
    }
    const number = k.flags.has('node-port') && nodePort ? k.flags.int('node-port') : 0;
    const targetPort = target === undefined ? Number(port) : /^\d+$/.test(target) ? Number(target) : target;
    out.push({ name: text.replaceAll(':', '-'), protocol: 'TCP', port: Number(port), targetPort, ...(number ? { nodePort: number } : {}) });
  }
  return done(out);
};

function service(type: string, name: string, usage: string, extra: string, build: (k: Kubectl, ports: Obj[]) => Outcome<Obj>): Verb {
  return maker({ name, usage, short: `Create a ${type} service.`, table: `${extra}\ntcp strings Port pairs as '<port>:<targetPort>'.` }, pure((k, service_) => {
    const ports = portsOf(k, type === 'NodePort');
    if (!ports.ok) return ports;
    const more = build(k, ports.value);
    if (!more.ok) return more;
    const labels = { app: service_ };
    const spec = { ...(ports.value.length ? { ports: ports.value } : {}), selector: labels, ...more.value };
    return done({ kind: 'Service', apiVersion: 'v1', metadata: meta(service_, labels), spec, status: { loadBalancer: {} } });
  }));
}

const NO_PORT = 'at least one tcp port specifier must be provided';

const services: Verb = {
  name: 'service', aliases: ['svc'], usage: 'service', short: 'Create a service using specified subcommand.',
  subs: [
    service('ClusterIP', 'clusterip', 'clusterip NAME [--tcp=<port>:<targetPort>] [--dry-run]', "clusterip string The service's address, or 'None' for a headless one.", (k, ports) => {
      const ip = k.flags.str('clusterip');
      if (!ports.length && ip !== 'None') return plain(NO_PORT);
      return ports.length && ip === 'None' ? plain('can not map ports with clusterip=None') : done({ ...(ip ? { clusterIP: ip } : {}), type: 'ClusterIP' });
    }),
    service('ExternalName', 'externalname', 'externalname NAME --external-name external.name [--dry-run]', 'external-name string External name of the service', (k) => (
      k.flags.str('external-name') ? done({ type: 'ExternalName', externalName: k.flags.str('external-name') }) : plain('externalname service must have a name specified'))),
    service('LoadBalancer', 'loadbalancer', 'loadbalancer NAME [--tcp=port:targetPort] [--dry-run]', '!unused string -', (_, ports) => (ports.length ? done({ type: 'LoadBalancer' }) : plain(NO_PORT))),
    service('NodePort', 'nodeport', 'nodeport NAME [--tcp=port:targetPort] [--dry-run]', 'node-port int=0 The port on every node.', (_, ports) => (ports.length ? done({ type: 'NodePort' }) : plain(NO_PORT))),
  ],
};

// --- access

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

function role(kind: 'Role' | 'ClusterRole', usage: string, extra: string): Verb {
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

function binding(kind: 'RoleBinding' | 'ClusterRoleBinding', usage: string, extra: string): Verb {
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

const pairs = (text: string): Obj => Object.fromEntries(text.split(',').filter(Boolean).map((pair) => [pair.split('=')[0]!, pair.split('=')[1] ?? '']));

const quota = maker({ name: 'quota', aliases: ['resourcequota'], usage: 'quota NAME [--hard=key1=value1,key2=value2] [--scopes=Scope1,Scope2] [--dry-run=bool]', short: 'Create a quota with the specified name.', table: `
  hard string Limits as resource=quantity, separated by commas.
  scopes string Scopes that the quota is for, separated by commas.
` }, pure((k, name) => {
  const hard = pairs(k.flags.str('hard'));
  const scopes = k.flags.str('scopes').split(',').filter(Boolean);
  const bad = k.flags.str('hard').split(',').filter(Boolean).find((pair) => pair.split('=').length !== 2);
  if (bad) return plain(`Invalid argument syntax ${bad}, expected <resource>=<value>`);
  return done({ kind: 'ResourceQuota', apiVersion: 'v1', metadata: meta(name), spec: { ...(Object.keys(hard).length ? { hard } : {}), ...(scopes.length ? { scopes } : {}) }, status: {} });
}));

const number = (text: string): number | string => (/^\d+$/.test(text) ? Number(text) : text);

const budget = maker({ name: 'poddisruptionbudget', aliases: ['pdb'], usage: 'poddisruptionbudget NAME --selector=SELECTOR --min-available=N [--dry-run]', short: 'Create a pod disruption budget with the specified name.', table: `
  max-unavailable string How many pods may be away, a number or a share.
  min-available string How many pods must stay, a number or a share.
  selector string Which pods it is for.
` }, pure((k, name) => {
  const [least, most, selector] = [k.flags.str('min-available'), k.flags.str('max-unavailable'), k.flags.str('selector')];
  if (!selector) return plain('a selector must be specified');
  if (least && most) return plain('min-available and max-unavailable cannot be both specified');
  if (!least && !most) return plain('one of min-available or max-unavailable must be specified');
  return done({ kind: 'PodDisruptionBudget', apiVersion: 'policy/v1beta1', metadata: meta(name), spec: { ...(least ? { minAvailable: number(least) } : {}), selector: { matchLabels: pairs(selector) }, ...(most ? { maxUnavailable: number(most) } : {}) }, status: { disruptionsAllowed: 0, currentHealthy: 0, desiredHealthy: 0, expectedPods: 0 } });
}));

const priority = maker({ name: 'priorityclass', aliases: ['pc'], usage: 'priorityclass NAME --value=VALUE --global-default=BOOL [--dry-run]', short: 'Create a priorityclass with the specified name.', table: `
  description string What the class is for.
  global-default bool Whether it is the default.
  value int=0 The priority.
` }, pure((k, name) => {
  const [description, global] = [k.flags.str('description'), k.flags.bool('global-default')];
  return done({ kind: 'PriorityClass', apiVersion: 'scheduling.k8s.io/v1', metadata: meta(name), value: k.flags.int('value'), ...(global ? { globalDefault: true } : {}), ...(description ? { description } : {}) });
}));

export const generators: readonly Verb[] = [
  role('ClusterRole', 'clusterrole NAME --verb=verb --resource=resource.group [--resource-name=resourcename] [--dry-run]', 'aggregation-rule strings Labels of the cluster roles to join.\n  non-resource-url strings Paths that the rule is for.'),
  binding('ClusterRoleBinding', 'clusterrolebinding NAME --clusterrole=NAME [--user=username] [--group=groupname] [--serviceaccount=namespace:serviceaccountname] [--dry-run]', ''),
  configMap, cronJob, deployment, job, namespace, budget, priority, quota,
  role('Role', 'role NAME --verb=verb --resource=resource.group/subresource [--resource-name=resourcename] [--dry-run]', ''),
  binding('RoleBinding', 'rolebinding NAME --clusterrole=NAME|--role=NAME [--user=username] [--group=groupname] [--serviceaccount=namespace:serviceaccountname] [--dry-run]', '\n  role string The role to bind.'),
  secretSubs, services, serviceAccount,
];

