/**
 * etcd's command line and its ETCD_* environment: flags as Go's flag package takes them, the environment
 * for those not given. What is refused is refused in its words. etcd 3.3.12, etcdmain/config.go.
 */
import { ms, type Us } from '../../engine/time.ts';

export interface Flags {
  name: string; dataDir: string;
  listenPeer: readonly string[]; listenClient: readonly string[]; advertisePeer: readonly string[]; advertiseClient: readonly string[];
  initialCluster: readonly { name: string; url: string }[]; initialState: 'new' | 'existing'; token: string;
  certFile: string; keyFile: string; caFile: string; clientAuth: boolean;
  peerCertFile: string; peerKeyFile: string; peerCaFile: string; peerClientAuth: boolean;
  heartbeatUs: Us; electionUs: Us; snapshotCount: number; quotaBytes: number; proxy: string; forceNew: boolean;
}

/** Every flag of 3.3.12: 'b' takes no value. */
const KNOWN: Readonly<Record<string, 's' | 'b'>> = Object.fromEntries([
  ...['name', 'data-dir', 'wal-dir', 'snapshot-count', 'heartbeat-interval', 'election-timeout', 'listen-peer-urls', 'listen-client-urls', 'max-snapshots', 'max-wals', 'cors',
    'quota-backend-bytes', 'max-txn-ops', 'max-request-bytes', 'grpc-keepalive-min-time', 'grpc-keepalive-interval', 'grpc-keepalive-timeout', 'initial-advertise-peer-urls',
    'initial-cluster', 'initial-cluster-state', 'initial-cluster-token', 'advertise-client-urls', 'discovery', 'discovery-fallback', 'discovery-proxy', 'discovery-srv',
    'auto-compaction-retention', 'auto-compaction-mode', 'proxy', 'proxy-failure-wait', 'proxy-refresh-interval', 'proxy-dial-timeout', 'proxy-write-timeout', 'proxy-read-timeout',
    'ca-file', 'cert-file', 'key-file', 'client-crl-file', 'trusted-ca-file', 'peer-ca-file', 'peer-cert-file', 'peer-key-file', 'peer-trusted-ca-file', 'peer-crl-file', 'peer-cert-allowed-cn',
    'cipher-suites', 'log-package-levels', 'log-output', 'config-file', 'listen-metrics-urls', 'metrics', 'auth-token', 'bcrypt-cost', 'experimental-initial-corrupt-check', 'experimental-corrupt-check-time'].map((name) => [name, 's']),
  ...['strict-reconfig-check', 'enable-v2', 'client-cert-auth', 'auto-tls', 'peer-client-cert-auth', 'peer-auto-tls', 'debug', 'version', 'force-new-cluster', 'enable-pprof', 'help', 'h'].map((name) => [name, 'b']),
]) as Record<string, 's' | 'b'>;

export type Parsed = { ok: true; flags: Flags; fromEnv: readonly string[] } | { ok: false; text: string; status: number };

const usage = (problem: string): Parsed => ({ ok: false, status: 2, text: `${problem}\nusage: etcd [flags]\n       start an etcd server\n\n       etcd --version\n       show the version of etcd\n\n       etcd -h | --help\n       show the help information about etcd\n\n       etcd --config-file\n       path to the server configuration file\n\n       etcd gateway\n       run the stateless pass-through etcd TCP connection forwarding proxy\n\n       etcd grpc-proxy\n       run the stateless etcd v3 gRPC L7 reverse proxy\n\n` });

/** `argv` without the program's name. */
export function parseFlags(argv: readonly string[], env: Readonly<Record<string, string>>): Parsed {
  const given: Record<string, string> = {};
  for (let i = 0; i < argv.length; i++) {
    const word = argv[i]!;
    const m = /^--?([^-=][^=]*)(?:=([\s\S]*))?$/.exec(word);
    if (!m) return word.startsWith('-') ? usage(`bad flag syntax: ${word}`) : { ok: false, status: 1, text: `'${word}' is not a valid flag\n` };
    const name = m[1]!;
    const kind = KNOWN[name];
    if (!kind) return usage(`flag provided but not defined: -${name}`);
    if (kind === 'b') {
      const value = m[2] ?? 'true';
      if (!/^(1|0|t|f|T|F|true|false|TRUE|FALSE|True|False)$/.test(value)) return usage(`invalid boolean value ${JSON.stringify(value)} for -${name}: strconv.ParseBool: parsing ${JSON.stringify(value)}: invalid syntax`);
      given[name] = /^[1tT]/.test(value) ? 'true' : 'false';
    } else if (m[2] !== undefined) given[name] = m[2];
    else if (i + 1 < argv.length) given[name] = argv[++i]!;
    else return usage(`flag needs an argument: -${name}`);
  }
  if (given['version'] === 'true') return { ok: false, status: 0, text: 'etcd Version: 3.3.12\nGit SHA: d57e8b8\nGo Version: go1.10.8\nGo OS/Arch: linux/amd64\n' };
  if (given['help'] === 'true' || given['h'] === 'true') return { ...usage(''), status: 0 } as Parsed;
  return fromGiven(given, env);
}

