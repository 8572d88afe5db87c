/**
 * Laying trees of files by hand, as an installer does: the data is that of layout/, the calls are mkdir,
 * write, chmod and chown, so a full, read-only or immutable disk stops it.
 */
import { binary, type Tree, type TreeEntry } from '../host/fs.ts';
import { strerror } from '../proc/libc.ts';
import type { Sys } from '../proc/program.ts';
import { call } from '../proc/syscalls.ts';

/** Go's MkdirAll: what is missing on the way is made; the first failure is worded as os.PathError. */
export function* mkdirAll(path: string, mode = 0o755, uid?: number): Sys<string | null> {
  const there = yield* call('stat', { path });
  if (there.ok) return there.value.type === 'dir' ? null : `mkdir ${path}: not a directory`;
  const parent = path.slice(0, path.lastIndexOf('/'));
  const failure = parent ? yield* mkdirAll(parent, mode, uid) : null;
  if (failure) return failure;
  const made = yield* call('mkdir', { path, mode });
  if (!made.ok && made.errno !== 'EEXIST') return `mkdir ${path}: ${strerror(made.errno).toLowerCase()}`;
  if (uid !== undefined) yield* call('chown', { path, uid, gid: uid });
  return null;
}

/** Writes a tree; the first error, or null. */
export function* writeTree(tree: Tree): Sys<string | null> {
  for (const [path, entry] of Object.entries(tree)) {
    const parent = path.slice(0, path.lastIndexOf('/'));
    const failure = (parent ? yield* mkdirAll(parent) : null) ?? (yield* writeEntry(path, entry));
    if (failure) return failure;
  }
  return null;
}

function* writeEntry(path: string, entry: TreeEntry): Sys<string | null> {
  if (typeof entry === 'string') return yield* writeText(path, entry, 0o644, 0);
  if ('dir' in entry) return yield* mkdirAll(path, entry.mode ?? 0o755, entry.uid ?? 0);
  if ('to' in entry) {
    yield* call('unlink', { path });
    const made = yield* call('symlink', { target: entry.to, path });
    return made.ok ? null : `symlink ${entry.to} ${path}: ${strerror(made.errno).toLowerCase()}`;
  }
  if ('program' in entry) return yield* writeText(path, binary(entry.program, entry.size ?? 40_000), entry.mode ?? 0o755, entry.uid ?? 0);
  if ('dev' in entry) return null;
  return yield* writeText(path, entry.text, entry.mode ?? 0o644, entry.uid ?? 0);
}

function* writeText(path: string, text: string, mode: number, uid: number): Sys<string | null> {
  const wrote = yield* call('writeFile', { path, text, mode });
  if (!wrote.ok) return `open ${path}: ${strerror(wrote.errno).toLowerCase()}`;
  yield* call('chmod', { path, mode });
  yield* call('chown', { path, uid, gid: uid });
  return null;
}

/** rm -rf: the first failure, or null. What is not there is no failure. */
export function* removeAll(path: string): Sys<string | null> {
  const there = yield* call('stat', { path, follow: false });
  if (!there.ok) return there.errno === 'ENOENT' ? null : `lstat ${path}: ${strerror(there.errno).toLowerCase()}`;
  if (there.value.type === 'dir') {
    const names = yield* call('readdir', { path });
    if (!names.ok) return `open ${path}: ${strerror(names.errno).toLowerCase()}`;
    for (const name of names.value) {
      const failure = yield* removeAll(`${path}/${name}`);
      if (failure) return failure;
    }
  }
  const gone = yield* call(there.value.type === 'dir' ? 'rmdir' : 'unlink', { path });
  return gone.ok ? null : `${there.value.type === 'dir' ? 'unlinkat' : 'unlink'} ${path}: ${strerror(gone.errno).toLowerCase()}`;
}

export function* exists(path: string): Sys<boolean> {
  return (yield* call('stat', { path, follow: false })).ok;
}

/** A small database in one file: what was there stays until the new has been written whole. */
export function* writeJson(path: string, value: unknown): Sys<string | null> {
  const fresh = `${path}.new`;
  const failure = yield* writeTree({ [fresh]: { text: `${JSON.stringify(value)}\n`, mode: 0o600 } });
  const moved = failure ? null : yield* call('rename', { from: fresh, to: path });
  if (moved?.ok) return null;
  yield* call('unlink', { path: fresh });
  return moved ? `write ${path}: ${strerror(moved.errno).toLowerCase()}` : failure!.replace(`open ${fresh}`, `write ${path}`);
}

export function* readJson<T>(path: string): Sys<T | null> {
  const text = yield* call('readFile', { path });
  if (!text.ok) return null;
  try { return JSON.parse(text.value) as T; } catch { return null; }
}
