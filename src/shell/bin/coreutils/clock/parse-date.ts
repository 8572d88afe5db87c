/**
 * Dates as people type them after `date -d` and `touch -d`: gnulib's parse_datetime for the forms in use.
 * It knows no clock: `now` is handed in. A text that it does not understand is null.
 */
import { civilFromSeconds, daysFromCivil, DAY_NAMES, MONTH_NAMES, secondsFromCivil, weekday } from './calendar.ts';
import type { Moment } from './strftime.ts';
import { toUtc, type Zone } from './zone.ts';

const DAY_ALIASES: Readonly<Record<string, number>> = { tues: 2, wednes: 3, thur: 4, thurs: 4 };
/** Seconds east of Greenwich. */
const ZONE_NAMES: Readonly<Record<string, number>> = {
  utc: 0, gmt: 0, z: 0, ut: 0, wet: 0, west: 1, bst: 1, cet: 1, cest: 2, met: 1, eet: 2, eest: 3, msk: 3, est: -5, edt: -4, cst: -6,
  cdt: -5, mst: -7, mdt: -6, pst: -8, pdt: -7, hst: -10, jst: 9, ist: 5.5,
};
const UNITS: Readonly<Record<string, readonly [field: keyof Shift, factor: number]>> = {
  year: ['years', 1], month: ['months', 1], fortnight: ['days', 14], week: ['days', 7], day: ['days', 1], hour: ['seconds', 3_600],
  minute: ['seconds', 60], min: ['seconds', 60], second: ['seconds', 1], sec: ['seconds', 1],
};
const WORDS: Readonly<Record<string, number>> = {
  last: -1, this: 0, next: 1, first: 1, third: 3, fourth: 4, fifth: 5, sixth: 6, seventh: 7, eighth: 8, ninth: 9, tenth: 10,
  eleventh: 11, twelfth: 12,
};

interface Shift { years: number; months: number; days: number; seconds: number }

interface Found {
  date: { year: number | null; month: number; day: number } | null;
  time: { seconds: number; nanos: number } | null;
  weekday: { day: number; ordinal: number } | null;
  offset: number | null;
  shift: Shift;
  /** Whether a bare relative word was given: the time of day is kept then. */
  shifted: boolean;
}

export function parseDate(text: string, now: Moment, zone: Zone): Moment | null {
  const epoch = /^\s*@(-?\d+)(?:[.,](\d+))?\s*$/.exec(text);
  if (epoch) return { seconds: Number(epoch[1]), nanos: fraction(epoch[2]) };
  const found: Found = {
    date: null, time: null, weekday: null, offset: null, shifted: false, shift: { years: 0, months: 0, days: 0, seconds: 0 },
  };
  let rest = text.replace(/\([^)]*\)/g, ' ').trim().toLowerCase();
  while (rest !== '') {
    const next = takeItem(rest, found);
    if (next === null || next.length >= rest.length) return null;
    rest = next.replace(/^[\s,]+/, '');
  }
  return resolve(found, now, zone);
}

const fraction = (digits: string | undefined): number => (digits ? Number(digits.slice(0, 9).padEnd(9, '0')) : 0);

type Take = (m: RegExpExecArray, found: Found) => boolean;

function setDate(found: Found, year: number | null, month: number, day: number): boolean {
  if (found.date || month < 1 || month > 12 || day < 1) return false;
  const inYear = year ?? 2000;
  if (day > daysFromCivil(inYear, month + 1, 1) - daysFromCivil(inYear, month, 1)) return false;
  found.date = { year, month, day };
  return true;
}

/** Two digits are 1969 to 2068. */
const fullYear = (text: string): number => (text.length > 2 ? Number(text) : Number(text) + (Number(text) < 69 ? 2000 : 1900));

