/**
 * Objects in etcd: keys, reads, conditional writes, and the forms in which the group-versions show them.
 * It keeps little between requests: the lease of the last events, and what hangs on the stored values themselves.
 * k8s.io/apiserver/pkg/storage/etcd3 v1.14.
 */
import { seconds } from '../../engine/time.ts';
import type { Json, Sys } from '../../proc/program.ts';
import { call } from '../../proc/syscalls.ts';
import { prefixEnd, type KeyValue, type RequestOp } from '../etcd/api.ts';
import { etcdLeaseGrant, etcdRange, etcdTxn, type EtcdResult } from '../etcd/client.ts';
import { pathOf, type Resource } from '../../kube/kinds.ts';
import { type Failure, internal, isFailure, timedOut } from '../../kube/status.ts';
import type { Obj } from '../../kube/types.ts';
import type { Options } from './request.ts';
import { convert } from './convert.ts';

/** As long as a request may take: the server's own limit of 60 s. */
const REQUEST_US = seconds(60);

export const prefixOf = (resource: Resource, namespace = ''): string => `/registry/${resource.prefix}/${namespace ? `${namespace}/` : ''}`;
export const keyOf = (resource: Resource, namespace: string, name: string): string => `${prefixOf(resource, resource.namespaced ? namespace : '')}${name}`;

/** An error of etcd as clients of the API see it. */
export const etcdFailure = (error: string): Failure =>
  error === 'context deadline exceeded' ? timedOut('the server was unable to return a response in the time allotted, but may still be processing the request')
    : internal(error.startsWith('etcdserver: ') ? error : `rpc error: code = Unavailable desc = ${error}`);

export interface Stored { readonly value: Obj; readonly version: number }
const storedOf = (kv: KeyValue): Stored => ({ value: kv.value as unknown as Obj, version: kv.modRevision });

/** Decoded forms by stored value: an object is immutable, so a form of it is too. */
const forms = new WeakMap<Obj, Map<string, Obj>>();

/** An object as a group-version serves it, with its version and link. */
export function shown(resource: Resource, gv: string, stored: Stored): Obj {
  let byForm = forms.get(stored.value);
  if (!byForm) {
    byForm = new Map();
    forms.set(stored.value, byForm);
  }
  const id = `${gv} ${stored.version}`;
  let obj = byForm.get(id);
  if (!obj) {
    const inner = convert(resource, stored.value, gv);
    const { metadata } = inner;
    obj = { ...inner, apiVersion: gv, metadata: { ...metadata, selfLink: pathOf(gv, resource.plural, metadata.namespace, metadata.name), resourceVersion: String(stored.version) } };
    byForm.set(id, obj);
  }
  return obj;
}

/** What is kept: without the fields that reading adds. */
export function kept(resource: Resource, obj: Obj): Obj {
  const gv = resource.served[0]!;
  const inner = convert(resource, obj, gv);
  const { resourceVersion: _version, selfLink: _link, ...metadata } = inner.metadata;
  return { ...inner, kind: resource.kind, apiVersion: gv, metadata };
}

export interface Listed { readonly items: readonly Stored[]; readonly version: number; readonly more: string; readonly remaining: number }

export function* getStored(options: Options, key: string, serializable = false): Sys<Stored | null | Failure> {
  const got = yield* etcdRange(options.etcd, { key, ...(serializable ? { serializable } : {}) }, REQUEST_US);
  if (!got.ok) return etcdFailure(got.error);
  const kv = got.value.kvs[0];
  return kv ? storedOf(kv) : null;
}

/** `from`: the key to go on after; `revision`: of the list that is being continued. */
export function* listStored(options: Options, prefix: string, o: { limit?: number; from?: string; revision?: number; serializable?: boolean } = {}): Sys<Listed | Failure> {
  const got = yield* etcdRange(options.etcd, {
    key: o.from ? `${o.from}\0` : prefix, rangeEnd: prefixEnd(prefix), ...(o.limit ? { limit: o.limit } : {}), ...(o.revision ? { revision: o.revision } : {}),
    ...(o.serializable ? { serializable: true } : {}),
  }, REQUEST_US);
  if (!got.ok) return etcdFailure(got.error);
  const { kvs, more, header, count } = got.value;
  return { items: kvs.map(storedOf), version: o.revision ?? header.revision, more: more && kvs.length ? kvs[kvs.length - 1]!.key : '', remaining: more ? count - kvs.length : 0 };
}

