/**
 * etcdctl with the v3 API (ETCDCTL_API=3, etcdctl3): the command tree, cobra's ways of refusing, and the
 * commands on keys. A failure's exit code: 1; wrong arguments: 128; input that cannot be read: 3.
 */
import { type Us } from '../../../sim/engine/time.ts';
import { err, lineReader, out, readAll, readLine } from '../../../sim/proc/libc.ts';
import { Interrupted, type Json, type Start, type Sys } from '../../../sim/proc/program.ts';
import { call } from '../../../sim/proc/syscalls.ts';
import type {
  Compare, DeleteRangeRequest, DeleteRangeResponse, KeyValue, PutRequest, PutResponse, RangeRequest, RangeResponse, RequestOp, TxnResponse, WatchResponse,
} from '../../../sim/services/etcd/api.ts';
import { prefixEnd } from '../../../sim/services/etcd/api.ts';
import { etcdCall, type EtcdClient, type EtcdResult, etcdWatch, etcdWatchNext } from '../../../sim/services/etcd/client.ts';
import { CLUSTER } from './v3cluster.ts';
import { parse, type Parsed } from './v3flags.ts';
import { printer, type Printer } from './v3print.ts';
import { loadTls } from './v2client.ts';

export interface Run3 { start: Start; flags: Parsed['flags']; args: readonly string[]; client: EtcdClient; timeoutUs: Us; print: Printer }

