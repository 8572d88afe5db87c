/**
 * The text of `gravity status` (tool/gravity/cli/status.go at eec53aa4e, enterprise build). Pure: given
 * what was found out, it says it.
 */
import { align } from './columns.ts';
import type { OperationRecord, SiteRecord } from './state.ts';
import { isFinished } from './state.ts';
import { ago, dateMinutes } from './times.ts';

export interface NodeStatus {
  readonly hostname: string; readonly address: string;
  readonly role: 'master' | 'node' | null; readonly profile: string;
  readonly status: 'healthy' | 'offline' | 'degraded';
  readonly failedProbes: readonly string[];
}

export interface StatusReport {
  readonly site: SiteRecord | null;
  readonly token: string | null;
  readonly active: readonly OperationRecord[];
  readonly last: OperationRecord | null;
  readonly endpoints: { readonly gateway: readonly string[]; readonly ui: readonly string[] };
  /** What the local planet agent says; null when it did not answer. */
  readonly system: 'unknown' | 'running' | 'degraded' | null;
  readonly nodes: readonly NodeStatus[];
}

export interface Paint { red(text: string): string; green(text: string): string; yellow(text: string): string; blue(text: string): string; bold(text: string): string }

const escape = (code: number) => (text: string): string => `\x1b[${code}m${text}\x1b[0m`;
export const COLOURS: Paint = { red: escape(31), green: escape(32), yellow: escape(33), blue: escape(34), bold: escape(1) };
const plain = (text: string): string => text;
export const PLAIN: Paint = { red: plain, green: plain, yellow: plain, blue: plain, bold: plain };

export const isDegraded = (report: StatusReport): boolean => !report.site || report.site.state === 'degraded' || report.system !== 'running';

export function printStatus(report: StatusReport, now: number, paint: Paint): string {
  const { site } = report;
  const lines = [`Cluster status:\t${isDegraded(report) ? paint.red('degraded') : paint.green(site!.state)}`];
  if (site) {
    lines.push(`Application:\t${site.app.name}, version ${site.app.version}`);
    if (report.token) lines.push(`Join token:\t${report.token}`);
    lines.push('Periodic updates:\tNot Configured', 'Remote support:\tNot Configured');
  }
  if (report.active.length) lines.push('Active operations:', ...report.active.flatMap((operation) => operationLines(operation, now)));
  if (report.last) lines.push('Last completed operation:', ...operationLines(report.last, now));
  lines.push('Cluster endpoints:', '    * Authentication gateway:', ...report.endpoints.gateway.map((each) => `        - ${each}`),
    '    * Cluster management URL:', ...report.endpoints.ui.map((each) => `        - ${each}`));
  lines.push(...nodeLines(report, paint));
  return `${align(lines.join('\n'))}\n`;
}

function operationLines(operation: OperationRecord, now: number): string[] {
  const moment = (at: number): string => `${dateMinutes(at)} (${ago(at, now)})`;
  const lines = [`    * ${operation.type} (${operation.id})`, `      started:\t${moment(operation.created)}`];
  if (isFinished(operation)) lines.push(`      ${operation.state}:\t${moment(operation.updated)}`);
  else if (operation.type === 'operation_update') lines.push(`      use 'gravity plan --operation-id=${operation.id}' to check operation status`);
  else lines.push(`      ${operation.progress.message}, ${operation.progress.completion}% complete`);
  return lines;
}

function nodeLines(report: StatusReport, paint: Paint): string[] {
  if (report.system === null) return [];
  const lines = [`Cluster nodes:\t${report.site?.domain ?? '<unknown>'}`];
  if (!report.nodes.length) return [...lines, paint.yellow('Failed to collect system status from nodes')];
  const masters = report.nodes.filter((node) => node.role === 'master');
  const others = report.nodes.filter((node) => node.role !== 'master');
  if (masters.length) lines.push('    Masters:', ...masters.flatMap((node) => oneNode(node, paint)));
  if (others.length) lines.push('    Nodes:', ...others.flatMap((node) => oneNode(node, paint)));
  return lines;
}

function oneNode(node: NodeStatus, paint: Paint): string[] {
  const colour = node.status === 'healthy' ? paint.green : node.status === 'offline' ? paint.yellow : paint.red;
  return [
    `        * ${node.hostname || '<unknown>'} (${[node.address, node.profile].filter(Boolean).join(', ')})`,
    `            Status:\t${colour(node.status)}`,
    ...(node.status === 'degraded' ? node.failedProbes.map((probe) => `            [×]\t${paint.red(probe)}`) : []),
  ];
}

/** `--output json`: one line. */
export function statusAsJson(report: StatusReport, localChecks: readonly string[]): string {
  const { site } = report;
  const operation = (record: OperationRecord): object => ({
    type: record.type, id: record.id, state: record.state, created: record.created,
    progress: { message: record.progress.message, completion: record.progress.completion, created: record.progress.created },
  });
  return JSON.stringify({
    cluster: {
      application: site?.app, state: isDegraded(report) ? 'degraded' : site?.state, domain: site?.domain,
      token: report.token ? { token: report.token } : undefined, operation: report.last ? operation(report.last) : undefined,
      active_operations: report.active.length ? report.active.map(operation) : undefined,
      endpoints: { applications: {}, cluster: { auth_gateway: report.endpoints.gateway, ui: report.endpoints.ui } },
      system_status: report.system === 'running' ? 1 : report.system === 'degraded' ? 2 : 0,
      nodes: report.nodes.map((node) => ({
        hostname: node.hostname, advertise_ip: node.address, role: node.role ?? '', profile: node.profile, status: node.status,
        failed_probes: node.failedProbes.length ? node.failedProbes : undefined,
      })),
    },
    local_checks: localChecks.length ? localChecks : undefined,
  });
}
