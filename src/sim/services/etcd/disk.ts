/**
 * A member's disk: the write-ahead log and the database under `--data-dir`/member, as text. What is here
 * survives the process; what is not does not. Segments carry the names of etcd's WAL. JSON stands for
 * protobuf and bolt.
 */
import { seconds, type Us } from '../../engine/time.ts';
import type { Sys } from '../../proc/program.ts';
import { call } from '../../proc/syscalls.ts';
import type { KeyValue } from './api.ts';
import type { State } from './applied.ts';
import { appendEntries, emptyRaftLog, type Entry, type RaftLog } from './log.ts';
import type { Mvcc, StoredEvent } from './mvcc.ts';

/** Entries after which the database is written anew and a new segment begins. */
export const SEGMENT_ENTRIES = 1_000;

export interface Metadata { member: string; cluster: string }
export interface Recovered { metadata: Metadata; state: State | null; term: number; vote: string; commit: number; log: RaftLog; segment: number }

const hex = (n: number): string => n.toString(16).padStart(16, '0');
export const segmentName = (sequence: number, index: number): string => `${hex(sequence)}-${hex(index)}.wal`;

type Line = { m: Metadata } | { h: { term: number; vote: string; commit: number } } | { e: Entry };

export const metadataLine = (metadata: Metadata): string => `${JSON.stringify({ m: metadata })}\n`;
export const hardStateLine = (term: number, vote: string, commit: number): string => `${JSON.stringify({ h: { term, vote, commit } })}\n`;
export const entryLines = (entries: readonly Entry[]): string => entries.map((entry) => `${JSON.stringify({ e: entry })}\n`).join('');

/** The store's text: each version of each value once. An event's previous value is kept only where no earlier event has it. */
export function encodeState(state: State): string {
  const { mvcc } = state;
  const events = mvcc.history.flat();
  const seen = new Set<string>();
  const told = events.map(({ prevKv, ...event }) => {
    const first = !seen.has(event.kv.key);
    seen.add(event.kv.key);
    return first && prevKv ? { ...event, prevKv } : event;
  });
  const base = mvcc.chunks.flat().filter((kv) => !seen.has(kv.key));
  return `${JSON.stringify({ ...state, mvcc: { ...mvcc, chunks: base, history: told } })}\n`;
}

const CHUNK = 64;
function chunked<T>(items: readonly T[]): T[][] {
  const out: T[][] = [];
  for (let i = 0; i < items.length; i += CHUNK / 2) out.push(items.slice(i, i + CHUNK / 2));
  return out;
}

export function decodeState(text: string): State | null {
  try {
    const raw = JSON.parse(text) as Omit<State, 'mvcc'> & { mvcc: Omit<Mvcc, 'chunks' | 'history'> & { chunks: KeyValue[]; history: StoredEvent[] } };
    const now = new Map(raw.mvcc.chunks.map((kv) => [kv.key, kv]));
    const events = raw.mvcc.history.map((event) => {
      const prev = event.prevKv ?? now.get(event.kv.key);
      if (event.type === 'PUT') now.set(event.kv.key, event.kv); else now.delete(event.kv.key);
      return prev ? { ...event, prevKv: prev } : event;
    });
    const kvs = [...now.values()].sort((a, b) => (a.key < b.key ? -1 : 1));
    return { ...raw, mvcc: { ...raw.mvcc, chunks: chunked(kvs), history: chunked(events) } };
  } catch { return null; }
}

