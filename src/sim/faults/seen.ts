/**
 * What an operator feels of a fault, as lines that several faults share: a pod that does not answer, a node that Gravity
 * calls degraded, a new pod that comes to nothing. A symptom that only reads back what was typed would prove nothing.
 */
import type { Symptom } from './strike.ts';

/** The address of a pod on node-1. */
const POD_OF_1 = "$(kubectl -nkube-system get pods -l k8s-app=kube-dns --field-selector spec.nodeName=192.168.121.232 -o jsonpath='{.items[0].status.podIP}')";

/** From another node, the pod on node-1 does not answer. Without `match` it may be that nothing could be sent. */
export const noAnswerFromPod = (rest: Partial<Symptom> = { match: '100% packet loss' }): Symptom => ({ on: 'node-2', run: `ping -c1 -W2 ${POD_OF_1}`, within: 5, ...rest });

/** What `gravity status` says of a node or of one of its probes: it is told with the next gossip of the agents. */
export const gravitySays = (match: string): Symptom => ({ on: 'node-1', run: 'gravity status', match, within: 60 });
export const offline = (address: string): Symptom => gravitySays(`${address.replace(/\./g, '\\.')}, node\\)\\s+Status:\\s+offline`);

const IMAGE = 'leader.telekube.local:5000/gravitational/debian-tall:0.0.1';
/** A new pod with so much more to its spec, and what becomes of it in a few seconds: its line and its events. */
export const newPod = (spec: object, match: string): Symptom => ({
  on: 'node-1', match, within: 10,
  run: `kubectl run guest --image=${IMAGE} --restart=Never --overrides='${JSON.stringify({ apiVersion: 'v1', spec })}' -- sleep 1000; sleep 5; kubectl get pods guest; kubectl describe pod guest`,
});
/** The same for a new deployment: its pods. */
export const newDeployment = (match: string): Symptom => ({ on: 'node-1', run: `kubectl run idle --image=${IMAGE} -- sleep 1000; sleep 5; kubectl get pods -l run=idle`, match, within: 10 });
