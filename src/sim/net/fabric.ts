/**
 * What lies between the hosts: one switch, a cable a host, and a gateway that answers ARP, pings, DNS and NTP. It
 * knows neither routes nor rules; a frame goes to the host whose interface has the address, after the
 * two cables' latency, or nowhere.
 */
import type { Us } from '../engine/time.ts';
import { BROADCAST_MAC } from './address.ts';
import type { Json } from '../proc/program.ts';
import type { Mac, Packet } from './state.ts';

export interface Cable { host: string; dev: string; up: boolean; latencyUs: Us; lossPercent: number }
/** Pairs of hosts ("a b", sorted) between which the switch drops everything. */
export interface Wire { cables: Record<string, Cable>; cut: Record<string, true>; /** A packet to this UDP port is eaten on the wire (VMware ESXi and 8472). */ eaten: Record<number, true>; gateway: { address: string; latencyUs: Us; forwards: boolean } }

export const GATEWAY_MAC: Mac = '08:00:27:00:00:01';

/** Where the frames of a switch end up: the owner of a MAC address, looked up by the caller. */
export interface Stations { hosts: readonly string[]; macOf(host: string, dev: string): Mac | null }

/** host null: the gateway. */
export interface Arrival { host: string | null; dev: string; afterUs: Us }

const pair = (a: string, b: string): string => (a < b ? `${a} ${b}` : `${b} ${a}`);

/** Who receives a frame from `host`, and when. `lost` draws from chance: true = this copy is lost. */
export function arrivals(wire: Wire, host: string, p: Packet, stations: Stations, lost: (percent: number) => boolean): Arrival[] {
  const from = wire.cables[host];
  if (!from?.up || (p.proto === 'udp' && wire.eaten[p.dport])) return [];
  const everyone = p.dmac === BROADCAST_MAC;
  const found: Arrival[] = [];
  for (const other of stations.hosts) {
    const to = wire.cables[other];
    if (other === host || !to?.up || wire.cut[pair(host, other)]) continue;
    if (!everyone && stations.macOf(other, to.dev) !== p.dmac) continue;
    const percent = from.lossPercent + to.lossPercent;
    if (percent > 0 && lost(percent)) continue;
    found.push({ host: other, dev: to.dev, afterUs: from.latencyUs + to.latencyUs });
  }
  if (wire.gateway.address && (everyone || p.dmac === GATEWAY_MAC)) found.push({ host: null, dev: '', afterUs: from.latencyUs + wire.gateway.latencyUs });
  return found;
}

/** The gateway has the time from somebody who has it from a reference clock. */
const GATEWAY_STRATUM = 3;

/** What the gateway answers, if anything: ARP and echo for its own address, names, the `time` (true, since 1970), a reset or an ICMP error for its ports. */
export function gatewayAnswer(wire: Wire, p: Packet, id: number, time: Us): Packet | null {
  const me = wire.gateway.address;
  if (p.dst !== me) return null;
  const back = { id, src: me, dst: p.src, smac: GATEWAY_MAC, dmac: p.smac, ttl: 64, tos: 0, mark: 0, df: false, payload: null };
  if (p.proto === 'arp') {
    return p.arp!.op === 'request' ? { ...back, proto: 'arp', sport: 0, dport: 0, size: 28, arp: { op: 'reply', sha: GATEWAY_MAC, tha: p.arp!.sha } } : null;
  }
  if (p.proto === 'icmp') {
    return p.icmp!.type === 8 ? { ...back, proto: 'icmp', sport: 0, dport: 0, size: p.size, payload: p.payload, icmp: { ...p.icmp!, type: 0 } } : null;
  }
  if (p.proto === 'tcp') {
    if (p.tcp!.flags.includes('R')) return null;
    return { ...back, proto: 'tcp', sport: p.dport, dport: p.sport, size: 40, df: true, tcp: { flags: 'RA', seq: 0, ack: p.tcp!.seq + 1 } };
  }
  if (p.dport === 53) {
    // The hypervisor's name server: it knows no name of the outer world, as nothing here reaches that.
    const question = p.payload as { readonly [key: string]: Json } | null;
    const answer = { id: question?.['id'] ?? 0, rcode: 'NXDOMAIN', authoritative: false, recursionAvailable: true, question, answers: [], authority: [] };
    return { ...back, proto: 'udp', sport: 53, dport: p.sport, size: p.size, payload: answer };
  }
  if (p.dport === 123) return { ...back, proto: 'udp', sport: 123, dport: p.sport, size: p.size, payload: { ntp: 'answer', transmit: time, stratum: GATEWAY_STRATUM } };
  return { ...back, proto: 'icmp', sport: 0, dport: 0, size: 56, tos: 0xc0, icmp: { type: 3, code: 3, id: 0, seq: 0, about: p } };
}