/** What the disk holds, null when there is no log: a new member. `bad`: a log that cannot be read. */
export function* recover(dataDir: string): Sys<Recovered | null | 'bad'> {
  const dir = yield* call('readdir', { path: `${dataDir}/member/wal` });
  const names = dir.ok ? dir.value.filter((name) => name.endsWith('.wal')) : [];
  if (!names.length) return null;
  const db = yield* call('readFile', { path: `${dataDir}/member/snap/db` });
  const state = db.ok && db.value ? decodeState(db.value) : null;
  const out: Recovered = { metadata: { member: '', cluster: '' }, state, term: 0, vote: '', commit: state?.index ?? 0, log: emptyRaftLog(state?.index ?? 0, state?.term ?? 0), segment: 0 };
  for (const name of names) {
    out.segment = parseInt(name.slice(0, 16), 16);
    const text = yield* call('readFile', { path: `${dataDir}/member/wal/${name}` });
    if (!text.ok || !replay(out, text.value)) return 'bad';
  }
  out.commit = Math.min(out.commit, out.log.last);
  return out.metadata.member ? out : 'bad';
}

/** A last line without its end was being written when the power went: it is dropped, as etcd repairs a torn tail. */
function replay(out: Recovered, text: string): boolean {
  const entries: Entry[] = [];
  const flush = (): void => {
    if (entries.length) out.log = appendEntries(out.log, entries.splice(0));
  };
  const lines = text.split('\n');
  lines.pop();
  for (const line of lines) {
    let item: Line;
    try { item = JSON.parse(line) as Line; } catch { return false; }
    if ('m' in item) out.metadata = item.m;
    else if ('h' in item) Object.assign(out, { term: item.h.term, vote: item.h.vote, commit: Math.max(out.commit, item.h.commit) });
    else if (item.e.index >= out.log.first) {
      if (entries.length && item.e.index !== entries[entries.length - 1]!.index + 1) flush();
      entries.push(item.e);
    }
  }
  flush();
  return true;
}

export type Saved = { ok: true; tookUs: Us } | { ok: false; errno: string };

/** Appends to the segment and waits for the disk. */
export function* save(path: string, text: string): Sys<Saved> {
  const before = yield* call('now', {});
  const wrote = yield* call('writeFile', { path, text, append: true, mode: 0o600 });
  if (!wrote.ok) return wrote;
  const synced = yield* call('fsync', { path });
  if (!synced.ok) return synced;
  const after = yield* call('now', {});
  return { ok: true, tookUs: before.ok && after.ok ? after.value.mono - before.value.mono : 0 };
}

/** Writes the database and begins a new segment with what the log has beyond it. */
export function* rotate(dataDir: string, state: State, segment: number, head: string): Sys<Saved> {
  const wal = `${dataDir}/member/wal`;
  const db = `${dataDir}/member/snap/db`;
  const old = yield* call('readdir', { path: wal });
  const wrote = yield* call('writeFile', { path: `${db}.tmp`, text: encodeState(state), mode: 0o600 });
  if (!wrote.ok) return wrote;
  yield* call('rename', { from: `${db}.tmp`, to: db });
  const saved = yield* save(`${wal}/${segmentName(segment, state.index)}`, head);
  if (!saved.ok) return saved;
  for (const name of old.ok ? old.value : []) if (name.endsWith('.wal')) yield* call('unlink', { path: `${wal}/${name}` });
  return saved;
}

/** Makes the directories; an errno when that cannot be. */
export function* prepare(dataDir: string): Sys<{ path: string; errno: string } | null> {
  const parts = dataDir.split('/').filter(Boolean);
  const wanted = parts.map((_, i) => `/${parts.slice(0, i + 1).join('/')}`);
  for (const path of [...wanted, `${dataDir}/member`, `${dataDir}/member/snap`, `${dataDir}/member/wal`]) {
    const made = yield* call('mkdir', { path, mode: 0o700 });
    if (!made.ok && made.errno !== 'EEXIST') return { path, errno: made.errno };
  }
  const probe = yield* call('writeFile', { path: `${dataDir}/.touch`, text: '', mode: 0o600 });
  if (!probe.ok) return { path: `${dataDir}/.touch`, errno: probe.errno };
  yield* call('unlink', { path: `${dataDir}/.touch` });
  return null;
}

/** A sync that takes longer is worth a warning. */
export const SYNC_SLOW_US = seconds(1);
