/**
 * What the machine is and how it does: free, vmstat, lscpu, hostnamectl, timedatectl, localectl,
 * loginctl, systemd-detect-virt, systemd-cat. Formats of procps-ng 3.3.10, util-linux 2.23, systemd 219.
 */
import { err, out } from '../../../sim/proc/libc.ts';
import type { Start, Sys } from '../../../sim/proc/program.ts';
import { call, type Calls } from '../../../sim/proc/syscalls.ts';
import { stamp } from '../../../sim/services/systemd/words.ts';
import { parseWhen } from './journalctl/when.ts';
import type { Command } from '../../command.ts';
import { getopt, has, valueOf } from './getopt.ts';
import { sessions } from './sessions.ts';

type Info = Calls['sysinfo'][1];

// ---- free

const human = (kb: number): string => {
  let n = kb * 1024;
  for (const unit of ['B', 'K', 'M', 'G', 'T']) {
    if (n < 1024 || unit === 'T') return n >= 10 || unit === 'B' ? `${unit === 'B' ? n : Math.round(n)}${unit}` : `${n.toFixed(1)}${unit}`;
    n /= 1024;
  }
  return '';
};

export const free: Command = {
  name: 'free',
  *main({ argv }) {
    const got = getopt('free', argv.slice(1), { short: 'bkmghltc:s:Vw', long: { bytes: ['none', 'b'], kilo: ['none', 'k'], mega: ['none', 'm'], giga: ['none', 'g'], human: ['none', 'h'], total: ['none', 't'], wide: ['none', 'w'], seconds: ['required', 's'], count: ['required', 'c'], lohi: ['none', 'l'], si: 'none', version: ['none', 'V'] } });
    if (!got.ok) { yield* err(`${got.error}\n\nUsage:\n free [options]\n\nFor more details see free(1).\n`); return 1; }
    const { given } = got;
    if (has(given, 'V')) { yield* out('free from procps-ng 3.3.10\n'); return 0; }
    const thousand = has(given, 'si') ? 1000 : 1024;
    const unit = given.options.findLast(([name]) => 'bkmg'.includes(name))?.[0] ?? 'k';
    const scale = (kb: number): string => {
      if (has(given, 'h')) return human(kb);
      const bytes = kb * 1024;
      return String(Math.floor(unit === 'b' ? bytes : bytes / thousand ** ('bkmg'.indexOf(unit))));
    };
    const repeat = valueOf(given, 's');
    let count = valueOf(given, 'c') ? Number(valueOf(given, 'c')) : repeat ? Infinity : 1;
    for (;;) {
      const info = yield* call('sysinfo', {});
      if (!info.ok) return 1;
      yield* out(table(info.value, { wide: has(given, 'w'), total: has(given, 't'), zones: has(given, 'l') }, scale));
      if (--count <= 0) return 0;
      yield* out('\n');
      yield* call('sleep', { us: Math.round(Number(repeat ?? 1) * 1_000_000) });
    }
  },
};

function table({ memKb: m }: Info, { wide, total, zones }: { wide: boolean; total: boolean; zones: boolean }, scale: (kb: number) => string): string {
  const used = m.total - m.free - m.buffers - m.cached;
  const cell = (kb: number): string => ` ${scale(kb).padStart(11)}`;
  const heads = wide ? ['total', 'used', 'free', 'shared', 'buffers', 'cache', 'available'] : ['total', 'used', 'free', 'shared', 'buff/cache', 'available'];
  const cache = wide ? [m.buffers, m.cached] : [m.buffers + m.cached];
  let text = `       ${heads.map((h) => ` ${h.padStart(11)}`).join('')}\n`;
  text += `Mem:   ${[m.total, used, m.free, m.shared, ...cache, m.available].map(cell).join('')}\n`;
  // A 64-bit kernel has no high memory.
  if (zones) text += `Low:   ${[m.total, m.total - m.free, m.free].map(cell).join('')}\nHigh:  ${[0, 0, 0].map(cell).join('')}\n`;
  text += `Swap:  ${[0, 0, 0].map(cell).join('')}\n`;
  if (total) text += `Total: ${[m.total, used, m.free].map(cell).join('')}\n`;
  return text;
}

// ---- vmstat, lscpu

