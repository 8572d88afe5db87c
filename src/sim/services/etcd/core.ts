/**
 * What an etcd process keeps in its memory and how its threads reach it. A thread reads a value, thinks
 * without waiting and writes it back: between the two nobody else runs.
 */
import type { Us } from '../../engine/time.ts';
import type { Certificate } from '../../proc/http.ts';
import type { Json, Sys } from '../../proc/program.ts';
import { call, type Fd } from '../../proc/syscalls.ts';
import type { Note, State } from './applied.ts';
import { capnslogTime } from './calendar.ts';
import type { Flags } from './flags.ts';
import type { NodeId, Raft } from './raft.ts';

/** Fixed from the start. */
export interface Config {
  self: NodeId; clusterId: string; flags: Flags;
  cert: Certificate | null; clientCa: string | null; peerCert: Certificate | null; peerCa: string | null;
  /** Milliseconds since 1970 when it started: makes request ids unique. */
  startedMs: number;
  /** Under systemd the journal is written to directly, without date and package. */
  journal: boolean;
}

export interface Core {
  raft: Raft;
  /** A thread is busy with what raft had ready; the rest waits for it. */
  busy: boolean;
  /** A tick came while the loop was busy. */
  missed: boolean;
  /** The tick timer: a leader's beat, a follower's alarm at `armedAt`, or asleep. */
  armed: 'none' | 'beat' | 'alarm' | 'quiet'; armedAt: Us;
  /** The leader that was last told of, and when it was elected. */
  lead: NodeId; ledAt: Us;
  /** When heartbeats were last sent. */
  beatAt: Us;
  /** When each peer was last heard, while that matters. */
  heard: Readonly<Record<NodeId, Us>>;
  segment: { path: string; sequence: number; entries: number };
  requests: number;
  /** Reads that wait for the state to catch up. */
  lateReads: readonly { context: string; index: number }[];
  serving: boolean; stopping: boolean;
  /** The v2 store's expiries for which the leader's alarm is set. */
  expiring: State['v2']['expiring'] | null;
}

export interface Link {
  id: NodeId; urls: readonly string[];
  /** The connection this member dialled: the peer's messages come by it. */
  in: Fd | null;
  /** The connection the peer dialled: messages to it go by it. */
  out: Fd | null;
  active: boolean; activeSince: Us;
  dialling: boolean; tries: number;
  /** A single message is being posted to it, for want of a stream. */
  posting: boolean;
  /** The prober's last finding, if it was a failure. */
  /** The clock difference that the prober measured when it last changed, and how often the same since. */ skew: { us: Us; times: number }; failing: boolean;
}

const reader = <T>(key: string) => function* (): Sys<T> {
  const got = yield* call('memGet', { key });
  return (got.ok ? got.value : null) as unknown as T;
};
const writer = <T>(key: string) => function* (value: T): Sys<void> {
  yield* call('memSet', { key, value: value as unknown as Json });
};

export const getCore = reader<Core>('core');
export const setCore = writer<Core>('core');
export const getState = reader<State>('state');
export const setState = writer<State>('state');
export const getConfig = reader<Config>('config');
export const setConfig = writer<Config>('config');
export const getLinks = reader<Readonly<Record<NodeId, Link>>>('links');
export const setLinks = writer<Readonly<Record<NodeId, Link>>>('links');

export function* patchLink(id: NodeId, change: Partial<Link>): Sys<Link | null> {
  const links = yield* getLinks();
  const link = links[id];
  if (!link) return null;
  const next = { ...link, ...change };
  yield* setLinks({ ...links, [id]: next });
  return next;
}

export function* mono(): Sys<Us> {
  const now = yield* call('now', {});
  return now.ok ? now.value.mono : 0;
}

export function* realNow(): Sys<Us> {
  const now = yield* call('now', {});
  return now.ok ? now.value.real : 0;
}

const PRIORITY: Readonly<Record<Note['level'], number>> = { C: 2, E: 3, W: 4, N: 5, I: 6, D: 7 };

/** A line of the log: in the journal's form or, started by hand, in capnslog's on stderr. */
export function* log(level: Note['level'], pkg: string, text: string): Sys<void> {
  const config = yield* getConfig();
  yield* logLine(config?.journal ?? false, level, pkg, text);
}

export function* logLine(journal: boolean, level: Note['level'], pkg: string, text: string): Sys<void> {
  if (journal) {
    yield* call('journalWrite', { ident: 'etcd', message: text, priority: PRIORITY[level] });
    return;
  }
  const now = yield* call('now', {});
  yield* call('write', { fd: 2, text: `${capnslogTime(now.ok ? now.value.real : 0)} ${level} | ${pkg}: ${text}\n` });
}

/** A line that stands in the journal too with its time, level and package, as the training text shows it of rafthttp. */
export function* logWhole(level: Note['level'], pkg: string, text: string): Sys<void> {
  const config = yield* getConfig();
  if (!config?.journal) return yield* logLine(false, level, pkg, text);
  const now = yield* call('now', {});
  yield* logLine(true, level, pkg, `${capnslogTime(now.ok ? now.value.real : 0)} ${level} | ${pkg}: ${text}`);
}

/** Ends the process with this status: its main thread waits for it, or finds it when it comes to wait. */
export const EXIT = 'exit';
export function* exit(status: number): Sys<void> {
  yield* call('memSet', { key: EXIT, value: status });
  yield* call('unpark', { channel: EXIT, value: status });
}

/** Connections that come while the member still reads its disk wait for it. */
export function* begun(): Sys<void> {
  if (!(yield* getCore())) yield* call('park', { channel: 'begun' });
}
