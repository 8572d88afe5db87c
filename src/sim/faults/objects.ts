/** Objects of Kubernetes that somebody with kubectl changes. */
import { typed } from './hand.ts';
import { newPod } from './seen.ts';
import type { Fault } from './strike.ts';

const NODE_2 = '192.168.121.198';

export const objects: readonly Fault[] = [
  typed({
    name: 'corefile-broken', title: 'A line in the pods\' DNS configuration is none', node: 'node-1',
    line: () => "kubectl -nkube-system get configmap coredns -o yaml | sed 's/^    \\.:53 {/&\\n      nonsense/' | kubectl replace -f -; kubectl -nkube-system delete pods -lk8s-app=kube-dns --wait=false",
    symptoms: [{ on: 'node-1', run: 'kubectl -nkube-system get pods -lk8s-app=kube-dns', match: 'CrashLoopBackOff|Error', within: 60 }],
    repair: [{ on: 'node-1', run: "kubectl -nkube-system get configmap coredns -o yaml | sed '/^      nonsense/d' | kubectl replace -f -; kubectl -nkube-system delete pods -lk8s-app=kube-dns --wait=false" }],
  }),
  typed({
    name: 'dns-pods-deleted', title: 'The DaemonSet of the pods\' DNS is told to run nowhere', node: 'node-1',
    line: () => `kubectl -nkube-system patch daemonset coredns --type=merge -p '{"spec":{"template":{"spec":{"nodeSelector":{"no-such":"label"}}}}}'`,
    symptoms: [{ on: 'node-1', run: 'kubectl -nkube-system get pods -lk8s-app=kube-dns', not: 'Running', within: 90 }],
    repair: [{ on: 'node-1', run: `kubectl -nkube-system patch daemonset coredns --type=json -p '[{"op":"remove","path":"/spec/template/spec/nodeSelector/no-such"}]'` }],
  }),
  typed({
    name: 'node-tainted', title: 'A node is tainted: pods may not stay', node: 'node-1', line: () => `kubectl taint nodes ${NODE_2} maintenance=yes:NoExecute`,
    symptoms: [newPod({ nodeName: NODE_2 }, 'Terminating|not found')],
    repair: [{ on: 'node-1', run: `kubectl taint nodes ${NODE_2} maintenance-` }],
  }),
  typed({
    name: 'node-cordoned', title: 'A node takes no new pods', node: 'node-1', line: () => `kubectl cordon ${NODE_2}`,
    symptoms: [newPod({ nodeSelector: { 'kubernetes.io/hostname': NODE_2 } }, '1 node\\(s\\) were unschedulable')],
    repair: [{ on: 'node-1', run: `kubectl uncordon ${NODE_2}` }],
  }),
  typed({
    name: 'image-missing', title: 'A deployment asks for an image that no registry has', node: 'node-1',
    line: () => 'kubectl run web --image=leader.telekube.local:5000/web:none',
    symptoms: [{ on: 'node-1', run: 'kubectl get pods -l run=web', match: 'ErrImagePull|ImagePullBackOff', within: 60 }],
    repair: [{ on: 'node-1', run: 'kubectl delete deployment web' }],
  }),
  typed({
    name: 'pod-too-big', title: 'A deployment asks for more than any node has', node: 'node-1',
    line: () => 'kubectl run big --image=leader.telekube.local:5000/gravitational/debian-tall:0.0.1 --requests=memory=900Gi',
    symptoms: [{ on: 'node-1', run: 'kubectl get pods -l run=big', match: 'Pending', within: 30 }],
    repair: [{ on: 'node-1', run: 'kubectl delete deployment big' }],
  }),
  typed({
    name: 'service-selector-wrong', title: 'The cluster controller\'s service selects no pods', node: 'node-1',
    line: () => `kubectl -nkube-system patch service gravity-site -p '{"spec":{"selector":{"app":"gravity-seit"}}}'`,
    symptoms: [{ on: 'node-1', run: 'kubectl -nkube-system get endpoints gravity-site', match: '<none>', within: 15 }],
    repair: [{ on: 'node-1', run: `kubectl -nkube-system patch service gravity-site -p '{"spec":{"selector":{"app":"gravity-site"}}}'` }],
  }),
  typed({
    name: 'quota-set', title: 'A namespace may hold no more pods', node: 'node-1', line: () => 'kubectl create quota none --hard=pods=0',
    symptoms: [newPod({}, 'is forbidden: exceeded quota: none')],
    repair: [{ on: 'node-1', run: 'kubectl delete quota none' }],
  }),
];
