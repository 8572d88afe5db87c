/** The data of config maps and secrets: literals, files, folders, env files, certificates (create, 1.14). */
import { base64, parsePem } from '../../../sim/proc/certificate.ts';
import { strerror } from '../../../sim/proc/libc.ts';
import type { Sys } from '../../../sim/proc/program.ts';
import { call } from '../../../sim/proc/syscalls.ts';
import { maker, meta } from './create-maker.ts';
import { done, plain, type Outcome } from './failure.ts';
import { flagTable } from './flags.ts';
import { sortedKeys, type Obj } from './object.ts';
import type { Kubectl } from './session.ts';
import type { Verb } from './verb.ts';
import { toJson } from './yaml.ts';

export const dataFlags = flagTable(`
  from-env-file string A file of lines key=val.
  from-file strings A file, or a folder for all its files; key=path gives the key.
  from-literal array A key and its value, as key=value.
`);

const KEY = /^[-._a-zA-Z0-9]+$/;

class Data {
  readonly values: Record<string, string> = {};
  add(key: string, value: string, kind: string): string | null {
    if (!KEY.test(key)) return `${JSON.stringify(key)} is not a valid key name for a ${kind}: a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')`;
    if (key in this.values) return `cannot add key ${key}, another key by that name already exists in data: ${goMap(this.values)}`;
    this.values[key] = value;
    return null;
  }
}
const goMap = (values: Record<string, string>): string => `map[${sortedKeys(values).map((key) => `${key}:${values[key]}`).join(' ')}]`;

