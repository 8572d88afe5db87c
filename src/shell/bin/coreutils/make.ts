/** What makes names: mkdir, mkfifo, ln, link, truncate, mktemp, install (coreutils 8.22/8.26). */
import { strerror } from '../../../sim/proc/libc.ts';
import type { Sys } from '../../../sim/proc/program.ts';
import { call } from '../../../sim/proc/syscalls.ts';
import { findGid, findUid, readAccounts } from './accounts.ts';
import { askYes } from './ask.ts';
import { BACKUP_OPTIONS, makeBackup, readBackup } from './backup.ts';
import { copyOne } from './copy.ts';
import { readTargets } from './cp.ts';
import { changeMode, parseMode } from './mode.ts';
import { baseName, canonical, dirName, joinPath, relativePath } from './paths.ts';
import { quoteAlways } from './quote.ts';
import { PACKAGES, type Task, tool } from './tool.ts';

/** The mode that -m asks for, or what is wrong with it. */
function* wantedMode(task: Task, base: number, isDir: boolean): Sys<number | null | string> {
  const typed = task.value('m');
  if (typed === undefined) return null;
  const change = parseMode(typed);
  if (!change) return `invalid mode ${task.quote(typed)}`;
  const umask = yield* call('umask', {});
  return changeMode(change, base, isDir, umask.ok ? umask.value : 0o022);
}

export const mkdir = tool({
  name: 'mkdir', package: PACKAGES.coreutils, usage: ['[OPTION]... DIRECTORY...'],
  about: 'Create the DIRECTORY(ies), if they do not already exist.', authors: 'David MacKenzie',
  options: [
    '-m, --mode=MODE  set the mode as chmod does, not a=rwx - umask',
    '-p, --parents  no error if it exists, make parents as needed',
    '-v, --verbose  say what is made',
    '-Z, --context[=CTX]  (there are no security contexts)',
  ],
  *run(task) {
    if (task.operands.length === 0) return yield* task.misuse('missing operand');
    const mode = yield* wantedMode(task, 0o777, true);
    if (typeof mode === 'string') {
      yield* task.error(mode);
      return 1;
    }
    for (const path of task.operands) yield* makeDir(task, path, mode);
    return task.status;
  },
});

function* makeDir(task: Task, path: string, mode: number | null): Sys<void> {
  if (task.has('p') && !(yield* makeAncestors(task, path))) return;
  const made = yield* call('mkdir', { path, mode: 0o777 });
  if (!made.ok) {
    if (task.has('p') && made.errno === 'EEXIST') {
      const stat = yield* call('stat', { path });
      if (stat.ok && stat.value.type === 'dir') return;
    }
    return yield* task.error(`cannot create directory ${task.quote(path)}: ${strerror(made.errno)}`);
  }
  if (task.has('v')) task.print(`${task.name}: created directory ${quoteAlways(path)}\n`);
  if (mode === null) return;
  const changed = yield* call('chmod', { path, mode });
  if (!changed.ok) yield* task.cannot('cannot set permissions', path, changed.errno);
}

function* makeAncestors(task: Task, path: string): Sys<boolean> {
  const parts = path.split('/');
  let at = '';
  for (let i = 0; i < parts.length - 1; i++) {
    at = i === 0 ? parts[0]! : `${at}/${parts[i]}`;
    if (at === '' || parts.slice(i + 1).every((part) => part === '')) continue;
    const made = yield* call('mkdir', { path: at, mode: 0o777 });
    if (made.ok) {
      if (task.has('v')) task.print(`${task.name}: created directory ${quoteAlways(at)}\n`);
      continue;
    }
    const stat = yield* call('stat', { path: at });
    if (stat.ok && stat.value.type === 'dir') continue;
    yield* task.error(`cannot create directory ${task.quote(at)}: ${strerror(stat.ok ? 'ENOTDIR' : made.errno)}`);
    return false;
  }
  return true;
}

export const mkfifo = tool({
  name: 'mkfifo', package: PACKAGES.coreutils, usage: ['[OPTION]... NAME...'], about: 'Create named pipes (FIFOs) with the given NAMEs.',
  authors: 'David MacKenzie',
  options: ['-m, --mode=MODE  set the mode to MODE, not a=rw - umask', '-Z, --context[=CTX]  (there are no security contexts)'],
  *run(task) {
    if (task.operands.length === 0) return yield* task.misuse('missing operand');
    const mode = yield* wantedMode(task, 0o666, false);
    if (typeof mode === 'string') {
      yield* task.error('invalid mode');
      return 1;
    }
    for (const path of task.operands) {
      const made = yield* call('mkfifo', { path, mode: 0o666 });
      if (!made.ok) yield* task.cannot('cannot create fifo', path, made.errno);
      else if (mode !== null) yield* call('chmod', { path, mode });
    }
    return task.status;
  },
});

