/**
 * Time zones as tzset(3) reads them from TZ: POSIX rules, and the best known names of the tz database
 * (2019 rules). A name that is not known is UTC under that name, as glibc does without a zone file.
 */
import { daysFromCivil, DAY_SECONDS, civilFromDays, weekday } from './calendar.ts';

export interface ZoneTime { /** Seconds east of Greenwich. */ readonly offset: number; readonly name: string; readonly dst: boolean }
export type Zone = (utcSeconds: number) => ZoneTime;

export const UTC: Zone = () => ({ offset: 0, name: 'UTC', dst: false });

const EU = ',M3.5.0,M10.5.0/3';
const US = ',M3.2.0,M11.1.0';
/** tz database names as POSIX rules. */
const NAMED: Readonly<Record<string, string>> = {
  UTC: 'UTC0', GMT: 'GMT0', UCT: 'UCT0', Zulu: 'UTC0', 'Etc/UTC': 'UTC0', 'Etc/GMT': 'GMT0',
  EST: 'EST5', MST: 'MST7', HST: 'HST10', EST5EDT: `EST5EDT${US}`, CST6CDT: `CST6CDT${US}`, MST7MDT: `MST7MDT${US}`,
  PST8PDT: `PST8PDT${US}`, CET: `CET-1CEST${EU}`, MET: `MET-1MEST${EU}`, EET: `EET-2EEST,M3.5.0/3,M10.5.0/4`,
  'America/New_York': `EST5EDT${US}`, 'America/Toronto': `EST5EDT${US}`, 'America/Chicago': `CST6CDT${US}`,
  'America/Denver': `MST7MDT${US}`, 'America/Phoenix': 'MST7', 'America/Los_Angeles': `PST8PDT${US}`,
  'America/Vancouver': `PST8PDT${US}`, 'America/Sao_Paulo': '<-03>3', 'America/Bogota': '<-05>5', 'America/Halifax': `AST4ADT${US}`,
  'US/Eastern': `EST5EDT${US}`, 'US/Central': `CST6CDT${US}`, 'US/Mountain': `MST7MDT${US}`, 'US/Pacific': `PST8PDT${US}`,
  'Europe/London': 'GMT0BST,M3.5.0/1,M10.5.0', 'Europe/Dublin': 'GMT0IST,M3.5.0/1,M10.5.0', 'Europe/Lisbon': 'WET0WEST,M3.5.0/1,M10.5.0',
  'Europe/Amsterdam': `CET-1CEST${EU}`, 'Europe/Berlin': `CET-1CEST${EU}`, 'Europe/Brussels': `CET-1CEST${EU}`,
  'Europe/Madrid': `CET-1CEST${EU}`, 'Europe/Oslo': `CET-1CEST${EU}`, 'Europe/Paris': `CET-1CEST${EU}`,
  'Europe/Prague': `CET-1CEST${EU}`, 'Europe/Rome': `CET-1CEST${EU}`, 'Europe/Stockholm': `CET-1CEST${EU}`,
  'Europe/Vienna': `CET-1CEST${EU}`, 'Europe/Warsaw': `CET-1CEST${EU}`, 'Europe/Zurich': `CET-1CEST${EU}`,
  'Europe/Athens': 'EET-2EEST,M3.5.0/3,M10.5.0/4', 'Europe/Helsinki': 'EET-2EEST,M3.5.0/3,M10.5.0/4',
  'Europe/Kiev': 'EET-2EEST,M3.5.0/3,M10.5.0/4', 'Europe/Moscow': 'MSK-3', 'Europe/Istanbul': '<+03>-3',
  'Africa/Cairo': 'EET-2', 'Africa/Johannesburg': 'SAST-2', 'Africa/Lagos': 'WAT-1', 'Africa/Nairobi': 'EAT-3',
  'Asia/Tokyo': 'JST-9', Japan: 'JST-9', 'Asia/Seoul': 'KST-9', 'Asia/Shanghai': 'CST-8', 'Asia/Hong_Kong': 'HKT-8',
  'Asia/Singapore': '<+08>-8', 'Asia/Kolkata': 'IST-5:30', 'Asia/Calcutta': 'IST-5:30', 'Asia/Dubai': '<+04>-4',
  'Asia/Jerusalem': 'IST-2IDT,M3.4.4/26,M10.5.0', 'Asia/Kathmandu': '<+0545>-5:45', 'Asia/Bangkok': '<+07>-7',
  'Australia/Sydney': 'AEST-10AEDT,M10.1.0,M4.1.0/3', 'Australia/Melbourne': 'AEST-10AEDT,M10.1.0,M4.1.0/3',
  'Australia/Perth': 'AWST-8', 'Pacific/Auckland': 'NZST-12NZDT,M9.5.0,M4.1.0/3', 'Pacific/Honolulu': 'HST10',
};

