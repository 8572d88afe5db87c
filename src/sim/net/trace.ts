/**
 * What a packet would meet: the very code that moves packets, run on a copy of the world with a pencil.
 * Time stands still, but for the seconds in which a neighbour is asked for; nothing of it remains.
 */
import { entry } from '../engine/pages.ts';
import { own, seal } from '../engine/cow.ts';
import { EPOCH_MS } from '../engine/time.ts';
import type { World } from '../world.ts';
import { NOT_MINE, run } from './device.ts';
import { arrivals, gatewayAnswer, type Stations } from './fabric.ts';
import { describe, step, type Frame, type Ground, type Skb, type TraceStep } from './ground.ts';
import { neighTimer } from './neigh.ts';
import { isErrno, routeOut } from './route.ts';
import { boundKey, sendPacket, udpSocket } from './stack.ts';
import type { Ip, NetNs, Packet } from './state.ts';

export interface Hop { host: string; ns: string; at: string; by: string; verdict: TraceStep['verdict']; packet: string }
/** `hops`: there; `back`: the answer, when it got there. The last of them names what decided. */
export interface Trace { hops: readonly Hop[]; delivered: boolean; back: readonly Hop[]; answered: boolean }
export interface TraceRequest { host: string; ns: string; to: Ip; proto: 'tcp' | 'udp' | 'icmp'; port: number }

/** A port that nobody here has: no existing connection is met. */
const SOURCE_PORT = 61_357;
const ECHO_ID = 65_535;

/** Everything that the hosts of one trace share. */
interface Course { world: World; steps: TraceStep[]; wire: { host: string; ns: string; dev: string; packet: Packet }[]; timers: { host: string; ns: string; key: string; gen: number }[]; nextId: number; delivered: boolean; answered: boolean; request: TraceRequest; answerId: number; /** Where the wire lost an ARP request: what is behind a neighbour that does not answer. */ lostArp: TraceStep | null }

class TraceGround implements Ground {
  readonly frames: Frame[] = [];
  readonly bridgeNf: boolean;
  readonly now: number;
  readonly trace: TraceStep[];
  constructor(readonly course: Course, readonly host: string) {
    this.now = course.world.now;
    this.trace = course.steps;
    this.bridgeNf = 'br_netfilter' in course.world.hosts[host]!.modules;
  }
  ns(name: string): NetNs | undefined {
    const host = own(own(this.course.world, 'hosts'), this.host);
    return host.ns[name] && own(own(host, 'ns'), name);
  }
  transmit(_dev: string, packet: Packet): void {
    const { course } = this;
    const found = arrivals(course.world.wire, this.host, packet, stationsOf(course.world), (percent) => percent >= 100);
    for (const { host, dev } of found) {
      if (host !== null) { if (course.world.hosts[host]!.up) course.wire.push({ host, ns: 'host', dev, packet: { ...packet } }); continue; }
      const answer = gatewayAnswer(course.world.wire, packet, this.packetId(), EPOCH_MS * 1000 + course.world.now);
      if (answer) course.wire.push({ host: this.host, ns: 'host', dev: course.world.wire.cables[this.host]!.dev, packet: answer });
    }
    if (!found.length || found.every(({ host }) => host === null)) this.lost(packet, found.length > 0);
  }
  private lost(packet: Packet, toGateway: boolean): void {
    const { wire } = this.course.world;
    if (toGateway && packet.dst === wire.gateway.address) return;
    const by = toGateway ? `the gateway ${wire.gateway.address} knows no way to ${packet.dst}`
      : !wire.cables[this.host]?.up ? 'the cable is unplugged' : packet.proto === 'udp' && wire.eaten[packet.dport] ? `the network between the hosts takes udp port ${packet.dport} for itself` : 'the switch does not deliver it';
    const lost: TraceStep = { host: this.host, ns: 'host', at: 'wire', by, verdict: 'drop', packet: describe(packet), id: packet.id, inner: packet.vxlan?.inner.id ?? null };
    if (packet.proto === 'arp') { if (!toGateway) this.course.lostArp = lost; } else this.trace.push(lost);
  }
  deliver(ns: NetNs, skb: Skb): void { arrive(this, ns, skb); }
  later(_afterUs: number, ns: string, timer: string, gen: number): void {
    if (timer.startsWith('neigh ')) this.course.timers.push({ host: this.host, ns, key: timer.slice('neigh '.length), gen });
  }
  random(): number { return 0; }
  packetId(): number { return this.course.nextId++; }
  log(): void { /* a copy's kernel log is nobody's */ }
  captured(): void { /* nor are its captures */ }
}

const stationsOf = (world: World): Stations => ({
  hosts: Object.keys(world.wire.cables),
  macOf(name, dev) {
    const link = world.hosts[name]?.ns['host']?.links[dev];
    return link?.up ? link.mac : null;
  },
});

