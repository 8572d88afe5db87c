/** What holds of the cluster whatever is done to it, and a walk through the workloads a person makes. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Session } from '../../src/firedrill.ts';
import { freshWorld } from '../support/world.ts';

const NODES = ['192.168.121.198', '192.168.121.217', '192.168.121.232'];
const IMAGE = 'leader.telekube.local:5000/nginx:1.15';

interface Meta { name: string; namespace: string; uid: string; labels?: Record<string, string>; resourceVersion: string; deletionTimestamp?: string; ownerReferences?: { uid: string }[] }
interface Obj { kind: string; metadata: Meta; spec: Record<string, never>; status: Record<string, never>; subsets?: { addresses?: { ip: string }[] }[] }

const root = (world: Session, text: string, wait = 60) => world.exec('node-1', text, { user: 'root', wait });
const list = (world: Session, what: string): Obj[] => {
  const answer = root(world, `kubectl get ${what} -A -o json`);
  expect(answer.stderr).toBe('');
  return (JSON.parse(answer.stdout) as { items: Obj[] }).items;
};
const isReady = (pod: Obj): boolean => !pod.metadata.deletionTimestamp && ((pod.status['conditions'] ?? []) as { type: string; status: string }[]).some((c) => c.type === 'Ready' && c.status === 'True');
const chosen = (selector: Record<string, string>, pod: Obj): boolean => Object.entries(selector).every(([key, value]) => pod.metadata.labels?.[key] === value);

function webWorld(): Session {
  const world = freshWorld();
  root(world, `kubectl create deployment web --image=${IMAGE}; kubectl scale deploy web --replicas=3; kubectl expose deploy web --port=80`);
  world.advance(10);
  return world;
}

describe('whatever is done', () => {
  const step = fc.oneof(
    fc.integer({ min: 0, max: 5 }).map((n) => `kubectl scale deploy web --replicas=${n}`),
    fc.constantFrom(...NODES).map((node) => `kubectl cordon ${node}`), fc.constantFrom(...NODES).map((node) => `kubectl uncordon ${node}`),
    fc.constantFrom(...NODES).map((node) => `kubectl delete pods -n monitoring --field-selector spec.nodeName=${node} --wait=false`),
    fc.constantFrom('kubectl delete pod -l app=web --wait=false', 'kubectl -n kube-system delete pod -l k8s-app=kube-dns --wait=false', 'kubectl label pod -l app=web app=other --overwrite',
      'kubectl set image deploy/web nginx=nowhere/nginx:1', `kubectl set image deploy/web nginx=${IMAGE}`, 'kubectl rollout undo deploy/web', 'kubectl delete svc web'),
  );

  it('endpoints hold exactly the ready pods, daemon sets one pod a node, versions only grow', () => {
    const base = webWorld();
    fc.assert(fc.property(fc.array(step, { minLength: 1, maxLength: 4 }), (steps) => {
      const world = base.fork();
      const before = new Map(list(world, 'pods,svc,ds,deploy,ep').map((obj) => [obj.metadata.uid, Number(obj.metadata.resourceVersion)]));
      for (const text of steps) root(world, text);
      world.advance(40);
      const pods = list(world, 'pods');
      for (const obj of list(world, 'pods,svc,ds,deploy,ep')) {
        expect(Number(obj.metadata.resourceVersion)).toBeGreaterThanOrEqual(before.get(obj.metadata.uid) ?? 0);
      }
      const endpoints = list(world, 'ep');
      for (const service of list(world, 'svc')) {
        const selector = service.spec['selector'] as Record<string, string> | undefined;
        if (!selector) continue;
        const wanted = pods.filter((pod) => pod.metadata.namespace === service.metadata.namespace && chosen(selector, pod) && isReady(pod)).map((pod) => String(pod.status['podIP']));
        const found = endpoints.find((ep) => ep.metadata.namespace === service.metadata.namespace && ep.metadata.name === service.metadata.name);
        expect([...new Set((found?.subsets ?? []).flatMap((s) => (s.addresses ?? []).map((a) => a.ip)))].sort()).toEqual([...new Set(wanted)].sort());
      }
      for (const set of list(world, 'ds')) {
        const mine = pods.filter((pod) => !pod.metadata.deletionTimestamp && pod.metadata.ownerReferences?.some((owner) => owner.uid === set.metadata.uid));
        expect(mine).toHaveLength(Number(set.status['desiredNumberScheduled']));
        expect(new Set(mine.map((pod) => pod.spec['nodeName'])).size).toBe(mine.length);
      }
    }), { numRuns: 3, seed: 11 });
  }, 240_000);
});

describe('a deployment', () => {
  it('keeps the cause of each revision, and comes back to an earlier one', () => {
    const world = webWorld();
    root(world, 'kubectl set image deploy/web nginx=leader.telekube.local:5000/nginx:latest --record');
    world.advance(20);
    expect(root(world, 'kubectl rollout history deploy/web').stdout).toBe(
      'deployment.extensions/web \nREVISION  CHANGE-CAUSE\n1         <none>\n2         kubectl set image deploy/web nginx=leader.telekube.local:5000/nginx:latest --record=true\n\n');
    expect(root(world, 'kubectl rollout undo deploy/web').stdout).toBe('deployment.extensions/web rolled back\n');
    world.advance(20);
    expect(root(world, 'kubectl get deploy web -o jsonpath={.spec.template.spec.containers[0].image}').stdout).toBe(IMAGE);
    expect(root(world, 'kubectl rollout history deploy/web').stdout).toMatch(/\n2 {9}kubectl set image [^\n]*\n3 {9}<none>\n/);
  });
});

describe('an autoscaler', () => {
  it('keeps its target between its bounds and says that it has no metrics', () => {
    const world = webWorld();
    root(world, 'kubectl autoscale deploy web --min=4 --max=6');
    world.advance(20);
    expect(root(world, 'kubectl get hpa').stdout).toMatch(/^web +Deployment\/web +<unknown>\/80% +4 +6 +4 /m);
    expect(root(world, 'kubectl describe hpa web').stdout).toContain('ScalingActive  False   FailedGetResourceMetric  the HPA was unable to compute the replica count: unable to get metrics for resource cpu');
  });
});

describe('a volume', () => {
  it('is available, bound, and released when its claim goes', () => {
    const world = freshWorld();
    world.write('node-1', '/tmp/pv.yaml', 'apiVersion: v1\nkind: PersistentVolume\nmetadata: {name: pv1}\nspec: {accessModes: [ReadWriteOnce], capacity: {storage: 1Gi}, hostPath: {path: /x}}\n');
    world.write('node-1', '/tmp/pvc.yaml', 'apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: c1}\nspec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 500Mi}}}\n');
    const phase = (): string => { world.advance(2); return root(world, 'kubectl get pv pv1 -o jsonpath={.status.phase}').stdout; };
    root(world, 'kubectl create -f /tmp/pv.yaml');
    expect(phase()).toBe('Available');
    root(world, 'kubectl create -f /tmp/pvc.yaml');
    expect(phase()).toBe('Bound');
    root(world, 'kubectl delete pvc c1');
    expect(phase()).toBe('Released');
  });
});

describe('the machine of the API server loses its power', () => {
  it('and nobody goes on waiting for it: kubelets, proxies and names follow the new leader', { timeout: 60_000 }, () => {
    const world = freshWorld();
    world.exec('node-1', 'poweroff -f', { user: 'root', wait: 1 });
    world.advance(75);
    const there = (text: string) => world.exec('node-2', text, { user: 'root', wait: 30 });
    expect(there(`kubectl create deployment web --image=${IMAGE} && kubectl scale deploy web --replicas=2 && kubectl expose deploy web --port=80`).exit).toBe(0);
    world.advance(20);
    expect(there("kubectl get pods -l app=web --no-headers | grep -c '1/1 *Running'").stdout).toBe('2\n');
    expect(there('curl -s -m 3 $(kubectl get svc web -o jsonpath={.spec.clusterIP}) | head -4').stdout).toContain('Welcome to nginx!');
  });
});
