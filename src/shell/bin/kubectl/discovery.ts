/**
 * What the server serves, and how the words of a command line become resources: discovery with a cache on
 * disk (10 minutes, as client-go's cached discovery) and the RESTMapper's rules. One file holds all groups.
 */
import type { Sys } from '../../../sim/proc/program.ts';
import { call } from '../../../sim/proc/syscalls.ts';
import type { Api } from './api.ts';
import { done, failed, type Failure, type Outcome } from './failure.ts';
import { groupVersion, type Obj } from './object.ts';

export interface ResourceType {
  readonly group: string; readonly version: string; readonly plural: string; readonly singular: string; readonly kind: string;
  readonly namespaced: boolean; readonly verbs: readonly string[]; readonly short: readonly string[]; readonly categories: readonly string[];
}

export interface Discovered {
  /** All resources, groups in the server's order, within a group the preferred version first. */
  readonly types: readonly ResourceType[];
  /** 'pods/eviction' → kind, per group-version 'v1/pods/eviction'. */
  readonly subresources: Readonly<Record<string, string>>;
  readonly groupVersions: readonly string[];
  readonly preferred: Readonly<Record<string, string>>;
  /** Microseconds since 1970. */
  readonly fetchedAt: number;
  /** Group-versions that the server names but could not list. */
  readonly failed?: readonly string[];
}

const TTL_US = 10 * 60 * 1_000_000;
const parsed = new Map<string, Discovered | null>();

/** The same text gives the same value: parsed once. */
function parseCache(text: string): Discovered | null {
  let value = parsed.get(text);
  if (value === undefined) {
    try { value = JSON.parse(text) as Discovered; } catch { value = null; }
    if (value && !Array.isArray(value.types)) value = null;
    if (parsed.size > 32) parsed.clear();
    parsed.set(text, value);
  }
  return value;
}

export const cachePath = (directory: string, host: string): string => `${directory}/discovery/${host.replace(/[^\w.-]/g, '_')}/serverresources.json`;

/** From the cache while it is fresh, else from the server. */
export function* discover(api: Api, home: string, fresh: boolean): Sys<Outcome<Discovered>> {
  const path = cachePath(home, api.host);
  const now = yield* call('now', {});
  const at = now.ok ? now.value.real : 0;
  if (!fresh) {
    const text = yield* call('readFile', { path });
    const cached = text.ok ? parseCache(text.value) : null;
    if (cached && at - cached.fetchedAt < TTL_US && at >= cached.fetchedAt - TTL_US) return done(cached);
  }
  const got = yield* ask(api, at);
  if (got.ok && !got.value.failed?.length) yield* save(path, JSON.stringify(got.value));
  return got;
}

function* save(path: string, text: string): Sys<void> {
  const written = yield* call('writeFile', { path, text, mode: 0o644 });
  if (written.ok || written.errno !== 'ENOENT') return;
  const parts = path.split('/').slice(1, -1);
  for (let i = 1; i <= parts.length; i++) yield* call('mkdir', { path: `/${parts.slice(0, i).join('/')}`, mode: 0o755 });
  yield* call('writeFile', { path, text, mode: 0o644 });
}

function* ask(api: Api, at: number): Sys<Outcome<Discovered>> {
  const core = yield* api.get('/api', { timeout: '32s' });
  if (!core.ok && !notThere(core.failure)) return core;
  const named = yield* api.get('/apis', { timeout: '32s' });
  if (!named.ok && !notThere(named.failure)) return named;
  const versions: { gv: string; group: string }[] = core.ok ? ((core.value['versions'] ?? []) as string[]).map((gv) => ({ gv, group: '' })) : [];
  const preferred: Record<string, string> = {};
  for (const group of (named.ok ? (named.value['groups'] ?? []) : []) as Obj[]) {
    const list = ((group['versions'] ?? []) as Obj[]).map((version) => String(version['groupVersion']));
    const first = group['preferredVersion']?.['groupVersion'] as string | undefined;
    preferred[group['name']] = first ?? list[0] ?? '';
    list.sort((a, b) => Number(b === first) - Number(a === first));
    versions.push(...list.map((gv) => ({ gv, group: String(group['name']) })));
  }
  const types: ResourceType[] = [];
  const subresources: Record<string, string> = {};
  const unavailable: string[] = [];
  for (const { gv } of versions) {
    const list = yield* api.get(gv.includes('/') ? `/apis/${gv}` : `/api/${gv}`, { timeout: '32s' });
    if (!list.ok) {
      if (list.failure.is === 'transport') return list;
      unavailable.push(gv);
      continue;
    }
    for (const resource of (list.value['resources'] ?? []) as Obj[]) take(resource, gv, types, subresources);
  }
  return done({ types, subresources, groupVersions: versions.map(({ gv }) => gv), preferred, fetchedAt: at, ...(unavailable.length ? { failed: unavailable } : {}) });
}

