/**
 * Small tools of the base system: logger, getent, locale, hostname, getenforce and its kin, dmesg, setsid, chroot,
 * setpriv, nsenter, unshare, rpm. Each imitates CentOS 7's (util-linux 2.23, glibc 2.17).
 */
import { err, out, readAll, strerror } from '../../../sim/proc/libc.ts';
import type { Start, Sys } from '../../../sim/proc/program.ts';
import { call } from '../../../sim/proc/syscalls.ts';
import { resolve } from '../../../sim/proc/resolver.ts';
import { civil } from '../../../sim/services/systemd/words.ts';
import type { Command } from '../../command.ts';
import { getopt, has, valueOf, valuesOf } from './getopt.ts';
import { findProgram } from './path.ts';
import { readGroups, readUsers, groupsOf } from './users.ts';
import { priorityOf } from './journalctl/format.ts';

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const two = (n: number): string => String(n).padStart(2, '0');
/** `Wed May  8 21:37:37 2019`. */
export function ctime(us: number): string {
  const c = civil(us);
  return `${DAYS[c.weekday]} ${MONTHS[c.month - 1]} ${String(c.day).padStart(2)} ${two(c.hour)}:${two(c.minute)}:${two(c.second)} ${c.year}`;
}

export const logger: Command = {
  name: 'logger',
  *main({ argv, env }) {
    const got = getopt('logger', argv.slice(1), { short: '+if:p:t:su:n:Td', long: { id: ['none', 'i'], file: ['required', 'f'], priority: ['required', 'p'], tag: ['required', 't'], stderr: ['none', 's'] } });
    if (!got.ok) { yield* err(`${got.error}\n`); return 1; }
    const { given } = got;
    const level = (valueOf(given, 'p') ?? 'user.notice').split('.').pop()!;
    const priority = priorityOf(level);
    if (priority === null) { yield* err(`logger: unknown priority name: ${valueOf(given, 'p')}\n`); return 1; }
    let lines: string[];
    const file = valueOf(given, 'f');
    if (given.operands.length) lines = [given.operands.join(' ')];
    else {
      const text = file ? yield* call('readFile', { path: file }) : yield* readAll(0);
      if (!text.ok) { yield* err(`logger: file ${file}: ${strerror(text.errno)}\n`); return 1; }
      lines = text.value.replace(/\n$/, '').split('\n').filter((line) => line !== '');
    }
    const ident = valueOf(given, 't') ?? env['USER'] ?? 'root';
    for (const message of lines) {
      yield* call('journalWrite', { ident, message, priority });
      if (has(given, 's')) yield* err(`${ident}: ${message}\n`);
    }
    return 0;
  },
};

export const hostname: Command = {
  name: 'hostname',
  *main({ argv }) {
    const got = getopt('hostname', argv.slice(1), { short: 'adfFiIsy', long: { short: ['none', 's'], fqdn: ['none', 'f'], long: ['none', 'f'], domain: ['none', 'd'], 'ip-address': ['none', 'i'], 'all-ip-addresses': ['none', 'I'], alias: ['none', 'a'] } });
    if (!got.ok) { yield* err(`${got.error}\n`); return 4; }
    const info = yield* call('sysinfo', {});
    const name = info.ok ? info.value.hostname : 'localhost';
    const { given } = got;
    if (given.operands[0] !== undefined) {
      const done = yield* call('sethostname', { name: given.operands[0] });
      if (!done.ok) { yield* err('hostname: you must be root to change the host name\n'); return 1; }
      return 0;
    }
    if (has(given, 'I')) {
      const links = yield* call('netRead', { what: { kind: 'links' } });
      const all = links.ok ? (links.value as unknown as readonly { kind: string; up: boolean; addrs: readonly { ip: string }[] }[]) : [];
      yield* out(`${all.filter((l) => l.kind !== 'loopback' && l.up).flatMap((l) => l.addrs.map((a) => `${a.ip} `)).join('')}\n`);
      return 0;
    }
    if (has(given, 'i')) {
      const found = yield* resolve(name);
      if (!found.ok) { yield* err('hostname: Name or service not known\n'); return 1; }
      yield* out(`${found.addresses.join(' ')}\n`);
      return 0;
    }
    yield* out(`${has(given, 's') ? name.split('.')[0] : has(given, 'd') ? name.split('.').slice(1).join('.') : name}\n`);
    return 0;
  },
};

