/** `kubectl config`: shows and changes kubeconfig files. */
import { base64 } from '../../../sim/proc/certificate.ts';
import { err, out, strerror } from '../../../sim/proc/libc.ts';
import type { Sys } from '../../../sim/proc/program.ts';
import { call } from '../../../sim/proc/syscalls.ts';
import { done, plain, type Outcome } from './failure.ts';
import { flagTable } from './flags.ts';
import { configPaths, currentContext, loadConfig, type Kubeconfig } from './kubeconfig.ts';
import { byText, clone, isObj, sortedKeys, type Obj } from './object.ts';
import { printerFor, printFlags } from './output.ts';
import type { Kubectl } from './session.ts';
import { GET, tabulate } from './tabwriter.ts';
import type { Verb } from './verb.ts';
import { readYaml } from './yaml-read.ts';
import { toYaml } from './yaml.ts';

type Section = 'clusters' | 'users' | 'contexts';
const SINGULAR: Readonly<Record<Section, string>> = { clusters: 'cluster', users: 'user', contexts: 'context' };

/** A command of one argument. */
function* named(k: Kubectl, run: (k: Kubectl, name: string) => Sys<number>): Sys<number> {
  if (k.args.length !== 1) return yield* k.fail(k.usage(`Unexpected args: [${k.args.join(' ')}]`).failure);
  return yield* run(k, k.args[0]!);
}

export const config: Verb = {
  name: 'config', group: 'Other Commands:', usage: 'config SUBCOMMAND', short: 'Modify kubeconfig files', long: `Modify kubeconfig files using subcommands like "kubectl config set current-context my-context"\n\nWhich files are read: only that of --kubeconfig if it is set; else those of $KUBECONFIG, merged, the first that says something winning; else \${HOME}/.kube/config.`,
  subs: [
    { name: 'current-context', usage: 'current-context', short: 'Displays the current-context', run: runCurrent },
    { name: 'delete-cluster', usage: 'delete-cluster NAME', short: 'Delete the specified cluster from the kubeconfig', run: (k) => named(k, (kk, name) => remove(kk, 'clusters', name)) },
    { name: 'delete-context', usage: 'delete-context NAME', short: 'Delete the specified context from the kubeconfig', run: (k) => named(k, (kk, name) => remove(kk, 'contexts', name)) },
    { name: 'get-clusters', usage: 'get-clusters', short: 'Display clusters defined in the kubeconfig', run: runClusters },
    { name: 'get-contexts', usage: 'get-contexts [(-o|--output=)name)]', short: 'Describe one or many contexts', flags: flagTable(`
      no-headers bool Print no header line.
      output,o string Output format: name.
    `), run: runContexts },
    { name: 'rename-context', usage: 'rename-context CONTEXT_NAME NEW_NAME', short: 'Renames a context from the kubeconfig file.', run: rename },
    { name: 'set', usage: 'set PROPERTY_NAME PROPERTY_VALUE', short: 'Sets an individual value in a kubeconfig file', flags: flagTable('set-raw-bytes bool The value is base64 bytes.'), run: runSet },
    { name: 'set-cluster', usage: 'set-cluster NAME [--server=server] [--certificate-authority=path/to/certificate/authority] [--insecure-skip-tls-verify=true]', short: 'Sets a cluster entry in kubeconfig', flags: flagTable('embed-certs bool Keep the certificate itself in the file.'), run: (k) => named(k, setCluster) },
    { name: 'set-context', usage: 'set-context [NAME | --current] [--cluster=cluster_nickname] [--user=user_nickname] [--namespace=namespace]', short: 'Sets a context entry in kubeconfig', flags: flagTable('current bool Change the current context'), run: setContext },
    { name: 'set-credentials', usage: 'set-credentials NAME [--client-certificate=path/to/certfile] [--client-key=path/to/keyfile] [--token=bearer_token] [--username=basic_user] [--password=basic_password]', short: 'Sets a user entry in kubeconfig', flags: flagTable(`
      auth-provider string Auth provider of the user entry
      auth-provider-arg strings 'key=value' arguments of the auth provider
      embed-certs bool Keep certificate and key themselves in the file.
    `), run: (k) => named(k, setCredentials) },
    { name: 'unset', usage: 'unset PROPERTY_NAME', short: 'Unsets an individual value in a kubeconfig file', run: (k) => named(k, runUnset) },
    { name: 'use-context', aliases: ['use'], usage: 'use-context CONTEXT_NAME', short: 'Sets the current-context in a kubeconfig file', run: (k) => named(k, use) },
    { name: 'view', usage: 'view', short: 'Display merged kubeconfig settings or a specified kubeconfig file', flags: [...flagTable(`
      flatten bool Put the files that are named into it
      merge bool=true Merge the files; default true
      minify bool Leave out what the current context does not use
      raw bool Show certificates and keys
    `), ...printFlags.map((flag) => (flag.name === 'output' ? { ...flag, def: 'yaml' } : flag))], run: view },
  ],
};

