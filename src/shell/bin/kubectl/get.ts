/**
 * `kubectl get`: tables by the server, other formats from the objects. Watching is in watch.ts.
 */
import { err, out } from '../../../sim/proc/libc.ts';
import type { Sys } from '../../../sim/proc/program.ts';
import type { Api } from './api.ts';
import { sortOrder } from './columns.ts';
import { collectionPath, kindName, objectPath, type ResourceType } from './discovery.ts';
import { done, failed, isStatus, many, plain, type Failure, type Outcome } from './failure.ts';
import { flagTable } from './flags.ts';
import type { Obj } from './object.ts';
import { printerFor, type Printer } from './output.ts';
import { fetchAll, filesOf, fromFiles, listQuery, multipleTypes, targets, type Choice, type Info, type Target } from './resources.ts';
import type { Kubectl } from './session.ts';
import { block, TABLE_ACCEPT, tableLines, tableOf, type Look, type Row, type Table } from './table.ts';
import type { Verb } from './verb.ts';
import { watch } from './watch.ts';

const flags = flagTable(`
  all-namespaces,A bool Show the objects of every namespace; the namespace of the context and --namespace are left aside.
  allow-missing-template-keys bool=true Leave out what a template names and the object has not.
  chunk-size int=500 Ask for large lists in parts of this size; 0 asks for all at once.
  export bool Print only what could be sent to another cluster. Deprecated.
  field-selector string Fields to filter by: '=', '==' and '!=' (e.g. --field-selector key1=value1,key2=value2).
  filename,f strings Files, directories or URLs that name the resources.
  ignore-not-found bool A named object that does not exist is no failure.
  !include-uninitialized bool Deprecated.
  kustomize,k string A kustomization directory. Not together with -f or -R.
  label-columns,L strings Labels to show as columns of their own; names are case-sensitive.
  no-headers bool Print no header line.
  output,o string Output format: json|yaml|wide|name|custom-columns=...|custom-columns-file=...|go-template=...|go-template-file=...|jsonpath=...|jsonpath-file=...
  raw string A path to ask the server for as it is, with this configuration's credentials.
  recursive,R bool Go into the directories of -f.
  selector,l string Labels to filter by: '=', '==' and '!=' (e.g. -l key1=value1,key2=value2).
  server-print bool=true Let the server make the columns.
  show-kind bool Put the type before each name.
  show-labels bool Show all labels in a last column.
  sort-by string A JSONPath (e.g. '{.metadata.name}') of a number or a string to sort lists by.
  template string Template text or file for -o=go-template, -o=go-template-file.
  use-openapi-print-columns bool Take the columns from the server's schema. Deprecated.
  watch,w bool After the list, go on with every change.
  watch-only bool Only the changes, without the list.
`);

export const get: Verb = {
  name: 'get', group: 'Basic Commands (Intermediate):', suggestFor: ['list', 'ps'], short: 'Display one or many resources', flags,
  usage: 'get [(-o|--output=)json|yaml|wide|custom-columns=...|custom-columns-file=...|go-template=...|go-template-file=...|jsonpath=...|jsonpath-file=...] (TYPE[.VERSION][.GROUP] [NAME | -l label] | TYPE[.VERSION][.GROUP]/NAME ...) [flags]',
  long: 'Display one or many resources\n\nPrints a table of what matters most about the resources named. A label selector or --selector narrows the list; a type that has namespaces shows the current one unless --all-namespaces is given.\n\nUse "kubectl api-resources" for a complete list of supported resources.',
  examples: [['All pods, as a table', 'kubectl get pods'], ['With more columns, the node among them', 'kubectl get pods -o wide'], ['One deployment in the form of a group', 'kubectl get deployments.v1.apps -o json'],
    ['What a file names', 'kubectl get -f pod.yaml -o json'], ['One field of one pod', 'kubectl get -o template pod/web-pod-13je7 --template={{.status.phase}}'],
    ['Several types at once', 'kubectl get rc,services'], ['Objects by type and name', 'kubectl get rc/web service/frontend pods/web-pod-13je7']],
  run,
};

