/**
 * Accounts as shadow-utils 4.1.5 keeps them: useradd, userdel, usermod, groupadd, groupdel, gpasswd and the shell
 * nologin. They edit /etc/passwd, /etc/group and their shadows; nothing else knows of users.
 */
import { err, out, strerror } from '../../../sim/proc/libc.ts';
import type { Start, Sys } from '../../../sim/proc/program.ts';
import { call } from '../../../sim/proc/syscalls.ts';
import type { Command } from '../../command.ts';
import { onDebian } from '../coreutils/tool.ts';
import { getopt, has, valueOf, type Given, type Spec } from './getopt.ts';
import { readGroups, readUsers, type Group, type User } from './users.ts';

/** Lines of one of the files, each split at its colons. */
function* rows(path: string): Sys<string[][]> {
  const text = yield* call('readFile', { path });
  return (text.ok ? text.value : '').split('\n').filter(Boolean).map((line) => line.split(':'));
}
function* save(path: string, list: readonly (readonly string[])[]): Sys<boolean> {
  const stat = yield* call('stat', { path });
  const done = yield* call('writeFile', { path, text: list.map((row) => `${row.join(':')}\n`).join(''), mode: stat.ok ? stat.value.mode & 0o7777 : 0o600 });
  return done.ok;
}
/** Changes a file row by row; null drops the row. */
function* rewrite(path: string, edit: (row: string[]) => string[] | null, more: readonly string[][] = []): Sys<boolean> {
  const list = yield* rows(path);
  return yield* save(path, [...list.map(edit).filter((row) => row !== null), ...more]);
}

function* locked(name: string, start: Start): Sys<boolean> {
  if (start.uid === 0) {
    const writable = yield* call('access', { path: '/etc/passwd', mode: 'w' });
    if (writable.ok) return false;
  }
  yield* err(`${name}: Permission denied.\n${name}: cannot lock /etc/${name.startsWith('group') ? 'group' : 'passwd'}; try again later.\n`);
  return true;
}

function* options(name: string, start: Start, spec: Spec): Sys<Given | null> {
  const got = getopt(name, start.argv.slice(1), spec);
  if (got.ok && got.given.operands.length === 1 && !has(got.given, 'h')) return got.given;
  const usage = `Usage: ${name} [options] ${name.startsWith('group') ? 'GROUP' : 'LOGIN'}\n`;
  yield* err(got.ok ? usage : `${got.error}\n${usage}`);
  return null;
}

const firstFree = (taken: readonly number[], from: number): number => { let id = from; while (taken.includes(id)) id++; return id; };
const findGroup = (groups: readonly Group[], word: string): Group | undefined => groups.find((g) => g.name === word || String(g.gid) === word);
const today = (us: number): string => String(Math.floor(us / 86_400_000_000));

const USER_SPEC: Spec = {
  short: 'hc:d:e:f:g:G:k:mMNoru:s:UalLp:', long: {
    help: ['none', 'h'], comment: ['required', 'c'], home: ['required', 'd'], 'home-dir': ['required', 'd'], gid: ['required', 'g'], groups: ['required', 'G'], 'create-home': ['none', 'm'], 'no-create-home': ['none', 'M'], 'no-user-group': ['none', 'N'],
    'non-unique': ['none', 'o'], system: ['none', 'r'], shell: ['required', 's'], uid: ['required', 'u'], 'user-group': ['none', 'U'], password: ['required', 'p'], skel: ['required', 'k'],
  },
};

/** Supplementary groups as typed, or which of them is unknown. */
function* wantedGroups(name: string, given: Given, groups: readonly Group[]): Sys<Group[] | null> {
  const list: Group[] = [];
  for (const word of (valueOf(given, 'G') ?? '').split(',').filter(Boolean)) {
    const found = findGroup(groups, word);
    if (!found) { yield* err(`${name}: group '${word}' does not exist\n`); return null; }
    list.push(found);
  }
  return list;
}

const withMember = (list: readonly Group[], user: string) => (row: string[]): string[] => {
  if (!list.some((g) => g.name === row[0])) return row;
  const members = (row[3] ?? '').split(',').filter(Boolean);
  return [row[0]!, row[1]!, row[2]!, [...new Set([...members, user])].join(',')];
};
const without = (user: string) => (row: string[]): string[] => [row[0]!, row[1]!, row[2]!, (row[3] ?? '').split(',').filter((m) => m !== '' && m !== user).join(',')];

