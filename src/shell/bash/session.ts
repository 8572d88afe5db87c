/**
 * What a shell remembers, as plain JSON: it is handed to subshells and to the next activation as memory.
 * It is shared by reference once sealed; a shell changes it only through `own` (sim/engine/cow.ts).
 */
import type { Node } from '../grammar/ast.ts';
import type { Table } from './table.ts';

/** A variable. `flags`: attribute letters of declare (a A i l n r t u x), in that order. */
export interface Var {
  value?: string;
  /** Of an indexed array; integer keys keep their order. */
  list?: Record<number, string>;
  /** Of an associative array. */
  map?: Table<string>;
  flags: string;
}

/** One function call (or the temporary environment of a builtin). */
export interface Scope {
  /** Name of the function, or '' for a temporary environment; 'source' for a sourced file. */
  name: string;
  vars: Table<Var | null>;
  /** The caller's positional parameters and line; where the function was defined. */
  args: readonly string[] | null;
  line: number;
  source: string;
}

export interface Fn { body: Node; source: string; line: number; exported?: boolean; traced?: boolean }

export interface Job {
  id: number;
  pgid: number;
  /** What still runs of it; [pid, its place in the pipeline]. */
  live: readonly (readonly [number, number])[];
  last: number;
  status: number;
  signal: string | null;
  state: 'running' | 'stopped' | 'done';
  text: string;
  /** The news of its end or stop has been printed. */
  told: boolean;
  cwd: string;
  control: boolean;
}

export interface Session {
  vars: Table<Var>;
  scopes: Scope[];
  functions: Table<Fn>;
  aliases: Table<string>;
  /** `set -o` options and shopt options that are on. */
  options: Table<true>;
  shopts: Table<boolean>;
  status: number;
  pipestatus: number[];
  args: readonly string[];
  name: string;
  lastArg: string;
  lastBackground: number | null;
  /** `$$`, and of the process whose group the terminal returns to. */
  pid: number;
  cwd: string;
  dirs: string[];
  hash: Table<{ path: string; hits: number }>;
  /** Programs found for children, which `hash` does not show. */
  paths: Table<string>;
  traps: Table<string>;
  /** In a subshell that has set none: its parent's traps, which `trap` still shows. */
  outerTraps: Table<string> | null;
  jobs: Job[];
  /** Status of background processes that have ended, newest last. */
  ended: [number, number][];
  history: History;
  /** Shell descriptor → the process's own. */
  fds: Record<number, number>;
  /** The process's descriptors that the shell opened itself. */
  opened: Record<number, true>;
  seed: number;
  secondsFrom: number;
  subshell: number;
  interactive: boolean;
  login: boolean;
  /** Where commands come from: '-c', 'stdin', or a file. For messages. */
  input: string;
  getopts: { at: number; ind: string };
  /** The environment for children, or null when it must be made again. */
  env: Record<string, string> | null;
  /** Command number, for `\#`. */
  commandCount: number;
  disabled: Table<true>;
  completions: Table<string>;
  exitWarned: boolean;
  /** Limits of ulimit that were changed. */
  limits: Table<string>;
}

/** Lines in blocks, oldest first, with the second each was entered; `first` is the number of the oldest. */
export interface History { first: number; blocks: Block[]; length: number }
export interface Block { lines: string[]; times: number[] }

export const emptyHistory = (): History => ({ first: 1, blocks: [], length: 0 });
