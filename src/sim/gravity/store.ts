/**
 * Gravity's backend in etcd: reads all of it in one request, writes a record at a time. Values are JSON
 * text, as the real backend's are.
 */
import { seconds } from '../engine/time.ts';
import type { Json, Sys } from '../proc/program.ts';
import { call } from '../proc/syscalls.ts';
import type { V2Event, V2Node } from '../services/etcd/api.ts';
import { etcdClient, etcdV2, type EtcdClient, type V2Options, type V2Patience } from '../services/etcd/client.ts';
import type { Plan } from './plan.ts';
import { LEADER_KEY, operationKey, planKey, ROOT_KEY, siteKey, type OperationRecord, type SiteRecord, type Snapshot, type TokenRecord, type UserRecord } from './state.ts';

export type Stored<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: string };

/** Certificates lie in `secrets`: /var/lib/gravity/secrets on a host, /var/state in Planet. */
export const openStore = (secrets: string): Sys<EtcdClient> =>
  etcdClient(['https://127.0.0.1:2379'], { certFile: `${secrets}/etcd.cert`, caFile: `${secrets}/root.cert` });

const PATIENCE: V2Patience = { totalUs: seconds(5), headerUs: seconds(5) };

/** `agreed`: what a majority has, not what this member happens to know yet. */
export function* readAll(store: EtcdClient, patience: V2Patience = PATIENCE, agreed = false): Sys<Stored<Snapshot>> {
  const got = yield* etcdV2(store, 'GET', ROOT_KEY, { recursive: true, sorted: true, ...(agreed ? { quorum: true } : {}) }, undefined, patience);
  if (!got.ok) return got;
  if (got.value.status === 404) return { ok: true, value: EMPTY };
  const root = (got.value.body as unknown as V2Event).node;
  return { ok: true, value: snapshotOf(flatten(root)) };
}

const EMPTY: Snapshot = { site: null, operations: [], plans: {}, tokens: [], heartbeats: [], users: [], leader: null };

function flatten(node: V2Node, into: Map<string, string> = new Map()): Map<string, string> {
  if (node.value !== undefined) into.set(node.key, node.value);
  for (const child of node.nodes ?? []) flatten(child, into);
  return into;
}

function parse<T>(text: string): T | null {
  try { return JSON.parse(text) as T; } catch { return null; }
}

function snapshotOf(values: ReadonlyMap<string, string>): Snapshot {
  let site: SiteRecord | null = null;
  const operations: OperationRecord[] = [];
  const plans: Record<string, Plan> = {};
  const tokens: TokenRecord[] = [];
  const users: UserRecord[] = [];
  for (const [key, text] of values) {
    const parts = key.slice(ROOT_KEY.length + 1).split('/');
    if (parts[0] === 'sites' && parts[2] === 'site') site = parse<SiteRecord>(text) ?? site;
    else if (parts[4] === 'operation') { const record = parse<OperationRecord>(text); if (record) operations.push(record); }
    else if (parts[4] === 'plan') { const plan = parse<Plan>(text); if (plan) plans[parts[3]!] = plan; }
    else if (parts[0] === 'tokens') { const token = parse<TokenRecord>(text); if (token) tokens.push(token); }
    else if (parts[0] === 'users') { const user = parse<UserRecord>(text); if (user) users.push(user); }
  }
  operations.sort((a, b) => b.created - a.created || (a.id < b.id ? -1 : 1));
  return { site, operations, plans, tokens, users, heartbeats: [], leader: values.get(LEADER_KEY) ?? null };
}

export function* put(store: EtcdClient, key: string, value: Json, options: V2Options = {}, patience: V2Patience = PATIENCE): Sys<Stored<null>> {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  const got = yield* etcdV2(store, 'PUT', key, options, text, patience);
  if (!got.ok) return got;
  if (got.value.status >= 300) return { ok: false, error: errorText(got.value.body) };
  return { ok: true, value: null };
}

export function* drop(store: EtcdClient, key: string, options: V2Options = {}): Sys<Stored<null>> {
  const got = yield* etcdV2(store, 'DELETE', key, options, undefined, PATIENCE);
  if (!got.ok) return got;
  return got.value.status < 300 || got.value.status === 404 ? { ok: true, value: null } : { ok: false, error: errorText(got.value.body) };
}

function errorText(body: Json): string {
  const error = body as { errorCode?: number; message?: string; cause?: string; index?: number } | null;
  return error?.message ? `${error.errorCode}: ${error.message} (${error.cause}) [${error.index}]` : 'unexpected response';
}

export const putSite = (store: EtcdClient, site: SiteRecord): Sys<Stored<null>> => put(store, siteKey(site.domain), site as unknown as Json);
export const putOperation = (store: EtcdClient, cluster: string, operation: OperationRecord): Sys<Stored<null>> =>
  put(store, operationKey(cluster, operation.id), operation as unknown as Json);
export const putPlan = (store: EtcdClient, plan: Plan, patience?: V2Patience): Sys<Stored<null>> =>
  put(store, planKey(plan.cluster, plan.operationId), plan as unknown as Json, {}, patience);

/** A version 4 UUID from the caller's chance. */
export function* newUuid(): Sys<string> {
  let hex = '';
  for (let i = 0; i < 8; i++) {
    const got = yield* call('random', { below: 65_536 });
    hex += (got.ok ? got.value : 0).toString(16).padStart(4, '0');
  }
  const variant = '89ab'[parseInt(hex[16]!, 16) % 4]!;
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20)}`;
}
