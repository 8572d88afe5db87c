/** Units that are stopped, on a host and inside Planet: by a hand, or by what a hand would have had to prevent. */
import { inPlanet, typed } from './hand.ts';
import type { Fault, Symptom } from './strike.ts';

const inactive = (unit: string, node: string): Symptom => ({ on: node, user: 'root', run: `gravity exec systemctl is-active ${unit}`, match: '^(inactive|failed)', within: 30 });

/** A unit of Planet is stopped. */
const stops = (name: string, unit: string, title: string, node = 'node-2', more: readonly Symptom[] = []): Fault => typed({
  name, title, node, line: () => inPlanet(`systemctl stop ${unit}`),
  symptoms: [inactive(unit, node), ...more], repair: [{ on: node, run: `sudo gravity exec systemctl start ${unit}` }],
});

const PLANET = '$(systemctl list-unit-files | grep -o "gravity__gravitational.io__planet__[^ ]*")';
const TELEPORT = '$(systemctl list-unit-files | grep -o "gravity__gravitational.io__teleport__[^ ]*")';

export const units: readonly Fault[] = [
  stops('etcd-stopped', 'etcd', 'A member of etcd stops', 'node-3', [{ on: 'node-1', user: 'root', run: 'gravity exec etcdctl cluster-health', match: 'unreachable|unhealthy|degraded', within: 10 }]),
  stops('docker-stopped', 'docker', 'Docker stops'),
  stops('kubelet-stopped', 'kube-kubelet', 'The kubelet stops', 'node-2', [{ on: 'node-1', run: 'kubectl get nodes', match: '121\\.198\\s+NotReady', within: 90 }]),
  stops('proxy-stopped', 'kube-proxy', 'The service proxy stops'),
  stops('flannel-stopped', 'flanneld', 'Flannel stops'),
  stops('planet-dns-stopped', 'coredns', 'Planet\'s own name server stops', 'node-2', [{ on: 'node-2', user: 'root', run: 'gravity exec dig +time=1 +tries=1 leader.telekube.local', match: 'NXDOMAIN|timed out|connection refused|no servers', within: 10 }]),
  stops('registry-stopped', 'registry', 'The registry of images stops', 'node-1'),
  stops('serf-stopped', 'serf', 'The gossip between agents stops'),
  stops('satellite-stopped', 'planet-agent', 'Planet\'s agent stops, and Satellite with it', 'node-3'),
  stops('apiserver-stopped', 'kube-apiserver', 'The API server stops', 'node-1'),
  stops('controllers-stopped', 'kube-controller-manager', 'The controllers stop', 'node-1'),
  stops('scheduler-stopped', 'kube-scheduler', 'The scheduler stops', 'node-1'),
  typed({
    name: 'planet-stopped', title: 'Planet\'s unit stops, and all of Kubernetes on the node', node: 'node-3', line: () => `systemctl stop ${PLANET}`,
    symptoms: [{ on: 'node-3', run: `systemctl is-active ${PLANET}`, match: '^(inactive|failed)', within: 60 }], repair: [{ on: 'node-3', run: `sudo systemctl start ${PLANET}` }],
  }),
  typed({
    name: 'teleport-stopped', title: 'Teleport\'s unit stops', node: 'node-3', line: () => `systemctl stop ${TELEPORT}`,
    symptoms: [{ on: 'node-3', run: `systemctl is-active ${TELEPORT}`, match: '^(inactive|failed)', within: 60 }], repair: [{ on: 'node-3', run: `sudo systemctl start ${TELEPORT}` }],
  }),
  typed({
    name: 'time-service-stopped', title: 'The time service stops, and the clock is moved', line: () => "systemctl stop chronyd; date --set '+5 seconds'",
    symptoms: [{ on: 'node-2', run: 'systemctl is-active chronyd', match: '^inactive', within: 10 }], repair: [{ on: 'node-2', run: 'sudo systemctl start chronyd' }],
  }),
];
