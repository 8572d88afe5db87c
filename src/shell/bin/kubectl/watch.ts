/**
 * `get -w`: the list, then a line or an object for every event. The loop restarts itself with its connection
 * and its column widths, so that it may run for days.
 */
import { out } from '../../../sim/proc/libc.ts';
import type { Json, Sys } from '../../../sim/proc/program.ts';
import { call, type Fd } from '../../../sim/proc/syscalls.ts';
import { collectionPath, type ResourceType } from './discovery.ts';
import { done, failed, plain, type Failure, type Outcome } from './failure.ts';
import { choiceOf, fetchTable, lookOf, showsKind, wantedTargets } from './get.ts';
import { isObj, type Obj } from './object.ts';
import type { Printer } from './output.ts';
import { fetchAll, filesOf, listQuery, type Choice, type Target } from './resources.ts';
import type { Kubectl } from './session.ts';
import { block, TABLE_ACCEPT, tableLines, tableOf, type Table } from './table.ts';
import { goTime } from './time.ts';

/** What a restarted loop carries on with. */
interface Resume { watching: { fd: Fd; widths: number[]; headed: boolean; type: ResourceType; columns: Table['columns'] } }

const EVENTS_PER_RUN = 100;

export function* watch(k: Kubectl, printer: Printer | null): Sys<number> {
  const resumed = k.start.mem as unknown as Resume | null;
  if (resumed?.watching) return yield* follow(k, printer, { ...resumed.watching, widths: [...resumed.watching.widths] });
  const wanted = yield* wantedTargets(k, filesOf(k));
  if (!wanted.ok) return yield* k.fail(wanted.failure);
  if (wanted.value.length !== 1) return yield* k.fail(plain(k.args.length && wanted.value.length > 1 && new Set(wanted.value.map((t) => t.type)).size === 1
    ? 'you may only specify a single resource' : 'you may only specify a single resource type').failure);
  const [target] = wanted.value;
  const state: Resume['watching'] = { fd: -1, widths: [], headed: false, type: target!.type, columns: [] };
  const listed = yield* list(k, target!, printer, state);
  if (!listed.ok) return yield* k.fail(listed.failure);
  const fd = yield* open(k, target!, printer, listed.value);
  if (!fd.ok) return yield* k.fail(fd.failure);
  return yield* follow(k, printer, { ...state, fd: fd.value });
}

/** Prints what is there (unless --watch-only) and gives the version to watch from. */
function* list(k: Kubectl, target: Target, printer: Printer | null, state: Resume['watching']): Sys<Outcome<string>> {
  const silent = k.flags.bool('watch-only');
  const api = yield* k.api();
  if (!api.ok) return api;
  if (!printer) {
    const table = yield* fetchTable(k, api.value, target, isEvents(target.type));
    if (!table.ok) return table;
    if (!silent && table.value.rows.length) yield* print(k, table.value, state);
    return done(table.value.resourceVersion || String(table.value.rows[0]?.meta['resourceVersion'] ?? ''));
  }
  const { infos, failures } = yield* fetchAll(k, [target], choiceOf(k));
  if (failures.length) return failed(failures[0]!);
  const head = yield* api.value.get(collectionPath(target.type, target.namespace), { limit: 1 }, `list ${target.type.plural}`);
  if (!head.ok) return head;
  for (const info of silent ? [] : infos) {
    const text = printer(info.obj, !state.headed);
    if (!text.ok) return text;
    state.headed = true;
    yield* out(text.value);
  }
  return done(String(head.value['metadata']?.resourceVersion ?? ''));
}

const isEvents = (type: ResourceType): boolean => type.plural === 'events';

function* open(k: Kubectl, target: Target, printer: Printer | null, resourceVersion: string): Sys<Outcome<Fd>> {
  const api = yield* k.api();
  if (!api.ok) return api;
  const choice: Choice = target.name === null ? choiceOf(k) : { fieldSelector: `metadata.name=${target.name}` };
  const stream = yield* api.value.stream(collectionPath(target.type, target.namespace), {
    query: listQuery(choice, { watch: true, resourceVersion, includeObject: !printer && isEvents(target.type) ? 'Object' : undefined }),
    accept: printer ? 'application/json' : TABLE_ACCEPT, what: `watch ${target.type.plural}`,
  });
  return stream.ok ? done(stream.value.fd) : stream;
}

function* print(k: Kubectl, got: Table, state: Resume['watching']): Sys<void> {
  // Only the first table of a watch says what its columns are.
  const table = got.columns.length ? got : { ...got, columns: state.columns };
  state.columns = table.columns;
  const look = lookOf(k, state.type, showsKind(k));
  const shown = isEvents(state.type) ? absolute(table) : table;
  yield* out(block(tableLines(shown, { ...look, headers: look.headers && !state.headed }), state.widths));
  state.headed = true;
}

/** A watched event shows when it was and not how long ago, which would not stay true. */
const absolute = (table: Table): Table => ({ ...table, rows: table.rows.map((row) => ({ ...row, cells: row.cells.map((cell, i) => (table.columns[i]?.name.toLowerCase() === 'last seen' ? goTime(row.object['lastTimestamp']) : cell)) })) });

function* follow(k: Kubectl, printer: Printer | null, state: Resume['watching']): Sys<number> {
  for (let n = 0; ; n++) {
    if (n === EVENTS_PER_RUN) yield* call('become', { mem: { watching: state } as unknown as Json });
    const got = yield* call('recv', { fd: state.fd });
    if (!got.ok || got.value === null) return yield* k.fail(plain('watch closed before UntilWithoutRetry timeout').failure);
    const event = got.value.data as unknown as { type: string; object: Obj };
    if (!isObj(event) || event.type === 'BOOKMARK') continue;
    if (event.type === 'ERROR') return yield* k.fail(statusFailure(event.object));
    if (printer) {
      const text = printer(event.object, !state.headed);
      if (!text.ok) return yield* k.fail(text.failure);
      state.headed = true;
      yield* out(text.value);
    } else yield* print(k, tableOf(event.object, yield* k.now()), state);
  }
}

const statusFailure = (status: Obj): Failure => ({ is: 'status', status });