export const ln = tool({
  name: 'ln', package: PACKAGES.coreutils,
  usage: ['[OPTION]... [-T] TARGET LINK_NAME', '[OPTION]... TARGET', '[OPTION]... TARGET... DIRECTORY', '[OPTION]... -t DIRECTORY TARGET...'],
  about: 'Create hard links by default, symbolic links with --symbolic.\nBy default, each destination (name of new link) should not already exist.',
  authors: 'Mike Parker and David MacKenzie',
  options: [
    ...BACKUP_OPTIONS,
    '-d, -F, --directory  try to make hard links to directories (never allowed)',
    '-f, --force  remove destinations that exist',
    '-i, --interactive  ask before removing destinations',
    '-L, --logical  follow a TARGET that is a symbolic link',
    '-n, --no-dereference  treat LINK_NAME as a file if it is a link to a directory',
    '-P, --physical  make hard links to symbolic links themselves',
    '-r, --relative  make symbolic links relative to where they are',
    '-s, --symbolic  make symbolic links',
    '-t, --target-directory=DIRECTORY  make the links in DIRECTORY',
    '-T, --no-target-directory  always treat LINK_NAME as a file',
    '-v, --verbose  say what is linked',
  ],
  run: makeLinks,
});

function* makeLinks(task: Task): Sys<number | void> {
  const names = task.operands;
  if (names.length === 0) return yield* task.misuse('missing file operand');
  let dir = task.value('t') ?? null;
  let targets: readonly string[] = names;
  if (dir === null && names.length === 1 && !task.has('T')) dir = '.';
  else if (dir === null) {
    const last = names.at(-1)!;
    if (names.length === 1) return yield* task.misuse(`missing destination file operand after ${quoteAlways(last)}`);
    const stat = yield* call('stat', { path: last, follow: !task.has('n') });
    const isDir = stat.ok && stat.value.type === 'dir' && !task.has('T');
    if (names.length > 2 && !isDir) {
      if (task.has('T')) return yield* task.misuse(`extra operand ${quoteAlways(names[2]!)}`);
      yield* task.error(`target ${quoteAlways(last)}: ${strerror(stat.ok ? 'ENOTDIR' : stat.errno)}`);
      return 1;
    }
    targets = names.slice(0, -1);
    if (isDir) dir = last;
  }
  for (const target of targets) yield* makeLink(task, target, dir === null ? names.at(-1)! : joinPath(dir, baseName(target)));
}

function* makeLink(task: Task, target: string, name: string): Sys<void> {
  const symbolic = task.has('s');
  if (!symbolic) {
    const stat = yield* call('stat', { path: target, follow: task.has('L') });
    if (!stat.ok) return yield* task.cannot('failed to access', target, stat.errno);
    if (stat.value.type === 'dir') return yield* task.error(`${target}: hard link not allowed for directory`);
  }
  const old = yield* call('stat', { path: name, follow: false });
  const backup = readBackup(task);
  if (typeof backup === 'string') return yield* task.error(backup);
  if (old.ok && (task.has('f') || task.has('i') || backup.kind !== 'none')) {
    if (old.value.type === 'dir') return yield* task.error(`${name}: cannot overwrite directory`);
    if (task.last('f', 'i') === 'i' && !(yield* askYes(task, `replace ${quoteAlways(name)}?`))) return;
    const source = yield* call('stat', { path: target, follow: false });
    if (!symbolic && source.ok && source.value.ino === old.value.ino && source.value.dev === old.value.dev) {
      return yield* task.error(`${quoteAlways(target)} and ${quoteAlways(name)} are the same file`);
    }
    if ((yield* makeBackup(backup, name)) === null) yield* call('unlink', { path: name });
  }
  const pointed = symbolic && task.has('r') ? yield* relativeTo(target, name) : target;
  const made = symbolic ? yield* call('symlink', { target: pointed, path: name })
    : yield* call('link', { from: task.has('L') ? yield* resolved(target) : target, to: name });
  if (!made.ok) {
    const kind = symbolic ? 'symbolic' : 'hard';
    const what = made.errno === 'EEXIST' || symbolic ? quoteAlways(name) : `${quoteAlways(name)} => ${quoteAlways(target)}`;
    return yield* task.error(`failed to create ${kind} link ${what}: ${strerror(made.errno)}`);
  }
  if (task.has('v')) task.print(`${quoteAlways(name)} ${symbolic ? '->' : '=>'} ${quoteAlways(pointed)}\n`);
}

