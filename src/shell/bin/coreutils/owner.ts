/** chmod, chown and chgrp of GNU coreutils 8.22/8.26, and the walk over trees that they share. */
import { strerror } from '../../../sim/proc/libc.ts';
import type { Sys } from '../../../sim/proc/program.ts';
import { call, type Stat } from '../../../sim/proc/syscalls.ts';
import { type Accounts, findGid, findUid, groupName, readAccounts, userName } from './accounts.ts';
import { changeMode, type ModeChange, parseMode, permissions } from './mode.ts';
import { canonical, joinPath } from './paths.ts';
import { quoteAlways } from './quote.ts';
import { PACKAGES, type Task, tool } from './tool.ts';

const COMMON = [
  '-c, --changes  say what is changed',
  '-f, --silent, --quiet  do not complain of what cannot be changed',
  '-v, --verbose  say what is done with every file',
  "--no-preserve-root  do not treat '/' specially",
  "--preserve-root  do not work recursively on '/'",
  '--reference=RFILE  take it from RFILE',
  '-R, --recursive  change directories with what is in them',
] as const;
const OWNER_OPTIONS = [
  ...COMMON,
  '--dereference  change what a symbolic link leads to (default)',
  '-h, --no-dereference  change symbolic links themselves',
  '--from=CURRENT_OWNER:CURRENT_GROUP  change only what has this owner and group',
  '-H  with -R, follow operands that are links to directories',
  '-L  with -R, follow every link to a directory',
  '-P  with -R, follow no links (default)',
] as const;

type Visit = (path: string, stat: Stat) => Sys<void>;

/** Visits the operands and, with -R, what is below them. */
function* walk(task: Task, paths: readonly string[], visit: Visit, followOperand: boolean): Sys<void> {
  for (const path of paths) {
    if (task.has('R') && task.has('preserve-root')) {
      const real = yield* canonical(path, 'all');
      if (real.ok && real.value === '/') {
        yield* task.error(`it is dangerous to operate recursively on ${quoteAlways(path)}`);
        yield* task.error('use --no-preserve-root to override this failsafe');
        continue;
      }
    }
    yield* walkOne(task, path, visit, followOperand);
  }
}

function* walkOne(task: Task, path: string, visit: Visit, follow: boolean): Sys<void> {
  const stat = yield* call('stat', { path, follow });
  if (!stat.ok) {
    if (follow && stat.errno === 'ENOENT') {
      const link = yield* call('stat', { path, follow: false });
      if (link.ok) {
        if (!task.has('f')) yield* task.error(`cannot ${task.tool.name === 'chmod' ? 'operate on dangling symlink' : 'dereference'} ${quoteAlways(path)}${task.tool.name === 'chmod' ? '' : `: ${strerror(stat.errno)}`}`);
        else task.status = 1;
        return;
      }
    }
    if (!task.has('f')) yield* task.cannot('cannot access', path, stat.errno);
    task.status = 1;
    return;
  }
  yield* visit(path, stat.value);
  if (!task.has('R') || stat.value.type !== 'dir') return;
  const names = yield* call('readdir', { path });
  if (!names.ok) {
    if (!task.has('f')) yield* task.cannot('cannot read directory', path, names.errno);
    task.status = 1;
    return;
  }
  for (const name of names.value) yield* walkOne(task, joinPath(path, name), visit, task.has('L'));
}

export const chmod = tool({
  name: 'chmod', package: PACKAGES.coreutils,
  usage: ['[OPTION]... MODE[,MODE]... FILE...', '[OPTION]... OCTAL-MODE FILE...', '[OPTION]... --reference=RFILE FILE...'],
  about: 'Change the mode of each FILE to MODE.\nWith --reference, change the mode of each FILE to that of RFILE.',
  authors: 'David MacKenzie and Jim Meyering', options: COMMON,
  notes: "Each MODE is of the form '[ugoa]*([-+=]([rwxXst]*|[ugo]))+|[-+=][0-7]+'.",
  // A mode may begin with a dash: `chmod -x file`.
  rewrite(words) {
    const at = words.findIndex((word) => /^-[rwxXstugoa,+=0-7-]*[rwxXstugo0-7]/.test(word) && !/^-[cfvR]+$/.test(word) && !word.startsWith('--'));
    return at < 0 || words.slice(0, at).includes('--') ? words : [...words.slice(0, at), `${MARK}${words[at]!}`, ...words.slice(at + 1)];
  },
  run: changeModes,
});
/** Marks a mode that looks like an option, which no file name begins with. */
const MARK = '\0';

