/**
 * Points in time as systemd.time(7) has them: dates, times of day, words, spans before or after now. Pure.
 */
import { civil, fromCivil } from '../../../../sim/services/systemd/words.ts';
import { parseSpan } from '../../../../sim/services/systemd/unitfile.ts';

const DAY_US = 86_400_000_000;

/** Microseconds since 1970, or null. */
export function parseWhen(text: string, now: number): number | null {
  const clean = text.trim().replace(/ UTC$/, '');
  const c = civil(now);
  const midnight = fromCivil(c.year, c.month, c.day);
  switch (clean) {
    case 'now': return now;
    case 'today': return midnight;
    case 'yesterday': return midnight - DAY_US;
    case 'tomorrow': return midnight + DAY_US;
    default:
  }
  if (/^@\d+(\.\d+)?$/.test(clean)) return Math.round(Number(clean.slice(1)) * 1_000_000);
  const before = /^(.*) ago$/.exec(clean) ?? /^-(.*)$/.exec(clean);
  if (before) { const us = parseSpan(before[1]!); return us === null || us < 0 ? null : now - us; }
  const after = /^\+(.*)$/.exec(clean) ?? /^(.*) left$/.exec(clean);
  if (after) { const us = parseSpan(after[1]!); return us === null || us < 0 ? null : now + us; }
  const m = /^(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? )?(?:(\d{4}|\d\d)-(\d\d?)-(\d\d?))?(?:(?:^|[ T])(\d\d?):(\d\d)(?::(\d\d)(?:\.(\d{1,6}))?)?)?$/.exec(clean);
  if (!m || (m[1] === undefined && m[4] === undefined)) return null;
  const year = m[1] === undefined ? c.year : m[1].length === 2 ? 2000 + Number(m[1]) : Number(m[1]);
  const [month, day] = m[1] === undefined ? [c.month, c.day] : [Number(m[2]), Number(m[3])];
  const [hour, minute, second] = [m[4], m[5], m[6]].map((part) => Number(part ?? 0)) as [number, number, number];
  if (month < 1 || month > 12 || day < 1 || day > 31 || hour > 23 || minute > 59 || second > 60) return null;
  return fromCivil(year, month, day, hour, minute, second) + Number((m[7] ?? '').padEnd(6, '0'));
}
