/** Whatever is typed at kubectl ends in an answer or in an honest error. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { freshWorld } from '../support/world.ts';

const WORDS = ['get', 'describe', 'create', 'delete', 'apply', 'replace', 'patch', 'label', 'annotate', 'taint', 'cordon', 'drain', 'scale', 'expose', 'run', 'set', 'rollout', 'explain', 'config', 'auth', 'logs', 'exec', 'cp',
  'top', 'wait', 'convert', 'version', 'cluster-info', 'api-resources', 'certificate', 'autoscale', 'diff', 'kustomize', 'plugin', 'options', 'help', 'image', 'env', 'status', 'undo', 'view', 'can-i', 'list', 'deployment',
  'pods', 'po', 'nodes', 'svc', 'deploy', 'deploy/web', 'cm', 'all', 'pod/x', 'x', 'web', '192.168.121.198', 'foo', 'pods,svc', 'a=b', 'a-', 'a=b:NoSchedule', '--', 'x:/tmp', '/tmp', '{}', 'pods.spec', '*'];
const FLAGS = ['-A', '-n', 'kube-system', '-o', 'yaml', 'json', 'wide', 'name', 'jsonpath={.items[*].metadata.name}', 'jsonpath={.a', 'custom-columns=A:.a', 'go-template={{.x', '-l', '-f', '/nope', '-', '--all', '--replicas=2',
  '--replicas=x', '--image=x', '--dry-run', '--force', '--grace-period=0', '--selector', '--field-selector=a=b', '--sort-by=.x', '--show-labels', '--type=json', '-p', '[', '--foo', '-Z', '-h', '--timeout=1s', '--for=delete', '--raw', '--tail=1',
  '--as=bob', '--context=x', '--kubeconfig=/nope', '-s', 'localhost:1', '-v=6', '--request-timeout=1s', '--port=80', '--record', '--local', '--verb=get', '--resource=pods', '--max=2', '--wait=false'];
const quoted = (word: string): string => `'${word.replaceAll("'", "'\\''")}'`;

describe('any input', () => {
  it('ends', () => {
    const base = freshWorld();
    const line = fc.array(fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...WORDS) }, { weight: 2, arbitrary: fc.constantFrom(...FLAGS) }, { weight: 1, arbitrary: fc.string({ maxLength: 6 }).filter((s) => !s.includes('\0')) }), { maxLength: 7 });
    fc.assert(fc.property(line, (words) => {
      const answer = base.fork().exec('node-1', `kubectl ${words.map(quoted).join(' ')} < /dev/null`, { user: 'root', wait: 120 });
      expect(answer.exit).not.toBeNull();
      if (answer.exit !== 0) expect(answer.stderr + answer.stdout).not.toBe('');
      expect(answer.stderr).not.toMatch(/TypeError|ReferenceError|undefined|\[object/);
    }), { numRuns: 150, seed: 5 });
  });
});
