/**
 * top of procps-ng 3.3.10: batch mode, and a screen that renews itself until q.
 */
import { err, out, strerror, terminal } from '../../../sim/proc/libc.ts';
import type { Start, Sys } from '../../../sim/proc/program.ts';
import { call, type ProcessInfo } from '../../../sim/proc/syscalls.ts';
import type { Command } from '../../command.ts';
import { parseSignal, signalNumber } from '../coreutils/run.ts';
import { uptimeLine } from './sessions.ts';
import { commandOf } from './ps.ts';
import { readUsers } from './users.ts';

interface Wish { batch: boolean; count: number; delayUs: number; pids: number[]; user: string | null; sort: 'cpu' | 'mem' | 'pid' | 'time'; full: boolean; idle: boolean; cpus: boolean; reverse: boolean; rowsMax: number }
interface Memory { samples: Record<string, number>; at: number; left: number; wish: Partial<Wish> }

function parse(args: readonly string[]): Wish | string {
  const w: Wish = { batch: false, count: Infinity, delayUs: 3_000_000, pids: [], user: null, sort: 'cpu', full: false, idle: true, cpus: false, reverse: false, rowsMax: 0 };
  for (let i = 0; i < args.length; i++) {
    const arg = args[i]!;
    const text = arg.replace(/^-/, '');
    for (let j = 0; j < text.length; j++) {
      const c = text[j]!;
      const value = (): string => { const rest = text.slice(j + 1); j = text.length; return rest || (args[++i] ?? ''); };
      if (c === 'b') w.batch = true; else if (c === 'c') w.full = true; else if (c === 'i') w.idle = false; else if (c === 'H' || c === 's' || c === 'S') continue;
      else if (c === 'n') { const v = value(); if (!/^\d+$/.test(v)) return `bad iterations argument '${v}'`; w.count = Number(v); }
      else if (c === 'd') { const v = value(); if (!/^[\d.]+$/.test(v)) return `bad delay interval '${v}'`; w.delayUs = Math.max(100_000, Math.round(Number(v) * 1_000_000)); }
      else if (c === 'p') w.pids.push(...value().split(',').map(Number)); else if (c === 'u' || c === 'U') w.user = value();
      else if (c === 'o') { const v = value(); w.sort = /MEM|RES/.test(v) ? 'mem' : /PID/.test(v) ? 'pid' : /TIME/.test(v) ? 'time' : 'cpu'; }
      else if (c === 'w') { value(); } else if (c === 'v' || c === 'h') return 'version';
      else return `unknown option '${c}'\nUsage:\n  top -hv | -bcHiOSs -d secs -n max -u|U user -p pid(s) -o field -w [cols]`;
    }
  }
  return w;
}

const hundredths = (us: number): string => { const s = Math.floor(us / 1_000_000); return `${Math.floor(s / 60)}:${String(s % 60).padStart(2, '0')}.${String(Math.floor(us / 10_000) % 100).padStart(2, '0')}`; };
const kib = (kb: number, width: number): string => (String(kb).length <= width ? String(kb).padStart(width) : `${(kb / 1_048_576).toFixed(3).slice(0, width - 1)}g`.padStart(width));

/** One line for all processors, or with `1` a line for each: the model shares the load out evenly. */
function cpuLines(each: number, busy: number): string[] {
  const pad = (n: number, width: number): string => n.toFixed(1).padStart(width);
  const line = (name: string): string => `${name}${pad(busy * 0.7, 5)} us,${pad(busy * 0.3, 5)} sy,  0.0 ni,${pad(100 - busy, 5)} id,  0.0 wa,  0.0 hi,  0.0 si,  0.0 st`;
  return each ? Array.from({ length: each }, (_, i) => line(`%Cpu${String(i).padEnd(3)}:`)) : [line('%Cpu(s):')];
}