const monthNumber = (word: string): number => {
  const at = MONTH_NAMES.findIndex((name) => name.toLowerCase() === word || name.slice(0, 3).toLowerCase() === word);
  return at < 0 && word === 'sept' ? 9 : at + 1;
};
const dayNumber = (word: string): number => {
  const at = DAY_NAMES.findIndex((name) => name.toLowerCase() === word || name.slice(0, 3).toLowerCase() === word);
  return at < 0 ? DAY_ALIASES[word] ?? -1 : at;
};

const takeClock: Take = (m, found) => {
  const [, h, min, s, frac, half, offset] = m;
  let hour = Number(h);
  const limit = half ? 12 : 24;
  if (found.time || hour > limit || (half && hour === 0) || Number(min ?? 0) > 59 || Number(s ?? 0) > 60) return false;
  if (half) hour = (hour % 12) + (half.startsWith('p') ? 12 : 0);
  found.time = { seconds: hour * 3_600 + Number(min ?? 0) * 60 + Number(s ?? 0), nanos: fraction(frac) };
  if (offset) found.offset = numericOffset(offset);
  return true;
};

function numericOffset(text: string): number {
  const sign = text.startsWith('-') ? -1 : 1;
  const digits = text.slice(1).replace(':', '');
  const [h, m] = digits.length <= 2 ? [Number(digits), 0] : [Number(digits.slice(0, -2)), Number(digits.slice(-2))];
  return sign * (h * 3_600 + m * 60);
}

const takeRelative: Take = (m, found) => {
  const [, sign, count, unit = '', ago] = m;
  return addUnit(found, unit, (sign?.includes('-') ? -1 : 1) * (count ? Number(count) : 1) * (ago ? -1 : 1));
};

function addUnit(found: Found, word: string, count: number): boolean {
  const unit = UNITS[word] ?? UNITS[word.replace(/s$/, '')];
  if (!unit) return false;
  found.shift[unit[0]] += count * unit[1];
  found.shifted = true;
  return true;
}

const takeOrdinal: Take = (m, found) => {
  const [, ordinal = '', word = '', ago] = m;
  const count = WORDS[ordinal]!;
  const day = dayNumber(word);
  if (day >= 0) {
    found.weekday = { day, ordinal: count };
    return true;
  }
  return addUnit(found, word, count * (ago ? -1 : 1));
};

const takeWord: Take = (m, found) => {
  const word = m[1]!;
  if (word === 'now' || word === 'today') return (found.shifted = true);
  if (word === 'yesterday' || word === 'tomorrow') return addUnit(found, 'day', word === 'tomorrow' ? 1 : -1);
  const day = dayNumber(word);
  if (day >= 0) {
    found.weekday = { day, ordinal: 0 };
    return true;
  }
  const hours = ZONE_NAMES[word];
  if (hours !== undefined) {
    found.offset = hours * 3_600 + (found.offset ?? 0);
    return true;
  }
  return addUnit(found, word, m[2] ? -1 : 1);
};

