/** What reaches whom in the laboratory, and what stops it: the mechanisms, one fault each. */
import { beforeEach, describe, expect, it } from 'vitest';
import { Laboratory } from './laboratory.ts';

const POD: Record<string, string> = { p11: '10.244.1.2', p12: '10.244.1.3', p21: '10.244.2.2', p22: '10.244.2.3', p31: '10.244.3.2', p32: '10.244.3.3' };
const NODE: Record<string, string> = { n1: '172.28.128.101', n2: '172.28.128.102', n3: '172.28.128.103' };
const WEB = '10.100.0.10', WEB2 = '10.100.0.20', NOEP = '10.100.0.30';

let lab: Laboratory;
beforeEach(() => { lab = new Laboratory(); });

describe('a healthy laboratory', () => {
  it('counts hops: same node 64, host to pod 63, across the overlay 62', () => {
    expect([lab.ping('p11', POD['p12']!), lab.ping('n1', POD['p21']!), lab.ping('p11', POD['p21']!), lab.ping('n1', NODE['n2']!)]).toEqual(['ttl=64', 'ttl=63', 'ttl=62', 'ttl=64']);
  });
  it('shows each server the source that translation left', () => {
    expect(lab.curl('p11', POD['p21']!, 8080)).toBe('p21 from 10.244.1.2');
    expect(lab.curl('n1', POD['p21']!, 8080)).toBe('p21 from 10.244.1.0');
    expect(lab.curl('n2', POD['p21']!, 8080)).toBe('p21 from 10.244.2.1');
    expect(lab.curl('p11', NODE['n2']!, 8080)).toBe('n2 from 172.28.128.101');
    expect(lab.curl('p22', WEB2, 80)).toBe('p22 from 10.244.2.1');
    expect(lab.curl('p31', NODE['n1']!, 30_080)).toMatch(/^p22 from /);
  });
  it('refuses what has no endpoint or no listener, and is silent on pings to a service', () => {
    expect([lab.curl('p11', NOEP, 80), lab.curl('n1', NOEP, 80), lab.curl('p11', POD['p21']!, 81), lab.ping('p11', WEB)]).toEqual(['ECONNREFUSED', 'ECONNREFUSED', 'ECONNREFUSED', 'silence']);
  });
  it('answers for an absent pod with "no route" after three requests', () => {
    const before = lab.machine.world.now;
    expect(lab.curl('p11', '10.244.2.99', 8080)).toBe('EHOSTUNREACH');
    expect((lab.machine.world.now - before) / 1e6).toBeCloseTo(3, 1);
  });
});

describe('ip_forward = 0 on n2', () => {
  beforeEach(() => { lab.sysctl('n2', 'net.ipv4.ip_forward', '0'); });
  it('stops what is routed there, and nothing else', () => {
    expect([lab.ping('p11', POD['p21']!), lab.ping('p21', POD['p11']!), lab.ping('p21', NODE['n1']!), lab.curl('p21', WEB2, 80), lab.curl('p21', NOEP, 80)])
      .toEqual(['silence', 'silence', 'silence', 'ETIMEDOUT', 'ETIMEDOUT']);
    expect([lab.ping('p21', POD['p22']!), lab.ping('n2', POD['p21']!), lab.ping('n2', POD['p11']!), lab.ping('n1', NODE['n2']!)]).toEqual(['ttl=64', 'ttl=64', 'ttl=63', 'ttl=64']);
  });
  it('comes back by the cell of every interface', () => {
    lab.sysctl('n2', 'net.ipv4.conf.all.forwarding', '1');
    expect(lab.ping('p11', POD['p21']!)).toBe('ttl=62');
    lab.sysctl('n2', 'net.ipv4.conf.cni0.forwarding', '0');
    expect(lab.ping('p11', POD['p21']!)).toBe('silence');
    expect(lab.ping('n1', NODE['n2']!)).toBe('ttl=64');
  });
});

describe('the overlay', () => {
  it.each(['-A INPUT -p udp --dport 8472 -j REJECT', '-A INPUT -p udp --dport 8472 -j DROP', '-A OUTPUT -p udp --dport 8472 -j REJECT', '-t raw -A PREROUTING -p udp --dport 8472 -j DROP'])(
    '%s is silence in both directions', (rule) => {
      expect(lab.iptables('n2', rule).exit).toBe(0);
      expect([lab.ping('p11', POD['p21']!), lab.ping('p21', POD['p11']!), lab.curl('n1', POD['p21']!, 8080)]).toEqual(['silence', 'silence', 'ETIMEDOUT']);
      expect([lab.ping('p21', POD['p22']!), lab.ping('p11', POD['p31']!), lab.ping('p21', NODE['n1']!)]).toEqual(['ttl=64', 'ttl=62', 'ttl=63']);
    });
  it('needs its forwarding entry, its neighbour, its port', () => {
    lab.tool('n1', 'bridge fdb del 0e:00:00:00:00:02 dev flannel.1 dst 172.28.128.102');
    expect(lab.ping('p11', POD['p21']!)).toBe('silence');
    lab.tool('n1', 'ip neigh del 10.244.3.0 dev flannel.1');
    expect(lab.curl('p11', POD['p31']!, 8080)).toBe('EHOSTUNREACH');
  });
  it('loses its routes with the link, and does not get them back', () => {
    lab.tool('n1', 'ip link set flannel.1 down');
    lab.tool('n1', 'ip link set flannel.1 up');
    expect(lab.tool('n1', 'ip route').stdout).not.toContain('flannel.1');
    expect(lab.ping('p11', POD['p21']!)).toBe('silence');
  });
});