function* relativeTo(target: string, name: string): Sys<string> {
  const there = yield* canonical(target, 'none');
  const here = yield* canonical(dirName(name), 'none');
  return there.ok && here.ok ? relativePath(there.value, here.value) : target;
}

function* resolved(path: string): Sys<string> {
  const real = yield* canonical(path, 'all');
  return real.ok ? real.value : path;
}

export const link = tool({
  name: 'link', package: PACKAGES.coreutils, usage: ['FILE1 FILE2', 'OPTION'],
  about: 'Call the link function to create a link named FILE2 to an existing FILE1.', authors: 'Michael Stone', options: [],
  *run(task) {
    const [from, to, extra] = task.operands;
    if (from === undefined) return yield* task.misuse('missing operand');
    if (to === undefined) return yield* task.misuse(`missing operand after ${task.quote(from)}`);
    if (extra !== undefined) return yield* task.misuse(`extra operand ${task.quote(extra)}`);
    const made = yield* call('link', { from, to });
    if (!made.ok) yield* task.error(`cannot create link ${quoteAlways(to)} to ${quoteAlways(from)}: ${strerror(made.errno)}`);
    return task.status;
  },
});

export const mktemp = tool({
  name: 'mktemp', package: PACKAGES.coreutils, usage: ['[OPTION]... [TEMPLATE]'],
  about: "Create a temporary file or directory, safely, and print its name.\nTEMPLATE must contain at least 3 consecutive 'X's in last component.\n"
    + 'If TEMPLATE is not specified, use tmp.XXXXXXXXXX, and --tmpdir is implied.',
  authors: 'Jim Meyering and Eric Blake',
  options: [
    '-d, --directory  make a directory, not a file',
    '-u, --dry-run  make nothing, only print a name',
    '-q, --quiet  say nothing when it fails',
    '--suffix=SUFF  add SUFF to TEMPLATE',
    '-p DIR  put it in DIR', '--tmpdir[=DIR]  put it in DIR, else in $TMPDIR or /tmp',
    '-t  TEMPLATE is one name, put in $TMPDIR, the DIR of -p, or /tmp',
  ],
  run: makeTemporary,
});

const LETTERS = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';

function* makeTemporary(task: Task): Sys<number | void> {
  if (task.operands.length > 1) return yield* task.misuse('too many templates');
  const typed = task.operands[0];
  let template = typed ?? 'tmp.XXXXXXXXXX';
  const suffix = task.value('suffix') ?? '';
  const quiet = task.has('q');
  const complain = function* (text: string): Sys<number> {
    if (!quiet) yield* task.error(text);
    return 1;
  };
  if (suffix !== '' && !template.endsWith('X')) return yield* complain(`with --suffix, template ${task.quote(template)} must end in X`);
  const m = /^(.*?)(X{3,})([^X/]*)$/.exec(template.replace(/^(.*)(?=\/)/, '')) ?? /(X{3,})([^X/]*)$/.exec(template);
  if (!m) return yield* complain(`too few X's in template ${task.quote(template)}`);
  const inTmp = typed === undefined || task.has('tmpdir') || task.has('p') || task.has('t');
  if (inTmp && template.startsWith('/')) return yield* complain(`invalid template, ${task.quote(template)}; with --tmpdir, it may not be absolute`);
  if (inTmp) template = joinPath(task.value('p') ?? (task.value('tmpdir') || task.start.env['TMPDIR'] || '/tmp'), template);
  const form = /^(.*?)(X{3,})([^X]*)$/s.exec(template.slice(template.lastIndexOf('/') + 1))!;
  const dir = template.slice(0, template.lastIndexOf('/') + 1);
  for (let attempt = 0; attempt < 100; attempt++) {
    let letters = '';
    for (let i = 0; i < form[2]!.length; i++) {
      const drawn = yield* call('random', { below: LETTERS.length });
      letters += LETTERS[drawn.ok ? drawn.value : 0];
    }
    const path = dir + form[1] + letters + form[3] + suffix;
    const made = task.has('u') ? yield* call('stat', { path, follow: false }) : yield* createTemporary(task, path);
    if (task.has('u') ? !made.ok : made.ok) {
      task.print(`${path}\n`);
      return 0;
    }
    if (!made.ok && made.errno !== 'EEXIST') {
      const what = task.has('d') ? 'directory' : 'file';
      return yield* complain(`failed to create ${what} via template ${task.quote(template + suffix)}: ${strerror(made.errno)}`);
    }
  }
  return 1;
}

function* createTemporary(task: Task, path: string): Sys<{ ok: true } | { ok: false; errno: string }> {
  if (task.has('d')) return yield* call('mkdir', { path, mode: 0o700 });
  const opened = yield* call('open', { path, flags: { read: true, write: true, create: true, excl: true }, mode: 0o600 });
  if (opened.ok) yield* call('close', { fd: opened.value });
  return opened;
}

