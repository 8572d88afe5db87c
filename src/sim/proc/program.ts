/**
 * What a program is: a generator that yields syscalls and is given replies. It gets nothing else: no
 * world, no clock, no object of the simulator. So whatever is broken between it and what it wants is
 * felt by it, and a running program is saved as (how it was started, the replies so far).
 *
 * Values that cross the boundary, in either direction, are JSON and immutable: never change what you
 * gave or were given. The kernel freezes them in tests.
 */
import type { Syscall } from './syscalls.ts';

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json | undefined };

export type Errno =
  | 'EPERM' | 'ENOENT' | 'ESRCH' | 'EINTR' | 'EIO' | 'ENXIO' | 'E2BIG' | 'ENOEXEC' | 'EBADF' | 'ECHILD' | 'EAGAIN'
  | 'ENOMEM' | 'EACCES' | 'EBUSY' | 'EEXIST' | 'EXDEV' | 'ENODEV' | 'ENOTDIR' | 'EISDIR' | 'EINVAL' | 'EMFILE'
  | 'ENOTTY' | 'ETXTBSY' | 'EFBIG' | 'ENOSPC' | 'ESPIPE' | 'EROFS' | 'EMLINK' | 'EPIPE' | 'ENAMETOOLONG' | 'ENOTEMPTY'
  | 'ELOOP' | 'ENOPROTOOPT' | 'EADDRINUSE' | 'EADDRNOTAVAIL' | 'ENETDOWN' | 'ENETUNREACH' | 'ECONNRESET' | 'ENOTCONN'
  | 'ETIMEDOUT' | 'ECONNREFUSED' | 'EHOSTUNREACH' | 'EMSGSIZE' | 'EOPNOTSUPP' | 'ENOSYS';

export type Signal = 'HUP' | 'INT' | 'QUIT' | 'ILL' | 'TRAP' | 'ABRT' | 'KILL' | 'USR1' | 'USR2' | 'SEGV' | 'PIPE' | 'ALRM'
  | 'TERM' | 'CHLD' | 'CONT' | 'STOP' | 'TSTP' | 'TTIN' | 'TTOU' | 'WINCH';

export type Ok<T> = { readonly ok: true; readonly value: T };
export type Failed = { readonly ok: false; readonly errno: Errno };
export type Result<T> = Ok<T> | Failed;

/** What the kernel answers to a syscall. A caught signal interrupts a blocking call and is thrown. */
export type Reply = Result<unknown> | { readonly signal: Signal };

/** Thrown inside a program by a signal that it catches (`sigaction`), at the call that it interrupted. */
export class Interrupted extends Error {
  constructor(readonly signal: Signal) { super(`SIG${signal}`); }
}

export type Sys<R> = Generator<Syscall, R, Reply>;

/** How a process was started. Never changes while it runs; `mem` is what the last `become` left. */
export interface Start {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly pid: number;
  readonly ppid: number;
  readonly uid: number;
  readonly gid: number;
  /** What a restarted activation carries on with: a shell's session, a follower's cursor. */
  readonly mem: Json;
  /** For a thread: what woke it (a connection, a timer, a payload). */
  readonly event: Json;
}

export type ExitCode = number;

/**
 * A program. `main` runs when the process starts and its result is the exit status. A daemon's main
 * binds its sockets and timers by syscalls and then calls `serve`, which waits for ever; its `entries`
 * then run as threads, one fresh generator for each connection, tick or child that ends. Threads share
 * the process's descriptors and memory (`memGet`, `memSet`) and die with it.
 */
export interface Program {
  readonly name: string;
  readonly main: (start: Start) => Sys<ExitCode>;
  readonly entries?: Readonly<Record<string, (start: Start) => Sys<unknown>>>;
}
