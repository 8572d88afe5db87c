/** cp, mv and install of GNU coreutils 8.22/8.26. */
import { strerror } from '../../../sim/proc/libc.ts';
import type { Sys } from '../../../sim/proc/program.ts';
import { call, type Stat } from '../../../sim/proc/syscalls.ts';
import { askYes } from './ask.ts';
import { BACKUP_OPTIONS, makeBackup, readBackup } from './backup.ts';
import { copyOne, type CopyStyle } from './copy.ts';
import { permissions } from './mode.ts';
import { baseName, dirName, joinPath, liesInside } from './paths.ts';
import { quoteAlways } from './quote.ts';
import { removeTree } from './rm.ts';
import { PACKAGES, type Task, tool } from './tool.ts';

const TARGET_OPTIONS = [
  '-t, --target-directory=DIRECTORY  copy all SOURCE arguments into DIRECTORY',
  '-T, --no-target-directory  treat DEST as a normal file',
] as const;

/** Sources, and where to: into a directory or to a name. Null after a complaint. */
export interface Targets { readonly sources: readonly string[]; readonly dir: string | null; readonly file: string | null }

export function* readTargets(task: Task): Sys<Targets | number> {
  const names = task.operands;
  const dir = task.value('t');
  if (dir !== undefined && task.has('T')) return yield* refuseBoth(task);
  if (names.length === 0) return yield* task.misuse('missing file operand');
  if (dir !== undefined) {
    const stat = yield* call('stat', { path: dir });
    if (stat.ok && stat.value.type === 'dir') return { sources: names, dir, file: null };
    return yield* badTarget(task, 'target directory', dir, stat.ok ? 'ENOTDIR' : stat.errno);
  }
  if (names.length === 1) return yield* task.misuse(`missing destination file operand after ${quoteAlways(names[0]!)}`);
  const last = names.at(-1)!;
  if (task.has('T')) {
    if (names.length > 2) return yield* task.misuse(`extra operand ${quoteAlways(names[2]!)}`);
    return { sources: names.slice(0, 1), dir: null, file: last };
  }
  const stat = yield* call('stat', { path: last });
  if (stat.ok && stat.value.type === 'dir') return { sources: names.slice(0, -1), dir: last, file: null };
  if (names.length > 2) return yield* badTarget(task, 'target', last, stat.ok ? 'ENOTDIR' : stat.errno);
  return { sources: names.slice(0, 1), dir: null, file: last };
}

function* refuseBoth(task: Task): Sys<number> {
  yield* task.error('cannot combine --target-directory (-t) and --no-target-directory (-T)');
  return 1;
}

function* badTarget(task: Task, what: string, name: string, errno: string): Sys<number> {
  yield* task.error(`${what} ${quoteAlways(name)}: ${strerror(errno)}`);
  return 1;
}

export const cp = tool({
  name: 'cp', package: PACKAGES.coreutils,
  usage: ['[OPTION]... [-T] SOURCE DEST', '[OPTION]... SOURCE... DIRECTORY', '[OPTION]... -t DIRECTORY SOURCE...'],
  about: 'Copy SOURCE to DEST, or multiple SOURCE(s) to DIRECTORY.',
  authors: 'Torbjorn Granlund, David MacKenzie, and Jim Meyering',
  options: [
    '-a, --archive  the same as -dR --preserve=all',
    '--attributes-only  do not copy what is in files, only their attributes',
    ...BACKUP_OPTIONS,
    '-d  the same as --no-dereference --preserve=links',
    '-f, --force  replace a destination that cannot be opened',
    '-i, --interactive  ask before overwriting',
    '-H  follow symbolic links that are operands',
    '-l, --link  make hard links instead of copies',
    '-L, --dereference  always follow symbolic links',
    '-n, --no-clobber  do not overwrite',
    '-P, --no-dereference  never follow symbolic links',
    '-p  the same as --preserve=mode,ownership,timestamps',
    '--preserve[=ATTR_LIST]  keep mode, ownership, timestamps, links, context, xattr, all',
    '--no-preserve=ATTR_LIST  do not keep them',
    '--parents  make the whole path of each source under DIRECTORY',
    '-R, -r, --recursive  copy directories with what is in them',
    '--reflink[=WHEN]  (no effect on this file system)',
    '--remove-destination  remove each destination before opening it',
    '--sparse=WHEN  (no effect on this file system)',
    '--strip-trailing-slashes  remove slashes at the end of each SOURCE',
    '-s, --symbolic-link  make symbolic links instead of copies',
    ...TARGET_OPTIONS,
    '-u, --update  copy only what is newer or missing',
    '-v, --verbose  say what is done',
    '-x, --one-file-system  stay on this file system',
    '-Z, --context[=CTX]  (there are no security contexts)',
  ],
  *run(task) {
    const style = readCopyStyle(task);
    if (Array.isArray(style)) return yield* task.badWord(style[0]!, task.quote(style[1]!), ATTRIBUTES);
    if (typeof style === 'string') return yield* task.misuse(style);
    const targets = yield* readTargets(task);
    if (typeof targets === 'number') return targets;
    if (task.has('parents') && targets.dir === null) return yield* task.misuse('with --parents, the destination must be a directory');
    for (const typed of targets.sources) {
      const source = task.has('strip-trailing-slashes') ? typed.replace(/(?<=.)\/+$/, '') : typed;
      const to = targets.dir === null ? targets.file!
        : task.has('parents') ? joinPath(targets.dir, source.replace(/^\/+/, '')) : joinPath(targets.dir, nameIn(source));
      if (task.has('parents')) yield* makeParents(task, dirName(to));
      yield* copyOne(task, source, to.replace(/\/\.$/, ''), style);
    }
    return task.status;
  },
});

