/**
 * ps of procps-ng 3.3.10: BSD, UNIX and GNU options, chosen columns, sorting, the process tree.
 */
import { err, out, terminal } from '../../../sim/proc/libc.ts';
import type { Start, Sys } from '../../../sim/proc/program.ts';
import { call, type ProcessInfo } from '../../../sim/proc/syscalls.ts';
import { civil } from '../../../sim/services/systemd/words.ts';
import type { Command } from '../../command.ts';
import { readUsers } from './users.ts';

interface View { now: number; uptimeUs: number; totalKb: number; users: ReadonlyMap<number, string> }

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const two = (n: number): string => String(n).padStart(2, '0');

const userName = (uid: number, v: View, width: number): string => {
  const name = v.users.get(uid) ?? String(uid);
  return name.length > width ? `${name.slice(0, width - 1)}+` : name;
};
const cpuPercent = (p: ProcessInfo, v: View): number => (100 * p.cpuUs) / Math.max(1_000_000, v.now - p.startedAt);
const memPercent = (p: ProcessInfo, v: View): number => (100 * p.rssKb) / v.totalKb;

export function statOf(p: ProcessInfo): string {
  const nice = p.nice < 0 ? '<' : p.nice > 0 ? 'N' : '';
  return `${p.state}${nice}${p.sid === p.pid ? 's' : ''}${p.threads > 1 ? 'l' : ''}${p.foreground ? '+' : ''}`;
}

export const commandOf = (p: ProcessInfo): string => (p.state === 'Z' ? `[${p.comm}] <defunct>` : p.argv.length ? p.argv.join(' ').replace(/\n/g, ' ') : `[${p.comm}]`);

function started(p: ProcessInfo, v: View): string {
  const c = civil(p.startedAt);
  const today = civil(v.now);
  if (v.now - p.startedAt < 86_400_000_000 && c.day === today.day) return `${two(c.hour)}:${two(c.minute)}`;
  return c.year === today.year ? `${MONTHS[c.month - 1]}${two(c.day)}` : String(c.year);
}

const bsdTime = (us: number): string => { const s = Math.floor(us / 1_000_000); return `${Math.floor(s / 60)}:${two(s % 60)}`; };
function unixTime(us: number): string {
  const s = Math.floor(us / 1_000_000);
  const days = Math.floor(s / 86_400);
  return `${days ? `${days}-` : ''}${two(Math.floor(s / 3600) % 24)}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}`;
}
function elapsed(us: number): string {
  const s = Math.floor(us / 1_000_000);
  const d = Math.floor(s / 86_400);
  const h = Math.floor(s / 3600) % 24;
  return `${d ? `${d}-` : ''}${d || h ? `${two(h)}:` : ''}${two(Math.floor(s / 60) % 60)}:${two(s % 60)}`;
}
function longStart(us: number): string {
  const c = civil(us);
  return `${DAYS[c.weekday]} ${MONTHS[c.month - 1]} ${String(c.day).padStart(2)} ${two(c.hour)}:${two(c.minute)}:${two(c.second)} ${c.year}`;
}

interface Column { head: string; width: number; right?: boolean; text: (p: ProcessInfo, v: View) => string; sort?: (p: ProcessInfo, v: View) => number | string }