function* makeHome(home: string, uid: number, gid: number): Sys<void> {
  const made = yield* call('mkdir', { path: home, mode: 0o700 });
  if (!made.ok) { if (made.errno === 'EEXIST') yield* err('useradd: warning: the home directory already exists.\nNot copying any file from skel directory into it.\n'); else yield* err(`useradd: cannot create directory ${home}\n`); return; }
  const skel = yield* call('readdir', { path: '/etc/skel' });
  for (const file of skel.ok ? skel.value : []) {
    const text = yield* call('readFile', { path: `/etc/skel/${file}` });
    if (!text.ok) continue;
    yield* call('writeFile', { path: `${home}/${file}`, text: text.value, mode: 0o644 });
    yield* call('chown', { path: `${home}/${file}`, uid, gid });
  }
  yield* call('chmod', { path: home, mode: 0o700 });
  yield* call('chown', { path: home, uid, gid });
}

export const useradd: Command = {
  name: 'useradd',
  *main(start) {
    const given = yield* options('useradd', start, USER_SPEC);
    if (!given) return 2;
    const name = given.operands[0]!;
    if (!/^[a-z_][a-z0-9_.-]{0,31}\$?$/i.test(name)) { yield* err(`useradd: invalid user name '${name}'\n`); return 3; }
    if (yield* locked('useradd', start)) return 1;
    const users = yield* readUsers();
    const groups = yield* readGroups();
    if (users.some((u) => u.name === name)) { yield* err(`useradd: user '${name}' already exists\n`); return 9; }
    const primary = valueOf(given, 'g');
    if (primary && !findGroup(groups, primary)) { yield* err(`useradd: group '${primary}' does not exist\n`); return 6; }
    if (!primary && groups.some((g) => g.name === name)) { yield* err(`useradd: group ${name} exists - if you want to add this user to that group, use -g.\n`); return 9; }
    const extra = yield* wantedGroups('useradd', given, groups);
    if (!extra) return 6;
    const system = has(given, 'r');
    const asked = valueOf(given, 'u');
    if (asked && !/^\d+$/.test(asked)) { yield* err(`useradd: invalid user ID '${asked}'\n`); return 3; }
    const uid = asked ? Number(asked) : system ? lastFree(users.map((u) => u.uid)) : firstFree(users.map((u) => u.uid), 1000);
    if (users.some((u) => u.uid === uid) && !has(given, 'o')) { yield* err(`useradd: UID ${uid} is not unique\n`); return 4; }
    return yield* addUser(name, { uid, gid: primary ? findGroup(groups, primary)!.gid : ownGroup(groups, uid, system), ownGroup: !primary, extra, system }, given);
  },
};

/** System accounts are numbered downwards from 999. */
const lastFree = (taken: readonly number[]): number => { let id = 999; while (taken.includes(id)) id--; return id; };
const ownGroup = (groups: readonly Group[], uid: number, system: boolean): number => {
  const gids = groups.map((g) => g.gid);
  return !gids.includes(uid) ? uid : system ? lastFree(gids) : firstFree(gids, 1000);
};

function* addUser(name: string, u: { uid: number; gid: number; ownGroup: boolean; extra: readonly Group[]; system: boolean }, given: Given): Sys<number> {
  const debian = yield* onDebian();
  const home = valueOf(given, 'd') ?? `/home/${name}`;
  const shell = valueOf(given, 's') ?? (debian ? '/bin/sh' : '/bin/bash');
  const now = yield* call('now', {});
  const day = today(now.ok ? now.value.real : 0);
  const passwd = yield* rewrite('/etc/passwd', (row) => row, [[name, 'x', String(u.uid), String(u.gid), valueOf(given, 'c') ?? '', home, shell]]);
  if (!passwd) { yield* err('useradd: failure while writing changes to /etc/passwd\n'); return 1; }
  yield* rewrite('/etc/shadow', (row) => row, [[name, valueOf(given, 'p') ?? '!!', day, ...(u.system ? ['', '', ''] : ['0', '99999', '7']), '', '', '']]);
  yield* rewrite('/etc/group', withMember(u.extra, name), u.ownGroup ? [[name, 'x', String(u.gid), '']] : []);
  yield* rewrite('/etc/gshadow', withMember(u.extra, name), u.ownGroup ? [[name, '!', '', '']] : []);
  const wantsHome = has(given, 'm') || (!debian && !u.system && !has(given, 'M'));
  if (!wantsHome) return 0;
  yield* makeHome(home, u.uid, u.gid);
  const mail = `/var/spool/mail/${name}`;
  const box = yield* call('writeFile', { path: mail, text: '', mode: 0o660 });
  if (box.ok) yield* call('chown', { path: mail, uid: u.uid, gid: u.gid });
  return 0;
}

/** A process that runs as the user, if one does. */
function* busy(uid: number): Sys<number | null> {
  const list = yield* call('processes', {});
  return (list.ok ? list.value.find((p) => p.uid === uid)?.pid : undefined) ?? null;
}

