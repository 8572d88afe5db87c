/**
 * The plan of an upgrade (gravity lib/update/cluster/builder.go, 6.0.0-beta.1): every master in turn, the
 * one that runs the upgrade first, then the regular nodes.
 */
import type { Phase, PhaseServer, Plan } from '../plan.ts';
import type { Server } from '../topology.ts';
import { APP, type Release } from '../versions.ts';

export interface UpgradePlan {
  readonly operationId: string;
  readonly cluster: string;
  readonly servers: readonly Server[];
  /** Host name of the server that runs the upgrade; it leads while the others are updated. */
  readonly lead: string;
  readonly from: Release;
  readonly to: Release;
  /** The cluster lacks what CoreDNS needs (an upgrade from before 5.3). */
  readonly needsCoredns?: boolean;
}

type Extra = Partial<Omit<Phase, 'id' | 'description' | 'executor' | 'state'>>;

export const leaf = (id: string, description: string, executor: string, extra: Extra = {}): Phase =>
  ({ id, description, executor, state: 'unstarted', ...extra });
export const composite = (id: string, description: string, phases: readonly Phase[], extra: Extra = {}): Phase =>
  ({ id, description, executor: '', state: 'unstarted', phases, ...extra });
export const refer = (server: Server): PhaseServer => ({ hostname: server.name, address: server.address });

export function upgradePlan(spec: UpgradePlan): Plan {
  const masters = spec.servers.filter((server) => server.role === 'master');
  const lead = masters.find((server) => server.name === spec.lead) ?? masters[0]!;
  const others = masters.filter((server) => server !== lead);
  const ordered = [lead, ...others, ...spec.servers.filter((server) => server.role !== 'master')];
  const runtime = spec.from.planet !== spec.to.planet || changedApps(spec).length > 0;
  const phases: Phase[] = [
    leaf('/init', 'Initialize update operation', 'init', { execServer: refer(lead), server: refer(lead) }),
    leaf('/checks', 'Run preflight checks', 'checks', { requires: ['/init'] }),
    leaf('/pre-update', 'Run pre-update application hook', 'pre-update', { requires: ['/init'] }),
  ];
  if (runtime) phases.push(...runtimePhases(spec, lead, others, ordered));
  phases.push(composite('/app', 'Update installed application', [
    leaf(`/app/${APP}`, `Update application "${APP}" to ${spec.to.gravity}`, 'app', { data: { app: APP, version: spec.to.gravity } }),
  ], { requires: [runtime ? '/runtime' : '/pre-update'] }));
  phases.push(composite('/gc', 'Run cleanup tasks',
    ordered.map((server) => leaf(`/gc/${server.name}`, `Clean up node "${server.name}"`, 'gc', { server: refer(server) })), { requires: ['/app'] }));
  return { operationId: spec.operationId, operationType: 'operation_update', cluster: spec.cluster, gravityVersion: spec.to.gravity, phases };
}

function runtimePhases(spec: UpgradePlan, lead: Server, others: readonly Server[], ordered: readonly Server[]): Phase[] {
  const phases: Phase[] = [];
  if (spec.needsCoredns) phases.push(leaf('/coredns', 'Provision CoreDNS resources', 'coredns', { requires: ['/pre-update'] }));
  phases.push(composite('/bootstrap', 'Bootstrap update operation on nodes', ordered.map((server) =>
    leaf(`/bootstrap/${server.name}`, `Bootstrap node "${server.name}"`, 'bootstrap', { execServer: refer(server), server: refer(server) })),
  { requires: ['/init'] }));
  const needed = ['/checks', '/bootstrap', '/pre-update', ...(spec.needsCoredns ? ['/coredns'] : [])];
  phases.push(composite('/masters', 'Update master nodes', masterPhases(lead, others), { requires: needed }));
  const workers = ordered.filter((server) => server.role !== 'master');
  if (workers.length) phases.push(composite('/nodes', 'Update regular nodes', workers.map((server) => nodePhase(server, lead)), { requires: ['/masters'] }));
  const etcd = spec.from.etcd !== spec.to.etcd;
  if (etcd) phases.push(etcdPhase(spec, [lead, ...others]));
  phases.push(composite('/migration', 'Perform system database migration', [leaf('/migration/labels', 'Update node labels', 'labels')],
    { requires: [etcd ? '/etcd' : '/masters'] }));
  phases.push(composite('/config', 'Update system configuration on nodes', [lead, ...others].map((server) =>
    leaf(`/config/${server.name}`, `Update system configuration on node "${server.name}"`, 'config', { server: refer(server) })),
  { requires: ['/masters'] }));
  phases.push(composite('/runtime', 'Update application runtime', appPhases(spec), { requires: ['/masters'] }));
  return phases;
}

