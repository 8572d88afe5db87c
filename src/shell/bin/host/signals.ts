/**
 * kill, killall, pkill, pgrep, pidof: processes found and told. Words of util-linux 2.23, procps-ng 3.3.10,
 * psmisc 22.20.
 */
import { err, out, strerror } from '../../../sim/proc/libc.ts';
import type { Signal, Start, Sys } from '../../../sim/proc/program.ts';
import { call, type ProcessInfo } from '../../../sim/proc/syscalls.ts';
import type { Command } from '../../command.ts';
import { commandOf } from './ps.ts';
import { readUsers } from './users.ts';

const NAMES = ['HUP', 'INT', 'QUIT', 'ILL', 'TRAP', 'ABRT', 'BUS', 'FPE', 'KILL', 'USR1', 'SEGV', 'USR2', 'PIPE', 'ALRM', 'TERM', 'STKFLT', 'CHLD', 'CONT', 'STOP', 'TSTP', 'TTIN', 'TTOU', 'URG', 'XCPU', 'XFSZ', 'VTALRM', 'PROF', 'WINCH', 'POLL', 'PWR', 'SYS'];

/** A signal by name or number; '0' only asks; null: there is none such. */
export function signalOf(text: string): Signal | '0' | null {
  if (text === '0') return '0';
  if (/^\d+$/.test(text)) return (NAMES[Number(text) - 1] as Signal | undefined) ?? null;
  const name = text.toUpperCase().replace(/^SIG/, '');
  return NAMES.includes(name) ? (name as Signal) : null;
}

function* killMain({ argv }: Start): Sys<number> {
  const args = argv.slice(1);
  let signal: Signal | '0' = 'TERM';
  const pids: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const arg = args[i]!;
    if (arg === '-l' || arg === '--list' || arg === '-L' || arg === '--table') {
      const which = args[i + 1];
      if (which === undefined) { yield* out(`${NAMES.join(' ')}\n`); return 0; }
      const n = Number(which) > 128 ? Number(which) - 128 : Number(which);
      yield* out(`${/^\d+$/.test(which) ? NAMES[n - 1] ?? which : NAMES.indexOf(which.toUpperCase().replace(/^SIG/, '')) + 1}\n`);
      return 0;
    }
    if (arg === '-s' || arg === '--signal' || (/^-[A-Z0-9]/i.test(arg) && !pids.length && !/^-\d+$/.test(arg) && arg !== '-n') || (/^-\d+$/.test(arg) && !pids.length && i === 0 && args.length > 1)) {
      const text = arg === '-s' || arg === '--signal' ? args[++i] ?? '' : arg.slice(1);
      const found = signalOf(text);
      if (found === null) { yield* err(`kill: unknown signal ${text}\n`); return 1; }
      signal = found;
    } else if (arg !== '--') pids.push(arg);
  }
  if (!pids.length) { yield* err('kill: not enough arguments\n'); return 1; }
  let status = 0;
  for (const text of pids) {
    const targets = /^-?\d+$/.test(text) ? [Number(text)] : yield* named(text);
    if (!targets.length) { yield* err(`kill: cannot find process "${text}"\n`); status = 1; }
    for (const pid of targets) {
      const done = yield* call('kill', { pid, signal });
      if (!done.ok) { yield* err(`kill: sending signal to ${pid} failed: ${strerror(done.errno)}\n`); status = 1; }
    }
  }
  return status;
}

function* named(name: string): Sys<number[]> {
  const list = yield* call('processes', {});
  return list.ok ? list.value.filter((p) => p.comm === name && p.state !== 'Z').map((p) => p.pid) : [];
}

export const kill: Command = { name: 'kill', main: killMain };

// ---- pidof

/** Whether a process runs the program of that name. */
const runs = (p: ProcessInfo, name: string): boolean => {
  const first = p.argv[0] ?? '';
  const base = name.split('/').pop()!;
  return p.state !== 'Z' && (name.includes('/') ? p.exe === name || first === name : p.comm === base.slice(0, 15) || first.split('/').pop() === base || first === `-${base}`);
};