/** The whole configuration as one document, as config view prints it. */
function document(loaded: Kubeconfig): Obj {
  const list = (section: Section): Obj[] | null => {
    const names = sortedKeys(loaded[section]);
    return names.length ? names.map((name) => ({ [SINGULAR[section]]: defaults(section, loaded[section][name]!), name })) : null;
  };
  return { apiVersion: 'v1', clusters: list('clusters'), contexts: list('contexts'), 'current-context': loaded.currentContext, kind: 'Config', preferences: loaded.preferences, users: list('users') };
}
const defaults = (section: Section, entry: Obj): Obj => (section === 'contexts' ? { cluster: '', user: '', ...entry } : section === 'clusters' ? { server: '', ...entry } : entry);

function* view(k: Kubectl): Sys<number> {
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

function* runCurrent(k: Kubectl): Sys<number> {
  const loaded = yield* loadConfig(k.start, k.flags);
  if (!loaded.ok) return yield* k.fail(loaded.failure);
  if (!loaded.value.currentContext) return yield* k.fail(plain('current-context is not set').failure);
  yield* out(`${loaded.value.currentContext}\n`);
  return 0;
}

function* runClusters(k: Kubectl): Sys<number> {
  const loaded = yield* loadConfig(k.start, k.flags);
  if (!loaded.ok) return yield* k.fail(loaded.failure);
  yield* out(`NAME\n${sortedKeys(loaded.value.clusters).map((name) => `${name}\n`).join('')}`);
  return 0;
}

function* runContexts(k: Kubectl): Sys<number> {
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

// --- changes

interface File { path: string; doc: Obj }

/** The file that holds an entry, or the one that new entries go to. */
function* fileFor(k: Kubectl, key: string): Sys<Outcome<File>> {
  const loaded = yield* loadConfig(k.start, k.flags);
  if (!loaded.ok && !(loaded.failure.is === 'plain' && loaded.failure.text.startsWith('stat '))) return loaded;
  const { paths } = configPaths(k.start, k.flags);
  const origin = loaded.ok ? loaded.value.origin[key] ?? loaded.value.files[0] : undefined;
  return yield* readFile(origin ?? paths[0]!);
}

function* readFile(path: string): Sys<Outcome<File>> {
  const text = yield* call('readFile', { path });
  const read = text.ok ? readYaml(text.value) : null;
  return done({ path, doc: read?.ok && isObj(read.value) ? read.value : {} });
}

const ORDER = ['apiVersion', 'clusters', 'contexts', 'current-context', 'kind', 'preferences', 'users'];

function* save({ path, doc }: File): Sys<string | null> {
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

const entriesOf = (doc: Obj, section: Section): Obj[] => (Array.isArray(doc[section]) ? (doc[section] as Obj[]) : []);

/** Changes one entry in its file; `change` gets a copy of what is there. True when it is new. */
function* modify(k: Kubectl, section: Section, name: string, change: (entry: Obj) => void): Sys<Outcome<boolean>> {
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

function* use(k: Kubectl, name: string): Sys<number> {
  if (!name) return yield* k.fail(plain('empty context names are not allowed').failure);
  const loaded = yield* loadConfig(k.start, k.flags);
  if (!loaded.ok) return yield* k.fail(loaded.failure);
  if (!loaded.value.contexts[name]) return yield* k.fail(plain(`no context exists with the name: ${JSON.stringify(name)}`).failure);
  const file = yield* fileFor(k, '');
  if (!file.ok) return yield* k.fail(file.failure);
  const problem = yield* save({ path: file.value.path, doc: { ...file.value.doc, 'current-context': name } });
  if (problem) return yield* k.fail(plain(problem).failure);
  yield* out(`Switched to context ${JSON.stringify(name)}.\n`);
  return 0;
}

function* remove(k: Kubectl, section: 'clusters' | 'contexts', name: string): Sys<number> {
  const loaded = yield* loadConfig(k.start, k.flags);
  if (!loaded.ok) return yield* k.fail(loaded.failure);
  const { paths } = configPaths(k.start, k.flags);
  const shown = loaded.value.files[0] ?? paths[0]!;
  if (!loaded.value[section][name]) return yield* k.fail(plain(`cannot delete ${SINGULAR[section]} ${name}, not in ${shown}`).failure);
  if (section === 'contexts' && loaded.value.currentContext === name) yield* err('warning: this removed your active context, use "kubectl config use-context" to select a different one\n');
  const file = yield* readFile(loaded.value.origin[`${section}/${name}`] ?? shown);
  if (!file.ok) return yield* k.fail(file.failure);
  const problem = yield* save({ path: file.value.path, doc: { ...file.value.doc, [section]: entriesOf(file.value.doc, section).filter((entry) => entry['name'] !== name) } });
  if (problem) return yield* k.fail(plain(problem).failure);
  yield* out(`deleted ${SINGULAR[section]} ${name} from ${shown}\n`);
  return 0;
}

function* rename(k: Kubectl): Sys<number> {
  if (k.args.length !== 2) return yield* k.fail(k.usage(`Unexpected args: [${k.args.join(' ')}]`).failure);
  const [from, to] = k.args as [string, string];
  const loaded = yield* loadConfig(k.start, k.flags);
  if (!loaded.ok) return yield* k.fail(loaded.failure);
  const { contexts, currentContext: current } = loaded.value;
  if (!contexts[from]) return yield* k.fail(plain(`cannot rename the context ${JSON.stringify(from)}, it's not in ${loaded.value.files[0] ?? configPaths(k.start, k.flags).paths[0]}`).failure);
  if (contexts[to]) return yield* k.fail(plain(`cannot rename the context ${JSON.stringify(from)}, the context ${JSON.stringify(to)} already exists in ${loaded.value.files[0]}`).failure);
  const file = yield* fileFor(k, `contexts/${from}`);
  if (!file.ok) return yield* k.fail(file.failure);
  const list = entriesOf(file.value.doc, 'contexts').map((entry) => (entry['name'] === from ? { ...entry, name: to } : entry));
  const problem = yield* save({ path: file.value.path, doc: { ...file.value.doc, contexts: list, ...(current === from ? { 'current-context': to } : {}) } });
  if (problem) return yield* k.fail(plain(problem).failure);
  yield* out(`Context ${JSON.stringify(from)} renamed to ${JSON.stringify(to)}.\n`);
  return 0;
}

function* setContext(k: Kubectl): Sys<number> {
  const { flags } = k;
  if (flags.bool('current') ? k.args.length > 0 : k.args.length !== 1) {
    return yield* k.fail(flags.bool('current') ? plain('you cannot specify both a context name and --current').failure : k.usage(`Unexpected args: [${k.args.join(' ')}]`).failure);
  }
  const loaded = yield* loadConfig(k.start, flags);
  if (flags.bool('current') && loaded.ok && !loaded.value.currentContext) return yield* k.fail(plain('no current context is set').failure);
  const name = flags.bool('current') && loaded.ok ? loaded.value.currentContext : k.args[0]!;
  const fresh = yield* modify(k, 'contexts', name, (entry) => {
    for (const key of ['cluster', 'user', 'namespace']) if (flags.changed(key)) entry[key] = flags.str(key);
  });
  if (!fresh.ok) return yield* k.fail(fresh.failure);
  yield* out(`Context ${JSON.stringify(name)} ${fresh.value ? 'created' : 'modified'}.\n`);
  return 0;
}

function* embed(k: Kubectl, entry: Obj, key: string): Sys<string | null> {
  const path = k.flags.str(key);
  if (!k.flags.bool('embed-certs')) { entry[key] = path; delete entry[`${key}-data`]; return null; }
  const text = yield* call('readFile', { path });
  if (!text.ok) return `could not read ${key} data from ${path}: open ${path}: ${strerror(text.errno).toLowerCase()}`;
  entry[`${key}-data`] = base64(text.value);
  delete entry[key];
  return null;
}

function* setCluster(k: Kubectl, name: string): Sys<number> {
  const { flags } = k;
  if (flags.bool('insecure-skip-tls-verify') && flags.str('certificate-authority')) return yield* k.fail(plain('you cannot specify a certificate authority and insecure mode at the same time').failure);
  if (flags.bool('embed-certs') && !flags.str('certificate-authority')) return yield* k.fail(plain('you must specify a --certificate-authority to embed').failure);
  const extra: Obj = {};
  const problem = flags.changed('certificate-authority') ? yield* embed(k, extra, 'certificate-authority') : null;
  if (problem) return yield* k.fail(plain(problem).failure);
  const got = yield* modify(k, 'clusters', name, (entry) => {
    if (flags.changed('server')) entry['server'] = flags.str('server');
    if (flags.changed('insecure-skip-tls-verify')) entry['insecure-skip-tls-verify'] = flags.bool('insecure-skip-tls-verify');
    if (flags.changed('certificate-authority')) { delete entry['certificate-authority']; delete entry['certificate-authority-data']; delete entry['insecure-skip-tls-verify']; }
    Object.assign(entry, extra);
  });
  if (!got.ok) return yield* k.fail(got.failure);
  yield* out(`Cluster ${JSON.stringify(name)} set.\n`);
  return 0;
}

function* setCredentials(k: Kubectl, name: string): Sys<number> {
  const { flags } = k;
  const methods = [flags.str('token') ? 'token' : '', flags.str('username') || flags.str('password') ? 'basicAuth' : ''].filter(Boolean);
  if (methods.length > 1) return yield* k.fail(plain(`you cannot specify more than one authentication method at the same time: ${methods.join(', ')}`).failure);
  if (flags.bool('embed-certs') && !flags.str('client-certificate') && !flags.str('client-key')) return yield* k.fail(plain('you must specify a --client-certificate or --client-key to embed').failure);
  const extra: Obj = {};
  for (const key of ['client-certificate', 'client-key']) {
    const problem = flags.changed(key) ? yield* embed(k, extra, key) : null;
    if (problem) return yield* k.fail(plain(problem).failure);
  }
  const got = yield* modify(k, 'users', name, (entry) => {
    for (const key of ['client-certificate', 'client-key']) if (flags.changed(key)) { delete entry[key]; delete entry[`${key}-data`]; }
    for (const key of ['token', 'username', 'password']) if (flags.changed(key)) entry[key] = flags.str(key);
    if (flags.changed('token')) { delete entry['username']; delete entry['password']; }
    if (flags.changed('username') || flags.changed('password')) delete entry['token'];
    if (flags.changed('auth-provider')) entry['auth-provider'] = { name: flags.str('auth-provider'), config: Object.fromEntries(flags.list('auth-provider-arg').map((pair) => pair.split('=', 2) as [string, string])) };
    Object.assign(entry, extra);
  });
  if (!got.ok) return yield* k.fail(got.failure);
  yield* out(`User ${JSON.stringify(name)} set.\n`);
  return 0;
}

const SECTIONS: readonly Section[] = ['clusters', 'users', 'contexts'];

function* runSet(k: Kubectl): Sys<number> {
  if (k.args.length !== 2) return yield* k.fail(k.usage(`Unexpected args: [${k.args.join(' ')}]`).failure);
  const [property, value] = k.args as [string, string];
  const problem = yield* property_(k, property, value);
  if (problem) return yield* k.fail(plain(problem).failure);
  yield* out(`Property ${JSON.stringify(property)} set.\n`);
  return 0;
}

function* runUnset(k: Kubectl, property: string): Sys<number> {
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
