/** `kubectl expose`: a service for what there is. */
import type { Sys } from '../../../sim/proc/program.ts';
import { fileFlags } from './create.ts';
import { done, plain, type Failure, type Outcome } from './failure.ts';
import { flagTable } from './flags.ts';
import { withLastApplied } from './last-applied.ts';
import { nameOf, type Obj } from './object.ts';
import { reporter, printFlags, DRY_RUN } from './output.ts';
import { withCause } from './record.ts';
import { resolve } from './resources.ts';
import { createObject } from './send.ts';
import type { Kubectl } from './session.ts';
import type { Verb } from './verb.ts';

export const expose: Verb = {
  name: 'expose', group: 'Basic Commands (Beginner):', short: 'Take a replication controller, service, deployment or pod and expose it as a new Kubernetes Service', usage: 'expose (-f FILENAME | TYPE NAME) [--port=port] [--protocol=TCP|UDP|SCTP] [--target-port=number-or-name] [--name=name] [--external-ip=external-ip-of-service] [--type=type]',
  long: 'Expose a resource as a new Kubernetes service.\n\nThe selector of a deployment, service, replica set, replication controller or pod, found by name, becomes the selector of a service on the given port. Its own port is taken where none is given.\n\nPossible resources include (case insensitive):\n\npod (po), service (svc), replicationcontroller (rc), deployment (deploy), replicaset (rs)',
  examples: [['Port 80 of a service, to 8000 of the containers', 'kubectl expose rc nginx --port=80 --target-port=8000'], ['A pod', 'kubectl expose pod valid-pod --port=444 --name=frontend'], ['A deployment', 'kubectl expose deployment nginx --port=80 --target-port=8000']],
  flags: [...flagTable(`
    cluster-ip string The service's address; empty for one of the server's, 'None' for a headless service.
    external-ip string A further address from outside the cluster.
    generator string=service/v2 The generator: 'service/v1' or 'service/v2'.
    labels,l string Labels of the service.
    load-balancer-ip string The load balancer's address.
    name string The service's name.
    overrides string JSON that is laid over the object.
    port string The service's port.
    protocol string The protocol; TCP by default.
    record bool Keep the command in an annotation.
    save-config bool Store the object in its annotation, for a later kubectl apply.
    selector string The selector; only equality. That of the resource by default.
    session-affinity string 'None' or 'ClientIP'.
    target-port string Number or name of the containers' port.
    type string ClusterIP, NodePort, LoadBalancer, or ExternalName. Default is 'ClusterIP'.
  `), ...fileFlags, ...DRY_RUN, ...printFlags],
  run: runExpose,
};

const EXPOSABLE = ['ReplicationController', 'Service', 'Pod', 'Deployment', 'ReplicaSet'];
const words = (labels: Obj | undefined): string => Object.keys(labels ?? {}).sort().map((key) => `${key}=${labels![key]}`).join(',');
const pairs = (text: string): Obj => Object.fromEntries(text.split(',').filter(Boolean).map((pair) => [pair.split('=')[0]!, pair.split('=')[1] ?? '']));

function selectorOf(obj: Obj): Outcome<string> {
  if (obj['kind'] === 'Pod') return words(obj['metadata'].labels) ? done(words(obj['metadata'].labels)) : plain('the pod has no labels and cannot be exposed');
  if (obj['kind'] === 'Service') return obj['spec']?.selector ? done(words(obj['spec'].selector)) : plain('the service has no pod selector set');
  if (obj['kind'] === 'ReplicationController') return done(words(obj['spec']?.selector));
  const { matchLabels, matchExpressions } = (obj['spec']?.selector ?? {}) as Obj;
  return matchExpressions?.length ? plain(`couldn't convert expressions - "${JSON.stringify(matchExpressions)}" to map-based selector format`) : done(words(matchLabels));
}

