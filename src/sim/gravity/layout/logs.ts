/**
 * The logs of an installation that has been: gravity-install.log for people and gravity-system.log for
 * programmers, from its plan (formats of lib/utils/userlog.go and trace's text formatter).
 */
import { dateSeconds, rfc3339 } from '../times.ts';
import { installPlan } from '../plans/install.ts';
import { isComposite, leaves } from '../plan.ts';
import type { Cluster, Server } from '../topology.ts';

export type Level = 'DEBUG' | 'INFO' | 'WARN' | 'ERROR';

/** A line of gravity-install.log. `host` is left out for the operation itself. */
export const userLine = (at: number, level: Level, message: string, host?: string): string =>
  `${dateSeconds(at)} [${level}]${host ? ` [${host}]` : ''} ${message}\n`;

/** A line of gravity-system.log. */
export function systemLine(at: number, level: Level, component: string, message: string, fields: Readonly<Record<string, string>>, where: string): string {
  const name = component ? `${`[${component.toUpperCase().slice(0, 9)}]`.padEnd(11)} ` : '';
  const shown = Object.entries(fields).map(([key, value]) => ` ${key}:${/[\s"]/.test(value) ? JSON.stringify(value) : value}`).join('');
  return `${rfc3339(at)} ${LEVELS[level]} ${name}${message.includes('\n') ? JSON.stringify(message) : message}${shown} ${where}\n`;
}
const LEVELS: Readonly<Record<Level, string>> = { DEBUG: 'DEBU', INFO: 'INFO', WARN: 'WARN', ERROR: 'ERRO' };

/** How long each executor takes when nothing is in its way, in seconds; phases/ sleeps as long. */
const SECONDS: Readonly<Record<string, number>> = {
  checks: 5, configure: 4, bootstrap: 2, pull: 40, system: 13, wait: 25, rbac: 3, coredns: 1, export: 65, health: 8, app: 20, 'connect-installer': 2, election: 1,
};

/** What a phase says while it runs, for the log. */
function sayings(executor: string, id: string, description: string): string[] {
  const app = /(?:application|package) (\S+)/.exec(description)?.[1] ?? '';
  switch (executor) {
    case 'checks': return ['Running pre-flight checks'];
    case 'configure': return ['Configuring cluster packages'];
    case 'bootstrap': return ['Configuring system directories', 'Configuring application-specific volumes'];
    case 'pull': return ['Pulling user application', 'Pulling configured packages', 'Unpacking pulled packages'];
    case 'system': return [`Installing system service ${app}`];
    case 'wait': return ['Waiting for the planet to start'];
    case 'rbac': return ['Creating Kubernetes RBAC resources'];
    case 'coredns': return ['Configuring CoreDNS'];
    case 'export': return ['Unpacking application telekube', 'Exporting application telekube to local registry'];
    case 'app': return [`Executing install hook for ${app}`, ...(id.startsWith('/runtime/') ? hookLines(app) : [])];
    case 'connect-installer': return ['Connecting to installer'];
    case 'election': return ['Enable leader elections'];
    default: return [];
  }
}

const hookLines = (app: string): string[] => {
  const name = app.split(':')[0]!;
  return [`Created Pod "${name}-install" in namespace "kube-system".`, `Container "hook" created, current state is "running".`, `Job "${name}-install" in namespace "kube-system" has completed.`];
};

interface Moment { readonly at: number; readonly id: string; readonly executor: string; readonly description: string; readonly host: string }

/** When each phase began: the plan in order, scaled to the time that the installation took. */
function timeline(cluster: Cluster): Moment[] {
  const all = leaves(installPlan({ operationId: cluster.installId, cluster }).phases).filter((phase) => !isComposite(phase));
  const total = all.reduce((sum, phase) => sum + (SECONDS[phase.executor] ?? 1), 0);
  let at = cluster.installStarted + 2_000_000;
  const scale = (cluster.installEnded - at - 2_000_000) / total;
  return all.map((phase) => {
    const moment = { at: Math.floor(at), id: phase.id, executor: phase.executor, description: phase.description, host: phase.execServer?.hostname ?? cluster.servers[0]!.name };
    at += (SECONDS[phase.executor] ?? 1) * scale;
    return moment;
  });
}

export function installLog(cluster: Cluster, server: Server): string {
  const lead = server.name === cluster.servers[0]!.name;
  let text = lead ? userLine(cluster.installStarted, 'INFO', 'Operation has been created') : '';
  for (const moment of timeline(cluster)) {
    if (moment.host !== server.name && !lead) continue;
    text += userLine(moment.at, 'INFO', `Executing phase: ${moment.id}.`, moment.host);
    sayings(moment.executor, moment.id, moment.description).forEach((saying, i) => {
      text += userLine(moment.at + (i + 1) * 900_000, 'INFO', `${saying.replace(/\.$/, '')}.`, moment.host);
    });
  }
  return text + (lead ? userLine(cluster.installEnded, 'INFO', 'Operation has completed') : '');
}

export function systemLog(cluster: Cluster, server: Server): string {
  const lead = server.name === cluster.servers[0]!.name;
  const start = cluster.installStarted - 21_000_000;
  let text = systemLine(start, 'INFO', '', `Version: ${cluster.release.gravity}.`, {}, 'cli/run.go:118')
    + systemLine(start + 1_000_000, 'DEBUG', 'client', `Starting agent on ${server.address}.`, { advertise: server.address, host: server.name }, 'install/agent.go:77');
  for (const moment of timeline(cluster)) {
    if (moment.host !== server.name && !lead) continue;
    text += systemLine(moment.at, 'INFO', 'fsm:install', `Executing phase: ${moment.id}.`, { phase: moment.id }, 'fsm/fsm.go:428');
    sayings(moment.executor, moment.id, moment.description).forEach((saying, i) => {
      text += systemLine(moment.at + (i + 1) * 900_000, 'INFO', 'fsm:install', saying, { phase: moment.id }, 'phases/phases.go:64');
    });
  }
  return text + systemLine(cluster.installEnded, 'INFO', 'installer', 'Operation succeeded.', { operation: cluster.installId }, 'install/flow.go:310');
}
