/**
 * What a request asks for: its path and query as verb, resource, namespace, name, subresource. It knows
 * no object. k8s.io/apiserver/pkg/endpoints/request/requestinfo.go v1.14.
 */
import type { Certificate, HttpRequest } from '../../proc/http.ts';
import type { Json } from '../../proc/program.ts';
import type { Fd } from '../../proc/syscalls.ts';
import type { Us } from '../../engine/time.ts';
import type { EtcdClient } from '../etcd/client.ts';
import type { Resource } from '../../kube/kinds.ts';
import type { Held } from './held.ts';

export interface User { readonly name: string; readonly groups: readonly string[]; readonly uid?: string }

export interface Options {
  readonly address: string; readonly port: number; readonly clusterIpRange: string; readonly nodePorts: readonly [number, number];
  readonly etcd: EtcdClient; readonly cert: Certificate | null; readonly clientCa: string | null; readonly kubeletCert: Certificate | null; readonly kubeletCa: string | null;
  readonly serviceAccountKey: string; readonly plugins: readonly string[]; readonly authorization: readonly string[]; readonly anonymous: boolean;
  readonly eventTtl: number; readonly audit: { readonly path: string; readonly level: string; readonly resources: readonly string[] } | null;
}

export interface Query { readonly [name: string]: readonly string[] }

/** A request on its way through the server. */
export interface Context {
  readonly options: Options; readonly held: Held; readonly now: Us; readonly user: User; readonly http: HttpRequest;
  readonly path: string; readonly query: Query; readonly fd: Fd; readonly peer: string; readonly info: Info;
}

/** What the path says. `resource` null: no resource path. */
export interface Info {
  readonly verb: string; readonly gv: string; readonly plural: string; readonly namespace: string; readonly name: string; readonly sub: string;
  /** Below a proxy subresource. */
  readonly rest: string; readonly resourcePath: boolean;
}

export const one = (query: Query, name: string): string | undefined => query[name]?.[0];
export const flag = (query: Query, name: string): boolean => { const v = one(query, name); return v === 'true' || v === '1'; };

const unescape = (text: string): string => {
  if (!text.includes('%') && !text.includes('+')) return text;
  try { return decodeURIComponent(text.replace(/\+/g, ' ')); } catch { return text; }
};

const NO_QUERY: Query = {};
export function splitPath(raw: string): { path: string; query: Query } {
  const at = raw.indexOf('?');
  if (at < 0) return { path: raw, query: NO_QUERY };
  const query: Record<string, string[]> = {};
  for (const pair of raw.slice(at + 1).split('&')) {
    if (!pair) continue;
    const eq = pair.indexOf('=');
    (query[unescape(eq < 0 ? pair : pair.slice(0, eq))] ??= []).push(eq < 0 ? '' : unescape(pair.slice(eq + 1)));
  }
  return { path: raw.slice(0, at), query };
}

const VERBS: Readonly<Record<string, string>> = { POST: 'create', GET: 'get', HEAD: 'get', PUT: 'update', PATCH: 'patch', DELETE: 'delete' };

export function parseInfo(method: string, path: string, query: Query): Info {
  const verb = VERBS[method] ?? method.toLowerCase();
  const none: Info = { verb, gv: '', plural: '', namespace: '', name: '', sub: '', rest: '', resourcePath: false };
  const parts = path.split('/').filter(Boolean).map(unescape);
  let gv: string;
  let rest: string[];
  if (parts[0] === 'api' && parts.length > 2) [gv, rest] = [parts[1]!, parts.slice(2)];
  else if (parts[0] === 'apis' && parts.length > 3) [gv, rest] = [`${parts[1]}/${parts[2]}`, parts.slice(3)];
  else return none;
  let watching = flag(query, 'watch');
  if (rest[0] === 'watch') {
    watching = true;
    rest = rest.slice(1);
  }
  let namespace = '';
  if (rest[0] === 'namespaces' && rest.length > 1) {
    namespace = rest[1]!;
    const isSub = rest[2] === 'status' || rest[2] === 'finalize';
    if (rest.length > 2 && !isSub) rest = rest.slice(2);
  }
  const [plural = '', name = '', sub = '', ...below] = rest;
  const field = name ? undefined : /(?:^|,)metadata\.name=([^,]+)/.exec(one(query, 'fieldSelector') ?? '')?.[1];
  const listed = verb === 'get' && !name ? (watching ? 'watch' : 'list') : verb === 'get' && watching ? 'watch' : verb === 'delete' && !name ? 'deletecollection' : verb;
  return { verb: listed, gv, plural, namespace, name: name || (listed === 'list' || listed === 'watch' ? field ?? '' : ''), sub, rest: below.join('/'), resourcePath: true };
}

/** Whether a list or watch names one object by its field selector: then `name` is not in the path. */
export const inPath = (info: Info): boolean => info.name !== '' && info.verb !== 'list' && info.verb !== 'watch' && info.verb !== 'deletecollection';

export interface Answer { readonly status: number; readonly body: Json; readonly stream?: boolean; readonly headers?: Readonly<Record<string, string>> }
export const ok = (body: unknown, status = 200): Answer => ({ status, body: body as Json });

export type Located = { readonly resource: Resource; readonly gv: string };
