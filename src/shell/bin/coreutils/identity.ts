/** Who one is: id, whoami, groups, logname, tty, hostid, arch, nproc (coreutils 8.22/8.26). */
import type { Sys } from '../../../sim/proc/program.ts';
import { call } from '../../../sim/proc/syscalls.ts';
import { type Accounts, groupName, groupsOf, readAccounts, userName, type User } from './accounts.ts';
import { PACKAGES, type Task, tool } from './tool.ts';

export const id = tool({
  name: 'id', package: PACKAGES.coreutils, usage: ['[OPTION]... [USER]'],
  about: 'Print user and group information for the specified USER,\nor (when USER omitted) for the current user.',
  authors: 'Arnold Robbins and David MacKenzie',
  options: [
    '-a  (ignored)',
    '-Z, --context  print only the security context (there is none)',
    '-g, --group  print only the effective group',
    '-G, --groups  print all groups',
    '-n, --name  print names, not numbers; with -u, -g or -G',
    '-r, --real  print real ids; with -u, -g or -G',
    '-u, --user  print only the effective user',
    '-z, --zero  separate with NUL; not in the default format',
  ],
  run: showId,
});

function* showId(task: Task): Sys<number | void> {
  const kinds = ['u', 'g', 'G', 'Z'].filter((key) => task.has(key));
  if (task.has('Z')) {
    yield* task.error('--context (-Z) works only on an SELinux-enabled kernel');
    return 1;
  }
  if (kinds.length > 1) return yield* refuse(task, 'cannot print "only" of more than one choice');
  if (kinds.length === 0 && (task.has('n') || task.has('r'))) return yield* refuse(task, 'cannot print only names or real IDs in default format');
  if (kinds.length === 0 && task.has('z')) return yield* refuse(task, 'option --zero not permitted in default format');
  if (task.operands.length > 1) return yield* task.misuse(`extra operand ${task.quote(task.operands[1]!)}`);
  const accounts = yield* readAccounts();
  const who = find(task, accounts, task.operands[0]);
  if (!who) return yield* refuse(task, `${task.quote(task.operands[0]!)}: no such user`);
  const groups = groupsOf(accounts, who.name, who.gid);
  const end = task.has('z') ? '\0' : '\n';
  const word = (number: number, name: string | undefined): string => (task.has('n') ? name ?? String(number) : String(number));
  if (task.has('u')) task.print(word(who.uid, userName(accounts, who.uid)) + end);
  else if (task.has('g')) task.print(word(who.gid, groupName(accounts, who.gid)) + end);
  else if (task.has('G')) task.print(groups.map((gid) => word(gid, groupName(accounts, gid))).join(task.has('z') ? '\0' : ' ') + end);
  else task.print(full(accounts, who, groups));
}

function* refuse(task: Task, text: string): Sys<number> {
  yield* task.error(text);
  return 1;
}

/** The user asked for, or the caller, who may have no entry in passwd. */
function find(task: Task, accounts: Accounts, typed: string | undefined): Pick<User, 'name' | 'uid' | 'gid'> | null {
  if (typed === undefined) {
    const { uid, gid } = task.start;
    return { name: userName(accounts, uid) ?? '', uid, gid };
  }
  const byName = accounts.users.find((user) => user.name === typed);
  return byName ?? accounts.users.find((user) => /^\d+$/.test(typed) && user.uid === Number(typed)) ?? null;
}

function full(accounts: Accounts, who: { uid: number; gid: number }, groups: readonly number[]): string {
  const named = (number: number, name: string | undefined): string => (name === undefined ? String(number) : `${number}(${name})`);
  const list = groups.map((gid) => named(gid, groupName(accounts, gid))).join(',');
  return `uid=${named(who.uid, userName(accounts, who.uid))} gid=${named(who.gid, groupName(accounts, who.gid))} groups=${list}\n`;
}

export const whoami = tool({
  name: 'whoami', package: PACKAGES.coreutils, usage: ['[OPTION]...'],
  about: 'Print the user name associated with the current effective user ID.\nSame as id -un.', authors: 'Richard Mlynarik', options: [],
  *run(task) {
    if (task.operands.length) return yield* task.misuse(`extra operand ${task.quote(task.operands[0]!)}`);
    const name = userName(yield* readAccounts(), task.start.uid);
    if (name === undefined) return yield* refuse(task, `cannot find name for user ID ${task.start.uid}`);
    task.print(`${name}\n`);
  },
});