export const getent: Command = {
  name: 'getent',
  *main({ argv }) {
    const [database, ...keys] = argv.slice(1).filter((arg) => !arg.startsWith('-'));
    const files: Readonly<Record<string, string>> = { passwd: '/etc/passwd', group: '/etc/group', services: '/etc/services', protocols: '/etc/protocols', shadow: '/etc/shadow', networks: '/etc/networks', gshadow: '/etc/gshadow' };
    if (!database) { yield* err('getent: wrong number of arguments\nTry `getent --help\' or `getent --usage\' for more information.\n'); return 1; }
    if (database === 'hosts' || database.startsWith('ahosts')) return yield* hosts(database, keys);
    const path = files[database];
    if (!path) { yield* err(`Unknown database: ${database}\nTry \`getent --help' or \`getent --usage' for more information.\n`); return 1; }
    const text = yield* call('readFile', { path });
    const lines = (text.ok ? text.value : '').split('\n').filter(Boolean);
    if (!keys.length) { yield* out(lines.map((line) => `${line}\n`).join('')); return 0; }
    let status = 0;
    for (const key of keys) {
      const line = lines.find((row) => { const cells = row.split(/[:\s]+/); return cells[0] === key || (database === 'passwd' || database === 'group' ? cells[2] === key : cells[1]?.split('/')[0] === key); });
      if (line) yield* out(`${line}\n`); else status = 2;
    }
    return status;
  },
};

