/**
 * Every call that a program can make: its arguments and the value of a good reply. Linux's own calls
 * where there is one; those that Linux spreads over /proc, netlink or a control socket are one call
 * here and say so. It knows nothing of how the kernel answers (src/sim/kernel).
 */
import type { Us } from '../engine/time.ts';
import type { Tree } from '../host/fs.ts';
import type { NetChange, NetRead } from '../net/state.ts';
import type { Json, Result, Reply, Signal, Sys } from './program.ts';

export type Fd = number;

export interface OpenFlags { read?: boolean; write?: boolean; append?: boolean; create?: boolean; trunc?: boolean; excl?: boolean }

export interface Stat {
  type: 'file' | 'dir' | 'symlink' | 'char' | 'block' | 'fifo' | 'socket';
  mode: number; uid: number; gid: number; size: number; mtime: Us /* of the host's clock, since 1970 */;
  ino: number; nlink: number; dev: string;
  /** Attribute flags of chattr: 'i' (immutable), 'a' (append only), and 'S', 'A', 'd', which change nothing here. */
  attrs: string;
  /** Of a symbolic link. */
  target?: string;
  /** Major and minor of a device. */
  rdev?: readonly [number, number];
}

/** A new process image. Paths are absolute or relative to `cwd`. */
export interface Exec {
  /** An executable file, or with `program` no file: a part of the caller itself (a subshell). */
  path?: string;
  program?: string;
  argv: readonly string[];
  env?: Readonly<Record<string, string>>;
  cwd?: string;
  /** Child descriptor → one of the caller's; what is not named is closed. Default: 0, 1, 2 inherited. */
  fds?: Readonly<Record<number, Fd>>;
  mem?: Json;
  /** 0 = lead a new process group; a number joins that one; absent = the caller's. */
  pgid?: number;
  /** Make the group the foreground group of the caller's terminal. */
  foreground?: boolean;
  /** Lead a new session without a terminal (setsid). */
  session?: boolean;
  /** Lead a new session with this terminal (setsid, TIOCSCTTY): a descriptor from `openpty`. */
  terminal?: Fd;
  /** Only root: other ids, root file system, network namespace, control group (systemd unit). */
  uid?: number; gid?: number; groups?: readonly number[];
  root?: string; netns?: string; unit?: string;
  /** Ambient capabilities that a process without root keeps. */
  caps?: readonly string[];
  /** Signals ignored from the start (nohup; background jobs of a shell without job control). */
  ignore?: readonly Signal[];
}

export interface ProcessInfo {
  pid: number; ppid: number; pgid: number; sid: number; uid: number; gid: number;
  /** Who started it, where a set-user-id file gave it another uid. */
  ruid: number;
  comm: string; argv: readonly string[]; state: 'R' | 'S' | 'D' | 'T' | 'Z' | 'I';
  tty: string | null; foreground: boolean; startedAt: Us; cpuUs: Us; rssKb: number; vszKb: number; nice: number; threads: number;
  unit: string | null; root: string; netns: string; cwd: string; exe: string;
}

export interface SocketInfo {
  proto: 'tcp' | 'udp' | 'icmp' | 'unix'; state: string; localAddr: string; localPort: number; peerAddr: string; peerPort: number;
  recvQ: number; sendQ: number; uid: number; inode: number; pid: number | null; program: string | null; path?: string; v6: boolean;
}

/** An ICMP answer as a raw socket sees it. `code` as in RFC 792; `about` is the packet that it is about. */
export interface IcmpReply { from: string; type: number; code: number; ttl: number; data: Json; size: number; about?: { dst: string; data: Json } }

export interface JournalEntry {
  at: Us; ident: string; pid: number | null; unit: string | null; priority: number; message: string; boot: string; uid: number;
}

