/**
 * Reading a line or a few characters from a descriptor without taking more than that: what `read`,
 * `mapfile` and scripts on standard input need. From a file one reads on and steps back.
 */
import type { Result, Sys } from '../../sim/proc/program.ts';
import type { Shell } from './shell.ts';

interface Taken { text: string; /** The end, or patience, came before the delimiter. */ ended: boolean;
  timedOut?: boolean }

/** A whole file; names that stand for the shell's own descriptors are read through them. */
export function* readPath(sh: Shell, path: string): Sys<Result<string>> {
  const own = /^\/dev\/(?:stdin|fd\/(\d+))$/.exec(path);
  const fd = own ? sh.s.fds[Number(own[1] ?? 0)] : undefined;
  if (fd === undefined) return yield* sh.call('readFile', { path });
  let text = '';
  for (;;) {
    const part = yield* sh.call('read', { fd });
    if (!part.ok) return part;
    if (part.value === '') return { ok: true, value: text };
    text += part.value;
  }
}

interface How { delimiter: string; count?: number;
  timeoutUs?: number; /** A backslash takes the next character along. */ escapes?: boolean }

/** Null: the descriptor cannot be read. The delimiter is kept in the text. */
export function* readInput(sh: Shell, fd: number, how: How): Sys<Taken | null> {
  const actual = sh.s.fds[fd];
  if (actual === undefined) return null;
  const limit = how.timeoutUs;
  let text = '';
  // A terminal gives a line at a time, a file can be stepped back; a pipe is read by characters.
  const seekable = (yield* sh.call('seek', { fd: actual, to: 0, from: 'current' })).ok;
  const tty = !seekable && (yield* sh.call('tty', { fd: actual })).ok;
  for (;;) {
    const max = tty ? (how.count === undefined ? undefined : how.count - text.length) : seekable ? 4096 : 1;
    const part = yield* sh.call('read', { fd: actual, max, timeoutUs: limit });
    if (!part.ok) {
      if (part.errno === 'ETIMEDOUT') return { text, ended: true, timedOut: true };
      if (part.errno === 'EINTR') { if (sh.signals.length) return { text, ended: true }; continue; }
      return text ? { text, ended: true } : null;
    }
    if (part.value === '') return { text, ended: true };
    const scanned = scan(text, part.value, how);
    text = scanned.text;
    if (scanned.left > 0 && seekable)
      yield* sh.call('seek', { fd: actual, to: -scanned.left, from: 'current' });
    if (scanned.done) return { text, ended: false };
  }
}

function scan(before: string, part: string, how: How): { text: string; done: boolean; left: number } {
  let escaped = how.escapes === true && /(?:^|[^\\])(?:\\\\)*\\$/.test(before);
  for (let i = 0; i < part.length; i++) {
    const c = part[i]!;
    if (!escaped && c === how.delimiter)
      return { text: before + part.slice(0, i + 1), done: true, left: part.length - i - 1 };
    escaped = how.escapes === true && !escaped && c === '\\';
    if (how.count !== undefined && before.length + i + 1 >= how.count) {
      return { text: before + part.slice(0, i + 1), done: true, left: part.length - i - 1 };
    }
  }
  return { text: before + part, done: false, left: 0 };
}
