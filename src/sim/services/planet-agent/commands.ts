/**
 * What people and units type at planet inside the container: status, leader, etcd. Errors go where
 * gravity's tools send them: to standard output, in red on a terminal, with exit status 255.
 */
import { seconds } from '../../engine/time.ts';
import { capture } from '../../gravity/child.ts';
import { fetchOnce, goError } from '../../proc/http.ts';
import { out, strerror, terminal } from '../../proc/libc.ts';
import type { Start, Sys } from '../../proc/program.ts';
import { call } from '../../proc/syscalls.ts';
import type { V2Error, V2Event } from '../etcd/api.ts';
import { etcdV2, type EtcdClient } from '../etcd/client.ts';
import { certificate, STATE } from './flags.ts';
import type { NodeStatus, SystemStatus } from './status.ts';

export function* complain(start: Start, text: string): Sys<number> {
  const colour = start.env['TERM'] !== 'dumb' && (yield* terminal(1)) !== null;
  yield* out(colour ? `\x1b[31m[ERROR]: ${text}\x1b[0m\n` : `[ERROR]: ${text}\n`);
  return 255;
}

interface Flags { readonly [name: string]: string | true }

/** Long flags of one command; a string tells what is wrong. */
export function parseFlags(words: readonly string[], known: Readonly<Record<string, 'text' | 'switch'>>): Flags | string {
  const flags: Record<string, string | true> = {};
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!;
    const m = /^--([\w-]+)(?:=(.*))?$/.exec(word);
    if (!m) return word.startsWith('-') ? `unknown short flag '${word}'` : `unexpected ${word}`;
    const [, name, value] = m;
    const negated = name!.startsWith('no-') && known[name!.slice(3)] === 'switch';
    const kind = negated ? 'switch' : known[name!];
    if (!kind) return `unknown long flag '--${name}'`;
    if (kind === 'switch') { if (!negated) flags[name!] = true; continue; }
    const given = value ?? words[++i];
    if (given === undefined) return `expected argument for flag '--${name}'`;
    flags[name!] = given;
  }
  return flags;
}

const UNREACHABLE = 'agent could not be contacted. Make sure that the planet-agent service is running and try again';

export function* planetStatus(start: Start, words: readonly string[]): Sys<number> {
  const flags = parseFlags(words, { local: 'switch', pretty: 'switch', 'rpc-port': 'text', timeout: 'text' });
  if (typeof flags === 'string') return yield* complain(start, flags);
  const root = yield* certificate(`${STATE}/root.cert`);
  const cert = yield* certificate(`${STATE}/planet-rpc-client.cert`);
  const port = typeof flags['rpc-port'] === 'string' ? flags['rpc-port'] : '7575';
  const patience = parseDuration(typeof flags['timeout'] === 'string' ? flags['timeout'] : '5s');
  if (patience === null) return yield* complain(start, `time: invalid duration ${String(flags['timeout'])}`);
  const got = yield* fetchOnce(`https://127.0.0.1:${port}${flags['local'] ? '/local' : '/'}`, { cert, trust: root ? [root.ca] : null, timeoutUs: patience });
  if (!got.ok) return yield* complain(start, got.error.kind === 'tls' ? goError(got.error) : UNREACHABLE);
  const status = got.response.body as unknown as SystemStatus | NodeStatus | null;
  yield* out(JSON.stringify(status ?? {}, null, flags['pretty'] ? 3 : undefined));
  if (status?.status === 'running') return 0;
  return yield* complain(start, `status ${status?.status ?? 'unknown'}`);
}

/** Go's ParseDuration for the units that people type, in microseconds. */
export function parseDuration(text: string): number | null {
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|us|s|m|h)/g)];
  if (!parts.length || parts.map((part) => part[0]).join('') !== text) return null;
  const scale: Readonly<Record<string, number>> = { us: 1, ms: 1_000, s: 1_000_000, m: 60_000_000, h: 3_600_000_000 };
  return Math.round(parts.reduce((sum, part) => sum + Number(part[1]) * scale[part[2]!]!, 0));
}

