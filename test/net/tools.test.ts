/** The tools' own words: ip, bridge, brctl, ifconfig, route, arp, netstat, ss, conntrack, tcpdump. */
import { beforeEach, describe, expect, it } from 'vitest';
import { compile } from '../../src/shell/bin/net/tcpdump/filter.ts';
import { printPacket, type Look } from '../../src/shell/bin/net/tcpdump/print.ts';
import { expression } from '../../src/shell/bin/net/sockets.ts';
import type { Packet } from '../../src/sim/net/state.ts';
import { Laboratory } from './laboratory.ts';

let lab: Laboratory;
beforeEach(() => { lab = new Laboratory(); });
const n1 = (line: string) => lab.tool('n1', line);

describe('ip', () => {
  it('prints links with and without addresses', () => {
    expect(n1('ip addr show cni0').stdout).toBe(`4: cni0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1450 qdisc noqueue state UP group default qlen 1000
    link/ether 0a:58:0a:f4:01:01 brd ff:ff:ff:ff:ff:ff
    inet 10.244.1.1/24 scope global cni0
       valid_lft forever preferred_lft forever
`);
    expect(n1('ip -o -4 a show dev flannel.1').stdout).toBe('3: flannel.1    inet 10.244.1.0/32 scope global flannel.1\\       valid_lft forever preferred_lft forever\n');
    expect(n1('ip -d link show flannel.1').stdout).toContain('    vxlan id 1 local 172.28.128.101 dev eth0 srcport 0 0 dstport 8472 nolearning ageing 300 udpcsum \n');
    expect(n1('ip -br a').stdout.split('\n')[0]).toBe('lo               UNKNOWN        127.0.0.1/8 ');
  });
  it('routes, asks and refuses', () => {
    expect(n1('ip r').stdout).toBe(`default via 172.28.128.1 dev eth0 
10.244.1.0/24 dev cni0 proto kernel scope link src 10.244.1.1 
10.244.2.0/24 via 10.244.2.0 dev flannel.1 onlink 
10.244.3.0/24 via 10.244.3.0 dev flannel.1 onlink 
172.28.128.0/24 dev eth0 proto kernel scope link src 172.28.128.101 
`);
    expect(n1('ip route get 10.244.2.3').stdout).toBe('10.244.2.3 via 10.244.2.0 dev flannel.1 src 10.244.1.0 \n    cache \n');
    expect(n1('ip route add 10.244.2.0/24 via 10.244.3.0 dev flannel.1 onlink')).toEqual({ exit: 2, stdout: '', stderr: 'RTNETLINK answers: File exists\n' });
    expect(n1('ip route add 10.9.0.0/16 via 1.2.3.4').stderr).toBe('RTNETLINK answers: Network is unreachable\n');
    expect(n1('ip route del 10.9.0.0/16').stderr).toBe('RTNETLINK answers: No such process\n');
    expect(n1('ip route add nonsense')).toEqual({ exit: 1, stdout: '', stderr: 'Error: an inet prefix is expected rather than "nonsense".\n' });
    expect(lab.tool('n1', 'ip route del default', { uid: 1000 }).exit).toBe(0); // the call's user is the process's, root here
  });
  it('makes and unmakes', () => {
    expect(n1('ip link add br7 type bridge').exit).toBe(0);
    expect(n1('ip link add br7 type bridge').stderr).toBe('RTNETLINK answers: File exists\n');
    n1('ip link add v0 type veth peer name v1');
    n1('ip link set v0 master br7');
    expect(n1('brctl show br7').stdout).toMatch(/^bridge name\tbridge id\t\tSTP enabled\tinterfaces\nbr7\t\t8000\.[0-9a-f]{12}\tno\t\tv0\n$/);
    n1('ip link del v1');
    expect(n1('ip link show v0')).toEqual({ exit: 1, stdout: '', stderr: 'Device "v0" does not exist.\n' });
    expect(n1('ip link set eth9 up')).toEqual({ exit: 1, stdout: '', stderr: 'Cannot find device "eth9"\n' });
    expect(n1('ip frob').stderr).toBe('Object "frob" is unknown, try "ip help".\n');
  });
  it('a rule by mark sends packets another way', () => {
    n1('ip rule add fwmark 0x7 table 100');
    n1('ip route add unreachable 10.244.2.0/24 table 100');
    expect(n1('ip rule').stdout).toContain('32765:\tfrom all fwmark 0x7 lookup 100 \n');
    expect(n1('ip route get 10.244.2.2 mark 7').stderr).toBe('RTNETLINK answers: No route to host\n');
    expect(lab.ping('n1', '10.244.2.2')).toBe('ttl=63');
  });
});

