/** `create KIND NAME`: what each subcommand makes of its flags. */
import { binding, role } from './create-access.ts';
import { configMapData, dataFlags, secretSubs } from './create-data.ts';
import { maker, meta, pure } from './create-maker.ts';
import { services } from './create-service.ts';
import { objectPath } from './discovery.ts';
import { done, plain } from './failure.ts';
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
