/**
 * What an upgrade does to a node in Kubernetes before and after its software is changed: drain, cordon,
 * taint, and the wait for its endpoints (gravity lib/update/cluster/phases, lib/kubernetes/drain, 6.0).
 */
import { seconds } from '../../engine/time.ts';
import type { Json, Sys } from '../../proc/program.ts';
import { kube, waitFor } from '../cluster-api.ts';
import type { Outcome } from '../engine.ts';
import { logSystem } from './common.ts';

const note = (message: string): Sys<void> => logSystem('INFO', message, 'update', {});

const MERGE = { 'Content-Type': 'application/strategic-merge-patch+json' };
export const patchNode = function* (node: string, body: Json): Sys<Outcome> {
  const done = yield* kube(`/api/v1/nodes/${node}`, { method: 'PATCH', headers: MERGE, body });
  return done.ok ? null : done.error;
};
/** Marks the node as one that gets no pods, or takes the mark away. */
export const cordon = (node: string, on: boolean): Sys<Outcome> => patchNode(node, { spec: { unschedulable: on ? true : null } });

interface PodObject { readonly metadata: { readonly name: string; readonly namespace: string; readonly uid: string; readonly ownerReferences?: readonly { readonly kind: string }[]; readonly annotations?: Readonly<Record<string, string>> }; readonly status?: { readonly phase?: string } }

function* podsOn(node: string): Sys<readonly PodObject[] | string> {
  const got = yield* kube(`/api/v1/pods?fieldSelector=${encodeURIComponent(`spec.nodeName=${node}`)}`);
  if (!got.ok) return got.error;
  const { items } = got.value.body as unknown as { items: readonly PodObject[] };
  return items.filter((pod) => !pod.metadata.ownerReferences?.some((owner) => owner.kind === 'DaemonSet') && pod.status?.phase !== 'Succeeded' && pod.status?.phase !== 'Failed');
}

/** A disruption budget refuses for now: the eviction is tried again. */
const DISRUPTION = 'disruption budget';
const DRAIN_US = seconds(600);

export function* drain(node: string): Sys<Outcome> {
  yield* note(`Drain ${node}.`);
  const failure = yield* cordon(node, true);
  if (failure) return failure;
  const pods = yield* podsOn(node);
  if (typeof pods === 'string') return pods;
  for (const { metadata } of pods) {
    const body = { apiVersion: 'policy/v1beta1', kind: 'Eviction', metadata: { name: metadata.name, namespace: metadata.namespace } };
    let refused = '';
    const gone = yield* waitFor(function* () {
      const done = yield* kube(`/api/v1/namespaces/${metadata.namespace}/pods/${metadata.name}/eviction`, { method: 'POST', body });
      refused = done.ok || done.error.includes('not found') ? '' : done.error;
      return !refused.includes(DISRUPTION);
    }, DRAIN_US, seconds(5));
    if (refused) return `error when evicting pod ${JSON.stringify(metadata.name)}: ${gone ? refused : 'timed out'}`;
  }
  const empty = yield* waitFor(function* () { const left = yield* podsOn(node); return typeof left !== 'string' && !left.some((pod) => pods.some((old) => old.metadata.uid === pod.metadata.uid)); }, DRAIN_US, seconds(3));
  return empty ? null : `timed out waiting for pods of ${node} to terminate`;
}

const TAINT = { key: 'gravitational.io/runlevel', value: 'system', effect: 'NoExecute' };

export function* taint(node: string, on: boolean): Sys<Outcome> {
  yield* note(on ? `Taint ${node}.` : `Remove taint from ${node}.`);
  const got = yield* kube(`/api/v1/nodes/${node}`);
  if (!got.ok) return got.error;
  const object = got.value.body as unknown as { spec?: { taints?: readonly { key: string }[] }; [key: string]: unknown };
  const rest = (object.spec?.taints ?? []).filter((each) => each.key !== TAINT.key);
  const body = { ...object, spec: { ...object.spec, taints: on ? [...rest, TAINT] : rest } };
  const done = yield* kube(`/api/v1/nodes/${node}`, { method: 'PUT', body: body as unknown as Json });
  return done.ok ? null : done.error;
}

/** Until the node's DNS is among the endpoints, and the controller answers somewhere. */
export function* endpoints(node: string): Sys<Outcome> {
  yield* note(`Wait for endpoints on ${node}.`);
  const ready = yield* waitFor(function* () {
    const addresses = function* (service: string): Sys<readonly { nodeName?: string }[]> {
      const got = yield* kube(`/api/v1/namespaces/kube-system/endpoints/${service}`);
      const { subsets = [] } = (got.ok ? got.value.body : {}) as { subsets?: readonly { addresses?: readonly { nodeName?: string }[] }[] };
      return subsets.flatMap((subset) => subset.addresses ?? []);
    };
    // Regular nodes have a DNS service of their own.
    const dns = [...(yield* addresses('kube-dns')), ...(yield* addresses('kube-dns-worker'))];
    return dns.some((each) => each.nodeName === node) && (yield* addresses('gravity-site')).length > 0;
  }, seconds(300));
  return ready ? null : `timed out waiting for endpoints on ${node}`;
}
