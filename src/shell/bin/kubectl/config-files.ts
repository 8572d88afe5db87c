/** Kubeconfig files as `kubectl config` changes them: read, written, an entry replaced. */
import { strerror } from '../../../sim/proc/libc.ts';
import type { Sys } from '../../../sim/proc/program.ts';
import { call } from '../../../sim/proc/syscalls.ts';
import { done, plain, type Outcome } from './failure.ts';
import { configPaths, loadConfig } from './kubeconfig.ts';
import { byText, clone, isObj, type Obj } from './object.ts';
import type { Kubectl } from './session.ts';
import { readYaml } from './yaml-read.ts';
import { toYaml } from './yaml.ts';

export type Section = 'clusters' | 'users' | 'contexts';
export const SINGULAR: Readonly<Record<Section, string>> = { clusters: 'cluster', users: 'user', contexts: 'context' };


export const defaults = (section: Section, entry: Obj): Obj => (section === 'contexts' ? { cluster: '', user: '', ...entry } : section === 'clusters' ? { server: '', ...entry } : entry);



export interface File { path: string; doc: Obj }

/** The file that holds an entry, or the one that new entries go to. */
export function* fileFor(k: Kubectl, key: string): Sys<Outcome<File>> {
  const loaded = yield* loadConfig(k.start, k.flags);
  if (!loaded.ok && !(loaded.failure.is === 'plain' && loaded.failure.text.startsWith('stat '))) return loaded;
  const { paths } = yield* configPaths(k.start, k.flags);
  const origin = loaded.ok ? loaded.value.origin[key] ?? loaded.value.files[0] : undefined;
  return yield* readFile(origin ?? paths[0]!);
}

export function* readFile(path: string): Sys<Outcome<File>> {
  const text = yield* call('readFile', { path });
  const read = text.ok ? readYaml(text.value) : null;
  return done({ path, doc: read?.ok && isObj(read.value) ? read.value : {} });
}

const ORDER = ['apiVersion', 'clusters', 'contexts', 'current-context', 'kind', 'preferences', 'users'];

export function* save({ path, doc }: File): Sys<string | null> {
  const whole: Obj = { apiVersion: 'v1', clusters: null, contexts: null, 'current-context': '', kind: 'Config', preferences: {}, users: null, ...doc };
  for (const section of ['clusters', 'contexts', 'users'] as const) {
    if (Array.isArray(whole[section])) whole[section] = whole[section].length ? [...(whole[section] as Obj[])].sort((a, b) => byText(String(a['name']), String(b['name']))) : null;
  }
  const text = toYaml(Object.fromEntries(ORDER.map((key) => [key, whole[key]])));
  const written = yield* call('writeFile', { path, text, mode: 0o600 });
  if (written.ok) return null;
  if (written.errno !== 'ENOENT') return `open ${path}: ${strerror(written.errno).toLowerCase()}`;
  const parts = path.split('/');
  for (let i = 2; i < parts.length; i++) yield* call('mkdir', { path: parts.slice(0, i).join('/'), mode: 0o755 });
  const again = yield* call('writeFile', { path, text, mode: 0o600 });
  return again.ok ? null : `open ${path}: ${strerror(again.errno).toLowerCase()}`;
}

export const entriesOf = (doc: Obj, section: Section): Obj[] => (Array.isArray(doc[section]) ? (doc[section] as Obj[]) : []);

/** Changes one entry in its file; `change` gets a copy of what is there. True when it is new. */
export function* modify(k: Kubectl, section: Section, name: string, change: (entry: Obj) => void): Sys<Outcome<boolean>> {
  const file = yield* fileFor(k, `${section}/${name}`);
  if (!file.ok) return file;
  const list = [...entriesOf(file.value.doc, section)];
  const at = list.findIndex((one_) => one_['name'] === name);
  const entry: Obj = at < 0 ? {} : clone(list[at]![SINGULAR[section]] ?? {});
  change(entry);
  const item = { [SINGULAR[section]]: defaults(section, entry), name };
  if (at < 0) list.push(item); else list[at] = item;
  const problem = yield* save({ path: file.value.path, doc: { ...file.value.doc, [section]: list } });
  return problem ? plain(problem) : done(at < 0);
}
