/** `kubectl config`: entries made, changed, renamed and removed. */
import { base64 } from '../../../sim/proc/certificate.ts';
import { err, out, strerror } from '../../../sim/proc/libc.ts';
import type { Sys } from '../../../sim/proc/program.ts';
import { call } from '../../../sim/proc/syscalls.ts';
import { save, entriesOf, modify, readFile, SINGULAR, fileFor } from './config-files.ts';
import { plain } from './failure.ts';
import { configPaths, loadConfig } from './kubeconfig.ts';
import type { Obj } from './object.ts';
import type { Kubectl } from './session.ts';

export function* use(k: Kubectl, name: string): Sys<number> {
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

export function* remove(k: Kubectl, section: 'clusters' | 'contexts', name: string): Sys<number> {
  const loaded = yield* loadConfig(k.start, k.flags);
  if (!loaded.ok) return yield* k.fail(loaded.failure);
  const { paths } = yield* configPaths(k.start, k.flags);
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

export function* rename(k: Kubectl): Sys<number> {
  if (k.args.length !== 2) return yield* k.fail(k.usage(`Unexpected args: [${k.args.join(' ')}]`).failure);
  const [from, to] = k.args as [string, string];
  const loaded = yield* loadConfig(k.start, k.flags);
  if (!loaded.ok) return yield* k.fail(loaded.failure);
  const { contexts, currentContext: current } = loaded.value;
  if (!contexts[from]) return yield* k.fail(plain(`cannot rename the context ${JSON.stringify(from)}, it's not in ${loaded.value.files[0] ?? (yield* configPaths(k.start, k.flags)).paths[0]}`).failure);
  if (contexts[to]) return yield* k.fail(plain(`cannot rename the context ${JSON.stringify(from)}, the context ${JSON.stringify(to)} already exists in ${loaded.value.files[0]}`).failure);
  const file = yield* fileFor(k, `contexts/${from}`);
  if (!file.ok) return yield* k.fail(file.failure);
  const list = entriesOf(file.value.doc, 'contexts').map((entry) => (entry['name'] === from ? { ...entry, name: to } : entry));
  const problem = yield* save({ path: file.value.path, doc: { ...file.value.doc, contexts: list, ...(current === from ? { 'current-context': to } : {}) } });
  if (problem) return yield* k.fail(plain(problem).failure);
  yield* out(`Context ${JSON.stringify(from)} renamed to ${JSON.stringify(to)}.\n`);
  return 0;
}

export function* setContext(k: Kubectl): Sys<number> {
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

export function* setCluster(k: Kubectl, name: string): Sys<number> {
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

export function* setCredentials(k: Kubectl, name: string): Sys<number> {
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
