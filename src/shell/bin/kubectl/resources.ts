/**
 * From arguments and files to objects: kubectl's resource builder. It finds types, makes the requests that
 * fetch what is named, and says what is wrong with the words given (cli-runtime/pkg/resource, 1.14).
 */
import type { Sys } from '../../../sim/proc/program.ts';
import type { Api, Query } from './api.ts';
import { category, collectionPath, objectPath, type ResourceType } from './discovery.ts';
import { done, failed, many, plain, type Failure, type Outcome } from './failure.ts';
import { build, kindOrder } from './kustomize.ts';
import { flatten, parseDocuments, readSources, undecodable } from './manifests.ts';
import { nameOf, namespaceOf, type Obj } from './object.ts';
import type { Kubectl } from './session.ts';
import { validate } from './validate.ts';

/** What was asked for: one object, or all of a type. */
export interface Target { type: ResourceType; namespace: string; name: string | null }
/** An object with what is known of it. */
export interface Info { type: ResourceType; namespace: string; name: string; obj: Obj; source: string }

export interface Choice {
  allNamespaces?: boolean; selector?: string; fieldSelector?: string;
  /** A type alone means all of it: get, describe. */
  bare?: boolean;
  /** --all. */
  all?: boolean;
}

const splitTypes = (word: string): string[] => word.split(',').filter(Boolean);

const MIXED = "there is no need to specify a resource type as a separate argument when passing arguments in resource/name form (e.g. 'kubectl get resource/<resource_name>' instead of 'kubectl get resource resource/<resource_name>'";

export const NOTHING_GIVEN = `You must provide one or more resources by argument or filename.
Example resource specifications include:
   '-f rsrc.yaml'
   '--filename=rsrc.json'
   '<resource> <name>'
   '<resource>'`;

/** TYPE,TYPE NAME is each name of each type. */
function normalise(args: readonly string[]): readonly string[] {
  const types = args.length >= 2 ? splitTypes(args[0]!) : [];
  return types.length > 1 ? types.flatMap((type) => args.slice(1).map((name) => `${type}/${name}`)) : args;
}

/** Whether more than one type is asked for, so that names get their kind. */
export function multipleTypes(args: readonly string[]): boolean {
  if (args.length === 1 && args[0] === 'all') return true;
  const list = normalise(args);
  if (list.some((arg) => arg.includes('/'))) return new Set(list.map((arg) => arg.split('/')[0])).size > 1;
  return splitTypes(list[0] ?? '').length > 1;
}

interface Words { pairs: { type: string; name: string }[]; types: string[]; names: string[] }

function read(args: readonly string[]): Outcome<Words> {
  const list = normalise(args);
  const slashed = list.filter((arg) => arg.includes('/'));
  if (slashed.length) {
    if (slashed.length !== list.length) return plain(MIXED);
    const pairs: Words['pairs'] = [];
    for (const arg of slashed) {
      const parts = arg.split('/');
      if (parts.length !== 2) return plain('arguments in resource/name form may not have more than one slash');
      if (!parts[0] || !parts[1] || splitTypes(parts[0]).length !== 1) return plain('arguments in resource/name form must have a single resource and name');
      pairs.push({ type: parts[0], name: parts[1] });
    }
    return done({ pairs, types: [], names: [] });
  }
  return done({ pairs: [], types: splitTypes(list[0] ?? ''), names: list.slice(1) });
}

/** `all` and other categories become their members. */
function* typesOf(k: Kubectl, words: readonly string[]): Sys<Outcome<ResourceType[]>> {
  const out: ResourceType[] = [];
  for (const word of words) {
    if (word === 'all') {
      const found = yield* k.types();
      if (!found.ok) return found;
      out.push(...category(found.value, word));
      continue;
    }
    const type = yield* k.type(word);
    if (!type.ok) return type;
    if (!out.includes(type.value)) out.push(type.value);
  }
  return done(out);
}

