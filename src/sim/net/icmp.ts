/**
 * What the kernel itself answers: ICMP errors, echo replies, resets of REJECT (net/ipv4/icmp.c,
 * nf_reject_ipv4.c). Rate limits are not imitated: every error is sent.
 */
import { ipNumber, isMulticast } from './address.ts';
import { inherit } from './conntrack.ts';
import { newSkb, type Ground, type Skb } from './ground.ts';
import { sendFrame } from './device.ts';
import { localOut } from './output.ts';
import { addressType, TYPES } from './netfilter/match.ts';
import { isErrno, routeOut } from './route.ts';
import { isOn } from './sysctl.ts';
import type { NetNs, Packet } from './state.ts';

/** An error quotes its cause up to 576 bytes in all (RFC 1812). */
const ERROR_MAX = 576;

export const defaultTtl = (ns: NetNs): number => Number(ns.sysctl['net.ipv4.ip_default_ttl'] ?? 64);

/** icmp_send(): about a packet, to its source. Never about another error, nor about a broadcast. */
export function sendError(g: Ground, ns: NetNs, cause: Skb, type: number, code: number, mtu?: number): void {
  const { p } = cause;
  if (p.proto === 'arp' || p.icmp?.about || isMulticast(cause.dst) || cause.dst === 0xffffffff || cause.src === 0) return;
  const kind = addressType(ns, cause.dst, null);
  if (kind === TYPES.BROADCAST) return;
  const out = routeOut(ns, p.src, kind === TYPES.LOCAL ? p.dst : null);
  if (isErrno(out)) return;
  const about: Packet = { ...p, smac: undefined, dmac: undefined };
  const error: Packet = {
    id: g.packetId(), src: out.src, dst: p.src, proto: 'icmp', sport: 0, dport: 0, icmp: { type, code, id: 0, seq: 0, about, mtu },
    ttl: defaultTtl(ns), tos: (p.tos & 0x1e) | 0xc0, size: Math.min(ERROR_MAX, 28 + p.size), mark: 0, df: false, payload: null,
  };
  const skb = newSkb(error, '');
  inherit(skb, cause);
  localOut(g, ns, skb, out);
}

/** Answers an echo request. */
export function echo(g: Ground, ns: NetNs, skb: Skb): void {
  if (isOn(ns, 'net.ipv4.icmp_echo_ignore_all')) return;
  const { p } = skb;
  const local = addressType(ns, skb.dst, null) === TYPES.LOCAL;
  if (!local && isOn(ns, 'net.ipv4.icmp_echo_ignore_broadcasts')) return;
  const out = routeOut(ns, p.src, local ? p.dst : null);
  if (isErrno(out)) return;
  const reply: Packet = {
    id: g.packetId(), src: out.src, dst: p.src, proto: 'icmp', sport: 0, dport: 0, icmp: { type: 0, code: 0, id: p.icmp!.id, seq: p.icmp!.seq },
    ttl: defaultTtl(ns), tos: p.tos, size: p.size, mark: 0, df: false, payload: p.payload,
  };
  localOut(g, ns, newSkb(reply, ''), out);
}

/** The reset that answers a segment: of a closed port, and of REJECT --reject-with tcp-reset. */
export function resetOf(g: Ground, ns: NetNs, p: Packet): Packet {
  const { tcp } = p;
  const ack = tcp!.flags.includes('A');
  const length = tcp!.flags.includes('S') ? 0 : Math.max(0, p.size - 52);
  const next = tcp!.seq + length + (tcp!.flags.includes('S') || tcp!.flags.includes('F') ? 1 : 0);
  return {
    id: g.packetId(), src: p.dst, dst: p.src, proto: 'tcp', sport: p.dport, dport: p.sport, tcp: { flags: ack ? 'R' : 'RA', seq: ack ? tcp!.ack : 0, ack: ack ? 0 : next },
    ttl: defaultTtl(ns), tos: 0, size: 40, mark: 0, df: true, payload: null,
  };
}

/** nf_send_reset: along the connection of its cause; what came over a bridge goes straight back by that port. */
export function sendReset(g: Ground, ns: NetNs, cause: Skb): void {
  const { p } = cause;
  if (p.proto !== 'tcp' || p.tcp!.flags.includes('R')) return;
  const reset = resetOf(g, ns, p);
  if (cause.bridged && cause.physIn) {
    sendFrame(g, ns, cause.physIn, { ...reset, smac: p.dmac, dmac: p.smac }, null);
    return;
  }
  const out = routeOut(ns, reset.dst, reset.src);
  if (isErrno(out)) return;
  const skb = newSkb(reset, '');
  inherit(skb, cause);
  localOut(g, ns, skb, out);
}

/** An address of this namespace. */
export const isLocal = (ns: NetNs, ip: string): boolean => addressType(ns, ipNumber(ip), null) === TYPES.LOCAL;
