/**
 * The threads that keep the streams: dialling a peer and reading what it says, posting a single message,
 * and noticing that a stream has fallen silent. rafthttp's stream and pipeline of 3.3.
 */
import { ms, seconds, type Us } from '../../engine/time.ts';
import { fetch, fetchOnce, goError } from '../../proc/http.ts';
import type { Json, Sys } from '../../proc/program.ts';
import { call, type Fd } from '../../proc/syscalls.ts';
import { type Config, exit, getConfig, getCore, getLinks, log, mono, patchLink, setCore } from './core.ts';
import { deliver } from './drive.ts';
import { activate, deactivate, KEEPALIVE } from './links.ts';
import type { Message, NodeId } from './raft.ts';

/** Two election timeouts. */
export const DIAL_US = seconds(2);
const READ_TIMEOUT_US = seconds(5);
/** A reading thread hands over to a fresh one after so many messages, so that its log stays short. */
const TURN = 10;

export const peerOptions = (config: Config): { cert: Config['peerCert']; trust: readonly string[] | null } =>
  ({ cert: config.peerCert, trust: config.peerCa === null ? null : [config.peerCa] });

export const peerHeaders = (config: Config, to: NodeId): Record<string, string> =>
  ({ 'X-Server-From': config.self, 'X-Server-Version': '3.3.12', 'X-Etcd-Cluster-Id': config.clusterId, 'X-Raft-To': to });

/** Dials a peer and reads from it until the stream breaks. */
export function* onDial(id: NodeId): Sys<void> {
  const link = (yield* getLinks())[id];
  if (!link || link.in !== null || link.dialling) return;
  yield* patchLink(id, { dialling: true });
  const config = yield* getConfig();
  const got = yield* fetch(`${link.urls[0]}/raft/stream/message/${config.self}`, { ...peerOptions(config), headers: peerHeaders(config, id), connectTimeoutUs: DIAL_US, timeoutUs: READ_TIMEOUT_US });
  if (got.ok && got.response.status === 200) {
    yield* patchLink(id, { in: got.fd, dialling: false, tries: 0 });
    yield* activate(id);
    for (const stream of ['MsgApp v2', 'Message']) yield* log('I', 'rafthttp', `established a TCP streaming connection with peer ${id} (stream ${stream} reader)`);
    yield* touch(id);
    yield* read(id, got.fd);
    return;
  }
  if (got.ok) yield* call('close', { fd: got.fd });
  const after = yield* patchLink(id, { dialling: false, tries: link.tries + 1 });
  if (got.ok && got.response.status === 410) {
    yield* permanentlyRemoved();
    return;
  }
  const why = got.ok ? (got.response.status === 404 ? `peer ${id} failed to find local node ${config.self}` : `unhandled status ${got.response.status}`) : goError(got.error);
  yield* deactivate(id, 'dial', 'on stream Message', why);
  if (after) yield* redialLater(id, after.tries);
}

/** Ten tries a second, then one; after a while only when something has changed. */
function* redialLater(id: NodeId, tries: number): Sys<void> {
  const every = tries < 20 ? ms(100) : seconds(1);
  const quiet = tries >= 40;
  yield* call('timer', { name: `dial:${id}`, entry: 'redial', afterUs: every, ...(quiet && { everyUs: every, quiet: true }) });
}

/** The entry of a redial alarm. A quiet one that went off means that the world has changed: tries count anew. */
export function* onRedial(name: string): Sys<void> {
  const id = name.slice('dial:'.length);
  const link = (yield* getLinks())[id];
  if (!link || link.in !== null) {
    yield* call('timerStop', { name });
    return;
  }
  if (link.tries >= 40) {
    yield* call('timerStop', { name });
    yield* patchLink(id, { tries: 10 });
  }
  yield* onDial(id);
}

function* touch(id: NodeId): Sys<void> {
  const now = yield* mono();
  const core = yield* getCore();
  yield* setCore({ ...core, heard: { ...core.heard, [id]: now } });
}

