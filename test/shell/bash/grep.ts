/** A plain substring filter, so that the shell's tests need no other room's grep. */
import { call } from '../../../src/sim/proc/syscalls.ts';
import { lineReader, out, readLine } from '../../../src/sim/proc/libc.ts';
import type { Program } from '../../../src/sim/proc/program.ts';

export const grep: Program = {
  name: 'grep',
  *main({ argv }) {
    const opened = argv[2] === undefined ? { ok: true as const, value: 0 }
      : yield* call('open', { path: argv[2], flags: { read: true } });
    if (!opened.ok) return 2;
    const reader = lineReader(opened.value);
    let found = '';
    for (let line = yield* readLine(reader); line !== null; line = yield* readLine(reader))
      if (line.includes(argv[1]!)) found += line;
    yield* out(found);
    return found ? 0 : 1;
  },
};
