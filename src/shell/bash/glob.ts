/** Pathname expansion: walks directories by the pattern's parts. glob.c, and the shopts that bend it. */
import type { Sys } from '../../sim/proc/program.ts';
import { hasGlob, matches } from './pattern.ts';
import type { Shell } from './shell.ts';

const unescape = (text: string): string => text.replace(/\\([^])/g, '$1');

/** Names that match, sorted; empty when none does. */
export function* glob(sh: Shell, pattern: string): Sys<string[]> {
  const parts = pattern.split('/');
  let found: string[] = [''];
  let rooted = false;
  for (let i = 0; i < parts.length; i++) {
    const part = parts[i]!, last = i === parts.length - 1;
    if (i === 0 && part === '' && parts.length > 1) { found = ['/']; rooted = true; continue; }
    if (part === '') {
      if (last) found = yield* onlyDirectories(sh, found);
      else found = found.map((base) => (base.endsWith('/') ? base : `${base}/`));
      continue;
    }
    const next: string[] = [];
    const literal = !hasGlob(part, sh.shopt('extglob'));
    for (const base of found) {
      const lead = base === '' || base.endsWith('/') ? base : `${base}/`;
      if (literal) next.push(lead + unescape(part));
      else if (part === '**' && sh.shopt('globstar')) next.push(...yield* below(sh, lead, last));
      else next.push(...(yield* namesIn(sh, lead, part)).map((name) => lead + name));
    }
    found = literal && hasGlob(parts.slice(0, i).join('/'), sh.shopt('extglob')) ? yield* existing(sh, next)
      : next;
    if (!found.length) return [];
  }
  if (rooted && found.length === 1 && found[0] === '/') return found;
  return found.sort();
}

function* namesIn(sh: Shell, lead: string, part: string): Sys<string[]> {
  const list = yield* sh.call('readdir', { path: lead || '.' });
  if (!list.ok) return [];
  const hidden = part.startsWith('.') || part.startsWith('\\.');
  const style = { extglob: sh.shopt('extglob'), ignoreCase: sh.shopt('nocaseglob') };
  const all = hidden ? ['.', '..', ...list.value] : list.value;
  return all.filter((name) =>
    (name[0] !== '.' || hidden || sh.shopt('dotglob')) && matches(name, part, style));
}

/** `**`: everything below, directories only when more follows. */
function* below(sh: Shell, lead: string, last: boolean): Sys<string[]> {
  const out: string[] = last ? (lead ? [lead] : []) : [lead];
  const list = yield* sh.call('readdir', { path: lead || '.' });
  if (!list.ok) return out;
  for (const name of list.value) {
    if (name[0] === '.' && !sh.shopt('dotglob')) continue;
    const stat = yield* sh.call('stat', { path: lead + name, follow: false });
    if (stat.ok && stat.value.type === 'dir') out.push(...last ? [lead + name] : [],
      ...(yield* below(sh, `${lead}${name}/`, last)).filter((path) => path !== `${lead}${name}/` || !last));
    else if (last) out.push(lead + name);
  }
  return out;
}

function* existing(sh: Shell, paths: readonly string[]): Sys<string[]> {
  const out: string[] = [];
  for (const path of paths) if ((yield* sh.call('stat', { path, follow: false })).ok) out.push(path);
  return out;
}

function* onlyDirectories(sh: Shell, paths: readonly string[]): Sys<string[]> {
  const out: string[] = [];
  for (const path of paths) {
    const stat = yield* sh.call('stat', { path: path || '.' });
    if (stat.ok && stat.value.type === 'dir') out.push(path.endsWith('/') ? path : `${path}/`);
  }
  return out;
}