const number = (head: string, width: number, of: (p: ProcessInfo, v: View) => number): Column => ({ head, width, right: true, text: (p, v) => String(of(p, v)), sort: of });
const COLUMNS: Readonly<Record<string, Column>> = {
  pid: number('PID', 5, (p) => p.pid), ppid: number('PPID', 5, (p) => p.ppid), pgid: number('PGID', 5, (p) => p.pgid), sid: number('SID', 5, (p) => p.sid), tpgid: number('TPGID', 5, (p) => (p.foreground ? p.pgid : -1)),
  uid: number('UID', 5, (p) => p.uid), gid: number('GID', 5, (p) => p.gid),
  user: { head: 'USER', width: 8, text: (p, v) => userName(p.uid, v, 8) }, ruser: { head: 'RUSER', width: 8, text: (p, v) => userName(p.uid, v, 8) },
  group: { head: 'GROUP', width: 8, text: (p) => String(p.gid) },
  pcpu: { head: '%CPU', width: 4, right: true, text: (p, v) => cpuPercent(p, v).toFixed(1), sort: cpuPercent },
  pmem: { head: '%MEM', width: 4, right: true, text: (p, v) => memPercent(p, v).toFixed(1), sort: memPercent },
  c: { head: 'C', width: 2, right: true, text: (p, v) => String(Math.floor(cpuPercent(p, v))) },
  vsz: number('VSZ', 6, (p) => p.vszKb), rss: number('RSS', 5, (p) => p.rssKb),
  tty: { head: 'TTY', width: 8, text: (p) => p.tty ?? '?' }, tt: { head: 'TT', width: 8, text: (p) => p.tty ?? '?' },
  stat: { head: 'STAT', width: 4, text: statOf }, s: { head: 'S', width: 1, text: (p) => p.state },
  start_time: { head: 'START', width: 5, text: started, right: true, sort: (p) => p.startedAt }, stime: { head: 'STIME', width: 5, text: started },
  lstart: { head: 'STARTED', width: 24, right: true, text: (p) => longStart(p.startedAt), sort: (p) => p.startedAt },
  etime: { head: 'ELAPSED', width: 11, right: true, text: (p, v) => elapsed(v.now - p.startedAt), sort: (p) => -p.startedAt }, etimes: number('ELAPSED', 7, (p, v) => Math.floor((v.now - p.startedAt) / 1_000_000)),
  bsdtime: { head: 'TIME', width: 6, right: true, text: (p) => bsdTime(p.cpuUs), sort: (p) => p.cpuUs }, time: { head: 'TIME', width: 8, right: true, text: (p) => unixTime(p.cpuUs), sort: (p) => p.cpuUs },
  ni: number('NI', 3, (p) => p.nice), pri: number('PRI', 3, (p) => 19 - p.nice), nlwp: number('NLWP', 4, (p) => p.threads), psr: number('PSR', 3, () => 0), f: { head: 'F', width: 1, text: (p) => (p.uid === 0 ? '4' : '0') },
  wchan: { head: 'WCHAN', width: 6, text: () => '-' }, addr: { head: 'ADDR', width: 4, right: true, text: () => '-' }, sz: number('SZ', 5, (p) => Math.floor(p.vszKb / 4)), cls: { head: 'CLS', width: 3, right: true, text: () => 'TS' },
  comm: { head: 'COMMAND', width: 15, text: (p) => (p.state === 'Z' ? `${p.comm} <defunct>` : p.comm), sort: (p) => p.comm }, ucmd: { head: 'CMD', width: 15, text: (p) => p.comm },
  args: { head: 'COMMAND', width: 27, text: commandOf, sort: commandOf }, cmd: { head: 'CMD', width: 27, text: commandOf, sort: commandOf },
  unit: { head: 'UNIT', width: 31, text: (p) => p.unit ?? '-' }, cgroup: { head: 'CGROUP', width: 27, text: (p) => (p.unit ? `1:name=systemd:/system.slice/${p.unit}` : '-') }, label: { head: 'LABEL', width: 31, text: () => 'unconfined_u:unconfined_r:unconfined_t:s0-s0:c0.c1023' },
};
const SYNONYMS: Readonly<Record<string, string>> = {
  '%cpu': 'pcpu', '%mem': 'pmem', command: 'args', euser: 'user', uname: 'user', euid: 'uid', egid: 'gid', egroup: 'group', state: 's', pgrp: 'pgid', sess: 'sid', session: 'sid', rssize: 'rss', vsize: 'vsz', nice: 'ni', cputime: 'time',
  tname: 'tty', start: 'start_time', thcount: 'nlwp', ruid: 'uid', rgid: 'gid', fname: 'comm', ucomm: 'comm', context: 'label', stackp: 'addr', priority: 'pri', rsz: 'rss',
};
const columnOf = (name: string): Column | undefined => { const key = SYNONYMS[name] ?? name; return Object.hasOwn(COLUMNS, key) ? COLUMNS[key] : undefined; };

interface Shown { column: Column; head: string }
const shown = (names: string): Shown[] => names.split(' ').map((word) => { const [name, head] = word.split('='); const column = COLUMNS[name!]!; return { column, head: head ?? column.head }; });
const FORMATS = {
  plain: shown('pid tty time comm=CMD'), bsd: shown('pid tty stat bsdtime args'), u: shown('user pid pcpu pmem vsz rss tty stat start_time bsdtime args'), f: shown('user=UID pid ppid c stime tty time cmd'),
  l: shown('f s uid pid ppid c pri ni addr sz wchan tty time comm=CMD'), j: shown('pid pgid sid tty time comm=CMD'), bsdj: shown('ppid pid pgid sid tty tpgid stat uid bsdtime args'), F: shown('user=UID pid ppid c sz rss psr stime tty time cmd'),
} as const;

