/**
 * Starting a unit's process: its environment, user, folder; and the child that tells of its own failure
 * when the command cannot be run. systemd's exec_child(), with its exit statuses 200 to 217.
 */
import { strerror } from '../../proc/libc.ts';
import type { Program, Sys } from '../../proc/program.ts';
import { call } from '../../proc/syscalls.ts';
import type { ServiceConfig } from './config.ts';
import type { Action } from './state.ts';
import { expandVariables, parseAssignments, parseEnvironmentFile } from './unitfile.ts';

export interface Account { name: string; uid: number; gid: number; home: string; shell: string; groups: readonly number[] }

/** A user by name or number, with supplementary groups. */
export function* lookupUser(who: string): Sys<Account | null> {
  const passwd = yield* call('readFile', { path: '/etc/passwd' });
  if (!passwd.ok) return null;
  for (const line of passwd.value.split('\n')) {
    const [name, , uid, gid, , home, shell] = line.split(':');
    if (!name || (name !== who && uid !== who)) continue;
    const group = yield* call('readFile', { path: '/etc/group' });
    const groups = (group.ok ? group.value : '').split('\n').map((row) => row.split(':')).filter((row) => row[3]?.split(',').includes(name)).map((row) => Number(row[2]));
    return { name, uid: Number(uid), gid: Number(gid), home: home || '/', shell: shell || '/bin/sh', groups };
  }
  return null;
}

type Spawn = Action & { do: 'spawn' };
interface Refused { step: string; status: number; errno: string }

function* environmentOf(service: ServiceConfig, base: Readonly<Record<string, string>>, account: Account | null, mainPid: number): Sys<Record<string, string> | null> {
  const env: Record<string, string> = { ...base };
  if (account) Object.assign(env, { HOME: account.home, LOGNAME: account.name, USER: account.name, SHELL: account.shell });
  Object.assign(env, parseAssignments(service.environment));
  for (const entry of service.environmentFiles) {
    const optional = entry.startsWith('-');
    const text = yield* call('readFile', { path: optional ? entry.slice(1) : entry });
    if (text.ok) Object.assign(env, parseEnvironmentFile(text.value));
    else if (!optional) return null;
  }
  if (mainPid) env['MAINPID'] = String(mainPid);
  if (service.type === 'notify') env['NOTIFY_SOCKET'] = '/run/systemd/notify';
  return env;
}

export type Spawned = { pid: number } | { failed: 'environment' };

/** Starts the process; its pid, or that of the child that reports why it could not be. */
export function* spawnFor(action: Spawn, service: ServiceConfig, base: Readonly<Record<string, string>>, stdin: number): Sys<Spawned> {
  const { unit, command } = action;
  let account: Account | null = null;
  let refused: Refused | null = null;
  if (service.user && service.user !== 'root') {
    account = yield* lookupUser(service.user);
    if (!account) refused = { step: 'USER', status: 217, errno: 'ESRCH' };
  }
  const env = yield* environmentOf(service, base, account, action.mainPid);
  if (env === null) return { failed: 'environment' };
  const cwd = service.workingDirectory?.replace(/^-/, '') ?? '/';
  if (!refused && cwd !== '/') {
    const stat = yield* call('stat', { path: cwd });
    if (!stat.ok && !service.workingDirectory!.startsWith('-')) refused = { step: 'CHDIR', status: 200, errno: stat.errno };
  }
  if (!refused) {
    const ids = account ? { uid: account.uid, gid: service.group && /^\d+$/.test(service.group) ? Number(service.group) : account.gid, groups: account.groups } : {};
    const argv = expandVariables(command.argv, env);
    const pid = yield* call('spawn', { path: command.path, argv, env, cwd: cwd === '~' ? account?.home ?? '/root' : cwd, fds: { 0: stdin }, session: true, unit, ...ids, caps: service.capabilities });
    if (pid.ok) return { pid: pid.value };
    refused = { step: 'EXEC', status: 203, errno: pid.errno };
  }
  const report = yield* call('spawn', {
    program: 'systemd-executor', argv: [`(${command.path.split('/').pop()!.slice(0, 8)})`, unit, command.path, refused.step, refused.errno, String(refused.status)], fds: { 0: stdin }, session: true, unit,
  });
  return report.ok ? { pid: report.value } : { failed: 'environment' };
}

/** The forked child that finds that it cannot become the command. */
export const executor: Program = {
  name: 'systemd-executor',
  *main({ argv }) {
    const [ident, unit, path, step, errno, status] = argv;
    const why = strerror(errno ?? '');
    const say = (message: string): Sys<unknown> => call('journalWrite', { ident: ident!, unit: unit!, priority: 3, message: `${unit}: ${message}` });
    if (step === 'EXEC' && errno === 'ENOENT') yield* say(`Failed to locate executable ${path}: ${why}`);
    if (step === 'USER') yield* say(`Failed to determine user credentials: ${why}`);
    if (step === 'CHDIR') yield* say(`Changing to the requested working directory failed: ${why}`);
    yield* say(`Failed at step ${step} spawning ${path}: ${why}`);
    return Number(status);
  },
};
