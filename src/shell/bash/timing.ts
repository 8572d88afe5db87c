/** What `time` reports. Children's own CPU time is not told apart here: the wall clock is what one sees. */
import type { Sys } from '../../sim/proc/program.ts';
import type { Shell } from './shell.ts';
import { value } from './variables.ts';

export function* report(sh: Shell, from: number, posix: boolean): Sys<void> {
  const now = yield* sh.call('now', {});
  const us = now.ok ? now.value.mono - from : 0;
  const format = value(sh, 'TIMEFORMAT');
  if (posix) { yield* sh.write(2, `real ${(us / 1e6).toFixed(2)}\nuser 0.00\nsys 0.00\n`); return; }
  if (format !== undefined) { if (format) yield* sh.write(2, `${timeFormat(format, us)}\n`); return; }
  yield* sh.write(2, `\nreal\t${minutes(us, 3)}\nuser\t0m0.000s\nsys\t0m0.000s\n`);
}

const minutes = (us: number, places: number): string => {
  const whole = Math.floor(us / 60_000_000);
  return `${whole}m${((us - whole * 60_000_000) / 1e6).toFixed(places)}s`;
};

const timeFormat = (format: string,
  us: number): string =>
    format.replace(/%(%|(\d)?(l)?([RUS])|P)/g,
      (_, all: string, places: string, long: string, what: string) => {
  if (all === '%') return '%';
  if (all === 'P') return '0.00';
  const amount = what === 'R' ? us : 0, digits = Math.min(3, Number(places ?? 3));
  return long ? minutes(amount, digits) : (amount / 1e6).toFixed(digits);
});
