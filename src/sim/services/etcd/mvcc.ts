/**
 * The v3 store: keys with revisions, leases and history, as an immutable value. A write copies one chunk
 * of sorted keys and shares the rest with every earlier version; a read never copies values. It knows
 * neither raft nor time. etcd 3.3's mvcc and lease packages.
 */
import type { Json } from '../../proc/program.ts';
import {
  type ApiError, type Compare, type DeleteRangeRequest, ERRORS, type KeyValue, type PutRequest, type RangeRequest,
  type RequestOp, type TxnRequest, type WatchEvent,
} from './api.ts';

export interface StoredEvent extends WatchEvent { revision: number }
export interface Lease { id: string; ttl: number; keys: Readonly<Record<string, true>> }

export interface Mvcc {
  revision: number; compactRevision: number;
  /** Sorted by key; each chunk sorted and not empty. */
  chunks: readonly (readonly KeyValue[])[];
  count: number;
  /** What happened since `compactRevision`, oldest first, in chunks. */
  history: readonly (readonly StoredEvent[])[];
  leases: Readonly<Record<string, Lease>>;
  /** What the database file would hold, in bytes. */
  bytes: number;
}

const CHUNK = 64;
export const NO_LEASE = '0';

export const emptyMvcc = (): Mvcc => ({ revision: 1, compactRevision: 0, chunks: [], count: 0, history: [], leases: {}, bytes: 20_480 });

/** Index of the chunk that holds `key` or would: the last whose first key is not greater. */
function chunkOf(chunks: Mvcc['chunks'], key: string): number {
  let low = 0, high = chunks.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (chunks[middle]![0]!.key <= key) low = middle; else high = middle - 1;
  }
  return low;
}

/** Position in a chunk of the first key not less than `key`. */
function placeOf(chunk: readonly KeyValue[], key: string): number {
  let low = 0, high = chunk.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (chunk[middle]!.key < key) low = middle + 1; else high = middle;
  }
  return low;
}

export function lookup(store: Mvcc, key: string): KeyValue | undefined {
  const chunk = store.chunks[chunkOf(store.chunks, key)];
  const found = chunk?.[placeOf(chunk, key)];
  return found?.key === key ? found : undefined;
}

/** Whether a key lies in a request's range. */
export const covers = (from: string, end: string | undefined, key: string): boolean =>
  end === undefined || end === '' ? key === from : key >= from && (end === '\0' || key < end);

/** The keys of a range as they are now. */
export function scan(store: Mvcc, from: string, end: string | undefined): KeyValue[] {
  if (end === undefined || end === '') {
    const one = lookup(store, from);
    return one ? [one] : [];
  }
  const out: KeyValue[] = [];
  for (let c = chunkOf(store.chunks, from); c < store.chunks.length; c++) {
    const chunk = store.chunks[c]!;
    for (let i = out.length ? 0 : placeOf(chunk, from); i < chunk.length; i++) {
      const kv = chunk[i]!;
      if (end !== '\0' && kv.key >= end) return out;
      out.push(kv);
    }
  }
  return out;
}

/** The keys of a range as they were: later events undone, newest first. */
function scanAt(store: Mvcc, from: string, end: string | undefined, revision: number): KeyValue[] {
  const was = new Map<string, KeyValue | null>();
  for (const kv of scan(store, from, end)) was.set(kv.key, kv);
  for (let c = store.history.length - 1; c >= 0; c--) {
    const chunk = store.history[c]!;
    for (let i = chunk.length - 1; i >= 0; i--) {
      const event = chunk[i]!;
      if (event.revision <= revision) { c = 0; break; }
      if (covers(from, end, event.kv.key)) was.set(event.kv.key, event.prevKv ?? null);
    }
  }
  return [...was.values()].filter((kv) => kv !== null).sort((a, b) => (a.key < b.key ? -1 : 1));
}

export interface Ranged { kvs: readonly KeyValue[]; more: boolean; count: number }

const SORTERS: Readonly<Record<string, (kv: KeyValue) => string | number>> = {
  KEY: (kv) => kv.key, VERSION: (kv) => kv.version, CREATE: (kv) => kv.createRevision, MOD: (kv) => kv.modRevision, VALUE: (kv) => plain(kv.value),
};
const plain = (value: Json): string => (typeof value === 'string' ? value : JSON.stringify(value));