function masterPhases(lead: Server, others: readonly Server[]): Phase[] {
  const alone = others.length === 0;
  const id = `/masters/${lead.name}`;
  const before = alone ? [] : [
    leaf(`${id}/kubelet-permissions`, `Add permissions to kubelet on "${lead.name}"`, 'kubelet-permissions', { server: refer(lead) }),
    leaf(`${id}/stepdown-${lead.name}`, `Step down "${lead.name}" as Kubernetes leader`, 'election',
      { server: refer(lead), requires: [`${id}/kubelet-permissions`], data: { disable: [lead.address] } }),
  ];
  const drainNeeds = alone ? [] : [`${id}/stepdown-${lead.name}`];
  const phases: Phase[] = [composite(id, `Update system software on master node "${lead.name}"`,
    [...before, ...nodeSteps(id, lead, lead, { requires: drainNeeds, endpoints: alone })])];
  if (alone) return phases;
  phases.push(leaf(`/masters/elect-${lead.name}`, `Make node "${lead.name}" Kubernetes leader`, 'election', {
    server: refer(lead), requires: [id], data: { enable: [lead.address], disable: others.map((server) => server.address) },
  }));
  others.forEach((server, i) => {
    const own = `/masters/${server.name}`;
    phases.push(composite(own, `Update system software on master node "${server.name}"`, [
      ...nodeSteps(own, server, lead, { requires: [], endpoints: true }),
      leaf(`${own}/enable-${server.name}`, `Enable leader election on node "${server.name}"`, 'election',
        { server: refer(server), requires: [`${own}/untaint`], data: { enable: [server.address] } }),
    ], { requires: [i === 0 ? `/masters/elect-${lead.name}` : `/masters/${others[i - 1]!.name}`] }));
  });
  return phases;
}

function nodePhase(server: Server, lead: Server): Phase {
  const id = `/nodes/${server.name}`;
  return composite(id, `Update system software on node "${server.name}"`, nodeSteps(id, server, lead, { requires: [], endpoints: true }));
}

/** What is done to one node, directed by the lead. */
function nodeSteps(id: string, server: Server, lead: Server, { requires, endpoints }: { requires: readonly string[]; endpoints: boolean }): Phase[] {
  const from = { execServer: refer(lead), server: refer(server) };
  const name = server.name;
  return [
    leaf(`${id}/drain`, `Drain node "${name}"`, 'drain', { ...from, requires }),
    leaf(`${id}/system-upgrade`, `Update system software on node "${name}"`, 'system-upgrade',
      { execServer: refer(server), server: refer(server), requires: [`${id}/drain`] }),
    leaf(`${id}/taint`, `Taint node "${name}"`, 'taint', { ...from, requires: [`${id}/system-upgrade`] }),
    leaf(`${id}/uncordon`, `Uncordon node "${name}"`, 'uncordon', { ...from, requires: [`${id}/taint`] }),
    ...(endpoints ? [leaf(`${id}/endpoints`, `Wait for DNS/cluster endpoints on "${name}"`, 'endpoints', { ...from, requires: [`${id}/uncordon`] })] : []),
    leaf(`${id}/untaint`, `Remove taint from node "${name}"`, 'untaint', { ...from, requires: [`${id}/${endpoints ? 'endpoints' : 'uncordon'}`] }),
  ];
}

function changedApps(spec: UpgradePlan): readonly (readonly [string, string])[] {
  return spec.to.apps.filter(([name, version]) => !spec.from.apps.some(([other, old]) => other === name && old === version));
}

function appPhases(spec: UpgradePlan): Phase[] {
  let previous: string | null = null;
  return changedApps(spec).map(([name, version]) => {
    const phase = leaf(`/runtime/${name}`, `Update system application "${name}" to ${version}`, 'app',
      { data: { app: name, version }, ...(previous ? { requires: [previous] } : {}) });
    previous = phase.id;
    return phase;
  });
}

function etcdPhase(spec: UpgradePlan, members: readonly Server[]): Phase {
  const each = (group: string, verb: string, executor: string, requires: (server: Server, i: number) => readonly string[]): Phase[] =>
    members.map((server, i) => leaf(`/etcd/${group}/${server.name}`, `${verb} etcd on node "${server.name}"`, executor,
      { server: refer(server), requires: requires(server, i) }));
  return composite('/etcd', `Upgrade etcd ${spec.from.etcd} to ${spec.to.etcd}`, [
    composite('/etcd/backup', 'Backup etcd data', each('backup', 'Backup', 'etcd-backup', () => [])),
    composite('/etcd/shutdown', 'Shutdown etcd cluster', each('shutdown', 'Shutdown', 'etcd-shutdown', (server) => [`/etcd/backup/${server.name}`])),
    composite('/etcd/upgrade', 'Upgrade etcd servers', each('upgrade', 'Upgrade', 'etcd-upgrade', (server) => [`/etcd/shutdown/${server.name}`])),
    leaf('/etcd/restore', 'Restore etcd data from backup', 'etcd-restore', { server: refer(members[0]!), requires: ['/etcd/upgrade'] }),
    composite('/etcd/restart', 'Restart etcd servers', [
      ...each('restart', 'Restart', 'etcd-restart', (server, i) => [i === 0 ? '/etcd/restore' : `/etcd/upgrade/${server.name}`]),
      leaf('/etcd/restart/gravity-site', 'Restart gravity-site service', 'etcd-restart-gravity'),
    ]),
  ]);
}
