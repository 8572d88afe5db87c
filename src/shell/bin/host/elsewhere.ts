/** Running a command elsewhere or as somebody else: setsid, chroot, setpriv, nsenter, unshare. util-linux 2.23, coreutils 8.22. */
import { err, strerror } from '../../../sim/proc/libc.ts';
import type { Start, Sys } from '../../../sim/proc/program.ts';
import { call } from '../../../sim/proc/syscalls.ts';
import type { Command } from '../../command.ts';
import { getopt, has, valueOf, valuesOf } from './getopt.ts';
import { findProgram } from './path.ts';
import { readGroups, readUsers, groupsOf } from './users.ts';

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
    const got = getopt('nsenter', start.argv.slice(1), { short: '+at:m::u::i::n::p::U::r::F', long: { target: ['required', 't'], all: ['none', 'a'], mount: ['optional', 'm'], uts: ['optional', 'u'], ipc: ['optional', 'i'], net: ['optional', 'n'], pid: ['optional', 'p'], user: ['optional', 'U'], root: ['optional', 'r'], 'no-fork': ['none', 'F'] } });
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
    const got = getopt('unshare', start.argv.slice(1), { short: '+nf', long: { net: ['none', 'n'], fork: ['none', 'f'] } });
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
