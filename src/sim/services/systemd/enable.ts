/**
 * What enable, disable, mask and their kin do on disk: symbolic links under /etc/systemd/system. And what
 * a unit file's state is called. systemd's install.c, versions 219 to 239.
 */
import type { Sys } from '../../proc/program.ts';
import { call } from '../../proc/syscalls.ts';
import { ETC, loadUnit, locate, RUN, type LoadedUnit, type Shelves } from './loader.ts';
import { templateOf } from './unitfile.ts';

export interface Change { made: boolean; path: string; target: string }

function* listLinks(folder: string): Sys<{ path: string; target: string }[]> {
  const list = yield* call('readdir', { path: folder });
  const out: { path: string; target: string }[] = [];
  for (const name of list.ok ? list.value : []) {
    const path = `${folder}/${name}`;
    const stat = yield* call('stat', { path, follow: false });
    if (stat.ok && stat.value.type === 'symlink') out.push({ path, target: stat.value.target! });
  }
  return out;
}

/** All links under the folder and its .wants and .requires. */
export function* allLinks(root: string): Sys<{ path: string; target: string }[]> {
  const list = yield* call('readdir', { path: root });
  const out = yield* listLinks(root);
  for (const name of list.ok ? list.value : []) if (/\.(wants|requires)$/.test(name)) out.push(...(yield* listLinks(`${root}/${name}`)));
  return out;
}

const base = (path: string): string => path.slice(path.lastIndexOf('/') + 1);

export type FileState = 'enabled' | 'enabled-runtime' | 'disabled' | 'static' | 'masked' | 'masked-runtime' | 'linked' | 'indirect' | 'generated' | 'bad';

/** The state of a unit file; null when there is none. */
export function* fileState(shelves: Shelves, name: string, links: readonly { path: string; target: string }[], loaded?: LoadedUnit): Sys<FileState | null> {
  const found = yield* locate(shelves, name);
  if (found === null) return null;
  if (found === 'masked') return 'masked';
  const unit = loaded ?? (yield* loadUnit(shelves, name));
  const pattern = templateOf(name)?.template;
  const enabled = links.some(({ path, target }) => {
    const folder = path.slice(0, path.lastIndexOf('/'));
    if (base(path) === name) return /\.(wants|requires)$/.test(folder);
    return base(target) === name || (pattern !== undefined && base(path) === name);
  });
  const viaInstance = name.includes('@.') && links.some(({ path, target }) => base(target) === name && base(path) !== name);
  if (enabled || viaInstance) return 'enabled';
  if (!unit.config?.hasInstall) return 'static';
  const { wantedBy, requiredBy, alias, also } = unit.config.install;
  return !wantedBy.length && !requiredBy.length && !alias.length && also.length ? 'indirect' : 'disabled';
}

export type Enabled = { ok: true; changes: readonly Change[]; noInstall: boolean } | { ok: false; error: string };

/** Makes the links that [Install] asks for. */
export function* enableUnit(shelves: Shelves, name: string, runtime: boolean, seen: ReadonlySet<string> = new Set()): Sys<Enabled> {
  const found = yield* locate(shelves, name);
  if (found === null) return { ok: false, error: `Unit file ${name} does not exist.` };
  if (found === 'masked') return { ok: false, error: `Unit file ${runtime ? RUN : ETC}/${name} is masked.` };
  const unit = yield* loadUnit(shelves, name);
  const install = unit.config?.install;
  if (!install) return { ok: false, error: 'Invalid argument' };
  const at = templateOf(name);
  if (name.includes('@.') && !install.defaultInstance) return { ok: false, error: 'Destination unit ' + name + ' is a non-template unit.' };
  const real = name.includes('@.') ? name.replace('@.', `@${install.defaultInstance}.`) : name;
  const root = runtime ? RUN : ETC;
  const wanted = [
    ...install.alias.map((alias) => `${root}/${alias}`),
    ...install.wantedBy.map((target) => `${root}/${target}.wants/${real}`), ...install.requiredBy.map((target) => `${root}/${target}.requires/${real}`),
  ];
  const source = at && !found.path.endsWith(name) ? found.path : found.path;
  const changes: Change[] = [];
  for (const path of wanted) {
    const old = yield* call('stat', { path, follow: false });
    if (old.ok && old.value.type === 'symlink' && old.value.target === source) continue;
    yield* call('mkdir', { path: path.slice(0, path.lastIndexOf('/')), mode: 0o755 });
    if (old.ok) yield* call('unlink', { path });
    const made = yield* call('symlink', { target: source, path });
    if (!made.ok) return { ok: false, error: made.errno };
    changes.push({ made: true, path, target: source });
  }
  const also = new Set([...seen, name]);
  for (const other of install.also) {
    if (also.has(other)) continue;
    const more = yield* enableUnit(shelves, other, runtime, also);
    if (more.ok) changes.push(...more.changes);
  }
  return { ok: true, changes, noInstall: !wanted.length && !install.also.length };
}

