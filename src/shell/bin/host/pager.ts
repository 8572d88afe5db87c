/**
 * Long output on a terminal goes to a pager, as systemd's tools do it: $SYSTEMD_PAGER, $PAGER, less.
 */
import { out, terminal } from '../../../sim/proc/libc.ts';
import type { Result, Start, Sys } from '../../../sim/proc/program.ts';
import { call, type Fd } from '../../../sim/proc/syscalls.ts';
import { findProgram } from './path.ts';

/** Writes the text to a child that shows it, and waits for it; without a child, as it is. `start` is given what is to be its standard input. */
export function* through(text: string, start: (input: Fd) => Sys<Result<number>>): Sys<void> {
  const pipe = yield* call('pipe', {});
  const child = pipe.ok ? yield* start(pipe.value.read) : null;
  if (pipe.ok) yield* call('close', { fd: pipe.value.read });
  if (!pipe.ok || !child?.ok) {
    if (pipe.ok) yield* call('close', { fd: pipe.value.write });
    yield* out(text);
    return;
  }
  yield* call('sigaction', { signal: 'PIPE', action: 'ignore' });
  yield* call('sigaction', { signal: 'INT', action: 'ignore' });
  yield* call('write', { fd: pipe.value.write, text });
  yield* call('close', { fd: pipe.value.write });
  yield* call('wait', { pid: child.value });
}

/** Writes the text, through a pager if it is longer than the terminal and one may be used. */
export function* page(start: Start, text: string, wanted: boolean, atEnd = false): Sys<void> {
  const screen = wanted ? yield* terminal(1) : null;
  if (!screen || (text.split('\n').length <= screen.rows && !atEnd)) { yield* out(text); return; }
  const command = (start.env['SYSTEMD_PAGER'] ?? start.env['PAGER'] ?? 'less').split(' ')[0]!;
  const path = command === 'cat' || command === '' ? null : yield* findProgram(start, command);
  if (!path) { yield* out(text); return; }
  const less = command.endsWith('less');
  yield* through(text, (input) => call('spawn', {
    path, argv: less && atEnd ? [command, '+G'] : [command], env: { ...start.env, ...(less ? { LESS: 'FRSXMK' } : {}) }, fds: { 0: input, 1: 1, 2: 2 },
  }));
}
