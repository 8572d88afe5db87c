/**
 * The plan of an installation (gravity lib/install/planbuilder.go, 6.0.0-alpha.1): all nodes at once,
 * each step with a child for each of them.
 */
import type { Phase, Plan } from '../plan.ts';
import { agentName, masters, type Cluster, type Server } from '../topology.ts';
import { APP } from '../versions.ts';
import { composite, leaf, refer } from './upgrade.ts';

export interface InstallPlan {
  readonly operationId: string;
  readonly cluster: Cluster;
  /** --config was given: Kubernetes' and gravity's own resources are created. */
  readonly resources?: { readonly kubernetes: boolean; readonly gravity: boolean };
}

export function installPlan({ operationId, cluster, resources }: InstallPlan): Plan {
  const chiefs = masters(cluster);
  const workers = cluster.servers.filter((server) => server.role !== 'master');
  const { release } = cluster;
  const phases: Phase[] = [
    leaf('/checks', 'Execute preflight checks', 'checks'),
    leaf('/configure', 'Configure packages for all nodes', 'configure'),
    composite('/bootstrap', 'Bootstrap all nodes', cluster.servers.map((server) =>
      leaf(`/bootstrap/${server.name}`, `Bootstrap ${kind(server)} node ${server.name}`, 'bootstrap', here(server))), { parallel: true }),
    composite('/pull', 'Pull configured packages', cluster.servers.map((server) =>
      leaf(`/pull/${server.name}`, `Pull packages on ${kind(server)} node ${server.name}`, 'pull',
        { ...here(server), requires: ['/configure', '/bootstrap'] })), { requires: ['/configure', '/bootstrap'], parallel: true }),
    system('/masters', 'master', chiefs, cluster, ['/pull']),
  ];
  if (workers.length) phases.push(system('/nodes', 'regular', workers, cluster, ['/pull']));
  phases.push(
    leaf('/wait', 'Wait for kubernetes to become available', 'wait', { requires: ['/masters', ...(workers.length ? ['/nodes'] : [])] }),
    leaf('/rbac', 'Bootstrap Kubernetes roles and PSPs', 'rbac', { requires: ['/wait'] }),
    leaf('/coredns', 'Configure CoreDNS', 'coredns', { requires: ['/wait'] }),
  );
  if (resources?.kubernetes) phases.push(leaf('/resources', 'Create user-supplied Kubernetes resources', 'resources', { requires: ['/rbac'] }));
  phases.push(
    composite('/export', 'Export applications layers to Docker registries', chiefs.map((server) =>
      leaf(`/export/${server.name}`, `Populate Docker registry on master node ${server.name}`, 'export', { ...here(server), requires: ['/wait'] })),
    { requires: ['/wait'], parallel: true }),
    leaf('/health', 'Wait for cluster to pass health checks', 'health', { requires: ['/export'] }),
    composite('/runtime', 'Install system applications', release.apps.filter(([name]) => name !== 'rbac-app').map(([name, version]) =>
      leaf(`/runtime/${name}`, `Install system application ${name}:${version}`, 'app', { requires: ['/rbac'], data: { app: name, version } })),
    { requires: ['/rbac'] }),
    composite('/app', 'Install user application', [
      leaf(`/app/${APP}`, `Install application ${APP}:${release.gravity}`, 'app', { requires: ['/runtime'], data: { app: APP, version: release.gravity } }),
    ], { requires: ['/runtime'] }),
    leaf('/connect-installer', 'Connect to installer', 'connect-installer', { requires: ['/runtime'] }),
    leaf('/election', 'Enable cluster leader elections', 'election', { requires: ['/app'] }),
  );
  if (resources?.gravity) phases.push(leaf('/gravity-resources', 'Create user-supplied Gravity resources', 'gravity-resources', { requires: ['/app'] }));
  return { operationId, operationType: 'operation_install', cluster: cluster.name, gravityVersion: release.gravity, phases };
}

const kind = (server: Server): string => (server.role === 'master' ? 'master' : 'regular');
const here = (server: Server): Partial<Phase> => ({ execServer: refer(server), server: refer(server) });

function system(id: string, word: string, servers: readonly Server[], cluster: Cluster, requires: readonly string[]): Phase {
  const { planet, teleport } = cluster.release;
  return composite(id, `Install system software on ${word} nodes`, servers.map((server) => {
    const own = `${id}/${server.name}`;
    const needed = { requires: [`/pull/${server.name}`] };
    const on = `on ${word} node ${server.name}`;
    return composite(own, `Install system software ${on}`, [
      leaf(`${own}/teleport`, `Install system package teleport:${teleport} ${on}`, 'system', { ...here(server), ...needed, data: { package: 'teleport' } }),
      leaf(`${own}/planet`, `Install system package planet:${planet} ${on}`, 'system', { ...here(server), ...needed, data: { package: 'planet' } }),
    ], needed);
  }), { requires, parallel: true });
}

export interface ExpandPlan {
  readonly operationId: string;
  readonly cluster: Cluster;
  readonly joining: Server;
}

/** The plan of a join (lib/expand/builder.go): it runs on the joining node. */
export function expandPlan({ operationId, cluster, joining }: ExpandPlan): Plan {
  const on = here(joining);
  const master = joining.role === 'master';
  const alone = master && masters(cluster).filter((server) => server.name !== joining.name).length === 1;
  const peer = refer(masters(cluster)[0]!);
  const { planet, teleport } = cluster.release;
  const phases: Phase[] = [
    leaf('/configure', 'Configure packages for the joining node', 'configure', on),
    leaf('/bootstrap', 'Bootstrap the joining node', 'bootstrap', on),
    leaf('/pull', 'Pull packages on the joining node', 'pull', { ...on, requires: ['/configure', '/bootstrap'] }),
    composite('/system', 'Install system software on the joining node', [
      leaf('/system/teleport', `Install system package teleport:${teleport}`, 'system', { ...on, requires: ['/pull'], data: { package: 'teleport' } }),
      leaf('/system/planet', `Install system package planet:${planet}`, 'system', { ...on, requires: ['/pull'], data: { package: 'planet' } }),
    ]),
  ];
  if (alone) {
    phases.push(leaf('/startAgent', 'Start RPC agent on the master node', 'start-agent', { ...on, server: peer }),
      leaf('/etcdBackup', 'Backup etcd data', 'etcd-backup', { ...on, server: peer, requires: ['/startAgent'] }));
  }
  if (master) {
    phases.push(leaf('/etcd', 'Add the joining node to the etcd cluster', 'etcd',
      { ...on, requires: [...(alone ? ['/etcdBackup'] : []), '/system'], data: { member: agentName(joining.address, cluster.name) } }));
  }
  phases.push(composite('/wait', 'Wait for the node to join the cluster', [
    leaf('/wait/planet', 'Wait for the planet to start', 'wait-planet', { ...on, requires: master ? ['/system', '/etcd'] : ['/system'] }),
    leaf('/wait/k8s', 'Wait for the node to join Kubernetes cluster', 'wait-k8s', { ...on, requires: ['/wait/planet'] }),
  ]));
  if (alone) phases.push(leaf('/stopAgent', 'Stop RPC agent on the master node', 'stop-agent', { ...on, server: peer, requires: ['/wait'] }));
  phases.push(leaf('/elect', `${master ? 'Enable' : 'Disable'} leader election on the joined node`, 'elect',
    { ...on, requires: ['/wait'], data: { enable: master } }));
  return { operationId, operationType: 'operation_expand', cluster: cluster.name, gravityVersion: cluster.release.gravity, phases };
}