function* collect(k: Kubectl, kind: string): Sys<Outcome<Record<string, string>>> {
  const data = new Data();
  const env = k.flags.str('from-env-file');
  if (env && (k.flags.list('from-file').length || k.flags.list('from-literal').length)) return plain('from-env-file cannot be combined with from-file or from-literal');
  for (const source of k.flags.list('from-file')) {
    const problem = yield* fromFile(source, kind, data);
    if (problem) return plain(problem);
  }
  for (const literal of k.flags.list('from-literal')) {
    const at = literal.indexOf('=');
    if (at === 0) return plain(`invalid literal source ${literal}, expected key=value`);
    if (at < 0) return plain(`invalid literal source ${literal}, expected key=value`);
    const value = literal.slice(at + 1).replace(/^(["'])(.*)\1$/s, '$2');
    const problem = data.add(literal.slice(0, at), value, kind);
    if (problem) return plain(problem);
  }
  if (env) {
    const problem = yield* fromEnvFile(env, kind, data);
    if (problem) return plain(problem);
  }
  return done(data.values);
}

function* fromFile(source: string, kind: string, data: Data): Sys<string | null> {
  const parts = source.split('=');
  if (parts.length > 2) return "key names or file paths cannot contain '='";
  if (source.startsWith('=')) return `key name for file path ${source.slice(1)} missing`;
  if (source.endsWith('=')) return `file path for key name ${source.slice(0, -1)} missing`;
  const path = parts.at(-1)!;
  const key = parts.length === 2 ? parts[0]! : path.split('/').at(-1)!;
  const stat = yield* call('stat', { path });
  if (!stat.ok) return `error reading ${path}: ${strerror(stat.errno).toLowerCase()}`;
  if (stat.value.type !== 'dir') {
    const text = yield* call('readFile', { path });
    return text.ok ? data.add(key, text.value, kind) : `open ${path}: ${strerror(text.errno).toLowerCase()}`;
  }
  if (parts.length === 2) return 'cannot give a key name for a directory path.';
  const names = yield* call('readdir', { path });
  if (!names.ok) return `error listing files in ${path}: ${strerror(names.errno).toLowerCase()}`;
  for (const name of names.value) {
    const inside = yield* call('stat', { path: `${path}/${name}` });
    if (!inside.ok || inside.value.type !== 'file') continue;
    const text = yield* call('readFile', { path: `${path}/${name}` });
    const problem = text.ok ? data.add(name, text.value, kind) : `open ${path}/${name}: ${strerror(text.errno).toLowerCase()}`;
    if (problem) return problem;
  }
  return null;
}

function* fromEnvFile(path: string, kind: string, data: Data): Sys<string | null> {
  const text = yield* call('readFile', { path });
  if (!text.ok) return `error reading ${path}: ${strerror(text.errno).toLowerCase()}`;
  for (const [i, raw] of text.value.split('\n').entries()) {
    const line = raw.trimStart();
    if (!line || line.startsWith('#')) continue;
    const at = line.indexOf('=');
    const key = at < 0 ? line : line.slice(0, at);
    if (!/^[-._a-zA-Z][-._a-zA-Z0-9]*$/.test(key)) return `${path}:${i + 1}: ${JSON.stringify(key)} is not a valid key name: a valid environment variable name must consist of alphabetic characters, digits, '_', '-', or '.', and must not start with a digit (e.g. 'my.env-name',  or 'MY_ENV.NAME',  or 'MyEnvName1', regex used for validation is '[-._a-zA-Z][-._a-zA-Z0-9]*')`;
    const problem = data.add(key, at < 0 ? '' : line.slice(at + 1), kind);
    if (problem) return problem;
  }
  return null;
}

const decodable = (text: string): boolean => !/[\udc80-\udcff]/.test(text.replace(/[\ud800-\udbff][\udc00-\udfff]/g, ''));

export function* configMapData(k: Kubectl, name: string): Sys<Outcome<Obj>> {
  const got = yield* collect(k, 'ConfigMap');
  if (!got.ok) return got;
  const [data, binaryData]: [Obj, Obj] = [{}, {}];
  for (const key of sortedKeys(got.value)) if (decodable(got.value[key]!)) data[key] = got.value[key]; else binaryData[key] = base64(got.value[key]!);
  return done({ kind: 'ConfigMap', apiVersion: 'v1', metadata: meta(name), ...(Object.keys(data).length ? { data } : {}), ...(Object.keys(binaryData).length ? { binaryData } : {}) });
}

const encoded = (values: Record<string, string>): Obj => Object.fromEntries(sortedKeys(values).map((key) => [key, base64(values[key]!)]));

const generic = maker({
  name: 'generic', usage: 'generic NAME [--type=string] [--from-file=[key=]source] [--from-literal=key1=value1] [--dry-run]', short: 'Create a secret from a local file, directory or literal value',
  examples: [['Two values', 'kubectl create secret generic my-secret --from-literal=key1=supersecret --from-literal=key2=topsecret']], more: [...dataFlags, ...flagTable('type string The type of secret.')],
}, function* make(k, name) {
  const got = yield* collect(k, 'Secret');
  if (!got.ok) return got;
  const type = k.flags.str('type');
  return done({ kind: 'Secret', apiVersion: 'v1', metadata: meta(name), ...(Object.keys(got.value).length ? { data: encoded(got.value) } : {}), ...(type ? { type } : {}) });
});

const tls = maker({
  name: 'tls', usage: 'tls NAME --cert=path/to/cert/file --key=path/to/key/file [--dry-run]', short: 'Create a TLS secret', table: `
    cert string Path to the PEM certificate.
    key string Path to its private key.
  `,
}, function* make(k, name) {
  const [cert, key] = [k.flags.str('cert'), k.flags.str('key')];
  if (!key) return plain('key must be specified.');
  if (!cert) return plain('certificate must be specified.');
  const values: Record<string, string> = {};
  for (const [field, path] of [['tls.crt', cert], ['tls.key', key]] as const) {
    const text = yield* call('readFile', { path });
    if (!text.ok) return plain(`open ${path}: ${strerror(text.errno).toLowerCase()}`);
    values[field] = text.value;
  }
  if (!parsePem(values['tls.crt']!)) return plain('failed to load key pair tls: failed to find any PEM data in certificate input');
  return done({ kind: 'Secret', apiVersion: 'v1', metadata: meta(name), data: encoded(values), type: 'kubernetes.io/tls' });
});

const dockerRegistry = maker({
  name: 'docker-registry', usage: 'docker-registry NAME --docker-username=user --docker-password=password --docker-email=email [--docker-server=string] [--from-literal=key1=value1] [--dry-run]', short: 'Create a secret for use with a Docker registry', table: `
    docker-email string Email for the registry
    docker-password string Password at the registry
    docker-server string=https://index.docker.io/v1/ Where the registry is
    docker-username string User name at the registry
  `,
  // eslint-disable-next-line require-yield
}, function* make(k, name) {
  const { flags } = k;
  const [username, password, email, server] = [flags.str('docker-username'), flags.str('docker-password'), flags.str('docker-email'), flags.str('docker-server')];
  const missing = ['docker-username', 'docker-password'].filter((one) => !flags.str(one));
  if (missing.length) return k.required(...missing);
  const auth = { username, password, ...(email ? { email } : {}), auth: base64(`${username}:${password}`) };
  return done({ kind: 'Secret', apiVersion: 'v1', metadata: meta(name), data: { '.dockerconfigjson': base64(toJson({ auths: { [server]: auth } }, '', false)) }, type: 'kubernetes.io/dockerconfigjson' });
});

export const secretSubs: Verb = { name: 'secret', usage: 'secret', short: 'Create a secret using specified subcommand', subs: [dockerRegistry, generic, tls] };