export const install = tool({
  name: 'install', package: PACKAGES.coreutils,
  usage: ['[OPTION]... [-T] SOURCE DEST', '[OPTION]... SOURCE... DIRECTORY', '[OPTION]... -t DIRECTORY SOURCE...', '[OPTION]... -d DIRECTORY...'],
  about: 'Copy files while setting their modes and owners, or make directories.', authors: 'David MacKenzie',
  options: [
    ...BACKUP_OPTIONS,
    '-c  (ignored)',
    '-d, --directory  treat all arguments as names of directories to make',
    '-D  make the parents of DEST first',
    '-g, --group=GROUP  set the group',
    '-m, --mode=MODE  set the mode, not rwxr-xr-x',
    '-o, --owner=OWNER  set the owner (super-user only)',
    '-p, --preserve-timestamps  keep the times of SOURCE',
    '-s, --strip  (there are no symbols to strip)',
    '-t, --target-directory=DIRECTORY  copy all SOURCE arguments into DIRECTORY',
    '-T, --no-target-directory  treat DEST as a normal file',
    '-v, --verbose  say what is done',
  ],
  run: installFiles,
});

function* installFiles(task: Task): Sys<number | void> {
  const change = parseMode(task.value('m') ?? '755');
  if (!change) {
    yield* task.error(`invalid mode ${task.quote(task.value('m')!)}`);
    return 1;
  }
  const accounts = yield* readAccounts();
  const uid = task.has('o') ? findUid(accounts, task.value('o')!) : undefined;
  const gid = task.has('g') ? findGid(accounts, task.value('g')!) : undefined;
  for (const [id, kind, key] of [[uid, 'user', 'o'], [gid, 'group', 'g']] as const) {
    if (id !== null) continue;
    yield* task.error(`invalid ${kind} ${task.quote(task.value(key)!)}`);
    return 1;
  }
  const dress = function* (path: string, isDir: boolean): Sys<void> {
    if (uid !== undefined || gid !== undefined) {
      const owned = yield* call('chown', { path, uid: uid ?? undefined, gid: gid ?? undefined });
      if (!owned.ok) yield* task.cannot('cannot change ownership of', path, owned.errno);
    }
    const set = yield* call('chmod', { path, mode: changeMode(change, isDir ? 0o755 : 0, isDir, 0) });
    if (!set.ok) yield* task.cannot('cannot change permissions of', path, set.errno);
  };
  if (task.has('d')) {
    if (task.operands.length === 0) return yield* task.misuse('missing file operand');
    for (const path of task.operands) {
      if (!(yield* ensureDir(task, path, task.has('v')))) continue;
      yield* dress(path, true);
    }
    return;
  }
  const typed = task.operands.at(-1);
  if (task.has('D') && typed !== undefined && task.operands.length === 2 && !task.has('t')) yield* ensureDir(task, dirName(typed), task.has('v'));
  const targets = yield* readTargets(task);
  if (typeof targets === 'number') return targets;
  const backup = readBackup(task);
  if (typeof backup === 'string') return yield* task.misuse(backup);
  for (const from of targets.sources) {
    const to = targets.dir === null ? targets.file! : joinPath(targets.dir, baseName(from));
    const source = yield* call('stat', { path: from });
    if (source.ok && source.value.type === 'dir') {
      yield* task.error(`omitting directory ${quoteAlways(from)}`);
      continue;
    }
    const good = yield* copyOne(task, from, to, {
      recursive: false, follow: 'always', preserve: { mode: false, owner: false, times: task.has('p'), links: false }, overwrite: 'yes',
      force: true, removeFirst: true, verbose: task.has('v'), oneFileSystem: false, as: 'copy', attributesOnly: false, backup, seen: new Map(), made: { key: null, source: '', target: '' },
    });
    if (good) yield* dress(to, false);
  }
}

function* ensureDir(task: Task, path: string, verbose: boolean): Sys<boolean> {
  const parts = path.split('/');
  for (let i = 1; i <= parts.length; i++) {
    const part = parts.slice(0, i).join('/');
    if (part === '') continue;
    const made = yield* call('mkdir', { path: part, mode: 0o755 });
    if (made.ok && verbose) task.print(`${task.name}: creating directory ${quoteAlways(part)}\n`);
    if (made.ok || made.errno === 'EEXIST') continue;
    const there = yield* call('stat', { path: part });
    if (there.ok && there.value.type === 'dir') continue;
    yield* task.cannot('cannot create directory', part, made.errno);
    return false;
  }
  return true;
}