/** A packet at its destination: a socket takes it and answers, or nobody does. */
function arrive(g: TraceGround, ns: NetNs, skb: Skb): void {
  const { course } = g;
  const { p } = skb;
  const { request } = course;
  if (p.id === course.answerId || p.proto === 'icmp' && p.icmp!.type === 0 && p.icmp!.id === ECHO_ID) {
    course.answered = g.host === request.host && ns.name === request.ns;
    course.answerId = p.id;
    step(g, ns, skb, 'socket', 'the answer is back', 'deliver');
    return;
  }
  if (p.icmp?.about || p.sport !== SOURCE_PORT && !(p.proto === 'tcp' || p.proto === 'udp')) return;
  if (p.proto === 'tcp' && p.tcp!.flags !== 'S') return;
  const id = p.proto === 'tcp' ? ns.ports[boundKey('tcp', p.dst, p.dport)] ?? ns.ports[boundKey('tcp', '0.0.0.0', p.dport)] : udpSocket(ns, p.dst, p.dport, p.src, p.sport)?.id;
  const socket = id === undefined ? undefined : entry(ns.sockets, id);
  if (!socket) { step(g, ns, skb, 'socket', `nothing listens on ${p.proto} port ${p.dport}`, 'reject'); return; }
  course.delivered = true;
  step(g, ns, skb, 'socket', `${p.proto} port ${p.dport}: ${socket.program ?? 'a socket'}`, 'deliver');
  course.answerId = course.nextId++;
  const { answerId } = course;
  sendPacket(g, ns, { dst: p.src, src: p.dst, uid: socket.uid }, () => ({
    id: answerId, proto: p.proto, sport: p.dport, dport: p.sport, size: 60, ...(p.proto === 'tcp' ? { tcp: { flags: 'SA', seq: 1, ack: 1 } } : {}),
  }));
}

/** Follows a packet from a host's or a pod's namespace. The world is sealed, not changed. */
export function tracePacket(world: World, request: TraceRequest): Trace {
  seal(world);
  const course: Course = { world: { ...world }, steps: [], wire: [], timers: [], nextId: world.ids.packet + 1, delivered: false, answered: false, request, answerId: -1, lostArp: null };
  const g = new TraceGround(course, request.host);
  const ns = g.ns(request.ns);
  if (!ns) return { hops: [], delivered: false, back: [], answered: false };
  const probe = course.nextId++;
  const out = routeOut(ns, request.to, null);
  if (isErrno(out)) {
    return { hops: [{ host: request.host, ns: request.ns, at: 'route', by: `no route to ${request.to} (${out})`, verdict: 'drop', packet: `${request.proto} > ${request.to}` }], delivered: false, back: [], answered: false };
  }
  sendPacket(g, ns, { dst: request.to, src: null, uid: 0 }, () => (request.proto === 'icmp'
    ? { id: probe, proto: 'icmp', size: 84, icmp: { type: 8, code: 0, id: ECHO_ID, seq: 1 } }
    : { id: probe, proto: request.proto, sport: SOURCE_PORT, dport: request.port, size: 60, ...(request.proto === 'tcp' ? { tcp: { flags: 'S', seq: 1, ack: 0, mss: 1460 } } : {}) }));
  run(g);
  settle(course);
  return sum(course, probe);
}

const TURNS_MAX = 400;

/** Frames on the wire first, then the neighbours' timers, until nothing is left. */
function settle(course: Course): void {
  for (let turn = 0; turn < TURNS_MAX; turn++) {
    const frame = course.wire.shift();
    const timer = frame ? undefined : course.timers.shift();
    if (!frame && !timer) return;
    const g = new TraceGround(course, (frame ?? timer)!.host);
    if (frame) g.frames.push({ ns: frame.ns, dev: frame.dev, packet: frame.packet, skb: null });
    else neighTimer(g, g.ns(timer!.ns)!, timer!.key, timer!.gen);
    run(g);
  }
}

/** The steps of one packet and of those that carried it. */
function lineage(steps: readonly TraceStep[], first: number): TraceStep[] {
  const ids = new Set([first]);
  const mine = steps.filter((each) => {
    if (each.inner !== null && ids.has(each.inner)) ids.add(each.id);
    return ids.has(each.id);
  });
  const last = mine.at(-1);
  return mine.filter((each) => each.at !== NOT_MINE || each === last);
}

const hop = ({ host, ns, at, by, verdict, packet }: TraceStep): Hop => ({ host, ns, at, by, verdict, packet });

function sum(course: Course, probe: number): Trace {
  const there = lineage(course.steps, probe);
  if (there.at(-1)?.at === 'neighbour' && course.lostArp) there.push(course.lostArp);
  const end = there.findIndex((each) => each.verdict === 'deliver');
  const hops = (end < 0 ? there : there.slice(0, end + 1)).map(hop);
  const delivered = course.delivered || end >= 0;
  const echoed = course.steps.find((each) => each.id > probe && each.packet.startsWith('icmp') && each.packet.endsWith('type 0 code 0'))?.id;
  const back = delivered ? lineage(course.steps, course.request.proto === 'icmp' ? echoed ?? course.answerId : course.answerId).map(hop) : [];
  return { hops, delivered, back, answered: course.answered };
}