function* removeTree(path: string): Sys<void> {
  const stat = yield* call('stat', { path, follow: false });
  if (!stat.ok) return;
  if (stat.value.type !== 'dir') { yield* call('unlink', { path }); return; }
  const names = yield* call('readdir', { path });
  for (const name of names.ok ? names.value : []) yield* removeTree(`${path}/${name}`);
  const gone = yield* call('rmdir', { path });
  if (!gone.ok) yield* err(`userdel: error removing directory ${path}: ${strerror(gone.errno)}\n`);
}

export const userdel: Command = {
  name: 'userdel',
  *main(start) {
    const given = yield* options('userdel', start, { short: 'hfrZ', long: { force: ['none', 'f'], remove: ['none', 'r'], help: ['none', 'h'] } });
    if (!given) return 2;
    const name = given.operands[0]!;
    const user = (yield* readUsers()).find((u) => u.name === name);
    if (!user) { yield* err(`userdel: user '${name}' does not exist\n`); return 6; }
    if (yield* locked('userdel', start)) return 1;
    const pid = has(given, 'f') ? null : yield* busy(user.uid);
    if (pid !== null) { yield* err(`userdel: user ${name} is currently used by process ${pid}\n`); return 8; }
    const others = (yield* readUsers()).some((u) => u.name !== name && u.gid === user.gid);
    for (const path of ['/etc/passwd', '/etc/shadow']) yield* rewrite(path, (row) => (row[0] === name ? null : row));
    for (const path of ['/etc/group', '/etc/gshadow']) yield* rewrite(path, (row) => (row[0] === name && !others ? null : without(name)(row)));
    if (has(given, 'r')) {
      yield* call('unlink', { path: `/var/spool/mail/${name}` });
      yield* removeTree(user.home);
    }
    return 0;
  },
};

/** What usermod makes of the row in /etc/passwd, or what is wrong. */
function* changedUser(given: Given, user: User, users: readonly User[], groups: readonly Group[]): Sys<string[] | number> {
  const uid = valueOf(given, 'u');
  if (uid && users.some((u) => u.uid === Number(uid) && u.name !== user.name) && !has(given, 'o')) { yield* err(`usermod: UID '${uid}' already exists\n`); return 4; }
  const group = valueOf(given, 'g');
  const found = group ? findGroup(groups, group) : undefined;
  if (group && !found) { yield* err(`usermod: group '${group}' does not exist\n`); return 6; }
  const login = valueOf(given, 'l') ?? user.name;
  if (login !== user.name && users.some((u) => u.name === login)) { yield* err(`usermod: user '${login}' already exists\n`); return 9; }
  return [login, 'x', uid ?? String(user.uid), String(found?.gid ?? user.gid), valueOf(given, 'c') ?? user.gecos, valueOf(given, 'd') ?? user.home, valueOf(given, 's') ?? user.shell];
}

export const usermod: Command = {
  name: 'usermod',
  *main(start) {
    const spec: Spec = { short: 'hac:d:e:f:g:G:l:Lmop:s:u:U', long: { ...USER_SPEC.long, append: ['none', 'a'], login: ['required', 'l'], lock: ['none', 'L'], unlock: ['none', 'U'], 'move-home': ['none', 'm'] } };
    const given = yield* options('usermod', start, spec);
    if (!given) return 2;
    const name = given.operands[0]!;
    const users = yield* readUsers();
    const groups = yield* readGroups();
    const user = users.find((u) => u.name === name);
    if (!user) { yield* err(`usermod: user '${name}' does not exist\n`); return 6; }
    if (!given.options.length) { yield* err('Usage: usermod [options] LOGIN\n'); return 2; }
    if (has(given, 'a') && !has(given, 'G')) { yield* err('usermod: -a flag is only allowed with the -G flag\nUsage: usermod [options] LOGIN\n'); return 2; }
    if (yield* locked('usermod', start)) return 1;
    const row = yield* changedUser(given, user, users, groups);
    if (typeof row === 'number') return row;
    const extra = yield* wantedGroups('usermod', given, groups);
    if (!extra) return 6;
    const login = row[0]!;
    if ((login !== name || row[2] !== String(user.uid)) && (yield* busy(user.uid)) !== null) { yield* err(`usermod: user ${name} is currently used by process ${yield* busy(user.uid)}\n`); return 8; }
    yield* rewrite('/etc/passwd', (old) => (old[0] === name ? row : old));
    const lock = (hash: string): string => (has(given, 'L') && !hash.startsWith('!') ? `!${hash}` : has(given, 'U') ? hash.replace(/^!/, '') : valueOf(given, 'p') ?? hash);
    yield* rewrite('/etc/shadow', (old) => (old[0] === name ? [login, lock(old[1] ?? ''), ...old.slice(2)] : old));
    for (const path of ['/etc/group', '/etc/gshadow']) {
      const keep = has(given, 'a') || !has(given, 'G');
      yield* rewrite(path, (old) => {
        const base = keep ? old : without(name)(old);
        const renamed = login === name ? base : [base[0]!, base[1]!, base[2]!, (base[3] ?? '').split(',').map((m) => (m === name ? login : m)).join(',')];
        return withMember(extra, login)(renamed);
      });
    }
    if (has(given, 'm') && row[5] !== user.home) { const moved = yield* call('rename', { from: user.home, to: row[5]! }); if (!moved.ok) { yield* err(`usermod: cannot rename directory ${user.home} to ${row[5]}\n`); return 12; } }
    return 0;
  },
};

