/** What `set -x` prints. */
import { parseDocument } from '../grammar/parse.ts';
import type { Sys } from '../../sim/proc/program.ts';
import { expandDocument } from './expand.ts';
import type { Shell } from './shell.ts';
import { value } from './variables.ts';

/** Prints a line of the trace; `text` is made only when tracing is on. */
export function* trace(sh: Shell, text: () => string): Sys<void> {
  if (!sh.s.options['xtrace']) return;
  const ps4 = value(sh, 'PS4') ?? '';
  let prefix = ps4;
  if (/[$`\\]/.test(ps4)) {
    delete sh.own('options')['xtrace'];
    prefix = yield* expandDocument(sh, parseDocument(ps4));
    sh.own('options')['xtrace'] = true;
  }
  // The first character is repeated for each level of indirection.
  const deep = sh.nested > 0 && prefix ? prefix[0]!.repeat(sh.nested) : '';
  yield* sh.write(2, `${deep}${prefix}${text()}\n`);
}
