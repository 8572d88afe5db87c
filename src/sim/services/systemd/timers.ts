/**
 * Timer units: when they elapse next. systemd.timer(5); of OnCalendar= the shorthands, lists of days,
 * fixed and repeated times.
 */
import type { Turn } from './turn.ts';
import type { UnitState } from './state.ts';
import { civil, fromCivil } from './words.ts';

const SHORT: Readonly<Record<string, string>> = {
  minutely: '*-*-* *:*:00', hourly: '*-*-* *:00:00', daily: '*-*-* 00:00:00', midnight: '*-*-* 00:00:00', weekly: 'Mon *-*-* 00:00:00',
  monthly: '*-*-01 00:00:00', yearly: '*-01-01 00:00:00', annually: '*-01-01 00:00:00', quarterly: '*-01,04,07,10-01 00:00:00',
};
const DAY_NAMES = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const DAY_US = 86_400_000_000;

/** The values that a field such as `*`, `5,10`, `0/15` or `1..5` allows. */
function field(text: string, from: number, to: number): number[] | null {
  const out = new Set<number>();
  for (const part of text.split(',')) {
    const m = /^(\*|\d+(?:\.\.\d+)?)(?:\/(\d+))?$/.exec(part);
    if (!m) return null;
    const [low, high] = m[1] === '*' ? [from, to] : m[1]!.split('..').map(Number) as [number, number?];
    const step = m[2] ? Number(m[2]) : 1;
    for (let n = low!; n <= (high ?? (m[2] ? to : low!)); n += step) out.add(n);
  }
  return [...out].sort((a, b) => a - b);
}

export interface Calendar { days: readonly number[] | null; months: readonly number[]; dates: readonly number[]; hours: readonly number[]; minutes: readonly number[]; seconds: readonly number[] }

export function parseCalendar(text: string): Calendar | null {
  const words = (SHORT[text.trim().toLowerCase()] ?? text.trim()).split(/\s+/);
  let days: number[] | null = null;
  if (/^[A-Za-z]/.test(words[0] ?? '')) {
    days = [];
    for (const part of words.shift()!.toLowerCase().split(',')) {
      const [a, b] = part.split(/\.\.|-/).map((name) => DAY_NAMES.indexOf(name.slice(0, 3)));
      if (a === undefined || a < 0 || b === -1) return null;
      for (let d = a; ; d = (d + 1) % 7) { days.push(d); if (d === (b ?? a)) break; }
    }
  }
  const date = words[0]?.includes('-') ? words.shift()! : '*-*-*';
  const time = words.shift() ?? '00:00:00';
  const d = date.split('-').slice(-2);
  const t = time.split(':');
  const parsed = [field(d[0] ?? '*', 1, 12), field(d[1] ?? '*', 1, 31), field(t[0] ?? '0', 0, 23), field(t[1] ?? '0', 0, 59), field(t[2] ?? '00', 0, 59)];
  if (parsed.some((part) => part === null)) return null;
  const [months, dates, hours, minutes, seconds] = parsed as number[][];
  return { days, months: months!, dates: dates!, hours: hours!, minutes: minutes!, seconds: seconds! };
}

/** The first moment after `real` that the calendar names; null when none comes within four years. */
export function nextElapse(calendar: Calendar, real: number): number | null {
  const now = civil(real);
  let day = fromCivil(now.year, now.month, now.day);
  for (let i = 0; i < 1461; i++, day += DAY_US) {
    const c = civil(day);
    if (!calendar.months.includes(c.month) || !calendar.dates.includes(c.day) || (calendar.days && !calendar.days.includes(c.weekday))) continue;
    for (const h of calendar.hours) for (const min of calendar.minutes) for (const s of calendar.seconds) {
      const at = day + ((h * 60 + min) * 60 + s) * 1_000_000;
      if (at > real) return at;
    }
  }
  return null;
}

/** When the timer is due next, as a wait from now; null when it will not elapse again. */
function nextWait(m: Turn, unit: UnitState): number | null {
  const timer = unit.config!.timer!;
  const { real, mono } = m.moment;
  const target = m.get(m.resolve(timer.unit));
  const waits: number[] = [];
  for (const us of timer.onBootUs) if (us > mono || !unit.lastAt) waits.push(Math.max(0, us - mono));
  for (const us of timer.onActiveUs) if (!unit.lastAt) waits.push(us);
  const since = target && target.inactiveExit ? target.inactiveExit : 0;
  for (const us of timer.onUnitActiveUs) if (since) waits.push(Math.max(0, since + us - real));
  for (const us of timer.onUnitInactiveUs) if (target?.inactiveEnter) waits.push(Math.max(0, target.inactiveEnter + us - real));
  for (const text of timer.onCalendar) {
    const calendar = parseCalendar(text);
    const at = calendar && nextElapse(calendar, real);
    if (at) waits.push(at - real);
  }
  const future = unit.lastAt ? waits.filter((us) => us > 0) : waits;
  return future.length ? Math.min(...future) : null;
}

function arm(m: Turn, unit: UnitState): void {
  const wait = nextWait(m, unit);
  unit.nextAt = wait === null ? 0 : m.moment.real + wait;
  m.to(unit, wait === null ? 'elapsed' : 'waiting');
  if (wait !== null) m.waitFor(unit, wait);
}

export function startTimer(m: Turn, unit: UnitState): void {
  unit.lastAt = 0;
  arm(m, unit);
  m.finish(unit.name, 'done');
}

export function stopTimer(m: Turn, unit: UnitState): void {
  m.stopWaiting(unit);
  unit.nextAt = 0;
}

export function onElapsed(m: Turn, unit: UnitState): void {
  unit.timer = null;
  unit.lastAt = m.moment.real;
  m.pull([unit.config!.timer!.unit], 'start');
  m.waitFor(unit, 1_000_000); // look again when the unit has had time to start
  unit.nextAt = 0;
  unit.sub = 'running';
}

/** After the unit was triggered: the next date. */
export const rearm = arm;
