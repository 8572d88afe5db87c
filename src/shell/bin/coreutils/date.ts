/** date of GNU coreutils 8.22/8.26 in the C locale. Setting the clock is a syscall. */
import type { Sys } from '../../../sim/proc/program.ts';
import { strerror } from '../../../sim/proc/libc.ts';
import { call } from '../../../sim/proc/syscalls.ts';
import { civilFromSeconds, daysInMonth, secondsFromCivil } from './clock/calendar.ts';
import { parseDate } from './clock/parse-date.ts';
import { type Moment, momentOf, strftime } from './clock/strftime.ts';
import { toUtc, UTC, type Zone, zoneOf } from './clock/zone.ts';
import { readOperand, splitLines } from './input.ts';
import { quoteIfNeeded } from './quote.ts';
import { PACKAGES, type Task, tool } from './tool.ts';

const ISO_FORMATS: Readonly<Record<string, string>> = {
  date: '%Y-%m-%d', hours: '%Y-%m-%dT%H%:z', minutes: '%Y-%m-%dT%H:%M%:z', seconds: '%Y-%m-%dT%H:%M:%S%:z', ns: '%Y-%m-%dT%H:%M:%S,%N%:z',
};
const RFC_3339: Readonly<Record<string, string>> = {
  date: '%Y-%m-%d', seconds: '%Y-%m-%d %H:%M:%S%:z', ns: '%Y-%m-%d %H:%M:%S.%N%:z',
};

export const date = tool({
  name: 'date', package: PACKAGES.coreutils, usage: ['[OPTION]... [+FORMAT]', '[-u|--utc|--universal] [MMDDhhmm[[CC]YY][.ss]]'],
  about: 'Display the current time in the given FORMAT, or set the system date.', authors: 'David MacKenzie',
  options: [
    '-d, --date=STRING  show the time that STRING says',
    '--debug  (no effect)',
    '-f, --file=DATEFILE  like --date, once for each line of DATEFILE',
    "-I, --iso-8601[=FMT]  ISO 8601: date, hours, minutes, seconds or ns",
    '-R, --rfc-email, --rfc-2822, --rfc-822  RFC 5322, as in mail',
    '--rfc-3339=FMT  RFC 3339: date, seconds or ns',
    '-r, --reference=FILE  show when FILE was last changed',
    '-s, --set=STRING  set the clock to what STRING says',
    '-u, --utc, --universal, --uct  use Coordinated Universal Time (UTC)',
  ],
  notes: 'FORMAT controls the output: %a %A %b %B %c %C %d %D %e %F %g %G %h %H %I %j %k %l %m %M %n %N %p %P %r %R %s %S\n'
    + '%t %T %u %U %V %w %W %x %X %y %Y %z %:z %::z %:::z %Z %%; flags - _ 0 ^ # and a width may follow the %.',
  run: showDate,
});

function* refuse(task: Task, text: string): Sys<number> {
  yield* task.error(text);
  return 1;
}

function* showDate(task: Task): Sys<number | void> {
  const zone = task.has('u') ? UTC : zoneOf(task.start.env['TZ']);
  const sources = ['d', 'f', 'r'].filter((key) => task.has(key));
  if (sources.length > 1) return yield* task.misuse('the options to specify dates for printing are mutually exclusive');
  if (sources.length && task.has('s')) return yield* task.misuse('the options to print and set the time may not be used together');
  const format = readFormat(task);
  if (typeof format !== 'object') return yield* task.misuse(format);
  const clock = yield* call('now', {});
  const now = momentOf(clock.ok ? clock.value.real : 0);
  const show = (moment: Moment): void => task.print(`${strftime(format.text, moment, zone)}\n`);
  if (task.has('f')) return yield* showEach(task, now, zone, show);
  const moment = yield* wanted(task, now, zone, format.setting);
  if (typeof moment === 'string') return yield* refuse(task, moment);
  if (task.has('s') || format.setting !== null) {
    const set = yield* call('settime', { real: moment.seconds * 1_000_000 + Math.floor(moment.nanos / 1_000) });
    if (!set.ok) yield* task.error(`cannot set date: ${strerror(set.errno)}`);
  }
  show(moment);
  return task.status;
}

