/**
 * Kubeconfig files: where they are, how several are merged, and which server, user and namespace the
 * command line and the current context choose (client-go's clientcmd, 1.14). It reads files, no network.
 */
import type { Certificate } from '../../../sim/proc/http.ts';
import { parsePem, unbase64 } from '../../../sim/proc/certificate.ts';
import { strerror } from '../../../sim/proc/libc.ts';
import type { Start, Sys } from '../../../sim/proc/program.ts';
import { call } from '../../../sim/proc/syscalls.ts';
import { done, failed, plain, type Outcome } from './failure.ts';
import type { Flags } from './flags.ts';
import { isObj, type Obj } from './object.ts';
import { readYaml } from './yaml-read.ts';

export interface Kubeconfig {
  clusters: Record<string, Obj>; users: Record<string, Obj>; contexts: Record<string, Obj>;
  currentContext: string; preferences: Obj;
  /** Which file said it: 'clusters/x' → path; and those that were read. */
  origin: Record<string, string>;
  files: readonly string[];
}

export interface ClientConfig {
  server: string; namespace: string; namespaceGiven: boolean;
  cert: Certificate | null; trust: readonly string[] | null;
  token: string; username: string; password: string; as: string; asGroups: readonly string[];
  timeoutUs: number | undefined;
  /** Whether there is any TLS material, which makes a server without scheme an https one. */
  secure: boolean;
  loadedFrom: string;
}

const emptyConfig = (): Kubeconfig => ({ clusters: {}, users: {}, contexts: {}, currentContext: '', preferences: {}, origin: {}, files: [] });

/** The files that count, and the one that changes go to. */
export function* configPaths(start: Start, flags: Flags): Sys<{ paths: string[]; explicit: boolean }> {
  const given = flags.str('kubeconfig');
  if (given) return { paths: [given], explicit: true };
  const listed = (start.env['KUBECONFIG'] ?? '').split(':').filter(Boolean);
  if (listed.length) return { paths: listed, explicit: false };
  // On a node kubectl is Planet's wrapper script by a link, which chooses the configuration made for hosts.
  const wrapped = yield* call('readlink', { path: '/usr/bin/kubectl' });
  const rootfs = wrapped.ok ? /^(.*\/rootfs)\/usr\/local\/bin\/kubectl$/.exec(wrapped.value)?.[1] : undefined;
  return { paths: [rootfs ? `${rootfs}/etc/kubernetes/kubectl-host.kubeconfig` : `${start.env['HOME'] ?? ''}/.kube/config`], explicit: false };
}

const parsed = new Map<string, Kubeconfig | { error: string }>();

/** The same text gives the same configuration: parsed once. */
function parseConfig(text: string, path: string): Kubeconfig | { error: string } {
  const key = `${path}\n${text}`;
  let config = parsed.get(key);
  if (!config) {
    if (parsed.size > 64) parsed.clear();
    config = convert(text, path);
    parsed.set(key, config);
  }
  return config;
}

function convert(text: string, path: string): Kubeconfig | { error: string } {
  const read = readYaml(text);
  if (!read.ok) return { error: read.error };
  const config = emptyConfig();
  config.files = [path];
  if (read.value === null) return config;
  if (!isObj(read.value)) return { error: 'couldn\'t get version/kind; json parse error: json: cannot unmarshal string into Go value of type struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }' };
  const doc = read.value;
  if (doc['kind'] !== undefined && doc['kind'] !== 'Config') return { error: `no kind ${JSON.stringify(doc['kind'])} is registered for version ${JSON.stringify(doc['apiVersion'] ?? '')} in scheme "k8s.io/client-go/tools/clientcmd/api/latest/latest.go:50"` };
  const directory = path.slice(0, Math.max(0, path.lastIndexOf('/')));
  const take = (list: unknown, field: string, into: Record<string, Obj>, kind: string): void => {
    for (const item of Array.isArray(list) ? (list as Obj[]) : []) {
      const name = String(item['name'] ?? '');
      if (into[name]) continue;
      into[name] = absolute(item[field] ?? {}, directory);
      config.origin[`${kind}/${name}`] = path;
    }
  };
  take(doc['clusters'], 'cluster', config.clusters, 'clusters');
  take(doc['users'], 'user', config.users, 'users');
  take(doc['contexts'], 'context', config.contexts, 'contexts');
  config.currentContext = String(doc['current-context'] ?? '');
  config.preferences = isObj(doc['preferences']) ? doc['preferences'] : {};
  return config;
}

const PATHS = ['certificate-authority', 'client-certificate', 'client-key', 'tokenFile'];
/** Relative paths count from the directory of the file that names them. */
function absolute(entry: Obj, directory: string): Obj {
  const out: Obj = { ...entry };
  for (const key of PATHS) if (typeof out[key] === 'string' && out[key] && !out[key].startsWith('/')) out[key] = `${directory}/${out[key]}`;
  return out;
}

export function* loadConfig(start: Start, flags: Flags): Sys<Outcome<Kubeconfig>> {
  const { paths, explicit } = yield* configPaths(start, flags);
  const merged = emptyConfig();
  const files: string[] = [];
  for (const path of paths) {
    const text = yield* call('readFile', { path });
    if (!text.ok) {
      const words = strerror(text.errno).toLowerCase();
      if (text.errno === 'ENOENT') {
        if (explicit) return plain(`stat ${path}: ${words}`);
        continue;
      }
      return plain(`Error loading config file ${JSON.stringify(path)}: ${text.errno === 'EISDIR' ? 'read' : 'open'} ${path}: ${words}`);
    }
    const one = parseConfig(text.value, path);
    if ('error' in one) return plain(`Error loading config file ${JSON.stringify(path)}: ${one.error}`);
    files.push(path);
    merged.clusters = { ...one.clusters, ...merged.clusters };
    merged.users = { ...one.users, ...merged.users };
    merged.contexts = { ...one.contexts, ...merged.contexts };
    merged.origin = { ...one.origin, ...merged.origin };
    merged.currentContext ||= one.currentContext;
    merged.preferences = { ...one.preferences, ...merged.preferences };
  }
  merged.files = files;
  return done(merged);
}

