/**
 * The system applications of the release and what their install hooks create in Kubernetes (gravity
 * assets/{dns-app,site-app,tiller-app,…}/resources, 6.0). Names, labels and ports are theirs.
 */
import type { Manifest } from './manifests.ts';
import { appVersion, type Release } from './versions.ts';

const REGISTRY = 'leader.telekube.local:5000';
const SYSTEM = 'kube-system';

type Labels = Readonly<Record<string, string>>;
interface Pod { readonly labels: Labels; readonly spec: object }

const template = ({ labels, spec }: Pod): object => ({ metadata: { labels }, spec });
const workload = (kind: 'Deployment' | 'DaemonSet', name: string, pod: Pod, more: object = {}, namespace = SYSTEM): Manifest => ({
  apiVersion: 'apps/v1', kind, metadata: { name, namespace, labels: pod.labels },
  spec: { selector: { matchLabels: pod.labels }, template: template(pod), ...(kind === 'Deployment' ? { replicas: 1 } : {}), ...more },
});
const account = (name: string, namespace = SYSTEM): Manifest => ({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name, namespace } });
const admin = (name: string, subject: string, namespace = SYSTEM): Manifest => ({
  apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRoleBinding', metadata: { name },
  roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
  subjects: [{ kind: 'ServiceAccount', name: subject, namespace }],
});
const service = (name: string, selector: Labels, ports: readonly object[], more: object = {}, namespace = SYSTEM): Manifest =>
  ({ apiVersion: 'v1', kind: 'Service', metadata: { name, namespace, labels: selector }, spec: { selector, ports, ...more } });

/** Anywhere, whatever the node's taints. */
const everywhere = [{ operator: 'Exists' }];
const onMasters = { 'gravitational.io/k8s-role': 'master' };
const onWorkers = { 'gravitational.io/k8s-role': 'node' };

function coredns(name: string, app: string, nodeSelector: Labels): Manifest {
  return workload('DaemonSet', name, {
    labels: { 'k8s-app': app },
    spec: {
      serviceAccountName: 'coredns', nodeSelector, tolerations: everywhere, dnsPolicy: 'Default',
      containers: [{
        name: 'coredns', image: `${REGISTRY}/coredns/coredns:1.2.6`, imagePullPolicy: 'IfNotPresent', args: ['-conf', '/etc/coredns/Corefile'],
        ports: [{ containerPort: 53, name: 'dns', protocol: 'UDP' }, { containerPort: 53, name: 'dns-tcp', protocol: 'TCP' }, { containerPort: 9153, name: 'metrics', protocol: 'TCP' }],
        resources: { limits: { memory: '170Mi' }, requests: { cpu: '100m', memory: '70Mi' } },
        livenessProbe: { httpGet: { path: '/health', port: 8080, scheme: 'HTTP' }, initialDelaySeconds: 60, timeoutSeconds: 5, successThreshold: 1, failureThreshold: 5 },
        volumeMounts: [{ name: 'config-volume', mountPath: '/etc/coredns', readOnly: true }],
      }],
      volumes: [{ name: 'config-volume', configMap: { name: 'coredns', items: [{ key: 'Corefile', path: 'Corefile' }] } }],
    },
  }, { updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 1 } } });
}

const dnsApp = (): Manifest[] => [account('coredns'), coredns('coredns', 'kube-dns', onMasters), coredns('coredns-worker', 'kube-dns-worker', onWorkers)];

/** The address of the controller's service, as in the training text. */
const SITE_ADDRESS = '10.100.135.21';

function site(version: string): Manifest[] {
  const labels = { app: 'gravity-site' };
  const health = (path: string): object => ({ path, port: 3010, scheme: 'HTTP' });
  const mounts: readonly (readonly [string, string])[] = [['planet-state', '/var/state'], ['gravity', '/var/lib/gravity/site']];
  return [
    account('gravity-site'), admin('gravity-site', 'gravity-site'),
    workload('DaemonSet', 'gravity-site', {
      labels,
      spec: {
        serviceAccountName: 'gravity-site', nodeSelector: onMasters, tolerations: everywhere, hostNetwork: true, dnsPolicy: 'ClusterFirst',
        containers: [{
          name: 'gravity-site', image: `${REGISTRY}/gravity-site:${version}`, command: ['/usr/bin/dumb-init', '/bin/sh', '/opt/start.sh'],
          ports: [3007, 3008, 3009, 3010, 3023, 3024, 3025, 3080].map((containerPort) => ({ containerPort })),
          env: [{ name: 'PATH', value: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/opt/gravity' }, { name: 'POD_IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } }],
          livenessProbe: { httpGet: health('/healthz'), initialDelaySeconds: 600, timeoutSeconds: 5 },
          readinessProbe: { httpGet: health('/readyz'), initialDelaySeconds: 10, timeoutSeconds: 5 },
          volumeMounts: mounts.map(([name, mountPath]) => ({ name, mountPath })),
        }],
        volumes: mounts.map(([name, path]) => ({ name, hostPath: { path } })),
      },
    }),
    service('gravity-site', labels, [{ name: 'web', port: 3009, targetPort: 3009, nodePort: 32_009, protocol: 'TCP' }], { type: 'LoadBalancer', clusterIP: SITE_ADDRESS }),
  ];
}

