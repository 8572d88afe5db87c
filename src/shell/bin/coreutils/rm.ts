/** rm, rmdir, unlink of GNU coreutils 8.22/8.26. */
import { strerror } from '../../../sim/proc/libc.ts';
import type { Sys } from '../../../sim/proc/program.ts';
import { call, type Stat } from '../../../sim/proc/syscalls.ts';
import { askYes } from './ask.ts';
import { TYPE_WORDS } from './mode.ts';
import { canonical, dirName, joinPath } from './paths.ts';
import { quoteAlways } from './quote.ts';
import { PACKAGES, type Task, tool } from './tool.ts';

export interface RemoveStyle {
  readonly recursive: boolean; readonly force: boolean; readonly ask: 'always' | 'never' | 'protected'; readonly verbose: boolean;
  /** Empty directories too (-d). */
  readonly dirs: boolean; readonly oneFileSystem: boolean;
}

export const rm = tool({
  name: 'rm', package: PACKAGES.coreutils, usage: ['[OPTION]... [FILE]...'], about: 'Remove (unlink) the FILE(s).',
  authors: 'Paul Rubin, David MacKenzie, Richard M. Stallman,\nand Jim Meyering',
  options: [
    '-f, --force  ignore what does not exist, never ask',
    '-i  ask before every removal',
    '-I  ask once before removing more than three files or recursively',
    '--interactive[=WHEN]  ask never, once (-I) or always (-i)',
    '--one-file-system  skip directories of other file systems',
    "--no-preserve-root  do not treat '/' specially",
    "--preserve-root[=all]  do not remove '/' (default)",
    '-r, -R, --recursive  remove directories with what is in them',
    '-d, --dir  remove empty directories',
    '-v, --verbose  say what is done',
  ],
  run: removeFiles,
});

const WHEN = ['never,no,none', 'once', 'always,yes'];

function* removeFiles(task: Task): Sys<number | void> {
  const last = task.last('f', 'i', 'I', 'interactive');
  const when = last === 'interactive' ? task.value('interactive') ?? 'always' : last;
  if (last === 'interactive' && !WHEN.join(',').split(',').includes(when!)) return yield* task.badWord(when!, task.quote('--interactive'), WHEN);
  if (task.operands.length === 0) {
    if (task.has('f')) return 0;
    return yield* task.misuse('missing operand');
  }
  const always = when === 'i' || when === 'always' || when === 'yes';
  const never = when === 'f' || when === 'never' || when === 'no' || when === 'none';
  const style: RemoveStyle = {
    recursive: task.has('r'), force: when === 'f', ask: always ? 'always' : never ? 'never' : 'protected', verbose: task.has('v'),
    dirs: task.has('d'), oneFileSystem: task.has('one-file-system'),
  };
  const count = task.operands.length;
  if ((when === 'I' || when === 'once') && (style.recursive || count > 3)) {
    const what = `remove ${count} argument${count === 1 ? '' : 's'}${style.recursive ? ' recursively' : ''}?`;
    if (!(yield* askYes(task, what))) return 0;
  }
  for (const path of task.operands) yield* removeOperand(task, path, style);
}

