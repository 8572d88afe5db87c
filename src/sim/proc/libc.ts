/**
 * What programs share above the raw syscalls: output, whole files, HTTP, names. It reaches the world
 * through syscalls only and knows no program.
 */
import type { Us } from '../engine/time.ts';
import type { Json, Result, Sys } from './program.ts';
import { call, type Fd } from './syscalls.ts';

/** Writes to a descriptor; the end of a closed pipe has already killed the caller by SIGPIPE. */
export function* write(fd: Fd, text: string): Sys<void> {
  if (text) yield* call('write', { fd, text });
}
export const out = (text: string): Sys<void> => write(1, text);
export const err = (text: string): Sys<void> => write(2, text);

/** Prints to stderr and gives the exit status, for `return yield* fail(...)`. */
export function* fail(text: string, status = 1): Sys<number> {
  yield* write(2, text.endsWith('\n') ? text : `${text}\n`);
  return status;
}

/** Everything from a descriptor to its end. */
export function* readAll(fd: Fd): Sys<Result<string>> {
  let text = '';
  for (;;) {
    const part = yield* call('read', { fd });
    if (!part.ok) return part;
    if (part.value === '') return { ok: true, value: text };
    text += part.value;
  }
}

/** Reads lines as they come: a pipe's or a terminal's. */
export interface LineReader { fd: Fd; rest: string; ended: boolean }
export const lineReader = (fd: Fd): LineReader => ({ fd, rest: '', ended: false });
/** The next line with its newline (the last may lack it), or null at the end. */
export function* readLine(reader: LineReader): Sys<string | null> {
  for (;;) {
    const end = reader.rest.indexOf('\n');
    if (end >= 0) {
      const line = reader.rest.slice(0, end + 1);
      reader.rest = reader.rest.slice(end + 1);
      return line;
    }
    if (reader.ended) {
      const line = reader.rest;
      reader.rest = '';
      return line === '' ? null : line;
    }
    const part = yield* call('read', { fd: reader.fd });
    if (!part.ok || part.value === '') reader.ended = true;
    else reader.rest += part.value;
  }
}

export const sleep = function* (us: Us): Sys<void> { yield* call('sleep', { us }); };

/** The words of strerror(3). */
export const STRERROR: Readonly<Record<string, string>> = {
  EPERM: 'Operation not permitted', ENOENT: 'No such file or directory', ESRCH: 'No such process', EINTR: 'Interrupted system call',
  EIO: 'Input/output error', ENXIO: 'No such device or address', E2BIG: 'Argument list too long', ENOEXEC: 'Exec format error',
  EBADF: 'Bad file descriptor', ECHILD: 'No child processes', EAGAIN: 'Resource temporarily unavailable', ENOMEM: 'Cannot allocate memory',
  EACCES: 'Permission denied', EBUSY: 'Device or resource busy', EEXIST: 'File exists', EXDEV: 'Invalid cross-device link',
  ENODEV: 'No such device', ENOTDIR: 'Not a directory', EISDIR: 'Is a directory', EINVAL: 'Invalid argument', EMFILE: 'Too many open files',
  ENOTTY: 'Inappropriate ioctl for device', ETXTBSY: 'Text file busy', EFBIG: 'File too large', ENOSPC: 'No space left on device',
  ESPIPE: 'Illegal seek', EROFS: 'Read-only file system', EMLINK: 'Too many links', EPIPE: 'Broken pipe', ENAMETOOLONG: 'File name too long',
  ENOTEMPTY: 'Directory not empty', ELOOP: 'Too many levels of symbolic links', ENOPROTOOPT: 'Protocol not available',
  EADDRINUSE: 'Address already in use', EADDRNOTAVAIL: 'Cannot assign requested address', ENETDOWN: 'Network is down',
  ENETUNREACH: 'Network is unreachable', ECONNRESET: 'Connection reset by peer', ENOTCONN: 'Transport endpoint is not connected',
  ETIMEDOUT: 'Connection timed out', ECONNREFUSED: 'Connection refused', EHOSTUNREACH: 'No route to host', EMSGSIZE: 'Message too long',
  EOPNOTSUPP: 'Operation not supported', ENOSYS: 'Function not implemented',
};
export const strerror = (errno: string): string => STRERROR[errno] ?? errno;

/** Whether a descriptor is a terminal, and how large. */
export function* terminal(fd: Fd): Sys<{ cols: number; rows: number } | null> {
  const info = yield* call('tty', { fd });
  return info.ok ? { cols: info.value.cols, rows: info.value.rows } : null;
}

export type { Json };