const notThere = (failure: Failure): boolean => failure.is === 'status' && (failure.status['code'] === 404 || failure.status['code'] === 403);

function take(resource: Obj, gv: string, types: ResourceType[], subresources: Record<string, string>): void {
  const name = String(resource['name']);
  if (name.includes('/')) { subresources[`${gv}/${name}`] = String(resource['kind']); return; }
  const { group, version } = groupVersion(gv);
  types.push({
    group, version, plural: name, singular: resource['singularName'] || String(resource['kind']).toLowerCase(), kind: String(resource['kind']),
    namespaced: resource['namespaced'] === true, verbs: resource['verbs'] ?? [], short: resource['shortNames'] ?? [], categories: resource['categories'] ?? [],
  });
}

/** How a word names a type: `pods`, `po`, `pods.v1.`, `deployments.v1.apps`, `deployments.apps`. */
export function findType(found: Discovered, word: string): ResourceType | null {
  const lower = word.toLowerCase();
  const fits = (type: ResourceType, name: string): boolean => type.plural === name || type.singular === name;
  const [first, ...rest] = lower.split('.');
  if (rest.length >= 2) {
    const exact = found.types.find((type) => fits(type, expand(found, first!)) && type.version === rest[0] && type.group === rest.slice(1).join('.'));
    if (exact) return exact;
  }
  if (rest.length) {
    const group = rest.join('.');
    // A group may be cut short: deployments.app is none, deployments.extensions is, as is x.k8s of x.k8s.io.
    return found.types.find((type) => fits(type, expand(found, first!)) && type.group === group)
      ?? found.types.find((type) => fits(type, expand(found, first!)) && type.group.startsWith(group)) ?? null;
  }
  return found.types.find((type) => fits(type, lower)) ?? found.types.find((type) => type.short.includes(lower)) ?? null;
}

const expand = (found: Discovered, word: string): string => found.types.find((type) => type.short.includes(word))?.plural ?? word;

export function findKind(found: Discovered, apiVersion: string, kind: string): ResourceType | null {
  const { group, version } = groupVersion(apiVersion);
  return found.types.find((type) => type.kind === kind && type.group === group && type.version === version) ?? null;
}

/** The members of a category, each once: what both extensions and apps serve counts for apps. */
export function category(found: Discovered, name: string): ResourceType[] {
  const out: ResourceType[] = [];
  for (const type of found.types) {
    if (!type.categories.includes(name)) continue;
    if (out.some((other) => other.plural === type.plural && other.group === type.group)) continue;
    if (type.group === 'extensions' && found.types.some((other) => other.plural === type.plural && other.group !== 'extensions' && other.categories.includes(name))) continue;
    out.push(type);
  }
  return out;
}

/** The same resource in the version that a manifest or another object names. */
export function requireKind(found: Discovered, apiVersion: string, kind: string): Outcome<ResourceType> {
  const type = findKind(found, apiVersion, kind);
  return type ? done(type) : failed({ is: 'plain', text: `no matches for kind ${JSON.stringify(kind)} in version ${JSON.stringify(apiVersion)}` });
}

export const apiVersionOf = (type: ResourceType): string => (type.group ? `${type.group}/${type.version}` : type.version);

export function collectionPath(type: ResourceType, namespace: string): string {
  const root = type.group ? `/apis/${type.group}/${type.version}` : `/api/${type.version}`;
  return type.namespaced && namespace ? `${root}/namespaces/${namespace}/${type.plural}` : `${root}/${type.plural}`;
}

export const objectPath = (type: ResourceType, namespace: string, name: string): string => `${collectionPath(type, namespace)}/${name}`;

/** deployment.apps, pod: as success lines and -o name say it. */
export const kindName = (type: ResourceType): string => (type.group ? `${type.kind.toLowerCase()}.${type.group}` : type.kind.toLowerCase());
/** deployments.apps, pods. */
export const resourceName = (type: ResourceType): string => (type.group ? `${type.plural}.${type.group}` : type.plural);
