/**
 * crond (cronie 1.4): once a minute it reads /etc/crontab, /etc/cron.d and the users' tables, and runs what is due as
 * its user. There is no mailer here, so what a job prints is counted in the log and gone, as without sendmail. And
 * run-parts, which runs what lies in a folder.
 */
import { getopt } from '../getopt.ts';
import { err, out, readAll } from '../../../../sim/proc/libc.ts';
import type { Json, Program, Sys } from '../../../../sim/proc/program.ts';
import { call } from '../../../../sim/proc/syscalls.ts';
import { civil } from '../../../../sim/services/systemd/words.ts';
import { byteLength } from '../../../../sim/proc/text.ts';
import type { Command } from '../../../command.ts';
import { groupsOf, readGroups, readUsers } from '../users.ts';
import { due, parseTable, type Job } from './table.ts';

const MINUTE_US = 60_000_000;
const SPOOL = '/var/spool/cron';
const FOLDER = '/etc/cron.d';
/** Made by the first crond since the machine came up. */
const BOOTED = '/run/cron.reboot';

const say = (message: string): Sys<unknown> => call('journalWrite', { ident: 'crond', message });

/** Every table that there is; a wrong line is told once, when its table has changed. */
function* tables(): Sys<Job[]> {
  const files: { path: string; owner: string | null }[] = [{ path: '/etc/crontab', owner: null }];
  const folder = yield* call('readdir', { path: FOLDER });
  for (const name of folder.ok ? folder.value : []) if (!/^\.|~$|\.rpm(save|new|orig)$/.test(name)) files.push({ path: `${FOLDER}/${name}`, owner: null });
  const spool = yield* call('readdir', { path: SPOOL });
  for (const name of spool.ok ? spool.value : []) files.push({ path: `${SPOOL}/${name}`, owner: name });
  const told = yield* call('memGet', { key: 'told' });
  const before = (told.ok ? told.value : null) as Readonly<Record<string, number>> | null;
  const after: Record<string, number> = {};
  const jobs: Job[] = [];
  for (const { path, owner } of files) {
    const at = yield* call('stat', { path });
    const text = at.ok && at.value.type === 'file' ? yield* call('readFile', { path }) : null;
    if (!at.ok || !text?.ok) continue;
    const table = parseTable(text.value, owner === null);
    if (table.error) {
      after[path] = at.value.mtime;
      if (before?.[path] !== at.value.mtime) yield* say(`(${owner ?? '*system*'}) ${table.error.why.toUpperCase()} (${path})`);
    }
    for (const job of table.jobs) jobs.push(job.user === null ? { ...job, user: owner } : job);
  }
  if (JSON.stringify(after) !== JSON.stringify(before ?? {})) yield* call('memSet', { key: 'told', value: after });
  return jobs;
}

/** The next look, at the start of a minute of this machine's clock. */
function* wait(): Sys<void> {
  const now = yield* call('now', {});
  const real = now.ok ? now.value.real : 0;
  yield* call('timer', { name: 'minute', entry: 'minute', afterUs: MINUTE_US - (real % MINUTE_US) });
}

const launch = (job: Job): Sys<unknown> => call('thread', { entry: 'job', event: job as unknown as Json });

function* run(job: Job): Sys<void> {
  const user = (yield* readUsers()).find((u) => u.name === job.user);
  if (!user) { yield* say(`(${job.user}) ORPHAN (no passwd entry)`); return; }
  const groups = groupsOf(user, yield* readGroups());
  const input = yield* call('pipe', {});
  const output = yield* call('pipe', {});
  if (!input.ok || !output.ok) return;
  const env = { PATH: '/usr/bin:/bin', ...job.env, HOME: job.env['HOME'] ?? user.home, SHELL: job.env['SHELL'] ?? '/bin/sh', LOGNAME: user.name, USER: user.name };
  const child = yield* call('spawn', {
    path: env.SHELL, argv: [env.SHELL, '-c', job.command], env, cwd: env.HOME, session: true, uid: user.uid, gid: user.gid, groups,
    fds: { 0: input.value.read, 1: output.value.write, 2: output.value.write },
  });
  yield* call('close', { fd: input.value.read });
  yield* call('close', { fd: output.value.write });
  if (child.ok) yield* call('journalWrite', { ident: 'CROND', pid: child.value, message: `(${user.name}) CMD (${job.command})` });
  else yield* call('journalWrite', { ident: 'CROND', message: `(${user.name}) ERROR chdir failed (${env.HOME}): No such file or directory` });
  if (child.ok && job.input) yield* call('write', { fd: input.value.write, text: job.input });
  yield* call('close', { fd: input.value.write });
  const printed = yield* readAll(output.value.read);
  yield* call('close', { fd: output.value.read });
  if (!child.ok) return;
  yield* call('wait', { pid: child.value });
  if (printed.ok && printed.value && job.env['MAILTO'] !== '') yield* call('journalWrite', { ident: 'CROND', pid: child.value, message: `(${user.name}) MAIL (mailed ${byteLength(printed.value)} bytes of output but got status 0x004b#012)` });
}

export const crond: Program = {
  name: 'crond',
  *main(start) {
    const got = getopt('crond', start.argv.slice(1), { short: 'n' });
    if (!got.ok) { yield* err(`${got.error}\nUsage: crond [-n] [-p] [-s] [-m <mail command>] [-x [ext,sch,proc,pars,load,misc,test,bit]]\n`); return 1; }
    if (start.uid !== 0) { yield* err(`${start.argv[0]}: Permission denied\n`); return 1; }
    yield* say('(CRON) INFO (running with inotify support)');
    const booted = yield* call('stat', { path: BOOTED });
    if (booted.ok) yield* say('(CRON) INFO (@reboot jobs will be run at computer\'s startup.)');
    else {
      yield* call('writeFile', { path: BOOTED, text: '', mode: 0o600 });
      for (const job of yield* tables()) if (!job.at) yield* launch(job);
    }
    yield* wait();
    yield* call('serve', {});
    return 0;
  },
  entries: {
    *minute() {
      const now = yield* call('now', {});
      const c = civil(now.ok ? now.value.real : 0);
      for (const job of yield* tables()) if (due(job, c)) yield* launch(job);
      yield* wait();
    },
    *job(start) { yield* run(start.event as unknown as Job); },
  },
};

export const runParts: Command = {
  name: 'run-parts',
  *main({ argv, env }) {
    const [flag, folder] = argv[1]?.startsWith('--') ? [argv[1], argv[2]] : [undefined, argv[1]];
    if (folder === undefined) { yield* out('Usage: run-parts [--list | --test] <dir>\n'); return 1; }
    const names = yield* call('readdir', { path: folder });
    if (!names.ok) { yield* out(`Not a directory: ${folder}\n`); return 1; }
    for (const name of names.value) {
      const path = `${folder}/${name}`;
      if (/~$|,$|\.(rpmsave|rpmorig|rpmnew|swp|cfsaved)$/.test(name)) continue;
      const at = yield* call('stat', { path });
      if (!at.ok || at.value.type !== 'file') continue;
      if (flag === '--list') { yield* out(`${path}\n`); continue; }
      if (!(yield* call('access', { path, mode: 'x' })).ok) continue;
      if (flag === '--test') { yield* out(`${path}\n`); continue; }
      const child = yield* call('spawn', { path, argv: [path], env });
      if (child.ok) yield* call('wait', { pid: child.value });
    }
    return 0;
  },
};