export const groups = tool({
  name: 'groups', package: PACKAGES.coreutils, usage: ['[OPTION]... [USERNAME]...'],
  about: 'Print group memberships for each USERNAME or, if no USERNAME is specified, for\nthe current process.',
  authors: 'David MacKenzie and James Youngman', options: [],
  *run(task) {
    const accounts = yield* readAccounts();
    for (const typed of task.operands.length ? task.operands : [undefined]) {
      const who = find(task, accounts, typed);
      if (!who || (typed !== undefined && /^\d+$/.test(typed))) {
        yield* task.error(`${task.quote(typed!)}: no such user`);
        continue;
      }
      const names = groupsOf(accounts, who.name, who.gid).map((gid) => groupName(accounts, gid) ?? String(gid)).join(' ');
      task.print(`${typed === undefined ? '' : `${typed} : `}${names}\n`);
    }
    return task.status;
  },
});

export const logname = tool({
  name: 'logname', package: PACKAGES.coreutils, usage: ['[OPTION]'], about: "Print the user's login name.", authors: 'Richard Mlynarik',
  options: [],
  *run(task) {
    if (task.operands.length) return yield* task.misuse(`extra operand ${task.quote(task.operands[0]!)}`);
    const screen = yield* call('tty', { fd: 0 });
    const name = task.start.env['LOGNAME'];
    if (!screen.ok || !name) return yield* refuse(task, 'no login name');
    task.print(`${name}\n`);
  },
});

export const tty = tool({
  name: 'tty', package: PACKAGES.coreutils, usage: ['[OPTION]...'], about: 'Print the file name of the terminal connected to standard input.',
  authors: 'David MacKenzie', options: ['-s, --silent, --quiet  print nothing, only return an exit status'], trouble: 2,
  *run(task) {
    if (task.operands.length) return yield* task.misuse(`extra operand ${task.quote(task.operands[0]!)}`);
    const screen = yield* call('tty', { fd: 0 });
    if (!task.has('s')) task.print(screen.ok ? `/dev/${screen.value.name}\n` : 'not a tty\n');
    return screen.ok ? 0 : 1;
  },
});

export const nproc = tool({
  name: 'nproc', package: PACKAGES.coreutils, usage: ['[OPTION]...'],
  about: 'Print the number of processing units available to the current process,\nwhich may be less than the number of online processors',
  authors: 'Giuseppe Scrivano', options: ['--all  print the number of installed processors', '--ignore=N  leave out N processing units, if possible'],
  *run(task) {
    if (task.operands.length) return yield* task.misuse(`extra operand ${task.quote(task.operands[0]!)}`);
    const ignore = task.value('ignore') ?? '0';
    if (!/^\d+$/.test(ignore)) return yield* refuse(task, `invalid number: ${task.quote(ignore)}`);
    const info = yield* call('sysinfo', {});
    task.print(`${Math.max(1, (info.ok ? info.value.cpus : 1) - Number(ignore))}\n`);
  },
});

export const arch = tool({
  name: 'arch', package: PACKAGES.coreutils, usage: ['[OPTION]...'], about: 'Print machine architecture.', authors: 'David MacKenzie and Karel Zak', options: [],
  *run(task) {
    if (task.operands.length) return yield* task.misuse(`extra operand ${task.quote(task.operands[0]!)}`);
    const info = yield* call('sysinfo', {});
    task.print(`${info.ok ? info.value.machine : 'unknown'}\n`);
  },
});

export const hostid = tool({
  name: 'hostid', package: PACKAGES.coreutils, usage: ['[OPTION]'], about: 'Print the numeric identifier (in hexadecimal) for the current host.',
  authors: 'Jim Meyering', options: [],
  *run(task) {
    if (task.operands.length) return yield* task.misuse(`extra operand ${task.quote(task.operands[0]!)}`);
    task.print(`${yield* hostNumber()}\n`);
  },
});

/** gethostid(3): the host's address with its halves changed about, 007f0101 if the name means loopback. */
function* hostNumber(): Sys<string> {
  const info = yield* call('sysinfo', {});
  const hosts = yield* call('readFile', { path: '/etc/hosts' });
  const name = info.ok ? info.value.hostname : '';
  const line = (hosts.ok ? hosts.value : '').split('\n').map((text) => text.replace(/#.*/, '').trim().split(/\s+/))
    .find(([address, ...names]) => /^[\d.]+$/.test(address ?? '') && names.includes(name));
  if (!line) return '00000000';
  const [a = 0, b = 0, c = 0, d = 0] = line[0]!.split('.').map(Number);
  return [b, a, d, c].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
