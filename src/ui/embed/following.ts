/** What a page around hears of a run: goals when they change, each command when its prompt is back, the end. */
import type { DrillStore } from '../store.ts';

export type Tell = (event: string, detail: Readonly<Record<string, unknown>>) => void;
export const goalsOf = ({ state }: DrillStore): readonly Readonly<Record<string, unknown>>[] => state.goals.map(({ id, title, passed, message }) => ({ id, title, passed, message }));

/** Returns how to stop. */
export function follow(store: DrillStore, tell: Tell): () => void {
  let told = '', complete = false, steps = store.state.steps.length, waiting = false;
  const hear = (): void => {
    const { state } = store;
    const goals = goalsOf(store), text = JSON.stringify(goals);
    if (text !== told) { told = text; tell('drill-check', { goals }); }
    const all = goals.length > 0 && state.goals.every(({ passed }) => passed);
    if (all && !complete) tell('drill-complete', {});
    complete = all;
    if (state.steps.length > steps) waiting = true;
    steps = state.steps.length;
    const last = state.steps.at(-1), at = state.terminals.find(({ id }) => id === last?.terminal);
    // A label that ends in a blank has had its Enter.
    if (!waiting || !last?.label.endsWith(' ') || at?.state !== 'prompt') return;
    waiting = false;
    tell('drill-command', { node: at.node, command: last.label.trim(), exit: at.exit });
  };
  store.addEventListener('change', hear);
  return () => store.removeEventListener('change', hear);
}
