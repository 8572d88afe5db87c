/** jq's dates: broken-down time is [year, month from 0, day, hours, minutes, seconds, weekday, day of the year]. UTC only. Pure. */
import type { Json } from '../../../../sim/proc/program.ts';
import { momentOf, strftime } from '../../coreutils/clock/strftime.ts';
import { zoneOf } from '../../coreutils/clock/zone.ts';
import type { Native } from './builtins.ts';
import { fail } from './problem.ts';


const days = (year: number, month: number, day: number): number => Math.floor(Date.UTC(year, month, day) / 86_400_000);

function broken(seconds: number): Json {
  const whole = Math.floor(seconds);
  const m = /^(\d+) (\d+) (\d+) (\d+) (\d+) (\d+) (\d) (\d+)$/.exec(strftime('%Y %m %d %H %M %S %w %j', momentOf(whole * 1e6), zoneOf('UTC')))!;
  const [year, month, day, hour, minute, second, weekday, yearDay] = m.slice(1).map(Number) as [number, number, number, number, number, number, number, number];
  return [year, month - 1, day, hour, minute, second + (seconds - whole), weekday, yearDay - 1];
}

function secondsOf(value: Json): number {
  if (!Array.isArray(value) || value.length < 6 || !value.every((part) => typeof part === 'number')) return fail('mktime requires array of 6 numbers');
  const [year, month, day, hour, minute, second] = value as number[];
  return days(year!, month!, day!) * 86_400 + hour! * 3600 + minute! * 60 + Math.floor(second!);
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** strptime(3) for the letters that are used with jq. */
function parse(text: string, format: string): number | null {
  const parts = { year: 1900, month: 0, day: 1, hour: 0, minute: 0, second: 0, offset: 0 };
  let at = 0;
  const number = (digits: number): number | null => {
    const m = new RegExp(`^\\s*\\d{1,${digits}}`).exec(text.slice(at));
    if (!m) return null;
    at += m[0].length;
    return Number(m[0]);
  };
  const full = format.replaceAll('%T', '%H:%M:%S').replaceAll('%F', '%Y-%m-%d').replaceAll('%D', '%m/%d/%y');
  for (let i = 0; i < full.length; i++) {
    if (full[i] !== '%') {
      if (/\s/.test(full[i]!)) { while (/\s/.test(text[at] ?? '')) at++; continue; }
      if (text[at++] !== full[i]) return null;
      continue;
    }
    const letter = full[++i];
    const digits: Readonly<Record<string, keyof typeof parts>> = { m: 'month', d: 'day', e: 'day', H: 'hour', M: 'minute', S: 'second' };
    if (letter === 'Y') { const n = number(4); if (n === null) return null; parts.year = n; }
    else if (letter === 'y') { const n = number(2); if (n === null) return null; parts.year = n < 69 ? 2000 + n : 1900 + n; }
    else if (letter && letter in digits) { const n = number(2); if (n === null) return null; parts[digits[letter]!] = letter === 'm' ? n - 1 : n; }
    else if (letter === 's') { const n = number(12); return n; }
    else if (letter === 'b' || letter === 'B' || letter === 'h') {
      const month = MONTHS.findIndex((name) => text.slice(at, at + 3).toLowerCase() === name.toLowerCase());
      if (month < 0) return null;
      parts.month = month;
      at += /^[A-Za-z]+/.exec(text.slice(at))![0].length;
    } else if (letter === 'a' || letter === 'A') { const m = /^[A-Za-z]+/.exec(text.slice(at)); if (!m) return null; at += m[0].length; }
    else if (letter === 'Z') { const m = /^[A-Za-z]+/.exec(text.slice(at)); if (!m) return null; at += m[0].length; }
    else if (letter === 'z') {
      const m = /^(?:Z|([+-])(\d\d):?(\d\d))/.exec(text.slice(at));
      if (!m) return null;
      at += m[0].length;
    } else return null;
  }
  if (at !== text.length) return null;
  return days(parts.year, parts.month, parts.day) * 86_400 + parts.hour * 3600 + parts.minute * 60 + parts.second;
}

const time = (value: Json, what: string): number => (typeof value === 'number' ? value : Array.isArray(value) ? secondsOf(value as Json) : fail(`${what} requires parsed datetime inputs`));

export const dates: Readonly<Record<string, Native>> = {
  'gmtime/0': (x) => (typeof x === 'number' ? broken(x) : fail('gmtime() requires a number')),
  'localtime/0': (x) => (typeof x === 'number' ? broken(x) : fail('localtime() requires a number')),
  'mktime/0': (x) => (Array.isArray(x) ? secondsOf(x as Json) : fail('mktime requires array of 6 numbers')),
  'strftime/1': (x, [format]) => {
    if (typeof format !== 'string') return fail('strftime/1 requires a string format');
    return strftime(format, momentOf(Math.floor(time(x, 'strftime/1')) * 1e6), zoneOf('UTC'));
  },
  'strflocaltime/1': (x, [format]) => strftime(String(format), momentOf(Math.floor(time(x, 'strflocaltime/1')) * 1e6), zoneOf('UTC')),
  'strptime/1': (x, [format]) => {
    if (typeof x !== 'string') return fail(`strptime/1 requires string inputs and arguments`);
    const seconds = parse(x, String(format));
    return seconds === null ? fail(`date "${x}" does not match format "${String(format)}"`) : broken(seconds);
  },
};