export const currentContext = (config: Kubeconfig, flags: Flags): string => flags.str('context') || config.currentContext;

/** The namespace alone: it needs no good configuration. */
export function namespaceIn(config: Kubeconfig, flags: Flags): { namespace: string; given: boolean } {
  if (flags.str('namespace')) return { namespace: flags.str('namespace'), given: true };
  return { namespace: config.contexts[currentContext(config, flags)]?.['namespace'] || 'default', given: false };
}

export function* clientConfig(config: Kubeconfig, flags: Flags): Sys<Outcome<ClientConfig>> {
  const errors: string[] = [];
  const name = currentContext(config, flags);
  const context = config.contexts[name];
  if (name && !context) errors.push(`context was not found for specified context: ${name}`);
  const userName = flags.str('user') || context?.['user'] || '';
  const clusterName = flags.str('cluster') || context?.['cluster'] || '';
  if (userName && !config.users[userName]) errors.push(`auth info "${userName}" does not exist`);
  if (clusterName && !config.clusters[clusterName] && !errors.length) errors.push(`cluster "${clusterName}" does not exist`);
  const user: Obj = { ...config.users[userName] };
  const cluster: Obj = { ...config.clusters[clusterName] };
  override(user, flags, [['client-certificate'], ['client-key'], ['token'], ['username'], ['password']]);
  override(cluster, flags, [['server'], ['certificate-authority']]);
  if (flags.changed('insecure-skip-tls-verify')) {
    cluster['insecure-skip-tls-verify'] = flags.bool('insecure-skip-tls-verify');
    if (cluster['insecure-skip-tls-verify']) { delete cluster['certificate-authority']; delete cluster['certificate-authority-data']; }
  }
  if (clusterName && config.clusters[clusterName] && !cluster['server']) errors.push(`no server found for cluster "${clusterName}"`);
  const { namespace, given } = namespaceIn(config, flags);
  const ca = yield* material(cluster, 'certificate-authority', `unable to read certificate-authority FILE for ${clusterName} due to`, errors);
  const client = yield* material(user, 'client-certificate', `unable to read client-cert FILE for ${userName} due to`, errors);
  const key = yield* material(user, 'client-key', `unable to read client-key FILE for ${userName} due to`, errors);
  const insecure = cluster['insecure-skip-tls-verify'] === true;
  if (insecure && ca !== null) errors.push('specifying a root certificates file with the insecure flag is not allowed');
  if (errors.length) return failed({ is: 'config', errors });
  const timeout = parseTimeout(flags.str('request-timeout'));
  if (typeof timeout === 'string') return plain(timeout);
  let token: string = user['token'] ?? '';
  if (!token && user['tokenFile']) {
    const text = yield* call('readFile', { path: user['tokenFile'] });
    if (text.ok) token = text.value.trim();
  }
  if (client !== null && parsePem(client) === null) return plain('tls: failed to find any PEM data in certificate input');
  if (client !== null && key !== null && !/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(key)) return plain('tls: failed to find any PEM data in key input');
  const root = ca === null ? null : parsePem(ca);
  if (ca !== null && !root) return plain('unable to load root certificates: unable to parse bytes as PEM block');
  return done({
    server: cluster['server'] || 'localhost:8080', namespace, namespaceGiven: given, cert: client === null ? null : parsePem(client),
    trust: insecure ? null : root ? [root.ca] : [], token, username: user['username'] ?? '', password: user['password'] ?? '',
    as: flags.str('as') || user['as'] || '', asGroups: flags.list('as-group'), timeoutUs: timeout ?? undefined,
    secure: root !== null || client !== null || insecure, loadedFrom: config.files[0] ?? '',
  });
}

function override(entry: Obj, flags: Flags, names: readonly (readonly [string])[]): void {
  for (const [name] of names) {
    if (!flags.str(name)) continue;
    entry[name] = flags.str(name);
    delete entry[`${name}-data`];
  }
}

/** PEM text from `NAME-data` or the file `NAME`. */
function* material(entry: Obj, name: string, complaint: string, errors: string[]): Sys<string | null> {
  if (entry[`${name}-data`]) return unbase64(String(entry[`${name}-data`])) ?? '';
  const path = entry[name];
  if (!path) return null;
  const text = yield* call('readFile', { path });
  if (text.ok) return text.value;
  errors.push(`${complaint.replace('FILE', path)} open ${path}: ${strerror(text.errno).toLowerCase()}`);
  return null;
}

function parseTimeout(text: string): number | null | string {
  if (text === '' || text === '0') return null;
  if (/^\d+$/.test(text)) return Number(text) * 1_000_000;
  const m = /^(\d+)(ms|s|m|h)$/.exec(text);
  if (!m) return 'Invalid timeout value. Timeout must be a single integer in seconds, or an integer followed by a corresponding time unit (e.g. 1s | 2m | 3h)';
  return Number(m[1]) * { ms: 1e3, s: 1e6, m: 60e6, h: 3600e6 }[m[2] as 's'];
}
