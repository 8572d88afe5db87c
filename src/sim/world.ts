/**
 * The whole state, as plain JSON: what lasts. What runs is `Proc`: how it was started and the replies it
 * has had. Nothing here is a function, a class or a reference to a live thing.
 */
import type { Chunked } from './engine/chunked.ts';
import type { Pages } from './engine/pages.ts';
import type { Timeline } from './engine/queue.ts';
import type { Us } from './engine/time.ts';
import type { Fs } from './host/fs.ts';
import type { Wire } from './net/fabric.ts';
import type { NetNs, Packet } from './net/state.ts';
import type { Json, Reply, Signal } from './proc/program.ts';
import type { JournalEntry, Syscall } from './proc/syscalls.ts';

export type HostName = string;
export type Pid = number;

export interface World extends Timeline<Event> {
  seed: number;
  rng: Record<string, number>;
  hosts: Record<HostName, Host>;
  /** What joins the hosts: the switch and each host's cable. */
  wire: Wire;
  ttys: Record<string, Tty>;
  /** Processes that can run now, in order: [host, pid]. Empty between events. */
  ready: [HostName, Pid][];
  /** Bumped by whatever could disturb a quiet exchange: see net/quiet.ts. */
  disturbance: number;
  ids: { packet: number; ofd: number; socket: number; pipe: number; inode: number };
}

export type Event = { at: Us; seq: number } & (
  | { kind: 'packet'; host: HostName; ns: string; dev: string; packet: Packet }
  | { kind: 'socket'; host: HostName; ns: string; socket: number; timer: string; gen: number }
  | { kind: 'deadline'; host: HostName; pid: Pid; gen: number }
  | { kind: 'run'; host: HostName; pid: Pid; gen: number }
  | { kind: 'timer'; host: HostName; pid: Pid; name: string; gen: number }
  | { kind: 'power'; host: HostName; to: 'on' | 'off'; gen: number });

/** A machine: its kernel's state and its disk. */
/** Load averages in fixed point at a sample, and the CPU time used since (host/load.ts). */
export interface Load { readonly sample: number; readonly usedUs: Us; readonly averages: readonly [number, number, number] }

export interface Host {
  name: HostName;
  address: string;
  up: boolean;
  /** Counts boots and power cuts: an event of another generation is void. */
  gen: number;
  bootAt: Us;
  bootId: string;
  machineId: string;
  kernel: string;
  /** The clock: what it shows minus true time, at `setAt`, and how fast it drifts (parts per million). */
  clock: { offset: Us; setAt: Us; driftPpm: number };
  hostname: string;
  /** Absent until somebody has used the CPU. */
  load?: Load;
  modules: Record<string, { refs: number; params: string }>;
  /** Load order of modules, newest first, as lsmod prints them. */
  moduleOrder: string[];
  /** Kernel cells outside network namespaces: 'fs.may_detach_mounts' → '1'. Those inside are in NetNs.sysctl. */
  sysctl: Record<string, string>;
  dmesg: Chunked<{ at: Us; message: string }>;
  memory: { totalKb: number };
  disk: Disk;
  /** File trees by name, mounted into roots. */
  fs: Record<string, Fs>;
  /** Mount namespaces and what else a container has: 'host', 'planet', or a container's id. */
  roots: Record<string, Root>;
  ns: Record<string, NetNs>;
  procs: Pages<Proc>;
  nextPid: Pid;
  ofds: Record<number, Ofd>;
  pipes: Record<number, Pipe>;
  /** Numbers of descriptions and pipes that are free again. */
  freeOfds: number[];
  freePipes: number[];
  waiters: Record<string, Pid[]>;
  /** Output of commands run from outside (no terminal), by the name that the caller gave. */
  collected: Record<string, string>;
  journals: Record<string, Chunked<JournalEntry>>;
}

export interface Disk {
  sizeKb: number;
  /** Time one fsync takes. */
  fsyncUs: Us;
  /** Space taken by what is not modelled byte for byte: the images, the packages. */
  ballastKb: number;
  /** Net bytes written since the world began. */
  writtenBytes: number;
}

export interface Root {
  id: string;
  hostname: string;
  /** The tree mounted at /, and further mounts, longest target wins. */
  mounts: Mount[];
  /** Whose process ids are seen from inside: the root itself, or 'host' (planet sees its own). */
  pidns: string;
  nextPid: Pid;
  netns: string;
  /** Free text for the container runtime. */
  labels: Record<string, string>;
}
export interface Mount { target: string; fs: string; /** Directory of that tree which appears at target. */ base: string; source: string; type: string; options: string; readonly: boolean }

