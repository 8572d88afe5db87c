/**
 * How systemd words it: exit statuses, ages, journal messages. Versions 239 and later of the journal's
 * wording, which were recorded from the real program.
 */
import type { Exit } from './state.ts';

const LIBC: Readonly<Record<number, string>> = { 0: 'SUCCESS', 1: 'FAILURE' };
const LSB: Readonly<Record<number, string>> = { 2: 'INVALIDARGUMENT', 3: 'NOTIMPLEMENTED', 4: 'NOPERMISSION', 5: 'NOTINSTALLED', 6: 'NOTCONFIGURED', 7: 'NOTRUNNING' };
const SYSTEMD: Readonly<Record<number, string>> = {
  200: 'CHDIR', 201: 'NICE', 202: 'FDS', 203: 'EXEC', 204: 'MEMORY', 205: 'LIMITS', 206: 'OOM_ADJUST', 207: 'SIGNAL_MASK', 208: 'STDIN', 209: 'STDOUT',
  210: 'CHROOT', 211: 'IOPRIO', 214: 'SETSCHEDULER', 216: 'GROUP', 217: 'USER', 218: 'CAPABILITIES', 219: 'CGROUP', 220: 'SETSID', 226: 'NAMESPACE',
};
const SIGNALS: Readonly<Record<string, number>> = {
  HUP: 1, INT: 2, QUIT: 3, ILL: 4, TRAP: 5, ABRT: 6, KILL: 9, USR1: 10, SEGV: 11, USR2: 12, PIPE: 13, ALRM: 14, TERM: 15, CONT: 18, STOP: 19, TSTP: 20,
};

/** `code=exited, status=1/FAILURE` as the journal has it. */
export function exitWords(exit: Exit): string {
  if (exit.signal) return `code=killed, status=${SIGNALS[exit.signal] ?? exit.signal}/${exit.signal}`;
  const name = LIBC[exit.status] ?? LSB[exit.status] ?? SYSTEMD[exit.status];
  return `code=exited, status=${exit.status}/${name ?? 'n/a'}`;
}

/** The same as `systemctl status` has it. */
export function statusWords(exit: Exit): string {
  if (exit.signal) return `code=killed, signal=${exit.signal}`;
  const name = LIBC[exit.status] ?? SYSTEMD[exit.status];
  return `code=exited, status=${exit.status}${name ? `/${name}` : ''}`;
}

const SPANS: readonly (readonly [string, number])[] = [
  ['year', 31_557_600], ['month', 2_629_800], ['week', 604_800], ['day', 86_400],
];

/** `2h 37min ago`: the two largest parts. format_timestamp_relative(). */
export function ago(us: number): string {
  const s = Math.floor(us / 1_000_000);
  const [years, months, weeks, days] = SPANS.map(([, n]) => Math.floor(s / n)) as [number, number, number, number];
  if (s >= 31_557_600) return `${years} years ${Math.floor((s % 31_557_600) / 2_629_800)} months ago`;
  if (s >= 2_629_800) return `${months} months ${Math.floor((s % 2_629_800) / 86_400)} days ago`;
  if (s >= 604_800) return `${weeks} weeks ${Math.floor((s % 604_800) / 86_400)} days ago`;
  if (s >= 2 * 86_400) return `${days} days ago`;
  if (s >= 86_400) return `1 day ${Math.floor((s % 86_400) / 3600)}h ago`;
  if (s >= 3600) return `${Math.floor(s / 3600)}h ${Math.floor((s % 3600) / 60)}min ago`;
  if (s >= 300) return `${Math.floor(s / 60)}min ago`;
  if (s >= 60) return `${Math.floor(s / 60)}min ${s % 60}s ago`;
  if (s > 0) return `${s}s ago`;
  if (us >= 1000) return `${Math.floor(us / 1000)}ms ago`;
  return us > 0 ? `${us}us ago` : 'now';
}

/** A span as systemd prints settings: `1min 30s`. */
export function spanWords(us: number): string {
  if (us < 0) return 'infinity';
  if (us === 0) return '0';
  const parts: string[] = [];
  let left = us;
  for (const [name, size] of [['w', 6.048e11], ['d', 8.64e10], ['h', 3.6e9], ['min', 6e7], ['s', 1e6], ['ms', 1e3], ['us', 1]] as const) {
    const n = Math.floor(left / size);
    if (n) parts.push(`${n}${name}`);
    left -= n * size;
  }
  return parts.join(' ');
}

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
export interface Civil { year: number; month: number; day: number; hour: number; minute: number; second: number; weekday: number }

/** The civil date in UTC of microseconds since 1970 (Howard Hinnant's algorithm). */
export function civil(us: number): Civil {
  const s = Math.floor(us / 1_000_000);
  const days = Math.floor(s / 86_400);
  const rest = s - days * 86_400;
  const z = days + 719_468;
  const era = Math.floor(z / 146_097);
  const doe = z - era * 146_097;
  const yoe = Math.floor((doe - Math.floor(doe / 1460) + Math.floor(doe / 36_524) - Math.floor(doe / 146_096)) / 365);
  const doy = doe - (365 * yoe + Math.floor(yoe / 4) - Math.floor(yoe / 100));
  const mp = Math.floor((5 * doy + 2) / 153);
  const month = mp < 10 ? mp + 3 : mp - 9;
  return {
    year: yoe + era * 400 + (month <= 2 ? 1 : 0), month, day: doy - Math.floor((153 * mp + 2) / 5) + 1,
    hour: Math.floor(rest / 3600), minute: Math.floor((rest % 3600) / 60), second: rest % 60, weekday: (((days + 4) % 7) + 7) % 7,
  };
}

/** Microseconds since 1970 of a civil date in UTC. */
export function fromCivil(year: number, month: number, day: number, hour = 0, minute = 0, second = 0): number {
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yoe = y - era * 400;
  const doy = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const doe = yoe * 365 + Math.floor(yoe / 4) - Math.floor(yoe / 100) + doy;
  return ((era * 146_097 + doe - 719_468) * 86_400 + hour * 3600 + minute * 60 + second) * 1_000_000;
}

const two = (n: number): string => String(n).padStart(2, '0');
/** `Wed 2019-05-08 21:37:37 UTC`. */
export function stamp(us: number): string {
  const c = civil(us);
  return `${DAYS[c.weekday]} ${c.year}-${two(c.month)}-${two(c.day)} ${two(c.hour)}:${two(c.minute)}:${two(c.second)} UTC`;
}
