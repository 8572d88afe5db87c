/** Connection tracking invents nothing: what arrives was sent, and what is translated comes back as it went. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Laboratory } from './laboratory.ts';

const PODS = ['p11', 'p12', 'p21', 'p22', 'p31', 'p32'], NODES = ['n1', 'n2', 'n3'];
const address = (name: string): string => (name.startsWith('p') ? `10.244.${name[1]}.${Number(name[2]) + 1}` : `172.28.128.10${name[1]}`);

const target = fc.oneof(fc.constantFrom(...PODS, ...NODES).map((name) => ({ to: address(name), port: 8080, name })),
  fc.constantFrom({ to: '10.100.0.10', port: 80, name: 'p12' }, { to: '10.100.0.20', port: 80, name: 'p22' }, { to: '172.28.128.102', port: 30_080, name: 'p22' }));

const rule = fc.constantFrom('-t nat -F POSTROUTING', '-P FORWARD DROP', '-t nat -F KUBE-SERVICES', '-A INPUT -p udp --dport 8472 -j DROP', '-t nat -A POSTROUTING -j MASQUERADE',
  '-I FORWARD -m conntrack --ctstate NEW -j REJECT', '-t raw -A PREROUTING -p tcp --dport 8080 -j NOTRACK');

describe('any rules, any pair', () => {
  it('a connection either fails or reaches the one that was meant, from an address that leads back', () => {
    fc.assert(fc.property(fc.array(fc.tuple(fc.constantFrom(...NODES), rule), { maxLength: 3 }), fc.array(fc.tuple(fc.constantFrom(...PODS, ...NODES), target), { minLength: 1, maxLength: 4 }), (rules, pairs) => {
      const lab = new Laboratory();
      for (const [node, text] of rules) lab.iptables(node, text);
      for (const [from, { to, port, name }] of pairs) {
        const answer = lab.curl(from, to, port, 1);
        if (/^E/.test(answer)) continue;
        expect(answer.startsWith(`${name} from `)).toBe(true);
      }
      for (const node of NODES) {
        const { conntrack } = lab.machine.world.hosts[node]!.ns['host']!;
        expect(Object.keys(conntrack.conns)).toHaveLength(conntrack.count);
        expect(Object.keys(conntrack.replies)).toHaveLength(conntrack.count);
      }
    }), { numRuns: 40 });
  });

  it('delivers no datagram twice and none that was not sent', () => {
    const lab = new Laboratory();
    const before = PODS.map((pod) => lab.machine.world.hosts[`n${pod[1]}`]!.ns[pod]!.links['eth0']!.stats.rxPackets);
    for (let i = 0; i < 20; i++) expect(lab.udp('p11', '10.100.0.4', 53)).toBe('p11:hi');
    const after = PODS.map((pod) => lab.machine.world.hosts[`n${pod[1]}`]!.ns[pod]!.links['eth0']!.stats.rxPackets);
    // The other nodes' pods saw nothing; p12 on the same bridge at most the first broadcast.
    expect(after.map((n, i) => n - before[i]!).slice(2)).toEqual([0, 0, 0, 0]);
  });
});
