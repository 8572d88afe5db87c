/**
 * A program as the shell's side adds it: what `src/sim` needs to run it, and what the line editor needs
 * to complete it. Each room of src/shell/bin exports a list; registry.ts joins them.
 */
import type { Program, Start, Sys } from '../sim/proc/program.ts';

export interface Command extends Program {
  /** Candidates for the last of `words` (words[0] is the program). May ask the live cluster. */
  readonly complete?: (start: Start, words: readonly string[]) => Sys<readonly string[]>;
}
