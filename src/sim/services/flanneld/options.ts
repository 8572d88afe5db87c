/** flanneld's command line: 0.10.0 with Gravity's additions (--kube-*). Go's flag package. */
export interface Options {
  endpoints: readonly string[]; prefix: string; certFile: string; keyFile: string; caFile: string; ipMasq: boolean; iface: readonly string[]; publicIp: string;
  subnetFile: string; renewMarginMinutes: number; healthzPort: number; healthzIp: string; verbosity: number;
}

const STRINGS = ['etcd-endpoints', 'etcd-prefix', 'etcd-keyfile', 'etcd-certfile', 'etcd-cafile', 'etcd-username', 'etcd-password', 'iface', 'iface-regex', 'subnet-file', 'public-ip', 'subnet-lease-renew-margin',
  'healthz-ip', 'healthz-port', 'kubeconfig-file', 'kube-api-url', 'kube-apiserver', 'kube-node', 'kube-cert', 'kube-key', 'kube-ca', 'v', 'vmodule', 'stderrthreshold', 'log_backtrace_at', 'log_dir'];
const BOOLEANS = ['ip-masq', 'kube-subnet-mgr', 'version', 'logtostderr', 'alsologtostderr', 'help'];

/** Options, a text to print with its exit status. */
export function options(argv: readonly string[], env: Readonly<Record<string, string>>): Options | { text: string; status: number } {
  const given: Record<string, string> = {};
  const ifaces: string[] = [];
  for (let i = 0; i < argv.length; i++) {
    const m = /^--?([\w-]+)(?:=([\s\S]*))?$/.exec(argv[i]!);
    if (!m) break; // Go stops at the first word that is no flag
    const name = m[1]!;
    if (BOOLEANS.includes(name)) { given[name] = m[2] ?? 'true'; continue; }
    if (!STRINGS.includes(name)) return { text: `flag provided but not defined: -${name}\nUsage: flanneld [OPTION]...\n`, status: 2 };
    const value = m[2] ?? argv[++i];
    if (value === undefined) return { text: `flag needs an argument: -${name}\nUsage: flanneld [OPTION]...\n`, status: 2 };
    if (name === 'iface') ifaces.push(value); else given[name] = value;
  }
  for (const name of [...STRINGS, ...BOOLEANS]) {
    const value = env[`FLANNELD_${name.toUpperCase().replace(/-/g, '_')}`];
    if (value !== undefined && given[name] === undefined) { if (name === 'iface') ifaces.push(...value.split(',')); else given[name] = value; }
  }
  if (given['version'] === 'true') return { text: 'v0.10.0-gravitational\n', status: 0 };
  if (given['help'] === 'true') return { text: 'Usage: flanneld [OPTION]...\n', status: 0 };
  return {
    endpoints: (given['etcd-endpoints'] ?? 'http://127.0.0.1:4001,http://127.0.0.1:2379').split(','), prefix: given['etcd-prefix'] ?? '/coreos.com/network', certFile: given['etcd-certfile'] ?? '', keyFile: given['etcd-keyfile'] ?? '', caFile: given['etcd-cafile'] ?? '',
    ipMasq: given['ip-masq'] === 'true', iface: ifaces, publicIp: given['public-ip'] ?? '', subnetFile: given['subnet-file'] ?? '/run/flannel/subnet.env',
    renewMarginMinutes: Number(given['subnet-lease-renew-margin'] ?? '60'), healthzPort: Number(given['healthz-port'] ?? '0'), healthzIp: given['healthz-ip'] ?? '0.0.0.0', verbosity: Number(given['v'] ?? '0'),
  };
}
