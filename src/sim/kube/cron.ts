/**
 * Cron schedules as CronJob reads them: five fields or a descriptor, UTC, to the minute.
 * github.com/robfig/cron as of Kubernetes v1.14.
 */
import type { Us } from '../engine/time.ts';
import { civil, fromCivil } from './time.ts';

export interface Schedule { minute: number[]; hour: number[]; day: number[]; month: number[]; weekday: number[]; dayStar: boolean; weekdayStar: boolean; everyUs?: Us }
export type ParsedSchedule = { ok: true; value: Schedule } | { ok: false; error: string };

const DESCRIPTORS: Readonly<Record<string, string>> = {
  '@yearly': '0 0 1 1 *', '@annually': '0 0 1 1 *', '@monthly': '0 0 1 * *', '@weekly': '0 0 * * 0', '@daily': '0 0 * * *', '@midnight': '0 0 * * *', '@hourly': '0 * * * *',
};
const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];

export function parseSchedule(text: string): ParsedSchedule {
  const every = /^@every (\d+)([smh])$/.exec(text);
  if (every) {
    const unit = { s: 1, m: 60, h: 3_600 }[every[2] as 's' | 'm' | 'h'];
    return { ok: true, value: { minute: [], hour: [], day: [], month: [], weekday: [], dayStar: true, weekdayStar: true, everyUs: Math.max(1, Number(every[1]) * unit) * 1_000_000 } };
  }
  if (text.startsWith('@') && !DESCRIPTORS[text]) return { ok: false, error: `Unrecognized descriptor: ${text}` };
  const fields = (DESCRIPTORS[text] ?? text).trim().split(/\s+/);
  if (fields.length !== 5) return { ok: false, error: `Expected exactly 5 fields, found ${fields.length}: ${text}` };
  const ranges = [[0, 59], [0, 23], [1, 31], [1, 12], [0, 6]] as const;
  const parsed: number[][] = [];
  for (let i = 0; i < 5; i++) {
    const got = parseField(fields[i]!, ranges[i]![0], ranges[i]![1], i === 3 ? MONTHS : i === 4 ? DAYS : [], i === 3 ? 1 : 0);
    if (typeof got === 'string') return { ok: false, error: got };
    parsed.push(got);
  }
  const [minute, hour, day, month, weekday] = parsed as [number[], number[], number[], number[], number[]];
  return { ok: true, value: { minute, hour, day, month, weekday, dayStar: /^[*?]/.test(fields[2]!), weekdayStar: /^[*?]/.test(fields[4]!) } };
}

function parseField(text: string, low: number, high: number, names: readonly string[], first: number): number[] | string {
  const out = new Set<number>();
  const number = (word: string): number => {
    const at = names.indexOf(word.toLowerCase());
    return at >= 0 ? at + first : /^\d+$/.test(word) ? Number(word) : Number.NaN;
  };
  for (const part of text.split(',')) {
    const [range, stepText] = part.split('/') as [string, string | undefined];
    const step = stepText === undefined ? 1 : Number(stepText);
    const [from, to] = range.split('-') as [string, string | undefined];
    const star = from === '*' || from === '?';
    const start = star ? low : number(from);
    const end = star || (to === undefined && stepText !== undefined) ? high : to === undefined ? start : number(to);
    if (Number.isNaN(start) || Number.isNaN(end)) return `Failed to parse int from ${Number.isNaN(start) ? from : to}: strconv.Atoi: parsing ${JSON.stringify(Number.isNaN(start) ? from : to)}: invalid syntax`;
    if (start < low) return `Beginning of range (${start}) below minimum (${low}): ${part}`;
    if (end > high) return `End of range (${end}) above maximum (${high}): ${part}`;
    if (start > end) return `Beginning of range (${start}) beyond end of range (${end}): ${part}`;
    if (!(step > 0)) return `Step of range should be a positive number: ${part}`;
    for (let n = start; n <= end; n += step) out.add(n);
  }
  return [...out].sort((a, b) => a - b);
}

/** The first time after `after` that the schedule names, or null within four years. */
export function nextTime(s: Schedule, after: Us): Us | null {
  if (s.everyUs) return Math.floor(after / 1_000_000) * 1_000_000 + s.everyUs;
  let at = (Math.floor(after / 60_000_000) + 1) * 60_000_000;
  for (let days = 0; days < 366 * 4; days++) {
    const c = civil(at);
    const dayHit = s.dayStar || s.weekdayStar ? s.day.includes(c.day) && s.weekday.includes(c.weekday) : s.day.includes(c.day) || s.weekday.includes(c.weekday);
    if (s.month.includes(c.month) && dayHit) {
      for (const h of s.hour) for (const m of s.minute) if (h > c.hour || (h === c.hour && m >= c.minute)) return fromCivil(c.year, c.month, c.day, h, m);
    }
    at = fromCivil(c.year, c.month, c.day) + 86_400_000_000;
  }
  return null;
}
