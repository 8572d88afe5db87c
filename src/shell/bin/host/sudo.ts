/**
 * sudo 1.8.23 and su. The image sets the user-id bit, so they run as root; who called is
 * their real user id. The command takes sudo's place (exec), so its terminal, signals and status are its own.
 */
import { err, out } from '../../../sim/proc/libc.ts';
import type { Start, Sys } from '../../../sim/proc/program.ts';
import { call } from '../../../sim/proc/syscalls.ts';
import type { Command } from '../../command.ts';
import { findProgram } from './path.ts';
import { groupsOf, readGroups, readUsers, type User } from './users.ts';

const SECURE_PATH = '/sbin:/bin:/usr/sbin:/usr/bin';
const KEPT = ['COLORS', 'DISPLAY', 'HOSTNAME', 'HISTSIZE', 'LS_COLORS', 'MAIL', 'PS1', 'PS2', 'USERNAME', 'LANG', 'LC_ALL', 'LC_CTYPE', 'TERM', 'TZ', 'XAUTHORITY'];

/** The user behind a set-user-id program. */
function* callerOf(start: Start): Sys<User> {
  const procs = yield* call('processes', {});
  const uid = (procs.ok ? procs.value.find((p) => p.pid === start.pid)?.ruid : undefined) ?? start.uid;
  return (yield* readUsers()).find((u) => u.uid === uid) ?? { name: String(uid), uid, gid: uid, gecos: '', home: '/', shell: '/bin/bash' };
}

interface Rule { who: string; runas: string; nopasswd: boolean; commands: string }

/** The rules of /etc/sudoers and what it includes, and its secure_path. */
function* readSudoers(): Sys<{ rules: Rule[]; securePath: string; defaults: string[] }> {
  const rules: Rule[] = [];
  const defaults: string[] = [];
  let securePath = SECURE_PATH;
  const todo = ['/etc/sudoers'];
  while (todo.length) {
    const text = yield* call('readFile', { path: todo.shift()! });
    for (const raw of (text.ok ? text.value : '').split('\n')) {
      const folder = /^[#@]includedir\s+(\S+)/.exec(raw)?.[1];
      if (folder) {
        const names = yield* call('readdir', { path: folder });
        if (names.ok) todo.push(...names.value.filter((name) => !name.includes('.') && !name.endsWith('~')).map((name) => `${folder}/${name}`));
        continue;
      }
      const line = raw.replace(/#.*/, '').trim();
      const d = /^Defaults\S*\s+(.*)$/.exec(line);
      if (d) { defaults.push(d[1]!.replace(/\s*(\+?=)\s*/, '$1')); securePath = /^secure_path\s*=\s*"?([^"]*)"?/.exec(d[1]!)?.[1]?.trim() ?? securePath; continue; }
      const m = /^(\S+)\s+\S+\s*=\s*(?:\(([^)]*)\)\s*)?(NOPASSWD:|PASSWD:)?\s*(.*)$/.exec(line);
      if (m) rules.push({ who: m[1]!, runas: m[2] ?? 'root', nopasswd: m[3] === 'NOPASSWD:', commands: m[4]! });
    }
  }
  return { rules, securePath, defaults };
}

interface Options { user: string; group: string | null; login: boolean; shell: boolean; keep: boolean; list: boolean; validate: boolean; never: boolean; stdin: boolean; background: boolean; home: boolean; prompt: string | null; set: Record<string, string>; command: string[] }

const USAGE = `usage: sudo -h | -K | -k | -V
usage: sudo -v [-AknS] [-g group] [-h host] [-p prompt] [-u user]
usage: sudo -l [-AknS] [-g group] [-h host] [-p prompt] [-U user] [-u user] [command]
usage: sudo [-AbEHknPS] [-r role] [-t type] [-C num] [-g group] [-h host] [-p prompt] [-T timeout] [-u user] [VAR=value] [-i|-s] [<command>]
usage: sudo -e [-AknS] [-r role] [-t type] [-C num] [-g group] [-h host] [-p prompt] [-T timeout] [-u user] file ...
`;

