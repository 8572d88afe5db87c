/**
 * The history of a world: its inputs with their moments, and a sealed state before each, so that one can
 * go back to any of them, try something else from there, and replay the whole from the start. Branches
 * that were left are kept. It knows neither the world nor what an input means.
 */
import { produce } from 'immer';
import type { Us } from './time.ts';

export interface Entry<I, S> {
  readonly id: number;
  /** The entry that came before it on its branch; null: the start. */
  readonly parent: number | null;
  readonly at: Us;
  readonly input: I;
  /** The state just before the input. */
  readonly before: S;
  /** The state when the next input came, or when one last left it. */
  readonly after: S | null;
}

export interface History<I, S> {
  readonly entries: readonly Entry<I, S>[];
  /** Where one stands: the last input that is in effect; null: none. */
  readonly head: number | null;
  /** Entries undone, nearest first. */
  readonly undone: readonly number[];
}

export const emptyHistory = <I, S>(): History<I, S> => ({ entries: [], head: null, undone: [] });

/** Notes an input that is about to be applied to `before`. What was undone stays as a branch. */
export function record<I, S>(history: History<I, S>, at: Us, input: I, before: S): History<I, S> {
  const entry: Entry<I, S> = { id: history.entries.length, parent: history.head, at, input, before, after: null };
  return { entries: [...history.entries, entry], head: entry.id, undone: [] };
}

/** Goes back before the last input: the state to restore, and the history then. Null: nothing to undo. */
export function undo<I, S>(history: History<I, S>, now: S): { state: S; history: History<I, S> } | null {
  if (history.head === null) return null;
  const entry = history.entries[history.head]!;
  const next = produce(history, (draft) => {
    (draft.entries[entry.id] as { after: S | null }).after = now;
    draft.head = entry.parent;
    draft.undone.unshift(entry.id);
  });
  return { state: entry.before, history: next };
}

/** Goes forward again to where one was when it was undone. */
export function redo<I, S>(history: History<I, S>): { state: S; history: History<I, S> } | null {
  const id = history.undone[0];
  if (id === undefined) return null;
  const entry = history.entries[id]!;
  if (entry.after === null) return null;
  return { state: entry.after, history: { ...history, head: id, undone: history.undone.slice(1) } };
}

/** The inputs in effect, oldest first: replayed on a fresh world they give the present state. */
export function line<I, S>(history: History<I, S>): Entry<I, S>[] {
  const out: Entry<I, S>[] = [];
  for (let at = history.head; at !== null; at = history.entries[at]!.parent) out.push(history.entries[at]!);
  return out.reverse();
}