export const choiceOf = (k: Kubectl): Choice => ({
  allNamespaces: k.flags.has('all-namespaces') && k.flags.bool('all-namespaces'),
  selector: k.flags.has('selector') && k.flags.str('selector') ? k.flags.str('selector') : undefined,
  fieldSelector: k.flags.has('field-selector') && k.flags.str('field-selector') ? k.flags.str('field-selector') : undefined,
  bare: true,
});

function* run(k: Kubectl): Sys<number> {
  if (k.flags.str('raw')) return yield* raw(k);
  const printer = yield* printerFor(k, { get: true });
  if (!printer.ok) return yield* k.fail(printer.failure);
  const output = k.flags.str('output');
  if (k.flags.bool('show-labels') && output && output !== 'wide') return yield* k.fail(plain(`--show-labels option cannot be used with ${output} printer`).failure);
  const files = filesOf(k);
  if (!k.args.length && !files.length) {
    yield* err('You must specify the type of resource to get. Use "kubectl api-resources" for a complete list of supported resources.\n\n');
    return yield* k.fail(k.usage('Required resource not specified.\nUse "kubectl explain <resource>" for a detailed description of that resource (e.g. kubectl explain pods).').failure);
  }
  if (k.flags.bool('watch') || k.flags.bool('watch-only')) return yield* watch(k, printer.value);
  const wanted = yield* wantedTargets(k, files);
  if (!wanted.ok) return yield* k.fail(wanted.failure);
  const failure = printer.value ? yield* printObjects(k, wanted.value, printer.value) : yield* printTables(k, wanted.value);
  return failure ? yield* k.fail(failure) : 0;
}


export function* wantedTargets(k: Kubectl, files: readonly string[]): Sys<Outcome<Target[]>> {
  if (!files.length) return yield* targets(k, k.args, choiceOf(k));
  const local = yield* fromFiles(k, files, { check: false });
  return local.ok ? done(local.value.map(({ type, namespace, name }) => ({ type, namespace, name }))) : local;
}

export function lookOf(k: Kubectl, type: ResourceType, kind: boolean): Look {
  return {
    wide: k.flags.str('output') === 'wide', namespaces: k.flags.bool('all-namespaces') && type.namespaced, headers: !k.flags.bool('no-headers'),
    showLabels: k.flags.bool('show-labels'), labelColumns: k.flags.list('label-columns'), prefix: kind ? `${kindName(type)}/` : '',
  };
}

export const showsKind = (k: Kubectl): boolean => k.flags.bool('show-kind') || multipleTypes(k.args);

/** One type's rows: all parts of a chunked list. */
export function* fetchTable(k: Kubectl, api: Api, target: Target, includeObject: boolean): Sys<Outcome<Table>> {
  const { type, namespace, name } = target;
  const now = yield* k.now();
  const query = includeObject ? { includeObject: 'Object' } : {};
  if (name !== null) {
    const got = yield* api.request(objectPath(type, namespace, name), { query, accept: TABLE_ACCEPT, what: `get ${type.plural} ${name}` });
    return got.ok ? done(tableOf(got.value as Obj, now)) : got;
  }
  const limit = k.flags.int('chunk-size') && !includeObject ? { limit: k.flags.int('chunk-size') } : {};
  let whole: Table | null = null;
  for (let next = ''; ;) {
    const got = yield* api.request(collectionPath(type, namespace), { query: listQuery(choiceOf(k), { ...query, ...limit, continue: next }), accept: TABLE_ACCEPT, what: `get ${type.plural}` });
    if (!got.ok) return got;
    const part = tableOf(got.value as Obj, now);
    const before: readonly Row[] = whole === null ? [] : (whole as Table).rows;
    whole = { ...part, rows: [...before, ...part.rows] };
    next = part.next;
    if (!next) return done(whole);
  }
}