describe('firewalls', () => {
  it('FORWARD DROP also stops bridged frames, except those that kube-proxy marked', () => {
    lab.iptables('n2', '-P FORWARD DROP');
    expect([lab.ping('p21', POD['p22']!), lab.curl('p22', WEB2, 80), lab.ping('n2', POD['p21']!)]).toEqual(['silence', 'p22 from 10.244.2.1', 'ttl=64']);
    lab.sysctl('n2', 'net.bridge.bridge-nf-call-iptables', '0');
    expect(lab.ping('p21', POD['p22']!)).toBe('ttl=64');
  });
  it('bridge-nf-call-iptables = 0 breaks a service whose endpoint is next door', () => {
    lab.sysctl('n2', 'net.bridge.bridge-nf-call-iptables', '0');
    expect([lab.curl('p21', WEB2, 80), lab.curl('p11', WEB2, 80)]).toEqual(['ETIMEDOUT', 'p22 from 10.244.1.2']);
  });
  it.each([['icmp-port-unreachable', '10.244.1.1 3/3', 'ECONNREFUSED'], ['icmp-host-prohibited', '10.244.1.1 3/10', 'EHOSTUNREACH'], ['icmp-admin-prohibited', '10.244.1.1 3/13', 'EHOSTUNREACH']])(
    'REJECT --reject-with %s is heard', (how, ping, errno) => {
      lab.iptables('n1', `-I FORWARD -j REJECT --reject-with ${how}`);
      expect([lab.ping('p11', POD['p21']!), lab.curl('p11', POD['p21']!, 8080), lab.curl('p11', WEB2, 80)]).toEqual([ping, errno, errno]);
    });
  it('OUTPUT tells the sender, TCP waits on DROP and hears REJECT', () => {
    lab.iptables('n1', `-A OUTPUT -d ${NODE['n2']} -j DROP`);
    expect([lab.ping('n1', NODE['n2']!), lab.curl('n1', NODE['n2']!, 8080), lab.udp('n1', NODE['n2']!, 9999)]).toEqual(['EPERM', 'ETIMEDOUT', 'EPERM']);
    lab.iptables('n1', '-F OUTPUT');
    lab.iptables('n1', `-A OUTPUT -d ${NODE['n2']} -j REJECT`);
    expect(lab.curl('n1', NODE['n2']!, 8080)).toBe('ECONNREFUSED');
    lab.iptables('n1', '-R OUTPUT 1 -j REJECT');
    expect(lab.curl('n1', NODE['n2']!, 8080)).toBe('ETIMEDOUT');
  });
  it('counts what it saw, and only that', () => {
    lab.iptables('n2', '-A INPUT -p icmp -j ACCEPT');
    lab.ping('n1', NODE['n2']!);
    expect(lab.iptables('n2', '-L INPUT -v -n').stdout).toContain('    1    84 ACCEPT     icmp --  *      *       0.0.0.0/0            0.0.0.0/0');
  });
});

describe('routes', () => {
  it.each([['blackhole', 'EINVAL', 'silence'], ['unreachable', 'EHOSTUNREACH', '10.244.1.1 3/1'], ['prohibit', 'EACCES', '10.244.1.1 3/13']])('%s: told here, told or not told there', (type, here, there) => {
    lab.tool('n1', `ip route replace ${type} 10.244.2.0/24`);
    expect([lab.ping('n1', POD['p21']!), lab.ping('p11', POD['p21']!)]).toEqual([here, there]);
  });
  it('without a default route a host cannot use services, its pods can', () => {
    lab.tool('n2', 'ip route del default');
    expect([lab.curl('n2', WEB, 80), lab.curl('p21', WEB, 80)]).toEqual(['ENETUNREACH', 'p12 from 10.244.2.2']);
  });
  it('strict rp_filter drops what came by another way', () => {
    lab.tool('n1', 'ip route del 10.244.2.0/24');
    lab.sysctl('n1', 'net.ipv4.conf.flannel.1.rp_filter', '1');
    expect(lab.ping('p21', POD['p11']!)).toBe('silence');
  });
});

describe('sizes', () => {
  it('a packet that may not be cut is reported or held back', () => {
    expect(lab.ping('p11', POD['p21']!, 1400, true)).toBe('ttl=62');
    expect(lab.ping('p11', POD['p21']!, 1500, true)).toBe('EMSGSIZE');
    lab.tool('n1', 'ip link set flannel.1 mtu 1300');
    expect(lab.ping('p11', POD['p21']!, 1400, true)).toBe('10.244.1.1 3/4');
  });
});

describe('the wire', () => {
  it('obeys cuts, cables and thieves of ports', () => {
    const { world } = lab.machine;
    world.wire = { ...world.wire, cut: { 'n1 n2': true } };
    expect([lab.ping('n1', NODE['n2']!), lab.ping('n1', NODE['n3']!)]).toEqual(['172.28.128.101 3/1', 'ttl=64']);
    world.wire = { ...world.wire, cut: {}, eaten: { 8472: true } };
    expect([lab.ping('n1', NODE['n2']!), lab.ping('p11', POD['p21']!)]).toEqual(['ttl=64', 'silence']);
  });
});