export const vmstat: Command = {
  name: 'vmstat',
  *main({ argv }) {
    const numbers = argv.slice(1).filter((a) => /^\d+$/.test(a)).map(Number);
    const bad = argv.slice(1).find((a) => a.startsWith('-') && !/^-[nwS]/.test(a));
    if (bad) { yield* err(`vmstat: invalid option -- '${bad.replace(/^-+/, '')[0]}'\n\nUsage:\n vmstat [options] [delay [count]]\n\nFor more details see vmstat(8).\n`); return 1; }
    yield* out('procs -----------memory---------- ---swap-- -----io---- -system-- ------cpu-----\n r  b   swpd   free   buff  cache   si   so    bi    bo   in   cs us sy id wa st\n');
    for (let left = numbers[1] ?? (numbers.length ? Infinity : 1); left > 0; left--) {
      const info = yield* call('sysinfo', {});
      const list = yield* call('processes', {});
      if (!info.ok || !list.ok) return 1;
      const m = info.value.memKb;
      const busy = Math.min(100, Math.round((100 * info.value.loads[2]) / info.value.cpus));
      const cell = (n: number, width: number): string => String(n).padStart(width);
      yield* out(`${cell(list.value.filter((p) => p.state === 'R').length, 2)} ${cell(list.value.filter((p) => p.state === 'D').length, 2)} ${cell(0, 6)} ${cell(m.free, 6)} ${cell(m.buffers, 6)} ${cell(m.cached, 6)}    0    0     0     0    0    0 ${cell(Math.round(busy * 0.7), 2)} ${cell(busy - Math.round(busy * 0.7), 2)} ${cell(100 - busy, 2)}  0  0\n`);
      if (left > 1) yield* call('sleep', { us: (numbers[0] ?? 1) * 1_000_000 });
    }
    return 0;
  },
};

const LSCPU_USAGE = `
Usage:
 lscpu [options]

Options:
 -a, --all               print both online and offline CPUs (default for -e)
 -b, --online            print online CPUs only (default for -p)
 -c, --offline           print offline CPUs only
 -e, --extended[=<list>] print out an extended readable format
 -p, --parse[=<list>]    print out a parsable format
 -s, --sysroot <dir>     use directory DIR as system root
 -x, --hex               print hexadecimal masks rather than lists of CPUs

 -h, --help     display this help and exit
 -V, --version  output version information and exit

For more details see lscpu(1).
`;

export const lscpu: Command = {
  name: 'lscpu',
  *main({ argv }) {
    const got = getopt('lscpu', argv.slice(1), { short: '' });
    if (!got.ok) { yield* err(`${got.error}\n${LSCPU_USAGE}`); return 1; }
    const info = yield* call('sysinfo', {});
    const text = yield* call('readFile', { path: '/proc/cpuinfo' });
    if (!info.ok) return 1;
    const get = (key: string): string => new RegExp(`^${key}\\s*: (.*)$`, 'm').exec(text.ok ? text.value : '')?.[1] ?? '';
    const n = info.value.cpus;
    const rows: [string, string][] = [
      ['Architecture', info.value.machine], ['CPU op-mode(s)', '32-bit, 64-bit'], ['Byte Order', 'Little Endian'], ['CPU(s)', String(n)], ['On-line CPU(s) list', `0-${n - 1}`], ['Thread(s) per core', '1'], ['Core(s) per socket', String(n)],
      ['Socket(s)', '1'], ['NUMA node(s)', '1'], ['Vendor ID', get('vendor_id')], ['CPU family', get('cpu family')], ['Model', get('model')], ['Model name', get('model name')], ['Stepping', get('stepping')], ['CPU MHz', get('cpu MHz')], ['BogoMIPS', get('bogomips')],
      ['Hypervisor vendor', 'KVM'], ['Virtualization type', 'full'], ['NUMA node0 CPU(s)', `0-${n - 1}`], ['Flags', get('flags')],
    ];
    yield* out(rows.map(([k, v]) => `${`${k}:`.padEnd(22)} ${v}\n`).join(''));
    return 0;
  },
};

// ---- systemd's *ctl

function* osField(name: string): Sys<string> {
  const text = yield* call('readFile', { path: '/etc/os-release' });
  return new RegExp(`^${name}="?([^"\\n]*)"?`, 'm').exec(text.ok ? text.value : '')?.[1] ?? '';
}

const DENIED = (what: string): string => `Failed to set ${what}: Interactive authentication required.\n`;

