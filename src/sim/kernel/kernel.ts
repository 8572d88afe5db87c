/**
 * What the parts of the kernel share. A syscall's handler answers at once or blocks: a blocked call names
 * the keys that may change its mind, and is simply tried again when one of them is woken or its time is
 * up. So what a blocked program waits for is plain data: its call, the handler's notes, the keys.
 */
import type { Us } from '../engine/time.ts';
import type { Fs } from '../host/fs.ts';
import type { Json, Program, Reply, Signal } from '../proc/program.ts';
import type { Calls, Op } from '../proc/syscalls.ts';
import type { Event, Host, HostName, Pid, Proc, World } from '../world.ts';

/** Not yet: try again when one of `keys` is woken, or after `timeoutUs` (then with `timedOut`). */
export interface Block { block: readonly string[]; timeoutUs?: Us; state?: Json }

export interface Attempt { /** Notes of the earlier try; null on the first. */ state: Json; timedOut: boolean; first: boolean }

export type Handler<K extends Op> = (k: Kernel, host: Host, proc: Proc, args: Calls[K][0], attempt: Attempt) => Reply | Block;
export type Handlers<K extends Op> = { [P in K]: Handler<P> };

type WithoutTime<E> = E extends unknown ? Omit<E, 'at' | 'seq'> : never;

export interface Kernel {
  /** Owned: may be mutated along paths taken with `own`. */
  world: World;
  readonly programs: Readonly<Record<string, Program>>;
  /** File trees that containers are made from, by name. */
  readonly images?: Readonly<Record<string, Fs>>;
  /** An owned host, and an owned process of it. */
  host(name: HostName): Host;
  proc(host: Host, pid: Pid): Proc | undefined;
  schedule(afterUs: Us, event: WithoutTime<Event>): number;
  /** Retry every call on this host that is blocked on the key. */
  wake(host: Host, key: string): void;
  /** Start a thread of a process. */
  thread(host: Host, process: Proc, entry: string, event: Json): Pid;
  signal(host: Host, pid: Pid, signal: Signal): void;
  random(stream: string, below: number): number;
  /** Something that could disturb a quiet exchange has changed. */
  disturb(): void;
}

export const OK: Reply = { ok: true, value: null };
export const good = (value: unknown): Reply => ({ ok: true, value });
export const bad = (errno: import('../proc/program.ts').Errno): Reply => ({ ok: false, errno });
export const isBlock = (answer: Reply | Block): answer is Block => 'block' in answer;
