/**
 * Who is here and since when: uptime, w, who, users, last. A session is a login shell on a terminal; boots are
 * in /var/log/wtmp, where init notes them. procps-ng 3.3.10, coreutils 8.22, util-linux 2.23.
 */
import { err, out } from '../../../sim/proc/libc.ts';
import type { Sys } from '../../../sim/proc/program.ts';
import { call, type ProcessInfo } from '../../../sim/proc/syscalls.ts';
import { civil } from '../../../sim/services/systemd/words.ts';
import type { Command } from '../../command.ts';
import { getopt, has } from './getopt.ts';
import { commandOf } from './ps.ts';
import { readUsers } from './users.ts';

const two = (n: number): string => String(n).padStart(2, '0');
/** From where a person logs in: the network's gateway, where the terminal of the page stands. */
const FROM = '192.168.121.1';

export interface Session { user: string; uid: number; tty: string; pid: number; since: number; cpuUs: number; leader: ProcessInfo }

/** Login shells that lead a session, oldest terminal first. */
export function* sessions(): Sys<Session[]> {
  const list = yield* call('processes', {});
  const root = list.ok ? list.value.find((p) => p.pid === 1)?.root : undefined;
  const users = new Map((yield* readUsers()).map((u) => [u.uid, u.name]));
  return (list.ok ? list.value : []).filter((p) => p.tty !== null && p.sid === p.pid && p.root === root && p.argv[0]?.startsWith('-'))
    .map((p) => ({ user: users.get(p.uid) ?? String(p.uid), uid: p.uid, tty: p.tty!, pid: p.pid, since: p.startedAt, cpuUs: p.cpuUs, leader: p }));
}

// ---- uptime, w

/** `up 1 day,  2:03`. */
function upWords(us: number): string {
  const minutes = Math.floor(us / 60_000_000);
  const days = Math.floor(minutes / 1440);
  const hours = Math.floor(minutes / 60) % 24;
  const head = days ? `up ${days} ${days === 1 ? 'day' : 'days'}, ` : 'up ';
  return hours ? `${head}${String(hours).padStart(2)}:${two(minutes % 60)}` : `${head}${minutes % 60} min`;
}

export function* uptimeLine(): Sys<string> {
  const info = yield* call('sysinfo', {});
  const now = yield* call('now', {});
  if (!info.ok || !now.ok) return '';
  const c = civil(now.value.real);
  const users = (yield* sessions()).length;
  const loads = info.value.loads.map((l) => l.toFixed(2)).join(', ');
  return ` ${two(c.hour)}:${two(c.minute)}:${two(c.second)} ${upWords(info.value.uptimeUs)},  ${users} ${users === 1 ? 'user' : 'users'},  load average: ${loads}\n`;
}

/** `uptime -p`. */
function pretty(us: number): string {
  const m = Math.floor(us / 60_000_000);
  const parts: [number, string][] = [[Math.floor(m / 10_080), 'week'], [Math.floor(m / 1440) % 7, 'day'], [Math.floor(m / 60) % 24, 'hour'], [m % 60, 'minute']];
  return parts.filter(([n]) => n > 0).map(([n, word]) => `${n} ${word}${n === 1 ? '' : 's'}`).join(', ') || '0 minutes';
}

const UPTIME_USAGE = `
Usage:
 uptime [options]

Options:
 -p, --pretty   show uptime in pretty format
 -h, --help     display this help and exit
 -s, --since    system up since
 -V, --version  output version information and exit

For more details see uptime(1).
`;

export const uptime: Command = {
  name: 'uptime',
  *main({ argv }) {
    const got = getopt('uptime', argv.slice(1), { short: 'phsV', long: { pretty: ['none', 'p'], help: ['none', 'h'], since: ['none', 's'], version: ['none', 'V'] } });
    if (!got.ok) { yield* err(`${got.error}\n${UPTIME_USAGE}`); return 1; }
    const { given } = got;
    const info = yield* call('sysinfo', {});
    const now = yield* call('now', {});
    if (!info.ok || !now.ok) return 1;
    if (given.operands.length) { yield* err(UPTIME_USAGE); return 1; }
    if (has(given, 'h')) yield* out(UPTIME_USAGE);
    else if (has(given, 'V')) yield* out('uptime from procps-ng 3.3.10\n');
    else if (has(given, 'p')) yield* out(`up ${pretty(info.value.uptimeUs)}\n`);
    else if (has(given, 's')) {
      const c = civil(now.value.real - info.value.uptimeUs);
      yield* out(`${c.year}-${two(c.month)}-${two(c.day)} ${two(c.hour)}:${two(c.minute)}:${two(c.second)}\n`);
    } else yield* out(yield* uptimeLine());
    return 0;
  },
};