export interface Proc {
  pid: Pid;
  /** The id inside its own pid namespace (Planet's, a container's). */
  vpid: Pid;
  /** Of a container's process: its id in the namespace around (Planet's). */
  outer?: Pid;
  ppid: Pid; pgid: Pid; sid: Pid;
  /** For a thread: the process it belongs to. */
  threadOf: Pid | null;
  /** Its own, oldest first (kernel/table.ts keeps them). */
  children: Pid[]; threads: Pid[];
  program: string;
  entry: string;
  comm: string; argv: readonly string[]; /** What ps shows in place of argv, when the program has set it; argv stays what it started with, for replays. */ title?: readonly string[]; env: Readonly<Record<string, string>>;
  mem: Json; event: Json;
  uid: number; gid: number; groups: readonly number[];
  /** Who it belongs to, where a set-user-id file made `uid` another. */
  ruid?: number;
  umask: number;
  /** Capabilities that it has though it is not root. */
  caps: readonly string[];
  root: string; chroot: string; cwd: string; netns: string; unit: string | null; exe: string;
  tty: string | null;
  fds: Record<number, number>;
  replies: Chunked<Reply>;
  /** The call it stands at, the handler's own notes on it, and what wakes it. */
  waiting: { call: Syscall; state: Json; keys: readonly string[]; /** The event that ends its patience. */ until: { at: Us; seq: number } | null } | null;
  /** Counts its blocks and timers' lives: an event of another count is void. */
  gen: number;
  /** It is in the ready list; `timedOut`: its deadline woke it. */
  queued: boolean; timedOut: boolean;
  actions: Partial<Record<Signal, 'ignore' | 'catch'>>;
  pending: Signal[];
  /** null while it lives; then what wait() tells. */
  exit: { status: number; signal: Signal | null } | null;
  /** Where its exit status is written for a caller outside the world: a name in `collected`. */
  report: string | null;
  stopped: boolean;
  startedAt: Us;
  /** Syscalls since the last virtual millisecond was charged, and the CPU time charged so far. */
  quantum: number; cpuUs: Us;
  // of a process (not a thread):
  memory: Record<string, Json>;
  timers: Record<string, Timer>;
  /** Some timer of it is parked. */
  hasQuiet?: boolean;
  onChild: string | null;
  onSignal: Partial<Record<Signal, string>>;
  notified: { ready: boolean; status: string };
}

/** A daemon's timer. `parked`: quiet, until the world's disturbance differs from this number. */
export interface Timer { entry: string; dueAt: Us; everyUs: Us | null; jitterUs: Us; gen: number; seq: number; parked: number | null }

/** An open file description. */
export type Ofd = { refs: number; id: number } & (
  | { kind: 'file'; fs: string; ino: number; path: string; at: number; read: boolean; write: boolean; append: boolean }
  | { kind: 'virtual'; path: string; text: string; at: number; read: boolean; write: boolean }
  | { kind: 'device'; dev: string }
  | { kind: 'pipe'; pipe: number; end: 'read' | 'write'; path?: string }
  | { kind: 'tty'; tty: string }
  | { kind: 'socket'; ns: string; socket: number }
  | { kind: 'collect'; into: string }
  | { kind: 'ptmx'; tty: string; at: number }
  | { kind: 'journal'; root: string; ident: string; unit: string | null; partial: string; priority: number });

export interface Pipe { text: string; readers: number; writers: number; path: string | null }

/** A piece of what a terminal showed. 'mark': no text, but who waits there for a person (see pty.ts). */
export interface Shown { kind: 'out' | 'edit' | 'mark'; text: string }

/** A terminal: its line discipline and all it showed. */
export interface Tty {
  id: string; host: HostName;
  /** Device name: 'pts/0'. */
  name: string;
  cols: number; rows: number;
  raw: boolean; echo: boolean;
  /** Keys that nobody has read; cooked: complete lines only come out of `line`. */
  input: string; line: string; eof: boolean;
  session: Pid; foreground: Pid;
  /** Everything shown. kind 'edit': echo and prompts, which are not output. */
  shown: Chunked<Shown>;
  /** Who waits for a person at a prompt, if a shell does. `known`: pids that have prompted before. */
  prompt: { pid: Pid; ps: 1 | 2; text: string; status: number } | null;
  /** A program waits for a person's line on the terminal that a relay shows here. */
  remoteReads: boolean;
  known: Pid[];
  closed: boolean;
}
