/**
 * The v2 store: a tree of directories and values with times to live, indices and a short history for
 * those who wait, as an immutable value. Times are the host's clock in microseconds since 1970. It knows
 * neither raft nor HTTP. etcd 3.3's store package.
 */
import type { Us } from '../../engine/time.ts';
import type { V2Error, V2Event, V2Node } from './api.ts';
import { rfc3339 } from './calendar.ts';

export interface V2Entry {
  created: number; modified: number; expires: Us | null; value: string;
  children: Readonly<Record<string, V2Entry>> | null;
}

/** An event of the history: what clients are shown, where, and whether it took a whole directory away. */
export interface V2Change { index: number; path: string; action: string; node: V2Shown; prev: V2Shown | null; dirGone: boolean; refresh?: boolean }
/** A node as it was at an event; `expires` becomes `ttl` when it is shown. */
export interface V2Shown { path: string; dir: boolean; value: string | null; created: number; modified: number; expires: Us | null }

export interface V2Store {
  index: number; root: V2Entry;
  /** The last thousand changes. */
  history: readonly V2Change[];
  /** Path → when it expires, of every node that does. */
  expiring: Readonly<Record<string, Us>>;
}

export const emptyV2 = (): V2Store => ({ index: 0, root: { created: 0, modified: 0, expires: null, value: '', children: {} }, history: [], expiring: {} });

const HISTORY = 1_000;

/** What a request asks of the store, with its time to live already a moment. */
export interface V2Request {
  method: 'PUT' | 'POST' | 'DELETE'; path: string; value: string; dir: boolean; recursive: boolean;
  prevExist: boolean | null; prevValue: string; prevIndex: number; expires: Us | null; refresh: boolean;
}

const MESSAGES: Readonly<Record<number, string>> = {
  100: 'Key not found', 101: 'Compare failed', 102: 'Not a file', 104: 'Not a directory', 105: 'Key already exists', 107: 'Root is read only',
  108: 'Directory not empty', 201: 'PrevValue is Required in POST form', 202: 'The given TTL in POST form is not a number', 203: 'The given index in POST form is not a number',
  209: 'Invalid field', 210: 'Invalid POST form', 300: 'Raft Internal Error', 301: 'During Leader Election', 400: 'watcher is cleared due to etcd recovery',
  401: 'The event in requested index is outdated and cleared',
};
export const v2Error = (code: number, cause: string, index: number): V2Error => ({ errorCode: code, message: MESSAGES[code] ?? '', cause, index });
export const isV2Error = (value: object): value is V2Error => 'errorCode' in value;

/** '/a//b/' → '/a/b'. */
export const cleanPath = (path: string): string => `/${path.split('/').filter((part) => part && part !== '.').join('/')}`;

const partsOf = (path: string): string[] => path.split('/').filter(Boolean);
const isHidden = (name: string): boolean => name.startsWith('_');

/** The node at a path, or the error that the walk meets: the first part that is missing is named. */
export function find(store: V2Store, path: string): V2Entry | V2Error {
  let at = store.root;
  let here = '';
  for (const part of partsOf(path)) {
    if (!at.children) return v2Error(104, here || '/', store.index);
    here += `/${part}`;
    const next = at.children[part];
    if (!next) return v2Error(100, here, store.index);
    at = next;
  }
  return at;
}

const shown = (path: string, node: V2Entry): V2Shown => ({ path, dir: node.children !== null, value: node.children ? null : node.value, created: node.created, modified: node.modified, expires: node.expires });

/** A node as JSON shows it: fields in Go's order, empty ones left out. */
export function show(node: V2Shown, now: Us, nodes?: readonly V2Node[]): V2Node {
  const out: Record<string, unknown> = {};
  if (node.path !== '/') out['key'] = node.path;
  if (!node.dir && node.value !== null) out['value'] = node.value;
  if (node.dir) out['dir'] = true;
  if (node.expires !== null) {
    out['expiration'] = rfc3339(node.expires);
    out['ttl'] = Math.ceil((node.expires - now) / 1_000_000);
  }
  if (nodes?.length) out['nodes'] = nodes;
  if (node.modified) out['modifiedIndex'] = node.modified;
  if (node.created) out['createdIndex'] = node.created;
  return out as unknown as V2Node;
}

