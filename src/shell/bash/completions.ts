/**
 * How programs complete their own arguments: filled at start-up from the programs' `complete`
 * (command.ts), asked by the line editor. It knows no program.
 */
import type { Start, Sys } from '../../sim/proc/program.ts';

export type Completer = (start: Start, words: readonly string[]) => Sys<readonly string[]>;

const completers = new Map<string, Completer>();

/** Called once for the list of all programs. */
export function provideCompletions(programs: readonly { name: string;
  complete?: Completer | undefined }[]): void {
  for (const program of programs) if (program.complete) completers.set(program.name, program.complete);
}

export const completerOf = (name: string): Completer | undefined => completers.get(name);
