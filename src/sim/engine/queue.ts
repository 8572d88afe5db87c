/**
 * The event queue: ordered by (at, seq). An array sorted latest first, so the next event is popped off
 * its end. It knows nothing of what the events mean.
 */
import { own } from './cow.ts';
import type { Us } from './time.ts';

export interface Timed { at: Us; seq: number }
export interface Timeline<E extends Timed> { now: Us; seq: number; queue: E[] }

/**
 * Adds an event at `at` (never in the past) and returns its sequence number, which names it. The event is
 * the queue's from then on.
 */
export function schedule<E extends Timed>(line: Timeline<E>, at: Us, event: Omit<E, 'at' | 'seq'>): number {
  const queue = own(line, 'queue') as E[];
  const seq = ++line.seq;
  const due = at < line.now ? line.now : at;
  const low = firstDue(queue, due);
  const entry = event as E;
  entry.at = due;
  entry.seq = seq;
  if (low === queue.length) queue.push(entry);
  else queue.splice(low, 0, entry);
  return seq;
}

/** The first index whose event is due at `due` or earlier: the latest come first. */
function firstDue(queue: readonly Timed[], due: Us): number {
  let low = 0, high = queue.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (queue[middle]!.at > due) low = middle + 1; else high = middle;
  }
  return low;
}

/** Removes the event that was scheduled for `at` under this sequence number, if it is still there. */
export function cancel<E extends Timed>(line: Timeline<E>, at: Us, seq: number): void {
  for (let i = firstDue(line.queue, at); i < line.queue.length && line.queue[i]!.at === at; i++) {
    if (line.queue[i]!.seq === seq) { own(line, 'queue').splice(i, 1); return; }
  }
}

/** Takes the next event off and moves the clock to it. */
export function pop<E extends Timed>(line: Timeline<E>): E | undefined {
  if (!line.queue.length) return undefined;
  const event = (own(line, 'queue') as E[]).pop()!;
  line.now = event.at;
  return event;
}

export const nextAt = <E extends Timed>(line: Timeline<E>): Us => line.queue.at(-1)?.at ?? Infinity;