function tree(path: string, node: V2Entry, depth: number, now: Us): V2Node {
  if (!node.children || depth === 0) return show(shown(path, node), now);
  const names = Object.keys(node.children).filter((name) => !isHidden(name)).sort();
  return show(shown(path, node), now, names.map((name) => tree(path === '/' ? `/${name}` : `${path}/${name}`, node.children![name]!, depth - 1, now)));
}

export function get(store: V2Store, path: string, recursive: boolean, now: Us): V2Event | V2Error {
  const found = find(store, path);
  return isV2Error(found) ? found : { action: 'get', node: tree(path, found, recursive ? Infinity : 1, now) };
}

/** A change as clients are shown it. */
export const showChange = (change: V2Change, now: Us): V2Event =>
  ({ action: change.action, node: show(change.node, now), ...(change.prev && { prevNode: show(change.prev, now) }) });

export type V2Applied = { store: V2Store; change: V2Change } | V2Error;

/** The tree with `node` at the path (null: without it); directories on the way are made. */
function graft(at: V2Entry, parts: readonly string[], node: V2Entry | null, index: number): V2Entry {
  const [name, ...rest] = parts;
  if (name === undefined) return node ?? at;
  const children = { ...at.children };
  if (!rest.length) {
    if (node) children[name] = node; else delete children[name];
  } else children[name] = graft(children[name] ?? { created: index, modified: index, expires: null, value: '', children: {} }, rest, node, index);
  return { ...at, children };
}

function commit(store: V2Store, change: V2Change, node: V2Entry | null): { store: V2Store; change: V2Change } {
  let { expiring } = store;
  const known = expiring[change.path];
  if (node && node.expires !== null) expiring = { ...expiring, [change.path]: node.expires };
  else if (known !== undefined || change.dirGone) {
    const below = `${change.path}/`;
    expiring = Object.fromEntries(Object.entries(expiring).filter(([path]) => path !== change.path && !path.startsWith(below)));
  }
  const history = store.history.length >= 2 * HISTORY ? store.history.slice(HISTORY) : store.history;
  return { store: { index: change.index, root: graft(store.root, partsOf(change.path), node, change.index), history: [...history, change], expiring }, change };
}

/** Applies a write. */
export function write(store: V2Store, request: V2Request): V2Applied {
  if (request.method === 'DELETE') return remove(store, request);
  if (request.method === 'POST') return create(store, request, true, false);
  if (request.prevExist !== null) return request.prevExist && !conditional(request) ? update(store, request) : conditional(request) ? swap(store, request) : create(store, request, false, false);
  return conditional(request) ? swap(store, request) : create(store, request, false, true);
}

const conditional = (request: V2Request): boolean => request.prevValue !== '' || request.prevIndex !== 0;

function create(store: V2Store, request: V2Request, unique: boolean, replace: boolean): V2Applied {
  const index = store.index + 1;
  const path = unique ? cleanPath(`${request.path}/${String(index).padStart(20, '0')}`) : request.path;
  if (path === '/') return v2Error(107, '/', store.index);
  const parts = partsOf(path);
  for (let n = 1; n < parts.length; n++) {
    const above = find(store, `/${parts.slice(0, n).join('/')}`);
    if (!isV2Error(above) && !above.children) return v2Error(104, `/${parts.slice(0, n).join('/')}`, store.index);
  }
  const old = find(store, path);
  const prev = isV2Error(old) ? null : old;
  if (prev && !replace) return v2Error(105, path, store.index);
  if (prev?.children) return v2Error(102, path, store.index);
  const value = request.refresh && prev ? prev.value : request.value;
  const node: V2Entry = { created: index, modified: index, expires: request.expires, value: request.dir ? '' : value, children: request.dir ? {} : null };
  const change = { index, path, action: replace ? 'set' : 'create', node: shown(path, node), prev: prev && shown(path, prev), dirGone: false, ...(request.refresh && { refresh: true }) };
  return commit(store, change, node);
}

function update(store: V2Store, request: V2Request): V2Applied {
  const { path } = request;
  if (path === '/') return v2Error(107, '/', store.index);
  const old = find(store, path);
  if (isV2Error(old)) return old;
  if (old.children && request.value !== '') return v2Error(102, path, store.index);
  return replaceNode(store, request, old, 'update');
}

