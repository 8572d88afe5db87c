/** dmesg of util-linux 2.23: what the kernel has said. */
import { err, out } from '../../../sim/proc/libc.ts';
import type { Sys } from '../../../sim/proc/program.ts';
import { call } from '../../../sim/proc/syscalls.ts';
import { civil } from '../../../sim/services/systemd/words.ts';
import type { Command } from '../../command.ts';
import { ctime, MONTHS, two } from './ctime.ts';
import { getopt, has, valueOf } from './getopt.ts';

const LEVELS = ['emerg', 'alert', 'crit', 'err', 'warn', 'notice', 'info', 'debug'];
const LEVEL = 'info';
const FACILITY = 'kern';

/** `Apr29 18:44`, as dmesg -e begins a minute. */
function minuteOf(us: number): string {
  const c = civil(us);
  return `${MONTHS[c.month - 1]}${two(c.day)} ${two(c.hour)}:${two(c.minute)}`;
}

export const dmesg: Command = {
  name: 'dmesg',
  *main(start) {
    const got = getopt('dmesg', start.argv.slice(1), { short: 'cCdef:kl:rTtuwx', long: { ctime: ['none', 'T'], clear: ['none', 'C'], 'read-clear': ['none', 'c'], follow: ['none', 'w'], userspace: ['none', 'u'], notime: ['none', 't'], reltime: ['none', 'e'], raw: ['none', 'r'], kernel: ['none', 'k'], level: ['required', 'l'], facility: ['required', 'f'], 'show-delta': ['none', 'd'], decode: ['none', 'x'] } });
    if (!got.ok) { yield* err(`${got.error}\n\nTry 'dmesg --help' for more information.\n`); return 1; }
    const { given } = got;
    if (has(given, 'C') || has(given, 'c')) {
      if (start.uid !== 0) { yield* err('dmesg: klogctl failed: Operation not permitted\n'); return 1; }
    }
    const mem = start.mem;
    const from = mem !== null && typeof mem === 'object' && 'seen' in mem ? Number(mem['seen']) : 0;
    const lines = yield* call('dmesg', {});
    const info = yield* call('sysinfo', {});
    if (!lines.ok || !info.ok) return 1;
    const cleared = yield* clearedAt();
    const levels = (valueOf(given, 'l') ?? LEVEL).split(',');
    const odd = levels.find((level) => !LEVELS.includes(level));
    if (odd !== undefined) { yield* err(`dmesg: unknown level '${odd}'\n`); return 1; }
    const facilities = (valueOf(given, 'f') ?? (has(given, 'u') ? '' : FACILITY)).split(',');
    // What our kernel says is information, all of it, and nobody else writes there.
    let before: number | null = null;
    const text = (levels.includes(LEVEL) && facilities.includes(FACILITY) ? lines.value.slice(Math.max(from, cleared)) : []).map(({ at, message }) => {
      const since = before === null ? 0 : at - before;
      const real = info.value.bootAt + at;
      const sameMinute = before !== null && Math.floor((real - since) / 60_000_000) === Math.floor(real / 60_000_000);
      before = at;
      const stamp = `${String(Math.floor(at / 1_000_000)).padStart(5)}.${String(at % 1_000_000).padStart(6, '0')}`;
      if (has(given, 't')) return `${message}\n`;
      if (has(given, 'T')) return `[${ctime(info.value.bootAt + at)}] ${message}\n`;
      if (has(given, 'e')) return `[${sameMinute ? `+${(since / 1_000_000).toFixed(6)}`.padStart(11) : minuteOf(real)}] ${message}\n`;
      if (has(given, 'd')) return `[${stamp} <${(since / 1_000_000).toFixed(6).padStart(12)}>] ${message}\n`;
      if (has(given, 'r')) return `<6>[${stamp}] ${message}\n`;
      return `${has(given, 'x') ? 'kern  :info  : ' : ''}[${stamp}] ${message}\n`;
    }).join('');
    if (!has(given, 'C')) yield* out(text);
    if (has(given, 'C') || has(given, 'c')) yield* call('writeFile', { path: '/run/dmesg.cleared', text: String(lines.value.length) });
    if (!has(given, 'w')) return 0;
    yield* call('sleep', { us: 1_000_000 });
    yield* call('become', { mem: { seen: lines.value.length } });
    return 0;
  },
};

/** How many lines dmesg -c has put aside. */
function* clearedAt(): Sys<number> {
  const text = yield* call('readFile', { path: '/run/dmesg.cleared' });
  return text.ok ? Number(text.value) : 0;
}