const LONG: Readonly<Record<string, string>> = {
  user: 'u', group: 'g', login: 'i', shell: 's', 'preserve-env': 'E', list: 'l', validate: 'v', 'non-interactive': 'n', stdin: 'S', background: 'b', 'set-home': 'H', prompt: 'p', 'reset-timestamp': 'k', 'remove-timestamp': 'K', help: 'help', version: 'V', askpass: 'A', 'preserve-groups': 'P',
};

/** Options, up to the command. A string is what to print instead. */
function parse(args: readonly string[]): Options | { say: string; status: number } {
  const o: Options = { user: 'root', group: null, login: false, shell: false, keep: false, list: false, validate: false, never: false, stdin: false, background: false, home: false, prompt: null, set: {}, command: [] };
  let reset = false;
  for (let i = 0; i < args.length; i++) {
    const arg = args[i]!;
    if (arg === '--') { o.command = args.slice(i + 1); break; }
    if (!arg.startsWith('-') || arg === '-') {
      const assignment = /^([A-Za-z_]\w*)=(.*)$/s.exec(arg);
      if (assignment) { o.set[assignment[1]!] = assignment[2]!; continue; }
      o.command = args.slice(i);
      break;
    }
    const long = /^--([^=]+)(?:=(.*))?$/s.exec(arg);
    const letters = long ? [LONG[long[1]!] ?? `--${long[1]}`] : [...arg.slice(1)];
    for (let j = 0; j < letters.length; j++) {
      const letter = letters[j]!;
      if ('ugpUCrtTh'.includes(letter) && !(letter === 'h' && args.length === i + 1)) {
        const rest = long ? long[2] ?? null : arg.slice(j + 2) || null;
        const value = rest ?? args[++i];
        if (value === undefined) return { say: `sudo: option requires an argument -- '${letter}'\n${USAGE}`, status: 1 };
        if (letter === 'u') o.user = value;
        if (letter === 'g') o.group = value;
        if (letter === 'p') o.prompt = value;
        break;
      }
      switch (letter) {
        case 'i': o.login = true; break;
        case 's': o.shell = true; break;
        case 'E': o.keep = true; break;
        case 'l': o.list = true; break;
        case 'v': o.validate = true; break;
        case 'n': o.never = true; break;
        case 'S': o.stdin = true; break;
        case 'b': o.background = true; break;
        case 'H': o.home = true; break;
        case 'k': case 'K': reset = true; break;
        case 'A': case 'P': break;
        case 'V': return { say: 'Sudo version 1.8.23\nSudoers policy plugin version 1.8.23\nSudoers file grammar version 46\nSudoers I/O plugin version 1.8.23\n', status: 0 };
        case 'h': case 'help': return { say: `sudo - execute a command as another user\n\n${USAGE}`, status: 0 };
        default: return { say: long ? `sudo: unrecognized option '${arg}'\n${USAGE}` : `sudo: invalid option -- '${letter}'\n${USAGE}`, status: 1 };
      }
    }
  }
  if (!o.command.length && !o.login && !o.shell && !o.list && !o.validate) return reset ? { say: '', status: 0 } : { say: USAGE, status: 1 };
  return o;
}

/** Asks for a password that nobody here can give: accounts have none. */
function* refuse(user: User, o: Options): Sys<number> {
  if (o.never) { yield* err('sudo: a password is required\n'); return 1; }
  const tty = yield* call('tty', { fd: 0 });
  if (!tty.ok && !o.stdin) { yield* err('sudo: no tty present and no askpass program specified\n'); return 1; }
  for (let attempt = 1; attempt <= 3; attempt++) {
    yield* err(o.prompt ?? `[sudo] password for ${user.name}: `);
    yield* readSecret();
    yield* err(attempt < 3 ? 'Sorry, try again.\n' : 'sudo: 3 incorrect password attempts\n');
  }
  return 1;
}