export const w: Command = {
  name: 'w',
  *main({ argv }) {
    const got = getopt('w', argv.slice(1), { short: 'husfoVi', long: { 'no-header': ['none', 'h'], 'no-current': ['none', 'u'], short: ['none', 's'], from: ['none', 'f'], 'old-style': ['none', 'o'], 'ip-addr': ['none', 'i'], version: ['none', 'V'] } });
    if (!got.ok) { yield* err(`${got.error}\n\nUsage:\n w [options]\n\nFor more details see w(1).\n`); return 1; }
    const { given } = got;
    if (has(given, 'V')) { yield* out('w from procps-ng 3.3.10\n'); return 0; }
    const short = has(given, 's');
    const from = !has(given, 'f');
    const only = given.operands[0];
    const list = yield* call('processes', {});
    const head = `USER     TTY      ${from ? 'FROM             ' : ''}${short ? ' IDLE WHAT' : ' LOGIN@   IDLE   JCPU   PCPU WHAT'}\n`;
    let text = has(given, 'h') ? '' : `${yield* uptimeLine()}${head}`;
    for (const s of yield* sessions()) {
      if (only && only !== s.user) continue;
      const c = civil(s.since);
      const front = list.ok ? list.value.findLast((p) => p.tty === s.tty && p.foreground) : undefined;
      const jcpu = (list.ok ? list.value : []).filter((p) => p.tty === s.tty).reduce((n, p) => n + p.cpuUs, 0);
      const seconds = (us: number): string => `${(us / 1_000_000).toFixed(2)}s`.padStart(6);
      const where = from ? `${FROM.padEnd(16)} ` : '';
      const times = short ? '' : `${two(c.hour)}:${two(c.minute)}  `;
      const cpu = short ? '' : `${seconds(jcpu)} ${seconds(front?.cpuUs ?? 0)} `;
      text += `${s.user.slice(0, 8).padEnd(8)} ${s.tty.padEnd(8)} ${where}${times}${'0.00s'.padStart(short ? 5 : 7)} ${cpu}${front ? commandOf(front) : '-'}\n`;
    }
    yield* out(text);
    return 0;
  },
};

// ---- who, users

const stampOf = (us: number): string => { const c = civil(us); return `${c.year}-${two(c.month)}-${two(c.day)} ${two(c.hour)}:${two(c.minute)}`; };
const whoRow = (user: string, line: string, at: number, more: string): string => `${user.padEnd(8)} ${line.padEnd(12)} ${stampOf(at)}${more}\n`;

export const who: Command = {
  name: 'who',
  *main({ argv }) {
    const got = getopt('who', argv.slice(1), {
      short: 'abdlmpqrstTuwH',
      long: { all: ['none', 'a'], boot: ['none', 'b'], dead: ['none', 'd'], heading: ['none', 'H'], login: ['none', 'l'], process: ['none', 'p'], count: ['none', 'q'], runlevel: ['none', 'r'], short: ['none', 's'], time: ['none', 't'], users: ['none', 'u'], message: ['none', 'T'], mesg: ['none', 'T'], writable: ['none', 'T'], version: 'none' },
    });
    if (!got.ok) { yield* err(`${got.error}\nTry 'who --help' for more information.\n`); return 1; }
    const { given } = got;
    if (has(given, 'version')) { yield* out('who (GNU coreutils) 8.22\n'); return 0; }
    if (given.operands.length > 2) { yield* err(`who: extra operand ‘${given.operands[2]}’\nTry 'who --help' for more information.\n`); return 1; }
    let all = yield* sessions();
    if (has(given, 'q')) { yield* out(`${all.map((s) => s.user).join(' ')}\n# users=${all.length}\n`); return 0; }
    const every = has(given, 'a');
    const info = yield* call('sysinfo', {});
    const now = yield* call('now', {});
    const boot = now.ok && info.ok ? now.value.real - info.value.uptimeUs : 0;
    let text = has(given, 'H') ? `NAME     LINE         TIME            ${has(given, 'u') || every ? ' IDLE          PID' : ''} COMMENT\n` : '';
    const special = has(given, 'b', 'r', 'd', 'l', 'p', 't') && !has(given, 'u', 's');
    if (every || has(given, 'b')) text += whoRow('', 'system boot', boot, '');
    if (every || has(given, 'r')) text += whoRow('', 'run-level 3', boot, '');
    if (given.operands.length === 2 || has(given, 'm')) {
      const mine = yield* call('tty', { fd: 0 });
      all = mine.ok ? all.filter((s) => `/dev/${s.tty}` === mine.value.name) : [];
    }
    if (!special || every) {
      for (const s of all) {
        const detail = has(given, 'u') || every ? `   .   ${String(s.pid).padStart(10)}` : '';
        const name = has(given, 'T', 'w') || every ? `${s.user.padEnd(8)} +` : s.user;
        text += whoRow(name, s.tty, s.since, `${detail} (${FROM})`);
      }
    }
    yield* out(text);
    return 0;
  },
};

