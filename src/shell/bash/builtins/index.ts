/** All builtins by name. */
import type { Sys } from '../../../sim/proc/program.ts';
import type { Assigned } from '../command.ts';
import type { Shell } from '../shell.ts';
import type { Table } from '../table.ts';
import { about } from './about.ts';
import { directories } from './directories.ts';
import { flow } from './flow.ts';
import { historyBuiltins } from './history.ts';
import { inputs } from './inputs.ts';
import { jobBuiltins } from './jobs.ts';
import { limits } from './limits.ts';
import { nameBuiltins } from './names.ts';
import { outputs } from './outputs.ts';
import { optionBuiltins } from './settings.ts';
import { signalBuiltins } from './signals.ts';

/** `arrays`: arguments that are assignments to arrays or elements, by position. */
export type Builtin = (sh: Shell, args: readonly string[], arrays?: Map<number, Assigned>) => Sys<number>;

let table: Table<Builtin> | null = null;

/**
 * Made when first asked for: builtins that run commands and the code that runs builtins import each other.
 */
export const builtins = (): Table<Builtin> => (table ??= {
  ...outputs, ...flow, ...nameBuiltins, ...inputs, ...directories, ...jobBuiltins, ...signalBuiltins,
  ...about, ...optionBuiltins, ...historyBuiltins, ...limits,
});
