/** `kubectl config view` and the lists of contexts and clusters. */
import { base64 } from '../../../sim/proc/certificate.ts';
import { err, out, strerror } from '../../../sim/proc/libc.ts';
import type { Sys } from '../../../sim/proc/program.ts';
import { call } from '../../../sim/proc/syscalls.ts';
import { type Section, defaults, SINGULAR } from './config-files.ts';
import { done, plain } from './failure.ts';
import { currentContext, loadConfig, type Kubeconfig } from './kubeconfig.ts';
import { byText, clone, sortedKeys, type Obj } from './object.ts';
import { printerFor } from './output.ts';
import type { Kubectl } from './session.ts';
import { GET, tabulate } from './tabwriter.ts';
import { toYaml } from './yaml.ts';

/** The whole configuration as one document, as config view prints it. */
function document(loaded: Kubeconfig): Obj {
  const list = (section: Section): Obj[] | null => {
    const names = sortedKeys(loaded[section]);
    return names.length ? names.map((name) => ({ [SINGULAR[section]]: defaults(section, loaded[section][name]!), name })) : null;
  };
  return { apiVersion: 'v1', clusters: list('clusters'), contexts: list('contexts'), 'current-context': loaded.currentContext, kind: 'Config', preferences: loaded.preferences, users: list('users') };
}

export function* view(k: Kubectl): Sys<number> {
  if (k.args.length) return yield* k.fail(k.usage(`unexpected arguments: [${k.args.join(' ')}]`).failure);
  const loaded = yield* loadConfig(k.start, k.flags);
  if (!loaded.ok) return yield* k.fail(loaded.failure);
  const shown: Kubeconfig = { ...loaded.value, clusters: clone(loaded.value.clusters), users: clone(loaded.value.users), contexts: clone(loaded.value.contexts) };
  const context = currentContext(shown, k.flags);
  if (k.flags.bool('minify')) {
    if (!context) return yield* k.fail(plain('current-context must exist in order to minify').failure);
    const entry = shown.contexts[context];
    if (!entry) return yield* k.fail(plain(`cannot locate context ${context}`).failure);
    const keep = (all: Record<string, Obj>, name: string): Record<string, Obj> => (all[name] ? { [name]: all[name] } : {});
    shown.clusters = keep(shown.clusters, entry['cluster']);
    shown.users = keep(shown.users, entry['user']);
    shown.contexts = { [context]: entry };
    shown.currentContext = context;
  }
  if (k.flags.bool('flatten')) {
    const problem = yield* flatten(shown);
    if (problem) return yield* k.fail(plain(problem).failure);
  } else if (!k.flags.bool('raw')) redact(shown);
  const printer = yield* printerFor(k);
  if (!printer.ok) return yield* k.fail(printer.failure);
  const text = printer.value ? printer.value(document(shown), true) : done(toYaml(document(shown)));
  if (!text.ok) return yield* k.fail(text.failure);
  yield* out(text.value);
  return 0;
}

function redact(shown: Kubeconfig): void {
  for (const entry of [...Object.values(shown.clusters), ...Object.values(shown.users)]) {
    if (entry['certificate-authority-data']) entry['certificate-authority-data'] = 'DATA+OMITTED';
    for (const key of ['client-certificate-data', 'client-key-data']) if (entry[key]) entry[key] = 'REDACTED';
  }
}

function* flatten(shown: Kubeconfig): Sys<string | null> {
  for (const entry of [...Object.values(shown.clusters), ...Object.values(shown.users)]) {
    for (const key of ['certificate-authority', 'client-certificate', 'client-key']) {
      if (!entry[key]) continue;
      const text = yield* call('readFile', { path: entry[key] });
      if (!text.ok) return `open ${entry[key]}: ${strerror(text.errno).toLowerCase()}`;
      entry[`${key}-data`] = base64(text.value);
      delete entry[key];
    }
  }
  return null;
}

export function* runCurrent(k: Kubectl): Sys<number> {
  const loaded = yield* loadConfig(k.start, k.flags);
  if (!loaded.ok) return yield* k.fail(loaded.failure);
  if (!loaded.value.currentContext) return yield* k.fail(plain('current-context is not set').failure);
  yield* out(`${loaded.value.currentContext}\n`);
  return 0;
}

export function* runClusters(k: Kubectl): Sys<number> {
  const loaded = yield* loadConfig(k.start, k.flags);
  if (!loaded.ok) return yield* k.fail(loaded.failure);
  yield* out(`NAME\n${sortedKeys(loaded.value.clusters).map((name) => `${name}\n`).join('')}`);
  return 0;
}

export function* runContexts(k: Kubectl): Sys<number> {
  const format = k.flags.str('output');
  if (format && format !== 'name') return yield* k.fail(plain(`output must be one of '' or 'name': ${format}`).failure);
  const loaded = yield* loadConfig(k.start, k.flags);
  if (!loaded.ok) return yield* k.fail(loaded.failure);
  const { contexts } = loaded.value;
  const missing = k.args.filter((name) => !contexts[name]);
  const names = k.args.length ? k.args.filter((name) => contexts[name]) : sortedKeys(contexts);
  if (format === 'name') yield* out(names.map((name) => `${name}\n`).join(''));
  else {
    const rows = [...names].sort(byText).map((name) => [name === loaded.value.currentContext ? '*' : '', name, contexts[name]!['cluster'] ?? '', contexts[name]!['user'] ?? '', contexts[name]!['namespace'] ?? ''].join('\t'));
    const lines = [...(k.flags.bool('no-headers') ? [] : ['CURRENT\tNAME\tCLUSTER\tAUTHINFO\tNAMESPACE']), ...rows];
    if (lines.length) yield* out(`${tabulate(lines.join('\n'), GET)}\n`);
  }
  if (!missing.length) return 0;
  for (const name of missing) yield* err(`error: context ${name} not found\n`);
  return 1;
}
