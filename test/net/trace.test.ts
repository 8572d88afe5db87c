/** The last hop of a trace names what decided, and tracing changes nothing. */
import { describe, expect, it } from 'vitest';
import { digest } from '../../src/sim/engine/digest.ts';
import { tracePacket } from '../../src/sim/net/trace.ts';
import { Laboratory } from './laboratory.ts';

const udp = (to: string, port: number) => ({ host: 'n1', ns: 'p11', to, proto: 'udp' as const, port });
const faults: [string, (lab: Laboratory) => void, RegExp][] = [
  ['ip_forward', (lab) => lab.sysctl('n2', 'net.ipv4.ip_forward', '0'), /^n2 host route net\.ipv4\.ip_forward = 0$/],
  ['one interface', (lab) => { lab.sysctl('n2', 'net.ipv4.conf.flannel.1.forwarding', '0'); }, /^n2 host route net\.ipv4\.conf\.flannel\.1\.forwarding = 0$/],
  ['a rule on the overlay', (lab) => { lab.iptables('n2', '-A INPUT -p udp --dport 8472 -j REJECT'); }, /^n2 host filter INPUT -A INPUT -p udp -m udp --dport 8472 -j REJECT/],
  ['a policy', (lab) => { lab.iptables('n2', '-P FORWARD DROP'); }, /^n2 host filter FORWARD policy DROP$/],
  ['a route', (lab) => { lab.tool('n1', 'ip route replace blackhole 10.244.2.0/24'); }, /^n1 host route blackhole route 10\.244\.2\.0\/24$/],
  ['a forwarding entry', (lab) => { lab.tool('n1', 'bridge fdb del 0e:00:00:00:00:02 dev flannel.1'); }, /^n1 host vxlan flannel\.1: no forwarding entry for 0e:00:00:00:00:02$/],
  ['another id', (lab) => { lab.tool('n2', 'ip link del flannel.1'); lab.tool('n2', 'ip link add flannel.1 type vxlan id 2 dstport 8472 dev eth0'); lab.tool('n2', 'ip link set flannel.1 up'); }, /no link with id 1 on port 8472/],
  ['a thief of the port', (lab) => { lab.machine.world.wire = { ...lab.machine.world.wire, eaten: { 8472: true } }; }, /^n1 host wire .*8472/],
  ['a cable', (lab) => { const { cables } = lab.machine.world.wire; lab.machine.world.wire = { ...lab.machine.world.wire, cables: { ...cables, n1: { ...cables['n1']!, up: false } } }; }, /unplugged/],
  ['the pod itself', (lab) => { lab.iptables('p21', '-A INPUT -j DROP'); }, /^n2 p21 filter INPUT -A INPUT -j DROP$/],
];

describe('trace', () => {
  it.each(faults)('names %s', (_name, strike, cause) => {
    const lab = new Laboratory();
    strike(lab);
    const { hops, delivered } = tracePacket(lab.machine.snapshot(), udp('10.244.2.2', 9999));
    const last = hops.at(-1)!;
    expect(delivered).toBe(false);
    expect(`${last.host} ${last.ns} ${last.at} ${last.by}`).toMatch(cause);
  });

  it('follows a service there and back', () => {
    const lab = new Laboratory();
    const trace = tracePacket(lab.machine.snapshot(), { host: 'n1', ns: 'p11', to: '10.100.0.20', proto: 'tcp', port: 80 });
    expect([trace.delivered, trace.answered]).toEqual([true, true]);
    expect(trace.hops.map((hop) => hop.by)).toContain('-A KUBE-SEP-WEB2 -p tcp -m tcp -j DNAT --to-destination 10.244.2.3:8080');
    expect(trace.back.at(-1)!.packet).toBe('tcp 10.100.0.20:80 > 10.244.1.2:61357 [SA]');
  });

  it('says when the way there is open and the way back is not', () => {
    const lab = new Laboratory();
    lab.sysctl('n2', 'net.bridge.bridge-nf-call-iptables', '0');
    const trace = tracePacket(lab.machine.snapshot(), { host: 'n2', ns: 'p21', to: '10.100.0.20', proto: 'tcp', port: 80 });
    expect([trace.delivered, trace.back.at(-1)!.packet.startsWith('tcp 10.244.2.3:8080')]).toEqual([true, true]);
  });

  it('leaves no mark on the world', () => {
    const lab = new Laboratory();
    const before = digest(lab.machine.snapshot());
    tracePacket(lab.machine.snapshot(), udp('10.244.2.99', 1));
    tracePacket(lab.machine.snapshot(), { host: 'n3', ns: 'host', to: '10.100.0.10', proto: 'tcp', port: 80 });
    expect(digest(lab.machine.snapshot())).toBe(before);
  });
});