interface Wish {
  all: boolean; withTty: boolean; noLeaders: boolean; bsdAll: boolean; bsdX: boolean; bsd: boolean; forest: boolean; header: boolean; wide: number; deselect: boolean; runningOnly: boolean; threads: boolean;
  pids: number[] | null; ppids: number[] | null; names: string[] | null; users: string[] | null; ttys: string[] | null; sids: number[] | null;
  format: readonly Shown[] | null; sort: string[]; environment: boolean;
}

// ---- options

const numbers = (text: string): number[] => text.split(/[,\s]+/).filter(Boolean).map(Number);
const list = (text: string): string[] => text.split(/[,\s]+/).filter(Boolean);

function parseFormat(text: string): Shown[] | string {
  const all: Shown[] = [];
  let rest = text;
  while (rest) {
    const eq = /^([^,\s=]+)=(.*)$/s.exec(rest);
    const word = /^([^,\s=]+)/.exec(rest)?.[1];
    if (!word) { rest = rest.slice(1); continue; }
    const column = columnOf(word);
    if (!column) return `error: unknown user-defined format specifier "${word}"`;
    if (eq && rest.startsWith(`${word}=`)) {
      // A header that is given runs to the next comma only when it is empty.
      const more = /^,(.*)$/s.exec(eq[2]!);
      all.push({ column, head: more ? '' : eq[2]! });
      if (!more) return all;
      rest = more[1]!;
      continue;
    }
    all.push({ column, head: column.head });
    rest = rest.slice(word.length);
  }
  return all;
}

const freshWish = (): Wish => ({
  all: false, withTty: false, noLeaders: false, bsdAll: false, bsdX: false, bsd: false, forest: false, header: true, wide: 0, deselect: false, runningOnly: false, threads: false,
  pids: null, ppids: null, names: null, users: null, ttys: null, sids: null, format: null, sort: [], environment: false,
});

const add = <T>(old: readonly T[] | null, more: readonly T[]): T[] => [...(old ?? []), ...more];

function setFormat(w: Wish, text: string): string | null {
  const format = parseFormat(text);
  if (typeof format === 'string') return format;
  w.format = [...(w.format && !Object.values(FORMATS).includes(w.format as never) ? w.format : []), ...format];
  return null;
}

/** Options with a dash. `next` gives the following word. Returns an error's words. */
function unixOption(w: Wish, letter: string, rest: string, next: () => string | undefined): { error?: string; used: boolean } {
  const value = (): string => (rest !== '' ? rest : next() ?? '');
  switch (letter) {
    case 'e': case 'A': w.all = true; return { used: false };
    case 'a': w.withTty = true; return { used: false };
    case 'd': w.noLeaders = true; return { used: false };
    case 'N': w.deselect = true; return { used: false };
    case 'f': w.format ??= FORMATS.f; return { used: false };
    case 'F': w.format ??= FORMATS.F; return { used: false };
    case 'l': w.format = FORMATS.l; return { used: false };
    case 'j': w.format ??= FORMATS.j; return { used: false };
    case 'H': w.forest = true; return { used: false };
    case 'w': w.wide++; return { used: false };
    case 'L': case 'T': case 'm': w.threads = true; return { used: false };
    case 'c': case 'y': case 'M': case 'Z': case 'P': return { used: false };
    case 'o': { const error = setFormat(w, value()); return { used: true, ...(error ? { error } : {}) }; }
    case 'O': { const error = setFormat(w, `pid,${value()},s,tty,time,args`); return { used: true, ...(error ? { error } : {}) }; }
    case 'p': case 'q': { const text = value(); if (!/^[\d,\s]+$/.test(text)) return { used: true, error: 'error: process ID list syntax error' }; w.pids = add(w.pids, numbers(text)); return { used: true }; }
    case 'C': w.names = add(w.names, list(value())); return { used: true };
    case 'u': case 'U': w.users = add(w.users, list(value())); return { used: true };
    case 't': w.ttys = add(w.ttys, list(value())); return { used: true };
    case 's': case 'g': w.sids = add(w.sids, numbers(value())); return { used: true };
    case 'V': return { used: false, error: 'version' };
    default: return { used: false, error: 'error: unsupported SysV option' };
  }
}

