/**
 * Objects from files, folders, standard input and URLs, as kubectl's resource builder reads them: in
 * documents, each with its source, lists taken apart. It checks form, not meaning.
 */
import { fetchOnce, goError } from '../../../sim/proc/http.ts';
import { readAll, strerror } from '../../../sim/proc/libc.ts';
import type { Sys } from '../../../sim/proc/program.ts';
import { call } from '../../../sim/proc/syscalls.ts';
import { done, plain, type Outcome } from './failure.ts';
import { isObj, type Obj } from './object.ts';
import { readJson, readYaml, splitDocuments } from './yaml-read.ts';

export interface Source { name: string; text: string }
export interface Document { source: string; value: unknown; obj: Obj }

const EXTENSIONS = ['.json', '.yaml', '.yml'];

/** The texts behind `-f`, in order. */
export function* readSources(names: readonly string[], recursive: boolean): Sys<Outcome<Source[]>> {
  const out: Source[] = [];
  for (const name of names) {
    const got = name === '-' ? yield* stdin() : /^https?:\/\//.test(name) ? yield* download(name) : yield* path(name, recursive);
    if (!got.ok) return got;
    out.push(...got.value);
  }
  return done(out);
}

function* stdin(): Sys<Outcome<Source[]>> {
  const text = yield* readAll(0);
  return text.ok ? done([{ name: 'STDIN', text: text.value }]) : plain(`read /dev/stdin: ${strerror(text.errno).toLowerCase()}`);
}

function* download(url: string): Sys<Outcome<Source[]>> {
  const got = yield* fetchOnce(url, { connectTimeoutUs: 30_000_000 });
  if (!got.ok) return plain(`unable to read URL ${JSON.stringify(url)}, Get ${url}: ${goError(got.error)}`);
  const { status, body } = got.response;
  if (status !== 200) return plain(`unable to read URL ${JSON.stringify(url)}, server reported ${status}, status code=${status}`);
  return done([{ name: url, text: typeof body === 'string' ? body : JSON.stringify(body) }]);
}

function* path(name: string, recursive: boolean): Sys<Outcome<Source[]>> {
  const stat = yield* call('stat', { path: name });
  if (!stat.ok) {
    if (stat.errno === 'ENOENT') return plain(`the path ${JSON.stringify(name)} does not exist`);
    return plain(`the path ${JSON.stringify(name)} cannot be accessed: stat ${name}: ${strerror(stat.errno).toLowerCase()}`);
  }
  if (stat.value.type !== 'dir') return yield* file(name);
  const files = yield* walk(name, recursive);
  if (!files.length) return plain(`error reading [${name}]: recognized file extensions are [${EXTENSIONS.join(' ')}]`);
  const out: Source[] = [];
  for (const one of files) {
    const got = yield* file(one);
    if (!got.ok) return got;
    out.push(...got.value);
  }
  return done(out);
}

function* file(name: string): Sys<Outcome<Source[]>> {
  const text = yield* call('readFile', { path: name });
  return text.ok ? done([{ name, text: text.value }]) : plain(`open ${name}: ${strerror(text.errno).toLowerCase()}`);
}

function* walk(directory: string, recursive: boolean): Sys<string[]> {
  const names = yield* call('readdir', { path: directory });
  const out: string[] = [];
  for (const name of names.ok ? names.value : []) {
    const full = `${directory.replace(/\/$/, '')}/${name}`;
    const stat = yield* call('stat', { path: full });
    if (!stat.ok) continue;
    if (stat.value.type === 'dir') { if (recursive) out.push(...(yield* walk(full, recursive))); } else if (EXTENSIONS.some((end) => name.endsWith(end))) out.push(full);
  }
  return out;
}

export type Parsed = { ok: true; value: unknown[] } | { ok: false; error: string };

/** The documents of one text, as values. */
export function parseDocuments(text: string): Parsed {
  const out: unknown[] = [];
  if (/^\s*\{/.test(text)) {
    const read = readJson(text);
    if (!read.ok) return { ok: false, error: read.error === 'unexpected EOF' ? read.error : `json: line ${1 + lines(text)}: ${read.error}` };
    return { ok: true, value: [read.value] };
  }
  for (const part of splitDocuments(text)) {
    const read = readYaml(part);
    if (!read.ok) return { ok: false, error: `error converting YAML to JSON: ${read.error}` };
    if (read.value !== null) out.push(read.value);
  }
  return { ok: true, value: out };
}

const lines = (text: string): number => text.trimEnd().split('\n').length - 1;

const NO_OBJECT = 'json: cannot unmarshal string into Go value of type struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }';

/** What the decoder says of a document that is no object of the API. */
export function undecodable(value: unknown): string | null {
  if (!isObj(value)) return `couldn't get version/kind; json parse error: ${NO_OBJECT}`;
  if (!value['kind']) return `Object 'Kind' is missing in '${JSON.stringify(value)}'`;
  if (!value['apiVersion']) return `Object 'apiVersion' is missing in '${JSON.stringify(value)}'`;
  return null;
}

/** A List's items one by one, anything else itself. */
export function flatten(obj: Obj): Obj[] {
  return String(obj['kind']).endsWith('List') && Array.isArray(obj['items']) ? (obj['items'] as Obj[]) : [obj];
}
