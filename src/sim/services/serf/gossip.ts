/**
 * The agent's talk with its peers: probes by UDP, by way of others and by TCP before anyone is suspected,
 * rumours to everybody, and full exchanges on joining. Timings are memberlist's for a LAN.
 */
import { seconds, ms } from '../../engine/time.ts';
import type { Json, Start, Sys } from '../../proc/program.ts';
import { call, type Fd } from '../../proc/syscalls.ts';
import { asNews, hear, listed, type Member, type Members, type News } from './members.ts';
import { civil } from '../../gravity/times.ts';

export const PROBE_US = seconds(1);
const PROBE_TIMEOUT_US = ms(500);
/** Suspicion multiplier 4, times the probe interval, times max(1, log10 of so few nodes). */
const SUSPICION_US = seconds(4);
export const REJOIN_US = seconds(30);
/** Rounds of probes without news, after which nobody need be probed while nothing in the world changes. */
const CALM_ROUNDS = 30;

export interface Self { readonly name: string; readonly host: string; readonly port: number; readonly join: readonly string[] }

export function* getMembers(): Sys<Members> {
  const got = yield* call('memGet', { key: 'members' });
  return (got.ok ? got.value ?? {} : {}) as unknown as Members;
}
export function* setMembers(members: Members): Sys<void> {
  yield* call('memSet', { key: 'members', value: members as unknown as Json });
}
export function* getSelf(): Sys<Self> {
  const got = yield* call('memGet', { key: 'self' });
  return (got.ok ? got.value : null) as unknown as Self;
}

const two = (n: number): string => String(n).padStart(2, '0');
export function* log(level: string, text: string): Sys<void> {
  const now = yield* call('now', {});
  const t = civil(now.ok ? now.value.real : 0);
  yield* call('write', { fd: 1, text: `${t.year}/${two(t.month)}/${two(t.day)} ${two(t.hour)}:${two(t.minute)}:${two(t.second)} [${level}] ${text}\n` });
}

/** Takes news in, tells it on, and watches those who are suspected. */
export function* learn(news: readonly News[]): Sys<boolean> {
  const self = yield* getSelf();
  let members = yield* getMembers();
  const tell: News[] = [];
  const events: string[] = [];
  const suspected: string[] = [];
  for (const one of news) {
    const reaction = hear(members, self.name, one);
    members = reaction.members;
    tell.push(...reaction.tell);
    events.push(...reaction.events);
    if (reaction.suspected) suspected.push(reaction.suspected);
  }
  if (!tell.length) return false;
  yield* setMembers(members);
  for (const text of events) yield* log('INFO', `serf: ${text}`);
  for (const name of suspected) yield* call('timer', { name: `suspect ${name}`, entry: 'suspicion', afterUs: SUSPICION_US });
  yield* spread(self, members, tell);
  yield* disquiet();
  return true;
}

function* spread(self: Self, members: Members, news: readonly News[]): Sys<void> {
  const socket = yield* call('udp', { addr: self.host });
  if (!socket.ok) return;
  for (const member of Object.values(members)) {
    if (member.name === self.name || member.status !== 'alive') continue;
    const [addr, port] = split(member.addr);
    yield* call('sendto', { fd: socket.value, addr, port, data: { type: 'news', news } as unknown as Json, size: 120 * news.length });
  }
  yield* call('close', { fd: socket.value });
}

export const split = (addr: string): [string, number] => [addr.split(':')[0]!, Number(addr.split(':')[1] ?? 7496)];

/** A suspicion has lasted: unless it was refuted, the member is dead. */
export function* suspicion(start: Start): Sys<void> {
  const name = (start.event as { timer: string }).timer.slice('suspect '.length);
  const member = (yield* getMembers())[name];
  if (!member?.suspect) return;
  const confirmed: News = { type: 'dead', name, incarnation: member.incarnation };
  yield* learn([confirmed]);
}

/** One round of probing: the next of the others in turn. */
export function* probe(): Sys<void> {
  const self = yield* getSelf();
  const others = listed(yield* getMembers()).filter((member) => member.name !== self.name && member.status === 'alive');
  const turn = yield* count('turn', others.length || 1);
  const target = others[turn % (others.length || 1)];
  if (!target) return yield* settle();
  if (yield* reaches(self, target, others)) return yield* settle();
  yield* log('INFO', `memberlist: Suspect ${target.name} has failed, no acks received`);
  yield* learn([{ type: 'suspect', name: target.name, incarnation: target.incarnation }]);
}

function* count(key: string, modulus: number): Sys<number> {
  const got = yield* call('memGet', { key });
  const value = ((got.ok ? (got.value as number | null) : null) ?? 0) % modulus;
  yield* call('memSet', { key, value: value + 1 });
  return value;
}

function* reaches(self: Self, target: Member, others: readonly Member[]): Sys<boolean> {
  if (yield* pingUdp(self, target.addr)) return true;
  for (const helper of others.filter((other) => other.name !== target.name && !other.suspect).slice(0, 3)) {
    if (yield* askTcp(helper.addr, { type: 'pingreq', target: target.addr })) return true;
  }
  return yield* askTcp(target.addr, { type: 'ping' });
}

