/**
 * Users and groups as getpwnam(3) and getgrnam(3) find them: in /etc/passwd and /etc/group of the
 * caller's own root. It knows no other source of names.
 */
import type { Sys } from '../../../sim/proc/program.ts';
import { call } from '../../../sim/proc/syscalls.ts';

export interface User { readonly name: string; readonly uid: number; readonly gid: number; readonly gecos: string; readonly home: string; readonly shell: string }
export interface Group { readonly name: string; readonly gid: number; readonly members: readonly string[] }
export interface Accounts { readonly users: readonly User[]; readonly groups: readonly Group[] }

export function* readAccounts(): Sys<Accounts> {
  const passwd = yield* call('readFile', { path: '/etc/passwd' });
  const group = yield* call('readFile', { path: '/etc/group' });
  return { users: parseUsers(passwd.ok ? passwd.value : ''), groups: parseGroups(group.ok ? group.value : '') };
}

function parseUsers(text: string): User[] {
  return text.split('\n').filter((line) => line.split(':').length >= 7).map((line) => {
    const [name = '', , uid, gid, gecos = '', home = '', shell = ''] = line.split(':');
    return { name, uid: Number(uid), gid: Number(gid), gecos, home, shell };
  });
}

function parseGroups(text: string): Group[] {
  return text.split('\n').filter((line) => line.split(':').length >= 3).map((line) => {
    const [name = '', , gid, members = ''] = line.split(':');
    return { name, gid: Number(gid), members: members.split(',').filter(Boolean) };
  });
}

export const userName = (accounts: Accounts, uid: number): string | undefined =>
  accounts.users.find((user) => user.uid === uid)?.name;
export const groupName = (accounts: Accounts, gid: number): string | undefined =>
  accounts.groups.find((group) => group.gid === gid)?.name;

/** A name or a number, as chown and find take them. */
export function findUid(accounts: Accounts, text: string): number | null {
  const found = accounts.users.find((user) => user.name === text);
  return found ? found.uid : /^\+?\d+$/.test(text) ? Number(text) : null;
}

export function findGid(accounts: Accounts, text: string): number | null {
  const found = accounts.groups.find((group) => group.name === text);
  return found ? found.gid : /^\+?\d+$/.test(text) ? Number(text) : null;
}

/** The groups that a user is in: its own first, then those that list it, as getgrouplist(3) gives them. */
export function groupsOf(accounts: Accounts, name: string, gid: number): number[] {
  const listed = accounts.groups.filter((group) => group.members.includes(name)).map((group) => group.gid);
  return [...new Set([gid, ...listed])];
}