describe('the older tools', () => {
  it('ifconfig, route, arp', () => {
    expect(lab.tool('p21', 'ifconfig eth0').stdout).toContain('        inet 10.244.2.2  netmask 255.255.255.0  broadcast 0.0.0.0\n');
    expect(lab.tool('p21', 'ifconfig eth7')).toEqual({ exit: 1, stdout: '', stderr: 'eth7: error fetching interface information: Device not found\n' });
    expect(n1('route -n').stdout).toContain('10.244.2.0      10.244.2.0      255.255.255.0   UG    0      0        0 flannel.1\n');
    expect(n1('arp -n').stdout).toContain('10.244.2.0               ether   0e:00:00:00:00:02   CM                    flannel.1\n');
  });
  it('netstat shows the kernel\'s own port without a program', () => {
    expect(n1('netstat -lptenu').stdout).toMatch(/^udp {8}0 {6}0 0\.0\.0\.0:8472 {12}0\.0\.0\.0:\* {27}0 {10}\d+ +- {18}$/m);
    expect(n1('netstat -lnt').stdout).toContain('tcp        0      0 0.0.0.0:8080            0.0.0.0:*               LISTEN     \n');
    expect(n1('netstat -rn').stdout).toContain('0.0.0.0         172.28.128.1    0.0.0.0         UG        0 0          0 eth0\n');
  });
  it('ss understands its filters', () => {
    const test = expression(['sport', '=', ':8080', 'or', 'dst', '10.0.0.0/8'])!;
    const socket = { proto: 'tcp', state: 'ESTAB', localAddr: '1.1.1.1', localPort: 8080, peerAddr: '2.2.2.2', peerPort: 5 } as never;
    expect([test(socket), expression(['frob'])]).toEqual([true, null]);
    expect(n1('ss -lnt').stdout).toMatch(/^LISTEN 0 +128 +0\.0\.0\.0:8080 +0\.0\.0\.0:\* *$/m);
  });
});

const packet = (more: Partial<Packet>): Packet => ({ id: 1, src: '10.244.4.21', dst: '10.100.0.4', proto: 'udp', sport: 44_651, dport: 53, ttl: 64, tos: 0, size: 88, mark: 0, df: false, payload: null, ...more });
const look: Look = { numeric: true, verbose: 0, ethernet: false, quiet: false, absolute: false, ascii: false, hex: false, names: {}, first: {} };

describe('tcpdump', () => {
  it('prints DNS, ICMP and the overlay', () => {
    const question = packet({ payload: { id: 46_573, name: 'gravity-site.kube-system.svc.cluster.local', type: 'A', recursive: true } });
    expect(printPacket(question, 'In', true, look)).toBe('IP 10.244.4.21.44651 > 10.100.0.4.53: 46573+ A? gravity-site.kube-system.svc.cluster.local. (60)');
    const error = packet({ proto: 'icmp', src: '10.244.96.1', dst: '10.244.4.21', size: 142, icmp: { type: 3, code: 3, id: 0, seq: 0, about: question } });
    expect(printPacket(error, 'In', true, look)).toBe('IP 10.244.96.1 > 10.244.4.21: ICMP 10.100.0.4 udp port 53 unreachable, length 122');
    const ping = packet({ proto: 'icmp', size: 84, icmp: { type: 8, code: 0, id: 1, seq: 1 } });
    expect(printPacket(packet({ src: '1.1.1.1', dst: '2.2.2.2', sport: 48_512, dport: 8_472, size: 134, vxlan: { id: 1, inner: ping } }), 'Out', false, look))
      .toBe('IP 1.1.1.1.48512 > 2.2.2.2.8472: OTV, flags [I] (0x08), overlay 0, instance 1\nIP 10.244.4.21 > 10.100.0.4: ICMP echo request, id 1, seq 1, length 64');
  });
  it('filters', () => {
    const p = packet({});
    const yes = ['', 'udp', 'port 53', 'host 10.244.4.21', 'src host 10.244.4.21 and dst port 53', 'not tcp', 'port 80 or 53', 'net 10.244.0.0/16', 'udp and (port 53 or port 54)', 'ip[8] = 64', 'less 200'];
    const no = ['tcp', 'dst host 10.244.4.21', 'port 54', 'icmp', 'arp', 'src port 53', 'greater 500'];
    expect(yes.map((text) => compile(text, () => null)?.(p))).toEqual(yes.map(() => true));
    expect(no.map((text) => compile(text, () => null)?.(p))).toEqual(no.map(() => false));
    expect(['port', 'host and', 'frob nope nope', '(udp'].map((text) => compile(text, () => null))).toEqual([null, null, null, null]);
    expect(compile('tcp[tcpflags] & (tcp-syn|tcp-fin) != 0', () => null)!(packet({ proto: 'tcp', tcp: { flags: 'S', seq: 1, ack: 0 } }))).toBe(true);
  });
  it('captures what crosses', () => {
    const got = lab.tool('n1', 'tcpdump -n -i zzz');
    expect(got).toEqual({ exit: 1, stdout: '', stderr: 'tcpdump: zzz: No such device exists\n(SIOCGIFHWADDR: No such device)\n' });
  });
});