export const groupadd: Command = {
  name: 'groupadd',
  *main(start) {
    const given = yield* options('groupadd', start, { short: 'hfg:or', long: { force: ['none', 'f'], gid: ['required', 'g'], 'non-unique': ['none', 'o'], system: ['none', 'r'], help: ['none', 'h'] } });
    if (!given) return 2;
    const name = given.operands[0]!;
    const groups = yield* readGroups();
    if (!/^[a-z_][a-z0-9_-]*\$?$/i.test(name)) { yield* err(`groupadd: '${name}' is not a valid group name\n`); return 3; }
    if (groups.some((g) => g.name === name)) { if (has(given, 'f')) return 0; yield* err(`groupadd: group '${name}' already exists\n`); return 9; }
    const gids = groups.map((g) => g.gid);
    const asked = valueOf(given, 'g');
    if (asked && !/^\d+$/.test(asked)) { yield* err(`groupadd: invalid group ID '${asked}'\n`); return 3; }
    if (asked && gids.includes(Number(asked)) && !has(given, 'o')) { yield* err(`groupadd: GID '${asked}' already exists\n`); return 4; }
    if (yield* locked('groupadd', start)) return 10;
    const gid = asked ?? String(has(given, 'r') ? lastFree(gids) : firstFree(gids, 1000));
    yield* rewrite('/etc/group', (row) => row, [[name, 'x', gid, '']]);
    yield* rewrite('/etc/gshadow', (row) => row, [[name, '!', '', '']]);
    return 0;
  },
};

export const groupdel: Command = {
  name: 'groupdel',
  *main(start) {
    const given = yield* options('groupdel', start, { short: 'h', long: { help: ['none', 'h'] } });
    if (!given) return 2;
    const name = given.operands[0]!;
    const group = (yield* readGroups()).find((g) => g.name === name);
    if (!group) { yield* err(`groupdel: group '${name}' does not exist\n`); return 6; }
    const owner = (yield* readUsers()).find((u) => u.gid === group.gid);
    if (owner) { yield* err(`groupdel: cannot remove the primary group of user '${owner.name}'\n`); return 8; }
    if (yield* locked('groupdel', start)) return 10;
    for (const path of ['/etc/group', '/etc/gshadow']) yield* rewrite(path, (row) => (row[0] === name ? null : row));
    return 0;
  },
};

export const gpasswd: Command = {
  name: 'gpasswd',
  *main(start) {
    const got = getopt('gpasswd', start.argv.slice(1), { short: 'a:d:h', long: { add: ['required', 'a'], delete: ['required', 'd'], help: ['none', 'h'] } });
    const usage = 'Usage: gpasswd [option] GROUP\n';
    if (!got.ok || got.given.operands.length !== 1 || !has(got.given, 'a', 'd')) { yield* err(got.ok ? usage : `${got.error}\n${usage}`); return 2; }
    const name = got.given.operands[0]!;
    const group = (yield* readGroups()).find((g) => g.name === name);
    if (!group) { yield* err(`gpasswd: group '${name}' does not exist in /etc/group\n`); return 3; }
    const user = (valueOf(got.given, 'a') ?? valueOf(got.given, 'd'))!;
    if (has(got.given, 'a') && !(yield* readUsers()).some((u) => u.name === user)) { yield* err(`gpasswd: user '${user}' does not exist\n`); return 3; }
    if (start.uid !== 0) { yield* err('gpasswd: Permission denied.\n'); return 1; }
    const adds = has(got.given, 'a');
    if (!adds && !group.members.includes(user)) { yield* err(`gpasswd: user '${user}' is not a member of '${name}'\n`); return 3; }
    yield* out(adds ? `Adding user ${user} to group ${name}\n` : `Removing user ${user} from group ${name}\n`);
    for (const path of ['/etc/group', '/etc/gshadow']) yield* rewrite(path, (row) => (row[0] !== name ? row : adds ? withMember([group], user)(row) : without(user)(row)));
    return 0;
  },
};

/** The shell of accounts that nobody logs in to. */
export const nologin: Command = {
  name: 'nologin',
  *main() {
    yield* out('This account is currently not available.\n');
    return 1;
  },
};