/** What the words name. Nothing of it is fetched. */
export function* targets(k: Kubectl, args: readonly string[], choice: Choice): Sys<Outcome<Target[]>> {
  const api = yield* k.api();
  if (!api.ok) return api;
  const words = read(args);
  if (!words.ok) return words;
  const { pairs, types, names } = words.value;
  const selecting = choice.selector !== undefined || choice.fieldSelector !== undefined || choice.all === true;
  const { namespace } = api.value.config;
  const at = (type: ResourceType): string => (type.namespaced ? namespace : '');
  if (pairs.length) {
    if (selecting) return plain('selectors and the all flag cannot be used when passing resource/name arguments');
    if (choice.allNamespaces) return plain('a resource cannot be retrieved by name across all namespaces');
    const out: Target[] = [];
    for (const pair of pairs) {
      const type = yield* k.type(pair.type);
      if (!type.ok) return type;
      out.push({ type: type.value, namespace: at(type.value), name: pair.name });
    }
    return done(out);
  }
  if (!types.length) return plain(NOTHING_GIVEN);
  if (names.length && selecting) return plain('name cannot be provided when a selector is specified');
  const found = yield* typesOf(k, types);
  if (!found.ok) return found;
  if (!names.length) {
    if (!selecting && !choice.bare) return plain('resource(s) were provided, but no name, label selector, or --all flag specified');
    return done(found.value.map((type) => ({ type, namespace: choice.allNamespaces ? '' : at(type), name: null })));
  }
  if (choice.allNamespaces) return plain('a resource cannot be retrieved by name across all namespaces');
  const [type] = found.value;
  if (!type || found.value.length !== 1) return plain('you must specify only one resource');
  return done(names.map((name) => ({ type, namespace: at(type), name })));
}

export const listQuery = (choice: Choice, more: Query = {}): Query => ({ labelSelector: choice.selector, fieldSelector: choice.fieldSelector, ...more });

/** Fetches every target; goes on after a failure. */
export function* fetchAll(k: Kubectl, list: readonly Target[], choice: Choice): Sys<{ infos: Info[]; failures: Failure[] }> {
  const infos: Info[] = [];
  const failures: Failure[] = [];
  const api = yield* k.api();
  if (!api.ok) return { infos, failures: [api.failure] };
  for (const target of list) {
    const { type, namespace, name } = target;
    if (name !== null) {
      const got = yield* api.value.get(objectPath(type, namespace, name), undefined, `get ${type.plural} ${name}`);
      if (got.ok) infos.push({ type, namespace, name, obj: got.value, source: '' });
      else failures.push(got.failure);
    } else {
      const got = yield* api.value.get(collectionPath(type, namespace), listQuery(choice), `get ${type.plural}`);
      if (got.ok) infos.push(...itemsOf(got.value, type));
      else failures.push(got.failure);
    }
    if (failures.at(-1)?.is === 'transport') break;
  }
  return { infos, failures };
}

/** All of one type, as objects. */
export function* fetchAllOf(api: Api, type: ResourceType, namespace: string, query: Query, what: string): Sys<Outcome<Info[]>> {
  const got = yield* api.get(collectionPath(type, namespace), query, what);
  return got.ok ? done(itemsOf(got.value, type)) : got;
}

/** The items of a list, each with the kind and version that a list leaves out. */
export function itemsOf(list: Obj, type: ResourceType): Info[] {
  const apiVersion = type.group ? `${type.group}/${type.version}` : type.version;
  return ((list['items'] ?? []) as Obj[]).map((item) => {
    const obj = item['kind'] ? item : { apiVersion, kind: type.kind, ...item };
    return { type, namespace: namespaceOf(obj), name: nameOf(obj), obj, source: '' };
  });
}

/** Objects by arguments, or by files when there are any: what most verbs work on. */
export function* resolve(k: Kubectl, args: readonly string[], choice: Choice): Sys<Outcome<Info[]>> {
  const got = yield* resolvePartly(k, args, choice);
  return got.failures.length ? failed(many(got.failures)) : done(got.infos);
}

/** The same, keeping what could be had beside what went wrong. */
export function* resolvePartly(k: Kubectl, args: readonly string[], choice: Choice): Sys<{ infos: Info[]; failures: Failure[] }> {
  const files = filesOf(k);
  if (files.length) {
    const local = yield* fromFiles(k, files, { check: false });
    if (!local.ok) return { infos: [], failures: [local.failure] };
    const wanted = local.value.map(({ type, namespace, name }) => ({ type, namespace, name }));
    return yield* fetchAll(k, wanted, choice);
  }
  const list = yield* targets(k, args, choice);
  if (!list.ok) return { infos: [], failures: [list.failure] };
  return yield* fetchAll(k, list.value, choice);
}

