/**
 * Journal entries as text: the output modes of journalctl 219 to 239. Pure.
 */
import type { JournalEntry } from '../../../../sim/proc/syscalls.ts';
import { civil } from '../../../../sim/services/systemd/words.ts';

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const two = (n: number): string => String(n).padStart(2, '0');

export function shortStamp(us: number): string {
  const c = civil(us);
  return `${MONTHS[c.month - 1]} ${two(c.day)} ${two(c.hour)}:${two(c.minute)}:${two(c.second)}`;
}
const micros = (us: number): string => String(us % 1_000_000).padStart(6, '0');

const source = (e: JournalEntry): string => (e.pid === null ? `${e.ident}:` : `${e.ident}[${e.pid}]:`);

/** A line; further lines of the message are indented to it. `stamp` '' leaves the time out. */
function line(e: JournalEntry, stamp: string, hostname: string): string {
  const head = [stamp, hostname, source(e)].filter(Boolean).join(' ');
  return `${head} ${e.message.replace(/\n/g, `\n${' '.repeat(head.length + 1)}`)}`;
}

export const formatShort = (e: JournalEntry, hostname: string): string => line(e, shortStamp(e.at), hostname);

export interface Frame { hostname: string; machineId: string; bootAt: number; position: number; noHostname: boolean }

/** The fields of an entry, in the order in which verbose and export show them. */
function fields(e: JournalEntry, frame: Frame): [string, string][] {
  const unit: [string, string][] = e.unit ? (e.ident === 'systemd' && e.pid === 1 ? [['UNIT', e.unit], ['_SYSTEMD_UNIT', 'init.scope']] : [['_SYSTEMD_UNIT', e.unit], ['_SYSTEMD_CGROUP', `/system.slice/${e.unit}`], ['_SYSTEMD_SLICE', 'system.slice']]) : [];
  return [
    ['_MACHINE_ID', frame.machineId], ['_BOOT_ID', e.boot], ['_HOSTNAME', frame.hostname], ['PRIORITY', String(e.priority)], ['_TRANSPORT', e.ident === 'kernel' ? 'kernel' : e.ident === 'systemd' ? 'journal' : 'stdout'],
    ['SYSLOG_IDENTIFIER', e.ident], ...(e.ident === 'kernel' ? [] : [['_UID', String(e.uid)] as [string, string]]), ...(e.pid === null ? [] : [['_PID', String(e.pid)] as [string, string]]), ...unit, ['MESSAGE', e.message],
  ];
}

const cursor = (e: JournalEntry, frame: Frame): string =>
  `s=${frame.machineId.slice(0, 32)};i=${frame.position.toString(16)};b=${e.boot};m=${Math.max(0, e.at - frame.bootAt).toString(16)};t=${e.at.toString(16)};x=${(frame.position * 2_654_435_761 % 4_294_967_296).toString(16)}`;

export const MODES = ['short', 'short-full', 'short-iso', 'short-iso-precise', 'short-precise', 'short-monotonic', 'short-unix', 'verbose', 'export', 'json', 'json-pretty', 'json-sse', 'cat', 'with-unit'] as const;
export type Mode = (typeof MODES)[number];

export function format(e: JournalEntry, mode: Mode, frame: Frame): string {
  const hostname = frame.noHostname ? '' : frame.hostname;
  const c = civil(e.at);
  const iso = `${c.year}-${two(c.month)}-${two(c.day)}T${two(c.hour)}:${two(c.minute)}:${two(c.second)}`;
  const mono = Math.max(0, e.at - frame.bootAt);
  switch (mode) {
    case 'cat': return e.message;
    case 'short-iso': return line(e, `${iso}+0000`, hostname);
    case 'short-iso-precise': return line(e, `${iso}.${micros(e.at)}+0000`, hostname);
    case 'short-precise': return line(e, `${shortStamp(e.at)}.${micros(e.at)}`, hostname);
    case 'short-full': case 'with-unit': {
      const stamp = `${DAYS[c.weekday]} ${c.year}-${two(c.month)}-${two(c.day)} ${two(c.hour)}:${two(c.minute)}:${two(c.second)} UTC`;
      return mode === 'short-full' ? line(e, stamp, hostname) : `${[stamp, hostname].filter(Boolean).join(' ')} ${e.unit ?? e.ident}[${e.pid ?? 0}]: ${e.message}`;
    }
    case 'short-monotonic': return line(e, `[${String(Math.floor(mono / 1_000_000)).padStart(5)}.${micros(mono)}]`, hostname);
    case 'short-unix': return line(e, `${Math.floor(e.at / 1_000_000)}.${micros(e.at)}`, hostname);
    case 'verbose': {
      const head = `${DAYS[c.weekday]} ${c.year}-${two(c.month)}-${two(c.day)} ${two(c.hour)}:${two(c.minute)}:${two(c.second)}.${micros(e.at)} UTC [${cursor(e, frame)}]`;
      return [head, ...fields(e, frame).map(([key, value]) => `    ${key}=${value}`)].join('\n');
    }
    case 'export': return `${[['__CURSOR', cursor(e, frame)], ['__REALTIME_TIMESTAMP', String(e.at)], ['__MONOTONIC_TIMESTAMP', String(mono)], ...fields(e, frame)].map(([key, value]) => `${key}=${value}`).join('\n')}\n`;
    case 'json': case 'json-pretty': case 'json-sse': {
      const object = Object.fromEntries([['__CURSOR', cursor(e, frame)], ['__REALTIME_TIMESTAMP', String(e.at)], ['__MONOTONIC_TIMESTAMP', String(mono)], ...fields(e, frame)]) as Record<string, string>;
      if (mode === 'json') return JSON.stringify(object);
      return mode === 'json-sse' ? `data: ${JSON.stringify(object)}\n` : `{\n${Object.entries(object).map(([key, value]) => `\t${JSON.stringify(key)} : ${JSON.stringify(value)}`).join(',\n')}\n}`;
    }
    default: return formatLine(e, hostname);
  }
}

const formatLine = (e: JournalEntry, hostname: string): string => line(e, shortStamp(e.at), hostname);

const PRIORITIES = ['emerg', 'alert', 'crit', 'err', 'warning', 'notice', 'info', 'debug'];
const SYNONYMS: Readonly<Record<string, string>> = { error: 'err', warn: 'warning', panic: 'emerg' };
export function priorityOf(text: string): number | null {
  if (/^[0-7]$/.test(text)) return Number(text);
  const at = PRIORITIES.indexOf(SYNONYMS[text] ?? text);
  return at < 0 ? null : at;
}
