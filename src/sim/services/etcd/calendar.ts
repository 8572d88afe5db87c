/**
 * Moments (microseconds since 1970, UTC) as log lines and JSON write them. Proleptic Gregorian, without
 * the platform's Date.
 */
import type { Us } from '../../engine/time.ts';

export interface Civil { year: number; month: number; day: number; hour: number; minute: number; second: number; micro: number; weekday: number }

/** Days-to-date after Howard Hinnant's civil_from_days (public domain). */
export function civil(at: Us): Civil {
  const whole = Math.floor(at / 1_000_000);
  const days = Math.floor(whole / 86_400);
  const rest = whole - days * 86_400;
  const z = days + 719_468;
  const era = Math.floor(z / 146_097);
  const ofEra = z - era * 146_097;
  const yearOfEra = Math.floor((ofEra - Math.floor(ofEra / 1_460) + Math.floor(ofEra / 36_524) - Math.floor(ofEra / 146_096)) / 365);
  const ofYear = ofEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const m = Math.floor((5 * ofYear + 2) / 153);
  const month = m < 10 ? m + 3 : m - 9;
  return {
    year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day: ofYear - Math.floor((153 * m + 2) / 5) + 1,
    hour: Math.floor(rest / 3_600), minute: Math.floor(rest / 60) % 60, second: rest % 60, micro: at - whole * 1_000_000, weekday: (days + 4) % 7,
  };
}

const two = (n: number): string => String(n).padStart(2, '0');
export const date = (c: Civil): string => `${c.year}-${two(c.month)}-${two(c.day)}`;
export const clock = (c: Civil): string => `${two(c.hour)}:${two(c.minute)}:${two(c.second)}`;

/** RFC 3339 with the fraction that Go's JSON writes: no trailing zeros. */
export function rfc3339(at: Us): string {
  const c = civil(at);
  const fraction = String(c.micro).padStart(6, '0').replace(/0+$/, '');
  return `${date(c)}T${clock(c)}${fraction ? `.${fraction}` : ''}Z`;
}

/** 2019-05-08T21:37:40.123Z */
export const isoMs = (at: Us): string => {
  const c = civil(at);
  return `${date(c)}T${clock(c)}.${String(Math.floor(c.micro / 1_000)).padStart(3, '0')}Z`;
};

/** capnslog's: 2018-05-23 17:00:29.475936 */
export const capnslogTime = (at: Us): string => {
  const c = civil(at);
  return `${date(c)} ${clock(c)}.${String(c.micro).padStart(6, '0')}`;
};

/** glog's: 0430 21:34:12.286679 */
export const glogTime = (at: Us): string => {
  const c = civil(at);
  return `${two(c.month)}${two(c.day)} ${clock(c)}.${String(c.micro).padStart(6, '0')}`;
};

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** HTTP's: Wed, 08 May 2019 21:37:40 GMT */
export const httpDate = (at: Us): string => {
  const c = civil(at);
  return `${DAYS[c.weekday]}, ${two(c.day)} ${MONTHS[c.month - 1]} ${c.year} ${clock(c)} GMT`;
};

/** dig's: Mon Jan 27 06:59:33 UTC 2020 */
export const ctimeUtc = (at: Us): string => {
  const c = civil(at);
  return `${DAYS[c.weekday]} ${MONTHS[c.month - 1]} ${two(c.day)} ${clock(c)} UTC ${c.year}`;
};

/** A duration as Go's time.Duration prints it: 1.5ms, 7.000123s, 1m0s, 22h59m59.6s. */
export function goDuration(us: Us): string {
  if (us === 0) return '0s';
  if (us < 0) return `-${goDuration(-us)}`;
  if (us < 1_000) return `${us}µs`;
  const decimals = (n: number, places: number): string => n.toFixed(places).replace(/\.?0+$/, '');
  if (us < 1_000_000) return `${decimals(us / 1_000, 3)}ms`;
  const hours = Math.floor(us / 3_600_000_000);
  const minutes = Math.floor(us / 60_000_000) % 60;
  const rest = `${decimals((us % 60_000_000) / 1_000_000, 6)}s`;
  return hours ? `${hours}h${minutes}m${rest}` : minutes ? `${minutes}m${rest}` : rest;
}
