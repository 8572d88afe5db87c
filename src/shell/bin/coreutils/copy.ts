/**
 * Copying files and trees: what cp, mv across file systems and install share (coreutils 8.26 copy.c). It
 * knows no options by name.
 */
import { strerror } from '../../../sim/proc/libc.ts';
import type { Sys } from '../../../sim/proc/program.ts';
import { call, type Stat } from '../../../sim/proc/syscalls.ts';
import { askYes } from './ask.ts';
import { type Backup, makeBackup } from './backup.ts';
import { joinPath } from './paths.ts';
import { quoteAlways } from './quote.ts';
import type { Task } from './tool.ts';

export interface CopyStyle {
  readonly recursive: boolean;
  /** Follow symbolic links: always, for operands only, never. */
  readonly follow: 'always' | 'operands' | 'never';
  readonly preserve: { readonly mode: boolean; readonly owner: boolean; readonly times: boolean; readonly links: boolean };
  readonly overwrite: 'yes' | 'ask' | 'no' | 'update';
  readonly force: boolean; readonly removeFirst: boolean; readonly verbose: boolean; readonly oneFileSystem: boolean;
  readonly as: 'copy' | 'hard' | 'symbolic';
  readonly attributesOnly: boolean;
  readonly backup: Backup;
  /** Names of hard links already copied: device and inode → where to. */
  readonly seen: Map<string, string>;
  /** The first directory made: a source that turns out to be it lies in itself. */
  readonly made: { key: string | null; source: string; target: string };
}

/** Copies one thing; false after a complaint. */
export function* copyOne(task: Task, from: string, to: string, style: CopyStyle, operand = true): Sys<boolean> {
  const follow = style.follow === 'always' || (operand && style.follow === 'operands');
  const source = yield* call('stat', { path: from, follow });
  if (!source.ok) return yield* refuse(task, `cannot stat ${quoteAlways(from)}: ${strerror(source.errno)}`);
  const stat = source.value;
  if (stat.type === 'dir' && !style.recursive) return yield* refuse(task, `-r not specified; omitting directory ${quoteAlways(from)}`);
  const target = yield* call('stat', { path: to, follow: false });
  const old = target.ok ? target.value : null;
  if (old) {
    const go = yield* mayReplace(task, from, stat, to, old, style);
    if (go !== true) return go === 'skip';
  }
  if (stat.type === 'dir') return yield* copyDir(task, from, stat, to, old, style);
  if (style.preserve.links && stat.nlink > 1) {
    const twin = style.seen.get(`${stat.dev}:${stat.ino}`);
    if (twin !== undefined) return yield* done(task, yield* call('link', { from: twin, to }), from, to, style, 'create hard link');
    style.seen.set(`${stat.dev}:${stat.ino}`, to);
  }
  if (style.as !== 'copy') return yield* linkInstead(task, from, to, style);
  return yield* copyLeaf(task, from, stat, to, style);
}

function* refuse(task: Task, text: string): Sys<false> {
  yield* task.error(text);
  return false;
}

/** Whether what stands at `to` may go; `skip` leaves it without complaint. */
function* mayReplace(task: Task, from: string, stat: Stat, to: string, old: Stat, style: CopyStyle): Sys<boolean | 'skip'> {
  const there = old.type === 'symlink' && !style.removeFirst ? yield* call('stat', { path: to }) : null;
  const real = there?.ok ? there.value : old;
  if (real.ino === stat.ino && real.dev === stat.dev && style.backup.kind === 'none' && style.as !== 'hard') {
    return yield* refuse(task, `${quoteAlways(from)} and ${quoteAlways(to)} are the same file`);
  }
  if (stat.type === 'dir') {
    if (real.type === 'dir') return true;
    return yield* refuse(task, `cannot overwrite non-directory ${quoteAlways(to)} with directory ${quoteAlways(from)}`);
  }
  if (real.type === 'dir') return yield* refuse(task, `cannot overwrite directory ${quoteAlways(to)} with non-directory`);
  if (style.overwrite === 'no') return 'skip';
  if (style.overwrite === 'update' && real.mtime >= stat.mtime) return 'skip';
  if (style.overwrite === 'ask' && !(yield* askYes(task, `overwrite ${quoteAlways(to)}?`))) return 'skip';
  if (old.type === 'symlink' && there && !there.ok && stat.type === 'file' && style.as === 'copy' && !style.force) {
    return yield* refuse(task, `not writing through dangling symlink ${quoteAlways(to)}`);
  }
  const kept = yield* makeBackup(style.backup, to);
  if (kept === null && (style.removeFirst || stat.type !== 'file' || (style.as !== 'copy' && style.force))) yield* call('unlink', { path: to });
  return true;
}

function* done(
  task: Task, result: { ok: true } | { ok: false; errno: string }, from: string, to: string, style: CopyStyle, what: string,
): Sys<boolean> {
  if (!result.ok) return yield* refuse(task, `cannot ${what} ${quoteAlways(to)}: ${strerror(result.errno)}`);
  if (style.verbose) task.print(`${quoteAlways(from)} -> ${quoteAlways(to)}\n`);
  return true;
}