type Written = { readonly written: true; readonly stored: Stored } | { readonly written: false; readonly now: Stored | null };

function* transact(options: Options, key: string, compare: { target: 'VERSION' | 'MOD'; value: number }, op: RequestOp): Sys<{ ok: true; revision: number } | { ok: false; now: Stored | null } | Failure> {
  const got: EtcdResult<import('../etcd/api.ts').TxnResponse> = yield* etcdTxn(options.etcd, {
    compare: [{ key, target: compare.target, result: 'EQUAL', value: compare.value }], success: [op], failure: [{ range: { key } }],
  }, REQUEST_US);
  if (!got.ok) return etcdFailure(got.error);
  if (got.value.succeeded) {
    // The outer header may already tell of later writes; the operation's own is the write's.
    const [done] = got.value.responses;
    return { ok: true, revision: (done?.put ?? done?.deleterange)?.header.revision ?? got.value.header.revision };
  }
  const kv = got.value.responses[0]?.range?.kvs[0];
  return { ok: false, now: kv ? storedOf(kv) : null };
}

/** A lease is used again for this long, and lives so much longer (etcd3/lease_manager.go: 60 s, at most 5 %). */
const LEASE_REUSE_SECONDS = 60, LEASE_REUSE_PART = 0.05;
const LEASE = 'event-lease';

/** Events hang on a lease and go when it ends; those of a minute share one. */
function* leaseFor(options: Options, resource: Resource): Sys<string | undefined> {
  const ttl = options.eventTtl;
  if (resource.plural !== 'events' || ttl <= 0) return undefined;
  const reuse = Math.min(LEASE_REUSE_SECONDS, Math.floor(LEASE_REUSE_PART * ttl));
  const now = yield* call('now', {});
  const at = now.ok ? now.value.real : 0;
  const got = yield* call('memGet', { key: LEASE });
  const known = (got.ok ? got.value : null) as { id: string; endsAt: number } | null;
  if (known && at + seconds(ttl) < known.endsAt && at + seconds(ttl + reuse) > known.endsAt) return known.id;
  const lease = yield* etcdLeaseGrant(options.etcd, ttl + reuse, REQUEST_US);
  if (!lease.ok) return undefined;
  yield* call('memSet', { key: LEASE, value: { id: lease.value.id, endsAt: at + seconds(ttl + reuse) } });
  return lease.value.id;
}

/** Puts an object under a key that must be free. */
export function* createStored(options: Options, resource: Resource, key: string, obj: Obj): Sys<Written | Failure> {
  const value = kept(resource, obj);
  const lease = yield* leaseFor(options, resource);
  const done = yield* transact(options, key, { target: 'VERSION', value: 0 }, { put: { key, value: value as unknown as Json, ...(lease ? { lease } : {}) } });
  if (isFailure(done)) return done;
  return done.ok ? { written: true, stored: { value, version: done.revision } } : { written: false, now: done.now };
}

/** Replaces an object if it still has the version. */
export function* updateStored(options: Options, resource: Resource, key: string, obj: Obj, version: number): Sys<Written | Failure> {
  const value = kept(resource, obj);
  const lease = yield* leaseFor(options, resource);
  const done = yield* transact(options, key, { target: 'MOD', value: version }, { put: { key, value: value as unknown as Json, ...(lease ? { lease } : {}) } });
  if (isFailure(done)) return done;
  return done.ok ? { written: true, stored: { value, version: done.revision } } : { written: false, now: done.now };
}

export function* deleteStored(options: Options, key: string, version: number): Sys<{ written: true; version: number } | { written: false; now: Stored | null } | Failure> {
  const done = yield* transact(options, key, { target: 'MOD', value: version }, { deleterange: { key } });
  if (isFailure(done)) return done;
  return done.ok ? { written: true, version: done.revision } : { written: false, now: done.now };
}
