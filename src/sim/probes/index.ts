/**
 * All checks that satellite makes on a node, in the order in which Planet's agent adds them
 * (planet lib/monitoring/checkers.go). A new check is a row in sysctls.ts or a function beside its like.
 */
import type { Sys } from '../proc/program.ts';
import { healthzProbes } from './healthz.ts';
import { kubernetesProbes } from './kubernetes.ts';
import { nodeProbes } from './node.ts';
import type { Finding, Place, Probe } from './probe.ts';
import { sysctlProbes } from './sysctls.ts';

export type { Finding, Place, Probe } from './probe.ts';
export { failureText } from './probe.ts';

const ORDER = ['kube-apiserver', 'kubelet', 'docker', 'docker-registry', 'etcd-healthz', 'systemd', 'system-version', 'ip-forward', 'br-netfilter',
  'may-detach-mounts', 'inotify', 'node-status', 'dns', 'disk-space'];

export const probes: readonly Probe[] = [...kubernetesProbes, ...healthzProbes, ...nodeProbes, ...sysctlProbes]
  .sort((a, b) => ORDER.indexOf(a.name) - ORDER.indexOf(b.name));

/** Runs the checks of this node; those that cost something only when `all`, else as they were found before. */
export function* look(place: Place, before: readonly Finding[], all: boolean): Sys<readonly Finding[]> {
  const findings: Finding[] = [];
  for (const probe of probes) {
    if (probe.on !== 'all' && (probe.on === 'masters') !== (place.role === 'master')) continue;
    const known = all || probe.cheap ? [] : before.filter((finding) => finding.checker === probe.name);
    findings.push(...(known.length ? known : yield* probe.run(place)));
  }
  return findings;
}
