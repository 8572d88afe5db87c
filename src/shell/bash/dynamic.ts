/** Variables that the shell itself computes: RANDOM, SECONDS, PIPESTATUS, FUNCNAME and their like. */
import { print } from '../grammar/print.ts';
import type { Shell } from './shell.ts';
import { names } from './table.ts';

/** Variables that have no cell: their value follows from the shell. */
export const DYNAMIC: Readonly<Record<string, (sh: Shell) => string | undefined>> = {
  RANDOM: nextRandom,
  SECONDS: (sh) => String(Math.floor((sh.clockUs - sh.s.secondsFrom) / 1_000_000)),
  EPOCHSECONDS: (sh) => String(Math.floor(sh.clockUs / 1_000_000)),
  EPOCHREALTIME: (sh) =>
    `${Math.floor(sh.clockUs / 1_000_000)}.${String(sh.clockUs % 1_000_000).padStart(6, '0')}`,
  LINENO: (sh) => String(sh.line),
  BASHPID: (sh) => String(sh.start.pid),
  BASH_SUBSHELL: (sh) => String(sh.s.subshell),
  BASH_COMMAND: (sh) => (sh.current ? print(sh.current) : sh.command),
  SHELLOPTS: (sh) => [...names(sh.s.options)].sort().join(':'),
  BASHOPTS: (sh) => names(sh.s.shopts).filter((n) => sh.shopt(n)).sort().join(':'),
  HISTCMD: (sh) => String(sh.s.history.first + sh.s.history.length),
};

/** Those whose value needs the clock. */
export const CLOCKED: ReadonlySet<string> = new Set(['SECONDS', 'EPOCHSECONDS', 'EPOCHREALTIME']);

function nextRandom(sh: Shell): string {
  // The minimal standard generator of Park and Miller, as bash's lib/sh/random.c steps and folds it.
  const seed = sh.s.seed === 0 ? 123459876 : sh.s.seed;
  const high = Math.floor(seed / 127773), low = seed - 127773 * high;
  const next = 16807 * low - 2836 * high;
  sh.s.seed = next < 0 ? next + 0x7fffffff : next;
  return String(((sh.s.seed >>> 16) ^ (sh.s.seed & 65535)) & 32767);
}

/** Arrays that have no cell. */
export function dynamicList(sh: Shell, name: string): string[] | undefined {
  const calls = sh.s.scopes.filter((scope) => scope.name !== '');
  switch (name) {
    case 'PIPESTATUS': return sh.s.pipestatus.map(String);
    case 'DIRSTACK': return [sh.s.cwd, ...sh.s.dirs];
    case 'FUNCNAME': return calls.length
      ? [...calls.map((c) => c.name).reverse(), ...(sh.s.input === '-c' || sh.s.interactive ? [] : ['main'])]
        : [];
    case 'BASH_SOURCE': return [...calls.map((c) => c.source).reverse(),
      ...(sh.s.input === '-c' || sh.s.interactive || sh.s.input === 'stdin' ? [] : [sh.s.name])];
    case 'BASH_LINENO': return [...calls.map((c) => String(c.line)).reverse(),
      ...(sh.s.input === '-c' || sh.s.interactive ? [] : ['0'])];
    case 'GROUPS': return [String(sh.start.gid)];
    default: return undefined;
  }
}

export const LISTS: ReadonlySet<string> =
  new Set(['PIPESTATUS', 'DIRSTACK', 'FUNCNAME', 'BASH_SOURCE', 'BASH_LINENO', 'GROUPS']);
