/**
 * Events: what a component tells about an object. Equal ones are counted on one Event; a flood about one
 * object is dropped. Each is sent by a thread of its own. client-go/tools/record v1.14.
 */
import { seconds } from '../engine/time.ts';
import { err } from '../proc/libc.ts';
import type { Json, Start, Sys } from '../proc/program.ts';
import { call } from '../proc/syscalls.ts';
import { api, type ApiConfig } from './client.ts';
import { klog, rfc3339 } from './time.ts';
import type { Obj, ObjectReference } from './types.ts';

export interface About extends ObjectReference { readonly kind: string; readonly name: string }
export interface Note {
  readonly about: About; readonly type: 'Normal' | 'Warning'; readonly reason: string; readonly message: string;
  readonly source: { readonly component: string; readonly host?: string };
  /** Also a line in the component's log. */
  readonly logged?: boolean;
}

export const refTo = (obj: Obj, fieldPath?: string): About => ({
  kind: obj.kind, ...(obj.metadata.namespace ? { namespace: obj.metadata.namespace } : {}), name: obj.metadata.name, uid: obj.metadata.uid ?? '',
  apiVersion: obj.apiVersion, resourceVersion: obj.metadata.resourceVersion ?? '', ...(fieldPath ? { fieldPath } : {}),
});

/** Hands an event to the thread that sends it. The program has the entry `record`. */
export function* record(note: Note): Sys<void> {
  yield* call('thread', { entry: 'record', event: note as unknown as Json });
}

interface Known { readonly name: string; readonly namespace: string; readonly count: number }
interface Bucket { readonly tokens: number; /** Monotonic. */ readonly at: number }
interface Memory { readonly known: Readonly<Record<string, Known>>; readonly buckets: Readonly<Record<string, Bucket>>; readonly order: readonly string[]; /** Names events of one microsecond apart. */ readonly turn?: number }

const KEPT = 512;
/** 25 at once about one object, then one in five minutes (EventSourceObjectSpamFilter). */
const BURST = 25;
const REFILL_US = seconds(300);
const RETRIES = 12;

function spend(bucket: Bucket | undefined, mono: number): Bucket | null {
  const full = bucket ? Math.min(BURST, bucket.tokens + (mono - bucket.at) / REFILL_US) : BURST;
  return full < 1 ? null : { tokens: full - 1, at: mono };
}

const empty: Memory = { known: {}, buckets: {}, order: [] };
function* memory(): Sys<Memory> {
  const got = yield* call('memGet', { key: 'events' });
  return (got.ok && got.value !== null ? got.value : empty) as unknown as Memory;
}

function remembered(m: Memory, id: string, known: Known): Pick<Memory, 'known' | 'order'> {
  const order = m.known[id] ? m.order : [...m.order, id];
  const all: Record<string, Known> = { ...m.known, [id]: known };
  if (order.length <= KEPT) return { known: all, order };
  const dropped = order.slice(0, order.length - KEPT / 2);
  for (const old of dropped) delete all[old];
  return { known: all, order: order.slice(-KEPT / 2) };
}

/** The entry `record`. */
export function* recordThread(start: Start): Sys<void> {
  const note = start.event as unknown as Note;
  const time = yield* call('now', {});
  const config = yield* call('memGet', { key: 'api' });
  if (!time.ok || !config.ok || config.value === null) return;
  const { real, mono } = time.value;
  if (note.logged) yield* err(klog('I', real, start.pid, 'event.go:209', logLine(note)));
  const target = `${note.source.component}/${note.source.host ?? ''}/${note.about.kind}/${note.about.namespace ?? ''}/${note.about.name}/${note.about.uid ?? ''}`;
  const id = `${target}/${note.about.fieldPath ?? ''}/${note.type}/${note.reason}/${note.message}`;
  let m = yield* memory();
  const bucket = spend(m.buckets[target], mono);
  if (!bucket) return;
  const known = m.known[id];
  const turn = (m.turn ?? 0) + 1;
  const mine: Known = known ? { ...known, count: known.count + 1 } : { name: `${note.about.name}.${(BigInt(real) * 1000n + BigInt(turn % 1_000)).toString(16)}`, namespace: note.about.namespace ?? 'default', count: 1 };
  const many = Object.keys(m.buckets).length > KEPT;
  yield* call('memSet', { key: 'events', value: { ...remembered(m, id, mine), buckets: { ...(many ? {} : m.buckets), [target]: bucket }, turn } as unknown as Json });
  for (let attempt = 0; attempt < RETRIES; attempt++) {
    const sent = yield* send(config.value as unknown as ApiConfig, note, mine, rfc3339(real), known !== undefined);
    if (sent === 'done') return;
    if (sent === 'gone') {
      m = yield* memory();
      const { [id]: _gone, ...others } = m.known;
      yield* call('memSet', { key: 'events', value: { ...m, known: others, order: m.order.filter((o) => o !== id) } as unknown as Json });
      const again = yield* send(config.value as unknown as ApiConfig, note, { ...mine, count: 1 }, rfc3339(real), false);
      if (again === 'done') return;
    }
    yield* call('sleep', { us: seconds(10) });
  }
}

function* send(config: ApiConfig, note: Note, mine: Known, stamp: string, update: boolean): Sys<'done' | 'gone' | 'failed'> {
  const path = `/api/v1/namespaces/${mine.namespace}/events`;
  const got = update
    ? yield* api(config, 'PATCH', `${path}/${mine.name}`, { type: 'application/strategic-merge-patch+json', body: { count: mine.count, lastTimestamp: stamp, message: note.message }, timeoutUs: seconds(30) })
    : yield* api(config, 'POST', path, { body: eventObject(note, mine, stamp) as unknown as Json, timeoutUs: seconds(30) });
  if (got.ok) return 'done';
  if (got.status === 0 || got.status >= 500) return 'failed';
  return update && got.status === 404 ? 'gone' : 'done';
}

const eventObject = (note: Note, mine: Known, stamp: string): Obj => ({
  kind: 'Event', apiVersion: 'v1', metadata: { name: mine.name, namespace: mine.namespace }, involvedObject: note.about, reason: note.reason, message: note.message, source: note.source,
  firstTimestamp: stamp, lastTimestamp: stamp, count: mine.count, type: note.type, eventTime: null, reportingComponent: '', reportingInstance: '',
});

const logLine = ({ about: o, type, reason, message }: Note): string =>
  `Event(v1.ObjectReference{Kind:${q(o.kind)}, Namespace:${q(o.namespace)}, Name:${q(o.name)}, UID:${q(o.uid)}, APIVersion:${q(o.apiVersion)}, ResourceVersion:${q(o.resourceVersion)}, FieldPath:${q(o.fieldPath)}}): type: '${type}' reason: '${reason}' ${message}`;
const q = (text: string | undefined): string => JSON.stringify(text ?? '');
