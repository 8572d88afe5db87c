/** Programs: where they are found, what environment they get, what is said when they cannot run. */
import { own } from '../../sim/engine/cow.ts';
import { strerror } from '../../sim/proc/libc.ts';
import type { Errno, Sys } from '../../sim/proc/program.ts';
import type { Assigned } from './command.ts';
import type { Shell } from './shell.ts';
import { get, set } from './table.ts';
import { environment, value } from './variables.ts';

/** The environment of a command: what is exported, its own assignments, `_`. */
export function environmentFor(sh: Shell, temporary: readonly Assigned[],
  path: string): Record<string, string> {
  const env: Record<string, string> = { ...environment(sh) };
  for (const a of temporary) {
    env[a.name] = a.append ? (value(sh, a.name) ?? '') + a.text! : a.text ?? '';
  }
  env['_'] = path;
  return env;
}

/** A command's path: as it stands with a slash, else from the hash table or PATH; null when there is none. */
export function* findProgram(sh: Shell, name: string, pathVar?: string,
  elsewhere = false): Sys<string | null> {
  if (name.includes('/')) return name;
  if (name === '') return null;
  if (elsewhere) {
    // Found for a child: bash's own table does not know of it, but looking again would find the same.
    const seen = get(sh.s.hash, name)?.path ?? get(sh.s.paths, name);
    if (seen !== undefined) return seen;
    const path = yield* searchPath(sh, name);
    if (path?.startsWith('/')) set(sh.own('paths'), name, path);
    return path;
  }
  const known = pathVar === undefined ? get(sh.s.hash, name) : undefined;
  if (known) {
    (own(sh.own('hash'), name) as { hits: number }).hits++;
    return known.path;
  }
  const found = yield* searchPath(sh, name, pathVar);
  if (found !== null && pathVar === undefined && !found.startsWith('./') && found.startsWith('/'))
    set(sh.own('hash'), name, { path: found, hits: 1 });
  return found;
}

export function* searchPath(sh: Shell, name: string, pathVar?: string, all?: string[]): Sys<string | null> {
  const path = pathVar ?? value(sh, 'PATH');
  if (path === undefined) return null;
  let other: string | null = null;
  for (const dir of path.split(':')) {
    const full = dir === '' ? `./${name}` : `${dir.replace(/\/+$/, '')}/${name}`;
    const stat = yield* sh.call('stat', { path: full });
    if (!stat.ok || stat.value.type === 'dir') continue;
    if (stat.value.mode & 0o111
      && (sh.start.uid === 0 || (yield* sh.call('access', { path: full, mode: 'x' })).ok)) {
      if (!all) return full;
      all.push(full);
    } else other ??= full;
  }
  return all ? null : other;
}

/** What is said when execve fails, and the status. */
export function* cannotRun(sh: Shell, path: string, errno: Errno): Sys<number> {
  if (errno === 'EAGAIN' || errno === 'ENOMEM') {
    yield* sh.warn(`fork: ${strerror(errno)}`);
    return 254;
  }
  const stat = yield* sh.call('stat', { path });
  if (!stat.ok) {
    yield* sh.warn(`${path}: ${strerror(stat.errno === 'ENOENT' || stat.errno === 'ENOTDIR'
      || stat.errno === 'EACCES' ? stat.errno : errno)}`);
    return stat.errno === 'ENOENT' ? 127 : 126;
  }
  if (stat.value.type === 'dir') { yield* sh.warn(`${path}: Is a directory`); return 126; }
  if (errno === 'ENOENT' || errno === 'ELOOP') {
    const text = yield* sh.call('readFile', { path });
    const interpreter = text.ok ? /^#!\s*(\S+)/.exec(text.value)?.[1] : undefined;
    if (interpreter) {
      yield* sh.warn(`${path}: ${interpreter}: bad interpreter: ${strerror(errno)}`);
      return errno === 'ENOENT' ? 127 : 126;
    }
  }
  if (errno === 'ENOEXEC') {
    yield* sh.warn(`${path}: cannot execute binary file: Exec format error`);
    return 126;
  }
  yield* sh.warn(`${path}: ${strerror(errno)}`);
  return 126;
}