function* frame(w: Wish, before: Memory | null, rows: number, cols: number): Sys<{ text: string; samples: Record<string, number>; at: number }> {
  const procs = yield* call('processes', {});
  const info = yield* call('sysinfo', {});
  const now = yield* call('now', {});
  const users = new Map((yield* readUsers()).map((u) => [u.uid, u.name]));
  if (!procs.ok || !info.ok || !now.ok) return { text: '', samples: {}, at: 0 };
  const { memKb: m, cpus } = info.value;
  const at = now.value.mono;
  const samples: Record<string, number> = {};
  let busyUs = 0;
  const cpu = new Map<number, number>();
  for (const p of procs.value) {
    samples[p.pid] = p.cpuUs;
    const span = before ? at - before.at : Math.max(1_000_000, now.value.real - p.startedAt);
    const used = before ? p.cpuUs - (before.samples[p.pid] ?? 0) : p.cpuUs;
    busyUs += before ? used : (used * 3_000_000) / span;
    cpu.set(p.pid, (100 * used) / Math.max(1, span));
  }
  const span = before ? Math.max(1, at - before.at) : 3_000_000;
  const busy = Math.min(100, (100 * busyUs) / (span * cpus));
  const count = (s: string): number => procs.value.filter((p) => s.includes(p.state)).length;
  const cached = m.buffers + m.cached;
  const used = m.total - m.free - cached;
  const head = `top -${yield* uptimeLine()}`.replace(/\n$/, '');
  const lines = [
    head, `Tasks: ${String(procs.value.length).padStart(3)} total, ${String(count('R')).padStart(3)} running, ${String(count('SDI')).padStart(3)} sleeping, ${String(count('T')).padStart(3)} stopped, ${String(count('Z')).padStart(3)} zombie`,
    ...cpuLines(w.cpus ? cpus : 0, busy),
    `KiB Mem : ${String(m.total).padStart(8)} total, ${String(m.free).padStart(8)} free, ${String(used).padStart(8)} used, ${String(cached).padStart(8)} buff/cache`,
    `KiB Swap: ${'0'.padStart(8)} total, ${'0'.padStart(8)} free, ${'0'.padStart(8)} used. ${String(m.available).padStart(8)} avail Mem `, '',
  ];
  const key = (p: ProcessInfo): number => ({ cpu: cpu.get(p.pid)!, mem: p.rssKb, pid: p.pid, time: p.cpuUs })[w.sort];
  const chosen = procs.value.filter((p) => (!w.pids.length || w.pids.includes(p.pid)) && (!w.user || users.get(p.uid) === w.user || String(p.uid) === w.user) && (w.idle || cpu.get(p.pid)! > 0))
    .sort((a, b) => (w.reverse ? key(a) - key(b) : key(b) - key(a)) || a.pid - b.pid);
  const title = '  PID USER      PR  NI    VIRT    RES    SHR S  %CPU %MEM     TIME+ COMMAND';
  const body = chosen.slice(0, Math.min(w.rowsMax || Infinity, w.batch ? Infinity : Math.max(0, rows - lines.length - 1))).map((p) => {
    const name = users.get(p.uid) ?? String(p.uid);
    const line = `${String(p.pid).padStart(5)} ${(name.length > 8 ? `${name.slice(0, 7)}+` : name).padEnd(8)}  ${String(20 + p.nice).padStart(2)} ${String(p.nice).padStart(3)} ${kib(p.vszKb, 7)} ${kib(p.rssKb, 6)} ${kib(Math.floor(p.rssKb / 2), 6)} ${p.state} ${cpu.get(p.pid)!.toFixed(1).padStart(5)} ${((100 * p.rssKb) / m.total).toFixed(1).padStart(4)} ${hundredths(p.cpuUs).padStart(9)} ${w.full ? commandOf(p) : p.comm}`;
    return w.batch ? line : line.slice(0, cols);
  });
  const bar = w.batch ? title : `\x1b[7m${title.slice(0, cols).padEnd(cols)}\x1b[0m`;
  const top = w.batch ? lines : lines.map((line) => line.slice(0, cols));
  return { text: [...top, bar, ...body].join('\n'), samples, at };
}

function* run(start: Start): Sys<number> {
  const w = parse(start.argv.slice(1));
  if (w === 'version') { yield* out('  procps-ng version 3.3.10\nUsage:\n  top -hv | -bcHiOSs -d secs -n max -u|U user -p pid(s) -o field -w [cols]\n'); return 0; }
  if (typeof w === 'string') { yield* err(`top: ${w}\n`); return 1; }
  const screen = yield* terminal(1);
  if (!w.batch && !screen) { yield* err('top: failed tty get\n'); return 1; }
  const mem = start.mem as unknown as Memory | null;
  const left = (mem?.left ?? (w.count === Infinity ? -1 : w.count)) - 1;
  if (mem) Object.assign(w, mem.wish);
  const { text, samples, at } = yield* frame(w, mem, screen?.rows ?? 24, screen?.cols ?? 512);
  if (w.batch) {
    yield* out(`${mem ? '\n' : ''}${text}\n`);
    if (left === 0) return 0;
    yield* call('sleep', { us: w.delayUs });
  } else {
    yield* call('ttyMode', { fd: 0, raw: true, echo: false });
    yield* out(`\x1b[?25l\x1b[H\x1b[J${text.replace(/\n/g, '\r\n')}`);
    const key = left === 0 ? { ok: true as const, value: 'q' } : yield* call('read', { fd: 0, timeoutUs: w.delayUs });
    const leave = key.ok && (key.value === '' || (yield* pressed(w, key.value, samples)));
    if (leave) {
      yield* call('ttyMode', { fd: 0, raw: false, echo: true });
      yield* out(`\x1b[${screen?.rows ?? 24};1H\x1b[?25h\r\n`);
      return 0;
    }
  }
  const { sort, full, idle, cpus, user, delayUs, reverse, rowsMax } = w;
  yield* call('become', { mem: { samples, at, left, wish: { sort, full, idle, cpus, user, delayUs, reverse, rowsMax } } });
  return 0;
}