/** Reads a stream for a while and hands over, or sees to it that it is dialled again. */
export function* read(id: NodeId, fd: Fd): Sys<void> {
  for (let n = 0; n < TURN; n++) {
    const got = yield* call('recv', { fd });
    if (!got.ok || got.value === null) {
      yield* readerLost(id, fd, 'unexpected EOF');
      yield* call('close', { fd });
      return;
    }
    const message = got.value.data as unknown as Message | typeof KEEPALIVE;
    if (message.type === 'link') yield* touch(id);
    else {
      if (message.type === 'snap') yield* log('I', 'rafthttp', `receiving database snapshot [index: ${message.snapshot?.index ?? 0}, from ${id}] ...`);
      yield* deliver(message);
    }
  }
  yield* call('thread', { entry: 'read', event: { peer: id, fd } });
}

function* readerLost(id: NodeId, fd: Fd, why: string): Sys<void> {
  const link = (yield* getLinks())[id];
  const { stopping } = yield* getCore();
  if (link?.in !== fd || stopping) return;
  yield* patchLink(id, { in: null, tries: 0 });
  yield* log('W', 'rafthttp', `lost the TCP streaming connection with peer ${id} (stream MsgApp v2 reader)`);
  yield* deactivate(id, 'read', 'on stream MsgApp v2', why);
  yield* log('W', 'rafthttp', `lost the TCP streaming connection with peer ${id} (stream Message reader)`);
  yield* redialLater(id, 0);
}

/** The entry of the streams' own alarm, while raft is awake: keepalives out, silent streams given up. */
export function* onLinks(): Sys<void> {
  const now = yield* mono();
  const links = yield* getLinks();
  const core = yield* getCore();
  const heard: Record<NodeId, Us> = { ...core.heard };
  for (const id in links) {
    const link = links[id]!;
    if (link.out !== null) yield* call('send', { fd: link.out, data: KEEPALIVE as unknown as Json, size: 60 });
    if (link.in === null) continue;
    heard[id] ??= now;
    if (now - heard[id]! < READ_TIMEOUT_US) continue;
    const ends = yield* call('sockname', { fd: link.in });
    const where = ends.ok ? `read tcp ${ends.value.addr}:${ends.value.port}->${ends.value.peer}:${ends.value.peerPort}: ` : '';
    delete heard[id];
    yield* readerLost(id, link.in, `${where}i/o timeout`);
    yield* call('shutdown', { fd: link.in, how: 'both' });
  }
  yield* setCore({ ...(yield* getCore()), heard });
}

/** Posts one message over a connection of its own. */
export function* onPost(message: Message): Sys<void> {
  const config = yield* getConfig();
  const link = (yield* getLinks())[message.to];
  if (!link) return;
  const got = yield* fetchOnce(`${link.urls[0]}/raft`, { ...peerOptions(config), method: 'POST', headers: peerHeaders(config, message.to), body: message as unknown as Json, connectTimeoutUs: DIAL_US, timeoutUs: READ_TIMEOUT_US });
  yield* patchLink(message.to, { posting: false });
  if (got.ok && got.response.status === 204) {
    yield* activate(message.to);
    return;
  }
  if (got.ok && got.response.status === 410) {
    yield* permanentlyRemoved();
    return;
  }
  yield* deactivate(message.to, 'write', 'on pipeline', got.ok ? `unexpected http status ${got.response.status} while posting to "${link.urls[0]}/raft"` : goError(got.error));
  yield* deliver({ type: 'unreachable', from: message.to, to: config.self, term: 0 });
}

export function* permanentlyRemoved(): Sys<void> {
  const core = yield* getCore();
  if (core.stopping) return;
  yield* setCore({ ...core, stopping: true });
  yield* log('E', 'etcdserver', 'the member has been permanently removed from the cluster');
  yield* log('I', 'etcdserver', 'the data-dir used by this member must be removed.');
  yield* exit(0);
}
