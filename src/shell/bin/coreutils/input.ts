/**
 * How tools read: a named file in one call, a pipe or a terminal piece by piece as it comes. It knows
 * neither what the pieces mean nor what a tool says of an error.
 */
import type { Failed, Result, Sys } from '../../../sim/proc/program.ts';
import { readAll } from '../../../sim/proc/libc.ts';
import { call, type Fd } from '../../../sim/proc/syscalls.ts';
import type { Task } from './tool.ts';

/** What is still to be read. `text` is a file read whole; else `fd` gives pieces. */
export interface Source { readonly fd: Fd | null; text: string | null; ended: boolean }

/** Devices and descriptors do not end, or not yet: those are read by pieces. */
const streams = (path: string): boolean => path.startsWith('/dev/') || path.startsWith('/proc/self/fd/');

/** What reads as empty may be a named pipe, which has to be opened. */
function* isFifo(path: string): Sys<boolean> {
  const stat = yield* call('stat', { path });
  return stat.ok && stat.value.type === 'fifo';
}

/** Opens an operand; `-` is standard input. */
export function* openSource(path: string): Sys<Result<Source>> {
  if (path === '-') return { ok: true, value: { fd: 0, text: null, ended: false } };
  if (!streams(path)) {
    const whole = yield* call('readFile', { path });
    if (!whole.ok) return whole;
    if (whole.value !== '' || !(yield* isFifo(path))) return { ok: true, value: { fd: null, text: whole.value, ended: false } };
  }
  const opened = yield* call('open', { path, flags: { read: true } });
  if (!opened.ok) return opened;
  return { ok: true, value: { fd: opened.value, text: null, ended: false } };
}

/** The next piece, or null at the end; an error of read(2) ends it and is told. */
export function* nextPiece(source: Source): Sys<string | null | Failed> {
  if (source.ended) return null;
  if (source.fd === null) {
    source.ended = true;
    return source.text === '' ? null : source.text;
  }
  const part = yield* call('read', { fd: source.fd });
  if (part.ok && part.value !== '') return part.value;
  source.ended = true;
  if (source.fd !== 0) yield* call('close', { fd: source.fd });
  return part.ok ? null : part;
}

/** The whole of an operand. */
export function* readOperand(path: string): Sys<Result<string>> {
  if (path === '-') return yield* readAll(0);
  if (!streams(path)) {
    const whole = yield* call('readFile', { path });
    if (!whole.ok || whole.value !== '' || !(yield* isFifo(path))) return whole;
  }
  const opened = yield* call('open', { path, flags: { read: true } });
  if (!opened.ok) return opened;
  const text = yield* readAll(opened.value);
  yield* call('close', { fd: opened.value });
  return text;
}

/** The whole of an operand, or null after the usual complaint. */
export function* slurp(task: Task, path: string, status = 1): Sys<string | null> {
  const got = yield* readOperand(path);
  if (got.ok) return got.value;
  yield* task.fileError(path, got.errno, status);
  return null;
}

/** All operands (default: standard input), one after the other, as one text. */
export function* slurpAll(task: Task, paths: readonly string[]): Sys<string> {
  let all = '';
  for (const path of paths.length ? paths : ['-']) all += (yield* slurp(task, path)) ?? '';
  return all;
}

/** Lines without their newline; a last line that lacks it counts as one. */
export function splitLines(text: string, end = '\n'): string[] {
  if (text === '') return [];
  const lines = text.split(end);
  if (lines.at(-1) === '') lines.pop();
  return lines;
}

/**
 * Runs `each` over all lines of the operands, a batch for every piece that comes, and flushes after every
 * piece, so that a reader of a pipe sees a line when it is there. Lines come without their newline.
 */
export function* eachBatch(
  task: Task, paths: readonly string[], each: (lines: string[], file: string) => void, end = '\n', status = 1,
): Sys<void> {
  for (const path of paths.length ? paths : ['-']) {
    const opened = yield* openSource(path);
    if (!opened.ok) {
      yield* task.fileError(path, opened.errno, status);
      continue;
    }
    yield* batches(task, opened.value, path, each, end);
    if (task.broken) return;
  }
}

function* batches(
  task: Task, source: Source, path: string, each: (lines: string[], file: string) => void, end: string,
): Sys<void> {
  let rest = '';
  for (;;) {
    const piece = yield* nextPiece(source);
    if (piece !== null && typeof piece !== 'string') {
      yield* task.fileError(path, piece.errno);
      return;
    }
    if (piece === null) break;
    const lines = (rest + piece).split(end);
    rest = lines.pop()!;
    if (lines.length) each(lines, path);
    if (source.fd !== null) yield* task.flush();
    if (task.broken) return;
  }
  if (rest !== '') each([rest], path);
}