const ITEMS: readonly (readonly [RegExp, Take])[] = [
  [/^(\d{4,})-(\d{1,2})-(\d{1,2})t?(?=\s|\d|$|,)/, (m, found) => setDate(found, Number(m[1]), Number(m[2]), Number(m[3]))],
  [/^(\d{2})-(\d{1,2})-(\d{1,2})(?!\d)/, (m, found) => setDate(found, fullYear(m[1]!), Number(m[2]), Number(m[3]))],
  [/^(\d{4})\/(\d{1,2})\/(\d{1,2})(?!\d)/, (m, found) => setDate(found, Number(m[1]), Number(m[2]), Number(m[3]))],
  [/^(\d{1,2})\/(\d{1,2})(?:\/(\d+))?(?!\d)/, (m, found) => setDate(found, m[3] ? fullYear(m[3]) : null, Number(m[1]), Number(m[2]))],
  [/^t?(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d+))?)?\s*(am|pm|a\.m\.|p\.m\.)?\s*([-+]\d{1,2}:?(?:\d{2})?(?!\s*[a-z]))?/, takeClock],
  [/^(\d{1,2})()()()\s*(am|pm|a\.m\.|p\.m\.)()/, takeClock],
  [/^(\d{1,2})[-\s]*([a-z]{3,9})\.?[-,\s]*(\d{4})?(?![\d:])/, (m, found) => {
    const month = monthNumber(m[2]!);
    return month > 0 && setDate(found, m[3] ? Number(m[3]) : null, month, Number(m[1]));
  }],
  [/^([a-z]{3,9})\.?[-\s]*(\d{1,2})(?![\d:])(?:(?:st|nd|rd|th)?,?[-\s]+(\d{4})(?![\d:]))?/, (m, found) => {
    const month = monthNumber(m[1]!);
    return month > 0 && setDate(found, m[3] ? Number(m[3]) : null, month, Number(m[2]));
  }],
  [/^([-+\s]*)(\d+)\s*([a-z]+)(\s+ago)?(?![a-z])/, takeRelative],
  [/^([-+]\d{2}:?\d{2})(?!\d)/, (m, found) => { found.offset = (found.offset ?? 0) + numericOffset(m[1]!); return true; }],
  [/^(\d{4})(\d{2})(\d{2})(?=t|\s|$)t?/, (m, found) => setDate(found, Number(m[1]), Number(m[2]), Number(m[3]))],
  [/^(\d{2})(\d{2})(?!\d)/, (m, found) => {
    if (!found.date && !found.time) return takeClock(Object.assign([m[0], m[1], m[2]], { index: 0, input: '' }) as unknown as RegExpExecArray, found);
    if (found.date && found.date.year === null) { found.date.year = Number(m[0]); return true; }
    return takeClock(Object.assign([m[0], m[1], m[2]], { index: 0, input: '' }) as unknown as RegExpExecArray, found);
  }],
  [/^(last|this|next|first|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|eleventh|twelfth)\s+([a-z]+)(\s+ago)?/, takeOrdinal],
  [/^([a-z]+)\.?(\s+ago)?(?![a-z])/, takeWord],
];

/** Takes one item off the front; null if nothing fits. */
function takeItem(rest: string, found: Found): string | null {
  for (const [form, take] of ITEMS) {
    const m = form.exec(rest);
    if (!m || m[0] === '') continue;
    const before: Found = { ...found, shift: { ...found.shift } };
    if (take(m, found)) return rest.slice(m[0].length);
    Object.assign(found, before);
  }
  return null;
}

function resolve(found: Found, now: Moment, zone: Zone): Moment {
  const offset = found.offset;
  const local = civilFromSeconds(now.seconds + (offset ?? zone(now.seconds).offset));
  const { date, time, shift } = found;
  const day = date ?? { year: local.year, month: local.month, day: local.day };
  const year = day.year ?? local.year;
  // A date, a day of the week or nothing at all means midnight; a bare shift keeps the time of day.
  const keepTime = !time && !date && !found.weekday && found.shifted;
  const clock = time?.seconds ?? (keepTime ? local.hour * 3_600 + local.minute * 60 + local.second : 0);
  let days = daysFromCivil(year, day.month, day.day);
  if (found.weekday && !date) { // beside a date, the day of the week says nothing
    const ahead = (found.weekday.day - weekday(days) + 7) % 7;
    const weeks = found.weekday.ordinal - (found.weekday.ordinal > 0 && ahead > 0 ? 1 : 0);
    days += ahead + 7 * weeks;
  }
  const start = civilFromSeconds(days * 86_400);
  const seconds = secondsFromCivil({
    year: start.year + shift.years, month: start.month + shift.months, day: start.day + shift.days,
    hour: 0, minute: 0, second: clock,
  });
  const utc = offset === null ? toUtc(zone, seconds) : seconds - offset;
  return { seconds: utc + shift.seconds, nanos: time ? time.nanos : keepTime ? now.nanos : 0 };
}