export const users: Command = {
  name: 'users',
  *main({ argv }) {
    const got = getopt('users', argv.slice(1), { short: '' });
    if (!got.ok) { yield* err(`${got.error}\nTry 'users --help' for more information.\n`); return 1; }
    const names = (yield* sessions()).map((s) => s.user).sort();
    if (names.length) yield* out(`${names.join(' ')}\n`);
    return 0;
  },
};

// ---- last

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const clock = (us: number): string => { const c = civil(us); return `${two(c.hour)}:${two(c.minute)}`; };
const day = (us: number): string => { const c = civil(us); return `${DAYS[c.weekday]} ${MONTHS[c.month - 1]} ${String(c.day).padStart(2)} ${clock(us)}`; };

/** `(02:37)`, `(1+02:37)`. */
function lasting(us: number): string {
  const minutes = Math.floor(us / 60_000_000);
  const days = Math.floor(minutes / 1440);
  return `(${days ? `${days}+` : ''}${two(Math.floor(minutes / 60) % 24)}:${two(minutes % 60)})`;
}

interface Boot { kernel: string; from: number; to: number }

/** Boots that init noted, newest first; the last goes on now. */
function* boots(now: number): Sys<Boot[]> {
  const text = yield* call('readFile', { path: '/var/log/wtmp' });
  const list: Boot[] = [];
  for (const line of (text.ok ? text.value : '').split('\n')) {
    const [kind, at, kernel] = line.split(' ');
    const open = list[0];
    if (open && open.to === now && (kind === 'boot' || kind === 'shutdown')) open.to = Number(at);
    if (kind === 'boot') list.unshift({ kernel: kernel ?? '', from: Number(at), to: now });
  }
  return list;
}

export const last: Command = {
  name: 'last',
  *main({ argv }) {
    const args = argv.slice(1);
    const count = args.map((a) => /^-(?:n)?(\d+)$/.exec(a)?.[1]).find(Boolean) ?? (args.includes('-n') ? args[args.indexOf('-n') + 1] : undefined);
    const bad = args.find((a) => /^-/.test(a) && !/^-(n?\d*|[adFiRwx]+)$/.test(a));
    if (bad) { yield* err(`last: invalid option -- '${bad[1]}'\n\nUsage:\n last [options] [<username>...] [<tty>...]\n\nFor more details see last(1).\n`); return 1; }
    const now = yield* call('now', {});
    if (!now.ok) return 1;
    const known = yield* boots(now.value.real);
    const wanted = args.filter((a, i) => !a.startsWith('-') && args[i - 1] !== '-n');
    const fits = (...names: string[]): boolean => !wanted.length || names.some((name) => wanted.includes(name));
    const rows = (yield* sessions()).sort((a, b) => b.since - a.since).filter((s) => fits(s.user, s.tty))
      .map((s) => `${s.user.slice(0, 8).padEnd(8)} ${s.tty.padEnd(12)} ${FROM.padEnd(16)} ${day(s.since)}   still logged in   \n`);
    for (const b of fits('reboot', '~') ? known : []) rows.push(`${'reboot'.padEnd(8)} ${'system boot'.padEnd(12)} ${b.kernel.slice(0, 16).padEnd(16)} ${day(b.from)} - ${clock(b.to)}  ${lasting(b.to - b.from)}    \n`);
    const first = known.at(-1)?.from ?? now.value.real;
    const c = civil(first);
    yield* out(`${rows.slice(0, count ? Number(count) : Infinity).join('')}\nwtmp begins ${day(first)}:${two(c.second)} ${c.year}\n`);
    return 0;
  },
};
