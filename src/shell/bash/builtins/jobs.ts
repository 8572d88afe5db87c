/** jobs, fg, bg, wait, disown, suspend, times. jobs.c's faces. */
import { own } from '../../../sim/engine/cow.ts';
import type { Sys } from '../../../sim/proc/program.ts';
import { current, describe, describeDeath, findJob, forget, note, poll, waitAll, waitJob } from '../jobs.ts';
import { cook } from '../pipeline.ts';
import type { Job } from '../session.ts';
import type { Shell } from '../shell.ts';
import { runTraps } from '../traps.ts';
import type { Builtin } from './index.ts';
import { emit } from './outputs.ts';
import { parseOptions } from './options.ts';

export function* noSuchJob(sh: Shell, spec: string): Sys<number> {
  yield* sh.complain(`${spec}: no such job`);
  return 1;
}

function* jobNamed(sh: Shell, spec: string | undefined): Sys<Job | null> {
  const job = findJob(sh, spec ?? '%%');
  if (job === 'ambiguous') { yield* sh.complain(`${spec}: ambiguous job spec`); return null; }
  if (!job) { yield* sh.complain(`${spec ?? 'current'}: no such job`); return null; }
  return job;
}

const jobs: Builtin = function* (sh, args) {
  const options = yield* parseOptions(sh, args, 'lpnrsx');
  if (typeof options === 'number') return options;
  yield* poll(sh);
  let list: readonly Job[] = sh.s.jobs, status = 0;
  if (options.rest.length) {
    const named: Job[] = [];
    for (const spec of options.rest) {
      const job = findJob(sh, spec);
      if (!job || job === 'ambiguous') status = yield* noSuchJob(sh, spec); else named.push(job);
    }
    list = named;
  }
  let text = '';
  for (const job of list) {
    if ((options.has('r') && job.state !== 'running') || (options.has('s') && job.state !== 'stopped')
      || (options.has('n') && job.told)) continue;
    text += options.has('p') ? `${job.pgid}\n` : `${describe(sh, job, options.has('l'))}\n`;
  }
  const written = yield* emit(sh, text);
  forget(sh);
  return written || status;
};

const fg: Builtin = function* (sh, args) {
  if (!sh.option('monitor')) { yield* sh.complain('no job control'); return 1; }
  const job = yield* jobNamed(sh, args[0]);
  if (!job) return 1;
  if (job.state === 'done') { yield* sh.complain('job has terminated'); return 1; }
  yield* sh.out(`${job.text}\n`);
  yield* cook(sh);
  yield* sh.call('tcsetpgrp', { fd: 0, pgid: job.pgid });
  sh.preferred = job.id;
  if (job.state === 'stopped') yield* sh.call('kill', { pid: -job.pgid, signal: 'CONT' });
  const pids = job.live.map(([pid]) => pid);
  const ended = yield* waitAll(sh, pids, () => job.text);
  yield* sh.call('tcsetpgrp', { fd: 0, pgid: sh.s.pid });
  const status = ended.statuses[ended.statuses.length - 1] ?? 0;
  const at = sh.s.jobs.findIndex((j) => j.id === job.id);
  if (ended.stopped) {
    Object.assign(own(sh.own('jobs'), at) as Job, { state: 'stopped', status, told: true });
    yield* sh.write(2, `\n${describe(sh, sh.s.jobs[at]!)}\n`);
    return status;
  }
  if (at >= 0) sh.s.jobs = sh.s.jobs.filter((j) => j.id !== job.id);
  if (ended.signal) yield* describeDeath(sh, ended, () => job.text);
  return status;
};

const bg: Builtin = function* (sh, args) {
  if (!sh.option('monitor')) { yield* sh.complain('no job control'); return 1; }
  let status = 0;
  for (const spec of args.length ? args : [undefined]) {
    const job = yield* jobNamed(sh, spec);
    if (!job) { status = 1; continue; }
    if (job.state === 'running') { yield* sh.complain(`job ${job.id} already in background`); continue; }
    const mark = job.id === current(sh)[0]?.id ? '+' : job.id === current(sh)[1]?.id ? '-' : ' ';
    const at = sh.s.jobs.findIndex((j) => j.id === job.id);
    Object.assign(own(sh.own('jobs'), at) as Job, { state: 'running', told: true });
    yield* sh.call('kill', { pid: -job.pgid, signal: 'CONT' });
    yield* sh.out(`[${job.id}]${mark} ${job.text} &\n`);
    sh.s.lastBackground = job.last;
  }
  return status;
};

