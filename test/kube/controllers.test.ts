import { expect, test } from 'vitest';
import { programs as apiserver } from '../../src/sim/services/apiserver/index.ts';
import { programs as controllers } from '../../src/sim/services/controllers/index.ts';
import { programs as scheduler } from '../../src/sim/services/scheduler/index.ts';
import { Lab } from './lab.ts';

const TABLE = 'application/json;as=Table;v=v1beta1;g=meta.k8s.io, application/json';

test('a daemon set has its pods on its nodes', () => {
  const lab = new Lab([...apiserver, ...controllers, ...scheduler]);
  lab.startEtcd();
  lab.advance(5);
  lab.startApi();
  lab.advance(3);
  lab.ask('POST', '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings', { kind: 'ClusterRoleBinding', apiVersion: 'rbac.authorization.k8s.io/v1', metadata: { name: 'kcm' }, roleRef: { kind: 'ClusterRole', name: 'cluster-admin' }, subjects: [{ kind: 'User', name: 'system:kube-controller-manager' }] });
  console.log(JSON.stringify(lab.ask('POST', '/apis/policy/v1beta1/podsecuritypolicies', { kind: 'PodSecurityPolicy', apiVersion: 'policy/v1beta1', metadata: { name: 'privileged' }, spec: { privileged: true, hostNetwork: true, volumes: ['*'], hostPorts: [{ min: 0, max: 65535 }], runAsUser: { rule: 'RunAsAny' }, seLinux: { rule: 'RunAsAny' }, fsGroup: { rule: 'RunAsAny' }, supplementalGroups: { rule: 'RunAsAny' } } }).status));
  lab.start('node-1', ['/usr/bin/kube-controller-manager', '--service-account-private-key-file=/var/state/apiserver.key', '--root-ca-file=/var/state/root.cert', '--kubeconfig=/etc/kubernetes/controller-manager.kubeconfig']);
  lab.start('node-1', ['/usr/bin/kube-scheduler', '--kubeconfig=/etc/kubernetes/scheduler.kubeconfig']);
  lab.advance(5);
  for (const name of ['a', 'b']) {
    const made = lab.ask('POST', '/api/v1/nodes', { kind: 'Node', apiVersion: 'v1', metadata: { name, labels: { 'kubernetes.io/hostname': name } }, spec: {}, status: { capacity: { cpu: '2', memory: '8Gi', pods: '110' }, allocatable: { cpu: '2', memory: '8Gi', pods: '110' }, conditions: [{ type: 'Ready', status: 'True' }] } });
    expect(made.status).toBe(201);
  }
  const template = { metadata: { labels: { app: 'x' } }, spec: { containers: [{ name: 'c', image: 'nginx' }] } };
  const ds = lab.ask('POST', '/apis/extensions/v1beta1/namespaces/default/daemonsets', { kind: 'DaemonSet', apiVersion: 'extensions/v1beta1', metadata: { name: 'x' }, spec: { template } });
  console.log(JSON.stringify(ds.body).slice(0, 500));
  const d = lab.ask('POST', '/apis/apps/v1/namespaces/default/deployments', { kind: 'Deployment', apiVersion: 'apps/v1', metadata: { name: 'web' }, spec: { replicas: 3, selector: { matchLabels: { app: 'y' } }, template: { ...template, metadata: { labels: { app: 'y' } } } } });
  expect(d.status).toBe(201);
  lab.advance(5);
  const t0 = process.hrtime.bigint();
  const pods = lab.ask('GET', '/api/v1/pods', undefined, { accept: TABLE });
  console.log('ms', Number(process.hrtime.bigint() - t0) / 1e6);
  console.log((pods.body.rows as { cells: unknown[] }[]).map((r) => r.cells.join(' ')).join('\n'));
  const events = lab.ask('GET', '/api/v1/events', undefined, { accept: TABLE });
  console.log((events.body.rows as { cells: unknown[] }[]).map((r) => r.cells.join(' ')).join('\n'));
  console.log(lab.journal('node-1').filter((l) => !l.includes('raft')).slice(-30).join('\n'));
  const t1 = process.hrtime.bigint();
  const handled = lab.machine.handled;
  lab.advance(Number(process.env.LAB_S ?? 60));
  console.log('hour ms', Number(process.hrtime.bigint() - t1) / 1e6, lab.machine.handled - handled);
  expect(pods.body.rows.length).toBe(5);
}, 60_000);
