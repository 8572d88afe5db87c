/** Units that are stopped, on a host and inside Planet: by a hand, or by what a hand would have had to prevent. */
import { inPlanet, typed } from './hand.ts';
import { gravitySays, newDeployment, offline } from './seen.ts';
import type { Fault, Symptom } from './strike.ts';

/** A unit of Planet is stopped. */
const stops = (name: string, unit: string, title: string, node: string, ...symptoms: Symptom[]): Fault => typed({
  name, title, node, line: () => inPlanet(`systemctl stop ${unit}`), symptoms, repair: [{ on: node, run: `sudo gravity exec systemctl start ${unit}` }],
});

const NOT_READY: Symptom = { on: 'node-1', run: 'kubectl get nodes', match: '121\\.198\\s+NotReady', within: 90 };
/** Flannel has told the kernel all it needs: without it nothing is lost until a node comes or goes. */
const FLANNEL_IDLE: Symptom = { on: 'node-2', user: 'root', run: 'gravity exec systemctl is-active flanneld', match: '^inactive', within: 30 };
const NEW_SERVICE = 'kubectl -nkube-system expose service gravity-site --name=late --port=3009 >/dev/null; sleep 3; curl -sk -m 3 https://$(kubectl -nkube-system get service late -o jsonpath={.spec.clusterIP}):3009/healthz';

const PLANET = '$(systemctl list-unit-files | grep -o "gravity__gravitational.io__planet__[^ ]*")';
const TELEPORT = '$(systemctl list-unit-files | grep -o "gravity__gravitational.io__teleport__[^ ]*")';

export const units: readonly Fault[] = [
  stops('etcd-stopped', 'etcd', 'A member of etcd stops', 'node-3', { on: 'node-1', user: 'root', run: 'gravity exec etcdctl cluster-health', match: 'unreachable|unhealthy|degraded', within: 10 }),
  stops('docker-stopped', 'docker', 'Docker stops', 'node-2', NOT_READY, gravitySays('docker \\(healthz check failed')),
  stops('kubelet-stopped', 'kube-kubelet', 'The kubelet stops', 'node-2', NOT_READY),
  stops('proxy-stopped', 'kube-proxy', 'The service proxy stops', 'node-2', { on: 'node-2', run: NEW_SERVICE, exit: 28, within: 10 }),
  stops('flannel-stopped', 'flanneld', 'Flannel stops', 'node-2', FLANNEL_IDLE),
  stops('planet-dns-stopped', 'coredns', 'Planet\'s own name server stops', 'node-2',
    { on: 'node-2', user: 'root', run: 'gravity exec dig +time=1 +tries=1 leader.telekube.local', match: 'NXDOMAIN|timed out|connection refused|no servers', within: 10 }),
  stops('registry-stopped', 'registry', 'The registry of images stops', 'node-1', gravitySays('docker-registry \\(healthz check failed')),
  stops('serf-stopped', 'serf', 'The gossip between agents stops', 'node-2', offline('192.168.121.198')),
  stops('satellite-stopped', 'planet-agent', 'Planet\'s agent stops, and Satellite with it', 'node-3', offline('192.168.121.217')),
  stops('apiserver-stopped', 'kube-apiserver', 'The API server stops', 'node-1', { on: 'node-2', run: 'kubectl get nodes', match: 'was refused', within: 10 }),
  stops('controllers-stopped', 'kube-controller-manager', 'The controllers stop', 'node-1', newDeployment('No resources found')),
  stops('scheduler-stopped', 'kube-scheduler', 'The scheduler stops', 'node-1', newDeployment('Pending')),
  typed({
    name: 'planet-stopped', title: 'Planet\'s unit stops, and all of Kubernetes on the node', node: 'node-3', line: () => `systemctl stop ${PLANET}`,
    symptoms: [offline('192.168.121.217')], repair: [{ on: 'node-3', run: `sudo systemctl start ${PLANET}` }],
  }),
  typed({
    name: 'teleport-stopped', title: 'Teleport\'s unit stops', node: 'node-3', line: () => `systemctl stop ${TELEPORT}`,
    symptoms: [{ on: 'node-1', run: 'nc -z -w 2 192.168.121.217 3022', exit: 1, within: 10 }], repair: [{ on: 'node-3', run: `sudo systemctl start ${TELEPORT}` }],
  }),
  typed({
    name: 'time-service-stopped', title: 'The time service stops, and the clock is moved', line: () => "systemctl stop chronyd; date --set '+5 seconds'",
    symptoms: [{ on: 'node-2', run: 'chronyc tracking', match: 'Cannot talk to daemon', within: 10 },
      { on: 'node-1', user: 'root', run: 'gravity exec journalctl -u etcd --no-pager', match: 'clock difference', within: 60 }], repair: [{ on: 'node-2', run: 'sudo systemctl start chronyd' }],
  }),
];