const tiller = (version: string): Manifest[] => [
  account('tiller'), admin('tiller', 'tiller'),
  workload('Deployment', 'tiller-deploy', {
    labels: { app: 'helm', name: 'tiller' },
    spec: {
      serviceAccountName: 'tiller', nodeSelector: onMasters, tolerations: [{ key: 'gravitational.io/runlevel', operator: 'Equal', value: 'system' }],
      containers: [{
        name: 'tiller', image: `${REGISTRY}/gcr.io/kubernetes-helm/tiller:v${version}`, env: [{ name: 'TILLER_NAMESPACE', value: SYSTEM }, { name: 'TILLER_HISTORY_MAX', value: '0' }],
        ports: [{ containerPort: 44134, name: 'tiller' }, { containerPort: 44135, name: 'http' }],
        livenessProbe: { httpGet: { path: '/liveness', port: 44135 }, initialDelaySeconds: 1, timeoutSeconds: 1 },
        readinessProbe: { httpGet: { path: '/readiness', port: 44135 }, initialDelaySeconds: 1, timeoutSeconds: 1 },
      }],
    },
  }),
];

const bandwagon = (): Manifest[] => [
  workload('Deployment', 'bandwagon', { labels: { app: 'bandwagon' }, spec: { nodeSelector: onMasters, containers: [{ name: 'bandwagon', image: `${REGISTRY}/bandwagon:5.3.0`, ports: [{ containerPort: 8000 }] }] } }),
  service('bandwagon', { app: 'bandwagon' }, [{ port: 80, targetPort: 8000, protocol: 'TCP' }]),
];

const logging = (): Manifest[] => [
  account('logging'), admin('logging', 'logging'),
  workload('Deployment', 'log-collector', {
    labels: { role: 'log-collector' },
    spec: {
      serviceAccountName: 'logging', nodeSelector: onMasters,
      containers: [{ name: 'log-collector', image: `${REGISTRY}/log-collector:5.0.2`, ports: [{ containerPort: 514, protocol: 'UDP' }, { containerPort: 514, protocol: 'TCP' }, { containerPort: 8083, protocol: 'TCP' }] }],
    },
  }),
  workload('DaemonSet', 'log-forwarder', {
    labels: { name: 'log-forwarder' },
    spec: {
      serviceAccountName: 'logging', tolerations: everywhere, containers: [{ name: 'log-forwarder', image: `${REGISTRY}/log-forwarder:5.0.2`, volumeMounts: [{ name: 'log', mountPath: '/var/log' }] }],
      volumes: [{ name: 'log', hostPath: { path: '/var/log' } }],
    },
  }),
  service('log-collector', { role: 'log-collector' }, [
    { name: 'rsyslog-udp', port: 514, targetPort: 514, protocol: 'UDP' }, { name: 'rsyslog-tcp', port: 514, targetPort: 514, protocol: 'TCP' }, { name: 'api', port: 8083, targetPort: 8083, protocol: 'TCP' }]),
];

const MONITORING = 'monitoring';
interface Monitor { readonly kind: 'Deployment' | 'DaemonSet'; readonly name: string; readonly image: string; readonly port: number }
const monitor = ({ kind, name, image, port }: Monitor, version: string): Manifest => workload(kind, name, {
  labels: { app: name },
  spec: {
    serviceAccountName: 'monitoring', containers: [{ name, image: `${REGISTRY}/monitoring-${image}:${version}`, ports: [{ containerPort: port }] }],
    ...(kind === 'DaemonSet' ? { tolerations: everywhere } : {}),
  },
}, {}, MONITORING);
const MONITORS: readonly Monitor[] = [
  { kind: 'Deployment', name: 'grafana', image: 'grafana', port: 3000 }, { kind: 'Deployment', name: 'prometheus-k8s', image: 'prometheus', port: 9090 },
  { kind: 'Deployment', name: 'alertmanager-main', image: 'alertmanager', port: 9093 }, { kind: 'Deployment', name: 'kube-state-metrics', image: 'kube-state-metrics', port: 8080 },
  { kind: 'DaemonSet', name: 'node-exporter', image: 'node-exporter', port: 9100 }, { kind: 'Deployment', name: 'watcher', image: 'watcher', port: 8081 },
];
const exposed = (name: string, app: string, port: number): Manifest => service(name, { app }, [{ name: 'web', port, targetPort: port, protocol: 'TCP' }], {}, MONITORING);

const monitoring = (version: string): Manifest[] => [
  { apiVersion: 'v1', kind: 'Namespace', metadata: { name: MONITORING } }, account('monitoring', MONITORING), admin('monitoring', 'monitoring', MONITORING),
  ...MONITORS.map((each) => monitor(each, version)),
  exposed('grafana', 'grafana', 3000), exposed('prometheus-k8s', 'prometheus-k8s', 9090), exposed('alertmanager-main', 'alertmanager-main', 9093),
];

const APPS: Readonly<Record<string, (release: Release) => Manifest[]>> = {
  'dns-app': dnsApp, site: (release) => site(appVersion(release, 'site')), 'tiller-app': (release) => tiller(release.tiller), bandwagon, 'logging-app': logging,
  'monitoring-app': (release) => monitoring(appVersion(release, 'monitoring-app')),
};

/** What an application's hook creates in this release; those without objects of their own have none. */
export const appObjects = (app: string, release: Release): readonly Manifest[] => APPS[app]?.(release) ?? [];
