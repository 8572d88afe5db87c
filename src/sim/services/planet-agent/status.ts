/**
 * What satellite knows of nodes and of the cluster, in the shape and key order of its JSON
 * (satellite agent/proto/agentpb), and how the whole follows from the nodes. Pure.
 */
import type { Finding } from '../../probes/index.ts';

export interface MemberStatus {
  readonly name: string; readonly addr: string; readonly status: 'alive' | 'leaving' | 'left' | 'failed';
  readonly tags: Readonly<Record<string, string>>;
}
export interface NodeStatus {
  readonly name: string; readonly member_status: MemberStatus;
  /** Absent: unknown. */
  readonly status?: 'running' | 'degraded'; readonly probes?: readonly Finding[];
}
export interface SystemStatus { readonly status?: 'running' | 'degraded'; readonly nodes: readonly NodeStatus[]; readonly timestamp: string; readonly summary?: string }

export const nodeStatus = (member: MemberStatus, probes: readonly Finding[]): NodeStatus =>
  ({ name: member.name, member_status: member, status: probes.some((finding) => finding.status === 'failed') ? 'degraded' : 'running', probes });

export const unknownNode = (member: MemberStatus): NodeStatus => ({ name: member.name, member_status: member });

/** satellite agent/status.go: degraded by a failed member, a degraded node, or no master; unknown by silence. */
export function systemStatus(nodes: readonly NodeStatus[], missing: readonly string[], timestamp: string): SystemStatus {
  const base = { nodes, timestamp };
  const masters = nodes.filter((node) => node.member_status.tags['role'] === 'master');
  if (!masters.some((node) => node.member_status.status === 'alive' && node.status)) {
    return { status: 'degraded', ...base, summary: 'master node unavailable' };
  }
  const summary = missing.length ? { summary: `no status received from nodes (${missing.map((name) => `${name},`).join('')})` } : {};
  const degraded = missing.length > 0 || nodes.some((node) => node.member_status.status === 'failed' || node.status === 'degraded' || !node.status);
  return { status: degraded ? 'degraded' : 'running', ...base, ...summary };
}