function* localEtcd(): Sys<EtcdClient> {
  const root = yield* certificate(`${STATE}/root.cert`);
  return { endpoints: ['https://127.0.0.1:2379'], cert: yield* certificate(`${STATE}/etcd.cert`), trust: root ? [root.ca] : null };
}

const PATIENCE = { totalUs: seconds(5) };

/** `planet leader view|pause|resume`. */
export function* planetLeader(start: Start, [verb, ...words]: readonly string[]): Sys<number> {
  if (verb !== 'view' && verb !== 'pause' && verb !== 'resume') {
    return yield* complain(start, verb ? `expected command but got ${JSON.stringify(verb)}` : "must select a subcommand of 'leader'");
  }
  const flags = parseFlags(words, { 'leader-key': 'text', 'election-key': 'text', 'public-ip': 'text', 'etcd-cafile': 'text', 'etcd-certfile': 'text', 'etcd-keyfile': 'text', 'etcd-endpoints': 'text' });
  if (typeof flags === 'string') return yield* complain(start, flags);
  const needed = verb === 'view' ? ['leader-key'] : ['public-ip', 'election-key'];
  for (const name of needed) if (!flags[name]) return yield* complain(start, `required flag --${name} not provided`);
  const etcd = yield* localEtcd();
  if (verb === 'view') {
    const got = yield* etcdV2(etcd, 'GET', String(flags['leader-key']), {}, undefined, PATIENCE);
    if (!got.ok) return yield* complain(start, got.error);
    if (got.value.status !== 200) {
      const error = got.value.body as unknown as V2Error;
      return yield* complain(start, `${error.errorCode}: ${error.message} (${error.cause}) [${error.index}]`);
    }
    yield* out(`${(got.value.body as unknown as V2Event).node.value ?? ''}\n`);
    return 0;
  }
  const put = yield* etcdV2(etcd, 'PUT', `${String(flags['election-key'])}/${String(flags['public-ip'])}`, {}, String(verb === 'resume'), PATIENCE);
  return put.ok ? 0 : yield* complain(start, put.error);
}

const VERSION = 'v3.3.12';
const VERSION_FILE = '/ext/etcd/etcd-version.txt';
const BACKUP_ROOTS = ['/'];

/** `planet etcd init|enable|disable|backup`. */
export function* planetEtcd(start: Start, [verb, ...words]: readonly string[]): Sys<number> {
  if (verb === 'init') {
    const known = yield* call('stat', { path: VERSION_FILE });
    if (!known.ok) {
      const text = `PLANET_ETCD_VERSION=${VERSION}\nPLANET_ETCD_PREV_VERSION=\nKUBE_STORAGE_BACKEND=etcd3\n`;
      const wrote = yield* call('writeFile', { path: VERSION_FILE, text });
      if (!wrote.ok) return yield* complain(start, `open ${VERSION_FILE}: ${strerror(wrote.errno).toLowerCase()}`);
    }
    return 0;
  }
  if (verb === 'enable' || verb === 'disable') {
    const done = yield* capture({ path: '/bin/systemctl', argv: ['systemctl', verb === 'enable' ? 'start' : 'stop', 'etcd.service'] });
    return done.status === 0 ? 0 : yield* complain(start, done.text.trim());
  }
  if (verb === 'backup') return yield* backup(start, words[0]);
  return yield* complain(start, verb ? `expected command but got ${JSON.stringify(verb)}` : "must select a subcommand of 'etcd'");
}

function* backup(start: Start, path: string | undefined): Sys<number> {
  if (!path) return yield* complain(start, "required argument 'file' not provided");
  const etcd = yield* localEtcd();
  const lines: string[] = [];
  for (const key of BACKUP_ROOTS) {
    const got = yield* etcdV2(etcd, 'GET', key, { recursive: true }, undefined, PATIENCE);
    if (!got.ok) return yield* complain(start, got.error);
    lines.push(JSON.stringify(got.value.body));
  }
  const wrote = yield* call('writeFile', { path, text: `${lines.join('\n')}\n` });
  return wrote.ok ? 0 : yield* complain(start, `open ${path}: ${strerror(wrote.errno).toLowerCase()}`);
}