export const pidof: Command = {
  name: 'pidof',
  *main({ argv, pid }) {
    const args = argv.slice(1);
    const single = args.includes('-s');
    const omit = new Set<number>();
    const names: string[] = [];
    for (let i = 0; i < args.length; i++) {
      if (args[i] === '-o') for (const n of args[++i]!.split(',')) omit.add(Number(n));
      else if (!/^-[scnxmzq]+$/.test(args[i]!)) names.push(args[i]!);
    }
    const list = yield* call('processes', {});
    const found = (list.ok ? list.value : []).filter((p) => p.pid !== pid && !omit.has(p.pid) && names.some((name) => runs(p, name))).map((p) => p.pid).sort((a, b) => b - a);
    if (!found.length) return 1;
    if (!args.includes('-q')) yield* out(`${(single ? found.slice(0, 1) : found).join(' ')}\n`);
    return 0;
  },
};

// ---- pgrep, pkill

interface Wanted { full: boolean; exact: boolean; invert: boolean; count: boolean; listName: boolean; listFull: boolean; newest: boolean; oldest: boolean; ignoreCase: boolean; delimiter: string; signal: Signal | '0'; echo: boolean; parents: number[]; users: string[]; groups: number[]; sessions: number[]; terminals: string[]; pattern: string | null }

const PGREP_USAGE = (name: string): string => `\nUsage:\n ${name} [options] <pattern>\n\nFor more details see pgrep(1).\n`;

function parseWanted(args: readonly string[], isKill: boolean): Wanted | string {
  const w: Wanted = { full: false, exact: false, invert: false, count: false, listName: false, listFull: false, newest: false, oldest: false, ignoreCase: false, delimiter: '\n', signal: 'TERM', echo: false, parents: [], users: [], groups: [], sessions: [], terminals: [], pattern: null };
  const long: Readonly<Record<string, string>> = { full: 'f', exact: 'x', inverse: 'v', count: 'c', 'list-name': 'l', 'list-full': 'a', newest: 'n', oldest: 'o', 'ignore-case': 'i', delimiter: 'd', parent: 'P', euid: 'u', uid: 'U', pgroup: 'g', session: 's', terminal: 't', echo: 'e', signal: 'S' };
  for (let i = 0; i < args.length; i++) {
    const arg = args[i]!;
    if (!arg.startsWith('-') || arg === '-') {
      if (w.pattern !== null) return `only one pattern can be provided`;
      w.pattern = arg;
      continue;
    }
    if (isKill && signalOf(arg.slice(1)) !== null && !/^-[a-z]$/.test(arg)) { w.signal = signalOf(arg.slice(1))!; continue; }
    const eq = /^--([^=]+)(?:=(.*))?$/.exec(arg);
    const letters = eq ? [long[eq[1]!] ?? '?'] : [...arg.slice(1)];
    for (let j = 0; j < letters.length; j++) {
      const c = letters[j]!;
      const value = (): string => (eq ? eq[2] ?? args[++i] ?? '' : arg.slice(j + 2) || (args[++i] ?? ''));
      if (c === 'f') w.full = true; else if (c === 'x') w.exact = true; else if (c === 'v') w.invert = true; else if (c === 'c') w.count = true;
      else if (c === 'l') w.listName = true; else if (c === 'a') w.listFull = true; else if (c === 'n') w.newest = true; else if (c === 'o') w.oldest = true; else if (c === 'i') w.ignoreCase = true; else if (c === 'e') w.echo = true;
      else if (c === 'd') { w.delimiter = value(); break; } else if (c === 'P') { w.parents.push(...value().split(',').map(Number)); break; }
      else if (c === 'u' || c === 'U') { w.users.push(...value().split(',')); break; } else if (c === 'g' || c === 'G') { w.groups.push(...value().split(',').map(Number)); break; }
      else if (c === 's') { w.sessions.push(...value().split(',').map(Number)); break; } else if (c === 't') { w.terminals.push(...value().split(',')); break; }
      else if (c === 'S') { const s = signalOf(value()); if (s === null) return 'unknown signal'; w.signal = s; break; }
      else return eq ? `unrecognized option '${arg}'` : `invalid option -- '${c}'`;
    }
  }
  if (w.pattern === null && !w.parents.length && !w.users.length && !w.groups.length && !w.sessions.length && !w.terminals.length) return 'no matching criteria specified';
  return w;
}