interface PortOf { port: number; protocol: string }
function portsOf(obj: Obj): PortOf[] {
  if (obj['kind'] === 'Service') return ((obj['spec']?.ports ?? []) as Obj[]).map((one) => ({ port: Number(one['port']), protocol: one['protocol'] ?? 'TCP' }));
  const spec = (obj['kind'] === 'Pod' ? obj['spec'] : obj['spec']?.template?.spec) as Obj | undefined;
  return ((spec?.['containers'] ?? []) as Obj[]).flatMap((one) => ((one['ports'] ?? []) as Obj[]).map((port) => ({ port: Number(port['containerPort']), protocol: port['protocol'] ?? 'TCP' })));
}

function serviceFor(k: Kubectl, obj: Obj): Outcome<Obj> {
  const { flags } = k;
  const selector = flags.str('selector') ? done(flags.str('selector')) : selectorOf(obj);
  if (!selector.ok) return selector;
  const own = portsOf(obj);
  const headless = flags.str('cluster-ip') === 'None';
  const wanted = flags.str('port') ? flags.str('port').split(',') : own.map((one) => String(one.port));
  if (!wanted.length && !headless) return k.usage("couldn't find port via --port flag or introspection");
  const bad = wanted.find((text) => !/^\d+$/.test(text));
  if (bad !== undefined) return plain(`strconv.Atoi: parsing ${JSON.stringify(bad)}: invalid syntax`);
  const target = flags.str('target-port');
  const ports = wanted.map((text, i) => ({
    ...(wanted.length > 1 ? { name: `port-${i + 1}` } : {}), protocol: flags.str('protocol').toUpperCase() || own.find((one) => String(one.port) === text)?.protocol || 'TCP',
    port: Number(text), targetPort: target ? (/^\d+$/.test(target) ? Number(target) : target) : Number(text),
  }));
  const labels = flags.str('labels') ? pairs(flags.str('labels')) : (obj['metadata'].labels as Obj | undefined);
  const spec = {
    ...(ports.length ? { ports } : {}), selector: pairs(selector.value), ...(flags.str('cluster-ip') ? { clusterIP: flags.str('cluster-ip') } : {}), ...(flags.str('type') ? { type: flags.str('type') } : {}),
    ...(flags.str('external-ip') ? { externalIPs: [flags.str('external-ip')] } : {}), ...(flags.str('session-affinity') ? { sessionAffinity: flags.str('session-affinity') } : {}), ...(flags.str('load-balancer-ip') ? { loadBalancerIP: flags.str('load-balancer-ip') } : {}),
  };
  return done({ kind: 'Service', apiVersion: 'v1', metadata: { name: flags.str('name') || nameOf(obj).slice(0, 63), creationTimestamp: null, ...(labels && Object.keys(labels).length ? { labels } : {}) }, spec, status: { loadBalancer: {} } });
}

function* runExpose(k: Kubectl): Sys<number> {
  const infos = yield* resolve(k, k.args, {});
  if (!infos.ok) return yield* k.fail(infos.failure);
  const say = yield* reporter(k, { typed: k.flags.bool('dry-run') });
  if (!say.ok) return yield* k.fail(say.failure);
  const api = yield* k.api();
  const type = yield* k.type('services');
  if (!api.ok || !type.ok) return yield* k.fail((api.ok ? type as { ok: false; failure: Failure } : api).failure);
  for (const info of infos.value) {
    if (!EXPOSABLE.includes(info.type.kind)) return yield* k.fail(plain(`cannot expose a ${info.type.kind}${info.type.group ? `.${info.type.group}` : ''}`).failure);
    const service = serviceFor(k, info.obj);
    if (!service.ok) return yield* k.fail(service.failure);
    const caused = withCause(k, service.value);
    const obj = k.flags.bool('save-config') ? withLastApplied(caused) : caused;
    const got = k.flags.bool('dry-run') ? done(obj) : yield* createObject(api.value, { type: type.value, namespace: info.namespace, obj });
    if (!got.ok) return yield* k.fail(got.failure);
    const said = yield* say.value.say(got.value, 'exposed');
    if (!said.ok) return yield* k.fail(said.failure);
  }
  return 0;
}