const waitBuiltin: Builtin = function* (sh, args) {
  const options = yield* parseOptions(sh, args, 'fnp:');
  if (typeof options === 'number') return options;
  if (options.has('n')) return yield* waitAny(sh, options.rest);
  if (!options.rest.length) {
    for (const job of [...sh.s.jobs]) {
      if (job.state !== 'running') continue;
      if ((yield* waitJob(sh, job.id)) === null) return 128 + 15;
    }
    if (!sh.s.interactive) sh.s.jobs = sh.s.jobs.filter((job) => job.state !== 'done');
    return 0;
  }
  let status = 0;
  for (const spec of options.rest) status = yield* waitOne(sh, spec);
  return status;
};

function* waitOne(sh: Shell, spec: string): Sys<number> {
  if (spec[0] !== '%' && !/^\d+$/.test(spec)) {
    yield* sh.complain(`\`${spec}': not a pid or valid job spec`);
    return 1;
  }
  if (spec[0] === '%') {
    const job = findJob(sh, spec);
    if (!job || job === 'ambiguous') { yield* noSuchJob(sh, spec); return 127; }
    const status = (yield* waitJob(sh, job.id)) ?? 143;
    if (!sh.atPrompt) sh.s.jobs = sh.s.jobs.filter((j) => j.id !== job.id || j.state !== 'done');
    return status;
  }
  const pid = Number(spec);
  const done = sh.s.ended.findLast(([p]) => p === pid);
  if (done) return done[1];
  for (;;) {
    const at = sh.s.jobs.findIndex((job) => job.live.some(([p]) => p === pid));
    if (at < 0) {
      const got = yield* sh.wait(pid);
      if (got === 'signal') { yield* runTraps(sh); return 143; }
      if (got) return got.status;
      yield* sh.complain(`pid ${pid} is not a child of this shell`);
      return 127;
    }
    const got = yield* sh.wait(pid);
    if (got === 'signal') { yield* runTraps(sh); return 143; }
    note(sh, at, pid, got ?? { status: 127, signal: null, stopped: false });
    return got?.status ?? 127;
  }
}

function* waitAny(sh: Shell, specs: readonly string[]): Sys<number> {
  const wanted = (job: Job): boolean => !specs.length || specs.some((spec) => {
    const found = spec[0] === '%' ? findJob(sh, spec) : sh.s.jobs.find((j) => String(j.last) === spec);
    return found !== undefined && found !== 'ambiguous' && found.id === job.id;
  });
  yield* poll(sh);
  for (;;) {
    const done = sh.s.jobs.find((job) => job.state === 'done' && wanted(job));
    if (done) { sh.s.jobs = sh.s.jobs.filter((job) => job.id !== done.id); return done.status; }
    if (!sh.s.jobs.some((job) => job.state === 'running' && wanted(job))) return 127;
    const got = yield* sh.wait(-1);
    if (got === 'signal') { yield* runTraps(sh); return 143; }
    if (got === null) return 127;
    const at = sh.s.jobs.findIndex((job) => job.live.some(([pid]) => pid === got.pid));
    if (at >= 0) note(sh, at, got.pid, got);
  }
}

const disown: Builtin = function* (sh, args) {
  const options = yield* parseOptions(sh, args, 'ahr');
  if (typeof options === 'number') return options;
  if (options.has('h') && (options.has('a') || options.rest.length)) return 0;
  if (!options.rest.length && (options.has('a') || options.has('r'))) {
    sh.s.jobs = sh.s.jobs.filter((job) => options.has('r') && job.state !== 'running');
    return 0;
  }
  let status = 0;
  for (const spec of options.rest.length ? options.rest : [undefined]) {
    const job = spec !== undefined && /^\d+$/.test(spec)
      ? sh.s.jobs.find((j) => j.live.some(([pid]) => pid === Number(spec))) : findJob(sh, spec ?? '%%');
    if (!job || job === 'ambiguous') {
      yield* sh.complain(`${spec ?? 'current'}: no such job`);
      status = 1;
      continue;
    }
    sh.s.jobs = sh.s.jobs.filter((j) => j.id !== job.id);
  }
  return status;
};

const suspend: Builtin = function* (sh, args) {
  const options = yield* parseOptions(sh, args, 'f');
  if (typeof options === 'number') return options;
  if (!sh.option('monitor')) { yield* sh.complain('cannot suspend: no job control'); return 1; }
  if (sh.s.login && !options.has('f')) { yield* sh.complain('cannot suspend a login shell'); return 1; }
  yield* sh.call('kill', { pid: sh.start.pid, signal: 'STOP' });
  return 0;
};

const times: Builtin = function* (sh) {
  const all = yield* sh.call('processes', {});
  const own = all.ok ? all.value.find((p) => p.pid === sh.start.pid) : undefined;
  const text = (us: number): string => `${Math.floor(us / 60e6)}m${((us % 60e6) / 1e6).toFixed(3)}s`;
  return yield* emit(sh, `${text(own?.cpuUs ?? 0)} 0m0.000s\n0m0.000s 0m0.000s\n`);
};

export const jobBuiltins: Record<string, Builtin> =
  { jobs, fg, bg, wait: waitBuiltin, disown, suspend, times };
