/**
 * Times and durations in the further forms that kubectl and helm write: flags in Go's notation, RFC 1123
 * with zone, klog's heads. Instants are microseconds since 1970; the common forms are sim/kube/time.ts.
 */
import type { Us } from '../../../sim/engine/time.ts';
import { civil, humanDuration, parseTime, rfc1123 as rfc1123Of } from '../../../sim/kube/time.ts';

export { goDuration, humanDuration, parseTime, rfc3339 } from '../../../sim/kube/time.ts';

const UNITS: Readonly<Record<string, number>> = { ns: 0.001, us: 1, µs: 1, μs: 1, ms: 1e3, s: 1e6, m: 60e6, h: 3600e6 };

/** time.ParseDuration, in microseconds, or Go's complaint. */
export function parseDuration(text: string): { us: Us } | { error: string } {
  const whole = /^([+-]?)(.*)$/s.exec(text)!;
  let rest = whole[2]!;
  if (rest === '0') return { us: 0 };
  if (rest === '') return { error: `time: invalid duration ${text}` };
  let us = 0;
  while (rest !== '') {
    const number = /^(\d*)(\.(\d*))?/.exec(rest)!;
    if (!number[1] && !number[3]) return { error: `time: invalid duration ${text}` };
    rest = rest.slice(number[0].length);
    const unit = /^[^.\d]*/.exec(rest)![0];
    if (unit === '') return { error: `time: missing unit in duration ${text}` };
    if (UNITS[unit] === undefined) return { error: `time: unknown unit ${unit} in duration ${text}` };
    us += Number(`${number[1] || '0'}.${number[3] || '0'}`) * UNITS[unit]!;
    rest = rest.slice(unit.length);
  }
  return { us: Math.round(whole[1] === '-' ? -us : us) };
}

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const two = (n: number): string => String(n).padStart(2, '0');

/** Wed, 08 May 2019 21:37:37 +0000, of an RFC 3339 text. */
export function rfc1123(text: unknown): string {
  const at = typeof text === 'string' ? parseTime(text) : null;
  return at === null ? 'Mon, 01 Jan 0001 00:00:00 +0000' : rfc1123Of(at);
}

/** Time.String(): 2019-05-08 21:30:01 +0000 UTC. */
export function goTime(text: unknown): string {
  const at = typeof text === 'string' ? parseTime(text) : null;
  if (at === null) return '<unknown>';
  const c = civil(at);
  return `${c.year}-${two(c.month)}-${two(c.day)} ${two(c.hour)}:${two(c.minute)}:${two(c.second)} +0000 UTC`;
}

/** ANSIC, as helm prints: Wed May  8 21:37:37 2019. */
export function ansic(at: Us): string {
  const c = civil(at);
  const time = `${two(c.hour)}:${two(c.minute)}:${two(c.second)}`;
  return `${DAYS[c.weekday]} ${MONTHS[c.month - 1]} ${String(c.day).padStart(2)} ${time} ${c.year}`;
}

/** klog's head: I0508 21:37:37.123456. */
export function klogTime(at: Us): string {
  const c = civil(at);
  return `${two(c.month)}${two(c.day)} ${two(c.hour)}:${two(c.minute)}:${two(c.second)}.${String(c.micro).padStart(6, '0')}`;
}

export const ageOf = (text: unknown, now: Us): string => {
  const at = typeof text === 'string' ? parseTime(text) : null;
  return at === null ? '<unknown>' : humanDuration(now - at);
};
