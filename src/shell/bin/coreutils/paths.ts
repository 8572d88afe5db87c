/** Path names as text: their last part, their directory, joined, made canonical step by step. */
import type { Result, Sys } from '../../../sim/proc/program.ts';
import { call } from '../../../sim/proc/syscalls.ts';

/** The last part, as gnulib's base_name: slashes at the end do not count. */
export function baseName(path: string): string {
  const trimmed = path.replace(/\/+$/, '');
  if (trimmed === '') return path === '' ? '' : '/';
  return trimmed.slice(trimmed.lastIndexOf('/') + 1);
}

export function dirName(path: string): string {
  const trimmed = path.replace(/\/+$/, '');
  if (trimmed === '') return path.startsWith('/') ? '/' : '.';
  const slash = trimmed.lastIndexOf('/');
  if (slash < 0) return '.';
  return trimmed.slice(0, slash).replace(/\/+$/, '') || '/';
}

export const joinPath = (dir: string, name: string): string => (dir.endsWith('/') ? dir + name : `${dir}/${name}`);

/** What must exist: every part, all but the last, or nothing. */
export type Existing = 'all' | 'parents' | 'none';

const LINKS_MAX = 40;

/** realpath(3): absolute, without ., .. and symbolic links. */
export function* canonical(path: string, existing: Existing, followLinks = true): Sys<Result<string>> {
  if (path === '') return { ok: false, errno: 'ENOENT' };
  let at = '';
  if (!path.startsWith('/')) {
    const cwd = yield* call('getcwd', {});
    if (!cwd.ok) return cwd;
    at = cwd.value === '/' ? '' : cwd.value;
  }
  const parts = path.split('/').filter(Boolean);
  let links = 0;
  while (parts.length) {
    const part = parts.shift()!;
    if (part === '.') continue;
    if (part === '..') {
      at = at.slice(0, Math.max(0, at.lastIndexOf('/')));
      continue;
    }
    const next = `${at}/${part}`;
    const stat = yield* call('stat', { path: next, follow: false });
    if (!stat.ok) {
      const optional = existing === 'none' || (existing === 'parents' && parts.length === 0 && stat.errno === 'ENOENT');
      if (!optional) return stat;
      at = next;
      continue;
    }
    if (stat.value.type !== 'symlink' || !followLinks) {
      if (parts.length && existing !== 'none' && stat.value.type !== 'dir' && stat.value.type !== 'symlink') return { ok: false, errno: 'ENOTDIR' };
      at = next;
      continue;
    }
    if (++links > LINKS_MAX) return { ok: false, errno: 'ELOOP' };
    const target = yield* call('readlink', { path: next });
    if (!target.ok) return target;
    parts.unshift(...target.value.split('/').filter(Boolean));
    if (target.value.startsWith('/')) at = '';
  }
  return { ok: true, value: at || '/' };
}

/** The way from directory `from` to `to`, both canonical. */
export function relativePath(to: string, from: string): string {
  const there = to.split('/').filter(Boolean);
  const here = from.split('/').filter(Boolean);
  let same = 0;
  while (same < there.length && same < here.length && there[same] === here[same]) same++;
  return [...here.slice(same).map(() => '..'), ...there.slice(same)].join('/') || '.';
}

/** Whether `to`, which need not exist, would lie inside directory `from`. */
export function* liesInside(from: string, to: string): Sys<boolean> {
  const here = yield* canonical(from, 'all', false);
  const there = yield* canonical(dirName(to), 'all');
  return here.ok && there.ok && (there.value === here.value || there.value.startsWith(`${here.value === '/' ? '' : here.value}/`));
}