export function* pingUdp(self: Self, address: string): Sys<boolean> {
  const [addr, port] = split(address);
  const socket = yield* call('udp', { addr: self.host });
  if (!socket.ok) return false;
  const fd = socket.value;
  yield* call('udpConnect', { fd, addr, port });
  const sent = yield* call('sendto', { fd, data: { type: 'ping' }, size: 60 });
  const got = sent.ok ? yield* call('recvfrom', { fd, timeoutUs: PROBE_TIMEOUT_US }) : sent;
  yield* call('close', { fd });
  return got.ok;
}

/** A short question over TCP, answered with {ok}. */
function* askTcp(address: string, question: Json): Sys<boolean> {
  const [addr, port] = split(address);
  const fd = yield* call('connect', { proto: 'tcp', addr, port, timeoutUs: PROBE_TIMEOUT_US });
  if (!fd.ok) return false;
  yield* call('send', { fd: fd.value, data: question });
  const got = yield* call('recv', { fd: fd.value, timeoutUs: 2 * PROBE_TIMEOUT_US });
  yield* call('close', { fd: fd.value });
  return got.ok && got.value !== null && (got.value.data as { ok?: boolean } | null)?.ok === true;
}

/** Exchanges everything with a peer. */
export function* pushPull(address: string): Sys<boolean> {
  const [addr, port] = split(address);
  const fd = yield* call('connect', { proto: 'tcp', addr, port, timeoutUs: seconds(10) });
  if (!fd.ok) return false;
  const mine = asNews(yield* getMembers());
  yield* call('send', { fd: fd.value, data: { type: 'push', news: mine } as unknown as Json, size: 600 });
  const got = yield* call('recv', { fd: fd.value, timeoutUs: seconds(10) });
  yield* call('close', { fd: fd.value });
  if (!got.ok || got.value === null) return false;
  yield* learn((got.value.data as unknown as { news?: readonly News[] }).news ?? []);
  return true;
}

/** Peers never met and members that failed are called again, until none are left. */
export function* rejoin(): Sys<void> {
  const self = yield* getSelf();
  const members = yield* getMembers();
  const met = Object.values(members).filter((member) => member.name !== self.name);
  const absent = met.filter((member) => member.status === 'failed').map((member) => member.addr);
  const strangers = met.some((member) => member.status === 'alive') ? [] : self.join;
  for (const address of [...new Set([...strangers, ...absent])]) yield* pushPull(address);
  const after = Object.values(yield* getMembers());
  const lonely = self.join.length > 0 && !after.some((member) => member.name !== self.name && member.status === 'alive');
  if (lonely || after.some((member) => member.status === 'failed')) return;
  yield* call('timer', { name: 'rejoin', entry: 'rejoin', afterUs: REJOIN_US, everyUs: REJOIN_US, quiet: true });
}

/** A quiet round: after enough of them probing rests until something in the world changes. */
function* settle(): Sys<void> {
  const got = yield* call('memGet', { key: 'calm' });
  const calm = ((got.ok ? (got.value as number | null) : null) ?? 0) + 1;
  yield* call('memSet', { key: 'calm', value: calm >= CALM_ROUNDS ? 0 : calm });
  if (calm >= CALM_ROUNDS) yield* call('timer', { name: 'probe', entry: 'probe', afterUs: PROBE_US, everyUs: PROBE_US, quiet: true });
}

function* disquiet(): Sys<void> {
  yield* call('memSet', { key: 'calm', value: 0 });
  yield* call('timer', { name: 'probe', entry: 'probe', afterUs: PROBE_US, everyUs: PROBE_US });
  yield* call('timer', { name: 'rejoin', entry: 'rejoin', afterUs: REJOIN_US, everyUs: REJOIN_US });
}

/** A datagram on the gossip port. */
export function* onDatagram(start: Start): Sys<void> {
  const event = start.event as unknown as { fd: Fd; data?: Json; addr?: string; port?: number };
  let { data, addr, port } = event;
  if (data === undefined) {
    const got = yield* call('recvfrom', { fd: event.fd, timeoutUs: 1 });
    if (!got.ok) return;
    ({ data, addr, port } = got.value);
  }
  const message = data as unknown as { type: string; news?: readonly News[] } | null;
  if (message?.type === 'ping') yield* call('sendto', { fd: event.fd, addr, port, data: { type: 'ack' }, size: 40 });
  else if (message?.type === 'news') yield* learn(message.news ?? []);
}

/** A connection on the gossip port. */
export function* onStream(start: Start): Sys<void> {
  const { fd } = start.event as { fd: Fd };
  const got = yield* call('recv', { fd, timeoutUs: seconds(10) });
  const message = (got.ok && got.value !== null ? got.value.data : null) as unknown as { type?: string; target?: string; news?: readonly News[] } | null;
  if (message?.type === 'ping') yield* call('send', { fd, data: { ok: true } });
  else if (message?.type === 'pingreq') yield* call('send', { fd, data: { ok: yield* pingUdp(yield* getSelf(), message.target ?? '') } });
  else if (message?.type === 'push') {
    // First to listen: what it says of us is refuted in the answer.
    yield* learn(message.news ?? []);
    const mine = asNews(yield* getMembers());
    yield* call('send', { fd, data: { news: mine } as unknown as Json, size: 600 });
  }
  yield* call('close', { fd });
}