function replaceNode(store: V2Store, request: V2Request, old: V2Entry, action: string): V2Applied {
  const index = store.index + 1;
  const value = old.children ? '' : request.refresh ? old.value : request.value;
  const node: V2Entry = { ...old, modified: index, value, expires: request.expires };
  const change = { index, path: request.path, action, node: shown(request.path, node), prev: shown(request.path, old), dirGone: false, ...(request.refresh && { refresh: true }) };
  return commit(store, change, node);
}

function mismatch(request: V2Request, node: V2Entry): string | null {
  const value = request.prevValue !== '' && request.prevValue !== node.value ? `[${request.prevValue} != ${node.value}]` : '';
  const index = request.prevIndex !== 0 && request.prevIndex !== node.modified ? `[${request.prevIndex} != ${node.modified}]` : '';
  return value || index ? [value, index].filter(Boolean).join(' ') : null;
}

function swap(store: V2Store, request: V2Request): V2Applied {
  const old = find(store, request.path);
  if (isV2Error(old)) return old;
  if (old.children) return v2Error(102, request.path, store.index);
  const cause = mismatch(request, old);
  return cause === null ? replaceNode(store, request, old, 'compareAndSwap') : v2Error(101, cause, store.index);
}

function remove(store: V2Store, request: V2Request): V2Applied {
  const { path } = request;
  if (path === '/') return v2Error(107, '/', store.index);
  const old = find(store, path);
  if (isV2Error(old)) return old;
  if (conditional(request)) {
    if (old.children) return v2Error(102, path, store.index);
    const cause = mismatch(request, old);
    if (cause !== null) return v2Error(101, cause, store.index);
  } else if (old.children) {
    if (!request.dir && !request.recursive) return v2Error(102, path, store.index);
    if (!request.recursive && Object.keys(old.children).length) return v2Error(108, path, store.index);
  }
  return take(store, path, old, conditional(request) ? 'compareAndDelete' : 'delete');
}

function take(store: V2Store, path: string, old: V2Entry, action: string): { store: V2Store; change: V2Change } {
  const index = store.index + 1;
  const node: V2Shown = { path, dir: old.children !== null, value: null, created: old.created, modified: index, expires: null };
  return commit(store, { index, path, action, node, prev: shown(path, old), dirGone: old.children !== null }, null);
}

/** When the next node expires, or null. */
export function nextExpiry(store: V2Store): Us | null {
  let next: Us | null = null;
  for (const path in store.expiring) {
    const at = store.expiring[path]!;
    if (next === null || at < next) next = at;
  }
  return next;
}

/** Takes away what has expired by `now`, earliest first. */
export function expire(store: V2Store, now: Us): { store: V2Store; changes: V2Change[] } {
  const due = Object.entries(store.expiring).filter(([, at]) => at <= now).sort(([a, x], [b, y]) => x - y || (a < b ? -1 : 1));
  const changes: V2Change[] = [];
  let current = store;
  for (const [path] of due) {
    const old = find(current, path);
    if (isV2Error(old)) continue; // it went with its directory
    const did = take(current, path, old, 'expire');
    current = did.store;
    changes.push(did.change);
  }
  return { store: current, changes };
}

/** Whether one who waits for `path` is to be told of a change. */
export function concerns(change: V2Change, path: string, recursive: boolean): boolean {
  if (change.refresh) return false;
  if (change.path === path) return true;
  if (change.dirGone && path.startsWith(`${change.path}/`)) return true;
  if (!recursive) return false;
  const below = path === '/' ? '/' : `${path}/`;
  return change.path.startsWith(below) && !change.path.slice(below.length).split('/').some(isHidden);
}

/** The first change from `waitIndex` on, null when it is yet to come, or an error when it is forgotten. */
export function waited(store: V2Store, path: string, recursive: boolean, waitIndex: number): V2Change | V2Error | null {
  const kept = store.history.slice(-HISTORY);
  const oldest = kept[0]?.index ?? store.index + 1;
  if (waitIndex < oldest && kept.length === HISTORY) return v2Error(401, `the requested history has been cleared [${oldest}/${waitIndex}]`, store.index);
  return kept.find((change) => change.index >= waitIndex && concerns(change, path, recursive)) ?? null;
}
