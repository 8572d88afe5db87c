/** Children and jobs: waiting, the table, what is printed about them. jobs.c. */
import { own } from '../../sim/engine/cow.ts';
import type { Signal, Sys } from '../../sim/proc/program.ts';
import type { Job } from './session.ts';
import type { Shell } from './shell.ts';
import { runTraps, SIGNAL_TEXT } from './traps.ts';
import { value } from './variables.ts';

export interface Ended { pids: readonly number[]; statuses: number[];
  signal: Signal | null; /** Which of them died of it. */ died: number; stopped: boolean }

/** Waits for the foreground: all have ended, or the job was stopped. */
export function* waitAll(sh: Shell, pids: readonly number[], _text: () => string): Sys<Ended> {
  const out: Ended = { pids, statuses: [], signal: null, died: 0, stopped: false };
  const untraced = sh.option('monitor');
  for (let i = 0; i < pids.length; i++) {
    const pid = pids[i]!;
    const done = yield* sh.call('wait', { pid, untraced });
    if (!done.ok) { out.statuses.push(sh.s.ended.find(([p]) => p === pid)?.[1] ?? 127); continue; }
    out.statuses.push(done.value.status);
    if (done.value.stopped) { out.stopped = true; out.signal = done.value.signal; break; }
    if (done.value.signal && (i === pids.length - 1 || done.value.signal === 'INT')) {
      out.signal = done.value.signal;
      out.died = pid;
    }
  }
  return out;
}

/** A word about a foreground command that a signal ended. */
export function* describeDeath(sh: Shell, ended: Ended, text: () => string): Sys<void> {
  const signal = ended.signal!;
  if (signal === 'PIPE') return;
  if (sh.atPrompt) {
    yield* sh.write(2, signal === 'INT' ? '\n' : `${SIGNAL_TEXT[signal] ?? signal}\n`);
    return;
  }
  if (signal === 'INT' || sh.s.subshell > 0) return;
  if (signal === 'TERM') { yield* sh.write(2, 'Terminated\n'); return; }
  yield* sh.warn(`${String(ended.died).padStart(5)} ${(SIGNAL_TEXT[signal] ?? signal).padEnd(23)} ${text()}`);
}

// ---- the table

interface NewJob { pgid: number; pids: readonly number[]; text: string; state: 'running' | 'stopped';
  status: number; quiet: boolean }

export function* addJob(sh: Shell, j: NewJob): Sys<void> {
  if (!sh.atPrompt) { yield* poll(sh); sh.s.jobs = sh.s.jobs.filter((job) => job.state !== 'done'); }
  const id = Math.max(0, ...sh.s.jobs.map((job) => job.id)) + 1;
  const job: Job = {
    id, pgid: j.pgid, live: j.pids.map((pid, i) => [pid, i] as const), last: j.pids[j.pids.length - 1]!,
    status: j.status, signal: null,
    state: j.state, text: j.text, told: true, cwd: sh.s.cwd, control: sh.option('monitor'),
  };
  sh.own('jobs').push(job);
  if (j.quiet) return;
  if (j.state === 'running') yield* sh.write(2, `[${id}] ${job.last}\n`);
  else yield* sh.write(2, `\n${describe(sh, job)}\n`);
}

/** The job that `%+` names and the one of `%-`: stopped ones first, the newest first. */
export function current(sh: Shell): [Job | undefined, Job | undefined] {
  const order = [...sh.s.jobs].reverse();
  const stopped = order.filter((job) => job.state === 'stopped'),
    others = order.filter((job) => job.state !== 'stopped');
  const all = [...stopped, ...others];
  const preferred = all.find((job) => job.id === sh.preferred);
  const list = preferred && preferred.state === all[0]?.state
    ? [preferred, ...all.filter((job) => job !== preferred)] : all;
  return [list[0], list[1]];
}

const stateText = (job: Job): string => {
  if (job.state === 'running') return 'Running';
  if (job.state === 'stopped') return 'Stopped';
  if (job.signal) return SIGNAL_TEXT[job.signal] ?? job.signal;
  return job.status === 0 ? 'Done' : `Exit ${job.status}`;
};

