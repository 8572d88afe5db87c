/**
 * The cluster's services as a host asks them: names are looked up at Planet's own server on 127.0.0.2,
 * requests carry the node's certificates.
 */
import { seconds } from '../engine/time.ts';
import { parsePem } from '../proc/certificate.ts';
import { fetchOnce, goError, parseUrl, type Certificate } from '../proc/http.ts';
import type { Json, Sys } from '../proc/program.ts';
import { query } from '../proc/resolver.ts';
import { call } from '../proc/syscalls.ts';
import { STATE_DIR } from './layout/paths.ts';

export interface Answer { readonly status: number; readonly body: Json }
export type Asked = { readonly ok: true; readonly value: Answer } | { readonly ok: false; readonly error: string };

export interface AskOptions { readonly method?: string; readonly body?: Json; readonly timeoutUs?: number; readonly headers?: Readonly<Record<string, string>>; readonly secrets?: string; readonly cert?: string }

export function* readCertificate(path: string): Sys<Certificate | null> {
  const text = yield* call('readFile', { path });
  return text.ok ? parsePem(text.value) : null;
}

const DNS = '127.0.0.2';

/** A URL whose host only the cluster's DNS knows, or an address. */
export function* ask(url: string, options: AskOptions = {}): Sys<Asked> {
  const target = parseUrl(url);
  if (!target) return { ok: false, error: `parse ${url}: invalid URL` };
  const method = options.method ?? 'GET';
  const verb = method.charAt(0) + method.slice(1).toLowerCase();
  let connectTo: string | undefined;
  if (!/^[\d.]+$/.test(target.host) && target.host !== 'localhost') {
    const found = yield* query(DNS, 53, target.host, 'A', seconds(5));
    const address = found.ok ? found.answer.answers.find((record) => record.type === 'A')?.data : undefined;
    if (!address) {
      const reason = found.ok ? 'no such host' : found.reason === 'no such host' || found.reason === 'server misbehaving' ? found.reason : `read udp ${DNS}:53: ${found.reason}`;
      return { ok: false, error: `${verb} ${url}: dial tcp: lookup ${target.host} on ${DNS}:53: ${reason}` };
    }
    connectTo = address;
  }
  const secrets = options.secrets ?? `${STATE_DIR}/secrets`;
  // Regular nodes have no kubectl certificate: they speak as themselves.
  const cert = (yield* readCertificate(`${secrets}/${options.cert ?? 'kubectl'}.cert`)) ?? (yield* readCertificate(`${secrets}/kubelet.cert`));
  const got = yield* fetchOnce(url, {
    method, timeoutUs: options.timeoutUs ?? seconds(30), cert, trust: null, ...(options.body === undefined ? {} : { body: options.body }),
    ...(options.headers ? { headers: options.headers } : {}), ...(connectTo ? { connectTo } : {}),
  });
  if (!got.ok) return { ok: false, error: `${verb} ${url}: ${goError(got.error)}` };
  return { ok: true, value: { status: got.response.status, body: got.response.body } };
}

const KUBE = 'https://leader.telekube.local:6443';
const SITE = 'https://gravity-site.kube-system.svc.cluster.local:3009';

/** The API server; an error status is an error with the server's message. */
export function* kube(path: string, options: AskOptions = {}): Sys<Asked> {
  const got = yield* ask(`${KUBE}${path}`, options);
  if (!got.ok || got.value.status < 300) return got;
  const { status, body } = got.value;
  const message = (body as { message?: string } | null)?.message;
  return { ok: false, error: message ?? `the server responded with the status code ${status}` };
}

/** The active gravity-site. */
export function* site(path: string, options: AskOptions = {}): Sys<Asked> {
  const got = yield* ask(`${SITE}${path}`, options);
  return got.ok ? judged(got) : got;
}

/** trace's errors in a body become errors. */
export function judged(got: Extract<Asked, { ok: true }>): Asked {
  const { status, body } = got.value;
  if (status < 300) return got;
  const message = (body as { error?: { message?: string } } | null)?.error?.message;
  // What is no error of trace's is shown as it came.
  return { ok: false, error: message ?? (body === null ? `unexpected response: ${status}` : typeof body === 'string' ? body : JSON.stringify(body)) };
}

export const NO_CLUSTER = 'No Gravity cluster detected. This failure could happen during failover, try again. Execute this command locally on one of the cluster nodes.';

/** What commands that need the controller test first. */
export function* controllerAnswers(): Sys<boolean> {
  const got = yield* ask(`${SITE}/healthz`, { timeoutUs: seconds(5) });
  return got.ok && got.value.status === 200;
}

// --- Kubernetes objects

interface Named { readonly apiVersion: string; readonly kind: string; readonly metadata: { readonly name: string; readonly namespace?: string } }

const CLUSTER_WIDE = new Set(['Namespace', 'Node', 'ClusterRole', 'ClusterRoleBinding', 'PodSecurityPolicy', 'PersistentVolume', 'StorageClass', 'CustomResourceDefinition', 'APIService', 'PriorityClass']);

const plural = (kind: string): string => {
  const word = kind.toLowerCase();
  if (word === 'endpoints') return word;
  return word.endsWith('y') ? `${word.slice(0, -1)}ies` : word.endsWith('s') ? `${word}es` : `${word}s`;
};

/** The path of an object's collection. */
export function collectionPath({ apiVersion, kind, metadata }: Named): string {
  const base = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  return `${base}${CLUSTER_WIDE.has(kind) ? '' : `/namespaces/${metadata.namespace ?? 'default'}`}/${plural(kind)}`;
}

/** Creates objects; what is there already is replaced. The first error, or null. */
export function* apply(objects: readonly Named[], options: AskOptions = {}): Sys<string | null> {
  for (const object of objects) {
    const path = collectionPath(object);
    const made = yield* ask(`${KUBE}${path}`, { ...options, method: 'POST', body: object as unknown as Json });
    if (!made.ok) return made.error;
    if (made.value.status < 300) continue;
    // Accounts carry their tokens' names, a namespace its finalizers.
    if (made.value.status === 409 && (object.kind === 'ServiceAccount' || object.kind === 'Namespace')) continue;
    const refused = (made.value.body as { message?: string } | null)?.message ?? `${made.value.status}`;
    // A service that is there has its address already: the server finds that first.
    if (made.value.status !== 409 && object.kind !== 'Service') return refused;
    const there = yield* kube(`${path}/${object.metadata.name}`, options);
    if (!there.ok) return made.value.status === 409 ? there.error : refused;
    const old = there.value.body as { metadata: { resourceVersion?: string }; spec?: { clusterIP?: string } };
    const kept = object.kind === 'Service' && old.spec?.clusterIP ? { spec: { ...(object as unknown as { spec: object }).spec, clusterIP: old.spec.clusterIP } } : {};
    const body = { ...object, ...kept, metadata: { ...object.metadata, resourceVersion: old.metadata.resourceVersion } };
    const put = yield* kube(`${path}/${object.metadata.name}`, { ...options, method: 'PUT', body: body as unknown as Json });
    if (!put.ok) return put.error;
  }
  return null;
}

/** Repeats until it answers true, or the time is up. */
export function* waitFor(condition: () => Sys<boolean>, timeoutUs: number, everyUs: number = seconds(2)): Sys<boolean> {
  for (let waited = 0; ; waited += everyUs) {
    if (yield* condition()) return true;
    if (waited >= timeoutUs) return false;
    yield* call('sleep', { us: everyUs });
  }
}