/** op: [arguments, value of a good reply]. A call marked (blocks) may take virtual time. */
export interface Calls {
  // --- processes
  spawn: [Exec, number];
  exec: [Exec, never];
  /** (blocks) pid -1: any child; `group`: any of that process group. value.pid 0: nohang and none. */
  wait: [{ pid: number; group?: number; nohang?: boolean; untraced?: boolean }, { pid: number; status: number; signal: Signal | null; stopped: boolean }];
  /** Negative pid: a process group. Signal '0' only asks. */
  kill: [{ pid: number; signal: Signal | '0' }, null];
  /** Handle a signal here: `catch` throws Interrupted at the next blocking call. */
  sigaction: [{ signal: Signal; action: 'default' | 'ignore' | 'catch' }, null];
  setpgid: [{ pid: number; pgid: number }, null];
  tcsetpgrp: [{ fd: Fd; pgid: number }, null];
  /** Start main again with this memory and an empty reply log. Never returns. */
  become: [{ mem: Json }, never];
  setuid: [{ uid: number; gid: number; groups?: readonly number[] }, null];
  setenvDisplay: [{ argv: readonly string[] }, null];
  umask: [{ mask?: number }, number];
  /** (blocks) */
  sleep: [{ us: Us }, null];
  /** real: microseconds since 1970 by this host's clock; mono: since its boot. */
  now: [{}, { real: Us; mono: Us }];
  random: [{ below: number }, number];
  /** All processes that this one can see, as /proc shows them. */
  processes: [{}, readonly ProcessInfo[]];
  // --- files. Text is Unicode; a byte that is no UTF-8 is a lone surrogate U+DC80..DCFF (proc/text.ts).
  open: [{ path: string; flags: OpenFlags; mode?: number }, Fd];
  close: [{ fd: Fd }, null];
  /** `to` absent: the lowest free descriptor from `min` (default 0). */
  dup: [{ fd: Fd; to?: Fd; min?: number }, Fd];
  pipe: [{}, { read: Fd; write: Fd }];
  /** (blocks) '' is the end. On a terminal in raw mode: the keys that came. `prompt`: a shell asks a person. */
  /** `relay`: the reader passes keys on to a terminal elsewhere (ssh, kubectl exec) and is no person's goal itself. */
  read: [{ fd: Fd; max?: number; timeoutUs?: Us; prompt?: { ps: 1 | 2; text: string; status: number }; relay?: boolean }, string];
  /** (blocks on a full pipe) EPIPE comes after SIGPIPE. `edit`: terminal echo, not output (readline). */
  write: [{ fd: Fd; text: string; edit?: boolean }, number];
  seek: [{ fd: Fd; to: number; from: 'start' | 'current' | 'end' }, number];
  stat: [{ path: string; follow?: boolean }, Stat];
  fstat: [{ fd: Fd }, Stat];
  /** Names, sorted by code unit, without . and .. */
  readdir: [{ path: string }, readonly string[]];
  mkdir: [{ path: string; mode?: number }, null];
  rmdir: [{ path: string }, null];
  unlink: [{ path: string }, null];
  rename: [{ from: string; to: string }, null];
  link: [{ from: string; to: string }, null];
  symlink: [{ target: string; path: string }, null];
  readlink: [{ path: string }, string];
  chmod: [{ path: string; mode: number }, null];
  chown: [{ path: string; uid?: number; gid?: number; follow?: boolean }, null];
  utimes: [{ path: string; mtime: Us; follow?: boolean }, null];
  setattr: [{ path: string; attrs: string }, null];
  truncate: [{ path: string; size: number }, null];
  mkfifo: [{ path: string; mode?: number }, null];
  access: [{ path: string; mode: 'r' | 'w' | 'x' | 'f' }, null];
  chdir: [{ path: string }, string];
  getcwd: [{}, string];
  chroot: [{ path: string }, null];
  /** open, read to the end, close in one call. */
  readFile: [{ path: string }, string];
  /** open (create, truncate or append), write, close in one call. */
  writeFile: [{ path: string; text: string; append?: boolean; mode?: number }, null];
  mounts: [{}, readonly { source: string; target: string; type: string; options: string }[]];
  mount: [{ source: string; target: string; type: string; options: string }, null];
  umount: [{ target: string }, null];
  /** Bytes and inodes of the file system that holds path. */
  statfs: [{ path: string }, { source: string; type: string; target: string; size: number; used: number; available: number; inodes: number; inodesUsed: number }];
  /** (blocks for as long as this host's disk takes) */
  fsync: [{ path: string }, null];
  /** Which file a descriptor stands for, as /proc/self/fd does; pipes and sockets have names like pipe:[123]. */
  fdPath: [{ fd: Fd }, string];
  // --- terminals
  tty: [{ fd: Fd }, { name: string; cols: number; rows: number; raw: boolean; echo: boolean; foreground: number }];
  ttyMode: [{ fd: Fd; raw: boolean; echo: boolean }, null];
  /** A pseudo-terminal: what is written to `master` is typed, what the terminal shows is read there. */
  openpty: [{ cols: number; rows: number }, { master: Fd; slave: Fd; name: string }];
  ttyResize: [{ fd: Fd; cols: number; rows: number }, null];
  // --- sockets
  /** (blocks) `timeoutUs` is the caller's patience; without it, the kernel's 127 s of SYN retries. */
  connect: [{ proto: 'tcp'; addr: string; port: number; from?: { addr?: string; port?: number }; timeoutUs?: Us }, Fd];
  connectUnix: [{ path: string }, Fd];
  /** `entry`: each connection starts a thread there, event {fd, peer, peerPort}; else `accept`. `addr` may be '::', which takes IPv4 too. */
  listen: [{ proto: 'tcp'; addr: string; port: number; entry?: string }, Fd];
  listenUnix: [{ path: string; entry?: string }, Fd];
  /** (blocks) */
  accept: [{ fd: Fd; timeoutUs?: Us }, { fd: Fd; peer: string; peerPort: number }];
  /** One message on a connection. `size` in bytes counts for MTU and counters. */
  send: [{ fd: Fd; data: Json; size?: number }, null];
  /** (blocks) The next message; null when the peer has closed. ETIMEDOUT after `timeoutUs`. */
  recv: [{ fd: Fd; timeoutUs?: Us }, { data: Json } | null];
  /** No more is sent; with 'both', reads end at once too, those that already wait included. */
  shutdown: [{ fd: Fd; how?: 'both' }, null];
  udp: [{ addr?: string; port?: number; entry?: string }, Fd];
  /** Connects a datagram socket: only this peer is heard, ICMP errors come back as errno. */
  udpConnect: [{ fd: Fd; addr: string; port: number }, null];
  sendto: [{ fd: Fd; addr?: string; port?: number; data: Json; size: number; ttl?: number }, null];
  /** (blocks) */
  recvfrom: [{ fd: Fd; timeoutUs?: Us }, { data: Json; size: number; addr: string; port: number }];
  icmp: [{}, Fd];
  icmpSend: [{ fd: Fd; addr: string; from?: string; data: Json; size: number; ttl?: number; dontFragment?: boolean }, null];
  /** (blocks) */
  icmpRecv: [{ fd: Fd; timeoutUs?: Us }, IcmpReply];
  sockname: [{ fd: Fd }, { addr: string; port: number; peer: string; peerPort: number }];
  sockets: [{}, readonly SocketInfo[]];
  /** Netlink and its relatives, on the caller's network namespace (or `netns`, a name of `ip netns`). */
  netRead: [{ what: NetRead; netns?: string }, Json];
  netChange: [{ change: NetChange; netns?: string }, Json];
  /** Packets that cross an interface ('any'), for recv: tcpdump's socket. */
  capture: [{ iface: string }, Fd];
  // --- the machine
  sysinfo: [{}, { uptimeUs: Us; bootAt: Us; loads: readonly [number, number, number]; cpus: number; memKb: { total: number; free: number; buffers: number; cached: number; shared: number; available: number }; kernel: string; version: string; machine: string; os: string; hostname: string }];
  modules: [{}, readonly { name: string; size: number; usedBy: readonly string[]; refs: number }[]];
  modprobe: [{ name: string; remove?: boolean; params?: string }, null];
  settime: [{ real: Us }, null];
  sethostname: [{ name: string }, null];
  reboot: [{ how: 'reboot' | 'poweroff' }, null];
  dmesg: [{}, readonly { at: Us; message: string }[]];
  kmsg: [{ message: string }, null];
  /** journald's socket: `root` names whose journal ('host' or 'planet'); default the caller's own. */
  journalWrite: [{ ident: string; message: string; priority?: number; unit?: string; pid?: number }, null];
  /** Entries from position `from`; EACCES when not root and not of group systemd-journal. */
  journalRead: [{ from: number }, { entries: readonly JournalEntry[]; next: number; start: number; boot: string }];
  /** (blocks) until the journal is longer than `from`. */
  journalWait: [{ from: number }, null];
  // --- containers (root only): what clone, unshare, mount and cgroups do for runc
  rootCreate: [{ id: string; image: string; hostname: string; binds: readonly { source: string; target: string; readonly?: boolean }[]; files?: Tree; share?: string }, null];
  rootRemove: [{ id: string }, null];
  netnsCreate: [{ name: string }, null];
  netnsRemove: [{ name: string }, null];
  // --- a daemon's own business
  /** (blocks for ever) */
  serve: [{}, never];
  /**
   * After `afterUs`, a thread at `entry` with event {timer: name}; with `everyUs`, again and again. Replaces
   * one of the same name. A `quiet` timer does not fire while the world is undisturbed; a disturbance (rules,
   * links, routes, sysctls, daemons, clocks, disks, power) arms it again at its next phase: `afterUs` plus the
   * smallest multiple of `everyUs` that lies in the future.
   */
  timer: [{ name: string; entry: string; afterUs: Us; everyUs?: Us; jitterUs?: Us; quiet?: boolean }, null];
  timerStop: [{ name: string }, null];
  /** Run `entry` as a thread with `event`. */
  thread: [{ entry: string; event: Json }, number];
  /** A thread at `entry` for each child that ends: event {pid, status, signal}. */
  onChild: [{ entry: string }, null];
  /** A thread at `entry` when this signal comes: event {signal}. */
  onSignal: [{ signal: Signal; entry: string }, null];
  memGet: [{ key: string }, Json];
  memSet: [{ key: string; value: Json }, null];
  /** (blocks) until a sibling thread unparks the channel. */
  park: [{ channel: string; timeoutUs?: Us }, Json];
  /** Wakes every thread parked on the channel; how many there were. */
  unpark: [{ channel: string; value: Json }, number];
  /** sd_notify to the service manager that started this process. */
  notify: [{ ready?: boolean; status?: string }, null];
}

export type Op = keyof Calls;
export type Syscall = { [K in Op]: { op: K } & Calls[K][0] }[Op];

/** One syscall. Never throws, but for a caught signal. */
export function* call<K extends Op>(op: K, args: Calls[K][0]): Sys<Result<Calls[K][1]>> {
  const reply: Reply = yield { op, ...args } as unknown as Syscall;
  return reply as Result<Calls[K][1]>;
}
