/**
 * What the service manager remembers, and what it wants done: plain data. The rules are in turn.ts
 * and service.ts, the doing in daemon.ts.
 */
import type { Condition, Phase, UnitConfig } from './config.ts';
import type { Command } from './unitfile.ts';

export type Active = 'active' | 'reloading' | 'inactive' | 'failed' | 'activating' | 'deactivating';
export type Result = 'success' | 'exit-code' | 'signal' | 'timeout' | 'resources' | 'protocol' | 'start-limit-hit' | 'core-dump';
export interface Exit { status: number; signal: string | null }

/** One process that was run for a unit. Times are of the host's clock, microseconds since 1970. */
export interface Ran { which: string; shown: string; comm: string; pid: number; startedAt: number; exitedAt: number; exit: Exit | null }

export interface UnitState {
  name: string; load: 'loaded' | 'not-found' | 'masked' | 'bad-setting' | 'error';
  path: string | null; dropIns: readonly string[]; mtime: number; config: UnitConfig | null;
  active: Active; sub: string; result: Result;
  changedAt: number; activeEnter: number; activeExit: number; inactiveEnter: number; inactiveExit: number;
  main: Ran | null;
  control: { phase: Phase; index: number; pid: number } | null;
  ran: readonly Ran[];
  restarts: number;
  /** Starts within the limit's interval, by the monotonic clock. */
  starts: readonly number[];
  status: string;
  /** Somebody asked it to stop: no restart after this. */
  stopAsked: boolean;
  timer: string | null;
  /** Of a timer unit: when it elapses next and elapsed last, on the host's clock. */
  nextAt: number; lastAt: number;
  invocation: number;
}

export type JobType = 'start' | 'stop' | 'restart' | 'reload';
export type JobResult = 'done' | 'failed' | 'dependency' | 'canceled' | 'timeout' | 'skipped';
export interface Job { id: number; unit: string; type: JobType; running: boolean; requests: readonly number[] }

export interface Request { outstanding: number; results: Readonly<Record<string, JobResult>> }

export interface SystemState {
  units: Readonly<Record<string, UnitState>>;
  aliases: Readonly<Record<string, string>>;
  jobs: Readonly<Record<string, Job>>;
  nextId: number;
  requests: Readonly<Record<number, Request>>;
  /** Exits of processes that nobody had claimed yet. */
  orphans: Readonly<Record<number, Exit>>;
  environment: Readonly<Record<string, string>>;
  shutdown: 'reboot' | 'poweroff' | 'halt' | null;
  defaultTarget: string;
}

export const emptyState: SystemState =
  { units: {}, aliases: {}, jobs: {}, nextId: 1, requests: {}, orphans: {}, environment: {}, shutdown: null, defaultTarget: 'default.target' };

/** A process as far as the manager looks at it. */
export interface Seen { pid: number; ppid: number; unit: string | null; root: string; comm: string; state: string }

export type Action =
  | { do: 'spawn'; unit: string; phase: Phase | 'main'; index: number; command: Command; mainPid: number }
  | { do: 'check'; unit: string; conditions: readonly Condition[] }
  | { do: 'kill'; pids: readonly number[]; signal: string }
  | { do: 'log'; unit: string; message: string; priority: number }
  | { do: 'timer'; name: string; afterUs: number }
  | { do: 'untimer'; name: string }
  | { do: 'answer'; request: number; results: Readonly<Record<string, JobResult>> }
  | { do: 'load'; names: readonly string[]; type: JobType }
  | { do: 'halt'; how: 'reboot' | 'poweroff' | 'halt' };

export const active = (sub: string): Active => {
  switch (sub) {
    case 'start-pre': case 'start': case 'start-post': case 'auto-restart': return 'activating';
    case 'running': case 'exited': case 'active': case 'listening': case 'waiting': case 'elapsed': case 'mounted': case 'plugged': return 'active';
    case 'reload': return 'reloading';
    case 'failed': return 'failed';
    case 'dead': return 'inactive';
    default: return 'deactivating';
  }
};
