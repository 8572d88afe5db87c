/**
 * etcdctl with the v2 API, which is what etcdctl 3.3 is unless ETCDCTL_API=3 is set. Its words, output
 * formats and exit codes: 1 bad arguments, 2 no connection, 4 the server's, 5 cluster not healthy.
 */

import { err, out, readAll } from '../../../sim/proc/libc.ts';
import { Interrupted, type Start, type Sys } from '../../../sim/proc/program.ts';
import { call } from '../../../sim/proc/syscalls.ts';
import type { V2Event, V2Node } from '../../../sim/services/etcd/api.ts';
import { v2Path, type V2Options } from '../../../sim/services/etcd/client.ts';
import { appHelp, commandHelp, COMMANDS, duration, GLOBALS, isTrue, parseGo, reorder, type Spec, usageError, type Values } from './options.ts';
import { clusterHealth, memberAdd, memberList, memberRemove, memberUpdate } from './members.ts';
import { DIAL_MAX_US, type Done, type Failure, loadTls, request, shuffle, sync, untilOf, type V2Client } from './v2client.ts';

export interface Run { start: Start; globals: Values; values: Values; args: readonly string[] }

export function* v2(start: Start): Sys<number> {
  const env = start.env;
  const help = appHelp(env['ETCDCTL_API'] === undefined || env['ETCDCTL_API'] === '');
  const version = { names: ['version', 'v'], kind: 'bool' as const, usage: '' };
  const helpFlag = { names: ['help', 'h'], kind: 'bool' as const, usage: '' };
  const parsed = parseGo(start.argv.slice(1), [...GLOBALS, version, helpFlag]);
  if (!parsed.ok) return yield* usageError(parsed.error, help);
  const globals = parsed.values;
  if (isTrue(globals['version'])) {
    yield* out('etcdctl version: 3.3.12\nAPI version: 2\n');
    return 0;
  }
  const [name, ...words] = parsed.rest;
  if (isTrue(globals['help']) || name === undefined) {
    yield* out(help);
    return 0;
  }
  if (name === 'help' || name === 'h') return yield* showHelp(words[0], help);
  const spec = COMMANDS.find((command) => command.name === name);
  if (!spec) {
    yield* err(`No help topic for '${name}'\n`);
    return 3;
  }
  return spec.commands ? yield* group(start, globals, spec, words) : yield* command(start, globals, spec, words, `etcdctl ${name}`);
}

function* showHelp(topic: string | undefined, help: string): Sys<number> {
  const spec = topic === undefined ? null : COMMANDS.find((command) => command.name === topic);
  if (spec === undefined) {
    yield* err(`No help topic for '${topic}'\n`);
    return 3;
  }
  yield* out(spec === null ? help : commandHelp(spec, `etcdctl ${spec.name}`));
  return 0;
}

function* group(start: Start, globals: Values, spec: Spec, words: readonly string[]): Sys<number> {
  const path = `etcdctl ${spec.name}`;
  const [name, ...rest] = words;
  if (name === undefined || name === 'help' || name === 'h' || name === '--help' || name === '-h') {
    yield* out(commandHelp(spec, path));
    return 0;
  }
  const sub = spec.commands!.find((command) => command.name === name);
  if (!sub) {
    yield* err(`No help topic for '${name}'\n`);
    return 3;
  }
  return yield* command(start, globals, { ...sub, name: `${spec.name} ${sub.name}` }, rest, `${path} ${sub.name}`);
}

function* command(start: Start, globals: Values, spec: Spec, words: readonly string[], path: string): Sys<number> {
  const parsed = parseGo(reorder(words), spec.flags ?? []);
  if (!parsed.ok && parsed.error === 'flag: help requested') {
    yield* out(commandHelp(spec, path));
    return 0;
  }
  if (!parsed.ok) return yield* usageError(parsed.error, commandHelp(spec, path));
  const run: Run = { start, globals, values: parsed.values, args: parsed.rest };
  const action = ACTIONS[spec.name];
  if (action) return yield* action(run);
  yield* err(spec.name === 'backup' ? 'open member/wal: no such file or directory\n' : 'Error:  auth: authentication is not enabled\n');
  return spec.name === 'backup' ? 1 : 4;
}