function* hosts(database: string, names: readonly string[]): Sys<number> {
  if (!names.length) {
    const text = yield* call('readFile', { path: '/etc/hosts' });
    for (const line of (text.ok ? text.value : '').split('\n')) { const [ip, ...rest] = line.replace(/#.*/, '').trim().split(/\s+/); if (ip && rest.length) yield* out(`${ip.padEnd(15)} ${rest.join(' ')}\n`); }
    return 0;
  }
  let status = 0;
  for (const name of names) {
    const found = yield* resolve(name);
    if (!found.ok) { status = 2; continue; }
    for (const ip of found.addresses) {
      if (database === 'hosts') yield* out(`${ip.padEnd(15)} ${name}\n`);
      else yield* out(['STREAM', 'DGRAM', 'RAW'].map((kind, i) => `${ip.padEnd(15)} ${kind}${i ? '' : ` ${name}`}\n`).join(''));
    }
  }
  return status;
}

export const locale: Command = {
  name: 'locale',
  *main({ argv, env }) {
    const got = getopt('locale', argv.slice(1), { short: 'a', long: { 'all-locales': ['none', 'a'] } });
    if (!got.ok) { yield* err(`${got.error}\nTry \`locale --help' or \`locale --usage' for more information.\n`); return 64; }
    if (has(got.given, 'a')) { yield* out('C\nPOSIX\nen_US.utf8\n'); return 0; }
    for (const name of got.given.operands) {
      if (name !== 'charmap') { yield* err(`locale: unknown name "${name}"\n`); return 1; }
      yield* out(/UTF-?8$/i.test(env['LC_ALL'] ?? env['LC_CTYPE'] ?? env['LANG'] ?? '') ? 'UTF-8\n' : 'ANSI_X3.4-1968\n');
    }
    if (got.given.operands.length) return 0;
    const lang = env['LANG'] ?? '';
    const names = ['CTYPE', 'NUMERIC', 'TIME', 'COLLATE', 'MONETARY', 'MESSAGES', 'PAPER', 'NAME', 'ADDRESS', 'TELEPHONE', 'MEASUREMENT', 'IDENTIFICATION'];
    yield* out(`LANG=${lang}\n${names.map((n) => `LC_${n}="${env[`LC_${n}`] ?? (lang || 'POSIX')}"\n`).join('')}LC_ALL=${env['LC_ALL'] ?? ''}\n`);
    return 0;
  },
};

// ---- SELinux

function* mode(): Sys<'Enforcing' | 'Permissive' | 'Disabled'> {
  const text = yield* call('readFile', { path: '/sys/fs/selinux/enforce' });
  return !text.ok ? 'Disabled' : text.value.trim() === '1' ? 'Enforcing' : 'Permissive';
}

export const getenforce: Command = { name: 'getenforce', *main() { yield* out(`${yield* mode()}\n`); return 0; } };

export const setenforce: Command = {
  name: 'setenforce',
  *main({ argv }) {
    const value = ({ 0: '0', 1: '1', permissive: '0', enforcing: '1' } as Readonly<Record<string, string>>)[(argv[1] ?? '').toLowerCase()];
    if (value === undefined || argv.length !== 2) { yield* err('usage:  setenforce [ Enforcing | Permissive | 1 | 0 ]\n'); return 1; }
    const done = yield* call('writeFile', { path: '/sys/fs/selinux/enforce', text: value });
    if (!done.ok) { yield* err(`setenforce:  setenforce() failed\n`); return 1; }
    return 0;
  },
};

export const sestatus: Command = {
  name: 'sestatus',
  *main({ argv }) {
    const got = getopt('sestatus', argv.slice(1), { short: '' });
    if (!got.ok) { yield* err(`${got.error}\n\nUsage: sestatus [OPTION]\n\n  -v  Verbose check of process and file contexts.\n  -b  Display current state of booleans.\n\nWithout options, show SELinux status.\n`); return 1; }
    const now = yield* mode();
    if (now === 'Disabled') { yield* out('SELinux status:                 disabled\n'); return 0; }
    const config = yield* call('readFile', { path: '/etc/selinux/config' });
    const configured = /^SELINUX=(\w+)/m.exec(config.ok ? config.value : '')?.[1] ?? 'permissive';
    yield* out(`SELinux status:                 enabled\nSELinuxfs mount:                /sys/fs/selinux\nSELinux root directory:         /etc/selinux\nLoaded policy name:             targeted\nCurrent mode:                   ${now.toLowerCase()}\nMode from config file:          ${configured}\nPolicy MLS status:              enabled\nPolicy deny_unknown status:     allowed\nMax kernel policy version:      31\n`);
    return 0;
  },
};

// ---- dmesg

const LEVELS = ['emerg', 'alert', 'crit', 'err', 'warn', 'notice', 'info', 'debug'];
const LEVEL = 'info';

export const dmesg: Command = {
  name: 'dmesg',
  *main(start) {
    const got = getopt('dmesg', start.argv.slice(1), { short: 'cCdEeF:f:hkLl:n:rSTtuwx', long: { ctime: ['none', 'T'], clear: ['none', 'C'], 'read-clear': ['none', 'c'], follow: ['none', 'w'], notime: ['none', 't'], reltime: ['none', 'e'], raw: ['none', 'r'], kernel: ['none', 'k'], level: ['required', 'l'], facility: ['required', 'f'], 'show-delta': ['none', 'd'], decode: ['none', 'x'] } });
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
    // What our kernel says is information, all of it.
    const text = (levels.includes(LEVEL) ? lines.value.slice(Math.max(from, cleared)) : []).map(({ at, message }) => {
      const stamp = `${String(Math.floor(at / 1_000_000)).padStart(5)}.${String(at % 1_000_000).padStart(6, '0')}`;
      if (has(given, 't')) return `${message}\n`;
      if (has(given, 'T')) return `[${ctime(info.value.bootAt + at)}] ${message}\n`;
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

export const uuidgen: Command = {
  name: 'uuidgen',
  *main({ argv }) {
    const bad = argv.slice(1).find((a) => !/^(-r|-t|--random|--time)$/.test(a));
    if (bad) { yield* err(`uuidgen: invalid option -- '${bad.replace(/^-+/, '')[0]}'\nUsage: uuidgen [options]\n`); return 1; }
    const words: string[] = [];
    for (let i = 0; i < 8; i++) { const r = yield* call('random', { below: 65_536 }); words.push((r.ok ? r.value : 0).toString(16).padStart(4, '0')); }
    const [a, b, c, d, e, f, g, h] = words as [string, string, string, string, string, string, string, string];
    yield* out(`${a}${b}-${c}-4${d.slice(1)}-${'89ab'[parseInt(e[0]!, 16) & 3]}${e.slice(1)}-${f}${g}${h}\n`);
    return 0;
  },
};

// ---- running commands elsewhere or otherwise

const notFound = (errno: string): number => (errno === 'ENOENT' ? 127 : 126);

function* replace(start: Start, name: string, argv: readonly string[], more: { uid?: number; gid?: number; groups?: readonly number[]; root?: string; netns?: string } = {}): Sys<number> {
  const path = yield* findProgram(start, argv[0]!);
  const done = path ? yield* call('exec', { path, argv, ...more }) : ({ ok: false, errno: 'ENOENT' } as const);
  if (done.ok) return 0;
  yield* err(`${name}: failed to execute ${argv[0]}: ${strerror(done.errno)}\n`);
  return notFound(done.errno);
}

export const setsid: Command = {
  name: 'setsid',
  *main(start) {
    const args = start.argv.slice(1);
    let wait = false;
    while (args[0]?.startsWith('-')) { if (/^-(w|-wait)$/.test(args[0])) wait = true; else if (!/^-(c|-ctty)$/.test(args[0])) { yield* err(`setsid: invalid option -- '${args[0].replace(/^-+/, '')[0]}'\n`); return 1; } args.shift(); }
    if (!args.length) { yield* err('setsid: no command specified\n'); return 1; }
    const path = yield* findProgram(start, args[0]!);
    const child = path ? yield* call('spawn', { path, argv: args, session: true }) : ({ ok: false, errno: 'ENOENT' } as const);
    if (!child.ok) { yield* err(`setsid: failed to execute ${args[0]}: ${strerror(child.errno)}\n`); return notFound(child.errno); }
    if (!wait) return 0;
    const done = yield* call('wait', { pid: child.value });
    return done.ok ? done.value.status : 1;
  },
};

export const chroot: Command = {
  name: 'chroot',
  *main(start) {
    const args = start.argv.slice(1);
    let spec: string | null = null;
    while (args[0]?.startsWith('--')) {
      const arg = args.shift()!;
      if (arg === '--') break;
      if (arg.startsWith('--userspec=')) spec = arg.slice(11);
      else if (!/^--(groups=|skip-chdir)/.test(arg)) { yield* err(`chroot: unrecognized option '${arg}'\nTry 'chroot --help' for more information.\n`); return 125; }
    }
    const [root, ...command] = args;
    if (!root) { yield* err("chroot: missing operand\nTry 'chroot --help' for more information.\n"); return 125; }
    const done = yield* call('chroot', { path: root });
    if (!done.ok) { yield* err(`chroot: cannot change root directory to ${quote(root)}: ${strerror(done.errno)}\n`); return 125; }
    yield* call('chdir', { path: '/' });
    const argv = command.length ? command : [start.env['SHELL'] ?? '/bin/sh', '-i'];
    const ids: { uid?: number; gid?: number } = {};
    if (spec) {
      const [user, group] = spec.split(':');
      const known = (yield* readUsers()).find((u) => u.name === user || String(u.uid) === user);
      if (!known && !/^\d+$/.test(user ?? '')) { yield* err(`chroot: invalid user\n`); return 125; }
      ids.uid = known?.uid ?? Number(user);
      ids.gid = group ? (yield* readGroups()).find((g) => g.name === group)?.gid ?? Number(group) : known?.gid ?? 0;
    }
    const path = yield* findProgram(start, argv[0]!);
    const ran = path ? yield* call('exec', { path, argv, ...ids }) : ({ ok: false, errno: 'ENOENT' } as const);
    if (ran.ok) return 0;
    yield* err(`chroot: failed to run command ${quote(argv[0]!)}: ${strerror(ran.errno)}\n`);
    return notFound(ran.errno);
  },
};

const quote = (text: string): string => `‘${text}’`;

export const setpriv: Command = {
  name: 'setpriv',
  *main(start) {
    const args = start.argv.slice(1);
    const ids: { uid?: number; gid?: number; groups?: readonly number[] } = {};
    const users = yield* readUsers();
    while (args[0]?.startsWith('-')) {
      const arg = args.shift()!;
      if (arg === '--') break;
      const [name, value = ''] = arg.split('=') as [string, string?];
      const user = users.find((u) => u.name === value);
      if (name === '--reuid' || name === '--ruid' || name === '--euid') ids.uid = user?.uid ?? Number(value);
      else if (name === '--regid' || name === '--rgid' || name === '--egid') ids.gid = user?.gid ?? Number(value);
      else if (name === '--clear-groups') ids.groups = [];
      else if (name === '--keep-groups' || name === '--no-new-privs' || name === '--nnp') continue;
      else if (name === '--init-groups' && ids.uid !== undefined) { const u = users.find((x) => x.uid === ids.uid); if (u) ids.groups = groupsOf(u, yield* readGroups()); } else { yield* err(`setpriv: unrecognized option '${arg}'\nTry 'setpriv --help' for more information.\n`); return 1; }
    }
    if (!args.length) { yield* err('setpriv: No program specified\n'); return 1; }
    if (start.uid !== 0 && (ids.uid !== undefined || ids.gid !== undefined)) { yield* err('setpriv: setresuid failed: Operation not permitted\n'); return 127; }
    return yield* replace(start, 'setpriv', args, ids);
  },
};

export const nsenter: Command = {
  name: 'nsenter',
  *main(start) {
    const got = getopt('nsenter', start.argv.slice(1), { short: '+at:m::u::i::n::p::U::C::r::w::F', long: { target: ['required', 't'], all: ['none', 'a'], mount: ['optional', 'm'], uts: ['optional', 'u'], ipc: ['optional', 'i'], net: ['optional', 'n'], pid: ['optional', 'p'], user: ['optional', 'U'], root: ['optional', 'r'], wd: ['optional', 'w'], 'no-fork': ['none', 'F'] } });
    if (!got.ok) { yield* err(`${got.error}\n\nTry 'nsenter --help' for more information.\n`); return 1; }
    const { given } = got;
    const file = valuesOf(given, 'n').find((value) => value.startsWith('/'));
    const target = valueOf(given, 't');
    if (!target && !file) { yield* err('nsenter: neither filename nor target pid supplied for ns/net\n'); return 1; }
    if (start.uid !== 0) { yield* err('nsenter: cannot open /proc/' + (target ?? 'self') + '/ns/net: Permission denied\n'); return 1; }
    const list = yield* call('processes', {});
    const found = list.ok ? list.value.find((p) => p.pid === Number(target)) : undefined;
    if (target && !found) { yield* err(`nsenter: cannot open /proc/${target}/ns/${has(given, 'm') ? 'mnt' : 'net'}: No such file or directory\n`); return 1; }
    const argv = given.operands.length ? given.operands : [start.env['SHELL'] ?? '/bin/sh'];
    const all = has(given, 'a');
    const netns = file ? file.split('/').pop()! : found!.netns;
    const more = { ...(all || has(given, 'm') || has(given, 'r') ? { root: found?.root ?? 'host' } : {}), ...(all || has(given, 'n') ? { netns } : {}) };
    const path = more.root === undefined ? yield* findProgram(start, argv[0]!) : argv[0]!.includes('/') ? argv[0]! : `/usr/bin/${argv[0]}`;
    for (const candidate of path === null ? [] : [path, path.replace(/^\/usr/, '')]) {
      const child = yield* call('spawn', { path: candidate, argv, ...more });
      if (!child.ok) { if (child.errno === 'ENOENT') continue; break; }
      const done = yield* call('wait', { pid: child.value });
      return done.ok ? done.value.status : 1;
    }
    yield* err(`nsenter: failed to execute ${argv[0]}: No such file or directory\n`);
    return 127;
  },
};

export const unshare: Command = {
  name: 'unshare',
  *main(start) {
    const got = getopt('unshare', start.argv.slice(1), { short: '+mnuipUfrC', long: { mount: ['none', 'm'], net: ['none', 'n'], uts: ['none', 'u'], ipc: ['none', 'i'], pid: ['none', 'p'], user: ['none', 'U'], fork: ['none', 'f'], 'map-root-user': ['none', 'r'] } });
    if (!got.ok) { yield* err(`${got.error}\n\nTry 'unshare --help' for more information.\n`); return 1; }
    if (start.uid !== 0) { yield* err('unshare: unshare failed: Operation not permitted\n'); return 1; }
    const { given } = got;
    const argv = given.operands.length ? given.operands : [start.env['SHELL'] ?? '/bin/sh'];
    if (!has(given, 'n')) return yield* replace(start, 'unshare', argv);
    const netns = `unshare-${start.pid}`;
    yield* call('netnsCreate', { name: netns });
    const path = yield* findProgram(start, argv[0]!);
    const child = path ? yield* call('spawn', { path, argv, netns }) : null;
    const done = child?.ok ? yield* call('wait', { pid: child.value }) : null;
    yield* call('netnsRemove', { name: netns });
    if (done?.ok) return done.value.status;
    yield* err(`unshare: failed to execute ${argv[0]}: No such file or directory\n`);
    return 127;
  },
};
