/**
 * A crontab as text: settings, times and commands (cronie 1.4, crontab(5)). It knows no clock and runs nothing.
 */
import type { Civil } from '../../../../sim/services/systemd/words.ts';

export interface Job {
  /** Minutes, hours, days, months, weekdays that it runs at; null: once, when the machine has come up. */
  at: readonly (readonly number[])[] | null;
  /** A star in the day's or weekday's field: then both must fit, else one is enough. */
  anyDay: boolean;
  /** Of a system crontab; else the owner of the table. */
  user: string | null;
  command: string;
  /** What stands after the first bare %: the command's input. */
  input: string;
  /** The settings above it. */
  env: Readonly<Record<string, string>>;
}
export interface Table { jobs: readonly Job[]; /** The first line that is wrong, counted from 0, and why. */ error: { line: number; why: string } | null }

const FIELDS = [['minute', 0, 59], ['hour', 0, 23], ['day-of-month', 1, 31], ['month', 1, 12], ['day-of-week', 0, 7]] as const;
const NAMES: Readonly<Record<number, readonly string[]>> = {
  3: ['', 'jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'],
  4: ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'],
};
const SHORTHAND: Readonly<Record<string, string>> = {
  '@yearly': '0 0 1 1 *', '@annually': '0 0 1 1 *', '@monthly': '0 0 1 * *', '@weekly': '0 0 * * 0', '@daily': '0 0 * * *', '@midnight': '0 0 * * *', '@hourly': '0 * * * *',
};

function value(word: string, field: number): number {
  const named = (NAMES[field] ?? []).indexOf(word.toLowerCase());
  return named >= 0 ? named : /^\d+$/.test(word) ? Number(word) : Number.NaN;
}

function parseField(text: string, field: number): number[] | null {
  const [, low, high] = FIELDS[field]!;
  const hits = new Set<number>();
  for (const part of text.split(',')) {
    const m = /^(\*|[^-/]+)(?:-([^-/]+))?(?:\/(\d+))?$/.exec(part);
    if (!m || (m[1] === '*' && m[2] !== undefined) || m[3] === '0') return null;
    const from = m[1] === '*' ? low : value(m[1]!, field);
    const to = m[1] === '*' ? high : m[2] !== undefined ? value(m[2], field) : m[3] !== undefined ? high : from;
    if (!(from >= low && to <= high && from <= to)) return null;
    for (let n = from; n <= to; n += Number(m[3] ?? 1)) hits.add(field === 4 ? n % 7 : n);
  }
  return [...hits];
}

/** The command and its input: a bare % ends a line, \% is one. */
function split(text: string): { command: string; input: string } {
  const [command, ...lines] = text.split(/(?<!\\)%/).map((part) => part.replaceAll('\\%', '%'));
  return { command: command!, input: lines.length ? `${lines.join('\n')}\n` : '' };
}

function parseJob(line: string, system: boolean, env: Job['env']): Job | string {
  const short = /^(@\w+)\s*(.*)$/.exec(line);
  if (short && short[1] !== '@reboot' && !SHORTHAND[short[1]!]) return 'bad time specifier';
  const words = short ? [...(SHORTHAND[short[1]!] ?? '* * * * *').split(' '), short[2]!] : line.split(/\s+/, 5);
  const at: number[][] = [];
  for (let i = 0; i < 5; i++) {
    const field = words[i] === undefined ? null : parseField(words[i]!, i);
    if (!field) return `bad ${FIELDS[i]![0]}`;
    at.push(field);
  }
  let rest = short ? short[2]! : line.replace(/^(\S+\s+){5}/, '');
  if (!short && !/^(\S+\s+){5}/.test(line)) return system ? 'bad username' : 'bad command';
  let user: string | null = null;
  if (system) {
    const m = /^(\S+)\s+(.*)$/.exec(rest);
    if (!m) return 'bad username';
    user = m[1]!;
    rest = m[2]!;
  }
  if (!rest.trim()) return 'bad command';
  return { at: short?.[1] === '@reboot' ? null : at, anyDay: /^\*/.test(words[2]!) || /^\*/.test(words[4]!), user, ...split(rest), env };
}

/** `system`: a sixth field names the user. What stands below a wrong line counts as well, as crond skips only that line. */
export function parseTable(text: string, system: boolean): Table {
  const jobs: Job[] = [];
  let env: Record<string, string> = {};
  let error: Table['error'] = null;
  text.split('\n').forEach((raw, line) => {
    const words = raw.trim();
    if (!words || words.startsWith('#')) return;
    const setting = /^([A-Za-z_]\w*|"[^"]*"|'[^']*')\s*=\s*(.*)$/.exec(words);
    if (setting) {
      env = { ...env, [setting[1]!.replace(/^["']|["']$/g, '')]: setting[2]!.replace(/^(["'])(.*)\1$/, '$2') };
      return;
    }
    const job = parseJob(words, system, env);
    if (typeof job === 'string') error ??= { line, why: job };
    else jobs.push(job);
  });
  return { jobs, error };
}

/** Whether a job is due in this minute. */
export function due(job: Job, c: Civil): boolean {
  if (!job.at) return false;
  const [minute, hour, day, month, weekday] = job.at as readonly [readonly number[], readonly number[], readonly number[], readonly number[], readonly number[]];
  const today = job.anyDay ? day.includes(c.day) && weekday.includes(c.weekday) : day.includes(c.day) || weekday.includes(c.weekday);
  return minute.includes(c.minute) && hour.includes(c.hour) && month.includes(c.month) && today;
}
