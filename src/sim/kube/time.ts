/**
 * Times in the forms that Kubernetes prints: RFC 3339 in objects, klog's heads in journals, human
 * durations in tables. Input is always microseconds since 1970; no clock is read here.
 * k8s.io/apimachinery/pkg/util/duration v1.14 for the AGE column.
 */
import type { Us } from '../engine/time.ts';

export interface Civil { year: number; month: number; day: number; hour: number; minute: number; second: number; micro: number; weekday: number }

/** The proleptic Gregorian date of a time in UTC (H. Hinnant's days_from_civil, inverted). */
export function civil(us: Us): Civil {
  const days = Math.floor(us / 86_400_000_000);
  const rest = us - days * 86_400_000_000;
  const z = days + 719_468;
  const era = Math.floor(z / 146_097);
  const doe = z - era * 146_097;
  const yoe = Math.floor((doe - Math.floor(doe / 1_460) + Math.floor(doe / 36_524) - Math.floor(doe / 146_096)) / 365);
  const doy = doe - (365 * yoe + Math.floor(yoe / 4) - Math.floor(yoe / 100));
  const mp = Math.floor((5 * doy + 2) / 153);
  const month = mp < 10 ? mp + 3 : mp - 9;
  return {
    year: yoe + era * 400 + (month <= 2 ? 1 : 0), month, day: doy - Math.floor((153 * mp + 2) / 5) + 1,
    hour: Math.floor(rest / 3_600_000_000), minute: Math.floor(rest / 60_000_000) % 60, second: Math.floor(rest / 1_000_000) % 60,
    micro: rest % 1_000_000, weekday: (((days + 4) % 7) + 7) % 7,
  };
}

/** Microseconds since 1970 of a date in UTC. */
export function fromCivil(year: number, month: number, day: number, hour = 0, minute = 0, second = 0, micro = 0): Us {
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yoe = y - era * 400;
  const doy = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const doe = yoe * 365 + Math.floor(yoe / 4) - Math.floor(yoe / 100) + doy;
  const days = era * 146_097 + doe - 719_468;
  return (((days * 24 + hour) * 60 + minute) * 60 + second) * 1_000_000 + micro;
}

const two = (n: number): string => (n < 10 ? `0${n}` : `${n}`);
const six = (n: number): string => String(n).padStart(6, '0');

/** 2019-05-08T21:37:37Z */
export function rfc3339(us: Us): string {
  const c = civil(us);
  return `${c.year}-${two(c.month)}-${two(c.day)}T${two(c.hour)}:${two(c.minute)}:${two(c.second)}Z`;
}
/** 2019-05-08T21:37:37.123456Z, metav1.MicroTime. */
export const rfc3339Micro = (us: Us): string => `${rfc3339(us).slice(0, -1)}.${six(civil(us).micro)}Z`;
/** Nanoseconds as Docker writes them. */
export const rfc3339Nano = (us: Us): string => `${rfc3339(us).slice(0, -1)}.${six(civil(us).micro)}000Z`;

const RFC3339 = /^(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:Z|z|([+-])(\d\d):(\d\d))$/;
const seen = new Map<string, Us>();

/** The time of an RFC 3339 string, or null when it is none. */
export function parseTime(text: string | null | undefined): Us | null {
  if (!text) return null;
  const known = seen.get(text);
  if (known !== undefined) return known;
  const m = RFC3339.exec(text);
  if (!m) return null;
  const micro = m[7] ? Number(m[7].slice(0, 6).padEnd(6, '0')) : 0;
  let us = fromCivil(Number(m[1]), Number(m[2]), Number(m[3]), Number(m[4]), Number(m[5]), Number(m[6]), micro);
  if (m[8]) us -= (m[8] === '-' ? -1 : 1) * (Number(m[9]) * 60 + Number(m[10])) * 60_000_000;
  if (seen.size > 4_096) seen.clear();
  seen.set(text, us);
  return us;
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];

/** Wed, 08 May 2019 21:37:37 +0000 (time.RFC1123Z). */
export function rfc1123(us: Us): string {
  const c = civil(us);
  return `${DAYS[c.weekday]}, ${two(c.day)} ${MONTHS[c.month - 1]} ${c.year} ${two(c.hour)}:${two(c.minute)}:${two(c.second)} +0000`;
}

/** duration.HumanDuration: whole units, rounded down. */
export function humanDuration(us: Us): string {
  const s = Math.trunc(us / 1_000_000);
  if (s < -1) return '<invalid>';
  if (s < 0) return '0s';
  if (s < 120) return `${s}s`;
  const m = Math.floor(s / 60);
  if (m < 10) return s % 60 === 0 ? `${m}m` : `${m}m${s % 60}s`;
  if (m < 180) return `${m}m`;
  const h = Math.floor(m / 60);
  if (h < 8) return m % 60 === 0 ? `${h}h` : `${h}h${m % 60}m`;
  if (h < 48) return `${h}h`;
  const d = Math.floor(h / 24);
  if (h < 192) return h % 24 === 0 ? `${d}d` : `${d}d${h % 24}h`;
  if (d < 730) return `${d}d`;
  const y = Math.floor(d / 365);
  return d < 2_920 && d % 365 !== 0 ? `${y}y${d % 365}d` : `${y}y`;
}

/** The AGE cell of a time stamp. */
export function age(stamp: string | null | undefined, now: Us): string {
  const at = parseTime(stamp);
  return at === null ? '<unknown>' : humanDuration(Math.floor(now / 1_000_000) * 1_000_000 - at);
}

/** How Go prints a time.Duration: 1h2m3.5s, 250ms. */
export function goDuration(us: Us): string {
  if (us === 0) return '0s';
  if (us < 0) return `-${goDuration(-us)}`;
  if (us < 1_000) return `${us}µs`;
  if (us < 1_000_000) return `${us / 1_000}ms`;
  const h = Math.floor(us / 3_600_000_000);
  const m = Math.floor(us / 60_000_000) % 60;
  const s = (us % 60_000_000) / 1_000_000;
  return h ? `${h}h${m}m${s}s` : m ? `${m}m${s}s` : `${s}s`;
}

/** The head of a klog line: I0508 21:37:37.123456     142 server.go:146] */
export function klog(level: 'I' | 'W' | 'E' | 'F', us: Us, pid: number, where: string, text: string): string {
  const c = civil(us);
  return `${level}${two(c.month)}${two(c.day)} ${two(c.hour)}:${two(c.minute)}:${two(c.second)}.${six(c.micro)} ${String(pid).padStart(7)} ${where}] ${text}\n`;
}