function* changeModes(task: Task): Sys<number | void> {
  const reference = task.value('reference');
  const dashed = task.operands.find((word) => word.startsWith(MARK))?.slice(1);
  const rest = task.operands.filter((word) => !word.startsWith(MARK));
  const typed = reference === undefined ? dashed ?? rest.shift() : undefined;
  if (reference === undefined && typed === undefined) return yield* task.misuse('missing operand');
  if (rest.length === 0) return yield* task.misuse(typed === undefined ? 'missing operand' : `missing operand after ${task.quote(typed)}`);
  let change: ModeChange | null;
  if (reference === undefined) change = parseMode(typed!);
  else {
    const stat = yield* call('stat', { path: reference });
    if (!stat.ok) {
      yield* task.cannot('failed to get attributes of', reference, stat.errno);
      return 1;
    }
    change = { octal: stat.value.mode & 0o7777, octalDigits: 5, clauses: [] };
  }
  if (!change) return yield* task.misuse(`invalid mode: ${task.quote(typed!)}`);
  const mask = yield* call('umask', {});
  const umask = mask.ok ? mask.value : 0o022;
  const chosen = change;
  yield* walk(task, rest, (path, stat) => changeOne(task, path, stat, chosen, umask, dashed !== undefined), true);
}

const octal = (mode: number): string => `${(mode & 0o7777).toString(8).padStart(4, '0')} (${permissions(mode)})`;

function* changeOne(task: Task, path: string, stat: Stat, change: ModeChange, umask: number, dashed: boolean): Sys<void> {
  if (stat.type === 'symlink') {
    if (task.has('v')) task.print(`neither symbolic link ${quoteAlways(path)} nor referent has been changed\n`);
    return;
  }
  const mode = changeMode(change, stat.mode, stat.type === 'dir', umask);
  const set = yield* call('chmod', { path, mode });
  if (!set.ok) {
    if (!task.has('f')) yield* task.cannot('changing permissions of', path, set.errno);
    task.status = 1;
    return;
  }
  const same = mode === (stat.mode & 0o7777);
  if (task.has('v') && same) task.print(`mode of ${quoteAlways(path)} retained as ${octal(mode)}\n`);
  else if ((task.has('v') || task.has('c')) && !same) task.print(`mode of ${quoteAlways(path)} changed from ${octal(stat.mode)} to ${octal(mode)}\n`);
  const naive = changeMode(change, stat.mode, stat.type === 'dir', 0);
  if (dashed && naive !== mode) {
    yield* task.error(`${path}: new permissions are ${permissions(mode)}, not ${permissions(naive)}`);
  }
}

interface Owner { uid: number | undefined; gid: number | undefined; userWord: string; groupWord: string }

/** OWNER, OWNER:GROUP, OWNER: or :GROUP; or what is wrong with it. */
function parseOwner(accounts: Accounts, text: string, quoted: (text: string) => string): Owner | string {
  const m = /^([^:]*)(:?)(.*)$/s.exec(text)!;
  let [, user = '', colon = '', group = ''] = m;
  if (colon === '' && user.includes('.') && findUid(accounts, user) === null) {
    const dot = user.indexOf('.');
    [user, colon, group] = [user.slice(0, dot), ':', user.slice(dot + 1)];
  }
  const uid = user === '' ? undefined : findUid(accounts, user);
  if (uid === null) return `invalid user: ${quoted(text)}`;
  let gid = group === '' ? undefined : findGid(accounts, group);
  if (gid === null) return uid === undefined || user === '' ? `invalid group: ${quoted(text)}` : `invalid group: ${quoted(text)}`;
  if (colon && group === '' && uid !== undefined) {
    const login = accounts.users.find((one) => one.uid === uid);
    if (!login) return `invalid spec: ${quoted(text)}`;
    gid = login.gid;
    group = groupName(accounts, gid) ?? String(gid);
  }
  return { uid, gid, userWord: user, groupWord: group };
}

