/** logger of util-linux 2.23: lines into the journal. */
import { err, readAll, strerror } from '../../../sim/proc/libc.ts';
import { call } from '../../../sim/proc/syscalls.ts';
import type { Command } from '../../command.ts';
import { getopt, has, valueOf } from './getopt.ts';
import { priorityOf } from './journalctl/format.ts';

export const logger: Command = {
  name: 'logger',
  *main({ argv, env, pid }) {
    const got = getopt('logger', argv.slice(1), { short: '+if:p:t:s', long: { id: ['none', 'i'], file: ['required', 'f'], priority: ['required', 'p'], tag: ['required', 't'], stderr: ['none', 's'] } });
    if (!got.ok) { yield* err(`${got.error}\n`); return 1; }
    const { given } = got;
    const level = (valueOf(given, 'p') ?? 'user.notice').split('.').pop()!;
    const priority = priorityOf(level);
    if (priority === null) { yield* err(`logger: unknown priority name: ${valueOf(given, 'p')}\n`); return 1; }
    let lines: string[];
    const file = valueOf(given, 'f');
    if (given.operands.length) lines = [given.operands.join(' ')];
    else {
      const text = file ? yield* call('readFile', { path: file }) : yield* readAll(0);
      if (!text.ok) { yield* err(`logger: file ${file}: ${strerror(text.errno)}\n`); return 1; }
      lines = text.value.replace(/\n$/, '').split('\n').filter((line) => line !== '');
    }
    const ident = valueOf(given, 't') ?? env['USER'] ?? 'root';
    for (const message of lines) {
      yield* call('journalWrite', { ident, message, priority });
      if (has(given, 's')) yield* err(`${ident}${has(given, 'i') ? `[${pid}]` : ''}: ${message}\n`);
    }
    return 0;
  },
};