function* printTables(k: Kubectl, wanted: readonly Target[]): Sys<Failure | null> {
  const api = yield* k.api();
  if (!api.ok) return api.failure;
  const sortBy = k.flags.str('sort-by');
  const failures: Failure[] = [];
  const blocks: { type: ResourceType; table: Table }[] = [];
  for (const target of wanted) {
    const got = yield* fetchTable(k, api.value, target, sortBy !== '');
    if (!got.ok) {
      if (!(k.flags.bool('ignore-not-found') && isStatus(got.failure, 'NotFound'))) failures.push(got.failure);
      if (got.failure.is === 'transport') break;
      continue;
    }
    const last = blocks.at(-1);
    if (!got.value.rows.length) continue;
    if (last?.type === target.type) last.table = { ...last.table, rows: [...last.table.rows, ...got.value.rows] };
    else blocks.push({ type: target.type, table: got.value });
  }
  for (const one of blocks) {
    if (!sortBy) continue;
    const sorted = sortRows(one.table.rows, sortBy);
    if (!sorted.ok) return sorted.failure;
    one.table = { ...one.table, rows: sorted.value };
  }
  let first = true;
  for (const { type, table } of blocks) {
    if (!first && !k.flags.bool('no-headers')) yield* err('\n');
    first = false;
    yield* out(block(tableLines(table, lookOf(k, type, showsKind(k)))));
  }
  if (!blocks.length && !failures.length && !k.flags.bool('ignore-not-found')) yield* err('No resources found.\n');
  return failures.length ? many(failures) : null;
}

function sortRows(rows: readonly Row[], field: string): Outcome<Row[]> {
  const order = sortOrder(rows.map((row) => row.object), field);
  return order.ok ? done(order.value.map((i) => rows[i]!)) : plain(order.error);
}

function* printObjects(k: Kubectl, wanted: readonly Target[], print: Printer): Sys<Failure | null> {
  const { infos, failures } = yield* fetchAll(k, wanted, choiceOf(k));
  const left = failures.filter((failure) => !(k.flags.bool('ignore-not-found') && isStatus(failure, 'NotFound')));
  const single = wanted.length === 1 && wanted[0]!.name !== null;
  if (!infos.length && (left.length || k.flags.bool('ignore-not-found'))) return left.length ? many(left) : null;
  const sorted = sortInfos(infos, k.flags.str('sort-by'));
  if (!sorted.ok) return sorted.failure;
  const objects = sorted.value.map((info) => (k.flags.bool('export') ? exported(info.obj) : info.obj));
  const text = print(single ? objects[0]! : listOf(objects), true);
  if (!text.ok) return text.failure;
  yield* out(text.value);
  return left.length ? many(left) : null;
}

export const listOf = (items: readonly Obj[]): Obj => ({ apiVersion: 'v1', items, kind: 'List', metadata: { resourceVersion: '', selfLink: '' } });

function sortInfos(infos: readonly Info[], field: string): Outcome<readonly Info[]> {
  if (!field) return done(infos);
  const order = sortOrder(infos.map((info) => info.obj), field);
  return order.ok ? done(order.value.map((i) => infos[i]!)) : plain(order.error);
}

/** What --export leaves of an object: nothing that the server filled in. */
function exported(obj: Obj): Obj {
  const { uid: _u, resourceVersion: _r, namespace: _n, creationTimestamp: _c, selfLink, generation: _g, ...metadata } = obj['metadata'] as Obj;
  const { status: _s, ...rest } = obj;
  return { ...rest, metadata: { ...metadata, creationTimestamp: null, ...(selfLink ? { selfLink } : {}) }, ...('status' in obj ? { status: {} } : {}) };
}

function* raw(k: Kubectl): Sys<number> {
  if (k.args.length) return yield* k.fail(k.usage('arguments may not be passed when --raw is specified').failure);
  const filtered = filesOf(k).length || ['selector', 'field-selector'].some((name) => k.flags.str(name)) || k.flags.bool('watch') || k.flags.bool('watch-only');
  if (filtered) return yield* k.fail(k.usage('--raw may not be specified with other flags that filter the server request or alter the output').failure);
  if (k.flags.str('output')) return yield* k.fail(k.usage('--raw and --output are mutually exclusive').failure);
  const api = yield* k.api();
  if (!api.ok) return yield* k.fail(api.failure);
  const got = yield* api.value.raw(k.flags.str('raw'), { accept: 'application/json, */*' });
  if (!got.ok) return yield* k.fail(got.failure);
  const { status, body } = got.value;
  if (status >= 200 && status < 300) {
    yield* out(typeof body === 'string' ? body : `${JSON.stringify(body)}\n`);
    return 0;
  }
  const refused = yield* api.value.request(k.flags.str('raw'), { accept: 'application/json, */*' });
  return yield* k.fail(refused.ok ? failed({ is: 'plain', text: `unexpected status ${status}` }).failure : refused.failure);
}