const HELP = `Help for Interactive Commands - procps-ng version 3.3.10

  l,t,m     Toggle Summary: 'l' load avg; 't' task/cpu stats; 'm' memory info
  1         Toggle SMP view: '1' single/separate states
  M,N,P,T   Sort by: 'M' memory; 'N' pid; 'P' cpu; 'T' time
  R         Toggle reverse sort
  c,i       Toggle: 'c' cmd name/line; 'i' idle tasks
  u         Filter by effective user
  n or #    Set maximum tasks displayed
  k         Manipulate tasks: 'k' kill
  d or s    Set update interval
  q         Quit

Type 'q' or <Esc> to continue `;

/** One after the other, the keys that came; true: quit. */
function* pressed(w: Wish, keys: string, samples: Record<string, number>): Sys<boolean> {
  for (const key of keys) {
    switch (key) {
      case 'q': case '\x03': return true;
      case 'M': w.sort = 'mem'; break;
      case 'P': w.sort = 'cpu'; break;
      case 'N': w.sort = 'pid'; break;
      case 'T': w.sort = 'time'; break;
      case 'R': w.reverse = !w.reverse; break;
      case 'c': w.full = !w.full; break;
      case 'i': w.idle = !w.idle; break;
      case '1': w.cpus = !w.cpus; break;
      case 'u': { const name = yield* question('Which user (blank for all) '); w.user = name === '' ? null : name ?? w.user; break; }
      case 'n': case '#': { const n = yield* question(`Maximum tasks = ${w.rowsMax}, change to (0 is unlimited) `); if (n && /^\d+$/.test(n)) w.rowsMax = Number(n); break; }
      case 'd': case 's': { const n = yield* question(`Change delay from ${(w.delayUs / 1_000_000).toFixed(1)} to `); if (n && /^[\d.]+$/.test(n)) w.delayUs = Math.max(100_000, Math.round(Number(n) * 1_000_000)); break; }
      case 'k': yield* killOne(samples); break;
      case 'h': case '?': yield* out(`\x1b[H\x1b[J${HELP.replace(/\n/g, '\r\n')}`); yield* call('read', { fd: 0 }); break;
      default:
    }
  }
  return false;
}

/** A line typed where the blank one under the summary is; null when it was given up. */
function* question(text: string): Sys<string | null> {
  let typed = '';
  for (;;) {
    yield* out(`\x1b[6;1H\x1b[K\x1b[1m${text}\x1b[0m${typed}\x1b[?25h`);
    const got = yield* call('read', { fd: 0 });
    if (!got.ok || got.value === '') return null;
    for (const c of got.value) {
      if (c === '\r' || c === '\n') return typed;
      if (c === '\x1b' || c === '\x03') return null;
      typed = c === '\x7f' || c === '\b' ? typed.slice(0, -1) : typed + c;
    }
  }
}

function* killOne(samples: Record<string, number>): Sys<void> {
  const first = Object.keys(samples)[0] ?? '1';
  const pid = yield* question(`PID to signal/kill [default pid = ${first}] `);
  if (pid === null) return;
  const target = Number(pid === '' ? first : pid);
  const name = yield* question(`Send pid ${target} signal [15/sigterm] `);
  if (name === null) return;
  const signal = parseSignal(name === '' ? 'TERM' : name);
  const done = signal ? yield* call('kill', { pid: target, signal }) : null;
  if (done?.ok) return;
  const why = !signal ? ' Invalid signal ' : ` Failed signal pid '${target}' with '${signalNumber(signal)}': ${strerror(done!.ok ? '' : done!.errno)} `;
  yield* out(`\x1b[6;1H\x1b[K\x1b[7m${why}\x1b[0m`);
  yield* call('sleep', { us: 2_000_000 });
}

export const top: Command = { name: 'top', main: run };