function* removeOperand(task: Task, path: string, style: RemoveStyle): Sys<void> {
  if (style.recursive && /(^|\/)\.\.?\/*$/.test(path)) {
    return yield* task.error(`refusing to remove '.' or '..' directory: skipping ${quoteAlways(path)}`);
  }
  if (style.recursive && !task.has('no-preserve-root')) {
    const real = yield* canonical(path, 'all', false);
    if (real.ok && real.value === '/') {
      const same = path === '/' ? '' : " (same as '/')";
      yield* task.error(`it is dangerous to operate recursively on ${quoteAlways(path)}${same}`);
      return yield* task.error('use --no-preserve-root to override this failsafe');
    }
  }
  yield* removeTree(task, path, style);
}

/** Removes a file or a whole tree; false if something is left. */
export function* removeTree(task: Task, path: string, style: RemoveStyle): Sys<boolean> {
  const stat = yield* call('stat', { path, follow: false });
  if (!stat.ok) {
    if (style.force && (stat.errno === 'ENOENT' || stat.errno === 'ENOTDIR')) return true;
    yield* task.cannot('cannot remove', path, stat.errno);
    return false;
  }
  if (stat.value.type === 'dir') return yield* removeDir(task, path, stat.value, style);
  if (path.endsWith('/')) {
    yield* task.cannot('cannot remove', path, 'ENOTDIR');
    return false;
  }
  if (!(yield* mayRemove(task, path, stat.value, style, 'remove'))) return false;
  return yield* gone(task, yield* call('unlink', { path }), path, style, 'removed');
}

function* gone(task: Task, result: { ok: true } | { ok: false; errno: string }, path: string, style: RemoveStyle, word: string): Sys<boolean> {
  if (!result.ok) yield* task.cannot('cannot remove', path, result.errno);
  else if (style.verbose) task.print(`${word} ${quoteAlways(path)}\n`);
  return result.ok;
}

/** Asks where -i says so, or where a person would be surprised: what cannot be written. */
function* mayRemove(task: Task, path: string, stat: Stat, style: RemoveStyle, verb: 'remove' | 'descend into'): Sys<boolean> {
  if (style.ask === 'never') return true;
  let protectedWord = '';
  if (stat.type !== 'symlink') {
    const writable = style.ask === 'always' || task.start.uid !== 0 ? yield* call('access', { path, mode: 'w' }) : { ok: true as const };
    if (!writable.ok) protectedWord = 'write-protected ';
  }
  if (style.ask === 'protected') {
    if (protectedWord === '') return true;
    const person = yield* call('tty', { fd: 0 });
    if (!person.ok) return true;
  }
  const kind = stat.type === 'file' && stat.size === 0 ? 'regular empty file' : TYPE_WORDS[stat.type];
  return yield* askYes(task, `${verb} ${protectedWord}${kind} ${quoteAlways(path)}?`);
}

function* removeDir(task: Task, path: string, stat: Stat, style: RemoveStyle): Sys<boolean> {
  if (!style.recursive && !style.dirs) {
    yield* task.cannot('cannot remove', path, 'EISDIR');
    return false;
  }
  if (!style.recursive) {
    if (!(yield* mayRemove(task, path, stat, style, 'remove'))) return false;
    return yield* gone(task, yield* call('rmdir', { path }), path, style, 'removed directory');
  }
  const names = yield* call('readdir', { path });
  if (!names.ok) {
    yield* task.cannot('cannot remove', path, names.errno);
    return false;
  }
  if (names.value.length && !(yield* mayRemove(task, path, stat, style, 'descend into'))) return false;
  let empty = true;
  for (const name of names.value) {
    const below = joinPath(path, name);
    if (style.oneFileSystem && (yield* elsewhere(task, below, stat))) empty = false;
    else empty = (yield* removeTree(task, below, style)) && empty;
  }
  if (!empty) return false;
  if (!(yield* mayRemove(task, path, stat, style, 'remove'))) return false;
  return yield* gone(task, yield* call('rmdir', { path }), path, style, 'removed directory');
}

function* elsewhere(task: Task, path: string, above: Stat): Sys<boolean> {
  const stat = yield* call('stat', { path, follow: false });
  if (!stat.ok || stat.value.dev === above.dev) return false;
  yield* task.error(`skipping ${quoteAlways(path)}, since it's on a different device`);
  return true;
}

export const rmdir = tool({
  name: 'rmdir', package: PACKAGES.coreutils, usage: ['[OPTION]... DIRECTORY...'], about: 'Remove the DIRECTORY(ies), if they are empty.',
  authors: 'David MacKenzie',
  options: [
    '--ignore-fail-on-non-empty  do not complain of a directory that is not empty',
    '-p, --parents  remove its ancestors too',
    '-v, --verbose  say what is done',
  ],
  *run(task) {
    if (task.operands.length === 0) return yield* task.misuse('missing operand');
    for (const path of task.operands) yield* removeEmpty(task, path, path);
    return task.status;
  },
});

function* removeEmpty(task: Task, path: string, typed: string): Sys<void> {
  if (task.has('v')) task.print(`${task.name}: removing directory, ${quoteAlways(path)}\n`);
  const removed = yield* call('rmdir', { path });
  if (!removed.ok) {
    if (removed.errno === 'ENOTEMPTY' && task.has('ignore-fail-on-non-empty')) return;
    const what = path === typed ? 'failed to remove' : 'failed to remove directory';
    return yield* task.error(`${what} ${quoteAlways(path)}: ${strerror(removed.errno)}`);
  }
  if (!task.has('p')) return;
  const parent = dirName(path);
  if (parent !== '.' && parent !== '/') yield* removeEmpty(task, parent, typed);
}

export const unlink = tool({
  name: 'unlink', package: PACKAGES.coreutils, usage: ['FILE', 'OPTION'], about: 'Call the unlink function to remove the specified FILE.',
  authors: 'Michael Stone', options: [],
  *run(task) {
    const [path, extra] = task.operands;
    if (path === undefined) return yield* task.misuse('missing operand');
    if (extra !== undefined) return yield* task.misuse(`extra operand ${task.quote(extra)}`);
    const removed = yield* call('unlink', { path });
    if (!removed.ok) yield* task.cannot('cannot unlink', path, removed.errno);
    return task.status;
  },
});