export function range(store: Mvcc, request: RangeRequest): Ranged | ApiError {
  const { key, rangeEnd, revision, limit } = request;
  if (revision && revision > store.revision) return ERRORS.futureRevision;
  if (revision && revision < store.compactRevision) return ERRORS.compacted;
  let kvs = revision && revision < store.revision ? scanAt(store, key, rangeEnd, revision) : scan(store, key, rangeEnd);
  const count = kvs.length;
  if (request.countOnly) return { kvs: [], more: false, count };
  if (request.sortOrder && request.sortOrder !== 'NONE') {
    const by = SORTERS[request.sortTarget ?? 'KEY']!;
    const sign = request.sortOrder === 'DESCEND' ? -1 : 1;
    kvs = [...kvs].sort((a, b) => (by(a) < by(b) ? -sign : by(a) > by(b) ? sign : 0));
  }
  const more = limit !== undefined && limit > 0 && kvs.length > limit;
  if (more) kvs = kvs.slice(0, limit);
  if (request.keysOnly) kvs = kvs.map((kv) => ({ ...kv, value: '' }));
  return { kvs, more, count };
}

/** One write in progress: the store so far, the revision it will have and what it did. */
interface Writing { store: Mvcc; revision: number; events: StoredEvent[] }

const sizeOfValue = (value: Json): number => (typeof value === 'string' ? value.length : 900);

function insert(chunks: Mvcc['chunks'], kv: KeyValue): { chunks: Mvcc['chunks']; added: boolean } {
  if (!chunks.length) return { chunks: [[kv]], added: true };
  const at = chunkOf(chunks, kv.key);
  const chunk = chunks[at]!;
  const place = placeOf(chunk, kv.key);
  const out = chunks.slice();
  if (chunk[place]?.key === kv.key) {
    const copy = chunk.slice();
    copy[place] = kv;
    out[at] = copy;
    return { chunks: out, added: false };
  }
  const wider = [...chunk.slice(0, place), kv, ...chunk.slice(place)];
  if (wider.length > CHUNK) out.splice(at, 1, wider.slice(0, CHUNK / 2), wider.slice(CHUNK / 2));
  else out[at] = wider;
  return { chunks: out, added: true };
}

function erase(chunks: Mvcc['chunks'], key: string): Mvcc['chunks'] {
  const at = chunkOf(chunks, key);
  const rest = chunks[at]!.filter((kv) => kv.key !== key);
  const out = chunks.slice();
  if (rest.length) out[at] = rest; else out.splice(at, 1);
  return out;
}

function put(w: Writing, request: PutRequest): { prev: KeyValue | undefined } | ApiError {
  const prev = lookup(w.store, request.key);
  if ((request.ignoreValue || request.ignoreLease) && !prev) return ERRORS.keyNotFound;
  const lease = request.ignoreLease ? prev!.lease : request.lease || NO_LEASE;
  if (lease !== NO_LEASE && !w.store.leases[lease]) return ERRORS.leaseNotFound;
  const value = request.ignoreValue ? prev!.value : request.value;
  const kv: KeyValue = { key: request.key, value, createRevision: prev?.createRevision ?? w.revision, modRevision: w.revision, version: (prev?.version ?? 0) + 1, lease };
  const { chunks, added } = insert(w.store.chunks, kv);
  let { leases } = w.store;
  if (prev && prev.lease !== lease) leases = detach(leases, prev.lease, kv.key);
  if (lease !== NO_LEASE && prev?.lease !== lease) leases = { ...leases, [lease]: { ...leases[lease]!, keys: { ...leases[lease]!.keys, [kv.key]: true } } };
  w.store = { ...w.store, chunks, leases, count: w.store.count + (added ? 1 : 0), bytes: w.store.bytes + kv.key.length + sizeOfValue(value) + 60 };
  w.events.push({ type: 'PUT', kv, ...(prev && { prevKv: prev }), revision: w.revision });
  return { prev };
}

function detach(leases: Mvcc['leases'], id: string, key: string): Mvcc['leases'] {
  const lease = leases[id];
  if (!lease) return leases;
  const { [key]: _gone, ...keys } = lease.keys;
  return { ...leases, [id]: { ...lease, keys } };
}

function remove(w: Writing, request: DeleteRangeRequest): KeyValue[] {
  const gone = scan(w.store, request.key, request.rangeEnd);
  for (const prevKv of gone) {
    const leases = prevKv.lease === NO_LEASE ? w.store.leases : detach(w.store.leases, prevKv.lease, prevKv.key);
    w.store = { ...w.store, chunks: erase(w.store.chunks, prevKv.key), count: w.store.count - 1, leases };
    const kv: KeyValue = { key: prevKv.key, value: '', createRevision: 0, modRevision: w.revision, version: 0, lease: NO_LEASE };
    w.events.push({ type: 'DELETE', kv, prevKv, revision: w.revision });
  }
  return gone;
}

/** The store with the write's events in its history; unchanged when there were none. */
function finish(before: Mvcc, w: Writing): Mvcc {
  if (!w.events.length) return before;
  const history = w.store.history.slice();
  const tail = history[history.length - 1];
  if (tail && tail.length < CHUNK) history[history.length - 1] = [...tail, ...w.events];
  else history.push(w.events);
  return { ...w.store, revision: w.revision, history };
}

const begin = (store: Mvcc): Writing => ({ store, revision: store.revision + 1, events: [] });
export const isError = (value: object): value is ApiError => 'error' in value;