function* linkInstead(task: Task, from: string, to: string, style: CopyStyle): Sys<boolean> {
  if (style.as === 'hard') return yield* done(task, yield* call('link', { from, to }), from, to, style, 'create hard link');
  return yield* done(task, yield* call('symlink', { target: from, path: to }), from, to, style, 'create symbolic link');
}

function* copyLeaf(task: Task, from: string, stat: Stat, to: string, style: CopyStyle): Sys<boolean> {
  if (stat.type === 'symlink') {
    const made = yield* call('symlink', { target: stat.target ?? '', path: to });
    return yield* finish(task, from, stat, to, style, made, 'create symbolic link');
  }
  if (stat.type === 'fifo') {
    const made = yield* call('mkfifo', { path: to, mode: stat.mode });
    return yield* finish(task, from, stat, to, style, made, 'create fifo');
  }
  const read = style.attributesOnly ? { ok: true as const, value: '' } : yield* call('readFile', { path: from });
  if (!read.ok) return yield* refuse(task, `cannot open ${quoteAlways(from)} for reading: ${strerror(read.errno)}`);
  if (to.endsWith('/')) return yield* refuse(task, `cannot create regular file ${quoteAlways(to)}: ${strerror('ENOTDIR')}`);
  const existed = yield* call('stat', { path: to });
  if (existed.ok && style.attributesOnly) return yield* finish(task, from, stat, to, style, existed, 'create regular file');
  const mode = stat.mode & 0o777;
  let wrote = yield* call('writeFile', { path: to, text: read.value, mode });
  if (!wrote.ok && style.force && existed.ok) {
    yield* call('unlink', { path: to });
    wrote = yield* call('writeFile', { path: to, text: read.value, mode });
  }
  if (!wrote.ok && wrote.errno === 'ENOSPC') return yield* refuse(task, `error writing ${quoteAlways(to)}: ${strerror(wrote.errno)}`);
  return yield* finish(task, from, stat, to, style, wrote, 'create regular file');
}

/** Owner, mode and time of a fresh copy, as far as they are kept. */
function* finish(
  task: Task, from: string, stat: Stat, to: string, style: CopyStyle, made: { ok: true } | { ok: false; errno: string }, what: string,
): Sys<boolean> {
  if (!(yield* done(task, made, from, to, style, what))) return false;
  return yield* keepAttributes(task, stat, to, style);
}

function* keepAttributes(task: Task, stat: Stat, to: string, style: CopyStyle): Sys<boolean> {
  const isLink = stat.type === 'symlink';
  let setIds = true;
  if (style.preserve.owner) {
    const chowned = yield* call('chown', { path: to, uid: stat.uid, gid: stat.gid, follow: !isLink });
    if (!chowned.ok && task.start.uid === 0) {
      return yield* refuse(task, `failed to preserve ownership for ${quoteAlways(to)}: ${strerror(chowned.errno)}`);
    }
    setIds = chowned.ok;
  }
  if (style.preserve.mode && !isLink) yield* call('chmod', { path: to, mode: setIds ? stat.mode : stat.mode & 0o777 });
  if (style.preserve.times) yield* call('utimes', { path: to, mtime: stat.mtime, follow: false });
  return true;
}

function* copyDir(task: Task, from: string, stat: Stat, to: string, old: Stat | null, style: CopyStyle): Sys<boolean> {
  if (style.made.key === `${stat.dev}:${stat.ino}`) return yield* refuse(task, `cannot copy a directory, ${quoteAlways(style.made.source)}, into itself, ${quoteAlways(style.made.target)}`);
  if (!old) {
    const made = yield* call('mkdir', { path: to, mode: (stat.mode & 0o777) | 0o700 });
    if (!made.ok) return yield* refuse(task, `cannot create directory ${quoteAlways(to)}: ${strerror(made.errno)}`);
    if (style.verbose) task.print(`${quoteAlways(from)} -> ${quoteAlways(to)}\n`);
    const fresh = style.made.key === null ? yield* call('stat', { path: to }) : null;
    if (fresh?.ok) Object.assign(style.made, { key: `${fresh.value.dev}:${fresh.value.ino}`, source: from, target: to });
  }
  const names = yield* call('readdir', { path: from });
  if (!names.ok) return yield* refuse(task, `cannot access ${quoteAlways(from)}: ${strerror(names.errno)}`);
  let good = true;
  for (const name of names.value) {
    const path = joinPath(from, name);
    if (style.oneFileSystem) {
      const below = yield* call('stat', { path, follow: false });
      if (below.ok && below.value.dev !== stat.dev) continue;
    }
    good = (yield* copyOne(task, path, joinPath(to, name), style, false)) && good;
  }
  if (!old && !style.preserve.mode && !(stat.mode & 0o200)) yield* call('chmod', { path: to, mode: stat.mode & 0o777 });
  return (yield* keepAttributes(task, stat, to, style)) && good;
}
