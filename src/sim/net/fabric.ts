/**
 * What lies between the hosts: one switch, a cable a host. It knows neither routes nor rules.
 */
import type { Us } from '../engine/time.ts';

export interface Cable { host: string; dev: string; up: boolean; latencyUs: Us; lossPercent: number }
/** Pairs of hosts ("a b", sorted) between which the switch drops everything. */
export interface Wire { cables: Record<string, Cable>; cut: Record<string, true>; /** A packet to this UDP port is eaten on the wire (VMware ESXi and 8472). */ eaten: Record<number, true>; gateway: { address: string; latencyUs: Us; forwards: boolean } }
