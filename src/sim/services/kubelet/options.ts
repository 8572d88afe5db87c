/**
 * The kubelet's configuration: its command line, its file, its certificates. v1.14.1 as planet starts it.
 */
import { parsePem } from '../../proc/certificate.ts';
import type { Certificate } from '../../proc/http.ts';
import type { Sys } from '../../proc/program.ts';
import { call } from '../../proc/syscalls.ts';
import { parseFlags } from '../../kube/flags.ts';

export interface Threshold { readonly signal: string; /** A share, or bytes. */ readonly share: number | null; readonly amount: number }
export interface Options {
  readonly node: string; readonly ip: string; readonly dns: readonly string[]; readonly domain: string; readonly pause: string; readonly kubeconfig: string;
  readonly labels: Readonly<Record<string, string>>; readonly cert: Certificate | null; readonly clientCa: string | null; readonly webhook: boolean; readonly resolvConf: string;
  readonly hard: readonly Threshold[]; readonly soft: readonly Threshold[]; readonly cni: boolean; readonly cniDir: string; readonly port: number; readonly chains: boolean;
}

const VALUES = ['hostname-override', 'node-ip', 'cluster-dns', 'cluster-domain', 'pod-infra-container-image', 'kubeconfig', 'docker-endpoint', 'image-gc-high-threshold', 'image-gc-low-threshold', 'network-plugin', 'cni-conf-dir',
  'cni-bin-dir', 'config', 'tls-cert-file', 'tls-private-key-file', 'client-ca-file', 'authorization-mode', 'eviction-hard', 'eviction-soft', 'eviction-soft-grace-period', 'tls-cipher-suites', 'node-labels', 'feature-gates', 'v',
  'cloud-provider', 'cloud-config', 'root-dir', 'address', 'port', 'healthz-port', 'healthz-bind-address', 'read-only-port', 'resolv-conf', 'max-pods', 'register-with-taints', 'system-reserved', 'kube-reserved', 'cgroup-driver', 'bootstrap-kubeconfig',
  'pod-manifest-path', 'node-status-update-frequency', 'eviction-minimum-reclaim', 'volume-plugin-dir', 'container-runtime'];
const BOOLEANS = ['allow-privileged', 'logtostderr', 'anonymous-auth', 'fail-swap-on', 'register-node', 'make-iptables-util-chains', 'kube-reserved-cgroup', 'rotate-certificates', 'serialize-image-pulls', 'protect-kernel-defaults', 'authentication-token-webhook'];

function thresholds(text: string | undefined): Threshold[] {
  return (text ?? '').split(',').flatMap((part) => {
    const m = /^([\w.]+)<([\d.]+)(%|Mi|Gi|Ki)?$/.exec(part.trim());
    if (!m) return [];
    const n = Number(m[2]);
    return [{ signal: m[1]!, share: m[3] === '%' ? n / 100 : null, amount: m[3] === '%' ? 0 : n * ({ Ki: 1024, Mi: 2 ** 20, Gi: 2 ** 30 }[m[3] ?? ''] ?? 1) }];
  });
}

function* certificate(path: string | undefined): Sys<Certificate | null> {
  const file = path ? yield* call('readFile', { path }) : null;
  return file?.ok ? parsePem(file.value) : null;
}

/** --cluster-dns may be given several times, or as a list. */
export function* readOptions(argv: readonly string[], hostname: string): Sys<Options | string> {
  const flags = parseFlags(argv, VALUES, BOOLEANS);
  if (!flags.ok) return flags.error;
  const { values, lists } = flags.value;
  const file = values['config'] ? yield* call('readFile', { path: values['config'] }) : null;
  if (file && !file.ok) return `failed to load Kubelet config file ${values['config']}, error failed to read kubelet config file ${JSON.stringify(values['config'])}, error: open ${values['config']}: no such file or directory`;
  const yaml = file?.ok ? file.value : '';
  const field = (name: string): string | undefined => new RegExp(`^${name}:\\s*(\\S+)\\s*$`, 'm').exec(yaml)?.[1];
  const authority = yield* certificate(values['client-ca-file']);
  const node = values['hostname-override'] ?? hostname;
  return {
    node, ip: values['node-ip'] ?? node, dns: (lists['cluster-dns'] ?? []).flatMap((d) => d.split(',')).filter((d) => /^\d/.test(d)), domain: values['cluster-domain'] ?? 'cluster.local',
    pause: values['pod-infra-container-image'] ?? 'k8s.gcr.io/pause:3.1', kubeconfig: values['kubeconfig'] ?? '/etc/kubernetes/kubelet.kubeconfig',
    labels: Object.fromEntries((values['node-labels'] ?? '').split(',').filter(Boolean).map((pair) => { const at = pair.indexOf('='); return [pair.slice(0, at), pair.slice(at + 1)]; })),
    cert: yield* certificate(values['tls-cert-file']), clientCa: authority?.ca ?? null, webhook: values['authorization-mode'] === 'Webhook', resolvConf: values['resolv-conf'] ?? field('resolvConf') ?? '/etc/resolv.conf',
    hard: thresholds(values['eviction-hard'] ?? 'memory.available<100Mi,nodefs.available<10%,nodefs.inodesFree<5%'), soft: thresholds(values['eviction-soft']), cni: values['network-plugin'] === 'cni',
    cniDir: values['cni-conf-dir'] ?? '/etc/cni/net.d', port: Number(values['port'] ?? field('port') ?? 10_250), chains: field('makeIPTablesUtilChains') !== 'false' && values['make-iptables-util-chains'] !== 'false',
  };
}