function bsdOption(w: Wish, letter: string, rest: string, next: () => string | undefined): { error?: string; used: boolean } {
  const value = (): string => (rest !== '' ? rest : next() ?? '');
  w.bsd = true;
  switch (letter) {
    case 'a': w.bsdAll = true; return { used: false };
    case 'x': w.bsdX = true; return { used: false };
    case 'u': w.format = FORMATS.u; return { used: false };
    case 'l': w.format = FORMATS.l; return { used: false };
    case 'j': w.format = FORMATS.bsdj; return { used: false };
    case 'f': w.forest = true; return { used: false };
    case 'w': w.wide++; return { used: false };
    case 'e': w.environment = true; return { used: false };
    case 'h': w.header = false; return { used: false };
    case 'r': w.runningOnly = true; return { used: false };
    case 'c': case 'n': case 'S': case 'm': case 'H': case 'T': case 'g': return { used: false };
    case 'o': { const error = setFormat(w, value()); return { used: true, ...(error ? { error } : {}) }; }
    case 'p': w.pids = add(w.pids, numbers(value())); return { used: true };
    case 'U': w.users = add(w.users, list(value())); return { used: true };
    case 't': w.ttys = add(w.ttys, list(value())); return { used: true };
    case 'k': w.sort.push(...list(value())); return { used: true };
    default: return { used: false, error: 'error: unsupported option (BSD syntax)' };
  }
}

function gnuOption(w: Wish, arg: string, next: () => string | undefined): string | null {
  const at = arg.indexOf('=');
  const name = at < 0 ? arg.slice(2) : arg.slice(2, at);
  const value = (): string => (at < 0 ? next() ?? '' : arg.slice(at + 1));
  switch (name) {
    case 'sort': w.sort.push(...list(value())); return null;
    case 'forest': w.forest = true; return null;
    case 'no-headers': case 'no-heading': case 'noheader': case 'noheaders': w.header = false; return null;
    case 'headers': return null;
    case 'pid': case 'quick-pid': w.pids = add(w.pids, numbers(value())); return null;
    case 'ppid': w.ppids = add(w.ppids, numbers(value())); return null;
    case 'user': case 'User': w.users = add(w.users, list(value())); return null;
    case 'tty': w.ttys = add(w.ttys, list(value())); return null;
    case 'sid': w.sids = add(w.sids, numbers(value())); return null;
    case 'format': return setFormat(w, value());
    case 'cols': case 'columns': case 'width': w.wide = -Number(value()); return null;
    case 'rows': case 'lines': value(); return null;
    case 'deselect': w.deselect = true; return null;
    case 'version': return 'version';
    case 'help': return 'help';
    default: return 'error: unknown gnu long option';
  }
}

function parse(args: readonly string[]): Wish | string {
  const w = freshWish();
  const queue = [...args];
  while (queue.length) {
    const arg = queue.shift()!;
    const next = (): string | undefined => queue.shift();
    if (arg.startsWith('--')) { const error = gnuOption(w, arg, next); if (error) return error; continue; }
    // `-aux` asks for user x, whom nobody has: everybody means `aux`.
    const dash = arg.startsWith('-') && !/^-[a-z]*ux[a-z]*$/.test(arg);
    if (!dash && /^[\d,]+$/.test(arg)) { w.pids = add(w.pids, numbers(arg)); w.bsd = true; continue; }
    const letters = arg.replace(/^-/, '');
    for (let i = 0; i < letters.length; i++) {
      const take = dash ? unixOption : bsdOption;
      const got = take(w, letters[i]!, letters.slice(i + 1), next);
      if (got.error) return got.error;
      if (got.used) break;
    }
  }
  return w;
}

// ---- choosing, sorting, the tree

function chosen(all: readonly ProcessInfo[], w: Wish, me: ProcessInfo | undefined, users: ReadonlyMap<number, string>): ProcessInfo[] {
  const byList = w.pids !== null || w.ppids !== null || w.names !== null || w.users !== null || w.ttys !== null || w.sids !== null;
  const inLists = (p: ProcessInfo): boolean =>
    !!w.pids?.includes(p.pid) || !!w.ppids?.includes(p.ppid) || !!w.names?.includes(p.comm) || !!w.users?.some((u) => u === String(p.uid) || users.get(p.uid) === u)
    || !!w.ttys?.some((t) => t === p.tty || `pts/${t}` === p.tty || t === `/dev/${p.tty}` || (t === '?' && p.tty === null)) || !!w.sids?.includes(p.sid);
  const pick = (p: ProcessInfo): boolean => {
    if (w.all) return true;
    if (w.withTty && p.tty !== null && p.pid !== p.sid) return true;
    if (w.noLeaders && p.pid !== p.sid) return true;
    if (w.bsdAll || w.bsdX) {
      const mine = p.uid === me?.uid;
      if ((w.bsdAll || mine) && (w.bsdX || p.tty !== null) && !(byList && inLists(p))) return true;
    }
    if (byList) return inLists(p);
    if (w.bsdAll || w.bsdX || w.withTty || w.noLeaders) return false;
    return w.bsd ? p.uid === me?.uid && p.tty !== null : p.uid === me?.uid && p.tty === me?.tty;
  };
  return all.filter((p) => pick(p) !== w.deselect && (!w.runningOnly || p.state === 'R'));
}

