/** touch of GNU coreutils 8.22/8.26. Files have one time in this model, that of the last change. */
import { strerror } from '../../../sim/proc/libc.ts';
import type { Sys } from '../../../sim/proc/program.ts';
import { call } from '../../../sim/proc/syscalls.ts';
import { civilFromSeconds, daysInMonth, secondsFromCivil } from './clock/calendar.ts';
import { parseDate } from './clock/parse-date.ts';
import { momentOf } from './clock/strftime.ts';
import { toUtc, zoneOf } from './clock/zone.ts';
import { quoteAlways } from './quote.ts';
import { PACKAGES, type Task, tool } from './tool.ts';

export const touch = tool({
  name: 'touch', package: PACKAGES.coreutils, usage: ['[OPTION]... FILE...'],
  about: 'Update the access and modification times of each FILE to the current time.\n\n'
    + 'A FILE argument that does not exist is created empty, unless -c or -h\nis supplied.',
  authors: 'Paul Rubin, Arnold Robbins, Jim Kingdon,\nDavid MacKenzie, and Randy Smith',
  options: [
    '-a  change the access time only (the model keeps none)',
    '-c, --no-create  do not create any files',
    '-d, --date=STRING  use the time that STRING says',
    '-f  (ignored)',
    '-h, --no-dereference  change a symbolic link itself',
    '-m  change the modification time only',
    "-r, --reference=FILE  use this file's time",
    '-t STAMP  use [[CC]YY]MMDDhhmm[.ss]',
    '--time=WORD  access, atime or use -a; modify or mtime -m',
  ],
  run: touchFiles,
});

function* touchFiles(task: Task): Sys<number | void> {
  const word = task.value('time');
  if (word !== undefined && !['access', 'atime', 'use', 'modify', 'mtime'].includes(word)) {
    return yield* task.misuse(`invalid argument ${task.quote(word)} for ${task.quote('--time')}`);
  }
  const sources = ['d', 'r', 't'].filter((key) => task.has(key));
  if (sources.includes('t') && sources.length > 1) return yield* task.misuse('cannot specify times from more than one source');
  const mtime = yield* wantedTime(task);
  if (typeof mtime === 'string') {
    yield* task.error(mtime);
    return 1;
  }
  if (task.operands.length === 0) return yield* task.misuse('missing file operand');
  const onlyAccess = (task.has('a') || word === 'access' || word === 'atime' || word === 'use') && !task.has('m');
  for (const path of task.operands) yield* touchOne(task, path, mtime, onlyAccess);
}

function* touchOne(task: Task, path: string, mtime: number, onlyAccess: boolean): Sys<void> {
  const follow = !task.has('h');
  const stat = yield* call('stat', { path, follow });
  if (!stat.ok) {
    if (task.has('c') || !follow) {
      if (!follow || stat.errno !== 'ENOENT') yield* task.cannot('setting times of', path, stat.errno);
      return;
    }
    const made = yield* call('writeFile', { path, text: '', append: true, mode: 0o666 });
    if (!made.ok) return yield* task.cannot('cannot touch', path, made.errno);
  }
  if (onlyAccess) return;
  const set = yield* call('utimes', { path, mtime, follow });
  if (!set.ok) yield* task.cannot('cannot touch', path, set.errno);
}

function* wantedTime(task: Task): Sys<number | string> {
  const clock = yield* call('now', {});
  let now = clock.ok ? clock.value.real : 0;
  const reference = task.value('r');
  if (reference !== undefined) {
    const stat = yield* call('stat', { path: reference, follow: !task.has('h') });
    if (!stat.ok) return `failed to get attributes of ${quoteAlways(reference)}: ${strerror(stat.errno)}`;
    now = stat.value.mtime;
  }
  const zone = zoneOf(task.start.env['TZ']);
  const typed = task.value('d');
  if (typed !== undefined) {
    const moment = parseDate(typed, momentOf(now), zone);
    return moment ? moment.seconds * 1_000_000 + Math.floor(moment.nanos / 1_000) : `invalid date format ${task.quote(typed)}`;
  }
  const stamp = task.value('t');
  if (stamp === undefined) return now;
  const seconds = parseStamp(stamp, civilFromSeconds(Math.floor(now / 1_000_000)).year);
  return seconds === null ? `invalid date format ${task.quote(stamp)}` : toUtc(zone, seconds) * 1_000_000;
}

/** [[CC]YY]MMDDhhmm[.ss] as local seconds. */
function parseStamp(text: string, thisYear: number): number | null {
  const m = /^(\d{2}|\d{4})?(\d{2})(\d{2})(\d{2})(\d{2})(?:\.(\d{2}))?$/.exec(text);
  if (!m) return null;
  const year = m[1] === undefined ? thisYear : m[1].length === 4 ? Number(m[1]) : Number(m[1]) + (Number(m[1]) < 69 ? 2000 : 1900);
  const civil = { year, month: Number(m[2]), day: Number(m[3]), hour: Number(m[4]), minute: Number(m[5]), second: Number(m[6] ?? 0) };
  if (civil.month < 1 || civil.month > 12 || civil.day < 1 || civil.day > daysInMonth(year, civil.month)) return null;
  return civil.hour > 23 || civil.minute > 59 || civil.second > 60 ? null : secondsFromCivil(civil);
}