export const hostnamectl: Command = {
  name: 'hostnamectl',
  *main({ argv, uid }) {
    const got = getopt('hostnamectl', argv.slice(1), { short: '', long: { static: 'none', transient: 'none', pretty: 'none', 'no-ask-password': 'none' } });
    if (!got.ok) { yield* err(`${got.error}\n`); return 1; }
    const words = got.given.operands;
    const info = yield* call('sysinfo', {});
    if (!info.ok) return 1;
    const fixed = yield* call('readFile', { path: '/etc/hostname' });
    const name = fixed.ok ? fixed.value.trim() : info.value.hostname;
    const verb = words[0] ?? 'status';
    if (verb === 'set-hostname' || verb === 'hostname' && words[1]) {
      if (words[1] === undefined) { yield* err('Too few arguments.\n'); return 1; }
      if (uid !== 0) { yield* err(DENIED('property')); return 1; }
      yield* call('writeFile', { path: '/etc/hostname', text: `${words[1]}\n` });
      yield* call('sethostname', { name: words[1] });
      return 0;
    }
    if (verb !== 'status' && verb !== 'hostname') { yield* err(`Unknown operation ${verb}\n`); return 1; }
    if (has(got.given, 'static') || verb === 'hostname') { yield* out(`${name}\n`); return 0; }
    if (has(got.given, 'transient')) { yield* out(`${info.value.hostname}\n`); return 0; }
    if (has(got.given, 'pretty')) { yield* out('\n'); return 0; }
    const machine = yield* call('readFile', { path: '/etc/machine-id' });
    const boot = yield* call('readFile', { path: '/proc/sys/kernel/random/boot_id' });
    const rows: [string, string][] = [
      ['Static hostname', name], ...(info.value.hostname === name ? [] : [['Transient hostname', info.value.hostname] as [string, string]]), ['Icon name', 'computer-vm'], ['Chassis', 'vm'], ['Machine ID', machine.ok ? machine.value.trim() : ''], ['Boot ID', boot.ok ? boot.value.trim().replace(/-/g, '') : ''],
      ['Virtualization', 'kvm'], ['Operating System', yield* osField('PRETTY_NAME')], ['CPE OS Name', yield* osField('CPE_NAME')], ['Kernel', `Linux ${info.value.kernel}`], ['Architecture', 'x86-64'],
    ];
    yield* out(rows.filter(([, v]) => v !== '').map(([k, v]) => `${k.padStart(18)}: ${v}\n`).join(''));
    return 0;
  },
};

export const timedatectl: Command = {
  name: 'timedatectl',
  *main({ argv, uid }) {
    const got = getopt('timedatectl', argv.slice(1), { short: 'p:', long: { property: ['required', 'p'], 'no-pager': 'none', 'no-ask-password': 'none' } });
    if (!got.ok) { yield* err(`${got.error}\n`); return 1; }
    const words = got.given.operands;
    const wanted = valueOf(got.given, 'p');
    const now = yield* call('now', {});
    const list = yield* call('processes', {});
    const real = now.ok ? now.value.real : 0;
    const chrony = list.ok && list.value.some((p) => p.comm === 'chronyd' || p.comm === 'ntpd');
    switch (words[0] ?? 'status') {
      case 'status': {
        const tracking = yield* call('readFile', { path: '/run/chrony/state' });
        const synced = chrony && tracking.ok && /"synced":true/.test(tracking.value);
        const rows: [string, string][] = [['Local time', stamp(real)], ['Universal time', stamp(real)], ['RTC time', stamp(real).replace(/ UTC$/, '')], ['Time zone', 'UTC (UTC, +0000)'], ['NTP enabled', chrony ? 'yes' : 'no'], ['NTP synchronized', synced ? 'yes' : 'no'], ['RTC in local TZ', 'no'], ['DST active', 'n/a']];
        yield* out(rows.map(([k, v]) => `${k.padStart(16)}: ${v}\n`).join(''));
        return 0;
      }
      case 'show': yield* out(`Timezone=UTC\nLocalRTC=no\nCanNTP=yes\nNTP=${chrony ? 'yes' : 'no'}\n`.split('\n').filter((l) => l && (wanted === undefined || l.startsWith(`${wanted}=`))).map((l) => `${l}\n`).join('')); return 0;
      case 'set-time': {
        if (uid !== 0) { yield* err('Failed to set time: Interactive authentication required.\n'); return 1; }
        if (chrony) { yield* err('Failed to set time: Automatic time synchronization is enabled\n'); return 1; }
        const at = parseWhen(words.slice(1).join(' '), real);
        if (at === null) { yield* err(`Failed to parse time specification '${words.slice(1).join(' ')}': Invalid argument\n`); return 1; }
        yield* call('settime', { real: at });
        return 0;
      }
      case 'set-ntp': {
        const on = /^(1|yes|true|on)$/i.test(words[1] ?? '');
        if (uid !== 0) { yield* err('Failed to set ntp: Interactive authentication required.\n'); return 1; }
        const child = yield* call('spawn', { path: '/usr/bin/systemctl', argv: ['systemctl', on ? 'start' : 'stop', 'chronyd'] });
        const done = child.ok ? yield* call('wait', { pid: child.value }) : null;
        return done?.ok ? done.value.status : 1;
      }
      case 'list-timezones': yield* out('UTC\n'); return 0;
      case 'set-timezone': if (words[1] === 'UTC') return 0; yield* err('Failed to set time zone: Invalid time zone \'' + (words[1] ?? '') + '\'\n'); return 1;
      default: yield* err(`Unknown operation ${words[0]}\n`); return 1;
    }
  },
};

