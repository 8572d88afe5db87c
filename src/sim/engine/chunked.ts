/**
 * An append-only log in chunks, so that appending after a snapshot copies a chunk and not the log.
 * Positions count from the log's birth; a bounded log forgets its oldest chunks and says so by `start`.
 */
import { own } from './cow.ts';

export interface Chunked<T> { start: number; length: number; chunks: T[][] }

const CHUNK = 64;

export const emptyLog = <T>(): Chunked<T> => ({ start: 0, length: 0, chunks: [] });

/** Appends to an owned log. With `bound`, whole chunks beyond it are forgotten. */
export function append<T>(log: Chunked<T>, item: T, bound = Infinity): void {
  const chunks = own(log, 'chunks');
  if (!chunks.length || chunks[chunks.length - 1]!.length >= CHUNK) chunks.push([]);
  own(chunks, chunks.length - 1).push(item);
  log.length++;
  while (log.length - log.start > bound + CHUNK) {
    log.start += chunks.shift()!.length;
  }
}

/** Items from position `from` (clamped to what is kept), oldest first. */
export function* items<T>(log: Chunked<T>, from = 0): Generator<T> {
  let at = log.start;
  for (const chunk of log.chunks) {
    if (at + chunk.length > from) for (let i = Math.max(0, from - at); i < chunk.length; i++) yield chunk[i]!;
    at += chunk.length;
  }
}

export const toArray = <T>(log: Chunked<T>, from = 0): T[] => [...items(log, from)];
