/** Commands in containers, and that they leave the API server's other connections alone. */
import { describe, expect, it } from 'vitest';
import { freshWorld } from '../support/world.ts';

describe('kubectl exec', () => {
  it('takes the names of pods only', () => {
    const world = freshWorld();
    for (const name of ['pod/x', 'deploy/tiller-deploy']) {
      expect(world.exec('node-1', `kubectl exec -n kube-system ${name} ls`, { user: 'root' })).toMatchObject({ exit: 1, stderr: `error: invalid resource name "${name}": [may not contain '/']\n` });
    }
  });

  it('ends without cutting the connections of whoever comes next', () => {
    const world = freshWorld();
    const pod = world.exec('node-1', "kubectl get po -n kube-system -l app=helm -o jsonpath='{.items[0].metadata.name}'", { user: 'root' }).stdout;
    for (let i = 0; i < 5; i++) {
      expect(world.exec('node-1', `kubectl exec -n kube-system ${pod} ls`, { user: 'root' })).toMatchObject({ exit: 126, stderr: 'command terminated with exit code 126\n' });
      expect(world.exec('node-1', 'kubectl get pods', { user: 'root' })).toMatchObject({ exit: 0, stderr: 'No resources found.\n' });
    }
  });
});