/** A line of `jobs`. */
export function describe(sh: Shell, job: Job, long = false): string {
  const [plus, minus] = current(sh);
  const mark = job === plus || job.id === plus?.id ? '+' : job.id === minus?.id ? '-' : ' ';
  const text = job.text + (job.state === 'running' ? ' &' : '');
  const where = job.cwd !== sh.s.cwd ? `  (wd: ${short(sh, job.cwd)})` : '';
  return `[${job.id}]${mark} ${long ? `${String(job.pgid).padStart(5)} `
    : ' '}${stateText(job).padEnd(24)}${text}${where}`;
}

const short = (sh: Shell, path: string): string => {
  const home = value(sh, 'HOME');
  return home && home !== '/' && (path === home || path.startsWith(`${home}/`))
    ? `~${path.slice(home.length)}` : path;
};

/** Notes which children have ended or stopped, without waiting. */
export function* poll(sh: Shell): Sys<void> {
  if (sh.s.subshell > 0 || !sh.s.jobs.some((job) => job.state !== 'done')) return;
  for (let i = 0; i < sh.s.jobs.length; i++) {
    if (sh.s.jobs[i]!.state === 'done') continue;
    for (const [pid] of sh.s.jobs[i]!.live) {
      const got = yield* sh.call('wait', { pid, nohang: true, untraced: sh.option('monitor') });
      if (got.ok && got.value.pid === 0) continue;
      note(sh, i, pid, got.ok ? got.value : { status: 127, signal: null, stopped: false });
    }
  }
}

export function note(sh: Shell, at: number, pid: number,
  got: { status: number; signal: Signal | null; stopped: boolean }): void {
  const job = own(sh.own('jobs'), at) as Job;
  if (got.stopped) { job.state = 'stopped'; job.status = got.status; job.told = false; return; }
  job.live = job.live.filter(([p]) => p !== pid);
  const ended = sh.own('ended');
  ended.push([pid, got.status]);
  if (ended.length > 64) ended.shift();
  if (pid === job.last) { job.status = got.status; job.signal = got.signal; }
  if (!job.live.length) { job.state = 'done'; job.told = false; }
}

/** Before a prompt: news of jobs, then the ended ones go. */
export function* tell(sh: Shell): Sys<void> {
  if (!sh.s.jobs.length) return;
  yield* poll(sh);
  let text = '';
  for (const job of sh.s.jobs) if (!job.told && sh.atPrompt) text += `${describe(sh, job)}\n`;
  forget(sh);
  if (text) yield* sh.write(2, text);
}

/** Drops what has ended; the rest has been told. */
export function forget(sh: Shell): void {
  sh.s.jobs = sh.s.jobs.filter((job) => job.state !== 'done')
    .map((job) => (job.told ? job : { ...job, told: true }));
}

/** Waits for a background job's processes. Gives its status, or null when a trapped signal came first. */
export function* waitJob(sh: Shell, id: number): Sys<number | null> {
  for (;;) {
    const at = sh.s.jobs.findIndex((job) => job.id === id);
    const job = sh.s.jobs[at];
    if (!job) return 127;
    if (job.state !== 'running') return job.status;
    const pid = job.live[0]![0];
    const got = yield* sh.wait(pid);
    if (got === 'signal') { yield* runTraps(sh); return null; }
    note(sh, at, pid, got ?? { status: 127, signal: null, stopped: false });
  }
}

/** `%1`, `%+`, `%-`, `%name`, `%?text`, a bare number; 'ambiguous' or undefined when it names none. */
export function findJob(sh: Shell, spec: string): Job | 'ambiguous' | undefined {
  const [plus, minus] = current(sh);
  const text = spec.replace(/^%/, '');
  if (text === '' || text === '+' || text === '%') return plus;
  if (text === '-') return minus ?? plus;
  if (/^\d+$/.test(text)) return sh.s.jobs.find((job) => job.id === Number(text));
  const found = sh.s.jobs.filter((job) =>
    (text[0] === '?' ? job.text.includes(text.slice(1)) : job.text.startsWith(text)));
  return found.length > 1 ? 'ambiguous' : found[0];
}
