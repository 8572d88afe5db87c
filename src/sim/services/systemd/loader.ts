/**
 * Finds units on disk: search path, aliases by symbolic links, masks, templates, drop-ins, wants folders.
 * systemd.unit(5). It knows nothing of what runs.
 */
import type { Sys } from '../../proc/program.ts';
import { call, type Stat } from '../../proc/syscalls.ts';
import { configOf, refusal, type UnitConfig } from './config.ts';
import { complaintOf, sectionComplaint } from './settings.ts';
import { expandSpecifiers, kindOf, merge, parseUnit, templateOf, type Sections } from './unitfile.ts';

export const ETC = '/etc/systemd/system';
export const RUN = '/run/systemd/system';
const FOLDERS: readonly string[] = [ETC, RUN, '/usr/local/lib/systemd/system', '/usr/lib/systemd/system', '/lib/systemd/system'];

export interface LoadedUnit {
  name: string;
  load: 'loaded' | 'not-found' | 'masked' | 'bad-setting' | 'error';
  path: string | null; dropIns: readonly string[];
  /** Newest change of the files that it was read from. */
  mtime: number;
  config: UnitConfig | null;
  complaints: readonly string[];
}

/** Folder contents, read once for one run of the loader. */
export interface Shelves { folders: readonly string[]; names: ReadonlyMap<string, readonly string[]>; hostname: string; /** systemd 239, which words complaints otherwise. */ newer: boolean }

export function* openShelves(): Sys<Shelves> {
  const names = new Map<string, readonly string[]>();
  const folders: string[] = [];
  const usrLib = yield* call('stat', { path: '/lib', follow: false });
  for (const folder of FOLDERS) {
    if (folder.startsWith('/lib/') && usrLib.ok && usrLib.value.type === 'symlink') continue;
    const list = yield* call('readdir', { path: folder });
    if (!list.ok) continue;
    folders.push(folder);
    names.set(folder, list.value);
  }
  const info = yield* call('sysinfo', {});
  return { folders, names, hostname: info.ok ? info.value.hostname : 'localhost', newer: usrLib.ok && usrLib.value.type === 'dir' };
}

/** The name and file behind a name: aliases followed. */
export function* locate(shelves: Shelves, name: string): Sys<{ name: string; path: string; stat: Stat } | 'masked' | null> {
  const wanted = templateOf(name);
  for (const candidate of wanted ? [name, wanted.template] : [name]) {
    for (const folder of shelves.folders) {
      if (!shelves.names.get(folder)!.includes(candidate)) continue;
      const found = yield* follow(`${folder}/${candidate}`);
      if (found === null) continue;
      if (found === 'masked') return 'masked';
      const base = found.path.split('/').pop()!;
      // A link to a template is an instance of it; any other name is an alias.
      const real = base === candidate || base.includes('@.') || kindOf(base) !== kindOf(name) ? name : base;
      return { name: real, path: found.shown, stat: found.stat };
    }
  }
  return null;
}

function* follow(path: string): Sys<{ path: string; shown: string; stat: Stat } | 'masked' | null> {
  let at = path;
  for (let hops = 0; hops < 10; hops++) {
    const stat = yield* call('stat', { path: at, follow: false });
    if (!stat.ok) return null;
    if (stat.value.type !== 'symlink') return stat.value.type === 'file' ? { path: at, shown: at, stat: stat.value } : at === '/dev/null' ? 'masked' : null;
    const target = stat.value.target!;
    if (target === '/dev/null') return 'masked';
    at = canonical(target.startsWith('/') ? target : `${at.slice(0, at.lastIndexOf('/'))}/${target}`);
    if (/^\/(etc|run|usr\/lib|lib|usr\/local\/lib)\/systemd\/system\//.test(at) && !at.startsWith(ETC) && at.startsWith('/lib/')) {
      const merged = yield* call('stat', { path: '/lib', follow: false });
      if (merged.ok && merged.value.type === 'symlink') at = `/usr${at}`;
    }
  }
  return null;
}

function canonical(path: string): string {
  const out: string[] = [];
  for (const part of path.split('/')) if (part === '..') out.pop(); else if (part !== '' && part !== '.') out.push(part);
  return `/${out.join('/')}`;
}

