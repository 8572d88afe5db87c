/**
 * Users and groups as getpwnam(3) and its kin give them: /etc/passwd and /etc/group.
 */
import type { Sys } from '../../../sim/proc/program.ts';
import { call } from '../../../sim/proc/syscalls.ts';

export interface User { name: string; uid: number; gid: number; gecos: string; home: string; shell: string }

export function* readUsers(): Sys<User[]> {
  const text = yield* call('readFile', { path: '/etc/passwd' });
  return (text.ok ? text.value : '').split('\n').filter(Boolean).map((line) => {
    const [name, , uid, gid, gecos, home, shell] = line.split(':');
    return { name: name!, uid: Number(uid), gid: Number(gid), gecos: gecos ?? '', home: home || '/', shell: shell || '/bin/sh' };
  });
}

export interface Group { name: string; gid: number; members: readonly string[] }

export function* readGroups(): Sys<Group[]> {
  const text = yield* call('readFile', { path: '/etc/group' });
  return (text.ok ? text.value : '').split('\n').filter(Boolean).map((line) => {
    const [name, , gid, members] = line.split(':');
    return { name: name!, gid: Number(gid), members: (members ?? '').split(',').filter(Boolean) };
  });
}

/** Supplementary groups of a user. */
export const groupsOf = (user: User, groups: readonly Group[]): number[] => groups.filter((g) => g.members.includes(user.name)).map((g) => g.gid);
