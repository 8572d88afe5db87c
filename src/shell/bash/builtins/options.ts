/** Options of builtins, and the words for wrong ones. bash's internal_getopt and builtin_usage. */
import type { Sys } from '../../../sim/proc/program.ts';
import type { Shell } from '../shell.ts';
import { SYNOPSES } from './synopses.ts';

export interface Options { has(letter: string): boolean;
  value(letter: string): string | undefined; /** Letters given with `+`. */ minus: string; plus: string;
  rest: readonly string[] }

/** Prints how a builtin is used; status 2. */
export function* usage(sh: Shell): Sys<2> {
  const synopsis = SYNOPSES[sh.builtin];
  if (synopsis !== undefined) yield* sh.write(2, `${sh.builtin}: usage: ${synopsis}\n`);
  return 2;
}

export function* invalid(sh: Shell, option: string): Sys<2> {
  yield* sh.complain(`${option}: invalid option`);
  return yield* usage(sh);
}

/**
 * Parses `args` by `spec` as getopt(3) does: a letter followed by ':' takes a value; '+' first allows `+x`.
 * A number: the status after a message.
 */
export function* parseOptions(sh: Shell, args: readonly string[], spec: string): Sys<Options | number> {
  const plusToo = spec[0] === '+';
  let minus = '', plus = '', i = 0;
  const values: Record<string, string> = {};
  for (; i < args.length; i++) {
    const arg = args[i]!;
    if (arg === '--') { i++; break; }
    if (arg.length < 2 || (arg[0] !== '-' && !(plusToo && arg[0] === '+'))) break;
    for (let j = 1; j < arg.length; j++) {
      const letter = arg[j]!, at = letter === ':' || letter === '+' ? -1 : spec.indexOf(letter);
      if (at < 0) return yield* invalid(sh, `${arg[0]}${letter}`);
      if (arg[0] === '+') { plus += letter; continue; }
      minus += letter;
      if (spec[at + 1] !== ':') continue;
      const rest = arg.slice(j + 1);
      if (rest === '' && i + 1 >= args.length) {
        yield* sh.complain(`-${letter}: option requires an argument`);
        return yield* usage(sh);
      }
      values[letter] = rest === '' ? args[++i]! : rest;
      break;
    }
  }
  return {
    has: (letter) => minus.includes(letter),
    value: (letter) => (Object.hasOwn(values, letter) ? values[letter] : undefined),
    minus, plus, rest: args.slice(i),
  };
}

export const isNumber = (text: string): boolean => /^\s*[-+]?\d+\s*$/.test(text);
