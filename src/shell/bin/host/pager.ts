/**
 * Long output on a terminal goes to a pager, as systemd's tools do it: $SYSTEMD_PAGER, $PAGER, less.
 */
import { out, terminal } from '../../../sim/proc/libc.ts';
import type { Start, Sys } from '../../../sim/proc/program.ts';
import { call } from '../../../sim/proc/syscalls.ts';
import { findProgram } from './path.ts';

/** Writes the text, through a pager if it is longer than the terminal and one may be used. */
export function* page(start: Start, text: string, wanted: boolean, atEnd = false): Sys<void> {
  const screen = wanted ? yield* terminal(1) : null;
  if (!screen || (text.split('\n').length <= screen.rows && !atEnd)) { yield* out(text); return; }
  const command = (start.env['SYSTEMD_PAGER'] ?? start.env['PAGER'] ?? 'less').split(' ')[0]!;
  const path = command === 'cat' || command === '' ? null : yield* findProgram(start, command);
  const pipe = path ? yield* call('pipe', {}) : null;
  if (!path || !pipe?.ok) { yield* out(text); return; }
  const less = command.endsWith('less');
  const child = yield* call('spawn', {
    path, argv: less && atEnd ? [command, '+G'] : [command], env: { ...start.env, ...(less ? { LESS: 'FRSXMK' } : {}) }, fds: { 0: pipe.value.read, 1: 1, 2: 2 },
  });
  yield* call('close', { fd: pipe.value.read });
  if (!child.ok) { yield* call('close', { fd: pipe.value.write }); yield* out(text); return; }
  yield* call('sigaction', { signal: 'PIPE', action: 'ignore' });
  yield* call('sigaction', { signal: 'INT', action: 'ignore' });
  yield* call('write', { fd: pipe.value.write, text });
  yield* call('close', { fd: pipe.value.write });
  yield* call('wait', { pid: child.value });
}
