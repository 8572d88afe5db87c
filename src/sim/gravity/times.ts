/**
 * Moments and durations as gravity prints them: Go's layouts and Duration.String, and go-humanize. All
 * in microseconds, UTC; there is no clock here.
 */

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

export interface Civil { year: number; month: number; day: number; weekday: number; hour: number; minute: number; second: number; micros: number }

/** The Gregorian date of a moment (days from civil, after Howard Hinnant's public algorithm). */
export function civil(us: number): Civil {
  const micros = ((us % 1_000_000) + 1_000_000) % 1_000_000;
  const total = Math.floor(us / 1_000_000);
  const days = Math.floor(total / 86_400);
  const rest = total - days * 86_400;
  const z = days + 719_468;
  const era = Math.floor(z / 146_097);
  const doe = z - era * 146_097;
  const yoe = Math.floor((doe - Math.floor(doe / 1_460) + Math.floor(doe / 36_524) - Math.floor(doe / 146_096)) / 365);
  const doy = doe - (365 * yoe + Math.floor(yoe / 4) - Math.floor(yoe / 100));
  const mp = Math.floor((5 * doy + 2) / 153);
  const month = mp < 10 ? mp + 3 : mp - 9;
  return {
    year: yoe + era * 400 + (month <= 2 ? 1 : 0), month, day: doy - Math.floor((153 * mp + 2) / 5) + 1,
    weekday: (((days + 4) % 7) + 7) % 7, hour: Math.floor(rest / 3_600), minute: Math.floor(rest / 60) % 60, second: rest % 60, micros,
  };
}

const two = (n: number): string => String(n).padStart(2, '0');

/** `Mon Jan _2 15:04:05 UTC`. */
export function dateSeconds(us: number): string {
  const t = civil(us);
  return `${dayPart(t)} ${two(t.hour)}:${two(t.minute)}:${two(t.second)} UTC`;
}

/** `Mon Jan _2 15:04 UTC`. */
export function dateMinutes(us: number): string {
  const t = civil(us);
  return `${dayPart(t)} ${two(t.hour)}:${two(t.minute)} UTC`;
}

const dayPart = (t: Civil): string => `${DAYS[t.weekday]!} ${MONTHS[t.month - 1]!} ${String(t.day).padStart(2)}`;

/** RFC 3339 with seconds; with `fraction`, as Go's RFC3339Nano (no trailing zeros). */
export function rfc3339(us: number, fraction = false): string {
  const t = civil(us);
  const part = fraction && t.micros ? `.${String(t.micros).padStart(6, '0').replace(/0+$/, '')}` : '';
  return `${t.year}-${two(t.month)}-${two(t.day)}T${two(t.hour)}:${two(t.minute)}:${two(t.second)}${part}Z`;
}

/** `2006-01-02 15:04`. */
export const dayAndMinute = (us: number): string => rfc3339(us).slice(0, 16).replace('T', ' ');

/** Duration.String of Go. */
export function goDuration(us: number): string {
  if (us === 0) return '0s';
  if (us < 1_000) return `${us}µs`;
  if (us < 1_000_000) return `${trim(us / 1_000)}ms`;
  const hours = Math.floor(us / 3_600_000_000);
  const minutes = Math.floor(us / 60_000_000) % 60;
  const rest = `${trim((us % 60_000_000) / 1_000_000)}s`;
  return hours ? `${hours}h${minutes}m${rest}` : minutes ? `${minutes}m${rest}` : rest;
}

const trim = (n: number): string => n.toFixed(6).replace(/\.?0+$/, '');

const SECOND = 1_000_000, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE, DAY = 24 * HOUR, WEEK = 7 * DAY, MONTH = 30 * DAY, YEAR = 12 * MONTH;
/** go-humanize's magnitudes: below the first, these words; `each`: how many of them. */
const MAGNITUDES: readonly (readonly [number, string, number?])[] = [
  [SECOND, 'now'], [2 * SECOND, '1 second'], [MINUTE, '% seconds', SECOND], [2 * MINUTE, '1 minute'], [HOUR, '% minutes', MINUTE],
  [2 * HOUR, '1 hour'], [DAY, '% hours', HOUR], [2 * DAY, '1 day'], [WEEK, '% days', DAY], [2 * WEEK, '1 week'], [MONTH, '% weeks', WEEK],
  [2 * MONTH, '1 month'], [YEAR, '% months', MONTH], [18 * MONTH, '1 year'], [2 * YEAR, '2 years'], [Infinity, '% years', YEAR],
];

function magnitude(us: number): string {
  const [, words, each] = MAGNITUDES.find(([below]) => us < below)!;
  return each ? words.replace('%', String(Math.floor(us / each))) : words;
}

/** humanize.RelTime(then, now, "ago", ""). */
export function ago(then: number, now: number): string {
  const text = magnitude(Math.max(0, now - then));
  return text === 'now' ? text : `${text} ago`;
}

/** The "finished in" form: RelTime with empty words leaves a blank behind. */
export function finishedIn(us: number): string {
  const text = magnitude(Math.max(0, us));
  return text === 'now' ? text : `${text} `;
}