/** `cp -r dir/. into` copies what is inside. */
const nameIn = (source: string): string => (/(^|\/)\.\.?\/*$/.test(source) ? '.' : baseName(source));

function* makeParents(task: Task, path: string): Sys<void> {
  const parts = path.split('/');
  for (let i = 1; i <= parts.length; i++) {
    const part = parts.slice(0, i).join('/');
    if (part === '') continue;
    const made = yield* call('mkdir', { path: part, mode: 0o777 });
    if (!made.ok && made.errno !== 'EEXIST') yield* task.cannot('cannot make directory', part, made.errno);
  }
}

const ATTRIBUTES = ['mode', 'timestamps', 'ownership', 'links', 'context', 'xattr', 'all'];

/** The style, a complaint, or a bad word and the option that has it. */
function readCopyStyle(task: Task): CopyStyle | string | [string, string] {
  const keep = new Set<string>();
  for (const { key, value } of task.given) {
    const words = key === 'a' ? ['all'] : key === 'p' ? ['mode', 'ownership', 'timestamps'] : key === 'd' ? ['links']
      : key === 'preserve' ? (value ?? 'mode,ownership,timestamps').split(',') : key === 'no-preserve' ? (value ?? '').split(',') : [];
    for (const word of words) {
      if (!ATTRIBUTES.includes(word)) return [word, `--${key}`];
      for (const one of word === 'all' ? ATTRIBUTES : [word]) {
        if (key === 'no-preserve') keep.delete(one);
        else keep.add(one);
      }
    }
  }
  const backup = readBackup(task);
  if (typeof backup === 'string') return backup;
  if (task.has('l') && task.has('s')) return 'cannot make both hard and symbolic links';
  const recursive = task.has('R') || task.has('a');
  const links = task.last('L', 'P', 'H', 'd', 'a');
  const last = task.last('i', 'n', 'f');
  return {
    recursive, follow: links === 'L' ? 'always' : links === 'H' ? 'operands' : links || recursive ? 'never' : 'always',
    preserve: { mode: keep.has('mode'), owner: keep.has('ownership'), times: keep.has('timestamps'), links: keep.has('links') },
    overwrite: task.last('i', 'n') === 'n' ? 'no' : task.has('i') ? 'ask' : task.has('u') ? 'update' : 'yes',
    force: task.has('f') && last !== 'n', removeFirst: task.has('remove-destination'), verbose: task.has('v'),
    oneFileSystem: task.has('x'), as: task.has('l') ? 'hard' : task.has('s') ? 'symbolic' : 'copy',
    attributesOnly: task.has('attributes-only'), backup, seen: new Map(), made: { key: null, source: '', target: '' },
  };
}

export const mv = tool({
  name: 'mv', package: PACKAGES.coreutils,
  usage: ['[OPTION]... [-T] SOURCE DEST', '[OPTION]... SOURCE... DIRECTORY', '[OPTION]... -t DIRECTORY SOURCE...'],
  about: 'Rename SOURCE to DEST, or move SOURCE(s) to DIRECTORY.',
  authors: 'Mike Parker, David MacKenzie, and Jim Meyering',
  options: [
    ...BACKUP_OPTIONS,
    '-f, --force  do not ask before overwriting',
    '-i, --interactive  ask before overwriting',
    '-n, --no-clobber  do not overwrite',
    '--strip-trailing-slashes  remove slashes at the end of each SOURCE',
    ...TARGET_OPTIONS,
    '-u, --update  move only what is newer or missing',
    '-v, --verbose  say what is done',
    '-Z, --context  (there are no security contexts)',
  ],
  *run(task) {
    const targets = yield* readTargets(task);
    if (typeof targets === 'number') return targets;
    for (const typed of targets.sources) {
      const source = task.has('strip-trailing-slashes') ? typed.replace(/(?<=.)\/+$/, '') : typed;
      yield* moveOne(task, source, targets.dir === null ? targets.file! : joinPath(targets.dir, baseName(source)));
    }
    return task.status;
  },
});

function* moveOne(task: Task, from: string, to: string): Sys<void> {
  const source = yield* call('stat', { path: from, follow: false });
  if (!source.ok) return yield* task.cannot('cannot stat', from, source.errno);
  const target = yield* call('stat', { path: to, follow: false });
  if (target.ok && !(yield* mayMoveOver(task, from, source.value, to, target.value))) return;
  if (source.value.type === 'dir' && (yield* liesInside(from, to))) {
    return yield* task.error(`cannot move ${quoteAlways(from)} to a subdirectory of itself, ${quoteAlways(to)}`);
  }
  const backup = readBackup(task);
  if (typeof backup === 'string') return yield* task.error(backup);
  const kept = yield* makeBackup(backup, to);
  const moved = yield* call('rename', { from, to });
  if (!moved.ok && moved.errno === 'EXDEV') {
    if (!(yield* moveAcross(task, from, to))) return;
  } else if (!moved.ok) {
    return yield* task.error(`cannot move ${quoteAlways(from)} to ${quoteAlways(to)}: ${strerror(moved.errno)}`);
  }
  const note = kept === null ? '' : ` (backup: ${quoteAlways(kept)})`;
  if (task.has('v')) task.print(`renamed ${quoteAlways(from)} -> ${quoteAlways(to)}${note}\n`);
}

function* mayMoveOver(task: Task, from: string, source: Stat, to: string, old: Stat): Sys<boolean> {
  if (source.ino === old.ino && source.dev === old.dev) {
    yield* task.error(`${quoteAlways(from)} and ${quoteAlways(to)} are the same file`);
    return false;
  }
  const how = task.last('f', 'i', 'n');
  if (how === 'n' || (task.has('u') && old.mtime >= source.mtime)) return false;
  if (source.type === 'dir' && old.type !== 'dir') {
    yield* task.error(`cannot overwrite non-directory ${quoteAlways(to)} with directory ${quoteAlways(from)}`);
    return false;
  }
  if (source.type !== 'dir' && old.type === 'dir') {
    yield* task.error(`cannot overwrite directory ${quoteAlways(to)} with non-directory`);
    return false;
  }
  if (how === 'i') return yield* askYes(task, `overwrite ${quoteAlways(to)}?`);
  if (how === 'f' || old.type === 'symlink') return true;
  const writable = yield* call('access', { path: to, mode: 'w' });
  const person = yield* call('tty', { fd: 0 });
  if (writable.ok || !person.ok) return true;
  const mode = (old.mode & 0o7777).toString(8).padStart(4, '0');
  return yield* askYes(task, `replace ${quoteAlways(to)}, overriding mode ${mode} (${permissions(old.mode)})?`);
}

/** To another file system: a faithful copy, then the original goes. */
function* moveAcross(task: Task, from: string, to: string): Sys<boolean> {
  yield* call('unlink', { path: to });
  const good = yield* copyOne(task, from, to, {
    recursive: true, follow: 'never', preserve: { mode: true, owner: true, times: true, links: true }, overwrite: 'yes', force: true,
    removeFirst: false, verbose: false, oneFileSystem: false, as: 'copy', attributesOnly: false,
    backup: { kind: 'none', suffix: '~' }, seen: new Map(), made: { key: null, source: '', target: '' },
  });
  return good && (yield* removeTree(task, from, { recursive: true, force: true, ask: 'never', verbose: false, dirs: true, oneFileSystem: false }));
}