export const localectl: Command = {
  name: 'localectl',
  *main({ argv }) {
    if (argv[1] !== undefined && argv[1] !== 'status') { yield* err(`Unknown operation ${argv[1]}\n`); return 1; }
    yield* out('   System Locale: LANG=en_US.UTF-8\n       VC Keymap: us\n      X11 Layout: us\n');
    return 0;
  },
};

export const loginctl: Command = {
  name: 'loginctl',
  *main({ argv }) {
    const got = getopt('loginctl', argv.slice(1), { short: 'l', long: { 'no-legend': 'none', 'no-pager': 'none', full: ['none', 'l'], 'no-ask-password': 'none' } });
    if (!got.ok) { yield* err(`${got.error}\n`); return 1; }
    const verb = got.given.operands[0] ?? 'list-sessions';
    const legend = (head: string, foot: string, rows: readonly string[]): string => (has(got.given, 'no-legend') ? rows.join('') : `${head}\n${rows.join('')}\n${foot}\n`);
    const all = yield* sessions();
    if (verb === 'list-sessions') {
      const rows = all.map((s, i) => `${String(i + 1).padStart(10)} ${String(s.uid).padStart(10)} ${s.user.padEnd(16)} ${''.padEnd(16)} ${s.tty}\n`);
      yield* out(legend(`${'SESSION'.padStart(10)} ${'UID'.padStart(10)} ${'USER'.padEnd(16)} ${'SEAT'.padEnd(16)} TTY`, `${all.length} sessions listed.`, rows));
      return 0;
    }
    if (verb === 'list-users') {
      const names = [...new Map(all.map((s) => [s.uid, s.user]))];
      const rows = names.map(([uid, user]) => `${String(uid).padStart(10)} ${user}\n`);
      yield* out(legend(`${'UID'.padStart(10)} USER            `, `${names.length} users listed.`, rows));
      return 0;
    }
    yield* err(`Unknown operation ${verb}\n`);
    return 1;
  },
};

export const detectVirt: Command = {
  name: 'systemd-detect-virt',
  *main({ argv }) {
    const got = getopt('systemd-detect-virt', argv.slice(1), { short: 'cvq', long: { container: ['none', 'c'], vm: ['none', 'v'], quiet: ['none', 'q'] } });
    if (!got.ok) { yield* err(`${got.error}\n`); return 1; }
    if (got.given.operands.length) { yield* err('systemd-detect-virt takes no arguments.\n'); return 1; }
    const list = yield* call('processes', {});
    const root = list.ok ? list.value.find((p) => p.pid === 1)?.root : 'host';
    const container = root === 'host' ? 'none' : 'container-other';
    // The last of -c and -v counts; a container is told before the machine that it runs on.
    const asked = got.given.options.findLast(([name]) => name === 'c' || name === 'v')?.[0];
    const found = asked === 'c' ? container : asked === 'v' || container === 'none' ? 'kvm' : container;
    if (!has(got.given, 'q')) yield* out(`${found}\n`);
    return found === 'none' ? 1 : 0;
  },
};

export const systemdCat: Command = {
  name: 'systemd-cat',
  *main(start: Start) {
    const got = getopt('systemd-cat', start.argv.slice(1), { short: '+hp:t:', long: { identifier: ['required', 't'], priority: ['required', 'p'] } });
    if (!got.ok) { yield* err(`${got.error}\n`); return 1; }
    const ident = valueOf(got.given, 't') ?? got.given.operands[0] ?? 'cat';
    const pipe = yield* call('pipe', {});
    if (!pipe.ok) return 1;
    let text = '';
    let status = 0;
    if (got.given.operands.length) {
      const child = yield* call('spawn', { path: got.given.operands[0]!.includes('/') ? got.given.operands[0]! : `/usr/bin/${got.given.operands[0]}`, argv: got.given.operands, fds: { 0: 0, 1: pipe.value.write, 2: pipe.value.write } });
      yield* call('close', { fd: pipe.value.write });
      if (!child.ok) { yield* err(`Failed to execute process: No such file or directory\n`); return 1; }
      for (;;) { const part = yield* call('read', { fd: pipe.value.read }); if (!part.ok || part.value === '') break; text += part.value; }
      const done = yield* call('wait', { pid: child.value });
      status = done.ok ? done.value.status : 1;
    } else for (;;) { const part = yield* call('read', { fd: 0 }); if (!part.ok || part.value === '') break; text += part.value; }
    for (const message of text.split('\n').filter(Boolean)) yield* call('journalWrite', { ident, message });
    return status;
  },
};