/** The format to print in, and an operand that sets the clock. */
function readFormat(task: Task): { text: string; setting: string | null } | string {
  const last = task.last('I', 'R', 'rfc-3339');
  let text = '%a %b %e %H:%M:%S %Z %Y';
  let given = last !== undefined;
  if (last === 'R') text = '%a, %d %b %Y %H:%M:%S %z';
  if (last === 'I' || last === 'rfc-3339') {
    const table = last === 'I' ? ISO_FORMATS : RFC_3339;
    const typed = task.value(last) ?? 'date';
    const word = Object.keys(table).find((name) => name.startsWith(typed) && typed !== '');
    if (!word) {
      const long = last === 'I' ? '--iso-8601' : '--rfc-3339';
      const names = last === 'I' ? ['hours', 'minutes', 'date', 'seconds', 'ns'] : ['date', 'seconds', 'ns'];
      return `invalid argument ${task.quote(typed)} for ${task.quote(long)}\nValid arguments are:\n${names.map((name) => `  - ${task.quote(name)}`).join('\n')}`;
    }
    text = table[word]!;
  }
  let setting: string | null = null;
  for (const [i, operand] of task.operands.entries()) {
    if (i > 0) return `extra operand ${task.quote(operand)}`;
    if (operand.startsWith('+')) {
      if (given) return 'multiple output formats specified';
      given = true;
      text = operand.slice(1);
    } else if (task.has('s') || task.has('d') || task.has('r') || task.has('f')) {
      return `the argument ${task.quote(operand)} lacks a leading '+';\nwhen using an option to specify date(s), any non-option\nargument must be a format string beginning with '+'`;
    } else setting = operand;
  }
  return { text, setting };
}

function* wanted(task: Task, now: Moment, zone: Zone, setting: string | null): Sys<Moment | string> {
  const reference = task.value('r');
  if (reference !== undefined) {
    const stat = yield* call('stat', { path: reference });
    return stat.ok ? momentOf(stat.value.mtime) : `${quoteIfNeeded(reference)}: ${strerror(stat.errno)}`;
  }
  const text = task.value('s') ?? task.value('d');
  if (text !== undefined) return parseDate(text, now, zone) ?? `invalid date ${task.quote(text)}`;
  if (setting === null) return now;
  const local = civilFromSeconds(now.seconds + zone(now.seconds).offset);
  const seconds = parseOperand(setting, local.year);
  return seconds === null ? `invalid date ${task.quote(setting)}` : { seconds: toUtc(zone, seconds), nanos: 0 };
}

/** MMDDhhmm[[CC]YY][.ss] as local seconds. */
function parseOperand(text: string, thisYear: number): number | null {
  const m = /^(\d{2})(\d{2})(\d{2})(\d{2})(\d{4}|\d{2})?(?:\.(\d{2}))?$/.exec(text);
  if (!m) return null;
  const [month, day, hour, minute] = [Number(m[1]), Number(m[2]), Number(m[3]), Number(m[4])] as const;
  const year = m[5] === undefined ? thisYear : m[5].length === 4 ? Number(m[5]) : Number(m[5]) + (Number(m[5]) < 69 ? 2000 : 1900);
  if (month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month) || hour > 23 || minute > 59) return null;
  return secondsFromCivil({ year, month, day, hour, minute, second: Number(m[6] ?? 0) });
}

function* showEach(task: Task, now: Moment, zone: Zone, show: (moment: Moment) => void): Sys<number> {
  const path = task.value('f')!;
  const text = yield* readOperand(path);
  if (!text.ok) return yield* refuse(task, `${quoteIfNeeded(path)}: ${strerror(text.errno)}`);
  for (const line of splitLines(text.value)) {
    const moment = parseDate(line, now, zone);
    if (moment) show(moment);
    else yield* task.error(`invalid date ${task.quote(line)}`);
  }
  return task.status;
}