const ACTIONS: Readonly<Record<string, (run: Run) => Sys<number>>> = {
  'cluster-health': clusterHealth, 'member list': memberList, 'member add': memberAdd, 'member remove': memberRemove, 'member update': memberUpdate,
  get, ls, set: (run) => store(run, {}), mk: (run) => store(run, { prevExist: false }), update: (run) => store(run, { prevExist: true }),
  mkdir: (run) => directory(run, { prevExist: false }), setdir: (run) => directory(run, {}), updatedir: (run) => directory(run, { prevExist: true }),
  rm, rmdir: (run) => removed(run, { dir: true }), watch, 'exec-watch': watch, 'user list': nobody, 'role list': nobody,
};

/** Without authentication there are no users and only the roles of the system. */
function* nobody(): Sys<number> {
  return 0;
}

// ---- connecting

/** The endpoints by flag, environment and default, in etcdctl's order. */
function endpointsOf({ start: { env }, globals }: Run): string[] {
  const given = globals['endpoints'] || env['ETCDCTL_ENDPOINTS'] || globals['endpoint'] || env['ETCDCTL_ENDPOINT'] || globals['peers'] || env['ETCDCTL_PEERS'] || 'http://127.0.0.1:2379,http://127.0.0.1:4001';
  return given.split(',').map((text) => (/^\w+:\/\//.test(text) ? text : `http://${text}`));
}

/** A client, or the exit status when there can be none. */
export function* connect(run: Run, synced: boolean): Sys<V2Client | number> {
  const { env } = run.start;
  const file = (name: string, variable: string): string => run.globals[name] || env[variable] || '';
  const tls = yield* loadTls({ cert: file('cert-file', 'ETCDCTL_CERT_FILE'), key: file('key-file', 'ETCDCTL_KEY_FILE'), ca: file('ca-file', 'ETCDCTL_CA_FILE') });
  if (!tls.ok) {
    yield* err(`${tls.error}\n`);
    return 1;
  }
  const endpoints = endpointsOf(run);
  const bad = endpoints.find((text) => !/^https?:\/\/[^/\s]+/.test(text));
  if (bad !== undefined) {
    yield* err(`client: URL scheme must be http, https, unix, or unixs: ${bad}\n`);
    return 1;
  }
  const totalUs = duration(run.globals['total-timeout'] ?? '5s')!;
  const debug = isTrue(run.globals['debug']);
  const c: V2Client = { endpoints: yield* shuffle(endpoints), pinned: 0, client: { endpoints, ...tls.client }, headerUs: duration(run.globals['timeout'] ?? '2s')!, totalUs, dialUs: Math.min(totalUs || DIAL_MAX_US, DIAL_MAX_US), debug };
  if (synced && !isTrue(run.globals['no-sync'])) {
    if (debug) yield* err(`start to sync cluster using endpoints(${c.endpoints.join(',')})\n`);
    const failure = yield* sync(c);
    if (failure === 'no endpoints') {
      yield* err(`etcd cluster has no published client endpoints.\nTry '--no-sync' if you want to access non-published client endpoints(${c.endpoints.join(',')}).\n`);
      return yield* complain(run, { text: 'client: no endpoints available', parts: null, connection: false }, 4);
    }
    if (failure?.connection) return yield* complain(run, failure, 2);
    if (debug) yield* err(`got endpoints(${c.endpoints.join(',')}) after sync\n`);
  }
  if (debug) yield* err(`Cluster-Endpoints: ${c.endpoints.join(', ')}\n`);
  return c;
}

/** etcdctl's handleError. */
export function* complain(run: Run, failure: Failure, status: number): Sys<number> {
  if (run.globals['output'] === 'json' && failure.etcd !== undefined) yield* err(`${JSON.stringify(failure.etcd)}\n`);
  else {
    yield* err(`Error:  ${failure.text}\n`);
    if (failure.parts) yield* err(`${failure.parts.map((part, i) => `error #${i}: ${part}\n`).join('')}\n`);
  }
  return status;
}

const badArgs = (run: Run, text: string): Sys<number> => complain(run, { text, parts: null, connection: false }, 1);

/** An answer of the keys API: an event, or the failure that its error is. */
function eventOf(got: Done): { ok: true; event: V2Event; index: string } | { ok: false; failure: Failure } {
  if (!got.ok) return got;
  if (got.status === 200 || got.status === 201) return { ok: true, event: got.body as unknown as V2Event, index: got.headers['X-Etcd-Index'] ?? '0' };
  const error = got.body as { errorCode?: number; message?: string; cause?: string; index?: number } | null;
  if (typeof error !== 'object' || error?.errorCode === undefined) return { ok: false, failure: { text: 'client: response is invalid json. The endpoint is probably not valid etcd cluster endpoint.', parts: null, connection: false } };
  return { ok: false, failure: { text: `${error.errorCode}: ${error.message} (${error.cause}) [${error.index}]`, parts: null, connection: false, etcd: { errorCode: error.errorCode, message: error.message ?? '', cause: error.cause ?? '', index: error.index ?? 0 } } };
}

function* ask(run: Run, method: string, key: string, options: V2Options, form?: Record<string, string | number>): Sys<{ event: V2Event; index: string } | number> {
  const c = yield* connect(run, true);
  if (typeof c === 'number') return c;
  const text = form && Object.entries(form).map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`).sort().join('&');
  const got = eventOf(yield* request(c, { method, path: v2Path(key, options), ...(form && { body: form, form: text }), oneShot: method === 'DELETE' || options.prevExist === false }, yield* untilOf(c)));
  return got.ok ? got : yield* complain(run, got.failure, 4);
}

// ---- output

/** client/v2's Node, whose JSON shows what is empty too. */
const shownNode = (node: V2Node): object => ({
  key: node.key ?? '', ...(node.dir && { dir: true }), value: node.value ?? '', nodes: node.nodes?.map(shownNode) ?? null,
  createdIndex: node.createdIndex ?? 0, modifiedIndex: node.modifiedIndex ?? 0, ...(node.expiration && { expiration: node.expiration }), ...(node.ttl && { ttl: node.ttl }),
});

function* print(run: Run, { event, index }: { event: V2Event; index: string }): Sys<void> {
  const format = run.globals['output'] ?? 'simple';
  const { action, node, prevNode } = event;
  if (format === 'simple') yield* out(action === 'delete' ? `PrevNode.Value: ${prevNode?.value ?? ''}\n` : `${node.value ?? ''}\n`);
  else if (format === 'extended') {
    const previous = prevNode ? `PrevNode.Value: ${prevNode.value ?? ''}\n` : '';
    const value = action === 'delete' ? '' : `\n${node.value ?? ''}\n`;
    yield* out(`Key: ${node.key ?? ''}\nCreated-Index: ${node.createdIndex ?? 0}\nModified-Index: ${node.modifiedIndex ?? 0}\n${previous}TTL: ${node.ttl ?? 0}\nIndex: ${index}\n${value}`);
  } else if (format === 'json') yield* out(`${JSON.stringify({ action, node: shownNode(node), prevNode: prevNode ? shownNode(prevNode) : null })}\n`);
  else yield* err(`Unsupported output format: ${format}\n`);
}

// ---- commands

function* get(run: Run): Sys<number> {
  const [key] = run.args;
  if (key === undefined) return yield* badArgs(run, 'key required');
  const got = yield* ask(run, 'GET', key, { quorum: isTrue(run.values['quorum']), recursive: false, sorted: isTrue(run.values['sort']) });
  if (typeof got === 'number') return got;
  if (got.event.node.dir) {
    yield* err(`${got.event.node.key ?? ''}: is a directory\n`);
    return 1;
  }
  yield* print(run, got);
  return 0;
}

function* ls(run: Run): Sys<number> {
  const got = yield* ask(run, 'GET', run.args[0] ?? '/', { quorum: isTrue(run.values['quorum']), recursive: isTrue(run.values['recursive']), sorted: isTrue(run.values['sort']) });
  if (typeof got === 'number') return got;
  if ((run.globals['output'] ?? 'simple') !== 'simple') {
    yield* print(run, got);
    return 0;
  }
  const slash = isTrue(run.values['p']);
  const lines = (node: V2Node): string => `${node.key}${node.dir && slash ? '/' : ''}\n${(node.nodes ?? []).map(lines).join('')}`;
  const { node } = got.event;
  yield* out((node.dir ? '' : `${node.key}\n`) + (node.nodes ?? []).map(lines).join(''));
  return 0;
}

/** The value: the second word, or all of stdin. */
function* valueOf(run: Run): Sys<string | null> {
  if (run.args[1] !== undefined) return run.args[1];
  const text = yield* readAll(0);
  return text.ok && text.value !== '' ? text.value : null;
}

function* store(run: Run, options: V2Options): Sys<number> {
  const [key] = run.args;
  if (key === undefined) return yield* badArgs(run, 'key required');
  const value = yield* valueOf(run);
  if (value === null) return yield* badArgs(run, 'value required');
  const { values } = run;
  const ttl = Number(values['ttl'] ?? 0);
  const form = { ...(ttl > 0 && { ttl }), value };
  const index = Number(values['swap-with-index'] ?? 0);
  const conditions: V2Options = { ...options, ...(values['swap-with-value'] && { prevValue: values['swap-with-value'] }), ...(index > 0 && { prevIndex: index }) };
  const got = isTrue(values['in-order']) ? yield* ask(run, 'POST', key, {}, form) : yield* ask(run, 'PUT', key, conditions, form);
  if (typeof got === 'number') return got;
  yield* print(run, got);
  return 0;
}

function* directory(run: Run, options: V2Options): Sys<number> {
  const [key] = run.args;
  if (key === undefined) return yield* badArgs(run, 'key required');
  const ttl = Number(run.values['ttl'] ?? 0);
  const got = yield* ask(run, 'PUT', key, { ...options, dir: true }, ttl > 0 ? { ttl } : {});
  if (typeof got === 'number') return got;
  if ((run.globals['output'] ?? 'simple') !== 'simple') yield* print(run, got);
  return 0;
}

function* rm(run: Run): Sys<number> {
  const { values } = run;
  const index = Number(values['with-index'] ?? 0);
  return yield* removed(run, { ...(isTrue(values['dir']) && { dir: true }), ...(isTrue(values['recursive']) && { recursive: true }), ...(values['with-value'] && { prevValue: values['with-value'] }), ...(index > 0 && { prevIndex: index }) });
}

function* removed(run: Run, options: V2Options): Sys<number> {
  const [key] = run.args;
  if (key === undefined) return yield* badArgs(run, 'key required');
  const got = yield* ask(run, 'DELETE', key, options);
  if (typeof got === 'number') return got;
  if (!got.event.node.dir || (run.globals['output'] ?? 'simple') !== 'simple') yield* print(run, got);
  return 0;
}

/** Waits for a change, or for ever; exec-watch runs a command for each. A followed watch restarts with its index. */
function* watch(run: Run): Sys<number> {
  const [key, program, ...rest] = run.args;
  const execs = program !== undefined && run.start.argv.includes('exec-watch');
  if (key === undefined) return yield* badArgs(run, 'key required');
  if (run.start.argv.includes('exec-watch') && !execs) return yield* badArgs(run, 'key and command to exec required');
  const recursive = isTrue(run.values['recursive']);
  const forever = execs || isTrue(run.values['forever']);
  const mem = run.start.mem as { index: number; endpoints: string[]; pinned: number } | null;
  let index = mem ? mem.index : Number(run.values['after-index'] ?? 0);
  yield* call('sigaction', { signal: 'INT', action: 'catch' });
  try {
    const c = yield* connect(run, mem === null);
    if (typeof c === 'number') return c;
    if (mem) Object.assign(c, { endpoints: [...mem.endpoints], pinned: mem.pinned });
    for (let turn = 0; ; turn++) {
      const got = eventOf(yield* request(c, { method: 'GET', path: v2Path(key, { wait: true, recursive, ...(index > 0 && { waitIndex: mem || turn ? index : index + 1 }) }), wait: true }, 0));
      if (!got.ok) return yield* complain(run, got.failure, 4);
      const { event } = got;
      index = (event.node.modifiedIndex ?? 0) + 1;
      if (execs) yield* runFor(run.start, event, program, rest);
      else if (!event.node.dir) {
        if (recursive) yield* out(`[${event.action}] ${event.node.key}\n`);
        yield* print(run, got);
        if (!forever) return 0;
      }
      if (turn > 50) yield* call('become', { mem: { index, endpoints: c.endpoints, pinned: c.pinned } });
    }
  } catch (error) {
    if (error instanceof Interrupted) return 0;
    throw error;
  }
}

function* runFor(start: Start, event: V2Event, program: string, args: readonly string[]): Sys<void> {
  const env = { ...start.env, ETCD_WATCH_ACTION: event.action, ETCD_WATCH_MODIFIED_INDEX: String(event.node.modifiedIndex), ETCD_WATCH_KEY: event.node.key, ETCD_WATCH_VALUE: event.node.value ?? '' };
  const path = program.includes('/') ? program : yield* findProgram(program, start.env['PATH'] ?? '');
  const child = path === null ? null : yield* call('spawn', { path, argv: [program, ...args], env });
  if (!child?.ok) {
    yield* err(`exec: "${program}": executable file not found in $PATH\n`);
    return;
  }
  yield* call('wait', { pid: child.value });
}

function* findProgram(name: string, path: string): Sys<string | null> {
  for (const dir of path.split(':')) {
    const found = yield* call('access', { path: `${dir}/${name}`, mode: 'x' });
    if (found.ok) return `${dir}/${name}`;
  }
  return null;
}

