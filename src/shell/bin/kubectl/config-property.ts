/** `kubectl config set` and `unset`: a single value by its path. */
import { out } from '../../../sim/proc/libc.ts';
import type { Sys } from '../../../sim/proc/program.ts';
import { save, entriesOf, defaults, type Section, SINGULAR, fileFor } from './config-files.ts';
import { plain } from './failure.ts';
import { clone, type Obj } from './object.ts';
import type { Kubectl } from './session.ts';

const SECTIONS: readonly Section[] = ['clusters', 'users', 'contexts'];

export function* runSet(k: Kubectl): Sys<number> {
  if (k.args.length !== 2) return yield* k.fail(k.usage(`Unexpected args: [${k.args.join(' ')}]`).failure);
  const [property, value] = k.args as [string, string];
  const problem = yield* property_(k, property, value);
  if (problem) return yield* k.fail(plain(problem).failure);
  yield* out(`Property ${JSON.stringify(property)} set.\n`);
  return 0;
}

export function* runUnset(k: Kubectl, property: string): Sys<number> {
  const problem = yield* property_(k, property, null);
  if (problem) return yield* k.fail(plain(problem).failure);
  yield* out(`Property ${JSON.stringify(property)} unset.\n`);
  return 0;
}

/** section.NAME.field; the name may have dots of its own. */
function* property_(k: Kubectl, path: string, value: string | null): Sys<string | null> {
  if (path === 'current-context' || path.startsWith('preferences')) {
    const file = yield* fileFor(k, '');
    if (!file.ok) return file.failure.is === 'plain' ? file.failure.text : 'cannot read the configuration';
    if (path === 'current-context') return yield* save({ ...file.value, doc: { ...file.value.doc, 'current-context': value ?? '' } });
    const key = path.slice('preferences.'.length);
    const preferences: Obj = { ...file.value.doc['preferences'] };
    if (value === null) delete preferences[key]; else preferences[key] = value === 'true' ? true : value === 'false' ? false : value;
    return yield* save({ ...file.value, doc: { ...file.value.doc, preferences } });
  }
  const section = SECTIONS.find((one_) => path === one_ || path.startsWith(`${one_}.`));
  if (!section) return `unable to locate path ${JSON.stringify(path)}: "${path.split('.')[0]}" is not a valid property`;
  const rest = path.slice(section.length + 1);
  const dot = rest.lastIndexOf('.');
  const [name, field] = dot < 0 ? [rest, ''] : [rest.slice(0, dot), rest.slice(dot + 1)];
  if (value !== null && !field) return 'unable to parse a single value into a structure';
  const file = yield* fileFor(k, `${section}/${name}`);
  if (!file.ok) return file.failure.is === 'plain' ? file.failure.text : 'cannot read the configuration';
  const list = entriesOf(file.value.doc, section).map((entry) => clone(entry));
  const at = list.findIndex((entry) => entry['name'] === name);
  if (value === null) {
    if (at < 0 && name) return `current map key \`${name}\` is invalid`;
    if (!name) return yield* save({ ...file.value, doc: { ...file.value.doc, [section]: null } });
    if (!field) list.splice(at, 1); else delete list[at]![SINGULAR[section]][field];
  } else {
    const entry: Obj = at < 0 ? {} : list[at]![SINGULAR[section]] ?? {};
    entry[field] = field === 'insecure-skip-tls-verify' ? value === 'true' : value;
    const item = { [SINGULAR[section]]: defaults(section, entry), name };
    if (at < 0) list.push(item); else list[at] = item;
  }
  return yield* save({ ...file.value, doc: { ...file.value.doc, [section]: list } });
}
