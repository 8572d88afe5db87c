/**
 * Links to the other members: whether each is up, which connections it has, and sending. Each member
 * dials each other; what a member says goes out by the connection that its peer dialled, and by a single
 * post when there is none. rafthttp's peer, peer_status and remote of 3.3.
 */
import type { Json, Sys } from '../../proc/program.ts';
import { call } from '../../proc/syscalls.ts';
import { sorted } from './applied.ts';
import { getConfig, getLinks, getState, type Link, log, mono, patchLink, setLinks } from './core.ts';
import type { Message, NodeId } from './raft.ts';

export const newLink = (id: NodeId, urls: readonly string[]): Link =>
  ({ id, urls, in: null, out: null, active: false, activeSince: 0, dialling: false, tries: 0, posting: false, skew: { us: 0, times: 0 }, failing: false });

/** A message that carries nothing, so that a silent stream is known to be alive. */
export const KEEPALIVE = { type: 'link' } as const;

const sizeOf = (message: Message): number => 120 + 700 * (message.entries?.length ?? 0) + (message.type === 'snap' ? 500_000 : 0);

/** Sends what raft has to say. A stream that breaks is dropped; the message is then posted. */
export function* sendMessages(messages: readonly Message[]): Sys<void> {
  for (const message of messages) {
    const whole = message.type === 'snap' ? yield* withState(message) : message;
    const link: Link | undefined = (yield* getLinks())[message.to]; // anew each time: a stream may be replaced meanwhile
    if (!link) continue;
    if (link.out !== null) {
      const sent = yield* call('send', { fd: link.out, data: whole as unknown as Json, size: sizeOf(whole) });
      if (sent.ok) continue;
      yield* writerLost(message.to, link.out);
    }
    const now = yield* getLinks();
    if (!now[message.to] || now[message.to]!.posting) continue; // the buffer of one is full: dropped
    yield* patchLink(message.to, { posting: true });
    yield* call('thread', { entry: 'post', event: { message: whole } as unknown as Json });
  }
}

function* withState(message: Message): Sys<Message> {
  const state = yield* getState();
  yield* log('I', 'rafthttp', `start to send database snapshot [index: ${state.index}, to ${message.to}]...`);
  return { ...message, snapshot: { index: state.index, term: state.term, voters: Object.keys(state.members), data: state as unknown as Json } };
}

/** The stream to a peer broke. */
export function* writerLost(id: NodeId, fd: number): Sys<void> {
  const links = yield* getLinks();
  if (links[id]?.out !== fd) return;
  yield* patchLink(id, { out: null });
  yield* call('close', { fd });
  yield* log('W', 'rafthttp', `lost the TCP streaming connection with peer ${id} (stream Message writer)`);
  yield* log('W', 'rafthttp', `lost the TCP streaming connection with peer ${id} (stream MsgApp v2 writer)`);
}

export function* activate(id: NodeId): Sys<void> {
  const links = yield* getLinks();
  if (!links[id] || links[id]!.active) return;
  yield* patchLink(id, { active: true, activeSince: yield* mono() });
  yield* log('I', 'rafthttp', `peer ${id} became active`);
}

/** `what`: 'dial', 'read' or 'write'; `where`: 'on stream Message' or 'on pipeline'. Told once. */
export function* deactivate(id: NodeId, what: string, where: string, why: string): Sys<void> {
  const links = yield* getLinks();
  if (!links[id]?.active) return;
  yield* patchLink(id, { active: false });
  yield* log('E', 'rafthttp', `failed to ${what} ${id} ${where} (${why})`);
  yield* log('I', 'rafthttp', `peer ${id} became inactive (message send to peer failed)`);
}

/** Brings the links in line with the members: new ones are dialled, removed ones dropped. */
export function* membersChanged(): Sys<void> {
  const config = yield* getConfig();
  const state = yield* getState();
  const links = yield* getLinks();
  const next: Record<NodeId, Link> = {};
  const added: NodeId[] = [];
  for (const member of sorted(state.members)) {
    if (member.id === config.self) continue;
    const known = links[member.id];
    next[member.id] = known ? { ...known, urls: member.peerUrls } : newLink(member.id, member.peerUrls);
    if (!known) added.push(member.id);
  }
  yield* setLinks(next);
  for (const id of added) yield* startPeer(id);
  for (const id of Object.keys(links).sort()) if (!next[id]) yield* stopPeer(links[id]!);
  if (state.removed[config.self]) yield* call('thread', { entry: 'removed', event: null });
}

export function* startPeer(id: NodeId): Sys<void> {
  yield* log('I', 'rafthttp', `starting peer ${id}...`);
  yield* log('I', 'rafthttp', `started HTTP pipelining with peer ${id}`);
  for (const stream of ['writer', 'writer', 'stream MsgApp v2 reader', 'stream Message reader']) yield* log('I', 'rafthttp', `started streaming with peer ${id} (${stream})`);
  yield* log('I', 'rafthttp', `started peer ${id}`);
  yield* log('I', 'rafthttp', `added peer ${id}`);
  yield* call('thread', { entry: 'dial', event: { peer: id } });
}

export function* stopPeer(link: Link): Sys<void> {
  const { id } = link;
  yield* log('I', 'rafthttp', `stopping peer ${id}...`);
  if (link.out !== null) {
    yield* call('close', { fd: link.out });
    for (const stream of ['MsgApp v2', 'Message']) yield* log('I', 'rafthttp', `closed the TCP streaming connection with peer ${id} (stream ${stream} writer)`);
  }
  yield* log('I', 'rafthttp', `stopped HTTP pipelining with peer ${id}`);
  if (link.in !== null) yield* call('shutdown', { fd: link.in, how: 'both' });
  yield* call('timerStop', { name: `dial:${id}` });
  yield* log('I', 'rafthttp', `stopped peer ${id}`);
  yield* log('I', 'rafthttp', `removed peer ${id}`);
}