/** What -f names, and -k as a source of its own kind. */
export const filesOf = (k: Kubectl): readonly string[] => [
  ...(k.flags.has('filename') ? k.flags.list('filename') : []),
  ...(k.flags.has('kustomize') && k.flags.str('kustomize') ? [KUSTOMIZATION + k.flags.str('kustomize')] : []),
];
const KUSTOMIZATION = 'kustomization\0';

/** The objects in the files given, with type and namespace; with `check`, validated as --validate asks. */
export function* fromFiles(k: Kubectl, files: readonly string[], options: { check: boolean; local?: boolean }): Sys<Outcome<Info[]>> {
  const api = yield* k.api();
  if (!api.ok) return api;
  const checking = options.check && k.flags.has('validate') && k.flags.bool('validate');
  if (checking) {
    // The schema is asked for first, as kubectl does, so that what keeps it from the server is said first.
    const schema = yield* api.value.raw('/openapi/v2', { query: { timeout: '32s' }, accept: 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf' });
    if (!schema.ok) return schema;
  }
  const folder = files.find((name) => name.startsWith(KUSTOMIZATION));
  if (folder !== undefined && files.length > 1) return plain('only one of -f or -k can be specified');
  if (folder !== undefined) return yield* fromKustomization(k, folder.slice(KUSTOMIZATION.length), checking);
  const sources = yield* readSources(files, k.flags.has('recursive') && k.flags.bool('recursive'));
  if (!sources.ok) return sources;
  const infos: Info[] = [];
  const failures: Failure[] = [];
  for (const source of sources.value) {
    const documents = parseDocuments(source.text);
    if (!documents.ok) return plain(`error parsing ${source.name}: ${documents.error}`);
    for (const value of documents.value) {
      const got = yield* fromDocument(k, value, source.name, checking);
      if (got.ok) infos.push(...got.value); else failures.push(got.failure);
    }
  }
  return failures.length ? failed(many(failures)) : done(infos);
}

function* fromKustomization(k: Kubectl, folder: string, checking: boolean): Sys<Outcome<Info[]>> {
  const built = yield* build(folder);
  if (!built.ok) return plain(built.error);
  const infos: Info[] = [];
  for (const obj of kindOrder(built.value)) {
    const got = yield* fromDocument(k, obj, folder, checking);
    if (!got.ok) return got;
    infos.push(...got.value);
  }
  return done(infos);
}

function* fromDocument(k: Kubectl, value: unknown, source: string, checking: boolean): Sys<Outcome<Info[]>> {
  const quoted = JSON.stringify(source);
  if (checking) {
    const complaint = validate(value);
    if (complaint) return plain(`error validating ${quoted}: error validating data: ${complaint}; if you choose to ignore these errors, turn validation off with --validate=false`);
  }
  const unreadable = undecodable(value);
  if (unreadable) return plain(`unable to decode ${quoted}: ${unreadable}`);
  const api = yield* k.api();
  if (!api.ok) return api;
  const { namespace, namespaceGiven } = api.value.config;
  const out: Info[] = [];
  for (const obj of flatten(value as Obj)) {
    const type = yield* k.kind(String(obj['apiVersion']), String(obj['kind']));
    if (!type.ok) return type.failure.is === 'plain' ? plain(`unable to recognize ${quoted}: ${type.failure.text}`) : type;
    const own = namespaceOf(obj);
    if (type.value.namespaced && namespaceGiven && own && own !== namespace) {
      return plain(`the namespace from the provided object "${own}" does not match the namespace "${namespace}". You must pass '--namespace=${own}' to perform this operation.`);
    }
    const at = type.value.namespaced ? own || namespace : '';
    const placed = type.value.namespaced && !own ? { ...obj, metadata: { ...obj['metadata'], namespace: at } } : obj;
    out.push({ type: type.value, namespace: at, name: nameOf(obj), obj: placed, source });
  }
  return done(out);
}
