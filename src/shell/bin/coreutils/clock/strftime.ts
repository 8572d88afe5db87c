/** strftime(3) with GNU's flags and widths, in the C locale. It knows no clock: the moment is handed in. */
import { civilFromSeconds, daysFromCivil, DAY_NAMES, MONTH_NAMES, weekday, type Civil } from './calendar.ts';
import type { Zone } from './zone.ts';

export interface Moment { /** Since 1970, rounded down. */ readonly seconds: number; readonly nanos: number }

export const momentOf = (us: number): Moment => {
  const seconds = Math.floor(us / 1_000_000);
  return { seconds, nanos: Math.round(us - seconds * 1_000_000) * 1_000 };
};

/** %, flags, width, E or O, colons, the letter. */
const CONVERSION = /%([-_0^#+]*)(\d*)([EO]?)(:{0,3})([a-zA-Z%+])/g;

interface Parts extends Civil { dayOfYear: number; weekday: number }

export function strftime(format: string, moment: Moment, zone: Zone): string {
  const local = zone(moment.seconds);
  const civil = civilFromSeconds(moment.seconds + local.offset);
  const days = daysFromCivil(civil.year, civil.month, civil.day);
  const parts: Parts = { ...civil, dayOfYear: days - daysFromCivil(civil.year, 1, 1) + 1, weekday: weekday(days) };
  return format.replace(CONVERSION, (all, flags: string, width: string, _era, colons: string, letter: string) => {
    if (letter === 'z') return zoneNumber(local.offset, colons.length, flags, width);
    if (colons) return all;
    if (letter === 'N') return nanoseconds(moment.nanos, flags, width);
    if (letter === 's') return pad(String(moment.seconds), 1, '0', flags, width);
    if (letter === 'Z') return cased(padText(local.name, width, flags), flags, letter);
    const composite = COMPOSITES[letter];
    if (composite) return cased(padText(strftime(composite, moment, zone), width, flags), flags, letter);
    const number = NUMBERS[letter];
    if (number) return pad(String(number[2](parts)), number[0], number[1], flags, width);
    const text = TEXTS[letter];
    return text ? cased(padText(text(parts), width, flags), flags, letter) : all;
  });
}

const COMPOSITES: Readonly<Record<string, string>> = {
  c: '%a %b %e %H:%M:%S %Y', D: '%m/%d/%y', F: '%Y-%m-%d', r: '%I:%M:%S %p', R: '%H:%M', T: '%H:%M:%S', x: '%m/%d/%y',
  X: '%H:%M:%S', '+': '%a %b %e %H:%M:%S %Z %Y',
};

const hour12 = (p: Parts): number => (p.hour % 12 === 0 ? 12 : p.hour % 12);
const weekOf = (p: Parts, firstDay: number): number => Math.floor((p.dayOfYear + 6 - ((p.weekday - firstDay + 7) % 7)) / 7);

/** ISO 8601 week and the year that it belongs to. */
export function isoWeek(p: { year: number; dayOfYear: number; weekday: number }): { year: number; week: number } {
  const week = Math.floor((p.dayOfYear - ((p.weekday + 6) % 7) + 9) / 7);
  const weeksIn = (year: number): number => {
    const first = weekday(daysFromCivil(year, 1, 1));
    return first === 4 || (first === 3 && daysFromCivil(year, 3, 1) - daysFromCivil(year, 2, 1) === 29) ? 53 : 52;
  };
  if (week < 1) return { year: p.year - 1, week: weeksIn(p.year - 1) };
  return week > weeksIn(p.year) ? { year: p.year + 1, week: 1 } : { year: p.year, week };
}

/** letter: [width, what pads, value]. */
const NUMBERS: Readonly<Record<string, readonly [number, string, (p: Parts) => number]>> = {
  C: [2, '0', (p) => Math.floor(p.year / 100)], d: [2, '0', (p) => p.day], e: [2, ' ', (p) => p.day],
  g: [2, '0', (p) => isoWeek(p).year % 100], G: [4, '0', (p) => isoWeek(p).year], H: [2, '0', (p) => p.hour],
  I: [2, '0', hour12], j: [3, '0', (p) => p.dayOfYear], k: [2, ' ', (p) => p.hour], l: [2, ' ', hour12],
  m: [2, '0', (p) => p.month], M: [2, '0', (p) => p.minute], S: [2, '0', (p) => p.second],
  u: [1, '0', (p) => p.weekday || 7], U: [2, '0', (p) => weekOf(p, 0)], V: [2, '0', (p) => isoWeek(p).week],
  w: [1, '0', (p) => p.weekday], W: [2, '0', (p) => weekOf(p, 1)], y: [2, '0', (p) => ((p.year % 100) + 100) % 100],
  Y: [1, '0', (p) => p.year],
};

const TEXTS: Readonly<Record<string, (p: Parts) => string>> = {
  a: (p) => DAY_NAMES[p.weekday]!.slice(0, 3), A: (p) => DAY_NAMES[p.weekday]!,
  b: (p) => MONTH_NAMES[p.month - 1]!.slice(0, 3), h: (p) => MONTH_NAMES[p.month - 1]!.slice(0, 3),
  B: (p) => MONTH_NAMES[p.month - 1]!, p: (p) => (p.hour < 12 ? 'AM' : 'PM'), P: (p) => (p.hour < 12 ? 'am' : 'pm'),
  n: () => '\n', t: () => '\t', '%': () => '%',
};

function pad(digits: string, least: number, filler: string, flags: string, width: string): string {
  const flag = flags.match(/[-_0+]/g)?.at(-1);
  if (flag === '-') return digits;
  const fill = flag === '_' ? ' ' : flag === '0' || flag === '+' ? '0' : filler;
  const size = width === '' ? least : Number(width);
  return fill === '0' && digits.startsWith('-') ? `-${digits.slice(1).padStart(size - 1, '0')}` : digits.padStart(size, fill);
}

const padText = (text: string, width: string, flags: string): string =>
  (width === '' ? text : text.padStart(Number(width), flags.includes('0') ? '0' : ' '));

function cased(text: string, flags: string, letter: string): string {
  if (flags.includes('^')) return text.toUpperCase();
  if (!flags.includes('#')) return text;
  return letter === 'Z' || letter === 'p' ? text.toLowerCase() : text.toUpperCase();
}

function nanoseconds(nanos: number, flags: string, width: string): string {
  const digits = String(nanos).padStart(9, '0');
  const shown = width === '' ? digits : digits.slice(0, Number(width)).padEnd(Number(width), '0');
  return flags.includes('-') ? shown.replace(/(?<=.)0+$/, '') : shown;
}

function zoneNumber(offset: number, colons: number, flags: string, width: string): string {
  const sign = offset < 0 ? '-' : '+';
  const total = Math.abs(offset);
  const two = (n: number): string => String(n).padStart(2, '0');
  const [h, m, s] = [two(Math.floor(total / 3_600)), two(Math.floor((total % 3_600) / 60)), two(total % 60)];
  let text = colons === 0 ? `${h}${m}` : colons === 1 ? `${h}:${m}` : `${h}:${m}:${s}`;
  if (colons === 3) text = s !== '00' ? `${h}:${m}:${s}` : m !== '00' ? `${h}:${m}` : h;
  if (flags.includes('_')) return `${sign}${text.replace(/^0/, '')}`.padStart(Number(width || text.length + 1));
  return width === '' ? sign + text : sign + text.padStart(Number(width) - 1, '0');
}