function sorted(rows: ProcessInfo[], keys: readonly string[], v: View): ProcessInfo[] | string {
  const by: { of: (p: ProcessInfo) => number | string; down: boolean }[] = [];
  for (const key of keys) {
    const column = columnOf(key.replace(/^[+-]/, ''));
    if (!column) return 'error: unknown sort specifier';
    by.push({ of: (p) => (column.sort ? column.sort(p, v) : column.text(p, v)), down: key.startsWith('-') });
  }
  return [...rows].sort((a, b) => {
    for (const { of, down } of by) {
      const [x, y] = [of(a), of(b)];
      if (x !== y) return (x < y ? -1 : 1) * (down ? -1 : 1);
    }
    return a.pid - b.pid;
  });
}

/** Children under their parents; the prefix of each command. */
function forest(rows: readonly ProcessInfo[]): { p: ProcessInfo; prefix: string }[] {
  const here = new Set(rows.map((p) => p.pid));
  const out: { p: ProcessInfo; prefix: string }[] = [];
  const walk = (p: ProcessInfo, open: readonly boolean[], top: boolean): void => {
    const prefix = top ? '' : `${open.slice(0, -1).map((more) => (more ? ' |  ' : '    ')).join('')} \\_ `;
    out.push({ p, prefix });
    const children = rows.filter((c) => c.ppid === p.pid && c.pid !== p.pid);
    children.forEach((child, i) => walk(child, [...open, i < children.length - 1], false));
  };
  for (const p of rows) if (!here.has(p.ppid) || p.ppid === p.pid) walk(p, [], true);
  return out;
}

function table(rows: readonly { p: ProcessInfo; prefix: string }[], format: readonly Shown[], w: Wish, v: View, cols: number): string {
  const widths = format.map(({ column, head }) => Math.max(column.width, head.length));
  const line = (cells: readonly string[]): string => {
    const text = cells.map((cell, i) => {
      if (i === cells.length - 1 && !format[i]!.column.right) return cell;
      return format[i]!.column.right ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!);
    }).join(' ');
    return `${text.length > cols ? text.slice(0, cols) : text}\n`;
  };
  const body = rows.map(({ p, prefix }) => line(format.map(({ column }) => {
    const cell = column.text(p, v);
    const isCommand = column === COLUMNS['args'] || column === COLUMNS['cmd'] || column === COLUMNS['comm'];
    return isCommand ? prefix + cell : cell;
  })));
  const named = w.header && format.some(({ head }) => head !== '');
  return (named ? line(format.map(({ head }) => head)) : '') + body.join('');
}

const USAGE = `
Usage:
 ps [options]

 Try 'ps --help <simple|list|output|threads|misc|all>'
  or 'ps --help <s|l|o|t|m|a>'
 for additional help text.

For more details see ps(1).
`;

function* run(start: Start): Sys<number> {
  const parsed = parse(start.argv.slice(1));
  if (parsed === 'version') { yield* out('procps-ng version 3.3.10\n'); return 0; }
  if (parsed === 'help') { yield* out(USAGE); return 0; }
  if (typeof parsed === 'string') { yield* err(`${parsed}\n${USAGE}`); return 1; }
  const procs = yield* call('processes', {});
  const now = yield* call('now', {});
  const info = yield* call('sysinfo', {});
  const users = new Map((yield* readUsers()).map((u) => [u.uid, u.name]));
  if (!procs.ok || !now.ok || !info.ok) return 1;
  const v: View = { now: now.value.real, uptimeUs: info.value.uptimeUs, totalKb: info.value.memKb.total, users };
  const me = procs.value.find((p) => p.pid === start.pid);
  const order = sorted(chosen(procs.value, parsed, me, users), parsed.sort, v);
  if (typeof order === 'string') { yield* err(`${order}\n${USAGE}`); return 1; }
  const rows = parsed.forest ? forest(order) : order.map((p) => ({ p, prefix: '' }));
  const screen = yield* terminal(1);
  const cols = parsed.wide < 0 ? -parsed.wide : parsed.wide >= 2 || !screen ? Infinity : parsed.wide === 1 ? Math.max(132, screen.cols) : screen.cols;
  const format = parsed.format ?? (parsed.bsd ? FORMATS.bsd : FORMATS.plain);
  yield* out(table(rows, format, parsed, v, cols));
  return order.length ? 0 : 1;
}

export const ps: Command = { name: 'ps', main: run };