export function* v3(start: Start): Sys<number> {
  const parsed = parse(start.argv.slice(1), start.env);
  if ('text' in parsed) {
    yield* (parsed.status === 0 ? out : err)(parsed.text);
    return parsed.status;
  }
  const { flags } = parsed;
  const print = printer(String(flags['write-out'] ?? 'simple'), flags['hex'] === 'true', flags['print-value-only'] === 'true');
  if (!print) return yield* failed('unsupported output format', 4);
  const tls = yield* loadTls({ cert: flags['cert'] ?? '', key: flags['key'] ?? '', ca: flags['cacert'] ?? '' });
  if (!tls.ok) return yield* failed(tls.error, 128);
  const secure = Boolean(flags['cert'] || flags['cacert']);
  const endpoints = (flags['endpoints'] ?? '127.0.0.1:2379').split(',').map((text) => (/^\w+:\/\//.test(text) ? text : `${secure ? 'https' : 'http'}://${text}`));
  const client: EtcdClient = { endpoints, cert: tls.client.cert, trust: flags['insecure-skip-tls-verify'] === 'true' ? null : tls.client.trust };
  const run: Run3 = { start, flags, args: parsed.args, client, timeoutUs: Number(flags['command-timeout']), print };
  const action = ({ ...KEYS, ...CLUSTER } as Record<string, (run: Run3) => Sys<number>>)[parsed.command]!;
  return yield* action(run);
}

export function* failed(text: string, status = 1): Sys<number> {
  yield* err(`Error: ${text}\n`);
  return status;
}

/** A call's failure in clientv3's words: whoever cannot be reached is waited for until patience ends. */
export function* attempt<T>(run: Run3, path: string, body: object, client = run.client): Sys<EtcdResult<T>> {
  const now = yield* call('now', {});
  const until = (now.ok ? now.value.mono : 0) + run.timeoutUs;
  for (;;) {
    const at = yield* call('now', {});
    const left = until - (at.ok ? at.value.mono : 0);
    if (left <= 0) return { ok: false, error: 'context deadline exceeded', code: 4 };
    const got = yield* etcdCall<T>(client, path, body, left);
    if (got.ok || !got.dial) return got;
    if (got.dial.kind === 'timeout' && got.dial.phase === 'headers') return { ok: false, error: 'context deadline exceeded', code: 4 };
    yield* call('sleep', { us: Math.min(left, 250_000) });
  }
}

const KEYS: Readonly<Record<string, (run: Run3) => Sys<number>>> = { get, put, del, txn, watch, compaction };

const truth = (run: Run3, name: string): boolean => run.flags[name] === 'true';

/** The range that the words and --prefix, --from-key name; or what is wrong. */
function rangeOf(run: Run3, args: readonly string[]): { key: string; rangeEnd?: string } | string {
  const [key = '', end] = args;
  if (truth(run, 'prefix') && truth(run, 'from-key')) return '`--prefix` and `--from-key` cannot be set at the same time, choose one';
  if (end !== undefined && (truth(run, 'prefix') || truth(run, 'from-key'))) return 'too many arguments, only accept one argument when `--prefix` or `--from-key` is set';
  if (truth(run, 'prefix')) return key === '' ? { key: '\0', rangeEnd: '\0' } : { key, rangeEnd: prefixEnd(key) };
  if (truth(run, 'from-key')) return { key: key || '\0', rangeEnd: '\0' };
  return end === undefined ? { key } : { key, rangeEnd: end };
}

function getRequest(run: Run3, args: readonly string[]): RangeRequest | [string, number] {
  if (!args.length || args.length > 2) return ['get command needs one argument as key and an optional argument as range_end', 128];
  const range = rangeOf(run, args);
  if (typeof range === 'string') return [range, 128];
  const consistency = run.flags['consistency'] ?? 'l';
  if (consistency !== 'l' && consistency !== 's') return [`unknown consistency flag ${JSON.stringify(consistency)}`, 4];
  const order = (run.flags['order'] ?? '').toUpperCase();
  if (order && order !== 'ASCEND' && order !== 'DESCEND') return [`bad sort order ${run.flags['order']}`, 4];
  const by = (run.flags['sort-by'] ?? '').toUpperCase();
  if (by && !['CREATE', 'KEY', 'MODIFY', 'VALUE', 'VERSION'].includes(by)) return [`bad sort target ${run.flags['sort-by']}`, 4];
  return {
    ...range, limit: Number(run.flags['limit'] ?? 0), revision: Number(run.flags['rev'] ?? 0), serializable: consistency === 's', keysOnly: truth(run, 'keys-only'),
    sortOrder: order ? order as 'ASCEND' : by && by !== 'KEY' ? 'ASCEND' : 'NONE', sortTarget: by === 'MODIFY' ? 'MOD' : (by || 'KEY') as 'KEY',
  };
}

function* get(run: Run3): Sys<number> {
  const request = getRequest(run, run.args);
  if (Array.isArray(request)) return yield* failed(request[0], request[1]);
  if (truth(run, 'print-value-only') && (run.flags['write-out'] ?? 'simple') !== 'simple') return yield* failed('print-value-only is only for `--write-out=simple`', 128);
  const got = yield* attempt<RangeResponse>(run, '/v3/kv/range', request as RangeRequest);
  if (!got.ok) return yield* failed(got.error);
  yield* out(run.print.get(got.value));
  return 0;
}

const PUT_WORDS = 'put command needs 1 argument and input from stdin or 2 arguments';

function putRequest(run: Run3, args: readonly string[], value: string | null): PutRequest | [string, number] {
  const [key] = args;
  if (key === undefined) return [PUT_WORDS, 128];
  const ignore = truth(run, 'ignore-value');
  if (ignore && args.length > 1) return ['put command needs only 1 argument when \'ignore-value\' is set', 128];
  if (!ignore && value === null) return [PUT_WORDS, 128];
  const lease = run.flags['lease'] ?? '0';
  if (!/^[0-9a-fA-F]+$/.test(lease)) return [`bad lease ID (strconv.ParseInt: parsing ${JSON.stringify(lease)}: invalid syntax), expecting ID in Hex`, 128];
  return { key, value: value ?? '', ...(!/^0+$/.test(lease) && { lease: lease.toLowerCase().padStart(16, '0') }), prevKv: truth(run, 'prev-kv'), ignoreValue: ignore, ignoreLease: truth(run, 'ignore-lease') };
}

function* put(run: Run3): Sys<number> {
  let value: string | null = run.args[1] ?? null;
  if (value === null && run.args.length === 1 && !truth(run, 'ignore-value')) {
    const text = yield* readAll(0);
    value = text.ok && text.value !== '' ? text.value : null;
  }
  const request = putRequest(run, run.args, value);
  if (Array.isArray(request)) return yield* failed(request[0], request[1]);
  const got = yield* attempt<PutResponse>(run, '/v3/kv/put', request as PutRequest);
  if (!got.ok) return yield* failed(got.error);
  yield* out(run.print.put(got.value));
  return 0;
}

function delRequest(run: Run3, args: readonly string[]): DeleteRangeRequest | [string, number] {
  if (!args.length || args.length > 2) return ['del command needs one argument as key and an optional argument as range_end', 128];
  const range = rangeOf(run, args);
  return typeof range === 'string' ? [range, 128] : { ...range, prevKv: truth(run, 'prev-kv') };
}

function* del(run: Run3): Sys<number> {
  const request = delRequest(run, run.args);
  if (Array.isArray(request)) return yield* failed(request[0], request[1]);
  const got = yield* attempt<DeleteRangeResponse>(run, '/v3/kv/deleterange', request as DeleteRangeRequest);
  if (!got.ok) return yield* failed(got.error);
  yield* out(run.print.del(got.value));
  return 0;
}

function* compaction(run: Run3): Sys<number> {
  if (run.args.length !== 1) return yield* failed('compaction command needs 1 argument', 128);
  const revision = Number(run.args[0]);
  if (!/^[-+]?\d+$/.test(run.args[0]!)) return yield* failed(`strconv.ParseInt: parsing ${JSON.stringify(run.args[0])}: invalid syntax`, 1);
  const got = yield* attempt(run, '/v3/kv/compaction', { revision, physical: truth(run, 'physical') });
  if (!got.ok) return yield* failed(got.error);
  yield* out(`compacted revision ${revision}\n`);
  return 0;
}

// ---- txn: three blocks of lines from stdin, each ended by an empty one

function* block(reader: ReturnType<typeof lineReader>): Sys<string[] | null> {
  const lines: string[] = [];
  for (;;) {
    const line = yield* readLine(reader);
    if (line === null || !line.endsWith('\n')) return null;
    const text = line.trim();
    if (text === '') return lines;
    lines.push(text);
  }
}

const TARGETS: Readonly<Record<string, Compare['target']>> = { ver: 'VERSION', version: 'VERSION', c: 'CREATE', create: 'CREATE', m: 'MOD', mod: 'MOD', val: 'VALUE', value: 'VALUE', lease: 'LEASE' };
const OPERATORS: Readonly<Record<string, Compare['result']>> = { '=': 'EQUAL', '>': 'GREATER', '<': 'LESS', '!=': 'NOT_EQUAL' };

function compareOf(line: string): Compare | string {
  const m = /^(\w+)\(("(?:[^"\\]|\\.)*")\)\s+(\S+)\s+("(?:[^"\\]|\\.)*")/.exec(line);
  if (!m) return `malformed comparison: ${line}`;
  const target = TARGETS[m[1]!];
  const result = OPERATORS[m[3]!];
  if (!target) return `malformed comparison: ${line} (unknown target ${m[1]})`;
  if (!result) return 'Unknown result op';
  const value = JSON.parse(m[4]!) as string;
  if (target !== 'VALUE' && target !== 'LEASE' && !/^-?\d+$/.test(value)) return `invalid txn compare request: ${line}`;
  return { key: JSON.parse(m[2]!) as string, target, result, value: target === 'VALUE' || target === 'LEASE' ? value : Number(value) };
}

function opOf(run: Run3, line: string): RequestOp | string {
  const words = (line.match(/"(?:[^"\\]|\\.)*"|'[^']*'|\S+/g) ?? []).map((word) => (word.startsWith('"') ? JSON.parse(word) as string : word.replace(/^'|'$/g, '')));
  if (words.length < 2) return `invalid txn compare request: ${line}`;
  const parsed = parse(words, {});
  if ('text' in parsed) return `invalid txn request: ${line}`;
  const inner: Run3 = { ...run, flags: parsed.flags, args: parsed.args };
  const request = parsed.command === 'put' ? putRequest(inner, parsed.args, parsed.args[1] ?? null) : parsed.command === 'get' ? getRequest(inner, parsed.args) : parsed.command === 'del' ? delRequest(inner, parsed.args) : `invalid txn request: ${line}`;
  if (Array.isArray(request)) return request[0];
  if (typeof request === 'string') return request;
  return parsed.command === 'put' ? { put: request as PutRequest } : parsed.command === 'get' ? { range: request as RangeRequest } : { deleterange: request as DeleteRangeRequest };
}

function* txn(run: Run3): Sys<number> {
  if (run.args.length) return yield* failed('txn command does not accept argument', 128);
  const reader = lineReader(0);
  const blocks: string[][] = [];
  for (const prompt of ['compares:', 'success requests (get, put, del):', 'failure requests (get, put, del):']) {
    if (truth(run, 'interactive')) yield* out(`${prompt}\n`);
    const lines = yield* block(reader);
    if (lines === null) return yield* failed('EOF', 3);
    blocks.push(lines);
  }
  const compare = blocks[0]!.map(compareOf);
  const [success, failure] = [blocks[1]!, blocks[2]!].map((lines) => lines.map((line) => opOf(run, line))) as [(RequestOp | string)[], (RequestOp | string)[]];
  const bad = [...compare, ...success, ...failure].find((item) => typeof item === 'string');
  if (bad !== undefined) return yield* failed(bad as string, 3);
  const got = yield* attempt<TxnResponse>(run, '/v3/kv/txn', { compare, success, failure });
  if (!got.ok) return yield* failed(got.error);
  yield* out(run.print.txn(got.value));
  return 0;
}

// ---- watch

function* watch(run: Run3): Sys<number> {
  const { env, argv } = run.start;
  const at = argv.indexOf('--');
  const execs = at < 0 ? [] : argv.slice(at + 1);
  const words = at < 0 ? run.args : run.args.slice(0, run.args.length - execs.length);
  const envKey = env['ETCDCTL_WATCH_KEY'];
  const args = words.length ? words : envKey ? [envKey, ...(env['ETCDCTL_WATCH_RANGE_END'] ? [env['ETCDCTL_WATCH_RANGE_END']] : [])] : [];
  if (words.length && envKey) return yield* failed('bad number of arguments (found conflicting environment key)', 128);
  if (at >= 0 && !execs.length) return yield* failed('bad number of arguments (found separator --, but no commands)', 128);
  if (!args.length) return yield* failed('bad number of arguments', 128);
  if (args.length === 2 && truth(run, 'prefix')) return yield* failed('`range_end` and `--prefix` are mutually exclusive', 128);
  const range = rangeOf(run, args);
  if (typeof range === 'string') return yield* failed(range, 128);
  const mem = run.start.mem as { revision: number } | null;
  let revision = mem?.revision ?? Number(run.flags['rev'] ?? 0);
  yield* call('sigaction', { signal: 'INT', action: 'catch' });
  try {
    for (;;) {
      const opened = yield* etcdWatch(run.client, { ...range, startRevision: revision, prevKv: truth(run, 'prev-kv') });
      if (!opened.ok) {
        yield* call('sleep', { us: 500_000 }); // clientv3 tries for ever
        continue;
      }
      for (let n = 0; n < 100; n++) {
        const got: WatchResponse | 'closed' | 'timeout' = yield* etcdWatchNext(opened.value.fd);
        if (typeof got === 'string') break;
        if (got.canceled) {
          yield* err('watch was canceled (etcdserver: mvcc: required revision has been compacted)\n');
          yield* out(run.print.watch(got));
          return yield* failed('watch is canceled by the server', 5);
        }
        revision = got.header.revision + 1;
        yield* out(run.print.watch(got));
        for (const event of got.events) if (execs.length) yield* runFor(run.start, execs, got.header.revision, event);
      }
      yield* call('close', { fd: opened.value.fd });
      if (revision) yield* call('become', { mem: { revision } });
    }
  } catch (error) {
    if (error instanceof Interrupted) return 130;
    throw error;
  }
}

function* runFor(start: Start, words: readonly string[], revision: number, event: { type: string; kv: KeyValue }): Sys<void> {
  const quoted = (value: Json): string => JSON.stringify(typeof value === 'string' ? value : JSON.stringify(value));
  const env = { ...start.env, ETCD_WATCH_REVISION: String(revision), ETCD_WATCH_EVENT_TYPE: JSON.stringify(event.type), ETCD_WATCH_KEY: quoted(event.kv.key), ETCD_WATCH_VALUE: quoted(event.kv.value) };
  for (const dir of words[0]!.includes('/') ? [''] : (start.env['PATH'] ?? '').split(':')) {
    const path = dir ? `${dir}/${words[0]}` : words[0]!;
    const child = yield* call('spawn', { path, argv: words, env });
    if (!child.ok) continue;
    yield* call('wait', { pid: child.value });
    return;
  }
  yield* err(`command ${JSON.stringify(words)} error (exec: "${words[0]}": executable file not found in $PATH)\n`);
}