const POSIX = /^:?(<[^>]+>|[A-Za-z]{3,})([-+]?[\d:]+)(?:(<[^>]+>|[A-Za-z]{3,})([-+]?[\d:]+)?(?:,([^,]+),([^,]+))?)?$/;

/** "5:30" or "-2" as seconds. */
function clockSeconds(text: string): number {
  const sign = text.startsWith('-') ? -1 : 1;
  const [h = 0, m = 0, s = 0] = text.replace(/^[-+]/, '').split(':').map(Number);
  return sign * (h * 3_600 + m * 60 + s);
}

/** When a rule `Mm.w.d/time` strikes in a year, in local standard seconds. */
function ruleSeconds(rule: string, year: number): number {
  const [date = '', time = '2'] = rule.split('/');
  const m = /^M(\d+)\.(\d)\.(\d)$/.exec(date);
  if (!m) {
    const day = Number(date.replace('J', ''));
    return (daysFromCivil(year, 1, 1) + day - (date.startsWith('J') ? 1 : 0)) * DAY_SECONDS + clockSeconds(time);
  }
  const [month, week, wanted] = [Number(m[1]), Number(m[2]), Number(m[3])];
  const first = daysFromCivil(year, month, 1);
  let day = first + ((wanted - weekday(first) + 7) % 7) + (week - 1) * 7;
  while (day >= daysFromCivil(year, month + 1, 1)) day -= 7;
  return day * DAY_SECONDS + clockSeconds(time);
}

/** The zone that TZ names; undefined is the host's own, UTC. */
export function zoneOf(tz: string | undefined): Zone {
  if (tz === undefined || tz === '') return UTC;
  const known = NAMED[tz.replace(/^:/, '')];
  const m = POSIX.exec(known ?? tz);
  if (!m) {
    const fallback = /^[A-Za-z]+/.exec(tz.replace(/^:/, ''))?.[0] ?? 'UTC';
    return () => ({ offset: 0, name: fallback, dst: false });
  }
  const plain = (name: string): string => name.replace(/[<>]/g, '');
  const [, name = '', shift = '0', summerName, summerShift, start = 'M3.2.0', end = 'M11.1.0'] = m;
  const standard = { offset: 0 - clockSeconds(shift), name: plain(name), dst: false };
  if (!summerName) return () => standard;
  const summer = { offset: summerShift ? 0 - clockSeconds(summerShift) : standard.offset + 3_600, name: plain(summerName), dst: true };
  return (utc) => {
    const { year } = civilFromDays(Math.floor((utc + standard.offset) / DAY_SECONDS));
    const from = ruleSeconds(start, year) - standard.offset;
    const to = ruleSeconds(end, year) - summer.offset;
    const inSummer = from < to ? utc >= from && utc < to : utc >= from || utc < to;
    return inSummer ? summer : standard;
  };
}

/** The moment that a local time names: mktime(3). */
export function toUtc(zone: Zone, localSeconds: number): number {
  const guess = localSeconds - zone(localSeconds).offset;
  return localSeconds - zone(guess).offset;
}