/** Removes every link to the unit but masks. */
export function* disableUnit(shelves: Shelves, name: string, runtime: boolean): Sys<Enabled> {
  const found = yield* locate(shelves, name);
  const root = runtime ? RUN : ETC;
  if (found === null) return { ok: false, error: `Unit file ${name} does not exist.` };
  const changes: Change[] = [];
  const unit = found === 'masked' ? null : yield* loadUnit(shelves, name);
  const names = [name, ...(unit?.config?.install.also ?? [])];
  for (const { path, target } of yield* allLinks(root)) {
    const folder = path.slice(0, path.lastIndexOf('/'));
    const instance = names.some((n) => n.includes('@.') && base(target) === n);
    const mine = names.includes(base(path)) ? folder !== root : names.includes(base(target)) && target !== '/dev/null';
    if (!mine && !instance) continue;
    yield* call('unlink', { path });
    changes.push({ made: false, path, target });
    const left = yield* call('readdir', { path: folder });
    if (folder !== root && left.ok && !left.value.length) yield* call('rmdir', { path: folder });
  }
  return { ok: true, changes, noInstall: unit !== null && !unit.config?.hasInstall };
}

export function* maskUnit(name: string, runtime: boolean): Sys<Enabled> {
  const path = `${runtime ? RUN : ETC}/${name}`;
  const old = yield* call('stat', { path, follow: false });
  if (old.ok && old.value.type === 'symlink' && old.value.target === '/dev/null') return { ok: true, changes: [], noInstall: false };
  if (old.ok && old.value.type !== 'symlink') return { ok: false, error: `File ${path} already exists.` };
  if (old.ok) yield* call('unlink', { path });
  const made = yield* call('symlink', { target: '/dev/null', path });
  return made.ok ? { ok: true, changes: [{ made: true, path, target: '/dev/null' }], noInstall: false } : { ok: false, error: made.errno };
}

export function* unmaskUnit(name: string, runtime: boolean): Sys<Enabled> {
  const path = `${runtime ? RUN : ETC}/${name}`;
  const old = yield* call('stat', { path, follow: false });
  if (!old.ok || old.value.type !== 'symlink' || old.value.target !== '/dev/null') return { ok: true, changes: [], noInstall: false };
  yield* call('unlink', { path });
  return { ok: true, changes: [{ made: false, path, target: '/dev/null' }], noInstall: false };
}

/** What the distribution's presets say of a unit. */
export function* presetOf(name: string): Sys<'enabled' | 'disabled'> {
  for (const folder of ['/etc/systemd/system-preset', '/usr/lib/systemd/system-preset', '/lib/systemd/system-preset']) {
    const list = yield* call('readdir', { path: folder });
    for (const file of list.ok ? list.value : []) {
      const text = yield* call('readFile', { path: `${folder}/${file}` });
      for (const line of (text.ok ? text.value : '').split('\n')) {
        const [verb, pattern] = line.trim().split(/\s+/);
        if ((verb !== 'enable' && verb !== 'disable') || !pattern) continue;
        if (matches(pattern, name)) return verb === 'enable' ? 'enabled' : 'disabled';
      }
    }
  }
  return 'enabled';
}

/** fnmatch with * and ?. */
export function matches(pattern: string, text: string): boolean {
  if (!/[*?[]/.test(pattern)) return pattern === text;
  const source = pattern.replace(/[.+^${}()|\\]/g, '\\$&').replace(/\*/g, '.*').replace(/\?/g, '.').replace(/\[!/g, '[^');
  return new RegExp(`^${source}$`).test(text);
}