/** What a write did; `store` is the new one. `body` lacks the header. */
export interface Applied { store: Mvcc; body: object; events: readonly StoredEvent[] }

export function applyPut(store: Mvcc, request: PutRequest): Applied | ApiError {
  const w = begin(store);
  const did = put(w, request);
  if (isError(did)) return did;
  return { store: finish(store, w), body: request.prevKv && did.prev ? { prevKv: did.prev } : {}, events: w.events };
}

export function applyDelete(store: Mvcc, request: DeleteRangeRequest): Applied {
  const w = begin(store);
  const gone = remove(w, request);
  return { store: finish(store, w), body: { deleted: gone.length, ...(request.prevKv && { prevKvs: gone }) }, events: w.events };
}

function holds(store: Mvcc, compare: Compare): boolean {
  const kvs = compare.rangeEnd ? scan(store, compare.key, compare.rangeEnd) : [lookup(store, compare.key)];
  return kvs.every((kv) => {
    if (!kv && compare.target === 'VALUE') return false; // there is no value to compare with
    const have: Json = compare.target === 'VALUE' ? kv!.value : compare.target === 'VERSION' ? kv?.version ?? 0
      : compare.target === 'CREATE' ? kv?.createRevision ?? 0 : compare.target === 'MOD' ? kv?.modRevision ?? 0 : kv?.lease ?? NO_LEASE;
    const [a, b] = typeof have === 'number' ? [have, Number(compare.value)] : [plain(have), plain(compare.value)];
    switch (compare.result) {
      case 'EQUAL': return a === b;
      case 'NOT_EQUAL': return a !== b;
      case 'GREATER': return a > b;
      case 'LESS': return a < b;
    }
  });
}

export function checkTxn(request: TxnRequest): ApiError | null {
  for (const ops of [request.success, request.failure]) {
    const keys = new Set<string>();
    for (const { put: write } of ops) {
      if (!write) continue;
      if (keys.has(write.key)) return ERRORS.duplicateKey;
      keys.add(write.key);
    }
  }
  return null;
}

export const writes = (ops: readonly RequestOp[]): boolean => ops.some((op) => op.put || op.deleterange);

export function applyTxn(store: Mvcc, request: TxnRequest, header: (revision: number) => object): Applied | ApiError {
  const succeeded = request.compare.every((compare) => holds(store, compare));
  const w = begin(store);
  const responses: object[] = [];
  for (const op of succeeded ? request.success : request.failure) {
    const revision = w.events.length ? w.revision : store.revision;
    if (op.range) {
      const got = range(finish(store, { ...w, events: [...w.events] }), op.range);
      if (isError(got)) return got;
      responses.push({ range: { header: header(revision), ...got } });
    } else if (op.put) {
      const did = put(w, op.put);
      if (isError(did)) return did;
      responses.push({ put: { header: header(w.revision), ...(op.put.prevKv && did.prev && { prevKv: did.prev }) } });
    } else if (op.deleterange) {
      const gone = remove(w, op.deleterange);
      responses.push({ deleterange: { header: header(w.revision), deleted: gone.length, ...(op.deleterange.prevKv && { prevKvs: gone }) } });
    }
  }
  return { store: finish(store, w), body: { succeeded, responses }, events: w.events };
}

export function applyCompact(store: Mvcc, revision: number): Mvcc | ApiError {
  if (revision <= store.compactRevision) return ERRORS.compacted;
  if (revision > store.revision) return ERRORS.futureRevision;
  const history = store.history.filter((chunk) => chunk[chunk.length - 1]!.revision > revision);
  return { ...store, compactRevision: revision, history };
}

export function applyGrant(store: Mvcc, id: string, ttl: number): Mvcc | ApiError {
  if (store.leases[id]) return ERRORS.leaseExists;
  return { ...store, leases: { ...store.leases, [id]: { id, ttl, keys: {} } } };
}

/** Revoking a lease deletes its keys in one revision. */
export function applyRevoke(store: Mvcc, id: string): Applied | ApiError {
  const lease = store.leases[id];
  if (!lease) return ERRORS.leaseNotFound;
  const w = begin(store);
  for (const key of Object.keys(lease.keys).sort()) remove(w, { key });
  const after = finish(store, w);
  const { [id]: _gone, ...leases } = after.leases;
  return { store: { ...after, leases }, body: {}, events: w.events };
}

/** Events of a range from a revision on: what a watch that starts in the past is told first. */
export function eventsFrom(store: Mvcc, from: string, end: string | undefined, revision: number): StoredEvent[] {
  const out: StoredEvent[] = [];
  for (const chunk of store.history) {
    if (chunk[chunk.length - 1]!.revision < revision) continue;
    for (const event of chunk) if (event.revision >= revision && covers(from, end, event.kv.key)) out.push(event);
  }
  return out;
}
