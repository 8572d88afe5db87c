/**
 * Raft's log in memory: entries in chunks of 64, so that an append copies one chunk and shares the rest
 * with every earlier version. All chunks but the last are full. Immutable: each operation gives a new log.
 */
import type { Json } from '../../proc/program.ts';

export interface Entry { index: number; term: number; kind: 'normal' | 'conf'; data: Json }

/** `first`: index of the first entry kept; the one before it has term `beforeTerm`. */
export interface RaftLog { first: number; beforeTerm: number; last: number; chunks: readonly (readonly Entry[])[] }

const CHUNK = 64;

export const emptyRaftLog = (index = 0, term = 0): RaftLog => ({ first: index + 1, beforeTerm: term, last: index, chunks: [] });

export function entryAt(log: RaftLog, index: number): Entry | undefined {
  const at = index - log.first;
  return at < 0 ? undefined : log.chunks[Math.floor(at / CHUNK)]?.[at % CHUNK];
}

/** The term of the entry at `index`: undefined when it is not known any more or not yet. */
export const termAt = (log: RaftLog, index: number): number | undefined =>
  index === log.first - 1 ? log.beforeTerm : entryAt(log, index)?.term;

export const lastTerm = (log: RaftLog): number => termAt(log, log.last) ?? 0;

/** Entries `from`..`to`, both included and both in the log. */
export function slice(log: RaftLog, from: number, to: number, max = Infinity): Entry[] {
  const out: Entry[] = [];
  for (let index = from; index <= to && out.length < max; index++) {
    const entry = entryAt(log, index);
    if (!entry) break;
    out.push(entry);
  }
  return out;
}

/** The log with what follows `entries[0].index - 1` replaced by `entries`. */
export function appendEntries(log: RaftLog, entries: readonly Entry[]): RaftLog {
  const head = entries[0];
  if (!head) return log;
  const chunks = log.chunks.slice();
  const keep = head.index - log.first;
  chunks.length = Math.min(chunks.length, Math.ceil(keep / CHUNK));
  if (keep % CHUNK && chunks.length) chunks[chunks.length - 1] = chunks[chunks.length - 1]!.slice(0, keep % CHUNK);
  for (let i = 0; i < entries.length;) {
    const tail = chunks[chunks.length - 1];
    const room = tail ? CHUNK - tail.length : 0;
    if (tail && room > 0) chunks[chunks.length - 1] = [...tail, ...entries.slice(i, i + room)];
    else chunks.push(entries.slice(i, i + CHUNK));
    i += room > 0 ? room : CHUNK;
  }
  return { ...log, chunks, last: head.index + entries.length - 1 };
}

/** Forgets whole chunks up to `index`, which has been applied. */
export function compactLog(log: RaftLog, index: number): RaftLog {
  const drop = Math.floor((index - log.first + 1) / CHUNK);
  if (drop <= 0 || drop > log.chunks.length) return log;
  const last = log.chunks[drop - 1]!;
  const gone = last[last.length - 1]!;
  return { ...log, chunks: log.chunks.slice(drop), first: gone.index + 1, beforeTerm: gone.term };
}
