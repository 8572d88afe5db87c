/**
 * One network namespace: what `ip`, `iptables`, `sysctl net.*`, `ss` and `conntrack` show of it, and
 * what its packets obey. Linux 3.10 to 4.x. Plain JSON.
 */
import type { Us } from '../engine/time.ts';
import type { Json } from '../proc/program.ts';

export type Ip = string;

/** A packet is a record, not bytes. `size` is the whole IP packet and counts for MTU and counters. */
export interface Packet {
  id: number; src: Ip; dst: Ip; proto: 'tcp' | 'udp' | 'icmp'; sport: number; dport: number;
  tcp?: { flags: string /* of 'SAPFR' */; seq: number; ack: number };
  icmp?: { type: number; code: number; id: number; seq: number; /** Of errors: the packet they are about. */ about?: Packet };
  ttl: number; tos: number; size: number; mark: number; df: boolean; payload: Json;
  /** Addresses on the wire for this hop. */
  smac?: string; dmac?: string;
}

/** Placeholders for the helper who builds this room: see the brief in docs. */
export interface NetNs { name: string; sysctl: Record<string, string>; [key: string]: unknown }
export type NetRead = string;
export type NetChange = { kind: string; [key: string]: Json };
export type Placeholder = Us;
