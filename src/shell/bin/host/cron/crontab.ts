/**
 * crontab (cronie 1.4): a user's own table. It only puts the file where crond looks; what is wrong in it is refused.
 */
import { err, out, readAll, strerror } from '../../../../sim/proc/libc.ts';
import type { Start, Sys } from '../../../../sim/proc/program.ts';
import { call } from '../../../../sim/proc/syscalls.ts';
import type { Command } from '../../../command.ts';
import { findProgram } from '../path.ts';
import { readUsers } from '../users.ts';
import { parseTable } from './table.ts';

const USAGE = `Usage:
 crontab [options] file
 crontab [options]
 crontab -n [hostname]

Options:
 -u <user>  define user
 -e         edit user's crontab
 -l         list user's crontab
 -r         delete user's crontab
 -i         prompt before deleting
 -n <host>  set host in cluster to run users' crontabs
 -c         get host in cluster to run users' crontabs
 -s         selinux context
 -x <mask>  enable debugging

Default operation is replace, per 1003.2
`;

function* usage(why: string): Sys<number> {
  yield* err(`crontab: usage error: ${why}\n${USAGE}`);
  return 1;
}

/** Puts a table in place, or tells what is wrong. `name`: how the complaint calls the file. */
function* install(user: string, text: string, name: string): Sys<number> {
  const { error } = parseTable(text, false);
  if (error) { yield* err(`"${name}":${error.line}: ${error.why}\nerrors in crontab file, can't install.\n`); return 1; }
  const done = yield* call('writeFile', { path: `/var/spool/cron/${user}`, text, mode: 0o600 });
  if (!done.ok) { yield* err(`/var/spool/cron/#tmp: ${strerror(done.errno)}\n`); return 1; }
  return 0;
}

/** One line from the terminal, for a yes or no. */
function* yes(question: string): Sys<boolean> {
  yield* out(question);
  const answer = yield* call('read', { fd: 0 });
  return answer.ok && /^\s*y/i.test(answer.value);
}

function* edit(start: Start, user: string): Sys<number> {
  const before = yield* call('readFile', { path: `/var/spool/cron/${user}` });
  if (!before.ok) yield* err(`no crontab for ${user} - using an empty one\n`);
  const draft = `/tmp/crontab.${start.pid.toString(36).padStart(6, 'X')}`;
  yield* call('writeFile', { path: draft, text: before.ok ? before.value : '', mode: 0o600 });
  for (;;) {
    const wanted = start.env['VISUAL'] || start.env['EDITOR'] || 'vi';
    const editor = yield* findProgram(start, wanted);
    const child = editor ? yield* call('spawn', { path: editor, argv: [wanted, draft] }) : null;
    const ended = child?.ok ? yield* call('wait', { pid: child.value }) : null;
    if (!ended?.ok || ended.value.status !== 0) { yield* err(`crontab: "${wanted}" exited with status ${ended?.ok ? ended.value.status : 127}\n`); return 1; }
    const after = yield* call('readFile', { path: draft });
    const same = !after.ok || after.value === (before.ok ? before.value : '');
    yield* err(same ? 'crontab: no changes made to crontab\n' : 'crontab: installing new crontab\n');
    if (same || (yield* install(user, after.value, draft)) === 0) { yield* call('unlink', { path: draft }); return 0; }
    if (!(yield* yes('Do you want to retry the same edit? (Y/N) '))) { yield* err(`crontab: edits left in ${draft}\n`); return 1; }
  }
}

function* main(start: Start): Sys<number> {
  let verb = '';
  let other: string | null = null;
  let ask = false;
  const files: string[] = [];
  const args = start.argv.slice(1);
  for (let i = 0; i < args.length; i++) {
    const word = args[i]!;
    if (word === '-' || !word.startsWith('-')) { files.push(word); continue; }
    if (word.startsWith('-u')) { other = word.slice(2) || (args[++i] ?? ''); continue; }
    for (const letter of word.slice(1)) {
      if (letter === 'i') ask = true;
      else if ('elr'.includes(letter)) { if (verb) return yield* usage('only one operation permitted'); verb = letter; }
      else { yield* err(`crontab: invalid option -- '${letter}'\n`); return yield* usage('unrecognized option'); }
    }
  }
  const procs = yield* call('processes', {});
  const uid = procs.ok ? procs.value.find((p) => p.pid === start.pid)?.ruid ?? start.uid : start.uid;
  const users = yield* readUsers();
  if (other !== null && uid !== 0) { yield* err('must be privileged to use -u\n'); return 1; }
  if (other !== null && !users.some((u) => u.name === other)) { yield* err(`crontab:  user \`${other}' unknown\n`); return 1; }
  const user = other ?? users.find((u) => u.uid === uid)?.name ?? 'root';
  if (verb && files.length) return yield* usage('no arguments permitted after this option');
  if (verb === 'e') return yield* edit(start, user);
  const path = `/var/spool/cron/${user}`;
  if (verb === 'l' || verb === 'r') {
    const text = yield* call('readFile', { path });
    if (!text.ok) { yield* err(`no crontab for ${user}\n`); return 1; }
    if (verb === 'l') { yield* out(text.value); return 0; }
    if (ask && !(yield* yes(`crontab: really delete ${user}'s crontab? `))) return 0;
    yield* call('unlink', { path });
    return 0;
  }
  const tty = files.length ? null : yield* call('tty', { fd: 0 });
  if (tty?.ok) return yield* usage('file name must be specified for replace');
  const name = files[0] ?? '-';
  const text = name === '-' ? yield* readAll(0) : yield* call('readFile', { path: name });
  if (!text.ok) { yield* err(`${name}: ${strerror(text.errno)}\n`); return 1; }
  return yield* install(user, text.value, name);
}

export const crontab: Command = { name: 'crontab', main };