/** A line without echo. */
export function* readSecret(): Sys<string> {
  const tty = yield* call('tty', { fd: 0 });
  if (tty.ok) yield* call('ttyMode', { fd: 0, raw: false, echo: false });
  const got = yield* call('read', { fd: 0 });
  if (tty.ok) { yield* call('ttyMode', { fd: 0, raw: false, echo: true }); yield* err('\n'); }
  return got.ok ? got.value.replace(/\n$/, '') : '';
}

const quoted = (word: string): string => word.replace(/[^\w@%+=:,./-]/g, '\\$&');

function* sudoMain(start: Start): Sys<number> {
  const o = parse(start.argv.slice(1));
  if ('say' in o) { yield* (o.status ? err(o.say) : out(o.say)); return o.status; }
  if (start.uid !== 0) { yield* err('sudo: effective uid is not 0, is /usr/bin/sudo on a file system with the \'nosuid\' option set or an NFS file system without root privileges?\n'); return 1; }
  const caller = yield* callerOf(start);
  const users = yield* readUsers();
  const groups = yield* readGroups();
  const target = o.user.startsWith('#') ? users.find((u) => u.uid === Number(o.user.slice(1))) : users.find((u) => u.name === o.user);
  if (!target) { yield* err(`sudo: unknown user: ${o.user}\nsudo: unable to initialize policy plugin\n`); return 1; }
  const { rules, securePath, defaults } = yield* readSudoers();
  const mine = new Set(groups.filter((g) => g.members.includes(caller.name) || g.gid === caller.gid).map((g) => `%${g.name}`));
  const rule = rules.filter((r) => r.who === caller.name || r.who === 'ALL' || mine.has(r.who)).at(-1);
  const info = yield* call('sysinfo', {});
  const hostname = info.ok ? info.value.hostname : 'localhost';
  if (caller.uid !== 0 && !rule?.nopasswd) {
    const status = yield* refuse(caller, o);
    if (!rule && status === 0) yield* err(`${caller.name} is not in the sudoers file.  This incident will be reported.\n`);
    return status;
  }
  if (o.validate) return 0;
  if (o.list) return yield* list(caller, rules.filter((r) => r.who === caller.name || mine.has(r.who)), defaults, hostname);
  return yield* become(start, o, caller, target, groupsOf(target, groups), securePath);
}

function* list(caller: User, rules: readonly Rule[], defaults: readonly string[], hostname: string): Sys<number> {
  yield* out(`Matching Defaults entries for ${caller.name} on ${hostname}:\n    ${defaults.join(', ')}\n\nUser ${caller.name} may run the following commands on ${hostname}:\n`);
  yield* out(rules.map((r) => `    (${r.runas}) ${r.nopasswd ? 'NOPASSWD: ' : ''}${r.commands}\n`).join(''));
  return 0;
}

function* become(start: Start, o: Options, caller: User, target: User, groups: readonly number[], securePath: string): Sys<number> {
  const shell = o.shell && start.env['SHELL'] ? start.env['SHELL'] : target.shell;
  const line = o.command.map(quoted).join(' ');
  const path = o.login || o.shell ? shell : yield* findProgram(start, o.command[0]!, securePath);
  if (!path) { yield* err(`sudo: ${o.command[0]}: command not found\n`); return 1; }
  const argv = o.login ? [`-${shell.split('/').pop()}`, ...(line ? ['-c', line] : [])] : o.shell ? [shell, ...(line ? ['-c', line] : [])] : o.command;
  const kept: Record<string, string> = {};
  for (const [key, value] of Object.entries(start.env)) if (o.keep || KEPT.includes(key)) kept[key] = value;
  const env: Record<string, string> = {
    ...kept, HOME: target.home, SHELL: shell, LOGNAME: target.name, USER: target.name, USERNAME: target.name, PATH: securePath, TERM: start.env['TERM'] ?? 'unknown', MAIL: `/var/spool/mail/${target.name}`,
    SUDO_COMMAND: (o.login || o.shell ? [shell, ...argv.slice(1)] : [path, ...o.command.slice(1)]).join(' '), SUDO_USER: caller.name, SUDO_UID: String(caller.uid), SUDO_GID: String(caller.gid), ...o.set,
  };
  const cwd = yield* call('getcwd', {});
  const tty = yield* call('tty', { fd: 0 });
  yield* call('journalWrite', {
    ident: 'sudo', priority: 5,
    message: `${caller.name.padStart(8)} : TTY=${tty.ok ? tty.value.name.replace('/dev/', '') : 'unknown'} ; PWD=${cwd.ok ? cwd.value : '/'} ; USER=${target.name} ; COMMAND=${env['SUDO_COMMAND']}`,
  });
  if (o.login) yield* call('chdir', { path: target.home });
  if (o.background) {
    const child = yield* call('spawn', { path, argv, env, uid: target.uid, gid: target.gid, groups, pgid: 0 });
    return child.ok ? 0 : 1;
  }
  const done = yield* call('exec', { path, argv, env, uid: target.uid, gid: target.gid, groups });
  if (!done.ok) yield* err(done.errno === 'EACCES' ? `sudo: ${path}: command not found\n` : `sudo: unable to execute ${path}: ${done.errno === 'ENOEXEC' ? 'Exec format error' : 'No such file or directory'}\n`);
  return 1;
}

