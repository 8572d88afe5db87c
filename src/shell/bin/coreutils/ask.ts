/** A question on standard error and the answer on standard input: yes begins with y. It knows no program. */
import type { Sys } from '../../../sim/proc/program.ts';
import { lineReader, type LineReader, readLine } from '../../../sim/proc/libc.ts';
import { call } from '../../../sim/proc/syscalls.ts';
import type { Task } from './tool.ts';

const readers = new WeakMap<Task, LineReader>();

/** Asks once. Answers typed ahead are kept for the next question of the same run. */
export function* askYes(task: Task, question: string): Sys<boolean> {
  yield* task.flush();
  yield* call('write', { fd: 2, text: `${task.name}: ${question} ` });
  let reader = readers.get(task);
  if (!reader) readers.set(task, reader = lineReader(0));
  const line = yield* readLine(reader);
  return /^[yY]/.test(line ?? '');
}