/** Files of NAME.d and of NAME.wants in all folders; of equal names the first folder's counts. */
function* listed(shelves: Shelves, name: string, suffix: string): Sys<string[]> {
  const found = new Map<string, string>();
  const template = templateOf(name)?.template;
  for (const owner of template ? [template, name] : [name]) {
    for (const folder of shelves.folders) {
      if (!shelves.names.get(folder)!.includes(`${owner}${suffix}`)) continue;
      const list = yield* call('readdir', { path: `${folder}/${owner}${suffix}` });
      if (list.ok) for (const item of list.value) if (!found.has(item)) found.set(item, `${folder}/${owner}${suffix}/${item}`);
    }
  }
  return [...found.keys()].sort((a, b) => (a < b ? -1 : 1)).map((item) => found.get(item)!);
}

const gone = (name: string, load: LoadedUnit['load'], path: string | null = null): LoadedUnit =>
  ({ name, load, path, dropIns: [], mtime: 0, config: null, complaints: [] });

/** Reads one unit. Its name may differ from the one asked for: an alias. */
export function* loadUnit(shelves: Shelves, asked: string): Sys<LoadedUnit> {
  const found = yield* locate(shelves, asked);
  if (found === null) return kindOf(asked) === 'slice' ? slice(asked) : gone(asked, 'not-found');
  if (found === 'masked') return gone(asked, 'masked', `${ETC}/${asked}`);
  const { name } = found;
  const text = yield* call('readFile', { path: found.path });
  if (!text.ok) return gone(name, 'error', found.path);
  const grammar = { section: (section: string): string | null => sectionComplaint(section, kindOf(name)), assignment: complaintOf };
  const main = parseUnit(found.path, text.value, grammar);
  const parts: Sections[] = [main.sections];
  const complaints = [...main.complaints];
  let { mtime } = found.stat;
  const dropIns = (yield* listed(shelves, name, '.d')).filter((path) => path.endsWith('.conf'));
  for (const path of dropIns) {
    const more = yield* call('readFile', { path });
    const stat = yield* call('stat', { path });
    if (!more.ok) continue;
    const parsed = parseUnit(path, more.value, grammar);
    parts.push(parsed.sections);
    complaints.push(...parsed.complaints);
    if (stat.ok) mtime = Math.max(mtime, stat.value.mtime);
  }
  const baseNames = (list: readonly string[]): string => list.map((path) => path.split('/').pop()!).join(' ');
  const wants = baseNames(yield* listed(shelves, name, '.wants'));
  const requires = baseNames(yield* listed(shelves, name, '.requires'));
  parts.push({ Unit: [...(wants ? [['Wants', wants] as const] : []), ...(requires ? [['Requires', requires] as const] : [])] });
  const config = configOf(name, expandAll(merge(parts), name, shelves.hostname));
  const refused = refusal(name, config);
  const told = shelves.newer ? complaints.map((text) => text.replace(/^\[(.+?:\d+)\] /, '$1: ')) : complaints;
  if (refused) told.push(refused);
  return { name, load: refused ? 'bad-setting' : 'loaded', path: found.path, dropIns, mtime, config, complaints: told };
}

function slice(name: string): LoadedUnit {
  const sections: Sections = { Unit: [['Description', name === '-.slice' ? 'Root Slice' : name === 'system.slice' ? 'System Slice' : `Slice ${name}`]] };
  return { name, load: 'loaded', path: null, dropIns: [], mtime: 0, config: configOf(name, sections), complaints: [] };
}

function expandAll(sections: Sections, name: string, hostname: string): Sections {
  const out: Record<string, (readonly [string, string])[]> = {};
  for (const [section, lines] of Object.entries(sections)) out[section] = lines.map(([key, value]) => [key, expandSpecifiers(value, name, hostname)] as const);
  return out;
}

/** What starting a unit may draw in. */
export const pulls = (config: UnitConfig): string[] =>
  [...config.requires, ...config.requisite, ...config.wants, ...config.bindsTo, ...config.conflicts, ...config.onFailure, ...config.triggers];

/** Loads units and all that they draw in, but for those `known` already. */
export function* loadClosure(names: readonly string[], known: (name: string) => boolean): Sys<{ units: LoadedUnit[]; aliases: Record<string, string> }> {
  const shelves = yield* openShelves();
  const units = new Map<string, LoadedUnit>();
  const aliases: Record<string, string> = {};
  const todo = [...names];
  while (todo.length) {
    const name = todo.shift()!;
    if (known(name) || units.has(name) || aliases[name] !== undefined) continue;
    const unit = yield* loadUnit(shelves, name);
    if (unit.name !== name) aliases[name] = unit.name;
    if (known(unit.name) || units.has(unit.name)) continue;
    units.set(unit.name, unit);
    if (unit.config) todo.push(...pulls(unit.config));
  }
  return { units: [...units.values()], aliases };
}