export const sudo: Command = { name: 'sudo', main: sudoMain };

// ---- su

function* suMain(start: Start): Sys<number> {
  let login = false;
  let keep = false;
  let command: string | null = null;
  let shell: string | null = null;
  const rest: string[] = [];
  const args = start.argv.slice(1);
  for (let i = 0; i < args.length; i++) {
    const arg = args[i]!;
    if (arg === '-' || arg === '-l' || arg === '--login') login = true;
    else if (arg === '-m' || arg === '-p' || arg === '--preserve-environment') keep = true;
    else if (arg === '-c' || arg === '--command') command = args[++i] ?? '';
    else if (arg === '-s' || arg === '--shell') shell = args[++i] ?? null;
    else if (arg === '-f' || arg === '--fast') continue;
    else if (/^-l?c$/.test(arg)) { login = true; command = args[++i] ?? ''; }
    else if (arg.startsWith('-')) { yield* err(`su: ${arg.startsWith('--') ? `unrecognized option '${arg}'` : `invalid option -- '${arg[1]}'`}\nTry 'su --help' for more information.\n`); return 1; }
    else rest.push(arg);
  }
  const [name = 'root', ...more] = rest;
  const caller = yield* callerOf(start);
  const target = (yield* readUsers()).find((u) => u.name === name);
  if (!target) { yield* err(`su: user ${name} does not exist\n`); return 1; }
  if (caller.uid !== 0) {
    yield* err('Password: ');
    yield* readSecret();
    yield* call('sleep', { us: 2_000_000 });
    yield* err('su: Authentication failure\n');
    return 1;
  }
  const path = shell ?? target.shell;
  const base = path.split('/').pop()!;
  const env: Record<string, string> = login
    ? { HOME: target.home, SHELL: path, USER: target.name, LOGNAME: target.name, PATH: target.uid === 0 ? '/usr/local/sbin:/usr/local/bin:/sbin:/bin:/usr/sbin:/usr/bin' : '/usr/local/bin:/bin:/usr/bin', TERM: start.env['TERM'] ?? 'dumb' }
    : keep ? { ...start.env } : { ...start.env, HOME: target.home, SHELL: path, ...(target.uid === 0 ? {} : { USER: target.name, LOGNAME: target.name }) };
  const groups = groupsOf(target, yield* readGroups());
  if (login) yield* call('chdir', { path: target.home });
  yield* call('journalWrite', { ident: 'su', priority: 5, message: `(to ${target.name}) ${caller.name} on ${start.env['TTY'] ?? 'none'}` });
  const done = yield* call('exec', { path, argv: [login ? `-${base}` : base, ...(command === null ? [] : ['-c', command]), ...more], env, uid: target.uid, gid: target.gid, groups });
  if (!done.ok) { yield* err(`su: failed to execute ${path}: No such file or directory\n`); return 127; }
  return 1;
}

export const su: Command = { name: 'su', main: suMain };