function fromGiven(given: Record<string, string>, env: Readonly<Record<string, string>>): Parsed {
  const fromEnv: string[] = [];
  for (const key of Object.keys(env).sort()) {
    if (!key.startsWith('ETCD_')) continue;
    const name = key.slice(5).toLowerCase().replace(/_/g, '-');
    if (!KNOWN[name] || given[name] !== undefined || env[key] === '') continue;
    given[name] = env[key]!;
    fromEnv.push(`${key}=${env[key]}`);
  }
  const text = (name: string, otherwise: string): string => given[name] ?? otherwise;
  const list = (name: string, otherwise: string): string[] => text(name, otherwise).split(',').filter(Boolean);
  const on = (name: string): boolean => given[name] === 'true';
  for (const name of ['listen-peer-urls', 'listen-client-urls', 'initial-advertise-peer-urls', 'advertise-client-urls']) {
    for (const url of list(name, '')) if (!/^(https?|unixs?):\/\//.test(url)) return usage(`invalid value "${given[name]}" for flag -${name}: URL scheme must be http, https, unix, or unixs: ${url}`);
  }
  if (given['listen-client-urls'] !== undefined && given['advertise-client-urls'] === undefined) {
    return { ok: false, status: 1, text: 'etcdmain: error verifying flags, -advertise-client-urls is required when -listen-client-urls is set explicitly. See \'etcd --help\'.' };
  }
  const name = text('name', 'default');
  const advertisePeer = list('initial-advertise-peer-urls', 'http://localhost:2380');
  const cluster = list('initial-cluster', advertisePeer.map((url) => `${name}=${url}`).join(',')).map((item) => {
    const at = item.indexOf('=');
    return { name: item.slice(0, at), url: item.slice(at + 1) };
  });
  const state = text('initial-cluster-state', 'new');
  if (state !== 'new' && state !== 'existing') return usage(`invalid value "${state}" for flag -initial-cluster-state: invalid value`);
  const heartbeat = Number(text('heartbeat-interval', '100'));
  const election = Number(text('election-timeout', '1000'));
  if (5 * heartbeat > election) return { ok: false, status: 1, text: `etcdmain: error verifying flags, -election-timeout[${election}ms] should be at least as 5 times as -heartbeat-interval[${heartbeat}ms]. See 'etcd --help'.` };
  return {
    ok: true, fromEnv,
    flags: {
      name, dataDir: text('data-dir', `${name}.etcd`), listenPeer: list('listen-peer-urls', 'http://localhost:2380'), listenClient: list('listen-client-urls', 'http://localhost:2379'),
      advertisePeer, advertiseClient: list('advertise-client-urls', 'http://localhost:2379'), initialCluster: cluster, initialState: state, token: text('initial-cluster-token', 'etcd-cluster'),
      certFile: text('cert-file', ''), keyFile: text('key-file', ''), caFile: text('trusted-ca-file', ''), clientAuth: on('client-cert-auth'),
      peerCertFile: text('peer-cert-file', ''), peerKeyFile: text('peer-key-file', ''), peerCaFile: text('peer-trusted-ca-file', ''), peerClientAuth: on('peer-client-cert-auth'),
      heartbeatUs: ms(heartbeat), electionUs: ms(election), snapshotCount: Number(text('snapshot-count', '100000')), quotaBytes: Number(text('quota-backend-bytes', '0')) || 2 * 1024 ** 3,
      proxy: text('proxy', 'off'), forceNew: on('force-new-cluster'),
    },
  };
}
