/**
 * What a packet's path needs of the machine that it crosses, and what it carries along while it is
 * there. The kernel (kernel/sockets.ts) and the tracer (trace.ts) each lay such a ground.
 */
import type { Us } from '../engine/time.ts';
import { ipNumber } from './address.ts';
import type { Conn, Ip, NetNs, Packet } from './state.ts';

/** One line of a trace: where, and what was decided by which rule, route or cell. */
export interface TraceStep {
  host: string; ns: string;
  /** A hook (`filter FORWARD`), `route`, `neighbour`, `link`, `wire`, `socket`… */
  at: string;
  /** The rule's or route's text, or the cell. */
  by: string;
  /** 'pass' goes on; 'drop', 'reject' and 'deliver' end it. */
  verdict: 'pass' | 'drop' | 'reject' | 'deliver' | 'change';
  packet: string;
  /** The packet's number, and that of the one inside. */
  id: number; inner: number | null;
}

export interface Ground {
  readonly now: Us;
  readonly host: string;
  /** An owned namespace of this host. */
  ns(name: string): NetNs | undefined;
  /** Puts a frame on the cable of an interface. */
  transmit(dev: string, packet: Packet): void;
  /** A packet for this namespace itself that INPUT let through. */
  deliver(ns: NetNs, skb: Skb): void;
  /** A kernel timer of a namespace. */
  later(afterUs: Us, ns: string, timer: string, gen: number): void;
  random(stream: string, below: number): number;
  packetId(): number;
  log(message: string): void;
  captured(ns: NetNs, dev: string, direction: 'In' | 'Out', packet: Packet): void;
  /** Whether bridged frames pass iptables at all: the module is loaded. */
  readonly bridgeNf: boolean;
  readonly trace: TraceStep[] | null;
  /** Frames on their way between interfaces of this host, oldest first. */
  readonly frames: Frame[];
}

export interface Frame { ns: string; dev: string; packet: Packet; /** Loopback keeps the connection's record. */ skb: Skb | null }

export type CtInfo = 'NEW' | 'ESTABLISHED' | 'RELATED' | 'INVALID' | 'UNTRACKED';

/** A packet inside a namespace: the kernel's sk_buff. Addresses also as numbers, for the rules. */
export interface Skb {
  p: Packet;
  src: number; dst: number; proto: number;
  in: string; out: string; physIn: string; physOut: string;
  conn: Conn | null; dir: 0 | 1; info: CtInfo;
  /** The connection is not in the table yet. */
  fresh: boolean;
  /** nat's chains have been asked (DNAT 1, SNAT 2). */
  asked: number;
  /** Sent by a process here. */
  uid: number | null; local: boolean;
  /** Came through a bridge port: the kernel's nf_bridge. */
  bridged: boolean;
}

const PROTO = { tcp: 6, udp: 17, icmp: 1, arp: 0 } as const;

export const newSkb = (p: Packet, dev: string): Skb => ({
  p, src: ipNumber(p.src), dst: ipNumber(p.dst), proto: PROTO[p.proto], in: dev, out: '', physIn: '', physOut: '',
  conn: null, dir: 0, info: 'UNTRACKED', fresh: false, asked: 0, uid: null, local: false, bridged: false,
});

export function setSrc(skb: Skb, ip: Ip): void { skb.p.src = ip; skb.src = ipNumber(ip); }
export function setDst(skb: Skb, ip: Ip): void { skb.p.dst = ip; skb.dst = ipNumber(ip); }

/** A packet as one line of a trace. */
export function describe(p: Packet): string {
  if (p.proto === 'arp') return `arp ${p.arp!.op} ${p.dst} tell ${p.src}`;
  if (p.proto === 'icmp') return `icmp ${p.src} > ${p.dst} type ${p.icmp!.type} code ${p.icmp!.code}`;
  return `${p.proto} ${p.src}:${p.sport} > ${p.dst}:${p.dport}${p.tcp ? ` [${p.tcp.flags}]` : ''}`;
}

export function step(g: Ground, ns: NetNs, skb: Skb, at: string, by: string, verdict: TraceStep['verdict']): void {
  if (g.trace) g.trace.push({ host: g.host, ns: ns.name, at, by, verdict, packet: describe(skb.p), id: skb.p.id, inner: skb.p.vxlan?.inner.id ?? null });
}