function* pgrepMain(start: Start): Sys<number> {
  const called = (start.argv[0] ?? 'pgrep').split('/').pop()!;
  const isKill = called === 'pkill';
  const w = parseWanted(start.argv.slice(1), isKill);
  if (typeof w === 'string') { yield* err(`${called}: ${w}\n${w.startsWith('no matching') || w.startsWith('only one') ? `Try \`${called} --help' for more information.\n` : PGREP_USAGE(called)}`); return 2; }
  let regex: RegExp | null = null;
  try { if (w.pattern !== null) regex = new RegExp(w.exact ? `^(${w.pattern})$` : w.pattern, w.ignoreCase ? 'i' : ''); } catch { yield* err(`${called}: Invalid regular expression\n`); return 2; }
  const list = yield* call('processes', {});
  const uids = new Map((yield* readUsers()).map((u) => [u.name, u.uid]));
  const users = w.users.map((u) => (/^\d+$/.test(u) ? Number(u) : uids.get(u) ?? -1));
  const fits = (p: ProcessInfo): boolean =>
    (!regex || regex.test(w.full ? commandOf(p) : p.comm)) && (!w.parents.length || w.parents.includes(p.ppid)) && (!users.length || users.includes(p.uid))
    && (!w.groups.length || w.groups.includes(p.pgid)) && (!w.sessions.length || w.sessions.includes(p.sid)) && (!w.terminals.length || w.terminals.includes(p.tty ?? '?'));
  let found = (list.ok ? list.value : []).filter((p) => p.pid !== start.pid && fits(p) !== w.invert).sort((a, b) => a.pid - b.pid);
  if (w.newest) found = [...found].sort((a, b) => b.startedAt - a.startedAt || b.pid - a.pid).slice(0, 1);
  if (w.oldest) found = [...found].sort((a, b) => a.startedAt - b.startedAt || a.pid - b.pid).slice(0, 1);
  if (isKill) {
    let told = 0;
    for (const p of found) {
      const done = yield* call('kill', { pid: p.pid, signal: w.signal });
      if (done.ok) { told++; if (w.echo) yield* out(`${p.comm} killed (pid ${p.pid})\n`); } else yield* err(`pkill: killing pid ${p.pid} failed: ${strerror(done.errno)}\n`);
    }
    if (w.count) yield* out(`${found.length}\n`);
    return told ? 0 : 1;
  }
  if (w.count) yield* out(`${found.length}\n`);
  else if (found.length) yield* out(`${found.map((p) => (w.listFull ? `${p.pid} ${commandOf(p)}` : w.listName ? `${p.pid} ${p.comm}` : String(p.pid))).join(w.delimiter)}\n`);
  return found.length ? 0 : 1;
}

export const pgrep: Command = { name: 'pgrep', main: pgrepMain };

// ---- killall

export const killall: Command = {
  name: 'killall',
  *main({ argv, pid }) {
    let signal: Signal | '0' = 'TERM';
    let quiet = false;
    let wait = false;
    const names: string[] = [];
    const args = argv.slice(1);
    for (let i = 0; i < args.length; i++) {
      const arg = args[i]!;
      if (arg === '-s' || arg === '--signal') signal = signalOf(args[++i] ?? '') ?? 'TERM';
      else if (arg === '-q' || arg === '--quiet') quiet = true;
      else if (arg === '-w' || arg === '--wait') wait = true;
      else if (arg === '-l' || arg === '--list') { yield* out(`${NAMES.join(' ')}\n`); return 0; }
      else if (/^-[eIiv]$/.test(arg)) continue;
      else if (arg.startsWith('-')) {
        const found = signalOf(arg.slice(1));
        if (found === null) { yield* err(`killall: unknown signal ${arg.slice(1)}; killall -l lists signals.\n`); return 1; }
        signal = found;
      } else names.push(arg);
    }
    if (!names.length) { yield* err('Usage: killall [OPTION]... [--] NAME...\n'); return 1; }
    let status = 0;
    for (const name of names) {
      const list = yield* call('processes', {});
      const found = (list.ok ? list.value : []).filter((p) => p.pid !== pid && p.comm === name.slice(0, 15));
      if (!found.length) { if (!quiet) yield* err(`${name}: no process found\n`); status = 1; }
      for (const p of found) {
        const done = yield* call('kill', { pid: p.pid, signal });
        if (!done.ok) { yield* err(`${name}(${p.pid}): ${strerror(done.errno)}\n`); status = 1; }
      }
      for (let left = 600; wait && left > 0; left--) {
        const still = yield* named(name);
        if (!still.length) break;
        yield* call('sleep', { us: 1_000_000 });
      }
    }
    return status;
  },
};