const ownership = (name: 'chown' | 'chgrp', usage: readonly string[], about: string) => tool({
  name, package: PACKAGES.coreutils, usage, about, authors: 'David MacKenzie and Jim Meyering', options: OWNER_OPTIONS,
  run: (task) => changeOwners(task, name),
});

export const chown = ownership('chown', ['[OPTION]... [OWNER][:[GROUP]] FILE...', '[OPTION]... --reference=RFILE FILE...'],
  'Change the owner and/or group of each FILE to OWNER and/or GROUP.\nWith --reference, change the owner and group of each FILE to those of RFILE.');
export const chgrp = ownership('chgrp', ['[OPTION]... GROUP FILE...', '[OPTION]... --reference=RFILE FILE...'],
  'Change the group of each FILE to GROUP.\nWith --reference, change the group of each FILE to that of RFILE.');

function* changeOwners(task: Task, name: 'chown' | 'chgrp'): Sys<number | void> {
  const reference = task.value('reference');
  const rest = [...task.operands];
  const typed = reference === undefined ? rest.shift() : undefined;
  if (reference === undefined && typed === undefined) return yield* task.misuse('missing operand');
  if (rest.length === 0) return yield* task.misuse(typed === undefined ? 'missing operand' : `missing operand after ${task.quote(typed)}`);
  const accounts = yield* readAccounts();
  const owner = yield* wantedOwner(task, name, typed, reference, accounts);
  if (typeof owner === 'string') {
    yield* task.error(owner);
    return 1;
  }
  const from = task.value('from') === undefined ? null : parseOwner(accounts, task.value('from')!, (text) => task.quote(text));
  if (typeof from === 'string') {
    yield* task.error(from);
    return 1;
  }
  const follow = task.has('R') ? task.has('H') || task.has('L') : !task.has('h');
  yield* walk(task, rest, (path, stat) => own(task, path, stat, owner, from, accounts), follow);
}

function* wantedOwner(task: Task, name: 'chown' | 'chgrp', typed: string | undefined, reference: string | undefined, accounts: Accounts): Sys<Owner | string> {
  if (reference !== undefined) {
    const stat = yield* call('stat', { path: reference });
    if (!stat.ok) return `failed to get attributes of ${quoteAlways(reference)}: ${strerror(stat.errno)}`;
    const { uid, gid } = stat.value;
    const user = name === 'chown' ? userName(accounts, uid) ?? String(uid) : '';
    return { uid: name === 'chown' ? uid : undefined, gid, userWord: user, groupWord: groupName(accounts, gid) ?? String(gid) };
  }
  if (name === 'chown') return parseOwner(accounts, typed!, (text) => task.quote(text));
  const gid = typed === '' ? undefined : findGid(accounts, typed!);
  return gid === null ? `invalid group: ${task.quote(typed!)}` : { uid: undefined, gid, userWord: '', groupWord: typed! };
}

function* own(task: Task, path: string, stat: Stat, owner: Owner, from: Owner | null, accounts: Accounts): Sys<void> {
  if (from && ((from.uid !== undefined && from.uid !== stat.uid) || (from.gid !== undefined && from.gid !== stat.gid))) return;
  const what = task.tool.name === 'chgrp' || owner.uid === undefined ? 'group' : 'ownership';
  const set = yield* call('chown', { path, uid: owner.uid, gid: owner.gid, follow: !task.has('h') && stat.type !== 'symlink' });
  if (!set.ok) {
    if (!task.has('f')) yield* task.cannot(`changing ${what} of`, path, set.errno);
    task.status = 1;
    return;
  }
  const names = (uid: number, gid: number): string => {
    const user = userName(accounts, uid) ?? String(uid);
    const group = groupName(accounts, gid) ?? String(gid);
    return what === 'group' ? group : owner.gid === undefined ? user : `${user}:${group}`;
  };
  const to = [owner.userWord, owner.groupWord].filter(Boolean).join(':');
  const same = (owner.uid ?? stat.uid) === stat.uid && (owner.gid ?? stat.gid) === stat.gid;
  const verb = what === 'group' ? 'group' : 'ownership';
  if (task.has('v') && same) task.print(`${verb} of ${quoteAlways(path)} retained as ${to}\n`);
  else if ((task.has('v') || task.has('c')) && !same) task.print(`changed ${verb} of ${quoteAlways(path)} from ${names(stat.uid, stat.gid)} to ${to}\n`);
}
